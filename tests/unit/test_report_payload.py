"""The payload: every number's raw cells, exactly, and small."""

from itertools import accumulate

import numpy
import pytest
from estimates import estimate
from hypothesis import given
from hypothesis import strategies as st
from omtrace import store
from omtrace.faults import Fault
from omtrace.report.payload import differences, repeats, runs
from omtrace.report.results import Shown, shortened
from report_study import Study
from report_study import payload_of as unpacked


def members(coded: list[int]) -> list[int]:
    """What ``runs`` coded."""
    found, end = [], 0
    for gap, length in zip(coded[::2], coded[1::2], strict=True):
        found += range(end + gap, end + gap + length)
        end += gap + length
    return found


def repeated(coded: list[int]) -> list[int]:
    """What ``repeats`` coded."""
    return [value for value, times in zip(coded[::2], coded[1::2], strict=True) for _ in range(times)]


@given(st.lists(st.sets(st.integers(0, 500)), max_size=5))
def test_runs_lose_nothing(groups):
    entries = [(at, number) for at, numbers in enumerate(groups) for number in sorted(numbers)]
    group, number = (numpy.array([entry[part] for entry in entries], int) for part in (0, 1))
    assert [members(coded) for coded in runs(group, number, len(groups))] == [sorted(numbers) for numbers in groups]


@given(st.lists(st.integers(0, 9)))
def test_differences_and_repeats_lose_nothing(numbers):
    assert list(accumulate(differences(numbers))) == numbers
    assert repeated(repeats(numbers)) == numbers


def test_runs_are_as_described():
    assert runs(numpy.array([0, 0, 0, 0, 2]), numpy.array([3, 4, 5, 9, 7]), 3) == [[3, 3, 3, 1], [], [7, 1]]


def payload_of(study: Study) -> dict:
    page = study.write().read_text(encoding="utf-8")
    return unpacked(page)


def shown(payload: dict, identifier: str) -> set[tuple[str, str, str, str]]:
    """The (key, column, raw text, reason) set of a number, decoded independently of the page's script."""
    places, cells, strings = payload["places"], payload["cells"], payload["strings"]
    file, ordinal = repeated(places["file"]), list(accumulate(places["ordinal"]))
    place = list(accumulate(cells["place"]))
    found = set()
    for _, reason, *coded in payload["rowsets"][payload["numbers"][identifier][10]]:
        for record in members(coded):
            sets = payload["records"]["sets"][record]
            for number in sets if isinstance(sets, list) else [sets]:
                for cell in members(payload["sets"][number][1:]):
                    at = place[cell]
                    key = f"{payload['files'][file[at]][0]}:{ordinal[at]}"
                    found.add((key, strings[cells["column"][cell]], strings[cells["text"][cell]], strings[reason]))
    return found


def test_every_number_has_exactly_its_raw_cells(tmp_path):
    study = Study(tmp_path)
    payload = payload_of(study)
    assert payload["numbers"].keys() == {estimate[0] for estimate in study.estimates}
    for identifier in payload["numbers"]:
        assert shown(payload, identifier) == study.expected(identifier)


def test_a_large_study_stays_small(tmp_path):
    study = Study(tmp_path, units=3750, repeats=7, items=1)
    assert len(study.places) >= 15_000 and len(study.estimates) >= 1_000
    assert len({cell[1:3] for cell in study.cells}) >= 30_000
    assert study.write().stat().st_size < 3_000_000


def test_a_study_that_no_page_can_hold_shows_the_first_records_and_counts_all(tmp_path, monkeypatch):
    study = Study(tmp_path)
    whole = payload_of(study)
    monkeypatch.setattr("omtrace.provenance.rowsets.MOST", 10)
    monkeypatch.setattr("omtrace.provenance.rowsets.KEPT", 2)
    cut = payload_of(study)
    assert "more" not in whole and cut["more"]
    assert cut["numbers"].keys() == whole["numbers"].keys()
    for rowset, (used, left, hidden) in cut["more"].items():
        identifier = next(n for n, number in cut["numbers"].items() if number[10] == int(rowset))
        groups = whole["rowsets"][whole["numbers"][identifier][10]]
        units = [{whole["strings"][whole["records"]["unit"][r]] for r in members(group[2:])} for group in groups]
        reasons = [whole["strings"][group[1]] for group in groups]
        assert used == len(set().union(*(one for one, reason in zip(units, reasons, strict=True) if not reason)))
        told = {cut["strings"][a]: n for a, n in zip(left[::2], left[1::2], strict=True)}
        assert told == {
            reason: len(set().union(*(one for one, r in zip(units, reasons, strict=True) if r == reason)))
            for reason in set(reasons) - {""}
        }
        assert hidden == sum(max(0, len(members(group[2:])) - 2) for group in groups)
        assert all(len(members(group[2:])) <= 2 for group in cut["rowsets"][int(rowset)])
        assert shown(cut, identifier) <= study.expected(identifier)


def test_an_analysis_of_a_thousand_groups_shows_the_first(monkeypatch):
    monkeypatch.setattr("omtrace.report.results.MOST", 4)
    monkeypatch.setattr("omtrace.report.results.GROUPS", 2)
    numbers = {
        str(n): estimate(analysis="curves" if n < 6 else "few", group=f"Batch {n // 2}", statistic="mean")
        for n in range(8)
    }
    page = shortened(numbers)
    assert page.ids == ["0", "1", "2", "3", "6", "7"]
    assert page.parts == {"curves": Shown(shown=2, groups=3, numbers=6)}


def without(path, column: str, value) -> None:
    """Take the rows of a stored table away that hold a value."""
    frame = store.read_table(path)
    store.write_table(path, frame[frame[column] != value])


def test_a_missing_row_set_is_a_fault(tmp_path):
    study = Study(tmp_path)
    without(study.folder / "rowsets.parquet", "rowset", study.estimates[0][11])
    with pytest.raises(Fault, match=f"no row set {study.estimates[0][11]}.*run snakemake again"):
        study.write()


def test_a_missing_record_is_a_fault(tmp_path):
    study = Study(tmp_path)
    without(study.folder / "datasets/participants.parquet", "record", 30)
    with pytest.raises(Fault, match="datasets/participants.parquet: no record 30"):
        study.write()


def test_a_missing_place_is_a_fault(tmp_path):
    study = Study(tmp_path)
    without(study.folder / "validated/places.parquet", "key", study.standards[0])
    with pytest.raises(Fault, match="no place for key 7:1"):
        study.write()


def test_an_unregistered_export_is_a_fault(tmp_path):
    study = Study(tmp_path)
    study.exports = lambda: Study.exports(study)[:1]
    with pytest.raises(Fault, match="no export has the number of key 7:"):
        study.write()

"""Derivations on small tables written out: values, the reason of every missing value, and the cells behind."""

import math

import numpy
import pandas
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace import store
from omtrace.derivations import Tables
from omtrace.derivations.records import build, derive_study, read_tables
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.provenance.links import written_out

VISITS = {"baseline": "Baseline", "month_1": "1 month", "month_3": "3 months"}


def frame(header, *rows):
    """A validated table: text columns as text, numbers as numbers, None for missing; keys from 1."""
    columns = header.split()
    table = pandas.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], columns=columns)
    for name in columns:
        kind = (
            "str" if any(isinstance(value, str) for value in table[name]) or name in ("unit_id", "visit") else "float64"
        )
        table[name] = table[name].astype(kind)
    table.insert(0, "key", range(1, len(table) + 1))
    return table


def people(*units):
    return frame("unit_id arm age", *((unit, "OMT" if n % 2 else "sham", 30 + n) for n, unit in enumerate(units)))


def tables_of(frames, parameters, quarantine=(), gaps=(), dataset=None, tables=None):
    """A plan with one dataset, and its tables; quarantine: (key, table, rule, unit, visit)."""
    lost = [(key, table, rule, "raw", "quarantine", unit, visit) for key, table, rule, unit, visit in quarantine]
    names = ["key", "table", "rule", "column", "severity", "unit_id", "visit"]
    plan = Plan.model_validate(
        {
            "study": "small",
            "title": "t",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "analyses": {},
            "figures": {},
            "tables": {name: {"reader": "delimited", **(tables or {}).get(name, {})} for name in frames},
            "datasets": {
                "data": {
                    "unit": "participant",
                    "roster": {"table": next(iter(frames)), "column": "unit_id"},
                    "visits": VISITS,
                    "baseline": "baseline",
                    "populations": {},
                    "parameters": parameters,
                    **(dataset or {}),
                }
            },
        }
    )
    return plan, Tables(plan, frames, pandas.DataFrame(lost, columns=names), dict(gaps))


def built(*arguments, **options):
    """The last parameter: (unit, visit) -> value, text or status; and its cells (unit, visit, key, column, role)."""
    plan, tables = tables_of(*arguments, **options)
    records, cells = build(plan, "data", tables)
    cells = written_out(pyarrow.Table.from_pandas(cells, preserve_index=False)).to_pandas()
    last = list(plan.datasets["data"].parameters)[-1]
    mine = records[records["parameter"] == last].set_index("record")
    found = {
        (row.unit, row.visit): row.status
        if row.status != "observed"
        else row.text
        if isinstance(row.text, str)
        else row.value
        for row in mine.itertuples()
    }
    behind = {
        (mine.at[c.record, "unit"], mine.at[c.record, "visit"], c.key, c.column, c.role)
        for c in cells.itertuples()
        if c.record in mine.index
    }
    return found, behind


def parameter(derive, visits=(), better="", **options):
    return {"derive": derive, "label": "l", "visits": list(visits), "better": better, "options": options}


# the grid


def test_the_grid_is_full_in_the_order_of_parameter_visit_and_unit():
    scores = frame("unit_id visit x", ("P2", "month_1", 5), ("P1", "baseline", 3), ("P9", "baseline", 9))
    parameters = {
        "x": parameter("column", ["baseline", "month_1"], table="scores", column="x"),
        "arm": parameter("column", table="people", column="arm"),
    }
    plan, tables = tables_of({"people": people("P2", "P1"), "scores": scores}, parameters)
    records, cells = build(plan, "data", tables)
    assert records["record"].tolist() == list(range(1, 9))
    assert list(zip(records["parameter"], records["visit"], records["unit"], strict=True)) == [
        *(("x", visit, unit) for visit in VISITS for unit in ("P1", "P2")),
        ("arm", "", "P1"),
        ("arm", "", "P2"),
    ]
    assert records["status"].tolist() == [
        "observed",
        "not collected",
        "not collected",
        "observed",
        "not scheduled",
        "not scheduled",
        *["observed"] * 2,
    ]
    assert records["value"].fillna(-1).tolist() == [3, -1, -1, 5, -1, -1, -1, -1]
    assert records["text"].tolist()[6:] == ["OMT", "sham"]
    # P9 is not on the roster; what was not collected or scheduled has no cell
    assert cells[["record", "key", "column", "role"]].to_numpy().tolist() == [
        [1, 2, "x", "value"],
        [4, 1, "x", "value"],
        [7, 2, "arm", "value"],
        [8, 1, "arm", "value"],
    ]


@settings(deadline=None, max_examples=25)
@given(
    st.sets(st.integers(0, 9), min_size=1),
    st.sets(st.tuples(st.integers(0, 12), st.sampled_from(sorted(VISITS)))),
    st.sets(st.sampled_from(sorted(VISITS)), min_size=1),
)
def test_every_enrolled_unit_has_one_record_a_visit_whatever_the_data_hold(enrolled, present, scheduled):
    units = [f"P{n}" for n in enrolled]
    scores = frame("unit_id visit x", *((f"P{n}", visit, n) for n, visit in sorted(present)), ("Q", "baseline", 1))
    visits = [visit for visit in VISITS if visit in scheduled]
    found, behind = built(
        {"people": people(*units), "scores": scores}, {"x": parameter("column", visits, table="scores", column="x")}
    )
    assert set(found) == {(unit, visit) for unit in units for visit in VISITS}
    for (unit, visit), what in found.items():
        there = (int(unit[1:]), visit) in present
        assert what == ("not scheduled" if visit not in scheduled else int(unit[1:]) if there else "not collected")
        assert ((unit, visit) in {cell[:2] for cell in behind}) == (there and visit in scheduled)


def test_two_rows_for_one_record_are_a_fault():
    scores = frame("unit_id visit x", ("P1", "baseline", 5), ("P1", "baseline", 3))
    with pytest.raises(Fault, match="datasets.data.parameters.x: more than one row for a unit and visit"):
        built(
            {"people": people("P1"), "scores": scores},
            {"x": parameter("column", ["baseline"], table="scores", column="x")},
        )


def test_a_visit_that_the_dataset_does_not_have_is_a_fault():
    scores = frame("unit_id visit x", ("P1", "week_9", 5))
    with pytest.raises(Fault, match="x: is found at visits that the dataset does not declare"):
        built(
            {"people": people("P1"), "scores": scores},
            {"x": parameter("column", ["baseline"], table="scores", column="x")},
        )
    with pytest.raises(Fault, match="x: is found by visit, but has no visits"):
        built({"people": people("P1"), "scores": scores}, {"x": parameter("column", table="scores", column="x")})
    with pytest.raises(Fault, match="x: is found at visits"):
        built(
            {"people": people("P1")},
            {"x": parameter("column", ["baseline"], table="people", column={"basline": "age"})},
        )


def test_an_empty_roster_gives_no_records_and_a_quarantined_unit_stays_enrolled():
    age = {"age": parameter("column", table="people", column="age")}
    assert built({"people": people()}, age) == ({}, set())
    found, behind = built(
        {"people": people("P1")}, age, [(7, "people", "range", "P2", ""), (8, "people", "type", "", "")]
    )
    assert found == {("P1", ""): 30, ("P2", ""): "quarantined: range"}
    assert ("P2", "", 7, "raw", "quarantined") in behind


@pytest.mark.parametrize(
    ("derive", "options", "says"),
    [
        ("column", {"table": "peple", "column": "age"}, "table 'peple' is not declared"),
        ("column", {"table": "people", "column": "aeg"}, "table 'people' has no column 'aeg'"),
        ("column", {"table": "people", "column": "age", "where": {"site": "A"}}, "table 'people' has no column 'site'"),
        ("column", {"table": "people", "column": "age", "where": {"age": "old"}}, "table 'people' holds numbers"),
        ("column", {"table": "people", "colum": "age"}, "x.options: colum: unknown key; did you mean 'column'"),
        ("colum", {}, "there is no derivation 'colum' in derivations/; did you mean 'column'"),
        ("records", {}, "there is no derivation 'records' in derivations/"),
        ("score", {"table": "people", "instrument": "hit6", "score": "totl"}, "no score 'totl'; did you mean 'total'"),
        ("score", {"table": "people", "instrument": "hit7", "score": "total"}, "there is no instrument 'hit7'"),
        ("score", {"table": "people", "instrument": "hit6", "score": "total"}, "table 'people' has no column 'hit6_1'"),
        ("responder", {"of": "y", "at_least": 1, "source": "s"}, "'y' is not declared before it"),
        ("attended", {"of": ["y"], "visits": ["baseline"]}, "'y' is not declared before it"),
        ("mean", {"table": "people", "column": "age", "at_least": 0}, "at_least: must be 1 or more"),
    ],
)
def test_a_plan_that_does_not_fit_the_tables_is_a_fault(derive, options, says):
    with pytest.raises(Fault) as caught:
        built({"people": people("P1")}, {"x": {"derive": derive, "label": "l", "options": options}})
    assert any(says in line for line in caught.value.lines), caught.value.lines


# column


def test_a_column_says_why_a_cell_is_missing():
    scores = frame("unit_id visit x", ("P1", "baseline", 5), ("P2", "baseline", None), ("P3", "baseline", None))
    found, behind = built(
        {"people": people("P1", "P2", "P3", "P4", "P5"), "scores": scores},
        {"x": parameter("column", ["baseline"], table="scores", column="x")},
        [
            (9, "scores", "range", "P4", "baseline"),
            (8, "scores", "type", "P4", "baseline"),
            (9, "scores", "x", "P5", "month_1"),
        ],
        {(2, "x"): "refused"},
        tables={"scores": {"columns": {"x": "raw x"}}},
    )
    assert {unit: what for (unit, visit), what in found.items() if visit == "baseline"} == {
        "P1": 5,
        "P2": "coded missing: refused",
        "P3": "not collected",
        "P4": "quarantined: range",
        "P5": "not collected",
    }
    assert behind == {
        ("P1", "baseline", 1, "raw x", "value"),
        ("P2", "baseline", 2, "raw x", "value"),
        ("P4", "baseline", 9, "raw", "quarantined"),
    }


def test_visits_side_by_side_in_columns():
    wide = frame("unit_id pk1 pk2", ("P1", 10, None), ("P2", 20, 5))
    found, behind = built(
        {"wide": wide},
        {"x": parameter("column", ["baseline", "month_1"], table="wide", column={"baseline": "pk1", "month_1": "pk2"})},
        [(9, "wide", "range", "P3", "")],
    )
    assert found[("P1", "baseline")] == 10 and found[("P1", "month_1")] == "not collected"
    assert found[("P2", "month_1")] == 5 and found[("P2", "month_3")] == "not scheduled"
    assert found[("P3", "baseline")] == found[("P3", "month_1")] == "quarantined: range"
    assert found[("P3", "month_3")] == "not scheduled"
    assert {cell for cell in behind if cell[0] == "P3"} == {
        ("P3", "baseline", 9, "raw", "quarantined"),
        ("P3", "month_1", 9, "raw", "quarantined"),
    }


def test_numbers_may_be_taken_times_a_factor_but_not_labels():
    rows = frame("unit_id x", ("A", 28), ("B", None))
    found, cells = built({"rows": rows}, {"x": parameter("column", table="rows", column="x", times=0.25)})
    assert found["A", ""] == 7 and found["B", ""] == "not collected" and len(cells) == 1
    labelled = parameter("column", table="rows", column="x", times=0.25, labels={"28": "yes"})
    assert built({"rows": rows}, {"x": labelled})[0]["A", ""] == "yes"


def test_codes_get_labels_and_rows_are_chosen_by_text_and_by_number():
    rows = frame("unit_id sex site dose", ("P1", 1, "A", 5), ("P2", 0, "B", 5), ("P3", 2, "A", 7))
    labels = {"1": "female", "0": "male"}
    found, _ = built({"rows": rows}, {"x": parameter("column", table="rows", column="sex", labels=labels)})
    assert list(found.values()) == ["female", "male", "2"]
    found, _ = built(
        {"rows": rows}, {"x": parameter("column", table="rows", column="sex", where={"dose": "5", "site": "A"})}
    )
    assert list(found.values()) == [1, "not collected", "not collected"]


# score


def hit6(*rows):
    return frame("unit_id visit " + " ".join(f"hit6_{n}" for n in range(1, 7)), *rows)


HIT6 = parameter("score", ["baseline", "month_1"], better="lower", table="hit6", instrument="hit6", score="total")


def test_a_score_says_how_many_items_are_open_and_why():
    rows = hit6(
        ("P1", "baseline", 1, 2, 3, 4, 5, 5),
        ("P2", "baseline", 1, None, 3, None, 5, None),
        ("P3", "baseline", None, 1, 1, 1, 1, 1),
    )
    found, behind = built(
        {"people": people("P1", "P2", "P3"), "hit6": rows},
        {"hit6": HIT6},
        gaps={(2, "hit6_2"): "refused", (2, "hit6_4"): "done"},
    )
    assert found[("P1", "baseline")] == 6 + 8 + 10 + 11 + 13 + 13
    assert found[("P2", "baseline")] == "incomplete: 3 of 6 items open (done, refused)"
    assert found[("P3", "baseline")] == "incomplete: 1 of 6 items open"
    assert {cell for cell in behind if cell[0] == "P1"} == {
        ("P1", "baseline", 1, f"hit6_{n}", "value") for n in range(1, 7)
    }


def test_two_scores_of_one_instrument_rest_on_their_own_items():
    rows = frame("unit_id visit " + " ".join(f"msq_{n}" for n in range(1, 15)), ("P1", "baseline", *[1] * 14))
    options = {"table": "msq", "instrument": "msq", "score": "emotional"}
    found, behind = built({"people": people("P1"), "msq": rows}, {"x": parameter("score", ["baseline"], **options)})
    assert found[("P1", "baseline")] == 100
    assert {column for _, _, _, column, _ in behind} == {"msq_12", "msq_13", "msq_14"}


# responders


def response(before, after, better="lower", **options):
    rows = frame("unit_id visit x", ("P1", "baseline", before), ("P1", "month_1", after))
    parameters = {
        "x": parameter("column", ["baseline", "month_1"], better, table="rows", column="x"),
        "r": parameter("responder", ["month_1"], of="x", source="s", **options),
    }
    found, _ = built({"people": people("P1"), "rows": rows}, parameters)
    return found[("P1", "month_1")]


@pytest.mark.parametrize(
    ("before", "after", "better", "options", "expected"),
    [
        (60, 54, "lower", {"at_least": 6}, "yes"),
        (60, 55, "lower", {"at_least": 6}, "no"),
        (54, 60, "lower", {"at_least": 6}, "no"),
        (54, 60, "higher", {"at_least": 6}, "yes"),
        (0.3, 0.1, "lower", {"at_least": 0.2}, "yes"),  # 0.3 - 0.1 is below 0.2 in binary
        (10, 5, "lower", {"at_least": 50, "relative": True}, "yes"),
        (10, 5.0001, "lower", {"at_least": 50, "relative": True}, "no"),
        (-10, -5, "higher", {"at_least": 50, "relative": True}, "yes"),
        (0, 0, "lower", {"at_least": 50, "relative": True}, "baseline of zero"),
        (0, -6, "lower", {"at_least": 6}, "yes"),
        (None, 5, "lower", {"at_least": 6}, "baseline not collected"),
        (5, None, "lower", {"at_least": 6}, "not collected"),
    ],
)
def test_the_edge_of_a_response(before, after, better, options, expected):
    assert response(before, after, better, **options) == expected


def test_a_response_says_what_became_of_either_record():
    good, half = [1] * 6, [1, 1, 1, 1, 1, None]
    rows = hit6(
        ("P1", "baseline", *good),
        ("P1", "month_1", *good),
        ("P2", "baseline", *half),
        ("P2", "month_1", *good),
        ("P3", "baseline", *good),
        ("P3", "month_1", *half),
        ("P4", "month_1", *good),
        ("P5", "baseline", *good),
        ("P6", "month_1", *good),
        ("P7", "baseline", *good),
    )
    lost = [(91, "hit6", "range", "P4", "baseline"), (92, "hit6", "range", "P5", "month_1")]
    parameters = {"hit6": HIT6, "r": parameter("responder", ["month_1"], of="hit6", at_least=6, source="s")}
    units = [f"P{n}" for n in range(1, 8)]
    found, behind = built({"people": people(*units), "hit6": rows}, parameters, lost)
    assert {unit: what for (unit, visit), what in found.items() if visit == "month_1"} == {
        "P1": "no",
        "P2": "baseline incomplete: 1 of 6 items open",
        "P3": "incomplete: 1 of 6 items open",
        "P4": "baseline quarantined: range",
        "P5": "quarantined: range",
        "P6": "baseline not collected",
        "P7": "not collected",
    }
    assert {cell for cell in behind if cell[0] == "P1"} == {
        ("P1", "month_1", key, f"hit6_{n}", role) for key, role in ((1, "baseline"), (2, "value")) for n in range(1, 7)
    }
    assert {cell for cell in behind if cell[0] in ("P5", "P7")} == {("P5", "month_1", 92, "raw", "quarantined")}
    assert ("P4", "month_1", 91, "raw", "baseline") in behind


@pytest.mark.parametrize(
    ("of", "options", "dataset", "says"),
    [
        (
            parameter("column", ["baseline"], "lower", table="people", column={"baseline": "age"}),
            {},
            {},
            "'x' is not scheduled at visit 'month_1'",
        ),
        (
            parameter("column", ["baseline", "month_1"], "", table="people", column={"baseline": "age"}),
            {},
            {},
            "does not say which direction is better",
        ),
        (
            parameter("column", ["baseline", "month_1"], "lower", table="people", column={"baseline": "age"}),
            {},
            {"baseline": ""},
            "the dataset has no baseline",
        ),
        (
            parameter("column", ["baseline", "month_1"], "lower", table="people", column={"baseline": "age"}),
            {"at_least": 0},
            {},
            "at_least: must be greater than 0",
        ),
    ],
)
def test_a_response_to_what_cannot_respond_is_a_fault(of, options, dataset, says):
    r = parameter("responder", ["month_1"], of="x", source="s", **{"at_least": 6, **options})
    with pytest.raises(Fault, match=says):
        built({"people": people("P1")}, {"x": of, "r": r}, dataset=dataset)


# attended


def attended(*visits):
    return {"derive": "attended", "label": "l", "options": {"of": ["hit6"], "visits": list(visits)}}


def test_only_who_has_all_assessments_has_completed():
    rows = hit6(
        ("P1", "baseline", *[1] * 6),
        ("P1", "month_1", *[1] * 6),
        ("P2", "baseline", *[1] * 6),
        ("P2", "month_1", 1, 1, 1, 1, 1, None),
        ("P3", "baseline", *[1] * 6),
    )
    done = attended("baseline", "month_1")
    found, behind = built({"people": people("P1", "P2", "P3", "P4"), "hit6": rows}, {"hit6": HIT6, "done": done})
    assert found == {("P1", ""): "yes", ("P2", ""): "no", ("P3", ""): "no", ("P4", ""): "no"}
    assert {cell[2] for cell in behind if cell[0] == "P1"} == {1, 2} and not any(cell[0] == "P4" for cell in behind)
    with pytest.raises(Fault, match="'hit6' is not scheduled at visit 'mont_1'; did you mean 'month_1'"):
        built({"people": people("P1"), "hit6": rows}, {"hit6": HIT6, "done": attended("baseline", "mont_1")})


# diary days


DAYS = {"table": "diary", "day": "day", "event": "migraine", "per": 28, "at_least": 2}


def test_days_are_counted_in_their_window_and_normalised():
    diary = frame(
        "unit_id day migraine",
        ("P1", -5, 1),
        ("P1", -4, 1),
        ("P1", -3, 0),
        ("P1", -1, 1),
        ("P1", 1, 1),
        ("P1", 4, 0),
        ("P1", 5, 1),
        ("P2", -4, 1),
        ("P3", -4, 0),
        ("P3", -1, 0),
        ("P4", -4, 1),
        ("P4", -3, None),
        ("P5", 9, 1),
    )
    days = parameter("days", ["baseline", "month_1"], **DAYS, windows={"baseline": [-4, -1], "month_1": [1, 4]})
    found, behind = built({"people": people("P1", "P2", "P3", "P4", "P5"), "diary": diary}, {"days": days})
    assert {unit: what for (unit, visit), what in found.items() if visit == "baseline"} == {
        "P1": pytest.approx(2 / 3 * 28),
        "P2": "incomplete: fewer than 2 diary days",
        "P3": 0,
        "P4": "incomplete: fewer than 2 diary days",
        "P5": "not collected",
    }
    assert found[("P1", "month_1")] == 14 and found[("P1", "month_3")] == "not scheduled"
    assert {cell for cell in behind if cell[0] == "P1"} == {
        ("P1", visit, key, column, role)
        for visit, keys in (("baseline", (2, 3, 4)), ("month_1", (5, 6)))
        for key in keys
        for column, role in (("migraine", "value"), ("day", "time"))
    }


def test_the_event_of_a_day_may_be_a_word_and_an_unknown_window_is_a_fault():
    diary = frame("unit_id day migraine", ("P1", 1, "yes"), ("P1", 2, "no"))
    windows = {"baseline": [1, 2]}
    found, _ = built(
        {"people": people("P1"), "diary": diary},
        {"x": parameter("days", ["baseline"], **DAYS, equals="yes", windows=windows)},
    )
    assert found[("P1", "baseline")] == 14
    with pytest.raises(Fault, match="x: is found at visits that the dataset does not declare"):
        built(
            {"people": people("P1"), "diary": diary},
            {"x": parameter("days", ["baseline"], **DAYS, windows={"basline": [1, 2]})},
        )


# counts, means, facts


def test_a_count_of_no_rows_is_zero_and_observed():
    events = frame("unit_id term related", ("P1", "a", "yes"), ("P1", "b", "no"), ("P2", "c", "no"))
    frames = {"people": people("P1", "P2", "P3"), "events": events}
    found, behind = built(frames, {"x": parameter("count", table="events", column="term")})
    assert list(found.values()) == [2, 1, 0]
    assert behind == {("P1", "", 1, "term", "value"), ("P1", "", 2, "term", "value"), ("P2", "", 3, "term", "value")}
    found, _ = built(frames, {"x": parameter("count", table="events", column="term", where={"related": "yes"})})
    assert list(found.values()) == [1, 0, 0]
    found, _ = built(frames, {"x": parameter("count", table="events", column="term", where={"related": "never"})})
    assert list(found.values()) == [0, 0, 0]


def test_replicates_are_averaged_and_too_few_give_no_value():
    sections = frame(
        "unit_id marker section count",
        ("R1", "fos", 1, 10),
        ("R1", "fos", 2, 20),
        ("R1", "fos", 3, 60),
        ("R1", "cgrp", 1, 999),
        ("R2", "fos", 1, 5),
        ("R2", "fos", 2, None),
        ("R3", "fos", 1, None),
    )
    options = {"table": "sections", "column": "count", "where": {"marker": "fos"}, "at_least": 2}
    found, behind = built(
        {"people": people("R1", "R2", "R3", "R4"), "sections": sections}, {"x": parameter("mean", **options)}
    )
    assert list(found.values()) == [30, "incomplete: 1 of 2 replicates", "not collected", "not collected"]
    assert behind == {
        ("R1", "", 1, "count", "value"),
        ("R1", "", 2, "count", "value"),
        ("R1", "", 3, "count", "value"),
        ("R2", "", 5, "count", "value"),
    }


def test_replicates_by_visit_are_averaged_within_the_visit():
    rows = frame("unit_id visit x", ("P1", "baseline", 1), ("P1", "baseline", 3), ("P1", "month_1", 7))
    found, _ = built(
        {"people": people("P1"), "rows": rows},
        {"x": parameter("mean", ["baseline", "month_1"], table="rows", column="x")},
    )
    assert list(found.values()) == [2, 7, "not scheduled"]


def test_a_repeated_fact_must_be_the_same_on_all_rows():
    rows = frame(
        "unit_id sex age", ("P1", "f", 30), ("P1", "f", None), ("P2", "f", 30), ("P2", "m", 31), ("P3", None, None)
    )
    found, behind = built({"rows": rows}, {"x": parameter("same", table="rows", column="sex")})
    assert list(found.values()) == ["f", "rows differ", "not collected"]
    assert {cell[2] for cell in behind} == {1, 2, 3, 4}
    found, _ = built({"rows": rows}, {"x": parameter("same", table="rows", column="age")})
    assert list(found.values()) == [30, "rows differ", "not collected"]


def test_columns_are_joined_numbers_included_and_none_may_be_missing():
    rows = frame(
        "unit_id model dose", ("R1", "two_hit", 5), ("R2", "control", 2.5), ("R3", None, 5), ("R4", "control", None)
    )
    found, behind = built({"rows": rows}, {"x": parameter("joined", table="rows", columns=["model", "dose"])})
    assert list(found.values()) == ["two_hit_5", "control_2.5", "not collected", "not collected"]
    assert {cell[0] for cell in behind} == {"R1", "R2"} and ("R1", "", 1, "dose", "value") in behind


# plates


A, B, C, D = 0.05, 1.2, 400.0, 2.4  # a known curve: signal at zero, slope, midpoint in pg/mL, signal at infinity
LEVELS = [0, 15.6, 31.25, 62.5, 125, 250, 500, 1000]


def curve(x):
    return D + (A - D) / (1 + (numpy.asarray(x, dtype=float) / C) ** B)


def plate(samples, name="1", offset=0.0, levels=LEVELS, dilution=10):
    """Layout and reads of a plate: standards in two wells, each sample in wells at given concentrations."""
    layout, reads = [], []
    for n, (sample, role, x) in enumerate(
        [
            *((f"S{x:g}", "standard", x) for x in levels for _ in (1, 2)),
            *((sample, "sample", x) for sample, xs in samples.items() for x in xs),
        ]
    ):
        unit = f"{name}/{n}"
        layout.append(
            (unit, name, role, sample, x if role == "standard" else None, None if role == "standard" else dilution)
        )
        signal = float(curve(x)) if x is not None else 9.0
        reads += [(unit, "450", signal + 0.04 + offset), (unit, "620", 0.04 + offset)]
    return (
        frame("unit_id plate role sample concentration dilution", *layout),
        frame("unit_id wavelength signal", *reads),
    )


ASSAY = {"signals": "reads", "layout": "layout", "wavelength": "450", "reference": "620"}


def test_known_concentrations_are_read_back_from_a_known_curve():
    layout, reads = plate({"R1": [40, 40], "R2": [300, 320], "R3": [None]})
    found, behind = built(
        {"people": people("R1", "R2", "R3", "R4"), "layout": layout, "reads": reads}, {"x": parameter("assay", **ASSAY)}
    )
    assert found[("R1", "")] == pytest.approx(400, rel=1e-6)
    assert found[("R2", "")] == pytest.approx(3100, rel=1e-6)
    assert found[("R3", "")] == "above ULOQ"
    assert found[("R4", "")] == "not collected"
    mine = {cell for cell in behind if cell[0] == "R1"}
    assert {role for *_, role in mine} == {"value", "layout", "standard"}
    assert {(key, column) for _, _, key, column, role in mine if role == "layout"} == {(17, "sample"), (18, "sample")}
    assert {key for _, _, key, column, role in mine if role == "value"} == {33, 34, 35, 36}  # two wells, two reads
    standards = {(key, column) for _, _, key, column, role in mine if role == "standard"}
    assert standards == {(n, "concentration") for n in range(1, 17)} | {(n, "signal") for n in range(1, 33)}


def test_each_plate_has_its_own_curve_and_a_sample_on_two_plates_is_a_fault():
    (first, reads_1), (second, reads_2) = plate({"R1": [40]}), plate({"R2": [40]}, "2", 0.5)
    second, reads_2 = (t.assign(key=t["key"] + 1000) for t in (second, reads_2))
    frames = {
        "people": people("R1", "R2"),
        "layout": pandas.concat([first, second]),
        "reads": pandas.concat([reads_1, reads_2]),
    }
    found, behind = built(frames, {"x": parameter("assay", **ASSAY)})
    assert list(found.values()) == pytest.approx([400, 400], rel=1e-6)
    assert all((key > 1000) == (unit == "R2") for unit, _, key, _, _ in behind)
    frames["layout"] = frames["layout"].assign(sample=frames["layout"]["sample"].replace("R2", "R1"))
    with pytest.raises(Fault, match="more than one row"):
        built(frames, {"x": parameter("assay", **ASSAY)})


def test_a_plate_without_a_curve_says_why():
    for levels, says in (([0, 500], "no curve: "), ([], "no curve: no standards")):
        layout, reads = plate({"R1": [40]}, levels=levels)
        found, _ = built({"people": people("R1"), "layout": layout, "reads": reads}, {"x": parameter("assay", **ASSAY)})
        assert found[("R1", "")].startswith(says)


def test_wells_can_be_the_units_and_masked_standards_are_left_out():
    layout, reads = plate({"R1": [40, 80]})
    layout["valid"] = 1.0
    reads.loc[(reads["unit_id"] == "1/15") & (reads["wavelength"] == "450"), "signal"] = 0.0
    layout.loc[layout["unit_id"] == "1/15", "valid"] = None
    options = {**ASSAY, "per": "well", "valid": "valid", "fit_to": "level_means"}
    found, behind = built({"layout": layout, "reads": reads}, {"x": parameter("assay", **options)})
    assert found[("1/16", "")] == pytest.approx(40, rel=1e-6) and found[("1/17", "")] == pytest.approx(80, rel=1e-6)
    standards = {(key, column) for unit, _, key, column, role in behind if role == "standard" and unit == "1/16"}
    assert standards == {(n, "concentration") for n in range(1, 16)} | {(n, "signal") for n in range(1, 31)}
    lost = [(99, "reads", "type", "1/16", "")]
    reads = reads[reads["unit_id"] != "1/16"]
    found, behind = built({"layout": layout, "reads": reads}, {"x": parameter("assay", **options)}, lost)
    assert found[("1/16", "")] == "quarantined: type"


def test_masked_wells_are_never_used():
    layout, reads = plate({"R1": [40, 600], "R2": [80], "R3": [60, 60]})
    layout["valid"] = 1.0
    layout.loc[layout["unit_id"].isin(["1/17", "1/18"]), "valid"] = None  # a far well of R1, the only one of R2
    frames = {"people": people("R1", "R2", "R3"), "layout": layout, "reads": reads}
    found, behind = built(frames, {"x": parameter("assay", **ASSAY, valid="valid")})
    assert found[("R1", "")] == pytest.approx(400, rel=1e-6) and found[("R3", "")] == pytest.approx(600, rel=1e-6)
    assert found[("R2", "")] == "masked: no well in use"
    assert {key for unit, _, key, column, role in behind if unit == "R1" and role == "layout"} == {17}
    wells, _ = built({"layout": layout, "reads": reads}, {"x": parameter("assay", **ASSAY, valid="valid", per="well")})
    assert wells[("1/16", "")] == pytest.approx(40, rel=1e-6) and wells[("1/17", "")] == "masked: no well in use"


def test_a_concentration_beyond_the_standards_is_censored_and_dilutions_within_their_range_count():
    layout, reads = plate({"R1": [1500], "R2": [2], "R3": [1500, 150]})
    layout.loc[layout["sample"] == "R3", "dilution"] = [1.0, 10.0]
    frames = {"people": people("R1", "R2", "R3"), "layout": layout, "reads": reads}
    found, behind = built(frames, {"x": parameter("assay", **ASSAY)})
    assert (found[("R1", "")], found[("R2", "")]) == ("above ULOQ", "below LLOQ")
    assert found[("R3", "")] == pytest.approx(1500, rel=1e-6)
    assert {key for unit, _, key, _, role in behind if unit == "R3" and role == "layout"} == {19, 20}  # both are named
    reported, _ = built(frames, {"x": parameter("assay", **ASSAY, limits="report")})
    assert reported[("R1", "")] == pytest.approx(15000, rel=1e-6)


def test_a_signal_is_a_read_or_the_difference_of_two():
    reads = frame(
        "unit_id wavelength signal", ("a", "450", 0.5), ("a", "620", 0.1), ("b", "450", 0.7), ("c", "620", 0.1)
    )
    wells = frame("unit_id plate", ("a", "1"), ("b", "1"), ("c", "1"))
    options = {"table": "reads", "wavelength": "450"}
    found, behind = built({"wells": wells, "reads": reads}, {"x": parameter("well_signal", **options)})
    assert list(found.values()) == [0.5, 0.7, "not collected"] and {cell[2] for cell in behind} == {1, 3}
    found, behind = built({"wells": wells, "reads": reads}, {"x": parameter("well_signal", **options, reference="620")})
    assert list(found.values()) == [pytest.approx(0.4), "not collected", "not collected"]
    assert behind == {("a", "", 1, "signal", "value"), ("a", "", 2, "signal", "value")}
    with pytest.raises(Fault, match="table 'reads' has no read at '45'; did you mean '450'"):
        built({"wells": wells, "reads": reads}, {"x": parameter("well_signal", table="reads", wavelength="45")})


# files


def test_a_study_is_derived_from_its_files(tmp_path):
    people_, rows = (
        people("P1", "P2"),
        hit6(("P1", "baseline", 1, 1, 1, 1, 1, 1), ("P2", "baseline", 1, 1, 1, 1, 1, None)),
    )
    arm = parameter("column", table="people", column="arm")
    plan, tables = tables_of({"people": people_, "hit6": rows}, {"arm": arm, "hit6": HIT6})
    for name, table in tables.frames.items():
        store.write_table(tmp_path / "validated" / f"{name}.parquet", table)
    store.write_table(tmp_path / "validated/quarantine.parquet", tables.quarantine.astype({"key": "int64"}))
    gaps = {"key": [2], "table": ["hit6"], "column": ["hit6_6"], "says": ["refused"]}
    store.write_table(tmp_path / "validated/gaps.parquet", gaps)
    assert read_tables(plan, tmp_path / "validated").gaps == {(2, "hit6_6"): "refused"}
    derive_study(plan, tmp_path / "validated", tmp_path / "datasets")
    records = store.read_table(tmp_path / "datasets/data.parquet")
    assert records.columns.tolist() == ["record", "unit", "parameter", "visit", "value", "text", "status"]
    assert records["text"].tolist()[:2] == ["sham", "OMT"] and records["value"].tolist()[2] == 36
    assert math.isnan(records["value"][3]) and records["status"][3] == "incomplete: 1 of 6 items open (refused)"
    cells = store.read_table(tmp_path / "datasets/data.cells.parquet")
    assert cells.columns.tolist() == ["record", "key", "column", "role"]
    assert cells[["record", "role", "key", "column"]].equals(
        cells[["record", "role", "key", "column"]].sort_values(["record", "role", "key", "column"], ignore_index=True)
    )
    assert not cells.duplicated().any()
    (tmp_path / "taken").touch()
    with pytest.raises(FileExistsError):  # also of what is written while the next dataset is built
        derive_study(plan, tmp_path / "validated", tmp_path / "taken")


# calculations

PAIN = frame(
    "unit_id visit pain hours began_on ended_on",
    ("A", "baseline", 8.0, 6.0, "2024-01-30", "2024-03-01"),
    ("A", "month_1", 4.0, 0.0, "2024-01-30", None),
    ("B", "baseline", None, 5.0, "2024-01-30", "2024-01-29"),
    ("B", "month_1", 3.0, 4.0, "2024-01-30", "soon"),
)


def calculated(calculate, visits=("baseline", "month_1"), **options):
    """The value or text, and the status, of each unit and visit; and the cells behind them."""
    at = {"visits": ["baseline", "month_1"]}
    parameters = {
        "age": parameter("column", table="people", column="age"),
        "pain": parameter("column", **at, table="pain", column="pain"),
        "hours": parameter("column", **at, table="pain", column="hours"),
        "made": parameter("calculated", visits=list(visits), calculate=calculate, **options),
    }
    return built({"people": people("A", "B"), "pain": PAIN}, parameters)


def test_parameters_are_added_divided_and_compared_with_baseline():
    found, cells = calculated(
        "100 * (pain - before) / before", ["month_1"], at={"before": {"of": "pain", "visit": "baseline"}}
    )
    assert found["A", "month_1"] == -50.0
    assert found["B", "month_1"] == "before not collected"
    assert {(key, column) for unit, visit, key, column, _ in cells if unit == "A"} == {(1, "pain"), (2, "pain")}
    assert calculated("pain / hours")[0]["A", "month_1"] == "incomplete: not defined"
    assert calculated("pain + hours / 2 - log2(8)")[0]["A", "baseline"] == 8.0
    assert calculated("pain / age", ["baseline"])[0]["A", "baseline"] == pytest.approx(8 / 30)


def test_a_calculation_may_give_a_category_or_yes_and_no():
    found, _ = calculated("'low' if pain < 4 else 'mid' if pain < 7 else 'high'")
    assert [found["A", "baseline"], found["A", "month_1"], found["B", "month_1"]] == ["high", "mid", "low"]
    assert calculated("pain >= 4 and hours > 1")[0]["A", "baseline"] == "yes"
    assert calculated("pain >= 4 and hours > 1")[0]["A", "month_1"] == "no"


def test_the_time_between_two_days_of_a_row():
    found, cells = calculated("date(ended_on) - date(began_on)", table="pain")
    assert found["A", "baseline"] == 31.0 and found["B", "baseline"] == -1.0
    assert found["A", "month_1"] == "not collected" and found["B", "month_1"] == "incomplete: not defined"
    assert {column for unit, visit, _, column, _ in cells if (unit, visit) == ("A", "baseline")} == {
        "began_on",
        "ended_on",
    }


@pytest.mark.parametrize(
    ("calculate", "more", "says"),
    [
        ("pian * 2", {}, "'pian' is no parameter declared before; did you mean 'pain'"),
        ("pain * 2", {"visits": []}, "'pain' has visits, and made has none"),
        ("pain * 2", {"at": {"age": {"of": "pain", "visit": "baseline"}}}, "'age' is a parameter"),
        (
            "before",
            {"at": {"before": {"of": "pain", "visit": "month_3"}}},
            "'pain' is not scheduled at visit 'month_3'",
        ),
        ("weight * 2", {"table": "pain"}, "'weight' is no column of table pain"),
        ("pain *", {}, "is not an expression"),
    ],
)
def test_a_calculation_that_does_not_fit_is_a_fault(calculate, more, says):
    with pytest.raises(Fault, match=says):
        calculated(calculate, **more)

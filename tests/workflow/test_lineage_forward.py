"""From raw cells, rows and units to the numbers, tables and figures that rest on them; every result answers."""

import json
import random
from pathlib import Path

import pytest
from omtrace.audit.forward import from_raw, from_unit, place_in_raw_file
from omtrace.audit.trace import trace
from omtrace.faults import Fault
from omtrace.store import read_csv, read_json
from pipeline import done, omtrace

DIARY = "data/raw/tiny/diary.csv"


@pytest.fixture(scope="module")
def root(tiny_twins):
    return tiny_twins[0][0]


def test_a_number_is_found_again_from_each_of_its_cells(root):
    chance = random.Random(3)
    numbers = [row for row in read_csv(root / "results/tiny/estimates.csv") if row["value"]]
    for number in chance.sample(numbers, 12):
        way, _ = trace(f"tiny#{number['id']}", root)
        cells = [(file["path"], cell) for file in way["files"] for cell in file["cells"]]
        for path, cell in chance.sample(cells, min(2, len(cells))):
            found = from_raw("tiny", path, cell["first_line"], cell["column"], root)
            use = {entry["id"]: entry["use"] for entry in found.numbers}
            assert use[number["id"]] == "used", (number, cell)


def test_a_unit_is_found_in_each_number_that_accounts_for_it(root):
    for number in read_csv(root / "results/tiny/estimates.csv")[::7]:
        way, _ = trace(f"tiny#{number['id']}", root)
        used = {record["unit"] for record in way["records"]}
        for unit in sorted(used | {record["unit"] for record in way["left_out"]})[:2]:
            use = {entry["id"]: entry["use"] for entry in from_unit("tiny", unit, root).numbers}
            assert use[number["id"]] == ("used" if unit in used else "left out")


def test_what_shows_a_number_is_named_with_it(root):
    found = from_unit("tiny", "T01", root)
    assert found.figures == ["results/tiny/figures/means.svg"]
    assert any(name.startswith("Table ") and "Scores by visit and arm" in name for name in found.tables)


def test_a_line_has_all_that_its_cells_have(root):
    whole = {n["id"] for n in from_raw("tiny", DIARY, 2, "", root).numbers}
    one = {n["id"] for n in from_raw("tiny", DIARY, 2, "migraine", root).numbers}
    every = {n["id"] for n in from_raw("tiny", DIARY, 0, "", root).numbers}
    assert one and one <= whole <= every


def test_every_file_of_results_answers(root):
    folder = root / "results/tiny"
    files = [path.relative_to(root).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    files = [path for path in files if not path.endswith(".snakemake_timestamp")]
    for path in files:
        found, is_sound = trace(path, root)
        assert is_sound and found["file"]["path"] == path and len(found["file"]["sha256"]) == 64
        assert found["file"]["stage"], path
    for path in ("datasets/participants.parquet", "validated/diary.parquet", "rowsets.parquet", "manifest.json"):
        assert trace(f"results/tiny/{path}", root)[0]["numbers"], path


def test_a_result_that_is_not_as_made_is_not_sound(tiny):
    path = tiny / "results/tiny/validated/diary.parquet"
    other = (tiny / "results/tiny/validated/hit6.parquet").read_bytes()
    path.write_bytes(other)
    found, is_sound = trace("results/tiny/validated/diary.parquet", tiny)
    assert not is_sound and found["file"]["is_as_made"] is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{DIARY}:9999", "no row of data stands on line 9999"),
        (f"{DIARY}:2:migrain", "no value of this column"),
        (f"{DIARY}:x", "a line, then a column"),
        ("data/raw/tiny/other.csv", "no study with results has registered"),
    ],
)
def test_what_is_not_there_is_said(root, text, says):
    with pytest.raises(Fault, match=says):
        trace(text, root)
    with pytest.raises(Fault, match="no unit of tiny"):
        from_unit("tiny", "T99", root)
    assert place_in_raw_file("tiny", root) is None


def test_the_command_prints_both_ways(tiny):
    ran = done(omtrace(tiny, "trace", f"{DIARY}:2:migraine", "--limit", "2"))
    assert "--limit 0 shows them" in ran.out and "Tables" in ran.out and "means.svg" in ran.out
    content = json.loads(done(omtrace(tiny, "trace", "tiny", "--unit", "T01", "--json")).out)
    assert content["source"] == "T01" and content["numbers"]
    index = read_json(Path(tiny, "results/tiny/figures/index.json"))
    assert set(index[0]["numbers"]) & {n["id"] for n in content["numbers"]}

"""What if a cell, a row, a unit or a batch were otherwise: the numbers of a run on raw files edited in that way."""

import codecs
import csv
import hashlib
import io
import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from omtrace import derivations
from omtrace.audit.plan_changes import plan_changes
from omtrace.audit.rerun import Partly, rerun
from omtrace.audit.sides import Side
from omtrace.audit.whatif import Change, Layout, Question, _layout, conclusion, edited, parse_change, whatif
from omtrace.faults import Fault
from omtrace.intake.plan_check import read_whole
from omtrace.model.folders import Folders
from omtrace.model.register import exports_of, read_register
from omtrace.store import read_csv
from pipeline import SHIPPED, done, omtrace, snakemake

COUNT = 40 if os.environ.get("OMTRACE_NO_SKIPS") else 6
RAW = "data/raw/tiny"
FILES = {"diary.csv": ["migraine", "headache", "pain_max"], "questionnaires.csv": ["hit6_1", "hit6_4", "hit6_total"]}


@pytest.fixture(scope="module")
def root(tiny_twins):
    return tiny_twins[0][0]


def asked(root, question):
    plan = read_whole(root / "config/studies/tiny.yaml")
    return whatif(plan, read_register(root / "config/exports.csv"), question, Folders(), root)


def values(rows):
    return {row["id"]: row["value"] for row in rows}


def after(root, answer):
    """The numbers as the answer has them."""
    numbers = values(read_csv(root / "results/tiny/estimates.csv"))
    for number in answer.comparison.differing:
        numbers[number.id] = number.new
    gone = {n.id for n in answer.comparison.numbers if n.state == "missing"}
    return {key: value for key, value in numbers.items() if key not in gone}


def edit(root, name, line, column, text):
    """The same edit in another way: the whole file through csv, the register with the new digest."""
    path = root / RAW / name
    content = path.read_bytes().decode()
    reader = csv.reader(io.StringIO(content, newline=""))
    rows, ends = [], []
    for cells in reader:
        rows.append(cells)
        ends.append(reader.line_num)
    at = next(n for n, end in enumerate(ends) if end >= line)
    if text is None:
        del rows[at]
    else:
        rows[at][rows[0].index(column)] = text
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(buffer.getvalue(), encoding="utf-8")
    register = root / "config/exports.csv"
    changed = hashlib.sha256(path.read_bytes()).hexdigest()
    register.write_text(register.read_text(encoding="utf-8").replace(before, changed), encoding="utf-8")


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_cell_or_a_row_gives_what_a_computation_of_the_edited_file_gives(root, tmp_path, seed):
    chance = random.Random(seed)
    name = chance.choice(sorted(FILES))
    column = chance.choice(FILES[name])
    with open(root / RAW / name, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)
        lines = [reader.line_num for _ in reader]
    line = chance.choice(lines)
    text = None if chance.random() < 0.3 else chance.choice(["0", "1", "3", "", "-99", "70", "x"])
    column = "" if text is None else column
    answer = asked(root, Question((Change(f"{RAW}/{name}", line, column, text),)))
    copy = shutil.copytree(root, tmp_path / "copy", ignore=shutil.ignore_patterns("results", ".snakemake", "workflow"))
    edit(copy, name, line, column, text)
    exports = read_register(copy / "config/exports.csv")
    rerun(read_whole(copy / "config/studies/tiny.yaml"), exports, copy, copy / "results/tiny")
    assert after(root, answer) == values(read_csv(copy / "results/tiny/estimates.csv"))


@pytest.mark.parametrize("name", sorted(FILES))
def test_records_of_changed_tables_alone_are_made_again_and_all_are_those_of_a_whole_derivation(root, tmp_path, name):
    plan, folder = read_whole(root / "config/studies/tiny.yaml"), root / "results/tiny"
    content = edited((root / RAW / name).read_bytes(), [Change(name, 3, FILES[name][0], "0")], Layout("utf-8", ","))
    (tmp_path / RAW).mkdir(parents=True)
    exports = []
    for export in exports_of(read_register(root / "config/exports.csv"), "tiny"):
        data = content if export.path == f"{RAW}/{name}" else (root / export.path).read_bytes()
        (tmp_path / export.path).write_bytes(data)
        exports.append(replace(export, sha256=hashlib.sha256(data).hexdigest()))
    parts = {"again": Partly(folder, lambda plan, _: plan), "whole": None}
    made = {of: rerun(plan, exports, tmp_path, tmp_path / of, partly) for of, partly in parts.items()}
    for path in made["whole"].rglob("*.parquet"):
        assert path.read_bytes() == (made["again"] / path.relative_to(made["whole"])).read_bytes()
    assert (made["whole"] / "estimates.csv").read_bytes() == (made["again"] / "estimates.csv").read_bytes()


def test_a_derivation_that_looks_at_the_group_says_so():
    for path in Path(derivations.__file__).parent.glob("[a-z]*.py"):
        text = path.read_text(encoding="utf-8")
        assert ("dataset.group" in text) == ("by_group=True" in text), path.name


def test_it_gives_what_a_run_gives(tiny):
    answer = asked(tiny, Question(units=("T03",)))
    for name in ("diary.csv", "questionnaires.csv", "allocation.csv"):
        while True:
            with open(tiny / RAW / name, newline="", encoding="utf-8") as file:
                reader = csv.reader(file)
                line = next((reader.line_num for row in reader if "T03" in [cell.strip() for cell in row[:5]]), 0)
            if not line:
                break
            edit(tiny, name, line, "", None)
    expected = after(tiny, answer)
    done(snakemake(tiny, "tiny"))
    assert expected == values(read_csv(tiny / "results/tiny/estimates.csv"))


@pytest.mark.parametrize("study", SHIPPED[-1:])
def test_a_computation_in_one_process_has_the_bytes_of_a_run(shipped_results, tmp_path, study):
    exports = read_register(shipped_results / "config/exports.csv")
    plan = read_whole(shipped_results / f"config/studies/{study}.yaml")
    folder = rerun(plan, exports, shipped_results, tmp_path / study)
    for name in ("estimates.csv", "rowsets.parquet", "definitions.json"):
        assert (folder / name).read_bytes() == (shipped_results / f"results/{study}/{name}").read_bytes()


def test_nothing_of_the_study_is_touched(tiny):
    before = {path: path.read_bytes() for path in tiny.rglob("*") if path.is_file()}
    ran = done(omtrace(tiny, "whatif", "tiny", "--cell", f"{RAW}/diary.csv:2:migraine=0", "--json"))
    assert {path: path.read_bytes() for path in tiny.rglob("*") if path.is_file()} == before
    content = json.loads(ran.out)
    assert content["numbers"] and content["counts"]["changed"]


def test_a_conclusion_that_flips_is_named(root):
    from omtrace.audit.compare import compared
    from omtrace.audit.whatif import flips_of

    side = Side("a", "tiny", root)
    row = next(r for r in side.numbers.values() if r["statistic"] == "p" and r["analysis"] == "primary")
    other = Side("b", "tiny", root)
    wanted = "0.9" if float(row["value"]) < 0.05 else "0.01"
    other.__dict__["numbers"] = {**side.numbers, row.id: replace(row, text=wanted)}
    (flip,) = flips_of(compared(side, other), side, other)
    assert {flip.old, flip.new} == {"p < 0.05", "p >= 0.05"}
    assert conclusion(replace(row, text=""), side) == "no p value"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_other_byte_of_a_file_stays(end):
    rows = ["id;a;b", "1;'x;2", '2;"two' + end + 'lines";3', "3;é;4", "4;5;6"]
    content = (end.join(rows) + end).encode()
    layout = Layout("utf-8", ";")
    assert edited(content, [Change("f", 2, "b", "9")], layout) == content.replace(b"'x;2", b"'x;9")
    assert edited(content, [Change("f", 4, "b", "9")], layout).decode().split(end)[3] == 'lines";9'
    gone = edited(content, [Change("f", 3), Change("f", 6)], layout).decode()
    assert gone == end.join([rows[0], rows[1], rows[3]]) + end


@pytest.mark.parametrize("says", ["UTF-8 with byte-order mark", "UTF-16 LE with byte-order mark"])
def test_a_byte_order_mark_is_no_part_of_the_first_name_and_stays(says):
    decided = {"f": {"encoding": says, "delimiter": "comma (found)", "header line": "1 (found)"}}
    layout = _layout(decided, "f")
    content = "id,a\r\n1,é\r\n".encode(layout.encoding)
    assert edited(content, [Change("f", 2, "id", "7")], layout) == "id,a\r\n7,é\r\n".encode(layout.encoding)
    assert content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16))


def test_a_study_that_has_not_run_is_told_to_run(tmp_path, root):
    plan = read_whole(root / "config/studies/tiny.yaml")
    for ask in (lambda: whatif(plan, [], Question(), Folders(), tmp_path), lambda: plan_changes(plan, tmp_path)):
        with pytest.raises(Fault, match="run snakemake tiny first"):
            ask()


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (Question((Change(f"{RAW}/diary.csv", 999, "migraine", "1"),)), "no row of data stands there"),
        (Question((Change(f"{RAW}/diary.csv", 2, "migrane", "1"),)), "did you mean 'migraine'"),
        (Question((Change("data/raw/tiny/x.csv", 2, "a", "1"),)), "no raw file that tiny reads"),
        (Question(units=("T99",)), "no unit of tiny"),
        (Question(batches=("7",)), "no batch of tiny"),
    ],
)
def test_what_there_is_not_is_said(root, question, says):
    with pytest.raises(Fault, match=says):
        asked(root, question)


def test_a_change_is_written_in_one_way():
    assert parse_change("a.csv:3:b=1=2") == Change("a.csv", 3, "b", "1=2")
    assert parse_change("a.csv:3") == Change("a.csv", 3)
    for text in ("a.csv", "a.csv:x:b=1", "a.csv:3:b", "a.csv:3=1"):
        with pytest.raises(Fault, match="a cell is PATH:LINE:COLUMN=TEXT"):
            parse_change(text)

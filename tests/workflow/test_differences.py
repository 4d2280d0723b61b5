"""Differences of two versions of an export: by key and column, never by line; counts without values."""

import os
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from omtrace import store
from omtrace.audit.differences import HEADER, compared, differences, report, write_versions
from omtrace.faults import Fault
from omtrace.model.plan import read_plan
from omtrace.model.register import Export, read_register, sha256_of, write_register

LINES = re.compile("\r\n|\r|\n")
TINY = Path(__file__).parents[1] / "tiny"
DIARY, FORMS = "data/raw/tiny/diary.csv", "data/raw/tiny/questionnaires.csv"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    shutil.copytree(TINY / "config", tmp_path / "config")
    shutil.copytree(TINY / "data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(path, edit, plan=None):
    """The differences of a registered file and its edited text, as (tables, unit, visit, row, column, change, ...)."""
    exports = read_register()
    old = next(e for e in exports if e.path == path)
    new = version(old, edit(Path(path).read_bytes().decode()))
    return differences(plan or read_plan("config/studies/tiny.yaml"), old, new, ".", exports)


def version(old, text):
    """A further file beside a registered one, as its new version."""
    path = old.path.replace(".csv", "_new.csv")
    Path(path).write_bytes(text.encode())
    return replace(old, number=old.number + 10, path=path, sha256=sha256_of(path), replaces=str(old.number))


def told(versions):
    return [(" ".join(d.tables), d.unit, d.visit, d.row, d.column, d.change) for d in versions.differences]


def swapped(*pairs):
    def edit(text):
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    return edit


def test_the_same_content_has_no_difference_whatever_its_bytes(tree):
    versions = compare(DIARY, lambda text: "\ufeff" + text.replace(",", ";").replace("\n", "\r\n"))
    assert versions.differences == [] and versions.summary() == ["no cell differs in any table"]


def test_a_changed_cell_is_named_by_unit_key_and_column(tree):
    versions = compare(DIARY, swapped(("T01,-3,1,1,4,1", "T01,-3,1,0,5,1"), ("T01,-1,1,1,3,0", "T01,-1,1,1,3,")))
    assert told(versions) == [
        ("diary", "T01", "", "study_day=-3", "migraine", "changed"),
        ("diary", "T01", "", "study_day=-3", "pain_max", "changed"),
        ("diary", "T01", "", "study_day=-1", "acute_medication", "changed"),
    ]
    assert [(d.before, d.after, d.old_line, d.new_line) for d in versions.differences] == [
        ("1", "0", "2", "2"),
        ("4", "5", "2", "2"),
        ("0", "", "4", "4"),
    ]
    assert versions.summary() == ["diary: 3 cells changed in 2 rows of 1 unit, 0 rows added, 0 removed"]


def test_rows_that_moved_are_none(tree):
    def shuffled(text):
        head, *rows = text.splitlines()
        random.Random(1).shuffle(rows)
        return "\n".join([head, *rows]) + "\n"

    assert compare(DIARY, shuffled).differences == []


def test_rows_added_and_removed_by_their_key(tree):
    edit = swapped(("T01,-2,1,1,9,1\n", ""), ("T01,-1,1,1,3,0\n", "T01,-1,1,1,3,0\nT01,2,0,0,0,0\nT77,1,0,0,0,0\n"))
    versions = compare(DIARY, lambda text: edit(text.replace("T01,2,", "T01,9,")))
    assert ("diary", "T01", "", "study_day=-2", "", "row removed") in told(versions)
    assert ("diary", "T77", "", "study_day=1", "", "row added") in told(versions)
    lost = next(d for d in versions.differences if d.row == "study_day=-2")
    assert (lost.old_line, lost.new_line) == ("3", "")


def test_a_line_inserted_above_changes_lines_but_no_cell(tree):
    versions = compare(DIARY, swapped(("T01,-3,", "T00,-3,0,0,0,0\nT01,-3,")))
    assert told(versions) == [("diary", "T00", "", "study_day=-3", "", "row added")]


def test_visits_are_told_and_columns_that_nobody_reads(tree):
    edit = swapped(("T01,month_1_arm_1,,4,4,4,3,4,4,65,2", "T01,month_1_arm_1,late,5,4,4,3,4,4,67,2"))
    versions = compare(FORMS, edit)
    assert told(versions) == [
        ("", "T01", "month_1", "", "remark", "changed"),
        ("hit6", "T01", "month_1", "", "hit6_1", "changed"),
        ("hit6", "T01", "month_1", "", "hit6_total", "changed"),
    ]
    assert versions.summary() == [
        "hit6: 2 cells changed in 1 row of 1 unit, 0 rows added, 0 removed",
        "no table: 1 cell changed in 1 row of 1 unit, 0 rows added, 0 removed",
    ]


def test_a_row_that_leaves_every_table_is_seen(tree):
    versions = compare(FORMS, swapped(("T01,month_1_arm_1,", "T01,extra_arm_1,")))
    assert told(versions) == [
        ("hit6", "T01", "month_1", "", "", "row removed"),
        ("", "T01", "", "redcap_event_name=extra_arm_1", "", "row added"),
    ]
    assert versions.summary() == [
        "hit6: 0 cells changed, 0 rows added, 1 removed",
        "no table: 0 cells changed, 1 row added, 0 removed",
    ]


def test_columns_added_and_removed(tree):
    versions = compare(DIARY, lambda text: text.replace("acute_medication", "tablets"))
    assert told(versions) == [
        ("diary", "", "", "", "acute_medication", "column removed"),
        ("", "", "", "", "tablets", "column added"),
    ]
    assert versions.summary() == ["column removed: acute_medication", "column added: tablets"]


def test_rows_of_one_key_are_taken_in_order_after_those_that_are_equal(tree):
    doubled = swapped(("T01,-3,1,1,4,1\n", "T01,-3,1,1,4,1\nT01,-3,1,1,6,1\nT01,-3,1,1,7,1\n"))
    exports = read_register()
    old = replace(version(exports[2], doubled(Path(DIARY).read_text())), number=3)
    text = doubled(Path(DIARY).read_text())
    new = replace(old, number=4, path=DIARY)
    plan = read_plan("config/studies/tiny.yaml")
    for rows, wanted in (
        ("T01,-3,1,1,7,1\nT01,-3,1,1,6,1\nT01,-3,1,1,4,1\n", []),
        ("T01,-3,1,1,7,1\nT01,-3,1,1,5,1\n", [("changed", "4", "5"), ("row removed", "", "")]),
        ("T01,-3,1,1,6,1\n" * 4, [("changed", "4", "6"), ("changed", "7", "6"), ("row added", "", "")]),
    ):
        changed = text.replace("T01,-3,1,1,4,1\nT01,-3,1,1,6,1\nT01,-3,1,1,7,1\n", rows)
        Path(DIARY).write_text(changed)
        found = differences(plan, old, replace(new, sha256=sha256_of(DIARY)), ".", exports)
        assert [(d.change, d.before, d.after) for d in found.differences] == wanted


def test_rows_that_cannot_be_read_are_a_remark(tree):
    versions = compare(DIARY, swapped(("T01,-3,1,1,4,1", "T01,-3,1,1")))
    assert versions.summary()[-1] == "diary: not compared: rows that cannot be read, 0 before, 1 after"
    assert told(versions) == [("diary", "T01", "", "study_day=-3", "", "row removed")]


def test_a_plate_is_compared_well_by_well(tmp_path):
    root = Path(__file__).parents[2]
    plan = read_plan(root / "config/studies/rat_two_hit.yaml")
    exports = read_register(root / "config/exports.csv")
    old = next(e for e in exports if e.study == plan.study and e.table == plan.tables["plate_signals"].source)
    content = (root / old.path).read_bytes().decode("latin-1")
    line = next(text for text in LINES.split(content) if text.startswith("\t24.6\t"))
    cells = line.split("\t")
    cells[4] = "9.999"
    store.write_bytes(tmp_path / old.path, content.encode("latin-1"))
    path = "data/raw/rat_two_hit/new.txt"
    store.write_bytes(tmp_path / path, content.replace(line, "\t".join(cells)).encode("latin-1"))
    new = replace(old, number=99, path=path, sha256=sha256_of(tmp_path / path))
    (found,) = differences(plan, old, new, tmp_path, exports).differences
    assert (found.change, found.after, found.tables) == ("changed", "9.999", ("plate_signals",))
    assert found.unit.endswith("A3") and "wavelength=" in found.row


def test_a_unit_made_of_the_export_keeps_its_name(tree):
    """Both versions have one export name, so their wells have one name."""
    plan = read_plan("config/studies/tiny.yaml")
    table = plan.tables["diary"].model_copy(update={"unit": ("@export", "participant_id", "@row")})
    plan = plan.model_copy(update={"tables": {**plan.tables, "diary": table}})
    versions = compare(DIARY, swapped(("T01,-3,1,1,4,1", "T01,-3,1,1,5,1")), plan)
    assert [d.unit for d in versions.differences] == ["diary/T01/1"]


# what stands in the way


def test_other_bytes_missing_files_and_unread_tables_are_faults(tree):
    plan, exports = read_plan("config/studies/tiny.yaml"), read_register()
    old = next(e for e in exports if e.path == DIARY)
    with pytest.raises(Fault, match="no table of the plan of tiny reads stray"):
        differences(plan, replace(old, table="stray"), replace(old, table="stray"))
    with pytest.raises(Fault, match="sha256 differs"):
        differences(plan, old, replace(old, sha256="0" * 64))
    os.remove(DIARY)
    with pytest.raises(Fault, match="the file is missing"):
        differences(plan, old, old)
    assert compared(old, old, exports).summary() == [
        f"not compared: {DIARY}: the file is missing; put it back, or retrieve it"
    ]


def test_a_study_without_a_plan_is_not_compared(tree):
    old = Export(1, "new", "a", "any", "data/raw/new/a.csv", "", "", "0" * 64, "received", "", "", "")
    (line,) = compared(old, old, [old]).summary()
    assert line.startswith("not compared: config/studies/new.yaml: there is no such plan")


# files and the command


def test_the_table_of_versions_is_written_with_values_that_no_spreadsheet_computes(tree):
    versions = compare(DIARY, swapped(("T01,-3,1,1,4,1", "T01,-3,1,1,=4+1,1")))
    path = write_versions(versions)
    assert path.as_posix() == "logs/tiny/versions/3-13.csv"
    (row,) = store.read_csv(path)
    assert tuple(row) == HEADER and (row["before"], row["after"]) == ("4", "=4+1")
    assert ",'=4+1" in path.read_text()


def test_the_command_shows_values_and_says_whether_anything_differs(tree, capsys):
    new = DIARY.replace(".csv", "_b.csv")
    Path(new).write_text(swapped(("T01,-3,1,1,4,1", "T01,-3,1,1,44,1"))(Path(DIARY).read_text()))
    assert report(DIARY, new) is False
    first, header, row = capsys.readouterr().out.splitlines()
    assert first == "diary: 1 cell changed in 1 row of 1 unit, 0 rows added, 0 removed"
    assert row.split() == ["diary", "T01", "study_day=-3", "pain_max", "changed", "2", "2", "4", "44"]
    exports = read_register()
    write_register([*exports, replace(exports[2], number=9, path=new, sha256=sha256_of(new), replaces="3")])
    assert report(DIARY, new) is False and report(new, DIARY) is False and report(DIARY, DIARY) is True
    for old, other, says in (
        (new, FORMS, "not of one table"),
        ("data/raw/tiny/x.csv", DIARY, "not in the register"),
        (DIARY, "data/raw/tiny/x.csv", "there is no such file"),
    ):
        with pytest.raises(Fault, match=says):
            report(old, other)

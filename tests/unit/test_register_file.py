"""The register file and custody: nothing unregistered is read, nothing registered differs unseen."""

import csv
import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.model import register as model_register
from omtrace.model.register import (
    COLUMNS,
    Export,
    custody_faults,
    export_at,
    exports_of,
    read_register,
    sha256_of,
    write_register,
)

CONTENT = b"id,value\n1,2\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
GOOD = {
    "number": "1",
    "study": "trial",
    "export": "diary",
    "table": "diary",
    "path": "data/raw/trial/diary.csv",
    "batch": "",
    "received_on": "2026-01-02",
    "sha256": DIGEST,
    "origin": "shipped",
    "address": "",
    "citation": "A, B",
    "licence": "MIT",
    "replaces": "",
    "withdrawn": "",
}
OTHER = {**GOOD, "number": "2", "export": "other", "path": "data/raw/trial/other.csv"}


def register(folder, *rows, header=COLUMNS):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row[c] for c in COLUMNS] if isinstance(row, dict) else row for row in rows)
    (folder / "exports.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    return folder / "exports.csv"


def faults_of(path):
    with pytest.raises(Fault) as caught:
        read_register(path)
    return caught.value.lines


@pytest.mark.parametrize(("header", "withdrawn"), [(COLUMNS, "2026-02-01"), (COLUMNS[:-1], "")])
def test_the_register_reads_back_as_written(tmp_path, header, withdrawn):
    rows = [[row[c] for c in header] for row in (GOOD, OTHER | {"withdrawn": withdrawn})]
    exports = read_register(register(tmp_path, *rows, header=header))
    assert exports[1].withdrawn == withdrawn
    assert exports[0] == Export(**{**GOOD, "number": 1})
    before = (tmp_path / "exports.csv").read_bytes()
    write_register(exports, tmp_path / "exports.csv")
    assert (tmp_path / "exports.csv").read_bytes() == before


@pytest.mark.parametrize("header", [COLUMNS, COLUMNS[:-1]])
def test_a_sound_register_is_checked_as_a_whole_and_gives_what_its_rows_give(tmp_path, header, monkeypatch):
    rows = [GOOD, OTHER, {**GOOD, "number": "7", "path": "data/raw/trial/a/b.csv", "replaces": "1"}]
    path = register(tmp_path, *([row[c] for c in header] for row in rows), header=header)
    judged = model_register._judged(path, path.read_text(encoding="utf-8"), "data/raw")
    monkeypatch.setattr(model_register, "_judged", lambda *_: pytest.fail("a row was looked at by itself"))
    assert read_register(path) == judged == [Export(**{**row, "number": int(row["number"])}) for row in rows]


def test_a_separator_within_a_cell_is_no_end_of_it(tmp_path):
    rows = [{**GOOD, "citation": "A\x1fB"}, OTHER]
    assert [e.citation for e in read_register(register(tmp_path, *rows))] == ["A\x1fB", "A, B"]
    moved = {**GOOD, "origin": "shipped\x1f", "address": "x"}
    assert "column origin" in faults_of(register(tmp_path, moved, OTHER))[0]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("number", "", "not a whole number"),
        ("number", "0", "not a whole number"),
        ("number", "-1", "not a whole number"),
        ("number", "1.0", "not a whole number"),
        ("number", "01", "not a whole number"),
        ("number", "²", "not a whole number"),
        ("number", "٣", "not a whole number"),
        ("number", str(2**31), "not a whole number"),
        ("number", "9" * 5000, "not a whole number"),
        ("path", "diary.csv", "not below data/raw/trial/"),
        ("path", "data/raw/other/diary.csv", "not below data/raw/trial/"),
        ("path", "/data/raw/trial/diary.csv", "not below data/raw/trial/"),
        ("path", "data/raw/trial", "not below data/raw/trial/"),
        ("path", "data/raw/trial/../../x.csv", "only letters"),
        ("path", "data/raw/trial//diary.csv", "only letters"),
        ("path", "data/raw/trial/./diary.csv", "only letters"),
        ("path", "data/raw/trial/.hidden", "only letters"),
        ("path", "data/raw/trial/two words.csv", "only letters"),
        ("path", "data/raw/trial/diary.csv\n", "only letters"),
        ("path", "data/raw/trial/tägebuch.csv", "only letters"),
        ("origin", "found", "not one of shipped, received, retrieved"),
        ("sha256", DIGEST[:-1], "not 64 hexadecimal digits"),
        ("sha256", DIGEST.upper(), "not 64 hexadecimal digits"),
        ("sha256", DIGEST + "\n", "not 64 hexadecimal digits"),
        ("export", "Diary", "not lower case letters"),
        ("table", "", "not lower case letters"),
        ("replaces", "diary", "not the number of a row"),
        ("replaces", "02", "not the number of a row"),
        ("replaces", "0", "not the number of a row"),
    ],
)
def test_a_bad_cell_is_told_by_line_and_column(tmp_path, column, value, says):
    path = register(tmp_path, OTHER, {**GOOD, column: value})
    lines = faults_of(path)
    line = 3 + value.endswith("\n")  # a row ends at its last physical line
    assert any(text.startswith(f"{path}: line {line}: column {column}: {says}") for text in lines), lines


def test_what_must_be_unique_is(tmp_path):
    path = register(tmp_path, GOOD, {**OTHER, "number": "1"}, {**OTHER, "number": "3", "export": "diary"})
    assert faults_of(path) == (
        f"{path}: line 3: column number: the same as another row's",
        f"{path}: line 4: column path: the same as another row's",
        f"{path}: line 4: column export: the same as another row's",
    )


def test_an_export_may_have_the_name_of_another_study(tmp_path):
    other = {**OTHER, "study": "rats", "export": "diary", "path": "data/raw/rats/diary.csv"}
    assert len(read_register(register(tmp_path, GOOD, other))) == 2


def test_a_missing_or_unreadable_register_is_a_fault(tmp_path):
    path = tmp_path / "exports.csv"
    assert "missing" in faults_of(path)[0]
    for content, says in (
        (b"\xff", "not UTF-8"),
        (b"", "the columns must be"),
        (b"number,study\n", "the columns must be"),
        (",".join(COLUMNS).encode() + b'\n1,"open', "not readable as CSV"),
        (",".join(COLUMNS).encode() + b"\n1,2\n", "line 2: 2 cells instead of 14"),
        (",".join(COLUMNS).encode() + b"\n\n", "line 2: 0 cells instead of 14"),
    ):
        path.write_bytes(content)
        assert says in faults_of(path)[0]


def test_the_exports_of_a_study_come_by_number(tmp_path):
    exports = read_register(register(tmp_path, OTHER, GOOD))
    assert [e.number for e in exports_of(exports, "trial")] == [1, 2]
    assert [e.number for e in exports_of(exports, "trial", "diary")] == [1, 2]
    assert exports_of(exports, "trial", "other") == exports_of(exports, "rats") == []
    assert export_at(exports, OTHER["path"]).number == 2
    with pytest.raises(Fault, match="not in the register"):
        export_at(exports, "data/raw/trial/nothing.csv")


# versions


def version(number, replaces, **more):
    return {
        **GOOD,
        "number": str(number),
        "replaces": str(replaces),
        "path": f"data/raw/trial/diary_{number}.csv",
        **more,
    }


def test_only_the_newest_version_is_an_export_unless_all_are_asked_for(tmp_path):
    exports = read_register(register(tmp_path, GOOD, OTHER, version(5, 1), version(8, 5)))
    assert [e.number for e in exports_of(exports, "trial")] == [2, 8]
    assert [e.number for e in exports_of(exports, "trial", replaced=True)] == [1, 2, 5, 8]
    assert [e.number for e in exports_of(exports, "trial", "diary", replaced=True)] == [1, 2, 5, 8]
    assert {e.export for e in exports} == {"diary", "other"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (version(5, 4), "column replaces: there is no earlier row number 4"),
        (version(5, 5), "column replaces: there is no earlier row number 5"),
        (version(5, 7), "column replaces: there is no earlier row number 7"),
        (version(5, 2), "column replaces: row number 2 has another study, table or export"),
        (version(5, 1, table="days"), "column replaces: row number 1 has another study, table or export"),
        (version(5, 1, export="days"), "column replaces: row number 1 has another study, table or export"),
        (
            version(5, 1, study="rats", path="data/raw/rats/x.csv"),
            "column replaces: row number 1 has another study, table or export",
        ),
    ],
)
def test_a_version_replaces_an_earlier_row_of_its_own_export(tmp_path, row, says):
    path = register(tmp_path, GOOD, OTHER, row, {**OTHER, "number": "7", "path": "data/raw/trial/x.csv", "export": "x"})
    assert faults_of(path) == (f"{path}: line 4: {says}",)


def test_a_row_is_replaced_once(tmp_path):
    path = register(tmp_path, GOOD, version(5, 1), version(6, 1))
    assert faults_of(path) == (f"{path}: line 4: column replaces: the same as another row's",)


# custody


@pytest.fixture
def tree(tmp_path):
    """A study's raw folder with one registered file."""
    folder = tmp_path / "data/raw/trial"
    folder.mkdir(parents=True)
    (folder / "diary.csv").write_bytes(CONTENT)
    return tmp_path


EXPORT = Export(**{**GOOD, "number": 1})


def test_a_folder_as_registered_has_no_fault(tree):
    assert sha256_of(tree / EXPORT.path) == DIGEST
    assert custody_faults([EXPORT], "trial", tree) == []


def test_other_bytes_are_a_fault_with_both_mends(tree):
    (tree / EXPORT.path).write_bytes(CONTENT + b"\n")
    (fault,) = custody_faults([EXPORT], "trial", tree)
    assert fault.startswith(f"{EXPORT.path}: sha256 is ") and f"registered is {DIGEST[:12]}" in fault
    assert f"git checkout -- {EXPORT.path}" in fault
    assert f"omtrace register --replaces {EXPORT.path} NEW_FILE --reason" in fault
    (fault,) = custody_faults([replace(EXPORT, origin="received")], "trial", tree)
    assert "copy the file back as it was received, from your backup" in fault
    (fault,) = custody_faults([replace(EXPORT, origin="retrieved")], "trial", tree)
    assert f"rm {EXPORT.path}, to retrieve it again" in fault


@pytest.mark.parametrize("origin", ["shipped", "received"])
def test_a_missing_file_is_a_fault(tree, origin):
    (tree / EXPORT.path).unlink()
    (fault,) = custody_faults([replace(EXPORT, origin=origin)], "trial", tree)
    assert fault.startswith(f"{EXPORT.path}: registered as {origin}, but missing")


def test_a_missing_retrieved_file_is_a_job_and_no_fault(tree):
    (tree / EXPORT.path).unlink()
    assert custody_faults([replace(EXPORT, origin="retrieved")], "trial", tree) == []


def test_a_replaced_version_stays_in_custody(tree):
    new = replace(EXPORT, number=2, path="data/raw/trial/new.csv", replaces="1")
    (tree / new.path).write_bytes(CONTENT)
    assert custody_faults([EXPORT, new], "trial", tree) == []
    (tree / EXPORT.path).write_bytes(b"x")
    (fault,) = custody_faults([EXPORT, new], "trial", tree)
    assert fault.startswith(f"{EXPORT.path}: sha256 is ")
    (tree / EXPORT.path).unlink()
    (fault,) = custody_faults([EXPORT, new], "trial", tree)
    assert fault.startswith(f"{EXPORT.path}: registered as shipped, but missing")


def test_a_folder_in_the_place_of_a_file_is_a_fault(tree):
    (tree / EXPORT.path).unlink()
    (tree / EXPORT.path).mkdir()
    (fault,) = custody_faults([EXPORT], "trial", tree)
    assert "missing" in fault


def test_what_is_not_registered_is_a_fault_wherever_it_lies(tree):
    for path in (
        "data/raw/trial/new.csv",
        "data/raw/trial/deep/er.csv",
        "data/raw/trial/a b.csv",
        "data/raw/loose.csv",
        "data/raw/trial/.DS_Store",
        "data/raw/.gitkeep",
    ):
        (tree / path).parent.mkdir(exist_ok=True)
        (tree / path).write_bytes(b"x")
    faults = custody_faults([EXPORT], "trial", tree)
    assert [fault.split(":")[0].strip("'") for fault in faults] == [
        "data/raw/loose.csv",
        "data/raw/trial/.DS_Store",
        "data/raw/trial/a b.csv",
        "data/raw/trial/deep/er.csv",
        "data/raw/trial/new.csv",
    ]
    assert "move it to data/raw/<study>/" in faults[0] and "rename" in faults[2]
    assert "omtrace register data/raw/trial/new.csv" in faults[4]


LINK = "a link, whose target can change unseen; put the file itself in its place"


def test_a_link_is_refused_whether_registered_or_not_even_to_the_registered_bytes(tree, tmp_path_factory):
    (tree / "data/raw/trial/link.csv").symlink_to("nowhere")
    assert custody_faults([EXPORT], "trial", tree) == [f"data/raw/trial/link.csv: {LINK}"]
    (tree / "data/raw/trial/link.csv").unlink()
    elsewhere = (tree / EXPORT.path).rename(tmp_path_factory.mktemp("disk") / "file.csv")
    (tree / EXPORT.path).symlink_to(elsewhere)
    assert custody_faults([EXPORT], "trial", tree) == [f"{EXPORT.path}: {LINK}"]
    assert custody_faults([EXPORT], "trial", tree, {EXPORT.path: EXPORT.sha256}) == [f"{EXPORT.path}: {LINK}"]


def test_a_linked_folder_is_refused_once_but_raw_files_may_lie_on_another_disk(tree, tmp_path_factory):
    deep = replace(EXPORT, number=2, export="deep", path="data/raw/trial/deep/x.csv")
    (tree / deep.path).parent.mkdir()
    (tree / deep.path).write_bytes(CONTENT)
    assert custody_faults([EXPORT, deep], "trial", tree) == []
    disk = tmp_path_factory.mktemp("disk")
    (tree / "data/raw/trial/deep").rename(disk / "deep")
    (tree / "data/raw/trial/deep").symlink_to(disk / "deep")
    assert custody_faults([EXPORT, deep], "trial", tree) == [f"data/raw/trial/deep: {LINK}"]
    (tree / "data/raw/trial/deep").unlink()
    (disk / "deep").rename(tree / "data/raw/trial/deep")
    (tree / "data/raw/trial").rename(disk / "trial")
    (tree / "data/raw/trial").symlink_to(disk / "trial")
    (fault,) = custody_faults([EXPORT, deep], "trial", tree)
    assert fault == "data/raw/trial: lies below trial, a link to a folder; put the folder itself in its place"
    (tree / "data/raw/trial").unlink()
    (disk / "trial").rename(tree / "data/raw/trial")
    (tree / "data/raw").rename(disk / "raw")
    (tree / "data/raw").symlink_to(disk / "raw")
    assert custody_faults([EXPORT, deep], "trial", tree) == []


def test_a_pipe_is_refused_and_not_read(tree):
    os.mkfifo(tree / "data/raw/trial/pipe.csv")
    (tree / EXPORT.path).unlink()
    os.mkfifo(tree / EXPORT.path)
    wanted = "a pipe or a device, not a file"
    assert custody_faults([EXPORT], "trial", tree) == [f"data/raw/trial/pipe.csv: {wanted}", f"{EXPORT.path}: {wanted}"]


ODD = [
    "a b.csv",
    "it's.csv",
    "$(touch x).csv",
    "`touch x`.csv",
    "a\nb.csv",
    "\N{BRAIN}.csv",
    "-rf.csv",
    'say "x".csv',
    "a\x1bb.csv",
    ";touch x.csv",
]


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_a_shell_could_misread_is_refused_by_name_on_one_line(tree, name):
    for folder in ("data/raw/trial", "data/raw"):
        (tree / folder / name).write_bytes(b"x")
        (fault,) = custody_faults([EXPORT], "trial", tree)
        assert fault.isprintable() and (repr(f"{folder}/{name}") in fault or f"{folder}/{name}" in fault)
        (tree / folder / name).unlink()


def test_other_studies_do_not_matter(tree):
    (tree / "data/raw/rats").mkdir()
    (tree / "data/raw/rats/x.csv").write_bytes(b"x")
    assert custody_faults([EXPORT], "trial", tree) == []


def test_the_shipped_register_and_raw_files_agree():
    root = Path(__file__).parents[2]
    exports = read_register(root / "config/exports.csv")
    shipped = [e for e in exports if e.origin == "shipped"]
    assert {e.study for e in shipped} >= {"omt_feasibility", "omt_rct", "rat_two_hit"}
    assert [f for study in {e.study for e in shipped} for f in custody_faults(exports, study, root)] == []

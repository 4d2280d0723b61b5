"""Taking raw exports into the register."""

import os
import sys
from datetime import date

import pytest
from lineage_tree import SECOND, build, states, write
from omtrace import store
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.intake import registration
from omtrace.intake.registration import Request, register
from omtrace.model.register import custody_faults, exports_of, read_register, sha256_of
from omtrace.provenance import ledger

READ = "reader: delimited\n    schema: strata\n    columns: {site: score}"
NEW = "data/raw/tiny/scores_3.csv"
OLD = "data/raw/tiny/scores_2.csv"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    build(tmp_path)
    plan = (tmp_path / "config/studies/tiny.yaml").read_text()  # its table has no schema of its own
    write(tmp_path, "config/studies/tiny.yaml", plan.replace("reader: delimited", READ))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(tree, files, request=None):
    """The lines of the Fault; nothing may have changed."""
    before = states(tree)
    with pytest.raises(Fault) as caught:
        register(files, request or Request())
    assert states(tree) == before
    return "\n".join(caught.value.lines)


def test_a_file_of_like_name_needs_nothing_told(tree, capsys):
    write(tree, NEW, b"unit_id,score\nP9,1\n")
    assert custody_faults(read_register(), "tiny")
    assert main(["register", NEW]) == 0
    row = read_register()[-1]
    assert (row.number, row.study, row.export, row.table) == (10, "tiny", "scores_3", "scores")
    assert (row.path, row.sha256, row.origin) == (NEW, sha256_of(tree / NEW), "received")
    assert row.received_on == date.today().isoformat()
    assert capsys.readouterr().out.startswith(f"10,tiny,scores_3,scores,{NEW},")
    assert not custody_faults(read_register(), "tiny")
    entry = ledger.entries()[-1]
    assert (entry["action"], entry["study"]) == ("register", "tiny")
    assert entry["details"]["added"][0]["sha256"] == row.sha256


def test_everything_can_be_told(tree):
    write(tree, "data/raw/tiny/sub/Other File-1.2.txt".replace(" ", "_"), "x")
    told = {
        "study": "tiny",
        "export": "one",
        "table": "scores",
        "batch": "B1",
        "received": "2024-02-29",
        "origin": "shipped",
        "address": "https://example.org/x",
        "citation": "A, B: C",
        "licence": "CC0",
    }
    (row,) = register(["data/raw/tiny/sub/Other_File-1.2.txt"], Request(**told))
    assert (row.export, row.batch, row.received_on, row.origin) == ("one", "B1", "2024-02-29", "shipped")
    assert (row.address, row.citation, row.licence) == ("https://example.org/x", "A, B: C", "CC0")
    assert read_register()[-1] == row


@pytest.mark.parametrize(
    ("name", "export"),
    [
        ("Plate 4.TXT", None),
        ("Plate-4 .TXT", None),
        ("Plate-4.x.TXT", "plate_4_x"),
        ("1745-S1.xls", "scores_1745_s1"),
    ],
)
def test_export_names_are_cleaned_stems(tree, name, export):
    write(tree, f"data/raw/tiny/{name}", "x")
    if export is None:
        assert "rename the file" in refused(tree, [f"data/raw/tiny/{name}"], Request(table="scores"))
    else:
        if name.endswith(".xls"):
            write(tree, f"data/raw/tiny/{name}", registration.OLE + b"x")
        assert register([f"data/raw/tiny/{name}"], Request(table="scores"))[0].export == export


def test_several_files_all_or_none(tree):
    names = [f"data/raw/tiny/scores_{n}.csv" for n in (3, 4, 5)]
    for name in names[:2]:
        write(tree, name, name)
    assert "scores_5.csv: there is no such file" in refused(tree, names)
    assert [row.number for row in register(names[:2], Request())] == [10, 11]
    assert len(read_register()) == 4


def test_every_fault_is_told_at_once(tree):
    write(tree, "data/raw/tiny/empty.csv", b"")
    write(tree, "data/raw/loose.csv", "x")
    write(tree, "elsewhere.csv", "x")
    files = [
        "data/raw/tiny/empty.csv",
        "data/raw/loose.csv",
        "elsewhere.csv",
        "/etc/hostname",
        "data/raw/tiny",
        "data/raw/tiny/../../../elsewhere.csv",
        "data/raw/tiny/scores_1.csv",
    ]
    text = refused(tree, files).splitlines()
    assert len(text) == len(files)
    for line, says in zip(
        text,
        [
            "is empty",
            "move it into",
            "move it into",
            "copy it into",
            "move it into",
            "move it into",
            "registered already",
        ],
        strict=True,
    ):
        assert says in line


def test_table_that_cannot_be_told_lists_those_of_the_plan(tree):
    write(tree, "data/raw/tiny/plate_1.txt", "x")
    text = refused(tree, ["data/raw/tiny/plate_1.txt"])
    assert "no registered file has a like name; say --table NAME (tables of the plan: scores)" in text
    text = refused(tree, ["data/raw/tiny/plate_1.txt"], Request(table="scors"))
    assert "the plan has no table scors; did you mean 'scores'? (tables of the plan: scores)" in text


def test_like_names_of_two_tables_do_not_tell(tree):
    register_text = (tree / "config/exports.csv").read_text()
    (tree / "config/exports.csv").write_text(register_text.replace("scores_2,scores,", "scores_2,others,"))
    write(tree, NEW, "x")
    assert "files of like name belong to others, scores" in refused(tree, [NEW])


def test_study_without_a_plan_takes_any_table_but_needs_one(tree):
    write(tree, "data/raw/new/a.csv", "x")
    assert "there is no config/studies/new.yaml yet" in refused(tree, ["data/raw/new/a.csv"])
    (row,) = register(["data/raw/new/a.csv"], Request(table="any"))
    assert (row.study, row.table) == ("new", "any")


def test_plan_with_a_fault_is_a_fault(tree):
    write(tree, NEW, "x")
    write(tree, "config/studies/tiny.yaml", "study: tiny\nodd: 1\n")
    assert "odd: unknown key" in refused(tree, [NEW])


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request(received="31.5.2024"), "--received: not a date"),
        (Request(replaces=OLD), "--replaces: say why with --reason TEXT"),
        (Request(reason="x"), "--reason: belongs to --replaces"),
        (Request(replaces=OLD, reason="x", export="scores_2"), "--export: a new version has that of the file"),
        (Request(replaces=OLD, reason="x", table="scores"), "--table: a new version has that of the file"),
        (Request(replaces="data/raw/tiny/none.csv", reason="x"), "data/raw/tiny/none.csv: not in the register"),
        (Request(replaces="/etc/hostname", reason="x"), "copy it into"),
        (Request(replaces=NEW, reason="x"), f"{NEW}: not in the register"),
        (Request(origin="retrieved"), "--origin retrieved: say from where"),
        (Request(study="other"), "not of other"),
        (Request(export="scores_1"), "has an export scores_1 already"),
        (Request(export="Bad Name"), "column export"),
        (Request(table="scores", batch="x", export="1a"), "column export"),
    ],
)
def test_requests_that_do_not_fit(tree, request_, says):
    write(tree, NEW, "x")
    assert says in refused(tree, [NEW], request_)


def test_one_export_name_for_two_files(tree):
    write(tree, NEW, "x")
    assert "--export: names one export" in refused(tree, [NEW, NEW], Request(export="a"))
    assert "registered already" in refused(tree, [NEW, NEW])


# new versions


def replaced(path, by, content, reason="the laboratory sent one more"):
    """The row of a new version."""
    store.write_bytes(by, content)
    return register([by], Request(replaces=path, reason=reason))[0]


def test_a_new_version_stands_beside_the_old_one_and_takes_over_its_name(tree, capsys):
    old = read_register()[1]
    write(tree, NEW, SECOND.replace(b"7.5", b"8") + b"P4,1,x\n")
    assert main(["register", "--replaces", OLD, NEW, "--reason", "the laboratory sent one more", "--batch", "B7"]) == 0
    first, second, new = read_register()
    assert (first.number, second, new.number, new.replaces) == (7, old, 10, "9")
    assert (new.export, new.table, new.origin) == (old.export, old.table, old.origin)
    assert (new.path, new.batch, new.sha256) == (NEW, "B7", sha256_of(tree / NEW))
    assert [e.number for e in exports_of(read_register(), "tiny", "scores")] == [7, 10]
    assert not custody_faults(read_register(), "tiny")
    details = ledger.entries()[-1]["details"]
    told = ["scores: 1 cell changed in 1 row of 1 unit, 1 row added, 0 removed"]
    assert details["added"][0]["sha256"] == new.sha256 and details["replaces"] == 9
    assert details["reason"] == "the laboratory sent one more" and details["differences"] == told
    assert capsys.readouterr().out.splitlines()[1:] == told
    rows = store.read_csv("logs/tiny/versions/9-10.csv")
    assert [(r["change"], r["unit"], r["column"], r["before"], r["after"]) for r in rows] == [
        ("changed", "P3", "score", "7.5", "8"),
        ("row added", "P4", "", "", ""),
    ]


def test_versions_form_a_chain(tree):
    replaced(OLD, NEW, SECOND + b"P4,1,x\n")
    write(tree, "data/raw/tiny/again.csv", SECOND + b"P4,2,x\n")
    says = refused(tree, ["data/raw/tiny/again.csv"], Request(replaces=OLD, reason="x"))
    assert says == f"{OLD}: replaced already, by {NEW} (number 10); replace that one"
    third = replaced(NEW, "data/raw/tiny/again.csv", SECOND + b"P4,2,x\n")
    assert (third.number, third.replaces, third.export) == (11, "10", "scores_2")
    assert [e.number for e in exports_of(read_register(), "tiny")] == [7, 11]
    fourth = replaced("data/raw/tiny/again.csv", "data/raw/tiny/back.csv", SECOND, "the correction was withdrawn")
    assert fourth.replaces == "11" and [e.number for e in exports_of(read_register(), "tiny")] == [7, 12]


def test_a_version_that_cannot_be_compared_says_so(tree, capsys):
    write(tree, NEW, b'unit_id,score,remark\nP3,"7.5\n')
    assert main(["register", "--replaces", OLD, NEW, "--reason", "x"]) == 0
    out = capsys.readouterr().out
    assert f"not compared: {NEW}: line 2: the quotes" in out and "7.5" not in out


def test_a_new_version_needs_the_old_bytes_and_the_same_study(tree):
    write(tree, NEW, b"unit_id,score,remark\n")
    write(tree, "data/raw/other/scores.csv", b"unit_id,score,remark\n")
    says = refused(tree, ["data/raw/other/scores.csv"], Request(replaces=OLD, reason="x"))
    assert "lies in the folder of study other, not of tiny" in says
    assert "--replaces: takes one new file" in refused(tree, [NEW, NEW], Request(replaces=OLD, reason="x"))
    (tree / OLD).write_bytes(b"overwritten")
    says = refused(tree, [NEW], Request(replaces=OLD, reason="x"))
    assert says == f"{OLD}: not the registered file; put its registered bytes back first, both versions are kept"
    says = refused(tree, [OLD])
    assert f"save a new version under another name, then: omtrace register --replaces {OLD}" in says


def test_identical_bytes_are_registered_once(tree):
    write(tree, NEW, SECOND)
    says = f"{NEW}: the same bytes as {OLD} (number 9), which is registered already"
    assert refused(tree, [NEW]) == says
    assert refused(tree, [NEW], Request(replaces=OLD, reason="x")) == says
    for name in (NEW, "data/raw/tiny/scores_4.csv"):
        write(tree, name, "unit_id,score\n")
    assert "the same bytes as" in refused(tree, [NEW, "data/raw/tiny/scores_4.csv"])
    replaced(OLD, "data/raw/tiny/scores_5.csv", b"unit_id,score,remark\n")
    write(tree, NEW, SECOND)
    assert refused(tree, [NEW]) == says


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", registration.ZIP, "the name says text, but this is a zip file, such as a workbook (.xlsx)"),
        ("a.TXT", registration.OLE, "the name says text, but this is an old or encrypted workbook"),
        ("a.tsv", registration.ZIP, "the name says text"),
        ("a.xlsx", b"id;value\n", "the name says .xlsx, but this is none"),
        ("a.xlsx", registration.OLE, "the name says .xlsx, but this is an old (.xls) or an encrypted workbook"),
        ("a.xls", registration.ZIP, "the name says .xls, but this is a zip file, such as a workbook (.xlsx)"),
        ("a.xls", b"<html>", "the name says .xls, but this is none"),
        ("a.csv", b"PK,value\n", ""),
        ("a.xlsx", registration.ZIP, ""),
        ("a.xls", registration.BIFF[0], ""),
        ("a.csv.gz", b"\x1f\x8b", ""),
    ],
)
def test_a_file_is_what_its_name_says(tree, name, content, says):
    path = f"data/raw/tiny/{name}"
    write(tree, path, content + b"rest")
    if says:
        assert f"{path}: {says}" in refused(tree, [path], Request(table="scores"))
    else:
        assert register([path], Request(table="scores"))[0].path == path


def test_nothing_is_left_of_a_version_when_the_ledger_cannot_be_written(tree, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    write(tree, NEW, SECOND + b"P4,1,x\n")
    monkeypatch.setattr(registration.ledger, "append", full)
    before = states(tree)
    with pytest.raises(OSError, match="disk full"):
        register([NEW], Request(replaces=OLD, reason="x"))
    assert states(tree) == before


def test_numbers_are_never_given_again(tree):
    write(tree, NEW, "x")
    assert register([NEW], Request())[0].number == 10
    lines = (tree / "config/exports.csv").read_text().splitlines()
    (tree / "config/exports.csv").write_text("\n".join(lines[:-1]) + "\n")
    assert register([NEW], Request())[0].number == 11


def test_first_export_ever_gets_number_1(tree):
    header = (tree / "config/exports.csv").read_text().splitlines()[0]
    (tree / "config/exports.csv").write_text(header + "\n")
    assert register(["data/raw/tiny/scores_1.csv"], Request(table="scores"))[0].number == 1


def test_register_is_put_back_when_the_ledger_cannot_be_written(tree, monkeypatch, capsys):
    write(tree, NEW, "x")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(registration.ledger, "append", full)
    before = (tree / "config/exports.csv").read_bytes()
    assert main(["register", NEW]) == 1
    assert (tree / "config/exports.csv").read_bytes() == before
    assert capsys.readouterr().err == "omtrace: disk full\n"


def test_no_row_is_there_without_its_line_of_the_ledger_whenever_the_command_is_killed(tree, monkeypatch):
    write(tree, NEW, "x")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as kill:
        kill.setattr(registration.os, "replace", killed)  # the ledger has its own
        kill.setattr(registration.ledger, "append", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            register([NEW], Request())
    assert not [export for export in read_register() if export.path == NEW]
    order = []
    put, append = registration.os.replace, ledger.append
    monkeypatch.setattr(registration.os, "replace", lambda *paths: (order.append(str(paths[1])), put(*paths)))
    monkeypatch.setattr(registration.ledger, "append", lambda *line: (order.append(line[0]), append(*line)))
    register([NEW], Request())
    assert main(["register", "--withdraw", OLD, "--reason", "sent by mistake"]) == 0
    order = [what for what in order if what in ("register", "withdraw", "config/exports.csv")]
    assert order == ["register", "config/exports.csv", "withdraw", "config/exports.csv"]


def test_raw_folder_may_be_a_link_to_another_disk(tree, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (tree / "data/raw").rename(disk / "raw")
    (tree / "data/raw").symlink_to(disk / "raw")
    write(tree, NEW, "x")
    assert register([tree / NEW], Request())[0].path == NEW


def test_a_link_a_file_below_a_linked_folder_and_a_pipe_are_not_registered(tree, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    (disk / "x.csv").write_text("unit_id,score\nP9,1\n")
    (tree / NEW).symlink_to(disk / "x.csv")
    assert refused(tree, [NEW]) == f"{NEW}: a link, whose target can change unseen; put the file itself in its place"
    (tree / "data/raw/tiny/sub").symlink_to(disk)
    assert "lies below sub, a link to a folder" in refused(tree, ["data/raw/tiny/sub/x.csv"])
    (tree / NEW).unlink()
    os.mkfifo(tree / NEW)
    assert refused(tree, [NEW]) == f"{NEW}: a pipe or a device, not a file"


def test_faults_go_to_stderr_line_by_line_without_a_traceback(tree, capsys):
    assert main(["register", "a.csv", "b.csv"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 2
    assert all(line.startswith("omtrace: ") for line in captured.err.splitlines())
    (tree / "config/exports.csv").unlink()
    assert main(["register", NEW]) == 1
    assert "omtrace: config/exports.csv: the register is missing" in capsys.readouterr().err


def test_wrong_command_lines_exit_with_2(capsys):
    for arguments in (["register"], ["register", "a", "--origin", "x"], ["nothing"], ["trace"]):
        assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


class Simulation:
    """A stand-in for the simulation: two files."""

    @staticmethod
    def simulate(folder):
        from pathlib import Path

        paths = [Path(folder) / "tiny/a.csv", Path(folder) / "tiny/b.csv"]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.name)
        return paths


def test_simulate_writes_and_checks(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "omtrace.simulate", Simulation)
    folder = tmp_path / "raw"
    assert main(["simulate", str(folder), "--check"]) == 1
    assert not folder.exists() and capsys.readouterr().out.count("missing") == 2
    assert main(["simulate", str(folder)]) == 0
    (folder / "tiny/real.csv").write_text("real data are of no concern")
    assert main(["simulate", "--check", str(folder)]) == 0
    (folder / "tiny/b.csv").write_text("edited")
    capsys.readouterr()
    assert main(["simulate", str(folder), "--check"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == f"changed  {folder.as_posix()}/tiny/b.csv"
    assert (folder / "tiny/b.csv").read_text() == "edited"


def test_rows_read_back_from_json_are_whole(tree):
    write(tree, NEW, "x")
    (row,) = register([NEW], Request(citation='quotes " and, commas'))
    assert ledger.entries()[-1]["details"]["added"][0]["citation"] == 'quotes " and, commas' == row.citation
    assert read_register()[-1].citation == row.citation


# files that are read no longer


def test_a_withdrawn_file_stays_in_custody_and_is_not_read(tree, capsys):
    assert main(["register", "--withdraw", OLD, "--reason", "sent by mistake"]) == 0
    out = capsys.readouterr().out
    assert f"{OLD} (number 9): withdrawn" in out and "is read from data/raw/tiny/scores_1.csv" in out
    known = read_register()
    assert [e.path for e in exports_of(known, "tiny")] == ["data/raw/tiny/scores_1.csv"]
    assert [e.withdrawn for e in exports_of(known, "tiny", replaced=True)] == ["", date.today().isoformat()]
    assert not custody_faults(known, "tiny")
    write(tree, OLD, b"other")
    assert OLD in "".join(custody_faults(known, "tiny"))
    entry = ledger.entries()[-1]
    assert entry["action"] == "withdraw"
    assert entry["details"] == {"withdrawn": 9, "path": OLD, "reason": "sent by mistake"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--withdraw", OLD], "say why with --reason"),
        (["--withdraw", NEW, "--reason", "x"], f"{NEW}: not in the register"),
        (["--withdraw", OLD, "--reason", "x", NEW], "takes its own file alone"),
    ],
)
def test_what_cannot_be_withdrawn_changes_nothing(tree, capsys, arguments, says):
    before = states(tree)
    assert main(["register", *arguments]) == 1
    assert says in capsys.readouterr().err and states(tree) == before


def test_a_file_is_withdrawn_once_and_only_its_newest_version(tree, capsys):
    write(tree, NEW, b"unit_id,score\nP3,7\n")
    register([NEW], Request(replaces=OLD, reason="a corrected score"))
    assert main(["register", "--withdraw", OLD, "--reason", "x"]) == 1
    assert f"replaced already, by {NEW} (number 10)" in capsys.readouterr().err
    assert main(["register", "--withdraw", NEW, "--reason", "wrong study"]) == 0
    assert [e.number for e in exports_of(read_register(), "tiny")] == [7]  # nor is the version before it read again
    assert main(["register", "--withdraw", NEW, "--reason", "x"]) == 1
    assert "withdrawn already" in capsys.readouterr().err
    write(tree, "data/raw/tiny/scores_4.csv", b"unit_id,score\nP3,8\n")
    (row,) = register(["data/raw/tiny/scores_4.csv"], Request(replaces=NEW, reason="the right one"))
    assert row.withdrawn == "" and [e.number for e in exports_of(read_register(), "tiny")] == [7, 11]


def test_a_register_without_the_last_column_is_read_and_stays_so(tree):
    header = (tree / "config/exports.csv").read_text().splitlines()[0]
    assert header.endswith(",replaces")
    write(tree, NEW, b"unit_id,score\nP9,1\n")
    register([NEW], Request())
    assert (tree / "config/exports.csv").read_text().splitlines()[0] == header
    lines = (tree / "config/exports.csv").read_text().splitlines()
    write(tree, "config/exports.csv", "\n".join([f"{header},withdrawn", *(f"{line},2024-1-5" for line in lines[1:])]))
    with pytest.raises(Fault, match="column withdrawn: not a date"):
        read_register()

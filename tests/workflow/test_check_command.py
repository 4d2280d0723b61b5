"""``omtrace check``: the findings of files that are not registered yet, and what is printed of them."""

import os
import shutil
from pathlib import Path

import pytest
from omtrace.cli import main

ROOT = Path(__file__).parents[2]
RATS = "data/raw/rat_two_hit"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """The register, the plans and the rats' raw files, as a folder of one's own."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / RATS, tmp_path / RATS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(path, name, old, new):
    """A copy of a raw file with one thing changed."""
    text = (ROOT / RATS / path).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return name


def test_a_good_file_is_fine_and_its_table_is_told_by_its_columns(clone, capsys):
    assert (
        main(
            [
                "check",
                "--study",
                "rat_two_hit",
                "--replaces",
                f"{RATS}/cages.csv",
                change("cages.csv", "new cages.csv", "\n", "\n"),
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert out.endswith("1 file: 0 stop, 0 quarantine, 0 warn, 0 note: a run would go on\n"), out


def test_findings_are_shown_with_line_column_value_and_mend(clone, capsys):
    line = (ROOT / RATS / "von_frey.csv").read_text(encoding="utf-8").splitlines()[5]
    bad = ",".join([*line.split(",")[:-1], "75.3"])
    name = change("von_frey.csv", "von_frey_new.csv", line, bad)
    assert main(["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/von_frey.csv", name]) == 3
    out = capsys.readouterr().out
    assert "quarantine range (2): " in out and "fix: " in out  # the shipped file has a defect of its own
    assert "line 6" in out and "threshold_g" in out and "75.3" in out and "0.1 to 15.2 g" in out
    assert out.rstrip().endswith("a run would go on without what is quarantined")


def test_what_would_stop_a_run_gives_exit_code_1(clone, capsys):
    assert (
        main(
            [
                "check",
                "--study",
                "rat_two_hit",
                "--table",
                "cages",
                "--replaces",
                f"{RATS}/cages.csv",
                change("cages.csv", "cages_new.csv", "rack_row", "rack"),
            ]
        )
        == 1
    )
    out = capsys.readouterr().out
    assert "stop column_missing (1)" in out and out.rstrip().endswith("a run would stop")


def test_what_follows_from_a_missing_column_does_not_bury_it(clone, capsys):
    name = change("layout_1.csv", "layout_new.csv", "concentration_pg_ml", "concentration")
    arguments = ["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/layout_1.csv", name]
    assert main(arguments) == 3
    out = capsys.readouterr().out
    assert "column_missing (1)" in out and "standard_without_concentration" not in out
    assert out.index("column_missing (1)") < out.index("quarantine batch (") and "this one has the finding" not in out
    assert main([*arguments, "--all"]) == 3
    assert "a file that can be used; this one has the finding column_missing" in capsys.readouterr().out


def test_the_file_of_another_row_is_named(clone, capsys):
    text = (ROOT / RATS / "plate_3.txt").read_bytes().replace(b"Batch 3", b"Batch 4").replace(b"0.7169", b"0.7201")
    Path("plate_4.txt").write_bytes(text)
    main(["check", "--study", "rat_two_hit", "--table", "plates", "--batch", "4", "plate_4.txt"])
    out = capsys.readouterr().out
    assert f"readings that differ from those of the plate of line 4 of {RATS}/plate_3.txt" in out


def test_the_first_lines_of_an_unknown_layout_are_shown_here_and_nowhere_else(clone, capsys):
    Path("plate_4.txt").write_text("Reader X\n1.234;5.678\n", encoding="utf-8")
    main(["check", "--study", "rat_two_hit", "--table", "plates", "--batch", "4", "plate_4.txt"])
    out = capsys.readouterr().out
    assert "quarantine unreadable (1)" in out and "##BLOCKS=" in out
    assert "seen, line 1: Reader X\n" in out and "seen, line 2: 1.234;5.678\n" in out


def test_nothing_is_written(clone):
    before = sorted(path for path in clone.rglob("*"))
    main(["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/cages.csv", f"{RATS}/cages.csv"])
    assert sorted(path for path in clone.rglob("*")) == before


def test_identifiers_are_named_without_their_values(clone, capsys):
    text = (ROOT / RATS / "cages.csv").read_text(encoding="utf-8").splitlines()
    lines = [text[0] + ",keeper_email", *(f"{line},someone{n}@example.org" for n, line in enumerate(text[1:]))]
    Path("cages_new.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/cages.csv", "cages_new.csv"]) == 1
    out = capsys.readouterr().out
    assert "keeper_email" in out and "example.org" not in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.csv", "--study", "rat_two_hit"], "nothing.csv: there is no such file"),
        (["config/config.yaml"], "which study is it? say --study NAME"),
        (["config/config.yaml", "--study", "rat_two_hit"], "which table is it?"),
        (["config/config.yaml", "--study", "rat_two_hit", "--table", "cage"], "did you mean 'cages'?"),
    ],
)
def test_what_cannot_be_told_is_asked_for(clone, capsys, arguments, says):
    assert main(["check", *arguments]) == 1
    assert says in capsys.readouterr().err


def test_a_replaced_file_keeps_its_batch_and_stops_elsewhere_are_told(clone, capsys):
    name = change("layout_1.csv", "layout_new.csv", "dilution", "dilutions")
    assert main(["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/layout_1.csv", name]) == 3
    assert "without what is quarantined" in capsys.readouterr().out  # its batch is left out, the study goes on
    plan = clone / "config/studies/rat_two_hit.yaml"
    plan.write_text("severities: {reference: stop}\n" + plan.read_text(encoding="utf-8"), encoding="utf-8")
    animals = (ROOT / RATS / "animals.csv").read_text(encoding="utf-8").splitlines(True)
    (clone / "animals_new.csv").write_text("".join(animals[:3]), encoding="utf-8")
    assert main(["check", "--study", "rat_two_hit", "--replaces", f"{RATS}/animals.csv", "animals_new.csv"]) == 1
    assert "stop, in another file: data/raw/rat_two_hit/" in capsys.readouterr().out


def test_a_registered_file_by_its_full_path_is_no_copy_of_itself(clone, capsys):
    assert main(["check", "--study", "rat_two_hit", str(clone / RATS / "cages.csv")]) == 0
    assert "0 quarantine" in capsys.readouterr().out


def test_a_new_study_is_checked_before_its_other_tables_have_files(clone, capsys):
    register = clone / "config/exports.csv"
    lines = register.read_text(encoding="utf-8").splitlines(True)
    register.write_text(lines[0] + "".join(line for line in lines[1:] if ",rat_two_hit," not in line), encoding="utf-8")
    assert main(["check", "--study", "rat_two_hit", f"{RATS}/cages.csv", f"{RATS}/animals.csv"]) == 0
    assert "2 files: 0 stop" in capsys.readouterr().out


def test_a_file_with_identifiers_is_not_registered(clone, capsys):
    lines = (ROOT / RATS / "cages.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([lines[0] + ",e_mail", *(f"{line},someone{n}@example.org" for n, line in enumerate(lines[1:]))])
    (clone / RATS / "cages_9.csv").write_text(text, encoding="utf-8")
    before = (clone / "config/exports.csv").read_bytes()
    assert main(["register", "--table", "cages", f"{RATS}/cages_9.csv"]) == 1
    assert "column e_mail: identifier: " in capsys.readouterr().err
    assert (clone / "config/exports.csv").read_bytes() == before


def test_a_file_that_cannot_be_placed_does_not_keep_the_others_from_being_checked(clone, capsys):
    name = change("cages.csv", "cages_new.csv", "rack_row", "rack")
    told = ["check", "--study", "rat_two_hit", "nothing.csv", name, "config/config.yaml", f"{RATS}/cages.csv"]
    assert main(told) == 1
    out = capsys.readouterr().out
    assert "not checked: nothing.csv: there is no such file" in out
    assert "not checked: config/config.yaml: which table is it?" in out
    assert "stop column_missing (1)" in out and out.endswith("2 of 4 files not checked\n")
    assert main(["check", "--study", "rat_two_hit", "nothing.csv", f"{RATS}/cages.csv"]) == 1  # not all was checked
    assert "1 file: 0 stop" in capsys.readouterr().out


def test_a_link_or_a_pipe_is_not_checked(clone, capsys):
    Path("link.csv").symlink_to(f"{RATS}/cages.csv")
    os.mkfifo("pipe.csv")
    Path(f"{RATS}/sub").symlink_to(clone / RATS)
    files = ["link.csv", "pipe.csv", f"{RATS}/sub/cages.csv"]
    assert main(["check", "--study", "rat_two_hit", *files]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "omtrace: link.csv: a link, whose target can change unseen; put the file itself in its place",
        "omtrace: pipe.csv: a pipe or a device, not a file",
        f"omtrace: {RATS}/sub/cages.csv: lies below sub, a link to a folder; put the folder itself in its place",
    ]

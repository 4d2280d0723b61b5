"""``omtrace add-batch``: a folder of new files is taken in whole, or not at all."""

import re
import shutil
from pathlib import Path

import pytest
from omtrace.cli import main
from omtrace.intake.checking import Outcome, print_findings
from omtrace.intake.verdicts import Verdict
from omtrace.model.register import Export as Row
from omtrace.model.register import exports_of, read_register, sha256_of, write_register
from omtrace.simulate import batches

ROOT = Path(__file__).parents[2]
RAW = "data/raw/rat_batches"
TABLES = {"animals": "animals", "layout": "layouts", "plate": "plates"}


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A checkout with two batches of the many-batches study, and a folder with the third."""
    home = tmp_path / "home"
    (home / "config/studies").mkdir(parents=True)
    shutil.copy(ROOT / "benchmarks/batches.yaml", home / "config/studies/rat_batches.yaml")
    (home / "config/config.yaml").write_text("studies: [rat_batches]\nretrieved: []\nmirror: ''\n", encoding="utf-8")
    rows = []
    for path in batches.write(home / "data/raw", (1, 2)):
        name, _, number = path.stem.partition("_")
        rows.append(
            Row(
                len(rows) + 1,
                "rat_batches",
                path.stem,
                TABLES[name],
                path.relative_to(home).as_posix(),
                number,
                "2024-05-31",
                sha256_of(path),
                "received",
                "",
                "",
                "",
            )
        )
    write_register(rows, home / "config/exports.csv")
    drop = tmp_path / "batch_3"
    drop.mkdir()
    for path in batches.write(tmp_path / "made", (3,)):
        shutil.copy(path, drop / path.name)
    monkeypatch.chdir(home)
    return home


def everything(home):
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_batch_is_checked_copied_registered_and_told(clone, capsys):
    assert main(["add-batch", "../batch_3"]) == 0
    out = capsys.readouterr().out
    assert "plate_3.txt: table plates" in out and "batch 3 of rat_batches: 3 files registered" in out
    assert "there are no earlier numbers" in out and "run: snakemake rat_batches" in out
    added = [e for e in read_register() if e.batch == "3"]
    assert [(e.number, e.table, e.export) for e in added] == [
        (7, "animals", "animals_3"),
        (8, "layouts", "layout_3"),
        (9, "plates", "plate_3"),
    ]
    for export in added:
        assert Path(export.path).read_bytes() == (clone.parent / "batch_3" / Path(export.path).name).read_bytes()


def test_it_says_which_earlier_numbers_can_change(clone, capsys):
    results = clone / "results/rat_batches"
    results.mkdir(parents=True)
    header = "id,analysis,parameter,population,group,visit,level,statistic,value\n"
    rows = [
        "a,curves,signal,standards,Batch 1,,,a,1",
        "b,curves,signal,standards,Batch 2,,,a,1",
        "c,biomarkers,weight,full,all,,,mean,1",
        "d,biomarkers,weight,full,two_hit_sham,,,mean,1",
    ]
    (results / "estimates.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    assert main(["add-batch", "../batch_3"]) == 0
    out = capsys.readouterr().out
    assert "curves: 0 earlier numbers can change (pooled over batches), 2 cannot" in out
    assert "biomarkers: 2 earlier numbers can change (pooled over batches), 0 cannot" in out


def test_a_file_that_cannot_be_used_keeps_the_whole_batch_out(clone, capsys):
    path = clone.parent / "batch_3/plate_3.txt"
    path.write_bytes(path.read_bytes().replace(b"~End", b"~Fin"))
    before = everything(clone)
    assert main(["add-batch", "../batch_3"]) == 1
    out = capsys.readouterr().out
    assert "unreadable" in out and "nothing was registered (it would be left out, because of plate_3.txt)" in out
    assert everything(clone) == before


def test_what_fails_on_the_way_leaves_nothing_behind(clone, monkeypatch):
    before = everything(clone)
    monkeypatch.setattr("omtrace.intake.registration.write_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["add-batch", "../batch_3"])
    assert everything(clone) == before


def test_a_batch_that_takes_earlier_rows_out_is_kept_out(clone, capsys):
    for path in (clone.parent / "batch_3").iterdir():  # the plate under the name of the second: two plates, one name
        path.write_bytes(path.read_bytes().replace(b"Batch 3", b"Batch 2"))
    before = everything(clone)
    assert main(["add-batch", "../batch_3"]) == 1
    out = capsys.readouterr().out
    assert "quarantine plate_twice" in out and f"plate Batch 2 at 450 is in {RAW}/plate_2.txt as well" in out
    assert f"quarantine, in another file, because of these: {RAW}/layout_2.csv: duplicate_conflict (" in out
    assert "nothing was registered (it would be left out, because of " in out and "plate_3.txt" in out
    assert everything(clone) == before


def test_verdicts_of_plates_are_shown_before_anything_is_registered(clone, capsys):
    assert main(["add-batch", "../batch_3"]) == 0
    out = capsys.readouterr().out
    assert "plate Batch 3, " in out and ": accepted; " in out


def spoiled(clone, change):
    """The third batch with each reading of its plate changed: a flat plate is rejected."""
    path = clone.parent / "batch_3/plate_3.txt"
    text = path.read_bytes().decode("latin-1")
    path.write_bytes(re.sub(r"(?<=\t)[0-3]\.\d+(?=\t|\r|\n)", change, text).encode("latin-1"))


def test_a_batch_of_which_no_plate_can_be_used_is_not_taken_in(clone, capsys):
    spoiled(clone, lambda match: "0.5")
    before = everything(clone)
    for more in ([], ["--accept"]):
        assert main(["add-batch", "../batch_3", *more]) == 1
        assert "no plate of it could be used: Batch 3" in capsys.readouterr().out
    assert everything(clone) == before


@pytest.mark.parametrize("factor", [1, 1.013])
def test_a_copied_plate_is_not_taken_in(clone, capsys, factor):
    copied = (clone / RAW / "plate_2.txt").read_bytes().decode("latin-1").replace("Batch 2", "Batch 3")
    (clone.parent / "batch_3/plate_3.txt").write_bytes(copied.encode("latin-1"))
    if factor != 1:
        spoiled(clone, lambda match: f"{factor * float(match[0]):.4f}")
    before = everything(clone)
    assert main(["add-batch", "../batch_3", "--accept"]) == 1
    out = capsys.readouterr().out
    assert "stop copied_plate" in out and "plate_2.txt" in out
    assert everything(clone) == before


def test_a_layout_that_is_shifted_is_called_so(clone, capsys):
    path = clone.parent / "batch_3/layout_3.csv"
    lines = path.read_text().splitlines(keepends=True)
    at = lines[0].split(",").index("well")
    for n, line in enumerate(lines[1:], 1):
        cells = line.split(",")
        cells[at] = f"{cells[at][0]}{int(cells[at][1:]) + 1}"
        lines[n] = ",".join(cells)
    path.write_text("".join(lines))
    assert main(["add-batch", "../batch_3"]) == 1
    says = "no curve: layout shifted: the readings lie 1 column further to the left than the layout says (flat: "
    assert says in capsys.readouterr().out


@pytest.mark.parametrize("rows", [1, -1])
def test_a_layout_that_slipped_along_the_dilution_is_in_doubt(clone, capsys, rows):
    path = clone.parent / "batch_3/layout_3.csv"
    head, *lines = path.read_text().splitlines(keepends=True)
    moved = []
    for line in lines:
        plate, well, rest = line.split(",", 2)
        letter = chr(ord(well[0]) + rows)
        moved += [f"{plate},{letter}{well[1:]},{rest}"] if "A" <= letter <= "H" else []
    path.write_text(head + "".join(moved))
    assert main(["add-batch", "../batch_3"]) == 1
    out = capsys.readouterr().out
    assert "warn standards_moved" in out and "level 1 " + ("below" if rows > 0 else "above") in out
    assert "add them with --accept" in out or "no plate of it could be used" in out


def test_samples_that_are_not_known_are_taken_in_only_when_that_is_accepted(clone, capsys):
    path = clone.parent / "batch_3/layout_3.csv"
    path.write_bytes(path.read_bytes().replace(b"R3-2", b"R3-X"))
    before = everything(clone)
    assert main(["add-batch", "../batch_3"]) == 1
    assert "add them with --accept" in capsys.readouterr().out and everything(clone) == before
    assert main(["add-batch", "../batch_3", "--accept"]) == 3  # registered, and rows are left out
    assert [e.export for e in read_register() if e.batch == "3"] == ["animals_3", "layout_3", "plate_3"]


def test_a_file_sent_twice_is_one_sentence(clone, capsys):
    path = clone.parent / "batch_3/plate_3.txt"
    shutil.copy(path, path.with_name("plate_3b.txt"))
    assert main(["add-batch", "../batch_3"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "a file sent twice" in err


def test_a_batch_is_undone_and_added_again(clone, capsys):
    assert main(["add-batch", "../batch_3"]) == 0
    assert main(["add-batch", "../batch_3"]) == 1
    err = capsys.readouterr().err
    assert f"register --replaces {RAW}/animals_3.csv NEW_FILE" in err and "undo-batch 3" in err
    assert main(["undo-batch", "3", "--study", "rat_batches"]) == 0
    assert not [e for e in exports_of(read_register(), "rat_batches") if e.batch == "3"]
    assert len([e for e in read_register() if e.batch == "3" and e.withdrawn]) == 3
    assert main(["add-batch", "../batch_3"]) == 0
    assert len([e for e in exports_of(read_register(), "rat_batches") if e.batch == "3"]) == 3
    assert main(["undo-batch", "9", "--study", "rat_batches"]) == 1
    assert "no batch 9" in capsys.readouterr().err


def test_what_a_killed_command_left_behind_is_taken(clone):
    shutil.copy(clone.parent / "batch_3/plate_3.txt", f"{RAW}/plate_3.txt")
    assert main(["add-batch", "../batch_3"]) == 0
    assert [e.path for e in read_register() if e.batch == "3"][-1] == f"{RAW}/plate_3.txt"
    assert not list(Path(RAW).glob("batch_3_*"))


def test_all_names_that_cannot_be_taken_are_told_at_once(clone, capsys):
    before = everything(clone)
    for name in ("layout_3.csv", "plate_3.txt"):
        path = clone.parent / "batch_3" / name
        path.rename(path.with_name(name.replace("_", " ")))
    assert main(["add-batch", "../batch_3"]) == 1
    said = capsys.readouterr().err
    assert "layout 3.csv" in said and "plate 3.txt" in said and "rename the file" in said
    assert everything(clone) == before


def test_an_empty_file_is_called_empty(clone, capsys):
    (clone.parent / "batch_3/other.csv").write_bytes(b"")
    assert main(["add-batch", "../batch_3"]) == 1
    assert "other.csv: the file is empty" in capsys.readouterr().err


def test_an_interrupted_command_writes_nothing_and_says_so(clone, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    before = everything(clone)
    monkeypatch.setattr("omtrace.intake.registration.write_rows", stop)
    assert main(["add-batch", "../batch_3"]) == 130
    assert "interrupted" in capsys.readouterr().err and everything(clone) == before


def test_a_file_name_that_is_taken_gets_its_batch(clone):
    for name in ("animals", "layout", "plate"):
        path = next((clone.parent / "batch_3").glob(f"{name}_3.*"))
        path.rename(path.with_name(f"{name}_1{path.suffix}"))
    assert main(["add-batch", "../batch_3"]) == 0
    assert [e.path for e in read_register() if e.batch == "3"] == [
        f"{RAW}/batch_3_animals_1.csv",
        f"{RAW}/batch_3_layout_1.csv",
        f"{RAW}/batch_3_plate_1.txt",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["../nothing"], "there is no such folder"),
        (["../plain"], "which batch is it?"),
        (["../batch_3", "--batch", "2"], "batch 2 of rat_batches has files already"),
        (["..", "--batch", "9"], "a folder within"),
        (["../other_9"], "which study is it?"),
    ],
)
def test_what_cannot_be_told_is_asked_for(clone, capsys, arguments, says):
    for name in ("other_9", "plain"):
        (clone.parent / name).mkdir()
        (clone.parent / name / "some.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["add-batch", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert len(exports_of(read_register(), "rat_batches")) == 6


def test_a_link_keeps_the_whole_batch_out(clone, capsys):
    path = clone.parent / "batch_3/plate_3.txt"
    path.rename(clone.parent / "elsewhere.txt")
    path.symlink_to(clone.parent / "elsewhere.txt")
    before = everything(clone)
    assert main(["add-batch", "../batch_3"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "plate_3.txt: a link, whose target can change unseen" in line and everything(clone) == before


def test_a_plan_is_held_against_its_registered_files(clone, capsys):
    assert main(["plan", "rat_batches"]) == 0
    path = clone / "config/studies/rat_batches.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("unit_id: animal_id", "unit_id: animal_idd", 1), encoding="utf-8")
    assert "animal_idd" in path.read_text(encoding="utf-8")
    assert main(["plan", "rat_batches"]) == 1
    err = capsys.readouterr().err
    assert f"{RAW}/animals_1.csv has no column 'animal_idd'; did you mean 'animal_id'" in err


def test_a_plate_with_two_parameters_is_one_plate(capsys):
    refused = [Verdict("Plate 2", name, False, "no curve (38 samples left out)") for name in ("cgrp", "read")]
    print_findings(Outcome([], [], {}, refused, []), 2)
    assert "a run would go on without 1 of 1 plate\n" in capsys.readouterr().out
    print_findings(Outcome([], [], {}, [*refused, Verdict("Plate 3", "cgrp", True, "accepted")], []), 2)
    assert "a run would go on without 1 of 2 plates\n" in capsys.readouterr().out

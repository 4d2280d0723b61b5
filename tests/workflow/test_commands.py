"""What holds for every command: a disk that says no is told in a plain line, and nothing is left behind."""

import errno
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from lineage_tree import MEAN, build
from omtrace import store
from omtrace.cli import main
from omtrace.cli.application import MODULES
from omtrace.faults import REFUSED
from pipeline import environment

ROOT = Path(__file__).parents[2]
RATS = "data/raw/rat_two_hit"
CAGES = f"{RATS}/cages.csv"
NEW = f"{RATS}/cages_9.csv"
READING = [
    ["check", "--study", "rat_two_hit", CAGES],
    ["diff", CAGES, NEW],
    ["plan", "rat_two_hit"],
    ["plan"],
    ["schema", "plan"],
    ["rules"],
    ["simulate", "--check"],
    ["verify", "tiny"],
    ["trace", MEAN],
    ["compare", "results/tiny", "results/tiny"],
]
WHATIF = ["whatif", "tiny", "--without-unit", "P9"]
WRITING = [
    ["new-study", "rack", NEW],
    ["register", "--table", "cages", NEW],
    ["register", "--reason", "wrong rack", "--withdraw", CAGES],
    ["add-batch", "batch_9", "--study", "rat_two_hit", "--accept"],
    ["undo-batch", "3", "--study", "rat_two_hit"],
    ["remove-study", "rat_two_hit"],
    ["queries", "rat_two_hit"],
    ["dictionary", "rat_two_hit"],
    ["simulate", "made"],
]
REFUSING = [
    ["changes", "tiny"],
    ["power", "tiny"],
    ["queries", "rat_two_hit", "--answers", "cages.xlsx"],
    ["reproduce", CAGES],
    WHATIF,
    ["export", "tiny", "--to", "md"],
    ["release", "tiny"],
    ["figures", "tiny"],
    ["figures", "tiny", "--share"],
    ["manuscript", "draft.pdf"],
]
# nothing to tell; nothing assumed; no such list; no packet; no such unit; no stage file of the report, twice; no
# results, twice; no draft


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A study that has run, the rats' plan and raw files, a workbook, and a temporary folder of their own."""
    from openpyxl import Workbook
    from pandera.strategies import pandas_strategies  # noqa: F401  (Hypothesis, which it imports, writes a temporary file)

    home = tmp_path / "home"
    home.mkdir()
    build(home)
    shutil.copytree(ROOT / "config/studies", home / "config/studies", dirs_exist_ok=True)
    shutil.copytree(ROOT / RATS, home / RATS)
    rows = (ROOT / "config/exports.csv").read_text().splitlines()
    with open(home / "config/exports.csv", "a") as file:
        file.writelines(f"1{row}\n" for row in rows if ",rat_two_hit," in row)
    shutil.copy(home / CAGES, home / NEW)
    with open(home / NEW, "a") as file:
        file.write("C99,1,1\n")
    (home / "batch_9").mkdir()
    (home / "batch_9/cages_10.csv").write_text("cage_id,room,rack_row\nC98,1,1\n")
    (home / "logs/rat_two_hit").mkdir(parents=True)
    store.write_csv(home / "logs/rat_two_hit/findings.csv", ["file", "severity", "rule"], [])
    book = Workbook()
    for line in (ROOT / CAGES).read_text().splitlines():
        book.active.append(line.split(","))
    book.save(home / "cages.xlsx")
    empty = tmp_path / "temporary"
    empty.mkdir()
    monkeypatch.setenv("TMPDIR", str(empty))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(home)
    return home


def test_each_command_stands_here():
    assert {command[0] for command in READING + WRITING + REFUSING} == MODULES.keys()


@pytest.mark.parametrize("command", READING + WRITING + REFUSING, ids=" ".join)
def test_nothing_is_left_in_the_temporary_folder(clone, command, capsys):
    code = main(command)
    captured = capsys.readouterr()
    print(command, code, captured.out[-400:], captured.err[-400:], file=sys.stderr)
    assert (captured.out != "") == (command not in REFUSING)
    assert list((clone.parent / "temporary").rglob("*")) == []
    assert not list(clone.rglob("*.part"))


def everything(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES], ids=errno.errorcode.get)
@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_disk_that_takes_no_file_is_told_in_one_line(clone, monkeypatch, capsys, command, number):
    before = everything(clone)
    real = os.open

    def refusing(path, flags, *rest, **more):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(number, os.strerror(number), os.fspath(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refusing)
    assert main(command) == 1
    monkeypatch.undo()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("omtrace: ") and line.endswith(f": {REFUSED[number]}") and ".part" not in line
    assert everything(clone) == before


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_disk_that_fills_up_within_a_file_is_told_in_one_line(clone, monkeypatch, capsys, command):
    before = everything(clone)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a write does: without the file's name

    class Full:
        def __init__(self, handle, _):
            os.close(handle)

        __enter__ = write = full

        def __exit__(self, *_):
            """Nothing to close."""

    monkeypatch.setattr(os, "fdopen", Full)
    assert main(command) == 1
    monkeypatch.undo()
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line.startswith("omtrace: ") and line.endswith(f": {REFUSED[errno.ENOSPC]}") and " " not in line.split(": ")[1]
    )
    assert everything(clone) == before


def ran(clone, *arguments, **more):
    """A command as a process of its own, whose files may not grow beyond 2,000 bytes."""
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))}
    return subprocess.run(
        [sys.executable, "-m", "omtrace", *arguments],
        cwd=clone,
        env=environment(ROOT),
        text=True,
        stderr=subprocess.PIPE,
        **(limited | more),
    )


def test_a_real_limit_and_a_full_device_end_in_one_line(clone):
    before = everything(clone)
    done = ran(clone, "dictionary", "rat_two_hit", stdout=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr == f"omtrace: dictionary/dictionary.html: {REFUSED[errno.EFBIG]}\n"
    assert everything(clone) == before
    with open(os.devnull if sys.platform == "darwin" else "/dev/full", "w") as full:
        done = ran(clone, "rules", stdout=full, preexec_fn=None)
    assert sys.platform == "darwin" or (done.returncode, done.stderr) == (1, f"omtrace: {REFUSED[errno.ENOSPC]}\n")

"""Names that people type on the command line: what could lead elsewhere is refused by every command alike."""

import shutil
from pathlib import Path

import pytest
from omtrace.cli import main
from omtrace.cli.application import MODULES, application
from omtrace.model.names import KINDS, known_studies

ROOT = Path(__file__).parents[2]
RATS = "data/raw/rat_two_hit"
CAGES = f"{RATS}/cages.csv"
# Every argument of every command that takes a name: command line with {} in its place.
STUDY = [
    ["check", CAGES, "--study={}"],
    ["register", CAGES, "--study={}"],
    ["add-batch", "batch_9", "--study={}"],
    ["changes", "{}"],
    ["queries", "{}"],
    ["dictionary", "{}"],
    ["plan", "{}"],
    ["remove-study", "{}"],
    ["power", "{}"],
    ["verify", "{}"],
    ["verify", "rat_two_hit", "{}"],
]
PART = [
    ["check", CAGES, "--table={}"],
    ["register", CAGES, "--table={}"],
    ["register", CAGES, "--export={}"],
    ["check", CAGES, "--batch={}"],
    ["register", CAGES, "--batch={}"],
    ["add-batch", "batch_9", "--batch={}"],
]
REGISTERED = [
    ["check", CAGES, "--replaces={}"],
    ["register", "{}"],
    ["register", CAGES, "--reason=x", "--replaces={}"],
    ["register", "--reason=x", "--withdraw={}"],
    ["diff", "{}", CAGES],
]
FILE = [
    *REGISTERED,
    ["check", "{}"],
    ["add-batch", "{}"],
    ["diff", CAGES, "{}"],
    ["queries", "rat_two_hit", "--answers={}"],
    ["dictionary", "--folder={}"],
    ["simulate", "{}"],
    ["simulate", "--check", "{}"],
    ["trace", "{}"],
    ["release", "rat_two_hit", "--to={}"],
    ["export", "rat_two_hit", "--to=csv", "--file={}"],
    ["reproduce", "{}"],
    ["reproduce", "packet.zip", "--raw={}"],
    ["manuscript", "{}"],
    ["compare", "{}", "results"],
]
NAMES = [
    "../x",
    "/etc",
    "a/b",
    "",
    ".",
    "..",
    "a\nb",
    "a\x1b[2Jb",
    "\0",
    "../rat_two_hit",
    "rat_two_hit/../x",
    "C:\\x",
    "-",
]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """The register, the plans and the rats' raw files below a folder that would show what is written outside."""
    home = tmp_path / "home"
    shutil.copytree(ROOT / "config", home / "config")
    shutil.copytree(ROOT / RATS, home / RATS)
    (home / "batch_9").mkdir()
    (home / "batch_9/cages_9.csv").write_bytes((ROOT / CAGES).read_bytes())
    (tmp_path / "x").mkdir()
    (tmp_path / "x.yaml").write_text("study: x\n")
    monkeypatch.chdir(home)
    return home


def everything(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def refused(clone, capsys, command, name):
    """The one line on stderr; nothing may have changed, within the clone or beside it."""
    before = everything(clone.parent)
    assert main([part.replace("{}", name) for part in command]) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and everything(clone.parent) == before
    (line,) = captured.err.splitlines()
    assert line.startswith("omtrace: ") and line.isprintable()
    return line


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("command", STUDY, ids=" ".join)
def test_what_is_no_study_is_refused_with_the_nearest(clone, capsys, command, name):
    line = refused(clone, capsys, command, name)
    nearest = "did you mean 'rat_two_hit'?" if "rat_two_hit" in name else "studies: acupuncture_headache, "
    assert f"{name!r}: not the name of a study" in line and nearest in line, line


@pytest.mark.parametrize("command", STUDY, ids=" ".join)
def test_an_unknown_study_is_told_with_the_nearest(clone, capsys, command):
    line = refused(clone, capsys, command, "rat_two_hits")
    assert line == "omtrace: 'rat_two_hits': there is no such study; did you mean 'rat_two_hit'?"


@pytest.mark.parametrize("name", ["stages", "validation"])
def test_a_folder_of_the_index_is_no_study(clone, capsys, name):
    (clone / "results" / name).mkdir(parents=True, exist_ok=True)
    line = refused(clone, capsys, ["verify", "{}"], name)
    assert line.startswith(f"omtrace: {name!r}: there is no such study") and f", {name}" not in line, line


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("command", PART, ids=" ".join)
def test_what_is_no_table_export_or_batch_is_refused(clone, capsys, command, name):
    assert f"{name!r}: not " in refused(clone, capsys, command, name)


@pytest.mark.parametrize("name", [name for name in NAMES if not (name and name.isprintable())], ids=ascii)
@pytest.mark.parametrize("command", FILE, ids=" ".join)
def test_what_is_no_file_is_refused(clone, capsys, command, name):
    assert f"{name!r}: not the name of a file" in refused(clone, capsys, command, name)


@pytest.mark.parametrize("name", ["../x", "../x.yaml", "/etc/hostname", f"{RATS}/../../../../x.yaml"])
@pytest.mark.parametrize("command", [*REGISTERED, ["trace", "{}"]], ids=" ".join)
def test_a_file_that_must_be_registered_lies_nowhere_else(clone, capsys, command, name):
    refused(clone, capsys, command, name)


def test_every_argument_that_is_a_name_is_checked():
    """An argument of a command is a name of one of the kinds, or stands here with the reason why it is none."""
    free = {"every", "accept", "as_json", "schema", "check", "head", "ledger", "environment", "batches", "limit"}
    free |= {"unit", "of", "origin", "received", "form", "cores", "tolerance", "everything", "no_ledger", "recompute"}
    free |= {"cells", "rows", "units"}  # addresses of raw cells, looked up in the registered files
    free |= {"changes", "shells", "share", "dpi"}  # flags and a number
    free |= {"sizes", "replicates", "seed", "results", "raw_files"}  # numbers and flags
    free |= {"harmless"}  # columns of files, each with a reason
    free |= {"analysis"}  # of the plan, which is asked for it
    free |= {"target"}  # a folder to write into, as everywhere
    free |= {"name"}  # of a study that there is not yet: new-study checks it
    free |= {"design", "visit", "arm", "reference", "outcome", "wide"}  # columns of files, and texts in them
    texts = {"address", "citation", "licence", "reason"}  # kept as they are, by csv and json
    commands = [application.get_command(None, name) for name in MODULES]
    arguments = {parameter.name for command in commands for parameter in command.params}
    assert arguments - free - texts <= KINDS.keys(), arguments - free - texts - KINDS.keys()


def test_known_studies_are_those_with_a_plan_raw_files_or_results(clone):
    (clone / "results/old_one").mkdir(parents=True)
    (clone / "results/.hidden").mkdir()
    assert {"rat_two_hit", "old_one"} < set(known_studies()) and ".hidden" not in known_studies()

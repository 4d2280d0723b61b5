"""Folders and raw files with names that a shell could misread: they work, or are refused in one plain line each."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.model.checkout import refuse_folder
from omtrace.warm_start import VARIABLE
from pipeline import REPOSITORY, Ran, environment, snakemake

WRONG = {
    "a b": "a blank",
    "a'b": "a single quote",
    'a"b': '"',
    "a$b": "$",
    "a`b": "`",
    "a(1)": "( and )",
    "a[b]": "[ and ]",
    "a:b": "a colon",
    "a;b": ";",
    "a&b": "&",
    "a|b": "|",
    "a<b": "<",
    "a>b": ">",
    "a*b": "*",
    "a?b": "?",
    "a\\b": "\\",
    "a{b": "{",
    "a}b": "}",
    "a\nb": "a line break",
    "a\tb": "a tab",
    "om trace (1)": "a blank and ( and )",
}
RIGHT = ["plain", "a#b", "a%b", "a=b", "a+b", "a,b", "a@b", "a~b", "a!b", "a^b", "-a", "..a", "\N{BRAIN}", "é"]


@pytest.mark.parametrize("name", WRONG, ids=ascii)
def test_a_folder_in_which_jobs_cannot_run_is_refused_with_what_is_wrong(name):
    with pytest.raises(Fault) as caught:
        refuse_folder(f"/x/{name}", f"/x/{name}/.venv/bin/python")
    (line,) = caught.value.lines
    assert f"jobs cannot run with {WRONG[name]} in this path" in line and line.isprintable()
    if "{" not in name and "}" not in name:
        refuse_folder(f"/x/{name}", "/usr/bin/python3")  # Python lies elsewhere: such jobs run


@pytest.mark.parametrize("name", RIGHT, ids=ascii)
def test_any_other_name_is_taken(name):
    refuse_folder(f"/x/{name}", f"/x/{name}/.venv/bin/python")


def with_python(folder: Path) -> Path:
    """The Python of these tests, as if its environment lay in a folder; what it is called there."""
    home = folder / ".venv"
    (home / "bin").mkdir(parents=True)
    (home / "bin/python").symlink_to(os.path.realpath(sys.executable))
    (home / "pyvenv.cfg").write_text(f"home = {Path(os.path.realpath(sys.executable)).parent}\n")
    (home / "lib").symlink_to(Path(sys.prefix, "lib"))
    return home / "bin/python"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("name", ["om trace (1)", "anna's", "a$b", "a{b"])
def test_make_and_snakemake_refuse_a_folder_in_the_same_words(fresh, tmp_path, name):
    folder = fresh(tmp_path / name)
    shutil.copy(REPOSITORY / "Makefile", folder)
    python = with_python(folder)
    made = subprocess.run(
        ["make", "-n", "env", f"PYTHON={sys.executable}"], cwd=folder, capture_output=True, text=True, check=False
    )
    variables = environment(folder) | {VARIABLE: ""}
    command = [python, "-m", "snakemake", "-n"]
    run = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    (line,) = Ran(run.returncode, run.stdout, run.stderr).faults
    assert made.returncode == 2 and run.returncode == 1 and "Traceback" not in run.stderr + made.stderr
    assert f"*** omtrace: {line}." in made.stderr


def test_jobs_run_below_a_folder_of_any_such_name_where_python_lies_elsewhere(fresh, tmp_path):
    folder = fresh(tmp_path / "anna's om trace (1) $HOME")
    ran = snakemake(folder, "results/tiny/validated")
    assert ran.code == 0, ran.text
    assert (folder / "results/tiny/validated/places.parquet").is_file()


FILES = [
    "a b.csv",
    "it's.csv",
    'say "x".csv',
    "$(touch made).csv",
    "`touch made`.csv",
    "a\ntouch made\n.csv",
    ";touch made;.csv",
    "\N{BRAIN}.csv",
    "-rf.csv",
    "*.csv",
    "{study}.csv",
    "a\x1b[2J.csv",
]


def test_raw_files_of_odd_names_links_and_pipes_are_refused_by_name_and_nothing_is_executed(fresh, tmp_path):
    folder = fresh(tmp_path / "tiny")
    raw = folder / "data/raw/tiny"
    for name in FILES:
        (raw / name).write_text("x\n")
    (raw / "link.csv").symlink_to(raw / "diary.csv")
    (raw / "sub").symlink_to(raw)
    os.mkfifo(raw / "pipe.csv")
    for arguments in ((), ("tiny", "-n")):
        ran = snakemake(folder, *arguments)
        assert ran.code == 1 and "Traceback" not in ran.text
        assert len(ran.faults) == len(FILES) + 3
        for name in FILES:
            assert any(repr(f"data/raw/tiny/{name}") in fault and "rename" in fault for fault in ran.faults), name
        for name, says in (("link.csv", "a link"), ("sub", "a link"), ("pipe.csv", "a pipe or a device")):
            assert any(fault.startswith(f"data/raw/tiny/{name}: {says}") for fault in ran.faults), name
        assert not list(folder.rglob("made")) and not (folder / "results").exists()

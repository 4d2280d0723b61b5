"""What users of Snakemake expect of a workflow: formatter, report, summaries, catalogue, targets, code as named."""

import importlib.util
import marshal
import os
import shutil
import struct
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from omtrace import __version__
from pipeline import REPOSITORY, digests, done, ended, snakemake, started

STUDY = "results/tiny"


def test_snakefmt_finds_nothing_to_change():
    command = [sys.executable, "-m", "snakefmt.snakefmt", "--check", "workflow", "Snakefile"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_ruff_finds_nothing_to_change_and_no_line_is_kept_from_it():
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "workflow", "tests", "benchmarks"]
        ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
    skipped = "# fmt" + ":"
    modules = [path for folder in ("workflow", "tests", "benchmarks") for path in (REPOSITORY / folder).rglob("*.py")]
    assert [path for path in modules if skipped in path.read_text(encoding="utf-8")] == []


def test_one_version_everywhere():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "workflow/omtrace/__init__.py"
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__ and citation["cff-version"] == "1.2.0"
    changes = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {__version__} " in changes
    assert changes.index(f"\n## {__version__} ") == changes.index("\n## ")  # the newest stands first


def test_the_catalogue_file_says_how_the_workflow_is_used():
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert usage["software-stack-deployment"]["conda"] is True and usage["report"] is True
    assert (REPOSITORY / "config/README.md").is_file() and (REPOSITORY / "workflow/Snakefile").is_file()


def test_a_mistyped_study_gets_the_nearest(tiny):
    ran = snakemake(tiny, "tiyn")
    assert ran.code == 1 and ran.faults == ["tiyn: there is no such study; did you mean 'tiny'?"]


def test_raw_files_show_in_summary_and_graph(tiny):
    assert "data/raw/tiny/diary.csv" in done(snakemake(tiny, "--detailed-summary")).out
    rules = done(snakemake(tiny, "--rulegraph")).out
    assert all(f'label = "{rule}"' in rules for rule in ("validate_exports", "render_results", "record_manifest"))
    listed = done(snakemake(tiny, "--list")).text
    assert "tiny (All results of the study of this name" in listed


def test_the_report_of_snakemake_holds_the_results(tiny):
    done(snakemake(tiny, "tiny", "--report", "all.zip"))
    names = {name.rpartition("/")[2] for name in zipfile.ZipFile(tiny / "all.zip").namelist()}
    assert {"report.html", "estimates.csv", "means.svg", "dictionary.html"} <= names


# the code that ran is the code that is named


def byte_code(source, text, folder):
    """Byte code of a text that Python takes for that of a source: with its time and size."""
    state, path = os.stat(source), importlib.util.cache_from_source(str(source))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    header = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(state.st_mtime), state.st_size)
    with open(path, "wb") as file:
        file.write(header + marshal.dumps(compile(text, str(source), "exec")))


PLANTED = ("store.py", "__init__.py")


@pytest.fixture(scope="module")
def planted(tiny_twins, tmp_path_factory):
    """The finished tiny study, run again with byte code that fits its sources by time and size, and does something
    else."""
    folder = tmp_path_factory.mktemp("planted") / "tiny"
    shutil.copytree(tiny_twins[0][0], folder, symlinks=True)
    for module in PLANTED:
        source = folder / "workflow/omtrace" / module
        text = source.read_text(encoding="utf-8").replace("SIGNIFICANT = 10", "SIGNIFICANT = 3 ")
        byte_code(source, f"{text}\nopen({str(folder / module)!r} + '.ran', 'w').close()\n", folder)
    done(ended(started(folder, "-m", "snakemake", "tiny", "--forceall")))  # with the imports of a Python of its own
    return folder


@pytest.mark.parametrize("module", PLANTED)
def test_planted_byte_code_is_not_run(planted, tiny_twins, module):
    assert not (planted / f"{module}.ran").exists()
    assert digests(planted / "results") == digests(tiny_twins[0][0] / "results")
    assert list((planted / "workflow").rglob("*.pyc")) == []


def test_an_edit_that_keeps_time_and_size_of_a_module_is_run(tiny):
    """As ``cp -p`` and ``rsync -t`` make them: Python itself would take the byte code of before."""
    source = tiny / "workflow/omtrace/store.py"
    text, state = source.read_text(encoding="utf-8"), os.stat(source)
    byte_code(source, text, tiny)
    edited = text.replace("SIGNIFICANT = 10 ", "SIGNIFICANT = 4  ").replace("SIGNIFICANT = 10\n", "SIGNIFICANT = 4 \n")
    assert edited != text and len(edited) == len(text)
    source.write_text(edited, encoding="utf-8")
    os.utime(source, ns=(state.st_atime_ns, state.st_mtime_ns))
    before = digests(tiny / STUDY)
    done(ended(started(tiny, "-m", "snakemake", "tiny", warm=True)))  # a Python of its own, whose forks the jobs are
    assert digests(tiny / STUDY)["estimates.csv"] != before["estimates.csv"]

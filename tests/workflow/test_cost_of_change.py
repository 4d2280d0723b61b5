"""A new questionnaire, reader, derivation, method and figure are one file each, which no list has to name.

``tests/made_up/library`` holds the five files, the rest of ``tests/made_up`` a study that uses all of them.
"""

import shutil
import subprocess
import sys

import pytest
from omtrace.store import read_csv, read_table
from pipeline import REPOSITORY, copied, done, environment, snakemake

MADE_UP = REPOSITORY / "tests/made_up"
# Tests of what holds for every module of its kind; the pages of reference are made by commands (CONTRIBUTING.md).
STRUCTURE = ("workflow/test_structure.py", "unit/test_schemas.py", "unit/test_statistics_registry.py")
# Those that look at one module each: of the modules that are not new the suite itself asks them.
ONE_EACH = ("imports_only_from", "stay_small", "has_a_docstring", "named_for_nothing")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A copy of the workflow with the five modules, after plain ``snakemake``."""
    folder = copied(tmp_path_factory.mktemp("made_up"), MADE_UP)
    shutil.copytree(MADE_UP / "library", folder / "workflow/omtrace", dirs_exist_ok=True)
    done(snakemake(folder))
    return folder


def test_a_new_reader_questionnaire_and_derivation_give_records(study):
    records = read_table(study / "results/one/datasets/people.parquet")
    scored = records[(records["parameter"] == "rest") & (records["status"] == "observed")]
    assert {
        (unit, visit): value for unit, visit, value in scored[["unit", "visit", "value"]].itertuples(index=False)
    } == {
        ("A", "baseline"): 8,
        ("A", "month_1"): 14,
        ("B", "month_1"): 0,
        ("C", "month_1"): 2,
    }
    (open_,) = records.loc[
        (records["parameter"] == "twice") & (records["unit"] == "B") & (records["visit"] == "baseline"), "status"
    ]
    assert open_ == "incomplete: 1 of 3 items open"
    (found,) = [row for row in read_csv(study / "logs/one/findings.csv") if row["rule"] == "code"]
    assert (found["file"], found["line"], found["column"]) == ("data/raw/one/forms.txt", "6", "rest_1")


def test_a_new_method_and_a_new_figure_stand_in_the_report(study):
    numbers = {
        (row["parameter"], row["visit"], row["statistic"]): row["value"]
        for row in read_csv(study / "results/one/estimates.csv")
    }
    assert numbers["twice", "month_1", "minimum"] == "0" and numbers["twice", "month_1", "maximum"] == "28"
    assert numbers["rest", "baseline", "n"] == "1"
    assert (study / "results/one/figures/nothing.svg").exists()
    assert "Smallest and largest value." in (study / "results/one/report.html").read_text(encoding="utf-8")


def test_no_list_elsewhere_has_to_name_them(tmp_path):
    without = shutil.ignore_patterns(".*", "__pycache__", "results", "logs", "releases", "raw")
    project = shutil.copytree(REPOSITORY, tmp_path / "project", ignore=without)
    shutil.copytree(MADE_UP / "library", project / "workflow/omtrace", dirs_exist_ok=True)
    tests = [*(f"tests/{name}" for name in STRUCTURE), "-k", f"made_up or not ({' or '.join(ONE_EACH)})"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests],
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]

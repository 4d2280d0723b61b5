"""The Python interface: the notebook of docs/ gives what it shows, and the code of docs/python.md runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import environment
from test_statistics_mmrm import FEV, R, needs_fev

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/mmrm_fev.ipynb"
PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")


def stored():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def printed(cell):
    return "".join(
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in cell["outputs"]
    )


@needs_fev
def test_the_notebook_gives_what_it_shows():
    pytest.importorskip("nbclient", reason="nbclient is not installed; make env installs it")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed; make env installs it")
    code = (
        "import json, sys; from pathlib import Path; from notebooks import executed, texts\n"
        f"json.dump(texts(executed(Path({str(NOTEBOOK)!r}))), sys.stdout)"
    )
    variables = environment(ROOT, os.environ["OMTRACE_MIRROR"])
    variables["PYTHONPATH"] += f"{os.pathsep}{ROOT / 'tests'}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    assert ["".join(texts) for texts in json.loads(done.stdout)] == [
        printed(cell) for cell in stored() if cell["cell_type"] == "code"
    ]


def test_the_numbers_that_the_notebook_shows_are_those_of_emmeans():
    shown = "\n".join(printed(cell) for cell in stored() if cell["cell_type"] == "code").partition("adjusted_mean")[2]
    for row in R["emmeans"]:
        line = re.search(rf"^ *{row['ARMCD']} +{row['AVISIT']} +([\d.]+) +([\d.]+)", shown, re.MULTILINE)
        assert line and [float(line[1]), float(line[2])] == pytest.approx([row["emmean"], row["SE"]], abs=6e-3), row


def test_the_notebook_is_stored_without_what_differs_from_run_to_run():
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert set(content["metadata"]) == {"kernelspec"} and all(not cell["metadata"] for cell in content["cells"])
    assert "/tmp" not in NOTEBOOK.read_text(encoding="utf-8") and all(
        cell["outputs"] for cell in stored() if cell["cell_type"] == "code" and "print" in source(cell)
    )


@needs_fev
def test_the_code_of_the_page_runs(shipped_results):
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    variables = environment(ROOT, os.environ["OMTRACE_MIRROR"])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shipped_results,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert FEV.is_file() and "difference" in done.stdout

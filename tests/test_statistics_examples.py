"""The examples in the docstrings of statistics give what they show."""

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from omtrace import statistics

ROOT = Path(__file__).resolve().parent.parent
MODULES = [module.name for module in pkgutil.walk_packages(statistics.__path__, "omtrace.statistics.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert not failures


def test_reading_a_plan_loads_no_statistics():
    code = (
        "import sys; from omtrace.intake.plan_check import read_whole; "
        "read_whole('config/studies/omt_feasibility.yaml'); "
        "print([name for name in ('scipy', 'statsmodels', 'formulaic') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

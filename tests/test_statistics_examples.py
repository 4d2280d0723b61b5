"""The examples in the docstrings of statistics give what they show."""

import doctest
import importlib
import pkgutil

import pytest
from omtrace import statistics

MODULES = [module.name for module in pkgutil.walk_packages(statistics.__path__, "omtrace.statistics.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert not failures

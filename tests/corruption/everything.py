"""All operators, and the studies that they damage."""

from importlib import import_module
from pathlib import Path

from .as_workbooks import AS_WORKBOOKS, in_workbooks
from .study import Study, plan_of

# module -> its heading on the page
GROUPS = {
    "cells": "Single cells",
    "dates_ids": "Dates and ids",
    "rows": "Rows",
    "lost": "Rows that are lost",
    "relations": "Cells beside others",
    "treatment": "Sessions, providers, eligibility, care and harms",
    "quantities": "Animals, days and quantities",
    "people": "What identifies people",
    "headers": "Headers",
    "files": "Files",
    "columns": "Whole columns",
    "plates": "Plate readings",
    "layouts": "Plate layouts",
    "workbooks": "Workbooks",
}


def load() -> None:
    """Import every module that declares operators."""
    for name in GROUPS:
        import_module(f".{name}", __package__)


def study(name: str, folder: Path, further: Path | None = None) -> Study:
    """A study by its name, copied to a folder; ``NAME as workbooks`` has its tables in workbooks."""
    if name.endswith(AS_WORKBOOKS):
        return in_workbooks(name, folder, plan_of(name.removesuffix(AS_WORKBOOKS), further))
    return Study(name, folder, plan_of(name, further))

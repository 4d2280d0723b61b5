"""A new questionnaire is one module: nothing else of the package changes, and its export is checked and scored."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import omtrace
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.model.register import COLUMNS, sha256_of

PACKAGE = Path(omtrace.__path__[0])

MODULE = '''
"""A made-up scale of three items."""

from omtrace.instruments import Instrument, Item, ItemRule, Score

ITEMS = ("rest_1", "rest_2", "rest_3")


def doubled(items):
    """Twice the sum of the three items."""
    return 2 * items.sum(axis=1)


INSTRUMENT = Instrument(
    title="Made-up rest scale",
    version="1",
    source="made up for a test",
    recall="now",
    items=tuple(Item(name, f"made-up item {name[-1]}", 0, 3) for name in ITEMS),
    scores={"doubled": Score(ITEMS, doubled, "rest, doubled")},
    extra=(Item("rest_total", "total as supplied", 0, 18, unit="points"),),
    rules=(
        ItemRule("rest_total_even", "an even total", ("rest_total",), lambda totals: totals % 2 == 0,
             example="a total of 7"),
    ),
    codings={"words": {"no": "0", "a bit": "1", "rather": "2", "very": "3"}},
)
'''

PLAN = """
study: one
title: A made-up scale
kind: simulated
statement: Made up for a test.
design: Three people, two visits.
tables:
  made_up_rest:
    source: forms
    reader: delimited
    columns: {unit_id: person}
    coding: words
    visit: {column: when, map: {first: baseline, second: month_1}}
datasets:
  people:
    unit: person
    roster: {table: made_up_rest, column: unit_id}
    visits: {baseline: Baseline, month_1: 1 month}
    baseline: baseline
    parameters:
      rest:
        derive: score
        label: Rest
        unit: points
        visits: [baseline, month_1]
        options: {table: made_up_rest, instrument: made_up_rest, score: doubled}
    populations:
      full: {label: everybody}
analyses: {}
figures: {}
"""

EXPORT = """person,when,rest_1,rest_2,rest_3
A,first,No,A bit,VERY
A,second,rather,rather,very
B,first,very,,very
B,second,no,no,no
C,first,often,no,no
C,second,a bit,no,no
"""

RUN = """
import omtrace
from omtrace.derivations.records import derive_study
from omtrace.model.folders import plan_file
from omtrace.model.plan import read_plan
from omtrace.model.register import exports_of, read_register
from omtrace.schemas import table_of
from omtrace.validation.catalogue import texts
from omtrace.validation.validate import validate_study

print(omtrace.__path__[0])
print(texts((table_of("made_up_rest"),))["rest_total_even"].example)
plan = read_plan(plan_file("one"))
validate_study(plan, exports_of(read_register(), "one"), "logs/findings.csv", "validated")
derive_study(plan, "validated", "datasets")
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder with a copy of the package and the new module, after validation and derivation."""
    folder = tmp_path_factory.mktemp("made_up")
    shutil.copytree(PACKAGE, folder / "library/omtrace", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "library/omtrace/instruments/made_up_rest.py").write_text(MODULE.lstrip(), encoding="utf-8")
    export = folder / "data/raw/one/forms.csv"
    for path, text in ((export, EXPORT), (folder / "config/studies/one.yaml", PLAN)):
        path.parent.mkdir(parents=True)
        path.write_bytes(text.encode())
    row = dict.fromkeys(COLUMNS, "") | {
        "number": "1",
        "study": "one",
        "export": "forms",
        "table": "forms",
        "path": "data/raw/one/forms.csv",
        "sha256": sha256_of(export),
        "origin": "received",
    }
    store.write_csv(folder / "config/exports.csv", COLUMNS, [tuple(row[column] for column in COLUMNS)])
    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "library")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return folder, ran.stdout.splitlines()


def test_the_copy_knows_the_instrument_and_its_rules_and_the_package_does_not(done):
    folder, (where, example) = done
    assert Path(where) == folder / "library/omtrace" and example == "a total of 7"
    with pytest.raises(Fault, match="there is no instrument 'made_up_rest'"):
        instrument_of("made_up_rest")


def test_its_export_is_scored(done):
    folder, _ = done
    records = store.read_table(folder / "datasets/people.parquet")
    found = {(unit, visit): value for unit, visit, value in records[["unit", "visit", "value"]].itertuples(index=False)}
    scored = {key: value for key, value in found.items() if value == value}
    assert scored == {("A", "baseline"): 8, ("A", "month_1"): 14, ("B", "month_1"): 0, ("C", "month_1"): 2}
    status = {(r.unit, r.visit): r.status for r in records.itertuples()}
    assert status["B", "baseline"] == "incomplete: 1 of 3 items open"
    assert set(status) == {(unit, visit) for unit in "ABC" for visit in ("baseline", "month_1")}


def test_an_answer_that_its_coding_does_not_know_is_a_finding_at_its_cell(done):
    folder, _ = done
    (row,) = [row for row in store.read_csv(folder / "logs/findings.csv") if row["rule"] == "code"]
    assert (row["file"], row["line"], row["column"]) == ("data/raw/one/forms.csv", "6", "rest_1")

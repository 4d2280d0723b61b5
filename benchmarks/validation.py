"""Speed and completeness of the checks on a table of ten columns, 1% of its rows faulty, against other validators.

    python benchmarks/validation.py [--rows 400000] [--runs 3] [--others PYTHON] [--output benchmarks/results.md]

Ours types and checks every cell and gives each fault with file, line, column, value and what was expected. pandera
(lazily) does the same checks on the same file; so do pointblank and frictionless, if ``--others`` names a Python
that has them. Each runs in a process of its own on one core, in processor time; the figure is the best of the runs
(one, where it takes long). Ratios hold between machines, seconds do not. The section in the output file is replaced,
the rest stays.
"""

import argparse
import csv
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pages import replace_section

ROOT = Path(__file__).resolve().parent.parent
TITLE = "# Checking a table"
DAYS = 100
LONG = 20  # seconds of a run that is not repeated
WARM = 2000  # rows of the table that is not counted
DRUGS = ("none", "triptan", "nsaid", "other")
Cells = set[tuple[int, str]]  # line, column
# Column, type, minimum, maximum, allowed values, required.
COLUMNS: tuple[tuple[str, str, float | None, float | None, tuple, bool], ...] = (
    ("unit_id", "text", None, None, (), True),
    ("study_day", "integer", 1, DAYS, (), True),
    ("entry_on", "date", None, None, (), True),
    ("headache", "integer", None, None, (0, 1), True),
    ("pain_max", "integer", 0, 10, (), True),
    ("duration_h", "number", 0, 24, (), False),
    ("medication", "text", None, None, DRUGS, True),
    ("sleep_h", "number", 0, 24, (), False),
    ("steps", "integer", 0, 100_000, (), False),
    ("note", "text", None, None, (), False),
)
NAMES = [column[0] for column in COLUMNS]
KEY = ["unit_id", "study_day"]
FAULTS = {  # of the type, of a bound or a code, missing
    "entry_on": ("yesterday", "2024-02-30", ""),
    "headache": ("yes?", "2", ""),
    "pain_max": ("seven", "11", ""),
    "duration_h": ("long", "25.5", "-1"),
    "medication": ("asprin", "TRIPTAN", ""),
    "sleep_h": ("8h", "80", "-0.5"),
    "steps": ("1e3x", "100001", "-7"),
}
NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)$"
PATTERNS = {"integer": r"^[+-]?\d{1,15}$", "number": NUMBER, "date": r"^\d{4}-\d{2}-\d{2}$"}


# the data


def write(path: Path, rows: int) -> Cells:
    """Write the table; line and column of each planted fault. A faulty row has one to three."""
    chance, planted = random.Random(20240229), set()
    start = date(2024, 1, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NAMES)
        for n in range(rows):
            row = [
                f"P{n // DAYS + 1:05d}",
                n % DAYS + 1,
                start + timedelta(n % DAYS),
                chance.randrange(2),
                chance.randrange(11),
                chance.choice(("", round(chance.uniform(0, 24), 1))),
                chance.choice(DRUGS),
                round(chance.gauss(7, 1) % 24, 2),
                chance.randrange(30_000),
                chance.choice(("", "", "", "slept badly", "travel day")),
            ]
            if chance.random() < 0.01:
                for name in chance.sample(sorted(FAULTS), chance.choice((1, 1, 1, 2, 3))):
                    row[NAMES.index(name)] = chance.choice(FAULTS[name])
                    planted.add((n + 2, name))
            writer.writerow(row)
    return planted


# the contenders: each gives the seconds of the checks, of reading and checking, and the cells that it names


def ours(path: Path) -> tuple[float, float, Cells]:
    """The project's own checks of one table; not the search for identifiers, nor what looks across tables."""
    sys.path.insert(0, str(ROOT / "tests"))
    from omtrace.readers import delimited
    from table_texts import check_texts
    from tables import declared_column, declared_table

    columns = [
        declared_column(name, kind, name, "1", low, high, allowed, required)  # type: ignore[arg-type]
        for name, kind, low, high, allowed, required in COLUMNS
    ]
    table = declared_table("one day of one unit", KEY, columns)
    start = time.process_time()
    extract = delimited.read(path.read_bytes(), delimited.Options())
    read = time.process_time()
    work = check_texts(table, dict(zip(extract.columns, extract.cells, strict=True)))
    end = time.process_time()
    assert all(f.file and f.line and f.column and f.expected for f in work.findings)
    return end - read, end - start, {(f.line, f.column) for f in work.findings}


def frame_of(path: Path) -> Any:
    """The table as pandas reads texts, missing where there is nothing."""
    import pandas

    return pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


def pandera_typed(path: Path) -> tuple[float, float, Cells]:
    """pandera as its pages say: types that are coerced, checks, lazily."""
    import pandera.pandas as pa
    from pandera.engines import pandas_engine

    dates = pandas_engine.DateTime(to_datetime_kwargs={"format": "%Y-%m-%d"})
    kinds = {"integer": "Int64", "number": "float64", "date": dates, "text": "str"}
    columns = {}
    for name, kind, low, high, allowed, required in COLUMNS:
        checks = [pa.Check.in_range(low, high)] if low is not None else []
        checks += [pa.Check.isin(allowed)] if allowed else []
        columns[name] = pa.Column(kinds[kind], checks, nullable=not required, coerce=True)
    return _pandera(path, pa.DataFrameSchema(columns, unique=KEY, strict=True))


def pandera_text(path: Path) -> tuple[float, float, Cells]:
    """pandera on texts: patterns and functions of one's own in place of types."""
    import pandas
    import pandera.pandas as pa

    def real(texts: Any) -> Any:
        return pandas.to_datetime(texts, format="%Y-%m-%d", errors="coerce").notna()

    def between(low: float, high: float) -> Callable:
        def holds(texts: Any) -> Any:
            values = pandas.to_numeric(texts, errors="coerce")
            return values.between(low, high) | values.isna()  # what is no number is the pattern's matter

        return holds

    columns = {}
    for name, kind, low, high, allowed, required in COLUMNS:
        checks = [pa.Check.str_matches(PATTERNS[kind])] if kind in PATTERNS else []
        checks += [pa.Check(real)] if kind == "date" else []
        checks += [pa.Check(between(low, high))] if low is not None and high is not None else []
        checks += [pa.Check.isin([str(value) for value in allowed])] if allowed else []
        columns[name] = pa.Column("str", checks, nullable=not required)
    return _pandera(path, pa.DataFrameSchema(columns, unique=KEY, strict=True))


def _pandera(path: Path, schema: Any) -> tuple[float, float, Cells]:
    import pandera.errors

    start = time.process_time()
    frame = frame_of(path)
    read = time.process_time()
    try:
        schema.validate(frame, lazy=True)
        cases = None
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    end = time.process_time()
    told = cases[cases["index"].notna()] if cases is not None else None
    cells = set() if told is None else {(int(i) + 2, c) for i, c in zip(told["index"], told["column"], strict=True)}
    return end - read, end - start, cells


def pointblank(path: Path) -> tuple[float, float, Cells]:
    """pointblank on texts, numbers made of them before a step; all failing rows of each step asked for."""
    import pandas
    import pointblank as pb

    def dated(name: str) -> Callable:
        def made(frame: Any) -> Any:
            valid = pandas.to_datetime(frame[name], format="%Y-%m-%d", errors="coerce")
            return frame.assign(**{name: (valid.notna() | frame[name].isna()).astype("int64")})

        return made

    def numeric(name: str) -> Callable:
        return lambda frame: frame.assign(**{name: pandas.to_numeric(frame[name], errors="coerce")})

    start = time.process_time()
    frame = frame_of(path)
    read = time.process_time()
    steps, asked = pb.Validate(frame), []
    for name, kind, low, high, allowed, required in COLUMNS:
        if kind in PATTERNS:
            steps, asked = steps.col_vals_regex(name, PATTERNS[kind], na_pass=True), [*asked, name]
        if kind == "date":
            steps, asked = steps.col_vals_in_set(name, [1], pre=dated(name)), [*asked, name]
        if low is not None:
            steps, asked = steps.col_vals_between(name, low, high, na_pass=True, pre=numeric(name)), [*asked, name]
        if allowed:
            known = [str(value) for value in allowed] + [None]
            steps, asked = steps.col_vals_in_set(name, known), [*asked, name]
        if required:
            steps, asked = steps.col_vals_not_null(name), [*asked, name]
    steps = steps.rows_distinct(columns_subset=KEY)
    done = steps.interrogate(extract_limit=len(frame))
    cells = set()
    for number, name in enumerate(asked, 1):
        extract = done.get_data_extracts(number, frame=True)
        if extract is not None and len(extract):
            cells |= {(int(row) + 1, name) for row in extract["_row_num_"]}
    return time.process_time() - read, time.process_time() - start, cells


def frictionless(path: Path) -> tuple[float, float, Cells]:
    """frictionless from the file, with types, constraints and the key in the schema."""
    import frictionless as fl

    fields: list[dict] = []
    for name, kind, low, high, allowed, required in COLUMNS:
        limits = {"minimum": low, "maximum": high, "enum": list(allowed) or None, "required": required or None}
        fields.append(
            {
                "name": name,
                "type": "string" if kind == "text" else kind,
                "constraints": {key: value for key, value in limits.items() if value is not None},
            }
        )
    schema = fl.Schema.from_descriptor({"fields": fields, "primaryKey": KEY})
    start = time.process_time()
    resource = fl.Resource(path=path.name, basepath=str(path.parent), schema=schema)
    report = resource.validate(limit_errors=10**9)
    end = time.process_time()
    named = report.flatten(["rowNumber", "fieldName"])
    return end - start, end - start, {(row, name) for row, name in named if row and name}


CONTENDERS: dict[str, tuple[Callable[[Path], tuple[float, float, Cells]], str]] = {
    "omtrace": (ours, ""),
    "pandera, types coerced": (pandera_typed, "pandera"),
    "pandera, on texts": (pandera_text, "pandera"),
    "pointblank": (pointblank, "pointblank"),
    "frictionless": (frictionless, "frictionless"),
}
OTHERS = ("pointblank", "frictionless")


# the runs


def one(name: str, path: Path) -> dict:
    """Run a contender here, on one core where the system can keep it there."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    run, package = CONTENDERS[name]
    with tempfile.TemporaryDirectory() as folder:  # what is imported at the first call is not what is measured
        small = Path(folder) / "table.csv"
        write(small, WARM)
        run(small)
    checks, whole, cells = run(path)
    return {"checks": checks, "whole": whole, "cells": sorted(cells), "version": version(package) if package else ""}


def measured(name: str, path: Path, runs: int, python: str) -> dict:
    """The best of several processes. Raises CalledProcessError, with its output, if one fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OPENBLAS_NUM_THREADS": "1"}
    found = []
    for _ in range(runs):
        command = [python, __file__, "--one", name, "--file", str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        found.append(json.loads(done.stdout))
        if found[-1]["whole"] > LONG:
            break
    best = {key: min(result[key] for result in found) for key in ("checks", "whole")}
    cells = {(line, column) for line, column in found[0]["cells"]}
    return {**best, "cells": cells, "version": found[0]["version"]}


def section(rows: int, runs: int, planted: Cells, results: dict[str, dict]) -> list[str]:
    """What was measured, as Markdown."""
    first = results["omtrace"]
    lines = [
        TITLE,
        "",
        f"{rows} rows of {len(COLUMNS)} columns, {len(planted)} faulty cells planted in 1% of the rows. One core, "
        f"processor time, best of {runs} runs; {platform.machine()}, Python {platform.python_version()}. The ratio is "
        "the time for reading and checking the file over that of omtrace. Named: planted cells that are given with row "
        "and column; sound: other cells that are given. Where a cell cannot be coerced, pandera leaves its whole "
        "column as text: bounds are not checked any more, and no code fits.",
        "",
        "| what | rows/s, checks | rows/s, read and checked | ratio | faulty cells named | sound cells named |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, result in results.items():
        cells, package = result["cells"], name.partition(",")
        shown = "".join((f"{package[0]} {result['version']}".strip(), *package[1:]))
        speeds = [f"{rows / result[what]:,.0f}" for what in ("checks", "whole")]
        ratio = f"{result['whole'] / first['whole']:.1f}"
        named = f"{len(cells & planted)} of {len(planted)}"
        lines.append(f"| {' | '.join([shown, *speeds, ratio, named, str(len(cells - planted))])} |")
    return [*lines, ""]


def main() -> None:
    """Measure, print, and keep the section in the results page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=3, help="processes of each; the best counts")
    parser.add_argument("--others", default="", help="a Python with pointblank and frictionless")
    parser.add_argument("--output", default="", help="results page whose section is replaced; empty: printed only")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    parser.add_argument("--file", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one, Path(asked.file))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        planted = write(path, asked.rows)
        results = {}
        for name in CONTENDERS:
            if name in OTHERS and not asked.others:
                sys.stderr.write(f"{name} is left out: --others names no Python that has it\n")
                continue
            python = asked.others if name in OTHERS else sys.executable
            results[name] = measured(name, path, asked.runs, python)
    lines = section(asked.rows, asked.runs, planted, results)
    print("\n".join(lines))
    if asked.output:
        replace_section(Path(asked.output), lines)


if __name__ == "__main__":
    main()

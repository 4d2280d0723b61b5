"""A tiny study with results in the formats of docs/design.md, for the tests of lineage.

Three participants in two raw files; one lacks an answer. The trace of the mean rests on the other two.
"""

import hashlib
import os
from pathlib import Path

from omtrace import store
from omtrace.model.register import Export, write_register
from omtrace.provenance import manifest
from omtrace.provenance.keys import Place, key_of

PLAN = """\
study: tiny
title: A tiny study
kind: simulated
statement: Simulated for tests.
design: single arm
tables:
  scores:
    reader: delimited
datasets:
  people:
    unit: participant
    roster: {table: scores, column: unit_id}
    parameters:
      score: {derive: column, label: Score, unit: points}
    populations:
      full: {label: Everybody}
analyses:
  baseline: {method: describe, dataset: people, title: Scores, parameters: [score]}
figures:
  spread: {figure: distribution, analyses: [baseline], title: Spread}
"""

# Line ends differ on purpose, and a quoted cell spans lines: lines 2-3 are one row.
FIRST = b'unit_id,score,remark\r\nP1,4.5,"two\nlines"\r\nP2,,none\r\n'
SECOND = b"unit_id,score,remark\nP3,7.5,\xc3\xa9t\xc3\xa9\n"
MEAN, COUNT, MISSING = "0123456789ab", "0123cdef4567", "fedcba987654"
PLACES = {
    key_of(7, 1): Place(1, 2, 3),
    key_of(7, 2): Place(2, 4, 4),
    key_of(9, 1): Place(1, 2, 2),
}


def export(number: int, path: str, content: bytes, **more: str) -> Export:
    """A register row for a file with this content."""
    row = {
        "study": Path(path).parts[2],
        "export": Path(path).stem,
        "table": "scores",
        "batch": "",
        "received_on": "2024-05-31",
        "origin": "received",
        "address": "",
        "citation": "",
        "licence": "",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Export(number=number, path=path, **{**row, **more})


def write(root: Path, path: str, content: bytes | str) -> None:
    """A file below the root."""
    store.write_bytes(root / path, content if isinstance(content, bytes) else content.encode())


def build(root: Path) -> Path:
    """The whole tree below ``root``: inputs, results, manifest."""
    raw = {"data/raw/tiny/scores_1.csv": (7, FIRST), "data/raw/tiny/scores_2.csv": (9, SECOND)}
    for path, (_, content) in raw.items():
        write(root, path, content)
    write_register([export(n, path, content) for path, (n, content) in raw.items()], _made(root, "config/exports.csv"))
    write(root, "config/studies/tiny.yaml", PLAN)
    write(root, "config/config.yaml", "studies: [tiny]\n")
    write(root, "envs/requirements.lock", "numpy==2.4.6\n")
    write(root, "Snakefile", 'include: "workflow/Snakefile"\n')
    write(root, "workflow/Snakefile", "rule all:\n")
    write(root, "workflow/rules/validate.smk", "rule validate:\n")
    write(root, "workflow/omtrace/code.py", "x = 1\n")
    write(root, "workflow/omtrace/report/page.html", "<p>{{ x }}</p>\n")
    write(root, "workflow/omtrace/__pycache__/code.cpython-311.pyc", b"\0")
    results(root / "results/tiny")
    manifest.record("tiny", root)
    return root


def _made(root: Path, path: str) -> Path:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    return root / path


def results(folder: Path) -> None:
    """The results of the tiny study."""
    keys = list(PLACES)
    files = ["data/raw/tiny/scores_1.csv"] * 2 + ["data/raw/tiny/scores_2.csv"]
    places = list(PLACES.values())
    store.write_table(
        folder / "validated/places.parquet",
        {
            "key": keys,
            "export": files,
            "part": [""] * 3,
            "first_line": [p.first_line for p in places],
            "last_line": [p.last_line for p in places],
            "column": [""] * 3,
        },
    )
    store.write_table(folder / "validated/scores.parquet", {"key": keys, "unit_id": ["P1", "P2", "P3"]})
    store.write_table(
        folder / "datasets/people.parquet",
        {
            "record": [1, 2, 3],
            "unit": ["P1", "P2", "P3"],
            "parameter": ["score"] * 3,
            "visit": [""] * 3,
            "value": [4.5, None, 7.5],
            "text": [None, None, None],
            "status": ["observed", "blank", "observed"],
        },
    )
    store.write_table(
        folder / "datasets/people.cells.parquet",
        {
            "record": [1, 2, 3],
            "key": keys,
            "column": ["score"] * 3,
            "role": ["value"] * 3,
        },
    )
    sets = [("aa", 1, ""), ("aa", 2, "blank"), ("aa", 3, ""), ("bb", 2, "")]
    store.write_table(
        folder / "rowsets.parquet",
        {
            "rowset": [s[0] for s in sets],
            "dataset": ["people"] * 4,
            "record": [s[1] for s in sets],
            "role": ["outcome"] * 4,
            "reason": [s[2] for s in sets],
        },
    )
    call = {
        "method": "describe",
        "options": {"level": 0.95, "statistics": ["n", "mean"]},
        "population": "full",
    }
    store.write_json(folder / "definitions.json", {"d1": call})
    header = (
        "id",
        "analysis",
        "parameter",
        "population",
        "group",
        "visit",
        "level",
        "statistic",
        "value",
        "unit",
        "decimals",
        "rowset",
        "definition",
        "data",
    )
    store.write_csv(
        folder / "estimates.csv",
        header,
        [
            (
                number,
                "baseline",
                "score",
                "full",
                "all",
                "",
                "",
                statistic,
                value,
                unit,
                decimals,
                rowset,
                "d1",
                "simulated",
            )
            for number, statistic, value, unit, decimals, rowset in (
                (MEAN, "mean", 6.0, "points", 1, "aa"),
                (COUNT, "n", 2.0, "", 0, "aa"),
                (MISSING, "missing", 1.0, "", 0, "bb"),
            )
        ],
    )
    store.write_text(folder / "figures/spread.svg", f'<svg><g id="number-{MEAN}"/></svg>')
    store.write_bytes(folder / "figures/spread.png", b"\x89PNG")
    store.write_json(
        folder / "figures/index.json",
        [
            {"name": "spread", "title": "Spread", "alt": "Spread", "numbers": [MEAN], "note": ""},
        ],
    )
    store.write_text(folder / "report.html", f'<a href="#{MEAN}">6.0</a><a href="#{COUNT}">2</a>')


def states(root: Path) -> dict[str, bytes]:
    """Content of every file below a folder."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def overwrite(path: Path, content: bytes) -> None:
    """Change a file's bytes and put its time stamps back."""
    state = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

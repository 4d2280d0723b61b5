"""Agreement of our numbers with those of others: asserted in the tests, and the rows of ``docs/verification.md``.

A test calls ``agrees`` where it holds a number against a reference; a test file calls ``chosen`` where programs
disagree. ``python -m tests.agreements`` runs the tests that compare and writes the page; a whole run of the tests
asserts that the page has every row.
"""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/verification.md"
MOST = 12  # digits beyond this are not told: the last bits differ between processors
ROWS: dict[tuple[str, str, str], tuple[float, float]] = {}  # method, quantity, source -> tolerance, digits agreed
CHOICES: dict[tuple[str, str], None] = {}  # method, what was chosen and why


def agrees(
    method: str, quantity: str, source: str, ours: Any, reference: Any, rel: float = 0.0, abs: float = 0.0
) -> None:  # noqa: A002
    """Assert that our numbers are within ``rel`` x |reference| or ``abs`` of the reference's, and keep the digits.

    ``method``: as in the plan or the field; ``quantity``: estimate, SE, df, interval, p, ...; ``source``: program and
    version, or publication. Numbers may be scalars or arrays of one shape; a NaN agrees with nothing.
    """
    a, b = np.asarray(ours, dtype=float), np.asarray(reference, dtype=float)
    assert a.shape == b.shape, f"{method}, {quantity}: shapes {a.shape} and {b.shape}"
    error = np.abs(a - b)
    allowed = np.maximum(rel * np.abs(b), abs)
    bad = ~(error <= allowed)
    assert not bad.any(), f"{method}, {quantity}, {source}: ours {a[bad]}, theirs {b[bad]}, allowed {allowed[bad]}"
    size = np.where(np.abs(b) > 0, np.abs(b), 1.0) if rel else np.ones_like(b)
    worst = float(np.max(error / size, initial=0.0))
    digits = MOST if worst == 0 else min(MOST, max(0, math.floor(-math.log10(worst))))
    _keep((method, quantity, source), rel or abs, digits)


def _keep(key: tuple, tolerance: float, digits: float) -> None:
    known = ROWS.get(key, (tolerance, digits))
    ROWS[key] = (max(known[0], tolerance), min(known[1], digits))


def chosen(method: str, words: str) -> None:
    """Say where programs disagree on a method, and what was chosen here."""
    CHOICES[method, words] = None


def packed() -> list:
    """Rows and choices as plain lists, for another process."""
    return [[[*key, *value] for key, value in ROWS.items()], [list(key) for key in CHOICES]]


def unpack(parts: list) -> None:
    """Take over the rows and choices of another process."""
    for *key, tolerance, digits in parts[0]:
        _keep(tuple(key), tolerance, digits)
    CHOICES.update((tuple(key), None) for key in parts[1])


def page(rows: dict[tuple[str, str, str], tuple[float, float]], choices: list[tuple[str, str]]) -> str:
    """The page, in Markdown."""
    lines = [
        "# What the numbers were held against",
        "",
        "Written by `python -m tests.agreements` from the tests; do not edit. Each row is a comparison that the tests",
        "make with numbers that others computed or published: the tolerance that the test allows (relative, or",
        f"absolute for numbers near zero), and the digits that agreed when the page was written (at most {MOST}).",
        "",
        "| method | quantity | reference | tolerance | digits |",
        "| --- | --- | --- | ---: | ---: |",
        *(f"| {' | '.join(key)} | {t:.0e} | {d}{'+' if d == MOST else ''} |" for key, (t, d) in sorted(rows.items())),
        "",
        "## Where programs disagree, and what was chosen",
        "",
        *(f"- **{method}**: {words}" for method, words in sorted(choices)),
        "",
    ]
    return "\n".join(lines)


def missing_from_page() -> list[str]:
    """Comparisons and choices that the page in the repository does not have."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    rows = [f"| {' | '.join(key)} |" for key in ROWS]
    return [part for part in [*rows, *(words for _, words in CHOICES)] if part not in text]


def main() -> int:
    """Run the tests that compare, and write the page."""
    files = [f for f in sorted(Path(__file__).parent.rglob("test_*.py")) if "agreements import" in f.read_text("utf-8")]
    command = [sys.executable, "-m", "pytest", "-q", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "OMTRACE_WRITE_AGREEMENTS": "1"}).returncode


if __name__ == "__main__":
    sys.exit(main())

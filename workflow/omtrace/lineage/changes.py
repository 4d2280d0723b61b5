"""``python -m omtrace changes STUDY``: which earlier numbers a run changed, and why; the others are the same by digest.

Every finished run whose estimates differ from those before is kept below ``data/history/<study>/``: the estimates, and
what the manifest says of register, plan, code and environment. It survives ``rm -r results``, and no result reads it.
"""

import csv
import gzip
import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omtrace import store
from omtrace.faults import Fault
from omtrace.keys import digest_of
from omtrace.lineage.manifest import read_manifest
from omtrace.study.register import Export, exports_of, read_register

HISTORY = Path("data/history")
KEPT = 30  # estimates of a study
SHOWN = 40  # lines of the command
NAMES = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")
Row = dict[str, str]


@dataclass(frozen=True)
class Change:
    """One number before and after: a row of estimates, or None; ``cause`` says why it differs."""

    old: Row | None
    new: Row | None
    cause: str

    def line(self) -> str:
        """Id, name, old and new value, and the cause."""
        row: Row = self.new or self.old or {}
        name = ", ".join(row[part] for part in NAMES if row[part] and part != "population")
        old, new = (self.old or {}).get("value", "none"), (self.new or {}).get("value", "none")
        return f"{row['id']}  {name}: {old or 'no value'} -> {new or 'no value'}  [{self.cause}]"


def keep(study: str, root: str | Path = ".") -> bool:
    """Keep the estimates of a finished run beside earlier ones; whether they differ from the last kept."""
    root = Path(root)
    content = (root / "results" / study / "estimates.csv").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    folder = root / HISTORY / study
    entries = _entries(folder)
    if entries and entries[-1]["estimates"] == digest:
        return False
    manifest = read_manifest(study, root)
    files = manifest["files"]
    entry = {
        "estimates": digest,
        "register": sorted(row["number"] for row in manifest["register"]),
        **{kind: digest_of(f"{p} {d.get('sha256')}" for p, d in sorted(files[kind].items()))
           for kind in ("code", "plan", "environment", "raw")},
    }  # fmt: skip
    store.write_bytes(folder / f"{digest[:16]}.csv.gz", gzip.compress(content, 1, mtime=0))
    entries = [*entries, entry][-KEPT:]
    store.write_text(folder / "index.jsonl", "".join(json.dumps(one, sort_keys=True) + "\n" for one in entries))
    for path in folder.glob("*.csv.gz"):
        if path.name.partition(".")[0] not in {one["estimates"][:16] for one in entries}:
            path.unlink()
    return True


def _entries(folder: Path) -> list[dict[str, Any]]:
    path = folder / "index.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def compared(study: str, root: str | Path = ".") -> tuple[list[Change], int]:
    """The numbers that differ between the last two different runs, and how many are the same.

    The same: value, row set and definition are, and a row set's digest covers the raw cells of its records.
    Raises Fault where the study has not run, or was not kept twice.
    """
    root = Path(root)
    folder = root / HISTORY / study
    path = root / "results" / study / "estimates.csv"
    if not path.is_file():
        raise Fault(f"results/{study}/estimates.csv: missing; run snakemake {study}")
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    entries = _entries(folder)
    current = next((e for e in reversed(entries) if e["estimates"] == now), None)
    earlier = [e for e in entries[: entries.index(current)] if e["estimates"] != now] if current else entries
    if not earlier:
        raise Fault(f"{study}: no earlier numbers are kept; they are after each run that changes one")
    before = earlier[-1]
    content = gzip.decompress((folder / f"{before['estimates'][:16]}.csv.gz").read_bytes()).decode("utf-8")
    old, new, alike = _different(content, path.read_text(encoding="utf-8"))
    exports = exports_of(read_register(root / "config/exports.csv"), study, replaced=True)
    fresh = [e for e in exports if e.number not in set(before["register"])]
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        cause = _cause(old.get(key), new.get(key), before, current, fresh)
        if cause:
            changes.append(Change(old.get(key), new.get(key), cause))
    both = sum(key in new for key in old) - sum(c.old is not None and c.new is not None for c in changes)
    return changes, alike + both


def _different(old: str, new: str) -> tuple[dict[str, Row], dict[str, Row], int]:
    """The rows of two estimates that are not the same to the letter, by id, in order; and how many are."""
    lines = [text.split("\n") for text in (old, new)]
    if lines[0][0] != lines[1][0] or any(line.count('"') % 2 for text in lines for line in text if '"' in line):
        return _rows(old), _rows(new), 0  # other columns, or a cell of several lines
    same = set(lines[0]) & set(lines[1])
    header = lines[0][0]
    one, other = (_rows("\n".join([header, *(line for line in text if line not in same)])) for text in lines)
    return one, other, len(same - {header, ""})


def _rows(text: str) -> dict[str, Row]:
    """The rows of estimates by id."""
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def _cause(old: Row | None, new: Row | None, before: dict, current: dict | None, fresh: list[Export]) -> str:
    """Why a number is another one than before, "" for the same number."""
    added = f"new exports {', '.join(str(e.number) for e in fresh[:6])}{', ...' * (len(fresh) > 6)}" if fresh else ""
    if old is None or new is None:
        what = "added" if old is None else "gone"
        return f"{what}: {added or 'the plan, or what the data hold'}"
    if all(old[part] == new[part] for part in ("value", "rowset", "definition")):
        return ""
    if old["definition"] != new["definition"]:
        return "plan: another definition"
    if old["rowset"] != new["rowset"]:
        same = " (the value is the same)" * (old["value"] == new["value"])
        return f"rows: {added or 'records of its row set are others'}{same}"
    kinds = ("code", "environment", "raw")
    other = [kind for kind in kinds if current and before[kind] != current[kind]]
    return f"same rows and definition: {' and '.join(other) or 'unknown'} changed"


def summary(study: str, root: str | Path = ".") -> str:
    """One line on what the last run changed."""
    changes, same = compared(study, root)
    counts = Counter("added" if c.old is None else "gone" if c.new is None else "changed" for c in changes)
    told = ", ".join(f"{counts[what]} {what}" for what in ("changed", "added", "gone"))
    return f"{study}: {told}, {same} numbers the same (value, rows and definition)"


def report(study: str, every: bool = False, root: str | Path = ".") -> bool:
    """Print what the last run changed, by analysis, and each number; added ones as counts."""
    changes, _ = compared(study, root)
    print(summary(study, root))
    causes = Counter((_analysis(c), c.cause) for c in changes)
    for (analysis, cause), count in sorted(causes.items()):
        print(f"  {analysis}: {count} [{cause}]")
    lines = [c.line() for c in changes if every or c.old is not None]
    for line in lines if every else lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN and not every:
        print(f"... and {len(lines) - SHOWN} more (--all shows them, and those that are new)")
    return True


def _analysis(change: Change) -> str:
    return (change.new or change.old or {})["analysis"]

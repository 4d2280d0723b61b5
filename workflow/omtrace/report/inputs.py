"""What went in: registered exports, what the readers decided, rows kept and rows left out. No values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.register import Export
from omtrace.provenance.keys import SHIFT, key_text, number_of

if TYPE_CHECKING:
    import pyarrow

Table = Mapping[str, list]
PLACE = ("key", "export", "part", "first_line", "last_line")
SOURCE = ("Batch", "Received on", "Citation", "Licence", "Address")
TITLES = {
    "table": "Table",
    "rows_in": "Rows in",
    "rows_out": "Rows out",
    "quarantined": "Quarantined",
    "out_of_scope": "Out of scope",
    "reasons": "Why out of scope",
}


def exports_shown(
    exports: Sequence[Export], decisions: Mapping[str, Mapping[str, str]], places: "pyarrow.Table", quarantine: Table
) -> list[dict]:
    """Each registered export with its decisions and its rows: placed, quarantined (a row counts once)."""
    import numpy

    source = attrgetter("batch", "received_on", "citation", "licence", "address")
    numbers = numpy.unique(places.column("key").to_numpy() >> SHIFT, return_counts=True)
    placed = Counter(dict(zip(*(part.tolist() for part in numbers), strict=True)))
    lost = Counter(number_of(key) for key in set(quarantine["key"]))
    return [
        {
            "export": export,
            "rows": placed[export.number],
            "quarantined": lost[export.number],
            "source": tuple((title, text) for title, text in zip(SOURCE, source(export), strict=True) if text),
            "decisions": tuple(
                (key.replace("_", " ").capitalize(), _text(value))
                for key, value in sorted(decisions.get(export.path, {}).items())
            ),
        }
        for export in exports
    ]


def left_out_shown(
    exports: Sequence[Export], decisions: Mapping[str, Mapping[str, str]], quarantine: Table
) -> list[dict]:
    """Batches, and files without one, that are left out whole: what it is, and the files at fault, each with why."""
    whole = "the whole file: "
    why = {path: str(d["left out"]).removeprefix(whole) for path, d in decisions.items() if "left out" in d}
    taken = {number_of(key) for key, rule in zip(quarantine["key"], quarantine["rule"], strict=True) if rule == "batch"}
    found: dict[str, list[dict]] = {}
    for export in exports:
        if export.path in why or export.number in taken:
            causes = found.setdefault(f"batch {export.batch}" if export.batch else export.path, [])
            causes += [{"path": export.path, "rule": why[export.path]}] if export.path in why else []
    return [{"what": what, "causes": causes} for what, causes in found.items()]


def _text(value: object) -> str:
    return ", ".join(_text(item) for item in value) if isinstance(value, list | tuple) else str(value)


def conservation_shown(rows: Sequence[Mapping[str, str]]) -> dict:
    """The conservation of rows as a table: columns (title, whether counts), rows of texts. Blank columns go."""
    columns = [column for column in (rows[0] if rows else {}) if any(row[column] for row in rows)]
    counts = [all(row[column].isdigit() for row in rows) for column in columns]
    titles = [TITLES.get(column, column.replace("_", " ").capitalize()) for column in columns]
    return {
        "columns": list(zip(titles, counts, strict=True)),
        "rows": [[row[column] for column in columns] for row in rows],
    }


def quarantine_shown(quarantine: Table, places: "pyarrow.Table") -> list[dict]:
    """Quarantined rows by table, rule and severity: key, file, lines and column of each, never a value.

    Raises Fault for a row without a place.
    """
    import pyarrow
    import pyarrow.compute as compute

    is_wanted = compute.is_in(places.column("key"), value_set=pyarrow.array(quarantine["key"], pyarrow.int64()))
    wanted = places.filter(is_wanted)
    where = {row[0]: row[1:] for row in zip(*(wanted.column(name).to_pylist() for name in PLACE), strict=True)}
    groups: dict[tuple, list[dict]] = {}
    columns = (quarantine[name] for name in ("table", "rule", "severity", "key", "column"))
    for table, rule, severity, key, column in sorted(zip(*columns, strict=True)):
        if key not in where:
            raise Fault(f"validated/places.parquet: no place for key {key_text(key)}; run snakemake again")
        file, part, first, last = where[key]
        groups.setdefault((table, rule, severity), []).append(
            {
                "key": key_text(key),
                "file": file,
                "part": part,
                "lines": str(first) if first == last else f"{first}–{last}",
                "column": column,
            }
        )
    return [
        {"table": table, "rule": rule, "severity": severity, "rows": rows, "count": len({row["key"] for row in rows})}
        for (table, rule, severity), rows in groups.items()
    ]


def findings_shown(rows: Sequence[Mapping[str, str]]) -> list[dict]:
    """What was found, by rule and table over all files, worst first: severity, rule, table, columns, cells."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["severity"], row["rule"], row["table"]), []).append(row)
    return [
        {
            "severity": severity,
            "rule": rule,
            "table": table,
            "columns": list(dict.fromkeys(row["column"] for row in group if row["column"])),
            "cells": sum(int(row["cells"]) for row in group),
        }
        for (severity, rule, table), group in groups.items()
    ]

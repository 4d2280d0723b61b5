"""Declared tables as Frictionless Table Schema (https://specs.frictionlessdata.io/table-schema/), one document a table.

A document describes the validated table: its column names, types and bounds. What Table Schema has no word for
stands in properties of our own, which the specification allows: ``unit``, ``source``, ``rawColumn``, ``codes``,
``missingCodes``, ``conditionalReferences``.
"""

from collections.abc import Collection

from omtrace.report.fields import FieldEntry, TableEntry
from omtrace.schemas import Column, Reference

TYPES = {"text": "string", "integer": "integer", "number": "number", "date": "date"}


def table_schema(entry: TableEntry, tables: Collection[str]) -> dict[str, object]:
    """The Table Schema of one table. ``tables``: those of the dictionary, which a foreign key may name."""
    references = [r for r in entry.table.references if r.table in tables]
    found = {
        "name": entry.name,
        "title": entry.instrument.title if entry.instrument else _in_words(entry.name),
        "description": f"One row: {entry.table.row}",
        "source": entry.source,
        "fields": [_field(field) for field in entry.fields],
        "primaryKey": list(entry.table.key),
        "foreignKeys": [_foreign_key(r) for r in references if not r.where],
        "conditionalReferences": [
            {**_foreign_key(r), "where": {r.where[0]: r.where[1]}} for r in references if r.where
        ],
        "missingValues": ["", *entry.missing],
        "missingCodes": dict(entry.missing),
    }
    return {name: value for name, value in found.items() if value}


def _field(field: FieldEntry) -> dict[str, object]:
    column = field.column
    found = {
        "name": column.name,
        "type": TYPES[column.kind],
        "title": _in_words(column.name),
        "description": column.description,
        "constraints": _constraints(column, field.in_key),
        "unit": column.unit,
        "source": field.source,
        "rawColumn": field.raw,
        "codes": {code.raw: code.value for code in field.codes},
    }
    return {name: value for name, value in found.items() if value}


def _constraints(column: Column, in_key: bool) -> dict[str, object]:
    """Constraints by name; bounds of whole numbers as whole numbers, as the specification asks."""
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    limits = {name: _bound(column, bound) for name, bound in bounds.items() if bound is not None}
    enum = {"enum": list(column.allowed)} if column.allowed else {}
    return {"required": column.required or in_key, **limits, **enum}


def _bound(column: Column, bound: float) -> float:
    return int(bound) if column.kind == "integer" else float(bound)


def _foreign_key(reference: Reference) -> dict[str, object]:
    return {"fields": reference.column, "reference": {"resource": reference.table, "fields": reference.other}}


def _in_words(name: str) -> str:
    return name.replace("_", " ")

"""Columns of a table that a file beside the plan declares, a Frictionless Table Schema.

The file lies in the folder ``config/studies/<study>/`` and is read with the plan, so that what it says is part of the
plan from there on. Table Schema: https://specs.frictionlessdata.io/table-schema/; types, constraints and foreign keys
are taken over, and of properties beyond the specification ``unit``, ``rawColumn`` and ``codes``.
"""

import json
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.model.register import FILE_NAME

KINDS = {
    "string": "text",
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "boolean": "category",
}
BOOLEAN = {"true": "yes", "True": "yes", "1": "yes", "false": "no", "False": "no", "0": "no"}


def with_columns(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A table's plan entry with the columns of the file that it names; what the entry says itself wins.

    Parameters
    ----------
    entry
        The entry. ``columns_from`` is the name of the file.
    folder
        Where the file lies.

    Raises
    ------
    Fault
        For a file that is missing or no Table Schema, and for a type that no column has.
    """
    name = entry.get("columns_from")
    if not isinstance(name, str) or not name:
        return entry
    if not FILE_NAME.match(name):
        raise Fault(f"{folder}.yaml: columns_from: {name!r} is not the name of a file in {folder}/")
    path = folder / name
    if not path.is_file():
        raise Fault(f"{path}: there is no such file")
    try:
        columns = table_schema(path.read_bytes())
    except Fault as fault:
        raise Fault(*(f"{path}: {line}" for line in fault.lines)) from None
    own = entry.get("columns") or {}
    joined = {
        column: said | own[column] if isinstance(own.get(column), dict) else own.get(column, said)
        for column, said in columns.items()
    }
    return entry | {"columns": joined | {column: said for column, said in own.items() if column not in joined}}


def table_schema(content: bytes) -> dict[str, dict[str, object]]:
    """The columns of a Table Schema, as a plan declares them.

    Raises
    ------
    Fault
        For what is no Table Schema, with the field.
    """
    try:
        schema = json.loads(content)
    except ValueError as error:
        raise Fault(f"not readable as JSON: {error}") from None
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(fields, list) or not all(isinstance(entry, dict) and entry.get("name") for entry in fields):
        raise Fault("no Table Schema: it has a list of fields, each with a name")
    references = {
        _alone(key.get("fields")): f"{key['reference'].get('resource')}.{_alone(key['reference'].get('fields'))}"
        for key in schema.get("foreignKeys", ())
        if isinstance(key, dict) and isinstance(key.get("reference"), dict) and key["reference"].get("resource")
    }
    columns, faults = {}, []
    for entry in fields:
        kind = KINDS.get(str(entry.get("type", "string")))
        if kind is None:
            faults.append(f"field {entry['name']!r}: no column is of type {entry['type']!r}")
        else:
            columns[str(entry["name"])] = _column(entry, kind, references)
    if faults:
        raise Fault(*faults)
    return columns


def _alone(names: object) -> str:
    return str(names[0] if isinstance(names, list) and names else names)


def _column(field: dict[str, Any], kind: str, references: dict[str, str]) -> dict[str, object]:
    limits = field.get("constraints") or {}
    codes = {str(raw): str(label) for raw, label in (field.get("codes") or {}).items()}
    values = [str(value) for value in limits.get("enum", ())]
    if kind == "category":
        codes, values = dict(BOOLEAN), []
    elif kind == "text" and (codes or values):
        kind = "category"
    bounds = [limits.get("minimum"), limits.get("maximum")]
    said = {
        "source": field.get("rawColumn", ""),
        "type": kind,
        "description": field.get("description") or field.get("title") or "",
        "unit": field.get("unit", ""),
        "bounds": bounds if kind in ("integer", "number") and bounds != [None, None] else [],
        "codes": codes if kind in ("category", "integer") else {},
        "values": values if kind in ("category", "integer") and not codes else [],
        "pattern": limits.get("pattern", "") if kind == "text" else "",
        "required": bool(limits.get("required")),
        "references": references.get(str(field["name"]), ""),
    }
    return {name: value for name, value in said.items() if value not in ("", [], {}, False)}

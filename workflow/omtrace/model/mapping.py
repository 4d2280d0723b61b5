"""The mapping file of a table: how source columns and codes of any survey tool are bound to the table's own.

A CSV in the folder ``config/studies/<study>/`` with the columns ``column``, ``source``, ``code`` and ``value``: the
table's column, the export's column, and, in as many rows as needed, a code of the export with the value it stands for
(both blank where the column's texts stay as they are).
"""

import csv
import io
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.model.register import FILE_NAME

COLUMNS = ["column", "source", "code", "value"]


def mapped(entry: dict[str, Any], folder: Path) -> dict[str, object]:
    """A table's plan entry with its mapping file read into ``columns`` and ``recode``; what the entry says itself wins.

    Raises Fault, with every finding by line, for a file that is missing, or says two things of one column or code.
    """
    name = entry.get("mapping")
    if not isinstance(name, str) or not name:
        return entry
    if not FILE_NAME.match(name):
        raise Fault(f"{folder}.yaml: mapping: {name!r} is not the name of a file in {folder}/")
    columns: dict[str, str] = {}
    recode: dict[str, dict[str, str]] = {}
    faults = []
    for line, row in _rows(folder / name):
        where = f"{folder / name}: line {line}"
        column, source, code, value = row
        if not column or not source:
            faults.append(f"{where}: column and source must be given")
        if columns.setdefault(column, source) != source:
            faults.append(f"{where}: {column} has another source above")
        if code or value:
            codes = recode.setdefault(column, {})
            if code in codes:
                faults.append(f"{where}: the code stands above already")
            codes[code] = value
    if faults:
        raise Fault(*faults)
    declared = {part: entry.get(part) or {} for part in ("columns", "recode")}
    return entry | {"columns": columns | declared["columns"], "recode": recode | declared["recode"]}


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Fault(f"{path}: there is no such mapping file") from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: not UTF-8 text") from None
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise Fault(f"{path}: line {reader.line_num}: not readable as CSV: {error}") from None
    if not rows or rows[0][1] != COLUMNS:
        raise Fault(f"{path}: line 1: the columns must be {','.join(COLUMNS)}")
    wrong = [f"{path}: line {line}: {len(row)} cells instead of 4" for line, row in rows if len(row) != len(COLUMNS)]
    if wrong:
        raise Fault(*wrong)
    return rows[1:]

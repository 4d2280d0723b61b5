"""One sheet of a workbook: xlsx, xls or ods, by content whatever the file's name."""

import json
import re
import subprocess
import sys

from omtrace.faults import Fault, nearest
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, _workbook, _workbook_archive, _workbook_facts
from omtrace.readers._delimited import check_names
from omtrace.readers._workbook_doubts import Sheet, letters, range_text

ROWS = 22  # bits of an ordinal for the row; the sheet's index stands above them
SHEETS = 1 << 10
SECONDS = 120
# What the reading process runs; imported, though never called here, because a step's digest covers what it imports.
CHILD, *BESIDE = (module.__file__ for module in (_workbook, _workbook_archive, _workbook_facts))
PLAIN_SHEET = re.compile(r"[^\W\d]\w*")


def read(content: bytes, sheet: str = "", header_row: int = 1) -> Extract:
    """The rows of a sheet as text; a place is the row, its part the sheet.

    Whole numbers stand without a point, other numbers in full, dates and times as ISO text (counted in
    the decisions: text in the same column stays as typed), truth as TRUE and FALSE, errors as their
    text. Empty rows are no rows, unless a formula without a saved value stands in them; a column without a
    name and without a cell is no column at the right end, and refused elsewhere, so that the extract's first
    column is always the sheet's column A. The ordinal is index of the sheet * 2**22 + row.

    Doubts: ``formula_uncached``, ``error_cell``, ``hidden_row``, ``hidden_column``, ``identifier_damaged`` (see
    ``_workbook_doubts``), ``merged_header`` (merged cells touch the row of names; each name that is covered is
    the name shown with the column's letters) and ``merged_cell`` (blank within merged cells, or a text that they
    hide). What a format never shows stands in the decisions. Raises Fault if the workbook cannot be read or is
    made to exhaust the machine, the sheet is not clear, or column names are missing or doubled.
    """
    return extract_of(answer_to(content, sheet), sheet, header_row)


def address(place: Place, column_index: int) -> str:
    """The cell of a row, as a spreadsheet's own formulas name it: ``Data!B7``, ``'My data'!B7``.

    ``column_index`` counts the extract's columns, and so the sheet's, from 0.
    """
    sheet = place.part if PLAIN_SHEET.fullmatch(place.part) else "'" + place.part.replace("'", "''") + "'"
    return f"{sheet}!{letters(column_index)}{place.first_line}"


def extract_of(answer: dict, wanted: str = "", header_row: int = 1) -> Extract:
    """The extract that an answer of the reading process holds. Raises Fault as ``read`` does."""
    if "fault" in answer:
        raise Fault(answer["fault"])
    sheets, index = answer["sheets"], answer["index"]
    if index < 0:
        hint = nearest(wanted, sheets) if wanted else ""
        raise Fault(f"option sheet: name one of the sheets {', '.join(map(repr, sheets))}{hint}")
    if index >= SHEETS:
        raise Fault(f"more than {SHEETS} sheets; split the workbook")
    name, head, rows = sheets[index], header_row - 1, answer["rows"]
    columns = _columns(answer, head, f"sheet {name!r}, row {head + 1}")
    uncached = {row for row, _ in answer["uncached"]}
    used = [n for n in range(head + 1, len(rows)) if n in uncached or any(cell.strip() for cell in rows[n])]
    sheet = Sheet(answer, head, columns, {n: kept for kept, n in enumerate(used)})
    dates = sheet.by_column("dates")
    decisions = {"sheet": f"{name} ({index + 1} of {len(sheets)}{', hidden' if answer['hidden'] else ''})"}
    for what, cells in (("date", dates), ("time", sheet.by_column("times"))):
        decisions |= {f"{what} cells in {column}": f"{len(n)} of {len(used)}" for column, n in cells.items()}
    if answer["unseen"]:
        decisions["not visible in this format"] = answer["unseen"]
    places = [Place((index << ROWS) + n + 1, n + 1, n + 1, name) for n in used]
    kept = [rows[n][: len(columns)] for n in used]
    return Extract.of_rows(columns, kept, places, decisions, doubts=sheet.doubts(), date_cells=dates)


def _columns(answer: dict, head: int, where: str) -> tuple[str, ...]:
    """The column names; where merged cells cover one, the name shown with the letters of the column."""
    rows = answer["rows"]
    names = list(rows[head]) if head < len(rows) else []
    blank = [letters(column) for row, column in answer["uncached"] if row == head]
    if blank:
        raise Fault(f"{where}: formulas without a saved value in column {', '.join(blank)}; type the names as text")
    if not any(name.strip() for name in names):
        raise Fault(f"{where}: no column names; set the option header_row to their row")
    filled = {n for row in rows[head + 1 :] for n, cell in enumerate(row) if cell.strip()}
    filled |= {column for row, column in answer["uncached"] if row > head}
    del names[max(n for n, name in enumerate(names) if name.strip() or n in filled) + 1 :]
    for merged in answer["merged"]:
        top, left, below, right = merged
        for n in range(left, min(right + 1, len(names))) if top <= head <= below else ():
            names[n] = (
                names[n] if names[n].strip() else f"{rows[top][left].strip() or range_text(merged)} ({letters(n)})"
            )
    check_names(tuple(names), where)
    return tuple(names)


def answer_to(content: bytes, sheet: str) -> dict:
    """The answer of the reading process to a request (see ``_workbook.py``). Raises Fault if it gives none."""
    request = json.dumps(sheet).encode() + b"\n" + content
    command = [sys.executable, "-I", str(CHILD)]
    try:
        done = subprocess.run(command, input=request, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Fault(f"not read within {SECONDS} seconds; save the workbook anew, or its sheet as CSV") from None
    if done.returncode:
        raise Fault("the workbook is damaged or too large to read; save it anew, or its sheet as CSV")
    return json.loads(done.stdout)

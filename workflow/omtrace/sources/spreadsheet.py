"""One sheet of a workbook: xlsx, xls or ods, by content whatever the file's name."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from pydantic import Field

from omtrace.faults import Fault
from omtrace.keys import Place
from omtrace.sources import Extract, Reader
from omtrace.sources.delimited import check_names
from omtrace.study.plan import Closed, nearest

ROWS = 22  # bits of an ordinal for the row; the sheet's index stands above them
SHEETS = 1 << 10
SECONDS = 120
CHILD = Path(__file__).with_name("_workbook.py")


class Options(Closed):
    """Which sheet is read, and where its column names are."""

    sheet: str = Field("", description="name of the sheet; empty: the only one")
    header_row: int = Field(1, ge=1, description="row of the column names; rows above are left out")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a sheet as text; a place is the row, its part the sheet.

    Whole numbers stand without a point, other numbers in full, dates and times as ISO text (counted in
    the decisions: text in the same column stays as typed), truth as TRUE and FALSE, errors as their
    text. Empty rows are no rows; a column without a name and without a cell is no column. The ordinal
    is index of the sheet * 2**22 + row. Raises Fault if the workbook cannot be read, the sheet is not
    clear, or column names are missing or doubled.
    """
    answer = _asked(content, options.sheet)
    sheets, index = answer["sheets"], answer["index"]
    if index < 0:
        hint = nearest(options.sheet, sheets) if options.sheet else ""
        raise Fault(f"option sheet: name one of the sheets {', '.join(map(repr, sheets))}{hint}")
    if index >= SHEETS:
        raise Fault(f"more than {SHEETS} sheets; split the workbook")
    sheet, head = sheets[index], options.header_row - 1
    rows = answer["rows"]
    names = rows[head] if head < len(rows) else []
    where, below = f"sheet {sheet!r}, row {head + 1}", rows[head + 1 :]
    if not any(name.strip() for name in names):
        raise Fault(f"{where}: no column names; set the option header_row to their row")
    used = [n for n, name in enumerate(names) if name.strip() or any(row[n].strip() for row in below)]
    columns = tuple(names[: used[-1] + 1])
    check_names(columns, where)
    kept, places = [], []
    for number, row in enumerate(below, head + 2):
        if any(cell.strip() for cell in row):
            kept.append(row[: len(columns)])
            places.append(Place((index << ROWS) + number, number, number, sheet))
    decisions = {"sheet": f"{sheet} ({index + 1} of {len(sheets)})"}
    dates = Counter(column for row, column in answer["dates"] if row > head)
    for n, name in enumerate(columns):
        if dates[n]:
            decisions[f"date cells in {name}"] = f"{dates[n]} of {len(kept)}"
    return Extract(columns, kept, places, decisions)


def _asked(content: bytes, sheet: str) -> dict:
    """The answer of the reading process; Fault if it gives none."""
    request = json.dumps(sheet).encode() + b"\n" + content
    command = [sys.executable, "-I", str(CHILD)]
    try:
        done = subprocess.run(command, input=request, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Fault(f"not read within {SECONDS} seconds; save the workbook anew, or its sheet as CSV") from None
    if done.returncode:
        raise Fault("the workbook is damaged or too large to read; save it anew, or its sheet as CSV")
    answer = json.loads(done.stdout)
    if "fault" in answer:
        raise Fault(answer["fault"])
    return answer


READER = Reader(Options, read)

"""One sheet of a workbook as text, read in a process of its own: ``python _workbook.py < request > answer``.

The parser is native code: on damaged bytes it can abort, panic or ask for any amount of memory, which no
``except`` can hold. Here that ends this process and nothing else. The request is one line of JSON (the
sheet wanted, "" = the only one), then the workbook's bytes. The answer is JSON: ``fault``, or

- ``sheets``, ``index`` (-1: the sheet is not clear, and nothing follows), ``hidden`` (the sheet itself is);
- ``rows``: from row 1 and column A, as text;
- ``dates``, ``times``, ``numbers``, ``uncached``, ``errors``: row and column, from 0, of date cells, time cells,
  numbers in columns that are mostly text, formulas without a saved value, error cells;
- ``hidden_rows``, ``hidden_columns``; ``merged``: first row, first column, last row, last column;
- ``unseen``: what this format does not show.

With ``--many``, requests and answers follow one another, each after its length in 8 bytes (big-endian): for
tests that send damaged workbooks by the thousand. This file and those that it loads import nothing of the package, so
that it starts fast and runs anywhere.
"""

import datetime
import importlib.util
import io
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

    from omtrace.readers._workbook_facts import Facts

MEMORY = 2 * 2**30  # bytes
CELLS = 5_000_000  # some 50,000 rows of 100 columns
DOUBTFUL = 500_000  # cells
OLE = b"\xd0\xcf\x11\xe0"
MANIFEST = "META-INF/manifest.xml"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
LOCKED = "a password protects the workbook; save it without"
DAMAGED = "no workbook in xlsx, xls or ods, or a damaged one; put back the file as it was received"
TOO_LARGE = f"more than {CELLS} cells between the first and the last; clear the stray ones"
TOO_DOUBTFUL = (
    f"more than {DOUBTFUL} cells are merged, in error or formulas without a saved value; mend them in the workbook"
)
UNFORMATTED = "rows that are hidden, merged cells and errors cannot be told in this xls; save it as xlsx"
KINDS = {
    str: "text",
    float: "number",
    int: "number",
    datetime.date: "date",
    datetime.datetime: "date",
    datetime.time: "time",
    datetime.timedelta: "time",
}


@cache
def _beside(name: str) -> ModuleType:
    """A module beside this file; by its path, because nothing else of the folder shall be importable here."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(value: object) -> str:
    """A cell as text: whole numbers without a point, other numbers in full, dates and times ISO."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime.timedelta):
        seconds = round(abs(value).total_seconds())
        sign = "-" if value < datetime.timedelta(0) else ""
        return f"{sign}{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def kind_of(content: bytes) -> str:
    """xls, xlsx, ods or locked, by content; "" for another archive. Raises BadZipFile for anything else."""
    if content.startswith(OLE):
        return "locked" if ENCRYPTED in content else "xls"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if MANIFEST in names and b"encryption-data" in archive.read(MANIFEST):
            return "locked"
    return "xlsx" if "xl/workbook.xml" in names else "ods" if "content.xml" in names else ""


def cells_in(ranges: list, height: int, width: int) -> list[tuple[int, int]]:
    """Row and column of every cell of the ranges, as far as it lies in the sheet's used part."""
    return [
        (row, column)
        for top, left, below, right in ranges
        for row in range(top, min(below + 1, height))
        for column in range(left, min(right + 1, width))
    ]


def area(ranges: list, height: int, width: int) -> int:
    """How many cells the ranges have in the sheet's used part."""
    return sum(
        max(0, min(below + 1, height) - top) * max(0, min(right + 1, width) - left)
        for top, left, below, right in ranges
    )


class Cells(NamedTuple):
    """A sheet as rows of text from A1; ``places``: row and column of its dates, times, and numbers among texts."""

    rows: list[list[str]]
    places: dict[str, list[tuple[int, int]]]


def cells_of(sheet: "CalamineSheet", height: int, width: int) -> Cells:
    """The cells of a sheet."""
    top, left = sheet.start or (0, 0)
    rows: list[list[str]] = [[""] * width for _ in range(top)]
    found: dict[str, list[tuple[int, int]]] = {"date": [], "time": []}
    shapes: list[list[int]] = []  # of each row the columns of its numbers; texts are only counted
    texts: Counter[int] = Counter()
    numbers: Counter[int] = Counter()
    for values in sheet.iter_rows() if sheet.start else ():
        row, here = len(rows), []
        for column, value in enumerate(values, left):
            kind = KINDS.get(type(value))
            if kind == "number":
                here.append(column)
            elif kind == "text" and value:
                texts[column] += 1
            elif kind in found:
                found[kind].append((row, column))
        numbers.update(here)
        shapes.append(here)
        rows.append([""] * left + [text_of(value) for value in values] + [""] * (width - left - len(values)))
    rows += [[""] * width for _ in range(height - len(rows))]
    mostly = {column for column, count in texts.items() if count > numbers[column] > 0}
    found["number"] = [(row, c) for row, here in enumerate(shapes, top) if mostly for c in here if c in mostly]
    return Cells(rows, found)


def answer(wanted: str, content: bytes) -> dict:
    """The answer to a request, as the module says. Raises whatever a damaged file makes the parsers raise."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    if not content.startswith(OLE):
        content = _beside("_workbook_archive").unpacked(content)
    kind = kind_of(content)
    if kind in ("", "locked"):
        return {"fault": LOCKED if kind else DAMAGED}
    facts = _beside("_workbook_facts")
    known = facts.ods_facts(content) if kind == "ods" else {}
    if sum(sheet.height * sheet.width for sheet in known.values()) > CELLS:  # the parser reads all sheets at once
        return {"fault": TOO_LARGE}
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        return {"fault": LOCKED}
    sheets = {sheet.name: sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet}
    name = wanted or next(iter(sheets))
    if name not in sheets or (not wanted and len(sheets) > 1):
        return {"sheets": list(sheets), "index": -1}
    if kind == "xls":
        try:
            known[name] = facts.xls_facts(content, name)
        except Exception:  # whatever xlrd makes of a file that it does not understand
            return {"fault": UNFORMATTED}
    elif kind == "xlsx":
        known[name] = facts.xlsx_facts(content, name)
    if known[name].height * known[name].width > CELLS:
        return {"fault": TOO_LARGE}
    hidden = sheets[name].visible != SheetVisibleEnum.Visible
    about = {"sheets": list(sheets), "index": list(sheets).index(name), "hidden": hidden}
    return about | answer_of(book.get_sheet_by_name(name), known[name])


def answer_of(sheet: "CalamineSheet", facts: "Facts") -> dict:
    """The part of the answer that follows once the sheet is clear."""
    below, right = sheet.end or (-1, -1)
    height, width = max(facts.height, below + 1), max(facts.width, right + 1)
    for (_, _, below, right), _text in facts.errors:
        height, width = max(height, below + 1), max(width, right + 1)
    if height * width > CELLS:
        return {"fault": TOO_LARGE}
    errors = [where for where, _ in facts.errors]
    if sum(area(ranges, height, width) for ranges in (facts.uncached, errors, facts.merged)) > DOUBTFUL:
        return {"fault": TOO_DOUBTFUL}
    rows, found = cells_of(sheet, height, width)
    for where, text in facts.errors:  # the parser returns them empty
        for row, column in cells_in([where], height, width):
            rows[row][column] = text
    hidden_rows = {row for first, last in facts.hidden_rows for row in range(first, min(last + 1, height))}
    hidden_columns = {c for first, last in facts.hidden_columns for c in range(first, min(last + 1, width))}
    return {
        "rows": rows,
        "dates": found["date"],
        "times": found["time"],
        "numbers": found["number"],
        "uncached": cells_in(facts.uncached, height, width),
        "errors": cells_in(errors, height, width),
        "merged": facts.merged,
        "hidden_rows": sorted(hidden_rows),
        "hidden_columns": sorted(hidden_columns),
        "unseen": facts.unseen,
    }


def answered(request: bytes) -> bytes:
    """The answer to one request as JSON."""
    wanted, _, content = request.partition(b"\n")
    try:
        result = answer(json.loads(wanted), content)
    except Exception as error:  # whatever a damaged file makes the parsers raise
        refused = isinstance(error, _beside("_workbook_archive").Refused)
        result = {"fault": str(error) if refused else DAMAGED}
    return json.dumps(result).encode()


def requests(stream: BinaryIO) -> Iterator[bytes]:
    """Requests that follow one another, each after its length."""
    while length := stream.read(8):
        yield stream.read(int.from_bytes(length, "big"))


def main() -> None:
    """Answer the request, or requests, on standard input."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, OSError, ValueError):
        pass  # no such limit on this system: the time limit of the caller remains
    if "--many" not in sys.argv[1:]:
        sys.stdout.buffer.write(answered(sys.stdin.buffer.read()))
        return
    for request in requests(sys.stdin.buffer):
        result = answered(request)
        sys.stdout.buffer.write(len(result).to_bytes(8, "big") + result)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

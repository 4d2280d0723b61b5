"""Excel: a sheet a table. A cell that is one number holds its stored value, shown with its decimals.

The id of each number stands in a sheet that is hidden, beside its cell and its place in it.
"""

import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from omtrace.report.exports import Cell, Document, Format, Sheet
from omtrace.store import display, zipped

if TYPE_CHECKING:
    from openpyxl.cell import Cell as OpenpyxlCell
    from openpyxl.worksheet.worksheet import Worksheet

IDS = "ids"
HEADER = ("sheet", "cell", "place", "id", "text", "value")
TIME = datetime(1980, 1, 1)
MODIFIED = re.compile(rb"(<dcterms:(?:modified|created)[^>]*>)[^<]*")
NOTE_WIDTH = 100
FONT = "Calibri"
PERCENT = "%"


def write(document: Document) -> bytes:
    """The bytes of the file."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.title, book.properties.creator = document.title, "omtrace"
    first = book.active
    first.title = "Contents"
    first.append([_safe(document.title)])
    first.append([_safe(document.statement)])
    first.append([])
    first.column_dimensions["A"].width = NOTE_WIDTH
    ids = book.create_sheet(IDS)
    ids.append(HEADER)
    for sheet in document.sheets:
        name = f"Table {sheet.number}"
        first.append([_safe(sheet.heading)])
        first.cell(first.max_row, 1).hyperlink = f"#'{name}'!A1"
        _fill(book.create_sheet(name), sheet, ids)
    ids.sheet_state = "hidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_times(buffer.getvalue())


def _fill(page: "Worksheet", sheet: Sheet, ids: "Worksheet") -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    plain, bold, rule = Font(name=FONT), Font(name=FONT, bold=True), Side(style="thin")
    page.append([_safe(sheet.heading)])
    page.cell(1, 1).font = bold
    page.append([_safe(text) for text in (*sheet.heads, *sheet.columns)])
    for cell in page[2]:
        cell.font, cell.border = bold, Border(top=rule, bottom=rule)
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    for line in sheet.lines:
        row = page.max_row + 1
        for column, text in enumerate(line.heads, 1):
            page.cell(row, column, _safe(text)).font = plain if line.cells else bold
        for column, pieces in enumerate(line.cells, len(sheet.heads) + 1):
            _set(page.cell(row, column), pieces)
            page.cell(row, column).font = plain
            place = page.cell(row, column).coordinate
            numbers = [piece for piece in pieces if piece.id]
            for at, piece in enumerate(numbers):
                ids.append([page.title, place, at, piece.id, "\u2060" + piece.text, piece.value])
    for note in sheet.notes:
        page.append([_safe(note)])
        page.cell(page.max_row, 1).font = plain
    page.freeze_panes = "A3"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for column, share in enumerate(sheet.shares, 1):
        page.column_dimensions[page.cell(2, column).column_letter].width = share + 2


def _set(cell: "OpenpyxlCell", pieces: Cell) -> None:
    """A number with its decimals where the cell is one and shows it as it is; else the text."""
    from openpyxl.styles import Alignment

    cell.alignment = Alignment(horizontal="right")
    if _is_plain(pieces):
        (piece,) = pieces
        cell.value = float(piece.value)
        suffix = f'"{PERCENT}"' if piece.text.endswith(PERCENT) else ""
        cell.number_format = ("0." + "0" * piece.decimals if piece.decimals > 0 else "0") + suffix
    else:
        cell.value = _safe("".join(piece.text + piece.mark for piece in pieces))


def _is_plain(pieces: Cell) -> bool:
    if len(pieces) != 1 or not pieces[0].value or pieces[0].mark:
        return False
    (piece,) = pieces
    return piece.text.rstrip(PERCENT) == display(piece.value, piece.decimals)


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "@") else text


def _without_times(content: bytes) -> bytes:
    """The same workbook without the time at which it was written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["docProps/core.xml"] = MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", parts["docProps/core.xml"])
    return zipped(parts)


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number; the text from the cell itself where it is a number, or begins with it."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content))
    numbers = []
    for name, place, _, number, text, _ in book[IDS].iter_rows(min_row=2, values_only=True):
        shown = str(text).removeprefix("\u2060")
        cell = book[name][place]
        if isinstance(cell.value, float | int):
            digits = cell.number_format.split('"')[0]
            suffix = PERCENT if PERCENT in cell.number_format else ""
            shown = display(str(_stored(cell.value)), len(digits.partition(".")[2])) + suffix
        elif shown not in str(cell.value):
            shown = str(cell.value)
        numbers.append((str(number), shown))
    return numbers


def _stored(value: float) -> str:
    from omtrace.store import number_text

    return number_text(float(value))


FORMAT = Format("xlsx", write, read, "Excel")

"""The query list as files: CSV and XLSX for the site or the lab, and the list as it comes back with answers.

Both are confidential: they show raw values. No cell can become a formula: in the CSV such a text gets an
apostrophe (``store.safe_cell``), in the workbook every cell is text. The same list gives the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.audit.layout import printable
from omtrace.faults import Fault
from omtrace.readers import options_of, reader_of
from omtrace.store import safe_cell, write_bytes, write_csv

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

HEADER = (
    "query",
    "state",
    "severity",
    "rule",
    "file",
    "part",
    "line",
    "column",
    "unit",
    "visit",
    "row",
    "value",
    "expected",
    "fix",
    "first_seen",
    "answer",
    "answered_on",
    "earlier_answer",
)
RETURNED = ("query", "rule", "column", "unit", "visit", "row", "value", "answer")  # what a returned list must have
WIDTHS = {
    "query": 14,
    "file": 34,
    "column": 20,
    "row": 16,
    "value": 22,
    "expected": 36,
    "fix": 44,
    "answer": 44,
    "earlier_answer": 30,
}
WIDTH = 12
LONGEST = 500  # characters of a value that are shown
ZIP = b"PK\x03\x04"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold


def shown(value: str) -> str:
    """A value as the list shows it: one line, no control characters, at most 500 characters."""
    text = printable(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def plain(cell: str) -> str:
    """A returned cell without blanks around it, and without the apostrophe that guarded it."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and safe_cell(text[1:]) == text else text


def write_lists(rows: Sequence[Sequence[str]], folder: Path) -> list[Path]:
    """Write queries.csv and queries.xlsx into a folder, from one list of rows under ``HEADER``; return their paths."""
    paths = [folder / "queries.csv", folder / "queries.xlsx"]
    write_csv(paths[0], HEADER, rows)
    write_bytes(paths[1], workbook("queries", (HEADER, *rows), _style))
    return paths


def workbook(title: str, rows: Sequence[Sequence[str]], style: "Callable[[Worksheet], None] | None" = None) -> bytes:
    """A workbook of one sheet whose cells are texts, without the time of its making."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = title
    for number, cells in enumerate(rows, 1):
        for column, text in enumerate(cells, 1):
            cell = sheet.cell(number, column)
            if text:
                cell.value, cell.data_type = text, "s"  # the type last: the value alone would become a formula
            cell.number_format = "@"  # text stays text when somebody edits the cell
    if style:
        style(sheet)
    made = io.BytesIO()
    book.save(made)
    return _dateless(made.getvalue())


def _style(sheet: "Worksheet") -> None:
    """Widths, wrapping, a frozen header with a filter; only the answers, which are highlighted, can be edited."""
    from openpyxl.styles import Alignment, Font, PatternFill, Protection

    answer, head = PatternFill("solid", "FFF2CC"), PatternFill("solid", "D9E1F2")
    wrapped, editable = Alignment(wrap_text=True, vertical="top"), Protection(locked=False)
    for column, name in zip(sheet.iter_cols(), HEADER, strict=True):
        sheet.column_dimensions[column[0].column_letter].width = WIDTHS.get(name, WIDTH)
        for cell in column:
            cell.alignment = wrapped
            if name == "answer" and cell.row > 1:
                cell.fill, cell.protection = answer, editable
        column[0].font, column[0].fill = Font(bold=True), answer if name == "answer" else head
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.protection.sheet = True  # without a password: against slips, not against people
    sheet.protection.autoFilter = sheet.protection.formatColumns = sheet.protection.formatRows = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _dateless(content: bytes) -> bytes:
    """A workbook without the time of its making."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", part)
                part = part.replace(b"openpyxl", b"omtrace")
            new.writestr(zipfile.ZipInfo(name, EPOCH), part, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read_answers(path: str | Path) -> list[tuple[str, dict[str, str]]]:
    """The rows of a returned list, CSV or XLSX: where each stands, and its cells by column, as ``plain`` gives them.

    Raises Fault for a file that cannot be read or is not such a list.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise Fault(f"{path}: not readable (not a file)")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Fault(f"{path}: not readable ({error.strerror})") from None
    reader = reader_of("spreadsheet" if content.startswith(ZIP) else "delimited")
    try:
        extract = reader.read(content, options_of(reader, {}, str(path)))
    except Fault as fault:
        raise Fault(*(f"{path}: {line}" for line in fault.lines)) from None
    faults = [f"{path}: line {f.place.first_line}: {f.rule}: expected {f.message}" for f in extract.faults]
    lost = [name for name in RETURNED if name not in extract.columns]
    if lost:
        faults.append(f"{path}: no column {', '.join(lost)}; return the whole list, with the answers filled in")
    if faults:
        raise Fault(*faults)
    returned = []
    for place, texts in zip(extract.places, extract.records(), strict=True):
        cells = {column: plain(str(text)) for column, text in zip(extract.columns, texts, strict=True)}
        cells["answer"] = printable(
            " ".join(cells["answer"].split())
        )  # on one line, as spreadsheets differ in line ends
        returned.append((f"{path}: line {place.first_line}", cells))
    return returned

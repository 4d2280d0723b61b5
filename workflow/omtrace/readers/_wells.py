"""What readers of plate exports share: lines of cells, grids and names of wells, typed states, and the extract.

A grid is a line of column numbers from 1 with lines of wells below it, each after its row's letter. Every reader
gives the same columns, one row and one place a plate, read and well, so that a plan can change the reader alone.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from omtrace.faults import Fault
from omtrace.provenance.keys import Place
from omtrace.readers import Extract
from omtrace.readers._text import LINE_END, Encoding, text_of
from omtrace.readers._words import NUMBER, words_in

SIGNALS = ("plate", "plate_name", "wavelength", "read", "well", "signal")
MADE = frozenset(SIGNALS) - {"signal"}  # by a reader: what a file of plates says in headings and margins
FORMATS = {3: 2, 4: 3, 6: 4, 8: 6, 12: 8, 24: 16, 48: 32}  # columns of a plate -> its rows
STRIP = 8  # wells of a strip: a frame with fewer than 12 strips has fewer columns and all eight rows
LETTERS = (*map(chr, range(65, 91)), *(f"A{chr(n)}" for n in range(65, 71)))  # of rows: A to Z, AA to AF
WELL = re.compile(r"([A-Z]|A[A-F])0?([1-9]|[1-3]\d|4[0-8])")
DELIMITERS = ("\t", ";", ",")
LINES = 1_000_000
GRIDS = 500  # in one file
SEEN, CUT = 20, 160  # lines of an unknown layout, and characters of each, that `check` shows


@dataclass(frozen=True)
class Line:
    """One physical line, or row of a sheet, that is not blank: its number from 1, and its cells without blanks."""

    number: int
    cells: tuple[str, ...]

    @property
    def first(self) -> str:
        """The first cell that holds something."""
        return next(cell for cell in self.cells if cell)

    @property
    def filled(self) -> list[str]:
        """The cells that hold something."""
        return [cell for cell in self.cells if cell]


@dataclass(frozen=True)
class Row:
    """One line of a grid: its number, the row's letter, the texts of its wells, and what stands behind them."""

    number: int
    letter: str
    texts: tuple[str, ...]
    label: str


@dataclass
class Grid:
    """A grid of wells: the line of its column numbers, its rows, and the lines above it that belong to no grid."""

    line: int
    width: int
    heading: list[Line]
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """The cell of one well in one read of a plate."""

    plate: int
    plate_name: str
    wavelength: str
    read: str
    line: int
    well: str
    text: str


def stop(where: str, wanted: str, lines: Sequence[Line] = ()) -> Fault:
    """The refusal of a layout: the place, what was expected there, and, for ``check`` alone, the first lines."""
    seen = [f"{line.number}: " + " | ".join(line.cells)[:CUT].rstrip(" |") for line in lines[:SEEN]]
    return Fault(f"{where}: expected {wanted}; reading stopped here", seen=seen)


def first_seen(texts: Sequence[str]) -> list[str]:
    """The first lines of a text that hold something, with their numbers, for a refusal to carry."""
    return [f"{n}: {text.strip()[:CUT]}" for n, text in enumerate(texts[:SEEN], 1) if text.strip()]


def lines_of(content: bytes, encoding: Encoding, delimiter: str = "") -> tuple[list[Line], dict[str, str]]:
    """The lines of a text that are not blank, and the decisions taken.

    ``delimiter`` "" means: the one between the numbers 1, 2, 3 of a grid's columns, else the one that splits most
    lines. Raises Fault as ``text_of`` does, for more than ``LINES`` lines and for quotes that do not close.
    """
    text, _, decisions = text_of(content, encoding)
    texts = LINE_END.split(text)
    if len(texts) > LINES:
        raise Fault(f"more than {LINES} lines; split the export")
    mark = delimiter or _delimiter(texts)
    decisions["delimiter"] = {"\t": "tab", ";": "semicolon", ",": "comma"}[mark] + " (found)" * (not delimiter)
    lines = []
    for number, one in enumerate(texts, 1):
        if one.strip():
            cells = tuple(cell.strip() for cell in _cells(one, mark, number))
            lines += [Line(number, cells)] if any(cells) else []
    return lines, decisions


def _cells(text: str, delimiter: str, number: int) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise Fault(f"line {number}: the quotes do not close; put back the export as it was received") from None


def _delimiter(texts: list[str]) -> str:
    for mark in DELIMITERS:
        numbers = re.compile(rf'"?1"?{re.escape(mark)}"?2"?{re.escape(mark)}"?3"?({re.escape(mark)}|\s*$)')
        if any(numbers.search(text) for text in texts):
            return mark
    return max(DELIMITERS, key=lambda mark: sum(mark in text for text in texts))


def lines_of_sheet(rows: Sequence[Sequence[str]]) -> list[Line]:
    """The rows of a sheet as lines."""
    lines = (Line(number, tuple(cell.strip() for cell in row)) for number, row in enumerate(rows, 1))
    return [line for line in lines if any(line.cells)]


def grids_of(lines: Sequence[Line], whole: bool = True) -> list[Grid]:
    """The grids of a file, in order. ``whole``: every row of the plate must be there, with a line of its own.

    Else rows may be missing (a reader prints those that it read) and a letter may stand once above several lines.
    Raises Fault, with the line, for a plate of another size and rows that are missing or out of order.
    """
    found: list[Grid] = []
    heading: list[Line] = []
    at = 0
    while at < len(lines):
        head, at = lines[at], at + 1
        start = _numbers_at(head.cells)
        if start < 0:
            heading.append(head)
            continue
        grid = Grid(head.number, _width(head, start), heading)
        heading = []
        while at < len(lines) and (row := _row(lines[at], start, grid)):
            grid.rows.append(row)
            at += 1
        letters = (*dict.fromkeys(row.letter for row in grid.rows),)
        height = FORMATS[grid.width]
        if not letters or (whole and letters not in (LETTERS[:height], LETTERS[: _rows(grid.width)])):
            names = f"{height} rows of wells, A to {LETTERS[height - 1]}, below the column numbers"
            if _rows(grid.width) != height:
                names += f" (or {STRIP}, A to {LETTERS[STRIP - 1]}, of strips)"
            raise stop(f"line {head.number}", f"{names}, but found {len(letters)}", lines)
        last = lines[at - 1].cells
        if at == len(lines) and len(grid.rows) > 1 and len(last) < start + grid.width <= len(lines[at - 2].cells):
            wanted = f"{grid.width} wells in row {grid.rows[-1].letter}, as in the row above; the file may be cut off"
            raise stop(f"line {lines[-1].number}", wanted, lines)
        _check_ends(grid, whole, lines)
        found.append(grid)
        if len(found) > GRIDS:
            raise Fault(f"more than {GRIDS} grids of wells; split the export")
    return found


def _check_ends(grid: Grid, whole: bool, lines: Sequence[Line]) -> None:
    """Raise Fault for numbers behind the wells of a row: one, such as a wavelength, is a label where all rows have it.

    A decimal comma that no quotes hold together makes two cells of a signal, and moves all behind it.
    """
    counts = [sum(map(bool, map(NUMBER.fullmatch, row.label.split()))) for row in grid.rows]
    usual = min(1, min(counts)) if whole else 1
    for row, count in zip(grid.rows, counts, strict=True):
        if count > usual:
            wanted = (
                f"{grid.width} wells in row {row.letter}, but more numbers stand there; are decimal commas unquoted?"
            )
            raise stop(f"line {row.number}", wanted, lines)


def _numbers_at(cells: Sequence[str]) -> int:
    """Where the column numbers 1, 2, 3 begin in a line; -1 for a line without them, or with a number before them."""
    for at in range(1, len(cells) - 2):
        if tuple(cell.removeprefix("0") for cell in cells[at : at + 3]) == ("1", "2", "3"):
            return -1 if any(NUMBER.fullmatch(cell) for cell in cells[:at]) else at
    return -1


def _width(head: Line, start: int) -> int:
    width = 0
    while start + width < len(head.cells) and head.cells[start + width].removeprefix("0") == str(width + 1):
        width += 1
    if width not in FORMATS or any(NUMBER.fullmatch(cell) for cell in head.cells[start + width :]):
        sizes = ", ".join(str(columns * rows) for columns, rows in FORMATS.items())
        raise stop(f"line {head.number}", f"the column numbers of a plate of {sizes} wells, but found {width} columns")
    return width


def _rows(width: int) -> int:
    """The most rows that a grid of so many columns can have: those of its plate, or the eight wells of strips."""
    return max(FORMATS[width], STRIP) if width < 12 else FORMATS[width]


def _row(line: Line, start: int, grid: Grid) -> Row | None:
    """A line as the next row of a grid, or one more line of its last row; None where it is neither."""
    cells = line.cells + ("",) * (start + grid.width)
    letter, last = cells[start - 1].upper(), grid.rows[-1].letter if grid.rows else ""
    label = " ".join(cell for cell in cells[start + grid.width :] if cell)
    if any(cells[: start - 1]) or (not label and _numbers_at(line.cells) == start):
        return None  # words before the letter, or the column numbers of the next grid
    if letter == "" and last and any(cells[start : start + grid.width]):
        letter = last
    elif letter not in LETTERS[: _rows(grid.width)] or (last and LETTERS.index(letter) <= LETTERS.index(last)):
        return None
    return Row(line.number, letter, cells[start : start + grid.width], label)


def readings_of(
    grid: Grid, plate: int, name: str, wavelength: str, read: str, rows: Iterable[Row] = ()
) -> list[Reading]:
    """The cells of a grid, or of some of its rows, as one read of a plate."""
    return [
        Reading(plate, name, wavelength, read, row.number, f"{row.letter}{column}", text)
        for row in rows or grid.rows
        for column, text in enumerate(row.texts, 1)
    ]


def well_name(text: str) -> str:
    """A well as all readers name it, A1 to AF48, from A1, a1 or A01; "" for anything else."""
    match = WELL.fullmatch(text.upper())
    return f"{match[1]}{match[2]}" if match else ""


def extract_of(readings: Sequence[Reading], decisions: dict[str, str], sheet: str = "", before: int = 0) -> Extract:
    """The extract of all reads: a row and a place for each well; texts as they stand, states as missing-data codes.

    ``sheet`` goes before the plate in a place's part. ``before``: how many ordinals other parts of the file take.
    """
    within = f"{sheet} " if sheet else ""
    parts = {(r.plate, r.plate_name, r.read): f"{within}plate {r.plate} {r.plate_name} {r.read}" for r in readings}
    rows = [[str(r.plate), r.plate_name, r.wavelength, r.read, r.well, r.text] for r in readings]
    places = [
        Place(n, r.line, r.line, parts[r.plate, r.plate_name, r.read], r.well)
        for n, r in enumerate(readings, before + 1)
    ]
    decisions["plates"] = str(len({r.plate for r in readings}))
    variable = words_in((r.text for r in readings), "signal")
    if variable.missing:
        decisions["cells that are no numbers"] = "; ".join(f"{text}: {says}" for text, says in variable.missing.items())
    return Extract.of_rows(SIGNALS, rows, places, decisions, variables={"signal": variable})


def twice(readings: Sequence[Reading]) -> None:
    """Raise Fault where one read of a plate has a well twice."""
    seen: dict[tuple[int, str, str], int] = {}
    for r in readings:
        before = seen.setdefault((r.plate, r.read, r.well), r.line)
        if before != r.line:
            raise stop(f"line {r.line}", f"each well once in a read, but {r.well} stands in line {before} as well")

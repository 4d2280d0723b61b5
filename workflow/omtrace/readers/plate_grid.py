"""Any table of wells in a grid: CSV, text or a sheet of a workbook; one plate or several, one read or several.

A heading above a grid says which plate it is (``Plate: B7``, or any other words), or which read of the plate above
(``450 nm``). The same grids, headed ``role``, ``sample``, ``concentration``, are a layout drawn as a plate.
"""

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader, _spreadsheet
from omtrace.readers._text import Encoding
from omtrace.readers._wells import (
    MADE,
    Grid,
    Line,
    Reading,
    extract_of,
    grids_of,
    lines_of,
    lines_of_sheet,
    readings_of,
    stop,
    twice,
)

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
PLATE = re.compile(r"Plate(?: ?(?:name|id|number))? *[:=] *(?P<name>.*)", re.IGNORECASE)
PLATE_KEY = re.compile(r"Plate(?: ?(?:name|id|number))?:?", re.IGNORECASE)
WAVELENGTH = re.compile(r"(?:\D*\b)?(?P<nm>\d{3,4}) ?nm\b.*|(?P<bare>\d{3})", re.IGNORECASE)
LABWARE = re.compile(r"\.pdfx|\[[^\]]*\]$", re.IGNORECASE)  # i-control's line Plate: the plate's type, not its name
FIELD = re.compile(r"[a-z][a-z0-9_]*")


class Options(Closed):
    """What the file holds, and where."""

    part: Literal["signals", "layout"] = Field(
        "signals", description="signals: readings; layout: grids whose headings name the columns of a layout"
    )
    wavelength: str = Field("", description="wavelength of grids whose heading tells none")
    sheet: str = Field("", description="name of the sheet of a workbook; empty: the only one")
    delimiter: Literal["", ",", ";", "\t"] = Field("", description="of a text; empty: as found")
    encoding: Encoding = Field("", description="of a text; empty: as found")


def read(content: bytes, options: Options) -> Extract:
    """Readings as ``_wells`` says; or, of a layout, a row a well with a column for each heading.

    Raises Fault for a file without a grid, grids that are cut short, and a reading whose wavelength nobody says.
    """
    lines, decisions, sheet = told(content, options.sheet, options.encoding, options.delimiter)
    grids = grids_of(lines)
    if not grids:
        where = f"line {lines[-1].number}" if lines else "the file"
        raise stop(where, "a grid: a line of column numbers from 1, and rows A, B, ... below it", lines)
    if options.part == "layout":
        return _layout(grids, lines, decisions, sheet)
    readings = readings_in(grids, options.wavelength, lines)
    twice(readings)
    return extract_of(readings, decisions, sheet)


def told(content: bytes, sheet: str, encoding: Encoding, delimiter: str = "") -> tuple[list[Line], dict[str, str], str]:
    """The lines of a text or of a sheet, the decisions taken, and the sheet's name ("" for a text).

    Raises Fault as ``_spreadsheet.read`` and ``lines_of`` do, and for formulas without a saved value.
    """
    if not content.startswith(WORKBOOKS):
        lines, decisions = lines_of(content, encoding, delimiter)
        return lines, decisions, ""
    answer = _spreadsheet.answer_to(content, sheet)
    if "fault" in answer:
        raise Fault(answer["fault"])
    sheets, index = answer["sheets"], answer["index"]
    if index < 0:
        hint = nearest(sheet, sheets) if sheet else ""
        raise Fault(f"option sheet: name one of the {len(sheets)} sheets{hint}")
    if answer["uncached"]:
        row = answer["uncached"][0][0] + 1
        raise Fault(f"row {row}: a formula without its value; open the workbook, save it, and send it again")
    decisions = {"sheet": f"{sheets[index]} ({index + 1} of {len(sheets)}{', hidden' if answer['hidden'] else ''})"}
    return lines_of_sheet(answer["rows"]), decisions, sheets[index]


def readings_in(
    grids: Sequence[Grid], wavelength: str, lines: Sequence[Line] = (), plate_name: str | None = None
) -> list[Reading]:
    """The readings of all grids: a heading begins a plate, unless it tells a wavelength and no plate.

    ``plate_name``: what the plan calls the one plate of the file; headings then name none. "": the plan says nothing,
    and a heading that names the labware is refused.
    """
    plate, name, readings = 0, "", []
    reads: set[str] = set()
    for grid in grids:
        named, nm, words = _heading(grid.heading)
        if plate_name is not None:
            labware = LABWARE.search(named) is not None and not plate_name
            named, words = plate_name or named, ""
            if labware:
                raise stop(
                    f"line {grid.line}", f"the plate's name; {named} is its labware: say the name, option plate", lines
                )
        new = named or (words if not nm else "")
        again = bool(named) and named == name and nm not in ("", *reads)  # the same plate at another wavelength
        if (new and not again) or not plate or (nm or wavelength) in reads:
            plate += 1
            name, reads = new or str(plate), set()
        if not (nm or wavelength):
            where = f"line {grid.line}"
            raise stop(where, "a heading with the wavelength, such as 450 nm; or say the option wavelength", lines)
        reads.add(nm or wavelength)
        readings += readings_of(grid, plate, name, nm or wavelength, nm or wavelength)
    return readings


def _heading(lines: Sequence[Line]) -> tuple[str, str, str]:
    """Plate, wavelength and last words of the lines above a grid; "" for what they do not say."""
    plate = nm = ""
    for line in lines:
        filled = line.filled
        for cell, after in zip(filled, [*filled[1:], ""], strict=True):
            if found := PLATE.fullmatch(cell):
                plate = found["name"] or after or plate
            elif PLATE_KEY.fullmatch(cell) and after:
                plate = after
            elif found := WAVELENGTH.fullmatch(cell):
                nm = found["nm"] or found["bare"]
    return plate, nm, lines[-1].first if lines else ""


def _layout(grids: Sequence[Grid], lines: Sequence[Line], decisions: dict[str, str], sheet: str) -> Extract:
    """A row a well of each plate: the texts of all its grids, each in the column that its heading names."""
    plates: dict[str, dict[str, dict[str, str]]] = {}  # plate -> well -> column -> text
    at: dict[tuple[str, str], int] = {}
    plate, columns = "", dict.fromkeys(("plate", "well"))
    for grid in grids:
        named, _, words = _heading(grid.heading)
        plate = named or plate
        column = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
        if not plate or not FIELD.fullmatch(column) or column in ("plate", "well"):
            wanted = "above it a line Plate: with its name, and a line that names the column (role, sample, ...)"
            raise stop(f"line {grid.line}", wanted, lines)
        columns[column] = None
        for one in readings_of(grid, 1, plate, "", column):
            cells = plates.setdefault(plate, {}).setdefault(one.well, {})
            if column in cells:
                raise stop(f"line {grid.line}", f"{column} once for each plate", lines)
            cells[column] = one.text
            at.setdefault((plate, one.well), one.line)
    rows, places = [], []
    for name, wells in plates.items():
        for well, cells in wells.items():
            if any(cells.values()):
                rows.append([name, well, *(cells.get(column, "") for column in list(columns)[2:])])
                line, part = at[name, well], f"{sheet} plate {name}".strip()
                places.append(Place(len(rows), line, line, part, well))
    return Extract.of_rows(tuple(columns), rows, places, decisions)


READER = Reader(Options, read, made=MADE)

"""Workbooks of Tecan Magellan and i-control: a list of wells with a column a read, or grids below ``<>``.

In a list ``Well positions`` heads the wells; each other named column is a read (``Label1``); a column ``Plate`` names
the plate. Lines of times and temperatures may stand between the names and the first well, and notes such as
``Label1=450`` anywhere say the wavelength.
"""

import re
from collections.abc import Sequence

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.readers import Extract, Reader
from omtrace.readers._text import Encoding
from omtrace.readers._wells import MADE, Line, Reading, extract_of, grids_of, stop, twice, well_name
from omtrace.readers.plate_grid import readings_in, told

HEADS = ("well positions", "well position", "wells", "well")
NOTE = re.compile(r"(?P<read>[^=]+?) *= *(?P<nm>\d{3,4})(?: ?nm)?")


class Options(Closed):
    """Where the readings stand."""

    sheet: str = Field("", description="name of the sheet; empty: the only one")
    wavelength: str = Field("", description="wavelength of reads for which the file tells none")
    plate: str = Field("", description="name of the plate; empty: as the file tells it")
    encoding: Encoding = Field("", description="of a text saved from the workbook; empty: as found")


def read(content: bytes, options: Options) -> Extract:
    """Readings as ``_wells`` says. Without a note of its wavelength, and without the option, a read is its own.

    Raises Fault for a sheet with neither a list nor a grid of wells, and for wells that are none.
    """
    lines, decisions, sheet = told(content, options.sheet, options.encoding)
    at = next((n for n, line in enumerate(lines) if _wells_at(line) is not None), None)
    if at is None:
        grids = grids_of(lines)
        if not grids:
            where = f"line {lines[0].number}" if lines else "the sheet"
            raise stop(where, "a column Well positions, or a grid below <> and the column numbers", lines)
        readings = readings_in(grids, options.wavelength, lines, options.plate)
    else:
        readings = _list(lines, at, options)
    twice(readings)
    return extract_of(readings, decisions, sheet)


def _wells_at(line: Line) -> int | None:
    """The column that a line names as the one of the wells."""
    return next((n for n, cell in enumerate(line.cells) if cell.lower() in HEADS), None)


def _list(lines: Sequence[Line], at: int, options: Options) -> list[Reading]:
    head, wells_at = lines[at], _wells_at(lines[at])
    notes = {
        found["read"].lower(): found["nm"]
        for line in lines
        for cell in line.cells
        if "=" in cell and (found := NOTE.fullmatch(cell))
    }
    names = {n: cell for n, cell in enumerate(head.cells) if cell and n != wells_at and not NOTE.fullmatch(cell)}
    plate_at = next((n for n, cell in names.items() if cell.lower() == "plate"), None)
    reads = {n: cell for n, cell in names.items() if n != plate_at}
    body = [line for line in lines[at + 1 :] if wells_at < len(line.cells)]  # type: ignore[operator]
    first = next((n for n, line in enumerate(body) if well_name(line.cells[wells_at])), len(body))  # type: ignore[index]
    if not reads or first == len(body):
        raise stop(
            f"line {head.number}", "a named column of readings, and wells such as A1 below Well positions", lines
        )
    if len({cell.lower() for cell in reads.values()}) < len(reads):
        raise stop(f"line {head.number}", "another name for each column of readings", lines)
    last = max(n for n, line in enumerate(body) if well_name(line.cells[wells_at]))  # type: ignore[index]
    body = body[first : last + 1]  # below the last well stand the reader's own notes
    named = {line.cells[plate_at] for line in body if plate_at is not None and plate_at < len(line.cells)} - {""}
    usual = named.pop() if len(named) == 1 else options.plate or "1"
    readings: list[Reading] = []
    plates: dict[str, int] = {}
    for line in body:
        text = line.cells[wells_at]  # type: ignore[index]
        if not text and not any(line.cells[n] for n in reads if n < len(line.cells)):
            continue
        well = well_name(text)
        if not well:
            raise stop(f"line {line.number}", "a well such as A1 in the column Well positions", lines)
        name = (line.cells[plate_at] if plate_at is not None and plate_at < len(line.cells) else "") or usual
        plate = plates.setdefault(name, len(plates) + 1)
        for n, what in reads.items():
            signal = line.cells[n] if n < len(line.cells) else ""
            wavelength = notes.get(what.lower(), options.wavelength or what)
            readings.append(Reading(plate, name, wavelength, what, line.number, well, signal))
    return sorted(readings, key=lambda one: (one.plate, list(reads.values()).index(one.read)))


READER = Reader(Options, read, made=MADE)

"""CSV exports of BMG Labtech MARS: one test run, its raw data as one grid for each wavelength or filter.

The file begins with ``User:``, then ``Test name:`` and up to three IDs; ``Raw Data (450 1)`` names a read above its
grid. It holds no layout.
"""

import re
from typing import Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.readers import Extract, Reader
from omtrace.readers._text import Encoding
from omtrace.readers._wells import MADE, Grid, Line, extract_of, grids_of, lines_of, readings_of, stop, twice

RAW = re.compile(r"(?:\d+\. ?)?Raw Data\s*\((?P<read>.+?)\).*")
WAVELENGTH = re.compile(r"\d{3}(?!\d)")
NAMES = {"id1": "ID1", "id2": "ID2", "id3": "ID3", "test": "Test name", "run": "Test run no."}
MEND = "export the raw data from MARS as CSV, in the plate's layout"


class Options(Closed):
    """Where the plate's name stands."""

    plate: Literal["id1", "id2", "id3", "test", "run"] = Field(
        "id1", description="what names the plate: one of its three IDs, the name of the test, or the number of the run"
    )
    encoding: Encoding = Field("", description="of the characters; empty: as found")


def read(content: bytes, options: Options) -> Extract:
    """Readings as ``_wells`` says; the read is what stands in brackets behind Raw Data, ``450 1``, with its wavelength.

    A read without a wavelength (``No filter``) is its own. Raises Fault for a file that is no MARS export, or without
    raw data, or a name for its plate.
    """
    lines, decisions = lines_of(content, options.encoding)
    if not lines or not lines[0].first.startswith("User:"):
        where = f"line {lines[0].number}" if lines else "the file"
        raise stop(where, f"User:, as at the beginning of a MARS export; {MEND}", lines)
    grids = grids_of(lines)
    name = _named(lines, NAMES[options.plate])
    decisions["plate name"] = f"{NAMES[options.plate]} of the export"
    readings = []
    for grid in grids:
        what = _read_of(grid)
        if what:
            found = WAVELENGTH.search(what)
            wavelength = what if "/" in what or not found else found[0]
            readings += readings_of(grid, 1, name, wavelength, what)
    if not readings:
        raise stop(f"line {lines[-1].number}", f"Raw Data (...) above a grid of wells, but found none; {MEND}", lines)
    twice(readings)
    return extract_of(readings, decisions)


def _read_of(grid: Grid) -> str:
    """What the last heading above a grid says that it holds; "" for no raw data."""
    heading = RAW.fullmatch(grid.heading[-1].first) if grid.heading else None
    return " ".join(heading["read"].split()) if heading else ""


def _named(lines: list[Line], key: str) -> str:
    """What stands behind a key of the head. Raises Fault where there is nothing."""
    for line in lines[:20]:
        for cell in line.filled:
            head, _, value = cell.partition(":")
            if head == key and value.strip():
                return value.strip()
    others = next((option for option, head in NAMES.items() if head != key), "")
    raise stop(
        f"line {lines[0].number}", f"{key}: with the plate's name; or set the option plate, such as {others}", lines
    )


READER = Reader(Options, read, made=MADE)

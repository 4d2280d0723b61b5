"""Text exports of Gen5 (Agilent BioTek): endpoint reads as a matrix, and the layout that the file holds.

A plate begins with ``Plate Number``. Its ``Procedure Details`` list the reads, each with its name, if it has one, and
its wavelengths. ``Layout`` is a grid with two lines a row, ``Well ID`` and ``Conc/Dil``. A result grid has one line,
or several, for each row of wells; what a line holds stands behind its wells: ``450nm:450`` is the read 450nm at
450 nm, ``Blank 450nm:450`` is computed from it.
"""

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader
from omtrace.readers._text import Encoding
from omtrace.readers._wells import MADE, Grid, Line, Reading, extract_of, grids_of, lines_of, readings_of, stop, twice

LAYOUT = ("plate", "plate_name", "well", "well_id", "kind", "concentration", "dilution")
SPEC = r"\d{2,4}(/\d+)?(, ?\d{2,4}(/\d+)?)*( \[(Test|Ref|Parallel|Perpendicular)\])?|Lum|Alpha"
LABEL = re.compile(rf"(?:(?P<name>.+):)?(?P<spec>{SPEC})")
MOVING = re.compile(r"Kinetic|Spectrum|Area Scan", re.IGNORECASE)
WHAT = {"signals": "raw reads", "computed": "computed values"}
MEND = "export again as text with the matrix of the endpoint reads"


class Options(Closed):
    """Which part of the export is read."""

    part: Literal["signals", "computed", "layout"] = Field(
        "signals",
        description="signals: the raw reads; computed: what the software made of them; layout: its own layout",
    )
    encoding: Encoding = Field("", description="of the characters; empty: as found")


class Plate:
    """One plate of a file: its lines, from ``Plate Number`` on."""

    def __init__(self, number: int, lines: Sequence[Line]) -> None:
        self.number, self.lines = number, lines
        cells = lines[0].filled
        self.name = cells[1] if len(cells) > 1 else str(number)
        self.reads = {line.filled[1] for line in lines if line.first.rstrip(":") == "Read" and len(line.filled) > 1}
        self.grids = grids_of(lines, whole=False)

    @property
    def layout(self) -> list[Grid]:
        """The grids below the word Layout."""
        return [grid for grid in self.grids if any(row.label == "Well ID" for row in grid.rows)]

    def raw(self, label: str) -> str:
        """The wavelengths of a raw read, by the label behind its wells; "" for what is computed."""
        found = LABEL.fullmatch(label)
        return found["spec"] if found and (found["name"] is None or found["name"] in self.reads) else ""


def read(content: bytes, options: Options) -> Extract:
    """One part of an export: readings as ``_wells`` says, or columns as in ``LAYOUT``.

    The read's name is the label behind its wells, the wavelength what stands behind its last colon. Of a layout, the
    number of a standard (``STD``) is its concentration, of anything else its dilution; ``kind`` is the letters at the
    beginning of the well's id. Ordinals run over the raw reads, then the computed ones, then the layout, whichever part
    is asked for. Raises Fault for an export without a matrix: kinetic reads, spectra, scans, lists.
    """
    lines, decisions = lines_of(content, options.encoding, "\t")
    plates = _plates(lines)
    reads = {part: [(plate, _readings(plate, part)) for plate in plates] for part in WHAT}
    if options.part == "layout":
        before = sum(len(found) for parts in reads.values() for _, found in parts)
        return _layout(plates, lines, decisions, before)
    for plate, found in reads[options.part]:
        if not found:
            why = next((line.number for line in plate.lines if any(map(MOVING.search, line.cells))), 0)
            reason = f" (line {why} tells of a kinetic read, a spectrum or a scan)" if why else ""
            where = f"line {plate.lines[0].number}"
            raise stop(where, f"a matrix of {WHAT[options.part]} for this plate{reason}; {MEND}", lines)
    readings = [reading for _, found in reads[options.part] for reading in found]
    twice(readings)
    before = sum(len(found) for _, found in reads["signals"]) if options.part == "computed" else 0
    return extract_of(readings, decisions, before=before)


def _readings(plate: Plate, part: str) -> list[Reading]:
    """The raw or the computed reads of a plate."""
    return [reading for grid in plate.grids if grid not in plate.layout for reading in _reads(plate, grid, part)]


def _plates(lines: list[Line]) -> list[Plate]:
    if not any(line.first.startswith("Software Version") for line in lines[:5]):
        where = f"line {lines[0].number}" if lines else "the file"
        raise stop(where, "Software Version, as at the beginning of a Gen5 export", lines)
    starts = [n for n, line in enumerate(lines) if line.first.rstrip(":") == "Plate Number"]
    if not starts:
        raise stop(f"line {lines[-1].number}", "a line Plate Number, but found none", lines)
    ends = [*starts[1:], len(lines)]
    return [Plate(n, lines[a:b]) for n, (a, b) in enumerate(zip(starts, ends, strict=True), 1)]


def _reads(plate: Plate, grid: Grid, part: str) -> list[Reading]:
    """The reads of a result grid: the lines of one label each, in the order of the labels."""
    found = []
    for label in dict.fromkeys(row.label for row in grid.rows):
        spec = plate.raw(label)
        if label and bool(spec) == (part == "signals"):
            rows = [row for row in grid.rows if row.label == label]
            found += readings_of(grid, plate.number, plate.name, spec or label, label, rows)
    return found


def _layout(plates: list[Plate], lines: list[Line], decisions: dict[str, str], before: int) -> Extract:
    """The layout's rows; their ordinals come after those of all reads, since tables may read both from one file."""
    rows, places = [], []
    for plate in plates:
        for grid in plate.layout:
            numbers = {row.letter: row.texts for row in grid.rows if row.label == "Conc/Dil"}
            for row in (row for row in grid.rows if row.label == "Well ID"):
                for column, text in enumerate(row.texts):
                    number = numbers[row.letter][column] if row.letter in numbers else ""
                    kind = re.sub(r"[^A-Za-z].*", "", text)
                    pair = (number, "") if kind.upper() == "STD" else ("", number)
                    well = f"{row.letter}{column + 1}"
                    if text:
                        rows.append([str(plate.number), plate.name, well, text, kind, *pair])
                        places.append(
                            Place(before + len(rows), row.number, row.number, f"plate {plate.number} layout", well)
                        )
    if not rows:
        raise stop(
            f"line {lines[-1].number}", "a Layout with lines Well ID; give the layout as a file of its own", lines
        )
    return Extract.of_rows(LAYOUT, rows, places, decisions)


READER = Reader(Options, read, made=MADE)

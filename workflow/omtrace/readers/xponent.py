"""CSV exports of Luminex xPONENT (and INTELLIFLEX): one plate, or several, each with a section for each statistic.

After ``Results``, ``DataType:`` begins a section (Median, Count, Net MFI, ...): a line of names, then one line a well,
whose location ``1(1,A1)`` holds its number, its plate and the well. Commas, or semicolons in some locales.
"""

import re

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader, Variable
from omtrace.readers._text import Encoding
from omtrace.readers._wells import LINES, MADE, Line, lines_of, stop, well_name
from omtrace.readers._words import words_in

COLUMNS = ("plate", "plate_name", "analyte", "sample", "well", "signal", "beads")
LOCATION = re.compile(r"\d+ ?\((\d+)[,;] ?([A-Z]{1,2}\d{1,2})\)")
BESIDE = ("Location", "Sample", "Total Events", "Notes", "")
COUNT = "Count"
NONE = "no value: no bead was counted"
Section = dict[tuple[str, str], tuple[Line, dict[str, str]]]  # plate and well -> its line, name -> cell


class Options(Closed):
    """Which statistic is read."""

    statistic: str = Field("Median", description="DataType of the section that is read: Median, Net MFI, Mean, ...")
    encoding: Encoding = Field("", description="of the characters; empty: as found")


def read(content: bytes, options: Options) -> Extract:
    """A row, and a place, for each analyte and well; ``beads`` is its cell in the section Count, "" without one.

    A median of a well in which no bead was counted (NaN with count 0) is a missing-data code that says so. Raises Fault
    for a file that is no xPONENT export, a section that is not there or cut short, and locations that are none.
    """
    lines, decisions = lines_of(content, options.encoding, _delimiter(content))
    if not lines or lines[0].cells[:2] != ("Program", "xPONENT"):
        where = f"line {lines[0].number}" if lines else "the file"
        raise stop(where, "Program, xPONENT, as at the beginning of an export", lines)
    heads = {line.cells[1]: n for n, line in enumerate(lines) if line.first == "DataType:" and len(line.cells) > 1}
    if options.statistic not in heads:
        hint = nearest(options.statistic, heads)
        raise stop(f"line {lines[-1].number}", f"a section DataType: {options.statistic}{hint}", lines)
    values = _section(lines, heads[options.statistic])
    counts = _section(lines, heads[COUNT]) if COUNT in heads else {}
    name = next((line.cells[1] for line in lines if line.first == "Batch" and len(line.cells) > 1), "")
    rows, places, none = [], [], []
    before = list(heads).index(options.statistic) * LINES  # tables may read several sections of one file
    for (plate, well), (line, cells) in values.items():
        beads = counts.get((plate, well), (line, {}))[1]
        for analyte in (analyte for analyte in cells if analyte not in BESIDE):
            text = cells[analyte]
            counted = beads.get(analyte, "")
            none += [text] if text.lower() == "nan" and counted in ("0", "") else []
            rows.append([plate, name, analyte, cells.get("Sample", ""), well, text, counted])
            places.append(
                Place(
                    before + len(rows),
                    line.number,
                    line.number,
                    f"plate {plate} {options.statistic}",
                    f"{well} {analyte}",
                )
            )
    if not rows:
        raise stop(f"line {lines[heads[options.statistic]].number}", "wells with analytes in this section", lines)
    found = words_in((row[5] for row in rows), options.statistic)
    signal = Variable(found.label, missing={**found.missing, **dict.fromkeys(none, NONE)})
    decisions |= {"statistic": options.statistic, "wells": str(len(values))}
    return Extract.of_rows(COLUMNS, rows, places, decisions, variables={"signal": signal})


def _delimiter(content: bytes) -> str:
    """The mark behind the first word, Program, in whatever encoding; a comma where there is none."""
    start = content[:64].replace(b"\0", b"")
    return ";" if b'Program";' in start or b"Program;" in start else ","


def _section(lines: list[Line], at: int) -> Section:
    """The wells of a section, from its DataType line on. Raises Fault for lines of another shape."""
    head = lines[at + 1] if at + 1 < len(lines) else lines[at]
    names = list(head.cells)
    while names and not names[-1]:
        names.pop()
    if names[:1] != ["Location"] or len(set(names)) < len(names) or "" in names:
        raise stop(f"line {head.number}", "Location, Sample and the analytes, each once", lines)
    wells: Section = {}
    for line in lines[at + 2 :]:
        found = LOCATION.fullmatch(line.cells[0])
        if line.first == "DataType:" or (not found and not line.cells[0]):
            break
        well = well_name(found[2]) if found else ""
        if not found or not well:
            raise stop(f"line {line.number}", "a location such as 1(1,A1)", lines)
        cells = line.cells + ("",) * (len(names) - len(line.cells))
        if any(cells[len(names) :]):
            raise stop(f"line {line.number}", f"no more than {len(names)} cells, as the section's names", lines)
        if (found[1], well) in wells:
            raise Fault(f"line {line.number}: {well} stands twice in this section; export again")
        wells[found[1], well] = (line, dict(zip(names, cells, strict=False)))
    return wells


READER = Reader(Options, read, made=MADE | {"analyte"})

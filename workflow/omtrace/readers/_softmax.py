"""Text exports of SoftMax Pro plate readers: endpoint plates, and the group tables computed from them.

A file is ``##BLOCKS= n``, then blocks (plates, groups, notes), each closed by ``~End``, then a footer.
A plate has one read for each wavelength: all wells on one line (TimeFormat), or reads side by side as
grids (PlateFormat). A group table lists samples with their wells; below it the instrument itself says
which of its columns holds what (``!WellIDs``, ``!WellValues``, ...), and that is what is used here.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from omtrace.faults import Fault
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Places, RowFault
from omtrace.readers._text import LINE_END, Encoding, text_of
from omtrace.readers._wells import LETTERS, first_seen
from omtrace.readers._words import words_in

SIGNALS = ("plate", "plate_name", "wavelength", "well", "signal")
GROUPS = ("plate", "plate_name", "group", "sample", "concentration", "well", "value", "back_calculated", "dilution")
FILLED_DOWN = ("sample", "concentration", "dilution")  # printed once a sample, on its first line
BLOCKS = ("Plate:", "Group:", "Note:", "Graph:")
LINES = 1_000_000  # of some 20 a plate
# What a plate may say in place of an endpoint or raw one, and why it is not read.
OTHER = {
    "Kinetic": "many reads of a well over time; one number a well is needed",
    "Spectrum": "many wavelengths of a well, not the reads of an assay",
    "Well Scan": "many places of a well; one number a well is needed",
    "Reduced": "values that the software computed, without the raw ones",
}
WELL = re.compile(r"([A-Z]|A[A-F])[1-9]\d?")
Read = list[tuple[int, str, str]]  # line, well, signal
# What a column of a group table is: by the instrument's formula, else by the usual name; in this order.
ROLES = (
    ("well", re.compile(r"!WellIDs"), re.compile(r"Wells?")),
    ("value", re.compile(r"!WellValues"), re.compile(r"Values?|OD")),
    ("plate", re.compile(r"!WellPlateName"), re.compile(r"WellPlateName")),
    ("sample", re.compile(r"!SampleNames"), re.compile(r"Sample")),
    ("dilution", re.compile(r"!Factor"), re.compile(r"(?i)dilution ?(factor)?")),
    (
        "concentration",
        re.compile(r"!SampleDescriptor|!Conc"),
        re.compile(r"(Concentration|Standard Value).*"),
    ),
    ("back_calculated", re.compile(r"InterpX\(.*"), re.compile(r"BackCalcConc|Results?")),
)


@dataclass(frozen=True)
class Line:
    """One physical line that is not blank: its number, from 1, and its cells."""

    number: int
    cells: list[str]

    @property
    def first(self) -> str:
        return self.cells[0].strip()


@dataclass
class Plate:
    """One plate block: its ordinal in the file and, for each read, the line and text of each well."""

    number: int
    name: str
    wavelengths: list[str]
    reads: list[Read]

    @property
    def label(self) -> str:
        return f"plate {self.number} {self.name}"


@dataclass
class Blocks:
    """What a file holds: plates, and group blocks with the plates that directly went before."""

    plates: list[Plate] = field(default_factory=list)
    groups: list[tuple[list[Line], list[Plate]]] = field(default_factory=list)


def read(content: bytes, part: Literal["signals", "groups"], encoding: Encoding = "") -> Extract:
    """One part of an export; columns as in ``SIGNALS`` or ``GROUPS``, texts as the instrument wrote them.

    Signals: a row, and a place, for each plate, read and well; "" where nothing was read. Groups: a row
    for each line of a group table; sample, concentration and dilution stand once a sample in the file
    and are repeated here; a sample without a well is a row fault (``no_well``). A group belongs to the plate
    its table names, else to the one plate block before it. Ordinals run over all signals, then all
    group rows, whichever part is asked for. Raises Fault, with the line, for any other layout.
    """
    text, _, decisions = text_of(content, encoding)
    blocks = _blocks(text)
    decisions["plates"] = str(len(blocks.plates))
    if part == "signals":
        return _signals(blocks, decisions)
    return _groups(blocks, decisions)


def _stop(line: int, wanted: str) -> Fault:
    mend = "reading stopped here; export again as text, plates raw and endpoint"
    return Fault(f"line {line}: expected {wanted}; {mend}")


def _cell(text: str) -> str:
    """A cell without blanks around it, and without the quotes that a spreadsheet put around it on saving."""
    text = text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _blocks(text: str) -> Blocks:
    lines = LINE_END.split(text)
    if len(lines) > LINES:
        raise Fault(f"more than {LINES} lines; split the export")
    every = [Line(number, line.split("\t")) for number, line in enumerate(lines, 1)]
    declared = re.fullmatch(r"##BLOCKS= *(\d{1,6})", every[0].first)
    if not declared:
        raise Fault(*_stop(1, "##BLOCKS= and their number").lines, seen=first_seen(lines))
    run: list[Plate] = []
    found, seen, at = Blocks(), 0, 1
    while at < len(every):
        line, at = every[at], at + 1
        if not "".join(line.cells).strip():
            continue
        if line.first.startswith("Original Filename:"):
            break
        if not line.first.startswith(BLOCKS):
            raise _stop(line.number, f"a block ({' '.join(BLOCKS)}) or the footer")
        block = [line]
        while at < len(every) and every[at].first != "~End":
            block.append(every[at])
            at += 1
        if at == len(every):
            raise _stop(line.number, "~End to close the block that begins here, but the file ends")
        at, seen = at + 1, seen + 1
        if line.first.startswith("Plate:"):
            run = [] if found.groups and found.groups[-1][1] is run else run
            run.append(_plate(block, len(found.plates) + 1))
            found.plates.append(run[-1])
        elif line.first.startswith("Group:"):
            found.groups.append((block, run))
    if seen < int(declared[1]):
        raise _stop(every[-1].number, f"{declared[1]} blocks as line 1 says, but found {seen}")
    if not found.plates:
        raise _stop(every[-1].number, "a plate block, but found none")
    return found


def _plate(block: list[Line], number: int) -> Plate:
    head, lines = block[0], block[1:]
    cells = [_cell(c) for c in head.cells] + [""] * 24
    shift = 1 if cells[5] == "Fluorescence" else 0
    layout, count, wavelengths = cells[3], cells[14 + shift], cells[15 + shift].split()
    if layout not in ("TimeFormat", "PlateFormat") or (cells[4], cells[6 + shift]) != ("Endpoint", "Raw"):
        other = [f"{word}: {says}" for word, says in OTHER.items() if word in cells[3:8]]
        found = f", but found {'; '.join(other)}" if other else ""
        raise _stop(head.number, f"a plate in TimeFormat or PlateFormat, Endpoint, Raw{found}")
    if not wavelengths or count != str(len(wavelengths)):
        raise _stop(head.number, "the number of wavelengths, then the wavelengths")
    if layout == "TimeFormat":
        reads = _reads_by_line(lines, len(wavelengths), head.number)
    else:
        reads = _reads_by_grid(lines, len(wavelengths), cells[18 + shift], head.number)
    return Plate(number, cells[1], wavelengths, reads)


def _reads_by_line(lines: list[Line], count: int, number: int) -> list[Read]:
    lines = [line for line in lines if "".join(line.cells).strip()]
    wells = [c.strip() for c in lines[0].cells[2:]] if lines else []
    while wells and not wells[-1]:
        wells.pop()
    if not wells or len(set(wells)) < len(wells) or not all(map(WELL.fullmatch, wells)):
        raise _stop(lines[0].number if lines else number, "a line of well names from the third cell on")
    reads = []
    for line in lines[1:]:
        signals = [_cell(c) for c in line.cells[2:]]
        if signals[:1] == wells[:1]:
            break  # reduced values follow, computed from the reads
        if line.first or len(signals) < len(wells) or any(signals[len(wells) :]):
            raise _stop(line.number, f"one read: an empty cell, the temperature, {len(wells)} signals")
        reads.append([(line.number, well, signal) for well, signal in zip(wells, signals, strict=False)])
    if len(reads) != count:
        raise _stop(lines[-1].number, f"{count} reads of this plate, but found {len(reads)}")
    return reads


def _reads_by_grid(lines: list[Line], count: int, wells: str, number: int) -> list[Read]:
    heads = [c.strip() for c in lines[0].cells[2:]] if lines else []
    width = heads.index("") if "" in heads else len(heads)
    rows = int(wells) // width if width and wells.isdecimal() and len(wells) < 5 else 0
    columns = [str(n) for n in range(1, width + 1)]
    if not 0 < rows <= len(LETTERS) or "\t".join(heads).strip() != "\t\t".join(["\t".join(columns)] * count):
        raise _stop(lines[0].number if lines else number, f"column numbers from 1, for each of {count} reads")
    if len(lines) <= rows:
        raise _stop(lines[-1].number, f"{rows} lines of wells, but found {len(lines) - 1}")
    reads: list[Read] = [[] for _ in range(count)]
    for letter, line in zip(LETTERS, lines[1 : rows + 1], strict=False):
        signals = [_cell(c) for c in line.cells[2:]]
        beside = signals[width :: width + 1] + signals[(width + 1) * count :]  # between and after the grids
        if line.first or len(signals) < (width + 1) * count - 1 or any(beside):
            raise _stop(line.number, f"wells: an empty cell, the temperature, {count} times {width} signals")
        for index, read_ in enumerate(reads):
            part = signals[index * (width + 1) : index * (width + 1) + width]
            read_ += [(line.number, letter + c, signal) for c, signal in zip(columns, part, strict=True)]
    return reads


def _signals(blocks: Blocks, decisions: dict[str, str]) -> Extract:
    made: list[list] = [[] for _ in range(7)]
    for plate in blocks.plates:
        for wavelength, wells in zip(plate.wavelengths, plate.reads, strict=True):
            same = (f"{plate.label} {wavelength}", str(plate.number), plate.name, wavelength)
            for column, texts in zip(made, (*([t] * len(wells) for t in same), *zip(*wells, strict=True)), strict=True):
                column += texts
    parts, numbers, names, wavelengths, lines, places, signals = made
    words = words_in(signals, "signal")
    variables = {"signal": words} if words.missing else {}
    there = Places(list(range(1, len(lines) + 1)), lines, lines, parts, places)
    return Extract(SIGNALS, (numbers, names, wavelengths, places, signals), there, decisions, variables=variables)


def _groups(blocks: Blocks, decisions: dict[str, str]) -> Extract:
    ordinal = sum(len(wells) for plate in blocks.plates for wells in plate.reads)
    rows, places, faults = [], [], []
    for block, run in blocks.groups:
        group = _cell(block[0].first.removeprefix("Group:"))
        names, table, roles = _table(block)
        sample: dict[str, str] = {}
        head = 0
        for line in table:
            ordinal += 1
            cells = [_cell(c) for c in line.cells]
            if any(cells[len(names) :]):
                raise _stop(line.number, f"no more than {len(names)} cells of this group table")
            cells += [""] * (len(names) - len(cells))
            row = {role: cells[index] for role, index in roles.items()}
            if row["sample"] not in ("", sample.get("sample")):
                sample, head = {}, line.number  # what is filled down stands on the sample's first line
            sample |= {role: row[role] for role in FILLED_DOWN if row.get(role)}
            plate = _plate_of(row.get("plate", ""), run, blocks.plates, line.number)
            place = Place(ordinal, head or line.number, line.number, f"{plate.label} {group}")
            if not row["well"]:
                faults.append(RowFault(place, "no_well", "a well for this sample"))
                continue
            row |= sample | {"plate": str(plate.number), "plate_name": plate.name, "group": group}
            rows.append([row.get(column, "") for column in GROUPS])
            places.append(place)
        says = ", ".join(f"{names[index]} as {role}" for role, index in roles.items())
        decisions[f"group {group}, line {block[0].number}"] = says
    return Extract.of_rows(GROUPS, rows, places, decisions, faults)


def _table(block: list[Line]) -> tuple[list[str], list[Line], dict[str, int]]:
    """Column names, lines and roles of the columns of a group block."""
    end = next(
        (
            n
            for n, line in enumerate(block)
            if not "".join(line.cells).strip() or line.first in ("Group Column", "Group Summaries")
        ),
        len(block),
    )
    names = [_cell(c) for c in block[1].cells] if end > 1 else []
    start = next((n for n, line in enumerate(block) if line.first == "Group Column"), len(block))
    formulas = {}
    for line in block[start + 1 :]:
        if not line.first.isdecimal():
            break
        formulas[line.first] = _cell((line.cells + [""] * 3)[2])
    roles: dict[str, int] = {}
    free = {n: name for n, name in enumerate(names) if name}
    for role, formula, usual in ROLES:
        fits = [n for n in free if formula.fullmatch(formulas.get(str(n + 1), ""))]
        if role == "concentration":  # a known one, so never one that the instrument computed
            fits = fits or [n for n in free if usual.fullmatch(free[n]) and not formulas.get(str(n + 1))]
        fits = fits or [n for n in free if role != "concentration" and usual.fullmatch(free[n])]
        if fits:
            roles[role] = fits[0]
            del free[fits[0]]
    if not {"sample", "well"} <= set(roles):
        raise _stop(block[0].number + 1, "the names of a group table, with a column of samples and one of wells")
    return names, block[2:end], roles


def _plate_of(name: str, run: list[Plate], plates: list[Plate], line: int) -> Plate:
    if not name:
        if len(run) != 1:
            raise _stop(line, f"one plate block before the group, or WellPlateName, but found {len(run)} plates")
        return run[0]
    named = [p for p in run if p.name == name] or [p for p in plates if p.name == name]
    if len(named) != 1:
        raise _stop(line, f"a plate name that one plate block has, but found it {len(named)} times")
    return named[0]

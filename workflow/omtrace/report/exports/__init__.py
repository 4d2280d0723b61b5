"""All tables of a study as one file for people who work elsewhere: ``omtrace export STUDY --to docx``.

A format is a module that declares ``FORMAT``. Each number carries its id as a hidden property of the format; each file
is read back before it is put in place, and has to hold every number as it was written. The same results give the same
bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.model.estimate import HELD_BACK, Estimate
from omtrace.plugins import declared, plugin

if TYPE_CHECKING:
    from omtrace.report.share import Numbers

HEADS = {"parameter": "", "statistic": "", "population": "Population", "visit": "Visit", "group": "Group", "level": ""}
EXPLORATORY = "e"
FOLDER = Path("releases")
NARROW, WIDE = 6, 36  # letters of a column


@dataclass(frozen=True)
class Piece:
    """A part of a cell: plain text, or a number by its id, with its stored value, unit and shown decimals."""

    text: str
    id: str = ""
    value: str = ""
    unit: str = ""
    decimals: int = 0
    mark: str = ""  # set above the line behind it


Cell = Sequence[Piece]


@dataclass(frozen=True)
class Line:
    """A line of a table: what names it, and its cells; a line without cells is the heading of a block."""

    heads: tuple[str, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A numbered table. ``heads`` and ``columns`` are its header; ``notes`` stand below it."""

    number: str  # as in the report
    title: str
    heads: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def pieces(self) -> list[Piece]:
        """Its numbers, in the order of reading."""
        return [piece for line in self.lines for cell in line.cells for piece in cell if piece.id]

    @property
    def shares(self) -> list[int]:
        """How wide each of its columns needs to be beside the others: letters of the longest text, within limits."""
        rows = [
            [*line.heads, *("".join(p.text for p in cell) for cell in line.cells)] for line in self.lines if line.cells
        ]
        header = [max(map(len, text.split()), default=0) for text in (*self.heads, *self.columns)]
        longest = [max([most, *(len(row[at]) for row in rows)]) for at, most in enumerate(header)]
        return [min(max(length, NARROW), WIDE) + 2 for length in longest]

    @property
    def heading(self) -> str:
        """Number and title."""
        return f"Table {self.number}. {self.title}"


@dataclass(frozen=True)
class Document:
    """The tables of a study under its title; ``statement``: where its data come from."""

    study: str
    title: str
    statement: str
    sheets: tuple[Sheet, ...] = ()
    source: str = ""  # the file that its numbers are from

    @property
    def numbers(self) -> list[tuple[str, str]]:
        """Id and text of each number, in the order of reading."""
        return [(piece.id, piece.text) for sheet in self.sheets for piece in sheet.pieces]


@dataclass(frozen=True)
class Format:
    """A format: ``write`` gives a file's bytes, ``read`` the id and text of each number in it, in order."""

    ending: str
    write: Callable[[Document], bytes]
    read: Callable[[bytes], list[tuple[str, str]]]
    words: str = field(default="")


def formats() -> list[str]:
    """The names of the formats."""
    return list(declared("report.exports"))


def document_of(study: str, root: str | Path = ".", share: bool = False) -> Document:
    """The tables of a study from its stored results; ``share``: as they may leave.

    Raises Fault where a result is missing or not readable.
    """
    from omtrace.report.share import numbers_for

    return of_numbers(numbers_for(study, root, share))


def of_numbers(numbers: "Numbers") -> Document:
    """The tables of numbers."""
    from omtrace.report import worded
    from omtrace.report.answers import asked_of
    from omtrace.report.layout import numbered
    from omtrace.report.results import by_role, numbers_of, rows_of, sections_of

    plan = numbers.plan
    rows = rows_of(plan, numbers.rows)
    sections = sections_of(plan, numbers_of(plan, rows), worded(plan, numbers.definitions))
    ordered = numbered(by_role(sections, asked_of(plan)))
    sheets = tuple(_sheet(section, table) for section in ordered for table in section["tables"])
    return Document(plan.study, plan.title, numbers.statement, sheets, numbers.source)


def _sheet(section: Mapping, table: Mapping) -> Sheet:
    lines: list[Line] = []
    for block in table["blocks"]:
        if table["grouped"]:
            lines.append(Line((block["title"],)))
        above: list[tuple[str, int]] = []  # text and lines left of heads that span several lines
        for row in block["rows"]:
            own = [(head["text"], head["span"]) for head in row["heads"]]
            texts = [entry for entry in above if entry[1] > 0] + own
            lines.append(Line(tuple(text for text, _ in texts), tuple(map(_cell, row["cells"]))))
            above = [(text, span - 1) for text, span in texts]
    heads = tuple(HEADS.get(head, head) for head in table["heads"])
    notes = _notes(section, table, lines)
    return Sheet(table["number"], table["title"], heads, tuple(table["columns"]), tuple(lines), notes)


def _notes(section: Mapping, table: Mapping, lines: Sequence[Line]) -> tuple[str, ...]:
    """What stands below a table: whom it is about, how it was made, and what its marks mean."""
    notes = [table["foot"], f"Role: {section['role']}. Analysis set: {section['population']}."]
    notes += [str(section["words"]), str(section["note"])]
    for part in section["refused"]:
        notes.append(f"Not computed{': ' + part['of'] if part['of'] else ''}, because {part['why']}.")
    if any(piece.text == HELD_BACK for line in lines for cell in line.cells for piece in cell):
        notes.append(f"{HELD_BACK}: held back, so that no small number of units can be read or worked out.")
    if any(piece.mark for line in lines for cell in line.cells for piece in cell):
        notes.append(f"{EXPLORATORY}: exploratory p value, in no family of hypotheses.")
    return tuple(note for note in notes if note)


def _cell(groups: Sequence[Sequence[str | Estimate]]) -> Cell:
    """The pieces of a cell; its groups are parted by blanks."""
    pieces: list[Piece] = []
    for group in groups:
        if pieces:
            pieces.append(Piece(" "))
        pieces += [Piece(piece) if isinstance(piece, str) else _number(piece) for piece in group]
    return pieces


def _number(number: Estimate) -> Piece:
    mark = EXPLORATORY if number.exploratory else ""
    return Piece(number.shown + number.suffix, number.id, number.text, number.unit, number.decimals, mark)


def export(study: str, to: str, path: str | Path = "", root: str | Path = ".", share: bool = False) -> Path:
    """Write all tables of a study as one file.

    Parameters
    ----------
    study
        A study that has run.
    to
        Name of the format.
    path
        The file; "": ``releases/<study>.<ending>``.
    root
        The folder that holds results/.
    share
        Whether small cells are held back.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    Fault
        Where a result is missing, and for a format that there is not.
    AssertionError
        Where the file, read back, does not hold every number as it was written; nothing is left then.
    """
    plugin("report.exports", to, "FORMAT")  # before anything is read
    return write(document_of(study, root, share), to, path or Path(root) / FOLDER / study)


def write(document: Document, to: str, path: str | Path) -> Path:
    """Write tables in a format, read back; ``path``: the file, whose ending may be left out."""
    form = plugin("report.exports", to, "FORMAT")
    content = written(form, document)
    target = Path(path) if Path(path).suffix else Path(f"{path}.{form.ending}")
    store.write_bytes(target, content, confidential=False)
    return target


def written(form: Format, document: Document) -> bytes:
    """A document in a format, read back. Raises AssertionError where a number is not as it was written."""
    content = form.write(document)
    there, wanted = form.read(content), document.numbers
    if there != wanted:
        first = next((at for at, pair in enumerate(zip(there, wanted, strict=False)) if pair[0] != pair[1]), len(there))
        raise AssertionError(f"{form.ending}: {len(there)} numbers of {len(wanted)} read back; differs at {first}")
    return content

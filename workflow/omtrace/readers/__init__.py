"""Readers: raw bytes to text cells with places. A reader knows how bytes look, not what they mean.

Each module declares ``READER``; the plan names it by module name. ``read`` gets the file's bytes and
checked options and returns an ``Extract``; a file that cannot be read at all raises ``Fault``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack, overload

from omtrace.plugins import plugin
from omtrace.provenance.keys import Place

if TYPE_CHECKING:
    import numpy
    import pyarrow

    from omtrace.model.closed import Closed


@dataclass(frozen=True)
class RowFault:
    """A row that cannot be taken over as a row of cells (wrong width, malformed quoting, ...)."""

    place: Place
    rule: str
    message: str


@dataclass(frozen=True)
class CellDoubt:
    """A cell that is given as text, though the file makes it doubtful (a formula without its value, ...).

    ``row`` counts the extract's rows from 0; -1 is the column as a whole. ``column`` "" is the whole row.
    """

    rule: str
    row: int
    column: str
    expected: str


@dataclass(frozen=True)
class Variable:
    """What a file, or its dictionary, says of one column.

    ``choices``: code -> label. ``missing``: code -> what it says; such a code is never a value. ``zone``: of
    its times, by name or as an offset; "" where the file does not say.
    """

    label: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    identifier: bool = False
    zone: str = ""


@dataclass(frozen=True)
class Places(Sequence[Place]):
    """The places of an extract's rows as parallel sequences, ordinals rising; ``part`` may be one for all."""

    ordinals: "Sequence[int] | numpy.ndarray" = ()
    first_lines: "Sequence[int] | numpy.ndarray" = ()
    last_lines: "Sequence[int] | numpy.ndarray" = ()
    parts: Sequence[str] | str = ""
    columns: Sequence[str] | str = ""

    @classmethod
    def of(cls, places: Sequence[Place]) -> "Places":
        """Places from single ones."""
        names = ("ordinal", "first_line", "last_line", "part", "column")
        return cls(*([getattr(place, name) for place in places] for name in names))

    def __len__(self) -> int:
        return len(self.ordinals)

    @overload
    def __getitem__(self, index: int) -> Place: ...

    @overload
    def __getitem__(self, index: slice) -> list[Place]: ...

    def __getitem__(self, index: int | slice) -> Place | list[Place]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        part = self.parts if isinstance(self.parts, str) else self.parts[index]
        column = self.columns if isinstance(self.columns, str) else self.columns[index]
        return Place(int(self.ordinals[index]), int(self.first_lines[index]), int(self.last_lines[index]), part, column)


def texts_of(column: "Sequence[str] | pyarrow.Array") -> Sequence[str]:
    """The texts of a column of an extract."""
    return column.to_pylist() if hasattr(column, "to_pylist") else column


class Beside(TypedDict, total=False):
    """What an extract says beside its rows, see ``Extract``."""

    doubts: list[CellDoubt]
    date_cells: dict[str, list[int]]
    unscheduled: dict[str, list[int]]
    unopened: dict[str, list[int]]
    left_out: dict[str, int]
    variables: dict[str, Variable]


@dataclass(frozen=True)
class Extract:
    """One part of an export as text, column by column.

    ``cells`` holds the texts of each column (a list, a tuple or an Arrow array), "" where the file has nothing;
    ``places`` runs parallel to the rows. ``decisions`` says what the reader settled on (encoding, line ends, ...).
    ``date_cells``: column -> rows whose cell is a date in the file itself, not a text. ``unscheduled``: column
    -> rows for which nothing was to be collected there. ``unopened``: column -> rows that hold the 0 of a box in a form
    that nobody opened. ``left_out``: reason -> number of further rows in the
    file that are no data (previews, spam).
    """

    columns: tuple[str, ...]
    cells: "Sequence[Sequence[str] | pyarrow.Array]"
    places: Places
    decisions: dict[str, str] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    doubts: list[CellDoubt] = field(default_factory=list)
    date_cells: dict[str, list[int]] = field(default_factory=dict)
    unscheduled: dict[str, list[int]] = field(default_factory=dict)
    unopened: dict[str, list[int]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)

    @classmethod
    def of_rows(
        cls,
        columns: tuple[str, ...],
        rows: Sequence[Sequence[str]],
        places: Sequence[Place],
        decisions: dict[str, str] | None = None,
        faults: list[RowFault] | None = None,
        **more: Unpack["Beside"],
    ) -> "Extract":
        """An extract from rows of texts, each with its place."""
        cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
        return cls(columns, cells, Places.of(places), decisions or {}, faults or [], **more)

    @property
    def rows(self) -> list[list[str]]:
        """The rows of texts; it copies every cell."""
        return [list(row) for row in self.records()]

    def records(self) -> Iterator[tuple[str, ...]]:
        """One tuple of texts a row."""
        yield from zip(*map(texts_of, self.cells), strict=True)


@dataclass(frozen=True)
class Reader:
    """A reader: the model of its options and the function that reads.

    ``companions`` are options whose value names another export of the study (a data dictionary, an event
    map); its bytes are passed to ``read`` as a keyword of that name, b"" where the plan names none.
    ``address``: how a cell is called in the file's own program, from a row's place and the column's index.
    ``made``: columns that the reader makes itself, of names of plates, headings and places of wells: no column of the
    file, so that nobody need read them. ``suggested``: the options by which a file that is not known yet is read, of
    several tables the largest one, and where its header stands.
    """

    options: "type[Closed]"
    read: Callable[..., Extract]
    companions: tuple[str, ...] = ()
    address: Callable[[Place, int], str] | None = None
    made: frozenset[str] = frozenset()
    suggested: "Callable[[bytes], dict[str, object]] | None" = None


def largest(option: str, sizes: Mapping[str, int]) -> dict[str, object]:
    """Of several tables (name -> number of cells), the option that names the largest; none where there is only one."""
    return {option: max(sizes, key=lambda name: sizes[name])} if len(sizes) > 1 else {}


def reader_of(name: str) -> Reader:
    """The reader that module ``sources/<name>.py`` declares. Raises Fault for an unknown name."""
    return plugin("readers", name, "READER")


def options_of(reader: Reader, options: dict, where: str) -> "Closed":
    """The options of a table as the reader's own model. Raises Fault for unknown keys or wrong values."""
    from omtrace.model.closed import checked

    return checked(reader.options, options, where)

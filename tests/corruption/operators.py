"""What an operator is: a named damage, where it is done, and where a finding must point."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from random import Random

from omtrace.validation.findings import Finding

from .records import Move, Records
from .study import Study

ALL = ("rat_dnase_elisa", "headache_diary", "rat_two_hit", "omt_feasibility", "omt_rct")  # the quick ones first
FOUND, RIGHT = "found", "read right"


@dataclass(frozen=True)
class Spot:
    """Where a finding has to point: a file; lines, columns and parts of it (empty: any)."""

    file: str
    lines: frozenset[int] = frozenset()
    columns: frozenset[str] = frozenset()
    part: str = ""

    def named_by(self, finding: Finding) -> bool:
        """Whether a finding points here. One about a whole column names the column, and one about a row its line."""
        if finding.file != self.file or (self.part and self.part not in finding.part.split()):
            return False
        if finding.line == 0 and self.lines:  # a file that cannot be read: the text names the line
            return bool(self.lines & {0, *map(int, re.findall(r"line ([0-9]+)", finding.expected))})
        if self.columns and finding.column not in self.columns and not (finding.column == "" and self.lines):
            return False
        return not self.lines or finding.line in self.lines


def spot(file: str, lines: int | Iterable[int] = (), columns: str | Iterable[str] = (), part: str = "") -> Spot:
    """A spot, from single lines and columns or several."""
    lines = [lines] if isinstance(lines, int) else lines
    columns = [columns] if isinstance(columns, str) else columns
    return Spot(file, frozenset(lines), frozenset(columns), part)


@dataclass(frozen=True)
class Damage:
    """Damaged files, or single cells to be changed (file, line, column -> text); one of the spots must be named.

    ``units``: whose rows are touched, so that damage to single cells can share a run.
    """

    spots: tuple[Spot, ...]
    files: dict[str, bytes] = field(default_factory=dict)
    cells: dict[tuple[str, int, str], str] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    units: frozenset[str] = frozenset()


def rewritten(file: str, records: Records, *spots: Spot) -> Damage:
    """Damage from changed records; without spots, any finding that names the file will do."""
    return Damage(spots or (Spot(file),), {file: records.content()}, moves={file: records.moves()})


def replaced(file: str, content: bytes, *spots: Spot) -> Damage:
    """Damage from changed bytes."""
    return Damage(spots or (Spot(file),), {file: content})


Make = Callable[[Study, Random], "Damage | None"]


@dataclass(frozen=True)
class Operator:
    """One kind of damage. ``wanted``: ``found`` at its place, or ``read right``, where nothing is lost.

    ``blind``: why nobody can find it from the files alone. ``single``: it changes single cells only.
    """

    name: str
    says: str
    make: Make
    studies: tuple[str, ...]
    wanted: str = FOUND
    blind: str = ""
    single: bool = False
    group: str = ""


OPERATORS: dict[str, Operator] = {}


def operator(says: str, studies: tuple[str, ...] | str = ALL, **more: object) -> Callable[[Make], Make]:
    """Declare a function (study, random) -> Damage as an operator; None means that this place does not serve."""

    def declare(make: Make) -> Make:
        name = make.__name__
        if name in OPERATORS:
            raise ValueError(f"two operators are called {name}")
        where = (studies,) if isinstance(studies, str) else studies
        group = PurePath(make.__code__.co_filename).stem
        OPERATORS[name] = Operator(name, says, make, where, group=group, **more)  # type: ignore[arg-type]
        return make

    return declare

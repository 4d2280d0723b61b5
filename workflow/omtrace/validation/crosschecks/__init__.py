"""Checks across rows, visits, tables and exports. Each module declares ``CROSSCHECK``; the plan names it.

A crosscheck sees typed tables and says which cells it doubts; severity, quarantine and reporting are not its matter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.schemas import Kind, RuleText, Table

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Hit:
    """One cell in doubt: the rule, the table, the row's key, the table's column, and what was expected there.

    ``expected`` never holds a value of a participant.
    """

    rule: str
    table: str
    key: int
    column: str
    expected: str


@dataclass(frozen=True)
class Tables:
    """What a crosscheck looks at.

    ``frames``: table -> typed rows that are kept so far, with the rows' keys as index (upper half: the export's
    register number, see ``keys``). ``declared``: table -> its declaration. ``received``: register number -> the
    day the export arrived (ISO, "" if unknown). ``batches``: register number -> batch or lot.
    ``taken``: table -> typed rows that findings have taken out so far. ``study``: for messages.
    """

    study: str
    frames: "Mapping[str, pandas.DataFrame]"
    declared: Mapping[str, Table]
    received: Mapping[int, str]
    batches: Mapping[int, str]
    taken: "Mapping[str, pandas.DataFrame]" = field(default_factory=dict)

    def frame(self, where: str, table: str, *columns: str) -> "pandas.DataFrame":
        """A table's rows. Raises Fault for a table or a column that there is not."""
        if table not in self.frames:
            raise Fault(f"plan of {self.study}: {where}: there is no table {table!r}{nearest(table, self.frames)}")
        frame = self.frames[table]
        unknown = [column for column in columns if column not in frame.columns]
        if unknown:
            hints = (f"{name!r}{nearest(name, frame.columns)}" for name in unknown)
            raise Fault(f"plan of {self.study}: {where}: table {table!r} has no column {', '.join(hints)}")
        return frame

    def kind(self, where: str, table: str, column: str, *kinds: Kind) -> Kind:
        """What a column holds. Raises Fault for a column that there is not, or that is none of ``kinds``."""
        self.frame(where, table, column)
        kind = self.declared[table].column(column).kind
        if kinds and kind not in kinds:
            wanted = " or ".join(kinds)
            raise Fault(f"plan of {self.study}: {where}: column {column!r} of table {table!r} is {kind}, not {wanted}")
        return kind


@dataclass(frozen=True)
class CrossCheck:
    """A crosscheck: the model of its options, the rules that it may find broken, and the function that looks.

    ``find(tables, where, options)``: ``where`` names the plan's entry, for messages.
    """

    options: type[Closed]
    rules: tuple[RuleText, ...]
    find: Callable[[Tables, str, Any], Iterable[Hit]]

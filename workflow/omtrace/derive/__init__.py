"""Derivations: from validated tables to records, each with the raw cells behind it.

Each module declares ``DERIVATION``; a parameter of the plan names it by module name. A derivation gives
``Found``; ``derive.records`` lays it over the full grid of units and visits.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.study.closed import Closed, nearest
from omtrace.study.plan import DatasetPlan, Parameter, Plan

if TYPE_CHECKING:
    import pandas

# One cell behind a record: unit, visit, key, raw column, role.
Cell = tuple[str, str, int, str, str]


@dataclass
class Found:
    """What a derivation found: records by (unit, visit), and the cells behind them.

    ``records``: columns unit, visit, value (float), text (str or None), status ("observed" or why not).
    ``tables``: validated tables whose quarantined rows explain a record that was not found. ``shared``: cells that
    many records rest on alike (the standards of a plate), once: their units and visits, and key, raw column, role.
    ``parts``: what else was found of a record, by name, for derivations that build on it.
    """

    records: "pandas.DataFrame"
    cells: list[Cell] = field(default_factory=list)
    tables: tuple[str, ...] = ()
    shared: list[tuple[list[tuple[str, str]], list[tuple[int, str, str]]]] = field(default_factory=list)
    parts: dict[str, dict[tuple[str, str], float | str]] = field(default_factory=dict)

    def every_cell(self) -> list[Cell]:
        """All cells, those that records share once for each."""
        return [*self.cells, *((*at, *cell) for units, cells in self.shared for at in units for cell in cells)]

    @classmethod
    def of(cls, records: list[tuple], cells: list[Cell], tables: tuple[str, ...] = ()) -> "Found":
        """What was found, from rows of (unit, visit, value, text, status)."""
        import pandas

        return cls(pandas.DataFrame(records, columns=["unit", "visit", "value", "text", "status"]), cells, tables)


@dataclass(frozen=True)
class Tables:
    """The validated tables of a study, and how their columns are called in the raw exports."""

    plan: Plan
    frames: "dict[str, pandas.DataFrame]"
    quarantine: "pandas.DataFrame"
    gaps: dict[tuple[int, str], str]  # (key, column) -> what the missing-data code says
    repaired: frozenset[tuple[int, str]] = frozenset()  # (key, raw column) of cells that a repair of the plan changed

    def frame(self, name: str, where: dict[str, str] | None = None) -> "pandas.DataFrame":
        """A validated table, or its rows in which columns have given values. Raises Fault for an unknown name."""
        if name not in self.frames:
            raise Fault(f"plan of {self.plan.study}: table {name!r} is not declared")
        frame = self.frames[name]
        for column, value in (where or {}).items():
            self.need(name, column)
            frame = frame[frame[column] == self._typed(name, column, value)]
        if "visit" not in frame.columns:
            frame = frame.assign(visit="")
        return frame

    def _typed(self, name: str, column: str, value: str) -> float | str:
        if self.frames[name][column].dtype.kind not in "if":
            return value
        try:
            return float(value)
        except ValueError:
            raise Fault(
                f"plan of {self.plan.study}: column {column!r} of table {name!r} holds numbers, not {value!r}"
            ) from None

    def need(self, name: str, *columns: str) -> None:
        """Raise Fault for a column that a table does not have."""
        for column in columns:
            if column not in self.frames[name].columns:
                raise Fault(f"plan of {self.plan.study}: table {name!r} has no column {column!r}")

    def raw(self, name: str, column: str) -> str:
        """What a table's column is called in the raw export."""
        return self.plan.tables[name].raw(column)


@dataclass(frozen=True)
class Context:
    """What a derivation may look at: the tables, the dataset, and the records derived so far."""

    tables: Tables
    dataset: DatasetPlan
    so_far: "dict[str, Found]"  # with the full grid of units and visits

    def earlier(self, name: str, of: str, visits: Iterable[str]) -> Found:
        """Another parameter, for ``name``. Raises Fault if it is not declared before, or not scheduled at a visit."""
        if of not in self.so_far:
            raise Fault(f"parameter {name}: {of!r} is not declared before it in the dataset")
        scheduled = self.dataset.parameters[of].visits
        for visit in visits:
            if visit not in scheduled:
                raise Fault(f"parameter {name}: {of!r} is not scheduled at visit {visit!r}{nearest(visit, scheduled)}")
        return self.so_far[of]


@dataclass(frozen=True)
class Derivation:
    """A derivation: the model of its options and the function that derives one parameter."""

    options: type[Closed]
    derive: Callable[[Context, str, Parameter, Any], Found]

"""Derivations: from validated tables to records, each with the raw cells behind it.

Each module declares ``DERIVATION``; a parameter of the plan names it by module name. A derivation gives
``Found``; ``derive.records`` lays it over the full grid of units and visits.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import distinct, repeated
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas

    Entries: TypeAlias = numpy.ndarray | pandas.Series | Sequence[str] | str | float | None

# One cell behind a record: unit, visit, key, raw column, role.
Cell = tuple[str, str, int, str, str]


@dataclass
class Found:
    """What a derivation found: records by unit and visit, and the cells behind them.

    ``records``: columns unit, visit, value (float), text (or missing), status ("observed" or why not; missing: no
    record was found, but there are cells). ``cells``: their rows are those of the records.
    ``tables``: validated tables whose quarantined rows explain a record that was not found.
    ``parts``: makes what else was found of each record (its rows), for derivations that build on it.
    """

    records: "pandas.DataFrame"
    cells: Cells
    tables: tuple[str, ...] = ()
    parts: "Callable[[], pandas.DataFrame] | None" = None

    @classmethod
    def of(cls, records: list[tuple], cells: Sequence[Cell], tables: tuple[str, ...] = ()) -> "Found":
        """What was found, from rows of (unit, visit, value, text, status), and cells by unit and visit."""
        import pandas

        rows: dict[tuple[str, str], int] = {}
        for row, (unit, visit, *_) in enumerate(records):
            rows.setdefault((unit, visit), row)
        alone = [at for at in dict.fromkeys((cell[0], cell[1]) for cell in cells) if at not in rows]
        rows |= {at: row for row, at in enumerate(alone, len(records))}
        taken = list(zip(*records, *((*at, None, None, None) for at in alone), strict=True)) or [()] * 5
        kinds = {"unit": "str", "visit": "str", "value": "float64", "text": "str", "status": "str"}
        columns = {
            name: pandas.Series(part, dtype=kind) for (name, kind), part in zip(kinds.items(), taken, strict=True)
        }  # type: ignore[call-overload]
        return cls(pandas.DataFrame(columns), Cells.of_tuples(cells, rows), tables)

    @classmethod
    def of_columns(
        cls,
        unit: "numpy.ndarray | pandas.Series",
        visit: "Entries",
        value: "Entries",
        text: "Entries",
        status: "Entries",
        cells: Cells,
        tables: tuple[str, ...] = (),
    ) -> "Found":
        """The same from columns (n,); a text, a number, or None, stands for a whole column."""
        import numpy
        import pandas

        columns = {"unit": unit, "visit": visit, "value": value, "text": text, "status": status}
        kinds = {"value": "float64"}
        taken = {
            name: repeated(part, len(unit))
            if part is None or isinstance(part, str)
            else pandas.Series(numpy.full(len(unit), part) if isinstance(part, float) else part)
            for name, part in columns.items()
        }
        records = {name: part.reset_index(drop=True).astype(kinds.get(name, "str")) for name, part in taken.items()}
        return cls(pandas.DataFrame(records), cells, tables)

    @classmethod
    def joined(cls, parts: "Sequence[Found]") -> "Found":
        """Several of the same tables as one."""
        import numpy
        import pandas

        if not parts:
            return cls.of([], [])
        ends = numpy.cumsum([0, *(len(part.records) for part in parts)])
        cells = [part.cells.moved(numpy.arange(a, b)) for part, a, b in zip(parts, ends, ends[1:], strict=False)]
        records = pandas.concat([part.records for part in parts], ignore_index=True)
        return cls(records, Cells.joined(cells), parts[0].tables)


@dataclass(frozen=True)
class Outcome:
    """Value, text and status of a record; a category has a text, a yes or no has both."""

    value: float | None
    text: str | None
    status: str = "observed"


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

    def lost_cells(self, name: str) -> "pandas.DataFrame":
        """Cells of a table that broken rules have taken out of rows that live: key, unit, visit, rule, own column."""
        import pandas

        begins = "quarantined: "
        cells = [
            (key, column, says.removeprefix(begins))
            for (key, column), says in self.gaps.items()
            if says.startswith(begins)
        ]
        lost = pandas.DataFrame(cells, columns=["key", "column", "rule"])
        frame = self.frame(name)
        lost = lost[lost["column"].isin(frame.columns)]
        return lost.merge(frame[["key", "visit", *([UNIT] if UNIT in frame else [])]], on="key")

    @cached_property
    def coded(self) -> dict[str, dict[int, str]]:
        """Column -> key -> what the missing-data code says."""
        columns: dict[str, dict[int, str]] = {}
        for (key, column), says in self.gaps.items():
            columns.setdefault(column, {})[key] = says
        return columns


@dataclass(frozen=True)
class Context:
    """What a derivation may look at: the tables, the dataset, and the records derived so far."""

    tables: Tables
    dataset: DatasetPlan
    so_far: "dict[str, Found]"  # with the full grid of units and visits

    @cached_property
    def roster(self) -> "pandas.Series":
        """Every enrolled unit, sorted: the roster's rows, kept or quarantined."""
        import pandas

        tables, roster = self.tables, self.dataset.roster
        tables.need(roster.table, roster.column)
        units = [tables.frames[roster.table][roster.column].dropna().astype("str")]
        if roster.column == UNIT:
            lost = tables.quarantine.loc[tables.quarantine["table"] == roster.table, UNIT].dropna().astype("str")
            units.append(lost[lost != ""])
        return distinct(pandas.concat(units))

    @cached_property
    def units(self) -> list[str]:
        """The same as a list."""
        return self.roster.to_numpy(dtype=object).tolist()

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
    """A derivation: the model of its options and the function that derives one parameter.

    ``by_group``: whether it looks at the dataset's group, which its options need not name.
    """

    options: type[Closed]
    derive: Callable[[Context, str, Parameter, Any], Found]
    by_group: bool = False

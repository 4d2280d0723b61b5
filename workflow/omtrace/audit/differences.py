"""What differs between two versions of a raw export, cell by cell: ``omtrace diff OLD NEW``.

Both files are read as the plan's tables read them. A row is named by the raw columns that make the keys of
those tables (unit, visit and others, such as the day of a diary), never by its line: rows that were moved are
no difference. Rows of the same name are taken in their order, those that are equal first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.model.folders import plan_file, read_registered
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import Export, export_at, sha256_of
from omtrace.model.tables import MADE, TablePlan
from omtrace.readers import Extract
from omtrace.readers.lookup import check_registered, extract_of, ways_of
from omtrace.schemas import UNIT, Table, table_in
from omtrace.store import write_csv

HEADER = ("table", "unit", "visit", "row", "column", "change", "old_line", "new_line", "before", "after")
CHANGED, ADDED, REMOVED = "changed", "row added", "row removed"
UNREAD = "no table"


@dataclass(frozen=True)
class Difference:
    """One changed cell, or one row or column that is in one of the files only.

    ``tables`` are the tables of the plan that read the cell or have the row in their scope. Lines are those of the
    files as text: ``part:line``, "" where there is none. ``row`` is the rest of the row's name, ``column=text``.
    """

    tables: tuple[str, ...]
    unit: str
    visit: str
    row: str
    column: str
    change: str
    old_line: str = ""
    new_line: str = ""
    before: str = ""
    after: str = ""

    def cells(self) -> tuple[str, ...]:
        """The difference as a row under ``HEADER``."""
        return (" ".join(self.tables), *astuple(self)[1:])


@dataclass(frozen=True)
class Versions:
    """The differences of two versions; ``remarks``: what could not be compared."""

    old: Export
    new: Export
    tables: tuple[str, ...] = ()
    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def summary(self) -> list[str]:
        """A line for each table that differs and for each remark, without values."""
        lines = [self._counts(name) for name in (*self.tables, UNREAD)]
        columns = [f"{d.change}: {d.column}" for d in self.differences if d.change.startswith("column")]
        messages = [*filter(None, lines), *columns, *self.remarks]
        return messages or ["no cell differs in any table"]

    def _counts(self, name: str) -> str:
        mine = [d for d in self.differences if name in (d.tables or (UNREAD,))]
        cells = [d for d in mine if d.change == CHANGED]
        added, removed = (sum(d.change == change for d in mine) for change in (ADDED, REMOVED))
        if not (cells or added or removed):
            return ""
        rows = {(d.unit, d.visit, d.row, d.old_line) for d in cells}
        units = {d.unit for d in cells} - {""}
        where = f" in {_many(len(rows), 'row')}" + (f" of {_many(len(units), 'unit')}" if units else "")
        changed = f"{_many(len(cells), 'cell')} changed{where if cells else ''}"
        return f"{name}: {changed}, {_many(added, 'row')} added, {removed} removed"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(frozen=True)
class _Side:
    """One version as it is read: the texts of each column, and the rows under their names."""

    export: Export
    extract: Extract
    texts: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.extract.places)

    def named(self, key: Sequence[str]) -> dict[tuple[str, ...], list[int]]:
        """Name -> rows, in the order of the file."""
        rows: dict[tuple[str, ...], list[int]] = {}
        names = zip(*([t.strip() for t in self.texts[c]] for c in key), strict=True) if key else [()] * len(self)
        for at, name in enumerate(names):
            rows.setdefault(name, []).append(at)
        return rows

    def line(self, at: int) -> str:
        """Where a row stands."""
        place = self.extract.places[at]
        return ":".join(filter(None, (place.part, place.column, str(place.first_line))))

    def text(self, column: str, at: int) -> str:
        """A cell; "" where the file has no such column."""
        return self.texts[column][at] if column in self.texts else ""

    def made(self, part: str, at: int) -> str:
        """A part of a unit: a cell, or what the plan's marks with @ stand for."""
        if part not in MADE:
            return self.text(part, at).strip()
        ordinal = str(self.extract.places[at].ordinal)
        return {"@export": self.export.export, "@batch": self.export.batch}.get(part, ordinal)


def differences(
    plan: Plan, old: Export, new: Export, root: str | Path = ".", exports: Sequence[Export] = ()
) -> Versions:
    """Every difference between two files of one source table, in the order of the old file, then of the new one.

    ``exports``: the register's rows, for readers that need another export (a data dictionary). Raises Fault where
    a file is missing, is not the registered one or cannot be read, and where no table of the plan reads it.
    """
    ways = ways_of(plan, old.table)
    if not ways:
        raise Fault(f"{old.path}: no table of the plan of {plan.study} reads {old.table}")
    for export in (old, new):
        check_registered(export, root)
    rows: list[Difference] = []
    remarks: list[str] = []
    for names in ways:
        before, after = (_side(plan, names[0], export, root, exports) for export in (old, new))
        rows += _Way(plan, names, before, after).differences()
        broken = [len(side.extract.faults) for side in (before, after)]
        if any(broken):
            counts = f"{broken[0]} before, {broken[1]} after"
            remarks.append(f"{', '.join(names)}: not compared: rows that cannot be read, {counts}")
    return Versions(old, new, tuple(name for names in ways for name in names), rows, remarks)


def _side(plan: Plan, name: str, export: Export, root: str | Path, exports: Sequence[Export]) -> _Side:
    extract = extract_of(plan, name, export, exports, root)
    cells = dict(zip(extract.columns, extract.cells, strict=True))
    return _Side(export, extract, {column: [str(text) for text in texts] for column, texts in cells.items()})


class _RowName(NamedTuple):
    """A row's unit and visit, and the rest of its key in words."""

    unit: str
    visit: str
    row: str


class _Way:
    """Two versions, as some tables of a plan read them in one and the same way."""

    def __init__(self, plan: Plan, names: Sequence[str], before: _Side, after: _Side) -> None:
        self.before, self.after = before, after
        self.plans = {name: plan.tables[name] for name in names}
        tables = {name: table_in(entry, name) for name, entry in self.plans.items()}
        self.read = {name: _read(entry, tables[name]) for name, entry in self.plans.items()}
        self.measured = {name: [self.plans[name].raw(c) for c in tables[name].measured] for name in names}
        self.shared = [column for column in before.texts if column in after.texts]
        wanted = [c for name in names for k in tables[name].key for c in _raw(self.plans[name], k) if c not in MADE]
        self.key = [column for column in dict.fromkeys(wanted) if column in self.shared]

    def differences(self) -> Iterator[Difference]:
        """Columns first, then rows: those of the old file in their order, then those of the new one only."""
        for column in dict.fromkeys((*self.before.texts, *self.after.texts)):
            if column not in self.shared:
                change = "column removed" if column in self.before.texts else "column added"
                yield Difference(tuple(n for n in self.read if column in self.read[n]), "", "", "", column, change)
        old, new = self.before.named(self.key), self.after.named(self.key)
        for name in {**old, **new}:
            for before, after in self._paired(old.get(name, []), new.get(name, [])):
                yield from self._row(before, after)

    def _paired(self, old: list[int], new: list[int]) -> list[tuple[int | None, int | None]]:
        """Rows of one name, each with its counterpart; None where there is none."""
        if len(old) == len(new) == 1:
            return [(old[0], new[0])]
        rest: list[int] = []
        stock: dict[tuple[str, ...], list[int]] = {}
        for at in reversed(new):
            stock.setdefault(tuple(self.after.texts[c][at] for c in self.shared), []).append(at)
        for at in old:
            equal = stock.get(tuple(self.before.texts[c][at] for c in self.shared))
            if equal:
                equal.pop()
            else:
                rest.append(at)
        return list(zip_longest(rest, sorted(at for left in stock.values() for at in left)))

    def _row(self, before: int | None, after: int | None) -> Iterator[Difference]:
        if before is None or after is None:
            side, at = (self.after, after or 0) if before is None else (self.before, before)
            tables = self._scopes((side, at))
            change, lines = (ADDED, ("", side.line(at))) if before is None else (REMOVED, (side.line(at), ""))
            yield Difference(tables, *self._name(side, at, tables), "", change, *lines)
            return
        changed = [c for c in self.shared if self.before.texts[c][before] != self.after.texts[c][after]]
        if changed:
            scopes = self._scopes((self.before, before), (self.after, after))
            lines = (self.before.line(before), self.after.line(after))
            name = self._name(self.after, after, scopes)
            for c in changed:
                tables = tuple(n for n in scopes if c in self.read[n])
                yield Difference(
                    tables, *name, c, CHANGED, *lines, self.before.texts[c][before], self.after.texts[c][after]
                )

    def _scopes(self, *rows: tuple[_Side, int]) -> tuple[str, ...]:
        """The tables that one of the rows belongs to."""
        return tuple(name for name in self.plans if any(self._in_scope(name, side, at) for side, at in rows))

    def _in_scope(self, name: str, side: _Side, at: int) -> bool:
        plan, measured = self.plans[name], self.measured[name]
        return (
            (not plan.visit or side.text(plan.visit.column, at).strip() in plan.visit.map)
            and all(side.text(column, at).strip() in texts for column, texts in plan.rows.items())
            and (not plan.skipped or any(side.text(column, at).strip() for column in plan.skipped))
            and (not measured or any(side.text(column, at).strip() for column in measured))
        )

    def _name(self, side: _Side, at: int, tables: Sequence[str]) -> _RowName:
        """The name of a row by the first of its tables."""
        plan = self.plans[next(iter(tables), next(iter(self.plans)))]
        parts = _raw(plan, UNIT)
        unit = "/".join(side.made(part, at) for part in parts) if any(p in (*MADE, *side.texts) for p in parts) else ""
        visit = plan.visit.map.get(side.text(plan.visit.column, at).strip(), "") if plan.visit else ""
        named = {*parts, plan.visit.column if visit and plan.visit else ""}
        rest = [f"{c}={text}" for c in self.key if c not in named and (text := side.text(c, at).strip())]
        return _RowName(unit, visit, "; ".join(rest))


def _raw(plan: TablePlan, column: str) -> tuple[str, ...]:
    """The raw columns that a column of a table is made of."""
    if column == UNIT and plan.unit:
        return plan.unit
    return plan.joined.get(column) or (plan.raw(column),)


def _read(plan: TablePlan, table: Table) -> set[str]:
    """Every raw column that a table reads."""
    made = {raw for column in table.columns for raw in _raw(plan, column.name)}
    return made | {plan.status, *plan.skipped, *plan.rows} | ({plan.visit.column} if plan.visit else set())


def compared(old: Export, new: Export, exports: Sequence[Export], root: str | Path = ".") -> Versions:
    """The differences of two versions; the reason why they cannot be compared is a remark."""
    try:
        return differences(read_plan(plan_file(old.study, root)), old, new, root, exports)
    except Fault as fault:
        return Versions(old, new, remarks=[f"not compared: {line}" for line in fault.lines])


def write_versions(versions: Versions, root: str | Path = ".") -> Path:
    """Write logs/<study>/versions/<old number>-<new number>.csv (confidential: it holds values); return its path."""
    old, new = versions.old, versions.new
    path = Path(root, "logs", old.study, "versions", f"{old.number}-{new.number}.csv")
    write_csv(path, HEADER, (difference.cells() for difference in versions.differences))
    return path


def report(old: str, new: str, root: str | Path = ".") -> bool:
    """Print what differs between a registered file and another version of it, with values; True = nothing.

    ``new`` need not be registered yet. Raises Fault as ``differences`` does, and for files of two tables.
    """
    from omtrace.audit.layout import table

    exports = read_registered(root)
    first, second = export_at(exports, old), next((e for e in exports if e.path == new), None)
    if second is None:
        if not (Path(root) / new).is_file():
            raise Fault(f"{new}: there is no such file")
        second = replace(first, number=0, path=new, sha256=sha256_of(Path(root) / new), replaces="")
    if (first.study, first.table) != (second.study, second.table):
        raise Fault(f"{old} and {new}: not of one table ({first.study} {first.table}, {second.study} {second.table})")
    versions = differences(read_plan(plan_file(first.study, root)), first, second, root, exports)
    for line in versions.summary():
        print(line)
    if versions.differences:
        print("\n".join(table(HEADER, [difference.cells() for difference in versions.differences])))
    return not (versions.differences or versions.remarks)

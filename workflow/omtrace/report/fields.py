"""What is declared of every table and field, as one structure that the pages, CSV and JSON of the dictionary share.

Everything comes from the declarations that also check: schemas, instruments and, for a study, its plan.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from omtrace.faults import Fault
from omtrace.instruments import Instrument, Score, instrument_of
from omtrace.model.plan import Plan
from omtrace.model.tables import TablePlan
from omtrace.plugins import declared
from omtrace.schemas import UNIT, Column, Table, table_in, table_of

MADE_OF = {"@export": "name of the export", "@batch": "batch of the export", "@row": "number of the row"}


@dataclass(frozen=True)
class Code:
    """One code of the raw export: its text, what it becomes, and why where that does not speak for itself."""

    raw: str
    value: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.raw} = {self.value}{f' ({self.note})' if self.note else ''}"


@dataclass(frozen=True)
class Check:
    """One rule that a field takes part in: its id in the error catalogue, what is expected, and the field reported."""

    rule: str
    expected: str
    at: str


@dataclass(frozen=True)
class FieldEntry:
    """One field: its declaration and what the plan adds. ``raw`` is "" where no plan says what the export calls it."""

    column: Column
    raw: str
    codes: tuple[Code, ...]
    source: str
    in_key: bool
    optional: bool
    checks: tuple[Check, ...]

    @property
    def bounds(self) -> str:
        """The inclusive bounds as people read them, "" where there are none."""
        low, high = self.column.minimum, self.column.maximum
        if low is None and high is None:
            return ""
        if low is None:
            text = f"at most {high:g}"
        else:
            text = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
        return text.replace("-", "\N{MINUS SIGN}")

    @property
    def uncoded(self) -> tuple[str, ...]:
        """The allowed values that no code of the plan becomes."""
        coded = {code.value for code in self.codes}
        return tuple(str(value) for value in self.column.allowed if str(value) not in coded)


@dataclass(frozen=True)
class ScoreEntry:
    """One score of an instrument, in words."""

    name: str
    label: str
    items: str
    made: str
    missing: str


@dataclass(frozen=True)
class TableEntry:
    """One table: its declaration, its fields, and where a study takes it from."""

    name: str
    table: Table
    fields: tuple[FieldEntry, ...]
    source: str
    missing: Mapping[str, str]
    plan: TablePlan | None = None
    instrument: Instrument | None = None
    scores: tuple[ScoreEntry, ...] = ()


def entries_of(plan: Plan | None) -> list[TableEntry]:
    """The tables of a study in the plan's order, or all declared tables and instruments by name.

    Raises Fault for a table that is not declared, a column that it does not have, and an unknown coding.
    """
    if plan is None:
        return [_entry(name, None, {}) for name in (*declared("schemas"), *declared("instruments"))]
    found = []
    for name, entry in plan.tables.items():
        missing = plan.missing_codes if entry.missing_codes is None else entry.missing_codes
        found.append(_entry(name, entry, missing))
        _check_columns(f"plan of {plan.study}: tables.{name}", found[-1])
    return found


def _check_columns(where: str, entry: TableEntry) -> None:
    assert entry.plan is not None
    known = {column.name for column in entry.table.columns}
    named = {*entry.plan.columns, *entry.plan.recode, *entry.plan.joined}
    if unknown := sorted(named - known):
        raise Fault(*(f"{where}: there is no column {name!r} in the table" for name in unknown))


def _entry(name: str, plan: TablePlan | None, missing: Mapping[str, str]) -> TableEntry:
    table = table_in(plan, name).of_study(plan.bounds, plan.values) if plan else table_of(name)
    schema = plan.library(name) if plan else name
    instrument = instrument_of(schema) if schema in declared("instruments") else None
    source = table.source or (instrument.source if instrument else "")
    fields = tuple(
        FieldEntry(
            column,
            raw_name(plan, column.name) if plan else "",
            tuple(_codes(plan, column, instrument)) if plan else (),
            column.source or source,
            column.name in table.key,
            column.name in table.optional,
            tuple(_checks(table, column.name)),
        )
        for column in table.columns
    )
    scores = tuple(_score(instrument, key, score) for key, score in instrument.scores.items()) if instrument else ()
    return TableEntry(name, table, fields, source, missing, plan, instrument, scores)


def raw_name(plan: TablePlan, column: str) -> str:
    """What the export calls a column of the table; the parts of a joined one with " / " between them."""
    if column == "visit" and plan.visit:
        return plan.visit.column
    parts = plan.unit if column == UNIT and plan.unit else plan.joined.get(column, (plan.raw(column),))
    return " / ".join(MADE_OF.get(part, part) for part in parts)


def _codes(plan: TablePlan, column: Column, instrument: Instrument | None) -> Iterator[Code]:
    """The raw codes that have a meaning: events, the coding that the plan names, its recodes over that, and zeros."""
    if column.name == "visit" and plan.visit:
        yield from (Code(raw, visit) for raw, visit in plan.visit.map.items())
        return
    items = {item.name for item in instrument.items} if instrument else set()
    coding = instrument.coding(plan.coding) if instrument and column.name in items else {}
    zeros = plan.structural_zeros if column.kind == "integer" and not column.required else {}
    declared = plan.declared.get(column.name)
    labels = declared.codes if declared and declared.type == "integer" else {}
    meant = {**coding, **labels, **plan.recoded(column.name)}
    yield from (Code(raw, value) for raw, value in meant.items() if raw not in zeros)
    yield from (Code(raw, "0", why) for raw, why in zeros.items())


def _checks(table: Table, name: str) -> Iterator[Check]:
    yield from (Check(rule.id, rule.expected, rule.columns[0]) for rule in table.rules if name in rule.columns)
    for reference in table.references:
        if reference.column == name:
            rows = f", in rows with {reference.where[0]} {reference.where[1]}" if reference.where else ""
            yield Check("reference", f"stands in {reference.table}.{reference.other}{rows}", name)


def _score(instrument: Instrument, name: str, score: Score) -> ScoreEntry:
    n, least = len(score.items), score.minimum_answered
    missing = f"no score unless all {n} items are answered" if n > 1 else "no score without the answer"
    if least and least < n:
        missing = f"no score below {least} of {n} answered items; open ones take the mean of the answered"
    made = " ".join((inspect.getdoc(score.combine) or "").split())
    return ScoreEntry(name, score.label, _items(instrument, score), made, missing)


def _items(instrument: Instrument, score: Score) -> str:
    """The items of a score; three or more that follow each other in the questionnaire as first to last."""
    order = [item.name for item in instrument.items]
    first = order.index(score.items[0])
    if len(score.items) > 2 and tuple(order[first : first + len(score.items)]) == score.items:
        return f"{score.items[0]} to {score.items[-1]}"
    return ", ".join(score.items)

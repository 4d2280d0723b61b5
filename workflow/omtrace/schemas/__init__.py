"""Declared tables: what may stand in a cell. The data dictionary and the checks are made from them.

Each module declares ``TABLE``. An instrument (see ``instruments``) declares its table through its items.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omtrace.model.plan import Severity
from omtrace.plugins import plugin

if TYPE_CHECKING:
    import pandas

Kind = Literal["text", "integer", "number", "date"]
ASK = "ask who sent the export what was meant, and register a corrected version"
UNIT = "unit_id"  # the column that names the participant, animal or well in every table that has one


@dataclass(frozen=True)
class RuleText:
    """One rule of the error catalogue: its id, how bad it is unless the plan says otherwise, and what to do.

    ``severities`` are those that the plan may give it; ``whole_file``: as a quarantine it takes out its whole file.
    """

    id: str
    severity: Severity
    meaning: str
    example: str
    fix: str = ASK
    severities: tuple[Severity, ...] = ("note", "warn", "quarantine", "stop")
    whole_file: bool = False


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and what may stand in it (bounds are inclusive).

    ``unit`` is given for numbers: a unit, "count", "code" or "points". ``source``: where the definition
    comes from, where it is not the table's. ``reading``: a plate reader wrote it, whose words it may hold.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str | int, ...] = ()
    required: bool = False
    source: str = ""
    reading: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule over several columns of a row: ``holds(frame)`` is True, False or missing (not applicable).

    A finding is reported at the first of ``columns``. ``example`` and ``fix`` stand in the error catalogue.
    """

    id: str
    expected: str
    columns: tuple[str, ...]
    holds: "Callable[[pandas.DataFrame], pandas.Series]"
    severity: Severity = "quarantine"
    example: str = ""
    fix: str = ASK


@dataclass(frozen=True)
class Reference:
    """Each value of ``column`` must stand in a column of another table, if the study has that table.

    ``where``: only in rows in which a column has a value.
    """

    column: str
    table: str
    other: str
    severity: Severity = "quarantine"
    where: tuple[str, str] | None = None


@dataclass(frozen=True)
class Table:
    """A table: what one row is, which columns identify it, its rules, and where its definition comes from."""

    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    measured: tuple[str, ...] = field(default=())  # columns that say that the row was collected; () = all rows
    source: str = ""
    optional: tuple[str, ...] = ()  # columns that need not be in the file; blank then

    def column(self, name: str) -> Column:
        """The column of a name. Raises KeyError."""
        return {column.name: column for column in self.columns}[name]


def unit_column(kind: str) -> Column:
    """The column that names the unit, for every table that has one."""
    return Column(UNIT, "text", f"pseudonym of the {kind}, as the study gave it", required=True)


def visit_column() -> Column:
    """The column of the visit, made from the raw event by the plan's map."""
    return Column("visit", "text", "visit that the row belongs to, from the raw event", required=True)


def table_of(name: str) -> Table:
    """The table that ``schemas/<name>.py`` declares, or the one of ``instruments/<name>.py``."""
    here = Path(__file__).parent
    if not (here / f"{name}.py").exists() and (here.parent / "instruments" / f"{name}.py").exists():
        instrument: Any = plugin("instruments", name, "INSTRUMENT")
        return instrument.table()
    return plugin("schemas", name, "TABLE")

"""Declared tables: one pandera model a module, from which the checks and the data dictionary are made.

``schemas/von_frey.py`` holds the model ``VonFrey``; ``from omtrace.schemas import VonFrey`` gives it. A questionnaire
(see ``instruments``) makes its model from its items. The rest of the package reads a model through ``table_of``. This
module does without pandera, whose import takes a second: it comes with the first table that is asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from omtrace.faults import Fault, nearest
from omtrace.model.plan import Scope, Severity
from omtrace.model.tables import TablePlan
from omtrace.plugins import declared, plugin

if TYPE_CHECKING:
    import pandera.pandas as pa

    from omtrace.instruments import Instrument
    from omtrace.schemas._fields import TableModel

Kind = Literal["text", "integer", "number", "date"]
Bounds = Mapping[str, tuple[float | None, float | None]]
ASK = "ask who sent the export what was meant, and register a corrected version"
UNIT = "unit_id"  # the column that names the participant, animal or well in every table that has one
BOUNDS = ("greater_than_or_equal_to", "less_than_or_equal_to")
CATEGORIES = "isin"
EPOCH = "notin"  # of a date: not the first day of a computer's calendar


@dataclass(frozen=True)
class RuleText:
    """One rule of the error catalogue: its id, how bad it is unless the plan says otherwise, and what to do.

    ``severities`` are those that the plan may give it; ``whole_file``: as a quarantine it takes out its whole file.
    ``scope``: what a quarantine takes out unless the plan says otherwise; of a cell that identifies its row, the row.
    """

    id: str
    severity: Severity
    meaning: str
    example: str
    fix: str = ASK
    severities: tuple[Severity, ...] = ("note", "warn", "quarantine", "stop")
    whole_file: bool = False
    scope: Scope = "row"


@dataclass(frozen=True)
class Rule:
    """A check that a model declares under a name of its own, over one column or several of a row.

    A finding is reported at the first of ``columns``. ``example`` and ``fix`` stand in the error catalogue.
    """

    check: "pa.Check"

    def _stated(self, name: str) -> object:
        return (self.check.statistics or {})[name]

    @property
    def id(self) -> str:
        """The check's name, which findings bear."""
        return str(self.check.name)

    @property
    def expected(self) -> str:
        """What the check asks for."""
        return str(self.check.error)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the check looks at."""
        columns = self._stated("columns")
        assert isinstance(columns, tuple)
        return columns

    @property
    def severity(self) -> Severity:
        """How bad it is, unless the plan says otherwise."""
        return next(severity for severity in get_args(Severity) if severity == self._stated("severity"))

    @property
    def example(self) -> str:
        """What breaks it."""
        return str(self._stated("example"))

    @property
    def fix(self) -> str:
        """What to do where it is broken."""
        return str(self._stated("mend"))


@dataclass(frozen=True)
class Reference:
    """Each value of ``column`` must stand in a column of another table, if the study has that table.

    ``where``: only in rows in which a column has a value.
    """

    column: str
    table: str
    other: str
    where: tuple[str, str] | None = None


@dataclass(frozen=True)
class Column:
    """One column of a model, as the rest of the package asks for it."""

    declaration: "pa.Column"

    def _metadata(self, name: str) -> str:
        return str((self.declaration.metadata or {}).get(name, ""))

    @property
    def reading(self) -> bool:
        """Whether a plate reader wrote it, whose words it may hold."""
        return bool((self.declaration.metadata or {}).get("reading", False))

    @property
    def name(self) -> str:
        """Its name in the validated table."""
        return str(self.declaration.name)

    @cached_property
    def kind(self) -> Kind:
        """What it holds."""
        dtype = str(self.declaration.dtype)
        kinds: dict[str, Kind] = {"Int64": "integer", "float64": "number", "datetime64[ns]": "date"}
        return kinds.get(dtype, "text")

    @property
    def description(self) -> str:
        """What it means."""
        return str(self.declaration.description or "")

    @property
    def unit(self) -> str:
        """The unit of a number, or "count", "code", "points"; "" for texts and dates."""
        return self._metadata("unit")

    @property
    def source(self) -> str:
        """Where the definition comes from, if not from where the table's does."""
        return self._metadata("source")

    @property
    def required(self) -> bool:
        """Whether each row must have a value."""
        return not self.declaration.nullable

    @property
    def optional(self) -> bool:
        """Whether a file may lack the column; it is blank then."""
        return not self.declaration.required

    @property
    def is_item(self) -> bool:
        """Whether its being blank beside all others that are so says that the row was not collected."""
        return bool(self._metadata("item"))

    @property
    def scope(self) -> str:
        """What a finding at it takes out, where the model says so: "row", where the rest of a row means nothing without
        it (what was in a well, and what the reader saw there); "cell", where a row is one without a part of its key.
        """
        return self._metadata("scope")

    @property
    def checks(self) -> "list[pa.Check]":
        """The checks of the model on values of this column."""
        return list(self.declaration.checks)

    @cached_property
    def _limits(self) -> dict[str, Any]:
        """The arguments of the checks on its values: bounds and categories."""
        return {name: value for check in self.checks for name, value in (check.statistics or {}).items()}

    @cached_property
    def minimum(self) -> float | None:
        """The lowest value, inclusive."""
        return self._limits.get("min_value")

    @cached_property
    def maximum(self) -> float | None:
        """The highest value, inclusive."""
        return self._limits.get("max_value")

    @cached_property
    def allowed(self) -> tuple[str | int, ...]:
        """The values of a column of categories; () for any."""
        return tuple(self._limits.get("allowed_values", ()))


@dataclass(frozen=True)
class Table:
    """A table as its pandera schema declares it. ``source``: where the definition comes from."""

    schema: "pa.DataFrameSchema"
    source: str = ""

    @cached_property
    def row(self) -> str:
        """What one row is: the first sentence of the model's docstring."""
        text = " ".join((self.schema.description or "").partition("\n\n")[0].split()).removesuffix(".")
        return text[:1].lower() + text[1:]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        unique = self.schema.unique or ()
        return (unique,) if isinstance(unique, str) else tuple(unique)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in their order."""
        return tuple(Column(column) for column in self.schema.columns.values())

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        """The column of a name. Raises KeyError."""
        return self._by_name[name]

    def of_study(self, bounds: Bounds, values: Mapping[str, Sequence[str]]) -> "Table":
        """The table with the bounds and categories of a study in place of the library's.

        Parameters
        ----------
        bounds : column -> least and greatest value, inclusive; None: no such bound
        values : column -> its categories

        Raises
        ------
        Fault
            For a column that the table does not have, or that is of a kind that has no bounds or categories.
        """
        import pandera.pandas as pa

        if not bounds and not values:
            return self
        if faults := [
            *self._misplaced("bounds", bounds, ("integer", "number")),
            *self._misplaced("values", values, ("integer", "text")),
        ]:
            raise Fault(*faults)
        changed: dict[str, dict[str, object]] = {}
        for name in dict.fromkeys((*bounds, *values)):
            column, (low, high) = self.column(name), bounds.get(name, (None, None))
            replaced = (*(BOUNDS if name in bounds else ()), *((CATEGORIES,) if name in values else ()))
            checks = [pa.Check.ge(low)] if low is not None else []
            checks += [pa.Check.le(high)] if high is not None else []
            if name in values:
                checks.append(pa.Check.isin([int(v) if column.kind == "integer" else v for v in values[name]]))
            changed[name] = {"checks": [*checks, *(check for check in column.checks if check.name not in replaced)]}
        return Table(self.schema.update_columns(changed), self.source)

    def _misplaced(self, section: str, names: Iterable[str], kinds: tuple[Kind, ...]) -> Iterator[str]:
        for name in names:
            if name not in self._by_name:
                yield f"{section}: the table has no column {name!r}{nearest(name, self._by_name)}"
            elif self.column(name).kind not in kinds:
                yield f"{section}: column {name!r} holds {self.column(name).kind}s, not {'s or '.join(kinds)}s"

    @cached_property
    def row_rules(self) -> tuple[Rule, ...]:
        """The model's checks over several columns."""
        return tuple(Rule(check) for check in self.schema.checks)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The model's checks that bear a name of their own, over one column or several."""
        own = [check for column in self.columns for check in column.checks if is_rule(check)]
        return (*map(Rule, own), *self.row_rules)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """What must stand in other tables."""
        metadata = {column.name: column.declaration.metadata or {} for column in self.columns}
        return tuple(
            Reference(name, *more["references"].split("."), *more.get("where", {}).items())
            for name, more in metadata.items()
            if "references" in more
        )

    @cached_property
    def identifying(self) -> frozenset[str]:
        """The columns without which a row is none: a finding there takes out the row, and elsewhere the cell."""
        named = {column.name for column in self.columns if column.scope == "row"}
        parts = {*self.key, UNIT, "visit"} - {column.name for column in self.columns if column.scope == "cell"}
        return frozenset(parts | named)

    @cached_property
    def measured(self) -> tuple[str, ...]:
        """The columns that say that a row was collected; () = all rows are."""
        return tuple(column.name for column in self.columns if column.is_item)

    @cached_property
    def optional(self) -> tuple[str, ...]:
        """The columns that need not be in a file."""
        return tuple(column.name for column in self.columns if column.optional)


def is_rule(check: "pa.Check") -> bool:
    """Whether a check bears a name of its own in the error catalogue, and is not one that pandera names."""
    return check.name not in (*BOUNDS, CATEGORIES, EPOCH)


@cache
def table_of(name: str) -> Table:
    """The table of the model in ``schemas/<name>.py``, or of that of ``instruments/<name>.py``."""
    return read_model(library_model(name))


def library_model(name: str) -> "type[TableModel]":
    """The model in ``schemas/<name>.py``, or that of ``instruments/<name>.py``."""
    here = Path(__file__).parent
    if not (here / f"{name}.py").exists() and (here.parent / "instruments" / f"{name}.py").exists():
        instrument: Instrument = plugin("instruments", name, "INSTRUMENT")
        return instrument.model()
    return model_of(name)


def table_in(entry: TablePlan, name: str) -> Table:
    """The table of a plan's entry: the library's, with what the plan declares, or what the plan declares alone.

    Raises
    ------
    Fault
        Where the library has no such table, or a key, reference or rule does not fit the columns.
    """
    module = entry.library(name)
    if module and not entry.declared and not entry.rules:
        return table_of(module)
    from omtrace.schemas import _declared

    return read_model(_declared.model_of(entry, name, library_model(module) if module else None))


def read_model(model: "type[pa.DataFrameModel]") -> Table:
    """A model as the rest of the package reads it."""
    return Table(model.to_schema(), (model.Config.metadata or {})["source"])


def model_of(name: str) -> "type[TableModel]":
    """The pandera model that ``schemas/<name>.py`` declares. Raises Fault, with the nearest name, if there is none."""
    known = list(declared("schemas"))
    if name not in known:
        hint = nearest(name, known) or "; a table of the study's own has the types of its columns in the plan"
        raise Fault(f"there is no table {name!r} in schemas/{hint}")
    model: type[TableModel] = plugin("schemas", name, class_name(name))
    return model


def class_name(module: str) -> str:
    """The name of the model in a module: ``VonFrey`` in ``von_frey``."""
    return "".join(word.capitalize() for word in module.split("_"))


def __getattr__(name: str) -> "type[pa.DataFrameModel]":
    """The models by their names, imported when they are asked for."""
    modules = {class_name(module): module for module in declared("schemas")}
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return model_of(modules[name])

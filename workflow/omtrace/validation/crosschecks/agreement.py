"""A column of one table against a column of another, for the same unit: allocation against data, list against form."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, as_text, hits, rows_of

NUMBERS = ("integer", "number")


class Source(Closed):
    """A column, or several joined ones, of a table."""

    table: str = Field(description="table of the plan")
    column: str | tuple[str, ...] = Field(description="column compared; several are joined by the separator")
    by: str = Field(UNIT, description="column that names the unit in that table")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)

    def names(self) -> tuple[str, ...]:
        """The columns compared."""
        return (self.column,) if isinstance(self.column, str) else self.column


class Options(Closed):
    """The two columns, and how equal they must be."""

    a: Source = Field(description="where a disagreement is reported")
    b: Source = Field(description="what it must agree with")
    separator: str = Field("-", description="what stands between joined columns")
    tolerance: float = Field(0, description="largest difference of two numbers", ge=0)

    @model_validator(mode="after")
    def some_columns(self) -> "Options":
        """Each side names a column."""
        if not (self.a.names() and self.b.names()):
            raise ValueError("say a column on both sides")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows of ``a`` that differ from any row of ``b`` of the same unit.

    A missing value, or a unit without a row in ``b``, is no disagreement. Raises Fault where one side is a number
    and the other is not.
    """
    kinds, sides = [], []
    for name, source in (("a", options.a), ("b", options.b)):
        at = f"{where}: {name}"
        frame = rows_of(tables, at, source.table, source.where, source.by, *source.names())
        found = {tables.kind(at, source.table, column) for column in source.names()}
        kinds.append("number" if len(source.names()) == 1 and found <= set(NUMBERS) else "text")
        sides.append((frame, source))
    if kinds[0] != kinds[1]:
        raise Fault(f"plan of {tables.study}: {where}: a is {kinds[0]}, b is {kinds[1]}; recode one of them")
    left, right = (_values(frame, source, options.separator, kinds[0]) for frame, source in sides)
    pairs = left.rename_axis("key").reset_index().merge(right.drop_duplicates(), on="unit", suffixes=("_a", "_b"))
    if kinds[0] == "number":
        # A hair of room: 0.3 - 0.2 exceeds 0.1 in binary numbers.
        differ = (pairs["value_a"] - pairs["value_b"]).abs() > options.tolerance * (1 + 1e-9)
    else:
        differ = pairs["value_a"] != pairs["value_b"]
    column = options.a.names()[0]
    expected = f"the same as {' and '.join(options.b.names())} of the unit in table {options.b.table}"
    yield from hits("columns_differ", options.a.table, pairs.loc[differ, "key"].drop_duplicates(), column, expected)


def _values(frame, source: Source, separator: str, kind: str):  # type: ignore[no-untyped-def]
    """A frame of unit and value, rows with both only."""
    import pandas

    first, *others = (frame[name] for name in source.names())
    values = first.astype("float64") if kind == "number" else as_text(first)
    for other in others:
        values = values + separator + as_text(other)
    return pandas.DataFrame({"unit": as_text(frame[source.by]), "value": values}).dropna()


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "columns_differ",
            "quarantine",
            "Two tables say different things of the same unit.",
            "site A in the allocation list, site B in the questionnaires",
            "find out which table is right and correct the other at its source",
            scope="cell",
        ),
    ),
)

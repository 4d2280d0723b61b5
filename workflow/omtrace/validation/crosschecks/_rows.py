"""Rows as crosschecks look at them: chosen by the plan, put in order within a unit, joined by unit.

Positions count the rows of a frame from 0; they stand in for keys, which a float would destroy.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.schemas import UNIT
from omtrace.validation.crosschecks import Hit, Tables

if TYPE_CHECKING:
    import numpy
    import pandas

WHERE = "column -> text; only rows in which all of them hold"
WITHIN = "columns that keep rows apart that are not compared: the unit, and more where a unit has several series"
SEQUENCE = "values of the order column, first to last; none: by number, date or name"


class Side(Closed):
    """A column of a table, and the column that names the unit there."""

    table: str = Field(description="table of the plan")
    column: str = Field(description="column of the table")
    by: str = Field(UNIT, description="column that names the unit in that table")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)


class Roster(Closed):
    """Where the units are listed."""

    table: str = Field(description="table that lists the units; findings are reported at its rows")
    column: str = Field(UNIT, description="column that names the unit in that table")


def rows_of(tables: Tables, where: str, table: str, only: dict[str, str], *columns: str) -> "pandas.DataFrame":
    """The rows of a table in which the columns of ``only`` hold its texts. Raises Fault for unknown names."""
    frame = tables.frame(where, table, *columns, *only)
    for column, text in only.items():
        expect_values(tables, where, frame[column], (text,))
    for column, text in only.items():
        frame = frame[as_text(frame[column]) == text]
    return frame


def taken_of(tables: Tables, table: str, only: dict[str, str] | None = None) -> "pandas.DataFrame":
    """The rows of a table, as ``rows_of`` chooses them, that other findings took out: absent, and yet not lost."""
    frame = tables.taken[table] if table in tables.taken else tables.frames[table].iloc[:0]
    for column, text in (only or {}).items():
        frame = frame[as_text(frame[column]) == text]
    return frame


def as_text(values: "pandas.Series") -> "pandas.Series":
    """Cells as the plan writes them: whole numbers without a decimal point; missing stays missing."""
    from pandas.api.types import is_float_dtype

    if is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("str").mask(values.isna())


def expect_values(tables: Tables, where: str, values: "pandas.Series", names: Iterable[str]) -> None:
    """Raise Fault for a name that no row holds while a nearly equal one stands there: a slip in the plan."""
    names, found = set(names), set(as_text(values).dropna().unique())
    for name in sorted(names - found):
        if nearest(name, sorted(found - names)):  # the data's own value is not shown
            slip = "but rows have one nearly the same; is it a slip in the plan?"
            raise Fault(f"plan of {tables.study}: {where}: no row has {values.name} {name!r}, {slip}")


def days_of(dates: "pandas.Series") -> "pandas.Series":
    """Dates as days since 1970-01-01; missing dates are NaN."""
    import pandas

    return (dates - pandas.Timestamp(1970, 1, 1)).dt.days.astype("float64")


def ranks_of(
    tables: Tables, where: str, table: str, values: "pandas.Series", sequence: tuple[str, ...] = ()
) -> "pandas.Series":
    """The place of each row's value in its order: a number, or NaN where the value has no place.

    ``sequence`` gives the order. Without it numbers count as they are, dates in days, texts that are all
    numbers as numbers, and other texts by name with the digits in them taken as numbers.
    """
    import pandas

    if sequence:
        expect_values(tables, where, values, sequence)
        return as_text(values).map({name: at for at, name in enumerate(sequence)}).astype("float64")
    kind = tables.kind(where, table, str(values.name))
    if kind in ("integer", "number"):
        return values.astype("float64")
    if kind == "date":
        return days_of(values)
    names = values.dropna().unique()
    if all(re.fullmatch("[0-9]{1,9}", name) for name in names):
        return pandas.to_numeric(values).astype("float64")
    natural = sorted(names, key=lambda name: [(c.isdigit(), int(c) if c.isdigit() else c) for c in _chunks(name)])
    return values.map({name: at for at, name in enumerate(natural)}).astype("float64")


def _chunks(name: str) -> list[str]:
    return [chunk for chunk in re.split("([0-9]+)", name) if chunk]


def groups_of(frame: "pandas.DataFrame", within: tuple[str, ...]) -> "numpy.ndarray":
    """The number of each row's group; -1 where a column that makes the groups is missing."""
    import numpy

    if not within:
        return numpy.zeros(len(frame), dtype="int64")
    return frame.groupby(list(within), sort=False).ngroup().fillna(-1).astype("int64").to_numpy()


class Neighbours(NamedTuple):
    """Positions of rows (n,), and of the row that follows each (n,)."""

    first: "numpy.ndarray"
    second: "numpy.ndarray"


def consecutive(groups: "numpy.ndarray", ranks: "pandas.Series", keys: "pandas.Index") -> Neighbours:
    """Positions of the rows that follow one another within a group, by rank and then by key: (earlier, later).

    Rows without a group or a rank are passed over.
    """
    import numpy

    rank = ranks.to_numpy(dtype="float64", na_value=numpy.nan)
    order = numpy.lexsort((keys.to_numpy(), rank, groups))
    order = order[(groups[order] >= 0) & ~numpy.isnan(rank[order])]
    same = groups[order][1:] == groups[order][:-1]
    return Neighbours(order[:-1][same], order[1:][same])


def hits(rule: str, table: str, keys: Iterable[int], column: str, expected: str | Iterable[str]) -> Iterator[Hit]:
    """One hit a key; ``expected`` is one text for all, or one a key."""
    keys = list(keys)
    texts = [expected] * len(keys) if isinstance(expected, str) else list(expected)
    for key, text in zip(keys, texts, strict=True):
        yield Hit(rule, table, int(key), column, text)


def days_text(days: float) -> str:
    """A number of days in words."""
    return f"{days:g} day" if abs(days) == 1 else f"{days:g} days"

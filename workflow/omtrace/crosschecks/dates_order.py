"""Dates that must follow one another: enrolled, allocated, treated; begun and ended in one row."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.crosschecks import CrossCheck, Hit, Tables
from omtrace.crosschecks._rows import Side, days_of, hits, rows_of
from omtrace.schemas import RuleText
from omtrace.study.closed import Closed


class Options(Closed):
    """The dates in their order."""

    dates: tuple[Side, ...] = Field(min_length=2, description="date columns, the earliest first; the same day is fine")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Dates before one that comes earlier in the list, reported at the later column's row.

    Two columns of one table are compared within each row; between tables a date must not be before any of the
    unit's earlier dates. Each date is held against the one listed just before it; missing dates are passed over.
    """
    for at, (before, after) in enumerate(zip(options.dates, options.dates[1:], strict=False)):
        here, there = f"{where}: dates.{at}", f"{where}: dates.{at + 1}"
        first = rows_of(tables, here, before.table, before.where, before.column, before.by)
        last = rows_of(tables, there, after.table, after.where, after.column, after.by)
        tables.kind(here, before.table, before.column, "date")
        tables.kind(there, after.table, after.column, "date")
        earlier, later = days_of(first[before.column]), days_of(last[after.column])
        if before.table == after.table and before.where == after.where:
            expected = f"not before {before.column} of the row"
        else:
            earlier = last[after.by].map(earlier.groupby(first[before.by]).max()).astype("float64")
            expected = f"not before {before.column} of the unit in table {before.table}"
        yield from hits("dates_order", after.table, last.index[later < earlier], after.column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText("dates_order", "warn", "A date is before one that must come earlier.",
                 "the first session before the day of allocation",
                 "correct the date at its source; the other date may be the wrong one"),
    ),
)  # fmt: skip

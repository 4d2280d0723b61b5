"""Dates that must follow one another: enrolled, allocated, treated; begun and ended in one row."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import Side, days_of, days_text, hits, rows_of


class Date(Side):
    """A date column of the order."""

    within: int | None = Field(
        None, ge=0, description="most days after the date listed before it (of a unit's several dates: its first)"
    )


class Options(Closed):
    """The dates in their order."""

    dates: tuple[Date, ...] = Field(min_length=2, description="date columns, the earliest first; the same day is fine")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Dates before one that comes earlier in the list, or too long after it, reported at the later column's row.

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
        first_ones = last.index.isin(later.index)
        if before.table == after.table and before.where == after.where:
            of = f"{before.column} of the row"
        else:
            earlier = last[after.by].map(earlier.groupby(first[before.by]).max()).astype("float64")
            of = f"{before.column} of the unit in table {before.table}"
            first_ones = (later == later.groupby(last[after.by]).transform("min")).to_numpy()
        yield from hits("dates_order", after.table, last.index[later < earlier], after.column, f"not before {of}")
        if after.within is not None:
            late = last.index[first_ones & (later - earlier > after.within)]
            expected = f"at most {days_text(after.within)} after {of}"
            yield from hits("dates_apart", after.table, late, after.column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "dates_order",
            "warn",
            "A date is before one that must come earlier.",
            "the first session before the day of allocation",
            "correct the date at its source; the other date may be the wrong one",
        ),
        RuleText(
            "dates_apart",
            "warn",
            "A date is longer after the one before it than the plan says.",
            "the first session a year after the day of enrolment",
            "correct the date at its source; the other date may be the wrong one",
        ),
    ),
)

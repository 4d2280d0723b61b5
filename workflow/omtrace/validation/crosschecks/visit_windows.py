"""Days of visits against an anchor (first session, last session, enrolment): outside their window, or out of order."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import (
    WHERE,
    Side,
    consecutive,
    days_of,
    expect_values,
    groups_of,
    hits,
    ranks_of,
    rows_of,
)


class Anchor(Side):
    """The date that the days are counted from."""

    take: Literal["first", "last"] = Field("first", description="which date of a unit counts where it has several")


class Options(Closed):
    """The visits, the anchor, and the window of each visit."""

    table: str = Field(description="table of the plan with one row a unit and visit")
    column: str = Field(description="date of the visit; or, without an anchor, its day as a whole number")
    visit: str = Field("visit", description="column that names the visit")
    by: str = Field(UNIT, description="column that names the unit")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    anchor: Anchor | None = Field(None, description="where day 0 of each unit stands")
    windows: dict[str, tuple[int, int]] = Field(
        min_length=1, description="visit -> first and last day after the anchor; visits in time order"
    )

    @model_validator(mode="after")
    def windows_open(self) -> "Options":
        """Each window ends after it begins."""
        if closed := [visit for visit, (first, last) in self.windows.items() if first > last]:
            raise ValueError(f"windows: {closed[0]}: the first day is after the last")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Visits outside their window, and visits dated before an earlier one. Bounds are inclusive.

    A unit without an anchor date has no windows; its visits are still held against each other. Visits that the
    plan gives no window are passed over.
    """
    frame = rows_of(tables, where, options.table, options.where, options.column, options.visit, options.by)
    tables.kind(where, options.table, options.column, "date" if options.anchor else "integer")
    expect_values(tables, where, frame[options.visit], options.windows)
    days = days_of(frame[options.column]) if options.anchor else frame[options.column].astype("float64")
    since = days
    if options.anchor:
        since = days - frame[options.by].map(_anchors(tables, where, options.anchor)).astype("float64")
    unit = "days after" if options.anchor else "as day"
    for visit, (first, last) in options.windows.items():
        late = (frame[options.visit] == visit) & ~since.isna() & ~since.between(first, last)
        expected = f"{first} to {last} {unit}"
        if anchor := options.anchor:
            expected += f" the {anchor.take} {anchor.column} of the unit in table {anchor.table}"
        yield from hits("visit_window", options.table, frame.index[late], options.column, expected)
    ranks = ranks_of(tables, where, options.table, frame[options.visit], tuple(options.windows))
    earlier, later = consecutive(groups_of(frame, (options.by,)), ranks.where(days.notna()), frame.index)
    back = days.to_numpy()[later] < days.to_numpy()[earlier]
    texts = [f"not before that of row {key_text(key)}, an earlier visit" for key in frame.index[earlier[back]]]
    yield from hits("visit_order", options.table, frame.index[later[back]], options.column, texts)


def _anchors(tables: Tables, where: str, anchor: Anchor):  # type: ignore[no-untyped-def]
    """unit -> day of the anchor."""
    at = f"{where}: anchor"
    frame = rows_of(tables, at, anchor.table, anchor.where, anchor.column, anchor.by)
    tables.kind(at, anchor.table, anchor.column, "date")
    days = days_of(frame[anchor.column]).groupby(frame[anchor.by])
    return days.min() if anchor.take == "first" else days.max()


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "visit_window",
            "warn",
            "The day of a visit is outside the visit's window.",
            "the one-month visit 75 days after the last session",
            "correct the date at its source; if it is right, the visit is a protocol deviation: keep the warning",
        ),
        RuleText(
            "visit_order",
            "warn",
            "A visit is dated before one that comes earlier.",
            "the visit of month 3 before that of month 1",
            "correct the date, or which visit it is, at its source; the other row may be the wrong one",
        ),
    ),
)

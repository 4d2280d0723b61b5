"""Dates of a unit's rows, in the order of another column: reversed, too near to each other, too far apart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import (
    SEQUENCE,
    WHERE,
    WITHIN,
    consecutive,
    days_of,
    days_text,
    groups_of,
    hits,
    ranks_of,
    rows_of,
)

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """What is looked at, and how far apart the dates may be."""

    table: str = Field(description="table of the plan")
    column: str = Field(description="date column")
    order: str = Field("", description="column that says which row comes first (session, visit); empty: the date")
    sequence: tuple[str, ...] = Field((), description=SEQUENCE)
    within: tuple[str, ...] = Field((UNIT,), description=WITHIN)
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    least: int | None = Field(None, description="fewest days from one step of the order to the next", ge=0)
    most: int | None = Field(None, description="most days from one step of the order to the next", ge=0)

    @model_validator(mode="after")
    def bounds(self) -> "Options":
        """The bounds leave something between them."""
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least exceeds most")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Pairs of rows that follow one another; the later one is reported.

    Which of the two dates is wrong is not known. Where the order leaves out n - 1 steps (sessions 3 and 5), n
    times the days are asked for. Rows without a date, or of the same place in the order, are passed over.
    """
    named = (options.order,) if options.order else ()
    frame = rows_of(tables, where, options.table, options.where, options.column, *named, *options.within)
    tables.kind(where, options.table, options.column, "date")
    dates = days_of(frame[options.column])
    ranks = ranks_of(tables, where, options.table, frame[options.order], options.sequence) if named else dates
    earlier, later = consecutive(groups_of(frame, options.within), ranks.where(dates.notna()), frame.index)
    steps = (ranks.to_numpy()[later] - ranks.to_numpy()[earlier]) if named else 1.0 + 0 * later
    pairs = _pairs(frame, dates, earlier, later, steps)
    yield from _hits(pairs[pairs["steps"] > 0], options)


def _pairs(frame, dates, earlier, later, steps) -> "pandas.DataFrame":  # type: ignore[no-untyped-def]
    import pandas

    days = dates.to_numpy()
    return pandas.DataFrame(
        {"key": frame.index[later], "before": frame.index[earlier], "days": days[later] - days[earlier], "steps": steps}
    )


def _hits(pairs: "pandas.DataFrame", options: Options) -> Iterator[Hit]:
    days, steps = pairs["days"], pairs["steps"]
    cases = [
        ("order_reversed", days < 0, lambda pair: "a day not before"),
        ("same_day", days == 0, lambda pair: "another day than"),
    ]
    if options.least is not None:
        near = (days > 0) & (days < options.least * steps)
        cases.append(("interval_short", near, lambda pair: f"at least {days_text(options.least * pair.steps)} after"))
    if options.most is not None:
        far = days > options.most * steps
        cases.append(("interval_long", far, lambda pair: f"at most {days_text(options.most * pair.steps)} after"))
    for rule, mask, says in cases:
        found = pairs[mask]
        texts = [f"{says(pair)} that of row {key_text(pair.before)}" for pair in found.itertuples()]
        yield from hits(rule, options.table, found["key"], options.column, texts)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "order_reversed",
            "warn",
            "A row that comes later by its number or visit has the earlier date.",
            "session 3 on 2 May, session 2 on 9 May",
            "correct the date, or the session or visit, at its source; the other row may be the wrong one",
        ),
        RuleText(
            "same_day",
            "warn",
            "Two rows of a unit that follow one another have the same date.",
            "sessions 2 and 3 both on 9 May",
            "correct the date at its source, or take out the row entered twice",
        ),
        RuleText(
            "interval_short",
            "warn",
            "Fewer days lie between two rows of a unit than the plan says.",
            "two sessions 3 days apart where 14 are planned",
        ),
        RuleText(
            "interval_long",
            "warn",
            "More days lie between two rows of a unit than the plan says.",
            "two sessions a year apart: a slip in the year",
            "correct the date at its source; a row in between may be missing",
        ),
    ),
)

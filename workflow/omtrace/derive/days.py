"""Diary days with an event, normalised to a fixed number of days, over windows that make the visits.

A quarantined day is a day that was not filled in: it counts against the completeness that a window needs.
"""

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter


class Options(Closed):
    """Which days count, in which windows, and how many must have been filled in."""

    table: str = Field(description="validated table, one row a diary day")
    day: str = Field(description="column with the day number")
    event: str = Field(description="column with the event")
    equals: str = Field("1", description="the value that makes it a day with the event")
    windows: dict[str, tuple[int, int]] = Field(description="visit -> first and last day of its window")
    per: int = Field(28, description="days that the result is normalised to", ge=1)
    at_least: int = Field(description="days of a window that must be filled in; fewer give no value", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Event days / filled-in days x ``per`` for each unit and window with enough filled-in days."""
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, options.day, options.event)
    raw = [(tables.raw(options.table, options.event), "value"), (tables.raw(options.table, options.day), "time")]
    rows = rows[rows[options.event].notna()]
    is_event = rows[options.event].map(lambda v: v if isinstance(v, str) else f"{v:g}") == options.equals
    records, cells = [], []
    for visit, (first, last) in options.windows.items():
        inside = rows[options.day].between(first, last)
        for unit, group in rows[inside].groupby(UNIT, sort=True):
            days, events = len(group), int(is_event[group.index].sum())
            enough = days >= options.at_least
            status = "observed" if enough else f"incomplete: fewer than {options.at_least} diary days"
            records.append((unit, visit, events / days * options.per if enough else None, None, status))
            cells += [(unit, visit, key, column, role) for key in group["key"] for column, role in raw]
    return Found.of(records, cells)


DERIVATION = Derivation(Options, derive)

"""The day of a date: counted from a fixed date, or from the first date of all."""

from datetime import date

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which date."""

    table: str = Field(description="validated table")
    column: str = Field(description="its column with dates")
    since: date | None = Field(None, description="the date that is day 0; none: the first date in the column")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Days since day 0 for each unit (and visit of the table)."""
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, options.column)
    rows = rows[rows[options.column].notna()]
    raw = tables.raw(options.table, options.column)
    days = [date.fromisoformat(text).toordinal() for text in rows[options.column]]
    start = options.since.toordinal() if options.since else min(days, default=0)
    visits = rows["visit"] if parameter.visits else [""] * len(rows)
    records, cells = [], []
    for unit, visit, key, day in zip(rows[UNIT], visits, rows["key"], days, strict=True):
        records.append((unit, visit, float(day - start), None, "observed"))
        cells.append((unit, visit, key, raw, "value"))
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

"""How many rows a unit has: attended sessions, reported events. No row is a count of zero.

A unit with a quarantined row has no count, but for a row that was only a copy: the true number is not known. A row of
which only a cell was quarantined is counted; it is of no category that this cell would tell, and the cell stands behind
the count as quarantined, so that a unit stays in the denominator of each category.
"""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which rows."""

    table: str = Field(description="validated table, one row an event")
    column: str = Field(description="column shown as the raw cell of each counted row")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The number of rows of each enrolled unit; a count of zero rests on no cell."""
    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, options.column)
    shown = dict.fromkeys((options.column, *options.where))  # a row is counted for what its condition's cells hold
    counts = rows[UNIT].value_counts().to_dict()
    quarantine = tables.quarantine
    lost = quarantine.loc[(quarantine["table"] == options.table) & (quarantine["rule"] != "duplicate_row"), UNIT]
    unknown = set(lost.tolist())
    units = [unit for unit in context.units if unit not in unknown]
    records = [(unit, "", float(counts.get(unit, 0)), None, "observed") for unit in units]
    cells = [
        (unit, "", key, tables.raw(options.table, column), "value")
        for column in shown
        for unit, key in zip(rows[UNIT], rows["key"], strict=True)
    ]
    doubtful = tables.lost_cells(options.table)
    doubtful = doubtful[doubtful["column"].isin(list(options.where))]
    cells += [
        (unit, "", key, tables.raw(options.table, column), "quarantined")
        for unit, key, column in zip(doubtful[UNIT], doubtful["key"], doubtful["column"], strict=True)
    ]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

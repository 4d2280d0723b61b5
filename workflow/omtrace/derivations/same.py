"""A fact about a unit that is repeated on each of its rows: it must be the same on all of them."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which column."""

    table: str = Field(description="validated table with several rows a unit")
    column: str = Field(description="its column")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The one value of each unit; a unit whose rows differ has none. Every row's cell stands behind it."""
    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, options.column)
    raw = tables.raw(options.table, options.column)
    records, cells = [], []
    for unit, group in rows.groupby(UNIT, sort=True):
        values = group[options.column].dropna().unique()
        text = len(values) == 1 and isinstance(values[0], str)
        if len(values) == 1:
            records.append((unit, "", None if text else float(values[0]), values[0] if text else None, "observed"))
        else:
            records.append((unit, "", None, None, "rows differ" if len(values) else "not collected"))
        cells += [(unit, "", key, raw, "value") for key in group["key"] if len(values)]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

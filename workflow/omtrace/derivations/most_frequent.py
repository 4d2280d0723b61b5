"""The category that most rows of a unit hold: the provider who gave most of a participant's sessions."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which column."""

    table: str = Field(description="validated table with several rows a unit")
    column: str = Field(description="its column of categories")
    order: str = Field(description="column by which rows are put in order: of several that stand as often, the first")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The most frequent category of each unit; each row with a category stands behind it."""
    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, options.column, options.order)
    raw = tables.raw(options.table, options.column)
    rows = rows[rows[options.column].notna()].sort_values([UNIT, options.order, "key"])
    records, cells = [], []
    for unit, group in rows.groupby(UNIT, sort=True):
        counts = group[options.column].value_counts(sort=False)  # in order of appearance
        records.append((unit, "", None, str(counts.idxmax()), "observed"))
        cells += [(unit, "", key, raw, "value") for key in group["key"]]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

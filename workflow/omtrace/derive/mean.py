"""The mean of technical replicates: sections, readings, repeated wells. Replicates are never n."""

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter


class Options(Closed):
    """Which replicates."""

    table: str = Field(description="validated table, one row a replicate")
    column: str = Field(description="column with the values")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")
    at_least: int = Field(1, description="replicates needed", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The arithmetic mean over the rows of each unit and visit."""
    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, options.column)
    raw = tables.raw(options.table, options.column)
    rows = rows[rows[options.column].notna()]
    records, cells = [], []
    for (unit, visit), group in rows.groupby([UNIT, "visit"], sort=True):
        enough = len(group) >= options.at_least
        status = "observed" if enough else f"incomplete: {len(group)} of {options.at_least} replicates"
        value = float(group[options.column].astype("float64").mean()) if enough else None
        records.append((unit, visit, value, None, status))
        cells += [(unit, visit, key, raw, "value") for key in group["key"]]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

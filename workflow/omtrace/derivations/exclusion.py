"""Why an animal was excluded: the code of the reason, or ``none`` for those that were not."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT

NONE = "none"


class Options(Closed):
    """Which exclusions."""

    table: str = Field("exclusions", description="validated table, one row an animal excluded")
    stages: tuple[str, ...] = Field((), description="only exclusions at these stages; none: at any")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The reason of each enrolled unit; unknown where the row was quarantined, since its reason is not settled.

    A population such as ``excluded == 'none'`` then counts each excluded animal with its reason.
    """
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, "stage", "reason")
    raw = tables.raw(options.table, "reason")
    if options.stages:
        rows = rows[rows["stage"].isin(options.stages)]
    lost = set(tables.quarantine.loc[tables.quarantine["table"] == options.table, UNIT])
    reasons = dict(zip(rows[UNIT], rows["reason"], strict=True))
    units = [unit for unit in context.units if unit not in lost]
    records = [(unit, "", None, reasons.get(unit, NONE), "observed") for unit in units]
    cells = [(unit, "", key, raw, "value") for unit, key in zip(rows[UNIT], rows["key"], strict=True)]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

"""Several categories joined into one: the group of a factorial design."""

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.schemas import UNIT
from omtrace.study.plan import Closed, Parameter


class Options(Closed):
    """Which columns."""

    table: str = Field(description="validated table, one row a unit")
    columns: tuple[str, ...] = Field(description="its columns, joined by an underscore")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The joined text of each unit; all columns are the cells behind it."""
    import pandas

    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, *options.columns)
    records, cells = [], []
    for unit, key, *parts in zip(rows[UNIT], rows["key"], *(rows[c] for c in options.columns), strict=True):
        known = all(isinstance(part, str) for part in parts)
        records.append((unit, "", None, "_".join(parts) if known else None, "observed" if known else "not collected"))
        cells += [(unit, "", key, tables.raw(options.table, column), "value") for column in options.columns]
    frame = pandas.DataFrame(records, columns=["unit", "visit", "value", "text", "status"])
    return Found(frame, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

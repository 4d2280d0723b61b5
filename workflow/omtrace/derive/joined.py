"""Several categories joined into one: the group of a factorial design."""

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter


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
    records: list[tuple] = []
    cells: list[Cell] = []
    taken = [rows[column].to_numpy(dtype=object).tolist() for column in (UNIT, "key", *options.columns)]
    for unit, key, *parts in zip(*taken, strict=True):
        if any(pandas.isna(part) for part in parts):
            records.append((unit, "", None, None, "not collected"))
            continue
        text = "_".join(part if isinstance(part, str) else f"{part:g}" for part in parts)
        records.append((unit, "", None, text, "observed"))
        cells += [(unit, "", key, tables.raw(options.table, column), "value") for column in options.columns]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

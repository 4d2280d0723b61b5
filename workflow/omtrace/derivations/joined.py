"""Several categories joined into one: the group of a factorial design."""

from functools import reduce
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """Which columns."""

    table: str = Field(description="validated table, one row a unit")
    columns: tuple[str, ...] = Field(description="its columns, joined by an underscore")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The joined text of each unit; all columns are the cells behind it."""
    import numpy

    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, *options.columns)
    text = reduce(lambda first, second: first + "_" + second, (_texts(rows[column]) for column in options.columns))
    behind = numpy.flatnonzero(text.notna())
    status = chosen(text.notna().to_numpy().astype("int64"), ["not collected", "observed"])
    keys = rows["key"].to_numpy()[behind]
    cells = Cells.joined([Cells.of(behind, keys, tables.raw(options.table, column)) for column in options.columns])
    return Found.of_columns(rows[UNIT], "", numpy.nan, text, status, cells, (options.table,))


def _texts(column: "pandas.Series") -> "pandas.Series":
    """A column as texts, numbers in their shortest form."""
    number = column.dtype.kind in "iuf"
    return (column.map(lambda part: f"{part:g}", na_action="ignore") if number else column).astype("str")


DERIVATION = Derivation(Options, derive)

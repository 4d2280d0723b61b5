"""A column as it stands: one row a unit and visit."""

from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found, Tables
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """Which column."""

    table: str = Field(description="validated table")
    column: str | dict[str, str] = Field(description="its column, or visit -> column where visits stand side by side")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")
    labels: dict[str, str] = Field(default_factory=dict, description="value -> category, for codes that are no numbers")
    times: float = Field(1, description="factor of a number, such as 0.25 for a weekly value from one of 4 weeks", gt=0)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The value (or text) of one column for each unit and visit; a missing cell says why it is missing."""
    rows = context.tables.frame(options.table, options.where)
    by_visit = options.column if isinstance(options.column, dict) else {None: options.column}
    return Found.joined(
        [
            _one(context.tables, rows, rows["visit"] if visit is None else visit, column, options)
            for visit, column in by_visit.items()
        ]
    )


def _one(
    tables: Tables, rows: "pandas.DataFrame", visit: "pandas.Series | str", column: str, options: Options
) -> Found:
    """One column; its cell stands behind a value, and behind a gap that says why."""
    import numpy

    tables.need(options.table, column)
    values, keys, codes = rows[column], rows["key"].to_numpy(), tables.coded.get(column, {})
    there = values.notna().to_numpy()
    coded = ~there & numpy.isin(keys, [key for key, says in codes.items() if says])
    names, which = ["observed", "not collected"], (~there).astype("int64")
    which[coded] = numpy.arange(len(names), len(names) + coded.sum())
    names += [reason_of(codes[key]) for key in keys[coded].tolist()]
    if options.labels:
        values = values.map(lambda value: _label(value, options.labels), na_action="ignore")
    text = bool(options.labels) or values.dtype.kind not in "iuf"
    behind = numpy.flatnonzero(there | coded)
    taken = numpy.isin(keys, [key for key, says in codes.items() if says.startswith("quarantined: ")]) & ~there
    raw = tables.raw(options.table, column)
    cells = Cells.joined(
        [
            Cells.of(rows_, keys[rows_], raw, role)
            for rows_, role in ((behind[~taken[behind]], "value"), (behind[taken[behind]], "quarantined"))
        ]
    )
    number = numpy.nan if text else values.to_numpy("float64") * options.times
    return Found.of_columns(
        rows[UNIT], visit, number, values if text else None, chosen(which, names), cells, (options.table,)
    )


def _label(value: str | float, labels: dict[str, str]) -> str:
    """The category of a code."""
    code = value if isinstance(value, str) else f"{value:g}"
    return labels.get(code, code)


def reason_of(says: str) -> str:
    """Why a cell holds no value."""
    return says if says.startswith(("repaired: ", "quarantined: ")) else f"coded missing: {says}"


DERIVATION = Derivation(Options, derive)

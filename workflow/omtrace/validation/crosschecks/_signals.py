"""Readings beside what was put into the wells: the layout's rows with the signal of each."""

from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.validation.crosschecks import Tables
from omtrace.validation.crosschecks._rows import Side, as_text, rows_of

if TYPE_CHECKING:
    import pandas


class Signals(Side):
    """The column of the readings; ``where`` chooses one reading a well."""

    less: dict[str, str] = Field(
        default_factory=dict, description="column -> text; the readings that are taken off (the reference wavelength)"
    )


def readings_of(tables: Tables, where: str, signals: Signals, less: bool = False) -> "pandas.DataFrame":
    """The rows of the readings, or of those that are taken off. Raises Fault for a column that is no number."""
    at = f"{where}: signals"
    tables.kind(at, signals.table, signals.column, "number", "integer")
    only = signals.less if less else signals.where
    return rows_of(tables, at, signals.table, only, signals.column, signals.by)


def with_signals(tables: Tables, where: str, frame: "pandas.DataFrame", by: str, signals: Signals) -> "pandas.Series":
    """The signal of each row of a layout; NaN where there is none. Of several readings of a well the mean."""
    names = as_text(frame[by])

    def signal(less: bool) -> "pandas.Series":
        rows = readings_of(tables, where, signals, less)
        means = rows[signals.column].astype("float64").groupby(as_text(rows[signals.by])).mean()
        return names.map(means).astype("float64")

    return signal(False) - signal(True) if signals.less else signal(False)

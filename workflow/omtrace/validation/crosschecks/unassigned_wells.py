"""Wells that hold something, by their signal, and that the layout does not know: a sample forgotten, or a shift."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import as_text, hits, rows_of
from omtrace.validation.crosschecks._signals import Signals, readings_of


class Options(Closed):
    """The layout, the readings, and how much signal an empty well may have."""

    table: str = Field(description="table of the plan that says what is in each well, named plate / well")
    by: str = Field(UNIT, description="its column that names the well")
    signals: Signals = Field(description="the readings")
    share: float = Field(0.1, description="of the range of the plate's signals; an unused well lies below", gt=0, lt=1)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Readings of wells that no row of the layout names, on a plate of it, above the share of its range.

    The range is that of the wells in the layout. A well whose own row of the layout was taken out is known: its
    finding says what is wrong.
    """
    layout = rows_of(tables, where, options.table, {}, options.by)
    known = set(as_text(layout[options.by]))
    gone = tables.taken.get(options.table)
    assigned = known | (set(as_text(gone[options.by])) if gone is not None and options.by in gone else set())
    read = readings_of(tables, where, options.signals)
    wells = as_text(read[options.signals.by])
    if wells.empty:  # all plates were left out
        return
    signal = read[options.signals.column].astype("float64")
    if options.signals.less:
        other = readings_of(tables, where, options.signals, less=True)
        off = other[options.signals.column].astype("float64").groupby(as_text(other[options.signals.by])).mean()
        signal = signal - wells.map(off).astype("float64")
    plate = wells.str.rpartition("/")[0]
    used = signal[wells.isin(known)]
    low, high = (getattr(used.groupby(plate), name)() for name in ("min", "max"))
    limit = plate.map(low + options.share * (high - low))
    strange = read.index[~wells.isin(assigned) & (signal > limit)]
    expected = "no more signal than an unused well has, or a row of the layout for this well"
    yield from hits("well_unassigned", options.signals.table, strange, options.signals.column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "well_unassigned",
            "warn",
            "A well that the layout does not name has the signal of a well in use.",
            "H12 holds a sample, and no row of the layout says which",
            "add the well to the layout; compare the whole plate: all wells may have shifted by one",
        ),
    ),
)

"""The signal of a well: one wavelength, or the difference of two reads."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed, nearest
from omtrace.study.plan import Parameter

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """Which reads."""

    table: str = Field(description="validated table of readings: one row a well and wavelength")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")


def signals(context: Context, options: Options) -> tuple[dict[str, float], dict[str, list[tuple[int, str]]]]:
    """Signal and raw cells of every well whose reads are there: A(wavelength) - A(reference)."""
    rows = context.tables.frame(options.table)
    context.tables.need(options.table, "wavelength", "signal")
    known = sorted(set(rows["wavelength"].unique()))
    for wavelength in (options.wavelength, options.reference):
        if wavelength and known and wavelength not in known:
            raise Fault(f"table {options.table!r} has no read at {wavelength!r}{nearest(wavelength, known)}")
    raw = context.tables.raw(options.table, "signal")
    reads = {w: rows[rows["wavelength"] == w].set_index(UNIT) for w in (options.wavelength, options.reference) if w}
    values = reads[options.wavelength]["signal"].astype("float64")
    cells = {unit: [(int(key), raw)] for unit, key in _pairs(reads[options.wavelength]["key"])}
    if options.reference:
        other = reads[options.reference]
        values = (values - other["signal"].astype("float64")).dropna()
        for unit, key in _pairs(other["key"]):
            cells.setdefault(unit, []).append((int(key), raw))
    return {unit: float(value) for unit, value in _pairs(values)}, cells


def _pairs(series: "pandas.Series") -> Iterator[tuple[str, float]]:
    """Index and value; going through an index of texts one by one takes ten times as long."""
    return zip(series.index.to_numpy(dtype=object).tolist(), series.tolist(), strict=True)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The signal of each well, in OD."""
    import pandas

    values, cells = signals(context, options)
    frame = pandas.DataFrame(
        [(unit, "", value, None, "observed") for unit, value in values.items()],
        columns=["unit", "visit", "value", "text", "status"],
    )
    links = [(unit, "", key, column, "value") for unit in values for key, column in cells[unit]]
    return Found(frame, links, (options.table,))


DERIVATION = Derivation(Options, derive)

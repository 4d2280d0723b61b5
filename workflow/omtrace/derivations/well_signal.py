"""The signal of a well: one wavelength, or the difference of two reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import places
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Which reads."""

    table: str = Field(description="validated table of readings: one row a well and wavelength")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")


@dataclass(frozen=True)
class Signals:
    """Wells whose reads are there (n,): signal, and the keys of its reads (n, 1 or 2), in the raw column ``raw``."""

    units: "pandas.Series"
    values: "numpy.ndarray"
    keys: "numpy.ndarray"
    raw: str


def signals(context: Context, options: Options) -> Signals:
    """Every well whose reads are there: A(wavelength) - A(reference)."""
    import numpy

    rows = context.tables.frame(options.table)
    context.tables.need(options.table, "wavelength", "signal")
    known = sorted(set(rows["wavelength"].unique()))
    for wavelength in (options.wavelength, options.reference):
        if wavelength and known and wavelength not in known:
            raise Fault(f"table {options.table!r} has no read at {wavelength!r}{nearest(wavelength, known)}")
    reads = [rows[rows["wavelength"] == w] for w in (options.wavelength, options.reference) if w]
    if len(reads) == 2:
        at = places(reads[0][UNIT], reads[1][UNIT])
        reads = [reads[0][at >= 0], reads[1].iloc[at[at >= 0]]]
    first, *others = (read["signal"].to_numpy("float64") for read in reads)
    values = first - others[0] if others else first
    there = ~numpy.isnan(values) if others else numpy.ones(len(values), dtype=bool)
    keys = numpy.stack([read["key"].to_numpy("int64") for read in reads], axis=1)
    raw = context.tables.raw(options.table, "signal")
    return Signals(reads[0].loc[there, UNIT].reset_index(drop=True), values[there], keys[there], raw)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The signal of each well, in OD."""
    import numpy

    found = signals(context, options)
    cells = Cells.of(numpy.arange(len(found.units)), found.keys, found.raw)
    return Found.of_columns(found.units, "", found.values, None, "observed", cells, (options.table,))


DERIVATION = Derivation(Options, derive)

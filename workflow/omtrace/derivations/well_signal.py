"""The signal of a well: one wavelength, or the difference of two reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.derivations.column import reason_of
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import places
from omtrace.readers._words import kind_of
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas

BEYOND = {"above range": 1, "below range": -1}


class Options(Closed):
    """Which reads."""

    table: str | tuple[str, ...] = Field(
        description="validated table of readings, one row a well and wavelength; or several, of different readers"
    )
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of readings."""
        return (self.table,) if isinstance(self.table, str) else self.table


@dataclass(frozen=True)
class Signals:
    """Wells whose reads are there (n,): signal, and the keys of its reads (n, 1 or 2).

    ``table`` (n,): which of the tables a well was read in; ``raws``: the raw column of the signal in each. A signal
    without a number is NaN: ``beyond`` (n,) is 1 where the reader says that it lies above its range, -1 below, else 0,
    and ``says`` what the cell of the first read says.
    """

    units: "pandas.Series"
    values: "numpy.ndarray"
    keys: "numpy.ndarray"
    table: "numpy.ndarray"
    raws: tuple[str, ...]
    beyond: "numpy.ndarray"
    says: "numpy.ndarray"

    def cells(self, rows: "numpy.ndarray", at: "numpy.ndarray", role: str = "value") -> Cells:
        """The reads behind records ``rows`` (m,), which rest on the wells ``at`` (m,)."""
        parts = []
        for number, raw in enumerate(self.raws):
            mine = self.table[at] == number
            parts.append(Cells.of(rows[mine], self.keys[at[mine]], raw, role))
        return Cells.joined(parts)


def signals(context: Context, options: Options) -> Signals:
    """Every well whose reads are there: A(wavelength) - A(reference). Raises Fault for a well that two tables hold."""
    import numpy
    import pandas

    tables = options.tables
    parts = [_of_table(context, options, table) for table in tables]
    units = pandas.concat([part.units for part in parts], ignore_index=True)
    if len(tables) > 1 and (again := units[units.duplicated()]).size:
        raise Fault(f"tables {', '.join(tables)}: well {again.iloc[0]!r} was read in more than one of them")
    values, keys, beyond, says = (
        numpy.concatenate([getattr(part, name) for part in parts]) for name in ("values", "keys", "beyond", "says")
    )
    of = numpy.repeat(numpy.arange(len(parts)), [len(part.units) for part in parts])
    return Signals(units, values, keys, of, tuple(part.raws[0] for part in parts), beyond, says)


def _of_table(context: Context, options: Options, table: str) -> Signals:
    """The wells of one table."""
    import numpy

    rows = context.tables.frame(table)
    context.tables.need(table, "wavelength", "signal")
    known = sorted(set(rows["wavelength"].unique()))
    for wavelength in (options.wavelength, options.reference):
        if wavelength and known and wavelength not in known:
            raise Fault(f"table {table!r} has no read at {wavelength!r}{nearest(wavelength, known)}")
    reads = [rows[rows["wavelength"] == w] for w in (options.wavelength, options.reference) if w]
    if len(reads) == 2:
        at = places(reads[0][UNIT], reads[1][UNIT])
        reads = [reads[0][at >= 0], reads[1].iloc[at[at >= 0]]]
    first, *others = (read["signal"].to_numpy("float64") for read in reads)
    values = first - others[0] if others else first
    keys = numpy.stack([read["key"].to_numpy("int64") for read in reads], axis=1)
    codes, says = context.tables.coded.get("signal", {}), numpy.full(len(values), "", dtype=object)
    open_ = numpy.flatnonzero(numpy.isnan(first))
    says[open_] = [codes.get(key, "") for key in keys[open_, 0].tolist()]
    beyond = numpy.zeros(len(values), dtype="int8")
    beyond[open_] = [BEYOND.get(kind_of(text), 0) for text in says[open_]]
    there = ~numpy.isnan(values) | (beyond != 0) if others else numpy.ones(len(values), dtype=bool)
    raw = context.tables.raw(table, "signal")
    units = reads[0].loc[there, UNIT].reset_index(drop=True)
    table_of = numpy.zeros(len(units), dtype="int64")
    return Signals(units, values[there], keys[there], table_of, (raw,), beyond[there], says[there])


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The signal of each well, as read; where it is no number, what the cell says instead."""
    import numpy

    signal = signals(context, options)
    every = numpy.arange(len(signal.units))
    cells = signal.cells(every, every)
    status = numpy.full(len(every), "observed", dtype=object)
    for at in numpy.flatnonzero(signal.says != "").tolist():
        status[at] = reason_of(signal.says[at])
    return Found.of_columns(signal.units, "", signal.values, None, status, cells, options.tables)


DERIVATION = Derivation(Options, derive)

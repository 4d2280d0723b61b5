"""Assay calibration: concentrations read back through the standard curve of their plate."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.derive.well_signal import Options as Reads
from omtrace.derive.well_signal import signals
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Readings, layout, and how the curve is fitted."""

    signals: str = Field(description="validated table of readings: one row a well and wavelength")
    layout: str = Field(description="validated table of wells: plate, role, sample, concentration, dilution")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")
    plate: str = Field("plate", description="layout column that names the plate")
    valid: str = Field("", description="layout column that is blank for wells left out (masked by the laboratory)")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )
    per: Literal["sample", "well"] = Field("sample", description="unit of the result: the sample (animal), or the well")
    at_least: int = Field(1, description="wells of a sample that must be read", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Concentration = mean of the wells' read-back concentrations x dilution, for each sample or well.

    The curve is an unweighted four-parameter logistic one of each plate's standards, the zero standard included.
    """
    tables = context.tables
    reads = Reads(table=options.signals, wavelength=options.wavelength, reference=options.reference)
    signal, raw_signal = signals(context, reads)
    layout = tables.frame(options.layout)
    needed = ("role", "sample", "concentration", "dilution", options.plate, *([options.valid] if options.valid else []))
    tables.need(options.layout, *needed)
    plates = _Plates(layout, signal, options)
    values, refusals = plates.read_back()
    raw = {column: tables.raw(options.layout, column) for column in ("concentration", "sample")}
    records: list[tuple] = []
    cells: list[Cell] = []
    of_plates: dict[int, list[tuple[str, str]]] = {}
    for unit, plate, wells in plates.results():
        records.append((unit, "", *_result(values[wells], refusals[plate], options.at_least)))
        of_plates.setdefault(plate, []).append((unit, ""))
        cells += [(unit, "", k, c, "value") for well in wells for k, c in raw_signal[plates.units[well]]]
        cells += [(unit, "", plates.keys[well], raw["sample"], "layout") for well in wells]
    behind: list[tuple[list, list]] = []
    for plate, units in of_plates.items():
        wells = plates.standards_of(plate)
        standards = [(k, c, "standard") for well in wells for k, c in raw_signal[plates.units[well]]]
        standards += [(plates.keys[well], raw["concentration"], "standard") for well in wells]
        behind.append((units, standards))
    found = Found.of(records, cells, (options.layout, options.signals))
    found.shared = behind
    return found


def _result(values: "numpy.ndarray", refusal: str, at_least: int) -> tuple[float | None, None, str]:
    """Value, text and status of a sample, from the concentrations of its wells (NaN: not read back)."""
    if refusal:
        return None, None, f"no curve: {refusal}"
    read = values[values == values]
    if len(read) >= at_least:
        return float(read.mean()), None, "observed"
    return None, None, f"incomplete: {len(read)} of {max(len(values), at_least)} wells read back"


class _Plates:
    """The wells that were read, as arrays in the order of plate, then of the layout; plates are numbered from 0."""

    def __init__(self, layout: "pandas.DataFrame", signal: dict[str, float], options: Options) -> None:
        import numpy

        self.options = options
        read = numpy.array([unit in signal for unit in layout[UNIT].to_numpy(dtype=object)], dtype=bool)
        there = layout[layout[options.plate].notna() & read]
        names = there[options.plate].to_numpy(dtype=object)
        self.names, plates = numpy.unique(names.astype(str), return_inverse=True)
        order = numpy.argsort(plates, kind="stable")
        there, self.plates = there.iloc[order], plates[order]
        self.units = there[UNIT].to_numpy(dtype=object).tolist()
        self.keys = there["key"].tolist()
        self.samples = there["sample"].to_numpy(dtype=object)
        self.role = there["role"].to_numpy(dtype=object)
        self.signal = numpy.array([signal[unit] for unit in self.units], dtype="float64")
        self.concentration, self.dilution = (
            there[column].to_numpy(dtype="float64", na_value=numpy.nan) for column in ("concentration", "dilution")
        )
        known = ((self.role == "standard") | (self.role == "blank")) & ~numpy.isnan(self.concentration)
        self.standards = numpy.flatnonzero(known & there[options.valid].notna() if options.valid else known)
        self.starts = numpy.searchsorted(self.plates[self.standards], numpy.arange(len(self.names) + 1))

    def standards_of(self, plate: int) -> list[int]:
        """The wells that make a plate's curve."""
        return self.standards[self.starts[plate] : self.starts[plate + 1]].tolist()

    def results(self) -> Iterator[tuple[str, int, list[int]]]:
        """Each sample of each plate, or each well, with its plate and its wells; samples by name."""
        if self.options.per == "well":
            yield from ((unit, int(self.plates[well]), [well]) for well, unit in enumerate(self.units))
            return
        groups: dict[tuple[int, str], list[int]] = {}
        for well in (self.role == "sample").nonzero()[0].tolist():
            if isinstance(self.samples[well], str):
                groups.setdefault((int(self.plates[well]), self.samples[well]), []).append(well)
        yield from ((sample, plate, groups[plate, sample]) for plate, sample in sorted(groups))

    def read_back(self) -> "tuple[numpy.ndarray, list[str]]":
        """The concentration of every well, NaN where the curve gives none; and why a plate has no curve, or ""."""
        import numpy

        from omtrace.statistics.four_pl import fit_four_pl, inverse
        from omtrace.statistics.samples import stacked

        refusals = ["no standards"] * len(self.names)
        values = numpy.full(len(self.plates), numpy.nan)
        points = [self._points(plate) for plate in range(len(self.names))]
        with_points = [plate for plate, (x, _) in enumerate(points) if len(x)]
        if not with_points:
            return values, refusals
        x, y, used = stacked([points[plate] for plate in with_points])
        fit = fit_four_pl(x, y, used=used, min_levels=self.options.min_levels)
        edges = numpy.searchsorted(self.plates, numpy.arange(len(self.names) + 1))
        for row, plate in enumerate(with_points):
            refusals[plate] = str(fit.refusal[row])
        wells = [self.signal[edges[plate] : edges[plate + 1]] for plate in with_points]
        signal, _, there = stacked([(one, one) for one in wells])
        read = inverse(fit, signal)
        for row, plate in enumerate(with_points):
            values[edges[plate] : edges[plate + 1]] = read[row][there[row]]
        if self.options.per == "sample":
            values = values * numpy.where(numpy.isnan(self.dilution), 1.0, self.dilution)
        return values, refusals

    def _points(self, plate: int) -> "tuple[numpy.ndarray, numpy.ndarray]":
        """Concentration and signal that a plate's curve is fitted to."""
        import numpy

        wells = self.standards_of(plate)
        x, y = self.concentration[wells], self.signal[wells]
        if self.options.fit_to == "wells" or not wells:
            return x, y
        levels, of = numpy.unique(x, return_inverse=True)
        return levels, numpy.bincount(of, y) / numpy.bincount(of)


DERIVATION = Derivation(Options, derive)

"""The wells of an assay's plates as arrays, their curves, and the plates judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pydantic

from omtrace.schemas import UNIT
from omtrace.study.closed import Closed

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.statistics.acceptance import Limits
    from omtrace.statistics.four_pl import FourPL

Field = pydantic.Field


class Acceptance(Closed):
    """Limits that a plate must hold: by default ICH M10's for ligand-binding assays; M10 itself excludes biomarkers."""

    standard: float = Field(20, description="deviation of a standard read back, percent", gt=0)
    standard_end: float = Field(25, description="the same at the lowest and the highest level, percent", gt=0)
    standards_share: float = Field(0.75, description="share of the standards' levels that must hold", ge=0, le=1)
    standards_least: int = Field(6, description="levels that must hold at least", ge=4)
    control: float = Field(20, description="deviation of a control, percent", gt=0)
    controls_share: float = Field(2 / 3, description="share of all controls that must hold", ge=0, le=1)
    controls_level_share: float = Field(
        0.5, description="share of the controls of one level that must hold", ge=0, le=1
    )
    replicate_cv: float = Field(20, description="coefficient of variation of replicates that is flagged, percent", gt=0)
    replicate_cv_end: float = Field(25, description="the same at the limits of quantification, percent", gt=0)

    def limits(self) -> "Limits":
        """The limits as the statistics take them."""
        from omtrace.statistics.acceptance import Limits

        return Limits(**self.model_dump())


class Curve(Closed):
    """How the curve of a plate is fitted, and how the plate is judged."""

    model: Literal["4PL", "5PL"] = Field("4PL", description="curve: four or five parameters")
    weights: Literal["none", "1/y", "1/y2", "1/x"] = Field("none", description="weights of the fit")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )
    controls: dict[str, float] = Field(default_factory=dict, description="control -> its nominal concentration")
    acceptance: Acceptance | None = Field(None, description="limits that a plate must hold; none: none is judged")


@dataclass
class Plate:
    """One plate: its curve, range, and why it gives nothing ("" = it does)."""

    fit: "FourPL"
    lloq: float
    uloq: float
    refusal: str


class Plates:
    """The wells that were read, as arrays in the order of plate, then of the layout; plates are numbered from 0."""

    def __init__(self, layout: "pandas.DataFrame", signal: dict[str, float], plate: str, valid: str,
                 options: Curve) -> None:  # fmt: skip
        import numpy

        self.options = options
        read = numpy.array([unit in signal for unit in layout[UNIT].to_numpy(dtype=object)], dtype=bool)
        there = layout[layout[plate].notna() & read]
        names = there[plate].to_numpy(dtype=object)
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
        self.standards = numpy.flatnonzero(known & there[valid].notna() if valid else known)
        everyone = numpy.arange(len(self.names) + 1)
        self.starts = numpy.searchsorted(self.plates[self.standards], everyone)
        self.edges = numpy.searchsorted(self.plates, everyone)

    def standards_of(self, plate: int) -> list[int]:
        """The wells that make a plate's curve."""
        return self.standards[self.starts[plate] : self.starts[plate + 1]].tolist()

    def wells_of(self, plate: int) -> list[int]:
        """All wells of a plate."""
        return list(range(self.edges[plate], self.edges[plate + 1]))

    def wells_alone(self) -> Iterator[tuple[str, int, list[int]]]:
        """Each well, with its plate."""
        yield from ((unit, int(self.plates[well]), [well]) for well, unit in enumerate(self.units))

    def samples_of(self) -> Iterator[tuple[str, int, list[int]]]:
        """Each sample of each plate, with its plate and its wells; samples by name."""
        groups: dict[tuple[int, str], list[int]] = {}
        for well in (self.role == "sample").nonzero()[0].tolist():
            if isinstance(self.samples[well], str):
                groups.setdefault((int(self.plates[well]), self.samples[well]), []).append(well)
        yield from ((sample, plate, groups[plate, sample]) for plate, sample in sorted(groups))

    def judged(self) -> "list[Plate | None]":
        """Each plate's curve and range; None for a plate without standards. All curves are fitted together first."""
        from omtrace.statistics.calibration import fit_curves
        from omtrace.statistics.samples import stacked

        found: list[Plate | None] = [None] * len(self.names)
        points = [self._points(plate) for plate in range(len(self.names))]
        with_points = [plate for plate, (x, _) in enumerate(points) if len(x)]
        if not with_points:
            return found
        x, y, used = stacked([points[plate] for plate in with_points])
        fit = fit_curves(x, y, self.options.model, self.options.weights, used, self.options.min_levels)
        for row, plate in enumerate(with_points):
            found[plate] = self._judged(plate, fit.take(row))
        return found

    def _points(self, plate: int) -> "tuple[numpy.ndarray, numpy.ndarray]":
        """Concentration and signal that a plate's curve is fitted to."""
        from omtrace.statistics.calibration import level_means

        wells = self.standards_of(plate)
        x, y = self.concentration[wells], self.signal[wells]
        return (x, y) if self.options.fit_to == "wells" or not wells else level_means(x, y)[:2]

    def _judged(self, plate: int, fit: "FourPL") -> Plate:
        from omtrace.statistics.acceptance import judge_controls, judge_standards

        options, wells = self.options, self.standards_of(plate)
        x, y = self.concentration[wells], self.signal[wells]
        if options.acceptance is None:
            levels = x[x > 0]
            refusal = f"no curve: {fit.refusal[0]}" if fit.refusal[0] else ""
            return Plate(fit, float(levels.min(initial=float("inf"))), float(levels.max(initial=0)), refusal)
        limits = options.acceptance.limits()
        found = judge_standards(x, y, limits, options.model, options.weights, options.fit_to == "level_means",
                                options.min_levels, fit)  # fmt: skip
        refusal = found.refusal
        if refusal and not refusal.startswith("standards"):
            refusal = f"no curve: {refusal}"
        if not refusal:
            refusal = judge_controls(*self.controls_of(plate, found.fit), limits).refusal
        return Plate(found.fit, found.lloq, found.uloq, f"plate rejected: {refusal}" if refusal else "")

    def controls_of(self, plate: int, fit: "FourPL") -> "tuple[list[str], numpy.ndarray]":
        """Names and recoveries (percent) of a plate's wells with a control of known concentration."""
        from omtrace.statistics.four_pl import inverse

        nominal = self.options.controls
        wells = [w for w in self.wells_of(plate) if self.role[w] == "control" and self.samples[w] in nominal]
        names = [self.samples[well] for well in wells]
        read = inverse(fit, self.signal[wells])[0] * self.dilutions(wells) if wells else self.signal[wells]
        return names, 100 * read / [nominal[name] for name in names] if wells else read

    def dilutions(self, wells: list[int]) -> "numpy.ndarray":
        """Dilutions of wells, 1 where none is given."""
        import numpy

        return numpy.where(numpy.isnan(self.dilution[wells]), 1.0, self.dilution[wells])

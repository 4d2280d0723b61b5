"""The wells of an assay's plates as arrays, their curves, and the plates judged."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pydantic

from omtrace.model.closed import Closed
from omtrace.provenance.texts import chosen, coded, places
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.derivations.well_signal import Signals
    from omtrace.statistics.assay.acceptance import Limits
    from omtrace.statistics.curves.four_pl import FourPL

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
        from omtrace.statistics.assay.acceptance import Limits

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
    nominal: str = Field(
        "",
        description="where a control's nominal concentration stands, in place of controls: a column of the layout "
        "(derive: assay), a parameter of the wells (plate_acceptance)",
    )
    acceptance: Acceptance | None = Field(None, description="limits that a plate must hold; none: none is judged")


class PlateCurve(Curve):
    """The same of a calibration, where plates may share their curve."""

    curve: Literal["own", "joint"] = Field(
        "own",
        description="own: a curve of each plate; joint: asymptotes and slope shared by all plates, with a midpoint of "
        "each (4PL; the analysis shared_curve says whether plates need more). Errors of a joint curve are no parts: "
        "all plates share them",
    )

    @pydantic.model_validator(mode="after")
    def shared(self) -> "PlateCurve":
        """A curve that plates share has four parameters."""
        if self.curve == "joint" and self.model != "4PL":
            raise ValueError("curve: joint needs model: 4PL")
        return self


NO_STANDARDS = "no curve: no standards"


@dataclass(frozen=True)
class Curves:
    """The plates' curves and ranges (k,), and why each gives nothing ("" = it does)."""

    fit: "FourPL"
    lloq: "numpy.ndarray"
    uloq: "numpy.ndarray"
    refusal: "numpy.ndarray"


@dataclass(frozen=True)
class Samples:
    """What is read as one: names, plates (n,); wells in their order (m,), and where those of each begin (n + 1,)."""

    names: "pandas.Series"
    plates: "numpy.ndarray"
    wells: "numpy.ndarray"
    edges: "numpy.ndarray"


class Plates:
    """The wells that were read, as arrays in the order of plate, then of the layout; plates are numbered from 0."""

    def __init__(
        self, layout: "pandas.DataFrame", signal: "Signals", plate: str, valid: str, options: PlateCurve
    ) -> None:
        import numpy

        self.options = options
        at = places(layout[UNIT], signal.units)
        read = (at >= 0) & layout[plate].notna().to_numpy()
        plates, self.names = coded(layout.loc[read, plate])
        order = numpy.argsort(plates, kind="stable")
        there, at, self.plates = layout[read].iloc[order], at[read][order], plates[order]
        self.units, self.samples, self.role = there[UNIT], there["sample"], there["role"]
        self.masked = there[valid].isna().to_numpy() if valid else numpy.zeros(len(there), dtype=bool)
        self.keys, self.reads, self.signal = there["key"].to_numpy("int64"), signal.keys[at], signal.values[at]
        self.concentration, self.dilution = (
            there[column].to_numpy(dtype="float64", na_value=numpy.nan) for column in ("concentration", "dilution")
        )
        self.nominal = self._nominal(there)
        known = self.role.isin(("standard", "blank")).to_numpy() & ~numpy.isnan(self.concentration)
        self.standards = numpy.flatnonzero(known & ~self.masked)
        everyone = numpy.arange(len(self.names) + 1)
        self.starts = numpy.searchsorted(self.plates[self.standards], everyone)
        self.edges = numpy.searchsorted(self.plates, everyone)

    def _nominal(self, layout: "pandas.DataFrame") -> "numpy.ndarray":
        """The nominal concentration of each well with a control in use, NaN elsewhere."""
        import numpy

        column, controls = self.options.nominal, self.options.controls
        told = layout[column] if column else self.samples.map(controls if controls else {"": numpy.nan})
        nominal = told.to_numpy(dtype="float64", na_value=numpy.nan)
        return numpy.where(self.role.isin(["control"]).to_numpy() & ~self.masked, nominal, numpy.nan)

    def standards_of(self, plate: int) -> "numpy.ndarray":
        """The wells that make a plate's curve."""
        return self.standards[self.starts[plate] : self.starts[plate + 1]]

    def wells_alone(self) -> Samples:
        """Each well; one that was masked rests on none."""
        import numpy

        edges = numpy.append(0, numpy.cumsum(~self.masked))
        return Samples(self.units, self.plates, numpy.flatnonzero(~self.masked), edges)

    def samples_of(self) -> Samples:
        """Each sample of each plate, of the wells that were not masked; one whose wells all were rests on none."""
        import numpy

        sample, names = coded(self.samples.where(self.role == "sample"))
        of = self.plates * len(names) + sample
        every = numpy.unique(of[sample >= 0])
        wells = numpy.flatnonzero((sample >= 0) & ~self.masked)
        wells = wells[numpy.argsort(of[wells], kind="stable")]
        edges = numpy.append(numpy.searchsorted(of[wells], every), len(wells))
        return Samples(chosen(every % max(len(names), 1), names), every // max(len(names), 1), wells, edges)

    def behind_curves(self) -> "numpy.ndarray":
        """The wells that a plate's curve and its acceptance rest on: standards, and controls where they are judged."""
        import numpy

        if self.options.acceptance is None:
            return self.standards
        return numpy.union1d(self.standards, numpy.flatnonzero(numpy.isfinite(self.nominal)))

    def curves(self) -> Curves:
        """Each plate's curve and range; all curves are fitted together first."""
        import numpy

        from omtrace.statistics.basic.samples import stacked
        from omtrace.statistics.curves.calibration import fit_curves, fit_shared
        from omtrace.statistics.curves.four_pl import joined

        options, count = self.options, len(self.names)
        x, y, used = stacked([self._points(plate) for plate in range(count)])
        if options.curve == "joint":
            fit = fit_shared(x, y, options.weights, used, options.min_levels)
        else:
            fit = fit_curves(x, y, options.model, options.weights, used, options.min_levels)
        levels = numpy.where(used & (x > 0), x, numpy.nan)
        lloq, uloq = numpy.fmin.reduce(levels, axis=1, initial=numpy.inf), numpy.fmax.reduce(levels, axis=1, initial=0)
        refusal = numpy.where(fit.refusal == "", "", "no curve: " + fit.refusal)
        if options.acceptance is not None and count:
            judged = [self._judged(plate, fit.take(plate)) for plate in range(count)]
            fit = joined([found for found, *_ in judged])
            lloq, uloq, refusal = (
                numpy.array([one[at] for one in judged], dtype=kind)
                for at, kind in ((1, "float64"), (2, "float64"), (3, object))
            )
        refusal[numpy.diff(self.starts) == 0] = NO_STANDARDS
        return Curves(fit, lloq, uloq, refusal)

    def _points(self, plate: int) -> "tuple[numpy.ndarray, numpy.ndarray]":
        """Concentration and signal that a plate's curve is fitted to."""
        from omtrace.statistics.curves.calibration import level_means

        wells = self.standards_of(plate)
        x, y = self.concentration[wells], self.signal[wells]
        return (x, y) if self.options.fit_to == "wells" or not len(wells) else level_means(x, y)[:2]

    def _judged(self, plate: int, fit: "FourPL") -> "tuple[FourPL, float, float, str]":
        """A plate's curve without the standards that do not hold, its range, and why it is rejected."""
        from omtrace.statistics.assay.acceptance import judge_controls, judge_standards

        options, wells = self.options, self.standards_of(plate)
        if options.acceptance is None or not len(wells):
            return fit, float("nan"), float("nan"), ""
        limits = options.acceptance.limits()
        found = judge_standards(
            self.concentration[wells],
            self.signal[wells],
            limits,
            options.model,
            options.weights,
            options.fit_to == "level_means",
            options.min_levels,
            fit,
            options.curve == "own",
        )
        refusal = found.refusal
        if refusal and not refusal.startswith("standards"):
            refusal = f"no curve: {refusal}"
        if not refusal:
            refusal = judge_controls(*self.controls_of(plate, found.fit), limits).refusal
        return found.fit, found.lloq, found.uloq, f"plate rejected: {refusal}" if refusal else ""

    def controls_of(self, plate: int, fit: "FourPL") -> "tuple[list[str], numpy.ndarray]":
        """Names and recoveries (percent) of a plate's wells with a control of known concentration."""
        import numpy

        from omtrace.statistics.curves.four_pl import inverse

        known = numpy.isfinite(self.nominal[self.edges[plate] : self.edges[plate + 1]])
        wells = numpy.flatnonzero(known) + self.edges[plate]
        read = inverse(fit, self.signal[wells])[0] * self.dilutions(wells)
        return self.samples.iloc[wells].tolist(), 100 * read / self.nominal[wells]

    def dilutions(self, wells: "numpy.ndarray") -> "numpy.ndarray":
        """Dilutions of wells, 1 where none is given."""
        import numpy

        return numpy.where(numpy.isnan(self.dilution[wells]), 1.0, self.dilution[wells])

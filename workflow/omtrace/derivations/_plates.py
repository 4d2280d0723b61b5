"""The wells of an assay's plates as arrays, their curves, and the plates judged."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import pydantic

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen, coded, places
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.derivations.well_signal import Signals
    from omtrace.statistics.assay.acceptance import CurveSpec, Limits, Standards
    from omtrace.statistics.curves.calibration import CurveLimits
    from omtrace.statistics.curves.fitted import Fitted

Field = pydantic.Field


class ReadBack(Closed):
    """What a curve must do to be read from; the defaults and their source are those of ``CurveLimits``."""

    standard: float = Field(20, description="deviation of a standard read back, percent", gt=0)
    standard_end: float = Field(25, description="the same at the lowest and the highest level, percent", gt=0)
    standards_share: float = Field(0.75, description="share of the standards' levels that must hold", ge=0, le=1)
    precision: float = Field(
        20, description="standard error of what is read back at a level of the standard, percent", gt=0
    )
    precision_end: float = Field(25, description="the same at the lowest and the highest level, percent", gt=0)
    precision_share: float = Field(
        0.5, description="share of the levels at which that must hold (M10 has none for this; our choice)", ge=0, le=1
    )

    def limits(self) -> "CurveLimits":
        """The limits as the statistics take them."""
        from omtrace.statistics.curves.calibration import CurveLimits

        return CurveLimits(**self.model_dump())


class Acceptance(ReadBack):
    """Limits that a plate must hold; the defaults and their source are those of ``acceptance.Limits``."""

    standards_least: int = Field(6, description="levels of the standard that must hold at least", ge=2)
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


class CurveModel(Closed):
    """How the curve of a plate is fitted, and which plates' curves the plan stands up for."""

    model: Literal["linear", "log-log", "quadratic", "4PL", "5PL", "spline"] = Field(
        "4PL",
        description="curve: straight line; straight line of the logarithms; second degree; logistic of four or five "
        "parameters; monotone spline through the levels' mean signals over the log concentration. log-log and spline "
        "leave the zero standard out",
    )
    weights: Literal["none", "1/y", "1/y2", "1/x"] = Field(
        "none", description="weights of the fit; of a log-log curve none: its errors are in proportion to the signal"
    )
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=3)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )
    override: dict[str, Annotated[str, Field(min_length=10)]] = Field(
        default_factory=dict,
        description="plate -> why its curve is used, and the plate accepted, though limits say otherwise; the page of "
        "the plate prints it. A curve that cannot be fitted at all stays refused",
    )

    @pydantic.model_validator(mode="after")
    def weighted(self) -> "CurveModel":
        """Curves of logarithms have no weights."""
        if self.model == "log-log" and self.weights != "none":
            raise ValueError("model: log-log takes weights: none")
        return self

    def spec(self, plate: str) -> "CurveSpec":
        """The curve of a plate as the statistics take it."""
        from omtrace.statistics.assay.acceptance import CurveSpec

        return CurveSpec(
            self.model, self.weights, self.fit_to == "level_means", self.min_levels, overridden=plate in self.override
        )


class Curve(CurveModel):
    """How the curve of a plate is fitted, and how the plate is judged."""

    controls: dict[str, float] = Field(default_factory=dict, description="control -> its nominal concentration")
    nominal: str = Field(
        "",
        description="where a control's nominal concentration stands, in place of controls: a column of the layout "
        "(derive: assay), a parameter of the wells (plate_acceptance)",
    )
    acceptance: Acceptance | None = Field(
        None,
        description="limits that a plate must hold; none: its curve is judged by read_back, no standard is left out, "
        "and controls are not judged",
    )


class PlateCurve(Curve):
    """The same of a calibration, where plates may share their curve."""

    curve: Literal["own", "joint"] = Field(
        "own",
        description="own: a curve of each plate; joint: asymptotes and slope shared by all plates, with a midpoint of "
        "each (4PL; the analysis shared_curve says whether plates need more). Errors of a joint curve are no parts: "
        "all plates share them",
    )

    read_back: ReadBack | None = Field(
        None, description="what a curve must do to be read from, where acceptance does not say; none: the defaults"
    )

    @pydantic.model_validator(mode="after")
    def shared(self) -> "PlateCurve":
        """A curve that plates share has four parameters; limits stand in one place."""
        if self.curve == "joint" and self.model != "4PL":
            raise ValueError("curve: joint needs model: 4PL")
        if self.acceptance and self.read_back:
            raise ValueError("read_back: say it under acceptance, which has the same limits")
        return self


NO_STANDARDS = "no curve: no standards"


@dataclass(frozen=True)
class Curves:
    """The plates' curves and ranges (k,), and why each gives nothing ("" = it does)."""

    fit: "Fitted"
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
        self.keys, self.signal, self.beyond = there["key"].to_numpy("int64"), signal.values[at], signal.beyond[at]
        self._signals, self._at = signal, at
        self.concentration, self.dilution = (
            there[column].to_numpy(dtype="float64", na_value=numpy.nan) for column in ("concentration", "dilution")
        )
        self.nominal = self._nominal(there)
        known = self.role.isin(("standard", "blank")).to_numpy() & ~numpy.isnan(self.concentration)
        self.standards = numpy.flatnonzero(known & ~self.masked & ~numpy.isnan(self.signal))
        everyone = numpy.arange(len(self.names) + 1)
        self.starts = numpy.searchsorted(self.plates[self.standards], everyone)
        self.edges = numpy.searchsorted(self.plates, everyone)

    def _nominal(self, layout: "pandas.DataFrame") -> "numpy.ndarray":
        """The nominal concentration of each well with a control in use, NaN elsewhere."""
        import numpy

        column, controls = self.options.nominal, self.options.controls
        told = layout[column] if column else self.samples.map(controls if controls else {"": numpy.nan})
        nominal = told.to_numpy(dtype="float64", na_value=numpy.nan)
        lost = numpy.isnan(self.signal) & (self.beyond == 0)  # one beyond the reader's range does not hold
        return numpy.where(self.role.isin(["control"]).to_numpy() & ~self.masked & ~lost, nominal, numpy.nan)

    def reads(self, rows: "numpy.ndarray", wells: "numpy.ndarray", role: str = "value") -> Cells:
        """The reads behind records ``rows`` (m,), which rest on wells (m,)."""
        return self._signals.cells(rows, self._at[wells], role)

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
        from omtrace.statistics.curves.calibration import fit_curves, fit_shared, judged
        from omtrace.statistics.curves.fitted import joined

        options, count = self.options, len(self.names)
        overridden = self._overridden()
        x, y, used = stacked([self._points(plate) for plate in range(count)])
        if options.curve == "joint":
            fit = fit_shared(x, y, options.weights, used, options.min_levels)
        else:
            fit = fit_curves(x, y, options.model, options.weights, used, options.min_levels, overridden)
        levels = numpy.where(used & (x > 0), x, numpy.nan)
        lloq, uloq = numpy.fmin.reduce(levels, axis=1, initial=numpy.inf), numpy.fmax.reduce(levels, axis=1, initial=0)
        if options.acceptance is not None and count:
            standards = [self._judged(plate, fit.take(plate)) for plate in range(count)]
            fit = joined([plate_standards.fit for plate_standards in standards])
            lloq, uloq = numpy.array(
                [(plate_standards.lloq, plate_standards.uloq) for plate_standards in standards], dtype="float64"
            ).T
            refusal = numpy.array([plate_standards.refusal for plate_standards in standards], dtype=object)
        else:
            limits = options.read_back.limits() if options.read_back else None
            wells = stacked([self._wells_of_standards(plate) for plate in range(count)])
            fit = judged(fit, *wells, limits, options.weights, overridden)
            refusal = numpy.where(fit.refusal == "", "", "no curve: " + fit.refusal)
        refusal[numpy.diff(self.starts) == 0] = NO_STANDARDS
        for plate in numpy.flatnonzero((refusal != "") & (refusal != NO_STANDARDS)):
            if shift := self._shift(int(plate)):
                kind, _, why = refusal[plate].partition(": ")
                refusal[plate] = f"{kind}: layout shifted: the readings lie {shift} than the layout says ({why})"
        return Curves(fit, lloq, uloq, refusal)

    def _shift(self, plate: int) -> str:
        """How far a plate's readings lie beside the wells of its layout, in words; "" where they do not."""
        import numpy

        from omtrace.statistics.assay.plate_position import places as place_of
        from omtrace.statistics.assay.plate_position import shift_of

        mine = slice(self.edges[plate], self.edges[plate + 1])
        stem = self.units.iloc[mine.start].rpartition("/")[0] + "/"
        units, values = self._signals.units, self._signals.values
        of = numpy.flatnonzero(units.str.startswith(stem).to_numpy(dtype=bool))
        try:
            row, column = place_of(units.iloc[of].tolist())
            own_row, own_column = place_of(self.units.iloc[mine].tolist())
        except ValueError:
            return ""  # runs without a plate's geometry
        read = dict(zip(zip(row.tolist(), column.tolist(), strict=True), values[of].tolist(), strict=True))
        level = numpy.where(self.role.iloc[mine].isin(("standard", "blank")), self.concentration[mine], numpy.nan)
        content = self.role.iloc[mine] + " " + self.samples.iloc[mine].fillna("")
        content += numpy.where(numpy.isnan(level), self.dilutions(numpy.arange(mine.start, mine.stop)), level).astype(
            str
        )
        return shift_of(own_row, own_column, content.tolist(), level, read)

    def _overridden(self) -> "numpy.ndarray":
        """Which plates the plan stands up for (k,). Raises Fault for a name that no plate has."""
        import numpy

        known = self.names.tolist()
        for name in self.options.override:
            if name not in known:
                raise Fault(f"override: no plate is called {name!r}{nearest(name, known)}")
        return numpy.isin(numpy.array(known, dtype=object), list(self.options.override))

    def _wells_of_standards(self, plate: int) -> "numpy.ndarray":
        """Concentration and signal (2, n) of the wells that make a plate's curve."""
        import numpy

        wells = self.standards_of(plate)
        return numpy.array([self.concentration[wells], self.signal[wells]])

    def _points(self, plate: int) -> "numpy.ndarray":
        """Concentration and signal (2, n) that a plate's curve is fitted to."""
        import numpy

        from omtrace.statistics.curves.calibration import level_means

        wells = self._wells_of_standards(plate)
        if self.options.fit_to == "wells" or not wells.size:
            return wells
        return numpy.array(level_means(*wells)[:2])

    def _judged(self, plate: int, fit: "Fitted") -> "Standards":
        """A plate's curve without the standards that do not hold, its range, and why it is rejected."""
        from omtrace.statistics.assay.acceptance import Standards, judge_controls, judge_standards

        options, (x, y) = self.options, self._wells_of_standards(plate)
        if options.acceptance is None or not len(x):
            return Standards(fit, (), (), {}, "")
        limits = options.acceptance.limits()
        spec = replace(options.spec(str(self.names.iloc[plate])), shared=options.curve == "joint")
        standards = judge_standards(x, y, limits, spec, fit)
        refusal = standards.refusal
        if refusal and not refusal.startswith(("standards", "imprecise")):
            refusal = f"no curve: {refusal}"
        if not refusal and not spec.overridden:
            wells = self.controls_of(plate)
            read = standards.fit.inverse(self.signal[wells])[0] * self.dilutions(wells)
            recovery = 100 * read / self.nominal[wells]
            refusal = judge_controls(self.samples.iloc[wells].tolist(), recovery, limits).refusal
        return replace(standards, refusal=f"plate rejected: {refusal}" if refusal else "")

    def controls_of(self, plate: int) -> "numpy.ndarray":
        """A plate's wells with a control of known concentration."""
        import numpy

        known = numpy.isfinite(self.nominal[self.edges[plate] : self.edges[plate + 1]])
        return numpy.flatnonzero(known) + self.edges[plate]

    def dilutions(self, wells: "numpy.ndarray") -> "numpy.ndarray":
        """Dilutions of wells, 1 where none is given."""
        import numpy

        return numpy.where(numpy.isnan(self.dilution[wells]), 1.0, self.dilution[wells])

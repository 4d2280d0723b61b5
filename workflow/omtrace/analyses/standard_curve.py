"""Standard curves: one curve a plate, and its standards read back."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.derivations._plates import CurveModel, ReadBack
from omtrace.faults import Fault
from omtrace.model.closed import nearest

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.curves.fitted import Fitted

    Points = tuple[numpy.ndarray, numpy.ndarray]

USED = "used by the plan: "  # levels of the number of points that say something of the curve
NOT_GIVEN = "coefficients not given: "
DECIMALS = 4
Told = tuple[str, str, float, str, int]  # level, statistic, value, unit, decimals


class Options(CurveModel):
    """Where the concentrations stand, what the curve is fitted to, and what it must do."""

    concentration: str = Field(description="parameter of the wells with the nominal concentration")
    read_back: ReadBack = Field(default_factory=ReadBack, description="what a curve must do to be read from")


def overridden_plates(call: Call) -> None:
    """Raise Fault where the plan stands up for a plate that the dataset does not have."""
    for plate in call.options.override:
        if plate not in call.dataset.groups:
            known = nearest(plate, list(call.dataset.groups))
            raise Fault(f"analysis {call.name}: override: no plate is called {plate!r}{known}")


def run(call: Call) -> Iterator[Number]:
    """Coefficients with standard errors, residual sum of squares, and each level read back, a plate."""
    concentration, plates = call.options.concentration, list(call.dataset.groups)
    call.need(concentration)
    overridden_plates(call)
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[concentration], group=True
        )
        standards = _standards(analysis_set, plates, concentration)
        there = [place for place, (x, _) in enumerate(standards.wells) if len(x)]
        used = standards.take(there)
        curves = _fitted(call.options, used) if there else None
        for place, plate in enumerate(plates):
            rows, at = analysis_set.rows([plate]), bisect_left(there, place)
            if curves is None or place not in there[at : at + 1]:
                yield from target.numbers(plate, {"n": 0}, rows, level="refused: no standards")
                continue
            n = {"n": curves.fits.n[at]}
            if why := curves.fits.refusal[at]:
                yield from target.numbers(plate, n, rows, level=f"refused: {why}")
                continue
            if why := curves.otherwise[at]:
                level = f"{USED}{call.options.override[plate]} (otherwise: {why})"
                yield from target.numbers(plate, n, rows, level=level)
            if why := curves.fits.vague[at]:
                yield from target.numbers(plate, n, rows, level=f"{NOT_GIVEN}{why}")
            told = [
                *_curve(call, target.parameter, curves.fits.numbers(at)),
                *_read_back(call, target.parameter, curves, at),
            ]
            for level, statistic, value, unit, decimals in told:
                yield Number(target.parameter, plate, target.visit, level, statistic, value, unit, decimals, rows)


class StandardPoints(NamedTuple):
    """Plates with standards: their names, wells, and levels with mean signals."""

    plates: list[str]
    wells: list["Points"]
    means: list["Points"]

    def take(self, places: list[int]) -> "StandardPoints":
        """Those of some plates."""
        plates, wells, means = self
        return StandardPoints([plates[at] for at in places], [wells[at] for at in places], [means[at] for at in places])


class Curves(NamedTuple):
    """Curves of plates, and their levels read back.

    ``means`` has levels and mean signals of each, ``signal`` (the curve's), ``read`` and ``recovery`` are (k, m).
    ``otherwise``: why a curve would be refused, were it not for the plan.
    """

    fits: "Fitted"
    means: list["Points"]
    signal: "numpy.ndarray"
    read: "numpy.ndarray"
    recovery: "numpy.ndarray"
    otherwise: list[str]


def _fitted(options: Options, of: StandardPoints) -> Curves:
    import numpy

    from omtrace.statistics.basic.samples import stacked
    from omtrace.statistics.curves.calibration import fit_curves, judged

    limits, weights = options.read_back.limits(), options.weights
    means, wells = stacked(of.means), stacked(of.wells)
    x, y, used = means if options.fit_to == "level_means" else wells
    overridden = numpy.array([plate in options.override for plate in of.plates])
    whole = fit_curves(x, y, options.model, weights, used, options.min_levels, overridden)
    fits = judged(whole, *wells, limits, weights, overridden)
    otherwise = [""] * len(of.plates)
    if overridden.any():
        strict = judged(fit_curves(x, y, options.model, weights, used, options.min_levels), *wells, limits, weights)
        otherwise = numpy.where(overridden, strict.refusal, "").tolist()
    x, y, _ = means
    return Curves(fits, of.means, fits.predict(x), *fits.back_calculate(x, y), otherwise)


def _curve(call: Call, parameter: str, numbers: Mapping[str, float]) -> Iterator[Told]:
    """What a curve's numbers are in: the units of signal and concentration."""
    x_unit, y_unit = (call.dataset.parameters[name].unit for name in (call.options.concentration, parameter))
    units = {"a": y_unit, "d": y_unit, "residual_sd": y_unit, "c": x_unit, "intercept": y_unit}
    units["slope"], units["curvature"] = _per(y_unit, x_unit), _per(y_unit, f"({x_unit})²")
    units = units if call.options.model != "log-log" else {}
    for statistic, value in numbers.items():
        decimals = 0 if statistic in ("n", "levels", "df") else DECIMALS
        if statistic.removesuffix("_se") in ("c", "slope", "curvature"):
            decimals = _digits(numbers[statistic.removesuffix("_se")], statistic)
        if value == value:
            yield "", statistic, value, units.get(statistic.removesuffix("_se"), ""), decimals


def _per(above: str, below: str) -> str:
    """A unit over another."""
    return f"{above}/{below}" if above and below.strip("()²") else above


def _read_back(call: Call, parameter: str, curves: Curves, at: int) -> Iterator[Told]:
    """Each standard read back; of a curve without coefficients its signal there too, from which it is drawn."""
    parameters = call.dataset.parameters
    unit, y_unit = parameters[call.options.concentration].unit, parameters[parameter].unit
    levels = curves.means[at][0].tolist()
    columns = (part[at, : len(levels)].tolist() for part in (curves.signal, curves.read, curves.recovery))
    is_drawn = bool(curves.fits.vague[at]) or not curves.fits.NAMES
    for nominal, signal, value, percent in zip(levels, *columns, strict=True):
        level = f"standard {nominal:g}"
        if is_drawn and signal == signal:
            yield level, "curve_signal", signal, y_unit, DECIMALS
        if value == value or curves.fits.ZERO:
            yield level, "back_calculated", value, unit, 3
        if percent == percent:
            yield level, "recovery", percent, "%", 1


def _digits(value: float, statistic: str) -> int:
    """Decimals of a coefficient: five digits that count; of a concentration no more than four decimals."""
    import math

    most = DECIMALS if statistic in ("c", "c_se") else 12
    return min(most, max(0, 4 - math.floor(math.log10(abs(value))))) if value and value == value else DECIMALS


def _standards(analysis_set: "AnalysisSet", plates: list[str], concentration: str) -> StandardPoints:
    """Concentration and signal of each plate's standards; and its levels, rising, with the mean signal of each."""
    import numpy

    parts = [analysis_set.places(plate) for plate in plates]
    of, places = (
        numpy.repeat(numpy.arange(len(parts)), list(map(len, parts))),
        numpy.concatenate([numpy.zeros(0, dtype=numpy.intp), *parts]),
    )
    x, y = (analysis_set.frame[name].to_numpy("float64")[places] for name in (concentration, "value"))
    wells = _by_plate(of, x, y, len(plates))
    order = numpy.lexsort((x, of))  # stable: a mean adds its wells in their order
    of, x, y = of[order], x[order], y[order]
    first = numpy.diff(of, prepend=-1).astype(bool) | (numpy.diff(x, prepend=-1) != 0)
    level = numpy.cumsum(first) - 1
    means = _by_plate(of[first], x[first], numpy.bincount(level, y) / numpy.bincount(level), len(plates))
    return StandardPoints(plates, wells, means)


def _by_plate(of: "numpy.ndarray", x: "numpy.ndarray", y: "numpy.ndarray", count: int) -> list["Points"]:
    """Points of plates, which are counted from 0 and in order, a plate."""
    import numpy

    ends = numpy.searchsorted(of, numpy.arange(1, count))
    return list(zip(numpy.split(x, ends), numpy.split(y, ends), strict=True))[:count]


CURVES = {
    "linear": "A straight line",
    "log-log": "A straight line of the logarithms",
    "quadratic": "A curve of second degree",
    "4PL": "A logistic curve (4PL), y = d + (a − d) / (1 + (x / c)^b),",
    "5PL": "A logistic curve (5PL), y = d + (a − d) / (1 + (x / c)^b)^g,",
    "spline": "A monotone spline over the logarithm of the concentration",
}


def said(options: Options) -> str:
    """The curve, its fit and how it is judged, in words."""
    points = "the wells" if options.fit_to == "wells" else "the means of the levels"
    weights = "unweighted" if options.weights == "none" else f"weighted by {options.weights}"
    fit = (
        "through the mean signals of the levels"
        if options.model == "spline"
        else f"by least squares on {points}, {weights}"
    )
    limits = options.read_back
    return (
        f"{CURVES[options.model]} {fit}; each level's mean signal is read back through it. A curve is refused unless "
        f"{100 * limits.standards_share:g}% of the levels are read back within {limits.standard:g}% of their "
        f"concentration ({limits.standard_end:g}% at the ends), and {100 * limits.precision_share:g}% with a standard "
        f"error within {limits.precision:g}% ({limits.precision_end:g}%); the first two limits are by default those of "
        "ICH M10, section 4.2.3. Coefficients are not given where the levels do not determine them."
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    gives="a b back_calculated c curvature curve_signal d intercept r_squared recovery residual_sd rss slope a_se "
    "b_se c_se d_se df levels n",
)

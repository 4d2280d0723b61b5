"""Standard curves: one logistic curve a plate, and its standards read back."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.curves.four_pl import FourPL

    Points = tuple[numpy.ndarray, numpy.ndarray]

Told = tuple[str, str, float, str, int]  # level, statistic, value, unit, decimals


class Options(Closed):
    """Where the concentrations stand, and what the curve is fitted to."""

    concentration: str = Field(description="parameter of the wells with the nominal concentration")
    model: Literal["4PL", "5PL"] = Field("4PL", description="curve: four or five parameters")
    weights: Literal["none", "1/y", "1/y2", "1/x"] = Field("none", description="weights of the fit")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )


def run(call: Call) -> Iterator[Number]:
    """a, b, c, d with standard errors, residual sum of squares, and each level read back, a plate."""
    concentration, plates = call.options.concentration, list(call.dataset.groups)
    call.need(concentration)
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=[concentration], group=True)
        wells, means = _points(chosen, plates, concentration)
        there = [place for place, (x, _) in enumerate(wells) if len(x)]
        curves = _fitted(call.options, [wells[at] for at in there], [means[at] for at in there]) if there else None
        for place, plate in enumerate(plates):
            rows, at = chosen.rows([plate]), bisect_left(there, place)
            if curves is None or place not in there[at : at + 1]:
                yield from call.numbers(parameter, plate, visit, {"n": 0}, rows, level="refused: no standards")
            elif why := curves.fits.refusal[at]:
                yield from call.numbers(
                    parameter, plate, visit, {"n": curves.fits.n[at]}, rows, level=f"refused: {why}"
                )
            else:
                told = [*_curve(call, parameter, curves.fits.numbers(at)), *_read_back(call, *curves.standards(at))]
                for level, statistic, value, unit, decimals in told:
                    yield Number(parameter, plate, visit, level, statistic, value, unit, decimals, rows)


class Curves(NamedTuple):
    """Curves of plates, and their levels read back: ``means`` has levels and mean signals of each, the rest (k, m)."""

    fits: "FourPL"
    means: list["Points"]
    read: "numpy.ndarray"
    recovery: "numpy.ndarray"

    def standards(self, at: int) -> tuple[list[float], list[float], list[float]]:
        """The levels of a plate, what is read back at each, and its recovery."""
        levels = self.means[at][0].tolist()
        return levels, self.read[at, : len(levels)].tolist(), self.recovery[at, : len(levels)].tolist()


def _fitted(options: Options, wells: list["Points"], means: list["Points"]) -> Curves:
    from omtrace.statistics.basic.samples import stacked
    from omtrace.statistics.curves.calibration import fit_curves
    from omtrace.statistics.curves.four_pl import back_calculate

    x, y, used = stacked(means if options.fit_to == "level_means" else wells)
    fits = fit_curves(x, y, options.model, options.weights, used, options.min_levels)
    x, y, _ = stacked(means)
    return Curves(fits, means, *back_calculate(fits, x, y))


def _curve(call: Call, parameter: str, numbers: Mapping[str, float]) -> Iterator[Told]:
    """What a curve's numbers are in: the units of signal and concentration."""
    x_unit, y_unit = (call.dataset.parameters[name].unit for name in (call.options.concentration, parameter))
    units = {"a": y_unit, "d": y_unit, "residual_sd": y_unit, "c": x_unit}
    digits = dict.fromkeys(("n", "levels", "df"), 0) | dict.fromkeys(("c", "c_se"), _digits(numbers["c"]))
    for statistic, value in numbers.items():
        yield "", statistic, value, units.get(statistic.removesuffix("_se"), ""), digits.get(statistic, 4)


def _read_back(call: Call, levels: list[float], read: list[float], recovery: list[float]) -> Iterator[Told]:
    """Each standard read back."""
    unit = call.dataset.parameters[call.options.concentration].unit
    for nominal, value, percent in zip(levels, read, recovery, strict=True):
        yield f"standard {nominal:g}", "back_calculated", value, unit, 3
        if percent == percent:
            yield f"standard {nominal:g}", "recovery", percent, "%", 1


def _digits(c: float) -> int:
    """Decimals of the concentration c: five digits that count, no more than four decimals."""
    import math

    return min(4, max(0, 4 - math.floor(math.log10(abs(c))))) if c else 4


def _points(chosen: "AnalysisSet", plates: list[str], concentration: str) -> tuple[list["Points"], list["Points"]]:
    """Concentration and signal of each plate's standards; and its levels, rising, with the mean signal of each."""
    import numpy

    parts = [chosen.places(plate) for plate in plates]
    of, places = (
        numpy.repeat(numpy.arange(len(parts)), list(map(len, parts))),
        numpy.concatenate([numpy.zeros(0, dtype=numpy.intp), *parts]),
    )
    x, y = (chosen.frame[name].to_numpy("float64")[places] for name in (concentration, "value"))
    wells = _by_plate(of, x, y, len(plates))
    order = numpy.lexsort((x, of))  # stable: a mean adds its wells in their order
    of, x, y = of[order], x[order], y[order]
    first = numpy.diff(of, prepend=-1).astype(bool) | (numpy.diff(x, prepend=-1) != 0)
    level = numpy.cumsum(first) - 1
    return wells, _by_plate(of[first], x[first], numpy.bincount(level, y) / numpy.bincount(level), len(plates))


def _by_plate(of: "numpy.ndarray", x: "numpy.ndarray", y: "numpy.ndarray", count: int) -> list["Points"]:
    """Points of plates, which are counted from 0 and in order, a plate."""
    import numpy

    ends = numpy.searchsorted(of, numpy.arange(1, count))
    return list(zip(numpy.split(x, ends), numpy.split(y, ends), strict=True))[:count]


def said(options: Options) -> str:
    """The curve and its fit in words."""
    power = "" if options.model == "4PL" else ", the denominator to the power g"
    points = "the wells" if options.fit_to == "wells" else "the means of the levels"
    weights = "unweighted" if options.weights == "none" else f"weighted by {options.weights}"
    return (
        f"Logistic curve ({options.model}) y = d + (a − d) / (1 + (x / c)^b){power}, by least squares on {points}, "
        f"{weights}; each level's mean signal is read back through it."
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
)

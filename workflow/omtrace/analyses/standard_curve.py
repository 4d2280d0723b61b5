"""Standard curves: one logistic curve a plate, and its standards read back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._chosen import Selection
    from omtrace.statistics.four_pl import FourPL


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
    from omtrace.statistics.calibration import fit_curves
    from omtrace.statistics.samples import stacked

    concentration = call.options.concentration
    call.need(concentration)
    x_unit = call.dataset.parameters[concentration].unit
    for parameter, visit in call.targets():
        y_unit = call.dataset.parameters[parameter].unit
        units = {"a": y_unit, "d": y_unit, "residual_sd": y_unit, "c": x_unit}
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=[concentration], group=True)
        wells = {plate: _points(chosen, plate, concentration) for plate in call.dataset.groups}
        means = {plate: _means(*points) for plate, points in wells.items()}
        points = means if call.options.fit_to == "level_means" else wells
        fitted = [plate for plate, (x, _) in points.items() if len(x)]
        if fitted:
            x, y, used = stacked([points[plate] for plate in fitted])
            fits = fit_curves(x, y, call.options.model, call.options.weights, used, call.options.min_levels)
        for plate in call.dataset.groups:
            rows = chosen.rows([plate])
            if plate not in fitted:
                yield from call.numbers(parameter, plate, visit, {"n": 0}, rows, level="refused: no standards")
                continue
            fit = fits.take(fitted.index(plate))
            if fit.refusal[0]:
                yield from call.numbers(
                    parameter, plate, visit, {"n": fit.n[0]}, rows, level=f"refused: {fit.refusal[0]}"
                )
                continue
            for statistic, value in fit.numbers().items():
                unit = units.get(statistic.removesuffix("_se"), "")
                decimals = 0 if statistic in ("n", "levels", "df") else _digits(fit) if statistic[0] == "c" else 4
                yield Number(parameter, plate, visit, "", statistic, value, unit, decimals, rows)
            for level, statistic, value, unit, decimals in _read_back(fit, *means[plate], x_unit):
                yield Number(parameter, plate, visit, level, statistic, value, unit, decimals, rows)


def _digits(fit: "FourPL") -> int:
    """Decimals of the concentration c: five digits that count, no more than four decimals."""
    import math

    size = abs(fit.numbers()["c"])
    return min(4, max(0, 4 - math.floor(math.log10(size)))) if size else 4


def _read_back(fit: "FourPL", x: "numpy.ndarray", y: "numpy.ndarray",
               unit: str) -> Iterator[tuple[str, str, float, str, int]]:  # fmt: skip
    """Level, statistic, value, unit and decimals of each standard read back."""
    from omtrace.statistics.four_pl import back_calculate

    read, recovery = back_calculate(fit, x, y)
    for nominal, value, percent in zip(x, read[0], recovery[0], strict=True):
        yield f"standard {nominal:g}", "back_calculated", float(value), unit, 3
        if percent == percent:
            yield f"standard {nominal:g}", "recovery", float(percent), "%", 1


def _points(chosen: "Selection", plate: str, concentration: str) -> "tuple[numpy.ndarray, numpy.ndarray]":
    """Concentration and signal of a plate's standards."""
    wells = chosen.of_group(plate)
    return wells[concentration].to_numpy("float64"), wells["value"].to_numpy("float64")


def _means(x: "numpy.ndarray", y: "numpy.ndarray") -> "tuple[numpy.ndarray, numpy.ndarray]":
    """The levels, rising, and the mean signal of each."""
    import numpy

    levels, of = numpy.unique(x, return_inverse=True)
    return levels, numpy.bincount(of, y) / numpy.maximum(numpy.bincount(of), 1)


METHOD = Method(
    Options,
    run,
    "Logistic curve y = d + (a - d) / (1 + (x / c)^b) by least squares, weighted as the options say (or not); "
    "5PL: the denominator to the power g. Each level's mean signal read back through it.",
    units="any",
)

"""Standard curves from their stored numbers, for figures and pages."""

import math
from collections.abc import Mapping, Sequence

MODELS = (("a", "b", "c", "d"), ("intercept", "slope"), ("log_intercept", "log_slope"))
BEYOND = {"a": "g", "intercept": "curvature"}  # first coefficient of a model -> one that some of its curves have
FORMULAS = {
    "a": "y = d + (a − d) / (1 + (x / c)^b)",
    "intercept": "y = intercept + slope · x",
    "log_intercept": "log y = intercept + slope · log x",
}


def coefficients_of(known: Mapping[str, float]) -> dict[str, float]:
    """The coefficients of a curve among named numbers; empty where there is none."""
    for model in MODELS:
        if known.keys() >= set(model):
            return {name: known[name] for name in (*model, BEYOND.get(model[0], "")) if name in known}
    return {}


def responses(
    doses: Sequence[float], coefficients: Mapping[str, float], through: Sequence[tuple[float, float]] = ()
) -> list[float]:
    """Signals of a curve at doses from 0 on (n).

    ``through``: doses and signals of the curve itself, where it has no coefficients: it is drawn as a monotone spline
    over the log dose through them, NaN beyond them.
    """
    if not coefficients:
        return _through(doses, dict(through))
    if "a" in coefficients:
        return [_logistic(x, coefficients) for x in doses]
    if "intercept" in coefficients:
        a, b, c = (coefficients.get(name, 0.0) for name in ("intercept", "slope", "curvature"))
        return [a + b * x + c * x * x for x in doses]
    a, b = coefficients["log_intercept"], coefficients["log_slope"]
    return [10 ** (a + b * math.log10(x)) if x > 0 else math.nan for x in doses]


def _logistic(x: float, coefficients: Mapping[str, float]) -> float:
    """a at x = 0, d at infinite x; for a negative slope b they change places. Without g a curve of four parameters."""
    a, b, c, d, g = (coefficients.get(name, 1.0) for name in "abcdg")
    if x <= 0:
        return a if b > 0 else d
    share = (x / c) ** b
    return d + (a - d) / (1 + share) ** g if g != 1.0 else d + (a - d) / (1 + share)


def _through(doses: Sequence[float], points: Mapping[float, float]) -> list[float]:
    from scipy.interpolate import PchipInterpolator

    above = sorted(dose for dose in points if dose > 0)
    if len(above) < 2:
        return [math.nan] * len(doses)
    curve = PchipInterpolator([math.log(dose) for dose in above], [points[dose] for dose in above], extrapolate=False)
    return [float(curve(math.log(x))) if x > 0 else points.get(x, math.nan) for x in doses]

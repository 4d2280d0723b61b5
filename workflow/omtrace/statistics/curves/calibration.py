"""Standard curves as an assay uses them: model and weights by name, wells read back with intervals, standards judged.

Weights are those of least squares: "none" (1), "1/y" and "1/y2" (of the standards' observed signals), "1/x" (of their
concentrations; a zero standard takes the weight of the lowest level above it).
"""

from typing import Any, Literal

import numpy as np
from scipy.special import stdtrit

from omtrace.statistics.basic.samples import check_level
from omtrace.statistics.curves.five_pl import fit_five_pl
from omtrace.statistics.curves.four_pl import FourPL, fit_four_pl, inverse, inverse_se, predict, slopes
from omtrace.statistics.curves.four_pl_joint import fit_joint

Model = Literal["4PL", "5PL"]
Weighting = Literal["none", "1/y", "1/y2", "1/x"]
MODELS: tuple[Model, ...] = ("4PL", "5PL")
NOT_POSITIVE = "a standard's signal is not positive, so that its weight is undefined"
STEP, SPAN, HALVINGS = 1.02, 60.0, 60  # of the search for the ends of an interval: factor, how far, bisections


def weights_of(x: Any, y: Any, weighting: Weighting) -> np.ndarray | None:
    """Weights of points (k, m), or None for equal ones. Raises ValueError where one is undefined."""
    if weighting == "none":
        return None
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    if weighting == "1/x":
        positive = np.where(x > 0, x, np.inf)
        return 1 / np.where(x > 0, x, positive.min(axis=-1, keepdims=True))
    if (y <= 0).any():
        raise ValueError(NOT_POSITIVE)
    return 1 / y if weighting == "1/y" else 1 / y**2


def fit_curves(
    x: Any, y: Any, model: Model = "4PL", weighting: Weighting = "none", used: Any = None, min_levels: int = 6
) -> FourPL:
    """Curves of rows of points (k, m), as ``four_pl.fit_four_pl``, by the name of the model and of the weights.

    A curve with a signal whose weight is undefined is refused.
    """
    y = np.atleast_2d(np.asarray(y, dtype=float))
    mask = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), y.shape)
    x = np.broadcast_to(np.asarray(x, dtype=float), y.shape)
    bad = (mask & (y <= 0)).any(axis=1) if weighting in ("1/y", "1/y2") else np.zeros(len(y), dtype=bool)
    told = mask & ~bad[:, None]
    weights = weights_of(np.where(told, x, 1.0), np.where(told, y, 1.0), weighting)
    fit = (fit_five_pl if model == "5PL" else fit_four_pl)(x, y, weights, told, min_levels)
    fit.refusal[bad] = NOT_POSITIVE
    return fit


def fit_shared(x: Any, y: Any, weighting: Weighting = "none", used: Any = None, min_levels: int = 6) -> FourPL:
    """Curves of plates, rows of points (k, m), with A, B and D in common, as ``four_pl_joint.fit_joint``.

    A plate with a signal whose weight is undefined is refused, and no part of the fit.
    """
    own = fit_curves(x, y, "4PL", weighting, used, min_levels)
    bad = own.refusal == NOT_POSITIVE
    y = np.atleast_2d(np.asarray(y, dtype=float))
    told = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), y.shape) & ~bad[:, None]
    x = np.broadcast_to(np.asarray(x, dtype=float), y.shape)
    weights = weights_of(np.where(told, x, 1.0), np.where(told, y, 1.0), weighting)
    fit = fit_joint(x, y, weights, told, min_levels, own).curves
    fit.refusal[bad] = NOT_POSITIVE
    return fit


def level_means(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels in ascending order, their mean signals, and how many points each has, of one curve's points (m,)."""
    levels, place = np.unique(np.asarray(x, dtype=float), return_inverse=True)
    count = np.bincount(place)
    return levels, np.bincount(place, np.asarray(y, dtype=float)) / count, count


def well_variance(x: Any, y: Any, fit: FourPL, weighting: Weighting = "none") -> tuple[float, float]:
    """Variance factor of one well of a standard, and its degrees of freedom, of one curve's wells (m,).

    The variance of a well is the factor over the weight at its signal. It is that of the wells about the mean of
    their level (pure error); without replicates, that about the curve.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    w = weights_of(x, y, weighting)
    w = np.ones_like(y) if w is None else w
    levels, place = np.unique(x, return_inverse=True)
    df = len(x) - len(levels)
    if df < 1:
        return float(fit.rss[0] / fit.df[0]), float(fit.df[0])
    mean = np.bincount(place, w * y) / np.bincount(place, w)
    return float((w * (y - mean[place]) ** 2).sum() / df), float(df)


def reading_errors(fit: FourPL, y: Any, factor: Any, weighting: Weighting = "none") -> tuple[np.ndarray, ...]:
    """Concentrations x of signals (k, m) of curves, and where their error comes from: curve (k, m, p), well (k, m).

    ``curve``: derivatives in p independent unit errors, so that the sum over squares is the variance of x that comes
    from the curve, and the sum over products the covariance of two readings. ``well``: the variance from one well.
    """
    x = inverse(fit, y)
    slope, gradient = slopes(fit, np.where(x > 0, x, np.nan))
    values, vectors = np.linalg.eigh(fit.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
    curve = -(gradient @ root) / slope[..., None]
    return x, curve, signal_variance(y, x, np.reshape(factor, (-1, 1)), weighting) / slope**2


def signal_variance(y: Any, x: Any, factor: Any, weighting: Weighting = "none") -> np.ndarray:
    """Variance of one well at a signal y and concentration x, from the factor of ``well_variance``."""
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    scale = {"none": np.ones_like(y), "1/y": np.abs(y), "1/y2": y**2, "1/x": np.where(x > 0, x, 0.0)}[weighting]
    return factor * scale


def read_back(fit: FourPL, y: Any, variance: Any, df: float, level: float = 0.95) -> dict[str, np.ndarray]:
    """Concentrations of signals (m,) of one curve: x, se, ci_low, ci_high.

    ``variance``: of each signal (of a mean of r wells, a well's over r). se is the delta method's; the limits are
    those of the inverted band: all x at which |y - f(x)| is at most Student's t (df) times the standard error of that
    difference, which holds where the curve is steep or near a plateau too. The lower limit is 0 and the upper infinite
    where the band never leaves the signal. NaN where the signal lies outside the curve.
    """
    y = np.asarray(y, dtype=float)
    variance = np.broadcast_to(np.asarray(variance, dtype=float), y.shape)
    quantile = float(stdtrit(df, (1 + check_level(level)) / 2)) if df > 0 else np.nan
    x, se = inverse(fit, y)[0], inverse_se(fit, y, variance)[0]
    ends = {side: _end(fit, x, y, variance, quantile, side) for side in (-1, 1)}
    return {"x": x, "se": se, "ci_low": ends[-1], "ci_high": ends[1]}


def _end(fit: FourPL, x: np.ndarray, y: np.ndarray, variance: np.ndarray, t: float, side: int) -> np.ndarray:
    """The end of the inverted band on one side of x (m,): where the signal first leaves it."""
    found = np.where(x > 0, 0.0 if side < 0 else np.inf, np.nan)
    rows = np.flatnonzero(x > 0)
    if not rows.size or not np.isfinite(t):
        return np.full_like(x, np.nan)
    steps = np.log(STEP) * 1.15 ** np.arange(SPAN)
    reach = side * np.append(0.0, np.cumsum(steps))
    inside = np.log(x[rows])[:, None] + reach[None, :]
    outside = _leaves(fit, inside, y[rows], variance[rows], t)
    first = outside.argmax(axis=1)
    hit = outside.any(axis=1)
    near, far = inside[np.arange(rows.size), np.maximum(first - 1, 0)], inside[np.arange(rows.size), first]
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        out = _leaves(fit, middle[:, None], y[rows], variance[rows], t)[:, 0]
        near, far = np.where(out, near, middle), np.where(out, middle, far)
    found[rows[hit]] = np.exp((near + far) / 2)[hit]
    return found


def _leaves(fit: FourPL, log_x: np.ndarray, y: np.ndarray, variance: np.ndarray, t: float) -> np.ndarray:
    """Whether the band at log x (r, s) leaves the signals y (r,) out."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        x = np.exp(np.clip(log_x, -600, 600)).reshape(1, -1)
        _, gradient = slopes(fit, x)
        spread = np.einsum("kmi,kij,kmj->km", gradient, fit.covariance, gradient).reshape(log_x.shape)
        return (y[:, None] - predict(fit, x).reshape(log_x.shape)) ** 2 > t**2 * (variance[:, None] + spread)

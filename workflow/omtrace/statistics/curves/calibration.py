"""Standard curves as an assay uses them: model and weights by name, judged by what is read back, with intervals.

Weights are those of least squares: "none" (1), "1/y" and "1/y2" (of the standards' observed signals), "1/x" (of their
concentrations; a zero standard takes the weight of the lowest level above it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from omtrace.statistics.basic.samples import check_level
from omtrace.statistics.curves.fitted import F, Fitted, Weighted, levels_of
from omtrace.statistics.curves.five_pl import five_pl_of
from omtrace.statistics.curves.four_pl import four_pl_of
from omtrace.statistics.curves.four_pl_joint import joint_of
from omtrace.statistics.curves.other_models import LogLog, lines_of, log_logs_of, parabolas_of, splines_of

Model = Literal["linear", "log-log", "quadratic", "4PL", "5PL", "spline"]
Weighting = Literal["none", "1/y", "1/y2", "1/x"]
MODELS: dict[Model, Callable[[Weighted, int], Fitted]] = {
    "linear": lines_of,
    "log-log": log_logs_of,
    "quadratic": parabolas_of,
    "4PL": four_pl_of,
    "5PL": five_pl_of,
    "spline": splines_of,
}
NOT_POSITIVE = "a standard's signal is not positive, so that its weight is undefined"
STEP, SPAN, HALVINGS = 1.02, 60.0, 60  # of the search for the ends of an interval: factor, how far, bisections


@dataclass(frozen=True)
class CurveLimits:
    """What a curve must do to be read from; percent and shares.

    ICH M10 (2022), section 4.2.3, on ligand-binding assays: standards read back within 20% of nominal, 25% at the
    lowest and the highest level, for at least 75% of the levels (anchor points aside) and at least six. Share and
    deviations are taken from there; how many levels are needed, the fit and the acceptance of a plate say. Ours:
    precision, limits of the same size for the standard error of what is read back at a level; a standard error from
    few points is a rough one, so only half of the levels must hold.
    """

    standard: float = 20.0
    standard_end: float = 25.0
    standards_share: float = 0.75
    precision: float = 20.0
    precision_end: float = 25.0
    precision_share: float = 0.5


def weights_of(x: ArrayLike, y: ArrayLike, weighting: Weighting) -> np.ndarray | None:
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


@dataclass(frozen=True)
class Points:
    """Standards of plates, rows (k, m): concentration, signal, which are used, weights, and where one is undefined."""

    x: np.ndarray
    y: np.ndarray
    used: np.ndarray
    weights: np.ndarray | None
    bad: np.ndarray

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike, weighting: Weighting, used: ArrayLike | None = None) -> "Points":
        """Points of rows; in those that are ``bad`` none is used."""
        y = np.atleast_2d(np.asarray(y, dtype=float))
        mask = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), y.shape)
        x = np.broadcast_to(np.asarray(x, dtype=float), y.shape)
        bad = np.any(mask & (y <= 0), axis=1) if weighting in ("1/y", "1/y2") else np.zeros(len(y), dtype=bool)
        mask = np.logical_and(mask, ~bad[:, None])
        weights = weights_of(np.where(mask, x, 1.0), np.where(mask, y, 1.0), weighting)
        return cls(x, y, mask, weights, bad)

    def weighted(self, forced: ArrayLike = False) -> Weighted:
        """The points that are used, as curves are fitted to them."""
        return Weighted.of(self.x, self.y, self.weights, self.used, forced)


def fit_curves(
    x: ArrayLike,
    y: ArrayLike,
    model: Model = "4PL",
    weighting: Weighting = "none",
    used: ArrayLike | None = None,
    min_levels: int = 6,
    forced: ArrayLike = False,
) -> Fitted:
    """Curves of rows of points (k, m), as ``four_pl.fit_four_pl``, by the name of the model and of the weights.

    A curve with a signal whose weight is undefined is refused. ``judged`` says whether a curve can be read from.
    """
    points = Points.of(x, y, weighting, used)
    fit = MODELS[model](points.weighted(forced), min_levels)
    fit.refusal[points.bad] = NOT_POSITIVE
    return fit


def fit_shared(
    x: ArrayLike, y: ArrayLike, weighting: Weighting = "none", used: ArrayLike | None = None, min_levels: int = 6
) -> Fitted:
    """Curves of plates, rows of points (k, m), with A, B and D in common, as ``four_pl_joint.fit_joint``.

    A plate with a signal whose weight is undefined is refused, and no part of the fit; nor is one whose standards are
    not read back on a curve of its own.
    """
    points = Points.of(x, y, weighting, used)
    weighted = points.weighted()
    whole = four_pl_of(weighted, min_levels)
    own = judged(whole, points.x, points.y, points.used, CurveLimits(), weighting)
    fit = joint_of(weighted, own, min_levels).curves
    fit.refusal[points.bad] = NOT_POSITIVE
    return fit


def _scatter_weights(fit: Fitted, weighting: Weighting) -> Weighting:
    """How the scatter of a well goes with its signal: as the weights say; about a log-log curve in proportion to it."""
    return "1/y2" if isinstance(fit, LogLog) else weighting


@dataclass(frozen=True)
class ReadBack:
    """Standards read back through curves, by level above zero (k, l), NaN behind the last one of a row.

    ``recovery``: of the mean signal, percent of nominal. ``precision``: standard error of what is read back of a mean
    of as many wells, percent of nominal; NaN where it is not defined. ``end``: whether it is the first or last level.
    """

    level: np.ndarray
    recovery: np.ndarray
    precision: np.ndarray
    end: np.ndarray


def standards_read_back(
    fit: Fitted, x: ArrayLike, y: ArrayLike, used: ArrayLike, weighting: Weighting = "none"
) -> ReadBack:
    """Each level's mean signal read back, and how precisely; wells (k, m)."""
    weighting = _scatter_weights(fit, weighting)
    points = Points.of(x, y, weighting, used if fit.ZERO else np.asarray(used) & (np.asarray(x) > 0))
    weighted = points.weighted()
    at = levels_of(weighted.x, weighted.y, weighted.weight)
    first = at.x[:, :1] == 0  # the zero standard, which has no recovery
    shift = [np.where(first, np.roll(part, -1, axis=1), part) for part in (at.x, at.mean, at.count)]
    level, mean, count = shift
    if level.shape[1]:
        level[first[:, 0], -1], count[first[:, 0], -1] = np.nan, 0
    level = np.where(count > 0, level, np.nan)
    recovery = fit.back_calculate(level, np.where(count > 0, mean, np.nan))[1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        factor = np.where(at.pure_df > 0, at.pure / at.pure_df, fit.scatter)
        slope, spread = fit.spread(level)
        own = signal_variance(fit.predict(level), level, factor[:, None], weighting) / count
        precision = 100 * np.sqrt(spread + own) / np.abs(slope) / level
    end = (np.arange(level.shape[1]) == 0) | (np.cumsum(count > 0, axis=1) == (count > 0).sum(axis=1, keepdims=True))
    return ReadBack(level, recovery, precision, end & (count > 0))


def judged(
    fit: F,
    x: ArrayLike,
    y: ArrayLike,
    used: ArrayLike | None = None,
    limits: CurveLimits | None = None,
    weighting: Weighting = "none",
    overridden: ArrayLike = False,
) -> F:
    """The same curves, those refused that cannot be read from: by recovery and precision of their standards (k, m).

    ``overridden`` (k,): curves that stay whatever is read back.
    """
    limits = limits or CurveLimits()
    used = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), np.atleast_2d(y).shape)
    why = np.full(len(fit.refusal), "", dtype=object)
    rows = np.flatnonzero((fit.refusal == "") & ~np.broadcast_to(overridden, len(fit.refusal)))
    if rows.size:
        x, y = (np.broadcast_to(np.asarray(part, dtype=float), used.shape)[rows] for part in (x, np.atleast_2d(y)))
        read_back = standards_read_back(fit.take(rows), x, y, used[rows], weighting)
        there = np.isfinite(read_back.level)
        count = there.sum(axis=1)
        away = np.where(np.isfinite(read_back.recovery), np.abs(read_back.recovery - 100), np.inf)
        held = there & (away <= np.where(read_back.end, limits.standard_end, limits.standard))
        unknown = np.isnan(fit.covariance[rows]).any(axis=(1, 2))  # a curve through points without replicates
        error = np.where(unknown[:, None], 0.0, read_back.precision)
        precise = there & (error <= np.where(read_back.end, limits.precision_end, limits.precision))
        for row, n, good, sure in zip(rows, count, held.sum(axis=1), precise.sum(axis=1), strict=True):
            why[row] = _refusal(int(n), int(good), int(sure), limits)
    return fit.refused(why)


def _refusal(levels: int, recovered: int, precise: int, limits: CurveLimits) -> str:
    """Why a curve cannot be read from, of how many of its levels are recovered and precise; "" = it can."""
    needed, sure = (int(np.ceil(share * levels - 1e-9)) for share in (limits.standards_share, limits.precision_share))
    if recovered < needed:
        return standards_refusal(needed, levels, limits)
    if precise < sure:
        return (
            f"imprecise: standards read back with a standard error within {limits.precision:g}% "
            f"({limits.precision_end:g}% at the ends) at {precise} of {levels} levels, {sure} are needed"
        )
    return ""


def standards_refusal(needed: int, levels: int, limits: CurveLimits) -> str:
    """What is said of a curve whose standards are not read back."""
    return (
        f"standards: fewer than {needed} of {levels} levels within {limits.standard:g}% "
        f"({limits.standard_end:g}% at the ends)"
    )


class LevelMeans(NamedTuple):
    """The levels of points in ascending order: x, mean signal, and wells (l,)."""

    x: np.ndarray
    mean: np.ndarray
    wells: np.ndarray


class Variance(NamedTuple):
    """A variance, in squared units of the signal, with its degrees of freedom."""

    value: float
    df: float


def level_means(x: ArrayLike, y: ArrayLike) -> LevelMeans:
    """Levels in ascending order, their mean signals, and how many points each has, of one curve's points (m,)."""
    levels, place = np.unique(np.asarray(x, dtype=float), return_inverse=True)
    count = np.bincount(place)
    return LevelMeans(levels, np.bincount(place, np.asarray(y, dtype=float)) / count, count)


def well_variance(x: ArrayLike, y: ArrayLike, fit: Fitted, weighting: Weighting = "none") -> Variance:
    """Variance factor of one well of a standard, and its degrees of freedom, of one curve's wells (m,).

    The variance of a well is the factor over the weight at its signal. It is that of the wells about the mean of
    their level (pure error); without replicates, that about the curve.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    x, y = (x, y) if fit.ZERO else (x[x > 0], y[x > 0])
    w = weights_of(x, y, _scatter_weights(fit, weighting))
    w = np.ones_like(y) if w is None else w
    levels, place = np.unique(x, return_inverse=True)
    df = len(x) - len(levels)
    if df < 1:
        return Variance(float(fit.scatter[0]), float(fit.df[0]))
    mean = np.bincount(place, w * y) / np.bincount(place, w)
    return Variance(float((w * (y - mean[place]) ** 2).sum() / df), float(df))


def reading_errors(
    fit: Fitted, y: ArrayLike, factor: ArrayLike, weighting: Weighting = "none"
) -> tuple[np.ndarray, ...]:
    """Concentrations x of signals (k, m) of curves, and where their error comes from: curve (k, m, p), well (k, m).

    ``curve``: derivatives in p independent unit errors, so that the sum over squares is the variance of x that comes
    from the curve, and the sum over products the covariance of two readings. ``well``: the variance from one well.
    """
    x, weighting = fit.inverse(y), _scatter_weights(fit, weighting)
    slope, gradient = fit.slopes(np.where(x > 0, x, np.nan))
    known = np.isfinite(fit.covariance).all(axis=(1, 2))[:, None, None]
    values, vectors = np.linalg.eigh(np.where(known, fit.covariance, 0.0))
    root = np.where(known, vectors * np.sqrt(np.maximum(values, 0))[:, None, :], np.nan)
    curve = -(gradient @ root) / slope[..., None]
    return x, curve, signal_variance(y, x, np.reshape(factor, (-1, 1)), weighting) / slope**2


def signal_variance(y: ArrayLike, x: ArrayLike, factor: ArrayLike, weighting: Weighting = "none") -> np.ndarray:
    """Variance of one well at a signal y and concentration x, from the factor of ``well_variance``."""
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    scale = {"none": np.ones_like(y), "1/y": np.abs(y), "1/y2": y**2, "1/x": np.where(x > 0, x, 0.0)}[weighting]
    return factor * scale


def read_back(fit: Fitted, y: ArrayLike, variance: ArrayLike, df: float, level: float = 0.95) -> dict[str, np.ndarray]:
    """Concentrations of signals (m,) of one curve: x, se, ci_low, ci_high.

    ``variance``: of each signal (of a mean of r wells, a well's over r). se is the delta method's; the limits are
    those of the inverted band: all x at which |y - f(x)| is at most Student's t (df) times the standard error of that
    difference, which holds where the curve is steep or near a plateau too. The lower limit is 0 and the upper infinite
    where the band never leaves the signal. NaN where the signal lies outside the curve.
    """
    y = np.asarray(y, dtype=float)
    variance = np.broadcast_to(np.asarray(variance, dtype=float), y.shape)
    quantile = float(stdtrit(df, (1 + check_level(level)) / 2)) if df > 0 else np.nan
    x, se = fit.inverse(y)[0], fit.inverse_se(y, variance)[0]
    band = _Band(fit, y, variance, quantile)
    return {"x": x, "se": se, "ci_low": band.end(x, -1), "ci_high": band.end(x, 1)}


@dataclass(frozen=True)
class _Band:
    """The curve's band at signals y (m,), with the variance of each, ``t`` standard errors wide to each side."""

    fit: Fitted
    y: np.ndarray
    variance: np.ndarray
    t: float

    def end(self, x: np.ndarray, side: int) -> np.ndarray:
        """The end of the inverted band on one side of x (m,): where the signal first leaves it."""
        ends = np.where(x > 0, 0.0 if side < 0 else np.inf, np.nan)
        rows = np.flatnonzero(x > 0)
        if not rows.size or not np.isfinite(self.t):
            return np.full_like(x, np.nan)
        steps = np.log(STEP) * 1.15 ** np.arange(SPAN)
        reach = side * np.append(0.0, np.cumsum(steps))
        inside = np.log(x[rows])[:, None] + reach[None, :]
        outside = self._leaves(inside, rows)
        first = outside.argmax(axis=1)
        hit = outside.any(axis=1)
        near, far = inside[np.arange(rows.size), np.maximum(first - 1, 0)], inside[np.arange(rows.size), first]
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            out = self._leaves(middle[:, None], rows)[:, 0]
            near, far = np.where(out, near, middle), np.where(out, middle, far)
        ends[rows[hit]] = np.exp((near + far) / 2)[hit]
        return ends

    def _leaves(self, log_x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether the band at log x (r, s) leaves the signals of some rows (r,) out."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            x = np.exp(np.clip(log_x, -600, 600)).reshape(1, -1)
            spread = self.fit.spread(x)[1].reshape(log_x.shape)
            gap = self.y[rows, None] - self.fit.predict(x).reshape(log_x.shape)
            return gap**2 > self.t**2 * (self.variance[rows, None] + spread)

"""Calibration curves that are linear in their coefficients, and the curve through the standards, many at once.

``linear``: y = intercept + slope x. ``quadratic``: y = intercept + slope x + curvature x^2. ``log-log``:
log10 y = log_intercept + log_slope log10 x, the zero standard apart. ``spline``: a monotone piecewise cubic (Fritsch
and Carlson, SIAM J Numer Anal 1980; 17: 238) through the levels' mean signals over log x, the zero standard apart.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from scipy.special import fdtrc

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.curves.fitted import (
    FLAT,
    FLAT_P,
    HOOK,
    TINY,
    TOO_FEW,
    Fitted,
    Slopes,
    Weighted,
    counted,
    levels_of,
)
from omtrace.statistics.curves.four_pl_search import hooked

NOT_MONOTONE = "not monotone: the curve turns back between the levels, so that a signal has two concentrations"
NOT_POSITIVE_SIGNAL = "a standard's signal is not positive, so that it has no logarithm"
LN10 = math.log(10)
STEP = 1e-4  # of the range of the signals: for derivatives of the spline in its knots
HALVINGS = 60


@dataclass(frozen=True)
class Line(Fitted):
    """Straight lines: intercept and slope."""

    NAMES: ClassVar[tuple[str, ...]] = ("intercept", "slope")

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        return np.sign(self.coefficients[:, 1])

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The responses at x."""
        return self.coefficients[:, :1] + self.coefficients[:, 1:2] * np.asarray(x, dtype=float)

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x of the responses; NaN below 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            x = (np.asarray(y, dtype=float) - self.coefficients[:, :1]) / self.coefficients[:, 1:2]
            return np.where(np.isfinite(x) & (x >= 0), x, np.nan)

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives at x: in x, and in the coefficients."""
        slope, x = np.broadcast_arrays(self.coefficients[:, 1:2], np.atleast_2d(np.asarray(x, dtype=float)))
        return Slopes(slope, np.stack([np.ones_like(x), x], axis=-1))


@dataclass(frozen=True)
class Parabola(Fitted):
    """Second-degree curves; ``branch`` (k,): the sign of the slope where the levels lie."""

    NAMES: ClassVar[tuple[str, ...]] = ("intercept", "slope", "curvature")
    branch: np.ndarray

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        return self.branch

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The responses at x."""
        a, b, c = (self.coefficients[:, i : i + 1] for i in range(3))
        x = np.asarray(x, dtype=float)
        return a + b * x + c * x**2

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x of the responses on the branch of the levels; NaN below 0 and beyond the turn."""
        a, b, c = (self.coefficients[:, i : i + 1] for i in range(3))
        gap, rising = np.asarray(y, dtype=float) - a, self.branch[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            root = rising * np.sqrt(b**2 + 4 * c * gap)  # the slope at x
            x = np.where(b * rising > 0, 2 * gap / (b + root), (root - b) / (2 * c))
            return np.where(np.isfinite(x) & (x >= 0), x, np.nan)

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives at x: in x, and in the coefficients."""
        _, b, c, x = np.broadcast_arrays(*self.coefficients.T[..., None], np.atleast_2d(np.asarray(x, dtype=float)))
        return Slopes(b + 2 * c * x, np.stack([np.ones_like(x), x, x**2], axis=-1))


@dataclass(frozen=True)
class LogLog(Fitted):
    """Straight lines of log10 y on log10 x; ``rss`` and residuals are those of log10 y."""

    NAMES: ClassVar[tuple[str, ...]] = ("log_intercept", "log_slope")
    ZERO: ClassVar[bool] = False

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        return np.sign(self.coefficients[:, 1])

    @property
    def scatter(self) -> np.ndarray:
        """Residual variance as a share of the squared signal (k,): the weights of such a curve are 1/y2."""
        return LN10**2 * super().scatter

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The responses at x."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return 10 ** (self.coefficients[:, :1] + self.coefficients[:, 1:2] * np.log10(np.asarray(x, dtype=float)))

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x of the responses; NaN for responses of 0 and less."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            x = 10 ** ((np.log10(np.asarray(y, dtype=float)) - self.coefficients[:, :1]) / self.coefficients[:, 1:2])
            return np.where(np.isfinite(x), x, np.nan)

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives at x > 0: in x, and in the coefficients."""
        x = np.atleast_2d(np.asarray(x, dtype=float))
        y = self.predict(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_x = np.broadcast_to(np.log10(x), y.shape)
            return Slopes(
                self.coefficients[:, 1:2] * y / x, LN10 * y[..., None] * np.stack([np.ones_like(y), log_x], axis=-1)
            )


@dataclass(frozen=True)
class Spline(Fitted):
    """Curves through knots; ``coefficients``: mean signals at ``knots`` (k, l), NaN behind the last one of a row.

    Their covariance is that of the means, by the pooled scatter of the wells; NaN without replicates, so that there is
    no interval. Not defined beyond the knots.
    """

    ZERO: ClassVar[bool] = False
    knots: np.ndarray

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        return np.sign(np.nanmax(np.sign(np.diff(self.coefficients, axis=1)), axis=1, initial=-1.0))

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom of the scatter of the wells: points - levels above zero."""
        return self.n - np.isfinite(self.knots).sum(axis=1)

    def _curve(self, row: int) -> PchipInterpolator | None:
        """The curve of a row, of log x; None for one that is refused."""
        there = np.isfinite(self.knots[row])
        known = there.any() and np.isfinite(self.coefficients[row][there]).all()
        return _through(self.knots[row][there], self.coefficients[row][there]) if known else None

    def _log(self, row: int, x: np.ndarray) -> np.ndarray:
        """Logarithms of x (m,); the ends of the knots are within, whatever their last bit."""
        knots = self.knots[row][np.isfinite(self.knots[row])]
        with np.errstate(divide="ignore", invalid="ignore"):
            log_x, low, high = np.log(x), math.log(knots[0]), math.log(knots[-1])
        near = (log_x > low - 1e-9) & (log_x < high + 1e-9)
        return np.where(near, np.clip(log_x, low, high), log_x)

    def _rows(self, values: ArrayLike) -> np.ndarray:
        """Values (k, m), (m,) for all curves, or a number, as rows (k, m)."""
        values = np.atleast_2d(np.asarray(values, dtype=float))
        return np.broadcast_to(values, (len(self.knots), values.shape[1]))

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The responses at x; NaN beyond the knots."""
        x = self._rows(x)
        responses = np.full(x.shape, np.nan)
        for row in range(len(self.knots)):
            if (curve := self._curve(row)) is not None:
                responses[row] = curve(self._log(row, x[row]))
        return responses

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x of the responses, by bisection; NaN beyond the knots."""
        y = self._rows(y)
        concentrations = np.full(y.shape, np.nan)
        for row in range(len(self.knots)):
            curve = self._curve(row)
            if curve is None:
                continue
            first, last = curve(curve.x[[0, -1]])
            inside = (y[row] - first) * (y[row] - last) <= 0
            low, high = np.full(y.shape[1], curve.x[0]), np.full(y.shape[1], curve.x[-1])
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                before = (curve(middle) - y[row]) * np.sign(last - first) < 0
                low, high = np.where(before, middle, low), np.where(before, high, middle)
            concentrations[row] = np.where(inside, np.exp((low + high) / 2), np.nan)
        return concentrations

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives at x: in x, and in the knots' signals (by differences)."""
        x = self._rows(x)
        slope, gradient = np.full(x.shape, np.nan), np.full((*x.shape, self.knots.shape[1]), np.nan)
        for row in range(len(self.knots)):
            there = np.isfinite(self.knots[row])
            curve = self._curve(row)
            if curve is None:
                continue
            log_x, knots, signals = self._log(row, x[row]), self.knots[row][there], self.coefficients[row][there]
            slope[row] = curve(log_x, 1) / x[row]
            step = STEP * float(np.ptp(signals))
            moves = step * np.eye(len(signals))
            up, down = (_through(knots, signals[:, None] + move)(log_x) for move in (moves, -moves))
            gradient[row] = 0.0
            gradient[row][:, there] = (up - down) / (2 * step)
        return Slopes(slope, gradient)


def _through(knots: np.ndarray, signals: np.ndarray) -> PchipInterpolator:
    """The spline through signals (l,) at knots, or several through columns of signals (l, c), of log x."""
    return PchipInterpolator(np.log(knots), signals, extrapolate=False)


def lines_of(points: Weighted, min_levels: int) -> Line:
    """Straight lines through rows of points, by weighted least squares; refused as ``four_pl.fit_four_pl``."""
    return Line(**_least_squares(points, 1, min_levels)).refused(_hooks(points))


def parabolas_of(points: Weighted, min_levels: int) -> Parabola:
    """Second-degree curves; refused too where they turn back between the lowest and the highest level."""
    x, w = points.x, points.weight
    fields = _least_squares(points, 2, min_levels)
    _, b, c = fields["coefficients"].T
    low, high = np.where(w > 0, x, np.inf).min(axis=1), np.where(w > 0, x, -np.inf).max(axis=1)
    with np.errstate(invalid="ignore"):
        first, last = b + 2 * c * low, b + 2 * c * high
        fit = Parabola(**fields, branch=np.sign(first + last))
        turns = np.where(first * last <= 0, NOT_MONOTONE, "")
    return fit.refused(_hooks(points)).refused(turns)


def log_logs_of(points: Weighted, min_levels: int) -> LogLog:
    """Straight lines of the logarithms; the zero standard is no point, and each signal must be positive."""
    x, y, w = points.x, points.y, points.weight
    positive = (w > 0) & (x > 0)
    bad = np.any(positive & (y <= 0), axis=1)
    used = positive & ~bad[:, None]
    log_x, log_y = (np.log10(np.where(used, part, 1.0)) for part in (x, y))
    fields = _least_squares(Weighted(log_x, log_y, np.where(used, w, 0.0), points.forced), 1, min_levels)
    fields["refusal"][bad] = NOT_POSITIVE_SIGNAL
    above_zero = Weighted(np.where(used, x, 0.0), np.where(used, y, 0.0), w * used, points.forced)
    return LogLog(**fields).refused(_hooks(above_zero))


def _hooks(points: Weighted) -> np.ndarray:
    """``HOOK`` for curves that turn back at the highest levels and are not forced."""
    refusals = np.full(len(points.x), "", dtype=object)
    rows = np.flatnonzero((points.weight > 0).any(axis=1) & ~points.forced)
    these = points.take(rows)
    refusals[rows] = np.where(hooked(these.x, these.y, these.weight), HOOK, "")
    return refusals


def splines_of(points: Weighted, min_levels: int) -> Spline:
    """Curves through the mean signals of the levels above zero, which must rise, or fall, from each to the next.

    Weights count for the scatter of the wells alone.
    """
    x, y, w = points.x, points.y, np.where(points.x > 0, points.weight, 0.0)
    n, _ = counted(x, w)
    at = levels_of(x, y, w)
    there = at.count > 0
    levels = there.sum(axis=1)
    refusal = np.where(levels < max(min_levels, 2), TOO_FEW, "").astype(object)
    gaps = np.where(there[:, 1:], np.diff(at.mean, axis=1), 0.0)
    is_monotone = (np.sign(gaps) == np.where(there[:, 1:], np.sign(gaps[:, :1]), 0.0)).all(axis=1) & (gaps != 0).any(1)
    mean = (w * y).sum(axis=1) / np.maximum(w.sum(axis=1), TINY)
    total = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scatter = np.where(at.pure_df > 0, at.pure / at.pure_df, np.nan)
        p = fdtrc(levels - 1, at.pure_df, (total - at.pure) / np.maximum(levels - 1, 1) / np.maximum(scatter, TINY))
    reasons = np.select([~is_monotone, (p > FLAT_P) & ~points.forced], [NOT_MONOTONE, FLAT], "")
    inverse_weight = levels_of(x, np.where(w > 0, 1 / np.where(w > 0, w, 1.0), 0.0), w).mean
    variance = np.where(there, scatter[:, None] * inverse_weight / np.maximum(at.count, 1), 0.0)
    covariance = variance[:, :, None] * np.eye(variance.shape[1])
    r_squared = 1 - at.pure / np.maximum(total, TINY)
    nothing = np.full(len(x), "", dtype=object)
    fit = Spline(at.mean, covariance, at.pure, r_squared, n, levels, nothing, nothing.copy(), at.x)
    return fit.refused(np.where(refusal == "", reasons, refusal))


def _least_squares(points: Weighted, degree: int, min_levels: int) -> dict[str, np.ndarray]:
    """Polynomials of rows of points, as the fields of ``Fitted``; the powers of x are scaled and orthogonalised."""
    x, (n, levels), p = points.x, points.counted(), degree + 1
    refusal = np.where((levels < max(min_levels, p)) | (n <= p), TOO_FEW, "").astype(object)
    coefficients, covariance = np.full((len(x), p), np.nan), np.full((len(x), p, p), np.nan)
    rss, r_squared = np.full((2, len(x)), np.nan)
    rows = np.flatnonzero(refusal == "")
    if rows.size:
        these = points.take(rows)
        x, y, w = these.x, these.y, these.weight
        scale = np.maximum(np.abs(np.where(w > 0, x, 0.0)).max(axis=1), TINY)
        powers = (x / scale[:, None])[:, :, None] ** np.arange(p)
        root = np.sqrt(w)
        q, r = np.linalg.qr(root[:, :, None] * powers)
        inverse = np.linalg.inv(r)
        solved = np.einsum("kij,kj->ki", inverse, np.einsum("kmj,km->kj", q, root * y))
        residual = y - np.einsum("kmj,kj->km", powers, solved)
        rss[rows] = (w * residual**2).sum(axis=1)
        mean = (w * y).sum(axis=1) / w.sum(axis=1)
        total = (w * (y - mean[:, None]) ** 2).sum(axis=1)
        df = n[rows] - p
        factor = scale[:, None] ** -np.arange(p, dtype=float)
        coefficients[rows] = solved * factor
        turned = factor[:, :, None] * inverse
        covariance[rows] = (rss[rows] / df)[:, None, None] * (turned @ turned.swapaxes(1, 2))
        r_squared[rows] = 1 - rss[rows] / np.maximum(total, TINY)
        constant = np.sqrt(total / w.sum(axis=1)) <= TOLERANCE * np.abs(y).max(axis=1)
        test = fdtrc(degree, df, (total - rss[rows]) / degree / np.maximum(rss[rows] / df, TINY))
        refusal[rows] = np.where((constant | (test > FLAT_P)) & ~these.forced, FLAT, "")
        for numbers in (coefficients, covariance, rss, r_squared):
            numbers[refusal != ""] = np.nan
    return {
        "coefficients": coefficients,
        "covariance": covariance,
        "rss": rss,
        "r_squared": r_squared,
        "n": n,
        "levels": levels,
        "refusal": refusal,
        "vague": np.full(len(refusal), "", dtype=object),
    }

"""Four-parameter logistic calibration curves, many at once: y = D + (A - D)/(1 + (x/C)^B), B > 0.

A is the response at x = 0, D the one at infinite x (above or below A), C the x half-way between, B the slope.
Curves stand in rows of arrays; a mask says which points of a row count, so unequal curves share a batch.
The search for the optimum is in ``four_pl_search``.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from scipy.special import expit, log_expit

from omtrace.statistics.curves.four_pl_search import TOO_FEW, Curves, hooked

CHUNK = 4096  # curves worked on together


@dataclass(frozen=True)
class FourPL:
    """Fitted curves, one an entry: all arrays are (k,), ``covariance`` of (A, B, C, D) is (k, 4, 4).

    ``refusal`` says why there is no curve ("" = fitted); then all numbers but n and levels are NaN.
    ``rss`` is the weighted residual sum of squares; rss/df scales the covariance. ``n`` counts the points
    used, ``levels`` their distinct x.
    """

    NAMES: ClassVar[tuple[str, ...]] = ("a", "b", "c", "d")
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    d: np.ndarray
    covariance: np.ndarray
    rss: np.ndarray
    r_squared: np.ndarray
    n: np.ndarray
    levels: np.ndarray
    refusal: np.ndarray

    @property
    def df(self) -> np.ndarray:
        """Residual degrees of freedom, points - parameters."""
        return self.n - len(self.NAMES)

    def take(self, index: Any) -> "Self":
        """Some curves (k,) as a batch; a single one as a batch of one."""
        return type(self)(*(getattr(self, field.name)[np.atleast_1d(index)] for field in fields(self)))

    def numbers(self, index: int = 0) -> dict[str, float]:
        """One curve as named numbers: a, b, c, d, their standard errors a_se ... d_se, and how it fits."""
        errors = np.sqrt(np.diagonal(self.covariance[index]))
        return {
            **{name: float(getattr(self, name)[index]) for name in self.NAMES},
            **{f"{name}_se": float(error) for name, error in zip(self.NAMES, errors, strict=True)},
            "rss": float(self.rss[index]),
            "residual_sd": math.sqrt(self.rss[index] / self.df[index]) if self.df[index] > 0 else math.nan,
            "r_squared": float(self.r_squared[index]),
            "n": float(self.n[index]),
            "levels": float(self.levels[index]),
            "df": float(self.df[index]),
        }


F = TypeVar("F", bound=FourPL)


def fit_four_pl(x: Any, y: Any, weights: Any = None, used: Any = None, min_levels: int = 5) -> FourPL:
    """Fit a curve to each row of x, y, weights, used (k, m); one row, or one x for all rows, may be (m,).

    Minimises sum w (y - f(x))^2 over the points ``used`` (all by default; the others may hold anything) with
    weights w (1 by default). x is a concentration from 0 on. Curves are refused, not forced, with a reason: fewer
    than ``min_levels`` levels of x (or no residual degrees of freedom); flat (the curve explains no more than a
    constant, F test at 5 %) or scattered (R squared below 0.95); a hook (the signal turns back at the highest levels);
    not identifiable (C more than three times outside the levels, its 95% interval wider than a factor of ten to a
    side, less than 37% of the span between A and D shown, a slope outside 0.02 ... 50, or a singular information
    matrix); not converged. Raises ValueError for
    missing values among the points used, negative x, or weights that are not positive.
    """
    x, y, w = arrays(x, y, weights, used)
    chunks = [slice(i, i + CHUNK) for i in range(0, max(1, len(x)), CHUNK)]
    return joined([_fit_chunk(x[rows], y[rows], w[rows], max(min_levels, 4)) for rows in chunks])


def joined(parts: list[F]) -> F:
    """Batches of one kind as one batch."""
    names = [field.name for field in fields(parts[0])]
    return type(parts[0])(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def predict(fit: FourPL, x: Any) -> np.ndarray:
    """The curves' responses at x (k, m), (m,) for all curves, or a number."""
    a, b, c, d, g = _columns(fit)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_h = g * log_expit(-b * (np.log(np.asarray(x, dtype=float)) - np.log(c)))
        return a * np.exp(log_h) - d * np.expm1(log_h)


def inverse(fit: FourPL, y: Any) -> np.ndarray:
    """The x at which the curves have the responses y (k, m), (m,) or a number.

    NaN outside the asymptotes; 0 at the response at 0 exactly.
    """
    a, b, c, d, g = _columns(fit)
    y = np.asarray(y, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # one formula loses digits where y is near an asymptote; for G = 1 this one does not
        share = (y - d) / (a - d)
        odds = np.where(g == 1, (a - y) / (y - d), share ** (-1 / g) - 1)
        x = c * np.where((share > 0) & (odds >= 0), odds, np.nan) ** (1 / b)
    return np.where(np.isfinite(x), x, np.nan)


def slopes(fit: FourPL, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the response at x > 0 (k, m): in x (k, m), and in the parameters (k, m, 4 or 5)."""
    a, b, c, d, g = _columns(fit)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.log(np.asarray(x, dtype=float)) - np.log(c)
        log_h = g * log_expit(-b * u)
        h, steep = np.exp(log_h), -(a - d) * g * np.exp(log_h) * expit(b * u)  # steep: dy/d(B log(x/C))
        parts = [h, steep * u, -steep * b / c, 1 - h, (a - d) * h * log_h / g][: len(fit.NAMES)]
        return steep * b / x, np.stack(np.broadcast_arrays(*parts), axis=-1)


def inverse_se(fit: FourPL, y: Any, variance: Any = 0.0) -> np.ndarray:
    """Standard error of ``inverse`` by the delta method, from the covariance of the parameters.

    ``variance`` is that of y itself (of a mean of m wells: residual variance / m); 0 gives the calibration's
    share alone. For an interval use t with the fit's df. NaN where the inverse is NaN or 0.
    """
    x = inverse(fit, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope, gradient = slopes(fit, np.where(x > 0, x, np.nan))
        total = np.einsum("kmi,kij,kmj->km", gradient, fit.covariance, gradient) + variance
        return np.where(x > 0, np.sqrt(total) / np.abs(slope), np.nan)


def back_calculate(fit: FourPL, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Standards read back through their curve: concentrations, and recoveries in percent of the nominal x.

    The recovery of the zero standard is NaN.
    """
    nominal, read = np.asarray(x, dtype=float), inverse(fit, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return read, np.where(nominal > 0, 100 * read / nominal, np.nan)


def _columns(fit: FourPL) -> tuple[np.ndarray, ...]:
    """A, B, C, D, G as columns; G is 1 for four parameters."""
    a, b, c, d = (getattr(fit, name)[:, None] for name in ("a", "b", "c", "d"))
    return a, b, c, d, (fit.g[:, None] if hasattr(fit, "g") else np.ones_like(a))


def arrays(x: Any, y: Any, weights: Any, used: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The inputs as (k, m) arrays; points not used have x = y = weight = 0."""
    y = np.atleast_2d(np.asarray(y, dtype=float))
    x = np.broadcast_to(np.asarray(x, dtype=float), y.shape)
    w = np.broadcast_to(np.asarray(1.0 if weights is None else weights, dtype=float), y.shape)
    mask = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), y.shape)
    x, y, w = (np.where(mask, values, 0.0) for values in (x, y, w))
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(w).all()):
        raise ValueError("missing or infinite values among the points used")
    if (x < 0).any() or (w[mask] <= 0).any():
        raise ValueError("x must not be negative, and weights must be positive")
    return x, y, w


def counted(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points used and their distinct x, a curve."""
    n = (w > 0).sum(axis=1)
    ordered = np.sort(np.where(w > 0, x, np.nan), axis=1)
    return n, (np.diff(ordered, axis=1) > 1e-9 * ordered[:, 1:]).sum(axis=1) + (n > 0)


def _fit_chunk(x: np.ndarray, y: np.ndarray, w: np.ndarray, min_levels: int) -> FourPL:
    """The curves of one chunk: fit those with enough levels, judge them, blank what is refused."""
    n, levels = counted(x, w)
    refusal = np.where((levels < min_levels) | (n <= 4), TOO_FEW, "").astype(object)
    numbers = np.full((len(x), 6), np.nan)  # a, b, c, d, rss, r_squared
    covariance = np.full((len(x), 4, 4), np.nan)
    rows = np.flatnonzero(refusal == "")
    if rows.size:
        curves = Curves(x[rows], y[rows], w[rows])
        theta, converged = curves.search()
        hook = hooked(x[rows], y[rows], w[rows])
        numbers[rows], covariance[rows], refusal[rows] = curves.judged(theta, converged, n[rows] - 4, hook)
        refused = refusal != ""
        numbers[refused], covariance[refused] = np.nan, np.nan
    a, b, c, d, rss, r_squared = numbers.T
    return FourPL(a, b, c, d, covariance, rss, r_squared, n, levels, refusal)

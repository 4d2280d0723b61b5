"""Four-parameter logistic calibration curves, many at once: y = D + (A - D)/(1 + (x/C)^B), B > 0.

A is the response at x = 0, D the one at infinite x (above or below A), C the x half-way between, B the slope.
Curves stand in rows of arrays; a mask says which points of a row count, so unequal curves share a batch.
The search for the optimum is in ``four_pl_search``.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from omtrace.statistics.curves.fitted import TOO_FEW, Fitted, Slopes, Weighted, joined
from omtrace.statistics.curves.four_pl_search import Curves, hooked


@dataclass(frozen=True)
class FourPL(Fitted):
    """Fitted logistic curves; coefficients A, B, C, D."""

    NAMES: ClassVar[tuple[str, ...]] = ("a", "b", "c", "d")

    @property
    def a(self) -> np.ndarray:
        """Response at x = 0 (k,)."""
        return self.coefficients[:, 0]

    @property
    def b(self) -> np.ndarray:
        """Slope (k,)."""
        return self.coefficients[:, 1]

    @property
    def c(self) -> np.ndarray:
        """The x half-way between the asymptotes (k,)."""
        return self.coefficients[:, 2]

    @property
    def d(self) -> np.ndarray:
        """Response at infinite x (k,)."""
        return self.coefficients[:, 3]

    @property
    def g(self) -> np.ndarray:
        """Asymmetry (k,): 1 of four parameters."""
        return np.ones(len(self.coefficients))

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        return np.sign((self.d - self.a) * self.b)

    def _columns(self) -> tuple[np.ndarray, ...]:
        return tuple(part[:, None] for part in (self.a, self.b, self.c, self.d, self.g))

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The responses at x."""
        a, b, c, d, g = self._columns()
        with np.errstate(divide="ignore", invalid="ignore"):
            log_h = g * log_expit(-b * (np.log(np.asarray(x, dtype=float)) - np.log(c)))
            return a * np.exp(log_h) - d * np.expm1(log_h)

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x of the responses: NaN outside the asymptotes; 0 at the response at 0 exactly."""
        a, b, c, d, g = self._columns()
        y = np.asarray(y, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # one formula loses digits where y is near an asymptote; for G = 1 this one does not
            share = (y - d) / (a - d)
            odds = np.where(g == 1, (a - y) / (y - d), share ** (-1 / g) - 1)
            x = c * np.where((share > 0) & (odds >= 0), odds, np.nan) ** (1 / b)
        return np.where(np.isfinite(x), x, np.nan)

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives at x > 0: in x, and in the coefficients."""
        a, b, c, d, g = self._columns()
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.log(np.asarray(x, dtype=float)) - np.log(c)
            log_h = g * log_expit(-b * u)
            h, steep = np.exp(log_h), -(a - d) * g * np.exp(log_h) * expit(b * u)  # steep: dy/d(B log(x/C))
            parts = [h, steep * u, -steep * b / c, 1 - h, (a - d) * h * log_h / g][: len(self.NAMES)]
            return Slopes(steep * b / x, np.stack(np.broadcast_arrays(*parts), axis=-1))


def fit_four_pl(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    used: ArrayLike | None = None,
    min_levels: int = 5,
) -> FourPL:
    """Fit a curve to each row of x, y, weights, used (k, m); one row, or one x for all rows, may be (m,).

    Minimises sum w (y - f(x))^2 over the points ``used`` (all by default; the others may hold anything) with
    weights w (1 by default). x is a concentration from 0 on. Curves are refused, not forced, with a reason: fewer
    than ``min_levels`` levels of x (or no residual degrees of freedom); flat (the curve explains no more than a
    constant, F test at 5 %); a hook (the signal turns back at the highest levels); not converged.

    Coefficients say nothing by themselves (``vague``) where the levels do not show both plateaus and the rise between
    them: C more than three times outside the levels, its 95% interval wider than a factor of ten to a side, less than
    37% of the span between A and D shown, a slope outside 0.02 ... 50, or a singular information matrix. These
    limits are those with which none of 90,000 curves made to mislead has an absurd C (benchmarks/curves.py). Such a
    curve can still be read from: whether what it gives is precise is for ``calibration.judged`` to say.

    Raises ValueError for missing values among the points used, negative x, or weights that are not positive.
    """
    return four_pl_of(Weighted.of(x, y, weights, used), min_levels)


def four_pl_of(points: Weighted, min_levels: int) -> FourPL:
    """The curves of points, as ``fit_four_pl``."""
    return joined([_fit_chunk(chunk, max(min_levels, 4)) for chunk in points.chunks()])


def _fit_chunk(points: Weighted, min_levels: int) -> FourPL:
    """The curves of one chunk: fit those with enough levels, judge them, blank what is refused."""
    x, (n, levels) = points.x, points.counted()
    refusal = np.where((levels < min_levels) | (n <= 4), TOO_FEW, "").astype(object)
    vague = np.full(len(x), "", dtype=object)
    numbers = np.full((len(x), 6), np.nan)  # a, b, c, d, rss, r_squared
    covariance = np.full((len(x), 4, 4), np.nan)
    rows = np.flatnonzero(refusal == "")
    if rows.size:
        these = points.take(rows)
        curves = Curves(these.x, these.y, these.weight)
        theta, converged = curves.search()
        hook = hooked(these.x, these.y, these.weight)
        numbers[rows], covariance[rows], refusal[rows], vague[rows] = curves.judged(
            theta, converged, n[rows] - 4, hook, these.forced
        )
        refused = refusal != ""
        numbers[refused], covariance[refused], vague[refused] = np.nan, np.nan, ""
    return FourPL(numbers[:, :4], covariance, numbers[:, 4], numbers[:, 5], n, levels, refusal, vague)

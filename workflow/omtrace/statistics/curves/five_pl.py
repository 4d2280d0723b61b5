"""Five-parameter logistic calibration curves, many at once: y = D + (A - D) / (1 + (x/C)^B)^G, B of either sign.

With B > 0 A is the response at x = 0 and D the one at infinite x, with B < 0 they change places: the two signs are
two families of asymmetric curves, and the better one is taken. G = 1 is the four-parameter curve. C is not half-way
between the asymptotes; ``half`` is.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, stdtrit

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.curves.fitted import (
    FLAT,
    FLAT_P,
    HOOK,
    NOT_CONVERGED,
    NOT_IDENTIFIABLE,
    TINY,
    TOO_FEW,
    Weighted,
    joined,
    levels_of,
)
from omtrace.statistics.curves.five_pl_search import ASYMMETRY_RANGE, Asymmetric, steepness
from omtrace.statistics.curves.four_pl import FourPL
from omtrace.statistics.curves.four_pl_search import (
    BEYOND,
    FAR,
    SLOPE_RANGE,
    VAGUE,
    Curves,
    Inverse,
    dot,
    hooked,
    inverted,
    unseen_plateau,
)

SIGNS = (1, -1)
LEVELS_BESIDE = 2  # the half-way point
SYMMETRIC_STEPS = 4  # of the symmetric curve, from which the search starts


@dataclass(frozen=True)
class FivePL(FourPL):
    """Fitted curves; coefficients A, B, C, D, G."""

    NAMES: ClassVar[tuple[str, ...]] = ("a", "b", "c", "d", "g")

    @property
    def g(self) -> np.ndarray:
        """Asymmetry (k,)."""
        return self.coefficients[:, 4]


def fit_five_pl(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    min_levels: int = 6,
    signs: tuple[int, ...] = SIGNS,
) -> FivePL:
    """Fit a curve to each row, as ``four_pl.fit_four_pl``; ``signs`` of B that are tried, the better one taken.

    Refused as there; its coefficients say nothing by themselves too where G reaches 0.05 or 20, or where fewer than two
    levels lie below or above the half-way point (after the rule of two concentrations beyond each bend: Sebaugh,
    Pharm Stat 2011; 10: 128): one level more or less would move it.
    """
    return five_pl_of(Weighted.of(x, y, weights), min_levels, signs)


def five_pl_of(points: Weighted, min_levels: int, signs: tuple[int, ...] = SIGNS) -> FivePL:
    """The curves of points, as ``fit_five_pl``."""
    return joined([_fit_chunk(chunk, max(min_levels, 5), signs) for chunk in points.chunks()])


def half(fit: FivePL) -> np.ndarray:
    """The x half-way between the asymptotes (k,)."""
    with np.errstate(invalid="ignore"):
        return fit.c * (2 ** (1 / fit.g) - 1) ** (1 / fit.b)


def _fit_chunk(points: Weighted, min_levels: int, signs: tuple[int, ...]) -> FivePL:
    x, (n, levels) = points.x, points.counted()
    refusal = np.where((levels < min_levels) | (n <= 5), TOO_FEW, "").astype(object)
    vague = np.full(len(x), "", dtype=object)
    coefficients, covariance = np.full((len(x), 5), np.nan), np.full((len(x), 5, 5), np.nan)
    rss, r_squared = np.full((2, len(x)), np.nan)
    rows = np.flatnonzero(refusal == "")
    if rows.size:
        these = points.take(rows)
        curves = Curves(these.x, these.y, these.weight)
        symmetric, _ = curves.search(SYMMETRIC_STEPS)
        best = _Optimum.of(curves, symmetric, signs)
        df = n[rows] - 5
        jacobian, coefficients[rows] = best.jacobian(curves), best.coefficients(curves)
        inverse = _covariance(jacobian, curves.w, best.rss, df)
        covariance[rows] = inverse.matrices
        rss[rows] = best.rss
        total = dot(curves.y, curves.y, curves.w)
        r_squared[rows] = 1 - best.rss / np.maximum(total, TINY)
        beside = levels_of(these.x, these.y, these.weight).x
        unknown = (
            best.lacks_levels(beside)
            | inverse.singular
            | best.is_unknown(curves, covariance[rows], df)
            | unseen_plateau(jacobian[:, :, 0], curves.w)
        )
        c = coefficients[rows, 2]
        covariance[rows, 2, :] *= c[:, None]
        covariance[rows, :, 2] *= c[:, None]
        constant = np.sqrt(total / curves.total) <= TOLERANCE * curves.scale
        p = fdtrc(4, df, (total - best.rss) / 4 / np.maximum(best.rss / df, TINY))
        hook = hooked(these.x, these.y, these.weight)
        refusal[rows] = np.select(
            [(constant | (p > FLAT_P)) & ~these.forced, hook & ~these.forced, ~best.converged],
            [FLAT, HOOK, NOT_CONVERGED],
            "",
        )
        vague[rows] = np.where(unknown, NOT_IDENTIFIABLE, "")
        refused = refusal != ""
        vague[refused] = ""
        for numbers in (coefficients, covariance, rss, r_squared):
            numbers[refused] = np.nan
    return FivePL(coefficients, covariance, rss, r_squared, n, levels, refusal, vague)


@dataclass(frozen=True)
class _Optimum:
    """The optimum of curves (k,): sign of the slope, theta (k, 3) = log S, log X, log G, and how good it is."""

    sign: np.ndarray
    theta: np.ndarray
    rss: np.ndarray
    span: np.ndarray
    converged: np.ndarray

    @classmethod
    def of(cls, curves: Curves, symmetric: np.ndarray, signs: tuple[int, ...]) -> "_Optimum":
        """The better one of the families of both signs, of each curve; all are searched together."""
        count, every = len(symmetric), np.tile(np.arange(len(symmetric)), len(signs))
        sign = np.repeat(np.array(signs, dtype=float), count)
        problem = Asymmetric(curves.subset(every), sign)
        theta, converged = problem.find(symmetric[every])
        at = problem.project(theta)
        best = at.rss.reshape(len(signs), count).argmin(axis=0) * count + np.arange(count)
        return cls(sign[best], theta[best], at.rss[best], at.span[best], converged[best])

    @property
    def slope(self) -> np.ndarray:
        """B (k,)."""
        return self.sign * np.exp(self.theta[:, 0] - steepness(self.theta[:, 2]))

    @property
    def log_c(self) -> np.ndarray:
        """log C (k,)."""
        return self.theta[:, 1] + self.theta[:, 2] / self.slope

    def _exponent(self, curves: Curves) -> np.ndarray:
        """B log(x / C) at the points (k, m)."""
        return np.clip(self.slope[:, None] * (curves.log_x - self.log_c[:, None]), -700.0, 700.0)

    def coefficients(self, curves: Curves) -> np.ndarray:
        """A, B, C, D, G (k, 5)."""
        g = np.exp(self.theta[:, 2])
        h = np.exp(-g[:, None] * np.logaddexp(0, self._exponent(curves)))
        d = curves.centre - self.span * np.einsum("km,km->k", h, curves.w) / curves.total
        return np.column_stack([d + self.span, self.slope, np.exp(self.log_c), d, g])

    def jacobian(self, curves: Curves) -> np.ndarray:
        """Derivatives of y at the points in A, B, log C, D, G (k, m, 5)."""
        b, g, v = self.slope, np.exp(self.theta[:, 2]), self._exponent(curves)
        log_h = -g[:, None] * np.logaddexp(0, v)
        h = np.exp(log_h)
        steep = -self.span[:, None] * g[:, None] * h / (1 + np.exp(-v))
        columns = [h, steep * v / b[:, None], -b[:, None] * steep, 1 - h, self.span[:, None] * h * log_h / g[:, None]]
        return np.stack(columns, axis=2)

    @property
    def middle(self) -> np.ndarray:
        """log M, M being half-way between the asymptotes (k,)."""
        offset = np.log(np.expm1(math.log(2) * np.exp(-self.theta[:, 2])))  # B log(M / C)
        return self.theta[:, 1] + (self.theta[:, 2] + offset) / self.slope

    def lacks_levels(self, levels: np.ndarray) -> np.ndarray:
        """Which curves have fewer than two levels (k, l) below, or above, the half-way point."""
        middle = np.exp(np.clip(self.middle, -FAR, FAR))[:, None]
        sides = [((levels > 0) & (levels < middle)).sum(axis=1), (levels > middle).sum(axis=1)]
        return np.minimum(*sides) < LEVELS_BESIDE

    def is_unknown(self, curves: Curves, covariance: np.ndarray, df: np.ndarray) -> np.ndarray:
        """Which half-way points are not determined; ``covariance`` of (A, B, log C, D, G)."""
        b, g = self.slope, np.exp(self.theta[:, 2])
        middle = self.middle
        offset = b * (middle - self.theta[:, 1]) - self.theta[:, 2]
        zero, one = np.zeros_like(b), np.ones_like(b)
        # the half-way point's log has the gradient (0, dB, 1, 0, dG)
        d_g = -math.log(2) * 2 ** (1 / g) / (g**2 * (2 ** (1 / g) - 1)) / b
        turn = np.stack([zero, -offset / b**2, one, zero, d_g], axis=1)
        spread = np.sqrt(np.maximum(np.einsum("ki,kij,kj->k", turn, covariance, turn), 0))
        beyond = np.maximum(curves.lowest - middle, middle - curves.highest) > math.log(BEYOND)
        edge = (np.abs(b) < 1.001 * SLOPE_RANGE[0]) | (np.abs(b) > 0.999 * SLOPE_RANGE[1])
        edge |= (g < 1.001 * ASYMMETRY_RANGE[0]) | (g > 0.999 * ASYMMETRY_RANGE[1])
        return beyond | edge | (stdtrit(df, 0.975) * spread > math.log(VAGUE))


def _covariance(jacobian: np.ndarray, w: np.ndarray, rss: np.ndarray, df: np.ndarray) -> Inverse:
    """Inverse information times rss/df (k, p, p)."""
    weighted = jacobian * w[:, :, None]
    information = weighted.swapaxes(1, 2) @ jacobian
    size = np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), TINY))
    information /= size[:, :, None] * size[:, None, :]
    inverse = inverted(information, 1e-13)
    size *= np.sqrt(df / np.maximum(rss, TINY))[:, None]
    return Inverse(inverse.matrices / (size[:, :, None] * size[:, None, :]), inverse.singular)

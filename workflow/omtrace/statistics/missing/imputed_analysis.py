"""Analyses of completed data: least squares of many outcomes at once, Rubin's rules, the jackknife."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from omtrace.statistics.basic.samples import TOLERANCE, check_terms, sample
from omtrace.statistics.basic.student import wald_numbers

ALONE = 1e-9  # leverage nearer to 1, or pull nearer to 0, is rounding


class LeastSquares:
    """Ordinary least squares with one design (n, k) of many outcomes, in combinations with weights (c, k).

    Raises ValueError for dependent columns and for no residual degrees of freedom.
    """

    def __init__(self, design: np.ndarray, weights: np.ndarray, terms: Sequence[str]) -> None:
        """``terms`` (k,): the term of each column."""
        n, k = design.shape
        if n <= k:
            raise ValueError(f"{n} units for {k} coefficients leave no residual degrees of freedom")
        check_terms(design, terms)
        self.basis, triangle = np.linalg.qr(design)
        self.turned = np.linalg.solve(triangle.T, weights.T).T  # (c, k)
        self.shape = np.sqrt((self.turned**2).sum(axis=1))  # of the standard errors, (c,)
        self.df = n - k
        self.leverage = (self.basis**2).sum(axis=1)

    def estimates(self, outcomes: np.ndarray) -> np.ndarray:
        """Estimates (b, c) of outcomes (b, n)."""
        return outcomes @ self.basis @ self.turned.T

    def residuals(self, outcomes: np.ndarray) -> np.ndarray:
        """Residuals (b, n) of outcomes (b, n)."""
        return outcomes - outcomes @ self.basis @ self.basis.T

    def without_each(self, outcomes: np.ndarray) -> np.ndarray:
        """Estimates (n, c) from outcomes (n, n), the i-th without unit i.

        A unit that is the only one of its kind (alone at a factor's level) determines a coefficient of its own:
        combinations that rest on it are NaN without it, and it makes no difference to the others.
        """
        alone, pull = self.leverage > 1 - ALONE, self.basis @ self.turned.T
        own = np.diagonal(self.residuals(outcomes)) / np.where(alone, 1.0, 1 - self.leverage)
        estimates = self.estimates(outcomes) - np.where(alone, 0.0, own)[:, None] * pull
        return np.where(alone[:, None] & (np.abs(pull) > ALONE * self.shape), np.nan, estimates)


def rubin(
    estimates: ArrayLike, variances: ArrayLike, complete_df: float = math.inf, level: float = 0.95
) -> dict[str, float]:
    """One estimate of m imputations by Rubin's rules, with the degrees of freedom of Barnard and Rubin (1999).

    Gives estimate, se, ci_low, ci_high, t, df, p, fmi (fraction of missing information, as mice has it), within and
    between (variances). Raises ValueError for fewer than two imputations.
    """
    q, u = sample(estimates, "estimates"), sample(variances, "variances")
    m = q.size
    if m < 2 or u.size != m:
        raise ValueError("Rubin's rules need the estimates and variances of two imputations or more")
    within, between = float(u.mean()), float(q.var(ddof=1))
    added = (1 + 1 / m) * between
    total = within + added
    if added <= TOLERANCE * total:
        df, fmi = complete_df, 0.0
    else:
        share = added / total
        old = (m - 1) / share**2
        observed = (1 - share) * (complete_df + 1) / (complete_df + 3) * complete_df if complete_df < math.inf else 0.0
        df = old * observed / (old + observed) if observed else old
        ratio = added / within if within > 0 else math.inf
        fmi = (ratio + 2 / (df + 3)) / (ratio + 1) if ratio < math.inf else 1.0
    estimate = float(q.mean())
    numbers = wald_numbers(estimate, math.sqrt(total), df, level)
    return {"estimate": estimate, **numbers, "fmi": fmi, "within": within, "between": between}


def jackknife(estimate: float, without: np.ndarray, level: float = 0.95) -> dict[str, float]:
    """The numbers se, ci_low, ci_high, z, p of an estimate, given the estimates without each of n units (n,)."""
    n = without.size
    se = math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    return {"estimate": estimate, **normal_numbers(estimate, se, level)}


def normal_numbers(estimate: float, se: float, level: float) -> dict[str, float]:
    """The numbers se, ci_low, ci_high, z, p of an estimate with a normal distribution."""
    half = float(ndtri((1 + level) / 2)) * se
    z = estimate / se if se > 0 else math.nan
    p = float(2 * ndtr(-abs(z)))
    return {"se": se, "ci_low": estimate - half, "ci_high": estimate + half, "z": z, "p": p}

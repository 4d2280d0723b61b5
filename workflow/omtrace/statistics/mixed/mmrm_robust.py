"""Sandwich standard errors of a mixed model for repeated measures, robust against a wrong covariance of the visits.

Rows are multiplied by the inverse root of the fitted covariance of their unit, which leaves least squares: the sandwich
is that of ``ClusterRobust``, with units as clusters and the fitted covariance as working model (clubSandwich, and
R's mmrm with vcov Empirical, Empirical-Bias-Reduced and Empirical-Jackknife).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.linear.sandwich import ClusterRobust
from omtrace.statistics.mixed.reml import Scale, pooled_df

Robust = Literal["CR0", "CR2", "CR3"]
ROBUST = ("CR0", "CR2", "CR3")
SINGULAR = 1e-10  # smallest over largest variance of combinations, below which they are not told apart


@dataclass(frozen=True)
class RobustInference:
    """Tests of combinations of the coefficients with a sandwich covariance.

    ``beta`` (p,) and ``clusters`` are those of the orthonormal design, with the outcome on the scale of the fit;
    ``scale`` leads back to the design and the values as given.
    """

    scale: Scale
    beta: np.ndarray
    clusters: ClusterRobust

    def contrast(self, weights: ArrayLike, level: float) -> dict[str, float]:
        """Estimate, se, ci_low, ci_high, t, df, p of one combination, weights (p,).

        Raises
        ------
        ValueError
            For weights of another length, and for a combination that rests on one unit alone.
        """
        (z,) = self.scale.checked(weights, 1)
        if self.clusters.rests_on_one(z):
            raise ValueError("an estimate rests on one unit alone, so that a sandwich gives it no standard error")
        size = float(self.scale.scale[0])
        estimate = float(z @ (self.scale.offset[0] + size * self.beta))
        se = size * float(np.sqrt(z @ self.clusters.covariance @ z))
        return {"estimate": estimate, **wald_numbers(estimate, se, self.clusters.df(z), level)}

    def joint_test(self, weights: ArrayLike) -> dict[str, float]:
        """Test f, df_1, df_2, p that all combinations, weights (c, p), are 0, with Fai and Cornelius' denominator.

        NaN where the units are too few: their sandwich does not tell c combinations apart, or leaves no denominator.

        Raises
        ------
        ValueError
            For weights of another length, and for combinations that depend on each other.
        """
        z = self.scale.checked(weights)
        covariance, c = z @ self.clusters.covariance @ z.T, len(z)
        estimate = z @ (self.scale.offset[0] / self.scale.scale[0] + self.beta)
        values, vectors = np.linalg.eigh(covariance)
        df = pooled_df(np.array([self.clusters.df(row) for row in vectors.T @ z]))
        f = math.nan
        if values[0] > SINGULAR * values[-1] and df > 0:
            f = float(estimate @ np.linalg.solve(covariance, estimate)) / c
        return {"f": f, "df_1": float(c), "df_2": df, "p": float(fdtrc(c, df, f))}


def robust_clusters(
    basis: np.ndarray,
    residuals: np.ndarray,
    units: Sequence[np.ndarray],
    covariances: Sequence[np.ndarray],
    kind: Robust,
) -> ClusterRobust:
    """The sandwich of a weighted fit.

    Parameters
    ----------
    basis, residuals
        Design (n, p) and residuals (n,).
    units
        The rows of each unit.
    covariances
        The working covariance of each unit's rows.
    kind
        CR0, CR2 or CR3.
    """
    x, left, label = np.empty_like(basis), np.empty(len(basis)), np.empty(len(basis), dtype=int)
    for place, (rows, covariance) in enumerate(zip(units, covariances, strict=True)):
        root = np.linalg.cholesky(covariance)
        x[rows], left[rows] = np.linalg.solve(root, basis[rows]), np.linalg.solve(root, residuals[rows])
        label[rows] = place
    return ClusterRobust(x, left, label.tolist(), kind)

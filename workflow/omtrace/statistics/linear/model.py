"""A fitted linear model: combinations of its coefficients, and joint tests."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.linear.sandwich import ClusterRobust

ONE_CLUSTER = (
    "an estimate rests on one cluster alone, so that nothing says how much clusters differ; a cluster-robust standard "
    "error needs two clusters or more in each group"
)


class Estimate(NamedTuple):
    """A combination of coefficients with its standard error and degrees of freedom."""

    value: float
    se: float
    df: float


@dataclass(frozen=True)
class LinearModel:
    """A fitted linear model.

    Attributes
    ----------
    coefficients, covariance : (p,) and (p, p)
    residual_ss : sum of squares
    df : residual degrees of freedom
    values : n
    r_squared : share of the variance explained
    clusters : of a cluster-robust covariance
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    residual_ss: float
    df: int
    values: int
    r_squared: float
    clusters: ClusterRobust | None = None

    @property
    def variance(self) -> float:
        """The residual variance."""
        return self.residual_ss / self.df

    def estimate(self, weights: ArrayLike) -> Estimate:
        """A combination of the coefficients, weights (p,).

        Raises ValueError where it rests on one cluster alone.
        """
        w = np.asarray(weights, dtype=float)
        if self.clusters and self.clusters.rests_on_one(w):
            raise ValueError(ONE_CLUSTER)
        se = math.sqrt(float(w @ self.covariance @ w))
        df = self.clusters.df(w) if self.clusters else float(self.df)
        return Estimate(float(w @ self.coefficients), se, df)

    def contrast(self, weights: ArrayLike, level: float = 0.95) -> dict[str, float]:
        """estimate, se, ci_low, ci_high, t, df, p of a combination of the coefficients, weights (p,)."""
        value, se, df = self.estimate(weights)
        return {"estimate": value, **wald_numbers(value, se, df, level)}

    def joint_test(self, weights: ArrayLike) -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p.

        Raises ValueError with a cluster-robust covariance.
        """
        if self.clusters:
            raise ValueError("a joint test with a cluster-robust covariance is not offered")
        w = np.atleast_2d(np.asarray(weights, dtype=float))
        df_1, values = len(w), w @ self.coefficients
        f = float(values @ np.linalg.solve(w @ self.covariance @ w.T, values)) / df_1
        return {"f": f, "df_1": float(df_1), "df_2": float(self.df), "p": float(fdtrc(df_1, self.df, f))}

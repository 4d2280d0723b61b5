"""The general linear model by ordinary least squares, with the interface of the mixed model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import fdtrc

from omtrace.statistics.basic.samples import TOLERANCE, sample
from omtrace.statistics.basic.student import wald_numbers


@dataclass(frozen=True)
class LinearModel:
    """A fitted model: ``coefficients`` (p,), their covariance without the variance (p, p), residual SS and df."""

    coefficients: np.ndarray
    unscaled: np.ndarray
    residual_ss: float
    df: int
    values: int

    @property
    def variance(self) -> float:
        """The residual variance."""
        return self.residual_ss / self.df

    def contrast(self, weights: Any, level: float = 0.95) -> dict[str, float]:
        """Estimate of a combination of the coefficients, weights (p,), with se, ci_low, ci_high, t, df, p."""
        w = np.asarray(weights, dtype=float)
        se = math.sqrt(self.variance * float(w @ self.unscaled @ w))
        estimate = float(w @ self.coefficients)
        return {"estimate": estimate, **wald_numbers(estimate, se, self.df, level)}

    def joint_test(self, weights: Any) -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p; NaN without residual."""
        w = np.atleast_2d(np.asarray(weights, dtype=float))
        estimate = w @ self.coefficients
        ss = float(estimate @ np.linalg.solve(w @ self.unscaled @ w.T, estimate))
        return _f_test(ss, len(w), self.residual_ss, self.df)


def fit_linear(values: Any, design: Any) -> LinearModel:
    """Least squares of values (n,) on a design (n, p) of full rank. Raises ValueError without residual df."""
    y, x = sample(values), np.asarray(design, dtype=float)
    if y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[1]} coefficients leave no residual degrees of freedom")
    basis, triangle = np.linalg.qr(x)
    inner = basis.T @ y
    residual_ss = float(((y - basis @ inner) ** 2).sum())
    if math.sqrt(residual_ss / y.size) <= TOLERANCE * np.abs(y).max():
        residual_ss = 0.0
    inverse = np.linalg.inv(triangle)
    return LinearModel(inverse @ inner, inverse @ inverse.T, residual_ss, y.size - x.shape[1], y.size)


def type_two(values: Any, matrix: np.ndarray, columns: Mapping[str, slice]) -> dict[str, dict[str, float]]:
    """Type II tests: each term against the model of all terms that do not contain it; error of the whole model.

    ``columns`` as in ``terms.Design``. Each test has f, df_1, df_2, p.
    """
    y = sample(values)
    whole = fit_linear(y, matrix)
    tests = {}
    for term, place in columns.items():
        mine = set(term.split(":"))
        others = [p for name, p in columns.items() if not mine <= set(name.split(":"))]
        less = np.hstack([matrix[:, :1], *(matrix[:, p] for p in others)])
        more = np.hstack([less, matrix[:, place]])
        ss = fit_linear(y, less).residual_ss - fit_linear(y, more).residual_ss
        tests[term] = _f_test(ss, place.stop - place.start, whole.residual_ss, whole.df)
    return tests


def _f_test(ss: float, df_1: int, residual_ss: float, df_2: int) -> dict[str, float]:
    f = ss / df_1 / (residual_ss / df_2) if residual_ss > 0 else math.nan
    return {"f": f, "df_1": float(df_1), "df_2": float(df_2), "p": float(fdtrc(df_1, df_2, f))}

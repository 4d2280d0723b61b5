"""Analysis of covariance: adjusted means by group, their differences, and how these change over a covariate."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import betainc

from omtrace.statistics.basic.samples import TOLERANCE, quotient
from omtrace.statistics.basic.student import t_interval, wald_numbers
from omtrace.statistics.linear.design import Design, Terms
from omtrace.statistics.linear.sandwich import ClusterRobust, hc_covariance

if TYPE_CHECKING:
    import pandas

Covariance = Literal["classical", "HC0", "HC1", "HC2", "HC3", "HC4", "CR2"]


class LinearModel:
    """Ordinary least squares of an outcome on groups, covariates and factors.

    ``covariance``: classical, HC0 to HC4 (degrees of freedom n - p), or CR2, by the column ``cluster`` of the frame,
    with Bell and McCaffrey's degrees of freedom. Raises ValueError as ``Design`` does, and where the covariance cannot
    be estimated.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, covariance: Covariance = "classical",
                 cluster: str = "") -> None:  # fmt: skip
        self.design = design = Design(frame, terms)
        y, (self.n, p) = design.y, design.matrix.shape
        q, r = np.linalg.qr(design.matrix)
        self.coefficients = np.linalg.solve(r, q.T @ y)
        residuals = y - design.matrix @ self.coefficients
        squares, self.df = float(residuals @ residuals), self.n - p
        self.exact = math.sqrt(squares / self.n) <= TOLERANCE * np.abs(y).max()
        self.residual_sd = 0.0 if self.exact else math.sqrt(squares / self.df)
        self.r_squared = 1 - quotient(squares, float(((y - y.mean()) ** 2).sum()))
        self.clusters: ClusterRobust | None = None
        if covariance == "classical":
            root = np.linalg.inv(r)
            self.covariance = squares / self.df * root @ root.T
        elif covariance == "CR2":
            self.clusters = ClusterRobust(design.matrix, residuals, frame[cluster])
            self.covariance = self.clusters.covariance
        else:
            self.covariance = hc_covariance(design.matrix, residuals, covariance)

    def estimate(self, row: np.ndarray) -> tuple[float, float, float]:
        """A combination of the coefficients, its standard error (0 where there is no residual), degrees of freedom."""
        se = 0.0 if self.exact else math.sqrt(float(row @ self.covariance @ row))
        return float(row @ self.coefficients), se, self.clusters.df(row) if self.clusters else float(self.df)

    def adjusted_mean(self, group: Any, level: float = 0.95) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of a group."""
        estimate, se, df = self.estimate(self.design.mean(group))
        low, high = t_interval(estimate, se, df, level)
        return {"adjusted_mean": estimate, "se": se, "ci_low": low, "ci_high": high, "df": df}

    def difference(self, group: Any, reference: Any, level: float = 0.95,
                   at: dict[str, Any] | None = None) -> dict[str, float]:  # fmt: skip
        """difference, se, ci_low, ci_high, t, df, p of adjusted means; ``at``: what is held where (see ``Design``)."""
        return self._numbers("difference", self.design.difference(group, reference, at), level)

    def combination(self, weights: Mapping[Any, float], level: float = 0.95) -> dict[str, float]:
        """The same of adjusted means with weights, which add to 0. Raises ValueError if they do not."""
        if abs(sum(weights.values())) > TOLERANCE * max(map(abs, weights.values())):
            raise ValueError(f"the weights of a contrast add to {sum(weights.values()):g}, not to 0")
        row = np.sum([weight * self.design.mean(name) for name, weight in weights.items()], axis=0)
        return self._numbers("difference", row, level)

    def interaction(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """How the difference changes over the term of the interaction: an F test, and the change where it is one.

        f, df_1, df_2, p; where the change is one number (two levels, or a covariate: for one unit of it), instead
        interaction, se, ci_low, ci_high, t, df, p. Raises ValueError for several numbers with CR2.
        """
        rows = self.design.interactions(group, reference)
        if len(rows) == 1:
            return self._numbers("interaction", rows[0], level)
        if self.clusters:
            raise ValueError("a joint test with a cluster-robust covariance is not offered")
        found, k = rows @ self.coefficients, len(rows)
        if self.exact:
            return {"f": math.nan, "df_1": float(k), "df_2": float(self.df), "p": math.nan}
        f = float(found @ np.linalg.solve(rows @ self.covariance @ rows.T, found)) / k
        p = float(betainc(self.df / 2, k / 2, self.df / (self.df + k * f)))
        return {"f": f, "df_1": float(k), "df_2": float(self.df), "p": p}

    def _numbers(self, name: str, row: np.ndarray, level: float) -> dict[str, float]:
        estimate, se, df = self.estimate(row)
        return {name: estimate, **wald_numbers(estimate, se, df, level)}


def adjusted_difference(
    frame: "pandas.DataFrame",
    outcome: str,
    group: str,
    reference: Any,
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
    level: float = 0.95,
    contrast: Any = None,
) -> dict[str, float]:
    """Difference of means, ``contrast`` - ``reference``, from ordinary least squares.

    The model is outcome ~ group + covariates (numeric, linear) + factors (categories), without interactions,
    over all rows and all groups of the frame; ``contrast`` may be omitted where there are two groups. Raises
    ValueError for missing values, fewer than two groups, unknown groups, dependent columns, or no residual
    degrees of freedom. t and p are NaN where the model leaves no residual.
    """
    terms = Terms(outcome, group, reference=reference, covariates=covariates, factors=factors)
    model = LinearModel(frame, terms)
    groups = model.design.groups
    if contrast is None and len(groups) > 2:
        raise ValueError(f"{group}: {len(groups)} groups; name the one to be compared")
    numbers = model.difference(groups[1] if contrast is None else contrast, reference, level)
    return {**numbers, "r_squared": model.r_squared, "n": float(model.n)}


def adjusted_means(
    frame: "pandas.DataFrame",
    outcome: str,
    group: str,
    reference: Any,
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
    level: float = 0.95,
) -> dict[Any, dict[str, float]]:
    """Adjusted mean of each group, the reference first: n, adjusted_mean, se, ci_low, ci_high, df.

    Numeric covariates are held at their mean over all rows; the levels of each factor have equal weights,
    whatever their frequencies (the default of R's emmeans). Model and errors as in ``adjusted_difference``.
    """
    terms = Terms(outcome, group, reference=reference, covariates=covariates, factors=factors)
    model = LinearModel(frame, terms)
    return {name: {"n": float(n), **model.adjusted_mean(name, level)} for name, n in model.design.size.items()}

"""Ordinary least squares: contrasts and joint tests, and the analysis of covariance of groups."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc
from statsmodels.regression.linear_model import OLS

from omtrace.statistics.basic.samples import NO_RESIDUAL, TOLERANCE, quotient, sample
from omtrace.statistics.basic.student import t_interval
from omtrace.statistics.linear.design import GroupDesign, Held, Level, Terms, column_scale
from omtrace.statistics.linear.model import LinearModel
from omtrace.statistics.linear.sandwich import ClusterRobust, check_leverage, hc4_covariance
from omtrace.statistics.linear.unequal import fit_unequal

if TYPE_CHECKING:
    import pandas

Covariance = Literal["classical", "HC0", "HC1", "HC2", "HC3", "HC4", "CR2"]


def fit_linear(
    values: ArrayLike,
    matrix: ArrayLike,
    covariance: Covariance = "classical",
    cluster: Sequence[Level] | None = None,
) -> LinearModel:
    """Least squares by ``statsmodels.regression.linear_model.OLS``.

    Parameters
    ----------
    values : (n,)
    matrix : (n, p) of full rank, the first column 1
    covariance : of the coefficients: classical (one variance), HC0 to HC3 by statsmodels (White 1980; MacKinnon and
        White 1985), HC4, or CR2 by ``cluster`` with Bell and McCaffrey's degrees of freedom
    cluster : n labels, for CR2

    Raises
    ------
    ValueError
        without residual degrees of freedom, where the terms reproduce every value, so that nothing says how far values
        scatter, and where the covariance cannot be estimated

    Notes
    -----
    The mean of the values is taken off before the fit and given back to the first coefficient, so that values of many
    equal leading digits lose none of the others.

    Examples
    --------
    >>> model = fit_linear([1, 2, 4, 5], [[1, -1], [1, -1], [1, 1], [1, 1]])
    >>> found = model.contrast([0, 2])
    >>> round(found["estimate"], 9), round(found["se"], 4)
    (3.0, 0.7071)
    """
    y, x = sample(values), np.asarray(matrix, dtype=float)
    if y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[1]} coefficients leave no residual degrees of freedom")
    scale = column_scale(x)
    x = x / scale
    fit = OLS(y - y.mean(), x).fit()
    coefficients = np.array(fit.params) / scale  # so that the unit of a covariate plays no part
    coefficients[0] += y.mean()
    squares, clusters = float(fit.ssr), None
    if math.sqrt(squares / y.size) <= TOLERANCE * np.abs(y).max():  # rounding error only
        raise ValueError(NO_RESIDUAL)
    if covariance == "classical":
        spread = fit.cov_params()
    elif covariance == "CR2":
        clusters = ClusterRobust(x * scale, fit.resid, cluster if cluster is not None else (), "CR2")
        spread = clusters.covariance * np.outer(scale, scale)
    else:
        if covariance in ("HC2", "HC3", "HC4"):
            check_leverage(x, covariance)
        spread = hc4_covariance(x, fit.resid) if covariance == "HC4" else getattr(fit, f"cov_{covariance}")
    spread = np.asarray(spread) / np.outer(scale, scale)
    r_squared = 1 - quotient(squares, float(((y - y.mean()) ** 2).sum()))
    return LinearModel(coefficients, spread, squares, y.size - x.shape[1], y.size, r_squared, clusters)


def type_two(values: ArrayLike, matrix: np.ndarray, columns: Mapping[str, slice]) -> dict[str, dict[str, float]]:
    """Type II tests: each term against the model of all terms that do not contain it; error of the whole model.

    ``columns`` as in ``Design``. Each test has f, df_1, df_2, p. Instead of ``statsmodels.stats.anova.anova_lm``,
    which needs a formula of statsmodels' own.
    """
    y = sample(values)
    whole = fit_linear(y, matrix)
    tests = {}
    for term, place in columns.items():
        mine = set(term.split(":"))
        others = [p for name, p in columns.items() if not mine <= set(name.split(":"))]
        less = np.hstack([matrix[:, :1], *(matrix[:, p] for p in others)])
        more = np.hstack([less, matrix[:, place]])
        squares = fit_linear(y, less).residual_ss - fit_linear(y, more).residual_ss
        df_1 = place.stop - place.start
        f = squares / df_1 / whole.variance
        tests[term] = {"f": f, "df_1": float(df_1), "df_2": float(whole.df), "p": float(fdtrc(df_1, whole.df, f))}
    return tests


class Ancova:
    """Ordinary least squares of an outcome on groups, covariates and factors.

    Parameters
    ----------
    frame : a row a unit
    terms : what its columns are
    covariance : as in ``fit_linear``, or "by group": each group has a residual variance of its own
    cluster : column of the frame, for CR2

    Raises
    ------
    ValueError
        as ``GroupDesign`` and ``fit_linear``

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"y": [1, 2, 3, 6], "arm": ["a", "a", "b", "b"]})
    >>> round(Ancova(frame, Terms("y", "arm", ["a", "b"])).difference("b", "a")["difference"], 9)
    3.0
    """

    def __init__(
        self,
        frame: "pandas.DataFrame",
        terms: Terms,
        covariance: Covariance | Literal["by group"] = "classical",
        cluster: str = "",
    ) -> None:
        self.design = GroupDesign(frame, terms)
        self.variances: dict[Level, float] = {}
        if covariance == "by group":
            unequal = fit_unequal(self.design.y, self.design.matrix, frame[terms.group].tolist())
            self.model: LinearModel = unequal
            self.variances = unequal.variances
            return
        labels = frame[cluster].tolist() if cluster else None
        self.model = fit_linear(self.design.y, self.design.matrix, covariance, labels)

    def adjusted_mean(self, group: Level, level: float = 0.95) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of a group; a mean that rests on one cluster alone has no se."""
        row = self.design.mean(group)
        if self.model.clusters and self.model.clusters.rests_on_one(row):
            estimate, se, df = float(row @ self.model.coefficients), math.nan, math.nan
        else:
            estimate, se, df = self.model.estimate(row)
        low, high = t_interval(estimate, se, df, level)
        return {"adjusted_mean": estimate, "se": se, "ci_low": low, "ci_high": high, "df": df}

    def difference(
        self, group: Level, reference: Level, level: float = 0.95, held: Held | None = None
    ) -> dict[str, float]:
        """difference, se, ci_low, ci_high, t, df, p of adjusted means; ``held``: as ``GroupDesign.mean``."""
        return self._numbers("difference", self.design.difference(group, reference, held), level)

    def combination(self, weights: Mapping[Level, float], level: float = 0.95) -> dict[str, float]:
        """The same of adjusted means with weights, which add to 0. Raises ValueError if they do not."""
        if abs(sum(weights.values())) > TOLERANCE * max(map(abs, weights.values())):
            raise ValueError(f"the weights of a contrast add to {sum(weights.values()):g}, not to 0")
        row = np.sum([weight * self.design.mean(name) for name, weight in weights.items()], axis=0)
        return self._numbers("difference", row, level)

    def interaction(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """How the difference changes over the term of the interaction: an F test, and the change where it is one.

        f, df_1, df_2, p; where the change is one number (two levels, or a covariate: for one unit of it), instead
        interaction, se, ci_low, ci_high, t, df, p. Raises ValueError for several numbers with CR2.
        """
        rows = self.design.interactions(group, reference)
        return self._numbers("interaction", rows[0], level) if len(rows) == 1 else self.model.joint_test(rows)

    def _numbers(self, name: str, row: np.ndarray, level: float) -> dict[str, float]:
        numbers = self.model.contrast(row, level)
        return {name: numbers.pop("estimate"), **numbers}

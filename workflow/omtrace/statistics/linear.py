"""Analysis of covariance: adjusted means by group and their difference."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from omtrace.statistics.samples import TOLERANCE, quotient, sample
from omtrace.statistics.student import t_interval, wald_numbers

if TYPE_CHECKING:
    import pandas


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
    model = _Model(frame, outcome, group, reference, covariates, factors)
    if contrast is None and len(model.groups) > 2:
        raise ValueError(f"{group}: {len(model.groups)} groups; name the one to be compared")
    row = model.row(model.groups[1] if contrast is None else contrast) - model.row(reference)
    estimate, se = model.estimate(row)
    numbers = wald_numbers(estimate, se, model.df, level)
    return {"difference": estimate, **numbers, "r_squared": model.r_squared, "n": float(model.n)}


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
    model = _Model(frame, outcome, group, reference, covariates, factors)
    means = {}
    for name in model.groups:
        estimate, se = model.estimate(model.row(name))
        low, high = t_interval(estimate, se, model.df, level)
        numbers = {"adjusted_mean": estimate, "se": se, "ci_low": low, "ci_high": high, "df": float(model.df)}
        means[name] = {"n": float(model.size[name]), **numbers}
    return means


class _Model:
    """A fitted analysis of covariance; group coded against the reference, factors by sum contrasts."""

    def __init__(self, frame, outcome, group, reference, covariates, factors) -> None:
        import pandas
        from statsmodels.regression.linear_model import OLS

        _check_columns(frame, [outcome, group, *covariates, *factors])
        y = sample(frame[outcome], outcome)
        self.size = {name: n for name, n in frame[group].value_counts().items() if n}
        self.groups = [reference, *sorted((g for g in self.size if g != reference), key=str)]
        if reference not in self.size:
            raise ValueError(f"{group}: no row of the reference group")
        if len(self.groups) < 2:
            raise ValueError(f"{group}: fewer than 2 groups")
        self.reference, self.n = reference, y.size
        data = {"group": pandas.Categorical(frame[group].astype(object), categories=self.groups)}
        terms = ["C(group, contr.treatment)"]
        for i, name in enumerate(covariates):
            data[f"covariate_{i}"] = sample(frame[name], name)
            terms.append(f"covariate_{i}")
        for i, name in enumerate(factors):
            levels = sorted(set(frame[name]), key=str)
            data[f"factor_{i}"] = pandas.Categorical(frame[name].astype(object), categories=levels)
            if len(levels) < 2:
                raise ValueError(f"{name}: a factor with one level")
            terms.append(f"C(factor_{i}, contr.sum)")
        self.design = _design("1 + " + " + ".join(terms), pandas.DataFrame(data))
        fit = OLS(y, self.design).fit()
        self.df, self.params, self.covariance = int(fit.df_resid), fit.params, fit.cov_params()
        self.r_squared = 1 - quotient(float(fit.ssr), float(((y - y.mean()) ** 2).sum()))
        self.exact = math.sqrt(fit.ssr / y.size) <= TOLERANCE * np.abs(y).max()
        self.covariates = slice(len(self.groups), len(self.groups) + len(covariates))

    def row(self, name: Any) -> np.ndarray:
        """Coefficients of a group's adjusted mean; sum contrasts make an equally weighted factor vanish."""
        if name not in self.size:
            raise ValueError(f"no row of the group {name!r}")
        row = np.zeros(self.params.size)
        row[0] = 1.0
        row[self.covariates] = self.design[:, self.covariates].mean(axis=0)
        if name != self.reference:
            row[self.groups.index(name)] = 1.0
        return row

    def estimate(self, row: np.ndarray) -> tuple[float, float]:
        """A linear combination of the coefficients and its standard error (0 where there is no residual)."""
        se = 0.0 if self.exact else math.sqrt(float(row @ self.covariance @ row))
        return float(row @ self.params), se


def _check_columns(frame: "pandas.DataFrame", names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice in the model")
    for name in names:
        if name not in frame:
            raise ValueError(f"{name}: no such column")
        if missing := int(frame[name].isna().sum()):
            raise ValueError(f"{name}: {missing} of {len(frame)} values are missing")


def _design(formula: str, frame: "pandas.DataFrame") -> np.ndarray:
    """The model matrix, columns in the order of the formula. Raises ValueError unless it leaves residuals."""
    import formulaic

    matrix = formulaic.Formula(formula).get_model_matrix(frame)
    design = np.asarray(matrix, dtype=float)
    rows, columns = design.shape
    if rows <= columns:
        raise ValueError(f"{rows} rows for {columns} coefficients leave no residual degrees of freedom")
    centred = np.column_stack([np.ones(rows), design[:, 1:] - design[:, 1:].mean(axis=0)])
    size = np.linalg.norm(centred, axis=0)
    empty = size <= TOLERANCE * np.linalg.norm(design, axis=0)
    if empty.any() or np.linalg.matrix_rank(centred / size) < columns:
        raise ValueError("the model's columns depend on each other: a term is constant, or given by others")
    return design

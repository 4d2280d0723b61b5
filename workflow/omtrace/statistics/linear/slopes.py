"""How an outcome changes with a dose: a slope in each group, from one linear model, and their difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import check_terms, sample
from omtrace.statistics.linear.linear import Covariance, fit_linear
from omtrace.statistics.linear.model import LinearModel


@dataclass(frozen=True)
class Slopes:
    """Slopes of groups.

    Attributes
    ----------
    model
        The linear model.
    places
        Group -> the coefficient that is its slope.
    """

    model: LinearModel
    places: Mapping[str, int]

    def slope(self, group: str, level: float = 0.95) -> dict[str, float]:
        """dose_slope, se, ci_low, ci_high, t, df, p of a group: change of the outcome for one more unit of the dose."""
        return self._contrast({group: 1.0}, level)

    def difference(self, group: str, reference: str, level: float = 0.95) -> dict[str, float]:
        """The same of the difference of two groups' slopes, group - reference."""
        return self._contrast({group: 1.0, reference: -1.0}, level)

    def _contrast(self, parts: Mapping[str, float], level: float) -> dict[str, float]:
        weights = np.zeros(len(self.model.coefficients))
        for group, weight in parts.items():
            weights[self.places[group]] += weight
        found = self.model.contrast(weights, level)
        return {"dose_slope": found.pop("estimate"), **found}


def fit_slopes(
    values: ArrayLike,
    dose: ArrayLike,
    group: Sequence[str],
    covariates: Sequence[ArrayLike] = (),
    covariance: Covariance = "classical",
    terms: Sequence[str] = (),
) -> Slopes:
    """Least squares of values on group, dose within group, and covariates with a slope common to all groups.

    Parameters
    ----------
    values
        The outcome (n,).
    dose
        The dose (n,).
    group
        The group of each value (n,).
    covariates
        Numeric columns (n,), such as the outcome's baseline, and indicators of the levels of factors.
    covariance
        Of the coefficients; see ``fit_linear``.
    terms
        The term of each covariate, for messages.

    Returns
    -------
    Slopes

    Raises
    ------
    ValueError
        For a group in which the dose does not vary, and where the terms cannot be told from each other.

    Examples
    --------
    >>> found = fit_slopes([1, 3, 5, 6, 2, 2, 3, 3], [0, 1, 2, 3, 0, 1, 2, 3], ["a"] * 4 + ["b"] * 4)
    >>> round(found.slope("a")["dose_slope"], 9), round(found.difference("a", "b")["dose_slope"], 9)
    (1.7, 1.3)
    """
    y, x = sample(values), sample(dose, "dose")
    labels = np.asarray(group, dtype=object)
    names = sorted(set(labels))
    for name in names:
        if np.ptp(x[labels == name]) == 0:
            raise ValueError(f"{name}: the dose is the same in all {int((labels == name).sum())} units of it")
    columns = [np.ones(y.size), *((labels == name).astype(float) for name in names[1:])]
    places = {name: len(columns) + at for at, name in enumerate(names)}
    columns += [np.where(labels == name, x, 0.0) for name in names]
    named = list(terms or [f"covariate {n}" for n in range(1, len(covariates) + 1)])
    columns += [sample(column) for column in covariates]
    matrix = np.column_stack(columns)
    check_terms(matrix, ["", *names[1:], *(f"dose in {name}" for name in names), *named])
    return Slopes(fit_linear(y, matrix, covariance), places)

"""How far two groups differ before treatment, in standard deviations."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2_contingency

from omtrace.statistics.basic.samples import mean, quotient, sample, standard_deviation


def standardised_difference(a: ArrayLike, b: ArrayLike) -> float:
    """(mean a - mean b) / sqrt of the mean of both variances (Austin 2009, Stat Med 28:3083).

    NaN for groups of fewer than two, and for means that differ without any variance. Raises ValueError for missing
    values.
    """
    x, y = sample(a), sample(b)
    spread = math.sqrt((standard_deviation(x) ** 2 + standard_deviation(y) ** 2) / 2)
    difference = mean(x) - mean(y)
    return 0.0 if difference == 0 and spread == 0 else quotient(difference, spread)


def standardised_difference_of_categories(counts_a: Sequence[int], counts_b: Sequence[int]) -> float:
    """Of several categories: the Mahalanobis distance of the shares, the first one left out (Yang and Dalton 2012).

    Never negative; for two categories the size of the difference of shares over the square root of the mean of both
    variances. ``counts``: in the same order of categories. NaN for an empty group, and for shares that differ without
    any variance.
    """
    table = np.array([counts_a, counts_b], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if not table.sum(axis=1).all():
        return math.nan
    p, q = (row[1:] / row.sum() for row in table)
    if np.array_equal(p, q):
        return 0.0
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    if np.linalg.matrix_rank(covariance) < p.size:
        return math.nan
    return math.sqrt(float((p - q) @ np.linalg.solve(covariance, p - q)))


def chi_squared_p(counts_a: Sequence[int], counts_b: Sequence[int]) -> float:
    """p of Pearson's chi-squared test without correction, of the categories that occur; NaN where there is but one."""
    table = np.array([counts_a, counts_b], dtype=float)
    table = table[:, table.sum(axis=0) > 0]
    if not table.sum(axis=1).all() or table.shape[1] < 2:
        return math.nan
    return float(chi2_contingency(table, correction=False).pvalue)

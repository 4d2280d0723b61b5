"""Two measurements of the same units: correlation, and limits of agreement."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import kendalltau, linregress, nct, pearsonr, spearmanr

from omtrace.statistics.basic.samples import check_level, sample
from omtrace.statistics.basic.student import t_interval, wald_numbers

Kind = Literal["pearson", "spearman", "kendall"]
FEWEST = {"pearson": 4, "spearman": 4, "kendall": 5}  # pairs that an interval needs


def correlation(a: ArrayLike, b: ArrayLike, kind: Kind = "pearson", level: float = 0.95) -> dict[str, float]:
    """The correlation of pairs with interval and test.

    Parameters
    ----------
    a, b : values of the same units (n,)
    kind : Pearson's r; Spearman's rho; Kendall's tau-b
    level : confidence level

    Returns
    -------
    n, correlation_coefficient, ci_low, ci_high, p.

    Raises
    ------
    ValueError
        for missing values, too few pairs, and values that do not vary

    Notes
    -----
    By ``scipy.stats``. Intervals are Fisher's z, with the standard errors of Bonett and Wright (2000) for ranks:
    sqrt((1 + rho^2 / 2) / (n - 3)) and sqrt(0.437 / (n - 4)). p: of Student's t, which for Spearman's rho is an
    approximation; of Kendall's tau exact without ties in small samples, else normal.

    Examples
    --------
    >>> found = correlation([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 8], "spearman")
    >>> round(found["correlation_coefficient"], 4), round(found["ci_low"], 4)
    (0.8857, 0.0664)
    """
    x, y = _pairs(a, b, FEWEST[kind])
    n, z = x.size, float(ndtri((1 + check_level(level)) / 2))
    if kind == "pearson":
        test = pearsonr(x, y)
        se = 1 / math.sqrt(n - 3)
    elif kind == "spearman":
        test = spearmanr(x, y)
        se = math.sqrt((1 + test.statistic**2 / 2) / (n - 3))
    else:
        test = kendalltau(x, y)
        se = math.sqrt(0.437 / (n - 4))
    r = min(1.0, max(-1.0, float(test.statistic)))
    ends = [math.tanh(math.atanh(r) + side * z * se) if abs(r) < 1 else r for side in (-1, 1)]
    numbers = {"n": float(n), "correlation_coefficient": r, "ci_low": ends[0], "ci_high": ends[1]}
    return {**numbers, "p": float(test.pvalue)}


def limits_of_agreement(a: ArrayLike, b: ArrayLike, level: float = 0.95, share: float = 0.95) -> dict[str, float]:
    """The mean difference a - b of pairs, and the limits between which a share of differences lies.

    Parameters
    ----------
    a, b : two measurements of the same units (n,)
    level : confidence level
    share : of the differences between the limits, if they are normal

    Returns
    -------
    n, difference (mean of a - b) with ci_low and ci_high by t, sd of the differences; agreement_lower and
    agreement_upper: difference -+ z sd (Bland and Altman 1999), each with limits _low and _high.

    Raises
    ------
    ValueError
        for missing values, fewer than three pairs, and differences that do not vary

    Notes
    -----
    A limit is a quantile of a normal distribution; its interval is the exact one by the noncentral t (Carkeet 2015,
    doi:10.1097/OPX.0000000000000513), not the approximation of 1986.

    Examples
    --------
    >>> found = limits_of_agreement([5, 7, 6, 9, 8], [4, 7, 5, 8, 9])
    >>> round(found["agreement_upper"], 3), round(found["agreement_upper_high"], 3)
    (2.153, 5.744)
    """
    x, y = _pairs(a, b, 3, vary=False)
    difference = x - y
    n, mean, sd = x.size, float(difference.mean()), float(difference.std(ddof=1))
    if not sd > 1e-12 * max(np.abs(x).max(), np.abs(y).max()):
        raise ValueError("the differences do not vary")
    z, scale = float(ndtri((1 + share) / 2)), sd / math.sqrt(n)
    tail = (1 - check_level(level)) / 2
    near, far = (float(nct.ppf(p, n - 1, z * math.sqrt(n))) * scale for p in (tail, 1 - tail))
    low, high = t_interval(mean, scale, n - 1, level)
    return {
        "n": float(n),
        "difference": mean,
        "ci_low": low,
        "ci_high": high,
        "sd": sd,
        "agreement_lower": mean - z * sd,
        "agreement_lower_low": mean - far,
        "agreement_lower_high": mean - near,
        "agreement_upper": mean + z * sd,
        "agreement_upper_low": mean + near,
        "agreement_upper_high": mean + far,
    }


def trend_of_differences(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """The slope of the difference a - b on the mean of both: slope, se, ci_low, ci_high, t, df, p.

    Raises ValueError as ``limits_of_agreement``, and where the means do not vary.
    """
    x, y = _pairs(a, b, 3, vary=False)
    if not np.ptp(x + y) > 0:
        raise ValueError("the means of the pairs do not vary")
    line = linregress((x + y) / 2, x - y)
    return {"dose_slope": float(line.slope), **wald_numbers(float(line.slope), float(line.stderr), x.size - 2, level)}


def _pairs(a: ArrayLike, b: ArrayLike, fewest: int, vary: bool = True) -> np.ndarray:
    """The first and the second value of each pair (2, n)."""
    x, y = sample(a, "a"), sample(b, "b")
    if x.size != y.size:
        raise ValueError(f"{x.size} and {y.size} values are no pairs")
    if x.size < fewest:
        raise ValueError(f"{x.size} pairs; at least {fewest} are needed")
    if vary and not (np.ptp(x) > 0 and np.ptp(y) > 0):
        raise ValueError("values that do not vary have no correlation")
    return np.array([x, y])

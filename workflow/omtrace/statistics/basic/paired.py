"""Two measurements of the same units: change, its effect sizes, and the exact signed-rank test."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import ttest_rel

from omtrace.statistics.basic.ranks import (
    PairSums,
    doubled_midranks,
    order_of_limit,
    order_of_normal_limit,
    sign_sums,
)
from omtrace.statistics.basic.samples import (
    STORED,
    check_level,
    mean,
    quotient,
    sample,
    standard_deviation,
)
from omtrace.statistics.basic.student import hedges_correction, noncentral_t_interval, t_interval

EXACT_UP_TO = 500  # differences; beyond, the normal approximation (0.2 s of convolution at the limit)


def paired_change(before: ArrayLike, after: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Change = after - before of the same units, paired t test, and effect sizes of the change.

    Parameters
    ----------
    before, after : values of the units, in the same order
    level : confidence level

    Returns
    -------
    n, mean and sd of both and of the change; ci_low, ci_high, t, df, p; d_z, d_av and hedges_g. What is undefined
    (below two pairs, no spread) is NaN.

    Raises
    ------
    ValueError
        for missing values or unequal lengths

    Notes
    -----
    d_z is the mean change over the SD of the changes, with the exact noncentral-t interval; hedges_g is d_z times
    Hedges' exact correction, and so is its interval; d_av divides by the mean of the two SDs (Lakens 2013).

    Examples
    --------
    >>> found = paired_change([64, 61, 60, 66], [60, 60, 57, 58])
    >>> found["mean_change"], round(found["p"], 4)
    (-4.0, 0.0727)
    """
    x, y = sample(before, "before"), sample(after, "after")
    if x.size != y.size:
        raise ValueError(f"before has {x.size} values and after has {y.size}: not pairs")
    change, n = y - x, x.size
    spread = standard_deviation(change, float(np.abs([x, y]).max()) if n else 0.0)
    se = quotient(spread, math.sqrt(n))
    t = p = math.nan
    low, high = t_interval(mean(change), se, n - 1, level)
    if spread > 0:
        test = ttest_rel(y, x)
        limits = test.confidence_interval(level)
        t, p, low, high = (float(number) for number in (test.statistic, test.pvalue, limits.low, limits.high))
    d_z, correction = quotient(mean(change), spread), hedges_correction(n - 1)
    d_low, d_high = (quotient(end, math.sqrt(n)) for end in noncentral_t_interval(t, n - 1, level))
    return {
        "n": float(n),
        "mean_before": mean(x),
        "sd_before": standard_deviation(x),
        "mean_after": mean(y),
        "sd_after": standard_deviation(y),
        "mean_change": mean(change),
        "sd_change": spread,
        "ci_low": low,
        "ci_high": high,
        "t": t,
        "df": float(n - 1),
        "p": p,
        "d_z": d_z,
        "d_z_ci_low": d_low,
        "d_z_ci_high": d_high,
        "d_av": quotient(mean(change), (standard_deviation(x) + standard_deviation(y)) / 2),
        "hedges_g": correction * d_z,
        "hedges_g_ci_low": correction * d_low,
        "hedges_g_ci_high": correction * d_high,
    }


def signed_rank(
    change: ArrayLike, zeros: Literal["wilcoxon", "pratt"] = "wilcoxon", size: ArrayLike | None = None
) -> dict[str, float]:
    """Signed-rank test of changes: V is the sum of the mid-ranks of the positive ones.

    Parameters
    ----------
    change : one-dimensional
    zeros : dropped before ranking (Wilcoxon 1945), or ranked and then dropped (Pratt 1959)
    size : of the numbers whose differences the changes are, for what is equal but for rounding; none: the changes' own

    Returns
    -------
    n_nonzero, signed_rank_v, signed_rank_p (two-sided; NaN for no changes, 1 if all of them are zero) and
    method_exact: 1, or 0 beyond 500 non-zero changes, where p is that of the normal approximation with the conditional
    variance, without continuity correction.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    The exact p is conditional on ties and zeros: the share of all sign patterns whose V lies as far from its
    expectation as the observed one. Instead of ``scipy.stats.wilcoxon``, whose exact p is that of untied ranks (0.1309
    where 0.1191 is right) and, with Pratt's zeros, wrong.

    Examples
    --------
    >>> round(signed_rank([1, 2, 3, 4, 5, 6, 7, 1e13])["signed_rank_p"], 4)
    0.0078
    """
    d = sample(change, "changes")
    of = np.abs(d) if size is None else sample(size, "size")
    if zeros not in ("wilcoxon", "pratt"):
        raise ValueError("zeros must be 'wilcoxon' or 'pratt'")
    moved, count = np.abs(d) > STORED * of, d.size
    if zeros == "wilcoxon":
        d, of, moved = d[moved], of[moved], moved[moved]
    ranks = doubled_midranks(np.abs(d), of)[moved]
    v, total, n = int(ranks[d[moved] > 0].sum()), int(ranks.sum()), ranks.size
    exact = n <= EXACT_UP_TO
    if count == 0:
        p = math.nan
    elif exact:
        far = np.abs(2 * np.arange(total + 1) - total) >= abs(2 * v - total)  # integers: no rounding
        p = min(1.0, float(sign_sums(ranks)[far].sum()))
    else:
        p = 2 * float(ndtr(-abs(v - total / 2) / math.sqrt(float((ranks.astype(float) ** 2).sum()) / 4)))
    return {"n_nonzero": float(n), "signed_rank_v": v / 2, "signed_rank_p": p, "method_exact": float(exact)}


def hodges_lehmann(change: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Median of all Walsh averages (d_i + d_j)/2, i <= j, zeros included, and its distribution-free interval.

    Parameters
    ----------
    change : the changes, one-dimensional
    level : confidence level

    Returns
    -------
    hodges_lehmann and its limits, in the unit of the changes; limits are NaN where the sample is too small for the
    level.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    The limits are order statistics of the Walsh averages by the null distribution of V without ties (normal beyond
    500 changes); as a closed interval the coverage is at least ``level``, with ties too (Noether 1967). No library
    has it.

    Examples
    --------
    >>> hodges_lehmann([-5, -4, 0, -7, -2])["hodges_lehmann"]
    -3.5
    """
    d, level = sample(change, "changes"), check_level(level)
    n = d.size
    if n <= EXACT_UP_TO:
        k = order_of_limit(sign_sums(np.arange(1, n + 1)), level)
    else:
        k = order_of_normal_limit(n * (n + 1) // 2, n * (n + 1) * (2 * n + 1) / 24, level)
    middle, low, high = (value / 2 for value in PairSums(d).median_and_limits(k))
    return {"hodges_lehmann": middle, "hodges_lehmann_low": low, "hodges_lehmann_high": high}

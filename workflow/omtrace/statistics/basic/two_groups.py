"""Two independent groups: Welch's t test, the exact Mann-Whitney test and the Hodges-Lehmann shift."""

import math
from typing import Any

import numpy as np
from scipy.special import ndtr

from omtrace.statistics.basic.pair_sums import PairSums
from omtrace.statistics.basic.ranks import doubled_midranks, order_of_limit, order_of_normal_limit, subset_sums
from omtrace.statistics.basic.samples import check_level, mean, quotient, sample, standard_deviation
from omtrace.statistics.basic.student import hedges_correction, noncentral_t_interval, wald_numbers

EXACT_UP_TO = 10_000  # pairs n_a * n_b; beyond, the normal approximation


def welch(a: Any, b: Any, level: float = 0.95) -> dict[str, float]:
    """Difference of means a - b with Welch's interval and test, Cohen's d and Hedges' g.

    cohens_d is the difference over the pooled SD, with the exact interval of the noncentral t of the pooled
    test; hedges_g is cohens_d times Hedges' exact correction for n_a + n_b - 2 degrees of freedom, and so is
    its interval.
    What is undefined (below two values in a group, no spread) is NaN. Raises ValueError for missing values.
    """
    x, y = sample(a, "a"), sample(b, "b")
    n_a, n_b, sd_a, sd_b = x.size, y.size, standard_deviation(x), standard_deviation(y)
    difference = mean(x) - mean(y)
    part_a, part_b = quotient(sd_a**2, n_a), quotient(sd_b**2, n_b)
    df = quotient((part_a + part_b) ** 2, quotient(part_a**2, n_a - 1) + quotient(part_b**2, n_b - 1))
    numbers = wald_numbers(difference, math.sqrt(part_a + part_b), df, level)
    pooled_df = n_a + n_b - 2
    pooled = math.sqrt(quotient((n_a - 1) * sd_a**2 + (n_b - 1) * sd_b**2, pooled_df))
    size = math.sqrt(quotient(1, n_a) + quotient(1, n_b))
    correction = hedges_correction(pooled_df)
    low, high = noncentral_t_interval(quotient(difference, pooled * size), pooled_df, level)
    return {
        "n_a": float(n_a),
        "n_b": float(n_b),
        "mean_a": mean(x),
        "mean_b": mean(y),
        "sd_a": sd_a,
        "sd_b": sd_b,
        "difference": difference,
        **numbers,
        "cohens_d": quotient(difference, pooled),
        "cohens_d_ci_low": low * size,
        "cohens_d_ci_high": high * size,
        "hedges_g": correction * quotient(difference, pooled),
        "hedges_g_ci_low": correction * low * size,
        "hedges_g_ci_high": correction * high * size,
    }


def mann_whitney(a: Any, b: Any) -> dict[str, float]:
    """Mann-Whitney test: U is the number of pairs in which a exceeds b, ties counting half.

    The p value is two-sided and exact, conditional on ties: the share of all splits of the pooled values
    whose U lies as far from n_a n_b / 2 as the observed one. Beyond n_a n_b = 10,000 (method_exact 0) the
    normal approximation with the tie-corrected variance, without continuity correction. NaN for an empty
    group. Raises ValueError for missing values.
    """
    x, y = sample(a, "a"), sample(b, "b")
    n_a, n_b = x.size, y.size
    exact = n_a * n_b <= EXACT_UP_TO
    if n_a == 0 or n_b == 0:
        return {"mann_whitney_u": math.nan, "mann_whitney_p": math.nan, "method_exact": float(exact)}
    ranks = doubled_midranks(np.concatenate([x, y]))
    count = n_a + n_b
    away = abs(int(ranks[:n_a].sum()) - n_a * (count + 1))
    u = int(ranks[:n_a].sum()) / 2 - n_a * (n_a + 1) / 2
    if exact:
        size, floor = min(n_a, n_b), int(ranks.min())
        step = max(1, int(np.gcd.reduce(ranks - floor)))
        probability = subset_sums((ranks - floor) // step, size)
        sums = step * np.arange(probability.size) + size * floor  # doubled rank sums of the smaller group
        p = min(1.0, float(probability[np.abs(sums - size * (count + 1)) >= away].sum()))
    else:
        variance = n_a * n_b / (count * (count - 1)) * float(((ranks - (count + 1.0)) ** 2).sum())
        p = 2 * float(ndtr(-quotient(away, math.sqrt(variance)))) if variance else 1.0
    return {"mann_whitney_u": u, "mann_whitney_p": p, "method_exact": float(exact)}


def hodges_lehmann_shift(a: Any, b: Any, level: float = 0.95) -> dict[str, float]:
    """Median of all differences a_i - b_j, with its distribution-free interval.

    The limits are order statistics of the differences by the null distribution of U without ties (normal
    beyond n_a n_b = 10,000); as a closed interval the coverage is at least ``level``, with ties too. The
    limits are NaN where the groups are too small for the level. Raises ValueError for missing values.
    """
    x, y, level = sample(a, "a"), sample(b, "b"), check_level(level)
    n_a, n_b, count = x.size, y.size, x.size + y.size
    if n_a * n_b <= EXACT_UP_TO:
        size = min(n_a, n_b)
        k = order_of_limit(subset_sums(np.arange(count), size)[size * (size - 1) // 2 :], level)
    else:
        k = order_of_normal_limit(n_a * n_b, n_a * n_b * (count + 1) / 12, level)
    middle, low, high = PairSums(x, -y).median_and_limits(k)
    return {
        "hodges_lehmann_shift": middle,
        "hodges_lehmann_shift_low": low,
        "hodges_lehmann_shift_high": high,
    }

"""Two independent groups: means, ranks and permutations compared."""

import math
import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import brunnermunzel, ttest_ind
from scipy.stats import permutation_test as random_splits

from omtrace.statistics.basic.ranks import (
    PairSums,
    doubled_midranks,
    order_of_limit,
    order_of_normal_limit,
    subset_sums,
)
from omtrace.statistics.basic.samples import STORED, check_level, mean, quotient, sample, standard_deviation
from omtrace.statistics.basic.student import hedges_correction, noncentral_t_interval, t_interval

EXACT_UP_TO = 10_000  # pairs n_a * n_b; beyond, the normal approximation of rank tests

SPAN = 20_000  # steps between the least and the greatest value, up to which a common grid is counted on
STEPS = 200_000_000  # of that count, values x sizes x sums: about 0.2 s
DECIMALS = 4  # of the finest grid
SPLITS = 200_000  # up to which all splits are looked at one by one
ENOUGH = 20  # groups of so many have more splits than these; the number itself may have thousands of digits
DRAWS = 99_999
LEAST_DRAWS = 999
SHUFFLED = 100_000_000  # values picked, at most: up to 1,000 values have all draws; about 1 s
MANY = 1_000  # values from which on a draw picks its group alone and leaves the rest unshuffled, which takes a third
BATCH = 2_000_000  # values shuffled at a time
SEED = 20_000_906  # of the draws: a constant, so that a result is the same whenever it is computed


def welch(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Difference of means a - b with Welch's interval and test, Cohen's d and Hedges' g.

    Parameters
    ----------
    a, b : values of the two groups, one-dimensional
    level : confidence level

    Returns
    -------
    n, mean and sd of both groups; difference, se, ci_low, ci_high, t, df, p; cohens_d, hedges_g and their limits.
    What is undefined (below two values in a group, no spread) is NaN.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    cohens_d is the difference over the pooled SD, with the exact interval of the noncentral t of the pooled test;
    hedges_g is cohens_d times Hedges' exact correction for n_a + n_b - 2 degrees of freedom, and so is its interval.

    Examples
    --------
    >>> found = welch([3, 5, 4, 6], [1, 2, 2, 4])
    >>> round(found["difference"], 4), round(found["p"], 4)
    (2.25, 0.0468)
    """
    x, y = sample(a, "a"), sample(b, "b")
    n_a, n_b, sd_a, sd_b = x.size, y.size, standard_deviation(x), standard_deviation(y)
    difference = mean(x) - mean(y)
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
        **_welch_test(x, y, difference, level),
        "cohens_d": quotient(difference, pooled),
        "cohens_d_ci_low": low * size,
        "cohens_d_ci_high": high * size,
        "hedges_g": correction * quotient(difference, pooled),
        "hedges_g_ci_low": correction * low * size,
        "hedges_g_ci_high": correction * high * size,
    }


def _welch_test(x: np.ndarray, y: np.ndarray, difference: float, level: float) -> dict[str, float]:
    spreads = [standard_deviation(x), standard_deviation(y)]
    se = math.sqrt(quotient(spreads[0] ** 2, x.size) + quotient(spreads[1] ** 2, y.size))
    if not se > 0:  # nothing to test with; scipy would divide by 0
        low, high = t_interval(difference, se, math.nan, level)
        return {"se": se, "ci_low": low, "ci_high": high, "t": math.nan, "df": math.nan, "p": math.nan}
    with warnings.catch_warnings():  # of a group of equal values, whose spread is 0 but for rounding
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        test = ttest_ind(x, y, equal_var=False)
        limits = test.confidence_interval(level)
    return {
        "se": se,
        "ci_low": float(limits.low),
        "ci_high": float(limits.high),
        "t": float(test.statistic),
        "df": float(test.df),
        "p": float(test.pvalue),
    }


def mann_whitney(a: ArrayLike, b: ArrayLike) -> dict[str, float]:
    """Mann-Whitney test: U is the number of pairs in which a exceeds b, ties counting half.

    Parameters
    ----------
    a, b : values of the two groups, one-dimensional

    Returns
    -------
    mann_whitney_u, mann_whitney_p (two-sided; NaN for an empty group) and method_exact: 1, or 0 beyond n_a n_b =
    10,000, where p is that of the normal approximation with the variance corrected for ties, without continuity
    correction.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    The exact p is conditional on ties: the share of all splits of the pooled values whose U lies as far from
    n_a n_b / 2 as the observed one. Instead of ``scipy.stats.mannwhitneyu``, whose exact p is that of untied ranks
    (0.0464 where 0.0437 is right for tied groups of 14 and 12).

    Examples
    --------
    >>> round(mann_whitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 1e13])["mann_whitney_p"], 4)
    0.0079
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


def hodges_lehmann_shift(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Median of all differences a_i - b_j, with its distribution-free interval (no library has it).

    Parameters
    ----------
    a, b : values of the two groups, one-dimensional
    level : confidence level

    Returns
    -------
    hodges_lehmann_shift and its limits, in the unit of the values; limits are NaN where the groups are too small for
    the level.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    The limits are order statistics of the differences by the null distribution of U without ties; beyond n_a n_b =
    10,000 by its normal approximation, of variance n_a n_b (n_a + n_b + 1) / 12. As a closed interval the coverage is
    at least ``level``, with ties too.

    Examples
    --------
    >>> hodges_lehmann_shift([4, 6, 7, 9], [1, 2, 3, 5])["hodges_lehmann_shift"]
    4.0
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


def brunner_munzel(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """relative_effect = P(a > b) + P(a = b)/2 with the test and interval of Brunner and Munzel (2000).

    Parameters
    ----------
    a, b : values of the two groups, one-dimensional
    level : confidence level

    Returns
    -------
    relative_effect (0.5: neither group tends to larger values) with _se, _low, _high (cut at 0 and 1), _t, _df and _p.
    All but the effect are NaN where the groups do not overlap, and all of them below two values in a group.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    The test is ``scipy.stats.brunnermunzel``, which gives no estimate; the standard error and the interval follow from
    its statistic and the paper's degrees of freedom.

    Examples
    --------
    >>> round(brunner_munzel([3, 5, 5, 8], [1, 2, 5, 6])["relative_effect"], 4)
    0.6875
    """
    x, y = sample(a, "a"), sample(b, "b")
    n_a, n_b = x.size, y.size
    names = ("", "_se", "_low", "_high", "_t", "_df", "_p")
    if min(n_a, n_b) < 2:
        return {f"relative_effect{name}": math.nan for name in names}
    ranks = doubled_midranks(np.concatenate([x, y]))  # in halves, so that scipy sees ties through rounding
    above = (ranks[:n_a] - doubled_midranks(x)) / (2 * n_b)  # of each a: the share of b below it, ties half
    below = (ranks[n_a:] - doubled_midranks(y)) / (2 * n_a)
    effect = float(above.mean())
    part_a, part_b = float(above.var(ddof=1)) / n_a, float(below.var(ddof=1)) / n_b
    if not part_a + part_b > 0:
        return {f"relative_effect{name}": math.nan for name in names} | {"relative_effect": effect}
    test = brunnermunzel(ranks[n_a:], ranks[:n_a])
    se = math.sqrt(part_a + part_b)
    df = (part_a + part_b) ** 2 / (part_a**2 / (n_a - 1) + part_b**2 / (n_b - 1))
    low, high = t_interval(effect, se, df, level)
    numbers = (effect, se, max(low, 0.0), min(high, 1.0), float(test.statistic), df, float(test.pvalue))
    return {f"relative_effect{name}": value for name, value in zip(names, numbers, strict=True)}


def permutation_test(a: ArrayLike, b: ArrayLike) -> dict[str, float]:
    """Two-sided p of "the groups are exchangeable", by the difference of means.

    Parameters
    ----------
    a, b : values of the two groups, one-dimensional

    Returns
    -------
    permutation_p: the share of all splits of the pooled values into groups of these sizes whose means lie as far
    apart, in either direction, as the observed ones; NaN for an empty group. permutation_exact: 1 where every split
    counts, 0 where p = (1 + as far)/(1 + draws) of 99,999 random splits, or fewer (999 at least) in samples of more
    than 1,000 values.

    Raises
    ------
    ValueError
        for missing values

    Notes
    -----
    Values on a grid of at most four decimals are counted exactly by convolution, whatever their number; no library
    does. Other splits are those of ``scipy.stats.permutation_test``: all of them up to 200,000, else drawn. Its
    two-sided p would double the smaller tail (0.0501 where the share of splits as far apart is 0.0444, for 12 and 14).
    In samples of more than 1,000 values the draws are made here, since it shuffles all values for each.

    Examples
    --------
    >>> permutation_test([4, 5, 6], [1, 2, 3])
    {'permutation_p': 0.1, 'permutation_exact': 1.0}
    """
    x, y = sample(a, "a"), sample(b, "b")
    if min(x.size, y.size) == 0:
        return {"permutation_p": math.nan, "permutation_exact": 1.0}
    few, many = (x, y) if x.size <= y.size else (y, x)
    pooled = np.concatenate([few, many])
    size, count = few.size, pooled.size
    grid = _grid(pooled)
    if grid is not None and count * size * (int(grid.max()) + 1) * size <= STEPS:
        chance = subset_sums(grid, size)
        away = np.abs(count * np.arange(chance.size) - size * int(grid.sum()))
        far = away >= abs(count * int(grid[:size].sum()) - size * int(grid.sum()))
        return {"permutation_p": min(1.0, float(chance[far].sum())), "permutation_exact": 1.0}
    centred = pooled - pooled.mean()
    every = math.comb(count, min(size, ENOUGH)) <= SPLITS
    draws = max(LEAST_DRAWS, min(DRAWS, SHUFFLED // count))
    sums = np.abs(centred) if size == 1 else _sums_of_splits(centred, size, SPLITS if every else draws)
    scale = np.abs(pooled)  # one far value does not decide what counts as equal
    slack = STORED * float(np.median(scale)) + 2 * float(np.finfo(float).eps * scale.max())
    limit = abs(float(centred[:size].sum())) - slack * count
    as_far = int((sums >= limit).sum())
    if every:
        return {"permutation_p": as_far / sums.size, "permutation_exact": 1.0}
    return {"permutation_p": (1 + as_far) / (1 + draws), "permutation_exact": 0.0}


def _sums_of_splits(values: np.ndarray, size: int, draws: int) -> np.ndarray:
    """Sizes of the sums of ``size`` of the values: of all subsets if they are no more than ``draws``, else drawn."""
    if values.size > MANY:
        generator = np.random.default_rng(SEED)
        picked = (generator.choice(values.size, size, replace=False, shuffle=False) for _ in range(draws))
        return np.array([abs(values[places].sum()) for places in picked])
    splits = random_splits(
        (values[:size], values[size:]),
        lambda part, rest, axis: np.abs(part.sum(axis=axis)),
        n_resamples=draws,
        vectorized=True,
        batch=max(1, BATCH // values.size),
        alternative="greater",
        rng=np.random.default_rng(SEED),
    )
    return np.asarray(splits.null_distribution)


def _grid(values: np.ndarray) -> np.ndarray | None:
    """The values as whole steps from the least, if they lie on a grid of few decimals; else None.

    The decimals are those of the number or, so that the unit plays no part, of its power of ten.
    """
    spread, largest = float(np.ptp(values)), float(np.abs(values).max())
    size = math.floor(math.log10(largest)) if largest else 0
    for decimals in range(min(0, -size), DECIMALS + max(0, -size) + 1):
        unit = 10.0**decimals
        steps = np.rint(values * unit)
        slack = (1e-9 * min(1.0, spread) + 8 * np.finfo(float).eps * largest) * unit  # rounding error alone
        if slack < 1e-3 and np.abs(steps - values * unit).max() <= slack:
            whole = (steps - steps.min()).astype(np.int64)
            step = int(np.gcd.reduce(whole))
            grid: np.ndarray = whole // step if step else whole
            return grid if grid.max() <= SPAN else None
    return None

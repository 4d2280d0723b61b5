"""Two groups compared within strata: proportions by Mantel and Haenszel, ranks by van Elteren."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri
from statsmodels.stats.contingency_tables import StratifiedTable

from omtrace.statistics.basic.proportion import Table, difference_limits
from omtrace.statistics.basic.ranks import doubled_midranks
from omtrace.statistics.basic.samples import check_level, sample


def common_difference(tables: Sequence[Table], level: float = 0.95) -> dict[str, float]:
    """Mantel and Haenszel's risk difference, group 1 - group 2, with two intervals.

    Parameters
    ----------
    tables : of each stratum: count and n of group 1, count and n of group 2, neither of them empty
    level : confidence level

    Returns
    -------
    difference: weighted by n_1 n_2 / (n_1 + n_2); sato_*: the normal interval with Sato's variance, which holds both
    with few strata and with many small ones (Sato, Greenland and Robins 1989); miettinen_nurminen_*: the score
    interval with the same weights.

    Raises
    ------
    ValueError
        for a stratum in which a group is empty

    Examples
    --------
    >>> found = common_difference([(12, 20, 6, 20), (9, 15, 7, 16)])
    >>> round(found["difference"], 4), round(found["sato_low"], 4), round(found["miettinen_nurminen_low"], 4)
    (0.24, 0.0144, 0.0047)
    """
    a, n, b, m = (np.array(part, dtype=float) for part in zip(*tables, strict=True))
    if (np.minimum(n, m) == 0).any():
        raise ValueError("a stratum lacks one of the groups")
    z, total, c, d = float(ndtri((1 + check_level(level)) / 2)), n + m, n - a, m - b
    weight = (n * m / total).sum()
    difference = float(((a * m - b * n) / total).sum() / weight)
    p = (n**2 * b - m**2 * a + n * m * (m - n) / 2) / total**2
    q = (a * d + b * c) / (2 * total)
    half = z * math.sqrt(max((difference * p.sum() + q.sum()) / weight**2, 0.0))
    low, high = difference_limits(tables, z, corrected=True)
    return {
        "difference": difference,
        "sato_low": difference - half,
        "sato_high": difference + half,
        "miettinen_nurminen_low": low,
        "miettinen_nurminen_high": high,
    }


def common_odds_ratio(tables: Sequence[Table], level: float = 0.95) -> dict[str, float]:
    """Mantel and Haenszel's odds ratio and test, by statsmodels' ``StratifiedTable``.

    Parameters
    ----------
    tables : as for ``common_difference``
    level : confidence level

    Returns
    -------
    odds_ratio and its limits by Robins, Breslow and Greenland's variance (1986); chi_squared, df and cmh_p of the test
    of Cochran, Mantel and Haenszel without continuity correction.

    Raises
    ------
    ValueError
        where no stratum has both outcomes, and where the odds ratio is 0 or infinite

    Examples
    --------
    >>> found = common_odds_ratio([(12, 20, 6, 20), (9, 15, 7, 16)])
    >>> round(found["odds_ratio"], 4), round(found["cmh_p"], 4)
    (2.6667, 0.0456)
    """
    both = [(a, n, b, m) for a, n, b, m in tables if 0 < a + b < n + m]
    if not both:
        raise ValueError("no stratum holds both outcomes")
    if not sum(a * (m - b) for a, n, b, m in both) or not sum(b * (n - a) for a, n, b, m in both):
        raise ValueError("in every stratum a group has one outcome only, so that the odds ratio is 0 or infinite")
    made = StratifiedTable([[[a, n - a], [b, m - b]] for a, n, b, m in both])
    test, limits = made.test_null_odds(correction=False), made.oddsratio_pooled_confint(1 - check_level(level))
    return {
        "odds_ratio": float(made.oddsratio_pooled),
        "odds_ratio_low": float(limits[0]),
        "odds_ratio_high": float(limits[1]),
        "chi_squared": float(test.statistic),
        "df": 1.0,
        "cmh_p": float(test.pvalue),
    }


def breslow_day(tables: Sequence[Table]) -> dict[str, float]:
    """Breslow and Day's test, with Tarone's correction, of odds ratios that do not differ: chi_squared, df, p.

    Over the strata with both outcomes. Raises ValueError for fewer than two of them, and as ``common_odds_ratio``.

    Examples
    --------
    >>> round(breslow_day([(12, 20, 6, 20), (9, 15, 7, 16)])["p"], 4)
    0.5464
    """
    both = [(a, n, b, m) for a, n, b, m in tables if 0 < a + b < n + m]
    if len(both) < 2:
        raise ValueError("fewer than two strata hold both outcomes")
    common_odds_ratio(both)
    made = StratifiedTable([[[a, n - a], [b, m - b]] for a, n, b, m in both])
    test = made.test_equal_odds(adjust=True)
    return {"chi_squared": float(test.statistic), "df": len(both) - 1.0, "p": float(test.pvalue)}


def van_elteren(strata: Sequence[tuple[ArrayLike, ArrayLike]]) -> dict[str, float]:
    """Van Elteren's test: rank sums within strata, weighted by 1 / (n + 1) (van Elteren 1960).

    Parameters
    ----------
    strata : of each the values of the two groups, neither of them empty

    Returns
    -------
    n: values; z: above 0 where the first group has the higher ones; p: two-sided, normal, the variance corrected for
    ties.

    Raises
    ------
    ValueError
        for missing values, and where all values of each stratum are alike

    Notes
    -----
    No locked library has it.

    Examples
    --------
    >>> found = van_elteren([([3, 5, 6], [1, 2]), ([7, 9], [4, 8, 6])])
    >>> round(found["z"], 4), round(found["p"], 4)
    (2.0412, 0.0412)
    """
    statistic = variance = count = 0.0
    for first, second in strata:
        x, y = sample(first, "a"), sample(second, "b")
        n = x.size + y.size
        ranks = doubled_midranks(np.concatenate([x, y])) / 2
        statistic += (float(ranks[: x.size].sum()) - x.size * (n + 1) / 2) / (n + 1)
        variance += x.size * y.size / (n * (n - 1)) * float(((ranks - (n + 1) / 2) ** 2).sum()) / (n + 1) ** 2
        count += n
    if not variance > 0:
        raise ValueError("within each stratum all values are alike")
    z = statistic / math.sqrt(variance)
    return {"n": count, "z": z, "p": 2 * float(ndtr(-abs(z)))}

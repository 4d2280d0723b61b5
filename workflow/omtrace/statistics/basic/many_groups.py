"""Three groups and more: one-way analysis of variance, Kruskal-Wallis and Jonckheere-Terpstra tests."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr

from omtrace.statistics.basic.explained import partial_eta
from omtrace.statistics.basic.ranks import doubled_midranks, subset_sums
from omtrace.statistics.basic.samples import quotient, sample, standard_deviation

EXACT_UP_TO = 10_000  # pairs of values from different groups; beyond, or with ties, the normal approximation


def samples(groups: Sequence[Any], least: int = 1) -> list[np.ndarray]:
    """The groups as vectors. Raises ValueError for missing values, and below two groups of ``least`` values each."""
    found = [sample(values, f"group {at}") for at, values in enumerate(groups, 1)]
    if len(found) < 2 or min(x.size for x in found) < least:
        raise ValueError(f"at least two groups of at least {least} values are needed")
    return found


def one_way(groups: Sequence[Any], level: float = 0.95) -> dict[str, float]:
    """Classical one-way analysis of variance: f, df_1, df_2, p, and eta squared with its noncentral-F interval.

    f and p are NaN without spread within groups. Raises ValueError for missing values, and below two groups.
    """
    found = samples(groups)
    sizes, means = np.array([x.size for x in found]), np.array([x.mean() for x in found])
    centre = float((sizes * means).sum() / sizes.sum())
    between = float((sizes * (means - centre) ** 2).sum())
    scale = max(float(np.abs(x).max()) for x in found)
    spreads = [standard_deviation(x, scale) if x.size > 1 else 0.0 for x in found]
    within = sum((x.size - 1) * s**2 for x, s in zip(found, spreads, strict=True))
    df_1, df_2 = len(found) - 1, int(sizes.sum()) - len(found)
    f = quotient(between / df_1, quotient(within, df_2))
    p = float(fdtrc(df_1, df_2, f)) if f == f else math.nan
    return {"f": f, "df_1": float(df_1), "df_2": float(df_2), "p": p, **partial_eta(f, df_1, df_2, level)}


def welch_one_way(groups: Sequence[Any]) -> dict[str, float]:
    """Welch's analysis of variance for groups of unequal variance (Welch 1951): f, df_1, df_2, p.

    NaN where a group has no spread. Raises ValueError for missing values, and below two groups of two.
    """
    found = samples(groups, 2)
    k = len(found)
    variances = [standard_deviation(x) ** 2 / x.size for x in found]
    if min(variances) == 0:
        return {"f": math.nan, "df_1": float(k - 1), "df_2": math.nan, "p": math.nan}
    weights = 1 / np.array(variances)
    means, sizes = np.array([x.mean() for x in found]), np.array([x.size for x in found])
    centre = (weights * means).sum() / weights.sum()
    spread = float(((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum())
    above = float((weights * (means - centre) ** 2).sum()) / (k - 1)
    f, df_2 = above / (1 + 2 * (k - 2) * spread / (k * k - 1)), (k * k - 1) / (3 * spread)
    return {"f": f, "df_1": float(k - 1), "df_2": df_2, "p": float(fdtrc(k - 1, df_2, f))}


def kruskal_wallis(groups: Sequence[Any]) -> dict[str, float]:
    """Kruskal-Wallis test, corrected for ties: chi_squared, df, p. NaN where all values are equal.

    Raises ValueError for missing values, and below two groups.
    """
    found = samples(groups)
    ranks = doubled_midranks(np.concatenate(found)) / 2
    total, k = ranks.size, len(found)
    parts = np.split(ranks, np.cumsum([x.size for x in found])[:-1])
    between = sum(part.size * (part.mean() - (total + 1) / 2) ** 2 for part in parts)
    h = quotient(float(between), float(((ranks - (total + 1) / 2) ** 2).sum()) / (total - 1))
    return {"chi_squared": h, "df": float(k - 1), "p": float(chdtrc(k - 1, h)) if h == h else math.nan}


def jonckheere_terpstra(groups: Sequence[Any]) -> dict[str, float]:
    """Trend over groups in their order: J is the number of pairs in which the later group's value is larger.

    Ties count half. The two-sided p is exact (the chance of a J as far from its expectation) without ties and
    up to 10,000 pairs; else (jonckheere_exact 0) normal with the variance corrected for ties, without continuity
    correction. z is the normal statistic in both cases. Raises ValueError for missing values, and below two
    groups.
    """
    found = samples(groups)
    values, sizes = np.concatenate(found), np.array([x.size for x in found])
    ranks = doubled_midranks(values)  # pairs are compared by rank, so that rounding makes no order
    parts = [np.sort(part) for part in np.split(ranks, np.cumsum(sizes)[:-1])]
    j = 0.0
    for at, later in enumerate(parts):
        for earlier in parts[:at]:  # those below, and those not above, each once: ties count half
            j += sum(float(np.searchsorted(earlier, later, side).sum()) for side in ("left", "right")) / 2
    expected = float(sizes.sum() ** 2 - (sizes**2).sum()) / 4
    ties = np.unique(ranks, return_counts=True)[1]
    z = quotient(j - expected, math.sqrt(_variance(sizes, ties)))
    exact = ties.max() == 1 and 2 * expected <= EXACT_UP_TO
    if exact:
        chance = _without_ties(sizes)
        p = min(1.0, float(chance[np.abs(np.arange(chance.size) - expected) >= abs(j - expected)].sum()))
    else:
        p = 2 * float(ndtr(-abs(z))) if z == z else 1.0
    return {"jonckheere_j": j, "z": z, "p": p, "jonckheere_exact": float(exact)}


def _variance(sizes: np.ndarray, ties: np.ndarray) -> float:
    """Of J, conditional on ties (Lehmann 1975)."""
    n = float(sizes.sum())

    def third(x: np.ndarray) -> float:
        return float((x * (x - 1) * (2 * x + 5)).sum())

    found = (n * (n - 1) * (2 * n + 5) - third(sizes) - third(ties)) / 72
    threes = [float((x * (x - 1) * (x - 2)).sum()) for x in (sizes, ties)]
    twos = [float((x * (x - 1)).sum()) for x in (sizes, ties)]
    if n > 2:
        found += threes[0] * threes[1] / (36 * n * (n - 1) * (n - 2))
    return found + twos[0] * twos[1] / (8 * n * (n - 1))


def _without_ties(sizes: np.ndarray) -> np.ndarray:
    """Probability of each J: each group's count against all earlier ones is independent of the others."""
    chance = np.ones(1)
    below = int(sizes[0])
    for size in map(int, sizes[1:]):
        few = min(size, below)
        chance = np.convolve(chance, subset_sums(np.arange(below + size), few)[few * (few - 1) // 2 :])
        below += size
    return chance

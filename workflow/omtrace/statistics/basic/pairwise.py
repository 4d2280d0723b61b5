"""All pairs of groups, or all against one control, with p values and intervals that hold together."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import ndtr

from omtrace.statistics.basic.many_groups import samples
from omtrace.statistics.basic.multiple_t import critical, dunnett_exceeds, range_exceeds
from omtrace.statistics.basic.ranks import doubled_midranks
from omtrace.statistics.basic.samples import check_level, quotient, standard_deviation
from omtrace.statistics.multiplicity import holm

Pairs = dict[tuple[int, int], dict[str, float]]  # (group, compared with), by position


def dunnett(groups: Sequence[Any], level: float = 0.95) -> Pairs:
    """Each group against the first, with the SD pooled over all groups and Dunnett's two-sided adjustment.

    Each pair has difference, se, ci_low, ci_high (simultaneous), t, df and adjusted_p. NaN without spread.
    Raises ValueError for missing values, below two groups, and without residual degrees of freedom.
    """
    found, pooled, df = _pooled(groups)
    control = found[0].size
    shares = tuple(x.size / (x.size + control) for x in found[1:])
    reach = critical(lambda q: dunnett_exceeds(q, shares, df), check_level(level))
    pairs: Pairs = {}
    for at in range(1, len(found)):
        numbers = _difference(found[at], found[0], pooled, pooled, df, reach)
        pairs[at, 0] = {**numbers, "adjusted_p": dunnett_exceeds(numbers["t"], shares, df)}
    return pairs


def tukey_kramer(groups: Sequence[Any], level: float = 0.95) -> Pairs:
    """Every pair, later - earlier, with the pooled SD and the studentized range (Tukey; Kramer for unequal n).

    Numbers and errors as ``dunnett``.
    """
    found, pooled, df = _pooled(groups)
    k = len(found)
    reach = critical(lambda q: range_exceeds(q, k, df), check_level(level)) / math.sqrt(2)
    pairs: Pairs = {}
    for low, high in combinations(range(k), 2):
        numbers = _difference(found[high], found[low], pooled, pooled, df, reach)
        pairs[high, low] = {**numbers, "adjusted_p": range_exceeds(math.sqrt(2) * numbers["t"], k, df)}
    return pairs


def games_howell(groups: Sequence[Any], level: float = 0.95) -> Pairs:
    """Every pair, later - earlier, with each group's own SD, Welch's df and the studentized range.

    Numbers as ``dunnett``. Raises ValueError for missing values, and below two groups of two values.
    """
    found = samples(groups, 2)
    k, spreads = len(found), [standard_deviation(x) for x in found]
    pairs: Pairs = {}
    for low, high in combinations(range(k), 2):
        parts = [spreads[at] ** 2 / found[at].size for at in (high, low)]
        below = sum(part**2 / (found[at].size - 1) for part, at in zip(parts, (high, low), strict=True))
        df = quotient(sum(parts) ** 2, below)
        reach = math.nan
        if df == df:
            reach = critical(lambda q, nu=df: range_exceeds(q, k, nu), check_level(level)) / math.sqrt(2)  # type: ignore[misc]
        numbers = _difference(found[high], found[low], spreads[high], spreads[low], df, reach)
        pairs[high, low] = {**numbers, "adjusted_p": range_exceeds(math.sqrt(2) * numbers["t"], k, df)}
    return pairs


def dunn(groups: Sequence[Any]) -> Pairs:
    """Every pair, later - earlier, by mean ranks over all groups, corrected for ties (Dunn 1964).

    Each pair has rank_difference, rank_difference_se, z, p (two-sided, one pair) and adjusted_p (Holm). NaN where
    all values are equal. Raises ValueError for missing values, and below two groups.
    """
    found = samples(groups)
    ranks = doubled_midranks(np.concatenate(found)) / 2
    variance = float(ranks.var(ddof=1))
    parts = np.split(ranks, np.cumsum([x.size for x in found])[:-1])
    pairs: Pairs = {}
    for low, high in combinations(range(len(found)), 2):
        difference = float(parts[high].mean() - parts[low].mean())
        se = math.sqrt(variance * (1 / found[high].size + 1 / found[low].size))
        z = quotient(difference, se)
        p = 2 * float(ndtr(-abs(z))) if z == z else math.nan
        pairs[high, low] = {"rank_difference": difference, "rank_difference_se": se, "z": z, "p": p}
    adjusted = holm([numbers["p"] for numbers in pairs.values()]) if variance else [math.nan] * len(pairs)
    for numbers, p in zip(pairs.values(), adjusted, strict=True):
        numbers["adjusted_p"] = float(p)
    return pairs


def _pooled(groups: Sequence[Any]) -> tuple[list[np.ndarray], float, int]:
    """The groups, their pooled SD and its degrees of freedom."""
    found = samples(groups)
    df = sum(x.size - 1 for x in found)
    if df < 1:
        raise ValueError("one value a group leaves no residual degrees of freedom")
    scale = max(float(np.abs(x).max()) for x in found)
    spreads = [standard_deviation(x, scale) if x.size > 1 else 0.0 for x in found]
    return found, math.sqrt(sum((x.size - 1) * s**2 for x, s in zip(found, spreads, strict=True)) / df), df


def _difference(a: np.ndarray, b: np.ndarray, sd_a: float, sd_b: float, df: float, reach: float) -> dict[str, float]:
    difference = float(a.mean() - b.mean())
    se = math.sqrt(sd_a**2 / a.size + sd_b**2 / b.size)
    return {
        "difference": difference,
        "se": se,
        "ci_low": difference - reach * se,
        "ci_high": difference + reach * se,
        "t": quotient(difference, se),
        "df": float(df),
    }

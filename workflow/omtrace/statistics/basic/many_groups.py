"""Three groups and more: tests of all together, and pairs with p values and intervals that hold together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr
from scipy.stats import f_oneway, kruskal, studentized_range

from omtrace.statistics.basic.explained import partial_eta
from omtrace.statistics.basic.ranks import doubled_midranks, subset_sums
from omtrace.statistics.basic.samples import check_level, quotient, sample, standard_deviation
from omtrace.statistics.multiplicity import adjusted as adjusted_p

EXACT_UP_TO = 10_000  # pairs of values from different groups; beyond, or with ties, the normal approximation

NODES = 96  # of the quadrature of Dunnett's distribution
TAIL = 1e-18  # of the chi distribution, left out at each end
REACH = 8.8  # standard deviations of the normal part
LARGEST = 1e4  # beyond it no critical value is looked for

Pairs = dict[tuple[int, int], dict[str, float]]  # (group, compared with), by position


def samples(groups: Sequence[ArrayLike], least: int = 1) -> list[np.ndarray]:
    """The groups as vectors. Raises ValueError for missing values, and below two groups of ``least`` values each."""
    members = [sample(values, f"group {number}") for number, values in enumerate(groups, 1)]
    if len(members) < 2 or min(x.size for x in members) < least:
        raise ValueError(f"at least two groups of at least {least} value{'s' * (least > 1)} each are needed")
    return members


def one_way(groups: Sequence[ArrayLike], level: float = 0.95) -> dict[str, float]:
    """Classical one-way analysis of variance: f, df_1, df_2, p, and eta squared with its noncentral-F interval.

    f and p are NaN without spread within groups. Raises ValueError for missing values, and below two groups.

    Examples
    --------
    >>> round(one_way([[1, 2, 3], [2, 3, 4], [5, 6, 7]])["f"], 9)
    13.0
    """
    members = samples(groups)
    df_1, df_2 = len(members) - 1, sum(x.size for x in members) - len(members)
    f = p = math.nan
    if _pooled_sd(members, df_2) > 0:
        f, p = map(float, f_oneway(*members))
    return {"f": f, "df_1": float(df_1), "df_2": float(df_2), "p": p, **partial_eta(f, df_1, df_2, level)}


def welch_one_way(groups: Sequence[ArrayLike]) -> dict[str, float]:
    """Welch's analysis of variance for groups of unequal variance (Welch 1951): f, df_1, df_2, p.

    NaN where a group has no spread. Raises ValueError for missing values, and below two groups of two.

    Examples
    --------
    >>> round(welch_one_way([[1, 2, 3], [2, 3, 4], [5, 6, 7]])["df_2"], 4)
    4.0
    """
    members = samples(groups, 2)
    df_1 = len(members) - 1
    shares = [standard_deviation(x) ** 2 / x.size for x in members]
    if min(shares) == 0:
        return {"f": math.nan, "df_1": float(df_1), "df_2": math.nan, "p": math.nan}
    test = f_oneway(*members, equal_var=False)
    weights = 1 / np.array(shares)  # scipy keeps the second degrees of freedom to itself
    spread = sum((1 - w / weights.sum()) ** 2 / (x.size - 1) for w, x in zip(weights, members, strict=True))
    df_2 = float((df_1 * (df_1 + 2)) / (3 * spread))
    return {"f": float(test.statistic), "df_1": float(df_1), "df_2": df_2, "p": float(test.pvalue)}


def kruskal_wallis(groups: Sequence[ArrayLike]) -> dict[str, float]:
    """Kruskal-Wallis test, corrected for ties: chi_squared, df, p. NaN where all values are equal.

    Raises ValueError for missing values, and below two groups.

    Examples
    --------
    >>> round(kruskal_wallis([[1, 2], [3, 4], [5, 6]])["chi_squared"], 4)
    4.5714
    """
    members = samples(groups)
    ranks = doubled_midranks(np.concatenate(members))  # so that scipy sees ties through rounding
    h = p = math.nan
    if np.ptp(ranks) > 0:
        h, p = map(float, kruskal(*np.split(ranks, np.cumsum([x.size for x in members])[:-1])))
    return {"chi_squared": h, "df": float(len(members) - 1), "p": p}


def jonckheere_terpstra(groups: Sequence[ArrayLike]) -> dict[str, float]:
    """Trend over groups in their order: J is the number of pairs in which the later group's value is larger.

    Ties count half. The two-sided p is exact (the chance of a J as far from its expectation) without ties and
    up to 10,000 pairs; else (jonckheere_exact 0) normal with the variance corrected for ties, without continuity
    correction. z is the normal statistic in both cases. No library in use has it. Raises ValueError for missing
    values, and below two groups.

    Examples
    --------
    >>> jonckheere_terpstra([[1, 2], [3, 4], [5, 6]])["jonckheere_j"]
    12.0
    """
    parts = samples(groups)
    values, sizes = np.concatenate(parts), np.array([x.size for x in parts])
    ranks = doubled_midranks(values)  # pairs are compared by rank, so that rounding makes no order
    parts = [np.sort(part) for part in np.split(ranks, np.cumsum(sizes)[:-1])]
    j = 0.0
    for place, later in enumerate(parts):
        for earlier in parts[:place]:  # those below, and those not above, each once: ties count half
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

    variance = (n * (n - 1) * (2 * n + 5) - third(sizes) - third(ties)) / 72
    threes = [float((x * (x - 1) * (x - 2)).sum()) for x in (sizes, ties)]
    twos = [float((x * (x - 1)).sum()) for x in (sizes, ties)]
    if n > 2:
        variance += threes[0] * threes[1] / (36 * n * (n - 1) * (n - 2))
    return variance + twos[0] * twos[1] / (8 * n * (n - 1))


def _without_ties(sizes: np.ndarray) -> np.ndarray:
    """Probability of each J: each group's count against all earlier ones is independent of the others."""
    chance = np.ones(1)
    below = int(sizes[0])
    for size in map(int, sizes[1:]):
        few = min(size, below)
        chance = np.convolve(chance, subset_sums(np.arange(below + size), few)[few * (few - 1) // 2 :])
        below += size
    return chance


def dunnett(groups: Sequence[ArrayLike], level: float = 0.95) -> Pairs:
    """Each group against the first, with the SD pooled over all groups and Dunnett's two-sided adjustment.

    Each pair has difference, se, ci_low, ci_high (simultaneous), t, df and adjusted_p. NaN without spread.
    Raises ValueError for missing values, below two groups, and without residual degrees of freedom.

    Examples
    --------
    >>> round(dunnett([[1, 2, 3], [2, 3, 4], [5, 6, 7]])[2, 0]["adjusted_p"], 5)
    0.00487
    """
    members = samples(groups)
    df = _residual_df(members)
    pooled, control = _pooled_sd(members, df), members[0].size
    shares = tuple(x.size / (x.size + control) for x in members[1:])
    reach = critical(lambda q: dunnett_exceeds(q, shares, df), check_level(level))
    pairs: Pairs = {}
    for place in range(1, len(members)):
        difference = float(members[place].mean() - members[0].mean())
        se = pooled * math.sqrt(1 / members[place].size + 1 / control)
        t = quotient(difference, se)
        numbers = _pair(difference, se, difference - reach * se, difference + reach * se, df)
        pairs[place, 0] = {**numbers, "adjusted_p": dunnett_exceeds(t, shares, df)}
    return pairs


def tukey_kramer(groups: Sequence[ArrayLike], level: float = 0.95) -> Pairs:
    """Every pair, later - earlier, with the pooled SD and the studentized range (Tukey; Kramer for unequal n).

    Numbers and errors as ``dunnett``.

    Examples
    --------
    >>> round(tukey_kramer([[1, 2, 3], [2, 3, 4], [5, 6, 7]])[2, 0]["adjusted_p"], 5)
    0.00649
    """
    members = samples(groups)
    df = _residual_df(members)
    return _by_range(members, [_pooled_sd(members, df)] * len(members), lambda high, low: df, level)


def games_howell(groups: Sequence[ArrayLike], level: float = 0.95) -> Pairs:
    """Every pair, later - earlier, with each group's own SD, Welch's df and the studentized range.

    Numbers as ``dunnett``. Raises ValueError for missing values, and below two groups of two values.

    Examples
    --------
    >>> round(games_howell([[1, 2, 3], [2, 3, 4], [5, 6, 7]])[2, 0]["df"], 9)
    4.0
    """
    members = samples(groups, 2)
    spreads = [standard_deviation(x) for x in members]

    def welch(high: int, low: int) -> float:
        sizes = [members[place].size for place in (high, low)]
        parts = [spreads[place] ** 2 / size for place, size in zip((high, low), sizes, strict=True)]
        return quotient(sum(parts) ** 2, sum(part**2 / (size - 1) for part, size in zip(parts, sizes, strict=True)))

    return _by_range(members, spreads, welch, level)


def _by_range(members: list[np.ndarray], spreads: list[float], df: Callable[[int, int], float], level: float) -> Pairs:
    """Every pair by the studentized range, given each group's SD and the degrees of freedom of two groups.

    Not by ``scipy.stats.tukey_hsd``, which refuses groups of one value and gives no standard errors.
    """
    check_level(level)
    pairs: Pairs = {}
    for low, high in combinations(range(len(members)), 2):
        difference = float(members[high].mean() - members[low].mean())
        se = math.sqrt(sum(spreads[place] ** 2 / members[place].size for place in (high, low)))
        nu = df(high, low)
        reach = _range_quantile(level, len(members), nu) / math.sqrt(2) if nu > 0 else math.nan
        numbers = _pair(difference, se, difference - reach * se, difference + reach * se, nu)
        p = float(studentized_range.sf(math.sqrt(2) * abs(numbers["t"]), len(members), nu))
        pairs[high, low] = {**numbers, "adjusted_p": min(p, 1.0) if nu > 0 else math.nan}
    return pairs


@lru_cache(maxsize=64)
def _range_quantile(level: float, groups: int, df: float) -> float:
    return float(studentized_range.ppf(level, groups, df))


def dunn(groups: Sequence[ArrayLike]) -> Pairs:
    """Every pair, later - earlier, by mean ranks over all groups, corrected for ties (Dunn 1964).

    Each pair has rank_difference, rank_difference_se, z, p (two-sided, one pair) and adjusted_p (Holm). NaN where
    all values are equal. No library in use has it. Raises ValueError for missing values, and below two groups.
    """
    members = samples(groups)
    ranks = doubled_midranks(np.concatenate(members)) / 2
    variance = float(ranks.var(ddof=1))
    parts = np.split(ranks, np.cumsum([x.size for x in members])[:-1])
    pairs: Pairs = {}
    for low, high in combinations(range(len(members)), 2):
        difference = float(parts[high].mean() - parts[low].mean())
        se = math.sqrt(variance * (1 / members[high].size + 1 / members[low].size))
        z = quotient(difference, se)
        p = 2 * float(ndtr(-abs(z))) if z == z else math.nan
        pairs[high, low] = {"rank_difference": difference, "rank_difference_se": se, "z": z, "p": p}
    adjusted = adjusted_p([numbers["p"] for numbers in pairs.values()], "holm") if variance else [math.nan] * len(pairs)
    for numbers, p in zip(pairs.values(), adjusted, strict=True):
        numbers["adjusted_p"] = float(p)
    return pairs


def _residual_df(members: list[np.ndarray]) -> int:
    df = sum(x.size - 1 for x in members)
    if df < 1:
        raise ValueError("one value a group leaves no residual degrees of freedom")
    return df


def _pooled_sd(members: list[np.ndarray], df: int) -> float:
    """The SD within groups; 0 where it is rounding error only."""
    squares = sum((x.size - 1) * standard_deviation(x) ** 2 for x in members if x.size > 1)
    return math.sqrt(squares / df) if df else 0.0


def _pair(difference: float, se: float, low: float, high: float, df: float) -> dict[str, float]:
    t = quotient(difference, se)
    return {"difference": difference, "se": se, "ci_low": low, "ci_high": high, "t": t, "df": float(df)}


@dataclass(frozen=True)
class _Quadrature:
    """Nodes and weights of an integral over a distribution."""

    nodes: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=64)
def _spread(df: float) -> _Quadrature:
    """Over s = sqrt(chi-squared / df)."""
    low, high = (math.sqrt(2 * float(end) / df) for end in (gammaincinv(df / 2, TAIL), gammainccinv(df / 2, TAIL)))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    s = low + (high - low) * (nodes + 1) / 2
    log_density = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(s) - df * s * s / 2
    return _Quadrature(s, weights * (high - low) / 2 * np.exp(log_density))


@lru_cache(maxsize=1)
def _normal() -> _Quadrature:
    """Over a standard normal."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    z = REACH * nodes
    return _Quadrature(z, weights * REACH * np.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def dunnett_exceeds(t: float, shares: tuple[float, ...], df: float) -> float:
    """P(the largest |t| of the comparisons with one control > |t|) (Dunnett 1955).

    ``shares``: n of each group over n of it and the control; the t of two groups correlate by the root of the
    product of theirs. NaN without degrees of freedom. Instead of ``scipy.stats.dunnett``, which draws random points
    (0.81166 where 0.81164 is right): a double integral, over the common standard error and the shared normal part, by
    Gauss-Legendre quadrature, to about 1e-12.
    """
    if not (math.isfinite(t) and df > 0):
        return math.nan
    spread, normal = _spread(df), _normal()
    s, z = spread.nodes, normal.nodes
    inner = np.ones((s.size, z.size))
    for share in shares:
        own, shared = math.sqrt(1 - share), math.sqrt(share) * z
        half = abs(t) * s[:, None]
        inner *= ndtr((half - shared) / own) - ndtr((-half - shared) / own)
    return min(1.0, max(0.0, 1 - float(((inner * normal.weights).sum(axis=1) * spread.weights).sum())))


def critical(exceeds: Callable[[float], float], level: float) -> float:
    """The value that is exceeded with probability 1 - level; NaN if there is none."""
    high = 4.0
    while not exceeds(high) < 1 - level:
        high *= 2
        if high > LARGEST:
            return math.nan
    return float(brentq(lambda q: exceeds(q) - (1 - level), 0, high, xtol=1e-12))

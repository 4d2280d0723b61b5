"""Proportions, their difference and ratios, and the number needed to treat."""

import math
from collections.abc import Callable, Sequence

from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import binomtest, contingency, fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep

from omtrace.statistics.basic.samples import TOLERANCE, check_level, quotient, whole
from omtrace.statistics.interval import Interval

NEAR = 1e-9  # how far from the end of a range a limit is looked for
WIDEST = 2.0**10  # of a log risk ratio

Table = tuple[int, int, int, int]  # count and n of group 1, count and n of group 2


def proportion(count: int, n: int, level: float = 0.95) -> dict[str, float]:
    """A proportion with Wilson's score interval and the exact one of Clopper and Pearson.

    Parameters
    ----------
    count, n : how many of how many
    level : confidence level

    Returns
    -------
    count, n, proportion, wilson_low, wilson_high, clopper_pearson_low, clopper_pearson_high; NaN for n = 0.

    Raises
    ------
    ValueError
        for counts that are not whole or exceed n

    Examples
    --------
    >>> found = proportion(7, 11)
    >>> round(found["wilson_low"], 4), round(found["clopper_pearson_low"], 4)
    (0.3538, 0.3079)
    """
    count, n = whole(count, "count"), whole(n, "n")
    _check_share(count, n)
    check_level(level)
    limits: dict[str, float] = {}
    for name, method in (("wilson", "wilson"), ("clopper_pearson", "exact")):
        ends = binomtest(count, n).proportion_ci(level, method) if n else (math.nan, math.nan)
        limits |= {f"{name}_low": float(ends[0]), f"{name}_high": float(ends[1])}
    return {"count": float(count), "n": float(n), "proportion": quotient(count, n), **limits}


def proportion_difference(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """Proportion 1 - proportion 2, their ratio, and the number needed to treat.

    Parameters
    ----------
    count_1, n_1, count_2, n_2 : good outcomes and units of the two groups, group 1 the treated one
    level : confidence level

    Returns
    -------
    difference; newcombe_*: its hybrid score interval (Newcombe 1998, method 10); wald_*: the plain normal one.
    risk_ratio with Katz' interval on the log scale, NaN where a count is 0. nnt = 1/difference, negative where
    treatment harms; nnt_newcombe_*, nnt_wald_*: the reciprocals of the difference's limits. Where these enclose 0, the
    interval of the nnt runs through infinity (Altman 1998): low and high are NaN, and nntb_*, nnth_* (NaN otherwise)
    are its two ends: "NNTB nntb to infinity to NNTH nnth". NaN for an empty group.

    Raises
    ------
    ValueError
        for counts that are not whole or exceed n

    Examples
    --------
    >>> found = proportion_difference(56, 70, 48, 80)
    >>> round(found["newcombe_low"], 4), round(found["newcombe_high"], 4)
    (0.0524, 0.3339)
    """
    count_1, n_1, count_2, n_2 = table = _checked_table(count_1, n_1, count_2, n_2)
    p_1, p_2 = quotient(count_1, n_1), quotient(count_2, n_2)
    difference = p_1 - p_2
    newcombe = risk_ratio = (math.nan, math.nan)
    if n_1 and n_2:
        newcombe = confint_proportions_2indep(*table, method="newcomb", compare="diff", alpha=1 - check_level(level))
    if n_1 and n_2 and count_1 and count_2:
        risk_ratio = contingency.relative_risk(*table).confidence_interval(level)
    half = _quantile(level) * math.sqrt(quotient(p_1 * (1 - p_1), n_1) + quotient(p_2 * (1 - p_2), n_2))
    limits = {"newcombe": (float(newcombe[0]), float(newcombe[1])), "wald": (difference - half, difference + half)}
    return {
        "difference": difference,
        **{f"{name}_{end}": limits[name][place] for name in limits for place, end in enumerate(("low", "high"))},
        "risk_ratio": quotient(p_1, p_2),
        "risk_ratio_low": float(risk_ratio[0]),
        "risk_ratio_high": float(risk_ratio[1]),
        "nnt": quotient(1, difference),
        **nnt_limits("newcombe", *limits["newcombe"]),
        **nnt_limits("wald", *limits["wald"]),
    }


def nnt_limits(name: str, low: float, high: float) -> dict[str, float]:
    """The interval of a number needed to treat from that of the difference, as ``proportion_difference`` says."""
    through = low <= 0 <= high
    undefined = math.nan
    return {
        f"nnt_{name}_low": undefined if through else quotient(1, high),
        f"nnt_{name}_high": undefined if through else quotient(1, low),
        f"nntb_{name}": quotient(1, high) if through else undefined,
        f"nnth_{name}": quotient(1, -low) if through else undefined,
    }


def score_differences(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """Score intervals of proportion 1 - proportion 2: the differences that the score test does not reject.

    miettinen_nurminen_*: variance under the tested difference, times N/(N - 1) (Miettinen and Nurminen 1985);
    mee_*: without that factor (Mee 1984; Newcombe 1998, method 5). NaN for an empty group. Raises ValueError
    for counts that are not whole or exceed n. Instead of the score interval of statsmodels 0.15, whose upper limit is
    wrong (0.3440 where 0.3382 is right for 56/70 - 48/80).

    Examples
    --------
    >>> round(score_differences(56, 70, 48, 80)["miettinen_nurminen_high"], 4)
    0.3382
    """
    table = _checked_table(count_1, n_1, count_2, n_2)
    z = float(ndtri((1 + check_level(level)) / 2))
    numbers: dict[str, float] = {}
    for name, corrected in (("miettinen_nurminen", True), ("mee", False)):
        low, high = difference_limits([table], z, corrected) if n_1 and n_2 else (math.nan, math.nan)
        numbers |= {f"{name}_low": low, f"{name}_high": high}
    return numbers


def score_ratio(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """risk_ratio_score_*: Koopman's score interval of proportion 1 / proportion 2 (Koopman 1984).

    It has a value where Katz' has none: with no event in group 1 the lower limit is 0; with none in group 2
    the upper one is infinite, which is NaN here. NaN for an empty group and where neither has an event.
    Raises ValueError for counts that are not whole or exceed n. Instead of the score interval of a ratio in
    statsmodels 0.15, which gives complex numbers, and a lower limit of 1.00 instead of 0.72, for 10/10 and 10/10.

    Examples
    --------
    >>> round(score_ratio(10, 10, 10, 10)["risk_ratio_score_low"], 4)
    0.7225
    """
    count_1, n_1, count_2, n_2 = table = _checked_table(count_1, n_1, count_2, n_2)
    z = float(ndtri((1 + check_level(level)) / 2))
    if not (n_1 and n_2 and count_1 + count_2):
        return {"risk_ratio_score_low": math.nan, "risk_ratio_score_high": math.nan}

    def score(log_ratio: float) -> float:
        return _ratio_score(table, math.exp(log_ratio))

    start = math.log(max(count_1, 0.5) / n_1 / (max(count_2, 0.5) / n_2))
    low = math.exp(_falling(score, z, start)) if count_1 else 0.0
    high = math.exp(_falling(score, -z, start)) if count_2 else math.nan
    return {"risk_ratio_score_low": low, "risk_ratio_score_high": high}


def odds_ratio(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """The conditional maximum likelihood odds ratio, its exact interval, and Fisher's exact test.

    odds_ratio_low and _high leave (1 - level)/2 in each tail (Cornfield 1956); fisher_p is two-sided: the probability,
    under an odds ratio of 1, of all tables that are no more probable than this one. An infinite estimate or limit is
    NaN. NaN for an empty group. Raises ValueError for counts that are not whole or exceed n.

    Examples
    --------
    >>> round(odds_ratio(56, 70, 48, 80)["fisher_p"], 4)
    0.0125
    """
    count_1, n_1, count_2, n_2 = _checked_table(count_1, n_1, count_2, n_2)
    check_level(level)
    if not (n_1 and n_2):
        return dict.fromkeys(("odds_ratio", "odds_ratio_low", "odds_ratio_high", "fisher_p"), math.nan)
    table = [[count_1, n_1 - count_1], [count_2, n_2 - count_2]]
    ratio = contingency.odds_ratio(table)
    limits = ratio.confidence_interval(level)
    numbers = {"odds_ratio": ratio.statistic, "odds_ratio_low": limits.low, "odds_ratio_high": limits.high}
    finite = {name: float(value) if math.isfinite(value) else math.nan for name, value in numbers.items()}
    return {**finite, "fisher_p": float(fisher_exact(table).pvalue)}


def restricted(table: Table, difference: float) -> float:
    """Maximum likelihood proportion of the second of two groups (count, n, count, n) whose difference is given.

    The root of Miettinen and Nurminen's cubic, by the formula of cosines; the first is the difference more.
    """
    count_1, n_1, count_2, n_2 = table
    total, events = n_1 + n_2, count_1 + count_2
    square = (n_1 + 2 * n_2) * difference - total - events
    linear = (n_2 * difference - total - 2 * count_2) * difference + events
    constant = count_2 * difference * (1 - difference)
    b, c, d = square / total, linear / total, constant / total
    q = (b / 3) ** 3 - b * c / 6 + d / 2
    p = math.copysign(math.sqrt(max((b / 3) ** 2 - c / 3, 0.0)), q)
    angle = (math.pi + math.acos(min(1.0, max(-1.0, quotient(q, p**3))))) / 3 if p else 0.0
    second = 2 * p * math.cos(angle) - b / 3
    return min(max(second, 0.0, -difference), 1.0, 1.0 - difference)


def difference_limits(tables: Sequence[Table], z: float, corrected: bool) -> Interval:
    """The differences, common to all tables, that the score test of the weighted difference does not reject at z.

    Weights of the tables are those of Mantel and Haenszel, n_1 n_2 / (n_1 + n_2). ``corrected``: variances times
    N / (N - 1) of each table (Miettinen and Nurminen 1985). Groups are not empty.
    """
    size = [n_1 * n_2 / (n_1 + n_2) for _, n_1, _, n_2 in tables]
    weights = [group_size / sum(size) for group_size in size]
    estimate = sum(w * (a / n - b / m) for w, (a, n, b, m) in zip(weights, tables, strict=True))
    factors = [(n + m) / (n + m - 1) if corrected else 1.0 for _, n, _, m in tables]

    def score(difference: float) -> float:
        variance = 0.0
        for table, weight, factor in zip(tables, weights, factors, strict=True):
            p_2 = restricted(table, difference)
            p_1 = p_2 + difference
            variance += weight**2 * ((p_1 * (1 - p_1) / table[1] + p_2 * (1 - p_2) / table[3]) * factor)
        away = estimate - difference
        if variance <= 0:
            return math.copysign(math.inf, away) if abs(away) > TOLERANCE else 0.0
        return away / math.sqrt(variance)

    limits = []
    for end, target in ((-1.0, z), (1.0, -z)):
        if abs(estimate - end) < NEAR:
            limits.append(end)
            continue
        inner = end * (1 - NEAR)
        limits.append(float(brentq(lambda q, t=target: _finite(score(q)) - t, inner, estimate, xtol=1e-14)))
    return Interval(limits[0], limits[1])


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(1e9, value)


def _ratio_score(table: Table, ratio: float) -> float:
    """Koopman's z of a ratio; falls as the ratio grows."""
    count_1, n_1, count_2, n_2 = table
    a, b = (n_1 + n_2) * ratio, n_1 * ratio + count_1 + n_2 + count_2 * ratio
    c = count_1 + count_2
    second = 2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0)))  # the smaller root, without cancellation
    first = min(ratio * second, 1.0)
    variance = first * (1 - first) / n_1 + ratio**2 * second * (1 - second) / n_2
    away = count_1 / n_1 - ratio * count_2 / n_2
    return away / math.sqrt(variance) if variance > 0 else math.copysign(1e9, away) if away else 0.0


def _falling(function: Callable[[float], float], target: float, start: float) -> float:
    """Where a falling function takes a value; the search widens from ``start``. NaN if it never does."""
    width = 1.0
    while width <= WIDEST:
        low, high = start - width, start + width
        if function(low) >= target >= function(high):
            return float(brentq(lambda q: function(q) - target, low, high, xtol=1e-13, rtol=1e-14))
        width *= 2
    return math.nan


def _check_share(count: int, n: int) -> None:
    if count > n:
        raise ValueError("the count exceeds n")


def _checked_table(count_1: int, n_1: int, count_2: int, n_2: int) -> Table:
    table = whole(count_1, "count"), whole(n_1, "n"), whole(count_2, "count"), whole(n_2, "n")
    _check_share(*table[:2])
    _check_share(*table[2:])
    return table


def _quantile(level: float) -> float:
    return float(ndtri((1 + check_level(level)) / 2))

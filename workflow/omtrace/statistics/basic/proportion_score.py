"""Two proportions compared by score tests and by the exact conditional distribution."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, ndtri

from omtrace.statistics.basic.samples import TOLERANCE, check_level, quotient, whole

NEAR = 1e-9  # how far from the end of a range a limit is looked for
EQUAL = 1e-7  # relative: probabilities of tables that count as equal in Fisher's test, as in R
WIDEST = 2.0**10  # of a log odds ratio


def score_differences(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """Score intervals of proportion 1 - proportion 2: the differences that the score test does not reject.

    miettinen_nurminen_*: variance under the tested difference, times N/(N - 1) (Miettinen and Nurminen 1985);
    mee_*: without that factor (Mee 1984; Newcombe 1998, method 5). NaN for an empty group. Raises ValueError
    for counts that are not whole or exceed n.
    """
    table = _checked(count_1, n_1, count_2, n_2)
    z = float(ndtri((1 + check_level(level)) / 2))
    total = n_1 + n_2
    numbers: dict[str, float] = {}
    for name, factor in (("miettinen_nurminen", quotient(total, total - 1)), ("mee", 1.0)):
        low, high = _difference_limits(table, factor, z)
        numbers |= {f"{name}_low": low, f"{name}_high": high}
    return numbers


def score_ratio(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """risk_ratio_score_*: Koopman's score interval of proportion 1 / proportion 2 (Koopman 1984).

    It has a value where Katz' has none: with no event in group 1 the lower limit is 0; with none in group 2
    the upper one is infinite, which is NaN here. NaN for an empty group and where neither has an event.
    Raises ValueError for counts that are not whole or exceed n.
    """
    count_1, n_1, count_2, n_2 = table = _checked(count_1, n_1, count_2, n_2)
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

    Conditional on all margins the count of group 1 is noncentral hypergeometric. odds_ratio_low and _high
    leave (1 - level)/2 in each tail (Cornfield 1956); fisher_p is two-sided: the probability, under an odds
    ratio of 1, of all tables that are no more probable than this one. An infinite estimate or limit is NaN.
    NaN for an empty group. Raises ValueError for counts that are not whole or exceed n.
    """
    count_1, n_1, count_2, n_2 = _checked(count_1, n_1, count_2, n_2)
    tail = (1 - check_level(level)) / 2
    if not (n_1 and n_2):
        return dict.fromkeys(("odds_ratio", "odds_ratio_low", "odds_ratio_high", "fisher_p"), math.nan)
    events = count_1 + count_2
    support = np.arange(max(0, events - n_2), min(n_1, events) + 1)
    other = events - support
    logs = -(gammaln(support + 1) + gammaln(n_1 - support + 1) + gammaln(other + 1) + gammaln(n_2 - other + 1))

    def probabilities(log_odds: float) -> np.ndarray:
        weights = logs + support * log_odds
        weights = np.exp(weights - weights.max())
        found: np.ndarray = weights / weights.sum()
        return found

    null = probabilities(0.0)
    here = null[count_1 - support[0]]
    least, most = count_1 == support[0], count_1 == support[-1]
    ends = {
        "odds_ratio": (least, most, lambda q: count_1 - float((probabilities(q) * support).sum()), 0.0),
        "odds_ratio_low": (least, False, lambda q: -float(probabilities(q)[support >= count_1].sum()), -tail),
        "odds_ratio_high": (False, most, lambda q: float(probabilities(q)[support <= count_1].sum()), tail),
    }
    numbers = {
        name: math.nan if infinite else 0.0 if zero else math.exp(_falling(function, target, 0.0))
        for name, (zero, infinite, function, target) in ends.items()
    }
    if least and most:  # one table only: the data say nothing
        numbers = {"odds_ratio": math.nan, "odds_ratio_low": 0.0, "odds_ratio_high": math.nan}
    return {**numbers, "fisher_p": min(1.0, float(null[null <= here * (1 + EQUAL)].sum()))}


def restricted(table: tuple[int, int, int, int], difference: float) -> tuple[float, float]:
    """Maximum likelihood proportions of two groups (count, n, count, n) whose difference is given.

    The root of Miettinen and Nurminen's cubic in the second proportion, by the formula of cosines.
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
    second = min(max(second, 0.0, -difference), 1.0, 1.0 - difference)
    return second + difference, second


def _difference_limits(table: tuple[int, int, int, int], factor: float, z: float) -> tuple[float, float]:
    count_1, n_1, count_2, n_2 = table
    if not (n_1 and n_2):
        return math.nan, math.nan
    estimate = count_1 / n_1 - count_2 / n_2

    def score(difference: float) -> float:
        p_1, p_2 = restricted(table, difference)
        variance = (p_1 * (1 - p_1) / n_1 + p_2 * (1 - p_2) / n_2) * factor
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
    return limits[0], limits[1]


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(1e9, value)


def _ratio_score(table: tuple[int, int, int, int], ratio: float) -> float:
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


def _checked(count_1: int, n_1: int, count_2: int, n_2: int) -> tuple[int, int, int, int]:
    found = [whole(value, name) for value, name in ((count_1, "count"), (n_1, "n"), (count_2, "count"), (n_2, "n"))]
    if found[0] > found[1] or found[2] > found[3]:
        raise ValueError("the count exceeds n")
    return found[0], found[1], found[2], found[3]

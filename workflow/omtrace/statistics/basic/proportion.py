"""Proportions, their difference and ratio, and the number needed to treat."""

import math

from scipy.special import betaincinv, ndtri

from omtrace.statistics.basic.samples import check_level, quotient, whole


def proportion(count: int, n: int, level: float = 0.95) -> dict[str, float]:
    """A proportion with Wilson's score interval and the exact one of Clopper and Pearson.

    NaN for n = 0. Raises ValueError for counts that are not whole or exceed n.
    """
    count, n = _checked(count, n)
    wilson_low, wilson_high = wilson_interval(count, n, level)
    tail = (1 - check_level(level)) / 2
    exact_low = exact_high = math.nan
    if n:
        exact_low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
        exact_high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return {
        "count": float(count),
        "n": float(n),
        "proportion": quotient(count, n),
        "wilson_low": wilson_low,
        "wilson_high": wilson_high,
        "clopper_pearson_low": exact_low,
        "clopper_pearson_high": exact_high,
    }


def wilson_interval(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval without continuity correction (Wilson 1927); NaN for n = 0."""
    z = _quantile(level)
    if n == 0:
        return math.nan, math.nan
    share, weight = count / n, 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / weight
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / weight
    return (centre - half if count else 0.0), (centre + half if count < n else 1.0)


def proportion_difference(count_1: int, n_1: int, count_2: int, n_2: int, level: float = 0.95) -> dict[str, float]:
    """Proportion 1 - proportion 2, their ratio, and the number needed to treat.

    newcombe_*: hybrid score interval of the difference (Newcombe 1998, method 10); wald_*: the plain normal
    one. risk_ratio_*: Katz' interval on the log scale, NaN where a count is 0. The count is of good outcomes,
    group 1 the treated one: nnt = 1/difference, negative where treatment harms. nnt_newcombe_*, nnt_wald_*:
    the reciprocals of the difference's limits. Where these enclose 0, the interval of the nnt runs through
    infinity (Altman 1998): low and high are NaN, and nntb_*, nnth_* (NaN otherwise) are its two ends: "NNTB
    nntb to infinity to NNTH nnth". NaN for an empty group. Raises ValueError for counts that are not whole or
    exceed n.
    """
    (count_1, n_1), (count_2, n_2) = _checked(count_1, n_1), _checked(count_2, n_2)
    p_1, p_2 = quotient(count_1, n_1), quotient(count_2, n_2)
    difference = p_1 - p_2
    low_1, high_1 = wilson_interval(count_1, n_1, level)
    low_2, high_2 = wilson_interval(count_2, n_2, level)
    newcombe = (
        difference - math.hypot(p_1 - low_1, high_2 - p_2),
        difference + math.hypot(high_1 - p_1, p_2 - low_2),
    )
    half = _quantile(level) * math.sqrt(quotient(p_1 * (1 - p_1), n_1) + quotient(p_2 * (1 - p_2), n_2))
    wald = (difference - half, difference + half)
    return {
        "difference": difference,
        "newcombe_low": newcombe[0],
        "newcombe_high": newcombe[1],
        "wald_low": wald[0],
        "wald_high": wald[1],
        **_risk_ratio(count_1, n_1, count_2, n_2, level),
        "nnt": quotient(1, difference),
        **nnt_limits("newcombe", *newcombe),
        **nnt_limits("wald", *wald),
    }


def _risk_ratio(count_1: int, n_1: int, count_2: int, n_2: int, level: float) -> dict[str, float]:
    ratio = quotient(quotient(count_1, n_1), quotient(count_2, n_2))
    factor = math.nan
    if count_1 and count_2:
        factor = math.exp(_quantile(level) * math.sqrt(1 / count_1 - 1 / n_1 + 1 / count_2 - 1 / n_2))
    return {"risk_ratio": ratio, "risk_ratio_low": ratio / factor, "risk_ratio_high": ratio * factor}


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


def _checked(count: int, n: int) -> tuple[int, int]:
    count, n = whole(count, "count"), whole(n, "n")
    if count > n:
        raise ValueError("the count exceeds n")
    return count, n


def _quantile(level: float) -> float:
    return float(ndtri((1 + check_level(level)) / 2))

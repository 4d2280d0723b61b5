"""Partial eta squared of an F test, with its noncentral-F interval."""

import math

from scipy.optimize import brentq
from scipy.special import fdtr, ncfdtr

from omtrace.statistics.basic.samples import check_level, quotient

LARGEST = 1e6  # noncentrality beyond which no limit is looked for


def partial_eta(f: float, df_1: float, df_2: float, level: float = 0.95) -> dict[str, float]:
    """partial_eta_squared = F df_1/(F df_1 + df_2), with limits from the noncentrality of F.

    The interval has the level 2 ``level`` - 1 (90 % for 95 %: the one that excludes 0 when the F test is
    significant; Steiger 2004). A noncentrality q stands for q/(q + df_2). NaN where F is undefined.
    """
    check_level(level)
    low, high = (noncentral_f(f, df_1, df_2, p) if level > 0.5 else math.nan for p in (level, 1 - level))
    return {
        "partial_eta_squared": quotient(df_1 * f, df_1 * f + df_2),
        "partial_eta_squared_low": quotient(low, low + df_2),
        "partial_eta_squared_high": quotient(high, high + df_2),
    }


def noncentral_f(f: float, df_1: float, df_2: float, probability: float) -> float:
    """The noncentrality at which F(df_1, df_2) lies below f with this probability; 0 where none is that low."""
    if not (math.isfinite(f) and df_1 > 0 and df_2 > 0):
        return math.nan
    if fdtr(df_1, df_2, f) <= probability:
        return 0.0
    high = df_1 * f + 9
    while not ncfdtr(df_1, df_2, high, f) < probability:
        high *= 2
        if high > LARGEST:
            return math.nan
    return float(brentq(lambda q: ncfdtr(df_1, df_2, q, f) - probability, 0, high, xtol=1e-12))

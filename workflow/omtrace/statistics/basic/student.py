"""Student's t, central and noncentral: intervals, p values, small-sample correction of effect sizes."""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import nctdtr, poch, stdtr, stdtrit

from omtrace.statistics.basic.samples import check_level, quotient
from omtrace.statistics.interval import Interval

START = 9.0  # first half width of the search: far in the tail the distribution function is NaN
WIDEST = START * 2**10


class TTest(NamedTuple):
    """t and its two-sided p."""

    t: float
    p: float


def t_interval(estimate: float, se: float, df: float, level: float) -> Interval:
    """Confidence interval estimate -+ t * se; NaN without a standard error or degrees of freedom."""
    check_level(level)
    if not (math.isfinite(se) and df > 0):
        return Interval(math.nan, math.nan)
    half = float(stdtrit(df, (1 + level) / 2)) * se
    return Interval(float(estimate - half), float(estimate + half))


def t_test(estimate: float, se: float, df: float) -> TTest:
    """t and two-sided p of "the estimate is zero"; NaN where the standard error is 0 or undefined."""
    t = quotient(estimate, se)
    return TTest(t, float(2 * stdtr(df, -abs(t))) if df > 0 else math.nan)


def wald_numbers(estimate: float, se: float, df: float, level: float) -> dict[str, float]:
    """The numbers se, ci_low, ci_high, t, df, p of an estimate with a t distribution."""
    low, high = t_interval(estimate, se, df, level)
    t, p = t_test(estimate, se, df)
    return {"se": se, "ci_low": low, "ci_high": high, "t": t, "df": float(df), "p": p}


def noncentrality(distribution: Callable[[float], float], start: float, probability: float) -> float:
    """The noncentrality at which a distribution function, falling in it, equals ``probability``.

    The search begins within 9 of ``start`` and widens while it finds no change of sign; NaN if there is none.
    """
    width = START
    while width <= WIDEST:
        low, high = distribution(start - width) - probability, distribution(start + width) - probability
        if low > 0 > high:
            root = brentq(lambda q: distribution(q) - probability, start - width, start + width, xtol=1e-12)
            return float(root)
        width *= 2
    return math.nan


def noncentral_t_interval(t: float, df: float, level: float) -> Interval:
    """Exact interval of the noncentrality of t (Steiger and Fouladi 1997); NaN where t is undefined.

    Divided by sqrt(n), or multiplied by sqrt(1/n_a + 1/n_b), it is the interval of a standardised difference.
    """
    tail = (1 - check_level(level)) / 2
    if not (math.isfinite(t) and df > 0):
        return Interval(math.nan, math.nan)
    low, high = (noncentrality(lambda q: _below(t, df, q), t, p) for p in (1 - tail, tail))
    return Interval(low, high)


def _below(t: float, df: float, noncentrality: float) -> float:
    """P(T <= t); 0 or 1 at the points far in a tail where scipy's function is NaN (true to 1e-13 there)."""
    probability = float(nctdtr(df, noncentrality, t))
    return probability if math.isfinite(probability) else float(noncentrality < t)


def hedges_correction(df: float) -> float:
    """Hedges' exact correction J = gamma(df/2)/(sqrt(df/2) gamma((df-1)/2)) (Hedges 1981); NaN for df < 2.

    The ratio of gammas is a Pochhammer symbol: the difference of log gammas loses digits for large df.
    """
    if not df >= 2:
        return math.nan
    return float(poch((df - 1) / 2, 0.5)) / math.sqrt(df / 2)

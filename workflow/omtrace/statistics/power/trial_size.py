"""Power and sample size of the next study, by formula.

Numbers of units are not rounded here: a plan rounds up, once, at the end.
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq
from scipy.special import chdtri, ndtri
from statsmodels.stats.power import TTestIndPower, TTestPower

from omtrace.statistics.interval import Interval

MOST = 1e7  # units a group; what needs more is refused


def power_t(n: float, effect: float, alpha: float = 0.05, paired: bool = False) -> float:
    """Power of the two-sided t test, by ``statsmodels.stats.power``.

    Parameters
    ----------
    n : units a group, or pairs
    effect : in standard deviations; paired, in those of the change
    alpha : level of the test
    paired : two groups of one variance otherwise

    Examples
    --------
    >>> round(power_t(64, 0.5), 4)
    0.8015
    """
    test = TTestPower() if paired else TTestIndPower()
    power = float(test.power(effect, n, alpha))
    return 1.0 if math.isnan(power) else power  # so far beyond the limit that the noncentral t has no digits


def n_t(effect: float, power: float, alpha: float = 0.05, paired: bool = False) -> float:
    """Units a group (or pairs) for that power. Raises ValueError for an effect of 0 or one that needs too many.

    Solved to 1e-10; ``solve_power`` of statsmodels stops at 1e-7, and answers an effect of 0.

    Examples
    --------
    >>> round(n_t(0.5, 0.8), 4)
    63.7656
    """
    return _solved(lambda n: power_t(n, abs(effect), alpha, paired), power)


def n_ancova(effect: float, correlation: float, power: float, alpha: float = 0.05) -> float:
    """Units a group for an analysis adjusted for baseline: (1 - correlation^2) times the t test's (Borm 2007), plus 1.

    The one more unit a group stands for the degree of freedom of the covariate.
    """
    return (1 - correlation**2) * n_t(effect, power, alpha) + 1


def sd_limits(sd: float, df: float, confidence: float) -> Interval:
    """One-sided lower and upper confidence limit of a standard deviation, sd sqrt(df / chi-squared quantile)."""
    return Interval(
        sd * math.sqrt(df / float(chdtri(df, 1 - confidence))), sd * math.sqrt(df / float(chdtri(df, confidence)))
    )


def correlation_lower(correlation: float, df: float, confidence: float) -> float:
    """One-sided lower confidence limit of the size of a correlation by Fisher's z, se 1/sqrt(df - 2); at least 0."""
    if not df > 2:
        raise ValueError("a correlation needs more than 2 degrees of freedom")
    z = math.atanh(min(abs(correlation), 1 - 1e-12)) - float(ndtri(confidence)) / math.sqrt(df - 2)
    return max(0.0, math.tanh(z))


def with_dropout(n: float, dropout: float) -> int:
    """Units to be enrolled, so that n are left after a share has dropped out: rounded up."""
    return math.ceil(n / (1 - dropout) - 1e-9)


def _solved(function: Callable[[float], float], power: float) -> float:
    low = 2.0
    if function(low) >= power:
        return low
    high = 2 * low
    while not function(high) >= power:
        low, high = high, 2 * high
        if high > MOST:
            raise ValueError(f"the difference needs more than {MOST:.0e} units a group")
    return float(brentq(lambda n: function(n) - power, low, high, xtol=1e-10, rtol=1e-12))

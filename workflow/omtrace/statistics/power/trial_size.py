"""Power and sample size of the next study, by formula.

Numbers of units are not rounded here: a plan rounds up, once, at the end.
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq
from scipy.special import chdtri, fdtri, ncfdtr, nctdtr, ndtri, stdtrit

MOST = 1e7  # units a group; what needs more is refused
FAR = 9.0  # noncentrality this far beyond the limit: found for certain; the distribution function is NaN further out


def power_t(n: float, effect: float, alpha: float = 0.05, paired: bool = False) -> float:
    """Power of the two-sided t test with n units a group (or n pairs), ``effect`` in standard deviations.

    Of two groups with one variance: noncentrality effect sqrt(n/2), df 2n - 2. Paired: effect sqrt(n), df n - 1, the
    effect in standard deviations of the change.
    """
    df, noncentrality = (n - 1, effect * math.sqrt(n)) if paired else (2 * n - 2, effect * math.sqrt(n / 2))
    limit = float(stdtrit(df, 1 - alpha / 2))
    if noncentrality - limit > FAR:
        return 1.0
    return 1 - float(nctdtr(df, noncentrality, limit)) + float(nctdtr(df, noncentrality, -limit))


def n_t(effect: float, power: float, alpha: float = 0.05, paired: bool = False) -> float:
    """Units a group (or pairs) for that power. Raises ValueError for an effect of 0 or one that needs too many."""
    return _solved(lambda n: power_t(n, abs(effect), alpha, paired), power)


def n_ancova(effect: float, correlation: float, power: float, alpha: float = 0.05) -> float:
    """Units a group for an analysis adjusted for baseline: (1 - correlation^2) times the t test's (Borm 2007), plus 1.

    The one more unit a group stands for the degree of freedom of the covariate.
    """
    return (1 - correlation**2) * n_t(effect, power, alpha) + 1


def power_anova(n: float, groups: int, effect: float, alpha: float = 0.05) -> float:
    """Power of the F test of several groups with n units each; ``effect``: Cohen's f."""
    df_1, df_2 = groups - 1, groups * (n - 1)
    return 1 - float(ncfdtr(df_1, df_2, groups * n * effect**2, fdtri(df_1, df_2, 1 - alpha)))


def n_anova(groups: int, effect: float, power: float, alpha: float = 0.05) -> float:
    """Units a group for that power."""
    return _solved(lambda n: power_anova(n, groups, effect, alpha), power)


def n_proportions(one: float, two: float, power: float, alpha: float = 0.05) -> float:
    """Units a group for two proportions, the variance under no difference pooled (Fleiss 1981, no correction)."""
    if not (0 < one < 1 and 0 < two < 1 and one != two):
        raise ValueError("two different proportions between 0 and 1 are needed")
    middle = (one + two) / 2
    spread = math.sqrt(one * (1 - one) + two * (1 - two))
    root = float(ndtri(1 - alpha / 2)) * math.sqrt(2 * middle * (1 - middle)) + float(ndtri(power)) * spread
    return (root / (one - two)) ** 2


def n_proportions_arcsine(one: float, two: float, power: float, alpha: float = 0.05) -> float:
    """The same by the arcsine transformation (Cohen 1988)."""
    h = abs(2 * math.asin(math.sqrt(one)) - 2 * math.asin(math.sqrt(two)))
    limit = float(ndtri(1 - alpha / 2))
    return _solved(lambda n: _normal(h * math.sqrt(n / 2) - limit) + _normal(-limit - h * math.sqrt(n / 2)), power)


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def sd_limits(sd: float, df: float, confidence: float) -> tuple[float, float]:
    """One-sided lower and upper confidence limit of a standard deviation, sd sqrt(df / chi-squared quantile)."""
    return sd * math.sqrt(df / float(chdtri(df, 1 - confidence))), sd * math.sqrt(df / float(chdtri(df, confidence)))


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

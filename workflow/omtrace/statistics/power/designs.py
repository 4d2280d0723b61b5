"""Power and size of trials by design: parallel, clustered or crossover; superior, not inferior or equivalent.

A size is the least whole number with the power. Where the test is a t test its power is exact for normal values: by the
noncentral t, and of two one-sided tests by the integral over the standard deviation (Owen's Q); proportions, hazards
and rates by the normal distribution.
"""

import math
from dataclasses import dataclass
from typing import Literal

from scipy.integrate import quad
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import chi, nct

Goal = Literal["superiority", "non-inferiority", "equivalence"]
HOPELESS = "what is expected does not lie beyond what is to be excluded: no size has power"
MOST = 10_000_000  # units; what needs more is refused


@dataclass(frozen=True)
class MeansTest:
    """A comparison of two means by t: the estimate of n has the standard error ``scale`` / sqrt(n).

    Attributes
    ----------
    difference : expected, above 0 where the new treatment is better
    scale : sqrt(2) x the SD of a unit of two parallel groups of n, or x the SD within a person of n in a crossover
    crossover : n are all persons, with n - 2 degrees of freedom; else the units of a group, with 2 n - 2
    goal, margin : not inferior: better than -margin; equivalent: within -+ margin
    alpha : two-sided; one-sided tests have half of it
    """

    difference: float
    scale: float
    crossover: bool = False
    goal: Goal = "superiority"
    margin: float = 0.0
    alpha: float = 0.05

    def power(self, n: int) -> float:
        """Power with n units a group, or n persons in all of a crossover.

        Examples
        --------
        >>> round(MeansTest(0.5, 2**0.5).power(64), 4)
        0.8015
        """
        df = n - 2 if self.crossover else 2 * n - 2
        if df < 1:
            return 0.0
        se, limit = self.scale / math.sqrt(n), float(stdtrit(df, 1 - self.alpha / 2))
        if self.goal == "equivalence":
            return _equivalence(self.difference / se, self.margin / se, df, limit)
        if self.goal == "non-inferiority":
            return _above(limit, df, (self.difference + self.margin) / se)
        shift = self.difference / se
        return _above(limit, df, shift) + _above(limit, df, -shift)

    def size(self, power: float) -> int:
        """The least n with the power; of a crossover an even one, for two sequences.

        Raises ValueError where what is expected does not lie beyond what is to be excluded, and beyond ``MOST``.
        """
        room = {
            "superiority": abs(self.difference),
            "non-inferiority": self.difference + self.margin,
            "equivalence": self.margin - abs(self.difference),
        }[self.goal]
        if not room > 0:
            raise ValueError(HOPELESS)
        step = 2 if self.crossover else 1
        low, high = 0, 1
        while not self.power(high * step) >= power:
            low, high = high, 2 * high
            if high * step > MOST:
                raise ValueError(f"no size up to {MOST} has the power")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(middle * step) >= power else (middle, high)
        return high * step


def _above(limit: float, df: float, shift: float) -> float:
    """P(noncentral t > limit); where scipy has no digits, that of the normal distribution."""
    p = float(nct.sf(limit, df, shift))
    return p if math.isfinite(p) else float(ndtr(shift - limit))


def _equivalence(shift: float, margin: float, df: float, limit: float) -> float:
    """Power of two one-sided t tests, an integral over the estimated SD as a share of the true one."""

    def given(share: float) -> float:
        room = margin - limit * share
        return float(ndtr(room - shift) - ndtr(-room - shift)) * float(density(share * math.sqrt(df))) * math.sqrt(df)

    density = chi(df).pdf
    most = margin / limit  # beyond, the interval is wider than the margins
    middle = min(1.0, most)
    return quad(given, 0, middle, limit=200)[0] + (quad(given, middle, most, limit=200)[0] if most > middle else 0.0)


def n_proportions(
    group: float, reference: float, power: float, goal: Goal = "superiority", margin: float = 0.0, alpha: float = 0.05
) -> float:
    """Units a group to compare two proportions by normal approximation, not rounded.

    Superiority: variance pooled under the null (Fleiss, without continuity correction, as R's power.prop.test); else
    not pooled (Blackwelder 1982; Chow, Shao and Wang). Above 0 is better. Raises ValueError for proportions that differ
    by no more than the margin.

    Examples
    --------
    >>> round(n_proportions(0.5, 0.3, 0.8), 2)
    93.0
    """
    difference, variance = group - reference, group * (1 - group) + reference * (1 - reference)
    z, beta = float(ndtri(1 - alpha / 2)), float(ndtri(power))
    if goal == "superiority":
        pooled = (group + reference) / 2
        return _over((z * math.sqrt(2 * pooled * (1 - pooled)) + beta * math.sqrt(variance)) ** 2, difference)
    if goal == "non-inferiority":
        return _over((z + beta) ** 2 * variance, max(difference + margin, 0.0))
    beta = float(ndtri((1 + power) / 2))
    return _over((z + beta) ** 2 * variance, max(margin - abs(difference), 0.0))


def events_needed(hazard_ratio: float, power: float, margin: float = 1.0, alpha: float = 0.05) -> float:
    """Events of both groups of equal size for a log-rank test (Schoenfeld 1981), not rounded.

    ``margin``: hazard ratio that is to be excluded, 1 for superiority. Raises ValueError where the expected one is no
    smaller.

    Examples
    --------
    >>> round(events_needed(0.57, 0.9), 1)
    133.0
    """
    z = float(ndtri(1 - alpha / 2)) + float(ndtri(power))
    if margin > 1 and hazard_ratio >= margin:
        raise ValueError(HOPELESS)
    return _over(4 * z**2, math.log(hazard_ratio / margin))


def n_rates(
    rate: float, rate_ratio: float, power: float, exposure: float = 1.0, dispersion: float = 0.0, alpha: float = 0.05
) -> float:
    """Units a group to compare rates of negative binomial counts (Keene 2007; Zhu and Lakkis 2014), not rounded.

    ``rate``: of the reference, per unit of ``exposure``; variance mean + dispersion x mean^2, 0 for Poisson counts.

    Examples
    --------
    >>> round(n_rates(0.8, 0.85, 0.9, 0.75, 0.4), 0)
    1761.0
    """
    z = float(ndtri(1 - alpha / 2)) + float(ndtri(power))
    variance = (1 / rate + 1 / (rate * rate_ratio)) / exposure + 2 * dispersion
    return _over(z**2 * variance, math.log(rate_ratio))


def design_effect(size: float, icc: float, cv: float = 0.0) -> float:
    """How many times the variance of a mean clusters of a mean size make: 1 + ((1 + cv^2) size - 1) icc.

    ``cv``: coefficient of variation of the sizes (Eldridge, Ashby and Kerry 2006, doi:10.1093/ije/dyl129).

    Examples
    --------
    >>> round(design_effect(20, 0.05, 0.65), 4)
    2.3725
    """
    return 1 + ((1 + cv**2) * size - 1) * icc


def _over(above: float, away: float) -> float:
    if not abs(away) > 1e-9:
        raise ValueError(HOPELESS)
    return above / away**2

"""Distributions of the largest of several t statistics: the studentized range, and Dunnett's.

Both are a double integral, over the common standard error and over the shared normal part, by Gauss-Legendre
quadrature: no random numbers, and the same digits everywhere (about 1e-12).
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr

NODES = 96
TAIL = 1e-18  # of the chi distribution, left out at each end
REACH = 8.8  # standard deviations of the normal part
LARGEST = 1e4  # beyond it no critical value is looked for


@lru_cache(maxsize=64)
def _spread(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of s = sqrt(chi-squared / df)."""
    low, high = (math.sqrt(2 * float(end) / df) for end in (gammaincinv(df / 2, TAIL), gammainccinv(df / 2, TAIL)))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    s = low + (high - low) * (nodes + 1) / 2
    log_density = math.log(2) + df / 2 * math.log(df / 2) - gammaln(df / 2) + (df - 1) * np.log(s) - df * s * s / 2
    return s, weights * (high - low) / 2 * np.exp(log_density)


@lru_cache(maxsize=1)
def _normal() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a standard normal."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    z = REACH * nodes
    return z, weights * REACH * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def range_exceeds(q: float, groups: int, df: float) -> float:
    """P(studentized range of ``groups`` means > q); NaN for fewer than two groups or no degrees of freedom."""
    if not (math.isfinite(q) and df > 0 and groups >= 2):
        return math.nan
    (s, of_s), (z, of_z) = _spread(df), _normal()
    within = ndtr(z) - ndtr(z - abs(q) * s[:, None])
    inner = groups * (within ** (groups - 1) * of_z).sum(axis=1)
    return min(1.0, max(0.0, 1 - float((inner * of_s).sum())))


def dunnett_exceeds(t: float, shares: tuple[float, ...], df: float) -> float:
    """P(the largest |t| of the comparisons with one control > |t|) (Dunnett 1955).

    ``shares``: n of each group over n of it and the control; the t of two groups correlate by the root of the
    product of theirs. NaN without degrees of freedom.
    """
    if not (math.isfinite(t) and df > 0):
        return math.nan
    (s, of_s), (z, of_z) = _spread(df), _normal()
    inner = np.ones((s.size, z.size))
    for share in shares:
        own, shared = math.sqrt(1 - share), math.sqrt(share) * z
        half = abs(t) * s[:, None]
        inner *= ndtr((half - shared) / own) - ndtr((-half - shared) / own)
    return min(1.0, max(0.0, 1 - float(((inner * of_z).sum(axis=1) * of_s).sum())))


def critical(exceeds: Callable[[float], float], level: float) -> float:
    """The value that is exceeded with probability 1 - level; NaN if there is none."""
    high = 4.0
    while not exceeds(high) < 1 - level:
        high *= 2
        if high > LARGEST:
            return math.nan
    return float(brentq(lambda q: exceeds(q) - (1 - level), 0, high, xtol=1e-12))

"""Rates with exact intervals, and progression criteria of a feasibility study."""

import math

from scipy.special import gammaincinv

from omtrace.statistics.basic.samples import check_level

STOP, AMEND, GO = 0, 1, 2
EXCLUDES_STOP, EXCLUDES_GO = 1, 2  # added where both are excluded


def rate(count: int, time: float, level: float = 0.95) -> dict[str, float]:
    """Events in a time, with the exact Poisson interval (Garwood 1936, doi:10.1093/biomet/28.3-4.437).

    Raises ValueError for a count below 0 or not whole, and a time of 0 or less.
    """
    if count < 0 or count != int(count) or not time > 0:
        raise ValueError("a rate needs a whole count of 0 or more, and a time above 0")
    tail = (1 - check_level(level)) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return {"rate": count / time, "rate_low": low / time, "rate_high": float(gammaincinv(count + 1, 1 - tail)) / time}


def verdict(estimate: float, stop: float, go: float) -> int:
    """STOP below ``stop``, GO from ``go`` on, AMEND between (Avery 2017, doi:10.1136/bmjopen-2016-013537).

    1e-9 is allowed for rounding. Raises ValueError where ``go`` is below ``stop``, or there is no estimate.
    """
    if go < stop or math.isnan(estimate):
        raise ValueError("a verdict needs an estimate, and a limit for go that is not below that for stop")
    if estimate >= go - 1e-9:
        return GO
    return AMEND if estimate >= stop - 1e-9 else STOP


def excluded(low: float, high: float, stop: float, go: float) -> int:
    """Which verdicts an interval excludes: STOP where none of it is below ``stop``, GO where all is below ``go``."""
    return EXCLUDES_STOP * (low >= stop - 1e-9) + EXCLUDES_GO * (high < go - 1e-9)

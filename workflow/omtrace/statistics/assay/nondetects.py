"""Summaries of values of which some are only known to lie below a limit: ROS, Kaplan-Meier, a rank test, substitution.

``below``: True where the value given is a limit, and the true value lies below it. Limits may differ from value to
value. For values above a limit see ``censored``; these methods take none.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri

from omtrace.statistics.basic.samples import TOLERANCE, sample, standard_deviation


@dataclass(frozen=True)
class _Sample:
    """Values, and which of them are limits that the true one lies below."""

    values: np.ndarray
    below: np.ndarray


def plotting_positions(values: ArrayLike, below: ArrayLike) -> np.ndarray:
    """Share of the population below each value (n,), limits of detection respected (Helsel and Cohn 1988).

    Helsel and Cohn, Water Resources Research 24:1997: the share between two limits comes from the values seen there
    against all known to lie below the upper one; within it, positions are equally spaced (Weibull).
    """
    checked = _checked(values, below)
    y, c = checked.values, checked.below
    limits = np.unique(y[c])
    if not c.any() or y[~c].min(initial=math.inf) < limits[0]:
        limits = np.append(-math.inf, limits)
    edges = np.append(limits, math.inf)
    above = np.zeros(len(edges))  # probability of exceeding each edge
    for j in range(len(limits) - 1, -1, -1):
        inside = int((~c & (y >= edges[j]) & (y < edges[j + 1])).sum())
        under = int((c & (y <= edges[j])).sum() + (~c & (y < edges[j])).sum())
        above[j] = above[j + 1] + (inside / (inside + under) if inside + under else 0.0) * (1 - above[j + 1])
    positions = np.empty(y.size)
    for j, limit in enumerate(limits):
        seen = np.flatnonzero(~c & (y >= limit) & (y < edges[j + 1]))
        ranks = np.argsort(np.argsort(y[seen], kind="stable"), kind="stable") + 1
        positions[seen] = 1 - above[j] + ranks / (seen.size + 1) * (above[j] - above[j + 1])
        lost = np.flatnonzero(c & (y == limit))
        positions[lost] = np.arange(1, lost.size + 1) / (lost.size + 1) * (1 - above[j])
    return positions


def ros(values: ArrayLike, below: ArrayLike) -> dict[str, float]:
    """Robust regression on order statistics of positive values: n, n_below, mean, sd, median.

    Log values seen are regressed on the normal quantiles of their plotting positions; those below a limit are put at
    the line, and the moments taken of all on the scale of the values (Helsel 2012). Raises ValueError for values that
    are not positive, or fewer than 3 different ones seen.
    """
    filled = ros_values(values, below)
    c = _checked(values, below).below
    return {
        "n": float(filled.size),
        "n_below": float(c.sum()),
        "mean": float(filled.mean()),
        "sd": standard_deviation(filled),
        "median": float(np.median(filled)),
    }


def ros_values(values: ArrayLike, below: ArrayLike) -> np.ndarray:
    """The values (n,), those below a limit put at the line of ``ros``: as a set they hold, one by one they do not."""
    checked = _checked(values, below)
    y, c = checked.values, checked.below
    if (y <= 0).any():
        raise ValueError("regression on order statistics takes logs: all values and limits must be positive")
    if np.unique(y[~c]).size < 3:
        raise ValueError(f"{np.unique(y[~c]).size} different values seen: a line through them needs 3")
    quantiles, logs = ndtri(plotting_positions(y, c)), np.log(y)
    centred = quantiles[~c] - quantiles[~c].mean()
    slope = float(centred @ logs[~c] / (centred @ centred))
    return np.where(c, np.exp(logs[~c].mean() + slope * (quantiles - quantiles[~c].mean())), y)


class Curve(NamedTuple):
    """Values (n,) with the share of all that is at or below each (n,)."""

    values: np.ndarray
    probability: np.ndarray


def kaplan_meier(values: ArrayLike, below: ArrayLike) -> Curve:
    """Different values in descending order, and the share of the population below each (Kaplan-Meier, flipped)."""
    table = _life_table(_checked(values, below))
    return Curve(table.points, np.cumprod(1 - table.seen / table.at_risk))


@dataclass(frozen=True)
class _LifeTable:
    """Different values in descending order; of each, how many were seen there, and how many lie there or below."""

    points: np.ndarray
    seen: np.ndarray
    at_risk: np.ndarray


def _life_table(sample: _Sample) -> _LifeTable:
    points, at = np.unique(sample.values, return_inverse=True)
    seen, there = np.bincount(at, ~sample.below).astype(int), np.bincount(at)
    return _LifeTable(points[::-1], seen[::-1], np.cumsum(there)[::-1])


def kaplan_meier_summary(values: ArrayLike, below: ArrayLike) -> dict[str, float]:
    """n, n_below, median, and the mean with its standard error, by Kaplan-Meier for values below limits.

    Where the lowest value is a limit, what lies below it is put at it (Efron): the mean is then an upper bound. The
    median is the middle of the values at which half of the population is reached, as without limits; NaN where
    that is below the lowest limit. The standard error is Greenwood's times sqrt(m / (m - 1)), m values seen (Kaplan and
    Meier 1958): that of an ordinary mean where nothing is below a limit; NaN below two values seen.
    """
    both = _checked(values, below)
    y, c, table = both.values, both.below, _life_table(both)
    (points, share), seen, at_risk = kaplan_meier(y, c), table.seen, table.at_risk
    # The mean is the largest value less each piece of the axis times the share below it.
    widths = np.append(points[:-1] - points[1:], 0.0)
    areas = np.cumsum((widths * share)[::-1])[::-1]  # from each point down
    left = at_risk - seen
    terms = np.where(left > 0, areas**2 * seen / (at_risk * np.where(left > 0, left, 1)), 0.0)
    upto = np.append(1.0, share[:-1])[::-1]  # at or below each point, ascending
    first, second = int(np.argmax(upto >= 0.5 - TOLERANCE)), int(np.argmax(upto > 0.5 + TOLERANCE))
    middle = float(points[::-1][[first, second]].mean())
    return {
        "n": float(y.size),
        "n_below": float(c.sum()),
        "median": math.nan if first == 0 and not seen[-1] else middle,
        "mean": float(points[0] - areas[0]),
        "se": math.sqrt(float(terms.sum()) * events / (events - 1)) if (events := int(seen.sum())) > 1 else math.nan,
    }


def peto_prentice(values: ArrayLike, below: ArrayLike, groups: ArrayLike) -> dict[str, float]:
    """Generalised Wilcoxon test of groups with values below limits: chi_squared, df, p.

    Log-rank sums on the flipped axis, weighted with the Kaplan-Meier share just above each value (Peto and Peto 1972;
    Harrington and Fleming's rho = 1).
    """
    checked = _checked(values, below)
    y, c = checked.values, checked.below
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    if names.size < 2:
        raise ValueError("one group: nothing to compare")
    points, share = kaplan_meier(y, c)
    weights = np.append(1.0, share[:-1])
    observed, variance = np.zeros(names.size), np.zeros((names.size, names.size))
    for x, weight in zip(points, weights, strict=True):
        risk = np.bincount(member[y <= x], minlength=names.size).astype(float)
        events = np.bincount(member[~c & (y == x)], minlength=names.size).astype(float)
        n, d = risk.sum(), events.sum()
        observed += weight * (events - d * risk / n)
        if n > 1:
            part = risk / n
            variance += weight**2 * d * (n - d) / (n - 1) * (np.diag(part) - np.outer(part, part))
    z, v = observed[1:], variance[1:, 1:]
    statistic = float(z @ np.linalg.solve(v, z)) if np.linalg.matrix_rank(v) == len(v) else math.nan
    df = names.size - 1
    return {"chi_squared": statistic, "df": float(df), "p": float(chdtrc(df, statistic))}


def substituted(values: ArrayLike, below: ArrayLike, share: float = 0.5) -> np.ndarray:
    """The values, a limit replaced by ``share`` of it: known to bias means and spreads, for comparison only."""
    checked = _checked(values, below)
    y, c = checked.values, checked.below
    return np.where(c, share * y, y)


def _checked(values: ArrayLike, below: ArrayLike) -> _Sample:
    y, c = sample(values), np.asarray(below)
    if c.shape != y.shape or not np.isin(c, (0, 1)).all():
        raise ValueError("below: not one True or False for each value")
    if not y.size:
        raise ValueError("no values")
    return _Sample(y, c.astype(bool))

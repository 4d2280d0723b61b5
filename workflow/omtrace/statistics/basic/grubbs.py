"""Grubbs' test of the most distant value of a normal sample (Grubbs 1950, Ann Math Stat 21:27)."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from omtrace.statistics.basic.samples import sample, standard_deviation


def grubbs(values: ArrayLike) -> dict[str, float]:
    """Of the value farthest from the mean: grubbs_g = |value - mean| / SD, and its two-sided grubbs_p.

    p is Bonferroni's bound over the n values, at most 1, exact where G is large; NaN below three values, without
    spread, and where all others are equal, since nothing then says how far values scatter. No library in use has it.
    Raises ValueError for missing values.
    """
    y = sample(values)
    n, sd = y.size, standard_deviation(y) if y.size > 1 else math.nan
    if n < 3 or not sd > 0:
        return {"grubbs_g": math.nan, "grubbs_p": math.nan}
    g = float(np.abs(y - y.mean()).max() / sd)
    if standard_deviation(np.delete(y, np.abs(y - y.mean()).argmax())) == 0:
        return {"grubbs_g": g, "grubbs_p": math.nan}
    rest = (n - 1) ** 2 - n * g**2
    t = math.sqrt(n * (n - 2) * g**2 / rest)
    return {"grubbs_g": g, "grubbs_p": min(1.0, 2 * n * float(stdtr(n - 2, -t)))}

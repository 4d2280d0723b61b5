"""The relative effect of two groups: the chance that a value of one exceeds a value of the other."""

import math
from typing import Any

import numpy as np

from omtrace.statistics.basic.ranks import doubled_midranks
from omtrace.statistics.basic.samples import quotient, sample
from omtrace.statistics.basic.student import wald_numbers


def brunner_munzel(a: Any, b: Any, level: float = 0.95) -> dict[str, float]:
    """relative_effect = P(a > b) + P(a = b)/2 with the test and interval of Brunner and Munzel (2000).

    0.5 means that neither group tends to larger values; spreads may differ. The statistic is the estimate's
    distance from 0.5 over its standard error, on t with Satterthwaite's degrees of freedom; the interval is
    cut at 0 and 1. se, interval, t and p are NaN where the groups do not overlap (no standard error) and
    below two values in a group. Raises ValueError for missing values.
    """
    x, y = sample(a, "a"), sample(b, "b")
    n_a, n_b = x.size, y.size
    names = ("", "_se", "_low", "_high", "_t", "_df", "_p")
    if min(n_a, n_b) < 2:
        return {f"relative_effect{name}": math.nan for name in names}
    ranks = doubled_midranks(np.concatenate([x, y])) / 2
    above = (ranks[:n_a] - doubled_midranks(x) / 2) / n_b  # of each a: the share of b below it, ties half
    below = (ranks[n_a:] - doubled_midranks(y) / 2) / n_a
    effect = float(above.mean())
    part_a, part_b = float(above.var(ddof=1)) / n_a, float(below.var(ddof=1)) / n_b
    df = quotient((part_a + part_b) ** 2, part_a**2 / (n_a - 1) + part_b**2 / (n_b - 1))
    numbers = wald_numbers(effect - 0.5, math.sqrt(part_a + part_b), df, level)
    if not numbers["se"] > 0:
        numbers = dict.fromkeys(numbers, math.nan)
    low, high = 0.5 + numbers["ci_low"], 0.5 + numbers["ci_high"]
    limits = (max(low, 0.0), min(high, 1.0)) if low == low else (math.nan, math.nan)
    found = (effect, numbers["se"], *limits, numbers["t"], numbers["df"], numbers["p"])
    return {f"relative_effect{name}": value for name, value in zip(names, found, strict=True)}

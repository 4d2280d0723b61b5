"""Responders in two groups at every threshold of an improvement, and whether the conclusion depends on the choice."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.proportion import score_differences
from omtrace.statistics.basic.samples import quotient, sample

NEAR = 1e-9  # an improvement this little below a threshold reaches it (rounding)


def threshold_grid(
    a: ArrayLike, b: ArrayLike, thresholds: Sequence[float], level: float = 0.95
) -> list[dict[str, float]]:
    """For each threshold the responders of both groups, and the difference a - b of their shares.

    ``a`` and ``b`` are improvements, positive for better; one that reaches the threshold makes a responder. Each
    row has improvement, count_a, proportion_a, count_b, proportion_b, difference, and ci_low and ci_high of Miettinen
    and Nurminen. Raises ValueError for missing values.
    """
    x, y = sample(a, "a"), sample(b, "b")
    rows = []
    for threshold in thresholds:
        count_a, count_b = (int((side >= threshold - NEAR).sum()) for side in (x, y))
        limits = score_differences(count_a, x.size, count_b, y.size, level)
        share_a, share_b = quotient(count_a, x.size), quotient(count_b, y.size)
        rows.append(
            {
                "improvement": threshold,
                "count_a": float(count_a),
                "proportion_a": share_a,
                "count_b": float(count_b),
                "proportion_b": share_b,
                "difference": share_a - share_b,
                "ci_low": limits["miettinen_nurminen_low"],
                "ci_high": limits["miettinen_nurminen_high"],
            }
        )
    return rows


def verdict(grid: Sequence[dict[str, float]]) -> dict[str, float]:
    """What the thresholds say together: how many, on which side of 0 their intervals lie, and the range.

    excludes_from and excludes_to are the least and the greatest threshold whose interval excludes 0 (NaN if none
    does). conclusion_depends is 0 where every interval lies on one side of 0 or every one encloses it, else 1.
    """
    above = [row["improvement"] for row in grid if row["ci_low"] > 0]
    below = [row["improvement"] for row in grid if row["ci_high"] < 0]
    differences = np.array([row["difference"] for row in grid])
    outside = above + below
    return {
        "thresholds": float(len(grid)),
        "intervals_above_0": float(len(above)),
        "intervals_below_0": float(len(below)),
        "conclusion_depends": float(max(len(above), len(below), len(grid) - len(outside)) < len(grid)),
        "excludes_from": min(outside, default=math.nan),
        "excludes_to": max(outside, default=math.nan),
        "difference_lowest": float(differences.min()) if grid else math.nan,
        "difference_highest": float(differences.max()) if grid else math.nan,
    }

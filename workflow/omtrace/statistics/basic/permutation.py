"""Permutation test of the difference of two means: exact where it can be, else by a fixed number of draws."""

import math
from typing import Any

import numpy as np

from omtrace.statistics.basic.random_subsets import random_subset_sums
from omtrace.statistics.basic.ranks import subset_sums
from omtrace.statistics.basic.samples import TOLERANCE, sample

SPAN = 20_000  # steps between the least and the greatest value, up to which a common grid is counted on
STEPS = 200_000_000  # of that count, values x sizes x sums: about 0.2 s
SPLITS = 200_000  # up to which all splits are looked at one by one
ENOUGH = 20  # groups of so many have more splits than these; the number itself may have thousands of digits
DRAWS = 99_999
LEAST_DRAWS = 999
SHUFFLED = 100_000_000  # values picked or not, at most: up to 1,000 values have all draws; 0.1 to 0.4 s, 50 MB
SEED = 20_000_906  # of the draws: a constant, so that a result is the same whenever it is computed
DECIMALS = 4


def permutation_test(a: Any, b: Any) -> dict[str, float]:
    """Two-sided p of "the groups are exchangeable", by the difference of means.

    permutation_p is the share of all splits of the pooled values into groups of these sizes whose means lie
    as far apart, in either direction, as the observed ones. permutation_exact is 1 where every split counts:
    values on a grid of at most four decimals (counted by convolution), or at most 200,000 splits (looked at
    one by one). Else it is 0, and p = (1 + as far)/(1 + draws) of 99,999 random splits, or fewer (999 at least) in
    samples of more than 1,000 values. NaN for an empty
    group. Raises ValueError for missing values.
    """
    x, y = sample(a, "a"), sample(b, "b")
    if min(x.size, y.size) == 0:
        return {"permutation_p": math.nan, "permutation_exact": 1.0}
    few, many = (x, y) if x.size <= y.size else (y, x)
    pooled = np.concatenate([few, many])
    size, count = few.size, pooled.size
    grid = _grid(pooled)
    if grid is not None and count * size * (int(grid.max()) + 1) * size <= STEPS:
        chance = subset_sums(grid, size)
        away = np.abs(count * np.arange(chance.size) - size * int(grid.sum()))
        far = away >= abs(count * int(grid[:size].sum()) - size * int(grid.sum()))
        return {"permutation_p": min(1.0, float(chance[far].sum())), "permutation_exact": 1.0}
    centred = pooled - pooled.mean()
    observed = abs(float(centred[:size].sum())) - TOLERANCE * float(np.abs(pooled).max()) * count
    if math.comb(count, min(size, ENOUGH)) <= SPLITS:
        return {"permutation_p": float(np.mean(np.abs(_sums(centred, size)) >= observed)), "permutation_exact": 1.0}
    drawn = _drawn(centred, size)
    far_drawn = int(np.sum(np.abs(drawn) >= observed))
    return {"permutation_p": (1 + far_drawn) / (1 + len(drawn)), "permutation_exact": 0.0}


def _grid(values: np.ndarray) -> np.ndarray | None:
    """The values as whole steps from the least, if they lie on a grid of few decimals; else None."""
    for decimals in range(DECIMALS + 1):
        steps = np.rint(values * 10**decimals)
        if np.abs(steps - values * 10**decimals).max() <= 1e-9 * max(1.0, float(np.abs(steps).max())):
            whole = (steps - steps.min()).astype(np.int64)
            step = int(np.gcd.reduce(whole))
            found: np.ndarray = whole // step if step else whole
            return found if found.max() <= SPAN else None
    return None


def _sums(values: np.ndarray, size: int) -> np.ndarray:
    """The sums of all subsets of a size."""
    by_size = [np.zeros(1)] + [np.zeros(0) for _ in range(size)]
    for done, value in enumerate(values):
        for k in range(min(done + 1, size), 0, -1):
            by_size[k] = np.concatenate([by_size[k], by_size[k - 1] + value])
    return by_size[size]


def _drawn(values: np.ndarray, size: int) -> np.ndarray:
    """Sums of random subsets of a size: as many as DRAWS, fewer where that would take more than SHUFFLED values."""
    draws = max(LEAST_DRAWS, min(DRAWS, SHUFFLED // values.size))
    return random_subset_sums(values, size, draws, np.random.default_rng(SEED))

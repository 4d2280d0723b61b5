"""Mid-ranks and the exact permutation distributions of rank sums."""

import math

import numpy as np
from scipy.special import ndtri

from omtrace.statistics.basic.samples import TOLERANCE


def doubled_midranks(values: np.ndarray) -> np.ndarray:
    """Twice the mid-ranks (integers). Neighbours nearer than the rounding tolerance are ties."""
    order = np.argsort(values, kind="stable")
    sorted_values = values[order]
    gap = TOLERANCE * (np.abs(values).max() if values.size else 0.0)
    tie = np.concatenate([[0], np.cumsum(np.diff(sorted_values) > gap)]).astype(int)[: values.size]
    count = np.bincount(tie)
    last = np.cumsum(count)
    ranks = np.empty(values.size, dtype=np.int64)
    ranks[order] = (2 * last - count + 1)[tie]  # twice the mean of the ranks last - count + 1 ... last
    return ranks


def sign_sums(weights: np.ndarray) -> np.ndarray:
    """Probability of each value 0 ... sum of the sum of weights that a fair coin picks one by one.

    The convolution halves at each step, so it is exact in binary for up to 53 weights and never overflows.
    """
    probability = np.zeros(int(weights.sum()) + 1)
    probability[0] = 1.0
    for weight in weights:
        picked = np.zeros_like(probability)
        picked[weight:] = probability[: probability.size - weight]
        probability = 0.5 * (probability + picked)
    return probability


def subset_sums(weights: np.ndarray, size: int) -> np.ndarray:
    """Probability of each value 0 ... of the sum of ``size`` of the weights, all subsets equally likely.

    ``weights`` are integers from 0; counts stay below the float range for any ``size`` up to 500 in 1,000.
    """
    weights = np.sort(weights)
    below = np.concatenate([[0], np.cumsum(weights)])
    counts = np.zeros((size + 1, int(below[-1] - below[-1 - size]) + 1))
    counts[0, 0] = 1.0
    for i, weight in enumerate(weights):
        for k in range(min(i + 1, size), 0, -1):
            reach = int(below[i] - below[i - k + 1]) + 1  # beyond it, no sum of k - 1 of the first i weights
            counts[k, weight : weight + reach] += counts[k - 1, :reach]
    return counts[size] / math.comb(weights.size, size)


def order_of_limit(probability: np.ndarray, level: float) -> int:
    """The largest k with P(statistic < k) at most (1 - level)/2: the limits are the k-th value from each end.

    0 means that the sample is too small for the level.
    """
    return int(np.sum(np.cumsum(probability) <= (1 - level) / 2 + TOLERANCE))


def order_of_normal_limit(count: int, variance: float, level: float) -> int:
    """The same by the normal approximation, for a statistic on 0 ... ``count`` of the given variance."""
    return max(0, math.floor(count / 2 - float(ndtri((1 + level) / 2)) * math.sqrt(variance)))

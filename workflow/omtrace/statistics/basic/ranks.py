"""Mid-ranks, the exact permutation distributions of rank sums, and order statistics of all sums of two values."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from omtrace.statistics.basic.samples import STORED, TOLERANCE

FEW = 10_000  # sums that are formed and sorted in any case
SLACK = 8 * float(np.finfo(float).eps)  # of the largest sum: rounding moves no sum, nor its place, by as much
TINY = float(np.finfo(float).tiny)


def doubled_midranks(values: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """Twice the mid-ranks (integers); neighbours that are equal but for rounding are ties.

    ``size``: of the numbers that each value was computed from, where it is a difference; else its own. Instead of
    ``scipy.stats.rankdata``, to which 0.1 + 0.2 and 0.3 differ.

    Examples
    --------
    >>> doubled_midranks(np.array([0.3, 0.1 + 0.2, 7.0, 1e13, 8.0])).tolist()
    [3, 3, 6, 10, 8]
    """
    order = np.argsort(values, kind="stable")
    rising = values[order]
    size = np.abs(rising) if size is None else size[order]
    apart = np.diff(rising) > STORED * np.maximum(size[:-1], size[1:])
    tie = np.concatenate([[0], np.cumsum(apart)]).astype(int)[: values.size]
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


class Median(NamedTuple):
    """A median with its limits."""

    value: float
    low: float
    high: float


class PairSums:
    """The n x m sums x_i + z_j of two samples or, of one sample alone, the n(n + 1)/2 sums x_i + x_j with i <= j.

    Equal values are kept once, with how many they are. The sums of one x with all z, in order, are a row.
    """

    def __init__(self, x: np.ndarray, z: np.ndarray | None = None) -> None:
        self.x, self.often = np.unique(x, return_counts=True)
        self.z, often = (self.x, self.often) if z is None else np.unique(z, return_counts=True)
        self.before = np.concatenate([[0], np.cumsum(often)])  # z below each of the distinct ones
        self.first = np.zeros(self.x.size, dtype=np.int64) if z is not None else np.arange(self.x.size)  # z of a row
        self.twice = self.often * (self.often - 1) // 2 * (z is None)  # of equal values, pairs in both orders
        self.count = self._below(np.full(self.x.size, self.z.size))

    def median_and_limits(self, k: int) -> Median:
        """The median, and the k-th sum from each end; NaN without sums, limits also for k = 0."""
        if self.count == 0:
            return Median(math.nan, math.nan, math.nan)
        median = (self.nth((self.count - 1) // 2) + self.nth(self.count // 2)) / 2
        return Median(
            median, *((self.nth(k - 1), self.nth(self.count - k)) if 0 < k <= self.count else (math.nan, math.nan))
        )

    def nth(self, rank: int) -> float:
        """The sum with ``rank`` smaller ones before it, 0 <= rank < count: as if all sums were formed and sorted.

        An interval around it is halved until few sums lie in it; only these are formed. Rounding may misplace sums
        within SLACK of a bound, therefore all of those are among them.
        """
        low, high = float(self.x[0] + self.z[0]), float(self.x[-1] + self.z[-1])
        slack = SLACK * (float(np.abs(self.x).max()) + float(np.abs(self.z).max())) + TINY
        start, stop = self.first, np.full(self.x.size, self.z.size)
        while int((stop - start).sum()) > max(FEW, 2 * (self.x.size + self.z.size)):
            middle = low + (high - low) / 2
            if not low + slack < middle < high - slack:
                break
            places = self._places(middle)
            if self._below(places) <= rank:
                low, start = middle, places
            else:
                high, stop = middle, places
        start, stop = self._places(low - slack), self._places(high + slack)
        return self._among(start, stop, rank - self._below(start))

    def _places(self, value: float) -> np.ndarray:
        """Of each row, the place of its first sum that is not below a value."""
        return np.maximum(np.searchsorted(self.z, value - self.x), self.first)

    def _below(self, places: np.ndarray) -> int:
        """The number of sums before these places of the rows."""
        sums = self.often * (self.before[places] - self.before[self.first])
        return int(sums.sum() - self.twice[places > self.first].sum())

    def _among(self, start: np.ndarray, stop: np.ndarray, rank: int) -> float:
        """The sum of a rank among those from ``start`` to ``stop`` of the rows."""
        length = stop - start
        row = np.repeat(np.arange(length.size), length)
        column = np.arange(row.size) + np.repeat(start - np.cumsum(length) + length, length)
        sums = self.x[row] + self.z[column]
        weight = self.often[row] * np.diff(self.before)[column] - self.twice[row] * (column == self.first[row])
        order = np.argsort(sums)
        return float(sums[order[np.searchsorted(np.cumsum(weight[order]), rank, "right")]])

"""Order statistics of all sums of two values, without forming the sums: the count of those below a value is quick."""

import math

import numpy as np

FEW = 10_000  # sums that are formed and sorted in any case
SLACK = 8 * float(np.finfo(float).eps)  # of the largest sum: rounding moves no sum, nor its place, by as much
TINY = float(np.finfo(float).tiny)


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

    def median_and_limits(self, k: int) -> tuple[float, float, float]:
        """The median, and the k-th sum from each end; NaN without sums, limits also for k = 0."""
        if self.count == 0:
            return math.nan, math.nan, math.nan
        median = (self.at((self.count - 1) // 2) + self.at(self.count // 2)) / 2
        return median, *((self.at(k - 1), self.at(self.count - k)) if 0 < k <= self.count else (math.nan, math.nan))

    def at(self, rank: int) -> float:
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

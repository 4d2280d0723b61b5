"""Power and size of a next batch, from variance components: two groups of a complete block design compared.

``groups`` groups get ``units`` experimental units each, spread evenly over ``blocks`` (batches) that each hold all
groups; a unit has ``members`` animals measured. A unit's mean has the variance v = sum of the components between units
+ residual / members; components between blocks cancel. Then difference / sqrt(2 v / units) has Student's t with
groups x units - groups - (blocks - 1) degrees of freedom, noncentral where there is a difference: the degrees of
freedom that Satterthwaite's formula gives for this design.
"""

import math
from dataclasses import dataclass

from scipy.special import nctdtr, stdtrit

MOST = 10_000  # units a group beyond which no size is looked for


@dataclass(frozen=True)
class NextBatch:
    """A design: variance of a unit's mean, groups and blocks."""

    variance: float
    groups: int
    blocks: int

    def df(self, units: int) -> int:
        """Degrees of freedom with so many units a group."""
        return self.groups * units - self.groups - (self.blocks - 1)

    def power(self, difference: float, units: int, alpha: float = 0.05) -> float:
        """Two-sided power to find a difference of two groups; NaN without degrees of freedom."""
        df = self.df(units)
        if df < 1:
            return math.nan
        limit = float(stdtrit(df, 1 - alpha / 2))
        shift = abs(difference) / math.sqrt(2 * self.variance / units)
        below, lower = float(nctdtr(df, shift, limit)), float(nctdtr(df, shift, -limit))
        # Far in a tail scipy's function is NaN; there it is 0 to all digits shown.
        return 1 - (below if math.isfinite(below) else 0.0) + (lower if math.isfinite(lower) else 0.0)

    def size(self, difference: float, power: float, alpha: float = 0.05) -> int:
        """The fewest units a group with the power. Raises ValueError beyond ``MOST``, and for no difference."""
        if difference == 0:
            raise ValueError("no size has power for no difference")
        low, high = 1, 2
        while not self.power(difference, high, alpha) >= power:
            low, high = high, high * 2
            if high > MOST:
                raise ValueError(f"more than {MOST} units a group are needed")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(difference, middle, alpha) >= power else (middle, high)
        return high


def next_batch(between: float, residual: float, groups: int, members: int = 1, blocks: int = 1) -> NextBatch:
    """The design for components of variance between units and within. Raises ValueError for impossible numbers."""
    if min(between, residual) < 0 or between + residual <= 0:
        raise ValueError("variances are at least 0, and not all 0")
    if groups < 2 or members < 1 or blocks < 1:
        raise ValueError("two groups or more, of one animal or more a unit, in one block or more")
    return NextBatch(between + residual / members, groups, blocks)

"""An interval: what estimates and scales have in common."""

from typing import NamedTuple


class Interval(NamedTuple):
    """Lower and upper limit, in the unit of what they bound; NaN where there is none."""

    low: float
    high: float

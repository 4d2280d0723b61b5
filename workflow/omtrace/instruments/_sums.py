"""Scores that are sums of items, and bands of them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

# Answers of the PHQ's scales.
FREQUENCIES = {
    "one_based": {str(code + 1): str(code) for code in range(4)},
    "labels": {"not at all": "0", "several days": "1", "more than half the days": "2", "nearly every day": "3"},
}


def sum_of(items: "pandas.DataFrame") -> "pandas.Series":
    """Sum of the answers."""
    return items.sum(axis=1, min_count=items.shape[1])


def banded(*last: int) -> "Callable[[pandas.DataFrame], pandas.Series]":
    """The band of a sum, from 1; ``last``: the greatest sum of each band but the last."""

    def band(items: "pandas.DataFrame") -> "pandas.Series":
        import pandas

        return pandas.cut(sum_of(items), [-1, *last, float("inf")], labels=False).astype("float64") + 1

    band.__doc__ = f"The band of the sum, from 1; bands end at {', '.join(map(str, last))}."
    return band

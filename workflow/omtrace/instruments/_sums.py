"""Scores that are sums of items, and bands of them."""

from collections.abc import Callable, Mapping
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


def sum_of_weights(items: "pandas.DataFrame", weights: Mapping[int, int]) -> "pandas.Series":
    """Sum of the weights of the answers, missing where an item is open or has another answer."""
    import numpy
    import pandas

    codes = items.to_numpy("float64", na_value=numpy.nan)
    weighted = numpy.select([codes == code for code in weights], list(weights.values()), numpy.nan)
    return pandas.Series(weighted.sum(axis=1), items.index)


def banded(*last: int) -> "Callable[[pandas.DataFrame], pandas.Series]":
    """The band of a sum, from 1; ``last``: the greatest sum of each band but the last."""

    def band(items: "pandas.DataFrame") -> "pandas.Series":
        import pandas

        return pandas.cut(sum_of(items), [-1, *last, float("inf")], labels=False).astype("float64") + 1

    band.__doc__ = f"The band of the sum, from 1; bands end at {', '.join(map(str, last))}."
    return band

"""What every statistic asks of its input, and how rounding error is told from a difference."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

TOLERANCE = 1e-12  # of the largest value: a residual this small is the rounding error of a fit
ROUNDING = 64 * float(np.finfo(float).eps)  # relative: a spread this small is the rounding error of a mean
SQUARES = 1e75  # beyond it, and below its inverse, squares of variances are no numbers
NO_RESIDUAL = "the outcome leaves no residual: it is constant, or the terms of the model reproduce it"
STORED = 2e-12  # relative: values and differences this near are equal, since values are stored with 13 digits


def sample(values: ArrayLike, name: str = "values") -> np.ndarray:
    """The values as a float vector. Raises ValueError unless they are one-dimensional, numeric and finite.

    Missing values are refused, not dropped: who is left out is decided, and counted, before.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: not numeric, or with missing values") from None
    if array.ndim != 1:
        raise ValueError(f"{name}: {array.ndim} dimensions instead of 1")
    if bad := int(np.sum(~np.isfinite(array))):
        raise ValueError(f"{name}: {bad} of {array.size} values are missing or infinite")
    largest = float(np.abs(array).max(initial=0.0))
    if largest and not 1 / SQUARES < largest < SQUARES:
        raise ValueError(f"{name}: the largest is {largest:.3g}, too far from 1 to be squared: take another unit")
    return array


def check_level(level: float) -> float:
    """The confidence level. Raises ValueError unless it lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError("the confidence level must lie between 0 and 1")
    return float(level)


def whole(value: float, name: str) -> int:
    """A count as an integer. Raises ValueError for fractions, negative or missing counts."""
    if not (math.isfinite(value) and value == int(value) and value >= 0):
        raise ValueError(f"{name}: not a whole number from 0")
    return int(value)


def quotient(above: float, below: float) -> float:
    """The ratio, NaN where it is undefined."""
    return float(above / below) if below != 0 and math.isfinite(below) else math.nan


def mean(values: np.ndarray) -> float:
    """The arithmetic mean, NaN for no values."""
    return float(values.mean()) if values.size else math.nan


def standard_deviation(values: np.ndarray, scale: float | None = None) -> float:
    """The sample standard deviation (n - 1); NaN below two values.

    It is 0 where it is mere rounding error: against the largest value or, where the values are differences, against
    ``scale``, the size of the numbers that they were taken of.

    Examples
    --------
    >>> round(standard_deviation(np.array([1e12, 1e12 + 0.5])), 3)
    0.354
    >>> standard_deviation(np.array([0.1 + 0.2, 0.3]))
    0.0
    """
    if values.size < 2:
        return math.nan
    least = ROUNDING * float(np.abs(values).max()) if scale is None else STORED * scale
    spread = float(values.std(ddof=1))
    return spread if spread > least else 0.0


def centred(values: np.ndarray, reference: float) -> np.ndarray:
    """Values (n,) less a reference; zeros, without rounding error, where they are all the same."""
    return values - reference if values.size and np.ptp(values) else np.zeros(values.size)


def check_terms(design: ArrayLike, terms: Sequence[str]) -> None:
    """Raise ValueError, naming the first term and why, for a design (n, p) with a column that the others give.

    Also for fewer rows than columns. ``terms`` (p,): the term of each column, those of one term beside each other.
    """
    x = np.asarray(design, dtype=float)
    if len(x) < x.shape[1]:
        raise ValueError(f"{len(x)} rows for {x.shape[1]} coefficients leave no residual degrees of freedom")
    size, terms = np.linalg.norm(x, axis=0), list(terms)
    unit = x / np.where(size > 0, size, 1.0)
    if np.linalg.matrix_rank(unit) == x.shape[1]:
        return
    for term in dict.fromkeys(terms):
        stop = 1 + max(place for place, name in enumerate(terms) if name == term)
        if np.linalg.matrix_rank(unit[:, :stop]) == stop:
            continue
        mine = [place for place in range(stop) if terms[place] == term]
        if any(size[place] == 0 or (np.ptp(x[:, place]) == 0 and place) for place in mine):
            why = "it is the same in all rows" if ":" not in term else "a combination has no rows"
        else:
            combination = np.linalg.svd(unit[:, :stop])[2][-1]
            with_it = np.flatnonzero(np.abs(combination) > 1e-8)
            others = [name for name in dict.fromkeys(terms[place] for place in with_it) if name not in (term, "")]
            given = (
                f"{', '.join(others[:5])}{', ...' if len(others) > 5 else ''} give{'s' * (len(others) == 1)} it"
                if others
                else "it is constant"
            )
            why = f"a combination has no rows, or {given}" if ":" in term else given
        raise ValueError(f"{term}: not all of it can be estimated, since the columns depend on each other: {why}")


class Stacked(NamedTuple):
    """Two columns of samples of several plates, rows (k, m), and which entries are used."""

    first: np.ndarray
    second: np.ndarray
    used: np.ndarray


def stacked(pairs: Sequence[tuple[np.ndarray, np.ndarray] | np.ndarray]) -> Stacked:
    """Pairs of arrays of unequal length as the rows of two arrays (k, m), and the mask of what is there."""
    width = max((len(x) for x, _ in pairs), default=0)
    used = np.arange(width) < np.array([len(x) for x, _ in pairs], dtype=int)[:, None]
    first, second = np.zeros(used.shape), np.zeros(used.shape)
    for part, at in ((first, 0), (second, 1)):
        part[used] = np.concatenate([np.empty(0), *(pair[at] for pair in pairs)])
    return Stacked(first, second, used)


def by_size(edges: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of one length together: which they are (k,), and the places of their entries (k, length).

    ``edges`` (n + 1,): where each row begins among the entries.
    """
    sizes = np.diff(edges)
    for size in np.unique(sizes[sizes > 0]):
        rows = np.flatnonzero(sizes == size)
        yield rows, edges[rows][:, None] + np.arange(size)


def means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The mean of each row (n,); NaN for an empty one. Sums are those of each row alone, to the last bit."""
    averages = np.full(len(edges) - 1, np.nan)
    for rows, places in by_size(edges):
        averages[rows] = values[places].mean(axis=1)
    return averages

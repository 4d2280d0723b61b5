"""Scores that arrive with an export, as printed: do they agree with the items, and can they occur at all."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from omtrace.instruments import ItemRule

if TYPE_CHECKING:
    import pandas

FIX = "compare with the form; correct the item or the supplied score where it was made, and register the new version"
SINGLE = 1e-5  # what a number up to 100 may lose in single precision, in which some programs keep it


def last_place(values: "pandas.Series") -> "pandas.Series":
    """The unit of the last decimal that each value shows: 1 for 54, 0.1 for 54.3."""

    def place(value: float) -> float:
        return 10.0 ** -len(f"{value:.9f}".rstrip("0").partition(".")[2])

    return values.astype("float64").map(place)


def printed(supplied: "pandas.Series", exact: "pandas.Series") -> "pandas.Series":
    """Whether the exact score is printed as supplied: rounded, or cut off, at the last decimal shown."""
    off, place = exact - supplied, last_place(supplied)
    return (off.abs() <= 0.5 * place + SINGLE) | ((off > 0) & (off < place - SINGLE))


def agrees(supplied: "pandas.Series", exact: "pandas.Series") -> "pandas.Series":
    """The supplied score is the exact one as printed; true where one of them is missing."""
    supplied, exact = supplied.astype("float64"), exact.astype("float64")
    return printed(supplied, exact) | supplied.isna() | exact.isna()


def open_items(supplied: str, items: tuple[str, ...], says: str) -> ItemRule:
    """A rule: nobody can have worked out the score while one of its items is open."""
    return ItemRule(
        f"{supplied}_open",
        f"{says} of answered items: no score while one is open",
        (supplied, *items),
        lambda frame: frame[supplied].isna() | frame[list(items)].notna().all(axis=1),
        severity="warn",
        example=f"{says} of 42 and a blank item",
        fix="enter the open item, or take out the supplied score, where they were made",
    )


def on_grid(supplied: "pandas.Series", grid: Iterable[float]) -> "pandas.Series":
    """The supplied score is one of the grid's as printed; true where it is missing."""
    import numpy
    import pandas

    points = numpy.array(sorted(grid))
    supplied = supplied.astype("float64")
    above = numpy.searchsorted(points, supplied.fillna(points[0])).clip(1, len(points) - 1)
    below, above = (pandas.Series(points[at], supplied.index) for at in (above - 1, above))
    return printed(supplied, below) | printed(supplied, above) | supplied.isna()

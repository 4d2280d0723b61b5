"""How much cells tell: the bits of chance that it would take for them to come out alike by themselves."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import pandas


def coded(cells: "pandas.DataFrame") -> "numpy.ndarray":
    """Values as whole numbers from 0, -1 where missing: rows x columns. Equal values have equal numbers, in all
    columns of numbers, and in all columns of texts."""
    import numpy
    import pandas
    from pandas.api.types import is_numeric_dtype

    codes, used = numpy.full(cells.shape, -1, dtype="int64"), 0
    numeric = numpy.array([is_numeric_dtype(cells[name]) for name in cells], dtype=bool)
    for mask in (numeric, ~numeric):
        if not mask.any():
            continue
        block = cells.loc[:, mask]
        values = block.astype("float64").to_numpy() if mask is numeric else block.to_numpy(dtype=object)
        found, names = pandas.factorize(values.ravel())
        codes[:, mask] = numpy.where(found >= 0, found + used, -1).reshape(values.shape)
        used += len(names)
    return codes


def bits(codes: "numpy.ndarray", groups: "numpy.ndarray") -> "numpy.ndarray":
    """The information of each row in bits: the sum of -log2 of how common each cell is in its column.

    Rows stand in the order of their groups. A cell that repeats the one above it in its group tells nothing new,
    and a missing cell tells nothing.
    """
    import numpy

    total = numpy.zeros(len(codes))
    fresh = numpy.ones(len(codes), dtype=bool)
    fresh[1:] = groups[1:] != groups[:-1]
    for column in codes.T:
        there = column >= 0
        if not there.any():
            continue
        counts = numpy.bincount(column[there])
        new = there.copy()
        new[1:] &= fresh[1:] | (column[1:] != column[:-1])
        total[new] -= numpy.log2(counts[column[new]] / there.sum())
    return total

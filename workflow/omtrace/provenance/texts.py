"""Columns of texts, without making an object of every text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

    Texts: TypeAlias = Sequence[str] | numpy.ndarray | pandas.Series | pyarrow.Array


def places(texts: "Texts", among: "Texts") -> "numpy.ndarray":
    """Where each text (n,) stands among others, all different; -1 for one that does not, and for a missing one."""
    import numpy
    from pyarrow import compute

    wanted, values = arrow(texts), arrow(among)
    if wanted.equals(values) and not wanted.null_count:
        return numpy.arange(len(wanted))
    positions = compute.index_in(wanted, value_set=values, skip_nulls=True)
    return positions.fill_null(-1).to_numpy(zero_copy_only=False).astype("int64")


def distinct(texts: "pandas.Series") -> "pandas.Series":
    """The distinct texts of a column, none missing, in order."""
    import pandas
    from pyarrow import compute

    values = compute.unique(arrow(texts)).drop_null()
    return pandas.Series(pandas.array(values.take(compute.sort_indices(values)), dtype="str"))


class Coded(NamedTuple):
    """A column as numbers (n,) into its distinct texts, which are in order; -1 for a missing one."""

    codes: "numpy.ndarray"
    names: "pandas.Series"


def coded(texts: "pandas.Series") -> Coded:
    """A column as numbers (n,) into its distinct texts, which are in order; -1 for a missing one."""
    names = distinct(texts)
    return Coded(places(texts, names), names)


def chosen(codes: "numpy.ndarray", names: "Sequence[str] | pandas.Series") -> "pandas.Series":
    """The texts that numbers (n,) choose from a list; -1 is missing."""
    import pandas

    return pandas.Series(pandas.array(names, dtype="str").take(codes, allow_fill=True))


def repeated(text: str | None, count: int) -> "pandas.Series":
    """One text, or none, as a column of a length."""
    import numpy

    return chosen(numpy.full(count, -1 if text is None else 0), [text or ""])


def arrow(texts: "Texts") -> "pyarrow.Array":
    """A column, or a list, of texts as Arrow holds them."""
    import pyarrow

    array = pyarrow.array(texts, type=pyarrow.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array

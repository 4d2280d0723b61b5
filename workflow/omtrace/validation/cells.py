"""A raw column as its distinct texts and the number of each row's text: what is said of a text is said once."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import pyarrow


@dataclass
class Cells:
    """One raw column. ``distinct``: Arrow array of texts, no blanks around them; ``codes``: int array, one a row."""

    distinct: "pyarrow.Array"
    codes: "numpy.ndarray"

    @cached_property
    def texts(self) -> list[str]:
        """The distinct texts."""
        return self.distinct.to_pylist()

    def at(self, position: int) -> str:
        """The text of a row."""
        return self.distinct[int(self.codes[position])].as_py()

    def among(self, wanted: Collection[str]) -> "numpy.ndarray":
        """The mask of the rows whose text is one of these."""
        return is_in(self.distinct, wanted)[self.codes]

    def filled(self) -> int:
        """How many cells are not blank."""
        has_blank = self.distinct.index("").as_py() >= 0
        return int((~self.among(("",))).sum()) if has_blank else len(self.codes)

    def taken(self, rows: "numpy.ndarray") -> "Cells":
        """The column of some of the rows (a mask, or positions)."""
        return Cells(self.distinct, self.codes[rows])

    def changed(self, rows: "numpy.ndarray", become: Callable[[str], str]) -> "Cells":
        """The column with other texts in some rows (a mask)."""
        import numpy
        import pyarrow

        old = numpy.unique(self.codes[rows])
        new = pyarrow.array([become(self.texts[code]) for code in old.tolist()], type=pyarrow.string())
        codes = self.codes.copy()
        codes[rows] = len(self.distinct) + numpy.searchsorted(old, codes[rows])
        return Cells(pyarrow.concat_arrays([self.distinct, new]), codes)

    def array(self) -> "pyarrow.Array":
        """The texts of all rows as an Arrow array, null where there is none."""
        return held(self.distinct, ~is_in(self.distinct, ("",))).take(_arrow(self.codes))


def is_in(distinct: "pyarrow.Array", wanted: Collection[str]) -> "numpy.ndarray":
    """The mask of the distinct texts that are one of these."""
    import pyarrow
    import pyarrow.compute as compute

    mask = compute.is_in(distinct, value_set=pyarrow.array(list(wanted), type=pyarrow.string()))
    return mask.to_numpy(zero_copy_only=False)


def held(distinct: "pyarrow.Array", good: "numpy.ndarray") -> "pyarrow.Array":
    """The distinct texts, null where they are not good."""
    import pyarrow
    import pyarrow.compute as compute

    return distinct if good.all() else compute.if_else(_arrow(good), distinct, pyarrow.scalar(None, pyarrow.string()))


def _arrow(values: "numpy.ndarray") -> "pyarrow.Array":
    import pyarrow

    return pyarrow.array(values)


def encoded(texts: "Sequence[str] | pyarrow.Array") -> "pyarrow.DictionaryArray":
    """A column of a file, dictionary-encoded by Arrow. Raises UnicodeEncodeError for half a surrogate pair."""
    import pyarrow

    cells = texts if isinstance(texts, pyarrow.Array) else pyarrow.array(texts, type=pyarrow.string())
    return cells.dictionary_encode()


def cells_of(parts: "Iterable[pyarrow.DictionaryArray]") -> Cells:
    """One column from its encoded parts, in their order."""
    import pyarrow
    import pyarrow.compute as compute

    given = list(parts) or [repeated("", 0)]
    if len(given) == 1:
        (one,) = given
    else:
        whole = pyarrow.chunked_array(given, type=pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
        one = whole.unify_dictionaries().combine_chunks()
        one = one if isinstance(one, pyarrow.DictionaryArray) else one.chunk(0)
    return Cells(compute.utf8_trim_whitespace(one.dictionary), one.indices.to_numpy(zero_copy_only=False))


def repeated(text: str, count: int) -> "pyarrow.DictionaryArray":
    """An encoded column that holds one text in every row."""
    import numpy
    import pyarrow

    codes = pyarrow.array(numpy.zeros(count, dtype="int32"))
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array([text], type=pyarrow.string()))

"""A dataset's records as arrays: one column for each parameter at each visit, over all units in order."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

NO_ROWS = "has no rows"  # ends the status of records whose table has no row left
Value = float | str | None


@dataclass(frozen=True, eq=False)
class Column:
    """A parameter at a visit, an entry a unit; all arrays are (n,).

    ``status`` counts within ``statuses``, ``text`` within ``texts``, -1 where there is none; both lists (object arrays)
    are those of the whole dataset. ``number`` is NaN where there is none.
    """

    record: "numpy.ndarray"
    status: "numpy.ndarray"
    number: "numpy.ndarray"
    text: "numpy.ndarray"
    statuses: "numpy.ndarray"
    texts: "numpy.ndarray"

    @cached_property
    def observed(self) -> "numpy.ndarray":
        """Whether there is a value."""
        return (self.statuses == "observed")[self.status]

    @cached_property
    def is_category(self) -> "numpy.ndarray":
        """Whether the value is a text: an observed one without a number."""
        return self.observed & (self.text >= 0) & (self.number != self.number)

    @cached_property
    def numbers(self) -> "numpy.ndarray":
        """The observed numbers alone, in order of the units."""
        return self.number[self.observed & ~self.is_category]

    @cached_property
    def categories(self) -> list[str]:
        """The texts that occur, in order."""
        import numpy

        return sorted(self.texts[numpy.unique(self.text[self.text >= 0])])

    def values(self, at: "numpy.ndarray | slice" = slice(None)) -> "numpy.ndarray":
        """The values of all units, or of some: floats, NaN where there is none; objects where there are texts."""
        import numpy

        numbers = numpy.where(self.observed[at], self.number[at], numpy.nan)
        words = self.is_category[at]
        if not words.any():
            return numbers
        objects = numbers.astype(object)
        objects[~self.observed[at]] = None
        objects[words] = self.texts[self.text[at][words]]
        return objects

    def with_yes_as_one(self) -> "Column":
        """The column with 1 for yes and 0 for no, where these are its only texts; else the column itself."""
        import numpy

        if not {text.lower() for text in self.categories} <= {"yes", "no"}:
            return self
        is_yes = numpy.array([text.lower() == "yes" for text in self.texts], float)
        return replace(self, number=numpy.where(self.text >= 0, is_yes[self.text], self.number))

    def coded(self) -> "Coded":
        """The values by the distinct ones."""
        import numpy

        code = numpy.zeros(len(self.record), dtype=numpy.intp)
        levels, code_of_number = numpy.unique(self.numbers, return_inverse=True)
        words, code_of_text = numpy.unique(self.text[self.is_category], return_inverse=True)
        code[self.observed & ~self.is_category] = 1 + code_of_number
        code[self.is_category] = 1 + len(levels) + code_of_text
        return Coded(code, [None, *levels.tolist(), *self.texts[words].tolist()])


@dataclass(frozen=True)
class Coded:
    """Values as counts (n,) within the distinct ones, of which the first is None."""

    codes: "numpy.ndarray"
    levels: list[Value]


class Units(NamedTuple):
    """The units of a dataset in order, and its columns by parameter and visit."""

    names: list[str]
    columns: dict[tuple[str, str], Column]


class Encoded(NamedTuple):
    """A column as counts within its distinct texts (n,), -1 for none; and these, an object array."""

    codes: "numpy.ndarray"
    texts: "numpy.ndarray"


def columns_of(records: "pandas.DataFrame") -> Units:
    """The units of a dataset, sorted, and its columns by parameter and visit, in the order of the records.

    Asserts that each column has a record of every unit.
    """
    import numpy

    unit, units = encoded(records["unit"])
    order = numpy.argsort(units, kind="stable")  # which is fast where they are in order, or nearly so
    rank = numpy.empty_like(order)
    rank[order] = numpy.arange(len(units))
    (parameter, parameters), (visit, visits), (status, statuses), (text, texts) = (
        encoded(records[name]) for name in ("parameter", "visit", "status", "text")
    )
    block = parameter * len(visits) + visit
    rows = numpy.argsort(block * len(units) + rank[unit], kind="stable")
    record, number = records["record"].to_numpy(), records["value"].to_numpy("float64", na_value=numpy.nan)
    record, status, number, text = (part[rows] for part in (record, status, number, text))
    ends = (numpy.flatnonzero(numpy.diff(block[rows], append=-1)) + 1).tolist()
    found = {}
    for start, end in sorted(zip([0, *ends][:-1], ends, strict=True), key=lambda one: rows[one[0]]):
        name = str(parameters[parameter[rows[start]]]), str(visits[visit[rows[start]]])
        if end - start != len(units):
            raise AssertionError(f"{name}: {end - start} records of {len(units)} units")
        at = slice(start, end)
        found[name] = Column(record[at], status[at], number[at], text[at], statuses, texts)
    return Units(units[order].tolist(), found)


def encoded(column: "pandas.Series | pyarrow.ChunkedArray") -> Encoded:
    """A column of texts as counts within its distinct texts, which are an object array; -1 for none."""
    import numpy
    import pyarrow

    codes = pyarrow.array(column, from_pandas=True)
    if pyarrow.types.is_null(codes.type):
        codes = codes.cast(pyarrow.string())
    codes = codes.dictionary_encode()
    if isinstance(codes, pyarrow.ChunkedArray):
        codes = codes.combine_chunks()
    counts = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(numpy.int64)
    return Encoded(counts, numpy.array(codes.dictionary.to_pylist(), dtype=object))

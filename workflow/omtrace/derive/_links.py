"""The cells behind all records of a dataset as one table."""

from typing import TYPE_CHECKING, Any

from omtrace.derive._cells import Cells

if TYPE_CHECKING:
    import numpy
    import pandas


class Links:
    """Collects record, key, raw column and role of each cell; the last two as numbers into lists of texts.

    ``repaired``: (key, raw column) of the cells that a repair of the plan changed; their role says so.
    """

    def __init__(self, repaired: frozenset[tuple[int, str]]) -> None:
        self.repaired: dict[str, list[int]] = {}
        for key, column in repaired:
            self.repaired.setdefault(column, []).append(key)
        self.kinds: dict[tuple[str, str], int] = {}  # (column, role) -> number
        self.parts: list[tuple[Any, ...]] = []  # arrays: record, key, kind

    def add(self, cells: Cells, start: int) -> None:
        """The cells of a parameter, whose first record has the number ``start``."""
        import numpy

        numbers = [self._number(column, role) for column, role in cells.kinds]
        kind = numpy.array(numbers, dtype="int64")[cells.kind]
        for number, (column, role) in enumerate(cells.kinds):
            if column in self.repaired:
                changed = (cells.kind == number) & numpy.isin(cells.key, self.repaired[column])
                kind[changed] = self._number(column, f"{role}, repaired")
        self.parts.append((start + cells.row, cells.key, kind))

    def _number(self, column: str, role: str) -> int:
        return self.kinds.setdefault((column, role), len(self.kinds))

    def frame(self) -> "pandas.DataFrame":
        """One row a record, key, column and role, each once, in order of record, role, key, column."""
        import numpy
        import pandas

        empty = numpy.empty(0, dtype="int64")
        record, key, kind = (numpy.concatenate([empty, *part]) for part in zip(*self.parts, strict=True))
        texts = list(self.kinds)
        columns, roles = (sorted({text[at] for text in texts}) for at in (0, 1))
        of = [[names.index(text[at]) for text in texts] for at, names in ((0, columns), (1, roles))]
        column, role = (numpy.array(numbers, dtype="int64")[kind] for numbers in of)
        keys, key = _ranked(key)
        # the four as one number, whose order is theirs; its 63 bits are far more than they need
        bits = [len(names).bit_length() for names in (roles, keys, columns)]
        one = numpy.sort((((record << bits[0] | role) << bits[1] | key) << bits[2]) | column)
        one = one[numpy.append(True, one[1:] != one[:-1])[: len(one)]]
        taken = []
        for size in reversed(bits):
            taken.append(one & ((1 << size) - 1))
            one = one >> size
        column, key, role, record = *taken, one
        named = [pandas.Categorical.from_codes(codes, names) for codes, names in ((column, columns), (role, roles))]
        return pandas.DataFrame({"record": record, "key": keys[key], "column": named[0], "role": named[1]})


def _ranked(keys: "numpy.ndarray") -> "tuple[numpy.ndarray, numpy.ndarray]":
    """The distinct keys in order, and which of them each is (n,)."""
    import numpy
    import pandas

    codes, names = pandas.factorize(keys)
    order = numpy.argsort(names)
    rank = numpy.empty_like(order)
    rank[order] = numpy.arange(len(order))
    return names[order], rank[codes]

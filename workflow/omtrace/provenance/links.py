"""The cells behind all records of a dataset as one table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from omtrace.provenance.cells import Cells, joined
from omtrace.provenance.keys import LIMIT, SHIFT

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
        self.parts: list[tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]] = []  # record, key, kind

    def add(self, cells: Cells, start: int) -> None:
        """The cells of a parameter, whose first record has the number ``start``."""
        import numpy

        numbers = [self._number(column, role) for column, role in cells.kinds]
        kind = numpy.array(numbers, dtype="int32")[cells.kind]
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

        texts = list(self.kinds)
        columns, roles = (sorted({text[at] for text in texts}) for at in (0, 1))
        few, some = len(columns).bit_length(), len(roles).bit_length()
        last = max((int(record.max(initial=0)) for record, _, _ in self.parts), default=0).bit_length()
        key, many, back = _narrow(joined([key for _, key, _ in self.parts], "int64"), 63 - few - some - last)
        # the four as one number, whose order is theirs
        of = [roles.index(role) << (many + few) | columns.index(column) for column, role in texts]
        one = key
        one <<= few
        one |= numpy.array(of, dtype="int64")[joined([kind for _, _, kind in self.parts], "int32")]
        one |= joined([record for record, _, _ in self.parts], "int64") << (some + many + few)
        one.sort()
        again = one[1:] == one[:-1]
        if again.any():
            one = one[numpy.append(True, ~again)]
        named = [
            pandas.Categorical.from_codes(((one >> below) & ((1 << bits) - 1)).astype("int32"), names)
            for below, bits, names in ((0, few, columns), (many + few, some, roles))
        ]
        keys = back((one >> few) & ((1 << many) - 1))
        return pandas.DataFrame(
            {"record": one >> (some + many + few), "key": keys, "column": named[0], "role": named[1]}, copy=False
        )


def _narrow(keys: "numpy.ndarray", room: int) -> "tuple[numpy.ndarray, int, Callable]":
    """Keys (n,) as numbers of few bits in the same order, how many bits, and what makes keys of such numbers again.

    Of register number and ordinal no more bits are kept than they need; where ``room`` is too narrow for these, ranks.
    """
    import numpy

    numbers, ordinals = keys >> SHIFT, keys & (LIMIT - 1)
    first, width = int(numbers.min(initial=LIMIT)), int(ordinals.max(initial=0)).bit_length()
    bits = int(numbers.max(initial=0) - first).bit_length() + width
    if bits <= room:
        numbers -= first
        numbers <<= width
        numbers |= ordinals
        return numbers, bits, lambda codes: ((codes >> width) + first) << SHIFT | codes & ((1 << width) - 1)
    names, ranks = numpy.unique(keys, return_inverse=True)
    return ranks, len(names).bit_length(), names.__getitem__

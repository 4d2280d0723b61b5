"""The cells behind the records of a dataset, as columns: a plate's standards stand behind every sample of it."""

from typing import TYPE_CHECKING, Any

from omtrace.derive import Found

if TYPE_CHECKING:
    import pandas


class Links:
    """Collects record, key, raw column and role of each cell; the last two as numbers into lists of texts.

    ``repaired``: (key, raw column) of the cells that a repair of the plan changed; their role says so.
    """

    def __init__(self, repaired: frozenset[tuple[int, str]]) -> None:
        self.repaired = repaired
        self.kinds: dict[tuple[str, str], int] = {}  # (column, role) -> number
        self.parts: list[tuple[Any, ...]] = []  # arrays: record, key, kind

    def add(self, found: Found, numbers: dict[tuple[str, str], int]) -> None:
        """The cells of a parameter; ``numbers``: unit and visit -> record."""
        import numpy

        records = [numbers[cell[0], cell[1]] for cell in found.cells]
        keys = [int(cell[2]) for cell in found.cells]
        kinds = [self._kind(key, column, role) for _, _, key, column, role in found.cells]
        self.parts.append(tuple(numpy.array(part, dtype="int64") for part in (records, keys, kinds)))
        for units, behind in found.shared:
            of = numpy.array([numbers[at] for at in units], dtype="int64")
            shared = numpy.array([(int(k), self._kind(k, c, r)) for k, c, r in behind], dtype="int64").reshape(-1, 2)
            self.parts.append((numpy.repeat(of, len(shared)), *(numpy.tile(part, len(of)) for part in shared.T)))

    def _kind(self, key: int, column: str, role: str) -> int:
        if self.repaired and (key, column) in self.repaired:
            role = f"{role}, repaired"
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
        order = numpy.lexsort((column, key, role, record))
        parts = [part[order] for part in (record, key, column, role)]
        fresh = numpy.ones(len(order), dtype=bool)
        if len(order):
            fresh[1:] = numpy.logical_or.reduce([part[1:] != part[:-1] for part in parts])
        record, key, column, role = (part[fresh] for part in parts)
        named = [pandas.Categorical.from_codes(codes, names) for codes, names in ((column, columns), (role, roles))]
        return pandas.DataFrame({"record": record, "key": key, "column": named[0], "role": named[1]})

"""The raw cells behind records, as columns: one cell may stand behind thousands of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class Cells:
    """One entry a record and cell (n,): the record's row, the cell's key, and which of ``kinds`` it is.

    A kind is a raw column and a role.
    """

    row: "numpy.ndarray"
    key: "numpy.ndarray"
    kind: "numpy.ndarray"
    kinds: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, rows: Any, keys: Any, column: str, role: str = "value") -> "Cells":
        """Cells of one column: rows (n,), and keys (n,) or several a row (n, m)."""
        import numpy

        rows, keys = numpy.asarray(rows, dtype="int64"), numpy.asarray(keys, dtype="int64")
        if keys.ndim == 2:
            rows, keys = numpy.repeat(rows, keys.shape[1]), keys.ravel()
        return cls(rows, keys, numpy.zeros(len(keys), dtype="int32"), ((column, role),))

    @classmethod
    def of_tuples(cls, cells: Sequence[tuple], rows: Mapping[tuple[str, str], int]) -> "Cells":
        """From tuples of unit, visit, key, column and role; ``rows``: unit and visit -> the record's row."""
        import numpy

        kinds: dict[tuple[str, str], int] = {}
        numbers = [
            (rows[unit, visit], int(key), kinds.setdefault((column, role), len(kinds)))
            for unit, visit, key, column, role in cells
        ]
        row, key, kind = numpy.array(numbers, dtype="int64").reshape(-1, 3).T
        return cls(row, key, kind.astype("int32"), tuple(kinds))

    @classmethod
    def joined(cls, parts: "Sequence[Cells]") -> "Cells":
        """Cells of the same records as one."""
        kinds, start = [], 0
        for part in parts:
            kinds.append(part.kind + start if start else part.kind)
            start += len(part.kinds)
        row, key = (joined([getattr(part, name) for part in parts], "int64") for name in ("row", "key"))
        every = tuple(kind for part in parts for kind in part.kinds)
        return cls(row, key, joined(kinds, "int32"), every)

    def moved(self, to: "numpy.ndarray") -> "Cells":
        """The cells behind other rows: ``to`` (records,) names the new row of each, -1 for a record that leaves."""
        row = to[self.row]
        there = row >= 0
        if there.all():
            return replace(self, row=row)
        return replace(self, row=row[there], key=self.key[there], kind=self.kind[there])

    def behind(self, of: Any, rows: Any, role: str = "") -> "Cells":
        """The cells of the records ``of`` (n,), each of which may come often, behind ``rows`` (n,); in a new role."""
        import numpy

        of, rows = numpy.asarray(of, dtype="int64"), numpy.asarray(rows, dtype="int64")
        order = numpy.argsort(self.row, kind="stable")
        first, last = (numpy.searchsorted(self.row[order], of, side) for side in ("left", "right"))  # type: ignore[call-overload]
        count = last - first
        begin = numpy.cumsum(count) - count
        at = numpy.repeat(first - begin, count)
        at += numpy.arange(len(at))
        kinds = tuple((column, role or was) for column, was in self.kinds)
        return Cells(numpy.repeat(rows, count), self.key[order][at], self.kind[order][at], kinds)


def joined(parts: "Sequence[numpy.ndarray]", kind: str) -> "numpy.ndarray":
    """Arrays one after the other; one alone is itself."""
    import numpy

    return parts[0] if len(parts) == 1 else numpy.concatenate([numpy.empty(0, dtype=kind), *parts])

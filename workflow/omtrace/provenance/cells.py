"""The raw cells behind records, as columns: one cell may stand behind thousands of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Cells:
    """One entry a record and cell (n,): the record's row, the cell's key, and which of ``kinds`` it is.

    A kind is a raw column and a role. A key below 0 stands for cells that several records share: those of ``shared``
    whose row is -1 - key.
    """

    row: "numpy.ndarray"
    key: "numpy.ndarray"
    kind: "numpy.ndarray"
    kinds: tuple[tuple[str, str], ...]
    shared: "Cells | None" = None

    @classmethod
    def of(cls, rows: "ArrayLike", keys: "ArrayLike", column: str, role: str = "value") -> "Cells":
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
        shared = {id(part.shared): part.shared for part in parts if part.shared is not None}
        if len(shared) > 1:
            parts = _with_one_list(parts)
            shared = {id(part.shared): part.shared for part in parts if part.shared is not None}
        kinds, start = [], 0
        for part in parts:
            kinds.append(part.kind + start if start else part.kind)
            start += len(part.kinds)
        row, key = (joined([getattr(part, name) for part in parts], "int64") for name in ("row", "key"))
        every = tuple(kind for part in parts for kind in part.kinds)
        return cls(row, key, joined(kinds, "int32"), every, next(iter(shared.values()), None))

    def moved(self, to: "numpy.ndarray") -> "Cells":
        """The cells behind other rows: ``to`` (records,) names the new row of each, -1 for a record that leaves."""
        row = to[self.row]
        there = row >= 0
        if there.all():
            return replace(self, row=row)
        return replace(self, row=row[there], key=self.key[there], kind=self.kind[there])

    def behind(self, of: "ArrayLike", rows: "ArrayLike", role: str = "") -> "Cells":
        """Links of the records ``of`` (n,; repeats allowed), reattached to ``rows`` (n,) with a new role."""
        import numpy

        of, rows = numpy.asarray(of, dtype="int64"), numpy.asarray(rows, dtype="int64")
        order = numpy.argsort(self.row, kind="stable")
        first, last = (numpy.searchsorted(self.row[order], of, side) for side in ("left", "right"))  # type: ignore[call-overload]
        count = last - first
        begin = numpy.cumsum(count) - count
        at = numpy.repeat(first - begin, count)
        at += numpy.arange(len(at))
        return Cells(numpy.repeat(rows, count), self.key[order][at], self.kind[order][at], self.kinds, self.shared).as_(
            role
        )

    def as_(self, role: str) -> "Cells":
        """The same cells in another role, shared ones included; "": in the roles that they have."""
        if not role:
            return self
        kinds = tuple((column, role) for column, _ in self.kinds)
        return replace(self, kinds=kinds, shared=self.shared and self.shared.as_(role))

    def shared_by(self, of: "ArrayLike", rows: "ArrayLike") -> "Cells":
        """The cells of the records ``of`` (n,) behind ``rows`` (n,), as by ``behind``, without copies of them."""
        import numpy

        of, rows = numpy.asarray(of, dtype="int64"), numpy.asarray(rows, dtype="int64")
        of, rows = (part[numpy.isin(of, self.row)] for part in (of, rows))  # others share nothing
        return Cells(rows, -1 - of, numpy.zeros(len(rows), dtype="int32"), (("", ""),), self)


def _with_one_list(parts: Sequence[Cells]) -> list[Cells]:
    """Cells whose shared cells stand in several lists, with these in one."""
    import numpy

    lists = list({id(part.shared): part.shared for part in parts if part.shared is not None}.values())
    sizes = [int(shared.row.max(initial=-1)) + 1 for shared in lists]
    starts = numpy.cumsum([0, *sizes]).tolist()
    every = Cells.joined([replace(one, row=one.row + start) for one, start in zip(lists, starts, strict=False)])
    start_of = {id(one): start for one, start in zip(lists, starts, strict=False)}
    keys = (numpy.where(part.key < 0, part.key - start_of.get(id(part.shared), 0), part.key) for part in parts)
    return [replace(part, key=key, shared=every) for part, key in zip(parts, keys, strict=True)]


def joined(parts: "Sequence[numpy.ndarray]", kind: str) -> "numpy.ndarray":
    """Arrays one after the other; one alone is itself."""
    import numpy

    return parts[0] if len(parts) == 1 else numpy.concatenate([numpy.empty(0, dtype=kind), *parts])

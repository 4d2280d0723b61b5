"""The cells behind all records of a dataset as one table.

Cells that many records share, as the standards of a plate, stand in it once, as a set: their ``record`` is minus the
number of the set, and a row of a record whose ``key`` is minus that number stands for all of them. A set has one role,
that of the rows which name it, so that the rows of a record are in the order which its cells have when written out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.provenance.cells import Cells, joined
from omtrace.provenance.keys import LIMIT, SHIFT

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

    Integers = numpy.ndarray
    Columns = tuple[Integers, Integers, Integers]  # record (or set), key, kind: (n,) each

FEW = 2  # cells: a set of so few is written out for each record


class Links:
    """Collects record, key, raw column and role of each cell; the last two as numbers into lists of texts.

    Parameters
    ----------
    repaired
        (key, raw column) of the cells that a repair of the plan changed; their role says so.
    """

    def __init__(self, repaired: frozenset[tuple[int, str]]) -> None:
        self.repaired: dict[str, list[int]] = {}
        for key, column in repaired:
            self.repaired.setdefault(column, []).append(key)
        self.kinds: dict[tuple[str, str], int] = {}  # (column, role) -> number
        self.parts: list[Columns] = []  # a key below 0: all cells of the set -1 - key
        self.sets: list[Columns] = []  # set, key, kind
        self.known: list[tuple[Cells, int]] = []  # lists of shared cells, and the number of the first set of each
        self.set_count = 0

    def add(self, cells: Cells, start: int) -> None:
        """Add the cells of a parameter, whose first record has the number ``start``."""
        import numpy

        key = cells.key
        if cells.shared is not None:
            key = numpy.where(key < 0, key - self._first_set(cells.shared), key)
        self.parts.append((start + cells.row, key, self._kind(cells)))

    def _first_set(self, shared: Cells) -> int:
        """The number of the first set of a list of shared cells, which is added where it is new."""
        first = next((first for cells, first in self.known if cells is shared), None)
        if first is None:
            first = self.set_count
            self.known.append((shared, first))
            self.sets.append((first + shared.row, shared.key, self._kind(shared)))
            self.set_count += int(shared.row.max(initial=-1)) + 1
        return first

    def _kind(self, cells: Cells) -> "Integers":
        """The kind of each cell (n,), as a number into ``self.kinds``."""
        import numpy

        numbers = [self._number(column, role) for column, role in cells.kinds]
        kind = numpy.array(numbers, dtype="int32")[cells.kind]
        for number, (column, role) in enumerate(cells.kinds):
            if column in self.repaired:
                changed = (cells.kind == number) & numpy.isin(cells.key, self.repaired[column])
                kind[changed] = self._number(column, f"{role}, repaired")
        return kind

    def _number(self, column: str, role: str) -> int:
        return self.kinds.setdefault((column, role), len(self.kinds))

    def frame(self) -> "pandas.DataFrame":
        """Return one row a record, key, column and role, each once, in order of record, role, key, column."""
        import numpy
        import pandas

        record, key, kind = _stacked(self.parts)
        sets = links = 0
        if self.set_count:
            whole = self._with_sets(record, key, kind)
            (record, key, kind), sets, links = whole.columns, whole.sets, whole.links
        texts = list(self.kinds)
        columns, roles = (sorted({text[part] for text in texts}) for part in (0, 1))
        few, some = len(columns).bit_length(), len(roles).bit_length()
        last = int(record.max(initial=0)).bit_length()
        narrow = _narrow(key, 63 - few - some - last)
        key, many, back = narrow.codes, narrow.bits, narrow.back
        # the four as one number, whose order is theirs
        of = [roles.index(role) << (many + few) | columns.index(column) for column, role in texts]
        packed = key
        packed <<= few
        packed |= numpy.array(of, dtype="int64")[kind]
        packed |= record << (some + many + few)
        naming = packed[len(packed) - links :].copy()
        packed.sort()
        again = packed[1:] == packed[:-1]
        if again.any():
            packed = packed[numpy.append(True, ~again)]
        named = [
            pandas.Categorical.from_codes(((packed >> below) & ((1 << bits) - 1)).astype("int32"), names)
            for below, bits, names in ((0, few, columns), (many + few, some, roles))
        ]
        keys, records = back((packed >> few) & ((1 << many) - 1)), (packed >> (some + many + few)) - sets
        keys[numpy.searchsorted(packed, naming)] *= -1
        return pandas.DataFrame({"record": records, "key": keys, "column": named[0], "role": named[1]}, copy=False)

    def _with_sets(self, record: "Integers", key: "Integers", kind: "Integers") -> "_WithSets":
        """Put the sets before the records, and the rows that name them behind.

        Where a record has other cells in the role of a set, or the set has few cells, these are written out.
        """
        import numpy

        roles = sorted({role for _, role in self.kinds})
        role_of = numpy.array([roles.index(role) for _, role in self.kinds], dtype="int64")
        of, key_of_set, kind_of_set = _stacked(self.sets)
        of = of * len(roles) + role_of[kind_of_set]  # a set has one role
        order = numpy.lexsort((key_of_set, kind_of_set, of))
        in_order = [part[order] for part in (of, kind_of_set, key_of_set)]
        new = numpy.any([numpy.diff(part, prepend=-1) != 0 for part in in_order], axis=0)
        of, kind_of_set, key_of_set = (part[new] for part in in_order)
        names, first, size = numpy.unique(of, return_index=True, return_counts=True)
        is_link = key < 0
        # each record with each place among the names of the set that it names
        wanted, of_set = -1 - key[is_link], names // len(roles)
        begin, end = (numpy.searchsorted(of_set, wanted, side) for side in ("left", "right"))  # type: ignore[call-overload]
        whose, named = numpy.repeat(record[is_link], end - begin), _ranges(begin, end - begin)
        record, key, kind = (part[~is_link] for part in (record, key, kind))
        pairs = numpy.unique(whose * len(names) + named)
        whose, named = pairs // len(names), pairs % len(names)
        role = whose * len(roles) + names[named] % len(roles)
        _, place, count = numpy.unique(role, return_inverse=True, return_counts=True)
        stays = (count[place] == 1) & (size[named] > FEW) & ~numpy.isin(role, record * len(roles) + role_of[kind])
        rows = _ranges(first[named[~stays]], size[named[~stays]])
        more = numpy.repeat(whose[~stays], size[named[~stays]]), key_of_set[rows], kind_of_set[rows]
        used = numpy.unique(named[stays])
        number = numpy.zeros(len(names), dtype="int64")
        number[used] = numpy.arange(1, len(used) + 1)
        rows = _ranges(first[used], size[used])
        sets = len(used) - numpy.repeat(number[used], size[used]), key_of_set[rows], kind_of_set[rows]
        kinds = numpy.array([self._number("", name) for name in roles], dtype="int32")
        links = len(used) + whose[stays], number[named[stays]], kinds[names[named[stays]] % len(roles)]
        parts = [sets, (len(used) + record, key, kind), (len(used) + more[0], *more[1:]), links]
        return _WithSets(_stacked(parts), len(used), len(links[0]))


@dataclass(frozen=True)
class _WithSets:
    """Record, key and kind; the number of sets; and of the rows that name one.

    These come last and have its number for a key. The record of a set is the number of sets minus its own; every other
    record is that many more.
    """

    columns: "Columns"
    sets: int
    links: int


def _stacked(parts: "list[Columns]") -> "Columns":
    """Columns one below the other."""
    record, key, kind = (
        joined([part[n] for part in parts], kind) for n, kind in enumerate(("int64", "int64", "int32"))
    )
    return record, key, kind


def _ranges(first: "Integers", size: "Integers") -> "Integers":
    """The whole numbers of ranges, each from its first on."""
    import numpy

    end = numpy.cumsum(size)
    return numpy.repeat(first - (end - size), size) + numpy.arange(end[-1] if len(end) else 0)


def written_out(table: "pyarrow.Table", records: "Integers | None" = None) -> "pyarrow.Table":
    """Write out the cells behind records, those that they share included.

    Parameters
    ----------
    table
        Cells as ``Links.frame`` gives them, in its order.
    records
        Numbers of the records; None: of all.

    Returns
    -------
    pyarrow.Table
        The columns of ``table``, one row a record and cell.
    """
    import numpy

    record, key = (table.column(name).to_numpy() for name in ("record", "key"))
    rows = numpy.flatnonzero(record >= 0 if records is None else numpy.isin(record, records))
    which = key[rows]
    if len(rows) and which.min() < 0:
        first, last = (numpy.searchsorted(record, which, side) for side in ("left", "right"))  # type: ignore[call-overload]
        names_set = which < 0
        begin, size = numpy.where(names_set, first, rows), numpy.where(names_set, last - first, 1)
        whose = numpy.repeat(record[rows], size)
        place = table.schema.get_field_index("record")
        return table.take(_ranges(begin, size)).set_column(place, "record", [whose])
    return table.take(rows)


@dataclass(frozen=True)
class _Narrow:
    """Keys (n,) as numbers of few bits in the same order, how many bits, and what makes keys of such numbers again."""

    codes: "Integers"
    bits: int
    back: "Callable[[Integers], Integers]"


def _narrow(keys: "Integers", room: int) -> _Narrow:
    """Keys as numbers of few bits.

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
        return _Narrow(numbers, bits, lambda codes: ((codes >> width) + first) << SHIFT | codes & ((1 << width) - 1))
    names, ranks = numpy.unique(keys, return_inverse=True)
    return _Narrow(ranks, len(names).bit_length(), names.__getitem__)

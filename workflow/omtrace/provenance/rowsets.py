"""The records behind the numbers of a page, as arrays: an entry for each record of each row set."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.provenance.rows import NO_RECORDS

if TYPE_CHECKING:
    import numpy
    import pyarrow

    Integers = numpy.ndarray

AGAIN = "run snakemake again"
MOST = 60_000  # records in one page; of a study with more, each row set shows its first ones
KEPT = 200  # of each role and reason


@dataclass(frozen=True)
class Ranked:
    """Texts as numbers (n) into their sorted distinct texts."""

    codes: "Integers"
    texts: list[str]


def ranked(column: "pyarrow.ChunkedArray") -> Ranked:
    """Texts (n) by their distinct texts; a missing text is ""."""
    import numpy

    array = column.dictionary_encode().unify_dictionaries().combine_chunks()
    texts = [*array.dictionary.to_pylist(), ""]
    names = sorted(set(texts))
    rank = {text: place for place, text in enumerate(names)}
    codes = array.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
    return Ranked(numpy.array([rank[text] for text in texts])[codes], names)


def distinct(values: "Integers") -> "Integers":
    """The distinct ones, rising, of whole numbers (n) from 0 that are not large."""
    import numpy

    return numpy.flatnonzero(numpy.bincount(values))


def places_among(values: "Integers") -> "Integers":
    """Which of its distinct values each is (n), of whole numbers (n) from 0 that are not large."""
    import numpy

    return (numpy.cumsum(numpy.bincount(values).astype(bool)) - 1)[values]


class Records:
    """The records of data sets, numbered in order of data set and record (``at``)."""

    def __init__(self, datasets: Mapping[str, "pyarrow.Table"], names: Collection[str]) -> None:
        self.names = sorted(names)
        self.tables = {name: _sorted(datasets[name]) for name in self.names}
        self.numbers = {name: table.column("record").to_numpy() for name, table in self.tables.items()}
        self.start: dict[str, int] = {}
        self.count = 0
        for name in self.names:
            self.start[name] = self.count
            self.count += len(self.numbers[name])

    def at(self, name: str, records: "Integers") -> "Integers":
        """The places (n) of records (n) of a data set. Raises Fault for a record that it does not have."""
        import numpy

        known = self.numbers[name]
        place = numpy.full(int(known.max(initial=-1)) + 2, -1)  # none at the end, for what is beyond
        place[known] = numpy.arange(len(known))
        places = place[numpy.where((records >= 0) & (records < len(place)), records, -1)]
        if len(places) and places.min() < 0:
            lost = records[places < 0].min()
            raise Fault(f"datasets/{name}.parquet: no record {lost}, which a row set names; {AGAIN}")
        return places + self.start[name]

    def units(self) -> "Integers":
        """The unit of each record as a number from 0, units of one name having one."""
        import numpy
        import pyarrow

        chunks = [chunk for table in self.tables.values() for chunk in table.column("unit").chunks]
        shared = pyarrow.chunked_array(chunks, type=chunks[0].type).unify_dictionaries().chunks
        return numpy.concatenate([chunk.indices.to_numpy() for chunk in shared])


def _sorted(table: "pyarrow.Table") -> "pyarrow.Table":
    """A data set in the order of its records, in which it is stored."""
    number = table.column("record").to_numpy()
    return table if (number[1:] > number[:-1]).all() else table.sort_by("record")


@dataclass(frozen=True)
class Group:
    """Records of a row set, by its place among the names, in a role, with the reason why they are left out."""

    rowset: int
    role: str
    reason: str


class RowSets:
    """The row sets named, in their order: parallel arrays over members, by row set, role, reason and record.

    ``group`` (n): place in ``groups``, each a (row set, role, reason), the row set as its place among ``names``;
    ``record`` (n): place in ``records``. ``more``: what a shortened row set had, as the payload has it. Raises
    Fault for a row set or a record that is not there.
    """

    def __init__(self, names: list[str], rowsets: "pyarrow.Table", datasets: Mapping[str, "pyarrow.Table"]) -> None:
        import numpy

        rowset = ranked(rowsets.column("rowset"))
        codes, texts = rowset.codes, rowset.texts
        place = {name: at for at, name in enumerate(names)}
        wanted = numpy.array([place.get(text, -1) for text in texts], int)[codes]
        if lost := sorted(set(names) - {NO_RECORDS} - {texts[code] for code in distinct(codes).tolist()}):
            raise Fault(f"rowsets.parquet: no row set {lost[0]}, which estimates.csv names; {AGAIN}")
        positions = numpy.flatnonzero(wanted >= 0)
        mine = rowsets.select(["dataset", "record", "role", "reason"]).take(positions)
        self.names, self._rowset = names, wanted[positions]
        role, reason, dataset = (ranked(mine.column(name)) for name in ("role", "reason", "dataset"))
        self._role, self.roles = role.codes, role.texts
        self._reason, self.reasons = reason.codes, reason.texts
        number = mine.column("record").to_numpy()
        self.records = Records(datasets, [dataset.texts[code] for code in numpy.unique(dataset.codes)])
        self.record = numpy.zeros(len(positions), int)
        for name in self.records.names:
            of = dataset.codes == dataset.texts.index(name)
            self.record[of] = self.records.at(name, number[of])
        key = (self._rowset * len(self.roles) + self._role) * len(self.reasons) + self._reason
        self.group = places_among(key)
        self.groups = [self._named(code) for code in distinct(key).tolist()]
        self.more = self._cut()
        order = numpy.argsort(self.group * self.records.count + self.record, kind="stable")
        kept = order[self._place_in_group(order) < KEPT] if self.more else order
        self.group, self.record = self.group[kept], self.record[kept]

    def _named(self, code: int) -> Group:
        rest, reason = divmod(code, len(self.reasons))
        rowset, role = divmod(rest, len(self.roles))
        return Group(rowset, self.roles[role], self.reasons[reason])

    def _place_in_group(self, order: "Integers") -> "Integers":
        """The place (n) of members within their group, when they are in an order by group."""
        import numpy

        sizes = numpy.bincount(self.group, minlength=len(self.groups))
        return numpy.arange(len(order)) - (numpy.cumsum(sizes) - sizes)[self.group[order]]

    def _cut(self) -> dict[int, tuple[int, list[tuple[str, int]], int]]:
        """Of a study with more records than a page holds: row set -> units used, units left out by reason, hidden."""
        import numpy

        if len(distinct(self.record)) <= MOST:
            return {}
        hidden = numpy.zeros(len(self.names), int)
        over = numpy.maximum(numpy.bincount(self.group, minlength=len(self.groups)) - KEPT, 0)
        numpy.add.at(hidden, [group.rowset for group in self.groups], over)
        of_record = self.records.units()
        count = int(of_record.max(initial=-1)) + 1
        members = numpy.flatnonzero(hidden[self._rowset] > 0)
        pair = self._rowset[members] * len(self.reasons) + self._reason[members]
        first = numpy.zeros(pair.max() + 1, int)
        first[pair[::-1]] = numpy.arange(len(pair))[::-1]  # of several, the last assigned stays
        units = numpy.sort(pair * count + of_record[self.record[members]])
        counts = numpy.bincount(units[numpy.append(True, units[1:] != units[:-1])] // count).tolist()
        more: dict[int, tuple[int, list[tuple[str, int]], int]] = {
            at: (0, [], int(hidden[at])) for at in numpy.flatnonzero(hidden).tolist()
        }
        for code in sorted(distinct(pair).tolist(), key=first.tolist().__getitem__):
            at, reason = divmod(code, len(self.reasons))
            used, left, lost = more[at]
            if name := self.reasons[reason]:
                left.append((name, counts[code]))
            else:
                more[at] = counts[code], left, lost
        return more

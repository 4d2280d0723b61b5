"""The raw cells behind every number, small enough to live in the page.

Everything is integers into one table of strings. The parts, as ``templates/payload.js`` reads them:

``strings``  every text once; 0 is ""
``files``    [register number, path] of each export
``places``   columns over all places in order of key: file, ordinal, part, first line, lines, column
``cells``    columns over all raw cells in order of key and column: place, column, text
``sets``     sets of cells that serve a record in one role: [role, run, run, ...]
``records``  columns over all records: unit, parameter, visit, value, status, sets (an index, or a list)
``rowsets``  each a list of groups [role, reason, run, run, ...] of records
``more``     row set -> [units used, [reason, units left out, ...], records that the page leaves out], where the
             page cannot hold all records of a study
``numbers``  id -> [analysis, parameter, population, group, visit, level, statistic, value, unit, shown,
             row set, definition]

A run is two integers: the gap since the end of the last run, and its length. Columns that grow steadily
(ordinal, line, place) carry differences; columns of long repeats (file, part, lines; parameter, visit, status)
carry value, times, value, times, ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.provenance.keys import LIMIT, SHIFT, key_text
from omtrace.provenance.rowsets import AGAIN, RowSets, distinct, places_among, ranked
from omtrace.store import number_text, plain

if TYPE_CHECKING:
    import numpy
    import pyarrow

    Integers = numpy.ndarray

WITHHELD = "(withheld: a value that a check found; it stands in the confidential table of findings)"
RECORD = ("unit", "parameter", "visit", "status", "value", "text")
PLACE = ("part", "first_line", "last_line", "column")
Wanted = set[tuple[int, str]]
LABELS = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")


class Strings:
    """Texts by number: each text is kept once."""

    def __init__(self) -> None:
        self.at: dict[str, int] = {"": 0}

    def __call__(self, text: str) -> int:
        return self.at.setdefault(text, len(self.at))

    def all(self, texts: Iterable[str]) -> list[int]:
        """The numbers of several texts."""
        return [self(text) for text in texts]


def runs(group: "Integers", number: "Integers", count: int) -> list[list[int]]:
    """The numbers (n, rising) of each of ``count`` groups (n, rising) as gap, length, gap, length, ...

    One group of ``3, 4, 5, 9`` is ``[[3, 3, 3, 1]]``.
    """
    import numpy

    is_first = numpy.ones(len(number), bool)
    is_first[1:] = (group[1:] != group[:-1]) | (number[1:] != number[:-1] + 1)
    first = numpy.flatnonzero(is_first)
    length = numpy.diff(numpy.append(first, len(number)))
    owner, gap = group[first], number[first].copy()
    gap[1:] -= numpy.where(owner[1:] == owner[:-1], (number[first] + length)[:-1], 0)
    coded = numpy.column_stack([gap, length]).ravel().tolist()
    ends = (2 * numpy.searchsorted(owner, numpy.arange(count + 1))).tolist()
    return [coded[start:end] for start, end in pairwise(ends)]


def differences(numbers: Sequence[int]) -> list[int]:
    """The first number, then the steps to each next one."""
    return [b - a for a, b in pairwise([0, *numbers])]


def repeats(values: Iterable[int]) -> list[int]:
    """Values as value, times, value, times, ..."""
    found: list[int] = []
    for value in values:
        if found and found[-2] == value:
            found[-1] += 1
        else:
            found += [value, 1]
    return found


@dataclass(frozen=True)
class Stored:
    """The stored tables of a study, as ``store.read_coded`` gives them.

    ``datasets`` holds a table a dataset; ``cells(dataset, records)`` gives the cells behind records;
    ``raw_cells(wanted)`` gives the raw text of (key, column) pairs.
    """

    rowsets: "pyarrow.Table"
    places: "pyarrow.Table"
    datasets: Mapping[str, "pyarrow.Table"]
    cells: Callable[[str, "Integers"], "pyarrow.Table"]
    raw_cells: Callable[[Wanted], Mapping[tuple[int, str], str]]


@dataclass(frozen=True)
class Links:
    """Which cell serves which record in which role, a link each; of a cell its place in ``keys``, and its column."""

    record: "Integers"
    role: "Integers"
    cell: "Integers"
    roles: Sequence[str]
    keys: "Integers"
    place: "Integers"  # of each cell
    column: list[str]

    @property
    def cells(self) -> list[tuple[int, str]]:
        """Key and column of each cell."""
        return list(zip(self.keys[self.place].tolist(), self.column, strict=True))


@dataclass(frozen=True)
class CellSets:
    """The sets of cells of each record (an index, or a list of several or none), and the sets themselves."""

    of_records: list[int | list[int]]
    sets: list[list]


class Payload:
    """The payload of one study, built from its stored tables. Raises Fault where they do not fit each other."""

    def __init__(self, plan: Plan, exports: Sequence[Export], stored: Stored) -> None:
        self.plan, self.exports = plan, {export.number: export for export in exports}
        self.stored, self.strings = stored, Strings()

    def build(self, numbers: Mapping[str, Estimate], definitions: Mapping[str, dict]) -> dict[str, list | dict]:
        """The whole payload as plain lists and dictionaries."""
        names = sorted({number.rowset for number in numbers.values()})
        rowsets = RowSets(names, self.stored.rowsets, self.stored.datasets)
        more = {
            at: [used, [part for reason, lost in left for part in (self.strings(reason), lost)], hidden]
            for at, (used, left, hidden) in rowsets.more.items()
        }
        shown, position = distinct(rowsets.record), places_among(rowsets.record)
        records = self._records(rowsets, shown)
        links = self._links(rowsets, shown)
        texts = self.stored.raw_cells(set(links.cells))  # which finds an export that is not registered
        columns = {**self._places(links.keys), "cells": self._cells(links, texts)}
        sets = self._sets(links, len(shown))
        records["sets"] = sets.of_records
        return {
            **columns,
            "sets": sets.sets,
            "records": records,
            "rowsets": self._coded(rowsets, position),
            "numbers": self._numbers(numbers, {name: index for index, name in enumerate(names)}),
            "definitions": dict(definitions),
            **({"more": more} if more else {}),
            "strings": list(self.strings.at),
        }

    def _numbers(self, numbers: Mapping[str, Estimate], of: Mapping[str, int]) -> dict[str, list]:
        coded = {}
        for name, number in numbers.items():
            texts = [*(number.full[part] for part in LABELS), number.text, number.unit]
            shown = number.shown + number.suffix
            coded[name] = [*self.strings.all([*texts, shown]), of[number.rowset], number.definition]
        return coded

    def _coded(self, rowsets: RowSets, position: "Integers") -> list[list[list[int]]]:
        coded: list[list[list[int]]] = [[] for _ in rowsets.names]
        members = runs(rowsets.group, position, len(rowsets.groups))
        for group, own in zip(rowsets.groups, members, strict=True):
            coded[group.rowset].append([*self.strings.all((group.role, group.reason)), *own])
        return coded

    def _records(self, rowsets: RowSets, shown: "Integers") -> dict[str, list]:
        """The columns over all records that the page shows, in order of dataset and record."""
        columns: dict[str, list] = {name: [] for name in ("unit", "parameter", "visit", "value", "status")}
        for name in rowsets.records.names:
            plan, table = self.plan.datasets[name], _taken(rowsets, shown, name)
            labels = {key: parameter.label for key, parameter in plan.parameters.items()}
            fields = (plain(table.column(field)) for field in RECORD)
            for unit, parameter, visit, status, value, text in zip(*fields, strict=True):
                columns["unit"].append(self.strings(unit))
                columns["parameter"].append(self.strings(labels.get(parameter, parameter)))
                columns["visit"].append(self.strings(plan.visits.get(visit, visit)))
                columns["value"].append(self.strings(text or number_text(value)))
                columns["status"].append(self.strings("" if status == "observed" else status))
        return {**columns, **{name: repeats(columns[name]) for name in ("parameter", "visit", "status")}}

    def _links(self, rowsets: RowSets, shown: "Integers") -> Links:
        """The cells of each record with their roles."""
        import numpy
        import pyarrow

        tables, positions = [], []
        for name in rowsets.records.names:
            table = self.stored.cells(name, _taken(rowsets, shown, name).column("record").to_numpy())
            tables.append(table.select(["key", "column", "role"]))
            positions.append(numpy.searchsorted(shown, rowsets.records.at(name, table.column("record").to_numpy())))
        whole = pyarrow.concat_tables(tables) if tables else pyarrow.table({"key": [], "column": [], "role": []})
        columns, roles = ranked(whole.column("column")), ranked(whole.column("role"))
        column, names = columns.codes, columns.texts
        keys, key = numpy.unique(whole.column("key").to_numpy(), return_inverse=True)
        cells, cell = numpy.unique(key * len(names) + column, return_inverse=True)
        place, column = numpy.divmod(cells, len(names))
        record = numpy.concatenate([numpy.zeros(0, int), *positions])
        return Links(record, roles.codes, cell, roles.texts, keys, place, [names[code] for code in column.tolist()])

    def _cells(self, links: Links, texts: Mapping[tuple[int, str], str]) -> dict[str, list[int]]:
        """The columns over all raw cells."""
        import numpy

        cells = links.cells
        withheld = numpy.zeros(len(cells), bool)
        if "quarantined" in links.roles:
            withheld[links.cell[links.role == list(links.roles).index("quarantined")]] = True
        return {
            "place": differences(links.place.tolist()),
            "column": self.strings.all(links.column),
            "text": self.strings.all(
                WITHHELD if hidden else texts[cell] for cell, hidden in zip(cells, withheld.tolist(), strict=True)
            ),
        }

    def _places(self, keys: "Integers") -> dict[str, list | dict]:
        """The columns of files and places of keys (n, rising)."""
        import numpy
        import pyarrow.compute as compute

        rows = compute.index_in(keys, value_set=self.stored.places.column("key").combine_chunks())
        if rows.null_count:
            lost = keys[rows.to_numpy(zero_copy_only=False) != rows.to_numpy(zero_copy_only=False)][0]
            raise Fault(f"validated/places.parquet: no place for key {key_text(int(lost))}; {AGAIN}")
        part, first, last, column = (plain(self.stored.places.column(name).take(rows)) for name in PLACE)
        number, file = numpy.unique(keys >> SHIFT, return_inverse=True)
        return {
            "files": [[one, self.exports[one].path] for one in number.tolist()],
            "places": {
                "file": repeats(file.tolist()),
                "ordinal": differences((keys & (LIMIT - 1)).tolist()),
                "part": repeats(self.strings.all(text or "" for text in part)),
                "line": differences(first),
                "lines": repeats(b - a + 1 for a, b in zip(first, last, strict=True)),
                "column": self.strings.all(text or "" for text in column),
            },
        }

    def _sets(self, links: Links, count: int) -> CellSets:
        """The sets of cells that serve a record in one role."""
        import numpy

        roles = links.roles
        each, first, of = numpy.unique(links.record * len(roles) + links.role, return_index=True, return_inverse=True)
        size = int(links.cell.max(initial=0)) + 1
        group, number = numpy.divmod(numpy.unique(of * size + links.cell), size)
        coded = runs(group, number, len(each))
        sets: dict[tuple, int] = {}
        of_records: list[list[int]] = [[] for _ in range(count)]
        for i in numpy.lexsort([first, each // len(roles)]).tolist():
            record, code = divmod(int(each[i]), len(roles))
            of_records[record].append(sets.setdefault((self.strings(roles[code]), *coded[i]), len(sets)))
        return CellSets([own[0] if len(own) == 1 else own for own in of_records], [list(cells) for cells in sets])


def _taken(rowsets: RowSets, shown: "Integers", name: str) -> "pyarrow.Table":
    """The rows of a data set that the page shows, in order of record."""
    table, start = rowsets.records.tables[name], rowsets.records.start[name]
    return table.take(shown[(shown >= start) & (shown < start + len(table))] - start)

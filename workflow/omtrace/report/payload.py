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

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from omtrace.faults import Fault
from omtrace.keys import key_text, number_of, ordinal_of
from omtrace.store import number_text
from omtrace.study.plan import Plan
from omtrace.study.register import Export

AGAIN = "run snakemake again"
RECORD = ("record", "unit", "parameter", "visit", "status", "value", "text")
Table = Mapping[str, list]
Group = dict[tuple[str, str], list[tuple[str, int]]]
Wanted = set[tuple[int, str]]
MOST = 60_000  # records in one page; of a study with more, each row set shows its first ones
KEPT = 200  # of each role and reason
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


def runs(numbers: Sequence[int]) -> list[int]:
    """Ascending whole numbers as gap, length, gap, length, ... (``[3, 4, 5, 9]`` is ``[3, 3, 3, 1]``)."""
    found: list[int] = []
    end = 0
    for number in numbers:
        if found and number == end:
            found[-1] += 1
        else:
            found += [number - end, 1]
        end = number + 1
    return found


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


class Payload:
    """The payload of one study, built from its stored tables (name -> list of values, as ``store.read_columns``).

    ``datasets`` holds a table a dataset; ``cells(dataset, records)`` gives the cells behind records, whether or not
    those of others with them; ``raw_cells(wanted)`` gives the raw text of (key, column)
    pairs. Raises Fault where the tables do not fit each other.
    """

    def __init__(
        self,
        plan: Plan,
        exports: Sequence[Export],
        rowsets: Table,
        places: Table,
        datasets: Mapping[str, Table],
        cells: Callable[[str, Collection[int]], Table],
        raw_cells: Callable[[Wanted], Mapping[tuple[int, str], str]],
    ) -> None:
        self.plan, self.exports = plan, {export.number: export for export in exports}
        self.rowsets, self.places = rowsets, places
        self.datasets, self.cells, self.raw_cells = datasets, cells, raw_cells
        self.strings = Strings()
        self.position: dict[str, dict[int, int]] = {}  # dataset -> record -> place in `records`

    def build(self, numbers: Mapping[str, dict], definitions: Mapping[str, Any]) -> dict[str, Any]:
        """The whole payload as plain lists and dictionaries."""
        groups = self._groups({number["rowset"] for number in numbers.values()})
        more = self._cut(groups)
        records = self._records(groups)
        links, columns = self._links()
        records["sets"], sets = self._sets(links)
        return {
            **columns,
            "sets": sets,
            "records": records,
            "rowsets": [self._coded(group) for group in groups.values()],
            "numbers": self._numbers(numbers, {name: index for index, name in enumerate(groups)}),
            "definitions": dict(definitions),
            **({"more": more} if more else {}),
            "strings": list(self.strings.at),
        }

    def _cut(self, groups: dict[str, Group]) -> dict[int, list]:
        """Shorten the row sets of a study with more records than a page holds; what each of them had, by its index."""
        records = {member for group in groups.values() for members in group.values() for member in members}
        if len(records) <= MOST:
            return {}
        names = {dataset for dataset, _ in records}
        units = {name: dict(_rows(self.datasets[name], ("record", "unit"))) for name in names}
        more = {}
        for index, group in enumerate(groups.values()):
            used: set[str] = set()
            left: dict[str, set[str]] = {}
            hidden = 0
            for (_, reason), members in group.items():
                (left.setdefault(reason, set()) if reason else used).update(units[name][n] for name, n in members)
                hidden += max(0, len(members) - KEPT)
            if hidden:
                reasons = [part for reason, lost in left.items() for part in (self.strings(reason), len(lost))]
                more[index] = [len(used), reasons, hidden]
                group.update({key: sorted(members)[:KEPT] for key, members in group.items()})
        return more

    def _numbers(self, numbers: Mapping[str, dict], of: Mapping[str, int]) -> dict[str, list]:
        coded = {}
        for name, number in numbers.items():
            texts = [*(number["full"][part] for part in LABELS), number["value"], number["unit"]]
            shown = number["shown"] + number["suffix"]
            coded[name] = [*self.strings.all([*texts, shown]), of[number["rowset"]], number["definition"]]
        return coded

    def _groups(self, wanted: set[str]) -> dict[str, Group]:
        """Row set -> (role, reason) -> (dataset, record) pairs, of the row sets that numbers name."""
        groups: dict[str, Group] = {}
        columns = (self.rowsets[name] for name in ("rowset", "role", "reason", "dataset", "record"))
        for rowset, role, reason, dataset, record in zip(*columns, strict=True):
            if rowset in wanted:
                groups.setdefault(rowset, {}).setdefault((role, reason or ""), []).append((dataset, record))
        lost = sorted(wanted - groups.keys())
        if lost:
            raise Fault(f"rowsets.parquet: no row set {lost[0]}, which estimates.csv names; {AGAIN}")
        return {name: groups[name] for name in sorted(groups)}

    def _coded(self, group: Group) -> list[list[int]]:
        coded = []
        for (role, reason), members in sorted(group.items()):
            positions = sorted(self.position[dataset][record] for dataset, record in members)
            coded.append([*self.strings.all((role, reason)), *runs(positions)])
        return coded

    def _records(self, groups: Mapping[str, Group]) -> dict[str, list]:
        """The columns over all records that a row set names, in order of dataset and record."""
        wanted: dict[str, set[int]] = {}
        for group in groups.values():
            for members in group.values():
                for dataset, record in members:
                    wanted.setdefault(dataset, set()).add(record)
        columns: dict[str, list] = {name: [] for name in ("unit", "parameter", "visit", "value", "status")}
        count = 0
        for name in sorted(wanted):
            table, plan = self.datasets[name], self.plan.datasets[name]
            labels = {key: parameter.label for key, parameter in plan.parameters.items()}
            chosen = [row for row in _rows(table, RECORD) if row[0] in wanted[name]]
            if len(chosen) != len(wanted[name]):
                lost = min(wanted[name] - {row[0] for row in chosen})
                raise Fault(f"datasets/{name}.parquet: no record {lost}, which a row set names; {AGAIN}")
            self.position[name] = {row[0]: at for at, row in enumerate(sorted(chosen), count)}
            count += len(chosen)
            for _, unit, parameter, visit, status, value, text in sorted(chosen):
                columns["unit"].append(self.strings(unit))
                columns["parameter"].append(self.strings(labels.get(parameter, parameter)))
                columns["visit"].append(self.strings(plan.visits.get(visit, visit)))
                columns["value"].append(self.strings(text or number_text(value)))
                columns["status"].append(self.strings("" if status == "observed" else status))
        return {**columns, **{name: repeats(columns[name]) for name in ("parameter", "visit", "status")}}

    def _links(self) -> tuple[dict[int, list[tuple[str, int]]], dict[str, Any]]:
        """The cells of each record as (role, cell), and the columns of files, places and cells."""
        found = [
            (positions[record], (key, column), role)
            for name, positions in self.position.items()
            for record, key, column, role in _rows(self.cells(name, positions), ("record", "key", "column", "role"))
            if record in positions
        ]
        wanted = {cell for _, cell, _ in found}
        texts = self.raw_cells(wanted)
        order = {cell: index for index, cell in enumerate(sorted(wanted))}
        place_of, columns = self._places(sorted({key for key, _ in wanted}))
        columns["cells"] = {
            "place": differences([place_of[key] for key, _ in order]),
            "column": self.strings.all(column for _, column in order),
            "text": self.strings.all(texts[cell] for cell in order),
        }
        links: dict[int, list[tuple[str, int]]] = {}
        for position, cell, role in found:
            links.setdefault(position, []).append((role, order[cell]))
        return links, columns

    def _places(self, keys: Sequence[int]) -> tuple[dict[int, int], dict[str, Any]]:
        """The index of each key, and the columns of files and places."""
        known = {row[0]: row[1:] for row in _rows(self.places, ("key", "part", "first_line", "last_line", "column"))}
        lost = next((key for key in keys if key not in known), None)
        if lost is not None:
            raise Fault(f"validated/places.parquet: no place for key {key_text(lost)}; {AGAIN}")
        numbers = sorted({number_of(key) for key in keys})
        file_of = {number: index for index, number in enumerate(numbers)}
        found = [known[key] for key in keys]
        return {key: index for index, key in enumerate(keys)}, {
            "files": [[number, self.exports[number].path] for number in numbers],
            "places": {
                "file": repeats(file_of[number_of(key)] for key in keys),
                "ordinal": differences([ordinal_of(key) for key in keys]),
                "part": repeats(self.strings.all(part or "" for part, *_ in found)),
                "line": differences([first for _, first, *_ in found]),
                "lines": repeats(last - first + 1 for _, first, last, _ in found),
                "column": self.strings.all(column or "" for *_, column in found),
            },
        }

    def _sets(self, links: Mapping[int, list[tuple[str, int]]]) -> tuple[list, list]:
        """The sets of each record (an index, or a list of several or none), and the sets themselves."""
        known: dict[tuple, int] = {}
        of_records: list[int | list[int]] = []
        for position in range(sum(len(positions) for positions in self.position.values())):
            roles: dict[str, set[int]] = {}
            for role, cell in links.get(position, []):
                roles.setdefault(role, set()).add(cell)
            sets = [(self.strings(role), *runs(sorted(cells))) for role, cells in roles.items()]
            numbered = [known.setdefault(cells, len(known)) for cells in sets]
            of_records.append(numbered[0] if len(numbered) == 1 else numbered)
        return of_records, [list(cells) for cells in known]


def _rows(table: Table, names: Sequence[str]) -> Iterable[tuple]:
    return zip(*(table[name] for name in names), strict=True)

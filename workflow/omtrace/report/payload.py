"""The raw cells behind every number, small enough to live in the page.

Everything is integers into one table of strings. The parts, as the page's script reads them:

``strings``  every text once; 0 is ""
``files``    [register number, path] of each export
``places``   columns over all places in order of key: file, ordinal, part, first line, lines, column
``cells``    columns over all raw cells in order of key and column: place, column, text
``sets``     sets of cells that serve a record in one role: [role, run, run, ...]
``records``  columns over all records: unit, parameter, visit, value, status, sets (an index, or a list)
``rowsets``  each a list of groups [role, reason, run, run, ...] of records
``numbers``  id -> [analysis, parameter, population, group, visit, level, statistic, value, unit, shown,
             row set, definition]

A run is two integers: the gap since the end of the last run, and its length. Columns that grow steadily
(ordinal, line, place) carry differences; columns of long repeats (file, part, lines; parameter, visit, status)
carry value, times, value, times, ...
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.keys import key_text, number_of, ordinal_of
from omtrace.store import number_text
from omtrace.study.plan import Plan
from omtrace.study.register import Export

if TYPE_CHECKING:
    import pandas

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
    return [b - a for a, b in zip([0, *numbers[:-1]], numbers, strict=True)]


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
    """The payload of one study, built from its stored tables.

    ``datasets`` and ``cells``: name -> frame as in the design's formats; ``rowsets`` and ``places``: frames;
    ``raw_cells(wanted)`` gives the raw text of (key, column) pairs. Raises Fault where the tables do not fit.
    """

    def __init__(
        self,
        plan: Plan,
        exports: Sequence[Export],
        rowsets: "pandas.DataFrame",
        datasets: Mapping[str, "pandas.DataFrame"],
        cells: Mapping[str, "pandas.DataFrame"],
        places: "pandas.DataFrame",
        raw_cells: Callable[[Wanted], Mapping[tuple[int, str], str]],
    ) -> None:
        self.plan, self.exports = plan, {export.number: export for export in exports}
        self.rowsets, self.datasets, self.cells, self.places = rowsets, datasets, cells, places
        self.raw_cells = raw_cells
        self.strings = Strings()
        self.position: dict[tuple[str, int], int] = {}  # (dataset, record) -> place in `records`

    def build(self, numbers: Mapping[str, dict], definitions: Mapping[str, Any]) -> dict[str, Any]:
        """The whole payload as plain lists and dictionaries."""
        named = self._named(numbers)
        records = self._records(named)
        links, columns = self._links(named)
        records["sets"], sets = self._sets(links)
        sets_of_records, of = self._rowsets(named)
        missing = sorted({number["rowset"] for number in numbers.values()} - set(of))
        if missing:
            raise Fault(f"rowsets.parquet has no row set {missing[0]}, which estimates.csv names; run snakemake again")
        return {
            **columns,
            "sets": sets,
            "records": records,
            "rowsets": sets_of_records,
            "numbers": {name: self._number(number, of) for name, number in numbers.items()},
            "definitions": dict(definitions),
            "strings": list(self.strings.at),
        }

    def _number(self, number: Mapping[str, Any], of: Mapping[str, int]) -> list:
        labels = self.strings.all(number["full"][part] for part in LABELS)
        texts = self.strings.all((number["value"], number["unit"], number["shown"] + number["suffix"]))
        return [*labels, *texts, of[number["rowset"]], number["definition"]]

    def _named(self, numbers: Mapping[str, dict]) -> "pandas.DataFrame":
        """The rows of the row sets that a number names, in order of dataset and record."""
        wanted = {number["rowset"] for number in numbers.values()}
        named = self.rowsets[self.rowsets["rowset"].isin(wanted)]
        return named.sort_values(["dataset", "record"], kind="stable")

    def _records(self, named: "pandas.DataFrame") -> dict[str, list]:
        columns: dict[str, list] = {name: [] for name in ("unit", "parameter", "visit", "value", "status")}
        for name in dict.fromkeys(named["dataset"]):
            plan = self.plan.datasets[name]
            labels = {key: parameter.label for key, parameter in plan.parameters.items()}
            frame = self.datasets[name].set_index("record", drop=False)
            wanted = sorted(set(named.loc[named["dataset"] == name, "record"]))
            absent = set(wanted) - set(frame.index)
            if absent:
                raise Fault(f"datasets/{name}.parquet has no record {min(absent)}; run snakemake again")
            for row in frame.loc[wanted].fillna({"text": ""}).itertuples():
                self.position[name, row.record] = len(self.position)
                columns["unit"].append(self.strings(row.unit))
                columns["parameter"].append(self.strings(labels.get(row.parameter, row.parameter)))
                columns["visit"].append(self.strings(plan.visits.get(row.visit, row.visit)))
                columns["value"].append(self.strings(row.text or number_text(row.value)))
                columns["status"].append(self.strings("" if row.status == "observed" else row.status))
        return {**columns, **{name: repeats(columns[name]) for name in ("parameter", "visit", "status")}}

    def _links(self, named: "pandas.DataFrame") -> tuple[dict[int, list[tuple[str, int]]], dict[str, Any]]:
        """The cells of each record as (role, cell), and the columns of files, places and cells."""
        found: list[tuple[int, int, str, str]] = []
        for name in dict.fromkeys(named["dataset"]):
            frame = self.cells[name]
            found += [
                (self.position[name, record], key, column, role)
                for record, key, column, role in zip(
                    frame["record"].tolist(),
                    frame["key"].tolist(),
                    frame["column"],
                    frame["role"],
                    strict=True,
                )
                if (name, record) in self.position
            ]
        wanted = {(key, column) for _, key, column, _ in found}
        texts = self.raw_cells(wanted)
        order = {cell: index for index, cell in enumerate(sorted(wanted))}
        lost = next((cell for cell in order if cell not in texts), None)
        if lost:
            raise Fault(f"no raw cell for key {key_text(lost[0])}, column {lost[1]}; run snakemake again")
        place_of, columns = self._places(sorted({key for key, _ in wanted}))
        columns["cells"] = {
            "place": differences([place_of[key] for key, _ in order]),
            "column": self.strings.all(column for _, column in order),
            "text": self.strings.all(texts[cell] for cell in order),
        }
        links: dict[int, list[tuple[str, int]]] = {}
        for position, key, column, role in found:
            links.setdefault(position, []).append((role, order[key, column]))
        return links, columns

    def _places(self, keys: Sequence[int]) -> tuple[dict[int, int], dict[str, Any]]:
        """The index of each key, and the columns of files and places."""
        places = self.places.set_index("key")
        absent = sorted(set(keys) - set(places.index))
        if absent:
            raise Fault(f"validated/places.parquet: no place for key {key_text(absent[0])}; run snakemake again")
        found = places.loc[list(keys)]
        numbers = sorted({number_of(key) for key in keys})
        unknown = [number for number in numbers if number not in self.exports]
        if unknown:
            raise Fault(f"export number {unknown[0]} is not in the register; restore its row in config/exports.csv")
        file_of = {number: index for index, number in enumerate(numbers)}
        first, last = found["first_line"].tolist(), found["last_line"].tolist()
        return {key: index for index, key in enumerate(keys)}, {
            "files": [[number, self.exports[number].path] for number in numbers],
            "places": {
                "file": repeats(file_of[number_of(key)] for key in keys),
                "ordinal": differences([ordinal_of(key) for key in keys]),
                "part": repeats(self.strings.all(found["part"])),
                "line": differences(first),
                "lines": repeats(b - a + 1 for a, b in zip(first, last, strict=True)),
                "column": self.strings.all(found["column"]),
            },
        }

    def _sets(self, links: Mapping[int, list[tuple[str, int]]]) -> tuple[list, list]:
        """The sets of each record (an index, or a list of several or none), and the sets themselves."""
        known: dict[tuple, int] = {}
        of_records: list[int | list[int]] = []
        for position in range(len(self.position)):
            roles: dict[str, list[int]] = {}
            for role, cell in links.get(position, []):
                roles.setdefault(role, []).append(cell)
            sets = [(self.strings(role), *runs(sorted(set(cells)))) for role, cells in roles.items()]
            numbered = [known.setdefault(cells, len(known)) for cells in sets]
            of_records.append(numbered[0] if len(numbered) == 1 else numbered)
        return of_records, [list(cells) for cells in known]

    def _rowsets(self, named: "pandas.DataFrame") -> tuple[list, dict[str, int]]:
        groups: dict[str, list] = {}
        for (rowset, role, reason), rows in named.groupby(["rowset", "role", "reason"], sort=True):
            positions = sorted(
                self.position[pair] for pair in zip(rows["dataset"], rows["record"].tolist(), strict=True)
            )
            group = [self.strings(role), self.strings(reason), *runs(positions)]
            groups.setdefault(rowset, []).append(group)
        return list(groups.values()), {name: index for index, name in enumerate(groups)}

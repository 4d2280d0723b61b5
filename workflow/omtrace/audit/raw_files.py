"""The registered raw files of a study, read again as its last run read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from omtrace.model.folders import Folders
from omtrace.model.register import Export, exports_of, read_register, sha256_of
from omtrace.provenance.keys import key_text, number_of
from omtrace.provenance.recorded import RESULTS, FileState, folders_recorded
from omtrace.store import read_json

if TYPE_CHECKING:
    from omtrace.model.closed import PluginOptions
    from omtrace.readers.lookup import ReadingPlan

Recorded = dict[str, FileState]  # path of a result -> its sha256 and size


class Place(TypedDict):
    """Where a raw row or cell stands in its file; ``well``: of a plate."""

    part: str
    first_line: int
    last_line: int
    well: str


class Serving(TypedDict):
    """What a raw cell is to a number: its roles, and the records that it serves."""

    roles: list[str]
    records: list[str]


class RawCell(Place, Serving):
    """A raw cell; ``text``: None where the file is another one."""

    key: str
    column: str
    text: str | None


class RawFileBehind(TypedDict):
    """A raw file against its register row; ``found`` is its sha256, "" where there is no file."""

    number: int
    path: str
    registered: str
    found: str
    is_same: bool
    cells: list[RawCell]


@dataclass(frozen=True)
class RecordedTable:
    """How a run read the exports of a table, from the stage file of its validation."""

    source: str
    reader: str
    options: "PluginOptions"
    wide: dict[str, str]


@dataclass(frozen=True)
class RecordedReading:
    """How a run read the exports of a study."""

    study: str
    tables: dict[str, RecordedTable]


@dataclass(frozen=True)
class RawFiles:
    """The registered raw files of a study, read again as its last run read them."""

    study: str
    root: str | Path
    recorded: Recorded

    @cached_property
    def folders(self) -> Folders:
        """The folders of the run."""
        return folders_recorded(self.study, self.root)

    @cached_property
    def exports(self) -> dict[int, Export]:
        """Register number -> export, replaced ones included."""
        rows = read_register(self.start / self.folders.register, self.folders.raw)
        return {export.number: export for export in exports_of(rows, self.study, replaced=True)}

    @property
    def start(self) -> Path:
        """The folder from which the register's paths lead."""
        return self.folders.start(self.root)

    def behind(self, cells: Mapping[tuple[int, str], Serving], places: Mapping[int, Place]) -> list[RawFileBehind]:
        """The files of the cells, by register number, each with its cells in the order of the file."""
        files = {number: self._file(number) for number in sorted({number_of(key) for key, _ in cells})}
        texts = self._texts([cell for cell in cells if files[number_of(cell[0])]["is_same"]])
        for key, column in sorted(cells):
            text = texts.get((key, column))
            files[number_of(key)]["cells"].append(
                {"key": key_text(key), **places[key], "column": column, "text": text, **cells[key, column]}
            )
        return list(files.values())

    def _file(self, number: int) -> RawFileBehind:
        if number not in self.exports:
            return {"number": number, "path": "", "registered": "", "found": "", "is_same": False, "cells": []}
        export = self.exports[number]
        try:
            sha256 = sha256_of(self.start / export.path)
        except OSError:
            sha256 = ""
        return {
            "number": number,
            "path": export.path,
            "registered": export.sha256,
            "found": sha256,
            "is_same": sha256 == export.sha256,
            "cells": [],
        }

    def _texts(self, cells: list[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """The raw text of each cell, from files whose bytes are the registered ones."""
        if not cells:
            return {}
        from omtrace.readers.lookup import plain_cells, raw_cells, recorded_ways

        exports = self.exports.values()
        texts = plain_cells(self._json("validated/decisions.json"), exports, cells, self.start)
        if rest := [cell for cell in cells if cell not in texts]:
            plan = self._plan()
            ways = recorded_ways(plan.tables) if isinstance(plan, RecordedReading) else {}
            texts |= raw_cells(plan, exports, rest, self.start, ways)
        return texts

    def _plan(self) -> "ReadingPlan":
        """How the tables are read: as the run recorded it, else as the plan says.

        To import the plan's models and YAML takes longer than to read most files.
        """
        if content := self._json("stages/validate.json"):
            names = ("source", "reader", "options", "wide")
            entries = content["plan"]["tables"].items()
            tables = {table: RecordedTable(*(entry[name] for name in names)) for table, entry in entries}
            return RecordedReading(self.study, tables)
        from omtrace.model.plan import read_plan

        return read_plan(self.start / self.folders.plan(self.study))

    def _json(self, name: str) -> dict:
        """A result that is JSON, where it is as recorded in the manifest; else nothing."""
        path = f"{RESULTS.as_posix()}/{self.study}/{name}"
        file = Path(self.root) / path
        same = file.is_file() and sha256_of(file) == self.recorded.get(path, {}).get("sha256")
        return read_json(file) if same else {}

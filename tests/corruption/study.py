"""A shipped study to be damaged: its clean files, what the checks say of them, and the cells that can be chosen."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random

import yaml
from omtrace.model.folders import plan_file
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import Export, exports_of, read_register
from omtrace.schemas import Column
from omtrace.validation.findings import Finding
from omtrace.validation.output import dates_as_text
from omtrace.validation.validate import Validation

from .records import Records

ROOT = Path(__file__).parents[2]


def plan_of(name: str, further: Path | None = None) -> Plan:
    """The study's plan; ``further``: a YAML file with entries of ``checks`` by study, to be tried beside its own."""
    plan = read_plan(ROOT / plan_file(name))
    entries = (yaml.safe_load(further.read_text(encoding="utf-8")) if further else {}).get(name, {})
    if not entries:
        return plan
    given = plan.model_dump(by_alias=True)
    return Plan.model_validate(given | {"checks": given["checks"] | entries})


@dataclass(frozen=True)
class Field:
    """A column of a table as the raw file has it; ``codes``: the raw texts that are declared for it."""

    table: str
    file: str
    raw: str
    column: Column
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a table that no finding touches: its line, and its typed values by the table's column."""

    table: str
    file: str
    line: int
    values: Mapping[str, object] = field(hash=False)

    @property
    def unit(self) -> str:
        """Its unit, or what else its table begins with: the provider."""
        return str(self.values["unit_id"] if "unit_id" in self.values else next(iter(self.values.values()), ""))


class Study:
    """A study copied to a folder of its own, where files are damaged and put back."""

    def __init__(
        self,
        name: str,
        folder: Path,
        plan: Plan | None = None,
        exports: list[Export] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.name, self.root = name, folder
        self.plan = plan or plan_of(name)
        self.exports = exports or exports_of(read_register(ROOT / "config/exports.csv"), name)
        self.files = files or {e.path: (ROOT / e.path).read_bytes() for e in self.exports}
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        self.clean = self.validate({})
        self.kept = {name: work.kept() for name, work in self.clean.works.items()}

    def validate(self, damaged: Mapping[str, bytes]) -> Validation:
        """The validation with some files damaged. Whatever it raises goes through."""
        try:
            for path, content in damaged.items():
                (self.root / path).write_bytes(content)
            validation = Validation(self.plan, self.exports, self.root)
            validation.run()
            return validation
        finally:
            for path in damaged:
                (self.root / path).write_bytes(self.files[path])

    def records(self, path: str) -> Records:
        return Records(self.files[path])

    @cached_property
    def _texts(self) -> dict[str, dict[int, dict[str, str]]]:
        return {}

    def text(self, path: str, line: int, column: str) -> str:
        """A raw cell of the clean file."""
        if path not in self._texts:
            records = self.records(path)
            self._texts[path] = {r.line: dict(zip(records.header, r.cells, strict=True)) for r in records.all}
        return self._texts[path][line][column]

    @cached_property
    def delimited(self) -> list[str]:
        """The files that are tables of delimited text."""
        readers = {table.source or name: table.reader for name, table in self.plan.tables.items()}
        return [e.path for e in self.exports if readers.get(e.table) in ("delimited", "redcap")]

    @cached_property
    def fields(self) -> list[Field]:
        """Every column of every table that stands in a delimited file as it is."""
        found = []
        for work in self.clean.works.values():
            for source in work.sources.values():
                if source.export.path not in self.delimited:
                    continue
                for column in work.table.columns:
                    made = column.name in work.plan.joined or (column.name == "unit_id" and work.plan.unit)
                    raw = work.plan.raw(column.name)
                    if made or column.name == "visit" or raw not in source.extract.columns:
                        continue
                    codes = work.plan.recode.get(column.name) or [str(code) for code in column.allowed]
                    found.append(Field(work.name, source.export.path, raw, column, tuple(codes)))
        return found

    @cached_property
    def rows(self) -> dict[tuple[str, str], list[Row]]:
        """(table, file) -> its rows of delimited files, without those at whose line there is a finding."""
        touched = {(f.file, f.line) for f in self.clean.findings if f.line > 1}
        found: dict[tuple[str, str], list[Row]] = {}
        for work in self.clean.works.values():
            paths = {number: source.export.path for number, source in work.sources.items()}
            frame = dates_as_text(work.kept(), work.table)
            for key, values in zip(frame.index.tolist(), frame.to_dict("records"), strict=True):
                path, line = paths[key >> 32], work.place(key).first_line
                if path in self.delimited and (path, line) not in touched:
                    found.setdefault((work.name, path), []).append(Row(work.name, path, line, values))
        return found

    @cached_property
    def _keys(self) -> dict[tuple[str, int], set[int]]:
        found: dict[tuple[str, int], set[int]] = {}
        for work in self.clean.works.values():
            paths = {number: source.export.path for number, source in work.sources.items()}
            for key in work.keys.tolist():
                path = paths[key >> 32]
                if path in self.delimited:
                    found.setdefault((path, work.place(key).first_line), set()).add(key)
        return found

    def keys_at(self, file: str, lines: Iterable[int]) -> set[int]:
        """The keys of the rows at some lines of a clean delimited file."""
        return {key for line in lines for key in self._keys.get((file, line), ())}

    @cached_property
    def _units(self) -> dict[tuple[str, int], set[str]]:
        found: dict[tuple[str, int], set[str]] = {}
        for (_, path), rows in self.rows.items():
            for row in rows:
                found.setdefault((path, row.line), set()).add(row.unit)
        return found

    def units_at(self, file: str, line: int) -> set[str]:
        """The units of the rows at a line of a clean file."""
        return self._units.get((file, line), set())

    def chosen(self, random: Random, *tables: str) -> Row:
        """A random row of one of the tables that are named (none: of any)."""
        groups = [rows for (table, _), rows in sorted(self.rows.items()) if not tables or table in tables]
        return random.choice(random.choice(groups))

    def listed(self, table: str, unit: str) -> list[int]:
        """The lines of a unit's rows in a table, those with findings included."""
        work = self.clean.works[table]
        return [work.place(key).first_line for key in work.frame.index[work.frame["unit_id"] == unit].tolist()]

    def of(self, table: str, **values: object) -> list[Row]:
        """The rows of a table that hold some values."""
        rows = [row for (name, _), group in sorted(self.rows.items()) if name == table for row in group]
        return [row for row in rows if all(row.values[name] == value for name, value in values.items())]


def marks(findings: Iterable[Finding]) -> Iterator[tuple]:
    """What makes findings the same in two validations, but for their lines."""
    for f in findings:  # other rows are named by their keys, which move with the rows
        yield f.rule, f.file, f.line, f.column, f.table, f.part, re.sub(r"[0-9]+:[0-9]+", "", f.expected)


def new_findings(clean: Validation, now: Validation, moves: Mapping[str, object]) -> list[Finding]:
    """The findings that the clean files do not give; lines are followed where rows have moved."""
    before: Counter[tuple] = Counter()
    for rule, file, line, *rest in marks(clean.findings):
        moved = moves[file](line) if file in moves and line > 1 else line  # type: ignore[operator]
        before[(rule, file, moved, *rest)] += 1
    found = []
    for finding, mark in zip(now.findings, marks(now.findings), strict=True):
        if before[mark] > 0:
            before[mark] -= 1
        else:
            found.append(finding)
    return found

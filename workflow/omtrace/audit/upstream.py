"""What differs between two results of a study before any number: raw cells, the plan, code, environment, edits.

Each difference says in words what it is, and which numbers it can reach.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from omtrace.audit.sides import COMPUTING, Side
from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.model.register import Export, sha256_of
from omtrace.provenance.keys import number_of

ABSENT = "absent"
NEVER_READ = ("study",)
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
SHOWN = 4  # files or packages that words name


class Kind(StrEnum):
    """Kinds of differences, those furthest upstream first."""

    EDIT = "result edited"
    RAW_CELL = "raw cell"
    RAW_ROW = "raw row"
    RAW_FILE = "raw file"
    PLAN = "plan"
    SEED = "seed"
    CODE = "code"
    ENVIRONMENT = "environment"


ORDER = list(Kind)


@dataclass(frozen=True)
class Cell:
    """A raw cell on both sides: its key on each (0 where it is not there), and its column; "" for the whole row."""

    old: int
    new: int
    column: str


@dataclass(frozen=True)
class Upstream:
    """One difference. ``words`` names it with both values; ``stage`` is the first that reads it.

    ``cell``: of a raw cell or row; ``files``: the register numbers of a raw file; ``key``: the parts of a plan's key.
    """

    kind: Kind
    words: str
    stage: str = ""
    cell: Cell | None = None
    files: tuple[int, ...] = ()
    key: tuple[str, ...] = field(default=())


def upstream_of(old: Side, new: Side) -> list[Upstream]:
    """Every difference between two sides, upstream first. An edited result comes before all: it explains anything."""
    found = [*_edits(old, new), *_raw(old, new), *plan_differences(old, new), *_code(old, new), *_environment(old, new)]
    return sorted(found, key=lambda one: ORDER.index(one.kind))  # stable


def _edits(*sides: Side) -> Iterator[Upstream]:
    for which, side in zip("AB", sides, strict=True):
        if side.is_edited:
            yield Upstream(Kind.EDIT, f"estimates.csv of {which} is not the one that its run wrote", "analyse")


# raw files


def _raw(old: Side, new: Side) -> Iterator[Upstream]:
    before, after = old.raw, new.raw
    pairs = [(number, number) for number in before.keys() & after.keys()]
    pairs += [(int(export.replaces), n) for n, export in after.items() if n not in before and export.replaces]
    pairs = [pair for pair in sorted(pairs) if pair[0] in before]
    for one, other in pairs:
        if before[one].sha256 != after[other].sha256:
            yield from _cells(old, new, before[one], after[other])
    paired = {one for one, _ in pairs}, {other for _, other in pairs}
    for number in sorted(before.keys() - paired[0]):
        yield Upstream(Kind.RAW_FILE, f"{before[number].path}: read in A only", "validate", files=(number,))
    for number in sorted(after.keys() - paired[1]):
        yield Upstream(Kind.RAW_FILE, f"{after[number].path}: read in B only", "validate", files=(number,))


def _cells(old: Side, new: Side, before: Export, after: Export) -> Iterator[Upstream]:
    """The cells in which two versions of a raw file differ; the file as a whole where they cannot be read here."""
    digests = f"sha256 {before.sha256[:12]}… -> {after.sha256[:12]}…"
    whole = Upstream(
        Kind.RAW_FILE,
        f"{after.path}: other bytes ({digests})",
        "validate",
        files=tuple(sorted({before.number, after.number})),
    )
    places = [_file(export, sides) for export, sides in ((before, (old, new)), (after, (new, old)))]
    if places[0] is None or places[1] is None:
        yield whole
        return
    try:
        differences = list(_cell_differences(old, new, before, after, [p for p in places if p]))
    except (Fault, OSError, ValueError, KeyError):
        differences = []
    yield from differences or [whole]


def _file(export: Export, sides: Sequence[Side]) -> Path | None:
    """A raw file with the registered bytes: an export is never edited, so another checkout may have it too."""
    for side in sides:
        path = side.root / export.path
        if path.is_file() and sha256_of(path) == export.sha256:
            return path
    return None


def _cell_differences(
    old: Side, new: Side, before: Export, after: Export, places: Sequence[Path]
) -> Iterator[Upstream]:
    from omtrace.audit.differences import CHANGED, differences
    from omtrace.provenance.stages import read_stage

    plan = read_stage(new.folder / "stages/validate.json").plan
    assert plan is not None
    with tempfile.TemporaryDirectory(prefix="omtrace-") as folder:
        exports = []
        for export, path, name in ((before, places[0], "a"), (after, places[1], "b")):
            target = Path(folder, name, Path(export.path).name)
            target.parent.mkdir()
            target.symlink_to(path.resolve())
            exports.append(replace(export, path=f"{name}/{target.name}"))
        beside = list(new.raw.values())
        for export in beside:
            file = _file(export, (new, old))
            if file is not None and not Path(folder, export.path).exists():
                Path(folder, export.path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, export.path).symlink_to(file.resolve())
        versions = differences(plan, exports[0], exports[1], folder, beside)
    lines = [_keys_by_line(side, export.number) for side, export in ((old, before), (new, after))]
    for difference in versions.differences:
        cell = Cell(lines[0].get(difference.old_line, 0), lines[1].get(difference.new_line, 0), difference.column)
        of = " ".join(part for part in (difference.unit, difference.visit, difference.row) if part)
        where = f"{after.path}, line {difference.new_line or difference.old_line}{f' ({of})' if of else ''}"
        if difference.change == CHANGED:
            words = (
                f"{where}, column {difference.column}: {difference.before or 'empty'} -> {difference.after or 'empty'}"
            )
            yield Upstream(Kind.RAW_CELL, words, "validate", cell)
        else:
            yield Upstream(Kind.RAW_ROW, f"{where}: {difference.change}", "validate", replace(cell, column=""))


def _keys_by_line(side: Side, number: int) -> dict[str, int]:
    """Where a place of a raw file stands, as ``Difference`` has it -> its key; nothing without the table of places."""
    from omtrace.store import read_table

    path = side.folder / "validated/places.parquet"
    if not path.is_file():
        return {}
    places = read_table(path)
    mine = places[places["key"].map(number_of) == number].fillna("")
    columns = zip(mine["part"], mine["column"], mine["first_line"], mine["key"], strict=True)
    return {":".join(filter(None, (part, column, str(line)))): int(key) for part, column, line, key in columns}


# the plan


def plan_differences(old: Side, new: Side) -> Iterator[Upstream]:
    """The keys of the plan that differ, with both values, and the first stage that reads each."""
    before, after = dict(_leaves(old.plan)), dict(_leaves(new.plan))
    for key in {**before, **after}:
        if key[0] in NEVER_READ or before.get(key, ABSENT) == after.get(key, ABSENT):
            continue
        words = f"{'.'.join(key)}: {before.get(key, ABSENT)} -> {after.get(key, ABSENT)}"
        kind = Kind.SEED if key[-1] == "seed" else Kind.PLAN
        yield Upstream(kind, words, _first_stage(key, old, new), key=key)


def _leaves(value: object, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every leaf of nested mappings, as it is written in a plan; a mapping without entries has none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*key, str(name)))
    else:
        yield key, json.dumps(value, ensure_ascii=False)


def _first_stage(key: tuple[str, ...], *sides: Side) -> str:
    """The first stage in whose part of the plan a key differs."""
    for stage in COMPUTING:
        one, other = (_at(side.stages.get(stage, {}).get("plan") or {}, key) for side in sides)
        if one != other:
            return stage
    return ""


def _at(content: object, key: tuple[str, ...]) -> object:
    for part in key:
        content = content.get(part) if isinstance(content, dict) else None
    return content


# code and environment


def _code(old: Side, new: Side) -> Iterator[Upstream]:
    seen: set[str] = set()
    for stage in COMPUTING:
        before, after = (side.stages.get(stage, {}).get("code", {}) for side in (old, new))
        files = [p for p in sorted({**before, **after}) if before.get(p) != after.get(p) and p not in seen]
        seen |= set(files)
        if files:
            more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
            yield Upstream(Kind.CODE, f"{', '.join(files[:SHOWN])}{more}, first used by {stage}", stage)


def _environment(old: Side, new: Side) -> Iterator[Upstream]:
    digests = [side.stages.get("analyse", {}).get("environment", {}) for side in (old, new)]
    if digests[0] == digests[1] or (old.is_of_now and new.is_of_now):
        return  # the lock of a revision is not what was installed when it was run here
    pins = [dict(PIN.findall(side.lock())) for side in (old, new)]
    names = sorted({**pins[0], **pins[1]})
    changed = [
        f"{name} {pins[0].get(name, ABSENT)} -> {pins[1].get(name, ABSENT)}"
        for name in names
        if all(pins) and pins[0].get(name) != pins[1].get(name)
    ]
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    what = f"{', '.join(changed[:SHOWN])}{more}" if changed else "another text of it"
    yield Upstream(Kind.ENVIRONMENT, f"the lock, envs/requirements.lock: {what}", "validate")


# which numbers a difference reaches


class Reach:
    """Which of the differences reach a number, as far as the records and definitions of both sides say.

    Parameters
    ----------
    old, new
        Both sides.
    found
        The differences, upstream first.
    """

    def __init__(self, old: Side, new: Side, found: Sequence[Upstream]) -> None:
        self.old, self.new, self.found = old, new, found
        self._cells: dict[tuple[int, str], set[tuple[int, str]]] = {}

    def of(self, before: Estimate | None, after: Estimate | None) -> list[Upstream]:
        """The differences behind a number that is not the same, the first upstream first.

        Those that name it (its cells, its definition) before those that may reach any number: a raw file that differs,
        a check, the code, the environment.
        """
        sides = [(side, row) for side, row in ((self.old, before), (self.new, after)) if row is not None]
        levels: list[list[Upstream]] = [[], [], []]
        for one in self.found:
            levels[max((self._level(one, side, row) for side, row in sides), default=0)].append(one)
        changed = [one for one in self.found if one.kind in (Kind.EDIT, Kind.CODE, Kind.ENVIRONMENT)]
        edits = [one for one in changed if one.kind is Kind.EDIT]
        wide = [one for one in levels[0] if one not in changed]
        is_same_definition = before and after and before.definition == after.definition
        if is_same_definition:  # what a stage after the data reads is in the definition
            wide = [one for one in wide if one.stage in ("read", "validate")]
        return [*edits, *levels[2], *levels[1], *wide, *(one for one in changed if one not in edits)]

    def _level(self, cause: Upstream, side: Side, row: Estimate) -> int:
        """2: it names the number's own cell or definition; 1: a row or a file of its; 0: it may reach any number."""
        if cause.cell is not None:
            key = cause.cell.old if side is self.old else cause.cell.new
            cells = self._cells_of(side, row.rowset)
            if cause.cell.column and (key, cause.cell.column) in cells:
                return 2
            return 1 if key and any(key == k for k, _ in cells) else 0
        if cause.files:
            return 1 if {number_of(key) for key, _ in self._cells_of(side, row.rowset)} & set(cause.files) else 0
        if cause.key:
            return 2 if names(cause.key, row, side) else 0
        return 0

    def _cells_of(self, side: Side, rowset: str) -> set[tuple[int, str]]:
        """Key and column of the raw cells behind a row set, those of records left out too; nothing without them."""
        name = id(side), rowset
        if name not in self._cells:
            backing = side.backing
            frame = backing.behind(backing.members[rowset], used_only=False) if backing else None
            pairs = [] if frame is None else zip(frame["key"], frame["column"], strict=True)
            self._cells[name] = {(int(key), str(column)) for key, column in pairs}
        return self._cells[name]


def names(key: tuple[str, ...], row: Estimate, side: Side) -> bool:
    """Whether a key of the plan is one that the definition of a number is made of, or a table that it reads."""
    definition = side.definitions.get(row.definition, {})
    section, rest = key[0], key[1:]
    if section in ("analyses", "families"):
        return rest[:1] in [(name,) for name in _analyses(definition, side)]
    if section == "estimands":
        return rest[:1] == (definition.get("estimand", {}).get("name"),)
    if section == "datasets" and rest[:1] == (definition.get("dataset"),):
        if rest[1:2] == ("parameters",):
            return rest[2] in definition.get("parameters", {})
        return rest[1:2] != ("populations",) or rest[2] in (row.population, definition.get("population"))
    return section == "tables" and rest[0] in _tables(definition)


def _analyses(definition: Mapping, side: Side) -> set[str]:
    """An analysis and those that it rests on."""
    names = {str(definition.get("analysis"))}
    digests = set(definition.get("rests_on", {}).values())
    for digest in digests:
        names |= _analyses(side.definitions.get(digest, {}), side)
    return names | set(definition.get("rests_on", {}))


def _tables(definition: Mapping) -> set[str]:
    """The tables that the parameters behind a number are derived from."""
    options = [entry.get("options", {}) for entry in definition.get("parameters", {}).values()]
    return {str(value) for entry in options for name, value in entry.items() if "table" in name}

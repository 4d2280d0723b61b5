"""From a number back to its raw cells: estimate, analysis call, records, cells, lines of raw files."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict, TypeVar, final

from omtrace.audit.address import Address, estimates, name_of, resolve
from omtrace.audit.stored import read_lists
from omtrace.faults import Fault, nearest
from omtrace.model.estimate import COLUMNS, Estimate
from omtrace.model.folders import Folders
from omtrace.model.register import Export, exports_of, read_register, sha256_of
from omtrace.provenance.keys import key_text, number_of
from omtrace.provenance.recorded import RESULTS, FileState, folders_recorded, read_manifest
from omtrace.provenance.rows import NO_RECORDS
from omtrace.store import read_json

if TYPE_CHECKING:
    from omtrace.audit.forward import FileOfResults, Forward
    from omtrace.model.closed import PluginOptions
    from omtrace.readers.lookup import ReadingPlan

AGAIN = "run snakemake again"
Content = TypeVar("Content")
Recorded = dict[str, FileState]  # path of a result -> its sha256 and size


class Place(TypedDict):
    """Where a raw row or cell stands in its file; ``well``: of a plate."""

    part: str
    first_line: int
    last_line: int
    well: str


class RawRow(Place):
    """A raw row behind a record that is left out; ``number``: that of its file in the register."""

    number: int
    key: str


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


class UsedRecord(TypedDict):
    """A record behind a number, in one role."""

    dataset: str
    record: int
    unit: str
    parameter: str
    visit: str
    value: float | str | None
    status: str
    role: str


class LeftOutRecord(UsedRecord):
    """A record of a unit that the number does not use, with the reason."""

    reason: str
    raw_rows: list[RawRow]


class Counts(TypedDict):
    """Records and units used, and units left out by reason."""

    records_used: int
    units_used: int
    left_out_by_reason: dict[str, int]


@final
class Way(TypedDict):
    """Everything behind one number, see ``_way_back``."""

    study: str
    name: str
    estimate: dict[str, str]
    call: dict[str, object]
    counts: Counts
    records: list[UsedRecord]
    left_out: list[LeftOutRecord]
    files: list[RawFileBehind]
    changed_results: list[str]


@final
class Listing(TypedDict):
    """The numbers of a result, and, of a file, what it is."""

    study: str
    result: str
    numbers: list[dict[str, str]]
    file: "NotRequired[FileOfResults]"


class Trace(NamedTuple):
    """What was traced, and whether every file behind it is as it was when the number was made."""

    way: "Way | Listing | Forward"
    is_sound: bool


class Link(NamedTuple):
    """A raw cell behind a record, in one role."""

    record: UsedRecord
    key: int
    column: str
    role: str


def trace(text: str, root: str | Path = ".", unit: str = "") -> Trace:
    """What an address names, and whether every file behind it is as it was when the number was made.

    Parameters
    ----------
    text
        A study, a result, a number's id, ``RESULT#ID``, or a raw file as ``PATH[:LINE[:COLUMN]]``.
    root
        The folder that holds results/.
    unit
        Of a number, only the records and raw cells of this unit (participant, animal); of a study, all that rests on
        it; "": of all.

    Returns
    -------
    Trace
        Of a result a ``Listing``; of a raw file, a line or a cell of it, and of a study with a unit what rests on it;
        of a number a ``Way``. Sound where raw files are as registered and results as recorded.

    Raises
    ------
    Fault
        For an unknown address or unit, and for results that do not fit together.
    """
    if "#" not in text and "/" in text and not text.startswith(f"{RESULTS.as_posix()}/"):
        from omtrace.audit import forward

        if raw := forward.place_in_raw_file(text, root):
            return Trace(forward.from_raw(*raw, root), True)
    address, number = resolve(text, root)
    if number is None and unit:
        from omtrace.audit import forward

        return Trace(forward.from_unit(address.study, unit, root), True)
    if number is None:
        return _listed(address, root)
    recorded = _recorded(address.study, root)
    way = _way_back(address.study, number, recorded, root, unit)
    return Trace(way, not way["changed_results"] and all(file["is_same"] for file in way["files"]))


def _listed(address: Address, root: str | Path) -> Trace:
    """What a result is, and its numbers: those that it names, else those that rest on it."""
    from omtrace.audit import forward

    study, result, numbers = address.study, address.result, address.numbers
    file = forward.file_of(study, result, root) if result else None
    if not numbers:
        every = estimates(study, root)
        ids = set(forward.numbers_with(study, result, every, root))
        numbers = [number for number in every if number.id in ids]
    listed = [{"id": n.id, "name": name_of(n), "value": n.text, "unit": n.unit} for n in numbers]
    listing: Listing = {"study": study, "result": result, "numbers": listed}
    if file:
        listing["file"] = file
    return Trace(listing, file is None or file["is_as_made"] is not False)


def _changed_results(study: str, recorded: Recorded, root: str | Path) -> list[str]:
    """The stored results that a trace reads and that differ from the manifest, if there is one."""
    if not recorded:
        return []  # not recorded yet, or the run was stopped: verify says so
    folder = Path(root) / RESULTS / study
    read = [
        folder / name for name in ("estimates.csv", "rowsets.parquet", "definitions.json", "validated/places.parquet")
    ]
    read += sorted((folder / "datasets").glob("*.parquet"))
    paths = {path: path.relative_to(root).as_posix() for path in read if path.is_file()}
    return [name for path, name in paths.items() if recorded.get(name, {}).get("sha256") != sha256_of(path)]


def _recorded(study: str, root: str | Path) -> Recorded:
    """The results that the manifest of a study names, with their digests; nothing where there is no manifest."""
    try:
        return read_manifest(study, root)["files"]["results"]
    except Fault:
        return {}


def _way_back(study: str, number: Estimate, recorded: Recorded, root: str | Path, unit: str) -> Way:
    """Everything behind one number of ``estimates.csv``.

    ``estimate``: its row, texts as stored. ``call``: the analysis call. ``counts``: records and units used, units left
    out by reason; always of all units. ``records``: one for each record used and role. ``left_out``: one for each unit,
    parameter and visit, with its reason. ``files``: one for each raw file, with ``is_same`` and its ``cells``; a cell's
    ``text`` is None where the file's bytes are not the registered ones. ``unit``: see ``trace``.
    """
    folder = Path(root) / RESULTS / study
    calls = _read(read_json, folder / "definitions.json")
    if not isinstance(calls, dict) or number.definition not in calls:
        raise Fault(f"{_shown(folder)}/definitions.json: no definition {number.definition}; {AGAIN}")
    members = _members(folder, number.rowset)
    used, left_out = _records(folder, members)
    counts = _counts(used, left_out)
    if unit:
        _check_unit(unit, [*used, *left_out])
        used = [record for record in used if record["unit"] == unit]
        left_out = [record for record in left_out if record["unit"] == unit]
    folders = folders_recorded(study, root)
    rows_of_register = read_register(folders.start(root) / folders.register, folders.raw)
    exports = {export.number: export for export in exports_of(rows_of_register, study, replaced=True)}
    links = _links(folder, [*used, *left_out])
    places = _places(folder, {link.key for link in links})
    rows: dict[tuple[str, int], set[int]] = defaultdict(set)
    for link in links:
        rows[_whose(link.record)].add(link.key)
    for record in left_out:
        record["raw_rows"] = [
            {"number": number_of(key), "key": key_text(key), **places[key]} for key in sorted(rows[_whose(record)])
        ]
    serving = {_whose(record) for record in used}
    cells = _cells([link for link in links if _whose(link.record) in serving])
    return {
        "study": study,
        "name": name_of(number),
        "estimate": {column: number[column] for column in COLUMNS},
        "call": calls[number.definition],
        "counts": counts,
        "records": used,
        "left_out": left_out,
        "files": _files(study, cells, places, exports, recorded, root, folders),
        "changed_results": _changed_results(study, recorded, root),
    }


def _shown(path: Path) -> str:
    """A path below results/ as people type it."""
    parts = path.parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index(RESULTS.name) :])


def _read(reader: Callable[[Path], Content], path: Path) -> Content:
    """A stored file. Raises Fault when it is missing or damaged (pyarrow raises OSError or ValueError)."""
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        why = error.args[0] if str(error).startswith("no column") else f"not readable ({type(error).__name__})"
        raise Fault(f"{_shown(path)}: {why}; {AGAIN}") from None


def _rows(path: Path, column: str, among: Collection, columns: Sequence[str]) -> Iterator[tuple]:
    """Columns of the rows of a stored table whose ``column`` holds one of these values, in their order.

    Raises Fault when a column is not there.
    """
    content = _read(partial(read_lists, column=column, among=among, columns=columns), path)
    missing = [name for name in columns if name not in content]
    if missing:
        raise Fault(f"{_shown(path)}: no column {', '.join(missing)}; {AGAIN}")
    return zip(*(content[name] for name in columns), strict=True)


def _members(folder: Path, rowset: str) -> dict[str, dict[int, list[tuple[str, str]]]]:
    """Dataset -> record -> its roles and reasons in a row set."""
    rows = _rows(folder / "rowsets.parquet", "rowset", [rowset], ("dataset", "record", "role", "reason"))
    members: dict[str, dict[int, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for dataset, record, role, reason in rows:
        members[dataset][record].append((role, reason or ""))
    if not members and rowset != NO_RECORDS:
        raise Fault(f"{_shown(folder)}/rowsets.parquet: no row set {rowset!r}; {AGAIN}")
    return members


def _records(folder: Path, members: dict) -> tuple[list[UsedRecord], list[LeftOutRecord]]:
    """The records used, once for each role, and those left out with reasons, in the order of the datasets."""
    used: list[UsedRecord] = []
    left_out: list[LeftOutRecord] = []
    for dataset, wanted in members.items():
        path = folder / "datasets" / f"{dataset}.parquet"
        fields = ("record", "unit", "parameter", "visit", "value", "text", "status")
        count = 0
        for record, unit, parameter, visit, number, text, status in _rows(path, "record", wanted, fields):
            count += 1
            value = number if number is not None and number == number else text or None
            for role, reason in wanted[record]:
                used_record = UsedRecord(
                    dataset=dataset,
                    record=record,
                    unit=unit,
                    parameter=parameter,
                    visit=visit,
                    value=value,
                    status=status,
                    role=role,
                )
                if reason:
                    left_out.append({**used_record, "reason": reason, "raw_rows": []})
                else:
                    used.append(used_record)
        if count != len(wanted):
            raise Fault(f"{_shown(path)}: {len(wanted) - count} records of the row set are not there; {AGAIN}")
    return used, left_out


def _check_unit(unit: str, records: Iterable[UsedRecord]) -> None:
    """Raise Fault for a unit that has none of the records."""
    units = {record["unit"] for record in records}
    if unit not in units:
        raise Fault(f"{unit!r}: no unit behind this number{nearest(unit, sorted(units))}")


def _counts(used: list[UsedRecord], left_out: list[LeftOutRecord]) -> Counts:
    """Records and units used, units left out by reason (used at one visit, out at another: in both)."""
    reasons: dict[str, set[str]] = defaultdict(set)
    for record in left_out:
        reasons[record["reason"]].add(record["unit"])
    return {
        "records_used": len({_whose(record) for record in used}),
        "units_used": len({record["unit"] for record in used}),
        "left_out_by_reason": {reason: len(units) for reason, units in sorted(reasons.items())},
    }


def _whose(record: UsedRecord) -> tuple[str, int]:
    return record["dataset"], record["record"]


def record_name(record: UsedRecord) -> str:
    """A record as people name it: unit, parameter and visit."""
    return " ".join(part for part in (record["unit"], record["parameter"], record["visit"]) if part)


def _links(folder: Path, records: Iterable[UsedRecord]) -> list[Link]:
    """Record, key, column and role of each raw cell behind the records."""
    wanted: dict[str, dict[int, UsedRecord]] = defaultdict(dict)
    for record in records:
        wanted[record["dataset"]][record["record"]] = record
    links = []
    for dataset, mine in wanted.items():
        rows = partial(_rows, folder / "datasets" / f"{dataset}.cells.parquet", "record")
        behind = list(rows(mine, ("record", "key", "column", "role")))
        shared: dict[int, list[tuple[int, str, str]]] = defaultdict(list)  # by the key that stands for them
        if sets := {key for _, key, _, _ in behind if key < 0}:
            for number, *cell in rows(sets, ("record", "key", "column", "role")):
                shared[number].append(tuple(cell))
        for record, *cell in behind:
            links += [Link(mine[record], *shared_cell) for shared_cell in shared.get(cell[0], [tuple(cell)])]
    return links


def _cells(links: Iterable[Link]) -> dict[tuple[int, str], Serving]:
    """(key, column) of each raw cell -> its roles, and the records it serves."""
    # Dicts, as ordered sets: a standard serves every record of its plate.
    cells: dict[tuple[int, str], tuple[dict, dict]] = defaultdict(lambda: ({}, {}))
    for record, key, column, role in links:
        roles, records = cells[key, column]
        roles[role] = records[record_name(record)] = None
    return {cell: {"roles": list(roles), "records": list(records)} for cell, (roles, records) in cells.items()}


def _files(
    study: str,
    cells: "dict[tuple[int, str], Serving]",
    places: dict[int, Place],
    exports: dict[int, Export],
    recorded: Recorded,
    root: str | Path,
    folders: Folders,
) -> list[RawFileBehind]:
    """The raw files of the cells, by register number, each with its cells in the order of the file."""
    start = folders.start(root)
    files = {number: _file(number, exports, start) for number in sorted({number_of(key) for key, _ in cells})}
    same = [cell for cell in cells if files[number_of(cell[0])]["is_same"]]
    texts = _texts(study, same, exports, recorded, root, folders)
    for key, column in sorted(cells):
        text = texts.get((key, column))
        files[number_of(key)]["cells"].append(
            {"key": key_text(key), **places[key], "column": column, "text": text, **cells[key, column]}
        )
    return list(files.values())


def _file(number: int, exports: dict[int, Export], start: Path) -> RawFileBehind:
    if number not in exports:
        return {"number": number, "path": "", "registered": "", "found": "", "is_same": False, "cells": []}
    export = exports[number]
    try:
        found = sha256_of(start / export.path)
    except OSError:
        found = ""
    return {
        "number": number,
        "path": export.path,
        "registered": export.sha256,
        "found": found,
        "is_same": found == export.sha256,
        "cells": [],
    }


def _texts(
    study: str, cells: list, exports: dict[int, Export], recorded: Recorded, root: str | Path, folders: Folders
) -> dict[tuple[int, str], str]:
    """The raw text of each cell, read again from files whose bytes are the registered ones."""
    if not cells:
        return {}
    from omtrace.readers.lookup import plain_cells, raw_cells, recorded_ways

    start = folders.start(root)
    decisions = _recorded_json(study, "validated/decisions.json", recorded, root)
    texts = plain_cells(decisions, exports.values(), cells, start)
    if rest := [cell for cell in cells if cell not in texts]:
        plan = _reading_plan(study, recorded, root, folders)
        ways = recorded_ways(plan.tables) if isinstance(plan, RecordedReading) else {}
        texts |= raw_cells(plan, exports.values(), rest, start, ways)
    return texts


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


def _reading_plan(study: str, recorded: Recorded, root: str | Path, folders: Folders) -> "ReadingPlan":
    """How the tables of a study are read: as the run recorded it, else as the plan says.

    To import the plan's models and YAML takes longer than to read most files.
    """
    content = _recorded_json(study, "stages/validate.json", recorded, root)
    if content:
        names = ("source", "reader", "options", "wide")
        tables = {
            table: RecordedTable(*(entry[name] for name in names)) for table, entry in content["plan"]["tables"].items()
        }
        return RecordedReading(study, tables)
    from omtrace.model.plan import read_plan

    return read_plan(folders.start(root) / folders.plan(study))


def _recorded_json(study: str, name: str, recorded: Recorded, root: str | Path) -> dict:
    """A result that is JSON, where it is as recorded in the manifest; else nothing."""
    path = f"{RESULTS.as_posix()}/{study}/{name}"
    file = Path(root) / path
    return read_json(file) if file.is_file() and sha256_of(file) == recorded.get(path, {}).get("sha256") else {}


def _places(folder: Path, keys: Iterable[int]) -> dict[int, Place]:
    """Key -> part, first and last line, and well (the place's column, where it is a single cell)."""
    wanted = set(keys)
    path = folder / "validated" / "places.parquet"
    rows = _rows(path, "key", wanted, ("key", "part", "first_line", "last_line", "column"))
    places = {key: Place(part=part, first_line=a, last_line=b, well=well) for key, part, a, b, well in rows}
    if missing := wanted - places.keys():
        raise Fault(f"{_shown(path)}: no place for {len(missing)} keys, first {key_text(min(missing))}; {AGAIN}")
    return places

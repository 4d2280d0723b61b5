"""From a number back to its raw cells: estimate, analysis call, records, cells, lines of raw files."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NotRequired, TypedDict, TypeVar, final

from omtrace.audit.address import Address, estimates, name_of, resolve
from omtrace.audit.raw_files import Place, RawFileBehind, RawFiles, Recorded, Serving
from omtrace.audit.stored import read_lists
from omtrace.faults import Fault, nearest
from omtrace.model.estimate import COLUMNS, Estimate
from omtrace.model.register import sha256_of
from omtrace.provenance.keys import key_text, number_of
from omtrace.provenance.recorded import RESULTS, read_manifest
from omtrace.provenance.rows import NO_RECORDS
from omtrace.store import read_json

if TYPE_CHECKING:
    from omtrace.audit.forward import FileOfResults, Forward

AGAIN = "run snakemake again"
Content = TypeVar("Content")


class RawRow(Place):
    """A raw row behind a record that is left out; ``number``: that of its file in the register."""

    number: int
    key: str


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


class RecordsBehind(NamedTuple):
    """Records used, once for each role, and those left out with reasons, in the order of the datasets."""

    used: list[UsedRecord]
    left_out: list[LeftOutRecord]


class RecordKey(NamedTuple):
    """A record, by its dataset and its number there."""

    dataset: str
    record: int


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
    links = _links(folder, [*used, *left_out])
    places = _places(folder, {link.key for link in links})
    rows: dict[RecordKey, set[int]] = defaultdict(set)
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
        "files": RawFiles(study, root, recorded).behind(cells, places),
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


def _records(folder: Path, members: dict) -> RecordsBehind:
    """The records of a row set."""
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
    return RecordsBehind(used, left_out)


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


def _whose(record: UsedRecord) -> RecordKey:
    return RecordKey(record["dataset"], record["record"])


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


def _places(folder: Path, keys: Iterable[int]) -> dict[int, Place]:
    """Key -> part, first and last line, and well (the place's column, where it is a single cell)."""
    wanted = set(keys)
    path = folder / "validated" / "places.parquet"
    rows = _rows(path, "key", wanted, ("key", "part", "first_line", "last_line", "column"))
    places = {key: Place(part=part, first_line=a, last_line=b, well=well) for key, part, a, b, well in rows}
    if missing := wanted - places.keys():
        raise Fault(f"{_shown(path)}: no place for {len(missing)} keys, first {key_text(min(missing))}; {AGAIN}")
    return places

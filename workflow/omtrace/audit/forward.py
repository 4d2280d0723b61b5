"""From raw cells to all that rests on them: of a file, line, cell or unit, or of any file of results, its numbers.

The other way round than ``trace``. It reads row sets and cells of the whole study, and so takes a second or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from omtrace.audit.address import estimates, name_of, studies_there
from omtrace.audit.backing import Backing
from omtrace.faults import Fault, nearest
from omtrace.model.estimate import Estimate
from omtrace.model.register import Export, exports_of, read_register, sha256_of
from omtrace.provenance.keys import number_of
from omtrace.provenance.listings import FOLDER, read_listing
from omtrace.provenance.recorded import RESULTS, folders_recorded
from omtrace.store import read_json, read_table

if TYPE_CHECKING:
    import numpy

USED, LEFT_OUT = "used", "left out"
# What a file of results leads to, beside the numbers that it names itself; by the first part of its path.
EVERY = ("rowsets.parquet", "definitions.json", "manifest.json", FOLDER)


class FileOfResults(TypedDict):
    """A file of results: the stage that made it, and of what; ``is_as_made``: None where no stage lists it."""

    path: str
    sha256: str
    stage: str
    made_of: list[str]
    is_as_made: bool | None


@dataclass(frozen=True)
class Forward:
    """What rests on some raw cells. ``source``: them, in words; ``records``: how many; ``numbers``: those behind which
    they stand, with ``use``; ``figures`` and ``tables``: those that show one of these numbers."""

    study: str
    source: str
    cells: int
    records: int
    numbers: list[dict[str, str]] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)


class RawPlace(NamedTuple):
    """A place in a raw file of a study; line 0 and column "" for all."""

    study: str
    path: str
    line: int
    column: str


def place_in_raw_file(text: str, root: str | Path = ".") -> RawPlace | None:
    """The place that ``PATH[:LINE[:COLUMN]]`` names; None where it is no raw file.

    Raises Fault for a raw file that no study with results has, and for a line that is none.
    """
    path, line, column = (*text.split(":", 2), "", "")[:3]
    parts = Path(path).parts
    for study in studies_there(root):
        folders = folders_recorded(study, root)
        raw = Path(folders.raw)
        if not Path(path).is_relative_to(raw / study) and parts[: len(raw.parts)] != raw.parts:
            continue
        known = {e.path for e in exports_of(_register(study, root), study, replaced=True)}
        if path in known:
            if line and not line.isdigit():
                raise Fault(f"{text}: after the path comes a line, then a column: {path}:17:COLUMN")
            return RawPlace(study, path, int(line or 0), column)
    if parts[:2] == ("data", "raw"):
        raise Fault(f"{path}: no study with results has registered this file; omtrace trace STUDY lists its numbers")
    return None


def _register(study: str, root: str | Path) -> list[Export]:
    folders = folders_recorded(study, root)
    return read_register(folders.start(root) / folders.register, folders.raw)


def from_raw(study: str, path: str, line: int, column: str, root: str | Path = ".") -> Forward:
    """What rests on a raw file, a line or a cell of it. Raises Fault for a line or a column that it does not have."""
    exports = {e.path: e for e in exports_of(_register(study, root), study, replaced=True)}
    places = read_table(Path(root) / RESULTS / study / "validated/places.parquet")
    mine = places[places["key"].map(number_of) == exports[path].number]
    if line:
        mine = mine[(mine["first_line"] <= line) & (line <= mine["last_line"])]
        if not len(mine):
            raise Fault(f"{path}: no row of data stands on line {line}")
    backing = Backing(study, root)
    source = f"{path}{f', line {line}' if line else ''}{f', column {column}' if column else ''}"
    keys = mine["key"].to_numpy()
    if column:
        known = set(mine["column"].fillna("")) - {""}  # of plates: a place is a well
        if column in known:
            keys, column = mine[mine["column"] == column]["key"].to_numpy(), ""
        elif column not in (columns := _columns(backing, keys)):
            raise Fault(f"{source}: no value of this column stands behind a record{nearest(column, sorted(columns))}")
    return _forward(backing, study, source, _records_of(backing, keys, column), root)


def _columns(backing: Backing, keys: "numpy.ndarray") -> set[str]:
    frames = [backing.cells(name) for name in _datasets(backing)]
    return {str(column) for frame in frames for column in frame[frame["key"].isin(keys)]["column"].unique()}


def _datasets(backing: Backing) -> list[str]:
    return sorted({members.dataset for members in backing.members.values()})


def _records_of(backing: Backing, keys: "numpy.ndarray", column: str) -> dict[str, "numpy.ndarray"]:
    """Dataset -> its records that have one of these cells behind them."""
    records = {}
    for name in _datasets(backing):
        cells = backing.cells(name)
        mine = cells[cells["key"].isin(keys)]
        records[name] = (mine[mine["column"] == column] if column else mine)["record"].unique()
    return records


def from_unit(study: str, unit: str, root: str | Path = ".") -> Forward:
    """What rests on a participant, an animal or a well. Raises Fault, with the nearest, for one that there is not."""
    backing = Backing(study, root)
    records, known = {}, set()
    for name in _datasets(backing):
        frame = backing.records(name)
        known |= set(frame["unit"].unique())
        records[name] = frame[frame["unit"] == unit]["record"].to_numpy()
    if unit not in known:
        raise Fault(f"{unit!r}: no unit of {study}{nearest(unit, sorted(known))}")
    return _forward(backing, study, unit, records, root)


def _forward(
    backing: Backing, study: str, source: str, records: dict[str, "numpy.ndarray"], root: str | Path
) -> Forward:
    import numpy

    use: dict[str, str] = {}
    for name, members in backing.members.items():
        is_mine = numpy.isin(members.record, records[members.dataset])
        if is_mine.any():
            use[name] = USED if (members.reason[is_mine] == "").any() else LEFT_OUT
    numbers = [
        {"id": n.id, "name": name_of(n), "value": n.text, "unit": n.unit, "use": use[n.rowset]}
        for n in estimates(study, root)
        if n.rowset in use
    ]
    ids = {number["id"] for number in numbers}
    cells = sum(int(backing.cells(d)["record"].isin(r).sum()) for d, r in records.items())
    count = sum(len(r) for r in records.values())
    return Forward(study, source, cells, count, numbers, _figures(study, ids, root), _tables(study, ids, root))


def _figures(study: str, ids: set[str], root: str | Path) -> list[str]:
    """The figures that show one of these numbers."""
    path = Path(root) / RESULTS / study / "figures/index.json"
    entries = read_json(path) if path.is_file() else []
    return [f"{RESULTS.as_posix()}/{study}/figures/{e['name']}.svg" for e in entries if ids & set(e["numbers"])]


def _tables(study: str, ids: set[str], root: str | Path) -> list[str]:
    """The tables of the report that show one of these numbers, as ``export`` numbers them, with how many cells."""
    from omtrace.report.exports import document_of

    tables = []
    for sheet in document_of(study, root).sheets:
        shown = sum(any(piece.id in ids for piece in cell) for line in sheet.lines for cell in line.cells)
        if shown:
            tables.append(f"{sheet.heading} ({shown} cell{'s'[: shown != 1]})")
    return tables


def file_of(study: str, result: str, root: str | Path = ".") -> FileOfResults:
    """What a file of results is."""
    folder = Path(root) / RESULTS / study
    made_by, inputs, listed = "", [], ""
    for path in sorted((folder / FOLDER).glob("*.sha256")):
        listing = read_listing(path)
        if result in listing and not result.startswith(f"{FOLDER}/"):
            made_by, listed = path.stem, listing[result]
            inputs = [name for name in listing if name.startswith(f"{FOLDER}/")]
    if result.startswith(f"{FOLDER}/"):
        made_by = "the start of the workflow" if result.endswith(".json") else Path(result).stem
    elif result == "manifest.json":
        made_by = "record"
    digest = sha256_of(folder / result)
    return {
        "path": f"{RESULTS.as_posix()}/{study}/{result}",
        "sha256": digest,
        "stage": made_by,
        "made_of": inputs,
        "is_as_made": digest == listed if listed else None,
    }


def numbers_with(study: str, result: str, numbers: Sequence[Estimate], root: str | Path = ".") -> list[str]:
    """The ids of the numbers that rest on a file which names none itself, or which it accounts for.

    Of a data set and its cells those that use it, of a validated table those with cells of its files, of row sets,
    definitions, stages and the manifest all; of a dictionary or an index none.
    """
    path = Path(result)
    if path.parts[0] in EVERY:
        return [number.id for number in numbers]
    if path.suffix != ".parquet" or path.parts[0] not in ("datasets", "validated"):
        return []
    backing = Backing(study, root)
    if path.parts[0] == "datasets":
        name = path.name.split(".")[0]
        sets = {rowset for rowset, members in backing.members.items() if members.dataset == name}
    else:
        frame = read_table(Path(root) / RESULTS / study / result)
        if "key" not in frame:
            return []
        records = _records_of(backing, frame["key"].to_numpy(), "")
        sets = {n for n, m in backing.members.items() if set(m.record) & set(records[m.dataset])}
    return [number.id for number in numbers if number.rowset in sets]

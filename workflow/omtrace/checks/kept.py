"""What is kept of files in which nothing was found, so that a later run need not read them again.

``cache/<study>/`` holds parts, one for each run that read something new: for every table the typed rows (declared
columns only), the places of the rows, and for every file its columns, decisions and counts of rows. Texts that no
table declares are never kept. ``index.json`` says what all of it hangs on (library, plan, environment) and names
each file of a part with its sha256: what is damaged, missing or made otherwise is passed over, and its exports are
read. An export is known by its whole row of the register, and taken only while its bytes are the registered ones.

Nothing here may change a result: all that spans several files is worked out anew in every run.
"""

import hashlib
import io
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace import store
from omtrace.checks.output import WHOLE, places_of
from omtrace.checks.work import Source, Work
from omtrace.keys import SHIFT
from omtrace.schemas import Table
from omtrace.sources import Extract, Places, reader_of
from omtrace.sources.lookup import Way, check_registered
from omtrace.study.code import library_digest
from omtrace.study.plan import Plan
from omtrace.study.register import Export, sha256_of
from omtrace.study.tables import TablePlan

if TYPE_CHECKING:
    import pandas

FOLDER = Path("cache")
LOCK = Path("envs/requirements.lock")
INDEX = "index.json"
PLACES = "@places"  # beside the tables
PARTS = 16  # more are written anew as one
LIBRARY = Path(__file__).parent / "validate.py"


def depends_on(plan: Plan, root: str | Path = ".") -> str:
    """The digest of all that the reading of a study's files hangs on beside them: library, plan part, environment."""
    import numpy
    import pandas
    import pyarrow

    names = {(table.reader, table.schema_ or name) for name, table in plan.tables.items()}
    plugins = [f"{part}.{schema}" for _, schema in names for part in ("schemas", "instruments")]
    lock = Path(root) / LOCK
    told = {
        "library": library_digest([LIBRARY], sorted({*plugins, *(f"sources.{reader}" for reader, _ in names)})),
        "plan": plan.model_dump(mode="json", by_alias=True, include={"study", "tables", "missing_codes", "severities"}),
        "lock": sha256_of(lock) if lock.is_file() else "",
        "versions": [platform.python_version(), numpy.__version__, pandas.__version__, pyarrow.__version__],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def stands_alone(plan: TablePlan, table: Table) -> bool:
    """Whether what a table gets from a file hangs on no other: not where texts of the plan are looked for in all files,
    where numbers or dates are joined from several columns, or where the reader looks into another export."""
    joined = any(column.kind != "text" for column in table.columns if column.name in plan.joined)
    return not (plan.rows or plan.visit or plan.repairs or joined or reader_of(plan.reader).companions)


def row_of(export: Export) -> str:
    """A row of the register as one text."""
    return "\t".join(map(str, vars(export).values()))


@dataclass
class Part:
    """What one run kept. ``files``: row of the register -> [reader's way -> [columns, decisions], table -> [rows,
    reason -> rows out of scope]]. ``tables``: name, or ``PLACES`` -> Arrow table with a column ``key``, rising."""

    files: dict[str, list[dict[str, list]]] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)

    def rows(self, name: str, exports: Sequence[Export]) -> list[Any]:
        """The rows of a table that are of some exports, as an Arrow table; none if the part has no such table."""
        import numpy
        import pyarrow

        if name not in self.tables:
            return []
        table = self.tables[name]
        mask = numpy.isin(table["key"].to_numpy() >> SHIFT, [export.number for export in exports])
        return [table if mask.all() else table.filter(pyarrow.array(mask))]

    def of(self, exports: Sequence[Export]) -> "Part":
        """What the part has of some exports."""
        files = {row: self.files[row] for row in map(row_of, exports)}
        return Part(files, {name: self.rows(name, exports)[0] for name in self.tables})


class Kept:
    """The files of a study that were kept. ``folder``: its cache; ``depends``: as ``depends_on`` says; ``writes``:
    whether ``keep`` adds to them."""

    def __init__(self, folder: str | Path, depends: str, writes: bool = False) -> None:
        self.folder, self.depends, self.writes = Path(folder), depends, writes
        self.index = _index(self.folder, depends)
        loaded = {name: _loaded(self.folder, files) for name, files in self.index.items()}
        self.parts = {name: part for name, part in loaded.items() if part}
        self.taken: dict[str, list[Export]] = {}  # part -> the exports that are not read
        self.known: dict[int, list[dict[str, list]]] = {}  # register number -> what the part's ``files`` say

    def take(self, exports: Iterable[Export], root: str | Path) -> None:
        """Choose the exports that need not be read: known, and with the registered bytes on disk."""
        where = {row: name for name, part in self.parts.items() for row in part.files}
        for export in exports:
            row, path = row_of(export), os.path.join(root, export.path)
            if row in where and os.path.isfile(path) and sha256_of(path) == export.sha256:
                self.taken.setdefault(where[row], []).append(export)
                self.known[export.number] = self.parts[where[row]].files[row]

    def source(self, export: Export, plan: TablePlan, way: Way, root: str | Path) -> Source:
        """An export that is not read, as a table of the plan reads it."""
        columns, decisions = self.known[export.number][0][json.dumps(plan.way)]
        extract = Extract(tuple(columns), (), Places(), dict(decisions))
        return Source(export, extract, kept=True, again=partial(_again, way, export, root))

    def join(self, work: Work) -> None:
        """Put the rows that were not read into a table."""
        import numpy
        import pandas

        for number in [number for number, source in work.sources.items() if source.kept]:
            work.rows_in[number], reasons = self.known[number][1][work.name]
            work.left[number] = dict(reasons)
        parts = [rows for name, exports in self.taken.items() for rows in self.parts[name].rows(work.name, exports)]
        if not parts:
            return
        frame = _typed(parts, work.table)
        frame = pandas.concat([frame, work.frame]) if len(work.frame) else frame
        if (numpy.diff(frame.index) < 0).any():
            frame = frame.iloc[frame.index.to_numpy().argsort(kind="stable")]
        work.read, work.keys, work.frame = work.keys, frame.index.to_numpy(), frame

    def places(self) -> "pandas.DataFrame":
        """Where the rows stand that were not read."""
        import pandas

        parts = [rows for name, exports in self.taken.items() for rows in self.parts[name].rows(PLACES, exports)]
        return pandas.concat([rows.to_pandas() for rows in parts]) if parts else places_of([])

    def keep(self, works: Sequence[Work], files: Sequence[dict[str, Source]]) -> None:
        """Write a part with what was read of some files (reader's way -> source), which are sound in every table."""
        if not self.writes or not files:
            return
        parts = {name: self.parts[name] for name in self.parts if name in self.taken}
        new = _part(works, files)
        name = f"{max(map(int, parts), default=0) + 1:04}"
        if len(parts) >= PARTS:
            parts, new = {}, _together([*(parts[name].of(self.taken[name]) for name in parts), new])
        index = {name: self.index[name] for name in parts} | {name: _written(self.folder, name, new)}
        store.write_json(self.folder / INDEX, {"depends": self.depends, "parts": index})
        named = {INDEX, *(file for files in index.values() for file in files)}
        for path in [path for path in self.folder.iterdir() if path.name not in named and path.is_file()]:
            path.unlink()


def _again(way: Way, export: Export, root: str | Path) -> Extract:
    """A kept export as text. Raises Fault where its bytes are not the registered ones."""
    check_registered(export, root)
    return way.read(export, root)


def _index(folder: Path, depends: str) -> dict[str, dict[str, str]]:
    """Part -> its files, name -> sha256; none where the index is missing, damaged or of another digest."""
    try:
        index = store.read_json(folder / INDEX)
        return {name: dict(files) for name, files in index["parts"].items()} if index["depends"] == depends else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _loaded(folder: Path, files: dict[str, str]) -> Part | None:
    """A part, if all its files are there as they were written."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    part = Part()
    for name, digest in files.items():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != digest:
            return None
        if name.endswith(".json"):
            part.files = json.loads(content)
        else:
            part.tables[name.split(".")[1]] = ParquetFile(pyarrow.BufferReader(content)).read()
    return part


def _written(folder: Path, name: str, part: Part) -> dict[str, str]:
    """Write a part; the names of its files, with their sha256."""
    from pyarrow.parquet import write_table

    contents = {f"{name}.json": json.dumps(part.files).encode()}
    for table, rows in part.tables.items():
        buffer = io.BytesIO()
        write_table(rows, buffer, compression="zstd", store_schema=False)
        contents[f"{name}.{table}.parquet"] = buffer.getvalue()
    for file, content in contents.items():
        store.write_bytes(folder / file, content)
    return {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}


def _part(works: Sequence[Work], files: Sequence[dict[str, Source]]) -> Part:
    """What was read of some files."""
    import numpy

    part = Part()
    numbers = []
    for ways in files:
        export = next(iter(ways.values())).export
        numbers.append(export.number)
        read = {way: [source.extract.columns, source.extract.decisions] for way, source in ways.items()}
        counts = {
            work.name: [work.rows_in[export.number], work.left.get(export.number, {})]
            for work in works
            if export.number in work.sources
        }
        part.files[row_of(export)] = [read, counts]
    for work in [work for work in works if not work.sources.keys().isdisjoint(numbers)]:
        rows = work.frame[numpy.isin(work.numbers(), numbers)]
        kinds = {"key": "integer", **{column.name: column.kind for column in work.table.columns}}
        part.tables[work.name] = _arrow(rows.rename_axis("key").reset_index(), kinds)
    places = places_of(works)
    places = places[numpy.isin(places["key"].to_numpy() >> SHIFT, numbers)].drop_duplicates().sort_values("key")
    part.tables[PLACES] = _arrow(places, {name: "integer" if name in WHOLE else "text" for name in places})
    return part


def _together(parts: Sequence[Part]) -> Part:
    """Several parts as one."""
    import pyarrow

    tables: dict[str, list[Any]] = {}
    for part in parts:
        for name, rows in part.tables.items():
            tables.setdefault(name, []).append(rows)
    files = {row: told for part in parts for row, told in part.files.items()}
    return Part(files, {name: pyarrow.concat_tables(several).sort_by("key") for name, several in tables.items()})


def _arrow(frame: "pandas.DataFrame", kinds: Mapping[str, str]) -> Any:
    """A frame as an Arrow table, floats as they are."""
    import pyarrow

    types = {"integer": pyarrow.int64(), "number": pyarrow.float64()}
    schema = pyarrow.schema([(name, types.get(kind, pyarrow.string())) for name, kind in kinds.items()])
    return pyarrow.Table.from_pandas(frame, schema, preserve_index=False).replace_schema_metadata()


def _typed(parts: Sequence[Any], table: Table) -> "pandas.DataFrame":
    """Arrow tables as one frame of a table's columns, by key, typed as those that were read."""
    import pandas
    import pyarrow
    import pyarrow.compute as compute

    rows = pyarrow.concat_tables(parts)
    keys = pandas.Index(rows["key"].to_numpy(), dtype="int64")
    columns = {}
    for column in table.columns:
        cells = rows[column.name]
        if column.kind == "integer":
            values = compute.fill_null(cells, 0).to_numpy().copy()
            columns[column.name] = pandas.Series(pandas.arrays.IntegerArray(values, cells.is_null().to_numpy().copy()))
        else:
            columns[column.name] = cells.to_pandas()
        columns[column.name].index = keys
    return pandas.DataFrame(columns, index=keys)

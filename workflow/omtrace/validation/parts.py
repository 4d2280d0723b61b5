"""What was read of files in which nothing was found, so that validation need not read them again.

A study of many files is read in buckets, a job each (rule ``read_exports``), and each job writes a part: for every
table the typed rows (declared columns only), the places of the rows, and for every file its columns, decisions and
counts of rows. Texts that no table declares are never written. A file in which anything was found is not in a part:
validation reads it, as it reads every file of a study that has no parts. All that spans several files is worked out
there.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.model.register import RawFile
from omtrace.model.tables import TablePlan
from omtrace.provenance.keys import SHIFT
from omtrace.readers import Extract, Places, reader_of
from omtrace.readers.lookup import Way, check_registered, way_key
from omtrace.schemas import Table
from omtrace.validation.output import WHOLE, places_of
from omtrace.validation.work import Source, Work

if TYPE_CHECKING:
    import pandas
    import pyarrow

FILES = "files.json"
PLACES = "@places"  # beside the tables


def stands_alone(plan: TablePlan, table: Table) -> bool:
    """Whether what a table gets from a file hangs on no other: not where texts of the plan are looked for in all files,
    where numbers or dates are joined from several columns, or where the reader looks into another export."""
    joined = any(column.kind != "text" for column in table.columns if column.name in plan.joined)
    return not (plan.rows or plan.visit or plan.repairs or joined or reader_of(plan.reader).companions)


def row_of(export: RawFile) -> str:
    """What of a row of the register a result may depend on, as one text."""
    return "\t".join(str(getattr(export, name)) for name in RawFile.__dataclass_fields__)


@dataclass
class Part:
    """What one run kept. ``files``: row of the register -> [reader's way -> [columns, decisions], table -> [rows,
    reason -> rows out of scope]]. ``tables``: name, or ``PLACES`` -> Arrow table with a column ``key``, rising."""

    files: dict[str, list[dict[str, list]]] = field(default_factory=dict)
    tables: "dict[str, pyarrow.Table]" = field(default_factory=dict)

    def rows(self, name: str, exports: Sequence[RawFile]) -> "list[pyarrow.Table]":
        """The rows of a table that are of some exports, as an Arrow table; none if the part has no such table."""
        import numpy
        import pyarrow

        if name not in self.tables:
            return []
        table = self.tables[name]
        mask = numpy.isin(table["key"].to_numpy() >> SHIFT, [export.number for export in exports])
        return [table if mask.all() else table.filter(pyarrow.array(mask))]


class Parts:
    """The parts of a study. ``folders``: those that were written."""

    def __init__(self, folders: Iterable[str | Path] = ()) -> None:
        self.parts = [_loaded(Path(folder)) for folder in folders]
        self.taken: dict[int, list[RawFile]] = {}  # place of the part -> the exports that are not read
        self.known: dict[int, list[dict[str, list]]] = {}  # register number -> what the part's ``files`` say

    def take(self, exports: Iterable[RawFile]) -> None:
        """Choose the exports that need not be read, by their rows of the register."""
        where = {row: place for place, part in enumerate(self.parts) for row in part.files}
        for export in exports:
            row = row_of(export)
            if row in where:
                self.taken.setdefault(where[row], []).append(export)
                self.known[export.number] = self.parts[where[row]].files[row]

    def source(self, export: RawFile, plan: TablePlan, way: Way, root: str | Path) -> Source:
        """An export that is not read, as a table of the plan reads it."""
        columns, decisions = self.known[export.number][0][json.dumps(way_key(plan))]
        extract = Extract(tuple(columns), (), Places(), dict(decisions))
        return Source(export, extract, from_part=True, again=partial(_again, way, export, root))

    def join(self, work: Work) -> None:
        """Put the rows that were not read into a table."""
        import numpy
        import pandas

        for number in [number for number, source in work.sources.items() if source.from_part]:
            work.rows_in[number], reasons = self.known[number][1][work.name]
            work.left[number] = dict(reasons)
        parts = [rows for place, exports in self.taken.items() for rows in self.parts[place].rows(work.name, exports)]
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

        parts = [rows for place, exports in self.taken.items() for rows in self.parts[place].rows(PLACES, exports)]
        return pandas.concat([rows.to_pandas() for rows in parts]) if parts else places_of([])


def _again(way: Way, export: RawFile, root: str | Path) -> Extract:
    """A kept export as text. Raises Fault where its bytes are not the registered ones."""
    check_registered(export, root)
    return way.read(export, root)


def _loaded(folder: Path) -> Part:
    """A part from its folder."""
    from pyarrow.parquet import ParquetFile

    tables = {path.stem: ParquetFile(path).read() for path in sorted(folder.glob("*.parquet"))}
    return Part(store.read_json(folder / FILES), tables)


def write_part(part: Part, folder: str | Path) -> None:
    """Write a part into its folder; floats as they are."""
    from pyarrow.parquet import write_table

    for table, rows in part.tables.items():
        buffer = io.BytesIO()
        write_table(rows, buffer, compression="zstd", store_schema=False)
        store.write_bytes(Path(folder) / f"{table}.parquet", buffer.getvalue())
    store.write_json(Path(folder) / FILES, part.files)


def part_of(works: Sequence[Work], files: Sequence[dict[str, Source]]) -> Part:
    """What was read of some files (reader's way -> source), which are sound in every table."""
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


def _arrow(frame: "pandas.DataFrame", kinds: Mapping[str, str]) -> "pyarrow.Table":
    """A frame as an Arrow table, floats as they are."""
    import pyarrow

    types = {"integer": pyarrow.int64(), "number": pyarrow.float64(), "date": pyarrow.date32()}
    schema = pyarrow.schema([(name, types.get(kind, pyarrow.string())) for name, kind in kinds.items()])
    return pyarrow.Table.from_pandas(frame, schema, preserve_index=False).replace_schema_metadata()


def _typed(parts: "Sequence[pyarrow.Table]", table: Table) -> "pandas.DataFrame":
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
            cells = cells.cast(pyarrow.timestamp("ns")) if column.kind == "date" else cells
            columns[column.name] = cells.to_pandas()
        columns[column.name].index = keys
    return pandas.DataFrame(columns, index=keys)

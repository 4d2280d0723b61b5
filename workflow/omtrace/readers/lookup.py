"""Raw cells again: from keys and column names back to the registered files, for trace and report."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from omtrace.faults import Fault, nearest
from omtrace.model.register import RawFile, exports_of, sha256_of
from omtrace.provenance.keys import Place, key_of, key_text, number_of, ordinal_of
from omtrace.readers import Extract, Reader, options_of, reader_of, texts_of

if TYPE_CHECKING:
    from omtrace.model.closed import Closed, PluginOptions


class TableReading(Protocol):
    """How a table of a plan reads its exports: ``model.tables.TablePlan``, or what is recorded of it."""

    @property
    def source(self) -> str:
        """Table name in the register; "": the table's own name."""

    @property
    def reader(self) -> str:
        """Name of the reader's module."""

    @property
    def options(self) -> "PluginOptions":
        """Options of the reader."""

    @property
    def wide(self) -> Mapping[str, str]:
        """Visit -> pattern of its columns, where the visits stand side by side."""


class ReadingPlan(Protocol):
    """How the tables of a study read their exports: ``model.plan.Plan``, or what is recorded of it."""

    @property
    def study(self) -> str:
        """Name of the study."""

    @property
    def tables(self) -> Mapping[str, TableReading]:
        """Table -> how it is read."""


RAW = "raw"  # what is decided of REDCap's headers, values and events where they are no labels


@dataclass(frozen=True)
class Way:
    """How a table of the plan reads its exports: the reader, its options, and the bytes of the exports beside them."""

    reader: Reader
    options: "Closed"
    beside: dict[str, bytes]
    wide: Mapping[str, str] = field(default_factory=dict)

    def read(self, export: RawFile, root: str | Path) -> Extract:
        """An export as text. Raises Fault for what the reader refuses."""
        return self.extract((Path(root) / export.path).read_bytes())

    def extract(self, content: bytes) -> Extract:
        """The bytes of an export as text. Raises Fault for what the reader refuses."""
        extract = self.reader.read(content, self.options, **self.beside)
        if not self.wide:
            return extract
        from omtrace.readers._wide import widened  # which loads the models; a trace does without

        return widened(extract, self.wide)


# Readers of which the module `_<name>` reads, so that the models of options need not be imported.
QUICK = ("softmax", "spreadsheet")


@dataclass(frozen=True)
class RecordedWay:
    """How a run read the exports of a table, whose options it had checked: ``read`` takes them by name."""

    function: Callable[..., Extract]
    options: Mapping[str, object]

    def read(self, export: RawFile, root: str | Path) -> Extract:
        """An export as text. Raises Fault for what the reader refuses."""
        return self.function((Path(root) / export.path).read_bytes(), **self.options)


Ways = dict[str, Way | RecordedWay]


def recorded_ways(tables: Mapping[str, TableReading]) -> Ways:
    """How those tables are read, as a run recorded it, whose readers need no models of options.

    To import the models takes longer than to read most files.
    """
    return {
        name: RecordedWay(import_module(f"omtrace.readers._{table.reader}").read, table.options)
        for name, table in tables.items()
        if table.reader in QUICK and not table.wide
    }


def way_of(plan: ReadingPlan, name: str, exports: Iterable[RawFile], root: str | Path) -> Way:
    """How a table of the plan reads. Raises Fault for an unknown reader or option, or an export that is not there."""
    table = plan.tables[name]
    where = f"plan of {plan.study}: tables.{name}.options"
    reader = reader_of(table.reader)
    options = options_of(reader, table.options, where)
    beside = {}
    known = {e.export: e for e in exports_of(list(exports), plan.study)}
    for option in reader.companions:
        wanted = getattr(options, option)
        if wanted and wanted not in known:
            raise Fault(f"{where}.{option}: the register has no export {wanted!r}{nearest(wanted, known)}")
        if wanted and not (Path(root) / known[wanted].path).is_file():
            raise Fault(f"{known[wanted].path}: the file is missing; put it back")
        beside[option] = (Path(root) / known[wanted].path).read_bytes() if wanted else b""
    return Way(reader, options, beside, table.wide)


def way_key(table: TableReading) -> tuple[str, str]:
    """Reader and options of a table, as texts: tables with the same see the same rows of a file."""
    wide = f" {list(table.wide.items())!r}" if table.wide else ""
    return table.reader, repr(sorted(table.options.items())) + wide


def ways_of(plan: ReadingPlan, source: str) -> list[list[str]]:
    """The tables of the plan that read a source table, those together that read it in one way."""
    ways: dict[tuple[str, str], list[str]] = {}
    for name, table in plan.tables.items():
        if (table.source or name) == source:
            ways.setdefault(way_key(table), []).append(name)
    return list(ways.values())


def check_registered(export: RawFile, root: str | Path) -> None:
    """Raise Fault if the file of an export is missing or has not the registered bytes."""
    path = Path(root) / export.path
    if not path.is_file():
        raise Fault(f"{export.path}: the file is missing; put it back, or retrieve it")
    if sha256_of(path) != export.sha256:
        raise Fault(f"{export.path}: not the registered file (sha256 differs); put the registered bytes back")


def extract_of(
    plan: ReadingPlan,
    name: str,
    export: RawFile,
    exports: Iterable[RawFile],
    root: str | Path,
    ways: Ways | None = None,
) -> Extract:
    """An export as a table of the plan reads it. Raises Fault, with the file's path, for what the reader refuses.

    ``ways``: how tables read that were met before; this one is added.
    """
    ways = {} if ways is None else ways
    try:
        if name not in ways:
            ways[name] = way_of(plan, name, exports, root)
        return ways[name].read(export, root)
    except Fault as fault:
        raise Fault(*(f"{export.path}: {line}" for line in fault.lines)) from None


def companions_of(plan: ReadingPlan) -> set[str]:
    """The names of the exports that readers' options name: dictionaries, event maps."""
    tables = plan.tables.values()
    return {str(t.options[o]) for t in tables for o in reader_of(t.reader).companions if t.options.get(o)}


def raw_cells(
    plan: ReadingPlan,
    exports: Iterable[RawFile],
    wanted: Iterable[tuple[int, str]],
    root: str | Path = ".",
    ways: Ways | None = None,
) -> dict[tuple[int, str], str]:
    """The text of each raw cell, as asked: (key, column of the extract) -> text, "" where there is none.

    Each file is read once for each way in which the plan's tables read it. Raises Fault if a file is
    missing or not the registered one, if a key has no place in it, or its row has no such column. ``ways``: how tables
    are read, as far as it is known.
    """
    cells, wanted, exports = {}, list(wanted), list(exports)
    ways = {} if ways is None else ways
    for export, cells_of_export in _by_export(exports, wanted):
        columns: dict[str, list[tuple[int, int]]] = {}
        for key, column in cells_of_export:
            columns.setdefault(column, []).append((ordinal_of(key), key))
        for extract in _extracts(plan, export, exports, root, ways):
            at = {int(ordinal): row for row, ordinal in enumerate(extract.places.ordinals)}
            for column in columns.keys() & set(extract.columns):
                texts = texts_of(extract.cells[extract.columns.index(column)])
                for ordinal, key in columns[column]:
                    if ordinal in at and (key, column) not in cells:
                        cells[key, column] = str(texts[at[ordinal]])
        lost = [f"{key_text(key)}, column {column}" for key, column in cells_of_export if (key, column) not in cells]
        if lost:
            raise Fault(*(f"{export.path}: no cell for key {cell}; validate the study anew" for cell in lost))
    return {cell: cells[cell] for cell in wanted}


def plain_cells(
    decisions: Mapping[str, Mapping[str, str]],
    exports: Iterable[RawFile],
    wanted: Iterable[tuple[int, str]],
    root: str | Path = ".",
) -> dict[tuple[int, str], str]:
    """What ``raw_cells`` gives, but only of files whose texts are taken as they are; other cells are left out.

    These are delimited text without options, and REDCap's exports of raw data. So neither the plan nor the reader's
    options are needed, whose import takes longer than to read such a file. Raises Fault as ``raw_cells`` does.

    Parameters
    ----------
    decisions
        How a run read its files, from ``validated/decisions.json``.
    exports, wanted, root
        As for ``raw_cells``.
    """
    from omtrace.readers._delimited import texts_at

    unchanged = {path for path, decided in decisions.items() if _is_unchanged(decided)}
    readable = {export.number: export for export in exports if export.path in unchanged}
    cells = {}
    for export, cells_of_export in _by_export(
        readable.values(), [cell for cell in wanted if number_of(cell[0]) in readable]
    ):
        columns: dict[int, list[str]] = {}
        for key, column in cells_of_export:
            columns.setdefault(ordinal_of(key), []).append(column)
        check_registered(export, root)
        try:
            texts = texts_at((Path(root) / export.path).read_bytes(), columns)
        except Fault as fault:
            raise Fault(*(f"{export.path}: {line}" for line in fault.lines)) from None
        cells.update({(key_of(export.number, ordinal), column): text for (ordinal, column), text in texts.items()})
    return cells


def _is_unchanged(decided: Mapping[str, str]) -> bool:
    """Whether a reader gave every text of a file as delimited text without options has it."""
    from omtrace.readers._text import BY_OPTION

    if any(text.endswith(BY_OPTION) for text in decided.values()):
        return False
    redcap = {decided.get(part, RAW) for part in ("headers", "values", "events")}
    return decided.get("reader") == "delimited" or (
        # With a dictionary, names of repeating instruments may be read back to forms, which no decision tells.
        decided.get("reader") == "redcap" and decided.get("dictionary") == "none" and redcap == {RAW}
    )


def raw_places(
    plan: ReadingPlan, exports: Iterable[RawFile], keys: Iterable[int], root: str | Path = "."
) -> dict[int, Place]:
    """The place of each key, of rows that are faulty too. Raises Fault as ``raw_cells`` does."""
    places, keys, exports = {}, list(keys), list(exports)
    ways: Ways = {}
    for export, cells_of_export in _by_export(exports, ((key, "") for key in keys)):
        sought = {ordinal_of(key): key for key, _ in cells_of_export}
        for extract in _extracts(plan, export, exports, root, ways):
            for place in (*extract.places, *(fault.place for fault in extract.faults)):
                if place.ordinal in sought:
                    places[sought[place.ordinal]] = place
        lost = [key_text(key) for key in sought.values() if key not in places]
        if lost:
            raise Fault(*(f"{export.path}: no place for key {key}; validate the study anew" for key in lost))
    return {key: places[key] for key in keys}


def _by_export(
    exports: Iterable[RawFile], wanted: Iterable[tuple[int, str]]
) -> list[tuple[RawFile, list[tuple[int, str]]]]:
    """What is wanted of each export, by number, each thing once."""
    registered = {export.number: export for export in exports}
    by_number: dict[int, dict[tuple[int, str], None]] = {}
    for key, column in wanted:
        if number_of(key) not in registered:
            raise Fault(f"config/exports.csv: no export has the number of key {key_text(key)}")
        by_number.setdefault(number_of(key), {})[key, column] = None
    return [(registered[number], list(by_number[number])) for number in sorted(by_number)]


def _extracts(
    plan: ReadingPlan, export: RawFile, exports: list[RawFile], root: str | Path, ways: Ways
) -> Iterator[Extract]:
    """The file of an export, read in each way in which tables of the plan read it; ``ways`` keeps those met."""
    tables = ways_of(plan, export.table)
    if export.study != plan.study or not tables:
        raise Fault(f"{export.path}: no table of the plan of {plan.study} reads it")
    check_registered(export, root)
    for names in tables:
        yield extract_of(plan, names[0], export, exports, root, ways)

"""One table on its way through the checks: raw text, typed frame, findings, and its rows by fate."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from omtrace.instruments import Instrument, instrument_of, is_instrument
from omtrace.model.plan import USUAL, Plan, Scope
from omtrace.model.register import RawFile
from omtrace.model.tables import TablePlan
from omtrace.provenance.keys import SHIFT, Place, number_of, ordinal_of
from omtrace.readers import Extract, reader_of
from omtrace.readers._wide import row_of
from omtrace.schemas import Table
from omtrace.validation.catalogue import texts
from omtrace.validation.cells import Cells, cells_of, encoded
from omtrace.validation.findings import Finding, severity_of

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

WITHHELD = "(withheld: a direct identifier)"
QUARANTINED = "quarantined: "  # begins the reason of a cell that a finding has taken out


@dataclass
class Source:
    """An export as read: its extract, the columns encoded so far, and the columns whose values are withheld.

    Of a file that is in a part (``validation/parts``) the extract has no more than columns and decisions until
    ``whole`` reads it.
    """

    export: RawFile
    extract: Extract
    encoded: "dict[str, pyarrow.DictionaryArray]" = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    hidden: dict[str, str] = field(default_factory=dict)  # columns whose name is an identifier -> how they are called
    lost: str = ""  # the rule for which the whole file is left out
    scope_told: bool = False  # whether the doubts about the rows' events are told: tables share a file
    sha256: str = ""  # of the bytes that were read
    from_part: bool = False
    again: Callable[[], Extract] | None = None  # reads a file that is in a part

    def whole(self) -> Extract:
        """The extract with its texts and places. Raises Fault if the file is no longer the registered one."""
        if self.again:
            read, self.again = self.again(), None
            self.extract = replace(read, decisions=self.extract.decisions)
            self.encoded = dict(zip(read.columns, map(encoded, read.cells), strict=True))
        return self.extract

    def text(self, column: str, ordinal: int) -> str:
        """The text of a cell, without blanks around it; "" where the file lacks the column."""
        places = self.whole().places
        part = self.encoded.get(column)
        return "" if part is None else cells_of([part]).at(bisect_left(places.ordinals, ordinal))

    def keys(self) -> "numpy.ndarray":
        """The keys of the extract's rows (int64)."""
        import numpy

        return numpy.asarray(self.extract.places.ordinals, dtype="int64") + (self.export.number << SHIFT)


@dataclass
class Work:
    """One table of a study. ``keys``, ``cells`` and ``frame`` run in parallel; the frame has the keys as index.

    Once the rows of files in parts are there, ``cells`` run parallel to ``read``, the keys of the rows that were read.
    """

    name: str
    study: Plan
    plan: TablePlan
    table: Table
    sources: dict[int, Source]
    keys: "numpy.ndarray"  # int64, rising
    cells: dict[str, Cells]
    frame: "pandas.DataFrame" = None  # the declared columns, typed
    findings: list[Finding] = field(default_factory=list)
    rows_in: dict[int, int] = field(default_factory=dict)  # register number -> rows
    left: dict[int, dict[str, int]] = field(default_factory=dict)  # register number -> reason -> rows out of scope
    read: "numpy.ndarray | None" = None  # int64, rising; None: all
    gaps: list[tuple[int, str, str]] = field(default_factory=list)  # key, column, why it has no value of its own
    broken: dict[int, Place] = field(default_factory=dict)  # rows that never became rows
    original: dict[tuple[int, str], str] = field(default_factory=dict)  # (key, raw column) -> text before a repair
    repairs: list[tuple[str, str, str, int]] = field(default_factory=list)  # raw column, change, reason, cells
    gone: set[int] = field(default_factory=set)  # keys that a finding has taken away
    lost: dict[tuple[int, str], str] = field(default_factory=dict)  # key, column of cells taken out -> rule
    values_out: "dict[str, list[pandas.Series]]" = field(default_factory=dict)  # column -> values of such cells, by key
    _taken_out: set[tuple[int, str]] = field(default_factory=set)  # those of them that are missing already

    def place(self, key: int) -> Place:
        """Where a row stands."""
        if key in self.broken:
            return self.broken[key]
        places = self.sources[number_of(key)].whole().places
        return places[bisect_left(places.ordinals, ordinal_of(key))]

    def find(
        self,
        rule: str,
        export: RawFile,
        place: Place | None,
        column: str,
        expected: str,
        value: str = "",
        key: int = 0,
        default: str = "",
        concerned: Sequence[str] = (),
    ) -> Finding:
        """Add a finding at a place, or, without one, at the head of a file.

        ``concerned``: the columns of the table that it is about; (): those that are made of the raw ``column``.
        """
        severity = severity_of(self.study, rule, default, export)
        line = place.first_line if place else 1
        part = self.address(export, place, column) if place else ""
        if column in self.sources[export.number].withheld and value:
            value = WITHHELD
        names = concerned or self.columns_at(column)
        column = self.sources[export.number].hidden.get(column, column)
        takes_out = ""
        if key and severity == "quarantine":
            takes_out = "cell" if self.scope(rule, names) == "cell" else "row"
        finding = Finding(severity, rule, export.path, self.name, line, column, expected, value, part, key, takes_out)
        self.findings.append(finding)
        if takes_out == "cell":
            self.lost.update({(key, name): rule for name in names if (key, name) not in self.lost})
        elif takes_out == "row" or (key and severity == "stop"):
            self.gone.add(key)
        return finding

    @cached_property
    def _columns_at(self) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = {}
        for column in self.table.columns:
            columns.setdefault(self.plan.cell(column.name), []).append(column.name)
        return columns

    def columns_at(self, raw: str) -> Sequence[str]:
        """The columns of the table at which findings stand in a raw column."""
        return self._columns_at.get(raw, ())

    @cached_property
    def _scopes(self) -> dict[str, Scope]:
        """Rule -> what a quarantine takes out."""
        checks = (*USUAL, *(entry.check for entry in self.study.checks.values()))
        scopes: dict[str, Scope] = {name: text.scope for name, text in texts((), checks).items()}
        return {**scopes, **{rule.id: "cell" for rule in self.table.rules}, **self.study.scopes}

    def scope(self, rule: str, names: Sequence[str]) -> Scope:
        """What a quarantine takes out: of columns that identify the row, or of none of the table, never the cell."""
        if not names or not self.table.identifying.isdisjoint(names):
            return "row"
        return self._scopes.get(rule, "row")

    def take_out_cells(self) -> None:
        """Make the cells that findings have taken out missing, and say why; their rows live."""
        columns: dict[str, list[int]] = {}
        for (key, name), rule in self.lost.items():
            if (key, name) not in self._taken_out and key not in self.gone:
                self._taken_out.add((key, name))
                columns.setdefault(name, []).append(key)
                self.gaps.append((key, name, f"{QUARANTINED}{rule}"))
        for name, keys in columns.items():
            column, out = self.frame[name], self.frame.index.isin(keys)
            self.values_out.setdefault(name, []).append(column[out])
            self.frame[name] = column.mask(out)

    def address(self, export: RawFile, place: Place, column: str) -> str:
        """What names a cell beside its line: the sheet's cell, or the part of the file and the well."""
        columns = self.sources[export.number].extract.columns
        if column in columns and not self.plan.wide and (named := reader_of(self.plan.reader).address):
            return named(place, columns.index(column))
        return f"{place.part} {place.column}".strip()  # one line may hold all wells of a plate

    def report(
        self,
        keys: Iterable[int],
        rule: str,
        column: str,
        expected: str,
        default: str = "",
        raw: str = "",
        concerned: Sequence[str] = (),
    ) -> None:
        """One finding for each key, at a column of the table (or at one of the ``raw`` ones), with the raw value.

        ``concerned``: the columns that it is about, where it is about several.
        """
        import numpy

        raw = raw or self.plan.cell(column)
        cells = self.cells.get(raw)
        wanted = numpy.asarray(list(keys), dtype="int64")
        positions = numpy.searchsorted(self.keys if self.read is None else self.read, wanted)
        for key, position in zip(wanted.tolist(), positions.tolist(), strict=True):
            source = self.sources[number_of(key)]
            if cells is None:
                value = ""
            else:
                value = source.text(raw, ordinal_of(key)) if source.from_part else cells.at(position)
            value, place = self.original.get((key, raw), value), self.place(key)
            self.find(rule, source.export, place, raw, expected, value, key, default, concerned or self._own(column))

    def _own(self, column: str) -> tuple[str, ...]:
        return (column,) if column in self.frame_columns else ()

    @cached_property
    def frame_columns(self) -> frozenset[str]:
        """The names of the table's columns."""
        return frozenset(column.name for column in self.table.columns)

    def leave(self, mask: "numpy.ndarray", reason: str) -> None:
        """Rows that the table does not ask about go, and are counted."""
        import numpy

        if mask.any():
            numbers, counts = numpy.unique(self.numbers()[mask], return_counts=True)
            for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
                self.leave_out(number, reason, count)
            self.keys = self.keys[~mask]
            self.cells = {name: cells.taken(~mask) for name, cells in self.cells.items()}

    def leave_out(self, number: int, reason: str, count: int) -> None:
        """Count rows of a file that are out of scope."""
        reasons = self.left.setdefault(number, {})
        reasons[reason] = reasons.get(reason, 0) + count

    @property
    def out_of_scope(self) -> Counter[str]:
        """Reason -> rows of all files."""
        counts: Counter[str] = Counter()
        for reasons in self.left.values():
            counts.update(reasons)
        return counts

    def coding(self, column: str) -> dict[str, str]:
        """Text -> code of an instrument's item in the coding that the plan declares; nothing for other columns."""
        instrument = self._questionnaire(column) if self.plan.coding else None
        return instrument.coding(self.plan.coding) if instrument else {}

    def suggestion(self, column: str, texts: set[str]) -> str:
        """A remark on a questionnaire's item whose texts look like another of its codings, or nothing."""
        instrument = self._questionnaire(column)
        name = instrument.suggest_coding(texts) if instrument else ""
        return f" (the answers look like the coding {name}: declare it in the plan, coding: {name})" if name else ""

    def _questionnaire(self, column: str) -> Instrument | None:
        """The questionnaire that a column of the table is an item of, if it is one."""
        schema = self.plan.library(self.name)
        instrument = instrument_of(schema) if is_instrument(schema) else None
        return instrument if instrument and column in {item.name for item in instrument.items} else None

    def rows_text(self) -> "pyarrow.Array":
        """The ordinal of each row in its file, the same for all visits of a wide row, as an Arrow array of texts."""
        import pyarrow

        return pyarrow.array([str(row_of(ordinal_of(key))) for key in self.keys.tolist()], type=pyarrow.string())

    @property
    def missing_codes(self) -> dict[str, str]:
        """The codes that are never a value in this table, with what they say."""
        return self.study.missing_codes if self.plan.missing_codes is None else self.plan.missing_codes

    def numbers(self) -> "numpy.ndarray":
        """The register number of each row's export (int64 array)."""
        return self.keys >> SHIFT

    def kept(self) -> "pandas.DataFrame":
        """The typed rows that no finding has taken away so far."""
        return self.frame[~self.frame.index.isin(self.gone)] if self.gone else self.frame

"""From exports to the raw text of a table: the columns that the plan asks for, each row under its key."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from omtrace.faults import Fault
from omtrace.instruments import instrument_of, is_instrument
from omtrace.model.closed import nearest
from omtrace.model.plan import Plan
from omtrace.model.register import RawFile, exports_of
from omtrace.model.tables import MADE, TablePlan
from omtrace.provenance.keys import key_of
from omtrace.readers import Extract, Places, reader_of
from omtrace.readers._recognised import recognised
from omtrace.readers._redcap_boxes import with_boxes
from omtrace.readers.lookup import Way, companions_of, way_key, way_of
from omtrace.schemas import UNIT, Column, Table, table_in
from omtrace.validation.catalogue import RULES
from omtrace.validation.cells import cells_of, encoded, repeated
from omtrace.validation.encodings import is_doubtful, is_garbled, is_lone, likely
from omtrace.validation.findings import Finding, severity_of
from omtrace.validation.identifiers import guarded, identifiers
from omtrace.validation.identifiers.shapes import Passing
from omtrace.validation.parts import Part, Parts, part_of, stands_alone
from omtrace.validation.work import Source, Work

# The bytes of a UTF-8 file that tell of texts decoded wrongly before: U+FFFD, and the first halves of letters.
DAMAGED = (b"\xef\xbf\xbd", b"\xc3\x83", b"\xc3\x82", b"\xc3\xa2\xe2\x82\xac", b"\xc3\x90")
MANY, FEW = 8, 20_000  # files from which on their texts are looked at together; so are so few texts of fewer files
# What tells that a column holds identifiers.
SAYS = {
    "name": "its name says",
    "values": "its values look like",
    "dictionary": "the data dictionary says",
    "header": "its name is one",
}


class Reading:
    """Reads the exports of one study, each file once for each way in which its tables ask for it."""

    def __init__(self, plan: Plan, exports: list[RawFile], root: str | Path, parts: Parts | None = None) -> None:
        self.plan, self.exports, self.root = plan, exports_of(exports, plan.study), Path(root)
        self.sources: dict[tuple[str, str, str], Source] = {}
        self.ways: dict[str, Way] = {}
        self.fresh: list[tuple[Source, TablePlan, str]] = []  # read, and not yet looked at for identifiers
        self.findings: list[Finding] = []  # about whole files
        self.parts = parts or Parts()
        self.alone = alone(plan)
        self.parts.take(export for export in self.exports if export.table in self.alone)

    def table(self, name: str) -> Work:
        """A table's raw text. Raises Fault for a plan that does not fit the table or the register."""
        import numpy

        plan = self.plan.tables[name]
        where = f"plan of {self.plan.study}: tables.{name}"
        table = check_table(self.plan, name, where)
        exports = exports_of(self.exports, self.plan.study, plan.source or name)
        if not exports:
            known = {export.table for export in self.exports}
            source = plan.source or name
            raise Fault(f"{where}: the register has no export of table {source!r}{nearest(source, known)}")
        sources = {export.number: self._source(export, plan, name) for export in exports}
        self._scan_fresh()
        work = Work(name, self.plan, plan, table, sources, numpy.zeros(0, dtype="int64"), {})
        take_rows(work)
        return work

    def _source(self, export: RawFile, plan: TablePlan, name: str) -> Source:
        key = (export.path, *way_key(plan))
        if key not in self.sources:
            if name not in self.ways:
                self.ways[name] = way_of(self.plan, name, self.exports, self.root)
            if export.number in self.parts.known:
                self.sources[key] = self.parts.source(export, plan, self.ways[name], self.root)
                return self.sources[key]
            content = (self.root / export.path).read_bytes()
            try:
                extract = self.ways[name].extract(content)
            except Fault as fault:
                self.sources[key] = source = Source(export, Extract((), (), Places()), lost="unreadable")
                known = recognised(content, plan.reader)
                lines = [f"{known}; {fault.lines[0]}", *fault.lines[1:]] if known else fault.lines
                for line in lines:
                    self._about_file(source, "unreadable", "", line, name, "\n".join(fault.seen))
                return source
            if plan.reader not in ("redcap", "several"):  # which see to them themselves
                extract = with_boxes(extract)
            self.sources[key] = source = Source(export, extract, sha256=hashlib.sha256(content).hexdigest())
            self.fresh.append((source, plan, name))
            self._decoding(source, content, name)
        return self.sources[key]

    def _decoding(self, source: Source, content: bytes, table: str) -> None:
        """Look for texts that were decoded otherwise than they were encoded; the first of each column is reported."""
        said, extract = source.extract.decisions.get("encoding", ""), source.extract
        read_as = {"CP1252 (not UTF-8)": "cp1252", "Latin-1 (not UTF-8, not CP1252)": "latin-1"}.get(said, "")
        if not read_as and not (said and any(mark in content for mark in DAMAGED)):
            return
        rule, is_wrong = ("encoding_unclear", is_doubtful) if read_as else ("text_garbled", is_garbled)
        wrong: dict[str, tuple[int, list[str]]] = {}  # column -> line, texts
        columns = [encoded(texts) for texts in extract.cells]
        if read_as:
            foreign = {t for d in columns for t in d.dictionary.to_pylist() if not t.isascii()}
            if all(map(is_lone, foreign)):  # no word beside them tells of a western language
                is_wrong = _is_foreign
        for column, distinct in zip(extract.columns, columns, strict=True):
            bad = {text for text in distinct.dictionary.to_pylist() if is_wrong(text)}
            if is_wrong(column):
                wrong[column] = 1, [column, *sorted(bad)]
            elif bad:
                first = next(at for at, text in enumerate(distinct.to_pylist()) if text in bad)
                wrong[column] = extract.places[first].first_line, sorted(bad)
        known = likely([text for _, texts in wrong.values() for text in texts], read_as) if read_as else ""
        for column, (line, _) in wrong.items():
            expected = f"words of a western European language (read as {said.partition(' ')[0]})"
            expected += f"; the letters fit the encoding {known}" if known else ""
            expected = expected if read_as else "the characters themselves, not what another encoding made of them"
            self._about_file(source, rule, column, expected, table, line=line)

    def identifiers(self, export: RawFile) -> list[Finding]:
        """The findings of direct identifiers in one export, read as the plan's tables read it."""
        for name, plan in self.plan.tables.items():
            if (plan.source or name) == export.table:
                self._source(export, plan, name)
        self._scan_fresh()
        return [found for found in self.findings if found.rule == "identifier" and found.file == export.path]

    def _scan_fresh(self) -> None:
        """Look for direct identifiers in the files that were read; of many files, or few texts, in all at once."""
        fresh, self.fresh = self.fresh, []
        for source, _, _ in fresh:
            for column, texts in zip(source.extract.columns, source.extract.cells, strict=True):
                source.encoded[column] = encoded(texts)
        distinct = [column.dictionary for source, _, _ in fresh for column in source.encoded.values()]
        together = len(fresh) >= MANY or sum(map(len, distinct)) <= FEW
        passing = guarded(distinct) if together and distinct else None
        for source, plan, name in fresh:
            self._scan(source, plan, name, passing)

    def _scan(self, source: Source, plan: TablePlan, name: str, passing: Passing | None) -> None:
        """Look for direct identifiers in every column of the file, whether a table reads it or not."""
        columns = {column: cells_of([part]) for column, part in source.encoded.items()}
        for suspicion in identifiers(
            list(columns),
            [cells.distinct for cells in columns.values()],
            [cells.filled() for cells in columns.values()],
            {column for column, variable in source.extract.variables.items() if variable.identifier},
            self._excused(source.export),
            source.export.received_on,
            passing,
        ):
            source.withheld.add(suspicion.column)
            if suspicion.by == "header":
                source.hidden[suspicion.column] = f"{list(columns).index(suspicion.column) + 1} (its name is withheld)"
            expected = f"no direct identifier; {SAYS[suspicion.by]}: {suspicion.kind}"
            column = source.hidden.get(suspicion.column, suspicion.column)
            self._about_file(source, "identifier", column, expected, name)

    def _excused(self, export: RawFile) -> dict[str, str]:
        """The columns of an export that the plan says are no direct identifiers, with its reasons."""
        tables = [t for name, t in self.plan.tables.items() if (t.source or name) == export.table]
        return {column: why for table in tables for column, why in table.identifiers.items()}

    def part(self, works: Sequence[Work]) -> Part:
        """What the tables got from files in which nothing was found. To be called before tables are compared."""
        found = {f.file for f in self.findings} | {f.file for work in works for f in work.findings}
        dated = {source.export.table for source in self.sources.values() if source.extract.date_cells}
        files: dict[str, dict[str, Source]] = {}
        for (path, *way), source in self.sources.items():
            if path not in found and source.export.table in self.alone - dated:
                files.setdefault(path, {})[json.dumps(way)] = source
        return part_of(works, [ways for ways in files.values() if all(map(_sound, ways.values()))])

    def _about_file(
        self, source: Source, rule: str, column: str, expected: str, table: str, value: str = "", line: int = 0
    ) -> None:
        severity = severity_of(self.plan, rule, "", source.export)
        line = line or (1 if column else 0)
        self.findings.append(Finding(severity, rule, source.export.path, table, line, column, expected, value))

    def undeclared(self, works: list[Work]) -> None:
        """Warn of exports that no table reads; note the columns of each file that no table reads from it."""
        read_tables = {table.source or name for name, table in self.plan.tables.items()}
        beside = companions_of(self.plan)
        self.findings += [
            Finding(
                severity_of(self.plan, "export_unread"), "export_unread", e.path, e.table, 0, "", "a table of the plan"
            )
            for e in self.exports
            if e.table not in read_tables and e.export not in beside
        ]
        severity = severity_of(self.plan, "column_undeclared")
        columns: dict[tuple[str, str], None] = {}
        for (_, reader, _), source in self.sources.items():
            passed = source.hidden.keys() | reader_of(reader).made
            columns |= {(source.export.path, column): None for column in source.extract.columns if column not in passed}
        read = {(s.export.path, c) for work in works for s in work.sources.values() for c in work.cells}
        read |= {
            (s.export.path, pattern.replace("*", column))
            for work in works
            for pattern in work.plan.wide.values()
            for s in work.sources.values()
            for column in work.cells
        }
        self.findings += [
            Finding(severity, "column_undeclared", path, "", 1, column, "a column of the plan")
            for path, column in columns
            if (path, column) not in read
        ]


def alone(plan: Plan) -> set[str]:
    """The source tables whose files are told apart: what a table gets from one hangs on no other."""
    tables = [(t.source or name, t, table_in(t, name)) for name, t in plan.tables.items()]
    together = {source for source, table, declared in tables if not stands_alone(table, declared)}
    return {source for source, _, _ in tables} - together


def _is_foreign(text: str) -> bool:
    """Whether a text is doubtful, or a single letter of what may be another script."""
    return is_doubtful(text) or is_lone(text)


def _sound(source: Source) -> bool:
    """Whether a file was read, has the registered bytes, and its reader doubts nothing in it."""
    extract, registered = source.extract, source.sha256 == source.export.sha256
    return registered and not (source.from_part or source.lost or extract.faults or extract.doubts)


def check_table(study: Plan, name: str, where: str) -> Table:
    """The declared table behind an entry of the plan. Raises Fault where the entry does not fit it."""
    plan = study.tables[name]
    if not plan.declared and not plan.rules:
        table = table_in(plan, name)
    else:
        table = _declared(plan, name, where)
        _check_rules(study, name, where)
    _check_names(plan, table, where)
    try:
        table = table.of_study(plan.bounds, plan.values)
    except Fault as fault:
        raise Fault(*(f"{where}.{line}" for line in fault.lines)) from None
    _check_coding(plan, plan.library(name) or name, where)
    _check_codes(study, plan, table, where)
    return table


def _declared(plan: TablePlan, name: str, where: str) -> Table:
    """A table that the plan declares. Raises Fault where key, references or rules do not fit its columns."""
    try:
        return table_in(plan, name)
    except Fault as fault:
        raise Fault(*(f"{where}.{line}" for line in fault.lines)) from None


def _check_rules(study: Plan, name: str, where: str) -> None:
    """Raise Fault for a rule with the name of another one: findings, severities and scopes go by the name."""
    taken = {rule.id for rule in RULES}
    taken |= {rule for other, table in study.tables.items() if other != name for rule in table.rules}
    if again := sorted(taken & {*study.tables[name].rules}):
        raise Fault(*(f"{where}.rules: there is a rule {rule!r} already; take another name" for rule in again))


def _check_names(plan: TablePlan, table: Table, where: str) -> None:
    """Raise Fault for names of columns, in the plan's entry, that the table does not have."""
    known = [column.name for column in table.columns]
    sections: dict[str, Iterable[str]] = {
        "columns": plan.columns,
        "recode": plan.recode,
        "joined": plan.joined,
        "formats": [name for name in plan.formats if name != "*"],
    }
    faults = [
        f"{where}.{section}: the table has no column {name!r}{nearest(name, known)}"
        for section, names in sections.items()
        for name in names
        if name not in known
    ]
    if faults:
        raise Fault(*faults)


def _check_coding(plan: TablePlan, schema: str, where: str) -> None:
    """Raise Fault for a coding that the table's questionnaire does not have, or must have and is not declared."""
    if is_instrument(schema):
        try:
            instrument_of(schema).coding(plan.coding)
        except Fault as fault:
            raise Fault(f"{where}: {fault}") from None
    elif plan.coding:
        raise Fault(f"{where}: coding: {schema!r} is no questionnaire")


def _check_codes(study: Plan, plan: TablePlan, table: Table, where: str) -> None:
    """Raise Fault for codes of missing values, or of zeros, that are answers of the table as well, or stand in both."""
    missing = study.missing_codes if plan.missing_codes is None else plan.missing_codes
    faults = [
        f"{where}.structural_zeros: {code!r} is one of missing_codes"
        for code in plan.structural_zeros.keys() & missing.keys()
    ]
    for column in table.columns:
        zeros = plan.structural_zeros if column.kind == "integer" and not column.required else {}
        for section, codes in (
            ("missing_codes", missing if column.unit == "code" else {}),
            ("structural_zeros", zeros),
        ):
            faults += [
                f"{where}: {section}: {code!r} is a value that {column.name} may have"
                for code in codes
                if _possible(column, code)
            ]
    if faults:
        raise Fault(*sorted(faults))


def _possible(column: Column, code: str) -> bool:
    """Whether a code is a value that the column's declaration allows."""
    try:
        value = float(code)
    except ValueError:
        return code in column.allowed
    if column.allowed:
        return value in column.allowed
    return column.minimum is not None and column.maximum is not None and column.minimum <= value <= column.maximum


def wanted_columns(plan: TablePlan, table: Table) -> list[str]:
    """The raw columns that a table is made of."""
    joined = {**({UNIT: plan.unit} if plan.unit else {}), **plan.joined}
    made = {*joined, *(["visit"] if plan.visit else [])}
    wanted = [plan.raw_names.get(c.name, c.name) for c in table.columns if c.name not in made]
    wanted += [plan.visit.column] if plan.visit else []
    wanted += [c for c in (plan.status, *plan.skipped) if c]
    wanted += [*plan.rows, *(c for repair in plan.repairs for c in (repair.column, *repair.when))]
    wanted += [c for columns in joined.values() for c in columns if c not in MADE]
    return list(dict.fromkeys(wanted))


def take_rows(work: Work) -> None:
    """The rows of all exports; rows that are none become findings, and so do columns that are not there."""
    import numpy

    named = {*work.plan.rows, *work.plan.skipped, work.plan.status, *work.plan.raw_names.values()}
    named |= {column for declared in work.plan.repairs for column in (declared.column, *declared.when)}
    optional = {work.plan.raw(name) for name in work.table.optional} - named
    wanted = wanted_columns(work.plan, work.table)
    read = [source for source in work.sources.values() if not source.from_part]
    for source in read:
        extract, number = source.extract, source.export.number
        work.rows_in[number] = len(extract.places) + len(extract.faults) + sum(extract.left_out.values())
        for fault in extract.faults:
            key = key_of(source.export.number, fault.place.ordinal)
            work.broken[key] = fault.place
            work.find(fault.rule, source.export, fault.place, "", fault.message, key=key)
        missing = [] if source.lost else [c for c in wanted if c not in extract.columns and c not in optional]
        hints = {column: nearest(column, extract.columns) for column in missing}
        if len(missing) > 2 and not (any(hints.values()) or {*wanted} & {*extract.columns}):
            all_of = f"the columns {', '.join(missing)}, none of which is here"
            says = f"{all_of}; where their names stand further down, say the option header_line"
            work.find("column_missing", source.export, None, "", says)
        else:
            for column, hint in hints.items():
                work.find("column_missing", source.export, None, column, f"this column{hint}")
        if not source.lost and not len(extract.places) and not extract.faults and not extract.left_out:
            work.find("no_rows", source.export, None, "", "a row below the header")
        for reason, count in extract.left_out.items():
            work.leave_out(number, reason, count)
    work.keys = numpy.concatenate([numpy.empty(0, dtype="int64"), *(source.keys() for source in read)])
    there = {column for source in work.sources.values() for column in source.extract.columns}
    for column in wanted:
        if column in there or column not in optional:
            work.cells[column] = cells_of(_encoded(source, column) for source in read)
    for part in ("export", "batch"):
        made = (repeated(getattr(s.export, part), len(s.extract.places)) for s in read)
        work.cells[f"@{part}"] = cells_of(made)


def _encoded(source: Source, column: str) -> object:
    return source.encoded.get(column, repeated("", len(source.extract.places)))

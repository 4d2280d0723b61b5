"""From exports to the raw text of a table: the columns that the plan asks for, each row under its key."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.checks.findings import Finding, severity_of
from omtrace.checks.work import Work
from omtrace.faults import Fault
from omtrace.keys import key_of
from omtrace.schemas import UNIT, Table, table_of
from omtrace.sources import Extract, options_of, reader_of
from omtrace.study.plan import MADE, Plan, TablePlan, nearest
from omtrace.study.register import Export, exports_of

if TYPE_CHECKING:
    import pandas


class Reading:
    """Reads the exports of one study, each file once for each way in which its tables ask for it."""

    def __init__(self, plan: Plan, exports: list[Export], root: str | Path) -> None:
        self.plan, self.exports, self.root = plan, exports, Path(root)
        self.extracts: dict[tuple[str, str, str], Extract] = {}
        self.decisions: dict[str, dict] = {}
        self.findings: list[Finding] = []  # about whole files

    def table(self, name: str) -> Work:
        """A table's raw text. Raises Fault for a plan that does not fit the table or the register."""
        import pandas

        plan = self.plan.tables[name]
        table = table_of(plan.schema_ or name)
        where = f"plan of {self.plan.study}: tables.{name}"
        _check_names(plan, table, where)
        source = plan.source or name
        exports = exports_of(self.exports, self.plan.study, source)
        if not exports:
            known = {export.table for export in exports_of(self.exports, self.plan.study)}
            raise Fault(f"{where}: the register has no export of table {source!r}{nearest(source, known)}")
        work = Work(name, self.plan, plan, table, exports)
        wanted = _wanted(plan, table)
        empty = pandas.DataFrame(columns=[*wanted, *MADE], dtype="str", index=pandas.Index([], dtype="int64"))
        frames = [empty]
        for export in exports:
            extract = self._extract(export, plan, name)
            if extract.columns:
                frames.append(_rows(work, export, extract, wanted))
        text = pandas.concat(frames)
        work.text = pandas.DataFrame({column: text[column].str.strip() for column in text.columns})
        return work

    def _extract(self, export: Export, plan: TablePlan, name: str) -> Extract:
        key = (export.path, plan.reader, repr(sorted(plan.options.items())))
        if key not in self.extracts:
            reader = reader_of(plan.reader)
            options = options_of(reader, plan.options, f"plan of {self.plan.study}: tables.{name}.options")
            try:
                self.extracts[key] = reader.read((self.root / export.path).read_bytes(), options)
            except Fault as fault:
                severity = severity_of(self.plan, "unreadable")
                self.findings += [
                    Finding(severity, "unreadable", export.path, name, 0, "", line) for line in fault.lines
                ]
                self.extracts[key] = Extract((), [], [])
            self.decisions.setdefault(export.path, {}).update(self.extracts[key].decisions)
        return self.extracts[key]

    def undeclared(self, works: list[Work]) -> None:
        """Warn of exports that no table reads; note the columns of each file that no table reads from it."""
        read_tables = {table.source or name for name, table in self.plan.tables.items()}
        self.findings += [
            Finding(
                severity_of(self.plan, "export_unread"), "export_unread", e.path, e.table, 0, "", "a table of the plan"
            )
            for e in exports_of(self.exports, self.plan.study)
            if e.table not in read_tables
        ]
        severity = severity_of(self.plan, "column_undeclared")
        for path in self.decisions:
            columns = {
                c: None for (file, _, _), extract in self.extracts.items() if file == path for c in extract.columns
            }
            read = {c for work in works if any(e.path == path for e in work.exports) for c in work.text.columns}
            self.findings += [
                Finding(severity, "column_undeclared", path, "", 1, column, "a column of the plan")
                for column in columns
                if column not in read
            ]


def _check_names(plan: TablePlan, table: Table, where: str) -> None:
    """Raise Fault for names of columns, in the plan's entry, that the table does not have."""
    known = [column.name for column in table.columns]
    sections: dict[str, Iterable[str]] = {"columns": plan.columns, "recode": plan.recode, "joined": plan.joined}
    faults = [
        f"{where}.{section}: the table has no column {name!r}{nearest(name, known)}"
        for section, names in sections.items()
        for name in names
        if name not in known
    ]
    if faults:
        raise Fault(*faults)


def _wanted(plan: TablePlan, table: Table) -> list[str]:
    """The raw columns that a table is made of."""
    joined = {**({UNIT: plan.unit} if plan.unit else {}), **plan.joined}
    made = {*joined, *(["visit"] if plan.visit else [])}
    wanted = [plan.columns.get(c.name, c.name) for c in table.columns if c.name not in made]
    wanted += [plan.visit.column] if plan.visit else []
    wanted += [c for c in (plan.status, plan.skip_blank) if c]
    wanted += [c for columns in joined.values() for c in columns if c not in MADE]
    return list(dict.fromkeys(wanted))


def _rows(work: Work, export: Export, extract: Extract, wanted: list[str]) -> "pandas.DataFrame":
    """The rows of one export as a frame of texts; rows that are none become findings."""
    import pandas

    work.rows_in += len(extract.rows) + len(extract.faults)
    for row_fault in extract.faults:
        key = key_of(export.number, row_fault.place.ordinal)
        work.where[key] = (export, row_fault.place)
        work.broken[key] = row_fault.rule
        work.find(row_fault.rule, export, row_fault.place, "", row_fault.message, key=key)
    for column in wanted:
        if column not in extract.columns:
            work.find("column_missing", export, None, column, "this column")
    keys = [key_of(export.number, place.ordinal) for place in extract.places]
    work.where |= {k: (export, p) for k, p in zip(keys, extract.places, strict=True)}
    frame = pandas.DataFrame(
        extract.rows, columns=list(extract.columns), index=pandas.Index(keys, dtype="int64"), dtype="str"
    )
    frame = frame.reindex(columns=wanted, fill_value="")
    frame["@export"], frame["@batch"] = export.export, export.batch
    frame["@row"] = [str(place.ordinal) for place in extract.places]
    return frame

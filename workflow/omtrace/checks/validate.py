"""Validate a study: read its exports, type them, check them, quarantine what does not fit.

One pass over all tables collects all findings; nothing is written before all are known.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace import store
from omtrace.checks.findings import DEFAULTS, Finding, stop_if_any, write_findings
from omtrace.checks.parse import EXPECTED, parse
from omtrace.faults import Fault
from omtrace.keys import Place, key_of
from omtrace.schemas import UNIT, Column, Table, table_of
from omtrace.sources import Extract, options_of, reader_of
from omtrace.study.plan import Plan, TablePlan
from omtrace.study.register import Export, exports_of

if TYPE_CHECKING:
    import pandas

PLACES = ("key", "export", "part", "first_line", "last_line", "column")


@dataclass
class Work:
    """One table on its way: raw text, typed frame, findings, and the count of rows by fate."""

    name: str
    plan: TablePlan
    table: Table
    text: "pandas.DataFrame"  # raw columns; index = key
    where: "dict[int, tuple[Export, Place]]"
    findings: list[Finding] = field(default_factory=list)
    out_of_scope: dict[str, int] = field(default_factory=dict)
    rows_in: int = 0
    frame: Any = None
    gaps: list[tuple[int, str, str]] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)  # rows that never became rows: key -> rule


class Validation:
    """The validation of one study."""

    def __init__(self, plan: Plan, exports: list[Export], root: str | Path = ".") -> None:
        self.plan, self.exports, self.root = plan, exports, Path(root)
        self.extracts: dict[tuple, Extract] = {}
        self.decisions: dict[str, dict] = {}
        self.findings: list[Finding] = []
        self.works: dict[str, Work] = {}

    def severity(self, rule: str, default: str = "") -> str:
        """The plan's severity of a rule, else the rule's own."""
        return self.plan.severities.get(rule, default or DEFAULTS[rule])

    def run(self) -> None:
        """Read and check every table; findings are complete afterwards."""
        for name, table_plan in self.plan.tables.items():
            self.works[name] = work = self._read(name, table_plan)
            self._scope(work)
            self._type(work)
            self._check(work)
            self._duplicates(work)
        self._undeclared()
        while self._references():
            pass
        for work in self.works.values():
            self.findings += work.findings

    # reading

    def _extract(self, export: Export, table_plan: TablePlan, name: str) -> Extract | None:
        # One reading serves all tables of a file that ask for it in the same way.
        key = (export.path, table_plan.reader, repr(sorted(table_plan.options.items())))
        if key not in self.extracts:
            reader = reader_of(table_plan.reader)
            options = options_of(reader, table_plan.options, f"plan of {self.plan.study}: tables.{name}.options")
            try:
                self.extracts[key] = reader.read((self.root / export.path).read_bytes(), options)
            except Fault as fault:
                severity = self.severity("unreadable")
                self.findings += [
                    Finding(severity, "unreadable", export.path, name, 0, "", line) for line in fault.lines
                ]
                self.extracts[key] = Extract((), [], [])
            self.decisions.setdefault(export.path, {}).update(self.extracts[key].decisions)
        extract = self.extracts[key]
        return extract if extract.columns else None

    def _read(self, name: str, table_plan: TablePlan) -> Work:
        import pandas

        table = table_of(table_plan.schema_ or name)
        frames, where, findings, broken, rows_in = [], {}, [], {}, 0
        needed = [c.name for c in table.columns if not (c.name == "visit" and table_plan.visit)]
        joined = {**({UNIT: table_plan.unit} if table_plan.unit else {}), **table_plan.joined}
        needed = [name for name in needed if name not in joined]
        raw = {column: table_plan.columns.get(column, column) for column in needed}
        extra = [table_plan.visit.column] if table_plan.visit else []
        extra += [c for c in (table_plan.status, table_plan.skip_blank) if c]
        extra += [c for columns in joined.values() for c in columns if not c.startswith("@")]
        wanted = list(dict.fromkeys([*raw.values(), *extra]))
        for export in exports_of(self.exports, self.plan.study, table_plan.source or name):
            extract = self._extract(export, table_plan, name)
            if extract is None:
                continue
            rows_in += len(extract.rows) + len(extract.faults)
            for row_fault in extract.faults:
                key = key_of(export.number, row_fault.place.ordinal)
                where[key] = (export, row_fault.place)
                broken[key] = row_fault.rule
                findings.append(
                    self._finding(row_fault.rule, export, name, row_fault.place, "", row_fault.message, key=key)
                )
            absent = [column for column in wanted if column not in extract.columns]
            findings += [
                Finding(self.severity("column_missing"), "column_missing", export.path, name, 1, column, "this column")
                for column in absent
            ]
            keys = [key_of(export.number, place.ordinal) for place in extract.places]
            where.update((k, (export, p)) for k, p in zip(keys, extract.places, strict=True))
            frame = pandas.DataFrame(extract.rows, columns=list(extract.columns), index=keys, dtype="str")
            frame = frame.reindex(columns=wanted, fill_value="")
            frame["@export"], frame["@batch"] = export.export, export.batch
            frame["@row"] = [str(place.ordinal) for place in extract.places]
            frames.append(frame)
        columns = [*wanted, "@export", "@batch", "@row"]
        text = pandas.concat(frames) if frames else pandas.DataFrame(columns=columns, dtype="str")
        text = text.apply(lambda column: column.str.strip())
        return Work(name, table_plan, table, text, where, findings, rows_in=rows_in, broken=broken)

    def _finding(self, rule: str, export: Export, table: str, place: Place, column: str, expected: str,
                 value: str = "", key: int = 0, default: str = "") -> Finding:  # fmt: skip
        severity = self.severity(rule, default or DEFAULTS.get(rule, "quarantine"))
        return Finding(severity, rule, export.path, table, place.first_line, column, expected, value, place.part, key)

    def _report(self, work: Work, keys: Any, rule: str, column: str, expected: str, default: str = "") -> None:
        """One finding for each key of a table, at a column, with the raw value."""
        raw = work.plan.raw(column)
        for key in keys:
            export, place = work.where[key]
            value = work.text.at[key, raw] if raw in work.text.columns else ""
            work.findings.append(self._finding(rule, export, work.name, place, raw, expected, value, key, default))

    # scope: rows that the table does not ask about

    def _leave(self, work: Work, mask: Any, reason: str) -> None:
        count = int(mask.sum())
        if count:
            work.out_of_scope[reason] = work.out_of_scope.get(reason, 0) + count
            work.text = work.text[~mask]

    def _scope(self, work: Work) -> None:
        if work.plan.visit:
            self._leave(work, ~work.text[work.plan.visit.column].isin(work.plan.visit.map), "other event")
        if work.plan.skip_blank:
            self._leave(work, work.text[work.plan.skip_blank] == "", f"{work.plan.skip_blank} blank")
        if work.table.measured:
            measured = [work.plan.columns.get(c, c) for c in work.table.measured]
            self._leave(work, (work.text[measured] == "").all(axis=1), "blank form")

    # types and rules

    def _type(self, work: Work) -> None:
        import pandas

        frame = pandas.DataFrame(index=work.text.index)
        for column in work.table.columns:
            if column.name == "visit" and work.plan.visit:
                frame["visit"] = work.text[work.plan.visit.column].map(work.plan.visit.map)
                continue
            parts = work.plan.unit if column.name == UNIT else work.plan.joined.get(column.name, ())
            if parts:
                cells = work.text[parts[0]].str.cat([work.text[part] for part in parts[1:]], sep="/")
                if column.name == UNIT and work.plan.unit_pattern:
                    cells = cells.str.extract(f"^(?:{work.plan.unit_pattern})$", expand=False)
                    self._report(work, cells.index[cells.isna()], "unit_missing", UNIT, work.plan.unit_pattern)
                frame[column.name] = cells.astype("str")
                continue
            frame[column.name] = self._column(work, column)
        work.frame = frame

    def _column(self, work: Work, column: Column) -> Any:
        cells = work.text[work.plan.columns.get(column.name, column.name)]
        coded = cells.isin(self.plan.missing_codes)
        self._report(work, cells.index[coded], "coded_missing", column.name, "a value (missing-data code)")
        work.gaps += [(k, column.name, self.plan.missing_codes[cells[k]]) for k in cells.index[coded]]
        cells = cells.mask(coded, "")
        codes = work.plan.recode.get(column.name)
        if codes:
            unknown = ~cells.isin(codes) & (cells != "")
            self._report(work, cells.index[unknown], "code", column.name, f"one of {', '.join(codes)}")
            cells = cells.map({**codes, "": ""}).fillna("").astype("str")
        typed, bad = parse(cells, column)
        self._report(work, cells.index[bad], "type", column.name, EXPECTED[column.kind])
        return typed

    def _check(self, work: Work) -> None:
        from omtrace.checks.rules import broken_rules

        typed_wrong = {(f.key, f.column) for f in work.findings if f.rule in ("type", "code", "coded_missing")}
        for rule, column, expected, severity, keys in broken_rules(work.frame, work.table):
            raw = work.plan.raw(column)
            keys = [k for k in keys if (k, raw) not in typed_wrong] if rule == "required" else keys
            self._report(work, keys, rule, column, expected, severity)
        if work.plan.status:
            bad = ~work.text[work.plan.status].isin(work.plan.status_accepted)
            expected = f"form status {' or '.join(work.plan.status_accepted)}"
            self._report(work, work.text.index[bad], "form_status", work.plan.status, expected)

    def _duplicates(self, work: Work) -> None:
        """Later copies of a row leave; rows of one key that contradict each other all leave."""
        if not work.table.key or work.frame.empty:
            return
        keys, left = list(work.table.key), self._kept(work)
        shared = left[left.duplicated(keys, keep=False)]
        copies = shared[shared.duplicated(keep="first")]
        rest = shared.drop(copies.index)
        conflict = rest[rest.duplicated(keys, keep=False)]
        at = keys[0]
        self._report(work, copies.index, "duplicate_row", at, f"one row for each {' and '.join(keys)}; this is a copy")
        self._report(
            work, conflict.index, "duplicate_conflict", at, f"one row for each {' and '.join(keys)}; these differ"
        )

    def _kept(self, work: Work) -> Any:
        gone = {f.key for f in work.findings if f.severity in ("quarantine", "stop")}
        return work.frame[~work.frame.index.isin(gone)]

    # across columns and tables

    def _undeclared(self) -> None:
        """Columns that no table of the plan reads: noted, never taken over."""
        for path in self.decisions:
            seen: set[str] = set()
            columns: dict[str, None] = {}
            for (file, *_), extract in self.extracts.items():
                if file == path:
                    columns.update(dict.fromkeys(extract.columns))
            for work in self.works.values():
                seen |= set(work.text.columns)
            self.findings += [
                Finding(self.severity("column_undeclared"), "column_undeclared", path, "", 1, c, "a column of the plan")
                for c in columns
                if c not in seen
            ]

    def _references(self) -> bool:
        """Report values that another table does not have; True if rows left, so that others may follow."""
        lost_any = False
        for work in self.works.values():
            for reference in work.table.references:
                if reference.table not in self.works:
                    continue
                known = self._kept(self.works[reference.table])[reference.other].dropna()
                mine = self._kept(work)[reference.column].dropna()
                told = {f.key for f in work.findings if f.rule == "reference"}
                lost = [key for key in mine.index[~mine.isin(known)] if key not in told]
                expected = f"a {reference.other} of table {reference.table}"
                self._report(work, lost, "reference", reference.column, expected, reference.severity)
                lost_any = lost_any or bool(lost)
        return lost_any

    # results

    def quarantine(self) -> "pandas.DataFrame":
        """Every quarantined row by its reasons: key, table, rule, column, severity, unit_id, visit."""
        import pandas

        rows = []
        order = list(DEFAULTS)
        for work in self.works.values():
            for f in sorted(work.findings, key=lambda f: (f.key, order.index(f.rule) if f.rule in order else 7)):
                if f.severity == "quarantine" and f.key:
                    of = work.frame.loc[f.key] if f.key in work.frame.index else {}
                    unit, visit = (of.get(c) for c in (UNIT, "visit"))
                    rows.append((f.key, work.name, f.rule, f.column, f.severity,
                                 unit if isinstance(unit, str) else "", visit if isinstance(visit, str) else ""))  # fmt: skip
        return pandas.DataFrame(rows, columns=["key", "table", "rule", "column", "severity", UNIT, "visit"])

    def write(self, folder: str | Path) -> None:
        """Write the validated tables, places, quarantine, gaps, decisions and the conservation of rows."""
        import pandas

        folder = Path(folder)
        quarantine = self.quarantine()
        counts, places, gaps = [], {}, []
        for name, work in self.works.items():
            lost = set(quarantine.loc[quarantine["table"] == name, "key"])
            kept = work.frame[~work.frame.index.isin(lost)]
            outside = sum(work.out_of_scope.values())
            if work.rows_in != len(kept) + len(lost) + outside:
                raise AssertionError(f"{name}: {work.rows_in} rows in, {len(kept)} + {len(lost)} + {outside} out")
            reasons = "; ".join(f"{reason}: {n}" for reason, n in sorted(work.out_of_scope.items()))
            counts.append((name, work.rows_in, len(kept), len(lost), outside, reasons))
            store.write_table(folder / f"{name}.parquet", kept.rename_axis("key").reset_index())
            for key in (*work.frame.index, *work.broken):
                export, p = work.where[key]
                places[key] = (key, export.path, p.part, p.first_line, p.last_line, p.column)
            gaps += [(key, name, column, says) for key, column, says in work.gaps]
        store.write_table(
            folder / "places.parquet", pandas.DataFrame([places[k] for k in sorted(places)], columns=PLACES)
        )
        store.write_table(folder / "quarantine.parquet", quarantine)
        store.write_table(folder / "gaps.parquet", pandas.DataFrame(gaps, columns=["key", "table", "column", "says"]))
        store.write_json(folder / "decisions.json", self.decisions)
        header = ("table", "rows_in", "rows_out", "quarantined", "out_of_scope", "reasons")
        store.write_csv(folder / "conservation.csv", header, counts)


def validate_study(plan: Plan, exports: list[Export], findings_path: str | Path, folder: str | Path,
                   root: str | Path = ".") -> None:  # fmt: skip
    """Validate a study and write its tables; findings are written first and survive a stop.

    Raises Fault, naming file, line, column and rule of each stopping finding, with nothing else written.
    """
    validation = Validation(plan, exports, root)
    validation.run()
    write_findings(validation.findings, findings_path)
    stop_if_any(validation.findings, findings_path)
    validation.write(folder)

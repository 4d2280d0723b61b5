"""Validate a study: read its exports, type them, check them, quarantine what does not fit.

One pass over all tables collects all findings; nothing is written before all are known.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.checks.columns import leave_out_of_scope, set_types
from omtrace.checks.findings import DEFAULTS, Finding, check_severities, stop_if_any, summary, write_findings
from omtrace.checks.reading import Reading
from omtrace.checks.work import Work
from omtrace.schemas import UNIT
from omtrace.study.plan import DatasetPlan, Plan
from omtrace.study.register import Export

if TYPE_CHECKING:
    import pandas

PLACES = ("key", "export", "part", "first_line", "last_line", "column")
TOLD = ("type", "code", "unit_missing")  # these say already that a required cell has no value


class Validation:
    """The validation of one study."""

    def __init__(self, plan: Plan, exports: list[Export], root: str | Path = ".") -> None:
        self.plan = plan
        self.reading = Reading(plan, exports, root)
        self.findings: list[Finding] = []
        self.works: dict[str, Work] = {}

    def run(self) -> None:
        """Read and check every table; findings are complete afterwards."""
        for name in self.plan.tables:
            self.works[name] = work = self.reading.table(name)
            leave_out_of_scope(work)
            set_types(work)
            _check(work)
            _find_duplicates(work)
        while self._references():
            pass
        for dataset in self.plan.datasets.values():
            self._roster(dataset)
        self.reading.undeclared(list(self.works.values()))
        self.findings = [*self.reading.findings, *(f for work in self.works.values() for f in work.findings)]
        check_severities(self.plan, {rule.id for work in self.works.values() for rule in work.table.rules})

    def _references(self) -> bool:
        """Report values that another table does not have; True if rows left, so that others may follow."""
        lost_any = False
        for work in self.works.values():
            for reference in work.table.references:
                if reference.table not in self.works:
                    continue
                known = self.works[reference.table].kept()[reference.other].dropna()
                rows = work.kept()
                if reference.where:
                    rows = rows[rows[reference.where[0]] == reference.where[1]]
                mine = rows[reference.column].dropna()
                told = {f.key for f in work.findings if f.rule == "reference"}
                lost = [key for key in mine.index[~mine.isin(known)] if key not in told]
                expected = f"a {reference.other} of table {reference.table}"
                work.report(lost, "reference", reference.column, expected, reference.severity)
                lost_any = lost_any or bool(lost)
        return lost_any

    def _roster(self, dataset: DatasetPlan) -> None:
        """Report rows of units that are not enrolled: derivations would pass over them in silence.

        A unit of the roster counts as enrolled even if its own row is quarantined. Readings of plates are left
        alone: a plate has wells that are not in use.
        """
        roster = dataset.roster
        if roster.column != UNIT or roster.table not in self.works:
            return
        enrolled = self.works[roster.table].frame[UNIT].dropna()
        used = {p.options.get("table") for p in dataset.parameters.values() if p.derive != "well_signal"}
        for name in sorted((used - {roster.table}) & set(self.works)):
            work = self.works[name]
            mine = work.kept()[UNIT].dropna() if UNIT in work.frame else enrolled
            work.report(
                mine.index[~mine.isin(enrolled)], "roster", UNIT, f"an enrolled {dataset.unit} (table {roster.table})"
            )

    def quarantine(self) -> "pandas.DataFrame":
        """Quarantined rows, one line a reason, primary first: key, table, rule, column, severity, unit_id, visit."""
        import pandas

        rows = []
        order = {rule: at for at, rule in enumerate(DEFAULTS)}
        cross = order["allowed"] + 0.5  # rules over several columns come after those over one
        for work in self.works.values():
            for f in sorted(work.findings, key=lambda f: (f.key, order.get(f.rule, cross))):
                if f.severity == "quarantine" and f.key:
                    of = work.frame.loc[f.key] if f.key in work.frame.index else {}
                    names = [name if isinstance(name := of.get(c), str) else "" for c in (UNIT, "visit")]
                    rows.append((f.key, work.name, f.rule, f.column, f.severity, *names))
        columns = ["key", "table", "rule", "column", "severity", UNIT, "visit"]
        return pandas.DataFrame(rows, columns=columns).astype({"key": "int64"})

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
        for name, columns, rows in (("places", PLACES, [places[key] for key in sorted(places)]),
                                    ("gaps", ("key", "table", "column", "says"), gaps)):  # fmt: skip
            frame = pandas.DataFrame(rows, columns=list(columns)).astype({"key": "int64"})
            store.write_table(folder / f"{name}.parquet", frame)
        store.write_table(folder / "quarantine.parquet", quarantine)
        store.write_json(folder / "decisions.json", self.reading.decisions)
        header = ("table", "rows_in", "rows_out", "quarantined", "out_of_scope", "reasons")
        store.write_csv(folder / "conservation.csv", header, counts)


def _check(work: Work) -> None:
    """The declared rules, and the status of the form."""
    from omtrace.checks.rules import broken_rules

    told = {(f.key, f.column) for f in work.findings if f.rule in TOLD}
    coded = {(f.key, f.column) for f in work.findings if f.rule == "coded_missing"}
    for rule, column, expected, severity, keys in broken_rules(work.frame, work.table):
        raw = work.plan.raw(column)
        if rule == "required":  # a missing-data code may stand there, but not for what names the row
            excused = told if column in work.table.key else told | coded
            keys = [key for key in keys if (key, raw) not in excused]
        work.report(keys, rule, column, expected, severity)
    if work.plan.status:
        bad = ~work.text[work.plan.status].isin(work.plan.status_accepted)
        expected = f"form status {' or '.join(work.plan.status_accepted)}"
        work.report(work.text.index[bad], "form_status", work.plan.status, expected)


def _find_duplicates(work: Work) -> None:
    """Later copies of a row leave; rows of one key that contradict each other all leave."""
    keys, left = list(work.table.key), work.kept()
    shared = left[left.duplicated(keys, keep=False)]
    copies = shared[shared.duplicated(keep="first")]
    rest = shared.drop(copies.index)
    conflict = rest[rest.duplicated(keys, keep=False)]
    one = f"one row for each {' and '.join(keys)}"
    work.report(copies.index, "duplicate_row", keys[0], f"{one}; this is a copy")
    work.report(conflict.index, "duplicate_conflict", keys[0], f"{one}; these differ")


def validate_study(plan: Plan, exports: list[Export], findings_path: str | Path, folder: str | Path,
                   root: str | Path = ".") -> None:  # fmt: skip
    """Validate a study and write its tables; findings are written first and survive a stop.

    Raises Fault, naming file, line, column and rule of each stopping finding, with nothing else written.
    """
    validation = Validation(plan, exports, root)
    validation.run()
    write_findings(validation.findings, findings_path)
    stop_if_any(validation.findings, findings_path)
    told = summary(validation.findings)
    for line in told:
        sys.stderr.write(f"omtrace: {plan.study}: {line}\n")
    if told:
        sys.stderr.write(f"omtrace: {plan.study}: all findings, with values, in {findings_path} (confidential)\n")
    validation.write(folder)

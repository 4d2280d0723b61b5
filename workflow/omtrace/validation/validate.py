"""Validate a study: read its exports, type them, check them, quarantine what does not fit.

One pass over all tables collects all findings; nothing is written before all are known.
"""

import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.register import RawFile
from omtrace.provenance.keys import SHIFT, number_of
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.across import crosscheck, references, roster, widen
from omtrace.validation.catalogue import known_rules
from omtrace.validation.checks import broken_rules, repeated_keys
from omtrace.validation.columns import set_types
from omtrace.validation.findings import Finding, check_severities, stop_if_any, summary, write_findings
from omtrace.validation.meaning import check_coding
from omtrace.validation.output import quarantined, row_names, write, write_counts
from omtrace.validation.parts import Part, Parts, write_part
from omtrace.validation.reading import Reading
from omtrace.validation.scope import leave_out_of_scope, repair, report_date_cells, report_doubts, report_invisible
from omtrace.validation.units import find_alike, find_damaged
from omtrace.validation.work import Work
from omtrace.validation.zones import move_to_site

LOSES = ("type", "code", "decimal_mark", "date_mixed")  # a cell with such a finding has no value


class Validation:
    """The validation of one study. ``parts``: what was read of files before, which need not be read."""

    def __init__(self, plan: Plan, exports: list[RawFile], root: str | Path = ".", parts: Parts | None = None) -> None:
        self.plan = plan
        self.reading = Reading(plan, exports, root, parts)
        self.works: dict[str, Work] = {}

    @cached_property
    def rules(self) -> dict[str, RuleText]:
        """Every rule that a finding of the study may name."""
        return known_rules(self.plan)

    def run(self) -> None:
        """Read and check every table; findings are complete afterwards."""
        check_severities(self.plan, self.rules)
        for name in self.plan.tables:
            self._read(name)
        find_alike(self.works)
        widen(self.plan, self.works)
        for work in self.works.values():
            find_damaged(work)
            find_plates_of_two_files(work)
            find_duplicates(work)
        self._settle()
        for dataset in self.plan.datasets.values():
            roster(self.works, dataset)
        if not any(f.rule == "identifier" for f in self.reading.findings):  # the study stops, and no value is compared
            crosscheck(self.plan, self.works, self.rules)
        for work in self.works.values():
            work.take_out_cells()
        self._settle()
        self.reading.undeclared(list(self.works.values()))

    def _read(self, name: str) -> None:
        """Read a table, and check what shows within it."""
        self.works[name] = work = self.reading.table(name)
        repair(work)
        leave_out_of_scope(work)
        report_doubts(work)
        find_plates_of_one_name(work)
        report_date_cells(work)
        report_invisible(work)
        check_coding(work)
        move_to_site(work)
        set_types(work)
        check_rows(work)
        work.take_out_cells()
        self.reading.parts.join(work)

    def part(self) -> Part:
        """What can be known of these files alone, of those in which nothing is found."""
        there = {export.table for export in self.reading.exports} & self.reading.alone
        for name, table in self.plan.tables.items():
            if (table.source or name) in there:
                self._read(name)
        return self.reading.part(list(self.works.values()))

    def _settle(self) -> None:
        """What leaves takes more with it, until nothing further leaves."""
        before = -1
        while before < (before := sum(len(work.gone) for work in self.works.values())):
            widen(self.plan, self.works)
            references(self.works)

    @property
    def findings(self) -> list[Finding]:
        """Every finding, about files, rows and cells."""
        return [*self.reading.findings, *(f for work in self.works.values() for f in work.findings)]


def check_rows(work: Work) -> None:
    """The model's checks over several columns, and the status of the form.

    A row in which one of the rule's cells has no value because of a finding is passed over: that is told there. So is
    a file that lacks one of the rule's columns, which is told once.
    """
    lost: dict[str, set[int]] = {}
    for found in work.findings:
        if found.rule in LOSES and found.key:
            lost.setdefault(found.column, set()).add(found.key)
    for key, name in work.lost:
        lost.setdefault(work.plan.cell(name), set()).add(key)
    absent = {(found.column, found.file) for found in work.findings if found.rule == "column_missing"}
    for rule, keys in broken_rules(work.frame, work.table):
        raw = {work.plan.cell(column) for column in rule.columns}
        without = [n for n, source in work.sources.items() if any((cell, source.export.path) in absent for cell in raw)]
        keys = keys[[number_of(key) not in without for key in keys]] if without else keys
        reported = set().union(*(lost.get(work.plan.cell(column), ()) for column in rule.columns))
        keys = keys[~keys.isin(reported)] if reported else keys
        work.report(keys, rule.id, rule.columns[0], rule.expected, rule.severity, concerned=rule.columns)
    if work.plan.status:
        bad = ~work.cells[work.plan.status].among(work.plan.status_accepted)
        expected = f"form status {' or '.join(work.plan.status_accepted)}"
        work.report(work.keys[bad], "form_status", work.plan.status, expected)


def find_plates_of_one_name(work: Work) -> None:
    """A file with two plates of one name leaves as a whole, unless the table tells them apart by their number."""
    if not any(column.reading for column in work.table.columns) or "plate" in work.plan.unit:
        return
    column = work.plan.unit[0] if work.plan.unit else ""
    for source in work.sources.values():
        if source.lost or source.from_part or not {"plate", column} <= set(source.extract.columns):
            continue
        texts = dict(zip(source.extract.columns, source.extract.cells, strict=True))
        plates: dict[str, set[str]] = {}
        for number, name in sorted(set(zip(texts["plate"], texts[column], strict=True))):
            plates.setdefault(str(name), set()).add(str(number))
        for name in (name for name, numbers in plates.items() if len(numbers) > 1):
            expected = f"plates of different names; {len(plates[name])} plates of this file are called {name}"
            work.find("plate_twice", source.export, None, column, expected)


def find_plates_of_two_files(work: Work) -> None:
    """A later file with a plate of a name that an earlier file has at the same wavelength leaves as a whole."""
    if not any(column.reading for column in work.table.columns) or not len(work.frame):
        return
    numbers = work.frame.index.to_numpy() >> SHIFT
    plates = work.frame[UNIT].str.rsplit("/", n=1).str[0].str.strip()
    names = plates.str.cat(work.frame["wavelength"].fillna(""), sep=" at ") if "wavelength" in work.frame else plates
    files: dict[str, int] = {}
    for name, number in sorted(set(zip(names.dropna(), numbers[names.notna()], strict=True))):
        first = files.setdefault(name, number)
        if first != number:
            other = work.sources[first].export.path
            expected = f"plates of different names; plate {name} is in {other} as well"
            work.find("plate_twice", work.sources[number].export, None, work.plan.cell(UNIT), expected)


def find_duplicates(work: Work) -> None:
    """Later copies of a row leave; rows of one key that contradict each other all leave.

    Before that, a row of which a finding has taken a cell leaves for one of the same key that is whole.
    """
    keys = list(work.table.key)
    if not keys:
        return
    if work.lost:
        names = work.kept()[keys]
        shared = names[names.duplicated(keep=False)]
        whole = shared[~shared.index.isin([key for key, _ in work.lost])]
        doubtful = shared.drop(whole.index).reset_index().merge(whole.drop_duplicates(), on=keys)
        work.gone.update(doubtful.iloc[:, 0].tolist())
    copies, conflicts = repeated_keys(work.kept(), keys)
    expected = f"one row for each {' and '.join(keys)}"
    work.report(copies, "duplicate_row", keys[0], f"{expected}; this is a copy")
    work.report(conflicts, "duplicate_conflict", keys[0], f"{expected}; these differ")


def read_exports(plan: Plan, exports: list[RawFile], folder: str | Path, root: str | Path = ".") -> None:
    """Read some files of a study, and write the part of those in which nothing is found.

    What is wrong with the plan is not told here, once a bucket: no part is written, and the validation tells it.
    """
    try:
        part = Validation(plan, exports, root).part()
    except Fault:
        part = Part()
    write_part(part, folder)


def validate_study(
    plan: Plan,
    exports: list[RawFile],
    findings_path: str | Path,
    folder: str | Path,
    root: str | Path = ".",
    parts: Iterable[str | Path] = (),
) -> None:
    """Validate a study and write its tables; findings are written first and survive a stop.

    ``parts``: folders of what ``read_exports`` wrote; files that are in none are read.
    Raises Fault, naming file, line, column and rule of each stopping finding, with nothing else written.
    """
    validation = Validation(plan, exports, root, Parts(parts))
    validation.run()
    works = validation.works.values()
    write_findings(validation.findings, findings_path, row_names(works), validation.rules)
    stop_if_any(validation.findings, findings_path)
    tell(plan, validation.findings, findings_path)
    write(works, quarantined(works), folder, validation.reading.parts.places())
    write_counts(validation.findings, Path(folder) / "findings.csv")


def tell(plan: Plan, findings: Iterable[Finding], path: str | Path) -> None:
    """What was quarantined or warned of, on stderr, without values."""
    words = summary(list(findings))
    for line in words:
        sys.stderr.write(f"omtrace: {plan.study}: {line}\n")
    if words:
        sys.stderr.write(f"omtrace: {plan.study}: all findings, with values, in {path} (confidential)\n")

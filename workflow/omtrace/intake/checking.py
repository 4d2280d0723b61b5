"""``omtrace check FILE...``: the findings that files would give, before anything is registered."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from omtrace.audit.layout import printable
from omtrace.faults import Fault
from omtrace.intake.verdicts import Verdict, verdicts_of
from omtrace.model.closed import nearest
from omtrace.model.folders import folders_of, plan_file, read_registered
from omtrace.model.own_files import fault_of_place
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import Export, export_at, exports_of, sha256_of
from omtrace.provenance.stage_inputs import sound_parts
from omtrace.readers._recognised import recognised
from omtrace.readers.lookup import way_of
from omtrace.schemas import RuleText, table_in
from omtrace.validation.findings import WORST, Finding
from omtrace.validation.parts import Parts
from omtrace.validation.reading import wanted_columns
from omtrace.validation.validate import Validation

CELLS = 12  # lines of one rule
SHOWN = 36  # characters of a value
FOLLOWING = ("batch", "unit", "reference", "roster", "expected_row")  # rules that often follow from another finding
TAKEN = "batch"  # the rule of rows that go because of another finding: counted, and shown one by one with --all only


@dataclass(frozen=True)
class Outcome:
    """What a run would find and do: findings at the new files and elsewhere, rules, and the verdicts on plates.

    ``emptied``: tables of the new files that would be left without a row.
    """

    findings: list[Finding]
    elsewhere: list[Finding]
    rules: dict[str, RuleText]
    verdicts: list[Verdict]
    emptied: list[str]

    @property
    def stops(self) -> bool:
        """Whether a run would stop."""
        return any(f.severity == "stop" for f in (*self.findings, *self.elsewhere))


@dataclass(frozen=True)
class Request:
    """What the command line says about the files; "" = as found. ``replaces``: the registered file to be replaced."""

    study: str = ""
    table: str = ""
    batch: str = ""
    replaces: str = ""


def check(files: Sequence[str], request: Request, root: str | Path = ".") -> tuple[Outcome, list[str]]:
    """What a run would find and do with the files, and why files were passed over.

    The files are checked beside the study's registered exports; tables without an export are skipped, and so are
    files that do not exist or whose table cannot be determined. Raises Fault if no file is left, or if the study cannot
    be determined.
    """
    root = Path(root)
    registered = read_registered(root)
    study = request.study or _study(files, registered)
    plan = read_plan(plan_file(study, root))
    known = [e for e in exports_of(registered, study) if (root / e.path).is_file()]
    number = max([0, *(e.number for e in registered)])
    new: list[Export] = []
    passed: list[str] = []
    for n, file in enumerate(files, 1):
        try:
            new.append(draft(number + n, study, Path(file), request, plan, known, root))
        except Fault as fault:
            passed += fault.lines
    if not new:
        raise Fault(*passed)
    gone = {export_at(known, request.replaces).path} if request.replaces else set()
    paths = {(root / e.path).resolve() for e in new}
    beside = [e for e in known if e.path not in gone and (root / e.path).resolve() not in paths]
    return findings_at(new, beside, plan, root, known), passed


def findings_at(
    new: Sequence[Export], beside: Sequence[Export], plan: Plan, root: Path, before: Sequence[Export]
) -> "Outcome":
    """The findings at new exports beside others of their study, those elsewhere, and what the rules mean.

    Elsewhere: what stops, and what takes rows out that the exports ``before`` alone would keep. Raises Fault, in one
    sentence, for a file whose bytes are those of another.
    """
    refuse_twins(new, beside, root)
    validation = _validated([*beside, *new], plan, root)
    mine = {export.path for export in new}
    here = [f for f in validation.findings if f.file in mine]
    elsewhere = [f for f in validation.findings if f.severity in ("stop", "quarantine") and f.file not in mine]
    if any(f.severity == "quarantine" for f in elsewhere):
        known = {_at(f) for f in _validated(before, plan, root).findings}
        elsewhere = [f for f in elsewhere if f.severity == "stop" or _at(f) not in known]
    tables = {name: entry.source or name for name, entry in plan.tables.items()}
    works = [w for w in validation.works.values() if tables[w.name] in {export.table for export in new}]
    emptied = [work.name for work in works if not set(work.frame.index) - work.gone]
    return Outcome(here, elsewhere, validation.rules, verdicts_of(validation, new), emptied)


def refuse_twins(new: Sequence[Export], beside: Sequence[Export], root: Path) -> None:
    """Raise Fault for a file with the bytes of another that is new, or that the study reads already."""
    first = {export.sha256: export.path for export in beside}
    faults = []
    for export in new:
        digest = sha256_of(root / export.path)
        other = first.setdefault(digest, export.path)
        if other != export.path:
            faults.append(f"{export.path}: the same bytes as {other}: a file sent twice; leave one of them out")
    if faults:
        raise Fault(*faults)


def _validated(exports: Sequence[Export], plan: Plan, root: Path) -> Validation:
    registered = read_registered(root)
    parts = sound_parts(plan, registered, plan_file(plan.study, root), root / "results" / plan.study)
    plan = _narrowed(plan, {e.table for e in exports})
    validation = Validation(plan, list(exports), root, Parts(parts))
    validation.run()
    return validation


def _at(finding: Finding) -> tuple:
    return finding.file, finding.table, finding.part, finding.line, finding.column, finding.rule


def _narrowed(plan: Plan, sources: set[str]) -> Plan:
    """The plan with the tables that have an export, and with the checks that need no other."""
    tables = {name: entry for name, entry in plan.tables.items() if (entry.source or name) in sources}
    missing = {repr(name) for name in plan.tables.keys() - tables.keys()}
    checks = {n: e for n, e in plan.checks.items() if not any(name in repr(e.options) for name in missing)}
    return plan.model_copy(update={"tables": tables, "checks": checks})


def _study(files: Sequence[str], registered: Sequence[Export]) -> str:
    """The study in whose raw folder the files lie."""
    studies = sorted({export.study for export in registered})
    found = {next((part for part in reversed(Path(file).parts[:-1]) if part in studies), "") for file in files}
    if len(found) != 1 or "" in found:
        raise Fault(f"which study is it? say --study NAME ({', '.join(studies)})")
    return found.pop()


def draft(number: int, study: str, path: Path, request: Request, plan: Plan, known: list[Export], root: Path) -> Export:
    """A file as a row of the register: from its own row or the one that it replaces, else from the request."""
    raw = Path(os.path.abspath(root / folders_of(root).raw))
    place = Path(os.path.abspath(root / path))
    if kind := fault_of_place(place, raw if place.is_relative_to(raw) else place.parent):
        raise Fault(f"{path.as_posix()}: {kind}")
    if not place.is_file():
        raise Fault(f"{path.as_posix()}: there is no such file")
    own = (root / path).resolve()
    like = next((e for e in known if e.path.endswith(own.name) and (root / e.path).resolve() == own), None)
    like = export_at(known, request.replaces) if request.replaces else like
    draft = like or Export(0, study, f"new_{number}", "", "", "", "", "", "received", "", "", "")
    draft = replace(draft, number=number, path=path.as_posix(), received_on=date.today().isoformat())
    draft = replace(draft, batch=request.batch or draft.batch)
    tables = sorted({entry.source or name for name, entry in plan.tables.items()})
    if request.table and request.table not in tables:
        raise Fault(f"the plan has no table {request.table}{nearest(request.table, tables)} ({', '.join(tables)})")
    return replace(draft, table=request.table or draft.table or _table(draft, plan, known, root))


def _table(export: Export, plan: Plan, registered: list[Export], root: Path) -> str:
    """The source table whose columns the file has. Raises Fault where none, or several, fit, or none can be read."""
    if not (root / export.path).stat().st_size:
        raise Fault(f"{export.path}: the file is empty")
    shares: dict[str, float] = {}
    for name, entry in plan.tables.items():
        way = way_of(plan, name, registered, root)
        try:
            columns = way.read(export, root).columns
        except Fault:
            continue
        wanted = wanted_columns(entry, table_in(entry, name))
        source = entry.source or name
        shares[source] = max(shares.get(source, 0), sum(c in columns for c in wanted) / len(wanted))
    tables = ", ".join(sorted({entry.source or name for name, entry in plan.tables.items()}))
    if not shares:
        known = recognised((root / export.path).read_bytes(), "")
        raise Fault(
            f"{export.path}: no table of the plan can be read from it; {known or 'is it damaged, or another file?'} "
            f"--table NAME says what its reader expects ({tables})"
        )
    best = [name for name, share in shares.items() if share == max(shares.values()) and share >= 0.5]
    if len(best) != 1:
        raise Fault(f"{export.path}: which table is it? its columns fit none or several; say --table NAME ({tables})")
    return best[0]


def print_unchecked(lines: Sequence[str], files: int) -> None:
    """Print why files could not be checked, and how many of all ``files`` these are."""
    for line in lines:
        print(f"not checked: {printable(line)}")
    if lines:
        print(f"{len(lines)} of {files} files not checked")


def print_findings(outcome: Outcome, files: int, every: bool = False) -> bool:
    """Print findings by file, worst first and causes before what follows from them, and what a run would do.

    Returns whether one of the findings, or of what they cause, stops.
    """
    findings, elsewhere, rules = outcome.findings, outcome.elsewhere, outcome.rules
    causes = {f.file for f in findings if f.rule not in FOLLOWING and f.severity in ("stop", "quarantine")}
    findings.sort(
        key=lambda f: (
            f.file not in causes,
            f.file,
            WORST[f.severity],
            f.rule in FOLLOWING,
            f.rule,
            f.part,
            f.line,
            f.column,
        )
    )
    for file, group in groupby(findings, key=lambda f: f.file):
        print(printable(file))
        _print_rules(list(group), rules, 0 if every else CELLS)
    for finding in elsewhere:
        if finding.severity == "stop":
            print(f"stop, in another file: {printable(finding.place())}")
    for (file, rule), lost in Counter((f.file, f.rule) for f in elsewhere if f.severity == "quarantine").items():
        print(f"quarantine, in another file, because of these: {printable(file)}: {rule} ({lost})")
    counts = [f"{sum(f.severity == name for f in findings)} {name}" for name in WORST]
    stops = any(f.severity == "stop" for f in (*elsewhere, *findings))
    without = " without what is quarantined" * any(f.severity == "quarantine" for f in (*elsewhere, *findings))
    for plate in outcome.verdicts:
        print(f"plate {printable(plate.plate)}, {plate.parameter}: {plate.says}")
    plates = {verdict.plate for verdict in outcome.verdicts}
    refused = {verdict.plate for verdict in outcome.verdicts if not verdict.usable}
    if refused:
        without += " and" * bool(without) + f" without {len(refused)} of {len(plates)} plate{'s' * (len(plates) != 1)}"
    verdict = "a run would stop" if stops else f"a run would go on{without}"
    print(f"{files} file{'s' * (files > 1)}: {', '.join(counts)}: {verdict}")
    for table in () if stops else outcome.emptied:
        print(f"table {table} would have no rows: what is analysed of it would stand in the results as not computed")
    return stops


def _print_rules(findings: list[Finding], rules: dict[str, RuleText], most: int) -> None:
    """The findings of one file: a heading a rule, with meaning and fix, and ``most`` of its cells (0: all)."""
    for (severity, rule), group in groupby(findings, key=lambda f: (f.severity, f.rule)):
        found = list(group)
        text = rules[rule]
        print(f"\n  {severity} {rule} ({len(found)}): {text.meaning}")
        if rule == TAKEN and most:
            continue
        print(f"  fix: {text.fix}")
        cells = [tuple(map(printable, (_where(f), f.column, _value(f), f.expected))) for f in found]
        more = len(cells) - most if most else 0
        cells = cells[:most] if most else cells
        heads = ("where", "column", "value", "expected")
        widths = [max(len(row[n]) for row in [heads, *cells]) for n in range(3)]
        for row in [heads, *cells]:
            print(f"    {'  '.join(text.ljust(width) for text, width in zip(row, widths, strict=False))}  {row[3]}")
        for line in dict.fromkeys(line for f in found if f.rule == "unreadable" for line in f.value.splitlines()):
            print(f"    seen, line {printable(line)}")
        if more > 0:
            print(f"    ... and {more} more (--all shows them)")
    print()


def _value(finding: Finding) -> str:
    """The value of a cell; the first lines of a file that cannot be read stand below, each on its own."""
    return "" if finding.rule == "unreadable" else finding.value[:SHOWN]


def _where(finding: Finding) -> str:
    if "!" in finding.part:
        return finding.part
    return " ".join(filter(None, [f"line {finding.line}" if finding.line else "file", finding.part]))

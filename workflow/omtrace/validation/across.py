"""Checks over more than one row: references, enrolment, the plan's crosschecks, and how far a finding reaches."""

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from omtrace.model.closed import checked
from omtrace.model.plan import USUAL, DatasetPlan, Plan
from omtrace.plugins import plugin
from omtrace.provenance.keys import SHIFT, key_of, number_of
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.catalogue import RULES
from omtrace.validation.checks import reference_check, refused, within
from omtrace.validation.crosschecks import CrossCheck, Tables
from omtrace.validation.units import near
from omtrace.validation.work import Work

if TYPE_CHECKING:
    import pandas

ROW = re.compile(r"row ([0-9]+):([0-9]+)")  # a key, as crosschecks write it
NEAR = 5_000  # rows of a table in which the nearest value is looked for
WHOLE_FILE = {rule.id for rule in RULES if rule.whole_file}


def references(works: dict[str, Work]) -> None:
    """Report values that another table does not have; rows that leave may be wanted elsewhere, so call it again.

    Several tables of one kind, such as the readings of two readers, are one table to those that refer to it.
    """
    import pandas

    for work in works.values():
        for reference in work.table.references:
            targets = [other for other in works.values() if _is_table(other, reference.table)]
            if not targets:
                continue
            known = pandas.concat([other.kept()[reference.other].dropna() for other in targets])
            rows = work.kept()
            if reference.where:
                rows = rows[rows[reference.where[0]] == reference.where[1]]
            mine = rows[reference.column].dropna()
            column = work.plan.cell(reference.column)
            reported = {f.key for f in work.findings if f.rule == "reference" and f.column == column}
            check = reference_check(reference, known)
            strange = [key for key in mine.index[refused(check, mine)] if key not in reported]
            by_place: dict[str, list[int]] = {}
            for key in strange:
                hints = (_nearest(other, reference.other, str(mine[key])) for other in targets)
                by_place.setdefault(next(filter(None, hints), ""), []).append(key)
            for hint, keys in by_place.items():
                work.report(keys, "reference", reference.column, f"{check.error}{hint}")


def _is_table(work: Work, name: str) -> bool:
    """Whether a table is the one that a reference names, or one of its kind."""
    return name in (work.name, work.plan.library(work.name))


def _nearest(work: Work, column: str, text: str) -> str:
    """Where the value of a column stands that a text is nearest to, in words; "" if none is near."""
    values = work.kept()[column].dropna()
    close = near(text, values.astype("str").unique()) if len(values) <= NEAR else ""
    if not close:
        return ""
    return (
        f" (nearest: line {work.place(int(values.index[values.astype('str') == close][0])).first_line} of that table)"
    )


def roster(works: dict[str, Work], dataset: DatasetPlan) -> None:
    """Report rows of units that are not enrolled: derivations would pass over them in silence.

    A unit of the roster counts as enrolled even if its own row is quarantined. Readings of plates are left
    alone: a plate has wells that are not in use.
    """
    listed = dataset.roster
    if listed.column != UNIT or listed.table not in works:
        return
    enrolled = works[listed.table].frame[UNIT].dropna()
    used = {str(p.options.get("table", "")) for p in dataset.parameters.values() if p.derive != "well_signal"}
    for name in sorted((used - {listed.table}) & set(works)):
        work = works[name]
        mine = work.kept()[UNIT].dropna() if UNIT in work.frame else enrolled
        expected = f"an enrolled {dataset.unit} (table {listed.table})"
        work.report(mine.index[~within(mine, enrolled)], "roster", UNIT, expected)


def crosscheck(plan: Plan, works: dict[str, Work], rules: Mapping[str, RuleText]) -> None:
    """Run the usual crosschecks and those of the plan over the rows kept so far."""
    tables = _tables(plan, works)
    entries: dict[str, tuple[str, dict]] = {name: (name, {}) for name in USUAL}
    entries = {n: e for n, e in entries.items() if n not in {c.check for c in plan.checks.values()}}
    entries |= {name: (entry.check, entry.options) for name, entry in plan.checks.items()}
    for name, (module, given) in entries.items():
        where = f"checks.{name}"
        check: CrossCheck = plugin("validation.crosschecks", module, "CROSSCHECK")
        options = checked(check.options, given, f"plan of {plan.study}: {where}.options")
        for hit in check.find(tables, where, options):
            work = works[hit.table]
            expected = ROW.sub(partial(_line, works, work, number_of(hit.key)), hit.expected)
            work.report([hit.key], hit.rule, hit.column, expected, rules[hit.rule].severity)


def _line(works: Mapping[str, Work], mine: Work, number: int, found: re.Match) -> str:
    """Where a row stands that a crosscheck names by its key: the line, with the file where it is not ``number``."""
    key = key_of(int(found[1]), int(found[2]))
    work = next(w for w in (mine, *works.values()) if number_of(key) in w.sources)
    file = "" if number_of(key) == number else f" of {work.sources[number_of(key)].export.path}"
    return f"line {work.place(key).first_line}{file}"


def _tables(plan: Plan, works: dict[str, Work]) -> Tables:
    exports = {n: source.export for work in works.values() for n, source in work.sources.items()}
    return Tables(
        plan.study,
        {name: work.kept() for name, work in works.items()},
        {name: work.table for name, work in works.items()},
        {number: export.received_on for number, export in exports.items()},
        {number: export.batch for number, export in exports.items()},
        {name: _taken(work) for name, work in works.items()},
    )


def _taken(work: Work) -> "pandas.DataFrame":
    """The typed rows that findings have taken out, but for those whose key another row still has: they lack nowhere."""
    import pandas

    keys = list(work.table.key)
    if not work.gone:
        return work.frame.iloc[:0]
    gone = work.frame[work.frame.index.isin(work.gone)]
    if not keys:
        return gone
    there = pandas.MultiIndex.from_frame(work.kept()[keys])
    return gone[~pandas.MultiIndex.from_frame(gone[keys]).isin(there)] if len(gone) else gone


def widen(plan: Plan, works: dict[str, Work]) -> None:
    """Take out whole files, units and batches where the rule, or the plan's scope for it, reaches so far."""
    lost = _lost_files(works)
    batches = {_batch_of(works, number) for number in lost} - {""}
    units: set[str] = set()
    for work in works.values():
        for found in [f for f in work.findings if f.severity == "quarantine" and f.key]:
            scope = plan.scopes.get(found.rule, "row")
            if scope == "unit" and found.key in work.frame.index and UNIT in work.frame:
                units.add(str(work.frame.at[found.key, UNIT]))
            elif scope == "batch":
                batches.add(_batch_of(works, number_of(found.key)) or f"@{number_of(found.key)}")
    for work in works.values():
        _take_out(work, lost, batches, units)


def _lost_files(works: dict[str, Work]) -> dict[int, str]:
    """Register number -> rule, of the files that are left out whole."""
    lost = {n: source.lost for work in works.values() for n, source in work.sources.items() if source.lost}
    for work in works.values():
        numbers = {source.export.path: number for number, source in work.sources.items()}
        for found in work.findings:
            if found.rule in WHOLE_FILE and found.severity == "quarantine":
                lost.setdefault(numbers[found.file], found.rule)
    return lost


def _batch_of(works: dict[str, Work], number: int) -> str:
    sources = (work.sources[number] for work in works.values() if number in work.sources)
    return next(source.export.batch for source in sources)


def _take_out(work: Work, lost: Mapping[int, str], batches: set[str], units: set[str]) -> None:
    """Findings for the rows that leave because of something elsewhere."""
    kept = work.kept()
    numbers = kept.index.to_numpy() >> SHIFT
    for number, source in work.sources.items():
        if number not in lost and source.export.batch not in batches and f"@{number}" not in batches:
            continue
        mine = kept.index[numbers == number]
        if number in lost:
            source.extract.decisions["left out"] = f"the whole file: {lost[number]}"
            expected = f"a file that can be used; this one has the finding {lost[number]}"
            work.report(mine, "batch", work.table.columns[0].name, expected, "quarantine")
        else:
            work.report(mine, "batch", work.table.columns[0].name, "a batch whose files can all be used", "quarantine")
    if units and UNIT in work.frame:
        kept = work.kept()
        work.report(kept.index[kept[UNIT].isin(units)], "unit", UNIT, "a unit without such a finding", "quarantine")

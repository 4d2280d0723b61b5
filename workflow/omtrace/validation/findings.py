"""Findings: what is wrong, where, how bad, and what was expected. Values stand in the table only."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.closed import nearest
from omtrace.model.plan import Plan
from omtrace.model.register import RawFile
from omtrace.provenance.keys import key_text
from omtrace.schemas import RuleText
from omtrace.validation.catalogue import RULES

HEADER = (
    "severity",
    "rule",
    "file",
    "part",
    "line",
    "column",
    "table",
    "value",
    "expected",
    "key",
    "unit",
    "visit",
    "row",
    "fix",
    "takes_out",
)
WORST = {"stop": 0, "quarantine": 1, "warn": 2, "note": 3}
SHOWN = 40
Names = Mapping[tuple[str, int], tuple[str, str, str]]
USUAL = {rule.id: rule for rule in RULES}


@dataclass(frozen=True)
class Finding:
    """One finding. ``key`` is 0 for a finding about a whole file or column; ``line`` 0 where there is none.

    ``takes_out``: "cell" or "row", where it is a quarantine of one.
    """

    severity: str
    rule: str
    file: str
    table: str
    line: int
    column: str
    expected: str
    value: str = ""
    part: str = ""
    key: int = 0
    takes_out: str = ""

    def place(self) -> str:
        """File, line, column and rule, without the value."""
        part = f" [{self.part}]" if self.part else ""
        line = f": line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{part}{line}{column}: {self.rule}: {self.says()}"

    def says(self) -> str:
        """What was expected; a file that cannot be read tells why in words of its own."""
        return self.expected if self.rule == "unreadable" else f"expected {self.expected}"


def severity_of(plan: Plan, rule: str, default: str = "", export: RawFile | None = None) -> str:
    """The plan's severity of a rule, else the rule's own.

    A rule about a whole ``export`` that would stop the study takes out no more than its batch, where it has one
    and the rule allows it: one bad batch does not stop the others, unless the plan says so.
    """
    if rule in plan.severities:
        return plan.severities[rule]
    text = USUAL.get(rule)
    severity = default or (text.severity if text else "quarantine")
    if severity == "stop" and export and export.batch and text and "quarantine" in text.severities:
        return "quarantine"
    return severity


def check_severities(plan: Plan, known: Mapping[str, RuleText]) -> None:
    """Raise Fault for severities and scopes of rules that do not exist, and for severities that a rule cannot have."""
    faults = []
    for section, entries in (("severities", plan.severities), ("scopes", plan.scopes)):
        where = f"plan of {plan.study}: {section}"
        faults += [f"{where}: there is no rule {rule!r}{nearest(rule, known)}" for rule in entries if rule not in known]
    faults += [
        f"plan of {plan.study}: severities.{rule}: only {' or '.join(known[rule].severities)}"
        for rule, severity in plan.severities.items()
        if rule in known and severity not in known[rule].severities
    ]
    if faults:
        raise Fault(*faults)


def write_findings(
    findings: list[Finding], path: str | Path, names: Names | None = None, known: Mapping[str, RuleText] | None = None
) -> None:
    """Write the confidential table of all findings, worst first, then by file and line.

    ``names``: table and key -> unit, visit and further names of the row; ``known``: rule id -> its text.
    """
    names, known = names or {}, known or USUAL
    rows = sorted(findings, key=lambda f: (WORST[f.severity], f.file, f.part, f.line, f.column, f.rule, f.table))
    store.write_csv(
        path,
        HEADER,
        (
            (
                f.severity,
                f.rule,
                f.file,
                f.part,
                f.line or "",
                f.column,
                f.table,
                f.value,
                f.expected,
                key_text(f.key) if f.key else "",
                *names.get((f.table, f.key), ("", "", "")),
                known[f.rule].fix if f.rule in known else "",
                f.takes_out,
            )
            for f in rows
        ),
    )


def summary(findings: list[Finding]) -> list[str]:
    """What was quarantined or warned of, one line a file, table, rule and column, with lines but no values."""
    groups: dict[tuple, list[Finding]] = {}
    for f in findings:
        if f.severity in ("quarantine", "warn"):
            groups.setdefault((f.file, f.table, f.severity, f.rule, f.column, f.expected), []).append(f)
    lines = []
    for (file, table, severity, rule, column, _), group in sorted(groups.items()):
        at = sorted({f.line for f in group if f.line})
        shown = ", ".join(map(str, at[:8])) + (", ..." if len(at) > 8 else "")
        part = f" [{group[0].part}]" if len(group) == 1 and group[0].part else ""
        where = part + (f": line{'s'[: len(at) != 1]} {shown}" if at else "")
        place = f"{', column ' + column if column else ''}{', table ' + table if table else ''}"
        lines.append(f"{severity}: {file}{where}{place}: {rule}: {group[0].says()} ({len(group)})")
    return lines


def stop_if_any(findings: list[Finding], path: str | Path) -> None:
    """Raise Fault, naming every place but no value, if a finding stops the study."""
    stops = [f for f in findings if f.severity == "stop"]
    if not stops:
        return
    lines = [finding.place() for finding in stops[:SHOWN]]
    if len(stops) > SHOWN:
        lines.append(f"... and {len(stops) - SHOWN} more")
    counts = Counter(f.severity for f in findings)
    summary = ", ".join(f"{counts[s]} {s}" for s in ("stop", "quarantine", "warn", "note") if counts[s])
    raise Fault(
        *lines, f"findings: {summary}; all of them, with values, in {path} (confidential). Nothing was written."
    )

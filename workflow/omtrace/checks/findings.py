"""Findings: what is wrong, where, how bad, and what was expected. Values stand in the table only."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from omtrace import store
from omtrace.faults import Fault
from omtrace.keys import key_text
from omtrace.study.plan import Plan, nearest

# Order of precedence: the first finding of a row, in this order, is its primary reason.
DEFAULTS = {
    "unreadable": "stop",
    "column_missing": "stop",
    "row_width": "quarantine",
    "event_missing": "quarantine",
    "instance_missing": "quarantine",
    "no_well": "quarantine",
    "unit_missing": "quarantine",
    "type": "quarantine",
    "code": "quarantine",
    "required": "quarantine",
    "range": "quarantine",
    "allowed": "quarantine",
    "form_status": "quarantine",
    "duplicate_row": "quarantine",
    "duplicate_conflict": "quarantine",
    "reference": "quarantine",
    "roster": "quarantine",
    "export_unread": "warn",
    "column_undeclared": "note",
    "coded_missing": "note",
}
# Severities that a rule cannot go below: what is not there cannot be kept with a warning.
FIRM = {"unreadable": ("stop",)} | dict.fromkeys(
    ("row_width", "event_missing", "instance_missing", "no_well", "unit_missing"), ("quarantine", "stop")
)
HEADER = ("severity", "rule", "file", "part", "line", "column", "table", "value", "expected", "key")
SHOWN = 40


@dataclass(frozen=True)
class Finding:
    """One finding. ``key`` is 0 for a finding about a whole file or column; ``line`` 0 where there is none."""

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

    def place(self) -> str:
        """File, line, column and rule, without the value."""
        part = f" [{self.part}]" if self.part else ""
        line = f": line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        says = self.expected if self.rule == "unreadable" else f"expected {self.expected}"
        return f"{self.file}{part}{line}{column}: {self.rule}: {says}"


def severity_of(plan: Plan, rule: str, default: str = "") -> str:
    """The plan's severity of a rule, else the rule's own."""
    return plan.severities.get(rule, default or DEFAULTS.get(rule, "quarantine"))


def check_severities(plan: Plan, declared: set[str]) -> None:
    """Raise Fault for severities of rules that do not exist (``declared``: the tables' own), or below the lowest."""
    known = [*DEFAULTS, *sorted(declared)]
    where = f"plan of {plan.study}: severities"
    faults = [
        f"{where}: there is no rule {rule!r}{nearest(rule, known)}" for rule in plan.severities if rule not in known
    ]
    faults += [
        f"{where}.{rule}: only {' or '.join(FIRM[rule])}"
        for rule, severity in plan.severities.items()
        if rule in FIRM and severity not in FIRM[rule]
    ]
    if faults:
        raise Fault(*faults)


def write_findings(findings: list[Finding], path: str | Path) -> None:
    """Write the confidential table of all findings, worst first, then by file and line."""
    order = {"stop": 0, "quarantine": 1, "warn": 2, "note": 3}
    rows = sorted(findings, key=lambda f: (order[f.severity], f.file, f.part, f.line, f.column, f.rule, f.table))
    store.write_csv(
        path,
        HEADER,
        (
            (f.severity, f.rule, f.file, f.part, f.line or "", f.column, f.table, f.value, f.expected,
             key_text(f.key) if f.key else "")
            for f in rows
        ),
    )  # fmt: skip


def summary(findings: list[Finding]) -> list[str]:
    """What was quarantined or warned of, one line a file, table, rule and column, with lines but no values."""
    groups: dict[tuple, list[Finding]] = {}
    for f in findings:
        if f.severity in ("quarantine", "warn"):
            groups.setdefault((f.file, f.table, f.severity, f.rule, f.column, f.expected), []).append(f)
    lines = []
    for (file, table, severity, rule, column, expected), group in sorted(groups.items()):
        at = sorted({f.line for f in group if f.line})
        shown = ", ".join(map(str, at[:8])) + (", ..." if len(at) > 8 else "")
        part = f" [{group[0].part}]" if len(group) == 1 and group[0].part else ""
        where = part + (f": line{'s'[: len(at) != 1]} {shown}" if at else "")
        place = f"{', column ' + column if column else ''}{', table ' + table if table else ''}"
        lines.append(f"{severity}: {file}{where}{place}: {rule}: expected {expected} ({len(group)})")
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

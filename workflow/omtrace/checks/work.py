"""One table on its way through the checks: raw text, typed frame, findings, and its rows by fate."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omtrace.checks.findings import Finding, severity_of
from omtrace.keys import Place
from omtrace.schemas import Table
from omtrace.study.plan import Plan, TablePlan
from omtrace.study.register import Export

if TYPE_CHECKING:
    import pandas


@dataclass
class Work:
    """One table of a study. Every frame has the rows' keys as its index."""

    name: str
    study: Plan
    plan: TablePlan
    table: Table
    exports: list[Export]
    text: Any = None  # raw columns, as texts without blanks around them
    frame: Any = None  # the declared columns, typed
    where: "dict[int, tuple[Export, Place]]" = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    out_of_scope: dict[str, int] = field(default_factory=dict)
    rows_in: int = 0
    gaps: list[tuple[int, str, str]] = field(default_factory=list)  # key, column, what the missing-data code says
    broken: dict[int, str] = field(default_factory=dict)  # rows that never became rows: key -> rule

    def find(self, rule: str, export: Export, place: Place | None, column: str, expected: str, value: str = "",
             key: int = 0, default: str = "") -> None:  # fmt: skip
        """Add a finding at a place, or, without one, at the head of a file."""
        severity = severity_of(self.study, rule, default)
        line = place.first_line if place else 1
        part = f"{place.part} {place.column}".strip() if place else ""  # one line may hold all wells of a plate
        self.findings.append(Finding(severity, rule, export.path, self.name, line, column, expected, value, part, key))

    def report(self, keys: Any, rule: str, column: str, expected: str, default: str = "") -> None:
        """One finding for each key, at a column of the table, with the raw value."""
        raw = self.plan.raw(column)
        for key in keys:
            export, place = self.where[key]
            value = self.text.at[key, raw] if raw in self.text.columns else ""
            self.find(rule, export, place, raw, expected, value, key, default)

    def leave(self, mask: Any, reason: str) -> None:
        """Rows that the table does not ask about go, and are counted."""
        count = int(mask.sum())
        if count:
            self.out_of_scope[reason] = self.out_of_scope.get(reason, 0) + count
            self.text = self.text[~mask]

    def kept(self) -> "pandas.DataFrame":
        """The typed rows that no finding has taken away so far."""
        gone = {f.key for f in self.findings if f.severity in ("quarantine", "stop")}
        return self.frame[~self.frame.index.isin(gone)]

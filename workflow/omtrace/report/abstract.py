"""What the index of all studies shows of one: ``abstract.json``, of the words and numbers of its report."""

from collections import Counter
from collections.abc import Mapping
from typing import TypedDict

from omtrace.model.plan import Plan
from omtrace.report.answers import Pieces
from omtrace.validation.catalogue import known_rules

VERDICT = "plate_verdict"


class FindingsOfTable(TypedDict):
    """What a rule found in a table: severity, columns, how many cells or rows."""

    table: str
    severity: str
    columns: list[str]
    cells: int


class RuleOfStudy(TypedDict):
    """A rule that a study is checked by, and what it found, by table."""

    rule: str
    meaning: str
    fix: str
    found: list[FindingsOfTable]


class Abstract(TypedDict):
    """What the index shows of a study. A number in an answer is ``[id, text]``; no raw value and no place is in it."""

    study: str
    title: str
    kind: str
    open_lines: list[str]
    asked: bool
    answers: list[dict[str, object]]
    refused: list[dict[str, object]]
    numbers: int
    plates: dict[str, object]
    tables: list[str]
    rows: dict[str, object]
    rules: list[RuleOfStudy]


def abstract_of(plan: Plan, content: Mapping) -> Abstract:
    """The abstract of a study, as it is stored.

    Parameters
    ----------
    plan
        The plan of the study.
    content
        What its report is made from: ``summary``, ``numbers``, ``exports``, ``conservation``, ``findings``,
        ``open_lines``.
    """
    rules = known_rules(plan)
    found: dict[str, list[FindingsOfTable]] = {}
    for finding in content["findings"]:
        found.setdefault(finding["rule"], []).append(
            FindingsOfTable(
                table=finding["table"],
                severity=finding["severity"],
                columns=finding["columns"],
                cells=finding["cells"],
            )
        )
    summary = content["summary"]
    verdicts = [n for n in content["numbers"].values() if n.statistic == VERDICT and not n.level]
    return {
        "study": plan.study,
        "title": plan.title,
        "kind": plan.kind,
        "open_lines": list(content["open_lines"]),
        "asked": summary["asked"],
        "answers": [
            {
                "question": answer.question,
                "said": [[said.subject, _plain(said.pieces)] for said in answer.sentences],
                "more": answer.more,
            }
            for answer in summary["answers"]
        ],
        "refused": [
            {
                "analysis": entry["name"],
                "title": entry["title"],
                "role": entry["role"],
                "parts": [[part["of"], part["why"]] for part in entry["parts"]],
            }
            for entry in summary["refused"]
        ],
        "numbers": len(content["numbers"]),
        "plates": {"pages": bool(plan.plates), "verdicts": dict(Counter(number.shown for number in verdicts))},
        "tables": [row[0] for row in content["conservation"]["rows"]],
        "rows": content["conservation"],
        "rules": [
            RuleOfStudy(rule=name, meaning=text.meaning, fix=text.fix, found=found.pop(name, []))
            for name, text in rules.items()
        ]
        + [RuleOfStudy(rule=name, meaning="", fix="", found=rest) for name, rest in found.items()],
    }


def _plain(pieces: Pieces) -> list[str | list[str]]:
    """Pieces of a sentence without all that is known of a number but its id and how it is shown."""
    return [p if isinstance(p, str) else [p.id, p.shown + p.suffix] for p in pieces]

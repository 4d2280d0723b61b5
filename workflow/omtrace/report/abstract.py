"""What the index of all studies shows of one: ``abstract.json``, of the words and numbers of its report."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from omtrace.model.plan import Plan
from omtrace.report.answers import Pieces
from omtrace.validation.catalogue import known_rules

VERDICT = "plate_verdict"


def abstract_of(plan: Plan, content: Mapping[str, Any]) -> dict[str, Any]:
    """The abstract of a study, as it is stored.

    Parameters
    ----------
    plan
        The plan of the study.
    content
        What its report is made from: ``summary``, ``numbers``, ``exports``, ``conservation``, ``findings``,
        ``open_lines``.

    Returns
    -------
    dict
        Whether the plan asks a question; answers (a number in them is ``[id, text]``), refusals, open lines of the
        plan, rows by table, and each rule of the study with what it found by table: severity, columns, cells. No raw
        value and no place is in it.
    """
    rules = known_rules(plan)
    found: dict[str, list[dict]] = {}
    for finding in content["findings"]:
        found.setdefault(finding["rule"], []).append({name: finding[name] for name in finding if name != "rule"})
    summary = content["summary"]
    verdicts = [n for n in content["numbers"].values() if n["statistic"] == VERDICT and not n["level"]]
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
        "plates": {"pages": bool(plan.plates), "verdicts": dict(Counter(number["shown"] for number in verdicts))},
        "tables": [row[0] for row in content["conservation"]["rows"]],
        "rows": content["conservation"],
        "rules": [
            {"rule": name, "meaning": text.meaning, "fix": text.fix, "found": found.pop(name, [])}
            for name, text in rules.items()
        ]
        + [{"rule": name, "meaning": "", "fix": "", "found": rest} for name, rest in found.items()],
    }


def _plain(pieces: Pieces) -> list[Any]:
    """Pieces of a sentence without all that is known of a number but its id and how it is shown."""
    return [p if isinstance(p, str) else [p["id"], p["shown"] + p["suffix"]] for p in pieces]

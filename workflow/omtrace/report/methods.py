"""The Methods section: what was run, in sentences to copy, with software, versions and references."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from omtrace.model.plan import Plan
from omtrace.report.labels import PROCEDURES
from omtrace.report.references import Reference, bibtex, cited, csl_json, versions
from omtrace.report.summary import estimand_of


@dataclass(frozen=True)
class Statement:
    """A paragraph: what it is about, and its sentences."""

    title: str
    text: str


@dataclass(frozen=True)
class Methods:
    """The section: paragraphs, references, and these as CSL-JSON and BibTeX."""

    statements: list[Statement]
    references: list[Reference]

    @property
    def csl(self) -> str:
        """The references as CSL-JSON."""
        return json.dumps(csl_json(self.references), ensure_ascii=False, indent=1)

    @property
    def bibtex(self) -> str:
        """The references as BibTeX."""
        return bibtex(self.references)


def methods_of(plan: Plan, definitions: Mapping[str, Mapping]) -> Methods:
    """The methods of a study.

    Parameters
    ----------
    plan
        The plan.
    definitions
        Those of definitions.json, whose words name parameters by their labels.
    """
    titles: dict[str, list[str]] = {}  # analyses that were made in the same way stand together
    calls = {call["analysis"]: call for call in definitions.values()}
    for name, entry in plan.analyses.items():
        if (words := calls.get(name, {}).get("words")) and name not in plan.families:
            titles.setdefault(words, []).append(entry.title)
    statements = [
        Statement("Design", plan.design),
        *(Statement(f"Estimand {name.replace('_', ' ')}", _estimand(plan, name)) for name in plan.estimands),
        *(Statement("; ".join(names), words) for words, names in titles.items()),
        *(Statement(family.title, _family(plan, name)) for name, family in plan.families.items()),
        Statement("Software", f"Everything was run with omtrace, on {', '.join(versions())}."),
    ]
    return Methods(statements, cited(statement.text for statement in statements))


def _estimand(plan: Plan, name: str) -> str:
    return " ".join(f"{title}: {text.rstrip('.')}." for title, text in estimand_of(plan, name))


def _family(plan: Plan, name: str) -> str:
    family = plan.families[name]
    count = len(family.hypotheses)
    is_rate = "false discovery rate" in PROCEDURES[family.procedure]
    what = "false discovery rate" if is_rate else "family-wise error rate"
    few = f": {', '.join(family.hypotheses)}" if count <= 8 else ""
    return (
        f"{count} hypotheses are tested together{few}. Procedure: {PROCEDURES[family.procedure]}; the {what} is held "
        f"at {family.alpha:g}."
    )

"""What a p value may claim: which belong to a family of hypotheses, which need none, and which are exploratory."""

from collections.abc import Mapping

from omtrace.study.plan import UNPLANNED, Analysis, Plan


def is_p(statistic: str) -> bool:
    """Whether a statistic is a p value."""
    return statistic == "p" or statistic.endswith("_p")


def exploratory(plan: Plan, numbers: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The ids of the p values that are exploratory: in no family, and not exempt.

    Exempt are the p values of families themselves, of sensitivity analyses (they ask the question of their analysis
    again), of analyses that the plan exempts with a reason, and the only p value of a primary analysis.
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    for number in numbers.values():
        if is_p(number["statistic"]):
            found.setdefault(number["analysis"], []).append(number)
    marked: set[str] = set()
    for name, mine in found.items():
        if not _exempt(plan.analyses[name], len(mine)):
            marked |= {number["id"] for number in mine if not _in_family(plan, number)}
    return marked


def _exempt(analysis: Analysis, count: int) -> bool:
    if analysis.role == "exploratory":
        return False
    alone = analysis.role == "primary" and count == 1
    return bool(analysis.exempt) or analysis.method == "family" or analysis.role == "sensitivity" or alone


def _in_family(plan: Plan, number: Mapping[str, str]) -> bool:
    parts = {
        "parameter": "parameter",
        "visit": "visit",
        "contrast": "group",
        "level": "level",
        "statistic": "statistic",
    }
    return any(
        hypothesis.analysis == number["analysis"]
        and all(getattr(hypothesis, key) in ("", number[part]) for key, part in parts.items())
        for family in plan.families.values()
        for hypothesis in family.hypotheses.values()
    )


def unplanned(analysis: Analysis) -> bool:
    """Whether an analysis was run without being named in the plan."""
    return analysis.role == "exploratory" and analysis.note.startswith(UNPLANNED)

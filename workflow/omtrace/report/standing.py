"""What a p value may claim: which belong to a family of hypotheses, which need none, and which are exploratory."""

from collections.abc import Mapping

from omtrace.model.estimate import Estimate
from omtrace.model.plan import UNPLANNED, Analysis, Plan
from omtrace.model.statistics import Role, statistic_of


def claims(number: Estimate) -> bool:
    """Whether a number is a non-missing inferential p value."""
    statistic = statistic_of(number.statistic)
    return statistic.role is Role.P_VALUE and statistic.claims and number.text != ""


def exploratory(plan: Plan, numbers: Mapping[str, Estimate]) -> set[str]:
    """The ids of the p values that are exploratory: in no family, not exempt, and not adjusted within their analysis.

    Exempt are the p values of families themselves, of analyses that the plan exempts with a reason, the only p value
    of a primary analysis, and those of sensitivity analyses, unless all of the analysis that they belong to are
    exploratory: they ask its question again.
    """
    found: dict[str, list[Estimate]] = {}
    for number in numbers.values():
        if claims(number) and number.statistic != "adjusted_p":
            found.setdefault(number.analysis, []).append(number)
    marked: dict[str, set[str]] = {}
    for name in sorted(found, key=lambda name: plan.analyses[name].role == "sensitivity"):
        analysis, mine = plan.analyses[name], found[name]
        again = analysis.role == "sensitivity" and len(marked.get(analysis.of, ())) < len(found.get(analysis.of, "-"))
        if not again and not _exempt(analysis, len(mine)):
            marked[name] = {number.id for number in mine if not _in_family(plan, number)}
    return set().union(*marked.values())


def _exempt(analysis: Analysis, count: int) -> bool:
    if analysis.role == "exploratory":
        return False
    alone = analysis.role == "primary" and count == 1
    return bool(analysis.exempt) or analysis.method == "family" or alone


def _in_family(plan: Plan, number: Estimate) -> bool:
    parts = {
        "parameter": "parameter",
        "visit": "visit",
        "contrast": "group",
        "level": "level",
        "statistic": "statistic",
    }
    return any(
        hypothesis.analysis == number.analysis
        and all(getattr(hypothesis, key) in ("", number[part]) for key, part in parts.items())
        for family in plan.families.values()
        for hypothesis in family.hypotheses.values()
    )


def unplanned(analysis: Analysis) -> bool:
    """Whether an analysis was run without being named in the plan."""
    return analysis.role == "exploratory" and analysis.note.startswith(UNPLANNED)

"""Feasibility: completeness of the records, and criteria for progression with exact intervals."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import listed
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows

MONTH = 365.25 / 12  # days


class Criterion(Closed):
    """One criterion for progression: a share of the population, or a number of units a month."""

    label: str = Field(description="what is asked, in words")
    parameter: str = Field(description="parameter that tells: yes or no, or a number with at_least")
    visit: str = Field("", description="its visit")
    at_least: float | None = Field(None, description="count values of at least this; none: yes")
    recorded: bool = Field(False, description="count units with any value: completeness")
    observed: bool = Field(False, description="the share is of units with a value; else a unit without counts as no")
    days: float | None = Field(
        None, description="recruitment: days that it took, or takes; the parameter is its day", gt=0
    )
    stop: float = Field(description="below this: stop; a share of 1, or units a month", ge=0)
    go: float = Field(description="from this on: go; between the two: amend", ge=0)
    source: str = Field("", description="where the limits come from")

    @model_validator(mode="after")
    def fits(self) -> "Criterion":
        """Limits are in order; what is counted is said once."""
        if self.go < self.stop or (self.days is None and self.go > 1):
            raise ValueError("go: not below stop, and a share is 1 at most")
        if sum((self.at_least is not None, self.recorded, self.days is not None)) > 1:
            raise ValueError("at_least, recorded, days: one of them")
        return self


class Options(Closed):
    """The criteria, and the level of the intervals."""

    criteria: dict[str, Criterion] = Field(default_factory=dict, description="criterion -> what is asked, with limits")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """The criteria with their verdicts; then the completeness of each parameter at each of its visits."""
    from omtrace.statistics.basic.proportion import proportion

    for criterion in call.options.criteria.values():
        yield from _judged(call, criterion)
    for target in call.targets("anything"):
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit)
        for group in call.groups(False):
            members = analysis_set.members([group])
            values = proportion(len(analysis_set.of_group(group)), members.used, call.options.level)
            yield from _shares(target, values, members, "recorded")


def _judged(call: Call, criterion: Criterion) -> Iterator[Number]:
    from omtrace.statistics.basic import progression

    if criterion.parameter not in call.dataset.parameters:
        raise Fault(f"analysis {call.name}: there is no parameter {criterion.parameter!r}")
    analysis_set = call.data.select(call.entry.population, criterion.parameter, criterion.visit)
    estimate, low, high, rows = yield from (_rate if criterion.days else _share)(call, criterion, analysis_set)
    values = {
        "stop_below": criterion.stop,
        "go_from": criterion.go,
        "verdict": progression.verdict(estimate, criterion.stop, criterion.go),
        "interval_excludes": progression.excluded(low, high, criterion.stop, criterion.go),
    }
    yield from call.of(criterion.parameter, criterion.visit).numbers(
        "all", values, rows, criterion.label, scale=Scale("", 1 if criterion.days else 2)
    )


Judged = tuple[float, float, float, "Rows"]


def _share(call: Call, criterion: Criterion, analysis_set: "AnalysisSet"):  # type: ignore[no-untyped-def]
    """Numbers of a share of the units; returns estimate, limits and rows."""
    from omtrace.statistics.basic.proportion import proportion

    least = 1 if criterion.at_least is None else criterion.at_least
    if not criterion.recorded:
        call.need(criterion.parameter, criterion.visit, "numbers" if criterion.at_least is not None else "yes or no")
    values = analysis_set.frame["value"]
    count = len(values) if criterion.recorded else int((values.astype("float64") >= least - 1e-9).sum())
    rows = analysis_set.rows(["all"]) if criterion.observed else analysis_set.members(["all"])
    found = proportion(count, rows.used, call.options.level)
    if not rows.used:
        raise Refusal(
            f"analysis {call.name}: criterion {criterion.label!r}: there is no unit that it could be judged by"
        )
    yield from _shares(call.of(criterion.parameter, criterion.visit), found, rows, criterion.label)
    return found["proportion"], found["clopper_pearson_low"], found["clopper_pearson_high"], rows


def _shares(target: Target, found: dict[str, float], rows: "Rows", level: str) -> Iterator[Number]:
    names = ("count", "n", "proportion", "clopper_pearson_low", "clopper_pearson_high")
    yield from target.numbers("all", {name: found[name] for name in names}, rows, level)


def _rate(call: Call, criterion: Criterion, analysis_set: "AnalysisSet"):  # type: ignore[no-untyped-def]
    """Numbers of recruitment: a month, and in each month; returns estimate, limits and rows."""
    from omtrace.statistics.basic.progression import rate

    days = analysis_set.frame["value"].astype("float64")
    length = float(criterion.days or 0)
    late = {unit: f"not within {length:g} days" for unit, day in days.items() if not 0 <= day <= length}
    inside = days.drop(list(late))
    rows = analysis_set.rows(["all"], late)
    found = {"count": len(inside), **rate(len(inside), length / MONTH, call.options.level)}
    yield from call.of(criterion.parameter, criterion.visit).numbers(
        "all", found, rows, criterion.label, scale=Scale("a month", 1)
    )
    months = max(1, round(length / MONTH))  # the last one holds what is left over
    for month in range(months):
        there = int(((inside // MONTH).clip(upper=months - 1) == month).sum())
        level = f"{criterion.label}, month {month + 1}"
        yield from call.of(criterion.parameter, criterion.visit).numbers("all", {"count": there}, rows, level)
    return found["rate"], found["rate_low"], found["rate_high"], rows


def said(options: Options) -> str:
    """What is estimated, and by which rule the criteria are judged."""
    level, criteria = f"{100 * options.level:g}%", options.criteria.values()
    parts = [f"Completeness is the share of units with a value, with Clopper and Pearson's exact {level} interval."]
    if criteria:
        parts.append(
            "Criteria for progression are judged by the estimate: stop below the lower limit, go from the upper one "
            "on, amend between (Avery 2017, doi:10.1136/bmjopen-2016-013537); beside it stands which of stop and go "
            "the interval excludes."
        )
    if any(criterion.days for criterion in criteria):
        parts.append(f"Recruitment a month has the exact Poisson {level} interval.")
    shares = [criterion for criterion in criteria if not criterion.days and not criterion.recorded]
    if observed := [criterion.label for criterion in shares if criterion.observed]:
        parts.append(f"Of the units with a value alone: {listed(observed)}.")
    if len(observed) < len(shares):
        parts.append(f"A unit without a value counts as no{' in the other criteria' * bool(observed)}.")
    return " ".join(parts)


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "whole",
    gives="rate rate_low rate_high proportion clopper_pearson_low clopper_pearson_high count n go_from stop_below "
    "interval_excludes verdict",
)

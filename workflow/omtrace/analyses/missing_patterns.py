"""Which visits units have a value at, by group, and why values are missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.faults import Fault
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet

SEEN, MISSING = "●", "○"
KINDS = ("complete", "dropped_out", "intermittent", "none_observed")


class Options(Closed):
    """Groups apart or not."""

    by_group: bool = Field(True, description="a column for each group beside that of all units")


def run(call: Call) -> Iterator[Number]:
    """Units of each pattern, of each kind of pattern, and of each reason at each visit."""
    for parameter in call.parameters:
        visits = [v for v in call.dataset.visits if v in call.dataset.parameters[parameter].visits]
        if not visits:
            raise Fault(f"analysis {call.name}: {parameter!r} has no visits, so it has no pattern of missing values")
        blocks = {visit: call.data.plain(parameter, visit) for visit in visits}
        analysis_set = call.data.select(call.entry.population, parameter, visits, missing="missing")
        status = {unit: [blocks[visit][unit][1] for visit in visits] for unit in analysis_set.frame.index}
        patterns = {unit: pattern_of(statuses) for unit, statuses in status.items()}
        order = sorted(set(patterns.values()), key=lambda one: (-one.count(SEEN), [mark != SEEN for mark in one]))
        for group in call.groups(call.options.by_group):
            own = {unit: patterns[unit] for unit in analysis_set.of_group(group).index}
            target = call.of(parameter)
            yield from target.numbers(group, {"n": len(own)}, analysis_set.rows([group]))
            yield from _patterns(target, analysis_set, group, own, order)
            yield from _kinds(target, analysis_set, group, own)
            for at, visit in enumerate(visits):
                yield from _reasons(call.of(parameter, visit), analysis_set, group, {u: status[u][at] for u in own})


def pattern_of(statuses: list[str]) -> str:
    """A mark for each visit, in time order."""
    return "".join(SEEN if status == "observed" else MISSING for status in statuses)


def kind_of(pattern: str) -> str:
    """Complete; dropped out (nothing missing before the last value); intermittent; or none observed."""
    if SEEN not in pattern:
        return "none_observed"
    if MISSING not in pattern:
        return "complete"
    return "dropped_out" if MISSING not in pattern.rstrip(MISSING) else "intermittent"


def _patterns(
    target: Target, analysis_set: "AnalysisSet", group: str, patterns: dict[str, str], order: list[str]
) -> Iterator[Number]:
    for pattern in order:
        others = {unit: f"pattern {own}" for unit, own in patterns.items() if own != pattern}
        values = _share(len(patterns) - len(others), len(patterns))
        yield from target.numbers(group, values, analysis_set.rows([group], others), level=pattern)


def _kinds(target: Target, analysis_set: "AnalysisSet", group: str, patterns: dict[str, str]) -> Iterator[Number]:
    kinds = {unit: kind_of(pattern) for unit, pattern in patterns.items()}
    for kind in KINDS:
        others = {unit: own.replace("_", " ") for unit, own in kinds.items() if own != kind}
        yield from target.numbers(group, {kind: len(kinds) - len(others)}, analysis_set.rows([group], others))


def _reasons(target: Target, analysis_set: "AnalysisSet", group: str, status: dict[str, str]) -> Iterator[Number]:
    for reason in sorted(set(status.values()) - {"observed"}):
        others = {unit: found for unit, found in status.items() if found != reason}
        values = _share(len(status) - len(others), len(status))
        yield from target.numbers(group, values, analysis_set.rows([group], others), level=reason)


def _share(count: int, total: int) -> dict[str, float]:
    return {"count": count, "percent": 100 * count / total if total else float("nan")}


METHOD = Method(
    Options,
    run,
    "Units by the visits at which they have a value: a mark for each visit in time order, ● observed, ○ missing. "
    "Dropped out: nothing is missing before the last value; intermittent: something is. Then why values are missing, "
    "by visit. Used are all units of the population; percentages are of these.",
    part=lambda options: "parameter",
    gives="percent complete count dropped_out intermittent n none_observed",
)

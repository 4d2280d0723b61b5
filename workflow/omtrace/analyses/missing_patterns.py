"""Which visits units have a value at, by group, and why values are missing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
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
            units = list(analysis_set.of_group(group).index)
            yield from call.numbers(parameter, group, "", {"n": len(units)}, analysis_set.rows([group]))
            yield from _patterns(call, parameter, analysis_set, group, units, patterns, order)
            yield from _kinds(call, parameter, analysis_set, group, units, patterns)
            for at, visit in enumerate(visits):
                yield from _reasons(call, parameter, analysis_set, group, visit, {u: status[u][at] for u in units})


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
    call: Call,
    parameter: str,
    analysis_set: "AnalysisSet",
    group: str,
    units: list[str],
    patterns: dict[str, str],
    order: list[str],
) -> Iterator[Number]:
    for pattern in order:
        others = {unit: f"pattern {patterns[unit]}" for unit in units if patterns[unit] != pattern}
        values = _share(len(units) - len(others), len(units))
        yield from call.numbers(parameter, group, "", values, analysis_set.rows([group], others), level=pattern)


def _kinds(
    call: Call, parameter: str, analysis_set: "AnalysisSet", group: str, units: list[str], patterns: dict[str, str]
) -> Iterator[Number]:
    kinds = {unit: kind_of(patterns[unit]) for unit in units}
    for kind in KINDS:
        others = {unit: found.replace("_", " ") for unit, found in kinds.items() if found != kind}
        rows = analysis_set.rows([group], others)
        yield from call.numbers(parameter, group, "", {kind: len(units) - len(others)}, rows)


def _reasons(
    call: Call, parameter: str, analysis_set: "AnalysisSet", group: str, visit: str, status: dict[str, str]
) -> Iterator[Number]:
    for reason in sorted(set(status.values()) - {"observed"}):
        others = {unit: found for unit, found in status.items() if found != reason}
        values = _share(len(status) - len(others), len(status))
        yield from call.numbers(parameter, group, visit, values, analysis_set.rows([group], others), level=reason)


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

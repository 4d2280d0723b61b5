"""Whether the sensitivity analyses of an analysis agree with it."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._headline import Effect, Key, effects_of
from omtrace.analyses._refusals import refusals_of, without_effect
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.plan import Analysis
from omtrace.model.statistic import Scale
from omtrace.provenance.rows import united


class Options(Closed):
    """Which analyses; by default those that the plan has as sensitivity analyses of it."""

    others: tuple[str, ...] = Field(description="analyses that are held against the one of `of`", min_length=1)


def beside(call: Call, key: Key, other: str, measure: str = "") -> list[Effect]:
    """The effects of another analysis that answer the same question: one, or one of each of its assumptions (levels).

    Of several measures of one model (odds ratio, risk ratio, risk difference) one counts: ``measure``, where it is
    among them, else the first.

    They have the same contrast and visit, and the same parameter and level where it has these at all: a level may be
    the contrast itself, as in a mixed model. Raises Fault for none, and for several parameters.
    """
    parameter, group, visit, level = key
    found = effects_of(call.earlier[other])
    same = {k: effect for k, effect in found.items() if (k[1], k[2]) == (group, visit)}
    if any(k[0] == parameter for k in same):
        same = {k: effect for k, effect in same.items() if k[0] == parameter}
    if level and any(k[3] == level for k in same):
        same = {k: effect for k, effect in same.items() if k[3] == level}
    if len({k[0] for k in same}) != 1:
        at = f" at {visit}" if visit else ""
        if refused := refusals_of(call.earlier[other]):
            raise Refusal(f"analysis {call.name}: {other} is not computed: {refused[0].level}")
        raise Fault(f"analysis {call.name}: {len(same)} effects of {other} for {parameter}, {group}{at}; it needs one")
    measures = [effect.names.effect for effect in same.values()]
    one = measure if measure in measures else measures[0]
    return [effect for effect in same.values() if effect.names.effect == one]


def run(call: Call) -> Iterator[Number]:
    """Of each effect: how many analyses point the same way, how many intervals exclude no effect, and the range."""
    effects = effects_of(call.earlier[call.entry.of])
    if not effects:
        raise without_effect(call)
    for key, main in effects.items():
        every = [
            main,
            *(effect for other in call.options.others for effect in beside(call, key, other, main.names.effect)),
        ]
        rows = united([effect.estimate.rows for effect in every], call.data.unit_of)
        shape = Scale(main.estimate.unit, main.estimate.decimals)
        alike = [effect.estimate.value for effect in every if effect.names.effect == main.names.effect]
        directions = sum(effect.side == main.side for effect in every)
        verdicts = sum(effect.excludes == main.excludes for effect in every)
        values = {
            "estimates": (len(every), Scale("", 0)),
            "same_direction": (directions, Scale("", 0)),
            "intervals_without_null": (sum(effect.excludes for effect in every), Scale("", 0)),
            "estimate_lowest": (min(alike), shape),
            "estimate_highest": (max(alike), shape),
            "concordant": (directions == verdicts == len(every), Scale("", 0)),
        }
        for statistic, (value, scale) in values.items():
            yield Number(*key, statistic, float(value), scale.unit, scale.decimals, rows)


def rests_on(entry: Analysis, options: Options) -> list[str]:
    """The analysis and those that are held against it."""
    return [*([entry.of] if entry.of else []), *options.others]


METHOD = Method(
    Options,
    run,
    "The analysis and its sensitivity analyses side by side: concordant where all estimates lie on the same side of "
    "the value of no effect, and either all intervals exclude that value or none does. Estimates on another scale "
    "count for the direction only, not for the range. An analysis counts once, and once more for each further "
    "assumption that it makes, such as a strategy of imputation; not for each measure of one model. Used are the units "
    "of any of them.",
    rests_on,
    part=lambda options: "whole",
    gives="estimate_highest estimate_lowest estimates intervals_without_null same_direction concordant",
)

"""Multivariate analysis of variance of changes since baseline: several visits, or several outcomes, tested together."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from omtrace.analyses import JOINT, Call, Method, Number
from omtrace.analyses._listwise import ListwiseOptions, complete
from omtrace.analyses._shown import named
from omtrace.faults import Refusal
from omtrace.model.statistic import Scale


class Options(ListwiseOptions):
    """What is tested together, how many may be lost, and the confidence level."""

    together: Literal["visits", "parameters"] = Field(
        "visits",
        description="visits: the changes of a parameter at its visits; parameters: the changes of all at a visit",
    )


def run(call: Call) -> Iterator[Number]:
    """Hotelling's T squared that all changes tested together are zero, with partial eta squared."""
    from omtrace.statistics.linear.repeated import hotelling

    baseline, visits = call.baseline(), call.options.together == "visits"
    sets: dict[str, list[tuple[str, str]]] = {}
    for target in call.targets():
        if target.visit != baseline:
            name = target.parameter if visits else target.visit
            sets.setdefault(name, []).append((target.parameter, target.visit))
    for changes in sets.values():
        parameters = list(dict.fromkeys(parameter for parameter, _ in changes))
        analysis_set = complete(call, [*((parameter, baseline) for parameter in parameters), *changes])
        frame = analysis_set.frame.astype("float64")
        table = [frame[p, visit] - frame[p, baseline] for p, visit in changes]
        names = JOINT.join(parameters)
        try:
            values = hotelling(list(zip(*table, strict=True)), call.options.level)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {names}: {error}") from None
        counts = {"n": float(len(frame)), "missing": float(analysis_set.missing()), "changes": float(len(changes))}
        at = "" if visits else changes[0][1]
        level = ", ".join(named("visit", visit) for _, visit in changes) if visits else ""
        yield from call.of(names, at).numbers("all", {**counts, **values}, analysis_set.rows(), level, Scale("", 1))


def said(options: Options) -> str:
    """Which changes are tested together, and in whom."""
    changes = "the mean changes since baseline of all outcomes at a visit"
    if options.together == "visits":
        changes = "an outcome's mean changes since baseline at all visits"
    return (
        f"One-sample multivariate analysis of variance (Hotelling's T squared): whether {changes} are zero together, "
        f"in units with every value; refused where more than {100 * options.most_lost:g}% lack one. Partial eta "
        f"squared (Pillai's trace) with a noncentral-F interval of {100 * (2 * options.level - 1):g}%."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "whole",
    gives="partial_eta_squared partial_eta_squared_low partial_eta_squared_high f t_squared df_1 df_2 p changes "
    "missing n",
)

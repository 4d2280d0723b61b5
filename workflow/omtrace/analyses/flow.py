"""Participant flow: who was enrolled, who was assessed at each visit, who is analysed, and who is left out why.

With the parameters that its options name also who was screened out, who received what they were allocated to, and who
discontinued: the counts of a flow diagram as in CONSORT 2025 (Hopewell S et al., BMJ 2025;389:e081123).
"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._analysis_set import OUTSIDE, AnalysisSet
from omtrace.analyses._sentences import listed
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY

# Option -> the level of those of whom it is true, and of the others ("": who are not counted).
STAGES = {"received": ("received", "did not receive"), "discontinued": ("discontinued", "")}
WITHOUT_GROUP = "without a group"  # the level of those whose group is not known
THROUGHOUT = "analysed at every visit"  # the level of those who have a value at each visit analysed


class Options(Closed):
    """How to group, and what befell a unit before its outcome was assessed."""

    by_group: bool = Field(True, description="also within each group of the dataset")
    enrolled: str = Field(
        "",
        description="population of those who were enrolled, where the roster holds all who were assessed for "
        "eligibility; the others were screened out, for the population's reasons",
    )
    received: str = Field(
        "",
        description="parameter, yes or no (1 or 0): whether a unit received what it was allocated to, at all or at "
        "each of its visits, as the periods of a crossover",
    )
    discontinued: str = Field(
        "", description="parameter, yes or no (1 or 0) or a reason: whether, or why, a unit discontinued its treatment"
    )
    every_visit: bool = Field(
        False,
        description="also who is analysed at every visit, as in both periods of a crossover, and why others are not",
    )


def run(call: Call) -> Iterator[Number]:
    """Units enrolled, once; at each visit of each parameter assessed, excluded (by reason) and analysed; stages."""
    enrolled: dict[str, int] = {}
    for target in call.targets("anything"):
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit)
        for group in call.groups(call.options.by_group):
            rows = analysis_set.rows([group])
            if group not in enrolled:
                everyone = analysis_set.everyone(group)
                enrolled[group] = everyone.used
                yield from call.of(target.parameter).numbers(group, {"n": everyone.used}, everyone, level="enrolled")
            assessed = analysis_set.assessed(group, call.data.column(target.parameter, target.visit))
            yield from target.numbers(group, {"n": assessed.used}, assessed, level="assessed")
            boxes = {f"excluded: {reason}": n for reason, n in analysis_set.left_out(group).items()}
            boxes["analysed"] = rows.used
            if sum(boxes.values()) != enrolled[group]:
                raise AssertionError(f"{boxes} of {enrolled[group]} enrolled in {group}")
            for level, n in boxes.items():
                yield from target.numbers(group, {"n": n}, rows, level=level)
    if len(groups := call.groups(call.options.by_group)) > 1:
        yield from _without_group(call, groups[:-1], enrolled)
    if call.options.every_visit:
        yield from _throughout(call, enrolled)
    if call.options.enrolled:
        yield from _screened(next(call.targets("anything")), enrolled["all"])
    for option, levels in STAGES.items():
        if name := getattr(call.options, option):
            for visit in call.dataset.parameters[name].visits or [""]:
                analysis_set = call.data.select(_everybody(call), name, visit)
                for group in call.groups(call.options.by_group):
                    yield from _stage(call.of(name, visit), analysis_set, group, levels)


def _without_group(call: Call, groups: Sequence[str], enrolled: Mapping[str, int]) -> Iterator[Number]:
    """Who is enrolled and in no group, if anyone: the groups and these are all."""
    target, screened = next(call.targets("anything")), call.options.enrolled
    analysis_set = call.data.select(screened or call.entry.population, target.parameter, target.visit)
    rows = analysis_set.without_group(groups, members=bool(screened))
    if not screened and sum(enrolled[group] for group in groups) + rows.used != enrolled["all"]:
        raise AssertionError(f"{enrolled} enrolled, and {rows.used} without a group")
    if rows.used:
        yield from call.of(target.parameter).numbers("all", {"n": rows.used}, rows, level=WITHOUT_GROUP)


def _throughout(call: Call, enrolled: Mapping[str, int]) -> Iterator[Number]:
    """Who has a value at every visit of a parameter, and why others do not: the first visit that they lack."""
    visits: dict[str, list[str]] = {}
    for target in call.targets("anything"):
        visits.setdefault(target.parameter, []).append(target.visit)
    for parameter, every in visits.items():
        if len(every) < 2:
            continue
        analysis_set = call.data.select_complete(call.entry.population, [(parameter, visit) for visit in every])
        for group in call.groups(call.options.by_group):
            rows = analysis_set.rows([group])
            boxes = {f"excluded: {reason}": n for reason, n in analysis_set.left_out(group).items()}
            boxes[THROUGHOUT] = rows.used
            if sum(boxes.values()) != enrolled[group]:
                raise AssertionError(f"{boxes} of {enrolled[group]} enrolled in {group}")
            for level, n in boxes.items():
                yield from call.of(parameter).numbers(group, {"n": n}, rows, level=level)


def _screened(target: Target, assessed: int) -> Iterator[Number]:
    """Who was allocated, and who was screened out for which reason."""
    call = target.call
    analysis_set = call.data.select(call.options.enrolled, target.parameter, target.visit)
    rows = analysis_set.members()
    boxes = {f"screened out: {why}": n for why, n in analysis_set.left_out().items() if why.startswith(OUTSIDE)}
    boxes["allocated"] = rows.used
    if sum(boxes.values()) != assessed:
        raise AssertionError(f"{boxes} of {assessed} assessed for eligibility")
    for level, n in boxes.items():
        yield from call.of(target.parameter).numbers(EVERYBODY, {"n": n}, rows, level=level)


def _everybody(call: Call) -> str:
    """The population of all units, whatever that of the analysis is."""
    populations = call.dataset.populations
    return next((name for name, one in populations.items() if not one.where), call.entry.population)


def _stage(target: Target, analysis_set: AnalysisSet, group: str, levels: tuple[str, str]) -> Iterator[Number]:
    """How many units of a group there are of each level, none included; those without a value are left out of all."""
    level_of = {unit: _level(value, *levels) for unit, value in analysis_set.of_group(group)["value"].items()}
    reasons = {level for level in level_of.values() if ": " in level}
    for level in sorted((reasons or {*levels}) - {""}):
        without = {unit: other or f"not {levels[0]}" for unit, other in level_of.items() if other != level}
        rows = analysis_set.rows([group], without)
        yield from target.numbers(group, {"n": rows.used}, rows, level=level)


def _level(value: object, yes: str, no: str) -> str:
    if value in (1, "yes"):
        return yes
    return no if value in (0, "no") else f"{yes}: {value}"


def said(options: Options) -> str:
    """What is counted, beside who is assessed and analysed."""
    more = [
        "who was screened out" if options.enrolled else "",
        "who received treatment" if options.received else "",
        "who discontinued it" if options.discontinued else "",
        "who is analysed at every visit" if options.every_visit else "",
    ]
    named_too = f"; {listed([part for part in more if part])}" if any(more) else ""
    return f"Numbers of units enrolled, assessed, left out by reason, and analysed{named_too}."


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    part=lambda options: "whole",
    gives="n",
)

"""Influence: an analysis made again without each unit in turn, and without more and more of them.

Where the plan declares an experimental unit, such as a litter, that is what is left out, with all that belongs to it.
How many have to go until the conclusion turns is looked for among those whose single removal moves the estimate most
towards that, as Broderick, Giordano and Meager do (2020, doi:10.48550/arXiv.2011.14999), with refits in place of their
approximation.
"""

from collections.abc import Collection, Iterator
from contextlib import redirect_stderr
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._headline import Effect, Key, effects_of
from omtrace.analyses._refusals import numbers_of, without_effect
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.plan import Analysis
from omtrace.model.statistic import Scale
from omtrace.plugins import plugin
from omtrace.provenance.rows import Entries

if TYPE_CHECKING:
    from omtrace.provenance.rows import Rows

MOST = 2_000  # units; the analysis is made again for each
LEFT_OUT = "left out to see its influence"


class Options(Closed):
    """How many units are shown."""

    shown: int = Field(10, description="units shown one by one, those that change the estimate most", ge=1)


def run(call: Call) -> Iterator[Number]:
    """Of each effect: the range over all removals, the largest change, and how many removals turn the conclusion."""
    target = call.calls[call.entry.of]
    effects = effects_of(call.earlier[call.entry.of])
    if not effects:
        raise without_effect(call)
    members = _members(call)
    units = {unit for effect in effects.values() for unit in _used(call, effect, members)}
    if len(units) > MOST:
        raise Refusal(
            f"analysis {call.name}: {call.entry.of} would be made again for each of {len(units):,} units; at most "
            f"{MOST:,}, since one of more moves little, whatever its value"
        )
    removed = {unit: _without(target, own) for unit, own in members.items() if unit in units}
    for key, main in effects.items():
        used = _used(call, main, members)
        found = {unit: removed[unit].get(key) for unit in members if unit in used}
        known = {unit: effect for unit, effect in found.items() if effect}
        yield from _summary(key, main, found)
        turning = _to_turn(target, key, main, known, members)
        yield Number(*key, "units_to_turn", turning, "", 0, main.estimate.rows)
        yield from _single(call, key, main, known, members)


def _members(call: Call) -> dict[str, list[str]]:
    """The experimental units, or else the units: each with the units that belong to it."""
    of = call.dataset.experimental_unit
    if of is None or not of.parameter:
        return {unit: [unit] for unit in call.data.units}
    column = call.data.column(of.parameter)
    known = (column.text if column.is_category.any() else column.number).tolist()
    belongs = dict(zip(call.data.enrolled, map(str, known), strict=True))
    found: dict[str, list[str]] = {}
    for unit in call.data.units:
        found.setdefault(belongs[unit], []).append(unit)
    return found


def _used(call: Call, effect: Effect, members: dict[str, list[str]]) -> set[str]:
    used = {call.data.unit_of[record] for record, _, reason in effect.estimate.rows.entries if not reason}
    return {unit for unit, own in members.items() if used.intersection(own)}


def _without(target: Call, units: Collection[str]) -> dict[Key, Effect]:
    """The effects of an analysis without units; none where it cannot be made then."""
    method = plugin("analyses", target.entry.method, "METHOD")
    try:
        with redirect_stderr(StringIO()):  # what is said of the analysis is said once
            return effects_of(numbers_of(method, replace(target, data=target.data.without(*units))))
    except Fault:  # what fits in the plan may not fit without the units
        return {}


def _to_turn(target: Call, key: Key, main: Effect, found: dict[str, Effect], members: dict[str, list[str]]) -> float:
    """How many have to be left out until the conclusion turns; NaN where half of them do not do it."""
    way = -main.side if main.excludes else main.side
    order = sorted(found, key=lambda unit: (-way * round(found[unit].estimate.value - main.estimate.value, 12), unit))

    def turns(count: int) -> bool:
        effect = _without(target, [one for unit in order[:count] for one in members[unit]]).get(key)
        return effect is not None and effect.excludes != main.excludes

    less, more = 0, 1
    while more <= len(order) // 2 and not turns(more):
        less, more = more, 2 * more
    more = min(more, len(order) // 2)
    if more <= less or not turns(more):
        return float("nan")
    while more - less > 1:
        middle = (less + more) // 2
        less, more = (less, middle) if turns(middle) else (middle, more)
    return float(more)


def _summary(key: Key, main: Effect, found: dict[str, Effect | None]) -> Iterator[Number]:
    shape, kept = Scale(main.estimate.unit, main.estimate.decimals), [effect for effect in found.values() if effect]
    changes = [effect.estimate.value - main.estimate.value for effect in kept]
    values: dict[str, tuple[float, Scale]] = {
        "estimate": (main.estimate.value, shape),
        "estimate_ci_low": (main.low, shape),
        "estimate_ci_high": (main.high, shape),
        "removals": (len(found), Scale("", 0)),
        "not_estimable": (len(found) - len(kept), Scale("", 0)),
        "estimate_lowest": (min((effect.estimate.value for effect in kept), default=float("nan")), shape),
        "estimate_highest": (max((effect.estimate.value for effect in kept), default=float("nan")), shape),
        "largest_change": (max(changes, key=abs, default=float("nan")), replace(shape, decimals=shape.decimals + 1)),
        "conclusions_turned": (sum(effect.excludes != main.excludes for effect in kept), Scale("", 0)),
        "signs_turned": (sum(effect.side != main.side for effect in kept), Scale("", 0)),
    }
    for statistic, (value, scale) in values.items():
        yield Number(*key, statistic, float(value), scale.unit, scale.decimals, main.estimate.rows)


def _single(
    call: Call, key: Key, main: Effect, found: dict[str, Effect], members: dict[str, list[str]]
) -> Iterator[Number]:
    """The units that change the estimate most, each with the effect without it."""
    order = sorted(found, key=lambda unit: (-abs(round(found[unit].estimate.value - main.estimate.value, 12)), unit))
    shape = Scale(main.estimate.unit, main.estimate.decimals)
    for place, unit in enumerate(order[: call.options.shown], 1):
        effect, rows = found[unit], _rows_without(call, main.estimate.rows, members[unit])
        level = ", ".join(filter(None, (key[3], f"without unit {place} (by influence)")))
        values = {"estimate": effect.estimate.value, "estimate_ci_low": effect.low, "estimate_ci_high": effect.high}
        for statistic, value in values.items():
            yield Number(*key[:3], level, statistic, value, shape.unit, shape.decimals, rows)


def _rows_without(call: Call, rows: "Rows", units: Collection[str]) -> "Rows":
    """A row set with units, used before, left out."""
    unit_of = call.data.unit_of
    entries = list(rows.entries)
    gone = {unit_of[r] for r, _, reason in entries if not reason and unit_of[r] in units}
    changed = ((r, role, LEFT_OUT if unit_of[r] in gone else reason) for r, role, reason in entries)
    count = len(gone)
    return replace(rows, entries=Entries.of(changed), used=rows.used - count, excluded=rows.excluded + count)


def rests_on(entry: Analysis, options: Options) -> list[str]:
    """The analysis that is made again. Raises Fault where the plan names none."""
    if not entry.of:
        raise Fault("influence: `of` names the analysis that is made again")
    return [entry.of]


METHOD = Method(
    Options,
    run,
    "The analysis made again without each of its units in turn: the lowest and highest estimate, the largest change of "
    "it, how many single removals turn the conclusion (whether the interval excludes no effect) or the sign, and how "
    "many of those that move it most have to be left out together until the conclusion turns. The "
    "most influential units are shown one by one; each is named by the rows of its number.",
    rests_on,
    part=lambda options: "whole",
    gives="estimate estimate_ci_low estimate_ci_high estimate_highest estimate_lowest largest_change "
    "conclusions_turned not_estimable removals signs_turned units_to_turn",
)

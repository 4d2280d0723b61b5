"""Influence: an analysis made again without each unit in turn."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._headline import Effect, Key, effects_of
from omtrace.analyses._refusals import numbers_of, without_effect
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.plan import Analysis
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
    units = {unit for effect in effects.values() for unit in _used(call, effect)}
    if len(units) > MOST:
        raise Refusal(
            f"analysis {call.name}: {call.entry.of} would be made again for each of {len(units):,} units; at most "
            f"{MOST:,}, since one of more moves little, whatever its value"
        )
    removed = {unit: _without(target, unit) for unit in call.data.units if unit in units}
    for key, main in effects.items():
        found = {unit: removed[unit].get(key) for unit in call.data.units if unit in _used(call, main)}
        yield from _summary(key, main, found)
        yield from _single(call, key, main, {unit: effect for unit, effect in found.items() if effect})


def _used(call: Call, effect: Effect) -> set[str]:
    return {call.data.unit_of[record] for record, _, reason in effect.estimate.rows.entries if not reason}


def _without(target: Call, unit: str) -> dict[Key, Effect]:
    """The effects of an analysis without a unit; none where it cannot be made then."""
    method = plugin("analyses", target.entry.method, "METHOD")
    try:
        return effects_of(numbers_of(method, replace(target, data=target.data.without(unit))))
    except Fault:  # what fits in the plan may not fit without the unit
        return {}


def _summary(key: Key, main: Effect, found: dict[str, Effect | None]) -> Iterator[Number]:
    shape, kept = (main.estimate.unit, main.estimate.decimals), [effect for effect in found.values() if effect]
    changes = [effect.estimate.value - main.estimate.value for effect in kept]
    values: dict[str, tuple[float, tuple[str, int]]] = {
        "estimate": (main.estimate.value, shape),
        "estimate_ci_low": (main.low, shape),
        "estimate_ci_high": (main.high, shape),
        "removals": (len(found), ("", 0)),
        "not_estimable": (len(found) - len(kept), ("", 0)),
        "estimate_lowest": (min((effect.estimate.value for effect in kept), default=float("nan")), shape),
        "estimate_highest": (max((effect.estimate.value for effect in kept), default=float("nan")), shape),
        "largest_change": (max(changes, key=abs, default=float("nan")), (shape[0], shape[1] + 1)),
        "conclusions_turned": (sum(effect.excludes != main.excludes for effect in kept), ("", 0)),
        "signs_turned": (sum(effect.side != main.side for effect in kept), ("", 0)),
    }
    for statistic, (value, (unit, decimals)) in values.items():
        yield Number(*key, statistic, float(value), unit, decimals, main.estimate.rows)


def _single(call: Call, key: Key, main: Effect, found: dict[str, Effect]) -> Iterator[Number]:
    """The units that change the estimate most, each with the effect without it."""
    order = sorted(found, key=lambda unit: (-abs(round(found[unit].estimate.value - main.estimate.value, 12)), unit))
    shape = (main.estimate.unit, main.estimate.decimals)
    for place, unit in enumerate(order[: call.options.shown], 1):
        effect, rows = found[unit], _rows_without(call, main.estimate.rows, unit)
        level = ", ".join(filter(None, (key[3], f"without unit {place} (by influence)")))
        values = {"estimate": effect.estimate.value, "estimate_ci_low": effect.low, "estimate_ci_high": effect.high}
        for statistic, value in values.items():
            yield Number(*key[:3], level, statistic, value, *shape, rows)


def _rows_without(call: Call, rows: "Rows", unit: str) -> "Rows":
    """A row set with one unit, used before, left out."""
    unit_of = call.data.unit_of
    entries = ((r, role, LEFT_OUT if unit_of[r] == unit else reason) for r, role, reason in rows.entries)
    return replace(rows, entries=Entries.of(entries), used=rows.used - 1, excluded=rows.excluded + 1)


def rests_on(entry: Analysis, options: Any) -> list[str]:
    """The analysis that is made again. Raises Fault where the plan names none."""
    if not entry.of:
        raise Fault("influence: `of` names the analysis that is made again")
    return [entry.of]


METHOD = Method(
    Options,
    run,
    "The analysis made again without each of its units in turn: the lowest and highest estimate, the largest change of "
    "it, and how many single removals turn the conclusion (whether the interval excludes no effect) or the sign. The "
    "most influential units are shown one by one; each is named by the rows of its number.",
    rests_on,
    part=lambda options: "whole",
    gives="estimate estimate_ci_low estimate_ci_high estimate_highest estimate_lowest largest_change "
    "conclusions_turned not_estimable removals signs_turned",
)

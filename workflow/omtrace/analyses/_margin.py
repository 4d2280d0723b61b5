"""Non-inferiority and equivalence: what the interval of an effect says against the margin of the plan."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from omtrace.analyses import Call, Number
from omtrace.analyses._headline import Key
from omtrace.analyses._refusals import refusals_of
from omtrace.faults import Fault
from omtrace.model.contrast import BETWEEN
from omtrace.model.headline import Headline, headline_of
from omtrace.model.statistics import STATISTICS, Role, statistic_of
from omtrace.statistics.interval import Interval

if TYPE_CHECKING:
    from omtrace.model.questions import Margin


def verdicts(call: Call, numbers: Sequence[Number]) -> Iterator[Number]:
    """The limits of the margin and the verdict of each effect of two groups, with the rows of the effect.

    Raises Fault where the analysis gives no such effect, and where it is not known which direction is better.
    """
    margin = call.entry.margin
    if margin is None:
        return
    rows: dict[Key, dict[str, Number]] = {}
    for number in numbers:
        rows.setdefault((number.parameter, number.group, number.visit, number.level), {})[number.statistic] = number
    found = {key: (row, names) for key, row in rows.items() if _is_contrast(key) and (names := _effect(margin, row))}
    if not found and not refusals_of(numbers):
        what = f"no {margin.statistic or 'effect'} of two groups with {margin.interval or 'an'} interval"
        raise Fault(f"analysis {call.name}: margin: the method gives {what}")
    main = next((names.effect for _, names in found.values()), "")  # a margin is of one kind of effect
    for (parameter, group, visit, level), (row, names) in found.items():
        if names.effect != main:
            continue
        effect = row[names.effect]
        low, high = _bounds(margin, names)
        better = _better(call, margin, parameter, names)
        limits = {} if margin.kind == "noninferiority" and better == "lower" else {"margin_low": low}
        limits |= {} if margin.kind == "noninferiority" and better == "higher" else {"margin_high": high}
        code = _verdict(margin.kind, better, names.null, (low, high), (row[names.low].value, row[names.high].value))
        for statistic, value in limits.items():
            yield Number(parameter, group, visit, level, statistic, value, effect.unit, effect.decimals, effect.rows)
        yield Number(parameter, group, visit, level, margin.kind, float(code), "", 0, effect.rows)


def _is_contrast(key: Key) -> bool:
    return BETWEEN in key[1] or BETWEEN in key[3]


def _effect(margin: "Margin", row: dict[str, Number]) -> Headline | None:
    """The effect that the margin is of, among those of a row, with its interval."""
    names = [
        name
        for name in row
        if (statistic_of(name).role is not Role.EFFECT or margin.statistic in ("", name))
        and (not statistic_of(name).interval or margin.interval in ("", statistic_of(name).interval))
    ]
    return headline_of(names)


def _bounds(margin: "Margin", names: Headline) -> Interval:
    """The limits of the margin around no effect; of a ratio the value and its reciprocal."""
    if names.null == 0:
        return Interval(-margin.value, margin.value)
    if margin.value == 1:
        raise Fault("margin: value: 1 is no margin of a ratio")
    low, high = sorted((margin.value, 1 / margin.value))
    return Interval(low, high)


def _better(call: Call, margin: "Margin", parameter: str, names: Headline) -> str:
    declared: str = call.dataset.parameters[parameter].better if parameter in call.dataset.parameters else ""
    if STATISTICS[names.effect].is_hazard:  # more of it is a shorter time
        declared = {"higher": "lower", "lower": "higher"}.get(declared, "")
    better: str = margin.direction or declared
    if not better and margin.kind == "noninferiority":
        raise Fault(
            f"analysis {call.name}: margin: say direction: lower or higher is better, of {names.effect}; "
            f"{parameter!r} does not say it"
        )
    return better


def _verdict(kind: str, better: str, null: float, margin: tuple[float, float], interval: tuple[float, float]) -> int:
    """The place of the verdict among the codes of its statistic; a limit without a value is infinite."""
    low, high = margin
    below, above = (
        (-math.inf if math.isnan(interval[0]) else interval[0]),
        (math.inf if math.isnan(interval[1]) else interval[1]),
    )
    if kind == "equivalence":
        return 2 if low < below and above < high else 0 if above < low or below > high else 1
    if better == "lower":  # the same with all signs turned
        low, below, above, null = -high, -above, -below, -null
    if below > low:
        return 3 if below > null else 2
    return 0 if above < low else 1


def said(margin: "Margin") -> str:
    """The margin in words."""
    source = f" ({margin.source})" if margin.source else ""
    if margin.kind == "equivalence":
        return (
            f" Equivalence is concluded where the whole interval lies within the margin of {margin.value:g}{source} on "
            "either side of no effect (Piaggio et al. 2012)."
        )
    return (
        " Non-inferiority is concluded where the interval excludes an effect as far on the worse side as the margin "
        f"of {margin.value:g}{source} (Piaggio et al. 2012)."
    )

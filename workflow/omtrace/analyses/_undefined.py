"""Comparisons and tests that the data leave undefined: not computed, with the reason, instead of blanks."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from omtrace.analyses import Call, Number
from omtrace.model.contrast import EVERYBODY, contrast_of
from omtrace.model.statistics import NOT_COMPUTED, Role, statistic_of

if TYPE_CHECKING:
    import numpy

MAIN = ("p", "adjusted_p", "grubbs_p", "alpha", "icc_agreement")  # what a row is for, besides its effect


class _Place(NamedTuple):
    parameter: str
    group: str
    visit: str


def explained(call: Call, numbers: Sequence[Number]) -> list[Number]:
    """The numbers; where an effect or its test has no value, one that says why stands in place of all without.

    What is known of such a row, as the sizes of its groups, stays. A standard error of 0 says nothing, and goes too.
    """
    if not any(math.isnan(number.value) for number in numbers):
        return list(numbers)
    rows: dict[tuple[_Place, str], list[Number]] = {}
    for number in numbers:
        place = _Place(number.parameter, number.group, number.visit)
        rows.setdefault((place, number.level), []).append(number)
    said = {place for (place, _), row in rows.items() if any(n.statistic == NOT_COMPUTED for n in row)}
    without: dict[tuple[_Place, str], list[str]] = {}  # place, reason -> levels
    stated: list[Number] = []
    first: dict[_Place, Number] = {}
    for (place, level), row in rows.items():
        if place in said or not _is_undefined(row):
            stated += row
            continue
        first.setdefault(place, row[0])
        stated += [n for n in row if not (math.isnan(n.value) or _is_empty_error(n))]
        without.setdefault((place, _reason(call, row)), []).append(level)
    return [*stated, *_refusals(without, first)]


def _refusals(without: dict[tuple[_Place, str], list[str]], first: dict[_Place, Number]) -> Iterator[Number]:
    for (place, reason), levels in without.items():
        named = "; ".join(filter(None, levels))
        level = f"{named}: {reason}" if named and not reason.startswith("no ") else reason
        yield Number(*place, level, NOT_COMPUTED, math.nan, "", 0, first[place].rows)


def _is_empty_error(number: Number) -> bool:
    return statistic_of(number.statistic).role is Role.STANDARD_ERROR and number.value == 0


def _is_undefined(row: Sequence[Number]) -> bool:
    """Whether no effect of a row has a value, or its test, or what else it is for, has none."""
    effects = [n for n in row if statistic_of(n.statistic).role is Role.EFFECT]
    main = [n for n in row if n.statistic in MAIN]
    return any(numbers and all(math.isnan(n.value) for n in numbers) for numbers in (effects, main))


def _reason(call: Call, row: Sequence[Number]) -> str:
    """What the values behind a row lack: a side without any, or with one, or none that vary."""
    import numpy

    from omtrace.statistics.basic.samples import standard_deviation

    number = row[0]
    sides = _sides(call, number)
    of = {name: f" of {name}" if len(sides) > 1 or name != EVERYBODY else "" for name in sides}
    is_change = any(role == "baseline" for role, _ in number.rows.entries.kinds)
    what = "changes" if is_change else "values"
    if empty := [of[name] for name, values in sides.items() if not values.size]:
        return f"no {'pair of values' if is_change else 'value'}{' or'.join(empty)}"
    every = numpy.concatenate(list(sides.values()))
    if standard_deviation(every) == 0:
        return f"the {what} are all alike"
    if single := [of[name] for name, values in sides.items() if values.size == 1]:
        return f"one {what[:-1]} only{' and'.join(single)}"
    if alike := [of[name] for name, values in sides.items() if standard_deviation(values) == 0]:
        return f"the {what}{' and'.join(alike)} are all alike"
    if len(sides) == 1 and every.size == 2:
        return f"two {what} only{of[next(iter(of))]}"
    if standard_deviation(numpy.delete(every, numpy.abs(every - every.mean()).argmax())) == 0:
        return f"all {what} but one are alike"
    if any(n.statistic in ("df", "df_2") and not n.value > 0 for n in row):
        return f"too few {call.dataset.unit}s for the degrees of freedom of the test"
    return f"not defined for these {what}"


def _sides(call: Call, number: Number) -> "dict[str, numpy.ndarray]":
    """The values behind a number by group: those of its sides, of its group, or of everybody.

    Of a change since baseline they are the changes.
    """
    import numpy

    data = call.data
    behind: dict[str, set[int]] = {"outcome": set(), "baseline": set(), "group": set()}
    for record, role, reason in number.rows.entries:
        if role in behind and not reason:
            behind[role].add(record)
    columns = {role: _columns(call, records) for role, records in behind.items()}
    values = numpy.array(columns["outcome"] or [numpy.full(len(data.enrolled), numpy.nan)])
    if columns["baseline"]:
        values = values - columns["baseline"][0]
    if not call.dataset.group:
        return {number.group: _known(values)}
    member = numpy.array([str(value) for value in data.column(call.dataset.group).values().tolist()])
    contrast = contrast_of(number.group, call.dataset.groups)
    sides = [contrast.group, contrast.reference] if contrast else [number.group]
    if number.group == EVERYBODY:
        sides = [name for name in call.dataset.groups if behind["group"] and _known(values[:, member == name]).size]
        if not sides:
            return {number.group: _known(values)}
    return {side: _known(values[:, member == side]) for side in sides}


def _columns(call: Call, records: set[int]) -> "list[numpy.ndarray]":
    """The columns (enrolled,) that hold some of these records, NaN where they hold others."""
    import numpy

    columns = list(call.data.columns.values())
    held = [numpy.isin(column.record, list(records)) for column in columns]
    return [numpy.where(mine, c.number, numpy.nan) for c, mine in zip(columns, held, strict=True) if mine.any()]


def _known(values: "numpy.ndarray") -> "numpy.ndarray":
    known: numpy.ndarray = values[values == values]
    return known

"""Agreement of computed values with printed ones, unit by unit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Closed):
    """What is compared, and to how many decimals."""

    printed: str = Field(description="parameter with the printed values")
    decimals: int = Field(3, description="decimals of the printed values", ge=0, le=9)


def run(call: Call) -> Iterator[Number]:
    """How many computed values round to the printed ones, the largest difference, and the others by name."""
    from omtrace.store import display

    call.need(call.options.printed)
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[call.options.printed]
        )
        for group in call.groups(True):
            part = analysis_set.of_group(group)
            computed, printed = part["value"].astype("float64"), part[call.options.printed].astype("float64")
            decimals = call.options.decimals
            same = [display(a, decimals) == display(b, decimals) for a, b in zip(computed, printed, strict=True)]
            differ = (computed - printed).abs()
            values = {
                "n": len(part),
                "count": sum(same),
                "percent": 100 * sum(same) / len(part) if same else float("nan"),
            }
            rows = analysis_set.rows([group])
            yield from target.numbers(group, values, rows, level=f"equal to {decimals} decimals")
            largest = float(differ.max()) if same else float("nan")
            unit = call.dataset.parameters[target.parameter].unit
            yield Number(
                target.parameter, group, target.visit, "", "largest_difference", largest, unit, decimals + 1, rows
            )
        yield from _others(call, target.parameter, target.visit, analysis_set)


def _others(call: Call, parameter: str, visit: str, analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units of the population whose values differ, or that have only one of them, with the reason.

    A well is named, with both values: it is a place on a plate. Of people and animals the reasons are counted, since
    estimates name nobody and show no one's value.
    """
    decimals, printed = call.options.decimals, call.options.printed
    unit, rows = call.dataset.parameters[parameter].unit, analysis_set.rows(["all"])
    reasons: dict[str, int] = {}
    for name, reason in analysis_set.reasons.items():
        ours, theirs = (call.data.plain(*which)[name] for which in ((parameter, visit), (printed, "")))
        why = "" if reason.startswith("not in population") else _why(ours, theirs, decimals)
        if not why:
            continue
        if call.dataset.unit != "well":
            reasons[why] = reasons.get(why, 0) + 1
            continue
        for statistic, value in (("computed", ours[2]), ("printed", theirs[2])):
            if value is not None:
                level = f"{name}: {why}"
                yield Number(parameter, "all", visit, level, statistic, float(value), unit, decimals + 1, rows)
    for why, count in sorted(reasons.items()):
        yield Number(parameter, "all", visit, why, "count", float(count), "", 0, rows)


def _why(ours: tuple, theirs: tuple, decimals: int) -> str:
    """Why two records (number, status, value) do not agree; "" where they do, or neither has a value."""
    from omtrace.store import display

    if ours[2] is None or theirs[2] is None:
        if ours[2] is None and theirs[2] is None:
            return ""
        return f"not computed: {ours[1]}" if ours[2] is None else f"not printed: {theirs[1]}"
    a, b = float(ours[2]), float(theirs[2])
    if display(a, decimals) == display(b, decimals):
        return ""
    half = abs(a - b) <= 0.5 * 10.0**-decimals * (1 + 1e-6)
    return "half-way between two printed values" if half else "differs beyond rounding"


METHOD = Method(
    Options,
    run,
    "Computed values against printed ones, both rounded half away from zero to the decimals printed.",
    units="any",
    gives="computed largest_difference percent count n printed",
)

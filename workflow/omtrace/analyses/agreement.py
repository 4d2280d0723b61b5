"""Agreement of computed values with printed ones, unit by unit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses.selection import Selection


class Options(Closed):
    """What is compared, and to how many decimals."""

    printed: str = Field(description="parameter with the printed values")
    decimals: int = Field(3, description="decimals of the printed values", ge=0, le=9)


def run(call: Call) -> Iterator[Number]:
    """How many computed values round to the printed ones, the largest difference, and the others by name."""
    from omtrace.store import display

    call.need(call.options.printed)
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=[call.options.printed])
        for group in call.groups(True):
            part = chosen.of_group(group)
            computed, printed = part["value"].astype("float64"), part[call.options.printed].astype("float64")
            decimals = call.options.decimals
            same = [display(a, decimals) == display(b, decimals) for a, b in zip(computed, printed, strict=True)]
            differ = (computed - printed).abs()
            values = {
                "n": len(part),
                "count": sum(same),
                "percent": 100 * sum(same) / len(part) if same else float("nan"),
            }
            rows = chosen.rows([group])
            yield from call.numbers(parameter, group, visit, values, rows, level=f"equal to {decimals} decimals")
            largest = float(differ.max()) if same else float("nan")
            unit = call.dataset.parameters[parameter].unit
            yield Number(parameter, group, visit, "", "largest_difference", largest, unit, decimals + 1, rows)
        yield from _others(call, parameter, visit, chosen)


def _others(call: Call, parameter: str, visit: str, chosen: "Selection") -> Iterator[Number]:
    """Each unit of the population whose values differ, or that has only one of them, with the reason."""
    from omtrace.store import display

    decimals, printed = call.options.decimals, call.options.printed
    unit, rows = call.dataset.parameters[parameter].unit, chosen.rows(["all"])
    for name, reason in chosen.reasons.items():
        if reason.startswith("not in population"):
            continue
        ours, theirs = (call.data.plain(*which)[name] for which in ((parameter, visit), (printed, "")))
        values = {"computed": ours[2], "printed": theirs[2]}
        if ours[2] is not None and theirs[2] is not None:
            a, b = float(ours[2]), float(theirs[2])
            if display(a, decimals) == display(b, decimals):
                continue
            half = abs(a - b) <= 0.5 * 10.0**-decimals * (1 + 1e-6)
            why = "half-way between two printed values" if half else "differs beyond rounding"
        elif ours[2] is None and theirs[2] is None:
            continue
        else:
            why = f"not computed: {ours[1]}" if ours[2] is None else f"not printed: {theirs[1]}"
        for statistic, value in values.items():
            if value is not None:
                yield Number(
                    parameter, "all", visit, f"{name}: {why}", statistic, float(value), unit, decimals + 1, rows
                )


METHOD = Method(
    Options,
    run,
    "Computed values against printed ones, both rounded half away from zero to the decimals printed.",
    units="any",
)

"""Agreement of computed values with printed ones, unit by unit."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed


class Options(Closed):
    """What is compared, and to how many decimals."""

    printed: str = Field(description="parameter with the printed values")
    decimals: int = Field(3, description="decimals of the printed values", ge=0, le=9)


def run(call: Call) -> Iterator[Number]:
    """How many computed values round to the printed ones, and the largest difference."""
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


METHOD = Method(
    Options,
    run,
    "Computed values against printed ones, both rounded half away from zero to the decimals printed.",
    units="any",
)

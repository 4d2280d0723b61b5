"""Two proportions compared: difference, ratio, number needed to treat."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed


class Options(Closed):
    """Which groups."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """group - reference of a yes/no parameter."""
    from omtrace.statistics.proportion import proportion_difference

    contrast = call.contrast(call.options.group, call.options.reference)
    for parameter, visit in call.targets("yes or no"):
        chosen = call.data.select(call.entry.population, parameter, visit, group=True)
        sides = [chosen.of_group(g)["value"].astype("float64") for g in (call.options.group, call.options.reference)]
        (count, n), (count_of_reference, n_of_reference) = ((int(side.sum()), len(side)) for side in sides)
        values = proportion_difference(count, n, count_of_reference, n_of_reference, call.options.level)
        # The ends of an interval through infinity have a value only where it runs through infinity.
        values = {name: v for name, v in values.items() if v == v or not name.startswith(("nntb", "nnth"))}
        rows = chosen.rows([call.options.group, call.options.reference])
        yield from call.numbers(parameter, contrast, visit, values, rows, scale=("", 3))


METHOD = Method(
    Options,
    run,
    "Difference of two proportions with Newcombe's hybrid score and Wald intervals, risk ratio with log interval, "
    "number needed to treat as the reciprocal of the difference.",
)

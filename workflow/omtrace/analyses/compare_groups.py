"""Two groups compared without adjustment."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed


class Options(Closed):
    """Which groups."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Welch difference with interval, Hedges' g, Mann-Whitney with ties, for each pair."""
    from omtrace.statistics.two_groups import mann_whitney, welch

    contrasts = {call.contrast(*pair): pair for pair in call.options.contrasts}
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, group=True)
        for contrast, (group, reference) in contrasts.items():
            a, b = (chosen.of_group(g)["value"].astype("float64").to_numpy() for g in (group, reference))
            values = {**welch(a, b, call.options.level), **mann_whitney(a, b)}
            rows = chosen.rows([group, reference])
            yield from call.numbers(parameter, contrast, visit, values, rows)


METHOD = Method(
    Options,
    run,
    "Difference of means with Welch interval, Hedges' g with noncentral-t interval, Mann-Whitney test (exact with ties "
    "where the groups are small).",
)

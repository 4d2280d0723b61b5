"""Safety: units with at least one event and the number of events, by the treatment that was received."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.statistic import Scale

SHARE = ("count", "n", "proportion", "clopper_pearson_low", "clopper_pearson_high")
DIFFERENCE = ("difference", "newcombe_low", "newcombe_high")


class Options(Closed):
    """Treatment as received, and a comparison."""

    treated: str = Field("", description="parameter with the group as treated; none: the dataset's group")
    contrasts: tuple[tuple[str, str], ...] = Field(
        (), description="pairs: group of interest, reference; none: no difference"
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Of each parameter, a count of events: units with any, their share, and the events, by group and over all."""
    from omtrace.statistics.basic.proportion import proportion, proportion_difference

    o = call.options
    if o.treated and o.treated not in call.dataset.parameters:
        hint = nearest(o.treated, call.dataset.parameters)
        raise Fault(f"analysis {call.name}: there is no parameter {o.treated!r}{hint}")
    data = call.data.grouped_by(o.treated) if o.treated else call.data
    contrasts = {call.contrast(*pair): pair for pair in o.contrasts}
    for target in call.targets():
        analysis_set = data.select(
            call.entry.population, target.parameter, target.visit, group=bool(call.dataset.group)
        )
        found = {}
        for group in call.groups(True):
            events = analysis_set.of_group(group)["value"].astype("float64")
            found[group] = (int((events > 0).sum()), len(events))
            share = proportion(*found[group], o.level)
            values = {**{name: share[name] for name in SHARE}, "events": float(events.sum())}
            yield from target.numbers(group, values, analysis_set.rows([group]))
        for contrast, (group, reference) in contrasts.items():
            difference = proportion_difference(*found[group], *found[reference], o.level)
            values = {name: difference[name] for name in DIFFERENCE}
            rows = analysis_set.rows([group, reference])
            yield from target.numbers(contrast, values, rows, scale=Scale("", 3))


METHOD = Method(
    Options,
    run,
    "Units with at least one event, their share with the exact Clopper-Pearson interval, and the number of events, by "
    "group and over all; differences of shares with Newcombe's interval. No tests.",
    gives="difference proportion newcombe_low newcombe_high clopper_pearson_low clopper_pearson_high count events n",
)

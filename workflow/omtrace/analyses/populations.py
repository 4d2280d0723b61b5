"""The populations of the plan: how many units belong to each, and why the others do not."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._shown import named
from omtrace.model.closed import Closed


class Options(Closed):
    """Which populations."""

    populations: tuple[str, ...] = Field((), description="populations counted; none: all of the dataset")
    by_group: bool = Field(True, description="also within each group of the dataset")


def run(call: Call) -> Iterator[Number]:
    """Units enrolled, units of each population, and units left out of it by reason, by group and over all."""
    outcome = next((p for p, visit in call.data.columns if not visit), "")
    at = "" if outcome else next(iter(call.data.columns))[1]
    outcome = outcome or next(iter(call.data.columns))[0]
    for population in call.options.populations or call.dataset.populations:
        analysis_set = call.data.select(population, outcome, at)
        for group in call.groups(call.options.by_group):
            rows = analysis_set.members([group])
            out = {why: n for why, n in analysis_set.left_out(group).items() if why.startswith("not in population")}
            counts = {"enrolled": rows.expected, "in the population": rows.used}
            counts |= {
                f"left out: {why.removeprefix(f'not in population {population}').strip(' :') or 'not in it'}": n
                for why, n in out.items()
            }
            for level, n in counts.items():
                name = f"{named('population', population)}: {level}"
                yield Number("", group, "", name, "n", float(n), "", 0, rows, population)


METHOD = Method(
    Options,
    run,
    "Units enrolled, units of each population, and units left out of it by the clauses that they fail.",
    part=lambda options: "whole",
    gives="n",
)

"""Grubbs' test as a note: which groups hold a value far from the others. Nothing is ever left out for it."""

import math
from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Refusal
from omtrace.model.closed import Closed


class Options(Closed):
    """Where it is looked."""

    by_group: bool = Field(True, description="in each group of the dataset")
    log: bool = Field(False, description="of the natural logarithms (values must be positive)")


def run(call: Call) -> Iterator[Number]:
    """n, G and p of the farthest value of each group."""
    from omtrace.statistics.basic.grubbs import grubbs

    for target in call.targets():
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit)
        groups = [g for g in call.groups(call.options.by_group) if g != "all" or not call.options.by_group]
        for group in groups or ["all"]:
            values = analysis_set.of_group(group)["value"].astype("float64")
            if call.options.log:
                if (values <= 0).any():
                    raise Refusal(f"analysis {call.name}, {target.parameter}: a logarithm needs positive values")
                values = values.map(math.log)
            found = {"n": len(values), **grubbs(values.to_numpy())}
            yield from target.numbers(group, found, analysis_set.rows([group]))


def said(options: Options) -> str:
    """Which value is tested, on which scale."""
    of = "its group's mean" if options.by_group else "the mean of all"
    return (
        f"Grubbs' test of the value farthest from {of}{', on the log scale' if options.log else ''}, two-sided with "
        "Bonferroni's bound. A note only: no value is left out of any analysis for it."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="grubbs_g grubbs_p n",
)

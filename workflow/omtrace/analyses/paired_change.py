"""Change since baseline within units."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """How to group, and the confidence level."""

    by_group: bool = Field(False, description="also within each group of the dataset")
    zeros: Literal["wilcoxon", "pratt"] = Field(
        "wilcoxon",
        description="signed rank: zeros are dropped before ranking (wilcoxon) or ranked with the rest (pratt)",
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Mean change with t interval, effect sizes with intervals, exact signed rank; pairs only, losses counted."""
    import numpy

    from omtrace.statistics.basic.paired import hodges_lehmann, paired_change, signed_rank

    baseline = call.baseline()
    for target in call.targets():
        if target.visit == baseline:
            continue
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, baseline=baseline)
        for group in call.groups(call.options.by_group):
            part = analysis_set.of_group(group).astype("float64")
            before, after = part["baseline"].to_numpy(), part["value"].to_numpy()
            level, change = call.options.level, after - before
            size = numpy.maximum(abs(before), abs(after))
            values = {
                **paired_change(before, after, level),
                **signed_rank(change, call.options.zeros, size),
                **hodges_lehmann(change, level),
            }
            values["missing"] = analysis_set.missing(group)
            yield from target.numbers(group, values, analysis_set.rows([group]))


def said(options: Options) -> str:
    """What is estimated and tested, and what becomes of zeros."""
    groups = ", in each group and in all together" if options.by_group else ""
    zeros = {"wilcoxon": "dropped before ranking", "pratt": "ranked with the rest (Pratt)"}[options.zeros]
    return (
        f"Change since baseline in units with both values{groups}: mean with {100 * options.level:g}% t interval, "
        "standardised by the SD of the change (d_z) and the mean SD (d_av), Hedges' g with noncentral-t interval. "
        f"Ranks: the Wilcoxon signed-rank test, exact with ties, zeros {zeros}, and the Hodges-Lehmann estimate with "
        "its interval."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="mean_change hodges_lehmann hodges_lehmann_low hodges_lehmann_high ci_low ci_high d_av d_z d_z_ci_low "
    "d_z_ci_high hedges_g hedges_g_ci_low hedges_g_ci_high mean_after mean_before sd_after sd_before "
    "sd_change signed_rank_v t df p signed_rank_p missing n n_nonzero method_exact",
)

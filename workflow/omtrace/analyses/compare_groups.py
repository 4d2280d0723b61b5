"""Two groups compared without adjustment."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """Which groups."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Means, their difference and its tests, and what ranks say, for each pair."""
    from omtrace.statistics.basic.two_groups import (
        brunner_munzel,
        hodges_lehmann_shift,
        mann_whitney,
        permutation_test,
        welch,
    )

    contrasts = {call.contrast(*pair): pair for pair in call.options.contrasts}
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, group=True)
        for contrast, (group, reference) in contrasts.items():
            a, b = (chosen.of_group(g)["value"].astype("float64").to_numpy() for g in (group, reference))
            level = call.options.level
            values = {
                **welch(a, b, level),
                **permutation_test(a, b),
                **mann_whitney(a, b),
                **hodges_lehmann_shift(a, b, level),
                **brunner_munzel(a, b, level),
            }
            rows = chosen.rows([group, reference])
            yield from call.numbers(parameter, contrast, visit, values, rows)


METHOD = Method(
    Options,
    run,
    "Difference of means with Welch's interval and test, Cohen's d and Hedges' g (pooled SD) with noncentral-t "
    "intervals, and the permutation test of the difference (the share of splits that lie as far apart in either "
    "direction; by 99,999 draws where splits are too many to count). Ranks: Mann-Whitney test (exact with ties where "
    "the groups are small), Hodges-Lehmann shift with its interval, and the relative effect P(group > reference) + "
    "P(equal)/2 by Brunner and Munzel.",
    gives="difference ci_low ci_high cohens_d cohens_d_ci_low cohens_d_ci_high hedges_g hedges_g_ci_low "
    "hedges_g_ci_high hodges_lehmann_shift hodges_lehmann_shift_low hodges_lehmann_shift_high mean_a mean_b "
    "relative_effect relative_effect_low relative_effect_high sd_a sd_b relative_effect_se se mann_whitney_u "
    "relative_effect_t t df relative_effect_df p mann_whitney_p permutation_p relative_effect_p n_a n_b "
    "method_exact permutation_exact",
)

"""Two groups compared without adjustment."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import listed, parameter_names
from omtrace.analyses._strata import Stratified, strata_of
from omtrace.faults import Refusal


class Options(Stratified):
    """Which groups, and strata of a test of ranks."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Means, their difference and its tests, and what ranks say, for each pair."""
    from omtrace.statistics.basic.stratified import van_elteren
    from omtrace.statistics.basic.two_groups import (
        brunner_munzel,
        hodges_lehmann_shift,
        mann_whitney,
        permutation_test,
        welch,
    )

    contrasts = {call.contrast(*pair): pair for pair in call.options.contrasts}
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, "", call.options.strata, group=True
        )
        for contrast, (group, reference) in contrasts.items():
            a, b = (analysis_set.of_group(g)["value"].astype("float64").to_numpy() for g in (group, reference))
            level = call.options.level
            values = {
                **welch(a, b, level),
                **permutation_test(a, b),
                **mann_whitney(a, b),
                **hodges_lehmann_shift(a, b, level),
                **brunner_munzel(a, b, level),
            }
            rows = analysis_set.rows([group, reference])
            yield from target.numbers(contrast, values, rows)
            if call.options.strata:
                within = strata_of(call, analysis_set, (group, reference))
                try:
                    test = van_elteren([stratum.sides for stratum in within.strata])
                except ValueError as error:
                    raise Refusal(f"analysis {call.name}, {target.parameter} at {target.visit}: {error}") from None
                yield from target.numbers(contrast, test, within.rows, "ranks within strata, van Elteren")


PLAIN = (
    "Difference of means with Welch's interval and test, Cohen's d and Hedges' g (pooled SD) with noncentral-t "
    "intervals, and the permutation test of the difference (the share of splits that lie as far apart in either "
    "direction; by 99,999 draws where splits are too many to count). Ranks: Mann-Whitney test (exact with ties where "
    "the groups are small), Hodges-Lehmann shift with its interval, and the relative effect P(group > reference) + "
    "P(equal)/2 by Brunner and Munzel."
)


def said(options: Options) -> str:
    """What two groups were compared by, in words."""
    strata = listed(parameter_names(options.strata))
    return PLAIN + (f" Van Elteren's test of ranks within strata of {strata}." if strata else "")


METHOD = Method(
    Options,
    run,
    said,
    is_fragile=True,
    gives="difference ci_low ci_high cohens_d cohens_d_ci_low cohens_d_ci_high hedges_g hedges_g_ci_low "
    "hedges_g_ci_high hodges_lehmann_shift hodges_lehmann_shift_low hodges_lehmann_shift_high mean_a mean_b "
    "relative_effect relative_effect_low relative_effect_high sd_a sd_b relative_effect_se se mann_whitney_u "
    "relative_effect_t t z df relative_effect_df p mann_whitney_p permutation_p relative_effect_p n n_a n_b "
    "method_exact permutation_exact",
)

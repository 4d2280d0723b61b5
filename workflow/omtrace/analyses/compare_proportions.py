"""Two proportions compared: difference, ratio, number needed to treat."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """Which groups."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """group - reference of a yes/no parameter."""
    contrast = call.contrast(call.options.group, call.options.reference)
    for parameter, visit in call.targets("yes or no"):
        chosen = call.data.select(call.entry.population, parameter, visit, group=True)
        sides = [chosen.of_group(g)["value"].astype("float64") for g in (call.options.group, call.options.reference)]
        mine, others = ((int(side.sum()), len(side)) for side in sides)
        values = _compared(mine, others, call.options.level, call.dataset.parameters[parameter].better == "lower")
        rows = chosen.rows([call.options.group, call.options.reference])
        yield from call.numbers(parameter, contrast, visit, values, rows, scale=("", 3))


def _compared(group: tuple[int, int], reference: tuple[int, int], level: float, bad: bool) -> dict[str, float]:
    """Everything about two counts; ``bad``: what is counted is not wanted, so that fewer of it is benefit."""
    from omtrace.statistics.basic.balance import chi_squared_p
    from omtrace.statistics.basic.proportion import (
        nnt_limits,
        odds_ratio,
        proportion_difference,
        score_differences,
        score_ratio,
    )

    (count_a, n_a), (count_b, n_b) = group, reference
    values = {"count_a": float(count_a), "n_a": float(n_a), "count_b": float(count_b), "n_b": float(n_b)}
    values |= proportion_difference(count_a, n_a, count_b, n_b, level)
    values |= score_differences(count_a, n_a, count_b, n_b, level)
    if bad:
        other = proportion_difference(count_b, n_b, count_a, n_a, level)
        values |= {name: value for name, value in other.items() if name.startswith("nnt")}
    sign = -1.0 if bad else 1.0
    ends = sorted(sign * values[f"miettinen_nurminen_{end}"] for end in ("low", "high"))
    values |= nnt_limits("miettinen_nurminen", *ends)
    values["chi_squared_p"] = chi_squared_p((count_a, n_a - count_a), (count_b, n_b - count_b))
    values |= score_ratio(count_a, n_a, count_b, n_b, level) | odds_ratio(count_a, n_a, count_b, n_b, level)
    # Of an interval that runs through infinity its two ends have a value, of another one its limits.
    return {name: value for name, value in values.items() if value == value or name[:4] not in ("nnt_", "nntb", "nnth")}


METHOD = Method(
    Options,
    run,
    "Difference of two proportions with Newcombe's hybrid score, Miettinen and Nurminen's and Mee's score, and Wald "
    "intervals; risk ratio with Katz' log interval and Koopman's score interval; conditional odds ratio with exact "
    "interval and Fisher's test (by probability); Pearson's chi-squared test without continuity correction. Number "
    "needed to treat as the reciprocal of the difference: to benefit (NNTB) or to harm (NNTH); where the interval of "
    "the difference encloses 0, that of the number runs through infinity (Altman 1998).",
    yes_or_no=True,
    gives="difference risk_ratio risk_ratio_low risk_ratio_high odds_ratio odds_ratio_low odds_ratio_high "
    "newcombe_low newcombe_high miettinen_nurminen_low miettinen_nurminen_high wald_low wald_high mee_low "
    "mee_high nnt nnt_miettinen_nurminen_low nnt_miettinen_nurminen_high nnth_miettinen_nurminen "
    "nntb_miettinen_nurminen nnt_newcombe_low nnt_newcombe_high nnth_newcombe nntb_newcombe nnt_wald_low "
    "nnt_wald_high nnth_wald nntb_wald risk_ratio_score_low risk_ratio_score_high fisher_p chi_squared_p "
    "count_a count_b n_a n_b",
)

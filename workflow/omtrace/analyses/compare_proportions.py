"""Two proportions compared: difference, ratio, number needed to treat."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import listed, parameter_names
from omtrace.analyses._strata import Stratified, strata_of
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Stratified):
    """Which groups, and within which strata."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """group - reference of a yes/no parameter."""
    contrast = call.contrast(call.options.group, call.options.reference)
    for target in call.targets("yes or no"):
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, "", call.options.strata, group=True
        )
        if call.options.strata:
            yield from _stratified(call, target.parameter, contrast, target.visit, analysis_set)
            continue
        sides = [
            analysis_set.of_group(g)["value"].astype("float64") for g in (call.options.group, call.options.reference)
        ]
        mine, others = ((int(side.sum()), len(side)) for side in sides)
        values = _compared(
            mine, others, call.options.level, call.dataset.parameters[target.parameter].better == "lower"
        )
        rows = analysis_set.rows([call.options.group, call.options.reference])
        yield from target.numbers(contrast, values, rows, scale=Scale("", 3))


def _stratified(
    call: Call, parameter: str, contrast: Contrast, visit: str, analysis_set: "AnalysisSet"
) -> Iterator[Number]:
    """What the strata have in common, whether they differ, and each of them."""
    from omtrace.statistics.basic.proportion import score_differences
    from omtrace.statistics.basic.stratified import breslow_day, common_difference, common_odds_ratio

    o = call.options
    within = strata_of(call, analysis_set, (o.group, o.reference))
    strata, rows = within.strata, within.rows
    tables = [(int(a.sum()), len(a), int(b.sum()), len(b)) for _, (a, b), _ in strata]
    counts = _counts(*(sum(part) for part in zip(*tables, strict=True)))
    values = {**counts, **common_difference(tables, o.level)}
    undefined = {}
    try:
        values |= common_odds_ratio(tables, o.level)
    except ValueError as error:
        undefined["odds ratio and its test"] = error
    yield from call.of(parameter, visit).numbers(contrast, values, rows, scale=Scale("", 3))
    try:
        alike = breslow_day(tables)
        yield from call.of(parameter, visit).numbers(
            contrast, alike, rows, "odds ratios differ between strata", Scale("", 3)
        )
    except ValueError as error:
        undefined["test whether odds ratios differ between strata"] = error
    for what, why in undefined.items():
        used = {"n": float(rows.used)}
        yield from call.of(parameter, visit).numbers(
            contrast, used, rows, f"{what}: not determined, {why}", Scale("", 0)
        )
    for stratum, (a, n, b, m) in zip(strata, tables, strict=True):
        score = score_differences(a, n, b, m, o.level)
        own = {name: score[name] for name in ("miettinen_nurminen_low", "miettinen_nurminen_high")}
        own = {**_counts(a, n, b, m), "difference": a / n - b / m, **own}
        yield from call.of(parameter, visit).numbers(contrast, own, stratum.rows, stratum.level, Scale("", 3))


def _counts(count_a: int, n_a: int, count_b: int, n_b: int) -> dict[str, float]:
    return {"count_a": float(count_a), "n_a": float(n_a), "count_b": float(count_b), "n_b": float(n_b)}


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
    values = _counts(count_a, n_a, count_b, n_b)
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


PLAIN = (
    "Difference of two proportions with Newcombe's hybrid score, Miettinen and Nurminen's and Mee's score, and Wald "
    "intervals; risk ratio with Katz' log interval and Koopman's score interval; conditional odds ratio with exact "
    "interval and Fisher's test (by probability); Pearson's chi-squared test without continuity correction. Number "
    "needed to treat as the reciprocal of the difference: to benefit (NNTB) or to harm (NNTH); where the interval of "
    "the difference encloses 0, that of the number runs through infinity (Altman 1998)."
)


def said(options: Options) -> str:
    """What two proportions were compared by, in words."""
    if not options.strata:
        return PLAIN
    return (
        f"Two proportions compared within strata of {listed(parameter_names(options.strata))}: difference weighted as "
        "by Mantel and Haenszel, with Miettinen and Nurminen's stratified score interval and Sato's normal one; Mantel "
        "and Haenszel's odds ratio with Robins, Breslow and Greenland's interval; test of Cochran, Mantel and Haenszel "
        "without continuity correction; Breslow and Day's test with Tarone's correction of odds ratios that differ "
        "between strata."
    )


METHOD = Method(
    Options,
    run,
    said,
    yes_or_no=True,
    is_fragile=True,
    gives="difference risk_ratio risk_ratio_low risk_ratio_high odds_ratio odds_ratio_low odds_ratio_high "
    "newcombe_low newcombe_high miettinen_nurminen_low miettinen_nurminen_high wald_low wald_high mee_low "
    "mee_high sato_low sato_high nnt nnt_miettinen_nurminen_low nnt_miettinen_nurminen_high "
    "nnth_miettinen_nurminen nntb_miettinen_nurminen nnt_newcombe_low nnt_newcombe_high nnth_newcombe "
    "nntb_newcombe nnt_wald_low nnt_wald_high nnth_wald nntb_wald risk_ratio_score_low risk_ratio_score_high "
    "chi_squared df p fisher_p cmh_p chi_squared_p count_a count_b n n_a n_b",
)

"""Counts compared between groups as rates: a negative binomial model with an exposure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._regression import Regression, refused, silent_levels, targets, terms_of
from omtrace.analyses._sentences import adjusted
from omtrace.analyses._shown import named
from omtrace.faults import Fault
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Regression):
    """Which groups and terms, what the counts were counted over, and which distribution."""

    exposure: str = Field(
        "", description="parameter that says how long was counted (diary days, months), at the visit or without visits"
    )
    per: float = Field(1, description="rates are told for this much exposure, such as 28 days", gt=0)
    distribution: Literal["negative binomial", "poisson"] = Field(
        "negative binomial", description="poisson assumes that units differ by chance only; overdispersion is told"
    )
    fractions: bool = Field(False, description="counts may have fractions, such as half days")


def run(call: Call) -> Iterator[Number]:
    """Rate ratios, adjusted rates with the counts behind them, and how much the counts vary."""
    from omtrace.statistics.linear.counts import CountModel

    o, declared = call.options, call.dataset.parameters
    if o.exposure and o.exposure not in declared:
        raise Fault(f"analysis {call.name}: exposure {o.exposure!r} is no parameter of dataset {call.entry.dataset}")
    groups = o.groups(list(call.dataset.groups))
    unit = f"{declared[o.exposure].unit}".strip() if o.exposure else ""
    rate = Scale(f"per {o.per:g} {unit}" if o.exposure else "per unit", 2)
    for target, analysis_set, frame in targets(call, "numbers", o.exposure):
        rows = analysis_set.rows(groups)
        try:
            model = CountModel(
                frame.astype({"value": "float64"}),
                terms_of(call),
                "exposure" if o.exposure else "",
                o.distribution,
                fractions=o.fractions,
            )
        except ValueError as error:
            for group in groups:
                yield from _counts(target, group, frame, analysis_set)
            raise refused(target, error) from None
        for group, reference in o.contrasts:
            values = {**model.rate_ratio(group, reference, o.level), "n": float(model.n)}
            yield from target.numbers(call.contrast(group, reference), values, rows, scale=Scale("", 2))
        for group in groups:
            yield from _counts(target, group, frame, analysis_set)
            yield from target.numbers(group, model.rate(group, o.per, o.level), rows, scale=rate)
        yield from silent_levels(target, model.alike, analysis_set, frame, "rate ratio")
        numbers = {"pearson_per_df": model.pearson_per_df}
        if o.distribution != "poisson":
            numbers = {"dispersion": model.dispersion, "dispersion_se": model.dispersion_se, **numbers}
        yield from target.numbers("all", numbers, rows, "how much the counts vary")


def _counts(target: Target, group: str, frame: "pandas.DataFrame", analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units, events and exposure of a group, which stand whether the model is refused or not."""
    mine, rows, exposure = frame[frame["group"] == group], analysis_set.rows([group]), target.call.options.exposure
    counts = {"n": float(len(mine)), "events": float(mine["value"].to_numpy(dtype="float64").sum())}
    yield from target.numbers(group, counts, rows)
    if exposure:
        scale = Scale(target.call.dataset.parameters[exposure].unit, 1)
        yield from target.numbers(group, {"exposure": float(mine["exposure"].to_numpy().sum())}, rows, scale=scale)


def said(options: Options) -> str:
    """The model in words."""
    variance = " (variance: mean + dispersion × mean²)" if options.distribution == "negative binomial" else ""
    exposure = f", with the logarithm of {named('parameter', options.exposure)} as offset" if options.exposure else ""
    terms = adjusted(options.baseline, options.covariates, options.factors)
    silent = (
        " A level of a factor without any event says nothing of the rate ratio and is named; rates are those of the "
        "other levels."
    )
    return (
        f"{options.distribution.capitalize()} model{variance} of the counts by group{terms}{exposure}; maximum "
        "likelihood with standard errors from the observed information and normal intervals."
        + silent
        * bool(options.factors)
    )


METHOD = Method(
    Options,
    run,
    said,
    is_fragile=True,
    gives="rate_ratio rate ci_low ci_high dispersion pearson_per_df dispersion_se se_log z p events n exposure",
)

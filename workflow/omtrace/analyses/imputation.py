"""Groups compared after imputation of missing values: at random, or by reference to a group."""

import math
from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._imputing import APPROACH_WORDS, Approach, Imputing, Strategy, Terms, analysed, imputing
from omtrace.analyses._sentences import adjusted, listed
from omtrace.analyses._shown import named
from omtrace.analyses.mmrm import STRUCTURES
from omtrace.faults import Fault
from omtrace.model.closed import nearest
from omtrace.model.statistics import NOT_COMPUTED

STRATEGIES = {
    "MAR": "missing at random (MAR)",
    "J2R": "jump to reference (J2R)",
    "CIR": "copy increments in reference (CIR)",
    "CR": "copy reference (CR)",
    "LMCF": "last mean carried forward (LMCF)",
}
DRAWS = {"posterior": "the posterior of the imputation model", "bootstrap": "fits to bootstrap samples within groups"}
VARIANCES = ("within", "between")  # what Rubin's rules tell beside the numbers that are kept


class Options(Terms):
    """Which groups, which strategies, and the terms of the models."""

    contrasts: tuple[tuple[str, str], ...] = Field(
        description="pairs: group of interest, reference; all groups named here are in the models", min_length=1
    )
    strategies: tuple[Strategy, ...] = Field(
        ("MAR",),
        description="values after drop-out: at random (MAR), jump to reference (J2R), copy increments in reference "
        "(CIR), copy reference (CR), last mean carried forward (LMCF)",
        min_length=1,
    )
    reference: str = Field("", description="reference group of the strategies; empty: that of the first contrast")
    approaches: tuple[Approach, ...] = Field(
        ("posterior", "conditional_mean"),
        description=f"how values and errors come about, beside each other; {APPROACH_WORDS}. A claim takes Rubin's",
        min_length=1,
    )
    delta: dict[str, float] = Field({}, description="group -> what is added to its imputed values")


def run(call: Call) -> Iterator[Number]:
    """For each strategy and visit the differences and adjusted means; counts of observed and imputed values."""
    from omtrace.statistics.missing.trial_imputation import APPROACHES

    o = call.options
    reference = o.reference or o.contrasts[0][1]
    for parameter in call.parameters:
        imputation = imputing(call, parameter, o.contrasts, reference, o.approaches)
        for name in o.delta:
            if name not in imputation.groups:
                raise Fault(f"analysis {call.name}: delta: {name!r} is not compared{nearest(name, imputation.groups)}")
        yield from imputation.need_model()
        visits, refused = analysed(call, imputation), imputation.imputed.refused
        for approach, reason in refused.items():
            level = f"{APPROACHES[approach]}: {reason}"
            yield from call.of(parameter).numbers("all", {NOT_COMPUTED: math.nan}, imputation.rows, level)
        for visit in visits:
            for strategy in dict.fromkeys(o.strategies):
                for approach in o.approaches:
                    if approach not in refused:
                        yield from _results(imputation, strategy, approach, visit)
            for group in imputation.groups:
                yield from imputation.counts(group, visit)
        yield from imputation.model(imputation.rows)


def _results(imputation: Imputing, strategy: Strategy, approach: Approach, visit: str) -> Iterator[Number]:
    call, rows = imputation.call, imputation.rows
    target = call.of(imputation.parameter, visit)
    compared = imputation.imputed.compare(approach, strategy, visit)
    delta = [call.options.delta.get(group, 0.0) for group in imputation.groups]
    level = level_of(call, strategy, approach)
    for place, pair in enumerate(imputation.pairs, len(imputation.groups)):
        values = compared.numbers(place, delta)
        named = {"difference": values.pop("estimate"), **{k: v for k, v in values.items() if k not in VARIANCES}}
        yield from target.numbers(call.contrast(*pair), named, rows, level=level)
    for place, group in enumerate(imputation.groups):
        values = compared.numbers(place, delta)
        mean = {"adjusted_mean": values["estimate"], **{k: values[k] for k in ("se", "ci_low", "ci_high")}}
        yield from target.numbers(group, mean, rows, level=level)


def level_of(call: Call, strategy: Strategy, approach: Approach) -> str:
    """The strategy and the approach, in words."""
    from omtrace.statistics.missing.imputation import STRATEGIES
    from omtrace.statistics.missing.trial_imputation import APPROACHES

    shifts = [f"{group} {value:+g}" for group, value in call.options.delta.items() if value]
    words = [f"{STRATEGIES[strategy]} ({strategy})", APPROACHES[approach]]
    return ", ".join([*words, *([f"delta {', '.join(shifts)}"] if shifts else [])])


def said(options: Options) -> str:
    """The imputation model, the strategies after drop-out, and how analyses are combined."""
    structures = [STRUCTURES[name] for name in options.structures]
    others = f" (if it cannot be fitted, {', then '.join(structures[1:])})" if structures[1:] else ""
    own = ", in each group its own" if options.by_group else ""
    terms = adjusted(options.baseline, options.covariates, options.factors, " at each visit")
    strategies = listed([STRATEGIES[name] for name in dict.fromkeys(options.strategies)])
    reference = named("group", options.reference or options.contrasts[0][1])
    towards = f", with {reference} as reference" if {"J2R", "CIR", "CR"} & set(options.strategies) else ""
    draws = listed([DRAWS[name] for name in options.approaches if name in DRAWS])
    rubin = (
        " Rubin's rules, with the degrees of freedom of Barnard and Rubin, combine the analyses of "
        f"{options.imputations} draws from {draws}."
    )
    conditional = " Conditional means with the jackknife over units hold no chance."
    shifts = listed([f"{named('group', group)} by {value:+g}" for group, value in options.delta.items()])
    return (
        f"Missing values imputed from a mixed model for repeated measures, group by visit{terms} (REML; covariance of "
        f"the visits {structures[0]}{others}{own}), then analysis of covariance of the completed values at the visit. "
        f"A value missing before drop-out is missing at random; after drop-out {strategies}{towards}. Drop-out begins "
        f"after the last visit that took place.{rubin if draws else ''}"
        f"{conditional if 'conditional_mean' in options.approaches else ''}"
        f"{f' Imputed values are shifted: {shifts}.' if shifts else ''} Used are all units with what the model adjusts "
        "for. Adjusted means at the covariates' means, factor levels weighted equally."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    gives="observed difference adjusted_mean ci_low ci_high fmi se t z df p covariance_parameters fitted imputations "
    "imputed imputed_after_drop_out n samples_refused",
)

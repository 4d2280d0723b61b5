"""Yes or no compared between groups, adjusted: odds ratio, and risk difference over everybody's covariates."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._regression import Regression, refused, silent_levels, targets, terms_of
from omtrace.analyses._sentences import adjusted
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Regression):
    """Which groups, which terms, and which likelihood."""

    firth: bool = Field(
        False,
        description="Firth's penalised likelihood, which gives an odds ratio where outcomes are rare or terms tell "
        "them with certainty",
    )


def run(call: Call) -> Iterator[Number]:
    """Adjusted odds ratio, standardised risks, their difference and their ratio."""
    from omtrace.statistics.linear.binary import LogisticModel

    o = call.options
    groups = o.groups(list(call.dataset.groups))
    for target, analysis_set, frame in targets(call, "yes or no"):
        rows = analysis_set.rows(groups)
        try:
            model = LogisticModel(frame.astype({"value": "float64"}), terms_of(call), o.firth)
        except ValueError as error:
            for group in groups:
                yield from _counts(target, group, frame, analysis_set)
            raise refused(target, error) from None
        for group, reference in o.contrasts:
            contrast = call.contrast(group, reference)
            measures = {
                "odds ratio, for units with the same covariates": model.odds_ratio(group, reference, o.level),
                "risk difference, over all units": model.risk_difference(group, reference, o.level),
                "risk ratio, over all units": model.risk_ratio(group, reference, o.level),
            }
            for level, values in measures.items():
                scale = Scale("", 3 if "difference" in level else 2)
                yield from target.numbers(contrast, values, rows, level, scale)
        yield from silent_levels(target, model.alike, analysis_set, frame, "odds ratio")
        for group in groups:
            yield from _counts(target, group, frame, analysis_set)
            yield from target.numbers(group, model.risk(group, o.level), rows, scale=Scale("", 3))


def _counts(target: Target, group: str, frame: "pandas.DataFrame", analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units and outcomes of a group, which stand whether the model is refused or not."""
    mine = frame[frame["group"] == group]["value"]
    yield from target.numbers(group, {"n": len(mine), "count": float(mine.sum())}, analysis_set.rows([group]))


def said(options: Options) -> str:
    """The likelihood, the terms, and what the effects compare."""
    terms = adjusted(options.baseline, options.covariates, options.factors)
    alike = "with the same covariates " if terms else ""
    fit = (
        "Firth's penalised likelihood, with the odds ratio's interval and p by its profile"
        if options.firth
        else "maximum likelihood, with Wald intervals"
    )
    silent = " A level of a factor whose outcomes are all alike says nothing of the odds ratio and is named."
    return (
        f"Logistic regression by group{terms}: {fit}. The odds ratio compares units {alike}in two groups; risk "
        "difference and ratio compare what the model expects if all its units belonged to the one group and if all "
        "belonged to the other (standardisation, delta method)." + silent * bool(options.factors)
    )


METHOD = Method(
    Options,
    run,
    said,
    yes_or_no=True,
    is_fragile=True,
    gives="risk_difference risk_ratio odds_ratio proportion ci_low ci_high se se_log z p count n",
)

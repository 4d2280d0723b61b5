"""Ordered categories compared between groups: one odds ratio for all cuts, and those of each cut beside it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._regression import Regression, refused, silent_levels, targets, terms_of
from omtrace.analyses._sentences import adjusted
from omtrace.faults import Fault
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.linear.ordinal import ProportionalOdds


class Options(Regression):
    """Which groups and terms, and the order of the categories."""

    order: tuple[str, ...] = Field(
        (), description="categories from low to high, where they are texts; numbers have their own order"
    )
    labels: dict[str, str] = Field({}, description="number -> what it is called, such as '1': grade I")


def run(call: Call) -> Iterator[Number]:
    """Odds ratio of a higher category, its thresholds, counts of the categories, and odds ratios cut by cut."""
    from omtrace.statistics.linear.ordinal import ProportionalOdds

    o = call.options
    for target, analysis_set, frame in targets(call, "anything"):
        text = call.data.is_text(target.parameter, target.visit)
        if text and not o.order:
            raise Fault(f"analysis {call.name}: {target.parameter!r} holds texts; say their order in the options")
        frame = frame if text else frame.astype({"value": "float64"})
        categories: Sequence[float | str] = o.order if text else sorted(set(frame["value"]))
        try:
            model = ProportionalOdds(frame, terms_of(call), categories)
        except ValueError as error:
            yield from _counts(target, categories, frame, analysis_set)
            raise refused(target, error) from None
        yield from _odds(target, model, frame, analysis_set)
        yield from _counts(target, categories, frame, analysis_set)


def _named(call: Call, category: object) -> str:
    text = category if isinstance(category, str) else f"{category:g}"
    return call.options.labels.get(text, text)


def _odds(
    target: Target,
    model: "ProportionalOdds",
    frame: "pandas.DataFrame",
    analysis_set: "AnalysisSet",
) -> Iterator[Number]:
    o, rows = target.call.options, analysis_set.rows(target.call.options.groups(list(target.call.dataset.groups)))
    yield from silent_levels(target, model.alike, analysis_set, frame, "odds ratio")
    for group, reference in o.contrasts:
        contrast = target.call.contrast(group, reference)
        values = {**model.odds_ratio(group, reference, o.level), "n": float(model.n)}
        yield from target.numbers(contrast, values, rows, "higher category", Scale("", 2))
        for cut in range(len(model.categories) - 1):
            above = frame["value"].isin(model.categories[cut + 1 :]).astype("float64")
            level = f"more than {_named(target.call, model.categories[cut])}"
            ratio = _cut(target.call, frame.assign(value=above), contrast)
            if isinstance(ratio, str):
                ratio, level = {"n": float(model.n)}, f"{level}: refused: {ratio}"
            yield from target.numbers(contrast, ratio, rows, level, Scale("", 2))
    for (low, high), values in zip(
        zip(model.categories, model.categories[1:], strict=False), model.thresholds().values(), strict=True
    ):
        level = f"threshold {_named(target.call, low)} | {_named(target.call, high)}"
        yield from target.numbers("all", values, rows, level)


def _cut(call: Call, frame: "pandas.DataFrame", contrast: Contrast) -> dict[str, float] | str:
    """The odds ratio of more than a category, by itself; where there is none, why."""
    from omtrace.statistics.linear.binary import LogisticModel

    try:
        return LogisticModel(frame, terms_of(call)).odds_ratio(contrast.group, contrast.reference, call.options.level)
    except ValueError as error:
        return str(error)


def _counts(
    target: Target,
    categories: "Sequence[float | str]",
    frame: "pandas.DataFrame",
    analysis_set: "AnalysisSet",
) -> Iterator[Number]:
    """The units of each group in each category that there is, which stand whether the model is refused or not."""
    for group in target.call.options.groups(list(target.call.dataset.groups)):
        mine, rows = frame[frame["group"] == group]["value"], analysis_set.rows([group])
        yield from target.numbers(group, {"n": len(mine)}, rows)
        for category in (one for one in categories if (frame["value"] == one).any()):
            count = int((mine == category).sum())
            values = {"count": count, "percent": 100 * count / len(mine) if len(mine) else float("nan")}
            yield from target.numbers(group, values, rows, level=_named(target.call, category))


def said(options: Options) -> str:
    """The model with its terms, and what stands beside it."""
    terms = adjusted(options.baseline, options.covariates, options.factors)
    at = " at the covariates' means" if terms else ""
    silent = " A level of a factor whose rows are all in one outermost category says nothing of them and is named."
    return (
        f"Proportional odds model by group{terms}: maximum likelihood, Wald intervals. One odds ratio of being in a "
        "higher category, whichever the cut; beside it the odds ratio of each cut from a logistic model: where these "
        "differ much, one number does not tell the effect. Thresholds on the logit scale, for the reference group"
        f"{at}." + silent * bool(options.factors)
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="odds_ratio ci_low ci_high percent threshold se_log threshold_se z p count n",
)

"""Repeated or clustered outcomes: yes or no, counts or numbers compared between groups at each visit."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._regression import Regression
from omtrace.analyses._sentences import adjusted
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import nearest
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.linear.design import Design
    from omtrace.statistics.linear.gee import EstimatingEquations

# What a difference on the scale of the link is, and an estimate of one group.
EFFECTS = {"yes or no": "odds_ratio", "counts": "rate_ratio", "numbers": "difference"}
ESTIMATES = {"yes or no": "proportion", "counts": "rate", "numbers": "adjusted_mean"}
AVERAGE = "average of the visits"
TAKEN = ("unit", "visit", "step", "cluster", "exposure")  # columns of the frame besides the covariates


class Options(Regression):
    """Which groups and terms, what the outcome is, and what belongs together."""

    outcome: Literal["yes or no", "counts", "numbers"] = Field(
        description="yes or no: odds ratios; counts: rate ratios; numbers: differences of means"
    )
    correlation: Literal["exchangeable", "independence", "ar1"] = Field(
        "exchangeable", description="working correlation of outcomes of a unit or cluster; ar1: by the order of visits"
    )
    cluster: str = Field(
        "",
        description="parameter without visits, such as the site or practice that was randomised, whose units belong "
        "together; none: the visits of a unit do",
    )
    exposure: str = Field(
        "", description="of counts: parameter that says how long was counted, at the visit or without"
    )
    per: float = Field(1, description="rates are told for this much exposure", gt=0)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """Only visits have an order, and only counts an exposure."""
        if self.cluster and self.correlation == "ar1":
            raise ValueError("correlation: ar1 is for the visits of a unit; leave cluster out, or take exchangeable")
        if self.exposure and self.outcome != "counts":
            raise ValueError("exposure: is for outcome: counts")
        return self


def run(call: Call) -> Iterator[Number]:
    """Contrasts at each visit and over their average, what each group has, and the working correlation."""
    o = call.options
    _check(call)
    groups = o.groups(list(call.dataset.groups))
    analysed = call.analysed_visits("yes or no" if o.outcome == "yes or no" else "numbers")
    for parameter, scheduled in analysed.items():
        visits = [visit for visit in scheduled if not visit or visit != call.dataset.baseline]
        if not visits:
            continue
        base = call.baseline(parameter) if o.baseline else ""
        needed = [*dict.fromkeys([*o.covariates, *o.factors, *([o.cluster] if o.cluster else [])])]
        sets = {
            visit: call.data.select(call.entry.population, parameter, visit, base, needed, True, exposure=o.exposure)
            for visit in visits
        }
        whole = next(iter(sets.values()))
        if len(visits) > 1:
            whole = call.data.select(call.entry.population, parameter, visits, base, needed, True)
        try:
            frame = _frame(call, sets, groups)
            without = whole.frame.index.difference(frame["unit"]) if o.exposure else []
            rows = whole.rows(groups, dict.fromkeys(without, "no exposure at a visit with an outcome"))
            fit = _fitted(call, frame, groups, visits)
        except ValueError as error:
            for visit, analysis_set in sets.items():
                for group in groups:
                    yield from _counts(call.of(parameter, visit), group, analysis_set)
            raise Refusal(f"analysis {call.name}, {parameter}: {error}") from None
        yield from _contrasts(call, parameter, visits, fit, rows)
        yield from _groups(call, parameter, sets, fit, rows)
        yield from _correlation(call, parameter, fit, rows)


def _check(call: Call) -> None:
    """Raise Fault for groups, covariates and exposures that cannot be."""
    o, declared = call.options, call.dataset.parameters
    for pair in o.contrasts:
        call.contrast(*pair)
    for name in o.covariates:
        call.need(name)
    if o.exposure and o.exposure not in declared:
        raise Fault(f"analysis {call.name}: exposure {o.exposure!r} is no parameter{nearest(o.exposure, declared)}")
    if taken := [name for name in (*o.covariates, *o.factors) if name in TAKEN]:
        raise Fault(f"analysis {call.name}: a covariate may not be named {taken[0]!r}; rename the parameter")


def _frame(call: Call, sets: "dict[str, AnalysisSet]", groups: list[str]) -> "pandas.DataFrame":
    """A row for each unit and visit, those of a cluster together. Raises ValueError for cells that decide all."""
    import pandas

    o = call.options
    parts = [
        analysis_set.frame.assign(visit=visit, step=step) for step, (visit, analysis_set) in enumerate(sets.items())
    ]
    frame = pandas.concat(parts).rename_axis("unit").reset_index()
    frame = frame[frame["group"].isin(groups)]
    numeric = [*(["baseline"] if o.baseline else []), *o.covariates, *(["exposure"] if o.exposure else [])]
    frame = frame.astype(dict.fromkeys(["value", *numeric], "float64"))
    frame["cluster"] = frame[o.cluster].astype(str) if o.cluster else frame["unit"]
    if o.exposure and (bad := int((frame["exposure"] <= 0).sum())):
        raise ValueError(f"{bad} of {len(frame)} exposures are not positive")
    for visit in sets:
        for group in groups:
            cell = frame[(frame["group"] == group) & (frame["visit"] == visit)]["value"]
            at = f"{group} at {visit}" if visit else group
            if cell.empty:
                raise ValueError(f"no {call.dataset.unit} of {at} has a value and all that the model needs")
            if o.outcome != "numbers" and (cell.sum() == 0 or (o.outcome == "yes or no" and cell.all())):
                raise ValueError(f"all {len(cell)} of {at} are {cell.iloc[0]:g}, so that no ratio with them is finite")
    return frame.sort_values(["cluster", "unit", "step"], kind="stable")


def _fitted(call: Call, frame: "pandas.DataFrame", groups: list[str], visits: list[str]) -> "Fitted":
    import numpy

    from omtrace.statistics.linear.design import design_of
    from omtrace.statistics.linear.gee import EstimatingEquations

    o = call.options
    levels = {"group": groups, **{name: sorted(set(frame[name]), key=str) for name in o.factors}}
    terms = ["group * visit" if len(visits) > 1 else "group", *(["baseline"] if o.baseline else [])]
    if len(visits) > 1:
        levels["visit"] = visits
    design = design_of(frame, [*terms, *o.covariates, *o.factors], levels)
    offset = numpy.log(frame["exposure"].to_numpy() / o.per) if o.exposure else None
    cluster = frame["cluster"].tolist()
    model = EstimatingEquations(frame["value"], design.matrix, cluster, frame["step"], o.outcome, o.correlation, offset)
    return Fitted(frame, design, model)


@dataclass(frozen=True)
class Fitted:
    """Estimating equations with their design, and the rows that they are fitted to."""

    frame: "pandas.DataFrame"
    design: "Design"
    model: "EstimatingEquations"

    def mean(self, group: str, visit: str) -> "numpy.ndarray":
        """The coefficients of a group's mean at a visit; over the average of visits for "" where there are several."""
        several = "visit" in self.design.levels
        return self.design.mean({"group": group, **({"visit": visit} if several and visit else {})})


def _contrasts(call: Call, parameter: str, visits: list[str], fit: Fitted, rows: "Rows") -> Iterator[Number]:
    """Differences and ratios of the groups, at each visit and over their average."""
    from omtrace.statistics.linear.sandwich import FEW_DF

    o, model = call.options, fit.model
    scale = None if o.outcome == "numbers" else Scale("", 2)
    for group, reference in o.contrasts:
        contrast = call.contrast(group, reference)
        for visit in [*visits, *([""] if len(visits) > 1 else [])]:
            values = _contrast(o, model.contrast(fit.mean(group, visit) - fit.mean(reference, visit), o.level))
            values |= {"clusters": float(model.clusters), "few_clusters": float(model.df < FEW_DF)}
            level = AVERAGE if len(visits) > 1 and not visit else ""
            yield from call.of(parameter, visit).numbers(contrast, values, rows, level, scale)


def _groups(call: Call, parameter: str, sets: "dict[str, AnalysisSet]", fit: Fitted, rows: "Rows") -> Iterator[Number]:
    """What each group has at each visit."""
    o = call.options
    unit = call.dataset.parameters[o.exposure].unit if o.exposure else "unit"
    scale = {"yes or no": Scale("", 3), "counts": Scale(f"per {o.per:g} {unit}" if o.exposure else "per unit", 2)}.get(
        o.outcome
    )
    for visit, analysis_set in sets.items():
        target = call.of(parameter, visit)
        for group in o.groups(list(call.dataset.groups)):
            yield from _counts(target, group, analysis_set)
            estimate = _estimate(o, fit.model.contrast(fit.mean(group, visit), o.level))
            yield from target.numbers(group, estimate, rows, scale=scale)


def _counts(target: Target, group: str, analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units and outcomes of a group at a visit, which stand whether the model is refused or not."""
    values = analysis_set.of_group(group)["value"].astype("float64")
    total = {"yes or no": {"count": float(values.sum())}, "counts": {"events": float(values.sum())}}
    counts = {"n": float(len(values)), **total.get(target.call.options.outcome, {})}
    yield from target.numbers(group, counts, analysis_set.rows([group]))


def _correlation(call: Call, parameter: str, fit: Fitted, rows: "Rows") -> Iterator[Number]:
    """The working correlation, and what it makes of clusters."""
    o, model, frame = call.options, fit.model, fit.frame
    size = frame.groupby("cluster").size()
    values = {"working_correlation": model.correlation, "clusters": float(model.clusters), "values": float(len(frame))}
    if o.cluster and o.correlation == "exchangeable":
        mean_size = float((size**2).sum() / size.sum())  # weighted, for clusters of unequal size
        values["design_effect"] = 1 + (mean_size - 1) * max(model.correlation, 0.0)
    yield from call.of(parameter).numbers("all", values, rows, f"working correlation {o.correlation}", Scale("", 2))


def _contrast(o: Options, found: dict[str, float]) -> dict[str, float]:
    """A contrast as a difference, or as a ratio with its limits."""
    estimate = found.pop("estimate")
    if o.outcome == "numbers":
        return {"difference": estimate, **found}
    limits = {name: math.exp(found.pop(name)) for name in ("ci_low", "ci_high")}
    return {EFFECTS[o.outcome]: math.exp(estimate), "se_log": found.pop("se"), **limits, **found}


def _estimate(o: Options, found: dict[str, float]) -> dict[str, float]:
    """What a group has at the covariates' means, back from the scale of the link, with its limits."""

    def back(value: float) -> float:
        if o.outcome == "numbers":
            return value
        return math.exp(value) if o.outcome == "counts" else 1 / (1 + math.exp(-value))

    name = ESTIMATES[o.outcome]
    return {name: back(found["estimate"]), "ci_low": back(found["ci_low"]), "ci_high": back(found["ci_high"])}


def said(options: Options) -> str:
    """The equations in words."""
    link = {
        "yes or no": "logit link",
        "counts": "log link, variance proportional to the mean",
        "numbers": "identity link",
    }
    what = f"the units of a {named('parameter', options.cluster)}" if options.cluster else "the visits of a unit"
    terms = adjusted(options.baseline, options.covariates, options.factors)
    exposure = f", with the logarithm of {named('parameter', options.exposure)} as offset" if options.exposure else ""
    working = {"ar1": "first-order autoregressive"}.get(options.correlation, options.correlation)
    return (
        f"Generalised estimating equations ({link[options.outcome]}) by group, and by group and visit where there are "
        f"several{terms}{exposure}; working correlation within {what} {working}; Mancl and DeRouen's small-sample "
        "covariance, Student's t with clusters minus coefficients degrees of freedom. Missing outcomes may depend on "
        "what is in the model only. Estimates of a group stand at the covariates' means."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    yes_or_no=True,
    gives="difference adjusted_mean rate_ratio odds_ratio rate proportion ci_low ci_high design_effect "
    "working_correlation se se_log t df p clusters count events n values few_clusters",
)

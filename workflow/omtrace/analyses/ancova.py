"""Analysis of covariance: groups compared at follow-up, adjusted for baseline and covariates."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import adjusted, tests_by
from omtrace.analyses._shown import named
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.linear.linear import Ancova

SCALES = {"rank": Scale("ranks", 1), "log": Scale("", 2)}
CHANGES = {"log": "log scale", "rank": "ranks"}


class Options(Closed):
    """Which groups, which terms, on which scale, and which standard errors."""

    group: str = Field("", description="group of interest, where two groups are compared and no other is in the model")
    reference: str = Field("", description="group that it is compared with")
    contrasts: tuple[tuple[str, str], ...] = Field(
        (), description="instead: pairs of group of interest and reference; all groups named here are in the model"
    )
    combinations: dict[str, dict[str, float]] = Field(
        {}, description="further contrasts by name: weight of each group's adjusted mean, adding to 0"
    )
    baseline: bool = Field(True, description="adjust for the outcome's own baseline")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    weights: Literal["equal", "observed"] = Field(
        "equal", description="of factor levels in the adjusted means: all alike, or as frequent as in the model's units"
    )
    scale: Literal["as measured", "log", "rank"] = Field(
        "as measured",
        description="of the outcome, its baseline and, for rank, the covariates: as measured; log, which gives ratios "
        "of geometric means; rank, among the units of the model (Conover and Iman 1982)",
    )
    add: float | None = Field(
        None, description="added to outcome and baseline before logarithms, where zeros occur", gt=0
    )
    covariance: Literal["classical", "by group", "HC0", "HC1", "HC2", "HC3", "HC4"] = Field(
        "classical",
        description="of the coefficients: classical (one residual variance), by group (each group has its own, by "
        "REML, with Kenward and Roger's tests: Welch's where nothing is adjusted for), or robust against unequal "
        "variances",
    )
    cluster: str = Field(
        "",
        description="parameter without visits, such as the cage or the practitioner: cluster-robust standard "
        "errors (CR2) with Bell and McCaffrey's degrees of freedom",
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """One way to name the contrasts, and one to get standard errors."""
        if bool(self.group and self.reference) == bool(self.contrasts or self.combinations):
            raise ValueError("name group and reference, or contrasts and combinations")
        if bool(self.group) != bool(self.reference):
            raise ValueError("group and reference go together")
        if self.cluster and self.covariance != "classical":
            raise ValueError("cluster: has a covariance of its own; leave covariance out")
        if self.add and self.scale != "log":
            raise ValueError("add: is for the log scale")
        return self

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The contrasts, however they were named."""
        return ((self.group, self.reference),) if self.group else self.contrasts

    def groups(self, declared: list[str]) -> list[str]:
        """The groups in the model, in the dataset's order, the reference of the first contrast first."""
        named = {name for pair in self.pairs for name in pair}
        named |= {name for weights in self.combinations.values() for name in weights}
        first = self.pairs[0][1] if self.pairs else ""
        return sorted((name for name in declared if name in named), key=lambda name: name != first)


def run(call: Call) -> Iterator[Number]:
    """Adjusted means of the groups in the model and their contrasts, by ordinary least squares."""
    o, data = call.options, call.data
    contrasts = {call.contrast(*pair): pair for pair in o.pairs}
    for weights in o.combinations.values():
        for name in weights:
            call.contrast(name, name)
    groups = o.groups(list(call.dataset.groups))
    for name in o.covariates:
        call.need(name)
    for target in call.targets():
        if target.visit == call.dataset.baseline:
            continue
        base = call.baseline(target.parameter) if o.baseline else ""
        needed = [*o.covariates, *o.factors]
        needed += [o.cluster] if o.cluster and o.cluster not in needed else []
        analysis_set = data.select(call.entry.population, target.parameter, target.visit, base, needed, group=True)
        try:
            model = _fitted(call, analysis_set.frame[analysis_set.frame["group"].isin(groups)], groups)
            rows = analysis_set.rows(groups)
            for contrast, (group, reference) in contrasts.items():
                fit = model.difference(group, reference, o.level)
                yield from _contrast(target, contrast, model, fit, rows)
            for name, weights in o.combinations.items():
                fit = model.combination(weights, o.level)
                yield from _contrast(target, name, model, fit, rows)
        except ValueError as error:
            for group in groups:
                yield from _size(target, group, analysis_set)
            raise Refusal(f"analysis {call.name}, {target.parameter} at {target.visit}: {error}") from None
        for group in groups:
            yield from _size(target, group, analysis_set)
            yield from _mean(target, group, model.adjusted_mean(group, o.level), rows)
            if model.variances:
                sd = {"residual_sd": model.variances[group] ** 0.5}
                yield from target.numbers(group, sd, rows, CHANGES.get(o.scale, ""), SCALES.get(o.scale))


def _size(target: Target, group: str, analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units of a group, which stand whether the model is refused or not."""
    n, level = {"n": len(analysis_set.of_group(group))}, CHANGES.get(target.call.options.scale, "")
    yield from target.numbers(group, n, analysis_set.rows([group]), level)


def _fitted(call: Call, frame: "pandas.DataFrame", groups: list[str]) -> "Ancova":
    """The model of the units used, on the scale of the options."""
    from omtrace.statistics.linear.design import Terms
    from omtrace.statistics.linear.linear import Ancova

    o = call.options
    numeric = [*(["baseline"] if o.baseline else []), *o.covariates]
    frame = frame.astype(dict.fromkeys(["value", *numeric], "float64"))
    if o.scale == "log":
        frame = _logarithms(frame, ["value", *numeric[: int(o.baseline)]], o.add or 0)
    elif o.scale == "rank":
        frame[["value", *numeric]] = frame[["value", *numeric]].rank()
    terms = Terms("value", "group", groups, None, numeric, o.factors, "", o.weights)
    return Ancova(frame, terms, "CR2" if o.cluster else o.covariance, o.cluster)


def _logarithms(frame: "pandas.DataFrame", columns: list[str], add: float) -> "pandas.DataFrame":
    import numpy

    if bad := int((frame[columns] + add <= 0).any(axis=1).sum()):
        raise ValueError(
            f"{bad} units have a value or baseline of 0 or less, which has no logarithm; see the option add"
        )
    return frame.assign(**{column: numpy.log(frame[column] + add) for column in columns})


def _contrast(
    target: Target,
    group: str | Contrast,
    model: "Ancova",
    fit: dict[str, float],
    rows: "Rows",
) -> Iterator[Number]:
    import math

    from omtrace.statistics.linear.sandwich import FEW_DF

    more = {"n": float(model.design.n)}
    if not model.variances:
        more = {"r_squared": model.model.r_squared, **more}
    if model.model.clusters:
        few = fit["df"] < FEW_DF
        more |= {"clusters": float(model.model.clusters.clusters), "few_clusters": float(few)}
    if target.call.options.scale == "log":
        ratio = {
            "ratio": math.exp(fit["difference"]),
            "se_log": fit["se"],
            "ci_low": math.exp(fit["ci_low"]),
            "ci_high": math.exp(fit["ci_high"]),
        }
        fit = {**ratio, **{name: fit[name] for name in ("t", "df", "p")}}
    level = CHANGES.get(target.call.options.scale, "")
    yield from target.numbers(group, {**fit, **more}, rows, level, SCALES.get(target.call.options.scale))


def _mean(target: Target, group: str, mean: dict[str, float], rows: "Rows") -> Iterator[Number]:
    import math

    o = target.call.options
    if o.scale == "log":
        limits = {name: math.exp(mean[name]) - (o.add or 0) for name in ("ci_low", "ci_high")}
        mean = {"geometric_mean": math.exp(mean["adjusted_mean"]) - (o.add or 0), **limits, "df": mean["df"]}
    scale = Scale("ranks", 1) if o.scale == "rank" else None
    yield from target.numbers(group, mean, rows, CHANGES.get(o.scale, ""), scale)


def said(options: Options) -> str:
    """The model and its standard errors in words."""
    scale = {"as measured": "", "log": " of the logarithms, told as ratios", "rank": " of the ranks"}[options.scale]
    weights = "equal weights" if options.weights == "equal" else "weights as frequent as in the model's units"
    errors = "one residual variance"
    if options.cluster:
        errors = (
            f"standard errors robust against likeness within {named('parameter', options.cluster)} (CR2), with "
            "Bell and McCaffrey's degrees of freedom"
        )
    elif options.covariance == "by group":
        errors = f"a residual variance of each group (REML), and {tests_by('kenward_roger')}"
    elif options.covariance != "classical":
        errors = f"standard errors robust against unequal variances ({options.covariance})"
    squares = "generalised least squares" if options.covariance == "by group" else "least squares"
    terms = adjusted(options.baseline, options.covariates, options.factors)
    return (
        f"Analysis of covariance{scale} by group{terms}: {squares} in complete cases, with {errors}. "
        f"Adjusted means stand at the covariates' means, with {weights} of the levels of factors."
    )


METHOD = Method(
    Options,
    run,
    said,
    is_fragile=True,
    gives="difference adjusted_mean geometric_mean ratio ci_low ci_high r_squared residual_sd se se_log t df p "
    "clusters n few_clusters",
)

"""Mixed model for repeated measures: groups compared at each visit, from all visits that were observed."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import isclose
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import adjusted, parameter_names, tests_by
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed, nearest
from omtrace.model.statistic import Scale
from omtrace.provenance.rows import Entries

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.mixed.mmrm_visits import MmrmResult

Structure = Literal["us", "toep", "toeph", "ar1", "arh1", "cs", "csh", "ad", "adh"]
ROBUST = ("CR0", "CR2", "CR3")  # of ``df``
TAKEN = ("unit", "visit", "value")  # columns that the model's frame has besides the covariates


class Options(Closed):
    """Which groups, which terms, which covariance and which test."""

    contrasts: tuple[tuple[str, str], ...] = Field(
        description="pairs: group of interest, reference; all groups named here are in the model", min_length=1
    )
    baseline: bool = Field(True, description="adjust for the outcome's own baseline, with a slope at each visit")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    weights: Literal["equal", "observed"] = Field("equal", description="of factor levels in the adjusted means")
    unit_weights: str = Field(
        "",
        description="numeric parameter without visits, above 0: the variance of a unit's values is that of the visit "
        "over its weight, such as one of the inverse probability to be there (as weights of R's mmrm)",
    )
    covariate_means: Literal["rows", "units"] = Field(
        "rows",
        description="adjusted means stand at the covariates' means (and observed weights of levels) over the rows with "
        "a value, so that a unit counts once for each of its visits (as SAS, R's mmrm and emmeans), or over units",
    )
    structures: tuple[Structure | Literal["sp_exp"], ...] = Field(
        ("us", "toeph", "arh1", "csh"),
        description="covariances of the visits, tried in this order until one can be fitted: us, toep, toeph, ar1, "
        "arh1, cs, csh, ad, adh (ante-dependence; h: variances differ between visits), sp_exp (the correlation falls "
        "exponentially with the time between visits)",
        min_length=1,
    )
    time: dict[str, float] = Field(
        {}, description="visit -> when it was, in any unit, for sp_exp: {month_1: 1, month_3: 3, month_12: 12}"
    )
    by_group: bool = Field(False, description="each group has a covariance of its own")
    likelihood: Literal["REML", "ML"] = Field("REML", description="restricted or full maximum likelihood")
    df: Literal["kenward_roger", "kenward_roger_linear", "satterthwaite", "CR0", "CR2", "CR3"] = Field(
        "kenward_roger",
        description="standard errors and degrees of freedom; CR0, CR2, CR3: empirical (sandwich) standard errors by "
        "unit, robust against a wrong covariance of the visits (CR2: bias-reduced; CR3: as the jackknife), with "
        "Satterthwaite's degrees of freedom",
    )
    over_visits: dict[str, dict[str, float]] = Field(
        {},
        description="name -> visit -> weight: weighted sums over visits, such as {mean: {month_1: 0.5, month_3: 0.5}}",
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """Kenward and Roger's adjustment belongs to REML, times to a covariance over time."""
        if self.likelihood == "ML" and self.df.startswith("kenward_roger"):
            raise ValueError("df: Kenward-Roger needs REML; take satterthwaite for ML")
        if bool(self.time) != ("sp_exp" in self.structures):
            raise ValueError("time: goes with the structure sp_exp, which needs the time of each visit")
        return self


def run(call: Call) -> Iterator[Number]:
    """Differences and adjusted means at each visit, joint tests over visits, and the model that was fitted."""
    o, data = call.options, call.data
    base = call.baseline() if o.baseline else ""
    _check(call)
    for parameter, visits in _targets(call).items():
        terms = (base, (*o.covariates, *o.factors, *filter(None, [o.unit_weights])), True)
        used = data.select(call.entry.population, parameter, visits, *terms)
        groups = [group for group in call.dataset.groups if any(group in pair for pair in o.contrasts)]
        # Who is not in the model at all is left out for that reason, not for the one at this visit.
        at = {v: data.select(call.entry.population, parameter, v, *terms).excluding(used) for v in visits}
        try:
            model = _fitted(call, used.frame, visits)
        except ValueError as error:
            for visit, group in product(visits, groups):
                yield from _at_visit(call.of(parameter, visit), used, at[visit], group)
            for group in groups:
                yield from _in_model(call.of(parameter), used, group)
            raise Refusal(f"analysis {call.name}, {parameter}: {error}") from None
        rows = used.rows(groups)
        yield from _differences(call, parameter, model, rows)
        for visit, group in product(visits, groups):
            target = call.of(parameter, visit)
            if len(at[visit].of_group(group)) != model.values[group, visit]:
                raise AssertionError(f"{target.where}: other units of {group} selected than in the model")
            yield from _at_visit(target, used, at[visit], group)
            yield from target.numbers(group, model.adjusted_mean(group, visit), rows)
        yield from _over_visits(call, parameter, model, rows)
        yield from _tests(call, parameter, model, rows)
        for group in groups:
            yield from _in_model(call.of(parameter), used, group)
        yield from _model(call, parameter, model, rows)


def _check(call: Call) -> None:
    """Raise Fault for groups that there are not, and for covariates that cannot be."""
    for pair in call.options.contrasts:
        call.contrast(*pair)
    for name in filter(None, (*call.options.covariates, call.options.unit_weights)):
        call.need(name)
    for visit in call.options.time:
        if visit not in call.dataset.visits:
            hint = nearest(visit, call.dataset.visits)
            raise Fault(f"analysis {call.name}: time: {visit!r} is no visit of {call.entry.dataset}{hint}")
    o = call.options
    if o.unit_weights in (*o.covariates, *o.factors):
        raise Fault(f"analysis {call.name}: unit_weights: {o.unit_weights} is a term of the model already")
    if taken := [name for name in (*o.covariates, *o.factors, o.unit_weights) if name in TAKEN]:
        raise Fault(f"analysis {call.name}: a covariate may not be named {taken[0]!r}; rename the parameter")


def _targets(call: Call) -> dict[str, list[str]]:
    """Each parameter with its visits after baseline, in time order. Raises Fault for fewer than two."""
    targets = call.analysed_visits()
    for parameter, given in targets.items():
        targets[parameter] = [v for v in call.dataset.visits if v in given and v != call.dataset.baseline]
        if len(targets[parameter]) < 2:
            raise Refusal(
                f"analysis {call.name}, {parameter}: {len(targets[parameter])} visits besides the baseline; "
                "a model for repeated measures needs at least two"
            )
        time = [call.options.time[v] for v in targets[parameter] if v in call.options.time]
        if call.options.time and (len(time) < len(targets[parameter]) or sorted(set(time)) != time):
            raise Fault(
                f"analysis {call.name}: time: names each visit of {parameter} after the baseline, one later than the "
                "other"
            )
    return targets


def _fitted(call: Call, wide: "pandas.DataFrame", visits: list[str]) -> "MmrmResult":
    """The model of a frame with a column for each visit. Raises ValueError if it cannot be fitted."""
    from omtrace.statistics.mixed import mmrm

    o = call.options
    groups = [group for group in call.dataset.groups if any(group in pair for pair in o.contrasts)]
    numeric = [*(["baseline"] if o.baseline else []), *o.covariates, *filter(None, [o.unit_weights])]
    mine = wide[wide["group"].isin(groups)].astype(dict.fromkeys([*visits, *numeric], "float64"))
    long = mine.rename_axis("unit").reset_index()
    long = long.melt(["unit", "group", *numeric, *o.factors], visits, "visit", "value")
    return mmrm(
        long,
        "value",
        "unit",
        "visit",
        "group",
        "baseline" if o.baseline else None,
        covariates=o.covariates,
        factors=o.factors,
        visits=visits,
        arms=groups,
        structures=o.structures,
        times=o.time or None,
        row_weights=o.unit_weights or None,
        covariance_by_arm=o.by_group,
        is_reml=o.likelihood == "REML",
        method=o.df,
        covariate_means=o.covariate_means,
        weights=o.weights,
        level=o.level,
    )


def _differences(call: Call, parameter: str, model: "MmrmResult", rows: "Rows") -> Iterator[Number]:
    for group, reference in call.options.contrasts:
        contrast = call.contrast(group, reference)
        for visit in model.model.visits:
            yield from call.of(parameter, visit).numbers(contrast, model.difference(group, reference, visit), rows)


def _at_visit(target: Target, used: "AnalysisSet", there: "AnalysisSet", group: str) -> Iterator[Number]:
    """Units of a group with a value at the visit, and those of the model without, whether it is refused or not."""
    mine, rows = there.of_group(group).index, there.rows([group])
    yield from target.numbers(group, {"n": len(mine)}, rows)
    missing = used.of_group(group).index.difference(mine)
    # That these are in the model is known from their values at other visits: the count rests on them too.
    blocks = [used.data.plain(target.parameter, str(visit)) for visit in used.needed[0].columns]
    others = [(block[unit], there.reasons[unit]) for block in blocks for unit in missing]
    known = ((record, "outcome", reason) for (record, status, _), reason in others if status == "observed")
    rows = replace(rows, entries=Entries.of((*rows.entries, *known)))
    yield from target.numbers(group, {"missing": len(missing)}, rows)


def _in_model(target: Target, used: "AnalysisSet", group: str) -> Iterator[Number]:
    """Units of a group in the model, and those of the population without, whether it is refused or not."""
    counts = {"n": len(used.of_group(group)), "missing": used.missing(group)}
    yield from target.numbers(group, counts, used.rows([group]))


def _over_visits(call: Call, parameter: str, model: "MmrmResult", rows: "Rows") -> Iterator[Number]:
    """Weighted sums over visits, as the options name them: differences and adjusted means."""
    for name, weights in call.options.over_visits.items():
        if unknown := [visit for visit in weights if visit not in model.model.visits]:
            raise Fault(f"analysis {call.name}: over_visits.{name}: {unknown[0]!r} is no visit of the model")
        if not any(weights.values()):
            raise Fault(f"analysis {call.name}: over_visits.{name}: no weight but 0")
        for group, reference in call.options.contrasts:
            values = model.combined_difference(group, reference, weights)
            yield from call.of(parameter).numbers(call.contrast(group, reference), values, rows, level=name)
        declared = call.dataset.parameters[parameter]
        is_mean = min(weights.values()) >= 0 and isclose(sum(weights.values()), 1)  # else it has no scale with ends
        scale = None if is_mean else Scale(declared.unit, declared.decimals)
        for group in filter(model.units.__contains__, call.dataset.groups):
            mean = model.combined_mean(group, weights)
            yield from call.of(parameter).numbers(group, mean, rows, level=name, scale=scale)


def _tests(call: Call, parameter: str, model: "MmrmResult", rows: "Rows") -> Iterator[Number]:
    for group, reference in call.options.contrasts:
        contrast = call.contrast(group, reference)
        joint = {
            "a difference at any visit": model.any_difference(group, reference),
            "a difference that changes over the visits": model.interaction(group, reference),
        }
        for level, values in joint.items():
            yield from call.of(parameter).numbers(contrast, values, rows, level=level)


def _model(call: Call, parameter: str, model: "MmrmResult", rows: "Rows") -> Iterator[Number]:
    """Which covariances were tried, in words as level, and the fit of the one that could be fitted."""
    for name, reason in model.model.rejected:
        yield from call.of(parameter).numbers("all", {"fitted": 0}, rows, level=f"covariance {name}: {reason}")
    fitted = {
        "fitted": 1,
        "n": model.model.units,
        "covariance_parameters": model.model.parameters,
        "minus_2_log_likelihood": model.model.minus_2_log_likelihood,
        "aic": model.model.aic,
    }
    words = model.choices()
    level = f"covariance {model.model.structure} ({words['structure']}), {call.options.likelihood}; "
    level += words["degrees_of_freedom"]
    if call.options.df not in ROBUST:
        level += f", observed information of {words['parametrisation']}"
    yield from call.of(parameter).numbers("all", fitted, rows, level=level)


STRUCTURES = {
    "us": "unstructured",
    "toep": "Toeplitz",
    "toeph": "heterogeneous Toeplitz",
    "ar1": "autoregressive",
    "arh1": "heterogeneous autoregressive",
    "cs": "compound symmetry",
    "csh": "heterogeneous compound symmetry",
    "ad": "ante-dependence",
    "adh": "heterogeneous ante-dependence",
    "sp_exp": "spatial exponential over time",
}


def said(options: Options) -> str:
    """The model, its covariance and its tests in words."""
    names = [STRUCTURES[name] for name in options.structures]
    covariance = names[0] if len(names) == 1 else f"{names[0]} (if it cannot be fitted, {', then '.join(names[1:])})"
    groups = ", in each group its own" if options.by_group else ""
    if options.unit_weights:
        groups += f", over the weight of each unit ({', '.join(parameter_names([options.unit_weights]))})"
    terms = adjusted(options.baseline, options.covariates, options.factors, " at each visit")
    information = "" if options.df in ROBUST else ", from the observed information of the covariance parameters"
    return (
        f"Mixed model for repeated measures by {options.likelihood}: group by visit{terms}; covariance of the visits "
        f"{covariance}{groups}; tests with {tests_by(options.df)}{information}. Valid if drop-out depends on observed "
        "values only."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    is_fragile=True,
    gives="difference adjusted_mean ci_low ci_high se aic f minus_2_log_likelihood t df df_1 df_2 p "
    "covariance_parameters fitted missing n",
)

"""Dose and response: how an outcome changes with sessions attended, or with fidelity to the protocol."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import adjusted
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed, nearest
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.linear.slopes import Slopes

ALONE = "all"  # the group of a dataset without groups


class Options(Closed):
    """Which dose, and which further terms."""

    dose: str = Field(description="numeric parameter without visits: sessions attended, share of the protocol done")
    per: float = Field(1, description="slopes are told for so many units of the dose", gt=0)
    contrasts: tuple[tuple[str, str], ...] = Field(
        (), description="pairs: group of interest, reference, whose slopes are compared; all groups have a slope"
    )
    baseline: bool = Field(True, description="adjust for the outcome's own baseline")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    covariance: Literal["classical", "HC3"] = Field(
        "classical", description="of the coefficients: classical (one variance), or robust against unequal variances"
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """The slope in each group, and the differences of slopes, for each parameter and visit after baseline."""
    o, base = call.options, call.baseline() if call.options.baseline else ""
    _check(call)
    contrasts = {call.contrast(*pair): pair for pair in o.contrasts}
    grouped = bool(call.dataset.group)
    for target in call.targets():
        if target.visit and target.visit == call.dataset.baseline:
            continue
        needed = (o.dose, *o.covariates, *o.factors)
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, base, needed, group=grouped
        )
        try:
            model = _fitted(call, analysis_set.frame)
        except ValueError as error:
            for group in call.dataset.groups if grouped else [ALONE]:
                yield from _size(target, group, analysis_set)
            raise Refusal(
                f"analysis {call.name}, {target.parameter}{f' at {target.visit}' if target.visit else ''}: {error}"
            ) from None
        groups = [name for name in call.dataset.groups if name in model.places] if grouped else [ALONE]
        rows = analysis_set.rows(groups)
        outcome, dose = call.dataset.parameters[target.parameter], call.dataset.parameters[o.dose]
        per = f"{o.per:g} {dose.unit or 'of the dose'}"
        scale = Scale(f"{outcome.unit} per {per}".strip(), outcome.decimals + 1)
        for group in groups:
            yield from _size(target, group, analysis_set)
            yield from target.numbers(group, model.slope(group, o.level), rows, scale=scale)
        for contrast, (group, reference) in contrasts.items():
            if missing := [name for name in (group, reference) if name not in model.places]:
                raise Refusal(f"analysis {call.name}, {target.parameter} at {target.visit}: no unit of {missing[0]}")
            found = model.difference(group, reference, o.level)
            yield from target.numbers(contrast, found, rows, scale=scale)


def _size(target: Target, group: str, analysis_set: "AnalysisSet") -> Iterator[Number]:
    """Units of a group, which stand whether the model is refused or not."""
    n = {"n": float(len(analysis_set.of_group(group)))}
    yield from target.numbers(group, n, analysis_set.rows([group]))


def _check(call: Call) -> None:
    """Raise Fault for a dose or covariates that cannot be."""
    for name in (call.options.dose, *call.options.covariates):
        if name not in call.dataset.parameters:
            hint = nearest(name, call.dataset.parameters)
            raise Fault(f"analysis {call.name}: there is no parameter {name!r}{hint}")
        call.need(name)


def _fitted(call: Call, frame: "pandas.DataFrame") -> "Slopes":
    """The model of the units used; the dose in units of ``per``."""
    from omtrace.statistics.linear.slopes import fit_slopes

    o = call.options
    terms = [*(["baseline"] if o.baseline else []), *o.covariates]
    columns = [frame[name].astype("float64") for name in terms]
    for factor in o.factors:
        levels = sorted(set(frame[factor]))
        columns += [(frame[factor] == level).astype("float64") for level in levels[1:]]
        terms += [factor] * (len(levels) - 1)
    groups = frame["group"].tolist() if call.dataset.group else [ALONE] * len(frame)
    dose = frame[o.dose].astype("float64") / o.per
    return fit_slopes(frame["value"].astype("float64"), dose, groups, columns, o.covariance, terms)


def said(options: Options) -> str:
    """The model with its terms, and what a slope is not."""
    terms = adjusted(options.baseline, options.covariates, options.factors)
    errors = "" if options.covariance == "classical" else ", robust against unequal variances (HC3)"
    per = f", for {options.per:g} units of it" if options.per != 1 else ""
    return (
        f"Ordinary least squares of the outcome on group and on {named('parameter', options.dose)} within each "
        f"group{terms}{errors}: the slope of each group{per}, and differences of slopes. A dose is not given by "
        "chance: who comes more often differs in other ways too, so that a slope is no effect of the dose. What both "
        "arms share of this cancels in the difference of their slopes."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="dose_slope ci_low ci_high se t df p n",
)

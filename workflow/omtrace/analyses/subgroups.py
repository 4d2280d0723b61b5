"""Subgroup analysis: the effect in each level of a parameter, and whether it differs between them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._shown import named
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.linear.linear import Ancova

OWN = "baseline"  # the outcome's own baseline, as the parameter that makes subgroups


class Options(Closed):
    """Which groups, which parameter makes the subgroups, and which further terms."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    by: str = Field(
        description="parameter without visits whose levels are the subgroups, or 'baseline' for the outcome's own"
    )
    at: tuple[float, ...] = Field((), description="for numbers: the values of it at which the effect is told")
    baseline: bool = Field(True, description="adjust for the outcome's own baseline")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    covariance: Literal["classical", "HC0", "HC1", "HC2", "HC3", "HC4"] = Field(
        "classical", description="of the coefficients: classical (one variance), or robust against unequal variances"
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Difference group - reference in each subgroup, from one model, and the test of their interaction."""
    o, data = call.options, call.data
    contrast = call.contrast(o.group, o.reference)
    for name in o.covariates:
        call.need(name)
    own = o.by == OWN
    for target in call.targets():
        if target.visit == call.dataset.baseline:
            continue
        base = call.baseline(target.parameter) if o.baseline or own else ""
        others = [name for name in (*o.covariates, *o.factors) if name != o.by]
        needed = others if own else [o.by, *others]
        analysis_set = data.select(call.entry.population, target.parameter, target.visit, base, needed, group=True)
        try:
            yield from _numbers(call, target.parameter, contrast, target.visit, analysis_set)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter} at {target.visit}: {error}") from None


def _numbers(
    call: Call, parameter: str, contrast: Contrast, visit: str, analysis_set: "AnalysisSet"
) -> Iterator[Number]:
    o, own = call.options, call.options.by == OWN
    if not own and call.data.is_empty(o.by):
        raise ValueError(f"{o.by}: no {call.dataset.unit} has a value")
    text = not own and call.data.is_text(o.by)
    if bool(o.at) == text:
        raise ValueError(f"at: {'goes with numbers, not with categories' if text else 'is needed for numbers'}")
    factor = parameter if own else o.by
    label, declared = f"{named('parameter', factor)}{' at baseline' * own}", call.dataset.parameters[factor]
    try:
        model = _fitted(call, analysis_set, text)
    except ValueError:
        compared = analysis_set.frame[analysis_set.frame["group"].isin([o.group, o.reference])]
        for value in sorted(set(compared[o.by]), key=str) if text else ():
            yield from _counts(call.of(parameter, visit), f"{label}: {value}", analysis_set, str(value))
        raise
    rows = analysis_set.rows([o.group, o.reference])
    for value in model.design.levels[o.by] if text else o.at:
        level = f"{label}: {value}" if text else f"{label}: {value:g} {declared.unit}".strip()
        if text:
            yield from _counts(call.of(parameter, visit), level, analysis_set, str(value))
        fit = model.difference(o.group, o.reference, o.level, {o.by: value})
        yield from call.of(parameter, visit).numbers(contrast, fit, rows, level)
    outcome = call.dataset.parameters[parameter]
    per = f"{outcome.unit} per {declared.unit.removesuffix('s') or 'unit'}".strip()
    scale = None if text else Scale(per, outcome.decimals + 1)
    found = {**model.interaction(o.group, o.reference, o.level), "n": float(model.design.n)}
    yield from call.of(parameter, visit).numbers(contrast, found, rows, f"interaction with {label}", scale)


def _fitted(call: Call, analysis_set: "AnalysisSet", text: bool) -> "Ancova":
    from omtrace.statistics.linear.design import Terms
    from omtrace.statistics.linear.linear import Ancova

    o = call.options
    frame = analysis_set.frame[analysis_set.frame["group"].isin([o.group, o.reference])]
    numeric = [*([OWN] if o.baseline or o.by == OWN else []), *o.covariates]
    numeric += [] if text or o.by in numeric else [o.by]
    factors = [*o.factors, *([o.by] if text and o.by not in o.factors else [])]
    frame = frame.astype(dict.fromkeys(["value", *numeric], "float64"))
    if text and (thin := _thin(frame, o.by, [o.group, o.reference])):
        raise ValueError(f"{thin}: too few to tell an effect in this subgroup")
    terms = Terms("value", "group", [o.reference, o.group], None, numeric, factors, o.by)
    return Ancova(frame, terms, o.covariance)


def _thin(frame, by: str, groups: list[str]) -> str:
    """A subgroup without a unit in one of the groups, in words; "" if there is none."""
    for value in sorted(set(frame[by])):
        for group in groups:
            if not ((frame[by] == value) & (frame["group"] == group)).any():
                return f"{by} {value}: no unit of {group}"
    return ""


def _counts(target: Target, level: str, analysis_set: "AnalysisSet", value: str) -> Iterator[Number]:
    """The units of each group in a subgroup."""
    for group in (target.call.options.group, target.call.options.reference):
        part = analysis_set.of_group(group)
        others = dict.fromkeys(part.index[part[target.call.options.by] != value], "other subgroup")
        n = {"n": len(part) - len(others)}
        yield from target.numbers(group, n, analysis_set.rows([group], others), level)


METHOD = Method(
    Options,
    run,
    "Subgroup analysis: ordinary least squares with the interaction of group and subgroup, in one model with common "
    "slopes and one residual variance; the difference in each subgroup, and the test whether it differs between them. "
    "A difference that is significant in one subgroup and not in another is no evidence that they differ: the "
    "interaction is.",
    yes_or_no=True,
    gives="difference interaction ci_low ci_high se t df p n",
)

"""Time to an event, some of them censored: curves of the groups, and their hazards compared."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import adjusted, listed, parameter_names
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY, Contrast
from omtrace.model.statistic import Scale
from omtrace.model.statistics import NOT_COMPUTED

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.basic.survival import Curve

STEP = (
    "curve_time",
    "curve_at_risk",
    "curve_events",
    "curve_survival",
    "curve_survival_low",
    "curve_survival_high",
)


class Options(Closed):
    """Who had the event, at which times curves are told, and which groups are compared how."""

    event: str = Field(
        description="parameter without visits: 1 or yes where the event came at the time analysed, 0 or no where the "
        "time is censored"
    )
    times: tuple[float, ...] = Field(
        description="times at which the curves and the numbers at risk are given, in the unit of the parameter",
        min_length=1,
    )
    contrasts: tuple[tuple[str, str], ...] = Field(
        (),
        description="pairs: group of interest, reference; all groups named here are in the model; none: curves alone",
    )
    strata: tuple[str, ...] = Field(
        (), description="parameters without visits whose combinations are the strata of log-rank test and Cox model"
    )
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits, in the Cox model")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits, in the Cox model")
    ties: Literal["efron", "breslow"] = Field("efron", description="how the Cox model takes events at one time")
    horizon: float | None = Field(
        None, description="the time up to which restricted means are compared; none: they are not", gt=0
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """The curve of each group, then of each pair: hazard ratio, log-rank test, restricted means, proportionality."""
    from omtrace.statistics.basic.survival import kaplan_meier

    o = call.options
    for name in (o.event, *o.strata, *o.factors):
        call.data.column(name)  # one that is not declared is a fault of the plan
    call = replace(call, data=call.data.with_yes_as_one([o.event]))
    call.need(o.event, holds="yes or no")
    for name in o.covariates:
        call.need(name)
    contrasts = [call.contrast(*pair) for pair in o.contrasts]
    named = {name for pair in o.contrasts for name in pair}
    groups = [name for name in call.dataset.groups if not named or name in named] if call.dataset.group else [EVERYBODY]
    for target in call.targets():
        needed = list(dict.fromkeys((o.event, *o.strata, *o.covariates, *o.factors)))
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=needed, group=bool(call.dataset.group)
        )
        frame = analysis_set.frame.astype(dict.fromkeys(["value", o.event, *o.covariates], "float64"))
        curves: dict[str, Curve] = {}
        try:
            for group in groups:
                mine = frame if group == EVERYBODY else frame[frame["group"] == group]
                if len(mine):
                    curves[group] = kaplan_meier(mine["value"], mine[o.event], o.level)
                    yield from _curve(target, group, curves[group], analysis_set.rows([group]))
                else:
                    yield from _not_computed(target, group, "no unit has a time", analysis_set.rows([group]))
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter}: {error}") from None
        if contrasts:
            frame = frame[frame["group"].isin(groups)]
            yield from _compared(target, groups, frame, analysis_set, curves)


def _curve(target: Target, group: str, curve: "Curve", rows: "Rows") -> Iterator[Number]:
    """Counts, median and the declared times; then every step of the curve."""
    from omtrace.statistics.linear.likelihood import normal_numbers

    o, unit = target.call.options, target.call.dataset.parameters[target.parameter].unit
    counts = {"n": float(curve.n), "events": float(curve.events.sum())}
    yield from target.numbers(group, counts | curve.median(), rows)
    for time in o.times:
        yield from target.numbers(group, curve.at(time), rows, f"at {time:g} {unit}".rstrip())
    if o.horizon:
        level = f"up to {o.horizon:g} {unit}".rstrip()
        try:
            mean, se = curve.restricted_mean(o.horizon)
        except ValueError as error:
            yield from _not_computed(target, group, f"restricted mean: {error}", rows)
        else:
            limits = normal_numbers(mean, se or math.nan, o.level)  # no event: no scatter
            values = {"restricted_mean": mean, **{name: limits[name] for name in ("ci_low", "ci_high", "se")}}
            yield from target.numbers(group, values, rows, level)
    columns = (curve.times, curve.at_risk, curve.events, curve.survival, curve.low, curve.high)
    for step in zip(*columns, strict=True):
        numbers = {name: float(value) for name, value in zip(STEP, step, strict=True)}
        yield from target.numbers(group, numbers, rows, f"from {step[0]:.10g} {unit}".rstrip())


def _compared(
    target: Target,
    groups: list[str],
    frame: "pandas.DataFrame",
    analysis_set: "AnalysisSet",
    curves: "Mapping[str, Curve]",
) -> Iterator[Number]:
    """The pairs of groups, each part not computed where the data do not allow it."""
    from omtrace.statistics.basic.survival import log_rank, restricted_mean_difference

    o = target.call.options
    contrasts = [target.call.contrast(*pair) for pair in o.contrasts]
    rows = analysis_set.rows(groups)
    strata = frame[list(o.strata)].astype(str).agg(" ".join, axis=1) if o.strata else None
    test = f"log-rank test{', stratified' * bool(o.strata)}"
    yield from _cox(target, groups, frame, strata, rows)
    tested: list[tuple[str | Contrast, tuple[str, ...]]] = [(c, (c.group, c.reference)) for c in contrasts]
    for name, some in tested + [(EVERYBODY, tuple(groups))] * (len(groups) > 2):
        mine = frame["group"].isin(some)
        used = analysis_set.rows(list(some))
        try:
            values = log_rank(
                frame["value"][mine],
                frame[o.event][mine],
                frame["group"][mine],
                None if strata is None else strata[mine],
            )
        except ValueError as error:
            yield from _not_computed(target, name, str(error), used)
            continue
        yield from target.numbers(name, values, used, test)
    if not o.horizon:
        return
    for contrast in contrasts:
        used = analysis_set.rows([contrast.group, contrast.reference])
        level = f"restricted mean up to {o.horizon:g} {target.call.dataset.parameters[target.parameter].unit}".rstrip()
        try:
            sides = curves[contrast.group], curves[contrast.reference]
            values = restricted_mean_difference(*sides, o.horizon, o.level)
        except (KeyError, ValueError) as error:
            why = "a group has no times" if isinstance(error, KeyError) else str(error)
            yield from _not_computed(target, contrast, f"restricted means: {why}", used)
        else:
            yield from target.numbers(contrast, values, used, level)


def _cox(
    target: Target,
    groups: list[str],
    frame: "pandas.DataFrame",
    strata: "pandas.Series | None",
    rows: "Rows",
) -> Iterator[Number]:
    """Hazard ratios, and the test that they do not change over time."""
    from omtrace.statistics.basic.survival import fit_cox
    from omtrace.statistics.linear.design import GroupDesign, Terms

    o = target.call.options
    contrasts = [target.call.contrast(*pair) for pair in o.contrasts]
    try:
        reference = o.contrasts[0][1]
        ordered = sorted(groups, key=lambda name: name != reference)
        design = GroupDesign(frame, Terms("value", "group", ordered, None, o.covariates, o.factors))
        model = fit_cox(frame["value"], frame[o.event], design.matrix[:, 1:], strata, o.ties)
    except ValueError as error:
        for contrast in contrasts:
            yield from _not_computed(target, contrast, f"hazard ratio: {error}", rows)
        return
    counts = {"n": float(len(frame)), "events": float(frame[o.event].sum())}
    for contrast in contrasts:
        values = model.hazard_ratio(design.difference(contrast.group, contrast.reference)[1:], o.level)
        yield from target.numbers(contrast, values | counts, rows, scale=Scale("", 2))
    name = contrasts[0] if len(contrasts) == 1 else EVERYBODY
    place = design.design.columns["group"]
    try:
        check = model.proportional_hazards(slice(place.start - 1, place.stop - 1))
    except ValueError as error:
        yield from _not_computed(target, name, f"check of proportional hazards: {error}", rows)
    else:
        yield from target.numbers(name, check, rows, "check of proportional hazards")


def _not_computed(target: Target, name: str | Contrast, why: str, rows: "Rows") -> Iterator[Number]:
    yield from target.numbers(name, {NOT_COMPUTED: math.nan}, rows, why)


def said(options: Options) -> str:
    """The curves, the tests and the model in words."""
    curves = (
        "Kaplan-Meier curves with log-log limits, the median time with Brookmeyer and Crowley's interval, and the "
        "units at risk at each of the times declared. "
    )
    if not options.contrasts:
        return curves.strip()
    within = f", stratified by {listed(parameter_names(options.strata))}" if options.strata else ""
    ties = options.ties.capitalize()
    horizon = (
        f" Restricted mean times up to {options.horizon:g} as areas below the curves, with Greenwood's standard errors."
        if options.horizon
        else ""
    )
    return (
        f"{curves}Groups are compared by the log-rank test{within}, and by Cox's proportional hazards model"
        f"{adjusted(False, options.covariates, options.factors)}{within} (ties as {ties}, Wald intervals). That "
        "hazards are proportional is checked by the score test of Grambsch and Therneau, in which time is the Kaplan-"
        f"Meier curve of all units.{horizon}"
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference hazard_ratio median_time median_time_low median_time_high survival survival_low survival_high "
    "restricted_mean ci_low ci_high curve_survival curve_survival_low curve_survival_high se se_log "
    "chi_squared z df p proportional_hazards_p at_risk curve_at_risk curve_events events n curve_time",
)

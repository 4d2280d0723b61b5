"""How many units the next study needs: the plan says the difference to detect, the data say the spread."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Refusal
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Closed):
    """What is to be detected, how surely, and in which design."""

    difference: float = Field(
        description="difference worth detecting, in the outcome's unit, from outside these data", gt=0
    )
    source: str = Field(description="where that difference comes from")
    design: Literal["two groups", "change"] = Field(
        "two groups", description="two groups at follow-up, or the change since baseline of one group"
    )
    power: float = Field(0.9, description="power wanted", gt=0.5, lt=1)
    alpha: float = Field(0.05, description="two-sided error of the first kind", gt=0, lt=0.5)
    dropout: float = Field(0, description="share of units expected to drop out", ge=0, lt=1)
    confidence: float = Field(0.8, description="of the one-sided upper limit of the SD", gt=0.5, lt=1)
    replicates: int = Field(0, description="simulated trials (two groups, all visits since baseline); 0: none", ge=0)
    seed: int = Field(1, description="of the simulation")


@dataclass(frozen=True)
class Spread:
    """What the data say: n, standard deviation with its df, and correlation with the baseline (0: not used)."""

    n: int
    sd: float
    df: float
    correlation: float


def run(call: Call) -> Iterator[Number]:
    """Units needed with the standard deviation as estimated and at its upper limit, by t test and adjusted analysis."""
    o, base = call.options, call.baseline()
    for target in call.targets():
        if target.visit in ("", base):
            continue
        grouped = bool(call.dataset.group)
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, base, group=grouped)
        try:
            spread = _spread(call, analysis_set)
            yield from _numbers(call, target.parameter, target.visit, analysis_set, spread)
            if o.replicates and o.design == "two groups":
                yield from _simulated(call, target.parameter, target.visit, base)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter} at {target.visit}: {error}") from None


def _spread(call: Call, analysis_set: "AnalysisSet") -> Spread:
    """Pooled within groups. Raises ValueError for fewer than 3 degrees of freedom."""
    import numpy

    frame = analysis_set.frame.astype({"value": "float64", "baseline": "float64"})
    groups = [analysis_set.groups.get(unit, "") for unit in frame.index]
    centred = frame[["value", "baseline"]] - frame[["value", "baseline"]].groupby(groups).transform("mean")
    df = len(frame) - len(set(groups))
    if df < 3:
        raise ValueError(f"{len(frame)} units in {len(set(groups))} groups tell no standard deviation")
    if call.options.design == "change":
        change = centred["value"] - centred["baseline"]
        return Spread(len(frame), float(numpy.sqrt((change**2).sum() / df)), df, 0.0)
    sd, correlation = float(numpy.sqrt((centred["value"] ** 2).sum() / df)), float(centred.corr().iloc[0, 1])
    return Spread(len(frame), sd, df, correlation)


def _numbers(call: Call, parameter: str, visit: str, analysis_set: "AnalysisSet", spread: Spread) -> Iterator[Number]:
    from omtrace.statistics.power.trial_size import correlation_lower, n_ancova, n_t, sd_limits

    o, rows = call.options, analysis_set.rows()
    low, high = sd_limits(spread.sd, spread.df, o.confidence)
    found = {"n": spread.n, "sd": spread.sd, "sd_lower": low, "sd_upper": high}
    rho, limit = spread.correlation, f"upper {100 * o.confidence:g}% limit"
    is_adjusted = o.design == "two groups" and not isnan(rho)
    if is_adjusted:
        found |= {"correlation": rho, "correlation_lower": correlation_lower(rho, spread.df, o.confidence)}
    yield from call.of(parameter, visit).numbers("all", found, rows, "what the data tell")
    for words, sd, r in (
        ("SD as estimated", spread.sd, rho),
        (f"SD at its {limit}", high, found.get("correlation_lower", 0.0)),
    ):
        if not sd > 0:
            raise ValueError("the outcome does not vary")
        paired = o.design == "change"
        needed = {"t test of the change" if paired else "t test": n_t(o.difference / sd, o.power, o.alpha, paired)}
        if is_adjusted:
            needed["adjusted for baseline"] = n_ancova(o.difference / sd, r, o.power, o.alpha)
        for test, n in needed.items():
            values = _units(n, o.dropout, 1 if paired else 2)
            yield from call.of(parameter, visit).numbers("all", values, rows, f"{test}, {words}")
    if o.design == "two groups" and not is_adjusted:
        raise ValueError("the baseline does not vary within groups, so that no size adjusted for it can be told")


def _units(n: float, dropout: float, groups: int) -> Mapping[str, float]:
    """Whole units: those analysed, and those enrolled so that as many are left."""
    from omtrace.statistics.power.trial_size import with_dropout

    per = {"units_per_group": float(with_dropout(n, 0)), "enrolled_per_group": float(with_dropout(n, dropout))}
    return {**per, "enrolled_in_all": groups * per["enrolled_per_group"]}


def _simulated(call: Call, parameter: str, visit: str, base: str) -> Iterator[Number]:
    """Power of the size that the adjusted analysis asks for, with all visits up to this one in a mixed model."""
    from omtrace.statistics.power.simulated_power import simulated_power
    from omtrace.statistics.power.trial_size import n_ancova, with_dropout

    o, scheduled = call.options, call.dataset.parameters[parameter].visits
    order = [v for v in call.dataset.visits if v in scheduled]
    visits = order[order.index(base) : order.index(visit) + 1]
    measured = [(parameter, v) for v in visits]
    analysis_set = call.data.select_complete(call.entry.population, measured, group=bool(call.dataset.group))
    groups = [analysis_set.groups.get(unit, "") for unit in analysis_set.frame.index]
    values = analysis_set.frame[measured].astype("float64").to_numpy()
    if len(visits) < 3:
        raise ValueError("replicates: one visit since baseline needs no simulation; the formula is enough")
    names = sorted(set(groups))
    centred = values.copy()
    for name in names:
        mine = [group == name for group in groups]
        centred[mine] -= values[mine].mean(axis=0)
    if (df := len(values) - len(names)) < len(visits):
        raise ValueError(f"{len(values)} units with all visits tell no covariance of {len(visits)} visits")
    sigma = centred.T @ centred / df
    correlation = float(sigma[0, -1] / (sigma[0, 0] * sigma[-1, -1]) ** 0.5)
    n = with_dropout(n_ancova(o.difference / float(sigma[-1, -1]) ** 0.5, correlation, o.power, o.alpha), o.dropout)
    found = simulated_power(sigma, n, o.difference, o.replicates, o.seed, o.dropout, o.alpha)
    values_ = {"n": float(len(values)), "enrolled_per_group": float(n), **found}
    yield from call.of(parameter, visit).numbers(
        "all", values_, analysis_set.rows(), "mixed model over the visits, simulated"
    )


METHOD = Method(
    Options,
    run,
    "Units that the next study needs. The difference to detect comes from the plan and its source, never from these "
    "data: an effect estimated in a pilot study is too uncertain to size a trial (doi:10.1186/s40814-019-0493-7). The "
    "data give the standard deviation within groups and its correlation with the baseline; below about 35 units a "
    "group an SD is poorly known (Teare 2014, PMC4227298), so that the size is also told with the SD at its one-sided "
    "upper confidence limit (Browne 1995), and the correlation at its lower one. t test "
    "by the noncentral t distribution; adjusted for baseline: times 1 - "
    "correlation squared, plus one unit a group (Borm 2007). Enrolled: divided by the share that stays, rounded up.",
    gives="correlation correlation_lower power sd sd_lower sd_upper mcse enrolled_in_all enrolled_per_group n "
    "refused replicates units_per_group",
)

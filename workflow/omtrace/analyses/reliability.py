"""Questionnaire scores as measurements: completion, floor and ceiling, internal consistency, test-retest."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import listed
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed, nearest
from omtrace.model.statistic import Scale

IN_POINTS = ("sem_agreement", "sem_consistency", "smallest_detectable_change")  # in the unit of the score
COEFFICIENT = Scale("", 2)  # unit and decimals of alpha and intraclass correlations, and of their limits


class Options(Closed):
    """What is known of the scores: their range, their items, and visits between which nothing should change."""

    ranges: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="parameter -> least and greatest possible score, for floor and ceiling"
    )
    items: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="parameter -> parameters that hold its single items, all coded one way"
    )
    retest: tuple[str, ...] = Field(
        (), description="visits without treatment between them, for test-retest; none: no such analysis"
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """By score and visit: completion, floor and ceiling, Cronbach's alpha; by score: intraclass correlations."""
    for name in [*call.options.ranges, *call.options.items]:
        if name not in call.entry.parameters:
            hint = nearest(name, call.entry.parameters)
            raise Fault(f"analysis {call.name}: options: {name!r} is not among its parameters{hint}")
    for target in call.targets():
        yield from _shares(call, target.parameter, target.visit)
        if target.parameter in call.options.items:
            yield from _consistency(call, target.parameter, target.visit)
    for parameter, visits in call.analysed_visits().items():
        if len(call.options.retest) > 1 and set(call.options.retest) <= set(visits):
            yield from _retest(call, parameter)


def _shares(call: Call, parameter: str, visit: str) -> Iterator[Number]:
    from omtrace.statistics.basic.proportion import proportion

    analysis_set = call.data.select(call.entry.population, parameter, visit)
    scores = analysis_set.frame["value"].astype("float64")
    count, missing = len(scores), analysis_set.missing()
    counted = {"completion": (count, count + missing)}
    if parameter in call.options.ranges:
        least, greatest = call.options.ranges[parameter]
        if ((scores < least - 1e-9) | (scores > greatest + 1e-9)).any():
            raise Refusal(
                f"analysis {call.name}: options.ranges: {parameter!r} holds scores outside {least:g}, {greatest:g}"
            )
        counted["floor"] = (int((scores <= least + 1e-9).sum()), count)
        counted["ceiling"] = (int((scores >= greatest - 1e-9).sum()), count)
    values = {"n": float(count), "missing": float(missing)}
    for name, (yes, of) in counted.items():
        share = proportion(yes, of, call.options.level)
        values |= {name: share["proportion"], f"{name}_low": share["wilson_low"], f"{name}_high": share["wilson_high"]}
    yield from call.of(parameter, visit).numbers("all", values, analysis_set.rows())


def _consistency(call: Call, parameter: str, visit: str) -> Iterator[Number]:
    from omtrace.statistics.basic.reliability import cronbach_alpha

    items = call.options.items[parameter]
    if len(items) < 2:
        raise Fault(f"analysis {call.name}: options.items: {parameter!r} needs at least two items")
    for item in items:
        if item not in call.dataset.parameters:
            hint = nearest(item, call.dataset.parameters)
            raise Fault(f"analysis {call.name}: options.items: {item!r} is no parameter of {call.entry.dataset}{hint}")
        if visit in call.dataset.parameters[item].visits:
            call.need(item, visit)
    analysis_set = call.data.select_complete(call.entry.population, [(item, visit) for item in items])
    counts = {"n": float(len(analysis_set.frame)), "missing": float(analysis_set.missing())}
    table = analysis_set.frame.astype("float64").to_numpy().reshape(-1, len(items))
    values = {**counts, **cronbach_alpha(table, call.options.level)}
    yield from call.of(parameter, visit).numbers(
        "all", values, analysis_set.rows(), "internal consistency", COEFFICIENT
    )


def _retest(call: Call, parameter: str) -> Iterator[Number]:
    from omtrace.statistics.basic.reliability import retest

    at = call.options.retest
    analysis_set = call.data.select_complete(call.entry.population, [(parameter, visit) for visit in at])
    counts = {"n": float(len(analysis_set.frame)), "missing": float(analysis_set.missing())}
    table = analysis_set.frame.astype("float64").to_numpy().reshape(-1, len(at))
    values = {**counts, **retest(table, call.options.level)}
    in_points = {name: values.pop(name) for name in IN_POINTS if name in values}
    level = "test-retest: " + ", ".join(named("visit", visit) for visit in at)
    rows = analysis_set.rows()
    yield from call.of(parameter).numbers("all", values, rows, level, COEFFICIENT)
    yield from call.of(parameter).numbers("all", in_points, rows, level)


def said(options: Options) -> str:
    """Which properties of the scores are estimated."""
    level = f"{100 * options.level:g}%"
    parts = [f"Completion is the share of the population with a score, with Wilson's {level} interval."]
    if options.ranges:
        parts.append("Floor and ceiling are the shares of scores at the least and the greatest possible value.")
    if options.items:
        parts.append(f"Cronbach's alpha is of the items as coded, with Feldt's {level} interval.")
    if len(options.retest) > 1:
        parts.append(
            f"Test-retest ({listed([named('visit', visit) for visit in options.retest])}): intraclass correlations of "
            "agreement, ICC(2,1), and of consistency, ICC(3,1); standard error of one measurement with (agreement) and "
            "without (consistency) a shift between visits; the smallest detectable change of one participant is z x "
            "root 2 x the former."
        )
    return " ".join(parts)


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    gives="proportion alpha icc_agreement ci_low ci_high wilson_low wilson_high ceiling ceiling_low ceiling_high "
    "completion completion_low completion_high floor floor_low floor_high icc_consistency icc_consistency_low "
    "icc_consistency_high sem_agreement sem_consistency smallest_detectable_change items missing n",
)

"""Intraclass correlations: of raters or occasions, and of the clusters of a trial."""

from collections.abc import Iterator
from math import isnan
from typing import Literal

from pydantic import Field, model_validator

from omtrace.analyses import JOINT, Call, Method, Number, Part, Target
from omtrace.analyses._sentences import listed
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

COEFFICIENT = Scale("", 2)
Form = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]


class Options(Closed):
    """What the values that belong together are, and which form is estimated."""

    of: Literal["visits", "parameters", "clusters"] = Field(
        description="visits: occasions of each parameter, without treatment between them; parameters: raters, each of "
        "whom has one parameter; clusters: units of one cluster, such as the site or the practitioner"
    )
    cluster: str = Field("", description="of clusters: the parameter without visits that names them")
    by_group: bool = Field(
        True, description="of clusters: likeness within the dataset's groups (arms); no: whatever their group"
    )
    forms: tuple[Form, ...] = Field(
        ("ICC(2,1)", "ICC(3,1)"),
        description="of visits and parameters, as Shrout and Fleiss name them: ICC(1,.) raters of its own for each "
        "unit, ICC(2,.) a sample of raters, whose differences count as error, ICC(3,.) these raters alone; (.,1) one "
        "rating, (.,k) the mean of all",
        min_length=1,
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """A cluster has a name, and no raters."""
        if bool(self.cluster) != (self.of == "clusters"):
            raise ValueError("cluster: goes with of: clusters")
        if self.of == "clusters" and "forms" in self.model_fields_set:
            raise ValueError("forms: are of visits and parameters; clusters have one")
        return self


def run(call: Call) -> Iterator[Number]:
    """The intraclass correlations with their intervals and tests."""
    targets = list(call.targets())
    if call.options.of == "clusters":
        for target in targets:
            yield from _clusters(target)
        return
    sets: dict[str, list[tuple[str, str]]] = {}
    for target in targets:
        rating = (target.parameter, target.visit)
        sets.setdefault(target.parameter if call.options.of == "visits" else target.visit, []).append(rating)
    for ratings in sets.values():
        yield from _ratings(call, ratings)


def _ratings(call: Call, ratings: list[tuple[str, str]]) -> Iterator[Number]:
    from omtrace.statistics.basic.reliability import intraclass

    names = JOINT.join(dict.fromkeys(parameter for parameter, _ in ratings))
    if len(ratings) < 2:
        what = call.options.of[:-1]
        raise Fault(f"analysis {call.name}: {names}: one {what} has no intraclass correlation; name two")
    analysis_set = call.data.select_complete(call.entry.population, ratings)
    table = analysis_set.frame.astype("float64").to_numpy().reshape(-1, len(ratings))
    if len(table) < 2:
        plural = "s" * (len(table) != 1)
        having = f"{len(table)} {call.dataset.unit}{plural} with all {len(ratings)} ratings; two are needed"
        raise Refusal(f"analysis {call.name}, {names}: {having}")
    counts = {"n": float(len(table)), "missing": float(analysis_set.missing())}
    found = intraclass(table, call.options.level)
    if isnan(found["ICC(1,1)"]["icc"]):
        alike = (
            "the ratings do not vary" if table.std() == 0 else f"the ratings of each {call.dataset.unit} are all alike"
        )
        raise Refusal(f"analysis {call.name}, {names}: {alike}")
    over_visits = call.options.of == "visits"
    at, visits = "" if over_visits else ratings[0][1], ", ".join(named("visit", visit) for _, visit in ratings)
    rows = analysis_set.rows()
    for form in call.options.forms:
        level = f"{form}: {visits}" if over_visits else form
        yield from call.of(names, at).numbers("all", {**counts, **found[form]}, rows, level, COEFFICIENT)


def _clusters(target: Target) -> Iterator[Number]:
    from omtrace.statistics.basic.cluster_icc import cluster_icc

    call, o = target.call, target.call.options
    grouped = bool(call.dataset.group) and o.by_group
    analysis_set = call.data.select(
        call.entry.population, target.parameter, target.visit, "", [o.cluster], group=grouped
    )
    frame = analysis_set.frame
    arms = frame["group"].tolist() if grouped else None
    try:
        values = cluster_icc(frame["value"].astype("float64"), frame[o.cluster].tolist(), arms, o.level)
    except ValueError as error:
        raise Refusal(f"{target.where}: {error}") from None
    counts = {"n": float(len(frame)), "missing": float(analysis_set.missing())}
    level = f"within {named('parameter', o.cluster)}"
    rows = analysis_set.rows(list(call.dataset.groups) if grouped else ["all"])
    yield from target.numbers("all", {**counts, **values}, rows, level, COEFFICIENT)


def said(options: Options) -> str:
    """Which correlation, and its interval."""
    if options.of == "clusters":
        within = " within groups" if options.by_group else ""
        return (
            f"Intraclass correlation of {named('parameter', options.cluster)}{within}, by analysis of variance, with "
            "Searle's interval (exact for clusters of one size; with the mean size of Donner and Koval where sizes "
            "differ), and the design effect, how many times the variance of a mean the clusters make."
        )
    what = "occasions" if options.of == "visits" else "raters"
    return (
        f"Intraclass correlations of {what} as Shrout and Fleiss (1979) define them, {listed(options.forms)}, with F "
        "intervals (of ICC(2,.) that of Fleiss and Shrout 1978), in units with every value; F tests that they are 0."
    )


def part(options: Options) -> Part:
    """What a refusal takes away."""
    if options.of == "visits":
        return "parameter"
    return "whole" if options.of == "parameters" else "target"


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    part=part,
    yes_or_no=True,
    gives="icc ci_low ci_high f df_1 df_2 p clusters cluster_size design_effect missing n",
)

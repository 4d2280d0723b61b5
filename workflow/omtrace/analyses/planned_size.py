"""How many units a study needs by its design, from assumptions in the plan alone: no value of the data is used."""

import math
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY
from omtrace.model.statistic import Scale

# What each design needs to be told.
NEEDED = {
    "means": ("difference", "sd"),
    "crossover": ("difference", "sd"),
    "proportions": ("group", "reference"),
    "survival": ("hazard_ratio", "events"),
    "rates": ("rate", "rate_ratio"),
}


class Clusters(Closed):
    """Clusters that are randomised whole."""

    size: float = Field(description="units of a cluster, on average", ge=1)
    icc: float = Field(description="intraclass correlation", ge=0, le=1)
    cv: float = Field(0, description="coefficient of variation of the sizes", ge=0)


class Scenario(Closed):
    """One set of assumptions."""

    design: Literal["means", "crossover", "proportions", "survival", "rates"] = Field(
        description="two parallel groups of the same size compared by means (t test), proportions, hazards (log-rank "
        "test) or rates of counts; or means in a crossover of two periods"
    )
    source: str = Field(description="where the assumptions come from")
    goal: Literal["superiority", "non-inferiority", "equivalence"] = Field(
        "superiority", description="what is to be shown; equivalence of means, also in a crossover, and of proportions"
    )
    margin: float | None = Field(
        None, description="largest difference that does not matter, above 0; of hazards a ratio, such as 1.3", gt=0
    )
    difference: float | None = Field(None, description="of means, expected; above 0 where the new treatment is better")
    sd: float | None = Field(None, description="SD of a unit within groups; of a crossover, within a person", gt=0)
    group: float | None = Field(
        None, description="proportion expected of the new treatment; more is better", gt=0, lt=1
    )
    reference: float | None = Field(None, description="proportion expected of the reference", gt=0, lt=1)
    hazard_ratio: float | None = Field(None, description="expected; below 1 where the new treatment is better", gt=0)
    events: float | None = Field(None, description="share of all units that will have the event", gt=0, le=1)
    rate: float | None = Field(None, description="events of the reference per unit of exposure", gt=0)
    rate_ratio: float | None = Field(None, description="expected", gt=0)
    exposure: float = Field(1, description="of each unit, of rates", gt=0)
    dispersion: float = Field(0, description="of rates: variance = mean + dispersion x mean^2", ge=0)
    clusters: Clusters | None = Field(None, description="clusters that are randomised; none: units are")
    power: float = Field(0.9, description="power wanted", gt=0.5, lt=1)
    alpha: float = Field(0.05, description="two-sided; one-sided tests have half of it", gt=0, lt=0.5)
    dropout: float = Field(0, description="share of units expected to drop out", ge=0, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Scenario":
        """What the design needs is told, and a margin where one is tested."""
        if missing := [name for name in NEEDED[self.design] if getattr(self, name) is None]:
            raise ValueError(f"design {self.design} needs {' and '.join(NEEDED[self.design])}; {missing[0]} is missing")
        if (self.goal == "superiority") == (self.margin is not None):
            raise ValueError("a margin goes with non-inferiority and equivalence")
        if (self.design == "rates" and self.goal != "superiority") or (self.design, self.goal) == (
            "survival",
            "equivalence",
        ):
            raise ValueError(f"{self.goal} is not for design {self.design}")
        if self.clusters and self.design in ("crossover", "survival"):
            raise ValueError(f"clusters are not for design {self.design}")
        return self


class Options(Closed):
    """Sets of assumptions."""

    scenarios: dict[str, Scenario] = Field(description="name -> assumptions", min_length=1)


def run(call: Call) -> Iterator[Number]:
    """Units, clusters and events needed, those to be enrolled, and the power of whole numbers, for each scenario."""
    sizes, refused = {}, []
    for name, scenario in call.options.scenarios.items():
        try:
            sizes[name] = _size(scenario)
        except ValueError as error:
            refused.append(f"{name}: {error}")
    rows = call.data.select_complete(call.entry.population, []).everyone(EVERYBODY)
    for name, values in sizes.items():
        yield from call.of("").numbers(EVERYBODY, values, rows, name, Scale("", 0))
    if refused:
        raise Refusal(f"analysis {call.name}: {'; '.join(refused)}")


def _size(s: Scenario) -> Mapping[str, float]:
    """The numbers of a scenario. Raises ValueError for one that no size can serve."""
    from omtrace.statistics.power.designs import MeansTest, design_effect, events_needed, n_proportions, n_rates
    from omtrace.statistics.power.trial_size import with_dropout

    numbers: dict[str, float] = {}
    effect = design_effect(s.clusters.size, s.clusters.icc, s.clusters.cv) if s.clusters else 1.0
    if s.design in ("means", "crossover"):
        crossover = s.design == "crossover"
        # A cluster's mean is one value of the t test: as many degrees of freedom as clusters.
        sd = _of(s.sd) * math.sqrt(effect / (s.clusters.size if s.clusters else 1))
        test = MeansTest(_of(s.difference), math.sqrt(2) * sd, crossover, s.goal, s.margin or 0.0, s.alpha)
        number = test.size(s.power)
        numbers["power"] = test.power(number)
        if crossover:
            return {"units_in_all": float(number), "enrolled_in_all": float(with_dropout(number, s.dropout)), **numbers}
        n = number * s.clusters.size if s.clusters else float(number)
    else:
        if s.design == "proportions":
            n = n_proportions(_of(s.group), _of(s.reference), s.power, s.goal, s.margin or 0.0, s.alpha)
        elif s.design == "rates":
            n = n_rates(_of(s.rate), _of(s.rate_ratio), s.power, s.exposure, s.dispersion, s.alpha)
        else:
            numbers["events"] = math.ceil(events_needed(_of(s.hazard_ratio), s.power, s.margin or 1.0, s.alpha) - 1e-9)
            n = numbers["events"] / _of(s.events) / 2
        n *= effect
    if s.clusters:
        per_group = math.ceil(n / s.clusters.size - 1e-9)
        n = per_group * s.clusters.size
        numbers |= {"design_effect": effect, "clusters": 2.0 * per_group}
    units = {"units_per_group": with_dropout(n, 0), "enrolled_per_group": with_dropout(n, s.dropout)}
    return {**units, "enrolled_in_all": 2.0 * units["enrolled_per_group"], **numbers}


def _of(value: float | None) -> float:
    """What the validator has seen to be told."""
    return math.nan if value is None else value


METHOD = Method(
    Options,
    run,
    "Sizes by design from the assumptions of the plan, whose sources stand there; no value of the data is used. Means "
    "by the t test (noncentral t; equivalence by two one-sided tests, exactly), a cluster's mean as one value; "
    "proportions, log-rank test (Schoenfeld 1981) and rates of negative binomial counts by the normal distribution, "
    "with the design effect of clusters (Eldridge 2006). Non-inferiority and equivalence are tested one-sided at half "
    "of alpha. Enrolled: divided by the share that stays, rounded up.",
    units="any",
    part=lambda options: "whole",
    gives="design_effect power clusters enrolled_in_all enrolled_per_group events units_in_all units_per_group",
)

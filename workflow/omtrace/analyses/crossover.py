"""A crossover of two treatments over two periods: each unit under both, counted once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import tests_by
from omtrace.analyses._shown import plural
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY, Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows

NUISANCE = {"difference": "", "ci_low": "_low", "ci_high": "_high", "p": "_p"}  # of period and carry-over


class Options(Closed):
    """Which sequence had which treatment when, and how the treatments are compared."""

    sequences: dict[str, tuple[str, str]] = Field(
        description="group of the dataset -> its treatment in the first and in the second period"
    )
    contrast: tuple[str, str] = Field(description="treatment of interest, reference")
    outcome: Literal["numbers", "yes or no"] = Field("numbers", description="what the parameters hold")
    model: Literal["period differences", "mixed model"] = Field(
        "period differences",
        description="period differences: t test of each unit's difference between its periods, from units with both; "
        "mixed model: sequence, period, treatment and a random unit, from all units with either",
    )
    df: Literal["kenward_roger", "satterthwaite"] = Field("kenward_roger", description="of the mixed model")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """Two sequences, each the other in reverse."""
        if sorted(self.sequences.values()) != sorted([self.contrast, self.contrast[::-1]]):
            raise ValueError("sequences: two, one with the treatments of contrast in their order, one in reverse")
        if self.outcome == "yes or no" and self.model == "mixed model":
            raise ValueError("model: a mixed model is for numbers")
        return self


@dataclass(frozen=True)
class _Periods:
    """A parameter in the two periods: who is used, and the values (n, 2) of A first and of B first."""

    parameter: str
    visits: list[str]
    chosen: "AnalysisSet"
    groups: list[str]  # A first, B first
    without: dict[str, str]  # units with one period, and why they are left out

    def pairs(self, complete: bool) -> "list[numpy.ndarray]":
        """The values of each sequence; those of one period alone as well, or not."""
        frames = [self.chosen.of_group(group)[self.visits].astype("float64") for group in self.groups]
        return [(frame.dropna() if complete else frame).to_numpy() for frame in frames]

    def rows(self, complete: bool) -> "Rows":
        """Who stands behind numbers of both sequences."""
        return self.chosen.rows(self.groups, self.without if complete else None)


def run(call: Call) -> Iterator[Number]:
    """Means of each sequence in each period; then the treatments compared, with period effect and carry-over."""
    o = call.options
    for group in o.sequences:
        call.contrast(group, group)
    forward = next(group for group, order in o.sequences.items() if order == o.contrast)
    groups = [forward, *(group for group in o.sequences if group != forward)]
    for parameter, given in call.analysed_visits(o.outcome).items():
        visits = [visit for visit in call.dataset.visits if visit in given]
        if len(visits) != 2:
            raise Fault(
                f"analysis {call.name}: {parameter!r} is analysed at {len(visits)} visits, and a crossover has two "
                "periods: name them under visits"
            )
        analysis_set = call.data.select(call.entry.population, parameter, visits, group=True)
        one = analysis_set.frame[visits].isna().any(axis=1)
        without = dict.fromkeys(analysis_set.frame.index[one], "a value in one period alone")
        periods = _Periods(parameter, visits, analysis_set, groups, without)
        yield from _cells(call, periods)
        if min(len(pairs) for pairs in periods.pairs(True)) < 2:
            raise Refusal(
                f"analysis {call.name}, {parameter}: a sequence has fewer than two {plural(call.dataset.unit)} with "
                "values in both periods"
            )
        yield from _binary(call, periods) if o.outcome == "yes or no" else _numeric(call, periods)


def _cells(call: Call, periods: _Periods) -> Iterator[Number]:
    """Each sequence in each period."""
    from omtrace.statistics.basic.samples import mean, standard_deviation

    for group in periods.groups:
        for visit in periods.visits:
            there = call.data.select(call.entry.population, periods.parameter, visit, group=True)
            values = there.of_group(group)["value"].astype("float64").to_numpy()
            numbers = {"n": float(values.size), "mean": mean(values)}
            if call.options.outcome == "numbers":
                numbers["sd"] = standard_deviation(values)
            else:
                numbers = {"n": numbers["n"], "count": float(values.sum()), "proportion": numbers["mean"]}
            yield from call.of(periods.parameter, visit).numbers(group, numbers, there.rows([group]))


def _numeric(call: Call, periods: _Periods) -> Iterator[Number]:
    from omtrace.statistics.basic.crossover import crossover, crossover_design
    from omtrace.statistics.mixed.lmm import fit

    o, parameter = call.options, periods.parameter
    level, rows = str(Contrast(*o.contrast)), periods.rows(True)
    pairs = periods.pairs(True)
    found = crossover(pairs[0], pairs[1], o.level)
    effect, period, n = found["treatment"], found["period"], sum(map(len, pairs))
    if not effect["se"] > 0:
        raise Refusal(f"analysis {call.name}, {parameter}: the differences between the periods do not vary")
    if o.model == "mixed model":
        every = periods.pairs(False)
        values, design, unit = crossover_design(every[0], every[1])
        try:
            model = fit(values, design, {"unit": unit})
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {parameter}: {error}") from None
        effect, period = (model.contrast(weights, o.df, o.level) for weights in ((0, 0, 0, 1), (0, 0, 1, 0)))
        effect, period = ({"difference": one.pop("estimate"), **one} for one in (effect, period))
        rows, n = periods.rows(False), sum(map(len, every))
    yield from call.of(parameter).numbers(EVERYBODY, effect | {"n": float(n)}, rows, level)
    named = {f"period_effect{end}": period[name] for name, end in NUISANCE.items()}
    yield from call.of(parameter).numbers(EVERYBODY, named, rows, "period effect")
    named = {f"carry_over{end}": found["carry_over"][name] for name, end in NUISANCE.items()}
    yield from call.of(parameter).numbers(EVERYBODY, named, periods.rows(True), "carry-over, not acted upon")


def _binary(call: Call, periods: _Periods) -> Iterator[Number]:
    from omtrace.statistics.basic.crossover import crossover_binary

    o, rows = call.options, periods.rows(True)
    forward, backward = periods.pairs(True)
    found = crossover_binary(forward, backward, o.level)
    contrast = str(Contrast(*o.contrast))
    for name, level in (("mainland_gart", contrast), ("mcnemar", f"{contrast}, without regard to periods")):
        values = found[name]
        values = {"p" if statistic == "fisher_p" else statistic: value for statistic, value in values.items()}
        if not values["only_a"] + values["only_b"]:
            raise Refusal(f"analysis {call.name}, {periods.parameter}: nobody answered otherwise in the two periods")
        values = {statistic: value for statistic, value in values.items() if math.isfinite(value)}
        yield from call.of(periods.parameter).numbers(EVERYBODY, values, rows, level, Scale("", 3))


def said(options: Options) -> str:
    """The comparison, and what is reported beside it."""
    if options.outcome == "yes or no":
        return (
            "Crossover of yes and no, each unit counted once: the odds of yes under one treatment against the other, "
            "from the units that answered otherwise in the two periods. Adjusted for the periods (Mainland-Gart) by "
            "Fisher's exact test of sequence by period, with the square roots of its conditional odds ratio and exact "
            "limits; and without regard to the periods by the exact McNemar test. What is infinite is not given."
        )
    how = "by the t test of the differences between the periods of units with both (Hills and Armitage)"
    if options.model == "mixed model":
        how = (
            "by a mixed model of sequence, period and treatment with a random unit, by REML, from all units with a "
            f"value in either period; tests with {tests_by(options.df)}"
        )
    return (
        f"Crossover, each unit counted once: treatments are compared {how}. The period effect stands beside it. The "
        "test of carry-over compares the sums of both periods between the sequences; it is reported and not acted "
        "upon: a choice between two analyses by such a test misleads (Freeman 1989)."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    yes_or_no=True,
    gives="difference odds_ratio odds_ratio_low odds_ratio_high mean proportion ci_low ci_high carry_over "
    "carry_over_low carry_over_high period_effect period_effect_low period_effect_high proportion_a "
    "proportion_b sd se t df p period_effect_p carry_over_p count count_a count_b n only_a only_b",
)

"""A crossover of three periods or more, or of more than two treatments: replicates, Williams squares."""

from collections.abc import Iterator, Mapping
from math import exp
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._sentences import tests_by
from omtrace.analyses._shown import plural
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed, nearest
from omtrace.model.contrast import EVERYBODY, Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.mixed.crossover_periods import PeriodModel


class Options(Closed):
    """Which sequence had which treatment when, and how the treatments are compared."""

    sequences: dict[str, tuple[str, ...]] = Field(
        description="group of the dataset -> its treatment in each period, in their order: {TRTR: [T, R, T, R], ...}"
    )
    contrasts: tuple[tuple[str, str], ...] = Field(
        description="pairs of treatments: treatment of interest, reference", min_length=1
    )
    units: Literal["fixed", "random"] = Field(
        "fixed",
        description="fixed: treatments are compared within units alone, by least squares (EMA's method A); random: a "
        "mixed model of sequence, period and treatment with a random unit, in which units with one period count too "
        "(EMA's method B)",
    )
    carry_over: bool = Field(
        False, description="first-order carry-over is in the model, and treatments are adjusted for it"
    )
    log: bool = Field(False, description="analyse the natural logarithm (values must be positive)")
    df: Literal["kenward_roger", "satterthwaite"] = Field("kenward_roger", description="where units are random")
    level: float = Field(0.95, description="confidence level; bioequivalence asks for 0.9", gt=0.5, lt=1)

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """Sequences of one length, which hold the treatments."""
        lengths = {len(order) for order in self.sequences.values()}
        treatments = sorted({name for order in self.sequences.values() for name in order})
        if len(self.sequences) < 2 or len(lengths) != 1:
            raise ValueError("sequences: two or more, of one number of periods")
        first, *others = self.sequences.values()
        if max(lengths) == 2 and first[0] != first[1] and others == [first[::-1]]:
            raise ValueError("sequences: AB and BA are analysed by the method crossover")
        for name in (name for pair in self.contrasts for name in pair):
            if name not in treatments:
                raise ValueError(f"contrasts: no sequence has the treatment {name!r}{nearest(name, treatments)}")
        return self


def run(call: Call) -> Iterator[Number]:
    """Means of each sequence in each period; then the treatments compared, with tests of the other terms."""
    for group in call.options.sequences:
        call.contrast(group, group)
    periods = len(next(iter(call.options.sequences.values())))
    targets: dict[str, list[str]] = {}
    for target in call.targets():
        targets.setdefault(target.parameter, []).append(target.visit)
    for parameter, given in targets.items():
        visits = [visit for visit in call.dataset.visits if visit in given]
        if len(visits) != periods:
            raise Fault(
                f"analysis {call.name}: {parameter!r} is analysed at {len(visits)} visits, and the sequences have "
                f"{periods} periods: name their visits under visits"
            )
        analysis_set = call.data.select(call.entry.population, parameter, visits, group=True)
        yield from _cells(call, parameter, visits)
        yield from _compared(call, parameter, visits, analysis_set)


def _cells(call: Call, parameter: str, visits: list[str]) -> Iterator[Number]:
    """Each sequence in each period."""
    from omtrace.statistics.basic.samples import mean, standard_deviation

    for group in call.options.sequences:
        for visit in visits:
            there = call.data.select(call.entry.population, parameter, visit, group=True)
            values = there.of_group(group)["value"].astype("float64").to_numpy()
            numbers = {"n": float(values.size), "mean": mean(values), "sd": standard_deviation(values)}
            yield from call.of(parameter, visit).numbers(group, numbers, there.rows([group]))


def _compared(call: Call, parameter: str, visits: list[str], analysis_set: "AnalysisSet") -> Iterator[Number]:
    o, groups = call.options, list(call.options.sequences)
    frame = analysis_set.frame[analysis_set.frame["group"].isin(groups)]
    values = frame[visits].astype("float64")
    single = values.notna().sum(axis=1) < 2
    without = dict.fromkeys(frame.index[single], "a value in one period alone") if o.units == "fixed" else {}
    values = values.drop(index=list(without))
    rows = analysis_set.rows(groups, without)
    try:
        model = _fitted(call, values, frame["group"])
        for treatment, reference in o.contrasts:
            difference = model.difference(treatment, reference, o.level)
            contrast = Contrast(treatment, reference)
            yield from _difference(call.of(parameter), contrast, {**difference, "n": float(len(values))}, rows)
        for term in ("treatment", "period", *(("carry-over",) if o.carry_over else ())):
            yield from call.of(parameter).numbers(EVERYBODY, model.test(term), rows, term)
    except ValueError as error:
        raise Refusal(f"analysis {call.name}, {parameter}: {error}") from None


def _fitted(call: Call, values: "pandas.DataFrame", group: "pandas.Series") -> "PeriodModel":
    """The model of a frame with a column for each period. Raises ValueError where it cannot be fitted."""
    from numpy import log

    from omtrace.statistics.mixed.crossover_periods import PeriodRows, fit_periods

    o, periods = call.options, range(len(values.columns))
    if o.log and (bad := int((values <= 0).sum().sum())):
        raise ValueError(f"{bad} values are 0 or less, and have no logarithm")
    cells = [
        (value, unit, group[unit], place, o.sequences[group[unit]])
        for unit, row in zip(values.index, (log(values) if o.log else values).to_numpy().tolist(), strict=True)
        for place, value in zip(periods, row, strict=True)
        if value == value
    ]
    if not cells:
        raise ValueError(f"no {plural(call.dataset.unit)} with values")
    rows = PeriodRows(
        values=[value for value, *_ in cells],
        unit=[unit for _, unit, *_ in cells],
        sequence=[sequence for _, _, sequence, *_ in cells],
        period=[place for *_, place, _ in cells],
        treatment=[order[place] for *_, place, order in cells],
        before=[order[place - 1] if place else None for *_, place, order in cells],
    )
    return fit_periods(rows, o.units, o.carry_over, o.df)


def _difference(target: Target, contrast: Contrast, numbers: Mapping[str, float], rows: "Rows") -> Iterator[Number]:
    scale = None
    if target.call.options.log:
        scale = Scale("", 2)
        ratio = {"ratio": exp(numbers["difference"]), "se_log": numbers["se"]}
        ratio |= {name: exp(numbers[name]) for name in ("ci_low", "ci_high")}
        numbers = {**ratio, **{name: numbers[name] for name in ("t", "df", "p", "n")}}
    yield from target.numbers(EVERYBODY, numbers, rows, str(contrast), scale)


def said(options: Options) -> str:
    """The model and its tests in words."""
    scale = " of the natural logarithms, told as ratios," if options.log else ""
    terms = "period and treatment" + " and first-order carry-over" * options.carry_over
    model = f"least squares with unit, {terms} as terms"
    if options.units == "random":
        model = f"a mixed model by REML with sequence, {terms} as terms and a random unit, {tests_by(options.df)}"
    return (
        f"Crossover of {len(next(iter(options.sequences.values())))} periods{scale} by {model}. Means of each sequence "
        "in each period stand beside it."
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    gives="difference ratio mean ci_low ci_high sd se se_log f t df df_1 df_2 p n",
)

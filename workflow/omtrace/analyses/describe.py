"""Descriptive statistics by visit and group: numbers, or counts of categories."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.provenance.rows import Rows


class Options(Closed):
    """How to group, and the level of the interval of the mean."""

    by_group: bool = Field(True, description="also within each group of the dataset")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """n, missing, mean, SD, interval, median, quartiles, range; for categories count and percent of each; for the
    answer to one item the exact proportion of each answer, and no interval of the mean.
    """
    from omtrace.statistics.basic.descriptive import describe

    nested = call.dataset.experimental_unit and call.dataset.experimental_unit.parameter
    for target in call.targets("anything"):
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit)
        text = call.data.is_text(target.parameter, target.visit)
        answers = _answers_to(call, target.parameter)
        categories = call.data.column(target.parameter, target.visit).categories if text else []
        for group in call.groups(call.options.by_group):
            part = analysis_set.of_group(group)["value"]
            rows = analysis_set.rows([group])
            if not text:
                values = {
                    **describe(part.astype("float64").to_numpy(), call.options.level),
                    "missing": analysis_set.missing(group),
                }
                if (
                    nested or answers
                ):  # an interval would take each of them for an experimental unit, or steps for a scale
                    del values["ci_low"], values["ci_high"]
                ends = {name: values.pop(name) for name in ("minimum", "maximum")}
                yield from target.numbers(group, values, rows)
                whole = (
                    Scale(call.dataset.parameters[target.parameter].unit, 0) if _whole(call, target.parameter) else None
                )
                yield from target.numbers(group, ends, rows, scale=whole)
                if not nested:
                    yield from _answers(target, group, part.astype("float64"), answers, rows)
                continue
            yield from target.numbers(group, {"n": len(part), "missing": analysis_set.missing(group)}, rows)
            for category in categories:
                count = int((part == category).sum())
                values = {"count": count, "percent": 100 * count / len(part) if len(part) else float("nan")}
                yield from target.numbers(group, values, rows, level=category)


def _answers_to(call: Call, parameter: str) -> list[float]:
    """The possible answers where a parameter is the answer to a single item, else none."""
    from omtrace.instruments import instrument_of

    declared = call.dataset.parameters[parameter]
    if declared.derive != "score":
        return []
    return instrument_of(declared.options["instrument"]).answers(declared.options["score"])


def _answers(
    target: Target, group: str, values: "pandas.Series", answers: list[float], rows: "Rows"
) -> Iterator[Number]:
    """Of each possible answer, how many gave it, with the exact interval of their proportion."""
    from omtrace.statistics.basic.proportion import proportion

    for answer in answers:
        share = proportion(int((values == answer).sum()), len(values), target.call.options.level)
        names = ("count", "proportion", "clopper_pearson_low", "clopper_pearson_high")
        numbers = {name: share[name] for name in names}
        yield from target.numbers(group, numbers, rows, level=f"answer {answer:g}", scale=Scale("", 3))


def _whole(call: Call, parameter: str) -> bool:
    """Whether a parameter's values are whole numbers at every visit: its minimum and maximum then need no decimals."""
    visits = call.dataset.parameters[parameter].visits or [""]
    return all((numbers % 1 == 0).all() for visit in visits for numbers in [call.data.column(parameter, visit).numbers])


def said(options: Options) -> str:
    """What is described, of whom, and by which intervals."""
    groups = "in each group and in all together" if options.by_group else "in all groups together"
    level = f"{100 * options.level:g}%"
    return (
        f"Described {groups}: number, mean with SD and {level} t interval (cut at the ends of a questionnaire's "
        "scale), median, quartiles and range; of categories, counts and percent; of the answer to a single item, in "
        f"place of the interval, the proportion of each answer with Clopper and Pearson's exact {level} interval."
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    gives="mean proportion median ci_low ci_high clopper_pearson_low clopper_pearson_high maximum minimum percent "
    "q1 q3 sd count missing n",
)

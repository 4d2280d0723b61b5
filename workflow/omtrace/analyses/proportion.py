"""Proportions with exact and score intervals."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """What is counted."""

    at_least: float | None = Field(None, description="count values of at least this; none: yes/no parameters")
    by_group: bool = Field(True, description="also within each group of the dataset")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Count, n, proportion, Wilson and Clopper-Pearson intervals."""
    from omtrace.statistics.basic.proportion import proportion

    threshold = call.options.at_least
    for target in call.targets("yes or no" if threshold is None else "numbers"):
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit)
        for group in call.groups(call.options.by_group):
            part = analysis_set.of_group(group)["value"].astype("float64")
            count = int((part >= (1 if threshold is None else threshold) - 1e-9).sum())
            values = proportion(count, len(part), call.options.level)
            values["missing"] = analysis_set.missing(group)
            level = "" if threshold is None else f"at least {threshold:g}"
            yield from target.numbers(group, values, analysis_set.rows([group]), level=level)


def said(options: Options) -> str:
    """What is counted, and the intervals."""
    of = "" if options.at_least is None else f" of values of at least {options.at_least:g}"
    return f"Proportion{of} with Wilson score and exact Clopper-Pearson intervals."


METHOD = Method(
    Options,
    run,
    said,
    yes_or_no=True,
    gives="proportion wilson_low wilson_high clopper_pearson_low clopper_pearson_high count missing n",
)

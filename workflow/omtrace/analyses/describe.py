"""Descriptive statistics by visit and group: numbers, or counts of categories."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """How to group, and the level of the interval of the mean."""

    by_group: bool = Field(True, description="also within each group of the dataset")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """n, missing, mean, SD, interval, median, quartiles, range; for categories count and percent of each."""
    from omtrace.statistics.basic.descriptive import describe

    nested = call.dataset.experimental_unit and call.dataset.experimental_unit.parameter
    for parameter, visit in call.targets("anything"):
        chosen = call.data.select(call.entry.population, parameter, visit)
        text = call.data.is_text(parameter, visit)
        categories = call.data.column(parameter, visit).categories if text else []
        for group in call.groups(call.options.by_group):
            part = chosen.of_group(group)["value"]
            rows = chosen.rows([group])
            if not text:
                values = {
                    **describe(part.astype("float64").to_numpy(), call.options.level),
                    "missing": chosen.missing(group),
                }
                if nested:  # an interval would take each of them for an experimental unit
                    del values["ci_low"], values["ci_high"]
                ends = {name: values.pop(name) for name in ("minimum", "maximum")}
                yield from call.numbers(parameter, group, visit, values, rows)
                whole = (call.dataset.parameters[parameter].unit, 0) if _whole(call, parameter) else None
                yield from call.numbers(parameter, group, visit, ends, rows, scale=whole)
                continue
            yield from call.numbers(parameter, group, visit, {"n": len(part), "missing": chosen.missing(group)}, rows)
            for category in categories:
                count = int((part == category).sum())
                values = {"count": count, "percent": 100 * count / len(part) if len(part) else float("nan")}
                yield from call.numbers(parameter, group, visit, values, rows, level=category)


def _whole(call: Call, parameter: str) -> bool:
    """Whether a parameter's values are whole numbers at every visit: its minimum and maximum then need no decimals."""
    visits = call.dataset.parameters[parameter].visits or [""]
    return all((numbers % 1 == 0).all() for visit in visits for numbers in [call.data.column(parameter, visit).numbers])


METHOD = Method(
    Options, run, "Number, mean with SD and t interval, median, quartiles and range; counts of categories.", units="any"
)

"""Change by visit and group: the baseline, the visit and the change of the units that have both."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed

SHOWN = ("n", "mean", "sd", "median", "minimum", "maximum")


class Options(Closed):
    """How to group."""

    by_group: bool = Field(True, description="also within each group of the dataset")


def run(call: Call) -> Iterator[Number]:
    """n, mean, SD, median and range of the baseline, of the visit and of the change, for units with both values."""
    from omtrace.statistics.basic.descriptive import describe

    for parameter, visit in call.targets():
        if visit == (base := call.baseline(parameter)):
            continue
        chosen = call.data.select(call.entry.population, parameter, visit, baseline=base)
        for group in call.groups(call.options.by_group):
            part, rows = chosen.of_group(group).astype("float64"), chosen.rows([group])
            columns = {"baseline": part["baseline"], "at the visit": part["value"]}
            columns["change"] = part["value"] - part["baseline"]
            for level, column in columns.items():
                found = describe(column.to_numpy())
                values = {name: found[name] for name in SHOWN}
                yield from call.numbers(parameter, group, visit, values, rows, level)
            yield from call.numbers(parameter, group, visit, {"missing": chosen.missing(group)}, rows)


METHOD = Method(
    Options,
    run,
    "Of the units with a value at the baseline and at the visit: number, mean, SD, median and range of both and of the "
    "change (visit minus baseline).",
    units="any",
)

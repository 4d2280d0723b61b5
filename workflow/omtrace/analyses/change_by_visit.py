"""Change by visit and group: the baseline, the visit and the change of the units that have both."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed

SHOWN = {"mean (SD)": ("mean", "sd"), "median (quartiles)": ("median", "q1", "q3")}


class Options(Closed):
    """How to group."""

    by_group: bool = Field(True, description="also within each group of the dataset")


def run(call: Call) -> Iterator[Number]:
    """n, mean, SD, median and quartiles of the baseline, of the visit and of the change, for units with both values."""
    from omtrace.statistics.basic.descriptive import describe

    for target in call.targets():
        if target.visit == (base := call.baseline(target.parameter)):
            continue
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, baseline=base)
        for group in call.groups(call.options.by_group):
            part, rows = analysis_set.of_group(group).astype("float64"), analysis_set.rows([group])
            counts = {"n": len(part), "missing": analysis_set.missing(group)}
            yield from target.numbers(group, counts, rows)
            columns = {"baseline": part["baseline"], "at the visit": part["value"]}
            columns["change"] = part["value"] - part["baseline"]
            for what, column in columns.items():
                found = describe(column.to_numpy())
                for level, names in SHOWN.items():
                    values = {name: found[name] for name in names}
                    yield from target.numbers(group, values, rows, f"{what}, {level}")


METHOD = Method(
    Options,
    run,
    "Of the units with a value at the baseline and at the visit: number, mean, SD, median and quartiles of both and of "
    "the change (visit minus baseline).",
    units="any",
    gives="mean median q1 q3 sd missing n",
)

"""Participant flow: who was enrolled, who was assessed at each visit, who is analysed, and who is left out why."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """How to group."""

    by_group: bool = Field(True, description="also within each group of the dataset")


def run(call: Call) -> Iterator[Number]:
    """Units enrolled, once; at each visit of each parameter assessed, excluded (by reason) and analysed."""
    enrolled: dict[str, int] = {}
    for parameter, visit in call.targets("anything"):
        chosen = call.data.select(call.entry.population, parameter, visit)
        for group in call.groups(call.options.by_group):
            rows = chosen.rows([group])
            if group not in enrolled:
                everyone = chosen.everyone(group)
                enrolled[group] = everyone.used
                yield from call.numbers(parameter, group, "", {"n": everyone.used}, everyone, level="enrolled")
            assessed = chosen.assessed(group, call.data.column(parameter, visit))
            yield from call.numbers(parameter, group, visit, {"n": assessed.used}, assessed, level="assessed")
            boxes = {f"excluded: {reason}": n for reason, n in chosen.left_out(group).items()}
            boxes["analysed"] = rows.used
            if sum(boxes.values()) != enrolled[group]:
                raise AssertionError(f"{boxes} of {enrolled[group]} enrolled in {group}")
            for level, n in boxes.items():
                yield from call.numbers(parameter, group, visit, {"n": n}, rows, level=level)


METHOD = Method(
    Options,
    run,
    "Numbers of units enrolled, assessed, excluded by reason, and analysed.",
    units="any",
    part=lambda options: "whole",
    gives="n",
)

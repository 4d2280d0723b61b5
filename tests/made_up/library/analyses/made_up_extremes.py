"""A made-up method: the smallest and the largest value at a visit."""

from collections.abc import Iterator

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed


class Options(Closed):
    """The method has no options."""


def run(call: Call) -> Iterator[Number]:
    """Number of values, minimum and maximum at each visit."""
    for target in call.targets("number"):
        values = call.data.select(call.entry.population, target.parameter, target.visit)
        column = values.of_group("all")["value"].astype("float64")
        numbers = {"n": len(column), "minimum": column.min(), "maximum": column.max()}
        yield from target.numbers("all", numbers, values.rows(["all"]))


METHOD = Method(Options, run, "Smallest and largest value.", units="any", gives="n minimum maximum")

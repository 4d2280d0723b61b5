"""Two parameters measured in the same units, at the same visit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest

if TYPE_CHECKING:
    import numpy

    from omtrace.provenance.rows import Rows

Pair = tuple[str, str, str, "numpy.ndarray", "numpy.ndarray", "Rows"]  # parameter, group, visit, both values, rows


class Pairs(Closed):
    """Which other parameter, and how to group."""

    other: str = Field(description="parameter that it is held against, at the same visit or without visits")
    by_group: bool = Field(False, description="also within each group of the dataset")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def pairs(call: Call) -> Iterator[Pair]:
    """Units with both values, for each parameter, visit and group. Raises Fault for a parameter that there is not."""
    o, declared = call.options, call.dataset.parameters
    if o.other not in declared or o.other in call.parameters:
        hint = nearest(o.other, declared) if o.other not in declared else " besides those analysed"
        raise Fault(f"analysis {call.name}: other: there is no parameter {o.other!r}{hint}")
    for target in call.targets():
        at = target.visit if declared[o.other].visits else ""
        call.need(o.other, at)
        analysis_set = call.data.select_complete(
            call.entry.population, [(target.parameter, target.visit), (o.other, at)]
        )
        for group in call.groups(o.by_group):
            part = analysis_set.of_group(group).astype("float64").to_numpy()
            yield target.parameter, group, target.visit, part[:, 0], part[:, 1], analysis_set.rows([group])

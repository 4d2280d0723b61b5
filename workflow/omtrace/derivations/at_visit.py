"""The value of another parameter at one visit, as a fact about the unit: headache days before the treatment."""

from dataclasses import replace

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter


class Options(Closed):
    """Which parameter, and which of its visits."""

    of: str = Field(description="parameter of the same dataset, declared before")
    visit: str = Field(description="the visit whose value it is")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The record of each unit at the visit, with its cells and its status. Raises Fault for a parameter with visits."""
    if parameter.visits:
        raise Fault(f"parameter {name}: visits: a fact of the unit has none; take them out")
    earlier = context.earlier(name, options.of, [options.visit])
    mine = earlier.records[earlier.records["visit"] == options.visit]
    records = mine.assign(visit="").reset_index(drop=True)
    return replace(earlier, records=records, cells=earlier.cells.behind(list(mine.index), range(len(mine))), parts=None)


DERIVATION = Derivation(Options, derive)

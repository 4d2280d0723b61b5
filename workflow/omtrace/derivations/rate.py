"""A count divided by the time over which it was counted, or one parameter divided by another."""

from dataclasses import replace

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells


class Options(Closed):
    """What is divided by what."""

    of: str = Field(description="parameter of the same dataset, declared before: the numerator")
    over: str = Field(description="parameter of the same dataset, declared before: the denominator, at the same visits")
    times: float = Field(1.0, description="the quotient is multiplied by it: 12 for a year of months")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The quotient for each unit and visit.

    No value where either part has none (the status says which) or where the denominator is 0.
    """
    visits = list(parameter.visits)
    numerator = context.earlier(name, options.of, visits)
    denominator = context.earlier(name, options.over, visits)
    below = denominator.records.reset_index(names="row").set_index(["unit", "visit"])
    above = numerator.records[numerator.records["visit"].isin(visits or [""])]
    records: list[tuple[str, str, float | None, str | None, str]] = []
    cells = []
    for place, row in enumerate(above.itertuples()):
        under = below.loc[(row.unit, row.visit)]
        if row.status != "observed":
            records.append((row.unit, row.visit, None, None, row.status))
        elif under["status"] != "observed":
            records.append((row.unit, row.visit, None, None, under["status"]))
        elif under["value"] == 0:
            records.append((row.unit, row.visit, None, None, f"incomplete: {options.over} is 0"))
        else:
            records.append((row.unit, row.visit, options.times * row.value / under["value"], None, "observed"))
        cells.append(place)
    parts = [
        numerator.cells.behind(list(above.index), cells),
        denominator.cells.behind([int(below.loc[(r.unit, r.visit), "row"]) for r in above.itertuples()], cells),
    ]
    return replace(Found.of(records, [], numerator.tables), cells=Cells.joined(parts))


DERIVATION = Derivation(Options, derive)

"""Whether a unit has all of several records: completed assessments."""

from dataclasses import replace

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells


class Options(Closed):
    """Which records must be there."""

    of: tuple[str, ...] = Field(description="parameters of the same dataset, declared before")
    visits: tuple[str, ...] = Field(description="visits at which each of them must have a value")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" for a unit with a value of every parameter at every visit, else 0 and "no"."""
    have: dict[str, int] = {}
    order = {unit: row for row, unit in enumerate(context.units)}
    cells = []
    for of in options.of:
        earlier = context.earlier(name, of, options.visits)
        rows = earlier.records[earlier.records["visit"].isin(options.visits)]
        for unit in rows.loc[rows["status"] == "observed", "unit"]:
            have[unit] = have.get(unit, 0) + 1
        cells.append(earlier.cells.behind(rows.index, [order[unit] for unit in rows["unit"]]))
    all_of_them = len(options.of) * len(options.visits)
    records = []
    for unit in context.units:
        yes = have.get(unit, 0) == all_of_them
        records.append((unit, "", float(yes), "yes" if yes else "no", "observed"))
    return replace(Found.of(records, []), cells=Cells.joined(cells))


DERIVATION = Derivation(Options, derive)

"""Whether a unit has all of several records: completed assessments."""

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.derive.records import units_of
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter


class Options(Closed):
    """Which records must be there."""

    of: tuple[str, ...] = Field(description="parameters of the same dataset, declared before")
    visits: tuple[str, ...] = Field(description="visits at which each of them must have a value")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" for a unit with a value of every parameter at every visit, else 0 and "no"."""
    have: dict[str, int] = {}
    cells = []
    for of in options.of:
        found = context.earlier(name, of, options.visits)
        rows = found.records[found.records["visit"].isin(options.visits) & (found.records["status"] == "observed")]
        for unit in rows["unit"]:
            have[unit] = have.get(unit, 0) + 1
        cells += [(u, "", key, column, role) for u, v, key, column, role in found.every_cell() if v in options.visits]
    all_of_them = len(options.of) * len(options.visits)
    records = []
    for unit in units_of(context.tables, context.dataset):
        yes = have.get(unit, 0) == all_of_them
        records.append((unit, "", float(yes), "yes" if yes else "no", "observed"))
    return Found.of(records, cells)


DERIVATION = Derivation(Options, derive)

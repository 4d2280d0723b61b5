"""A made-up derivation: twice the value of another parameter."""

from dataclasses import replace

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from pydantic import Field


class Options(Closed):
    """Twice what."""

    of: str = Field(description="parameter of the same dataset, declared before")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Twice the value; a record without a value passes its status on."""
    source = context.earlier(name, options.of, parameter.visits)
    mine = source.records[source.records["visit"].isin(parameter.visits or [""])]
    rows = [
        (row.unit, row.visit, 2 * row.value if row.status == "observed" else None, None, row.status)
        for row in mine.itertuples()
    ]
    return replace(Found.of(rows, [], source.tables), cells=source.cells.behind(list(mine.index), range(len(mine))))


DERIVATION = Derivation(Options, derive)

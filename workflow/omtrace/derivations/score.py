"""A questionnaire score from its items."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.schemas import UNIT


class Options(Closed):
    """Which score of which instrument."""

    table: str = Field(description="validated table with the items")
    instrument: str = Field(description="module in instruments/")
    score: str = Field(description="score of the instrument")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The score for each unit and visit; where items are open the status says how many, and why if it is known."""
    import numpy

    instrument = instrument_of(options.instrument)
    if options.score not in instrument.scores:
        raise Fault(f"parameter {name}: no score {options.score!r}{nearest(options.score, instrument.scores)}")
    tables = context.tables
    rows = tables.frame(options.table).reset_index(drop=True)
    items = instrument.scores[options.score].items
    tables.need(options.table, *items)
    values = instrument.score(options.score, rows)
    unanswered, keys = rows[list(items)].isna().to_numpy(), rows["key"].to_numpy()
    status = numpy.full(len(rows), "observed", dtype=object)
    for at in numpy.flatnonzero(values.isna()):
        open_items = [item for item, blank in zip(items, unanswered[at], strict=True) if blank]
        gaps = ((int(keys[at]), item) for item in open_items)
        reasons = [tables.gaps.get(gap, "") for gap in gaps]
        coded = sorted({reason for reason in reasons if reason})
        if len(coded) == 1 and all(reasons) and coded[0].startswith("quarantined: "):
            status[at] = coded[0]
            continue
        why = f" ({', '.join(coded)})" if coded else ""
        status[at] = f"incomplete: {len(open_items)} of {len(items)} items open{why}"
    parts = []
    for item in items:
        says = tables.coded.get(item, {})
        lost = numpy.isin(keys, [key for key, reason in says.items() if reason.startswith("quarantined: ")])
        for role, here in (("value", numpy.flatnonzero(~lost)), ("quarantined", numpy.flatnonzero(lost))):
            parts.append(Cells.of(here, keys[here], tables.raw(options.table, item), role))
    cells = Cells.joined(parts)
    return Found.of_columns(rows[UNIT], rows["visit"], values, None, status, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

"""A questionnaire score from its items."""

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed, nearest
from omtrace.study.plan import Parameter


class Options(Closed):
    """Which score of which instrument."""

    table: str = Field(description="validated table with the items")
    instrument: str = Field(description="module in instruments/")
    score: str = Field(description="score of the instrument")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The score for each unit and visit; where items are open the status says how many, and why if it is known."""
    import pandas

    instrument = instrument_of(options.instrument)
    if options.score not in instrument.scores:
        raise Fault(f"parameter {name}: no score {options.score!r}{nearest(options.score, instrument.scores)}")
    tables = context.tables
    rows = tables.frame(options.table).reset_index(drop=True)
    items = instrument.scores[options.score].items
    tables.need(options.table, *items)
    values = instrument.score(options.score, rows)
    answers = rows[list(items)]
    records: list[tuple] = []
    cells: list[Cell] = []
    for at, (unit, visit, key, value) in enumerate(zip(rows[UNIT], rows["visit"], rows["key"], values, strict=True)):
        open_items = [item for item in items if pandas.isna(answers.at[at, item])]
        if pandas.isna(value):
            coded = sorted({tables.gaps[key, item] for item in open_items if (key, item) in tables.gaps})
            why = f" ({', '.join(coded)})" if coded else ""
            status = f"incomplete: {len(open_items)} of {len(items)} items open{why}"
            records.append((unit, visit, None, None, status))
        else:
            records.append((unit, visit, float(value), None, "observed"))
        cells += [(unit, visit, key, tables.raw(options.table, item), "value") for item in items]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

"""The mean of technical replicates: sections, readings, repeated wells. Replicates are never n."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen, coded
from omtrace.schemas import UNIT


class Options(Closed):
    """Which replicates."""

    table: str = Field(description="validated table, one row a replicate")
    column: str = Field(description="column with the values")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")
    at_least: int = Field(1, description="replicates needed", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The arithmetic mean over the rows of each unit and visit."""
    import numpy

    from omtrace.statistics.basic.samples import means

    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, options.column)
    raw = tables.raw(options.table, options.column)
    rows = rows[rows[[options.column, UNIT, "visit"]].notna().all(axis=1)]
    (unit, units), (visit, visits) = coded(rows[UNIT]), coded(rows["visit"])
    order = numpy.lexsort((visit, unit))
    unit, visit, rows = unit[order], visit[order], rows.iloc[order]
    first = numpy.flatnonzero(numpy.append(True, (numpy.diff(unit) != 0) | (numpy.diff(visit) != 0))[: len(rows)])
    edges = numpy.append(first, len(rows))
    count = numpy.diff(edges)
    enough = count >= options.at_least
    value = numpy.where(enough, means(rows[options.column].to_numpy("float64"), edges), numpy.nan)
    says = ["observed", *(f"incomplete: {n} of {options.at_least} replicates" for n in range(1, options.at_least))]
    status = chosen(numpy.where(enough, 0, count), says)
    cells = Cells.of(numpy.repeat(numpy.arange(len(count)), count), rows["key"], raw)
    unit_texts, visit_texts = chosen(unit[first], units), chosen(visit[first], visits)
    return Found.of_columns(unit_texts, visit_texts, value, None, status, cells, (options.table,))


DERIVATION = Derivation(Options, derive)

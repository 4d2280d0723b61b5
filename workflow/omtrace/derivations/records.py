"""Datasets: every enrolled unit x parameter x visit has one record, found in the data or not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omtrace import store
from omtrace.derivations import Context, Tables
from omtrace.derivations._grid import Grid
from omtrace.model.closed import checked
from omtrace.model.plan import Plan
from omtrace.plugins import plugin
from omtrace.provenance.links import Links
from omtrace.provenance.texts import repeated

if TYPE_CHECKING:
    import pandas

RECORD = ["record", "unit", "parameter", "visit", "value", "text", "status"]


def read_tables(plan: Plan, folder: str | Path) -> Tables:
    """The validated tables of a study from results/<study>/validated."""
    folder = Path(folder)
    gaps = store.read_columns(folder / "gaps.parquet")
    says = list(zip(gaps["key"], gaps["column"], gaps["says"], gaps["table"], strict=True))
    repaired = frozenset((k, plan.tables[t].raw(c)) for k, c, s, t in says if s.startswith("repaired: "))
    frames = {name: store.read_table(folder / f"{name}.parquet") for name in plan.tables}
    quarantine = store.read_table(folder / "quarantine.parquet")
    return Tables(plan, frames, quarantine, {(k, c): s for k, c, s, _ in says}, repaired)


class Built(NamedTuple):
    """The records of a dataset, and the raw cells behind them."""

    records: "pandas.DataFrame"
    cells: "pandas.DataFrame"


def build(plan: Plan, name: str, tables: Tables) -> Built:
    """A dataset's records and cells (see docs/design.md, formats).

    Conservation of units is by construction: every parameter is laid on the full grid. What is found for units
    that are not on the roster is no record; a roster without units gives none. Raises Fault if a derivation finds
    something at an unknown visit, or twice.
    """
    import numpy
    import pandas

    dataset = plan.datasets[name]
    context = Context(tables, dataset, {})
    if context.roster.empty:
        return _nobody()
    grid, links, records, start = Grid(context), Links(tables.repaired), [], 1
    for parameter_name, parameter in dataset.parameters.items():
        where = f"plan of {plan.study}: datasets.{name}.parameters.{parameter_name}"
        derivation = plugin("derivations", parameter.derive, "DERIVATION")
        options = checked(derivation.options, parameter.options, where + ".options")
        found = grid.laid(derivation.derive(context, parameter_name, parameter, options), parameter, where)
        context.so_far[parameter_name] = found
        links.add(found.cells, start)
        count = len(found.records)
        numbers = numpy.arange(start, start + count)
        records.append(found.records.assign(record=numbers, parameter=repeated(parameter_name, count)))
        start += count
    return Built(pandas.concat(records)[RECORD], links.frame())


def _nobody() -> Built:
    """The records and cells of a dataset in which no unit is enrolled."""
    import pandas

    records = dict.fromkeys(RECORD, "str") | {"record": "int64", "value": "float64"}
    cells = {"record": "int64", "key": "int64", "column": "category", "role": "category"}
    return Built(
        pandas.DataFrame(columns=list(records)).astype(records), pandas.DataFrame(columns=list(cells)).astype(cells)
    )


def derive_study(plan: Plan, validated: str | Path, folder: str | Path) -> None:
    """Build every dataset of a study; it is written while the next one is built."""
    tables, folder = read_tables(plan, validated), Path(folder)
    with ThreadPoolExecutor(max_workers=2) as beside:
        written = []
        for name in plan.datasets:
            records, cells = build(plan, name, tables)
            written.append(beside.submit(store.write_table, folder / f"{name}.cells.parquet", cells))
            written.append(beside.submit(store.write_table, folder / f"{name}.parquet", records))
        for one in written:
            one.result()

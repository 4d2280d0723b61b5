"""Datasets: every enrolled unit x parameter x visit has one record, found in the data or not."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace import store
from omtrace.derive import Context, Found, Tables
from omtrace.derive._links import Links
from omtrace.faults import Fault
from omtrace.schemas import UNIT
from omtrace.sources import plugin
from omtrace.study.closed import checked
from omtrace.study.plan import DatasetPlan, Parameter, Plan

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


def units_of(tables: Tables, dataset: DatasetPlan) -> list[str]:
    """Every enrolled unit, sorted: the roster's rows, kept or quarantined."""
    roster = dataset.roster
    tables.need(roster.table, roster.column)
    kept = _texts(tables.frames[roster.table][roster.column].dropna())
    lost = tables.quarantine[tables.quarantine["table"] == roster.table]
    units = set(kept) | (set(lost[UNIT]) - {""} if roster.column == UNIT else set())
    if not units:
        raise Fault(
            f"plan of {tables.plan.study}: the roster, column {roster.column} of table {roster.table}, is empty"
        )
    return sorted(units)


def _lost(tables: Tables, found: Found, visits: Iterable[str]) -> dict[tuple[str, str], tuple[str, int, str]]:
    """Units and visits whose row was quarantined: primary rule, key and raw column."""
    reasons: dict[tuple[str, str], tuple[str, int, str]] = {}
    for name in found.tables:
        lost = tables.quarantine[tables.quarantine["table"] == name]
        wide = "visit" not in tables.frames[name].columns  # one row a unit, whatever the visit
        for unit, visit, *why in zip(*(lost[c] for c in (UNIT, "visit", "rule", "key", "column")), strict=True):
            for at in ("", *visits) if wide else (visit,):
                reasons.setdefault((unit, at), tuple(why))
    return reasons


def _on_grid(context: Context, found: Found, parameter: Parameter, where: str) -> Found:
    """What was found, on the full grid of units and visits: what was not found says why."""
    import numpy
    import pandas

    dataset, tables = context.dataset, context.tables
    visits = list(dataset.visits) if parameter.visits else [""]
    if set(_texts(found.records["visit"])) - set(visits):
        at = "at visits that the dataset does not declare" if parameter.visits else "by visit, but has no visits"
        raise Fault(f"{where}: is found {at}; check its visits, its options and the visits of its table")
    units = units_of(tables, dataset)
    grid = pandas.DataFrame([(u, v) for v in visits for u in units], columns=["unit", "visit"])
    scheduled, known = {*(parameter.visits or [""])}, set(units)
    pairs = zip(_texts(found.records["unit"]), _texts(found.records["visit"]), strict=True)
    mine = found.records.loc[numpy.array([unit in known and visit in scheduled for unit, visit in pairs], dtype=bool)]
    if mine.duplicated(["unit", "visit"]).any():
        raise Fault(f"{where}: more than one row for a unit and visit; use derive: mean, or narrow it with where")
    grid = grid.merge(mine.astype({"value": "float64"}), on=["unit", "visit"], how="left")
    there = set(zip(_texts(mine["unit"]), _texts(mine["visit"]), strict=True))
    whole = len(mine) == len(found.records)
    cells = list(found.cells) if whole else [cell for cell in found.cells if cell[:2] in there]
    shared = [(units if whole else [at for at in units if at in there], behind) for units, behind in found.shared]
    reasons = _lost(tables, found, dataset.visits)
    says: list[Any] = _texts(grid["status"])
    for row, (unit, visit) in enumerate(zip(_texts(grid["unit"]), _texts(grid["visit"]), strict=True)):
        if isinstance(says[row], str):
            continue
        says[row] = "not collected"
        if visit and visit not in parameter.visits:
            says[row] = "not scheduled"
        elif (unit, visit) in reasons:
            rule, key, column = reasons[unit, visit]
            says[row] = f"quarantined: {rule}"
            cells.append((unit, visit, key, column, "quarantined"))
    return Found(grid.assign(status=says), cells, found.tables, shared, found.parts)


def _texts(column: "pandas.Series") -> list[Any]:
    """A column as a list; what is missing is no text. Iterating over a column of texts takes ten times as long."""
    return column.to_numpy(dtype=object).tolist()


def build(plan: Plan, name: str, tables: Tables) -> "tuple[pandas.DataFrame, pandas.DataFrame]":
    """A dataset's records and cells (see docs/design.md, formats).

    Conservation of units is by construction: every parameter is laid on the full grid. What is found for units
    that are not on the roster is no record. Raises Fault if a derivation finds something at an unknown visit, or
    twice.
    """
    import pandas

    dataset = plan.datasets[name]
    context = Context(tables, dataset, {})
    records, start = [], 1
    links = Links(tables.repaired)
    for parameter_name, parameter in dataset.parameters.items():
        where = f"plan of {plan.study}: datasets.{name}.parameters.{parameter_name}"
        derivation = plugin("derive", parameter.derive, "DERIVATION")
        options = checked(derivation.options, parameter.options, where + ".options")
        found = derivation.derive(context, parameter_name, parameter, options)
        context.so_far[parameter_name] = found = _on_grid(context, found, parameter, where)
        numbers = range(start, start + len(found.records))
        start += len(numbers)
        links.add(found, dict(zip(zip(*(_texts(found.records[c]) for c in ("unit", "visit")), strict=True), numbers,
                                  strict=True)))  # fmt: skip
        records.append(found.records.assign(record=numbers, parameter=parameter_name))
    frame = pandas.concat(records)[RECORD]
    frame["text"] = frame["text"].astype("str").where(frame["text"].notna(), None)
    return frame, links.frame()


def derive_study(plan: Plan, validated: str | Path, folder: str | Path) -> None:
    """Build and write every dataset of a study."""
    tables = read_tables(plan, validated)
    for name in plan.datasets:
        records, cells = build(plan, name, tables)
        store.write_table(Path(folder) / f"{name}.parquet", records)
        store.write_table(Path(folder) / f"{name}.cells.parquet", cells)

"""Datasets: every enrolled unit x parameter x visit has one record, found in the data or not."""

from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.derive import Context, Found, Tables
from omtrace.faults import Fault
from omtrace.schemas import UNIT
from omtrace.sources import plugin
from omtrace.study.plan import DatasetPlan, Plan, checked

if TYPE_CHECKING:
    import pandas

RECORD = ["record", "unit", "parameter", "visit", "value", "text", "status"]


def read_tables(plan: Plan, folder: str | Path) -> Tables:
    """The validated tables of a study from results/<study>/validated."""
    folder = Path(folder)
    gaps = store.read_columns(folder / "gaps.parquet")
    says = zip(gaps["key"], gaps["column"], gaps["says"], strict=True)
    frames = {name: store.read_table(folder / f"{name}.parquet") for name in plan.tables}
    return Tables(plan, frames, store.read_table(folder / "quarantine.parquet"), {(k, c): s for k, c, s in says})


def units_of(tables: Tables, dataset: DatasetPlan) -> list[str]:
    """Every enrolled unit, sorted: the roster's rows, kept or quarantined."""
    roster = dataset.roster
    tables.need(roster.table, roster.column)
    kept = tables.frames[roster.table][roster.column].dropna()
    lost = tables.quarantine[tables.quarantine["table"] == roster.table]
    units = set(kept) | (set(lost[UNIT]) - {""} if roster.column == UNIT else set())
    if not units:
        raise Fault(
            f"plan of {tables.plan.study}: the roster, column {roster.column} of table {roster.table}, is empty"
        )
    return sorted(units)


def _lost(tables: Tables, found: Found) -> dict[tuple[str, str], tuple[str, int, str]]:
    """Units and visits whose row was quarantined: primary rule, key and raw column."""
    lost = tables.quarantine[tables.quarantine["table"].isin(found.tables)]
    rows = zip(lost[UNIT], lost["visit"], lost["rule"], lost["key"], lost["column"], strict=True)
    reasons: dict[tuple[str, str], tuple[str, int, str]] = {}
    for unit, visit, rule, key, column in rows:
        reasons.setdefault((unit, visit), (rule, key, column))
    return reasons


def build(plan: Plan, name: str, tables: Tables) -> "tuple[pandas.DataFrame, pandas.DataFrame]":
    """A dataset's records and cells (see docs/design.md, formats). Conservation of units is by construction:
    the grid is laid first. Raises Fault if a derivation finds a unit or visit outside of it, or one twice."""
    import pandas

    dataset = plan.datasets[name]
    units = units_of(tables, dataset)
    context = Context(tables, dataset, {})
    records, cells, start = [], [], 1
    for parameter_name, parameter in dataset.parameters.items():
        where = f"plan of {plan.study}: datasets.{name}.parameters.{parameter_name}"
        derivation = plugin("derive", parameter.derive, "DERIVATION")
        options = checked(derivation.options, parameter.options, where + ".options")
        found = derivation.derive(context, parameter_name, parameter, options)
        context.so_far[parameter_name] = found
        visits = list(dataset.visits) if parameter.visits else [""]
        grid = pandas.DataFrame([(u, v) for v in visits for u in units], columns=["unit", "visit"])
        grid["record"] = range(start, start + len(grid))
        start += len(grid)
        mine = found.records[found.records["visit"].isin(parameter.visits or [""])]
        mine = mine[mine["unit"].isin(units)]
        if mine.duplicated(["unit", "visit"]).any():
            raise Fault(f"{where}: more than one row for a unit and visit; use derive: mean, or narrow it with where")
        grid = grid.merge(mine, on=["unit", "visit"], how="left")
        grid["parameter"] = parameter_name
        reasons = _lost(tables, found)
        for at in grid.index[grid["status"].isna()]:
            unit, visit = grid.at[at, "unit"], grid.at[at, "visit"]
            if visit and visit not in parameter.visits:
                grid.at[at, "status"] = "not scheduled"
            elif (unit, visit) in reasons:
                rule, key, column = reasons[unit, visit]
                grid.at[at, "status"] = f"quarantined: {rule}"
                cells.append((grid.at[at, "record"], key, column, "quarantined"))
            else:
                grid.at[at, "status"] = "not collected"
        number = dict(zip(zip(grid["unit"], grid["visit"], strict=True), grid["record"], strict=True))
        cells += [(number[u, v], key, column, role) for u, v, key, column, role in found.cells if (u, v) in number]
        records.append(grid)
    frame = pandas.concat(records)[RECORD]
    frame["text"] = frame["text"].astype("str").where(frame["text"].notna(), None)
    links = pandas.DataFrame(cells, columns=["record", "key", "column", "role"]).drop_duplicates()
    return frame, links.sort_values(["record", "role", "key", "column"], kind="stable")


def derive_study(plan: Plan, validated: str | Path, folder: str | Path) -> None:
    """Build and write every dataset of a study."""
    tables = read_tables(plan, validated)
    for name in plan.datasets:
        records, cells = build(plan, name, tables)
        store.write_table(Path(folder) / f"{name}.parquet", records)
        store.write_table(Path(folder) / f"{name}.cells.parquet", cells)

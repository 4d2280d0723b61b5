"""The tables of a plan before there are data, with xx.x for numbers: ``omtrace export STUDY --shells``.

Made-up rows that fit the declared tables (types, bounds, categories, visits, groups) go through the derivations and
analyses of a run, in a temporary folder; of the results the names stay, and no value. So shell and table have the same
lines and columns, but for those that only data have: reasons for exclusion, and categories that no table declares.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.estimate import Estimate, read_estimates
from omtrace.model.plan import DatasetPlan, Plan, TablePlan
from omtrace.model.statistics import NOT_COMPUTED, Role, statistic_of
from omtrace.provenance.keys import SHIFT
from omtrace.report.exports import Document, of_numbers
from omtrace.report.share import Numbers

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.derivations import Tables
    from omtrace.schemas import Column

UNITS, EACH, SHARE = 60, 5, 0.8  # units made up; rows of each where a number identifies them; share of these there are
MANY = 20  # whole numbers: of a wider range the lower quarter, since sums of items may have bounds of their own
STATEMENT = "Shells: no data stand behind these tables."
SOURCE = "shells"
DAYS = ("study_day", "day")
NUMBER = re.compile(r"-?\b\d+(?:\.\d+)?")


def document_of_shells(plan: Plan) -> Document:
    """The tables of a plan as shells.

    Parameters
    ----------
    plan
        The whole plan.

    Raises
    ------
    Fault
        Where made-up rows do not do for the plan: those of plates need a layout, for one.
    """
    try:
        numbers = numbers_of_shells(plan)
        refused = dict.fromkeys(row.analysis for row in numbers.rows if row.statistic == NOT_COMPUTED)
        titles = "; ".join(plan.analyses[name].title for name in refused)
        more = f" Made-up rows do not do for: {titles}." if titles else ""
        return replace(of_numbers(replace(numbers, rows=masked(numbers.rows))), statement=STATEMENT + more)
    except (Fault, ValueError, KeyError, AssertionError) as error:
        said = str(error).splitlines()[0]
        raise Fault(f"{plan.study}: no shells, since rows made up for its tables do not do: {said}") from None


def numbers_of_shells(plan: Plan) -> Numbers:
    """The numbers that a plan gives for made-up rows, those that these do not do for among them."""
    from contextlib import redirect_stderr
    from io import StringIO

    from omtrace.analyses.run import analyse_study
    from omtrace.derivations.records import build
    from omtrace.model.groups import with_groups

    tables = made_up(plan)
    with tempfile.TemporaryDirectory(prefix="omtrace-") as folder, redirect_stderr(StringIO()):
        for name in plan.datasets:
            records, cells = build(plan, name, tables)
            store.write_table(Path(folder) / f"{name}.parquet", with_members(plan.datasets[name], records))
            store.write_table(Path(folder) / f"{name}.cells.parquet", cells)
        plan = with_groups(plan, folder)
        analyse_study(plan, folder, folder)
        rows = read_estimates(Path(folder) / "estimates.csv")
        definitions = store.read_json(Path(folder) / "definitions.json")
    return Numbers(plan, rows, definitions, SOURCE)


def with_members(dataset: DatasetPlan, records: "pandas.DataFrame") -> "pandas.DataFrame":
    """Records of which most units belong to every population: the facts that decide are set so that its clauses hold.

    Each fact by itself takes the value, made up or near a number of the plan, with which the most clauses hold.
    """
    conditions = [dataset.condition(name, f"population {name}") for name in dataset.populations]
    clauses = [clause for condition in conditions for clause in condition.clauses.values()]
    constants = NUMBER.findall(repr([entry.where for entry in dataset.populations.values()]))
    near = [float(number) + step for number in constants for step in (0.0, 1.0, -1.0)]
    units = records["unit"].drop_duplicates()
    members = records["unit"].isin(units[: int(len(units) * SHARE)])
    records = records.copy()
    unknown = dict.fromkeys(name for condition in conditions for name in condition.names)
    for name in unknown:
        own = records["parameter"] == name
        column = "text" if records.loc[own, "value"].isna().all() else "value"
        values = [*records.loc[own, column].dropna().unique()[:MANY], *(near if column == "value" else [])]
        held = [sum(clause.of({**unknown, name: value}) is True for clause in clauses) for value in values]
        most = max(held, default=0)
        if most:
            records.loc[own & members, column] = values[held.index(most)]
            records.loc[own & members, "status"] = "observed"
    return records


def masked(rows: Iterable[Estimate]) -> list[Estimate]:
    """Estimates without their values, each shown as xx.x with the decimals that it would have."""
    return [replace(row, text="", shown=mask(row)) for row in rows if row.statistic != NOT_COMPUTED]


def mask(row: Estimate) -> str:
    """What stands in place of a number."""
    role, decimals = statistic_of(row.statistic).role, row.decimals
    if role is Role.DECISION:
        return "xxxx"
    if role is Role.P_VALUE:
        return "x.xxx"
    decimals = 1 if role is Role.DF else decimals
    return "xx" + "." * bool(decimals) + "x" * decimals


def made_up(plan: Plan) -> "Tables":
    """Rows for every table of a plan; the same for the same plan."""
    import numpy
    import pandas

    from omtrace.derivations import Tables

    chance = numpy.random.default_rng(1)
    visits = list(dict.fromkeys(visit for dataset in plan.datasets.values() for visit in dataset.visits))
    frames, start = {}, 1 << SHIFT
    for name, entry in plan.tables.items():
        frames[name] = _rows(plan, name, entry, visits, chance)
        frames[name].insert(0, "key", numpy.arange(start, start + len(frames[name])))
        start += len(frames[name])
    quarantine: dict[str, list[str]] = {
        part: [] for part in ("key", "table", "rule", "column", "severity", "unit_id", "visit")
    }
    return Tables(plan, frames, pandas.DataFrame(quarantine), {})


def _rows(
    plan: Plan, name: str, entry: TablePlan, visits: Sequence[str], chance: "numpy.random.Generator"
) -> "pandas.DataFrame":
    import pandas

    from omtrace.schemas import table_in

    table = table_in(entry, name).of_study(entry.bounds, entry.values)
    names = [column.name for column in table.columns]
    units = [f"U{at:03}" for at in range(1, UNITS + 1)]
    axes: dict[str, Sequence[str | float]] = {"unit_id": units} if "unit_id" in names else {}
    if "visit" in names:
        axes["visit"] = list(entry.visits or visits)
    if day := next((one for one in DAYS if one in names), ""):
        axes[day] = list(_days(plan, table.column(day)))
    for column in table.columns:
        if column.name in table.key and column.name not in axes and column.kind == "integer":
            low = int(column.minimum or 1)
            axes[column.name] = range(low, low + EACH)
    index = pandas.MultiIndex.from_product(list(axes.values()) or [units], names=list(axes) or ["unit"])
    frame = index.to_frame(index=False)
    if "unit_id" in axes and "visit" not in axes and not day and len(axes) > 1:  # not all units have all rows
        frame = frame[chance.random(len(frame)) < SHARE].reset_index(drop=True)
    elif day and len(table.key) > 2:  # a log of what happened: to some units nothing did
        frame = frame[frame["unit_id"].isin(units[-int(UNITS * SHARE) :])].reset_index(drop=True)
    for column in table.columns:
        if column.name not in axes:
            frame[column.name] = _values(plan, column, _groups(plan, name, column.name), frame, chance)
    return frame[[column for column in names if column in frame]]


def _days(plan: Plan, column: "Column") -> range:
    """The days that windows of the plan name, else those that the table allows, else four weeks."""
    windows = [
        window
        for dataset in plan.datasets.values()
        for parameter in dataset.parameters.values()
        for window in parameter.options.get("windows", {}).values()
    ]
    if windows:
        return range(int(min(w[0] for w in windows)), int(max(w[1] for w in windows)) + 1)
    low = int(column.minimum if column.minimum is not None else -28)
    return range(low, int(column.maximum if column.maximum is not None and column.maximum < low + 400 else low + 56))


def _groups(plan: Plan, table: str, column: str) -> list[str]:
    """The groups that a column holds, where a data set takes its groups from it."""
    for dataset in plan.datasets.values():
        entry = dataset.parameters.get(dataset.group)
        if entry and (entry.options.get("table"), entry.options.get("column")) == (table, column):
            return list(dataset.groups)
    return []


def _values(
    plan: Plan, column: "Column", groups: Sequence[str], frame: "pandas.DataFrame", chance: "numpy.random.Generator"
) -> "numpy.ndarray | list":
    import numpy

    count = len(frame)
    unit = frame["unit_id"].astype("category").cat.codes.to_numpy() if "unit_id" in frame else numpy.arange(count)
    if groups:
        return [groups[at % len(groups)] for at in unit.tolist()]
    allowed = column.allowed or next(
        (e.values[column.name] for e in plan.tables.values() if column.name in e.values), ()
    )
    if allowed:
        return [allowed[at] for at in chance.integers(0, len(allowed), count)]
    low = column.minimum if column.minimum is not None else 0.0
    high = column.maximum if column.maximum is not None else low + 100.0
    if column.kind == "integer":
        return chance.integers(int(low), int(low + (high - low) / (1 if high - low <= MANY else 4)) + 1, count)
    if column.kind == "number":
        return chance.uniform(low, high, count)
    return ["2000-01-01"] * count if column.kind == "date" else [f"{column.name} {at // 2 % 12}" for at in unit]

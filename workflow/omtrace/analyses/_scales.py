"""Where the values of parameters end: scores of questionnaires, single items, columns with bounds, counts."""

import math
from collections.abc import Mapping
from functools import cache

from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.model.tables import ColumnPlan
from omtrace.plugins import declared as modules
from omtrace.statistics.interval import Interval

SAME = ("at_visit", "carried")  # derivations whose values are those of another parameter
OF_COLUMNS = ("column", "mean")  # derivations whose values are those of a column, or means of them
ENDLESS = Interval(-math.inf, math.inf)


def scales_of(plan: Plan, dataset: DatasetPlan) -> Mapping[str, Interval]:
    """The least and greatest value that each parameter of a dataset can have, infinite where there is none."""
    scales: dict[str, Interval] = {}
    for name, parameter in dataset.parameters.items():
        scales[name] = _scale(plan, parameter, scales)
    return scales


def _scale(plan: Plan, parameter: Parameter, scales: Mapping[str, Interval]) -> Interval:
    options = parameter.options
    if parameter.derive == "count":
        return Interval(0.0, math.inf)
    if parameter.derive == "days":
        return _days(plan, parameter)
    if parameter.derive in SAME:
        return scales.get(str(options.get("of")), ENDLESS)
    if parameter.derive == "score":
        return _score(options["instrument"], options["score"])
    column = options.get("column", "")
    if parameter.derive not in OF_COLUMNS or options.get("labels") or not column:
        return ENDLESS
    columns = column.values() if isinstance(column, dict) else [column]
    ends = [_column(plan, options["table"], name) for name in columns]
    factor = float(options.get("times", 1))
    return Interval(factor * min(end.low for end in ends), factor * max(end.high for end in ends))


def _days(plan: Plan, parameter: Parameter) -> Interval:
    """Days of a diary: none to as many as they are normalised to; the mean of a column ends where its values do."""
    options = parameter.options
    give = options.get("give", "normalised")
    if give == "mean":
        return _column(plan, options["table"], options["of"])
    return Interval(0.0, float(options.get("per", 28)) if give == "normalised" else math.inf)


def _column(plan: Plan, table: str, column: str) -> Interval:
    """The bounds of a column: those of the study, those that the plan declares, or those of the library's table."""
    if table not in plan.tables:
        return ENDLESS
    declared = plan.tables[table]
    entry = declared.columns.get(column)
    if column in declared.bounds:
        return _ends(*declared.bounds[column])
    if isinstance(entry, ColumnPlan):
        codes = [float(code) for code in (*entry.codes, *entry.values)] if entry.type == "integer" else []
        return _ends(min(codes), max(codes)) if codes else _ends(*entry.bounds)
    return _library(declared.library(table)).get(column, ENDLESS)


@cache
def _library(module: str) -> Mapping[str, Interval]:
    """The bounds of the columns of a table in schemas/ or instruments/; none of a table that is the study's own."""
    from omtrace.schemas import table_of

    if module not in (*modules("schemas"), *modules("instruments")):
        return {}
    columns = {column.name: column for column in table_of(module).columns}
    allowed = {name: [value for value in c.allowed if isinstance(value, int)] for name, c in columns.items()}
    ends = {name: _ends(c.minimum, c.maximum) for name, c in columns.items()}
    return ends | {name: _ends(min(codes), max(codes)) for name, codes in allowed.items() if codes}


def _ends(low: float | None, high: float | None) -> Interval:
    return Interval(-math.inf if low is None else float(low), math.inf if high is None else float(high))


@cache
def _score(instrument: str, score: str) -> Interval:
    from omtrace.instruments import instrument_of

    own = instrument_of(instrument).bounds(score)
    return Interval(*own) if own else ENDLESS

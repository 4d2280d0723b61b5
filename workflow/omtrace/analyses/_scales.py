"""Where the values of parameters end: scores of questionnaires, single items, columns with declared bounds, counts."""

import math
from collections.abc import Mapping, Sequence
from functools import cache

from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.model.tables import ColumnPlan
from omtrace.statistics.interval import Interval

COUNTS = ("count", "days")  # derivations whose values cannot be below 0
SAME = ("at_visit", "carried")  # derivations whose values are values of another parameter
ENDLESS = Interval(-math.inf, math.inf)


def scales_of(plan: Plan, dataset: DatasetPlan) -> Mapping[str, Interval]:
    """The least and greatest value that each parameter of a dataset can have, infinite where there is none."""
    scales: dict[str, Interval] = {}
    for name, parameter in dataset.parameters.items():
        scales[name] = _scale(plan, parameter, scales)
    return scales


def _scale(plan: Plan, parameter: Parameter, scales: Mapping[str, Interval]) -> Interval:
    options = parameter.options
    if parameter.derive in COUNTS:
        return Interval(0.0, math.inf)
    if parameter.derive in SAME:
        return scales.get(str(options.get("of")), ENDLESS)
    if parameter.derive == "score":
        own = _score(options["instrument"], options["score"])
        return Interval(*own) if own else ENDLESS
    if parameter.derive != "column" or options.get("table") not in plan.tables or options.get("labels"):
        return ENDLESS
    column = options["column"]
    columns = list(column.values()) if isinstance(column, dict) else [column]
    ends = [_column(plan, options["table"], one) for one in columns]
    factor = float(options.get("times", 1))
    return Interval(factor * min(end.low for end in ends), factor * max(end.high for end in ends))


def _column(plan: Plan, table: str, column: str) -> Interval:
    """The bounds of a column: the plan's own, those that it declares, or those of an item of a questionnaire."""
    from omtrace.instruments import instrument_of, is_instrument

    declared, entry = plan.tables[table], plan.tables[table].columns.get(column)
    if column in declared.bounds:
        return _ends(*declared.bounds[column])
    if isinstance(entry, ColumnPlan):
        codes = [float(code) for code in (*entry.codes, *entry.values)] if entry.type == "integer" else []
        return _ends(min(codes), max(codes)) if codes else _ends(*entry.bounds)
    schema = declared.schema_ or table
    items: Sequence[Interval] = ()
    if is_instrument(schema):
        items = [_ends(item.minimum, item.maximum) for item in instrument_of(schema).items if item.name == column]
    return items[0] if items else ENDLESS


def _ends(low: float | None, high: float | None) -> Interval:
    return Interval(-math.inf if low is None else float(low), math.inf if high is None else float(high))


@cache
def _score(instrument: str, score: str) -> tuple[float, float] | None:
    from omtrace.instruments import instrument_of

    return instrument_of(instrument).bounds(score)

"""A column as it stands: one row a unit and visit."""

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter


class Options(Closed):
    """Which column."""

    table: str = Field(description="validated table")
    column: str | dict[str, str] = Field(description="its column, or visit -> column where visits stand side by side")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")
    labels: dict[str, str] = Field(default_factory=dict, description="value -> category, for codes that are no numbers")
    times: float = Field(1, description="factor of a number, such as 0.25 for a weekly value from one of 4 weeks", gt=0)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The value (or text) of one column for each unit and visit; a missing cell says why it is missing."""
    tables = context.tables
    rows = tables.frame(options.table, options.where)
    by_visit = options.column if isinstance(options.column, dict) else {None: options.column}
    records: list[tuple] = []
    cells: list[Cell] = []
    for fixed, column in by_visit.items():
        tables.need(options.table, column)
        raw = tables.raw(options.table, column)
        taken = {name: rows[name].to_numpy(dtype=object).tolist() for name in (UNIT, "visit", column, "key")}
        visits = taken["visit"] if fixed is None else [fixed] * len(rows)
        missing = rows[column].isna().tolist()
        for unit, visit, value, key, no in zip(taken[UNIT], visits, taken[column], taken["key"], missing, strict=True):
            if no:
                says = tables.gaps.get((key, column))
                records.append((unit, visit, None, None, _why(says)))
                if says:
                    cells.append((unit, visit, key, raw, "value"))
                continue
            if options.labels:
                code = value if isinstance(value, str) else f"{value:g}"
                value = options.labels.get(code, code)
            text = value if isinstance(value, str) else None
            records.append((unit, visit, None if text is not None else float(value) * options.times, text, "observed"))
            cells.append((unit, visit, key, raw, "value"))
    return Found.of(records, cells, (options.table,))


def _why(says: str | None) -> str:
    """Why a cell holds no value."""
    if not says:
        return "not collected"
    return says if says.startswith("repaired: ") else f"coded missing: {says}"


DERIVATION = Derivation(Options, derive)

"""The declared table as a pandera schema, and its failures as rule, column and keys."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from omtrace.schemas import Column, Table

if TYPE_CHECKING:
    import pandas

DTYPES = {"integer": "Int64", "number": "float64", "text": "str", "date": "str"}


def bounds_text(column: Column) -> str:
    """The bounds of a column in words."""
    low, high = column.minimum, column.maximum
    unit = f" {column.unit}" if column.unit else ""
    if low is not None and high is not None:
        return f"{low:g} to {high:g}{unit}"
    return f"at least {low:g}{unit}" if low is not None else f"at most {high:g}{unit}"


def schema_of(table: Table) -> Any:
    """A pandera DataFrameSchema of a declared table. Each check is named by its rule id."""
    import pandera.pandas as pa

    columns = {}
    for column in table.columns:
        checks = []
        if column.minimum is not None or column.maximum is not None:
            low = -float("inf") if column.minimum is None else column.minimum
            high = float("inf") if column.maximum is None else column.maximum
            checks.append(pa.Check.in_range(low, high, name="range", error="range"))
        if column.allowed:
            checks.append(pa.Check.isin(list(column.allowed), name="allowed", error="allowed"))
        columns[column.name] = pa.Column(
            DTYPES[column.kind], checks, nullable=not column.required, description=column.description
        )
    checks = [pa.Check(_applied(rule.holds), name=rule.id, error=rule.id) for rule in table.rules]
    return pa.DataFrameSchema(columns, checks=checks, strict=True)


def _applied(holds: Any) -> Any:
    """A rule as pandera wants it: a plain boolean series, true where the rule does not apply."""
    return lambda frame: holds(frame).astype("boolean").fillna(True).astype(bool)


def broken_rules(frame: "pandas.DataFrame", table: Table) -> Iterator[tuple[str, str, str, str, list[int]]]:
    """Each broken rule of a typed table: rule id, column, what was expected, severity, keys of the rows."""
    import pandera.errors

    if frame.empty:
        return
    try:
        schema_of(table).validate(frame, lazy=True)
        return
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    rules = {rule.id: rule for rule in table.rules}
    cases = cases.assign(check=cases["check"].replace("not_nullable", "required"))
    if cases["index"].isna().any():
        raise AssertionError(f"pandera reported a failure without a row: {sorted(set(cases['check']))}")
    cases["column"] = [
        rules[c].columns[0] if c in rules else column for c, column in zip(cases["check"], cases["column"], strict=True)
    ]
    for (check, column), group in cases.groupby(["check", "column"], sort=True):
        keys = sorted({int(key) for key in group["index"]})
        if check in rules:
            yield check, column, rules[check].expected, rules[check].severity, keys
            continue
        declared = table.column(column)
        expected = {"required": "a value", "range": bounds_text(declared) if check == "range" else "",
                    "allowed": "one of " + ", ".join(map(str, declared.allowed))}[check]  # fmt: skip
        yield check, column, expected, "", keys

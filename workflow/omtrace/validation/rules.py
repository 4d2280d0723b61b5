"""Rules over several columns of a row, and the declared table as a pandera schema."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from omtrace.schemas import Column, Rule, Table

if TYPE_CHECKING:
    import pandas

DTYPES = {"integer": "Int64", "number": "float64", "text": "str", "date": "str"}


def bounds_text(column: Column) -> str:
    """The bounds of a column in words."""
    low, high = column.minimum, column.maximum
    unit = f" {column.unit}" if column.unit not in ("", "code", "1", "count") else ""
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


def broken_rules(frame: "pandas.DataFrame", table: Table) -> Iterator[tuple[Rule, "pandas.Index"]]:
    """Each broken rule over several columns of a typed table, with the keys of the rows that break it."""
    for rule in table.rules:
        holds = _applied(rule.holds)(frame) if len(frame) else frame.index.isna()
        if len(frame) and not holds.all():
            yield rule, frame.index[~holds]


def confirm(frame: "pandas.DataFrame", table: Table) -> None:
    """Hold rows that no finding touches against the pandera schema of the same declaration.

    pandera is the second opinion: it may drop cells from its list of failures, but it does not pass a bad frame.
    Raises AssertionError, without values, where it disagrees.
    """
    import pandera.errors

    if frame.empty:
        return
    try:
        schema_of(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        wrong = sorted({f"{column}: {check}" for column, check in zip(cases["column"], cases["check"], strict=True)})
        raise AssertionError(f"pandera finds what the checks did not: {', '.join(wrong)}") from None

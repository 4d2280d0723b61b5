"""The engine of validation: the checks of a table's pandera model, each with the cells or rows that it refuses.

pandera's lazy mode reports a cell that cannot be coerced twice and without its text, and drops others of its column.
The ``Check`` objects of the same model lose nothing when they are called one by one: on the distinct values of a
column, whose verdicts are spread over the rows that hold them, and on the typed frame for rules over a row.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from omtrace.schemas import BOUNDS, CATEGORIES, EPOCH, Column, Reference, Rule, Table, is_rule

if TYPE_CHECKING:
    import numpy
    import pandas
    import pandera.pandas as pa

DTYPES = {"integer": "Int64", "number": "float64", "text": "str", "date": "datetime64[ns]"}
UNITLESS = ("", "code", "1", "count", "as read")


def bounds_text(column: Column) -> str:
    """The bounds of a column in words."""
    low, high = column.minimum, column.maximum
    unit = f" {column.unit}" if column.unit not in UNITLESS else ""
    if low is not None and high is not None:
        return f"{low:g} to {high:g}{unit}"
    return f"at least {low:g}{unit}" if low is not None else f"at most {high:g}{unit}"


def refused(check: "pa.Check", data: "pandas.Series | pandas.DataFrame") -> "numpy.ndarray":
    """The mask of the values, or rows, that a check of the model refuses."""
    mask: numpy.ndarray = ~check(data).check_output.to_numpy(dtype=bool)
    return mask


def refused_values(column: Column, values: "pandas.Series") -> Iterator[tuple[str, str, str, "numpy.ndarray"]]:
    """What the column's checks say of distinct values of its type, none of them missing.

    Yields
    ------
    The rule, what was expected, the rule's severity ("" for that of the catalogue) and the mask of the refused values.
    """
    for check in column.checks:
        mask = refused(check, values)
        if mask.any():
            if is_rule(check):
                rule = Rule(check)
                yield rule.id, rule.expected, rule.severity, mask
            elif check.name in BOUNDS:
                yield "range", bounds_text(column), "", mask
            elif check.name == CATEGORIES:
                yield "allowed", "one of " + ", ".join(map(str, column.allowed)), "", mask
            elif check.name == EPOCH:
                yield "date_epoch", "a date that somebody entered", "", mask


def broken_rules(frame: "pandas.DataFrame", table: Table) -> "Iterator[tuple[Rule, pandas.Index]]":
    """Each broken rule over several columns of a typed table, with the index of the rows that break it."""
    for rule in table.row_rules if len(frame) else ():
        mask = refused(rule.check, frame)
        if mask.any():
            yield rule, frame.index[mask]


class RepeatedKeys(NamedTuple):
    """Keys of rows that repeat another as a whole, and of those that repeat its identifying columns alone."""

    copies: "pandas.Index"
    others: "pandas.Index"


def repeated_keys(frame: "pandas.DataFrame", key: Sequence[str]) -> RepeatedKeys:
    """The rows that the model's key does not tell apart: later copies of a row, and rows that contradict each other."""
    shared = frame[frame.duplicated(list(key), keep=False).to_numpy()]
    copies = shared[shared.duplicated(keep="first")]
    rest = shared.drop(copies.index)
    return RepeatedKeys(copies.index, rest.index[rest.duplicated(list(key), keep=False).to_numpy()])


def reference_check(reference: Reference, known: "pandas.Series") -> "pa.Check":
    """The check that values stand in the column of another table which a model names."""
    import pandera.pandas as pa

    error = f"a {reference.other} of table {reference.table}"
    return pa.Check(lambda values: within(values, known), name="reference", error=error)


def within(values: "pandas.Series", known: "pandas.Series") -> "pandas.Series":
    """Whether each value stands in another column. Arrow looks at whole columns, pandas' isin at one by one."""
    import pandas
    import pyarrow
    import pyarrow.compute as compute

    cells = pyarrow.array(values, from_pandas=True)
    there = compute.unique(pyarrow.array(known, from_pandas=True)).cast(cells.type)
    return pandas.Series(compute.is_in(cells, value_set=there).to_numpy(zero_copy_only=False), values.index)

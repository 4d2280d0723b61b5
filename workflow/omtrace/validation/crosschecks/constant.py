"""Columns that must be the same in all rows of a unit: sex, strain, genotype, age at the start."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, WITHIN, groups_of, hits, rows_of


class Options(Closed):
    """The columns, and what the unit is."""

    table: str = Field(description="table of the plan with several rows a unit")
    columns: tuple[str, ...] = Field(min_length=1, description="columns that do not change within a unit")
    within: tuple[str, ...] = Field((UNIT,), min_length=1, description=WITHIN)
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows whose value is not the one that most rows of the unit hold; where none leads, every row of the unit.

    Missing values are passed over.
    """
    import pandas

    frame = rows_of(tables, where, options.table, options.where, *options.columns, *options.within)
    groups = groups_of(frame, options.within)
    for column in options.columns:
        cells = pandas.DataFrame({"group": groups, "value": pandas.factorize(frame[column])[0]}, index=frame.index)
        cells = cells[(cells["group"] >= 0) & (cells["value"] >= 0)]
        counts = cells.value_counts(["group", "value"])
        top = counts.groupby("group").transform("max")
        leads = counts[counts == top].groupby("group").transform("size") == 1
        good = leads[leads].index  # (group, value) pairs, one a group at most
        fine = pandas.MultiIndex.from_frame(cells).isin(good)
        expected = f"one {column} in all rows of the same {' and '.join(options.within)}"
        yield from hits("not_constant", options.table, cells.index[~fine], column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "not_constant",
            "quarantine",
            "A value that cannot change differs between rows of a unit.",
            "a rat that is F in nine rows and M in one",
            "correct the value, or whose row it is, at its source",
            scope="cell",
        ),
    ),
)

"""Rows that most units have and this one lacks: a visit, an hour at a site, a marker's section. Finds lost rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.crosschecks import CrossCheck, Hit, Tables
from omtrace.crosschecks._rows import WHERE, Roster, as_text, hits, rows_of
from omtrace.schemas import UNIT, RuleText
from omtrace.study.closed import Closed

if TYPE_CHECKING:
    import pandas

NAMED = 4  # absent combinations that a finding spells out


class Options(Closed):
    """The table, the list of units, and the columns whose combinations are expected."""

    table: str = Field(description="table of the plan")
    columns: tuple[str, ...] = Field(min_length=1, description="columns whose combinations each unit must have")
    by: str = Field(UNIT, description="column that names the unit in that table")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    roster: Roster = Field(description="the list of units; one without a row is found through it")
    share: float = Field(0.5, description="a combination is expected if this share of the units have it", gt=0, le=1)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Listed units that lack expected combinations, at the unit's first row in the roster.

    Expected are the combinations that at least ``share`` of the units with any row have. Rows that another
    finding has taken out count as absent. The text names combinations that most units have, no value of one.
    """
    import pandas

    frame = rows_of(tables, where, options.table, options.where, options.by, *options.columns)
    names = list(options.columns)
    texts = pandas.DataFrame({"unit": as_text(frame[options.by]), **{n: as_text(frame[n]) for n in names}})
    texts = texts.dropna().drop_duplicates()
    counts = texts.groupby(names).size()
    usual = counts[counts >= options.share * texts["unit"].nunique()].index.to_frame(index=False)
    roster = tables.frame(f"{where}: roster", options.roster.table, options.roster.column)
    listed = as_text(roster[options.roster.column]).dropna().drop_duplicates()
    grid = listed.rename("unit").rename_axis("key").reset_index().merge(usual, how="cross")
    absent = grid.merge(texts, how="left", on=["unit", *names], indicator="there").query("there == 'left_only'")
    for key, lost in absent.groupby("key", sort=True):
        expected = f"rows of the unit in table {options.table} for {_named(lost[names], len(usual))}"
        yield from hits("row_absent", options.roster.table, [key], options.roster.column, expected)


def _named(lost: "pandas.DataFrame", usual: int) -> str:
    """Absent combinations in words."""
    if len(lost) == usual > 1:
        return f"all {usual} combinations of {' and '.join(lost.columns)}"
    texts = [" ".join(f"{n} {v}" for n, v in row.items()) for row in lost.head(NAMED).to_dict("records")]
    return ", ".join(texts) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText("row_absent", "warn", "A listed unit lacks rows that most units have.",
                 "an animal without the threshold of hour 3",
                 "send the missing rows; if there are none, the value is missing: keep the warning"),
    ),
)  # fmt: skip

"""Rows that most units have and this one lacks: a visit, an hour at a site, a marker's section. Finds lost rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, Roster, as_text, hits, rows_of, taken_of

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
    finding has taken out are absent too, and are told apart: nobody has to send them. The text names combinations
    that most units have, no value of one.
    """
    names = list(options.columns)
    texts = _texts(rows_of(tables, where, options.table, options.where, options.by, *names), options)
    taken = _texts(taken_of(tables, options.table, options.where), options)
    counts = texts.groupby(names).size()
    usual = counts[counts >= options.share * texts["unit"].nunique()].index.to_frame(index=False)
    roster = tables.frame(f"{where}: roster", options.roster.table, options.roster.column)
    listed = as_text(roster[options.roster.column]).dropna().drop_duplicates()
    grid = listed.rename("unit").rename_axis("key").reset_index().merge(usual, how="cross")
    absent = grid.merge(texts, how="left", on=["unit", *names], indicator="there").query("there == 'left_only'")
    absent = absent.drop(columns="there").merge(taken, how="left", on=["unit", *names], indicator="taken")
    for (key, why), lost in absent.groupby(["key", "taken"], sort=True, observed=True):
        expected = f"rows of the unit in table {options.table} for {_named(lost[names], len(usual))}"
        rule = "row_taken_out" if why == "both" else "row_absent"
        yield from hits(rule, options.roster.table, [key], options.roster.column, expected)


def _texts(frame: "pandas.DataFrame", options: Options) -> "pandas.DataFrame":
    """The unit and the combination of each row, each once."""
    import pandas

    columns = {name: as_text(frame[name]) for name in options.columns}
    return pandas.DataFrame({"unit": as_text(frame[options.by]), **columns}).dropna().drop_duplicates()


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
        RuleText(
            "row_absent",
            "warn",
            "A listed unit lacks rows that most units have.",
            "an animal without the threshold of hour 3",
            "send the missing rows; if there are none, the value is missing: keep the warning",
        ),
        RuleText(
            "row_taken_out",
            "note",
            "A listed unit lacks rows that most units have, because other findings took them out.",
            "the threshold of hour 3 is out of range, so the animal has none",
            "mend what the other findings of these rows name; nothing is to be sent for this one",
        ),
    ),
)

"""Criteria that a diary settles against what the site ticked: chronic migraine, overuse of medication (ICHD-3)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import Side, as_text, hits, rows_of

if TYPE_CHECKING:
    import pandas


class Criterion(Closed):
    """A number of days: at least 15 with headache."""

    days: dict[str, tuple[str, ...]] = Field(
        description="column of the diary -> values; a day with one of them in each of the columns counts", min_length=1
    )
    at_least: float = Field(description="days that meet the criterion, in as many days as `per` says", gt=0)


class Ticked(Side):
    """The column in which the site says whether the criteria are met."""

    met: tuple[str, ...] = Field(description="values that say that they are met", min_length=1)


class Options(Closed):
    """The diary, the criteria, and the site's word."""

    table: str = Field(description="table of the diary, one row a day that was filled in")
    day: str = Field(description="its column with the day number")
    window: tuple[int, int] = Field(description="first and last day that are looked at")
    filled_in: int = Field(
        description="days of the window that must be filled in; a unit with fewer is passed over", ge=1
    )
    per: float = Field(28, description="days that the number of days is for: 28, or 30", gt=0)
    criteria: tuple[Criterion, ...] = Field(description="the criteria", min_length=1)
    need: Literal["all", "any"] = Field("all", description="whether all criteria must be met, or one of them")
    ticked: Ticked = Field(description="what the site ticked; a disagreement is reported there")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Units that meet the criteria by their diary and not by the site, or the other way round."""
    columns = list(dict.fromkeys(column for criterion in options.criteria for column in criterion.days))
    frame = rows_of(tables, where, options.table, {}, UNIT, options.day, *columns)
    tables.kind(where, options.table, options.day, "integer")
    frame = frame[frame[options.day].between(*options.window)]
    filled = frame.groupby(UNIT).size()
    met = [
        frame[_counts(frame, criterion)].groupby(UNIT).size().reindex(filled.index, fill_value=0) / filled * options.per
        >= criterion.at_least - 1e-9
        for criterion in options.criteria
    ]
    holds = met[0]
    for other in met[1:]:
        holds = holds & other if options.need == "all" else holds | other
    holds = holds[filled >= options.filled_in]
    ticked = options.ticked
    said = rows_of(tables, f"{where}: ticked", ticked.table, ticked.where, ticked.by, ticked.column)
    said = said[said[ticked.column].notna() & said[ticked.by].isin(holds.index)]
    by_diary = said[ticked.by].map(holds).astype("bool")
    differ = as_text(said[ticked.column]).isin(ticked.met) != by_diary
    texts = [
        f"what the diary says: {'met' if yes else 'not met'} on days {options.window[0]} to {options.window[1]}"
        for yes in by_diary[differ]
    ]
    yield from hits("diary_disagrees", ticked.table, said.index[differ], ticked.column, texts)


def _counts(frame: "pandas.DataFrame", criterion: Criterion) -> "pandas.Series":
    """Which days count."""
    import pandas

    parts = [as_text(frame[column]).isin(values) for column, values in criterion.days.items()]
    return pandas.concat(parts, axis=1).all(axis=1)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "diary_disagrees",
            "warn",
            "The diary says otherwise than the site whether a participant meets criteria by days.",
            "ticked as chronic migraine, with 12 headache days in the diary of 28",
            "ask the site; the tick is kept, and the study's populations say who is analysed",
        ),
    ),
)

"""Questionnaires answered with one and the same code throughout: perhaps filled in without reading.

An honest form can look so. Where a person has the same trouble in every way, one code is right, above all the
lowest and the highest (no limits at all; always in pain), so those two are passed over unless the plan asks for
them. Of codes in between, the shorter the questionnaire and the more alike its items, the more often honest people
give one code throughout. In this project's simulated trial, where answers follow one trait and noise, it is 9 of 391
HIT-6 forms (2.3%; 6 items), none of 391 MSQ forms (14 items) and none of 261 MIDAS forms. So a note is a reason to
look at the form, never to leave it out.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText, Table
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import hits

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """What counts as a straight line."""

    least: int = Field(5, description="fewest answered items of the same codes", ge=3)
    extremes: bool = Field(False, description="also where every answer is the lowest or the highest code")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows of questionnaires with at least ``least`` answers, all of one code; at the first item.

    The items of a table are the whole-number columns that its declaration calls measured and that share both
    bounds. Items left blank are passed over.
    """
    for table, frame in tables.frames.items():
        for low, high, items in _scales(tables.declared[table], options.least):
            answers = frame[items].astype("float64")
            yield from hits(
                "straight_line",
                table,
                _straight(answers, low, high, options),
                items[0],
                f"answers to {items[0]} to {items[-1]} that are not all the same",
            )


def _scales(table: Table, least: int) -> Iterator[tuple[float, float, list[str]]]:
    """The bounds and the items of each scale of a questionnaire that is long enough."""
    scales: dict[tuple[float, float], list[str]] = {}
    for name in table.measured:
        column = table.column(name)
        if column.kind == "integer" and column.minimum is not None and column.maximum is not None:
            scales.setdefault((column.minimum, column.maximum), []).append(name)
    yield from ((low, high, items) for (low, high), items in scales.items() if len(items) >= least)


def _straight(answers: "pandas.DataFrame", low: float, high: float, options: Options) -> "pandas.Index":
    """The keys of the rows with one answer throughout."""
    least, most = answers.min(axis=1), answers.max(axis=1)
    same = (answers.notna().sum(axis=1) >= options.least) & (least == most)
    if not options.extremes:
        same &= (least > low) & (most < high)
    return answers.index[same]


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "straight_line",
            "note",
            "All items of a form have the same answer, neither lowest nor highest.",
            "all 14 items answered 3",
            "ask whether the form was filled in by the participant; it may be right",
        ),
    ),
)

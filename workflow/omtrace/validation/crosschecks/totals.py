"""A number in a row against the rows of another table that it sums up: movements done, minutes in all."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import hits, rows_of, taken_of

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """The number, the rows that it sums up, and how equal they must be."""

    table: str = Field(description="table of the plan with the number; a disagreement is reported there")
    column: str = Field(description="its column with the number")
    of: str = Field(description="table whose rows are counted, or summed")
    sum: str = Field("", description="column of these rows that is summed; none: the rows are counted")
    times: float = Field(1, description="factor of the sum, such as 0.016666667 for minutes from seconds", gt=0)
    within: tuple[str, ...] = Field(
        (UNIT,), min_length=1, description="columns of both tables by which rows belong together"
    )
    tolerance: float = Field(0, description="largest difference of the two numbers", ge=0)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows whose number is not the count or the sum of their rows in the other table; rows there without such a row.

    Rows that another finding took out, or of which one has no value to be summed, are no disagreement: what they would
    have added is not known.
    """
    import numpy

    within = list(options.within)
    frame = rows_of(tables, where, options.table, {}, options.column, *within)
    tables.kind(where, options.table, options.column, "integer", "number")
    parts = rows_of(tables, f"{where}: of", options.of, {}, *within, *([options.sum] if options.sum else []))
    if options.sum:
        tables.kind(f"{where}: of", options.of, options.sum, "integer", "number")
        sums = parts[options.sum].astype("float64").groupby([parts[name] for name in within]).sum(min_count=1)
        known = parts[options.sum].notna().groupby([parts[name] for name in within]).all()
    else:
        sums = parts.groupby(within).size().astype("float64")
        known = sums.notna()
    lost, places = set(_places(taken_of(tables, options.of), within)), _places(frame, within)
    keys = [place[0] if len(within) == 1 else place for place in places]
    found = sums.reindex(keys).fillna(0.0).to_numpy() * options.times
    complete = numpy.array([place not in lost for place in places], dtype=bool)
    decided = known.reindex(keys, fill_value=True).to_numpy(dtype=bool) & complete
    number = frame[options.column].astype("float64").to_numpy()
    differ = decided & (abs(number - found) > options.tolerance * (1 + 1e-9) + 1e-9)
    what = f"the sum of {options.sum} of its rows" if options.sum else "the number of its rows"
    yield from hits("total_differs", options.table, frame.index[differ], options.column, f"{what} in {options.of}")
    known_places = {*places, *_places(taken_of(tables, options.table), within)}
    complete_keys = parts[within].notna().all(axis=1)
    alone = [
        key
        for key, place in zip(parts.index[complete_keys], _places(parts[complete_keys], within), strict=True)
        if place not in known_places
    ]
    expected = f"a row of the same {' and '.join(within)} in {options.table}"
    yield from hits("row_without_total", options.of, alone, within[-1], expected)


def _places(frame: "pandas.DataFrame", within: list[str]) -> list[tuple[object, ...]]:
    """What each row belongs to."""
    return list(zip(*(frame[name] for name in within), strict=True))


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "total_differs",
            "warn",
            "A number differs from the count, or the sum, of the rows of another table that it stands for.",
            "5 movements done in a session of which the log has 4",
            "correct the number, or send the missing rows; both are kept until then",
        ),
        RuleText(
            "row_without_total",
            "warn",
            "A row has no row in the other table that counts it, or sums it up.",
            "movements of a session 4 that is not among the sessions",
            "send the missing row, or correct what these rows are said to belong to",
        ),
    ),
)

"""A number in a row against the rows of another table that it sums up: movements done, minutes in all."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import hits, rows_of, taken_of


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
    """Rows whose number is not the count or the sum of their rows in the other table.

    Rows that another finding took out, or of which one has no value to be summed, are no disagreement: what they would
    have added is not known.
    """
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
    taken = taken_of(tables, options.of)
    lost = set(zip(*(taken[name] for name in within), strict=True)) if len(taken) else set()
    places = list(zip(*(frame[name] for name in within), strict=True))
    keys = [place[0] if len(within) == 1 else place for place in places]
    found = sums.reindex(keys).fillna(0.0).to_numpy() * options.times
    decided = known.reindex(keys, fill_value=True).to_numpy(dtype=bool) & [place not in lost for place in places]
    number = frame[options.column].astype("float64").to_numpy()
    differ = decided & (abs(number - found) > options.tolerance * (1 + 1e-9) + 1e-9)
    what = f"the sum of {options.sum} of its rows" if options.sum else "the number of its rows"
    yield from hits("total_differs", options.table, frame.index[differ], options.column, f"{what} in {options.of}")


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
    ),
)

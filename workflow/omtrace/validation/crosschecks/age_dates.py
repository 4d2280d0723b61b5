"""Age against the date of birth, and against itself over time."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, Side, consecutive, days_of, groups_of, hits, rows_of

if TYPE_CHECKING:
    import pandas

YEAR = 365.25  # days


class Options(Closed):
    """Where age, birth and the day stand."""

    table: str = Field(description="table of the plan with the age")
    age: str = Field("age", description="column of the age, in years")
    by: str = Field(UNIT, description="column that names the unit")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    on: Side = Field(description="date at which the unit had that age; in the same table: that of the row")
    born: Side | None = Field(None, description="year (whole number) or date of birth; none: only age over time")
    tolerance: int = Field(1, description="years that the age may be off", ge=0)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Ages that do not follow from birth and date, that fall, or that rise faster than time (by more than a year).

    In another table the unit's first date counts. Missing ages and dates are passed over.
    """
    frame = rows_of(tables, where, options.table, options.where, options.age, options.by)
    tables.kind(where, options.table, options.age, "integer", "number")
    age = frame[options.age].astype("float64")
    tables.kind(f"{where}: on", options.on.table, options.on.column, "date")
    on = _per_row(tables, f"{where}: on", options, options.on, frame)
    if options.born:
        kind = tables.kind(f"{where}: born", options.born.table, options.born.column, "integer", "date")
        born = _per_row(tables, f"{where}: born", options, options.born, frame)
        low, high = _years(born, kind, on)
        wrong = (age < low - options.tolerance) | (age.floordiv(1) > high + options.tolerance)
        expected = f"the years from {options.born.column} to {options.on.column}, within {options.tolerance}"
        yield from hits("age_differs", options.table, frame.index[wrong], options.age, expected)
    days = days_of(on)
    earlier, later = consecutive(groups_of(frame, (options.by,)), days.where(age.notna()), frame.index)
    rise = age.to_numpy()[later] - age.to_numpy()[earlier]
    years = (days.to_numpy()[later] - days.to_numpy()[earlier]) / YEAR
    jumps = (rise > years + 1) | ((years == 0) & (rise < -1))
    for rule, mask, says in (
        ("age_falls", (rise < 0) & (years > 0), "at least the age"),
        ("age_jumps", jumps, "no more years above the age than time went by, within 1, since that"),
    ):
        texts = [f"{says} in row {key_text(key)}, an earlier one" for key in frame.index[earlier[mask]]]
        yield from hits(rule, options.table, frame.index[later[mask]], options.age, texts)


def _per_row(tables: Tables, where: str, options: Options, side: Side, frame: "pandas.DataFrame") -> "pandas.Series":
    """The side's value for each row: of the row itself, or the unit's first in the other table."""
    if side.table == options.table and not side.where:
        return tables.frame(where, side.table, side.column)[side.column].loc[frame.index]
    other = rows_of(tables, where, side.table, side.where, side.column, side.by)
    return frame[options.by].map(other.groupby(side.by)[side.column].min())


class Years(NamedTuple):
    """Least and most completed years, a row each."""

    least: "pandas.Series"
    most: "pandas.Series"


def _years(born: "pandas.Series", kind: str, on: "pandas.Series") -> Years:
    """The years from birth to a date; of a year of birth alone the birthday is not known."""

    def number(dates: "pandas.Series") -> "pandas.Series":  # 2024-03-01 as 20240301
        return dates.dt.year * 10000.0 + dates.dt.month * 100 + dates.dt.day

    if kind == "date":
        completed = (number(on) - number(born)).floordiv(10000)
        return Years(completed, completed)
    most = on.dt.year - born.astype("float64")
    return Years(most - 1, most)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "age_differs",
            "quarantine",
            "The age does not follow from birth and date.",
            "age 34 at a visit in 2024, born in 1980",
            "correct the age or the birth at its source",
            scope="cell",
        ),
        RuleText(
            "age_falls",
            "warn",
            "A unit is younger at a later date.",
            "age 46 in March, 45 in June",
            "correct the age at its source; the other row may be the wrong one",
        ),
        RuleText(
            "age_jumps",
            "warn",
            "Age rises by over a year more than the time that went by.",
            "age 36 in March, 63 in June",
            "correct the age at its source; the other row may be the wrong one",
        ),
    ),
)

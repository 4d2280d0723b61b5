"""How many rows each listed unit has in a table: too few (none, too) or too many."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, Roster, hits, rows_of, taken_of


class Options(Closed):
    """The table whose rows are counted, the list of units, and the bounds."""

    table: str = Field(description="table of the plan whose rows are counted")
    by: str = Field(UNIT, description="column that names the unit in that table")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    roster: Roster = Field(description="the list of units; one without a row is found through it")
    least: int = Field(0, description="fewest rows of a unit", ge=0)
    most: int | None = Field(None, description="most rows of a unit", ge=0)

    @model_validator(mode="after")
    def bounds(self) -> "Options":
        """There is a bound, and something between the two."""
        if not self.least and self.most is None:
            raise ValueError("say least, or most, or both")
        if self.most is not None and self.least > self.most:
            raise ValueError("least exceeds most")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Units with fewer or more rows than the bounds, at the unit's first row in the roster.

    Rows that another finding has taken out do not count, and are told apart where the unit would have enough with
    them. A unit that the roster does not list is no matter here.
    """
    at = f"{where}: roster"
    frame = rows_of(tables, where, options.table, options.where, options.by)
    listed = tables.frame(at, options.roster.table, options.roster.column)[options.roster.column].dropna()
    listed = listed.drop_duplicates()
    counts = listed.map(frame[options.by].value_counts()).fillna(0).astype("int64")
    most = float("inf") if options.most is None else options.most
    expected = f"{_bounds(options)} of the unit in table {options.table}"
    if options.where:
        expected += f" with {', '.join(f'{name} {text}' for name, text in options.where.items())}"
    back = (
        listed.map(taken_of(tables, options.table, options.where)[options.by].value_counts()).fillna(0).astype("int64")
    )
    few, taken = counts < options.least, counts + back >= options.least
    cases = [("too_few_rows", few & ~taken), ("rows_taken_out", few & taken), ("too_many_rows", counts > most)]
    for rule, mask in cases:
        yield from hits(rule, options.roster.table, counts.index[mask], options.roster.column, expected)


def _bounds(options: Options) -> str:
    """The bounds in words."""
    if options.most is None:
        return f"at least {options.least} rows"
    if options.least == options.most:
        return f"exactly {options.most} row{'' if options.most == 1 else 's'}"
    return f"{options.least} to {options.most} rows"


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "too_few_rows",
            "warn",
            "A listed unit has fewer rows in another table than the plan says.",
            "a participant with one session where 3 to 5 are planned",
            "send the missing rows; if there are none, the unit left early: keep the warning",
        ),
        RuleText(
            "rows_taken_out",
            "note",
            "A listed unit has fewer rows than the plan says, because other findings took some out.",
            "a participant with two sessions, and a third whose date cannot be",
            "mend what the other findings of these rows name; nothing is to be sent for this one",
        ),
        RuleText(
            "too_many_rows",
            "warn",
            "A listed unit has more rows in another table than the plan says.",
            "a participant with 7 sessions where 5 are planned",
            "look for rows of another unit under its name, and for rows entered twice",
        ),
    ),
)

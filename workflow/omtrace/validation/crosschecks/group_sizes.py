"""How many rows stand together: wells of a sample on a plate, wells of a concentration in a run, animals of a cage."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, as_text, hits, rows_of, taken_of


class Options(Closed):
    """The columns that make a group, and the bounds."""

    table: str = Field(description="table of the plan")
    by: tuple[str, ...] = Field(min_length=1, description="columns that make a group; findings stand at the last one")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    least: int = Field(1, description="fewest rows of a group", ge=1)
    most: int | None = Field(None, description="most rows of a group", ge=1)

    @model_validator(mode="after")
    def bounds(self) -> "Options":
        """There is a bound, and something between the two."""
        if self.least == 1 and self.most is None:
            raise ValueError("say least, or most, or both")
        if self.most is not None and self.least > self.most:
            raise ValueError("least exceeds most")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Every row of a group that is too small or too large: which is wrong, or whether one is lost, is not known.

    Rows that another finding has taken out are lost to no group. A group without a row leaves no trace here.
    """
    import pandas

    by = list(options.by)
    frame = rows_of(tables, where, options.table, options.where, *by)
    texts = frame[by].apply(as_text).dropna()
    size = texts.groupby(by)[by[0]].transform("size")
    taken = taken_of(tables, options.table)[by].apply(as_text).dropna().value_counts()
    back = pandas.Series(taken.reindex(pandas.MultiIndex.from_frame(texts)).fillna(0).to_numpy(), texts.index)
    bounds = f"{options.least}" if options.most == options.least else f"at least {options.least}"
    names = " and ".join(by)
    yield from hits(
        "group_too_small",
        options.table,
        texts.index[size + back < options.least],
        by[-1],
        f"{bounds} rows of the same {names}",
    )
    if options.most is not None:
        yield from hits(
            "group_too_large",
            options.table,
            texts.index[size > options.most],
            by[-1],
            f"at most {options.most} rows of the same {names}",
        )


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "group_too_small",
            "warn",
            "Fewer rows stand together than the plan says.",
            "one well of a standard where each has two",
            "send the missing row; or correct the one that was entered under another name",
        ),
        RuleText(
            "group_too_large",
            "warn",
            "More rows stand together than the plan says.",
            "three wells of a standard where each has two",
            "correct the row that belongs to another group at its source",
        ),
    ),
)

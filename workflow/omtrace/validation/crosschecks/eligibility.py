"""Who was enrolled against a criterion of the trial: an age outside its limits, an answer that excludes."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, as_text, hits, rows_of


class Options(Closed):
    """The column that a criterion is about, and what it asks for."""

    table: str = Field(description="table of the plan")
    column: str = Field(description="its column")
    least: float | None = Field(None, description="least number that is eligible; none: no such limit")
    most: float | None = Field(None, description="greatest number that is eligible; none: no such limit")
    values: tuple[str, ...] = Field((), description="texts or codes that are eligible; none: any")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)

    @model_validator(mode="after")
    def asks(self) -> "Options":
        """There is a criterion."""
        if self.least is None and self.most is None and not self.values:
            raise ValueError("say least, most or values: without one of them everybody is eligible")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows whose value is not eligible; a missing one is told as such, and is no deviation."""
    frame = rows_of(tables, where, options.table, options.where, options.column)
    values = frame[options.column].dropna()
    texts = []
    outside = values.isna()
    if options.values:
        outside |= ~as_text(values).isin(options.values)
        texts.append(f"one of {', '.join(options.values)}")
    if options.least is not None or options.most is not None:
        tables.kind(where, options.table, options.column, "integer", "number")
        numbers = values.astype("float64")
    if options.least is not None:
        outside |= numbers < options.least
        texts.append(f"at least {options.least:g}")
    if options.most is not None:
        outside |= numbers > options.most
        texts.append(f"at most {options.most:g}")
    expected = f"{' and '.join(texts)}, as the trial's criterion asks"
    yield from hits("not_eligible", options.table, values.index[outside], options.column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "not_eligible",
            "warn",
            "The row's unit does not meet a criterion of the trial, and was enrolled.",
            "61 years at enrolment in a trial of people up to 60",
            "ask the site; a protocol deviation is kept, and the study's populations say who is analysed",
        ),
    ),
)

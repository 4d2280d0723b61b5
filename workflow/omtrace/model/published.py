"""Printed numbers of a published study, each with the number of this plan it is compared with."""

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from omtrace.model.closed import Closed

PRINTED = r"^[<>]?[-+\u2212]?\d+(\.\d+)?$"
Printed = Annotated[str, StringConstraints(pattern=PRINTED)]


class NumberName(Closed):
    """The number of an analysis that these names single out; a name is left out where the analysis has one alone."""

    analysis: str = Field(description="analysis of the plan")
    parameter: str = Field("", description="its parameter, where the analysis has several")
    visit: str = Field("", description="its visit, where the analysis has several")
    group: str = Field("", description="group or contrast, such as 'acupuncture - control', where there are several")
    level: str = Field("", description="the number's level, where there are several")


class Denominator(NumberName):
    """The number that others are divided by."""

    statistic: str = Field(description="name of its statistic, such as mean")


class PrintedNumbers(NumberName):
    """Numbers printed together: a row of a table, or a sentence."""

    where: str = Field(description="where they are printed, and of what: 'Table 2, headache score at 12 months'")
    printed: dict[str, Printed] = Field(
        description="statistic -> the number as printed, quoted so that its last zeros count; '<0.001' is a bound"
    )
    plus: float = Field(0.0, description="added to ours first: -1 makes a ratio the share by which it differs from 1")
    times: float = Field(1.0, description="ours is multiplied by it before it is compared: -1, 100, 13")
    over: Denominator | None = Field(None, description="ours is divided by this number before it is compared")
    why: str = Field("", description="why a number that differs differs, as far as is known")


class PrintedTest(Closed):
    """Statistics that are printed of one test, to be held against each other."""

    where: str = Field(description="where they are printed, and of what")
    printed: dict[Literal["f", "eta_squared", "p"], Printed] = Field(
        description="F, partial eta squared and p as printed, two of them or more; '<0.05' is a bound", min_length=2
    )
    df_1: int = Field(1, description="degrees of freedom of the effect", ge=1)
    error_df: dict[str, str] = Field(
        description="error degrees of freedom, in quotes -> the analysis that would have them", min_length=1
    )
    why: str = Field("", description="why they do not fit together, as far as is known")

    @model_validator(mode="after")
    def whole(self) -> "PrintedTest":
        """Degrees of freedom are whole numbers."""
        if bad := [text for text in self.error_df if not re.fullmatch("[1-9][0-9]*", text)]:
            raise ValueError(f"error_df: {bad[0]!r} is not a whole number from 1")
        return self


class PrintedMean(Closed):
    """A printed mean, to be held against its number of units and its scale."""

    where: str = Field(description="where it is printed, and of what")
    mean: Printed = Field(description="as printed, in quotes")
    n: int = Field(description="number of units", ge=1)
    items: int = Field(1, description="items whose mean is each unit's value; 1: a single answer, or a total", ge=1)
    scale: tuple[float, float] = Field(description="least and greatest value of a unit")
    as_what: str = Field(description="what the mean is taken for: the item mean of codes 1 to 5")
    why: str = Field("", description="a remark, printed beside it")


class Published(Closed):
    """A publication whose printed numbers are compared with those of the plan, or with each other."""

    source: str = Field(description="citation")
    numbers: tuple[PrintedNumbers, ...] = Field((), description="printed numbers, each with the names of ours")
    tests: tuple[PrintedTest, ...] = Field((), description="printed statistics of a test, held against each other")
    means: tuple[PrintedMean, ...] = Field((), description="printed means, held against n and scale (GRIM)")

    @model_validator(mode="after")
    def something(self) -> "Published":
        """There is something to compare."""
        if not (self.numbers or self.tests or self.means):
            raise ValueError("say numbers, tests or means")
        return self


def decimals(printed: str) -> int:
    """How many decimals a number is printed with."""
    return len(printed.partition(".")[2])


def agrees(printed: str, ours: float) -> bool:
    """Whether a number rounds to the printed one, or keeps to the printed bound.

    Half a unit of the last printed digit is allowed, and 1e-9 for the rounding of binary numbers.
    """
    value = float(re.sub("^[<>]", "", printed).replace("\u2212", "-"))
    if printed[0] in "<>":
        return ours < value if printed[0] == "<" else ours > value
    return abs(ours - value) <= 0.5 * 10.0 ** -decimals(printed) + 1e-9

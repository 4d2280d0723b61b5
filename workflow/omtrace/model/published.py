"""Printed numbers of a published study, each with the number of this plan it is compared with."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints

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


class Published(Closed):
    """A publication with whose numbers those of the plan are compared."""

    source: str = Field(description="citation")
    numbers: tuple[PrintedNumbers, ...] = Field(description="printed numbers, each with the names of ours")


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

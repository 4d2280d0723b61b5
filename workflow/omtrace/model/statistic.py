"""One statistic: what a number of estimates.csv is, and how it is shown. ``model.statistics`` has all of them."""

from dataclasses import dataclass
from enum import StrEnum

from omtrace.store import stored


class Role(StrEnum):
    """The part of a statistic in its row of results."""

    EFFECT = "effect"  # compares, and so has a value of no effect
    ESTIMATE = "estimate"
    LOW = "lower limit"
    HIGH = "upper limit"
    SD = "standard deviation"
    STANDARD_ERROR = "standard error"
    TEST = "test statistic"
    DF = "degrees of freedom"
    P_VALUE = "p value"
    COUNT = "count"
    SETTING = "setting"  # chosen in the plan, not estimated
    DECISION = "decision"  # a code that stands for a word
    REFUSAL = "refusal"  # has no value; its level says why


class Unit(StrEnum):
    """The unit of a statistic: none, percent, or that of what is analysed, or its square."""

    NONE = "none"
    PERCENT = "percent"
    OWN = "own"
    SQUARED = "squared"


@dataclass(frozen=True)
class Scale:
    """The unit in which something is measured, and with how many decimals it is shown."""

    unit: str
    decimals: int


@dataclass(frozen=True)
class Statistic:
    """One statistic.

    Attributes
    ----------
    name, label
        As in estimates.csv, and as read by people.
    role, unit
        See ``Role`` and ``Unit``.
    decimals
        Decimals shown; of a statistic in the unit of what is analysed, how many more than that has.
    least
        Decimals at least, of a statistic in the unit of what is analysed.
    of
        The statistics that a limit, an SD, a standard error or a p value can belong to; none: the main one of its row.
    interval
        Of a limit, the name of its interval.
    null
        Of an effect, the value of no effect: 0 of a difference, 1 of a ratio.
    leads
        Whether an interval that names no statistic (``ci_low``, ``ci_high``) can belong to it.
    claims
        Of a p value, whether it says something about an effect; not what a wrong analysis would say.
    codes
        Of a decision, the words that 0, 1, 2 and so on stand for.
    table
        The one of ``TABLES`` in which it stands; "" for the table of its row.
    blank
        What no value says, where it is not that there is none.
    is_hazard
        Of an effect, whether more of it is a shorter time.
    """

    name: str
    label: str
    role: Role
    unit: Unit
    decimals: int
    least: int = 0
    of: tuple[str, ...] = ()
    interval: str = ""
    null: float | None = None
    leads: bool = False
    claims: bool = True
    codes: tuple[str, ...] = ()
    table: str = ""
    blank: str = ""
    is_hazard: bool = False

    def scale(self, of: Scale, value: float = 0.5) -> Scale:
        """Unit and decimals of the statistic of what is measured on a scale.

        Parameters
        ----------
        of
            Those of the parameter, or of what was analysed.
        value
            The statistic's value: degrees of freedom that are whole as stored are shown without decimals.
        """
        if self.unit is Unit.NONE:
            return Scale("", 0 if self.role is Role.DF and stored(value).is_integer() else self.decimals)
        if self.unit is Unit.PERCENT:
            return Scale("%", self.decimals)
        unit = of.unit
        if self.unit is Unit.SQUARED:
            unit = f"({unit})\u00b2" if " " in unit else unit and f"{unit}\u00b2"
        return Scale(unit, max(of.decimals + self.decimals, self.least))

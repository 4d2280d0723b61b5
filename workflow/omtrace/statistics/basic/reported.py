"""Printed statistics held against each other: F, p and partial eta squared of one test; a mean, its n and its scale.

Nothing but printed numbers and degrees of freedom goes in. A printed number stands for every number that rounds to it,
and so for an interval; a bound such as <0.05 for all below it.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.special import fdtrc, fdtri

Kind = Literal["f", "eta_squared", "p"]
MOST_DF = 2000  # error degrees of freedom that are tried
ROOM = 1e-9  # for the rounding of binary numbers


@dataclass(frozen=True)
class Interval:
    """Numbers from ``low`` to ``high``; empty where ``low`` exceeds ``high``."""

    low: float
    high: float

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high

    def both(self, other: "Interval") -> "Interval":
        """What lies in this one and in another."""
        return Interval(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True)
class Recomputed:
    """What printed statistics of a test say of each other for some degrees of freedom.

    Attributes
    ----------
    f_of
        Printed statistic -> the F values that it allows.
    p_of
        Printed statistic other than p -> the p values that it allows.
    agrees
        Whether one F fits all of them.
    """

    f_of: Mapping[Kind, Interval]
    p_of: Mapping[Kind, Interval]
    agrees: bool


def decimals(printed: str) -> int:
    """How many decimals a number is printed with, zeros included."""
    return len(printed.partition(".")[2])


def interval_of(printed: str) -> Interval:
    """The numbers that a printed one stands for.

    Examples
    --------
    >>> interval_of("0.16")
    Interval(low=0.155, high=0.165)
    >>> interval_of("<0.05")
    Interval(low=-inf, high=0.05)
    """
    value = float(re.sub("^[<>]", "", printed).replace("\u2212", "-"))
    if printed[0] == "<":
        return Interval(-math.inf, value)
    if printed[0] == ">":
        return Interval(value, math.inf)
    half = 0.5 * 10.0 ** -decimals(printed)
    return Interval(round(value - half, 12), round(value + half, 12))


def f_of_eta_squared(eta_squared: float, df_1: float, df_2: float) -> float:
    """F of a partial eta squared: eta^2 / (1 - eta^2) * df_2 / df_1 (Cohen 1973, doi:10.1177/001316447303300111)."""
    return math.inf if eta_squared >= 1 else eta_squared / (1 - eta_squared) * df_2 / df_1


def eta_squared_of_f(f: float, df_1: float, df_2: float) -> float:
    """Partial eta squared of an F: F df_1 / (F df_1 + df_2)."""
    return 1.0 if math.isinf(f) else f * df_1 / (f * df_1 + df_2)


def p_of_f(f: float, df_1: float, df_2: float) -> float:
    """Upper tail of the F distribution."""
    return 0.0 if math.isinf(f) else float(fdtrc(df_1, df_2, f))


def f_of_p(p: float, df_1: float, df_2: float) -> float:
    """The F whose upper tail is p."""
    return math.inf if p <= 0 else float(fdtri(df_1, df_2, 1 - p))


def recomputed(printed: Mapping[Kind, str], df_1: float, df_2: float) -> Recomputed:
    """Which F each printed statistic allows, and whether one F fits all of them.

    Parameters
    ----------
    printed
        Statistic -> as it is printed, two or more of f, eta_squared and p.
    df_1, df_2
        Degrees of freedom of effect and error.

    Raises
    ------
    ValueError
        For degrees of freedom that are not positive, and for fewer than two statistics.
    """
    if not (df_1 > 0 and df_2 > 0):
        raise ValueError("degrees of freedom must be positive")
    if len(printed) < 2:
        raise ValueError("one statistic alone cannot disagree: give two of f, eta_squared, p")
    f_of = {kind: _f_interval(kind, interval_of(text), df_1, df_2) for kind, text in printed.items()}
    p_of: dict[Kind, Interval] = {
        kind: Interval(p_of_f(f.high, df_1, df_2), p_of_f(f.low, df_1, df_2)) for kind, f in f_of.items() if kind != "p"
    }
    common = Interval(0.0, math.inf)
    for found in f_of.values():
        common = common.both(found)
    return Recomputed(f_of, p_of, common.low <= common.high * (1 + ROOM))


def _f_interval(kind: Kind, printed: Interval, df_1: float, df_2: float) -> Interval:
    if kind == "f":
        return Interval(max(printed.low, 0.0), printed.high)
    within = printed.both(Interval(0.0, 1.0))
    if kind == "eta_squared":
        return Interval(*(f_of_eta_squared(value, df_1, df_2) for value in (within.low, within.high)))
    return Interval(*(f_of_p(value, df_1, df_2) for value in (within.high, within.low)))


def fitting_error_df(printed: Mapping[Kind, str], df_1: float = 1) -> Interval:
    """The fewest and most whole error degrees of freedom, up to 2,000, at which one F fits; empty if none does."""
    fitting = [df_2 for df_2 in range(1, MOST_DF + 1) if recomputed(printed, df_1, df_2).agrees]
    return Interval(fitting[0], math.inf if fitting[-1] == MOST_DF else fitting[-1]) if fitting else Interval(1, 0)


def is_possible_mean(printed: str, n: int, items: int = 1) -> bool:
    """Whether n units with whole-numbered answers to so many items can have a mean that is printed so (GRIM).

    Parameters
    ----------
    printed
        The mean, with its last zeros.
    n
        Units.
    items
        Items whose mean is each unit's value; 1 for a single answer or a total.

    Notes
    -----
    A mean is a whole number over n * items; rounding half up and half down are both allowed. Brown NJL, Heathers JAJ.
    The GRIM test. Soc Psychol Personal Sci 2017;8:363-369, doi:10.1177/1948550616673876.

    Examples
    --------
    >>> is_possible_mean("5.19", 28), is_possible_mean("5.18", 28)
    (False, True)
    """
    parts = n * items
    if parts < 1:
        raise ValueError("a mean needs a unit and an item")
    within = interval_of(printed)
    return math.ceil(within.low * parts - ROOM * parts) <= math.floor(within.high * parts + ROOM * parts)


def is_on_scale(printed: str, low: float, high: float) -> bool:
    """Whether a printed mean can lie between the ends of its scale."""
    return not interval_of(printed).both(Interval(low, high)).is_empty

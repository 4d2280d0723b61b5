"""The headline of a row of results: its effect, the interval, the p value, and the value of no effect."""

from collections.abc import Collection
from dataclasses import dataclass

from omtrace.model.statistics import EFFECTS, INTERVALS, LEADING, P_VALUES, STATISTICS, Role, statistic_of


def main_of(names: Collection[str]) -> str:
    """The statistic that ``ci_low`` and ``ci_high`` of a row belong to; "" for a row without such an interval."""
    if not {"ci_low", "ci_high"} <= set(names):
        return ""
    return next((statistic.name for statistic in LEADING if statistic.name in names), "ci")


@dataclass(frozen=True)
class Headline:
    """Names of the statistics of a row: the effect, its limits, and its p value ("" where there is none)."""

    effect: str
    low: str
    high: str
    p: str

    @property
    def null(self) -> float:
        """The value of no effect: 1 for a ratio, else 0."""
        return STATISTICS[self.effect].null or 0.0


def headline_of(names: Collection[str]) -> Headline | None:
    """What of a row's statistics is the effect; None for a row without an effect and an interval.

    Parameters
    ----------
    names
        The statistics of one row of results: one parameter, group or contrast, visit and level.
    """
    given = set(names)
    for effect in EFFECTS:
        if effect.name not in given:
            continue
        for low, high in INTERVALS.values():
            of = STATISTICS[low].of
            if {low, high} <= given and (effect.name in of or not of):
                p = (p for p in P_VALUES if p.name in given and (effect.name in p.of or not p.of))
                return Headline(effect.name, low, high, next((statistic.name for statistic in p), ""))
    return None


def is_of_ratio(name: str, names: Collection[str]) -> bool:
    """Whether a statistic is a ratio of two groups, or belongs to one: a limit of it, its p value.

    Parameters
    ----------
    name
        The statistic.
    names
        The statistics of its row of results.
    """
    statistic = statistic_of(name)
    own = [statistic] if statistic.role is Role.EFFECT else [STATISTICS[of] for of in statistic.of if of in names]
    effects = [one for one in own if one.role is Role.EFFECT] or [one for one in EFFECTS if one.name in names]
    return bool(effects) and effects[0].null == 1

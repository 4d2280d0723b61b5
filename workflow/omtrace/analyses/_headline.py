"""The effects among the numbers of an analysis, with interval and p value."""

from collections.abc import Sequence
from dataclasses import dataclass

from omtrace.analyses import Number
from omtrace.model.headline import Headline, headline_of

Key = tuple[str, str, str, str]  # parameter, group or contrast, visit, level


@dataclass(frozen=True)
class Effect:
    """An effect as numbers of an analysis."""

    names: Headline
    estimate: Number
    low: float
    high: float
    p: float | None

    @property
    def side(self) -> int:
        """-1, 0 or 1: on which side of no effect the estimate lies."""
        return (self.estimate.value > self.names.null) - (self.estimate.value < self.names.null)

    @property
    def excludes(self) -> bool:
        """Whether the interval excludes no effect."""
        return not self.low <= self.names.null <= self.high


def effects_of(numbers: Sequence[Number]) -> dict[Key, Effect]:
    """The effects among the numbers of an analysis, in their order."""
    rows: dict[Key, dict[str, Number]] = {}
    for number in numbers:
        key = (number.parameter, number.group, number.visit, number.level)
        rows.setdefault(key, {})[number.statistic] = number
    found = {}
    for key, row in rows.items():
        if names := headline_of(row):
            p = row[names.p].value if names.p else None
            found[key] = Effect(names, row[names.effect], row[names.low].value, row[names.high].value, p)
    return found

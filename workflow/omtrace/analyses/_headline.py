"""The headline of a result: its estimate, the interval, the p value, and the value of no effect."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omtrace.analyses import Number

# Statistics that are effects, the first that a row has; and the intervals that belong to each.
EFFECTS = (
    "difference", "mean_change", "median_change", "hodges_lehmann", "risk_difference", "rate_ratio", "risk_ratio",
    "odds_ratio", "ratio", "interaction", "estimate",
)  # fmt: skip
INTERVALS = ("ci", "newcombe", "{effect}_ci", "{effect}")
P_VALUES = ("p", "{effect}_p", "signed_rank_p", "mann_whitney_p", "fisher_p")
Key = tuple[str, str, str, str]  # parameter, group or contrast, visit, level


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
        return 1.0 if self.effect.endswith("ratio") else 0.0


def headline_of(statistics: Iterable[str]) -> Headline | None:
    """What of a row's statistics is the effect; None for a row without an effect and an interval."""
    given = set(statistics)
    for effect in EFFECTS:
        if effect not in given:
            continue
        for stem in (interval.format(effect=effect) for interval in INTERVALS):
            if {f"{stem}_low", f"{stem}_high"} <= given:
                p = next((name for one in P_VALUES if (name := one.format(effect=effect)) in given), "")
                return Headline(effect, f"{stem}_low", f"{stem}_high", p)
    return None


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

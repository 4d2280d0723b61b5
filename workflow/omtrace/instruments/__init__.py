"""Declared questionnaires: items, codes, scores and missing rules, each with its source.

Item wording of HIT-6 and MSQ is under copyright and not here: ids, codes and labels in our own words.
Each module declares ``INSTRUMENT``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omtrace.schemas import Column, Rule, Table, unit_column, visit_column
from omtrace.sources import plugin

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Item:
    """One item: its id, a label in our own words, and the codes it may hold."""

    name: str
    label: str
    minimum: int
    maximum: int
    required: bool = False


@dataclass(frozen=True)
class Score:
    """A score: the items it needs and how they combine.

    ``combine`` takes a frame of the items (rows x items, complete rows only) and gives one number a row.
    ``minimum_answered``: with fewer answered items there is no score; open ones are filled by the mean of
    the answered items of the row (only where the source allows it; the default is all items).
    """

    items: tuple[str, ...]
    combine: "Callable[[pandas.DataFrame], pandas.Series]"
    label: str
    minimum_answered: int = 0


@dataclass(frozen=True)
class Instrument:
    """A questionnaire. ``extra`` columns and ``rules`` belong to its table but to no score."""

    title: str
    version: str
    source: str
    recall: str
    items: tuple[Item, ...]
    scores: dict[str, Score]
    extra: tuple[Column, ...] = ()
    rules: tuple[Rule, ...] = ()

    def table(self) -> Table:
        """The instrument's table: one row a participant and visit."""
        items = tuple(
            Column(i.name, "integer", i.label, minimum=i.minimum, maximum=i.maximum, required=i.required)
            for i in self.items
        )
        return Table(
            row=f"one {self.title} questionnaire of a participant at a visit",
            key=("unit_id", "visit"),
            columns=(unit_column("participant"), visit_column(), *items, *self.extra),
            rules=self.rules,
            measured=tuple(item.name for item in self.items),
        )

    def score(self, name: str, answers: "pandas.DataFrame") -> "pandas.Series":
        """A score for each row of answers (columns: item ids; missing answers NaN); NaN where not scorable."""
        score = self.scores[name]
        items = answers[list(score.items)].astype(float)
        answered = items.notna().sum(axis=1)
        enough = answered >= (score.minimum_answered or len(score.items))
        filled = items.apply(lambda column: column.fillna(items.mean(axis=1)))
        return score.combine(filled).where(enough)


def instrument_of(name: str) -> Instrument:
    """The instrument that ``instruments/<name>.py`` declares. Raises Fault for an unknown name."""
    found: Any = plugin("instruments", name, "INSTRUMENT")
    return found

"""Declared questionnaires: items, codes, scores and missing rules, each with its source.

Item wording of HIT-6 and MSQ is under copyright and not here: ids, codes and labels in our own words.
Each module declares ``INSTRUMENT``; nothing else has to change for a new one. A blank is never a zero: what
counts as one, because the activity was not done, is a code of the export that the plan names (``structural_zeros``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omtrace.faults import Fault
from omtrace.model.closed import nearest
from omtrace.model.plan import Severity
from omtrace.plugins import plugin
from omtrace.schemas import ASK, Kind

if TYPE_CHECKING:
    import pandas

    from omtrace.schemas._fields import TableModel


@dataclass(frozen=True)
class Item:
    """One item: its id, a label in our own words, and the codes it may hold.

    ``unit`` is "code" for an answer, or what is counted. A scale that arrives scored is an item of ``kind`` number.
    ``source``: where the definition comes from, where it is not the questionnaire's. ``also``: names that exports
    have for it, in lower case letters and digits alone.
    """

    name: str
    label: str
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    unit: str = "code"
    kind: Kind = "integer"
    source: str = ""
    also: tuple[str, ...] = ()

    def codes(self) -> list[str]:
        """The whole numbers within the bounds, as texts; none where there are no bounds."""
        if self.minimum is None or self.maximum is None:
            return []
        return [str(code) for code in range(int(self.minimum), int(self.maximum) + 1)]


class Bounds(NamedTuple):
    """The least and the greatest value of a score."""

    least: float
    greatest: float


@dataclass(frozen=True)
class ItemRule:
    """A rule over the answers of a form, or over one: a check of the questionnaire's model.

    ``holds`` takes the frame, or, where ``columns`` is one, that column; it gives True, False or missing (not
    applicable). A finding is reported at the first of ``columns``.
    """

    id: str
    expected: str
    columns: tuple[str, ...]
    holds: "Callable[[pandas.DataFrame], pandas.Series] | Callable[[pandas.Series], pandas.Series]"
    severity: Severity = "quarantine"
    example: str = ""
    fix: str = ASK


@dataclass(frozen=True)
class Score:
    """A score: the items it needs and how they combine.

    ``combine`` takes a frame of the items (rows x items, complete rows only) and gives one number a row.
    ``minimum_answered``: with fewer answered items there is no score; open ones are filled by the mean of
    the answered items of the row (only where the source allows it; the default is all items). ``points``: what
    answers count, where that has to come before open ones are filled.
    """

    items: tuple[str, ...]
    combine: "Callable[[pandas.DataFrame], pandas.Series]"
    label: str
    minimum_answered: int = 0
    points: "Callable[[pandas.DataFrame], pandas.DataFrame] | None" = None

    def of(self, items: "pandas.DataFrame") -> "pandas.Series":
        """The score of each row of answers, open ones filled by the mean of the row."""
        points = self.points(items) if self.points else items
        if not points.isna().to_numpy().any():
            return self.combine(points)
        return self.combine(points.where(points.notna(), points.mean(axis=1), axis=0))


@dataclass(frozen=True)
class Instrument:
    """A questionnaire. ``extra`` columns (totals as supplied) and ``rules`` belong to its table but to no score.

    ``codings``: how else exports write the answers: name -> raw text in lower case -> the item's code as text.
    ``must_declare``: there is no usual coding, so the plan has to name one. ``optional``: items that need not
    be in the file; the same holds for every extra column that is not required. ``aliases``: what the names of numbered
    items begin with in exports, besides the title.
    """

    title: str
    version: str
    source: str
    recall: str
    items: tuple[Item, ...]
    scores: dict[str, Score]
    extra: tuple[Item, ...] = ()
    rules: tuple[ItemRule, ...] = ()
    codings: dict[str, dict[str, str]] = field(default_factory=dict)
    must_declare: bool = False
    optional: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def model(self) -> "type[TableModel]":
        """The pandera model of the questionnaire's table, made from its items: one row a participant and visit."""
        from omtrace.instruments._model import model_of

        return model_of(self)

    def score(self, name: str, answers: "pandas.DataFrame") -> "pandas.Series":
        """A score for each row of answers (columns: item ids; missing answers NaN); NaN where not scorable."""
        score = self.scores[name]
        items = answers[list(score.items)].astype(float)
        answered = items.notna().sum(axis=1)
        enough = answered >= (score.minimum_answered or len(score.items))
        return score.of(items).where(enough)

    def bounds(self, name: str) -> Bounds | None:
        """The bounds of a score that is a sum of its items, each in either direction.

        None where an item has no bounds, or the score is no such sum.
        """
        import numpy
        import pandas

        score, items = self.scores[name], {item.name: item for item in self.items}
        if any(name not in items or not items[name].codes() for name in score.items):
            return None
        low, high = (
            numpy.array([getattr(items[n], end) for n in score.items], float) for end in ("minimum", "maximum")
        )
        # every item at its least, each one alone at its greatest, and all of them
        rows = numpy.vstack([low, low + numpy.diag(high - low), high])
        values = score.of(pandas.DataFrame(rows, columns=list(score.items))).to_numpy(dtype=float)
        steps = values[1:-1] - values[0]
        if not numpy.isclose(values[-1], values[0] + steps.sum()):
            return None
        ends = (values[0] + steps[steps < 0].sum(), values[0] + steps[steps > 0].sum())
        return Bounds(*(round(float(end), 9) + 0.0 for end in ends))

    def answers(self, name: str) -> list[float]:
        """The possible answers where a score is the answer to one item itself; none else."""
        items = [item for item in self.items if item.name in self.scores[name].items]
        codes = [float(code) for code in items[0].codes()] if len(items) == 1 else []
        return codes if codes and self.bounds(name) == (codes[0], codes[-1]) else []

    def coding(self, name: str) -> dict[str, str]:
        """Raw text in lower case -> item code, for the items' cells; "" is the instrument's own codes: no change.

        Raises Fault for a coding that there is not, and for none where the plan has to name one.
        """
        known = ", ".join(sorted(self.codings))
        if not name and self.must_declare:
            raise Fault(f"{self.title}: its codes are in use in more than one way; say in the plan, coding: {known}")
        if name and name not in self.codings:
            raise Fault(f"{self.title}: there is no coding {name!r} ({known or 'none'}){nearest(name, self.codings)}")
        return self.codings[name] if name else {}

    def suggest_coding(self, texts: Iterable[str]) -> str:
        """The one declared coding that all texts fit; "" if the own codes fit, none does, or more than one."""
        answers = {text.strip().lower() for text in texts} - {""}
        own = {code for item in self.items for code in item.codes()}
        fits = [name for name, codes in self.codings.items() if answers <= set(codes)]
        return fits[0] if answers and not answers <= own and len(fits) == 1 else ""


def instrument_of(name: str) -> Instrument:
    """The instrument that ``instruments/<name>.py`` declares. Raises Fault for an unknown name."""
    instrument: Instrument = plugin("instruments", name, "INSTRUMENT")
    return instrument


def is_instrument(name: str) -> bool:
    """Whether ``instruments/<name>.py`` is there."""
    return (Path(__file__).parent / f"{name}.py").is_file() and not name.startswith("_")

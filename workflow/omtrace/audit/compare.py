"""``omtrace compare A B``: each number of two results, and the first difference upstream of those that changed."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from omtrace.audit.address import name_of
from omtrace.audit.sides import Ambiguous, Side, side_of
from omtrace.audit.upstream import Reach, Upstream, upstream_of
from omtrace.model.estimate import Estimate
from omtrace.store import display

TOLERANCE = 1e-9  # relative; stored numbers have ten digits
SHOWN = 8  # numbers listed of one cause
UNKNOWN = "nothing upstream that differs"


class State(StrEnum):
    """What became of a number."""

    IDENTICAL = "identical"
    CLOSE = "within tolerance"
    DISPLAYED = "same as displayed"
    CHANGED = "changed"
    MISSING = "missing"
    NEW = "new"


@dataclass(frozen=True)
class Compared:
    """One number on both sides. ``causes``: in words, the first upstream first; none for one that is identical."""

    id: str
    name: str
    state: State
    old: str
    new: str
    is_same_way: bool
    causes: tuple[Upstream, ...] = ()

    @property
    def cause(self) -> str:
        """The first difference upstream, in words."""
        return f"{self.causes[0].kind}: {self.causes[0].words}" if self.causes else UNKNOWN


@dataclass(frozen=True)
class Comparison:
    """All numbers of two results, and every difference upstream of them."""

    study: str
    numbers: list[Compared] = field(default_factory=list)
    upstream: list[Upstream] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many numbers are of each state."""
        counts = Counter(number.state for number in self.numbers)
        return {state.value: counts[state] for state in State}

    @property
    def differing(self) -> list[Compared]:
        """The numbers that are not identical."""
        return [number for number in self.numbers if number.state is not State.IDENTICAL]

    def by_cause(self) -> dict[str, list[Compared]]:
        """The numbers that differ, by their first cause, those of the most numbers first."""
        groups: dict[str, list[Compared]] = {}
        for number in self.differing:
            groups.setdefault(number.cause, []).append(number)
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))

    @property
    def without_effect(self) -> list[Upstream]:
        """Differences that are the first cause of no number."""
        first = {id(number.causes[0]) for number in self.numbers if number.causes}
        return [cause for cause in self.upstream if id(cause) not in first]


def compare(old: str, new: str, study: str = "", tolerance: float = TOLERANCE) -> Comparison:
    """Compare two results of a study, see ``side_of`` and ``revisions.side_of_revision``.

    Parameters
    ----------
    old, new
        A packet, a study's folder of results, a folder that holds results/, or a revision of git: where no file has the
        name.
    study
        Which study; "": the only one there.
    tolerance
        Relative difference up to which two values are within tolerance.

    Raises
    ------
    Fault
        For what cannot be read, and for results of two studies.
    """
    with ExitStack() as shelf:
        try:
            one = _side(old, study, shelf)
            other = _side(new, one.study, shelf)
        except Ambiguous:  # the other one may say which
            other = _side(new, study, shelf)
            one = _side(old, other.study, shelf)
        return compared(one, other, tolerance)


def _side(name: str, study: str, shelf: ExitStack) -> Side:
    """What a name stands for: a path before a revision of git."""
    from omtrace.audit.revisions import commit_of, side_of_revision

    if Path(name).exists() or not commit_of(name):
        return side_of(name, study, shelf)
    return side_of_revision(name, study, shelf)


def compared(old: Side, new: Side, tolerance: float = TOLERANCE, with_causes: bool = True) -> Comparison:
    """Compare two sides. ``with_causes``: whether what differs upstream is looked for."""
    if old.is_shared != new.is_shared:
        old, new = (side if side.is_shared else side.as_shared() for side in (old, new))
    found = upstream_of(old, new) if with_causes else []
    reach = Reach(old, new, found)
    numbers = []
    for name in {**old.numbers, **new.numbers}:
        before, after = old.numbers.get(name), new.numbers.get(name)
        number = after or before
        assert number is not None
        state = state_of(before, after, tolerance)
        numbers.append(
            Compared(
                name,
                name_of(number),
                state,
                before.text if before else "",
                after.text if after else "",
                bool(before and after and all(before[k] == after[k] for k in ("rowset", "definition"))),
                () if state is State.IDENTICAL or not found else tuple(reach.of(before, after)),
            )
        )
    return Comparison(old.study, numbers, found, _notes(old, new))


def _notes(*sides: Side) -> tuple[str, ...]:
    """What is to be said of the sides, and the environment that revisions were run in."""
    notes = [note for side in sides for note in side.notes]
    if not notes:
        return ()
    from omtrace.provenance.environment import description

    here = description()
    what = f"Python {here['python']['version']}, {len(here['distributions'])} packages"
    return (*notes, f"what was run here ran in the environment of this checkout: {what}, not in that of its lock")


def state_of(before: Estimate | None, after: Estimate | None, tolerance: float = TOLERANCE) -> State:
    """What became of a number."""
    if before is None or after is None:
        return State.NEW if before is None else State.MISSING
    old_value, other = before.text, after.text
    if old_value == other:
        return State.IDENTICAL
    if not old_value or not other:
        return State.CHANGED
    if abs(float(old_value) - float(other)) <= tolerance * max(abs(float(old_value)), abs(float(other))):
        return State.CLOSE
    decimals = {before.decimals, after.decimals}
    if (
        len(decimals) == 1
        and (digits := int(decimals.pop() or 0)) >= 0
        and display(old_value, digits) == display(other, digits)
    ):
        return State.DISPLAYED
    return State.CHANGED


def document(comparison: Comparison) -> dict[str, object]:
    """The comparison as plain values: counts, differences upstream, and each number that is not identical."""
    numbers = [
        {
            **{k: v for k, v in asdict(n).items() if k != "causes"},
            "cause": n.cause,
            "also": [c.words for c in n.causes[1:]],
        }
        for n in comparison.differing
    ]
    upstream = [{"kind": cause.kind, "words": cause.words, "stage": cause.stage} for cause in comparison.upstream]
    return {
        "study": comparison.study,
        "counts": comparison.counts,
        "notes": [*comparison.notes],
        "upstream": upstream,
        "numbers": numbers,
    }


def lines_of(comparison: Comparison, every: bool = False) -> list[str]:
    """The comparison as lines for people: counts, then the numbers by cause."""
    counts = ", ".join(f"{count:,} {state}" for state, count in comparison.counts.items())
    lines = [*comparison.notes, f"{comparison.study}: {len(comparison.numbers):,} numbers: {counts}"]
    moved = sum(not n.is_same_way for n in comparison.numbers if n.state is State.IDENTICAL)
    if moved:
        lines.append(f"  of the identical ones, {moved:,} rest on other records or another definition")
    for cause, numbers in comparison.by_cause().items():
        lines += [
            "",
            f"{len(numbers):,} number{'s'[: len(numbers) != 1]} differ{'s'[: len(numbers) == 1]} since {cause}",
        ]
        ordered = sorted(numbers, key=lambda number: list(State).index(number.state))
        shown: Sequence[Compared] = ordered if every else ordered[:SHOWN]
        lines += [f"  {n.id}  {n.name}: {n.old or 'none'} -> {n.new or 'none'}  [{n.state}]" for n in shown]
        if len(numbers) > len(shown):
            lines.append(f"  and {len(numbers) - len(shown):,} more (--all shows them)")
    if others := comparison.without_effect:
        lines += ["", "Differences that changed no number first:", *(f"  {one.kind}: {one.words}" for one in others)]
    return lines

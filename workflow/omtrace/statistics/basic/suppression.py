"""Which counts to hold back so that no small one can be worked out from those that are shown.

Primary suppression takes out counts from 1 to below a threshold; secondary suppression takes out further ones until an
attacker who knows every relation among them, and who solves linear programmes, can neither tell a count that was held
back nor say of a small one that it is small (Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from omtrace.statistics.interval import Interval

EXACT = 1e-6  # how far the solver's limits of a whole number may be off it


@dataclass(frozen=True)
class Relation:
    """Counts that add up: the sum of coefficient times count is ``total``."""

    terms: Mapping[int, int]
    total: int = 0


def is_small(value: int, threshold: int) -> bool:
    """Whether a count is of so few that it is held back; none at all is not."""
    return 0 < value < threshold


def suppressed(
    values: Sequence[int],
    shown: Sequence[bool],
    relations: Sequence[Relation],
    threshold: int = 5,
    costs: Mapping[int, int] | None = None,
) -> set[int]:
    """The counts that are held back.

    Parameters
    ----------
    values
        The counts (n,), none below 0.
    shown
        Of each, whether it would be shown; one that is in no table can be worked out as well (how many are not in it).
    relations
        How the counts add up, over their places in ``values``. All have to hold.
    threshold
        Counts from 1 to below it are small.
    costs
        Place -> how dear a count is to readers, 0 where it is not named: of counts that would do, the cheapest go.

    Returns
    -------
    set of int
        Places of shown counts.
    """
    mentions: dict[int, list[int]] = {}
    for at, relation in enumerate(relations):
        assert sum(c * values[i] for i, c in relation.terms.items()) == relation.total, (relation, values)
        for i in relation.terms:
            mentions.setdefault(i, []).append(at)
    unknown = {i for i, is_shown in enumerate(shown) if not is_shown or is_small(values[i], threshold)}

    def order(i: int, distance: int) -> tuple[int, ...]:
        return (costs or {}).get(i, 0), distance, values[i] == 0, len(mentions[i]), values[i], i

    held = [i for i in sorted(unknown) if shown[i] or is_small(values[i], threshold)]
    while held:
        i = held.pop()
        component = _component(i, unknown, relations, mentions)
        limits = _limits(i, component, unknown, values, relations)
        if _is_hidden(values[i], limits, threshold):
            continue
        place = _further(component, unknown, relations, order)
        if place is None:
            continue  # nothing that is shown is left in any relation with it
        unknown.add(place)
        held += [i, place]
    return {i for i in unknown if shown[i]}


def _is_hidden(value: int, limits: tuple[float, float], threshold: int) -> bool:
    low, high = limits
    return high - low >= 1 - EXACT and (not is_small(value, threshold) or high >= threshold - EXACT)


def _component(
    place: int, unknown: set[int], relations: Sequence[Relation], mentions: Mapping[int, Sequence[int]]
) -> list[int]:
    """The relations that bear on a count that is not known, through others that are not."""
    places: dict[int, None] = {}
    seen, open_ = {place}, [place]
    while open_:
        for at in mentions.get(open_.pop(0), ()):
            if at not in places:
                places[at] = None
                new = [i for i in relations[at].terms if i in unknown and i not in seen]
                seen.update(new)
                open_ += new
    return list(places)


def _limits(
    place: int, component: Sequence[int], unknown: set[int], values: Sequence[int], relations: Sequence[Relation]
) -> Interval:
    """The least and the greatest value that a count may have, for all that is shown."""
    if not component:
        return Interval(0.0, float("inf"))
    import numpy
    from scipy.optimize import linprog

    names = sorted({i for at in component for i in relations[at].terms if i in unknown})
    column = {i: at for at, i in enumerate(names)}
    matrix = numpy.zeros((len(component), len(names)))
    right = numpy.zeros(len(component))
    for row, at in enumerate(component):
        right[row] = relations[at].total
        for i, coefficient in relations[at].terms.items():
            if i in column:
                matrix[row, column[i]] = coefficient
            else:
                right[row] -= coefficient * values[i]
    ends = []
    for sign in (1.0, -1.0):
        aim = numpy.zeros(len(names))
        aim[column[place]] = sign
        solved = linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
        ends.append(sign * solved.fun if solved.status == 0 else sign * -numpy.inf)
    return Interval(float(ends[0]), float(ends[1]))


def _further(
    component: Sequence[int],
    unknown: set[int],
    relations: Sequence[Relation],
    order: Callable[[int, int], tuple[int, ...]],
) -> int | None:
    """The shown count to hold back next, by its place and its distance to the one that is not hidden.

    ``order``: cheap, near, not 0, in few relations, small.
    """
    distances: dict[int, int] = {}  # place -> distance
    for distance, at in enumerate(component):
        for i in relations[at].terms:
            if i not in unknown:
                distances.setdefault(i, distance)
    return min(distances, key=lambda i: order(i, distances[i]), default=None)

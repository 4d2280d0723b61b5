"""Shift table: the category at baseline against the category at a visit, by group."""

from collections.abc import Iterator
from itertools import product

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Refusal
from omtrace.model.closed import Closed, nearest


class Options(Closed):
    """How to group, and how categories are ordered."""

    by_group: bool = Field(True, description="also within each group of the dataset")
    order: tuple[str, ...] = Field(
        (), description="categories from the lowest to the highest; then it is told too how many went up and down"
    )


def run(call: Call) -> Iterator[Number]:
    """How many units went from each category to each, of those with both, and how many went up, stayed or went down."""
    order = call.options.order
    for target in call.targets("anything"):
        if target.visit == (base := call.baseline(target.parameter)):
            continue
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, baseline=base)
        pairs = analysis_set.frame[["baseline", "value"]].map(
            lambda value: f"{value:g}" if _number(value) else str(value)
        )
        there = _ordered(set(pairs["baseline"]) | set(pairs["value"]))
        if order and (other := [category for category in there if category not in order]):
            hint = nearest(other[0], order)
            raise Refusal(f"analysis {call.name}: order: {target.parameter} has {other[0]!r} as well{hint}")
        categories = order or there
        for group in call.groups(call.options.by_group):
            part, rows = pairs.iloc[analysis_set.places(group)], analysis_set.rows([group])
            n = len(part)
            yield from target.numbers(group, {"n": n, "missing": analysis_set.missing(group)}, rows)
            counts = part.value_counts().to_dict()
            levels = {f"from {a} to {b}": counts.get((a, b), 0) for a, b in product(categories, categories)}
            if order:
                steps = [order.index(b) - order.index(a) for a, b in part.itertuples(index=False)]
                levels |= {
                    "higher than at baseline": sum(step > 0 for step in steps),
                    "as at baseline": steps.count(0),
                    "lower than at baseline": sum(step < 0 for step in steps),
                }
            for level, count in levels.items():
                values = {"count": count, "percent": 100 * count / n if n else float("nan")}
                yield from target.numbers(group, values, rows, level)


def _number(value: object) -> bool:
    return isinstance(value, (int, float))


def _ordered(categories: set[str]) -> list[str]:
    """Numbers in their order, before words."""
    numbers = {category for category in categories if _says_number(category)}
    return [*sorted(numbers, key=float), *sorted(categories - numbers)]


def _says_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


METHOD = Method(
    Options,
    run,
    "Units by their category at the baseline and at the visit, in per cent of those with both.",
    units="any",
    gives="percent count missing n",
)

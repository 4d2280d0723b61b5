"""PROMIS short forms of 4, 6 and 8 items: raw sums, and T-scores as they arrive."""

from omtrace.instruments import Instrument, Item, ItemRule, Score
from omtrace.instruments._supplied import agrees

LEVELS = 5


def total(items):
    """Raw sum of the answers: n to 5n for n items."""
    return items.sum(axis=1, min_count=items.shape[1])


def short_form(n: int) -> Instrument:
    """The short form of n items, of whichever domain: the plan names the columns, and the direction is the domain's."""
    items = tuple(f"promis_{item}" for item in range(1, n + 1))
    return Instrument(
        title=f"PROMIS short form of {n} items",
        version=f"{n} items",
        source="HealthMeasures, PROMIS adult profile instruments (4, 6 or 8 items a domain; five answers from 1 to 5). "
        "T-scores have a mean of 50 and a standard deviation of 10 in the reference population; they come from tables "
        "of each form, which are not kept here, and are taken as supplied. A shortened form may be scored elsewhere "
        "from 4 answers on; here the raw sum needs all items.",
        recall="7 days (none for physical function)",
        items=tuple(Item(name, f"item {at} of the short form", 1, LEVELS) for at, name in enumerate(items, 1)),
        scores={"sum": Score(items, total, "PROMIS raw sum")},
        extra=(
            Item(f"promis_{n}_sum", "raw sum as supplied with the export", n, LEVELS * n, unit="points"),
            Item(
                "promis_t",
                "T-score as supplied with the export",
                0,
                100,
                unit="points",
                kind="number",
                source="conservative bounds: five standard deviations of 10 on either side of 50",
            ),
        ),
        rules=(
            ItemRule(
                f"promis_{n}_sum_agrees",
                f"the sum of the {n} items",
                (f"promis_{n}_sum", *items),
                lambda frame: agrees(frame[f"promis_{n}_sum"], total(frame[list(items)].astype("float64"))),
                example=f"a sum of {2 * n} where the items add up to {2 * n + 1}",
                fix="compare with the form; a sum that was scaled up for open items is no raw sum: leave it out",
            ),
        ),
    )

"""MSQ 2.1, the Migraine-Specific Quality-of-Life Questionnaire."""

from omtrace.instruments import Instrument, Item, ItemRule, Score
from omtrace.instruments._supplied import FIX, agrees, on_grid

ITEMS = tuple(f"msq_{n}" for n in range(1, 15))
LABELS = (
    "family and friends",
    "leisure",
    "work or daily activities",
    "getting work done",
    "concentration",
    "energy left",
    "number of good days",
    "cancelled plans",
    "needed help",
    "stopped activities",
    "social occasions",
    "frustration",
    "feeling a burden",
    "fear of letting others down",
)
ANSWERS = ("none", "a little bit", "some", "a good bit", "most", "all")  # ... of the time
DOMAINS = {
    "restrictive": (ITEMS[:7], "role function, restrictive"),
    "preventive": (ITEMS[7:11], "role function, preventive"),
    "emotional": (ITEMS[11:], "emotional function"),
}


def scaled(items):
    """Reversed items (7 - x) scaled to 0 to 100, higher is better: (sum - n) / 5n * 100."""
    n = items.shape[1]
    return ((7 - items).sum(axis=1, min_count=n) - n) / (5 * n) * 100


def rules_of(name: str) -> tuple[ItemRule, ...]:
    """A supplied domain score agrees with the items, and lies on the grid that its items span."""
    items, label = DOMAINS[name]
    steps = 5 * len(items)
    column = f"msq_{name}"
    return (
        ItemRule(
            f"{column}_agrees",
            f"the score of {label} recomputed from its items",
            (column, *items),
            lambda frame: agrees(frame[column], scaled(frame[list(items)].astype("float64"))),
            example="a score of 60 where the items give 65, or one whose items were reversed twice",
            fix=FIX,
        ),
        ItemRule(
            f"{column}_grid",
            f"a multiple of 100/{steps}, rounded as printed",
            (column,),
            lambda scores: on_grid(scores, [100 * step / steps for step in range(steps + 1)]),
            example=f"{100 / steps * 1.5:.2f}, between two scores that {len(items)} items can have; open items may "
            "have been filled in",
            fix=FIX,
        ),
    )


INSTRUMENT = Instrument(
    title="MSQ",
    version="2.1",
    source="Cole 2009, doi:10.1111/j.1468-2982.2009.01852.x; items 1-7, 8-11 and 12-14, reversal and scaling as in "
    "public scorers; answer labels as in NINDS common data element 23909. The manual's rule for missing items was not "
    "found: a domain needs all its items.",
    recall="4 weeks",
    items=tuple(Item(name, label, 1, 6) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={name: Score(items, scaled, f"MSQ {label}") for name, (items, label) in DOMAINS.items()},
    extra=tuple(
        Item(f"msq_{name}", f"{label}, as supplied with the export (100 is best)", 0, 100, unit="points", kind="number")
        for name, (_, label) in DOMAINS.items()
    ),
    rules=tuple(rule for name in DOMAINS for rule in rules_of(name)),
    codings={
        "zero_based": {str(code - 1): str(code) for code in range(1, 7)},
        "reversed": {str(7 - code): str(code) for code in range(1, 7)},  # 6 is none of the time: not to reverse again
        "labels": {f"{answer} of the time": str(code) for code, answer in enumerate(ANSWERS, 1)},
    },
)

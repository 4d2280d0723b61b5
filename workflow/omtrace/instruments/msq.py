"""MSQ 2.1, the Migraine-Specific Quality-of-Life Questionnaire."""

from omtrace.instruments import Instrument, Item, Score

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


def scaled(items):
    """Reversed items (7 - x) scaled to 0 to 100, higher is better: (sum - n) / 5n * 100."""
    n = items.shape[1]
    return ((7 - items).sum(axis=1, min_count=n) - n) / (5 * n) * 100


def domain(first: int, last: int, label: str) -> Score:
    """One of the three domains, over consecutive items."""
    return Score(ITEMS[first - 1 : last], scaled, label)


INSTRUMENT = Instrument(
    title="MSQ",
    version="2.1",
    source="Cole 2009, doi:10.1111/j.1468-2982.2009.01852.x; items 1-7, 8-11 and 12-14, reversal and scaling as in "
    "public scorers. The manual's rule for missing items was not found: a domain needs all its items.",
    recall="4 weeks",
    items=tuple(Item(name, label, 1, 6) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={
        "restrictive": domain(1, 7, "MSQ role function, restrictive"),
        "preventive": domain(8, 11, "MSQ role function, preventive"),
        "emotional": domain(12, 14, "MSQ emotional function"),
    },
)

"""HIT-6, the six-item Headache Impact Test."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.schemas import Column, Rule

# Weights of the answers never, rarely, sometimes, very often, always (item codes 1 to 5).
WEIGHTS = {1: 6, 2: 8, 3: 10, 4: 11, 5: 13}
ITEMS = tuple(f"hit6_{n}" for n in range(1, 7))
LABELS = (
    "severe pain",
    "limits on daily activity",
    "wish to lie down",
    "tiredness",
    "irritation",
    "trouble with concentration",
)


def total(items):
    """Sum of the six weights: 36 to 78, higher is worse."""
    return items.apply(lambda column: column.map(WEIGHTS)).sum(axis=1, min_count=len(ITEMS))


def total_agrees(frame):
    """A supplied total equals the one recomputed from the items, where all six are there."""
    recomputed = total(frame[list(ITEMS)].astype("float64")).where(frame[list(ITEMS)].notna().all(axis=1))
    supplied = frame["hit6_total"].astype("float64")
    return (recomputed == supplied) | recomputed.isna() | supplied.isna()


def total_possible(frame):
    """No six weights add up to 37, 39 or 77 (all 15,625 patterns enumerated)."""
    return ~frame["hit6_total"].isin([37, 39, 77])


INSTRUMENT = Instrument(
    title="HIT-6",
    version="1.0",
    source="Kosinski 2003, doi:10.1023/a:1026119331193; weights 6, 8, 10, 11, 13 as in public scorers. No official "
    "rule for missing items was found: a total needs all six.",
    recall="4 weeks (items 4 to 6)",
    items=tuple(Item(name, label, 1, 5) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={"total": Score(ITEMS, total, "HIT-6 total")},
    extra=(Column("hit6_total", "integer", "total as supplied with the export", "points", 36, 78),),
    rules=(
        Rule("hit6_total_agrees", "the total recomputed from the six items", ("hit6_total", *ITEMS), total_agrees),
        Rule("hit6_total_possible", "a total that six weights can add up to", ("hit6_total",), total_possible),
    ),
)

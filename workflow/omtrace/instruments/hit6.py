"""HIT-6, the six-item Headache Impact Test."""

from omtrace.instruments import Instrument, Item, ItemRule, Score
from omtrace.instruments._sums import sum_of_weights
from omtrace.instruments._supplied import FIX, agrees, open_items

# Weights of the answers never, rarely, sometimes, very often, always (item codes 1 to 5).
WEIGHTS = {1: 6, 2: 8, 3: 10, 4: 11, 5: 13}
ANSWERS = ("never", "rarely", "sometimes", "very often", "always")
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
    return sum_of_weights(items, WEIGHTS)


def item_mean(items):
    """Mean of the six codes: 1 to 5, higher is worse. It does not determine the total: the weights are not linear."""
    return items.sum(axis=1, min_count=len(ITEMS)) / len(ITEMS)


def band_of(totals):
    """Impact little or none (to 49), some (50 to 55), substantial (56 to 59), severe (60 and more) as 1 to 4."""
    import pandas

    return pandas.cut(totals, [-1, 49, 55, 59, float("inf")], labels=False).astype("float64") + 1


def band(items):
    """The band of the six items' total."""
    return band_of(total(items))


def complete(frame):
    """The items, and missing throughout where one of them is open."""
    items = frame[list(ITEMS)].astype("float64")
    return items.where(items.notna().all(axis=1))


def total_possible(totals):
    """No six weights add up to 37, 39 or 77 (all 15,625 patterns enumerated)."""
    return ~totals.isin([37, 39, 77])


INSTRUMENT = Instrument(
    title="HIT-6",
    version="1.0",
    source="Kosinski 2003, doi:10.1023/a:1026119331193; weights 6, 8, 10, 11, 13 and bands to 49, 55 and "
    "59 as in public scorers. No official rule for missing items was found: a total needs all six.",
    recall="4 weeks (items 4 to 6)",
    items=tuple(Item(name, label, 1, 5) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={
        "total": Score(ITEMS, total, "HIT-6 total"),
        "item_mean": Score(ITEMS, item_mean, "HIT-6 item mean"),
        "band": Score(ITEMS, band, "HIT-6 band of impact"),
    },
    extra=(
        Item("hit6_total", "total as supplied with the export; a mean of 1 to 5 is not one", 36, 78, unit="points"),
        Item(
            "hit6_item_mean",
            "mean of the six codes 1 to 5, as supplied with the export",
            1,
            5,
            unit="points",
            kind="number",
            source="the only reading that fits the values printed by the 2023 feasibility study, "
            "doi:10.1370/afm.22.s1.5587; no published rule was found",
        ),
    ),
    rules=(
        ItemRule(
            "hit6_total_agrees",
            "the total recomputed from the six items",
            ("hit6_total", *ITEMS),
            lambda frame: agrees(frame["hit6_total"], total(complete(frame))),
            example="a total of 60 where the items give 62",
            fix=FIX,
        ),
        open_items("hit6_total", ITEMS, "a total"),
        ItemRule(
            "hit6_total_possible",
            "a total that six weights can add up to",
            ("hit6_total",),
            total_possible,
            example="a total of 37, 39 or 77",
            fix=FIX,
        ),
        ItemRule(
            "hit6_item_mean_agrees",
            "the mean of the six codes 1 to 5",
            ("hit6_item_mean", *ITEMS),
            lambda frame: agrees(frame["hit6_item_mean"], item_mean(complete(frame))),
            example="a mean of 3.4 where the codes give 3.67",
            fix=FIX,
        ),
    ),
    codings={
        "zero_based": {str(code - 1): str(code) for code in WEIGHTS},
        "weights": {str(weight): str(code) for code, weight in WEIGHTS.items()},
        "labels": {answer: str(code) for code, answer in enumerate(ANSWERS, 1)},
    },
)

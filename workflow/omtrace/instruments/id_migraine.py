"""ID-Migraine, the three-item screener."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import sum_of

ITEMS = tuple(f"id_migraine_{n}" for n in range(1, 4))
LABELS = ("nausea", "bothered by light", "limited for a day or more")


def positive(items):
    """1 where two of the three are answered with yes, else 0."""
    return (items.sum(axis=1) >= 2).astype("float64")


INSTRUMENT = Instrument(
    title="ID-Migraine",
    version="3 items",
    source="Lipton 2003, doi:10.1212/01.wnl.0000078940.53438.83: positive with two of three, sensitivity 0.81 and "
    "specificity 0.75 in primary care. A score needs all three answers.",
    recall="3 months",
    items=tuple(Item(name, label, 0, 1) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={
        "count": Score(ITEMS, sum_of, "ID-Migraine, answers with yes"),
        "positive": Score(ITEMS, positive, "ID-Migraine positive"),
    },
    codings={"yes_is_1_no_is_2": {"1": "1", "2": "0"}, "labels": {"yes": "1", "no": "0"}},
    aliases=("idm",),
)

"""mTOQ-4, the Migraine Treatment Optimization Questionnaire in four items: how well acute treatment works."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import sum_of_weights

ANSWERS = ("never", "rarely", "less than half the time", "half the time or more")
POINTS = {1: 0, 2: 0, 3: 1, 4: 2}
ITEMS = tuple(f"mtoq4_{n}" for n in range(1, 5))
LABELS = ("free of pain in two hours", "one dose for a day", "planning of the day", "return to activities")


def total(items):
    """Sum of the points: 0 to 8, higher is better."""
    return sum_of_weights(items, POINTS)


def band(items):
    """Very poor (0), poor (1 to 5), moderate (6 and 7), maximum (8) as 1 to 4."""
    import pandas

    return pandas.cut(total(items), [-1, 0, 5, 7, 8], labels=False).astype("float64") + 1


INSTRUMENT = Instrument(
    title="mTOQ-4",
    version="4 items",
    source="Lipton 2015, doi:10.1212/WNL.0000000000001256: never and rarely 0, less than half the time 1, half the "
    "time or more 2 points; very poor 0, poor 1 to 5, moderate 6 and 7, maximum 8. A score needs all four answers.",
    recall="4 weeks",
    items=tuple(Item(name, label, 1, 4) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={"total": Score(ITEMS, total, "mTOQ-4 total"), "band": Score(ITEMS, band, "mTOQ-4 efficacy, 1 to 4")},
    codings={
        "zero_based": {str(code - 1): str(code) for code in POINTS},
        "labels": {answer: str(code) for code, answer in enumerate(ANSWERS, 1)},
    },
    aliases=("mtoq",),
)

"""HADS, the Hospital Anxiety and Depression Scale. Answers are item scores: items that run the other way are turned."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import banded, sum_of

ITEMS = tuple(f"hads_{n}" for n in range(1, 15))
LABELS = (
    "tension",
    "enjoyment as before",
    "frightened feeling",
    "sense of humour",
    "worries",
    "cheerfulness",
    "being at ease",
    "being slowed down",
    "fear felt in the stomach",
    "care for appearance",
    "restlessness",
    "looking forward",
    "panic",
    "enjoyment of a book or programme",
)
SCALES = {"anxiety": ITEMS[::2], "depression": ITEMS[1::2]}
HALF = 4  # answered items of seven

INSTRUMENT = Instrument(
    title="HADS",
    version="14 items",
    source="Zigmond 1983, doi:10.1111/j.1600-0447.1983.tb09716.x: item scores 0 to 3, odd items anxiety, even ones "
    "depression, 0 to 21 each; none to 7, possible to 10, probable from 11. Open items: the mean of the answered ones "
    "of the scale where at least half are answered, Bell 2016, doi:10.1186/s13104-016-2284-z.",
    recall="7 days",
    items=tuple(Item(name, label, 0, 3) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={name: Score(items, sum_of, f"HADS {name}", HALF) for name, items in SCALES.items()}
    | {
        f"{name}_band": Score(items, banded(7, 10), f"HADS {name}, none to probable as 1 to 3", HALF)
        for name, items in SCALES.items()
    },
    aliases=("had",),
)

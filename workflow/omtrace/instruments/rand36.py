"""RAND 36-Item Health Survey 1.0 from its 36 items, which are those of the SF-36."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments.sf36 import SCALES as LABELS

# Number of answers, and whether the first is the best -> the items.
FORMS = {
    (5, True): (1, 2, 20, 22, 34, 36),
    (3, False): tuple(range(3, 13)),
    (2, False): tuple(range(13, 20)),
    (6, True): (21, 23, 26, 27, 30),
    (6, False): (24, 25, 28, 29, 31),
    (5, False): (32, 33, 35),
}
SCALES = {
    "pf": tuple(range(3, 13)),
    "rlp": (13, 14, 15, 16),
    "rle": (17, 18, 19),
    "ef": (23, 27, 29, 31),
    "ewb": (24, 25, 26, 28, 30),
    "sf": (20, 32),
    "p": (21, 22),
    "gen": (1, 33, 34, 35, 36),
    "hc": (2,),
}
ANSWERS = {item: form for form, items in FORMS.items() for item in items}
SCALE_OF = {item: name for name, items in SCALES.items() for item in items}


def points(items):
    """Answers as points from 0 to 100, 100 the best."""

    def one(column):
        n, best_first = ANSWERS[int(column.name.rpartition("_")[2])]
        share = (column - 1) / (n - 1) * 100
        return 100 - share if best_first else share

    return items.apply(one)


def mean(items):
    """Mean of the points: 0 to 100, higher is better."""
    return items.sum(axis=1, min_count=items.shape[1]) / items.shape[1]


INSTRUMENT = Instrument(
    title="RAND-36",
    version="1.0, 36 items",
    source="RAND 36-Item Health Survey 1.0, Hays 1993, doi:10.1002/hec.4730020305, and "
    "www.rand.org/health/surveys_tools/mos: items scored 0 to 100, a scale is the mean of its answered items, however "
    "many. The MOS SF-36 scores pain and general health in another way.",
    recall="4 weeks (none for items 1 and 3 to 12)",
    items=tuple(Item(f"rand36_{n}", f"item {n}: {LABELS[SCALE_OF[n]][0]}", 1, ANSWERS[n][0]) for n in range(1, 37)),
    scores={
        name: Score(tuple(f"rand36_{n}" for n in items), mean, f"RAND-36 {LABELS[name][0]}", 1, points)
        for name, items in SCALES.items()
    },
    aliases=("sf36", "rand"),
)

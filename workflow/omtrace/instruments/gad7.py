"""GAD-7, the seven-item scale of generalised anxiety."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import FREQUENCIES, banded, sum_of

ITEMS = tuple(f"gad7_{n}" for n in range(1, 8))
LABELS = (
    "nervousness",
    "worrying that cannot be stopped",
    "too much worrying",
    "trouble relaxing",
    "restlessness",
    "irritability",
    "fear of something awful",
)

INSTRUMENT = Instrument(
    title="GAD-7",
    version="7 items",
    source="Spitzer 2006, doi:10.1001/archinte.166.10.1092: answers 0 to 3, total 0 to 21; minimal to 4, mild to 9, "
    "moderate to 14, severe from 15. No rule of the authors for missing items was found: a score needs all seven.",
    recall="2 weeks",
    items=tuple(Item(name, label, 0, 3) for name, label in zip(ITEMS, LABELS, strict=True)),
    scores={
        "total": Score(ITEMS, sum_of, "GAD-7 total"),
        "band": Score(ITEMS, banded(4, 9, 14), "GAD-7 severity, 1 to 4"),
    },
    codings=FREQUENCIES,
    aliases=("gad",),
)

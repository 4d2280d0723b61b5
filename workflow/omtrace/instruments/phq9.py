"""PHQ-9, the nine-item depression scale of the Patient Health Questionnaire."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import FREQUENCIES, banded, sum_of

ITEMS = tuple(f"phq9_{n}" for n in range(1, 10))
LABELS = (
    "loss of interest",
    "low mood",
    "sleep",
    "tiredness",
    "appetite",
    "low self-esteem",
    "concentration",
    "slowness or restlessness",
    "thoughts of death or self-harm",
)


def syndrome(items):
    """1 for a major depressive syndrome, else 0: five items on more than half the days, one of the first two in them.

    The ninth item counts on several days already.
    """
    counts = (items >= 2).assign(**{ITEMS[8]: items[ITEMS[8]] >= 1})
    return ((counts.sum(axis=1) >= 5) & counts[list(ITEMS[:2])].any(axis=1)).astype("float64")


INSTRUMENT = Instrument(
    title="PHQ-9",
    version="9 items",
    source="Kroenke 2001, doi:10.1046/j.1525-1497.2001.016009606.x: answers 0 to 3, total 0 to 27; none or minimal to "
    "4, mild to 9, moderate to 14, moderately severe to 19, severe from 20. Syndrome: Spitzer 1999, "
    "doi:10.1001/jama.282.18.1737. No rule of the authors for missing items was found: a score needs all nine.",
    recall="2 weeks",
    items=(
        *(Item(name, label, 0, 3) for name, label in zip(ITEMS, LABELS, strict=True)),
        Item("phq9_10", "difficulty that the problems make (not scored)", 0, 3),
    ),
    optional=("phq9_10",),
    scores={
        "total": Score(ITEMS, sum_of, "PHQ-9 total"),
        "band": Score(ITEMS, banded(4, 9, 14, 19), "PHQ-9 severity, 1 to 5"),
        "syndrome": Score(ITEMS, syndrome, "PHQ-9 major depressive syndrome"),
    },
    codings=FREQUENCIES,
    aliases=("phq",),
)

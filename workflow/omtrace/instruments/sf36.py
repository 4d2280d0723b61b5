"""SF-36, scored by the rules of the RAND 36-Item Health Survey 1.0: the scale scores as they arrive, without items."""

from itertools import product

from omtrace.instruments import Instrument, Item, ItemRule, Score
from omtrace.instruments._supplied import on_grid

# Scale: label, and for each of its items the step between answers on the scale from 0 to 100.
SCALES = {
    "pf": ("physical functioning", (50,) * 10),
    "rlp": ("role limitations, physical", (100,) * 4),
    "rle": ("role limitations, emotional", (100,) * 3),
    "ef": ("energy and fatigue", (20,) * 4),
    "ewb": ("emotional well-being", (20,) * 5),
    "sf": ("social functioning", (25,) * 2),
    "p": ("pain", (20, 25)),
    "gen": ("general health", (25,) * 5),
    "hc": ("change in health over a year", (25,)),
}


def grid(steps: tuple[int, ...]) -> set[float]:
    """Every mean of answered items, however many were answered: open items are left out of the mean."""
    sums: set[tuple[int, int]] = {(0, 0)}  # answered items, their sum
    for step in steps:
        answers = [(0, 0), *((1, value) for value in range(0, 101, step))]
        sums = {(n + more, total + value) for (n, total), (more, value) in product(sums, answers)}
    return {total / n for n, total in sums if n}


def as_supplied(items):
    """The scale score itself."""
    return items.iloc[:, 0]


def scale_rule(name: str) -> ItemRule:
    """A scale score is a mean of item scores. Only a warning: other scoring rules for the same items exist."""
    column, (_, steps) = f"sf36_{name}", SCALES[name]
    return ItemRule(
        f"{column}_grid",
        f"a mean of up to {len(steps)} item scores, rounded as printed",
        (column,),
        lambda scores: on_grid(scores, grid(steps)),
        severity="warn",
        example="13.7 on a scale whose item scores are multiples of 25",
        fix="ask by which rules the scales were scored; the MOS SF-36 scores pain and general health in another way",
    )


INSTRUMENT = Instrument(
    title="SF-36",
    version="RAND 1.0, scale scores",
    source="RAND 36-Item Health Survey 1.0, Hays 1993 and www.rand.org/health/surveys_tools/mos: items scored 0 to "
    "100, a scale is the mean of its answered items, higher is better. Scale names as in the acupuncture trial's data, "
    "Trials 2006;7:15. Scores are taken as supplied; items are not scored here.",
    recall="4 weeks; a year for the change in health",
    items=tuple(
        Item(f"sf36_{name}", label, 0, 100, unit="points", kind="number") for name, (label, _) in SCALES.items()
    ),
    scores={name: Score((f"sf36_{name}",), as_supplied, f"SF-36 {label}") for name, (label, _) in SCALES.items()},
    rules=tuple(scale_rule(name) for name in SCALES),
)

"""PGIC, the Patient Global Impression of Change: one answer in seven levels."""

from omtrace.instruments import Instrument, Item, Score

ANSWERS = (
    "very much improved",
    "much improved",
    "minimally improved",
    "no change",
    "minimally worse",
    "much worse",
    "very much worse",
)
LEVELS = range(1, len(ANSWERS) + 1)


def answer(items):
    """The answer itself, 1 (very much improved) to 7 (very much worse): lower is better."""
    return items["pgic"]


def improved(items):
    """1 for very much or much improved, else 0."""
    return (items["pgic"] <= 2).astype("float64")


INSTRUMENT = Instrument(
    title="PGIC",
    version="seven levels",
    source="NINDS common data element 25166 (public domain): 1 very much improved to 7 very much worse. The opposite "
    "direction is in use as well, so the plan declares it for each export. Labels as in the CGI improvement item, "
    "PMC2880930. Very much or much improved counts as improved, as in the post hoc analyses of PROMISE-2.",
    recall="since the start of treatment",
    items=(Item("pgic", "overall change since the start of treatment", 1, 7),),
    scores={"answer": Score(("pgic",), answer, "PGIC"), "improved": Score(("pgic",), improved, "PGIC improved")},
    codings={
        "best_is_1": {str(level): str(level) for level in LEVELS},
        "best_is_7": {str(level): str(8 - level) for level in LEVELS},
        "labels": {label: str(level) for level, label in enumerate(ANSWERS, 1)},
    },
    must_declare=True,
)

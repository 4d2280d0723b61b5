"""MIDAS, the Migraine Disability Assessment."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.schemas import Rule

WINDOW = 92  # days in the longest three calendar months
ITEMS = tuple(f"midas_{n}" for n in range(1, 6))
LABELS = (
    "days of work or school missed",
    "further days of work or school at half productivity or less",
    "days without household work",
    "further days of household work at half productivity or less",
    "days without family, social or leisure activity",
)


def total(items):
    """Sum of the five day counts: 0 to 270 and a little more, higher is worse."""
    return items.sum(axis=1, min_count=len(ITEMS))


def grade(items):
    """Grade I (0-5), II (6-10), III (11-20), IV (21 and more) as 1 to 4."""
    import pandas

    days = total(items)
    return pandas.cut(days, [-1, 5, 10, 20, float("inf")], labels=False).astype("float64") + 1


def fits(first: str, second: str):
    """Two counts of different days of one activity cannot exceed the window."""
    return lambda frame: (frame[first].fillna(0) + frame[second].fillna(0)) <= WINDOW


INSTRUMENT = Instrument(
    title="MIDAS",
    version="1.0",
    source="Stewart 2001; grades I 0-5, II 6-10, III 11-20, IV 21 and more. A blank is not zero: the form asks for 0 "
    "where an activity was not done. No official rule for missing items was found: a total needs all five.",
    recall="3 months",
    items=(
        *(Item(name, label, 0, WINDOW) for name, label in zip(ITEMS, LABELS, strict=True)),
        Item("midas_a", "headache days (not scored)", 0, WINDOW),
        Item("midas_b", "mean pain, 0 to 10 (not scored)", 0, 10),
    ),
    scores={"total": Score(ITEMS, total, "MIDAS total"), "grade": Score(ITEMS, grade, "MIDAS grade")},
    rules=(
        Rule("midas_work_days", f"items 1 and 2 together at most {WINDOW} days", ("midas_1", "midas_2"),
             fits("midas_1", "midas_2")),
        Rule("midas_household_days", f"items 3 and 4 together at most {WINDOW} days", ("midas_3", "midas_4"),
             fits("midas_3", "midas_4")),
    ),
)  # fmt: skip

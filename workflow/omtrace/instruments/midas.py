"""MIDAS, the Migraine Disability Assessment.

Three things look alike in an export and are not: an activity that was not done (the form asks for 0; where a site has
a code for it, the plan's ``structural_zeros`` names it), a form that was not scheduled (no row is expected: the recall
is three months), and an answer that is missing. Only the first counts as zero.
"""

from omtrace.instruments import Instrument, Item, ItemRule, Score
from omtrace.instruments._supplied import FIX, agrees, open_items

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
    """Sum of the five day counts: 0 to 276 (three times the 92 days of the longest three months), higher is worse."""
    return items.sum(axis=1, min_count=len(ITEMS))


def grade_of(days):
    """Grade I (0-5), II (6-10), III (11-20), IV (21 and more) as 1 to 4, of totals."""
    import pandas

    return pandas.cut(days, [-1, 5, 10, 20, float("inf")], labels=False).astype("float64") + 1


def grade(items):
    """The grade of the five items' total."""
    return grade_of(total(items))


def recomputed(frame):
    """The total where all five items are there, else missing."""
    return total(frame[list(ITEMS)].astype("float64"))


def grade_agrees(frame):
    """A supplied grade is that of the recomputed total, or, with open items, that of the supplied one."""
    days = recomputed(frame).fillna(frame["midas_total"].astype("float64"))
    return agrees(frame["midas_grade"], grade_of(days))


def fits(first: str, second: str):
    """Two counts of different days of one activity cannot exceed the window."""
    return lambda frame: (frame[first].fillna(0) + frame[second].fillna(0)) <= WINDOW


def headache_days_fit(frame):
    """Days lost to headache are headache days, so the largest count is usually not above them."""
    return frame["midas_a"] >= frame[list(ITEMS)].max(axis=1)


INSTRUMENT = Instrument(
    title="MIDAS",
    version="1.0",
    source="Stewart 2001; grades I 0-5, II 6-10, III 11-20, IV 21 and more. A blank is not zero: the form asks for 0 "
    "where an activity was not done. No official rule for missing items was found: a total needs all five.",
    recall="3 months",
    items=(
        *(Item(name, label, 0, WINDOW, unit="d") for name, label in zip(ITEMS, LABELS, strict=True)),
        Item("midas_a", "headache days (not scored)", 0, WINDOW, unit="d"),
        Item("midas_b", "mean pain, 0 to 10 (not scored)", 0, 10, unit="points"),
    ),
    optional=("midas_a", "midas_b"),
    scores={"total": Score(ITEMS, total, "MIDAS total"), "grade": Score(ITEMS, grade, "MIDAS grade")},
    extra=(
        Item("midas_total", "total as supplied with the export", 0, 3 * WINDOW, unit="d"),
        Item("midas_grade", "grade as supplied with the export, I to IV as 1 to 4", 1, 4),
    ),
    rules=(
        ItemRule(
            "midas_work_days",
            f"items 1 and 2 together at most {WINDOW} days",
            ("midas_1", "midas_2"),
            fits("midas_1", "midas_2"),
            example="60 days missed and 40 further days at half productivity",
        ),
        ItemRule(
            "midas_household_days",
            f"items 3 and 4 together at most {WINDOW} days",
            ("midas_3", "midas_4"),
            fits("midas_3", "midas_4"),
            example="60 days without and 40 further days with half the household work",
        ),
        ItemRule(
            "midas_total_agrees",
            "the total recomputed from the five items",
            ("midas_total", *ITEMS),
            lambda frame: agrees(frame["midas_total"], recomputed(frame)),
            example="a total of 30 where the items add up to 31",
            fix=FIX,
        ),
        open_items("midas_total", ITEMS, "a total"),
        ItemRule(
            "midas_grade_agrees",
            "the grade of the total",
            ("midas_grade", "midas_total", *ITEMS),
            grade_agrees,
            example="grade II beside a total of 11 days",
            fix=FIX,
        ),
        ItemRule(
            "midas_headache_days",
            "at least as many headache days as the largest of the five counts",
            ("midas_a", *ITEMS),
            headache_days_fit,
            severity="note",
            example="20 days missed but 15 headache days",
            fix="nothing, if the form says so: people count days after a headache as well",
        ),
    ),
)

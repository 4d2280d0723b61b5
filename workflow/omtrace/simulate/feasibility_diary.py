"""Headache diaries and adverse events of the simulated feasibility study.

Study day 1 is the day of the first session, and there is no day 0. The diary has 28 days before it, and goes on to the
end of the third month after the last session that the protocol plans (day 57). Headache days fall modestly.
"""

from omtrace.simulate.care import CODED, coded, with_drugs
from omtrace.simulate.defects import Row
from omtrace.simulate.streams import Stream, nearest, within

STUDY = "omt_feasibility"
BEFORE, LAST = 28, 148
REMAINING = ((0, 1.0), (28, 0.95), (56, 0.90), (LAST, 0.84))  # up to a day: share of the days before treatment
EVENT_CHANCE = 0.3  # for each of two chances a participant
# Enrolled as chronic, and not so by the diary: a protocol deviation.
EPISODIC_BY_DIARY = "SM-05"


def diary_of(name: str, severity: float) -> list[Row]:
    """The diary of one participant."""
    stream = Stream(STUDY, name, "diary")
    migraine_days = within(15.5 + 4.0 * (0.4 * severity + 0.9 * stream.normal()), 11, 24)
    headache_days = within(migraine_days * 1.25 + 2, 18, 27)
    if name == EPISODIC_BY_DIARY:
        migraine_days, headache_days = 6.0, 10.0
    filled = within(stream.normal(0.95, 0.03), 0.85, 1.0)
    rows = []
    for day in (*range(-BEFORE, 0), *range(1, LAST + 1)):
        remaining = next(share for last, share in REMAINING if day <= last)
        there, luck = stream.chance(filled), round(stream.uniform(), 9)
        migraine = luck < round(migraine_days / 28 * remaining, 9)
        headache = migraine or luck < round(headache_days / 28 * remaining, 9)
        pain = nearest(within(stream.normal(6.8 if migraine else 3.8, 1.3), 1, 10))
        treated = stream.chance(0.6 if migraine else 0.25)
        row = {
            "participant_id": name,
            "study_day": day,
            "headache": int(headache),
            "migraine": int(migraine),
            "pain_max": pain if headache else 0,
            "acute_medication": int(headache and treated),
        }
        rows += [row] if there else []
    return with_drugs(STUDY, name, rows)


def events_of(name: str) -> list[Row]:
    """The adverse events of one participant."""
    stream, rows = Stream(STUDY, name, "adverse events"), []
    for _ in range(2):
        there, term = stream.chance(EVENT_CHANCE), stream.pick(tuple(CODED))
        day, luck, related = stream.whole(1, 120), stream.uniform(), stream.pick(("possible", "no", "no"))
        if there:
            severity = "mild" if luck < 0.8 else "moderate"
            row = {"participant_id": name, "study_day": day, "term": term, "severity": severity, "related": related}
            rows.append({**row, **coded(term)})
    return sorted(rows, key=lambda row: row["study_day"])

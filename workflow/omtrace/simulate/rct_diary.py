"""Headache diaries and adverse events of the simulated randomised trial.

Study day 1 is the day of the first session, the day before is -1, and there is no day 0. The diary has 28
days before the first session and 84 from it on; a day without a row was not filled in. Migraine days fall in
both arms, more under OMT (see ``REMAINING``).
"""

from omtrace.simulate.care import coded, with_drugs
from omtrace.simulate.defects import Row
from omtrace.simulate.rct_people import STUDY, Participant
from omtrace.simulate.streams import Stream, nearest, within

DIARY_COLUMNS = ["participant_id", "study_day", "headache", "migraine", "pain_max", "acute_medication", "acute_class"]
EVENT_COLUMNS = [
    "participant_id",
    "study_day",
    "term",
    "system",
    "severity",
    "related",
    "soc",
    "preferred_term",
    "serious",
]

BEFORE, AFTER = 28, 84
LEAVING_DAYS = (38, 80)  # last diary day of those who leave after the first visit
# Share of the days before treatment that remains in days -28 to -1, 1 to 28, 29 to 56 and 57 to 84.
REMAINING = {"OMT": (1.0, 0.90, 0.82, 0.74), "sham": (1.0, 0.96, 0.92, 0.90)}

# Term, system, whether it can come from the treatment.
TERMS = (
    ("neck soreness", "musculoskeletal", True),
    ("stiff shoulders", "musculoskeletal", True),
    ("low back pain", "musculoskeletal", False),
    ("headache worse than usual", "nervous system", True),
    ("light-headed on standing up", "nervous system", True),
    ("tired for a day", "general", True),
    ("nausea", "digestive", True),
    ("stomach upset", "digestive", False),
    ("common cold", "respiratory", False),
    ("sore throat", "respiratory", False),
    ("twisted ankle", "injury", False),
)
EVENT_CHANCE = {"OMT": 0.22, "sham": 0.16}  # for each of two chances a participant
# By the last event attended before leaving ("" = stayed to the end).
LAST_EVENT_DAY = {"": 90, "month_1_arm_1": 60, "baseline_arm_1": 28}


def diary_rows(people: list[Participant]) -> list[Row]:
    """One row a participant and day filled in."""
    return [row for person in people for row in with_drugs(STUDY, person.name, diary_of(person))]


def diary_of(person: Participant) -> list[Row]:
    """The diary of one participant, up to the day of leaving."""
    stream = Stream(STUDY, person.name, "diary")
    filled = within(stream.normal(0.94, 0.05), 0.75, 1.0)
    last_session = 1 + (person.sessions[-1]["session_on"] - person.first).days
    end = AFTER
    if person.left:
        end = stream.whole(*(LEAVING_DAYS if person.left == "month_1_arm_1" else (last_session, last_session + 14)))
    rows = []
    for day in (*range(-BEFORE, 0), *range(1, end + 1)):
        there = stream.chance(filled)
        row = diary_day(person, stream, day)
        if there:
            rows.append(row)
    return rows


def diary_day(person: Participant, stream: Stream, day: int) -> Row:
    """One day: a migraine day is a headache day; pain and medication only with a headache."""
    remaining = REMAINING[person.arm][0 if day < 0 else 1 + (day - 1) // 28]
    luck = round(stream.uniform(), 9)
    migraine = luck < round(person.migraine_days / 28 * remaining, 9)
    headache = migraine or luck < round(person.headache_days / 28 * remaining, 9)
    pain = nearest(within(stream.normal(6.8 if migraine else 3.8, 1.3), 1, 10))
    treated = stream.chance(0.7 if migraine else 0.3)
    return {
        "participant_id": person.name,
        "study_day": day,
        "headache": int(headache),
        "migraine": int(migraine),
        "pain_max": pain if headache else 0,
        "acute_medication": int(headache and treated),
    }


def event_rows(people: list[Participant]) -> list[Row]:
    """Adverse events in order of participant and day, a few more under OMT."""
    rows = []
    for person in people:
        stream = Stream(STUDY, person.name, "adverse events")
        mine = [event(person, stream) for _ in range(2) if stream.chance(EVENT_CHANCE[person.arm])]
        rows += sorted(mine, key=lambda row: row["study_day"])
    return rows


def event(person: Participant, stream: Stream) -> Row:
    """One adverse event between the first session and the last day under observation."""
    term, system, possible = stream.pick(TERMS)
    luck = stream.uniform()
    return {
        "participant_id": person.name,
        "study_day": stream.whole(1, LAST_EVENT_DAY[person.left]),
        "term": term,
        "system": system,
        "severity": "mild" if luck < 0.7 else "moderate" if luck < 0.96 else "severe",
        "related": stream.pick(("yes", "possible", "possible", "no")) if possible else "no",
        **coded(term),
    }

"""The simulated feasibility study: a REDCap export of eleven participants, and the clinic's log of the treatment.

Design as in the public record of the 2023 study (doi:10.1370/afm.22.s1.5587; NCT04520425): eleven
participants with chronic migraine, three to five treatments a fortnight apart, questionnaires at baseline and
one and three months after the last treatment, MIDAS not at one month. The values are drawn, not reported: no
published result is reproduced.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from omtrace.simulate.answers import (
    CHRONIC,
    HIT6_COLUMNS,
    HIT6_POPULATION,
    MIDAS_COLUMNS,
    MSQ,
    MSQ_COLUMNS,
    SATISFACTION_COLUMNS,
    Disability,
    hit6_answers,
    midas_answers,
    msq_answers,
    related,
)
from omtrace.simulate.care import (
    CARE_COLUMNS,
    ELIGIBILITY_COLUMNS,
    LIFESTYLE_COLUMNS,
    care_rows,
    eligibility,
    lifestyle,
)
from omtrace.simulate.defects import Defect, Row, with_defects
from omtrace.simulate.feasibility_diary import diary_of, events_of
from omtrace.simulate.rct_diary import DIARY_COLUMNS, EVENT_COLUMNS
from omtrace.simulate.streams import Stream, nearest, weekday, within
from omtrace.simulate.treatment import (
    MOVEMENT_COLUMNS,
    PROVIDER_COLUMNS,
    RELEASE,
    Treatment,
    movements_of,
    provided,
    provider_rows,
)
from omtrace.store import write_csv

STUDY = "omt_feasibility"
FILE, MOVEMENTS, PROVIDERS = "redcap.csv", "movements.csv", "providers.csv"
DIARY, EVENTS, CARE = "diary.csv", "adverse_events.csv", "care_log.csv"
CLINICIANS = ("DO-1", "DO-2", "DO-3")
PARTICIPANTS = [f"SM-{n:02d}" for n in range(1, 12)]
COLUMNS = [
    "record_id",
    "redcap_event_name",
    "enrolled_on",
    "age",
    "sex",
    "botox_ever",
    "topiramate_12m",
    *ELIGIBILITY_COLUMNS,
    "demographics_complete",
    "session_on",
    "movements_done",
    "minutes",
    "provider_id",
    "session_complete",
    *HIT6_COLUMNS,
    *MSQ_COLUMNS,
    *MIDAS_COLUMNS,
    *SATISFACTION_COLUMNS,
    *LIFESTYLE_COLUMNS,
    "visit_note",
]

# Expected normal order statistics of eleven: so small a sample must not miss its calibration by chance.
SCORES = (-1.59, -1.06, -0.73, -0.46, -0.22, 0.0, 0.22, 0.46, 0.73, 1.06, 1.59)
ATTENDED = (5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 3)
SATISFACTION = (5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4)
FIRST_DAY = date(2022, 9, 12)
SESSION_NOTES = (
    "Tolerated well.",
    'Says the neck feels "a bit looser" afterwards.\nNo questions.',
    "Arrived ½ hour late, otherwise as planned",
    "Slight soreness the day after, gone by evening",
    'Asked: "may I drive home?"\n\nAdvised to wait 15 minutes, then yes.',
    "Room changed; the same practitioner",
)
FORM_NOTES = (
    "Filled the forms in alone, no help needed",
    'Wrote beside the form: "depends on the week".\nAnswered all the same.',
    "Read the forms aloud, new glasses not yet there",
)


def at(record: str, event: str) -> Row:
    """The columns that name a row of the export."""
    return {"record_id": record, "redcap_event_name": f"{event}_arm_1"}


def other_total(row: Row) -> int:
    """A total that six weights can have, but not these."""
    return row["hit6_total"] + (4 if row["hit6_total"] < 70 else -4)


DEFECTS = (
    Defect(FILE, at("SM-04", "month_1"), {"hit6_3": 7, "hit6_total": None}, "HIT-6 item out of range"),
    Defect(FILE, at("SM-09", "month_3"), {"hit6_total": other_total}, "total differs from the items"),
    Defect(FILE, at("SM-02", "month_3"), {"hit6_5": None, "hit6_total": None}, "HIT-6 item left blank"),
    Defect(
        FILE,
        at("SM-06", "baseline"),
        {"midas_1": 50, "midas_2": 48, "midas_a": 80},
        "items 1 and 2 together exceed 92 days",
    ),
    Defect(FILE, at("SM-01", "treatment_3"), {}, "exact duplicate of the row before", "repeat"),
    Defect(FILE, at("SM-08", "month_1"), {"msq_5": "3 or 4"}, "text where a code belongs"),
    Defect(FILE, at("SM-10", "month_3"), {"msq_complete": 0}, "form with data but status 0 (incomplete)"),
    Defect(
        FILE,
        at("SM-11", "month_1"),
        {"msq_complete": 0, **dict.fromkeys(MSQ)},
        "blank form with status 0 at a scheduled visit",
    ),
    Defect(FILE, at("SM-07", "month_3"), {"midas_2": -99}, "coded -99, not done"),
    Defect(FILE, at("SM-03", "baseline"), {"midas_5": -98}, "coded -98, refused"),
    Defect(FILE, at("SM-10", "month_1"), {"msq_9": -98}, "coded -98, refused"),
    Defect(FILE, at("SM-01", "month_3"), {"midas_b": -99}, "coded -99, not done"),
)


def write(folder: Path) -> list[Path]:
    """Write the study's exports below a folder and name the files written."""
    people = participants()
    severity = {person.name: person.severity for person in people}
    rows = [row for person in people for row in events(person)]
    files = {
        FILE: (COLUMNS, rows),
        MOVEMENTS: (MOVEMENT_COLUMNS, movement_rows(rows)),
        PROVIDERS: (
            [name for name in PROVIDER_COLUMNS if name != "site"],
            provider_rows(STUDY, [(name, "") for name in CLINICIANS], FIRST_DAY),
        ),
        DIARY: (DIARY_COLUMNS, [row for name in PARTICIPANTS for row in diary_of(name, severity[name])]),
        EVENTS: (
            [name for name in EVENT_COLUMNS if name != "system"],
            [row for name in PARTICIPANTS for row in events_of(name)],
        ),
        CARE: (CARE_COLUMNS, [row for name in PARTICIPANTS for row in care_rows(STUDY, name, 0.15, 120)]),
    }
    for file, (columns, clean) in files.items():
        cells = ([row[name] for name in columns] for row in with_defects(file, clean, DEFECTS))
        write_csv(folder / STUDY / file, columns, cells)
    return [folder / STUDY / file for file in files]


def movement_rows(rows: list[Row]) -> list[Row]:
    """The movements of all sessions of the export."""
    movements: list[Row] = []
    for name in PARTICIPANTS:
        mine = [row for row in rows if row["record_id"] == name and row["session_on"]]
        sessions = [{**row, "session": row["redcap_event_name"].split("_")[1]} for row in mine]
        movements += movements_of(name, sessions, Treatment(STUDY, RELEASE, CLINICIANS[-1]))
    return movements


@dataclass(frozen=True)
class Person:
    """What a participant brings: severity in SD, age in years, sex, sessions attended, satisfaction, enrolment."""

    name: str
    severity: float
    age: int
    sex: int
    attended: int
    satisfaction: int
    enrolled: date


def participants() -> list[Person]:
    """The participants in order of enrolment."""
    stream = Stream(STUDY, "participants")
    scores = stream.shuffled(SCORES)
    ages = stream.shuffled([nearest(within(47 + 9.5 * score, 18, 60)) for score in SCORES])
    man = stream.whole(0, len(PARTICIPANTS) - 1)
    attended = stream.shuffled(ATTENDED)
    satisfaction = stream.shuffled(SATISFACTION)
    enrolled = FIRST_DAY
    people = []
    for n, name in enumerate(PARTICIPANTS):
        enrolled = weekday(enrolled + timedelta(days=stream.whole(3, 12)))
        people.append(
            Person(
                name=name,
                severity=scores[n],
                age=ages[n],
                sex=1 if n == man else 2,
                attended=attended[n],
                satisfaction=satisfaction[n],
                enrolled=enrolled,
            )
        )
    return people


def events(person: Person) -> list[Row]:
    """The rows of one participant, in the order of the events."""
    name, severity, age, sex, enrolled = person.name, person.severity, person.age, person.sex, person.enrolled
    notes = Stream(STUDY, name, "notes")
    demographics = {
        "enrolled_on": enrolled,
        "age": age,
        "sex": sex,
        "botox_ever": 0,
        "topiramate_12m": 0,
        **eligibility(STUDY, name, age, sex, diary_of(name, severity)),
        "demographics_complete": 2,
    }
    sessions = session_rows(name, enrolled, person.attended)
    last = sessions[-1]["session_on"]
    after = (notes.whole(26, 32), notes.whole(87, 95))
    days = [enrolled, *(weekday(last + timedelta(days=days)) for days in after)]
    baseline, month_1, month_3 = visit_answers(name, severity, days)
    rows = [
        {"redcap_event_name": "baseline_arm_1", **demographics, **baseline},
        *sessions,
        {
            "redcap_event_name": "end_of_treatment_arm_1",
            "satisfaction": person.satisfaction,
            "satisfaction_complete": 2,
        },
        {"redcap_event_name": "month_1_arm_1", **month_1},
        {"redcap_event_name": "month_3_arm_1", **month_3},
    ]
    for row in rows:
        if "hit6_on" in row:
            row |= lifestyle(STUDY, name, row["redcap_event_name"])
    for row in rows:
        choices = SESSION_NOTES if "session_on" in row else FORM_NOTES
        row |= {"record_id": name, "visit_note": notes.pick(choices) if notes.chance(0.3) else None}
    return [{**dict.fromkeys(COLUMNS), **row} for row in rows]


def session_rows(name: str, enrolled: date, attended: int) -> list[Row]:
    """The sessions attended, of five planned a fortnight apart; the first is always attended."""
    stream = Stream(STUDY, name, "sessions")
    attended_sessions = sorted([1, *stream.shuffled([2, 3, 4, 5])[: attended - 1]])
    first = weekday(enrolled + timedelta(days=stream.whole(0, 4)))
    rows = []
    for session in attended_sessions:
        short = stream.chance(0.12)
        on = first if session == 1 else weekday(first + timedelta(days=14 * (session - 1) + stream.whole(-1, 2)))
        rows.append(
            {
                "redcap_event_name": f"treatment_{session}_arm_1",
                "session_on": on,
                "movements_done": 4 if short else 5,
                "minutes": 4 if short else 5,
                "session_complete": 2,
            }
        )
    provided(STUDY, name, rows, CLINICIANS)
    return rows


def visit_answers(name: str, severity: float, days: list[date]) -> list[Row]:
    """The questionnaires at baseline, one and three months: HIT-6 falls modestly, the others follow it."""
    stream = Stream(STUDY, name, "answers")
    mean, sd = HIT6_POPULATION[CHRONIC]
    quality, disability = related(stream, severity, 0.65), related(stream, severity, 0.6)
    works = stream.chance(0.8)
    rows = []
    for visit, (day, fall) in enumerate(zip(days, (0.0, 1.8, 3.4), strict=True)):
        change = -fall + (stream.normal(0, 3.6) if visit else 0.0)
        row = hit6_answers(stream, mean + sd * severity + change, day)
        row |= msq_answers(stream, CHRONIC, quality + change / sd)
        if visit != 1:
            status = 1 if stream.chance(0.1) else 2
            row |= midas_answers(stream, CHRONIC, Disability(disability + change / sd, 58.0, works), status)
        rows.append(row)
    return rows

"""The exports of the simulated randomised trial: 140 participants, OMT against sham, at three sites.

Five weekly sessions; questionnaires at baseline, and one and three months after the first session; a daily
diary from 28 days before the first session to day 84. The true effect on HIT-6 at three months is -2.5
points; who leaves depends on the last observed HIT-6 and the sessions attended (missing at random). The
values are drawn, not reported: no published result is reproduced.
"""

from pathlib import Path

from omtrace.simulate.answers import HIT6_COLUMNS, MIDAS_COLUMNS, MSQ_COLUMNS, SATISFACTION_COLUMNS
from omtrace.simulate.care import (
    CARE_COLUMNS,
    ELIGIBILITY_COLUMNS,
    LIFESTYLE_COLUMNS,
    care_rows,
    coded,
    eligibility,
    lifestyle,
    with_drugs,
)
from omtrace.simulate.defects import Defect, Row, with_defects
from omtrace.simulate.rct_diary import DIARY_COLUMNS, EVENT_COLUMNS, diary_of, diary_rows, event_rows
from omtrace.simulate.rct_people import PROVIDERS_OF, STUDY, Participant, simulated
from omtrace.simulate.streams import Stream
from omtrace.simulate.treatment import (
    MOVEMENT_COLUMNS,
    OSTEOPATHIC,
    PROVIDER_COLUMNS,
    Treatment,
    movements_of,
    provider_rows,
)
from omtrace.store import write_csv

QUESTIONNAIRES, SESSIONS, ALLOCATION = "questionnaires.csv", "sessions.csv", "allocation.csv"
DIARY, EVENTS = "diary.csv", "adverse_events.csv"
MOVEMENTS, PROVIDERS, CARE = "movements.csv", "providers.csv", "care_log.csv"
COLUMNS = {
    QUESTIONNAIRES: [
        "record_id",
        "redcap_event_name",
        "enrolled_on",
        "age",
        "sex",
        "site",
        "migraine_type",
        "botox_ever",
        "topiramate_12m",
        *ELIGIBILITY_COLUMNS,
        "demographics_complete",
        *HIT6_COLUMNS,
        *MSQ_COLUMNS,
        *MIDAS_COLUMNS,
        *SATISFACTION_COLUMNS,
        *LIFESTYLE_COLUMNS,
        "visit_note",
    ],
    SESSIONS: ["participant_id", "session", "session_on", "movements_done", "minutes", "provider_id"],
    MOVEMENTS: MOVEMENT_COLUMNS,
    PROVIDERS: PROVIDER_COLUMNS,
    ALLOCATION: ["sequence", "stratum", "block", "arm", "participant_id", "allocated_on"],
    DIARY: DIARY_COLUMNS,
    EVENTS: EVENT_COLUMNS,
    CARE: CARE_COLUMNS,
}
# Chance that a preventive drug is changed; by the last event attended, the last day that is known of.
CHANGES, LAST_DAY = {"OMT": 0.10, "sham": 0.17}, {"": 85, "month_1_arm_1": 50, "baseline_arm_1": 28}
NOTES = (
    "Came with a relative",
    'Wrote beside the form: "hard to say".\nAnswered all the same.',
    "Form filled in at the reception; checked for blanks",
    "Visit moved by a day, at the participant’s wish",
)


def other_headache(row: Row) -> int:
    """The opposite of the headache already entered for the day."""
    return 1 - row["headache"]


# A second, contradicting entry for a day: consistent in itself.
CONFLICT = {
    "headache": other_headache,
    "migraine": 0,
    "pain_max": lambda row: 4 * other_headache(row),
    "acute_medication": 0,
    "acute_class": None,
}

DEFECTS = (
    Defect(
        QUESTIONNAIRES,
        {"record_id": "R033", "redcap_event_name": "baseline_arm_1"},
        {"age": 17},
        "younger than the protocol allows",
    ),
    Defect(
        QUESTIONNAIRES,
        {"record_id": "R021", "redcap_event_name": "baseline_arm_1"},
        {"midas_2": -99},
        "coded -99, not done",
    ),
    Defect(
        QUESTIONNAIRES,
        {"record_id": "R076", "redcap_event_name": "month_3_arm_1"},
        {"midas_4": -99},
        "coded -99, not done",
    ),
    *(
        Defect(
            DIARY,
            {"participant_id": name, "study_day": day},
            CONFLICT,
            "second row for the day, with the other answer to headache",
            "repeat",
        )
        for name, day in (("R017", 12), ("R017", 13), ("R064", -9), ("R064", 40))
    ),
    *(
        Defect(
            DIARY,
            {"participant_id": "R999", "study_day": day},
            {"headache": 1, "migraine": 0, "pain_max": 3, "acute_medication": 0, "acute_class": None},
            "participant not in the allocation list",
            "add",
        )
        for day in range(1, 6)
    ),
    Defect(DIARY, {"participant_id": "R045", "study_day": 20}, {"pain_max": 12, "headache": 1}, "pain above 10"),
    Defect(
        EVENTS,
        {"participant_id": "R102", "study_day": -40},
        {
            "term": "neck soreness",
            "system": "musculoskeletal",
            "severity": "mild",
            "related": "no",
            **coded("neck soreness"),
        },
        "dated before allocation",
        "add",
    ),
)


def write(folder: Path) -> list[Path]:
    """Write the trial's exports below a folder and name the files written."""
    people, slots = simulated()
    names = [(name, site) for site, several in PROVIDERS_OF.items() for name in several]
    tables = {
        QUESTIONNAIRES: questionnaire_rows(people),
        PROVIDERS: provider_rows(STUDY, names, min(person.first for person in people)),
        SESSIONS: [row for person in people for row in person.sessions],
        MOVEMENTS: [row for person in people for row in movement_rows(person)],
        ALLOCATION: slots,
        DIARY: diary_rows(people),
        EVENTS: event_rows(people),
        CARE: [
            row
            for person in people
            for row in care_rows(STUDY, person.name, CHANGES[person.arm], LAST_DAY[person.left])
        ],
    }
    for file, rows in tables.items():
        cells = ([row[name] for name in COLUMNS[file]] for row in with_defects(file, rows, DEFECTS))
        write_csv(folder / STUDY / file, COLUMNS[file], cells)
    return [folder / STUDY / file for file in tables]


def movement_rows(person: Participant) -> list[Row]:
    """The movements of a participant's sessions, real or sham; the last provider of a site hurries."""
    providers = PROVIDERS_OF[person.site]
    treatment = Treatment(STUDY, OSTEOPATHIC, providers[-1], person.arm == "sham")
    return list(movements_of(person.name, person.sessions, treatment))


def questionnaire_rows(people: list[Participant]) -> list[Row]:
    """The REDCap export's rows: one a participant and attended event, demographics at baseline."""
    rows = []
    for person in people:
        notes = Stream(STUDY, person.name, "notes")
        for event, answers in person.answers.items():
            row: Row = dict.fromkeys(COLUMNS[QUESTIONNAIRES])
            row |= {"record_id": person.name, "redcap_event_name": event, **answers}
            if event == "baseline_arm_1":
                row |= demographics(person)
            row |= lifestyle(STUDY, person.name, event)
            row["visit_note"] = notes.pick(NOTES) if notes.chance(0.08) else None
            rows.append(row)
    return rows


def demographics(person: Participant) -> Row:
    """The demographics form, filled in at baseline only."""
    return {
        "enrolled_on": person.enrolled,
        "age": person.age,
        "sex": person.sex,
        "site": person.site,
        "migraine_type": person.kind,
        "botox_ever": 0,
        "topiramate_12m": 0,
        **eligibility(STUDY, person.name, person.age, person.sex, with_drugs(STUDY, person.name, diary_of(person))),
        "demographics_complete": 2,
    }

"""The participants of the simulated randomised trial: who they are, their arm, sessions and answers."""

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from omtrace.simulate.answers import (
    CHRONIC,
    EPISODIC,
    HIT6_POPULATION,
    Answers,
    Disability,
    hit6_answers,
    midas_answers,
    msq_answers,
    related,
)
from omtrace.simulate.defects import Row
from omtrace.simulate.streams import Stream, nearest, power, weekday, within
from omtrace.simulate.treatment import provided

STUDY = "omt_rct"
SIZE = 140
FIRST_DAY = date(2024, 1, 15)
SITES = ("A", "B", "C")
TYPES = {EPISODIC: "episodic", CHRONIC: "chronic"}
ARMS = ("OMT", "sham")
PROVIDERS_OF = {site: tuple(f"DO-{site}{number}" for number in (1, 2, 3)) for site in SITES}
PLANNED_SESSIONS = 5
LOW_ADHERENCE = 0.16

# Change of HIT-6 from baseline at one and three months: in both arms, and what OMT adds.
FALL = (-1.8, -2.0)
EFFECT = (-2.0, -2.5)
STABILITY = 0.88  # its square is the test-retest correlation: 0.77 (Yang 2011)
# Days after the first session from which the two visits are made: the first when all sessions are over.
VISIT_DAYS = (32, 85)


@dataclass
class Participant:
    """One participant: what was there before allocation, then what happened."""

    name: str
    site: str
    kind: int
    age: int
    sex: int
    severity: float
    frequency: float
    works: bool
    enrolled: date
    allocated: date
    first: date
    arm: str = ""
    sessions: list[Row] = field(default_factory=list)
    answers: dict[str, Answers] = field(default_factory=dict)
    left: str = ""  # the last event before leaving; "" = stayed

    @property
    def stratum(self) -> str:
        """Site and type of migraine, as randomisation is stratified."""
        return f"{self.site}-{TYPES[self.kind]}"

    @property
    def migraine_days(self) -> float:
        """Expected migraine days in 28 before treatment: 14.4 (SD 5.5) chronic, 6.5 (2.8) episodic."""
        if self.kind == CHRONIC:
            return within(14.4 + 5.5 * self.frequency, 8, 26)
        return within(6.5 + 2.8 * self.frequency, 2, 12)

    @property
    def headache_days(self) -> float:
        """Expected headache days in 28 before treatment, migraine days among them."""
        if self.kind == CHRONIC:
            return within(self.migraine_days * 1.25 + 1, 15, 28)
        return min(self.migraine_days * 1.3, 14)


class Trial(NamedTuple):
    """All participants with their sessions and answers, and the rows of the allocation list."""

    people: list[Participant]
    slots: list[Row]


def simulated() -> Trial:
    """The trial from enrolment to the last visit."""
    people = recruited()
    slots = allocated(people)
    for person in people:
        person.sessions = sessions_of(person)
        provided(STUDY, person.name, person.sessions, PROVIDERS_OF[person.site])
        person.answers["baseline_arm_1"] = baseline(person)
        follow(person)
    return Trial(people, slots)


def recruited() -> list[Participant]:
    """The participants in order of enrolment, before allocation."""
    people, enrolled = [], FIRST_DAY
    for n in range(1, SIZE + 1):
        name = f"R{n:03d}"
        stream = Stream(STUDY, name, "person")
        enrolled = weekday(enrolled + timedelta(days=stream.whole(0, 5)))
        first = weekday(enrolled + timedelta(days=stream.whole(29, 34)))
        severity = stream.normal()
        people.append(
            Participant(
                name=name,
                site=stream.pick(SITES),
                kind=CHRONIC if stream.chance(0.55) else EPISODIC,
                age=nearest(within(stream.normal(42, 10), 18, 60)),
                sex=1 if stream.chance(0.15) else 2,
                severity=severity,
                frequency=related(stream, severity, 0.4),
                works=stream.chance(0.85),
                enrolled=enrolled,
                allocated=weekday(enrolled + timedelta(days=28)),
                first=first,
            )
        )
    return people


def allocated(people: list[Participant]) -> list[Row]:
    """Give each participant the next slot of the stratum, by date; drawn again until the arms are equal."""
    stream = Stream(STUDY, "allocation")
    order = sorted(people, key=lambda person: (person.allocated, person.name))
    while True:
        slots = allocation_list(stream, order)
        for person in order:
            mine = (slot for slot in slots if slot["stratum"] == person.stratum and not slot["participant_id"])
            slot = next(mine)
            slot |= {"participant_id": person.name, "allocated_on": person.allocated}
            person.arm = slot["arm"]
        if 2 * sum(person.arm == ARMS[0] for person in people) == len(people):
            return slots


def allocation_list(stream: Stream, people: list[Participant]) -> list[Row]:
    """Permuted blocks of four or six in each stratum, as many as its participants need, and no name yet."""
    slots: list[Row] = []
    for stratum in (f"{site}-{kind}" for site in SITES for kind in TYPES.values()):
        needed, block = sum(person.stratum == stratum for person in people), 0
        while needed > 0:
            block += 1
            arms = stream.shuffled(ARMS * stream.pick((2, 3)))
            needed -= len(arms)
            for arm in arms:
                slots.append(
                    {
                        "sequence": len(slots) + 1,
                        "stratum": stratum,
                        "block": block,
                        "arm": arm,
                        "participant_id": None,
                        "allocated_on": None,
                    }
                )
    return slots


def sessions_of(person: Participant) -> list[Row]:
    """Sessions attended, a week apart; everybody comes to the first, a few to hardly any other."""
    stream = Stream(STUDY, person.name, "sessions")
    comes = 0.4 if stream.chance(LOW_ADHERENCE) else 0.93
    rows = []
    for session in range(1, PLANNED_SESSIONS + 1):
        on = weekday(person.first + timedelta(days=7 * (session - 1) + stream.whole(-1, 1)))
        there, short = stream.chance(comes), stream.chance(0.1)
        if session == 1:
            on = person.first
        elif not there:
            continue
        done = stream.whole(3, 4) if short else 5
        rows.append(
            {
                "participant_id": person.name,
                "session": session,
                "session_on": on,
                "movements_done": done,
                "minutes": done,
            }
        )
    return rows


def hit6_at(person: Participant, stream: Stream, on: date, change: float) -> Answers:
    """HIT-6 on a day: the participant's severity as it shows that day, and a change."""
    mean, sd = HIT6_POPULATION[person.kind]
    return hit6_answers(stream, mean + sd * related(stream, person.severity, STABILITY) + change, on)


def baseline(person: Participant) -> Answers:
    """The three questionnaires on the day of enrolment."""
    stream = Stream(STUDY, person.name, "baseline")
    row = hit6_at(person, stream, person.enrolled, 0.0)
    row |= msq_answers(stream, person.kind, related(stream, person.severity, 0.65))
    days = person.headache_days * 90 / 28
    disability = Disability(related(stream, person.severity, 0.75), days, person.works)
    return row | midas_answers(stream, person.kind, disability)


def follow(person: Participant) -> None:
    """One and three months: leaving is decided first, from what was seen before; then the answers."""
    for visit, event in enumerate(("month_1_arm_1", "month_3_arm_1")):
        stream = Stream(STUDY, person.name, event)
        seen = list(person.answers)[-1]
        risk = -2.6 + 0.09 * (person.answers[seen]["hit6_total"] - 62) + (4 - len(person.sessions))
        if stream.chance(1 / (1 + power(math.e, -risk))):
            person.left = seen
            return
        person.answers[event] = follow_up(person, stream, visit)


def follow_up(person: Participant, stream: Stream, visit: int) -> Answers:
    """The answers of a follow-up visit: 0 = one month with satisfaction, 1 = three months with MIDAS."""
    change = FALL[visit] + (EFFECT[visit] if person.arm == "OMT" else 0.0) + stream.normal(0, 1.5)
    on = weekday(person.first + timedelta(days=VISIT_DAYS[visit] + stream.whole(0, 4)))
    shift = change / HIT6_POPULATION[person.kind][1]
    row = hit6_at(person, stream, on, change)
    row |= msq_answers(stream, person.kind, related(stream, person.severity, 0.65) + shift)
    if visit == 1:
        days = person.headache_days * 80 / 28
        disability = Disability(related(stream, person.severity, 0.75) + shift, days, person.works)
        return row | midas_answers(stream, person.kind, disability)
    pleased = (4.4 if person.arm == "OMT" else 3.9) + stream.normal(0, 0.7)
    return row | {"satisfaction": nearest(within(pleased, 1, 5)), "satisfaction_complete": 2}

"""What surrounds the treatment in the simulated trials: eligibility, acute drugs, concomitant care, lifestyle, harms.

Drawn from streams of their own, so that nothing here moves a questionnaire or a diary day. Nothing of it has an effect
on them either. Preferred terms and system organ classes are named as in MedDRA.
"""

from collections.abc import Mapping, Sequence

from omtrace.simulate.defects import Row
from omtrace.simulate.streams import Stream, nearest, within

CONTRAINDICATIONS = [
    "secondary_headache",
    "fibromyalgia",
    "spinal_condition",
    "cervical_artery",
    "bleeding_risk",
    "malignancy_infection",
    "other_reason",
]
ELIGIBILITY_COLUMNS = ["pregnant", *CONTRAINDICATIONS, "medication_overuse"]
BREACH = 0.003  # chance of each reason not to treat somebody who was enrolled all the same
TICK_WRONG = 0.05  # chance that the site's tick for medication overuse is not what the diary says

LIFESTYLE_COLUMNS = [
    "sleep_hours",
    "exercise_days",
    "caffeine_servings",
    "regular_meals",
    "stress",
    "lifestyle_complete",
]
CARE_COLUMNS = ["participant_id", "study_day", "kind", "item", "change"]
PREVENTIVES = ("beta_blocker", "antidepressant", "candesartan", "cgrp_antibody", "valproate")
OTHER_CARE = (("manual_therapy", "chiropractic"), ("physiotherapy", "exercises"), ("psychological", "relaxation"))
HAS_PREVENTIVE, OTHER_CHANCE = 0.35, 0.06

# Usual acute drug of a person, as often as it stands here; ICHD-3 counts simple analgesics apart from all others.
ACUTE = ("triptan",) * 9 + ("simple_analgesic",) * 7 + ("combination",) * 3 + ("opioid",)
USUAL = 0.85  # chance that the drug of a treated day is the usual one; else a simple analgesic
TEN_DAYS = ("triptan", "ergot", "opioid", "combination")

# The site's words -> system organ class and preferred term.
CODED: Mapping[str, tuple[str, str]] = {
    "neck soreness": ("Musculoskeletal and connective tissue disorders", "Neck pain"),
    "stiff shoulders": ("Musculoskeletal and connective tissue disorders", "Musculoskeletal stiffness"),
    "low back pain": ("Musculoskeletal and connective tissue disorders", "Back pain"),
    "headache worse than usual": ("Nervous system disorders", "Headache"),
    "light-headed on standing up": ("Nervous system disorders", "Dizziness postural"),
    "tired for a day": ("General disorders and administration site conditions", "Fatigue"),
    "nausea": ("Gastrointestinal disorders", "Nausea"),
    "stomach upset": ("Gastrointestinal disorders", "Abdominal discomfort"),
    "common cold": ("Infections and infestations", "Nasopharyngitis"),
    "sore throat": ("Respiratory, thoracic and mediastinal disorders", "Oropharyngeal pain"),
    "twisted ankle": ("Injury, poisoning and procedural complications", "Ligament sprain"),
}


def coded(term: str) -> Row:
    """System organ class and preferred term of an event in the site's words, and that it was not serious."""
    soc, preferred = CODED[term]
    return {"soc": soc, "preferred_term": preferred, "serious": 0}


def eligibility(study: str, person: str, age: int, sex: int, diary: Sequence[Row]) -> Row:
    """The answers of the eligibility form; medication overuse as the site ticked it, mostly as the diary has it."""
    stream = Stream(study, person, "eligibility")
    reasons = {name: int(stream.chance(BREACH)) for name in CONTRAINDICATIONS}
    pregnant = stream.chance(BREACH) and sex == 2 and age < 50
    before = [row for row in diary if row["study_day"] < 0]
    ten = sum(row["acute_class"] in TEN_DAYS for row in before) * 28 >= 10 * len(before)
    fifteen = sum(row["acute_class"] == "simple_analgesic" for row in before) * 28 >= 15 * len(before)
    overuse = bool(before) and (ten or fifteen)
    wrong = stream.chance(TICK_WRONG)
    return {"pregnant": int(pregnant), **reasons, "medication_overuse": int(overuse != wrong)}


def with_drugs(study: str, person: str, diary: Sequence[Row]) -> list[Row]:
    """The days of a diary with the class of acute drug on those with medication."""
    stream = Stream(study, person, "acute drugs")
    usual = stream.pick(ACUTE)
    rows = []
    for row in diary:
        is_usual = stream.chance(USUAL)
        drug = usual if is_usual else "simple_analgesic"
        rows.append({**row, "acute_class": drug if row["acute_medication"] else None})
    return rows


def lifestyle(study: str, person: str, event: str) -> Row:
    """The lifestyle form at a visit."""
    habits, stream = Stream(study, person, "habits"), Stream(study, person, "lifestyle", event)
    sleep, exercise, coffee = habits.normal(6.8, 0.8), habits.normal(2.2, 1.5), habits.normal(2.0, 1.2)
    strain = habits.normal(5.5, 1.5)
    return {
        "sleep_hours": nearest(within(2 * (sleep + stream.normal(0, 0.5)), 6, 20)) / 2,
        "exercise_days": nearest(within(exercise + stream.normal(0, 0.8), 0, 7)),
        "caffeine_servings": nearest(within(coffee + stream.normal(0, 0.6), 0, 8)),
        "regular_meals": int(stream.chance(0.7)),
        "stress": nearest(within(strain + stream.normal(0, 1), 0, 10)),
        "lifestyle_complete": 2,
    }


def care_rows(study: str, person: str, changes: float, last_day: int) -> list[Row]:
    """The log of concomitant care: a preventive drug at the start, its change later, and other care.

    ``changes``: chance that a preventive drug is started, stopped or changed up to the last day.
    """
    stream = Stream(study, person, "care")
    drug, has = stream.pick(PREVENTIVES), stream.chance(HAS_PREVENTIVE)
    is_changed, day = stream.chance(changes), stream.whole(8, max(8, last_day))
    how = stream.pick(("dose_raised", "dose_lowered", "stopped"))
    rows = [care(person, -28, "preventive", drug, "continued")] if has else []
    if is_changed:
        rows.append(care(person, day, "preventive", drug, how if has else "started"))
    for kind, item in OTHER_CARE:
        there, on = stream.chance(OTHER_CHANCE), stream.whole(1, max(1, last_day))
        if there:
            rows.append(care(person, on, kind, item, "started"))
    return sorted(rows, key=lambda row: row["study_day"])


def care(person: str, day: int, kind: str, item: str, change: str) -> Row:
    """One row of the log."""
    return {"participant_id": person, "study_day": day, "kind": kind, "item": item, "change": change}

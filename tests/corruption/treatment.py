"""Damage to what is known of a session, of a provider, of eligibility, of care beside the treatment, and of harms."""

from random import Random

from .operators import Damage, operator, rewritten, spot
from .relations import PEOPLE, in_row
from .study import Row, Study


def session_of(study: Study, row: Row) -> Row | None:
    """The session of a movement, where no finding touches it."""
    found = study.of("sessions", unit_id=row.unit, session=row.values["session"])
    return found[0] if len(found) == 1 else None


@operator("a movement's row is lost from the log of a session", PEOPLE)
def movement_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "movements")
    session = session_of(study, row)
    if session is None:
        return None
    records = study.records(row.file)
    records.drop(row.line)
    where = spot(session.file, session.line, "movements_done")
    return rewritten(row.file, records, where)


@operator("a session's row is lost while its movements are there", PEOPLE)
def session_lost_beside_movements(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    own = study.of("movements", unit_id=row.unit, session=row.values["session"])
    if not own:
        return None
    records = study.records(row.file)
    records.drop(row.line)
    return rewritten(row.file, records, spot(own[0].file, [other.line for other in own]))


@operator("a movement of ten times its length", PEOPLE, single=True)
def movement_too_long(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "movements")
    session = session_of(study, row)
    if session is None:
        return None
    damage = in_row(row, {"seconds": f"{row.values['seconds']}0"})
    return Damage((*damage.spots, spot(session.file, session.line, "minutes")), cells=damage.cells, units=damage.units)


@operator("a technique or a region that there is not", PEOPLE, single=True)
def technique_unknown(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "movements")
    return in_row(row, random.choice([{"technique": "massage"}, {"technique": "HVLA"}, {"region": "lumbar"}]))


@operator("a provider who is on no list", PEOPLE, single=True)
def provider_unknown(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    return in_row(row, {"provider_id": random.choice(["DO-9", "do-1", "D0-1"])})


@operator("a provider without the licence that the protocol asks for", PEOPLE, single=True)
def provider_not_licensed(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "providers"), {"credential": random.choice(["student", "physiotherapist"])})


@operator("a provider trained after the first session", PEOPLE, single=True)
def provider_trained_late(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "providers")
    sessions = study.of("sessions", provider_id=row.values["provider_id"])
    if not sessions:
        return None
    damage = in_row(row, {"trained_on": "2025-12-01"})
    where = spot(sessions[0].file, [other.line for other in sessions], "session_on")
    return Damage((*damage.spots, where), cells=damage.cells, units=damage.units | {other.unit for other in sessions})


@operator("a reason not to treat somebody who was treated", PEOPLE, single=True)
def treated_against_a_reason(study: Study, random: Random) -> Damage | None:
    reason = random.choice(["pregnant", "secondary_headache", "spinal_condition", "cervical_artery", "bleeding_risk"])
    return in_row(study.chosen(random, "eligibility"), {reason: "1"})


@operator("overuse of medication ticked against the diary", PEOPLE, single=True)
def overuse_against_diary(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "eligibility")
    if not study.of("diary", unit_id=row.unit):
        return None
    return in_row(row, {"medication_overuse": "0" if row.values["medication_overuse"] else "1"})


@operator("a class of drug on a day without medication", PEOPLE, single=True)
def drug_without_medication(study: Study, random: Random) -> Damage | None:
    rows = study.of("diary", acute_medication=0)
    return in_row(random.choice(rows), {"acute_class": "triptan"}, "acute_class", "acute_medication")


@operator("an adverse event without a system organ class, or with a term of no list", PEOPLE, single=True)
def event_not_coded(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "adverse_events")
    changes = random.choice([{"soc": ""}, {"preferred_term": ""}, {"preferred_term": "Neck ache"}])
    return in_row(row, changes, "soc", "preferred_term")


@operator("a kind of care, or a change of it, that there is not", PEOPLE, single=True)
def care_unknown(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "care_log")
    return in_row(row, random.choice([{"kind": "prophylaxis"}, {"change": "paused"}, {"study_day": "9999"}]))

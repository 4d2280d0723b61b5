"""Damage that only shows beside other cells: totals, copies, arms, visits, and what belongs to one unit."""

import re
from datetime import date, timedelta
from random import Random

from .cells import declare
from .operators import Damage, operator, rewritten, spot
from .study import Row, Study

PEOPLE = ("omt_feasibility", "omt_rct")
ITEMS = {"hit6": [f"hit6_{n}" for n in range(1, 7)], "msq": [f"msq_{n}" for n in range(1, 15)]}


def in_row(row: Row, changes: dict[str, str], *columns: str, lines: tuple[int, ...] = ()) -> Damage:
    """Cells of one row changed; a finding must name one of the columns, or of those that are given."""
    cells = {(row.file, row.line, column): text for column, text in changes.items()}
    where = spot(row.file, (row.line, *lines), columns or tuple(changes))
    return Damage((where,), cells=cells, units=frozenset({row.unit}))


# totals
declare(
    "total_that_disagrees",
    "a supplied total other than its items give",
    lambda f: f.raw == "hit6_total",
    studies=PEOPLE,
    change=lambda f, t, r: str(max(36, min(78, int(t) + r.choice([-4, -2, 2, 4])))),
)
declare(
    "total_that_is_none",
    "a total that no answers give",
    lambda f: f.raw == "hit6_total",
    studies=PEOPLE,
    change=lambda f, t, r: r.choice(["37", "39", "77"]),
)


@operator("an answer changed beside a supplied total", PEOPLE, single=True)
def answer_against_total(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "hit6")
    column = random.choice(ITEMS["hit6"])
    if not all(study.text(row.file, row.line, c) for c in (*ITEMS["hit6"], "hit6_total")):
        return None
    new = random.choice([n for n in "12345" if n != study.text(row.file, row.line, column)])
    return in_row(row, {column: new})


@operator("the status of a filled form set to incomplete", PEOPLE, single=True)
def form_incomplete(study: Study, random: Random) -> Damage | None:
    table = random.choice(["hit6", "msq", "midas", "demographics"])
    row = study.chosen(random, table)
    return in_row(row, {study.plan.tables[table].status: random.choice(["0", "", "3"])})


@operator("days lost that no three months hold", PEOPLE, single=True)
def days_beyond_the_window(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "midas")
    first, second = random.choice([("midas_1", "midas_2"), ("midas_3", "midas_4")])
    return in_row(row, {first: "60", second: "70"})


# copies
@operator("a participant copied under a new id", ("omt_feasibility", "omt_rct", "rat_two_hit"))
def participant_copied(study: Study, random: Random) -> Damage | None:
    table = "hit6" if study.name != "rat_two_hit" else "von_frey"
    row = study.chosen(random, table)
    raw = study.plan.tables[table].raw("unit_id")
    records = study.records(row.file)
    at, name = records.header.index(raw), study.text(row.file, row.line, raw)
    mine = [list(r.cells) for r in records.all if r.cells[at] == name]
    first = len(records.all)
    from .records import written

    for cells in mine:
        cells[at] = name[:-2] + "99"
        records.insert(len(records.all), written(cells))
    lines = {records.line_of(first + n) for n in range(len(mine))}
    return rewritten(row.file, records, spot(row.file, lines))


@operator("an existing participant's answers replaced by another's", "omt_rct")
def answers_of_another(study: Study, random: Random) -> Damage | None:
    one, two = random.sample(sorted({r.unit for r in study.of("msq", visit="baseline")}), 2)
    records = study.records(study.of("msq")[0].file)
    lines = []
    for row in study.of("msq", unit_id=one):
        for other in study.of("msq", unit_id=two, visit=row.values["visit"]):
            items = [c for c in records.header if c.startswith(("hit6_", "msq_", "midas_")) and c != "hit6_on"]
            records.change(row.line, {c: study.text(other.file, other.line, c) for c in items})
            lines += [row.line, other.line]
    counts = [len(study.of("msq", unit_id=unit)) for unit in (one, two)]
    return (
        rewritten(study.of("msq")[0].file, records, spot(study.of("msq")[0].file, lines)) if counts == [3, 3] else None
    )


@operator("answers copied from one visit to the next", PEOPLE, single=True)
def answers_of_another_visit(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "msq")
    others = [r for r in study.of("msq", unit_id=row.unit) if r.line != row.line]
    if not others:
        return None
    other = random.choice(others)
    texts = {c: study.text(other.file, other.line, c) for c in ITEMS["msq"]}
    if len(set(texts.values()) - {""}) < 3 or list(texts.values()).count("") > 2:
        return None
    return in_row(row, texts, *ITEMS["msq"], lines=(other.line,))


@operator("every item of a form answered alike", PEOPLE, single=True)
def straight_line(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "msq")
    return in_row(row, dict.fromkeys(ITEMS["msq"], random.choice("2345")))


# arms and strata
@operator("an arm spelled in another way", "omt_rct", single=True)
def arm_misspelled(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "allocation")
    return in_row(row, {"arm": random.choice(["Sham", "omt", "SHAM", "control", "A", "1", "osteopathy"])})


@operator("the arm against the allocation", "omt_rct", single=True)
def arm_swapped(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "allocation")
    return in_row(row, {"arm": "sham" if row.values["arm"] == "OMT" else "OMT"})


@operator("another stratum in the allocation list", "omt_rct", single=True)
def stratum_changed(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "allocation")
    strata = sorted({str(r.values["stratum"]) for r in study.of("allocation")} - {row.values["stratum"]})
    return in_row(row, {"stratum": random.choice(strata)})


@operator("another site or type of migraine in the questionnaires", "omt_rct", single=True)
def site_changed(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "strata")
    column, texts = random.choice([("site", "ABC"), ("migraine_type", "12")])
    old = study.text(row.file, row.line, column)
    return in_row(row, {column: random.choice([t for t in texts if t != old])})


@operator("an allocation number given twice", "omt_rct", single=True)
def sequence_doubled(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "allocation")
    same = [r for r in study.of("allocation", stratum=row.values["stratum"]) if r.line != row.line]
    other = random.choice(same)
    return in_row(row, {"sequence": str(other.values["sequence"])}, lines=(other.line,))


# visits and sessions
@operator("two visits' events change places", PEOPLE, single=True)
def visits_swapped(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "hit6")
    others = [r for r in study.of("hit6", unit_id=row.unit) if r.line != row.line]
    if not others:
        return None
    other = random.choice(others)
    event = "redcap_event_name"
    a, b = (study.text(r.file, r.line, event) for r in (row, other))
    cells = {(row.file, row.line, event): b, (row.file, other.line, event): a}
    return Damage((spot(row.file, (row.line, other.line)),), cells=cells, units=frozenset({row.unit}))


@operator("an event that the plan does not know", PEOPLE, single=True)
def event_unknown(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "hit6")
    old = study.text(row.file, row.line, "redcap_event_name")
    new = random.choice([old.replace("_arm_1", "_arm_2"), old.replace("month", "Month"), "unscheduled_arm_1", ""])
    return in_row(row, {"redcap_event_name": new}) if new != old else None


@operator("an hour that the plan does not know", "rat_two_hit", single=True)
def hour_unknown(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "von_frey"), {"hour": random.choice(["6", "24", "1h", "0.5", ""])})


@operator("two sessions a day apart", PEOPLE, single=True)
def sessions_too_near(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    name = str(row.values["session"])
    n = re.search("[0-9]+", name)[0]  # type: ignore[index]
    before = study.of("sessions", unit_id=row.unit, session=name.replace(n, str(int(n) - 1), 1))
    if not before:
        return None
    day = date.fromisoformat(str(before[0].values["session_on"])) + timedelta(1)
    return in_row(row, {"session_on": day.isoformat()}, lines=(before[0].line,))


@operator("more sessions than planned", "omt_rct")
def sessions_too_many(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    if len(study.of("sessions", unit_id=row.unit)) < 5:
        return None
    records = study.records(row.file)
    records.insert(len(records.all), f"{row.unit},6,{row.values['session_on']},5,5")
    lines = {records.line_of(len(records.all) - 1)}
    roster = [spot(r.file, r.line) for r in study.of("allocation", unit_id=row.unit)]
    return rewritten(row.file, records, spot(row.file, lines), *roster)


@operator("minutes in seconds", PEOPLE, single=True)
def minutes_as_seconds(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    old = study.text(row.file, row.line, "minutes")
    return in_row(row, {"minutes": str(60 * int(old))}) if old not in ("", "0") else None


@operator("more movements than minutes", PEOPLE, single=True)
def movements_against_minutes(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "sessions"), {"minutes": "12"})

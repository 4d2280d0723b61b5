"""Rows that are lost: a finding must name the row of a list, or a row that refers to what is gone."""

from random import Random

from .operators import Damage, operator, rewritten, spot
from .study import Row, Study

PEOPLE = ("omt_feasibility", "omt_rct")


def lost(study: Study, row: Row, *more: Row) -> Damage:
    records = study.records(row.file)
    records.drop(row.line, *(r.line for r in more))
    return rewritten(row.file, records)


def roster_spots(study: Study, unit: str, *rosters: str) -> tuple:
    tables = [table for table in rosters if table in study.plan.tables]
    files = {table: next(iter(study.clean.works[table].sources.values())).export.path for table in tables}
    return tuple(spot(files[table], line) for table in tables for line in study.listed(table, unit))


def moved(damage: Damage, spots: tuple) -> Damage:
    """Spots of the clean file's lines, where they stand now."""
    now = [
        spot(s.file, {damage.moves[s.file](line) for line in s.lines} if s.file in damage.moves else s.lines, s.columns)
        for s in spots
    ]
    return Damage(tuple(now), damage.files, damage.cells, damage.moves, damage.units)


@operator("an animal's threshold or section is lost", "rat_two_hit")
def measurement_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "von_frey", "cell_counts")
    spots = roster_spots(study, row.unit, "animals")
    return moved(lost(study, row), spots) if spots else None


@operator("a visit's row is lost", PEOPLE)
def visit_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "hit6")
    if row.values["visit"] == "baseline":
        return None
    spots = roster_spots(study, row.unit, "allocation" if "allocation" in study.plan.tables else "demographics")
    return moved(lost(study, row), spots) if spots else None


@operator("a participant's baseline row is lost", PEOPLE)
def baseline_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "demographics")
    damage = lost(study, row)
    roster = roster_spots(study, row.unit, "allocation") if "allocation" in study.plan.tables else ()
    others = [spot(r.file, r.line) for r in study.of("hit6", unit_id=row.unit) if r.line != row.line]
    return moved(damage, (*roster, *others)) if roster or others else None


@operator("an animal is lost from the list", "rat_two_hit")
def animal_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "animals")
    others = tuple(spot(r.file, r.line) for t in ("von_frey", "cell_counts") for r in study.of(t, unit_id=row.unit))
    return moved(lost(study, row), others) if others else None


@operator("a participant is lost from the allocation list", "omt_rct")
def allocation_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "allocation")
    others = tuple(spot(r.file, r.line) for r in study.of("diary", unit_id=row.unit))
    return moved(lost(study, row), others) if others else None


@operator("a cage is lost from its list", "rat_two_hit")
def cage_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "cages")
    others = tuple(spot(r.file, r.line) for r in study.of("animals", cage_id=row.values["cage_id"]))
    return moved(lost(study, row), others) if others else None


@operator("all rows of one participant or animal are lost from a table", ("omt_rct", "rat_two_hit"))
def unit_lost(study: Study, random: Random) -> Damage | None:
    table = random.choice(["sessions", "diary", "hit6"] if study.name == "omt_rct" else ["von_frey", "cell_counts"])
    row = study.chosen(random, table)
    spots = (
        roster_spots(study, row.unit, "allocation", "animals")
        if study.name == "omt_rct"
        else roster_spots(study, row.unit, "animals")
    )
    spots = tuple(s for s in spots if s.file != row.file)
    raw = study.plan.tables[table].raw("unit_id")
    records = study.records(row.file)
    name = study.text(row.file, row.line, raw)
    at = records.header.index(raw)
    records.drop(*(r.line for r in records.all if r.cells[at] == name))
    return moved(rewritten(row.file, records), spots) if spots else None


@operator(
    "a diary day is lost",
    ("omt_rct", "headache_diary"),
    blind="diaries have days that were not filled in: only the paper or the phone knows",
)
def diary_day_lost(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "diary", "daily_diary")
    records = study.records(row.file)
    n = records.at(row.line)
    after = records.all[n + 1].line if n + 1 < len(records.all) else row.line
    return moved(lost(study, row), (spot(row.file, after),))


@operator(
    "the last rows are lost, at a row's end",
    ("omt_rct", "rat_two_hit", "headache_diary"),
    blind="nothing in a table says how long it was: found where another table expects the rows",
)
def last_rows_lost(study: Study, random: Random) -> Damage | None:
    path = random.choice([p for p in study.delimited if len(study.records(p).all) > 30])
    records = study.records(path)
    gone = records.all[-random.randint(1, 12) :]
    records.drop(*(r.line for r in gone))
    units = {cell for r in gone for cell in r.cells[:2]}
    lists = [r for t in ("animals", "allocation", "demographics") if t in study.plan.tables for r in study.of(t)]
    spots = [spot(r.file, r.line) for r in lists if r.unit in units]
    refers = [spot(f, ()) for f in study.files if f != path]
    return moved(rewritten(path, records), tuple(spots or refers))

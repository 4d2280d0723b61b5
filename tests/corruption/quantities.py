"""Damage to what is known of an animal, a patient or a day: sex, age, cage, weight, and rules between cells."""

from random import Random

from .operators import Damage, operator, spot
from .relations import PEOPLE, in_row
from .study import Study


# what does not change in a unit
@operator("sex changes between rows of a patient", "headache_diary", single=True)
def sex_changes(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "daily_diary")
    if len(study.of("daily_diary", unit_id=row.unit)) < 3:
        return None
    return in_row(row, {"sex": "male" if row.values["sex"] == "female" else "female"})


@operator("age changes between rows of a patient", "headache_diary", single=True)
def age_changes(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "daily_diary")
    if len(study.of("daily_diary", unit_id=row.unit)) < 3:
        return None
    return in_row(row, {"age": str(int(str(row.values["age"])) + random.choice([-9, 10, 18]))})


@operator("the type of migraine changes between rows of a patient", "headache_diary", single=True)
def type_changes(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "daily_diary")
    if len(study.of("daily_diary", unit_id=row.unit)) < 3:
        return None
    return in_row(
        row, {"hatype": random.choice([t for t in ("Aura", "No Aura", "Mixed") if t != row.values["headache_type"]])}
    )


@operator("an age that nobody enrolled can have", PEOPLE, single=True)
def age_impossible(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "demographics"), {"age": random.choice(["17", "61", "4", "140", "0"])})


@operator("pain, migraine or medication on a day without headache", "omt_rct", single=True)
def pain_without_headache(study: Study, random: Random) -> Damage | None:
    rows = study.of("diary", headache=0)
    return in_row(random.choice(rows), {"pain_max": "7", "migraine": "1"}, "pain_max", "migraine", "headache")


@operator("a diary day after the last one planned", "omt_rct", single=True)
def day_beyond_the_diary(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "diary"), {"study_day": random.choice(["85", "112", "-29", "0.5"])})


@operator("day 0 in a diary that has none", "omt_rct", single=True)
def day_zero(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "diary"), {"study_day": "0"})


@operator("an animal in another cage", "rat_two_hit", single=True)
def cage_changed(study: Study, random: Random) -> Damage | None:
    row, other = study.chosen(random, "animals"), study.chosen(random, "animals")
    cage = str(other.values["cage_id"])
    if cage == row.values["cage_id"]:
        return None
    cages = [r for r in study.of("cages") if r.values["cage_id"] in (cage, row.values["cage_id"])]
    lists = tuple(spot(r.file, r.line) for r in cages)
    damage = in_row(row, {"cage_id": cage})
    return Damage((*damage.spots, *lists), cells=damage.cells, units=frozenset({row.unit, other.unit, cage}))


@operator("a cage that is on no list", "rat_two_hit", single=True)
def cage_unknown(study: Study, random: Random) -> Damage | None:
    return in_row(study.chosen(random, "animals"), {"cage_id": random.choice(["C99", "c01", "", "Cage 3"])})


@operator("an animal in another batch", "rat_two_hit", single=True)
def batch_changed(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "animals")
    return in_row(row, {"batch": random.choice([b for b in "123" if b != row.values["batch"]])})


@operator("a weight in kilograms", "rat_two_hit", single=True)
def weight_in_kilograms(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "animals")
    return in_row(row, {"weight_g": f"{float(str(row.values['weight_g'])) / 1000:.3f}"})


@operator("a weight with a slipped decimal point", "rat_two_hit", single=True)
def weight_slipped(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "animals")
    return in_row(row, {"weight_g": f"{float(str(row.values['weight_g'])) * random.choice([0.1, 10]):g}"})


@operator("a threshold in milligrams", "rat_two_hit", single=True)
def threshold_in_milligrams(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "von_frey")
    return in_row(row, {"threshold_g": f"{float(str(row.values['threshold_g'])) * 1000:g}"})


@operator("an optical density without its point", "rat_dnase_elisa", single=True)
def density_without_point(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "assay_runs")
    old = study.text(row.file, row.line, "density")
    return in_row(row, {"density": str(int(old.replace(".", "")))}) if float(old) > 0.1 else None


@operator("a standard at another concentration", "rat_dnase_elisa", single=True)
def standard_at_another_concentration(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "assay_runs")
    texts = sorted({study.text(r.file, r.line, "conc") for r in study.of("assay_runs")})
    return in_row(row, {"conc": random.choice([t for t in texts if t != study.text(row.file, row.line, "conc")])})

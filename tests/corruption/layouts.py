"""Damage to the sheets that say what was put into the wells of a plate."""

from random import Random

from .operators import Damage, operator, replaced, rewritten, spot
from .study import Row, Study

RATS = "rat_two_hit"


def well(study: Study, random: Random, *roles: str) -> Row:
    """A well of a layout, of one of the roles."""
    return random.choice([r for r in study.of("plate_layout") if not roles or r.values["role"] in roles])


def changed(study: Study, row: Row, changes: dict[str, str], *columns: str) -> Damage:
    cells = {(row.file, row.line, column): text for column, text in changes.items()}
    where = spot(row.file, row.line, columns or tuple(changes))
    return Damage((where,), cells=cells, units=frozenset({str(row.values["sample"]), row.unit}))


def dropped(study: Study, row: Row, *more: int) -> Damage:
    """The row is lost; a finding must name the plate's file, its layout, or the row of the animal."""
    records = study.records(row.file)
    records.drop(row.line, *more)
    listed = study.listed("animals", str(row.values["sample"]))
    animals = [spot("data/raw/rat_two_hit/animals.csv", line) for line in listed]
    return rewritten(
        row.file, records, spot(row.file), spot(row.file.replace("layout", "plate").replace("csv", "txt")), *animals
    )


@operator("a well of a sample is missing in the layout", RATS)
def layout_sample_lost(study: Study, random: Random) -> Damage | None:
    return dropped(study, well(study, random, "sample"))


@operator("a well of a standard is missing in the layout", RATS)
def layout_standard_lost(study: Study, random: Random) -> Damage | None:
    return dropped(study, well(study, random, "standard"))


@operator("both wells of a standard are missing in the layout", RATS)
def layout_standards_lost(study: Study, random: Random) -> Damage | None:
    row = well(study, random, "standard")
    same = [r.line for r in study.of("plate_layout", plate=row.values["plate"], sample=row.values["sample"])]
    return dropped(study, row, *same)


@operator("a well stands in the layout twice, with two samples", RATS)
def layout_well_doubled(study: Study, random: Random) -> Damage | None:
    row = well(study, random)
    other = random.choice([r for r in study.of("plate_layout", plate=row.values["plate"]) if r.line != row.line])
    records = study.records(row.file)
    records.change(row.line, {"well": records.row(other.line)["well"]})
    return rewritten(row.file, records, spot(row.file, (row.line, other.line)))


@operator("a well that no plate has", RATS, single=True)
def layout_well_none(study: Study, random: Random) -> Damage | None:
    return changed(
        study, well(study, random), {"well": random.choice(["A13", "I1", "A0", "13A", "1"])}, "well", "plate"
    )


@operator("a well's name in another form", RATS, single=True)
def layout_well_form(study: Study, random: Random) -> Damage | None:
    row = well(study, random)
    name = str(row.values["unit_id"]).rpartition("/")[2]
    return changed(
        study,
        row,
        {"well": random.choice([f"{name[0]}0{name[1:]}", name.lower(), f"{name[0]}-{name[1:]}"])},
        "well",
        "plate",
    )


@operator("a sample moved to a well that is not in use", RATS, single=True)
def layout_well_moved(study: Study, random: Random) -> Damage | None:
    return changed(
        study, well(study, random, "sample"), {"well": f"{random.choice('ABCDEFGH')}{random.randint(9, 12)}"}
    )


@operator("a sample of an animal that is not on the list", RATS, single=True)
def layout_animal_unknown(study: Study, random: Random) -> Damage | None:
    return changed(study, well(study, random, "sample"), {"sample": random.choice(["RT99", "rt01", "RT1", "01", ""])})


@operator("a sample of an animal of another plate", RATS, single=True)
def layout_animal_of_another_plate(study: Study, random: Random) -> Damage | None:
    row = well(study, random, "sample")
    other = random.choice(
        [r for r in study.of("plate_layout", role="sample") if r.values["plate"] != row.values["plate"]]
    )
    name = str(other.values["sample"])
    damage = changed(study, row, {"sample": name})
    both = {name, row.values["sample"]}
    wells = [spot(r.file, r.line) for r in study.of("plate_layout") if r.values["sample"] in both]
    animals = [spot(r.file, r.line) for r in study.of("animals") if r.unit in both]
    return Damage((*damage.spots, *wells, *animals), cells=damage.cells, units=damage.units | {name})


@operator(
    "samples of two animals of one plate change places",
    RATS,
    blind="two samples with like readings: found where the replicates then lie apart",
)
def layout_samples_swapped(study: Study, random: Random) -> Damage | None:
    row = well(study, random, "sample")
    others = [
        r
        for r in study.of("plate_layout", role="sample", plate=row.values["plate"])
        if r.values["sample"] != row.values["sample"]
    ]
    other = random.choice(others)
    records = study.records(row.file)
    records.change(row.line, {"sample": str(other.values["sample"])})
    records.change(other.line, {"sample": str(row.values["sample"])})
    return rewritten(row.file, records, spot(row.file, (row.line, other.line)))


@operator("a role that is none", RATS, single=True)
def layout_role_unknown(study: Study, random: Random) -> Damage | None:
    return changed(study, well(study, random), {"role": random.choice(["Standard", "unknown", "std", ""])})


@operator("a standard without its concentration", RATS, single=True)
def layout_concentration_blank(study: Study, random: Random) -> Damage | None:
    return changed(study, well(study, random, "standard"), {"concentration_pg_ml": ""})


@operator("a sample without its dilution", RATS, single=True)
def layout_dilution_blank(study: Study, random: Random) -> Damage | None:
    return changed(study, well(study, random, "sample"), {"dilution": ""})


@operator("a sample at another dilution", RATS, single=True)
def layout_dilution_changed(study: Study, random: Random) -> Damage | None:
    return changed(study, well(study, random, "sample"), {"dilution": random.choice(["20", "1", "0.5", "200"])})


@operator("a standard at another concentration", RATS, single=True)
def layout_concentration_changed(study: Study, random: Random) -> Damage | None:
    row = well(study, random, "standard")
    old = float(str(row.values["concentration"]))
    return changed(study, row, {"concentration_pg_ml": f"{old * random.choice([2, 10, 0.5]):g}"}) if old else None


@operator("two standards change places", RATS)
def layout_standards_swapped(study: Study, random: Random) -> Damage | None:
    row = well(study, random, "standard")
    others = study.of("plate_layout", role="standard", plate=row.values["plate"])
    other = random.choice([r for r in others if r.values["concentration"] != row.values["concentration"]])
    records = study.records(row.file)
    one, two = records.row(row.line), records.row(other.line)
    records.change(row.line, {"concentration_pg_ml": two["concentration_pg_ml"]})
    records.change(other.line, {"concentration_pg_ml": one["concentration_pg_ml"]})
    return rewritten(row.file, records, spot(row.file, (row.line, other.line)))


@operator("standards of one plate in another unit", RATS)
def layout_standards_unit(study: Study, random: Random) -> Damage | None:
    path = well(study, random).file
    records = study.records(path)
    at = records.header.index("concentration_pg_ml")
    records.map(lambda n, c: [*c[:at], f"{float(c[at]) / 1000:g}", *c[at + 1 :]] if n and c[at] else c)
    return rewritten(path, records, spot(path, (), "concentration_pg_ml"))


@operator("one plate's layout in place of another's", RATS)
def layout_of_another_plate(study: Study, random: Random) -> Damage | None:
    one, two = random.sample([f"data/raw/rat_two_hit/layout_{n}.csv" for n in (1, 2, 3)], 2)
    return replaced(two, study.files[one], spot(one), spot(two))


@operator("an empty layout", RATS)
def layout_empty(study: Study, random: Random) -> Damage | None:
    return replaced(well(study, random).file, b"")


@operator("a layout with its header alone", RATS)
def layout_header_alone(study: Study, random: Random) -> Damage | None:
    path = well(study, random).file
    content = study.files[path]
    n = path[-5]
    plate = f"data/raw/rat_two_hit/plate_{n}.txt"
    return replaced(path, content[: content.index(b"\n") + 1], spot(path), spot(plate))

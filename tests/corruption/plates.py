"""Damage to the exports of a plate reader."""

from random import Random

from .operators import Damage, operator, replaced, spot
from .study import Study

RATS = "rat_two_hit"
HEADER, FIRST, SECOND = 2, 3, 5  # lines (from 0) of a plate's wells and of its two reads


class Plate:
    """The text of a plate file as lines of cells, and the wells by their column."""

    def __init__(self, study: Study, random: Random, number: int = 0) -> None:
        self.path = f"data/raw/rat_two_hit/plate_{number or random.randint(1, 3)}.txt"
        self.lines = [line.split("\t") for line in study.files[self.path].decode("latin-1").split("\r\n")]
        self.wells = {
            name: n for n, name in enumerate(self.lines[HEADER]) if name[:1] in "ABCDEFGH" and name[1:].isdigit()
        }
        layout = study.records(self.path.replace("plate", "layout").replace(".txt", ".csv"))
        self.used = [record.cells[1] for record in layout.all[1:]]

    def content(self) -> bytes:
        return "\r\n".join("\t".join(cells) for cells in self.lines).encode("latin-1")

    def well(self, random: Random, text) -> Damage | None:  # type: ignore[no-untyped-def]
        """Another text in the first read of a well in use."""
        name = random.choice(self.used)
        at = self.wells[name]
        old = self.lines[FIRST][at]
        self.lines[FIRST][at] = new = text(old)
        return replaced(self.path, self.content(), spot(self.path, FIRST + 1, (), name)) if new != old else None


@operator("a well beyond the reader's range (OVRFLW)", RATS)
def well_overflow(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: random.choice(["OVRFLW", "#Sat", "#Over", "*****"]))


@operator("a well without a reading", RATS)
def well_blank(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: "")


@operator("a word in a well", RATS)
def well_text(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: random.choice(["bubble", "n/a", t + "*"]))


@operator("a reading without its decimal point", RATS)
def well_without_point(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: t.replace(".", "") if float(t) > 0.1 else t)


@operator("a reading below zero", RATS)
def well_negative(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: "-1.2")


@operator("a decimal comma in a well", RATS)
def well_comma(study: Study, random: Random) -> Damage | None:
    return Plate(study, random).well(random, lambda t: t.replace(".", ","))


@operator("decimal commas on a whole plate", RATS, wanted="read right")
def plate_commas(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    for n in (FIRST, SECOND):
        plate.lines[n] = [cell.replace(".", ",") for cell in plate.lines[n]]
    return replaced(plate.path, plate.content())


@operator(
    "two wells' readings change places", RATS, blind="two like readings: found where the replicates then lie apart"
)
def wells_swapped(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    one, two = random.sample(plate.used, 2)
    cells = plate.lines[FIRST]
    a, b = plate.wells[one], plate.wells[two]
    if cells[a] == cells[b]:
        return None
    cells[a], cells[b] = cells[b], cells[a]
    return replaced(
        plate.path, plate.content(), spot(plate.path, FIRST + 1, (), one), spot(plate.path, FIRST + 1, (), two)
    )


@operator("the plate read upside down", RATS)
def plate_rotated(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    for n in (FIRST, SECOND):
        wells = sorted(plate.wells.values())
        texts = [plate.lines[n][at] for at in wells]
        for at, text in zip(wells, reversed(texts), strict=True):
            plate.lines[n][at] = text
    layout = plate.path.replace("plate", "layout").replace(".txt", ".csv")  # which of the two was turned is not known
    return replaced(plate.path, plate.content(), spot(plate.path), spot(layout))


@operator("readings slipped by one well", RATS)
def wells_slipped(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    for n in (FIRST, SECOND):
        plate.lines[n].insert(2, "0.0400")
    return replaced(plate.path, plate.content())


@operator("the file cut off within the readings", RATS)
def plate_cut_off(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    content = plate.content()
    first, last = content.index(b"\t24.") if b"\t24." in content else content.index(b"\t25."), content.index(b"~End")
    return replaced(plate.path, content[: random.randrange(first, last)])


@operator("a plate's end mark is lost", RATS)
def end_mark_lost(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    return replaced(plate.path, plate.content().replace(b"~End", b""))


@operator("the number of blocks is wrong", RATS)
def blocks_miscounted(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    return replaced(
        plate.path, plate.content().replace(b"##BLOCKS= 1", b"##BLOCKS= " + random.choice([b"2", b"0", b"x"]))
    )


@operator("a well's name is lost or doubled above the readings", RATS)
def well_name_doubled(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    plate.lines[HEADER][plate.wells[random.choice(plate.used)]] = random.choice(["A1", "A13", "", "Z9"])
    layout = spot(plate.path.replace("plate", "layout").replace(".txt", ".csv"))
    return (
        replaced(plate.path, plate.content(), spot(plate.path), layout)
        if plate.content() != study.files[plate.path]
        else None
    )


@operator("a wavelength is missing", RATS)
def wavelength_lost(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    return replaced(plate.path, plate.content().replace(b"450 620 ", b"450 "))


@operator("another plate's name", RATS)
def plate_renamed(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    new = random.choice(["Plate1", "batch 1", "Batch 9", "Batch1"])
    content = plate.content().replace(b"\tBatch ", b"\t" + new.encode() + b" ", 1)
    return replaced(
        plate.path, content, spot(plate.path), spot(plate.path.replace("plate", "layout").replace(".txt", ".csv"))
    )


@operator("one plate's file in place of another's", RATS)
def plate_file_twice(study: Study, random: Random) -> Damage | None:
    one, two = random.sample([f"data/raw/rat_two_hit/plate_{n}.txt" for n in (1, 2, 3)], 2)
    return replaced(two, study.files[one], spot(one), spot(two))


@operator("one plate's readings under another's name", RATS)
def plate_copied(study: Study, random: Random) -> Damage | None:
    one, two = random.sample([1, 2, 3], 2)
    path = f"data/raw/rat_two_hit/plate_{two}.txt"
    content = study.files[f"data/raw/rat_two_hit/plate_{one}.txt"].replace(
        f"Batch {one}".encode(), f"Batch {two}".encode()
    )
    return replaced(path, content, spot(path), spot(f"data/raw/rat_two_hit/plate_{one}.txt"))


@operator("two plates' names change places", RATS)
def plate_names_swapped(study: Study, random: Random) -> Damage | None:
    one, two = random.sample([1, 2, 3], 2)
    paths = {n: f"data/raw/rat_two_hit/plate_{n}.txt" for n in (one, two)}
    files = {
        paths[a]: study.files[paths[a]].replace(f"\tBatch {a}\t".encode(), f"\tBatch {b}\t".encode())
        for a, b in ((one, two), (two, one))
    }
    return Damage((spot(paths[one]), spot(paths[two])), files)


@operator("a plate read twice in one file", RATS)
def plate_read_twice(study: Study, random: Random) -> Damage | None:
    plate = Plate(study, random)
    lines = study.files[plate.path].split(b"\r\n")
    content = b"\r\n".join([lines[0].replace(b"= 1", b"= 2"), *lines[1:8], *lines[1:]])
    return replaced(plate.path, content)


@operator("an empty file from the reader", RATS)
def plate_empty(study: Study, random: Random) -> Damage | None:
    return replaced(Plate(study, random).path, b"")

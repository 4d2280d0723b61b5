"""The simulated two-hit rat study: behaviour, cell counts and a serum CGRP assay of 48 rats.

Model and readings by the design of doi:10.3389/fpain.2024.1280589 (thresholds, c-Fos, CGRP in ganglia), whose
group values are not public; the serum assay is an addition. Skew and spread are calibrated on
doi:10.3390/ijms25073706. The values are drawn, not reported: no published result is reproduced.
"""

import math
from pathlib import Path
from typing import NamedTuple

from omtrace.simulate import plates
from omtrace.simulate.defects import Defect, Row, with_defects
from omtrace.simulate.streams import Stream, nearest, power, within
from omtrace.store import write_bytes, write_csv

STUDY = "rat_two_hit"
MODELS = ("control", "two_hit")
TREATMENTS = ("sham", "omt_abortive", "omt_repeated")
BATCHES = (1, 2, 3)
CAGES = 24  # two rats each, one of each model, both with the cage's treatment
COLUMNS = {
    "animals.csv": ["animal_id", "cage_id", "batch", "sex", "strain", "weight_g", "model", "treatment"],
    "cages.csv": ["cage_id", "room", "rack_row"],
    "von_frey.csv": ["animal_id", "site", "hour", "threshold_g"],
    "cell_counts.csv": ["animal_id", "marker", "section", "count"],
}
# Forces of the filament handles 3.61 to 5.18 in grams.
FILAMENTS = (0.41, 0.69, 1.20, 2.04, 3.63, 5.50, 8.51, 15.14)
MEDIANS = {"periorbital": 6.5, "hind_paw": 11.0}
# Fall of the log threshold with the model at hours 0 to 5, and the share of it that a treatment leaves.
ALLODYNIA = (0.25, 1.5, 1.7, 1.6, 1.4, 1.1)
LEFT_BY = {"sham": 1.0, "omt_abortive": 0.5, "omt_repeated": 0.05}
# Control mean, and ratio of model to control without treatment.
MARKERS = {"cfos_tnc": (60.0, 1.75), "cgrp_tg": (110.0, 1.55)}
SERUM = (150.0, 1.9)
ANIMAL_CV, CAGE_CV, BATCH_CV, SECTION_CV = 0.10, 0.03, 0.03, 0.07
SERUM_CV = 0.11

OVERFLOW = "OVRFLW"
DEFECTS = (
    Defect(
        "von_frey.csv",
        {"animal_id": "RT13", "site": "periorbital", "hour": 3},
        {"threshold_g": 99},
        "impossible threshold",
    ),
    Defect(
        "cell_counts.csv", {"animal_id": "RT22", "marker": "cgrp_tg", "section": 3}, {"count": -14}, "negative count"
    ),
    Defect(
        "cell_counts.csv",
        {"animal_id": "RT99", "marker": "cfos_tnc", "section": 1},
        {"count": 71},
        "animal not in animals.csv",
        "add",
    ),
    Defect(
        "plate_2.txt",
        {"plate": "Batch 2", "read": 450},
        {"E6": OVERFLOW},
        "sample well above what the reader can measure",
    ),
)


def write(folder: Path) -> list[Path]:
    """Write the study's tables, plates and layouts below a folder and name the files written."""
    animals, cages = housed()
    tables = {
        "animals.csv": animals,
        "cages.csv": cages,
        "von_frey.csv": von_frey_rows(animals),
        "cell_counts.csv": cell_count_rows(animals),
    }
    written = []
    for file, rows in tables.items():
        write_rows(folder, file, COLUMNS[file], with_defects(file, rows, DEFECTS))
        written.append(folder / STUDY / file)
    return written + write_plates(folder, animals)


def write_rows(folder: Path, file: str, columns: list[str], rows: list[Row]) -> None:
    """Write one table of the study."""
    write_csv(folder / STUDY / file, columns, ([row[name] for name in columns] for row in rows))


class Housing(NamedTuple):
    """Rats, and the cages that they live in."""

    animals: list[Row]
    cages: list[Row]


def housed() -> Housing:
    """Rats in cages: treatment goes to cages, spread over the batches; the model to one rat of each cage."""
    stream = Stream(STUDY, "housing")
    # Eight cages a treatment over three batches of eight: three, three, two, the two in another batch each.
    plan = [(t, b) for i, t in enumerate(TREATMENTS) for b in BATCHES for _ in range(2 if b == i + 1 else 3)]
    animals: list[Row] = []
    cages: list[Row] = []
    for n, (treatment, batch) in enumerate(stream.shuffled(plan), 1):
        cage = f"C{n:02d}"
        cages.append({"cage_id": cage, "room": 1 if n % 2 else 2, "rack_row": 1 + (n - 1) // 2 % 4})
        for model in stream.shuffled(MODELS):
            animals.append(
                {
                    "animal_id": f"RT{len(animals) + 1:02d}",
                    "cage_id": cage,
                    "batch": batch,
                    "sex": "F",
                    "strain": "Sprague-Dawley",
                    "weight_g": nearest(within(stream.normal(228, 12), 195, 265)),
                    "model": model,
                    "treatment": treatment,
                }
            )
    return Housing(animals, cages)


def affected(animal: Row, hour: int = 2) -> float:
    """The share of the model's effect that shows in a rat: 0 in controls, by treatment otherwise."""
    if animal["model"] == "control":
        return 0.0
    if animal["treatment"] == "omt_abortive" and hour == 0:
        return 1.0  # given after umbellulone, so it cannot act before
    return LEFT_BY[animal["treatment"]]


def level(animal: Row, quantity: str, control: float, ratio: float, cv: float) -> float:
    """A rat's own level of a quantity: model effect times spread of rats, cages and batches, log-normal."""
    log = math.log(control) + affected(animal) * math.log(ratio)
    log += Stream(STUDY, quantity, "animal", animal["animal_id"]).normal(0, cv)
    log += Stream(STUDY, quantity, "cage", animal["cage_id"]).normal(0, CAGE_CV)
    log += Stream(STUDY, quantity, "batch", str(animal["batch"])).normal(0, BATCH_CV)
    return power(math.e, log)


def von_frey_rows(animals: list[Row]) -> list[Row]:
    """Thresholds before (hour 0) and hourly after umbellulone, each the nearest filament in log force."""
    rows = []
    for animal in animals:
        for site, median in MEDIANS.items():
            stream = Stream(STUDY, "von Frey", animal["animal_id"], site)
            own = math.log(median) + stream.normal(0, 0.4)
            for hour, fall in enumerate(ALLODYNIA):
                log = own - affected(animal, hour) * fall + stream.normal(0, 0.5)
                row = {
                    "animal_id": animal["animal_id"],
                    "site": site,
                    "hour": hour,
                    "threshold_g": filament(log),
                }
                rows.append(row)
    return rows


def filament(log: float) -> float:
    """The filament nearest to a log force, decided on six decimals; the lightest and heaviest bound it."""
    return min(FILAMENTS, key=lambda force: round(abs(math.log(force) - log), 6))


def cell_count_rows(animals: list[Row]) -> list[Row]:
    """Labelled cells in four sections a rat and marker."""
    rows = []
    for animal in animals:
        for marker, (control, ratio) in MARKERS.items():
            own = level(animal, marker, control, ratio, ANIMAL_CV)
            stream = Stream(STUDY, marker, "sections", animal["animal_id"])
            for section in range(1, 5):
                count = nearest(own * (1 + stream.normal(0, SECTION_CV)))
                row = {"animal_id": animal["animal_id"], "marker": marker, "section": section, "count": count}
                rows.append(row)
    return rows


def write_plates(folder: Path, animals: list[Row]) -> list[Path]:
    """Write an export and a layout for the plate of each batch; rats stand on it in random order."""
    serum = {animal["animal_id"]: level(animal, "serum", *SERUM, SERUM_CV) for animal in animals}
    written = []
    for plate in BATCHES:
        stream = Stream(STUDY, "plate", str(plate))
        order = stream.shuffled([animal["animal_id"] for animal in animals if animal["batch"] == plate])
        wells = plates.layout(plate, order)
        first, second = plates.reads(stream, plates.SHIFTS[plate - 1], wells, serum)
        for defect in DEFECTS:
            if defect.file == f"plate_{plate}.txt":
                first.update({well: str(text) for well, text in defect.change.items()})
        write_bytes(folder / STUDY / f"plate_{plate}.txt", plates.export(plate, [first, second]))
        write_rows(folder, f"layout_{plate}.csv", plates.LAYOUT_COLUMNS, wells)
        written += [folder / STUDY / f"plate_{plate}.txt", folder / STUDY / f"layout_{plate}.csv"]
    return written

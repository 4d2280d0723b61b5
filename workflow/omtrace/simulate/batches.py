"""A rodent study of any number of assay batches, to measure the pipeline with: ``simulate --batches N``.

A batch is one plate of 96 wells: eight standards and a zero in duplicate, blanks, three controls, a bridging
sample, and 34 rats in duplicate, two a cage. A batch's files depend on its number alone, so that a larger study
holds the smaller one. Curve, shifts and spread as in ``plates`` and ``rats``; every value is drawn.
"""

import math
from collections.abc import Iterable
from pathlib import Path

from omtrace.simulate import plates
from omtrace.simulate.defects import Row
from omtrace.simulate.rats import BATCH_CV, LEFT_BY, MODELS, SERUM, SERUM_CV, TREATMENTS
from omtrace.simulate.streams import Stream, nearest, power, within
from omtrace.store import write_bytes, write_csv

STUDY = "rat_batches"
ANIMAL_COLUMNS = ["animal_id", "cage_id", "batch", "sex", "strain", "weight_g", "model", "treatment"]
ANIMALS = 34  # a batch; two a cage, one of each model
CONTENTS = {"QC1": 60.0, "QC2": 160.0, "QC3": 400.0, "BRIDGE": 200.0}  # pg/mL
CAGE_CV, SHIFT_CV = 0.04, 0.06


def write(folder: Path, batches: Iterable[int]) -> list[Path]:
    """Write plate, layout and animals of each batch below ``folder/rat_batches``; names the files, in order."""
    written = []
    for batch in batches:
        rats = animals(batch)
        wells = layout(batch, rats)
        paths = [
            folder / STUDY / f"{name}_{batch}.{end}"
            for name, end in (("animals", "csv"), ("layout", "csv"), ("plate", "txt"))
        ]
        for path, columns, rows in zip(paths, (ANIMAL_COLUMNS, plates.LAYOUT_COLUMNS), (rats, wells), strict=False):
            write_csv(path, columns, ([row[name] for name in columns] for row in rows))
        write_bytes(paths[2], plates.export(batch, _reads(batch, rats, wells)))
        written += paths
    return written


def animals(batch: int) -> list[Row]:
    """The rats of a batch: a cage has one treatment, and one rat of each model."""
    stream = Stream(STUDY, "housing", str(batch))
    rows: list[Row] = []
    for cage in range(1, ANIMALS // 2 + 1):
        treatment = TREATMENTS[(batch + cage) % len(TREATMENTS)]
        for model in stream.shuffled(MODELS):
            weight = nearest(within(stream.normal(228, 12), 195, 265))
            row = (
                f"R{batch}-{len(rows) + 1}",
                f"C{batch}-{cage}",
                batch,
                "F",
                "Sprague-Dawley",
                weight,
                model,
                treatment,
            )
            rows.append(dict(zip(ANIMAL_COLUMNS, row, strict=True)))
    return rows


def layout(batch: int, rats: list[Row]) -> list[Row]:
    """All 96 wells of a batch's plate, in duplicate side by side; the rats stand in random order."""
    contents: list[tuple] = [("standard", f"S{n}", level, 1) for n, level in enumerate(plates.STANDARDS, 1)]
    contents += [("standard", f"S{len(plates.STANDARDS) + 1}", 0, 1), ("blank", "BLANK", None, 1)]
    contents += [("control", name, None, 1) for name in CONTENTS]
    order = Stream(STUDY, "order", str(batch)).shuffled([row["animal_id"] for row in rats])
    contents += [("sample", animal, None, plates.DILUTION) for animal in order]
    pairs = [(f"{row}{column}", f"{row}{column + 1}") for column in range(1, 12, 2) for row in "ABCDEFGH"]
    return [
        dict(zip(plates.LAYOUT_COLUMNS, (plates.name_of(batch), well, *content), strict=True))
        for wells, content in zip(pairs, contents, strict=True)
        for well in wells
    ]


def _reads(batch: int, rats: list[Row], wells: list[Row]) -> list[dict[str, str]]:
    """Both reads of the plate; a batch shifts its curve, and its rats a little."""
    stream = Stream(STUDY, "plate", str(batch))
    shift = (1 + stream.normal(0, SHIFT_CV), 1 + stream.normal(0, SHIFT_CV))
    of_batch = stream.normal(0, BATCH_CV)
    cages = {row["cage_id"]: stream.normal(0, CAGE_CV) for row in rats}
    control, ratio = SERUM
    serum = dict(CONTENTS)
    for row in rats:
        effect = LEFT_BY[row["treatment"]] * math.log(ratio) if row["model"] == "two_hit" else 0.0
        log = math.log(control) + effect + of_batch + cages[row["cage_id"]] + stream.normal(0, SERUM_CV)
        serum[row["animal_id"]] = power(math.e, log)
    return plates.reads(stream, shift, wells, serum)

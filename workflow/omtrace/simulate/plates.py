"""Plate-reader exports of the simulated serum CGRP assay, in the text form of SoftMax Pro, and their layouts.

Curve: y = D + (A - D) / (1 + (x / C)^B), the four-parameter logistic, with a shift of top and midpoint from
plate to plate; absorbance at 450 nm, background at 620 nm. One physical line holds the 96 wells of a
wavelength.
"""

from omtrace.simulate.defects import Row
from omtrace.simulate.streams import Stream, power

LAYOUT_COLUMNS = ["plate", "well", "role", "sample", "concentration_pg_ml", "dilution"]
WELLS = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13)]
STANDARDS = [1000 / 2**n for n in range(8)]  # 1000 to 7.8125 pg/mL
CONTROLS = {"QC1": 60.0, "QC2": 300.0}
DILUTION = 2  # of the samples
EMPTY = ("", "", None, 0)

BOTTOM, TOP, MIDPOINT, SLOPE = 0.055, 2.9, 360.0, 1.15
# Factors of top and midpoint on plates 1 to 3.
SHIFTS = ((1.0, 1.0), (0.93, 1.08), (1.06, 0.94))
WELL_CV = 0.03
TABS = 97  # SoftMax Pro pads every line to the width of the plate
TEMPERATURES = ("24.6", "25.1", "24.8")
SAVED = ("3/12/2024 10:41:17 AM", "3/19/2024 11:05:32 AM", "3/26/2024 10:22:48 AM")


def name_of(plate: int) -> str:
    """The plate's name in its export and its layout."""
    return f"Batch {plate}"


def layout(plate: int, animals: list[str]) -> list[Row]:
    """The wells used on a plate, in duplicate, sixteen animals in the order given; others stay empty."""
    contents: list[tuple] = [("standard", f"S{n}", level, 1) for n, level in enumerate(STANDARDS, 1)]
    contents += [("standard", f"S{len(STANDARDS) + 1}", 0, 1), ("blank", "BLANK", None, 1)]
    contents += [("control", name, None, 1) for name in CONTROLS]
    contents += [EMPTY] * 4
    contents += [("sample", animal, None, DILUTION) for animal in animals]
    pairs = [(f"{row}{column}", f"{row}{column + 1}") for column in (1, 3, 5, 7) for row in "ABCDEFGH"]
    return [
        dict(zip(LAYOUT_COLUMNS, (name_of(plate), well, *content), strict=True))
        for wells, content in zip(pairs, contents, strict=True)
        if content != EMPTY
        for well in wells
    ]


def signal(concentration: float, shift: tuple[float, float]) -> float:
    """Absorbance above background at a concentration in the well, pg/mL."""
    top, midpoint = shift
    return TOP * top + (BOTTOM - TOP * top) / (1 + power(concentration / (MIDPOINT * midpoint), SLOPE))


def reads(
    stream: Stream, shift: tuple[float, float], wells: list[Row], serum: dict[str, float]
) -> list[dict[str, str]]:
    """The 450 and the 620 nm read: well -> text as the reader prints it, four decimals without end zeros.

    ``shift``: factors of the plate's top and midpoint; ``serum``: pg/mL of whatever is no standard.
    """
    used = {row["well"]: row for row in wells}
    contents = {row["sample"]: row["concentration_pg_ml"] or 0.0 for row in wells} | CONTROLS | serum
    first, second = {}, {}
    for well in WELLS:
        background = stream.normal(0.037, 0.0013)
        value = stream.normal(0.006, 0.002)
        noise = stream.normal(0, WELL_CV)
        row = used.get(well)
        if row is not None:
            level = contents[row["sample"]] / row["dilution"]
            value = signal(level, shift) * (1 + noise) + stream.normal(0, 0.0015)
        first[well] = f"{round(background + value, 4):g}"
        second[well] = f"{round(background, 4):g}"
    return [first, second]


def export(plate: int, wells_of_reads: list[dict[str, str]]) -> bytes:
    """A plate's export: one block, two reads, CRLF, ISO-8859-1."""
    temperature = TEMPERATURES[(plate - 1) % len(TEMPERATURES)]
    head = [
        "Plate:",
        name_of(plate),
        "1.3",
        "TimeFormat",
        "Endpoint",
        "Absorbance",
        "Raw",
        "FALSE",
        "1",
        "",
        "",
        "",
        "",
        "",
        "2",
        "450 620 ",
        "1",
        "12",
        "96",
        "1",
        "8",
    ]
    lines = [["##BLOCKS= 1"], head, ["", "Temperature(°C)", *WELLS]]
    for wells in wells_of_reads:
        lines += [["", temperature, *(wells[well] for well in WELLS)], [""]]
    lines += [["~End"], [f"Original Filename: batch {plate}; Date Last Saved: {SAVED[(plate - 1) % len(SAVED)]}"]]
    text = "".join("\t".join(line + [""] * (TABS + 1 - len(line))) + "\r\n" for line in lines)
    return text.encode("iso-8859-1")

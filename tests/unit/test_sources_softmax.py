"""Reader of SoftMax Pro text exports, with exports written here: every number in them is invented."""

import os
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.readers import options_of, reader_of

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
READER = reader_of("softmax")
WELLS = [f"{letter}{number}" for letter in "ABCDEFGH" for number in range(1, 13)]
FORMULAS = {"Sample": "!SampleNames", "Wells": "!WellIDs", "Value": "!WellValues", "Dilution": "!Factor"}
FORMULAS |= {
    "BackCalcConc": "InterpX(Std@StandardCurve,Value)",
    "Result": '"InterpX(Std@StandardCurve,Value)"',
}
STANDARDS = [
    "1\t1000\t1010.5\tA1\t2.001",
    " \t \t990.25\tA2\t1.999",
    "2\t500\tMasked\tB1\tMasked",
    " \t \tRange?\tB2\t1.100",
]
UNKNOWNS = [
    "R1\tC1\t0.500\t\t210.125\t211\t10",
    " \tC2\t0.510\tR\tRange?",
    "R2\tC3\tMasked\tR\tMasked\t \t20",
    "R3",
]


def signal(plate, read, well):
    """The invented signal of a well: readable back to its place."""
    return f"{plate}.{read}{WELLS.index(well):03d}"


def plate(number, name="Plate1", waves=("450", "620"), blank=(), texts=None):
    """A plate block in TimeFormat: one line a read, then the reduced values."""
    head = ["Plate:", name, "1.3", "TimeFormat", "Endpoint", "Absorbance", "Raw", "FALSE", "1", *[""] * 5]
    head += [str(len(waves)), " ".join(waves) + " ", "1", "12", "96", "1", "8"]
    lines = ["\t".join(head), "\tTemperature(\xa1C)\t" + "\t".join(WELLS)]
    for read in range(len(waves)):
        cells = ["" if well in blank else (texts or {}).get((read, well), signal(number, read, well)) for well in WELLS]
        lines += ["\t23.1\t" + "\t".join(cells), ""]
    return [*lines, "\t\t" + "\t".join(WELLS), "\t\t" + "\t".join(["9.9"] * 96), "~End"]


def grid(number, name="Plate1", waves=("450", "620")):
    """The same plate in PlateFormat: the reads side by side as grids."""
    head = ["Plate:", name, "1.3", "PlateFormat", "Endpoint", "Absorbance", "Raw", "FALSE", "1", *[""] * 5]
    head += [str(len(waves)), " ".join(waves) + " ", "1", "12", "96", "1", "8"]
    numbers = [str(n) for n in range(1, 13)]
    lines = ["\t".join(head), "\tTemperature(\xa1C)\t" + "\t\t".join(["\t".join(numbers)] * len(waves))]
    for letter in "ABCDEFGH":
        reads = ["\t".join(signal(number, read, letter + n) for n in numbers) for read in range(len(waves))]
        lines.append(("\t23.1\t" if letter == "A" else "\t\t") + "\t\t".join(reads))
    return [*lines, "", "\t\t" + "\t".join(numbers), *["\t\t" + "\t".join(["9.9"] * 12)] * 8, "~End"]


def group(name, header, rows, formulas=True):
    """A group block: the table, and what its columns are."""
    lines = [f"Group: {name}", header, *rows, ""]
    if formulas:
        lines.append("Group Column\tFormula Name\tFormula\tPrecision\tNotation")
        for n, column in enumerate(header.split("\t"), 1):
            column = column.partition(" ")[0]
            lines.append(f"{n}\t{column}\t{FORMULAS.get(column, 'Average(Value)')}\t3 decimal places\tNumeric")
    return [*lines, "", "Group Summaries", "~End "]


def standards(rows=STANDARDS):
    lines = group("Standards", "Sample\tConcentration pg/mL\tBackCalcConc\tWells\tValue", rows)
    return [line.replace("2\tConcentration\tAverage(Value)", "2\tConcentration\t!SampleDescriptor") for line in lines]


def unknowns(rows=UNKNOWNS):
    return group("Unknowns", "Sample\tWells\tValue\tR\tResult\tMeanResult\tDilution", rows)


def export(*blocks, declared=None, encoding="latin-1"):
    lines = [f"##BLOCKS= {len(blocks) if declared is None else declared}"]
    for block in blocks:
        lines += block
    lines += ["Original Filename: invented; Date Last Saved: 1/2/2003 4:05:06 PM", ""]
    return "\r\n".join(lines).encode(encoding)


def read(content, part):
    return READER.read(content, READER.options(part=part))


def fault_of(content, part="signals"):
    with pytest.raises(Fault) as caught:
        read(content, part)
    return str(caught.value)


TWO = export(plate(1), standards(), unknowns(), plate(2), standards(), unknowns())


def test_signals_of_two_plates_of_one_name():
    extract = read(TWO, "signals")
    assert extract.columns == ("plate", "plate_name", "wavelength", "well", "signal")
    assert len(extract.rows) == 2 * 2 * 96
    expected = [
        [str(number), "Plate1", wave, well, signal(number, read, well)]
        for number in (1, 2)
        for read, wave in enumerate(("450", "620"))
        for well in WELLS
    ]
    assert extract.rows == expected
    assert [place.ordinal for place in extract.places] == list(range(1, 385))
    lines = TWO.decode("latin-1").split("\r\n")
    for place, row in zip(extract.places, extract.rows, strict=True):
        assert place.part == f"plate {row[0]} Plate1 {row[2]}"
        assert place.column == row[3]
        assert lines[place.first_line - 1].split("\t")[2 + WELLS.index(row[3])] == row[4]


def test_grid_gives_the_same_rows_with_its_own_lines():
    blocks = export(grid(1), grid(2, "Plate2"))
    extract = read(blocks, "signals")
    assert extract.rows == read(export(plate(1), plate(2, "Plate2")), "signals").rows
    at = {(row[0], row[2], row[3]): place.first_line for row, place in zip(extract.rows, extract.places, strict=True)}
    assert (at["1", "450", "A1"], at["1", "620", "H12"], at["2", "450", "B7"]) == (4, 11, 26)


def test_groups_belong_to_the_plate_before_them():
    extract = read(TWO, "groups")
    assert extract.columns == (
        "plate",
        "plate_name",
        "group",
        "sample",
        "concentration",
        "well",
        "value",
        "back_calculated",
        "dilution",
    )
    assert extract.rows[:7] == [
        ["1", "Plate1", "Standards", "1", "1000", "A1", "2.001", "1010.5", ""],
        ["1", "Plate1", "Standards", "1", "1000", "A2", "1.999", "990.25", ""],
        ["1", "Plate1", "Standards", "2", "500", "B1", "Masked", "Masked", ""],
        ["1", "Plate1", "Standards", "2", "500", "B2", "1.100", "Range?", ""],
        ["1", "Plate1", "Unknowns", "R1", "", "C1", "0.500", "210.125", "10"],
        ["1", "Plate1", "Unknowns", "R1", "", "C2", "0.510", "Range?", "10"],
        ["1", "Plate1", "Unknowns", "R2", "", "C3", "Masked", "Masked", "20"],
    ]
    assert [row[0] for row in extract.rows] == ["1"] * 7 + ["2"] * 7
    lines = TWO.decode("latin-1").split("\r\n")
    for place, row in zip(extract.places, extract.rows, strict=True):
        assert row[5] in lines[place.last_line - 1].split("\t")
        assert row[3] == lines[place.first_line - 1].split("\t")[0].strip()  # filled down from the sample's first line
        assert place.part == f"plate {row[0]} Plate1 {row[2]}"


def test_ordinals_do_not_depend_on_the_part():
    signals, groups = read(TWO, "signals"), read(TWO, "groups")
    mine = [place.ordinal for place in groups.places] + [fault.place.ordinal for fault in groups.faults]
    assert sorted(mine) == list(range(385, 385 + 16))
    assert {place.ordinal for place in signals.places}.isdisjoint(mine)


def test_sample_without_a_well_is_a_row_fault():
    extract = read(TWO, "groups")
    assert [(f.rule, f.place.ordinal, f.place.part) for f in extract.faults] == [
        ("no_well", 392, "plate 1 Plate1 Unknowns"),
        ("no_well", 400, "plate 2 Plate1 Unknowns"),
    ]


def test_columns_are_known_by_formula_or_else_by_name():
    renamed = group("G", "Name\tWhere\tOptical\tThinned", ["a\tA1\t0.5\t4"], formulas=False)
    roles = ("!SampleNames", "!WellIDs", "!WellValues", "!Factor")
    renamed[4:4] = ["Group Column\tFormula Name\tFormula"] + [f"{n}\tx\t{role}" for n, role in enumerate(roles, 1)]
    extract = read(export(plate(1), renamed), "groups")
    assert extract.rows == [["1", "Plate1", "G", "a", "", "A1", "0.5", "", "4"]]
    assert extract.decisions["group G, line 11"] == (
        "Where as well, Optical as value, Name as sample, Thinned as dilution"
    )
    plain = group("G", "Sample\tConcentration ng/mL\tWells\tOD\tResults", ["a\t7\tA1\t0.5\t6.9"], formulas=False)
    assert read(export(plate(1), plain), "groups").rows == [["1", "Plate1", "G", "a", "7", "A1", "0.5", "6.9", ""]]


def test_computed_concentration_is_no_known_one():
    lines = group("G", "Sample\tWells\tConcentration (ng/uL)", ["a\tA1\t73.7"])
    assert read(export(plate(1), lines), "groups").rows[0][4] == ""


def test_later_values_of_a_sample_are_filled_down_from_the_nearest_above():
    rows = ["1\t10\t\tA1\t1", " \t20\t\tA2\t2", " \t \t\tA3\t3", "2\t \t\tA4\t4"]
    extract = read(export(plate(1), standards(rows)), "groups")
    assert [row[3:5] for row in extract.rows] == [["1", "10"], ["1", "20"], ["1", "20"], ["2", ""]]


def test_plate_of_a_group_by_name():
    named = group("All", "Sample\tWells\tValue\tWellPlateName", ["a\tA1\t1\tP2", " \tA1\t2\tP1"])
    extract = read(export(plate(1, "P1"), plate(2, "P2"), named), "groups")
    assert [row[:2] for row in extract.rows] == [["2", "P2"], ["1", "P1"]]
    assert "found it 0 times" in fault_of(export(plate(1, "P1"), plate(2, "P3"), named), "groups")
    assert "found it 2 times" in fault_of(export(plate(1, "P2"), plate(2, "P2"), named), "groups")


def test_group_after_two_plates_is_not_guessed():
    content = export(plate(1, "P1"), plate(2, "P2"), unknowns())
    assert len(read(content, "signals").rows) == 384
    assert "but found 2 plates" in fault_of(content, "groups")
    assert "but found 0 plates" in fault_of(export(unknowns(), plate(1)), "groups")


def test_plate_block_alone_blank_wells_and_overflow():
    content = export(plate(1, waves=("405",), blank=WELLS[:3], texts={(0, "H12"): "OVRFLW", (0, "A4"): " 0,123 "}))
    extract = read(content, "signals")
    assert [row[4] for row in extract.rows[:4]] == ["", "", "", "0,123"]
    assert extract.rows[-1] == ["1", "Plate1", "405", "H12", "OVRFLW"]
    assert read(content, "groups").rows == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_encodings(encoding):
    extract = read(export(plate(1), encoding=encoding), "signals")
    assert len(extract.rows) == 192


def test_fluorescence_has_one_more_cell_in_its_head():
    block = plate(1)
    block[0] = block[0].replace("Absorbance\t", "Fluorescence\tFALSE\t")
    assert read(export(block), "signals").rows == read(export(plate(1)), "signals").rows


def test_file_saved_by_a_spreadsheet():
    """Rows padded with tabs, cells with commas or quotes in quotes."""
    block = unknowns(['"R1, ""old"""\tC1\t0.5'])
    lines = export(plate(1), block).decode("latin-1").split("\r\n")
    padded = "\r\n".join(line + "\t" * (97 - line.count("\t")) for line in lines).encode("latin-1")
    assert read(padded, "groups").rows == [["1", "Plate1", "Unknowns", 'R1, "old"', "", "C1", "0.5", "", ""]]
    assert read(padded, "signals").rows == read(export(plate(1)), "signals").rows


def test_notes_are_left_out():
    note = ["Note: ", "Plate: read twice", "Group: none", "~End"]
    assert len(read(export(note, plate(1)), "signals").rows) == 192


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("##BLOCKS= 2", "plate reader"), "line 1: expected ##BLOCKS="),
        (("##BLOCKS= 2", "##BLOCKS= 3"), "expected 3 blocks as line 1 says, but found 2"),
        (("Endpoint", "Kinetic"), "line 2: expected a plate in TimeFormat or PlateFormat, Endpoint, Raw"),
        (("\tRaw\t", "\tReduced\t"), "line 2: expected a plate in TimeFormat or PlateFormat, Endpoint, Raw"),
        (("450 620 ", "450 "), "line 2: expected the number of wavelengths"),
        (("\tB7\t", "\tB6\t"), "line 3: expected a line of well names"),
        (("\tB7\t", "\tB77x\t"), "line 3: expected a line of well names"),
        (("\t1.0000\t", "\t"), "line 4: expected one read: an empty cell, the temperature, 96 signals"),
        (("\t1.0000\t", "\t1.0000\t7\t"), "line 4: expected one read"),
        (("\t23.1\t1.0000", "00:00\t23.1\t1.0000"), "line 4: expected one read"),
        (("~End\r\nGroup", "Group"), "expected"),
        (
            ("Group: Unknowns", "Cuvette: Unknowns"),
            "expected a block (Plate: Group: Note: Graph:) or the footer",
        ),
    ],
)
def test_other_layouts_are_refused_at_their_line(change, says):
    text = export(plate(1), unknowns()).decode("latin-1")
    assert text.count(change[0]) >= 1
    message = fault_of(text.replace(*change, 1).encode("latin-1"))
    assert says in message
    assert "1.0" not in message and "0.500" not in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("\t12\t\t1\t", "\t12\t1\t"), "line 3: expected column numbers"),
        (("\t96\t1\t8", "\t\t1\t8"), "line 3: expected column numbers"),
        (("\t1.0011\t\t", "\t1.0011\t7\t"), "line 4: expected wells"),
        (("\t1.0013\t", "\t"), "line 5: expected wells"),
    ],
)
def test_other_grids_are_refused_at_their_line(change, says):
    text = export(grid(1)).decode("latin-1")
    assert change[0] in text
    assert says in fault_of(text.replace(*change, 1).encode("latin-1"))


def test_file_that_is_cut_off_is_refused():
    text = TWO.decode("latin-1")
    for end in (
        text.index("~End") - 3,
        text.rindex("~End"),
        text.rindex("Group:"),
        text.index("Wells\tValue"),
    ):
        assert "expected" in fault_of(text[:end].encode("latin-1"))


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        (["a\tA1\t1\t2"], "Sample\tWells\tValue", "no more than 3 cells"),
        (["a\t1"], "Sample\tValue", "a column of samples and one of wells"),
        ([], "", "a column of samples and one of wells"),
    ],
)
def test_group_tables_that_are_refused(rows, header, says):
    content = export(plate(1), group("G", header, rows, formulas=False))
    assert says in fault_of(content, "groups")
    assert len(read(content, "signals").rows) == 192


def test_part_must_be_chosen():
    with pytest.raises(Fault, match="part"):
        options_of(READER, {}, "plan")


@needs_mirror
@pytest.mark.parametrize(
    ("file", "plates", "groups", "wells", "lost"),
    [
        ("Assay_2.txt", 1, 3, 72, 0),
        ("Assay_3_and_4.txt", 2, 3, 144, 0),
        ("Assay_11_and_12.txt", 2, 4, 192, 1),
    ],
)
def test_printed_values_are_the_difference_of_the_two_reads_of_their_plate(file, plates, groups, wells, lost):
    content = Path(MIRROR, "elisa_plates", file).read_bytes()
    signals, tables = read(content, "signals"), read(content, "groups")
    assert len(signals.rows) == plates * 2 * 96
    assert (len(tables.rows), len(tables.faults)) == (wells, lost)
    assert len({(row[0], row[2]) for row in tables.rows}) == plates * groups
    at = {(row[0], row[2], row[3]): float(row[4]) for row in signals.rows}
    checked = 0
    for row in tables.rows:
        if row[6] == "Masked":
            assert row[7] == "Masked"
            continue
        difference = at[row[0], "450", row[5]] - at[row[0], "620", row[5]]
        assert abs(difference - float(row[6])) <= 0.000501, (file, row[0], row[5])
        checked += 1
    assert checked > 0.85 * wells


@needs_mirror
def test_standards_and_dilutions_of_a_real_export():
    rows = read(Path(MIRROR, "elisa_plates/Assay_11_and_12.txt").read_bytes(), "groups").rows
    standards_ = {(row[0], row[3], row[4]) for row in rows if row[2] == "Standards"}
    levels = ["3000", "1500", "750", "375", "187.5", "93.75", "46.875", "0"]
    assert standards_ == {(number, str(n), level) for number in "12" for n, level in enumerate(levels, 1)}
    assert {row[8] for row in rows if row[2] == "Unk_Dilution"} == {"10"}
    swapped = [row[5] for row in rows if row[0] == "1" and row[4] == "3000"]
    assert swapped == ["B1", "B2", "B3"]

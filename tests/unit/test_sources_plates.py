"""Readers of plate exports: Gen5, MARS, xPONENT, Magellan and plain grids; every number in the files is invented."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.readers import reader_of
from omtrace.readers._wells import SIGNALS, well_name
from omtrace.readers._words import kind_of, meaning_of_word
from plate_exports import gen5, gen5_plate, grid, magellan, mars, plate_map, signal, stacked, workbook, xponent

WELLS = [f"{letter}{number}" for letter in "ABCDEFGH" for number in range(1, 13)]


def read(reader, content, **options):
    declared = reader_of(reader)
    return declared.read(content, declared.options(**options))


def refused(reader, content, **options):
    with pytest.raises(Fault) as caught:
        read(reader, content, **options)
    return str(caught.value)


def cells(extract, column):
    return list(extract.cells[extract.columns.index(column)])


def signals(extract, plate="1"):
    """Well -> text of one plate with one read."""
    wanted = zip(cells(extract, "plate"), cells(extract, "well"), cells(extract, "signal"), strict=True)
    return {well: text for number, well, text in wanted if number == plate}


USUAL = {well: signal(n, 1) for n, well in enumerate(WELLS)}
FIRST = {well: signal(n) for n, well in enumerate(WELLS)}


# Gen5


def test_gen5_gives_every_well_at_its_line_and_leaves_out_what_is_computed():
    extract = read("gen5", gen5(gen5_plate(1), gen5_plate(2)))
    assert extract.columns == SIGNALS
    assert len(extract.places) == 192 and signals(extract) == USUAL
    assert {*zip(cells(extract, "plate_name"), cells(extract, "wavelength"), cells(extract, "read"), strict=True)} == {
        ("Plate 1", "450", "450nm:450"),
        ("Plate 2", "450", "450nm:450"),
    }
    lines = gen5(gen5_plate(1), gen5_plate(2)).decode("utf-8-sig").split("\r\n")
    for place, text in zip(extract.places, cells(extract, "signal"), strict=True):
        line = lines[place.first_line - 1].split("\t")
        assert line[int(place.column[1:])] == text and line[-1] == "450nm:450"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_gen5_in_any_encoding(encoding):
    assert signals(read("gen5", gen5(gen5_plate(1), encoding=encoding))) == USUAL


def test_gen5_texts_that_are_no_numbers_are_states_with_words():
    texts = {"A1": "OVRFLW", "B2": "MISSED", "C3": "*0.356*", "D4": "<0.000", "E5": "?????", "F6": "odd"}
    extract = read("gen5", gen5(gen5_plate(1, texts=texts)))
    assert {well: signals(extract)[well] for well in texts} == texts
    missing = extract.variables["signal"].missing
    assert set(missing) == set(texts.values()) - {"odd"}  # what no reader writes stays for the checks
    assert "above range" in missing["OVRFLW"] and "masked" in missing["*0.356*"] and "below" in missing["<0.000"]


def test_gen5_layout_and_computed_values():
    layout = read("gen5", gen5(gen5_plate(1)), part="layout")
    rows = {row[2]: row[3:] for row in layout.rows}
    assert len(rows) == 8 * 11 + 1
    assert rows["B1"] == ["STD2", "STD", "500.0", ""] and rows["B3"] == ["SPL2", "SPL", "", "2"]
    assert rows["H12"] == ["BLK", "BLK", "", ""]
    computed = read("gen5", gen5(gen5_plate(1)), part="computed")
    assert set(cells(computed, "read")) == {"Blank 450nm:450", "[Concentration]"}


def test_gen5_refuses_what_has_no_matrix_and_says_why():
    kinetic = [line.replace("Absorbance Endpoint", "Absorbance Kinetic") for line in gen5_plate(1, layout=False)]
    kinetic = [line for line in kinetic if not line.endswith("450nm:450")]
    assert "kinetic" in refused("gen5", gen5(kinetic[:12]))
    assert "line 1: expected Software Version" in refused("gen5", b"a\tb\n1\t2\n")
    assert "Plate Number" in refused("gen5", gen5())
    assert "Well ID" in refused("gen5", gen5(gen5_plate(1, layout=False)), part="layout")
    twice = gen5_plate(1)
    at = next(n for n, line in enumerate(twice) if line.startswith("B\t1"))
    assert "each well once" in refused("gen5", gen5([*twice[: at + 1], twice[at][1:], *twice[at + 1 :]]))


# MARS


@pytest.mark.parametrize(("rows", "columns", "mark"), [(8, 12, ","), (16, 24, ","), (8, 12, ";")])
def test_mars_gives_every_well(rows, columns, mark):
    extract = read("mars", mars(("450 1", "620"), rows, columns, mark=mark))
    assert len(extract.places) == 2 * rows * columns
    assert cells(extract, "signal") == [signal(n, r) for r in (0, 1) for n in range(rows * columns)]
    assert dict.fromkeys(zip(cells(extract, "wavelength"), cells(extract, "read"), strict=True)) == dict.fromkeys(
        [("450", "450 1"), ("620", "620")]
    )
    assert set(cells(extract, "plate_name")) == {"Plate B7"}


def test_mars_names_its_plate_and_its_reads():
    assert set(cells(read("mars", mars(), plate="test"), "plate_name")) == {"ELISA"}
    assert set(cells(read("mars", mars(), plate="run"), "plate_name")) == {"4"}
    assert "ID2:" in refused("mars", mars(), plate="id2")
    assert set(cells(read("mars", mars(("485/520", "No filter"))), "wavelength")) == {"485/520", "No filter"}
    assert "each well once" in refused("mars", mars(("450", "450")))


def test_mars_refuses_other_files_cut_ones_and_other_sizes():
    assert "line 1: expected User:" in refused("mars", b"a,b\n1,2\n")
    assert "Raw Data" in refused("mars", mars(()))
    assert "but found 6" in refused("mars", b"\r\n".join(mars().split(b"\r\n")[:-3]))
    assert "but found 20 columns" in refused("mars", mars(columns=20))


# xPONENT


@pytest.mark.parametrize(("mark", "quotes"), [(",", True), (";", True), (";", False)])
def test_xponent_gives_each_analyte_of_each_well(mark, quotes):
    extract = read("xponent", xponent(mark=mark, quotes=quotes))
    assert extract.rows[:2] == [
        ["1", "RUN 7", "alpha", "S1", "A1", "7.5", "61"],
        ["1", "RUN 7", "bravo", "S1", "A1", "7.5", "61"],
    ]
    assert len(extract.places) == 6 and extract.places[2].column == "B1 alpha"
    text = xponent(mark=mark, quotes=quotes).decode().split("\r\n")[extract.places[2].first_line - 1]
    assert "(1,B1)" in text


def test_xponent_says_that_no_bead_was_counted():
    extract = read("xponent", xponent(medians={("B1", "alpha"): ("NaN", "0")}))
    assert extract.variables["signal"].missing == {"NaN": "no value: no bead was counted"}
    assert cells(extract, "beads")[2] == "0"


def test_xponent_statistics_and_refusals():
    assert set(cells(read("xponent", xponent(), statistic="Count"), "signal")) == {"61"}
    assert "Net MFI" in refused("xponent", xponent(), statistic="Net MFI")
    assert "line 1: expected Program" in refused("xponent", b"a,b\n1,2\n")
    assert "twice" in refused("xponent", xponent(wells=("A1", "A1")))
    assert "a location" in refused("xponent", xponent(wells=("A1", "AG1")))
    assert "each once" in refused("xponent", xponent(analytes=("alpha", "alpha")))


# Magellan


def test_magellan_list_with_notes_times_and_temperatures():
    extract = read("magellan", magellan())
    assert len(extract.places) == 192 and set(cells(extract, "wavelength")) == {"450", "Label2"}
    assert cells(extract, "well")[:96] == WELLS and float(cells(extract, "signal")[95]) == 0.095
    assert extract.places[5].first_line == 9 and extract.places[5].part == "Magellan Sheet 1 plate 1 1 Label1"


def test_magellan_names_its_plate_or_is_told():
    assert set(cells(read("magellan", magellan(plate="P9")), "plate_name")) == {"P9"}
    told = read("magellan", magellan(note=False), plate="P3", wavelength="492")
    assert {*cells(told, "plate_name"), *cells(told, "wavelength")} == {"P3", "492"}


def test_magellan_grid_below_its_corner_mark():
    rows = [["Wavelength: 450 nm"], *([cell or None for cell in line.split("\t")] for line in grid(8, 12, corner="<>"))]
    assert signals(read("magellan", workbook(rows))) == FIRST


def test_magellan_refuses_what_is_no_well():
    assert "Well positions" in refused("magellan", workbook([["Raw data", "Plate"], [0.1, "P"]]))
    assert "a well such as A1" in refused("magellan", workbook([["Well", "OD"], ["A1", 0.1], ["AZ9", 0], ["A3", 0.3]]))
    assert "a formula without its value" in refused("magellan", workbook([["Well", "OD"], ["A1", "=1+1"]]))
    assert "each well once" in refused("magellan", workbook([["Well", "OD"], ["A1", 0.1], ["A01", 0.2]]))
    assert "name one of the 2 sheets" in refused("magellan", workbook([["x"]], More=[["y"]]))


# plain grids


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_stacked_grids_are_plates(mark):
    extract = read("plate_grid", stacked(mark), wavelength="450")
    assert signals(extract, "1") == FIRST and signals(extract, "2") == USUAL
    assert list(dict.fromkeys(cells(extract, "plate_name"))) == ["B1", "B2"]


def test_a_heading_with_a_wavelength_is_a_read_of_the_plate_above():
    extract = read("plate_grid", stacked(headings=("Plate: B1\n450 nm", "620 nm")))
    assert dict.fromkeys(
        zip(cells(extract, "plate"), cells(extract, "plate_name"), cells(extract, "wavelength"), strict=True)
    ) == dict.fromkeys([("1", "B1", "450"), ("1", "B1", "620")])


def test_grids_without_headings_are_counted():
    extract = read("plate_grid", stacked(headings=("", "")), wavelength="450")
    assert list(dict.fromkeys(cells(extract, "plate_name"))) == ["1", "2"]


def test_a_grid_in_a_workbook_and_blank_wells():
    rows = [["Plate: B1"], *([cell or None for cell in line.split("\t")] for line in grid(16, 24, texts={"P24": ""}))]
    extract = read("plate_grid", workbook(rows, "Run 1"), wavelength="450")
    assert len(extract.places) == 384 and cells(extract, "signal")[-1] == ""
    assert extract.places[0].part == "Run 1 plate 1 B1 450"


def test_a_layout_drawn_as_a_plate():
    extract = read("plate_grid", plate_map(), part="layout")
    assert extract.columns == ("plate", "well", "role", "sample", "concentration_pg_ml")
    rows = {row[1]: row[2:] for row in extract.rows}
    assert len(rows) == 32
    assert rows["B2"] == ["standard", "SB", "500.0"] and rows["B3"] == ["sample", "RTB3", ""]


def test_grids_are_refused_with_their_line():
    assert "line 3: expected a grid" in refused("plate_grid", b"a,b\n\nc,d\n")
    assert "the option wavelength" in refused("plate_grid", stacked())
    assert "but found 5" in refused("plate_grid", b"\n".join(stacked().split(b"\n")[:7]), wavelength="450")
    assert "line 2: the quotes" in refused("plate_grid", b'a,b\n"A,1\n')
    assert "a line Plate:" in refused("plate_grid", b"\n".join(plate_map().split(b"\n")[1:]), part="layout")


def test_the_first_lines_seen_are_for_check_alone():
    with pytest.raises(Fault) as caught:
        read("plate_grid", b"secret,1.234\nmore,2\n")
    assert caught.value.seen == ("1: secret | 1.234", "2: more | 2")
    assert "secret" not in str(caught.value)


# shared


def test_wells_and_states():
    assert [well_name(text) for text in ("a1", "A01", "AF48", "A49", "AG1", "A0", "")] == [
        "A1",
        "A1",
        "AF48",
        *[""] * 4,
    ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("OVRFLW OVER #SAT Overflow >4.0 ***** >MAX HIGH OVR", "above range"),
        ("#LOW <OOR <3.2 <MIN Under", "below range"),
        ("Masked *0.5*", "masked"),
        ("Path? Range? Invalid Err NaN ????? MISSED", "no value"),
        ("3.5 >x 1e3 abc - *", ""),
    ],
)
def test_words_of_readers(words, kind):
    assert {word: kind_of(meaning_of_word(word)) for word in words.split()} == dict.fromkeys(words.split(), kind)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.dictionaries(st.sampled_from(WELLS), st.floats(-1, 9).map(lambda x: f"{x:.3f}"), max_size=9),
    st.sampled_from([",", ";", "\t"]),
    st.integers(1, 4),
)
def test_any_signals_come_back_at_their_wells(texts, mark, plates):
    headings = [f"Plate: P{n}" for n in range(plates)]
    extract = read("plate_grid", stacked(mark, headings, texts), wavelength="450")
    for n in range(plates):
        usual = {well: signal(m, n) for m, well in enumerate(WELLS)}
        assert signals(extract, str(n + 1)) == usual | texts

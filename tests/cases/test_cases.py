"""The cases: inputs from public reports and from practice, read as is right."""

import gzip
import re
from pathlib import Path

import pyarrow.parquet
import pytest
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.model.tables import TablePlan
from omtrace.readers import options_of, reader_of
from omtrace.readers._words import kind_of, meaning_of_word
from omtrace.schemas import table_of
from omtrace.validation.work import Source, Work
from plate_exports import gen5, gen5_plate
from test_checks import DAYS, DIARY, SLOTS, Study

CASES = Path(__file__).parents[1] / "cases"


def read(reader: str, name: str, content: bytes = b"", **options):
    plugin = reader_of(reader)
    return plugin.read(content or (CASES / name).read_bytes(), options_of(plugin, options, "test"))


def refused(reader: str, name: str, content: bytes = b"", **options) -> str:
    with pytest.raises(Fault) as caught:
        read(reader, name, content, **options)
    return "\n".join(caught.value.lines)


def grid(columns: int, rows: int) -> bytes:
    lines = ["Plate: S1", "450 nm", "," + ",".join(map(str, range(1, columns + 1)))]
    lines += [f"{letter}," + ",".join(["0.5"] * columns) for letter in "ABCDEFGHIJKLMNOP"[:rows]]
    return "\n".join(lines).encode()


def test_eight_strips_keep_all_their_wells():
    wells = read("plate_grid", "strips_8_columns.csv").cells[4]
    assert len(wells) == 64 and {well[0] for well in wells} == set("ABCDEFGH")


@pytest.mark.parametrize("columns", [8, 6, 4, 3])
def test_strips_and_plates_of_as_many_columns(columns):
    from omtrace.readers._wells import FORMATS

    assert len(read("plate_grid", "", grid(columns, 8)).places) == 8 * columns
    assert len(read("plate_grid", "", grid(columns, FORMATS[columns])).places) == FORMATS[columns] * columns
    assert "A to H, of strips" in refused("plate_grid", "", grid(columns, 7)) or FORMATS[columns] == 8


def test_a_plate_whose_name_stands_above_each_wavelength_is_one_plate():
    one, other = grid(12, 8), grid(12, 8).replace(b"450 nm", b"620 nm")
    assert read("plate_grid", "", one + b"\n\n" + other).decisions["plates"] == "1"
    assert read("plate_grid", "", one + b"\n\n" + one).decisions["plates"] == "2"


def test_a_grid_whose_last_row_is_cut_off_is_refused():
    whole = grid(12, 8)
    assert (
        "12 wells in row H" in refused("plate_grid", "", whole[:-8]) and len(read("plate_grid", "", whole).places) == 96
    )


def test_a_row_with_more_numbers_than_wells_is_refused():
    """Decimal commas without quotes in a file of commas, in all wells or in one: never 0 and 512 for 0,512."""
    whole = grid(12, 8)
    for split in (whole.replace(b"0.5", b"0,512"), whole.replace(b"\nC,0.5", b"\nC,0,512")):
        assert "12 wells in row" in refused("plate_grid", "", split) and "decimal commas" in refused(
            "plate_grid", "", split
        )
    labelled = whole.replace(b"\n", b",450\n").replace(b"12,450", b"12")[len(b"Plate: S1,450\n450 nm,450\n") :]
    assert len(read("plate_grid", "", labelled + b",450", wavelength="450").places) == 96
    semicolons = whole.replace(b",", b";").replace(b"0.5", b"0,5")
    assert set(read("plate_grid", "", semicolons).cells[5]) == {"0,5"}


def test_a_plate_of_1536_wells_is_read_and_its_wells_have_places():
    from omtrace.report._plate_svg import places_on
    from omtrace.schemas.plate_layout import WELL
    from omtrace.statistics.assay.plate_position import at_edge, places

    names = [*(chr(n) for n in range(65, 91)), *(f"A{chr(n)}" for n in range(65, 71))]
    lines = ["Plate: S1", "450 nm", "," + ",".join(f"{n:02}" for n in range(1, 49))]
    lines += [f"{name}," + ",".join(["0.5"] * 48) for name in names]
    wells = read("plate_grid", "", "\n".join(lines).encode()).cells[4]
    assert len(wells) == 1536 and wells[0] == "A1" and wells[-1] == "AF48" and list(places_on(4)) == list(wells)
    assert all(re.fullmatch(WELL, f"S1/{well}") for well in wells)
    assert at_edge(*places(wells), 1536).sum() == 2 * 48 + 2 * 30
    assert refused("plate_grid", "", "\n".join(lines[:-1]).encode())


def test_labware_is_not_the_name_of_a_plate():
    assert "option plate" in refused("magellan", "i_control_plate_1.xlsx", wavelength="450")
    for name in ("i_control_plate_1.xlsx", "i_control_plate_3.xlsx"):
        assert set(read("magellan", name, wavelength="450", plate="P1").cells[1]) == {"P1"}


def test_words_in_wells_say_what_they_mean():
    says = read("softmax", "softmax_words.txt", part="signals").variables["signal"].missing
    assert {word: kind_of(meaning) for word, meaning in says.items()} == {
        "Path?": "no value",
        "#Sat": "above range",
        "Masked": "masked",
        "Range?": "no value",
        "#Low": "below range",
        "Overflow": "above range",
    }


HIT6 = {
    "reader": "redcap",
    "columns": {"unit_id": "record_id"},
    "visit": {"column": "redcap_event_name", "map": {"baseline_arm_1": "baseline", "month_1_arm_1": "month_1"}},
    "status": "hit6_complete",
}


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


@pytest.mark.parametrize(("name", "count"), [("redcap_double_entry.csv", 3), ("redcap_double_entry_slips.csv", 20)])
def test_double_data_entry_never_doubles_n(name, count):
    (doubt,) = (doubt for doubt in read("redcap", name).doubts if doubt.rule == "double_entry")
    assert f"{count} stand twice" in doubt.expected and "keying" in doubt.expected
    first, second = read("redcap", name, keying="1"), read("redcap", name, keying="2")
    records = first.cells[0]
    assert len(set(records)) == count and not any("--" in record for record in records)
    assert len(records) == len(second.cells[0]) == len(read("redcap", name).cells[0]) / 2
    differ = sum(
        a != b for one, two in zip(first.cells, second.cells, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert f"; {differ} cells differ" in first.decisions["double data entry"]
    assert (differ == 0) == (name == "redcap_double_entry.csv")


KEYED = "record_id,redcap_repeat_instrument,redcap_repeat_instance,pain,f_complete\n"


@pytest.mark.parametrize("keying", ["1", "2"])
def test_records_keyed_once_or_merged_are_read_once_each(keying):
    rows = [
        "11--1,,,1,2",
        "11--2,,,3,2",
        "12--1,,,4,2",
        "13--2,,,5,2",
        "14--1,,,6,2",
        "14--2,,,7,2",
        "14,,,7,2",
        "15,,,8,2",
    ]
    extract = read("redcap", "", (KEYED + "\n".join(rows) + "\n").encode(), keying=keying)
    pain = dict(zip(extract.cells[0], extract.cells[3], strict=True))
    assert pain == {"11": {"1": "1", "2": "3"}[keying], "12": "4", "13": "5", "14": "7", "15": "8"}
    assert len(extract.places) == 5 and sum(extract.left_out.values()) == 3
    says = extract.decisions["double data entry"]
    assert "of 1 records; 2 cells differ" in says and "2 records keyed once; 1 merged" in says


def test_the_first_keying_alone_is_read_under_the_ids_of_the_records():
    content = (KEYED + "11--1,,,1,2\n12--1,,,2,2\n").encode()
    assert list(read("redcap", "", content, keying="1").cells[0]) == ["11", "12"]
    assert list(read("redcap", "", content).cells[0]) == ["11--1", "12--1"] and not read("redcap", "", content).doubts


def test_repetitions_of_a_form_are_compared_each_with_its_own():
    rows = [f"11--{keying},f,{n},{n},2" for keying in (1, 2) for n in (1, 2, 3)]
    content = (KEYED + "\n".join(rows) + "\n").encode()
    assert "; 0 cells differ" in read("redcap", "", content, keying="1").decisions["double data entry"]


def test_a_merged_record_beside_its_keying_is_a_record_twice(tmp_path):
    content = (KEYED + "11--1,,,1,2\n11,,,1,2\n").encode()
    assert [doubt.rule for doubt in read("redcap", "", content).doubts] == ["double_entry"]
    rows = "P1--2,1,1,0,5,0\nP1,1,1,0,5,0\n"
    stopped = Study(tmp_path, {"diary": DIARY}, {"diary": DAYS + rows}).stopped()
    assert any("double_entry: expected each record once; 1 stand twice" in line for line in stopped)


def test_double_data_entry_is_found_whatever_the_reader(tmp_path):
    hit6 = HIT6 | {"reader": "delimited"}
    study = Study(tmp_path, {"hit6": hit6}, {"hit6": case("redcap_double_entry.csv")})
    assert any("double_entry: expected each record once; 3 stand twice" in line for line in study.stopped())


def test_boxes_without_the_status_of_their_form_are_noted():
    columns = (b"record_id,prior___1,prior___2", b"age,other___a,first_complete,late___1,late___2")
    content = b",".join(columns) + b"\n1,0,0,40,0,2,0,0\n"
    (doubt,) = reader_of("redcap").read(content, reader_of("redcap").options()).doubts
    assert (doubt.rule, doubt.row, doubt.column) == ("box_unopened", -1, "late___1")


REPORT = "record_id,prior___1,prior___2,pain,diary_complete,screening_complete\n1,0,0,4,2,0\n2,0,0,4,2,2\n3,0,0,,0,2\n"


def test_boxes_whose_status_stands_among_others_are_noted_and_settled_by_the_dictionary():
    """A report's columns stand in the order that somebody gave them."""
    from test_sources_redcap import dictionary_of

    assert [(d.rule, d.column) for d in read("redcap", "", REPORT.encode()).doubts] == [("box_unopened", "prior___1")]
    plugin = reader_of("redcap")
    fields = [
        ("record_id", "screening", "text", "", ""),
        ("prior", "screening", "checkbox", "Prior", "1, Botox | 2, Topiramate"),
        ("pain", "diary", "text", "", ""),
    ]
    extract = plugin.read(REPORT.encode(), plugin.options(dictionary="d"), dictionary_of(*fields))
    assert extract.unopened == {"prior___1": [0], "prior___2": [0]}
    assert [d for d in extract.doubts if d.rule == "box_unopened"] == []


def test_boxes_of_a_form_that_was_never_opened_are_no_answers():
    extract = read("redcap", "redcap_checkbox.csv")
    rows = list(zip(extract.cells[0], extract.cells[1], strict=True))
    unopened = [rows[row] for row in extract.unopened["prior___1"]]
    assert ("P-02", "baseline_arm_1") in unopened
    assert ("P-03", "baseline_arm_1") not in unopened and ("P-01", "baseline_arm_1") not in unopened


@pytest.mark.parametrize("reader", ["redcap", "delimited"])
@pytest.mark.parametrize("status", ["", "screening_complete"])
def test_a_box_of_a_form_that_was_never_opened_has_no_value(tmp_path, status, reader):
    table = {
        "reader": reader,
        "columns": {"unit_id": "record_id", "botox_ever": "prior___1", "topiramate_12m": "prior___2"},
        "visit": {"column": "redcap_event_name", "map": {"baseline_arm_1": "baseline"}},
    }
    tables = {"eligibility": table | ({"status": status} if status else {})}
    run = Study(tmp_path, tables, {"eligibility": case("redcap_checkbox.csv")}).run()
    answers = run.table("eligibility").set_index("unit_id")["botox_ever"].dropna().to_dict()
    assert answers == {"P-01": 1, "P-03": 0}
    found = run.found("box_unopened")
    assert [column for _, _, column, *_ in found] == ["prior___1", "prior___2"]


def test_boxes_as_labels_in_a_file_read_as_delimited_text(tmp_path):
    rows = "1,Checked,Unchecked,40,Complete\n2,Unchecked,Unchecked,,Incomplete\n3,Unchecked,Unchecked,51,Incomplete\n"
    codes = {"Checked": "yes", "Unchecked": "no"}
    table = {
        "reader": "delimited",
        "columns": {
            "unit_id": "record_id",
            "aura": {"source": "symptoms___1", "type": "category", "codes": {"0": "no", "1": "yes"}},
        },
        "recode": {"aura": codes},
    }
    content = "record_id,symptoms___1,symptoms___2,age,screening_complete\n" + rows
    run = Study(tmp_path, {"boxes": table}, {"boxes": content}).run()
    assert run.table("boxes").set_index("unit_id")["aura"].dropna().to_dict() == {"1": "yes", "3": "no"}
    assert len(run.found("box_unopened")) == 1


def test_damaged_ids_and_ids_that_differ_by_zeros_alone(tmp_path):
    study = Study(tmp_path, {"hit6": HIT6}, {"hit6": case("record_ids.csv")}).run()
    assert [row[3] for row in study.found("identifier_damaged")] == ["1e+05", "1e+05"]
    assert [row[3] for row in study.found("unit_alike")] == ["001017"]
    assert study.table("hit6")["unit_id"].nunique() == 4


VISITS = {
    "reader": "delimited",
    "columns": {"unit_id": "id", "visit_on": "seen"},
    "visit": {"column": "visit", "map": {"v": "v"}},
}


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("2024-03-02 04:55:00 EST", "2024-03-02 10:55:00"),
        ("2024-07-02 23:55 CEST", "2024-07-02 23:55:00"),
        ("2024-03-02T23:30:00 CET", "2024-03-02 23:30:00"),
        ("2024-03-02 20:30 PDT", "2024-03-03 04:30:00"),
    ],
)
def test_zones_by_their_letters(tmp_path, written, there):
    study = Study(
        tmp_path, {"visits": VISITS | {"zone": "Europe/Berlin"}}, {"visits": f"id,visit,seen\n1,v,{written}\n"}
    )
    assert study.run().table("visits")["visit_on"][0][:10] == there[:10] and not study.found("zone_open")


@pytest.mark.parametrize("zone", ["CST", "IST", "BST"])
def test_letters_of_several_zones_are_asked_about(tmp_path, zone):
    content = f"id,visit,seen\n1,v,2024-03-02 04:55 {zone}\n2,v,2024-03-03 04:55 {zone}\n"
    study = Study(tmp_path, {"visits": VISITS | {"zone": "Europe/Berlin"}}, {"visits": content}).run()
    (said,) = [row["expected"] for row in study.findings if row["rule"] == "zone_open"]
    assert zone in said and "offset" in said and len(study.found("type")) == 2


@pytest.mark.parametrize(
    ("units", "damaged", "alike"),
    [
        ("P01 P02 2-Jan P04", ["2-Jan"], []),
        ("P01 P02 02.Mrz P04", ["02.Mrz"], []),
        ("P01 P02 2-févr P04", ["2-févr"], []),
        ("1-1 1-2 2-ago 1-4", ["2-ago"], []),
        ("P01 P02 12:30 P04", ["12:30"], []),
        ("001 002 003 4", ["4"], []),
        ("08 09 10 100", [], []),
        ("7 08 10 11 12 100", ["7"], []),
        ("8 9 10 11 012", [], []),
        ("10171 10172 9.85E+14 10174", ["9.85E+14"], []),
        ("1017 1018 1019.0 1020", ["1019.0"], []),
        ("1,017 1018 1019 1020", ["1,017"], []),
        ("'1017 1018 1019 1020", ["'1017"], []),
        ("1.017 1.018 2.003 2.004", [], []),
        ("P01 NA P03 P04", ["NA"], []),
        ("P01 #NAME? P03 P04", ["#NAME?"], []),
        ("12 13 nan 14", ["nan"], []),
        ("AB NA CD EF", [], []),
        ("R-07 R-08 r07 R-09", [], ["r07"]),
        ("R-07 R-08 7 R-09", [], ["7"]),
        ("R-07 B-07 7 R-09", [], []),
        ("R1-11 R11-1 R1-12 R2-1", [], []),
        ("R1-11 r01-11 R1-12 R2-1", [], ["r01-11"]),
        ("P01 P02 \u042002 P04", [], ["\u042002"]),
        ("P01 P02 \uff3002 P04", [], ["\uff3002"]),
        ("P01 P02 PO2 P04", [], ["PO2"]),
        ("P11 P12 Pl2 P14", [], ["Pl2"]),
        ("CO1 CO2 CO3", [], []),
        ("A1 Ä1 B1", [], []),
        ("P01 P02 P03 P04", [], []),
        ("1E5 2E5 3E5 4E5", [], []),
    ],
)
def test_kinds_of_damaged_ids_in_a_text_file(tmp_path, units, damaged, alike):
    rows = "".join(f'"{unit}",1,1,0,5,0\n' for unit in units.split())
    study = Study(tmp_path, {"diary": DIARY}, {"diary": DAYS + rows}).run()
    assert [row[3] for row in study.found("identifier_damaged")] == damaged
    assert [row[3] for row in study.found("unit_alike")] == alike


QUALTRICS = {
    "source": "hit6",
    "reader": "qualtrics",
    "columns": {"unit_id": "ExternalReference", "visit_on": "RecordedDate"},
    "visit": {"column": "visit", "map": {"baseline": "baseline", "month_1": "month_1"}},
}


def test_a_zone_that_the_file_names_is_reported_and_used(tmp_path):
    study = Study(tmp_path, {"visits": QUALTRICS}, {"hit6": case("qualtrics_zone.csv")}).run()
    assert str(study.table("visits")["visit_on"][0])[:10] == "2024-03-02" and study.found("zone_open")
    there = {"visits": {**QUALTRICS, "zone": "America/Chicago"}}
    study = Study(tmp_path / "chicago", there, {"hit6": case("qualtrics_zone.csv")}).run()
    assert str(study.table("visits")["visit_on"][0])[:10] == "2024-03-01" and not study.found("zone_open")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-02T04:55:00Z", "2024-03-01"),
        ("2024-03-02 04:55:00+00:00", "2024-03-01"),
        ("2024-03-02T04:55:00.250-0600", "2024-03-02"),
        ("1709355300000", "2024-03-01"),
        ("1709355300", "2024-03-01"),
        ("2024-03-02 04:55:00+00", "2024-03-01"),
        ("2024-03-02 04:55:00 GMT", "2024-03-01"),
        ("2024-03-02T05:55:00+01:00[Europe/Paris]", "2024-03-01"),
        ("2024-03-02T05:55:00[Europe/Paris]", "2024-03-01"),
        ("20240302T045500Z", "2024-03-01"),
        ("2024-03-02 04:55", "2024-03-02"),
    ],
)
def test_instants_are_read_into_the_day_of_the_site(tmp_path, text, day):
    table = {"reader": "delimited", "columns": {"unit_id": "participant_id"}, "zone": "America/Chicago"}
    study = Study(tmp_path, {"allocation": table}, {"allocation": SLOTS + f"P1,1,A,1,OMT,{text}\n"}).run()
    assert [str(value)[:10] for value in study.table("allocation")["allocated_on"]] == [day]


SIGNALS = {"source": "plates", "reader": "plate_grid", "unit": ["plate_name", "well"], "schema": "plate_signals"}


def test_plates_of_one_name_are_never_one(tmp_path):
    twice = grid(12, 8) + b"\n\n" + grid(12, 8).replace(b"0.5", b"0.7")
    study = Study(tmp_path, {"plate_signals": SIGNALS}, {"plates": twice})
    assert any("plate_twice" in line and "2 plates of this file" in line for line in study.stopped())
    softmax = {**SIGNALS, "reader": "softmax", "options": {"part": "signals"}}
    study = Study(tmp_path / "softmax", {"plate_signals": softmax}, {"plates": case("two_plates_same_name.txt")})
    assert any("plate_twice" in line for line in study.stopped())


def test_words_of_readers_are_gaps_that_say_on_which_side(tmp_path):
    long = "plate_name,well,wavelength,signal\nP,A1,450,0.5\nP,A2,450,OVRFLW\nP,A3,450,<0.01\nP,A4,450,odd\n"
    table = {"source": "plates", "reader": "delimited", "unit": ["plate_name", "well"], "schema": "plate_signals"}
    study = Study(tmp_path, {"plate_signals": table}, {"plates": long}).run()
    gaps = pyarrow.parquet.read_table(study.folder / "gaps.parquet").to_pydict()
    assert [kind_of(says) for says in gaps["says"]] == ["above range", "below range"]
    (odd,) = (row for row in study.findings if row["rule"] == "type")
    assert odd["value"] == "odd" and "missing_codes" in odd["expected"] and "missing_codes" in odd["fix"]


def test_a_tie_of_decimal_marks_is_not_settled():
    from omtrace.model.tables import Format
    from omtrace.validation.formats import number_style

    told = Format.model_validate({})
    (doubt,) = number_style({"1,5": 2}, {"2.5": 2}, 4, told).doubts
    assert doubt.rule == "number_ambiguous" and doubt.texts == {"1,5", "2.5"}
    assert number_style({"1,5": 3}, {"2.5": 2}, 5, told).decimal == ","
    assert number_style({"1,5": 2}, {"2.5": 3}, 5, told).decimal == "."


def test_rows_of_a_stopping_finding_are_gone():
    """The rows of a finding that stops are not handed on, whatever the plan makes of it."""
    work = Work("t", None, None, None, {}, None, {})
    work.study = Plan.model_validate(
        dict.fromkeys(("title", "statement", "design"), "t")
        | {"study": "s", "kind": "simulated"}
        | {name: {} for name in ("datasets", "analyses", "figures", "tables")}
    )
    export = Export(1, "s", "e", "t", "data/raw/s/t.csv", "", "", "", "received", "", "", "")
    work.sources = {1: Source(export, read("delimited", "", b"a\n1\n"))}
    work.table = table_of("diary")
    work.plan = TablePlan.model_validate({"reader": "delimited"})
    work.find("range", export, None, "a", "x", key=7, default="stop")
    work.find("range", export, None, "a", "x", key=8, default="warn")
    assert work.gone == {7}


def test_parts_of_one_file_share_no_key():
    """Parts of one file that tables read beside each other give each row a key of its own."""
    content = gen5(gen5_plate(1), gen5_plate(2))
    extracts = [read("gen5", "", content, part=part) for part in ("signals", "computed", "layout")]
    ordinals = [ordinal for extract in extracts for ordinal in extract.places.ordinals]
    assert len(set(ordinals)) == len(ordinals)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gen5(gen5_plate(1)), "Gen5 export: the reader for it is gen5"),
        (case("i_control_plate_1.xlsx"), "workbook (.xlsx): the reader for it is spreadsheet"),
        (b'<?xml version="1.0"?><GraphPadPrismFile PrismXMLVersion="5.00">', "Prism file (.pzfx)"),
        (gzip.compress(b"RDX3\nX\n\x00\x00", mtime=0), "data file of R: the reader for it is r_data"),
        (case("qualtrics_zone.csv"), "Qualtrics export: the reader for it is qualtrics"),
        (b"%PDF-1.7", "PDF"),
        (b"PAR1\x15\x04", "Parquet"),
        (b'[{"plate": "P1"}]', "JSON list"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "workbook (.ods)"),
    ],
    ids=["gen5", "xlsx", "pzfx", "rda", "qualtrics", "pdf", "parquet", "json", "ods"],
)
def test_a_file_of_another_reader_is_named(tmp_path, content, says):
    softmax = {**SIGNALS, "reader": "softmax", "options": {"part": "signals"}}
    study = Study(tmp_path, {"plate_signals": softmax}, {"plates": content})
    assert any("unreadable" in line and says in line for line in study.stopped())


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\r\nid;dose\r\n1;2,5\r\n",
        b'\xef\xbb\xbf"sep=\t"\nid\tdose\n1\t2,5\n',
        b"id;dose;;\n1;2,5;;\n",
        b'id;dose;\n"1";2,5; \n',
    ],
)
def test_what_spreadsheets_add_to_text_is_no_column(content):
    """The line that names the delimiter, and empty columns to the right of all names."""
    extract = read("delimited", "", content)
    assert extract.columns == ("id", "dose") and [list(column) for column in extract.cells] == [["1"], ["2,5"]]
    assert "no name for column 3" in refused("delimited", "", b"id,dose,\n1,2,3\n")
    assert "no name for column 2" in refused("delimited", "", b"id,,dose\n1,,2\n")


@pytest.mark.parametrize(
    ("units", "left_out"),
    [
        ("P1 P2 Total P3 n=3", ["Total", "n=3"]),
        ("1 2 3 Gesamt: St.dev.", ["Gesamt:", "St.dev."]),
        ("P1 participant_id P2", ["participant_id"]),
        ("AB SD MK SE", []),
        ("N1 N2 N3", []),
    ],
)
def test_totals_and_the_header_again_are_no_units(tmp_path, units, left_out):
    rows = "".join(f'"{unit}",1,1,0,5,0\n' for unit in units.split())
    study = Study(tmp_path, {"diary": DIARY}, {"diary": DAYS + rows}).run()
    assert [row[3] for row in study.found("summary_row")] == left_out and not study.found("type")
    assert study.table("diary")["unit_id"].tolist() == [unit for unit in units.split() if unit not in left_out]
    assert study.counts("diary")[3] == len(left_out)


@pytest.mark.parametrize(
    ("diary", "says"),
    [
        ("# exported by a program\n" + DAYS, "the columns .*none of which is here; .*header_line"),
        (DAYS.upper(), "did you mean 'PARTICIPANT_ID'"),
    ],
)
def test_a_header_further_down_or_in_capitals_is_named(tmp_path, diary, says):
    lines = Study(tmp_path, {"diary": DIARY}, {"diary": diary + "P1,1,1,0,5,0\n"}).stopped()
    assert re.search(says, lines[0]) and len(lines) == (2 if "header_line" in says else 7)


def test_columns_that_stand_twice_are_one_sentence():
    labels = b"Record ID,Date,Complete?,Date,Complete?\n1,2024-01-01,2,2024-02-01,2\n"
    line = refused("delimited", "", labels)
    assert (
        line == "line 1: columns 2 and 4 have one name (Date); columns 3 and 5 have one name; give each "
        "column a name of its own"
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("****.***", "above range"),
        ("*0.356*", "masked"),
        ("> Max", "above range"),
        ("> 60000", "above range"),
        ("< Min", "below range"),
        ("Overload", "above range"),
        ("-1.#INF", "below range"),
        ("-1.#IND", "no value"),
        ("#####", "no value"),
        ("OVER!", "above range"),
        ("≥4.0", "above range"),
        (">12.345,6", "above range"),
        (">>>>", "above range"),
        ("Out of Range High", "above range"),
        ("Messbereich überschritten", "above range"),
        ("saturé", "above range"),
        ("> Std10", "above range"),
        ("< LOD", "below range"),
        ("≤0,05", "below range"),
        ("#UNDER", "below range"),
        ("BQL", "below range"),
        ("Err 5", "no value"),
        ("Fehler", "no value"),
        ("fuera de rango", "no value"),
        ("Insufficient beads", "no value"),
        ("---", "no value"),
        ("***", "no value"),
        ("[masked]", "masked"),
        ("ND", ""),
        ("0.345*", ""),
        ("*", ""),
        ("#", ""),
    ],
)
def test_words_of_readers_mean_what_they_say(word, kind):
    assert kind_of(meaning_of_word(word)) == kind


def test_the_page_on_plates_lists_words_as_they_are_read():
    page = (CASES.parent.parent / "docs/plates.md").read_text(encoding="utf-8")
    lines = page.split("## Words in wells")[1].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|") and "`" in line]
    listed = {word: kind for kind, words in rows for word in re.findall(r"`([^`]+)`", words)}
    assert len(listed) > 20
    assert {word: kind_of(meaning_of_word(word)) for word in listed} == listed

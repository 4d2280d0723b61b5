"""Reader of SPSS, Stata and SAS files, written here with pyreadstat: labels, missing codes, dates, damage.

sas7bdat cannot be written but by SAS: of it only detection and refusal are tested here, and the translation of
its formats, which it shares with xpt.
"""

import datetime
import re
from functools import partial

import numpy
import pandas
import pyreadstat
import pytest
from omtrace.faults import Fault
from omtrace.readers import _statistical, options_of, reader_of, statistical
from omtrace.readers._statistical import format_of, moment_text, number_text, shape_of
from refusals import refusal

READER = reader_of("statistical")
FORMATS = ("sav", "row-compressed sav", "zsav", "por", "dta", "old dta", "xpt", "new xpt")
WRITERS = {
    "sav": pyreadstat.write_sav,
    "row-compressed sav": lambda *a, **k: pyreadstat.write_sav(*a, row_compress=True, **k),
    "zsav": lambda *a, **k: pyreadstat.write_sav(*a, compress=True, **k),
    "por": pyreadstat.write_por,
    "dta": pyreadstat.write_dta,
    "old dta": lambda *a, **k: pyreadstat.write_dta(*a, version=8, **k),
    "xpt": lambda *a, **k: pyreadstat.write_xport(*a, file_format_version=5, **k),
    "new xpt": lambda *a, **k: pyreadstat.write_xport(*a, file_format_version=8, **k),
}
PEOPLE = pandas.DataFrame(
    {
        "ID": ["P001", "P002", "Zoë", ""],
        "PAIN": [7.0, 0.1, float("nan"), -2500.0],
        "ON_DAY": [datetime.date(2023, 5, 13), datetime.date(1999, 12, 31), None, datetime.date(1960, 1, 1)],
    }
)
ROWS = [
    ["P001", "7", "2023-05-13"],
    ["P002", "0.1", "1999-12-31"],
    ["Zoë", "", ""],
    ["", "-2500", "1960-01-01"],
]
LABELS = {"ID": "participant", "PAIN": "worst pain", "ON_DAY": "day of the entry"}


@pytest.fixture
def write(tmp_path):
    """A function that writes a frame in one of the formats and gives the bytes."""

    def written(kind, frame, **more):
        path = tmp_path / "file"
        WRITERS[kind](frame, str(path), **more)
        return path.read_bytes()

    return written


def read(content, **options):
    catalog = options.pop("catalog_bytes", b"")
    return READER.read(content, READER.options(**options), catalog=catalog)


fault_of = partial(refusal, read)


@pytest.mark.parametrize("kind", FORMATS)
def test_round_trip(kind, write):
    frame = PEOPLE.replace("Zoë", "Zo") if kind in ("old dta", "por") else PEOPLE  # these know no Unicode
    extract = read(write(kind, frame, column_labels=LABELS, file_label="diary"))
    assert extract.columns == ("ID", "PAIN", "ON_DAY")
    assert extract.rows == [[cell.replace("Zoë", frame["ID"][2]) for cell in row] for row in ROWS]
    assert extract.date_cells == {"ON_DAY": [0, 1, 3]}
    assert [(p.ordinal, p.first_line, p.last_line, p.part) for p in extract.places] == [
        (n, n, n, "") for n in (1, 2, 3, 4)
    ]
    assert {name: variable.label for name, variable in extract.variables.items()} == LABELS
    family = {"d": "Stata (dta)", "x": "SAS transport (xpt)", "p": "SPSS (por)", "z": "SPSS (zsav)", "s": "SPSS (sav)"}
    assert extract.decisions["format"] == family[kind.split()[-1][0]]
    assert extract.decisions["cases"] == "4" and extract.decisions["lines"] == "case numbers"
    assert extract.decisions["encoding"].startswith("WINDOWS-1252" if kind == "old dta" else "UTF-8")
    assert kind == "por" or extract.decisions["file label"] == "diary"
    assert ("completeness" in extract.decisions) == ("xpt" in kind)


def test_spss_labels_codes_and_ranges(write):
    frame = pandas.DataFrame(
        {
            "pain": [3.0, -9.0, -8.0, 97.5, 99.0, 250.0],
            "sex": [1.0, 2.0, 1.0, 9.0, 2.0, 1.0],
            "drug": ["A", "B", "NK", "ZZ", "A", ""],
            "low": [-5.0, -1.0, 0.0, 1.0, 2.0, 3.0],
        }
    )
    extract = read(
        write(
            "sav",
            frame,
            variable_value_labels={
                "pain": {0: "none", 10: "worst", -9: "refused", 98: "lost"},
                "sex": {1: "female", 2: "male", 9: "not asked"},
                "drug": {"A": "first", "NK": "not known"},
            },
            missing_ranges={
                "pain": [{"lo": 97, "hi": 99}, -9],
                "sex": [9],
                "drug": ["NK", "ZZ"],
                "low": [{"lo": float("-inf"), "hi": -1}],
            },
            note=["first note", "second note"],
        )
    )
    assert [row[0] for row in extract.rows] == ["3", "-9", "-8", "97.5", "99", "250"]
    assert [row[2] for row in extract.rows] == ["A", "B", "NK", "ZZ", "A", ""]
    says = extract.variables
    assert says["pain"].choices == {"0": "none", "10": "worst"}
    assert says["pain"].missing == {"-9": "refused", "97.5": "user-missing", "98": "lost", "99": "user-missing"}
    assert says["sex"].choices == {"1": "female", "2": "male"}
    assert says["sex"].missing == {"9": "not asked"}
    assert says["drug"].choices == {"A": "first"}
    assert says["drug"].missing == {"NK": "not known", "ZZ": "user-missing"}
    assert says["low"].missing == {"-5": "user-missing", "-1": "user-missing"}
    assert extract.decisions["missing range in pain"] == "97 to 99"
    assert extract.decisions["missing range in low"] == "lowest to -1"
    assert "first note" in extract.decisions["notes"] and "second note" in extract.decisions["notes"]


def test_spss_dates_times_and_codes_among_them(write):
    frame = pandas.DataFrame(
        {
            "day": [1.4e10 - 1.4e10 % 86400, 13891910400.0 + 3600, 99.0, 1e20],
            "moment": [13891910400.0 + 0.25, 13891910400.0, float("nan"), 13891910400.0 + 86399],
            "clock": [0.0, 3661.5, 90061.0, -60.0],
            "month": [13891910400.0] * 4,
        }
    )
    formats = {"day": "EDATE10", "moment": "DATETIME20", "clock": "TIME11.2", "month": "MOYR8"}
    extract = read(write("sav", frame, variable_format=formats, missing_ranges={"day": [99]}))
    assert extract.rows == [
        ["2026-06-05", "2023-01-01T00:00:00.250", "00:00:00", "2023-01-01"],
        ["2023-01-01", "2023-01-01T00:00:00", "01:01:01.500", "2023-01-01"],
        ["99", "", "25:01:01", "2023-01-01"],
        ["1e+20", "2023-01-01T23:59:59", "-00:01:00", "2023-01-01"],
    ]
    assert extract.date_cells == {"day": [0, 1], "moment": [0, 1, 3], "clock": [0, 1, 2, 3], "month": [0, 1, 2, 3]}
    assert extract.variables["day"].missing == {"99": "user-missing"}
    assert extract.decisions["loss in day"] == "the time of day in 1 cells, which the format EDATE10 does not show"
    assert extract.decisions["no dates in day"] == "2 cells of format EDATE10 are no dates and stay numbers"


def portable(content, variable, missing, labels):
    """A por file with missing codes after the formats of a variable, and value labels: it is text in lines of 80."""
    text = re.sub(r"[\r\n]", "", content.decode("ascii")).rstrip("Z")
    text = re.sub(rf"(7\d+/\d/{variable}(\d+/){{6}})", rf"\g<1>{missing}", text, count=1).replace(
        "F1/a", labels + "F1/a"
    )
    assert missing in text and labels in text
    text += "Z" * (80 - len(text) % 80)
    return "".join(text[n : n + 80] + "\r\n" for n in range(0, len(text), 80)).encode()


def test_portable_files_keep_user_missing_codes(write):
    frame = pandas.DataFrame({"T": ["a", "b", "c", "d"], "PAIN": [3.0, 9.0, -8.0, 1.0]})
    content = write("por", frame)
    extract = read(portable(content, "PAIN", "9-1/89/", "D1/4/PAIN2/9/9/not known3/5/three"))
    assert extract.rows == [["a", "3"], ["b", "9"], ["c", "-8"], ["d", "1"]]
    assert extract.variables["PAIN"].missing == {"9": "not known", "-8": "user-missing"}
    assert extract.variables["PAIN"].choices == {"3": "three"}
    assert extract.decisions["missing range in PAIN"] == "lowest to -1"


def test_portable_files_in_another_encoding_are_refused(write):
    frame = pandas.DataFrame({"T": ["aXb", "b"]})
    content = write("por", frame).replace(b"aXb", b"a\xe9b")
    assert "not in UTF-8" in fault_of(content)
    assert "option encoding" in fault_of(content, encoding="latin1")


def test_stata_extended_missing_codes(write):
    frame = pandas.DataFrame(
        {
            "pain": [3, "a", "z", 2500, None],
            "whole": numpy.array([1, -2, 3, 32000, 5], dtype="int32"),
        }
    )
    content = write(
        "dta",
        frame,
        missing_user_values={"pain": ["a", "z"]},
        variable_value_labels={"whole": {1: "yes", 5: "no"}},
    )
    extract = read(content)
    assert extract.rows == [
        ["3", "1"],
        [".a", "-2"],
        [".z", "3"],
        ["2500", "32000"],
        ["", "5"],
    ]
    assert extract.variables["pain"].missing == {".a": "user-missing", ".z": "user-missing"}
    assert extract.variables["whole"].choices == {"1": "yes", "5": "no"}


def test_stata_single_precision(tmp_path):
    frame = pandas.DataFrame({"ratio": numpy.array([0.1, 2.5, 1e-10, 3.0, numpy.nan], dtype="float32")})
    frame.to_stata(tmp_path / "file", write_index=False, version=118)
    extract = read((tmp_path / "file").read_bytes())
    assert extract.rows == [["0.1"], ["2.5"], ["1e-10"], ["3"], [""]]
    assert extract.decisions["precision in ratio"] == "single"


def test_stata_dates_by_format(write):
    frame = pandas.DataFrame(
        {"d": [23143.0], "c": [1999634405250.0], "t": [36610000.0], "m": [760.0], "w": [3000.0], "leap": [1e12]}
    )
    formats = {"d": "%tdDD/NN/CCYY", "c": "%tc", "t": "%tcHH:MM:SS", "m": "%tm", "w": "%tw", "leap": "%tC"}
    extract = read(write("dta", frame, variable_format=formats))
    assert extract.rows == [["2023-05-13", "2023-05-13T22:00:05.250", "10:10:10", "2023-05", "3000", "1000000000000"]]
    assert extract.decisions["format in w"] == "%tw is not understood; numbers as stored"
    assert extract.decisions["format in leap"] == "%tC is not understood; numbers as stored"


def test_sas_special_missing_in_transport_files(write):
    frame = pandas.DataFrame({"T": ["a", "b", "c"], "PAIN": [1.0, 1234.5, 54321.0]})
    content = write("xpt", frame)
    for value, tag in ((b"\x43\x4d\x28\x00", b"B"), (b"\x44\xd4\x31\x00", b"_")):  # 1234.5 and 54321 as IBM floats
        assert content.count(value + bytes(4)) == 1
        content = content.replace(value + bytes(4), tag + bytes(7))
    extract = read(content)
    assert [row[1] for row in extract.rows] == ["1", ".b", "._"]
    assert extract.variables["PAIN"].missing == {"._": "user-missing", ".b": "user-missing"}


@pytest.mark.parametrize(
    ("family", "name", "value", "says"),
    [
        ("sas", "DATE9", 23143, "2023-05-13"),
        ("sas", "MMDDYY10.", 0, "1960-01-01"),
        ("sas", "E8601DA10", -1, "1959-12-31"),
        ("sas", "DTDATE9", 23143 * 86400 + 5.0, "2023-05-13"),
        ("sas", "DATETIME22.3", 0.125, "1960-01-01T00:00:00.125"),
        ("sas", "TOD8", 3600, "01:00:00"),
        ("sas", "TOD8", 90000, "1960-01-02T01:00:00"),
        ("sas", "TIME5", 90000, "25:00:00"),
        ("sas", "DATE9", 1e9, ""),
        ("spss", "DATE11", 86399, ""),
        ("spss", "DATE11", 86400, "1582-10-15"),
        ("spss", "DTIME", 86400, "24:00:00"),
        ("stata", "%d", 0, "1960-01-01"),
        ("stata", "%-td", 0, "1960-01-01"),
        ("stata", "%tm", -1, "1959-12"),
        ("stata", "%tcHH:MM:SS", 86400000, "1960-01-02T00:00:00"),
        ("stata", "%tcDD-Mon-CCYY", 0, "1960-01-01T00:00:00"),
    ],
)
def test_date_formats(family, name, value, says):
    assert moment_text(value, *shape_of(family, name), _statistical.EPOCHS[family])[0] == says


@pytest.mark.parametrize(
    ("family", "name"),
    [
        ("sas", ""),
        ("sas", "BEST12"),
        ("sas", "$CHAR20"),
        ("sas", "YEAR4"),
        ("sas", "SEXF"),
        ("spss", "F8.2"),
        ("spss", "MONTH9"),
        ("spss", "A4"),
        ("stata", "%9.0g"),
        ("stata", "%tw"),
        ("stata", "%tC"),
        ("stata", "%tbx"),
    ],
)
def test_formats_that_are_no_dates(family, name):
    assert shape_of(family, name)[0] == ""


def test_numbers_as_text():
    values = [(3.0, "3"), (-0.0, "0"), (0.1, "0.1"), (1e300, "1e+300"), (2.0**53, repr(2.0**53)), (float("nan"), "")]
    assert [number_text(value, False) for value, _ in values] == [text for _, text in values]
    assert number_text(0.10000000149011612, True) == "0.1"
    assert number_text(7, False) == "7"


def test_texts_that_fill_the_format_are_told(write):
    frame = pandas.DataFrame({"T": ["x" * 200, "y" * 199, "z" * 200]})
    extract = read(write("xpt", frame))
    assert extract.rows[0] == ["x" * 200]
    assert extract.decisions["loss in T"] == "2 cells fill the longest text of the format and may be cut off"
    long = read(write("sav", pandas.DataFrame({"T": ["x" * 3000, "  y  "]})))
    assert long.rows == [["x" * 3000], ["  y"]]
    assert "loss in T" not in long.decisions


def test_encoding_by_option(write):
    content = write("xpt", pandas.DataFrame({"T": ["aXb", "b"]})).replace(b"aXb", b"a\xe9b")
    assert "set the option encoding right" in fault_of(content)
    assert "set the option encoding right" in fault_of(content, encoding="klingon")
    extract = read(content, encoding="latin1")
    assert extract.rows == [["aéb"], ["b"]]
    assert extract.decisions["encoding"] == "latin1 (by option)"
    for wrong in ("a b", "--x", "é", "a\n"):
        with pytest.raises(Fault, match="encoding"):
            options_of(READER, {"encoding": wrong}, "options")


def test_a_file_without_cases(write):
    extract = read(write("sav", PEOPLE[["ID", "PAIN"]].iloc[:0]))
    assert extract.columns == ("ID", "PAIN") and extract.rows == [] and len(extract.places) == 0


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_and_damaged_files_are_refused(kind, write):
    content = write(kind, pandas.concat([PEOPLE[["ID", "PAIN"]]] * 40).replace("Zoë", "Zo"))
    size = len(content)
    data = size - 200 if kind == "por" else size - 60 if "xpt" in kind else size // 2  # por ends in padding
    for cut in (30, size // 3, data):
        assert fault_of(content[:cut]).startswith(("the file is damaged", "no file of SPSS"))
    noise = bytearray(content)
    start = 700 if kind == "por" else 90  # behind the signature
    noise[start : size // 2] = b"\xff" * (size // 2 - start)
    assert fault_of(bytes(noise)).startswith(("the file is damaged", "the texts are not", "texts that are not"))


def test_a_transport_file_cut_at_a_record_is_seen_if_a_case_is_cut(write):
    frame = pandas.DataFrame({"T": ["abcdefg"] * 100, "X": numpy.arange(100.0) + 1})  # 15 bytes a case
    content = write("xpt", frame)
    assert len(read(content).rows) == 100
    assert "damaged or cut off" in fault_of(content[:-400])


def test_blank_cases_of_a_transport_file_are_cases(write):
    extract = read(write("xpt", pandas.DataFrame({"T": ["", "a", "", "b"]})))
    assert extract.rows == [[""], ["a"], [""], ["b"]]


def test_a_transport_file_of_several_data_sets_is_refused(write):
    one = write("xpt", PEOPLE[["PAIN"]])
    assert "several data sets" in fault_of(one + one[one.index(b"HEADER RECORD*******MEMBER") :])


SAS_HEAD = _statistical.SAS + b"\x60" + _statistical.SAS_REST
CATALOG = _statistical.SAS + b"\x63" + _statistical.SAS_REST


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", "", "no file of SPSS"),
        (b"id,pain\n1,2\n", "", "no file of SPSS"),
        (b"PK\x03\x04" + bytes(100), "", "no file of SPSS"),
        (b"$FL2", "sav", "damaged"),
        (b"$FL3" + b"\xff" * 1000, "zsav", "damaged"),
        (b"<stata_dta>", "dta", "damaged"),
        (b"\x73\x02\x01\x00" + b"\xff" * 1000, "dta", "damaged"),
        (SAS_HEAD, "sas7bdat", "damaged"),
        (SAS_HEAD + bytes(70_000), "sas7bdat", "damaged"),
        (SAS_HEAD + b"\xff" * 70_000, "sas7bdat", "damaged"),
        (CATALOG + bytes(100), "sas7bcat", "a SAS catalog"),
        (b"**COMPRESSED** **COMPRESSED** **COMPRESSED**", "", "PROC CPORT"),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "xpt", "damaged"),
    ],
)
def test_what_is_no_such_file_is_refused(content, kind, says):
    assert format_of(content) == kind
    assert says in fault_of(content)


def test_a_catalog_belongs_to_sas7bdat(write):
    assert READER.companions == ("catalog",)
    assert "option catalog" in fault_of(write("sav", PEOPLE), catalog="formats", catalog_bytes=CATALOG)
    assert "option catalog" in fault_of(SAS_HEAD, catalog="formats", catalog_bytes=b"id,pain\n")


def test_too_many_cells_are_refused(write, monkeypatch):
    content = write("sav", PEOPLE)
    monkeypatch.setattr(_statistical, "CELLS", 11)
    assert _statistical.answer("", content, b"") == {"fault": "more than 11 cells; split the file"}
    monkeypatch.setattr(_statistical, "CELLS", 12)
    assert _statistical.answer("", content, b"")["cells"][0] == [row[0] for row in ROWS]


def test_a_reading_process_that_dies_or_lasts_is_a_fault(tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    monkeypatch.setattr(statistical, "CHILD", child)
    child.write_text("import os; os.abort()", encoding="utf-8")
    assert "damaged or too large" in fault_of(b"$FL2")
    child.write_text("import time; time.sleep(60)", encoding="utf-8")
    monkeypatch.setattr(statistical, "SECONDS", 0.5)
    assert "not read within 0.5 seconds" in fault_of(b"$FL2")


def test_a_header_that_promises_too_much_is_refused_within_the_memory(write):
    content = bytearray(write("dta", pandas.DataFrame({"X": [1.0]})))
    at = content.index(b"<N>") + 3
    content[at : at + 8] = (2**31 - 1).to_bytes(8, "little")
    assert "more than 5000000 cells" in fault_of(bytes(content))


def test_no_value_is_told(write):
    content = write("xpt", pandas.DataFrame({"T": ["SECRET\xe9"]})).replace("é".encode(), b"\xe9 ")
    assert "SECRET" not in fault_of(content)

"""The data dictionary as a typed model, and cells held against it."""

import os
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.readers import Variable
from omtrace.readers._redcap_dictionary import HEADERS, choices_of, read_dictionary
from omtrace.readers._redcap_validation import VALIDATIONS
from refusals import refusal
from test_sources_redcap import DICTIONARY, dictionary_of, doubts_of, needs_mirror, read

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
ID = ("record_id", "base", "text", "Record ID")


fault_of = partial(refusal, read_dictionary)


def checked(field, *cells):
    """Doubts of the cells of one field, without those of the column as a whole."""
    rows = "".join(f'{n},"{cell}"\n' for n, cell in enumerate(cells, 1))
    name = field[0]
    return doubts_of(read(f"record_id,{name}\n{rows}", dictionary_of(ID, field)))


def test_a_field_is_parsed_with_all_that_it_declares():
    row = 'w,base,,text,"Weight, kg",,,number,"0,5",300,y,"[sex] = ""1""",y,RH,3,m,,@HIDDEN @READONLY-SURVEY text\n'
    field = read_dictionary((DICTIONARY + "record_id,base,,text,Record ID" + "," * 13 + "\n" + row).encode()).fields[1]
    assert (field.name, field.form, field.type, field.label) == ("w", "base", "text", "Weight, kg")
    assert (field.minimum, field.maximum) == (Decimal("0.5"), Decimal(300))
    assert (field.identifier, field.required, field.branching) == (True, True, '[sex] = "1"')
    assert field.annotations == ("@HIDDEN", "@READONLY-SURVEY")
    assert field.validation is VALIDATIONS["number"]


def test_both_header_styles_say_the_same_and_the_api_writes_na_for_blank():
    api = dictionary_of(ID, ("sex", "base", "radio", "Sex", "1, Male | 2, Female")).decode()
    page = api.replace(DICTIONARY, ",".join(f'"{header}"' for header in HEADERS.values()) + "\n")
    assert read_dictionary(api.encode()) == read_dictionary(b"\xef\xbb\xbf" + page.encode())
    blank = DICTIONARY + "record_id,base,NA,text,NA" + ",NA" * 13 + "\n"
    field = read_dictionary(blank.encode()).fields[0]
    assert (field.label, field.validation, field.minimum, field.identifier, field.choices) == (
        "NA",
        None,
        None,
        False,
        {},
    )


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("1, Male | 2, Female", {"1": "Male", "2": "Female"}),
        ("1, one|2, two|", {"1": "one", "2": "two"}),
        ("-1, no, never | UNK, not known | a_b,", {"-1": "no, never", "UNK": "not known", "a_b": ""}),
        ("1.5, half, and more, to come", {"1.5": "half, and more, to come"}),
        ("", {}),
    ],
)
def test_choices(text, choices):
    assert choices_of(text) == choices


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([ID, ("Sex", "base", "text")], "dictionary line 3, column field_name: not a name"),
        ([ID, ("sex", "", "text")], "dictionary line 3, column form_name: not a name"),
        (
            [ID, ("sex", "base", "radoi", "Sex", "1, a")],
            "line 3, column field_type: not one of REDCap's field types; did",
        ),
        ([ID, ID], "dictionary line 3, column field_name: the name stands in line 2 too"),
        (
            [ID, ("sex", "base", "radio", "Sex", "Male | Female")],
            "column select_choices_or_calculations: a choice is not",
        ),
        ([ID, ("sex", "base", "radio", "Sex", "1, a | 1, b")], "a code stands twice"),
        ([ID, ("sex", "base", "dropdown", "Sex")], "a field of type dropdown without choices"),
        ([ID, ("sex", "base", "checkbox", "Sex", "A, x | a, y")], "two codes give one column name"),
        ([ID, ("w", "base", "text", "W", "", "integer", "low")], "column text_validation_min: not a whole number"),
        ([ID, ("d", "base", "text", "D", "", "date_ymd", "", "12/31/2029")], "text_validation_max: not a date"),
        ([ID, ("w", "base", "text", "W", "", "", "", "", "maybe")], "column identifier: neither y nor blank"),
    ],
)
def test_malformed_dictionaries_are_refused_at_their_cell(fields, says):
    assert says in fault_of(dictionary_of(*fields))


def test_every_fault_of_a_dictionary_is_told_at_once():
    assert len(fault_of(dictionary_of(ID, ("Sex", "base", "radio"), ("w", "base", "letter"))).split("\n")) == 3


def test_files_that_are_no_dictionary_are_refused():
    assert "dictionary: the file is empty" in fault_of(b" ")
    assert "dictionary: no row below" in fault_of(DICTIONARY.encode())
    assert "dictionary line 2: 18 cells, not 2" in fault_of(DICTIONARY.encode() + b"a,b\n")
    says = fault_of(DICTIONARY.replace("field_type", "field_typ").encode() + b"a,base" + b"," * 16 + b"\n")
    assert "dictionary line 1: no column 'field_type'; did you mean 'field_typ'?" in says


@pytest.mark.parametrize(
    ("validation", "good", "bad"),
    [
        ("integer", ["5", "-3", "+7", "007"], ["5.0", "5 days", "1e3", "٣"]),
        ("number", ["5", ".5", "-2.", "1e3", "0.10"], ["1,5", "five", "1.2.3", "nan"]),
        ("number_1dp", ["5.0", "-3.2"], ["5", "5.00"]),
        ("number_4dp", ["5.0001"], ["5.1"]),
        ("number_comma_decimal", ["1,54", "7", "-0,5"], ["1.54"]),
        ("number_2dp_comma_decimal", ["1,54"], ["1,5", "1.54"]),
        ("date_ymd", ["2024-02-29"], ["2023-02-29", "29/02/2024", "2024-2-9", "2024-02-29 10:00"]),
        ("date_dmy", ["2024-02-29"], ["29-02-2024"]),
        ("datetime_mdy", ["2024-02-29 23:59"], ["2024-02-29 24:00", "2024-02-29", "2024-02-30 10:00"]),
        ("datetime_seconds_ymd", ["2024-02-29 23:59:01"], ["2024-02-29 23:59"]),
        ("time", ["09:30", "23:59"], ["9:30", "24:00"]),
        ("email", ["a.b@c.org"], ["a.b@c", "a b@c.org", "a@b@c.org"]),
        ("phone", ["(405) 321-1111", "+49 6221 123456"], ["12345", "call me"]),
        ("zipcode", ["72401", "72401-0001"], ["7240"]),
        ("", ["anything"], []),
        ("made_by_the_site", ["anything"], []),
    ],
)
def test_types(validation, good, bad):
    field = ("x", "base", "text", "X", "", validation)
    assert checked(field, *good, "", "  ") == []
    assert checked(field, *bad) == [("dictionary_type", row, "x") for row in range(len(bad))]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (("x", "base", "text", "X", "", "integer", "0", "10"), ["0", "10", ""], ["-1", "11"]),
        (("x", "base", "text", "X", "", "number_comma_decimal", "0", "3"), ["3", "2,99"], ["3,01"]),
        (("x", "base", "text", "X", "", "number", "0,5"), [".5"], ["0.49"]),
        (
            ("x", "base", "text", "X", "", "date_dmy", "2020-01-01", "today"),
            ["2020-01-01", "2999-01-01"],
            ["2019-12-31"],
        ),
        (("x", "base", "text", "X", "", "date_ymd", "[start]"), ["1900-01-01"], []),
        (("x", "base", "slider", "X"), ["0", "100"], ["101", "-1"]),
        (("x", "base", "slider", "X", "", "", "0", "10"), ["10"], ["11"]),
    ],
)
def test_bounds_are_inclusive(field, good, bad):
    assert checked(field, *good) == []
    assert checked(field, *bad) == [("dictionary_range", row, "x") for row in range(len(bad))]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (("x", "base", "radio", "X", "-1, a | 2, b"), ["-1", "2", ""], ["1", "a"]),
        (("x", "base", "yesno"), ["0", "1"], ["TRUE", "2"]),
        (("x", "base", "truefalse"), ["0", "1"], ["T"]),
    ],
)
def test_codes_that_are_no_choice(field, good, bad):
    assert checked(field, *good) == []
    text = "record_id,x,y\n" + "".join(f"{n},{cell},1\n" for n, cell in enumerate(bad))
    extract = read(text, dictionary_of(ID, field, ("y", "base", "yesno", "Y")), values="raw")
    assert doubts_of(extract) == [("dictionary_choice", row, "x") for row in range(len(bad))]
    assert [row[1] for row in extract.rows] == bad


def test_calculated_fields_are_numbers_and_notes_are_anything():
    assert checked(("x", "base", "calc", "X", "[a]*2"), "1.5", "") == []
    assert checked(("x", "base", "calc", "X", "[a]*2"), "1.5 kg") == [("dictionary_type", 0, "x")]
    assert checked(("x", "base", "notes", "X", "", "integer"), "one\ntwo") == []


def test_columns_and_fields_that_the_other_does_not_have():
    fields = (
        ID,
        ("sex", "base", "yesno", "Sex"),
        ("gone", "base", "text", "Gone"),
        ("read_me", "base", "descriptive", "Read me"),
        ("race", "base", "checkbox", "Race", "1, a | 2, b"),
        ("drug", "base", "checkbox", "Drug", "1, a | 2, b"),
    )
    extract = read("record_id,sex,new,race___1,base_complete\n1,1,5,0,2\n", dictionary_of(*fields))
    assert sorted(doubts_of(extract)) == [
        ("dictionary_field", -1, name) for name in ("drug", "gone", "new", "race___2")
    ]
    assert extract.rows == [["1", "1", "5", "0", "2"]]


def test_checkboxes_with_negative_and_letter_codes_and_a_missing_data_code():
    fields = (ID, ("race", "base", "checkbox", "Race", "-1, none | A, all"))
    extract = read("record_id,race____1,race___a,race____99\n1,1,0,1\n2,2,,0\n", dictionary_of(*fields))
    assert doubts_of(extract) == [
        ("box_unopened", -1, "race____1"),  # the status of its form is not in the file
        ("dictionary_field", -1, "race____99"),
        ("dictionary_choice", 1, "race____1"),
    ]
    ticked = {"0": "Unchecked", "1": "Checked"}
    assert extract.variables["race____1"] == Variable("Race (choice=none)", ticked)
    assert extract.variables["race____99"] == Variable("Race (choice=_99)", ticked)


def test_variables_describe_every_column():
    fields = (
        ID,
        ("email", "base", "text", "E-mail", "", "email", "", "", "y"),
        ("sex", "base", "radio", "Sex", "1, m | 2, f"),
    )
    text = "record_id,base_timestamp,email,sex,base_complete\n1,[not completed],,1,0\n2,2024-05-01 10:11:12,,2,x\n"
    extract = read(text, dictionary_of(*fields))
    assert extract.variables == {
        "record_id": Variable("Record ID"),
        "base_timestamp": Variable("Survey Timestamp", {}, {"[not completed]": "survey not completed"}),
        "email": Variable("E-mail", identifier=True),
        "sex": Variable("Sex", {"1": "m", "2": "f"}),
        "base_complete": Variable("Complete?", {"0": "Incomplete", "1": "Unverified", "2": "Complete"}),
    }
    assert doubts_of(extract) == [("dictionary_choice", 1, "base_complete")]


def test_the_record_id_is_the_first_field_of_the_dictionary():
    with pytest.raises(Fault, match="must be the record id record_id, not sex"):
        read("sex,record_id\n1,1\n", dictionary_of(ID, ("sex", "base", "yesno", "Sex")))


def test_no_value_of_a_cell_stands_in_a_doubt():
    field = ("x", "base", "text", "X", "", "integer", "0", "10")
    extract = read("record_id,x\n1,confidential\n2,98765\n", dictionary_of(ID, field))
    assert [d.expected for d in extract.doubts] == ["a whole number", ">= 0 <= 10"]


@needs_mirror
def test_the_two_real_dictionaries_of_one_project_agree():
    folder = Path(MIRROR, "redcap_exports", "simple")
    page, api = (read_dictionary((folder / name).read_bytes()) for name in ("dictionary.csv", "metadata.csv"))
    differ = {a.name for a, b in zip(page.fields, api.fields, strict=True) if a != b}
    assert differ == {"age"}  # typed in by hand in one version of the project, calculated in the other
    assert [field.name for field in page.fields if field.identifier] == [
        "name_first",
        "name_last",
        "address",
        "telephone",
        "email",
        "dob",
    ]

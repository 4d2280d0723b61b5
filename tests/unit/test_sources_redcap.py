"""Reader of REDCap's raw exports."""

import csv
import os
from functools import partial
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.readers import reader_of
from refusals import refusal

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
READER = reader_of("redcap")
DICTIONARY = (
    "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,field_note,"
    "text_validation_type_or_show_slider_number,text_validation_min,text_validation_max,identifier,branching_logic,"
    "required_field,custom_alignment,question_number,matrix_group_name,matrix_ranking,field_annotation\n"
)
HEAD = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,pain,pain_complete\n"


def dictionary_of(*fields):
    """A data dictionary: each field is name, form, type, label, choices, validation, minimum, maximum, identifier."""
    rows = []
    for field in fields:
        name, form, kind, label, choices, validation, low, high, identifier = (*field, *[""] * (9 - len(field)))
        quoted = ('"' + text.replace('"', '""') + '"' for text in (label, choices))
        low = f'"{low}"'
        rows.append(
            f"{name},{form},,{kind},{','.join(quoted)},,{validation},{low},{high},{identifier}" + "," * 7 + "\n"
        )
    return (DICTIONARY + "".join(rows)).encode()


def read(text, dictionary=b"", events=b"", event_forms=b"", **options):
    return READER.read(text.encode(), READER.options(**options), dictionary, events, event_forms)


fault_of = partial(refusal, read)


def doubts_of(extract):
    return [(doubt.rule, doubt.row, doubt.column) for doubt in extract.doubts]


def test_longitudinal_export_with_notes_over_several_lines():
    text = 'record_id,redcap_event_name,note,visit_complete\n1,week_0_arm_1,"one\r\ntwo",2\n1,week_4_arm_1,,0\n'
    extract = read(text)
    assert extract.rows == [["1", "week_0_arm_1", "one\r\ntwo", "2"], ["1", "week_4_arm_1", "", "0"]]
    assert [(p.first_line, p.last_line) for p in extract.places] == [(2, 3), (4, 4)]


def test_decimal_commas_stay_text():
    assert read('record_id,height\n1,"1,54"\n').rows == [["1", "1,54"]]
    assert read("record_id;height\n1;1,54\n").rows == [["1", "1,54"]]


def test_row_without_event_or_instance_is_a_row_fault():
    extract = read(HEAD + "1,week_0,,,5,2\n2, ,,,4,2\n3,week_0,diary,,3,2\n4,week_0,diary,1,2,2\n5,week_0\n")
    assert [row[0] for row in extract.rows] == ["1", "4"]
    assert [place.ordinal for place in extract.places] == [1, 4]
    assert [(f.rule, f.place.ordinal) for f in extract.faults] == [
        ("event_missing", 2),
        ("instance_missing", 3),
        ("row_width", 5),
    ]


@pytest.mark.parametrize(
    ("header", "options", "says"),
    [
        ("redcap_event_name,record_id", {}, "the first column must be the record id"),
        ("pain_complete,record_id", {}, "the first column must be the record id"),
        ("study_id,pain", {"record_id": "record_id"}, "must be the record id record_id, not study_id"),
        ("Record ID,Event Name,pain", {}, "column 1, 2; export raw data, not labels"),
        ("record_id,redcap_repeat_instrument,pain", {}, "without redcap_repeat_instance"),
    ],
)
def test_headers_that_are_refused(header, options, says):
    assert says in fault_of(header + "\n" + ",".join("1" * len(header.split(","))) + "\n", **options)


def test_record_id_by_option():
    assert read("study_id,pain\n1,2\n", record_id="study_id").rows == [["1", "2"]]


@pytest.mark.parametrize(
    "text",
    [
        "record_id,visit_complete\n1,Complete\n2,Incomplete\n",
        "record_id,race___1\n1,Checked\n2,\n",
        "record_id,redcap_event_name,pain\n1,Event 1,5\n",
        "Record ID,Complete?,Complete?\n1,Complete,Complete\n",
        'record_id,"Pain, worst"\n1,5\n',
    ],
)
def test_labels_without_a_dictionary_are_refused_with_the_mend(text):
    says = fault_of(text)
    assert "export raw data" in says
    assert "Event 1" not in says


def test_a_field_that_only_looks_like_a_status_is_no_label():
    assert read("record_id,course_complete\n1,Complete\n2,Partly\n").rows == [["1", "Complete"], ["2", "Partly"]]


def test_survey_time_stamps_have_their_missing_code_without_a_dictionary_too():
    extract = read("record_id,diary_timestamp,pain,diary_complete\n1,[not completed],5,0\n")
    assert extract.rows[0][1] == "[not completed]"
    assert {name: v.missing for name, v in extract.variables.items()} == {
        "diary_timestamp": {"[not completed]": "survey not completed"}
    }


def test_decisions_of_a_raw_longitudinal_export():
    text = (
        "study_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,pain\n"
        "1,start_arm_1,,,north,5\n1,start_arm_2,diary,1,south,5\n2,end_arm_2,,3,south,5\n"
    )
    extract = read(text)
    assert {k: extract.decisions[k] for k in extract.decisions if k not in ("encoding", "line ends", "delimiter")} == {
        "headers": "raw",
        "values": "raw",
        "events": "raw",
        "record id": "study_id",
        "dictionary": "none",
        "arms": "1, 2",
        "events found": "end_arm_2, start_arm_1, start_arm_2",
        "repeating forms": "diary",
        "repeating events": "end_arm_2",
        "data access groups": "2, as written",
    }
    assert extract.faults == []


@pytest.mark.parametrize("name", READER.companions)
def test_a_companion_that_is_named_but_empty_is_refused(name):
    with pytest.raises(Fault, match=f"{name}: the file is empty"):
        READER.read(b"record_id,pain\n1,5\n", READER.options(**{name: "export_2"}))


def test_label_options_without_a_dictionary_are_refused():
    assert "need a data dictionary" in fault_of("record_id,pain\n1,5\n", values="labels")
    assert "need a data dictionary" in fault_of("record_id,pain\n1,5\n", headers="labels")


@needs_mirror
@pytest.mark.parametrize(
    ("project", "rows"),
    [
        ("checkboxes-1", 4),
        ("clinical-trial-1", 500),
        ("decimal-comma", 4),
        ("longitudinal", 18),
        ("repeating-instruments", 6),
        ("simple", 5),
        ("vignette-repeating", 17),
    ],
)
def test_real_exports_are_read_without_loss(project, rows):
    path = Path(MIRROR, "redcap_exports", project, "data.csv")
    extract = READER.read(path.read_bytes(), READER.options())
    with open(path, encoding="utf-8-sig", newline="") as file:
        expected = list(csv.reader(file))
    assert [list(extract.columns), *extract.rows] == expected
    assert (len(extract.rows), extract.faults) == (rows, [])
    physical = path.read_bytes().split(b"\n")
    for place, row in zip(extract.places, extract.rows, strict=True):
        assert physical[place.first_line - 1].decode("utf-8-sig").startswith(row[0] + ",")

"""Reader of REDCap's raw exports."""

import csv
import os
from pathlib import Path

import pytest
from omtrace.faults import Fault
from omtrace.sources import reader_of

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
READER = reader_of("redcap")
HEAD = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,pain,pain_complete\n"


def read(text, **options):
    return READER.read(text.encode(), READER.options(**options))


def fault_of(text, **options):
    with pytest.raises(Fault) as caught:
        read(text, **options)
    return str(caught.value)


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

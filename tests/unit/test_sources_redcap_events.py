"""Events, arms, forms of events and repeating forms: what was not to be collected is no missing value."""

import pytest
from test_sources_redcap import dictionary_of, doubts_of, fault_of, read

FIELDS = (
    ("record_id", "base", "text", "Record ID"),
    ("age", "base", "text", "Age"),
    ("race", "base", "checkbox", "Race", "1, a | 2, b"),
    ("pain", "diary", "text", "Pain"),
    ("dose", "drugs", "text", "Dose"),
)
DICTIONARY = dictionary_of(*FIELDS)
HEAD = "record_id,redcap_event_name,age,race___1,race___2,base_complete,pain,diary_complete,dose,drugs_complete\n"
REPEAT = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,age,race___1,race___2,base_complete,pain,diary_complete,"
    "dose,drugs_complete\n"
)
BASE, DIARY, DRUGS = (
    ("age", "race___1", "race___2", "base_complete"),
    ("pain", "diary_complete"),
    ("dose", "drugs_complete"),
)
EVENTS = (
    b"event_name,arm_num,unique_event_name,custom_event_label,event_id\n"
    b"Start,1,start_arm_1,,1\nWeek 4,1,week_4_arm_1,,2\nStart,2,start_arm_2,,3\n"
)
MAP = (
    b"arm_num,unique_event_name,form\n"
    b"1,start_arm_1,base\n1,start_arm_1,diary\n1,week_4_arm_1,diary\n2,start_arm_2,base\n"
)


def away(columns, rows):
    return dict.fromkeys(columns, rows)


def test_what_an_event_does_not_have_is_unscheduled_and_never_the_record_id():
    text = HEAD + "1,start_arm_1,30,1,0,2,5,2,,\n1,week_4_arm_1,,,,,4,2,,\n2,start_arm_2,40,0,0,2,,,,\n"
    extract = read(text, DICTIONARY, EVENTS, MAP)
    assert extract.unscheduled == away(BASE, [1]) | away(DIARY, [2]) | away(DRUGS, [0, 1, 2])
    assert extract.doubts == []
    assert len(extract.places) == 3


def test_without_a_map_every_form_belongs_to_every_event():
    assert read(HEAD + "1,start_arm_1,,,,,5,2,,\n", DICTIONARY, EVENTS).unscheduled == {}


@pytest.mark.parametrize(
    ("cells", "columns"),
    [
        (",0,0,", ("race___1", "race___2")),
        (",0,,0", ("race___1",)),
        (",0,1,0", ()),
        ("30,0,0,0", ()),
        (",0,0,2", ()),
    ],
)
def test_zeros_that_fill_the_boxes_of_a_form_never_opened_are_no_answers(cells, columns):
    assert read(HEAD + f"1,start_arm_1,{cells},5,2,,\n", DICTIONARY, EVENTS).unopened == away(columns, [0])


def test_a_value_in_an_unscheduled_cell_is_doubted_but_an_unticked_box_is_not():
    text = HEAD + "1,start_arm_1,30,1,0,2,5,2, ,\n1,week_4_arm_1,31,0,1,0,4,2,,\n"
    extract = read(text, DICTIONARY, EVENTS, MAP)
    assert doubts_of(extract) == [("unscheduled_value", 1, name) for name in ("age", "race___2", "base_complete")]
    assert extract.rows[1] == ["1", "week_4_arm_1", "31", "0", "1", "0", "4", "2", "", ""]


def test_an_event_that_the_files_do_not_have_is_doubted():
    extract = read(HEAD + "1,start_arm_1,30,1,0,2,5,2,,\n1,other_arm_1,31,,,,,,,\n", DICTIONARY, EVENTS, MAP)
    assert doubts_of(extract) == [("dictionary_choice", 1, "redcap_event_name"), ("unscheduled_value", 1, "age")]


@pytest.mark.parametrize(
    ("label", "name"),
    [("Week 4", "week_4_arm_1"), ("Start (Arm 1: Drug A)", "start_arm_1"), ("Start (Arm 2: Drug (B))", "start_arm_2")],
)
def test_labels_of_events(label, name):
    extract = read(f"record_id,redcap_event_name,age\n1,{label},30\n", DICTIONARY, EVENTS)
    assert extract.rows == [["1", name, "30"]]
    assert extract.decisions["events"] == "labels, read back by the events file"
    assert extract.variables["redcap_event_name"].choices[name] == label.partition(" (")[0]


def test_labels_of_events_without_a_dictionary_need_the_events_file_alone():
    assert read("record_id,redcap_event_name,age\n1,Week 4,30\n", events=EVENTS).rows == [["1", "week_4_arm_1", "30"]]


def test_labels_of_events_that_cannot_be_settled_are_refused():
    text = "record_id,redcap_event_name,age\n1,Start,30\n"
    assert "stands for the events start_arm_1, start_arm_2" in fault_of(text, dictionary=DICTIONARY, events=EVENTS)
    assert "name the export of the events in the option events" in fault_of(text, dictionary=DICTIONARY)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"event_forms": MAP}, "event_forms says nothing without a data dictionary"),
        ({"events": b"event_name,arm\nStart,1\n"}, "events line 1: no column unique_event_name"),
        ({"events": b"event_name,unique_event_name\nStart,\n"}, "events line 2, column unique_event_name: blank"),
        ({"events": EVENTS + b"Start,1,start_arm_1,,4\n"}, "events line 5, column unique_event_name: the name stands"),
        (
            {"dictionary": DICTIONARY, "event_forms": b"arm_num,unique_event_name,forms\n1,a,base\n"},
            "event_forms line 1: no column form; did you mean 'forms'?",
        ),
        (
            {"dictionary": DICTIONARY, "event_forms": MAP + b"1,start_arm_1,dairy\n"},
            "event_forms line 6: 'dairy' is no form of the dictionary; did you mean 'diary'?",
        ),
        (
            {"dictionary": DICTIONARY, "events": EVENTS, "event_forms": MAP + b"1,start_arm_3,base\n"},
            "event_forms line 6: 'start_arm_3' is no event of the events file",
        ),
    ],
)
def test_malformed_companions_are_refused(given, says):
    assert says in fault_of("record_id,redcap_event_name,age\n1,start_arm_1,30\n", **given)


def test_a_row_of_a_repeating_form_has_that_form_alone_and_the_base_row_has_it_not():
    text = REPEAT + "1,,,30,1,0,2,,,,\n1,diary,1,,,,,5,2,,\n1,diary,2,,,,,4,2,,\n2,,,31,0,0,2,,,7,2\n"
    extract = read(text, DICTIONARY)
    assert extract.unscheduled == away(BASE, [1, 2]) | away(DIARY, [0, 3]) | away(DRUGS, [1, 2])
    assert extract.doubts == []
    assert extract.decisions["repeating forms"] == "diary"


def test_repeating_forms_by_their_labels():
    extract = read(REPEAT + "1,,,30,1,0,2,,,,\n1,Diary,1,,,,,5,2,,\n1,Nothing,1,,,,,5,2,,\n", DICTIONARY)
    assert [row[1] for row in extract.rows] == ["", "diary", "Nothing"]
    assert doubts_of(extract) == [("dictionary_choice", 2, "redcap_repeat_instrument")]
    assert extract.unscheduled["pain"] == [0]


def test_a_value_of_a_repeating_form_on_the_base_row_is_doubted():
    extract = read(REPEAT + "1,,,30,1,0,2,9,,,\n1,diary,1,44,,,,5,2,,\n", DICTIONARY)
    assert doubts_of(extract) == [("unscheduled_value", 0, "pain"), ("unscheduled_value", 1, "age")]


def test_a_repeating_form_without_a_row_loses_nothing():
    extract = read(REPEAT + "1,,,30,1,0,2,,,,\n2,,,31,1,0,2,,,,\n", DICTIONARY)
    assert (len(extract.places), extract.unscheduled, extract.doubts) == (2, {}, [])
    assert extract.decisions["repeating forms"] == "none found"


def test_a_sparse_form_repeats_only_at_the_events_where_it_does():
    head = HEAD.replace("redcap_event_name,", "redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,")
    text = head + "1,start_arm_1,,,30,1,0,2,,,,\n1,start_arm_1,diary,1,,,,,5,2,,\n1,week_4_arm_1,,,,,,,4,2,,\n"
    extract = read(text, DICTIONARY, EVENTS, MAP)
    assert extract.unscheduled == away(BASE, [1, 2]) | away(DIARY, [0]) | away(DRUGS, [0, 1, 2])
    assert extract.doubts == []


def test_repeating_events_have_an_instance_without_a_form():
    head = HEAD.replace("redcap_event_name,", "redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,")
    text = head + "1,start_arm_1,,,30,1,0,2,5,2,,\n1,week_4_arm_1,,1,,,,,4,2,,\n1,week_4_arm_1,,2,,,,,3,2,,\n"
    extract = read(text, DICTIONARY, EVENTS, MAP)
    assert [row[3] for row in extract.rows] == ["", "1", "2"]
    assert extract.unscheduled == away(BASE, [1, 2]) | away(DRUGS, [0, 1, 2])
    assert (extract.faults, extract.doubts) == ([], [])
    assert extract.decisions["repeating events"] == "week_4_arm_1"


def test_rows_count_after_faulty_rows_are_left_out():
    head = HEAD.replace("redcap_event_name,", "redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,")
    text = head + "1,start_arm_1,diary,,,,,,5,2,,\n2,,,,,,,,,,,\n3,week_4_arm_1,,,31,,,,4,2,,\n"
    extract = read(text, DICTIONARY, EVENTS, MAP)
    assert [(fault.rule, fault.place.ordinal) for fault in extract.faults] == [
        ("instance_missing", 1),
        ("event_missing", 2),
    ]
    assert [place.ordinal for place in extract.places] == [3]
    assert doubts_of(extract) == [("unscheduled_value", 0, "age")]


def test_an_instance_that_is_no_number_is_doubted():
    extract = read(REPEAT + "1,diary,first,,,,,5,2,,\n", DICTIONARY)
    assert doubts_of(extract) == [("dictionary_type", 0, "redcap_repeat_instance")]

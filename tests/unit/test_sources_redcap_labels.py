"""Label exports, made here from raw ones, are read back to the very cells that they were made from."""

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from test_sources_redcap import READER, dictionary_of, doubts_of, fault_of, needs_mirror, read

ROOT = Path(__file__).parents[2]
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
FOUR = [(values, headers) for values in ("raw", "labels") for headers in ("raw", "labels")]
PROJECTS = {
    "checkboxes-1": "dictionary.csv",
    "clinical-trial-1": "dictionary.csv",
    "decimal-comma": "dictionay.csv",
    "longitudinal": "dictionary.csv",
    "repeating-instruments": "dictionary.csv",
    "simple": "dictionary.csv",
    "vignette-repeating": "dictionary.csv",
}
STATUS = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
OWN = {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
}


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def written(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def design_of(dictionary):
    """Column -> label, and column -> code -> label; read here by hand, not by the package."""
    labels, choices = dict(OWN), {}
    for row in rows_of(dictionary)[1:]:
        name, form, kind, label, text = row[0], row[1], row[3], row[4], row[5]
        pairs = [item.strip().split(",", 1) for item in text.split("|") if item.strip()]
        labels[f"{form}_complete"], choices[f"{form}_complete"] = "Complete?", STATUS
        labels[f"{form}_timestamp"] = "Survey Timestamp"
        if kind == "checkbox":
            for code, choice in pairs:
                column = f"{name}___{code.lower().replace('-', '_')}"
                labels[column] = f"{label} (choice={choice.strip()})"
                choices[column] = {"0": "Unchecked", "1": "Checked"}
            continue
        labels[name] = label
        if kind in ("radio", "dropdown"):
            choices[name] = {code.strip(): choice.strip() for code, choice in pairs}
        if kind == "yesno":
            choices[name] = {"1": "Yes", "0": "No"}
        if kind == "truefalse":
            choices[name] = {"1": "True", "0": "False"}
    return labels, choices


def as_exported(rows, dictionary, values, headers, events=None):
    """A raw export as REDCap writes it with labels."""
    labels, choices = design_of(dictionary)
    header, *rows = rows
    if values == "labels":
        maps = [choices.get(name, {}) for name in header]
        maps = [events or {} if name == "redcap_event_name" else m for name, m in zip(header, maps, strict=True)]
        rows = [[m.get(cell, cell) for m, cell in zip(maps, row, strict=True)] for row in rows]
    return written([[labels[name] for name in header] if headers == "labels" else header, *rows])


# real exports


def real(project):
    folder = Path(MIRROR, "redcap_exports", project)
    events = (folder / "event.csv").read_bytes() if (folder / "event.csv").exists() else b""
    return (folder / "data.csv").read_bytes(), (folder / PROJECTS[project]).read_bytes(), events


@needs_mirror
@pytest.mark.parametrize("project", PROJECTS)
def test_every_cell_of_a_real_export_is_in_the_extract(project):
    data, dictionary, events = real(project)
    extract = READER.read(data, READER.options(), dictionary, events)
    assert [list(extract.columns), *extract.rows] == rows_of(data)
    assert (extract.faults, set(extract.variables)) == ([], set(extract.columns))
    if project != "simple":
        assert extract.doubts == []


@needs_mirror
def test_what_does_not_fit_the_dictionary_of_a_real_export():
    data, dictionary, events = real("simple")
    doubts = doubts_of(READER.read(data, READER.options(), dictionary, events))
    assert doubts == [
        ("dictionary_choice", 0, "sex"),  # TRUE and FALSE, as a spreadsheet saves 1 and 0
        ("dictionary_range", 0, "height"),
        ("dictionary_range", 0, "weight"),
        ("dictionary_choice", 1, "sex"),
        ("dictionary_range", 1, "height"),
        ("dictionary_range", 1, "weight"),
        *(("dictionary_choice", row, "sex") for row in (2, 3, 4)),
    ]


@needs_mirror
@pytest.mark.parametrize("project", PROJECTS)
@pytest.mark.parametrize(("values", "headers"), FOUR)
def test_real_exports_with_labels_are_read_back(project, values, headers):
    data, dictionary, events = real(project)
    arms = {"1": "Drug A", "2": "Drug B"}
    names = {r[2]: f"{r[0]} (Arm {r[1]}: {arms[r[1]]})" for r in rows_of(events)[1:]} if events else {}
    content = as_exported(rows_of(data), dictionary, values, headers, names)
    extract = READER.read(content, READER.options(), dictionary, events)
    assert [list(extract.columns), *extract.rows] == rows_of(data)
    has_codes = project not in ("clinical-trial-1", "decimal-comma") or values == "raw"
    assert extract.decisions["headers"].startswith(headers)
    assert extract.decisions["values"].startswith(values) or not has_codes
    assert {line for place in extract.places for line in (place.first_line,)} == {
        place.first_line for place in READER.read(data, READER.options()).places
    }


# our own study


ELIGIBILITY = (
    "botox_ever",
    "topiramate_12m",
    "pregnant",
    "secondary_headache",
    "fibromyalgia",
    "spinal_condition",
    "cervical_artery",
    "bleeding_risk",
    "malignancy_infection",
    "other_reason",
    "medication_overuse",
)


def own_dictionary():
    rows = [
        ("record_id", "demographics", "text", "Record ID"),
        ("enrolled_on", "demographics", "text", "Enrolled on", "", "date_ymd"),
        ("age", "demographics", "text", "Age", "", "integer", "18", "99"),
        ("sex", "demographics", "radio", "Sex, as registered", "1, male | 2, female"),
        *((n, "demographics", "yesno", n.replace("_", " ")) for n in ELIGIBILITY),
        ("session_on", "session", "text", "Date", "", "date_ymd"),
        ("movements_done", "session", "text", "Movements"),
        ("minutes", "session", "text", "Minutes", "", "number"),
        ("provider_id", "session", "text", "Provider"),
        ("hit6_on", "hit6", "text", "Date", "", "date_ymd"),
    ]
    level = " | ".join(f"{code}, level {code} of 5, as marked" for code in range(1, 6))
    rows += [(f"hit6_{n}", "hit6", "radio", f"HIT-6 item {n}", level) for n in range(1, 7)]
    rows += [("hit6_total", "hit6", "calc", "Total", "sum([hit6_1])")]
    answers = " | ".join(f'{code}, "answer" {code} - so häufig' for code in range(1, 7))
    rows += [(f"msq_{n}", "msq", "dropdown", f"MSQ item {n}", answers) for n in range(1, 15)]
    rows += [
        (f"midas_{n}", "midas", "text", f"MIDAS item {n}", "", "integer", "0", "92") for n in (*range(1, 6), "a", "b")
    ]
    rows += [
        ("satisfaction", "satisfaction", "radio", "Satisfaction", "|".join(f"{n}, grade {n}" for n in range(1, 6)))
    ]
    days = ("sleep_hours", "exercise_days", "caffeine_servings", "regular_meals", "stress")
    rows += [(name, "lifestyle", "text", name.replace("_", " "), "", "number") for name in days]
    return dictionary_of(*rows, ("visit_note", "lifestyle", "notes", "Note"))


@pytest.mark.parametrize(("values", "headers"), FOUR)
def test_our_study_is_read_back_to_its_raw_cells(values, headers):
    raw = rows_of((ROOT / "data/raw/omt_feasibility/redcap.csv").read_bytes())
    raw = [[*row[:-2], row[-1], row[-2]] for row in raw]  # the note stands before the status of its form
    names = sorted({row[1] for row in raw[1:]})
    shown = {name: name.removesuffix("_arm_1").replace("_", " ").capitalize() for name in names}
    events = written([["event_name", "arm_num", "unique_event_name"], *([shown[n], "1", n] for n in names)])
    dictionary = own_dictionary()
    plain = READER.read(written(raw), READER.options(), dictionary, events)
    extract = READER.read(as_exported(raw, dictionary, values, headers, shown), READER.options(), dictionary, events)
    assert [list(extract.columns), *extract.rows] == raw
    assert (extract.decisions["values"][:3], extract.decisions["headers"][:3]) == (values[:3], headers[:3])
    assert doubts_of(extract) == doubts_of(plain) != []
    assert extract.variables == plain.variables


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="|", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12
)
SOME = ["no, never", 'the "worst"', "häufig, öfter", "x (choice=y)", "<b>bold</b>", "1", "Checked", "'", "a  b", "a b"]
LABELS = st.lists((TEXT | st.sampled_from(SOME)).map(str.strip).filter(bool), min_size=2, max_size=5, unique=True)


@settings(deadline=None, max_examples=50)
@given(LABELS, LABELS, st.data())
@example(["1", "0"], ["Checked", "Unchecked"], None)
@example(["a b", "a  b"], ["<b>x</b>", "x"], None)
@pytest.mark.parametrize(("values", "headers"), FOUR)
def test_any_choice_texts_are_read_back(values, headers, radio, boxes, data):
    codes = [["-1", "a", "2", "UNK", "10"][n] for n in range(max(len(radio), len(boxes)))]
    fields = (
        ("record_id", "base", "text", "Record ID"),
        ("pick", "base", "radio", "Pick, one", " | ".join(map(", ".join, zip(codes, radio, strict=False)))),
        ("tick", "base", "checkbox", 'Tick "all"', " | ".join(map(", ".join, zip(codes, boxes, strict=False)))),
    )
    columns = [f"tick___{code.lower().replace('-', '_')}" for code in codes[: len(boxes)]]
    cells = st.lists(st.sampled_from(["", *codes[: len(radio)]]), min_size=1, max_size=4)
    picked = data.draw(cells) if data else ["-1", "a", ""]
    raw = [["record_id", "pick", *columns, "base_complete"]]
    raw += [[str(n), code, *("01"[(n + k) % 2] for k in range(len(boxes))), "2"] for n, code in enumerate(picked)]
    dictionary = dictionary_of(*fields)
    content = as_exported(raw, dictionary, values, headers)
    extract = READER.read(content, READER.options(values=values, headers=headers), dictionary)
    assert [list(extract.columns), *extract.rows] == raw
    assert extract.doubts == []


# what cannot be settled, and what can

ID = ("record_id", "base", "text", "Record ID")
SAME = (
    ID,
    ("note_a", "base", "text", "Note"),
    ("age", "base", "text", "Age"),
    ("note_b", "base", "text", "Note"),
    ("pain", "diary", "text", "Pain"),
    ("note_c", "diary", "text", "Note"),
)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Record ID,Note,Age,Note,Complete?,Pain", "record_id note_a age note_b base_complete pain"),
        ("Record ID,Note,Note,Complete?,Pain", "record_id note_a note_b base_complete pain"),
        ("Record ID,Age,Note,Pain", "record_id age note_b pain"),
        ("Record ID,Pain,Note", "record_id pain note_c"),
        ("Record ID,Pain,Complete?", "record_id pain diary_complete"),
        ("Record ID,Age,Complete?,Pain,Complete?", "record_id age base_complete pain diary_complete"),
        ("Record ID,Survey Timestamp,Pain", "record_id diary_timestamp pain"),
        ("Record ID,Pain,Age", "record_id pain age"),
        ("Record ID;Pain;Age", "record_id pain age"),
        ('"Record\n ID",<i>Pain</i>,Age', "record_id pain age"),
        (
            "Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,Survey Identifier,Age",
            "record_id redcap_event_name redcap_repeat_instrument redcap_repeat_instance redcap_data_access_group "
            "redcap_survey_identifier age",
        ),
    ],
)
def test_headers_are_settled_by_their_order(header, columns):
    mark = ";" if ";" in header else ","
    extract = read(f"{header}\n{mark.join('1' * len(columns.split()))}\n", dictionary_of(*SAME))
    assert extract.columns == tuple(columns.split())
    assert extract.places[0].first_line == (3 if "\n" in header else 2)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("Record ID,Age,Pain,Age", "names age more than once"),
        (
            "Record ID,Note,Age,Note,Complete?",
            "column 5 of the header: the label stands for base_complete, diary_complete",
        ),
        ("Record ID,Note,Pain", "column 2 of the header: the label stands for note_a, note_b; export"),
        ("Record ID,Pain,Note,Age", "column 3 of the header: the label stands for note_a, note_b, note_c"),
        ("Record ID,Note,Note,Note,Note", "the label stands for"),
        ("Record ID,Other,Pain,Other", "columns 2 and 4 have one name (Other)"),
        ("Age,Record ID", "must be the record id record_id, not age"),
    ],
)
def test_headers_that_the_order_does_not_settle_are_refused(header, says):
    assert says in fault_of(f"{header}\n{','.join('1' * len(header.split(',')))}\n", dictionary=dictionary_of(*SAME))


def test_label_headers_that_the_dictionary_does_not_have_stay_and_are_doubted():
    fields = (ID, ("race", "base", "checkbox", "Race", "1, a"))
    text = "Record ID,Race (choice=a),Race (choice=Not known),New one\n1,Checked,Unchecked,x\n"
    extract = read(text, dictionary_of(*fields))
    assert extract.columns == ("record_id", "race___1", "race___not_known", "New one")
    assert extract.rows == [["1", "1", "0", "x"]]
    assert doubts_of(extract) == [
        ("box_unopened", -1, "race___1"),  # its form has no status here
        ("dictionary_field", -1, "race___not_known"),
        ("dictionary_field", -1, "New one"),
    ]


def test_label_values_under_variable_names():
    fields = (ID, ("field_1", "base", "yesno", "One"), ("box", "base", "checkbox", "Box", "1, a | 2, b"))
    text = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_1,box___1,box___2\n"
    events = b"event_name,arm_num,unique_event_name\nEvent 1,1,event_1_arm_1\n"
    extract = read(text + '1,"Event 1",,1,Yes,Unchecked,Checked\n', dictionary_of(*fields), events)
    assert extract.rows == [["1", "event_1_arm_1", "", "1", "1", "0", "1"]]


def test_boxes_exported_as_their_choice_and_labels_with_markup():
    fields = (ID, ("box", "base", "checkbox", "Box", "1, <b>no</b> pain"), ("sex", "base", "yesno", "Sex"))
    extract = read("record_id,box___1,sex\n1,no pain,Yes\n2,,No\n", dictionary_of(*fields))
    assert extract.rows == [["1", "1", "1"], ["2", "", "0"]]


def test_a_text_that_is_no_label_stays_and_is_doubted():
    fields = (ID, ("a", "base", "yesno", "A"), ("b", "base", "yesno", "B"))
    extract = read("record_id,a,b\n1,Yes,No\n2,1,Perhaps\n3,No,Yes\n", dictionary_of(*fields))
    assert extract.rows == [["1", "1", "0"], ["2", "1", "Perhaps"], ["3", "0", "1"]]
    assert doubts_of(extract) == [("dictionary_choice", 1, "a"), ("dictionary_choice", 1, "b")]


def test_what_does_not_tell_codes_from_labels_is_refused():
    fields = (ID, ("a", "base", "radio", "A", "0, 1 | 1, 0"), ("b", "base", "yesno", "B"), ("c", "base", "yesno", "C"))
    dictionary = dictionary_of(*fields)
    assert "cannot be told apart in a; say the option values" in fault_of("record_id,a\n1,0\n", dictionary=dictionary)
    assert read("record_id,a\n1,0\n", dictionary, values="labels").rows == [["1", "1"]]
    assert read("record_id,a\n1,0\n", dictionary, values="raw").rows == [["1", "0"]]
    assert "1 columns hold codes and 1 hold labels" in fault_of("record_id,b,c\n1,Yes,0\n", dictionary=dictionary)


def test_a_label_of_two_codes_is_refused_where_it_stands():
    dictionary = dictionary_of(ID, ("a", "base", "radio", "A", "1, other | 2, other | 3, none"))
    assert read("record_id,a\n1,none\n", dictionary).rows == [["1", "3"]]
    with pytest.raises(Fault, match="column a: one label stands for the codes 1, 2"):
        read("record_id,a\n1,other\n2,none\n", dictionary)


def test_a_gzipped_label_export_keeps_its_member_and_decisions():
    import gzip

    file = io.BytesIO()
    with gzip.GzipFile("labels.csv", "wb", fileobj=file, mtime=0) as packed:
        packed.write("Record ID;Größe;Complete?\r\n1;1,54;Complete\r\n".encode("cp1252"))
    dictionary = dictionary_of(ID, ("height", "base", "text", "Größe", "", "number_comma_decimal"))
    extract = READER.read(file.getvalue(), READER.options(), dictionary)
    assert extract.rows == [["1", "1,54", "2"]]
    assert extract.places[0].part == "labels.csv"
    assert extract.decisions["encoding"] == "CP1252 (not UTF-8)"
    assert (extract.decisions["line ends"], extract.decisions["delimiter"]) == ("CRLF", "semicolon (found)")


@pytest.mark.parametrize("text", ['"Record ID,Pain\n1,2\n', "\nRecord ID,Pain\n1,2\n", "\n\n"])
def test_headers_that_are_not_there_or_do_not_close_are_refused(text):
    assert fault_of(text, dictionary=dictionary_of(*SAME), headers="labels")
    assert fault_of(text, dictionary=dictionary_of(*SAME))

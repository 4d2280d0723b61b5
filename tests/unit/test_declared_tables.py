"""Tables that the plan declares: the same models, checks, findings and dictionary as those of the library."""

import json
from pathlib import Path

import pandas
import pytest
from omtrace.faults import Fault
from omtrace.intake.plan_check import check_plan
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import RawFile, sha256_of
from omtrace.model.slices import plain, read_slice, slice_of
from omtrace.model.sources import with_shared, written_out
from omtrace.readers.lookup import raw_cells, raw_places
from omtrace.report.dictionary import dictionary_rows
from omtrace.report.fields import entries_of
from omtrace.report.table_schema import table_schema
from omtrace.schemas import table_in
from omtrace.validation.validate import Validation

HEAD = """\
study: clinic
title: Clinic
kind: real
statement: Made for tests.
design: One arm.
datasets:
  people:
    unit: participant
    roster: {table: people, column: unit_id}
    parameters: {who: {derive: column, label: Number, options: {table: people, column: unit_id}}}
analyses: {}
"""
PEOPLE = """\
tables:
  people:
    reader: delimited
    row: one participant
    columns:
      unit_id: {source: pid, type: text, pattern: "[A-Z][0-9]{2}", description: number of the participant}
      sex: {type: category, codes: {"1": male, "2": female}, required: true}
      smokes: {type: integer, codes: {"0": "no", "1": "yes"}, description: smokes}
      weight: {source: weight_kg, type: number, unit: kg, bounds: [30, 200]}
      began: {type: date}
      ended: {type: date}
      site: {type: category, values: [north, south]}
    rules:
      ends_after_it_began: ended >= began
      light_smoker: {check: not (smokes == 1 and weight < 50), says: a smoker of 50 kg, severity: warn, fix: ask}
"""
ROWS = """\
pid,sex,smokes,weight_kg,began,ended,site,more
A01,1,0,70.5,2024-01-02,2024-02-02,north,x
A02,2,1,45,2024-01-02,2023-02-02,south,x
A03,3,2,20,2024-01-02,,west,x
b4,,,,,,,x
A01,1,0,70.5,2024-01-02,2024-02-02,north,x
"""


def plan_of(folder: Path, text: str, head: str = HEAD) -> Plan:
    path = folder / "clinic.yaml"
    path.write_text(head + text, encoding="utf-8")
    return check_plan(read_plan(path), path)


def validated(folder: Path, plan: Plan, **files: str) -> Validation:
    exports = []
    for number, (name, text) in enumerate(files.items(), 1):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        digest = sha256_of(folder / f"{name}.csv")
        exports.append(RawFile(number, "clinic", name, name, f"{name}.csv", "", "2024-03-01", digest))
    validation = Validation(plan, exports, folder)
    validation.run()
    return validation


def findings(validation: Validation) -> set[tuple[int, str, str]]:
    return {(f.line, f.column, f.rule) for f in validation.findings if f.severity != "note"}


def test_a_declared_table_is_checked_cell_by_cell(tmp_path):
    validation = validated(tmp_path, plan_of(tmp_path, PEOPLE), people=ROWS)
    assert findings(validation) == {
        (3, "ended", "ends_after_it_began"),
        (3, "smokes", "light_smoker"),
        (4, "sex", "code"),
        (4, "smokes", "allowed"),
        (4, "weight_kg", "range"),
        (4, "site", "allowed"),
        (5, "pid", "unit_id_pattern"),
        (5, "sex", "required"),
        (6, "pid", "duplicate_row"),
    }
    frame = validation.works["people"].kept()
    assert frame["unit_id"].tolist() == ["A01", "A02", "A03"]  # the row goes where its unit is in doubt
    assert frame["sex"].tolist()[:2] == ["male", "female"] and frame["smokes"].dtype == "Int64"
    assert frame["ended"].isna().tolist() == [False, True, True]
    assert validation.rules["light_smoker"].fix == "ask"


def test_the_model_judges_any_frame(tmp_path):
    import pandera.errors

    schema = table_in(plan_of(tmp_path, PEOPLE).tables["people"], "people").schema
    row = {"unit_id": "A01", "sex": "male", "smokes": 1, "weight": 80.0, "began": "2024-01-02", "site": "north"}
    good = pandas.DataFrame([row | {"ended": "2024-01-03"}])
    assert schema.validate(good)["smokes"].dtype == "Int64"
    for change in ({"sex": "3"}, {"weight": 20.0}, {"ended": "2023-01-01"}, {"unit_id": "x"}):
        with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
            schema.validate(good.assign(**change), lazy=True)


def test_the_dictionary_and_the_table_schema_say_what_is_declared(tmp_path):
    entry = entries_of(plan_of(tmp_path, PEOPLE))[0]
    rows = {row[1]: row for row in dictionary_rows([entry])}
    assert rows["weight"][2:8] == ("weight_kg", "number", "kg", "weight", 30.0, 200.0)
    assert rows["sex"][10] == "1 = male | 2 = female" and rows["smokes"][10] == "0 = no | 1 = yes"
    schema = table_schema(entry, ["people"])
    assert schema["description"] == "One row: one participant" and schema["primaryKey"] == ["unit_id"]
    assert [field["type"] for field in schema["fields"]] == [
        "string",
        "string",
        "integer",
        "number",
        "date",
        "date",
        "string",
    ]


def test_columns_beside_those_of_the_library(tmp_path):
    text = """\
tables:
  people:
    schema: demographics
    reader: delimited
    columns: {unit_id: pid, years: {type: integer, bounds: [0, 60], description: years of headache}}
    recode: {sex: {m: male, f: female}}
    rules: {headache_within_life: years <= age}
"""
    validation = validated(
        tmp_path, plan_of(tmp_path, text), people="pid,age,sex,enrolled_on,years\nA1,30,m,2024-01-02,31\n"
    )
    assert findings(validation) == {(2, "years", "headache_within_life")}


def test_rows_of_visits_without_any_answer_were_not_collected(tmp_path):
    text = """\
sources:
  app: {reader: delimited, columns: {unit_id: pid}, visit: {column: when, map: {V1: first, V2: second}},
        status: "{table}_done"}
tables:
  people: {reader: delimited, columns: {unit_id: pid, arm: {type: category, values: [a, b]}}}
  pain: {source: app, columns: {"pain_<1-2>": {source: p<>, type: integer, bounds: [0, 10]}}}
  sleep: {source: app, visits: [second], status: "", columns: {hours: {type: number, bounds: [0, 24]}}}
"""
    plan = plan_of(tmp_path, text)
    assert plan.tables["pain"].status == "pain_done" and plan.tables["sleep"].status == ""
    assert plan.tables["sleep"].visit and plan.tables["sleep"].visit.map == {"V2": "second"}
    assert [*plan.tables["pain"].columns] == ["unit_id", "pain_1", "pain_2"]
    rows = "pid,when,p1,p2,pain_done,hours\nA,V1,3,11,2,\nA,V2,,,,7\nB,V1,1,2,0,8\nB,V2,5,5,2,\n"
    validation = validated(tmp_path, plan, people="pid,arm\nA,a\nB,b\n", app=rows)
    assert findings(validation) == {(2, "p2", "range"), (4, "pain_done", "form_status")}
    assert validation.works["sleep"].kept()["hours"].tolist() == [7.0]
    assert validation.works["sleep"].out_of_scope == {"other event": 2, "blank form": 1}


def test_references_and_rows_without_a_key(tmp_path):
    text = """\
tables:
  people: {reader: delimited, columns: {unit_id: pid, arm: {type: category, values: [a, b]}}}
  events:
    reader: delimited
    key: []
    columns: {unit_id: {source: pid, type: text, references: people.unit_id}, term: {type: text, required: true}}
"""
    events = "pid,term\nA,cough\nA,cough\nC,cough\n"
    validation = validated(tmp_path, plan_of(tmp_path, text), people="pid,arm\nA,a\n", events=events)
    assert findings(validation) == {(4, "pid", "reference")}


def test_the_stages_that_read_tables_get_the_declarations(tmp_path):
    plan = plan_of(tmp_path, PEOPLE)
    for stage in ("read", "validate", "render"):
        sliced = read_slice(Plan, plain(slice_of(plan, stage)))
        assert table_in(sliced.tables["people"], "people").column("weight").maximum == 200
        assert sliced.tables["people"].rules["light_smoker"].severity == "warn"
    derive = slice_of(plan, "derive").tables["people"]
    assert derive.raw("weight") == "weight_kg" and not hasattr(derive.columns["weight"], "bounds")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[30, 200]}", "[30, 200], codes: {a: b}}", "codes and values: a number has none"),
        ("type: date}\n      ended", "type: day}\n      ended", "columns.began.type: one of|'text', 'integer'"),
        ("ended >= began", "ended >= begun", "'begun' is no column of the table; did you mean 'began'"),
        ("ended >= began", "ended >= weight", "compares a date with a number"),
        ("ended >= began", "ended > '2024-01-01'", "a rule is over two columns or more"),
        ("ends_after_it_began:", "range:", "there is a rule 'range' already"),
        ("row: one participant", "key: [unit, sex]", "key: the table has no column 'unit'"),
        ("{source: pid, type: text,", "{source: pid, type: integer,", "unit_id is a text|pattern: only a text"),
        ("row: one participant", "schema: demographics\n    row: x", "key and row: only a table"),
        ("reader: delimited", "reader: delimited\n    visits: [v1]", "visits: say visit"),
        ("    reader: delimited\n", "", "reader: missing; there is no default"),
    ],
)
def test_what_does_not_fit_is_told_before_any_job(tmp_path, old, new, says):
    assert old in PEOPLE
    with pytest.raises(Fault, match=says):
        plan_of(tmp_path, PEOPLE.replace(old, new))


def test_a_plan_extends_another_file(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/base.yaml").write_text(HEAD.replace("study: clinic\n", "") + PEOPLE, encoding="utf-8")
    own = "study: clinic\nextends: shared/base.yaml\ndesign: Two arms.\n"
    own += "tables: {people: {columns: {weight: {source: kilos}}}}\n"
    plan = plan_of(tmp_path, own, "")
    assert plan.design == "Two arms." and plan.title == "Clinic" and plan.tables["people"].raw("weight") == "kilos"
    for wrong, says in (
        ("extends: ../base.yaml", "is not FOLDER/NAME.yaml"),
        ("extends: shared/other.yaml", "line 2: extends: .*there is no such file"),
    ):
        with pytest.raises(Fault, match=says):
            plan_of(tmp_path, own.replace("extends: shared/base.yaml", wrong), "")
    (tmp_path / "shared/base.yaml").write_text("extends: shared/base.yaml\n", encoding="utf-8")
    with pytest.raises(Fault, match="extends no other itself"):
        plan_of(tmp_path, own, "")


def test_words_stand_for_keys_and_for_texts():
    content = {"pt_<neck_pain|fatigue>": {"label": "<Words>", "of": ["x_<a|b>"], "name": "<>"}}
    assert written_out(content) == {
        "pt_neck_pain": {"label": "Neck pain", "of": ["x_a", "x_b"], "name": "neck_pain"},
        "pt_fatigue": {"label": "Fatigue", "of": ["x_a", "x_b"], "name": "fatigue"},
    }


def test_what_is_shared_stands_once_and_an_entry_says_otherwise():
    shared = {
        "parameters": {"count": {"unit": "events", "options": {"table": "events", "where": {"kind": "a"}}}},
        "figures": {"flow": {"title": "Flow"}},
    }
    parameters = {"x": {"derive": "count", "options": {"where": {"sex": "f"}}}, "y": {"derive": "count", "unit": ""}}
    content = {
        "shared": shared,
        "datasets": {"people": {"parameters": parameters | {"z": {"derive": "fact"}}}},
        "analyses": {"flow": {"method": "flow"}},
        "figures": {"flow": {"figure": "flow"}},
    }
    made = with_shared(content)
    assert made["datasets"]["people"]["parameters"] == {
        "x": {"derive": "count", "unit": "events", "options": {"table": "events", "where": {"sex": "f"}}},
        "y": {"derive": "count", "unit": "", "options": {"table": "events", "where": {"kind": "a"}}},
        "z": {"derive": "fact"},
    }
    assert made["figures"]["flow"] == {"figure": "flow", "title": "Flow"}
    assert made["analyses"]["flow"] == {"method": "flow"}  # a method of the name of a figure
    with pytest.raises(ValueError, match="shared.figures: no entry of the plan names 'flw'; did you mean 'flow'"):
        with_shared(content | {"shared": {"figures": {"flw": {}}}})


def test_one_key_stands_for_many_and_never_for_two_things(tmp_path):
    for text, says in (
        ("people: {reader: delimited, columns: {a<3-2>: {type: text}}}", "from a lower to a higher"),
        ("people: {reader: delimited, columns: {a1: {type: text}, a<1-2>: {type: text}}}", "'a1' stands twice"),
    ):
        with pytest.raises(Fault, match=says):
            plan_of(tmp_path, f"tables:\n  {text}\n")


WIDE = """\
tables:
  people:
    source: export
    reader: delimited
    columns: {unit_id: id, arm: {type: category, values: [a, b]}}
  pain:
    source: export
    reader: delimited
    wide: {first: "*_t0", last: "*_t10"}
    columns: {unit_id: id, pain: {type: integer, bounds: [0, 10]}, hours: {type: number}}
"""


def test_visits_side_by_side_become_rows(tmp_path):
    rows = "id,arm,pain_t0,pain_t10,hours_t10\nA,a,3,11,7.5\nB,b,4,,\n"
    plan = plan_of(tmp_path, WIDE)
    validation = validated(tmp_path, plan, export=rows)
    assert findings(validation) == {(2, "pain", "range")}
    (finding,) = [f for f in validation.findings if f.rule == "range"]
    assert finding.part == "*_t10"
    frame = validation.works["pain"].kept()
    assert frame[["unit_id", "visit"]].to_numpy().tolist() == [["A", "first"], ["A", "last"], ["B", "first"]]
    assert frame["hours"].tolist()[1] == 7.5 and frame["pain"].isna().tolist() == [False, True, False]
    assert validation.works["pain"].out_of_scope == {"blank form": 1}
    keys = frame.index.tolist()
    exports = validation.reading.exports
    assert list(raw_cells(plan, exports, [(keys[1], "pain"), (keys[2], "id")], tmp_path).values()) == ["11", "B"]
    assert raw_places(plan, exports, [keys[2]], tmp_path)[keys[2]].first_line == 3
    alone = validation.works["people"].kept().index.tolist()
    assert not {*keys} & {*alone}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"*_t10"', '"t10"', "is no pattern with one"),
        ('"*_t10"', '"*_t0"', "each with a pattern of its own"),
        ("wide:", "visit: {column: v, map: {a: b}}\n    wide:", "take one of the two out"),
    ],
)
def test_patterns_of_visits_that_do_not_fit(tmp_path, old, new, says):
    with pytest.raises(Fault, match=says):
        plan_of(tmp_path, WIDE.replace(old, new))


def test_a_visit_without_a_column_makes_the_file_unreadable(tmp_path):
    validation = validated(tmp_path, plan_of(tmp_path, WIDE), export="id,arm,pain_t0\nA,a,3\n")
    assert "unreadable" in {f.rule for f in validation.findings}


SCHEMA = {
    "fields": [
        {"name": "unit_id", "type": "string", "rawColumn": "pid"},
        {"name": "age", "type": "integer", "unit": "years", "constraints": {"minimum": 18, "maximum": 60}},
        {"name": "arm", "type": "string", "constraints": {"enum": ["a", "b"], "required": True}},
        {"name": "sex", "type": "string", "codes": {"1": "male", "2": "female"}, "title": "Sex"},
        {"name": "smokes", "type": "boolean"},
        {"name": "began", "type": "date"},
        {"name": "code", "type": "string", "constraints": {"pattern": "[a-z]+"}},
    ]
}
FROM_FILE = "tables:\n  people: {reader: delimited, columns_from: people.json, columns: {age: {bounds: [18, 99]}}}\n"


def test_columns_from_a_table_schema(tmp_path):
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic/people.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    plan = plan_of(tmp_path, FROM_FILE)
    declared = plan.tables["people"].declared
    assert declared["age"].bounds == (18, 99) and declared["age"].unit == "years" and declared["arm"].required
    rows = "pid,age,arm,sex,smokes,began,code\nA,61,a,2,true,2024-01-31,x\nB,100,c,3,maybe,soon,X\n"
    validation = validated(tmp_path, plan, people=rows)
    assert {(line, column) for line, column, _ in findings(validation)} == {
        (3, column) for column in ("age", "arm", "sex", "smokes", "began", "code")
    }
    assert validation.works["people"].kept()["smokes"].tolist()[0] == "yes"
    again = table_schema(entries_of(plan)[0], ["people"])
    (tmp_path / "clinic/people.json").write_text(json.dumps(again), encoding="utf-8")
    assert plan_of(tmp_path, FROM_FILE).tables["people"].declared["sex"].codes == {"1": "male", "2": "female"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not readable as JSON"),
        ('{"fields": [{}]}', "no Table Schema"),
        ('{"fields": [{"name": "x", "type": "geojson"}]}', "field 'x': no column is of type 'geojson'"),
        (None, "there is no such file"),
    ],
)
def test_a_file_that_is_no_table_schema(tmp_path, content, says):
    (tmp_path / "clinic").mkdir()
    if content is not None:
        (tmp_path / "clinic/people.json").write_text(content, encoding="utf-8")
    with pytest.raises(Fault, match=says):
        plan_of(tmp_path, FROM_FILE)

"""The data dictionary: complete, the same in all its forms, valid Table Schema, safe and offline HTML."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import browser
import pandera.pandas as pa
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.model.plan import CheckPlan, Plan, read_plan
from omtrace.model.tables import TablePlan
from omtrace.plugins import declared
from omtrace.report import fields
from omtrace.report.dictionary import HEADER, crosschecks_of, dictionary, dictionary_page, write_dictionary
from omtrace.report.fields import entries_of, raw_name
from omtrace.report.table_schema import table_schema
from omtrace.schemas import table_of
from omtrace.schemas._fields import rule
from tables import declared_column, declared_table

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "config/studies").glob("*.yaml"))
NAMES = [*declared("schemas"), *declared("instruments")]
HOSTILE = '<img src=x onerror="window.broken=1">&\''


def plan_of(**tables):
    return Plan.model_validate(
        {
            "study": "small",
            "title": f"Small {HOSTILE}",
            "kind": "simulated",
            "statement": HOSTILE,
            "design": "d",
            "missing_codes": {"-99": "not done"},
            "datasets": {},
            "analyses": {},
            "figures": {},
            "tables": tables,
        }
    )


SMALL = {
    "allocation": {"reader": "delimited", "columns": {"unit_id": "participant_id"}, "skip_blank": "participant_id"},
    "people": {
        "reader": "redcap",
        "schema": "demographics",
        "columns": {"unit_id": HOSTILE},
        "recode": {"sex": {"1": "male", "2": "female"}},
    },
    "hit6": {
        "reader": "redcap",
        "coding": "zero_based",
        "structural_zeros": {"88": "does not apply"},
        "recode": {"hit6_2": {"0": "2", "9": "5"}},
        "visit": {"column": "event", "map": {"b_arm_1": "baseline"}},
    },
    "plate_layout": {"reader": "delimited", "unit": ["@export", "well"], "unit_pattern": "(.+)"},
    "animals": {"reader": "delimited"},
}


@pytest.fixture(scope="module")
def plan():
    return plan_of(**SMALL)


@pytest.fixture(scope="module")
def written(plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dictionary")
    write_dictionary(plan, folder)
    return folder


@pytest.fixture(scope="module")
def rows(written):
    return {(row["table"], row["column"]): row for row in store.read_csv(written / "dictionary.csv")}


# completeness


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_description_a_type_a_unit_and_a_source(name):
    entry = next(entry for entry in entries_of(None) if entry.name == name)
    lacking = [
        f"{name}.{field.column.name}: {what}"
        for field in entry.fields
        for what, told in {
            "description": field.column.description,
            "type": field.column.kind,
            "unit": field.column.unit or field.column.kind in ("text", "date"),
            "source": field.source,
        }.items()
        if not told
    ]
    assert not lacking
    assert entry.table.row and entry.source


@pytest.mark.parametrize("name", list(declared("instruments")))
def test_every_score_says_how_it_is_made_and_what_missing_answers_do(name):
    entry = next(entry for entry in entries_of(None) if entry.name == name)
    instrument = instrument_of(name)
    assert instrument.version and instrument.recall and instrument.source
    assert [score.name for score in entry.scores] == list(instrument.scores)
    for score in entry.scores:
        assert score.made.endswith((".", ")")) and score.label and score.items, score.name
        assert score.missing.startswith("no score")


def test_without_a_study_every_declared_table_is_there_once():
    entries = entries_of(None)
    assert [entry.name for entry in entries] == NAMES
    for entry in entries:
        assert [field.column for field in entry.fields] == list(table_of(entry.name).columns)
        assert all(not field.raw and not field.codes for field in entry.fields)


# what the plan adds


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_study_has_its_tables_with_the_names_of_its_exports(path):
    plan = read_plan(path)
    entries = entries_of(plan)
    assert [entry.name for entry in entries] == list(plan.tables)
    for entry in entries:
        assert all(field.raw for field in entry.fields)
        given = plan.tables[entry.name]
        for field in entry.fields:
            assert given.raw(field.column.name) in field.raw  # the name that the checks read by


def test_raw_names_codes_and_missing_codes_come_from_the_plan(rows):
    assert rows["allocation", "unit_id"]["raw_column"] == "participant_id"
    assert rows["allocation", "arm"]["raw_column"] == "arm"
    assert rows["people", "sex"]["codes"] == "1 = male | 2 = female"
    assert rows["people", "sex"]["allowed"] == "male | female"
    assert rows["hit6", "visit"]["raw_column"] == "event"
    assert rows["hit6", "visit"]["codes"] == "b_arm_1 = baseline"
    assert rows["hit6", "hit6_1"]["codes"].startswith("0 = 1 | 1 = 2 | ")
    assert rows["hit6", "hit6_1"]["codes"].endswith(" | 88 = 0 (does not apply)")
    assert rows["hit6", "hit6_2"]["codes"].startswith("0 = 2 | 1 = 2 | ")  # what the plan recodes comes first
    assert rows["hit6", "hit6_2"]["codes"].endswith(" | 9 = 5 | 88 = 0 (does not apply)")
    assert rows["hit6", "unit_id"]["codes"] == ""
    assert rows["plate_layout", "unit_id"]["raw_column"] == "name of the export / well"
    assert {row["missing_codes"] for row in rows.values()} == {"-99 = not done"}


def test_bounds_keys_and_checks_are_those_of_the_declaration(rows, plan):
    for (name, column), row in rows.items():
        table = table_of(plan.tables[name].schema_ or name)
        found = table.column(column)
        assert [row[bound] for bound in ("minimum", "maximum")] == [
            "" if bound is None else f"{bound:g}" for bound in (found.minimum, found.maximum)
        ]
        assert (row["type"], row["unit"], row["description"]) == (found.kind, found.unit, found.description)
        assert (row["required"], row["in_key"]) == tuple(
            "yes" if told else "no" for told in (found.required, column in table.key)
        )
        expected = [f"{rule.id}: {rule.expected}" for rule in table.rules if column in rule.columns]
        assert row["checks"].startswith(" | ".join(expected))
        assert ("reference: " in row["checks"]) == (column in {r.column for r in table.references})
    assert "in rows with role sample" in rows["plate_layout", "sample"]["checks"]


def test_the_csv_has_a_row_a_field_and_no_cell_that_a_spreadsheet_takes_for_a_formula(written, plan):
    with open(written / "dictionary.csv", encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    assert tuple(header) == HEADER
    assert len(lines) == sum(len(entry.fields) for entry in entries_of(plan))
    assert all(cell[:1] not in store.FORMULA or re.fullmatch(r"-[0-9.]+", cell) for line in lines for cell in line)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"diry": {"reader": "delimited"}}, "there is no table 'diry'"),
        ({"diary": {"reader": "delimited", "columns": {"pain": "p"}}}, "tables.diary: there is no column 'pain'"),
        ({"diary": {"reader": "delimited", "recode": {"pain": {"1": "2"}}}}, "tables.diary: there is no column 'pain'"),
        ({"hit6": {"reader": "redcap", "coding": "weight"}}, "there is no coding 'weight'"),
    ],
)
def test_a_plan_that_names_what_is_not_declared_is_a_fault(tables, says, tmp_path):
    with pytest.raises(Fault, match=says):
        write_dictionary(plan_of(**tables), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_study_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault, match="config/studies/nothing.yaml: there is no such plan"):
        dictionary("nothing", "out")


def test_a_visit_without_an_event_column_and_joined_columns_have_raw_names():
    plan = TablePlan.model_validate(
        {"reader": "delimited", "joined": {"class": ["a", "@batch"]}, "columns": {"visit": "when"}}
    )
    assert raw_name(plan, "visit") == "when"
    assert raw_name(plan, "class") == "a / batch of the export"
    assert raw_name(plan, "unit_id") == "unit_id"


# Table Schema, by the specification's own lists: https://specs.frictionlessdata.io/table-schema/

CONSTRAINTS = {  # type: the constraints that apply to it
    "string": {"required", "unique", "minLength", "maxLength", "pattern", "enum"},
    "integer": {"required", "unique", "minimum", "maximum", "enum"},
    "number": {"required", "unique", "minimum", "maximum", "enum"},
    "date": {"required", "unique", "minimum", "maximum", "enum"},
}
PHYSICAL = {"string": str, "integer": int, "number": (int, float), "date": str}
OURS = {"unit", "source", "rawColumn", "codes", "missingCodes", "conditionalReferences"}
SCHEMA = {"fields", "primaryKey", "foreignKeys", "missingValues", "name", "title", "description"}
FIELD = {"name", "type", "format", "title", "description", "example", "constraints", "rdfType"}


def broken_by(schema, resources):
    """What a document has against the specification, one line a finding."""
    if set(schema) - SCHEMA - OURS:
        yield f"unknown properties {set(schema) - SCHEMA - OURS}"
    if not isinstance(schema.get("fields"), list) or not schema["fields"]:
        yield "fields must be a list with at least one field"
        return
    names = [field.get("name") for field in schema["fields"]]
    if len(set(names)) != len(names) or not all(isinstance(name, str) and name for name in names):
        yield "field names must be there, and unique"
    for field in schema["fields"]:
        yield from (f"{field.get('name')}: {says}" for says in broken_field(field))
    missing = schema.get("missingValues", [""])
    if not all(isinstance(value, str) for value in missing) or len(set(missing)) != len(missing):
        yield "missingValues must be unique strings"
    keys = schema.get("primaryKey", [])
    if not set([keys] if isinstance(keys, str) else keys) <= set(names):
        yield "primaryKey names no field"
    for key in schema.get("foreignKeys", []):
        if set(key) != {"fields", "reference"} or set(key["reference"]) != {"resource", "fields"}:
            yield "a foreign key has fields and a reference with resource and fields"
        elif type(key["fields"]) is not type(key["reference"]["fields"]) or key["fields"] not in names:
            yield "a foreign key's fields are fields of both tables"
        elif key["reference"]["fields"] not in resources.get(key["reference"]["resource"], ()):
            yield "a foreign key names a field that there is not"


def broken_field(field):
    if set(field) - FIELD - OURS:
        yield f"unknown properties {set(field) - FIELD - OURS}"
    if field.get("type") not in CONSTRAINTS:
        yield f"unknown type {field.get('type')}"
        return
    told, kind = field.get("constraints", {}), PHYSICAL[field["type"]]
    if set(told) - CONSTRAINTS[field["type"]]:
        yield f"constraints {set(told)} of a {field['type']}"
    if not isinstance(told.get("required", True), bool):
        yield "required must be a boolean"
    values = [told[name] for name in ("minimum", "maximum") if name in told]
    if "enum" in told:
        values += told["enum"]
        if not told["enum"] or len(set(told["enum"])) != len(told["enum"]):
            yield "enum must have values, and each once"
    if not all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
        yield f"bounds and values must be of the type {field['type']}"
    if not all(isinstance(field.get(name, ""), str) for name in ("title", "description", "unit", "source")):
        yield "title, description, unit and source must be text"


GOOD = {
    "fields": [
        {"name": "id", "type": "string", "constraints": {"required": True, "enum": ["a"]}},
        {"name": "n", "type": "integer", "constraints": {"minimum": 1, "maximum": 2}},
    ],
    "primaryKey": ["id"],
    "foreignKeys": [{"fields": "id", "reference": {"resource": "other", "fields": "id"}}],
    "missingValues": ["", "-99"],
}


def bad_schemas():
    def changed(**parts):
        return {**GOOD, **parts}

    def with_field(**parts):
        return changed(fields=[{**GOOD["fields"][0], **parts}])

    yield changed(fields=[])
    yield changed(fields=[GOOD["fields"][0]] * 2)
    yield changed(field=[])
    yield with_field(type="text")
    yield with_field(unitt="mg")
    yield with_field(constraints={"minimum": 1})
    yield with_field(constraints={"enum": []})
    yield with_field(constraints={"enum": ["a", "a"]})
    yield with_field(constraints={"enum": [1]})
    yield with_field(constraints={"required": "yes"})
    yield with_field(type="integer", constraints={"minimum": 1.0})
    yield with_field(type="number", constraints={"minimum": "1"})
    yield with_field(description=None)
    yield changed(primaryKey="nothing")
    yield changed(missingValues=[-99])
    yield changed(missingValues=["", ""])
    yield changed(foreignKeys=[{"fields": "id", "reference": {"resource": "other", "fields": "no"}}])
    yield changed(foreignKeys=[{"fields": "id", "reference": {"resource": "no", "fields": "id"}}])
    yield changed(foreignKeys=[{"fields": "no", "reference": {"resource": "other", "fields": "id"}}])
    yield changed(foreignKeys=[{"fields": "id"}])


def test_the_rules_of_the_specification_find_what_breaks_them():
    resources = {"other": {"id"}}
    assert not list(broken_by(GOOD, resources))
    for schema in bad_schemas():
        assert list(broken_by(schema, resources)), schema


@pytest.mark.parametrize("path", [None, *PLANS], ids=lambda path: path.stem if path else "all")
def test_the_schemas_are_valid_and_say_what_is_declared(path, tmp_path):
    plan = read_plan(path) if path else None
    write_dictionary(plan, tmp_path)
    entries = entries_of(plan)
    resources = {entry.name: {field.column.name for field in entry.fields} for entry in entries}
    assert {p.name for p in tmp_path.glob("*.json")} == {
        f"{name}.schema.json" for name in [*resources, "estimates_tidy"]
    }
    for entry in entries:
        schema = json.loads((tmp_path / f"{entry.name}.schema.json").read_text(encoding="utf-8"))
        assert not list(broken_by(schema, resources)), entry.name
        assert schema["primaryKey"] == list(entry.table.key)
        assert schema["missingValues"] == ["", *(plan.missing_codes if plan else ())]
        for field, found in zip(entry.fields, schema["fields"], strict=True):
            told = found["constraints"]
            assert (found["name"], found["description"]) == (field.column.name, field.column.description)
            assert (told.get("minimum"), told.get("maximum")) == (field.column.minimum, field.column.maximum)
            assert told.get("enum", []) == list(field.column.allowed)
            assert told["required"] == (field.column.required or field.in_key)
            assert found.get("unit", "") == field.column.unit and found.get("source", "") == field.source


def test_each_kind_has_its_type_and_a_conditional_reference_is_no_foreign_key(monkeypatch):
    words = rule("dose", "count", example="2 mg, and no count")
    table = declared_table(
        "one thing",
        ("id",),
        [
            declared_column("id", "text", "name", required=True, references="things.id"),
            declared_column("other_id", "text", "another name", references="elsewhere.id"),
            declared_column("more_id", "text", "one more", references="things.id", where={"count": "1"}),
            declared_column("count", "integer", "how many", "count", 0.0, 5.0),
            declared_column("dose", "number", "how much", "mg", 0.5),
            declared_column("on", "date", "when", source="the site"),
        ],
        [pa.Check(lambda frame: frame["dose"] > 0, name="dose_count", error="a dose for each", **words)],
        source="this test",
    )
    monkeypatch.setattr(fields, "table_in", lambda entry, name: table)
    (entry,) = entries_of(plan_of(things={"reader": "delimited"}))
    schema = table_schema(entry, ["things"])
    assert {field["name"]: field["type"] for field in schema["fields"]} == {
        "id": "string",
        "other_id": "string",
        "more_id": "string",
        "count": "integer",
        "dose": "number",
        "on": "date",
    }
    assert json.dumps(schema["fields"][3]["constraints"]) == '{"required": false, "minimum": 0, "maximum": 5}'
    assert [field["source"] for field in schema["fields"]] == ["this test"] * 5 + ["the site"]
    reference = {"fields": "id", "reference": {"resource": "things", "fields": "id"}}
    assert schema["foreignKeys"] == [reference]
    assert schema["conditionalReferences"] == [{**reference, "fields": "more_id", "where": {"count": "1"}}]
    assert [check.at for field in entry.fields for check in field.checks if check.rule == "dose_count"] == ["dose"] * 2


# the page


class Page(HTMLParser):
    """What a page holds: its elements, and the ids and links in them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.attributes = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes.update(found)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src", "action") if found.get(name)]


def test_the_page_has_an_anchor_a_table_and_field_and_every_link_leads_somewhere(written, plan):
    page = Page((written / "dictionary.html").read_text(encoding="utf-8"))
    assert len(page.ids) == len(set(page.ids))
    for entry in entries_of(plan):
        assert {entry.name, *(f"{entry.name}.{field.column.name}" for field in entry.fields)} <= set(page.ids)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_declared_texts_are_escaped_and_nothing_is_loaded(written):
    text = (written / "dictionary.html").read_text(encoding="utf-8")
    page = Page(text)
    assert not {"img", "link", "iframe", "object"} & set(page.tags)
    assert not {"onerror", "style", "onclick"} & page.attributes
    assert text.count("onerror=") == text.count("onerror=&#34;") > 2
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in text
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp", text)


def test_the_label_of_simulated_data_stands_on_the_page_of_a_simulated_study_only(written, plan):
    label = '<strong class="simulated-label">Simulated data</strong>'
    assert label in (written / "dictionary.html").read_text(encoding="utf-8")
    real = plan.model_copy(update={"kind": "real"})
    assert label not in dictionary_page(real, entries_of(real))
    assert label not in dictionary_page(None, entries_of(None))


def test_the_crosschecks_of_a_study_are_those_of_its_plan_and_the_usual_ones():
    from omtrace.model.plan import USUAL

    assert [name for name, _, _ in crosschecks_of(None)] == list(declared("validation.crosschecks"))
    assert [name for name, _, _ in crosschecks_of(plan_of(**SMALL))] == list(USUAL)
    module = next(name for name in declared("validation.crosschecks") if name not in USUAL)
    checks = {"mine": CheckPlan(check=module, options={"table": "allocation"})}
    (found, *rest) = crosschecks_of(plan_of(**SMALL).model_copy(update={"checks": checks}))
    assert found[:2] == ("mine", "{table: allocation}") and found[2]
    assert [name for name, _, _ in rest] == list(USUAL)


def test_two_runs_differ_in_no_byte(plan, written, tmp_path):
    paths = write_dictionary(plan, tmp_path)
    assert {path.name for path in paths} == {path.name for path in written.iterdir()}
    assert all(path.read_bytes() == (written / path.name).read_bytes() for path in paths)


def test_the_command_writes_the_dictionary_of_a_study_or_of_everything(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    made = dictionary("omt_feasibility", str(tmp_path / "study"))
    assert [path.name for path in made[:2]] == ["dictionary.html", "dictionary.csv"]
    assert len(dictionary("", str(tmp_path / "all"))) == 3 + len(
        NAMES
    )  # page, rows, and the schema of the tidy estimates
    assert all(path.is_file() for path in made)


# the page in a browser

WIDE = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
SHOWN = "return [...document.querySelectorAll('tr.field')].filter((row) => row.offsetParent).map((row) => row.id)"


@pytest.mark.skipif(bool(browser.absent()), reason=browser.absent() or "there is a browser")
def test_the_page_finds_fields_fits_a_phone_and_loads_nothing(written, tmp_path):
    address = (written / "dictionary.html").as_uri()
    with browser.open_browser(tmp_path) as driver:
        for width in (1280, 400):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.get(address)
            wide, room = driver.execute_script(WIDE)
            assert wide <= room < width + 1
        everything = driver.execute_script(SHOWN)
        words = driver.find_element("id", "words")
        words.send_keys("people sex")
        assert driver.execute_script(SHOWN) == ["people.sex"]
        assert driver.find_element("id", "found").text == f"1 of {len(everything)} fields"
        driver.execute_script("location.hash = '#hit6.hit6_1'")
        wait_until_shown(driver, everything)
        words.send_keys("no such word")
        assert driver.execute_script(SHOWN) == []
        assert driver.execute_script("return window.broken === undefined && document.images.length === 0")
        assert {a.split("#")[0] for a in browser.requests(driver)} == {address}
        assert browser.console(driver) == []


def wait_until_shown(driver, rows):
    """A link to a field that the search hides empties the search."""
    for _ in range(300):
        if driver.execute_script(SHOWN) == rows:
            return
    raise AssertionError("a link to a field that the search hides does not show it")

"""The reference of the plan is complete and as declared; the walk-through of a new study works as written."""

import re
from pathlib import Path

import pytest
import yaml
from omtrace.instruments import instrument_of, is_instrument
from omtrace.intake.plan_check import check_plan
from omtrace.model.closed import checked
from omtrace.model.plan import read_plan
from omtrace.model.register import Export
from omtrace.model.tables import TablePlan
from omtrace.plugins import declared
from omtrace.readers import options_of, reader_of
from omtrace.report.plan_page import MEANS, NAMELESS, NAMES, PARTS, means, models, modules, plan_page
from omtrace.schemas import table_in
from omtrace.validation.catalogue import everything
from omtrace.validation.validate import Validation

ROOT = Path(__file__).parents[2]
PAGE = plan_page()
MODULES = [
    (part, name, getattr(module, declares))
    for part, declares, *_ in PARTS
    for name, module in modules(part, declares).items()
]
OPTIONS = [
    (part, name, option, field)
    for part, name, declared in MODULES
    for option, field in declared.options.model_fields.items()
]


def named(value):
    return value if isinstance(value, str) else ""


def test_the_page_in_the_repository_is_up_to_date():
    page = (ROOT / "docs/plan.md").read_text(encoding="utf-8")
    assert page == PAGE, "docs/plan.md is not as declared: omtrace plan > docs/plan.md"


def test_every_key_of_the_plan_has_a_meaning_and_its_row():
    assert {"Plan", "TablePlan", "Repair", "Format", "VisitColumn", "Roster"} <= {m.__name__ for _, m in models()}
    for _, model in models():
        for name, field in model.model_fields.items():
            assert len(means(model, name)) > 5, f"{model.__name__}.{name}"
            assert f"\n| `{field.alias or name}` | " in PAGE


@pytest.mark.parametrize("part, name, option, field", OPTIONS, ids=named)
def test_every_option_is_described_in_the_section_of_its_module(part, name, option, field):
    assert field.description and len(field.description) > 5
    title = next(title for known, _, title, _ in PARTS if known == part)
    of_part = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    section = re.search(rf"^### `{name}`\n(.*?)(?=^### |\Z)", of_part[1], re.MULTILINE | re.DOTALL)
    assert re.search(rf"^\| `{option}` \| .+ \|", section[1], re.MULTILINE)
    assert field.description.split("|")[0].replace("<", "&lt;").replace("*", "\\*") in section[1]


def test_every_module_says_in_one_line_what_it_does():
    said = re.findall(r"^### `(\w+)`\n\n(.+)\n", PAGE, re.MULTILINE)
    assert [name for name, _ in said] == [name for _, name, _ in MODULES]
    assert all(line.endswith(".") and len(line) > 20 for _, line in said)


def test_nested_options_are_described_too():
    assert "`Side`: " in PAGE and "`Anchor`: " in PAGE
    for line in re.findall(r"^\| `.*\|$", PAGE, re.MULTILINE):
        assert not line.endswith("|  |"), line


def test_every_key_of_a_table_says_which_names_it_takes_and_no_word_is_left_over():
    keys = set(TablePlan.model_fields)
    kinds = {key.partition(".")[2] for key in NAMES if key.startswith("TablePlan.")}
    assert kinds | set(NAMELESS) == keys and not kinds & set(NAMELESS)
    known = {f"{model.__name__}.{name}" for _, model in models() for name in model.model_fields}
    assert set(NAMES) <= known
    described = {f"{m.__name__}.{n}" for _, m in models() for n, f in m.model_fields.items() if f.description}
    assert set(MEANS) == known - described, "a description in the model takes the place of the one here"


def test_raw_and_own_names_stand_where_they_belong():
    entry = PAGE.partition("## `tables.<name>`\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| [^|]* \| ([^|]*) \|", entry, re.MULTILINE))
    assert rows["skip_blank"] == rows["status"] == rows["identifiers"] == rows["repairs"] == rows["unit"] == "raw"
    assert rows["formats"] == "own" and rows["columns"].startswith("own -> raw") and rows["joined"] == "own -> raw"


def test_questionnaires_and_tables_are_all_named():
    for part in ("instruments", "schemas"):
        found = list(declared(part))
        assert len(found) > 5 and all(f"`{name}`" in PAGE for name in found)
    assert re.search(
        r"^\| `hit6` .*`zero_based`, `weights`, `labels` \| `total`, `item_mean`, `band` \|$", PAGE, re.MULTILINE
    )


# the walk-through


GUIDE = (ROOT / "docs/new_study.md").read_text(encoding="utf-8")
_, *ENTRIES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)]
TABLES = [(name, entry) for block in ENTRIES for name, entry in block.items()]


def test_the_study_of_the_walk_through_has_the_findings_that_it_tells(tmp_path):
    place = tmp_path / "data/raw/clinic/north.csv"
    place.parent.mkdir(parents=True)
    place.write_text(re.search(r"```csv\n(.*?)```", GUIDE, re.DOTALL)[1], encoding="utf-8")
    export = Export(1, "clinic", "north", "hit6", "data/raw/clinic/north.csv", "", "", "", "received", "", "", "")
    (tmp_path / "clinic.yaml").write_text(re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[1], encoding="utf-8")
    plan = check_plan(read_plan(tmp_path / "clinic.yaml"))
    validation = Validation(plan, [export], tmp_path)
    validation.run()
    found = {(f.rule, f.severity, f.line, f.column) for f in validation.findings}
    assert found == {("range", "quarantine", 5, "q6"), ("coded_missing", "note", 5, "q5")}


@pytest.mark.parametrize("name, entry", TABLES, ids=named)
def test_each_entry_of_the_walk_through_is_a_right_one(name, entry):
    plan = checked(TablePlan, entry, name)
    table = table_in(plan, name)
    own = {column.name for column in table.columns}
    assert {*plan.columns, *plan.recode, *plan.formats} <= own
    reader = reader_of(plan.reader)
    options_of(reader, plan.options, name)
    if is_instrument(plan.schema_):
        instrument_of(plan.schema_).coding(plan.coding)


def test_the_walk_through_is_short_and_its_rules_and_keys_are_there():
    assert len(re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[1].splitlines()) < 20
    assert len(GUIDE.splitlines()) <= 150 and len(TABLES) == 12
    rows = re.findall(r"^\| (`[a-z_`, ]+`)", GUIDE, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(rows))) <= set(everything())
    for page in re.findall(r"\]\((\w+\.md)\)", GUIDE):
        assert (ROOT / "docs" / page).is_file(), page

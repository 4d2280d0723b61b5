"""Plans checked before any job: modules and their options; and as JSON Schema."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.intake.plan_check import check_once, check_plan, read_whole
from omtrace.model.plan import Plan, read_plan
from omtrace.report.plan_page import plan_schema
from test_plan import PLAN

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "config/studies").glob("*.yaml"))
SOUND = copy.deepcopy(PLAN)
SOUND["datasets"]["people"]["parameters"]["total"]["options"] = {
    "table": "hit6",
    "instrument": "hit6",
    "score": "total",
}
SOUND["tables"]["hit6"].pop("joined", None)


def changed(*path_and_value):
    content = copy.deepcopy(SOUND)
    *path, last, value = path_and_value
    part = content
    for name in path:
        part = part.setdefault(name, {})
    part[last] = value
    return content


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_in_the_repository_are_sound(path):
    check_plan(read_plan(path))


WRONG = [
    (("analyses", "scores", "options", {"levle": 0.9}), "analyses.scores.options: levle: unknown key; did you mean"),
    (("analyses", "scores", "options", {"level": 2}), "analyses.scores.options: level: must be less than 1"),
    (("analyses", "scores", "method", "descibe"), "analyses.scores.options: there is no method 'descibe'"),
    (
        ("datasets", "people", "parameters", "total", "derive", "scor"),
        "datasets.people.parameters.total.options: there is",
    ),
    (
        ("datasets", "people", "parameters", "total", "options", {}),
        "datasets.people.parameters.total.options: table: mi",
    ),
    (("figures", "means", "options", {"no": 1}), "figures.means.options: no: unknown key"),
    (("tables", "hit6", "options", {"sepp": ";"}), "tables.hit6.options: sepp: unknown key"),
    (("checks", "x", {"check": "change", "options": {"most": 1}}), "checks.x.options: table: missing"),
]


FACTS = [
    (("tables", "hit6", "schema", "hit7"), "tables.hit6: there is no"),
    (
        ("tables", "hit6", "columns", {"hit6_9": "q9"}),
        "tables.hit6.columns: the table has no column 'hit6_9'; did you mean",
    ),
    (
        (
            "datasets",
            "people",
            "parameters",
            "flag",
            {"derive": "fact", "label": "f", "visits": ["baseline"], "options": {"when": "total > 3"}},
        ),
        "datasets.people.parameters.flag: visits: a fact has none",
    ),
    (
        (
            "datasets",
            "people",
            "parameters",
            "flag",
            {"derive": "fact", "label": "f", "options": {"when": "total > 3"}},
        ),
        "datasets.people.parameters.flag.options: when: total has visits",
    ),
    (
        (
            "datasets",
            "people",
            "parameters",
            "one",
            {"derive": "column", "label": "o", "options": {"table": "hit6", "column": "hit6_11"}},
        ),
        "datasets.people.parameters.one.options: column: table hit6 has no column 'hit6_11'; did you mean",
    ),
    (
        (
            "datasets",
            "people",
            "parameters",
            "one",
            {"derive": "column", "label": "o", "options": {"table": "hit7", "column": "hit6_1"}},
        ),
        "datasets.people.parameters.one.options: table: the plan has no table 'hit7'; did you mean",
    ),
    *(
        (
            ("datasets", "people", "parameters", name, {"derive": derive, "label": "o", **more}),
            f"datasets.people.parameters.{name}.options: {says}",
        )
        for name, derive, more, says in (
            (
                "n",
                "count",
                {"options": {"table": "hit6", "column": "hit6_1", "where": {"hit6_11": "1"}}},
                "where: table hit6 has no column 'hit6_11'; did you mean",
            ),
            (
                "n",
                "score",
                {"visits": ["baseline"], "options": {"table": "hit6", "instrument": "hit6", "score": "totl"}},
                "score: hit6 has no score 'totl'; did you mean 'total'?",
            ),
            (
                "n",
                "score",
                {"visits": ["baseline"], "options": {"table": "hit6", "instrument": "hit7", "score": "total"}},
                "instrument: there is no instrument 'hit7'",
            ),
            (
                "n",
                "at_visit",
                {"options": {"of": "totl", "visit": "baseline"}},
                "of: the dataset has no parameter 'totl'; did you mean 'total'?",
            ),
            ("n", "rate", {"options": {"of": "total", "over": "n"}}, "over: n cannot be made of itself"),
            (
                "n",
                "days",
                {
                    "visits": ["baseline"],
                    "options": {
                        "table": "hit6",
                        "day": "hit6_1",
                        "event": "hit6_2",
                        "windows": {"basline": [1, 2]},
                        "at_least": 1,
                    },
                },
                "windows: the dataset has no visit 'basline'; did you mean 'baseline'?",
            ),
            (
                "n",
                "days",
                {
                    "visits": ["baseline"],
                    "options": {
                        "table": "hit6",
                        "day": "dday",
                        "any_of": [{"equals": {"hit6_77": "1"}}],
                        "windows": {"baseline": [1, 2]},
                        "at_least": 1,
                    },
                },
                "any_of: table hit6 has no column 'hit6_77'",
            ),
        )
    ),
    (("figures", "means", "options", {"statistic": "meen"}), "figures.means.options: statistic: no method gives a"),
    (
        ("figures", "means", "options", {"statistic": "odds_ratio"}),
        "figures.means.options: the figure draws odds_ratio, which analysis scores does not give; describe gives mean",
    ),
    (
        ("figures", "means", "figure", "influence"),
        "figures.means.options: the figure draws estimate_lowest and estimate_highest, which analysis scores does not",
    ),
]


@pytest.mark.parametrize("change, says", [*WRONG, *FACTS])
def test_what_is_wrong_is_told_before_any_job(change, says):
    with pytest.raises(Fault) as caught:
        check_plan(Plan.model_validate(changed(*change)))
    assert any(line.startswith(f"plan of small: {says}") for line in caught.value.lines), caught.value.lines


@pytest.mark.parametrize("where", ["totl >= 3", "total >= 3", "__import__('os')", "a >"])
def test_a_population_that_cannot_be_told_is_named_before_any_job(where):
    with pytest.raises(Fault, match="plan of small: datasets.people.populations.done: "):
        check_plan(
            Plan.model_validate(changed("datasets", "people", "populations", "done", {"label": "-", "where": where}))
        )


def test_a_group_that_the_dataset_does_not_have_is_told():
    content = changed("datasets", "people", "groups", {"OMT": "OMT", "sham": "sham"})
    content["datasets"]["people"] |= {"group": "arm"}
    content["figures"] = {}  # means, which a comparison does not give
    content["datasets"]["people"]["parameters"]["arm"] = {
        "derive": "column",
        "label": "Arm",
        "options": {"table": "hit6", "column": "unit_id"},
    }
    analysis = content["analyses"]["scores"]
    analysis |= {"method": "compare_groups", "options": {"contrasts": [["OMT", "sham"]]}}
    check_plan(Plan.model_validate(content))
    analysis["options"]["contrasts"] = [["OMTT", "shame"]]
    with pytest.raises(Fault) as caught:
        check_plan(Plan.model_validate(content))
    where = "plan of small: analyses.scores.options: contrasts"
    assert caught.value.lines == (
        f"{where}: 'OMTT' is no group of the dataset; did you mean 'OMT'?",
        f"{where}: 'shame' is no group of the dataset; did you mean 'sham'?",
    )


def test_a_parameter_stands_before_those_that_are_made_of_it():
    content = copy.deepcopy(SOUND)
    parameters = content["datasets"]["people"]["parameters"]
    made = {"derive": "at_visit", "label": "m", "options": {"of": "total", "visit": "baseline"}}
    content["datasets"]["people"]["parameters"] = {"first": made, **parameters}
    with pytest.raises(Fault, match="first.options: of: 'total' is declared after first; put it before"):
        check_plan(Plan.model_validate(content))
    content["datasets"]["people"]["parameters"] = {**parameters, "last": made}
    check_plan(Plan.model_validate(content))


def test_everything_wrong_is_told_at_once():
    content = changed("analyses", "scores", "options", {"levle": 0.9})
    content["figures"]["means"]["options"] = {"no": 1}
    with pytest.raises(Fault) as caught:
        check_plan(Plan.model_validate(content))
    assert len(caught.value.lines) == 2


def test_a_name_that_is_not_declared_does_not_hide_what_is_wrong_with_options(tmp_path):
    content = changed("analyses", "scores", "population", "fulll")
    content["analyses"]["more"] = content["analyses"]["scores"] | {"method": "descibe", "population": "full"}
    content["figures"]["means"]["options"] = {"no": 1}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(Fault) as caught:
        read_whole(tmp_path / "small.yaml")
    assert [re.sub(r"^.*/small.yaml: line \d+: ", "", line) for line in caught.value.lines] == [
        "analyses.scores.population: 'fulll' is not declared; did you mean 'full'?",
        "analyses.more: there is no method 'descibe' in analyses/; did you mean 'describe'?",
        "figures.means.options: no: unknown key; did you mean 'note'?",
    ]
    (tmp_path / "small.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(Fault):
        read_whole(tmp_path / "small.yaml")


def test_a_plan_is_checked_again_only_when_something_has_changed(tmp_path, monkeypatch):
    bad = Plan.model_validate(changed("figures", "means", "options", {"no": 1}))
    sound, checks = Plan.model_validate(SOUND), []
    module = "omtrace.intake.plan_check"
    monkeypatch.setattr(f"{module}.check_plan", lambda plan, _: checks.append(plan) or check_plan(plan))
    check_once(sound, "one", tmp_path)
    check_once(sound, "one", tmp_path)
    assert checks == [sound]
    for _ in range(2):
        with pytest.raises(Fault, match="figures.means.options: no"):
            check_once(bad, "one", tmp_path)
    check_once(sound, "one", tmp_path)  # what failed is not remembered
    check_once(sound, "two", tmp_path)
    assert checks == [sound, bad, bad, sound]


def test_what_is_wrong_with_options_is_told_with_its_file_and_line(tmp_path):
    path, beside = tmp_path / "small.yaml", tmp_path / "small/exploratory.yaml"
    path.write_text(yaml.safe_dump(changed("analyses", "scores", "options", {"levle": 0.9})), encoding="utf-8")
    beside.parent.mkdir()
    late = "  late: {method: describe, dataset: people, title: t, parameters: [total], options: {level: 2}}"
    beside.write_text(f"reason: asked\nanalyses:\n{late}\n", encoding="utf-8")
    line = path.read_text().splitlines().index("      levle: 0.9") + 1
    with pytest.raises(Fault) as caught:
        check_once(read_whole(path), "one", tmp_path / "logs", path)
    assert caught.value.lines == (
        f"{path}: line {line}: analyses.scores.options: levle: unknown key; did you mean 'level'?",
        f"{beside}: line 3: analyses.late.options: level: must be less than 1",
    )


def test_the_command_checks_a_plan(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["plan", "omt_rct"]) == 0
    assert capsys.readouterr().out.startswith("plan of omt_rct: valid; ")
    assert main(["plan", "omt_rtc"]) == 1
    assert main(["plan", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Plan"


def test_the_schema_of_plans_is_current_and_the_plans_name_it_for_editors():
    path, again = ROOT / "workflow/schemas/plan.schema.json", "omtrace schema plan > workflow/schemas/plan.schema.json"
    assert path.read_text(encoding="utf-8") == plan_schema(), again
    for plan in (ROOT / "config/studies").glob("*.yaml"):
        name = plan.read_text(encoding="utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (plan.parent / name).resolve() == path


@pytest.fixture(scope="module")
def schema():
    found = json.loads(plan_schema())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_in_the_repository_fit_the_schema(schema, path):
    content = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    assert [error.message for error in schema.iter_errors(content)] == []


@pytest.mark.parametrize("change, says", WRONG)
def test_the_schema_refuses_what_the_check_refuses(schema, change, says):
    assert list(schema.iter_errors(SOUND)) == []
    assert list(schema.iter_errors(changed(*change)))


def test_the_schema_misses_no_option_that_may_stand_elsewhere(schema):
    content = changed("datasets", "people", "parameters", "total", "options", {})
    assert list(schema.iter_errors(content))
    for key, value in (("shared", {"parameters": {"score": {}}}), ("extends", "base.yaml")):
        assert list(schema.iter_errors(content | {key: value})) == []


def test_an_unknown_module_is_told_once():
    with pytest.raises(Fault) as caught:
        check_plan(Plan.model_validate(changed("analyses", "scores", "method", "descibe")))
    assert sum("descibe" in line for line in caught.value.lines) == 1


def test_a_group_that_its_column_cannot_have_is_told_before_a_run():
    def plan(column):
        parameter = {"derive": "column", "label": "Arm", "options": {"table": "people", "column": "arm"}}
        dataset = {"unit": "animal", "roster": {"table": "people", "column": "unit_id"}, "group": "arm"}
        dataset |= {"groups": {"CGRP": "CGRP", "vehicle": "Vehicle"}, "parameters": {"arm": parameter}}
        content = {"study": "small", "title": "t", "kind": "simulated", "statement": "s", "design": "d"}
        table = {"reader": "delimited", "columns": {"unit_id": "id", "arm": {"type": "category", **column}}}
        content |= {"tables": {"people": table}, "datasets": {"animals": dataset}, "analyses": {}, "figures": {}}
        return Plan.model_validate(content)

    check_plan(plan({"values": ["CGRP", "vehicle"]}))
    check_plan(plan({"codes": {"1": "CGRP", "2": "vehicle"}}))
    with pytest.raises(Fault) as caught:
        check_plan(plan({"codes": {"1": "CGRP", "2": "vehikel"}}))
    (line,) = caught.value.lines
    assert "groups: 'vehicle' is no value of arm; did you mean 'vehikel'" in line

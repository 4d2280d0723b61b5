"""Plans: what is not known, not declared or written twice is refused, with its place and the nearest name."""

import copy
import re

import pytest
import yaml
from omtrace.faults import Fault
from omtrace.model.closed import Closed, checked, complaints
from omtrace.model.folders import plan_file
from omtrace.model.plan import Plan, read_plan
from pipeline import REPOSITORY

PLAN = {
    "study": "small",
    "title": "Small",
    "kind": "simulated",
    "statement": "simulated",
    "design": "none",
    "missing_codes": {"-99": "not done"},
    "tables": {
        "hit6": {
            "reader": "delimited",
            "columns": {"unit_id": "id"},
            "visit": {"column": "event", "map": {"b": "baseline", "e": "end"}},
            "joined": {"site": ["country", "town"]},
        }
    },
    "datasets": {
        "people": {
            "unit": "participant",
            "roster": {"table": "hit6", "column": "unit_id"},
            "visits": {"baseline": "Baseline", "end": "End"},
            "baseline": "baseline",
            "parameters": {"total": {"derive": "score", "label": "HIT-6", "visits": ["baseline", "end"]}},
            "populations": {"full": {"label": "everyone"}},
        }
    },
    "analyses": {"scores": {"method": "describe", "dataset": "people", "title": "Scores", "parameters": ["total"]}},
    "figures": {"means": {"figure": "means", "analyses": ["scores"], "title": "Means"}},
}


def written(folder, content, name="small"):
    path = folder / f"{name}.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def changed(*path_and_value):
    """The plan with one entry set."""
    plan = copy.deepcopy(PLAN)
    *path, last, value = path_and_value
    part = plan
    for name in path:
        part = part[name]
    part[last] = value
    return plan


def faults_of(folder, content):
    with pytest.raises(Fault) as caught:
        read_plan(written(folder, content))
    return caught.value.lines


def test_a_plan_is_read_and_cannot_be_changed(tmp_path):
    plan = read_plan(written(tmp_path, PLAN))
    assert plan.tables["hit6"].status_accepted == ("1", "2")
    assert plan.analyses["scores"].population == "full"
    with pytest.raises(Exception, match="frozen"):
        plan.title = "other"
    assert plan_file("small").as_posix() == "config/studies/small.yaml"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("datasets", "people", "basline", "x"), "datasets.people.basline: unknown key; did you mean 'baseline'?"),
        (("tables", "hit6", "read", "x"), "tables.hit6.read: unknown key; did you mean 'reader'?"),
        (("tables", "hit6", "schema_", "hit6"), "tables.hit6.schema_: unknown key; did you mean 'schema'?"),
        (("zzz", 1), "zzz: unknown key"),
        (("kind", "reel"), "kind: 'simulated' or 'real' is needed, not 'reel'"),
        (("severities", {"range": "quiet"}), "severities.range: 'note', 'warn', 'quarantine' or 'stop' is needed"),
        (("missing_codes", {-99: "not done"}), "missing_codes.-99: a text is needed as key, not the number -99"),
        (("datasets", "people", "roster", "table", "hit"), "datasets.people.roster.table: 'hit' is not declared"),
        (("datasets", "people", "baseline", "basline"), "datasets.people.baseline: 'basline' is not declared; did you"),
        (("datasets", "people", "group", "arm"), "datasets.people.group: 'arm' is not declared"),
        (
            ("datasets", "people", "parameters", "total", "visits", ["end", "late"]),
            "datasets.people.parameters.total.visits: 'late' is not declared",
        ),
        (("analyses", "scores", "dataset", "animals"), "analyses.scores.dataset: 'animals' is not declared"),
        (("analyses", "scores", "parameters", ["totl"]), "analyses.scores.parameters: 'totl' is not declared; did you"),
        (("analyses", "scores", "visits", ["ende"]), "analyses.scores.visits: 'ende' is not declared; did you mean"),
        (("analyses", "scores", "population", "all"), "analyses.scores.population: 'all' is not declared"),
        (("figures", "means", "analyses", ["score"]), "figures.means.analyses: 'score' is not declared; did you mean"),
        (("figures", {"Means": PLAN["figures"]["means"]}), "figures: 'Means' is not lower case letters"),
        (("figures", {"a/b": PLAN["figures"]["means"]}), "figures: 'a/b' is not lower case letters"),
        (("figures", {"a\n": PLAN["figures"]["means"]}), "figures: 'a\\n' is not lower case letters"),
        (("tables", "places", {"reader": "delimited"}), "tables: 'places' is taken"),
        (("tables", "hit6", "unit", ["@exprt"]), "tables.hit6: '@exprt' is not one of @export, @batch, @row"),
        (("tables", "hit6", "unit_pattern", "(a"), "tables.hit6: unit_pattern: not a regular expression"),
        (("tables", "hit6", "unit_pattern", "(a)(b)"), "tables.hit6: unit_pattern: needs unit, and one group"),
        (("datasets", "people", "parameters", "total", "decimals", 16), "datasets.people.parameters.total.decimals"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(tmp_path, change, says):
    lines = faults_of(tmp_path, changed(*change))
    path = re.escape(str(tmp_path / "small.yaml"))
    assert any(re.match(rf"{path}: line [0-9]+: {re.escape(says)}", line) for line in lines), lines


def test_all_dangling_names_are_told_at_once(tmp_path):
    plan = changed("analyses", "scores", "parameters", ["a", "b"])
    plan["figures"]["means"]["analyses"] = ["c"]
    assert [re.search("'(.)'", line)[1] for line in faults_of(tmp_path, plan)] == ["a", "b", "c"]


def test_a_key_written_twice_is_refused_and_not_overwritten(tmp_path):
    text = yaml.safe_dump(PLAN) + "figures: {}\n"
    (line,) = faults_of(tmp_path, text)
    assert "'figures' stands twice" in line and f"line {len(text.splitlines())}" in line
    (line,) = faults_of(tmp_path, "study: small\ntables:\n  a: {reader: x}\n  a: {reader: y}\n")
    assert "'a' stands twice" in line and "line 4" in line


@pytest.mark.parametrize("text", ["a: [", "\ta: 1", "a: !!python/object/apply:os.system [ls]", "\0", "", "[]", "text"])
def test_what_is_no_plan_is_a_fault(tmp_path, text):
    assert all(str(tmp_path) in line for line in faults_of(tmp_path, text))


def test_text_that_is_not_utf_8_is_a_fault(tmp_path):
    (tmp_path / "small.yaml").write_bytes(b"study: \xff\n")
    with pytest.raises(Fault, match="line 1: not UTF-8 text"):
        read_plan(tmp_path / "small.yaml")


def test_a_missing_plan_and_a_plan_under_another_name_are_faults(tmp_path):
    with pytest.raises(Fault, match="there is no such plan"):
        read_plan(tmp_path / "small.yaml")
    with pytest.raises(Fault, match="differs from the file's name"):
        read_plan(written(tmp_path, PLAN, "large"))


def test_yes_and_no_without_quotes_are_not_taken_for_text(tmp_path):
    class Options(Closed):
        equals: str

    with pytest.raises(Fault, match="options: equals: a text is needed, not true; write it in quotes"):
        checked(Options, yaml.safe_load("equals: yes"), "options")


def test_the_raw_name_of_a_column():
    plan = Plan.model_validate(changed("tables", "hit6", "unit", ["@export", "plate", "well"]))
    table = plan.tables["hit6"]
    assert [table.raw(c) for c in ("unit_id", "visit", "site", "hit6_1")] == ["plate", "event", "country", "hit6_1"]
    assert Plan.model_validate(PLAN).tables["hit6"].raw("unit_id") == "id"


def test_complaints_name_the_file_and_each_place():
    from pydantic import ValidationError

    with pytest.raises(ValidationError) as caught:
        Plan.model_validate({**PLAN, "title": 1, "kind": "x"})
    lines = complaints(caught.value, "p.yaml", Plan)
    assert [line.split(":")[:2] for line in lines] == [["p.yaml", " title"], ["p.yaml", " kind"]]


def test_each_primary_effect_of_the_shipped_studies_is_examined_without_each_unit():
    examined = {}
    for path in sorted((REPOSITORY / "config/studies").glob("*.yaml")):
        analyses = read_plan(path).analyses
        of = {entry.of for entry in analyses.values() if entry.method == "influence"}
        effects = {name for name, entry in analyses.items() if entry.role == "primary" and entry.method != "family"}
        assert effects <= of, path.stem
        examined[path.stem] = effects
    # of pups in litters as well, which are left out whole
    assert examined["rat_pup_weight"] == {"weight"} and examined["omt_rct"] == {"primary"}

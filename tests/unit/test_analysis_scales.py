"""Where the values of parameters end, and intervals of means that stay there."""

import math

import pytest
from omtrace.analyses._scales import scales_of
from omtrace.model.plan import Plan
from test_analyses import AT, PAIR, Results, people, plan_of


def plan_with(tables, parameters):
    """A plan of tables and parameters: name -> (derive, options)."""
    content = plan_of({"a": ("describe", ["x"], [], {})}).model_dump(mode="json", by_alias=True)
    content["tables"] |= tables
    declared = content["datasets"]["data"]["parameters"]
    for name, (derive, options) in parameters.items():
        declared[name] = {"derive": derive, "label": name, "options": options}
    return Plan.model_validate(content)


LIKERT = {"type": "integer", "bounds": [1, 5]}
CODED = {"type": "integer", "codes": {"0": "none", "3": "severe", "1": "mild"}}


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        ({"table": "own", "column": "likert"}, (1, 5)),
        ({"table": "own", "column": "coded"}, (0, 3)),
        ({"table": "own", "column": "likert", "times": 0.25}, (0.25, 1.25)),
        ({"table": "own", "column": {"baseline": "likert", "end": "coded"}}, (0, 5)),
        ({"table": "own", "column": {"baseline": "likert", "end": "free"}}, (-math.inf, math.inf)),
        ({"table": "own", "column": "low"}, (0, math.inf)),
        ({"table": "own", "column": "likert", "labels": {"1": "never"}}, (-math.inf, math.inf)),
        ({"table": "pgic", "column": "pgic"}, (1, 7)),
        ({"table": "scored", "column": "pain"}, (0, 10)),
        ({"table": "scored", "column": "other"}, (-math.inf, math.inf)),
        ({"table": "absent", "column": "x"}, (-math.inf, math.inf)),
        ({"table": "von_frey", "column": "threshold_g"}, (0.1, 15.2)),
    ],
)
def test_a_column_ends_where_plan_or_questionnaire_say(options, ends):
    columns = {
        "likert": LIKERT,
        "coded": CODED,
        "free": {"type": "number"},
        "low": {"type": "number", "bounds": [0, None]},
    }
    tables = {
        "own": {"reader": "delimited", "columns": columns},
        "pgic": {"reader": "delimited"},
        "scored": {"reader": "delimited", "bounds": {"pain": [0, 10]}},
        "von_frey": {"reader": "delimited"},
    }
    plan = plan_with(tables, {"new": ("column", options), "later": ("at_visit", {"of": "new", "visit": "end"})})
    scales = scales_of(plan, plan.datasets["data"])
    assert scales["new"] == scales["later"] == ends and scales["x"] == (-math.inf, math.inf)


def test_a_questionnaires_score_and_a_count_have_their_ends():
    parameters = {
        "impact": ("score", {"table": "t", "instrument": "hit6", "score": "total"}),
        "events": ("count", {"table": "t"}),
        "days": ("days", {"table": "t", "per": 30}),
        "held": ("days", {"table": "t", "give": "count"}),
        "pain": ("days", {"table": "t", "give": "mean", "of": "worst"}),
    }
    plan = plan_with(
        {"t": {"reader": "delimited", "columns": {"worst": {"type": "integer", "bounds": [0, 10]}}}}, parameters
    )
    scales = scales_of(plan, plan.datasets["data"])
    assert scales["impact"] == (36, 78) and scales["events"] == scales["held"] == (0, math.inf)
    assert scales["days"] == (0, 30) and scales["pain"] == (0, 10)


def test_the_interval_of_the_mean_of_a_single_item_stays_on_its_scale(tmp_path, monkeypatch):
    units = people(8)
    for i, facts in enumerate(units.values()):
        for visit in AT:
            facts["x", visit] = 5 if i % 2 or i < 4 else 4
    entries = {
        "d": ("describe", ["x"], ["end"], {}),
        "a": ("compare_groups", ["x"], ["end"], PAIR),
        "m": ("ancova", ["x"], ["end"], {"group": "OMT", "reference": "sham", "baseline": False}),
    }
    real = Plan.model_validate(
        plan_of(entries).model_dump(mode="json", by_alias=True)
        | {"tables": {"t": {"reader": "delimited", "bounds": {"x": [1, 5]}}}}
    )
    monkeypatch.setattr("test_analyses.plan_of", lambda entries, **changes: real)
    results = Results(tmp_path, units, entries)
    limits = [float(n["value"]) for n in results.numbers if n["statistic"] == "ci_high" and " - " not in n["group"]]
    assert max(limits) == 5 and len(limits) > 3

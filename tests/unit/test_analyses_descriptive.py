"""Change by visit, shifts, correlation and agreement on a small dataset: numbers, and whose they are."""

import json
import re

import pytest
from omtrace.faults import Fault
from omtrace.figures import draw_figures
from omtrace.statistics.basic.association import correlation, limits_of_agreement, trend_of_differences
from omtrace.statistics.basic.descriptive import describe
from test_analyses import GROUPS, Results, column, people, same


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **changes: Results(tmp_path, units or people(), entries, **changes)


def test_change_by_visit_is_of_those_with_both(study):
    units = people()
    units["P01"]["x", "baseline"] = units["P03"]["x", "end"] = "!not collected"
    results = study({"a": ("change_by_visit", ["x"], [], {})}, units)
    both = [f for u, f in units.items() if f["arm", ""] == "OMT" and u not in ("P01", "P03")]
    columns = {
        "baseline": [f["x", "baseline"] for f in both],
        "at the visit": [f["x", "end"] for f in both],
        "change": [f["x", "end"] - f["x", "baseline"] for f in both],
    }
    for what, values in columns.items():
        expected = describe(values)
        for level, names in (("mean (SD)", ("mean", "sd")), ("median (quartiles)", ("median", "q1", "q3"))):
            found = results.values(group="OMT", visit="end", level=f"{what}, {level}")
            same(found, {name: expected[name] for name in names})
    assert results.values(group="OMT", level="")["n"] == len(both)
    assert results.values(group="OMT", level="")["missing"] == 2
    assert {n["visit"] for n in results.numbers} == {"end"}
    (number,) = [
        n for n in results.numbers if (n["group"], n["level"], n["statistic"]) == ("OMT", "change, mean (SD)", "mean")
    ]
    reasons = results.reasons(number)
    assert reasons["P01"] == {"baseline not collected"} and reasons["P03"] == {"not collected"}


def shifted():
    units = people()
    for i, facts in enumerate(units.values()):
        facts["r", "baseline"], facts["r", "end"] = ("mild", "severe")[i % 3 == 0], ("mild", "none", "severe")[i % 3]
    return units


def test_shift_table_counts_each_way(study):
    units = shifted()
    results = study({"a": ("shift_table", ["r"], [], {"order": ["none", "mild", "severe"]})}, units)
    for arm in (*GROUPS, "all"):
        pairs = [(f["r", "baseline"], f["r", "end"]) for f in units.values() if arm in ("all", f["arm", ""])]
        for before in ("none", "mild", "severe"):
            for after in ("none", "mild", "severe"):
                found = results.values(group=arm, level=f"from {before} to {after}")
                count = pairs.count((before, after))
                same(found, {"count": count, "percent": 100 * count / len(pairs)})
        assert results.values(group=arm, level="")["n"] == len(pairs)
    up = results.values(group="all", level="higher than at baseline")["count"]
    down = results.values(group="all", level="lower than at baseline")["count"]
    assert (up, down) == (5, 11)


def test_a_category_outside_the_order_is_a_fault(study):
    with pytest.raises(Fault, match="order: r has 'none' as well"):
        study({"a": ("shift_table", ["r"], [], {"order": ["mild", "severe"]})}, shifted())


def test_numbers_are_categories_in_their_order(study):
    units = people()
    for i, facts in enumerate(units.values()):
        facts["x", "baseline"], facts["x", "end"] = 2 + 8 * (i % 2), 10
    levels = [n["level"] for n in study({"a": ("shift_table", ["x"], [], {"by_group": False})}, units).numbers]
    assert list(dict.fromkeys(levels)) == ["", "from 2 to 2", "from 2 to 10", "from 10 to 2", "from 10 to 10"]


def test_correlation_of_those_with_both(study):
    units = people()
    units["P02"]["age", ""] = "!not collected"
    options = {"other": "age", "kinds": ["pearson", "spearman", "kendall"], "by_group": True}
    results = study({"a": ("correlation", ["x"], ["end"], options)}, units)
    for arm in (*GROUPS, "all"):
        mine = {u: f for u, f in units.items() if arm in ("all", f["arm", ""]) and u != "P02"}
        a, b = column(mine, "x", "end"), column(mine, "age", "")
        for kind in options["kinds"]:
            level = f"with {{parameter:age}}, {kind.capitalize()}"
            same(results.values(group=arm, level=level), correlation(a, b, kind))
    (number,) = [
        n for n in results.numbers if n["group"] == "all" and n["statistic"] == "p" and "Pearson" in n["level"]
    ]
    assert results.reasons(number)["P02"] == {"age not collected"}


@pytest.mark.parametrize(
    ("other", "says"), [("agee", "no parameter 'agee'"), ("x", "no parameter 'x' besides"), ("sex", "holds categories")]
)
def test_another_parameter_that_cannot_be_is_a_fault(study, other, says):
    with pytest.raises(Fault, match=says):
        study({"a": ("correlation", ["x"], ["end"], {"other": other})})


def test_limits_of_agreement_and_their_figure(study, tmp_path):
    units = people()
    for i, facts in enumerate(units.values()):
        facts["printed", ""] = facts["age", ""] + (0.5, -0.25, 1.0)[i % 3]
    results = study({"a": ("limits_of_agreement", ["age"], [], {"other": "printed"})}, units)
    a, b = column(units, "age", ""), column(units, "printed", "")
    same(results.values(level="minus {parameter:printed}"), limits_of_agreement(a, b))
    same(results.values(level="minus {parameter:printed}, by the mean of both"), trend_of_differences(a, b))
    figure = {"figure": "bland_altman", "analyses": ["a"], "title": "Agreement"}
    plan = type(results.plan).model_validate({**results.plan.model_dump(by_alias=True), "figures": {"f": figure}})
    draw_figures(plan, tmp_path)
    (entry,) = json.loads((tmp_path / "figures/index.json").read_text())
    svg = (tmp_path / "figures/f.svg").read_text()
    assert len(entry["numbers"]) == 9 and all(svg.count(f'"number-{number}"') == 1 for number in entry["numbers"])
    assert f"mean difference {results.values()['difference']:.1f}".replace("-", "\N{MINUS SIGN}") in entry["alt"]
    drawn = re.findall(r"^,a,(age|printed),.*$", (tmp_path / "figures/f.csv").read_text(), re.M)
    assert len(drawn) == 2 * len(units)


def test_the_figure_draws_limits_of_agreement_only(study, tmp_path):
    results = study({"a": ("describe", ["age"], [], {})})
    figure = {"figure": "bland_altman", "analyses": ["a"], "title": "Agreement"}
    plan = type(results.plan).model_validate({**results.plan.model_dump(by_alias=True), "figures": {"f": figure}})
    with pytest.raises(Fault, match="draws analyses of method limits_of_agreement"):
        draw_figures(plan, tmp_path)

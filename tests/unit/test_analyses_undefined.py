"""What the values leave undefined is not computed, with the reason; what is known beside it stays."""

import math

import pytest
from test_analyses import PAIR, SIDES, Results, people

UNMEASURED = "!not collected"


@pytest.fixture
def study(tmp_path):
    return lambda entries, units: Results(tmp_path, units, entries, refusals=True)


def changed(visit="end", **values):
    """People with these values of an arm, or of ``everyone``, at a visit."""
    units = people()
    for facts in units.values():
        if facts["arm", ""] in values or "everyone" in values:
            facts["x", visit] = values.get(facts["arm", ""], values.get("everyone"))
    return units


def reasons(results, **name):
    return [
        n["level"]
        for n in results.numbers
        if n["statistic"] == "not_computed" and all(n[part] == wanted for part, wanted in name.items())
    ]


def left(results, **name):
    """The statistics that a row still has."""
    numbers = [n for n in results.numbers if all(n[part] == wanted for part, wanted in name.items())]
    assert all(n["value"] for n in numbers if n["statistic"] != "not_computed")
    return {n["statistic"]: float(n["value"]) for n in numbers if n["value"]}


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        (changed(OMT=UNMEASURED), "no value of OMT"),
        (changed(everyone=UNMEASURED), "no value of OMT or of sham"),
        (changed(everyone=50.0), "the values are all alike"),
        (changed(OMT=50.0, sham=40.0), "the values of OMT and of sham are all alike"),
    ],
)
def test_a_comparison_without_a_test_says_why(study, units, reason):
    results = study({"a": ("compare_groups", ["x"], ["end"], PAIR)}, units)
    assert reasons(results, group="OMT - sham", visit="end") == [reason]
    kept = left(results, group="OMT - sham")
    assert {"n_a", "n_b"} <= kept.keys() and not {"se", "p", "ci_low"} & kept.keys()
    assert ("mean_b" in kept) == ("sham" not in reason or "alike" in reason)


def test_a_side_with_one_value_says_so(study):
    units = changed(OMT=UNMEASURED)
    units["P01"]["x", "end"] = 50.0
    results = study({"a": ("compare_groups", ["x"], ["end"], PAIR)}, units)
    assert reasons(results) == ["one value only of OMT"]
    kept = left(results, group="OMT - sham")
    assert kept["n_a"] == 1 and kept["difference"] == pytest.approx(kept["mean_a"] - kept["mean_b"])
    assert 0 < kept["mann_whitney_p"] <= 1 and "p" not in kept


def test_one_visit_without_values_leaves_the_others(study):
    results = study({"a": ("compare_groups", ["x"], [], PAIR)}, changed(OMT=UNMEASURED))
    assert reasons(results, visit="end") and not reasons(results, visit="baseline")
    assert "p" in left(results, visit="baseline")


def test_changes_are_what_a_change_is_judged_by(study):
    units = people()
    for number, facts in enumerate(units.values()):
        facts["x", "baseline"] = 40.0 + number
        facts["x", "end"] = facts["x", "baseline"] - 3
    results = study({"a": ("paired_change", ["x"], [], {})}, units)
    assert reasons(results) == ["the changes are all alike"]
    assert left(results, group="all")["mean_change"] == -3
    for facts in units.values():
        facts["x", "baseline"] = UNMEASURED
    assert reasons(study({"a": ("paired_change", ["x"], [], {})}, units)) == ["no pair of values"]


def test_several_measurements_are_judged_together(study):
    units = people()
    for facts in units.values():
        facts["x", "end"] = facts["r", "end"] = 2.0
    results = study({"a": ("reliability", ["x"], ["end"], {"items": {"x": ["x", "r"]}})}, units)
    assert reasons(results) == ["internal consistency: the values are all alike"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5.0] * 8, "the values are all alike"),
        ([5.0] * 7 + [6.0], "all values but one are alike"),
        ([5.0, 6.0] + [UNMEASURED] * 6, "two values only of sham"),
    ],
)
def test_an_outlier_test_says_what_it_lacks(study, values, reason):
    units = people()
    for facts, value in zip([f for f in units.values() if f["arm", ""] == "sham"], values, strict=True):
        facts["x", "end"] = value
    results = study({"a": ("grubbs", ["x"], ["end"], {})}, units)
    assert reasons(results, group="sham") == [reason]


def test_tests_of_several_groups_each_say_why(study):
    results = study({"a": ("compare_many", ["x"], ["end"], {})}, changed(OMT=50.0))
    assert reasons(results) == ["Welch's analysis of variance: the values of OMT are all alike"]
    assert "p" in left(results, level="analysis of variance")
    results = study({"a": ("compare_many", ["x"], ["end"], {})}, changed(OMT=UNMEASURED))
    assert reasons(results) == ["no value of OMT; leave it out of the groups"]


def test_one_reason_stands_once_for_all_thresholds(study):
    options = {**SIDES, "grids": {"x": {"low": 2, "high": 6, "step": 2}}}
    results = study({"a": ("responder_grid", ["x"], ["end"], options)}, changed(OMT=UNMEASURED))
    assert reasons(results) == ["no pair of values of OMT"]
    assert not any(math.isnan(value) for value in left(results).values())


def test_what_is_defined_stays_as_it_was(study):
    results = study({"a": ("compare_groups", ["x"], ["end"], PAIR)}, people())
    assert not reasons(results)

"""Reliability: published ratings, closed forms, and what the analysis binds to which records."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.statistics.basic.proportion import proportion
from omtrace.statistics.basic.reliability import cronbach_alpha, feldt_limits, retest
from test_analyses import Results, people, same

R = json.loads((Path(__file__).parents[1] / "reference/groups_r.json").read_text())["icc"]
SHROUT = "Shrout and Fleiss 1979, Psychol Bull 86:420"
PSYCH = "psych ICC, ratings of Shrout and Fleiss"

chosen(
    "test-retest",
    "The standard error of measurement and the smallest detectable change count a shift between visits as error "
    "(agreement); software that takes SD x root(1 - ICC) gives another number.",
)


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None: Results(tmp_path, units or people(), entries)


def test_intraclass_correlations_agree_with_published_ones():
    found = retest(R["ratings"])
    agrees("test-retest", "ICC(2,1)", SHROUT, found["icc_agreement"], R["published"]["ICC2"], abs=5e-3)
    agrees("test-retest", "ICC(3,1)", SHROUT, found["icc_consistency"], R["published"]["ICC3"], abs=5e-3)
    ours = [found["icc_agreement"], found["ci_low"], found["ci_high"]]
    agrees("test-retest", "ICC(2,1) with limits", PSYCH, ours, R["ICC2"], abs=5e-4)
    ours = [found[f"icc_consistency{end}"] for end in ("", "_low", "_high")]
    agrees("test-retest", "ICC(3,1) with limits", PSYCH, ours, R["ICC3"], abs=5e-4)


def test_alpha_agrees_with_published_ones():
    found = cronbach_alpha(R["ratings"])
    ours = [found["alpha"], found["ci_low"], found["ci_high"]]
    agrees("Cronbach's alpha", "alpha with limits, ICC(3,k)", PSYCH, ours, R["ICC3k"], abs=5e-4)
    ours, theirs = feldt_limits(0.913, 873, 20), (0.9044024, 0.9211588)
    source = "R code of C. Evans (Feldt), as printed by the MRC CBU statistics wiki"
    agrees("Cronbach's alpha", "limits from alpha, n and items", source, ours, theirs, abs=5e-8)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 7), st.integers(3, 40))
def test_alpha_is_what_the_variances_of_items_and_sum_give(seed, k, n):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, 1)) + generator.normal(size=(n, k))
    found = cronbach_alpha(x)
    expected = k / (k - 1) * (1 - x.var(axis=0, ddof=1).sum() / x.sum(axis=1).var(ddof=1))
    assert found["alpha"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert found["ci_low"] <= found["alpha"] <= found["ci_high"] <= 1


def test_two_occasions_by_hand():
    values = np.array([[50, 54], [60, 61], [42, 49], [70, 71], [55, 58]], dtype=float)
    found, moved = retest(values), retest(values + [0, 10])
    difference = values[:, 1] - values[:, 0]
    assert found["sem_consistency"] == pytest.approx(difference.std(ddof=1) / math.sqrt(2))
    within = difference.var(ddof=1) / 2
    shift = difference.mean() ** 2 / 2 - within / 5  # variance between occasions
    assert found["sem_agreement"] == pytest.approx(math.sqrt(within + shift))
    assert found["smallest_detectable_change"] == pytest.approx(1.959964 * math.sqrt(2) * found["sem_agreement"])
    assert moved["icc_consistency"] == pytest.approx(found["icc_consistency"])
    assert moved["icc_agreement"] < found["icc_agreement"] <= found["icc_consistency"]


def test_what_has_no_value():
    for found in (cronbach_alpha([[1, 2]]), retest([[1, 2]]), cronbach_alpha(np.zeros((0, 2)))):
        assert all(math.isnan(value) for name, value in found.items() if name != "items")
    same_always = retest([[3, 3], [3, 3], [3, 3]])
    assert math.isnan(same_always["icc_agreement"]) and same_always["sem_agreement"] == 0
    assert retest([[1, 1], [2, 2], [4, 4]])["icc_agreement"] == 1
    with pytest.raises(ValueError, match="at least 2"):
        cronbach_alpha([[1], [2]])


def test_the_analysis_counts_scores_floors_and_items(study):
    units = people()
    units["P01"]["x", "end"], units["P02"]["r", "end"] = "!incomplete: 1 of 6 items open", "!not collected"
    units["P03"]["x", "end"] = 0
    options = {"ranges": {"x": [0, 71]}, "items": {"x": ["x", "r"]}, "retest": ["baseline", "end"]}
    results = study({"a": ("reliability", ["x"], [], options)}, units)
    found = results.values(visit="end", level="")
    share = proportion(15, 16)
    low, high = share["wilson_low"], share["wilson_high"]
    same(found, {"n": 15, "missing": 1, "completion": 15 / 16, "completion_low": low, "completion_high": high})
    assert (found["floor"], found["ceiling"]) == (pytest.approx(1 / 15), 0)
    items = [[f["x", "end"], f["r", "end"]] for u, f in units.items() if u not in ("P01", "P02")]
    level = "internal consistency"
    same(results.values(visit="end", level=level), {**cronbach_alpha(items), "n": 14, "missing": 2})
    again = [[f["x", "baseline"], f["x", "end"]] for u, f in units.items() if u != "P01"]
    same(results.values(level="test-retest: {visit:baseline}, {visit:end}"), {**retest(again), "n": 15, "missing": 1})
    reasons = results.reasons(next(n for n in results.numbers if n["level"] == level and n["visit"] == "end"))
    assert reasons["P02"] == {"r at end not collected"} and reasons["P00"] == {""}
    decimals = {n["statistic"]: (n["unit"], n["decimals"]) for n in results.numbers if n["level"]}
    assert decimals["ci_low"] == ("", "2") and decimals["sem_agreement"] == ("points", "1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ranges": {"y": [0, 1]}}, "'y' is not among its parameters"),
        ({"ranges": {"x": [0, 60]}}, "holds scores outside 0, 60"),
        ({"items": {"x": ["x", "z"]}}, "'z' is no parameter of data"),
        ({"items": {"x": ["x"]}}, "at least two items"),
        ({"items": {"x": ["x", "sex"]}}, "no parameter 'sex' at baseline"),
    ],
)
def test_options_that_do_not_fit(study, options, words):
    with pytest.raises(Fault, match=words):
        study({"a": ("reliability", ["x"], [], options)})

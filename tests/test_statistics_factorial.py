"""The 2 x 2 factorial model against R (car, effectsize, emmeans) and hand-made cases."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from omtrace.statistics.linear.factorial import cell_means, cells, factorial_effects, simple_effects
from scipy.stats import ncf

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())
TERMS = {"first": ("ntg", 1, 0), "second": ("omt", 2, 1), "interaction": ("ntg:omt", 3, 2)}


@pytest.fixture(scope="module")
def rows():
    with open(REFERENCE / "fact22.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def table(rows):
    values = [float(row["cgrp"]) for row in rows]
    return cells(values, [row["ntg"] for row in rows], [row["omt"] for row in rows], ("veh", "ntg"), ("sham", "omt"))


@pytest.mark.parametrize("name", TERMS)
def test_type_three_agrees_with_car(table, name):
    term, index, _ = TERMS[name]
    assert R["type3"]["row"][index] == term
    found = factorial_effects(table)[name]
    assert found["f"] == pytest.approx(R["type3"]["F value"][index], rel=1e-10)
    assert found["p"] == pytest.approx(R["type3"]["Pr(>F)"][index], rel=1e-8)
    assert found["df"] == R["type3"]["Df"][-1]
    assert table.residual_ss == pytest.approx(R["type3"]["Sum Sq"][-1], rel=1e-10)


@pytest.mark.parametrize("name", TERMS)
def test_partial_eta_squared_agrees_with_effectsize(table, name):
    term, _, index = TERMS[name]
    assert R["pes3"]["Parameter"][index] == term
    found = factorial_effects(table)[name]
    assert found["partial_eta_squared"] == pytest.approx(R["pes3"]["Eta2_partial"][index], rel=1e-10)
    expected = [R["pes3"]["CI_low"][index], R["pes3"]["CI_high"][index]]
    # effectsize's optimiser stops at about 1e-5 of the noncentrality
    found_limits = [found["partial_eta_squared_low"], found["partial_eta_squared_high"]]
    assert found_limits == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_noncentral_f_limits_leave_five_percent_outside(table):
    found = factorial_effects(table)["first"]
    for limit, tail in (("partial_eta_squared_low", 0.95), ("partial_eta_squared_high", 0.05)):
        noncentrality = found[limit] / (1 - found[limit]) * found["df"]
        assert ncf.cdf(found["f"], 1, found["df"], noncentrality) == pytest.approx(tail, abs=1e-9)


@pytest.mark.parametrize(("level", "index"), [(1, 0), (0, 1)])
def test_simple_effects_agree_with_emmeans(table, level, index):
    assert R["simple"]["omt"][index] == ("sham", "omt")[level]
    found = simple_effects(table)["first", level]
    names = {"estimate": "estimate", "se": "SE", "df": "df", "t": "t.ratio", "p": "p.value"}
    for ours, theirs in names.items():
        assert found[ours] == pytest.approx(R["simple"][theirs][index], rel=1e-10)


def test_effects_are_differences_of_cell_means(rows, table):
    means = {key: numbers["mean"] for key, numbers in cell_means(table).items()}
    for (i, j), mean in means.items():
        chosen = [r for r in rows if r["ntg"] == ("veh", "ntg")[i] and r["omt"] == ("sham", "omt")[j]]
        assert mean == pytest.approx(np.mean([float(r["cgrp"]) for r in chosen]), rel=1e-12)
        assert cell_means(table)[i, j]["n"] == len(chosen)
    effects = {name: numbers["estimate"] for name, numbers in factorial_effects(table).items()}
    assert effects["first"] == pytest.approx((means[1, 0] + means[1, 1] - means[0, 0] - means[0, 1]) / 2, rel=1e-12)
    assert effects["second"] == pytest.approx((means[0, 1] + means[1, 1] - means[0, 0] - means[1, 0]) / 2, rel=1e-12)
    simple = {name: numbers["estimate"] for name, numbers in simple_effects(table).items()}
    assert effects["interaction"] == pytest.approx(simple["first", 1] - simple["first", 0], rel=1e-12)
    assert effects["interaction"] == pytest.approx(simple["second", 1] - simple["second", 0], rel=1e-12)


def test_cell_intervals_use_the_pooled_residual(table):
    found = cell_means(table)[1, 1]
    se = math.sqrt(R["type3"]["Sum Sq"][-1] / 30 / 7)
    assert found["se"] == pytest.approx(se, rel=1e-10)
    assert found["ci_high"] - found["mean"] == pytest.approx(2.0422724563012373 * se, rel=1e-9)


def test_effect_indistinguishable_from_nothing_has_eta_interval_from_zero():
    table = cells([1, 2, 3, 4, 2, 3, 1.5, 4.5], [0, 0, 1, 1] * 2, [0, 1] * 4, (0, 1), (0, 1))
    found = factorial_effects(table)["interaction"]
    assert found["p"] > 0.05
    assert found["partial_eta_squared_low"] == 0 < found["partial_eta_squared_high"] < 1


def test_no_residual_spread_has_no_test():
    values = [0.1, 0.1, 0.3, 0.3, 0.7, 0.7, 1.1, 1.1]
    table = cells(values, [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1] * 2, (0, 1), (0, 1))
    for found in factorial_effects(table).values():
        assert found["se"] == 0
        assert all(math.isnan(found[name]) for name in ("t", "p", "f", "partial_eta_squared"))


@pytest.mark.parametrize(
    ("values", "first", "levels", "complaint"),
    [
        ([1, 2, 3, 4, 5], "aabba", "ab", "empty"),
        ([1, 2, 3, 4], "aabb", "ab", "no residual"),
        ([1, 2, 3, 4, math.nan], "aabba", "ab", "missing"),
        ([1, 2, 3, 4, 5], "aabbc", "ab", "1 values are neither"),
        ([1, 2, 3, 4, 5], "aabb", "ab", "not one level a value"),
        ([1, 2, 3, 4, 5], "aabba", "abc", "exactly two levels"),
        ([1, 2, 3, 4, 5], "aabba", "aa", "exactly two levels"),
    ],
)
def test_refusals(values, first, levels, complaint):
    second = "xyxyx" if complaint != "empty" else "xxxyx"
    with pytest.raises(ValueError, match=complaint):
        cells(values, list(first), list(second[: len(values)]), list(levels), ["x", "y"])

"""The relative effect and the permutation test of two groups against R, enumeration and scipy."""

import csv
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.basic import two_groups
from omtrace.statistics.basic.two_groups import DRAWS, brunner_munzel, permutation_test
from scipy.stats import brunnermunzel, norm

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "groups_r.json").read_text())
SCORES = st.lists(st.integers(-6, 6), min_size=1, max_size=6)

chosen(
    "permutation test",
    "Two-sided is the share of splits whose means lie as far apart in either direction, as in coin; scipy's "
    "permutation_test doubles the smaller tail (0.0501 instead of 0.0444 for groups of 12 and 14).",
)
chosen(
    "Brunner-Munzel",
    "The interval is the plain one of the paper, cut at 0 and 1, as in lawstat; where the groups do not overlap there "
    "is no standard error, and no test instead of a p of 0.",
)


@pytest.fixture(scope="module")
def arms():
    with open(REFERENCE / "three_arm.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {arm: [float(r["change"]) for r in rows if r["arm"] == arm] for arm in ("control", "dose1", "dose2")}


def enumerated(a, b):
    pooled = np.array([*a, *b], dtype=float)
    away = abs(np.mean(a) - np.mean(b))
    found = []
    for chosen_ in itertools.combinations(range(len(pooled)), len(a)):
        mask = np.isin(np.arange(len(pooled)), chosen_)
        found.append(abs(pooled[mask].mean() - pooled[~mask].mean()) >= away - 1e-9)
    return np.mean(found)


def test_permutation_agrees_with_r(arms):
    found = permutation_test(arms["control"], arms["dose1"])
    p, source = R["perm_exact"], "coin 1.4-2 oneway_test, exact"
    agrees("permutation test", "p, groups of 14 and 12", source, found["permutation_p"], p, rel=1e-12)
    assert found["permutation_exact"] == 1


@settings(deadline=None, max_examples=40)
@given(SCORES, SCORES, st.sampled_from([1, 0.25, math.pi]))
def test_permutation_against_enumeration(a, b, unit):
    a, b = np.array(a) * unit, np.array(b) * unit  # on a grid, on a finer one, on none
    found = permutation_test(a, b)
    assert found["permutation_exact"] == 1
    assert found["permutation_p"] == pytest.approx(enumerated(a, b), rel=1e-9)
    assert permutation_test(b, a) == pytest.approx(found)


def test_permutation_of_many_is_drawn_and_the_same_twice():
    generator = np.random.default_rng(3)
    a, b = generator.normal(0.3, 1, 40), generator.normal(0, 1, 45)
    found = permutation_test(a, b)
    assert found == permutation_test(a, b) and found["permutation_exact"] == 0
    exact = permutation_test(np.round(a, 2), np.round(b, 2))
    error = math.sqrt(exact["permutation_p"] * (1 - exact["permutation_p"]) / DRAWS)
    assert exact["permutation_exact"] == 1 and abs(found["permutation_p"] - exact["permutation_p"]) < 5 * error + 0.002


def test_splits_of_very_many_are_as_those_of_a_normal_sum(monkeypatch):
    """The sum of a random half has the variance s^2 m(N - m)/N (Lehmann, Nonparametrics, 1975, appendix, eq. A.48)."""
    monkeypatch.setattr(two_groups, "SHUFFLED", 5_000_000)
    generator = np.random.default_rng(7)
    a, b = generator.normal(0.07, 1, 700), generator.exponential(1, 650) - 1
    found = permutation_test(a, b)
    assert found == permutation_test(b, a) and found["permutation_exact"] == 0
    pooled = np.concatenate([a, b])
    deviation = abs(b.sum() - 650 * pooled.mean()) / math.sqrt(pooled.var(ddof=1) * 650 * 700 / 1350)
    p, draws = 2 * norm.sf(deviation), two_groups.SHUFFLED // 1350
    assert 0.05 < p < 0.95 and abs(found["permutation_p"] - p) < 4 * math.sqrt(p * (1 - p) / draws)


def test_groups_far_apart_have_the_least_p_that_draws_can_give():
    generator = np.random.default_rng(4)
    p = permutation_test(generator.normal(10, 1, 30), generator.normal(0, 1, 30))["permutation_p"]
    assert p == 1 / (DRAWS + 1)


def test_permutation_sees_equal_splits_of_values_as_they_are_stored():
    # days of 28 in periods of 27 and 29 days, with 13 digits: many splits lie equally far apart on paper
    days = [[round(28 * n / 27, 11) for n in (2, 5, 7, 4)], [round(28 * n / 27, 11) for n in (3, 8, 9, 11)]]
    whole = permutation_test([2, 5, 7, 4], [3, 8, 9, 11])["permutation_p"]
    assert permutation_test(*days)["permutation_p"] == pytest.approx(whole, rel=1e-12)


def test_permutation_limits():
    assert math.isnan(permutation_test([], [1])["permutation_p"])
    assert permutation_test([2, 2], [2])["permutation_p"] == 1
    assert permutation_test([0.1 + 0.2], [0.3])["permutation_p"] == 1
    with pytest.raises(ValueError, match="missing"):
        permutation_test([1, math.nan], [2])


def test_brunner_munzel_agrees_with_r():
    r, method, source = R["brunner_munzel"], "Brunner-Munzel", "lawstat brunner.munzel.test, pain scores"
    found = brunner_munzel(r["N"], r["Y"])
    agrees(method, "relative effect", source, found["relative_effect"], r["estimate"], abs=5e-7)
    ours = [found["relative_effect_low"], found["relative_effect_high"]]
    agrees(method, "interval", source, ours, r["ci"], abs=5e-8)
    agrees(method, "t", source, found["relative_effect_t"], r["statistic"], abs=5e-5)
    agrees(method, "df", source, found["relative_effect_df"], r["df"], abs=5e-4)
    agrees(method, "p", source, found["relative_effect_p"], r["p"], abs=5e-7)


def test_brunner_munzel_agrees_with_scipy(arms):
    found, theirs = brunner_munzel(arms["dose1"], arms["control"]), brunnermunzel(arms["control"], arms["dose1"])
    source = "scipy 1.17 brunnermunzel"
    ours = [found["relative_effect_t"], found["relative_effect_p"]]
    agrees("Brunner-Munzel", "t and p", source, ours, [theirs.statistic, theirs.pvalue], rel=1e-10)


def test_relative_effect_is_a_share_of_pairs_and_mirrors():
    a, b = [1, 4, 4, 9], [2, 4, 3]
    share = np.mean([(x > y) + (x == y) / 2 for x in a for y in b])
    found, back = brunner_munzel(a, b), brunner_munzel(b, a)
    assert found["relative_effect"] == pytest.approx(share) == pytest.approx(1 - back["relative_effect"])
    assert found["relative_effect_high"] == pytest.approx(1 - back["relative_effect_low"])


def test_groups_apart_have_no_standard_error():
    found = brunner_munzel([5, 6, 7], [1, 2, 3])
    assert found.pop("relative_effect") == 1 and all(math.isnan(value) for value in found.values())
    assert all(math.isnan(value) for value in brunner_munzel([1], [2, 3]).values())
    assert math.isfinite(brunner_munzel([1, 3], [2, 4])["relative_effect_p"])


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e6, 1e12])
def test_the_unit_of_values_plays_no_part_in_a_permutation(arms, unit):
    a, b = np.array(arms["control"])[:8] * math.pi, np.array(arms["dose1"])[:9] * math.pi
    assert permutation_test(a * unit, b * unit)["permutation_p"] == pytest.approx(
        permutation_test(a, b)["permutation_p"], rel=1e-9
    )


def test_one_far_value_makes_no_splits_equal():
    """2 of the 252 splits lie as far apart, as where the far value is 10."""
    for far in (10, 1e6, 1e13):
        assert permutation_test([1, 2, 3, 4, 5], [6, 7, 8, 9, far])["permutation_p"] == pytest.approx(2 / 252)


def test_values_that_cannot_be_squared_are_refused():
    for unit in (1e-200, 1e200):
        with pytest.raises(ValueError, match="take another unit"):
            permutation_test([unit, 2 * unit], [3 * unit])

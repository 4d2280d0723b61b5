"""Two independent groups against R, scipy, enumeration and their own duals."""

import csv
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from omtrace.statistics.basic.ranks import subset_sums
from omtrace.statistics.basic.two_groups import (
    brunner_munzel,
    hodges_lehmann_shift,
    mann_whitney,
    permutation_test,
    welch,
)
from scipy.stats import mannwhitneyu, nct, norm, rankdata, ttest_ind

chosen(
    "Mann-Whitney, exact with ties",
    "Exact means conditional on ties, as in coin and exactRankTests; scipy's exact p ignores ties (0.0464 instead of "
    "0.0437 for groups of 14 and 12), R's wilcox.test falls back to the normal approximation.",
)

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())


@pytest.fixture(scope="module")
def arms():
    with open(REFERENCE / "three_arm.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {arm: [float(r["change"]) for r in rows if r["arm"] == arm] for arm in ("control", "dose1", "dose2")}


def enumerated(a, b):
    """Two-sided exact p of the rank sum over all splits."""
    ranks = rankdata([*a, *b])
    centre = len(a) * (len(ranks) + 1) / 2
    away = abs(ranks[: len(a)].sum() - centre)
    sums = [sum(split) for split in itertools.combinations(ranks, len(a))]
    return np.mean([abs(value - centre) >= away - 1e-9 for value in sums])


def test_welch_agrees_with_scipy(arms):
    found = welch(arms["dose1"], arms["control"], 0.9)
    expected = ttest_ind(arms["dose1"], arms["control"], equal_var=False)
    interval = expected.confidence_interval(0.9)
    source = "scipy 1.17 ttest_ind"
    ours = [found["t"], found["df"], found["p"]]
    agrees("Welch's t test", "t, df and p", source, ours, [expected.statistic, expected.df, expected.pvalue], rel=1e-12)
    limits = [interval.low, interval.high]
    agrees("Welch's t test", "interval", source, [found["ci_low"], found["ci_high"]], limits, rel=1e-12)
    assert found["difference"] == pytest.approx(np.mean(arms["dose1"]) - np.mean(arms["control"]), rel=1e-14)
    assert (found["n_a"], found["n_b"]) == (12, 14)


def test_hedges_g_and_its_interval(arms):
    a, b = arms["dose1"], arms["control"]
    found = welch(a, b)
    pooled = math.sqrt((11 * np.var(a, ddof=1) + 13 * np.var(b, ddof=1)) / 24)
    correction = math.gamma(12) / (math.sqrt(12) * math.gamma(11.5))
    assert found["cohens_d"] == pytest.approx((np.mean(a) - np.mean(b)) / pooled, rel=1e-12)
    assert found["hedges_g"] == pytest.approx(correction * found["cohens_d"], rel=1e-12)
    assert found["hedges_g_ci_high"] == pytest.approx(correction * found["cohens_d_ci_high"], rel=1e-12)
    t = ttest_ind(a, b).statistic
    size = correction * math.sqrt(1 / 12 + 1 / 14)
    tails = [nct.sf(t, 24, found["hedges_g_ci_low"] / size), nct.cdf(t, 24, found["hedges_g_ci_high"] / size)]
    assert tails == pytest.approx([0.025, 0.025], rel=1e-8)


def test_mann_whitney_agrees_with_r(arms):
    found = mann_whitney(arms["control"], arms["dose1"])
    p = found["mann_whitney_p"]
    agrees("Mann-Whitney, exact with ties", "p", "exactRankTests 0.8-35 wilcox.exact", p, R["mwu_exact"], rel=1e-12)
    agrees("Mann-Whitney, exact with ties", "p", "coin 1.4-2 wilcox_test", p, R["mwu_exact_coin"], rel=1e-12)
    assert found["method_exact"] == 1
    back = mann_whitney(arms["dose1"], arms["control"])
    assert back["mann_whitney_u"] + found["mann_whitney_u"] == 12 * 14
    assert back["mann_whitney_p"] == pytest.approx(found["mann_whitney_p"], rel=1e-12)


def test_mann_whitney_against_enumeration():
    generator = np.random.default_rng(3)
    for n_a, n_b in itertools.product(range(1, 6), repeat=2):
        a, b = generator.integers(0, 5, n_a), generator.integers(1, 6, n_b)
        found = mann_whitney(a, b)
        assert found["mann_whitney_p"] == pytest.approx(enumerated(a, b), rel=1e-12)
        assert found["mann_whitney_u"] == sum((x > y) + (x == y) / 2 for x in a for y in b)


def test_mann_whitney_without_ties_agrees_with_scipy():
    generator = np.random.default_rng(4)
    a, b = generator.normal(0, 1, 40), generator.normal(0.5, 1, 55)
    expected = mannwhitneyu(a, b, method="exact")
    found = mann_whitney(a, b)
    assert found["mann_whitney_u"] == expected.statistic
    assert found["mann_whitney_p"] == pytest.approx(expected.pvalue, rel=1e-10)


def test_mann_whitney_of_many_is_normal_and_says_so():
    generator = np.random.default_rng(8)
    a, b = generator.integers(0, 30, 101), generator.integers(2, 32, 100)
    found = mann_whitney(a, b)
    assert found["method_exact"] == 0
    expected = mannwhitneyu(a, b, method="asymptotic", use_continuity=False)
    assert found["mann_whitney_p"] == pytest.approx(expected.pvalue, rel=1e-9)
    smaller = mann_whitney(a[:100], b)
    assert smaller["method_exact"] == 1
    near = mannwhitneyu(a[:100], b, method="asymptotic", use_continuity=False).pvalue
    assert smaller["mann_whitney_p"] == pytest.approx(near, rel=0.05)


def test_mann_whitney_sees_ties_through_rounding():
    assert mann_whitney([0.1 + 0.2, 1], [0.3, 2, 3]) == mann_whitney([0.3, 1], [0.3, 2, 3])


def test_mann_whitney_of_values_of_very_different_size():
    a, b = [1, 2, 3, 4, 5], [6, 7, 8, 9, 1e13]
    assert mann_whitney(a, b)["mann_whitney_p"] == pytest.approx(2 / math.comb(10, 5), rel=1e-12)
    assert mann_whitney(a, b)["mann_whitney_p"] == pytest.approx(mannwhitneyu(a, b, method="exact").pvalue)
    assert brunner_munzel(a, [3, 7, 8, 9, 1e13]) == brunner_munzel(a, [3, 7, 8, 9, 10])


def test_equal_values_tell_nothing():
    assert mann_whitney([2, 2, 2], [2, 2])["mann_whitney_p"] == 1
    assert mann_whitney([2] * 101, [2] * 100)["mann_whitney_p"] == 1
    found = welch([0.1] * 3, [0.1] * 4)
    assert found["difference"] == pytest.approx(0, abs=1e-15)
    assert all(math.isnan(found[name]) for name in ("t", "p", "df", "hedges_g"))


def test_empty_and_single_groups_are_undefined_not_wrong():
    assert math.isnan(mann_whitney([], [1, 2])["mann_whitney_p"])
    assert math.isnan(hodges_lehmann_shift([1], [])["hodges_lehmann_shift"])
    found = welch([1.0], [2.0, 4.0])
    assert found["difference"] == -2
    assert all(math.isnan(found[name]) for name in ("sd_a", "ci_low", "t", "p", "df", "hedges_g"))
    assert math.isnan(welch([], [])["difference"])


@pytest.mark.parametrize("function", [welch, mann_whitney, hodges_lehmann_shift])
def test_missing_values_are_refused(function):
    with pytest.raises(ValueError, match="b: 1 of 2"):
        function([1, 2], [1, math.nan])


def test_shift_limits_are_where_the_exact_test_turns():
    a, b = np.array([1.3, 4.1, 7.7, 9.2, 12.8, 6.35]), np.array([0.2, 2.9, 3.5, 5.05, 1.75, 2.2, 8.6])
    found = hodges_lehmann_shift(a, b)
    assert found["hodges_lehmann_shift"] == pytest.approx(np.median(np.subtract.outer(a, b)), rel=1e-14)
    for limit, inward in ((found["hodges_lehmann_shift_low"], 1e-6), (found["hodges_lehmann_shift_high"], -1e-6)):
        assert mann_whitney(a - limit - inward, b)["mann_whitney_p"] > 0.05
        assert mann_whitney(a - limit + inward, b)["mann_whitney_p"] <= 0.05
    assert math.isnan(hodges_lehmann_shift([1, 2], [3, 4])["hodges_lehmann_shift_low"])


def test_shift_of_many_is_close_to_the_exact_one():
    generator = np.random.default_rng(9)
    a, b = generator.normal(1, 2, 101), generator.normal(0, 2, 100)
    exact, normal = hodges_lehmann_shift(a[:100], b), hodges_lehmann_shift(a, b)
    for name in exact:
        assert normal[name] == pytest.approx(exact[name], abs=0.05)


def test_shift_limits_of_many_have_the_place_that_the_variance_of_u_gives():
    generator = np.random.default_rng(10)
    a, b = generator.normal(1, 2, 101), generator.normal(0, 2, 100)
    u = subset_sums(np.arange(201), 100)[100 * 99 // 2 :]  # of all 10,100 pairs, exactly
    values = np.arange(u.size)
    sd = math.sqrt(float(u @ (values - u @ values) ** 2))
    k = math.floor(10_100 / 2 - norm.ppf(0.975) * sd)
    every = np.sort(np.subtract.outer(a, b), axis=None)
    found = hodges_lehmann_shift(a, b)
    assert found["hodges_lehmann_shift_low"] == every[k - 1]
    assert found["hodges_lehmann_shift_high"] == every[-k]


def test_subset_sums_against_enumeration():
    weights = np.array([0, 3, 3, 5, 8, 1])
    for size in range(7):
        sums = [sum(chosen) for chosen in itertools.combinations(weights, size)]
        expected = np.bincount(sums) / len(sums)
        found = subset_sums(weights, size)
        assert np.flatnonzero(found).max() == expected.size - 1
        assert found[: expected.size] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e6, 1e12])
def test_the_unit_of_the_values_plays_no_part_in_the_permutation_test(unit):
    generator = np.random.default_rng(6)
    for size in (5, 12, 40):
        a, b = generator.integers(40, 70, size) * 0.5, generator.integers(45, 75, size + 2) * 0.5
        plain, scaled = permutation_test(a, b), permutation_test(a * unit, b * unit)
        assert scaled == pytest.approx(plain, rel=1e-12) and plain["permutation_exact"] == 1

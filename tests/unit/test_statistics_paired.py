"""Paired change and the exact signed-rank test against R, enumeration and their own duals."""

import csv
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from omtrace.statistics.basic.paired import EXACT_UP_TO, hodges_lehmann, paired_change, signed_rank
from omtrace.statistics.basic.student import hedges_correction, noncentral_t_interval
from scipy.special import nctdtr
from scipy.stats import rankdata, wilcoxon

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())
PYTHON = json.loads((REFERENCE / "statistics_python.json").read_text())


EXACT = "signed rank, exact with ties and zeros"
chosen(
    EXACT,
    "Exact means all sign patterns of the ranks at hand; scipy's exact p is that of untied ranks (0.1309 instead of "
    "0.1191), and with Pratt's zeros plainly wrong; R's wilcox.test falls back to the normal approximation. Zeros are "
    "dropped before ranking unless the plan says pratt.",
)
chosen(
    "Hodges-Lehmann",
    "Zero differences stay among the Walsh averages, since they are observed changes, and the limits are Noether's, "
    "which cover with ties too. exactRankTests drops zeros and inverts the test by search, which moves all three "
    "away from zero (-5.25, -8 to -4, instead of -4, -7 to -2 in the reference data).",
)


@pytest.fixture(scope="module")
def pilot():
    with open(REFERENCE / "pilot11.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [int(row["hit6_v0"]) for row in rows], [int(row["hit6_v3"]) for row in rows]


def enumerated(differences, zeros):
    """V and its two-sided exact p over all sign patterns."""
    d = np.asarray(differences, dtype=float)
    if zeros == "wilcoxon":
        d = d[d != 0]
    ranks = rankdata(np.abs(d))[d != 0]
    d = d[d != 0]
    v, centre = ranks[d > 0].sum(), ranks.sum() / 2
    patterns = itertools.product((0, 1), repeat=len(ranks))
    far = [abs(np.dot(signs, ranks) - centre) >= abs(v - centre) - 1e-9 for signs in patterns]
    return v, np.mean(far)


def test_paired_t_agrees_with_r(pilot):
    found = paired_change(*pilot)
    assert found["n"] == 11
    r, source = R["paired_t"], "R 4.2.2 t.test"
    assert found["df"] == r["df"]
    agrees("paired t test", "t", source, found["t"], r["t"], rel=1e-12)
    agrees("paired t test", "p", source, found["p"], r["p"], rel=1e-10)
    agrees("paired t test", "interval", source, [found["ci_low"], found["ci_high"]], r["ci"], rel=1e-12)


def test_change_is_after_minus_before(pilot):
    found = paired_change(*pilot)
    assert found["mean_change"] == pytest.approx(np.mean(pilot[1]) - np.mean(pilot[0]), rel=1e-12)
    assert found["mean_change"] < 0
    assert found["sd_before"] == pytest.approx(np.std(pilot[0], ddof=1), rel=1e-12)
    assert found["sd_after"] == pytest.approx(np.std(pilot[1], ddof=1), rel=1e-12)


def test_standardised_changes_agree(pilot):
    found = paired_change(*pilot)
    exact = [found["d_z"], found["d_z_ci_low"], found["d_z_ci_high"]]
    agrees("d_z", "estimate and interval", "scipy.stats.nct, solved apart", exact, PYTHON["dz_noncentral_t"], rel=1e-9)
    agrees("d_z", "estimate", "effectsize 0.8.3 cohens_d", exact[0], R["dz"]["d"], rel=1e-12)
    agrees("d_z", "interval", "effectsize 0.8.3 cohens_d", exact[1:], R["dz"]["ci"], rel=1e-6)
    psych = [R["d_one_sample_ci_psych"][end] for end in ("lower", "upper")]
    agrees("d_z", "interval", "psych 2.2.9 d.ci", exact[1:], psych, rel=1e-5)
    agrees("Hedges' g of a change", "estimate", "effectsize 0.8.3 hedges_g", found["hedges_g"], R["gz"]["g"], rel=1e-12)
    limits = [found["hedges_g_ci_low"], found["hedges_g_ci_high"]]
    agrees("Hedges' g of a change", "interval", "effectsize 0.8.3 hedges_g", limits, R["gz"]["ci"], rel=1e-6)
    assert found["d_av"] == pytest.approx(found["mean_change"] / ((3.995451959870919 + 3.280798129058898) / 2))


def test_noncentral_interval_is_the_set_of_effects_not_rejected():
    for t, df in ((0.0, 5), (-4.7, 10), (2.5, 1), (30.0, 10), (-120.0, 40), (12.0, 400)):
        low, high = noncentral_t_interval(t, df, 0.9)
        assert low < t < high
        assert [nctdtr(df, low, t), nctdtr(df, high, t)] == pytest.approx([0.95, 0.05], abs=1e-9)


def test_noncentral_interval_where_scipy_has_no_value():
    # nctdtr(400, 4.7 - 8.75, 4.7) is NaN; the limits lie elsewhere and must be found all the same.
    low, high = noncentral_t_interval(4.7, 400, 0.95)
    assert low == pytest.approx(4.7 - 1.96, abs=0.05)
    assert high == pytest.approx(4.7 + 1.96, abs=0.05)
    for t in np.linspace(0, 12, 61):
        assert all(math.isfinite(limit) for df in (10, 150, 400, 2000) for limit in noncentral_t_interval(t, df, 0.95))


def test_hedges_correction_is_exact():
    # gamma ratios by hand: df = 2 gives gamma(1) / gamma(1/2) = 1 / sqrt(pi); df = 4 gives 1 / (sqrt(2) gamma(3/2))
    assert hedges_correction(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-14)
    assert hedges_correction(4) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-14)
    assert hedges_correction(10**6) == pytest.approx(1 - 3 / (4 * 10**6 - 1), rel=1e-12)
    assert math.isnan(hedges_correction(1))


@pytest.mark.parametrize("size", [0, 1])
def test_too_few_pairs_are_undefined_not_wrong(size):
    found = paired_change([60.0] * size, [58.0] * size)
    assert found["n"] == size
    if size:
        assert found["mean_change"] == -2
    undefined = (
        "sd_change",
        "ci_low",
        "ci_high",
        "t",
        "p",
        "d_z",
        "d_z_ci_low",
        "d_av",
        "hedges_g",
        "hedges_g_ci_high",
    )
    assert all(math.isnan(found[name]) for name in undefined)


def test_equal_changes_have_no_test_and_no_effect_size():
    found = paired_change([64.3, 61.1, 60.2], [60.1, 56.9, 56.0])  # all -4.2 but for rounding
    assert found["sd_change"] == 0
    assert found["ci_low"] == found["ci_high"] == pytest.approx(-4.2)
    assert all(math.isnan(found[name]) for name in ("t", "p", "d_z", "hedges_g", "d_z_ci_low"))


def test_pairs_must_be_pairs_and_complete():
    with pytest.raises(ValueError, match="not pairs"):
        paired_change([1, 2], [1])
    with pytest.raises(ValueError, match="after: 1 of 2"):
        paired_change([1, 2], [1, math.nan])


def test_signed_rank_agrees_with_r(pilot):
    change = np.subtract(pilot[1], pilot[0])
    found = signed_rank(change)
    assert found["signed_rank_v"] == R["wilcox_exact"]["V"]
    p, pratt = found["signed_rank_p"], signed_rank(change, "pratt")["signed_rank_p"]
    agrees(EXACT, "p", "exactRankTests 0.8-35 wilcox.exact", p, R["wilcox_exact"]["p"], rel=1e-12)
    agrees(EXACT, "p, zeros dropped", "coin 1.4-2 wilcoxsign_test", p, R["wilcox_wilcoxon_exact"]["p"], rel=1e-12)
    agrees(EXACT, "p, zeros after Pratt", "coin 1.4-2 wilcoxsign_test", pratt, R["wilcox_pratt_exact"]["p"], rel=1e-12)
    assert found["n_nonzero"] == 9


@pytest.mark.parametrize("zeros", ["wilcoxon", "pratt"])
def test_signed_rank_with_ties_and_zeros(zeros):
    entry = PYTHON["signed_rank_ties_zeros"]
    assert signed_rank(entry["x"], zeros)["signed_rank_p"] == entry[zeros][0] == entry[zeros][1]


@pytest.mark.parametrize("zeros", ["wilcoxon", "pratt"])
def test_signed_rank_against_enumeration(zeros):
    generator = np.random.default_rng(11)
    for n in range(1, 11):
        for _ in range(4):
            d = generator.integers(-4, 6, n)
            v, p = enumerated(d, zeros)
            found = signed_rank(d, zeros)
            assert found["signed_rank_v"] == v
            assert found["signed_rank_p"] == pytest.approx(p, rel=1e-12)


def test_signed_rank_sees_ties_through_rounding():
    # 0.1 + 0.2 - 0.3 is not 0, and the three other differences are equal only on paper.
    before, after = np.array([0.3, 1.1, 2.2, 3.3, 5.0]), np.array([0.1 + 0.2, 1.4, 2.5, 3.0, 9.0])
    assert signed_rank(after - before, size=np.maximum(before, after)) == signed_rank([0, 3, 3, -3, 40])


def test_signed_rank_of_values_of_very_different_size():
    p = signed_rank([1, 2, 3, 4, 5, 6, 7, 1e13])["signed_rank_p"]
    assert p == 2 / 2**8 == pytest.approx(wilcoxon([1, 2, 3, 4, 5, 6, 7, 1e13]).pvalue)
    before = np.arange(8.0)
    after = before + [1, 2, 3, 4, 5, 6, 7, 1e13]
    assert signed_rank(after - before, size=after)["signed_rank_p"] == p


def test_signed_rank_sees_ties_of_means():
    # scores of 35 parts, as they are stored: twice 20/7 less and once 20/7 more, and 4 more
    before, after = (
        np.array([48.57142857143, 65.71428571429, 37.14285714286, 4.0]),
        np.array([45.71428571429, 62.85714285714, 40.0, 8.0]),
    )
    assert signed_rank(after - before, size=before) == signed_rank([-20, -20, 20, 28])


def test_signed_rank_limits():
    assert math.isnan(signed_rank([])["signed_rank_p"])
    assert signed_rank([0, 0, 0])["signed_rank_p"] == 1
    assert signed_rank([0, 0, 0], "pratt")["signed_rank_p"] == 1
    assert signed_rank([5])["signed_rank_p"] == 1
    with pytest.raises(ValueError, match="missing"):
        signed_rank([1, math.nan])
    with pytest.raises(ValueError, match="zeros"):
        signed_rank([1], "drop")  # type: ignore[arg-type]


def test_signed_rank_of_many_is_normal_and_says_so():
    d = np.random.default_rng(5).normal(0.05, 1, EXACT_UP_TO + 1)
    exact, normal = signed_rank(d[:-1]), signed_rank(d)
    assert (exact["method_exact"], normal["method_exact"]) == (1, 0)
    for found, values in ((exact, d[:-1]), (normal, d)):
        p = wilcoxon(values, method="asymptotic", correction=False).pvalue
        assert found["signed_rank_p"] == pytest.approx(p, rel=5e-3 if found is exact else 1e-9)
    tied = np.tile(np.round(d), 3)  # about a third of the values are zero
    found = signed_rank(tied, "pratt")
    assert found["method_exact"] == 0
    p = wilcoxon(tied, method="asymptotic", correction=False, zero_method="pratt").pvalue
    assert found["signed_rank_p"] == pytest.approx(p, rel=1e-9)


def test_hodges_lehmann_limits_are_where_the_exact_test_turns():
    d = np.array([1.1, 2.3, -0.7, 4.9, 3.2, 0.4, 6.6, -1.8, 2.9])
    found = hodges_lehmann(d, 0.95)
    for limit, inward in ((found["hodges_lehmann_low"], 1e-6), (found["hodges_lehmann_high"], -1e-6)):
        assert signed_rank(d - limit - inward)["signed_rank_p"] > 0.05
        assert signed_rank(d - limit + inward)["signed_rank_p"] <= 0.05
    walsh = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(d, 2)]
    assert found["hodges_lehmann"] == pytest.approx(np.median(walsh), rel=1e-14)


def test_hodges_lehmann_keeps_zeros_and_knows_when_it_has_no_limits(pilot):
    change = np.subtract(pilot[1], pilot[0])
    assert hodges_lehmann(change)["hodges_lehmann"] == -4  # -5.5 without the two zeros
    found = hodges_lehmann([1, 2, 3])
    assert found["hodges_lehmann"] == 2
    assert math.isnan(found["hodges_lehmann_low"]) and math.isnan(found["hodges_lehmann_high"])
    assert math.isnan(hodges_lehmann([])["hodges_lehmann"])


def test_hodges_lehmann_of_many_is_close_to_the_exact_one():
    d = np.random.default_rng(6).normal(1, 2, EXACT_UP_TO + 1)
    exact, normal = hodges_lehmann(d[:-1]), hodges_lehmann(d)
    for name in exact:
        assert normal[name] == pytest.approx(exact[name], abs=0.02)

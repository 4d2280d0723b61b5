"""Three groups and more against R, scipy, enumeration, and the two-group tests that they contain."""

import csv
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from agreements import agrees, chosen
from omtrace.statistics.basic.many_groups import (
    critical,
    dunn,
    dunnett,
    dunnett_exceeds,
    games_howell,
    jonckheere_terpstra,
    kruskal_wallis,
    one_way,
    tukey_kramer,
    welch_one_way,
)
from omtrace.statistics.basic.two_groups import mann_whitney, welch
from scipy.special import stdtr
from scipy.stats import f_oneway, norm, tukey_hsd

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "groups_r.json").read_text())
PAIRS = [(1, 0), (2, 0), (2, 1)]

chosen(
    "Dunnett",
    "The double integral is computed by quadrature, so that p and limits are the same each time; scipy, R's multcomp "
    "and SAS draw random or quasi-random points (5 digits in scipy).",
)
chosen(
    "Jonckheere-Terpstra",
    "With ties the p is normal with Lehmann's variance, as in PMCMRplus; clinfun does not correct it. The exact p is "
    "two-sided by distance from the expectation.",
)


@pytest.fixture(scope="module")
def arms():
    with open(REFERENCE / "three_arm.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [[float(r["change"]) for r in rows if r["arm"] == arm] for arm in ("control", "dose1", "dose2")]


def each(pairs, name):
    return [pairs[pair][name] for pair in PAIRS]


def test_overall_tests_agree_with_r(arms):
    found, r, source = welch_one_way(arms), R["welch"], "R 4.2.2 oneway.test"
    agrees("Welch's analysis of variance", "F", source, found["f"], r["statistic"], rel=1e-10)
    agrees("Welch's analysis of variance", "df", source, [found["df_1"], found["df_2"]], r["parameter"], rel=1e-10)
    agrees("Welch's analysis of variance", "p", source, found["p"], r["p.value"], rel=1e-10)
    found, r, source = kruskal_wallis(arms), R["kruskal"], "R 4.2.2 kruskal.test"
    agrees("Kruskal-Wallis", "statistic", source, found["chi_squared"], r["statistic"], rel=1e-10)
    agrees("Kruskal-Wallis", "p", source, found["p"], r["p.value"], rel=1e-10)
    found, theirs = one_way(arms), f_oneway(*arms)
    source = "scipy 1.17 f_oneway"
    agrees("one-way analysis of variance", "F and p", source, [found["f"], found["p"]], [*theirs], rel=1e-10)
    assert (found["df_1"], found["df_2"]) == (2, 36)
    assert found["partial_eta_squared"] == pytest.approx(2 * found["f"] / (2 * found["f"] + 36))


NIST = Path(scipy.stats.__file__).parent / "tests/data/nist_anova"  # statistical reference datasets, in scipy's wheel


@pytest.mark.parametrize(
    ("name", "f", "rel"),
    [
        ("SiRstv", 1.18046237440255, 1e-9),
        ("AtmWtAg", 15.9467335677930, 1e-9),
        ("SmLs07", 21, 1e-3),
        ("SmLs08", 201, 1e-3),
        ("SmLs09", 2001, 1e-3),
    ],
)
def test_certified_analyses_of_variance(name, f, rel):
    rows = np.loadtxt(NIST / f"{name}.dat", skiprows=60)
    groups = [rows[rows[:, 0] == group, 1] for group in np.unique(rows[:, 0])]
    agrees("one-way analysis of variance", "F", f"NIST StRD {name}", one_way(groups)["f"], f, rel=rel)


def test_dunnett_agrees(arms):
    found, r = dunnett(arms), R["dunnett"]
    ours = {name: [found[at, 0][name] for at in (1, 2)] for name in ("difference", "t", "adjusted_p")}
    agrees("Dunnett", "differences", "multcomp 1.4-22 glht", ours["difference"], r["est"], rel=1e-12)
    agrees("Dunnett", "t", "multcomp 1.4-22 glht", ours["t"], r["t"], rel=1e-10)
    agrees("Dunnett", "adjusted p", "multcomp 1.4-22 glht (single-step)", ours["adjusted_p"], r["p"], rel=1e-5)
    agrees("Dunnett", "adjusted p", "mvtnorm 1.1-3", ours["adjusted_p"], R["dunnett_exact"]["p"], rel=1e-9)
    for numbers in found.values():  # the interval of level 1 - p just touches 0
        edge = dunnett(arms, 1 - numbers["adjusted_p"])
        assert any(abs(pair["ci_high"]) < 1e-8 for pair in edge.values())


def test_tukey_agrees_with_r(arms):
    found, r, source = tukey_kramer(arms), R["tukey"], "R 4.2.2 TukeyHSD"
    agrees("Tukey-Kramer", "differences", source, each(found, "difference"), r["diff"], rel=1e-12)
    agrees("Tukey-Kramer", "lower limits", source, each(found, "ci_low"), r["lwr"], rel=1e-8)
    agrees("Tukey-Kramer", "upper limits", source, each(found, "ci_high"), r["upr"], rel=1e-8)
    agrees("Tukey-Kramer", "adjusted p", source, each(found, "adjusted_p"), r["p adj"], rel=1e-8)


def test_games_howell_agrees(arms):
    found, r, source = games_howell(arms), R["games_howell"], "rstatix 0.7.2 (p to 3 digits)"
    agrees("Games-Howell", "df", source, each(found, "df"), r["df"], rel=1e-10)
    agrees("Games-Howell", "lower limits", source, each(found, "ci_low"), r["conf.low"], rel=1e-6)
    agrees("Games-Howell", "adjusted p", source, each(found, "adjusted_p"), r["p.adj"], abs=5.1e-4)
    theirs = tukey_hsd(*arms, equal_var=False)
    p = [theirs.pvalue[pair] for pair in PAIRS]
    agrees("Games-Howell", "adjusted p", "scipy 1.17 tukey_hsd", each(found, "adjusted_p"), p, rel=1e-9)
    assert each(found, "t") == pytest.approx([welch(arms[a], arms[b])["t"] for a, b in PAIRS])


def test_dunn_agrees_with_r(arms):
    found, r, source = dunn(arms), R["dunn"], "rstatix 0.7.2 dunn_test"
    for name, theirs in (("z", "statistic"), ("p", "p"), ("adjusted_p", "p.adj")):
        agrees("Dunn", name.replace("_", " "), source, each(found, name), r[theirs], rel=1e-9)


def test_jonckheere_agrees():
    r = R["jonckheere"]
    found = jonckheere_terpstra(r["groups"])
    assert (found["jonckheere_j"], found["jonckheere_exact"]) == (r["JT"], 0)
    source = "PMCMRplus jonckheereTest, Hollander, Wolfe and Chicken's example 6.2"
    agrees("Jonckheere-Terpstra", "p of an increase", source, found["p"] / 2, r["p_increasing"], abs=5e-6)


@pytest.mark.parametrize("sizes", [(2, 3, 2), (2, 2, 2, 1), (4, 3)])
def test_exact_jonckheere_against_enumeration(sizes):
    values = np.random.default_rng(len(sizes)).permutation(sum(sizes))
    cut = np.cumsum(sizes)[:-1]

    def statistic(order):
        parts = np.split(np.array(order), cut)
        return sum((np.subtract.outer(b, a) > 0).sum() for a, b in itertools.combinations(parts, 2))

    every = np.array([statistic(order) for order in itertools.permutations(values)])
    found = jonckheere_terpstra(np.split(values, cut))
    assert found["jonckheere_exact"] == 1 and found["jonckheere_j"] == statistic(values)
    far = np.abs(every - every.mean()) >= abs(statistic(values) - every.mean()) - 1e-9
    assert found["p"] == pytest.approx(far.mean(), rel=1e-12)
    assert found["z"] == pytest.approx((statistic(values) - every.mean()) / every.std(), rel=1e-12)


@pytest.mark.parametrize("groups", [[[1, 1, 2], [2, 3, 3, 4]], [[1, 1], [1, 2], [0, 2, 5]]])
def test_variance_of_jonckheere_with_ties_against_enumeration(groups):
    values, cut = np.concatenate(groups), np.cumsum([len(g) for g in groups])[:-1]

    def statistic(order):
        pairs = itertools.combinations(np.split(order, cut), 2)
        return sum((d > 0).sum() + (d == 0).sum() / 2 for d in (np.subtract.outer(b, a) for a, b in pairs))

    every = np.array([statistic(values[list(order)]) for order in itertools.permutations(range(values.size))])
    found = jonckheere_terpstra(groups)
    assert found["z"] == pytest.approx((statistic(values) - every.mean()) / every.std(), rel=1e-12)


def test_two_groups_are_the_two_group_tests(arms):
    a, b = arms[:2]
    for found in (dunnett([b, a])[1, 0], tukey_kramer([b, a])[1, 0]):
        assert found["adjusted_p"] == pytest.approx(2 * stdtr(found["df"], -abs(found["t"])), rel=1e-10)
    found, theirs = games_howell([b, a])[1, 0], welch(a, b)
    assert [found[n] for n in ("ci_low", "ci_high")] == pytest.approx([theirs["ci_low"], theirs["ci_high"]], rel=1e-9)
    assert found["adjusted_p"] == pytest.approx(theirs["p"], rel=1e-9)
    assert welch_one_way([a, b])["p"] == pytest.approx(theirs["p"], rel=1e-9)
    untied = [[1.1, 2.5, 7.0], [0.2, 3.3, 8.8, 9.1]]
    assert jonckheere_terpstra(untied)["p"] == pytest.approx(mann_whitney(*untied)["mann_whitney_p"], rel=1e-12)


def test_dunnett_far_out_and_with_many_degrees_of_freedom():
    # no correlation is left where the control is endless: independent normals
    shares = (1e-9,) * 4
    assert dunnett_exceeds(2.3, shares, 1e7) == pytest.approx(1 - (1 - 2 * norm.sf(2.3)) ** 4, rel=1e-6)
    assert 0 <= dunnett_exceeds(60.0, (0.5, 0.4), 30) < 1e-12
    assert critical(lambda q: dunnett_exceeds(q, (0.5, 0.5), 20), 0.95) == pytest.approx(2.38, abs=0.01)  # Dunnett 1964
    assert math.isnan(dunnett_exceeds(2, (0.5,), 0))


def test_what_has_no_value():
    flat = [[2.0, 2.0], [2.0, 2.0, 2.0], [2.0]]
    assert math.isnan(one_way(flat)["p"]) and math.isnan(kruskal_wallis(flat)["p"])
    assert jonckheere_terpstra(flat)["p"] == 1
    assert math.isnan(welch_one_way(flat[:2])["p"])
    assert math.isnan(dunnett(flat)[1, 0]["adjusted_p"]) and math.isnan(dunn(flat)[1, 0]["adjusted_p"])
    assert math.isnan(games_howell(flat[:2])[1, 0]["adjusted_p"])
    for function in (one_way, welch_one_way, kruskal_wallis, jonckheere_terpstra, dunnett, games_howell, dunn):
        with pytest.raises(ValueError, match="at least two groups"):
            function([[1, 2, 3]])
        with pytest.raises(ValueError, match="missing"):
            function([[1, 2, 3], [1, math.nan]])
    with pytest.raises(ValueError, match="no residual"):
        dunnett([[1], [2]])


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_jonckheere_counts_every_pair(decimals):
    generator = np.random.default_rng(decimals)
    groups = [np.round(generator.normal(at / 5, 1, size), decimals) for at, size in enumerate((40, 1, 90, 33))]
    pairs = [(a, b) for later in range(4) for earlier in range(later) for a in groups[later] for b in groups[earlier]]
    assert jonckheere_terpstra(groups)["jonckheere_j"] == sum((a > b) + (a == b) / 2 for a, b in pairs)

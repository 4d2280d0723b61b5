"""Repeated-measures analysis of variance and Hotelling's T squared against R, and their univariate special cases."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.basic.explained import partial_eta
from omtrace.statistics.basic.paired import paired_change
from omtrace.statistics.linear.repeated import hotelling, repeated_anova
from scipy.stats import ncf

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "groups_r.json").read_text())
CAR = "car 3.1-1 Anova"

chosen(
    "partial eta squared",
    "The interval has the level 2 x level - 1 and turns a noncentrality q into q/(q + df_2), as effectsize does; "
    "others take q/(q + N), which is a little lower.",
)
chosen(
    "standardised change",
    "d_z (over the SD of the changes) and d_av (over the mean SD) are both given and named; pingouin's cohen of paired "
    "data is d_av.",
)


@pytest.fixture(scope="module")
def pilot():
    with open(REFERENCE / "pilot11.csv", newline="") as file:
        return np.array([[float(r[c]) for c in ("hit6_v0", "hit6_v1", "hit6_v3")] for r in csv.DictReader(file)])


def test_repeated_anova_agrees_with_r(pilot):
    found, univariate, adjusted = repeated_anova(pilot), R["rm_univ"], R["rm_adj"]
    method = "repeated-measures analysis of variance"
    agrees(method, "F", CAR, found["f"], univariate["F value"][1], rel=1e-10)
    agrees(method, "p", CAR, found["p"], univariate["Pr(>F)"][1], rel=1e-9)
    agrees(method, "Greenhouse-Geisser epsilon", CAR, found["gg_epsilon"], adjusted["GG eps"], rel=1e-10)
    agrees(method, "Greenhouse-Geisser p", CAR, found["gg_p"], adjusted["Pr(>F[GG])"], rel=1e-9)
    agrees(method, "Huynh-Feldt epsilon", CAR, found["hf_epsilon"], adjusted["HF eps"], rel=1e-10)
    agrees(method, "Huynh-Feldt p", CAR, found["hf_p"], adjusted["Pr(>F[HF])"], rel=1e-9)
    assert (found["df_1"], found["df_2"]) == (2, 20)
    eta, source = R["rm_pes"], "effectsize 0.8.3 eta_squared"
    agrees("partial eta squared", "estimate", source, found["partial_eta_squared"], eta["Eta2_partial"], rel=1e-10)
    agrees("partial eta squared", "lower limit", source, found["partial_eta_squared_low"], eta["CI_low"], rel=1e-6)


def test_hotelling_agrees_with_r(pilot):
    found, r = hotelling(pilot[:, 1:] - pilot[:, :1]), R["rm_manova"]
    method = "one-sample multivariate analysis of variance"
    agrees(method, "F", CAR, found["f"], r["F"], rel=1e-10)
    agrees(method, "p", CAR, found["p"], r["p"], rel=1e-9)
    agrees(method, "Pillai's trace, partial eta squared", CAR, found["partial_eta_squared"], r["pillai"], rel=1e-10)
    assert [found["df_1"], found["df_2"]] == r["df"]


def test_two_occasions_are_the_paired_t_test(pilot):
    t = paired_change(pilot[:, 0], pilot[:, 2])
    for found in (repeated_anova(pilot[:, [0, 2]]), hotelling(pilot[:, 2:] - pilot[:, :1])):
        assert found["f"] == pytest.approx(t["t"] ** 2, rel=1e-10)
        assert found["p"] == pytest.approx(t["p"], rel=1e-9)
    epsilons = [repeated_anova(pilot[:, [0, 2]])[name] for name in ("gg_epsilon", "hf_epsilon")]
    assert epsilons == pytest.approx([1, 1])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(3, 12))
def test_hotelling_does_not_depend_on_scales_nor_anova_on_levels_of_units(seed, p, more):
    generator = np.random.default_rng(seed)
    changes = generator.normal(0.4, 1, (p + more, p))
    mixed = changes @ (np.eye(p) + np.triu(np.ones((p, p)), 1)) * np.arange(1, p + 1)
    assert hotelling(mixed)["t_squared"] == pytest.approx(hotelling(changes)["t_squared"], rel=1e-7)
    levels = changes + generator.normal(0, 30, (p + more, 1))
    found, moved = repeated_anova(changes), repeated_anova(levels)
    assert moved["f"] == pytest.approx(found["f"], rel=1e-7)
    assert 1 / (p - 1) - 1e-9 <= found["gg_epsilon"] <= found["hf_epsilon"] + 1e-12 <= 1 + 1e-9


@pytest.mark.parametrize(("f", "df_1", "df_2"), [(6.0, 3, 20), (2.2, 1, 9), (40.0, 4, 7)])
def test_interval_of_partial_eta_is_the_set_of_effects_not_rejected(f, df_1, df_2):
    found = partial_eta(f, df_1, df_2)
    for end, p in (("low", 0.95), ("high", 0.05)):
        share = found[f"partial_eta_squared_{end}"]
        noncentrality = share * df_2 / (1 - share)
        if noncentrality > 0:
            assert ncf.cdf(f, df_1, df_2, noncentrality) == pytest.approx(p, abs=1e-8)
    assert found["partial_eta_squared_low"] <= found["partial_eta_squared"] <= found["partial_eta_squared_high"]


def test_what_has_no_value_and_what_is_refused():
    same = [[3.1, 2.1], [4.1, 3.1], [5.3, 4.3]]
    found = repeated_anova(same)
    assert found["df_2"] == 2 and all(math.isnan(found[name]) for name in ("f", "p", "gg_epsilon", "hf_p"))
    assert all(math.isnan(value) for value in repeated_anova([[1.0, 2.0]]).values())
    for values, words in (([[1.0], [2.0]], "at least 2"), ([[1, math.nan], [2, 3]], "1 of 4"), (["a"], "not numeric")):
        with pytest.raises(ValueError, match=words):
            repeated_anova(values)
    with pytest.raises(ValueError, match="2 units for 2 changes"):
        hotelling([[1, 2], [3, 5]])
    with pytest.raises(ValueError, match="same in all units"):
        hotelling([[1, 2], [3, 2], [4, 2]])
    with pytest.raises(ValueError, match="determine each other"):
        hotelling([[1, 2, 3], [3, 1, 4], [2, 2, 4], [0, 5, 5], [7, 1, 8]])


def test_huynh_and_feldts_epsilon_of_two_units_has_no_value():
    found = repeated_anova([[1.0, 2.5, 4.0], [2.0, 2.0, 5.5]])
    assert math.isnan(found["hf_epsilon"]) and math.isnan(found["hf_p"])
    assert found["gg_epsilon"] == pytest.approx(0.5)  # one difference between units: its least
    assert repeated_anova([[1.0, 2.5], [2.0, 2.0], [4.0, 4.5]])["hf_epsilon"] == 1

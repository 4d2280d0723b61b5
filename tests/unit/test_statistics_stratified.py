"""Two groups within strata, against R; refusals of what the strata do not determine."""

import json
from pathlib import Path

import pytest
from agreements import agrees, chosen
from omtrace.statistics.basic.proportion import score_differences
from omtrace.statistics.basic.stratified import breslow_day, common_difference, common_odds_ratio, van_elteren

R = json.loads((Path(__file__).parents[1] / "reference/stratified_r.json").read_text())
METHOD = "two proportions within strata"

chosen(
    METHOD, "The risk difference has Mantel and Haenszel's weights; its interval is the score interval with the same."
)


@pytest.mark.parametrize("name", sorted(R["tables"]))
def test_proportions_within_strata_agree_with_r(name):
    tables = [tuple(table) for table in R["tables"][name]]
    odds, difference = common_odds_ratio(tables), common_difference(tables)
    names = ("odds_ratio", "odds_ratio_low", "odds_ratio_high", "chi_squared", "cmh_p")
    ours = [odds[one] for one in names]
    agrees(METHOD, "odds ratio, interval, CMH test", "R 4.2.2 mantelhaen.test", ours, R["mantelhaen"][name], rel=1e-10)
    ours = [difference[one] for one in ("difference", "sato_low", "sato_high")]
    agrees(METHOD, "risk difference, Sato interval", "metafor 3.8-1 rma.mh", ours, R["rma_mh"][name], rel=1e-10)
    ours = [breslow_day(tables)[one] for one in ("chi_squared", "p")]
    agrees(METHOD, "Breslow-Day test, Tarone", "metafor 3.8-1 rma.mh", ours, R["tarone"][name], rel=1e-9)
    ours = [difference[f"miettinen_nurminen_{end}"] for end in ("low", "high")]
    source = "root of the restricted likelihood by R 4.2.2 optimize and uniroot"
    agrees(METHOD, "Miettinen-Nurminen interval", source, ours, R["score"][name], abs=1e-7)


def test_one_stratum_is_two_proportions():
    found = common_difference([(56, 70, 48, 80)])
    assert found["difference"] == pytest.approx(56 / 70 - 48 / 80)
    for end in ("low", "high"):
        assert found[f"miettinen_nurminen_{end}"] == score_differences(56, 70, 48, 80)[f"miettinen_nurminen_{end}"]


def test_ranks_within_strata_agree_with_r():
    strata = [([3, 5, 6], [1, 2]), ([7, 9], [4, 8, 6]), ([2, 3, 8, 4], [2, 5, 2, 4]), ([10], [11, 9])]
    found = van_elteren(strata)
    source = "coin 1.4-2 independence_test of ranks over n + 1"
    agrees("van Elteren test", "z, p", source, [found["z"], found["p"]], R["van_elteren"], rel=1e-10)
    assert found["n"] == 21
    turned = van_elteren([(b, a) for a, b in strata])
    assert turned["z"] == pytest.approx(-found["z"]) and turned["p"] == pytest.approx(found["p"])


@pytest.mark.parametrize("tables", [[(0, 5, 0, 6), (0, 4, 0, 3)], [(5, 5, 6, 6)]])
def test_strata_of_one_outcome_determine_no_odds_ratio(tables):
    with pytest.raises(ValueError, match="no stratum holds both outcomes"):
        common_odds_ratio(tables)
    assert common_difference(tables)["difference"] == 0


@pytest.mark.parametrize("tables", [[(3, 5, 0, 6), (1, 4, 0, 3)], [(0, 5, 2, 6), (0, 4, 1, 3)]])
def test_an_infinite_or_zero_odds_ratio_is_refused(tables):
    for function in (common_odds_ratio, breslow_day):
        with pytest.raises(ValueError, match="0 or infinite"):
            function(tables)


def test_equal_values_within_strata_tell_nothing():
    with pytest.raises(ValueError, match="all values are alike"):
        van_elteren([([1, 1], [1]), ([2], [2, 2])])


def test_a_stratum_without_one_of_the_groups_is_refused():
    with pytest.raises(ValueError, match="a stratum lacks one of the groups"):
        common_difference([(1, 5, 0, 5), (0, 0, 3, 5)])


INFORMATIVE = [(12, 20, 6, 20), (9, 15, 7, 16)]


@pytest.mark.parametrize("silent", [(0, 5, 0, 6), (5, 5, 6, 6)])
def test_strata_of_one_outcome_say_nothing_of_odds_ratios(silent):
    assert common_odds_ratio([*INFORMATIVE, silent]) == common_odds_ratio(INFORMATIVE)
    assert breslow_day([*INFORMATIVE, silent]) == breslow_day(INFORMATIVE)
    assert breslow_day(INFORMATIVE)["df"] == 1
    with pytest.raises(ValueError, match="fewer than two strata hold both outcomes"):
        breslow_day([INFORMATIVE[0], silent])


@pytest.mark.parametrize("tables", [[(3, 5, 6, 6), (0, 4, 2, 5)], [(5, 5, 2, 6), (2, 4, 0, 5)]])
def test_an_odds_ratio_that_is_0_or_infinite_over_several_strata_is_refused(tables):
    with pytest.raises(ValueError, match="in every stratum a group has one outcome only"):
        common_odds_ratio(tables)


def test_the_level_and_the_weights_of_strata_by_hand():
    found = common_odds_ratio(INFORMATIVE, 0.9)
    above, below = 12 * 14 / 40 + 9 * 9 / 31, 6 * 8 / 40 + 7 * 6 / 31
    assert found["odds_ratio"] == pytest.approx(above / below)
    assert found["odds_ratio_low"] > common_odds_ratio(INFORMATIVE)["odds_ratio_low"]
    weights = [20 * 20 / 40, 15 * 16 / 31]
    differences = [12 / 20 - 6 / 20, 9 / 15 - 7 / 16]
    expected = sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)
    assert common_difference(INFORMATIVE)["difference"] == pytest.approx(expected)

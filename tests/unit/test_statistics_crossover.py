"""The two-period crossover against R and a published trial, and at its ends."""

import json
import math
from pathlib import Path

import numpy
import pytest
from agreements import agrees
from hypothesis import given
from hypothesis import strategies as st
from omtrace.statistics.basic.crossover import crossover, crossover_binary, crossover_design
from omtrace.statistics.mixed.lmm import fit

R = json.loads((Path(__file__).parents[1] / "reference/crossover_r.json").read_text(encoding="utf-8"))
AB, BA = numpy.array(R["ab"], dtype=float), numpy.array(R["ba"], dtype=float)
TREATMENT = [0, 0, 0, 1]


def answers(no_no, no_yes, yes_no, yes_yes):
    """So many units with each pair of answers."""
    pairs = ((0, 0), (0, 1), (1, 0), (1, 1))
    return [pair for pair, count in zip(pairs, (no_no, no_yes, yes_no, yes_yes), strict=True) for _ in range(count)]


def test_effects_agree_with_t_tests_of_period_differences_and_sums():
    found = crossover(AB, BA)
    for name, sign in (("treatment", 1), ("period", -1), ("carry_over", 1)):
        ours, theirs = found[name], R[name]
        interval = sorted(sign * end for end in theirs["ci"])
        agrees("crossover", f"{name}: difference", "R 4.2.2 t.test", ours["difference"], sign * theirs["est"], rel=1e-9)
        agrees(
            "crossover", f"{name}: interval", "R 4.2.2 t.test", [ours["ci_low"], ours["ci_high"]], interval, rel=1e-9
        )
        agrees("crossover", f"{name}: p", "R 4.2.2 t.test", ours["p"], theirs["p"], rel=1e-9)
        assert ours["df"] == theirs["df"] == 11
    assert round(found["treatment"]["difference"], 1) == 46.6  # as printed by Senn and Auclair


def test_a_mixed_model_of_complete_pairs_is_the_t_test_and_of_incomplete_ones_that_of_lme():
    values, design, unit = crossover_design(AB, BA)
    found, plain = fit(values, design, {"unit": unit}).contrast(TREATMENT), crossover(AB, BA)["treatment"]
    assert [found[name] for name in ("estimate", "se", "df", "p")] == pytest.approx(
        [plain[name] for name in ("difference", "se", "df", "p")]
    )
    ab, ba = AB.copy(), BA.copy()
    ab[0, 1] = ba[1, 0] = ba[5, 1] = math.nan
    values, design, unit = crossover_design(ab, ba)
    assert len(values) == 23
    found = fit(values, design, {"unit": unit}).contrast(TREATMENT, "satterthwaite")
    source = "R nlme 3.1-162 lme"
    agrees("crossover, mixed model", "difference", source, found["estimate"], R["mixed_incomplete"]["est"], rel=1e-6)
    agrees("crossover, mixed model", "SE", source, found["se"], R["mixed_incomplete"]["se"], rel=1e-6)


def test_yes_and_no_agree_with_exact_tests():
    found = crossover_binary(answers(6, 0, 6, 22), answers(9, 4, 2, 18))
    assert found["mcnemar"]["n"] == 67 and (found["mcnemar"]["only_a"], found["mcnemar"]["only_b"]) == (10, 2)
    agrees(
        "Mainland-Gart test",
        "p",
        "R 4.2.2 fisher.test",
        found["mainland_gart"]["fisher_p"],
        R["binary"]["fisher_p"],
        rel=1e-9,
    )
    assert math.isnan(found["mainland_gart"]["odds_ratio"])  # infinite
    low = R["binary"]["ci"][0]
    agrees(
        "Mainland-Gart test",
        "exact limits",
        "R 4.2.2 fisher.test",
        found["mainland_gart"]["odds_ratio_low"] ** 2,
        low,
        rel=1e-4,
    )
    agrees("exact McNemar test", "p", "R 4.2.2 binom.test", found["mcnemar"]["p"], R["mcnemar"]["p"], rel=1e-9)
    limits = [p / (1 - p) for p in R["mcnemar"]["ci"]]
    ours = [found["mcnemar"][name] for name in ("odds_ratio_low", "odds_ratio_high")]
    agrees("exact McNemar test", "limits of the odds ratio", "R 4.2.2 binom.test", ours, limits, rel=1e-9)
    other = crossover_binary(answers(5, 3, 9, 5), answers(5, 8, 4, 5))["mainland_gart"]
    ours = [other[name] ** 2 for name in ("odds_ratio", "odds_ratio_low", "odds_ratio_high")]
    agrees(
        "Mainland-Gart test",
        "conditional odds ratio, limits",
        "R 4.2.2 fisher.test",
        ours,
        [R["binary2"]["or"], *R["binary2"]["ci"]],
        rel=2e-3,  # R's limits are searched coarsely
    )
    agrees("Mainland-Gart test", "p", "R 4.2.2 fisher.test", other["fisher_p"], R["binary2"]["fisher_p"], rel=1e-9)


def test_what_is_undefined_has_no_number():
    assert all(math.isnan(value) for value in crossover(AB[:1], BA)["treatment"].values())
    alike = crossover([(1, 2), (2, 3)], [(4, 5), (7, 8)])["treatment"]
    assert alike["difference"] == 0 and alike["se"] == 0 and math.isnan(alike["p"])
    assert math.isnan(crossover_binary(answers(3, 0, 0, 3), answers(2, 0, 0, 2))["mcnemar"]["odds_ratio"])


PAIRS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=12)


@given(PAIRS, PAIRS, st.integers(-9, 9), st.integers(-9, 9))
def test_an_effect_that_is_added_comes_out_again_and_the_person_falls_out(ab, ba, effect, period):
    ab, ba = numpy.array(ab, dtype=float), numpy.array(ba, dtype=float)
    before = crossover(ab, ba)
    own = numpy.arange(len(ab))[:, None] * 1000.0  # levels of people
    after = crossover(ab + own + [effect, period], ba + [0, period + effect])
    for name, added in (("treatment", effect), ("period", period)):
        assert after[name]["difference"] == pytest.approx(before[name]["difference"] + added, abs=1e-6)
        assert after[name]["se"] == pytest.approx(before[name]["se"], abs=1e-6)
    swapped = crossover(ba, ab)
    assert swapped["treatment"]["difference"] == pytest.approx(-before["treatment"]["difference"], abs=1e-9)

"""Score and exact comparisons of two proportions against R, published intervals, scipy and their own duals."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.basic.proportion import odds_ratio, restricted, score_differences, score_ratio
from scipy.optimize import minimize_scalar
from scipy.stats import contingency, fisher_exact

R = json.loads((Path(__file__).parents[1] / "reference/groups_r.json").read_text())
VICKERS = (56, 70, 48, 80)
METHOD = "two proportions"
NEWCOMBE = "Newcombe 1998, Stat Med 17:873"
COUNTS = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)

chosen(
    METHOD,
    "Miettinen and Nurminen's interval is computed here: the score interval of a difference in statsmodels 0.15.0 is "
    "wrong in its upper limit (0.3440 instead of 0.3382 for 56/70 - 48/80). It has the factor N/(N - 1), Mee's has "
    "not; R's PropCIs gives the former.",
)
chosen(METHOD, "The score interval of a risk ratio is Koopman's, as in PropCIs; with the factor N/(N - 1) it is wider.")
chosen(
    METHOD, "Fisher's two-sided p sums the tables that are no more probable, as in R and SAS; twice a tail is larger."
)


def limits(found, name):
    return [found[f"{name}_low"], found[f"{name}_high"]]


def test_score_intervals_of_the_difference_agree():
    found = score_differences(*VICKERS)
    for name, words in (("miettinen_nurminen", "Miettinen-Nurminen interval"), ("mee", "Mee interval")):
        expected = R["risk_difference"][name]
        agrees(
            METHOD, words, "root of the restricted likelihood, computed apart", limits(found, name), expected, rel=1e-9
        )
        short = {"miettinen_nurminen": "mn"}.get(name, name)
        published = R["risk_difference"]["published_newcombe_1998"][short]
        agrees(METHOD, words, f"{NEWCOMBE}, methods 5 and 6", limits(found, name), published, abs=5e-5)
    ours = limits(found, "miettinen_nurminen")
    agrees(METHOD, "Miettinen-Nurminen interval", "PropCIs 0.3-0 diffscoreci", ours, R["propcis"]["mn"], abs=1e-7)


def test_published_table_of_intervals_agrees():
    counts, expected = R["newcombe_1998"]["counts"], R["newcombe_1998"]["miettinen_nurminen"]
    ours = [limits(score_differences(*table), "miettinen_nurminen") for table in counts]
    agrees(METHOD, "Miettinen-Nurminen interval, eight tables", f"{NEWCOMBE}, table II", ours, expected, abs=5.1e-5)


def test_score_interval_of_the_ratio_agrees():
    ours = limits(score_ratio(*VICKERS), "risk_ratio_score")
    agrees(
        METHOD, "risk ratio, Koopman interval", "PropCIs 0.3-0 riskscoreci", ours, R["propcis"]["rr_score"], rel=1e-6
    )


def test_odds_ratio_agrees():
    found = odds_ratio(*VICKERS)
    r = R["fisher"]
    agrees(METHOD, "Fisher p", "R 4.2.2 fisher.test", found["fisher_p"], r["p.value"], rel=1e-10)
    agrees(METHOD, "conditional odds ratio", "R 4.2.2 fisher.test", found["odds_ratio"], r["estimate"], rel=1e-5)
    agrees(
        METHOD,
        "exact interval of the odds ratio",
        "R 4.2.2 fisher.test (uniroot)",
        limits(found, "odds_ratio"),
        r["conf.int"],
        rel=1e-3,
    )


@settings(deadline=None, max_examples=40)
@given(COUNTS)
def test_odds_ratio_agrees_with_scipy(counts):
    a, n, c, m = counts
    found = odds_ratio(a, n, c, m, 0.9)
    table = np.array([[a, n - a], [c, m - c]])
    assert found["fisher_p"] == pytest.approx(fisher_exact(table).pvalue, rel=1e-6)
    theirs = contingency.odds_ratio(table)
    interval = theirs.confidence_interval(0.9)
    for ours, value in (
        (found["odds_ratio"], theirs.statistic),
        (found["odds_ratio_low"], interval.low),
        (found["odds_ratio_high"], interval.high),
    ):
        assert ours == pytest.approx(value if math.isfinite(value) else math.nan, rel=1e-6, nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(COUNTS, st.floats(-0.95, 0.95))
def test_restricted_proportions_are_the_most_likely_ones(counts, difference):
    a, n, c, m = counts
    second = restricted(counts, difference)
    first = second + difference
    assert first - second == pytest.approx(difference, abs=1e-12)

    def likelihood(q):
        parts = ((a, q + difference), (n - a, 1 - q - difference), (c, q), (m - c, 1 - q))
        return sum(k * math.log(max(x, 1e-300)) for k, x in parts if k)

    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    best = minimize_scalar(lambda q: -likelihood(q), bounds=(low, high), method="bounded", options={"xatol": 1e-11})
    assert likelihood(second) >= -best.fun - 1e-6


@settings(deadline=None, max_examples=60)
@given(COUNTS)
def test_intervals_mirror_hold_the_estimate_and_stay_in_range(counts):
    a, n, c, m = counts
    found, other = score_differences(*counts), score_differences(c, m, a, n)
    for name in ("miettinen_nurminen", "mee"):
        low, high = limits(found, name)
        assert -1 <= low <= a / n - c / m + 1e-9 and a / n - c / m - 1e-9 <= high <= 1
        assert [-high, -low] == pytest.approx(limits(other, name), abs=1e-8)
    assert found["miettinen_nurminen_high"] >= found["mee_high"] - 1e-9
    low, high = limits(score_ratio(*counts), "risk_ratio_score")
    back = limits(score_ratio(c, m, a, n), "risk_ratio_score")
    if a and c:
        assert [1 / high, 1 / low] == pytest.approx(back, rel=1e-6)


def test_what_has_no_value():
    assert all(math.isnan(v) for v in {**score_differences(0, 0, 3, 7), **odds_ratio(0, 0, 3, 7)}.values())
    assert all(math.isnan(v) for v in {**score_ratio(0, 4, 0, 7), **score_ratio(0, 0, 3, 7)}.values())
    found = odds_ratio(0, 4, 0, 7)
    assert math.isnan(found["odds_ratio"]) and found["odds_ratio_low"] == 0 and found["fisher_p"] == 1
    assert limits(score_ratio(0, 10, 5, 10), "risk_ratio_score") == [0.0, pytest.approx(0.6129, abs=1e-4)]
    for function in (score_differences, score_ratio, odds_ratio):
        with pytest.raises(ValueError, match="exceeds"):
            function(3, 2, 1, 2)

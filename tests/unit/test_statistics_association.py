"""Correlation and limits of agreement, of the peak flow rates that Bland and Altman printed, against R."""

import math

import pytest
from agreements import agrees, chosen
from omtrace.statistics.basic.association import correlation, limits_of_agreement, trend_of_differences

# Lancet 1986;1:307, table 1: first readings of the large and the mini Wright meter, l/min.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
R = "R 4.2.2"
# cor.test(method = ...), exact = FALSE for Spearman: estimate, p
TESTS = {
    "pearson": (0.94327944689095, 1.399501339887e-08),
    "spearman": (0.89950980392157, 8.964818375507e-07),
    "kendall": (0.76470588235294, 2.0270077800699e-06),
}

chosen(
    "limits of agreement",
    "Intervals of the limits are exact (noncentral t, Carkeet 2015); the approximation of 1986 is narrower and even.",
)


@pytest.mark.parametrize("kind", TESTS)
def test_correlations_agree_with_r(kind):
    found = correlation(LARGE, MINI, kind)
    ours = [found["correlation_coefficient"], found["p"]]
    agrees("correlation", f"{kind}: estimate, p", f"{R} cor.test", ours, TESTS[kind], rel=1e-10)
    if kind == "pearson":
        ours = [found["ci_low"], found["ci_high"]]
        agrees(
            "correlation", "Pearson's interval", f"{R} cor.test", ours, (0.84635880879246, 0.97973133735192), rel=1e-12
        )
    assert found["ci_low"] < found["correlation_coefficient"] < found["ci_high"] < 1


def test_intervals_of_ranks_are_those_of_bonett_and_wright():
    found = correlation(LARGE, MINI, "spearman")
    half = 1.959963984540054 * math.sqrt((1 + found["correlation_coefficient"] ** 2 / 2) / 14)
    assert math.atanh(found["ci_high"]) - math.atanh(found["correlation_coefficient"]) == pytest.approx(half)
    found = correlation(LARGE, MINI, "kendall")
    half = 1.959963984540054 * math.sqrt(0.437 / 13)
    assert math.atanh(found["correlation_coefficient"]) - math.atanh(found["ci_low"]) == pytest.approx(half)


def test_limits_of_agreement_agree_with_r_and_with_what_was_printed():
    found = limits_of_agreement(LARGE, MINI)
    printed = [
        found["difference"],
        found["sd"],
        found["difference"] - 2 * found["sd"],
        found["difference"] + 2 * found["sd"],
    ]
    agrees(
        "limits of agreement", "mean, SD, -+ 2 SD", "Bland and Altman 1986", printed, [-2.1, 38.8, -79.7, 75.5], abs=0.1
    )
    ours = [found[name] for name in ("agreement_lower", "agreement_upper")]
    agrees("limits of agreement", "limits", R, ours, [-78.095905467112, 73.860611349465], rel=1e-12)
    ours = [found["agreement_upper_low"], found["agreement_upper_high"]]
    agrees("limits of agreement", "interval of a limit", f"{R} qt(ncp)", ours, [48.8596372991, 119.925504177], rel=1e-9)
    low = found["difference"] - found["agreement_lower_low"]
    assert low == pytest.approx(found["agreement_upper_high"] - found["difference"])


def test_trend_of_differences_agrees_with_r():
    found = trend_of_differences(LARGE, MINI)
    ours = [found[name] for name in ("dose_slope", "se", "p")]
    expected = [0.0286874451525492, 0.0882064082765469, 0.749498533649294]
    agrees("limits of agreement", "slope, SE, p of the difference on the mean", f"{R} lm", ours, expected, rel=1e-10)


@pytest.mark.parametrize(
    ("function", "a", "b", "words"),
    [
        (correlation, [1, 2, 3], [1, 2, 3], "3 pairs; at least 4"),
        (correlation, [1, 1, 1, 1], [1, 2, 3, 4], "do not vary"),
        (limits_of_agreement, [1, 2], [1, 3], "2 pairs; at least 3"),
        (limits_of_agreement, [1, 2, 3], [2, 3, 4], "the differences do not vary"),
        (trend_of_differences, [1, 2, 3], [3, 2, 1], "means of the pairs do not vary"),
        (limits_of_agreement, [1, 2, 3], [2, 3], "no pairs"),
    ],
)
def test_what_is_not_determined_is_refused(function, a, b, words):
    with pytest.raises(ValueError, match=words):
        function(a, b)


def test_a_perfect_correlation_has_no_width():
    found = correlation([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert found["ci_low"] == found["ci_high"] == found["correlation_coefficient"] == 1

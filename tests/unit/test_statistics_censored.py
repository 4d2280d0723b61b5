"""Censored regression and summaries of values below limits, against R and against what must hold."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.assay.censored import ABOVE, BELOW, SEEN, fit_censored, intercept
from omtrace.statistics.assay.nondetects import (
    kaplan_meier,
    kaplan_meier_summary,
    peto_prentice,
    plotting_positions,
    ros,
    ros_values,
    substituted,
)
from scipy.optimize import minimize
from scipy.stats import norm

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "assay_r.json").read_text())
with open(REFERENCE / "lod.csv", newline="") as file:
    ROWS = list(csv.DictReader(file))
VALUES = np.array([float(row["value"]) for row in ROWS])
IS_BELOW = np.array([row["cens"] == "1" for row in ROWS])
GROUP = np.array([float(row["grp"]) for row in ROWS])
NADA, SURVIVAL = "R NADA 1.6-1.1", "R survival 3.5-3"


def states(below, above=None):
    return np.where(below, BELOW, SEEN) + (0 if above is None else np.where(above, ABOVE, 0))


def minus_log_likelihood(theta, y, s, x):
    sigma = math.exp(theta[-1])
    z = (y - x @ theta[:-1]) / sigma
    parts = np.where(s == SEEN, norm.logpdf(z) - theta[-1], np.where(s == BELOW, norm.logcdf(z), norm.logsf(z)))
    return -parts.sum()


def test_censored_regression_agrees_with_survreg():
    fit, expected = fit_censored(np.log(VALUES), states(IS_BELOW), intercept(40, GROUP)), R["tobit"]
    source = f"{SURVIVAL} survreg"
    agrees("censored regression", "coefficients", source, fit.coefficients, expected["coef"], rel=1e-7)
    agrees("censored regression", "scale", source, fit.sigma, expected["scale"], rel=1e-7)
    agrees("censored regression", "SE", source, [*fit.se, math.sqrt(fit.covariance[-1, -1])], expected["se"], rel=1e-7)
    agrees("censored regression", "log-likelihood", source, fit.log_likelihood, expected["ll"], rel=1e-9)
    plain = fit.combination([0, 1], small_sample=False)
    assert plain["p"] == pytest.approx(2 * norm.sf(expected["coef"][1] / expected["se"][1]), rel=1e-6)
    chosen(
        "censored regression",
        "survival programs give maximum likelihood standard errors and normal quantiles; group comparisons here "
        "multiply the standard error by sqrt(n / (n − p)) and take Student's t, which is least squares where nothing "
        "is censored.",
    )


def test_lognormal_mean_agrees_with_cenmle():
    fit = fit_censored(np.log(VALUES), states(IS_BELOW), np.ones((40, 1)))
    mean = math.exp(fit.coefficients[0] + fit.sigma**2 / 2)
    source = f"{NADA} cenmle"
    agrees("censored regression", "mean of lognormal values", source, mean, R["cenmle"]["mean"][0], rel=1e-6)
    agrees("censored regression", "median", source, math.exp(fit.coefficients[0]), R["cenmle"]["median"], rel=1e-6)


def test_both_sides_against_a_search_without_gradient():
    generator = np.random.default_rng(5)
    x = intercept(60, generator.normal(size=60), np.repeat([0.0, 1.0], 30))
    y = x @ [1.0, 0.5, -0.7] + 0.8 * generator.normal(size=60)
    low, high = np.where(np.arange(60) % 2, 0.0, 0.4), 2.0
    s = states(y < low, y > high)
    y = np.clip(y, low, high)
    fit = fit_censored(y, s, x)
    found = minimize(
        minus_log_likelihood,
        [1, 0, 0, 0],
        (y, s, x),
        "Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 9000, "maxfev": 9000},
    )
    assert fit.log_likelihood >= -found.fun - 1e-9
    assert fit.coefficients == pytest.approx(found.x[:-1], abs=1e-5)
    step = 1e-4  # the covariance against second differences of the log-likelihood
    theta, eye = np.append(fit.coefficients, math.log(fit.sigma)), step * np.eye(4)
    hessian = [
        [
            sum(
                a * b * minus_log_likelihood(theta + a * eye[i] + b * eye[j], y, s, x) for a in (1, -1) for b in (1, -1)
            )
            for j in range(4)
        ]
        for i in range(4)
    ]
    assert np.linalg.inv(np.array(hessian) / (4 * step**2)) == pytest.approx(fit.covariance, rel=1e-4, abs=1e-7)


def test_without_limits_it_is_least_squares():
    y, x = np.log(VALUES), intercept(40, GROUP)
    fit = fit_censored(y, np.zeros(40), x)
    beta, rss, *_ = np.linalg.lstsq(x, y, rcond=None)
    found = fit.combination([0, 1])
    assert fit.coefficients == pytest.approx(beta, rel=1e-10)
    assert found["se"] == pytest.approx(math.sqrt(rss[0] / 38 * np.linalg.inv(x.T @ x)[1, 1]), rel=1e-9)
    assert found["df"] == 38


def test_turning_the_axis_turns_the_sides():
    up = fit_censored(np.log(VALUES), states(IS_BELOW), intercept(40, GROUP))
    down = fit_censored(-np.log(VALUES), -states(IS_BELOW), intercept(40, GROUP))
    assert down.coefficients == pytest.approx(-up.coefficients, rel=1e-9)
    assert down.covariance[:-1, :-1] == pytest.approx(up.covariance[:-1, :-1], rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(-50, 50), st.floats(0.01, 100), st.integers(0, 10**6))
def test_shift_and_scale_of_the_values_do_not_matter(shift, scale, seed):
    generator = np.random.default_rng(seed)
    y, x = generator.normal(size=24), intercept(24, np.repeat([0.0, 1.0], 12))
    s = states(y < -0.5)
    plain, moved = fit_censored(np.maximum(y, -0.5), s, x), fit_censored(shift + scale * np.maximum(y, -0.5), s, x)
    assert moved.sigma == pytest.approx(scale * plain.sigma, rel=1e-6)
    assert moved.coefficients[1] == pytest.approx(scale * plain.coefficients[1], rel=1e-6, abs=1e-7 * scale)


def test_profile_interval_is_where_the_likelihood_has_fallen():
    y, s, x = np.log(VALUES), states(IS_BELOW), intercept(40, GROUP)
    fit = fit_censored(y, s, x)
    low, high = fit.profile(1)
    for end in (low, high):
        held = fit_censored(y - end * x[:, 1], s, x[:, :1])
        assert 2 * (fit.log_likelihood - held.log_likelihood) == pytest.approx(3.841458820694124, rel=1e-7)
    assert low < fit.coefficients[1] < high


@pytest.mark.parametrize("size", [8, 20])
def test_the_interval_keeps_its_level_where_half_the_limit_does_not(size):
    generator, truth, tries = np.random.default_rng(11), 1.2, 400
    x, log_limit, spread = intercept(2 * size, np.repeat([0.0, 1.0], size)), 0.2, 0.4
    covered, fooled, tried = 0, 0, 0
    for _ in range(tries):
        y = x @ [0.0, truth] + spread * generator.normal(size=2 * size)
        s = states(y < log_limit)
        if not (s[:size] == SEEN).any():
            continue
        tried += 1
        found = fit_censored(np.maximum(y, log_limit), s, x).combination([0, 1])
        covered += found["ci_low"] <= truth <= found["ci_high"]
        halved = np.where(s == BELOW, log_limit - math.log(2), y)
        naive = fit_censored(halved, np.zeros(2 * size), x).combination([0, 1])
        fooled += naive["ci_low"] <= truth <= naive["ci_high"]
    assert tried > 0.9 * tries
    assert covered / tried > 0.93
    assert fooled / tried < 0.87


@pytest.mark.parametrize(
    ("y", "s", "groups", "complaint"),
    [
        ([1, 2, 3, 4, 5, 6], [0, 0, 0, -1, -1, -1], [0, 0, 0, 1, 1, 1], "whole group"),
        ([1, 1, 1, 2, 2, 2], [0] * 6, [0, 0, 0, 1, 1, 1], "fitted exactly"),
        ([1, 2, 3, 4, 5, 6], [-1] * 6, [0, 0, 0, 1, 1, 1], "nothing can be estimated"),
        ([1, 2, 3, 4, 5, 6], [2] * 6, [0, 0, 0, 1, 1, 1], "states"),
        ([1, 2, math.nan, 4, 5, 6], [0] * 6, [0, 0, 0, 1, 1, 1], "missing"),
        ([1, 2, 3, 4, 5, 6], [0] * 6, [1, 1, 1, 1, 1, 1], "depend"),
        ([1, 2], [0, 0], [0, 1], "2 values for 2"),
    ],
)
def test_what_cannot_be_estimated_says_why(y, s, groups, complaint):
    with pytest.raises(ValueError, match=complaint):
        fit_censored(y, s, intercept(len(y), groups))


def test_limits_on_both_sides_of_a_group_give_an_estimate():
    fit = fit_censored([1, 2, 3, 4, 5, 6], [0, 0, 0, -1, 1, -1], intercept(6, [0, 0, 0, 1, 1, 1]))
    assert np.isfinite(fit.covariance).all()


def test_ros_agrees_with_nada():
    found, expected, source = ros(VALUES, IS_BELOW), R["ros"], f"{NADA} ros"
    for name in ("mean", "sd", "median"):
        agrees("regression on order statistics", name, source, found[name], expected[name], rel=1e-10)
    positions = np.sort(plotting_positions(VALUES, IS_BELOW))
    agrees("regression on order statistics", "positions", source, positions, np.sort(expected["pp"]), abs=1e-12)
    filled = np.sort(ros_values(VALUES, IS_BELOW))
    agrees("regression on order statistics", "filled-in values", source, filled, expected["modeled"], rel=1e-10)


def test_kaplan_meier_agrees_with_survfit_of_turned_values():
    points, share = kaplan_meier(VALUES, IS_BELOW)
    assert points == pytest.approx(R["km_flip"]["x"], abs=1e-12)
    agrees("Kaplan-Meier below limits", "share", f"{SURVIVAL} survfit", share, R["km_flip"]["F"], abs=1e-12)
    found = kaplan_meier_summary(VALUES, IS_BELOW)
    agrees("Kaplan-Meier below limits", "median", f"{SURVIVAL} survfit", found["median"], R["km_median"], rel=1e-12)
    lifted = np.where(VALUES < VALUES[~IS_BELOW].min(), VALUES[~IS_BELOW].min(), VALUES)
    nada = kaplan_meier_summary(lifted, IS_BELOW)
    agrees("Kaplan-Meier below limits", "mean", f"{NADA} cenfit", nada["mean"], R["cenfit"]["mean"][0], rel=1e-12)
    agrees("Kaplan-Meier below limits", "SE of mean", f"{NADA} cenfit", nada["se"], R["cenfit"]["mean"][1], rel=1e-12)
    chosen(
        "Kaplan-Meier below limits",
        "NADA puts what lies below the lowest limit at the lowest value seen and takes the lower of two middle values "
        "for the median; here it is put at the lowest limit, and the median is the middle of the two, as survfit's.",
    )


def test_rank_test_agrees_with_cendiff():
    found = peto_prentice(VALUES, IS_BELOW, GROUP)
    agrees("Peto-Prentice test", "chi-squared", f"{NADA} cendiff", found["chi_squared"], R["cendiff"], rel=1e-10)
    assert found["df"] == 1


def test_without_limits_the_summaries_are_the_ordinary_ones():
    none = np.zeros(40, dtype=bool)
    found = kaplan_meier_summary(VALUES, none)
    assert found["mean"] == pytest.approx(VALUES.mean(), rel=1e-12)
    assert found["se"] == pytest.approx(VALUES.std(ddof=1) / math.sqrt(40), rel=1e-12)
    assert found["median"] == pytest.approx(np.median(VALUES), rel=1e-12)
    assert ros(VALUES, none)["mean"] == pytest.approx(VALUES.mean(), rel=1e-12)


def test_median_below_the_lowest_limit_is_none():
    assert math.isnan(kaplan_meier_summary([1, 1, 1, 4], [True, True, True, False])["median"])
    assert kaplan_meier_summary([1, 2, 3, 4], [True, False, False, False])["median"] == 2.5


def test_substitution_is_what_it_says():
    assert substituted([4, 8], [True, False]).tolist() == [2, 8]
    with pytest.raises(ValueError, match="one True or False"):
        substituted([4, 8], [True])
    with pytest.raises(ValueError, match="positive"):
        ros([0, 1, 2, 3], [True, False, False, False])
    with pytest.raises(ValueError, match="3"):
        ros([1, 1, 2, 2], [True, False, False, False])
    with pytest.raises(ValueError, match="one group"):
        peto_prentice([1, 2], [False, False], ["a", "a"])

"""The batched four-parameter logistic fit against R, scipy and its own definition."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from omtrace.statistics.curves import four_pl_search
from omtrace.statistics.curves.calibration import judged
from omtrace.statistics.curves.fitted import CHUNK, FLAT, HOOK, NOT_CONVERGED, NOT_IDENTIFIABLE, TOO_FEW
from omtrace.statistics.curves.four_pl import fit_four_pl
from scipy.optimize import least_squares

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "four_pl.json").read_text())
LEVELS = np.array([0, 46.875, 93.75, 187.5, 375, 750, 1500, 3000])
SIGNALS = (0.5, 1, 2)


def curve(x, a, b, c, d):
    return d + (a - d) / (1 + (np.asarray(x) / c) ** b)


@pytest.fixture(scope="module")
def standards():
    with open(REFERENCE / "elisa_std.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([float(row["conc"]) for row in rows]), np.array([float(row["od"]) for row in rows])


@pytest.fixture(params=["none", "1/y2"])
def weighted(request, standards):
    x, y = standards
    return request.param, fit_four_pl(x, y, None if request.param == "none" else 1 / y**2)


def test_coefficients_agree_with_nls(weighted):
    name, fit = weighted
    found, (minus_b, a, d, log_c) = fit.numbers(), R["nls"][name]["coef"]
    assert fit.refusal[0] == ""
    assert [found["a"], found["b"], found["c"], found["d"]] == pytest.approx(
        [a, -minus_b, math.exp(log_c), d], rel=1e-6
    )
    assert found["rss"] == pytest.approx(R["nls"][name]["rss"], rel=1e-10)
    assert (found["n"], found["levels"], found["df"]) == (16, 8, 12)


def test_coefficients_agree_with_drc(weighted):
    name, fit = weighted
    found, (minus_b, a, d, c) = fit.numbers(), R["drc"][name]["coef"]
    # drc stops early: its residual sum of squares is the larger one
    assert [found["a"], found["b"], found["c"], found["d"]] == pytest.approx([a, -minus_b, c, d], rel=1e-3)
    assert found["rss"] <= R["drc"][name]["rss"] * (1 + 1e-12)
    assert found["rss"] == pytest.approx(R["drc"][name]["rss"], rel=1e-5)


def test_covariance_agrees_with_nls(weighted):
    name, fit = weighted
    # theirs is of (-B, A, D, log C); ours of (A, B, C, D)
    c = fit.c[0]
    turn = np.zeros((4, 4))
    turn[0, 1] = -1
    turn[1, 0] = turn[2, 3] = 1
    turn[3, 2] = 1 / c
    assert turn @ fit.covariance[0] @ turn.T == pytest.approx(np.array(R["nls"][name]["vcov"]), rel=1e-5)
    assert fit.numbers()["c_se"] == pytest.approx(math.sqrt(fit.covariance[0, 2, 2]), rel=1e-14)


def test_inverse_prediction_agrees_with_delta_method(weighted):
    name, fit = weighted
    expected = np.array(R["nls"][name]["inv"])
    assert fit.inverse(SIGNALS)[0] == pytest.approx(expected[:, 0], rel=1e-6)
    assert fit.inverse_se(SIGNALS)[0] == pytest.approx(expected[:, 1], rel=1e-6)


def test_variance_of_the_signal_adds_by_the_slope(weighted):
    _, fit = weighted
    step = 1e-5
    slope = (fit.inverse(1 + step)[0, 0] - fit.inverse(1 - step)[0, 0]) / (2 * step)
    with_noise, without = fit.inverse_se([1.0], 0.01)[0, 0], fit.inverse_se([1.0])[0, 0]
    assert with_noise**2 - without**2 == pytest.approx(0.01 * slope**2, rel=1e-6)


def test_inverse_undoes_predict_and_knows_its_limits():
    fit = fit_four_pl(LEVELS, curve(LEVELS, 0.05, 1.1, 900, 3.2))
    assert fit.inverse(fit.predict(LEVELS[1:]))[0] == pytest.approx(LEVELS[1:], rel=1e-9)
    assert fit.predict(0)[0, 0] == fit.a[0]
    assert np.isnan(fit.inverse([0.04, 3.3, fit.d[0], np.nan])).all()
    assert fit.inverse(fit.a[0])[0, 0] == 0
    assert np.isnan(fit.inverse_se([0.04, fit.a[0]])).all()


def test_exact_curves_are_recovered():
    truth = np.array([(0.05, 1.1, 900, 3.2), (2.5, 0.8, 200, 0.1), (0.0, 4.0, 500, 1.0), (0.02, 1.0, 4500, 6.4)])
    y = np.array([curve(LEVELS, *p) for p in truth])
    fit = fit_four_pl(LEVELS, y)
    assert list(fit.refusal) == [""] * 4
    assert np.column_stack([fit.a, fit.b, fit.c, fit.d]) == pytest.approx(truth, rel=1e-7, abs=1e-9)
    assert fit.rss == pytest.approx(0, abs=1e-20)


def noisy(k, seed=1, noise=0.03):
    generator = np.random.default_rng(seed)
    c = 700 * np.exp(0.4 * generator.standard_normal((k, 1)))
    b = np.exp(0.3 * generator.standard_normal((k, 1)))
    return curve(LEVELS, 0.06, b, c, 2.9) * (1 + noise * generator.standard_normal((k, LEVELS.size)))


def test_optimum_is_that_of_scipy_from_many_starts():
    y = noisy(8, noise=0.05)
    fit = fit_four_pl(LEVELS, y)
    for i, row in enumerate(y):
        costs = []
        for log_b in (-0.5, 0, 0.7):
            for log_c in np.log([50.0, 300.0, 2000.0]):
                found = least_squares(
                    lambda t, row=row: curve(LEVELS, t[0], np.exp(t[1]), np.exp(t[2]), t[3]) - row,
                    [row[0], log_b, log_c, row[-1]],
                    bounds=([-9, -3, 0, -9], [9, 3, 12, 99]),
                    xtol=1e-13,
                    ftol=1e-13,
                    gtol=1e-13,
                )
                costs.append(2 * found.cost)
        assert fit.refusal[i] == ""
        assert fit.rss[i] == pytest.approx(min(costs), rel=1e-9)


def test_gradient_vanishes_at_the_optimum():
    y, weights = noisy(20), np.random.default_rng(2).uniform(0.2, 5, (20, LEVELS.size))
    fit = fit_four_pl(LEVELS, y, weights)
    scale = np.sqrt(fit.rss / fit.df)
    assert (fit.vague == "").sum() == 18  # the weights leave two of them without an upper plateau
    for i in np.flatnonzero(fit.vague == ""):
        p = np.array([fit.a[i], fit.b[i], fit.c[i], fit.d[i]])
        se = np.sqrt(np.diagonal(fit.covariance[i]))
        residual = y[i] - curve(LEVELS, *p)
        for j in range(4):
            step = np.zeros(4)
            step[j] = 1e-4 * se[j]
            with np.errstate(divide="ignore"):
                slope = (curve(LEVELS, *(p + step)) - curve(LEVELS, *(p - step))) / 2e-4
            # of the residual SD, for a move of one standard error
            assert abs(weights[i] * residual @ slope) / scale[i] ** 2 < 1e-6


def test_scale_of_weights_and_axes_does_not_matter():
    y = noisy(5)
    plain = fit_four_pl(LEVELS, y)
    scaled = fit_four_pl(1e-6 * LEVELS, 1e4 * y, np.full(8, 37.0))
    for name, factor in (("a", 1e4), ("b", 1), ("c", 1e-6), ("d", 1e4), ("rss", 37e8)):
        assert getattr(scaled, name) == pytest.approx(factor * getattr(plain, name), rel=1e-7)
    ratio = np.array([1e4, 1, 1e-6, 1e4])
    assert scaled.covariance == pytest.approx(plain.covariance * np.outer(ratio, ratio), rel=1e-6)


def test_masked_points_do_not_count_and_may_hold_anything():
    y = noisy(3)
    used = np.ones((3, 8), dtype=bool)
    used[0, 3] = used[2, [1, 5]] = False
    soiled = np.where(used, y, np.nan)
    fit = fit_four_pl(LEVELS, soiled, used=used)
    assert list(fit.n) == list(fit.levels) == [7, 8, 6]
    for i in range(3):
        alone = fit_four_pl(LEVELS[used[i]], y[i, used[i]])
        assert fit.numbers(i) == pytest.approx(alone.numbers(), rel=1e-7)
        assert fit.take(i).numbers() == fit.numbers(i)


def test_replicates_are_points_of_one_level():
    y = noisy(1)[0]
    twice = fit_four_pl(np.repeat(LEVELS, 2), np.repeat(y, 2))
    once = fit_four_pl(LEVELS, y)
    assert (twice.n[0], twice.levels[0]) == (16, 8)
    assert twice.c[0] == pytest.approx(once.c[0], rel=1e-8)
    assert twice.rss[0] == pytest.approx(2 * once.rss[0], rel=1e-10)


def test_a_large_batch_is_the_same_as_its_parts():
    y = noisy(CHUNK + 40)
    fit = fit_four_pl(LEVELS, y)
    assert (fit.refusal == "").mean() > 0.98
    for i in (0, CHUNK - 1, CHUNK, CHUNK + 39):
        assert fit.numbers(i) == pytest.approx(fit_four_pl(LEVELS, y[i]).numbers(), rel=1e-7)


def test_back_calculation_and_recovery():
    y = noisy(1, noise=0.01)
    fit = fit_four_pl(LEVELS, y)
    read, recovery = fit.back_calculate(LEVELS, y)
    assert read[0, 1:] == pytest.approx(LEVELS[1:], rel=0.2)
    assert recovery[0, 1:] == pytest.approx(100 * read[0, 1:] / LEVELS[1:], rel=1e-14)
    assert math.isnan(recovery[0, 0])


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (LEVELS[:4], [0.1, 0.4, 0.8, 1.5], TOO_FEW),
        ([0, 0, 10, 10, 20, 20, 40, 40], [0.1, 0.1, 0.5, 0.6, 1.0, 1.1, 1.9, 2.0], TOO_FEW),
        (LEVELS, [0.3] * 8, FLAT),
        (LEVELS, [0.31, 0.29, 0.30, 0.32, 0.28, 0.31, 0.30, 0.29], FLAT),
        (LEVELS, [0.1, 0.3, 0.6, 1.0, 1.6, 2.2, 1.9, 1.4], HOOK),
    ],
)
def test_refusals_have_a_reason_and_no_numbers(x, y, reason):
    fit = fit_four_pl(x, y)
    assert fit.refusal[0] == reason
    numbers = fit.numbers()
    assert (numbers.pop("n"), numbers.pop("levels")) == (len(x), len(set(x)))
    numbers.pop("df")
    assert all(math.isnan(value) for value in numbers.values())
    assert np.isnan(fit.inverse(SIGNALS)).all() and np.isnan(fit.inverse_se(SIGNALS)).all()


@pytest.mark.parametrize(
    "y",
    [0.1 + 0.001 * LEVELS, curve(LEVELS, 0.05, 1.1, 50_000, 3.0), (LEVELS > 300) * 2.0],
    ids=["line", "low", "step"],
)
def test_coefficients_that_the_levels_do_not_determine_are_not_named(y):
    fit = fit_four_pl(LEVELS, y)
    assert (fit.refusal[0], fit.vague[0]) == ("", NOT_IDENTIFIABLE)
    numbers = fit.numbers()
    assert all(math.isnan(numbers[name]) for name in ("a", "b", "c", "d", "a_se", "b_se", "c_se", "d_se"))
    assert math.isfinite(numbers["rss"])


@pytest.mark.parametrize("cover", [0.29, 0.31, 0.1])
def test_a_curve_without_a_plateau_can_be_read_from(cover):
    """A well-made plate whose top standard shows only a part of the rise reads back what was in its wells."""
    x = np.repeat(LEVELS, 2)
    top = 3000 * ((1 - cover) / cover) ** (1 / 1.1)
    noise = 1 + 0.01 * np.random.default_rng(5).standard_normal(x.size)
    fit = judged(fit_four_pl(x, curve(x, 0.05, 1.1, top, 3.0) * noise), x, curve(x, 0.05, 1.1, top, 3.0) * noise)
    assert (fit.refusal[0], fit.vague[0]) == ("", NOT_IDENTIFIABLE)
    assert fit.inverse(curve([100, 1000, 2500], 0.05, 1.1, top, 3.0))[0] == pytest.approx([100, 1000, 2500], rel=0.05)


def test_a_refused_curve_leaves_its_neighbours_alone():
    y = noisy(3)
    y[1] = 0.4
    fit = fit_four_pl(LEVELS, y)
    assert list(fit.refusal) == ["", FLAT, ""]
    assert fit.c[2] == pytest.approx(fit_four_pl(LEVELS, y[2]).c[0], rel=1e-8)


def test_search_cut_short_is_not_converged(monkeypatch):
    monkeypatch.setattr(four_pl_search, "STEPS", 2)
    assert fit_four_pl(LEVELS, noisy(1)).refusal[0] == NOT_CONVERGED


def test_noise_alone_rarely_passes_for_a_curve():
    y = 1 + 0.1 * np.random.default_rng(7).standard_normal((500, 8))
    fit = fit_four_pl(LEVELS, y)
    assert set(fit.refusal) - {"", FLAT, HOOK} == set()
    assert (judged(fit, LEVELS, y).refusal == "").mean() < 0.002


def test_wild_scatter_still_converges():
    y = noisy(300, seed=3, noise=0.2)
    assert NOT_CONVERGED not in fit_four_pl(LEVELS, y).refusal


@pytest.mark.parametrize(
    ("x", "y", "weights", "complaint"),
    [
        (LEVELS, [math.nan] * 8, None, "missing"),
        (-LEVELS, [1.0] * 8, None, "negative"),
        (LEVELS, [1.0] * 8, [0.0] * 8, "positive"),
        (LEVELS, [1.0] * 8, [math.inf] * 8, "infinite"),
    ],
)
def test_bad_input_is_refused(x, y, weights, complaint):
    with pytest.raises(ValueError, match=complaint):
        fit_four_pl(x, y, weights)


def test_no_curves_are_no_curves():
    fit = fit_four_pl(LEVELS, np.empty((0, 8)))
    assert fit.refusal.size == fit.a.size == 0
    assert fit.covariance.shape == (0, 4, 4)

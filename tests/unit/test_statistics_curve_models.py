"""Curve models beside the logistic ones, and the judgement of a curve by what it gives back."""

import math

import numpy as np
import pytest
from agreements import agrees
from omtrace.statistics.curves.calibration import (
    MODELS,
    CurveLimits,
    fit_curves,
    judged,
    reading_errors,
    standards_read_back,
    well_variance,
)
from omtrace.statistics.curves.fitted import FLAT, HOOK, TOO_FEW, joined, levels_of
from omtrace.statistics.curves.other_models import NOT_MONOTONE, NOT_POSITIVE_SIGNAL
from scipy.interpolate import PchipInterpolator
from scipy.stats import linregress

LEVELS = np.repeat([0.0, 25, 125, 250, 500, 750, 1000, 1500, 2000], 2)  # a BCA assay's, ug/mL
SHAPES = {
    "linear": lambda x: 0.09 + 0.0006 * x,
    "quadratic": lambda x: 0.09 + 0.0009 * x - 1e-7 * x**2,
    "log-log": lambda x: 0.004 * x**0.8,
    "4PL": lambda x: 2.9 - 2.84 / (1 + (x / 400) ** 1.1),
    "5PL": lambda x: 2.9 - 2.84 / (1 + (x / 400) ** 1.1) ** 0.8,
    "spline": lambda x: 2.9 - 2.84 / (1 + (x / 400) ** 1.1) ** 0.8,
}


def standards(model, cv=0.01, seed=1, x=LEVELS):
    """Levels and signals of a plate that follows a model; log-log leaves the zero standard at its blank."""
    generator = np.random.default_rng(seed)
    y = np.maximum(SHAPES[model](x), 0.001) * (1 + cv * generator.standard_normal(x.size))
    return x, y


def test_every_model_has_a_shape_here():
    assert SHAPES.keys() == MODELS.keys()


@pytest.mark.parametrize("model", SHAPES)
def test_a_plate_that_follows_its_model_gives_back_what_was_in_its_wells(model):
    x, y = standards(model)
    fit = judged(fit_curves(x, y, model), x, y)
    assert fit.refusal[0] == ""
    truth = np.array([60.0, 400, 1800])
    assert fit.inverse(SHAPES[model](truth))[0] == pytest.approx(truth, rel=0.12)
    assert fit.inverse(fit.predict(truth))[0] == pytest.approx(truth, rel=1e-6)


@pytest.mark.parametrize("model", SHAPES)
def test_derivatives_are_those_of_differences(model):
    x, y = standards(model)
    fit, at = fit_curves(x, y, model), np.array([100.0, 700.0])
    slope, gradient = fit.slopes(at)
    assert slope == pytest.approx((fit.predict(at + 0.01) - fit.predict(at - 0.01)) / 0.02, rel=1e-4)
    for j in range(fit.coefficients.shape[1]):
        step = 1e-5 * np.abs(fit.coefficients[0, j])
        ends = []
        for side in (step, -step):
            moved = fit.coefficients.copy()
            moved[0, j] += side
            ends.append(type(fit)(**{**vars(fit), "coefficients": moved}).predict(at))
        assert gradient[:, :, j] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("model", SHAPES)
def test_the_error_of_a_reading_is_that_of_repeated_plates(model):
    """The spread of what 400 simulated plates read at one signal, against the delta method on one of them."""
    generator, at = np.random.default_rng(9), np.array([400.0])
    y = np.maximum(SHAPES[model](LEVELS), 0.001) * (1 + 0.01 * generator.standard_normal((400, LEVELS.size)))
    x = np.broadcast_to(LEVELS, y.shape)
    fits = fit_curves(x, y, model, "none" if model == "log-log" else "1/y2")
    read = fits.inverse(SHAPES[model](at))[:, 0]
    shared = []
    for row in range(40):
        fit = fits.take(row)
        factor = well_variance(LEVELS, y[row], fit, "1/y2")[0]
        shared.append((reading_errors(fit, SHAPES[model](at), factor, "1/y2")[1] ** 2).sum())
    assert math.sqrt(np.mean(shared)) == pytest.approx(read[fits.refusal == ""].std(), rel=0.25)


def test_straight_lines_agree_with_scipy():
    x, y = standards("linear", 0.03)
    fit, found = fit_curves(x, y, "linear"), linregress(x, y)
    source = "scipy.stats.linregress"
    agrees(
        "straight calibration line",
        "coefficients",
        source,
        fit.coefficients[0],
        [found.intercept, found.slope],
        rel=1e-10,
    )
    errors = np.sqrt(np.diagonal(fit.covariance[0]))
    agrees(
        "straight calibration line", "standard errors", source, errors, [found.intercept_stderr, found.stderr], rel=1e-9
    )
    above = x > 0
    line = linregress(np.log10(x[above]), np.log10(y[above]))
    ours = fit_curves(x, y, "log-log")
    agrees(
        "log-log calibration line",
        "coefficients",
        source,
        ours.coefficients[0],
        [line.intercept, line.slope],
        rel=1e-10,
    )


@pytest.mark.parametrize("weighting", ["none", "1/y", "1/y2", "1/x"])
def test_second_degree_curves_agree_with_numpy(weighting):
    from omtrace.statistics.curves.calibration import weights_of

    x, y = standards("quadratic", 0.03)
    fit, w = fit_curves(x, y, "quadratic", weighting), weights_of(x, y, weighting)
    found, covariance = np.polyfit(x, y, 2, w=None if w is None else np.sqrt(w), cov=True)
    source = "numpy.polyfit"
    agrees("second-degree calibration curve", "coefficients", source, fit.coefficients[0], found[::-1], rel=1e-8)
    ours = fit.covariance[0]
    agrees("second-degree calibration curve", "covariance", source, ours, covariance[::-1, ::-1], rel=1e-6)


def test_a_spline_goes_through_the_means_of_the_levels_and_no_further():
    x, y = standards("spline")
    fit, at = fit_curves(x, y, "spline"), levels_of(x[None], y[None], np.ones((1, x.size)))
    assert fit.predict(at.x[0, 1:])[0] == pytest.approx(at.mean[0, 1:], rel=1e-12)
    middle = np.array([60.0, 900.0])
    expected = PchipInterpolator(np.log(at.x[0, 1:]), at.mean[0, 1:])(np.log(middle))
    agrees("calibration spline", "signals", "scipy PchipInterpolator", fit.predict(middle)[0], expected, rel=1e-12)
    assert np.isnan(fit.predict([20.0, 2100.0])).all() and np.isnan(fit.inverse([0.01, 5.0])).all()
    once = fit_curves(x[::2], y[::2], "spline")
    assert np.isnan(once.inverse_se([1.0])).all() and judged(once, x[::2], y[::2]).refusal[0] == ""


@pytest.mark.parametrize(
    ("model", "y", "reason"),
    [
        ("linear", np.full(18, 0.4), FLAT),
        ("linear", np.abs(np.sin(np.arange(18.0))), FLAT),
        ("quadratic", 1 - ((LEVELS - 1000) / 1000) ** 2, HOOK),
        ("quadratic", 1 - ((LEVELS - 1700) / 1700) ** 2, NOT_MONOTONE),
        ("log-log", np.where(LEVELS == 25, -0.01, 0.1 + LEVELS), NOT_POSITIVE_SIGNAL),
        ("spline", np.where(LEVELS == 500, 0.2, 0.001 * LEVELS), NOT_MONOTONE),
        *(
            (model, np.where(LEVELS >= 1500, 2.0 - LEVELS / 2000, LEVELS / 1000), HOOK)
            for model in ("linear", "log-log")
        ),
    ],
)
def test_refusals_have_a_reason_and_no_numbers(model, y, reason):
    fit = fit_curves(LEVELS, y, model)
    assert fit.refusal[0] == reason
    assert np.isnan(fit.inverse([0.5])).all() and np.isnan(fit.inverse_se([0.5])).all()


@pytest.mark.parametrize("model", SHAPES)
def test_too_few_levels_make_no_curve_of_any_model(model):
    x, y = standards(model)
    few = x <= 125
    assert fit_curves(x[few], y[few], model).refusal[0] == TOO_FEW


def test_a_flat_or_hooked_curve_may_be_forced_and_is_then_judged():
    y = np.where(LEVELS >= 1500, 2.0 - LEVELS / 2000, LEVELS / 1000)
    fit = fit_curves(LEVELS, y, "4PL", forced=True)
    assert fit.refusal[0] == "" and judged(fit, LEVELS, y).refusal[0].startswith("standards: fewer than 6 of 8")
    assert judged(fit, LEVELS, y, overridden=True).refusal[0] == ""


# judgement


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (CurveLimits(), ""),
        (
            CurveLimits(standard=0.1, standard_end=0.1),
            "standards: fewer than 6 of 8 levels within 0.1% (0.1% at the ends)",
        ),
        (
            CurveLimits(precision=0.01, precision_end=0.01),
            "imprecise: standards read back with a standard error within",
        ),
        (CurveLimits(standard=0.1, standard_end=0.1, standards_share=0), ""),
    ],
)
def test_a_curve_is_judged_by_recovery_and_precision(limits, says):
    x, y = standards("4PL")
    fit = judged(fit_curves(x, y), x, y, limits=limits)
    assert fit.refusal[0].startswith(says) and bool(fit.refusal[0]) == bool(says)
    assert np.isnan(fit.c[0]) == bool(says)


def test_recovery_and_precision_of_a_level_are_what_they_say():
    x, y = standards("4PL")
    fit = fit_curves(x, y)
    found = standards_read_back(fit, x, y, np.ones(x.shape, dtype=bool))
    there = np.isfinite(found.level[0])
    at = found.level[0][there]
    means = np.array([y[x == level].mean() for level in at])
    assert found.recovery[0][there] == pytest.approx(100 * fit.inverse(means)[0] / at)
    variance = well_variance(x, y, fit)[0] / 2
    expected = 100 * fit.inverse_se(fit.predict(at), variance)[0] / at
    assert found.precision[0][there] == pytest.approx(expected)
    assert found.end[0][there].tolist() == [True, *[False] * 6, True]


def test_plates_with_levels_and_wells_of_their_own_are_judged_as_each_alone():
    x, y = standards("4PL")
    rows = np.stack([x, x, x]), np.stack([y, 3 - y, y])
    used = np.stack([np.ones(x.size, dtype=bool), x != 250, np.arange(x.size) != 5])
    found = standards_read_back(fit_curves(*rows, used=used), *rows, used)
    for row in range(3):
        alone = fit_curves(rows[0][row][used[row]], rows[1][row][used[row]])
        one = standards_read_back(
            alone, rows[0][row][used[row]], rows[1][row][used[row]], np.ones(used[row].sum(), bool)
        )
        there = np.isfinite(found.level[row])
        for name in ("level", "recovery", "precision", "end"):
            expected = getattr(one, name)[0][np.isfinite(one.level[0])]
            assert getattr(found, name)[row][there] == pytest.approx(expected, rel=1e-6)


def test_splines_with_knots_of_their_own_stand_in_one_batch():
    x, y = standards("spline")
    parts = [fit_curves(x, y, "spline"), fit_curves(x[x != 250], y[x != 250], "spline")]
    both = joined(parts)
    for row, part in enumerate(parts):
        assert both.take(row).inverse([0.5, 1.5])[0] == pytest.approx(part.inverse([0.5, 1.5])[0], rel=1e-12)
        assert both.take(row).inverse_se([0.5])[0] == pytest.approx(part.inverse_se([0.5])[0], rel=1e-9)

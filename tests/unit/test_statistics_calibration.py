"""Calibration: five-parameter curves, weights, intervals of what is read back, and curves made to mislead."""

import csv
import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from omtrace.statistics.curves.calibration import fit_curves, judged, level_means, read_back, weights_of, well_variance
from omtrace.statistics.curves.fitted import NOT_IDENTIFIABLE
from omtrace.statistics.curves.five_pl import fit_five_pl, half
from omtrace.statistics.curves.four_pl import fit_four_pl
from scipy.optimize import least_squares
from scipy.stats import t as student

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))
import curves as made  # noqa: E402

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "assay_r.json").read_text())["drc5"]
NLS = json.loads((REFERENCE / "four_pl.json").read_text())["nls"]
with open(REFERENCE / "elisa_std.csv", newline="") as file:
    ROWS = list(csv.DictReader(file))
X, Y = (np.array([float(row[name]) for row in ROWS]) for name in ("conc", "od"))


def five(x, a, b, c, d, g):
    return d + (a - d) / (1 + (np.asarray(x) / c) ** b) ** g


@pytest.mark.parametrize("weighting", ["none", "1/y2"])
def test_five_parameters_agree_with_drc_where_the_slope_has_its_sign(weighting):
    fit = fit_five_pl(X, Y, weights_of(X, Y, weighting), signs=(-1,))
    b, d, a, c, g = R[weighting]["coef"]
    source = "R drc 3.0-1 LL.5"
    ours = [fit.a[0], fit.b[0], fit.c[0], fit.d[0], fit.g[0]]
    agrees("5PL curve", "coefficients", source, ours, [a, b, c, d, g], rel=1e-2)
    agrees("5PL curve", "residual sum of squares", source, fit.rss[0], R[weighting]["rss"], rel=1e-5)
    assert fit.rss[0] <= R[weighting]["rss"]
    chosen(
        "5PL curve",
        "drc stops before the optimum (its residual sum of squares is larger by up to 2e-6 of it), and fits a "
        "negative slope only; here both signs are tried and the better curve is taken.",
    )


@pytest.mark.parametrize("weighting", ["none", "1/y2"])
def test_four_parameters_agree_with_nls(weighting):
    fit, expected = fit_curves(X, Y, "4PL", weighting), NLS[weighting]
    source = "R minpack.lm 1.2-3 nlsLM, car 3.1-1 deltaMethod"
    minus_b, a, d, log_c = expected["coef"]
    ours = [fit.a[0], fit.b[0], fit.c[0], fit.d[0]]
    agrees("4PL curve", "coefficients", source, ours, [a, -minus_b, math.exp(log_c), d], rel=1e-6)
    agrees("4PL curve", "residual sum of squares", source, fit.rss[0], expected["rss"], rel=1e-10)
    inverted = np.array(expected["inv"])
    agrees("4PL curve", "inverse prediction", source, fit.inverse([0.5, 1, 2])[0], inverted[:, 0], rel=1e-6)
    agrees("4PL curve", "SE of inverse prediction", source, fit.inverse_se([0.5, 1, 2])[0], inverted[:, 1], rel=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("weighting", ["none", "1/y", "1/x"])
def test_the_five_parameter_optimum_is_that_of_scipy_from_many_starts(sign, weighting):
    w = weights_of(X, Y, weighting)
    root = np.sqrt(np.ones_like(Y) if w is None else w)
    ends = (0.06, 2.9) if sign > 0 else (2.9, 0.06)

    def residuals(t):
        return root * (five(X, t[0], sign * np.exp(t[1]), np.exp(t[2]), t[3], np.exp(t[4])) - Y)

    costs = [
        2 * least_squares(residuals, [ends[0], b, c, ends[1], g], xtol=1e-14, ftol=1e-14, gtol=1e-14).cost
        for b in (0.0, 0.5)
        for c in np.log([150.0, 600.0])
        for g in (-0.5, 0.0, 0.7)
    ]
    fit = fit_five_pl(X, Y, w, signs=(sign,))
    assert fit.rss[0] <= min(costs) * (1 + 1e-9)


def test_five_parameters_are_recovered_and_derivatives_are_right():
    levels = np.array([0, *np.geomspace(4, 16000, 12)])
    truth = np.array([(0.05, 1.3, 400, 3.0, 0.5), (3.0, 1.3, 400, 0.05, 0.5), (0.05, 0.9, 900, 3.0, 2.0)])
    y = np.array([five(levels, *p) for p in truth])
    fit = fit_five_pl(levels, y)
    assert list(fit.refusal) == [""] * 3
    assert np.column_stack([fit.a, fit.b, fit.c, fit.d, fit.g]) == pytest.approx(truth, rel=1e-5)
    assert fit.predict(half(fit)[:, None])[:, 0] == pytest.approx((fit.a + fit.d) / 2, rel=1e-9)
    assert fit.inverse(fit.predict(levels[1:]))[1] == pytest.approx(levels[1:], rel=1e-7)
    step, at = 1e-4, np.array([100.0])
    slope, gradient = fit.slopes(at)
    assert slope == pytest.approx((fit.predict(at + step) - fit.predict(at - step)) / (2 * step), rel=1e-6)
    for j, name in enumerate(fit.NAMES):
        moved = []
        for factor in (1 + 1e-6, 1 - 1e-6):
            parts = {n: getattr(fit, n) * (factor if n == name else 1) for n in fit.NAMES}
            moved.append(replace(fit, coefficients=np.column_stack(list(parts.values()))).predict(at)[:, 0])
        assert gradient[:, 0, j] == pytest.approx((moved[0] - moved[1]) / (2e-6 * getattr(fit, name)), rel=1e-5)


def test_a_symmetric_curve_has_an_asymmetry_of_one():
    levels = np.geomspace(4, 16000, 13)
    noise = 0.01 * np.random.default_rng(4).standard_normal(13)
    fit = fit_five_pl(levels, made.curve(levels, 0.05, 1.2, 300, 3.0) + noise)
    assert abs(fit.g[0] - 1) < 2 * math.sqrt(fit.covariance[0, 4, 4])
    assert fit_five_pl(X[::2], Y[::2], min_levels=8).refusal[0] in ("", NOT_IDENTIFIABLE)


def test_weights_have_names_and_limits():
    assert weights_of([0, 10, 20], [1, 2, 4], "1/y").tolist() == [1, 0.5, 0.25]
    assert weights_of([0, 10, 20], [1, 2, 4], "1/y2").tolist() == [1, 0.25, 0.0625]
    assert weights_of([0, 10, 20], [1, 2, 4], "1/x").tolist() == [0.1, 0.1, 0.05]
    assert weights_of([0, 10], [1, 2], "none") is None
    with pytest.raises(ValueError, match="not positive"):
        weights_of([0, 10], [0, 2], "1/y2")
    masked = fit_curves(X, np.where(X == 2000, -1, Y), "4PL", "1/y2", used=X != 2000)
    assert masked.refusal[0] == "" and masked.levels[0] == 7


def test_level_means_and_pure_error():
    levels, means, count = level_means([2, 1, 2, 1], [3.0, 1.0, 5.0, 2.0])
    assert (levels.tolist(), means.tolist(), count.tolist()) == ([1, 2], [1.5, 4], [2, 2])
    fit = fit_four_pl(X, Y)
    factor, df = well_variance(X, Y, fit)
    pairs = Y.reshape(8, 2)
    assert (factor, df) == (pytest.approx(((pairs[:, 0] - pairs[:, 1]) ** 2 / 2).mean(), rel=1e-12), 8)
    once = fit_four_pl(X[::2], Y[::2])
    assert well_variance(X[::2], Y[::2], once) == (once.rss[0] / 4, 4)


def test_interval_is_where_the_band_leaves_the_signal():
    fit = fit_four_pl(X, Y)
    found = read_back(fit, np.array([0.5, 1.0, 2.0]), 1e-4, 12)
    quantile = student.ppf(0.975, 12)
    for side in ("ci_low", "ci_high"):
        _, gradient = fit.slopes(found[side])
        spread = np.einsum("kmi,kij,kmj->km", gradient, fit.covariance, gradient)[0]
        gap = np.abs([0.5, 1.0, 2.0] - fit.predict(found[side])[0])
        assert gap == pytest.approx(quantile * np.sqrt(1e-4 + spread), rel=1e-9)
    delta = quantile * fit.inverse_se([0.5, 1.0, 2.0], 1e-4)[0]
    assert (found["ci_high"] - found["ci_low"]) == pytest.approx(2 * delta, rel=0.05)
    assert np.isnan(read_back(fit, np.array([9.0]), 1e-4, 12)["ci_low"]).all()
    near_top = read_back(fit, fit.d - 1e-3, 1e-4, 12)
    assert near_top["ci_high"][0] == math.inf and near_top["ci_low"][0] < near_top["x"][0]


TRUTHS = {
    "linear": lambda x: 0.1 + 0.001 * np.asarray(x),
    "quadratic": lambda x: 0.1 + 0.0015 * np.asarray(x) - 1e-7 * np.asarray(x) ** 2,
    "4PL": lambda x: five(x, 0.06, 1.2, 300.0, 2.9, 1.0),
    "5PL": lambda x: five(x, 0.06, 1.2, 300.0, 2.9, 0.7),
    "spline": lambda x: five(x, 0.06, 1.2, 300.0, 2.9, 0.7),
}


@pytest.mark.parametrize("model", TRUTHS)
def test_intervals_cover(model):
    levels, generator, hits, low_hits = np.geomspace(8, 4000, 10).repeat(2), np.random.default_rng(3), 0, 0
    signals, count = TRUTHS[model](np.array([12.0, 700.0])), 20 if model == "spline" else 60
    for _ in range(count):
        fit = fit_curves(levels, TRUTHS[model](levels) + 0.03 * generator.standard_normal(levels.size), model)
        if fit.refusal[0]:
            hits, low_hits = hits + 1, low_hits + 1
            continue
        variance = fit.scatter[0]
        drawn = signals + 0.03 * generator.standard_normal(2)
        found = read_back(fit, drawn, variance, float(fit.df[0]))
        low = found["ci_low"][0] <= 12 <= found["ci_high"][0]
        low_hits += low or np.isnan(found["x"][0])  # below the curve: no interval, and no false one
        hits += found["ci_low"][1] <= 700 <= found["ci_high"][1]
    assert hits >= 0.86 * count and low_hits >= 0.86 * count


def test_sums_of_squares_are_those_of_a_careful_optimiser():
    n, worse, _ = made.optimum(24)
    assert n > 20 and worse < 1e-9


@pytest.mark.parametrize("model", ["4PL", "5PL"])
def test_no_curve_made_to_mislead_has_an_absurd_midpoint(model):
    found = made.stress(9_000, model)
    assert {name: absurd for name, (*_, absurd) in found.items() if absurd} == {}
    for name in ("flat", "hook", "straight line", "no upper plateau", "two levels swapped"):
        assert found[name][2] <= 0.03 * found[name][0], name
    for name in ("flat", "flat, one outlier", "hook", "two levels swapped", "step", "wide scatter"):
        assert found[name][1] <= 0.03 * found[name][0], name
    assert found["straight line"][1] > 0.97 * found["straight line"][0]
    y = made.plates(900)
    ordinary = judged(fit_curves(made.LEVELS, y, model), made.LEVELS, y)
    assert (ordinary.refusal == "").mean() > 0.985 and (ordinary.vague == "").mean() > 0.7


@pytest.mark.parametrize("name", ["Rat42", "Rat43"])
def test_certified_logistic_curves_of_nist(name):
    """A point at x = 0 with a great weight holds A at 0, as these models have it; log x there is x here, in tenths."""
    if not MIRROR:
        pytest.skip("the NIST files are not distributed here, and OMTRACE_MIRROR names no folder that has them")
    text = (Path(MIRROR) / f"nist_strd/{name}.dat").read_text()
    certified = [[float(v) for v in line.split()[-2:]] for line in text.splitlines() if line.startswith("  b")]
    rss = float(next(line for line in text.splitlines() if "Residual Sum of Squares" in line).split()[-1])
    data = [line.split() for line in text[text.rindex("Data:") :].splitlines()[1:] if line.strip()]
    y, x = (np.array([0.0, *(float(row[i]) for row in data)]) for i in (0, 1))
    w = np.where(np.arange(y.size) == 0, 1e9, 1.0)
    scale = 10.0 if name == "Rat42" else 1.0
    x = np.where(np.arange(y.size) == 0, 0.0, np.exp(x / scale))
    if name == "Rat42":
        fit = fit_four_pl(x, y, w)
        ours = [fit.d[0], scale * fit.b[0] * math.log(fit.c[0]) / scale, fit.b[0] / scale]
    else:
        fit = fit_five_pl(x, y, w, signs=(-1,))
        ours = [fit.a[0], -fit.b[0] * math.log(fit.c[0]), -fit.b[0], 1 / fit.g[0]]
    assert fit.refusal[0] == ""
    agrees(
        f"{'4PL' if name == 'Rat42' else '5PL'} curve",
        "coefficients",
        f"NIST StRD {name}",
        ours,
        [row[0] for row in certified],
        rel=1e-5,
    )
    agrees(
        f"{'4PL' if name == 'Rat42' else '5PL'} curve",
        "residual sum of squares",
        f"NIST StRD {name}",
        fit.rss[0],
        rss,
        rel=1e-8,
    )

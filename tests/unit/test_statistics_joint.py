"""Curves that plates share, and shifts of plates from all that they have in common, against R."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.assay.batches import bridge
from omtrace.statistics.assay.plate_shifts import plate_shifts
from omtrace.statistics.curves.four_pl import fit_four_pl
from omtrace.statistics.curves.four_pl_joint import compare_curves, fit_joint
from omtrace.statistics.mixed import lmm
from scipy.optimize import least_squares
from scipy.special import expit
from scipy.stats import t

ROOT = Path(__file__).resolve().parents[2]
R = json.loads((ROOT / "tests/reference/joint_r.json").read_text())
with open(ROOT / "data/raw/rat_dnase_elisa/dnase.csv", newline="") as file:
    ROWS = list(csv.DictReader(file))
RUNS = [str(run) for run in range(1, 12)]
X, Y = (np.array([[float(r[name]) for r in ROWS if r["Run"] == run] for run in RUNS]) for name in ("conc", "density"))
NLS = "R 4.2.2 nls"
METHOD = "4PL curves with A, B, D in common (DNase)"


def test_a_curve_with_a_midpoint_of_each_run_agrees_with_nls():
    found = fit_joint(X, Y)
    assert not found.refusal and not found.curves.refusal.any()
    curve = found.curves
    ours = [curve.a[0], curve.d[0], curve.b[0], *found.log_midpoint]
    agrees(METHOD, "parameters", NLS, ours, R["joint"]["coef"], rel=1e-6)
    agrees(METHOD, "residual sum of squares", NLS, found.rss, R["joint"]["rss"], rel=1e-12)
    four = np.sqrt(np.diag(curve.covariance[0]))
    errors = [four[0], four[3], four[1], *np.sqrt(np.diag(found.covariance))]
    agrees(METHOD, "standard errors", NLS, errors, R["joint"]["se"], rel=1e-6)
    agrees(METHOD, "covariance of two midpoints", NLS, found.covariance[0, 1], R["joint"]["cov_L1_L2"], rel=1e-6)
    assert found.df == R["joint"]["df"] == curve.n.sum() - 14
    assert (curve.a == curve.a[0]).all() and curve.c == pytest.approx(np.exp(found.log_midpoint), rel=1e-14)


def test_the_ratio_of_two_midpoints_agrees_with_nls():
    found, theirs = fit_joint(X, Y).difference(0, 1), R["joint"]
    difference = theirs["coef"][3] - theirs["coef"][4]
    se = math.sqrt(theirs["se"][3] ** 2 + theirs["se"][4] ** 2 - 2 * theirs["cov_L1_L2"])
    ours = [found["difference"], found["se"]]
    agrees(METHOD, "log ratio of two EC50, SE", NLS, ours, [difference, se], rel=1e-5)
    half = t.ppf(0.975, theirs["df"]) * se
    assert found["ci_low"] == pytest.approx(difference - half, rel=1e-5)
    assert found["p"] == pytest.approx(2 * t.sf(abs(difference / se), theirs["df"]), rel=1e-4)


def test_weighted_it_reaches_the_sum_of_squares_of_nls():
    found = fit_joint(X, Y, 1 / Y**2)
    agrees(METHOD, "residual sum of squares, weights 1/y2", NLS, found.rss, R["weighted"]["rss"], rel=1e-12)


def test_curves_are_compared_as_anova_and_aic_do():
    found = compare_curves(X, Y)
    for ours, theirs in (("one", "one"), ("shift", "joint"), ("own", "own")):
        agrees(METHOD, f"AIC, {ours}", NLS, found[ours]["aic"], R[theirs]["aic"], abs=1e-9)
        agrees(METHOD, f"residual sum of squares, {ours}", NLS, found[ours]["rss"], R[theirs]["rss"], rel=1e-12)
    tests = [found["shift_needed"], found["own_needed"]]
    agrees(
        METHOD,
        "F, one against joint against own curves",
        f"{NLS} anova",
        [test["f"] for test in tests],
        R["f"],
        rel=1e-10,
    )
    agrees(METHOD, "p of these", f"{NLS} anova", [test["p"] for test in tests], R["p"], rel=1e-9)
    assert [test["df_1"] for test in tests] == R["df_1"]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
def test_least_squares_finds_no_better_curve(seed, plates, falling):
    x, y = made(seed, plates, falling)
    w = 1 / np.abs(y) if seed % 2 else np.ones_like(y)
    found = fit_joint(x, y, w)
    assert not found.refusal

    def residuals(theta):
        with np.errstate(divide="ignore"):
            h = expit(math.e ** theta[2] * (np.log(x) - theta[3:, None]))
        return (np.sqrt(w) * (y - theta[0] - (theta[1] - theta[0]) * h)).ravel()

    curve = found.curves
    start = np.array([curve.a[0], curve.d[0], math.log(curve.b[0]), *found.log_midpoint])
    other = least_squares(residuals, start * 1.05 + 0.02, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    agrees(
        "4PL curves with A, B, D in common",
        "sum of squares",
        "scipy 1.17.1 least_squares",
        found.rss,
        2 * other.cost,
        rel=1e-9,
    )


def made(seed, plates, falling=False, shift=0.4):
    """Standards of plates in duplicate, with one curve but for the midpoint."""
    generator = np.random.default_rng(seed)
    x = np.tile(np.repeat([0, 7.8125, 15.625, 31.25, 62.5, 125, 250, 500, 1000], 2), (plates, 1)).astype(float)
    middle = 5 + shift * generator.standard_normal(plates)
    with np.errstate(divide="ignore"):
        h = expit(1.3 * (np.log(x) - middle[:, None]))
    y = (3.0 - 2.9 * h if falling else 0.1 + 2.9 * h) * (1 + 0.02 * generator.standard_normal(x.shape))
    return x, y


def test_shifts_of_midpoints_come_out_and_have_an_interval():
    x, y = made(3, 40)
    found = fit_joint(x, y)
    truth = 5 + 0.4 * np.random.default_rng(3).standard_normal(40)
    own = found.shift(7)
    assert own["difference"] == pytest.approx(truth[7] - truth.mean(), abs=4 * own["se"])
    assert own["ci_low"] < own["difference"] < own["ci_high"]
    misses = [abs(found.shift(p)["difference"] - truth[p] + truth.mean()) / found.shift(p)["se"] for p in range(40)]
    assert 0.6 < float(np.sqrt(np.mean(np.square(misses)))) < 1.4


def test_plates_of_unequal_size_and_without_curve_of_their_own():
    x, y = made(5, 4)
    used = np.ones(x.shape, dtype=bool)
    used[1, 8:] = False  # the upper levels are missing: alone, this plate shows no plateau
    y = np.where(used, y, np.nan)
    assert fit_four_pl(x, y, None, used, 4).vague[1].startswith("not identifiable")
    found = fit_joint(x, y, None, used, 4)
    assert not found.curves.refusal.any() and found.df == used.sum() - 7
    truth = 5 + 0.4 * np.random.default_rng(5).standard_normal(4)
    assert found.log_midpoint == pytest.approx(truth, abs=0.15)
    signal = found.curves.predict(np.array([50.0]))
    assert signal.shape == (4, 1) and np.isfinite(signal).all()


def test_a_flat_plate_does_not_bend_the_others():
    x, y = made(6, 3)
    flat = np.vstack([y, np.random.default_rng(1).normal(1, 0.05, y.shape[1])])
    found = fit_joint(np.vstack([x, x[:1]]), flat)
    assert found.curves.refusal.tolist()[:3] == ["", "", ""] and found.curves.refusal[3].startswith("flat")
    assert found.rss == pytest.approx(fit_joint(x, y).rss, rel=1e-12) and math.isnan(found.log_midpoint[3])
    assert fit_joint(x[:1], y[:1]).refusal.startswith("fewer than two plates")
    with pytest.raises(ValueError, match="1 of 4 plates have no curve"):
        compare_curves(np.vstack([x, x[:1]]), flat)


def test_plates_alike_need_no_curve_of_their_own():
    x, y = made(8, 5, shift=0.0)
    found = compare_curves(x, y, 1 / y**2)
    assert found["shift_needed"]["p"] > 0.01 and found["own_needed"]["p"] > 0.01
    assert found["one"]["aic"] < found["own"]["aic"]
    x, y = made(8, 5)
    shifted = compare_curves(x, y, 1 / y**2)
    assert shifted["shift_needed"]["p"] < 1e-6 and shifted["own_needed"]["p"] > 0.01


S = R["shifts"]


def test_shifts_of_plates_from_what_they_share_agree_with_lm():
    found = plate_shifts(S["y"], S["sample"], S["plate"])
    pairs = {("P2", "P1"): 0, ("P3", "P1"): 1, ("P4", "P1"): 2}
    name = "shift of plates, samples not on all plates"
    for pair, at in pairs.items():
        ours = found.contrast(pair_of(found, *pair))
        agrees(name, "estimate and SE", "R 4.2.2 lm", [ours["difference"], ours["se"]], S["against_P1"][at], rel=1e-9)
    last = found.contrast(pair_of(found, "P4", "P3"))
    agrees(name, "estimate and SE", "R 4.2.2 lm", [last["difference"], last["se"]], S["P4_P3"], rel=1e-9)
    agrees(name, "residual SD", "R 4.2.2 lm", found.sd, S["sigma"], rel=1e-10)
    assert found.df == S["df"] and not found.from_wells and found.shared.tolist() == [2, 4, 3, 2]


def test_plates_random_agree_with_lme4():
    means = {}
    for y, name, plate in zip(S["y"], S["sample"], S["plate"], strict=True):
        means.setdefault((name, plate), []).append(y)
    names = sorted({name for name, _ in means})
    design = np.array([[float(name == one) for one in names] for name, _ in means])
    model = lmm.fit([np.mean(v) for v in means.values()], design, {"plate": [plate for _, plate in means]})
    ours = [math.sqrt(model.components["plate"]), math.sqrt(model.components["residual"])]
    theirs = [S["random_sd"], S["random_residual"]]
    agrees("shift of plates, random", "SD between plates, residual SD", "R lme4 1.1-31", ours, theirs, rel=1e-6)


def pair_of(found, plate, other):
    return np.array([(p == plate) - float(p == other) for p in found.plates])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_of_complete_plates_the_shifts_are_mean_ratios(seed):
    generator = np.random.default_rng(seed)
    names, plates = np.repeat(["a", "b", "c"], 8), np.tile(["1", "2", "3", "4"], 6)
    y = generator.normal(size=24)
    found, pairwise = plate_shifts(y, names, plates), bridge(y, names, plates, "1")
    for plate in "234":
        assert found.contrast(pair_of(found, plate, "1"))["difference"] == pytest.approx(pairwise[plate]["difference"])
    assert found.independent == pytest.approx(np.full(4, found.sd / math.sqrt(3)), rel=1e-9)
    weights = generator.normal(size=4)
    weights -= weights.mean()
    told = math.sqrt(float(weights**2 @ found.independent**2))
    assert found.contrast(weights)["se"] == pytest.approx(told, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_of_others_no_contrast_is_less_certain_than_told(seed):
    generator = np.random.default_rng(seed)
    there = generator.random((6, 4)) < 0.6
    at_plate, at_name = np.nonzero(there)
    y = generator.normal(size=at_plate.size)
    if (there.sum(axis=0) < 2).all():
        return
    found = plate_shifts(y, at_name, at_plate)
    k = len(found.plates)
    weights = generator.normal(size=k) * np.isfinite(found.shift)
    weights -= np.isfinite(found.shift) * weights.sum() / np.isfinite(found.shift).sum()
    if not found.sd > 0:
        return
    told = math.sqrt(float(np.nansum(weights**2 * found.independent**2)))
    assert found.contrast(weights)["se"] <= told * (1 + 1e-9)


def test_one_control_in_two_wells_says_how_sure_it_is_and_one_well_does_not():
    found = plate_shifts([1, 1.1, 2, 2.2], ["pool"] * 4, ["P", "P", "Q", "Q"])
    assert found.shift == pytest.approx([-0.525, 0.525]) and found.from_wells and found.df == 2
    scatter = math.sqrt((0.05**2 * 2 + 0.1**2 * 2) / 2 / 2)
    assert found.sd == pytest.approx(scatter)
    assert found.contrast([-1, 1])["se"] == pytest.approx(scatter * math.sqrt(2))
    alone = plate_shifts([1.0, 2], ["pool"] * 2, ["P", "Q"])
    assert math.isnan(alone.sd) and math.isnan(alone.independent[0]) and alone.shift == pytest.approx([-0.5, 0.5])


def test_plates_that_share_nothing_have_no_shift():
    found = plate_shifts([1, 2, 1.5, 2.5, 7, 8], ["a", "b", "a", "b", "c", "d"], ["P", "P", "Q", "Q", "R", "R"])
    assert np.isnan(found.shift).tolist() == [False, False, True] and found.shared.tolist() == [2, 2, 0]
    with pytest.raises(ValueError, match="on two plates"):
        plate_shifts([1, 2], ["a", "b"], ["P", "Q"])
    with pytest.raises(ValueError, match="sum zero"):
        found.contrast([1, 0, 0])

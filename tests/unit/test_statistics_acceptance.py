"""Acceptance of plates, place on the plate, and readings with their errors."""

import math

import numpy as np
import pytest
from omtrace.statistics.assay.acceptance import (
    Limits,
    detection_limit,
    dilution_series,
    hook_effect,
    judge_controls,
    judge_standards,
    replicate_cv,
    spike_recovery,
)
from omtrace.statistics.assay.plate_position import at_edge, places, position_test, shift_of, size_of
from omtrace.statistics.basic.samples import means
from omtrace.statistics.curves.calibration import fit_curves, reading_errors
from omtrace.statistics.curves.readings import (
    ABOVE,
    BELOW,
    WITHIN,
    Ranges,
    Wells,
    plate_errors,
    readings,
    sample_errors,
)

LEVELS = np.repeat([0, 7.8125, 15.625, 31.25, 62.5, 125, 250, 500, 1000], 2)
WELLS = [f"{row}{column}" for column in range(1, 13) for row in "ABCDEFGH"]


def curve(x):
    return 2.9 + (0.06 - 2.9) / (1 + (np.asarray(x, dtype=float) / 300) ** 1.2)


def signals(seed=1, cv=0.01):
    return curve(LEVELS) * (1 + cv * np.random.default_rng(seed).standard_normal(LEVELS.size))


# standards


def test_good_standards_are_kept_and_bound_the_range():
    found = judge_standards(LEVELS, signals(), Limits())
    assert found.refusal == "" and found.kept == found.levels
    assert (found.lloq, found.uloq) == (7.8125, 1000)
    assert all(80 < recovery < 120 for recovery in found.recovery.values())


def test_the_worst_standard_is_left_out_and_the_curve_fitted_again():
    y = signals()
    y[LEVELS == 62.5] *= 1.5
    found = judge_standards(LEVELS, y, Limits())
    assert 62.5 not in found.kept and len(found.kept) == 7
    without = fit_curves(LEVELS[LEVELS != 62.5], y[LEVELS != 62.5])
    assert found.fit.c == pytest.approx(without.c, rel=1e-9)


def test_a_bad_end_shrinks_the_range():
    y = signals()
    y[LEVELS == 7.8125] = y[LEVELS == 0]
    found = judge_standards(LEVELS, y, Limits())
    assert found.lloq == 15.625 and found.uloq == 1000


def test_too_few_good_standards_reject_the_plate():
    found = judge_standards(LEVELS, signals(cv=0.08, seed=3), Limits(standard=2, standard_end=2))
    assert found.refusal == "standards: fewer than 6 of 8 levels within 2% (2% at the ends)"
    assert judge_standards(LEVELS, signals() * 0 + 1, Limits()).refusal.startswith("flat")
    relaxed = Limits(standard=400, standard_end=400)
    assert judge_standards(LEVELS, signals(), relaxed).refusal == ""


# controls, replicates, blanks


@pytest.mark.parametrize(
    ("recovery", "refusal"),
    [
        ([95, 105, 100, 100, 81, 119], ""),
        ([95, 105, 100, 130, 81, 130], ""),
        ([95, 105, 100, 100, 130, 130], "control C: 0 of 2 within 20%"),
        ([95, 130, 100, 130, 130, 100], "controls: 3 of 6 within 20%"),
        ([95, math.nan, 100, 100, 100, 100], ""),
    ],
)
def test_two_thirds_of_the_controls_and_half_of_each_level(recovery, refusal):
    assert judge_controls([*"AABBCC"], np.array(recovery), Limits()).refusal == refusal


def test_no_controls_reject_nothing():
    assert judge_controls([], np.array([]), Limits()).all == 0


def test_replicates_and_blanks():
    assert replicate_cv(np.array([9.0, 11.0])) == pytest.approx(100 * math.sqrt(2) / 10)
    assert math.isnan(replicate_cv(np.array([9.0])))
    fit = fit_curves(LEVELS, signals())
    blanks = np.array([0.061, 0.063, 0.065])
    assert detection_limit(fit, blanks) == pytest.approx(fit.inverse([0.063 + 3 * 0.002])[0, 0], rel=1e-12)
    assert math.isnan(detection_limit(fit, blanks[:1]))
    falling = fit_curves(LEVELS, 3 - signals())
    assert detection_limit(falling, 3 - blanks) == pytest.approx(detection_limit(fit, blanks), rel=1e-6)


# dilutions, spikes


def test_dilutions_agree_or_do_not():
    steps = np.array([2.0, 2, 4, 4, 8, 8])
    good = dilution_series(steps, 200 / steps)
    assert (good.cv, good.largest, good.slope) == pytest.approx((0, 0, 0), abs=1e-9)
    assert good.holds == {"linear": True, "parallel": True}
    bad = dilution_series(steps, 200 / steps**1.6)
    assert bad.slope == pytest.approx(-0.6, rel=1e-9) and bad.holds == {"linear": False, "parallel": False}
    assert dilution_series(steps[:4], 200 / steps[:4]) is None
    assert dilution_series(steps, 200 / steps, nominal=400).largest == pytest.approx(50)


def test_a_hook_shows_in_the_less_diluted_wells():
    assert hook_effect(np.array([1.0, 100]), np.array([800.0, 50_000]), 1000)
    assert not hook_effect(np.array([1.0, 10]), np.array([800.0, 850]), 1000)
    assert hook_effect(np.array([2.0, 2]), np.array([800.0, 850]), 1000) is None


def test_spikes_are_recovered():
    assert spike_recovery(np.array([150.0, 160]), np.array([55.0, math.nan]), 100) == pytest.approx(100)
    assert math.isnan(spike_recovery(np.array([math.nan]), np.array([55.0]), 100))


# place on the plate


def sheet(columns=2):
    """Contents in neighbouring columns of a whole plate."""
    return [f"{well[0]}{(int(well[1:]) - 1) // columns}" for well in WELLS]


def test_places_of_wells():
    row, column = places(["A1", "plate 1/H12", "B07"])
    assert (row.tolist(), column.tolist()) == ([0, 7, 1], [0, 11, 6])
    assert at_edge(row, column, 96).tolist() == [1, 1, 0]
    assert at_edge(row, column, 384).tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match="no well"):
        places(["AG1"])


@pytest.mark.parametrize(
    ("last", "size", "inside"),
    [
        ("B3", 6, 0),
        ("C4", 12, 2),
        ("D6", 24, 8),
        ("F8", 48, 24),
        ("H12", 96, 60),
        ("P24", 384, 308),
        ("AF48", 1536, 1380),
    ],
)
def test_the_edge_is_that_of_the_plate(last, size, inside):
    (rows,), (columns,) = places([last])
    row, column = (at.ravel() for at in np.indices((rows + 1, columns + 1)))
    assert size_of(row, column) == size
    assert int((at_edge(row, column, size) == 0).sum()) == inside


@pytest.mark.parametrize(
    ("down", "right", "says"),
    [
        (0, 0, ""),
        (0, 1, "1 column further to the right"),
        (0, -1, "1 column further to the left"),
        (-1, 0, "1 row further up"),
        (1, -1, "1 row further down and 1 column further to the left"),
        (2, 0, "2 rows further down"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_shifted_layout_is_named(down, right, says, sign):
    """Standards in neighbouring rows and columns, duplicates above each other, and samples around them."""
    generator = np.random.default_rng(3)
    row, column = (at.ravel() for at in np.indices((4, 8)) + 2)
    content = [f"S{(r - 2) // 2 * 4 + (c - 2) // 2}" for r, c in zip(row, column, strict=True)]
    level = np.array([2.0 ** int(name[1:]) for name in content])
    read = {(r, c): float(generator.uniform(0.1, 200)) for r in range(8) for c in range(12)}
    order = generator.permutation(8)  # a layout that was randomised
    signal = {name: 2.0 ** order[int(name[1:])] for name in content}
    level = np.array([2.0 ** order[int(name[1:])] for name in content])
    for r, c, name in zip(row, column, content, strict=True):
        read[r + down, c + right] = sign * signal[name] * (1 + 0.02 * generator.standard_normal())
    assert shift_of(row, column, content, level, read) == says


@pytest.mark.parametrize(("columns", "rate"), [(2, 0.05), (3, 0.01), (12, 0.05)])
def test_the_false_alarm_rate_is_the_one_stated(columns, rate):
    generator, content = np.random.default_rng(8), sheet(columns)
    row, column = places(WELLS)
    edge, level = at_edge(row, column, 96), np.exp(generator.normal(0, 1, 100))
    names = sorted(set(content))
    alarms, tries = 0, 400
    for _ in range(tries):
        scatter = np.where(row % 2, 0.02, 0.2)  # not the same everywhere
        signal = np.array([level[names.index(c)] for c in content]) * (1 + scatter * generator.standard_t(4, 96))
        alarms += position_test(signal, content, edge)["p"] < rate
    sd = math.sqrt(rate * (1 - rate) / tries)
    assert abs(alarms / tries - rate) < 3.5 * sd


def test_an_edge_and_a_drift_are_found():
    row, column = places(WELLS)
    generator = np.random.default_rng(2)
    signal = 1 + 0.02 * generator.standard_normal(96)
    edge = position_test(signal * (1 - 0.1 * at_edge(row, column, 96)), sheet(), at_edge(row, column, 96))
    assert edge["p"] < 2e-3 and edge["effect"] == pytest.approx(-10, abs=3)
    drift = position_test(signal * (1 + 0.3 * column / 11), sheet(4), column / 11)
    assert drift["p"] < 1e-3 and drift["effect"] == pytest.approx(26, abs=6)
    assert position_test(signal, WELLS, at_edge(row, column, 96))["n"] == 0


# readings


@pytest.fixture(scope="module")
def fit():
    return fit_curves(LEVELS, signals())


def samples(fit, *wells):
    """Samples of one plate from the concentrations and dilutions of their wells: the wells, and its range."""
    edges = np.cumsum([0, *(len(x) for x, _ in wells)])
    signal = curve(np.concatenate([x for x, _ in wells]).astype(float))
    dilution = np.concatenate([dilution for _, dilution in wells]).astype(float)
    plate = np.zeros(len(wells), dtype=int)
    return Wells(signal, fit.inverse(signal)[0], dilution, edges, plate), Ranges.of(
        fit, np.array([7.8125]), np.array([1000.0])
    )


def test_what_lies_beyond_the_limits_is_censored_and_not_extrapolated(fit):
    wells, ranges = samples(
        fit,
        ([20, 22], [1, 1]),
        ([1], [2]),
        ([5000], [2]),
        ([5000, 300], [1, 10]),
        ([5000, 1, 5000], [2, 1, 4]),
        ([1, 1], [3, 5]),
    )
    found = readings(wells, ranges, True, 1)
    assert found.status.tolist() == ["observed", "below LLOQ", "above ULOQ", "observed", "above ULOQ", "below LLOQ"]
    assert found.value[[0, 3]] == pytest.approx([21, 3000], rel=0.1) and np.isnan(found.value[[1, 2, 4, 5]]).all()
    assert found.state.tolist() == [WITHIN, BELOW, ABOVE, WITHIN, ABOVE, BELOW]
    assert found.bound[[1, 2, 4, 5]].tolist() == [15.625, 2000.0, 4000.0, 3 * 7.8125]
    assert found.bound[[0, 3]].tolist() == found.value[[0, 3]].tolist()
    assert found.used.tolist() == [True, True, False, False, False, True, *[False] * 5]
    extrapolated = readings(*samples(fit, ([1], [1])), False, 1)
    assert extrapolated.status[0] == "observed" or extrapolated.status[0].startswith("incomplete")


def test_wells_that_are_not_read_back_are_counted(fit):
    wells, ranges = samples(fit, ([30, 40], [2, 2]), ([50], [1]))
    wells.x[1] = np.nan
    found = readings(wells, ranges, False, 2)
    assert found.status.tolist() == ["incomplete: 1 of 2 wells read back"] * 2 and np.isnan(found.value).all()
    found = readings(wells, ranges, False, 1)
    assert found.status.tolist() == ["observed"] * 2 and found.value == pytest.approx(wells.x[[0, 2]] * [2, 1])


@pytest.mark.parametrize("sizes", [[1, 2, 3, 2], [9, 0, 17, 1], []])
def test_the_means_of_rows_are_those_of_each_alone_to_the_last_bit(sizes):
    edges = np.cumsum([0, *sizes])
    values = np.random.default_rng(2).lognormal(0, 3, edges[-1])
    alone = [values[a:b].mean() if b > a else np.nan for a, b in zip(edges, edges[1:], strict=False)]
    assert means(values, edges).tolist() == pytest.approx(alone, rel=0, abs=0, nan_ok=True)


def test_errors_of_a_reading_are_those_of_the_delta_method(fit):
    wells, ranges = samples(fit, ([20], [3]), ([50, 60], [1, 1]))
    found = readings(wells, ranges, False, 1)
    ends = np.array([0, len(LEVELS)])
    errors = plate_errors(fit, wells.signal, np.array([0, 3]), LEVELS, signals(), ends, "none")
    shared, own = sample_errors(found, wells, *errors)
    whole = (shared[0] ** 2).sum() + own[0]
    signal, x = wells.signal[[0]], wells.x[0]
    slope = fit.inverse_se(signal, 1.0)[0, 0] ** 2 - fit.inverse_se(signal, 0.0)[0, 0] ** 2
    se = fit.inverse_se(signal, own[0] * x**2 / slope)[0, 0]  # from the variance of the well's signal
    assert math.sqrt(whole) == pytest.approx(se / x, rel=1e-9)
    both = errors[0][1:] / wells.x[1:].sum()
    assert shared[1] == pytest.approx(both.sum(axis=0), rel=1e-12)
    assert own[1] == pytest.approx((errors[1][1:] / wells.x[1:].sum() ** 2).sum(), rel=1e-12)


def test_the_curve_error_that_two_samples_share_is_their_covariance():
    """Against curves fitted to many simulated plates."""
    truth, generator = np.array([30.0, 200.0]), np.random.default_rng(6)
    y = curve(LEVELS) + 0.02 * generator.standard_normal((3000, LEVELS.size))
    fits = fit_curves(LEVELS, y)
    logs = np.log(fits.inverse(curve(truth)))[fits.refusal == ""]
    fit = fit_curves(LEVELS, curve(LEVELS) + 1e-9 * np.cos(np.arange(LEVELS.size)))
    scale = 0.02**2 / (fit.rss[0] / fit.df[0])
    x, part, _ = (found[0] for found in reading_errors(fit, curve(truth), 0.0))
    shared = scale * (part / x[:, None]) @ (part / x[:, None]).T
    assert shared == pytest.approx(np.cov(logs.T), rel=0.15, abs=2e-5)

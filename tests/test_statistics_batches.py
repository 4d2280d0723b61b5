"""ComBat against sva, its special cases, guards against confounding, bridging samples."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from models import adjusted_difference
from omtrace.statistics.assay.batches import bridge, group_effect
from omtrace.statistics.assay.combat import combat, confounding, efficiency

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "assay_r.json").read_text())
with open(REFERENCE / "batch_expr.csv", newline="") as file:
    X = np.array([[float(v) for v in row[1:]] for row in list(csv.reader(file))[1:]])
with open(REFERENCE / "batch_pheno.csv", newline="") as file:
    PHENO = list(csv.DictReader(file))
BATCH = np.array([int(row["batch"]) for row in PHENO])
TREATED = np.array([float(row["trt"]) for row in PHENO])


def test_combat_agrees_with_sva():
    found = combat(X, BATCH, TREATED)
    agrees("ComBat", "corrected values", "R sva 3.46.0", found.values, R["combat"], rel=1e-10)
    assert not found.untouched.any()
    chosen("ComBat", "the posterior is searched until its relative change is below 1e-4, as in sva, not to the end.")


def test_batches_come_together_and_the_covariate_stays():
    found = combat(X, BATCH, TREATED).values
    before, after = (np.array([v[:, BATCH == b].mean(axis=1) for b in (1, 2, 3)]) for v in (X, found))
    assert np.ptp(after, axis=0).max() < 0.35 * np.ptp(before, axis=0).max()
    effects = [group_effect(v[0], TREATED == 1)["difference"] for v in (X, found)]
    assert effects[1] == pytest.approx(group_effect(X[0], TREATED == 1, BATCH)["difference"], abs=0.1)


def test_the_reference_batch_stays_as_it_is():
    found = combat(X, BATCH, TREATED, reference=2).values
    assert (found[:, BATCH == 2] == X[:, BATCH == 2]).all()
    assert np.abs(found[:, BATCH != 2] - X[:, BATCH != 2]).max() > 0.5
    with pytest.raises(ValueError, match="no batch"):
        combat(X, BATCH, reference=9)


def test_missing_values_stay_missing_and_others_are_nearly_as_before():
    soiled = X.copy()
    soiled[0, 3] = soiled[2, 20] = np.nan
    found, whole = combat(soiled, BATCH, TREATED).values, combat(X, BATCH, TREATED).values
    assert (np.isnan(found) == np.isnan(soiled)).all()
    assert np.nanmax(np.abs(found - whole)) < 0.3


def test_what_does_not_vary_within_a_batch_is_left_alone():
    constant = np.vstack([X, np.where(BATCH == 1, 5.0, X[0])])
    found = combat(constant, BATCH, TREATED)
    assert found.untouched.tolist() == [False] * 6 + [True]
    assert (found.values[6] == constant[6]).all()
    assert found.values[:6] == pytest.approx(combat(X, BATCH, TREATED).values, rel=1e-12)


def test_scale_and_order_do_not_matter():
    found = combat(X, BATCH, TREATED).values
    assert combat(10 + 3 * X, BATCH, TREATED).values == pytest.approx(10 + 3 * found, rel=1e-9)
    order = np.random.default_rng(1).permutation(36)
    assert combat(X[:, order], BATCH[order], TREATED[order]).values == pytest.approx(found[:, order], rel=1e-9)


@pytest.mark.parametrize(
    ("batch", "covariate", "complaint"),
    [
        (TREATED, TREATED, "confounded"),
        (np.where(np.arange(36) == 0, 9, BATCH), None, "one sample"),
        (np.ones(36), None, "one batch"),
    ],
)
def test_what_cannot_be_corrected_is_refused(batch, covariate, complaint):
    with pytest.raises(ValueError, match=complaint):
        combat(X, batch, covariate)


def test_one_feature_teaches_nothing():
    with pytest.raises(ValueError, match="nothing to shrink towards"):
        combat(X[:1], BATCH)


def test_confounding_is_seen_and_near_confounding_measured():
    group = np.array([0, 0, 1, 1, 2, 2])
    dummies = np.column_stack([group == 1, group == 2])
    assert confounding([1, 1, 2, 2, 3, 3], dummies).startswith("batch and group are confounded")
    assert confounding([1, 2, 1, 2, 1, 2], dummies) == ""
    assert efficiency([1, 1, 2, 2], [0, 1, 0, 1]) == 1
    assert efficiency([1, 1, 2, 2], [0, 0, 1, 1]) == 0
    assert efficiency([1] * 10 + [2] * 10, [0] * 9 + [1] + [1] * 9 + [0]) == pytest.approx(0.36)


def test_a_group_effect_with_batches_is_that_of_an_analysis_of_covariance():
    import pandas

    frame = pandas.DataFrame({"y": X[0], "g": np.where(TREATED == 1, "b", "a"), "batch": BATCH.astype(str)})
    expected = adjusted_difference(frame, "y", "g", "a", factors=["batch"])
    found = group_effect(X[0], TREATED == 1, BATCH)
    for name in ("difference", "se", "df", "p"):
        assert found[name] == pytest.approx(expected[name], rel=1e-9), name
    with pytest.raises(ValueError, match="confounded"):
        group_effect(X[0], TREATED == 1, TREATED)


def test_shared_samples_tell_the_shift_of_a_plate():
    names = ["B1", "B1", "B2", "B3", "B1", "B2", "B2", "B3", "X"]
    plates = ["P"] * 4 + ["Q"] * 4 + ["R"]
    logs = np.log([10.0, 10, 20, 40, 12, 24, 24, 44, 7])
    found = bridge(logs, names, plates, "P")
    gaps = np.log([1.2, 1.2, 1.1])
    assert found["Q"]["difference"] == pytest.approx(gaps.mean()) and found["Q"]["n"] == 3
    assert found["Q"]["se"] == pytest.approx(gaps.std(ddof=1) / math.sqrt(3)) and found["Q"]["df"] == 2
    assert found["R"]["n"] == 0 and math.isnan(found["R"]["difference"])
    with pytest.raises(ValueError, match="reference"):
        bridge(logs, names, plates, "Z")


def joint(batch, *columns):
    """The design with one column a batch, as a matrix."""
    return np.column_stack([*columns, *(np.asarray(batch) == b for b in sorted(set(batch)))]).astype(float)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(8, 60))
def test_what_is_left_within_batches_says_what_the_joint_design_says(seed, batches, count):
    generator = np.random.default_rng(seed)
    batch, group = generator.integers(0, batches, count), generator.random(count) < 0.5
    if seed % 3 == 0:
        group = batch == batch[0]
    y = 5 + generator.normal(size=count)
    x = joint(batch, group)
    full = np.linalg.matrix_rank(x) == x.shape[1]
    if group.any() and not group.all():
        assert (confounding(batch, group) == "") == full
    if not full:
        with pytest.raises(ValueError, match="confounded"):
            group_effect(y, group, batch)
    elif count > x.shape[1]:
        beta, rss = np.linalg.lstsq(x, y, rcond=None)[:2]
        found = group_effect(y, group, batch)
        error = math.sqrt(rss[0] / (count - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0])
        assert [found["difference"], found["se"]] == pytest.approx([beta[0], error], rel=1e-9, abs=1e-12)


def test_a_thousand_batches_are_corrected_compared_and_bridged():
    generator, plates = np.random.default_rng(7), 1_000
    batch = np.repeat(np.arange(plates), 34)
    shifts = generator.normal(size=(2, plates))[:, batch]
    values, group = generator.normal(size=(2, batch.size)), np.arange(batch.size) % 2
    found = combat(values + shifts + group, batch, group).values
    assert np.abs(found[:, group == 1].mean(axis=1) - found[:, group == 0].mean(axis=1) - 1).max() < 0.05
    assert confounding(batch, group) == "" and efficiency(batch, group) == pytest.approx(1)
    effect = group_effect(values[0] + shifts[0] + group, group, batch)
    assert effect["df"] == batch.size - plates - 1 and effect["ci_low"] < 1 < effect["ci_high"]
    names = np.where(np.arange(batch.size) % 34 < 3, np.arange(batch.size) % 34, np.arange(batch.size)).astype(str)
    bridged = bridge(values[0] / 100 + shifts[0], names, batch, 0)
    assert len(bridged) == plates - 1 and all(one["n"] == 3 for one in bridged.values())
    of_plate = np.array([one["difference"] for one in bridged.values()])
    assert np.abs(of_plate - (shifts[0, ::34] - shifts[0, 0])[1:]).max() < 0.1


def test_plates_that_share_nothing_are_told_so():
    found = bridge([1.0, 2, 3, 4, 6], ["a", "b", "c", "a", "a"], ["p", "p", "q", "r", "r"], "p")
    assert found["q"]["n"] == 0 and math.isnan(found["q"]["difference"])
    assert found["r"]["n"] == 1 and found["r"]["difference"] == 4 and math.isnan(found["r"]["se"])

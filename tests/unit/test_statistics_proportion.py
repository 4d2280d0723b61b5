"""Proportions against R, published intervals, and the definition of the number needed to treat."""

import json
import math
from pathlib import Path

import pytest
from agreements import agrees
from omtrace.statistics.basic.proportion import proportion, proportion_difference
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())
PYTHON = json.loads((REFERENCE / "statistics_python.json").read_text())


def limits(found, name):
    return [found[f"{name}_low"], found[f"{name}_high"]]


def test_single_proportion_agrees_with_r():
    found = proportion(7, 11)
    assert found["proportion"] == pytest.approx(7 / 11, rel=1e-15)
    agrees("proportion", "Wilson interval", "R 4.2.2 prop.test", limits(found, "wilson"), R["wilson"], rel=1e-12)
    exact = limits(found, "clopper_pearson")
    agrees("proportion", "Clopper-Pearson interval", "R 4.2.2 binom.test", exact, R["cp"], rel=1e-10)


@pytest.mark.parametrize(("count", "n"), [(0, 11), (11, 11), (1, 1), (0, 1), (3, 400)])
def test_single_proportion_agrees_with_scipy_at_the_ends(count, n):
    found = proportion(count, n, 0.9)
    for name, method in (("wilson", "wilson"), ("clopper_pearson", "exact")):
        expected = binomtest(count, n).proportion_ci(0.9, method=method)
        assert limits(found, name) == pytest.approx([expected.low, expected.high], rel=1e-9, abs=1e-12)
        assert found[f"{name}_low"] >= 0 and found[f"{name}_high"] <= 1


def test_nobody_has_no_proportion():
    found = proportion(0, 0)
    assert (found.pop("count"), found.pop("n")) == (0, 0)
    assert all(math.isnan(value) for value in found.values())
    assert all(math.isnan(value) for value in proportion_difference(0, 0, 3, 7).values())


@pytest.mark.parametrize(("count", "n"), [(3, 2), (-1, 2), (1.5, 2), (1, math.nan)])
def test_counts_that_cannot_be_are_refused(count, n):
    with pytest.raises(ValueError, match="count|n:"):
        proportion(count, n)
    with pytest.raises(ValueError, match="count|n:"):
        proportion_difference(1, 2, count, n)


def test_newcombe_interval_agrees():
    found = proportion_difference(56, 70, 48, 80)
    assert found["difference"] == pytest.approx(0.2, rel=1e-14)
    assert limits(found, "newcombe") == pytest.approx(PYTHON["newcombe"], rel=1e-9)
    assert limits(found, "newcombe") == pytest.approx(PYTHON["newcombe_published"], abs=5e-5)


def test_published_responders():
    # Vickers et al., BMJ 2004;328:744: 54 % against 32 %, difference 22 % (11 to 33), NNT 4.6 (3.0 to 9.1)
    found = proportion_difference(87, 161, 45, 140)
    assert round(100 * found["difference"]) == 22
    assert [round(100 * limit) for limit in limits(found, "wald")] == [11, 33]
    assert [round(v, 1) for v in (found["nnt"], *limits(found, "nnt_wald"))] == [4.6, 3.0, 9.1]
    assert math.isnan(found["nntb_wald"]) and math.isnan(found["nnth_wald"])


def test_risk_ratio_agrees_with_scipy():
    found = proportion_difference(56, 70, 48, 80, 0.9)
    expected = relative_risk(56, 70, 48, 80)
    interval = expected.confidence_interval(0.9)
    assert found["risk_ratio"] == pytest.approx(expected.relative_risk, rel=1e-14)
    assert limits(found, "risk_ratio") == pytest.approx([interval.low, interval.high], rel=1e-12)


def test_risk_ratio_without_events():
    found = proportion_difference(0, 9, 3, 9)
    assert found["risk_ratio"] == 0 and math.isnan(found["risk_ratio_high"])
    assert math.isnan(proportion_difference(3, 9, 0, 9)["risk_ratio"])


def test_number_needed_to_treat_through_infinity():
    found = proportion_difference(30, 60, 27, 60)
    low, high = limits(found, "newcombe")
    assert low < 0 < high
    assert found["nnt"] == pytest.approx(20)
    assert all(math.isnan(limit) for limit in limits(found, "nnt_newcombe"))
    assert found["nntb_newcombe"] == pytest.approx(1 / high, rel=1e-14)
    assert found["nnth_newcombe"] == pytest.approx(-1 / low, rel=1e-14)


def test_number_needed_to_harm_is_negative_and_mirrors():
    harm, benefit = proportion_difference(48, 80, 56, 70), proportion_difference(56, 70, 48, 80)
    assert harm["nnt"] == pytest.approx(-benefit["nnt"], rel=1e-12)
    assert harm["nnt_newcombe_low"] == pytest.approx(-benefit["nnt_newcombe_high"], rel=1e-12)
    assert harm["nnt_newcombe_low"] < harm["nnt"] < harm["nnt_newcombe_high"] < 0


def test_no_difference_has_no_number_needed_to_treat():
    found = proportion_difference(10, 20, 10, 20)
    assert found["difference"] == 0
    assert math.isnan(found["nnt"])
    assert found["nntb_wald"] == pytest.approx(found["nnth_wald"], rel=1e-12)

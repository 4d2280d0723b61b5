"""Westgard's rules, each on a chart that breaks it alone."""

import math

import numpy as np
import pytest
from omtrace.statistics.assay.westgard import RULES, broken, standardised


def rules(*runs):
    return [(hit.rule, hit.run, hit.runs) for hit in broken(np.array(runs, dtype=float))]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([[0], [1.9], [-1.9]], []),
        ([[0], [2.1]], [("1-2s", 1, (1,))]),
        ([[0], [-3.1]], [("1-2s", 1, (1,)), ("1-3s", 1, (1,))]),
        ([[2.1], [2.2]], [("1-2s", 0, (0,)), ("1-2s", 1, (1,)), ("2-2s", 1, (0, 1))]),
        ([[2.1], [-2.2]], [("1-2s", 0, (0,)), ("1-2s", 1, (1,))]),
        ([[2.1, -2.2]], [("1-2s", 0, (0,)), ("1-2s", 0, (0,)), ("R-4s", 0, (0,))]),
        ([[2.1, 2.2]], [("1-2s", 0, (0,)), ("1-2s", 0, (0,)), ("2-2s", 0, (0,))]),
        ([[1.1], [1.2], [1.3], [1.4]], [("4-1s", 3, (0, 1, 2, 3))]),
        ([[1.1], [1.2], [-1.3], [1.4]], []),
        ([[0.1]] * 10, [("10x", 9, tuple(range(10)))]),
        ([[0.1]] * 9, []),
        ([[1.1], [math.nan], [1.2], [1.3], [1.4]], [("4-1s", 4, (0, 2, 3, 4))]),
    ],
)
def test_each_rule(runs, expected):
    assert rules(*runs) == expected
    assert {rule for rule, _, _ in expected} <= set(RULES)


def test_an_assay_in_control_rarely_breaks_a_rule():
    z = np.random.default_rng(1).standard_normal((4000, 1))
    count = {rule: sum(hit.rule == rule for hit in broken(z)) / 4000 for rule in RULES}
    assert count["1-2s"] == pytest.approx(0.0455, abs=0.01)
    assert count["1-3s"] == pytest.approx(0.0027, abs=0.003)
    assert count["2-2s"] == pytest.approx(2 * 0.02275**2, abs=0.002)
    assert count["10x"] == pytest.approx(2 / 2**10, abs=0.003)


def test_limits_come_from_the_baseline_alone():
    values = np.array([90.0, 100, 110, math.nan, 400])
    z, mean, sd = standardised(values, [0, 1, 2])
    logs = np.log(values[:3])
    assert (mean, sd) == pytest.approx((logs.mean(), logs.std(ddof=1)))
    assert z[4] == pytest.approx((math.log(400) - logs.mean()) / logs.std(ddof=1)) and math.isnan(z[3])
    assert standardised(values, [0, 1, 2], log=False)[1] == 100
    with pytest.raises(ValueError, match="1 baseline values"):
        standardised(values, [0, 3])
    with pytest.raises(ValueError, match="do not differ"):
        standardised(np.array([5.0, 5, 6]), [0, 1])
    with pytest.raises(ValueError, match="no logarithm"):
        standardised(np.array([5.0, 0, 6]), [0, 1])

"""Order statistics of all sums of two values are those of the sums, formed and sorted, to the last bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.basic import ranks as pair_sums
from omtrace.statistics.basic.ranks import PairSums

SAMPLES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False) | st.integers(-4, 4).map(float), min_size=1, max_size=25)
GENERATOR = np.random.default_rng(8)
SHAPES = {
    "log-normal": (GENERATOR.lognormal(5, 0.1, 700), GENERATOR.lognormal(5.6, 0.2, 650)),
    "heavy tails": (GENERATOR.standard_cauchy(400) ** 3, GENERATOR.standard_cauchy(500)),
    "scores": (GENERATOR.integers(36, 79, 600) * 1.0, GENERATOR.integers(36, 79, 500) * 1.0),
    "one decimal": (np.round(GENERATOR.normal(300, 30, 600), 1), np.round(GENERATOR.normal(290, 30, 500), 1)),
    "neighbouring floats": (1 + GENERATOR.integers(0, 300, 400) * 2.0**-52, np.spacing(GENERATOR.random(400)) + 1),
    "one far value": (np.append(GENERATOR.random(300) * 1e-18, 1e5), GENERATOR.random(400) * 1e-18),
    "one value": (np.full(1, 0.1), GENERATOR.normal(size=12_000)),
    "all equal": (np.full(200, 0.1), np.full(150, 0.3)),
}


def of_all(sums, k):
    """The median and the k-th from each end of sums that were formed."""
    sums = np.sort(sums, axis=None)
    return float(np.median(sums)), float(sums[k - 1]), float(sums[-k])


def halves(x):
    first, second = np.triu_indices(len(x))
    return x[first] + x[second]


@pytest.mark.parametrize("shape", SHAPES)
def test_of_many(shape):
    x, y = SHAPES[shape]
    for sums, every in ((PairSums(x, -y), np.subtract.outer(x, y)), (PairSums(x), halves(x))):
        assert sums.count == every.size
        for k in (1, every.size // 40 + 1, every.size // 2):
            if k:
                assert sums.median_and_limits(k) == of_all(every, k)


@settings(deadline=None, max_examples=150)
@given(SAMPLES, SAMPLES, st.floats(0, 1), st.sampled_from([1, pair_sums.FEW]))
def test_of_few(a, b, share, few):
    x, y = np.array(a), np.array(b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_sums, "FEW", few)  # so that intervals are halved
        for sums, every in ((PairSums(x, -y), np.subtract.outer(x, y)), (PairSums(x), halves(x))):
            k = 1 + int(share * (every.size - 1))
            assert sums.median_and_limits(k) == of_all(every, k)
            assert sums.nth(k - 1) == np.sort(every, axis=None)[k - 1]


def test_without_sums_or_limits():
    assert all(math.isnan(value) for value in PairSums(np.zeros(0), np.ones(3)).median_and_limits(1))
    assert all(math.isnan(value) for value in PairSums(np.zeros(0)).median_and_limits(0))
    for k in (0, 4):
        median, *limits = PairSums(np.array([1.0, 2.0])).median_and_limits(k)
        assert median == 3 and all(math.isnan(limit) for limit in limits)


def test_tens_of_thousands_take_little_memory_and_time():
    x = np.random.default_rng(2).normal(size=40_000)  # 1.6e9 differences: 13 GB
    median, low, high = PairSums(x, -x).median_and_limits(10**8)
    assert median == 0 and low == -high and low < -1

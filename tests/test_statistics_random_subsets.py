"""Random subsets have the size asked for, each is as likely as another, and their sums are those of their values."""

import math

import numpy as np
import pytest
from omtrace.statistics.basic.permutation import permutation_test
from omtrace.statistics.basic.random_subsets import random_subset_sums
from scipy.stats import chi2, kstest


@pytest.mark.parametrize("count, size", [(10, 5), (10, 4), (9, 1), (11, 2), (8, 7), (12, 4)])
def test_every_subset_is_equally_likely(count, size):
    draws = 200_000
    sums = random_subset_sums(2.0 ** np.arange(count), size, draws, np.random.default_rng(5))  # sums tell subsets
    found, often = np.unique(sums, return_counts=True)
    assert {int(each).bit_count() for each in found} == {size} and len(found) == math.comb(count, size)
    expected = draws / len(found)
    assert chi2.sf(((often - expected) ** 2 / expected).sum(), len(found) - 1) > 0.001


@pytest.mark.parametrize("count, size", [(1000, 500), (1001, 340), (999, 60), (1003, 8), (1000, 930)])
def test_sums_of_many_have_the_mean_and_spread_of_sampling_without_replacement(count, size):
    values = np.random.default_rng(1).exponential(size=count)
    sums = random_subset_sums(values, size, 20_000, np.random.default_rng(2))
    spread = math.sqrt(size * (1 - size / count) * values.var(ddof=1))
    assert abs(sums.mean() - size * values.mean()) < 4 * spread / math.sqrt(len(sums))
    assert sums.std() == pytest.approx(spread, rel=4 / math.sqrt(2 * len(sums)))
    generator = np.random.default_rng(3)
    shuffled = [generator.permutation(values)[:size].sum() for _ in range(4_000)]
    assert kstest(sums, shuffled).pvalue > 0.001


def test_each_value_is_picked_as_often_and_with_each_other_as_often():
    count, size, draws = 44, 12, 100_000
    sums = random_subset_sums(2.0 ** np.arange(count), size, draws, np.random.default_rng(4)).astype(np.int64)
    picked = (sums[:, None] >> np.arange(count) & 1).astype(float)
    together = picked.T @ picked / draws
    share = size / count
    pair = share * (size - 1) / (count - 1)
    expected = np.full((count, count), pair) + np.eye(count) * (share - pair)
    assert np.all(picked.sum(axis=1) == size)
    assert np.abs((together - expected) / np.sqrt(expected * (1 - expected) / draws)).max() < 5


def test_p_of_many_is_near_that_of_the_normal_distribution():
    generator = np.random.default_rng(6)
    a, b = generator.normal(0.03, 1, 5_000), generator.normal(0, 1, 5_500)
    pooled = np.concatenate([a, b])
    error = pooled.std(ddof=1) * math.sqrt(1 / a.size + 1 / b.size)
    expected = math.erfc(abs(a.mean() - b.mean()) / error / math.sqrt(2))
    found = permutation_test(a, b)
    assert found["permutation_exact"] == 0
    assert abs(found["permutation_p"] - expected) < 4 * math.sqrt(expected * (1 - expected) / 9_523)

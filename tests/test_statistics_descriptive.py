"""Descriptive statistics, and the checks of samples that all statistics share."""

import math

import pytest
from omtrace.statistics.basic.descriptive import describe
from omtrace.statistics.basic.samples import sample, standard_deviation, whole


def test_known_sample():
    # R: quantile(type = 7), t.test(x)$conf.int of 2, 4, 4, 5, 10: mean 5, sd 3, half width 2.776445 * 3 / sqrt(5)
    found = describe([2, 4, 4, 5, 10])
    assert found.pop("ci_low") == pytest.approx(5 - 2.7764451051977987 * 3 / math.sqrt(5), rel=1e-12)
    assert found.pop("ci_high") == pytest.approx(5 + 2.7764451051977987 * 3 / math.sqrt(5), rel=1e-12)
    assert found == pytest.approx(
        {"n": 5, "mean": 5, "sd": 3, "median": 4, "q1": 4, "q3": 5, "minimum": 2, "maximum": 10}
    )


def test_quartiles_interpolate_linearly():
    found = describe([1, 2, 3, 4])
    assert (found["q1"], found["median"], found["q3"]) == (1.75, 2.5, 3.25)


def test_level_widens_the_interval():
    narrow, wide = describe([1, 2, 4], 0.9), describe([1, 2, 4], 0.99)
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]


def test_no_values_are_all_undefined():
    found = describe([])
    assert found.pop("n") == 0
    assert all(math.isnan(value) for value in found.values())


def test_one_value_has_location_but_no_spread():
    found = describe([7.5])
    assert {found[name] for name in ("mean", "median", "q1", "q3", "minimum", "maximum")} == {7.5}
    assert all(math.isnan(found[name]) for name in ("sd", "ci_low", "ci_high"))


def test_equal_values_have_no_spread_despite_rounding():
    found = describe([0.1, 0.1, 0.1])  # their sum divided by 3 is not 0.1
    assert found["sd"] == 0
    assert found["ci_low"] == found["ci_high"] == found["mean"]


@pytest.mark.parametrize("values", [[1, math.nan], [math.inf], [None, 1], ["a"], [[1, 2]]])
def test_bad_values_are_refused(values):
    with pytest.raises(ValueError, match="^values: "):
        describe(values)


@pytest.mark.parametrize("level", [0, 1, 95, math.nan])
def test_bad_level_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        describe([1, 2, 3], level)


def test_the_complaint_counts_and_never_prints_a_value():
    with pytest.raises(ValueError) as caught:
        sample([61.25, math.nan, math.nan], "before")
    assert str(caught.value) == "before: 2 of 3 values are missing or infinite"


def test_spread_is_judged_against_the_size_of_the_numbers_it_came_from():
    rounding = sample([1e-14, -1e-14, 2e-14])
    assert standard_deviation(rounding) > 0
    assert standard_deviation(rounding, scale=64.3) == 0


@pytest.mark.parametrize("value", [1.5, -1, math.nan, math.inf])
def test_counts_are_whole(value):
    with pytest.raises(ValueError, match="count"):
        whole(value, "count")


def test_an_interval_does_not_leave_the_scale():
    values = [5] * 9 + [4, 3]
    free, found = describe(values), describe(values, bounds=(1, 5))
    assert free["ci_high"] > 5 == found["ci_high"]
    assert {name: found[name] for name in found if name != "ci_high"} == {n: free[n] for n in free if n != "ci_high"}
    assert describe([1, 1, 1, 2], bounds=(1, 5))["ci_low"] == 1

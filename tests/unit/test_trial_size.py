"""Power and sample size against R's pwr and power.prop.test, by simulation, and as an analysis."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from agreements import agrees, chosen
from omtrace.faults import Fault
from omtrace.statistics.power import trial_size as size
from omtrace.statistics.power.simulated_power import simulated_power
from test_analyses import Results, column, people

R = json.loads((Path(__file__).parents[1] / "reference/models_r.json").read_text())
PWR = "R pwr 1.3-0"

chosen(
    "trial size",
    "both tails count as found, as in pwr and SAS; R's power.t.test leaves the far tail out unless "
    "strict. Numbers of units are rounded up once, after drop-out.",
)


def test_sizes_and_power_are_those_of_pwr():
    agrees("trial size", "two-sample t test, n", PWR, size.n_t(0.5, 0.8), R["pwr_t2"], rel=1e-6)
    agrees("trial size", "paired t test, power", PWR, size.power_t(11, 0.9, paired=True), R["pwr_tp"], rel=1e-8)
    assert size.power_t(3, 8, paired=True) == pytest.approx(0.9999182, abs=1e-7)  # of the noncentral t, df 2
    assert size.power_t(3, 8) == 1.0


def test_limits_of_a_standard_deviation_are_those_of_its_variance():
    low, high = size.sd_limits(5.0, 20, 0.8)
    assert low == pytest.approx(5 * math.sqrt(20 / scipy.stats.chi2.ppf(0.8, 20)), rel=1e-10)
    assert high == pytest.approx(5 * math.sqrt(20 / scipy.stats.chi2.ppf(0.2, 20)), rel=1e-10)
    assert low < 5 < high


def test_the_lower_limit_of_a_correlation_is_that_of_scipy():
    x, y = np.random.default_rng(3).normal(size=(2, 30))
    found = scipy.stats.pearsonr(x, x + y)
    low = found.confidence_interval(0.6).low  # two-sided 60% = one-sided 80%
    agrees(
        "trial size",
        "lower limit of a correlation",
        "scipy 1.17.1",
        size.correlation_lower(found.statistic, 29, 0.8),
        low,
        rel=1e-9,
    )
    assert size.correlation_lower(0.05, 8, 0.8) == 0


def test_a_correlation_of_zero_costs_the_covariate_and_drop_out_is_rounded_up_once():
    assert size.n_ancova(0.5, 0.0, 0.8) == pytest.approx(size.n_t(0.5, 0.8) + 1)
    assert size.n_ancova(0.5, 0.6, 0.8) == pytest.approx(0.64 * size.n_t(0.5, 0.8) + 1)
    assert size.with_dropout(63.7656, 0.2) == 80 and size.with_dropout(64, 0.2) == 80 and size.with_dropout(64, 0) == 64


@pytest.mark.parametrize("effect", [0.0, 1e-5])
def test_an_effect_that_needs_too_many_is_refused(effect):
    with pytest.raises(ValueError, match="needs more than"):
        size.n_t(effect, 0.9)


def test_simulated_power_of_complete_trials_is_that_of_the_formula():
    rho, n = 0.6, 40
    sigma = 25 * (rho * np.ones((3, 3)) + (1 - rho) * np.eye(3))
    found = simulated_power(sigma, n, 3.0, 1000, seed=7)
    # with all values there the mixed model is, at the last visit, the analysis of covariance of that visit
    expected = size.power_t(n - 1, 3.0 / (5 * math.sqrt(1 - rho**2)))
    assert abs(found["power"] - expected) < 4 * found["mcse"] and found["refused"] == 0
    assert found["mcse"] == pytest.approx(math.sqrt(found["power"] * (1 - found["power"]) / 1000))
    assert simulated_power(sigma, n, 3.0, 100, seed=7) == simulated_power(sigma, n, 3.0, 100, seed=7)


def test_without_a_difference_power_is_alpha_also_with_drop_out():
    sigma = 25 * (0.5 * np.eye(3) + 0.5)
    found = simulated_power(sigma, 20, 0.0, 1000, seed=11, dropout=0.3)
    assert abs(found["power"] - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 1000)
    assert (
        simulated_power(sigma, 60, 3.0, 300, seed=1, dropout=0.5)["power"]
        < simulated_power(sigma, 60, 3.0, 300, seed=1)["power"]
    )
    with pytest.raises(ValueError, match="not positive definite"):
        simulated_power([[1, 2], [2, 1]], 20, 1.0, 10, seed=1)


TELLS = {"difference": 2, "source": "a value for the test"}


def test_the_analysis(tmp_path):
    units = people(24)
    options = {**TELLS, "power": 0.8, "dropout": 0.2}
    results = Results(tmp_path, units, {"a": ("trial_size", ["x"], ["end"], options)})
    arms = {arm: np.array(column(units, "x", "end", arm=arm), float) for arm in ("OMT", "sham")}
    sd = math.sqrt(sum(((v - v.mean()) ** 2).sum() for v in arms.values()) / 22)
    found = results.values(level="what the data tell")
    assert found["sd"] == pytest.approx(sd) and found["n"] == 24 and found["sd_upper"] > sd
    n = size.n_t(2 / sd, 0.8)
    found = results.values(level="t test, SD as estimated")
    assert found == {
        "units_per_group": math.ceil(n),
        "enrolled_per_group": math.ceil(n / 0.8),
        "enrolled_in_all": 2 * math.ceil(n / 0.8),
    }
    larger = results.values(level="t test, SD at its upper 80% limit")
    assert larger["units_per_group"] > found["units_per_group"]
    assert {n["unit"] for n in results.numbers if n["statistic"] == "sd_upper"} == {"points"}


def test_change_of_one_group(tmp_path):
    units = people(24)
    entries = {
        "change": ("trial_size", ["x"], ["end"], {**TELLS, "design": "change"}),
    }
    results = Results(tmp_path, units, entries)
    assert "enrolled_in_all" in results.values(analysis="change", level="t test of the change, SD as estimated")
    with pytest.raises(Fault, match="the formula is enough"):
        Results(tmp_path / "b", units, {"a": ("trial_size", ["x"], ["end"], {**TELLS, "replicates": 50})})


def test_too_few_units_are_refused(tmp_path):
    with pytest.raises(Fault, match="4 units in 2 groups tell no standard deviation"):
        Results(tmp_path, people(4), {"a": ("trial_size", ["x"], ["end"], TELLS)})


def test_a_baseline_that_does_not_vary_leaves_the_size_of_the_t_test(tmp_path):
    units = people(24)
    for facts in units.values():
        facts["x", "baseline"] = 60
    options = {"difference": 3, "source": "a value for the test"}
    results = Results(tmp_path, units, {"a": ("trial_size", ["x"], ["end"], options)}, refusals=True)
    (refused,) = [n for n in results.numbers if n["statistic"] == "not_computed"]
    assert "the baseline does not vary within groups" in refused["level"]
    assert {n["level"] for n in results.numbers if n["statistic"] == "units_per_group"} == {
        "t test, SD as estimated",
        "t test, SD at its upper 80% limit",
    }
    assert "correlation_lower" not in {n["statistic"] for n in results.numbers}

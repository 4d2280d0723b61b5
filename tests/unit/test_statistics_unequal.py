"""Linear models with a residual variance of each group: Welch's test, a dense likelihood, scale, refusals."""

import numpy as np
import pytest
import scipy.stats
from agreements import agrees
from omtrace.statistics.linear.unequal import fit_unequal
from scipy.optimize import minimize
from test_analyses import Results, people, same

# Student's sleep data, R's ``sleep``: hours gained by two drugs
SLEEP = ([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def two(a, b, *more):
    group = ["a"] * len(a) + ["b"] * len(b)
    return np.concatenate([a, b]), np.column_stack([np.ones(len(group)), np.array(group) == "b", *more]), group


def test_two_groups_without_covariates_are_welchs_test():
    found = fit_unequal(*two(*SLEEP)).contrast([0, -1])
    source, method = "R, t.test(extra ~ group, data = sleep)", "variance of each group"
    agrees(method, "t", source, found["t"], -1.8608, abs=5e-5)
    agrees(method, "df", source, found["df"], 17.776, abs=5e-4)
    agrees(method, "p", source, found["p"], 0.07939, abs=5e-6)
    agrees(method, "interval", source, [found["ci_low"], found["ci_high"]], [-3.3654832, 0.2054832], abs=5e-8)


@pytest.mark.parametrize("unit", [1e-12, 1, 1e12])
def test_far_variances_and_any_unit_give_welchs_test(unit):
    generator = np.random.default_rng(3)
    for spread in (1e-3, 1, 1e4):
        a, b = generator.normal(0, 1, 9) * unit, generator.normal(2, spread, 5) * unit
        found, welch = fit_unequal(*two(a, b)).contrast([0, 1]), scipy.stats.ttest_ind(b, a, equal_var=False)
        assert [found[name] for name in ("t", "df", "p")] == pytest.approx(
            [welch.statistic, welch.df, welch.pvalue], rel=1e-9
        )


def test_with_a_covariate_the_variances_are_those_of_a_dense_likelihood():
    generator = np.random.default_rng(8)
    age = generator.normal(40, 9, 30)
    a, b = generator.normal(0, 1, 18) + age[:18] / 10, generator.normal(1, 3, 12) + age[18:] / 10
    y, x, group = two(a, b, age)
    is_b = np.array(group) == "b"

    def minus_2_log(theta):
        v = np.where(is_b, *np.exp(theta)[::-1])
        inside = x.T @ (x / v[:, None])
        left = y - x @ np.linalg.solve(inside, x.T @ (y / v))
        return np.log(v).sum() + np.linalg.slogdet(inside)[1] + (left**2 / v).sum()

    best = minimize(minus_2_log, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-13})
    model = fit_unequal(y, x, group)
    assert list(model.variances.values()) == pytest.approx(np.exp(best.x), rel=1e-5)
    v = np.where(is_b, model.variances["b"], model.variances["a"])
    inside = np.linalg.inv(x.T @ (x / v[:, None]))
    assert model.coefficients == pytest.approx(inside @ x.T @ (y / v), rel=1e-9)
    found = model.contrast([0, 1, 0])
    assert found["se"] == pytest.approx(np.sqrt(inside[1, 1]), rel=0.02)
    assert found["se"] == pytest.approx(np.sqrt(model.covariance[1, 1]), rel=1e-12)
    joint = model.joint_test([[0, 1, 0]])
    assert (joint["f"], joint["p"]) == pytest.approx((found["t"] ** 2, found["p"]))


def test_a_group_without_spread_is_refused():
    with pytest.raises(ValueError, match="group b: its values leave no residual"):
        fit_unequal(*two([1.0, 2, 4], [3.0, 3, 3]))
    with pytest.raises(ValueError, match="group b: its values leave no residual"):
        fit_unequal(*two([1.0, 2, 4], [3.0]))


def test_it_is_an_option_of_the_analysis_of_covariance(tmp_path):
    units = people(24)
    options = {"group": "OMT", "reference": "sham", "covariance": "by group", "baseline": False}
    results = Results(tmp_path, units, {"a": ("ancova", ["x"], ["end"], options)})
    sham, omt = ([f["x", "end"] for f in units.values() if f["arm", ""] == arm] for arm in ("sham", "OMT"))
    welch = scipy.stats.ttest_ind(omt, sham, equal_var=False)
    found = results.values(group="OMT - sham")
    same(found, {"t": welch.statistic, "df": welch.df, "p": welch.pvalue})
    assert "r_squared" not in found
    same(results.values(group="OMT"), {"residual_sd": np.std(omt, ddof=1), "adjusted_mean": np.mean(omt)})
    assert "a residual variance of each group" in str(results.definitions)

"""Slopes of a dose in groups, against statsmodels' formulas and numpy's fit of a line."""

import numpy as np
import pandas
import pytest
import statsmodels.formula.api as smf
from omtrace.statistics.linear.slopes import fit_slopes

RNG = np.random.default_rng(20261130)
N = 60
DATA = pandas.DataFrame(
    {
        "group": np.repeat(["sham", "OMT"], N // 2),
        "dose": RNG.integers(0, 6, N).astype(float),
        "baseline": RNG.normal(62, 7, N),
        "site": RNG.choice(["A", "B", "C"], N),
    }
)
DATA["y"] = 20 + 0.6 * DATA["baseline"] - 0.9 * DATA["dose"] * (DATA["group"] == "OMT") + RNG.normal(0, 3, N)


def ours(covariance="classical"):
    columns = [DATA["baseline"], DATA["site"] == "B", DATA["site"] == "C"]
    return fit_slopes(DATA["y"], DATA["dose"], DATA["group"].tolist(), columns, covariance)


@pytest.mark.parametrize("covariance", ["classical", "HC3"])
def test_slopes_and_their_difference_are_those_of_statsmodels(covariance):
    kind = {"classical": "nonrobust"}.get(covariance, covariance)
    model = smf.ols("y ~ C(group) + C(group):dose + baseline + C(site)", DATA).fit(cov_type=kind, use_t=True)
    for group in ("OMT", "sham"):
        test = model.t_test(f"C(group)[{group}]:dose = 0")
        found = ours(covariance).slope(group)
        low, high = test.conf_int()[0]
        expected = {
            "dose_slope": test.effect[0],
            "se": test.sd[0, 0],
            "ci_low": low,
            "ci_high": high,
            "p": float(test.pvalue),
        }
        assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
        assert found["df"] == N - 7
    test = model.t_test("C(group)[OMT]:dose - C(group)[sham]:dose = 0")
    found = ours(covariance).difference("OMT", "sham")
    assert [found["dose_slope"], found["se"], found["p"]] == pytest.approx(
        [test.effect[0], test.sd[0, 0], float(test.pvalue)], rel=1e-9
    )


def test_one_group_alone_is_a_line():
    found = fit_slopes(DATA["y"], DATA["dose"], ["all"] * N)
    (slope, _), covariance = np.polyfit(DATA["dose"], DATA["y"], 1, cov=True)
    assert found.slope("all")["dose_slope"] == pytest.approx(slope)
    assert found.slope("all")["se"] == pytest.approx(np.sqrt(covariance[0, 0]))


@pytest.mark.parametrize(
    "dose, covariates, says",
    [
        ([1, 1, 1, 1, 2, 3, 4, 5], [], "a: the dose is the same in all 4 units of it"),
        ([1, 2, 3, 4, 1, 2, 3, 4], [[1, 2, 3, 4, 1, 2, 3, 4]], "covariate 1: .*: dose in a, dose in b give it"),
        ([1, 2, 3, None, 1, 2, 3, 4], [], "dose: 1 of 8 values are missing"),
    ],
)
def test_what_tells_no_slope_is_refused(dose, covariates, says):
    with pytest.raises(ValueError, match=says):
        fit_slopes(range(8), dose, ["a"] * 4 + ["b"] * 4, covariates)

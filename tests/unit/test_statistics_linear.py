"""Analysis of covariance against R (lm, emmeans), NIST certified values and hand-made cases."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from models import adjusted_difference, adjusted_means
from omtrace.statistics.linear.linear import fit_linear

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())
NIST = Path(scipy.stats.__file__).parent / "tests" / "data" / "nist_anova" / "AtmWtAg.dat"


@pytest.fixture
def arms():
    return pd.read_csv(REFERENCE / "three_arm.csv")


@pytest.mark.parametrize(("arm", "index"), [("dose1", 0), ("dose2", 1)])
def test_adjusted_difference_agrees_with_r(arms, arm, index):
    found = adjusted_difference(arms, "change", "arm", "control", ["base"], ["sex"], contrast=arm)
    expected = R["ancova_dunnett_contr"]
    names = {"difference": "estimate", "se": "SE", "df": "df", "t": "t.ratio", "p": "p.value"}
    for ours, theirs in names.items():
        assert found[ours] == pytest.approx(expected[theirs][index], rel=1e-10)
    assert found["difference"] == pytest.approx(R["ancova"]["coef"][1 + index], rel=1e-10)
    assert found["n"] == 39


def test_adjusted_means_agree_with_emmeans(arms):
    found = adjusted_means(arms, "change", "arm", "control", ["base"], ["sex"])
    expected = R["ancova_emm"]
    assert list(found) == expected["arm"]
    names = {"adjusted_mean": "emmean", "se": "SE", "df": "df", "ci_low": "lower.CL", "ci_high": "upper.CL"}
    for index, numbers in enumerate(found.values()):
        for ours, theirs in names.items():
            assert numbers[ours] == pytest.approx(expected[theirs][index], rel=1e-9)
    assert [numbers["n"] for numbers in found.values()] == [14, 12, 13]


def test_factor_levels_weigh_equally_whatever_their_frequency():
    frame = pd.DataFrame(
        {
            "y": [1.0, 1.2, 5.0, 0.8, 5.2, 2.0, 2.2, 6.0, 1.8, 6.2],
            "arm": ["a"] * 5 + ["b"] * 5,
            "site": ["p", "p", "q", "p", "q"] * 2,
        }
    )
    found = adjusted_means(frame, "y", "arm", "a", factors=["site"])
    # additive without noise in the cell means: p 1, q 5.1 in a; 1 more in b
    assert found["a"]["adjusted_mean"] == pytest.approx((1.0 + 5.1) / 2, rel=1e-12)
    assert found["b"]["adjusted_mean"] - found["a"]["adjusted_mean"] == pytest.approx(1, rel=1e-12)


def test_without_covariates_it_is_the_two_sample_t_test():
    generator = np.random.default_rng(2)
    frame = pd.DataFrame({"y": generator.normal(60, 5, 20), "g": [1, 0] * 10})
    found = adjusted_difference(frame, "y", "g", 0)
    expected = scipy.stats.ttest_ind(frame.y[frame.g == 1], frame.y[frame.g == 0])
    assert [found["t"], found["df"], found["p"]] == pytest.approx([expected.statistic, 18, expected.pvalue], rel=1e-10)
    back = adjusted_difference(frame, "y", "g", 1)
    assert back["difference"] == pytest.approx(-found["difference"], rel=1e-12)


@pytest.mark.skipif(not NIST.exists(), reason="this scipy comes without its test data")
def test_nist_certified_values():
    rows = [line.split() for line in NIST.read_text().splitlines()[60:] if line.strip()]
    frame = pd.DataFrame(rows, columns=["instrument", "weight"]).astype({"weight": float})
    assert len(frame) == 48
    found = adjusted_difference(frame, "weight", "instrument", "1")
    # certified F on 1 and 46 degrees of freedom; seven constant leading digits leave about 9 of 15
    assert found["t"] ** 2 == pytest.approx(1.59467335677930e01, rel=1e-9)
    assert found["r_squared"] == pytest.approx(2.57426544538321e-01, rel=1e-9)
    assert found["df"] == 46


def test_unused_categories_and_booleans_are_no_levels(arms):
    plain = adjusted_difference(arms, "change", "arm", "control", ["base"], ["sex"], contrast="dose2")
    arms["arm"] = pd.Categorical(arms["arm"], categories=["dose2", "unused", "control", "dose1"])
    arms["female"] = arms["sex"] == "F"
    assert adjusted_difference(
        arms, "change", "arm", "control", ["base"], ["female"], contrast="dose2"
    ) == pytest.approx(plain, rel=1e-10)


def test_large_offset_of_a_covariate_is_no_dependence(arms):
    plain = adjusted_difference(arms, "change", "arm", "control", ["base"], contrast="dose1")
    arms["base"] = arms["base"] + 1e6
    assert adjusted_difference(arms, "change", "arm", "control", ["base"], contrast="dose1") == pytest.approx(
        plain, rel=1e-6
    )


@pytest.mark.parametrize("scale", [1e-9, 1, 1e9])
@pytest.mark.parametrize("values", [[1.1, 2.1, 3.1, 5.1, 6.1, 7.1], [0.3] * 6])
def test_a_perfect_fit_is_refused(values, scale):
    frame = pd.DataFrame({"y": np.array(values) * scale, "x": [0, 1, 2, 0, 1, 2], "g": list("aaabbb")})
    with pytest.raises(ValueError, match="leaves no residual: it is constant, or the terms of the model reproduce it"):
        adjusted_difference(frame, "y", "g", "a", ["x"])


@pytest.mark.parametrize(
    ("change", "arguments", "complaint"),
    [
        ({"base": 60.0}, {"covariates": ["base"]}, "not all of it|constant"),
        (
            {"twice": lambda f: 2 * f["base"]},
            {"covariates": ["base", "twice"]},
            "not all of it|constant",
        ),
        ({"copy": lambda f: f["arm"]}, {"factors": ["copy"]}, "not all of it|constant"),
        ({"one": "x"}, {"factors": ["one"]}, "one: a factor with one level"),
        ({"arm": "control"}, {}, "arm: fewer than 2 groups"),
        ({"unit": lambda f: [f"u{i}" for i in range(len(f))]}, {"factors": ["unit"]}, "no residual"),
        (
            {"base": lambda f: f["base"].where(f.index > 2)},
            {"covariates": ["base"]},
            "base: 3 of 39 values are missing",
        ),
        ({"arm": lambda f: f["arm"].where(f.index > 0)}, {}, "arm: 1 of 39 values are missing"),
        ({}, {"covariates": ["sex"]}, "sex: not numeric"),
        ({}, {"covariates": ["height"]}, "height: no such column"),
        ({}, {"covariates": ["base", "base"]}, "named twice"),
        ({}, {"contrast": "dose3"}, "no row of the level 'dose3'"),
        ({}, {"reference": "none"}, "reference group"),
    ],
)
def test_refusals(arms, change, arguments, complaint):
    frame = arms.assign(**change)
    arguments = {"reference": "control", "contrast": "dose1", **arguments}
    with pytest.raises(ValueError, match=complaint):
        adjusted_difference(frame, "change", "arm", **arguments)


def test_as_many_coefficients_as_values_leave_nothing_to_estimate_an_error_from():
    with pytest.raises(ValueError, match="2 values for 2 coefficients leave no residual degrees of freedom"):
        fit_linear([1, 2], [[1, 0], [1, 1]])

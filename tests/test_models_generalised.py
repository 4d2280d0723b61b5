"""Counts, yes or no, and ordered categories: models against R, statsmodels and cases worked by hand."""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from agreements import agrees, chosen
from omtrace.statistics.linear.binary import LogisticModel
from omtrace.statistics.linear.counts import CountModel
from omtrace.statistics.linear.design import Terms
from omtrace.statistics.linear.likelihood import maximise
from omtrace.statistics.linear.ordinal import ProportionalOdds

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "models_r.json").read_text())
MASS, CLM, SM = "MASS 7.3-58.2 glm.nb", "ordinal 2022.11-16 clm", "statsmodels 0.15.0"

chosen("negative binomial", "standard errors from the observed information of coefficients and dispersion together, as "
       "statsmodels; glm.nb of R's MASS holds the dispersion and takes the expected information, which differs by "
       "about 0.1% in the reference. Both are computed, and each agrees with its program.")  # fmt: skip
chosen("logistic", "risk differences by standardisation with the covariates as given (delta method), as R's "
       "marginaleffects, Stata's margins and statsmodels; no allowance for sampling the covariates.")  # fmt: skip
chosen("proportional odds", "odds ratios above 1 mean higher categories: clm and polr; SAS PROC LOGISTIC models the "
       "lower ones unless told DESCENDING.")  # fmt: skip


@pytest.fixture(scope="module")
def midas():
    frame = pd.read_csv(REFERENCE / "midas.csv").astype({"midas": float, "base": float})
    return frame.assign(quarters=frame["days"] / 90, high=(frame["grade"] >= 2) * 1.0)


TERMS = Terms("midas", "arm", [0, 1], None, ["base"])


def plain(model, base=1.0):
    """glm's coefficients in treatment coding: intercept, group, covariate."""
    start = model.design.mean(0, {"base": 0.0})
    return np.array([start, model.design.difference(1, 0), model.design.mean(0, {"base": 1.0}) - start])


# counts


def test_negative_binomial_is_that_of_mass(midas):
    model = CountModel(midas, TERMS, "quarters", information="expected")
    rows = plain(model)
    agrees("negative binomial", "coefficients", MASS, rows @ model.coefficients, R["nb"]["coef"], rel=1e-7)
    errors = np.sqrt(np.diag(rows @ model.covariance @ rows.T))
    agrees("negative binomial", "SE, dispersion held", MASS, errors, R["nb"]["se"], rel=1e-6)
    agrees("negative binomial", "dispersion", MASS, 1 / model.dispersion, R["nb"]["theta"], rel=1e-6)
    agrees("negative binomial", "log-likelihood", MASS, model.log_likelihood, R["nb"]["ll"], rel=1e-9)


def test_negative_binomial_with_observed_information_is_that_of_statsmodels(midas):
    model = CountModel(midas, TERMS, "quarters")
    x = np.column_stack([np.ones(len(midas)), midas["arm"], midas["base"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.NegativeBinomial(midas["midas"], x, exposure=midas["quarters"]).fit(disp=0, maxiter=500, gtol=1e-10)
    found = model.rate_ratio(1, 0)
    agrees("negative binomial", "log rate ratio, SE", SM, [math.log(found["rate_ratio"]), found["se_log"]],
           [other.params["x1"], other.bse["x1"]], rel=1e-5)  # fmt: skip
    agrees("negative binomial", "dispersion, SE", SM, [model.dispersion, model.dispersion_se],
           [other.params["alpha"], other.bse["alpha"]], rel=1e-5)  # fmt: skip
    assert found["z"] == pytest.approx(math.log(found["rate_ratio"]) / found["se_log"])


def test_poisson_is_that_of_statsmodels(midas):
    model = CountModel(midas, TERMS, "quarters", "poisson")
    x = np.column_stack([np.ones(len(midas)), midas["arm"], midas["base"]])
    other = sm.GLM(midas["midas"], x, family=sm.families.Poisson(), offset=np.log(midas["quarters"])).fit(tol=1e-13)
    found = model.rate_ratio(1, 0)
    ours = [math.log(found["rate_ratio"]), found["se_log"], model.pearson_per_df, model.log_likelihood]
    theirs = [other.params["x1"], other.bse["x1"], other.pearson_chi2 / other.df_resid, other.llf]
    agrees("Poisson", "log rate ratio, SE, overdispersion, log-likelihood", SM, ours, theirs, rel=1e-8)


def test_without_covariates_rates_are_events_by_exposure(midas):
    model = CountModel(midas, Terms("midas", "arm", [0, 1]), "quarters", "poisson")
    for arm in (0, 1):
        part = midas[midas["arm"] == arm]
        crude = part["midas"].sum() / part["quarters"].sum()
        assert model.rate(arm, 4)["rate"] == pytest.approx(4 * crude, rel=1e-10)
        assert model.events(arm) == (part["midas"].sum(), pytest.approx(part["quarters"].sum()))
    # Poisson: the variance of a log rate is 1/events
    events = [model.events(arm)[0] for arm in (0, 1)]
    assert model.rate_ratio(1, 0)["se_log"] == pytest.approx(math.sqrt(sum(1 / e for e in events)), rel=1e-9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"midas": lambda f: f["midas"] * (f["arm"] == 0)}, "arm 1: no event at all"),
        ({"midas": lambda f: f["midas"] + 0.5}, "90 of 90 counts are no whole numbers"),
        ({"midas": lambda f: f["midas"] - 1000}, "counts are no whole numbers from 0"),
        ({"quarters": 0.0}, "90 of 90 exposures are not positive"),
        ({"midas": lambda f: np.tile([3.0, 4.0], 45)}, "vary no more than Poisson's"),
    ],
)
def test_counts_that_cannot_be_modelled_say_why(midas, change, says):
    with pytest.raises(ValueError, match=says):
        CountModel(midas.assign(**change), TERMS, "quarters")


def test_half_events_are_refused_unless_they_are_allowed(midas):
    halves = midas.assign(midas=midas["midas"] + 0.5 * (midas.index == 3))
    with pytest.raises(ValueError, match="1 of 90 counts are no whole numbers"):
        CountModel(halves, TERMS, "quarters")
    near = CountModel(halves, TERMS, "quarters", fractions=True).rate_ratio(1, 0)["rate_ratio"]
    assert near == pytest.approx(CountModel(midas, TERMS, "quarters").rate_ratio(1, 0)["rate_ratio"], rel=0.02)


# yes or no


def test_odds_ratios_and_standardised_risks_are_those_of_statsmodels(midas):
    model = LogisticModel(midas, Terms("high", "arm", [0, 1], None, ["base"]))
    x = np.column_stack([np.ones(len(midas)), midas["base"], midas["arm"]])
    other = sm.Logit(midas["high"], x).fit(disp=0, tol=1e-12, method="newton")
    found = model.odds_ratio(1, 0)
    agrees("logistic", "log odds ratio, SE, p", SM, [math.log(found["odds_ratio"]), found["se_log"], found["p"]],
           [other.params["x2"], other.bse["x2"], other.pvalues["x2"]], rel=1e-8)  # fmt: skip
    margin = other.get_margeff(dummy=True)
    found = model.risk_difference(1, 0)
    agrees("logistic", "standardised risk difference, SE", SM, [found["risk_difference"], found["se"]],
           [margin.margeff[1], margin.margeff_se[1]], rel=1e-8)  # fmt: skip
    risks = [model.risk(arm)["proportion"] for arm in (0, 1)]
    assert risks[1] - risks[0] == pytest.approx(found["risk_difference"], rel=1e-12)
    assert model.risk_ratio(1, 0)["risk_ratio"] == pytest.approx(risks[1] / risks[0], rel=1e-12)


def test_without_covariates_it_is_the_fourfold_table():
    frame = pd.DataFrame({"y": [1.0] * 12 + [0.0] * 8 + [1.0] * 6 + [0.0] * 14, "g": ["a"] * 20 + ["b"] * 20})
    model = LogisticModel(frame, Terms("y", "g", ["b", "a"]))
    found = model.odds_ratio("a", "b")
    assert found["odds_ratio"] == pytest.approx(12 * 14 / (8 * 6), rel=1e-10)
    assert found["se_log"] == pytest.approx(math.sqrt(1 / 12 + 1 / 8 + 1 / 6 + 1 / 14), rel=1e-10)  # Woolf 1955
    found = model.risk_difference("a", "b")
    assert found["risk_difference"] == pytest.approx(0.3, rel=1e-10)
    assert found["se"] == pytest.approx(math.sqrt(0.6 * 0.4 / 20 + 0.3 * 0.7 / 20), rel=1e-10)  # Wald
    found = model.risk_ratio("a", "b")
    assert found["se_log"] == pytest.approx(math.sqrt(1 / 12 - 1 / 20 + 1 / 6 - 1 / 20), rel=1e-10)  # Katz 1978


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"high": lambda f: (f["arm"] == 1) * 1.0}, "arm 0: all 44 are no"),
        ({"high": lambda f: (f["base"] > f["base"].median()) * 1.0}, "with certainty"),
        ({"high": 2.0}, "other than 1"),
    ],
)
def test_odds_that_are_infinite_say_why(midas, change, says):
    with pytest.raises(ValueError, match=says):
        LogisticModel(midas.assign(**change), Terms("high", "arm", [0, 1], None, ["base"]))


# ordered categories


def test_proportional_odds_are_those_of_clm(midas):
    model = ProportionalOdds(midas, Terms("grade", "arm", [0, 1], None, ["base"]), [0, 1, 2, 3])
    mean = midas["base"].mean()
    beta = model.coefficients[3:]
    agrees("proportional odds", "coefficients", CLM, [*(model.coefficients[:3] + beta[1] * mean), *beta],
           R["clm"]["coef"], rel=1e-6)  # fmt: skip
    # clm's thresholds belong to a covariate of 0: threshold + slope x mean
    change = np.eye(5)
    change[:3, 4] = mean
    errors = np.sqrt(np.diag(change @ model.covariance @ change.T))
    agrees("proportional odds", "SE", CLM, errors, R["clm"]["se"], rel=1e-6)
    agrees("proportional odds", "log-likelihood", CLM, model.log_likelihood, R["clm"]["ll"], rel=1e-9)
    assert math.log(model.odds_ratio(1, 0)["odds_ratio"]) == pytest.approx(R["clm"]["coef"][3], rel=1e-6)
    assert list(model.thresholds()) == ["0 | 1", "1 | 2", "2 | 3"]


def test_two_categories_are_a_logistic_model(midas):
    ordinal = ProportionalOdds(midas, Terms("high", "arm", [0, 1], None, ["base"]), [0, 1]).odds_ratio(1, 0)
    binary = LogisticModel(midas, Terms("high", "arm", [0, 1], None, ["base"])).odds_ratio(1, 0)
    assert ordinal == pytest.approx(binary, rel=1e-9)


def test_categories_without_rows_are_left_out_and_words_may_be_ordered(midas):
    terms = Terms("grade", "arm", [0, 1], None, ["base"])
    plain_ = ProportionalOdds(midas, terms, [0, 1, 2, 3]).odds_ratio(1, 0)
    assert ProportionalOdds(midas, terms, [-1, 0, 1, 2, 3, 4]).odds_ratio(1, 0) == pytest.approx(plain_)
    words = midas.assign(grade=midas["grade"].map({0: "I", 1: "II", 2: "III", 3: "IV"}))
    model = ProportionalOdds(words, terms, ["I", "II", "III", "IV"])
    assert model.odds_ratio(1, 0) == pytest.approx(plain_) and list(model.thresholds())[0] == "I | II"
    back = ProportionalOdds(words, terms, ["IV", "III", "II", "I"]).odds_ratio(1, 0)
    assert back["odds_ratio"] == pytest.approx(1 / plain_["odds_ratio"], rel=1e-8)


@pytest.mark.parametrize(
    ("change", "categories", "says"),
    [
        ({"grade": 2}, [0, 1, 2, 3], "1 category with rows"), ({}, [0, 1, 2], "3: no category of the outcome"),
        ({"grade": lambda f: f["grade"].where(f["arm"] == 0, 3)}, [0, 1, 2, 3], "arm 1: all in one outermost"),
        ({"grade": lambda f: 1 + (f["base"].rank(method="first") > 50)}, [1, 2], "with certainty"),
    ],
)  # fmt: skip
def test_categories_that_cannot_be_modelled_say_why(midas, change, categories, says):
    with pytest.raises(ValueError, match=says):
        ProportionalOdds(midas.assign(**change), Terms("grade", "arm", [0, 1], None, ["base"]), categories)


def test_gradients_and_hessians_are_derivatives(midas):
    models = [
        (CountModel(midas, TERMS, "quarters")._negative_binomial, np.array([1.9, -0.2, 0.03, 0.4])),
        (CountModel(midas, TERMS, "quarters")._poisson, np.array([1.9, -0.2, 0.03])),
        (LogisticModel(midas, Terms("high", "arm", [0, 1], None, ["base"]))._likelihood, np.array([0.1, -0.4, 0.05])),
        (ProportionalOdds(midas, Terms("grade", "arm", [0, 1], None, ["base"]), [0, 1, 2, 3])._likelihood,
         np.array([-1.0, 0.3, 1.2, -0.4, 0.05])),
    ]  # fmt: skip
    for function, at in models:
        _, gradient, hessian = function(at)
        h = 1e-5
        steps = h * np.eye(at.size)
        assert gradient == pytest.approx(
            [(function(at + s)[0] - function(at - s)[0]) / (2 * h) for s in steps], rel=1e-5
        )
        numeric = [(function(at + s)[1] - function(at - s)[1]) / (2 * h) for s in steps]
        assert hessian == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-4)


def test_a_likelihood_without_a_maximum_is_refused():
    with pytest.raises(ValueError, match="flat"):
        maximise(lambda at: (float(at[0]), np.ones(1), np.zeros((1, 1))), np.zeros(1))
    with pytest.raises(ValueError, match="no finite maximum"):
        maximise(lambda at: (float(at[0]), np.ones(1), -1e-3 * np.eye(1)), np.zeros(1))

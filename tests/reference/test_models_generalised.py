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
from omtrace.statistics.linear.likelihood import Derivatives, maximise
from omtrace.statistics.linear.ordinal import ProportionalOdds
from scipy.optimize import minimize
from scipy.stats import chi2

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "models_r.json").read_text())
MASS, CLM, SM = "MASS 7.3-58.2 glm.nb", "ordinal 2022.11-16 clm", "statsmodels 0.15.0"

chosen(
    "negative binomial",
    "standard errors from the observed information of coefficients and dispersion together, as "
    "statsmodels; glm.nb of R's MASS holds the dispersion and takes the expected information, which differs by "
    "about 0.1% in the reference. Both are computed, and each agrees with its program.",
)
chosen(
    "logistic",
    "risk differences by standardisation with the covariates as given (delta method), as R's "
    "marginaleffects, Stata's margins and statsmodels; no allowance for sampling the covariates.",
)
chosen(
    "proportional odds",
    "odds ratios above 1 mean higher categories: clm and polr; SAS PROC LOGISTIC models the "
    "lower ones unless told DESCENDING.",
)


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
    agrees("negative binomial", "coefficients", MASS, rows @ model.fit.coefficients, R["nb"]["coef"], rel=1e-7)
    errors = np.sqrt(np.diag(rows @ model.fit.covariance @ rows.T))
    agrees("negative binomial", "SE, dispersion held", MASS, errors, R["nb"]["se"], rel=1e-6)
    agrees("negative binomial", "dispersion", MASS, 1 / model.dispersion, R["nb"]["theta"], rel=1e-6)
    agrees("negative binomial", "log-likelihood", MASS, model.fit.log_likelihood, R["nb"]["ll"], rel=1e-9)


def test_negative_binomial_with_observed_information_is_that_of_statsmodels(midas):
    model = CountModel(midas, TERMS, "quarters")
    x = np.column_stack([np.ones(len(midas)), midas["arm"], midas["base"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.NegativeBinomial(midas["midas"], x, exposure=midas["quarters"]).fit(disp=0, maxiter=500, gtol=1e-10)
    found = model.rate_ratio(1, 0)
    agrees(
        "negative binomial",
        "log rate ratio, SE",
        SM,
        [math.log(found["rate_ratio"]), found["se_log"]],
        [other.params["x1"], other.bse["x1"]],
        rel=1e-5,
    )
    agrees(
        "negative binomial",
        "dispersion, SE",
        SM,
        [model.dispersion, model.dispersion_se],
        [other.params["alpha"], other.bse["alpha"]],
        rel=1e-5,
    )
    assert found["z"] == pytest.approx(math.log(found["rate_ratio"]) / found["se_log"])


def test_poisson_is_that_of_statsmodels(midas):
    model = CountModel(midas, TERMS, "quarters", "poisson")
    x = np.column_stack([np.ones(len(midas)), midas["arm"], midas["base"]])
    other = sm.GLM(midas["midas"], x, family=sm.families.Poisson(), offset=np.log(midas["quarters"])).fit(tol=1e-13)
    found = model.rate_ratio(1, 0)
    ours = [math.log(found["rate_ratio"]), found["se_log"], model.pearson_per_df, model.fit.log_likelihood]
    theirs = [other.params["x1"], other.bse["x1"], other.pearson_chi2 / other.df_resid, other.llf]
    agrees("Poisson", "log rate ratio, SE, overdispersion, log-likelihood", SM, ours, theirs, rel=1e-8)


def test_without_covariates_rates_are_events_by_exposure(midas):
    model = CountModel(midas, Terms("midas", "arm", [0, 1]), "quarters", "poisson")
    for arm in (0, 1):
        part = midas[midas["arm"] == arm]
        crude = part["midas"].sum() / part["quarters"].sum()
        assert model.rate(arm, 4)["rate"] == pytest.approx(4 * crude, rel=1e-10)
        assert model.events(arm) == part["midas"].sum() and model.exposed(arm) == pytest.approx(part["quarters"].sum())
    # Poisson: the variance of a log rate is 1/events
    events = [model.events(arm) for arm in (0, 1)]
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
    agrees(
        "logistic",
        "log odds ratio, SE, p",
        SM,
        [math.log(found["odds_ratio"]), found["se_log"], found["p"]],
        [other.params["x2"], other.bse["x2"], other.pvalues["x2"]],
        rel=1e-8,
    )
    margin = other.get_margeff(dummy=True)
    found = model.risk_difference(1, 0)
    agrees(
        "logistic",
        "standardised risk difference, SE",
        SM,
        [found["risk_difference"], found["se"]],
        [margin.margeff[1], margin.margeff_se[1]],
        rel=1e-8,
    )
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
    # clm's thresholds belong to the reference group and a covariate of 0, its coefficients to treatment coding
    start = model.design.mean(0, {"base": 0.0})
    group, slope = model.design.difference(1, 0), model.design.mean(0, {"base": 1.0}) - start
    rows = np.array([*(np.r_[cut, -start[1:]] for cut in np.eye(3)), *(np.r_[0, 0, 0, r[1:]] for r in (group, slope))])
    agrees("proportional odds", "coefficients", CLM, rows @ model.fit.coefficients, R["clm"]["coef"], rel=1e-6)
    errors = np.sqrt(np.diag(rows @ model.fit.covariance @ rows.T))
    agrees("proportional odds", "SE", CLM, errors, R["clm"]["se"], rel=1e-6)
    agrees("proportional odds", "log-likelihood", CLM, model.fit.log_likelihood, R["clm"]["ll"], rel=1e-9)
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
        ({"grade": 2}, [0, 1, 2, 3], "all rows are in one category"),
        ({}, [0, 1, 2], "3: no category of the outcome"),
        ({"grade": lambda f: f["grade"].where(f["arm"] == 0, 3)}, [0, 1, 2, 3], "arm 1: all in one outermost"),
        ({"grade": lambda f: 1 + (f["base"].rank(method="first") > 50)}, [1, 2], "with certainty"),
    ],
)
def test_categories_that_cannot_be_modelled_say_why(midas, change, categories, says):
    with pytest.raises(ValueError, match=says):
        ProportionalOdds(midas.assign(**change), Terms("grade", "arm", [0, 1], None, ["base"]), categories)


def test_gradients_and_hessians_are_derivatives(midas):
    terms = Terms("grade", "arm", [0, 1], None, ["base"])
    models = [
        (ProportionalOdds(midas, terms, [0, 1, 2, 3])._likelihood, np.array([-1.0, 0.3, 1.2, -0.4, 0.05])),
    ]
    for function, at in models:
        here = function(at)
        h = 1e-5
        sides = [(function(at + step), function(at - step)) for step in h * np.eye(at.size)]
        assert here.gradient == pytest.approx([(up.value - down.value) / (2 * h) for up, down in sides], rel=1e-5)
        numeric = [(up.gradient - down.gradient) / (2 * h) for up, down in sides]
        assert here.hessian == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-4)


def test_a_likelihood_without_a_maximum_is_refused():
    with pytest.raises(ValueError, match="flat"):
        maximise(lambda at: Derivatives(float(at[0]), np.ones(1), np.zeros((1, 1))), np.zeros(1))
    with pytest.raises(ValueError, match="no finite maximum"):
        maximise(lambda at: Derivatives(float(at[0]), np.ones(1), -1e-3 * np.eye(1)), np.zeros(1))


# any unit, rare outcomes


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_a_covariate_plays_no_part(midas, unit):
    other = midas.assign(base=midas["base"] * unit)
    for of in (
        lambda f: CountModel(f, TERMS, "quarters").rate_ratio(1, 0),
        lambda f: CountModel(f, TERMS, "quarters", "poisson").rate_ratio(1, 0),
        lambda f: LogisticModel(f, Terms("high", "arm", [0, 1], None, ["base"])).odds_ratio(1, 0),
        lambda f: LogisticModel(f, Terms("high", "arm", [0, 1], None, ["base"]), firth=True).odds_ratio(1, 0),
        lambda f: ProportionalOdds(f, Terms("grade", "arm", [0, 1], None, ["base"]), [0, 1, 2, 3]).odds_ratio(1, 0),
    ):
        assert of(other) == pytest.approx(of(midas), rel=1e-7)


def test_sites_that_all_have_one_outcome_leave_nothing_to_compare(midas):
    sites = midas.assign(site=[f"s{i}" for i in range(len(midas))])
    with pytest.raises(ValueError, match="site: the outcomes of each level are all alike, so that no ratio"):
        LogisticModel(sites, Terms("high", "arm", [0, 1], None, ["base"], ["site"]))


def test_a_site_without_events_says_nothing_of_the_odds_ratio(midas):
    sites = midas.assign(site=[f"s{i % 3}" for i in range(len(midas))])
    sites["high"] = sites["high"].where(sites["site"] != "s2", 0.0)
    terms = Terms("high", "arm", [0, 1], None, ["base"], ["site"])
    model, rest = LogisticModel(sites, terms), LogisticModel(sites[sites["site"] != "s2"], terms)
    assert model.odds_ratio(1, 0) == pytest.approx(rest.odds_ratio(1, 0))
    assert [(*found,) for found in model.alike] == [("site", "s2", "no", 30)] and not rest.alike
    # nobody of that site has the outcome, whichever the arm: two thirds of the risk of the others
    for found, theirs in ((model.risk(1), rest.risk(1)), (model.risk_difference(1, 0), rest.risk_difference(1, 0))):
        assert [v * 3 / 2 for v in (list(found.values())[0], found["se"])] == pytest.approx(
            [list(theirs.values())[0], theirs["se"]]
        )
    two = sites[sites["site"] != "s0"]
    assert LogisticModel(two, terms).odds_ratio(1, 0) == pytest.approx(
        LogisticModel(sites[sites["site"] == "s1"], Terms("high", "arm", [0, 1], None, ["base"])).odds_ratio(1, 0)
    )


FOURFOLD = ((12, 20, 6, 20), (0, 15, 4, 16), (15, 15, 9, 16))


@pytest.mark.parametrize("counts", FOURFOLD)
def test_firths_odds_ratio_of_a_fourfold_table_adds_a_half_to_each_cell(counts):
    a, n, c, m = counts
    frame = pd.DataFrame({"y": [1.0] * a + [0.0] * (n - a) + [1.0] * c + [0.0] * (m - c), "g": ["t"] * n + ["r"] * m})
    found = LogisticModel(frame, Terms("y", "g", ["r", "t"]), firth=True).odds_ratio("t", "r")
    ratio = (a + 0.5) * (m - c + 0.5) / ((n - a + 0.5) * (c + 0.5))  # Firth 1993: Jeffreys' prior of a saturated model
    agrees(
        "logistic, Firth",
        "odds ratio of a fourfold table",
        "Firth 1993, closed form",
        found["odds_ratio"],
        ratio,
        rel=1e-8,
    )
    assert found["ci_low"] < ratio < found["ci_high"]


def test_firths_estimates_and_profile_are_those_of_a_search(midas):
    terms = Terms("high", "arm", [0, 1], None, ["base"])
    model = LogisticModel(midas, terms, firth=True)
    x, y = np.column_stack([np.ones(len(midas)), midas["arm"], midas["base"] / 30]), midas["high"].to_numpy()

    def loss(beta):
        p = 1 / (1 + np.exp(-x @ beta))
        return -(np.log(np.where(y == 1, p, 1 - p)).sum() + np.linalg.slogdet((x.T * (p * (1 - p))) @ x)[1] / 2)

    options = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 10_000}
    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options=options)
    found = model.odds_ratio(1, 0)
    agrees(
        "logistic, Firth",
        "log odds ratio",
        "penalised likelihood searched by Nelder-Mead",
        math.log(found["odds_ratio"]),
        best.x[1],
        abs=1e-6,
    )
    for value, drop in (
        (math.log(found["ci_low"]), 3.841458820694124),
        (math.log(found["ci_high"]), 3.841458820694124),
        (0.0, chi2.isf(found["p"], 1)),
    ):
        held = minimize(
            lambda b, v=value: loss(np.array([b[0], v, b[1]])), [0, 0], method="Nelder-Mead", options=options
        )
        assert 2 * (held.fun - best.fun) == pytest.approx(drop, abs=1e-6)


def test_firth_gives_an_odds_ratio_where_a_term_tells_outcomes_with_certainty(midas):
    apart = midas.assign(high=(midas["base"] > midas["base"].median()) * 1.0)
    found = LogisticModel(apart, Terms("high", "arm", [0, 1], None, ["base"]), firth=True).odds_ratio(1, 0)
    assert found["ci_low"] < found["odds_ratio"] < found["ci_high"] and 0 < found["p"] < 1


def test_a_level_without_events_or_in_one_category_says_nothing_of_the_ratio(midas):
    sites = midas.assign(site=[f"s{i % 3}" for i in range(len(midas))])
    sites.loc[sites["site"] == "s2", ["midas", "grade"]] = 0
    rest = sites[sites["site"] != "s2"]
    terms, ordered = (Terms(what, "arm", [0, 1], None, ["base"], ["site"]) for what in ("midas", "grade"))
    for distribution in ("negative binomial", "poisson"):
        found, theirs = (CountModel(f, terms, "quarters", distribution) for f in (sites, rest))
        assert found.rate_ratio(1, 0) == pytest.approx(theirs.rate_ratio(1, 0), rel=1e-9)
        assert [(*level,) for level in found.alike] == [("site", "s2", "0", 30)] and found.n == len(sites)
        assert found.exposed(1) > theirs.exposed(1)  # their exposure counts
    found, theirs = (ProportionalOdds(f, ordered, [0, 1, 2, 3]) for f in (sites, rest))
    assert found.odds_ratio(1, 0) == pytest.approx(theirs.odds_ratio(1, 0), rel=1e-9)
    assert [(*level,) for level in found.alike] == [("site", "s2", "0", 30)]

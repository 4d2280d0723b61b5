"""The mixed model for repeated measures against others: maximum likelihood, mmrm's own parametrisation, a search."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from agreements import agrees, chosen
from omtrace.statistics.mixed.mmrm_fit import fit_mmrm, inference
from omtrace.statistics.mixed.mmrm_likelihood import MmrmLikelihood, products_of
from omtrace.statistics.mixed.mmrm_replicates import contrast_many
from omtrace.statistics.mixed.mmrm_structures import Blocks
from omtrace.statistics.mixed.reml import search
from scipy.stats import multivariate_normal
from test_statistics_mmrm import FEV, VISITS, R, needs_fev

REFERENCE = Path(__file__).parents[1] / "reference"
GLS = json.loads((REFERENCE / "longitudinal_r.json").read_text())["gls"]
NLME = "nlme 3.1-162 gls, tight, trial3"

chosen(
    "mixed model for repeated measures",
    "nlme's gls multiplies the standard errors of a maximum likelihood fit by sqrt(N / (N - p)); SAS, mmrm and this "
    "program do not.",
)


@pytest.fixture(scope="module")
def trial():
    frame = pd.read_csv(REFERENCE / "trial3.csv")
    return frame[frame["y"].notna()]


def gls_design(trial):
    """The columns in the order of the reference: arms by visits, slopes of the baseline by visit."""
    cells = [(trial["arm"] == a) & (trial["visit"] == v) for a in "ABC" for v in (1, 2, 3)]
    slopes = [(trial["base"] - 64) * (trial["visit"] == v) for v in (1, 2, 3)]
    return np.column_stack([one.to_numpy(float) for one in (*cells, *slopes)])


@pytest.mark.parametrize("likelihood", ["ML", "REML"])
@pytest.mark.parametrize("name", GLS)
def test_both_likelihoods_agree_with_gls(trial, name, likelihood):
    expected, x = GLS[name][likelihood], gls_design(trial)
    model = fit_mmrm(trial["y"], x, trial["id"], trial["visit"], [1, 2, 3], [name], likelihood == "REML")
    method = f"mixed model for repeated measures, {name}, {likelihood}"
    agrees(method, "-2 log likelihood", NLME, model.minus_2_log_likelihood, -2 * expected["loglik"], rel=1e-9)
    assert model.minus_2_log_likelihood <= -2 * expected["loglik"] + 1e-7
    errors = [model.contrast(one, "satterthwaite")["se"] for one in np.eye(12)]
    factor = 1 if likelihood == "REML" else np.sqrt(len(x) / (len(x) - 12))
    agrees(method, "SE, unadjusted", NLME, np.multiply(errors, factor), expected["se"], rel=2e-5)
    shift = np.abs(model.coefficients - expected["beta"]) / errors
    agrees(method, "coefficients / SE", NLME, shift, np.zeros(12), abs=1e-4)
    if likelihood == "ML":
        agrees(method, "AIC", NLME, model.aic, expected["aic"], rel=1e-9)


class LogCholesky:
    """The unstructured covariance as mmrm takes it: log scales, and a unit lower triangle (row by row)."""

    def __init__(self, visits):
        self.visits, self.below = visits, [(i, j) for i in range(visits) for j in range(i)]
        self.size = visits + len(self.below)

    def start(self, moments):
        lower = np.linalg.cholesky(moments)
        scales = np.diagonal(lower, axis1=1, axis2=2)
        unit = lower / scales[:, :, None]
        return np.concatenate([np.log(scales), np.stack([unit[:, i, j] for i, j in self.below], axis=1)], axis=1)

    def lower(self, theta):
        unit = np.eye(self.visits)
        for at, (i, j) in enumerate(self.below):
            unit[i, j] = theta[self.visits + at]
        return np.exp(theta[: self.visits])[:, None] * unit

    def sigma(self, theta):
        return np.stack([self.lower(one) @ self.lower(one).T for one in theta])

    def first(self, theta):
        return np.stack([[d @ self.lower(one).T + self.lower(one) @ d.T for d in self.slopes(one)] for one in theta])

    def slopes(self, theta):
        lower, found = self.lower(theta), np.zeros((self.size, self.visits, self.visits))
        for t in range(self.visits):
            found[t, t] = lower[t]
        for at, (i, j) in enumerate(self.below):
            found[self.visits + at, i, j] = np.exp(theta[i])
        return found

    def second(self, theta):
        found = np.zeros((len(theta), self.size, self.size, self.visits, self.visits))
        for b, one in enumerate(theta):
            lower, slopes = self.lower(one), self.slopes(one)
            for k in range(self.size):
                for m in range(self.size):
                    bent = np.zeros_like(lower)
                    if k < self.visits:  # the slope of row k by its own log scale is the row's slope again
                        bent[k] = slopes[m][k]
                    elif m < self.visits:
                        bent[m] = slopes[k][m]
                    half = bent @ lower.T + slopes[k] @ slopes[m].T
                    found[b, k, m] = half + half.T
        return found


@needs_fev
def test_kenward_roger_on_the_log_cholesky_scale_is_that_of_mmrm():
    """The same optimum and information, other parameters: what mmrm prints by default, 2% away from ours."""
    fev = pd.read_csv(FEV)
    fev = fev[fev["FEV1"].notna()]
    trt, later = (fev["ARMCD"] == "TRT").to_numpy(float), [(fev["AVISIT"] == v).to_numpy(float) for v in VISITS[1:]]
    race = [(fev["RACE"] == name.removeprefix("RACE")).to_numpy(float) for name in R["names"][1:3]]
    sex = (fev["SEX"] == "Female").to_numpy(float)
    x = np.column_stack([np.ones(len(fev)), *race, sex, trt, *later, *(trt * one for one in later)])
    units, unit = np.unique(fev["USUBJID"], return_inverse=True)
    visit = np.searchsorted(VISITS, fev["AVISIT"])
    data = products_of(fev["FEV1"].to_numpy()[None], x, unit, visit, np.zeros(units.size, dtype=int))
    model = Blocks(LogCholesky(4), 1)
    likelihood = MmrmLikelihood(data, model, True)
    optimum = search(likelihood, likelihood.start())
    assert optimum.refusal[0] == ""
    errors = inference(likelihood, optimum, "kenward_roger", "observed").estimates(np.eye(11))[1][0]
    method = "mixed model for repeated measures, us, parameters as in mmrm"
    agrees(
        method, "SE, Kenward-Roger", "mmrm 0.3.18, default method, fev_data", errors, R["se_kr_log_cholesky"], rel=1e-9
    )
    ours = fit_mmrm(fev["FEV1"], x, fev["USUBJID"], fev["AVISIT"], VISITS, ["us"])
    natural = np.array([ours.contrast(one)["se"] for one in np.eye(11)])
    assert 0.004 < np.abs(errors / natural - 1).max() < 0.02


def test_ante_dependence_with_one_variance_is_the_optimum_that_a_search_finds(trial):
    """No program at hand prints this structure: the likelihood of scipy, searched without derivatives."""
    x = gls_design(trial)
    model = fit_mmrm(trial["y"], x, trial["id"], trial["visit"], [1, 2, 3], ["ad"], is_reml=False)
    y, visit, rows = trial["y"].to_numpy(), trial["visit"].to_numpy() - 1, trial.groupby("id").indices.values()

    def minus_2_log_likelihood(parameters):
        (size, first, second), beta = parameters[:3], parameters[3:]
        one, two = np.tanh([first, second])
        sigma = np.exp(size) * np.array([[1, one, one * two], [one, 1, two], [one * two, two, 1]])
        residual = y - x @ beta
        return -2 * sum(multivariate_normal.logpdf(residual[r], cov=sigma[np.ix_(visit[r], visit[r])]) for r in rows)

    covariance = model.covariances[0]
    correlations = covariance / covariance[0, 0]
    here = np.r_[np.log(covariance[0, 0]), np.arctanh(np.diag(correlations, 1)), model.coefficients]
    found = minus_2_log_likelihood(here)
    agrees(
        "mixed model for repeated measures, ad, ML",
        "-2 log likelihood",
        "scipy multivariate_normal, trial3",
        model.minus_2_log_likelihood,
        found,
        rel=1e-11,
    )
    slopes = scipy.optimize.approx_fprime(here, minus_2_log_likelihood, 1e-6)
    assert np.abs(slopes).max() < 1e-2  # differences of 1e-6: an optimum to their own rounding
    generator = np.random.default_rng(2)
    for _ in range(20):
        assert minus_2_log_likelihood(here + generator.normal(0, 0.02, here.size)) > found
    assert model.covariances[0][0, 0] == pytest.approx(model.covariances[0][2, 2], rel=1e-12)


def test_fits_are_fast(trial):
    """Processor time, the best of five: 5 ms for a fit with its test and 0.3 s for a thousand trials here."""
    x, full = gls_design(trial), pd.read_csv(REFERENCE / "trial3.csv")
    weights = np.eye(12)[:1]
    noise = np.random.default_rng(1).normal(0, 3, (1000, len(full)))

    def spent(work):
        start = time.process_time()
        work()
        return time.process_time() - start

    one = [
        spent(lambda: fit_mmrm(trial["y"], x, trial["id"], trial["visit"], [1, 2, 3], ["us"]).contrast(weights))
        for _ in range(5)
    ]
    assert min(one) < 0.015
    many = (full["y"].to_numpy() + noise, gls_design(full), full["id"], full["visit"], [1, 2, 3], weights)
    assert min(spent(lambda: contrast_many(*many)) for _ in range(2)) < 1

"""The mixed model for repeated measures against R (mmrm, emmeans), SAS, dense matrices, and exact cases."""

import csv
import doctest
import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from agreements import agrees, chosen
from omtrace.statistics.mixed import mmrm, mmrm_structures, mmrm_visits
from omtrace.statistics.mixed.mmrm_fit import FALLBACK, fit_mmrm
from omtrace.statistics.mixed.mmrm_likelihood import MmrmLikelihood, products_of
from omtrace.statistics.mixed.mmrm_replicates import contrast_many
from omtrace.statistics.mixed.mmrm_structures import STRUCTURES, Blocks, structure_of
from scipy.linalg import block_diag

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "mmrm_fev.json").read_text())
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
FEV = Path(MIRROR, "mmrm_fev", "fev_data.csv")
needs_fev = pytest.mark.skipif(
    not (MIRROR and FEV.exists()), reason="OMTRACE_MIRROR names no folder with mmrm_fev/fev_data.csv"
)
STOPS_EARLY = ("ar1", "adh")  # structures in which the reference's optimiser stops short of the optimum
TIMES = [0.0, 2.0, 3.0, 8.0, 9.5]  # unevenly spaced, for sp_exp
VISITS = ["VIS1", "VIS2", "VIS3", "VIS4"]
MMRM, SAS = "mmrm 0.3.18, optimiser driven to the end, fev_data", "SAS PROC MIXED ddfm=kr, fev_data"

chosen(
    "mixed model for repeated measures",
    "Empirical (sandwich) covariances are by unit, without a factor for the number of units, and have the df of "
    "clubSandwich, with the fitted covariance as working model: as R's mmrm has them.",
)
chosen(
    "mixed model for repeated measures",
    "Kenward-Roger standard errors depend on the parametrisation of the covariance. Taken: variances with covariances "
    "(us, toep, cs: as SAS, and as mmrm's Kenward-Roger-Linear) or with correlations (the others, second derivatives "
    "included: as SAS). mmrm's default works on a log-Cholesky scale; its standard errors differ by up to 2%.",
)
chosen(
    "mixed model for repeated measures",
    "The df use the observed information of the covariance parameters, as in SAS and mmrm; pbkrtest has the "
    "expected one, which changes the df by about ten in the example data. The result names the choice.",
)
chosen(
    "mixed model for repeated measures",
    "Adjusted means stand at the covariates' means over the rows with a value, as in SAS, mmrm and emmeans, so that a "
    "unit counts once for each of its visits; over units is an option. Under drop-out the two differ; differences of "
    "arms do not.",
)
chosen(
    "mixed model for repeated measures",
    "SAS stops at a relative criterion of 1e-8 and mmrm at its optimiser's default, both short of the optimum; "
    "here the last Newton step brings the gradient to rounding level.",
)


@pytest.fixture(scope="module")
def fev():
    frame = pd.read_csv(FEV)
    return frame[frame["FEV1"].notna()]


@pytest.fixture(scope="module")
def fev_design(fev):
    trt = (fev["ARMCD"] == "TRT").to_numpy(float)
    later = [(fev["AVISIT"] == visit).to_numpy(float) for visit in VISITS[1:]]
    race = [(fev["RACE"] == name.removeprefix("RACE")).to_numpy(float) for name in R["names"][1:3]]
    female = (fev["SEX"] == "Female").to_numpy(float)
    return np.column_stack([np.ones(len(fev)), *race, female, trt, *later, *(trt * one for one in later)])


@pytest.fixture(scope="module")
def trial():
    """141 units in three arms at three visits, with drop-out; only rows with a value."""
    frame = pd.read_csv(REFERENCE / "trial3.csv")
    return frame[frame["y"].notna()]


def fit_trial(frame, **change):
    return mmrm(frame, "y", "id", "visit", "arm", **{"visits": [1, 2, 3], "arms": ["A", "B", "C"], **change})


def fit_complete(frame, structures=("us",), **change):
    return mmrm(frame, "y", "id", "visit", "arm", visits=range(3), arms=[0, 1], structures=structures, **change)


def complete(units=20, visits=3, seed=4):
    """A complete trial in two arms of unequal size, as values (units, visits) and a frame."""
    generator = np.random.default_rng(seed)
    y = generator.normal(60, 5, (units, 1)) + generator.normal(0, 3, (units, visits)) * np.arange(1, visits + 1)
    arm = np.array([1] * (units // 2 - 2) + [0] * (units - units // 2 + 2))
    table = {"id": np.repeat(np.arange(units), visits), "visit": np.tile(np.arange(visits), units)}
    return y, arm, pd.DataFrame({**table, "arm": arm[table["id"]], "y": y.ravel()})


# against other programs


@needs_fev
@pytest.mark.parametrize("name", R["tight"])
def test_coefficients_errors_and_df_agree_with_mmrm(fev, fev_design, name):
    expected, rel = R["tight"][name], 1e-6 if name in STOPS_EARLY else 1e-9
    model = fit_mmrm(fev["FEV1"], fev_design, fev["USUBJID"], fev["AVISIT"], VISITS, [name])
    assert (model.units, model.values, model.rejected) == (197, 537, ())
    assert model.minus_2_log_likelihood == pytest.approx(-2 * expected["loglik"], rel=1e-12)
    assert model.minus_2_log_likelihood <= -2 * expected["loglik"] + 1e-9
    assert np.abs(model.coefficients - expected["beta"]).max() < rel * min(expected["se_asym"])
    assert model.covariances[0] == pytest.approx(np.array(expected["sigma"]), rel=1e-4 if name in STOPS_EARLY else 1e-7)
    linear, plain = (
        [model.contrast(one, method) for one in np.eye(11)] for method in ("kenward_roger_linear", "satterthwaite")
    )
    assert [one["estimate"] for one in linear] == pytest.approx(model.coefficients, rel=1e-12)
    assert [one["df"] for one in linear] == [one["df"] for one in plain]
    method, size = f"mixed model for repeated measures, {name}", np.array(expected["se_asym"])
    agrees(method, "coefficients / SE", MMRM, model.coefficients / size, np.array(expected["beta"]) / size, abs=rel)
    agrees(method, "SE, Kenward-Roger-Linear", MMRM, [one["se"] for one in linear], expected["se_krlin"], rel=rel)
    agrees(method, "SE, unadjusted", MMRM, [one["se"] for one in plain], expected["se_asym"], rel=rel)
    agrees(method, "df", MMRM, [one["df"] for one in linear], expected["df"], rel=rel)
    agrees(method, "-2 log REML", MMRM, model.minus_2_log_likelihood, -2 * expected["loglik"], rel=1e-9)


@needs_fev
@pytest.mark.parametrize("name", R["tight"])
def test_joint_test_agrees_with_mmrm(fev, fev_design, name):
    model = fit_mmrm(fev["FEV1"], fev_design, fev["USUBJID"], fev["AVISIT"], VISITS, [name])
    first, second = np.zeros((2, 11))
    first[4] = second[4] = second[8] = 1
    found, expected = model.joint_test([first, second], "kenward_roger_linear"), R["tight"][name]["F3"]
    rel, method = 1e-6 if name in STOPS_EARLY else 1e-9, f"mixed model for repeated measures, {name}"
    assert found["df_1"] == expected["num_df"]
    agrees(method, "joint test F", MMRM, found["f"], expected["f_stat"], rel=rel)
    agrees(method, "joint test df", MMRM, found["df_2"], expected["denom_df"], rel=rel)
    agrees(method, "joint test p", MMRM, found["p"], expected["p_val"], rel=1e-5)


@needs_fev
@pytest.mark.parametrize("name", R["sas"])
def test_kenward_roger_agrees_with_sas(fev, name):
    """SAS stops at a relative criterion of 1e-8, so it agrees to about 4 digits, and stays above our -2 log L."""
    trt = (fev["ARMCD"] == "TRT").to_numpy(float)
    model = fit_mmrm(
        fev["FEV1"], np.column_stack([np.ones(len(fev)), trt]), fev["USUBJID"], fev["AVISIT"], VISITS, [name]
    )
    found, expected = model.contrast([0, 1]), R["sas"][name]
    method = f"mixed model for repeated measures, {name}"
    agrees(method, "treatment effect", SAS, found["estimate"], expected["estimate"], abs=1.5e-4)
    agrees(method, "SE, Kenward-Roger", SAS, found["se"], expected["se"], abs=1e-4)
    agrees(method, "df, Kenward-Roger", SAS, found["df"], expected["df"], abs=0.08)
    if name == "us":
        assert 0 < R["sas_minus_2_log_likelihood_us"] - model.minus_2_log_likelihood < 1e-5
    if name == "ar1":  # the second derivatives count here, and lead to SAS's number
        assert abs(model.contrast([0, 1], "kenward_roger_linear")["se"] - expected["se"]) > 1e-3


# of ``FEV1 ~ ARMCD``: by SAS, PROC MIXED EMPIRICAL, variance of the treatment effect
EMPIRICAL = {
    "ar1": 0.68196697308307,
    "arh1": 0.46203608554929,
    "cs": 0.6297163326325,
    "csh": 0.46038132267959,
    "toep": 0.76371849328831,
    "toeph": 0.46360435395588,
    "adh": 0.41552647969341,
    "us": 0.40908637028234,
}


@needs_fev
@pytest.mark.parametrize("name", EMPIRICAL)
def test_empirical_standard_errors_agree_with_sas(fev, name):
    x = np.column_stack([np.ones(len(fev)), fev["ARMCD"] == "TRT"])
    model = fit_mmrm(fev["FEV1"], x, fev["USUBJID"], fev["AVISIT"], VISITS, [name])
    source = "SAS PROC MIXED EMPIRICAL, as published in mmrm's repository, fev_data"
    se = model.contrast([0, 1], "CR0")["se"]
    agrees(f"mixed model for repeated measures, {name}", "SE, empirical", source, se, EMPIRICAL[name] ** 0.5, rel=5e-5)


@needs_fev
def test_sandwiches_of_all_kinds_agree_with_mmrm(fev):
    """Variances of intercept and treatment effect, from mmrm's snapshots of h_get_empirical (ar1)."""
    printed = {
        "CR0": [0.276669200825678, 0.681966674143019],
        "CR2": [0.27938383855849, 0.689265455017577],
        "CR3": [0.282126502688394, 0.696645916580453],
    }
    x = np.column_stack([np.ones(len(fev)), fev["ARMCD"] == "TRT"])
    model = fit_mmrm(fev["FEV1"], x, fev["USUBJID"], fev["AVISIT"], VISITS, ["ar1"])
    for kind, variances in printed.items():
        se = [model.contrast(row, kind)["se"] for row in np.eye(2)]
        agrees(
            "mixed model for repeated measures, ar1",
            f"SE, {kind}",
            "mmrm 0.3.10 and later, fev_data",
            se,
            np.sqrt(variances),
            rel=1e-6,
        )
        one, both = model.joint_test([[0, 1]], kind), model.contrast([0, 1], kind)
        assert one["f"] == pytest.approx(both["t"] ** 2) and one["df_2"] == pytest.approx(both["df"])
        assert one["p"] == pytest.approx(both["p"])


def test_a_joint_test_that_too_few_units_leave_undefined_has_no_statistic():
    generator = np.random.default_rng(5)
    unit, visit = np.repeat(np.arange(6), 3), np.tile([1, 2, 3], 6)
    arm = (unit % 2).astype(float)
    x = np.column_stack([*(visit == v for v in (1, 2, 3)), *(arm * (visit == v) for v in (1, 2, 3))])
    y = generator.normal(size=6)[unit] + generator.normal(size=18)
    model = fit_mmrm(y, x, unit, visit, [1, 2, 3], ["cs"])
    effects = np.eye(6)[3:]
    found = model.joint_test(effects, "CR2")  # two units of each arm but one: rank 3 at most, no denominator
    assert np.isnan([found["f"], found["p"]]).all() == (not found["df_2"] > 0)
    pairs = np.isin(unit, [0, 1, 2, 3])
    few = fit_mmrm(y[pairs], x[pairs], unit[pairs], visit[pairs], [1, 2, 3], ["cs"])
    found = few.joint_test(effects, "CR2")  # four units: the sandwich of three differences has rank two
    assert np.isnan([found["f"], found["p"]]).all()
    assert few.joint_test(effects[:1], "CR2")["f"] > 0


# intercept, covariance of two groups at the first visit with itself and the others, -2 log L, by SAS, PROC MIXED
SPATIAL = {False: (3875.95353357, 42.3252, 88.7005, 0.1805), True: (3875.49946734, 42.3254, 88.9768, 0.1823)}
GROUPED = {
    ("cs", False): (3915.54243738, 41.9714, 0.4236, [77.9218, 96.1798]),
    ("cs", True): (3915.41985780, 41.9734, 0.4247, [78.1081, 96.3502]),
    ("csh", False): (3764.21336404, 41.8492, 0.3363, [122.6, 82.6]),
    ("csh", True): (3764.55218946, 41.8458, 0.3372, [122.64, 82.7175]),
}
MIXED = "SAS PROC MIXED, as published in mmrm's repository, fev_data"


@needs_fev
@pytest.mark.parametrize("is_reml", [False, True])
def test_an_exponential_covariance_over_time_agrees_with_sas(fev, is_reml):
    one, method = np.ones((len(fev), 1)), "mixed model for repeated measures, sp_exp"
    fit = fit_mmrm(fev["FEV1"], one, fev["USUBJID"], fev["AVISIT"], VISITS, ["sp_exp"], is_reml, times=[1, 2, 3, 4])
    deviance, intercept, variance, correlation = SPATIAL[is_reml]
    sigma = fit.covariances[0]
    agrees(method, "-2 log likelihood", MIXED, fit.minus_2_log_likelihood, deviance, rel=1e-8)
    agrees(method, "intercept", MIXED, float(fit.coefficients[0]), intercept, rel=2e-6)
    agrees(method, "variance", MIXED, sigma[0, 0], variance, rel=2e-4)
    agrees(method, "correlation two visits apart", MIXED, sigma[0, 2] / sigma[0, 0], correlation, rel=1e-3)


@needs_fev
@pytest.mark.parametrize(("name", "is_reml"), GROUPED)
def test_covariances_by_arm_agree_with_sas(fev, name, is_reml):
    one, method = np.ones((len(fev), 1)), f"mixed model for repeated measures, {name} by arm"
    model = fit_mmrm(
        fev["FEV1"], one, fev["USUBJID"], fev["AVISIT"], VISITS, [name], is_reml, group=fev["ARMCD"].to_numpy()
    )
    deviance, intercept, se, variances = GROUPED[name, is_reml]
    agrees(method, "-2 log likelihood", MIXED, model.minus_2_log_likelihood, deviance, rel=1e-8)
    agrees(method, "intercept", MIXED, float(model.coefficients[0]), intercept, rel=2e-6)
    agrees(method, "SE, unadjusted", MIXED, model.contrast([1], "satterthwaite")["se"], se, abs=6e-5)
    agrees(method, "variance at the first visit", MIXED, model.covariances[:, 0, 0], variances, rel=5e-4)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_time_plays_no_part(trial, unit):
    fits = [
        fit_mmrm(
            trial["y"],
            trial_design(trial),
            trial["id"],
            trial["visit"],
            [1, 2, 3],
            ["sp_exp"],
            times=[factor * time for time in TIMES[:3]],
        )
        for factor in (1, unit)
    ]
    row = np.eye(12)[0]
    assert fits[0].contrast(row) == pytest.approx(fits[1].contrast(row), rel=1e-9)


def test_an_exponential_covariance_needs_rising_times():
    for times in (None, [1, 2], [1, 3, 2], [1, 1, 2]):
        with pytest.raises(ValueError, match="sp_exp: needs the time of each visit, one later than the other"):
            structure_of("sp_exp", 3, times)


@needs_fev
def test_adjusted_means_agree_with_emmeans(fev):
    model = mmrm(
        fev,
        "FEV1",
        "USUBJID",
        "AVISIT",
        "ARMCD",
        visits=VISITS,
        arms=["PBO", "TRT"],
        factors=["RACE", "SEX"],
        method="kenward_roger_linear",
    )
    names = {"adjusted_mean": "emmean", "se": "SE", "df": "df", "ci_low": "lower.CL", "ci_high": "upper.CL"}
    for row in R["emmeans"]:
        found = model.adjusted_mean(row["ARMCD"], row["AVISIT"])
        agrees(
            "mixed model for repeated measures, us",
            "adjusted means, SE, df, interval",
            "emmeans of mmrm 0.3.18, fev_data",
            [found[ours] for ours in names],
            [row[theirs] for theirs in names.values()],
            rel=1e-9,
        )
    assert model.reference["SEX"] == {"Female": 0.5, "Male": 0.5}
    assert (model.units, model.values["TRT", "VIS3"]) == ({"PBO": 105, "TRT": 92}, 58)


# against dense matrices


class Dense:
    """The same model with one covariance matrix of all rows, term by term as Kenward and Roger (1997) write it."""

    def __init__(self, y, x, unit, visit, block, structure, theta, expected=False):
        order = np.lexsort((visit, unit))
        y, x, unit, visit = y[order], x[order], unit[order], visit[order]
        rows = [np.flatnonzero(unit == one) for one in np.unique(unit)]
        size = structure.size

        def whole(parts):
            """The matrix of all rows, given one matrix over the visits for each group."""
            return block_diag(*(parts[block[u]][np.ix_(visit[r], visit[r])] for u, r in enumerate(rows)))

        none = np.zeros_like(structure.sigma(theta[:1])[0])
        groups = range(len(theta))
        v = whole([structure.sigma(part[None])[0] for part in theta])
        self.first, second = [], {}
        for g in groups:
            first = structure.first(theta[g][None])[0]
            self.first += [whole([one if h == g else none for h in groups]) for one in first]
            curved = structure.second(theta[g][None])
            for k, line in enumerate(curved[0] if curved is not None else ()):
                for m, one in enumerate(line):
                    second[g * size + k, g * size + m] = whole([one if h == g else none for h in groups])
        inverse = np.linalg.inv(v)
        self.phi = np.linalg.inv(x.T @ inverse @ x)
        self.beta = self.phi @ x.T @ inverse @ y
        p = inverse - inverse @ x @ self.phi @ x.T @ inverse
        r, moved = p @ y, [p @ one for one in self.first]
        logs = [np.linalg.slogdet(m)[1] for m in (v, x.T @ inverse @ x)]
        self.minus_2_log_likelihood = sum(logs) + y @ r + (y.size - x.shape[1]) * math.log(2 * math.pi)
        self.gradient = np.array([np.trace(m) - r @ one @ r for m, one in zip(moved, self.first, strict=True)])
        information = np.array([[np.sum(a * b.T) for b in moved] for a in moved])
        if not expected:
            pulls = np.array([[r @ a @ p @ b @ r for b in self.first] for a in self.first])
            information = 2 * pulls - information
            for at, one in second.items():
                information[at] += np.sum(p * one) - r @ one @ r
        self.spread = 2 * np.linalg.inv(information)
        self.slopes = [x.T @ inverse @ one @ inverse @ x for one in self.first]
        self.adjusted = self.phi + 2 * self.phi @ self._bias(x, inverse, second) @ self.phi

    def _bias(self, x, inverse, second):
        bias = np.zeros_like(self.phi)
        for k, a in enumerate(self.first):
            for m, b in enumerate(self.first):
                term = x.T @ inverse @ a @ inverse @ b @ inverse @ x - self.slopes[k] @ self.phi @ self.slopes[m]
                if (k, m) in second:
                    term = term - x.T @ inverse @ second[k, m] @ inverse @ x / 4
                bias += self.spread[k, m] * term
        return bias

    def df(self, weights):
        gradient = np.array([weights @ self.phi @ one @ self.phi @ weights for one in self.slopes])
        return 2 * (weights @ self.phi @ weights) ** 2 / (gradient @ self.spread @ gradient)


def trial_design(trial):
    cells = [(trial["arm"] == a) & (trial["visit"] == v) for v in (1, 2, 3) for a in "ABC"]
    slopes = [(trial["base"] - 64) * (trial["visit"] == v) for v in (1, 2, 3)]
    return np.column_stack([one.to_numpy(float) for one in (*cells, *slopes)])


@pytest.mark.parametrize("by_arm", [False, True])
@pytest.mark.parametrize("information", ["observed", "expected"])
@pytest.mark.parametrize("name", STRUCTURES)
def test_dense_matrices_give_the_same(trial, name, information, by_arm, monkeypatch):
    trial = trial[trial["id"] % 3 == 0] if by_arm else trial  # few rows are dense fast
    x, group = trial_design(trial), trial["arm"] if by_arm else None
    model = fit_mmrm(trial["y"], x, trial["id"], trial["visit"], [1, 2, 3], [name], group=group, times=TIMES[:3])
    unit = np.unique(trial["id"], return_inverse=True)[1]
    arm = trial.drop_duplicates("id").sort_values("id")["arm"]
    block = np.unique(arm, return_inverse=True)[1] if by_arm else np.zeros(unit.max() + 1, dtype=int)
    structure = structure_of(name, 3, TIMES[:3])
    monkeypatch.setattr(mmrm_structures, "STEEPEST", 1.0)
    theta = structure.start(model.covariances)  # of a covariance of this structure, these are its parameters
    assert structure.sigma(theta) == pytest.approx(model.covariances, rel=1e-12)
    dense = Dense(
        trial["y"].to_numpy(),
        x,
        unit,
        trial["visit"].to_numpy() - 1,
        block,
        structure,
        theta,
        information == "expected",
    )
    assert model.parameters == len(dense.first) == structure.size * len(theta)
    assert model.minus_2_log_likelihood == pytest.approx(dense.minus_2_log_likelihood, rel=1e-12)
    assert dense.gradient @ dense.spread @ dense.gradient < 1e-13  # the optimum, in units of -2 log L
    assert model.coefficients == pytest.approx(dense.beta, rel=1e-9)
    weights = np.zeros(12)
    weights[6], weights[8] = -1, 1
    for method, covariance in (("kenward_roger", dense.adjusted), ("satterthwaite", dense.phi)):
        found = model.contrast(weights, method, information)
        assert found["se"] == pytest.approx(math.sqrt(weights @ covariance @ weights), rel=1e-8)
        assert found["df"] == pytest.approx(dense.df(weights), rel=1e-7)


# exact cases


def test_complete_data_give_the_two_sample_t_test_at_each_visit():
    y, arm, frame = complete()
    model = fit_complete(frame, ["us"])
    for visit in range(3):
        expected = scipy.stats.ttest_ind(y[arm == 1, visit], y[arm == 0, visit])
        limits = expected.confidence_interval(0.95)
        found = model.difference(1, 0, visit)
        assert [found[name] for name in ("t", "df", "p")] == pytest.approx(
            [expected.statistic, 18, expected.pvalue], rel=1e-9
        )
        assert [found["ci_low"], found["ci_high"]] == pytest.approx([limits.low, limits.high], rel=1e-9)
        mean = model.adjusted_mean(1, visit)
        assert mean["adjusted_mean"] == pytest.approx(y[arm == 1, visit].mean(), rel=1e-12)


def test_average_over_visits_of_complete_data_is_the_t_test_of_the_averages():
    y, arm, frame = complete()
    model = fit_complete(frame, ["us"])
    weights = {0: 0.5, 1: 0.25, 2: 0.25}
    means = y @ list(weights.values())
    expected, found = scipy.stats.ttest_ind(means[arm == 1], means[arm == 0]), model.combined_difference(1, 0, weights)
    assert [found[name] for name in ("t", "df", "p")] == pytest.approx(
        [expected.statistic, 18, expected.pvalue], rel=1e-9
    )
    assert model.combined_mean(1, weights)["adjusted_mean"] == pytest.approx(means[arm == 1].mean(), rel=1e-12)


def test_unstructured_joint_test_of_complete_data_is_hotellings():
    y, arm, frame = complete()
    model = fit_complete(frame, ["us"])
    difference = y[arm == 1].mean(axis=0) - y[arm == 0].mean(axis=0)
    sizes = [int((arm == one).sum()) for one in (0, 1)]
    residual = y - np.array([y[arm == one].mean(axis=0) for one in (0, 1)])[arm]
    pooled = residual.T @ residual / 18
    t2 = difference @ np.linalg.solve(pooled * (1 / sizes[0] + 1 / sizes[1]), difference)
    found = model.any_difference(1, 0)
    assert found["f"] == pytest.approx(t2 * (20 - 3 - 1) / (3 * 18), rel=1e-9)
    assert (found["df_1"], found["df_2"]) == (3, pytest.approx(16, rel=1e-9))
    assert found["p"] == pytest.approx(scipy.stats.f.sf(found["f"], 3, 16), rel=1e-9)


def test_compound_symmetry_of_complete_data_is_the_split_plot_anova():
    y, arm, frame = complete()
    model = fit_complete(frame, ["cs"])
    cells = np.array([y[arm == one].mean(axis=0) for one in (0, 1)])
    within = y - y.mean(axis=1, keepdims=True)
    expected = np.array([within[arm == one].mean(axis=0) for one in (0, 1)])
    error = ((within - expected[arm]) ** 2).sum()
    sizes = np.array([(arm == one).sum() for one in (0, 1)])
    gap = (cells[1] - cells[0]) - (cells[1] - cells[0]).mean()
    f = (gap**2).sum() / (1 / sizes).sum() / 2 / (error / (2 * 18))
    for method in ("kenward_roger", "satterthwaite"):
        found = fit_complete(frame, ["cs"], method=method)
        tested = found.interaction(1, 0)
        assert tested["f"] == pytest.approx(f, rel=1e-9)
        assert (tested["df_1"], tested["df_2"]) == (2, pytest.approx(36, rel=1e-9))
    assert model.choices()["parametrisation"] == "variances and covariances"


def test_one_group_over_visits_is_the_paired_t_test():
    with open(REFERENCE / "pilot11.csv", newline="") as file:
        rows = [[float(row[name]) for name in ("hit6_v0", "hit6_v1", "hit6_v3")] for row in csv.DictReader(file)]
    y = np.array(rows)
    unit, visit = np.divmod(np.arange(y.size), 3)
    model = fit_mmrm(y.ravel(), np.eye(3)[visit], unit, visit, range(3), ["us"])
    found, expected = model.contrast([-1, 0, 1]), scipy.stats.ttest_rel(y[:, 2], y[:, 0])
    assert [found["t"], found["df"], found["p"]] == pytest.approx([expected.statistic, 10, expected.pvalue], rel=1e-9)
    assert model.covariances[0] == pytest.approx(np.cov(y.T), rel=1e-9)


def test_maximum_likelihood_of_complete_data_in_closed_form():
    y, arm, frame = complete()
    model = fit_complete(frame, ["us"], is_reml=False, method="satterthwaite")
    residual = y - np.array([y[arm == one].mean(axis=0) for one in (0, 1)])[arm]
    covariance = residual.T @ residual / 20
    expected = 20 * (np.linalg.slogdet(covariance)[1] + 3 + 3 * math.log(2 * math.pi))
    assert model.model.minus_2_log_likelihood == pytest.approx(expected, rel=1e-12)
    assert model.model.covariances[0] == pytest.approx(covariance, rel=1e-9)
    assert model.choices()["likelihood"] == "ML"
    with pytest.raises(ValueError, match="needs REML"):
        model.model.contrast([1, 0, 0, 0, 0, 0])


# what must not matter, and what must


def test_order_of_rows_unit_and_scale_do_not_matter(trial):
    plain = fit_trial(trial, baseline="base").difference("C", "A", 3)
    moved = trial.assign(y=1e6 + 1e-3 * trial["y"], base=1e5 - trial["base"])
    shuffled = moved.sample(frac=1, random_state=3)
    found = fit_trial(shuffled, baseline="base").difference("C", "A", 3)
    assert found["difference"] == pytest.approx(1e-3 * plain["difference"], rel=1e-5)
    assert [found["t"], found["df"], found["p"]] == pytest.approx([plain[k] for k in ("t", "df", "p")], rel=1e-5)


def test_every_structure_is_what_its_name_says():
    v, r = [4.0, 9.0, 16.0], [0.5, 0.25]
    heterogeneous = {
        "adh": ([*v, *r], [0.5, 0.125, 0.25]),
        "toeph": ([*v, *r], [0.5, 0.25, 0.5]),
        "arh1": ([*v, 0.5], [0.5, 0.25, 0.5]),
        "csh": ([*v, 0.5], [0.5, 0.5, 0.5]),
    }
    for name, (theta, correlations) in heterogeneous.items():
        found = structure_of(name, 3, TIMES[:3]).sigma(np.array([theta]))[0]
        assert np.diag(found) == pytest.approx(v)
        spread = np.sqrt(v)
        expected = [c * spread[i] * spread[j] for c, (i, j) in zip(correlations, [(0, 1), (0, 2), (1, 2)], strict=True)]
        assert [found[0, 1], found[0, 2], found[1, 2]] == pytest.approx(expected)
    homogeneous = {
        "ar1": ([4, 0.5], [4, 2, 1, 2]),
        "ad": ([4, 0.5, 0.25], [4, 2, 0.5, 1]),
        "cs": ([4, 1.5], [4, 1.5, 1.5, 1.5]),
        "toep": ([4, 2, 3], [4, 2, 3, 2]),
        "us": ([1, 2, 3, 4, 5, 6], [1, 2, 4, 5]),
    }
    for name, (theta, expected) in homogeneous.items():
        found = structure_of(name, 3, TIMES[:3]).sigma(np.array([theta], dtype=float))[0]
        assert [found[0, 0], found[0, 1], found[0, 2], found[1, 2]] == pytest.approx(expected)
        assert (found == found.T).all()


@pytest.mark.parametrize("visits", [2, 3, 5])
@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_are_those_of_differences(name, visits):
    generator = np.random.default_rng(7)
    root = generator.normal(size=(2, 2, visits, 3 * visits))
    model = Blocks(structure_of(name, visits, TIMES[:visits]), 2)
    theta, step = model.start(root @ root.swapaxes(2, 3) / visits), 1e-6
    first = np.broadcast_to(model.first(theta), (2, *model.first(theta).shape[1:]))
    matrix = generator.normal(size=(2, 2, visits, visits))
    matrix += matrix.swapaxes(2, 3)
    weights = generator.normal(size=(2, model.size, model.size))
    curvature, mean = model.curvature(theta, matrix), model.mean_second(theta, weights)
    for k, one in enumerate(np.eye(model.size) * step):
        up, down = theta + one, theta - one
        assert (model.sigma(up) - model.sigma(down)) / (2 * step) == pytest.approx(first[:, k], abs=1e-7)
        slopes = [np.broadcast_to(model.first(at), first.shape) for at in (up, down)]
        forces = [np.einsum("bkqij,bqij->bk", slope, matrix) for slope in slopes]
        assert (forces[0] - forces[1]) / (2 * step) == pytest.approx(curvature[:, k], abs=1e-6)
    total = 0 if mean is None else (mean * matrix).sum(axis=(1, 2, 3))
    assert (curvature * weights).sum(axis=(1, 2)) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("is_reml", [True, False])
@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_of_the_likelihood_are_those_of_differences(trial, name, is_reml):
    unit = np.unique(trial["id"], return_inverse=True)[1]
    block = (np.arange(unit.max() + 1) % 2).astype(int)
    data = products_of(trial["y"].to_numpy()[None], trial_design(trial), unit, trial["visit"].to_numpy() - 1, block)
    model, step = Blocks(structure_of(name, 3, TIMES[:3]), 2), 1e-5
    theta = model.start(np.array([[[[1, 0.3, 0.2], [0.3, 2, 0.5], [0.2, 0.5, 1.5]], np.eye(3) + 0.4]]))

    likelihood = MmrmLikelihood(data, model, is_reml)

    def at(there):
        point = likelihood.evaluate(there)
        return point.value[0], likelihood.differentiate(there, point)

    here = at(theta)[1]
    for k, one in enumerate(np.eye(model.size) * step):
        (high, above), (low, below) = at(theta + one), at(theta - one)
        size = np.abs(here.observed).max()
        assert (high - low) / (2 * step) == pytest.approx(here.gradient[0, k], abs=1e-6 * size)
        slope = (above.gradient[0] - below.gradient[0]) / (2 * step)
        assert slope == pytest.approx(here.observed[0, k], abs=1e-6 * size)


def test_groups_with_covariances_of_their_own_are_fitted_each_for_itself():
    _, _, frame = complete(24)
    both = fit_complete(frame, ["toeph"], covariance_by_arm=True)
    for arm in (0, 1):
        alone = frame[frame["arm"] == arm]
        one = fit_mmrm(alone["y"], np.eye(3)[alone["visit"]], alone["id"], alone["visit"], range(3), ["toeph"])
        assert both.model.covariances[arm] == pytest.approx(one.covariances[0], rel=1e-7)
        assert both.adjusted_mean(arm, 2)["df"] == pytest.approx(one.contrast([0, 0, 1])["df"], rel=1e-7)
    assert both.choices()["structure"] == "heterogeneous Toeplitz by group"


def test_the_choices_stand_in_the_result_and_count(trial):
    kinds = ("observed", "expected")
    of = {kind: fit_trial(trial, method="satterthwaite", information=kind) for kind in kinds}
    assert "observed" in of["observed"].choices()["information"]
    assert of["observed"].choices()["degrees_of_freedom"] == "Satterthwaite"
    found = {name: model.difference("B", "A", 3)["df"] for name, model in of.items()}
    assert abs(found["observed"] - found["expected"]) > 0.1
    with pytest.raises(ValueError, match="degrees of freedom: one of kenward_roger"):
        of["observed"].model.contrast([1] + [0] * 8, "containment")
    with pytest.raises(ValueError, match="observed or expected"):
        of["observed"].model.contrast([1] + [0] * 8, information="average")


# adjusted means


@pytest.mark.parametrize("over", ["rows", "units"])
def test_weights_of_levels_and_reference_values_are_explicit(trial, over):
    generator = np.random.default_rng(5)
    site = dict(zip(range(141), generator.choice(["p", "q", "r"], 141, p=[0.6, 0.3, 0.1]), strict=True))
    frame = trial.assign(site=[site[unit] for unit in trial["id"]])
    equal, observed = (
        fit_trial(frame, baseline="base", factors=["site"], weights=kind, covariate_means=over)
        for kind in ("equal", "observed")
    )
    counted = frame if over == "rows" else frame.drop_duplicates("id")
    shares = counted["site"].value_counts(normalize=True)
    assert observed.reference["site"] == pytest.approx({name: shares[name] for name in "pqr"})
    assert equal.reference["base"] == pytest.approx(counted["base"].mean())
    assert list(equal.reference["site"].values()) == [1 / 3] * 3
    effects = equal.model.coefficients[-2:]  # q and r against p
    gap = equal.adjusted_mean("A", 2)["adjusted_mean"] - observed.adjusted_mean("A", 2)["adjusted_mean"]
    assert gap == pytest.approx(effects @ [1 / 3 - shares["q"], 1 / 3 - shares["r"]], rel=1e-9)
    assert equal.difference("B", "A", 2) == pytest.approx(observed.difference("B", "A", 2), rel=1e-9)
    assert equal.model.minus_2_log_likelihood == pytest.approx(observed.model.minus_2_log_likelihood, rel=1e-12)


def test_adjusted_means_stand_at_the_mean_over_rows_by_default(trial):
    """Under drop-out the means of the baseline over rows and over units differ; adjusted means by slope times that."""
    rows, units = fit_trial(trial, baseline="base"), fit_trial(trial, baseline="base", covariate_means="units")
    assert rows.covariate_means == "rows"
    shift = trial["base"].mean() - trial.drop_duplicates("id")["base"].mean()
    assert abs(shift) > 0.05
    for at, visit in enumerate((1, 2, 3)):
        slope = rows.model.coefficients[9 + at]
        for arm in "ABC":
            pair = [of.adjusted_mean(arm, visit)["adjusted_mean"] for of in (rows, units)]
            assert pair[0] - pair[1] == pytest.approx(slope * shift, rel=1e-9)
            # the prediction of the fitted model at the mean over rows, from a design coded in another way
            x, seen = trial_design(trial), trial["visit"] == visit
            plain = fit_mmrm(trial["y"], x, trial["id"], trial["visit"], [1, 2, 3])
            line = np.zeros(12)
            line[3 * at + "ABC".index(arm)], line[9 + at] = 1, trial["base"].mean() - 64
            found = plain.contrast(line)
            assert seen.any() and rows.adjusted_mean(arm, visit)["se"] == pytest.approx(found["se"], rel=1e-8)
            assert pair[0] == pytest.approx(found["estimate"], rel=1e-9)
        assert rows.difference("B", "A", visit) == pytest.approx(units.difference("B", "A", visit), rel=1e-9)


def test_order_of_visits_and_arms_is_that_of_the_columns_or_as_named(trial):
    plain, named = mmrm(trial, "y", "id", "visit", "arm", "base"), fit_trial(trial, baseline="base")
    assert plain.differences().equals(named.differences())
    months = trial["visit"].map({1: "m1", 2: "m2", 3: "m10"})
    ordered = trial.assign(
        visit=pd.Categorical(months, ["m1", "m2", "m10"]), arm=pd.Categorical(trial["arm"], [*"BAC"])
    )
    found = mmrm(ordered, "y", "id", "visit", "arm", "base")
    assert found.model.visits == ("m1", "m2", "m10") and list(found.units) == ["B", "A", "C"]
    assert found.difference("A", "B", "m10")["difference"] == pytest.approx(
        -plain.difference("B", "A", 3)["difference"]
    )


def test_rows_without_a_response_are_no_rows(trial):
    full = pd.read_csv(REFERENCE / "trial3.csv")
    assert fit_trial(full, baseline="base").differences().equals(fit_trial(trial, baseline="base").differences())


def test_a_result_prints_what_was_fitted_and_its_numbers(trial):
    text = str(fit_trial(trial, baseline="base"))
    assert "141 units, 362 values" in text and "Covariance unstructured, REML" in text
    assert f"Adjusted means at base = {trial['base'].mean():.5g} (means over rows)" in text
    assert all(name in text for name in ("adjusted_mean", "difference", "ci_low", "Kenward-Roger"))


@pytest.mark.parametrize("module", [mmrm_visits], ids=lambda module: module.__name__)
def test_examples_of_the_documentation_run(module):
    failed, tried = doctest.testmod(module)
    assert tried > 0 and failed == 0


def test_differences_are_differences_of_adjusted_means_and_joint_tests_of_one_are_their_squares(trial):
    model = fit_trial(trial, baseline="base")
    found = model.difference("C", "B", 2)
    means = [model.adjusted_mean(arm, 2)["adjusted_mean"] for arm in ("C", "B")]
    assert found["difference"] == pytest.approx(means[0] - means[1], rel=1e-9)
    assert model.difference("B", "C", 2)["difference"] == pytest.approx(-found["difference"], rel=1e-9)
    weights = np.zeros(12)
    weights[4], weights[5] = -1, 1  # B and C at the second visit
    joint = model.model.joint_test(weights)
    assert joint["f"] == pytest.approx(found["t"] ** 2, rel=1e-9)
    assert (joint["df_1"], joint["df_2"]) == (1, pytest.approx(found["df"], rel=1e-12))
    assert joint["p"] == pytest.approx(found["p"], rel=1e-9)


def test_covariate_with_one_slope_or_one_for_each_visit(trial):
    one, each = fit_trial(trial, covariates=["base"]), fit_trial(trial, baseline="base")
    assert each.model.coefficients.size == one.model.coefficients.size + 2 == 12
    assert one.difference("B", "A", 3)["difference"] != each.difference("B", "A", 3)["difference"]


# order of structures


def without_pairs(kept):
    """A trial in which only ``kept`` units have values at visits 0 and 2, so that us cannot be fitted."""
    y, arm, frame = complete(40, 3, seed=9)
    half = (frame["id"] % 2 == 0) | (frame["id"] < 2 * kept)
    return frame[~((frame["visit"] == 2) & half & (frame["id"] >= 2 * kept) | (frame["visit"] == 0) & ~half)]


def test_next_structure_is_tried_and_the_reason_is_kept():
    model = fit_complete(without_pairs(1), FALLBACK).model
    assert model.structure == "arh1"
    reason = "0 and 2: 2 units have values at both, 3 are needed"
    assert model.rejected == (("us", reason), ("toeph", reason))
    assert model.choices("satterthwaite")["rejected"] == f"us: {reason}; toeph: {reason}"
    with pytest.raises(ValueError, match=f"no covariance structure can be fitted: us, toeph: {reason}$"):
        fit_complete(without_pairs(1), ["us", "toeph"])
    assert fit_complete(without_pairs(1), ["csh", "us"]).model.structure == "csh"
    assert fit_complete(without_pairs(3), FALLBACK).model.rejected == ()
    with pytest.raises(ValueError, match="no covariance structure can be fitted: us: 0 and 2: 2 units"):
        fit_complete(without_pairs(1), ["us"])
    with pytest.raises(ValueError, match="none was named"):
        fit_complete(without_pairs(1), [])


def test_singular_covariance_is_refused_with_a_reason():
    y, arm, frame = complete(20, 3)
    copied = frame.assign(y=np.where(frame["visit"] == 2, np.repeat(y[:, 0] + arm, 3), frame["y"]))
    with pytest.raises(ValueError, match="us: not (converged|identifiable)"):
        fit_complete(copied, ["us"])
    fallen = fit_complete(copied, ["us", "cs"])
    assert fallen.model.structure == "cs" and fallen.model.rejected[0][0] == "us"


@pytest.mark.parametrize("row", [5, 100, 361])
def test_one_far_value_is_named_by_unit_and_visit(trial, row):
    values = trial["y"].to_numpy().copy()
    values[row] = 1e10
    unit, visit = trial["id"].iloc[row], trial["visit"].iloc[row]
    named = rf"us, toeph, arh1, csh: not converged.* \(the value of unit {unit} at {visit} is far from all others\)"
    with pytest.raises(ValueError, match=named):
        fit_trial(trial.assign(y=values), baseline="base")
    y, arm, frame = complete(20, 3)  # no value is far where a covariance is singular for another reason
    copied = frame.assign(y=np.where(frame["visit"] == 2, np.repeat(y[:, 0] + arm, 3), frame["y"]))
    assert "far" not in fit_complete(copied, ["us", "cs"]).choices()["rejected"]


@pytest.mark.parametrize(
    ("change", "arguments", "complaint"),
    [
        ({"y": 60.0}, {}, "leaves no residual: it is constant"),
        ({"y": lambda f: 50 + f["visit"] + (f["arm"] == "B")}, {}, "leaves no residual"),
        ({"arm": lambda f: f["arm"].where(f["id"] > 2)}, {}, "arm: 7 of 362 values are missing"),
        ({"visit": 1}, {"visits": [1]}, "values at 1 visits: a model for repeated measures needs at least two"),
        ({"visit": 4}, {}, "visit: 362 rows of none of 1, 2, 3"),
        ({}, {"visits": [1, 2, 3, 4]}, "no unit has a value at 4: leave it out of the visits"),
        ({"arm": lambda f: f["arm"].where(f["visit"] == 1, "A")}, {}, "arm: changes within a unit"),
        ({"base": lambda f: f["base"] + f["visit"]}, {"covariates": ["base"]}, "base: changes within a unit"),
        ({"base": 3.0}, {"covariates": ["base"]}, "^base: .*depend on each other: it is the same in all rows"),
        ({"base": 57.3}, {"baseline": "base"}, "^base: .*it is the same in all rows"),
        ({"copy": lambda f: 2 * f["base"] + 1}, {"covariates": ["base", "copy"]}, "^copy: .*: base gives it"),
        ({"one": "x"}, {"factors": ["one"]}, "one: a factor with one level"),
        ({"copy": lambda f: f["arm"]}, {"factors": ["copy"]}, "^copy: .*depend on each other"),
        ({"label": lambda f: f["id"].astype(str)}, {"factors": ["label"]}, "depend on each other"),
        ({"name": lambda f: "n" + f["id"].astype(str)}, {"covariates": ["name"]}, "name: not numeric"),
        ({}, {"covariates": ["height"]}, "height: no such column"),
        ({}, {"covariates": ["base"], "baseline": "base"}, "named twice"),
        ({}, {"arms": ["A", "B"]}, "arm: 12[0-9] rows of none of A, B"),
        ({}, {"arms": ["A"]}, "fewer than 2 groups"),
        ({"visit": lambda f: "v" + f["visit"].astype(str)}, {"visits": None}, "visit: texts have no order in time"),
    ],
)
def test_refusals(trial, change, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        fit_trial(trial.assign(**change), **arguments)


def test_refusals_of_rows_and_weights():
    y, design, unit, visit = [1.0, 2, 3, 5, 4, 9, 7, 8], np.ones((8, 1)), [0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4
    model = fit_mmrm(y, design, unit, visit, [0, 1])
    for weights in ([1, 0], [0], [math.nan], [[1], [0]]):
        with pytest.raises(ValueError, match="weights: not 1 numbers"):
            model.contrast(weights)
    with pytest.raises(ValueError, match="depend on each other"):
        model.joint_test([[1], [2]])
    for change, complaint in [
        ({"values": y[:7]}, "7 values for 8 rows"),
        ({"visit": [0] * 8}, "no unit has a value at 1: leave it out of the visits"),
        ({"visits": [0, 2, 1]}, "no unit has a value at 2: leave it out of the visits"),
        ({"unit": [0, 0, 0, 1, 2, 2, 3, 3]}, "1 rows name a unit and visit"),
        ({"design": np.eye(8)}, "8 values for 8 coefficients leave no residual"),
        ({"design": np.full((8, 1), math.nan)}, "no table of finite numbers"),
        ({"group": [0, 1] * 4}, "a unit is in more than one group"),
        ({"structures": ["sp"]}, "'sp' is no covariance structure; there are us, toep"),
        ({"visits": [0]}, "visit: 1 labels that are not among 0"),
    ]:
        given = {"values": y, "design": design, "unit": unit, "visit": visit, "visits": [0, 1], **change}
        with pytest.raises(ValueError, match=complaint):
            fit_mmrm(**given)


def test_small_and_sparse_trials_are_fitted_or_refused_in_words():
    generator, fitted, refused = np.random.default_rng(11), 0, 0
    for _ in range(60):
        units, visits = generator.integers(4, 14), generator.integers(2, 5)
        unit, visit = np.divmod(np.arange(units * visits), visits)
        y = generator.normal(size=unit.size) * 10.0 ** generator.integers(-3, 6) + generator.normal(size=units)[unit]
        frame = pd.DataFrame({"y": y, "id": unit, "visit": visit, "arm": generator.integers(0, 2, units)[unit]})
        frame = frame[generator.random(unit.size) > generator.choice([0, 0.3, 0.6])]
        try:
            model = mmrm(frame, "y", "id", "visit", "arm", visits=range(visits), arms=[0, 1])
        except ValueError as error:
            refused += 1
            assert str(error)
            continue
        fitted += 1
        for one in range(visits):
            found = model.difference(1, 0, one)
            assert found["se"] > 0 and found["df"] > 0 and 0 <= found["p"] <= 1
    assert fitted > 20 and refused > 5


# many data sets at once


@pytest.mark.parametrize(("name", "by_arm"), [("us", False), ("toeph", False), ("adh", True), ("ar1", False)])
def test_many_data_sets_at_once_give_what_each_gives(trial, name, by_arm):
    full = pd.read_csv(REFERENCE / "trial3.csv")
    x, generator = trial_design(full), np.random.default_rng(13)
    values = np.where(full["y"].notna(), full["y"], np.nan) + generator.normal(0, 3, (5, len(full)))
    values[3:, :] = np.where(generator.random((2, len(full))) < 0.1, np.nan, values[3:])
    weights = np.zeros((2, 12))
    weights[0, 6], weights[0, 7], weights[1, 6], weights[1, 8] = -1, 1, -1, 1
    group = full["arm"] if by_arm else None
    found = contrast_many(values, x, full["id"], full["visit"], [1, 2, 3], weights, name, group)
    assert found.estimate.shape == (5, 2) and list(found.refusal) == [""] * 5
    for index, y in enumerate(values):
        there = np.isfinite(y)
        model = fit_mmrm(
            y[there],
            x[there],
            full["id"][there],
            full["visit"][there],
            [1, 2, 3],
            [name],
            group=group[there] if by_arm else None,
        )
        for column in (0, 1):
            one = model.contrast(weights[column])
            together = [getattr(found, key)[index, column] for key in ("estimate", "se", "df", "p")]
            assert together == pytest.approx([one[key] for key in ("estimate", "se", "df", "p")], rel=1e-8)


def test_data_sets_that_cannot_be_fitted_say_why_and_leave_the_others_alone():
    y, arm, frame = complete(20, 3)
    x = np.column_stack([(frame["arm"] == a) & (frame["visit"] == v) for a in (0, 1) for v in range(3)]).astype(float)
    constant, emptied, doubled = np.full(60, 7.0), frame["y"].to_numpy().copy(), frame["y"].to_numpy().copy()
    emptied[(frame["arm"] == 1) & (frame["visit"] == 2)] = np.nan
    doubled[frame["visit"] == 2] = y[:, 0]
    values = np.array([frame["y"], constant, emptied, doubled])
    found = contrast_many(values, x, frame["id"], frame["visit"], range(3), np.eye(6)[:1])
    assert found.refusal[0] == "" and found.df[0, 0] == pytest.approx(18, rel=1e-9)
    assert "no residual" in found.refusal[1] and "depend on each other" in found.refusal[2]
    assert found.refusal[3].startswith("not ")
    assert np.isnan(found.estimate[1:]).all() and np.isnan(found.p[1:]).all()


def test_cost_does_not_grow_with_the_units(trial):
    """Twice the units are the same sums of products, twice as large."""
    twice = pd.concat([trial, trial.assign(id=trial["id"] + 1000)])
    one, two = (fit_trial(frame, is_reml=False, method="satterthwaite").model for frame in (trial, twice))
    assert two.minus_2_log_likelihood == pytest.approx(2 * one.minus_2_log_likelihood, rel=1e-12)
    assert two.covariances == pytest.approx(one.covariances, rel=1e-9)
    assert one._likelihood.data.yy.shape == two._likelihood.data.yy.shape


# weights of values


def boys_and_girls():
    """Potthoff and Roy's data, a row a unit and age, with made weights that differ between units and ages."""
    wide = pd.read_csv(REFERENCE / "potthoff_roy.csv")
    long = wide.melt(["unit", "sex"], ["8", "10", "12", "14"], "age", "y")
    rank = long["unit"].rank(method="dense").astype(int)
    long["w"] = 1 + rank % 3 + 0.5 * (long["age"] == "10")
    cells = [((long["sex"] == s) & (long["age"] == a)).astype(float) for a in ("8", "10", "12", "14") for s in SEXES]
    return long, np.column_stack(cells)


SEXES, AGES = ("Female", "Male"), ["8", "10", "12", "14"]
WEIGHTED = json.loads((REFERENCE / "mmrm_weights.json").read_text())
NLME = "R nlme 3.1-162 gls, Potthoff and Roy's data with made weights"


@pytest.mark.parametrize(("fit", "rel"), [("cs_reml", 1e-7), ("cs_ml", 1e-7), ("us_reml", 1e-4)])
def test_weights_agree_with_generalised_least_squares_of_nlme(fit, rel):
    (long, x), expected, structure = boys_and_girls(), WEIGHTED[fit], fit[:2]
    model = fit_mmrm(
        long["y"], x, long["unit"], long["age"], AGES, [structure], fit.endswith("reml"), weights=long["w"]
    )
    method = f"mixed model for repeated measures, {structure}, weights"
    size = np.array(expected.get("se", np.ones(8)))
    agrees(
        method, "coefficients / SE", NLME, model.coefficients / size, np.array(expected["coefficients"]) / size, abs=rel
    )
    agrees(method, "log likelihood", NLME, -model.minus_2_log_likelihood / 2, expected["log_likelihood"], rel=1e-9)
    if "se" in expected:
        plain = [model.contrast(one, "satterthwaite")["se"] for one in np.eye(8)]
        agrees(method, "SE, unadjusted", NLME, plain, expected["se"], rel=max(rel, 1e-6))
    if "rho" in expected:
        sigma = model.covariances[0]
        assert sigma[0, 1] / sigma[0, 0] == pytest.approx(expected["rho"], rel=1e-5)


def test_weights_are_those_of_generalised_least_squares_at_the_covariance_that_was_fitted():
    from statsmodels.regression.linear_model import GLS

    long, x = boys_and_girls()
    kept = np.random.default_rng(5).random(len(long)) > 0.15
    long, x = long[kept].reset_index(drop=True), x[kept]
    model = fit_mmrm(long["y"], x, long["unit"], long["age"], AGES, ["us"], weights=long["w"])
    order = long.groupby("unit", sort=False).indices
    rows = np.concatenate(list(order.values()))
    blocks = []
    for of in order.values():
        seen, root = [AGES.index(a) for a in long["age"][of]], np.sqrt(long["w"].to_numpy()[of])
        blocks.append(model.covariances[0][np.ix_(seen, seen)] / np.outer(root, root))
    sigma = block_diag(*blocks)
    gls = GLS(long["y"].to_numpy()[rows], x[rows], sigma=sigma).fit()
    assert model.coefficients == pytest.approx(gls.params, rel=1e-9)
    assert [model.contrast(one, "satterthwaite")["se"] for one in np.eye(8)] == pytest.approx(
        np.sqrt(np.diag(gls.normalized_cov_params)), rel=1e-8
    )
    residual = long["y"].to_numpy()[rows] - x[rows] @ model.coefficients
    inverse = np.linalg.inv(sigma)
    dense = np.linalg.slogdet(sigma)[1] + np.linalg.slogdet(x[rows].T @ inverse @ x[rows])[1]
    dense += residual @ inverse @ residual + (len(rows) - 8) * np.log(2 * np.pi)
    assert model.minus_2_log_likelihood == pytest.approx(dense, rel=1e-10)


@pytest.mark.parametrize("method", ["kenward_roger", "satterthwaite", "CR2"])
def test_one_weight_for_all_leaves_the_results_as_they_were(method):
    long, x = boys_and_girls()
    given = (long["y"], x, long["unit"], long["age"], AGES, ["us"])
    plain, same = fit_mmrm(*given), fit_mmrm(*given, weights=np.full(len(long), 2.5))
    assert same.covariances == pytest.approx(2.5 * plain.covariances, rel=1e-6)
    one = [0, 0, 0, 0, 0, 0, -1, 1]
    assert same.contrast(one, method) == pytest.approx(plain.contrast(one, method), rel=1e-6)
    assert same.minus_2_log_likelihood == pytest.approx(plain.minus_2_log_likelihood, rel=1e-10)


@pytest.mark.parametrize("wrong", [[0.0], [-1.0], [1.0, 2.0]])
def test_weights_that_are_none_are_refused(wrong):
    long, x = boys_and_girls()
    weights = np.ones(len(long) + len(wrong) - 1)
    weights[: len(wrong)] = wrong
    with pytest.raises(ValueError, match="weights"):
        fit_mmrm(long["y"], x, long["unit"], long["age"], AGES, ["us"], weights=weights)

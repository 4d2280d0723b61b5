"""Linear models: robust and cluster-robust covariances, contrasts, interactions; against R and against statsmodels."""

import itertools
import json
import math
from pathlib import Path

import formulaic
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from agreements import agrees, chosen
from omtrace.statistics.linear.design import GroupDesign, Terms
from omtrace.statistics.linear.linear import Ancova, fit_linear

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "models_r.json").read_text())
LM, EMMEANS = "R 4.2.2 lm", "emmeans 1.8.4-1"
SANDWICH, CLUB = "sandwich 3.0-2", "clubSandwich 0.5.8"

chosen(
    "cluster-robust covariance",
    "CR2 with Bell and McCaffrey's degrees of freedom, as clubSandwich: CR1, which "
    "statsmodels and Stata give, is too small with few cages or practitioners.",
)
chosen(
    "ANCOVA, adjusted means",
    "levels of factors weigh equally unless the plan says observed: emmeans and SAS "
    "LSMEANS weigh equally, SAS OM and Stata margins as observed.",
)
chosen(
    "ANCOVA, HC0-HC4",
    "degrees of freedom n - p with every covariance, as coeftest of R's lmtest and emmeans; "
    "statsmodels uses the normal distribution unless asked.",
)


@pytest.fixture(scope="module")
def arms():
    return pd.read_csv(REFERENCE / "three_arm.csv")


@pytest.fixture(scope="module")
def rats():
    return pd.read_csv(REFERENCE / "rats.csv", dtype={"cage": str, "rat": str, "batch": str})


def coefficients(model):
    """lm's coefficients in treatment coding, as combinations of ours: intercept, groups, covariate, factor."""
    at, design = {"base": 0.0, "sex": "F"}, model.design
    start = design.mean("control", at)
    rows = [
        start,
        design.difference("dose1", "control"),
        design.difference("dose2", "control"),
        design.mean("control", {**at, "base": 1.0}) - start,
        design.mean("control", {**at, "sex": "M"}) - start,
    ]
    found = [model.model.estimate(row) for row in rows]
    return [estimate for estimate, _, _ in found], [se for _, se, _ in found]


TERMS = Terms("change", "arm", reference="control", covariates=["base"], factors=["sex"])


def test_coefficients_and_classical_errors_are_those_of_lm(arms):
    estimates, errors = coefficients(Ancova(arms, TERMS))
    agrees("ANCOVA", "coefficients", LM, estimates, R["ancova"]["coef"], rel=1e-9)
    agrees("ANCOVA", "SE", LM, errors, R["ancova"]["se"], rel=1e-9)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "HC4"])
def test_robust_errors_are_those_of_sandwich(arms, kind):
    _, errors = coefficients(Ancova(arms, TERMS, kind))
    agrees(f"ANCOVA, {kind}", "SE", SANDWICH, errors, R[f"ancova_{kind}"], rel=1e-9)


def test_contrasts_and_means_are_those_of_emmeans(arms):
    model = Ancova(arms, TERMS)
    names = {"difference": "estimate", "se": "SE", "df": "df", "t": "t.ratio", "p": "p.value"}
    found = [model.difference(arm, "control") for arm in ("dose1", "dose2")]
    for ours, theirs in names.items():
        agrees(
            "ANCOVA, contrasts", ours, EMMEANS, [f[ours] for f in found], R["ancova_dunnett_contr"][theirs], rel=1e-8
        )
    names = {"adjusted_mean": "emmean", "se": "SE", "df": "df", "ci_low": "lower.CL", "ci_high": "upper.CL"}
    found = [model.adjusted_mean(arm) for arm in R["ancova_emm"]["arm"]]
    for ours, theirs in names.items():
        agrees("ANCOVA, adjusted means", ours, EMMEANS, [f[ours] for f in found], R["ancova_emm"][theirs], rel=1e-8)


def test_cluster_robust_errors_and_their_df_are_those_of_clubsandwich(rats):
    rats = rats.assign(cell=rats["ntg"] + rats["omt"], both=((rats["ntg"] == "ntg") & (rats["omt"] == "omt")) * 1.0)
    rats["is_ntg"], rats["is_omt"] = (rats["ntg"] == "ntg") * 1.0, rats["omt"]
    model = Ancova(rats, Terms("cgrp", "is_omt", ["sham", "omt"], None, ["is_ntg", "both"]), "CR2", "cage")
    zero, design = {"is_ntg": 0.0, "both": 0.0}, model.design
    start = design.mean("sham", zero)
    rows = [
        start,
        design.mean("sham", {**zero, "is_ntg": 1.0}) - start,
        design.difference("omt", "sham"),
        design.mean("sham", {**zero, "both": 1.0}) - start,
    ]
    found = [model.model.estimate(row) for row in rows]
    agrees("cluster-robust covariance", "SE", CLUB, [se for _, se, _ in found], R["cr2"]["se"], rel=1e-9)
    agrees("cluster-robust covariance", "df", CLUB, [df for _, _, df in found], R["cr2"]["df"], rel=1e-8)
    assert model.model.clusters.clusters == rats["cage"].nunique()


def test_a_cluster_robust_error_is_unbiased_where_rows_are_independent(arms):
    # the definition of CR2: E[score score'] = the classical covariance, if errors are independent with one variance
    frame = arms.assign(site=[f"s{i % 7}" for i in range(len(arms))])
    model = Ancova(frame, TERMS, "CR2", "site")
    x = model.design.matrix
    inverse, columns = np.linalg.inv(x.T @ x), np.eye(x.shape[1])
    for row in [*columns, *(a + b for a, b in itertools.combinations(columns, 2))]:
        expected = np.trace(model.model.clusters.products(row))
        assert expected == pytest.approx(row @ inverse @ row, rel=1e-9, abs=1e-12)


def second_path(frame, formula, kind):
    """The same from other libraries: formulaic's matrix, statsmodels' fit."""
    matrix = formulaic.Formula(formula).get_model_matrix(frame)
    return matrix.columns, sm.OLS(frame["change"].to_numpy(), matrix.to_numpy()).fit(cov_type=kind, use_t=True)


@pytest.mark.parametrize("kind", ["nonrobust", "HC3"])
def test_an_interaction_is_that_of_statsmodels(arms, kind):
    arms = arms.assign(sex=["FM"[i // 2 % 2] for i in range(len(arms))])
    formula = "C(arm, contr.treatment('control')) * C(sex) + base"
    columns, other = second_path(arms, formula, kind)
    model = Ancova(
        arms,
        Terms("change", "arm", reference="control", covariates=["base"], factors=["sex"], interaction="sex"),
        "classical" if kind == "nonrobust" else kind,
    )
    at = {name: i for i, name in enumerate(columns)}
    main = next(i for name, i in at.items() if "dose1" in name and "sex" not in name)
    cross = next(i for name, i in at.items() if "dose1" in name and "sex" in name)
    women, men = (model.difference("dose1", "control", held={"sex": sex}) for sex in "FM")
    weights = np.zeros(len(columns))
    weights[main] = 1
    ours = [women["difference"], women["se"], women["p"]]
    test = other.t_test(weights)
    agrees(
        "subgroups",
        f"difference, SE, p ({kind})",
        "statsmodels 0.15.0",
        ours,
        [test.effect[0], test.sd[0, 0], test.pvalue],
        rel=1e-8,
    )
    weights[cross] = 1
    assert men["difference"] == pytest.approx(other.t_test(weights).effect[0], rel=1e-9)
    change = model.interaction("dose1", "control")
    ours = [change["interaction"], change["se"], change["p"]]
    agrees(
        "subgroups",
        f"interaction, SE, p ({kind})",
        "statsmodels 0.15.0",
        ours,
        [other.params[cross], other.bse[cross], other.pvalues[cross]],
        rel=1e-8,
    )


def test_an_interaction_over_three_levels_is_an_f_test(arms):
    frame = arms[arms["arm"] != "dose2"].assign(site=[f"s{i % 3}" for i in range((arms["arm"] != "dose2").sum())])
    terms = Terms("change", "arm", ["control", "dose1"], None, ["base"], ["site"], "site")
    found = Ancova(frame, terms).interaction("dose1", "control")
    full = second_path(frame, "C(arm) * C(site) + base", "nonrobust")[1]
    less = second_path(frame, "C(arm) + C(site) + base", "nonrobust")[1]
    f, p, df = full.compare_f_test(less)
    agrees(
        "subgroups",
        "F, p of an interaction over three levels",
        "statsmodels 0.15.0",
        [found["f"], found["p"]],
        [f, p],
        rel=1e-8,
    )
    assert (found["df_1"], found["df_2"]) == (df, full.df_resid)
    with pytest.raises(ValueError, match="joint test with a cluster-robust"):
        Ancova(frame.assign(c=frame["site"]), terms, "CR2", "c").interaction("dose1", "control")


def test_an_interaction_with_a_covariate_is_the_change_for_one_unit(arms):
    terms = Terms("change", "arm", ["control", "dose1", "dose2"], None, ["base"], [], "base")
    model = Ancova(arms, terms)
    slope = model.interaction("dose2", "control")["interaction"]
    low, high = (model.difference("dose2", "control", held={"base": v})["difference"] for v in (55.0, 65.0))
    assert high - low == pytest.approx(10 * slope, rel=1e-9)
    middle = model.difference("dose2", "control", held={"base": float(arms["base"].mean())})
    assert middle["difference"] == pytest.approx(model.difference("dose2", "control")["difference"], rel=1e-9)


def test_weights_of_factor_levels_move_the_means_and_not_the_contrasts(arms):
    equal = Ancova(arms, TERMS)
    observed = Ancova(arms, Terms(**{**vars(TERMS), "weights": "observed"}))
    share = (arms["sex"] == "M").mean()
    gap = equal.model.estimate(equal.design.mean("control", {"sex": "M"}))[0]
    gap -= equal.model.estimate(equal.design.mean("control", {"sex": "F"}))[0]
    moved = observed.adjusted_mean("dose1")["adjusted_mean"] - equal.adjusted_mean("dose1")["adjusted_mean"]
    assert moved == pytest.approx((share - 0.5) * gap, rel=1e-9) and abs(moved) > 1e-3
    assert observed.difference("dose1", "control") == pytest.approx(equal.difference("dose1", "control"), rel=1e-9)


def test_a_combination_of_three_arms(arms):
    model = Ancova(arms, TERMS)
    found = model.combination({"dose1": 0.5, "dose2": 0.5, "control": -1})
    one, two = (model.difference(arm, "control")["difference"] for arm in ("dose1", "dose2"))
    assert found["difference"] == pytest.approx((one + two) / 2, rel=1e-9)
    assert model.combination({"dose1": 1, "control": -1}) == pytest.approx(model.difference("dose1", "control"))
    with pytest.raises(ValueError, match="add to 1, not to 0"):
        model.combination({"dose1": 1})


def test_what_cannot_be_estimated_is_refused(arms):
    alone = arms.assign(site=["own", *["all"] * (len(arms) - 1)])
    terms = Terms("change", "arm", reference="control", factors=["site"])
    with pytest.raises(ValueError, match="HC3: a row determines a coefficient alone"):
        Ancova(alone, terms, "HC3")
    assert math.isfinite(Ancova(alone, terms, "HC1").difference("dose1", "control")["se"])
    with pytest.raises(ValueError, match="1 cluster"):
        Ancova(arms.assign(site="one"), TERMS, "CR2", "site")
    with pytest.raises(ValueError, match="rows of other groups: dose2"):
        GroupDesign(arms, Terms("change", "arm", ["control", "dose1"]))
    with pytest.raises(ValueError, match="no row of group 'dose3'"):
        GroupDesign(arms, Terms("change", "arm", ["control", "dose1", "dose2", "dose3"]))
    with pytest.raises(ValueError, match="sex: no row of the level 'X'"):
        GroupDesign(arms, TERMS).mean("control", {"sex": "X"})


def test_groups_as_if_average_to_the_adjusted_mean_with_observed_weights(arms):
    model = Ancova(arms, Terms(**{**vars(TERMS), "weights": "observed"}))
    average = model.design.as_if("dose2").mean(axis=0)
    assert average == pytest.approx(model.design.mean("dose2"), abs=1e-12)


def test_a_saturated_model_is_refused(arms):
    four = arms.iloc[[0, 1, 20, 21]]
    terms = Terms("change", "arm", ["control", "dose1"], None, ["base"])
    assert Ancova(four, terms).model.df == 1
    with pytest.raises(ValueError, match="3 rows for 3 coefficients leave no residual"):
        GroupDesign(four.iloc[1:], terms)


def clustered(arms, treated):
    """Ten rows of each arm, the treated of them in as many clusters, the others in six."""
    two = arms[arms["arm"] != "dose2"].groupby("arm").head(10)
    labels = [f"c{i % 6}" for i in range(10)] + [f"t{i % treated}" for i in range(10)]
    return two.sort_values("arm").assign(cluster=labels)


@pytest.mark.parametrize("covariates", [[], ["base"]])
def test_an_arm_of_one_cluster_has_no_cluster_robust_error(arms, covariates):
    terms = Terms("change", "arm", ["control", "dose1"], None, covariates)
    model = Ancova(clustered(arms, 1), terms, "CR2", "cluster")
    with pytest.raises(ValueError, match="rests on one cluster alone"):
        model.difference("dose1", "control")
    assert math.isnan(model.adjusted_mean("dose1")["se"]) and math.isfinite(model.adjusted_mean("control")["se"])
    found = Ancova(clustered(arms, 2), terms, "CR2", "cluster").difference("dose1", "control")
    assert found["se"] > 0 and 0 < found["p"] <= 1 and found["df"] < 4


def test_arms_of_one_cluster_each_have_no_p_of_0(arms):
    two = arms[arms["arm"] != "dose2"]
    model = Ancova(two.assign(site=two["arm"]), Terms("change", "arm", ["control", "dose1"]), "CR2", "site")
    with pytest.raises(ValueError, match="two clusters or more in each group"):
        model.difference("dose1", "control")


def test_clusters_that_are_a_factor_of_the_model_leave_the_contrast_its_error(arms):
    frame = arms.assign(site=[f"s{i % 5}" for i in range(len(arms))])
    terms = Terms("change", "arm", reference="control", factors=["site"])
    found = Ancova(frame, terms, "CR2", "site").difference("dose1", "control")
    assert found["se"] > 0 and found["df"] > 1


@pytest.mark.parametrize("covariance", ["classical", "HC3", "HC4", "CR2"])
def test_the_unit_of_a_covariate_plays_no_part_in_least_squares(covariance):
    generator = np.random.default_rng(5)
    base, arm = generator.normal(50, 8, 40), np.repeat([-1.0, 1.0], 20)
    values, cluster = base / 2 + 3 * arm + generator.normal(0, 5, 40), np.arange(40) // 4
    found = [
        fit_linear(values, np.column_stack([np.ones(40), arm, base * unit]), covariance, cluster).contrast([0, 2, 0])
        for unit in (1e-12, 1, 1e12)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9) and found[2] == pytest.approx(found[1], rel=1e-9)

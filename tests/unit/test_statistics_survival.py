"""Kaplan-Meier, log-rank, Cox's model, restricted means and proportional hazards against R's survival, by hand, and at
their ends."""

import json
import math
from pathlib import Path

import numpy
import pytest
from agreements import agrees
from hypothesis import given
from hypothesis import strategies as st
from omtrace.statistics.basic.survival import fit_cox, kaplan_meier, log_rank, restricted_mean_difference

R = json.loads((Path(__file__).parents[1] / "reference/survival_r.json").read_text(encoding="utf-8"))
SOURCE = "R survival 3.5-3"
DATA = {name: {key: numpy.array(column) for key, column in R[name]["data"].items()} for name in ("gehan", "veteran")}
ARMS = {"gehan": {"control": 0, "treated": 1}, "veteran": {"standard": 0, "test": 1}}
HORIZON = {"gehan": 20, "veteran": 300}


def curve_of(study, arm):
    mine = DATA[study]["arm"] == ARMS[study][arm]
    return kaplan_meier(DATA[study]["time"][mine], DATA[study]["event"][mine])


@pytest.mark.parametrize(("study", "arm"), [(study, arm) for study, arms in ARMS.items() for arm in arms])
def test_curves_agree_with_survfit(study, arm):
    curve, theirs = curve_of(study, arm), R[study]["km"][arm]
    assert (curve.n, curve.events.sum()) == (theirs["n"], theirs["events"])
    for place, time in enumerate(theirs["times"]):
        ours = curve.at(time)
        assert ours["at_risk"] == theirs["risk"][place]
        agrees("Kaplan-Meier", "survival", f"{SOURCE} survfit", ours["survival"], theirs["surv"][place], abs=1e-12)
        for name, of in (("survival_low", "low"), ("survival_high", "high")):
            if theirs[of][place] == "NA":
                assert math.isnan(ours[name])
            else:
                agrees("Kaplan-Meier", "log-log limits", f"{SOURCE} survfit", ours[name], theirs[of][place], rel=1e-9)
    for name, value in curve.median().items():
        reference = theirs[name.replace("_time", "")]
        assert math.isnan(value) if reference == "NA" else value == reference, name
    ours = curve.restricted_mean(HORIZON[study])
    agrees("restricted mean time", "mean, SE", f"{SOURCE} survfit", ours, R[study]["rmst"][arm], rel=1e-9)


def test_log_rank_tests_agree_with_survdiff():
    for study, name, groups, strata in (
        ("gehan", "logrank", "arm", None),
        ("gehan", "logrank_pair", "arm", "pair"),
        ("veteran", "logrank", "arm", None),
        ("veteran", "logrank_cell", "arm", "cell"),
        ("veteran", "logrank_cells", "cell", None),
    ):
        data = DATA[study]
        found = log_rank(data["time"], data["event"], data[groups], strata and data[strata])
        assert found["df"] == len(numpy.unique(data[groups])) - 1
        what = "chi-squared, stratified" if strata else "chi-squared"
        agrees("log-rank test", what, f"{SOURCE} survdiff", found["chi_squared"], R[study][name], rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_hazard_ratios_agree_with_coxph_for_either_way_with_ties(ties):
    data, theirs = DATA["gehan"], R["gehan"][ties]
    model = fit_cox(data["time"], data["event"], data["arm"][:, None], ties=ties)
    found = model.hazard_ratio([1.0])
    agrees(
        "Cox model",
        f"coefficient, ties by {ties}",
        f"{SOURCE} coxph",
        math.log(found["hazard_ratio"]),
        theirs["coef"],
        rel=1e-8,
    )
    agrees("Cox model", f"SE, ties by {ties}", f"{SOURCE} coxph", found["se_log"], theirs["se"], rel=1e-8)
    agrees("Cox model", "interval", f"{SOURCE} coxph", [found["ci_low"], found["ci_high"]], theirs["ci"][0], rel=1e-8)
    agrees("Cox model", "p", f"{SOURCE} coxph", found["p"], theirs["p"], rel=1e-7)
    agrees(
        "Cox model",
        "partial log-likelihood",
        f"{SOURCE} coxph",
        model.fit.log_likelihood,
        theirs["loglik"][1],
        rel=1e-10,
    )
    check = model.proportional_hazards(slice(0, 1))
    reference = R["gehan"]["zph" if ties == "efron" else "zph_breslow"]
    agrees("proportional hazards", "chi-squared, df, p", f"{SOURCE} cox.zph", list(check.values()), reference, rel=1e-8)


def test_strata_covariates_and_several_groups_agree_with_coxph():
    data, reference = DATA["veteran"], R["veteran"]
    model = fit_cox(data["time"], data["event"], numpy.column_stack([data["arm"], data["karno"]]), data["cell"])
    ours, theirs = model.fit, reference["cox"]
    agrees("Cox model", "coefficients, with strata", f"{SOURCE} coxph", ours.coefficients, theirs["coef"], rel=1e-7)
    agrees(
        "Cox model",
        "SE, with strata",
        f"{SOURCE} coxph",
        numpy.sqrt(numpy.diag(ours.covariance)),
        theirs["se"],
        rel=1e-7,
    )
    check = list(model.proportional_hazards(slice(0, 1)).values())
    agrees(
        "proportional hazards",
        "chi-squared, df, p, with strata",
        f"{SOURCE} cox.zph",
        check,
        reference["zph"],
        rel=1e-6,
    )
    matrix = numpy.column_stack([data["cell"] == cell for cell in ("squamous", "smallcell", "adeno")])
    model = fit_cox(data["time"], data["event"], matrix)
    agrees(
        "Cox model",
        "coefficients, 4 groups",
        f"{SOURCE} coxph",
        model.fit.coefficients,
        reference["cox_cells"]["coef"],
        rel=1e-7,
    )
    check = list(model.proportional_hazards(slice(0, 3)).values())
    agrees(
        "proportional hazards",
        "chi-squared, df, p, 4 groups",
        f"{SOURCE} cox.zph",
        check,
        reference["zph_cells"],
        rel=1e-7,
    )


def test_published_numbers_of_the_leukaemia_trial():
    """Median remissions 23 and 8 weeks, log-rank 16.79, as the textbooks print them."""
    data = DATA["gehan"]
    assert (
        curve_of("gehan", "treated").median()["median_time"],
        curve_of("gehan", "control").median()["median_time"],
    ) == (23, 8)
    assert round(log_rank(data["time"], data["event"], data["arm"])["chi_squared"], 2) == 16.79


def test_a_curve_by_hand():
    curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert curve.times.tolist() == [1, 2, 4] and curve.at_risk.tolist() == [5, 4, 1]
    assert curve.survival.tolist() == pytest.approx([0.8, 0.6, 0.0])
    assert curve.restricted_mean(3)[0] == pytest.approx(1 + 0.8 + 0.6)
    assert curve.at(0.5)["survival"] == 1 and math.isnan(curve.at(0.5)["survival_low"])
    assert curve.at(9) == {
        "survival": 0.0,
        "survival_low": pytest.approx(math.nan, nan_ok=True),
        "survival_high": pytest.approx(math.nan, nan_ok=True),
        "at_risk": 0.0,
    }


def test_what_lies_beyond_the_follow_up_is_not_made_up():
    curve = kaplan_meier([1, 2, 3], [1, 0, 0])
    assert math.isnan(curve.at(4)["survival"]) and curve.at(3)["survival"] == pytest.approx(2 / 3)
    assert math.isnan(curve.median()["median_time"])
    assert math.isnan(kaplan_meier([1, 2, 2], [1, 1, 0]).at(3)["survival"])  # of the last two one goes on
    with pytest.raises(ValueError, match="followed up for more than 3, less than the horizon 4"):
        curve.restricted_mean(4)
    without = kaplan_meier([1, 2], [0, 0])
    assert without.at(1)["survival"] == 1 and without.restricted_mean(2) == (2.0, 0.0)
    with pytest.raises(ValueError, match="no event in either group before the horizon"):
        restricted_mean_difference(without, without, 2)
    with pytest.raises(ValueError, match="horizon"):
        restricted_mean_difference(curve, kaplan_meier([9, 9], [0, 1]), 5)


@pytest.mark.parametrize(
    ("times", "events", "matrix", "says"),
    [
        ([], [], [], "there are no times"),
        ([-1, 2], [0, 1], [[0], [1]], "1 times are below 0"),
        ([1, 2], [0, 2], [[0], [1]], "1 for an event"),
        ([1, 2, 3], [0, 0, 0], [[0], [1], [1]], "there is no event"),
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [[1], [1], [1], [0], [0], [0]], "has no event"),
    ],
)
def test_what_no_model_can_be_fitted_to_is_refused(times, events, matrix, says):
    with pytest.raises(ValueError, match=says):
        fit_cox(times, events, matrix)


def test_events_at_one_time_say_nothing_of_proportional_hazards():
    model = fit_cox([5, 5, 5, 5, 9, 9], [1, 1, 1, 0, 0, 0], numpy.array([[0], [0], [1], [1], [0], [1]]))
    assert math.isfinite(model.hazard_ratio([1.0])["hazard_ratio"])
    with pytest.raises(ValueError, match="too few times"):
        model.proportional_hazards(slice(0, 1))


def test_a_test_of_one_group_is_refused():
    with pytest.raises(ValueError, match="two groups"):
        log_rank([1, 2], [1, 1], ["a", "a"])


UNITS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1)), min_size=3, max_size=25)


@given(UNITS, st.floats(0.5, 20))
def test_curves_fall_from_1_and_do_not_depend_on_order_or_unit_of_time(units, scale):
    times, events = (numpy.array(part, dtype=float) for part in zip(*units, strict=True))
    curve, scaled = kaplan_meier(times, events), kaplan_meier(times[::-1] * scale, events[::-1])
    assert (numpy.diff([1.0, *curve.survival]) <= 1e-12).all() and ((curve.survival >= 0) & (curve.survival <= 1)).all()
    assert scaled.survival == pytest.approx(curve.survival)
    known = ~numpy.isnan(curve.low)
    assert (curve.low[known] <= curve.survival[known]).all() and (curve.high[known] >= curve.survival[known]).all()
    if not (events == 0).any():  # without censoring it is the share beyond
        assert curve.survival == pytest.approx([(times > t).mean() for t in curve.times])


def test_the_zero_of_a_covariate_plays_no_part():
    generator = numpy.random.default_rng(2)
    times, events = generator.exponential(10, 60) + 1, (numpy.arange(60) % 3 > 0) * 1.0
    x = numpy.column_stack([numpy.arange(60) % 2, generator.normal(40, 9, 60)])
    plain, moved = (fit_cox(times, events, x + [0, by]).hazard_ratio([1.0, 0.0]) for by in (0, 1e7))
    assert moved == pytest.approx(plain, rel=1e-8)


def test_groups_that_no_stratum_compares_are_refused():
    times, events = numpy.arange(1.0, 21), numpy.ones(20)
    arm = (numpy.arange(20) % 2).astype(float)
    with pytest.raises(ValueError, match="the same in all units of every stratum, so that no hazards are compared"):
        fit_cox(times, events, arm[:, None], strata=arm)
    with pytest.raises(ValueError, match="the same in all units, so"):
        fit_cox(times, events, numpy.column_stack([arm, numpy.full(20, 3.0)]))

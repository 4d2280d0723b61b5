"""Generalised estimating equations against R, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from agreements import agrees, chosen
from omtrace.statistics.linear.gee import EstimatingEquations

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "gee_r.json").read_text())
METHOD = "GEE"
OUTCOMES = {"y": "yes or no", "events": "counts", "days": "numbers"}

chosen(
    METHOD,
    "ar1: the working correlation of two visits is that of their distance, also where a visit between them is missing. "
    "statsmodels 0.15.0 takes a unit's values for adjacent when it solves the equations; it finds no high correlation.",
)


def rows():
    return pandas.read_csv(REFERENCE / "repeated.csv")


def matrix(frame):
    b, first, second = (part.to_numpy(float) for part in (frame.arm == "B", frame.visit == 1, frame.visit == 2))
    return np.column_stack([np.ones(len(frame)), b, first, second, b * first, b * second])


@pytest.mark.parametrize("name", [name for name in R if name != "site"])
def test_repeated_outcomes_agree_with_r(name):
    outcome, correlation = name.split()
    d = rows()
    offset = np.log(d.days.to_numpy() / 28) if outcome == "events" else None
    found = EstimatingEquations(d[outcome], matrix(d), d.unit.tolist(), d.visit, OUTCOMES[outcome], correlation, offset)
    source = "geepack 1.3.9 geeglm, the correlation held" if correlation == "ar1" else "gee 4.13-25"
    what = f"{OUTCOMES[outcome]}, {correlation}"
    agrees(METHOD, f"coefficients, {what}", f"R {source}", found.coefficients, R[name]["coef"], abs=1e-7)
    if correlation == "exchangeable":  # the reference of ar1 holds the correlation that was estimated here
        agrees(METHOD, f"correlation, {what}", f"R {source}", found.correlation, R[name]["alpha"], rel=1e-6)
    assert found.correlation == pytest.approx(R[name]["alpha"], rel=1e-6)
    se = np.sqrt(np.diag(found.covariance))
    agrees(METHOD, f"SE by Mancl and DeRouen, {what}", "R 4.2.2, their formula", se, R[name]["md"], rel=1e-6)
    assert found.df == 36 - 6


def test_clusters_agree_with_r():
    d = rows()
    d = d[d.visit == 0].sort_values("site")
    x = np.column_stack([np.ones(len(d)), d.arm == "B"])
    found = EstimatingEquations(d.y, x, d.site.tolist(), d.visit, "yes or no")
    agrees(METHOD, "coefficients, clusters", "R gee 4.13-25", found.coefficients, R["site"]["coef"], abs=1e-8)
    se = np.sqrt(np.diag(found.covariance))
    agrees(METHOD, "SE by Mancl and DeRouen, clusters", "R 4.2.2, their formula", se, R["site"]["md"], rel=1e-6)
    contrast = found.contrast(np.array([0.0, 1.0]))
    assert contrast["df"] == d.site.nunique() - 2 and contrast["estimate"] == found.coefficients[1]


@pytest.mark.parametrize(
    ("values", "outcome", "words"),
    [([0, 1, 2, 0], "yes or no", "other than 1"), ([0, 1, -2, 0], "counts", "1 counts are below 0")],
)
def test_outcomes_of_another_kind_are_refused(values, outcome, words):
    with pytest.raises(ValueError, match=words):
        EstimatingEquations(values, np.ones((4, 1)), list("abcd"), [0] * 4, outcome)


def test_as_many_clusters_as_coefficients_are_refused():
    with pytest.raises(ValueError, match="2 clusters for 2 coefficients"):
        EstimatingEquations(
            [1, 2, 3, 4], np.array([[1.0, 0], [1, 0], [1, 1], [1, 1]]), list("aabb"), [0] * 4, "numbers"
        )


def test_outcomes_that_the_terms_tell_with_certainty_are_refused():
    x = np.column_stack([np.ones(12), np.repeat([0, 1], 6)])
    y, units = [0] * 6 + [1] * 6, [f"u{i}" for i in range(12)]
    with pytest.raises(ValueError, match="no solution"):
        EstimatingEquations(y, x, units, [0] * 12, "yes or no", "independence")
    with pytest.raises(ValueError, match="too few clusters have several outcomes"):
        EstimatingEquations(y, x, units, [0] * 12, "yes or no")
    with pytest.raises(ValueError, match="no unit has outcomes one step apart"):
        EstimatingEquations([0, 1] * 6, x, units, [0] * 12, "yes or no", "ar1")


def test_the_correlation_of_neighbours_is_found_where_it_is_high_and_over_gaps():
    random = np.random.default_rng(5)
    units = np.repeat(np.arange(4000), 3)
    noise = random.normal(size=(4000, 3))
    course = np.empty_like(noise)
    course[:, 0] = noise[:, 0]
    for k in (1, 2):
        course[:, k] = 0.9 * course[:, k - 1] + np.sqrt(1 - 0.81) * noise[:, k]
    kept = random.random(12000) > 0.2
    time = np.tile(np.arange(3), 4000)[kept]
    labels = [str(unit) for unit in units[kept]]
    found = EstimatingEquations(course.ravel()[kept], np.ones((kept.sum(), 1)), labels, time, "numbers", "ar1")
    assert found.correlation == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("correlation", ["exchangeable", "independence", "ar1"])
@pytest.mark.parametrize(("unit", "origin"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e9)])
def test_neither_unit_nor_origin_of_numbers_plays_a_part(correlation, unit, origin):
    d = rows()
    given = (matrix(d), d.unit.tolist(), d.visit, "numbers", correlation)
    plain, moved = (EstimatingEquations(y, *given) for y in (d.days, origin + unit * d.days))
    expected = unit * plain.coefficients + origin * (np.arange(6) == 0)
    assert moved.coefficients == pytest.approx(expected, rel=1e-7, abs=1e-6 * unit)
    assert np.sqrt(np.diag(moved.covariance)) == pytest.approx(unit * np.sqrt(np.diag(plain.covariance)), rel=1e-6)
    assert moved.correlation == pytest.approx(plain.correlation, rel=1e-6)


def test_numbers_without_a_residual_are_refused():
    d = rows()
    given = (matrix(d), d.unit.tolist(), d.visit, "numbers", "exchangeable")
    for values in (np.full(len(d), 1e9 / 3), 3 + 2.0 * (d.arm == "B")):
        with pytest.raises(ValueError, match="leaves no residual: it is constant"):
            EstimatingEquations(values, *given)


@pytest.mark.parametrize("outcome", ["yes or no", "numbers"])
def test_outcomes_that_no_unit_changes_have_no_working_correlation(outcome):
    d = rows()
    values = d.unit.map({unit: float(place % 3 > 0) for place, unit in enumerate(sorted(set(d.unit)))})
    given = (values, matrix(d), d.unit.tolist(), d.visit, outcome)
    with pytest.raises(ValueError, match="are all alike, so that their correlation is 1; take independence"):
        EstimatingEquations(*given)
    assert EstimatingEquations(*given, "independence").correlation == 0


def test_a_group_whose_outcomes_do_not_vary_has_no_interval():
    d = rows()
    values = d.days.where((d.arm == "B") | (d.visit != 2), 7.0)
    found = EstimatingEquations(values, matrix(d), d.unit.tolist(), d.visit, "numbers", "independence")
    alone = found.contrast(np.array([1.0, 0, 0, 1, 0, 0]))
    assert alone["estimate"] == pytest.approx(7) and np.isnan([alone["se"], alone["ci_low"], alone["p"]]).all()
    assert found.contrast(np.array([0.0, 1, 0, 0, 0, 1]))["p"] < 1

"""The baseline table: standardised differences against their formulas and cases worked by hand, and its rows."""

import math

import numpy as np
import pytest
import scipy.stats
from agreements import agrees
from omtrace.report.results import numbers_of, rows_of
from omtrace.report.tables import tables_of
from omtrace.statistics.basic.balance import (
    chi_squared_p,
    standardised_difference,
    standardised_difference_of_categories,
)
from omtrace.statistics.basic.two_groups import welch
from test_analyses import Results, people


def test_standardised_difference_of_means():
    a, b = [1.0, 3.0, 5.0], [2.0, 2.0, 5.0, 7.0]
    spread = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2)
    assert standardised_difference(a, b) == pytest.approx((3 - 4) / spread, rel=1e-12)
    assert standardised_difference([2, 2], [2, 2, 2]) == 0
    assert math.isnan(standardised_difference([2, 2], [3, 3])) and math.isnan(standardised_difference([2], [3, 4]))


def test_two_categories_are_the_difference_of_shares_over_their_spread():
    p, q = 0.3, 0.5
    expected = abs(p - q) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2)  # Austin 2009
    assert standardised_difference_of_categories([30, 70], [50, 50]) == pytest.approx(expected, rel=1e-12)
    assert standardised_difference_of_categories([70, 30], [50, 50]) == pytest.approx(expected, rel=1e-12)


def test_several_categories_do_not_depend_on_their_order_and_agree_with_a_pseudo_inverse():
    a, b = np.array([12, 30, 8, 0]), np.array([20, 22, 18, 0])
    p, q = a[:3] / 50, b[:3] / 60  # all three categories, singular: Moore and Penrose's inverse gives the same distance
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    expected = math.sqrt((p - q) @ np.linalg.pinv(covariance) @ (p - q))
    for order in ([0, 1, 2, 3], [3, 2, 0, 1]):
        assert standardised_difference_of_categories(a[order], b[order]) == pytest.approx(expected, rel=1e-9)
    assert standardised_difference_of_categories([5, 0], [9, 0]) == 0
    assert math.isnan(standardised_difference_of_categories([5, 0], [0, 9]))
    assert math.isnan(standardised_difference_of_categories([0, 0], [3, 9]))


def test_chi_squared():
    table = [[12, 30, 8], [20, 22, 18]]
    expected = scipy.stats.chi2_contingency(table, correction=False).pvalue
    agrees("baseline table", "chi-squared p", "scipy 1.17.1", chi_squared_p(*table), expected, rel=1e-10)
    assert math.isnan(chi_squared_p([3, 0], [4, 0]))


def test_the_table(tmp_path):
    units = people(24)
    units["P03"]["age", ""] = "!not collected"
    results = Results(tmp_path, units, {"a": ("baseline_table", ["age", "sex", "x"], [], {})})
    ages = {
        arm: [f["age", ""] for f in units.values() if f["arm", ""] == arm and f["age", ""] != "!not collected"]
        for arm in ("sham", "OMT")
    }
    assert results.values(parameter="age", group="OMT", level="") == {"n": 11, "missing": 1}
    found = results.values(parameter="age", group="OMT", level="mean (SD)")
    assert found == {"mean": pytest.approx(np.mean(ages["OMT"])), "sd": pytest.approx(np.std(ages["OMT"], ddof=1))}
    assert results.values(group="OMT - sham", parameter="age") == {
        "standardised_difference": pytest.approx(standardised_difference(ages["OMT"], ages["sham"]))
    }
    women = [sum(f["sex", ""] == "f" for f in units.values() if f["arm", ""] == arm) for arm in ("sham", "OMT")]
    assert results.values(group="sham", level="f, n (%)")["count"] == women[0]
    found = results.values(parameter="sex", group="OMT - sham")
    expected = standardised_difference_of_categories([women[1], 12 - women[1]], [women[0], 12 - women[0]])
    assert found == {"standardised_difference": pytest.approx(expected)}
    assert {n["visit"] for n in results.numbers if n["parameter"] == "x"} == {"baseline"}
    assert not [n for n in results.numbers if n["statistic"] == "p"]
    reasons = results.reasons(next(n for n in results.numbers if n["statistic"] == "standardised_difference"))
    assert reasons["P03"] == {"not collected"} and len(reasons) == 24


def test_p_values_come_only_if_asked_for(tmp_path):
    units = people(24)
    results = Results(tmp_path, units, {"a": ("baseline_table", ["age", "sex"], [], {"p_values": True})})
    ages = [[f["age", ""] for f in units.values() if f["arm", ""] == arm] for arm in ("OMT", "sham")]
    assert results.values(parameter="age", group="OMT - sham")["p"] == pytest.approx(welch(*ages)["p"])
    assert 0 <= results.values(parameter="sex", group="OMT - sham")["p"] <= 1


def test_in_the_report_it_is_one_table_with_the_differences_beside_the_groups(tmp_path):
    results = Results(tmp_path, people(24), {"a": ("baseline_table", ["age", "sex", "x"], [], {})})
    numbers = numbers_of(results.plan, rows_of(results.plan, results.numbers))
    table, counts = tables_of(list(numbers.values()), results.plan.datasets["data"], "full")
    assert table["columns"] == ["Sham", "OMT", "All", "Standardised difference, OMT − Sham"]
    assert table["heads"] == ["level"] and not table["collapsed"]
    people_counted, age, sex, x = table["blocks"]
    titles = [block["title"] for block in table["blocks"]]
    assert titles == ["Participants", "age, years", "sex", "x, points"]
    assert [[part.shown for part in group] for cell in people_counted["rows"][0]["cells"] for group in cell] == [
        ["12"],
        ["12"],
        ["24"],
    ]
    assert [row["heads"][0]["text"] for row in sex["rows"]] == ["f, n (%)", "m, n (%)", "all categories"]
    assert [len(cell) > 0 for cell in age["rows"][0]["cells"]] == [True, True, True, True]
    assert counts["collapsed"] and counts["size"] > 0  # of parameters of which nothing is missing

"""Printed statistics held against each other; GRIM against the R package scrutiny, F against statsmodels."""

import math

import numpy as np
import pandas
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st
from omtrace.statistics.basic.reported import (
    Interval,
    eta_squared_of_f,
    f_of_eta_squared,
    f_of_p,
    fitting_error_df,
    interval_of,
    is_on_scale,
    is_possible_mean,
    p_of_f,
    recomputed,
)

# grim_map(pigs1) as printed in the README of the R package scrutiny (github.com/lhdjung/scrutiny, commit 0b4c5b1).
PIGS = [
    ("7.22", 32, True),
    ("4.74", 25, False),
    ("5.23", 29, False),
    ("2.57", 24, False),
    ("6.77", 27, False),
    ("2.68", 28, True),
    ("7.01", 29, False),
    ("7.38", 26, True),
    ("3.14", 27, False),
    ("6.89", 31, False),
    ("5.00", 25, True),
    ("0.24", 28, False),
]


@pytest.mark.parametrize("mean, n, possible", PIGS)
def test_possible_means_are_those_of_scrutiny(mean, n, possible):
    assert is_possible_mean(mean, n) is possible


@given(st.integers(1, 40), st.integers(1, 14), st.data())
def test_a_mean_that_was_computed_and_rounded_is_possible(n, items, data):
    total = data.draw(st.integers(0, 7 * n * items))
    for digits in (0, 1, 2):
        assert is_possible_mean(f"{total / (n * items):.{digits}f}", n, items)


def test_a_mean_needs_somebody():
    with pytest.raises(ValueError, match="a mean needs a unit and an item"):
        is_possible_mean("3.4", 0)


@pytest.mark.parametrize(
    "printed, low, high",
    [
        ("0.16", 0.155, 0.165),
        ("47", 46.5, 47.5),
        ("\u22122.0", -2.05, -1.95),
        ("<0.05", -math.inf, 0.05),
        (">3", 3, math.inf),
    ],
)
def test_a_printed_number_stands_for_what_rounds_to_it(printed, low, high):
    assert interval_of(printed) == Interval(low, high)


def test_a_mean_lies_on_its_scale():
    assert is_on_scale("3.4", 1, 5) and not is_on_scale("3.4", 36, 78) and is_on_scale("5.0", 1, 4.97)


def test_f_eta_squared_and_p_are_those_of_an_analysis_of_variance():
    rng = np.random.default_rng(7)
    frame = pandas.DataFrame({"g": np.repeat(list("abc"), 9), "y": rng.normal(0, 1, 27) + np.repeat([0, 0.4, 1.1], 9)})
    table = sm.stats.anova_lm(smf.ols("y ~ g", frame).fit())
    (effect, error), f, p = table["sum_sq"], table["F"].iloc[0], table["PR(>F)"].iloc[0]
    assert eta_squared_of_f(f, 2, 24) == pytest.approx(effect / (effect + error), rel=1e-12)
    assert f_of_eta_squared(effect / (effect + error), 2, 24) == pytest.approx(f, rel=1e-12)
    assert p_of_f(f, 2, 24) == pytest.approx(p, rel=1e-12) and f_of_p(p, 2, 24) == pytest.approx(f, rel=1e-9)
    printed = {"f": f"{f:.2f}", "eta_squared": f"{effect / (effect + error):.2f}", "p": f"{p:.3f}"}
    assert recomputed(printed, 2, 24).agrees and not recomputed(printed, 2, 240).agrees


def test_a_tabulated_quantile():
    """F(1, 10) at 5%: 4.965 (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.3)."""
    assert round(f_of_p(0.05, 1, 10), 3) == 4.965


@pytest.mark.parametrize(
    "eta, p, df_2, f, implied, agrees",
    [
        ("0.16", "<0.05", 10, 1.90, 0.198, False),
        ("0.16", "<0.05", 20, 3.81, 0.065, False),
        ("0.16", "<0.05", 23, 4.38, 0.048, True),
        ("0.12", "0.087", 10, 1.36, 0.270, False),
        ("0.12", "0.087", 20, 2.73, 0.114, False),
        ("0.12", "0.087", 23, 3.14, 0.090, True),
    ],
)
def test_the_abstract_of_2023_does_not_fit_eleven_participants(eta, p, df_2, f, implied, agrees):
    found = recomputed({"eta_squared": eta, "p": p}, 1, df_2)
    assert found.f_of["eta_squared"].low < f < found.f_of["eta_squared"].high
    assert found.p_of["eta_squared"].low < implied < found.p_of["eta_squared"].high
    assert found.agrees is agrees


def test_which_error_degrees_of_freedom_would_fit():
    assert fitting_error_df({"eta_squared": "0.16", "p": "<0.05"}) == Interval(22, math.inf)
    found = fitting_error_df({"eta_squared": "0.12", "p": "0.087"})
    assert found.low <= 23 <= found.high and found.high - found.low < 4
    assert fitting_error_df({"f": "4.00", "eta_squared": "0.99", "p": "0.90"}).is_empty


@pytest.mark.parametrize(
    "printed, df_1, df_2, says",
    [({"p": "0.05"}, 1, 10, "one statistic alone"), ({"p": "0.05", "f": "4.96"}, 0, 10, "must be positive")],
)
def test_what_cannot_be_held_against_each_other(printed, df_1, df_2, says):
    with pytest.raises(ValueError, match=says):
        recomputed(printed, df_1, df_2)

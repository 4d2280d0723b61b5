"""The 2 x 2 factorial model against R (car, effectsize, emmeans) and hand-made cases."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from omtrace.analyses.factorial import _effects
from omtrace.statistics.linear.design import design_of
from omtrace.statistics.linear.linear import fit_linear
from scipy.stats import ncf

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "statistics_r.json").read_text())
LEVELS = {"ntg": ("veh", "ntg"), "omt": ("sham", "omt")}
FIRST, SECOND, BOTH = "ntg: ntg - veh", "omt: omt - sham", "interaction ntg x omt"
TERMS = {FIRST: ("ntg", 1, 0), SECOND: ("omt", 2, 1), BOTH: ("ntg:omt", 3, 2)}


def effects(frame, outcome, levels):
    """Everything that the analysis tells, by label."""
    (first, first_levels), (second, second_levels) = levels.items()
    design = design_of(frame, [f"{first} * {second}"], levels)
    model = fit_linear(frame[outcome], design.matrix)
    options = SimpleNamespace(
        first=first, second=second, first_levels=first_levels, second_levels=second_levels, level=0.95
    )
    return dict(_effects(design, model, frame.groupby([first, second]).size().to_dict(), options)), model


@pytest.fixture(scope="module")
def rats():
    return pd.read_csv(REFERENCE / "fact22.csv")


@pytest.fixture(scope="module")
def found(rats):
    return effects(rats, "cgrp", LEVELS)[0]


@pytest.mark.parametrize("name", TERMS)
def test_type_three_agrees_with_car(rats, found, name):
    term, index, _ = TERMS[name]
    assert R["type3"]["row"][index] == term
    assert found[name]["f"] == pytest.approx(R["type3"]["F value"][index], rel=1e-10)
    assert found[name]["p"] == pytest.approx(R["type3"]["Pr(>F)"][index], rel=1e-8)
    assert found[name]["df"] == R["type3"]["Df"][-1]
    assert effects(rats, "cgrp", LEVELS)[1].residual_ss == pytest.approx(R["type3"]["Sum Sq"][-1], rel=1e-10)


@pytest.mark.parametrize("name", TERMS)
def test_partial_eta_squared_agrees_with_effectsize(found, name):
    term, _, index = TERMS[name]
    assert R["pes3"]["Parameter"][index] == term
    assert found[name]["partial_eta_squared"] == pytest.approx(R["pes3"]["Eta2_partial"][index], rel=1e-10)
    expected = [R["pes3"]["CI_low"][index], R["pes3"]["CI_high"][index]]
    # effectsize's optimiser stops at about 1e-5 of the noncentrality
    limits = [found[name]["partial_eta_squared_low"], found[name]["partial_eta_squared_high"]]
    assert limits == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_noncentral_f_limits_leave_five_percent_outside(found):
    numbers = found[FIRST]
    for limit, tail in (("partial_eta_squared_low", 0.95), ("partial_eta_squared_high", 0.05)):
        noncentrality = numbers[limit] / (1 - numbers[limit]) * numbers["df"]
        assert ncf.cdf(numbers["f"], 1, numbers["df"], noncentrality) == pytest.approx(tail, abs=1e-9)


@pytest.mark.parametrize(("level", "index"), [("omt", 0), ("sham", 1)])
def test_simple_effects_agree_with_emmeans(found, level, index):
    assert R["simple"]["omt"][index] == level
    names = {"estimate": "estimate", "se": "SE", "df": "df", "t": "t.ratio", "p": "p.value"}
    for ours, theirs in names.items():
        assert found[f"{FIRST}, in {level}"][ours] == pytest.approx(R["simple"][theirs][index], rel=1e-10)


def test_effects_are_differences_of_cell_means(rats, found):
    means = {cell: part.mean() for cell, part in rats.groupby(["ntg", "omt"])["cgrp"]}
    for (i, j), mean in means.items():
        assert found[f"{i}, {j}"]["mean"] == pytest.approx(mean, rel=1e-12)
        assert found[f"{i}, {j}"]["n"] == ((rats["ntg"] == i) & (rats["omt"] == j)).sum()
    first = (means["ntg", "sham"] + means["ntg", "omt"] - means["veh", "sham"] - means["veh", "omt"]) / 2
    second = (means["veh", "omt"] + means["ntg", "omt"] - means["veh", "sham"] - means["ntg", "sham"]) / 2
    assert [found[FIRST]["estimate"], found[SECOND]["estimate"]] == pytest.approx([first, second], rel=1e-11)
    for name, levels in ((FIRST, LEVELS["omt"]), (SECOND, LEVELS["ntg"])):
        low, high = (found[f"{name}, in {level}"]["estimate"] for level in levels)
        assert found[BOTH]["estimate"] == pytest.approx(high - low, rel=1e-11)


def test_cell_intervals_use_the_pooled_residual(found):
    cell = found["ntg, omt"]
    se = math.sqrt(R["type3"]["Sum Sq"][-1] / 30 / 7)
    assert cell["se"] == pytest.approx(se, rel=1e-10)
    assert cell["ci_high"] - cell["mean"] == pytest.approx(2.0422724563012373 * se, rel=1e-9)


def small(values):
    return pd.DataFrame({"y": values, "a": [0, 0, 1, 1] * 2, "b": [0, 1] * 4})


def test_effect_indistinguishable_from_nothing_has_eta_interval_from_zero():
    numbers = effects(small([1, 2, 3, 4, 2, 3, 1.5, 4.5]), "y", {"a": (0, 1), "b": (0, 1)})[0]["interaction a x b"]
    assert numbers["p"] > 0.05
    assert numbers["partial_eta_squared_low"] == 0 < numbers["partial_eta_squared_high"] < 1


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (slice(0, 4), "no residual deg"),
        ([0, 1, 2, 4, 5, 6], "a:b: not all of it"),
        ([0, 1, 4, 5], "a: no value at 1"),
    ],
)
def test_refusals(rows, complaint):
    frame = small(np.arange(8.0)).iloc[rows]
    with pytest.raises(ValueError, match=complaint):
        effects(frame, "y", {"a": (0, 1), "b": (0, 1)})


def test_a_design_without_rows_names_the_covariate():
    with pytest.raises(ValueError, match="^age: no row has a value$"):
        design_of({"age": []}, ["age"], {})

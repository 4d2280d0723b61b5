"""Sizes by design against published ones and other programs, and what a plan is refused."""

import math

import pytest
from agreements import agrees
from omtrace.faults import Fault
from omtrace.statistics.power.designs import MeansTest, design_effect, events_needed, n_proportions, n_rates
from omtrace.statistics.power.trial_size import power_t
from test_analyses import Results, people, same

METHOD = "sample size by design"


def crossover(cv, goal, margin, alpha):
    """A crossover on the log scale, a ratio of 0.95 expected."""
    scale = math.sqrt(2 * math.log(1 + cv**2))
    return MeansTest(math.log(0.95), scale, True, goal, margin, alpha)


@pytest.mark.parametrize(
    ("cv", "goal", "margin", "alpha", "n", "power"),
    [
        (0.3, "equivalence", math.log(1.25), 0.1, 40, 0.815845),
        (0.2, "equivalence", math.log(1.25), 0.1, 20, 0.834680),
        (0.25, "non-inferiority", -math.log(0.8), 0.05, 36, 0.820330),
    ],
)
def test_crossovers_agree_with_powertost(cv, goal, margin, alpha, n, power):
    test = crossover(cv, goal, margin, alpha)
    assert test.size(0.8) == n
    source = "R PowerTOST, as its documentation prints it"
    agrees(METHOD, f"power, {goal} in a crossover", source, test.power(n), power, abs=6e-7)


def test_parallel_groups_have_the_power_of_the_t_test():
    for effect, n in ((0.5, 64), (0.2, 200), (1.4, 6)):
        assert MeansTest(effect, math.sqrt(2)).power(n) == pytest.approx(power_t(n, effect), abs=1e-9)
    assert MeansTest(0.5, math.sqrt(2)).size(0.8) == 64


def test_equivalence_is_what_many_draws_show():
    import numpy

    test, n = MeansTest(0.1, math.sqrt(2), goal="equivalence", margin=0.6), 40
    random = numpy.random.default_rng(1)
    a, b = random.normal(0.1, 1, (20_000, n)), random.normal(0, 1, (20_000, n))
    se = numpy.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / n)
    shown = numpy.abs(a.mean(axis=1) - b.mean(axis=1)) + 1.990847 * se < 0.6  # t, 78 df, 0.975
    assert test.power(n) == pytest.approx(shown.mean(), abs=0.012)


def test_proportions_hazards_and_rates_agree_with_published_sizes():
    book = "Chow, Shao and Wang, Sample size calculations in clinical research, section 4.2.4"
    found = math.ceil(n_proportions(0.85, 0.65, 0.8, "non-inferiority", 0.1, 0.1))
    agrees(METHOD, "proportions, non-inferiority", book, found, 25, abs=0.5)
    found = math.ceil(n_proportions(0.75, 0.8, 0.8, "equivalence", 0.2, 0.1))
    agrees(METHOD, "proportions, equivalence", book, found, 133, abs=0.5)
    agrees(METHOD, "proportions", "R 4.2.2 power.prop.test", n_proportions(0.5, 0.3, 0.8), 92.99884, abs=1e-4)
    found = round(events_needed(0.57, 0.9))
    agrees(METHOD, "events of a log-rank test", "Collett, Modelling survival data, example 10.1", found, 133, abs=0.5)
    assert events_needed(1.0, 0.9, 1.3) == pytest.approx(4 * (1.959964 + 1.281552) ** 2 / math.log(1.3) ** 2, rel=1e-6)
    # Of 2,000 trials of 2 x 89 units that R 4.2.2 drew (rnegbin, glm.nb, seed 42) 80.8% found the difference.
    assert math.ceil(n_rates(2, 0.6, 0.8, dispersion=0.8)) == 89
    assert design_effect(20, 0.05, 0.65) == pytest.approx(2.3725)


@pytest.mark.parametrize(
    "hopeless",
    [
        lambda: MeansTest(0.0, 1.0).size(0.8),
        lambda: MeansTest(-0.5, 1.0, goal="non-inferiority", margin=0.5).size(0.8),
        lambda: MeansTest(0.6, 1.0, goal="equivalence", margin=0.5).size(0.8),
        lambda: n_proportions(0.5, 0.5, 0.8),
        lambda: n_proportions(0.5, 0.7, 0.8, "non-inferiority", 0.1),
        lambda: n_proportions(0.5, 0.7, 0.8, "equivalence", 0.1),
        lambda: events_needed(1.4, 0.8, 1.3),
        lambda: n_rates(2, 1, 0.8),
    ],
)
def test_what_no_size_shows_is_refused(hopeless):
    with pytest.raises(ValueError, match="no size has power"):
        hopeless()


SOURCE = {"source": "made up"}
MEANS = {"design": "means", "difference": 3, "sd": 6, **SOURCE}


def planned(folder, **scenarios):
    return Results(folder, people(), {"a": ("planned_size", [], [], {"scenarios": scenarios})})


def test_scenarios_of_a_plan(tmp_path):
    clusters = {"size": 10, "icc": 0.05}
    results = planned(
        tmp_path,
        plain={**MEANS, "dropout": 0.2},
        clustered={**MEANS, "clusters": clusters},
        crossed={**MEANS, "design": "crossover", "goal": "non-inferiority", "margin": 2},
        shares={"design": "proportions", "group": 0.5, "reference": 0.3, "power": 0.8, "clusters": clusters, **SOURCE},
        times={"design": "survival", "hazard_ratio": 0.57, "events": 0.4, **SOURCE},
        attacks={"design": "rates", "rate": 2, "rate_ratio": 0.6, "dispersion": 0.8, "power": 0.8, **SOURCE},
    )
    found = results.values(level="plain")
    n = MeansTest(3, 6 * math.sqrt(2)).size(0.9)
    same(
        found,
        {"units_per_group": n, "enrolled_per_group": math.ceil(n / 0.8), "enrolled_in_all": 2 * math.ceil(n / 0.8)},
    )
    found = results.values(level="clustered")
    test = MeansTest(3, 6 * math.sqrt(2 * 1.45 / 10))
    same(found, {"clusters": 2 * test.size(0.9), "units_per_group": 10 * test.size(0.9), "design_effect": 1.45})
    same(found, {"power": test.power(test.size(0.9))})
    test = MeansTest(3, 6 * math.sqrt(2), True, "non-inferiority", 2)
    same(results.values(level="crossed"), {"units_in_all": test.size(0.9)})
    found = results.values(level="shares")
    same(
        found,
        {"clusters": 2 * math.ceil(92.99884 * 1.45 / 10), "units_per_group": 10 * math.ceil(92.99884 * 1.45 / 10)},
    )
    same(results.values(level="times"), {"events": 134, "units_per_group": math.ceil(134 / 0.4 / 2)})
    same(results.values(level="attacks"), {"units_per_group": math.ceil(n_rates(2, 0.6, 0.8, 1, 0.8))})
    (number,) = [x for x in results.numbers if x["level"] == "plain" and x["statistic"] == "units_per_group"]
    assert len(results.reasons(number)) == 16


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ({"design": "means", "difference": 3, **SOURCE}, "needs difference and sd; sd is missing"),
        ({**MEANS, "margin": 2}, "a margin goes with"),
        ({**MEANS, "goal": "equivalence"}, "a margin goes with"),
        (
            {**MEANS, "design": "crossover", "clusters": {"size": 5, "icc": 0.1}},
            "clusters are not for design crossover",
        ),
        (
            {"design": "survival", "hazard_ratio": 0.6, "events": 1, "goal": "equivalence", "margin": 1.2, **SOURCE},
            "equivalence is not for design survival",
        ),
    ],
)
def test_scenarios_that_do_not_fit_are_refused(tmp_path, scenario, says):
    with pytest.raises(Fault) as caught:
        planned(tmp_path, s=scenario)
    assert any(says in line for line in caught.value.lines), caught.value.lines


def test_a_hopeless_scenario_takes_no_other_away(tmp_path):
    scenarios = {"none": {**MEANS, "difference": 0}, "some": MEANS}
    results = Results(tmp_path, people(), {"a": ("planned_size", [], [], {"scenarios": scenarios})}, refusals=True)
    assert results.values(level="some")["units_per_group"] == MeansTest(3, 6 * math.sqrt(2)).size(0.9)
    assert "none: what is expected does not lie beyond" in results.numbers[-1]["level"]


@pytest.mark.parametrize("crossover", [False, True])
def test_a_size_is_the_least_with_the_power(crossover):
    design, step = MeansTest(0.5, 2**0.5, crossover), 2 if crossover else 1
    for percent in range(50, 100, 3):
        n = design.size(percent / 100)
        assert design.power(n) >= percent / 100 > design.power(n - step)

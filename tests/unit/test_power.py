"""Power by simulation: what is drawn, and the power of known designs against formulas and published tables."""

import math
from pathlib import Path

import numpy as np
import pytest
from omtrace.analyses._power import Trial, lines_of, powers
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.statistics.power import simulated_trial as draw
from omtrace.statistics.power.trial_size import power_t
from scipy.stats import binom, fisher_exact, nct, norm
from scipy.stats import t as student

MEANS = {"source": "a test", "per_group": [20], "sd": 2}


def plan_of(method: str, options: dict, planning: dict, visits=("base", "end"), **more) -> Plan:
    parameters = {
        "arm": {"derive": "column", "label": "Arm", "options": {"table": "people", "column": "arm"}},
        "x": {"derive": "column", "label": "X", "visits": visits, "options": {"table": "people", "column": "x"}},
        "event": {"derive": "column", "label": "E", "options": {"table": "people", "column": "event"}},
        "site": {"derive": "column", "label": "Site", "options": {"table": "people", "column": "site"}},
    }
    dataset = {
        "unit": "person",
        "roster": {"table": "people", "column": "unit_id"},
        "visits": {"base": "Baseline", "mid": "Middle", "end": "End"},
        "baseline": "base",
        "group": "arm",
        "groups": {"old": "Old", "new": "New"},
        "parameters": parameters,
    }
    analysis = {"method": method, "title": "Primary", "parameters": ["x"], "options": options, **more}
    columns = {name: {"type": "text"} for name in ("unit_id", "arm", "x", "event", "site")}
    return Plan.model_validate(
        {
            "study": "sizes",
            "title": "Sizes",
            "kind": "simulated",
            "statement": "x",
            "design": "x",
            "tables": {"people": {"reader": "delimited", "columns": columns}},
            "datasets": {"people": dataset},
            "analyses": {"primary": analysis},
            "planning": {"primary": {"source": "a test", **planning}},
        }
    )


def power_of(plan: Plan, replicates: int = 120):
    (found,) = powers(plan, "primary", [], replicates, 7)
    assert found.refused == 0
    return found


def contrast(**more) -> dict:
    return {"contrasts": [["new", "old"]], **more}


# what is drawn, by its moments in 200,000 units; the tolerance is four standard errors of each


def test_latent_values_have_their_correlations():
    generator = np.random.default_rng(3)
    values = draw.latent(generator, (200_000, 3), 0.6)
    assert abs(values.mean(axis=0)).max() < 0.01 and abs(values.std(axis=0) - 1).max() < 0.01
    assert abs(np.corrcoef(values.T)[np.triu_indices(3, 1)] - 0.6).max() < 0.008
    clusters = np.repeat(np.arange(50_000), 4)
    one = draw.latent(generator, (200_000, 1), 0.0, clusters, 0.2)[:, 0].reshape(-1, 4)
    assert abs(np.corrcoef(one[:, 0], one[:, 3])[0, 1] - 0.2) < 0.02 and abs(one.std() - 1) < 0.01


def test_shares_counts_and_times_are_as_told():
    generator = np.random.default_rng(4)
    shares = np.full((200_000, 1), 0.3)
    assert abs(draw.yes_or_no(draw.latent(generator, (200_000, 1)), shares).mean() - 0.3) < 0.005
    counted = draw.counts(generator, np.full(200_000, 3.0), 0.5)
    assert abs(counted.mean() - 3) < 0.03 and abs(counted.var() / (3 + 0.5 * 9) - 1) < 0.03
    assert abs(draw.counts(generator, np.full(200_000, 3.0)).var() / 3 - 1) < 0.02
    leaves = draw.leaving(generator, 200_000, 0.2)
    assert abs(np.isfinite(leaves).mean() - 0.2) < 0.004 and abs(leaves[np.isfinite(leaves)].mean() - 0.5) < 0.01
    time, event = draw.times(draw.latent(generator, (200_000, 1))[:, 0], shares[:, 0], 12, np.full(200_000, np.inf))
    assert abs(event.mean() - 0.3) < 0.005 and time.max() == 12
    half = 1 - 0.7**0.5  # with a constant hazard
    assert abs((time < 6).mean() - half) < 0.005


def test_units_leave_evenly_over_the_visits_after_baseline_and_do_not_return():
    told = {**MEANS, "per_group": [20_000], "dropout": 0.3, "effect": {"new": {"mid": 1, "end": 4}}, "mean": 5}
    plan = plan_of("mmrm", contrast(), told, ("base", "mid", "end"))
    data = Trial(plan, "primary")._data(20_000, np.random.default_rng(5))
    base, mid, end = (data.column("x", visit) for visit in ("base", "mid", "end"))
    lost = [1 - column.observed.mean() for column in (base, mid, end)]
    assert lost[0] == 0 and abs(lost[1] - 0.15) < 0.008 and abs(lost[2] - 0.3) < 0.01
    assert not (end.observed & ~mid.observed).any()
    means = [
        [np.nanmean(column.number[at]) for column in (base, mid, end)] for at in (slice(20_000), slice(20_000, None))
    ]
    assert np.allclose(means, [[5, 5, 5], [5, 6, 9]], atol=0.08)


# power of known designs: the formula lies in the simulation's own exact interval (95%)


def test_power_is_that_of_the_t_test():
    """R's power.t.test(n = 64, delta = 0.5), and Cohen (1988), table 2.3.5: 0.80."""
    plan = plan_of("ancova", contrast(baseline=False), {**MEANS, "per_group": [64], "effect": {"new": 1}})
    found = power_of(plan)
    assert found.low < power_t(64, 0.5) < found.high and round(power_t(64, 0.5), 2) == 0.8
    assert (found.per_group, found.replicates) == (64, 120)


def test_adjustment_for_baseline_gains_what_its_correlation_says():
    """Borm, Fransen and Lemmens (2007): the variance shrinks by 1 - r^2, and one degree of freedom goes."""
    plan = plan_of("ancova", contrast(), {**MEANS, "per_group": [40], "effect": {"new": 1}, "correlation": 0.6})
    shift, df = 0.5 / math.sqrt((1 - 0.36) * 2 / 40), 2 * 40 - 3
    limit = student.ppf(0.975, df)
    formula = nct.sf(limit, df, shift) + nct.cdf(-limit, df, shift)
    found = power_of(plan)
    assert found.low < formula < found.high


def test_without_an_effect_the_level_is_alpha():
    found = power_of(plan_of("ancova", contrast(factors=["site"]), {**MEANS, "alpha": 0.1, "correlation": 0.5}))
    assert found.low < 0.1 < found.high


def test_power_of_shares_is_that_of_the_exact_test():
    """The test of the method is Fisher's: its power is a sum over all pairs of counts."""
    plan = plan_of(
        "compare_proportions",
        {"group": "new", "reference": "old"},
        {"per_group": [24], "shares": {"old": 0.25, "new": 0.65}},
        ("end",),
    )
    counts = range(25)
    pairs = [(a, b) for a in counts for b in counts if fisher_exact([[a, 24 - a], [b, 24 - b]]).pvalue < 0.05]
    formula = sum(binom.pmf(a, 24, 0.25) * binom.pmf(b, 24, 0.65) for a, b in pairs)
    found = power_of(plan)
    assert found.low < formula < found.high


def test_power_of_a_time_to_an_event_is_that_of_its_events():
    """Schoenfeld (1981): the log hazard ratio times the square root of a quarter of the events."""
    shares = {"old": 0.6, "new": 0.4}
    ratio = math.log1p(-0.4) / math.log1p(-0.6)
    formula = norm.cdf(abs(math.log(ratio)) * math.sqrt(100 * sum(shares.values()) / 4) - norm.ppf(0.975))
    plan = plan_of(
        "time_to_event",
        contrast(event="event", times=[1.0]),
        {"per_group": [100], "events": shares, "follow_up": 2},
        (),
    )
    found = power_of(plan)
    assert found.low < formula < found.high


def test_clusters_cost_their_design_effect():
    """As many units as 1 + (size - 1) icc times the t test's, with the degrees of freedom of the clusters."""
    told = {**MEANS, "per_group": [150], "effect": {"new": 1}, "clusters": {"size": 10, "icc": 0.1}}
    found = power_of(plan_of("ancova", contrast(baseline=False, cluster="site"), told), 100)
    shift, df = 0.5 / math.sqrt(2 * 1.9 / 150), 28
    formula = nct.sf(student.ppf(0.975, df), df, shift)
    assert found.low < formula < found.high


def test_a_margin_is_shown_by_the_interval():
    """Non-inferiority of means without a difference, as a one-sided t test at 2.5% of the margin."""
    margin = {"kind": "noninferiority", "value": 1, "direction": "higher"}
    plan = plan_of("ancova", contrast(baseline=False), {**MEANS, "per_group": [64]}, margin=margin)
    shift, df = 0.5 / math.sqrt(2 / 64), 126
    found = power_of(plan)
    assert found.low < nct.sf(student.ppf(0.975, df), df, shift) < found.high


def test_the_same_seed_gives_the_same_power_whatever_else_is_asked():
    plan = plan_of("ancova", contrast(), {**MEANS, "effect": {"new": 1.5}, "correlation": 0.5})
    alone, beside = [*powers(plan, "primary", [15], 20, 2)], [*powers(plan, "primary", [12, 15], 20, 2)]
    others = [one for seed in (3, 4, 5) for one in powers(plan, "primary", [15], 20, seed)]
    assert alone[0] == beside[1] and others != [alone[0]] * 3
    text = "\n".join(lines_of(plan, "primary", iter(alone)))
    assert "x at end by ancova" in text and 'effect {"new": 1.5}' in text and "(a test)" in text and "30" in text


@pytest.mark.parametrize(
    ("planning", "says"),
    [
        ({"sd": 1, "effect": {"nw": 1}}, "no group 'nw'; did you mean 'new'"),
        ({"sd": 1, "effect": {"new": {"base": 1}}}, "no visit 'base' after baseline"),
        ({"shares": {"new": 0.5}}, "no assumption about the group 'old'"),
        ({"sd": 1, "levels": {"site": {"A": 1}}}, "the analysis names no 'site'"),
        ({"sd": 1, "clusters": {"size": 5, "icc": 0.1}}, "no option cluster"),
        ({"events": {"new": 0.5, "old": 0.4}}, "no option event"),
    ],
)
def test_assumptions_that_do_not_fit_the_analysis_are_refused(planning, says):
    with pytest.raises(Fault, match=says):
        [*powers(plan_of("ancova", contrast(), {"per_group": [9], **planning}), "primary", [], 100, 1)]


@pytest.mark.parametrize(
    ("planning", "says"),
    [
        ({}, "say one of sd, shares, rates, events"),
        ({"sd": 1, "shares": {"new": 0.5}}, "not sd and shares"),
        ({"shares": {"new": 1.0, "old": 0.5}}, "between 0 and 1"),
        ({"rates": {"new": 0, "old": 1}}, "above 0"),
        ({"sd": 1, "per_group": [1]}, "no size of a group"),
    ],
)
def test_assumptions_that_are_none_are_refused_with_the_plan(planning, says):
    with pytest.raises(ValueError, match=says):
        plan_of("ancova", contrast(), {"per_group": [9], **planning})


def test_an_analysis_without_assumptions_is_refused_with_the_nearest(monkeypatch, capsys):
    monkeypatch.chdir(Path(__file__).parents[2])
    assert main(["power", "omt_rct", "--analysis", "primry"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("planning: no assumptions of 'primry'; did you mean 'primary'?")

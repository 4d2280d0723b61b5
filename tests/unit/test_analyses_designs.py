"""Time to event, crossover, and verdicts against a margin: numbers, who is behind them, and what is refused."""

import math

import pytest
from omtrace.analyses._margin import _verdict
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.questions import Margin
from omtrace.statistics.basic.crossover import crossover, crossover_binary
from omtrace.statistics.basic.survival import fit_cox, kaplan_meier, log_rank
from pydantic import ValidationError
from test_analyses import AT, PAIR, SIDES, Results, people, same

EVENT = {"event": "done", "times": [35, 45]}
SEQUENCES = {"sequences": {"sham": ["A", "B"], "OMT": ["B", "A"]}, "contrast": ["A", "B"]}


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **more: Results(tmp_path, units or people(), entries, **more)


def columns(units, arm=None):
    """Times, events and whether a unit is in the arm of interest."""
    mine = [facts for facts in units.values() if arm in (None, facts["arm", ""])]
    times = [facts["age", ""] for facts in mine]
    return times, [float(facts["done", ""]) for facts in mine], [[float(f["arm", ""] == "OMT")] for f in mine]


# time to event


def test_curves_hazard_ratio_and_tests_are_those_of_the_statistics(study):
    units = people()
    results = study({"a": ("time_to_event", ["age"], [], {**EVENT, **PAIR, "horizon": 32})})
    for arm in ("sham", "OMT"):
        curve = kaplan_meier(*columns(units, arm)[:2])
        same(results.values(group=arm, level=""), {"n": 8, "events": curve.events.sum(), **curve.median()})
        same(results.values(group=arm, level="at 35 years"), curve.at(35))
        assert results.values(group=arm, level="up to 32 years")["restricted_mean"] == pytest.approx(
            curve.restricted_mean(32)[0]
        )
        steps = [n for n in results.numbers if n["group"] == arm and n["statistic"] == "curve_survival"]
        assert [float(n["value"]) for n in steps] == pytest.approx(curve.survival.tolist())
    times, events, arms = columns(units)
    found = results.values(group="OMT - sham", level="")
    same(found, fit_cox(times, events, arms).hazard_ratio([1.0]))
    assert (found["n"], found["events"]) == (16, sum(events))
    same(results.values(level="log-rank test"), log_rank(times, events, [a for (a,) in arms]))
    assert {"chi_squared", "df", "proportional_hazards_p"} == results.values(
        level="check of proportional hazards"
    ).keys()


def test_strata_and_covariates_are_in_the_row_set(study):
    results = study({"a": ("time_to_event", ["age"], [], {**EVENT, **PAIR, "strata": ["sex"], "covariates": ["conc"]})})
    number = next(n for n in results.numbers if n["statistic"] == "hazard_ratio")
    roles = {(results.records.at[record, "parameter"], role) for record, role, _ in results.rowsets[number["rowset"]]}
    assert {("age", "outcome"), ("done", "covariate"), ("sex", "covariate"), ("conc", "covariate")} <= roles
    assert results.values(level="log-rank test, stratified")["df"] == 1


def test_a_group_without_events_has_its_curve_and_no_hazard_ratio(study):
    units = people()
    for facts in units.values():
        facts["done", ""] = facts["arm", ""] == "sham"
    results = study({"a": ("time_to_event", ["age"], [], {**EVENT, **PAIR, "horizon": 60})}, units, refusals=True)
    refused = [(n["group"], n["level"]) for n in results.numbers if n["statistic"] == "not_computed"]
    assert (
        "OMT - sham",
        "hazard ratio: the likelihood has no finite maximum: a group or level has no event, or a covariate tells "
        "their order",
    ) in refused
    assert any(level.startswith("restricted mean: nobody was followed up for more than") for _, level in refused)
    until = study({"a": ("time_to_event", ["age"], [], {**EVENT, "horizon": 32})}, units)
    mean = until.values(group="OMT", level="up to 32 years")
    assert mean["restricted_mean"] == 32 and all(math.isnan(mean[name]) for name in ("se", "ci_low", "ci_high"))
    assert results.values(group="OMT", level="")["events"] == 0 and math.isnan(
        results.values(group="OMT", level="")["median_time"]
    )
    assert results.values(level="log-rank test")["p"] < 1


@pytest.mark.parametrize(
    ("parameter", "options", "says"),
    [
        ("age", {**EVENT, "event": "age"}, "holds other numbers than 1"),
        ("age", {**EVENT, "event": "sex"}, "holds categories"),
        ("age", {**EVENT, "contrasts": [["OMT", "shan"]]}, "did you mean 'sham'"),
        ("age", {"event": "done", "times": []}, "times"),
        ("age", {**EVENT, "strata": ["sx"]}, "there is no parameter 'sx'"),
        ("arm", EVENT, "holds categories"),
    ],
)
def test_options_that_do_not_fit_are_faults(study, parameter, options, says):
    with pytest.raises(Fault, match=says):
        study({"a": ("time_to_event", [parameter], [], options)})


# crossover


def pairs(units, arm, parameter="x"):
    return [[float(facts[parameter, visit]) for visit in AT] for facts in units.values() if facts["arm", ""] == arm]


def test_a_crossover_counts_each_unit_once_and_says_who_is_left_out(study):
    units = people()
    units["P02"]["x", "end"] = "!not collected"
    results = study({"a": ("crossover", ["x"], [*AT], SEQUENCES)}, units)
    del units["P02"]
    found = crossover(pairs(units, "sham"), pairs(units, "OMT"))
    effect = results.values(group="all", level="A - B")
    same(effect, found["treatment"])
    assert effect["n"] == 15 and effect["df"] == 13
    assert results.values(level="period effect")["period_effect"] == pytest.approx(found["period"]["difference"])
    assert results.values(level="carry-over, not acted upon")["carry_over_p"] == pytest.approx(found["carry_over"]["p"])
    number = next(n for n in results.numbers if n["statistic"] == "difference")
    assert results.reasons(number)["P02"] == {"a value in one period alone"}
    assert (
        results.values(group="sham", visit="baseline")["n"] == 8 and results.values(group="sham", visit="end")["n"] == 7
    )


def test_a_mixed_model_uses_units_with_one_period(study):
    units = people()
    units["P02"]["x", "end"] = "!not collected"
    results = study({"a": ("crossover", ["x"], [*AT], {**SEQUENCES, "model": "mixed model"})}, units)
    assert results.values(level="A - B")["n"] == 16
    number = next(n for n in results.numbers if n["statistic"] == "difference")
    assert set().union(*results.reasons(number).values()) == {""}


def test_yes_and_no_of_a_crossover(study):
    units = people()
    for place, facts in enumerate(units.values()):
        facts["r", "baseline"], facts["r", "end"] = float(place % 3 > 0), float(place % 4 > 1)
    results = study({"a": ("crossover", ["r"], [*AT], {**SEQUENCES, "outcome": "yes or no"})}, units)
    found = crossover_binary(pairs(units, "sham", "r"), pairs(units, "OMT", "r"))
    expected = {name: v for name, v in found["mainland_gart"].items() if math.isfinite(v) and name != "fisher_p"}
    same(results.values(level="A - B"), expected)
    assert results.values(level="A - B")["p"] == pytest.approx(found["mainland_gart"]["fisher_p"])
    same(
        results.values(level="A - B, without regard to periods"),
        {k: v for k, v in found["mcnemar"].items() if math.isfinite(v)},
    )


@pytest.mark.parametrize(
    ("visits", "options", "says"),
    [
        (["end"], SEQUENCES, "analysed at 1 visits, and a crossover has two periods"),
        ([*AT], {**SEQUENCES, "sequences": {"sham": ["A", "B"], "OMT": ["A", "B"]}}, "one in reverse"),
        ([*AT], {**SEQUENCES, "sequences": {"shan": ["A", "B"], "OMT": ["B", "A"]}}, "no group 'shan'"),
        ([*AT], {**SEQUENCES, "outcome": "yes or no"}, "holds other numbers than 1"),
    ],
)
def test_a_crossover_that_is_none_is_a_fault(study, visits, options, says):
    with pytest.raises(Fault, match=says):
        study({"a": ("crossover", ["x"], visits, options)})


def test_too_few_with_both_periods_are_refused(study):
    units = people(4)
    units["P00"]["x", "end"] = "!not collected"
    results = study({"a": ("crossover", ["x"], [*AT], SEQUENCES)}, units, refusals=True)
    (refused,) = [n for n in results.numbers if n["statistic"] == "not_computed"]
    assert "a sequence has fewer than two participants with values in both periods" in refused["level"]


# margins


@pytest.mark.parametrize(
    ("kind", "better", "interval", "code"),
    [
        ("noninferiority", "higher", (-2.9, 1.0), 2),
        ("noninferiority", "higher", (-3.0, 1.0), 1),  # the margin itself is not excluded
        ("noninferiority", "higher", (0.1, 4.0), 3),
        ("noninferiority", "higher", (-9.0, -3.1), 0),
        ("noninferiority", "higher", (-2.0, -0.5), 2),  # worse, and by less than the margin
        ("noninferiority", "lower", (-1.0, 2.9), 2),
        ("noninferiority", "lower", (-4.0, -0.1), 3),
        ("noninferiority", "lower", (-1.0, 3.1), 1),
        ("noninferiority", "lower", (3.1, 5.0), 0),
        ("noninferiority", "lower", (-1.0, math.nan), 1),
        ("equivalence", "", (-2.9, 2.9), 2),
        ("equivalence", "", (-2.9, 3.0), 1),
        ("equivalence", "", (3.1, 4.0), 0),
        ("equivalence", "", (math.nan, 2.0), 1),
    ],
)
def test_verdicts_follow_the_interval(kind, better, interval, code):
    assert _verdict(kind, better, 0.0, (-3.0, 3.0), interval) == code


class WithMargin(Results):
    """Results of analyses that have a margin."""

    def __init__(self, folder, units, method, margin, **changes):
        import test_analyses

        plan_of = test_analyses.plan_of

        def with_margin(entries, **more):
            content = plan_of(entries, **more).model_dump(mode="json", by_alias=True)
            content["analyses"]["a"]["margin"] = margin
            return Plan.model_validate(content)

        test_analyses.plan_of = with_margin
        try:
            super().__init__(folder, units, {"a": method}, **changes)
        finally:
            test_analyses.plan_of = plan_of


def test_each_contrast_of_each_method_has_a_verdict_on_the_rows_of_its_effect(tmp_path):
    for place, (method, margin, bound) in enumerate(
        [
            (("compare_groups", ["x"], ["end"], PAIR), {"value": 9}, ("margin_high", 9)),
            (("ancova", ["x"], ["end"], SIDES), {"value": 9, "direction": "higher"}, ("margin_low", -9)),
            (
                ("compare_proportions", ["r"], ["end"], SIDES),
                {"value": 0.9, "direction": "lower"},
                ("margin_high", 0.9),
            ),
            (
                ("compare_proportions", ["r"], ["end"], SIDES),
                {"value": 0.5, "direction": "higher", "statistic": "risk_ratio"},
                ("margin_low", 0.5),
            ),
            (("crossover", ["x"], [*AT], SEQUENCES), {"value": 9}, ("margin_high", 9)),
            (
                ("time_to_event", ["age"], [], {**EVENT, **PAIR, "horizon": 32}),
                {"value": 2, "direction": "lower"},
                ("margin_high", 2),
            ),
        ]
    ):
        results = WithMargin(tmp_path / str(place), people(), method, margin)
        (verdict,) = [n for n in results.numbers if n["statistic"] == "noninferiority"]
        (limit,) = [n for n in results.numbers if n["statistic"].startswith("margin")]
        effect = next(
            n
            for n in results.numbers
            if n["statistic"] == margin.get("statistic", "") or n["statistic"] in ("difference", "hazard_ratio")
        )
        assert (limit["statistic"], float(limit["value"])) == bound and verdict["rowset"] == effect["rowset"]
        assert "Non-inferiority is concluded" in next(iter(results.definitions.values()))["words"]


def test_the_interval_that_is_asked_for_is_taken(tmp_path):
    method = ("compare_proportions", ["r"], ["end"], SIDES)
    for interval in ("newcombe", "miettinen_nurminen"):
        margin = {"value": 0.3, "kind": "equivalence", "interval": interval}
        values = WithMargin(tmp_path / interval, people(), method, margin).values()
        limits = values[f"{interval}_low"], values[f"{interval}_high"]
        assert values["equivalence"] == _verdict("equivalence", "", 0.0, (-0.3, 0.3), limits)


@pytest.mark.parametrize(
    ("method", "margin", "says"),
    [
        (("describe", ["x"], [], {}), {"value": 1}, "margin: the method gives no effect of two groups"),
        (("compare_proportions", ["r"], ["end"], SIDES), {"value": 0.1}, "say direction: lower or higher is better"),
        (("ancova", ["x"], ["end"], SIDES), {"value": 1, "statistic": "ratio"}, "gives no ratio of two groups"),
    ],
)
def test_a_margin_that_fits_no_effect_is_a_fault(tmp_path, method, margin, says):
    with pytest.raises(Fault, match=says):
        WithMargin(tmp_path, people(), method, margin)


@pytest.mark.parametrize(
    ("margin", "says"),
    [
        ({"value": 0}, "greater than 0"),
        ({"value": 1, "statistic": "hazrd_ratio"}, "did you mean 'hazard_ratio'"),
        ({"value": 1, "statistic": "mean"}, "no method gives an effect 'mean'"),
        ({"value": 1, "interval": "newcomb"}, "did you mean 'newcombe'"),
        ({"value": 1, "kind": "superiority"}, "noninferiority"),
    ],
)
def test_a_margin_names_what_there_is(margin, says):
    with pytest.raises(ValidationError, match=says):
        Margin.model_validate(margin)


def test_further_populations_become_analyses_of_their_own(tmp_path):
    method = ("ancova", ["x"], ["end"], SIDES)
    results = WithMargin(tmp_path, people(), method, {"value": 9, "populations": ["adults"]})
    other = results.plan.analyses["a_adults"]
    assert (other.population, other.role, other.of) == ("adults", "sensitivity", "a") and not other.margin.populations
    assert results.values(analysis="a_adults", group="OMT - sham")["noninferiority"] in (0, 1, 2, 3)
    with pytest.raises(ValidationError, match="population"):
        WithMargin(tmp_path / "x", people(), method, {"value": 9, "populations": ["adult"]})

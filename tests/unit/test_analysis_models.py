"""Regression analyses on small datasets: options, row sets, refusals, units."""

import math
from collections import Counter

import numpy
import pandas
import pytest
from omtrace.faults import Fault
from omtrace.statistics.linear.binary import LogisticModel
from omtrace.statistics.linear.counts import CountModel
from omtrace.statistics.linear.design import Terms
from omtrace.statistics.linear.gee import EstimatingEquations
from omtrace.statistics.linear.linear import Ancova
from omtrace.statistics.linear.ordinal import ProportionalOdds
from test_analyses import Results, people, same

SIDES = {"group": "OMT", "reference": "sham"}
ARMS = {"sham": "Sham", "OMT": "OMT", "light": "Light touch"}


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **changes: Results(tmp_path, units or people(24), entries, **changes)


def frame_of(units, groups=("sham", "OMT")):
    rows = {
        u: {
            "value": f["x", "end"],
            "baseline": f["x", "baseline"],
            "group": f["arm", ""],
            "age": f["age", ""],
            "sex": f["sex", ""],
        }
        for u, f in units.items()
        if f["arm", ""] in groups
    }
    frame = pandas.DataFrame.from_dict(rows, orient="index")
    return frame.astype({"value": float, "baseline": float, "age": float})


def three():
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["arm", ""] = [*ARMS][i % 3]
    return units


# analysis of covariance


def test_three_arms_are_in_one_model(study):
    units = three()
    options = {
        "contrasts": [["OMT", "sham"], ["light", "sham"]],
        "factors": ["sex"],
        "combinations": {"any touch - sham": {"OMT": 0.5, "light": 0.5, "sham": -1}},
    }
    results = study({"a": ("ancova", ["x"], ["end"], options)}, units, groups=ARMS)
    model = Ancova(frame_of(units, ARMS), Terms("value", "group", [*ARMS], None, ["baseline"], ["sex"]))
    for group in ("OMT", "light"):
        same(results.values(group=f"{group} - sham"), {**model.difference(group, "sham"), "n": 24})
    same(results.values(group="any touch - sham"), model.combination({"OMT": 0.5, "light": 0.5, "sham": -1}))
    for group in ARMS:
        same(results.values(group=group), {**model.adjusted_mean(group), "n": 8})
    (number,) = [n for n in results.numbers if n["group"] == "any touch - sham" and n["statistic"] == "p"]
    assert len(results.reasons(number)) == 24


def test_with_a_group_and_its_reference_no_other_group_is_in_the_model(study):
    results = study({"a": ("ancova", ["x"], ["end"], SIDES)}, three(), groups=ARMS)
    assert results.values(group="OMT - sham")["n"] == 16
    assert {n["group"] for n in results.numbers} == {"OMT - sham", "OMT", "sham"}


def test_robust_and_clustered_errors_are_options(study):
    units = people(24)
    entries = {
        "plain": ("ancova", ["x"], ["end"], SIDES),
        "hc3": ("ancova", ["x"], ["end"], {**SIDES, "covariance": "HC3"}),
        "cr2": ("ancova", ["x"], ["end"], {**SIDES, "cluster": "sex"}),
    }
    results = study(entries, units)
    terms = Terms("value", "group", ["sham", "OMT"], None, ["baseline"])
    for name, covariance in (("plain", "classical"), ("hc3", "HC3"), ("cr2", "CR2")):
        found = results.values(analysis=name, group="OMT - sham")
        same(found, Ancova(frame_of(units), terms, covariance, "sex").difference("OMT", "sham"))
        assert ("clusters" in found) == (name == "cr2")
    assert results.values(analysis="cr2", group="OMT - sham")["clusters"] == 2


def test_logarithms_give_ratios_of_geometric_means(study):
    units = people(24)
    results = study({"a": ("ancova", ["x"], ["end"], {**SIDES, "scale": "log"})}, units)
    frame = frame_of(units)
    frame[["value", "baseline"]] = frame[["value", "baseline"]].map(math.log)
    model = Ancova(frame, Terms("value", "group", ["sham", "OMT"], None, ["baseline"]))
    fit, found = model.difference("OMT", "sham"), results.values(group="OMT - sham")
    same(
        found,
        {"ratio": math.exp(fit["difference"]), "se_log": fit["se"], "ci_low": math.exp(fit["ci_low"]), "p": fit["p"]},
    )
    assert "difference" not in found and found["ratio"] == pytest.approx(
        results.values(group="OMT")["geometric_mean"] / results.values(group="sham")["geometric_mean"], rel=1e-8
    )
    units_of = {(n["group"], n["statistic"]): n["unit"] for n in results.numbers}
    assert units_of["OMT - sham", "ci_low"] == "" and units_of["OMT", "ci_low"] == "points"
    assert {n["level"] for n in results.numbers} == {"log scale"}


def test_a_zero_has_no_logarithm_but_may_be_added_to(study, tmp_path):
    units = people(24)
    units["P03"]["x", "end"] = 0
    with pytest.raises(Fault, match="^analysis a, x at end: 1 units have a value or baseline of 0 or less"):
        study({"a": ("ancova", ["x"], ["end"], {**SIDES, "scale": "log"})}, units)
    added = Results(tmp_path / "b", units, {"a": ("ancova", ["x"], ["end"], {**SIDES, "scale": "log", "add": 1})})
    assert math.isfinite(added.values(group="OMT - sham")["ratio"])


def test_ranks_are_analysed_as_ranks(study):
    units = people(24)
    results = study({"a": ("ancova", ["x"], ["end"], {**SIDES, "scale": "rank", "covariates": ["age"]})}, units)
    ranked = frame_of(units)
    columns = ["value", "baseline", "age"]
    ranked[columns] = ranked[columns].rank()
    model = Ancova(ranked, Terms("value", "group", ["sham", "OMT"], None, ["baseline", "age"]))
    same(results.values(group="OMT - sham"), model.difference("OMT", "sham"))
    assert {n["unit"] for n in results.numbers if n["statistic"] == "difference"} == {"ranks"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "name group and reference, or contrasts"),
        ({"group": "OMT"}, "name group and reference, or contrasts"),
        ({**SIDES, "contrasts": [["OMT", "sham"]]}, "name group and reference, or contrasts"),
        ({**SIDES, "add": 1}, "is for the log scale"),
        ({**SIDES, "cluster": "sex", "covariance": "HC3"}, "cluster:"),
        ({"combinations": {"c": {"OMT": 1, "sham": -0.5}}}, "the weights of a contrast add to 0.5, not to 0"),
        ({"combinations": {"c": {"OMT": 1, "shame": -1}}}, "has no group 'shame'"),
    ],
)
def test_options_of_ancova_that_do_not_fit_are_refused(study, options, says):
    with pytest.raises(Fault) as caught:
        study({"a": ("ancova", ["x"], ["end"], options)})
    assert any(says in line for line in caught.value.lines), caught.value.lines


# subgroups


def test_subgroups(study):
    units = people(24)
    units["P05"]["sex", ""] = "!not collected"
    results = study({"a": ("subgroups", ["x"], ["end"], {**SIDES, "by": "sex", "covariates": ["age"]})}, units)
    frame = frame_of({u: f for u, f in units.items() if u != "P05"})
    model = Ancova(frame, Terms("value", "group", ["sham", "OMT"], None, ["baseline", "age"], ["sex"], "sex"))
    for sex in "fm":
        same(
            results.values(group="OMT - sham", level=f"{{parameter:sex}}: {sex}"),
            model.difference("OMT", "sham", held={"sex": sex}),
        )
        for arm in SIDES.values():
            count = int(((frame["sex"] == sex) & (frame["group"] == arm)).sum())
            assert results.values(group=arm, level=f"{{parameter:sex}}: {sex}") == {"n": count}
    found = results.values(group="OMT - sham", level="interaction with {parameter:sex}")
    same(found, {**model.interaction("OMT", "sham"), "n": 23})
    (number,) = [n for n in results.numbers if (n["group"], n["level"]) == ("OMT", "{parameter:sex}: f")]
    men = {u for u, f in units.items() if f["arm", ""] == "OMT" and f["sex", ""] == "m"}
    assert {u for u, found in results.reasons(number).items() if found == {"other subgroup"}} == men


def test_effects_at_values_of_a_covariate_or_of_the_baseline(study):
    units = people(24)
    results = study(
        {
            "age": ("subgroups", ["x"], ["end"], {**SIDES, "by": "age", "at": [35, 45]}),
            "own": ("subgroups", ["x"], ["end"], {**SIDES, "by": "baseline", "at": [60]}),
        },
        units,
    )
    terms = Terms("value", "group", ["sham", "OMT"], None, ["baseline", "age"], [], "age")
    model = Ancova(frame_of(units), terms)
    for age in (35, 45):
        found = results.values(analysis="age", group="OMT - sham", level=f"{{parameter:age}}: {age} years")
        same(found, model.difference("OMT", "sham", held={"age": age}))
    found = results.values(analysis="age", level="interaction with {parameter:age}")
    same(found, model.interaction("OMT", "sham"))
    assert {n["unit"] for n in results.numbers if n["statistic"] == "interaction"} == {
        "points per year",
        "points per point",
    }
    own = Ancova(frame_of(units), Terms("value", "group", ["sham", "OMT"], None, ["baseline"], [], "baseline"))
    found = results.values(analysis="own", level="{parameter:x} at baseline: 60 points")
    same(found, own.difference("OMT", "sham", held={"baseline": 60}))


def test_a_subgroup_without_a_group_is_refused(study):
    units = people(24)
    for facts in units.values():
        facts["sex", ""] = "m" if facts["arm", ""] == "OMT" else facts["sex", ""]
    with pytest.raises(Fault, match="sex f: no unit of OMT: too few to tell an effect"):
        study({"a": ("subgroups", ["x"], ["end"], {**SIDES, "by": "sex"})}, units)
    for facts in units.values():
        facts["conc", ""] = "!not collected"
    with pytest.raises(Fault, match="conc: no participant has a value"):
        study({"a": ("subgroups", ["x"], ["end"], {**SIDES, "by": "conc", "at": [1]})}, units)
    for options, says in (({"by": "age"}, "at: is needed for numbers"), ({"by": "sex", "at": [1]}, "at: goes with")):
        with pytest.raises(Fault, match=says):
            study({"a": ("subgroups", ["x"], ["end"], {**SIDES, **options})})


# counts, yes or no, ordered categories

PAIR = {"contrasts": [["OMT", "sham"]]}


def test_counts_with_an_exposure(study):
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["x", "end"] = [0, 2, 9, 1, 0, 14, 3][i % 7]
    units["P04"]["age", ""] = "!not collected"
    options = {**PAIR, "exposure": "age", "per": 10, "factors": ["sex"], "level": 0.9}
    results = study({"a": ("count_model", ["x"], ["end"], options)}, units)
    frame = frame_of({u: f for u, f in units.items() if u != "P04"})
    model = CountModel(frame, Terms("value", "group", ["sham", "OMT"], None, [], ["sex"]), "age")
    same(results.values(group="OMT - sham"), {**model.rate_ratio("OMT", "sham", 0.9), "n": 23})
    same(results.values(group="sham"), {"n": 11, "events": model.events("sham"), **model.rate("sham", 10, 0.9)})
    same(results.values(group="all"), {"dispersion": model.dispersion, "pearson_per_df": model.pearson_per_df})
    assert results.reasons(results.numbers[0])["P04"] == {"age not collected"}
    units_of = {n["statistic"]: n["unit"] for n in results.numbers if n["group"] == "sham"}
    assert (units_of["rate"], units_of["ci_low"], units_of["exposure"]) == ("per 10 years", "per 10 years", "years")


def test_logistic(study):
    units = people(24)
    results = study({"a": ("logistic", ["r"], ["end"], {**PAIR, "covariates": ["age"]})}, units)
    frame = frame_of(units).assign(value=[float(f["r", "end"]) for f in units.values()])
    model = LogisticModel(frame, Terms("value", "group", ["sham", "OMT"], None, ["age"]))
    contrast = {"group": "OMT - sham"}
    same(
        results.values(level="odds ratio, for units with the same covariates", **contrast),
        model.odds_ratio("OMT", "sham"),
    )
    found = results.values(level="risk difference, over all units", **contrast)
    same(found, model.risk_difference("OMT", "sham"))
    same(results.values(level="risk ratio, over all units", **contrast), model.risk_ratio("OMT", "sham"))
    same(results.values(group="sham"), {**model.risk("sham"), "n": 12})


def test_proportional_odds(study):
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["x", "end"] = 1 + (i * 7 % 24 + 2 * (i % 2)) // 8
    options = {**PAIR, "covariates": ["age"], "labels": {"1": "I", "2": "II", "3": "III"}}
    results = study({"a": ("proportional_odds", ["x"], ["end"], options)}, units)
    model = ProportionalOdds(
        frame_of(units), Terms("value", "group", ["sham", "OMT"], None, ["age"]), sorted(set(frame_of(units)["value"]))
    )
    same(results.values(group="OMT - sham", level="higher category"), {**model.odds_ratio("OMT", "sham"), "n": 24})
    first = results.values(level="threshold I | II")["threshold"]
    assert first == pytest.approx(model.thresholds()["1 | 2"]["threshold"])
    above = frame_of(units).assign(value=lambda f: (f["value"] > 1) * 1.0)
    cut = LogisticModel(above, Terms("value", "group", ["sham", "OMT"], None, ["age"]))
    same(results.values(level="more than I"), cut.odds_ratio("OMT", "sham"))
    counts = [results.values(group="sham", level=grade)["count"] for grade in ("I", "II", "III")]
    assert sum(counts) == 12 and all(counts)


def test_a_cut_without_an_odds_ratio_says_so(study):
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["x", "end"] = 3 if i == 4 else 1 + i // 2 % 2
    results = study({"a": ("proportional_odds", ["x"], ["end"], PAIR)}, units)
    (refusal,) = {n["level"] for n in results.numbers if n["level"].startswith("more than 2")}
    assert refusal.startswith("more than 2: refused: group OMT: all 12 are no")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (("count_model", ["x"], ["end"], {**PAIR, "exposure": "aeg"}), "exposure 'aeg' is no parameter"),
        (("count_model", ["x"], ["end"], PAIR), "no more than Poisson's"),
        (("logistic", ["x"], ["end"], PAIR), "holds other numbers than 1"),
        (("proportional_odds", ["sex"], [], PAIR), "say their order"),
        (("proportional_odds", ["sex"], [], {**PAIR, "order": ["f", "x"]}), "m: no category of the outcome"),
    ],
)
def test_models_that_do_not_fit_their_data_are_faults(study, entry, says):
    with pytest.raises(Fault, match=says):
        study({"a": entry})


# generalised estimating equations


def repeated(n=24):
    """Three visits' worth of facts: yes or no and counts at the baseline and the end."""
    units = people(n)
    for i, facts in enumerate(units.values()):
        facts["r", "baseline"], facts["r", "end"] = i % 5 > 2, i * 3 % 7 > 3
        facts["x", "baseline"], facts["x", "end"] = i % 4, i * 5 % 6 + i % 2
    units["P03"]["r", "baseline"] = units["P04"]["x", "end"] = "!not collected"
    return units


def equations(units, parameter, outcome, visits, cluster=None, offset=None):
    keys = [(u, f, v) for u, f in sorted(units.items()) for v in visits if not isinstance(f[parameter, v], str)]
    keys.sort(key=lambda one: str(cluster(one[1])) if cluster else one[0])
    omt = numpy.array([f["arm", ""] == "OMT" for _, f, _ in keys], float)
    end = numpy.array([v == visits[-1] for _, _, v in keys], float)
    several = len(visits) > 1
    x = numpy.column_stack([numpy.ones(len(keys)), omt, *([end, omt * end] if several else [])])
    labels = [str(cluster(f)) if cluster else u for u, f, _ in keys]
    y = [float(f[parameter, v]) for _, f, v in keys]
    offset = numpy.log([offset(f) for _, f, _ in keys]) if offset else None
    return EstimatingEquations(y, x, labels, end, outcome, offset=offset)


def test_repeated_yes_or_no_at_each_visit_and_on_average(study):
    units = repeated()
    options = {"contrasts": [["OMT", "sham"]], "outcome": "yes or no"}
    results = study({"a": ("gee", ["r"], [], options)}, units, baseline="")
    model = equations(units, "r", "yes or no", ["baseline", "end"])
    for visit, row in (("baseline", [0, 1, 0, 0]), ("end", [0, 1, 0, 1])):
        expected = model.contrast(numpy.array(row, float))
        found = results.values(group="OMT - sham", visit=visit)
        same(found, {"odds_ratio": math.exp(expected["estimate"]), "ci_low": math.exp(expected["ci_low"])})
        same(found, {"se_log": expected["se"], "p": expected["p"], "df": 20, "clusters": 24})
    average = results.values(group="OMT - sham", level="average of the visits")
    same(average, {"odds_ratio": math.exp(model.contrast(numpy.array([0, 1, 0, 0.5]))["estimate"])})
    at = results.values(group="OMT", visit="baseline")
    assert at["n"] == 11 and at["count"] == sum(
        f["r", "baseline"] is True for f in units.values() if f["arm", ""] == "OMT"
    )
    assert at["proportion"] == pytest.approx(
        1 / (1 + math.exp(-model.contrast(numpy.array([1.0, 1, 0, 0]))["estimate"]))
    )
    (number,) = [n for n in results.numbers if n["level"] == "average of the visits" and n["statistic"] == "p"]
    assert len(results.reasons(number)) == 24  # the visits that P03 has are used


def test_repeated_counts_have_an_exposure(study):
    units = repeated()
    options = {"contrasts": [["OMT", "sham"]], "outcome": "counts", "exposure": "age", "per": 10}
    results = study({"a": ("gee", ["x"], [], options)}, units, baseline="")
    model = equations(units, "x", "counts", ["baseline", "end"], offset=lambda f: f["age", ""] / 10)
    found = results.values(group="OMT - sham", visit="end")
    same(found, {"rate_ratio": math.exp(model.contrast(numpy.array([0.0, 1, 0, 1]))["estimate"])})
    rate = results.values(group="sham", visit="end")
    same(rate, {"rate": math.exp(model.contrast(numpy.array([1.0, 0, 1, 0]))["estimate"])})
    assert [n["unit"] for n in results.numbers if n["statistic"] == "rate"][0] == "per 10 years"


def test_randomised_clusters_have_a_correlation_and_a_design_effect(study):
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["age", ""], facts["x", "end"] = 30 + i // 5, facts["x", "end"] + 4 * (i // 5)
    options = {"contrasts": [["OMT", "sham"]], "outcome": "numbers", "cluster": "age"}
    results = study({"a": ("gee", ["x"], ["end"], options)}, units)
    model = equations(units, "x", "numbers", ["end"], cluster=lambda f: float(f["age", ""]))
    same(results.values(group="OMT - sham"), {"difference": model.contrast(numpy.array([0.0, 1]))["estimate"]})
    found = results.values(level="working correlation exchangeable")
    sizes = list(Counter(f["age", ""] for f in units.values()).values())
    assert found["clusters"] == len(sizes)
    size = sum(n * n for n in sizes) / sum(sizes)
    same(found, {"working_correlation": model.correlation, "design_effect": 1 + (size - 1) * model.correlation})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"outcome": "yes or no", "exposure": "age"}, "exposure: is for outcome: counts"),
        ({"outcome": "numbers", "cluster": "age", "correlation": "ar1"}, "ar1 is for the visits"),
        ({"outcome": "counts", "exposure": "agee"}, "exposure 'agee' is no parameter"),
        ({"outcome": "yes or no"}, "'x' holds other numbers than 1"),
    ],
)
def test_options_of_estimating_equations_that_do_not_fit_are_refused(study, changes, says):
    with pytest.raises(Fault) as caught:
        study({"a": ("gee", ["x"], ["end"], {"contrasts": [["OMT", "sham"]], **changes})})
    assert any(says in line for line in caught.value.lines), caught.value.lines


def test_an_arm_without_events_is_refused_in_words(study):
    units = people(24)
    for facts in units.values():
        facts["r", "end"] = facts["arm", ""] == "OMT" and facts["r", "end"]
    with pytest.raises(Fault, match="all 12 of sham at end are 0, so that no ratio with them is finite"):
        study({"a": ("gee", ["r"], ["end"], {"contrasts": [["OMT", "sham"]], "outcome": "yes or no"})}, units)


@pytest.mark.parametrize("method", ["logistic", "count_model", "proportional_odds"])
def test_the_number_of_a_level_that_says_nothing_rests_on_its_rows(study, method):
    units = people()
    for facts in units.values():
        if facts["sex", ""] == "f":
            facts["r", "end"] = 0
    options = {**PAIR, "factors": ["sex"]} | ({"distribution": "poisson"} if method == "count_model" else {})
    results = study({"a": (method, ["r"], ["end"], options)}, units)
    (number,) = (n for n in results.numbers if n["level"].startswith("sex f: all "))
    used = {unit for unit, reasons in results.reasons(number).items() if reasons == {""}}
    assert used and used <= {unit for unit, facts in units.items() if facts["sex", ""] == "f"}
    assert len(used) == int(number["value"])

"""Feasibility, safety, populations and influence: by hand, against others, and who stands behind each number."""

from dataclasses import replace

import pytest
from agreements import agrees
from hypothesis import given
from hypothesis import strategies as st
from models import adjusted_difference
from omtrace.faults import Fault
from omtrace.model.headline import Headline, headline_of, is_of_ratio
from omtrace.model.plan import Plan
from omtrace.statistics.basic import progression
from omtrace.statistics.basic.proportion import proportion, proportion_difference
from test_analyses import ANCOVA, CASES, PAIR, Results, people, plan_of

LABEL = "level of the criterion"


def criterion(**more):
    return {"label": LABEL, "parameter": "done", "stop": 0.5, "go": 0.7, **more}


def feasibility(folder, units=None, **more):
    return Results(folder, units or people(), {"a": ("feasibility", [], [], {"criteria": {"a": criterion(**more)}})})


def test_a_rate_has_the_exact_poisson_interval():
    found = progression.rate(137, 24.19893)  # Welsh nickel workers
    values, printed = [found[name] for name in ("rate", "rate_low", "rate_high")], [5.661407, 4.753125, 6.692709]
    agrees("feasibility, recruitment rate", "rate, interval", "R, exact Poisson interval", values, printed, abs=5e-7)
    assert progression.rate(0, 2)["rate_low"] == 0


@pytest.mark.parametrize("count, time", [(-1, 2), (0.5, 2), (3, 0), (3, -1)])
def test_what_is_no_rate_is_refused(count, time):
    with pytest.raises(ValueError, match="a rate needs"):
        progression.rate(count, time)


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_a_verdict_follows_the_estimate_and_the_interval_tells_what_it_rules_out(count, more, one, other):
    n, (stop, go) = count + more, sorted((one, other))
    found = proportion(count, n)
    low, high = found["clopper_pearson_low"], found["clopper_pearson_high"]
    verdict = progression.verdict(found["proportion"], stop, go)
    excluded = progression.excluded(low, high, stop, go)
    assert verdict == (2 if count / n >= go - 1e-9 else 1 if count / n >= stop - 1e-9 else 0)
    if excluded in (1, 3):
        assert verdict != 0
    if excluded in (2, 3):
        assert verdict != 2


@pytest.mark.parametrize(
    "stop, go, verdict, excludes", [(0.1, 0.2, 2, 1), (0.6, 0.8, 1, 0), (0.95, 0.97, 0, 2), (0.3, 0.95, 1, 3)]
)
def test_a_criterion_is_judged_by_its_limits(tmp_path, stop, go, verdict, excludes):
    found = feasibility(tmp_path, stop=stop, go=go).values(level=LABEL)
    yes = sum(facts["done", ""] for facts in people().values())
    share = proportion(yes, 16)
    assert found == pytest.approx(
        {
            "count": yes,
            "n": 16,
            "stop_below": stop,
            "go_from": go,
            "verdict": verdict,
            "interval_excludes": excludes,
            **{name: share[name] for name in ("proportion", "clopper_pearson_low", "clopper_pearson_high")},
        },
        rel=1e-9,
    )


def test_who_has_no_value_counts_as_no_or_not_at_all(tmp_path):
    units = people()
    units["P00"]["done", ""] = units["P01"]["done", ""] = "!not collected"
    everyone = feasibility(tmp_path / "one", units)
    assert everyone.values(level=LABEL)["n"] == 16
    assert set(map(frozenset, everyone.reasons(everyone.numbers[0]).values())) == {frozenset({""})}
    those = feasibility(tmp_path / "two", units, observed=True)
    assert those.values(level=LABEL)["n"] == 14
    assert those.reasons(those.numbers[0])["P01"] == {"not collected"}
    recorded = feasibility(tmp_path / "three", units, recorded=True)
    assert recorded.values(level=LABEL)["count"] == 14 and recorded.values(level=LABEL)["n"] == 16


def test_recruitment_is_a_rate_with_a_count_for_each_month(tmp_path):
    results = feasibility(tmp_path, parameter="age", days=50, stop=3, go=12)
    days = [facts["age", ""] for facts in people().values()]
    inside = [day for day in days if day <= 50]
    found = results.values(level=LABEL)
    expected = progression.rate(len(inside), 50 / (365.25 / 12))
    assert found["count"] == len(inside)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    assert found["verdict"] == (1 if expected["rate"] < 12 else 2)
    months = [results.values(level=f"{LABEL}, month {n}")["count"] for n in (1, 2)]
    assert months == [sum(day < 30.4375 for day in inside), sum(day >= 30.4375 for day in inside)]
    late = {unit: reasons for unit, reasons in results.reasons(results.numbers[0]).items() if reasons != {""}}
    assert set(late.values() and {frozenset(r) for r in late.values()}) <= {frozenset({"not within 50 days"})}
    assert len(late) == 16 - len(inside)


@pytest.mark.parametrize(
    "more, says",
    [
        ({"stop": 0.8}, "go: not below stop"),
        ({"go": 1.5}, "a share is 1 at most"),
        ({"at_least": 3, "recorded": True}, "at_least, recorded, days: one of them"),
        ({"parameter": "dne"}, "there is no parameter 'dne'"),
        ({"parameter": "age"}, "holds other numbers"),
    ],
)
def test_a_criterion_that_does_not_fit_is_a_fault(tmp_path, more, says):
    with pytest.raises(Fault, match=says):
        feasibility(tmp_path, **more)


def test_completeness_is_of_everyone_at_each_visit(tmp_path):
    units = people()
    units["P02"]["x", "end"] = "!incomplete: 1 of 6 items open"
    results = Results(tmp_path, units, {"a": ("feasibility", ["x"], [], {}, "adults")})
    adults = sum(facts["age", ""] >= 35 for facts in units.values())
    assert [results.values(visit=v)["n"] for v in ("baseline", "end")] == [adults, adults]
    assert results.values(visit="end")["count"] == adults - (units["P02"]["age", ""] >= 35)


# safety


def test_events_are_counted_by_the_treatment_that_was_received(tmp_path):
    units = people()
    for at, facts in enumerate(units.values()):
        facts["age", ""], facts["received", ""] = at % 4, facts["arm", ""]
    units["P01"]["received", ""] = "sham"  # allocated to OMT
    entries = {"a": ("safety", ["age"], [], {"treated": "received", **PAIR}), "b": ("safety", ["age"], [], PAIR)}
    import test_analyses

    declared = {**test_analyses.PARAMETERS, "received": ((), "", 1)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_analyses, "PARAMETERS", declared)
        results = Results(tmp_path, units, entries)
    for name, key in (("a", "received"), ("b", "arm")):
        sides = {}
        for group in ("OMT", "sham"):
            counts = [facts["age", ""] for facts in units.values() if facts[key, ""] == group]
            found = results.values(analysis=name, group=group)
            sides[group] = (sum(c > 0 for c in counts), len(counts))
            assert (found["count"], found["n"], found["events"]) == (*sides[group], sum(counts))
        expected = proportion_difference(*sides["OMT"], *sides["sham"])
        found = results.values(analysis=name, group="OMT - sham")
        assert found == pytest.approx({s: expected[s] for s in found}, rel=1e-9) and len(found) == 3


def test_another_treatment_than_there_is_is_a_fault(tmp_path):
    with pytest.raises(Fault, match="analysis a: there is no parameter 'amr'; did you mean 'arm'?"):
        Results(tmp_path, people(), {"a": ("safety", ["age"], [], {"treated": "amr"})})


# populations


def test_populations_say_who_is_left_out_why(tmp_path):
    populations = {
        "full": {"label": "Everyone"},
        "some": {"label": "Some", "where": "age >= 35 and sex == 'f'", "reasons": {"age >= 35": "too young"}},
    }
    results = Results(tmp_path, people(), {"a": ("populations", [], [], {})}, populations=populations)
    counts = {n["level"]: int(n["value"]) for n in results.numbers if n["group"] == "all"}
    old = [facts["age", ""] >= 35 for facts in people().values()]
    women = [facts["sex", ""] == "f" for facts in people().values()]
    pairs = list(zip(old, women, strict=True))
    assert counts == {
        "{population:full}: enrolled": 16,
        "{population:full}: in the population": 16,
        "{population:some}: enrolled": 16,
        "{population:some}: in the population": pairs.count((True, True)),
        "{population:some}: left out: too young": pairs.count((False, True)),
        "{population:some}: left out: sex == 'f'": pairs.count((True, False)),
        "{population:some}: left out: too young; sex == 'f'": pairs.count((False, False)),
    }
    assert {n["population"] for n in results.numbers if n["level"].startswith("{population:some}")} == {"some"}


# influence


def influence(folder, units, monkeypatch, shown=3, method=("ancova", ["x"], ["end"], ANCOVA)):
    content = plan_of({"main": method}).model_dump(mode="json", by_alias=True)
    content["analyses"]["infl"] = {
        "method": "influence",
        "dataset": "data",
        "title": "i",
        "role": "sensitivity",
        "of": "main",
        "options": {"shown": shown},
    }
    monkeypatch.setattr("test_analyses.plan_of", lambda *_, **__: Plan.model_validate(content))
    return Results(folder, units, {})


def test_influence_is_the_analysis_made_without_each_unit(tmp_path, monkeypatch):
    import pandas

    units = people()
    units["P05"]["x", "end"] = 90  # one that matters
    units["P06"]["x", "end"] = "!not collected"
    results = influence(tmp_path, units, monkeypatch)

    def fit(*without):
        kept = {u: f for u, f in units.items() if u not in ("P06", *without)}
        frame = pandas.DataFrame(
            [
                {
                    "value": f["x", "end"],
                    "baseline": f["x", "baseline"],
                    "age": f["age", ""],
                    "sex": f["sex", ""],
                    "group": f["arm", ""],
                }
                for f in kept.values()
            ]
        ).astype({"value": "float64", "baseline": "float64", "age": "float64"})
        return adjusted_difference(frame, "value", "group", "sham", ["baseline", "age"], ["sex"], 0.95)

    full, each = fit(), {unit: fit(unit) for unit in units if unit != "P06"}
    estimates = {unit: found["difference"] for unit, found in each.items()}
    verdict = full["ci_low"] <= 0 <= full["ci_high"]
    largest = max(estimates, key=lambda unit: abs(estimates[unit] - full["difference"]))
    found = results.values(analysis="infl", level="", group="OMT - sham")
    way = 1 if (full["difference"] > 0) == verdict else -1  # towards no effect where there is one, else away from it
    order = sorted(estimates, key=lambda unit: -way * estimates[unit])
    turned = [k for k in range(1, 8) if (lambda f: f["ci_low"] <= 0 <= f["ci_high"])(fit(*order[:k])) != verdict]
    turning = turned[0] if turned else float("nan")
    assert found.pop("units_to_turn") == pytest.approx(turning, nan_ok=True)
    assert found == pytest.approx(
        {
            "estimate": full["difference"],
            "estimate_ci_low": full["ci_low"],
            "estimate_ci_high": full["ci_high"],
            "removals": 15,
            "not_estimable": 0,
            "estimate_lowest": min(estimates.values()),
            "estimate_highest": max(estimates.values()),
            "largest_change": estimates[largest] - full["difference"],
            "conclusions_turned": sum((f["ci_low"] <= 0 <= f["ci_high"]) != verdict for f in each.values()),
            "signs_turned": sum((f["difference"] < 0) != (full["difference"] < 0) for f in each.values()),
        },
        rel=1e-7,
    )
    first = next(n for n in results.numbers if n["level"].startswith("without unit 1 ("))
    assert float(first["value"]) == pytest.approx(estimates["P05"], rel=1e-7) and largest == "P05"
    assert results.reasons(first)["P05"] == {"left out to see its influence"}
    assert results.reasons(first)["P06"] == {"not collected"}
    assert sum(reasons == {""} for reasons in results.reasons(first).values()) == 14
    assert len({n["level"] for n in results.numbers if n["analysis"] == "infl"}) == 4
    assert not any("P05" in "".join(n.cells()) for n in results.numbers)


@pytest.mark.parametrize(
    "method",
    [
        ("compare_groups", ["x"], ["end"], PAIR),
        ("paired_change", ["x"], [], {"by_group": True}),
        ("compare_proportions", ["r"], ["end"], {"group": "OMT", "reference": "sham"}),
    ],
)
def test_influence_of_other_methods_accounts_for_everyone(tmp_path, monkeypatch, method):
    results = influence(tmp_path, people(), monkeypatch, 2, method)
    mine = [n for n in results.numbers if n["analysis"] == "infl"]
    assert mine
    for number in mine:
        reasons = results.reasons(number)
        out = [unit for unit, why in reasons.items() if why != {""}]
        assert len(out) == number["level"].startswith("without") and all(len(why) == 1 for why in reasons.values())


def test_an_analysis_that_cannot_be_made_without_a_unit_is_counted(tmp_path, monkeypatch):
    units = dict(list(people(8).items()))
    content = {**ANCOVA, "covariates": ["age"], "factors": []}
    for at, facts in enumerate(units.values()):  # one unit alone has another age
        facts["age", ""] = 30 + 5 * (at == 3)
    results = influence(tmp_path, units, monkeypatch, 2, ("ancova", ["x"], ["end"], content))
    assert results.values(analysis="infl", level="")["not_estimable"] == 1


def test_influence_is_not_looked_for_in_very_many(tmp_path, monkeypatch):
    monkeypatch.setattr("omtrace.analyses.influence.MOST", 5)
    with pytest.raises(Fault, match="infl: main would be made again for each of .* units; at most 5"):
        influence(tmp_path, people(), monkeypatch)


def test_influence_names_its_analysis(tmp_path):
    with pytest.raises(Fault, match="influence: `of` names the analysis"):
        Results(tmp_path, people(), {"a": ("influence", [], [], {})})


@pytest.mark.parametrize(
    "statistics, found",
    [
        (["n", "difference", "se", "ci_low", "ci_high", "p"], Headline("difference", "ci_low", "ci_high", "p")),
        (["ratio", "ratio_low", "ratio_high"], Headline("ratio", "ratio_low", "ratio_high", "")),
        (["difference", "newcombe_low", "newcombe_high"], Headline("difference", "newcombe_low", "newcombe_high", "")),
        (["adjusted_mean", "ci_low", "ci_high"], None),
        (["difference", "p"], None),
    ],
)
def test_the_headline_of_a_row(statistics, found):
    assert headline_of(statistics) == found
    assert found is None or found.null == (1 if "ratio" in found.effect else 0)
    assert found is None or replace(found) == found


@pytest.mark.parametrize(
    ("statistic", "beside", "is_ratio"),
    [
        ("ratio", (), True),
        ("ci_low", ("ratio", "se_log", "ci_low"), True),
        ("p", ("odds_ratio", "p"), True),
        ("p", ("difference", "p"), False),
        ("ratio_low", ("difference", "ci_low", "ratio", "ratio_low"), True),
        ("ci_low", ("difference", "ci_low", "ratio", "ratio_low"), False),
        ("n", ("n",), False),
    ],
)
def test_what_belongs_to_a_ratio(statistic, beside, is_ratio):
    assert is_of_ratio(statistic, {statistic, *beside}) == is_ratio


# flow


def test_the_boxes_of_the_flow_add_up_by_group_and_visit(tmp_path):
    units = people()
    units["P02"]["x", "end"] = "!not collected"
    units["P03"]["x", "end"] = "!incomplete: 1 of 6 items open"
    units["P04"]["arm", ""] = "!not collected"
    results = Results(tmp_path, units, {"a": ("flow", ["x"], [], {}, "adults")})
    boxes = {(n["group"], n["visit"], n["level"]): int(n["value"]) for n in results.numbers}
    for group in ("sham", "OMT", "all"):
        for visit in ("baseline", "end"):
            mine = {level: n for (g, v, level), n in boxes.items() if (g, v) == (group, visit)}
            out = sum(n for level, n in mine.items() if level.startswith("excluded: "))
            assert boxes[group, "", "enrolled"] == mine["analysed"] + out
    assert boxes["all", "", "enrolled"] == 16 and boxes["sham", "", "enrolled"] + boxes["OMT", "", "enrolled"] == 15
    assert boxes["all", "", "without a group"] == 1
    (number,) = (n for n in results.numbers if n["level"] == "without a group")
    assert [unit for unit, why in results.reasons(number).items() if why == {""}] == ["P04"]
    whole = Results(tmp_path / "whole", people(), {"a": ("flow", ["x"], [], {}, "adults")})
    assert not [n for n in whole.numbers if n["level"] == "without a group"]
    assert boxes["OMT", "end", "excluded: incomplete: 1 of 6 items open"] == 1


def test_the_stages_of_a_flow_count_who_was_screened_out_treated_and_stopped(tmp_path):
    units = people()
    options = {"enrolled": "adults", "received": "done", "discontinued": "sex"}
    results = Results(tmp_path, units, {"a": ("flow", ["x"], [], options)})
    counts = {(n["group"], n["level"]): int(n["value"]) for n in results.numbers if not n["visit"]}
    out = sum(n for (_, level), n in counts.items() if level.startswith("screened out: not in population adults"))
    assert out and counts["all", "allocated"] + out == counts["all", "enrolled"] == 16
    assert ("all", "without a group") not in counts
    reasons = results.reasons(next(n for n in results.numbers if n["level"] == "allocated"))
    allocated = [unit for unit, why in reasons.items() if why == {""}]
    for unit in (allocated[0], next(unit for unit in units if unit not in allocated)):
        units[unit]["arm", ""] = "!not collected"  # one was screened out, and needs no group
    results = Results(tmp_path / "open", units, {"a": ("flow", ["x"], [], options)})
    (number,) = (n for n in results.numbers if n["level"] == "without a group")
    assert int(number["value"]) == 1
    units = people()
    done = sum(bool(unit["done", ""]) for unit in units.values())
    assert (counts["all", "received"], counts["all", "did not receive"]) == (done, 16 - done)
    assert counts["sham", "received"] + counts["OMT", "received"] == done
    assert counts["all", "discontinued: f"] + counts["all", "discontinued: m"] == 16
    assert ("all", "discontinued") not in counts


@pytest.mark.parametrize("method", ["ancova", "factorial"])
def test_an_interval_of_a_mean_does_not_leave_the_scale(tmp_path, method):
    """Nearly everybody gives the best answer, 5 of 5; intervals of differences are free."""
    units = people()
    for place, unit in enumerate(units.values()):
        unit["x", "end"] = 5 - (place in (3, 8, 9))
        unit["x", "baseline"] = 3 + place * 5 % 3
    entries = {"a": (method, *CASES[method])}
    parameters = plan_of(entries).model_dump(mode="json", by_alias=True)["datasets"]["data"]["parameters"]
    free = Results(tmp_path / "free", units, entries, parameters=parameters, refusals=True)
    parameters["x"] |= {"derive": "score", "options": {"table": "t", "instrument": "satisfaction", "score": "answer"}}
    scored = Results(tmp_path / "scored", units, entries, parameters=parameters, refusals=True)
    pairs = zip(free.numbers, scored.numbers, strict=True)
    moved = {(a["statistic"], b["value"]) for a, b in pairs if a["value"] != b["value"]}
    assert moved == {("ci_high", "5")}


@pytest.mark.parametrize("words", [("yes", "no"), ("Yes", "No")])
@pytest.mark.parametrize(
    ("method", "visits", "options"),
    [
        ("compare_proportions", ["baseline", "end"], CASES["compare_proportions"][2]),
        ("proportion", ["end"], {}),
        ("logistic", ["end"], CASES["logistic"][2]),
        ("subgroups", ["end"], {**CASES["subgroups"][2], "baseline": False}),
    ],
)
def test_the_texts_yes_and_no_count_as_1_and_0(tmp_path, method, visits, options, words):
    units = people()
    for place, unit in enumerate(units.values()):
        unit["r", "baseline"] = place % 3 == 0
        if place == 5:
            unit["r", "end"] = "!not collected"
    said = {
        name: unit | {key: words[not unit[key]] for key in unit if key[0] == "r" and unit[key] != "!not collected"}
        for name, unit in units.items()
    }
    entries = {"a": (method, ["r"], visits, options)}
    found = [Results(tmp_path / str(n), people, entries).numbers for n, people in enumerate((units, said))]
    names = ("parameter", "group", "visit", "level", "statistic", "value", "unit")
    one, other = ([[number[name] for name in names] for number in numbers] for numbers in found)
    assert one == other and len(one) > 5


@pytest.mark.parametrize("method", ["ancova", "subgroups"])
def test_what_has_no_baseline_is_refused_with_the_mend_and_goes_without(tmp_path, method):
    options = {**CASES[method][2], "covariates": ["conc"]}
    with pytest.raises(Fault, match="'age' is not measured at visits, .* baseline: false in the options"):
        Results(tmp_path / "refused", people(), {"a": (method, ["age"], [], options)})
    done = Results(tmp_path / "done", people(), {"a": (method, ["age"], [], {**options, "baseline": False})})
    assert "difference" in {number["statistic"] for number in done.numbers}

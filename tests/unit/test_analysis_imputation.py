"""The analyses ``imputation``, ``tipping_point``, ``missing_patterns``: numbers, row sets, who is imputed, faults."""

import dataclasses
import json
import math
from pathlib import Path

import pandas as pd
import pytest
import scipy.stats
from omtrace.analyses import Call
from omtrace.analyses._imputing import _attended
from omtrace.analyses._refusals import numbers_of
from omtrace.analyses.missing_patterns import kind_of
from omtrace.analyses.selection import Data
from omtrace.faults import Fault
from omtrace.model.closed import checked
from omtrace.model.plan import Analysis
from omtrace.plugins import plugin
from test_analysis_mmrm import CELLS, CONTRASTS, VISITS, counted, dataset_plan, records_of, without_group

REFERENCE = Path(__file__).parents[1] / "reference"
RBMI = json.loads((REFERENCE / "longitudinal_r.json").read_text())["rbmi"]["pooled"]
NAMES = {"MAR": "MAR", "J2R": "JR", "CIR": "CIR", "CR": "CR", "LMCF": "LMCF"}
STRATEGIES = list(NAMES)
LAST = "week_12"
# (unit, parameter, visit) -> status, of units that have all values in the file
LEFT_OUT = {
    "u007": {("score", visit): "not collected" for visit in VISITS.values()},  # no value after baseline
    "u014": {("score", "baseline"): "coded missing: refused"},
    "u021": {("arm", ""): "not collected"},
    "u094": {("score", "week_12"): "quarantined: range"},  # the visit took place
    "u047": {("score", "week_4"): "incomplete: one item"},  # before the last value
}


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "trial3.csv")


@pytest.fixture(scope="module")
def plain(trial) -> pd.DataFrame:
    return records_of(trial, {})


@pytest.fixture(scope="module")
def records(trial) -> pd.DataFrame:
    return records_of(trial, LEFT_OUT)


def called(method, records, options, name="imputed", **entry) -> Call:
    content = {"method": method, "dataset": "people", "title": "t", "parameters": ["score"], **entry}
    given = checked(plugin("analyses", method, "METHOD").options, options, "options")
    plan = dataset_plan()
    data = Data("people", plan, records, CELLS)
    return Call(name, checked(Analysis, content, "test"), given, plan, data, study="made_up")


def run(method, records, options, **entry):
    return list(plugin("analyses", method, "METHOD").run(called(method, records, options, **entry)))


def found(numbers, statistic, group="all", visit="", level=""):
    (one,) = [
        n for n in numbers if (n.statistic, n.group, n.visit) == (statistic, group, visit) and n.level.startswith(level)
    ]
    return one


def reasons_of(rows, records):
    """Unit -> its reasons, and unit -> (role, visit) of its used records."""
    by_record = records.set_index("record")
    reasons, used = {}, {}
    for record, role, reason in rows.entries:
        unit, visit = by_record.loc[record, ["unit", "visit"]]
        reasons.setdefault(unit, set()).add(reason)
        if not reason:
            used.setdefault(unit, set()).add((role, visit))
    return reasons, used


# imputation


@pytest.fixture(scope="module")
def imputed(plain):
    return run("imputation", plain, {"contrasts": CONTRASTS, "strategies": STRATEGIES, "imputations": 100})


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_differences_are_those_of_rbmi(imputed, strategy):
    for arm in "BC":
        level = f"({strategy}), jackknife"
        values = [n for n in imputed if n.group == f"{arm} - A" and n.visit == LAST and level in n.level]
        by_name = {n.statistic: n for n in values}
        assert list(by_name) == ["difference", "se", "ci_low", "ci_high", "z", "p"]
        expected = RBMI[NAMES[strategy]][arm]
        assert [by_name[name].value for name in ("difference", "se", "p")] == pytest.approx(expected, abs=5e-5)
        assert (by_name["difference"].unit, by_name["z"].unit) == ("points", "")


def test_all_visits_after_baseline_are_given_and_means_make_differences(imputed):
    visits = {n.visit for n in imputed if n.statistic == "difference"}
    assert visits == set(VISITS.values())
    for visit in visits:
        for errors in ("Rubin's rules", "jackknife"):
            level = f"jump to reference (J2R), {errors}"
            means = [found(imputed, "adjusted_mean", arm, visit, level).value for arm in "AB"]
            difference = found(imputed, "difference", "B - A", visit, level).value
            assert difference == pytest.approx(means[1] - means[0], rel=1e-9)


def test_rubins_rules_come_first_and_the_jackknife_stands_beside(imputed):
    levels = dict.fromkeys(n.level for n in imputed if n.statistic == "difference")
    words = [level.split("), ")[1] for level in levels]
    assert words == ["Rubin's rules", "jackknife"] * len(STRATEGIES)
    for arm in "BC":
        se = {
            errors: found(imputed, "se", f"{arm} - A", LAST, f"jump to reference (J2R), {errors}").value
            for errors in ("Rubin's rules", "jackknife")
        }
        assert se["Rubin's rules"] > 1.15 * se["jackknife"]


def test_where_the_jackknife_cannot_be_taken_rubins_rules_stand_alone(trial):
    records = records_of(trial, {"u001": {("score", visit): "not collected" for visit in VISITS.values()}})
    few = records["unit"].isin(["u001", "u006"])  # without u006 no value says what the covariate does
    records["value"] = records["value"].where(records["parameter"] != "age", few.astype(float))
    options = {"contrasts": CONTRASTS, "imputations": 20, "covariates": ["age"]}
    numbers = run("imputation", records, options)
    assert {n.level.split("), ")[1] for n in numbers if n.statistic == "difference"} == {"Rubin's rules"}
    (refused,) = [n for n in numbers if n.statistic == "not_computed"]
    assert refused.level.startswith("jackknife: without 1 of the 141 units, each left out in turn, the model cannot")
    with pytest.raises(Fault, match="without 1 of the 141 units"):
        run("imputation", records, {**options, "approaches": ["conditional_mean"]})


def test_every_unit_with_baseline_group_and_covariates_is_used_or_left_out_with_one_reason(records):
    numbers = run(
        "imputation",
        records,
        {"contrasts": CONTRASTS, "strategies": ["J2R"], "approaches": ["conditional_mean"]},
        visits=[LAST],
    )
    rows = found(numbers, "difference", "B - A", LAST).rows
    reasons, used = reasons_of(rows, records)
    assert set(reasons) == set(records["unit"]) and all(len(one) == 1 for one in reasons.values())
    left_out = {unit: one.pop() for unit, one in reasons.items() if one != {""}}
    assert left_out == {"u014": "baseline coded missing: refused", "u021": "group not collected"}
    assert (rows.expected, rows.used, rows.excluded) == (141, 139, 2)
    facts = {("group", ""), ("baseline", "baseline")}
    assert used["u007"] == facts | {("imputed", visit) for visit in VISITS.values()}
    outcomes = {("outcome", "week_4"), ("outcome", "week_8"), ("imputed", "week_12")}
    assert used["u094"] == facts | outcomes
    assert used["u047"] == facts | {("imputed", "week_4"), ("outcome", "week_8"), ("outcome", "week_12")}


def test_counts_say_who_is_observed_and_who_is_imputed_why(records):
    numbers = run("imputation", records, {"contrasts": CONTRASTS, "approaches": ["conditional_mean"]}, visits=[LAST])
    units = records[records["parameter"] == "arm"].set_index("unit")["text"]
    for group in "ABC":
        n, seen, imputed, gone = (
            found(numbers, name, group, LAST) for name in ("n", "observed", "imputed", "imputed_after_drop_out")
        )
        assert n.value == seen.value + imputed.value == n.rows.used
        assert seen.value == seen.rows.used and imputed.rows is seen.rows
        reasons, _ = reasons_of(seen.rows, records)
        told = {unit: one.pop() for unit, one in reasons.items() if any(r.startswith("imputed") for r in one)}
        assert len(told) == imputed.value and set(told) <= set(units.index[units == group])
        assert set(told.values()) <= {"imputed: not collected", "imputed: quarantined: range"}
        quarantined = sum(reason.endswith("range") for reason in told.values())
        assert gone.value == imputed.value - quarantined
    assert sum(found(numbers, "n", group, LAST).value for group in "ABC") == 139


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("imputation", {"contrasts": CONTRASTS, "approaches": ["conditional_mean"]}),
        ("tipping_point", {"group": "B", "reference": "A", "deltas": [0, 5], "approach": "conditional_mean"}),
    ],
)
def test_a_refused_model_still_counts_who_is_observed_and_who_is_imputed(records, method, options):
    numbers = run(method, records, options)
    call = called(method, without_group(records, "A"), options)
    again = numbers_of(plugin("analyses", method, "METHOD"), call)
    assert [n.statistic for n in again if n.group == "all"] == ["not_computed"]
    of = "BC" if method == "imputation" else "B"
    counts = counted(numbers, of, {"n", "observed", "imputed", "imputed_after_drop_out"})
    assert len(counts) == 12 * len(of) and counted(again, of, {name for _, _, name in counts}) == counts


def test_drop_out_begins_after_the_last_visit_that_took_place():
    assert _attended(["observed", "not collected", "not collected"]) == 1
    assert _attended(["observed", "quarantined: range", "not collected"]) == 2
    assert _attended(["not collected", "observed", "incomplete: one item"]) == 3
    assert _attended(["not collected", "coded missing: refused", "not scheduled"]) == 0


def test_a_quarantined_last_value_is_missing_at_random(trial):
    """Under jump to reference a unit that left is imputed from the reference; one whose value is in doubt is not."""
    of = {}
    for status in ("quarantined: range", "not collected"):
        changed = records_of(trial, {"u094": {("score", LAST): status}})
        for strategy in ("MAR", "J2R"):
            options = {"contrasts": [["C", "A"]], "strategies": [strategy], "approaches": ["conditional_mean"]}
            numbers = run("imputation", changed, options, visits=[LAST])
            of[status[0], strategy] = found(numbers, "difference", "C - A", LAST).value
    assert of["q", "MAR"] == of["n", "MAR"]
    assert of["q", "J2R"] < of["n", "J2R"]  # the reference does worse, so less is left of the difference


def test_draws_are_labelled_and_depend_on_names_and_seed_alone(plain):
    options = {"contrasts": [["B", "A"]], "strategies": ["MAR", "J2R"], "approaches": ["bootstrap"], "imputations": 30}
    one, again = (run("imputation", plain, options, visits=[LAST]) for _ in range(2))
    seed, name = (
        run("imputation", plain, {**options, "seed": 2}, visits=[LAST]),
        run("imputation", plain, options, name="other", visits=[LAST]),
    )
    values = [found(numbers, "difference", "B - A", LAST, "jump").value for numbers in (one, again, seed, name)]
    assert values[0] == values[1] and len(set(values)) == 3
    row = [n.statistic for n in one if n.group == "B - A" and n.level.startswith("jump")]
    assert row == ["difference", "se", "ci_low", "ci_high", "t", "df", "p", "fmi"]
    level = found(one, "difference", "B - A", LAST, "jump").level
    assert level == "jump to reference (J2R), Rubin's rules, bootstrap"
    assert found(one, "imputations", level="imputation model").value == 30
    assert found(one, "samples_refused", level="imputation model").value == 0


def test_delta_is_named_and_added(plain):
    options = {
        "contrasts": CONTRASTS,
        "strategies": ["J2R"],
        "delta": {"B": 5, "C": 5},
        "approaches": ["conditional_mean"],
    }
    numbers = run("imputation", plain, options, visits=[LAST])
    for arm in "BC":
        number = found(numbers, "difference", f"{arm} - A", LAST)
        assert number.level == "jump to reference (J2R), jackknife, delta B +5, C +5"
        assert number.value == pytest.approx(RBMI["JR_delta5"][arm][0], abs=2e-5)


def test_reference_of_the_strategies_may_be_another_group(plain):
    one, other = (
        run(
            "imputation",
            plain,
            {"contrasts": [["B", "A"]], "strategies": ["J2R"], "approaches": ["conditional_mean"], **more},
            visits=[LAST],
        )
        for more in ({}, {"reference": "B"})
    )
    assert found(one, "difference", "B - A", LAST).value != found(other, "difference", "B - A", LAST).value


def test_the_imputation_model_falls_back_in_words(trial):
    sparse = trial.assign(y=trial["y"].where((trial["visit"] != 3) | (trial["id"] % 2 == 0)))
    sparse["y"] = sparse["y"].where((sparse["visit"] != 1) | (sparse["id"] % 2 == 1))
    numbers = run("imputation", records_of(sparse, {}), {"contrasts": CONTRASTS, "imputations": 20}, visits=[LAST])
    reason = "imputation model, covariance us: "
    assert found(numbers, "fitted", level=reason).value == 0
    fitted = found(numbers, "fitted", level="imputation model, covariance arh1, REML")
    assert fitted.value == 1 and fitted.level.endswith(
        "draws from the posterior of an unstructured one, of which this is the prior mean"
    )


# tipping point


def test_tipping_point_is_on_the_curve_of_the_grid(plain):
    options = {
        "group": "C",
        "reference": "A",
        "others": ["B"],
        "strategy": "J2R",
        "deltas": [0, 5, 40],
        "approach": "conditional_mean",
    }
    numbers = run("tipping_point", plain, options, visits=[LAST])
    at = {name: found(numbers, name, "C - A", LAST, "delta +5").value for name in ("delta", "difference", "se")}
    assert at == {
        "delta": 5,
        "difference": pytest.approx(run_delta(plain, 5)["difference"], rel=1e-12),
        "se": pytest.approx(run_delta(plain, 5)["se"], rel=1e-12),
    }
    tip = found(numbers, "delta", "C - A", LAST, "tipping point").value
    assert found(numbers, "tips", "C - A", LAST, "tipping point").value == 1
    there = run_delta(plain, tip)
    half = scipy.stats.norm.ppf(0.975) * there["se"]
    assert there["difference"] + half == pytest.approx(0, abs=1e-8)
    zero = found(numbers, "difference", "C - A", LAST, "delta 0")
    assert (zero.level, zero.rows.used) == ("delta 0 in C", 141)


def run_delta(records, delta):
    options = {
        "contrasts": [["C", "A"], ["B", "A"]],
        "strategies": ["J2R"],
        "delta": {"C": delta},
        "approaches": ["conditional_mean"],
    }
    numbers = run("imputation", records, options, visits=[LAST])
    return {n.statistic: n.value for n in numbers if n.group == "C - A"}


def test_grid_of_two_arms_has_a_tipping_point_for_each_row(plain):
    options = {"group": "C", "reference": "A", "deltas": [0, 3], "reference_deltas": [-3, 0, 3], "imputations": 50}
    numbers = run("tipping_point", plain, options, visits=[LAST])
    levels = [n.level for n in numbers if n.statistic == "difference"]
    assert "delta +3 in C, -3 in A" in levels and len([x for x in levels if x.startswith("delta")]) == 6
    assert found(numbers, "reference_delta", "C - A", LAST, "delta 0 in C, +3 in A").value == 3
    tips = [n for n in numbers if n.statistic == "tips"]
    assert [n.level for n in tips] == [f"tipping point at {at} in A" for at in ("-3", "0", "+3")]
    reached = {n.level for n in numbers if n.statistic == "delta" and n.level.startswith("tipping")}
    assert reached == {n.level for n in tips if n.value}


def test_a_conclusion_that_does_not_tip_has_no_tipping_value(plain):
    numbers = run(
        "tipping_point", plain, {"group": "C", "reference": "A", "deltas": [0, 1], "imputations": 50}, visits=[LAST]
    )
    assert found(numbers, "tips", "C - A", LAST, "tipping point").value == 0
    assert not [n for n in numbers if n.statistic == "delta" and n.level == "tipping point"]


# patterns


def test_patterns_count_every_unit_once_and_name_the_reasons(records):
    numbers = run("missing_patterns", records, {})
    frame = records[(records["parameter"] == "score")].pivot(index="unit", columns="visit", values="status")
    frame = frame[["baseline", *VISITS.values()]] == "observed"
    arm = records[records["parameter"] == "arm"].set_index("unit")["text"]
    patterns = frame.apply(lambda row: "".join("●" if one else "○" for one in row), axis=1)
    for group, units in (("all", patterns.index), *((g, arm.index[arm == g]) for g in "ABC")):
        expected = patterns[units].value_counts()
        for pattern in patterns.unique():
            count = found(numbers, "count", group, level=pattern)
            assert count.value == expected.get(pattern, 0) == count.rows.used
            assert count.rows.expected == len(units)
            percent = found(numbers, "percent", group, level=pattern)
            assert percent.value == pytest.approx(100 * count.value / len(units))
        kinds = [found(numbers, kind, group).value for kind in KINDS]
        assert sum(kinds) == len(units) == found(numbers, "n", group).value
    assert found(numbers, "count", "all", "week_12", "quarantined: range").value == 1
    collected = found(numbers, "count", "all", "week_8", "not collected")
    by_record = records.set_index("record")
    mine = [
        by_record.loc[record] for record, role, reason in collected.rows.entries if role == "missing" and not reason
    ]
    assert len([one for one in mine if one["visit"] == "week_8"]) == collected.value


KINDS = ("complete", "dropped_out", "intermittent", "none_observed")


def test_kinds_of_patterns():
    kinds = {
        "●●●": "complete",
        "●●○": "dropped_out",
        "○○○": "none_observed",
        "●○●": "intermittent",
        "○●○": "intermittent",
    }
    assert {pattern: kind_of(pattern) for pattern in kinds} == kinds


# faults


@pytest.mark.parametrize(
    ("method", "options", "entry", "complaint"),
    [
        ("imputation", {"contrasts": [["D", "A"]]}, {}, "no group 'D'"),
        ("imputation", {"contrasts": CONTRASTS, "reference": "D"}, {}, "no group 'D'"),
        ("imputation", {"contrasts": CONTRASTS, "strategies": ["BOCF"]}, {}, "strategies"),
        ("imputation", {"contrasts": CONTRASTS, "delta": {"D": 1}}, {}, "delta: 'D' is not compared"),
        ("imputation", {"contrasts": CONTRASTS, "covariates": ["arm"]}, {}, "'arm' holds categories"),
        ("imputation", {"contrasts": CONTRASTS}, {"parameters": ["age"]}, "0 visits after baseline; imputation needs"),
        ("imputation", {"contrasts": CONTRASTS}, {"visits": ["baseline"]}, "no visit after baseline is analysed"),
        ("imputation", {"contrasts": [["A", "A"]]}, {}, "fewer than 2 groups"),
        ("imputation", {"contrasts": CONTRASTS, "imputations": 1}, {}, "imputations"),
        ("tipping_point", {"group": "B", "reference": "A", "deltas": [2, 0]}, {}, "deltas: not in rising order"),
        ("tipping_point", {"group": "B", "reference": "A", "deltas": [0]}, {}, "deltas"),
        ("missing_patterns", {}, {"parameters": ["age"]}, "'age' has no visits"),
    ],
)
def test_faults_of_the_plan(plain, method, options, entry, complaint):
    with pytest.raises(Fault, match=complaint):
        run(method, plain, options, **entry)


def test_streams_of_chance_are_those_of_study_analysis_and_seed(plain):
    call = called("missing_patterns", plain, {})
    first = call.generator(1).random()
    assert first == call.generator(1).random()
    others = [dataclasses.replace(call, name="b"), dataclasses.replace(call, study="b")]
    assert len({first, call.generator(2).random(), *(other.generator(1).random() for other in others)}) == 4
    assert not math.isnan(first)

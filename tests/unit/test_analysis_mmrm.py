"""The analysis ``mmrm``: numbers, who is used and who is left out why, what was fitted, and faults."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from omtrace.analyses import Call
from omtrace.analyses._refusals import numbers_of
from omtrace.analyses.mmrm import METHOD
from omtrace.analyses.run import analyse_study
from omtrace.analyses.selection import Data
from omtrace.faults import Fault
from omtrace.model.closed import checked
from omtrace.model.plan import Analysis, DatasetPlan, Plan
from omtrace.statistics.interval import Interval
from omtrace.statistics.mixed import mmrm
from omtrace.store import read_columns, read_csv, read_json, write_table

REFERENCE = Path(__file__).parents[1] / "reference"
VISITS = {1: "week_4", 2: "week_8", 3: "week_12"}
GROUPS = {"A": "Usual care", "B": "Low", "C": "High"}
CONTRASTS = [["B", "A"], ["C", "A"]]

# What differs from the trial in the file: (unit, parameter, visit) -> status.
LEFT_OUT = {
    "u001": {("score", visit): "not collected" for visit in VISITS.values()},
    "u002": {
        ("score", "week_4"): "quarantined: range",
        ("score", "week_8"): "not collected",
        ("score", "week_12"): "x",
    },
    "u003": {("score", "baseline"): "coded missing: refused"},
    "u004": {("age", ""): "not collected"},
    "u005": {("arm", ""): "not collected"},
    "u053": {("score", "week_8"): "incomplete: one item"},  # stays in the model
}
REASONS = {
    "u000": "not in population old",
    "u001": "no value at any visit: not collected",
    "u002": "no value at any visit: quarantined: range",
    "u003": "baseline coded missing: refused",
    "u004": "age not collected",
    "u005": "group not collected",
}


def dataset_plan(**change) -> DatasetPlan:
    parameters = {
        "arm": {"derive": "column", "label": "Arm"},
        "age": {"derive": "column", "label": "Age", "unit": "years"},
        "score": {"derive": "column", "label": "Score", "unit": "points", "visits": ["baseline", *VISITS.values()]},
    }
    content = {
        "unit": "participant",
        "roster": {"table": "people", "column": "unit_id"},
        "visits": {"baseline": "Baseline", **{name: name for name in VISITS.values()}},
        "baseline": "baseline",
        "group": "arm",
        "groups": GROUPS,
        "parameters": parameters,
        "populations": {"full": {"label": "all"}, "old": {"label": "30 or older", "where": "age >= 30"}},
        **change,
    }
    return checked(DatasetPlan, content, "test")


def records_of(trial: pd.DataFrame, left_out: dict) -> pd.DataFrame:
    """The full grid of records of a trial in long form: arm, age, score at baseline and at each visit."""
    rows = []
    for unit, part in trial.groupby("id"):
        name, first = f"u{unit:03}", part.iloc[0]
        found = {("arm", ""): first["arm"], ("age", ""): 29 + unit % 30, ("score", "baseline"): first["base"]}
        found |= {("score", VISITS[v]): y for v, y in zip(part["visit"], part["y"], strict=True)}
        for (parameter, visit), value in found.items():
            status = left_out.get(name, {}).get((parameter, visit), "observed")
            status = "not collected" if status == "observed" and value != value else status
            text = value if isinstance(value, str) and status == "observed" else None
            number = float(value) if status == "observed" and text is None else math.nan
            rows.append((name, parameter, visit, number, text, status))
    frame = pd.DataFrame(rows, columns=["unit", "parameter", "visit", "value", "text", "status"])
    frame = frame.sort_values(["parameter", "visit", "unit"], ignore_index=True)
    return frame.assign(record=range(1, len(frame) + 1), text=frame["text"].astype("str"))


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "trial3.csv")


@pytest.fixture(scope="module")
def records(trial) -> pd.DataFrame:
    return records_of(trial, LEFT_OUT)


CELLS = pd.DataFrame({"record": [1], "key": [2**32 + 1], "column": ["c"], "role": ["value"]})


def called(records, options=None, plan=None, **entry) -> Call:
    plan = plan or dataset_plan()
    content = {"method": "mmrm", "dataset": "people", "title": "t", "parameters": ["score"], **entry}
    given = checked(METHOD.options, {"contrasts": CONTRASTS, "covariates": ["age"], **(options or {})}, "options")
    return Call("mixed", checked(Analysis, content, "test"), given, plan, Data("people", plan, records, CELLS))


@pytest.fixture(scope="module")
def numbers(records):
    return list(METHOD.run(called(records, population="old")))


def found(numbers, statistic, group="all", visit="", level=""):
    (one,) = [n for n in numbers if (n.statistic, n.group, n.visit, n.level) == (statistic, group, visit, level)]
    return one


def model_of(trial, records):
    """The same model, put together here."""
    wide = {(p, v): part.set_index("unit") for (p, v), part in records.groupby(["parameter", "visit"])}
    rows = []
    for unit in sorted(records["unit"].unique()):
        if unit in REASONS or wide["age", ""].at[unit, "value"] < 30:
            continue
        for visit in VISITS.values():
            value = wide["score", visit].at[unit, "value"]
            facts = wide["arm", ""].at[unit, "text"], wide["score", "baseline"].at[unit, "value"]
            rows.append((unit, visit, value, *facts, wide["age", ""].at[unit, "value"]))
    frame = pd.DataFrame(rows, columns=["unit", "visit", "y", "arm", "base", "age"]).dropna(subset=["y"])
    order = {"visits": list(VISITS.values()), "arms": list("ABC")}
    return mmrm(frame, "y", "unit", "visit", "arm", "base", covariates=["age"], **order), frame


def test_numbers_are_those_of_the_model(numbers, trial, records):
    model, frame = model_of(trial, records)
    for group, reference in CONTRASTS:
        contrast = f"{group} - {reference}"
        for visit in VISITS.values():
            for statistic, value in model.difference(group, reference, visit).items():
                assert found(numbers, statistic, contrast, visit).value == pytest.approx(value, rel=1e-9)
        tests = {"at any visit": model.any_difference, "that changes over the visits": model.interaction}
        for level, test in tests.items():
            for statistic, value in test(group, reference).items():
                number = found(numbers, statistic, contrast, level=f"a difference {level}")
                assert number.value == pytest.approx(value, rel=1e-9)
    for group in GROUPS:
        for visit in VISITS.values():
            for statistic, value in model.adjusted_mean(group, visit).items():
                assert found(numbers, statistic, group, visit).value == pytest.approx(value, rel=1e-9)
    difference = found(numbers, "difference", "C - A", "week_12")
    assert (difference.unit, difference.decimals) == ("points", 1)
    assert found(numbers, "df", "C - A", "week_12").unit == ""


def test_counts_are_of_units_by_visit_and_group(numbers, trial, records):
    _, frame = model_of(trial, records)
    for group in GROUPS:
        mine = frame[frame["arm"] == group]
        units = mine["unit"].nunique()
        for visit in VISITS.values():
            n = found(numbers, "n", group, visit)
            missing = found(numbers, "missing", group, visit)
            assert n.value == (mine["visit"] == visit).sum() == n.rows.used
            assert missing.value == units - n.value
            enrolled = (trial.drop_duplicates("id")["arm"] == group).sum()
            assert n.rows.expected == n.rows.used + n.rows.excluded == enrolled + (group != "A")  # u005 has no group
        assert found(numbers, "n", group).value == units == found(numbers, "n", group).rows.used
    assert found(numbers, "missing", "A", "week_8").value > 0
    # u001, u002, u003: who is outside the population, or without a group, is missing in no group
    assert [found(numbers, "missing", group).value for group in GROUPS] == [3, 0, 0]


def test_row_set_names_every_unit_once_used_or_with_one_reason(numbers, records):
    rows = found(numbers, "difference", "B - A", "week_4").rows
    assert rows is found(numbers, "adjusted_mean", "C", "week_12").rows
    by_record = records.set_index("record")
    reasons, used = {}, {}
    for record, role, reason in rows.entries:
        unit, parameter, visit, status = by_record.loc[record, ["unit", "parameter", "visit", "status"]]
        reasons.setdefault(unit, set()).add(reason)
        if not reason:
            assert status == "observed"
            used.setdefault(unit, set()).add((role, parameter, visit))
    assert set(reasons) == set(records["unit"]) and all(len(one) == 1 for one in reasons.values())
    left_out = {unit: one.pop() for unit, one in reasons.items() if one != {""}}
    young = {f"u{n:03}" for n in range(0, 141, 30)}
    assert {unit for unit, reason in left_out.items() if reason == "not in population old"} == young
    unknown = "not in population old (unknown)"
    assert {u: r for u, r in left_out.items() if u not in young} == {
        **{u: r for u, r in REASONS.items() if u not in young},
        "u004": unknown,
    }
    assert (rows.expected, rows.used, rows.excluded) == (141, 141 - len(left_out), len(left_out))
    facts = {
        ("group", "arm", ""),
        ("covariate", "age", ""),
        ("population", "age", ""),
        ("baseline", "score", "baseline"),
    }
    assert used["u053"] == facts | {("outcome", "score", "week_4"), ("outcome", "score", "week_12")}


def test_units_left_out_at_a_visit_say_whether_they_are_in_the_model(numbers, records):
    missing = found(numbers, "missing", "B", "week_8")
    units = dict(zip(records["record"], records["unit"], strict=True))
    reasons = {units[record]: reason for record, _, reason in missing.rows.entries}
    assert reasons["u053"] == "incomplete: one item"
    outside = found(numbers, "n", "B").rows
    not_in_model = {units[record]: reason for record, _, reason in outside.entries if reason}
    assert {unit: reasons[unit] for unit in not_in_model} == not_in_model
    of_visit = [unit for unit, reason in reasons.items() if reason and unit not in not_in_model]
    assert len(of_visit) == missing.value


def test_that_a_unit_without_a_value_is_in_the_model_rests_on_its_other_visits(numbers, records):
    of = records.set_index("record")
    rows = found(numbers, "missing", "B", "week_8").rows
    assert rows.used == found(numbers, "n", "B", "week_8").rows.used
    seen = {(of.at[r, "visit"], role, reason) for r, role, reason in rows.entries if of.at[r, "unit"] == "u053"}
    assert {(visit, "outcome", "incomplete: one item") for visit in VISITS.values()} <= seen


def without_group(records, group):
    """The records, with every score of a group not collected."""
    units = records["unit"][(records["parameter"] == "arm") & (records["text"] == group)]
    lost = (records["parameter"] == "score") & records["unit"].isin(units)
    status = records["status"].mask(lost, "not collected").astype("str")
    return records.assign(value=records["value"].mask(lost), status=status)


def counted(numbers, groups, statistics):
    """Value and row set of the counts of groups, by group, visit and statistic."""
    some = [n for n in numbers if n.group in groups and n.statistic in statistics]
    return {(n.group, n.visit, n.statistic): (n.value, set(n.rows.entries)) for n in some}


def test_a_refused_model_still_counts_the_units_of_each_group(numbers, records):
    again = numbers_of(METHOD, called(without_group(records, "A"), population="old"))
    assert [n.statistic for n in again if n.group == "all"] == ["not_computed"]
    counts = counted(numbers, "BC", {"n", "missing"})
    assert len(counts) == 16 and counted(again, "BC", {"n", "missing"}) == counts


def test_without_a_population_a_missing_covariate_is_the_reason(records):
    numbers = list(METHOD.run(called(records)))
    units = dict(zip(records["record"], records["unit"], strict=True))
    reasons = {units[record]: reason for record, _, reason in found(numbers, "n", "A").rows.entries if reason}
    assert reasons == {unit: reason for unit, reason in REASONS.items() if unit != "u000"}
    assert found(numbers, "missing", "A").value == 4


def test_result_names_what_was_fitted_and_why_not_what_was_tried_before(numbers, trial):
    tests = "REML; Kenward-Roger, observed information of variances and"
    fitted = f"covariance us (unstructured), {tests} covariances"
    assert found(numbers, "fitted", level=fitted).value == 1
    assert found(numbers, "covariance_parameters", level=fitted).value == 6
    deviance = found(numbers, "minus_2_log_likelihood", level=fitted)
    assert found(numbers, "aic", level=fitted).value == deviance.value + 2 * 6
    assert deviance.value > 0 and (deviance.unit, deviance.decimals) == ("", 2)
    assert not [n for n in numbers if n.statistic == "fitted" and n.value == 0]
    sparse = trial.assign(y=trial["y"].where((trial["visit"] != 3) | (trial["id"] % 2 == 0)))
    sparse["y"] = sparse["y"].where((sparse["visit"] != 1) | (sparse["id"] % 2 == 1))
    fallen = list(METHOD.run(called(records_of(sparse, {}))))
    reason = "week_4 and week_12: 0 units have values at both, 3 are needed"
    assert found(fallen, "fitted", level=f"covariance us: {reason}").value == 0
    assert found(fallen, "fitted", level=f"covariance toeph: {reason}").value == 0
    words = "heterogeneous first-order autoregressive"
    assert found(fallen, "fitted", level=f"covariance arh1 ({words}), {tests} correlations").value == 1


def test_options_change_the_model(records):
    plain = {"contrasts": [["C", "A"]], "covariates": []}
    options = {
        "all arms": {"contrasts": CONTRASTS},
        "two arms": {},
        "no baseline": {"baseline": False},
        "by group": {"by_group": True},
        "structure": {"structures": ["cs"]},
        "likelihood": {"likelihood": "ML", "df": "satterthwaite"},
        "df": {"df": "satterthwaite"},
        "level": {"level": 0.9},
    }
    of_units = list(METHOD.run(called(records, {**plain, "covariate_means": "units"})))
    of_rows = list(METHOD.run(called(records, plain)))
    means = [found(numbers, "adjusted_mean", "C", "week_12").value for numbers in (of_units, of_rows)]
    assert means[0] != means[1]
    limits = {}
    for name, change in options.items():
        numbers = list(METHOD.run(called(records, {**plain, **change})))
        limits[name] = found(numbers, "ci_low", "C - A", "week_12").value
        groups = {n.group for n in numbers if n.statistic == "adjusted_mean"}
        assert groups == ({"A", "B", "C"} if name == "all arms" else {"A", "C"})
    assert len(set(limits.values())) == len(limits)


def test_weighted_sums_over_visits(records):
    weights = {"last two": {"week_8": 0.5, "week_12": 0.5}, "last": {"week_12": 1}}
    numbers = list(METHOD.run(called(records, {"over_visits": weights})))
    last = {n.statistic: n.value for n in numbers if n.group == "C - A" and n.level == "last"}
    assert last == {n.statistic: n.value for n in numbers if n.group == "C - A" and n.visit == "week_12"}
    two = found(numbers, "difference", "C - A", level="last two")
    parts = [found(numbers, "difference", "C - A", visit).value for visit in ("week_8", "week_12")]
    assert two.value == pytest.approx(sum(parts) / 2) and two.rows.used == found(numbers, "n", "A").rows.used + sum(
        found(numbers, "n", group).rows.used for group in "BC"
    )
    means = [found(numbers, "adjusted_mean", group, level="last two").value for group in "AC"]
    assert means[1] - means[0] == pytest.approx(two.value)
    for wrong, complaint in (
        ({"baseline": 1}, "'baseline' is no visit of the model"),
        ({"week_8": 0}, "no weight but"),
    ):
        with pytest.raises(Fault, match=f"over_visits.x: {complaint}"):
            list(METHOD.run(called(records, {"over_visits": {"x": wrong}})))


def test_visits_are_in_time_order_whatever_the_plan_says(records):
    one, two = (
        list(METHOD.run(called(records, {"structures": ["ar1"]}, visits=visits)))
        for visits in (["week_4", "week_8", "week_12"], ["week_12", "baseline", "week_4", "week_8"])
    )
    assert [(n.visit, n.statistic, n.value) for n in one] == [(n.visit, n.statistic, n.value) for n in two]


@pytest.mark.parametrize(
    ("options", "entry", "complaint"),
    [
        ({"contrasts": [["D", "A"]]}, {}, "dataset people has no group 'D'"),
        ({"contrasts": []}, {}, "contrasts: "),
        ({"contrasts": [["A", "A"]]}, {}, "mixed, score: group: fewer than 2 groups"),
        ({"covariates": ["arm"]}, {}, "'arm' holds categories; mmrm needs numbers"),
        ({"factors": ["sex"]}, {}, "there is no parameter 'sex'"),
        ({"factors": ["age", "age"], "covariates": []}, {}, "a covariate is named twice"),
        ({}, {"visits": ["week_4", "baseline"]}, "mixed, score: 1 visits besides the baseline"),
        ({}, {"parameters": ["age"]}, "mixed, age: 0 visits besides the baseline"),
        ({}, {"parameters": ["arm"]}, "'arm' holds categories"),
        ({"structures": ["sp"]}, {}, "structures"),
        ({"structures": []}, {}, "structures"),
        ({"likelihood": "ML"}, {}, "Kenward-Roger needs REML; take satterthwaite for ML"),
        ({"reference": "A"}, {}, "reference: unknown key"),
    ],
)
def test_faults_of_the_plan(records, options, entry, complaint):
    with pytest.raises(Fault, match=complaint):
        list(METHOD.run(called(records, options, **entry)))


def test_parameter_named_like_a_column_of_the_model_is_refused(records):
    plan = dataset_plan()
    named = plan.model_copy(update={"parameters": {**plan.parameters, "visit": plan.parameters["age"]}})
    renamed = records.assign(parameter=records["parameter"].replace("age", "visit"))
    with pytest.raises(Fault, match="may not be named 'visit'"):
        list(METHOD.run(called(renamed, {"covariates": ["visit"]}, named)))


def test_data_that_cannot_be_fitted_are_a_fault_without_values(trial):
    constant = records_of(trial.assign(y=61.25), {})
    with pytest.raises(Fault, match="analysis mixed, score: the outcome leaves no residual") as told:
        list(METHOD.run(called(constant)))
    assert "61" not in str(told.value)
    nobody = records_of(trial.assign(y=trial["y"].where(trial["visit"] != 2)), {})
    with pytest.raises(Fault, match="score: no unit has a value at week_8: leave it out of the visits"):
        list(METHOD.run(called(nobody)))
    empty = records_of(trial.assign(y=math.nan), {})
    with pytest.raises(Fault, match="score: no unit has a value at week_4, week_8, week_12"):
        list(METHOD.run(called(empty)))


def test_whole_analysis_is_written_with_row_sets_and_definition(records, tmp_path):
    plan = {
        "study": "small",
        "title": "t",
        "kind": "simulated",
        "statement": "s",
        "design": "d",
        "figures": {},
        "tables": {"people": {"reader": "delimited"}},
        "datasets": {"people": dataset_plan().model_dump(mode="json")},
        "analyses": {
            "mixed": {
                "method": "mmrm",
                "dataset": "people",
                "title": "t",
                "parameters": ["score"],
                "options": {"contrasts": CONTRASTS},
            }
        },
    }
    write_table(tmp_path / "people.parquet", records)
    write_table(tmp_path / "people.cells.parquet", CELLS)
    analyse_study(checked(Plan, plan, "test"), tmp_path, tmp_path)
    estimates = read_csv(tmp_path / "estimates.csv")
    assert len({row["id"] for row in estimates}) == len(estimates) == 3 * (2 * 7 + 3 * 7) + 2 * 2 * 4 + 3 * 2 + 5
    (definition,) = read_json(tmp_path / "definitions.json").values()
    assert definition["options"]["df"] == "kenward_roger" and "observed information" in definition["words"]
    assert definition["options"]["structures"] == ["us", "toeph", "arh1", "csh"]
    sets = read_columns(tmp_path / "rowsets.parquet")
    assert {row["rowset"] for row in estimates} == set(sets["rowset"])
    # one of the model, one of each group, one of each group at each visit
    assert len(set(sets["rowset"])) == 1 + 3 + 9 + 9  # those of units missing at a visit hold their other visits


def test_empirical_errors_and_an_exponential_covariance_are_options(records):
    time = {"week_4": 4, "week_8": 8, "week_12": 12}
    given = {"structures": ["sp_exp"], "time": time, "df": "CR3"}
    numbers = list(METHOD.run(called(records, given)))
    plain = list(METHOD.run(called(records, {**given, "df": "satterthwaite"})))
    level = "covariance sp_exp (spatial exponential), REML; sandwich by unit of the jackknife (CR3), Satterthwaite"
    assert found(numbers, "covariance_parameters", level=level).value == 2
    at = {"group": "C - A", "visit": "week_12"}
    assert found(numbers, "difference", **at).value == found(plain, "difference", **at).value
    assert found(numbers, "se", **at).value != found(plain, "se", **at).value
    assert "CR3" in METHOD.said(called(records, given).options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"structures": ["sp_exp"]}, "time: goes with the structure sp_exp"),
        ({"time": {"week_4": 4}}, "time: goes with the structure sp_exp"),
        ({"structures": ["sp_exp"], "time": {"weak_4": 4}}, "'weak_4' is no visit of people; did you mean 'week_4'"),
        ({"structures": ["sp_exp"], "time": {"week_4": 4, "week_8": 8}}, "time: names each visit of score"),
        ({"structures": ["sp_exp"], "time": {"week_4": 4, "week_8": 3, "week_12": 5}}, "one later than the other"),
        ({"likelihood": "ML"}, "Kenward-Roger needs REML"),
    ],
)
def test_times_that_do_not_fit_are_refused(records, options, words):
    with pytest.raises(Fault, match=words):
        list(METHOD.run(called(records, options)))


def test_only_a_mean_over_visits_ends_where_the_scale_does(records):
    sums = {"mean": {"week_4": 0.5, "week_8": 0.5}, "change": {"week_12": 1, "week_4": -1}}
    call = replace(called(records, {"over_visits": sums}), scales={"score": Interval(0.0, 20.0)})
    numbers = list(METHOD.run(call))
    assert found(numbers, "ci_high", "A", level="mean").value == 20
    low, mean, high = (found(numbers, n, "A", level="change").value for n in ("ci_low", "adjusted_mean", "ci_high"))
    assert low < mean < high and low != 0


def test_weights_of_units_are_those_of_the_model_and_who_has_none_is_left_out(records):
    call = called(records, {"covariates": [], "unit_weights": "age"})
    weighted = list(METHOD.run(call))
    wide = {(p, v): part.set_index("unit") for (p, v), part in records.groupby(["parameter", "visit"])}
    base, age, arm = wide["score", "baseline"]["value"], wide["age", ""]["value"], wide["arm", ""]["text"]
    parts = [
        pd.DataFrame({"y": wide["score", v]["value"], "base": base, "w": age, "arm": arm, "visit": v})
        for v in VISITS.values()
    ]
    frame = pd.concat(parts).rename_axis("unit").reset_index()
    frame = frame[frame["y"].notna() & frame["base"].notna() & frame["w"].notna() & frame["arm"].isin([*GROUPS])]
    order = {"visits": list(VISITS.values()), "arms": list("ABC")}
    model = mmrm(frame, "y", "unit", "visit", "arm", "base", row_weights="w", **order)
    plain = mmrm(frame, "y", "unit", "visit", "arm", "base", **order)
    for visit in VISITS.values():
        own = found(weighted, "difference", "C - A", visit).value
        assert own == pytest.approx(model.difference("C", "A", visit)["difference"], rel=1e-9)
        assert own != pytest.approx(plain.difference("C", "A", visit)["difference"], rel=1e-4)
    rows = found(weighted, "difference", "C - A", "week_4").rows
    assert "age not collected" in {reason for _, _, reason in rows.entries}  # u004
    assert "over the weight of each unit (" in METHOD.said(call.options)
    assert "weight" not in METHOD.said(called(records).options)


def test_a_weight_may_be_no_term_of_the_model(records):
    with pytest.raises(Fault, match="unit_weights: age is a term of the model already"):
        list(METHOD.run(called(records, {"unit_weights": "age"})))

"""One refused part of an analysis takes nothing else away: it stands in the results as not computed, with the reason.

The situations are those of public reports: a visit that nobody reached (openpharma/mmrm issue 170), arms without events
(pharmaverse/tern issues 1416 and 1478), one visit after baseline for imputation (openpharma/rbmi issue 510).
"""

import pytest
from omtrace.faults import Fault
from omtrace.provenance.rows import NO_RECORDS
from test_analyses import CASES, PAIR, Results, methods, people

REGRESSION = {**PAIR, "factors": ["sex"]}


def refused(results):
    """Analysis, parameter, visit and reason of what is not computed."""
    return [
        (n["analysis"], n["parameter"], n["visit"], n["level"])
        for n in results.numbers
        if n["statistic"] == "not_computed"
    ]


def test_no_events_in_an_arm_refuse_the_model_and_nothing_else(tmp_path):
    units = people()
    for unit in units.values():
        unit["r", "end"] = 0
    entries = {
        "logit": ("logistic", ["r"], ["end"], REGRESSION),
        "shares": ("compare_proportions", ["r"], ["end"], CASES["compare_proportions"][2]),
        "means": ("describe", ["x"], [], {}),
    }
    results = Results(tmp_path, units, entries, refusals=True)
    [(analysis, parameter, visit, reason)] = refused(results)
    assert (analysis, parameter, visit) == ("logit", "r", "end")
    assert reason == "group OMT: all 8 are no, so that no odds ratio is finite"
    assert results.values(analysis="shares", statistic="difference") == {"difference": 0}
    assert results.values(analysis="means", statistic="n", group="all", visit="end") == {"n": 16}


def test_the_row_of_what_is_not_computed_says_who_has_a_value_and_who_has_none(tmp_path):
    units = people()
    for name, unit in units.items():
        unit["x", "end"] = "!not collected" if name != "P00" else 1
    results = Results(tmp_path, units, {"a": ("ancova", ["x"], ["end"], CASES["ancova"][2])}, refusals=True)
    [number] = [n for n in results.numbers if n["statistic"] == "not_computed"]
    assert (number["value"], number["group"], number["unit"], number["data"]) == ("", "all", "", "simulated")
    assert results.reasons(number) == {name: {"" if name == "P00" else "not collected"} for name in units}


def test_other_parameters_and_visits_of_the_analysis_are_made_as_they_are_alone(tmp_path):
    units = people()
    for unit in units.values():
        unit["x", "baseline"] = "!not collected"
    entry = ("grubbs", ["x", "age"], [], {"log": True, "by_group": False})
    units["P03"]["x", "end"] = -1  # has no logarithm
    both = Results(tmp_path / "both", units, {"a": entry}, refusals=True)
    assert {r[1:3]: r[3] for r in refused(both)}.keys() == {("x", "baseline"), ("x", "end")}
    alone = Results(
        tmp_path / "alone", units, {"a": ("grubbs", ["age"], [], {"log": True, "by_group": False})}, refusals=True
    )
    rows = {n["id"]: (n["value"], n["rowset"]) for n in both.numbers}
    assert {n["id"]: (n["value"], n["rowset"]) for n in alone.numbers}.items() <= rows.items()


def test_all_refusals_of_a_plan_are_made_at_once(tmp_path):
    units = people()
    for unit in units.values():
        unit["r", "end"] = 0
        unit["x", "end"] = "!not collected"
    entries = {
        "logit": ("logistic", ["r"], ["end"], REGRESSION),
        "change": ("ancova", ["x"], ["end"], CASES["ancova"][2]),
        "counts": ("count_model", ["x"], ["end"], CASES["count_model"][2]),
        "flow": ("flow", ["x"], [], {}),
    }
    results = Results(tmp_path, units, entries, refusals=True)
    assert [r[0] for r in refused(results)] == ["logit", "change", "counts"]
    assert results.values(analysis="flow", level="enrolled", group="all") == {"n": 16}


def test_what_rests_on_a_refused_analysis_is_not_computed_either_and_says_so(tmp_path):
    units = people()
    for unit in units.values():
        unit["r", "end"] = 0
    entries = {
        "logit": ("logistic", ["r"], ["end"], REGRESSION),
        "change": ("ancova", ["x"], ["end"], CASES["ancova"][2]),
    }
    members = [{"name": name, "analysis": name, "contrast": "OMT - sham"} for name in entries]
    entries["both"] = ("family", [], [], {"procedure": "holm", "hypotheses": members})
    results = Results(tmp_path, units, entries, refusals=True)
    assert [r[0] for r in refused(results)] == ["logit", "both"]
    assert refused(results)[1][3].startswith("hypothesis 'logit': logit is not computed: ")


def test_what_does_not_fit_in_the_plan_ends_the_run_with_all_of_it(tmp_path):
    pairs = {"contrasts": [["OMT", "shamm"]]}
    entries = {"a": ("compare_groups", ["x"], ["end"], pairs), "b": ("logistic", ["r"], ["end"], pairs)}
    with pytest.raises(Fault) as caught:
        Results(tmp_path, people(), entries, refusals=True)
    assert [line.partition(":")[0] for line in caught.value.lines] == ["analysis a", "analysis b"]


def emptied(units, how):
    for name, unit in units.items():
        if how == "a visit that nobody reached":
            unit |= {(p, v): "!not collected" for p, v in unit if v == "end"}
        if how == "an arm without anybody":
            unit["arm", ""] = "sham"
        if how == "an arm without values":
            unit |= {(p, v): "!not collected" for p, v in unit if v == "end" and int(name[1:]) % 2}
        if how == "one value throughout":
            unit |= {key: 0 for key in unit if key[0] in ("x", "r", "age")}
        if how == "nothing at all":
            unit |= {key: "!not collected" for key in unit if key[0] not in ("arm", "sex")}
        if how == "one unit":
            unit |= {key: "!not collected" for key in unit if key[1] == "end" and name != "P00"}
    return units


SITUATIONS = (
    "a visit that nobody reached",
    "an arm without anybody",
    "an arm without values",
    "one value throughout",
    "nothing at all",
    "one unit",
)


@pytest.mark.parametrize("how", SITUATIONS)
@pytest.mark.parametrize("method", methods())
def test_no_data_end_the_run_of_a_method_otherwise_than_by_a_refusal(tmp_path, method, how):
    parameters, visits, options = CASES[method]
    entries = {"a": (method, parameters, visits, options), "n": ("flow", ["x"], [], {})}
    results = Results(tmp_path, emptied(people(), how), entries, refusals=True)
    assert results.values(analysis="n", level="enrolled", group="all") == {"n": 16}
    assert all(reason and not reason.startswith("analysis a") for *_, reason in refused(results))


# tables without rows


@pytest.mark.parametrize("method", methods())
def test_where_nobody_is_enrolled_every_analysis_says_so(tmp_path, method):
    parameters, visits, options = CASES[method]
    entries = {"a": (method, parameters, visits, options), "n": ("flow", ["x"], [], {})}
    results = Results(tmp_path, {}, entries, refusals=True)
    said = {(analysis, why) for analysis, _, _, why in refused(results)}
    assert {why for _, why in said} == {"no participant is enrolled: the roster of data names none"}
    assert {analysis for analysis, _ in said} == {"a", "n"} and len(refused(results)) == len(results.numbers)
    assert results.rowsets == {} and {number["rowset"] for number in results.numbers} == {NO_RECORDS}


def test_a_table_without_rows_is_no_fault_of_the_plan(tmp_path):
    units = people()
    for number, unit in enumerate(units.values()):
        reason = "quarantined: range; " if number < 3 else ""
        unit["age", ""] = unit["sex", ""] = f"!{reason}table demographics has no rows"
    entries = {
        "facts": ("describe", ["age", "x"], [], {}),
        "adjusted": ("ancova", ["x"], ["end"], CASES["ancova"][2]),
        "flow": ("flow", ["x"], [], {}),
    }
    results = Results(tmp_path, units, entries, refusals=True)
    assert refused(results)[0] == ("facts", "age", "", "table demographics has no rows (3 participants quarantined)")
    assert [r[0] for r in refused(results)] == ["facts", "adjusted"]
    assert results.values(analysis="facts", parameter="x", statistic="n", group="all", visit="end") == {"n": 16}


@pytest.mark.parametrize("column", ["text", "number"])
def test_a_column_of_a_table_without_rows_gives_records_that_say_so(column):
    import pandas
    from omtrace.derivations import Context, Tables
    from omtrace.derivations._grid import Grid
    from omtrace.derivations.column import Options, derive
    from omtrace.model.plan import Plan
    from test_analyses import plan_of

    content = plan_of({"a": ("describe", ["x"], [], {})}).model_dump(mode="json", by_alias=True)
    content["tables"]["facts"] = {"reader": "delimited"}
    plan = Plan.model_validate(content)
    empty = pandas.DataFrame({"key": [], "unit_id": [], "text": [], "number": []})
    empty = empty.astype({"key": "int64", "unit_id": "str", "text": "str", "number": "float64"})
    roster = pandas.DataFrame({"key": [1, 2], "unit_id": ["P1", "P2"]}).astype({"unit_id": "str"})
    lost = pandas.DataFrame(
        {"table": ["facts"], "unit_id": ["P2"], "visit": [""], "rule": ["range"], "key": [9], "column": ["age"]}
    )
    context = Context(Tables(plan, {"t": roster, "facts": empty}, lost, {}), plan.datasets["data"], {})
    parameter = plan.datasets["data"].parameters["age"]
    found = Grid(context).laid(
        derive(context, "age", parameter, Options(table="facts", column=column)), parameter, "here"
    )
    assert found.records["status"].tolist() == [
        "table facts has no rows",
        "quarantined: range; table facts has no rows",
    ]
    assert found.records["value"].isna().all()

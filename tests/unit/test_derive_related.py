"""Values in relation to a control, areas under curves and values carried forward, on published examples."""

import pytest
from omtrace.faults import Fault
from omtrace.intake.plan_check import check_plan
from test_derive import built, frame, parameter, people, tables_of

# Ct of c-myc and GAPDH in brain and kidney: Applied Biosystems, User Bulletin 2, the example of the comparative method
# that Livak and Schmittgen describe; as data in the R package pcr (ct1). Printed: dCt 6.86 and 4.37, ddCt -2.50, and
# 5.6 times as much in kidney as in brain.
BRAIN = [(30.72, 23.7), (30.34, 23.56), (30.58, 23.47), (30.34, 23.65), (30.5, 23.69), (30.43, 23.68)]
KIDNEY = [(27.06, 22.76), (27.03, 22.61), (27.03, 22.62), (27.1, 22.6), (26.99, 22.61), (26.94, 22.76)]
# R 4.2.2, datasets::Theoph, subject 1: time and concentration.
THEOPH = [(0, 0.74), (0.25, 2.84), (0.57, 6.57), (1.12, 10.5), (2.02, 9.66), (3.82, 8.58), (5.1, 8.36), (7.03, 7.47)]
THEOPH += [(9.05, 6.89), (12.12, 5.94), (24.37, 3.28)]


def test_ddct_gives_the_printed_relative_quantity():
    tissue = [("brain", *pair) for pair in BRAIN] + [("kidney", *pair) for pair in KIDNEY]
    wells = frame("unit_id tissue target actin", *((f"S{n:02}", *row) for n, row in enumerate(tissue)))
    parameters = {
        "tissue": parameter("column", table="wells", column="tissue"),
        "target": parameter("column", table="wells", column="target"),
        "actin": parameter("column", table="wells", column="actin"),
        "dct": parameter("calculated", calculate="target - actin"),
        "ddct": parameter("normalised", of="dct", group="tissue", control="brain", give="difference"),
    }
    found, cells = built({"wells": wells}, parameters)
    kidney = [found[f"S{n:02}", ""] for n in range(6, 12)]
    mean = sum(kidney) / 6
    assert round(mean, 2) in (-2.49, -2.5) and round(2**-mean, 1) == 5.6
    behind = {(key, column, role) for unit, _, key, column, role in cells if unit == "S06"}
    assert {(7, "target", "value"), (7, "actin", "value"), (1, "target", "control"), (6, "actin", "control")} <= behind
    quantity = {**parameters, "quantity": parameter("calculated", calculate="2 ** -ddct")}
    assert built({"wells": wells}, quantity)[0]["S06", ""] == pytest.approx(2 ** -kidney[0])


@pytest.mark.parametrize(
    "options, values",
    [
        ({}, [100 * 2 / 3, 100 * 4 / 3, 200.0, 100.0]),
        ({"within": "plate"}, [100 * 2 / 3, 100 * 4 / 3, 200.0, "incomplete: 0 of 1 control values in plate 2"]),
        ({"give": "ratio", "centre": "geometric_mean"}, [2 / 8**0.5, 4 / 8**0.5, 6 / 8**0.5, 3 / 8**0.5]),
        ({"give": "ratio", "centre": "median"}, [2 / 3, 4 / 3, 2.0, 1.0]),
        ({"at_least": 3}, ["incomplete: 2 of 3 control values"] * 4),
    ],
)
def test_values_are_related_to_the_control_of_their_plate(options, values):
    rows = frame(
        "unit_id arm plate x",
        ("P1", "sham", "1", 2),
        ("P2", "sham", "1", 4),
        ("P3", "OMT", "1", 6),
        ("P4", "OMT", "2", 3),
        ("P5", "sham", "1", None),
    )
    facts = {name: parameter("column", table="s", column=name) for name in ("arm", "plate", "x")}
    found, _ = built(
        {"s": rows}, {**facts, "y": parameter("normalised", of="x", group="arm", control="sham", **options)}
    )
    assert [found[f"P{n}", ""] for n in range(1, 5)] == [v if isinstance(v, str) else pytest.approx(v) for v in values]
    assert found["P5", ""] == "not collected"


def test_a_control_that_is_no_group_is_refused():
    facts = {name: parameter("column", table="people", column=name) for name in ("arm", "age")}
    with pytest.raises(Fault, match="parameter y: no unit is of the group 'Sham'"):
        built(
            {"people": people("P1", "P2")},
            {**facts, "y": parameter("normalised", of="age", group="arm", control="Sham")},
        )


def test_an_area_over_the_rows_of_a_table_is_that_of_the_trapezoids():
    rows = frame("unit_id hour conc", *(("P1", *row) for row in reversed(THEOPH)), ("P2", 0, 1), ("P2", 1, None))
    area = {"table": "pk", "column": "conc", "time": "hour"}
    found, cells = built({"people": people("P1", "P2", "P3"), "pk": rows}, {"auc": parameter("area", **area)})
    # with(subset(Theoph, Subject == 1), sum(diff(Time) * (head(conc, -1) + tail(conc, -1)) / 2))
    assert found["P1", ""] == pytest.approx(148.92305)
    assert found["P2", ""] == "incomplete: 1 of at least 2 values" and found["P3", ""] == "not collected"
    assert len([cell for cell in cells if cell[0] == "P1"]) == 22  # a value and a time in each of 11 rows
    mean = built({"people": people("P1"), "pk": rows}, {"auc": parameter("area", **area, per_time=True)})[0]
    assert mean["P1", ""] == pytest.approx(148.92305 / 24.37)


@pytest.mark.parametrize(
    "options, values",
    [
        ({}, [26.0, "incomplete: 1 of 3 values missing", "incomplete: 1 of 3 values missing"]),
        ({"missing": "between"}, [26.0, 24.0, "incomplete: no value at the first or the last time"]),
        ({"above": "first"}, [-4.0, "incomplete: 1 of 3 values missing", "incomplete: 1 of 3 values missing"]),
    ],
)
def test_an_area_over_visits_says_what_a_missing_value_means(options, values):
    rows = frame(
        "unit_id visit x",
        *(("P1", visit, x) for visit, x in zip(("baseline", "month_1", "month_3"), (10, 8, 9), strict=True)),
        *(("P2", "baseline", 10), ("P2", "month_3", 6), ("P3", "baseline", 10), ("P3", "month_1", 8)),
    )
    times = {"baseline": 0, "month_1": 1, "month_3": 3}
    parameters = {
        "x": parameter("column", list(times), table="s", column="x"),
        "area": parameter("area", of="x", times=times, **options),
    }
    found, _ = built({"people": people("P1", "P2", "P3"), "s": rows}, parameters)
    assert [found[f"P{n}", ""] for n in (1, 2, 3)] == values


def test_a_mean_over_time_is_per_length_of_time_wherever_it_begins_and_two_values_have_one():
    rows = frame("unit_id visit x", ("P1", "month_1", 10), ("P1", "month_3", 6))
    times = {"month_1": 1, "month_3": 3}
    parameters = {
        "x": parameter("column", list(times), table="s", column="x"),
        "mean": parameter("area", of="x", times=times, per_time=True),
    }
    assert built({"people": people("P1"), "s": rows}, parameters)[0]["P1", ""] == pytest.approx(8)


@pytest.mark.parametrize("give, value", [("difference", 7.0), ("ratio", None), ("percent", None)])
def test_a_control_whose_centre_is_not_above_0_has_differences_alone(give, value):
    rows = frame("unit_id arm x", ("P1", "sham", -2), ("P2", "OMT", 5))
    facts = {name: parameter("column", table="s", column=name) for name in ("arm", "x")}
    related = parameter("normalised", of="x", group="arm", control="sham", give=give)
    found = built({"s": rows}, {**facts, "y": related})[0]["P2", ""]
    assert found == (value if value else "incomplete: the centre of the control is not above 0")


def test_a_rate_is_the_quotient_where_both_parts_have_a_value_and_the_denominator_is_not_0():
    rows = frame("unit_id days months", ("P1", 6, 4), ("P2", 6, 0), ("P3", None, 4), ("P4", 6, None))
    facts = {name: parameter("column", table="s", column=name) for name in ("days", "months")}
    found, _ = built({"s": rows}, {**facts, "rate": parameter("rate", of="days", over="months", times=12)})
    wanted = [18.0, "incomplete: months is 0", "not collected", "not collected"]
    assert [found[f"P{n}", ""] for n in range(1, 5)] == wanted


@pytest.mark.parametrize("carry, value", [("last", 8.0), ("baseline", 10.0)])
def test_a_value_carried_forward_has_the_cells_that_it_comes_from(carry, value):
    rows = frame("unit_id visit x", ("P1", "baseline", 10), ("P1", "month_1", 8), ("P2", "month_3", 5))
    visits = ["baseline", "month_1", "month_3"]
    parameters = {
        "x": parameter("column", visits, table="s", column="x"),
        "x_carried": parameter("carried", visits, of="x", carry=carry),
    }
    found, cells = built({"people": people("P1", "P2"), "s": rows}, parameters)
    assert [found["P1", visit] for visit in visits] == [10.0, 8.0, value]
    assert [found["P2", visit] for visit in visits] == ["not collected", "not collected", 5.0]
    assert {cell[2] for cell in cells if cell[:2] == ("P1", "month_3")} == {2 if carry == "last" else 1}


@pytest.mark.parametrize("name", ["x_carried", "better"])
def test_values_carried_forward_are_for_sensitivity_alone(name):
    visits = ["baseline", "month_3"]
    parameters = {
        "x": parameter("column", visits, table="people", column="age"),
        "x_carried": parameter("carried", visits, of="x"),
        "better": parameter("calculated", visits, calculate="x_carried < 30"),
    }
    everyone = {"populations": {"full": {"label": "every enrolled unit"}}}
    plan, _ = tables_of({"people": people("P1")}, parameters, dataset=everyone)
    analysis = {"method": "describe", "title": "t", "dataset": "data", "parameters": [name]}
    for role, refused in (("primary", True), ("descriptive", False)):
        whole = plan.model_validate({**plan.model_dump(by_alias=True), "analyses": {"a": {**analysis, "role": role}}})
        said = ""
        try:
            check_plan(whole)
        except Fault as fault:
            said = "\n".join(fault.lines)
        assert ("holds values carried forward" in said) == refused

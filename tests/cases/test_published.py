"""Printed numbers beside ours: what counts as agreement, how a number is named, and what is said where none fits."""

import pytest
from estimates import estimate
from omtrace.faults import Fault
from omtrace.model.closed import checked
from omtrace.model.published import PrintedNumbers, Published, agrees, decimals
from omtrace.report.published import comparisons_of
from test_derive import built, frame, parameter, people


@pytest.mark.parametrize(
    ("printed", "ours", "holds"),
    [
        ("16.2", 16.2499, True),
        ("16.2", 16.25, True),
        ("16.2", 16.2501, False),
        ("7.0", 7.04, True),
        ("7.0", 7.4, False),  # the last zero counts
        ("7", 7.4, True),
        ("-2.4", -2.36, True),
        ("\u22122.4", -2.36, True),
        ("<0.001", 0.0009, True),
        ("<0.001", 0.001, False),
        (">100", 101.0, True),
    ],
)
def test_ours_agrees_when_it_rounds_to_the_printed_number(printed, ours, holds):
    assert agrees(printed, ours) is holds


def test_printed_decimals_are_counted_with_zeros():
    assert [decimals(text) for text in ("7", "7.0", "0.0002", "<0.001")] == [0, 1, 4, 3]


class FakePlan:
    """As much of a plan as the comparison reads."""

    def __init__(self, *numbers):
        entries = tuple(checked(PrintedNumbers, entry, "published") for entry in numbers)
        self.published = (Published(source="a paper", numbers=entries),)


def number(statistic, value, **names):
    base = {"analysis": "primary", "parameter": "score", "visit": "week_4", "group": "a - b", "level": ""}
    return estimate(**base | names, statistic=statistic, value=str(value), labels={"statistic": statistic})


NUMBERS = {
    "1": number("difference", -4.6),
    "2": number("difference", -2.0, visit="week_8"),
    "3": number("mean", 20.0, group="b"),
    "4": number("ratio", 0.75),
}


def compared(**entry):
    (comparison,) = comparisons_of(FakePlan({"where": "Table 1", "analysis": "primary", **entry}), NUMBERS)
    (row,) = comparison.blocks[0].rows
    return row


def test_a_number_is_put_on_the_printed_scale():
    row = compared(visit="week_4", printed={"difference": "4.6"}, times=-1)
    assert (row.value, row.difference, row.agrees) == ("4.60", "0.00", True)
    share = compared(
        visit="week_8", printed={"difference": "12"}, times=-100, over={"analysis": "primary", "statistic": "mean"}
    )
    assert (share.value, share.difference, share.agrees, len(share.numbers)) == ("10.0", "\u22122.0", False, 2)
    fewer = compared(printed={"ratio": "25"}, plus=-1, times=-100)
    assert (fewer.value, fewer.agrees) == ("25.0", True)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"printed": {"difference": "1"}}, "2 numbers of primary fit; name the visit as well"),
        ({"visit": "week_9", "printed": {"difference": "1"}}, "no visit 'week_9'; did you mean 'week_8'?"),
        ({"printed": {"differense": "1"}}, "no statistic 'differense'; did you mean 'difference'?"),
        ({"visit": "week_8", "printed": {"ratio": "1"}}, "has no ratio for week_8"),
    ],
)
def test_a_name_that_singles_out_no_number_is_a_fault(entry, says):
    with pytest.raises(Fault, match="published.0.numbers.0") as told:
        compared(**entry)
    assert says in str(told.value)


def test_all_faults_are_reported_together():
    wrong = [{"where": "T", "analysis": "primary", "printed": {name: "1"}} for name in ("one", "two")]
    with pytest.raises(Fault) as told:
        comparisons_of(FakePlan(*wrong), NUMBERS)
    assert "numbers.0" in str(told.value) and "numbers.1" in str(told.value)


def test_a_printed_number_is_a_number():
    for wrong in ("about 3", "", "1,5", "3 %"):
        with pytest.raises(Fault):
            checked(PrintedNumbers, {"where": "T", "analysis": "a", "printed": {"mean": wrong}}, "published")


VALUES = frame(
    "unit_id visit days months",
    ("P1", "baseline", 15.0, 3.0),
    ("P2", "baseline", 14.0, 0.0),
    ("P3", "baseline", None, 2.0),
)


@pytest.mark.parametrize(
    ("side", "threshold", "says"),
    [
        ("at least", 15, {"P1": "yes", "P2": "no"}),
        ("above", 15, {"P1": "no", "P2": "no"}),
        ("at most", 14, {"P1": "no", "P2": "yes"}),
        ("below", 14, {"P1": "no", "P2": "no"}),
    ],
)
def test_threshold_is_a_yes_or_no_with_the_cells_of_its_value(side, threshold, says):
    values, behind = built(
        {"people": people("P1", "P2", "P3"), "diary": VALUES},
        {
            "days": parameter("column", ("baseline",), table="diary", column="days"),
            "many": parameter("threshold", ("baseline",), of="days", side=side, threshold=threshold),
        },
    )
    assert {unit: values[unit, "baseline"] for unit in ("P1", "P2")} == says
    assert values["P3", "baseline"] == "not collected"
    assert {(unit, column) for unit, _, _, column, _ in behind} == {("P1", "days"), ("P2", "days")}


def test_rate_divides_and_names_a_denominator_of_zero():
    values, behind = built(
        {"people": people("P1", "P2", "P3"), "diary": VALUES},
        {
            "days": parameter("column", ("baseline",), table="diary", column="days"),
            "months": parameter("column", ("baseline",), table="diary", column="months"),
            "rate": parameter("rate", ("baseline",), of="days", over="months", times=12),
        },
    )
    assert {at: value for at, value in values.items() if value != "not scheduled"} == {
        ("P1", "baseline"): 60.0,
        ("P2", "baseline"): "incomplete: months is 0",
        ("P3", "baseline"): "not collected",
    }
    assert {(unit, column) for unit, _, _, column, _ in behind} >= {("P1", "days"), ("P1", "months")}


# printed numbers held against each other

ABSTRACT = {
    "source": "an abstract",
    "tests": [
        {
            "where": "HIT-6",
            "printed": {"eta_squared": "0.16", "p": "<0.05"},
            "error_df": {"10": "paired", "23": "unknown"},
            "why": "Not known.",
        }
    ],
    "means": [
        {"where": "HIT-6", "mean": "3.4", "n": 11, "items": 6, "scale": [1, 5], "as_what": "item mean"},
        {"where": "HIT-6", "mean": "3.4", "n": 11, "scale": [36, 78], "as_what": "total"},
    ],
}


def test_printed_numbers_are_held_against_each_other_without_ours():
    plan = type("Plan", (), {"published": (checked(Published, ABSTRACT, "published"),)})()
    (comparison,) = comparisons_of(plan, {})
    (test,) = comparison.tests
    assert [row.agrees for row in test.rows] == [False, True] and test.printed == "partial \u03b7\u00b2 = 0.16, p <0.05"
    assert test.rows[0].what == "10 error df: paired"
    assert test.rows[0].recomputed == "from partial \u03b7\u00b2: F 1.83 to 1.98, p 0.190 to 0.205"
    assert test.remark == "They fit from 22 error degrees of freedom on. Not known."
    assert [[row.agrees for row in mean.rows] for mean in comparison.means] == [[True, True], [False, True]]
    assert comparison.count == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tests": [], "means": []}, "say numbers, tests or means"),
        ({"tests": [{**ABSTRACT["tests"][0], "error_df": {"ten": "x"}}]}, "error_df: 'ten' is not a whole number"),
        ({"tests": [{**ABSTRACT["tests"][0], "printed": {"p": "0.05"}}]}, "at least 2"),
    ],
)
def test_what_is_wrong_with_printed_numbers_is_told(change, says):
    with pytest.raises(Fault, match=says):
        checked(Published, {**ABSTRACT, **change}, "published")

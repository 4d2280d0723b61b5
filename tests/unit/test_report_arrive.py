"""The ARRIVE table: what a plan and its numbers hold for each item, and the gaps."""

from pathlib import Path

import pytest
from estimates import estimate
from omtrace.model.folders import plan_file
from omtrace.model.plan import Plan, read_plan
from omtrace.report.arrive import arrive_of

ROOT = Path(__file__).parents[2]


def plan_of(study, **changes):
    return read_plan(ROOT / plan_file(study)).model_copy(update=changes)


def number(analysis, statistic, group):
    labels = {"group": group.upper()}
    return estimate(analysis=analysis, statistic=statistic, group=group, parameter="p", labels=labels)


@pytest.fixture(scope="module")
def rats():
    numbers = [
        number("biomarkers", "n", "control_sham"),
        number("biomarkers", "n", "all"),
        number("animals", "n", "all"),
        *(number("contrasts", name, "a - b") for name in ("difference", "ci_low", "ci_high")),
    ]
    return arrive_of(plan_of("rat_two_hit"), dict(enumerate(numbers)))


def test_the_ten_items_in_their_order(rats):
    assert [item.number for item in rats] == [str(n) for n in range(1, 11)]
    assert [item.title for item in rats] == [
        "Study design",
        "Sample size",
        "Inclusion and exclusion criteria",
        "Randomisation",
        "Blinding",
        "Outcome measures",
        "Statistical methods",
        "Experimental animals",
        "Experimental procedures",
        "Results",
    ]


def test_what_is_not_there_is_a_gap_and_every_item_has_something(rats):
    gaps = {item.number: item.gaps for item in rats if item.gaps}
    assert set(gaps) == {"3", "5", "6"}
    assert gaps["5"] == ["Not said who knew the allocation, and when."]
    assert all(item.found or item.gaps for item in rats)


def test_the_unit_its_numbers_and_the_columns_of_animals_are_found(rats):
    texts = {item.number: [found.text for found in item.found] for item in rats}
    assert "Experimental unit: animal" in texts["1"]
    [counted] = [found for found in rats[1].found if found.numbers]
    assert counted.anchor == "analysis-biomarkers"  # the first that counts by group
    assert [label for label, _ in counted.numbers] == ["CONTROL_SHAM", "ALL"]
    assert texts["8"][0] == "In the tables, animal by animal: sex, strain, weight"
    assert rats[9].found[-1].anchor == "analysis-contrasts"
    assert not [t for t in texts["7"] if "plate acceptance" in t]  # wells are no experimental unit


def test_a_plan_that_says_nothing_has_gaps_everywhere_but_where_data_speak():
    bare = Plan.model_validate(
        {
            "study": "s",
            "title": "t",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "arrive": {},
            "tables": {"t": {"reader": "delimited", "schema": "strata"}},
            "analyses": {},
            "figures": {},
            "datasets": {
                "d": {
                    "unit": "animal",
                    "roster": {"table": "t", "column": "unit_id"},
                    "parameters": {
                        "site": {"derive": "column", "label": "Site", "options": {"table": "t", "column": "site"}}
                    },
                    "populations": {"full": {"label": "all"}},
                }
            },
        }
    )
    items = arrive_of(bare, {})
    assert [item.number for item in items if item.gaps] == [str(n) for n in range(1, 11)]


def test_reasons_stated_beforehand_fill_the_third_item():
    options = {"reasons": {"ill": {"meaning": "ill before treatment", "stated": "protocol"}}}
    plan = plan_of("rat_two_hit")
    check = type(next(iter(plan.checks.values())))(check="exclusion_reasons", options=options)
    third = arrive_of(plan.model_copy(update={"checks": {"e": check}}), {})[2]
    assert not third.gaps and third.found[0].text == "Reasons stated beforehand: ill before treatment (protocol)"


def test_studies_of_people_have_no_such_table():
    assert arrive_of(plan_of("omt_rct"), {}) == []

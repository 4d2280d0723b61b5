"""Checklists of guidelines: their items, what a plan holds for each, the gaps, and links that lead somewhere."""

import re
from pathlib import Path

import pytest
from estimates import estimate
from omtrace.model.checklists import CHECKLISTS
from omtrace.model.folders import plan_file
from omtrace.model.plan import Plan, read_plan
from omtrace.report.checklists import FINDERS, checklists_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trial():
    return read_plan(ROOT / plan_file("omt_rct"))


@pytest.mark.parametrize(
    ("name", "first", "last", "whole"),
    [
        ("consort", "1a", "30", 30),
        ("spirit", "1a", "34", 34),
        ("arrive", "11", "21", 11),
        ("consort_pro", "P1b", "P20/21", 5),
    ],
)
def test_the_items_of_a_guideline_are_all_there_once_and_in_order(name, first, last, whole):
    numbers = [item.number for item in CHECKLISTS[name].items]
    assert (numbers[0], numbers[-1]) == (first, last) and len(set(numbers)) == len(numbers)
    begins = [re.match(r"P?\d+", number)[0] for number in numbers]
    assert list(dict.fromkeys(begins)) == sorted(set(begins), key=lambda text: int(text.strip("P")))
    assert len(set(begins)) == whole


def test_each_finder_exists_and_is_of_use():
    used = {finder for checklist in CHECKLISTS.values() for item in checklist.items for finder in item.finders}
    assert used == set(FINDERS)


def test_a_trial_fills_what_plan_and_results_hold_and_flags_the_rest(trial):
    effects = [estimate(analysis="primary", statistic=name) for name in ("difference", "ci_low", "ci_high")]
    consort, pro, spirit = checklists_of(trial, dict(enumerate(effects)))
    items = {item.number: item for item in consort.items}
    assert {"2", "5a", "16b", "20a", "30"} <= {number for number, item in items.items() if item.gaps}
    assert items["17a"].found[0].text.startswith("By the generator of the simulation")
    assert items["26"].found[0].anchor == "analysis-primary"
    assert items["17b"].found[0].text == "Blocks within stratum, OMT 1, sham 1; held against the list"
    assert any("HIT-6 total" in found.text for found in items["14"].found)
    assert [found.text for found in pro.items[2].found][0].startswith("HIT-6: Kosinski 2003")
    assert consort.gaps == sum(bool(item.gaps) for item in consort.items) > 0 and spirit.gaps > consort.gaps


def test_links_lead_to_analyses_figures_and_sections_of_the_page(trial):
    page = (ROOT / "workflow/omtrace/report/templates/page.html").read_text(encoding="utf-8")
    known = {*re.findall(r'id="(\w+)"', page), "summary", "methods"}
    known |= {f"analysis-{name}" for name in trial.analyses} | {f"figure-{name}" for name in trial.figures}
    for checklist in checklists_of(trial, {}):
        assert {found.anchor for item in checklist.items for found in item.found} <= known


def test_a_statement_of_an_item_that_is_not_there_is_refused(trial):
    content = trial.model_dump(by_alias=True)
    content["reporting"]["consort"]["99"] = "something"
    with pytest.raises(ValueError, match="reporting.consort: .*99"):
        Plan.model_validate(content)


def test_animal_studies_have_the_essential_ten_and_the_recommended_set():
    (arrive,) = checklists_of(read_plan(ROOT / plan_file("rat_two_hit")), {})
    assert [item.number for item in arrive.items] == [str(n) for n in range(1, 22)]

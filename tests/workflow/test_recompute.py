"""Each number computed again from the raw cells that it lists, and from nothing else."""

import json
import random

import pytest
from estimates import estimate
from omtrace.audit.address import estimates
from omtrace.audit.recompute import Made, Recomputed, recompute, tables_of_cells
from omtrace.derivations.records import read_tables
from omtrace.faults import Fault
from omtrace.intake.plan_check import read_whole
from omtrace.model.groups import with_groups
from pipeline import SHIPPED, done, omtrace

SAMPLE = 12  # numbers of each study, beside the first of each method
SLOW = ("influence", "tipping_point", "imputation")  # seconds for each number


def plan_of(root, study):
    return read_whole(root / f"config/studies/{study}.yaml")


def test_every_number_of_the_tiny_study_comes_out_again(tiny_twins):
    root = tiny_twins[0][0]
    found = recompute(plan_of(root, "tiny"), estimates("tiny", root), root)
    assert found and [one for one in found if not one.is_same] == []


@pytest.mark.parametrize("study", ["rat_pup_weight", "headache_diary"])
def test_every_number_of_shipped_studies_comes_out_again(shipped_results, study):
    found = recompute(plan_of(shipped_results, study), estimates(study, shipped_results), shipped_results)
    assert found and [one for one in found if not one.is_same] == []


@pytest.mark.parametrize("study", SHIPPED)
def test_a_sample_of_the_numbers_of_every_shipped_study_comes_out_again(shipped_results, study):
    numbers = estimates(study, shipped_results)
    methods = {name: entry.method for name, entry in plan_of(shipped_results, study).analyses.items()}
    some = [row for row in numbers if methods[row["analysis"]] not in SLOW]
    first = {methods[row["analysis"]]: row for row in reversed(some)}
    sample = {row["id"]: row for row in [*first.values(), *random.Random(study).sample(some, SAMPLE)]}
    found = recompute(plan_of(shipped_results, study), list(sample.values()), shipped_results)
    assert [one for one in found if not one.is_same] == []


METHODS = [
    ("omt_rct", "populations"),
    ("omt_rct", "mmrm"),  # who is in the model is known from all visits
    ("omt_rct", "proportional_odds"),  # counts of a group whose model needs the others
    ("omt_rct", "count_model"),
    ("omt_rct", "subgroups"),
    ("rat_two_hit", "censored_ends"),
    ("rat_two_hit", "batch_effect"),  # ComBat's prior is of all parameters
]


@pytest.mark.parametrize(("study", "method"), METHODS)
def test_every_number_of_a_method_comes_out_again(shipped_results, study, method):
    plan = plan_of(shipped_results, study)
    numbers = [row for row in estimates(study, shipped_results) if plan.analyses[row["analysis"]].method == method]
    found = recompute(plan, numbers, shipped_results)
    assert found and [one for one in found if not one.is_same] == []


def test_a_level_that_none_of_the_units_has_counts_none():
    counted = frozenset({("grade", "OMT", "end", "count"), ("grade", "OMT", "end", "percent")})
    made = Made({}, "", counted)
    name = {"parameter": "grade", "group": "OMT", "visit": "end", "level": "IV"}
    assert made.has_none_of(estimate(statistic="count", text="0", **name))
    assert made.has_none_of(estimate(statistic="percent", text="0", **name))
    for change in ({"text": "1"}, {"text": ""}, {"group": "sham"}, {"level": ""}, {"statistic": "mean"}):
        assert not made.has_none_of(estimate(**{"statistic": "count", "text": "0", **name, **change}))


def test_a_number_that_lists_a_cell_less_does_not_come_out(tiny, monkeypatch):
    from omtrace.audit.backing import Backing

    real = Backing.behind
    monkeypatch.setattr(Backing, "behind", lambda *a, **k: real(*a, **k).iloc[:-1])
    numbers = [row for row in estimates("tiny", tiny) if row["analysis"] == "primary"]
    assert not all(one.is_same for one in recompute(plan_of(tiny, "tiny"), numbers, tiny))


def test_nothing_but_the_cells_is_in_the_tables(tiny_twins):
    root = tiny_twins[0][0]
    plan = with_groups(plan_of(root, "tiny"), root / "results/tiny/datasets")
    tables = read_tables(plan, root / "results/tiny/validated")
    key = int(tables.frames["hit6"]["key"].iloc[0])
    import pandas

    cells = pandas.DataFrame({"key": [key], "column": ["hit6_3"]})
    limited = tables_of_cells(tables, plan, "participants", cells, {"T01", "T02"}).frames
    assert limited["hit6"]["key"].tolist() == [key] and limited["diary"].empty
    items = [column for column in limited["hit6"] if column.startswith("hit6_")]
    assert limited["hit6"][items].notna().sum().sum() == limited["hit6"]["hit6_3"].notna().sum() == 1
    assert limited["allocation"]["unit_id"].tolist() == ["T01", "T02"] and limited["allocation"]["arm"].isna().all()


def test_results_that_are_older_than_the_plan_are_said_to_be(tiny):
    plan = plan_of(tiny, "tiny")
    with pytest.raises(Fault, match="no analysis 'other' any more; run snakemake tiny"):
        recompute(plan, [estimate(analysis="other")], tiny)
    (tiny / "results/tiny/validated/diary.parquet").unlink()
    with pytest.raises(Fault, match="diary.parquet: not there or not readable"):
        recompute(plan, [], tiny)


@pytest.mark.parametrize(
    ("stored", "again", "is_same"),
    [("1.5", "1.5", True), ("1.5", "1.50000000001", True), ("1.5", "1.6", False), ("", "", True), ("1", "", False)],
)
def test_what_counts_as_the_same(stored, again, is_same):
    assert Recomputed("x", stored, again).is_same is is_same


def test_the_command_says_how_many_come_out(tiny):
    ran = done(omtrace(tiny, "trace", "tiny", "--recompute"))
    assert "numbers come out again from the cells they list" in ran.out
    (number,) = [r["id"] for r in estimates("tiny", tiny) if r["analysis"] == "primary" and r["statistic"] == "p"]
    content = json.loads(done(omtrace(tiny, "trace", number, "--recompute", "--json")).out)
    assert content["numbers"][0]["is_same"] and content["numbers"][0]["id"] == number

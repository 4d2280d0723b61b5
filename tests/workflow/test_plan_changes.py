"""Which numbers an edit of the plan can touch: all that a run of it gives otherwise, and not all there are."""

import json

import pytest
from omtrace.audit.plan_changes import lines_of, plan_changes
from omtrace.audit.rerun import rerun
from omtrace.faults import Fault
from omtrace.intake.plan_check import read_whole
from omtrace.model.register import read_register
from omtrace.store import read_csv
from pipeline import done, omtrace

PLAN = "config/studies/tiny.yaml"
# Text of the plan, what it becomes, and an analysis of which no number may be touched ("": any may).
EDITS = {
    "an option of an analysis": ("options: {by_group: false}", "options: {by_group: true}", "primary"),
    "a derived parameter": ("at_least: 2\n", "at_least: 3\n", "primary"),
    "a parameter that another is made of": ("at_least: 6, source", "at_least: 1, source", "scores"),
    "a contrast": ("contrasts: [[OMT, sham]]", "contrasts: [[sham, OMT]]", "scores"),
    "a population": ("full: {label: every randomised participant}", "full: {label: x, where: \"arm == 'OMT'\"}", ""),
    "what is recoded in a table": ('"0": "0", "1": "1"', '"0": "1", "1": "1"', "primary"),
    "a missing-data code": ('"-99": not done', '"-97": not done', ""),
    "a severity": ("form_status: quarantine", "form_status: warn", ""),
    "a label": ("title: Change since baseline", "title: Change", ""),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_number_that_changes_was_named_before(tiny, tmp_path, name):
    old, new, untouched = EDITS[name]
    text = (tiny / PLAN).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (tiny / PLAN).write_text(text.replace(old, new), encoding="utf-8")
    plan = read_whole(tiny / PLAN)
    effect = plan_changes(plan, tiny)
    before = {row["id"]: row for row in read_csv(tiny / "results/tiny/estimates.csv")}
    touched = set(effect.numbers)
    try:
        rerun(plan, read_register(tiny / "config/exports.csv"), tiny, tmp_path / "again")
        after = {row["id"]: row["value"] for row in read_csv(tmp_path / "again/estimates.csv")}
        changed = {number for number, row in before.items() if after.get(number) != row["value"]}
        assert changed <= touched
    except Fault as error:  # an edit that the data do not allow: all that it is about are touched
        assert touched, error
    if untouched:
        assert touched and not [number for number in touched if before[number]["analysis"] == untouched]
    if name == "a label":
        assert not touched and not effect.keys


def test_the_command_says_so_and_runs_nothing(tiny):
    assert "no key that a number depends on differs" in done(omtrace(tiny, "plan", "tiny", "--changes")).out
    text = (tiny / PLAN).read_text(encoding="utf-8")
    (tiny / PLAN).write_text(text.replace("at_least: 2\n", "at_least: 3\n"), encoding="utf-8")
    results = (tiny / "results/tiny/estimates.csv").read_bytes()
    content = json.loads(done(omtrace(tiny, "plan", "tiny", "--changes", "--json")).out)
    assert content["numbers"] and content["keys"][0]["key"].endswith("migraine_days.options.at_least")
    assert (tiny / "results/tiny/estimates.csv").read_bytes() == results
    assert "at_least: 2 -> 3" in lines_of(plan_changes(read_whole(tiny / PLAN), tiny))[2]

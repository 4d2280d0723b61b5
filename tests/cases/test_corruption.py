"""The checks bite: damaged exports are found at the damaged cell, and what is only written otherwise is read right."""

import os
from collections import Counter
from pathlib import Path

import pytest
from corruption import everything
from corruption.known import HOLES
from corruption.operators import OPERATORS, RIGHT
from corruption.page import findable, share
from corruption.records import Records
from corruption.run import measured_together
from corruption.study import ROOT, Study
from omtrace.model.folders import plan_file
from omtrace.model.plan import read_plan
from omtrace.model.register import exports_of, read_register
from omtrace.model.retrieve import from_mirror
from omtrace.validation.validate import Validation

EACH = 3
SHIPPED = ("headache_diary", "omt_feasibility", "omt_rct", "rat_dnase_elisa", "rat_pup_weight", "rat_two_hit")
RETRIEVED = ("acupuncture_headache", "elisa_plates", "mouse_cortex_proteins", "ovariectomy_behaviour")
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
everything.load()


@pytest.fixture(scope="session")
def outcomes():
    return measured_together(list(OPERATORS), EACH)


def test_there_are_enough_kinds_of_damage_and_each_was_done_often_enough(outcomes):
    assert len(OPERATORS) >= 60
    assert Counter(o.operator for o in outcomes) == dict.fromkeys(OPERATORS, EACH)


def test_no_damage_ends_in_anything_but_findings(outcomes):
    assert [o for o in outcomes if o.result == "crash"] == []


def test_damage_is_found_at_its_cell(outcomes):
    missed = [o for o in findable(outcomes) if not o.good and o.operator not in HOLES]
    assert missed == []
    assert share(findable(outcomes)) >= 0.98


def test_the_models_by_themselves_refuse_what_the_pipeline_refuses_and_nothing_else(outcomes):
    assert [(o.operator, o.models) for o in outcomes if o.models] == []


def test_what_is_written_in_another_way_is_read_right(outcomes):
    wrong = [o for o in outcomes if OPERATORS[o.operator].wanted == RIGHT and not o.good]
    assert wrong == []


def test_what_is_said_to_be_missed_is_an_operator():
    assert set(HOLES) <= set(OPERATORS)
    assert not [name for name in HOLES if OPERATORS[name].blind]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_stop_nothing_and_warn_of_nothing_but_who_is_lost(name, tmp_path):
    study = Study(name, tmp_path)
    assert [f for f in study.clean.findings if f.severity == "stop"] == []
    expected = {"row_absent", "too_few_rows"}
    if name == "omt_rct":
        expected.add("not_eligible")  # one was enrolled too young, and three against a reason not to treat
        expected.add("diary_disagrees")  # ticked otherwise than the diary says
    assert {f.rule for f in study.clean.findings if f.severity == "warn"} <= expected


@pytest.mark.parametrize("name", RETRIEVED)
def test_the_retrieved_files_stop_nothing(name, tmp_path):
    if not MIRROR:
        pytest.skip("the files of this study are retrieved, and OMTRACE_MIRROR names no folder that has them")
    exports = exports_of(read_register(ROOT / "config/exports.csv"), name)
    for export in exports:
        path = tmp_path / export.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(from_mirror(export, MIRROR))
    validation = Validation(read_plan(ROOT / plan_file(name)), exports, tmp_path)
    validation.run()
    assert [f for f in validation.findings if f.severity == "stop"] == []


def test_records_come_back_as_they_were_and_follow_their_lines():
    content = b'id,note\n1,"two\nlines"\n2,"a ""b"", c"\n3,\n'
    records = Records(content)
    assert records.content() == content
    assert [record.line for record in records.all] == [1, 2, 4, 5]
    records.drop(2)
    records.insert(1, "new,row")
    moves = records.moves()
    assert [moves(line) for line in (1, 2, 4, 5)] == [1, 0, 3, 4]
    records.change(4, {"note": "x"})
    assert records.content() == b"id,note\nnew,row\n2,x\n3,\n"


def test_a_finding_elsewhere_does_not_count(tmp_path):
    from corruption.operators import Damage, spot
    from corruption.run import Bench

    bench = Bench(tmp_path)
    study = bench.study("rat_dnase_elisa")
    path = study.delimited[0]
    cells = {(path, 5, "density"): "n/a"}
    operator = OPERATORS["text_for_number"]
    for line, column, result in ((5, "density", "found"), (6, "density", "missed"), (5, "conc", "missed")):
        damage = Damage((spot(path, line, column),), cells=cells)
        assert [o.result for o in bench.applied(study, [(operator, damage)])] == [result]
    assert Path(study.root / path).read_bytes() == study.files[path]

"""Flow charts of small made-up studies, from the records to the boxes: a crossover, a single arm, an experiment."""

import re
from dataclasses import replace

import pytest
from omtrace.faults import Fault
from omtrace.figures import _theme as style
from omtrace.figures import flow as module
from omtrace.figures._results import Estimates
from omtrace.figures._sheet import Sheet
from omtrace.model.plan import FigurePlan
from test_analyses import AT, Results, people
from test_figures import clashes, shown
from test_figures_details import words

ORDER = {"sham": ["Osteopathic treatment", "Sham treatment"], "OMT": ["Sham treatment", "Osteopathic treatment"]}
FLOW = ("flow", ["x"], [*AT], {"every_visit": True, "received": "r", "discontinued": "sex"})


def crossover():
    """16 people in two sequences: P02 and P04 have no second period, P03 no first, P05 neither; P06 was not treated."""
    units = people()
    for unit, facts in units.items():
        facts["r", "baseline"] = facts["r", "end"] = 1
        facts["sex", ""] = "moved" if unit in ("P02", "P05") else "no"
    units["P02"]["x", "end"] = units["P04"]["x", "end"] = "!not collected"
    units["P03"]["x", "baseline"] = "!not collected"
    units["P05"]["x", "baseline"] = units["P05"]["x", "end"] = "!withdrew"
    units["P06"]["r", "end"] = 0
    return units


def drawn(folder, entry=FLOW, change=None, units=None, **options):
    results = Results(folder, units or crossover(), {"a": entry})
    figure = {"figure": "flow", "analyses": ["a"], "title": "Flow", "options": options}
    plan = results.plan.model_copy(update={"figures": {"f": FigurePlan.model_validate(figure)}})
    rows = [change(row) for row in results.numbers] if change else results.numbers
    with style.theme("f"):
        sheet = Sheet(plan, "f", folder, Estimates(rows, "estimates.csv"), "plan")
        drawing = module.FIGURE.draw(sheet, module.Options.model_validate(options))
        sheet.finish()
        sheet.figure.draw_without_rendering()
    return results, sheet, drawing


def test_a_crossover_has_a_box_for_each_sequence_and_period_and_their_people(tmp_path):
    results, sheet, drawing = drawn(tmp_path, form="crossover", sequences=ORDER)
    seen = [" ".join(text.split()) for text in words(sheet)]
    assert {"Enrolment", "Allocation", "B", "E", "Analysis", "Randomised"} <= set(seen)
    for title in ("Osteopathic treatment", "Sham treatment"):
        assert seen.count(title) == 2  # each sequence has each treatment once
    assert seen.count("Allocated: n = 8") == 2 and "n = 16" in seen
    # sham: P00 P02 P04 P06 ...; OMT: P01 P03 P05 ...
    assert "Received treatment: n = 7" in seen and "Did not receive treatment: n = 1" in seen
    assert "Analysed in every period: n = 6" in seen
    assert "– not collected in e: n = 2" in seen and "– not collected in b: n = 1" in seen
    assert "– withdrew in b: n = 1" in seen and seen.count("Discontinued: moved: n = 1") == 2
    assert not clashes(sheet) and "by sequence" in drawing.note
    people_of = {n.id: results.reasons(n) for n in results.numbers}
    counts = {n.id: n for n in results.numbers}
    for number in shown(sheet):
        row, units = counts[number], people_of[number]
        if row.level in ("analysed", "analysed at every visit", "assessed", "enrolled", "received"):
            assert sum(reasons == {""} for reasons in units.values()) == row.value
        if row.level == "excluded: x at end not collected":
            assert {unit for unit, reasons in units.items() if "x at end not collected" in reasons} == {"P02", "P04"}


def test_the_boxes_of_a_crossover_add_up_to_those_allocated(tmp_path):
    results, _, _ = drawn(tmp_path, form="crossover", sequences=ORDER)
    for group in ("sham", "OMT", "all"):
        whole = next(n.value for n in results.numbers if n.level == "enrolled" and n.group == group)
        for visit in (*AT, ""):
            parts = [
                n.value
                for n in results.numbers
                if (n.group, n.visit) == (group, visit) and re.match("excluded|analysed", n.level)
            ]
            assert sum(parts) == whole


def test_people_without_a_known_arm_are_named_below_the_boxes(tmp_path):
    units = crossover()
    units["P07"]["arm", ""] = "!not collected"
    _, _, drawing = drawn(tmp_path / "one", units=units, form="crossover", sequences=ORDER)
    assert drawing.note.endswith("In no arm, since theirs is not known: 1.")
    assert "In no arm" not in drawn(tmp_path / "none", form="crossover", sequences=ORDER)[2].note


@pytest.mark.parametrize("level", ["analysed", "analysed at every visit", "excluded: x at baseline withdrew"])
def test_boxes_of_a_crossover_that_do_not_add_up_are_refused(tmp_path, level):
    def more(row):
        return replace(row, text=f"{row.value + 1:g}") if (row.level, row.group) == (level, "OMT") else row

    with pytest.raises(Fault, match=r"of 8 units 9 are analysed or left out \(OMT, x"):
        drawn(tmp_path, change=more, form="crossover", sequences=ORDER)


@pytest.mark.parametrize(
    "sequences", [{}, {"sham": ["A", "B"]}, {"sham": ["A"], "OMT": ["B"]}, {**ORDER, "third": ["A", "B"]}]
)
def test_a_crossover_needs_the_treatment_of_each_sequence_in_each_period(tmp_path, sequences):
    with pytest.raises(Fault, match="each group of the dataset needs a treatment for each of the 2 visits"):
        drawn(tmp_path, form="crossover", sequences=sequences)


def test_a_single_arm_has_one_column_from_enrolment_to_analysis(tmp_path):
    entry = ("flow", ["x"], [*AT], {"by_group": False, "discontinued": "sex"})
    results, sheet, drawing = drawn(tmp_path, entry, form="consort", by_group=False)
    seen = [" ".join(text.split()) for text in words(sheet)]
    assert "Enrolled" in seen and "Randomised" not in seen and "Allocation" not in seen
    assert "Assessed at b: n = 14" in seen and "Analysed at e: n = 13" in seen
    assert "Discontinued: moved: n = 2" in seen and "– withdrew: n = 1" in seen
    assert not clashes(sheet)

    def fewer(row):
        return replace(row, text="12") if (row.level, row.visit, row.group) == ("analysed", "end", "all") else row

    with pytest.raises(Fault, match="of 16 units 15 are analysed or left out"):
        drawn(tmp_path, entry, change=fewer, form="consort", by_group=False)


def test_the_rows_of_an_experiment_add_up_to_its_animals(tmp_path):
    entry = ("flow", ["x", "age"], [], {})
    _, sheet, _ = drawn(tmp_path, entry, form="arrive")
    seen = [" ".join(text.split()) for text in words(sheet)]
    assert "n = 16" in seen and seen.count("n = 8") >= 4

    def more(row):
        is_one = (row.level, row.parameter, row.group) == ("analysed", "age", "sham")
        return replace(row, text="9") if is_one else row

    with pytest.raises(Fault, match=r"of 8 units 9 are analysed or left out \(Sham, age\)"):
        drawn(tmp_path, entry, change=more, form="arrive")

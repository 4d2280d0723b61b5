"""Kaplan-Meier curves as they are drawn: steps, limits, censored times, units at risk, and the numbers behind."""

import math

import pytest
from omtrace.faults import Fault
from omtrace.figures import _theme as style
from omtrace.figures._results import Estimates
from omtrace.figures._sheet import Sheet
from omtrace.figures.survival import FIGURE, Options
from omtrace.model.plan import FigurePlan
from omtrace.store import read_csv
from test_analyses import PAIR, Results, people
from test_figures import clashes, shown, texts_of

OPTIONS = {"event": "done", "times": [35, 45], **PAIR}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return Results(tmp_path_factory.mktemp("study"), people(), {"a": ("time_to_event", ["age"], [], OPTIONS)})


def drawn(results, folder, analysis="a", **options):
    figure = FigurePlan.model_validate({"figure": "survival", "analyses": [analysis], "title": "Curves"})
    plan = results.plan.model_copy(update={"figures": {"curves": figure}})
    with style.theme("curves"):
        sheet = Sheet(plan, "curves", results.folder, Estimates.of_file(results.folder / "estimates.csv"), "plan")
        drawing = FIGURE.draw(sheet, Options.model_validate(options))
        sheet.finish()
        sheet.figure.draw_without_rendering()
        sheet.write(folder / "curves")
    return sheet, drawing


def named(results, statistic, group=""):
    return [n for n in results.numbers if n["statistic"] == statistic and n["group"] in (group or n["group"])]


def test_each_step_stands_where_its_number_says_and_carries_its_id(results, tmp_path):
    sheet, drawing = drawn(results, tmp_path)
    marks = shown(sheet)
    for time, survival in zip(named(results, "curve_time"), named(results, "curve_survival"), strict=True):
        (point,) = marks[survival["id"]]
        assert point.get_xdata() == pytest.approx([float(time["value"])])
        assert point.get_ydata() == pytest.approx([float(survival["value"])])
    limits = [n for n in named(results, "curve_survival_low") if n["value"]]
    for number in limits:
        (line,) = marks[number["id"]]
        assert line.get_ydata() == pytest.approx([float(number["value"])] * 2)
    assert limits and set(marks) <= set(drawing.numbers)
    assert clashes(sheet) == []


def test_censored_units_are_marked_on_their_curve_and_listed(results, tmp_path):
    sheet, _ = drawn(results, tmp_path)
    (axes,) = sheet.figure.axes
    places = [
        (x, y) for line in axes.lines if line.get_label() == "censored" for x, y in zip(*line.get_data(), strict=True)
    ]
    censored = sorted(facts["age", ""] for facts in people().values() if not facts["done", ""])
    assert sorted(x for x, _ in places) == censored and all(0 <= y <= 1 for _, y in places)
    rows = [row for row in read_csv(tmp_path / "curves.csv") if row["member"]]
    assert sorted(float(row["value"]) for row in rows) == censored


def test_units_at_risk_stand_below_the_axis(results, tmp_path):
    sheet, drawing = drawn(results, tmp_path)
    texts = [text.get_text() for text in texts_of(sheet)]
    for number in (*named(results, "at_risk"), *named(results, "n", "sham"), *named(results, "hazard_ratio")):
        assert number["id"] in drawing.numbers
    assert [text for text in texts if text.startswith("OMT / Sham: hazard ratio ")]
    assert "Sham: median " in drawing.alt and "at risk at 45" in drawing.alt


def test_a_drawing_has_the_same_bytes_twice_and_may_leave_the_limits_out(results, tmp_path):
    (tmp_path / "again").mkdir()
    drawn(results, tmp_path)
    drawn(results, tmp_path / "again")
    assert (tmp_path / "curves.svg").read_bytes() == (tmp_path / "again/curves.svg").read_bytes()
    _, bare = drawn(results, tmp_path, limits=False)
    low = {n["id"] for n in named(results, "curve_survival_low")}
    assert not low & set(bare.numbers)


def test_one_group_without_events_is_drawn_as_a_flat_line(tmp_path):
    units = people()
    for facts in units.values():
        facts["done", ""] = False
    results = Results(tmp_path, units, {"a": ("time_to_event", ["age"], [], OPTIONS)}, refusals=True)
    sheet, drawing = drawn(results, tmp_path)
    assert "not reached" in drawing.alt and math.isclose(sheet.figure.axes[0].get_ylim()[0], 0)


def test_an_analysis_without_curves_is_a_fault(tmp_path):
    results = Results(tmp_path, people(), {"a": ("describe", ["age"], [], {})})
    results.plan = results.plan.model_copy(
        update={"analyses": {"a": results.plan.analyses["a"].model_copy(update={"options": OPTIONS})}}
    )
    with pytest.raises(Fault, match="has no curve of 'age'"):
        drawn(results, tmp_path)

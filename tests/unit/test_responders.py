"""Responders at every threshold: the numbers, whom they count, the verdict, and the curves drawn from them."""

import numpy
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.figures.responder_curve import FIGURE
from omtrace.statistics.basic.proportion import score_differences
from omtrace.statistics.basic.thresholds import threshold_grid, verdict
from test_analyses import GROUPS, Results, column, people, same
from test_figures import Study, drawn, lines, parameter, plan_of, shown

OPTIONS = {
    "group": "OMT",
    "reference": "sham",
    "grids": {"x": {"low": 2, "high": 12, "step": 5, "sources": {4.5: "A"}}},
}
BETTER = {
    "parameters": {
        name: {
            "derive": "column",
            "label": name,
            "unit": "points",
            "visits": visits,
            "better": better,
            "options": {"table": "t", "column": name},
        }
        for name, visits, better in (
            ("x", ["baseline", "end"], "lower"),
            ("r", ["baseline", "end"], "higher"),
            ("arm", [], ""),
            ("age", [], ""),
        )
    }
}


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None: Results(tmp_path, units or people(), entries, **BETTER)


def test_a_row_of_the_grid_is_the_comparison_of_two_proportions():
    a, b = [5, 3, 3, -1, 8.5], [0, 2, 3, 1]
    (row,) = threshold_grid(a, b, [3], 0.9)
    assert (row["count_a"], row["count_b"], row["difference"]) == (4, 1, pytest.approx(4 / 5 - 1 / 4))
    limits = score_differences(4, 5, 1, 4, 0.9)
    assert [row["ci_low"], row["ci_high"]] == [limits[f"miettinen_nurminen_{end}"] for end in ("low", "high")]
    assert threshold_grid([0.1 + 0.2], [0.0], [0.3])[0]["count_a"] == 1  # reached but for rounding


def test_the_verdict_tells_whether_the_conclusion_depends_on_the_threshold():
    def rows(*limits):
        return [
            {"improvement": at, "difference": (low + high) / 2, "ci_low": low, "ci_high": high}
            for at, (low, high) in enumerate(limits, 1)
        ]

    above, none, below = (0.1, 0.3), (-0.1, 0.2), (-0.4, -0.1)
    assert verdict(rows(above, above))["conclusion_depends"] == 0 == verdict(rows(none, none))["conclusion_depends"]
    found = verdict(rows(none, above, above, none, below))
    assert found["conclusion_depends"] == 1 and found["thresholds"] == 5
    assert (found["intervals_above_0"], found["intervals_below_0"]) == (2, 1)
    assert (found["excludes_from"], found["excludes_to"]) == (2, 5)
    assert (found["difference_lowest"], found["difference_highest"]) == pytest.approx((-0.25, 0.2))
    assert numpy.isnan(verdict(rows(none))["excludes_from"])


def test_every_threshold_of_the_plan_is_compared(study):
    units = people()
    units["P02"]["x", "end"] = "!not collected"
    results = study({"a": ("responder_grid", ["x"], [], OPTIONS)}, units)
    del units["P02"]
    gains = {}
    for arm in GROUPS:
        before, after = (column(units, "x", visit, arm=arm) for visit in ("baseline", "end"))
        gains[arm] = numpy.subtract(before, after)
    levels = ["at least 2 points", "at least 4.5 points (A)", "at least 7 points", "at least 12 points"]
    found = threshold_grid(gains["OMT"], gains["sham"], [2, 4.5, 7, 12])
    for level, row in zip(levels, found, strict=True):
        same(results.values(level=level), row)
    every = results.values(level="every threshold")
    same(every, {name: value for name, value in verdict(found).items() if value == value})
    assert (every["n_a"], every["n_b"]) == (8, 7)
    same(
        results.values(level="thresholds with a source"), {"thresholds": 1, "difference_lowest": found[1]["difference"]}
    )
    assert {n["group"] for n in results.numbers} == {"OMT - sham"}
    for number in results.numbers:
        reasons = results.reasons(number)
        assert len(reasons) == 16 and reasons["P02"] == {"not collected"}
    units_of = {(n["level"], n["statistic"]): (n["unit"], n["decimals"]) for n in results.numbers}
    assert units_of[levels[1], "improvement"] == ("points", "1") and units_of[levels[0], "proportion_a"] == ("", "3")


def test_a_relative_improvement_needs_a_baseline_that_is_not_zero(study):
    units = people()
    for facts in units.values():
        facts["x", "baseline"], facts["x", "end"] = 10, 6
    units["P01"]["x", "baseline"] = 0
    units["P03"]["x", "end"] = 4
    options = {**OPTIONS, "grids": {"x": {"low": 40, "high": 60, "step": 20, "relative": True}}}
    results = study({"a": ("responder_grid", ["x"], [], options)}, units)
    first, second = (results.values(level=f"at least {t} %") for t in (40, 60))
    assert [first[n] for n in ("count_a", "proportion_a", "count_b")] == [7, 1, 8]
    assert [second[n] for n in ("count_a", "count_b", "improvement")] == [1, 0, 60]
    assert results.reasons(results.numbers[0])["P01"] == {"baseline of zero"}


def test_higher_may_be_better(study):
    options = {**OPTIONS, "grids": {"r": {"low": 1, "high": 1, "step": 1}}}
    results = study({"a": ("responder_grid", ["r"], ["end"], options)})
    assert results.values(level="at least 1 points")["count_a"] == sum(column(people(), "r", "end", arm="OMT"))


@pytest.mark.parametrize(
    ("parameters", "grids", "words"),
    [
        (["x"], {"y": OPTIONS["grids"]["x"]}, "'y' is not among its parameters"),
        (["x", "r"], OPTIONS["grids"], "no thresholds for 'r'"),
        (["x"], {"x": {"low": 5, "high": 4, "step": 1}}, "high: at least low"),
        (["x"], {"x": {"low": 1, "high": 1000, "step": 1}}, "at most 500 steps"),
        (["x"], {"x": {"low": 1, "high": 4, "step": 0}}, "step"),
    ],
)
def test_thresholds_that_cannot_be(study, parameters, grids, words):
    with pytest.raises(Fault, match=words):
        study({"a": ("responder_grid", parameters, ["end"], {**OPTIONS, "grids": grids})})


def curves() -> Study:
    """A study with thresholds of two parameters."""
    visits = ("baseline", "month3")
    parameters = {
        "hit6": parameter("HIT-6 total", "points (36 to 78)", visits, better="lower"),
        "days": parameter("Migraine days", "days", visits, better="lower"),
        "arm": parameter("Arm"),
    }
    dataset = {
        "unit": "participant",
        "visits": {"baseline": "Baseline", "month3": "3 months"},
        "baseline": "baseline",
        "parameters": parameters,
        "group": "arm",
        "groups": {"sham": "Sham", "omt": "Treatment"},
    }
    grid = {"low": 1, "high": 8, "step": 1}
    options = {"grids": {"hit6": {**grid, "sources": {6: "Author 2020"}}, "days": grid}}
    analyses = {
        "grid": {"method": "responder_grid", "dataset": "people", "parameters": ["hit6", "days"], "options": options}
    }
    figures = {"curves": {"figure": "responder_curve", "analyses": ["grid"], "title": "Responders"}}
    study = Study(plan_of("curves", {"people": dataset}, analyses, figures))
    for name in ("hit6", "days"):
        one: dict = {"group": "omt - sham", "visit": "month3"}
        for statistic in ("n_a", "n_b"):
            study.estimate("grid", name, statistic, 50, level="every threshold", decimals=0, **one)
        for at in range(1, 9):
            level = f"at least {at} points (36 to 78)" + " (Author 2020)" * (at == 6 and name == "hit6")
            values = {
                "improvement": at,
                "proportion_a": 0.8 - at / 12,
                "proportion_b": 0.6 - at / 15,
                "difference": 0.2 - at / 60,
                "ci_low": 0.05 - at / 60,
                "ci_high": 0.35 - at / 60,
            }
            for statistic, value in values.items():
                study.estimate("grid", name, statistic, value, level=level, decimals=3, **one)
    return study


def test_curves_are_the_estimates_and_thresholds_with_a_source_are_marked(tmp_path):
    study = curves()
    sheet, drawing = drawn(study, "curves", tmp_path)
    rows = store.read_csv(tmp_path / "estimates.csv")
    drawn_ones = [r["id"] for r in rows if r["statistic"] != "improvement"]
    assert sorted(drawing.numbers) == sorted(drawn_ones) == sorted(shown(sheet))
    left, right = sheet.figure.axes[:2]
    assert left.get_title(loc="left") == "HIT-6 total, 3 months"
    assert " ".join(right.get_ylabel().split()) == "Treatment − Sham, percentage points"
    for axes in (left, right):
        assert [line.get_xdata()[0] for line in lines(axes, "source")] == [6]
    steps = [line for line in left.lines if len(line.get_xdata()) == 8]
    assert [list(line.get_ydata()) for line in steps] == [
        pytest.approx([0.6 - at / 15 for at in range(1, 9)]),
        pytest.approx([0.8 - at / 12 for at in range(1, 9)]),
    ]
    assert not lines(sheet.figure.axes[2], "source")
    assert "at least 6 points (36 to 78) (Author 2020): Sham 0.200, Treatment 0.300, difference 0.100" in drawing.alt


def test_thresholds_that_were_not_analysed_are_named(tmp_path):
    study = curves()
    study.estimates = [row for row in study.estimates if row[2] == "hit6"]
    with pytest.raises(Fault, match="has no thresholds of 'days' at 'month3'"):
        drawn(study, "curves", tmp_path)
    assert FIGURE.options.__doc__

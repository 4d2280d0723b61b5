"""The figures of missing values: patterns by group, and differences against delta with the tipping point."""

import pytest
from omtrace.faults import Fault
from omtrace.figures._results import Name
from test_figures import GROUPS, LONG, clashes, clinic, drawn, shown, texts_of

PATTERNS = {"●●●": (20, 24), "●●○": (3, 1), "●○○": (2, 0), "●○●": (0, 1)}
TIP = {"figure": "tipping_point", "analyses": ["tip"], "title": "If missing scores were worse"}
MISSING = {"figure": "missing_patterns", "analyses": ["missing"], "title": "Which visits have a score"}


def study(groups=None, patterns=None, beside=(), tips=True):
    """A made-up study with the numbers of both methods."""
    groups = groups or GROUPS
    made = clinic(4, groups, figures={})
    analyses = {
        "missing": {"method": "missing_patterns", "dataset": "participants", "title": "t", "parameters": ["hit6"]},
        "tip": {
            "method": "tipping_point",
            "dataset": "participants",
            "title": "t",
            "parameters": ["hit6"],
            "visits": ["month3"],
            "options": {"group": "omt", "reference": "sham", "deltas": [0, 1]},
        },
    }
    content = made.plan.model_dump(by_alias=True)
    content["analyses"] |= analyses
    content["figures"] = {"tipping": TIP, "patterns": MISSING}
    made.plan = type(made.plan).model_validate(content)
    for marks, counts in (patterns or PATTERNS).items():
        for at, group in enumerate([*groups, "all"]):
            count = sum(counts) if group == "all" else counts[at % 2]
            made.estimate("missing", "hit6", "count", count, group, "", marks, decimals=0)
            made.estimate("missing", "hit6", "percent", 2 * count, group, "", marks, unit="%")
    made.estimate("missing", "hit6", "count", 3, "omt", "month3", "not collected", decimals=0)
    rows = [(d, b) for b in beside or (None,) for d in (0, 2, 4, 8)]
    for delta, other in rows:
        grid(made, delta, other, f"delta {delta} in omt" + (f", {other} in sham" if beside else ""))
    for other in beside or (None,):
        level = f"tipping point at {other} in sham" if beside else "tipping point"
        made.estimate("tip", "hit6", "tips", int(tips), "omt - sham", "month3", level)
        if tips:
            grid(made, 4.26, other, level)
    return made


def grid(made, delta, other, level):
    middle = -3 + delta / 2 - (other or 0) / 3
    values = {"delta": delta, **({} if other is None else {"reference_delta": other}), "difference": middle}
    values |= {"ci_low": middle - 1.5, "ci_high": middle + 1.5}
    for statistic, value in values.items():
        made.estimate("tip", "hit6", statistic, value, "omt - sham", "month3", level, "points")
    made.estimate("tip", "hit6", "p", 0.2 if delta > 4 else 0.00004, "omt - sham", "month3", level, decimals=3)


def test_patterns_are_squares_and_bars_in_the_order_of_the_estimates(tmp_path):
    sheet, drawing = drawn(study(), "patterns", tmp_path)
    left, right = sheet.figure.axes
    (squares,) = left.collections
    filled = [tuple(colour[:3]) != (1, 1, 1) for colour in squares.get_facecolors()]
    full = [filled[3 * i : 3 * i + 3] for i in range(4)]
    assert full == [[mark == "●" for mark in marks] for marks in PATTERNS]
    assert [patch.get_width() for patch in right.patches] == [n for pair in PATTERNS.values() for n in pair]
    texts = [text.get_text() for text in right.texts]
    assert texts[0] == "20 (40.0%)" and len(texts) == 8
    assert len(drawing.numbers) == 16 and "Sham treatment ●●● 20" in drawing.alt


def test_curve_is_the_estimates_and_the_tipping_point_is_marked(tmp_path):
    sheet, drawing = drawn(study(), "tipping", tmp_path)
    (axes,) = sheet.figure.axes
    line = next(line for line in axes.lines if len(line.get_xdata()) == 4)
    assert list(line.get_xdata()) == [0, 2, 4, 8] and list(line.get_ydata()) == [-3, -2, -1, 1]
    assert "tips at 4.3 points" in [text.get_text() for text in axes.texts]
    marks = shown(sheet)
    tip = sheet.estimates.find(Name("tip", "hit6", "delta", "omt - sham", "month3", "tipping point"))
    assert tip.id in marks and tip.id in drawing.numbers and "Tips at 4.3" in drawing.alt
    assert axes.get_xlabel() == "Added to imputed values of Osteopathic treatment, points"


def test_a_conclusion_that_does_not_tip_has_no_mark(tmp_path):
    sheet, drawing = drawn(study(tips=False), "tipping", tmp_path)
    assert not sheet.figure.axes[0].texts and "Does not tip on the grid" in drawing.alt


def test_two_arms_are_a_map_with_a_mark_for_each_row(tmp_path):
    sheet, drawing = drawn(study(beside=(-3, 0, 3)), "tipping", tmp_path)
    (axes,) = sheet.figure.axes
    assert len(axes.patches) == 12 and len({patch.get_facecolor() for patch in axes.patches}) == 2
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["−3", "0", "3"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:2] == ["−2.0", "p <0.001"] and "p = 0.200" in texts
    places = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in axes.lines]
    assert places == [(pytest.approx(2 + 0.26 / 4), pytest.approx(row + 0.42)) for row in range(3)]
    assert "Diamonds" in drawing.note


@pytest.mark.parametrize("groups", [GROUPS, {**GROUPS, "long": LONG}, {"sham": "Sham", "omt": LONG}])
@pytest.mark.parametrize("beside", [(), (-2, 0, 2, 4)])
def test_no_text_leaves_the_figure_or_covers_another(groups, beside, tmp_path):
    made = study(groups, beside=beside)
    for name in ("tipping", "patterns"):
        sheet, _ = drawn(made, name, tmp_path)
        assert clashes(sheet) == [], name
        assert len(texts_of(sheet)) > 8


def test_results_without_a_grid_or_a_pattern_are_faults(tmp_path):
    made = study()
    made.estimates = [row for row in made.estimates if row[7] not in ("delta", "count")]
    with pytest.raises(Fault, match="analysis 'tip' has no grid of deltas at month3"):
        drawn(made, "tipping", tmp_path)
    with pytest.raises(Fault, match="analysis 'missing' has no pattern of 'hit6'"):
        drawn(made, "patterns", tmp_path)

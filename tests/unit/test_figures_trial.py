"""Figures of progression criteria and of influence: what is drawn, in which zone, and by which numbers."""

import pytest
from omtrace.faults import Fault
from test_figures import clashes, clinic, drawn, shown, texts_of

CRITERIA = {
    "At least three sessions": (1.0, 0.715, 1.0, 0.6, 0.8, 2),
    "A criterion whose words are long enough to need a second line of text": (0.7, 0.39, 0.94, 0.6, 0.8, 1),
    "Retention at three months": (0.36, 0.11, 0.69, 0.6, 0.8, 0),
}
NAMES = ("proportion", "clopper_pearson_low", "clopper_pearson_high", "stop_below", "go_from", "verdict")
RATE = ("rate", "rate_low", "rate_high", "stop_below", "go_from", "verdict")


def criteria():
    """A made-up study with three shares and a rate."""
    made = clinic(4, figures={})
    content = made.plan.model_dump(by_alias=True)
    content["analyses"] = {"f": {"method": "feasibility", "dataset": "participants", "title": "t"}}
    content["figures"] = {"criteria": {"figure": "progression", "analyses": ["f"], "title": "Criteria"}}
    made.plan = type(made.plan).model_validate(content)
    made.estimates = []
    for label, values in CRITERIA.items():
        for statistic, value in zip(NAMES, values, strict=True):
            made.estimate("f", "sessions", statistic, value, level=label, decimals=0 if statistic == "verdict" else 2)
    for statistic, value in zip(RATE, (5.5, 2.7, 9.8, 2, 4, 2), strict=True):
        made.estimate(
            "f", "hit6", statistic, value, "all", "month1", "Recruitment", "a month" * (statistic in RATE[:3]), 1
        )
    return made


def test_each_criterion_lies_over_its_zones_with_its_verdict(tmp_path):
    sheet, drawing = drawn(criteria(), "criteria", tmp_path)
    shares, rates = sheet.figure.axes
    assert shares.get_xlim()[0] == 0 and shares.get_xlim()[1] == pytest.approx(1, abs=0.01)
    zones = [(round(bar.get_x(), 6), round(bar.get_width(), 6)) for bar in shares.patches]
    assert zones == [(0, 0.6), (0.6, 0.2), (0.8, 0.2)] * 3
    assert [(bar.get_x(), bar.get_width()) for bar in rates.patches][:2] == [(0, 2), (2, 2)]
    texts = [text.get_text() for text in texts_of(sheet)]
    assert [texts.count(word) for word in ("stop", "amend", "go")] == [2, 2, 3]  # the key has each once
    assert "70% (39% to 94%)" in texts and "5.5 (2.7 to 9.8)" in texts
    assert rates.get_xlabel() == "participants a month" and "36% (11% to 69%), stop." in drawing.alt
    assert clashes(sheet) == []
    assert set(shown(sheet)) <= set(drawing.numbers) and len(drawing.numbers) == 4 * 5


def test_criteria_that_are_not_there_are_a_fault(tmp_path):
    made = criteria()
    made.estimates = [row for row in made.estimates if row[7] != "verdict"]
    with pytest.raises(Fault, match="its analyses hold no criteria"):
        drawn(made, "criteria", tmp_path)


def influence(removals=3, effects=1):
    made = clinic(4, {"sham": "Sham", "omt": "OMT"}, figures={})
    content = made.plan.model_dump(by_alias=True)
    content["analyses"]["i"] = {
        "method": "influence",
        "dataset": "participants",
        "title": "t",
        "role": "sensitivity",
        "of": "compared",
    }
    content["figures"] = {"influence": {"figure": "influence", "analyses": ["i"], "title": "Influence"}}
    made.plan = type(made.plan).model_validate(content)
    for visit in ("month1", "month3")[:effects]:
        at = ("i", "hit6")
        where = {"group": "omt - sham", "visit": visit, "unit": "points"}
        for statistic, value in {"estimate_lowest": -3.6, "estimate_highest": -3.0}.items():
            made.estimate(*at, statistic, value, **where)
        for place in range(removals + 1):
            level = f"without unit {place} (by influence)" if place else ""
            made.members[level] = {f"P{unit + 1:03d}" for unit in range(4) if unit + 1 != place}
            for statistic, value in {"estimate": -3.3, "estimate_ci_low": -5, "estimate_ci_high": -1.5}.items():
                made.estimate(*at, statistic, value - 0.1 * place, level=level, **where)
    return made


@pytest.mark.parametrize("effects", [1, 2])
def test_influence_draws_all_units_first_and_the_range_as_a_band(tmp_path, effects):
    sheet, drawing = drawn(influence(effects=effects), "influence", tmp_path)
    assert len(sheet.figure.axes) == effects
    axes = sheet.figure.axes[0]
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert [round(line.get_xdata()[0], 1) for line in squares] == [-3.3, -3.4, -3.5, -3.6]
    middles = [line.get_ydata()[0] for line in squares]
    assert middles == sorted(middles) and axes.get_ylim()[0] > axes.get_ylim()[1]
    band = axes.patches[0]
    assert (band.get_x(), round(band.get_width(), 6)) == (-3.6, 0.6)
    texts = [text.get_text() for text in texts_of(sheet)]
    assert (
        "All participants" in texts
        and "Without P001" in texts
        and "Without P003" in texts
        and "−3.3 (−5.0 to −1.5)" in texts
    )
    assert "HIT-6 total, 1 month, OMT − Sham" in texts
    assert "from −3.6 to −3.0 without single units" in drawing.alt and clashes(sheet) == []
    assert len(drawing.numbers) == effects * (2 + 4 * 3)


def test_influence_without_numbers_is_a_fault(tmp_path):
    made = influence()
    made.estimates = [row for row in made.estimates if row[1] != "i"]
    with pytest.raises(Fault, match="no removals of single units"):
        drawn(made, "influence", tmp_path)

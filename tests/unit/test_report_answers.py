"""The answers at the head of a report: which way, how large, and what it means, from stored numbers alone."""

import pytest
from estimates import estimate
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.report.answers import answers_of, harms_of
from report_plan import plan_of

GROUPS = {"sham": "Sham", "omt": "OMT"}
MEANINGFUL = [{"size": 2.5, "of": "difference", "source": "A 2020"}, {"size": 6, "of": "change", "source": "B 2021"}]


def plan(better="lower", **more) -> Plan:
    content = plan_of().model_dump(mode="json", by_alias=True)
    dataset = content["datasets"]["participants"]
    dataset["groups"] = GROUPS
    dataset["parameters"]["score_1"] |= {"better": better, "meaningful": MEANINGFUL}
    content["analyses"]["comparison"]["role"] = "primary"
    return Plan.model_validate(content | more)


def row(analysis, parameter="score_1", group="all", visit="", level="", unit="points", **values):
    full = {"parameter": parameter, "visit": visit, "group": "", "level": level}
    return (parameter, group, visit, level), {
        name: estimate(
            analysis=analysis,
            parameter=parameter,
            group=group,
            visit=visit,
            level=level,
            statistic=name,
            value=str(value),
            shown=str(value),
            unit=unit,
            full={**full, "statistic": name},
        )
        for name, value in values.items()
    }


def text(pieces):
    return "".join(piece if isinstance(piece, str) else piece.shown for piece in pieces)


def said(of, *rows, analysis="comparison"):
    (answer,) = answers_of(of, {analysis: dict(rows)}, {analysis: {"options": {"level": 0.95}}})
    return answer.sentences


@pytest.mark.parametrize(
    "better, numbers, way, direction, matters",
    [
        ("lower", (-3.0, -4.0, -2.6), "lower with OMT than with Sham", "favours OMT", "so does the whole interval"),
        ("lower", (-3.0, -4.0, -2.0), "lower with OMT than with Sham", "favours OMT", "smaller and larger effects"),
        ("higher", (-3.0, -4.0, -2.0), "lower with OMT than with Sham", "favours Sham", "nor does any"),
        ("lower", (1.0, -1.0, 3.0), "no clear difference between OMT and Sham", "lower is better.", "nor does any"),
        (
            "higher",
            (2.0, 1.0, 3.0),
            "higher with OMT than with Sham",
            "favours OMT",
            "does not reach it, and the interval",
        ),
    ],
)
def test_an_effect_says_its_way_its_size_and_what_that_means(better, numbers, way, direction, matters):
    value, low, high = numbers
    effect = row("comparison", group="omt - sham", difference=value, ci_low=low, ci_high=high, p=0.03, n=40)
    means = [row("comparison", group=group, adjusted_mean=mean) for group, mean in (("omt", 57.5), ("sham", 60.5))]
    (sentence,) = said(plan(better), effect, *means)
    assert text(sentence.pieces) == (
        f"{way}; difference {value} points (95%\u00a0CI {low} to {high}; p = 0.03), n = 40 participants"
    )
    facts = {fact.title: text(fact.pieces) for fact in sentence.facts}
    assert direction in facts["Direction"]
    assert facts["What matters"].startswith("2.5 points between groups (A 2020)") and matters in facts["What matters"]
    assert facts["Adjusted means"] == "OMT 57.5; Sham 60.5 points"


def test_a_change_of_one_unit_has_no_interval_and_stops_nothing():
    (sentence,) = said(plan("lower"), row("comparison", group="all", mean_change=2.0, ci_low="", ci_high="", n=1))
    assert text(sentence.pieces) == "2.0 points"


def test_a_size_within_one_person_is_not_held_against_a_mean():
    change = row("comparison", visit="month_1", mean_change=-3, ci_low=-4, ci_high=-2, mean_before=60, mean_after=57)
    (sentence,) = said(plan(), change)
    assert text(sentence.pieces).startswith("lower than at baseline; mean_change -3 points")
    facts = {fact.title: text(fact.pieces) for fact in sentence.facts}
    assert "a size for counting responders, not for a mean" in facts["What matters"]
    assert facts["Means"] == "60 points before, 57 points after"


def test_a_contrast_that_the_level_names_says_its_way():
    effect = row("comparison", level="sex: female − male", difference=-3, ci_low=-4, ci_high=-2)
    (sentence,) = said(plan(), effect)
    assert text(sentence.pieces).startswith("lower with female than with male; difference -3")
    unclear = row("comparison", level="sex: female − male", difference=-3, ci_low=-4, ci_high=2)
    assert text(said(plan(), unclear)[0].pieces).startswith("no clear difference between female and male; ")


def test_on_the_log_scale_the_ratio_is_said():
    effect = row("comparison", group="omt - sham", unit="log points", difference=-0.5, ci_low=-0.7, ci_high=-0.3)
    effect[1].update(row("comparison", unit="", ratio=0.6, ratio_low=0.5, ratio_high=0.7)[1])
    (sentence,) = said(plan(), effect)
    assert "ratio 0.6 (95%\u00a0CI 0.5 to 0.7)" in text(sentence.pieces)


def test_what_is_asked_for_chooses_the_rows_and_must_be_there():
    rows = [row("change", visit=visit, mean_change=-1, ci_low=-2, ci_high=1) for visit in ("month_1", "month_3")]
    asked = {"asks": "Does it change?", "analysis": "change", "visit": "month_3"}
    (sentence,) = said(plan(questions=[asked]), *rows, analysis="change")
    assert sentence.subject == "score_1, month_3" and "no clear change since baseline" in text(sentence.pieces)
    with pytest.raises(Fault, match="questions.0: no number of change fits"):
        said(plan(questions=[asked | {"visit": "month_9"}]), *rows, analysis="change")


def test_tests_counts_and_decisions_are_sentences_too():
    of = plan()
    (tested,) = said(of, row("comparison", level="slopes differ", f=4.2, df_1=2, df_2=30, p=0.02))
    assert text(tested.pieces) == "slopes differ: F(2, 30) = 4.2, p = 0.02"
    (counted,) = said(of, row("comparison", count=5, n=20, proportion=0.25))
    assert text(counted.pieces) == "5 of 20 (0.25)"
    verdicts = [row("comparison", level=name, verdict=code, proportion=0.5) for name, code in (("A", 2), ("B", 0))]
    (decided,) = said(of, *verdicts)
    assert text(decided.pieces) == "0: B (0.5); 2: A (0.5)"


def test_harms_stand_by_arm():
    content = plan().model_dump(mode="json", by_alias=True)
    content["analyses"]["harm"] = content["analyses"]["completion"] | {"role": "safety"}
    rows = dict(row("harm", group=group, count=3, n=10, proportion=0.3) for group in ("sham", "omt", "all"))
    (sentence,) = harms_of(Plan.model_validate(content), {"harm": rows})
    assert text(sentence.pieces) == "Sham 3 of 10 (0.3); OMT 3 of 10 (0.3)"
    assert harms_of(plan(), {"comparison": rows}) == []


def test_an_effect_with_a_margin_begins_with_the_verdict_and_other_populations_stand_beside_it():
    key = {"group": "omt - sham"}
    verdict = {"difference": 1.0, "ci_low": -1.0, "ci_high": 2.5, "n": 40, "margin_high": 3, "noninferiority": 2}
    other = {**verdict, "ci_high": 3.5, "noninferiority": 1}
    content = plan().model_dump(mode="json", by_alias=True)
    margin = {"value": 3, "populations": ["treated"]}
    content["analyses"]["comparison"]["margin"] = margin
    content["datasets"]["participants"]["populations"]["treated"] = {"label": "Treated"}
    of = Plan.model_validate(content)
    numbers = {"comparison": dict([row("comparison", **key, **verdict)])}
    numbers["comparison_treated"] = dict([row("comparison_treated", **key, **other)])
    (answer,) = answers_of(of, numbers, {"comparison": {"options": {"level": 0.95}}})
    (sentence,) = answer.sentences
    assert text(sentence.pieces).startswith("OMT against Sham: 2 (margin 3 points); difference 1.0 points (95%")
    facts = {fact.title: text(fact.pieces) for fact in sentence.facts}
    assert facts["Treated"].startswith("1 (margin 3 points); 1.0 points (CI -1.0 to 3.5)")
    assert len([title for title in facts if title not in ("Direction", "What matters")]) == 2


def test_a_hazard_ratio_is_said_in_time():
    later = row("comparison", group="omt - sham", unit="", hazard_ratio=0.5, ci_low=0.3, ci_high=0.8, p=0.01)
    (sentence,) = said(plan("higher"), later)
    assert text(sentence.pieces).startswith("later with OMT than with Sham; hazard_ratio 0.5 (95%")
    assert text(sentence.facts[0].pieces) == "later is better, so this favours OMT."
    (sentence,) = said(plan("lower"), later)
    assert text(sentence.facts[0].pieces) == "earlier is better, so this favours Sham."


def test_treatments_of_a_crossover_are_told_by_the_level():
    effect = row("comparison", level="drug - placebo", difference=-3.0, ci_low=-4.0, ci_high=-1.0, p=0.01, n=12)
    calls = {"comparison": {"options": {"level": 0.95, "contrast": ["drug", "placebo"]}}}
    (answer,) = answers_of(plan("lower"), {"comparison": dict([effect])}, calls)
    (sentence,) = answer.sentences
    assert sentence.subject == "score_1"
    assert text(sentence.pieces).startswith("lower with drug than with placebo; difference -3.0 points")
    assert text(sentence.facts[0].pieces) == "lower is better, so this favours drug."


def test_treatments_are_told_as_such_where_sequences_are_called_as_they_are():
    effect = row("comparison", level="omt - sham", difference=3.0, ci_low=1.0, ci_high=4.0, p=0.01, n=12)
    means = [row("comparison", group=group, mean=5.0) for group in ("sham", "omt")]  # of sequences
    content = plan("lower").model_dump(mode="json", by_alias=True)
    content["datasets"]["participants"]["groups"] = {"sham": "Sham first", "omt": "OMT first"}
    calls = {"comparison": {"options": {"level": 0.95, "contrast": ["omt", "sham"]}}}
    (answer,) = answers_of(Plan.model_validate(content), {"comparison": dict([effect, *means])}, calls)
    (sentence,) = answer.sentences
    assert text(sentence.pieces).startswith("higher with omt than with sham; difference 3.0 points")
    assert text(sentence.facts[0].pieces) == "lower is better, so this favours sham."
    assert not any("eans" in fact.title for fact in sentence.facts)

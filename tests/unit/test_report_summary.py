"""The summary: stored numbers by their names, what is exploratory, and what stands beside the primary result."""

import copy
from dataclasses import replace

import pytest
from estimates import estimate
from omtrace.model.plan import Plan
from omtrace.provenance.keys import digest_of
from omtrace.report.results import by_role, numbers_of, rows_of, sections_of
from omtrace.report.standing import claims, exploratory
from omtrace.report.summary import summary_of
from report_plan import plan_of

HYPOTHESES = {
    "H1": {"analysis": "comparison"},
    "H2": {"analysis": "change", "parameter": "score_1", "visit": "month_1"},
}
AT = {"comparison": ("omt - sham", "month_3"), "change": ("all", "month_1"), "again": ("omt - sham", "month_3")}


def plan(**keys):
    """The made-up plan with a second comparison, a family, an estimand and further keys of analyses."""
    content = plan_of().model_dump(mode="json", by_alias=True)
    content["analyses"]["again"] = {
        **content["analyses"]["comparison"],
        "title": "Again",
        "role": "sensitivity",
        "of": "comparison",
        "method": "mmrm",
    }
    content["analyses"]["comparison"] |= {"role": "primary", "estimand": "e"}
    words = {name: name for name in ("treatment", "population", "variable", "summary")}
    events = {"stopping": {"strategy": "while_on_treatment", "how": "last"}}
    content["estimands"] = {"e": {**words, "events": events}}
    content["families"] = {"key": {"title": "Key", "procedure": "fixed_sequence", "hypotheses": HYPOTHESES}}
    for name, told in keys.items():
        content["analyses"][name] |= told
    return Plan.model_validate(copy.deepcopy(content))


def row(analysis, parameter, statistic, value, group, visit, level="", decimals=1):
    names = {
        "analysis": analysis,
        "parameter": parameter,
        "population": "full",
        "group": group,
        "visit": visit,
        "level": level,
        "statistic": statistic,
    }
    return estimate(id=digest_of(list(names.values()), 12), **names, value=str(value), decimals=decimals)


def rows():
    found = []
    for analysis, (group, visit) in AT.items():
        effect = "mean_change" if analysis == "change" else "difference"
        for statistic, value in {effect: -3.25, "ci_low": -5, "ci_high": -1.5, "p": 0.0004, "n": 40}.items():
            found.append(
                row(analysis, "score_1", statistic, value, group, visit, decimals=3 if statistic == "p" else 1)
            )
    found.append(row("change", "score_1", "signed_rank_p", 0.04, "all", "month_1", decimals=3))
    found.append(row("change", "score_2", "p", 0.2, "all", "month_1", decimals=3))
    for name, parameter, (group, visit) in (("H1", "score_1", AT["comparison"]), ("H2", "score_1", AT["change"])):
        for statistic, value in {"p": 0.0004, "adjusted_p": 0.0004, "rejected": 1}.items():
            found.append(
                row("key", parameter, statistic, value, group, visit, name, 3 if statistic != "rejected" else 0)
            )
    told = {
        "estimates": 2,
        "same_direction": 2,
        "intervals_without_null": 2,
        "estimate_lowest": -3.25,
        "estimate_highest": -3.25,
        "concordant": 1,
    }
    found += [row("comparison_concordance", "score_1", s, v, *AT["comparison"]) for s, v in told.items()]
    return found


def numbers(of):
    return numbers_of(of, rows_of(of, [told for told in rows() if told["analysis"] in of.analyses]))


def text(pieces):
    return "".join(piece if isinstance(piece, str) else piece.shown for piece in pieces)


def test_p_values_in_no_family_are_exploratory():
    of = plan()
    found = numbers(of)
    marked = {(n["analysis"], n["parameter"], n["statistic"]) for n in found.values() if n.exploratory}
    assert marked == {("change", "score_1", "signed_rank_p"), ("change", "score_2", "p")}
    assert all(n.name.endswith(", exploratory") == n.exploratory for n in found.values())


@pytest.mark.parametrize(
    "keys, still",
    [
        ({"change": {"exempt": "a check"}}, set()),
        ({"again": {"role": "exploratory"}}, {"again", "change"}),
        ({"again": {"role": "subgroup"}}, {"again", "change"}),
    ],
)
def test_what_needs_no_family(keys, still):
    of = plan(**keys)
    found = {n["id"]: n for n in numbers(of).values()}
    assert {found[i]["analysis"] for i in exploratory(of, found)} == still


def test_the_only_p_value_of_a_primary_analysis_needs_no_family():
    content = plan().model_dump(mode="json", by_alias=True) | {"families": {}}
    del content["analyses"]["key"]
    of = Plan.model_validate(content)
    told = [n for n in rows() if n["analysis"] != "key"]
    assert not [
        n for n in numbers_of(of, rows_of(of, told)).values() if n.exploratory and n["analysis"] == "comparison"
    ]
    told.append(row("comparison", "score_1", "p", 0.5, "omt - sham", "month_1"))
    found = numbers_of(of, rows_of(of, told))
    assert exploratory(of, found) == {name for name, n in found.items() if claims(n)}, "its sensitivity analysis too"
    assert not [n for n in found.values() if n.exploratory], "said once where all are"
    assert summary_of(of, found, {})["exploratory"] == summary_of(of, found, {})["p_values"] == 6


def test_checks_claim_nothing_and_p_values_adjusted_within_an_analysis_bear_no_mark():
    of = plan()
    more = [
        row("change", "score_1", s, v, "all", "month_1")
        for s, v in {"naive_p": 0.01, "grubbs_p": 0.01, "adjusted_p": 0.01, "mann_whitney_p": ""}.items()
    ]
    found = numbers_of(of, rows_of(of, rows() + more))
    before, after = summary_of(of, numbers(of), {}), summary_of(of, found, {})
    assert (after["exploratory"], after["p_values"]) == (before["exploratory"], before["p_values"] + 1)
    assert (before["within"], after["within"]) == (False, True)


def test_a_primary_result_stands_with_its_estimand_and_its_sensitivity_set():
    of = plan()
    found = numbers(of)
    calls = {"d": {"analysis": "comparison", "options": {"level": 0.9}}}
    summary = summary_of(of, found, calls)
    (primary,) = summary["primaries"]
    (answer,) = summary["answers"]
    assert (answer.question, answer.analysis, answer.is_primary) == ("Comparison of groups", "comparison", True)
    (said,) = answer.sentences
    assert said.subject.startswith("Headache score 1, Month 3")
    assert text(said.pieces) == (
        f"lower with {of.datasets['participants'].groups['omt']} than with Sham; difference −3.3 "
        "(90%\u00a0CI −5.0 to −1.5; p <0.001, adjusted p <0.001), n = 40.0 participants"
    )
    assert dict(primary["estimand"])["Intercurrent events"] == "stopping: while on treatment (last)"
    assert [line["title"] for line in primary["sensitivity"]] == ["Comparison of groups", "Again"]
    assert text(primary["lines"][0]).startswith(
        "Concordant: yes. Of 2.0 estimates, that of the primary analysis and one of each sensitivity analysis and "
        "assumption, 2.0 lie on its side"
    )
    (family,) = summary["families"]
    first, second = family["rows"]
    assert first["label"].startswith("Headache score 1, Month 3") and second["label"] == "Headache score 1, Month 1"
    assert [row["rejected"].shown for row in (first, second)] == ["yes", "yes"]
    assert (summary["exploratory"], summary["p_values"]) == (2, 9)


def test_of_a_large_family_the_summary_shows_what_is_rejected_or_a_few(monkeypatch):
    of = plan()
    found = numbers(of)
    monkeypatch.setattr("omtrace.report.summary.MANY", 1)
    (family,) = summary_of(of, found, {})["families"]
    assert family["words"] == "Shown are those rejected; the analysis has all 2 hypotheses."
    assert [row["analysis"] for row in family["rows"]] == ["comparison", "change"]
    monkeypatch.setattr("omtrace.report.summary.FEW", 1)
    found = {i: replace(number, text="0") if number.statistic == "rejected" else number for i, number in found.items()}
    (family,) = summary_of(of, found, {})["families"]
    smallest = min(
        (n for n in found.values() if n["analysis"] == "key" and n["statistic"] == "p"), key=lambda n: float(n["value"])
    )
    assert family["words"] == "None of 2 hypotheses is rejected. Shown are the 1 with the smallest p."
    assert [row["p"] for row in family["rows"]] == [smallest]


def test_sections_come_by_role_and_say_to_which_analysis_they_belong():
    of = plan()
    groups = by_role(sections_of(of, numbers(of), {}))
    assert [g["title"] for g in groups[:2]] == ["Primary analysis", "Sensitivity of the primary analysis"]
    assert [s["name"] for s in groups[0]["sections"]] == ["comparison", "key"]
    assert [s["of"] for s in groups[1]["sections"]] == [
        "Comparison of groups"
    ] * 3  # one of them without each unit in turn
    plain = by_role(sections_of(plan_of(), {}, {}))
    assert [g["title"] for g in plain] == [""] and [s["name"] for s in plain[0]["sections"]] == list(plan_of().analyses)

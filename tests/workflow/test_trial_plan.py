"""What analyses are for: roles, estimands, families, populations with reasons, exploratory analyses."""

import copy
import re

import pytest
from omtrace.analyses import Call, Number, concordance
from omtrace.analyses.run import definition_of
from omtrace.faults import Fault
from omtrace.model.plan import Plan, read_plan
from omtrace.statistics.multiplicity import adjusted as adjusted_p
from test_analyses import ANCOVA, PAIR, Results, people, plan_of
from test_plan import PLAN, written

ESTIMAND = {
    "treatment": "OMT against sham",
    "population": "adults with migraine",
    "variable": "x at the end",
    "events": {"stopping": {"strategy": "treatment_policy", "parameter": "done", "how": "values after it are used"}},
    "summary": "difference of means",
}
ENTRIES = {
    "main": ("ancova", ["x"], ["end"], ANCOVA),
    "plain": ("compare_groups", ["x"], ["end"], PAIR),
    "adults": ("ancova", ["x"], ["end"], ANCOVA, "adults"),
}
HYPOTHESES = {"H1": {"analysis": "main"}, "H2": {"analysis": "plain"}, "H3": {"analysis": "adults"}}


def study_of(**more):
    """The content of the plan, with more sections, and more keys of analyses."""
    content = plan_of(ENTRIES).model_dump(mode="json", by_alias=True)
    keys = more.pop("keys", {})
    content |= more
    for name, told in keys.items():
        content["analyses"][name] |= told
    return content


def family(**more):
    return {"title": "Family", "procedure": "holm", "hypotheses": HYPOTHESES, **more}


@pytest.fixture
def made(tmp_path, monkeypatch):
    def build(content, units=None):
        monkeypatch.setattr("test_analyses.plan_of", lambda *_, **__: Plan.model_validate(content))
        return Results(tmp_path, units or people(), {})

    return build


def of_key(results, analysis="key"):
    return next(n for n in results.numbers if n["analysis"] == analysis)


def test_a_family_adjusts_its_p_values_and_rests_on_the_units_of_all(made):
    results = made(study_of(families={"key": family()}))
    p = [results.values(analysis=name, statistic="p")["p"] for name in ENTRIES]
    for name, value, adjusted in zip(HYPOTHESES, p, adjusted_p(p, "holm"), strict=True):
        found = results.values(analysis="key", level=name)
        assert found == pytest.approx(
            {"p": value, "adjusted_p": adjusted, "rejected": float(adjusted <= 0.05)}, rel=1e-8
        )
    of_family = {n["rowset"] for n in results.numbers if n["analysis"] == "key"}
    assert len(of_family) == 1  # `adults` leaves some out, `main` none
    assert {unit for unit, reasons in results.reasons(of_key(results)).items() if reasons == {""}} == set(people())


def test_a_unit_that_no_hypothesis_uses_is_left_out_with_one_reason(made):
    units = people()
    units["P03"]["x", "end"] = "!not collected"
    results = made(study_of(families={"key": family()}), units)
    reasons = results.reasons(of_key(results))
    assert reasons.pop("P03") == {"not collected"}
    assert set(map(frozenset, reasons.values())) == {frozenset({""})}


@pytest.mark.parametrize(
    "more, procedure",
    [({}, "fixed_sequence"), ({"weights": {"H1": 1}, "transitions": {"H1": {"H2": 1}, "H2": {"H3": 1}}}, "graphical")],
)
def test_a_chain_as_a_graph_is_the_fixed_sequence(made, more, procedure):
    results = made(study_of(families={"key": family(procedure=procedure, **more)}))
    p = [results.values(analysis=name, statistic="p")["p"] for name in ENTRIES]
    found = [results.values(analysis="key", level=name)["adjusted_p"] for name in HYPOTHESES]
    assert found == pytest.approx([max(p[: i + 1]) for i in range(3)], rel=1e-8)


@pytest.mark.parametrize(
    "families, says",
    [
        ({"key": family(procedure="graphical")}, "families.key: transitions: needed for graphical"),
        ({"key": family(weights={"H1": 1})}, "families.key: weights: only for graphical"),
        ({"key": family(procedure="graphical", transitions={"H9": {"H1": 1}})}, "families.key: transitions: 'H9'"),
        ({"key": family(procedure="graphical", transitions={"H1": {"H1": 1}})}, "families.key: transitions.H1: passes"),
        (
            {"key": family(procedure="graphical", transitions={"H1": {"H2": 0.6, "H3": 0.6}})},
            "families.key: transitions.H1: shares are",
        ),
        ({"key": family(procedure="graphical", transitions={"H1": {"H9": 0.6}})}, "families.key: transitions.H1: 'H9'"),
        ({"key": family(hypotheses={"H1": {"analysis": "man"}})}, "families.key.hypotheses.H1.analysis: 'man' is not"),
        ({"key": family(hypotheses={"H1": {"analysis": "main", "parameter": "y"}})}, "families.key.hypotheses.H1.par"),
        ({"main": family()}, "families: 'main' is the name of an analysis as well"),
        ({"key": family(hypotheses={})}, "families.key.hypotheses: needs at least 1 entries"),
        ({"key": {"title": "t"}}, "families.key.procedure: missing"),
    ],
)
def test_what_is_wrong_with_a_family_is_told(families, says):
    from omtrace.model.closed import checked

    with pytest.raises(Fault) as caught:
        checked(Plan, study_of(families=families), "p")
    assert any(line.startswith(f"p: {says}") for line in caught.value.lines), caught.value.lines


@pytest.mark.parametrize(
    "hypothesis, says",
    [
        ({"analysis": "main", "contrast": "sham - OMT"}, "0 numbers of analysis main fit"),
        ({"analysis": "main", "statistic": "ci_low"}, "4 numbers|3 numbers|2 numbers"),
    ],
)
def test_a_hypothesis_needs_one_number(made, hypothesis, says):
    with pytest.raises(Fault, match=f"family key: hypothesis 'H1': ({says})"):
        made(study_of(families={"key": family(hypotheses={"H1": hypothesis})}))


def test_estimand_role_and_families_travel_with_the_number(made):
    content = study_of(
        estimands={"policy": ESTIMAND},
        families={"key": family()},
        keys={"main": {"role": "primary", "estimand": "policy"}, "plain": {"role": "sensitivity", "of": "main"}},
    )
    results = made(content)
    definition = next(d for d in results.definitions.values() if d["analysis"] == "main")
    assert definition["role"] == "primary" and definition["families"] == ["key"]
    assert definition["estimand"] == {"name": "policy", **ESTIMAND}
    of_family = next(d for d in results.definitions.values() if d["analysis"] == "key")
    assert set(of_family["rests_on"]) == set(ENTRIES) and of_family["role"] == "primary"
    changed = copy.deepcopy(content)
    changed["analyses"]["plain"]["options"]["level"] = 0.9
    assert definition_of(Plan.model_validate(changed), "key") != of_family


@pytest.mark.parametrize(
    "keys, says",
    [
        ({"role": "sensitivity"}, "analyses.scores.of: a sensitivity analysis names the analysis"),
        ({"of": "sores"}, "analyses.scores.of: 'sores' is not declared; did you mean 'scores'?"),
        ({"of": "scores"}, "analyses.scores.of: 'scores' belongs to another analysis itself"),
        ({"estimand": "policy"}, "analyses.scores.estimand: 'policy' is not declared"),
        ({"role": "main"}, "analyses.scores.role: 'primary', "),
    ],
)
def test_what_is_wrong_with_a_role_is_told(tmp_path, keys, says):
    plan = copy.deepcopy(PLAN)
    plan["analyses"]["scores"] |= keys
    with pytest.raises(Fault) as caught:
        read_plan(written(tmp_path, plan))
    path = re.escape(str(tmp_path / "small.yaml"))
    assert any(re.match(rf"{path}: line [0-9]+: {re.escape(says)}", line) for line in caught.value.lines)


def test_events_of_an_estimand_name_parameters_of_the_dataset(tmp_path):
    plan = copy.deepcopy(PLAN) | {"estimands": {"e": ESTIMAND}}
    plan["analyses"]["scores"]["estimand"] = "e"
    with pytest.raises(Fault, match="estimands.e.events.stopping.parameter: 'done' is not declared"):
        read_plan(written(tmp_path, plan))


def test_a_population_says_which_clause_a_unit_fails(made):
    populations = {
        "full": {"label": "all"},
        "some": {"label": "some", "where": "age >= 35 and sex == 'f'", "reasons": {"age >= 35": "too young"}},
    }
    content = study_of(keys={"adults": {"population": "some"}})
    content["datasets"]["data"]["populations"] = populations
    content["analyses"]["adults"]["options"] = {"group": "OMT", "reference": "sham", "baseline": False}
    units = people()
    units["P06"]["age", ""] = "!not collected"
    results = made(content, units)
    found = results.reasons(next(n for n in results.numbers if n["analysis"] == "adults" and n["statistic"] == "p"))
    told = {reason for reasons in found.values() for reason in reasons}
    assert (
        told
        == {
            "",
            "not in population some: too young",
            "not in population some: sex == 'f'",
            "not in population some: too young; sex == 'f'",
        }
        or "not in population some (unknown): too young" in told
    )


def test_reasons_of_a_population_are_clauses_of_it(made):
    content = study_of()
    content["datasets"]["data"]["populations"]["adults"]["reasons"] = {"age > 35": "too young"}
    with pytest.raises(
        Fault, match=re.escape("reasons: 'age > 35' is no clause of 'age >= 35'; did you mean 'age >= 35'")
    ):
        made(content)


def test_a_sensitivity_set_is_held_against_its_analysis(made):
    keys = {
        "main": {"role": "primary"},
        **{name: {"role": "sensitivity", "of": "main"} for name in ("plain", "adults")},
    }
    results = made(study_of(keys=keys))
    names = ("difference", "ci_low", "ci_high")
    found = {name: [results.values(analysis=name, group="OMT - sham")[s] for s in names] for name in ENTRIES}
    side = [d < 0 for d, *_ in found.values()]
    excluded = [not low <= 0 <= high for _, low, high in found.values()]
    assert results.values(analysis="main_concordance") == pytest.approx(
        {
            "estimates": 3,
            "same_direction": side.count(side[0]),
            "intervals_without_null": sum(excluded),
            "estimate_lowest": min(d for d, *_ in found.values()),
            "estimate_highest": max(d for d, *_ in found.values()),
            "concordant": float(len(set(side)) == len(set(excluded)) == 1),
        }
    )
    assert results.definitions[of_key(results, "main_concordance")["definition"]]["of"] == "main"


@pytest.mark.parametrize("slope, concordant", [(0.0, 0.0), (-9.0, 1.0)])
def test_concordance_needs_one_direction_and_one_verdict(made, slope, concordant):
    units = people()
    for at, facts in enumerate(units.values()):  # baselines differ between the arms, so that adjustment turns the sign
        facts["x", "baseline"] = 50 + 8 * (at % 2) + at // 2 % 3
        facts["x", "end"] = facts["x", "baseline"] - 4 * (at % 2) + at * 3 % 5 + slope * (at % 2)
    keys = {"main": {"role": "primary"}, "plain": {"role": "sensitivity", "of": "main"}}
    results = made(study_of(keys=keys), units)
    found = [results.values(analysis=name, group="OMT - sham")["difference"] for name in ("main", "plain")]
    assert results.values(analysis="main_concordance")["concordant"] == concordant, found


def test_what_cannot_be_held_against_an_analysis_is_a_fault(made):
    content = study_of(keys={"plain": {"role": "sensitivity", "of": "main", "visits": ["baseline"]}})
    with pytest.raises(Fault, match="main_concordance: 0 effects of plain for x, OMT - sham at end; it needs one"):
        made(content)


# what the plan does not name

EXTRA = {
    "reason": "Asked by a reviewer.",
    "datasets": {"people": {"populations": {"late": {"label": "late", "where": ""}}}},
    "analyses": {
        "late": {
            "method": "describe",
            "dataset": "people",
            "title": "Late",
            "parameters": ["total"],
            "population": "late",
            "role": "primary",
            "note": "Few.",
        }
    },
    "figures": {"late": {"figure": "means", "analyses": ["late"], "title": "Late"}},
}


def beside(folder, extra):
    """The plan, read with an exploratory file beside it."""
    (folder / "small").mkdir()
    written(folder / "small", extra, "exploratory")
    return read_plan(written(folder, PLAN))


def test_what_the_plan_does_not_name_is_exploratory(tmp_path):
    plan, alone = beside(tmp_path, EXTRA), Plan.model_validate(PLAN)
    late = plan.analyses["late"]
    assert late.role == "exploratory" and late.note == "Not named in the plan. Asked by a reviewer. Few."
    assert plan.analyses["scores"] == alone.analyses["scores"]
    assert list(plan.datasets["people"].populations) == ["full", "late"] and list(plan.figures) == ["means", "late"]


@pytest.mark.parametrize(
    "change, says",
    [
        ({"analyses": {"scores": EXTRA["analyses"]["late"]}}, "analyses: 'scores' is in the plan; take another name"),
        (
            {"datasets": {"people": {"populations": {"full": {"label": "f"}}}}},
            "datasets.people.populations: 'full' is in",
        ),
        ({"datasets": {"animals": {"populations": {}}}}, "datasets.animals.populations: 'animals' is not in the plan"),
        ({"tables": {}}, "tables: unknown key"),
        ({"reason": None}, "reason: a text is needed"),
    ],
)
def test_an_exploratory_file_cannot_change_the_plan(tmp_path, change, says):
    with pytest.raises(Fault) as caught:
        beside(tmp_path, {**EXTRA, **change})
    path = re.escape(str(tmp_path / "small/exploratory.yaml"))
    assert re.match(rf"{path}: (line [0-9]+: )?{re.escape(says)}", caught.value.lines[0]), caught.value.lines


def test_a_contrast_that_is_a_level_is_held_against_the_same_level():
    """A mixed model names its contrasts in the level; of an analysis without that level all are other assumptions."""
    names = ("x", "all", "", "treated - sham"), ("x", "all", "", "model - control")
    told = [
        Number(*key, s, v, "", 1, None)
        for key in names
        for s, v in {"difference": 1.0, "ci_low": 0.0, "ci_high": 2.0}.items()
    ]
    call = Call("c", None, None, None, None, earlier={"other": told})
    assert [effect.estimate.level for effect in concordance.beside(call, names[1], "other")] == ["model - control"]
    assert len(concordance.beside(call, ("x", "all", "", ""), "other")) == 2

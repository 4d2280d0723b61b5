"""Mixed and general linear models bound to plans: terms, levels, random effects, the experimental unit, naive p."""

import csv
from pathlib import Path

import numpy
import pytest
import test_analyses
from agreements import agrees
from omtrace.analyses.mixed_model import Options
from omtrace.faults import Fault
from omtrace.statistics.linear.design import design_of
from omtrace.statistics.linear.linear import fit_linear
from omtrace.statistics.mixed.lmm import fit
from omtrace.store import stored
from test_analyses import GROUPS, PARAMETERS, Results, people

MODEL = {"terms": ["arm * sex"], "random": ["cage"]}
SIDES = {"of": "arm", "pair": ["OMT", "sham"]}
UNIT = {"experimental_unit": {"what": "cage", "parameter": "cage"}}


@pytest.fixture(autouse=True)
def cage(monkeypatch):
    monkeypatch.setitem(PARAMETERS, "cage", ((), "", 1))


def caged(by_cage=False, seed=4):
    """32 units in 8 cages; the treatment within cages, or by cage."""
    rng = numpy.random.default_rng(seed)
    units = people(32)
    for i, facts in enumerate(units.values()):
        at = i // 4 if by_cage else i % 8
        facts["cage", ""] = f"C{at}"
        facts["arm", ""] = GROUPS[at % 2 if by_cage else i // 8 % 2]
        facts["sex", ""] = "fm"[i // 2 % 2]
    effect = dict(zip(sorted({facts["cage", ""] for facts in units.values()}), rng.normal(size=8) * 3, strict=True))
    for facts in units.values():
        for visit in ("baseline", "end"):
            facts["x", visit] = 60 + effect[facts["cage", ""]] + float(rng.normal())
    return units


def frame(units, name=("x", "end")):
    columns = {key: [facts[key, ""] for facts in units.values()] for key in ("arm", "sex", "cage")}
    return columns, numpy.array([facts[name] for facts in units.values()])


def study(tmp_path, units, entries, **changes):
    return Results(tmp_path, units, entries, **changes)


def test_the_numbers_are_those_of_the_statistic(tmp_path):
    units = caged()
    options = {
        **MODEL,
        "contrasts": [
            SIDES,
            {**SIDES, "within": {"sex": "f"}},
            {**SIDES, "within": {"sex": "f"}, "minus": {"sex": "m"}},
        ],
    }
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], options)})
    columns, y = frame(units)
    design = design_of(columns, MODEL["terms"], {"arm": ("sham", "OMT"), "sex": ("f", "m")})
    model = fit(y, design.matrix, {"cage": columns["cage"]})
    for term in ("arm", "sex", "arm:sex"):
        found = results.values(level=f"type III: {term.replace(':', ' x ')}")
        assert found == pytest.approx({k: stored(v) for k, v in model.joint_test(design.term(term)).items()})
    a, b = (design.mean({"arm": arm}) for arm in ("OMT", "sham"))
    for level, weights in (
        ("", a - b),
        ("in f", design.mean({"arm": "OMT", "sex": "f"}) - design.mean({"arm": "sham", "sex": "f"})),
        ("in f, minus in m", 2 * (model_row(design))),
    ):
        found = results.values(group="OMT - sham", level=level)
        assert found["difference"] == pytest.approx(model.contrast(weights)["estimate"])
        assert found["p"] == pytest.approx(model.contrast(weights)["p"])
    found = results.values(group="all", level="OMT, f")
    assert found["adjusted_mean"] == pytest.approx(model.contrast(design.mean({"arm": "OMT", "sex": "f"}))["estimate"])
    assert results.values(level="random cage") == pytest.approx(
        {
            "groups": 8,
            "variance": model.components["cage"],
            "share": 100 * model.components["cage"] / sum(model.components.values()),
            "in_model": 1,
        }
    )
    found = results.values(level="", group="all")
    assert found == {"n": 32, "missing": 0, "minus_2_log_likelihood": pytest.approx(model.minus_2_log_likelihood)}


def model_row(design):
    """Half of the difference of differences, OMT - sham in f minus in m, in sum coding."""
    cell = {(a, s): design.mean({"arm": a, "sex": s}) for a in GROUPS for s in "fm"}
    return (cell["OMT", "f"] - cell["sham", "f"] - cell["OMT", "m"] + cell["sham", "m"]) / 2


def test_units_of_other_levels_are_left_out_and_counted(tmp_path):
    units = caged()
    for i, facts in enumerate(units.values()):
        facts["sex", ""] = "fmx"[i % 3]
    options = {**MODEL, "levels": {"sex": ["f", "m"]}, "contrasts": [SIDES]}
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], options)})
    assert results.values(level="", group="all")["n"] == 22
    [number] = [n for n in results.numbers if n["group"] == "OMT - sham" and n["statistic"] == "p"]
    assert sum(reasons == {"other level of a factor"} for reasons in results.reasons(number).values()) == 10
    assert len(results.reasons(number)) == 32


def test_treatment_given_by_cage_has_the_cages_degrees_of_freedom(tmp_path):
    options = {"terms": ["arm"], "random": ["cage"], "contrasts": [SIDES], "naive": True}
    results = study(tmp_path, caged(by_cage=True), {"a": ("mixed_model", ["x"], ["end"], options)}, **UNIT)
    found = results.values(group="OMT - sham")
    assert found["df"] == pytest.approx(6, rel=1e-5)
    assert found["naive_p"] < found["p"]


def test_a_random_batch_that_is_the_group_is_refused_with_the_reason(tmp_path):
    """Each arm in a batch of its own: a variance of batches cannot be told from the treatment."""
    units = caged()
    for facts in units.values():
        facts["cage", ""] = f"batch of {facts['arm', '']}"
    options = {"terms": ["arm"], "random": ["cage"], "contrasts": [SIDES]}
    with pytest.raises(Fault, match="cage is confounded with the fixed effects: they differ between its 2 groups"):
        study(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], options)})


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("compare_groups", {"contrasts": [["OMT", "sham"]]}),
        ("ancova", {"group": "OMT", "reference": "sham"}),
        ("factorial", {"factors": ["arm", "sex"]}),
        ("mixed_model", {"terms": ["arm"], "random": ["sex"]}),
        ("paired_change", {}),
    ],
)
def test_a_comparison_with_a_smaller_unit_is_refused_with_the_right_one_named(tmp_path, method, options):
    with pytest.raises(Fault) as fault:
        study(tmp_path, caged(), {"a": (method, ["x"], ["end"], options)}, **UNIT)
    assert fault.value.lines == (
        f"plan of small: analyses.a: {method} would take each participant for a unit of its own, but the experimental "
        "unit is the cage; use method: mixed_model with random: [cage], or a dataset of one record a cage, with values "
        "averaged within it (derive: mean)",
    )


def test_counts_and_cage_effects_are_allowed_and_descriptions_have_no_interval(tmp_path):
    entries = {
        "a": ("describe", ["x"], ["end"], {}),
        "b": ("mixed_model", ["x"], ["end"], MODEL),
        "c": ("factorial", ["x"], ["end"], {"factors": ["arm", "sex"], "random": ["cage"]}),
        "d": ("mixed_model", ["x"], ["end"], {"terms": ["arm"], "random": ["sex/cage"]}),
    }
    results = study(tmp_path, caged(), entries, **UNIT)
    assert not {"ci_low", "ci_high"} & set(results.values(analysis="a", group="all"))
    b, c = (results.values(analysis=name, level="type III: arm x sex") for name in "bc")
    assert b == c
    assert results.values(analysis="d", level="random sex/cage")["groups"] == 8
    assert results.definitions[next(n["definition"] for n in results.numbers)]["experimental_unit"]["what"] == "cage"


@pytest.mark.parametrize("over", [False, True])
def test_every_number_accounts_for_every_unit_with_one_reason(tmp_path, over):
    units = caged()
    for i, fact in enumerate((("x", "end"), ("sex", ""), ("cage", ""), ("arm", ""))):
        units[f"P{3 * i:02}"][fact] = "!not collected"
    units["P03"]["age", ""], units["P05"]["age", ""] = 20, 20
    options = {**MODEL, "levels": {"sex": ["f", "m"]}, "over_visits": over}
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], ["baseline", "end"], options, "adults")})
    for number in results.numbers:
        reasons = results.reasons(number)
        assert len(reasons) == 32 and all(len(found) == 1 for found in reasons.values())
        used = sum(found == {""} for found in reasons.values())
        if number["statistic"] == "n":
            assert float(number["value"]) == used
        if number["statistic"] == "missing":
            assert float(number["value"]) == sum(
                found not in ({""}, {"not in population adults"}) for found in reasons.values()
            )


def test_without_a_smaller_unit_nothing_is_refused(tmp_path):
    whole = {"experimental_unit": {"what": "animal"}}
    entries = {"a": ("compare_groups", ["x"], ["end"], {"contrasts": [["OMT", "sham"]]})}
    assert study(tmp_path, caged(), entries, **whole).values(group="OMT - sham")["n_a"] == 16


def test_the_naive_p_stands_beside_the_right_one_in_results_and_log(tmp_path, capsys):
    units = caged()
    options = {**MODEL, "naive": True}
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], options)}, **UNIT)
    columns, y = frame(units)
    design = design_of(columns, MODEL["terms"], {"arm": ("sham", "OMT"), "sex": ("f", "m")})
    found = results.values(level="type III: arm")
    naive = fit_linear(y, design.matrix).joint_test(design.term("arm"))["p"]
    assert found["naive_p"] == pytest.approx(stored(naive)) and found["naive_p"] != found["p"]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert told[0] == (
        f"omtrace: analysis a, x end, arm: p = {found['p']:.3g} with the cage as unit; p = {found['naive_p']:.3g} if "
        "each of the 32 records counted as one, which is wrong"
    )


def test_over_visits_each_unit_has_a_random_effect_and_its_own_visits(tmp_path):
    units = caged()
    units["P00"]["x", "end"] = "!not collected"
    units["P01"]["x", "end"] = units["P01"]["x", "baseline"] = "!not collected"
    options = {
        "terms": ["arm * visit"],
        "random": ["cage"],
        "over_visits": True,
        "contrasts": [{**SIDES, "within": {"visit": "end"}}],
        "log": True,
    }
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], [], options)})
    found = results.values(level="", group="all")
    assert (found["n"], found["missing"], found["values"]) == (31, 1, 61)
    assert results.values(level="random unit")["groups"] == 31
    found = results.values(group="OMT - sham", level="in end, log scale")
    assert found["ratio"] == pytest.approx(stored(numpy.exp(found["difference"])), rel=1e-6)
    assert found["ratio_low"] < found["ratio"] < found["ratio_high"]
    mean = results.values(level="OMT, end, log scale")
    assert mean["geometric_mean"] == pytest.approx(numpy.exp(mean["adjusted_mean"]), rel=1e-6)


def test_baseline_is_a_covariate_where_a_term_says_so(tmp_path):
    units = caged()
    options = {"terms": ["arm", "baseline"], "random": ["cage"]}
    results = study(tmp_path, units, {"a": ("mixed_model", ["x"], [], options)})
    assert {n["visit"] for n in results.numbers} == {"end"}
    columns, y = frame(units)
    columns["baseline"] = frame(units, ("x", "baseline"))[1]
    design = design_of(columns, options["terms"], {"arm": ("sham", "OMT")})
    model = fit(y, design.matrix, {"cage": columns["cage"]})
    found = results.values(level="type III: baseline")
    assert found["f"] == pytest.approx(model.joint_test(design.term("baseline"))["f"])


def test_type_two_and_three_of_a_factorial_differ_where_cells_do(tmp_path):
    options = {"factors": ["arm", "sex"], "covariates": ["age"]}
    entries = {
        "a": ("factorial", ["x"], ["end"], options),
        "b": ("factorial", ["x"], ["end"], {**options, "type": "II"}),
    }
    units = caged()
    for name in ("P00", "P04", "P17"):
        units[name]["x", "end"] = "!not collected"
    results = study(tmp_path, units, entries)
    three, two = results.values(analysis="a", level="type III: arm"), results.values(analysis="b", level="type II: arm")
    assert three["f"] != pytest.approx(two["f"], rel=1e-6)
    both = [results.values(analysis=name, level=f"type {t}: arm x sex")["f"] for name, t in (("a", "III"), ("b", "II"))]
    assert both[0] == pytest.approx(both[1])
    assert not [n for n in results.numbers if n["analysis"] == "b" and "III" in n["level"]]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"terms": ["arn"]}, "no parameter 'arn'; did you mean 'arm'?"),
        ({"terms": ["arm"], "random": ["cag"]}, "no parameter 'cag'"),
        ({"terms": ["arm"], "random": ["x"]}, "a term has no visits; 'x' has"),
        ({"terms": ["arm"], "slopes": {"cage": "age"}}, "'cage' is no random effect"),
        ({"terms": ["arm:sex"]}, "needs arm in the model"),
        ({"terms": ["arm"], "contrasts": [{**SIDES, "pair": ["omt", "sham"]}]}, "arm: no row of the level 'omt'"),
        ({"terms": ["arm"], "contrasts": [{**SIDES, "within": {"sex": "f"}}]}, "sex: no term of the model"),
        ({"terms": ["arm"], "means": ["age"]}, "'age' is no term of factors"),
        ({"terms": ["arm"], "log": True}, "needs positive values"),
        ({"terms": ["arm"], "over_visits": True}, "two visits or more"),
        ({"terms": ["arm"], "levels": {"arm": ["OMT", "none"]}}, "arm: no value at none"),
    ],
)
def test_models_that_cannot_be_are_refused(tmp_path, options, complaint):
    units = caged()
    units["P00"]["x", "end"] = -1
    with pytest.raises(Fault, match="analys") as fault:
        study(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], options)})
    assert complaint in str(fault.value)


def test_options_that_play_no_part_define_nothing():
    plain = Options(terms=("arm",)).model_dump(mode="json")
    assert plain == {"terms": ["arm"], "log": False, "level": 0.95}
    mixed = Options(terms=("arm",), random=("cage",)).model_dump(mode="json")
    assert {"df": "kenward_roger", "likelihood": "REML"}.items() <= mixed.items()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"first": "arm"}, "name factors, or first and second"),
        ({"factors": ["arm"]}, "two or three"),
        ({"factors": ["arm", "sex"], "first": "arm"}, "instead of first and second"),
        ({"factors": ["arm", "sex"], "random": ["cage"], "type": "II"}, "without random effects"),
        ({"factors": ["arm", "sex"], "likelihood": "ML"}, "Kenward-Roger needs REML"),
        (
            {"first": "arm", "first_levels": GROUPS, "second": "sex", "second_levels": [*"fm"], "naive": True},
            "go with factors",
        ),
    ],
)
def test_factorial_options_that_contradict_are_refused(tmp_path, options, complaint):
    with pytest.raises(Fault, match="options") as fault:
        study(tmp_path, caged(), {"a": ("factorial", ["x"], ["end"], options)})
    assert complaint in str(fault.value)


def test_blocks_are_added_and_both_types_stand_side_by_side(tmp_path):
    units = people(37)
    with open(Path(__file__).parents[1] / "reference/rats.csv", newline="") as file:
        for facts, row in zip(units.values(), csv.DictReader(file), strict=True):
            facts["arm", ""], facts["sex", ""] = {"veh": "sham", "ntg": "OMT"}[row["ntg"]], row["omt"]
            facts["cage", ""], facts["x", "end"] = f"batch {row['batch']}", float(row["cgrp"])
    options = {"factors": ["arm", "sex"], "blocks": ["cage"], "type": "II and III"}
    results = study(tmp_path, units, {"a": ("factorial", ["x"], ["end"], options)})
    for kind, expected, source in (
        ("III", [32.85707, 10.11464, 6.91315, 4.37427], "R 4.2.2 drop1"),
        ("II", [32.292733677916, 10.502775618956, 6.9131538720038, 4.37427], "R 4.2.2 lm, sums of squares"),
    ):
        ours = [results.values(level=f"type {kind}: {term}")["f"] for term in ("arm", "sex", "cage", "arm x sex")]
        agrees("factorial with blocks", f"F, type {kind}", source, ours, expected, rel=1e-5)
    assert {n["level"] for n in results.numbers if n["statistic"] == "adjusted_mean"} == {
        f"{arm}, {sex}" for arm in GROUPS for sex in ("omt", "sham")
    }


def test_a_block_of_numbers_is_a_fault(tmp_path):
    options = {"factors": ["arm", "sex"], "blocks": ["age"]}
    with pytest.raises(Fault, match="blocks: 'age' holds numbers; a block is a category"):
        study(tmp_path, caged(), {"a": ("factorial", ["x"], ["end"], options)})


def test_a_block_without_any_value_leaves_one_analysis_uncomputed(tmp_path):
    units = caged()
    for facts in units.values():
        facts["cage", ""] = "!not collected"
    options = {"factors": ["arm", "sex"], "blocks": ["cage"]}
    entries = {"a": ("factorial", ["x"], ["end"], options), "b": ("describe", ["x"], ["end"], {})}
    results = Results(tmp_path, units, entries, refusals=True)
    assert [n["analysis"] for n in results.numbers if n["statistic"] == "not_computed"] == ["a"]
    assert results.values(analysis="b", group="all")["n"] == 32


# growth curves

AGES = {f"at_{age}": float(age) for age in (8, 10, 12, 14)}
GROWTH = {
    "terms": ["arm * time"],
    "over_visits": True,
    "time": AGES,
    "slopes": {"unit": "time"},
    "contrasts": [{"of": "arm", "pair": ["Female", "Male"], "slope": "time"}],
}


@pytest.fixture
def children(monkeypatch):
    monkeypatch.setattr(test_analyses, "PARAMETERS", {"arm": ((), "", 1), "x": (tuple(AGES), "mm", 1)})
    units = {}
    with open(Path(__file__).parents[1] / "reference/potthoff_roy.csv", newline="") as file:
        for row in csv.DictReader(file):
            values = {("x", visit): float(row[f"{age:g}"]) for visit, age in AGES.items()}
            units[row["unit"]] = {("arm", ""): row["sex"], **values}
    return units


def grown(folder, units, **options):
    groups = {"groups": {"Male": "Boys", "Female": "Girls"}, "populations": {"full": {"label": "all"}}}
    visits = {"visits": {visit: visit for visit in AGES}, "baseline": ""}
    return Results(folder, units, {"a": ("mixed_model", ["x"], [], {**GROWTH, **options})}, **groups, **visits)


def test_growth_curves_agree_with_nlme(tmp_path, children):
    results = grown(tmp_path, children)
    source, method = "nlme 3.1-162 lme", "growth curves (Potthoff and Roy)"
    found = results.values(group="Female - Male", level="slope of time")
    ours, expected = [found[name] for name in ("difference", "se")], [-0.304829545455, 0.1347353494648]
    agrees(method, "difference of slopes, SE", source, ours, expected, rel=1e-6)
    slope = results.values(group="Male", level="slope of time")
    ours, expected = [slope[name] for name in ("dose_slope", "se")], [0.784375, 0.0859995173004]
    agrees(method, "slope, SE", source, ours, expected, rel=1e-6)
    agrees(method, "df", "lmerTest 3.1-3 Kenward-Roger", [found["df"], slope["df"]], [25, 25], rel=1e-6)
    parts = ("random unit", "random unit, slope", "residual")
    ours, expected = [results.values(level=part)["variance"] for part in parts], [5.78643479, 0.03252449, 1.71620366]
    agrees(method, "variances", source, ours, expected, rel=1e-5)
    assert {n["unit"] for n in results.numbers if n["statistic"] == "dose_slope"} == {"mm per unit of time"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"time": {**AGES, "at_16": 16.0}}, "not so: at_16"),
        ({"time": {"at_8": 8.0}}, "not so: at_10"),
        ({"time": AGES, "over_visits": False}, "time: goes with over_visits"),
        ({"contrasts": [{"of": "arm", "pair": ["Female", "Male"], "slope": "age"}]}, "'age' is no covariate"),
    ],
)
def test_time_that_does_not_fit_is_refused(tmp_path, children, options, says):
    with pytest.raises(Fault) as caught:
        grown(tmp_path, children, **options)
    assert any(says in line for line in caught.value.lines), caught.value.lines

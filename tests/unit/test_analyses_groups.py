"""Groups compared, proportions and repeated measures on small datasets: what is bound to which records."""

import numpy
import pytest
from omtrace.analyses import compare_proportions
from omtrace.faults import Fault
from omtrace.statistics.basic.many_groups import (
    dunn,
    dunnett,
    jonckheere_terpstra,
    kruskal_wallis,
    one_way,
    tukey_kramer,
    welch_one_way,
)
from omtrace.statistics.basic.paired import signed_rank
from omtrace.statistics.basic.proportion import odds_ratio, proportion_difference, score_differences, score_ratio
from omtrace.statistics.basic.stratified import breslow_day, common_difference, common_odds_ratio, van_elteren
from omtrace.statistics.basic.two_groups import (
    brunner_munzel,
    hodges_lehmann_shift,
    mann_whitney,
    permutation_test,
    welch,
)
from omtrace.statistics.linear.repeated import hotelling, repeated_anova
from test_analyses import GROUPS, SIDES, Results, column, people, same


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **changes: Results(tmp_path, units or people(), entries, **changes)


def shown(results, **name):
    """(unit, decimals) by statistic."""
    return {
        n["statistic"]: (n["unit"], n["decimals"])
        for n in results.numbers
        if all(n[part] == value for part, value in name.items())
    }


def test_compare_groups(study):
    units = people()
    results = study(
        {"a": ("compare_groups", ["x"], ["end"], {"contrasts": [["OMT", "sham"], ["sham", "OMT"]], "level": 0.9})}
    )
    for first, second in (GROUPS, GROUPS[::-1]):
        a, b = (column(units, "x", "end", arm=arm) for arm in (first, second))
        expected = {**welch(a, b, 0.9), **mann_whitney(a, b), **permutation_test(a, b)}
        expected |= {**hodges_lehmann_shift(a, b, 0.9), **brunner_munzel(a, b, 0.9)}
        same(results.values(group=f"{first} - {second}"), expected)
    found = shown(results)
    assert found["hodges_lehmann_shift_low"] == ("points", "1") and found["relative_effect"] == ("", "3")
    assert found["permutation_p"] == ("", "3") and found["permutation_exact"] == ("", "0")


def test_zeros_of_a_paired_change_are_treated_as_the_plan_says(study):
    units = people()
    for at, moved in (("P03", 0), ("P05", 1), ("P07", -1), ("P09", 3)):
        units[at]["x", "end"] = units[at]["x", "baseline"] + moved
    change = [f["x", "end"] - f["x", "baseline"] for f in units.values()]
    results = study({z: ("paired_change", ["x"], [], {"zeros": z}) for z in ("wilcoxon", "pratt")}, units)
    for zeros in ("wilcoxon", "pratt"):
        same(results.values(analysis=zeros), signed_rank(change, zeros))
    assert signed_rank(change, "pratt") != signed_rank(change)


def test_compare_proportions(study):
    units = people()
    results = study({"a": ("compare_proportions", ["r"], ["end"], SIDES)})
    counts = [part for arm in GROUPS[::-1] for part in (sum(column(units, "r", "end", arm=arm)), 8)]
    expected = {**proportion_difference(*counts), **score_differences(*counts)}
    expected |= {**score_ratio(*counts), **odds_ratio(*counts)}
    found = results.values(group="OMT - sham")
    same(found, {name: value for name, value in expected.items() if name in found})
    assert [found[name] for name in ("count_a", "n_a", "count_b", "n_b")] == counts
    assert found["difference"] == counts[0] / 8 - counts[2] / 8
    assert {name for name in expected if name not in found} == {
        name for name, value in expected.items() if name[:4] in ("nnt_", "nntb", "nnth") and value != value
    }
    units_of = shown(results)
    assert units_of["risk_ratio_low"] == ("", "2") and units_of["mee_low"] == ("", "3") == units_of["fisher_p"]


@pytest.mark.parametrize(("counts", "signs"), [((12, 20, 3, 20), 1), ((3, 20, 12, 20), -1)])
def test_fewer_of_what_is_not_wanted_is_benefit(counts, signs):
    a, n, c, m = counts
    good, bad = (compare_proportions._compared((a, n), (c, m), 0.95, way) for way in (False, True))
    assert good["nnt"] * signs > 0 and bad["nnt"] == pytest.approx(-good["nnt"])
    for name in ("newcombe", "wald", "miettinen_nurminen"):
        assert bad[f"nnt_{name}_low"] == pytest.approx(-good[f"nnt_{name}_high"])
        assert min(abs(good[f"nnt_{name}_{end}"]) for end in ("low", "high")) < abs(good["nnt"])
    assert good["difference"] == bad["difference"]


def test_an_interval_of_the_number_needed_keeps_its_two_ends():
    for bad in (False, True):
        found = compare_proportions._compared((9, 20), (8, 20), 0.95, bad)
        for name in ("newcombe", "wald", "miettinen_nurminen"):
            assert f"nnt_{name}_low" not in found
            low, high = (found["difference"] * 0 + found[f"{name}_{end}"] for end in ("low", "high"))
            ends = (-low, high) if not bad else (high, -low)
            assert (found[f"nnth_{name}"], found[f"nntb_{name}"]) == pytest.approx(tuple(1 / e for e in ends))


def test_proportions_within_strata(study):
    units = people(24)
    units["P00"]["sex", ""] = "x"  # a stratum of one group only
    options = {**SIDES, "strata": ["sex", "done"]}
    results = study({"a": ("compare_proportions", ["r"], ["end"], options)}, units)
    tables = {}
    for sex in "fm":
        for done in (False, True):
            sides = [
                [
                    f["r", "end"]
                    for f in units.values()
                    if (f["arm", ""], f["sex", ""], f["done", ""]) == (arm, sex, done)
                ]
                for arm in GROUPS[::-1]
            ]
            level = f"{sex}, {done:d}"
            tables[level] = tuple(part for side in sides for part in (sum(side), len(side)))
    whole = results.values(group="OMT - sham", level="")
    same(whole, {**common_difference([*tables.values()]), **common_odds_ratio([*tables.values()])})
    assert whole["n_a"] + whole["n_b"] == 23
    same(results.values(level="odds ratios differ between strata"), breslow_day([*tables.values()]))
    (number,) = [n for n in results.numbers if n["level"] == "" and n["statistic"] == "difference"]
    assert results.reasons(number)["P00"] == {"stratum without the other group"}
    for level, (a, n, b, m) in tables.items():
        found = results.values(level=level)
        same(found, {"count_a": a, "n_a": n, "count_b": b, "n_b": m, "difference": a / n - b / m})
        (number,) = [n for n in results.numbers if n["level"] == level and n["statistic"] == "n_a"]
        assert sum(reason == {""} for reason in results.reasons(number).values()) == n + m


def test_strata_that_determine_no_odds_ratio_are_said_to(study):
    units = people()
    for facts in units.values():
        facts["r", "end"] = False
    results = study({"a": ("compare_proportions", ["r"], ["end"], {**SIDES, "strata": ["sex"]})}, units)
    assert results.values(level="")["difference"] == 0 and "odds_ratio" not in results.values(level="")
    levels = {n["level"] for n in results.numbers}
    assert "odds ratio and its test: not determined, no stratum holds both outcomes" in levels


def test_ranks_within_strata(study):
    units = people()
    results = study({"a": ("compare_groups", ["x"], ["end"], {"contrasts": [["OMT", "sham"]], "strata": ["sex"]})})
    strata = [
        [[f["x", "end"] for f in units.values() if (f["arm", ""], f["sex", ""]) == (arm, sex)] for arm in GROUPS[::-1]]
        for sex in "fm"
    ]
    same(results.values(level="ranks within strata, van Elteren"), van_elteren(strata))
    assert results.values(level="")["n_a"] == 8


def test_strata_without_both_groups_are_refused(study):
    units = people()
    for facts in units.values():
        facts["sex", ""] = facts["arm", ""]
    with pytest.raises(Fault, match="no stratum holds both OMT and sham"):
        study({"a": ("compare_proportions", ["r"], ["end"], {**SIDES, "strata": ["sex"]})}, units)


def test_compare_many(study):
    units = people()
    units["P02"]["sex", ""] = units["P06"]["sex", ""] = "x"
    options = {"groups": ["f", "m"], "procedures": ["tukey", "dunn"], "trend": ["m", "f"]}
    changes = {"group": "sex", "groups": {"f": "Female", "m": "Male", "x": "Other"}}
    results = study({"a": ("compare_many", ["x"], ["end"], options)}, units, **changes)
    groups = [[f["x", "end"] for f in units.values() if f["sex", ""] == sex] for sex in "fm"]
    same(results.values(level="Tukey-Kramer"), tukey_kramer(groups)[1, 0])
    same(results.values(level="Dunn, on ranks", group="m - f"), dunn(groups)[1, 0])
    same(results.values(level="analysis of variance"), one_way(groups))
    same(results.values(level="Welch's analysis of variance"), welch_one_way(groups))
    same(results.values(level="Kruskal-Wallis test"), kruskal_wallis(groups))
    trend = results.values(level="Jonckheere-Terpstra test of the trend {group:m} < {group:f}")
    same(trend, jonckheere_terpstra(groups[::-1]))
    assert results.values(group="f", statistic="n") == {"n": len(groups[0])}
    reasons = results.reasons(next(n for n in results.numbers if n["group"] == "all"))
    assert reasons["P02"] == {"other group"} and len(reasons) == len(units)
    assert shown(results, level="Tukey-Kramer")["adjusted_p"] == ("", "3")


def test_compare_many_on_the_log_scale(study):
    results = study({"a": ("compare_many", ["x"], ["end"], {"log": True})})
    groups = [numpy.log(column(people(), "x", "end", arm=arm)) for arm in GROUPS]
    same(results.values(level="Dunnett, log scale"), dunnett(groups)[1, 0])
    assert shown(results, level="Dunnett, log scale")["difference"] == ("log points", "2")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": ["OMT", "sham", "OMT"]}, "each once"),
        ({"groups": ["OMT", "shamm"]}, "no group 'shamm'"),
        ({"groups": ["OMT"]}, "at least two groups"),
        ({"groups": ["OMT", "sham"], "trend": ["other"]}, "no group 'other'"),
    ],
)
def test_compare_many_needs_groups(study, options, words):
    with pytest.raises(Fault, match=words):
        study({"a": ("compare_many", ["x"], ["end"], options)})


def test_compare_many_says_what_is_too_little(study):
    units = {f"P{i:02}": facts for i, facts in enumerate(people().values()) if i < 3}
    with pytest.raises(Fault, match="analysis a, x at end: at least two groups of at least 2"):
        study({"a": ("compare_many", ["x"], ["end"], {})}, units)
    units = people()
    units["P00"]["x", "end"] = 0
    with pytest.raises(Fault, match="positive"):
        study({"a": ("compare_many", ["x"], ["end"], {"log": True})}, units)


def test_repeated_anova_counts_who_is_lost(study):
    units = people()
    units["P02"]["x", "baseline"], units["P04"]["x", "end"] = "!incomplete: 1 of 6 items open", "!not collected"
    results = study({"a": ("repeated_anova", ["x"], [], {}, "adults")}, units)
    kept = [f for u, f in units.items() if u not in ("P02", "P04") and f["age", ""] >= 35]
    values = [[f["x", "baseline"], f["x", "end"]] for f in kept]
    lost = sum(units[u]["age", ""] >= 35 for u in ("P02", "P04"))
    same(results.values(), {**repeated_anova(values), "n": len(kept), "missing": lost})
    reasons = results.reasons(results.numbers[0])
    assert reasons["P02"] == {"x at baseline incomplete: 1 of 6 items open"}
    assert sum(found == {""} for found in reasons.values()) == len(kept) and len(reasons) == len(units)
    assert {n["level"] for n in results.numbers} == {"{visit:baseline}, {visit:end}"} and shown(results)["gg_p"] == (
        "",
        "3",
    )


def test_manova_of_outcomes_and_of_visits(study):
    units = people()
    options = {"together": "parameters"}
    results = study({"a": ("manova", ["x", "r"], [], options), "b": ("manova", ["x"], [], {})}, units)
    changes = [[f[p, "end"] - f[p, "baseline"] for p in ("x", "r")] for f in units.values()]
    same(results.values(analysis="a"), {**hotelling(changes), "n": 16, "missing": 0, "changes": 2})
    same(results.values(analysis="b"), {**hotelling([row[:1] for row in changes]), "n": 16, "changes": 1})
    names = {(n["analysis"], n["parameter"], n["visit"], n["level"]) for n in results.numbers}
    assert names == {("a", "x & r", "end", ""), ("b", "x", "", "{visit:end}")}
    roles = {role for _, role, _ in results.rowsets[results.numbers[0]["rowset"]]}
    assert roles == {"baseline", "outcome"} and len(results.rowsets[results.numbers[0]["rowset"]]) == 4 * 16


@pytest.mark.parametrize("method", ["repeated_anova", "manova"])
def test_more_lost_than_the_plan_allows_is_refused(study, method):
    units = people()
    for at in (1, 4, 5, 8):
        units[f"P{at:02}"]["x", "end"] = "!not collected"
    with pytest.raises(
        Fault, match=r"analysis a, x: 4 of 16 participants \(25%\) lack one of 2 values .* most_lost: 0.2"
    ):
        study({"a": (method, ["x"], [], {})}, units)
    results = study({"a": (method, ["x"], [], {"most_lost": 0.25})}, units)
    assert results.values()["missing"] == 4


def test_repeated_measures_need_visits_and_units(study):
    with pytest.raises(Fault, match="at least two visits"):
        study({"a": ("repeated_anova", ["x"], ["end"], {})})
    units = {u: f for u, f in people().items() if u < "P02"}
    with pytest.raises(Fault, match="2 units for 2 changes"):
        study({"a": ("manova", ["x", "r"], [], {"together": "parameters"})}, units)

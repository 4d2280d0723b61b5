"""Analyses on small datasets: numbers of the statistics, ids, definitions, units, rows that account for everyone."""

import math
import re
import tempfile
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import adjusted_difference, adjusted_means
from omtrace import analyses, store
from omtrace.analyses import Method, run
from omtrace.analyses.run import analyse_study, definition_of, number_id
from omtrace.faults import Fault
from omtrace.model.estimate import read_estimates
from omtrace.model.plan import Plan
from omtrace.model.statistics import STATISTICS
from omtrace.plugins import plugin
from omtrace.statistics.basic.descriptive import describe
from omtrace.statistics.basic.paired import hodges_lehmann, paired_change, signed_rank
from omtrace.statistics.basic.proportion import proportion
from omtrace.statistics.curves.four_pl import fit_four_pl
from omtrace.statistics.linear.design import design_of
from omtrace.statistics.linear.linear import fit_linear

GROUPS = ["sham", "OMT"]
PAIR = {"contrasts": [["OMT", "sham"]]}
SIDES = {"group": "OMT", "reference": "sham"}
AT = ("baseline", "end")
# parameter: visits, unit, decimals
PARAMETERS = {
    "arm": ((), "", 1),
    "sex": ((), "", 1),
    "age": ((), "years", 1),
    "printed": ((), "points", 3),
    "done": ((), "", 1),
    "conc": ((), "pg/mL", 1),
    "signal": ((), "OD", 3),
    "x": (AT, "points", 1),
    "r": (AT, "", 1),
}
CRITERION = {"label": "done", "parameter": "done", "stop": 0.5, "go": 0.7}
# method: parameters, visits and options that it can do with
CASES = {
    "describe": (["x", "age", "sex"], [], {}),
    "baseline_table": (["age", "sex", "x"], [], {}),
    "flow": (["x"], [], {}),
    "feasibility": (["x", "done"], [], {"criteria": {"a": CRITERION}}),
    "safety": (["age"], [], PAIR),
    "populations": ([], [], {}),
    "paired_change": (["x"], [], {"by_group": True}),
    "proportion": (["r"], ["end"], {}),
    "compare_groups": (["x"], ["end"], PAIR),
    "compare_many": (["x"], ["end"], {"procedures": ["dunnett", "tukey", "games_howell", "dunn"], "trend": GROUPS}),
    "responder_grid": (["x"], [], {**SIDES, "grids": {"x": {"low": 2, "high": 6, "step": 4, "sources": {3: "A"}}}}),
    "reliability": (["x"], [], {"ranges": {"x": [0, 100]}, "items": {"x": ["x", "r"]}, "retest": AT}),
    "icc": (["x"], [*AT], {"of": "visits"}),
    "repeated_anova": (["x"], [], {"most_lost": 0.9}),
    "manova": (["x"], [], {"most_lost": 0.9}),
    "compare_proportions": (["r"], ["end"], SIDES),
    "ancova": (["x"], ["end"], {"group": "OMT", "reference": "sham", "covariates": ["age"], "factors": ["sex"]}),
    "count_model": (["x"], ["end"], {**PAIR, "exposure": "age", "per": 10, "distribution": "poisson"}),
    "logistic": (["r"], ["end"], {**PAIR, "factors": ["sex"]}),
    "gee": (["r"], ["end"], {**PAIR, "outcome": "yes or no", "correlation": "independence"}),
    "proportional_odds": (["r"], ["end"], PAIR),
    "trial_size": (["x"], ["end"], {"difference": 3, "source": "a value for the test"}),
    "subgroups": (["x"], ["end"], {**SIDES, "by": "sex", "covariates": ["age"]}),
    "factorial": (["x"], ["end"], {"first": "arm", "first_levels": GROUPS, "second": "sex", "second_levels": [*"fm"]}),
    "dose_response": (["x"], ["end"], {**PAIR, "dose": "age", "factors": ["sex"]}),
    "grubbs": (["x"], ["end"], {}),
    "planned_size": (
        [],
        [],
        {"scenarios": {"a": {"design": "means", "difference": 3, "sd": 6, "source": "a value for the test"}}},
    ),
    "change_by_visit": (["x"], [], {}),
    "shift_table": (["r"], [], {}),
    "correlation": (["x"], ["end"], {"other": "age", "kinds": ["pearson", "spearman", "kendall"]}),
    "limits_of_agreement": (["age"], [], {"other": "printed"}),
    "time_to_event": (["age"], [], {"event": "done", "times": [35, 45], **PAIR, "horizon": 32}),
    "crossover": (["x"], [*AT], {"sequences": {"sham": ["A", "B"], "OMT": ["B", "A"]}, "contrast": ["A", "B"]}),
    "crossover_periods": (
        ["x"],
        [*AT],
        {"sequences": {"sham": ["A", "A"], "OMT": ["A", "B"]}, "contrasts": [["B", "A"]]},
    ),
    "agreement": (["age"], [], {"printed": "printed", "decimals": 0}),
    "standard_curve": (["signal"], [], {"concentration": "conc"}),
}


ANCOVA, FACTORIAL = CASES["ancova"][2], CASES["factorial"][2]
# A number of a model rests on all of its groups, but for the counts of one.
MODELS = ("ancova", "count_model", "dose_response", "gee", "logistic", "proportional_odds", "subgroups")
COUNTS = ("n", "count", "percent", "events", "exposure")


def people(n=16):
    """n units with every value; signals lie on one curve a group."""
    found = {}
    for i in range(n):
        conc = [0, 15.6, 31.25, 62.5, 125, 250, 500, 1000][i // 2 % 8]
        found[f"P{i:02}"] = {
            ("arm", ""): GROUPS[i % 2],
            ("sex", ""): "fm"[i // 2 % 2],
            ("age", ""): 30 + i * 7 % 23,
            ("printed", ""): 30 + i * 7 % 23 + (i % 5 == 0),
            ("done", ""): i % 3 > 0,
            ("conc", ""): conc,
            ("signal", ""): 2 - 1.9 / (1 + (conc / (100 + 50 * (i % 2))) ** 1.3),
            ("x", "baseline"): 60 + i * 5 % 11,
            ("x", "end"): 55 + i * 3 % 13 - 4 * (i % 2),
            ("r", "baseline"): 0,
            ("r", "end"): i * 3 % 7 > 3,
        }
    return found


def written(folder, units):
    """The dataset's two files."""
    rows = []
    for parameter, (visits, _, _) in PARAMETERS.items():
        for visit in visits or ("",):
            for unit, facts in sorted(units.items()):
                what = facts[parameter, visit]
                status, value, text = "observed", None, None
                if isinstance(what, str) and what.startswith("!"):
                    status = what[1:]
                elif isinstance(what, bool):
                    value, text = float(what), "yes" if what else "no"
                elif isinstance(what, str):
                    text = what
                else:
                    value = float(what)
                rows.append((len(rows) + 1, unit, parameter, visit, value, text, status))
    records = pandas.DataFrame(rows, columns=["record", "unit", "parameter", "visit", "value", "text", "status"])
    texts = ["unit", "parameter", "visit", "text", "status"]  # so where there are no rows, too
    records = records.astype(dict.fromkeys(texts, "str"))
    store.write_table(folder / "data.parquet", records.astype({"value": "float64"}))
    cells = {"record": records["record"], "key": records["record"] + 2**32, "column": ["c"] * len(rows)}
    store.write_table(folder / "data.cells.parquet", {**cells, "role": ["value"] * len(rows)})
    return records


def plan_of(entries, **changes):
    """A plan; entries: analysis -> (method, parameters, visits, options[, population])."""
    parameters = {
        name: {
            "derive": "column",
            "label": name,
            "unit": unit,
            "decimals": decimals,
            "visits": list(visits),
            "better": "lower" * (name == "x"),
            "options": {"table": "t", "column": name},
        }
        for name, (visits, unit, decimals) in PARAMETERS.items()
    }
    dataset = {
        "unit": "participant",
        "roster": {"table": "t", "column": "unit_id"},
        "visits": {"baseline": "B", "end": "E"},
        "baseline": "baseline",
        "group": "arm",
        "groups": {"sham": "Sham", "OMT": "OMT"},
        "parameters": parameters,
        "populations": {"full": {"label": "all"}, "adults": {"label": "adults", "where": "age >= 35"}},
        **changes,
    }
    named = {
        name: {
            "method": method,
            "dataset": "data",
            "title": name,
            "parameters": parameters,
            "visits": visits,
            "options": options,
            "population": more[0] if more else "full",
        }
        for name, (method, parameters, visits, options, *more) in entries.items()
    }
    return Plan.model_validate(
        {
            "study": "small",
            "title": "t",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "tables": {"t": {"reader": "delimited"}},
            "datasets": {"data": dataset},
            "analyses": named,
            "figures": {},
        }
    )


class Results:
    """What ``analyse_study`` wrote. Raises Fault for what is not computed, unless ``refusals`` are looked for."""

    def __init__(self, folder, units, entries, refusals=False, **changes):
        self.folder = folder
        self.records = written(folder / "datasets", units).set_index("record")
        self.plan = plan_of(entries, **changes)
        analyse_study(self.plan, folder / "datasets", folder)
        self.numbers = read_estimates(folder / "estimates.csv")
        self.definitions = store.read_json(folder / "definitions.json")
        sets = store.read_columns(folder / "rowsets.parquet")
        self.rowsets: dict[str, list] = {}
        for rowset, record, role, reason in zip(
            *(sets[c] for c in ("rowset", "record", "role", "reason")), strict=True
        ):
            self.rowsets.setdefault(rowset, []).append((record, role, reason))
        refused = [n for n in self.numbers if n["statistic"] == "not_computed"]
        if refused and not refusals:
            parts = ("parameter", "visit")
            named = [
                ", ".join(filter(None, (n["analysis"], " at ".join(n[p] for p in parts if n[p])))) for n in refused
            ]
            raise Fault(*(f"analysis {name}: {n['level']}" for name, n in zip(named, refused, strict=True)))

    def values(self, **name):
        """statistic -> value of the numbers with these names."""
        found = {
            n["statistic"]: float(n["value"]) if n["value"] else math.nan
            for n in self.numbers
            if all(n[part] == wanted for part, wanted in name.items())
        }
        assert found
        return found

    def reasons(self, number):
        """unit -> the reasons in a number's row set."""
        found: dict[str, set] = {}
        for record, _, reason in self.rowsets.get(number["rowset"], []):
            found.setdefault(self.records.at[record, "unit"], set()).add(reason)
        return found


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **changes: Results(tmp_path, units or people(), entries, **changes)


def same(found, expected):
    """The statistics that a function gives stand in the results, as they are kept."""
    for statistic, value in expected.items():
        assert found[statistic] == pytest.approx(store.stored(value), rel=1e-9, abs=1e-12, nan_ok=True), statistic


def column(units, *name, arm=None):
    return [facts[name] for facts in units.values() if arm in (None, facts["arm", ""])]


# what every method keeps to


OWN = {"censored_ends", "imputation", "missing_patterns", "mixed_model", "sample_size", "mmrm", "tipping_point"}
ASSAY = {
    "plate_acceptance",
    "censored_comparison",
    "assay_error",
    "levey_jennings",
    "batch_effect",
    "bridging",
    "shared_curve",
}


def methods():
    known = {p.stem for p in Path(analyses.__file__).parent.glob("[!_]*.py")} - {"run", "selection"}
    # mixed models, methods of assays, and methods that rest on other analyses, have tests of their own
    own = {name for name in known if plugin("analyses", name, "METHOD").rests_on is not Method.rests_on}
    return sorted(known - OWN - ASSAY - own)


def test_every_method_has_a_case():
    assert sorted(CASES) == methods()
    for name in methods():
        method = plugin("analyses", name, "METHOD")
        assert isinstance(method, Method) and method.options.__doc__
        assert callable(method.words) or method.words.endswith(".")
        assert method.statistics and method.statistics <= {*STATISTICS}


LOST = st.sampled_from(["!not collected", "!quarantined: range", "!incomplete: 1 of 6 items open"])
FACTS = sorted((p, v) for p, (visits, *_) in PARAMETERS.items() for v in visits or ("",))


@settings(deadline=None, max_examples=8)
@given(
    st.dictionaries(st.tuples(st.integers(0, 15), st.sampled_from(FACTS)), LOST, max_size=12),
    st.sampled_from(["full", "adults"]),
)
@pytest.mark.parametrize("method", methods())
def test_every_number_accounts_for_every_enrolled_unit_with_one_reason(method, lost, population):
    units = people()
    for (at, fact), status in lost.items():
        units[f"P{at:02}"][fact] = status
    parameters, visits, options = CASES[method]
    with tempfile.TemporaryDirectory() as folder:
        try:
            results = Results(Path(folder), units, {"a": (method, parameters, visits, options, population)})
        except Fault as fault:  # too little is left for a model
            also = (
                "factorial",
                "compare_many",
                "manova",
                "trial_size",
                "time_to_event",
                "crossover",
                "crossover_periods",
            )
            assert method in (*MODELS, *also)
            assert fault.lines[0].startswith("analysis a")
            return
        arms = {unit: facts["arm", ""] for unit, facts in units.items()}
        for number in results.numbers:
            reasons = results.reasons(number)
            group = number["group"]
            asked = set(arms) if group == "all" else {u for u, arm in arms.items() if arm in group.split(" - ")}
            if method in (
                *MODELS,
                "compare_groups",
                "compare_many",
                "compare_proportions",
                "responder_grid",
                "standard_curve",
                "safety",
                "time_to_event",
                "crossover",
                "crossover_periods",
            ):
                asked |= {u for u, arm in arms.items() if arm.startswith("!")}  # a group is needed, and they have none
                model = method in MODELS and number["statistic"] not in COUNTS
                asked |= {u for u, arm in arms.items() if model and arm in GROUPS}
            assert set(reasons) == asked and all(len(found) == 1 for found in reasons.values())
            used = sum(found == {""} for found in reasons.values())
            if number["statistic"] == "n" and method not in ("flow", "factorial", "standard_curve", "populations"):
                assert int(number["value"]) == used
            if number["statistic"] == "n_a":
                assert used == sum(results.values(group=group)[name] for name in ("n_a", "n_b"))
            if number["statistic"] == "missing":
                left = {next(iter(found)) for found in reasons.values()} - {""}
                assert int(number["value"]) == sum(
                    bool(r) and not r.startswith("not in population") for found in reasons.values() for r in found
                ), left


def test_results_are_the_same_bytes_twice(tmp_path):
    entries = {name: (name, *case) for name, case in CASES.items()}
    for folder in ("one", "two"):
        Results(tmp_path / folder, people(), entries)
    for name in ("estimates.csv", "rowsets.parquet", "definitions.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_every_number_has_its_row_set_and_its_definition(study):
    results = study({name: (name, *case) for name, case in CASES.items()})
    assert {n["definition"] for n in results.numbers} == set(results.definitions)
    assert {n["rowset"] for n in results.numbers} == set(results.rowsets)
    assert {n["data"] for n in results.numbers} == {"simulated"}
    assert {results.definitions[n["definition"]]["analysis"] for n in results.numbers} == set(CASES)
    given = {(results.definitions[n["definition"]]["method"], n["statistic"]) for n in results.numbers}
    assert not [(method, name) for method, name in given if name not in plugin("analyses", method, "METHOD").statistics]


# ids and definitions


def test_an_id_names_a_number_for_good(study):
    results = study({"scores": ("describe", ["x"], ["end"], {})})
    ids = {(n["group"], n["statistic"]): n["id"] for n in results.numbers}
    assert ids["OMT", "mean"] == "8570228109db"  # sha256 of the eight names, joined by line feeds, cut to 12 digits
    assert ids["all", "n"] == "e909c667594c"
    assert len(set(ids.values())) == len(results.numbers)


def test_ids_are_unique_over_all_methods_and_hold_nothing_but_names(study):
    entries = {f"{name}_{n}": (name, *case) for name, case in CASES.items() for n in (1, 2)}
    results = study(entries)
    ids = [n["id"] for n in results.numbers]
    assert len(set(ids)) == len(ids) and all(re.fullmatch("[0-9a-f]{12}", i) for i in ids)
    names = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")
    units = people()
    units["P00"]["x", "end"] = 99
    again = Results(results.folder / "again", units, entries)
    assert [n["id"] for n in again.numbers] == ids
    assert len({tuple(n[name] for name in names) for n in results.numbers}) == len(ids)


def test_two_numbers_of_one_name_are_a_fault(study, monkeypatch):
    def twice(call):
        for number in plugin("analyses", "describe", "METHOD").run(call):
            yield number
            yield number

    describe_ = plugin("analyses", "describe", "METHOD")
    monkeypatch.setattr(run, "plugin", lambda *_: Method(describe_.options, twice, "words"))
    with pytest.raises(Fault, match="analyses.scores: two numbers of one name"):
        study({"scores": ("describe", ["x"], ["end"], {})})


def test_another_definition_keeps_the_id_and_changes_the_digest():
    base = {"a": ("ancova", *CASES["ancova"], "adults")}

    def changed(*path_and_value):
        plan = plan_of(base).model_dump(mode="json", by_alias=True)
        *path, last, value = path_and_value
        part = plan
        for name in path:
            part = part[name]
        part[last] = value
        return definition_of(Plan.model_validate(plan), "a")

    first = definition_of(plan_of(base), "a")
    column = ("datasets", "data", "parameters")
    same_ = [
        changed("analyses", "a", "title", "other"),
        changed("analyses", "a", "note", "other"),
        changed(*column, "x", "label", "other"),
        changed(*column, "conc", "options", {"column": "z"}),
    ]
    assert all(definition == first for definition in same_)
    others = [
        changed("analyses", "a", "options", "level", 0.9),
        changed("analyses", "a", "options", "baseline", False),
        changed("analyses", "a", "options", "factors", []),
        changed("datasets", "data", "populations", "adults", "where", "age >= 36"),
        changed("datasets", "data", "unit", "animal"),
        changed(*column, "x", "options", {"column": "z"}),  # the outcome
        changed(*column, "arm", "options", {"column": "z"}),  # its group
        changed(*column, "age", "options", {"column": "z"}),  # a covariate, and what the population asks for
        changed(*column, "sex", "options", {"column": "z"}),  # a factor
        changed(*column, "x", "derive", "mean"),
        changed(*column, "x", "unit", "d"),
    ]
    assert all(definition != first for definition in others)
    assert len({repr(definition) for definition in others}) == len(others)


def test_the_definition_follows_what_a_parameter_is_derived_from():
    plan = plan_of({"a": ("proportion", ["r"], ["end"], {})})
    assert set(definition_of(plan, "a")["parameters"]) == {"r", "arm"}
    content = plan.model_dump(mode="json", by_alias=True)
    content["datasets"]["data"]["parameters"]["r"]["options"] = {"of": "x", "at_least": 5}
    assert set(definition_of(Plan.model_validate(content), "a")["parameters"]) == {"r", "arm", "x"}


def test_the_digest_of_a_definition_is_another_one_for_another_option(study):
    one = study({"a": ("describe", ["x"], ["end"], {})})
    two = Results(one.folder / "two", people(), {"a": ("describe", ["x"], ["end"], {"level": 0.9})})
    assert [n["id"] for n in one.numbers] == [n["id"] for n in two.numbers]
    assert {n["definition"] for n in one.numbers}.isdisjoint(n["definition"] for n in two.numbers)
    assert [n["rowset"] for n in one.numbers] == [n["rowset"] for n in two.numbers]


def test_a_number_id_is_over_all_of_its_names():
    number = analyses.Number("p", "g", "v", "l", "s", 1.0, "", 0, None)
    ids = [number_id("study", "analysis", number, "population")]
    for part in ("parameter", "group", "visit", "level", "statistic"):
        ids.append(number_id("study", "analysis", number._replace(**{part: "z"}), "population"))
    ids += [
        number_id("z", "analysis", number, "population"),
        number_id("study", "z", number, "population"),
        number_id("study", "analysis", number, "z"),
    ]
    assert len(set(ids)) == 9


# the methods give what the statistics give


def test_describe(study):
    units = people()
    units["P03"]["x", "end"] = "!not collected"
    results = study({"a": ("describe", ["x"], [], {"level": 0.9})}, units)
    for arm in (*GROUPS, None):
        values = [v for v in column(units, "x", "end", arm=arm) if not isinstance(v, str)]
        found = results.values(group=arm or "all", visit="end")
        same(found, {**describe(values, 0.9), "missing": arm != "sham"})
    results = Results(results.folder / "b", units, {"a": ("describe", ["x"], ["end"], {"by_group": False})})
    assert {n["group"] for n in results.numbers} == {"all"}


@pytest.mark.parametrize("last, decimals", [(70, "0"), (70.5, "1")])
def test_the_range_of_whole_numbers_has_no_decimals(study, last, decimals):
    units = people()
    for at, facts in enumerate(units.values()):
        facts["x", "baseline"], facts["x", "end"] = 40 + at, 50 + at
    facts["x", "end"] = last
    shapes = {n["statistic"]: n["decimals"] for n in study({"a": ("describe", ["x"], ["baseline"], {})}, units).numbers}
    assert shapes["minimum"] == shapes["maximum"] == decimals and shapes["median"] == "1"


def test_describe_counts_categories(study):
    units = people()
    units["P00"]["sex", ""] = "!quarantined: allowed"
    results = study({"a": ("describe", ["sex"], [], {})}, units)
    for arm, n in (("sham", 7), ("OMT", 8), ("all", 15)):
        women = column(units, "sex", "", arm=None if arm == "all" else arm).count("f")
        assert results.values(group=arm, level="") == {"n": n, "missing": arm != "OMT"}
        assert results.values(group=arm, level="f") == {"count": women, "percent": pytest.approx(100 * women / n)}
    assert {n["level"] for n in results.numbers} == {"", "f", "m"}


def test_yes_and_no_as_words_are_categories(study):
    units = people()
    for n, facts in enumerate(units.values()):
        facts["sex", ""] = "yes" if n < 4 else "no"
    results = study({"a": ("describe", ["sex"], [], {"by_group": False})}, units)
    assert results.values(level="yes") == {"count": 4, "percent": 25}
    assert results.values(level="no") == {"count": 12, "percent": 75}


def test_nobody_at_all_gives_no_numbers_but_counts(study):
    units = people()
    for facts in units.values():
        if facts["arm", ""] == "OMT":
            facts |= dict.fromkeys([("x", "end"), ("sex", ""), ("r", "end")], "!not collected")
    results = study(
        {
            "a": ("describe", ["x", "sex"], ["end"], {}),
            "b": ("proportion", ["r"], ["end"], {}),
            "c": ("compare_groups", ["x"], ["end"], PAIR),
            "d": ("compare_proportions", ["r"], ["end"], SIDES),
            "e": ("paired_change", ["x"], ["end"], {"by_group": True}),
            "f": ("flow", ["x"], ["end"], {}),
        },
        units,
        refusals=True,
    )
    found = results.values(analysis="a", parameter="x", group="OMT")
    assert found["n"] == 0 and found["missing"] == 8 and math.isnan(found["mean"])
    assert math.isnan(results.values(analysis="a", group="OMT", level="f")["percent"])
    assert results.values(analysis="b", group="OMT")["n"] == 0
    for name in "cd":
        assert results.values(analysis=name)["n_a"] == 0 and "difference" not in results.values(analysis=name)
    assert results.values(analysis="e", group="OMT")["n"] == 0
    refused = {(n["analysis"], n["group"], n["level"]) for n in results.numbers if n["statistic"] == "not_computed"}
    assert refused == {
        ("c", "OMT - sham", "no value of OMT"),
        ("d", "OMT - sham", "no value of OMT"),
        ("e", "OMT", "no pair of values of OMT"),
    }
    assert results.values(analysis="f", group="OMT", level="analysed") == {"n": 0}


def test_paired_change(study):
    units = people()
    units["P02"]["x", "baseline"] = "!incomplete: 1 of 6 items open"
    units["P04"]["x", "end"] = "!not collected"
    results = study({"a": ("paired_change", ["x"], [], {})}, units)
    assert {n["visit"] for n in results.numbers} == {"end"} and {n["group"] for n in results.numbers} == {"all"}
    pairs = [(f["x", "baseline"], f["x", "end"]) for u, f in units.items() if u not in ("P02", "P04")]
    before, after = (numpy.array(side, dtype=float) for side in zip(*pairs, strict=True))
    ranks = {**signed_rank(after - before), **hodges_lehmann(after - before)}
    same(results.values(), {**paired_change(before, after), **ranks, "missing": 2})
    reasons = results.reasons(results.numbers[0])
    assert reasons["P02"] == {"baseline incomplete: 1 of 6 items open"} and reasons["P04"] == {"not collected"}


def test_proportion(study):
    units = people()
    results = study(
        {"a": ("proportion", ["r"], ["end"], {}), "b": ("proportion", ["age"], [], {"at_least": 40})}, units
    )
    for arm in (*GROUPS, None):
        yes = column(units, "r", "end", arm=arm)
        same(results.values(analysis="a", group=arm or "all"), {**proportion(sum(yes), len(yes)), "missing": 0})
        ages = column(units, "age", "", arm=arm)
        found = results.values(analysis="b", group=arm or "all", level="at least 40")
        same(found, proportion(sum(age >= 40 for age in ages), len(ages)))


def test_ancova(study):
    units = people()
    units["P05"]["age", ""] = "!quarantined: range"
    options = {"group": "OMT", "reference": "sham", "covariates": ["age"], "factors": ["sex"]}
    results = study(
        {"a": ("ancova", ["x"], [], options), "b": ("ancova", ["x"], ["end"], {**options, "baseline": False})}, units
    )
    frame = pandas.DataFrame(
        {
            "value": f["x", "end"],
            "baseline": f["x", "baseline"],
            "group": f["arm", ""],
            "age": f["age", ""],
            "sex": f["sex", ""],
        }
        for u, f in units.items()
        if u != "P05"
    )
    frame = frame.astype({"value": float, "baseline": float, "age": float})
    for name, covariates in (("a", ["baseline", "age"]), ("b", ["age"])):
        model = (frame, "value", "group", "sham", covariates, ["sex"])
        same(results.values(analysis=name, group="OMT - sham"), adjusted_difference(*model))
        for arm, expected in adjusted_means(*model).items():
            same(results.values(analysis=name, group=arm), expected)
    assert {n["visit"] for n in results.numbers} == {"end"}
    assert results.reasons(results.numbers[0])["P05"] == {"age quarantined: range"}


def test_factorial(study):
    units = people()
    units["P01"]["sex", ""] = "other"
    options = FACTORIAL
    results = study(
        {"a": ("factorial", ["x"], ["end"], options), "b": ("factorial", ["x"], ["end"], {**options, "log": True})},
        units,
    )
    kept = [f for u, f in units.items() if u != "P01"]
    for name, change in (("a", float), ("b", math.log)):
        columns = {term: [f[term, ""] for f in kept] for term in ("arm", "sex")}
        design = design_of(columns, ["arm * sex"], {"arm": GROUPS, "sex": "fm"})
        model = fit_linear([change(f["x", "end"]) for f in kept], design.matrix)
        expected = {"arm: OMT - sham": ("arm", 2), "sex: m - f": ("sex", 2), "interaction arm x sex": ("arm:sex", 4)}
        for level, (term, twice) in expected.items():
            found = results.values(analysis=name, level=level + ", log scale" * (name == "b"))
            numbers = model.contrast(twice * design.term(term)[0])
            same({number: found[number] for number in numbers}, numbers)
            assert found["f"] == pytest.approx(model.joint_test(design.term(term))["f"])
    assert results.reasons(results.numbers[0])["P01"] == {"other level of a factor"}
    assert len({n["level"] for n in results.numbers}) == 2 * (3 + 4 + 4)
    shown = {(n["analysis"], n["statistic"]): n["unit"] for n in results.numbers}
    assert shown["a", "estimate"] == "points" and shown["b", "estimate"] == shown["b", "mean"] == "log points"
    assert shown["b", "partial_eta_squared_low"] == shown["b", "t"] == ""


def test_agreement(study):
    results = study({"a": ("agreement", ["age"], [], {"printed": "printed", "decimals": 0})})
    units = people()
    for arm in (*GROUPS, None):
        pairs = list(zip(column(units, "age", "", arm=arm), column(units, "printed", "", arm=arm), strict=True))
        found = {level: results.values(group=arm or "all", level=level) for level in ("equal to 0 decimals", "")}
        found = found["equal to 0 decimals"] | found[""]
        equal = sum(a == b for a, b in pairs)
        assert found == {
            "n": len(pairs),
            "count": equal,
            "percent": pytest.approx(100 * equal / len(pairs)),
            "largest_difference": max(abs(a - b) for a, b in pairs),
        }
    others = [n for n in results.numbers if n["level"] == "differs beyond rounding"]  # people: counted, never named
    assert [(n["statistic"], float(n["value"])) for n in others] == [("count", len(units) - equal)]
    assert not [n for n in results.numbers if n["level"].startswith("P") or n["statistic"] in ("computed", "printed")]


def test_agreement_rounds_both_half_away_from_zero(study):
    units = people(2)
    units["P00"] |= {("age", ""): 2.5, ("printed", ""): 3}
    units["P01"] |= {("age", ""): -2.5, ("printed", ""): -2}
    found = study({"a": ("agreement", ["age"], [], {"printed": "printed", "decimals": 0})}, units).values(
        group="all", level="equal to 0 decimals"
    )
    assert (found["n"], found["count"]) == (2, 1)


def test_standard_curve(study):
    units = people(32)
    results = study({"a": ("standard_curve", ["signal"], [], {"concentration": "conc"})}, units)
    for arm in GROUPS:
        fit = fit_four_pl(column(units, "conc", "", arm=arm), column(units, "signal", "", arm=arm))
        found = results.values(group=arm, level="")
        same({k: v for k, v in found.items() if k[0] in "abcd"}, {k: fit.numbers()[k] for k in "abcd"})
        assert found["c"] == pytest.approx(100 + 50 * (arm == "OMT"), rel=1e-6)
        for level in (15.6, 1000):
            back = results.values(group=arm, level=f"standard {level:g}")
            assert back["back_calculated"] == pytest.approx(level, rel=1e-6) and back["recovery"] == pytest.approx(100)
        assert "recovery" not in results.values(group=arm, level="standard 0")
    units_ = {n["statistic"]: n["unit"] for n in results.numbers}
    assert [units_[s] for s in ("a", "d_se", "residual_sd", "c", "c_se", "b", "n", "back_calculated", "recovery")] == [
        "OD",
        "OD",
        "OD",
        "pg/mL",
        "pg/mL",
        "",
        "",
        "pg/mL",
        "%",
    ]


def test_a_curve_that_is_refused_says_why_and_counts_its_wells(study):
    units = people()
    for facts in units.values():
        if facts["arm", ""] == "OMT":
            facts["conc", ""] = 5
        else:
            facts["signal", ""] = "!not collected"
    results = study({"a": ("standard_curve", ["signal"], [], {"concentration": "conc"})}, units)
    found = {n["group"]: (n["level"], n["statistic"], n["value"]) for n in results.numbers}
    assert found["sham"] == ("refused: no standards", "n", "0")
    assert found["OMT"][0].startswith("refused: ") and found["OMT"][1:] == ("n", "8")


def test_flow_adds_up(study):
    units = people()
    units["P00"]["x", "end"] = units["P02"]["x", "end"] = "!not collected"
    units["P01"]["x", "end"] = "!quarantined: range"
    units["P03"]["age", ""] = 20
    units["P05"]["age", ""] = "!not collected"
    results = study({"a": ("flow", ["x"], [], {}, "adults")}, units)
    for group in (*GROUPS, "all"):
        boxes = {n["level"]: int(n["value"]) for n in results.numbers if (n["group"], n["visit"]) == (group, "end")}
        (enrolled,) = [int(n["value"]) for n in results.numbers if n["group"] == group and n["level"] == "enrolled"]
        excluded = {level: n for level, n in boxes.items() if level.startswith("excluded: ")}
        assert boxes["analysed"] + sum(excluded.values()) == enrolled == (16 if group == "all" else 8)
    assert boxes["assessed"] == 13
    young = sum(not isinstance(f["age", ""], str) and f["age", ""] < 35 for f in units.values())
    assert boxes["excluded: not in population adults"] == young
    assert boxes["excluded: not in population adults (unknown)"] == 1


# units and decimals


def test_statistics_have_the_unit_and_decimals_that_fit_them(study):
    results = study({name: (name, *case) for name, case in CASES.items()})
    shown = {(n["analysis"], n["parameter"], n["statistic"]): (n["unit"], int(n["decimals"])) for n in results.numbers}
    for name, expected in {
        ("describe", "x", "n"): ("", 0),
        ("describe", "x", "missing"): ("", 0),
        ("describe", "x", "mean"): ("points", 1),
        ("describe", "x", "sd"): ("points", 2),
        ("describe", "x", "ci_low"): ("points", 1),
        ("describe", "age", "median"): ("years", 1),
        ("describe", "sex", "percent"): ("%", 1),
        ("paired_change", "x", "n_nonzero"): ("", 0),
        ("paired_change", "x", "d_z_ci_low"): ("", 2),
        ("paired_change", "x", "signed_rank_p"): ("", 3),
        ("paired_change", "x", "method_exact"): ("", 0),
        ("paired_change", "x", "df"): ("", 0),
        ("compare_groups", "x", "df"): ("", 1),
        ("compare_groups", "x", "hedges_g"): ("", 2),
        ("compare_groups", "x", "difference"): ("points", 1),
        ("compare_groups", "x", "mann_whitney_u"): ("", 1),
        ("compare_proportions", "r", "difference"): ("", 3),
        ("compare_proportions", "r", "newcombe_low"): ("", 3),
        ("compare_proportions", "r", "nnt"): ("", 1),
        ("compare_proportions", "r", "nntb_newcombe"): ("", 1),
        ("compare_proportions", "r", "risk_ratio"): ("", 2),
        ("ancova", "x", "r_squared"): ("", 3),
        ("ancova", "x", "se"): ("points", 2),
        ("ancova", "x", "adjusted_mean"): ("points", 1),
        ("factorial", "x", "partial_eta_squared_high"): ("", 3),
        ("factorial", "x", "f"): ("", 2),
        ("factorial", "x", "p"): ("", 3),
        ("agreement", "age", "largest_difference"): ("years", 1),
        ("flow", "x", "n"): ("", 0),
    }.items():
        assert shown[name] == expected, name
    counted = re.compile("n|n_.*|count|missing|levels")
    assert all(unit == "" and not decimals for (*_, s), (unit, decimals) in shown.items() if counted.fullmatch(s))


# plans that do not fit


@pytest.mark.parametrize(
    ("entry", "changes", "says"),
    [
        (("describe", [], [], {}), {}, "plan of small: analyses.a: gives no number; check parameters and visits"),
        (("paired_change", ["x"], ["baseline"], {}), {}, "plan of small: analyses.a: gives no number"),
        (("ancova", ["x"], ["baseline"], ANCOVA), {}, "plan of small: analyses.a: gives no number"),
        (("compare_groups", ["x"], [], {"contrasts": []}), {}, "plan of small: analyses.a: gives no number"),
        (
            ("compare_groups", ["x"], ["end"], {"contrasts": [["OTM", "sham"]]}),
            {},
            "analysis a: dataset data has no group 'OTM'; did you mean 'OMT'?",
        ),
        (
            ("compare_proportions", ["r"], ["end"], {"group": "OMT", "reference": "shm"}),
            {},
            "analysis a: dataset data has no group 'shm'; did you mean 'sham'?",
        ),
        (("ancova", ["x"], ["end"], {"group": "OMT", "reference": "usual"}), {}, "analysis a: dataset data has no"),
        (("ancova", ["x"], ["end"], {**ANCOVA, "covariates": ["age", "age"]}), {}, "dataset data: a covariate is"),
        (
            ("ancova", ["x"], ["end"], {**ANCOVA, "covariates": ["sex"], "factors": []}),
            {},
            "analysis a: 'sex' holds categories; ancova needs numbers",
        ),
        (("ancova", ["x"], ["end"], {**ANCOVA, "covariates": ["height"]}), {}, "dataset data: there is no parameter"),
        (("ancova", ["x"], ["end"], ANCOVA), {"baseline": ""}, "analysis a: dataset data has no baseline"),
        (("paired_change", ["x"], [], {}), {"baseline": ""}, "analysis a: dataset data has no baseline"),
        (("paired_change", ["sex"], [], {}), {}, "analysis a: 'sex' holds categories; paired_change needs numbers"),
        (("compare_groups", ["sex"], [], PAIR), {}, "analysis a: 'sex' holds categories"),
        (("compare_groups", ["x"], ["end"], PAIR), {"group": ""}, "analysis a: dataset data has no"),
        (("proportion", ["sex"], [], {}), {}, "analysis a: 'sex' holds categories; proportion needs yes or no"),
        (("agreement", ["age"], [], {"printed": "sex"}), {}, "analysis a: 'sex' holds categories"),
        (("standard_curve", ["signal"], [], {"concentration": "arm"}), {}, "analysis a: 'arm' holds categories"),
        (("describe", ["x"], ["end"], {"levle": 0.9}), {}, "plan of small: analyses.a.options: levle: unknown key"),
        (("describe", ["x"], ["end"], {"level": 1}), {}, "plan of small: analyses.a.options: level: must be less"),
        (("descibe", ["x"], ["end"], {}), {}, "there is no method 'descibe' in analyses/; did you mean 'describe'?"),
        (("run", ["x"], ["end"], {}), {}, "there is no method 'run' in analyses/"),
        (
            ("describe", ["x"], ["end"], {}, "adults"),
            {"populations": {"adults": {"label": "a", "where": "aeg > 1"}}},
            "dataset data: population adults: 'aeg' is no parameter without visits; did you mean 'age'?",
        ),
        (("describe", ["x"], ["end"], {}), {"groups": {"OMT": "OMT"}}, "plan of small: datasets.data.groups: 1 of"),
    ],
)
def test_a_plan_that_does_not_fit_its_data_is_a_fault(study, tmp_path, entry, changes, says):
    with pytest.raises(Fault) as caught:
        study({"a": entry}, **changes)
    assert caught.value.lines[0].startswith(says), caught.value.lines
    assert not (tmp_path / "estimates.csv").exists()


@pytest.mark.parametrize(
    ("parameter", "options", "says"),
    [
        ("x", {"second_levels": ["f", "w"]}, "analysis a, x at end: sex: no value at w"),
        ("done", {"log": True}, "a logarithm needs"),
    ],
)
def test_levels_and_values_that_the_data_do_not_have_are_refused(study, parameter, options, says):
    with pytest.raises(Fault, match=says):
        study({"a": ("factorial", [parameter], ["end"] if parameter == "x" else [], FACTORIAL | options)})


@pytest.mark.parametrize(("method", "options"), [("proportion", {}), ("compare_proportions", SIDES)])
def test_what_is_no_yes_or_no_is_refused(study, method, options):
    with pytest.raises(Fault, match=r"^analysis a, age: 'age' holds other numbers than 1 \(yes\) and 0 \(no\)$"):
        study({"a": (method, ["age"], [], options)})


def test_a_model_without_residuals_is_refused(study):
    with pytest.raises(Fault, match="^analysis a, x at end: "):
        study({"a": ("ancova", ["x"], ["end"], ANCOVA)}, people(4))


def test_groups_that_the_plan_does_not_list_come_from_the_data(study):
    results = study({"a": ("describe", ["x"], ["end"], {})}, groups={})
    assert [n["group"] for n in results.numbers if n["statistic"] == "n"] == ["OMT", "sham", "all"]


# what the data do not allow takes one part away


@pytest.mark.parametrize("method", MODELS)
def test_a_refused_model_still_counts_the_units_of_each_group(tmp_path, method):
    entries = {"a": (method, *CASES[method])}
    whole, units = Results(tmp_path / "whole", people(), entries), people()
    for facts in units.values():
        if facts["arm", ""] == "sham":
            facts.update({name: "!not collected" for name in facts if name[0] in "xr"})
    part = Results(tmp_path / "part", units, entries, refusals=True)
    assert [n.analysis for n in part.numbers if n.statistic == "not_computed"] == ["a"]
    counts = [n for n in whole.numbers if n.group == "OMT" and n.statistic in COUNTS and (n.value or not n.level)]
    again = {n.id: (n.text, n.rowset) for n in part.numbers}
    assert counts and [again.get(n.id) for n in counts] == [(n.text, n.rowset) for n in counts]


@pytest.mark.parametrize(("value", "words"), [(1e160, "too far from 1"), (-1e80, "too far from 1")])
@pytest.mark.parametrize("method", ["describe", "compare_groups", "grubbs", "change_by_visit", "repeated_anova"])
def test_a_value_that_cannot_be_squared_takes_away_what_it_is_in_and_no_more(study, method, value, words):
    units = people(24)
    units["P05"]["x", "end"] = value
    parameters, visits, options = CASES[method]
    entries = {"a": (method, parameters, visits, options), "b": ("compare_groups", ["age"], [], PAIR)}
    results = study(entries, units, refusals=True)
    refused = [n for n in results.numbers if n["statistic"] == "not_computed"]
    assert [n["analysis"] for n in refused] == ["a"] and words in refused[0]["level"]
    assert results.values(analysis="b", parameter="age")["n_a"] == 12


def test_what_is_no_yes_or_no_and_no_score_is_not_computed(study):
    units = people(24)
    units["P05"]["r", "end"] = 7
    units["P06"]["x", "end"] = 101
    units["P07"]["done", ""] = True
    entries = {
        "answers": ("compare_proportions", ["r", "done"], [], SIDES),
        "scores": ("reliability", ["x"], [], {"ranges": {"x": [0, 100]}}),
        "shift": ("shift_table", ["r"], [], {"order": ["0", "1"]}),
    }
    results = study(entries, units, refusals=True)
    refused = {n["analysis"]: n["level"] for n in results.numbers if n["statistic"] == "not_computed"}
    assert "holds other numbers than 1 (yes) and 0 (no)" in refused["answers"]
    assert "holds scores outside 0, 100" in refused["scores"] and "has '7' as well" in refused["shift"]
    assert results.values(analysis="answers", parameter="done")

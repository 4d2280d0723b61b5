"""Share mode: what is held back cannot be worked out, and what is shown is what the results hold."""

import itertools
import math
import os
import re
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy
import pytest
from estimates import estimate
from omtrace.classes import gate
from omtrace.faults import Fault
from omtrace.figures import shared_figures
from omtrace.model.plan import FigurePlan
from omtrace.report import disclosure
from omtrace.report.disclosure import shared_rows
from omtrace.report.share import FIGURES, PAGE, numbers_for, shared_files
from omtrace.statistics.basic.suppression import Relation, suppressed
from omtrace.store import read_csv, read_table
from scipy.optimize import linprog
from test_analyses import Results, people

TABLES = 200 if os.environ.get("OMTRACE_NO_SKIPS") else 20
GROUPS = ("a", "b", "c")
COLUMNS = ("id", "analysis", "parameter", "population", "group", "visit", "level", "statistic", "value", "decimals")


class Everybody:
    """Row sets of large studies: no result is of few units for its own sake."""

    def __init__(self, plan, folder):
        self.of, self.enrolled = {}, {}

    def fewest(self, row, groups):
        return 1000

    def counted(self, row, count, value):
        return frozenset()


def plan_of(groups, threshold=5):
    dataset = SimpleNamespace(
        groups=dict.fromkeys(groups, ""),
        group="arm",
        populations={"full": SimpleNamespace(where=""), "part": SimpleNamespace(where="x == 1")},
    )
    analysis = SimpleNamespace(dataset="d", method="describe", role="supportive")
    return SimpleNamespace(
        datasets={"d": dataset},
        analyses={"one": analysis, "two": analysis},
        disclosure=SimpleNamespace(threshold=threshold),
    )


def a_table(chance):
    """Counts of levels by group, with totals, in everybody and in a part of them: (population, group, level) -> n."""
    groups, levels = GROUPS[: chance.integers(2, 4)], [f"level {n}" for n in range(chance.integers(2, 6))]
    counts = {}
    for group in groups:
        for level in levels:
            whole = int(chance.negative_binomial(1, 0.08))
            counts["full", group, level] = whole
            counts["part", group, level] = int(chance.binomial(whole, 0.8))
    for population in ("full", "part"):
        for level in levels:
            counts[population, "all", level] = sum(counts[population, group, level] for group in groups)
        for group in (*groups, "all"):
            counts[population, group, "n"] = sum(counts[population, group, level] for level in levels)
    return groups, levels, counts


def rows_of(counts):
    rows = []
    for (population, group, level), value in counts.items():
        size = level == "n"
        for statistic in ("n",) if size else ("count", "percent"):
            total = counts[population, group, "n"]
            shown = value if statistic != "percent" else 100 * value / total if total else math.nan
            name = "one" if population == "full" else "two"
            cells = (name, "sex", population, group, "", "" if size else level, statistic, f"{shown:.10g}", "1")
            rows.append(estimate(**dict(zip(COLUMNS, (f"{len(rows):012x}", *cells), strict=True)) | {"decimals": 1}))
    return rows


def attacked(groups, levels, counts, shown):
    """Each hidden count with the least and greatest value that it can have: by linear programming, from what is known.

    Counts are not negative, levels add up to n, groups to all, and a part is no more than the whole.
    """
    names = {key: at for at, key in enumerate(counts)}
    sums, most = [], []
    for population in ("full", "part"):
        for level in (*levels, "n"):
            sums.append({(population, g, level): 1 for g in groups} | {(population, "all", level): -1})
        for group in (*groups, "all"):
            sums.append({(population, group, le): 1 for le in levels} | {(population, group, "n"): -1})
    for group in (*groups, "all"):
        for level in (*levels, "n"):
            most.append({("part", group, level): 1, ("full", group, level): -1})

    def matrix(parts):
        rows = numpy.zeros((len(parts), len(names)))
        for at, part in enumerate(parts):
            for key, coefficient in part.items():
                rows[at, names[key]] = coefficient
        return rows

    bounds = [(counts[key],) * 2 if key in shown else (0, None) for key in names]
    for key in names.keys() - shown:
        ends = []
        for sign in (1, -1):
            aim = numpy.zeros(len(names))
            aim[names[key]] = sign
            solved = linprog(aim, matrix(most), numpy.zeros(len(most)), matrix(sums), numpy.zeros(len(sums)), bounds)
            ends.append(sign * solved.fun if solved.status == 0 else math.inf)
        yield key, math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6) if math.isfinite(ends[1]) else math.inf


@pytest.fixture
def everybody(monkeypatch):
    monkeypatch.setattr(disclosure, "_Units", Everybody)


@pytest.mark.parametrize("seed", range(TABLES))
def test_an_attacker_recovers_no_count_of_a_table_nor_that_one_is_small(everybody, seed):
    groups, levels, counts = a_table(numpy.random.default_rng(seed))
    shared = shared_rows(plan_of(groups), rows_of(counts), "")
    of_counts = [row for row in shared if row["statistic"] != "percent"]
    shown = {(r["population"], r["group"], r["level"] or "n") for r in of_counts if not r["suppressed"]}
    assert not any(0 < counts[key] < 5 for key in shown)
    for key, low, high in attacked(groups, levels, counts, shown):
        assert low < high, key
        assert counts[key] >= 5 or counts[key] == 0 or high >= 5, key
    held = {(r["population"], r["group"], r["level"]) for r in of_counts if r["suppressed"]}
    shares = [r for r in shared if r["statistic"] == "percent" and r["value"]]
    assert not any((r["population"], r["group"], r["level"]) in held for r in shares)
    assert not any((r["population"], r["group"], "") in held for r in shares)  # nor the size it is a share of


def test_the_attacker_does_recover_counts_where_small_ones_alone_are_held_back():
    """The attack is one: without secondary suppression it succeeds."""
    recovered = 0
    for seed in range(10):
        groups, levels, counts = a_table(numpy.random.default_rng(seed))
        shown = {key for key, value in counts.items() if not 0 < value < 5}
        recovered += sum(low == high for _, low, high in attacked(groups, levels, counts, shown))
    assert recovered > 10


@pytest.mark.parametrize(
    ("values", "hidden"),
    [
        ([10, 2, 12], {0, 1}),  # of two parts the other one, and not the total that is in more places
        ([10, 0, 10], set()),  # none at all is no small count
        ([3, 3, 6], {0, 1}),
        ([1, 2, 3], {0, 1, 2}),
    ],
)
def test_what_goes_with_a_small_count(values, hidden):
    total = Relation({0: 1, 1: 1, 2: -1})
    again = Relation({2: 1, 3: -1})
    assert suppressed([*values, values[2]], [True] * 4, [total, again]) - {3} == hidden


def test_those_who_are_in_no_table_count_as_well():
    assert suppressed([68, 2], [True, False], [Relation({0: 1, 1: 1}, 70)]) == {0}
    assert suppressed([60, 10], [True, False], [Relation({0: 1, 1: 1}, 70)]) == set()


def test_of_counts_that_would_do_the_cheapest_is_held_back():
    relations, values = [Relation({0: 1, 1: 1, 2: 1, 3: -1})], [2, 10, 30, 42]
    assert suppressed(values, [True] * 4, relations) == {0, 1}
    assert suppressed(values, [True] * 4, relations, costs={1: 1, 3: 1}) == {0, 2}
    assert suppressed(values, [True] * 4, relations, costs={1: 1, 2: 2, 3: 2}) == {0, 1}


def test_a_relation_that_does_not_hold_is_an_error_of_the_program():
    with pytest.raises(AssertionError):
        suppressed([1, 2], [True, True], [Relation({0: 1, 1: -1})])


def test_a_plan_without_people_holds_nothing_back(everybody):
    groups, _, counts = a_table(numpy.random.default_rng(1))
    rows = rows_of(counts)
    assert [r["value"] for r in shared_rows(plan_of(groups, 1), rows, "")] == [r["value"] for r in rows]


# whole studies


@pytest.fixture(scope="module")
def diary(shipped_results):
    return {row["id"]: row for row in numbers_for("headache_diary", shipped_results, share=True).rows}, shipped_results


def test_no_value_of_one_unit_and_no_quantile_of_few_is_shown(diary):
    rows, root = diary
    assert not [r for r in rows.values() if r["statistic"] in ("minimum", "maximum") and r["value"]]
    whole = {r["id"]: r for r in read_csv(root / "results/headache_diary/estimates.csv")}
    assert whole.keys() == rows.keys()
    place = ("analysis", "parameter", "group", "visit", "level")
    sizes = {tuple(r[p] for p in place): float(r["value"]) for r in whole.values() if r["statistic"] == "n"}
    for row in rows.values():
        if row["value"] and row["statistic"] in ("q1", "q3"):
            assert sizes[tuple(row[p] for p in place)] >= 20


def test_no_count_of_1_to_4_is_shown_and_all_else_is_a_rounding(diary):
    from omtrace.audit.packet_check import is_rounding

    rows, root = diary
    for whole in read_csv(root / "results/headache_diary/estimates.csv"):
        row = rows[whole["id"]]
        assert bool(row["value"]) != bool(row["suppressed"]) or not whole["value"]
        if row["value"]:
            assert row["statistic"] not in ("n", "count", "missing") or float(row["value"]) in (0, *range(5, 999))
            assert is_rounding(row["value"], whole["value"], whole["unit"])


def test_what_differs_by_few_units_from_another_result_is_held_back(shipped_results):
    numbers = numbers_for("omt_rct", shipped_results, share=True)
    mine = [r for r in numbers.rows if r["analysis"] == "primary_influence" and "without unit" in r["level"]]
    assert mine and not [r for r in mine if r["value"]]
    primary = [r for r in numbers.rows if r["analysis"] == "primary" and r["group"] == "OMT - sham"]
    assert {r["statistic"] for r in primary if r["value"]} >= {"difference", "ci_low", "ci_high", "p"}


def test_the_primary_analysis_is_held_back_last(shipped_results):
    rows = numbers_for("omt_rct", shipped_results, share=True).rows
    primary = [r for r in rows if r["analysis"] == "primary"]
    assert primary and [r["statistic"] for r in primary if r["suppressed"]] == []


def sums_of(rows, whole):
    """What an attacker knows of the numbers of units of a study, by their names: key -> value or "", truth; sums of 0.

    All enrolled of an arm are the same everywhere, and so are those left out of a population for a reason, at any
    visit and in any table; whoever is not left out is analysed, and has a value or none; arms add up.
    """
    known, truth, sums, belonging, flows = {}, {}, [], {}, {}
    for row, true in zip(rows, whole, strict=True):
        place = (row["population"], row["group"])
        label = row["level"].rpartition("}: ")[2]
        of_flow, within = row["analysis"].startswith("flow"), f"not in population {row['population']}: "
        why = label.removeprefix("excluded: ").removeprefix("left out: ")
        if row["statistic"] not in ("n", "missing") or label and not of_flow and row["analysis"] != "populations":
            continue
        if label == "enrolled":
            key = ("enrolled", row["group"])
        elif label == "in the population":
            key = ("within", row["group"], row["population"])
        elif label.startswith("left out") or why.startswith(within):
            key = ("out", row["group"], row["population"], why.removeprefix(within))
        else:  # the same name with another value is another quantity: of imputed values, say
            name = row["statistic"] if label in ("", "analysed") else label
            key = (name, row["group"], row["population"], row["parameter"], row["visit"], true["value"])
        known[key], truth[key] = known.get(key) or row["value"], float(true["value"])
        if row["analysis"] == "populations" and label != "enrolled":
            belonging.setdefault(place, set()).add(key)
        elif of_flow and (label == "analysed" or label.startswith("excluded")):
            flows.setdefault((row["analysis"], row["parameter"], *place, row["visit"]), set()).add(key)
    for (*_, group), parts in belonging.items():
        sums.append(dict.fromkeys(parts, 1) | {("enrolled", group): -1})
    for (*_, group, _), parts in flows.items():
        sums.append(dict.fromkeys(parts, 1) | {("enrolled", group): -1})
    assert not [terms for terms in sums if sum(c * truth[key] for key, c in terms.items())]
    arms = {}
    for key in known:
        if key[0] == "missing" and ("within", *key[1:3]) in known:
            both = truth["within", *key[1:3]]
            if (used := ("n", *key[1:5], f"{both - truth[key]:g}")) in known:
                sums.append({key: 1, used: 1, ("within", *key[1:3]): -1})
        arms.setdefault((key[0], *key[2:5]), {}).setdefault(key[1], []).append(key)
    for parts in arms.values():
        for three in itertools.product(*(parts.get(group, ()) for group in ("OMT", "sham", "all"))):
            if truth[three[0]] + truth[three[1]] == truth[three[2]]:
                sums.append(dict(zip(three, (1, 1, -1), strict=True)))
    return known, truth, sums


def limits_of(known, sums):
    """Each hidden number of ``sums_of`` with the least and the greatest that it can be."""
    hidden = [key for key in {part for terms in sums for part in terms} if not known[key]]
    place = {key: at for at, key in enumerate(hidden)}
    sums = [terms for terms in sums if terms.keys() & place.keys()]
    matrix, right = numpy.zeros((len(sums), len(hidden))), numpy.zeros(len(sums))
    for at, terms in enumerate(sums):
        for key, coefficient in terms.items():
            if key in place:
                matrix[at, place[key]] = coefficient
            else:
                right[at] -= coefficient * float(known[key])
    for key, at in place.items():
        ends = []
        for sign in (1, -1):
            aim = numpy.zeros(len(hidden))
            aim[at] = sign
            solved = linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
            assert solved.status in (0, 3), "what is shown does not add up"
            ends.append(sign * solved.fun if solved.status == 0 else math.inf)
        yield key, ends[0], ends[1]


def recovered(rows, whole):
    """The hidden numbers that the attacker finds, or finds to be small."""
    known, truth, sums = sums_of(rows, whole)
    assert len(sums) > 300
    for key, low, high in limits_of(known, sums):
        if high - low < 1 - 1e-6 or (0 < truth[key] < 5 and high < 5 - 1e-6):
            yield key, low, high


def test_no_count_of_the_trial_is_worked_out_from_its_populations_and_flow(shipped_results):
    whole = read_csv(shipped_results / "results/omt_rct/estimates.csv")
    rows = numbers_for("omt_rct", shipped_results, share=True).rows
    assert not list(recovered(rows, whole))
    small = [
        replace(row, text=true["value"]) if row["suppressed"] == "gives another away" else row
        for row, true in zip(rows, whole, strict=True)
    ]
    assert len(list(recovered(small, whole))) > 10  # the attack is one
    enrolled = [r for r in rows if r["level"].endswith("enrolled") and r["group"] == "sham"]
    assert {r["value"] for r in enrolled} == {"70"}


@pytest.mark.parametrize("study", ["omt_feasibility", "omt_rct"])
def test_the_shared_report_has_no_unit_and_no_raw_cell(shipped_results, study):
    page = shared_files(numbers_for(study, shipped_results, share=True))[PAGE].decode()
    folder = shipped_results / f"results/{study}"
    units = {
        u
        for path in folder.glob("datasets/*s.parquet")
        if ".cells" not in path.name
        for u in read_table(path).get("unit", ())
    }
    assert len(units) > 10 and not [unit for unit in units if unit in page]
    assert "<script" not in page and "payload" not in page and "[c]" in page and page.count("<svg") > 5
    tables = re.findall(r'<table class="results.*?</table>', page, re.S)
    cells = re.findall(r"<td[^>]*>", "".join(tables))
    assert len(cells) > 100 and all('data-label="' in cell for cell in cells)  # for narrow screens
    if study == "omt_rct":
        assert 'data-label="p"' in page and 'data-label="Sham"' in page
    raw = {
        line
        for path in (shipped_results / f"data/raw/{study}").glob("*.csv")
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
    }
    assert len(raw) > 50 and not [line for line in raw if len(line) > 20 and line in page]


# figures


def files_of(shared, folder):
    """The files of figures by the names that they have in a packet, written below a folder."""
    for name, content in shared.items():
        if name.startswith(FIGURES):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield path


def marks_of(svg):
    """id -> the elements that show the number in an image, but for its title; and every text of the image."""
    root = ElementTree.parse(svg).getroot()
    texts = [text for element in root.iter() for text in (element.text, element.tail) if text and text.strip()]
    groups = {e.get("id").removeprefix("number-"): e for e in root.iter() if e.get("id", "").startswith("number-")}
    drawn = ("path", "use", "rect", "circle", "line", "polygon")
    return {
        number: [part.tag.rpartition("}")[2] for part in group.iter() if part.tag.rpartition("}")[2] in drawn]
        for number, group in groups.items()
    }, texts


@pytest.mark.parametrize("study", ["headache_diary", "omt_feasibility", "omt_rct", "rat_two_hit"])
def test_a_figure_in_share_mode_shows_no_unit_and_no_number_that_is_held_back(shipped_results, study, tmp_path):
    numbers = numbers_for(study, shipped_results, share=True)
    rows = {row.id: row for row in numbers.rows}
    folder = shipped_results / f"results/{study}"
    paths = [path for path in folder.glob("datasets/*.parquet") if ".cells" not in path.name]
    every = {str(unit) for path in paths for unit in read_table(path).get("unit", ())}
    units = {unit for unit in every if not unit.isdigit()}  # a number stands in texts for other things
    seen = set()
    for path in files_of(shared_files(numbers), tmp_path):
        if path.suffix == ".csv":
            values = read_csv(path)
            assert values and not [v for v in values if v["record"] or v["member"] or v["value"] != rows[v["id"]].text]
        else:
            marks, texts = marks_of(path)
            assert not [number for number, drawn in marks.items() if rows[number].suppressed and drawn]
            seen |= marks.keys()
            assert not [text for text in texts if set(re.split(r"[ ,:()]+", text)) & units]
    assert len(seen) > 20


def test_figures_tell_an_attacker_nothing_that_the_numbers_do_not(shipped_results, tmp_path):
    """Every value of the figures is put into the numbers of share mode, and the attack of the trial is run again."""
    whole = read_csv(shipped_results / "results/omt_rct/estimates.csv")
    numbers = numbers_for("omt_rct", shipped_results, share=True)
    drawn = {}
    for path in files_of(shared_files(numbers), tmp_path):
        if path.suffix == ".csv":
            drawn |= {row["id"]: row["value"] for row in read_csv(path)}
        else:
            _, texts = marks_of(path)
            small = [re.fullmatch(r".*\bn = ([1-4])", text) for text in texts]
            assert not any(small)
    assert len(drawn) > 300
    assert not list(recovered([replace(row, text=drawn.get(row.id) or row.text) for row in numbers.rows], whole))
    of_report = {}
    for path in (shipped_results / "results/omt_rct/figures").glob("*.csv"):
        of_report |= {row["id"]: row["value"] for row in read_csv(path) if row["id"]}
    known = [replace(row, text=row.text or of_report.get(row.id, "")) for row in numbers.rows]
    assert list(recovered(known, whole))  # the attack is one: the figures of the report give counts away


def test_a_figure_of_single_units_alone_is_named_as_held_back(shipped_results):
    for study, titles in (
        ("omt_rct", {"The primary estimate without single participants"}),
        ("rat_dnase_elisa", {"Standard curve of each run"}),
    ):
        numbers = numbers_for(study, shipped_results, share=True)
        held = {
            numbers.plan.figures[figure.name].title: figure
            for figure in shared_figures(numbers.plan, numbers.rows, numbers.source)
            if figure.drawing.held_back
        }
        assert titles <= held.keys() and not any(figure.files for figure in held.values())
        page = shared_files(numbers)[PAGE].decode()
        for title, figure in held.items():
            assert f"{title}.</strong>" in page and f"not in share mode: {figure.drawing.held_back}." in page


def test_a_figure_that_reads_records_does_not_leave(shipped_results, monkeypatch):
    from omtrace import figures

    class Reading(figures.Sheet):
        def __init__(self, plan, name, folder, *others):
            super().__init__(plan, name, shipped_results / "results/rat_two_hit", *others)

    numbers = numbers_for("rat_two_hit", shipped_results, share=True)
    monkeypatch.setattr(figures, "Sheet", Reading)
    with pytest.raises(Fault, match=r"shared/figures/biomarkers.svg: releasable, but made of datasets/.*which is raw"):
        shared_files(numbers)


def test_a_page_with_a_figure_that_was_not_checked_does_not_leave(shipped_results, monkeypatch):
    from omtrace.report import share

    monkeypatch.setattr(share, "FIGURES", "figures")
    with pytest.raises(Fault, match="shared/report.html: releasable, but made of figures/flow.svg"):
        shared_files(numbers_for("omt_rct", shipped_results, share=True))


def survival_of(folder, threshold):
    figure = {"figure": "survival", "analyses": ["a"], "title": "Curves"}
    results = Results(folder, people(), {"a": ("time_to_event", ["age"], [], {"event": "done", "times": [35, 45]})})
    disclosure = results.plan.disclosure.model_copy(update={"threshold": threshold})
    figures = {"curves": FigurePlan.model_validate(figure)}
    plan = results.plan.model_copy(update={"disclosure": disclosure, "figures": figures})
    rows = shared_rows(plan, results.numbers, folder)
    (drawn,) = shared_figures(plan, rows, "shared/estimates.csv")
    return rows, drawn


def test_the_times_of_events_do_not_leave_and_numbers_at_risk_are_counts(tmp_path):
    rows, drawn = survival_of(tmp_path, 5)
    assert drawn.drawing.held_back and not [row for row in rows if row.level.startswith("from ")]
    at_risk = [row for row in rows if row.statistic == "at_risk"]
    assert at_risk and not [row for row in at_risk if row.text and 0 < row.value < 5]


def test_of_a_survival_curve_that_may_be_shown_no_censored_time_is(tmp_path):
    rows, drawn = survival_of(tmp_path, 1)
    assert [row for row in rows if row.statistic == "curve_time" and row.text]
    values = [line.split(b",") for line in drawn.files["csv"].splitlines()[1:]]
    assert values and not [row for row in values if row[-1] or row[-2]] and b"ensored" not in drawn.files["svg"]


# the gate


def test_what_is_made_of_an_unchecked_file_does_not_leave():
    gate({"tables/x.csv": ["shared/estimates.csv"]})
    with pytest.raises(
        Fault, match="tables/x.csv: releasable, but made of results/x/estimates.csv, which is confidential"
    ):
        gate({"tables/x.csv": ["results/x/estimates.csv"]})
    with pytest.raises(Fault, match="made of datasets/participants.parquet, which is raw"):
        gate({"shared/report.html": ["shared/estimates.csv", "datasets/participants.parquet"]})
    with pytest.raises(Fault, match="results/x/report.html: confidential, and does not leave"):
        gate({"results/x/report.html": []})

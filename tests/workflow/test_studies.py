"""The shipped studies, and the retrieved ones where a mirror has them: published numbers, counts, and the way back.

One run of all of them, in a copy, is shared by all tests (``shipped_results``).
"""

import random
import re
import time
from collections import defaultdict
from xml.etree import ElementTree

import pytest
from omtrace.audit.trace import record_name, trace
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.plugins import plugin
from omtrace.store import read_csv, read_json, read_table
from pipeline import MIRROR, RETRIEVED, SHIPPED, done, omtrace
from raw_rows import Study, lines_of

NEEDS = "needs OMTRACE_MIRROR (a folder with the retrieved files) or the network"
needs_mirror = pytest.mark.skipif(not MIRROR, reason=NEEDS)
FITTED = (
    "ancova",
    "bridging",
    "censored_ends",
    "compare_many",
    "count_model",
    "dose_response",
    "imputation",
    "influence",
    "levey_jennings",
    "logistic",
    "mixed_model",
    "mmrm",
    "proportional_odds",
    "shared_curve",
)
STUDIES = [*SHIPPED, *(pytest.param(study, marks=needs_mirror) for study in RETRIEVED)]


def numbers(folder, study, **named):
    """The rows of a study's estimates with these texts."""
    rows = read_csv(folder / f"results/{study}/estimates.csv")
    return [row for row in rows if all(row[column] == text for column, text in named.items())]


def values(folder, study, **named):
    """Statistic -> value, of the numbers with these texts, which must differ in nothing else."""
    chosen = numbers(folder, study, **named)
    found = {row["statistic"]: float(row["value"]) for row in chosen if row["value"]}
    assert chosen and len({row["statistic"] for row in chosen}) == len(chosen), named
    return found


# published results


@needs_mirror
def test_acupuncture_trial_gives_its_published_result(shipped_results):
    """Vickers 2004, BMJ 328:744: ANCOVA at 12 months, responders, number needed to treat with the Wald interval."""
    arms = {"acupuncture": (161, 87), "control": (140, 45)}
    at = {"visit": "month_12", "population": "full"}
    found = values(shipped_results, "acupuncture_headache", analysis="primary", group="acupuncture - control", **at)
    assert [round(found[name], 1) for name in ("difference", "ci_low", "ci_high")] == [-4.6, -7.0, -2.2]
    assert found["n"] == 301 and found["p"] == pytest.approx(0.00025, abs=5e-6)
    for arm, (n, responders) in arms.items():
        assert values(shipped_results, "acupuncture_headache", analysis="primary", group=arm, **at)["n"] == n
        found = values(
            shipped_results, "acupuncture_headache", analysis="responders", parameter="responder", group=arm, **at
        )
        assert (found["n"], found["count"]) == (n, responders)
    found = values(shipped_results, "acupuncture_headache", analysis="responders_compared", parameter="responder", **at)
    assert [round(100 * found[name]) for name in ("difference", "wald_low", "wald_high")] == [22, 11, 33]
    assert [round(found[name], 1) for name in ("nnt", "nnt_wald_low", "nnt_wald_high")] == [4.6, 3.0, 9.1]


def printed_concentrations(path):
    """How many concentrations a plate reader's export prints, counted in its text: one a well of a group table."""
    count, column = 0, None
    for line in lines_of(path):
        cells = [cell.strip() for cell in line.split("\t")]
        if "Wells" in cells and cells[0] == "Sample":
            column = next(cells.index(name) for name in ("BackCalcConc", "Result", "Results") if name in cells)
            wells = cells.index("Wells")
        elif not any(cells) or cells[0].startswith(("Group", "~End")):
            column = None
        elif column is not None and re.fullmatch(r"[A-H]\d+", cells[wells]):
            count += bool(re.fullmatch(r"-?\d+(\.\d+)?", cells[column]))
    return count


@needs_mirror
def test_all_concentrations_that_the_plate_reader_printed_come_out_to_three_decimals(shipped_results):
    printed = sum(printed_concentrations(path) for path in (shipped_results / "data/raw/elisa_plates").glob("*.txt"))
    found = values(
        shipped_results,
        "elisa_plates",
        analysis="agreement",
        group="all",
        level="equal to 3 decimals",
        parameter="concentration_read",
    )
    assert found["n"] == found["count"] == printed > 300
    pages = (shipped_results / "results/elisa_plates/plates").glob("assay_*.html")
    said = [re.search(r"(\d+) of (\d+) equal to 3 decimals", re.sub("<[^>]*>", "", page.read_text())) for page in pages]
    assert (
        sum(int(one[1]) for one in said) == sum(int(one[2]) for one in said) == printed
    )  # of the concentrations first


@needs_mirror
def test_mice_are_counted_and_not_their_replicates(shipped_results):
    mice = {
        row["MouseID"].rpartition("_")[0]
        for row in Study(shipped_results, "mouse_cortex_proteins")
        .rows("data/raw/mouse_cortex_proteins/Data_Cortex_Nuclear.csv.gz")
        .values()
    }
    assert len(mice) == 72
    found = numbers(shipped_results, "mouse_cortex_proteins")
    wrong = [row for row in found if row["statistic"] == "naive_p"]  # shown beside the right ones, and named
    assert len(wrong) > 20 and {row["analysis"] for row in wrong} == {"replicates"}
    right = numbers(
        shipped_results, "mouse_cortex_proteins", analysis="replicates", level="type III: genotype", statistic="df_2"
    )
    assert len(right) == 10 and max(float(row["value"]) for row in right) < 40
    found = [row for row in found if row["analysis"] != "replicates"]
    assert {
        row["value"]
        for row in numbers(shipped_results, "mouse_cortex_proteins", analysis="mice", group="all", statistic="n")
    } == {"72"}
    assert max(float(row["value"]) for row in found if row["statistic"] in ("n", "count", "missing")) == 72


@needs_mirror
def test_the_false_discovery_rate_is_over_all_77_proteins(shipped_results):
    from scipy.stats import false_discovery_control

    for family in ("panel", "genotype_panel"):
        found = {
            (row["level"], row["statistic"]): float(row["value"])
            for row in numbers(shipped_results, "mouse_cortex_proteins", analysis=family)
        }
        proteins = sorted({level for level, _ in found})
        assert len(proteins) == 77
        adjusted = false_discovery_control([found[name, "p"] for name in proteins])
        assert [found[name, "adjusted_p"] for name in proteins] == pytest.approx(adjusted, rel=1e-8, abs=1e-11)


# every study


@pytest.mark.parametrize("study", STUDIES)
def test_every_number_uses_or_leaves_out_each_enrolled_unit_once(shipped_results, study):
    folder = shipped_results / f"results/{study}"
    plan, definitions = Study(shipped_results, study).plan, read_json(folder / "definitions.json")
    units = defaultdict(dict)  # dataset -> record -> unit
    groups = defaultdict(lambda: defaultdict(set))  # dataset -> group -> units
    for name, dataset in plan["datasets"].items():
        for row in read_table(folder / f"datasets/{name}.parquet").itertuples():
            units[name][row.record] = row.unit
            groups[name]["all"].add(row.unit)
            if row.parameter == dataset.get("group") and row.status == "observed":
                groups[name][row.text].add(row.unit)
    used, left_out = defaultdict(set), defaultdict(dict)
    for row in read_table(folder / "rowsets.parquet").itertuples():
        unit = units[row.dataset][row.record]
        if row.reason:
            assert left_out[row.rowset].setdefault(unit, row.reason) == row.reason
        else:
            used[row.rowset].add(unit)
    for number in read_csv(folder / "estimates.csv"):
        call = definitions[number["definition"]]
        known = groups[call["dataset"]]
        names = [number["group"]] if number["group"] in known else number["group"].split(" - ")
        own = enrolled = set().union(*(known[name] for name in names))
        inside, outside = used[number["rowset"]], left_out[number["rowset"]].keys()
        everyone = inside | outside
        assert enrolled and not inside & outside and enrolled <= everyone, number
        if call["method"] in FITTED:  # an adjusted mean, or a z, of one group rests on others too
            enrolled = known["all"]
        assert everyone <= enrolled, number
        is_points = call["options"].get("fit_to") == "level_means"  # n counts the points of a curve, means of wells
        if number["statistic"] == "n" and number["level"] in ("", "enrolled", "analysed") and not is_points:
            assert float(number["value"]) == len(inside & own), number


@pytest.mark.parametrize("study", STUDIES)
def test_simulated_data_say_so_and_real_ones_do_not(shipped_results, study):
    folder = shipped_results / f"results/{study}"
    is_simulated = Study(shipped_results, study).plan["kind"] == "simulated"
    assert is_simulated == study.startswith(("omt_", "rat_two_hit"))
    figures = sorted((folder / "figures").glob("*.svg"))
    assert figures
    for figure in figures:
        label = ElementTree.parse(figure).find(".//{*}g[@id='simulated']/{*}text")
        assert (label is not None) == is_simulated, figure.name
        assert label is None or label.text == "Simulated data", figure.name
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert ("<strong" in page and "Simulated data</strong>" in page.replace("\n", "")) == is_simulated


@pytest.mark.parametrize("study", STUDIES)
def test_releasable_estimates_name_no_unit(shipped_results, study):
    folder = shipped_results / f"results/{study}"
    datasets = [
        name for name, dataset in Study(shipped_results, study).plan["datasets"].items() if dataset["unit"] != "well"
    ]  #  # a well is a place on a plate and nobody's name
    ids = {unit for name in datasets for unit in read_table(folder / f"datasets/{name}.parquet")["unit"]}
    assert len(ids) > 10 or not datasets
    rows = read_csv(folder / "estimates.csv")
    named = ("analysis", "parameter", "population", "group", "visit", "level", "statistic", "unit")
    texts = {row[column] for row in rows for column in named}
    assert not ids & texts
    if not any(unit.isdecimal() for unit in ids):  # numbers stand in words like "fewer than 7 diary days"
        assert not ids & {word for text in texts for word in re.split(r"[^\w/-]+", text)}


def stands(cell, lines):
    """Whether a cell of a plate reader's export stands on its lines: the sample's first, and the well's own."""
    if cell["column"] in ("group", "plate"):
        return cell["text"] in cell["part"].split()
    filled_down = cell["column"] in ("sample", "concentration", "dilution")
    at = cell["first_line" if filled_down else "last_line"] - 1
    return cell["text"].strip() in [text.strip() for text in lines[at].split("\t")]


@pytest.mark.parametrize("study", STUDIES)
def test_trace_of_any_number_lists_exactly_the_raw_lines(shipped_results, study, capsys):
    raw = Study(shipped_results, study)
    chosen = random.Random(study).sample(numbers(shipped_results, study), 5)
    checked = 0
    for number in chosen:
        way, sound = trace(f"{study}#{number['id']}", shipped_results)
        assert sound and way["records"]
        found = defaultdict(set)
        for file in way["files"]:
            rows = raw.rows(file["path"])
            lines = lines_of(shipped_results / file["path"]) if rows is None else []
            for cell in file["cells"]:
                place = cell["first_line"], cell["last_line"]
                for record in cell["records"]:
                    found[record].add((file["path"], *place))
                if rows is not None:
                    assert rows[place][cell["column"]] == cell["text"]
                else:
                    assert stands(cell, lines)
                checked += 1
        for record in way["records"]:
            expected = raw.behind(record["dataset"], record["unit"], record["parameter"], record["visit"])
            assert expected is None or found[record_name(record)] == expected, (way["name"], record)
    assert checked
    begun = time.perf_counter()
    done(omtrace(shipped_results, "trace", f"{study}#{chosen[0]['id']}", "--json"))
    with capsys.disabled():
        print(f"\ntrace of a number of {study}: {time.perf_counter() - begun:.2f} s with the start of Python")


def test_methods_give_what_they_say_and_no_more(shipped_results):
    given = set()
    for folder in (path for path in (shipped_results / "results").iterdir() if (path / "estimates.csv").exists()):
        methods = {key: entry["method"] for key, entry in read_json(folder / "definitions.json").items()}
        rows = read_csv(folder / "estimates.csv")
        given |= {(methods[row["definition"]], row["statistic"]) for row in rows if row["statistic"] != NOT_COMPUTED}
    assert len(given) > 200
    assert not [(method, name) for method, name in given if name not in plugin("analyses", method, "METHOD").statistics]

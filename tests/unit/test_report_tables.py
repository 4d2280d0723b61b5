"""Numbers as tables: which rows stand together, and what names them."""

from dataclasses import replace

from estimates import estimate
from omtrace.model.estimate import Estimate
from omtrace.report.results import numbers_of, rows_of, sections_of
from omtrace.report.tables import COLLAPSED, spanned
from report_plan import plan_of

PLAN = plan_of()
COLUMNS = ("analysis", "parameter", "group", "visit", "level", "statistic")


def numbers(*rows: str) -> dict[str, Estimate]:
    """Numbers from lines ``analysis|parameter|group|visit|level|statistic``; the value is the line's own position."""
    estimates = []
    for at, row in enumerate(rows):
        named = dict(zip(COLUMNS, row.split("|"), strict=True))
        estimates.append(estimate(**named, id=f"{at:012x}", population="full", value=str(at)))
    return numbers_of(PLAN, rows_of(PLAN, estimates))


def tables(*rows: str) -> list[dict]:
    found = numbers(*rows)
    definitions = {"d": {"analysis": "characteristics", "words": "Counted.", "options": {"level": 0.9}}}
    return next(s for s in sections_of(PLAN, found, definitions) if s["count"])["tables"]


def texts(table: dict) -> list[list[str]]:
    """The lines as plain texts: block titles, heads, then cells."""
    lines = []
    for block in table["blocks"]:
        lines += [[block["title"]]] if table["grouped"] else []
        for row in block["rows"]:
            cells = [
                " ".join("".join(p if isinstance(p, str) else p.shown for p in group) for group in cell)
                for cell in row["cells"]
            ]
            lines.append([*(head["text"] for head in row["heads"]), *cells])
    return lines


def test_groups_stand_side_by_side_where_a_row_is_one_count():
    rows = [f"characteristics|sex|{g}|||{s}" for g in ("sham", "omt", "all") for s in ("n", "missing")]
    rows += [f"characteristics|sex|{g}||{lv}|count" for g in ("sham", "omt", "all") for lv in ("female", "male")]
    (table,) = tables(*rows)
    assert table["heads"] == ["level"]
    assert table["columns"][0] == "Sham" and table["columns"][-1] == "All"
    assert [line[1:] for line in texts(table)[1:]] == [
        ["0", "2", "4"],
        ["1", "3", "5"],
        ["6", "8", "10"],
        ["7", "9", "11"],
    ]
    assert [line[0] for line in texts(table)[1:]] == ["n", "Missing", "female", "male"]


def test_a_category_called_missing_does_not_hide_the_count():
    rows = [
        "characteristics|sex|all|||n",
        "characteristics|sex|all|||missing",
        "characteristics|sex|all||Missing|count",
    ]
    (table,) = tables(*rows)
    assert texts(table)[1:] == [["n", "0"], ["Missing", "1"], ["Missing", "2"]]


def test_levels_that_a_group_lacks_keep_their_place():
    rows = [f"characteristics|score_1|sham|month_1|{level}|n" for level in ("assessed", "excluded: a", "analysed")]
    rows += [f"characteristics|score_1|omt|month_1|{level}|n" for level in ("assessed", "excluded: b", "analysed")]
    (table,) = tables(*rows)
    assert [line[-2:] for line in texts(table)[1:]] == [["0", "3"], ["", "4"], ["1", ""], ["2", "5"]]


def test_contrasts_and_adjusted_means_are_two_tables():
    contrast = [f"comparison|score_1|omt - sham|month_3||{s}" for s in ("difference", "ci_low", "ci_high")]
    means = [
        f"comparison|score_1|{g}|month_3||{s}" for g in ("sham", "omt") for s in ("adjusted_mean", "ci_low", "ci_high")
    ]
    first, second = tables(*contrast, *means)
    assert first["columns"] == ["Difference (CI)"] and second["columns"] == [
        *PLAN.datasets["participants"].groups.values()
    ]
    assert first["above"].startswith("Month 3") and first["above"].endswith(" − Sham")
    assert (first["what"], second["what"]) == ("difference", "adjusted mean")
    assert texts(second)[-1][-3:] == ["Adjusted mean (CI)", "3 (4 to 5)", "6 (7 to 8)"]


def test_arms_stand_side_by_side_and_counts_with_their_share():
    names = ("n", "count", "proportion", "events")
    (table,) = tables(*(f"completion|score_1|{g}|||{s}" for g in ("sham", "omt", "all") for s in names))
    assert table["heads"] == ["statistic"] and table["columns"][0] == "Sham" and table["columns"][-1] == "All"
    assert texts(table)[1:] == [
        ["n", "0", "4", "8"],
        ["n (%) [events]", "1 (200) [3]", "5 (600) [7]", "9 (1000) [11]"],
    ]


def test_a_parameter_of_many_categories_has_a_folded_table_of_its_own():
    rows = [f"characteristics|sex|all||L{i:02d}|{s}" for i in range(13) for s in ("count", "percent")]
    many, few = tables(*rows, "characteristics|score_1|all||low|count", "characteristics|score_1|all||low|percent")
    assert many["collapsed"] and many["size"] == 13 and not few["collapsed"]


def test_digits_are_those_that_the_data_carry():
    shown = {}
    for statistic, value, decimals in (("mean", 42.44, 1), ("sd", 9.813, 2), ("uloq", 3000, 3), ("lloq", 46.875, 3)):
        names = {"analysis": "assay", "parameter": "cgrp", "group": "all", "population": "full"}
        shown[statistic] = estimate(id=statistic, **names, statistic=statistic, value=str(value), decimals=decimals)
    found = numbers_of(PLAN, rows_of(PLAN, list(shown.values())))
    assert {name: n.shown for name, n in found.items()} == {
        "mean": "42.4",
        "sd": "9.8",
        "uloq": "3000",
        "lloq": "46.875",
    }


def test_ranks_effect_sizes_and_ratios_stand_apart_but_an_estimate_with_the_interval_of_its_row():
    names = ("difference", "ci_low", "ci_high", "mann_whitney_u", "mann_whitney_p", "hedges_g", "risk_ratio")
    found = tables(*(f"comparison|score_1|omt - sham|month_3||{s}" for s in names))
    assert [t["columns"] for t in found] == [
        ["Difference (CI)"],
        ["Mann–Whitney U (p)"],
        ["Hedges’ g"],
        ["Risk ratio"],
    ]
    (table,) = tables(*(f"comparison|score_1|omt - sham|month_3||{s}" for s in ("odds_ratio", "ci_low", "ci_high")))
    assert table["columns"] == ["Odds ratio (CI)"]


def test_different_tests_side_by_side_have_their_p_last():
    rows = [f"comparison|score_1|all|month_3|one|{s}" for s in ("f", "df_1", "df_2", "p")]
    rows += [f"comparison|score_1|all|month_3|two|{s}" for s in ("chi_squared", "df", "p")]
    rows += [f"comparison|score_1|omt - sham|month_3|three|{s}" for s in ("z", "p")]
    first, second = tables(*rows)
    assert first["columns"] == ["F (df)", "χ² (df)", "p"] and second["columns"] == ["z", "p"]
    assert [line[-3:] for line in texts(first)[1:]] == [["0 (1; 2)", "", "3"], ["", "4 (5)", "6"]]


def test_parameters_tested_together_are_named_by_their_labels():
    (table,) = tables("change|score_1 & score_2|all|month_1||f")
    assert texts(table)[0][0] == "Headache score 1 and Headache score 2"


def test_parameters_of_one_row_are_named_in_the_row_with_their_unit():
    (table,) = tables(*(f"characteristics|score_{i}|all|||{s}" for i in (1, 2) for s in ("mean", "sd")))
    assert table["heads"] == ["parameter"] and not table["grouped"]
    assert texts(table) == [["Headache score 1, points", "0 (1)"], ["Headache score 2, points", "2 (3)"]]


def test_events_of_many_kinds_stand_below_the_units_counted_once_and_their_intervals_apart():
    names = ("n", "count", "proportion", "clopper_pearson_low", "clopper_pearson_high", "events")
    kinds = [f"score_{i}" for i in range(1, 8)]
    rows = [f"characteristics|{kind}|{arm}|||{name}" for kind in kinds for arm in ("sham", "omt") for name in names]
    found = {i: replace(n, text="70", shown="70") if n.statistic == "n" else n for i, n in numbers(*rows).items()}
    (section,) = (section for section in sections_of(PLAN, found, {}) if section["count"])
    events, intervals = section["tables"]
    assert texts(events)[0] == ["Participants", "70", "70"] and len(texts(events)) == 1 + len(kinds)
    assert texts(events)[1][1].count("(") == texts(events)[1][1].count("[") == 1
    assert events["what"] == "participants with events, n (%) [events]" and not events["collapsed"]
    assert intervals["collapsed"] and events["numbers"] + intervals["numbers"] == len(rows)
    differ = {i: replace(n, text="69") if n.id == next(iter(found)) else n for i, n in found.items()}
    (section,) = (section for section in sections_of(PLAN, differ, {}) if section["count"])
    assert len(section["tables"]) == 1


def test_criteria_stand_apart_from_what_has_no_verdict():
    rows = [f"characteristics|score_1|all||{level}|{s}" for level in ("a", "b") for s in ("n", "count", "proportion")]
    criteria, others = tables("characteristics|score_1|all||a|verdict", *rows)
    assert (criteria["what"], others["what"]) == ("criteria", "counts")


def test_a_family_whose_members_have_labels_needs_no_names():
    rows = [
        f"comparison|score_{i}|omt - sham|month_3|h{i}|{s}" for s in ("rejected", "p", "adjusted_p") for i in (1, 2)
    ]
    assert tables(*rows)[0]["heads"] == ["parameter"]
    again = [f"comparison|score_1|omt - sham|month_3|h{i}|{s}" for s in ("rejected", "p", "adjusted_p") for i in (1, 2)]
    assert tables(*again)[0]["heads"] == ["level"]


def test_the_level_of_the_interval_comes_from_the_options():
    (table,) = tables(*(f"characteristics|score_1|all|||{s}" for s in ("mean", "ci_low", "ci_high")))
    assert table["columns"] == ["Mean (90%\u00a0CI)"]


def test_another_population_gets_a_head():
    found = numbers("characteristics|score_1|all|||mean")
    found = {name: replace(number, population="treated") for name, number in found.items()}
    section = next(s for s in sections_of(PLAN, found, {}) if s["count"])
    assert section["tables"][0]["heads"] == ["parameter", "population"]


def test_long_tables_start_collapsed():
    rows = [f"change|score_1|all|month_1|draw {i}|mean_change" for i in range(COLLAPSED + 1)]
    assert tables(*rows)[0]["collapsed"] and not tables(*rows[:-1])[0]["collapsed"]


def test_heads_that_are_the_same_in_every_line_stand_above_the_table():
    many = ["n_a", "n_b"]
    rows = [f"comparison|score_{i}|omt - sham|month_1||{s}" for i in (1, 2) for s in many]
    same = tables(*rows)[0]
    assert same["heads"] == ["parameter"] and same["above"].startswith("Month 1, Manual")
    differ = tables(*rows, *(row.replace("month_1", "month_3") for row in rows))[0]
    assert differ["heads"] == ["visit"] and differ["above"].startswith("Manual")


def test_logarithms_stand_under_the_logarithm_of_the_unit():
    found = numbers("change|score_1|all|month_1|a|mean_change", "change|score_1|all|month_3|a|mean_change")
    found = {name: replace(number, unit="log points") for name, number in found.items()}
    (section,) = (s for s in sections_of(PLAN, found, {}) if s["count"])
    assert section["tables"][0]["blocks"][0]["title"].startswith("Headache score 1, log points")


def test_shared_first_heads_stand_once():
    lines = spanned([(["a", "x"], []), (["a", "y"], []), (["b", "x"], []), (["a", "x"], [])])
    assert [[(h["text"], h["span"]) for h in line["heads"]] for line in lines] == [
        [("a", 2), ("x", 1)],
        [("y", 1)],
        [("b", 1), ("x", 1)],
        [("a", 1), ("x", 1)],
    ]
    assert [[h["span"] for h in line["heads"]] for line in spanned([(["a"], []), (["a"], [])])] == [[1], [1]]


def test_a_batch_is_left_out_with_the_files_at_fault():
    from omtrace.model.register import Export
    from omtrace.provenance.keys import key_of
    from omtrace.report.inputs import left_out_shown

    def export(number, batch):
        return Export(number, "s", f"e{number}", "t", f"data/raw/s/{number}.csv", batch, "", "", "", "", "", "")

    exports = [export(1, "1"), export(2, "1"), export(3, "2"), export(4, ""), export(5, "3")]
    decisions = {
        "data/raw/s/2.csv": {"left out": "the whole file: unreadable"},
        "data/raw/s/3.csv": {"encoding": "x"},
        "data/raw/s/4.csv": {"left out": "the whole file: coding"},
    }
    lost = {"key": [key_of(1, 1), key_of(3, 1), key_of(5, 1)], "rule": ["batch", "range", "batch"]}
    assert left_out_shown(exports, decisions, lost) == [
        {"what": "batch 1", "causes": [{"path": "data/raw/s/2.csv", "rule": "unreadable"}]},
        {"what": "data/raw/s/4.csv", "causes": [{"path": "data/raw/s/4.csv", "rule": "coding"}]},
        {"what": "batch 3", "causes": []},
    ]

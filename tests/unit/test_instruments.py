"""Every questionnaire, all or nothing: scores against a second way to compute them, codes, sources, missing answers."""

import itertools
import math
import os
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace import instruments
from omtrace.faults import Fault
from omtrace.instruments import Instrument, Item, Score, instrument_of
from omtrace.instruments._supplied import agrees, on_grid
from omtrace.instruments.hit6 import WEIGHTS
from omtrace.instruments.sf36 import SCALES, grid
from omtrace.model.register import sha256_of
from omtrace.schemas import read_model, table_of
from omtrace.validation.checks import DTYPES, refused

NAMES = sorted(p.stem for p in Path(instruments.__file__).parent.glob("[!_]*.py"))
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
TRIAL = "9305c7ffb3c17809cd80c09abc8b1f2ee6e490e87e08a39a57d01663e931904f"  # the acupuncture trial's workbook
LONGEST_LABEL = 60  # characters: a label in our own words is short, an item's wording is not


def answers(instrument, rows):
    """A frame of the scored items of an instrument, one list of codes a row (None: not answered)."""
    names = list(dict.fromkeys(name for score in instrument.scores.values() for name in score.items))
    return pandas.DataFrame(rows, columns=names, dtype="Int64")


def scored(name, score, row):
    instrument = instrument_of(name)
    return instrument.score(score, answers(instrument, [row])).iloc[0]


def broken(name, **columns):
    """Rule -> the rows (counted from 0) that break it, in a table that has the named columns and is blank elsewhere."""
    table = table_of(name)
    length = len(next(iter(columns.values())))
    frame = pandas.DataFrame(
        {c.name: pandas.Series(columns.get(c.name, [None] * length), dtype=DTYPES[c.kind]) for c in table.columns}
    )
    found = {}
    for rule in table.rules:
        data = frame[rule.columns[0]].dropna() if len(rule.columns) == 1 else frame
        found[rule.id] = [int(row) for row in data.index[refused(rule.check, data)]]
    return {rule: rows for rule, rows in found.items() if rows}


# what each instrument declares


@pytest.mark.parametrize("name", NAMES)
def test_an_instrument_is_declared_in_full(name):
    instrument = instrument_of(name)
    assert isinstance(instrument, Instrument)
    for part in ("title", "version", "source", "recall"):
        assert getattr(instrument, part).strip(), part
    names = [item.name for item in instrument.items]
    assert len(set(names)) == len(names)
    assert instrument.scores
    for key, score in instrument.scores.items():
        assert score.label and set(score.items) <= set(names), key
        assert len(set(score.items)) == len(score.items) and score.minimum_answered <= len(score.items)
    for item in instrument.items:
        assert item.minimum < item.maximum
        assert 0 < len(item.label) <= LONGEST_LABEL and "?" not in item.label and not item.label.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_scored_or_says_that_it_is_not(name):
    instrument = instrument_of(name)
    used = {item for score in instrument.scores.values() for item in score.items}
    assert {item.name for item in instrument.items if item.name not in used} == {
        item.name for item in instrument.items if "not scored" in item.label
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_unit_visit_and_every_item_with_its_range(name):
    instrument = instrument_of(name)
    table = table_of(name)
    assert table.key == ("unit_id", "visit")
    assert [c.name for c in table.columns[:2]] == ["unit_id", "visit"]
    for item in instrument.items:
        column = table.column(item.name)
        assert (column.kind, column.minimum, column.maximum) == (item.kind, item.minimum, item.maximum)
        assert column.unit == item.unit and column.unit
    assert table.measured == tuple(item.name for item in instrument.items)
    assert set(instrument.optional) <= set(table.measured) and table.source == instrument.source


@pytest.mark.parametrize("name", NAMES)
def test_supplied_scores_need_not_be_in_the_file_and_the_scored_items_must(name):
    instrument = instrument_of(name)
    optional = set(table_of(name).optional)
    assert {column.name for column in instrument.extra} <= optional
    assert not optional & {item for score in instrument.scores.values() for item in score.items}


def test_an_extra_column_that_every_row_must_have_must_be_in_the_file():
    items, extra = (Item("q1", "label", 0, 1),), (Item("form", "which form", required=True, unit="", kind="text"),)
    score = Score(("q1",), lambda frame: frame["q1"], "q1")
    instrument = Instrument("test", "1", "none", "now", items, {"q1": score}, extra)
    assert read_model(instrument.model()).optional == ()


@pytest.mark.parametrize(
    ("name", "score"), [(name, score) for name in NAMES for score in instrument_of(name).scores], ids=str
)
def test_one_missing_answer_and_there_is_no_score_unless_the_source_has_a_rule(name, score):
    instrument = instrument_of(name)
    items = instrument.scores[score].items
    enough = bool(instrument.scores[score].minimum_answered) and instrument.scores[score].minimum_answered < len(items)
    full = answers(instrument, [[1] * len(answers(instrument, []).columns)] * (len(items) + 1))
    for row, item in enumerate(items):
        full.loc[row, item] = pandas.NA
    values = instrument.score(score, full)
    assert values.isna().tolist() == [not enough] * len(items) + [False]


def test_no_rows_no_scores_and_an_unknown_name_is_a_fault():
    for name in NAMES:
        for score in instrument_of(name).scores:
            assert instrument_of(name).score(score, answers(instrument_of(name), [])).empty
    with pytest.raises(Fault, match="there is no instrument 'hit7'.*did you mean 'hit6'"):
        instrument_of("hit7")


def test_a_score_with_a_source_for_its_missing_rule_fills_by_the_mean_of_the_answered_items():
    items = tuple(Item(f"q{n}", "label", 0, 10) for n in range(4))
    half = Score(tuple(i.name for i in items), lambda frame: frame.sum(axis=1), "sum", minimum_answered=2)
    instrument = Instrument("test", "1", "none", "now", items, {"sum": half})
    frame = answers(instrument, [[1, 2, 3, 4], [1, None, 3, None], [None, None, None, 4]])
    assert instrument.score("sum", frame).tolist()[:2] == [10, 8]
    assert math.isnan(instrument.score("sum", frame)[2])


# HIT-6

# Kosinski 2003: never, rarely, sometimes, very often, always.
POINTS = [6, 8, 10, 11, 13]
HIT6 = list(itertools.product(range(1, 6), repeat=6))


def test_hit6_is_the_sum_of_the_published_weights_on_all_15_625_patterns():
    assert len(HIT6) == 15_625
    totals = instrument_of("hit6").score("total", answers(instrument_of("hit6"), HIT6))
    expected = [sum(POINTS[code - 1] for code in pattern) for pattern in HIT6]
    assert totals.tolist() == expected
    assert sorted(set(expected)) == [n for n in range(36, 79) if n not in (37, 39, 77)]


def test_hit6_rules_refuse_exactly_the_impossible_totals_and_those_that_do_not_agree():
    patterns = HIT6[::97]
    items = {f"hit6_{n}": column for n, column in enumerate(zip(*patterns, strict=True), 1)}
    true = numpy.array([sum(POINTS[code - 1] for code in pattern) for pattern in patterns])
    rows = range(len(patterns))
    for shift in (0, 1):
        found = broken("hit6", **items, hit6_total=true + shift)
        assert found.get("hit6_total_agrees", []) == (list(rows) if shift else [])
        assert found.get("hit6_total_possible", []) == [n for n in rows if true[n] + shift in (37, 39, 77)]
    assert broken("hit6", **items) == {}
    items["hit6_4"] = [None] * len(patterns)
    assert "hit6_total_agrees" not in broken("hit6", **items, hit6_total=true + 1)


def test_a_supplied_hit6_item_mean_is_apart_from_the_total_and_agrees_with_the_codes():
    items = {f"hit6_{n}": [4, 4, None] for n in range(1, 6)} | {"hit6_6": [2, 2, 2]}
    assert broken("hit6", **items, hit6_item_mean=[3.67, 3.4, 3.4]) == {"hit6_item_mean_agrees": [1]}
    assert scored("hit6", "item_mean", [4, 4, 4, 4, 4, 2]) == pytest.approx(22 / 6)
    table = table_of("hit6")
    assert table.column("hit6_total").minimum > table.column("hit6_item_mean").maximum


@pytest.mark.parametrize(
    ("code", "total", "band"),
    [(1, 36, "little or none"), (2, 48, "little or none"), (3, 60, "severe"), (5, 78, "severe")],
)
def test_hit6_with_the_same_answer_throughout_falls_into_the_published_band(code, total, band):
    bands = [(36, 49, "little or none"), (50, 55, "some"), (56, 59, "substantial"), (60, 78, "severe")]
    value = scored("hit6", "total", [code] * 6)
    assert value == total
    assert [name for low, high, name in bands if low <= value <= high] == [band]
    assert list(WEIGHTS) == [1, 2, 3, 4, 5]


def test_hit6_bands_change_at_49_55_and_59():
    from omtrace.instruments.hit6 import band_of

    totals = pandas.Series([36, 49, 50, 55, 56, 59, 60, 78, None], dtype="float64")
    assert band_of(totals).tolist()[:-1] == [1, 1, 2, 2, 3, 3, 4, 4] and pandas.isna(band_of(totals).iloc[-1])
    assert scored("hit6", "band", [3] * 6) == 4 and scored("hit6", "band", [1] * 6) == 1


# MIDAS


@pytest.mark.parametrize(("days", "grade"), [(0, 1), (5, 1), (6, 2), (10, 2), (11, 3), (20, 3), (21, 4), (92, 4)])
def test_midas_grades_change_between_5_and_6_10_and_11_20_and_21(days, grade):
    for item in range(5):
        row = [0] * 5
        row[item] = days
        assert scored("midas", "total", row) == days
        assert scored("midas", "grade", row) == grade


@given(st.lists(st.integers(0, 92), min_size=5, max_size=5))
def test_midas_is_the_sum_of_five_day_counts(row):
    assert scored("midas", "total", row) == sum(row)
    assert scored("midas", "grade", row) == 1 + sum(sum(row) > edge for edge in (5, 10, 20))


def test_a_blank_of_midas_is_not_zero():
    for blank in range(5):
        row = [0 if n != blank else None for n in range(5)]
        assert math.isnan(scored("midas", "total", row)) and math.isnan(scored("midas", "grade", row))


@pytest.mark.parametrize(
    ("first", "second", "fine"), [(92, 0, True), (46, 46, True), (47, 46, False), (92, None, True)]
)
def test_two_counts_of_one_activity_share_the_window(first, second, fine):
    for pair, rule in ((("midas_1", "midas_2"), "midas_work_days"), (("midas_3", "midas_4"), "midas_household_days")):
        row = {f"midas_{n}": [0] for n in range(1, 6)} | {pair[0]: [first], pair[1]: [second]}
        assert broken("midas", **row) == ({} if fine else {rule: [0]})


def test_a_supplied_midas_total_and_grade_agree_with_the_items_and_with_each_other():
    items = {f"midas_{n}": [2, 2, 2, None] for n in range(1, 6)}
    found = broken("midas", **items, midas_total=[10, 11, 10, 11], midas_grade=[2, 2, 3, 2])
    assert found == {"midas_total_agrees": [1], "midas_grade_agrees": [2, 3], "midas_total_open": [3]}
    assert broken("midas", **items, midas_total=[None] * 4, midas_grade=[2, 2, 2, 4]) == {}


def test_fewer_headache_days_than_days_missed_are_noted_and_open_ones_are_not():
    items = {f"midas_{n}": [0, 0, None] for n in range(1, 6)} | {"midas_5": [9, 9, 9]}
    assert broken("midas", **items, midas_a=[9, 8, None]) == {"midas_headache_days": [1]}


# MSQ

DOMAINS = {"restrictive": (0, 7), "preventive": (7, 11), "emotional": (11, 14)}


def domain(row, name):
    """The domain computed by hand: answers turned round, from the lowest possible to the highest, in percent."""
    first, last = DOMAINS[name]
    turned = [7 - code for code in row[first:last]]
    n = last - first
    return 100 * (sum(turned) - n) / (6 * n - n)


@given(st.lists(st.integers(1, 6), min_size=14, max_size=14))
def test_msq_domains_on_random_answers(row):
    for name in DOMAINS:
        assert scored("msq", name, row) == pytest.approx(domain(row, name), abs=1e-12)


def test_msq_best_is_100_and_worst_is_0():
    for name in DOMAINS:
        assert scored("msq", name, [1] * 14) == 100
        assert scored("msq", name, [6] * 14) == 0


@pytest.mark.parametrize("name", DOMAINS)
def test_every_item_of_an_msq_domain_counts_the_same_and_downwards_and_no_other_item_counts(name):
    first, last = DOMAINS[name]
    n = last - first
    base = [3] * 14
    rows = [[code if at == item else 3 for at in range(14)] for item in range(14) for code in range(1, 7)]
    values = instrument_of("msq").score(name, answers(instrument_of("msq"), rows))
    for (item, code), value in zip(itertools.product(range(14), range(1, 7)), values, strict=True):
        inside = first <= item < last
        assert value == pytest.approx(domain(base, name) - (code - 3) * 100 / (5 * n) * inside, abs=1e-9)


@pytest.mark.parametrize(("name", "step"), [("restrictive", 100 / 35), ("preventive", 5), ("emotional", 100 / 15)])
def test_msq_scores_lie_on_the_grid_of_their_domain_and_fill_it(name, step):
    first, last = DOMAINS[name]
    n = last - first
    sums = range(n, 6 * n + 1)
    rows = []
    for total in sums:
        codes = [1] * n
        for at in range(total - n):
            codes[at % n] += 1
        rows.append([1] * first + codes + [1] * (14 - last))
    values = sorted(instrument_of("msq").score(name, answers(instrument_of("msq"), rows)))
    assert values == pytest.approx([k * step for k in range(5 * n + 1)], abs=1e-9)


def test_an_open_item_of_one_msq_domain_leaves_the_others():
    row = [2] * 14
    row[12] = None
    assert math.isnan(scored("msq", "emotional", row))
    assert scored("msq", "restrictive", row) == scored("msq", "preventive", row) == 80


@pytest.mark.parametrize(
    ("name", "shown", "doubted"),
    [
        ("restrictive", [0, 2.857, 2.9, 2.85, 54.3, 54, 100, 97.14, 1.4, 55, 54.4, 99], [1.4, 55, 54.4, 99]),
        ("preventive", [0, 5, 65.0, 100, 62, 62.5, 4.9], [62, 62.5, 4.9]),
        ("emotional", [0, 6.67, 6.66667, 6.7, 7, 33.3, 66.6, 60, 6.5, 33.4, 50], [6.5, 33.4, 50]),
    ],
)
def test_a_supplied_msq_score_off_its_grid_is_found_whatever_the_decimals_printed(name, shown, doubted):
    found = broken("msq", **{f"msq_{name}": shown})
    assert [shown[row] for row in found[f"msq_{name}_grid"]] == doubted
    assert list(found) == [f"msq_{name}_grid"]


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=14, max_size=14), st.integers(0, 5))
def test_a_score_agrees_with_its_items_however_it_is_rounded_and_not_if_turned_round(row, decimals):
    items = {f"msq_{n}": [code] for n, code in enumerate(row, 1)}
    rounded = {f"msq_{name}": [round(domain(row, name), decimals)] for name in DOMAINS}
    assert broken("msq", **items, **rounded) == {}
    turned = {f"msq_{name}": [100 - domain(row, name)] for name in DOMAINS}
    away = {f"msq_{name}_agrees" for name in DOMAINS if abs(domain(row, name) - 50) > 1e-6}
    assert set(broken("msq", **items, **turned)) == away


@given(st.integers(0, 1_000_000), st.integers(0, 4))
def test_rounding_and_cutting_off_agree_and_the_next_place_does_not(millionths, decimals):
    exact, place = millionths / 10_000, 10.0**-decimals
    rounded, cut = round(exact, decimals), round(math.floor(exact / place + 1e-6) * place, decimals)
    assert agrees(pandas.Series([rounded, cut]), pandas.Series([exact] * 2)).all()
    away = [round(rounded + 2 * place, decimals), round(cut - place, decimals)]
    away = [value for value in away if not decimals or not f"{value:.{decimals}f}".endswith("0")]  # else less is shown
    assert not agrees(pandas.Series(away, dtype="float64"), pandas.Series([exact] * len(away))).any()


def test_what_single_precision_loses_is_no_finding():
    assert on_grid(pandas.Series([66.66666, 83.33334, 46.66667]), [140 / 3, 200 / 3, 250 / 3]).all()


def test_blank_scores_agree_with_everything():
    blank, value = pandas.Series([None, 5.0], dtype="float64"), pandas.Series([5.0, None], dtype="float64")
    assert agrees(blank, value).all() and on_grid(blank, [0, 5]).all()


# PGIC, PROMIS, SF-36


def test_pgic_counts_the_two_best_levels_as_improved():
    for level in range(1, 8):
        assert scored("pgic", "answer", [level]) == level
        assert scored("pgic", "improved", [level]) == (level <= 2)


@pytest.mark.parametrize("n", [4, 6, 8])
def test_a_promis_raw_sum_goes_from_n_to_5n_and_a_supplied_one_agrees(n):
    name = f"promis_{n}"
    assert scored(name, "sum", [1] * n) == n and scored(name, "sum", [5] * n) == 5 * n
    column = table_of(name).column(f"{name}_sum")
    assert (column.minimum, column.maximum) == (n, 5 * n)
    items = {f"promis_{at}": [2, 2, None] for at in range(1, n + 1)}
    found = broken(name, **items, **{f"{name}_sum": [2 * n, 2 * n + 1, 2 * n]})
    assert found == {f"{name}_sum_agrees": [1]}


def test_sf36_grids_are_all_means_of_answered_items():
    for name, (_, steps) in SCALES.items():
        sums = {(0, 0)}
        for step in steps:
            sums |= {(n + 1, total + answer) for n, total in sums for answer in range(0, 101, step)}
        assert grid(steps) == {total / n for n, total in sums if n}, name
    assert grid(SCALES["sf"][1]) == {0, 12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100}


@pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
def test_every_scale_score_of_a_real_trial_lies_on_its_grid():
    (workbook,) = (path for path in Path(MIRROR).rglob("*.xls") if sha256_of(path) == TRIAL)
    data = pandas.read_excel(workbook, sheet_name="Data", engine="calamine")
    for pack in ("1", "2", "5"):
        supplied = {f"sf36_{name}": data[f"{name}{pack}"] for name in SCALES}
        assert all(len(column.dropna()) > 250 for column in supplied.values())
        assert broken("sf36", **supplied) == {}


# codings


CODED = [(name, coding) for name in NAMES for coding in instrument_of(name).codings]


@pytest.mark.parametrize(("name", "coding"), CODED, ids=str)
def test_a_coding_leads_to_every_code_of_every_item_once(name, coding):
    instrument = instrument_of(name)
    codes = instrument.coding(coding)
    assert all(text == text.strip().lower() for text in codes)
    for item in instrument.items:
        assert sorted(codes.values()) == [str(code) for code in range(item.minimum, item.maximum + 1)]


def test_the_codings_of_hit6_and_msq_say_the_same_as_their_codes():
    hit6, msq, pgic = (instrument_of(name) for name in ("hit6", "msq", "pgic"))
    assert {int(code): int(text) for text, code in hit6.coding("weights").items()} == WEIGHTS
    assert hit6.coding("labels")["very often"] == "4" and hit6.coding("zero_based")["0"] == "1"
    assert (
        msq.coding("zero_based")["5"] == msq.coding("labels")["all of the time"] == msq.coding("reversed")["1"] == "6"
    )
    assert (
        pgic.coding("best_is_7")["7"]
        == pgic.coding("best_is_1")["1"]
        == pgic.coding("labels")["very much improved"]
        == "1"
    )
    assert hit6.coding("") == msq.coding("") == {}


def test_an_unknown_coding_is_a_fault_with_the_nearest_and_pgic_needs_one():
    with pytest.raises(Fault, match="HIT-6: there is no coding 'weight' .*; did you mean 'weights'"):
        instrument_of("hit6").coding("weight")
    with pytest.raises(Fault, match=r"MIDAS: there is no coding 'weights' \(none\)"):
        instrument_of("midas").coding("weights")
    with pytest.raises(Fault, match="PGIC: .*coding: best_is_1, best_is_7, labels"):
        instrument_of("pgic").coding("")


@pytest.mark.parametrize(
    ("name", "texts", "coding"),
    [
        ("hit6", {"6", "8", "13"}, "weights"),
        ("hit6", {"0", "1", "4"}, "zero_based"),
        ("hit6", {"Never", "VERY OFTEN", " always "}, "labels"),
        ("hit6", {"1", "4"}, ""),
        ("hit6", {"6", "7"}, ""),
        ("hit6", {"0", "13"}, ""),
        ("hit6", {""}, ""),
        ("hit6", set(), ""),
        ("msq", {"0", "5", ""}, "zero_based"),
        ("msq", {"None of the time"}, "labels"),
        ("msq", {"1", "6"}, ""),
        ("pgic", {"1", "7"}, ""),
        ("pgic", {"No change", "Much worse"}, "labels"),
        ("midas", {"100"}, ""),
        ("sf36", {"101"}, ""),
    ],
)
def test_a_coding_is_suggested_only_where_one_alone_fits(name, texts, coding):
    assert instrument_of(name).suggest_coding(texts) == coding


# satisfaction


@pytest.mark.parametrize("code", range(1, 6))
def test_satisfaction_is_the_answer(code):
    assert scored("satisfaction", "answer", [code]) == code


@pytest.mark.parametrize(
    ("instrument", "score", "bounds"),
    [
        ("hit6", "total", (36, 78)),
        ("msq", "restrictive", (0, 100)),
        ("satisfaction", "answer", (1, 5)),
        ("midas", "grade", None),
    ],
)
def test_scores_that_are_sums_know_the_ends_of_their_scale(instrument, score, bounds):
    assert instrument_of(instrument).bounds(score) == bounds


def test_the_answers_to_a_single_item_are_known():
    assert instrument_of("satisfaction").answers("answer") == [1, 2, 3, 4, 5]
    assert instrument_of("hit6").answers("total") == []


# scores that are sums of items, and those of the short forms


def every(n, low, high):
    """All patterns of n answers (patterns, n)."""
    return numpy.stack(numpy.meshgrid(*[numpy.arange(low, high + 1)] * n, indexing="ij"), -1).reshape(-1, n)


@pytest.mark.parametrize(
    ("name", "low", "high", "ends"),
    [("phq9", 0, 3, (4, 9, 14, 19)), ("gad7", 0, 3, (4, 9, 14)), ("id_migraine", 0, 1, (1,))],
)
def test_totals_and_bands_on_all_patterns(name, low, high, ends):
    instrument = instrument_of(name)
    rows = every(len(next(iter(instrument.scores.values())).items), low, high)
    total, band = list(instrument.scores)[:2]
    frame = answers(instrument, rows.tolist())
    sums = rows.sum(axis=1)
    assert instrument.score(total, frame).tolist() == sums.tolist()
    first = 0 if name == "id_migraine" else 1
    assert instrument.score(band, frame).tolist() == (first + (sums[:, None] > list(ends)).sum(axis=1)).tolist()


def test_a_phq9_syndrome_is_that_of_the_algorithm_on_all_patterns():
    rows = every(9, 0, 3)
    met = (rows >= 2).sum(axis=1) + (rows[:, 8] == 1)
    wanted = (met >= 5) & ((rows[:, 0] >= 2) | (rows[:, 1] >= 2))
    instrument = instrument_of("phq9")
    assert (instrument.score("syndrome", answers(instrument, rows.tolist())) == wanted).all() and wanted.any()


def test_hads_fills_up_to_three_open_items_of_seven():
    row = [3] * 7 + [0] * 7  # the items of anxiety come first here
    assert scored("hads", "anxiety", row) == 21 and scored("hads", "depression", row) == 0
    assert scored("hads", "anxiety_band", row) == 3 and scored("hads", "depression_band", row) == 1
    row[0], row[1], row[2] = None, None, 1
    assert scored("hads", "anxiety", row) == pytest.approx(7 * (1 + 4 * 3) / 5)
    row[3] = row[4] = None
    assert math.isnan(scored("hads", "anxiety", row))


def test_mtoq4_on_all_patterns():
    rows = every(4, 1, 4)
    sums = numpy.array([0, 0, 1, 2])[rows - 1].sum(axis=1)
    instrument = instrument_of("mtoq4")
    frame = answers(instrument, rows.tolist())
    assert instrument.score("total", frame).tolist() == sums.tolist()
    bands = [1 if s == 0 else 2 if s <= 5 else 3 if s <= 7 else 4 for s in sums]
    assert instrument.score("band", frame).tolist() == bands


# Values that the R package eq5d (fragla/eq5d, tests of eq5d5l) has for profiles.
@pytest.mark.parametrize(
    ("country", "levels", "value"),
    [
        *(("england", levels, value) for levels, value in ((23245, 0.247), (11112, 0.922), (55555, -0.285))),
        *(("germany", levels, value) for levels, value in ((12345, 0.141), (11121, 0.943), (55555, -0.661))),
        *(("usa", levels, value) for levels, value in ((21354, 0.090), (12111, 0.911), (55555, -0.573))),
    ],
)
def test_eq5d_profiles_have_the_values_of_the_published_sets(country, levels, value):
    row = [int(level) for level in str(levels)]
    assert scored("eq5d5l", "profile", row) == levels and scored("eq5d5l", "levels", row) == sum(row)
    assert scored("eq5d5l", f"index_{country}", row) == pytest.approx(value)
    assert scored("eq5d5l", f"index_{country}", [1] * 5) == 1


@pytest.mark.parametrize("country", ["england", "germany", "usa"])
def test_a_worse_level_is_never_worth_more_on_all_profiles(country):
    rows = every(5, 1, 5)
    instrument = instrument_of("eq5d5l")
    values = instrument.score(f"index_{country}", answers(instrument, rows.tolist())).to_numpy().reshape([5] * 5)
    assert all((numpy.diff(values, axis=axis) <= 1e-9).all() for axis in range(5))


def test_rand36_scores_answered_items_as_its_worked_example():
    # Items 23, 27, 29 answered with 4, 3, 3 and 31 left open: (40 + 60 + 40) / 3 = 46.7.
    row = dict.fromkeys((f"rand36_{n}" for n in range(1, 37)), 1) | {"rand36_23": 4, "rand36_27": 3, "rand36_29": 3}
    instrument = instrument_of("rand36")
    frame = pandas.DataFrame([row | {"rand36_31": None}]).astype("Int64")
    assert round(instrument.score("ef", frame)[0], 1) == 46.7
    assert instrument.bounds("pf") == (0, 100)
    worst = {1: 5, 2: 5, 20: 5, 21: 6, 22: 5, 23: 6, 26: 6, 27: 6, 30: 6, 34: 5, 36: 5}
    low = pandas.DataFrame([{f"rand36_{n}": worst.get(n, 1) for n in range(1, 37)}])
    best = {f"rand36_{n}": 1 if n in worst else int(item.maximum) for n, item in enumerate(instrument.items, 1)}
    high = pandas.DataFrame([best])
    assert {instrument.score(name, low)[0] for name in SCALES} == {0}
    assert {instrument.score(name, high)[0] for name in SCALES} == {100}


def test_sf12_has_its_published_ends():
    best = [1, 3, 3, 2, 2, 2, 2, 1, 1, 1, 6, 5]
    worst = [5, 1, 1, 1, 1, 1, 1, 5, 6, 6, 1, 1]
    assert scored("sf12", "pcs", best) == pytest.approx(56.57706)
    assert scored("sf12", "mcs", best) == pytest.approx(60.75781)
    assert scored("sf12", "pcs", worst) == pytest.approx(23.99938)
    assert scored("sf12", "mcs", worst) == pytest.approx(19.06444)

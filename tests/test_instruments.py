"""Every questionnaire, all or nothing: scores against a second way to compute them, codes, sources, missing answers."""

import itertools
import math
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omtrace import instruments
from omtrace.checks.rules import broken_rules
from omtrace.faults import Fault
from omtrace.instruments import Instrument, Item, Score, instrument_of
from omtrace.instruments.hit6 import WEIGHTS

NAMES = sorted(p.stem for p in Path(instruments.__file__).parent.glob("[!_]*.py"))
LONGEST_LABEL = 60  # characters: a label in our own words is short, an item's wording is not


def answers(instrument, rows):
    """A frame of the scored items of an instrument, one list of codes a row (None: not answered)."""
    names = list(dict.fromkeys(name for score in instrument.scores.values() for name in score.items))
    return pandas.DataFrame(rows, columns=names, dtype="Int64")


def scored(name, score, row):
    instrument = instrument_of(name)
    return instrument.score(score, answers(instrument, [row])).iloc[0]


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
    table = instrument.table()
    assert table.key == ("unit_id", "visit")
    assert [c.name for c in table.columns[:2]] == ["unit_id", "visit"]
    for item in instrument.items:
        column = table.column(item.name)
        assert (column.kind, column.minimum, column.maximum) == ("integer", item.minimum, item.maximum)
    assert table.measured == tuple(item.name for item in instrument.items)


@pytest.mark.parametrize(
    ("name", "score"), [(name, score) for name in NAMES for score in instrument_of(name).scores], ids=str
)
def test_one_missing_answer_and_there_is_no_score(name, score):
    instrument = instrument_of(name)
    items = instrument.scores[score].items
    full = answers(instrument, [[1] * len(answers(instrument, []).columns)] * (len(items) + 1))
    for row, item in enumerate(items):
        full.loc[row, item] = pandas.NA
    values = instrument.score(score, full)
    assert values.isna().tolist() == [True] * len(items) + [False]


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
    table = instrument_of("hit6").table()
    patterns = HIT6[::97]
    frame = answers(instrument_of("hit6"), patterns)
    true = numpy.array([sum(POINTS[code - 1] for code in pattern) for pattern in patterns])
    frame.insert(0, "visit", pandas.Series(["baseline"] * len(frame), dtype="str"))
    frame.insert(0, "unit_id", pandas.Series([str(n) for n in frame.index], dtype="str"))
    for shift in (0, 1):
        frame["hit6_total"] = pandas.Series(true + shift, dtype="Int64")
        broken = {rule: keys for rule, _, _, _, keys in broken_rules(frame, table)}
        assert broken.get("hit6_total_agrees", []) == (list(frame.index) if shift else [])
        assert broken.get("hit6_total_possible", []) == [n for n in frame.index if true[n] + shift in (37, 39, 77)]
    frame["hit6_total"] = pandas.Series([pandas.NA] * len(frame), dtype="Int64")
    assert list(broken_rules(frame, table)) == []
    frame["hit6_total"] = pandas.Series(true + 1, dtype="Int64")
    frame["hit6_4"] = pandas.Series([pandas.NA] * len(frame), dtype="Int64")
    assert "hit6_total_agrees" not in {rule for rule, *_ in broken_rules(frame, table)}


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
    table = instrument_of("midas").table()
    for pair, rule in ((("midas_1", "midas_2"), "midas_work_days"), (("midas_3", "midas_4"), "midas_household_days")):
        row = {"unit_id": "1", "visit": "baseline", **{f"midas_{n}": 0 for n in (*range(1, 6), "a", "b")}}
        row |= dict(zip(pair, (first, second), strict=True))
        frame = pandas.DataFrame([row]).astype({c: "Int64" for c in row if c.startswith("midas")})
        frame = frame.astype({"unit_id": "str", "visit": "str"})
        assert [r for r, *_ in broken_rules(frame, table)] == ([] if fine else [rule])


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


# satisfaction


@pytest.mark.parametrize("code", range(1, 6))
def test_satisfaction_is_the_answer(code):
    assert scored("satisfaction", "answer", [code]) == code

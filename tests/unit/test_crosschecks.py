"""Crosschecks that a plan declares: what each finds, at which key and column, and what it leaves alone."""

from dataclasses import replace

import pandas
import pytest
from omtrace.faults import Fault
from omtrace.model.closed import checked
from omtrace.model.plan import USUAL
from omtrace.plugins import declared, plugin
from omtrace.provenance.keys import key_of, key_text
from omtrace.validation.checks import DTYPES
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from tables import declared_column, declared_table


def table(number, key, kinds, *rows):
    """A declaration and its typed rows, keyed as rows of export ``number``; ``kinds``: column -> kind."""
    frame = pandas.DataFrame(list(rows), columns=list(kinds))
    frame.index = pandas.Index([key_of(number, at + 1) for at in range(len(rows))], dtype="int64", name="key")
    frame = frame.astype({name: DTYPES[kind] for name, kind in kinds.items()})
    return declared_table("one row", key, [declared_column(name, kind) for name, kind in kinds.items()]), frame


def tables(received=None, **made):
    return Tables(
        "small",
        {n: frame for n, (_, frame) in made.items()},
        {n: t for n, (t, _) in made.items()},
        received or {},
        {},
    )


def without(data, **gone):
    """The tables without some rows (counted from 1), which other findings have taken out."""
    keys = {name: [data.frames[name].index[at - 1] for at in rows] for name, rows in gone.items()}
    taken = {name: data.frames[name].loc[k] for name, k in keys.items()}
    kept = {name: frame.drop(index=keys.get(name, [])) for name, frame in data.frames.items()}
    return replace(data, frames=kept, taken=taken)


def found(check, data, **options):
    """(rule, table, row, column) of every hit; the row is the key's text."""
    crosscheck = plugin("validation.crosschecks", check, "CROSSCHECK")
    hits = list(crosscheck.find(data, "checks.mine", checked(crosscheck.options, options, "checks.mine")))
    for hit in hits:
        assert isinstance(hit, Hit) and hit.rule in {rule.id for rule in crosscheck.rules}
        assert type(hit.key) is int and hit.key in data.frames[hit.table].index
        assert hit.column in data.frames[hit.table] and hit.expected
    return [(hit.rule, hit.table, key_text(hit.key), hit.column) for hit in hits]


def says(check, data, **options):
    crosscheck = plugin("validation.crosschecks", check, "CROSSCHECK")
    return [hit.expected for hit in crosscheck.find(data, "checks.mine", crosscheck.options.model_validate(options))]


def refused(check, data, **options):
    with pytest.raises(Fault) as caught:
        found(check, data, **options)
    return str(caught.value)


# every crosscheck


@pytest.mark.parametrize("name", tuple(declared("validation.crosschecks")))
def test_a_crosscheck_says_what_its_rules_and_options_mean(name):
    crosscheck = plugin("validation.crosschecks", name, "CROSSCHECK")
    assert isinstance(crosscheck, CrossCheck) and crosscheck.rules
    for rule in crosscheck.rules:
        assert rule.meaning.endswith(".") and rule.example and rule.fix and rule.severity in rule.severities
    assert crosscheck.options.model_config["extra"] == "forbid"
    for option, field in crosscheck.options.model_fields.items():
        assert field.description, option
    if name in USUAL:
        crosscheck.options()  # every option has a default


def test_a_rule_id_belongs_to_one_crosscheck():
    ids = [
        r.id
        for name in declared("validation.crosschecks")
        for r in plugin("validation.crosschecks", name, "CROSSCHECK").rules
    ]
    assert len(ids) == len(set(ids))


SESSIONS = {"unit_id": "text", "session": "text", "session_on": "date"}


def sessions(*rows, number=1):
    return table(number, ("unit_id", "session"), SESSIONS, *rows)


ROSTER = {"unit_id": "text", "enrolled_on": "date", "site": "text", "age": "integer", "born": "integer"}


def roster(*rows, number=2):
    return table(number, ("unit_id",), ROSTER, *(tuple(row) + (None,) * (5 - len(row)) for row in rows))


P1 = [("P1", "1", "2024-01-01"), ("P1", "2", "2024-01-15"), ("P1", "3", "2024-01-29")]

# check, options that fit an empty study
COMPLETE = [
    ("intervals", {"table": "s", "column": "session_on", "order": "session", "least": 10, "most": 21}),
    (
        "visit_windows",
        {
            "table": "s",
            "column": "session_on",
            "visit": "session",
            "windows": {"1": [0, 9]},
            "anchor": {"table": "r", "column": "enrolled_on"},
        },
    ),
    ("row_counts", {"table": "s", "roster": {"table": "r"}, "least": 1, "most": 5}),
    (
        "diary_criteria",
        {
            "table": "r",
            "day": "age",
            "window": [1, 9],
            "filled_in": 1,
            "criteria": [{"days": {"site": ["A"]}, "at_least": 1}],
            "ticked": {"table": "s", "column": "session", "met": ["1"]},
        },
    ),
    ("totals", {"table": "r", "column": "age", "of": "s"}),
    ("agreement", {"a": {"table": "s", "column": "session"}, "b": {"table": "r", "column": "site"}}),
    (
        "age_dates",
        {"table": "r", "on": {"table": "r", "column": "enrolled_on"}, "born": {"table": "r", "column": "born"}},
    ),
    ("change", {"table": "r", "column": "age", "order": "enrolled_on", "most": 1}),
    ("constant", {"table": "r", "columns": ["site"]}),
    ("sequence", {"table": "r", "column": "age", "start": 1}),
    ("expected_rows", {"table": "s", "columns": ["session"], "roster": {"table": "r"}}),
    (
        "dates_order",
        {"dates": [{"table": "r", "column": "enrolled_on"}, {"table": "s", "column": "session_on", "within": 9}]},
    ),
    ("group_sizes", {"table": "s", "by": ["unit_id", "session"], "least": 2, "most": 2}),
    (
        "blocks",
        {
            "table": "r",
            "arm": "site",
            "block": "age",
            "within": ["born"],
            "ratio": {"A": 1, "B": 1},
            "unfinished": True,
        },
    ),
    ("one_batch", {"columns": {"s": "session", "r": "site"}}),
    (
        "standards",
        {
            "table": "r",
            "concentration": "age",
            "within": ["site"],
            "signals": {"table": "r", "column": "born", "by": "site"},
        },
    ),
    (
        "replicates",
        {"table": "r", "within": ["site"], "most": 20, "signals": {"table": "r", "column": "born", "by": "site"}},
    ),
]


@pytest.mark.parametrize(("check", "options"), COMPLETE, ids=[c for c, _ in COMPLETE])
def test_empty_tables_give_nothing(check, options):
    assert found(check, tables(s=sessions(), r=roster()), **options) == []


@pytest.mark.parametrize(("check", "options"), COMPLETE, ids=[c for c, _ in COMPLETE])
def test_rows_without_values_give_nothing_but_absences(check, options):
    data = tables(s=sessions((None, None, None), (None, None, None)), r=roster((None,), (None,)))
    assert found(check, data, **options) == []


@pytest.mark.parametrize(("check", "options"), COMPLETE, ids=[c for c, _ in COMPLETE])
def test_an_unknown_table_or_column_is_refused_with_the_nearest(check, options):
    data = tables(s=sessions(*P1), r=roster(("P1", "2024-01-01", "A", 40, 1983)))
    seen = []

    def replaced(value, old, new):
        if isinstance(value, dict):
            return {k: replaced(v, old, new) for k, v in value.items()}
        if isinstance(value, list):
            return [replaced(v, old, new) for v in value]
        return new if value == old else value

    for old, new in (
        ("session_on", "sesion_on"),
        ("session", "sesion"),
        ("site", "sitte"),
        ("age", "agee"),
        ("enrolled_on", "enroled_on"),
        ("born", "borne"),
    ):
        changed = replaced(options, old, new)
        if changed != options:
            seen.append(text := refused(check, data, **changed))
            assert text.startswith("plan of small: checks.mine") and f"has no column '{new}'" in text
            assert f"did you mean '{old}'" in text
    big = tables(sessions=data_of(data, "s"), roster=data_of(data, "r"))
    for old, new, near in (("s", "sesions", "sessions"), ("r", "rostr", "roster")):
        other = {"s": "r", "r": "s"}[old]
        changed = replaced(replaced(options, other, {"s": "sessions", "r": "roster"}[other]), old, new)
        if changed != replaced(replaced(options, "s", "sessions"), "r", "roster"):
            seen.append(text := refused(check, big, **changed))
            assert f"there is no table '{new}'; did you mean '{near}'" in text
            assert text.startswith("plan of small: checks.mine")
    assert len(seen) >= 2


def data_of(data, name):
    return data.declared[name], data.frames[name]


@pytest.mark.parametrize(
    ("check", "options", "text"),
    [
        ("intervals", {"table": "s", "column": "session_on", "lest": 3}, "did you mean 'least'"),
        ("intervals", {"table": "s", "column": "session_on", "least": 30, "most": 3}, "least exceeds most"),
        ("intervals", {"table": "s", "column": "session"}, "column 'session' of table 's' is text, not date"),
        (
            "visit_windows",
            {"table": "s", "column": "session_on", "windows": {"1": [0, 1]}, "visit": "session"},
            "is date, not integer",
        ),
        ("visit_windows", {"table": "s", "column": "session_on", "windows": {"1": [9, 1]}}, "the first day is after"),
        ("visit_windows", {"table": "s", "column": "session_on", "windows": {}}, "windows"),
        ("row_counts", {"table": "s", "roster": {"table": "r"}}, "say least, or most"),
        ("row_counts", {"table": "s", "roster": {"table": "r"}, "least": 5, "most": 3}, "least exceeds most"),
        (
            "agreement",
            {"a": {"table": "s", "column": "session"}, "b": {"table": "r", "column": "age"}},
            "a is text, b is number; recode one of them",
        ),
        ("agreement", {"a": {"table": "s", "column": []}, "b": {"table": "r", "column": "age"}}, "say a column"),
        (
            "age_dates",
            {"table": "r", "age": "site", "on": {"table": "r", "column": "enrolled_on"}},
            "is text, not integer or number",
        ),
        ("change", {"table": "r", "column": "age", "order": "enrolled_on"}, "say most, or factor"),
        ("change", {"table": "r", "column": "site", "order": "enrolled_on", "most": 2}, "is text, not integer"),
        ("sequence", {"table": "r", "column": "site"}, "is text, not integer"),
        ("dates_order", {"dates": [{"table": "r", "column": "enrolled_on"}]}, "dates"),
        ("group_sizes", {"table": "s", "by": ["session"]}, "say least, or most"),
        ("group_sizes", {"table": "s", "by": ["session"], "least": 3, "most": 2}, "least exceeds most"),
        ("blocks", {"table": "r", "ratio": {"A": 1}}, "ratio"),
        ("blocks", {"table": "r", "arm": "site", "block": "age", "ratio": {"A": 0, "B": 1}}, "ratio.A"),
        ("one_batch", {"columns": {"s": "session"}}, "columns"),
        (
            "standards",
            {"table": "r", "concentration": "age", "within": ["site"], "signals": {"table": "s", "column": "session"}},
            "is text, not number or integer",
        ),
        (
            "dates_order",
            {"dates": [{"table": "r", "column": "site"}, {"table": "s", "column": "session_on"}]},
            "is text, not date",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(check, options, text):
    assert text in refused(check, tables(s=sessions(*P1), r=roster()), **options)


def test_a_filter_or_an_order_that_nearly_names_a_value_is_refused():
    rows = [("P1", "month_1", "2024-01-01"), ("P1", "month_3", "2024-03-01")]
    data = tables(s=sessions(*rows))
    text = refused("intervals", data, table="s", column="session_on", where={"session": "month1"})
    assert "no row has session 'month1', but rows have one nearly the same" in text
    text = refused("intervals", data, table="s", column="session_on", order="session", sequence=["month1", "month_3"])
    assert "no row has session 'month1'" in text
    # a visit that nobody has reached yet is no slip
    more = {"order": "session", "sequence": ["month_1", "month_3", "end"]}
    assert found("intervals", data, table="s", column="session_on", **more) == []


# intervals


def test_dates_in_order_and_well_apart_are_fine():
    rows = [*P1, ("P2", "1", "2024-02-01")]
    assert found("intervals", tables(s=sessions(*rows)), **COMPLETE[0][1]) == []


def test_a_session_before_the_one_it_follows():
    rows = [P1[0], ("P1", "2", "2024-02-15"), P1[2], ("P2", "3", "2023-01-01")]
    options = {"table": "s", "column": "session_on", "order": "session"}
    assert found("intervals", tables(s=sessions(*rows)), **options) == [("order_reversed", "s", "1:3", "session_on")]
    assert says("intervals", tables(s=sessions(*rows)), **options) == ["a day not before that of row 1:2"]


def test_the_order_of_rows_in_the_file_does_not_matter():
    rows = [P1[2], P1[0], ("P1", "2", "2024-02-15")]
    options = {"table": "s", "column": "session_on", "order": "session"}
    assert found("intervals", tables(s=sessions(*rows)), **options) == [("order_reversed", "s", "1:1", "session_on")]


def test_sessions_too_near_too_far_and_on_one_day():
    rows = [
        ("P1", "1", "2024-01-01"),
        ("P1", "2", "2024-01-10"),
        ("P1", "3", "2024-02-01"),
        ("P1", "4", "2024-02-01"),
        ("P2", "1", "2024-01-01"),
        ("P2", "2", "2024-01-11"),
        ("P2", "3", "2024-02-01"),
    ]
    data = tables(s=sessions(*rows))
    assert found("intervals", data, **COMPLETE[0][1]) == [
        ("same_day", "s", "1:4", "session_on"),
        ("interval_short", "s", "1:2", "session_on"),
        ("interval_long", "s", "1:3", "session_on"),
    ]
    assert says("intervals", data, **COMPLETE[0][1])[1:] == [
        "at least 10 days after that of row 1:1",
        "at most 21 days after that of row 1:2",
    ]


def test_a_session_left_out_doubles_the_days():
    def of(day):
        return tables(s=sessions(("P1", "1", "2024-01-01"), ("P1", "3", f"2024-{day}")))

    assert found("intervals", of("02-12"), **COMPLETE[0][1]) == []  # 42 days
    assert found("intervals", of("02-13"), **COMPLETE[0][1]) == [("interval_long", "s", "1:2", "session_on")]
    assert found("intervals", of("01-20"), **COMPLETE[0][1]) == [("interval_short", "s", "1:2", "session_on")]


def test_sessions_are_ordered_by_the_numbers_in_their_names():
    rows = [("P1", f"visit_{n}", f"2024-01-{n:02d}") for n in (2, 9, 10, 11)]
    options = {"table": "s", "column": "session_on", "order": "session"}
    assert found("intervals", tables(s=sessions(*rows)), **options) == []
    named = {**options, "sequence": ["visit_11", "visit_10", "visit_9"]}
    assert found("intervals", tables(s=sessions(*rows)), **named) == [
        ("order_reversed", "s", "1:3", "session_on"),
        ("order_reversed", "s", "1:2", "session_on"),
    ]


def test_without_an_order_only_the_distance_counts():
    rows = [("P1", "1", "2024-01-20"), ("P1", "2", "2024-01-01"), ("P1", "3", "2024-01-01"), ("P1", "4", None)]
    options = {"table": "s", "column": "session_on", "least": 30}
    assert found("intervals", tables(s=sessions(*rows)), **options) == [
        ("same_day", "s", "1:3", "session_on"),
        ("interval_short", "s", "1:1", "session_on"),
    ]


def test_a_missing_date_or_unit_is_passed_over():
    rows = [P1[0], ("P1", "2", None), P1[2], (None, "1", "2024-05-01"), (None, "2", "2024-04-01")]
    assert found("intervals", tables(s=sessions(*rows)), **COMPLETE[0][1]) == []


def test_rows_can_be_kept_apart_by_more_than_the_unit_and_chosen():
    kinds = {"unit_id": "text", "site": "text", "day": "integer", "on": "date"}
    made = table(
        1,
        ("unit_id", "site", "day"),
        kinds,
        ("P1", "a", 1, "2024-01-05"),
        ("P1", "b", 2, "2024-01-01"),
        ("P1", "a", 3, "2024-01-02"),
    )
    options = {"table": "s", "column": "on", "order": "day", "within": ["unit_id", "site"]}
    assert found("intervals", tables(s=made), **options) == [("order_reversed", "s", "1:3", "on")]
    assert found("intervals", tables(s=made), **options, where={"day": "1"}) == []


def test_a_large_register_number_keeps_its_keys():
    rows = [P1[1], ("P1", "3", "2024-01-02")]
    options = {"table": "s", "column": "session_on", "order": "session"}
    data = tables(s=sessions(*rows, number=2**31 - 1))
    assert found("intervals", data, **options) == [("order_reversed", "s", "2147483647:2", "session_on")]


# visit_windows


VISITS = {
    "table": "v",
    "column": "session_on",
    "visit": "session",
    "anchor": {"table": "s", "column": "session_on", "take": "last"},
    "windows": {"month_1": [21, 42], "month_3": [77, 112]},
}


def visits(*rows):
    return sessions(*rows, number=5)


def test_visits_inside_and_outside_their_windows():
    v = visits(("P1", "month_1", "2024-02-19"), ("P1", "month_3", "2024-05-20"), ("P1", "other", "2020-01-01"))
    assert found("visit_windows", tables(s=sessions(*P1), v=v), **VISITS) == []  # 21 and 112 days: both inclusive
    v = visits(("P1", "month_1", "2024-02-18"), ("P1", "month_3", "2024-05-21"))
    data = tables(s=sessions(*P1), v=v)
    assert found("visit_windows", data, **VISITS) == [
        ("visit_window", "v", "5:1", "session_on"),
        ("visit_window", "v", "5:2", "session_on"),
    ]
    assert says("visit_windows", data, **VISITS)[0] == (
        "21 to 42 days after the last session_on of the unit in table s"
    )


def test_the_first_date_can_be_the_anchor():
    v = visits(("P1", "month_1", "2024-02-18"))  # 48 days after the first
    first = {**VISITS, "anchor": {"table": "s", "column": "session_on"}, "windows": {"month_1": [40, 47]}}
    assert found("visit_windows", tables(s=sessions(*P1), v=v), **first) == [("visit_window", "v", "5:1", "session_on")]
    chosen = {**first, "anchor": {"table": "s", "column": "session_on", "where": {"session": "2"}}}
    assert found("visit_windows", tables(s=sessions(*P1), v=v), **chosen) == [
        ("visit_window", "v", "5:1", "session_on")
    ]
    assert found("visit_windows", tables(s=sessions(*P1), v=v), **{**chosen, "windows": {"month_1": [34, 34]}}) == []


def test_a_visit_before_an_earlier_one_even_without_an_anchor():
    v = visits(("P9", "month_3", "2024-02-18"), ("P9", "month_1", "2024-02-19"))
    data = tables(s=sessions(*P1), v=v)
    assert found("visit_windows", data, **VISITS) == [("visit_order", "v", "5:1", "session_on")]
    assert says("visit_windows", data, **VISITS) == ["not before that of row 5:2, an earlier visit"]


def test_days_can_be_counted_in_the_data():
    kinds = {"unit_id": "text", "visit": "text", "day": "integer"}
    v = table(5, ("unit_id", "visit"), kinds, ("P1", "a", 3), ("P1", "b", 40), ("P2", "b", None), ("P2", "a", -1))
    options = {"table": "v", "column": "day", "windows": {"a": [0, 5], "b": [30, 39]}}
    assert found("visit_windows", tables(v=v), **options) == [
        ("visit_window", "v", "5:4", "day"),
        ("visit_window", "v", "5:2", "day"),
    ]


def test_a_visit_that_the_windows_nearly_name_is_refused():
    v = visits(("P1", "month1", "2024-02-19"))
    text = refused("visit_windows", tables(s=sessions(*P1), v=v), **VISITS)
    assert "no row has session 'month_1', but rows have one nearly the same" in text


# totals


def sessions_and_movements():
    kinds = {"unit_id": "text", "session": "text", "done": "integer", "minutes": "number"}
    rows = [("P1", "1", 3, 3.0), ("P1", "2", 3, 2.0), ("P2", "1", 1, 1.0), ("P3", "1", None, None), ("P4", "1", 2, 2.0)]
    log = [("P1", "1", 60)] * 3 + [("P1", "2", 60)] * 2 + [("P2", "1", None), ("P3", "1", 60)]
    return tables(
        s=table(1, ("unit_id", "session"), kinds, *rows),
        m=table(2, ("unit_id", "session"), {"unit_id": "text", "session": "text", "seconds": "integer"}, *log),
    )


def test_a_number_is_held_against_the_rows_that_it_counts_or_sums():
    options = {"table": "s", "of": "m", "within": ["unit_id", "session"]}
    data = sessions_and_movements()
    assert found("totals", data, **options, column="done") == [
        ("total_differs", "s", "1:2", "done"),
        ("total_differs", "s", "1:5", "done"),
    ]
    summed = {"column": "minutes", "sum": "seconds", "times": 1 / 60}
    assert found("totals", data, **options, **summed) == [("total_differs", "s", "1:5", "minutes")]  # P2: not known
    assert found("totals", data, **options, **summed, tolerance=2) == []
    assert says("totals", data, **options, column="done")[0] == "the number of its rows in m"


def test_rows_that_were_taken_out_make_no_total_wrong():
    data = without(sessions_and_movements(), m=[3])
    options = {"table": "s", "of": "m", "within": ["unit_id", "session"], "column": "done"}
    assert [hit[2] for hit in found("totals", data, **options)] == ["1:2", "1:5"]


def test_rows_of_no_total_are_found_unless_it_was_taken_out():
    kinds = {"unit_id": "text", "session": "text", "done": "integer"}
    data = tables(
        s=table(1, ("unit_id", "session"), kinds, ("P1", "1", 1), ("P1", "2", 1)),
        m=table(
            2, ("unit_id", "session"), {"unit_id": "text", "session": "text"}, ("P1", "1"), ("P1", "2"), ("P1", "3")
        ),
    )
    options = {"table": "s", "of": "m", "within": ["unit_id", "session"], "column": "done"}
    assert found("totals", data, **options) == [("row_without_total", "m", "2:3", "session")]
    assert found("totals", without(data, s=[2]), **options) == [("row_without_total", "m", "2:3", "session")]


# diary_criteria


def diaries(ticks):
    """P1 has headache on 6 of 10 days and migraine on 4, P2 on 2 and 1, P3 wrote 3 days."""
    headache = {"P1": [1] * 6 + [0] * 4, "P2": [1] * 2 + [0] * 8, "P3": [1] * 3}
    migraine = {"P1": [1] * 4 + [0] * 6, "P2": [1] + [0] * 9, "P3": [1] * 3}
    days = [(u, d - 11, h, migraine[u][d - 1]) for u, several in headache.items() for d, h in enumerate(several, 1)]
    days += [("P2", day, 1, 1) for day in range(1, 30)]  # after the window
    kinds = {"unit_id": "text", "day": "integer", "headache": "integer", "migraine": "integer"}
    return tables(
        d=table(1, ("unit_id", "day"), kinds, *days),
        e=table(2, ("unit_id",), {"unit_id": "text", "type": "text"}, *ticks),
    )


CHRONIC = {
    "table": "d",
    "day": "day",
    "window": [-10, -1],
    "filled_in": 8,
    "per": 28,
    "criteria": [{"days": {"headache": ["1"]}, "at_least": 15}, {"days": {"migraine": ["1"]}, "at_least": 8}],
    "ticked": {"table": "e", "column": "type", "met": ["chronic"]},
}


@pytest.mark.parametrize(
    "ticks, rows",
    [
        ([("P1", "chronic"), ("P2", "episodic"), ("P3", "episodic"), ("P4", "chronic")], []),
        ([("P1", "episodic"), ("P2", "chronic"), ("P3", "chronic")], ["2:1", "2:2"]),
        ([("P1", None), ("P2", "chronic")], ["2:2"]),
    ],
)
def test_what_the_site_ticked_is_held_against_the_diary(ticks, rows):
    hits = found("diary_criteria", diaries(ticks), **CHRONIC)
    assert hits == [("diary_disagrees", "e", row, "type") for row in rows]


def test_a_diary_of_just_enough_days_counts():
    data = diaries([("P1", "episodic")])
    assert [len(found("diary_criteria", data, **CHRONIC | {"filled_in": days})) for days in (10, 11)] == [1, 0]


def test_one_criterion_of_several_is_enough_where_the_plan_says_so():
    data = diaries([("P1", "episodic"), ("P2", "episodic")])
    harder = [{"days": {"headache": ["1"]}, "at_least": 20}, {"days": {"migraine": ["1"]}, "at_least": 8}]
    assert found("diary_criteria", data, **{**CHRONIC, "criteria": harder}) == []
    assert len(found("diary_criteria", data, **{**CHRONIC, "criteria": harder, "need": "any"})) == 1
    assert says("diary_criteria", data, **CHRONIC) == ["what the diary says: met on days -10 to -1"]


# row_counts


def test_units_with_too_few_too_many_and_no_rows():
    s = sessions(*P1, ("P2", "1", None), *(("P3", str(n), None) for n in range(6)), (None, "1", None))
    r = roster(("P0",), ("P1",), ("P2",), ("P3",), (None,), ("P0",))
    options = {"table": "s", "roster": {"table": "r"}, "least": 3, "most": 5}
    data = tables(s=s, r=r)
    assert found("row_counts", data, **options) == [
        ("too_few_rows", "r", "2:1", "unit_id"),
        ("too_few_rows", "r", "2:3", "unit_id"),
        ("too_many_rows", "r", "2:4", "unit_id"),
    ]
    assert says("row_counts", data, **options)[0] == "3 to 5 rows of the unit in table s"


def test_rows_can_be_chosen_and_bounds_left_open():
    data = tables(s=sessions(*P1), r=roster(("P1",)))
    chosen = {"table": "s", "roster": {"table": "r"}, "where": {"session": "2"}}
    assert found("row_counts", data, **chosen, least=1) == []
    assert found("row_counts", data, **chosen, least=2) == [("too_few_rows", "r", "2:1", "unit_id")]
    assert says("row_counts", data, **chosen, least=2) == ["at least 2 rows of the unit in table s with session 2"]
    assert found("row_counts", data, **chosen, most=0) == [("too_many_rows", "r", "2:1", "unit_id")]
    assert says("row_counts", data, **chosen, least=2, most=2) == [
        "exactly 2 rows of the unit in table s with session 2"
    ]


# agreement


def test_what_two_tables_say_must_agree():
    kinds = {"unit_id": "text", "stratum": "text", "age": "number"}
    a = table(1, ("unit_id",), kinds, ("P1", "A-old", 40), ("P2", "B-old", 50), ("P3", None, 60), ("P9", "A-old", 1))
    r = roster(("P1", None, "A", 40), ("P2", None, "A", 51), ("P3", None, "A", None), ("P4", None, "A", 1))
    data = tables(a=a, r=r)
    ages = {"a": {"table": "a", "column": "age"}, "b": {"table": "r", "column": "age"}}
    assert found("agreement", data, **ages) == [("columns_differ", "a", "1:2", "age")]
    assert says("agreement", data, **ages) == ["the same as age of the unit in table r"]
    assert found("agreement", data, **ages, tolerance=1) == []


def test_joined_columns_can_be_compared():
    kinds = {"unit_id": "text", "stratum": "text"}
    a = table(1, ("unit_id",), kinds, ("P1", "A-40"), ("P2", "A-50"), ("P3", "A-60"))
    r = roster(("P1", None, "A", 40), ("P2", None, "B", 50), ("P3", None, None, 60))
    options = {"a": {"table": "a", "column": "stratum"}, "b": {"table": "r", "column": ["site", "age"]}}
    assert found("agreement", tables(a=a, r=r), **options) == [("columns_differ", "a", "1:2", "stratum")]
    assert len(found("agreement", tables(a=a, r=r), **options, separator="/")) == 2


def test_a_row_must_agree_with_every_row_of_its_unit_and_is_told_once():
    kinds = {"sample": "text", "site": "text"}
    b = table(3, ("sample",), kinds, ("P1", "A"), ("P1", "B"), ("P1", "C"), ("P2", "B"))
    r = roster(("P1", None, "A"), ("P2", None, "B"))
    options = {"a": {"table": "r", "column": "site"}, "b": {"table": "b", "column": "site", "by": "sample"}}
    assert found("agreement", tables(b=b, r=r), **options) == [("columns_differ", "r", "2:1", "site")]
    only = {**options, "b": {**options["b"], "where": {"site": "A"}}}
    assert found("agreement", tables(b=b, r=r), **only) == []


def test_decimals_within_the_tolerance_agree():
    kinds = {"unit_id": "text", "x": "number"}
    data = tables(a=table(1, ("unit_id",), kinds, ("P1", 0.3)), b=table(2, ("unit_id",), kinds, ("P1", 0.2)))
    sides = {"a": {"table": "a", "column": "x"}, "b": {"table": "b", "column": "x"}}
    assert found("agreement", data, **sides, tolerance=0.1) == []
    assert len(found("agreement", data, **sides, tolerance=0.09)) == 1


# age_dates


AGES = {"table": "r", "on": {"table": "r", "column": "enrolled_on"}, "born": {"table": "r", "column": "born"}}


@pytest.mark.parametrize(
    ("age", "tolerance", "wrong"),
    [
        (40, 0, False),
        (39, 0, False),
        (38, 0, True),
        (41, 0, True),
        (38, 1, False),
        (41, 1, False),
        (37, 1, True),
        (42, 1, True),
        (None, 1, False),
    ],
)
def test_age_against_the_year_of_birth(age, tolerance, wrong):
    data = tables(r=roster(("P1", "2024-06-01", "A", age, 1984)))
    assert found("age_dates", data, **AGES, tolerance=tolerance) == (
        [("age_differs", "r", "2:1", "age")] if wrong else []
    )


@pytest.mark.parametrize(("on", "wrong"), [("2024-06-14", True), ("2024-06-15", False)])
def test_age_against_the_date_of_birth(on, wrong):
    kinds = {"unit_id": "text", "on": "date", "born_on": "date", "age": "number"}
    data = tables(a=table(1, ("unit_id",), kinds, ("P1", on, "1984-06-15", 40.5), ("P2", None, "1984-06-15", 9)))
    options = {"table": "a", "on": {"table": "a", "column": "on"}, "born": {"table": "a", "column": "born_on"}}
    assert found("age_dates", data, **options, tolerance=0) == ([("age_differs", "a", "1:1", "age")] if wrong else [])


def test_the_date_may_stand_in_another_table_and_its_first_counts():
    data = tables(s=sessions(*P1, ("P2", "1", None)), r=roster(("P1", None, "A", 41, 1981), ("P2", None, "A", 1, 1981)))
    options = {**AGES, "on": {"table": "s", "column": "session_on"}}
    assert found("age_dates", data, **options) == []  # 42 or 43, within a year
    older = tables(s=sessions(*P1), r=roster(("P1", None, "A", 40, 1981)))
    assert found("age_dates", older, **options) == [("age_differs", "r", "2:1", "age")]


def test_age_over_time():
    def of(*ages):
        dates = ("2024-01-01", "2024-03-01", "2025-03-01")
        return tables(r=roster(*(("P1", on, "A", age) for on, age in zip(dates, ages, strict=True))))

    options = {"table": "r", "on": {"table": "r", "column": "enrolled_on"}}
    assert found("age_dates", of(40, 41, 42), **options) == []
    assert found("age_dates", of(40, None, 41), **options) == []
    assert found("age_dates", of(41, 40, 41), **options) == [("age_falls", "r", "2:2", "age")]
    assert found("age_dates", of(40, 40, 43), **options) == [("age_jumps", "r", "2:3", "age")]


def test_two_ages_on_one_day_may_differ_by_a_year_only():
    options = {"table": "r", "on": {"table": "r", "column": "enrolled_on"}}
    for second, wrong in ((41, 0), (39, 0), (42, 1), (38, 1)):
        data = tables(r=roster(("P1", "2024-01-01", "A", 40), ("P1", "2024-01-01", "A", second)))
        assert found("age_dates", data, **options) == [("age_jumps", "r", "2:2", "age")] * wrong


# change


def weights(*rows):
    return table(1, ("unit_id", "visit"), {"unit_id": "text", "visit": "text", "weight_g": "number"}, *rows)


WEIGHT = {"table": "w", "column": "weight_g", "sequence": ["start", "end"]}


def test_a_change_that_cannot_be():
    w = weights(
        ("R1", "end", 24),
        ("R1", "start", 240),
        ("R2", "start", 240),
        ("R2", "end", 300),
        ("R3", "end", 1),
        ("R4", "start", None),
        ("R4", "end", 9),
        (None, "start", 1),
        (None, "end", 999),
    )
    data = tables(w=w)
    assert found("change", data, **WEIGHT, most=60) == [("change_large", "w", "1:1", "weight_g")]
    assert found("change", data, **WEIGHT, most=59) == [
        ("change_large", "w", "1:1", "weight_g"),
        ("change_large", "w", "1:4", "weight_g"),
    ]
    assert found("change", data, **WEIGHT, factor=2) == [("change_large", "w", "1:1", "weight_g")]
    assert found("change", data, **WEIGHT, factor=10) == []
    assert says("change", data, **WEIGHT, most=60, factor=2) == [
        "by at most 60 and by at most the factor 2 away from row 1:2"
    ]


def test_rows_without_the_number_are_bridged_and_zero_has_no_factor():
    w = weights(("R1", "1", 5), ("R1", "2", None), ("R1", "3", 50), ("R2", "1", 0), ("R2", "2", 90))
    options = {"table": "w", "column": "weight_g"}
    assert found("change", tables(w=w), **options, factor=3) == [("change_large", "w", "1:3", "weight_g")]


def test_rows_of_one_visit_are_not_compared():
    w = weights(("R1", "1", 5), ("R1", "1", 500))
    assert found("change", tables(w=w), table="w", column="weight_g", most=1) == []


# constant


def test_a_value_that_differs_within_a_unit():
    rows = [("R1", s, None) for s in "FFM"] + [("R2", s, None) for s in "FM"] + [("R3", s, None) for s in ("F", None)]
    kinds = {"unit_id": "text", "sex": "text", "age": "integer"}
    data = tables(a=table(1, ("unit_id",), kinds, *rows, (None, "M", 1), (None, "F", 2)))
    assert found("constant", data, table="a", columns=["sex", "age"]) == [
        ("not_constant", "a", "1:3", "sex"),
        ("not_constant", "a", "1:4", "sex"),
        ("not_constant", "a", "1:5", "sex"),
    ]
    assert says("constant", data, table="a", columns=["sex"])[0] == "one sex in all rows of the same unit_id"
    assert found("constant", data, table="a", columns=["sex"], where={"sex": "F"}) == []


# sequence


def numbers(*rows):
    return tables(a=table(1, ("unit_id",), {"unit_id": "text", "n": "integer"}, *rows))


def test_numbers_that_are_left_out_or_given_twice():
    data = numbers(("a", 4), ("a", 2), ("a", 1), ("a", 4), ("a", None))
    assert found("sequence", data, table="a", column="n") == [
        ("sequence_gap", "a", "1:1", "n"),
        ("sequence_double", "a", "1:4", "n"),
    ]
    assert says("sequence", data, table="a", column="n") == [
        "the number after that of row 1:2",
        "another number than row 1:1",
    ]
    assert found("sequence", numbers(("a", 3), ("b", 4), ("a", 5)), table="a", column="n") == []


def test_numbers_run_within_a_unit_and_from_a_start():
    data = numbers(("a", 1), ("b", 2), ("a", 2), ("b", 3), (None, 9))
    assert found("sequence", data, table="a", column="n", within=["unit_id"]) == []
    assert found("sequence", data, table="a", column="n", within=["unit_id"], start=1) == [
        ("sequence_gap", "a", "1:2", "n")
    ]


# expected_rows


def test_rows_that_most_units_have():
    three = [(f"P{n}", v, None) for n in (1, 2, 3) for v in ("1", "2", "3")]
    s = sessions(*[row for row in three if row[:2] != ("P2", "3")], ("P1", "extra", None))
    data = tables(s=s, r=roster(("P1",), ("P2",), ("P3",), ("P4",), (None,)))
    options = {"table": "s", "columns": ["session"], "roster": {"table": "r"}}
    assert found("expected_rows", data, **options) == [
        ("row_absent", "r", "2:2", "unit_id"),
        ("row_absent", "r", "2:4", "unit_id"),
    ]
    assert says("expected_rows", data, **options) == [
        "rows of the unit in table s for session 3",
        "rows of the unit in table s for all 3 combinations of session",
    ]
    assert len(found("expected_rows", data, **options, share=0.3)) == 3  # the extra session counts as well
    assert found("expected_rows", data, **options, where={"session": "2"}) == [("row_absent", "r", "2:4", "unit_id")]


def test_combinations_of_columns_are_named_and_cut_short():
    kinds = {"unit_id": "text", "hour": "integer", "site": "text"}
    grid = [(u, hour, site) for u in ("R1", "R2", "R3") for hour in range(5) for site in ("paw", "eye")]
    rows = [row for row in grid if row[0] != "R3" or row[1] == 0]
    data = tables(v=table(1, ("unit_id", "hour", "site"), kinds, *rows), r=roster(("R1",), ("R2",), ("R3",)))
    options = {"table": "v", "columns": ["site", "hour"], "roster": {"table": "r"}}
    assert found("expected_rows", data, **options) == [("row_absent", "r", "2:3", "unit_id")]
    assert says("expected_rows", data, **options) == [
        "rows of the unit in table v for site eye hour 1, site eye hour 2, site eye hour 3, site eye hour 4 and 4 more"
    ]


# dates_order


def test_dates_that_must_follow_one_another():
    s = sessions(("P1", "1", "2024-01-01"), ("P1", "2", "2024-01-02"), ("P2", "1", None), ("P3", "1", "2020-01-01"))
    r = roster(("P1", "2024-01-02"), ("P2", "2024-01-02"), ("P4", "2024-01-02"))
    options = {"dates": [{"table": "r", "column": "enrolled_on"}, {"table": "s", "column": "session_on"}]}
    data = tables(s=s, r=r)
    assert found("dates_order", data, **options) == [("dates_order", "s", "1:1", "session_on")]
    assert says("dates_order", data, **options) == ["not before enrolled_on of the unit in table r"]
    back = {"dates": options["dates"][::-1]}
    assert found("dates_order", data, **back) == []


def test_two_dates_of_one_row_are_compared_within_it():
    kinds = {"unit_id": "text", "begun": "date", "ended": "date"}
    rows = [
        ("P1", "2024-01-05", "2024-01-06"),
        ("P1", "2024-01-01", "2024-01-02"),
        ("P1", "2024-01-03", "2024-01-01"),
        ("P1", None, "2020-01-01"),
        ("P1", "2024-01-01", "2024-01-01"),
    ]
    options = {"dates": [{"table": "e", "column": "begun"}, {"table": "e", "column": "ended"}]}
    data = tables(e=table(1, ("unit_id", "begun"), kinds, *rows))
    assert found("dates_order", data, **options) == [("dates_order", "e", "1:3", "ended")]


def test_sessions_chosen_by_their_number_are_compared_by_unit():
    s = sessions(("P1", "1", "2024-01-03"), ("P1", "2", "2024-01-02"))
    first, second = ({"table": "s", "column": "session_on", "where": {"session": n}} for n in "12")
    assert found("dates_order", tables(s=s), dates=[first, second]) == [("dates_order", "s", "1:2", "session_on")]


def test_a_date_too_long_after_the_one_before_it():
    s = sessions(("P1", "1", "2024-01-12"), ("P1", "2", "2024-06-01"), ("P2", "1", "2025-01-02"), ("P3", "1", None))
    r = roster(("P1", "2024-01-02"), ("P2", "2024-01-02"), ("P3", "2024-01-02"))
    first, then = {"table": "r", "column": "enrolled_on"}, {"table": "s", "column": "session_on"}
    options = {"dates": [first, then | {"within": 10}]}  # of several sessions the first one counts
    assert found("dates_order", tables(s=s, r=r), **options) == [("dates_apart", "s", "1:3", "session_on")]
    assert says("dates_order", tables(s=s, r=r), **options) == [
        "at most 10 days after enrolled_on of the unit in table r"
    ]
    kinds = {"unit_id": "text", "begun": "date", "ended": "date"}
    rows = [("P1", "2024-01-01", "2024-01-02"), ("P1", "2024-02-01", "2024-02-09")]
    data = tables(e=table(1, ("unit_id", "begun"), kinds, *rows))
    dates = [{"table": "e", "column": "begun"}, {"table": "e", "column": "ended", "within": 2}]
    assert found("dates_order", data, dates=dates) == [("dates_apart", "e", "1:2", "ended")]


# rows that other findings have taken out


def test_rows_that_were_taken_out_are_not_called_for():
    three = [(f"P{n}", v, None) for n in (1, 2, 3) for v in ("1", "2", "3")]
    data = without(tables(s=sessions(*three[:8]), r=roster(("P1",), ("P2",), ("P3",))), s=[5])
    options = {"table": "s", "roster": {"table": "r"}}
    assert found("expected_rows", data, **options, columns=["session"]) == [
        ("row_taken_out", "r", "2:2", "unit_id"),
        ("row_absent", "r", "2:3", "unit_id"),
    ]
    assert found("row_counts", data, **options, least=3) == [
        ("too_few_rows", "r", "2:3", "unit_id"),
        ("rows_taken_out", "r", "2:2", "unit_id"),
    ]
    assert found("row_counts", data, **options, least=4)[0] == ("too_few_rows", "r", "2:1", "unit_id")


def test_a_number_that_was_taken_out_leaves_no_gap_and_is_no_double():
    data = numbers(("a", 1), ("a", 2), ("a", 3), ("a", 5), ("a", 5))
    assert found("sequence", without(data, a=[2, 5]), table="a", column="n") == [("sequence_gap", "a", "1:4", "n")]


# group_sizes


WELLS = {"unit_id": "text", "plate": "text", "sample": "text", "level": "number"}


def wells(*rows, number=1):
    return table(number, ("unit_id",), WELLS, *rows)


def test_wells_that_do_not_stand_in_pairs():
    rows = [
        ("A1", "1", "S1", 10),
        ("A2", "1", "S1", 10.0),
        ("B1", "1", "S2", 5),
        ("C1", "1", "S3", 1),
        ("C2", "1", "S3", 1),
        ("C3", "1", "S3", 1),
        ("A1", "2", "S1", 10),
        ("D1", "1", None, None),
    ]
    data = tables(w=wells(*rows))
    options = {"table": "w", "by": ["plate", "level"], "least": 2, "most": 2}
    assert found("group_sizes", data, **options) == [
        ("group_too_small", "w", "1:3", "level"),
        ("group_too_small", "w", "1:7", "level"),
        *(("group_too_large", "w", f"1:{n}", "level") for n in (4, 5, 6)),
    ]
    assert says("group_sizes", data, **options)[0] == "2 rows of the same plate and level"
    assert found("group_sizes", without(data, w=[1]), **options)[0] == ("group_too_small", "w", "1:3", "level")


# blocks


SLOTS = {"stratum": "text", "block": "integer", "arm": "text"}


def slots(*blocks):
    """A list of slots: a stratum, a block and its arms in letters."""
    rows = [(stratum, block, {"O": "OMT", "S": "sham", "-": None}[a]) for stratum, block, arms in blocks for a in arms]
    return tables(a=table(1, ("stratum", "block"), SLOTS, *rows))


BLOCKS = {"table": "a", "within": ["stratum"], "ratio": {"OMT": 1, "sham": 1}}


def test_arms_of_a_block_that_are_out_of_their_ratio():
    data = slots(("A", 1, "OSSO"), ("A", 2, "OOSO"), ("B", 1, "OS"), ("B", 2, "SSS"), ("C", 1, "OSS-"))
    assert found("blocks", data, **BLOCKS) == [
        *(("block_unbalanced", "a", f"1:{n}", "arm") for n in (5, 6, 8)),
        *(("block_unbalanced", "a", f"1:{n}", "arm") for n in (11, 12, 13, 15, 16)),
    ]
    assert says("blocks", data, **BLOCKS)[0] == (
        "a block with 1 OMT to 1 sham; this one has too many OMT, or a row of it is lost"
    )
    assert found("blocks", without(data, a=[7, 9, 13, 14]), **BLOCKS) == []
    assert (
        found("blocks", slots(("A", 1, "OOS"), ("A", 2, "OSOOSO")), **BLOCKS | {"ratio": {"OMT": 2, "sham": 1}}) == []
    )


def test_the_last_block_of_a_stratum_may_be_unfinished():
    data = slots(("A", 1, "OSSO"), ("A", 2, "OO"), ("B", 1, "OSOSSS"), ("B", 2, "SOSO"), ("B", 3, "OOO"))
    one = [("block_unbalanced", "a", f"1:{n}", "arm") for n in (8, 10, 11, 12)]
    three = [("block_unbalanced", "a", f"1:{n}", "arm") for n in (17, 18, 19)]  # no block of the stratum has three
    assert sorted(found("blocks", data, **BLOCKS, unfinished=True)) == sorted([*one, *three])
    text = refused("blocks", data, **BLOCKS | {"ratio": {"OMT": 1, "shan": 1}})
    assert "no row has arm 'shan'" in text


# one_batch


def test_what_belongs_together_stands_in_files_of_one_batch():
    kinds = {"unit_id": "text", "signal": "number"}

    def plates(first, second):
        parts = [table(n, ("unit_id",), kinds, *((f"{p}/A{w}", 1.0) for w in (1, 2))) for n, p in enumerate(first, 1)]
        parts += [table(n, ("unit_id",), kinds, *((f"{p}/A{w}", 1.0) for w in (1, 2))) for n, p in enumerate(second, 5)]
        data = tables(a=parts[0])
        frames = {"a": pandas.concat([f for _, f in parts[:3]]), "b": pandas.concat([f for _, f in parts[3:]])}
        batches = {1: "1", 2: "2", 3: "", 5: "1", 6: "2", 7: "3"}
        return replace(data, frames=frames, declared={"a": parts[0][0], "b": parts[0][0]}, batches=batches)

    options = {"columns": {"a": "unit_id", "b": "unit_id"}}
    assert found("one_batch", plates("PQR", "PQR"), **options) == []
    data = plates("PQR", "QPR")
    assert found("one_batch", data, **options) == [
        ("batches_mixed", side, f"{n}:1", "unit_id") for side, n in (("a", 1), ("a", 2), ("b", 5), ("b", 6))
    ]
    assert says("one_batch", data, **options)[0] == "rows whose unit_id has the same batch in table b; 2 have not"


# standards and replicates


LEVELS = (0, 1, 2, 4, 8, 16)


def plate_of(signals, levels=LEVELS, reference=0.0):
    """A layout of pairs of wells, and their readings at two wavelengths."""
    rows = [
        (f"1/{a}{n}", "1", f"S{at}", level)
        for at, (a, level) in enumerate(zip("ABCDEFGH", levels, strict=False))
        for n in (1, 2)
    ]
    kinds = {"unit_id": "text", "wave": "text", "signal": "number"}
    reads = [
        (row[0], wave, s)
        for row, signal in zip(rows, signals, strict=True)
        for wave, s in (("450", signal), ("620", reference))
    ]
    return tables(w=wells(*rows), s=table(2, ("unit_id", "wave"), kinds, *reads))


def pairs(*means):
    return [mean for mean in means for _ in (1, 2)]


SIGNALS = {"table": "s", "column": "signal", "where": {"wave": "450"}}
STANDARDS = {"table": "w", "concentration": "level", "signals": SIGNALS}


PLATE_KINDS = {"unit_id": "text", "wavelength": "text", "signal": "number"}


def used_plate(*more, taken=()):
    """A plate with four wells in its layout, and more readings; ``taken``: layout rows that left."""
    layout = table(1, ("unit_id",), {"unit_id": "text"}, *((f"P1/A{n}",) for n in range(1, 5)), ("P2/A1",))
    reads = [(f"P1/A{n}", "450", 0.1 + 0.5 * (n - 1)) for n in range(1, 5)] + [("P2/A1", "450", 0.4)]
    reads += [(well, "450", value) for well, value in more]
    reads += [(well, "620", 0.04) for well in dict.fromkeys(row[0] for row in reads)]
    data = tables(layout=layout, signals=table(2, ("unit_id", "wavelength"), PLATE_KINDS, *reads))
    return without(data, layout=taken) if taken else data


USED = {
    "table": "layout",
    "signals": {
        "table": "signals",
        "column": "signal",
        "by": "unit_id",
        "where": {"wavelength": "450"},
        "less": {"wavelength": "620"},
    },
}


def test_a_well_with_signal_that_the_layout_does_not_name():
    data = used_plate(("P1/H12", 0.9), ("P1/B1", 0.05), ("P1/B2", 0.24), ("P9/A1", 3.0))
    assert found("unassigned_wells", data, **USED) == [("well_unassigned", "signals", "2:6", "signal")]
    assert found("unassigned_wells", data, **USED, share=0.05) == [
        ("well_unassigned", "signals", "2:6", "signal"),
        ("well_unassigned", "signals", "2:8", "signal"),
    ]


def test_a_well_whose_row_of_the_layout_left_is_known():
    assert found("unassigned_wells", used_plate(), **USED) == []
    assert found("unassigned_wells", used_plate(taken=[3]), **USED) == []
    assert found("unassigned_wells", without(used_plate(), signals=range(1, 11)), **USED) == []  # no plate is left


def test_standards_that_follow_their_concentrations_are_fine():
    rising = pairs(0.05, 0.1, 0.2, 0.39, 0.7, 0.69)  # a little less at the upper end is noise
    assert found("standards", plate_of(rising), **STANDARDS) == []
    falling = {**STANDARDS, "direction": "falling"}
    assert found("standards", plate_of(rising[::-1]), **falling) == []
    assert found("standards", plate_of(rising[:6], LEVELS[:3]), **falling) == []  # three levels have no order


def test_a_plate_that_was_read_upside_down():
    data = plate_of(pairs(0.7, 0.4, 0.2, 0.1, 0.06, 0.05))
    assert found("standards", data, **STANDARDS) == [("standards_disordered", "w", "1:1", "level")]
    assert says("standards", data, **STANDARDS)[0].startswith(
        "signals rising with the level of the standards; the plate"
    )


def test_two_standards_in_each_others_place():
    data = plate_of(pairs(0.05, 0.1, 0.2, 0.7, 0.39, 1.2))
    assert found("standards", data, **STANDARDS) == [
        ("standard_out_of_order", "w", f"1:{n}", "level") for n in (7, 8, 9, 10)
    ]


REPLICATES = {"table": "w", "within": ["plate", "sample"], "signals": SIGNALS, "most": 20}


def test_replicates_that_lie_too_far_apart():
    data = plate_of([0.01, 0.05, 0.5, 0.55, 0.5, 0.9], LEVELS[:3])
    wrong = [("w", "1:5", "unit_id"), ("w", "1:6", "unit_id"), ("s", "2:9", "signal"), ("s", "2:11", "signal")]
    assert found("replicates", data, **REPLICATES, floor=0.1) == [("replicates_apart", *place) for place in wrong]
    assert len(found("replicates", data, **REPLICATES)) == 8  # near zero, a coefficient tells little
    assert found("replicates", data, **REPLICATES | {"most": 50}, floor=0.1) == []


def test_the_reference_is_taken_off_before_replicates_are_compared():
    data = plate_of([0.5, 0.55, 0.7, 0.75], LEVELS[:2], reference=0.4)
    less = {**REPLICATES, "signals": SIGNALS | {"less": {"wave": "620"}}}
    assert found("replicates", data, **REPLICATES) == []
    assert {place for _, _, place, _ in found("replicates", data, **less)} == {"1:1", "1:2", "2:1", "2:3"}

"""Facts, days, diary definitions and strategies for intercurrent events: values, reasons, and the cells behind."""

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omtrace.derivations.days import Options as DayOptions
from omtrace.derivations.days import Rule, Some, decided
from omtrace.faults import Fault
from test_derive import built, frame, parameter, people

AT = ["baseline", "month_1", "month_3"]


# facts and days


def test_a_fact_is_a_condition_on_other_facts_with_their_cells():
    age = parameter("column", table="people", column="age")
    arm = parameter("column", table="people", column="arm")
    found, behind = built(
        {"people": people("P1", "P2", "P3")},
        {"age": age, "arm": arm, "old": parameter("fact", when="age >= 31 and arm == 'OMT'")},
    )
    assert found == {("P1", ""): "no", ("P2", ""): "yes", ("P3", ""): "no"}
    assert ("P2", "", 2, "age", "value") in behind and ("P2", "", 2, "arm", "value") in behind


def test_a_fact_that_cannot_be_decided_says_what_is_missing():
    table = frame("unit_id age arm", ("P1", None, "OMT"), ("P2", 30, "sham"), ("P3", None, "sham"))
    facts = {name: parameter("column", table="people", column=name) for name in ("age", "arm")}
    found, _ = built({"people": table}, {**facts, "x": parameter("fact", when="age > 20 and arm == 'OMT'")})
    assert found == {("P1", ""): "age not collected", ("P2", ""): "no", ("P3", ""): "no"}


def test_a_fact_knows_only_facts_that_are_declared_before():
    with pytest.raises(Fault, match="parameter x: when: 'ag' is no parameter without visits; did you mean 'age'"):
        built(
            {"people": people("P1")},
            {"age": parameter("column", table="people", column="age"), "x": parameter("fact", when="ag > 1")},
        )


@pytest.mark.parametrize("since, days", [({}, [0, 31, 366]), ({"since": "2023-12-31"}, [1, 32, 367])])
def test_days_are_counted_from_a_date(since, days):
    table = frame("unit_id on", ("P1", "2024-01-01"), ("P2", "2024-02-01"), ("P3", "2025-01-01"), ("P4", None))
    found, behind = built({"people": table}, {"x": parameter("day", table="people", column="on", **since)})
    assert [found[f"P{n}", ""] for n in (1, 2, 3)] == days and found["P4", ""] == "not collected"
    assert len(behind) == 3


# diary days


DIARY = frame(
    "unit_id day headache minutes throb one_side nausea drug",
    ("P1", 1, 1, 20, 1, 1, 1, 0),  # too short, not treated
    ("P1", 2, 1, 40, 1, 1, 1, 0),  # long enough, two features and nausea
    ("P1", 3, 1, 40, 1, 0, 1, 0),  # one feature
    ("P1", 4, 1, 40, 0, 0, 0, 1),  # treated
    ("P1", 5, 0, 0, 0, 0, 0, None),  # no headache decides, whatever was taken
    ("P1", 6, 1, 40, 1, None, 1, 0),  # not decided
    ("P1", 7, 1, 40, None, 1, 1, 1),  # treated decides
)
RULES = [
    {
        "equals": {"headache": "1", "nausea": "1"},
        "at_least": {"minutes": 30},
        "some": [{"columns": ["throb", "one_side"], "at_least": 2}],
    },
    {"equals": {"headache": "1", "drug": "1"}},
]


@pytest.mark.parametrize("give, value", [("count", 3), ("filled_in", 6), ("normalised", 14)])
def test_a_migraine_day_is_what_the_plan_says(give, value):
    days = parameter(
        "days", ["month_1"], table="diary", day="day", any_of=RULES, windows={"month_1": [1, 7]}, at_least=2, give=give
    )
    found, behind = built({"people": people("P1"), "diary": DIARY}, {"x": days})
    assert found["P1", "month_1"] == value
    assert {key for _, _, key, *_ in behind} == {1, 2, 3, 4, 5, 7}
    assert {column for *_, column, _ in behind} == {"headache", "nausea", "minutes", "throb", "one_side", "drug", "day"}


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_day_is_decided_where_no_missing_cell_could_change_it(rows):
    table = pandas.DataFrame(rows, columns=["a", "b", "c"], dtype="float64")
    rules = (Rule(equals={"a": "1", "b": "1"}, some=()), Rule(some=(Some(columns=("b", "c"), at_least=2),)))
    for row, found in zip(rows, decided(table, rules), strict=True):
        ways = [[]]
        for value in row:
            ways = [[*way, v] for way in ways for v in ([value] if value is not None else [0.0, 1.0])]
        possible = {float((a and b) or (b and c)) for a, b, c in ways}
        assert (found != found) == (len(possible) > 1) or found in possible
        assert found != found or possible == {found}


@pytest.mark.parametrize("told", [{}, {"event": "migraine", "any_of": RULES}])
def test_a_day_has_one_definition(told):
    with pytest.raises(ValueError, match="one of them and not both"):
        DayOptions(table="t", day="d", windows={}, at_least=1, **told)


# intercurrent events


SCORES = frame(
    "unit_id visit score",
    *((unit, visit, 60 - 10 * n + at) for at, unit in enumerate(["P1", "P2", "P3"]) for n, visit in enumerate(AT)),
    ("P4", "baseline", 60),
    ("P4", "month_1", None),
    ("P4", "month_3", 41),
)
SCORE = parameter("column", AT, table="scores", column="score")


def under(strategy, event, rows, **more):
    """The score under a strategy, where the event stands in a table of its own."""
    header = "unit_id visit stopped" if len(rows[0]) == 3 else "unit_id stopped"
    tables = {"people": people("P1", "P2", "P3", "P4"), "scores": SCORES, "events": frame(header, *rows)}
    stopped = parameter("column", event, table="events", column="stopped")
    return built(
        tables,
        {
            "score": SCORE,
            "stopped": stopped,
            "x": parameter("intercurrent", AT, of="score", event="stopped", strategy=strategy, **more),
        },
    )


BY_VISIT = [
    ("P1", "month_1", 0),
    ("P1", "month_3", 0),
    ("P2", "month_1", 1),
    ("P3", "month_1", 0),
    ("P3", "month_3", 1),
    ("P4", "month_1", 0),
]


@pytest.mark.parametrize(
    "strategy, more, expected",
    [
        ("hypothetical", {}, {"P2": ["after stopped", "after stopped"], "P3": [52, "after stopped"]}),
        ("composite", {"failure": 78}, {"P2": [78, 78], "P3": [52, 78]}),
        ("while_on_treatment", {}, {"P2": [61, 61], "P3": [52, 52]}),
    ],
)
def test_values_after_an_event_follow_the_strategy(strategy, more, expected):
    found, behind = under(strategy, ["month_1", "month_3"], BY_VISIT, **more)
    assert [found["P1", v] for v in AT] == [60, 50, 40]  # no event: as measured
    assert [found["P4", v] for v in AT] == [60, "not collected", "not known whether stopped"]
    for unit, values in expected.items():
        assert found[unit, "baseline"] == {"P2": 61, "P3": 62}[unit]
        assert [found[unit, v] for v in AT[1:]] == values
    after = {(key, column, role) for unit, visit, key, column, role in behind if (unit, visit) == ("P3", "month_3")}
    source = 8 if strategy == "while_on_treatment" else 9
    assert after == {(source, "score", "value"), (4, "stopped", "event"), (5, "stopped", "event")}
    # Had it happened, the value would be another: cells that say it did not stand behind it too.
    assert ("P1", "month_3", 2, "stopped", "event") in behind


def test_an_event_without_visits_affects_what_the_plan_says():
    rows = [("P1", 0), ("P2", 1), ("P3", 1)]
    found, _ = under("hypothetical", [], rows)
    assert [found["P2", v] for v in AT] == [61, "after stopped", "after stopped"]
    assert [found["P4", v] for v in AT] == [60, "not known whether stopped", "not known whether stopped"]
    late, _ = under("hypothetical", [], rows, affected=["month_3"])
    assert [late["P2", v] for v in AT] == [61, 51, "after stopped"]


@pytest.mark.parametrize(("failure", "says"), [(0, "no"), (1, "yes")])
def test_an_event_makes_a_non_responder_also_where_the_score_is_missing(failure, says):
    tables = {
        "people": people("P1", "P2", "P4"),
        "scores": SCORES,
        "events": frame("unit_id stopped", ("P1", 0), ("P2", 1), ("P4", 1)),
    }
    responder = parameter("responder", AT[1:], of="score", at_least=6, source="s")
    found, _ = built(
        tables,
        {
            "score": {**SCORE, "better": "lower"},
            "stopped": parameter("column", table="events", column="stopped"),
            "responder": responder,
            "x": parameter(
                "intercurrent", AT[1:], of="responder", event="stopped", strategy="composite", failure=failure
            ),
        },
    )
    assert {unit: found[unit, "month_1"] for unit in ("P1", "P2", "P4")} == {"P1": "yes", "P2": says, "P4": says}


def test_nothing_before_the_event_is_said():
    tables = {"people": people("P1"), "scores": SCORES, "events": frame("unit_id visit stopped", ("P1", "baseline", 1))}
    stopped = parameter("column", ["baseline"], table="events", column="stopped")
    under_way = parameter("intercurrent", AT, of="score", event="stopped", strategy="while_on_treatment")
    found, _ = built(tables, {"score": SCORE, "stopped": stopped, "x": under_way})
    assert [found["P1", v] for v in AT] == ["no value before stopped"] * 3


@pytest.mark.parametrize(
    "more, says",
    [
        ({"strategy": "composite"}, "failure: needed"),
        ({"strategy": "hypothetical", "failure": 0}, "failure: needed"),
        ({"strategy": "hypothetical", "event": "stoped"}, "'stoped' is not declared before it"),
    ],
)
def test_a_strategy_that_does_not_fit_is_a_fault(more, says):
    tables = {"people": people("P1"), "scores": SCORES, "events": frame("unit_id stopped", ("P1", 1))}
    stopped = parameter("column", table="events", column="stopped")
    with pytest.raises(Fault, match=says):
        built(
            tables,
            {
                "score": SCORE,
                "stopped": stopped,
                "x": parameter("intercurrent", AT, **{"of": "score", "event": "stopped", **more}),
            },
        )


# pain, facts of one visit, criteria, and events of a log


@pytest.mark.parametrize(
    "days, value",
    [
        ([(1, 1, 4), (2, 1, 7), (3, 0, 0), (4, 1, None)], 5.5),
        ([(1, 0, 0), (2, 0, 0), (3, 1, None)], "no such day with pain"),
        ([(1, 1, 4)], "incomplete: fewer than 2 diary days"),
    ],
)
def test_the_mean_of_a_diary_is_over_the_days_that_count(days, value):
    table = frame("unit_id day headache pain", *(("P1", *day) for day in days))
    options = {"table": "diary", "day": "day", "event": "headache", "windows": {"month_1": [1, 7]}, "at_least": 2}
    x = parameter("days", ["month_1"], **options, give="mean", of="pain")
    found, behind = built({"people": people("P1"), "diary": table}, {"x": x})
    assert found["P1", "month_1"] == value
    assert ("P1", "month_1", 1, "pain", "value") in behind


@pytest.mark.parametrize("give, of", [("mean", ""), ("count", "pain")])
def test_a_mean_and_its_column_go_together(give, of):
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="of: needed for give: mean"):
        DayOptions(table="d", day="day", event="x", windows={"a": (1, 2)}, at_least=1, give=give, of=of)


def test_a_value_at_a_visit_is_a_fact_with_its_cells_and_its_status():
    rows = frame("unit_id visit n", ("P1", "baseline", 16), ("P1", "month_1", 3), ("P2", "month_1", 9))
    parameters = {
        "n": parameter("column", ["baseline", "month_1"], table="s", column="n"),
        "before": parameter("at_visit", of="n", visit="baseline"),
        "many": parameter("fact", when="before >= 15"),
    }
    tables = {"people": people("P1", "P2"), "s": rows}
    found, behind = built(tables, parameters)
    assert found == {("P1", ""): "yes", ("P2", ""): "before not collected"} and ("P1", "", 1, "n", "value") in behind
    del parameters["many"]
    assert built(tables, parameters)[0] == {("P1", ""): 16, ("P2", ""): "not collected"}
    parameters["before"]["visits"] = ["baseline"]
    with pytest.raises(Fault, match="parameter before: visits: a fact of the unit has none"):
        built(tables, parameters)


def test_criteria_are_counted_where_all_are_answered():
    rows = frame("unit_id a b", ("P1", 1, "yes"), ("P2", 0, "no"), ("P3", 1, None))
    x = parameter("criteria", table="e", met={"a": ["1"], "b": ["yes", "maybe"]})
    found, behind = built({"people": people("P1", "P2", "P3", "P4"), "e": rows}, {"x": x})
    assert [found[f"P{n}", ""] for n in (1, 2, 3)] == [2, 0, "incomplete: 1 of 2 criteria not answered"]
    assert found["P4", ""] == "not collected"
    assert {(cell[0], cell[3]) for cell in behind} == {(f"P{n}", c) for n in (1, 2, 3) for c in "ab"}


LOG = frame(
    "unit_id day kind change",
    ("P1", 20, "preventive", "started"),
    ("P1", 60, "preventive", "continued"),
    ("P2", 60, "preventive", "stopped"),
    ("P2", 61, "other", "started"),
)
CHANGED = {"kind": ["preventive"], "change": ["started", "stopped"]}


def changed(**more):
    options = {"table": "log", "day": "day", "rows": CHANGED, "windows": {"month_1": [1, 32], "month_3": [33, 90]}}
    return parameter("occurred", ["month_1", "month_3"], **{**options, **more})


def test_what_a_log_says_of_the_days_of_a_visit():
    found, behind = built({"people": people("P1", "P2", "P3"), "log": LOG}, {"x": changed()})
    assert {at: what for at, what in found.items() if at[1] != "baseline"} == {
        **{("P1", "month_1"): "yes", ("P1", "month_3"): "no"},
        **{("P2", "month_1"): "no", ("P2", "month_3"): "yes"},
        **{("P3", "month_1"): "no", ("P3", "month_3"): "no"},
    }
    assert behind == {
        (unit, visit, key, column, "time" if column == "day" else "value")
        for unit, visit, key in (("P1", "month_1", 1), ("P2", "month_3", 3))
        for column in ("kind", "change", "day")
    }


def test_an_event_is_not_known_where_a_row_of_the_log_was_quarantined():
    tables = {"people": people("P1", "P2"), "log": LOG}
    found, _ = built(tables, {"x": changed()}, quarantine=[(9, "log", "range", "P1", "")])
    assert found["P1", "month_3"] == "a row of log was quarantined" and found["P2", "month_3"] == "yes"
    assert found["P1", "month_1"] == "yes"  # whatever the lost row said


@pytest.mark.parametrize(
    ("row", "column", "answers"),
    [
        (2, "change", "yes, a cell of log was quarantined"),
        (2, "day", "yes, no"),  # it went on, whatever the day
        (1, "day", "a cell of log was quarantined, a cell of log was quarantined"),
        (4, "change", "no, yes"),  # not a preventive, whatever the cell said
        (2, "unit_id", "yes, no"),  # not asked for
    ],
)
def test_a_quarantined_cell_of_a_log_leaves_what_it_does_not_decide(row, column, answers):
    log = LOG.copy()
    if column != "unit_id":
        log.loc[log["key"] == row, column] = None
    gaps = {(row, column): "quarantined: allowed"}
    found, _ = built({"people": people("P1", "P2"), "log": log}, {"x": changed()}, gaps=gaps)
    unit = "P2" if row == 4 else "P1"
    assert ", ".join(found[unit, visit] for visit in ("month_1", "month_3")) == answers


def test_the_windows_of_a_log_are_the_visits():
    with pytest.raises(Fault, match="parameter x: windows: each visit of the parameter has one"):
        built({"people": people("P1"), "log": LOG}, {"x": changed(windows={"month_1": [1, 32]})})


# fidelity to the protocol, and the provider


def movements(*rows):
    return frame("unit_id session movement technique region seconds", *rows)


STEPS = [{"technique": "soft_tissue", "region": "neck"}, {"technique": "cranial"}]
WHOLE = [("1", 1, "soft_tissue", "neck", 60), ("1", 2, "cranial", "cranium", 70)]
ATTENDED = frame("unit_id session", ("P1", "1"), ("P1", "2"), ("P2", "1"), ("P3", "1"), ("P4", "1"), ("P5", "1"))
MOVEMENTS = movements(
    *(("P1", *row) for row in WHOLE),
    ("P1", "2", 1, "cranial", "neck", 60),  # in another order
    ("P1", "2", 2, "soft_tissue", "neck", 60),
    ("P2", "1", 1, "soft_tissue", "back", 60),  # another region
    ("P2", "1", 2, "cranial", "neck", 50),  # any region, at the tolerance
    *(("P3", *row) for row in WHOLE),
    ("P3", "1", 3, "cranial", "cranium", 60),  # one too many
    ("P4", "1", 1, "soft_tissue", "neck", None),
    ("P4", "1", 2, "cranial", "cranium", 71),
)


@pytest.mark.parametrize(
    "give, values",
    [
        ("sessions", {"P1": 1, "P2": 0, "P3": 0, "P5": 0, "P6": 0}),
        ("percent", {"P1": 50, "P2": 50, "P3": 100, "P5": 0}),
    ],
)
def test_fidelity_is_what_was_done_of_the_protocol_in_its_order_and_for_as_long(give, values):
    tables = {"people": people(*(f"P{n}" for n in range(1, 7))), "s": ATTENDED, "m": MOVEMENTS}
    parameters = {
        "sessions": parameter("count", table="s", column="session"),
        "x": parameter("fidelity", table="m", attended="sessions", steps=STEPS, seconds=60, tolerance=10, give=give),
    }
    found, behind = built(tables, parameters)
    assert {unit: value for (unit, _), value in found.items() if isinstance(value, float)} == values
    assert found["P4", ""] == "incomplete: 1 movements not described in full"
    assert found["P6", ""] == (0 if give == "sessions" else "no session attended")
    assert ("P1", "", 1, "technique", "value") in behind and ("P1", "", 1, "session", "value") in behind
    assert ("P5", "", 6, "session", "value") in behind  # the session that nothing is known of


def test_fidelity_is_not_known_where_a_movement_was_quarantined():
    parameters = {
        "sessions": parameter("count", table="s", column="session"),
        "x": parameter("fidelity", table="m", attended="sessions", steps=STEPS, give="sessions"),
    }
    tables = {"people": people("P1", "P2"), "s": ATTENDED, "m": MOVEMENTS}
    found, _ = built(tables, parameters, quarantine=[(99, "m", "row_doubled", "P1", "")])
    assert found == {("P1", ""): "quarantined: row_doubled", ("P2", ""): 0}
    found, _ = built(tables, parameters, gaps={(1, "seconds"): "quarantined: range"})
    assert found["P1", ""] == "quarantined: range"
    tables["m"] = MOVEMENTS.assign(note="x")
    found, _ = built(tables, parameters, gaps={(1, "note"): "quarantined: allowed"})
    assert found["P1", ""] == 1  # of a column that fidelity does not look at


def test_fidelity_rests_on_a_number_of_sessions_without_visits():
    rows = frame("unit_id visit n", ("P1", "month_1", 2))
    parameters = {
        "n": parameter("column", ["month_1"], table="s", column="n"),
        "x": parameter("fidelity", table="m", attended="n", steps=STEPS, give="sessions"),
    }
    with pytest.raises(Fault, match="parameter x: attended: 'n' has visits"):
        built({"people": people("P1"), "s": rows, "m": MOVEMENTS}, parameters)


def test_the_most_frequent_category_is_the_first_of_those_that_stand_as_often():
    rows = frame(
        "unit_id session provider",
        *(("P1", 1, "b"), ("P1", 3, "a"), ("P1", 2, "a")),
        *(("P2", 2, "a"), ("P2", 1, "b"), ("P3", 1, None)),
    )
    options = {"table": "s", "column": "provider", "order": "session"}
    found, behind = built({"people": people("P1", "P2", "P3"), "s": rows}, {"x": parameter("most_frequent", **options)})
    assert found == {("P1", ""): "a", ("P2", ""): "b", ("P3", ""): "not collected"}
    assert {cell[2] for cell in behind} == {1, 2, 3, 4, 5}


# times to an event


PAIN = frame(
    "unit_id visit worse day",
    ("P1", "baseline", 0, 0),
    ("P1", "month_1", 1, 31),
    ("P1", "month_3", 1, 95),  # confirmed
    ("P2", "baseline", 0, 0),
    ("P2", "month_1", 1, 30),
    ("P2", "month_3", 0, 90),  # not confirmed
    ("P3", "baseline", 0, 0),
    ("P3", "month_1", 0, 29),
    ("P3", "month_3", 1, 88),  # no visit after it
    ("P4", "baseline", 0, 0),
    ("P4", "month_1", 0, 33),  # lost
    ("P5", "baseline", 1, 0),
    ("P5", "month_3", 1, 91),  # the next visit with a value is the one after
)
PLANNED = {"baseline": 0, "month_1": 28, "month_3": 84}


@pytest.mark.parametrize(
    ("options", "times", "events"),
    [
        ({"times": PLANNED}, [28, 28, 84, 28, 0, None], [1, 1, 1, 0, 1, None]),
        ({"times": PLANNED, "confirmed": True}, [28, 84, 84, 28, 0, None], [1, 0, 0, 0, 1, None]),
        ({"day": "day", "confirmed": True}, [31, 90, 88, 33, 0, None], [1, 0, 0, 0, 1, None]),
    ],
)
def test_times_to_the_first_visit_with_a_condition(options, times, events):
    table = {"pain": PAIN, "people": people("P1", "P2", "P3", "P4", "P5", "P6")}
    own = {name: parameter("column", AT, table="pain", column=name) for name in ("worse", "day")}
    dataset = {"roster": {"table": "people", "column": "unit_id"}}
    found, _ = built(table, {**own, "x": parameter("time_to", of="worse", give="event", **options)}, dataset=dataset)
    says = {1: "yes", 0: "no", None: "not collected"}
    assert [found[f"P{n}", ""] for n in range(1, 7)] == [says[event] for event in events]
    found, behind = built(table, {**own, "x": parameter("time_to", of="worse", **options)}, dataset=dataset)
    assert [found[f"P{n}", ""] for n in range(1, 7)] == ["not collected" if time is None else time for time in times]
    keys = {key for unit, _, key, column, _ in behind if unit == "P4" and column == "worse"}
    assert keys == {10, 11}  # of one that is censored all visits with a value


def test_a_time_to_an_event_needs_one_kind_of_time_and_no_visits():
    with pytest.raises(Fault, match="one of them and not both"):
        built({"pain": PAIN}, {"x": parameter("time_to", of="worse")})
    worse = parameter("column", AT, table="pain", column="worse")
    with pytest.raises(Fault, match="a time to an event has none"):
        built({"pain": PAIN}, {"worse": worse, "x": parameter("time_to", AT, of="worse", times=PLANNED)})

"""Who is used and who is left out for which one reason; populations; the content address of a row set."""

import copy
import re
from datetime import date

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.analyses.selection import Data
from omtrace.faults import Fault
from omtrace.model.expression import Expression
from omtrace.model.plan import DatasetPlan
from omtrace.provenance.rows import Entries, Rows, addresses

PARAMETERS = ("member", "arm", "age", "x")  # x has visits
STATUSES = ("observed", "not collected", "quarantined: range", "incomplete: 1 of 6 items open")
GROUPS = {"sham": "Sham", "OMT": "OMT"}
PLAN = {
    "unit": "participant",
    "roster": {"table": "t", "column": "unit_id"},
    "visits": {"baseline": "Baseline", "end": "End"},
    "baseline": "baseline",
    "group": "arm",
    "groups": GROUPS,
    "parameters": {
        name: {"derive": "column", "label": name, "visits": ["baseline", "end"] if name == "x" else []}
        for name in PARAMETERS
    },
    "populations": {"full": {"label": "all"}, "members": {"label": "members", "where": "member >= 1"}},
}


def data_of(units, plan=None):
    """A dataset from unit -> {(parameter, visit): value or status}; every record rests on one cell."""
    rows, cells = [], []
    for parameter, visit in [("member", ""), ("arm", ""), ("age", ""), ("x", "baseline"), ("x", "end")]:
        for unit in sorted(units):
            what = units[unit][parameter, visit]
            status = what if what in STATUSES[1:] else "observed"
            value = None if isinstance(what, str) else float(what)
            rows.append(
                (
                    len(rows) + 1,
                    unit,
                    parameter,
                    visit,
                    value,
                    what if status == "observed" and value is None else None,
                    status,
                )
            )
            if status != "not collected":
                cells.append((len(rows), 100 + len(rows), "raw", "value"))
    records = pandas.DataFrame(rows, columns=["record", "unit", "parameter", "visit", "value", "text", "status"])
    records["value"] = records["value"].astype("float64")
    links = pandas.DataFrame(cells, columns=["record", "key", "column", "role"])
    return Data("data", DatasetPlan.model_validate(plan or PLAN), records, links)


def unit(member=1, arm="OMT", age=40, baseline=10, end=5):
    return {("member", ""): member, ("arm", ""): arm, ("age", ""): age, ("x", "baseline"): baseline, ("x", "end"): end}


def missing(values):
    """A value or one of the reasons why there is none."""
    return st.one_of(values, st.sampled_from(STATUSES[1:]))


UNITS = st.dictionaries(
    st.sampled_from([f"P{n}" for n in range(12)]),
    st.builds(
        unit,
        missing(st.sampled_from([0, 1])),
        missing(st.sampled_from(sorted(GROUPS))),
        missing(st.integers(18, 60)),
        missing(st.integers(0, 9)),
        missing(st.integers(0, 9)),
    ),
    min_size=1,
)


def primary(facts, population, baseline, group, covariates):
    """The one reason of a unit, said without the library: population, outcome, baseline, group, covariates."""
    gone = lambda what: isinstance(what, str) and what in STATUSES[1:]  # noqa: E731
    if population == "members":
        if gone(facts["member", ""]):
            return "not in population members (unknown)"
        if facts["member", ""] < 1:
            return "not in population members"
    if gone(facts["x", "end"]):
        return facts["x", "end"]
    if baseline and gone(facts["x", "baseline"]):
        return f"baseline {facts['x', 'baseline']}"
    if group and gone(facts["arm", ""]):
        return f"group {facts['arm', '']}"
    if covariates and gone(facts["age", ""]):
        return f"age {facts['age', '']}"
    return ""


@settings(deadline=None, max_examples=60)
@given(UNITS, st.sampled_from(["full", "members"]), st.booleans(), st.booleans(), st.booleans())
def test_every_unit_is_used_or_left_out_for_the_first_reason_in_the_fixed_order(units, population, base, group, age):
    data = data_of(units)
    chosen = data.select(population, "x", "end", "baseline" if base else "", ["age"] if age else [], group)
    assert chosen.reasons == {u: primary(facts, population, base, group, age) for u, facts in units.items()}
    used = [u for u in sorted(units) if not chosen.reasons[u]]
    assert list(chosen.frame.index) == used
    assert chosen.frame["value"].tolist() == [units[u]["x", "end"] for u in used]
    if base:
        assert chosen.frame["baseline"].tolist() == [units[u]["x", "baseline"] for u in used]
    for groups in (["all"], ["OMT"], ["sham"], ["OMT", "sham"]):
        arms = {u: facts["arm", ""] for u, facts in units.items()}
        expected = [u for u in units if groups == ["all"] or arms[u] in groups or (group and arms[u] in STATUSES)]
        rows = chosen.rows(groups)
        assert (rows.expected, rows.used) == (len(expected), sum(not chosen.reasons[u] for u in expected))
        assert rows.used + rows.excluded == rows.expected
        unit_of = data.records.set_index("record")["unit"]
        assert {(unit_of[record], reason) for record, _, reason in rows.entries} == {
            (u, chosen.reasons[u]) for u in expected
        }
        roles = {
            "outcome",
            *(["baseline"] * base),
            *(["group"] * (group or groups != ["all"])),
            *(["covariate"] * age),
            *(["population"] * (population == "members")),
        }
        assert {role for _, role, _ in rows.entries} == (roles if expected else set())
    assert chosen.missing("all") == sum(
        bool(r) and not r.startswith("not in population") for r in chosen.reasons.values()
    )
    assert sum(len(chosen.of_group(g)) for g in GROUPS) == sum(units[u]["arm", ""] in GROUPS for u in used)


def test_units_of_a_number_that_do_not_add_up_are_an_error():
    with pytest.raises(AssertionError, match="5 units expected, 3 used and 1 excluded"):
        Rows("data", Entries.of([]), 5, 3, 1)


def test_nobody_used_is_an_empty_frame_with_its_columns():
    chosen = data_of({"P1": unit(member=0)}).select("members", "x", "end", "baseline", ["age"], group=True)
    assert chosen.frame.empty and list(chosen.frame.columns) == ["value", "baseline", "group", "age"]
    assert chosen.of_group("OMT").empty and chosen.missing() == 0


def test_a_number_may_leave_out_used_units_with_its_own_reason():
    chosen = data_of({"P1": unit(), "P2": unit(), "P3": unit(end="not collected")}).select("full", "x", "end")
    rows = chosen.rows(without={"P1": "other level", "P3": "other level"})
    assert (rows.expected, rows.used, rows.excluded) == (3, 1, 2)
    assert sorted(reason for *_, reason in rows.entries) == ["", "not collected", "other level"]


def test_everyone_is_there_by_group_whatever_is_missing():
    chosen = data_of({"P1": unit(), "P2": unit(arm="sham", end="not collected")}).select("full", "x", "end")
    assert [chosen.everyone(g).used for g in ("OMT", "sham", "all")] == [1, 1, 2]
    assert {role for _, role, _ in chosen.everyone("all").entries} == {"group"}


def test_what_the_dataset_does_not_have_is_a_fault():
    data = data_of({"P1": unit()})
    with pytest.raises(Fault, match="there is no parameter 'y' at end"):
        data.select("full", "y", "end")
    with pytest.raises(Fault, match="there is no parameter 'x' without a visit"):
        data.select("full", "x")
    with pytest.raises(Fault, match="there is no parameter 'height' without a visit"):
        data.select("full", "x", "end", covariates=["height"])


@pytest.mark.parametrize("covariates", [["age", "age"], ["value"], ["group"]])
def test_covariates_cannot_hide_each_other_or_the_outcome(covariates):
    plan = copy.deepcopy(PLAN)
    data = data_of({"P1": unit()}, plan)
    for name in ("value", "group"):
        data.columns[name, ""] = data.columns["age", ""]
    with pytest.raises(Fault, match="a covariate is named twice"):
        data.select("full", "x", "end", covariates=covariates, group=True)


def test_categories_are_texts_yes_and_no_included_and_derived_yes_and_no_are_numbers():
    data = data_of({"P1": unit(arm="yes"), "P2": unit(arm="no"), "P3": unit(arm="not collected")})
    assert data.is_text("arm") and not data.is_text("age") and not data.is_text("x", "end")
    assert [value for _, _, value in data.plain("arm").values()] == ["yes", "no", None]
    data.records.loc[data.records["parameter"] == "member", "text"] = "yes"
    again = Data(
        "data", data.plan, data.records, pandas.DataFrame(columns=["record", "key", "column", "role"], dtype="str")
    )
    assert again.plain("member")["P1"][2] == 1.0


# populations


KNOWN = ("sessions", "age", "arm", "completed")


def holds(text, **values):
    return Expression(text, "here", KNOWN).holds(values)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("", {}, True),
        ("sessions >= 3", {"sessions": 3.0}, True),
        ("sessions >= 3", {"sessions": 2.0}, False),
        ("sessions >= 3", {"sessions": None}, None),
        ("3 <= sessions", {"sessions": 3.0}, True),
        ("sessions > -1", {"sessions": 0.0}, True),
        ("sessions == 3.0", {"sessions": 3.0}, True),
        ("sessions != 3", {"sessions": 3.0}, False),
        ("sessions < age", {"sessions": 3.0, "age": 4.0}, True),
        ("arm == 'OMT'", {"arm": "OMT"}, True),
        ("arm == 'OMT'", {"arm": None}, None),
        ("arm != 'OMT'", {"arm": "sham"}, True),
        ("not arm == 'OMT'", {"arm": "OMT"}, False),
        ("not arm == 'OMT'", {"arm": None}, None),
        ("sessions >= 3 and age >= 18", {"sessions": 3.0, "age": 17.0}, False),
        ("sessions >= 3 and age >= 18", {"sessions": None, "age": 17.0}, False),
        ("sessions >= 3 and age >= 18", {"sessions": None, "age": 18.0}, None),
        ("sessions >= 3 or age >= 18", {"sessions": None, "age": 18.0}, True),
        ("sessions >= 3 or age >= 18", {"sessions": None, "age": 17.0}, None),
        ("sessions >= 3 or age >= 18 and arm == 'OMT'", {"sessions": 1.0, "age": 20.0, "arm": "OMT"}, True),
        ("(sessions >= 3 or age >= 18) and arm == 'OMT'", {"sessions": 3.0, "age": 1.0, "arm": "sham"}, False),
        ("18 <= age <= 60", {"age": 60.0}, True),
        ("18 <= age < 60", {"age": 60.0}, False),
        ("18 <= age < sessions", {"age": 17.0, "sessions": None}, False),
        ("arm in ['OMT', 'sham']", {"arm": "sham"}, True),
        ("arm not in ('OMT', 'sham')", {"arm": "sham"}, False),
        ("arm not in ['OMT']", {"arm": None}, None),
        ("missing(age)", {"age": None}, True),
        ("missing(age) or age > 3", {"age": 2.0}, False),
        ("answered(age, sessions) >= 1", {"age": None, "sessions": 2.0}, True),
        ("first(age, sessions) == 2", {"age": None, "sessions": 2.0}, True),
        ("(age - 10) / sessions > 2 ** 2 - 1", {"age": 30.0, "sessions": 5.0}, True),
        ("age / sessions > 1", {"age": 30.0, "sessions": 0.0}, None),
        ("log10(age) == 2", {"age": 100.0}, True),
        ("log(age) > 0", {"age": 0.0}, None),
        ("(age if arm == 'OMT' else sessions) > 5", {"age": 9.0, "arm": "sham", "sessions": 1.0}, False),
        ("mean(age, sessions) == max(2, min(age, sessions))", {"age": 2.0, "sessions": 2.0}, True),
    ],
)
def test_a_population_is_true_false_or_unknown(text, values, expected):
    assert holds(text, **values) is expected


@given(st.lists(st.sampled_from([True, False, None]), min_size=2, max_size=5), st.booleans())
def test_and_and_or_are_those_of_three_valued_logic(parts, both):
    values = {f"v{n}": None if part is None else float(part) for n, part in enumerate(parts)}
    text = (" and " if both else " or ").join(f"{name} == 1" for name in values)
    rank = {False: 0, None: 1, True: 2}
    expected = (min if both else max)(parts, key=rank.get)
    assert Expression(text, "here", list(values)).holds(values) is expected


DATED = {"began": "date", "ended": "date", "dose": "number", "arm": "text"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ended >= began", True),
        ("ended - began < 30", False),
        ("began + dose == ended", False),
        ("began < '2024-02-01'", True),
        ("'2024-03-01' == ended - 0", True),
        ("began in ['2024-01-30', '2024-01-31']", True),
    ],
)
def test_dates_are_compared_and_counted(text, expected):
    facts = {"began": date(2024, 1, 31), "ended": date(2024, 3, 1), "dose": 3.0, "arm": "OMT"}
    assert Expression(text, "here", DATED).holds(facts) is expected
    assert Expression(text, "here", DATED).holds(dict.fromkeys(DATED)) is None


@pytest.mark.parametrize(
    "text",
    [
        "began > 3",
        "began > arm",
        "began < 'soon'",
        "began + ended > 1",
        "arm > dose",
        "abs(began) > 1",
        "dose - began > 1",
    ],
)
def test_kinds_that_are_known_are_held_against_each_other_before_there_are_values(text):
    with pytest.raises(Fault, match="^here: "):
        Expression(text, "here", DATED)


def test_an_expression_may_give_a_value():
    ratio = Expression("100 * (dose - 2) / 2", "here", DATED, wanted="number")
    assert ratio.kind == "number" and ratio.value({"dose": 3.0}) == 50.0 and ratio.value({"dose": None}) is None
    with pytest.raises(Fault, match="is a truth, and a number is needed"):
        Expression("dose > 2", "here", DATED, wanted="number")


def test_the_names_in_an_expression_are_told():
    assert Expression("sessions >= 3 and (age > 1 or sessions < 9)", "here", KNOWN).names == ["age", "sessions"]
    with pytest.raises(Fault, match="here: 'session' is no parameter without visits; did you mean 'sessions'"):
        Expression("session >= 3", "here", KNOWN)
    with pytest.raises(Fault, match="dataset data: population members: 'member' is no parameter"):
        plan = copy.deepcopy(PLAN)
        data = data_of({"P1": unit()}, plan)
        del data.columns["member", ""]
        data.select("members", "x", "end")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true') == 0",
        "sessions.__class__ == 1",
        "(lambda: 1)() == 1",
        "sessions[0] == 1",
        "[age for age in (1, 2)] == 1",
        "sessions if age else arm",
        "age",
        "1",
        "'x'",
        "age and sessions",
        "not age",
        "age is None",
        "age == None",
        "age > -'x'",
        "age == 1j",
        "age == b'x'",
        "f'{age}' == 'x'",
        "age := 3",
        "age = 3",
        "age >",
        "age > 1; age > 2",
        "age > 1\nage > 2",
        " ",
        "\0",
        "(" * 300 + "age > 1" + ")" * 300,
        "not " * 20000 + "age > 1",
        "-" * 50000 + "1 > age",
        "age > 1 # c\n)",
        "age + 1",
        "age in ages",
        "age in []",
        "missing()",
        "exec('1') == 1",
        "abs(age, 1) > 1",
        "abs(arm='x') > 1",
        "arm + 'x' == 'y' and abs('x') > 1",
        "1 if age > 1 else 2",
        "True > 1",
    ],
    ids=range(38),
)
def test_anything_else_than_comparisons_is_a_fault(text):
    with pytest.raises(Fault, match="^here: "):
        Expression(text, "here", KNOWN)


@pytest.mark.parametrize(("text", "values"), [("sessions >= 'x'", {"sessions": 1.0}), ("arm == 1", {"arm": "OMT"})])
def test_a_number_is_not_compared_with_a_text(text, values):
    with pytest.raises(Fault, match="here: compares a number with a text"):
        holds(text, **values)
    assert holds(text, **dict.fromkeys(values)) is None


# content addresses


def rowset_digest(rows, data):
    (found,) = addresses([rows], data.contents)
    return found


def address(units, population="full", **options):
    data = data_of(units)
    return rowset_digest(data.select(population, "x", "end", **options).rows(), data)


def test_a_row_set_has_the_same_address_again_and_another_one_when_anything_in_it_changes():
    people = {"P1": unit(), "P2": unit(arm="sham"), "P3": unit(end="not collected")}
    first = address(people)
    assert re.fullmatch("[0-9a-f]{16}", first) and address(copy.deepcopy(people)) == first
    others = [
        address({**people, "P4": unit()}),  # one unit more
        address({"P1": people["P1"], "P9": people["P2"], "P3": people["P3"]}),  # another unit
        address({**people, "P3": unit(end="quarantined: range")}),  # another reason
        address(people, "members"),  # another role
        address(people, baseline="baseline"),
        address(people, covariates=["age"]),
        address(people, group=True),
    ]
    assert len({first, *others}) == len(others) + 1


def rows_of(*entries):
    return Rows("data", Entries.of(entries), 2, 2, 0)


def with_cells(data, *cells, records=None):
    """The same data with other cells: record, key, column, role."""
    links = pandas.DataFrame(cells, columns=["record", "key", "column", "role"])
    return Data("data", data.plan, data.records if records is None else records, links)


def test_the_address_changes_with_the_reason_and_the_role_and_not_with_the_order_of_entries():
    data = data_of({"P1": unit(), "P2": unit()})
    rows = data.select("full", "x", "end").rows()
    first = rowset_digest(rows, data)
    entries = list(rows.entries)
    record, role, reason = entries[0]
    for changed in ((record, "baseline", reason), (record, role, "left out"), (record - 1, role, reason)):
        assert rowset_digest(rows_of(changed, *entries[1:]), data) != first
    assert rowset_digest(rows_of(*entries[::-1], entries[0]), data) == first
    assert rowset_digest(rows_of(*entries[1:]), data) != first
    assert addresses([rows, rows_of(*entries[1:]), rows], data.contents)[::2] == [first, first]
    with pytest.raises(AssertionError, match="a record that there is not"):
        rowset_digest(rows_of((0, role, reason)), data)


def test_the_address_changes_with_the_dataset_and_a_record_s_unit_parameter_visit_and_status():
    data = data_of({"P1": unit(), "P2": unit()})
    rows = data.select("full", "x", "end").rows()
    record = next(iter(rows.entries))[0]
    changes = ("unit", "P1", "P7"), ("unit", "P2", "P0"), ("parameter", "x", "y"), ("visit", "end", "later")
    named = [data.records.replace({part: {old: new}}) for part, old, new in changes]
    named.append(data.records.assign(status=data.records["status"].where(data.records["record"] != record, "else")))
    found = [rowset_digest(rows, Data("data", data.plan, records, data.cells)) for records in (data.records, *named)]
    found.append(rowset_digest(rows, Data("other", data.plan, data.records, data.cells)))
    assert found[0] == rowset_digest(rows, data) and len(set(found)) == len(found)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 60])
def test_the_address_changes_with_any_cell_behind_a_record_of_it_and_with_no_other(count):
    data = data_of({"P1": unit(), "P2": unit()})
    rows = data.select("full", "x", "end").rows()
    one, other = (record for record, _, _ in rows.entries)
    cells = [(record, 100 + at, "raw", "value") for record in (one, other) for at in range(count)]
    cells.append((one - 3, 7, "raw", "value"))  # of a record that is not in the row set
    first = rowset_digest(rows, with_cells(data, *cells))
    assert rowset_digest(rows, with_cells(data, *cells[:-1], (one - 3, 8, "else", "time"))) == first
    assert rowset_digest(rows, with_cells(data, *cells[:-1])) == first
    assert rowset_digest(rows, with_cells(data, *cells[count:], *cells[:count])) == first  # by records, however stored
    others = [[*cells, (record, 500, "raw", "value")] for record in (one, other)]  # a cell more
    for at in range(2 * count):
        record, key, column, role = cells[at]
        changed = [
            (record, key + 1000, column, role),
            (record, key, "other", role),
            (record, key, column, "standard"),
            (one + other - record, key + 1000, column, role),
        ]
        others += [[*cells[:at], cell, *cells[at + 1 :]] for cell in changed]
        others.append([*cells[:at], *cells[at + 1 :]])  # a cell less
    found = [rowset_digest(rows, with_cells(data, *sorted(several, key=lambda cell: cell[0]))) for several in others]
    assert len({first, *found}) == len(others) + 1


def test_the_address_tells_where_one_name_or_list_of_cells_ends():
    def of(names, cells):
        data = data_of({name: unit() for name in names})
        rows = data.select("full", "x", "end").rows()
        records = [record for record, _, _ in rows.entries]
        return rowset_digest(rows, with_cells(data, *((records[at], key, "raw", "value") for at, key in cells)))

    told = [
        of(names, cells)
        for names in (("A", "BC"), ("AB", "C"), ("A", "B", "C"))
        for cells in ([(0, 1), (1, 2)], [(0, 1), (0, 2)], [(1, 1), (1, 2)], [(0, 1), (0, 2), (1, 3)])
    ]
    assert len(set(told)) == len(told)


def test_the_address_does_not_depend_on_the_numbers_of_records_or_on_other_records():
    people = {"P1": unit(), "P2": unit(end="not collected")}
    data = data_of(people)
    rows = data.select("full", "x", "end").rows()
    first = rowset_digest(rows, data)
    shifted = rows_of(*((record + 50, role, reason) for record, role, reason in rows.entries))
    records, cells = (table.assign(record=table["record"] + 50) for table in (data.records, data.cells))
    for several in (records, records[::-1]):
        assert rowset_digest(shifted, Data("data", data.plan, several, cells)) == first
    more = data_of({"P0": unit(age="incomplete: 1 of 6 items open"), **people, "P3": unit()})
    names = more.records.set_index("record")["unit"]
    again = [entry for entry in more.select("full", "x", "end").rows().entries if names[entry[0]] in people]
    keys = dict(zip(more.cells["record"], more.cells["key"], strict=True))
    mine = {100 + record: keys.get(new, 0) for (record, _, _), (new, _, _) in zip(rows.entries, again, strict=True)}
    cells = data.cells.assign(key=data.cells["key"].replace(mine))
    assert rowset_digest(rows_of(*again), more) == rowset_digest(rows, Data("data", data.plan, data.records, cells))


# an analysis set without the units of another


def test_a_set_without_the_units_of_another_holds_the_others_own_values():
    """Everything that was looked at before must follow: frame, groups, counts and row sets."""
    units = {f"P{n}": unit(end=n, arm="OMT" if n % 2 else "sham") for n in range(8)}
    units["P1"] = unit(end=1, baseline="not collected")
    units["P5"] = unit(end=5, age="quarantined: range")
    data = data_of(units)
    every = data.select("full", "x", "end", group=True)
    assert every.of_group("OMT").index.tolist() == ["P1", "P3", "P5", "P7"]  # looked at before
    assert (every.rows(["OMT"]).used, every.left_out(), every.reasons["P1"]) == (4, {}, "")
    complete = data.select("full", "x", "end", baseline="baseline", covariates=["age"], group=True)
    rest = every.excluding(complete)
    assert rest.of_group("OMT")["value"].to_dict() == {"P3": 3, "P7": 7}
    assert rest.of_group("sham")["value"].to_dict() == {"P0": 0, "P2": 2, "P4": 4, "P6": 6}
    assert rest.frame.index.tolist() == ["P0", "P2", "P3", "P4", "P6", "P7"]
    assert rest.rows(["OMT"]).used == 2 and rest.rows().used == 6
    assert rest.left_out("OMT") == {"age quarantined: range": 1, "baseline not collected": 1}
    assert {name: reason for name, reason in rest.reasons.items() if reason} == {
        "P1": "baseline not collected",
        "P5": "age quarantined: range",
    }
    assert every.of_group("OMT").index.tolist() == ["P1", "P3", "P5", "P7"]  # and stays as it was


def test_an_analysis_set_does_not_change():
    every = data_of({"P0": unit()}).select("full", "x", "end")
    with pytest.raises(AttributeError):
        every.reason = every.reason + 1


def test_sets_of_different_units_are_not_held_against_each_other():
    data = data_of({"P0": unit(), "P1": unit()})
    with pytest.raises(AssertionError, match="different units"):
        data.select("full", "x", "end").excluding(data.without("P0").select("full", "x", "end"))


def test_a_population_is_worked_out_once_for_all_selections_and_views(monkeypatch):
    data = data_of({f"P{n}": unit(member=n % 2, age=n) for n in range(6)})
    calls = []
    holds = Expression.holds
    monkeypatch.setattr(Expression, "holds", lambda self, facts: calls.append(facts) or holds(self, facts))
    every = data.select("members", "x", "end")
    assert every.frame.index.tolist() == ["P1", "P3", "P5"]
    assert data.without("P3").select("members", "x", "baseline").frame.index.tolist() == ["P1", "P5"]
    assert data.grouped_by("member").select("members", "x", "end", group=True).frame.index.tolist() == [
        *every.frame.index
    ]
    assert len(calls) == 2  # one for each combination of values that decide

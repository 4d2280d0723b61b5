"""A finding on a value takes out the cell: it is missing with its reason, and its row lives on."""

import pandas
import pytest
from omtrace import store
from omtrace.derivations.records import build, read_tables
from omtrace.faults import Fault
from test_checks import ALLOCATION, DIARY, SLOTS, Study

PROTEINS = ("DYRK1A_N", "ITSN1_N", "BDNF_N")


@pytest.fixture
def study(tmp_path):
    return lambda tables, files, **plan: Study(tmp_path, tables, files, **plan)


def dataset(roster, parameters, **more):
    column = {"derive": "column", "label": "x"}
    return {
        "people": {
            "unit": "participant",
            "roster": {"table": roster, "column": "unit_id"},
            "populations": {},
            "parameters": {name: column | how for name, how in parameters.items()},
            **more,
        }
    }


def records(run, name="people"):
    """(unit, parameter) -> value or text, and status, of the records."""
    frame, cells = build(run.plan, name, read_tables(run.plan, run.folder))
    roles = cells[cells["role"] == "quarantined"]
    found = {}
    for row in frame.itertuples():
        value = row.text if isinstance(row.text, str) else row.value
        found[row.unit, row.parameter] = value if pandas.notna(value) else None, row.status
    return found, set(frame.set_index("record").loc[roles["record"], "parameter"])


def test_one_protein_out_of_range_takes_none_of_the_others(study):
    from omtrace.schemas import table_of

    names = [column.name for column in table_of("protein_levels").columns]
    row = dict.fromkeys(names, "1") | {
        "unit_id": "309",
        "genotype": "Control",
        "treatment": "Saline",
        "behavior": "C/S",
        "ITSN1_N": "-4",
    }
    parameters = {name: {"options": {"table": "protein_levels", "column": name}} for name in PROTEINS}
    content = ",".join(names) + "\n" + ",".join(row[name] for name in names) + "\n"
    run = study(
        {"protein_levels": {"reader": "delimited"}},
        {"protein_levels": content},
        datasets=dataset("protein_levels", parameters),
    ).run()
    assert run.found("range") == [("protein_levels", 2, "ITSN1_N", "-4")]
    assert run.counts("protein_levels") == (1, 1, 0, 0) and run.table("quarantine").empty
    found, quarantined = records(run)
    assert found == {
        ("309", "DYRK1A_N"): (1, "observed"),
        ("309", "BDNF_N"): (1, "observed"),
        ("309", "ITSN1_N"): (None, "quarantined: range"),
    }
    assert quarantined == {"ITSN1_N"}


EXCLUDED = "unit_id,excluded_on,stage,reason\n"


def excluded(study, dates):
    rows = "".join(f"R{number},{day},analysis,illness\n" for number, day in enumerate(dates))
    return study({"exclusions": {"reader": "delimited"}}, {"exclusions": EXCLUDED + rows}).run()


def test_dates_that_a_spreadsheet_wrote_without_a_century_are_read_as_it_reads_them(study):
    run = excluded(study, [f"{n % 28 + 1}-Jan-16" for n in range(140)] + ["1-DEC-29", "31-jan-30"])
    assert run.found("type") == [] and run.counts("exclusions") == (142, 142, 0, 0)
    days = {str(day)[:10] for day in run.table("exclusions")["excluded_on"]}
    assert {"2016-01-01", "2016-01-28", "2029-12-01", "1930-01-31"} <= days and len(days) == 30


@pytest.mark.parametrize(
    "dates",
    [
        ["9-Jan-16", "16-Jan-09", "85-Jan-01"],  # a year stands first in one: which is the day is not to be known
        ["03/04/16", "04/03/16"],
        ["Jan-16", "Feb-16"],
        ["31-Feb-16", "0-Jan-16"],
    ],
)
def test_dates_that_cannot_be_known_leave_their_rows(study, dates):
    run = excluded(study, dates)
    assert len(run.found("type")) + len(run.found("date_mixed")) == len(dates)
    assert run.counts("exclusions") == (len(dates), len(dates), 0, 0)
    assert run.table("exclusions")["excluded_on"].isna().all()


@pytest.mark.parametrize(
    ("dates", "read"),
    [
        ("09.01.16 10.02.16 24.12.98", "2016-01-09 2016-02-10 1998-12-24"),
        ("1/9/16 1/23/16 12/31/15", "2016-01-09 2016-01-23 2015-12-31"),
        ("9/1/16 23/2/16 11/3/16", "2016-01-09 2016-02-23 2016-03-11"),
        ("9-janv-16 10-févr-16 1-août-16", "2016-01-09 2016-02-10 2016-08-01"),
        ("9.März.2016 1-Dez-16 3-Okt-2016", "2016-03-09 2016-12-01 2016-10-03"),
    ],
)
def test_dates_as_spreadsheets_of_other_countries_write_them(study, dates, read):
    run = excluded(study, dates.split())
    assert [str(day)[:10] for day in run.table("exclusions")["excluded_on"]] == read.split()
    assert not run.found("type") and not run.found("date_mixed")


@pytest.mark.parametrize("dates", ["16/01/09 16/02/23 16/03/11", "3/4/16 4/3/16"])
def test_short_dates_of_which_a_year_may_stand_first_or_the_order_is_open_are_no_dates(study, dates):
    run = excluded(study, dates.split())
    assert len(run.found("date_mixed")) == len(dates.split()) == run.counts("exclusions")[1]
    assert run.table("exclusions")["excluded_on"].isna().all()


EVENTS = "unit_id,study_day,term,system,severity,related\n"
SETS = {
    "arm": {"options": {"table": "allocation", "column": "arm"}},
    "stratum": {"options": {"table": "allocation", "column": "stratum"}},
    "events": {"derive": "count", "options": {"table": "adverse_events", "column": "term"}},
    "severe": {
        "derive": "count",
        "options": {"table": "adverse_events", "column": "term", "where": {"severity": "severe"}},
    },
}


def trial(study, slots, events):
    arms, days = {"values": {"arm": ["OMT", "sham"]}}, {"bounds": {"study_day": [-28, 120]}}
    tables = {"allocation": ALLOCATION | arms, "adverse_events": {"reader": "delimited"} | days}
    files = {"allocation": SLOTS + slots, "adverse_events": EVENTS + events}
    return study(tables, files, datasets=dataset("allocation", SETS)).run()


@pytest.mark.parametrize(
    "event", ["P1,999,sore,muscles,mild,yes\n", "P1,x,sore,muscles,mild,yes\n", "P1,3,sore,muscles,wild,yes\n"]
)
def test_an_adverse_event_with_a_faulty_cell_leaves_its_participant_in_the_denominator(study, event):
    run = trial(study, "P1,1,A,1,OMT,2024-01-02\nP2,2,A,1,sham,2024-01-03\n", event)
    assert run.counts("adverse_events") == (1, 1, 0, 0)
    found, quarantined = records(run)
    assert [found[unit, "events"] for unit in ("P1", "P2")] == [(1, "observed"), (0, "observed")]
    assert [found[unit, "severe"] for unit in ("P1", "P2")] == [(0, "observed"), (0, "observed")]
    assert quarantined == ({"severe"} if "wild" in event else set())


def test_a_faulty_stratum_or_arm_leaves_the_randomised_participant(study):
    run = trial(study, "P1,1,,1,OMT,2024-01-02\nP2,2,A,1,shm,2024-01-03\nP3,3,A,x,OMT,2024-01-03\n", "")
    assert run.counts("allocation") == (3, 3, 0, 0)
    found, _ = records(run)
    assert found["P1", "stratum"] == (None, "quarantined: required") and found["P1", "arm"] == ("OMT", "observed")
    assert found["P2", "arm"] == (None, "quarantined: allowed") and found["P2", "stratum"] == ("A", "observed")
    assert found["P3", "arm"] == ("OMT", "observed")


def test_what_identifies_a_row_still_takes_it_out(study):
    diary = DIARY | {"bounds": {"study_day": [-28, 84]}}
    run = study(
        {"diary": diary},
        {
            "diary": "participant_id,study_day,headache,migraine,pain_max,acute_medication\n"
            "P1,99,1,0,5,0\n,1,1,0,5,0\nP2,1,1,0,11,0\n"
        },
    ).run()
    assert run.counts("diary") == (3, 1, 2, 0)
    assert run.table("quarantine")["rule"].tolist() == ["range", "required"]
    assert run.table("diary")["unit_id"].tolist() == ["P2"]


def test_a_rule_over_several_cells_takes_them_and_no_others(study):
    hit6 = {"reader": "delimited"}
    answers = [f"msq_{n}" for n in range(1, 15)]
    content = f"unit_id,visit,{','.join(answers)},msq_restrictive\nP1,b,{','.join('3' * 14)},20\n"
    run = study({"msq": hit6}, {"msq": content}).run()
    assert [rule for rule in ("msq_restrictive_agrees",) if run.found(rule)] == ["msq_restrictive_agrees"]
    (row,) = run.table("msq").to_dict("records")
    assert [name for name in answers if pandas.isna(row[name])] == answers[:7] and row["msq_8"] == 3
    gaps = store.read_table(run.folder / "gaps.parquet")
    assert set(gaps["says"]) == {"quarantined: msq_restrictive_agrees"} and len(gaps) == 8


@pytest.mark.parametrize("scope, rows", [("cell", 2), ("row", 1), ("unit", 0)])
def test_the_plan_says_how_far_a_quarantine_reaches(study, scope, rows):
    days = "participant_id,study_day,headache,migraine,pain_max,acute_medication\nP1,1,1,0,11,0\nP1,2,1,0,5,0\n"
    run = study({"diary": DIARY}, {"diary": days}, scopes={"range": scope}).run()
    assert run.counts("diary")[1] == rows


def test_a_faulty_copy_leaves_for_the_whole_row(study):
    days = "participant_id,study_day,headache,migraine,pain_max,acute_medication\nP1,1,1,0,11,0\nP1,1,1,0,5,0\n"
    run = study({"diary": DIARY}, {"diary": days}).run()
    assert run.counts("diary") == (2, 1, 1, 0) and run.table("diary")["pain_max"].tolist() == [5]
    assert run.table("quarantine")["rule"].tolist() == ["range"] and run.found("duplicate_conflict") == []


def test_a_scope_that_there_is_not_is_refused(study):
    with pytest.raises((Fault, ValueError), match="scopes"):
        study({"diary": DIARY}, {"diary": ""}, scopes={"range": "column"})

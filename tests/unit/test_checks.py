"""Checks on tiny studies: every rule, its place, the conservation of rows, and what a stop leaves behind."""

import datetime
import gzip
import io
import re
import tempfile
from pathlib import Path

import openpyxl
import pandas
import pandera.pandas as pa
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.provenance.keys import key_of, parse_key
from omtrace.schemas import read_model, table_of
from omtrace.schemas._fields import TableModel, rule
from omtrace.validation.catalogue import RULES
from omtrace.validation.findings import Finding
from omtrace.validation.output import _places, dates_as_text
from omtrace.validation.validate import validate_study
from pandera.typing import Series
from table_texts import check_texts
from tables import declared_column, declared_table

ALLOCATION = {"reader": "delimited", "columns": {"unit_id": "participant_id"}}
DIARY = {"reader": "delimited", "columns": {"unit_id": "participant_id"}}
SLOTS = "participant_id,sequence,stratum,block,arm,allocated_on\n"
DAYS = "participant_id,study_day,headache,migraine,pain_max,acute_medication\n"
P1 = "P1,1,A,1,OMT,2024-01-02\n"
P2 = "P2,2,A,1,sham,2024-01-03\n"
DAY = "P1,1,1,0,5,0\n"


DEFAULTS = {rule.id: rule.severity for rule in RULES}
SCOPES = {rule.id: rule.scope for rule in RULES}
FIRM = {rule.id: rule.severities for rule in RULES if "note" not in rule.severities}


class Study:
    """A study of one export a table in a temporary folder."""

    def __init__(self, folder, tables, files, batch="", **plan):
        self.root, self.folder, self.findings_path = folder, folder / "out", folder / "logs/findings.csv"
        self.plan = Plan.model_validate(
            {
                "study": "small",
                "title": "t",
                "kind": "simulated",
                "statement": "s",
                "design": "d",
                "datasets": {},
                "analyses": {},
                "figures": {},
                "tables": tables,
                **plan,
            }
        )
        self.exports = []
        for number, (table, content) in enumerate(files.items(), 1):
            path = f"data/raw/small/{table}.csv"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
            self.exports.append(
                Export(number, "small", f"e{number}", table, path, batch, "", "", "received", "", "", "")
            )

    def run(self):
        validate_study(self.plan, self.exports, self.findings_path, self.folder, self.root)
        return self

    def stopped(self):
        with pytest.raises(Fault) as caught:
            self.run()
        return caught.value.lines

    @property
    def findings(self):
        return store.read_csv(self.findings_path)

    def found(self, rule):
        """(file, line, column, value) of a rule's findings."""
        rows = [row for row in self.findings if row["rule"] == rule]
        return [(Path(row["file"]).stem, int(row["line"] or 0), row["column"], row["value"]) for row in rows]

    def table(self, name):
        return store.read_table(self.folder / f"{name}.parquet")

    def counts(self, name):
        row = next(r for r in store.read_csv(self.folder / "conservation.csv") if r["table"] == name)
        return tuple(int(row[c]) for c in ("rows_in", "rows_out", "quarantined", "out_of_scope"))


@pytest.fixture
def study(tmp_path):
    return lambda tables, files, **plan: Study(tmp_path, tables, files, **plan)


def trial(study, slots=P1 + P2, days=DAY, **plan):
    """An allocation list and a diary."""
    return study(
        {"allocation": ALLOCATION, "diary": DIARY}, {"allocation": SLOTS + slots, "diary": DAYS + days}, **plan
    )


# a study without findings


def test_rows_that_fit_are_kept_typed_and_keyed(study):
    run = trial(study).run()
    assert run.findings == []
    table = run.table("allocation")
    assert table["key"].tolist() == [key_of(1, 1), key_of(1, 2)]
    assert table["unit_id"].tolist() == ["P1", "P2"] and table["block"].tolist() == [1, 1]
    assert table["allocated_on"].tolist() == ["2024-01-02", "2024-01-03"]
    assert run.counts("allocation") == (2, 2, 0, 0) and run.counts("diary") == (1, 1, 0, 0)
    places = run.table("places")
    assert places[["first_line", "last_line"]].to_numpy().tolist() == [[2, 2], [3, 3], [2, 2]]
    assert set(places["export"]) == {"data/raw/small/allocation.csv", "data/raw/small/diary.csv"}
    decisions = store.read_json(run.folder / "decisions.json")
    assert decisions["data/raw/small/diary.csv"]["delimiter"] == "comma (found)"
    assert decisions["data/raw/small/diary.csv"]["reader"] == "delimited"


def test_a_header_without_rows_is_an_empty_table(study):
    run = trial(study, slots="", days="").run()
    assert run.counts("diary") == (0, 0, 0, 0)
    for name in ("diary", "places", "quarantine", "gaps"):
        assert run.table(name).empty and run.table(name)["key"].dtype == "int64"


def test_two_exports_of_one_table_are_one_table(study):
    run = trial(study)
    (run.root / "data/raw/small/more.csv").write_text(DAYS + "P2,1,0,0,0,0\n", encoding="utf-8")
    run.exports.append(Export(9, "small", "e9", "diary", "data/raw/small/more.csv", "", "", "", "", "", "", ""))
    run.run()
    assert run.table("diary")["key"].tolist() == [key_of(2, 1), key_of(9, 1)]


def test_a_compressed_export_is_read_as_well(study):
    run = study({"allocation": ALLOCATION}, {"allocation": gzip.compress((SLOTS + P1).encode())}).run()
    assert run.counts("allocation") == (1, 1, 0, 0)


# every rule


REDCAP = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,enrolled_on,age,sex,form_complete\n"
)
FORM = {
    "reader": "redcap",
    "columns": {"unit_id": "record_id"},
    "recode": {"sex": {"1": "male", "2": "female"}},
    "visit": {"column": "redcap_event_name", "map": {"b": "baseline"}},
    "status": "form_complete",
}
PLATE = [
    "##BLOCKS= 2",
    "Plate:\tPlate1\t1.3\tTimeFormat\tEndpoint\tAbsorbance\tRaw\tFALSE\t1" + "\t" * 6 + "1\t450 \t1\t12\t96\t1\t8",
    "\tTemperature\t" + "\t".join(f"{a}{n}" for a in "ABCDEFGH" for n in range(1, 13)),
    "\t23.1\t" + "\t".join(["0.1"] * 96),
    *("~End", "Group: Unknowns", "Sample\tWells\tValue", "R1\tC1\t0.5", "R4711", "", "Group Summaries", "~End", ""),
]
PLATE = "\n".join(PLATE)
GROUPS = {
    "source": "plates",
    "reader": "softmax",
    "options": {"part": "groups"},
    "unit": ["plate", "well"],
    "joined": {"plate_id": ["@export", "plate"]},
    "columns": {"role": "group"},
    "recode": {"role": {"Unknowns": "sample"}},
}
LAYOUT = {"reader": "delimited", "unit": ["plate", "well"]}
WELLS = "plate,well,role,sample,concentration,dilution\n"

SECRET = "4711"  # stands in every cell that a finding is about
MISSING = {"-4711": "not done"}
PLAIN = {"diary": DIARY}
FORMS = {"demographics": FORM}


def form(cells):
    return {"demographics": REDCAP + cells}


def days(cells):
    return {"diary": DAYS + cells}


def workbook(*rows):
    """An allocation list as a workbook; the header comes with it."""
    book = openpyxl.Workbook()
    for row in (SLOTS.strip().split(","), *rows):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


SHEET = {"allocation": ALLOCATION | {"reader": "spreadsheet"}}
DATED = workbook(["P1", 1, "A", 1, "OMT", "24/01/2024"], ["P4711", 2, "A", 1, "sham", datetime.date(2024, 5, 4)])

# rule: tables, files, and the finding's file, line, column and value
CASES = {
    "unreadable": (PLAIN, {"diary": b""}, ("diary", 0, "", "")),
    "column_missing": (PLAIN, {"diary": DAYS.replace(",pain_max", "") + "P1,1,0,0,0\n"}, ("diary", 1, "pain_max", "")),
    "row_width": (PLAIN, days(DAY + "P1,4711,1\n"), ("diary", 3, "", "")),
    "event_missing": (FORMS, form("4711,,,,2024-01-01,30,1,2\n"), ("demographics", 2, "", "")),
    "instance_missing": (FORMS, form("4711,b,x,,2024-01-01,30,1,2\n"), ("demographics", 2, "", "")),
    "no_well": ({"plate_groups": GROUPS}, {"plates": PLATE}, ("plates", 9, "", "")),
    "unit_missing": (
        {"plate_layout": LAYOUT},
        {"plate_layout": WELLS + "4711,,sample,R1,,\n"},
        ("plate_layout", 2, "well", ""),
    ),
    "type": (PLAIN, days("P1,4711x,1,0,5,0\n"), ("diary", 2, "study_day", "4711x")),
    "code": (FORMS, form("1,b,,,2024-01-01,30,4711,2\n"), ("demographics", 2, "sex", SECRET)),
    "required": (PLAIN, days("P4711,1,,0,5,0\n"), ("diary", 2, "headache", "")),
    "range": (PLAIN, days("P1,1,1,0,4711,0\n"), ("diary", 2, "pain_max", SECRET)),
    "allowed": (PLAIN, days("P1,1,4711,0,5,0\n"), ("diary", 2, "headache", SECRET)),
    "form_status": (FORMS, form("1,b,,,2024-01-01,30,1,4711\n"), ("demographics", 2, "form_complete", SECRET)),
    "duplicate_row": (PLAIN, days("P4711,1,1,0,5,0\n" * 2), ("diary", 3, "participant_id", "P4711")),
    "duplicate_conflict": (PLAIN, days("P4711,1,1,0,5,0\nP4711,1,0,0,5,0\n"), ("diary", 2, "participant_id", "P4711")),
    "reference": (
        {"allocation": ALLOCATION, "diary": DIARY},
        {"allocation": SLOTS + P1, **days("P4711,1,1,0,5,0\n")},
        ("diary", 2, "participant_id", "P4711"),
    ),
    "column_undeclared": (
        {"allocation": ALLOCATION},
        {"allocation": SLOTS.strip() + ",initials\n" + P1.strip() + ",4711\n"},
        ("allocation", 1, "initials", ""),
    ),
    "export_unread": (PLAIN, {**days(DAY), "stray": "a,b\n1,2\n"}, ("stray", 0, "", "")),
    "coded_missing": (PLAIN, days("P1,1,1,0,-4711,0\n"), ("diary", 2, "pain_max", "-4711")),
    "identifier": (
        {"allocation": ALLOCATION},
        {"allocation": SLOTS.strip() + ",email\n" + P1.strip() + ",p4711@example.org\n"},
        ("allocation", 1, "email", ""),
    ),
    "date_ambiguous": (
        {"allocation": ALLOCATION},
        {"allocation": SLOTS + "P1,1,A,1,OMT,03/04/4711\n"},
        ("allocation", 2, "allocated_on", "03/04/4711"),
    ),
    "date_epoch": (
        {"allocation": ALLOCATION},
        {"allocation": SLOTS + "P1,1,A,1,OMT,1970-01-01\n"},
        ("allocation", 2, "allocated_on", "1970-01-01"),
    ),
    "number_ambiguous": (
        {"assay_runs": {"reader": "delimited"}},
        {"assay_runs": 'unit_id,run,concentration,signal\n1,a,"4,711",1\n'},
        ("assay_runs", 2, "concentration", "4,711"),
    ),
    "decimal_mark": (
        {"assay_runs": {"reader": "delimited"}},
        {"assay_runs": 'unit_id,run,concentration,signal\n1,a,1.5,1\n2,a,2.5,1\n3,a,"4711,5",1\n'},
        ("assay_runs", 4, "concentration", "4711,5"),
    ),
    "date_mixed": (
        {"allocation": ALLOCATION},
        {"allocation": SLOTS + P1 + P2 + "P3,3,A,1,sham,03/04/4711\n"},
        ("allocation", 4, "allocated_on", "03/04/4711"),
    ),
    "coding": (
        {"hit6": {"reader": "delimited", "source": "hit6"}},
        {"hit6": "unit_id,visit," + ",".join(f"hit6_{n}" for n in range(1, 7)) + "\n4711,b,0,1,2,3,4,0\n"},
        ("hit6", 1, "hit6_1", ""),
    ),
    "no_rows": (PLAIN, {"diary": DAYS}, ("diary", 1, "", "")),
    "invisible_character": (PLAIN, days("P4711\u200b,1,1,0,5,0\n"), ("diary", 2, "participant_id", "P4711\u200b")),
    "text_unmatched": (
        {"demographics": FORM | {"visit": {"column": "redcap_event_name", "map": {"b": "baseline", "c": "month_1"}}}},
        form("1,b,,,2024-01-01,30,1,2\n"),
        ("demographics", 1, "redcap_event_name", ""),
    ),
    "date_cell": (SHEET, {"allocation": DATED}, ("allocation", 3, "allocated_on", "2024-05-04")),
    "repaired": (
        {
            "diary": {
                **DIARY,
                "repairs": [
                    {
                        "column": "pain_max",
                        "when": {"pain_max": "4711"},
                        "becomes": "",
                        "reason": "a slip of the keyboard",
                    }
                ],
            }
        },
        days("P1,1,1,0,4711,0\n"),
        ("diary", 2, "pain_max", SECRET),
    ),
    "repair_unused": (
        {
            "diary": {
                **DIARY,
                "repairs": [
                    {
                        "column": "pain_max",
                        "when": {"pain_max": "99"},
                        "becomes": "",
                        "reason": "a slip of the keyboard",
                    }
                ],
            }
        },
        days(DAY),
        ("diary", 1, "pain_max", ""),
    ),
    "structural_zero": (
        {"midas": {"reader": "delimited", "structural_zeros": {"4711": "does not work"}}},
        {"midas": "unit_id,visit," + ",".join(f"midas_{n}" for n in range(1, 6)) + "\n1,b,4711,1,1,1,1\n"},
        ("midas", 2, "midas_1", SECRET),
    ),
    "unit": (
        PLAIN,
        days("P4711,1,1,0,99,0\nP4711,2,1,0,5,0\n"),
        ("diary", 3, "participant_id", "P4711"),
        {"scopes": {"range": "unit"}},
    ),
    "batch": (
        {"allocation": ALLOCATION, "diary": DIARY},
        {"allocation": SLOTS + P1.replace("P1", "P4711"), "diary": b""},
        ("allocation", 2, "participant_id", "P4711"),
        {"batch": "b"},
    ),
    "form_blank": (
        {
            "hit6": {
                "reader": "redcap",
                "columns": {"unit_id": "record_id"},
                "status": "hit6_complete",
                "visit": {"column": "redcap_event_name", "map": {"b": "baseline"}},
            }
        },
        {
            "hit6": "record_id,redcap_event_name,hit6_1,hit6_2,hit6_3,hit6_4,hit6_5,hit6_6,hit6_complete\n"
            "1,b,1,2,3,4,5,1,2\n2,b,,,,,,,0\n3,b,,,,,,,2\n"
        },
        ("hit6", 4, "hit6_complete", "2"),
    ),
    "encoding_unclear": (
        {"allocation": ALLOCATION, "diary": DIARY},
        {"allocation": SLOTS + P1, "diary": (DAYS[:-1] + ",note\n" + DAY[:-1] + ",мигрень\n").encode("cp1251")},
        ("diary", 2, "note", ""),
    ),
    "text_garbled": (
        {"allocation": ALLOCATION, "diary": DIARY},
        {"allocation": SLOTS + P1, "diary": DAYS[:-1] + ",note\n" + DAY[:-1] + ",cÃ©phalÃ©e\n"},
        ("diary", 2, "note", ""),
    ),
    "event_label": (
        FORMS,
        form("1,b,,,2024-01-01,30,1,2\n2,b_2,,,2024-01-01,30,1,2\n3,B4711,,,2024-01-01,30,1,2\n"),
        ("demographics", 4, "redcap_event_name", "B4711"),
    ),
    "json": (
        {"diary": DIARY | {"reader": "jsonlines"}},
        {
            "diary": '{"participant_id":"P1","study_day":1,"headache":1,"migraine":0,'
            '"pain_max":5,"acute_medication":0}\n'
            '{"a": 4711\n'
        },
        ("diary", 2, "", ""),
    ),
}


# Rules that have tests of their own: here, or with the reader that finds them.
ELSEWHERE = {
    "roster",
    "merged_header",
    "merged_cell",
    "formula_uncached",
    "error_cell",
    "hidden_row",
    "hidden_column",
    "identifier_damaged",
    "dictionary_type",
    "dictionary_choice",
    "dictionary_range",
    "dictionary_field",
    "unscheduled_value",
    "box_unopened",
    "double_entry",
    "unit_alike",
    "zone_open",
    "plate_twice",
    "summary_row",
}


def test_every_rule_has_a_case():
    assert set(CASES) | ELSEWHERE >= set(DEFAULTS)


def of(rule):
    """A rule's tables, files and place, and what else its plan says."""
    tables, files, place, *more = CASES[rule]
    return tables, files, place, (more or [{}])[0]


def test_rows_of_units_that_are_not_enrolled_are_findings(study):
    people = "unit_id,enrolled_on,age,sex\nP1,2024-01-01,30,male\nP2,2024-01-01,3,male\n"
    days_of = {"derive": "count", "label": "Days", "options": {"table": "diary", "column": "headache"}}
    dataset = {
        "unit": "participant",
        "roster": {"table": "demographics", "column": "unit_id"},
        "parameters": {"days": days_of},
        "populations": {"full": {"label": "all"}},
    }
    run = study(
        {"demographics": {"reader": "delimited"}, "diary": DIARY},
        {"demographics": people, **days(DAY + "P2,1,1,0,5,0\nP4711,1,1,0,5,0\n")},
        datasets={"people": dataset},
    ).run()
    assert run.found("roster") == [("diary", 4, "participant_id", "P4711")]  # P2 is enrolled, though quarantined
    assert run.counts("diary") == (3, 2, 1, 0)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_tells_file_line_and_column_and_has_the_value_in_the_table_only(study, rule):
    tables, files, place, more = of(rule)
    run = study(tables, files, missing_codes=MISSING, **more)
    if DEFAULTS[rule] == "stop":
        run.stopped()
    else:
        run.run()
    assert place in run.found(rule)
    assert {row["severity"] for row in run.findings if row["rule"] == rule} == {DEFAULTS[rule]}
    rows = [row for row in run.findings if row["rule"] == rule]
    assert all(row["expected"] for row in rows)
    identifying = rule in ("type", "decimal_mark")  # here at a column without which a row is none
    if DEFAULTS[rule] == "quarantine" and SCOPES[rule] == "cell" and not identifying:
        gaps = run.table("gaps")
        assert {parse_key(row["key"]) for row in rows} == set(gaps.loc[gaps["says"] == f"quarantined: {rule}", "key"])
        assert run.table("quarantine").empty
    elif DEFAULTS[rule] == "quarantine":
        assert all(parse_key(row["key"]) in set(run.table("quarantine")["key"]) for row in rows)
        assert rule in set(run.table("quarantine")["rule"])
    assert all(row["table"] or rule == "column_undeclared" for row in rows)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_may_stop_and_then_names_every_place_but_no_value(study, rule):
    tables, files, (stem, line, column, value), more = of(rule)
    run = study(tables, files, missing_codes=MISSING, severities={rule: "stop"}, **more)
    lines = run.stopped()
    rows = [row for row in run.findings if row["rule"] == rule]
    where = f"{stem}.csv" + (rf"( \[.*\])?: line {line}" if line else "") + (f", column {column}" if column else "")
    assert any(re.search(f"{where}: {rule}: ", text) for text in lines), lines
    assert sum(f": {rule}: " in text for text in lines) == len(rows)
    assert not run.folder.exists()
    assert value in {row["value"] for row in rows}
    assert SECRET not in "".join(lines).replace(str(run.root), "")
    assert lines[-1].endswith("Nothing was written.") and str(run.findings_path) in lines[-1]


@pytest.mark.parametrize("rule", sorted(set(CASES) - set(FIRM)))
@pytest.mark.parametrize("severity", ["note", "warn", "quarantine"])
def test_the_plan_sets_the_severity(study, rule, severity):
    tables, files, place, more = of(rule)
    run = study(tables, files, missing_codes=MISSING, severities={rule: severity}, **more)
    if severity not in next(r for r in RULES if r.id == rule).severities:
        assert "only note or warn or stop" in run.stopped()[0]
        return
    run.run()
    assert {row["severity"] for row in run.findings if row["rule"] == rule} == {severity}
    rows = sum(counts for _, _, counts, _ in (run.counts(name) for name in tables))
    cells = run.table("gaps")["says"].str.startswith("quarantined: ").sum()
    assert bool(rows + cells) == (severity == "quarantine")


@pytest.mark.parametrize("rule", FIRM)
def test_what_is_not_there_cannot_be_kept_with_a_warning(study, rule):
    tables, files = CASES[rule][:2] if rule in CASES else (PLAIN, days(DAY))
    (line,) = study(tables, files, severities={rule: "warn"}).stopped()
    assert line == f"plan of small: severities.{rule}: only {' or '.join(FIRM[rule])}"


def test_a_severity_of_no_rule_is_a_fault_with_the_nearest(study):
    (line,) = trial(study, severities={"rnge": "warn"}).stopped()
    assert line == "plan of small: severities: there is no rule 'rnge'; did you mean 'range'?"
    study({"midas": FORM | {"recode": {}, "status": ""}}, {"midas": REDCAP}, severities={"midas_work_day": "stop"})
    hit6 = {"reader": "redcap", "columns": {"unit_id": "record_id"}, "visit": FORM["visit"]}
    content = "record_id,redcap_event_name," + ",".join(f"hit6_{n}" for n in range(1, 7)) + ",hit6_total\n"
    run = study(
        {"hit6": hit6}, {"hit6": content + "1,b,1,1,1,1,1,1,38\n"}, severities={"hit6_total_agrees": "warn"}
    ).run()
    assert run.found("hit6_total_agrees") == [("hit6", 2, "hit6_total", "38")]
    assert run.counts("hit6") == (1, 1, 0, 0)


# places


def test_lines_are_physical_lines_with_quoted_breaks_before(study):
    slots = 'P1,1,"A\n(north,\nold)",1,OMT,2024-01-02\nP2,x,A,1,sham,2024-01-03\n'
    run = trial(study, slots=slots).run()
    assert run.found("type") == [("allocation", 5, "sequence", "x")]
    places = run.table("places").set_index("key")
    assert places.loc[key_of(1, 1), ["first_line", "last_line"]].tolist() == [2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_right_whatever_ends_them(study, end):
    text = (DAYS + DAY + "\n" + 'P1,2,0,0,0,"0\n"\n' + "P1,3,0,0,0,7\nP9,4,0,0,0,0\n").replace("\n", end)
    run = study(
        {"allocation": ALLOCATION, "diary": DIARY},
        {"allocation": (SLOTS + P1).replace("\n", end).encode(), "diary": text.encode()},
    ).run()
    assert run.found("allowed") == [("diary", 6, "acute_medication", "7")]
    assert run.found("reference") == [("diary", 7, "participant_id", "P9")]
    assert run.table("diary")["study_day"].tolist() == [1, 2, 3]


def test_a_cell_with_a_carriage_return_stays_one_cell_of_the_findings(study):
    run = trial(study, days='P1,1,1,0,"=1\r2",0\n').run()
    assert run.found("type") == [("diary", 2, "pain_max", "=1\r2")]


def test_a_well_is_named_where_one_line_holds_a_plate(study):
    table = {"source": "plates", "reader": "softmax", "options": {"part": "signals"}, "unit": ["plate", "well"]}
    table |= {"bounds": {"signal": [-0.5, 6]}}
    run = study({"plate_signals": table}, {"plates": PLATE.replace("0.1\t0.1", "0.1\t99", 1)}).run()
    (row,) = [row for row in run.findings if row["rule"] == "range"]
    assert (row["part"], row["line"], row["column"]) == ("plate 1 Plate1 450 A2", "4", "signal")


# duplicates and references


def test_copies_leave_and_contradictions_leave_together(study):
    days = DAY + "P2,1,0,0,0,0\n" + DAY + "P2,1,1,0,0,0\n" + DAY + "P2,2,0,0,0,0\n"
    run = trial(study, days=days).run()
    assert [line for _, line, _, _ in run.found("duplicate_row")] == [4, 6]
    assert [line for _, line, _, _ in run.found("duplicate_conflict")] == [3, 5]
    assert run.table("diary")[["unit_id", "study_day"]].to_numpy().tolist() == [["P1", 1], ["P2", 2]]


def test_a_row_that_left_for_another_reason_is_no_duplicate(study):
    run = trial(study, days=DAY + "P1,1,1,0,99,0\n").run()
    assert run.found("duplicate_conflict") == run.found("duplicate_row") == []
    assert run.counts("diary") == (2, 1, 1, 0)


def test_rows_that_refer_to_a_row_that_left_leave_too(study):
    rats = "animal_id,cage_id,batch,sex,strain,weight_g,model,treatment\n"
    counts = "animal_id,marker,section,count\nR1,cfos_tnc,1,5\nR2,cfos_tnc,1,6\n"
    run = study(
        {
            "cell_counts": {"reader": "delimited", "columns": {"unit_id": "animal_id"}},
            "animals": {"reader": "delimited", "columns": {"unit_id": "animal_id"}},
            "cages": {"reader": "delimited"},
        },
        {
            "cages": "cage_id,room,rack_row\nC1,A,\nC2,A,top\n",
            "cell_counts": counts,
            "animals": rats + "R1,C1,1,F,SD,200,control,sham\nR2,C2,1,F,SD,200,control,sham\n",
        },
        scopes={"required": "row"},
    ).run()
    assert run.found("required") == [("cages", 2, "rack_row", "")]
    assert run.found("reference") == [("animals", 2, "cage_id", "C1"), ("cell_counts", 2, "animal_id", "R1")]
    assert run.table("cell_counts")["unit_id"].tolist() == ["R2"]


def test_a_reference_to_a_table_that_the_plan_does_not_have_is_not_asked(study):
    assert study({"diary": DIARY}, {"diary": DAYS + DAY}).run().findings == []


def test_a_reference_that_only_warns_is_told_once(study):
    run = trial(study, days="P7,1,1,0,5,0\n", severities={"reference": "warn"}).run()
    assert len(run.found("reference")) == 1 and run.counts("diary") == (1, 1, 0, 0)


# missing codes, scope, units


def test_missing_codes_keep_their_meaning_and_are_no_values(study):
    days = "P1,1,1,0,-99,-98\nP1,2,1,0,,0\nP1,3,-98,0,4,0\n"
    run = trial(study, days=days, missing_codes={"-99": "not done", "-98": "refused"}).run()
    gaps = run.table("gaps")
    assert gaps[["key", "column", "says"]].to_numpy().tolist() == [
        [key_of(2, 3), "headache", "refused"],
        [key_of(2, 1), "pain_max", "not done"],
        [key_of(2, 1), "acute_medication", "refused"],
    ]
    assert set(gaps["table"]) == {"diary"}
    table = run.table("diary").set_index("study_day")
    assert table["pain_max"].isna().tolist() == [True, True, False] and pandas.isna(table.at[3, "headache"])
    assert run.found("range") == run.found("required") == run.found("allowed") == []


def test_a_missing_code_cannot_name_a_row(study):
    run = trial(study, days="-99,1,1,0,4,0\nP1,-99,1,0,4,0\n", missing_codes={"-99": "not done"}).run()
    assert run.found("required") == [("diary", 2, "participant_id", "-99"), ("diary", 3, "study_day", "-99")]
    assert run.counts("diary") == (2, 0, 2, 0)


def test_out_of_scope_rows_are_counted_by_reason_and_not_checked(study):
    slots = P1 + ",2,A,1,sham,never\n" + P2
    run = trial(study, slots=slots)
    run.plan = run.plan.model_copy(
        update={
            "tables": {
                **run.plan.tables,
                "allocation": run.plan.tables["allocation"].model_copy(update={"skip_blank": "participant_id"}),
            }
        }
    )
    run.run()
    assert run.findings == [] and run.counts("allocation") == (3, 2, 0, 1)
    rows = "1,b,,,2024-01-01,30,1,2\n1,other,,,x,y,z,9\n"
    run = study({"demographics": FORM}, {"demographics": REDCAP + rows}).run()
    assert run.counts("demographics") == (2, 1, 0, 1)
    (row,) = store.read_csv(run.folder / "conservation.csv")
    assert row["reasons"] == "other event: 1"


def test_a_blank_form_is_out_of_scope_and_a_half_blank_one_is_not(study):
    table = {"reader": "redcap", "columns": {"unit_id": "record_id"}, "visit": FORM["visit"]}
    content = "record_id,redcap_event_name,satisfaction\n1,b,\n2,b,5\n"
    run = study({"satisfaction": table}, {"satisfaction": content}).run()
    assert run.counts("satisfaction") == (2, 1, 0, 1)
    assert run.table("satisfaction")["visit"].tolist() == ["baseline"]


def test_units_are_joined_and_cut_out_by_the_plan(study):
    wells = WELLS + "1,A1,sample,R1,,2\n2,A1,blank,,0,\n"
    run = study(
        {"plate_layout": {"reader": "delimited", "unit": ["@export", "@batch", "@row", "plate", "well"]}},
        {"plate_layout": wells},
        batch="b",
    ).run()
    assert run.table("plate_layout")["unit_id"].tolist() == ["e1/b/1/1/A1", "e1/b/2/2/A1"]
    proteins = [c.name for c in table_of("protein_levels").columns][1:]
    names = {"unit": ["replicate_id"], "unit_pattern": "(.+)_[0-9]+", "reader": "delimited"}
    row = ",".join(["Control", "Saline", "C/S", "c", *["1"] * (len(proteins) - 5)])
    content = ",".join(proteins) + f"\n309_1,{row}\n3415_12,{row}\n3415-1,{row}\n,{row}\n"
    run = study({"protein_levels": names}, {"protein_levels": content}).run()
    assert run.table("protein_levels")["unit_id"].tolist() == ["309", "3415"]
    lines = [line for _, line, _, _ in run.found("unit_missing")]
    assert lines == [4, 5] and "required" not in {r["rule"] for r in run.findings if r["line"] == "4"}


def test_recoding_takes_declared_codes_only(study):
    rows = "1,b,,,2024-01-01,30,2,2\n2,b,,,2024-01-01,30,female,2\n3,b,,,2024-01-01,30,,2\n"
    run = study({"demographics": FORM}, {"demographics": REDCAP + rows}).run()
    assert run.table("demographics")["sex"].fillna("").tolist() == ["female", "", ""]
    assert run.found("code") == [("demographics", 3, "sex", "female")]
    (finding,) = (row for row in run.findings if row["rule"] == "code")
    assert finding["expected"] == (
        "one of 1, 2 (recode names every text of its column, those that stay too: add female: female)"
    )
    assert run.found("required") == [("demographics", 4, "sex", "")]


# a plan that does not fit


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {"columns": {"unitid": "x"}},
            "tables.diary.columns: the table has no column 'unitid'; did you mean 'unit_id'?",
        ),
        (
            {"recode": {"headach": {}}},
            "tables.diary.recode: the table has no column 'headach'; did you mean 'headache'?",
        ),
        ({"joined": {"zzz": ["a"]}}, "tables.diary.joined: the table has no column 'zzz'"),
        ({"source": "diry"}, "tables.diary: the register has no export of table 'diry'; did you mean 'diary'?"),
        ({"reader": "delimted"}, "there is no reader 'delimted' in readers/; did you mean 'delimited'?"),
        ({"options": {"delimter": ","}}, "tables.diary.options: delimter: unknown key; did you mean 'delimiter'?"),
        ({"schema": "diry"}, "there is no table 'diry' in schemas/; did you mean 'diary'?"),
    ],
)
def test_a_plan_that_does_not_fit_is_a_fault_with_the_nearest_name(study, entry, says):
    (line,) = study({"diary": {**DIARY, **entry}}, {"diary": DAYS + DAY}).stopped()
    assert line.removeprefix("plan of small: ") == says


# completeness


class Small(TableModel):
    """One row."""

    unit_id: Series[str] = pa.Field(description="unit")
    a: Series[pandas.Int64Dtype] = pa.Field(ge=0, le=9, description="a")
    b: Series[float] = pa.Field(ge=0, nullable=True, description="b")
    c: Series[str] = pa.Field(isin=["x", "y"], nullable=True, description="c")

    @pa.dataframe_check(error="a below b", **rule("a", "b", example="3 and 2"))
    def a_below_b(cls, frame):
        return (frame["a"] < frame["b"].astype("Float64")).fillna(True)

    @pa.dataframe_check(error="b where there is c", **rule("c", "b", example="x and nothing"))
    def c_needs_b(cls, frame):
        return ~(frame["c"].notna() & frame["b"].isna())

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "made up for a test"}


TABLE = read_model(Small)
CELL = {
    "a": st.sampled_from(["", "-1", "0", "5", "9", "10"]),
    "b": st.sampled_from(["", "-0.5", "0", "6"]),
    "c": st.sampled_from(["", "x", "y", "z"]),
}


def by_hand(row):
    """Which rules a row of text breaks, said without any library."""
    a = int(row["a"]) if row["a"] else None
    b = float(row["b"]) if row["b"] else None
    c = row["c"] or None
    fits = a is not None and 0 <= a <= 9 and b is not None and b >= 0  # else a cell has no value, which is told
    broken = {
        ("required", "a"): a is None,
        ("range", "a"): a is not None and not 0 <= a <= 9,
        ("range", "b"): b is not None and b < 0,
        ("allowed", "c"): c not in (None, "x", "y"),
        ("a_below_b", "a"): fits and not a < b,
        ("c_needs_b", "c"): c in ("x", "y") and b is None,
    }
    return {name for name, holds in broken.items() if holds}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.fixed_dictionaries(CELL), min_size=1, max_size=40))
def test_no_broken_cell_and_no_broken_rule_is_lost(rows):
    texts = {name: [row[name] for row in rows] for name in CELL} | {"unit_id": [str(n) for n in range(len(rows))]}
    found = {(f.rule, f.column, f.line - 2) for f in check_texts(TABLE, texts).findings}
    assert found == {(*name, at) for at, row in enumerate(rows) for name in by_hand(row)}


def test_many_broken_cells_in_one_column_are_all_told(study):
    days = "".join(f"P1,{n},1,0,{99 if n % 3 else 5},0\n" for n in range(1, 85))
    run = trial(study, days=days).run()
    lines = [line for _, line, _, _ in run.found("range")]
    assert lines == [n + 1 for n in range(1, 85) if n % 3]
    assert run.counts("diary") == (84, 84, 0, 0)
    assert run.table("gaps")["says"].tolist() == ["quarantined: range"] * 56
    assert run.table("diary")["pain_max"].isna().sum() == 56


def test_a_row_that_breaks_several_rules_has_them_all_and_one_primary_reason(study):
    run = trial(study, days="P7,x,,0,99,7\n").run()
    assert {row["rule"] for row in run.findings} == {"type", "required", "range", "allowed"}
    quarantine = run.table("quarantine")
    order = list(DEFAULTS)
    assert quarantine["rule"].tolist() == sorted(quarantine["rule"], key=order.index)
    assert quarantine["rule"][0] == "type" and run.counts("diary") == (1, 0, 1, 0)
    assert quarantine["unit_id"].unique().tolist() == ["P7"]


def test_a_row_quarantined_at_a_visit_says_which(study):
    rows = "1,b,,,2024-01-01,199,1,2\n"
    table = FORM | {"reader": "redcap"}
    scopes = {"range": "row"}
    run = study({"demographics": table}, {"demographics": REDCAP + rows}, scopes=scopes).run()
    assert run.table("quarantine")[["unit_id", "visit"]].to_numpy().tolist() == [["1", ""]]
    hit6 = {"reader": "redcap", "columns": {"unit_id": "record_id"}, "visit": FORM["visit"]}
    content = "record_id,redcap_event_name," + ",".join(f"hit6_{n}" for n in range(1, 7)) + ",hit6_total\n"
    run = study({"hit6": hit6}, {"hit6": content + "1,b,1,1,1,1,1,9,\n"}, scopes=scopes).run()
    assert run.table("quarantine")[["unit_id", "visit"]].to_numpy().tolist() == [["1", "baseline"]]


# conservation


SPOILT = st.sampled_from(["", "x", "-99", "1", "999", "P1", "P9", "0", "2024-13-01", "=1", "\r", '"', "٣"])


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 6), SPOILT), max_size=20),
    st.sampled_from(["warn", "quarantine"]),
)
def test_rows_are_conserved_and_places_are_true_whatever_is_spoilt(corruptions, severity):
    rows = [["P1" if n % 2 else "P2", str(n // 2 + 1), "1", "0", "5", "0"] for n in range(12)]
    for row, column, cell in corruptions:
        if column < len(rows[row]):
            rows[row][column] = cell
        else:
            rows[row] = rows[row][:3]
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        options = {"missing_codes": {"-99": "not done"}, "severities": {"range": severity}}
        run = trial(lambda *a, **k: Study(Path(folder), *a, **k), days="".join(lines), **options)
        run.run()
        counts = run.counts("diary")
        assert counts[0] == 12 == counts[1] + counts[2] + counts[3]
        kept, lost = set(run.table("diary")["key"]), set(run.table("quarantine")["key"])
        assert kept | lost == {key_of(2, n) for n in range(1, 13)} and not kept & lost
        places = run.table("places").set_index("key")
        text = (DAYS + "".join(lines)).replace("\r", "\n").split("\n")
        for key in kept:
            first = places.at[key, "first_line"]
            unit = run.table("diary").set_index("key").at[key, "unit_id"]
            assert text[first - 1].startswith(f'"{unit}"')
        cells = set(run.table("gaps")["key"])
        for row in run.findings:
            if row["key"] and row["table"] == "diary" and row["severity"] == "quarantine":
                assert parse_key(row["key"]) in lost | cells
                assert int(row["line"]) == places.at[parse_key(row["key"]), "first_line"]


# findings


def test_a_place_in_words_has_no_value():
    finding = Finding("stop", "range", "f.csv", "t", 7, "c", "0 to 9", "SECRET", "sheet 1", 5)
    assert finding.place() == "f.csv [sheet 1]: line 7, column c: range: expected 0 to 9"
    assert Finding("stop", "unreadable", "f.csv", "t", 0, "", "it is empty").place() == "f.csv: unreadable: it is empty"


def test_findings_are_sorted_by_severity_then_place(study):
    run = trial(study, days="P1,2,1,0,5,0\nP1,1,1,0,99,0\nP9,1,1,0,5,-99\n", missing_codes={"-99": "not done"}).run()
    assert [(row["severity"], row["line"]) for row in run.findings] == [
        ("quarantine", "3"),
        ("quarantine", "4"),
        ("note", "4"),
    ]


def test_a_stop_shows_forty_places_and_the_number_of_all(study):
    days = "".join(f"P1,{n},1,0,99,0\n" for n in range(1, 51))
    lines = trial(study, days=days, severities={"range": "stop"}).stopped()
    assert len(lines) == 42 and lines[40] == "... and 10 more"
    assert lines[41].startswith("findings: 50 stop; all of them, with values, in ")


def test_an_earlier_result_is_not_touched_by_a_stop(study):
    run = trial(study).run()
    before = {p.name: p.read_bytes() for p in run.folder.iterdir()}
    (run.root / "data/raw/small/diary.csv").write_text("nothing of the kind\n", encoding="utf-8")
    run.stopped()
    assert {p.name: p.read_bytes() for p in run.folder.iterdir()} == before


# types


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", {"0": 0, "-3": -3, "+5": 5, "007": 7, "40.0": 40}, "1.000 2.5 1e3 x ١٢ １２ 9999999999999999 --1"),
        ("number", {"1.": 1, ".5": 0.5, "-1e-3": -0.001, "7": 7}, "1,5 nan inf 1e999 -1e999 ٣ 1_0 ."),
        (
            "date",
            {"2024-02-29": "2024-02-29"},
            "2023-02-29 29.02.2024 20240229 2024-W01-1 2024-2-9 0000-01-01 29/02/24",
        ),
    ],
)
def test_a_cell_is_of_its_type_or_a_finding_and_then_missing(kind, good, bad):
    bad = bad.split()
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", kind)))
    texts = [*good, *bad, ""]
    work = check_texts(table, {"c": texts, "n": [str(n) for n in range(len(texts))]})
    typed, doubted = dates_as_text(work.frame, table)["c"], {f.line - 2 for f in work.findings}
    wrong = pandas.Series([n in doubted for n in range(len(texts))])
    assert typed[: len(good)].tolist() == list(good.values())
    assert typed[len(good) :].isna().all()
    assert wrong.tolist() == [False] * len(good) + [True] * len(bad) + [False]


# whole files, batches, repairs


def test_a_date_cell_among_text_dates_stops_until_the_plan_repairs_it(study):
    run = study(SHEET, {"allocation": DATED})
    assert "allocation.csv [Sheet!F3]: line 3, column allocated_on: date_cell: expected a text" in run.stopped()[0]
    swap = {"column": "allocated_on", "date_cell": True, "swap_day_month": True, "reason": "typed day first"}
    run = study({"allocation": SHEET["allocation"] | {"repairs": [swap]}}, {"allocation": DATED}).run()
    assert run.table("allocation")["allocated_on"].tolist() == ["2024-01-24", "2024-04-05"]
    assert run.found("repaired") == [("allocation", 3, "allocated_on", "2024-05-04")]


def batches(folder, second):
    """A study of two batches of days; the second file of days as given."""
    run = trial(lambda *a, **k: Study(folder, *a, **k), days=DAY, batch="")
    path = "data/raw/small/more.csv"
    (run.root / path).write_bytes(second)
    run.exports.append(Export(9, "small", "e9", "diary", path, "2", "", "", "received", "", "", ""))
    return run


@pytest.mark.parametrize(
    "second", [b"", DAYS.replace("pain_max", "pain").encode() + b"P2,1,0,0,0,0\n"], ids=["unreadable", "a column short"]
)
def test_one_bad_batch_does_not_stop_the_others_unless_the_plan_says_so(tmp_path, second, capsys):
    run = batches(tmp_path, second).run()
    assert run.table("diary")["key"].tolist() == [key_of(2, 1)]
    rule = "column_missing" if second else "unreadable"
    assert run.counts("diary") == ((2, 1, 1, 0) if second else (1, 1, 0, 0))
    assert store.read_json(run.folder / "decisions.json")["data/raw/small/more.csv"]["left out"].endswith(rule)
    assert "data/raw/small/more.csv" in capsys.readouterr().err
    run.plan = run.plan.model_copy(update={"severities": {rule: "stop"}})
    assert any(f": {rule}: " in line for line in run.stopped())


def test_a_repair_is_counted_found_and_keeps_the_original(study):
    repairs = [
        {"column": "pain_max", "when": {"pain_max": "0", "headache": "1"}, "becomes": "", "reason": "not asked then"}
    ]
    days = "P1,1,1,0,0,0\nP1,2,0,0,0,0\nP1,3,1,0,4,0\n"
    run = study({"diary": {**DIARY, "repairs": repairs}}, {"diary": DAYS + days}).run()
    assert run.found("repaired") == [("diary", 2, "pain_max", "0")]
    (made,) = store.read_csv(run.folder / "repairs.csv")
    assert made["cells"] == "1" and made["change"] == "becomes missing where pain_max is 0 and headache is 1"
    assert run.table("diary")["pain_max"].fillna(-1).tolist() == [-1, 0, 4]
    assert run.table("gaps")["says"].tolist() == ["repaired: not asked then"]


def test_a_finding_at_a_repaired_cell_shows_the_original(study):
    repairs = [{"column": "pain_max", "when": {"pain_max": "nil"}, "becomes": "none", "reason": "a word for a number"}]
    run = study({"diary": {**DIARY, "repairs": repairs}}, {"diary": DAYS + "P1,1,1,0,nil,0\n"}).run()
    assert run.found("type") == [("diary", 2, "pain_max", "nil")]


@pytest.mark.parametrize(
    ("texts", "formats", "wanted"),
    [
        (["13/05/2023", "03/04/2023"], {}, ["2023-05-13", "2023-04-03"]),
        (["05/13/2023", "03/04/2023"], {}, ["2023-05-13", "2023-03-04"]),
        (["03/04/2023", "04/04/2023"], {"date": "DMY"}, ["2023-04-03", "2023-04-04"]),
        (["03/04/2023", "04/04/2023"], {"date": "MDY"}, ["2023-03-04", "2023-04-04"]),
        (["1.2.2023", "13.2.2023"], {}, ["2023-02-01", "2023-02-13"]),
        (["2023/2/1", "5 Mar 2023"], {}, ["2023-02-01", "2023-03-05"]),
        (["04/04/2023"], {}, ["2023-04-04"]),
        (["2023-04-03 10:30", "2023-04-04T09:00:01", "2023-04-05"], {}, ["2023-04-03", "2023-04-04", "2023-04-05"]),
        (["13/05/2023 10:30", "03/04/2023"], {}, ["2023-05-13", "2023-04-03"]),
    ],
)
def test_the_order_of_day_and_month_is_settled_by_the_column_or_by_the_plan(texts, formats, wanted):
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", "date")))
    work = check_texts(table, {"c": texts, "n": [*"abcdefg"[: len(texts)]]}, formats={"c": formats} if formats else {})
    assert work.findings == [] and dates_as_text(work.frame, table)["c"].tolist() == wanted


@pytest.mark.parametrize(
    ("texts", "formats", "wanted"),
    [
        (["1,54", "52,3"], {}, [1.54, 52.3]),
        (["1.234,5", "2,25"], {}, [1234.5, 2.25]),
        (["1,234.5", "2.25"], {}, [1234.5, 2.25]),
        (["1,234", "2,345"], {"decimal": ","}, [1.234, 2.345]),
        (["1,234", "2,345"], {"thousands": ","}, [1234, 2345]),
        (["1 234,5", "2"], {"decimal": ",", "thousands": " "}, [1234.5, 2]),
        (["1\u202f234,5", "1\u00a0000"], {"decimal": ",", "thousands": " "}, [1234.5, 1000]),
        (["12,5", "1.234,5", "7", "1.234", "0,25", "100"], {}, [12.5, 1234.5, 7, 1234, 0.25, 100]),
        (["12,5", "3,25", "1.500"], {}, [12.5, 3.25, 1500]),
    ],
)
def test_decimal_and_thousands_marks_are_settled_by_the_column_or_by_the_plan(texts, formats, wanted):
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", "number")))
    work = check_texts(table, {"c": texts, "n": [*"abcdefg"[: len(texts)]]}, formats={"c": formats} if formats else {})
    assert work.findings == [] and work.frame["c"].tolist() == wanted


def test_the_mark_of_most_cells_stands_and_the_others_are_findings():
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", "number")))
    work = check_texts(table, {"c": ["12,5", "12.5", "3", "4,5", "2,5"], "n": [*"abcde"]})
    assert [(f.rule, f.line, f.value) for f in work.findings] == [("decimal_mark", 3, "12.5")]
    assert work.frame["c"].fillna(-1).tolist() == [12.5, -1, 3, 4.5, 2.5]


def test_each_file_settles_its_own_way_of_writing_and_the_decision_is_kept(tmp_path):
    run = trial(lambda *a, **k: Study(tmp_path, *a, **k), slots="P1,1,A,1,OMT,13/05/2023\n")
    path = "data/raw/small/more.csv"
    (run.root / path).write_text(SLOTS + "P2,2,A,1,sham,05/14/2023\n", encoding="utf-8")
    run.exports.append(Export(9, "small", "e9", "allocation", path, "", "", "", "received", "", "", ""))
    run.run()
    assert run.table("allocation")["allocated_on"].tolist() == ["2023-05-13", "2023-05-14"]
    decisions = store.read_json(run.folder / "decisions.json")
    assert decisions["data/raw/small/allocation.csv"]["dates in allocated_on"].startswith("day before month")
    assert decisions[path]["dates in allocated_on"].startswith("month before day")


def test_rows_of_other_forms_are_out_of_scope(study):
    run = study({"diary": {**DIARY, "rows": {"headache": ["1", ""]}}}, {"diary": DAYS + DAY + "P1,2,0,0,0,0\n"}).run()
    assert run.counts("diary") == (2, 1, 0, 1)
    assert store.read_csv(run.folder / "conservation.csv")[0]["reasons"] == "other headache: 1"


# what tables and files must not do to each other


def test_two_ways_of_reading_one_export_keep_all_places(study):
    signals = {"source": "plates", "reader": "softmax", "options": {"part": "signals"}, "unit": ["plate", "well"]}
    for tables in (
        {"plate_signals": signals, "plate_groups": GROUPS},
        {"plate_groups": GROUPS, "plate_signals": signals},
    ):
        run = study(tables, {"plates": PLATE}).run()
        keys = {*run.table("plate_signals")["key"], *run.table("plate_groups")["key"], *run.table("quarantine")["key"]}
        assert set(run.table("places")["key"]) == keys and len(keys) == 98


def test_a_key_is_never_written_with_two_places():
    place = {"export": "data/raw/s/t.csv", "part": "", "first_line": 2, "last_line": 2, "column": ""}
    twice = pandas.DataFrame([{"key": 7, **place}] * 2)
    assert _places([], twice).to_dict("records") == [{"key": 7, **place}]  # one row that two tables read
    with pytest.raises(AssertionError, match="one key names two places"):
        _places([], twice.assign(first_line=[2, 3]))


def test_a_bad_batch_takes_no_good_row_for_its_copy(tmp_path):
    second = DAYS.replace("pain_max", "pain").encode() + DAY.encode()
    run = batches(tmp_path, second).run()
    assert run.table("diary")["key"].tolist() == [key_of(2, 1)] and run.found("duplicate_row") == []


def test_the_values_of_a_withheld_column_stand_nowhere(study, capsys):
    days = "anna.meier3@example.org,1,1,0,99,0\nanna.meier4@example.org,1,7,0,1,0\n"
    run = study({"diary": DIARY | {"unit": ["study_day", "participant_id"]}}, {"diary": DAYS + days})
    lines = run.stopped()
    assert run.found("identifier") and run.found("range")
    everything = "".join(lines) + capsys.readouterr().err + run.findings_path.read_text(encoding="utf-8")
    assert "example.org" not in everything


def test_codes_that_are_answers_cannot_stand_for_missing_ones(study):
    hit6 = {"reader": "delimited"}
    (line,) = study(
        {"satisfaction": hit6}, {"satisfaction": "unit_id,visit,satisfaction\n"}, missing_codes={"3": "x"}
    ).stopped()
    assert line == "plan of small: tables.satisfaction: missing_codes: '3' is a value that satisfaction may have"


def test_a_repair_settles_what_the_reader_doubts_and_may_mend_an_event(study):
    repairs = [
        {
            "column": "redcap_event_name",
            "when": {"redcap_event_name": "bb"},
            "becomes": "b",
            "reason": "a slip of the site",
        }
    ]
    run = study(
        {"demographics": FORM | {"repairs": repairs}}, {"demographics": REDCAP + "1,bb,,,2024-01-01,30,1,2\n"}
    ).run()
    assert run.counts("demographics") == (1, 1, 0, 0) and run.found("text_unmatched") == []


def test_one_placeholder_does_not_unsettle_the_order_of_the_dates():
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", "date")))
    texts = [f"{day}/05/2024" for day in range(14, 24)] + ["99/99/9999"]
    work = check_texts(table, {"c": texts, "n": [str(n) for n in range(len(texts))]})
    assert [(f.rule, f.line) for f in work.findings] == [("type", 12)]


def test_a_day_that_its_month_does_not_have_is_said_to_be_none():
    table = declared_table("row", ("n",), (declared_column("n", "text"), declared_column("c", "date")))
    texts = [*(f"{day}.05.2024" for day in range(14, 24)), "31.04.2024", "30.02.2024", "99.05.2024"]
    work = check_texts(table, {"c": texts, "n": [str(n) for n in range(len(texts))]})
    said = {f.line: f.expected for f in work.findings if f.rule == "type"}
    assert said[12] == said[13] == "a day of the calendar: the month of this date has no such day"
    assert "YYYY-MM-DD" in said[14]


def test_what_one_file_declares_missing_binds_no_other_file(tmp_path):
    def sav(name, **more):
        frame = pandas.DataFrame({"unit_id": ["P1", "P2"], "visit": ["b", "b"], "satisfaction": [4.0, 5.0]})
        pyreadstat.write_sav(frame, tmp_path / name, **more)
        return (tmp_path / name).read_bytes()

    first = sav("a.sav", missing_ranges={"satisfaction": [5.0]})
    second = sav("b.sav").replace(b"P1", b"P3").replace(b"P2", b"P4")
    run = Study(tmp_path, {"satisfaction": {"reader": "statistical"}}, {"satisfaction": first})
    path = "data/raw/small/second.sav"
    (run.root / path).write_bytes(second)
    run.exports.append(Export(9, "small", "e9", "satisfaction", path, "", "", "", "received", "", "", ""))
    run.run()
    values = run.table("satisfaction").set_index("unit_id")["satisfaction"].fillna(-1)
    assert values.to_dict() == {"P1": 4, "P2": -1, "P3": 4, "P4": 5}
    assert [file for file, *_ in run.found("coded_missing")] == ["satisfaction"]


def test_a_table_may_have_missing_codes_of_its_own(study):
    codes = {"-99": "not done"}
    tables = {"allocation": ALLOCATION, "diary": DIARY | {"missing_codes": {"-7": "refused"}}}
    run = study(
        tables, {"allocation": SLOTS + P1, **days("P1,1,1,0,-7,0\nP1,2,1,0,-99,0\n")}, missing_codes=codes
    ).run()
    assert run.found("coded_missing") == [("diary", 2, "pain_max", "-7")]
    assert run.found("range") == [("diary", 3, "pain_max", "-99")]
    assert run.table("gaps")["says"].tolist() == ["refused", "quarantined: range"]
    none = {"diary": DIARY | {"missing_codes": {}}}
    assert study(none, days("P1,1,1,0,-99,0\n"), missing_codes=codes).run().found("coded_missing") == []
    (line,) = study({"diary": DIARY | {"missing_codes": {"1": "no"}}}, days(DAY)).stopped()[:1]
    assert "missing_codes: '1' is a value that acute_medication may have" in line

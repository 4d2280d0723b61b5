"""The query list: ids that survive a new version, states across runs, answers, and files that are safe to open."""

import io
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from omtrace import store
from omtrace.faults import Fault
from omtrace.intake import queries as module
from omtrace.intake import query_log
from omtrace.intake.queries import print_listing, queries
from omtrace.intake.query_files import HEADER
from omtrace.intake.query_log import path_of, read_queries
from omtrace.model.register import Export, write_register

FINDINGS = (
    "severity",
    "rule",
    "file",
    "part",
    "line",
    "column",
    "table",
    "value",
    "expected",
    "key",
    "unit",
    "visit",
    "fix",
)
FILE, NEWER = "data/raw/trial/forms.csv", "data/raw/trial/forms_2.csv"
LIST = "logs/trial/queries.csv"


def finding(**told):
    """A finding of a HIT-6 item out of its bounds."""
    usual = {
        "severity": "quarantine",
        "rule": "range",
        "file": FILE,
        "part": "",
        "line": "5",
        "column": "hit6_1",
        "table": "hit6",
        "value": "77",
        "expected": "1 to 5",
        "key": "3:4",
        "unit": "P01",
        "visit": "baseline",
        "fix": "ask the site",
    }
    return {**usual, **told}


WHOLE = {"unit": "", "visit": "", "key": "", "value": ""}


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Site(monkeypatch)


class Site:
    """A study whose findings, day and returned lists the test sets."""

    def __init__(self, monkeypatch):
        self.day = datetime(2026, 3, 1, 12, tzinfo=UTC)
        monkeypatch.setattr(query_log, "now", lambda: self.day.isoformat(timespec="seconds"))
        self.register(FILE)

    def register(self, *paths):
        told = ("", "", "0" * 64, "received", "", "", "")
        write_register(
            [
                Export(n, "trial", "forms", "forms", path, *told, replaces=str(n - 1) if n > 1 else "")
                for n, path in enumerate(paths, 1)
            ]
        )

    def run(self, *findings, answers=""):
        """Query id -> row of the list, after a validation with these findings, a day later than the last."""
        columns = [*FINDINGS, *(["row"] if any("row" in f for f in findings) else [])]
        store.write_csv("logs/trial/findings.csv", columns, [[f.get(c, "") for c in columns] for f in findings])
        self.day += timedelta(days=1)
        self.listing = queries("trial", answers)
        return {row["query"]: row for row in store.read_csv(LIST)}

    def one(self, *findings, answers=""):
        (row,) = self.run(*findings, answers=answers).values()
        return row

    def answer(self, rows, path="returned.csv", **answers):
        """The list as it comes back: query id (with _ for -) -> answer."""
        told = {name.replace("_", "-"): text for name, text in answers.items()}
        rows = [{**row, "answer": told.get(row["query"], row["answer"])} for row in rows]
        store.write_csv(path, HEADER, [[row[c] for c in HEADER] for row in rows])
        return path


def answered(row, text):
    return {row["query"].replace("-", "_"): text}


def refused(site, findings, path):
    """The lines of the Fault; nothing may have changed."""
    files = [LIST, "logs/trial/queries.xlsx", path_of("trial")]
    before = [Path(f).read_bytes() for f in files]
    with pytest.raises(Fault) as caught:
        site.run(*findings, answers=path)
    assert [Path(f).read_bytes() for f in files] == before
    return caught.value.lines


# what becomes a query


def test_every_severity_but_a_note_is_a_query(site):
    rows = site.run(
        finding(),
        finding(severity="note", column="a"),
        finding(severity="warn", column="b", key="3:9"),
        finding(severity="stop", column="c"),
    )
    assert [row["severity"] for row in rows.values()] == ["stop", "quarantine", "warn"]
    row = next(r for r in rows.values() if r["severity"] == "quarantine")
    assert [row[c] for c in HEADER[1:]] == [
        "open",
        "quarantine",
        "range",
        FILE,
        "",
        "5",
        "hit6_1",
        "P01",
        "baseline",
        "",
        "77",
        "1 to 5",
        "ask the site",
        "2026-03-02",
        "",
        "",
        "",
    ]
    assert site.listing.counts == {"re-opened": 0, "open": 3, "answered": 0, "closed": 0} and site.listing.new == 3


def test_an_id_is_ten_hex_digits_of_what_the_finding_is_about(site):
    rows = site.run(finding())
    assert list(rows) == [
        "Q-" + module.digest_of([json.dumps(["trial", "hit6", "P01", "baseline", "", "hit6_1", "range", 1])], 10)
    ]
    for column in ("table", "unit", "visit", "column", "rule"):
        assert set(site.run(finding(**{column: "other"}))) - set(rows)


def test_lines_numbers_values_and_severities_do_not_change_an_id(site):
    first = site.one(finding())
    again = site.one(finding(line="9", key="8:8", value="78", severity="warn", expected="1 to 6", fix="x"))
    assert again["query"] == first["query"] and again["state"] == "open"
    assert (again["line"], again["value"], again["first_seen"]) == ("9", "78", "2026-03-02")
    assert site.listing.new == 0


def test_a_query_survives_a_new_version_of_the_export(site):
    faulty = finding(rule="row_width", unit="", visit="", column="")
    rows = site.run(finding(), faulty)
    site.register(FILE, NEWER)
    later = site.run(finding(file=NEWER, line="6", key="9:5"), {**faulty, "file": NEWER, "line": "8", "key": "9:7"})
    assert set(later) == set(rows) and {r["state"] for r in later.values()} == {"open"}
    assert {r["file"] for r in later.values()} == {NEWER}


def test_further_keys_of_the_row_tell_findings_apart(site):
    days = [finding(row=f"study_day={n}", key=f"3:{n}", line=str(n), value="12") for n in (3, 5)]
    rows = site.run(*days)
    third, fifth = rows
    assert len(rows) == 2 and rows[fifth]["row"] == "study_day=5"
    path = site.answer(rows.values(), **answered(rows[third], "confirmed"))
    site.run(*days, answers=path)
    rows = site.run(days[1])
    assert (rows[third]["state"], rows[fifth]["state"], rows[fifth]["answer"]) == ("closed", "open", "")


def test_equal_findings_are_told_apart_by_value_then_by_order(site):
    rows = site.run(*(finding(value=v, key=f"3:{v}", line=v) for v in ("11", "12", "13")))
    ids = {row["value"]: name for name, row in rows.items()}
    assert len(ids) == 3
    later = site.run(*(finding(value=v, key=f"9:{v}", line=v) for v in ("13", "12")))
    assert {name: row["state"] for name, row in later.items()} == {
        ids["11"]: "closed",
        ids["12"]: "open",
        ids["13"]: "open",
    }
    assert later[ids["13"]]["value"] == "13" and site.listing.new == 0


def test_what_several_tables_find_in_one_cell_is_one_query(site):
    tables = [finding(**{**WHOLE, "rule": "unreadable", "column": "", "table": t, "severity": "stop"}) for t in "abc"]
    assert len(site.run(*tables)) == 1
    rows = [
        finding(rule="duplicate_row", column="id", table=t, line=n, key=f"3:{n}", visit="v" + n)
        for t in "ab"
        for n in "67"
    ]
    before = {name for name, row in site.run(*rows).items() if row["rule"] == "duplicate_row"}
    assert len(before) == 2
    after = site.run(*reversed(rows))  # now another table comes first
    assert {name for name, row in after.items() if row["rule"] == "duplicate_row" and row["state"] == "open"} == before
    last = site.run(*rows[2:])
    assert len({name for name, row in last.items() if row["state"] == "open"}) == 2


def test_two_meanings_of_one_id_are_never_merged(site, monkeypatch):
    monkeypatch.setattr(module, "digest_of", lambda *_: "0123456789")
    with pytest.raises(AssertionError, match="two queries have the id Q-0123456789"):
        site.run(finding(), finding(column="hit6_2"))
    assert not path_of("trial").exists()


# states


def test_a_query_is_open_then_answered_then_closed(site):
    row = site.one(finding())
    path = site.answer([row], **answered(row, "confirmed with the patient"))
    row = site.one(finding(), answers=path)
    assert (row["state"], row["answer"], row["answered_on"]) == ("answered", "confirmed with the patient", "2026-03-03")
    assert site.one(finding())["state"] == "answered"
    row = site.one()
    assert (row["state"], row["answer"], row["value"], row["unit"]) == (
        "closed",
        "confirmed with the patient",
        "",
        "P01",
    )
    assert site.listing.counts == {"re-opened": 0, "open": 0, "answered": 0, "closed": 1}


def test_an_answered_query_is_re_opened_by_another_value(site):
    row = site.one(finding())
    site.one(finding(), answers=site.answer([row], **answered(row, "confirmed")))
    row = site.one(finding(value="78"))
    assert (row["state"], row["answer"], row["answered_on"], row["earlier_answer"]) == (
        "re-opened",
        "",
        "",
        "confirmed",
    )
    assert site.one(finding(value="78"))["state"] == "re-opened"
    row = site.one(finding(value="78"), answers=site.answer([row], **answered(row, "typed again")))
    assert (row["state"], row["answer"], row["earlier_answer"]) == ("answered", "typed again", "confirmed")


def test_a_closed_query_is_re_opened_when_it_comes_back(site):
    site.one(finding())
    site.one()
    row = site.one(finding())
    assert (row["state"], row["first_seen"]) == ("re-opened", "2026-03-02") and site.listing.new == 0


def test_what_a_run_could_not_look_at_stays_as_it_was(site):
    def states(*findings):
        return {r["column"]: r["state"] for r in site.run(*findings).values() if r["rule"] == "range"}

    states(finding(), finding(column="hit6_2"), finding(table="msq", column="msq_1", line="6"))
    missing = finding(**{**WHOLE, "rule": "column_missing", "severity": "stop", "column": "hit6_1"})
    assert states(missing) == {"hit6_1": "open", "hit6_2": "closed", "msq_1": "closed"}
    unreadable = finding(**{**WHOLE, "rule": "unreadable", "severity": "stop", "column": ""})
    assert states(unreadable) == {"hit6_1": "open", "hit6_2": "closed", "msq_1": "closed"}
    assert states({**unreadable, "severity": "warn"}) == {"hit6_1": "closed", "hit6_2": "closed", "msq_1": "closed"}


def test_the_memory_only_grows_and_holds_no_value(site):
    secret = "a very rare value"
    row = site.one(finding(value=secret))
    first = path_of("trial").read_bytes()
    site.one(finding(value=secret))
    assert path_of("trial").read_bytes() == first
    site.one(finding(value=secret), answers=site.answer([row], **answered(row, "so it was")))
    site.one()
    content = path_of("trial").read_bytes()
    assert content.startswith(first) and secret.encode() not in content and b"so it was" in content
    assert [json.loads(line)["state"] for line in content.splitlines()] == ["open", "answered", "closed"]


def test_digests_of_one_value_differ_from_query_to_query(site):
    site.run(finding(), finding(column="hit6_2"))
    assert len({query.digest for query in read_queries("trial").values()}) == 2


def test_a_damaged_memory_is_a_fault_by_line(site):
    site.one(finding())
    good = path_of("trial").read_bytes()
    for line in (
        b"{torn",
        b"[]",
        b'{"query": "Q-1", "state": "open", "time": "x"}',
        good.replace(b'"open"', b'"odd"').strip(),
    ):
        path_of("trial").write_bytes(good + line + b"\n")
        with pytest.raises(Fault, match="line 2: cannot be read"):
            queries("trial")


def test_a_full_disk_leaves_the_memory_whole(site, monkeypatch):
    site.one(finding())
    before = path_of("trial").read_bytes()
    real = query_log.os.write
    monkeypatch.setattr(query_log.os, "write", lambda handle, content: real(handle, content[:9]))
    with pytest.raises(OSError, match="not written whole"):
        query_log.append("trial", [{"query": "Q-1"}])
    assert path_of("trial").read_bytes() == before


# answers


def returned(site, rows, kind, edit=lambda row: row):
    """The list as a site returns it: the workbook, or the CSV as a German or English spreadsheet saves it."""
    rows = [edit(dict(row)) for row in rows]
    if kind == "xlsx":
        book = openpyxl.load_workbook("logs/trial/queries.xlsx")
        sheet = book.active
        at = {row[0].value: row[0].row for row in sheet.iter_rows(min_row=2)}
        for row in rows:
            sheet.cell(at[row["query"]], HEADER.index("answer") + 1).value = row["answer"] or None
        book.save("returned.xlsx")
        return "returned.xlsx"
    cells = [[store.safe_cell(row[c]).replace('"', '""') for c in HEADER] for row in rows]
    quoted = [";".join(f'"{cell}"' for cell in texts) for texts in cells]
    with open("returned.csv", "wb") as file:
        file.write("\r\n".join([";".join(HEADER), *quoted, ""]).encode("cp1252"))
    return "returned.csv"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "value", ["77", "=1+1", "-3", "-x", " 7\u00a08 ", "'=x", "@a", "two\nlines", "x" * 900, "1e5", "007", "é"]
)
def test_a_list_comes_back_from_a_spreadsheet(site, kind, value):
    (row,) = site.run(finding(value=value)).values()
    row = site.one(finding(value=value), answers=returned(site, [row], kind, lambda r: {**r, "answer": "ça va\nbien"}))
    assert (row["state"], row["answer"]) == ("answered", "ça va bien")
    again = site.one(finding(value=value), answers=returned(site, [row], kind))  # unchanged: nothing new
    assert again == row


def test_an_answer_may_be_corrected(site):
    row = site.one(finding())
    row = site.one(finding(), answers=site.answer([row], **answered(row, "yes")))
    row = site.one(finding(), answers=site.answer([row], **answered(row, "no")))
    assert (row["state"], row["answer"], row["answered_on"]) == ("answered", "no", "2026-03-04")


def test_answers_that_do_not_fit_are_told_all_at_once_and_none_is_taken(site):
    findings = [finding(column=f"hit6_{n}", key=f"3:{n}") for n in range(1, 7)]
    rows = list(site.run(*findings).values())
    rows = list(site.run(*findings[1:]).values())
    closed = next(r for r in rows if r["state"] == "closed")
    edited = [{**r, "answer": "secret text"} for r in rows if r["state"] == "open"]
    edited[0]["query"] = "Q-0000000000"
    edited[1]["query"] = "secret name"
    edited[2]["unit"] = "P99"
    edited[3]["value"] = "3"
    double = {**edited[4], "answer": "another"}
    site.answer([*edited, double, {**closed, "answer": "late"}])
    lines = refused(site, findings[1:], "returned.csv")
    for line, says in zip(
        lines,
        [
            "returned.csv: line 2: column query: not the id of a query of trial",
            "returned.csv: line 3: column query: not the id of a query of trial",
            f"returned.csv: line 4: {edited[2]['query']}: column unit: not that of the query",
            f"returned.csv: line 5: {edited[3]['query']}: column value: not what the last run found",
            f"returned.csv: line 7: {edited[4]['query']} stands twice, with different answers",
            f"returned.csv: line 8: {closed['query']} is closed: it was not found any more",
            "no answer was taken in",
        ],
        strict=True,
    ):
        assert line.startswith(says), line
        assert "secret" not in line and "P99" not in line


def test_a_list_that_is_none_is_a_fault(site):
    site.one(finding())
    for content, says in (
        (b"query,answer\nQ-1,x\n", "no column rule, column, unit, visit, row, value"),
        (b"", "empty"),
        (b"PK\x03\x04damaged", "returned.csv: "),
        (",".join(HEADER).encode() + b"\nQ-1\n", "row_width"),
    ):
        with open("returned.csv", "wb") as file:
            file.write(content)
        assert says in "\n".join(refused(site, [finding()], "returned.csv"))
    assert "not readable" in refused(site, [finding()], "nothing.csv")[0]
    os.mkfifo("pipe.csv")
    assert "not readable" in refused(site, [finding()], "pipe.csv")[0]


# files


def test_the_workbook_holds_text_only_and_is_laid_out(site):
    values = ["=1+1", "+1", "-1", "@x", "\t=x", "1.50", "2024-01-02", "bell \x07"]
    rows = site.run(*(finding(value=v, column=f"c{n}") for n, v in enumerate(values)))
    sheet = openpyxl.load_workbook("logs/trial/queries.xlsx").active
    cells = list(sheet.iter_rows())
    assert [c.value for c in cells[0]] == list(HEADER)
    assert {c.data_type for row in cells for c in row if c.value is not None} == {"s"}
    assert [[c.value or "" for c in row] for row in cells[1:]] == [[row[c] for c in HEADER] for row in rows.values()]
    assert {c.number_format for row in cells for c in row} == {"@"}
    assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref == f"A1:R{len(rows) + 1}"
    answer = [c for c in cells[1] if not c.protection.locked]
    assert [HEADER[c.column - 1] for c in answer] == ["answer"] and sheet.protection.sheet
    assert answer[0].fill.fgColor.rgb.endswith("FFF2CC") and answer[0].alignment.wrap_text
    assert sheet.column_dimensions["P"].width > 40


def test_the_csv_holds_no_formula(site):
    site.run(*(finding(value=v, column=f"c{n}") for n, v in enumerate(["=1+1", "+x", "-x", "@x"])))
    text = Path(LIST).read_text(encoding="utf-8")
    assert all(f",'{value}," in text for value in ("=1+1", "+x", "-x", "@x"))


def test_the_same_list_gives_the_same_bytes_and_no_time(site):
    def made():
        return [Path(path).read_bytes() for path in (LIST, "logs/trial/queries.xlsx")]

    site.run(finding())
    before = made()
    site.run(finding())
    assert made() == before
    with zipfile.ZipFile(io.BytesIO(before[1])) as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = book.read("docProps/core.xml").decode()
    assert "1980-01-01T00:00:00Z" in core and "202" not in core and "openpyxl" not in core


def test_an_empty_list_is_a_list(site):
    assert site.run() == {} and openpyxl.load_workbook("logs/trial/queries.xlsx").active.max_row == 1
    assert not path_of("trial").exists()


def test_findings_that_are_missing_or_older_than_the_register_are_faults(site):
    with pytest.raises(Fault, match="logs/trial/findings.csv: missing; run snakemake trial first"):
        queries("trial")
    site.one(finding())
    site.register(FILE, NEWER)
    with pytest.raises(Fault, match=f"older than the register: {FILE} was replaced; run snakemake trial"):
        queries("trial")


def test_the_command_prints_counts_and_paths_but_no_value(site, capsys):
    site.one(finding(value="secret"))
    print_listing(queries("trial"), "trial")
    assert capsys.readouterr().out.splitlines() == [
        "trial: 0 re-opened, 1 open, 0 answered, 0 closed (0 new)",
        "logs/trial/queries.csv (confidential)",
        "logs/trial/queries.xlsx (confidential)",
        "data/queries/trial.jsonl (confidential)",
    ]

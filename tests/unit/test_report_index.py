"""The index of all studies and the pages of their checks: what they say, that nothing runs in them, and their bytes."""

import re

import pytest
from omtrace import store
from omtrace.intake.query_log import ABOUT, append, states_of
from omtrace.report.index import Entry, write_index
from omtrace.report.lineage import Step, drawn
from report_plan import IMAGE
from report_study import Study

QUERIES = {"demo": [{"state": "open", "rule": "range", "table": "forms", "first_seen": "2026-01-02"}] * 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    study = Study(root)
    findings = [("warn", "range", "f.csv", "forms", "item_01", "3"), ("note", "of_no_rule", "f.csv", "", "", "1")]
    header = ("severity", "rule", "file", "table", "column", "cells")
    store.write_csv(study.folder / "validated/findings.csv", header, findings)
    study.write()
    results = {f"results/demo/stages/{stage}.sha256": {"sha256": stage[0] * 64} for stage in ("validate", "render")}
    raw = {f"data/raw/demo/{n}.csv": {"sha256": "1" * 64} for n in range(9)}
    store.write_json(study.folder / "manifest.json", {"files": {"raw": raw, "results": results, "code": {}}})
    write_index([study.folder / "manifest.json", root / "x.jsonl"], QUERIES, root / "index.html", root / "validation")
    return root


def test_the_index_has_answers_states_and_links_to_each_page(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    abstract = store.read_json(folder / "results/demo/abstract.json")
    for answer in abstract["answers"]:
        for _, pieces in answer["said"][:2]:
            for piece in pieces:
                assert isinstance(piece, str) or f'href="demo/report.html#{piece[0]}">{piece[1]}<' in page
    assert "2 open" in page and "3 warned of, 1 noted" in page
    assert "demo/report.html" in page and "validation/demo.html" in page and "demo/dictionary/dictionary.html" in page
    assert IMAGE not in page and "<script" not in page and "default-src &#39;none&#39;" in page


def test_a_draft_is_said_to_be_one(folder, tmp_path):
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Draft" not in page
    study = Study(tmp_path)
    study.write(["plan.yaml:2: title: the title"])
    store.write_json(study.folder / "manifest.json", {"files": {}})
    write_index([study.folder / "manifest.json"], {}, tmp_path / "index.html", tmp_path / "validation")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Draft: 1 line of the plan is still open" in page and "Queries" not in page


def test_the_page_of_checks_has_a_row_of_each_rule_and_table_and_the_rules_that_found_nothing(folder):
    page = (folder / "validation/demo.html").read_text(encoding="utf-8")
    row = re.search(r'<tr><th scope="row"[^>]*><a href="#rule-range">.*?</tr>', page)[0]
    assert "warn" in row and "forms" in row and "item_01" in row and ">3<" in row and "2 open" in row
    assert "whole files" in page and "2026-01-02" in page and "rules found nothing" in page
    assert IMAGE not in page and "<script" not in page


def test_the_same_results_give_the_same_bytes_and_a_study_without_an_abstract_is_left_out(folder, tmp_path):
    manifests = [folder / "results/demo/manifest.json", tmp_path / "old/manifest.json"]
    store.write_json(manifests[1], {"files": {}})
    write_index(manifests, QUERIES, tmp_path / "index.html", tmp_path / "validation")
    assert (tmp_path / "index.html").read_bytes() == (folder / "index.html").read_bytes()
    assert [path.name for path in (tmp_path / "validation").iterdir()] == ["demo.html"]


def test_the_lineage_has_a_box_of_each_step_with_its_digest_and_counts_exports_beyond_a_few():
    image = str(drawn([(f"{n}<.csv", "a" * 64) for n in range(9)], [("lock", "b" * 64)], [Step("Records", "c" * 64)]))
    assert "4 more exports" in image and "<title>Records, sha256 " + "c" * 64 in image and "0&lt;.csv" in image
    steps = Entry("s", {}, {"files": {"results": {}}}, "d" * 64, ()).steps
    assert steps == [Step("Manifest", "d" * 64)]


def test_states_of_queries_come_from_their_log_alone(tmp_path):
    about = {**dict.fromkeys(ABOUT, ""), "rule": "range", "table": "forms"}
    append("demo", [{"time": "2026-01-02T03:04:05+00:00", "query": "Q-1", "state": "open", "about": about}], tmp_path)
    log = tmp_path / "data/queries/demo.jsonl"
    assert states_of([log, tmp_path / "results/other/manifest.json"]) == {"demo": QUERIES["demo"][:1]}


def test_the_page_of_checks_has_the_course_of_findings_over_the_runs(folder, tmp_path):
    runs = [{"range": n, "of_no_rule": 2} for n in (12, 12, 7)] + [{"range": 1000, "gone": 1}, {"range": 3}]
    manifest = folder / "results/demo/manifest.json"
    write_index([manifest], QUERIES, tmp_path / "index.html", tmp_path / "validation", {"demo": runs})
    page = (tmp_path / "validation/demo.html").read_text(encoding="utf-8")
    table = page[page.index('id="trend"') : page.index('id="queries"')]
    lines = re.findall(r'<tr><th scope="row".*?</tr>', table)
    rows = {re.search(r"(?:<code>|>)(\w+|All rules)(?:</code>|</th>)", line)[1]: line for line in lines}
    counts = {name: re.findall(r'class="num"[^>]*>([^<]*)<', row) for name, row in rows.items()}
    assert counts["range"] == ["12", "12", "7", "1\u202f000", "3"] and counts["gone"] == ["0", "0", "0", "1", "0"]
    assert counts["All rules"] == ["14", "14", "9", "1\u202f001", "3"]
    assert "997 fewer" in rows["range"] and "1 fewer" in rows["gone"]
    assert 'href="#rule-range"' in rows["range"] and "href" not in rows["gone"]
    assert "Cells found in 5 runs" in table and table.count("<rect") == 4 * 5
    write_index([manifest], QUERIES, tmp_path / "index.html", tmp_path / "validation", {"demo": runs * 2})
    page = (tmp_path / "validation/demo.html").read_text(encoding="utf-8")
    assert "the last 8 of 10 runs" in page and ">Run 3<" in page and ">Run 2<" not in page
    write_index([manifest], QUERIES, tmp_path / "index.html", tmp_path / "validation", {"demo": runs[:1]})
    assert "Every run in the ledger found the same" in (tmp_path / "validation/demo.html").read_text(encoding="utf-8")


def test_the_ledger_says_what_each_run_found(tmp_path):
    from omtrace.provenance import ledger

    for study, details in (
        ("demo", {"manifest": "1" * 64, "findings": {"range": 2}}),
        ("demo", {"manifest": "1" * 64}),  # of an earlier version
        ("other", {"manifest": "1" * 64, "findings": {}}),
        ("demo", {"manifest": "1" * 64, "findings": {"range": 2}}),  # the same again
        ("demo", {"manifest": "2" * 64, "findings": {"range": 1, "type": 3}}),
    ):
        ledger.append("run", study, details, tmp_path)
    assert ledger.findings_of_runs(tmp_path) == {"demo": [{"range": 2}, {"range": 1, "type": 3}], "other": [{}]}

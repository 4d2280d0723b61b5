"""``omtrace changes``: which earlier numbers a run changed, and why; the others are the same by digest."""

import gzip
import shutil

import pytest
from lineage_tree import build, write
from omtrace import store
from omtrace.audit import changes_table
from omtrace.audit.verify import verify
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.provenance import changes, ledger, manifest

STUDY = "tiny"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The tiny study, run once and kept."""
    home = build(tmp_path)
    plan = tmp_path / "config/studies/tiny.yaml"  # its table has no schema of its own
    mapped = "reader: delimited\n    schema: strata\n    columns: {site: score}"
    write(home, "config/studies/tiny.yaml", plan.read_text().replace("reader: delimited", mapped))
    manifest.record(STUDY, home)
    monkeypatch.chdir(tmp_path)
    assert home and changes.history_faults(STUDY, newest()) == []
    return tmp_path


def newest():
    """What the newest run line of the ledger says of the history."""
    return ledger.newest_run(STUDY)["details"]["history"]


def rerun(root, change):
    """The study as if run again, with its estimates changed; whether they were kept."""
    path = root / "results/tiny/estimates.csv"
    rows = store.read_csv(path)
    header = list(rows[0])
    rows = change(rows)
    store.write_csv(path, header, [[row[name] for name in header] for row in rows])
    manifest.record(STUDY, root)
    return newest()["before"] != newest()["after"]


def changed(**new):
    """A change of the first number."""
    return lambda rows: [{**rows[0], **new}, *rows[1:]]


def test_the_same_numbers_are_kept_once_and_a_first_run_changes_nothing(root):
    assert not rerun(root, lambda rows: rows)
    assert len((root / "data/history/tiny/index.jsonl").read_text().splitlines()) == 1
    with pytest.raises(Fault, match="no earlier numbers are kept"):
        changes.compared(STUDY)


@pytest.mark.parametrize(
    ("new", "cause"),
    [
        ({"definition": "0" * 16}, "plan: another definition"),
        ({"value": "1.25", "rowset": "0" * 16}, "rows: records of its row set are others"),
        ({"rowset": "0" * 16}, "rows: records of its row set are others"),
        ({"value": "1.25"}, "same rows and definition: unknown changed"),
    ],
)
def test_each_change_has_its_cause_and_everything_else_is_the_same(root, new, cause):
    count = len(store.read_csv(root / "results/tiny/estimates.csv"))
    assert rerun(root, changed(**new))
    (change,), same = changes.compared(STUDY)
    assert change.cause == cause and same == count - 1
    assert change.new == {**change.old, **new}


def test_new_exports_code_added_and_gone_numbers_are_told(root, capsys):
    register = root / "config/exports.csv"
    extra = root / "data/raw/tiny/scores_3.csv"
    extra.write_text("unit_id,score,remark\nP4,1,x\n", encoding="utf-8")
    assert main(["register", "--table", "scores", "data/raw/tiny/scores_3.csv"]) == 0
    capsys.readouterr()
    assert b"scores_3" in register.read_bytes()

    def change(rows):
        fresh = {**rows[-1], "id": "aaaaaaaaaaaa", "statistic": "sd"}
        return [{**rows[0], "value": "9", "rowset": "1" * 16}, *rows[1:-1], fresh]

    assert rerun(root, change)
    assert main(["changes", STUDY]) == 0
    out = capsys.readouterr().out
    assert out.startswith("tiny: 1 changed, 1 added, 1 gone, ")
    lines = out.splitlines()
    assert lines[1:3] == ["[1] rows: new files scores_3.csv", "    1 changed, in baseline"]
    assert any("-> 9 " in line and line.endswith("[1]") for line in lines) and "-> none" in out
    assert "aaaaaaaaaaaa" not in out  # a new number is counted; --all shows it
    assert main(["changes", STUDY, "--all"]) == 0
    assert "aaaaaaaaaaaa" in capsys.readouterr().out


def test_a_change_that_was_taken_back_is_told(root):
    first = store.read_csv(root / "results/tiny/estimates.csv")[0]["value"]
    shutil.rmtree(root / "data/history")  # begun anew, with the plan as it stays
    assert rerun(root, lambda rows: rows) and rerun(root, changed(value="1.25")) and rerun(root, changed(value=first))
    (change,), _ = changes.compared(STUDY)
    assert (change.old["value"], change.new["value"]) == ("1.25", first)


def test_a_changed_code_is_named(root):
    (root / "workflow/omtrace/extra.py").write_text("x = 1\n", encoding="utf-8")
    assert rerun(root, changed(value="1.25"))
    assert changes.compared(STUDY)[0][0].cause == "same rows and definition: code changed"


def test_what_is_kept_survives_the_results_and_does_not_grow_for_ever(root, monkeypatch):
    monkeypatch.setattr(changes, "KEPT", 3)
    for value in range(6):
        assert rerun(root, changed(value=str(value)))
    folder = root / "data/history/tiny"
    assert len(list(folder.glob("*.csv.gz"))) == 3 == len((folder / "index.jsonl").read_text().splitlines())
    assert changes.summary(STUDY).startswith("tiny: 1 changed, 0 added, 0 gone, ")
    (root / "results/tiny/estimates.csv").unlink()
    with pytest.raises(Fault, match="missing; run snakemake tiny"):
        changes.compared(STUDY)


def test_the_end_of_a_run_tells_what_the_runs_since_its_start_changed(root):
    since = ledger.count()
    assert changes.news(since) == []
    rerun(root, changed(value="1.25"))
    (line,) = changes.news(since)
    assert line.startswith("tiny: 1 changed, 0 added, 0 gone, ") and line.endswith("omtrace changes tiny")
    assert changes.news(ledger.count()) == []


def test_every_edit_of_what_is_kept_is_found(root):
    rerun(root, changed(value="1.25"))
    folder = root / "data/history/tiny"
    files = {path: path.read_bytes() for path in folder.iterdir()}
    assert sorted(path.suffixes[0] for path in files) == [".csv", ".csv", ".json", ".json", ".jsonl"]
    for path, content in files.items():
        name = path.relative_to(root).as_posix()
        for other in (content[:-1], content[:4] + b"x" + content[5:], gzip.compress(b"id\n"), b""):
            path.write_bytes(other)
            found = verify([STUDY], root=root).differences
            assert [(d.kind, d.path) for d in found] == [("history", name)], other
        path.unlink()
        assert [(d.path, d.what) for d in verify([STUDY], root=root).differences] == [(name, "missing")]
        path.write_bytes(content)
    write(root, "data/history/tiny/more.csv.gz", b"x")
    assert [d.what for d in verify([STUDY], root=root).differences] == ["unlisted"]
    (folder / "more.csv.gz").unlink()
    index = folder / "index.jsonl"
    index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(Fault, match="rm -r data/history/tiny to begin anew"):  # no run makes it look sound
        rerun(root, changed(value="2"))


def test_what_is_kept_and_cannot_be_read_is_told_in_a_line(root, capsys):
    rerun(root, changed(value="1.25"))
    folder = root / "data/history/tiny"
    first = next(path for path in folder.glob("*.csv.gz") if b"1.25" not in gzip.decompress(path.read_bytes()))
    packed = first.read_bytes()
    for content in (b"x", packed[:-9], packed[:20] + b"zzzz" + packed[24:], None):
        first.write_bytes(content) if content else first.unlink()
        assert main(["changes", STUDY]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"omtrace: data/history/tiny/{first.name}: missing, or cannot be read; put it back")
        assert changes.news(0) == []  # the end of a run says nothing of it; verify does
    for content in (b"{", b"[" * 100_000, b"[1]\n", b'{"estimates": "../../x"}\n', b"\xff"):
        (folder / "index.jsonl").write_bytes(content)
        with pytest.raises(Fault, match="data/history/tiny/index.jsonl: cannot be read; put it back"):
            changes.compared(STUDY)
        with pytest.raises(Fault, match="data/history/tiny/index.jsonl: "):
            manifest.record(STUDY, root)
        assert [d.kind for d in verify([STUDY], root=root).differences] == ["history"]
        assert changes.history_faults(STUDY, None, root)[0][2] == "cannot be read"


@pytest.mark.parametrize("step", ["ledger", "history", "manifest"])
def test_a_run_killed_before_any_of_its_writes_is_made_good_by_the_next(root, monkeypatch, step):
    class Killed(BaseException):
        pass

    def killed(*_, **__):
        raise Killed

    for value in ("1.25", "2.5", "2.5"):  # killed three times, with a changed plan between
        (root / "results/tiny/manifest.json").unlink(missing_ok=True)  # as Snakemake does before the job
        with monkeypatch.context() as kill:
            if step == "ledger":
                kill.setattr(ledger.os, "write", killed)
            elif step == "history":
                kill.setattr(changes.History, "write", killed)
            else:
                kill.setattr(manifest, "write_text", killed)
            with pytest.raises(Killed):
                rerun(root, changed(value=value))
        assert not (root / "results/tiny/manifest.json").exists()
        assert ("manifest", "missing") in {(d.kind, d.what) for d in verify([STUDY], root=root).differences}
    rerun(root, changed(value="7"))
    assert verify([STUDY], root=root).differences == []
    assert changes.compared(STUDY)[0][0].new["value"] == "7"


def test_a_history_from_before_the_ledger_named_it_is_taken_over(root):
    index = root / "data/history/tiny/index.jsonl"
    text = index.read_text(encoding="utf-8")
    start = text.index('"file"')
    older = text[:start] + text[text.index('"plan"') :]  # an entry had no digest of its file
    index.write_text(older, encoding="utf-8")
    for path in (root / "data").glob("ledger.*"):
        path.unlink()
    assert rerun(root, changed(value="1.25")) and verify([STUDY], root=root).differences == []
    first = next(path for path in index.parent.glob("*.csv.gz") if b"1.25" not in gzip.decompress(path.read_bytes()))
    for other in (gzip.compress(b"id\n"), first.read_bytes()[:-9], b"x"):
        first.write_bytes(other)
        assert [d.kind for d in verify([STUDY], root=root).differences] == ["history"]


def test_a_number_that_keeps_its_value_is_not_changed_whatever_its_rows(root, capsys):
    """A corrected file has another number, and with it every row set: only other values are changes."""
    count = len(store.read_csv(root / "results/tiny/estimates.csv"))
    assert count > 2

    def change(rows):
        return [{**row, "rowset": f"{at:016}"} | ({"value": "7"} if at == 1 else {}) for at, row in enumerate(rows)]

    assert rerun(root, change)
    assert changes.summary(STUDY) == (
        f"tiny: 1 changed, 0 added, 0 gone, {count - 1} numbers the same, of which {count - 1} rest on other rows or "
        "another definition"
    )
    assert changes.compared(STUDY)[0][0].kind == "changed"
    assert main(["changes", STUDY]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("->" in line for line in lines) == 1


def test_changed_numbers_of_primary_analyses_stand_first(root):
    path = root / "results/tiny/definitions.json"
    store.write_json(path, store.read_json(path) | {"d9": {"analysis": "later", "role": "primary"}})
    assert rerun(root, lambda rows: [*rows[:-1], {**rows[-1], "analysis": "later", "value": "6"}])
    assert rerun(root, lambda rows: [{**row, "value": "7"} for row in rows])
    found, _ = changes.compared(STUDY)
    assert len(found) > 1 and (found[0].role, found[0].new["analysis"]) == ("primary", "later")
    lines = [line for line in changes_table.lines_of(found, True, 100) if "->" in line]
    assert "(primary) later" in lines[0] and "(primary)" not in lines[-1]


@pytest.mark.parametrize("width", [60, 100, 180])
def test_the_table_of_changes_fits_the_terminal(width):
    row = {**dict.fromkeys(changes.NAMES, ""), "id": "a1b2c3d4e5f6", "analysis": "primary", "value": "-1.234567891"}
    old = row | {"parameter": "headache impact of the last month", "group": "OMT - sham", "statistic": "difference"}
    edits = "; ".join(f"analyses.primary.options.key_{n} {'x' * 90} -> [{'y' * 90}]" for n in range(9))
    found = [changes.Change(old, old | {"value": "2.5"}, f"plan: {edits}", "primary")]
    lines = list(changes_table.lines_of(found, False, width))
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "and 3 more keys (--json)" in text and "-1.234567891 -> 2.5  [1]" in text


def test_an_edit_of_the_plan_is_named_by_its_keys_with_both_values(root, capsys):
    path = root / "results/tiny/definitions.json"
    before = store.read_json(path)["d1"] | {"analysis": "means", "dataset": "people"}
    before |= {"parameters": {"score": {"derive": "score", "better": "higher"}}}
    store.write_json(path, {"d1": before})
    assert rerun(root, changed(value="1"))
    after = before | {
        "options": before["options"] | {"level": 0.9},
        "where": {"age": {"at_least": 18}},
        "parameters": {"score": {"derive": "score", "better": "lower"}, "age": {"derive": "column"}},
        "words": "Other words, and the same analysis.",
    }
    store.write_json(path, {"d2": after})
    plan = root / "config/studies/tiny.yaml"
    plan.write_text(plan.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    assert rerun(root, changed(value="1.25", definition="d2"))
    (change,) = (one for one in changes.compared(STUDY)[0] if one.kind == "changed")
    assert change.cause == (
        "plan: analyses.means.options.level 0.95 -> 0.9; "
        'datasets.people.parameters.score.better "higher" -> "lower"; '
        "datasets.people.populations.full.where.age.at_least absent -> 18"
    )
    assert main(["changes", STUDY]) == 0
    assert "analyses.means.options.level 0.95 -> 0.9" in capsys.readouterr().out

"""``python -m omtrace changes``: which earlier numbers a run changed, and why; the others are the same by digest."""

import pytest
from lineage_tree import build
from omtrace import store
from omtrace.__main__ import main
from omtrace.faults import Fault
from omtrace.lineage import changes, manifest

STUDY = "tiny"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The tiny study, run once and kept."""
    home = build(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert home and changes.keep(STUDY)
    return tmp_path


def rerun(root, change):
    """The study as if run again, with its estimates changed."""
    path = root / "results/tiny/estimates.csv"
    rows = store.read_csv(path)
    header = list(rows[0])
    rows = change(rows)
    store.write_csv(path, header, [[row[name] for name in header] for row in rows])
    manifest.record(STUDY, root)
    return changes.keep(STUDY, root)


def changed(**new):
    """A change of the first number."""
    return lambda rows: [{**rows[0], **new}, *rows[1:]]


def test_the_same_numbers_are_kept_once_and_a_first_run_changes_nothing(root):
    assert not changes.keep(STUDY)
    assert not rerun(root, lambda rows: rows)
    with pytest.raises(Fault, match="no earlier numbers are kept"):
        changes.compared(STUDY)


@pytest.mark.parametrize(
    ("new", "cause"),
    [
        ({"definition": "0" * 16}, "plan: another definition"),
        ({"value": "1.25", "rowset": "0" * 16}, "rows: records of its row set are others"),
        ({"rowset": "0" * 16}, "rows: records of its row set are others (the value is the same)"),
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
    assert "[rows: new exports 10]" in out and "-> 9 " in out and "-> none" in out
    assert "aaaaaaaaaaaa" not in out  # a new number is counted; --all shows it
    assert main(["changes", STUDY, "--all"]) == 0
    assert "aaaaaaaaaaaa" in capsys.readouterr().out


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

"""The manifest lists what it must, and refuses what does not fit."""

import hashlib
import json
import shutil

import pytest
from lineage_tree import FIRST, build, export, write
from omtrace.faults import Fault
from omtrace.model.register import write_register
from omtrace.provenance import manifest


def test_record_lists_every_file_with_its_digest(tmp_path):
    build(tmp_path)
    content = json.loads((tmp_path / "results/tiny/manifest.json").read_text())
    files = content["files"]
    assert content["format"] == 2 and content["study"] == "tiny"
    assert set(files["raw"]) == {"data/raw/tiny/scores_1.csv", "data/raw/tiny/scores_2.csv"}
    assert files["raw"]["data/raw/tiny/scores_1.csv"] == {
        "sha256": hashlib.sha256(FIRST).hexdigest(),
        "size": len(FIRST),
    }
    below = {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "results/tiny").rglob("*") if p.is_file()}
    assert set(files["results"]) == below - {"results/tiny/manifest.json"}
    assert set(files["code"]) == {
        "Snakefile",
        "workflow/Snakefile",
        "workflow/rules/validate.smk",
        "workflow/omtrace/code.py",
        "workflow/omtrace/report/page.html",
    }
    assert list(files["plan"]) == ["config/studies/tiny.yaml"]
    assert list(files["config"]) == ["config/config.yaml"]
    assert list(files["environment"]) == ["envs/requirements.lock"]
    write(tmp_path, "profiles/default/config.yaml", "cores: all\n")
    assert set(manifest.snapshot("tiny", tmp_path)["config"]) == {"config/config.yaml", "profiles/default/config.yaml"}
    assert [row["number"] for row in content["register"]] == [7, 9]


def test_record_is_the_same_bytes_wherever_and_whenever(tmp_path):
    one = build(tmp_path / "one")
    two = build(tmp_path / "two")
    first, second = ((root / "results/tiny/manifest.json").read_bytes() for root in (one, two))
    assert first == second
    assert manifest.record("tiny", one) == hashlib.sha256(first).hexdigest()
    assert (one / "results/tiny/manifest.json").read_bytes() == first


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("data/raw/tiny/scores_1.csv", "sha256 is"),
        ("data/raw/tiny/loose.csv", "not in the register"),
        ("results/tiny/.estimates.csv.x1.part", "left over"),
    ],
)
def test_record_refuses_what_does_not_fit(tmp_path, path, says):
    build(tmp_path)
    before = (tmp_path / "results/tiny/manifest.json").read_bytes()
    write(tmp_path, path, "other")
    with pytest.raises(Fault) as caught:
        manifest.record("tiny", tmp_path)
    assert len(caught.value.lines) == 1 and path in str(caught.value) and says in str(caught.value)
    assert (tmp_path / "results/tiny/manifest.json").read_bytes() == before


@pytest.mark.parametrize("path", ["config/studies/tiny.yaml", "envs/requirements.lock"])
def test_record_needs_plan_and_lock(tmp_path, path):
    build(tmp_path)
    (tmp_path / path).unlink()
    with pytest.raises(Fault, match="missing; restore it"):
        manifest.record("tiny", tmp_path)


def test_record_refuses_a_dead_link_and_an_export_not_retrieved(tmp_path):
    build(tmp_path)
    (tmp_path / "results/tiny/link.csv").symlink_to("nowhere")
    rows = manifest.read_register(tmp_path / "config/exports.csv")
    rows.append(export(12, "data/raw/tiny/far.csv", b"far", origin="retrieved"))
    write_register(rows, tmp_path / "config/exports.csv")
    with pytest.raises(Fault) as caught:
        manifest.record("tiny", tmp_path)
    assert "data/raw/tiny/far.csv: not retrieved yet; run snakemake" in caught.value.lines
    assert "results/tiny/link.csv: not a readable file" in caught.value.lines


def test_head_is_what_sha256sum_says_over_sorted_lines(tmp_path):
    build(tmp_path)
    write(tmp_path, "results/other/manifest.json", "{}\n")
    digests = {
        s: hashlib.sha256((tmp_path / f"results/{s}/manifest.json").read_bytes()).hexdigest() for s in ("tiny", "other")
    }
    lines = f"other {digests['other']}\ntiny {digests['tiny']}\n"
    assert manifest.head(["tiny", "other"], tmp_path) == hashlib.sha256(lines.encode()).hexdigest()
    assert manifest.head(["other", "tiny", "tiny"], tmp_path) == manifest.head(["tiny", "other"], tmp_path)
    with pytest.raises(Fault, match="results/third/manifest.json: missing"):
        manifest.head(["tiny", "third"], tmp_path)


def test_manifest_that_is_no_manifest_is_a_fault(tmp_path):
    build(tmp_path)
    path = tmp_path / "results/tiny/manifest.json"
    good = json.loads(path.read_text())
    bad = [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"1",
        b"[" * 100_000,
        json.dumps({**good, "format": 1}).encode(),
        json.dumps({**good, "folders": {"plans": "x"}}).encode(),
        json.dumps({**good, "folders": {**good["folders"], "raw": 1}}).encode(),
        json.dumps({**good, "study": "other"}).encode(),
        json.dumps({**good, "files": []}).encode(),
        json.dumps({**good, "files": {**good["files"], "raw": []}}).encode(),
        json.dumps({**good, "files": {}}).encode(),
        json.dumps({**good, "register": [1]}).encode(),
        json.dumps({**good, "register": [{"number": "7"}]}).encode(),
        json.dumps({**good, "more": 1}).encode(),
    ]
    for content in bad:
        path.write_bytes(content)
        with pytest.raises(Fault, match="results/tiny/manifest.json: "):
            manifest.read_manifest("tiny", tmp_path)
    shutil.rmtree(tmp_path / "results")
    with pytest.raises(Fault, match="missing"):
        manifest.read_manifest("tiny", tmp_path)


def test_record_refuses_results_that_were_changed_after_their_job(tmp_path):
    build(tmp_path)
    path = "results/tiny/estimates.csv"
    digest = hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()
    write(tmp_path, "results/tiny/stages/analyse.sha256", f"{digest}  estimates.csv\n")
    manifest.record("tiny", tmp_path)
    write(tmp_path, path, (tmp_path / path).read_bytes() + b"\n")
    with pytest.raises(Fault, match="changed after analyse had made it; rm -r results/tiny/estimates.csv, and run"):
        manifest.record("tiny", tmp_path)
    (tmp_path / "results/tiny/stages/analyse.sha256").unlink()
    manifest.record("tiny", tmp_path)  # a stage without a listing is not judged
    write(tmp_path, "results/tiny/stages/validate.sha256", f"{digest}  validated/lost.parquet\n")
    with pytest.raises(Fault, match="rm -r results/tiny/validated, and run snakemake again"):
        manifest.record("tiny", tmp_path)

"""Verify names every difference, and only differences."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lineage_tree import build, overwrite, write
from omtrace.audit.verify import studies_of, verdict_on, verify
from omtrace.cli import main
from omtrace.faults import Fault
from omtrace.provenance import ledger, manifest
from omtrace.provenance.closing import closing

MANIFEST = "results/tiny/manifest.json"
WAYS = ("flip", "truncate", "append", "delete", "rename", "add", "edit_quietly", "mirror")


def named(verdict):
    return {(d.kind, d.path, d.what) for d in verdict.differences}


def test_untouched_tree_has_no_differences(tmp_path):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path)
    for path in tmp_path.rglob("*"):
        os.utime(path, (1, 1))
    verdict = verify(["tiny"], head, tmp_path)
    assert verdict.differences == [] and head in verdict.remarks[0]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("data/raw/tiny/scores_1.csv", "raw"),
        ("results/tiny/estimates.csv", "results"),
        ("results/tiny/validated/places.parquet", "results"),
        ("Snakefile", "code"),
        ("workflow/Snakefile", "code"),
        ("workflow/rules/validate.smk", "code"),
        ("workflow/omtrace/report/page.html", "code"),
        ("config/config.yaml", "config"),
        ("profiles/default/config.yaml", "config"),
        ("config/studies/tiny.yaml", "plan"),
        ("envs/requirements.lock", "environment"),
    ],
)
def test_each_kind_changed_and_missing(tmp_path, path, kind):
    write(tmp_path, "profiles/default/config.yaml", "cores: all\n")
    build(tmp_path)
    file = tmp_path / path
    content = file.read_bytes()
    overwrite(file, b"studies: []\n" if kind == "config" and "profiles" not in path else content[:-1] + b"#")
    assert named(verify(["tiny"], root=tmp_path)) == {(kind, path, "changed")}
    file.unlink()
    assert named(verify(["tiny"], root=tmp_path)) == {(kind, path, "missing")}
    file.mkdir()
    assert named(verify(["tiny"], root=tmp_path)) >= {
        (kind, path, "missing" if kind in ("raw", "results", "code") and path != "Snakefile" else "changed")
    }
    file.rmdir()
    file.write_bytes(content)
    assert not verify(["tiny"], root=tmp_path).differences


def test_of_the_configuration_only_what_concerns_the_study_counts(tmp_path):
    build(tmp_path)
    config = tmp_path / "config/config.yaml"
    overwrite(config, b"# comment\nstudies: [other, tiny]\nretrieved: [far]\nmirror: /somewhere\nraw: data/raw\n")
    assert not verify(["tiny"], root=tmp_path).differences
    for text in (b"studies: [other]\n", b"studies: [tiny]\nraw: elsewhere\n"):
        overwrite(config, text)
        assert ("config", "config/config.yaml", "changed") in named(verify(["tiny"], root=tmp_path))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("data/raw/tiny/new.csv", "raw"),
        ("data/raw/tiny/.hidden", "raw"),
        ("results/tiny/figures/new.svg", "results"),
        ("results/tiny/.hidden", "results"),
        ("workflow/omtrace/new.py", "code"),
    ],
)
def test_unlisted_files(tmp_path, path, kind):
    build(tmp_path)
    write(tmp_path, path, "x")
    assert named(verify(["tiny"], root=tmp_path)) == {(kind, path, "unlisted")}


def test_several_differences_are_all_named(tmp_path):
    build(tmp_path)
    (tmp_path / "results/tiny/report.html").unlink()
    (tmp_path / "data/raw/tiny/scores_1.csv").rename(tmp_path / "data/raw/tiny/scores_3.csv")
    write(tmp_path, "Snakefile", "other")
    assert named(verify(["tiny"], root=tmp_path)) == {
        ("results", "results/tiny/report.html", "missing"),
        ("raw", "data/raw/tiny/scores_1.csv", "missing"),
        ("raw", "data/raw/tiny/scores_3.csv", "unlisted"),
        ("code", "Snakefile", "changed"),
    }


def test_links_to_folders_and_dead_links_are_seen(tmp_path):
    build(tmp_path)
    (tmp_path / "results/tiny/loop").symlink_to(tmp_path / "results")
    (tmp_path / "results/tiny/dead").symlink_to("nowhere")
    assert named(verify(["tiny"], root=tmp_path)) == {
        ("results", "results/tiny/loop", "unlisted"),
        ("results", "results/tiny/dead", "unlisted"),
    }


def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path):
    build(tmp_path)
    (tmp_path / "results/tiny/report.html").unlink()
    os.mkfifo(tmp_path / "results/tiny/report.html")
    assert named(verify(["tiny"], root=tmp_path)) == {("results", "results/tiny/report.html", "changed")}


def test_register_rows_of_the_study(tmp_path):
    build(tmp_path)
    register = tmp_path / "config/exports.csv"
    content = register.read_text()
    register.write_text(content.replace("2024-05-31,", "2024-06-01,", 1))
    (difference,) = verify(["tiny"], root=tmp_path).differences
    assert (difference.kind, difference.what, difference.note) == (
        "register",
        "changed",
        "row number 7: received_on",
    )
    register.write_text(content.replace("9,tiny,", "10,tiny,"))
    assert [(d.what, d.note) for d in verify(["tiny"], root=tmp_path).differences] == [
        ("missing", "row number 9"),
        ("unlisted", "row number 10"),
    ]
    register.write_text("garbage")
    assert {d.kind for d in verify(["tiny"], root=tmp_path).differences} == {"register"}
    register.unlink()
    assert {d.kind for d in verify(["tiny"], root=tmp_path).differences} == {"register"}


def test_rows_of_other_studies_do_not_matter(tmp_path):
    build(tmp_path)
    register = tmp_path / "config/exports.csv"
    row = register.read_text().splitlines()[-1].replace("tiny", "other").replace("9,", "11,", 1)
    register.write_text(register.read_text() + row + "\n")
    assert not verify(["tiny"], root=tmp_path).differences


def mirrored(root: Path, path: str, content: bytes) -> None:
    """Change a file and its entry in the manifest."""
    overwrite(root / path, content)
    known = json.loads((root / MANIFEST).read_text())
    kind = "raw" if path.startswith("data/") else "results"
    known["files"][kind][path] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    overwrite(root / MANIFEST, (json.dumps(known, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode())


def test_mirrored_edit_is_the_manifest_changed_and_nothing_else(tmp_path):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path)
    mirrored(tmp_path, "results/tiny/estimates.csv", b"id\n")
    for given in ("", head, "0" * 64):
        (difference,) = verify(["tiny"], given, tmp_path).differences
        assert (difference.kind, difference.path) == ("manifest", MANIFEST)
        assert "line 2 of data/ledger.jsonl names another" in difference.note
        assert "rm results/tiny/manifest.json && snakemake tiny" in difference.note


def test_line_of_the_ledger_is_used_and_named(tmp_path):
    build(tmp_path)
    first = (tmp_path / MANIFEST).read_bytes()
    write(tmp_path, "results/tiny/estimates.csv", "id\n")
    manifest.record("tiny", tmp_path)
    ledger.append("register", "tiny", {"added": []}, tmp_path)
    verdict = verify(["tiny"], root=tmp_path)
    stamp = ledger.newest_run("tiny", tmp_path)["time"]
    assert not verdict.differences
    assert verdict.remarks[0] == f"tiny: manifest as in line 3 of data/ledger.jsonl, of {stamp}"
    assert "found only by a digest kept elsewhere" in verdict.remarks[-1]
    (tmp_path / MANIFEST).write_bytes(first)  # that of an older run
    (difference,) = verify(["tiny"], root=tmp_path).differences
    assert difference.note.startswith("the one of line 2, but line 3 of data/ledger.jsonl names another")


def edits_of_a_manifest(good):
    """Name -> bytes: ways to change a manifest; ``good`` is what it holds."""
    path, raw = "results/tiny/estimates.csv", "data/raw/tiny/scores_1.csv"

    def text(content):
        return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()

    def changed(edit):
        content = json.loads(json.dumps(good))
        edit(content)
        return text(content)

    edits = {}
    for kind, name in (
        ("results", path),
        ("raw", raw),
        ("code", "Snakefile"),
        ("plan", "config/studies/tiny.yaml"),
        ("config", "config/config.yaml"),
        ("environment", "envs/requirements.lock"),
    ):
        edits[f"{kind}: digest"] = changed(lambda m, k=kind, n=name: m["files"][k][n].update(sha256="0" * 64))
        edits[f"{kind}: size"] = changed(lambda m, k=kind, n=name: m["files"][k][n].update(size=1))
        edits[f"{kind}: out"] = changed(lambda m, k=kind, n=name: m["files"][k].pop(n))
        edits[f"{kind}: path"] = changed(lambda m, k=kind, n=name: m["files"][k].update(x=m["files"][k].pop(n)))
    for kind in good["files"]:
        edits[f"{kind}: in"] = changed(lambda m, k=kind: m["files"][k].update(x={"sha256": "0" * 64, "size": 1}))
    for field in ("received_on", "citation", "sha256", "number", "path"):
        edits[f"register: {field}"] = changed(lambda m, f=field: m["register"][0].update({f: "1"}))
    edits["register: row out"] = changed(lambda m: m["register"].pop())
    edits["register: row twice"] = changed(lambda m: m["register"].append(m["register"][0]))
    edits["register: order"] = changed(lambda m: m["register"].reverse())
    edits["entry: nothing"] = changed(lambda m: m["files"]["results"].update({path: None}))
    edits["path outside"] = changed(lambda m: m["files"]["results"].update({"../../etc/passwd": {}}))
    edits["format"] = changed(lambda m: m.update(format=1))
    edits["study"] = changed(lambda m: m.update(study="other"))
    edits["kind out"] = changed(lambda m: m["files"].pop("raw"))
    edits["other layout"] = json.dumps(good).encode()
    edits["one blank more"] = text(good) + b" "
    edits["half"] = text(good)[: len(text(good)) // 2]
    edits["empty"] = b""
    edits["no text"] = b"\xff\xfe"
    return edits


@pytest.mark.parametrize("given", [False, True])
def test_every_edit_of_a_manifest_names_the_manifest_alone(tmp_path, given):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path) if given else ""
    path = tmp_path / MANIFEST
    good = path.read_bytes()
    edits = edits_of_a_manifest(json.loads(good))
    assert len(edits) >= 36 and good not in edits.values()
    for name, content in edits.items():
        overwrite(path, content)
        found = verify(["tiny"], head, tmp_path).differences
        assert [(d.kind, d.path, d.what) for d in found] == [("manifest", MANIFEST, "changed")], name
        assert all(str(d).isprintable() for d in found)
    overwrite(path, good)
    assert not verify(["tiny"], head, tmp_path).differences


def test_results_brought_from_elsewhere_are_held_against_the_head_alone(tmp_path):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path)
    for path in (tmp_path / "data").glob("ledger.*"):
        path.unlink()
    (difference,) = verify(["tiny"], root=tmp_path).differences
    assert (difference.path, difference.what) == (MANIFEST, "unsealed")
    assert not verify(["tiny"], head, tmp_path).differences
    write(tmp_path, "results/tiny/report.html", "x")
    assert named(verify(["tiny"], head, tmp_path)) == {("results", "results/tiny/report.html", "changed")}
    # Another machine's results over one's own: they are those of the head, whatever the ledger sealed.
    manifest.record("tiny", tmp_path)
    own = (tmp_path / MANIFEST).read_bytes()
    write(tmp_path, "results/tiny/report.html", "y")
    manifest.record("tiny", tmp_path)
    (tmp_path / MANIFEST).write_bytes(own)
    write(tmp_path, "results/tiny/report.html", "x")
    given = verify(["tiny"], manifest.head(["tiny"], tmp_path), tmp_path)
    assert not given.differences and any("as given, not the one of line" in remark for remark in given.remarks)


def test_the_ledger_is_read_with_a_head_as_well(tmp_path):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path)
    path = tmp_path / "data/ledger.jsonl"
    good = path.read_bytes()
    first, run = good.splitlines(keepends=True)
    renamed = good.replace(b'"study": "tiny"', b'"study": "far"')
    for content in (run, first, run + first, b"", good + b"garbage\n", renamed):
        path.write_bytes(content)
        for given in ("", head):
            verdict = verify(["tiny"], given, tmp_path)
            assert any(d.kind == "ledger" and "line" in d.note for d in verdict.differences), content
    path.unlink()
    assert ("ledger", "data/ledger.jsonl", "changed") in named(verify(["tiny"], head, tmp_path))


def test_a_changed_ledger_is_not_blamed_on_the_manifest(tmp_path):
    build(tmp_path)
    write(tmp_path, "results/tiny/estimates.csv", "id\n")
    manifest.record("tiny", tmp_path)
    path = tmp_path / "data/ledger.jsonl"
    good = path.read_bytes()
    path.write_bytes(b"".join(reversed(good.splitlines(keepends=True))))
    verdict = verify(["tiny"], root=tmp_path)
    assert {d.kind for d in verdict.differences} == {"ledger"}
    assert "tiny: manifest as in line 3 of data/ledger.jsonl, which was changed itself" in verdict.remarks
    digest = json.loads(good.splitlines()[2])["details"]["manifest"].encode()
    path.write_bytes(good.replace(digest, b"0" * 64))
    verdict = verify(["tiny"], root=tmp_path)
    assert [(d.kind, d.what) for d in verdict.differences] == [("ledger", "changed"), ("manifest", "unsealed")]
    assert verdict.differences[0].note.startswith("line 3: changed after it was written")


def test_a_ledger_written_anew_is_found_by_a_digest_kept_outside(tmp_path):
    build(tmp_path)
    kept = ledger.read(tmp_path).digest(2)
    manifest.record("tiny", tmp_path)
    verdict = verify(["tiny"], root=tmp_path, ledger_line=kept.upper())
    assert not verdict.differences and "data/ledger.jsonl: line 2, and all before it, as given" in verdict.remarks
    for path in (tmp_path / "data").glob("ledger.*"):
        path.unlink()
    manifest.record("tiny", tmp_path)
    assert not verify(["tiny"], root=tmp_path).differences
    (difference,) = verify(["tiny"], root=tmp_path, ledger_line=kept).differences
    assert (difference.kind, difference.note) == ("ledger", "no line has the digest that was given")


def test_a_difference_that_studies_share_is_told_once(tmp_path):
    build(tmp_path)
    shutil.copytree(tmp_path / "data/raw/tiny", tmp_path / "data/raw/second")
    register = tmp_path / "config/exports.csv"
    rows = register.read_text().splitlines()
    more = [row.replace("tiny", "second").replace("7,", "11,", 1).replace("9,", "12,", 1) for row in rows[1:]]
    register.write_text("\n".join(rows + more) + "\n")
    write(tmp_path, "config/studies/second.yaml", "x")
    write(tmp_path, "results/second/report.html", "x")
    manifest.record("second", tmp_path)
    write(tmp_path, "Snakefile", "other")
    write(tmp_path, "results/second/report.html", "y")
    assert [(d.path, d.what) for d in verify(["second", "tiny"], root=tmp_path).differences] == [
        ("results/second/report.html", "changed"),
        ("Snakefile", "changed"),
    ]


def test_any_odd_entry_of_a_manifest_without_a_ledger_is_a_difference(tmp_path):
    build(tmp_path)
    for file in (tmp_path / "data").glob("ledger.*"):
        file.unlink()
    path = tmp_path / MANIFEST
    good = json.loads(path.read_text())
    for odd in (None, 1, "x", [], {}, {"sha256": 1, "size": 1}, {"sha256": "zz"}, {"sha256": [], "size": {}}):
        good["files"]["results"]["results/tiny/estimates.csv"] = odd
        path.write_text(json.dumps(good))
        assert ("results", "results/tiny/estimates.csv", "changed") in named(verify(["tiny"], root=tmp_path))
    good["files"]["results"] |= {"../../etc/passwd": {}, "a\x1b[2Jb": {}}
    good["register"][0] = {"number": 7}
    good["register"].append(good["register"][1])
    path.write_text(json.dumps(good))
    found = verify(["tiny"], root=tmp_path)
    assert ("results", "../../etc/passwd", "missing") in named(found)
    assert {"register", "manifest"} <= {d.kind for d in found.differences}
    assert all(str(d).isprintable() for d in found.differences)


def tamper(root: Path, way: str, target: str, chance: random.Random) -> set[str]:
    """Tamper with a file in one way; the paths that must be named."""
    path = root / target
    content = path.read_bytes()
    at = chance.randrange(len(content))
    if way == "flip":
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
    elif way == "truncate":
        path.write_bytes(content[:at])
    elif way == "append":
        path.write_bytes(content + chance.randbytes(chance.randint(1, 9)))
    elif way == "delete":
        path.unlink()
    elif way == "rename":
        path.rename(path.with_name(path.name + "x"))
        return {target, target + "x"} - {MANIFEST}
    elif way == "add":
        path = path.with_name(f"{chance.choice(['', '.'])}new{at}")
        path.write_bytes(content)
    elif way == "edit_quietly":
        overwrite(path, content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    else:
        mirrored(root, target, content + b" ")
        return {MANIFEST}
    return {path.relative_to(root).as_posix()}


def test_two_hundred_random_tamperings_are_found_and_named(tmp_path):
    build(tmp_path)
    head = manifest.head(["tiny"], tmp_path)
    folders = [tmp_path / "data/raw", tmp_path / "results"]
    files = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()}
    chance = random.Random(20240531)
    done = set()
    for number in range(200):
        way = WAYS[number % len(WAYS)]
        target = chance.choice(sorted(files.keys() - {MANIFEST} if way == "mirror" else files))
        if number % 5 == 0 and way != "mirror":
            target = MANIFEST
        done.add((way, target == MANIFEST))
        paths = tamper(tmp_path, way, target, chance)
        found = verify(["tiny"], head, tmp_path).differences
        if MANIFEST in paths:
            assert any(d.kind == "manifest" for d in found), (number, way, target)
        elif target == MANIFEST and way == "rename":
            # Without a manifest there is no list to hold files against.
            assert [(d.kind, d.path, d.what) for d in found] == [("manifest", MANIFEST, "missing")]
        else:
            assert paths == {d.path for d in found}, (number, way, target)
        for name in {p.relative_to(tmp_path).as_posix() for f in folders for p in f.rglob("*") if p.is_file()}:
            if files.get(name) != (tmp_path / name).read_bytes():
                (tmp_path / name).unlink()
        for name in files:
            if not (tmp_path / name).exists():
                write(tmp_path, name, files[name])
        assert not verify(["tiny"], head, tmp_path).differences
    assert len(done) == 2 * len(WAYS) - 1


def test_command_exits_with_1_on_differences_and_says_how_many(tmp_path, monkeypatch, capsys):
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["verify"]) == 0
    assert "tiny: every file is as recorded" in capsys.readouterr().out
    write(tmp_path, "results/tiny/a b.csv", "x")
    assert main(["verify", "tiny"]) == 1
    out = capsys.readouterr().out
    assert "unlisted  results      results/tiny/a b.csv" in out and out.endswith("tiny: 1 difference\n")
    (tmp_path / "results/other").mkdir()
    assert main(["verify", "other"]) == 1
    assert "missing   manifest     results/other/manifest.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", ["a: 1\n", "{", "", "- 1\n", "studies: 1\n", "retrieved: [tiny]\n", "studies: []\nretrieved: 1\n"]
)
def test_configuration_without_studies_is_a_fault(tmp_path, content):
    build(tmp_path)
    write(tmp_path, "config/config.yaml", content)
    with pytest.raises(Fault, match="config/config.yaml: "):
        verdict_on([], root=tmp_path)


def test_studies_are_those_with_results_and_those_that_the_ledger_names(tmp_path):
    build(tmp_path)
    write(tmp_path, "config/config.yaml", "studies: [tiny, never]\nretrieved: [far, away]\n")
    assert studies_of(tmp_path) == ["tiny"]
    write(tmp_path, "results/far/manifest.json", "{}")
    assert studies_of(tmp_path) == ["far", "tiny"]
    shutil.rmtree(tmp_path / "results/far")
    assert studies_of(tmp_path) == ["tiny"]
    ledger.append("run", "away", {"manifest": "0" * 64}, tmp_path)
    ledger.append("run", "../elsewhere", {"manifest": "0" * 64}, tmp_path)
    assert studies_of(tmp_path) == ["away", "tiny"]
    for path in (tmp_path / "data").glob("ledger.*"):
        path.unlink()
    shutil.rmtree(tmp_path / "results")
    with pytest.raises(Fault, match="no results yet"):
        studies_of(tmp_path)


@pytest.mark.parametrize(("studies", "head"), [(["../tiny"], ""), (["tiny"], "abc"), ([""], "")])
def test_what_is_no_study_or_no_digest_is_a_fault(tmp_path, studies, head):
    build(tmp_path)
    with pytest.raises(Fault):
        verify(studies, head, tmp_path)


def test_verify_loads_nothing_heavy(tmp_path):
    build(tmp_path)
    code = (
        "import sys; from omtrace.cli import main; done = main(['verify', 'tiny'])\n"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else done)"
    )
    folder = Path(__file__).parents[2] / "workflow"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_end_of_a_run_says_what_to_keep_and_leaves_out_what_is_not_sealed(tmp_path):
    build(tmp_path)
    write(tmp_path, "results/other/manifest.json", "{}")
    lines = closing(["tiny", "other", "third"], 0, tmp_path)
    assert "results/other/manifest.json: not sealed by the ledger; omtrace verify other" in lines
    head, line = (
        lines[lines.index(words) + 1]
        for words in ("head digest of tiny:", "digest of data/ledger.jsonl, line 2 and all before it:")
    )
    write(tmp_path, "logs/tiny/findings.csv", 'severity,value\nwarn,"a\nb"\nquarantine,1\nwarn,2\n')
    found = f"; findings: 1 quarantine, 2 warn, in {(tmp_path / 'logs/tiny/findings.csv').as_posix()}"
    assert closing(["tiny"], 0, tmp_path, tmp_path / "logs")[0] == f"tiny: results/tiny/report.html{found}"
    (tmp_path / "results/tiny/manifest.json").rename(tmp_path / "in_a_storage.json")
    assert head in closing(["tiny"], 0, tmp_path) and closing(["tiny"], 2, tmp_path) == []
    (tmp_path / "in_a_storage.json").rename(tmp_path / "results/tiny/manifest.json")
    verdict = verify(["tiny"], head, tmp_path, line)
    assert not verdict.differences and any("as given" in remark for remark in verdict.remarks)
    assert "not installed packages, hardware, and the ledger's own text" in "".join(lines)


def test_the_help_says_what_the_head_digest_covers(capsys):
    assert main(["verify", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "covers results, raw files and their rows of the register, code, plan, configuration, profile" in text
    assert "not installed packages, hardware" in text

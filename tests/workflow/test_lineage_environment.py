"""What a run ran on stands in the ledger, and the installed packages are held against it: on a made-up site folder."""

import base64
import hashlib
import json
import marshal
import os
import py_compile
import struct
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

import pytest
from omtrace.audit import environment_check, verify
from omtrace.audit.environment_check import environment_faults
from omtrace.faults import Fault
from omtrace.provenance import environment, ledger

SOURCE = "RATE = 10\n\n\ndef double(x):\n    return 2 * x\n"


def install(site: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """A made-up distribution with its RECORD; byte code compiled, as pip does."""
    rows = []
    info = f"{name}-{version}.dist-info"
    for path, text in {**files, f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n"}.items():
        file = site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
        if file.suffix == ".py":
            compiled = py_compile.compile(
                str(file), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
            )
            rows.append(f"{Path(compiled).relative_to(site).as_posix()},,")
    (site / info / "RECORD").write_text("\n".join([*rows, f"{info}/RECORD,,"]) + "\n", encoding="utf-8")
    return site / info


@pytest.fixture
def site(tmp_path):
    """A site folder with two distributions, and a lock that names them."""
    folder = tmp_path / "lib/site-packages"
    install(folder, "Alpha_Tools", "1.2", {"alpha/__init__.py": SOURCE, "alpha/data.txt": "x\n"})
    install(folder, "beta", "2.0", {"beta.py": SOURCE})
    lock = "alpha-tools==1.2 \\\n    --hash=sha256:00\nbeta==2.0 \\\n    --hash=sha256:00\n"
    lock += "gamma==1 ; sys_platform == 'nowhere' \\\n    --hash=sha256:00\n"
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/requirements.lock").write_text(lock, encoding="utf-8")
    digest = environment.record_environment(tmp_path, [folder])
    ledger.append("run", "tiny", {"manifest": "0" * 64, "environment": digest}, tmp_path)
    return folder


def faults(site):
    return environment_faults(site.parent.parent, [site])[0]


def named(site):
    """(last two parts of the path, what) of each fault."""
    return {("/".join(Path(path).parts[-2:]), what) for path, what, _ in faults(site)}


def test_an_untouched_environment_is_the_one_of_the_lock_and_of_the_run(site):
    found, remarks = environment_faults(site.parent.parent, [site])
    assert found == []
    assert remarks == [
        "installed packages: 2 distributions and their 9 files, and their byte code",
        "platform and processor as in line 2 of data/ledger.jsonl",
    ]


def test_the_description_holds_what_a_run_ran_on_and_is_written_once(site):
    root = site.parent.parent
    details = ledger.entries(root)[0]["details"]
    assert details["python"] == {"version": ".".join(map(str, sys.version_info[:3])), "implementation": "CPython"}
    record = hashlib.sha256((site / "beta-2.0.dist-info/RECORD").read_bytes()).hexdigest()
    assert details["distributions"]["beta"] == ["2.0", record] and list(details["distributions"]) == [
        "alpha-tools",
        "beta",
    ]
    assert details["platform"] and details["processor"] and details["processors"] == os.cpu_count()
    assert details["blas"]["name"] and details["blas"]["version"] and details["blas_threads"]
    assert environment.record_environment(root, [site]) == details["environment"]
    assert len(ledger.entries(root)) == 2
    install(site, "delta", "1", {"delta.py": SOURCE})
    other = environment.record_environment(root, [site])
    assert other != details["environment"] and len(ledger.entries(root)) == 3
    assert environment.recorded_environment(other, root)["distributions"]["delta"][0] == "1"


def test_threads_are_part_of_it(site, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    described = environment.description([site])
    assert described["blas_threads"] == "3" and described["variables"]["OMP_NUM_THREADS"] == "3"


def test_the_first_folder_of_the_search_path_wins_and_eggs_are_named(tmp_path):
    install(tmp_path / "one", "beta", "2.0", {"beta.py": SOURCE})
    install(tmp_path / "two", "beta", "3.0", {"beta.py": SOURCE})
    (tmp_path / "two/old-0.1-py3.11.egg-info").mkdir()
    installed = environment.distributions([tmp_path / "one", tmp_path / "two"])
    assert {name: (d.version, bool(d.record)) for name, d in installed.items()} == {
        "beta": ("2.0", True),
        "old": ("0.1", False),
    }


def edited(path: Path, old: str, new: str) -> None:
    """Edit a file; size and time stay."""
    state = path.stat()
    text = path.read_text(encoding="utf-8")
    assert old in text and len(old) == len(new)
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_edited_and_missing_files_are_named(site):
    edited(site / "alpha/data.txt", "x", "y")
    assert named(site) == {("alpha/data.txt", "changed")}
    edited(site / "alpha/__init__.py", "RATE = 10", "RATE = 11")
    # Its byte code, with time and size as they were, is what Python would still use.
    assert named(site) == {
        ("alpha/data.txt", "changed"),
        ("alpha/__init__.py", "changed"),
        (f"__pycache__/__init__.{sys.implementation.cache_tag}.pyc", "changed"),
    }
    (site / "alpha/data.txt").unlink()
    (site / "beta.py").unlink()
    assert {("alpha/data.txt", "missing"), ("site-packages/beta.py", "missing")} <= named(site)


@pytest.mark.parametrize(
    "path", ["sitecustomize.py", "alpha/fast.so", "alpha/late.pyc", "start.pth", "new/__init__.py"]
)
def test_files_that_python_would_use_and_no_record_lists_are_named(site, path):
    (site / path).parent.mkdir(exist_ok=True)
    (site / path).write_text("import os\n", encoding="utf-8")
    (site / "alpha/notes.txt").write_text("of no concern", encoding="utf-8")
    assert {(Path(name).relative_to(site).as_posix(), what) for name, what, _ in faults(site)} == {(path, "unlisted")}


def test_many_unlisted_files_of_a_folder_are_one_line_more(site):
    (site / "new").mkdir()
    for number in range(40):
        (site / f"new/m{number:02}.py").write_text("", encoding="utf-8")
    assert len(faults(site)) == environment_check.SHOWN + 1 and faults(site)[-1][2] == "and 35 more files there"


@pytest.mark.parametrize("line", ["", "import os\n"])
def test_the_link_that_make_installs_leads_to_this_checkout_only(site, line):
    own = environment_check.PACKAGE.parent
    install(site, "omtrace", "1", {"_omtrace.pth": f"{own}\n"})
    assert faults(site) == [] and "omtrace" not in environment.description([site])["distributions"]
    install(site, "omtrace", "1", {"_omtrace.pth": f"{own.parent / 'other/workflow'}\n{line}"})
    assert faults(site) == [
        (str(site / "_omtrace.pth"), "changed", "does not name the package that runs; run make env")
    ]


def plant(path: Path, flags: int, stamp: int = 0) -> Path:
    """Byte code of another source, with a header that Python takes for that of this one."""
    source = path.read_bytes()
    state = path.stat()
    header = struct.pack("<II", int(state.st_mtime) + stamp, state.st_size)
    if flags:
        header = b"\0" * 8 if stamp else source_hash(source)
    code = compile(source.replace(b"RATE = 10", b"RATE = 99"), str(path), "exec")
    target = Path(cache_from_source(str(path)))
    target.write_bytes(MAGIC_NUMBER + struct.pack("<I", flags) + header + marshal.dumps(code))
    return target


@pytest.mark.parametrize(
    ("flags", "stamp", "is_used"),
    [(0, 0, True), (3, 0, True), (1, 1, True), (0, 1, False), (3, 1, False)],
    ids=["time and size", "checked hash", "unchecked hash", "older time", "another hash"],
)
def test_planted_byte_code_that_python_would_use_is_named(site, flags, stamp, is_used):
    target = plant(site / "beta.py", flags, stamp)
    assert [(Path(path), what) for path, what, _ in faults(site)] == ([(target, "changed")] if is_used else [])


def test_byte_code_that_cannot_be_read_or_is_of_another_python(site):
    target = plant(site / "beta.py", 0)
    content = target.read_bytes()
    target.write_bytes(content[:16] + b"\xff\xff")
    assert [what for _, what, _ in faults(site)] == ["changed"]
    target.write_bytes(b"\0\0\0\0" + content[4:])
    (target.parent / "lost.cpython-311.pyc").write_bytes(content)
    (target.parent / "beta.other-99.pyc").write_bytes(content)
    assert faults(site) == []


def test_what_is_not_as_lock_and_ledger_say_is_named(site):
    install(site, "delta", "1", {"delta.py": SOURCE})
    (site / "beta-2.0.dist-info").rename(site / "beta-2.1.dist-info")
    record = site / "beta-2.1.dist-info/RECORD"
    record.write_text(record.read_text(encoding="utf-8").replace("beta-2.0", "beta-2.1"), encoding="utf-8")
    found, remarks = environment_faults(site.parent.parent, [site])
    assert found == [
        ("beta", "changed", "version 2.1; the lock has 2.0"),
        ("beta", "changed", "line 2 of data/ledger.jsonl ran with version 2.0"),
        ("delta", "unlisted", "line 2 of data/ledger.jsonl ran without it"),
    ]
    assert "installed beside the lock: delta 1" in remarks


def test_a_record_edited_with_its_file_is_known_by_the_ledger(site):
    (site / "beta.py").write_text(SOURCE + "\n", encoding="utf-8")
    for path in sorted((site / "beta-2.0.dist-info").iterdir()):
        path.unlink()
    install(site, "beta", "2.0", {"beta.py": SOURCE + "\n"})
    assert faults(site) == [("beta", "changed", "line 2 of data/ledger.jsonl ran with another RECORD")]


def test_a_distribution_without_a_record_and_one_that_is_gone(site):
    (site / "beta-2.0.dist-info/RECORD").unlink()
    assert ("beta", "missing", "no RECORD that can be read: its files cannot be checked") in faults(site)
    for path in [*(site / "beta-2.0.dist-info").iterdir(), site / "beta.py"]:
        path.unlink()
    (site / "beta-2.0.dist-info").rmdir()
    assert faults(site) == [
        ("beta", "missing", "the lock has version 2.0"),
        ("beta", "missing", "line 2 of data/ledger.jsonl ran with version 2.0"),
    ]


def test_an_odd_record_an_odd_ledger_and_no_ledger_bring_no_traceback(site):
    root = site.parent.parent
    (site / "beta-2.0.dist-info/RECORD").write_text('beta.py,md9=x,many\n"', encoding="utf-8")
    assert any(what == "changed" for _, what, _ in faults(site))
    for installed in (1, {"a": 1}, {"a": []}):
        digest = str(installed)
        ledger.append("environment", "", {"environment": digest, "distributions": installed}, root)
        ledger.append("run", "tiny", {"manifest": "", "environment": digest}, root)
        assert "describes no environment of a run" in environment_faults(root, [site])[1][-1]
    for path in (root / "data").iterdir():
        path.unlink()
    assert "compared with the lock alone" in environment_faults(root, [site])[1][-1]
    (root / "envs/requirements.lock").unlink()
    with pytest.raises(Fault, match="envs/requirements.lock: cannot be read"):
        faults(site)


def test_the_command_counts_them_as_differences(site, monkeypatch, capsys):
    root = site.parent.parent
    monkeypatch.setattr(environment_check, "site_folders", lambda: [site])
    monkeypatch.setattr(verify, "verify", lambda *_: verify.Verdict())
    assert not verify.verdict_on(["tiny"], environment=True, root=root)[1].differences
    edited(site / "alpha/data.txt", "x", "y")
    verify.print_verdict(*verify.verdict_on(["tiny"], environment=True, root=root))
    out = capsys.readouterr().out
    assert "changed   environment" in out and "not as the RECORD of alpha-tools says" in out and "1 difference\n" in out


def test_the_site_folders_of_this_python_are_found():
    folders = environment.site_folders()
    installed = environment.distributions(folders)
    assert folders and {"numpy", "pandas", "snakemake"} <= installed.keys()
    assert json.dumps(environment.description()["distributions"]["numpy"]) == json.dumps(
        [installed["numpy"].version, installed["numpy"].record]
    )

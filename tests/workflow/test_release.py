"""The packet of a study: what is in it, what keeps it from being made, and what its own check finds."""

import ast
import base64
import csv
import hashlib
import io
import json
import random
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import checksums
import pytest
from omtrace.audit import packet_check
from omtrace.audit.packet import refuse_units, release
from omtrace.audit.packet_check import blob_of, fingerprint
from omtrace.audit.signature import sign_packet
from omtrace.faults import Fault
from omtrace.report.share import numbers_for
from omtrace.store import zipped
from pipeline import REPOSITORY, SHIPPED, done, environment, omtrace, snakemake
from test_audit_signature import Key

PACKET = "releases/tiny.zip"


def files_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def checked(path, *arguments):
    """verify.py as a reviewer runs it: a bare Python without site-packages, in a folder of its own."""
    script = str(REPOSITORY / "workflow/omtrace/audit/packet_check.py")
    command = [sys.executable, "-I", "-S", script, str(path), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent)


def changed(path, name, content):
    """A packet in which one file is another one; None: is missing."""
    files = files_of(path)
    files[name] = content
    path.write_bytes(zipped({name: content for name, content in files.items() if content is not None}))


@pytest.fixture(scope="module")
def packets(tiny_twins):
    (one, _), (two, _) = tiny_twins
    for folder in (one, two):
        for name, everything in (("open", False), ("closed", True)):
            release("tiny", folder / f"releases/{name}.zip", everything, root=folder)
    return one, two


@pytest.fixture
def packet(packets, tmp_path):
    """A copy of the confidential packet, which has all that is ever in one."""
    path = tmp_path / "tiny.zip"
    path.write_bytes((packets[0] / "releases/closed.zip").read_bytes())
    return path


def test_a_packet_has_what_a_reviewer_needs_and_nothing_confidential(packets, tmp_path):
    names = set(files_of(packets[0] / "releases/open.zip"))
    assert {
        "verify.py",
        "packet.json",
        "README.md",
        "lineage.jsonl",
        "tables/tiny.csv",
        "config/exports.csv",
        "config/studies/tiny.yaml",
        "envs/requirements.lock",
        "workflow/Snakefile",
        "shared/estimates.csv",
        "shared/report.html",
        "shared/figures/means.svg",
        "shared/figures/means.csv",
        "results/tiny/manifest.json",
    } <= names
    kept = ("data/raw/", "results/tiny/datasets/", "results/tiny/validated/", "results/tiny/figures/")
    assert not [name for name in names if name.startswith((*kept, "results/tiny/estimates", "results/tiny/report"))]
    closed = set(files_of(packets[0] / "releases/closed.zip"))
    assert any(name.startswith("data/raw/tiny/") for name in closed)
    assert "data/ledger.jsonl" in closed - names
    release("tiny", tmp_path / "ledger.zip", with_ledger=True, root=packets[0])
    assert set(files_of(tmp_path / "ledger.zip")) == names | {"data/ledger.jsonl"}
    assert checked(tmp_path / "ledger.zip").returncode == 0


def test_the_numbers_of_a_releasable_packet_are_those_of_share_mode_everywhere(packets):
    files = files_of(packets[0] / "releases/open.zip")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(files["shared/estimates.csv"].decode()))}
    held = {number for number, row in rows.items() if row["suppressed"]}
    assert held and not [number for number in held if rows[number]["value"]]
    shown = {row["id"]: row["shown"] for row in csv.DictReader(io.StringIO(files["tables/tiny.csv"].decode()))}
    assert {number for number, text in shown.items() if text == "[c]"} == held
    lines = [json.loads(line) for line in files["lineage.jsonl"].splitlines()]
    assert {line["id"] for line in lines if line["kind"] == "number" and not line["value"]} >= held
    assert not [line for line in lines if "units_used" in line or "units_left_out" in line]


def test_a_file_made_of_what_was_not_checked_stops_a_release(tiny, monkeypatch):
    from omtrace.audit import packet

    monkeypatch.setattr(packet, "numbers_for", lambda study, root, share: numbers_for(study, root))
    with pytest.raises(Fault, match="made of results/tiny/estimates.csv, which is confidential"):
        release("tiny", root=tiny)


def test_no_unit_and_no_row_stands_in_the_lineage_of_a_releasable_packet(packets):
    lines = [json.loads(line) for line in files_of(packets[0] / "releases/open.zip")["lineage.jsonl"].splitlines()]
    sets = [line for line in lines if line["kind"] == "rowset"]
    assert sets and all("cells" not in line and "left_out" not in line for line in sets)
    whole = [json.loads(line) for line in files_of(packets[0] / "releases/closed.zip")["lineage.jsonl"].splitlines()]
    assert all(sum(f["cells"] for f in e["files"].values()) == len(e["cells"]) for e in whole if e["kind"] == "rowset")


@pytest.mark.parametrize("name", ["open", "closed"])
def test_a_packet_has_the_same_bytes_when_it_is_built_again(packets, tmp_path, name):
    folder, other = packets
    release("tiny", tmp_path / "again.zip", name == "closed", root=folder)
    assert (tmp_path / "again.zip").read_bytes() == (folder / f"releases/{name}.zip").read_bytes()
    for at, root in enumerate((folder, other)):  # the ledger has times and machines; the rest is the same anywhere
        release("tiny", tmp_path / f"{at}.zip", name == "closed", with_ledger=False, root=root)
    one, two = (files_of(tmp_path / f"{at}.zip") for at in (0, 1))
    assert {k for k in one if one[k] != two.get(k)} <= {"packet.json"} and one.keys() == two.keys()


@pytest.mark.parametrize("name", ["open", "closed"])
def test_a_packet_passes_its_own_check_in_a_bare_python(packets, name):
    began = time.perf_counter()
    result = checked(packets[0] / f"releases/{name}.zip")
    assert result.returncode == 0, result.stdout + result.stderr
    assert time.perf_counter() - began < 5
    assert "Not checked:" in result.stdout and "whether the raw data are true" in result.stdout


def test_the_check_runs_where_the_packet_is_unpacked(packets, tmp_path):
    with zipfile.ZipFile(packets[0] / "releases/open.zip") as archive:
        archive.extractall(tmp_path)
    result = subprocess.run([sys.executable, "-I", "verify.py"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_check_needs_the_standard_library_alone():
    tree = ast.parse(Path(packet_check.__file__).read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_a_changed_file_is_named_whichever_it_is(packet, tmp_path, capsys):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(packet) as archive:
        archive.extractall(folder)
    assert packet_check.check(folder) == 0
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    others = [name for name in names if not name.startswith("workflow/") and name != packet_check.INDEX]
    for name in random.Random(1).sample(others, 30) + ["workflow/omtrace/store.py", "verify.py"]:
        content = (folder / name).read_bytes()
        for change in (content + b" ", None):
            (folder / name).write_bytes(change) if change else (folder / name).unlink()
            capsys.readouterr()
            assert packet_check.check(folder) == 1, name
            assert name in capsys.readouterr().out
        (folder / name).write_bytes(content)


def reindexed(path, name, content):
    """A packet whose index was mended after an edit, as by someone who means to deceive."""
    changed(path, name, content)
    files = files_of(path)
    index = json.loads(files["packet.json"])
    index["files"][name] = {"sha256": hashlib.sha256(content).hexdigest()}
    changed(path, "packet.json", json.dumps(index).encode())


def test_a_number_of_a_table_that_is_not_its_estimate_is_found(packet):
    name = "results/tiny/estimates_tidy.csv"
    rows = files_of(packet)[name].decode().splitlines()
    at = next(n for n, row in enumerate(rows[1:], 1) if row.split(",")[-1] or row.split(",")[-2])
    header = rows[0].split(",")
    cells = next(csv.reader([rows[at]]))
    cells[header.index("estimate")] = "12345"
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    rows[at] = buffer.getvalue()
    reindexed(packet, name, ("\n".join(rows) + "\n").encode())
    result = checked(packet)
    assert result.returncode == 1
    assert "is not the estimate" in result.stdout and "as the run recorded it in its manifest" in result.stdout


def test_a_number_of_a_table_of_the_report_that_is_not_its_estimate_is_found(packet):
    name = "tables/tiny.csv"
    text = files_of(packet)[name].decode()
    row = next(row for row in csv.DictReader(io.StringIO(text)) if row["shown"].isdigit())
    line = next(line for line in text.splitlines() if row["id"] in line)
    reindexed(packet, name, text.replace(line, line.replace(f",{row['shown']},", ",98765,", 1)).encode())
    result = checked(packet)
    assert result.returncode == 1 and f"{name}: {row['id']} is shown as 98765" in result.stdout


def test_a_printed_number_that_is_not_its_estimate_is_found(packet):
    name = "results/tiny/report.html"
    page = files_of(packet)[name].decode()
    number, shown = next((n, s) for n, s in packet_check.NUMBER.findall(page) if s[:1].isdigit())
    reindexed(packet, name, page.replace(f">{shown}</button>", ">98765</button>", 1).encode())
    result = checked(packet)
    assert result.returncode == 1 and "98765" in result.stdout


# its signature


@pytest.fixture
def signed(packets, tmp_path):
    """A releasable packet signed with a key, and the file of its public key."""
    path, key = tmp_path / "tiny.zip", Key(b"1" * 32)
    path.write_bytes((packets[0] / "releases/open.zip").read_bytes())
    assert sign_packet(path, key) == fingerprint(key.public)
    (tmp_path / "key.pub").write_text(f"ssh-ed25519 {base64.b64encode(blob_of(key.public)).decode()} a comment\n")
    return path, tmp_path / "key.pub"


def test_a_signed_packet_is_checked_with_a_public_key_and_python_alone(signed, packets, tmp_path):
    path, public = signed
    found = checked(path, "--key", public)
    assert found.returncode == 0, found.stdout
    assert f"signed with the key {fingerprint(Key(b'1' * 32).public)}" in found.stdout
    assert "whose the key is, when it was signed" in found.stdout and "who made the packet" not in found.stdout
    assert checked(path, "--key", public.read_text()).stdout.count("signed with the key") == 1
    without = checked(path)
    assert without.returncode == 0 and "its signature: name a public key" in without.stdout
    assert "signed with" not in without.stdout and "who made the packet" in without.stdout
    again = tmp_path / "again.zip"
    release("tiny", again, root=packets[0])
    sign_packet(again, Key(b"1" * 32))
    assert again.read_bytes() == path.read_bytes()


def test_a_signature_of_another_key_or_on_another_packet_is_a_problem(signed, packets, tmp_path):
    path, public = signed
    other = base64.b64encode(blob_of(Key(b"2" * 32).public)).decode()
    found = checked(path, "--key", f"ssh-ed25519 {other}")
    assert found.returncode == 1 and "signature.dsse.json: not signed with the key" in found.stdout
    found = checked(path, "--key", "no key")
    assert found.returncode == 1 and "--key: no Ed25519 public key" in found.stdout
    found = checked(packets[0] / "releases/open.zip", "--key", public)
    assert found.returncode == 1 and "signature.dsse.json: missing" in found.stdout
    index = json.loads(files_of(path)["packet.json"])
    changed(path, "packet.json", json.dumps(index | {"version": "9"}).encode())
    found = checked(path, "--key", public)
    assert found.returncode == 1 and "but for another packet.json" in found.stdout
    envelope = json.loads(files_of(path)["signature.dsse.json"])
    changed(path, "signature.dsse.json", json.dumps(envelope | {"payload": envelope["payload"][:-8]}).encode())
    found = checked(path, "--key", public)
    assert found.returncode == 1 and "not signed with the key" in found.stdout
    changed(path, "signature.dsse.json", b"[]")
    assert checked(path, "--key", public).returncode == 1


def test_the_command_signs_with_a_key_of_openssh(packets, tmp_path):
    python = next((p for p in (REPOSITORY / f".venv-{n}/bin/python" for n in ("signing", "storage")) if p.exists()), "")
    if not python:
        pytest.skip("there is neither .venv-signing nor .venv-storage; make signing sets the first up")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    names = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for path in names:
        command = [python, "-m", "omtrace", "release", "tiny", "--to", path, "--sign", tmp_path / "key"]
        made = subprocess.run(command, cwd=packets[0], env=environment(packets[0]), capture_output=True, text=True)
        assert made.returncode == 0 and "signed with the key SHA256:" in made.stdout, made.stderr
    assert names[0].read_bytes() == names[1].read_bytes()
    assert checked(names[0], "--key", tmp_path / "key.pub").returncode == 0


def test_a_line_taken_out_of_the_ledger_is_found(packet):
    lines = files_of(packet)["data/ledger.jsonl"].splitlines(keepends=True)
    reindexed(packet, "data/ledger.jsonl", b"".join(lines[:-2] + lines[-1:]))
    result = checked(packet)
    assert result.returncode == 1 and "does not follow from the line before" in result.stdout


@pytest.mark.parametrize(
    ("shown", "value", "unit", "agrees"),
    [
        ("−3.3", "-3.266314", "points", True),
        ("−3.2", "-3.266314", "points", False),
        ("<0.001", "0.0002", "", True),
        ("<0.001", "0.002", "", False),
        ("37.7%", "37.68115942", "%", True),
        ("37.7%", "0.3768115942", "", True),
        ("–", "", "", True),
        ("–", "1", "", False),
        ("3,000", "3000", "", True),
        ("go", "2", "", None),
    ],
)
def test_what_is_printed_is_a_rounding_of_what_is_stored(shown, value, unit, agrees):
    assert packet_check.is_rounding(shown, value, unit) is agrees


# the gate


@pytest.mark.parametrize(
    "path",
    [
        "results/tiny/datasets/participants.parquet",
        "results/tiny/definitions.json",
        "config/studies/tiny.yaml",
        "workflow/omtrace/store.py",
    ],
)
def test_nothing_is_released_that_rests_on_what_is_not_as_recorded(tiny, path):
    path = tiny / path
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Fault, match="rests? on") as caught:
        release("tiny", root=tiny)
    assert path.name in str(caught.value)
    assert not (tiny / PACKET).exists()


def test_nothing_is_released_that_rests_on_another_raw_file(tiny):
    path = next((tiny / "data/raw/tiny").glob("*.csv"))
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Fault, match=path.name):
        release("tiny", root=tiny)


def test_a_table_that_names_a_unit_is_not_released(tiny):
    from omtrace.audit.backing import Backing

    backing = Backing("tiny", tiny)
    dataset = next(iter(backing.members.values())).dataset
    unit = str(backing.records(dataset)["unit"].iloc[0])
    text = f"id,analysis,group,level\nabc,influence,,{unit}\n"
    with pytest.raises(Fault, match="names a single unit"):
        refuse_units("tiny", {"results/tiny/estimates.csv": text.encode()}, tiny)


def test_a_study_that_has_not_run_is_said_to_be_missing(tiny):
    with pytest.raises(Fault, match="manifest.json: missing"):
        release("omt_rct", root=tiny)


# the command and the rule


def test_the_command_and_the_rule_make_the_same_packet(tiny):
    ran = done(omtrace(tiny, "release", "tiny", "--json"))
    packet = (tiny / PACKET).read_bytes()
    assert json.loads(ran.out)["sha256"] == hashlib.sha256(packet).hexdigest()
    (tiny / PACKET).unlink()
    assert done(snakemake(tiny, "release")).jobs == {"release": 1, "release_study": 1}
    assert (tiny / PACKET).read_bytes() == packet
    assert (tiny / PACKET).stat().st_mode & 0o777 == 0o644
    done(omtrace(tiny, "release", "tiny", "--all"))
    assert (tiny / PACKET).stat().st_mode & 0o007 == 0


# the digests of the shipped studies


def test_the_shipped_studies_give_the_numbers_of_checksums(shipped_results):
    text = checksums.FILE.read_text(encoding="utf-8")
    listed = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    assert listed == checksums.numbers(shipped_results), "python -m tests.checksums"
    if checksums.code_digest(shipped_results) in text:
        assert text == checksums.text(shipped_results)


def test_verify_says_whether_the_numbers_are_those_of_checksums(shipped_results):
    from omtrace.audit.verify import published_remarks

    assert published_remarks([SHIPPED[0]], shipped_results) == []  # the copy has no such file
    assert len(published_remarks([SHIPPED[0]], REPOSITORY)) <= 1

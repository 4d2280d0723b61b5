"""A packet run again: its environment, its raw files, its numbers, one verdict."""

import json
import shutil
from pathlib import Path

import pytest
from omtrace.audit import reproduce as module
from omtrace.audit.compare import Comparison, State
from omtrace.audit.packet import release
from omtrace.audit.reproduce import CLOSE, NOT, REPRODUCED, Reproduction, environment_differences, reproduce
from omtrace.faults import Fault
from omtrace.store import zipped
from pipeline import omtrace
from test_release import files_of


@pytest.fixture(scope="module")
def packet(tiny_twins, tmp_path_factory):
    folder = tiny_twins[0][0]
    return release("tiny", tmp_path_factory.mktemp("packet") / "tiny.zip", root=folder), folder


def test_a_packet_is_reproduced_with_raw_files_from_elsewhere(packet, tiny, tmp_path):
    path, folder = packet
    shutil.copytree(folder / "data/raw/tiny", tmp_path / "raw/somewhere")
    for number, file in enumerate(sorted((tmp_path / "raw/somewhere").iterdir())):
        file.rename(file.with_name(f"{number}.bin"))  # found by content, under any name
    ran = omtrace(tiny, "reproduce", str(path), "--raw", str(tmp_path / "raw"), "--json")
    assert ran.code == 0, ran.text
    content = json.loads(ran.out)
    assert content["verdict"] == REPRODUCED and content["environment"] == []
    assert content["counts"]["identical"] == sum(content["counts"].values()) > 0
    assert content["same_files"] == content["all_files"] > 0


def test_raw_files_that_are_nowhere_are_named_with_their_digest(packet, tmp_path):
    with pytest.raises(Fault, match="diary.csv  sha256 ") as caught:
        reproduce(packet[0], [tmp_path])
    assert len(caught.value.lines) == 4


def test_a_packet_that_was_changed_is_not_run(packet, tmp_path, monkeypatch):
    files = files_of(packet[0])
    files["workflow/omtrace/store.py"] += b"# changed\n"
    (tmp_path / "changed.zip").write_bytes(zipped(files))
    monkeypatch.setattr(module, "run", lambda *_: pytest.fail("it was run"))
    with pytest.raises(Fault, match="workflow/omtrace/store.py"):
        reproduce(tmp_path / "changed.zip")


def test_what_differs_in_the_environment_is_named(tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/requirements.lock").write_text("numpy==2.0.0\nsurely-not-there==1.0\n")
    known = {
        "python": {"version": "3.9.1", "implementation": "CPython"},
        "distributions": {"numpy": "2.0.0", "surely-not-there": "1.0", "pip": "1"},
    }
    lines = environment_differences(known, tmp_path)
    assert [line.split(":")[0] for line in lines] == ["python", "numpy", "surely-not-there"]
    assert "3.9.1 CPython there" in lines[0] and "not installed here" in lines[2]


@pytest.mark.parametrize(
    ("state", "verdict"),
    [(State.CHANGED, NOT), (State.MISSING, NOT), (State.DISPLAYED, CLOSE), (State.CLOSE, REPRODUCED)],
)
def test_the_verdict_is_that_of_the_worst_number(state, verdict, monkeypatch):
    comparison = Comparison("tiny")
    monkeypatch.setattr(Comparison, "counts", {state: 1})
    assert Reproduction("tiny", comparison=comparison).verdict == verdict


def test_what_is_no_packet_is_refused(tmp_path):
    path = Path(tmp_path, "x.zip")
    path.write_bytes(zipped({"a": b"b"}))
    with pytest.raises(Fault, match="no packet"):
        reproduce(path)
    path.write_bytes(zipped({"packet.json": b"{}", "../a": b""}))
    with pytest.raises(Fault, match="leads out of it"):
        reproduce(path)

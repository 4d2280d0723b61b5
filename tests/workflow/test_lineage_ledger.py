"""The ledger is a chain: whatever is done to its text is found, by line; and appending to it is safe."""

import json
import multiprocessing
import os
import random
import re
import time

import pytest
from omtrace.audit import ledger_check
from omtrace.audit.ledger_check import ledger_faults
from omtrace.faults import Fault
from omtrace.provenance import ledger

FORGERIES = 10_000
OPEN = os.open
WAYS = ("edit", "delete", "insert", "duplicate", "swap", "reverse", "truncate", "garbage", "move", "several")


def written(root, lines=12):
    """A ledger with so many lines; its text."""
    for number in range(lines):
        ledger.append(ledger.ACTIONS[number % 4], "tiny", {"reason": f"é \n{number}"}, root)
    assert ledger_faults(root) == []
    return (root / ledger.LEDGER).read_bytes()


def named_lines(faults):
    """The numbers of the lines that faults name in their first words."""
    spans = [re.match(r"lines? (\d+)(?: to (\d+))?: ", fault) for fault in faults]
    return {n for span in spans if span for n in range(int(span[1]), int(span[2] or span[1]) + 1)}


def test_each_line_holds_the_digest_of_the_one_before(tmp_path):
    written(tmp_path)
    content = ledger.read(tmp_path)
    entries = ledger.entries(tmp_path)
    assert tuple(entries[0]) == ledger.FIELDS and entries[0]["time"].endswith("+00:00")
    assert [entry["line"] for entry in entries] == list(range(1, 13))
    assert [entry["previous"] for entry in entries] == ["0" * 64, *(content.digest(n) for n in range(1, 12))]
    assert json.loads((tmp_path / ledger.HEAD).read_text()) == {"lines": 12, "sha256": content.digest(12)}
    assert ledger.count(tmp_path) == 12 and ledger_check.holds(content.digest(5), tmp_path) == 5
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["ledger.head", "ledger.jsonl"]
    with pytest.raises(ValueError, match="no such action"):
        ledger.append("delete", "tiny", {}, tmp_path)


def forged(text, way, chance):
    """The text after a forgery, and the line that must be named, if it is one."""
    lines = text.splitlines(keepends=True)
    at, other = chance.sample(range(len(lines)), 2)
    if way == "edit":  # a byte within a line
        place, line = chance.randrange(len(lines[at]) - 1), lines[at]
        byte = chance.choice([b for b in range(256) if b not in (line[place], 10)])
        lines[at] = line[:place] + bytes([byte]) + line[place + 1 :]
        return b"".join(lines), at + 1
    if way == "delete":
        del lines[at]
        return b"".join(lines), at + 1
    if way == "insert":
        entry = {**ledger.parsed(lines[at]), "user": "forger", "line": chance.choice([at + 1, at + 2, 99])}
        lines.insert(at + 1, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        return b"".join(lines), at + 2
    if way == "garbage":
        garbage = chance.choice([b"garbage\n", b"\n", b"[1]\n", b"{}\n", b"null\n", b"[" * 2000 + b"\n", b"\xff\n"])
        lines.insert(chance.choice([at, len(lines)]), garbage)
        return b"".join(lines), lines.index(garbage) + 1
    if way == "duplicate":
        lines.insert(at, lines[at])
        return b"".join(lines), 0
    if way == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif way == "move":
        lines.insert(other, lines.pop(at))
    elif way == "reverse":
        first, last = sorted((at, other))
        lines[first : last + 1] = lines[first : last + 1][::-1]
    elif way == "several":
        for again in chance.choices(WAYS[:5], k=2):
            text = forged(text, again, chance)[0]
        return text, 0
    elif way == "truncate":
        return text[: chance.randrange(len(text))], 0
    return b"".join(lines), 0


def test_ten_thousand_random_forgeries_are_found_and_single_lines_are_named(tmp_path):
    good = written(tmp_path, lines=8)
    path = tmp_path / ledger.LEDGER
    chance = random.Random(20240531)
    counts = dict.fromkeys(WAYS, 0)
    for number in range(FORGERIES):
        way = WAYS[number % len(WAYS)]
        text, line = forged(good, way, chance)
        if text == good:  # two forgeries that take each other back
            assert way == "several"
            continue
        path.write_bytes(text)
        faults = ledger_faults(tmp_path)
        assert faults, (number, way)
        assert not line or line in named_lines(faults), (number, way, line, faults)
        if way == "edit":
            assert named_lines(faults) == {line}, (number, faults)
        counts[way] += 1
    assert min(counts.values()) > 900


def test_first_last_whole_file_and_head_are_no_exception(tmp_path):
    good = written(tmp_path)
    path, head = tmp_path / ledger.LEDGER, tmp_path / ledger.HEAD
    lines = good.splitlines(keepends=True)
    cases = {
        b"".join(lines[1:]): "line 1: missing",
        b"".join(lines[:-1]): "line 12: missing; what came before is line 11 now",
        b"".join(lines[:4] + lines[5:]): "line 5: missing; what came before is line 4 now",
        b"": "lines 1 to 12: missing",
        good[:-1]: "line 12: has no line feed: a write that was cut off, or an edit",
        good.replace(b'"line": 1,', b'"line": 2,', 1): "line 1: changed after it was written",
    }
    for content, message in cases.items():
        path.write_bytes(content)
        assert ledger_faults(tmp_path) == [message]
    path.unlink()
    assert ledger_faults(tmp_path) == ["lines 1 to 12: missing"]
    path.write_bytes(good)
    sound = head.read_bytes()
    for content in (
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"lines": true, "sha256": ""}',
        sound.replace(b"12", b"13"),
        sound.replace(b"12", b"11"),
        sound.replace(b"12", b"-1"),
        sound[:-9] + b'"}',
    ):
        head.write_bytes(content)
        assert ledger_faults(tmp_path), content
    head.unlink()
    assert ledger_faults(tmp_path) == [
        "data/ledger.head: missing; lines missing at the end of the ledger cannot be known"
    ]
    path.unlink()
    assert ledger_faults(tmp_path) == []


def test_a_job_ended_between_the_two_writes_leaves_a_sound_ledger_that_the_next_line_mends(tmp_path):
    for lines in (1, 2, 12):
        root = tmp_path / str(lines)
        heads = []
        for number in range(lines):
            heads.append((root / ledger.HEAD).read_bytes() if number else b'{"lines": 0, "sha256": "%s"}' % (b"0" * 64))
            ledger.append("run", "tiny", {"number": number}, root)
        (root / ledger.HEAD).write_bytes(heads[-1])
        assert ledger_faults(root) == []
        assert len(ledger_check.remarks(root)) == 1 and "a job was ended there" in ledger_check.remarks(root)[0]
        text = (root / ledger.LEDGER).read_bytes()
        if lines > 2:  # two lines ahead is more than one job leaves
            (root / ledger.HEAD).write_bytes(heads[-2])
            assert ledger_faults(root)
            (root / ledger.HEAD).write_bytes(heads[-1])
        ledger.append("register", "tiny", {}, root)
        assert (root / ledger.LEDGER).read_bytes().startswith(text)
        assert ledger_faults(root) == ledger_check.remarks(root) == []


def test_an_end_that_was_changed_is_not_written_on(tmp_path):
    good = written(tmp_path)
    path, head = tmp_path / ledger.LEDGER, tmp_path / ledger.HEAD
    lines = good.splitlines(keepends=True)
    edited = lines[-1].replace(b"tiny", b"tinx")
    for content in (b"".join(lines[:-1]), b"".join(lines[:-1]) + edited, good + b"garbage\n", b"", good + lines[-1]):
        path.write_bytes(content)
        with pytest.raises(Fault, match="does not end as it was left; nothing is written to it"):
            ledger.append("run", "tiny", {}, tmp_path)
        assert path.read_bytes() == content
    path.write_bytes(good)
    head.unlink()
    with pytest.raises(Fault, match="data/ledger.head: missing, although the ledger has lines"):
        ledger.append("run", "tiny", {}, tmp_path)
    assert path.read_bytes() == good and not head.exists()


def test_a_change_further_up_is_found_for_ever(tmp_path):
    good = written(tmp_path)
    (tmp_path / ledger.LEDGER).write_bytes(good.replace(b'"line": 5, "time": "2', b'"line": 5, "time": "1'))
    for _ in range(3):
        ledger.append("run", "tiny", {}, tmp_path)
    assert ledger_faults(tmp_path) == ["line 5: changed after it was written"]


def test_a_torn_line_is_taken_out_by_the_next_which_it_does_not_swallow(tmp_path):
    good = written(tmp_path)
    path = tmp_path / ledger.LEDGER
    path.write_bytes(good + b'{"line": 13, "ti')
    assert ledger_faults(tmp_path) == ["line 13: has no line feed: a write that was cut off, or an edit"]
    ledger.append("retrieve", "tiny", {}, tmp_path)
    assert path.read_bytes().startswith(good + b'{"line": 13, "time": ') and ledger_faults(tmp_path) == []


@pytest.mark.parametrize("call", ["write", "replace"])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch, call):
    good = written(tmp_path)
    head = (tmp_path / ledger.HEAD).read_bytes()
    write = os.write
    with monkeypatch.context() as full:
        if call == "write":
            full.setattr(ledger.os, "write", lambda handle, line: write(handle, line[:9]))
        else:
            full.setattr(ledger.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="is the disk full|No space left on device: .data/ledger.jsonl"):
            ledger.append("run", "tiny", {}, tmp_path)
    assert (tmp_path / ledger.LEDGER).read_bytes() == good and (tmp_path / ledger.HEAD).read_bytes() == head
    ledger.append("run", "tiny", {}, tmp_path)
    assert ledger_faults(tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["ledger.head", "ledger.jsonl"]


def _append(root):
    for _ in range(50):
        ledger.append("run", "tiny", {"text": "x" * 3000}, root)
        ledger.append("register", "tiny", {"once": "this"}, root, unless='"once": "this"')


def test_lines_of_parallel_jobs_make_one_chain(tmp_path):
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=_append, args=(tmp_path,)) for _ in range(4)]
    for job in jobs:
        job.start()
    while any(job.is_alive() for job in jobs):
        assert ledger_faults(tmp_path) == []  # at every moment
    for job in jobs:
        job.join()
    entries = ledger.entries(tmp_path)
    assert [entry["line"] for entry in entries] == list(range(1, 202)) and ledger_faults(tmp_path) == []
    assert sum(entry["action"] == "register" for entry in entries) == 1


def test_the_account_is_named_by_number_where_it_has_no_name(tmp_path, monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr(ledger.getpass, "getuser", nobody)
    ledger.append("run", "tiny", {}, tmp_path)
    assert ledger.entries(tmp_path)[0]["user"].isdigit()


def test_a_file_system_without_locks_is_told(tmp_path, monkeypatch):
    good = written(tmp_path)
    monkeypatch.setattr(ledger.fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(37, "No locks available")))
    for call in (lambda: ledger.append("run", "tiny", {}, tmp_path), lambda: ledger.read(tmp_path)):
        with pytest.raises(Fault, match="data/ledger.jsonl: cannot be locked .No locks available.; put the folder on"):
            call()
    assert (tmp_path / ledger.LEDGER).read_bytes() == good


def test_reading_needs_no_right_to_write(tmp_path, monkeypatch):
    written(tmp_path)
    modes = []
    monkeypatch.setattr(ledger.os, "open", lambda path, mode: (modes.append(mode), OPEN(path, mode))[1])
    assert ledger_faults(tmp_path) == [] and len(ledger.entries(tmp_path)) == 12
    assert set(modes) == {os.O_RDONLY}


def _append_for_ever(root):
    while True:
        ledger.append("run", "tiny", {"text": "x" * 3000}, root)


def test_thirty_writers_killed_at_any_moment_leave_a_sound_ledger(tmp_path):
    chance = random.Random(20240531)
    context = multiprocessing.get_context("fork")
    for _ in range(30):
        writer = context.Process(target=_append_for_ever, args=(tmp_path,))
        before = ledger.count(tmp_path)
        writer.start()
        while ledger.count(tmp_path) == before:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02))
        writer.kill()
        writer.join()
        assert ledger_faults(tmp_path) == []
        ledger.append("register", "tiny", {}, tmp_path)
        assert ledger_faults(tmp_path) == ledger_check.remarks(tmp_path) == []
    assert len(ledger.entries(tmp_path)) >= 60

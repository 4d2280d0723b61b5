"""Damaged files by the thousand are read or refused by every reader; a study of damaged exports loses no row.

The runs are processes of their own (see ``fuzz``), two at a time. A reader that starts a process for each file is also
asked as it is, for some of the files.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fuzz
import fuzz_seeds
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.readers import _spreadsheet, jsonlines, reader_of, statistical

ROOT = Path(__file__).parents[2]
READERS = sorted(fuzz.OPTIONS)
FILES, STUDIES, AS_THEY_ARE = 1500, 160, 40  # ``fuzz.py READER --first 1500`` asks for others
MEMORY = 1024  # MiB of a process that reads files of at most 8 MiB
RELAXED = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


def run(what, first, count):
    """What a run of ``fuzz`` reports. Fails with what it said, where it came to something that should not happen."""
    command = [sys.executable, str(ROOT / "tests/fuzz.py"), what, "--first", str(first), "--count", str(count)]
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("workflow", "tests", "tests/unit"))
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def runs():
    """Run -> its report, once it is there."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            **{("study", half): pool.submit(run, "study", half * STUDIES // 2, STUDIES // 2) for half in (0, 1)},
            **{(reader, 0): pool.submit(run, reader, 0, FILES) for reader in READERS},
        }


def test_every_reader_has_files_to_damage():
    declared = [p.stem for p in (ROOT / "workflow/omtrace/readers").glob("[!_]*.py") if "\nREADER = " in p.read_text()]
    assert sorted({*declared} - {"several"}) == READERS  # which leaves each file to the reader that fits it
    for reader in READERS:
        seeds, own = fuzz_seeds.seeds_of(reader), reader_of(reader)
        for options in fuzz.OPTIONS[reader]:
            own.options(**options)
            assert set(own.companions) & set(options) <= set(seeds)


@pytest.mark.parametrize("reader", READERS)
def test_the_undamaged_files_are_read(reader):
    seeds, read = fuzz_seeds.seeds_of(reader), 0
    for content in seeds[""]:
        read += any(
            fuzz.read(reader, content, options, {name: seeds[name][0] for name in options if name in seeds})
            for options in fuzz.OPTIONS[reader]
        )
    assert read == len(seeds[""])


@pytest.mark.parametrize("reader", READERS)
def test_damaged_files_are_read_or_refused(runs, reader):
    told = runs[reader, 0].result()
    assert told["read"] + told["refused"] == FILES
    assert min(told["read"], told["refused"]) > FILES // 20  # else the damage is none, or nothing survives it
    assert told["MiB"] < MEMORY and told["MiB_child"] < 2 * MEMORY, told


@pytest.mark.parametrize("reader", ["spreadsheet", "statistical"])
def test_one_process_for_all_files_answers_as_one_for_each(reader, monkeypatch):
    """What the many files above were asked of, and what is asked in use, agree; a death there is a fault here."""
    module = {"spreadsheet": _spreadsheet, "statistical": statistical}[reader]
    seeds, own, child = fuzz_seeds.seeds_of(reader), reader_of(reader), fuzz.answering(reader)

    def outcome(content, options):
        try:
            return own.read(content, own.options(**options))
        except Fault as fault:
            return fault.lines

    for number in range(AS_THEY_ARE):
        content, options, _ = fuzz.case(reader, number, seeds)
        alone = outcome(content, options)
        with monkeypatch.context() as patch:
            patch.setattr(module, "subprocess", child)
            assert outcome(content, options) == alone, number
    child.end()


@pytest.mark.parametrize("half", [0, 1])
def test_a_study_of_damaged_exports_ends_or_stops_with_a_fault_and_keeps_count_of_every_row(runs, half):
    told = runs["study", half].result()
    assert told["read"] + told["refused"] == STUDIES // 2
    assert min(told["read"], told["refused"]) > STUDIES // 40
    assert told["MiB"] < MEMORY


def test_a_run_says_which_file_it_failed_at(monkeypatch, capsys):
    asked = []

    def broken(*_):
        asked.append(_)
        return 1 / (4 - len(asked)) > 0

    monkeypatch.setattr(fuzz, "read", broken)
    with pytest.raises(ZeroDivisionError):
        fuzz.run("delimited", 100, 10)
    assert capsys.readouterr().err.startswith("delimited: file 103\n")


# files that no reader may spend the machine on


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        ("delimited", b"a,b\n" + b"1,2\n" * 11_000_000),
        ("delimited", b"a,b\n" + b"," * 21_000_000),
        ("softmax", b"##BLOCKS= 1\n" + b"\n" * 2_000_000),
        ("jsonlines", b'{"a":[' + b"1," * 21_000_000 + b"1]}\n"),
    ],
)
def test_more_cells_than_memory_holds_are_refused(reader, text):
    options = {"part": "signals"} if reader == "softmax" else {}
    with pytest.raises(Fault, match="; split the export"):
        reader_of(reader).read(text, reader_of(reader).options(**options))


# JSON of any shape

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=400, **RELAXED)
@given(st.lists(VALUES, min_size=1, max_size=5), st.sampled_from(["", "a", "a.b"]))
def test_json_of_any_shape_is_a_row_or_a_fault_at_its_line(values, explode):
    content = "".join(json.dumps(value) + "\n" for value in values).encode()
    try:
        extract = jsonlines.read(content, jsonlines.Options(explode=explode))
    except Fault as fault:
        fuzz.sound(fault)
        return
    fuzz.promises(extract)
    rows, lost = {p.first_line for p in extract.places}, {f.place.first_line for f in extract.faults}
    assert not rows & lost and len(rows | lost) + sum(extract.left_out.values()) == len(values)

"""YAML files of studies: what is read, what is refused with its line, and what a hostile file costs."""

import os
import re
import time
from datetime import date
from pathlib import Path

import pytest
import yaml
from omtrace.faults import Fault
from omtrace.model.document import BYTES, DEPTH, VALUES, read_document
from omtrace.model.lines import with_lines

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "config").rglob("*.yaml"), *(ROOT / "tests/tiny/config").rglob("*.yaml")])


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "plan.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(folder: Path, text: str | bytes) -> list[str]:
    path = written(folder, text)
    with pytest.raises(Fault) as caught:
        read_document(path)
    assert all(line.startswith(f"{path}: ") and line.isprintable() for line in caught.value.lines)
    return [line.removeprefix(f"{path}: ") for line in caught.value.lines]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_are_read_as_yaml_reads_them(path):
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert repr(read_document(path)) == repr(expected)  # values, types and the order of keys


def test_plain_words_that_say_what_they_are(tmp_path):
    text = "{a: true, b: 1, c: -99, d: 0.50, e: ~, f: , g: 2024-03-01, h: 1e5, i: y, j: '010', k: 'no', m: +1.5E-3}"
    assert read_document(written(tmp_path, text)) == {
        "a": True,
        "b": 1,
        "c": -99,
        "d": 0.5,
        "e": None,
        "f": None,
        "g": date(2024, 3, 1),
        "h": "1e5",
        "i": "y",
        "j": "010",
        "k": "no",
        "m": 0.0015,
    }


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("no", "false"),
        ("Yes", "true"),
        ("on", "true"),
        ("OFF", "false"),
        ("12:30", "750"),
        ("010", "8"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("1_0.5", "10.5"),
        (".inf", "inf"),
        (".NaN", "nan"),
        ("1.0e+999", "inf"),
        ("2024-03-01 12:30:00", "a point in time"),
        ("2024-13-45", "something else"),
        ("12:30.5", "750.5"),
    ],
)
def test_a_word_that_yaml_reads_as_something_else_is_refused_with_its_line(tmp_path, word, read):
    for text in (f"a: b\nc: {word}\n", f"a: b\n{word}: c\n", f"a: [b,\n{word}]\n"):
        (line,) = faults(tmp_path, text)
        assert line.startswith(f'line 2: {word!r} is read as {read} by YAML; write "{word}" in quotes'), line
    assert read_document(written(tmp_path, f'c: "{word}"\n')) == {"c": word}


def test_all_such_words_are_told_at_once(tmp_path):
    assert [line[:6] for line in faults(tmp_path, "a: no\nb: yes\nc: 12:30\n")] == ["line 1", "line 2", "line 3"]
    many = faults(tmp_path, "a: [" + "no, " * 9000 + "]")
    assert len(many) == 21 and many[-1] == "and 8980 more of this kind"


def test_aliases_and_merges_are_copies(tmp_path):
    text = "a: &x {k: [1], m: 2}\nb: *x\nc: {<<: *x, m: 3}\nd: {<<: [{m: 4}, *x], n: 5}\n"
    content = read_document(written(tmp_path, text))
    assert content == yaml.safe_load(text)
    content["a"]["k"].append(2)
    assert content["b"] == {"k": [1], "m": 2} and content["c"] == {"k": [1], "m": 3}


BOMB = "a: [&x0 [q, q, q, q, q, q, q, q, q]" + "".join(
    f", &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 10)
)
TOO_MANY = f"more than {VALUES} values"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB + "]", f"line 1: {TOO_MANY}"),
        (
            "a0: &b0 {k: 1}\n"
            + "".join(f"a{n}: &b{n} {{k: [{', '.join([f'*b{n - 1}'] * 9)}]}}\n" for n in range(1, 9)),
            f"line 6: {TOO_MANY}",
        ),
        ("a: b\nc: &x [*x]", "line 2: *x stands within what it names"),
        ("a: &x {b: {<<: *x}}", "line 1: *x stands within what it names"),
        ("a: *x", "line 1: *x: nothing above is named &x"),
        ("a: {<<: 3}", "line 1: '<<' takes the alias of a mapping"),
        ("a: " + "[" * 100_000, f"line 1: nested more than {DEPTH} deep"),
        ("- " * 100_000, f"line 1: nested more than {DEPTH} deep"),
        ("{a: " * 100_000, f"line 1: nested more than {DEPTH} deep"),
        ("? " * 100_000, "line 1: a key is a single word or text"),
        ("a: " + "9" * 5000, "line 1: 9999"),
        ("a: " + "9" * 5000 + ".5", "line 1: 9999"),
        ("? " + "9" * 5000 + "\n: a", "line 1: 9999"),
        ("a: " + "0" * 5000, "line 1: 0000"),
        ("a: [" + "1," * 400_000 + "]", f"line 1: {TOO_MANY}"),
        ("a: b\n" * 10**6, f"larger than {BYTES // 1000} kB"),
        ("a: b\nc: \0", "line 2: the character U+0000"),
        ("a: b\nc: \x1b", "line 2: the character U+001B"),
        (b"a: b\nc: \xe9", "line 2: not UTF-8 text"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: the tag tag:yaml.org,2002:python/object/apply"),
        ("a: !!binary aGk=", "line 1: the tag"),
        ("a: 1\n---\nb: 1", "line 2: a second document begins"),
        ("a:\n\tb: 1", "line 2: no text without quotes begins so (a tab"),
        ("a: b: c", "line 1: not readable as YAML"),
        ("a: [\nb\n", "line 3: not readable as YAML"),
        ("[a, b]: 1", "line 1: a key is a single word or text"),
        ("a: 1\nb: 2\na: 3", "line 3: 'a' stands twice"),
        ("1: a\n'1': b", "line 2: '1' stands twice"),
    ],
    ids=lambda value: re.sub(r"\W", "", str(value))[:16],
)
def test_a_hostile_or_broken_file_ends_in_one_line_within_a_second(tmp_path, text, says):
    started = time.process_time()
    (line,) = faults(tmp_path, text)
    assert time.process_time() - started < 1
    assert line.startswith(says) and len(line) < 200, line


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "plan.yaml")
    with pytest.raises(Fault, match="plan.yaml: not a file"):
        read_document(tmp_path / "plan.yaml")
    with pytest.raises(Fault, match="not a file"):
        read_document(tmp_path)
    with pytest.raises(Fault, match="there is no such plan"):
        read_document(tmp_path / "none.yaml")


def test_complaints_name_the_file_and_line_of_their_key(tmp_path):
    plan, beside = (
        written(tmp_path, "a: &x\n  b.c: [1,\n   2]\nd:\n  <<: *x\nfamilies:\n  key: {title: t}\n"),
        tmp_path / "e",
    )
    beside.write_text("analyses:\n  late: {title: t}\n")
    told = {
        "a.b.c.1: wrong": f"{plan}: line 3: a.b.c.1: wrong",
        "a.b.c.str: wrong": f"{plan}: line 2: a.b.c.str: wrong",
        "d.b.c: wrong": f"{plan}: line 2: d.b.c: wrong",
        "a: 'b.c' is no name": f"{plan}: line 2: a: 'b.c' is no name",
        "a: b.c: x.y: wrong": f"{plan}: line 2: a: b.c: x.y: wrong",
        "analyses.late.dataset: missing": f"{beside}: line 2: analyses.late.dataset: missing",
        "analyses.key.options.x: wrong": f"{plan}: line 7: analyses.key.options.x: wrong",
        "analyses.made.options.x: wrong": "P: analyses.made.options.x: wrong",
        "none: missing": "P: none: missing",
    }
    assert list(with_lines([f"P: {line}" for line in told], "P", plan, beside).lines) == list(told.values())

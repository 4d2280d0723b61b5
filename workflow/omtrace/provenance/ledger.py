"""The ledger, ``data/ledger.jsonl``: who ran, registered or retrieved what, and when. It only ever grows.

One JSON object a line: ``line`` (from 1), ``time`` (UTC), ``user``, ``host``, ``action``, ``study``, ``details`` and
``previous``: the sha256 of the line before with its line feed, 64 zeros in the first. ``data/ledger.head`` holds
the number of lines and the sha256 of the last, so that a ledger that was shortened is known. A line says what was
about to be done: it is written before what it is about is put in place.
"""

import fcntl
import getpass
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, cast

from omtrace.faults import Fault

LEDGER = Path("data/ledger.jsonl")
HEAD = Path("data/ledger.head")
START = "0" * 64  # what the first line has as the digest of the line before
ACTIONS = ("run", "register", "withdraw", "undo-batch", "remove-study", "retrieve", "environment")
FIELDS = ("line", "time", "user", "host", "action", "study", "details", "previous")
BEGIN_ANEW = "put ledger.jsonl and ledger.head back from your backup; or begin anew: mv data/ledger.* ELSEWHERE/"


class Entry(TypedDict, total=False):
    """A line of the ledger; empty where there is none."""

    line: int
    time: str
    user: str
    host: str
    action: str
    study: str
    details: dict[str, object]
    previous: str


@dataclass(frozen=True)
class Head:
    """What ``data/ledger.head`` says: how many lines the ledger has, and the sha256 of the last."""

    lines: int
    sha256: str


@dataclass(frozen=True)
class Content:
    """The ledger as it is: whole lines with their line feeds, what follows the last line feed, and the head's file.

    ``head``: None where the file is missing or cannot be read.
    """

    lines: list[bytes]
    torn: bytes
    head: Head | None

    def digest(self, number: int) -> str:
        """Hex sha256 of a line; of line 0: what the first line has for the line before."""
        return hashlib.sha256(self.lines[number - 1]).hexdigest() if number else START

    def is_one_ahead(self) -> bool:
        """Whether a job was ended after it had written the last line, and before it had written the head."""
        count = len(self.lines)
        if self.head is None or count != self.head.lines + 1 or self.digest(count - 1) != self.head.sha256:
            return False
        entry = parsed(self.lines[-1])
        return bool(entry) and (entry["line"], entry["previous"]) == (count, self.head.sha256)


def append(action: str, study: str, details: Mapping[str, object], root: str | Path = ".", unless: str = "") -> None:
    """Add one line at the end, under a lock that parallel jobs and commands share.

    ``details`` holds paths, digests, numbers and reasons, never a raw value. ``unless``: nothing is added to a ledger
    that holds this text. Raises ValueError for an unknown action, Fault when the end of the ledger is not as it was
    left, OSError when the line cannot be written; nothing is changed then.
    """
    if action not in ACTIONS:
        raise ValueError(f"no such action: {action}")
    root = Path(root)
    (root / LEDGER).parent.mkdir(parents=True, exist_ok=True)
    with _locked(os.open(root / LEDGER, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666), fcntl.LOCK_EX) as handle:
        content = _content(handle, root)
        if unless and any(unless.encode() in line for line in content.lines):
            return
        head = _sound_end(content, root)
        size = sum(map(len, content.lines))
        if content.torn:  # a write that was cut off: never a line, and it must not swallow this one
            os.ftruncate(handle, size)
        entry = {
            "line": head.lines + 1,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "user": _user(),
            "host": platform.node(),
            "action": action,
            "study": study,
            "details": details,
            "previous": head.sha256,
        }
        line = (json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n").encode()
        try:
            if os.write(handle, line) != len(line):
                raise OSError(f"{LEDGER}: the ledger line was not written whole; is the disk full?")
            os.fsync(handle)
            _write_head(Head(head.lines + 1, hashlib.sha256(line).hexdigest()), root)
        except BaseException as error:
            os.ftruncate(handle, size)
            if isinstance(error, OSError) and error.errno is not None:  # a full disk names no file
                raise OSError(error.errno, error.strerror, str(LEDGER)) from error
            raise


def append_retrieval(study: str, path: str, sha256: str, source: str, root: str | Path = ".") -> None:
    """Add the line of a file that is about to be put in place: its registered digest, and where it is from."""
    append("retrieve", study, {"path": path, "sha256": sha256, "from": source}, root)


@contextmanager
def _locked(handle: int, kind: int) -> Iterator[int]:
    """Hold the lock on an open file, and close it in the end, which gives the lock back."""
    try:
        try:
            fcntl.flock(handle, kind)
        except OSError as error:
            mend = "put the folder on a file system that has locks"
            raise Fault(f"{LEDGER}: cannot be locked ({error.strerror}); {mend}") from None
        yield handle
    finally:
        os.close(handle)


def _content(handle: int, root: Path) -> Content:
    with open(handle, "rb", closefd=False) as file:
        *lines, torn = file.read().split(b"\n")
    return Content([line + b"\n" for line in lines], torn, _read_head(root))


def _read_head(root: Path) -> Head | None:
    try:
        content = json.loads((root / HEAD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or set(content) != {"lines", "sha256"}:
        return None
    lines, digest = content["lines"], content["sha256"]
    return Head(lines, digest) if type(lines) is int and lines >= 0 and isinstance(digest, str) else None


def _write_head(head: Head, root: Path) -> None:
    """Put the head in place at once. The lock is held, so the temporary name is nobody else's."""
    temporary = root / HEAD.with_name(f".{HEAD.name}.part")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(json.dumps(vars(head)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, root / HEAD)


def _sound_end(content: Content, root: Path) -> Head:
    """The end to which a line is added. An end that was changed is not written on: that would make it look sound."""
    count = len(content.lines)
    if content.head is None and not os.path.lexists(root / HEAD):
        if count or content.torn:
            raise Fault(
                f"{HEAD}: missing, although the ledger has lines (one from before version 0.2.0 has none); {BEGIN_ANEW}"
            )
        _write_head(Head(0, START), root)
        return Head(0, START)
    if content.is_one_ahead() or content.head == Head(count, content.digest(count)):
        return Head(count, content.digest(count))
    raise Fault(
        f"{LEDGER}: does not end as it was left; nothing is written to it. omtrace verify names the lines; "
        + BEGIN_ANEW
    )


def _user() -> str:
    """The account's name, or its number where a container has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def read(root: str | Path = ".") -> Content:
    """The ledger and its head as they are at one moment. A ledger that is missing has no lines."""
    root = Path(root)
    try:
        handle = os.open(root / LEDGER, os.O_RDONLY)
    except FileNotFoundError:
        return Content([], b"", _read_head(root))
    with _locked(handle, fcntl.LOCK_SH):
        return _content(handle, root)


def count(root: str | Path = ".") -> int:
    """How many lines the ledger has, by its head; fast, as it reads nothing else."""
    head = _read_head(Path(root))
    return head.lines if head else 0


def parsed(line: bytes) -> Entry:
    """The entry of a line, or nothing when it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(entry, dict) or tuple(entry) != FIELDS:
        return {}
    is_entry = type(entry["line"]) is int and isinstance(entry["details"], dict) and isinstance(entry["previous"], str)
    return cast(Entry, entry) if is_entry else {}


def entries(root: str | Path = ".") -> list[Entry]:
    """The entries, oldest first; lines that cannot be read are skipped (``ledger_check`` reports them)."""
    return [entry for line in read(root).lines if (entry := parsed(line))]


def runs(study: str, root: str | Path = ".") -> Iterator[Entry]:
    """The lines that name a study's manifest, newest first."""
    mark = f'"action": "run", "study": "{study}", '.encode()  # not every line is parsed
    for line in reversed(read(root).lines):
        entry = parsed(line) if mark in line else {}
        if entry and (entry["action"], entry["study"]) == ("run", study):
            if isinstance(entry["details"].get("manifest"), str):
                yield entry


def findings_of_runs(root: str | Path = ".") -> dict[str, list[dict[str, int]]]:
    """Study -> of each of its runs, oldest first, how many cells each rule found, of those whose line says so.

    A run that found the same as the one before is not counted again, so that the same results give the same pages.
    """
    found: dict[str, list[dict[str, int]]] = {}
    for entry in entries(root):
        counts = entry["details"].get("findings")
        if entry["action"] == "run" and isinstance(counts, dict):
            mine, run = found.setdefault(entry["study"], []), {str(rule): int(n) for rule, n in counts.items()}
            mine += [run] if mine[-1:] != [run] else []
    return found


def newest_run(study: str, root: str | Path = ".") -> Entry:
    """The newest line that names a study's manifest, or nothing."""
    return next(runs(study, root), Entry())

"""The memory of queries, ``data/queries/<study>.jsonl`` (confidential): it only ever grows, like the ledger.

It is kept with the data, since neither results nor logs, which are safe to delete, could give it back: it holds the
answers of the site, word for word, and when each query was opened, answered, closed or re-opened. Of the raw value
it holds only a digest, to see whether the value changed; of the row its unit, visit and other keys.

One JSON object a line: ``time`` (UTC), ``query``, ``state``; ``digest``, ``about`` and ``answer`` where they are new.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from omtrace.faults import Fault

STATES = ("re-opened", "open", "answered", "closed")
ABOUT = ("severity", "rule", "export", "file", "part", "column", "table", "unit", "visit", "row", "expected")


class Event(TypedDict, total=False):
    """A line of the log: what happened to a query, and when; ``about``: of the finding, with the keys ``ABOUT``."""

    query: str
    state: str
    time: str
    digest: str
    about: dict[str, str]
    answer: str


@dataclass
class Query:
    """One query as it stands. Dates are ISO days (UTC), "" where there is none; ``about`` has the keys ``ABOUT``."""

    id: str
    state: str = "open"
    first_seen: str = ""
    digest: str = ""
    about: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    answered_on: str = ""
    earlier_answer: str = ""

    def take(self, event: Event) -> None:
        """What one event changes."""
        day = event["time"][:10]
        self.first_seen = self.first_seen or day
        self.state = event["state"]
        self.digest = event.get("digest", self.digest)
        self.about = event.get("about", self.about)
        if self.state == "answered":
            if "answer" in event:
                self.answer, self.answered_on = event["answer"], day
        elif self.state == "re-opened" and self.answer:
            self.earlier_answer, self.answer, self.answered_on = self.answer, "", ""


def path_of(study: str, root: str | Path = ".") -> Path:
    """Where the memory of a study's queries lies."""
    return Path(root, "data/queries", f"{study}.jsonl")


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_queries(study: str, root: str | Path = ".") -> dict[str, Query]:
    """Query id -> query, oldest first. Raises Fault for a line that cannot be read."""
    path = path_of(study, root)
    known: dict[str, Query] = {}
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return known
    faults = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            name = event["query"]
            if event["state"] not in STATES or not (name in known or set(event["about"]) == set(ABOUT)):
                raise ValueError(name)
            known.setdefault(name, Query(name)).take(event)
        except (ValueError, KeyError, TypeError, RecursionError):
            faults.append(f"{path}: line {number}: cannot be read; put the file back from your backup")
    if faults:
        raise Fault(*faults)
    return known


def states_of(paths: Iterable[str | Path]) -> dict[str, list[dict[str, str]]]:
    """Study -> state, rule, table and first day of each of its queries. Paths of other files are left aside."""
    found = {}
    for path in map(Path, paths):
        if path.suffix == ".jsonl":
            known = read_queries(path.stem, path.parents[2])
            found[path.stem] = [
                {"state": q.state, "first_seen": q.first_seen, "rule": q.about["rule"], "table": q.about["table"]}
                for q in known.values()
            ]
    return found


def append(study: str, events: Sequence[Event], root: str | Path = ".") -> None:
    """Add events at the end, all or none. Raises OSError when they cannot be written whole."""
    if not events:
        return
    content = "".join(json.dumps(event, ensure_ascii=False, allow_nan=False) + "\n" for event in events).encode()
    path = path_of(study, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        size = os.fstat(handle).st_size
        if os.write(handle, content) != len(content):
            os.ftruncate(handle, size)
            raise OSError(f"{path}: the queries were not written whole; is the disk full?")
    finally:
        os.close(handle)

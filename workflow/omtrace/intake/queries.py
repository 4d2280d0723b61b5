"""Queries to the site or the lab, from the findings of the last run: ``omtrace queries STUDY``.

Each finding that stops, quarantines or warns is a query; notes are not. A query has a state:

- ``open``: found now, and not answered yet;
- ``answered``: found now, and the site confirmed or explained the value;
- ``re-opened``: answered or closed before, and found now with another value or after it had been gone;
- ``closed``: not found any more.

What several tables find in one cell by one rule is one query, that of the first of them.

A query's id is ``Q-`` and 10 hex digits of sha256 over the study and what the finding is about: table, unit, visit,
further keys of the row, column and rule; without a unit the export (all versions of it have one name), part, column
and rule. Lines and register numbers take no part, so a query survives a new version of the export. Of equal findings
each has a further number: in a later run they are matched by their values first, then by their order.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.intake import query_log
from omtrace.intake.query_files import HEADER, plain, read_answers, shown, write_lists
from omtrace.intake.query_log import ABOUT, STATES, Event, Query, path_of, read_queries
from omtrace.model.folders import read_registered
from omtrace.model.register import Export, exports_of
from omtrace.provenance.keys import digest_of
from omtrace.store import read_csv

ASKED = ("stop", "quarantine", "warn")
# About the plan, or what follows from another finding: not for the site.
OURS = {"repair_unused", "text_unmatched", "export_unread", "coding", "batch", "unit"}
Base = tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """The outcome of the command: how many queries in each state, how many are new, and the files written."""

    counts: dict[str, int]
    new: int
    paths: tuple[Path, ...]


def queries(study: str, answers: str | Path = "", root: str | Path = ".") -> Listing:
    """Bring the queries of a study up to date, take in ``answers`` (a returned list), and write the list.

    Raises Fault, with every complaint and nothing written, when there are no findings, when they are older
    than the register, or when an answer does not fit its query.
    """
    root = Path(root)
    known = read_queries(study, root)
    findings = _once(_findings(study, root), {_base(query.about) for query in known.values()})
    before = set(known)
    time = query_log.now()
    found, events = _brought_up(study, known, findings, time)
    if answers:
        events += _answered(study, known, found, read_answers(answers), time)
    query_log.append(study, events, root)
    rows = [_shown(query, found.get(query.id, {})) for query in known.values()]
    rows.sort(key=_order)
    paths = write_lists([[row[name] for name in HEADER] for row in rows], root / "logs" / study)
    counts = Counter(query.state for query in known.values())
    return Listing({state: counts[state] for state in STATES}, len(known.keys() - before), tuple(paths))


def _findings(study: str, root: Path) -> list[dict[str, str]]:
    """The findings that are queries, each with the name of its export and the further keys of its row."""
    path = Path("logs", study, "findings.csv")
    try:
        rows = read_csv(root / path)
    except FileNotFoundError:
        raise Fault(f"{path}: missing; run snakemake {study} first") from None
    exports = read_registered(root)
    every = {e.path: e for e in exports_of(exports, study, replaced=True)}
    newest = {e.path for e in exports_of(exports, study)}
    old = sorted({row["file"] for row in rows if row["file"] in every} - newest)
    if old:
        raise Fault(*(f"{path}: older than the register: {file} was replaced; run snakemake {study}" for file in old))
    return [_with_names(row, every) for row in rows if row["severity"] in ASKED and row["rule"] not in OURS]


def _with_names(row: dict[str, str], exports: dict[str, Export]) -> dict[str, str]:
    export = exports[row["file"]].export if row["file"] in exports else row["file"]
    return {**dict.fromkeys((*ABOUT, "fix"), ""), **row, "export": export}


def _once(rows: Iterable[dict[str, str]], known: set[Base]) -> list[dict[str, str]]:
    """One finding for each cell and rule, however many tables read the cell: the one whose query is known, if any."""
    cells: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        cells.setdefault(
            tuple(row[c] for c in ("export", "part", "line", "column", "rule", "value", "expected")), []
        ).append(row)
    return [next((row for row in same if _base(row) in known), same[0]) for same in cells.values()]


def _base(about: dict[str, str]) -> Base:
    """What makes the id of a query, but for the study and the number among equals."""
    names = (
        ("table", "unit", "visit", "row", "column", "rule") if about["unit"] else ("export", "part", "column", "rule")
    )
    return tuple(about[name] for name in names)


def _id(study: str, base: Base, number: int) -> str:
    return "Q-" + digest_of([json.dumps([study, *base, number])], 10)


def _digest(study: str, query: str, value: str) -> str:
    """A value's digest, of use for this query alone."""
    return digest_of([json.dumps([study, query, value])])


class Update(NamedTuple):
    """Query id -> finding, and the events that bring the queries up to the findings."""

    findings: dict[str, dict[str, str]]
    events: list[Event]


def _brought_up(study: str, known: dict[str, Query], findings: list[dict[str, str]], time: str) -> Update:
    """Bring ``known``, which is changed, up to the findings."""
    groups: dict[Base, list[dict[str, str]]] = {}
    for row in findings:
        groups.setdefault(_base(row), []).append(row)
    mine: dict[Base, list[Query]] = {}
    for query in known.values():
        mine.setdefault(_base(query.about), []).append(query)
    found: dict[str, dict[str, str]] = {}
    for base, rows in groups.items():
        matched = _matched(study, base, rows, mine.get(base, []))
        clash = [name for name in matched if name in found or (name in known and _base(known[name].about) != base)]
        if clash:
            raise AssertionError(f"{study}: two queries have the id {clash[0]}")
        found |= matched
    events = [event for name, row in found.items() if (event := _event(study, name, known.get(name), row))]
    events += [
        {"query": q.id, "state": "closed"}
        for q in known.values()
        if q.id not in found and q.state != "closed" and not _unseen(q.about, findings)
    ]
    timed: list[Event] = [{"time": time, **event} for event in events]
    for event in timed:
        known.setdefault(event["query"], Query(event["query"])).take(event)
    return Update(found, timed)


def _matched(
    study: str, base: Base, rows: Sequence[dict[str, str]], mine: Sequence[Query]
) -> dict[str, dict[str, str]]:
    """Query id -> finding, for findings that are about the same: the same values first, then open ones, in order."""
    left = sorted(mine, key=lambda query: query.state == "closed")
    matched, rest = {}, []
    for row in rows:
        same = next((q for q in left if q.digest == _digest(study, q.id, row["value"])), None)
        if same:
            left.remove(same)
            matched[same.id] = row
        else:
            rest.append(row)
    names = [q.id for q in left] + [_id(study, base, len(mine) + n) for n in range(1, len(rest) + 1)]
    return matched | dict(zip(names, rest, strict=False))


def _event(study: str, name: str, query: Query | None, row: dict[str, str]) -> Event | None:
    """What a finding does to its query, if anything."""
    about = {key: row[key] for key in ABOUT}
    digest = _digest(study, name, row["value"])
    event: Event = {"query": name, "state": query.state if query else "open", "digest": digest, "about": about}
    if query and (query.state == "closed" or (query.state == "answered" and query.digest != digest)):
        event["state"] = "re-opened"
    same = query and (query.state, query.digest, query.about) == (event["state"], digest, about)
    return None if same else event


def _unseen(about: dict[str, str], findings: Iterable[dict[str, str]]) -> bool:
    """Whether a fault of a whole file, or of a column, kept the run from looking at what a query is about."""
    return any(
        row["severity"] != "warn"
        and not row["key"]
        and row["table"] in ("", about["table"])
        and row["column"] in ("", about["column"])
        and (row["table"] or row["export"] == about["export"])
        for row in findings
    )


def _answered(
    study: str,
    known: dict[str, Query],
    found: dict[str, dict[str, str]],
    returned: list[tuple[str, dict[str, str]]],
    time: str,
) -> list[Event]:
    """The events of the answers, which ``known`` takes. Raises Fault with every answer that does not fit."""
    faults: list[str] = []
    given: dict[str, str] = {}
    for where, row in returned:
        name, answer = row["query"], row["answer"]
        if not name and not answer:
            continue
        if complaint := _complaint(study, known.get(name), found.get(name, {}), row):
            faults.append(f"{where}: {complaint}")
        elif answer and given.setdefault(name, answer) != answer:
            faults.append(f"{where}: {name} stands twice, with different answers; keep one of them")
    if faults:
        raise Fault(*faults, f"no answer was taken in; mend the list, or send it again (queries of {study})")
    events: list[Event] = [
        {"time": time, "query": name, "state": "answered", "answer": answer}
        for name, answer in given.items()
        if answer != known[name].answer
    ]
    for event in events:
        known[event["query"]].take(event)
    return events


def _complaint(study: str, query: Query | None, finding: dict[str, str], row: dict[str, str]) -> str:
    """Why a returned row cannot be taken, or nothing. It never holds a value."""
    if query is None:
        return f"column query: not the id of a query of {study}; ids must come back as they were sent"
    if not row["answer"] or row["answer"] == query.answer:
        return ""
    if query.state == "closed":
        return f"{query.id} is closed: it was not found any more; take its answer out"
    moved = [c for c in ("rule", "column", "unit", "visit", "row") if not _same(row[c], query.about[c])]
    if moved:
        return f"{query.id}: column {', '.join(moved)}: not that of the query; were rows shifted or edited?"
    if finding and not _same(row["value"], finding["value"]):
        return (
            f"{query.id}: column value: not what the last run found; it was edited in the list, by a spreadsheet, "
            "or changed by a new version of the export: corrections belong into the source"
        )
    return ""


def _same(cell: str, text: str) -> bool:
    """Whether a returned cell is what the list showed of a text."""
    return plain(cell) == plain(shown(text))


def _shown(query: Query, finding: dict[str, str]) -> dict[str, str]:
    """A query as a row of the list; of a closed one the memory has neither line nor value."""
    own = {
        "query": query.id,
        "state": query.state,
        "first_seen": query.first_seen,
        "answered_on": query.answered_on,
        "answer": query.answer,
        "earlier_answer": query.earlier_answer,
    }
    texts = {**dict.fromkeys(HEADER, ""), **query.about, **finding, **own}
    return {name: shown(texts[name]) if name not in ("answer", "earlier_answer") else texts[name] for name in HEADER}


def _order(row: dict[str, str]) -> tuple:
    severity = ASKED.index(row["severity"])
    return STATES.index(row["state"]), severity, row["file"], row["part"], int(row["line"] or 0), row["query"]


def paths_of(listing: Listing, study: str, root: str | Path = ".") -> list[str]:
    """The files that hold the queries of a study: the lists written, and the memory of all runs."""
    return [path.as_posix() for path in (*listing.paths, path_of(study, root)) if path.exists()]


def print_listing(listing: Listing, study: str, root: str | Path = ".") -> None:
    """Print how many queries there are in each state, and where; no values."""
    counts = ", ".join(f"{count} {state}" for state, count in listing.counts.items())
    print(f"{study}: {counts} ({listing.new} new)")
    for path in paths_of(listing, study, root):
        print(f"{path} (confidential)")

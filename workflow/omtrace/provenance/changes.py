"""``omtrace changes STUDY``: which earlier numbers a run changed, and why.

Every finished run whose estimates differ from those before is kept below ``data/history/<study>/``: the estimates,
their definitions, and what the manifest says of register, plan, code and environment. It survives ``rm -r results``,
and no result reads it. The ledger's run line has the sha256 of the index, and the index that of each file.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.register import Export, exports_of, read_register
from omtrace.provenance import ledger
from omtrace.provenance.keys import digest_of
from omtrace.provenance.recorded import Manifest

HISTORY = Path("data/history")
INDEX = "index.jsonl"
ESTIMATES, DEFINITIONS = "file", "definitions"  # keys of an entry: the sha256 of each packed file
ENDING = {ESTIMATES: "csv", DEFINITIONS: "json"}
CHANGED = "not the one that the last run line of data/ledger.jsonl names"
KEPT = 30  # estimates of a study
ABSENT = "absent"
KINDS = ("changed", "added", "gone", "same")  # in the order in which they are shown
NAMES = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")
Row = dict[str, str]
Entry = dict  # of the index: the sha256 of each packed file and of what the manifest lists; ``register``: numbers


@dataclass(frozen=True)
class Change:
    """One number before and after: a row of estimates, or None; ``cause`` says why it differs.

    ``role``: what its analysis is for.
    """

    old: Row | None
    new: Row | None
    cause: str
    role: str = ""

    @property
    def kind(self) -> str:
        """changed (the value is another one), added, gone, or same: the value is, its rows or definition are not."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "gone"
        return "same" if self.old["value"] == self.new["value"] else "changed"

    @property
    def row(self) -> Row:
        """The row that names the number."""
        return self.new or self.old or {}


class Changes(NamedTuple):
    """The numbers that differ between two runs, and how many are the same."""

    changes: list[Change]
    same: int


@dataclass(frozen=True)
class History:
    """What is kept of a study's runs: the index as it is and as it is to be, and the files to be added, by name."""

    folder: Path
    before: bytes
    after: bytes
    added: dict[str, bytes] = field(default_factory=dict)

    def digests(self) -> dict[str, str]:
        """The sha256 of the index before and after, "" for no index; the ledger's run line has them."""
        texts = {"before": self.before, "after": self.after}
        return {name: hashlib.sha256(text).hexdigest() if text else "" for name, text in texts.items()}

    def write(self) -> None:
        """Put estimates and index in place, and take out what the index does not name."""
        if self.after != self.before:
            for name, content in self.added.items():
                store.write_bytes(self.folder / name, content)
            store.write_bytes(self.folder / INDEX, self.after)
        names = {name for entry in _parsed(self.after) for name in _files(entry)}
        for path in [*self.folder.glob("*.gz"), *self.folder.glob(".*.part")]:
            if path.name not in names:
                path.unlink()


def next_history(
    study: str, manifest: Manifest, sealed: object, root: str | Path = ".", results: Path | None = None
) -> History:
    """What to keep of a finished run: its estimates, unless they equal those of the last run kept.

    ``sealed``: the digests of the index in the ledger's last run line of the study. Raises Fault where the index is
    neither of the two: to go on from it would make a changed history look sound. ``results``: the study's folder, if it
    is elsewhere.
    """
    root = Path(root)
    folder = root / HISTORY / study
    index = _index(folder)
    history = History(folder, index, index)
    if index and isinstance(sealed, dict) and not {"before", "after"} - sealed.keys():
        if history.digests()["before"] not in sealed.values():
            raise Fault(f"{(HISTORY / study / INDEX).as_posix()}: {CHANGED}; {begin_anew(study)}")
    try:
        entries = _parsed(index)
    except ValueError:
        raise Fault(f"{(HISTORY / study / INDEX).as_posix()}: cannot be read; {begin_anew(study)}") from None
    path = (results or root / "results" / study) / "estimates.csv"
    if not path.is_file():
        return history
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if entries and entries[-1]["estimates"] == digest:
        return history
    files = manifest["files"]
    packed = {ESTIMATES: gzip.compress(content, 1, mtime=0)}
    definitions = path.with_name("definitions.json")
    if definitions.is_file():
        packed[DEFINITIONS] = gzip.compress(definitions.read_bytes(), 1, mtime=0)
    entry = {
        "estimates": digest,
        **{kind: hashlib.sha256(content).hexdigest() for kind, content in packed.items()},
        "register": sorted(row["number"] for row in manifest["register"]),
        **{
            kind: digest_of(f"{p} {d.get('sha256')}" for p, d in sorted(files[kind].items()))
            for kind in ("code", "plan", "environment", "raw")
        },
    }
    after = "".join(json.dumps(e, sort_keys=True) + "\n" for e in [*entries, entry][-KEPT:])
    return History(folder, index, after.encode(), {_file_name(entry, kind): packed[kind] for kind in packed})


def begin_anew(study: str) -> str:
    """The mend of a history that was changed."""
    return f"put it back from your backup, or rm -r {(HISTORY / study).as_posix()} to begin anew"


def history_faults(study: str, sealed: object, root: str | Path = ".") -> list[tuple[str, str, str]]:
    """Path, what (changed, missing, unlisted) and note of each difference from what the ledger's run line names."""
    folder = Path(root) / HISTORY / study
    wanted = sealed.get("after") if isinstance(sealed, dict) else None
    index = _index(folder)
    where = (HISTORY / study).as_posix()
    if isinstance(wanted, str) and History(folder, index, index).digests()["after"] != wanted:
        return [(f"{where}/{INDEX}", "changed" if index else "missing", f"{CHANGED}; {begin_anew(study)}")]
    try:
        files = {name: (entry, kind) for entry in _parsed(index) for name, kind in _files(entry).items()}
    except ValueError:
        return [(f"{where}/{INDEX}", "changed", "cannot be read")]
    faults = [
        (f"{where}/{path.relative_to(folder).as_posix()}", "unlisted", "")
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() and path.relative_to(folder).as_posix() not in {*files, INDEX}
    ]
    for name, (entry, kind) in files.items():
        if not (folder / name).is_file():
            faults.append((f"{where}/{name}", "missing", ""))
        elif not _is_as_kept((folder / name).read_bytes(), entry, kind):
            faults.append((f"{where}/{name}", "changed", "not the file that the index names"))
    return faults


def _is_as_kept(content: bytes, entry: Entry, kind: str) -> bool:
    """Whether a packed file is the one of an entry; an entry from before 0.2.0 names the estimates alone."""
    if kind in entry:
        return hashlib.sha256(content).hexdigest() == entry[kind]
    try:
        return hashlib.sha256(gzip.decompress(content)).hexdigest() == entry["estimates"]
    except (OSError, EOFError, zlib.error):
        return False


def _files(entry: Entry) -> dict[str, str]:
    """The files kept for an entry, each with its kind; before 0.3.0 no definitions were kept."""
    kinds = [ESTIMATES, *([DEFINITIONS] if DEFINITIONS in entry else [])]
    return {_file_name(entry, kind): kind for kind in kinds}


def _file_name(entry: Entry, kind: str) -> str:
    return f"{entry['estimates'][:16]}.{ENDING[kind]}.gz"


def _unpacked(folder: Path, entry: Entry, kind: str) -> str:
    """A kept file as it was. Raises Fault for one that is missing or cannot be read."""
    try:
        return gzip.decompress((folder / _file_name(entry, kind)).read_bytes()).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        name = (HISTORY / folder.name / _file_name(entry, kind)).as_posix()
        raise Fault(f"{name}: missing, or cannot be read; {begin_anew(folder.name)}") from None


def _parsed(index: bytes) -> list[Entry]:
    """The entries of an index, the oldest first. Raises ValueError for what is none."""
    try:
        entries = [json.loads(line) for line in index.splitlines()]
    except RecursionError:
        raise ValueError("nested too deep") from None
    for entry in entries:
        if not isinstance(entry, dict) or not re.fullmatch("[0-9a-f]{64}", str(entry.get("estimates"))):
            raise ValueError("no entry")
    return entries


def _index(folder: Path) -> bytes:
    return (folder / INDEX).read_bytes() if (folder / INDEX).is_file() else b""


def compared(study: str, root: str | Path = ".") -> Changes:
    """The numbers that differ between the last two different runs, and how many are the same.

    The same without a word: value, row set and definition are. A row set's digest covers the raw cells of its records,
    and so the register numbers of their files: where a file is replaced, numbers that keep their value are of the kind
    ``same``. In order: changed values first, those of primary analyses before others.
    Raises Fault where the study has not run, or was not kept twice.
    """
    root = Path(root)
    folder = root / HISTORY / study
    path = root / "results" / study / "estimates.csv"
    if not path.is_file():
        raise Fault(f"results/{study}/estimates.csv: missing; run snakemake {study}")
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        entries = _parsed(_index(folder))
    except ValueError:
        raise Fault(f"{(HISTORY / study / INDEX).as_posix()}: cannot be read; {begin_anew(study)}") from None
    last = max((at for at, e in enumerate(entries) if e["estimates"] == now), default=len(entries))
    current = entries[last] if last < len(entries) else None
    earlier = [e for e in entries[:last] if e["estimates"] != now]  # an entry that came back equals its first
    if not earlier:
        raise Fault(
            f"{study}: no earlier numbers are kept to compare with; the first run that changes a number keeps them"
        )
    before = earlier[-1]
    content = _unpacked(folder, before, ESTIMATES)
    different = _different(content, path.read_text(encoding="utf-8"))
    old, new, alike = different.old, different.new, different.alike
    exports = exports_of(read_register(root / "config/exports.csv"), study, replaced=True)
    fresh = [e for e in exports if e.number not in set(before["register"])]
    defined = _defined(path.with_name("definitions.json"))
    earlier_ones = json.loads(_unpacked(folder, before, DEFINITIONS)) if DEFINITIONS in before else {}
    causes = Causes(before, current, fresh, Edits(earlier_ones, defined))
    roles = {entry.get("analysis", ""): entry.get("role", "") for entry in defined.values()}
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        cause = causes.of(old.get(key), new.get(key))
        if cause:
            row: Row = new.get(key) or old.get(key) or {}
            changes.append(Change(old.get(key), new.get(key), cause, roles.get(row["analysis"], "")))
    both = sum(key in new for key in old) - sum(c.old is not None and c.new is not None for c in changes)
    from omtrace.model.questions import ROLES  # pydantic takes a third of a second, and only this list needs it

    order = list(ROLES)
    changes.sort(key=lambda c: (KINDS.index(c.kind), order.index(c.role) if c.role in order else len(order)))
    return Changes(changes, alike + both)


def _defined(path: Path) -> dict[str, dict]:
    """The definitions of a run by digest; none where there is no file."""
    return store.read_json(path) if path.is_file() else {}


class Edits:
    """What of a plan differs between the definitions of two runs, in the plan's own keys.

    Parameters
    ----------
    before, after
        The definitions of each run by digest.
    """

    def __init__(self, before: Mapping[str, dict], after: Mapping[str, dict]) -> None:
        self.before, self.after = before, after
        self.known: dict[tuple[str, str], str] = {}

    def words(self, old: str, new: str) -> str:
        """The keys that differ between two definitions, with both values; "" where the earlier one was not kept."""
        if old not in self.before or new not in self.after:
            return ""
        if (old, new) not in self.known:
            one, other = self.before[old], self.after[new]
            sides = [dict(_leaves(_by_plan_key(_shared(*pair)))) for pair in ((one, other), (other, one))]
            keys = [key for key in {**sides[0], **sides[1]} if sides[0].get(key, ABSENT) != sides[1].get(key, ABSENT)]
            edits = [f"{key} {sides[0].get(key, ABSENT)} -> {sides[1].get(key, ABSENT)}" for key in keys]
            rests = [side.get("rests_on", {}) for side in (one, other)]
            below = (self.words(rests[0][name], rests[1][name]) for name in rests[1] if name in rests[0])
            edits += [
                edit for words in dict.fromkeys(below) if words for edit in words.split("; ") if edit not in edits
            ]
            self.known[old, new] = "; ".join(edits or _parameters(one, other))
        return self.known[old, new]


def _shared(definition: Mapping[str, dict], other: Mapping[str, dict]) -> dict[str, dict]:
    """A definition with those of its parameters that the other has as well.

    One that it has alone came with another key, such as a covariate: nobody edited the parameter.
    """
    mine, theirs = definition.get("parameters", {}), other.get("parameters", {})
    return {**definition, "parameters": {name: entry for name, entry in mine.items() if name in theirs}}


def _parameters(before: Mapping[str, dict], after: Mapping[str, dict]) -> list[str]:
    """The parameters that one of two definitions has alone."""
    sides = [side.get("parameters", {}) for side in (before, after)]
    names = [name for name in {**sides[0], **sides[1]} if (name in sides[0]) != (name in sides[1])]
    return [f"datasets.{after.get('dataset')}.parameters.{n} {'added' if n in sides[1] else 'gone'}" for n in names]


def _by_plan_key(definition: Mapping[str, dict]) -> dict[str, object]:
    """A definition with the keys of the plan."""
    dataset, analysis = f"datasets.{definition.get('dataset')}", f"analyses.{definition.get('analysis')}"
    population = definition.get("population")
    places = {
        "where": f"{dataset}.populations.{population}.where",
        "parameters": f"{dataset}.parameters",
        "unit": f"{dataset}.unit",
        "experimental_unit": f"{dataset}.experimental_unit",
        "baseline": f"{dataset}.baseline",
        "estimand": f"estimands.{(definition.get('estimand') or {}).get('name', '')}",
    }
    shown = {key: value for key, value in definition.items() if key not in ("study", "analysis", "words", "rests_on")}
    return {places.get(key, f"{analysis}.{key}"): value for key, value in shown.items()}


def _leaves(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of nested mappings: its key with dots, and its value as it is written in a plan."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class _Different:
    """The rows of two estimates that are not the same to the letter, by id, in order; and how many are."""

    old: dict[str, Row]
    new: dict[str, Row]
    alike: int


def _different(old: str, new: str) -> _Different:
    lines = [text.split("\n") for text in (old, new)]
    if lines[0][0] != lines[1][0] or any(line.count('"') % 2 for text in lines for line in text if '"' in line):
        return _Different(_rows(old), _rows(new), 0)  # other columns, or a cell of several lines
    same = set(lines[0]) & set(lines[1])
    header = lines[0][0]
    one, other = (_rows("\n".join([header, *(line for line in text if line not in same)])) for text in lines)
    return _Different(one, other, len(same - {header, ""}))


def _rows(text: str) -> dict[str, Row]:
    """The rows of estimates by id."""
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


@dataclass(frozen=True)
class Causes:
    """What tells why a number is another one: both runs in the index, files new since, edits of the plan."""

    before: Entry
    current: Entry | None
    fresh: list[Export]
    edits: Edits

    def of(self, old: Row | None, new: Row | None) -> str:
        """Why a number is another one than before, "" for the same number."""
        files = [_named(export) for export in self.fresh]
        added = f"new files {', '.join(files)}" if files else ""
        if old is None or new is None:
            what = "added" if old is None else "gone"
            return f"{what}: {added or 'the plan, or what the data hold'}"
        if all(old[part] == new[part] for part in ("value", "rowset", "definition")):
            return ""
        if old["definition"] != new["definition"]:
            words = self.edits.words(old["definition"], new["definition"]) or "another definition"
            is_same = self.current and self.before["plan"] == self.current["plan"]
            return f"{'code' if is_same else 'plan'}: {words}"  # by an unchanged plan the code has other defaults
        if old["rowset"] != new["rowset"]:
            return f"rows: {added or 'records of its row set are others'}"
        kinds, current = ("code", "environment", "raw"), self.current
        other = [kind for kind in kinds if current and self.before[kind] != current[kind]]
        return f"same rows and definition: {' and '.join(other) or 'unknown'} changed"


def _named(export: Export) -> str:
    """A file by its name, with its batch, and the number of the file that it replaces."""
    more = [f"batch {export.batch}"] if export.batch else []
    more += [f"replaces {export.replaces}"] if export.replaces else []
    return Path(export.path).name + (f" ({', '.join(more)})" if more else "")


def summary(study: str, root: str | Path = ".") -> str:
    """One line on what the last run changed."""
    changes, same = compared(study, root)
    counts = Counter(change.kind for change in changes)
    listed = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS[:3])
    others = f", of which {counts['same']} rest on other rows or another definition" if counts["same"] else ""
    return f"{study}: {listed}, {same + counts['same']} numbers the same{others}"


def news(since: int, root: str | Path = ".") -> list[str]:
    """A line for each study whose earlier numbers were changed by runs after this line of the ledger."""
    runs = [e for e in ledger.entries(root) if e["action"] == "run" and e["line"] > since]
    histories = [(e["study"], e["details"].get("history")) for e in runs]
    lines = []
    for study in sorted({s for s, h in histories if isinstance(h, dict) and h.get("before") != h.get("after")}):
        try:
            lines.append(f"{summary(study, root)}: omtrace changes {study}")
        except Fault:  # a first run has nothing before it
            continue
    return lines

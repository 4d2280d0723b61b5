"""The register of raw exports, ``config/exports.csv``: nothing unregistered is read.

One row a file. ``number`` is given once and never reused; it is the upper half of every row key. A new
version of an export is a new file beside the old one: its row names the row that it ``replaces`` and takes
over its name, so that units and options of the plan that name the export stay as they are. Both files stay
in custody; only the newest is read. A file that is ``withdrawn`` stays in custody as well, and is not read.
"""

import csv
import hashlib
import io
import os
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from omtrace.faults import Fault
from omtrace.model.own_files import FOLDER, fault_of_place, what_stands_at

REGISTER = Path("config/exports.csv")
RAW = Path("data/raw")
ORIGINS = ("shipped", "received", "retrieved")
NUMBER = re.compile(r"[1-9][0-9]{0,9}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")
BELOW = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")  # such names, with folders above
BUCKETS = ((100_000, 256), (10_000, 64), (200, 8))  # files from which on they are read in so many buckets
SHA256 = re.compile(r"^[0-9a-f]{64}\Z")
SEPARATOR, ANY, END = "\x1f", "[^\x1f]*", r"\Z"  # of the cells of a row as one text; a cell without the separator


@dataclass(frozen=True)
class RawFile:
    """What a result may depend on of a registered raw file. ``replaces``: the number of the row whose newer version it
    is, or "". ``withdrawn``: the day from which it is no longer read (ISO), or ""; the ledger has the reason.
    """

    number: int
    study: str
    export: str
    table: str
    path: str
    batch: str
    received_on: str
    sha256: str
    replaces: str = field(default="", kw_only=True)
    withdrawn: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Export(RawFile):
    """One row of the register: a raw file, with where it comes from and how it is cited."""

    origin: str
    address: str
    citation: str
    licence: str


File = TypeVar("File", bound=RawFile)
COLUMNS = tuple(
    "number study export table path batch received_on sha256 origin address citation licence replaces withdrawn".split()
)
OLDER = COLUMNS[:-1]  # a register without a withdrawn file


def sha256_of(path: str | Path) -> str:
    """Hex sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while part := file.read(1 << 18):
            digest.update(part)
    return digest.hexdigest()


def files_below(folder: str | Path, root: str | Path = ".") -> list[str]:
    """The paths from ``root`` of all files below a folder of it. A link to a folder counts as a file: not followed."""
    paths = []
    for parent, folders, names in os.walk(Path(root, folder)):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        within = Path(parent).relative_to(root).as_posix()
        paths += [f"{within}/{name}" for name in names + links]
    return paths


def read_register(path: str | Path = REGISTER, raw: str | Path = RAW) -> list[Export]:
    """Read and check the register of files below ``raw``. Raises Fault with every finding, by line and column."""
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Fault(f"{path}: the register is missing; run this in the folder of omtrace, or restore it") from None
    except UnicodeDecodeError:
        raise Fault(f"{path}: the register is not UTF-8 text") from None
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        header, *rows = list(reader) or [[]]
    except csv.Error as error:
        raise Fault(f"{path}: line {reader.line_num}: not readable as CSV: {error}") from None
    if tuple(header) not in (COLUMNS, OLDER):
        raise Fault(f"{path}: line 1: the columns must be {','.join(COLUMNS)}")
    below = Path(raw).as_posix()
    if all(map(_sound(below, len(header)).fullmatch, map(SEPARATOR.join, rows))) and not _is_any_repeated(rows):
        exports = [_export(int(number), texts) for number, *texts in rows]
        if not _version_complaints(exports):
            return exports
    return _judged(path, content, below)


def _export(number: int, texts: Sequence[str]) -> Export:
    """A row of 100,000 from the texts behind its number: what the class makes of them, in a third of the time."""
    export = object.__new__(Export)
    export.__dict__.update(zip(OLDER, (number, *texts), strict=False), withdrawn="")
    return export


def _sound(raw: str, columns: int) -> re.Pattern[str]:
    """What a row without a complaint, not withdrawn, is as one text: nearly all are, and one look at each is enough."""
    path = rf"{re.escape(raw)}/(?P=study)/{BELOW.pattern.removesuffix(END)}"
    cells = ("[1-9][0-9]{0,8}", f"(?P<study>{ANY})", NAME.pattern, NAME.pattern, path, ANY, ANY, "[0-9a-f]{64}")
    rest = (f"(?:{'|'.join(ORIGINS)})", ANY, ANY, ANY, f"(?:{NUMBER.pattern})?", "")
    return re.compile(SEPARATOR.join((*cells, *rest)[:columns]))


def _is_any_repeated(rows: Sequence[Sequence[str]]) -> bool:
    """Whether two rows have a number, a path or a replaced row in common or, where they replace none, an export."""
    columns = [COLUMNS.index(name) for name in ("number", "path", "replaces", "study", "export")]
    numbers, paths, replaced, studies, exports = ([cells[n] for cells in rows] for n in columns)
    versions = [r or f"/{s}/{e}" for r, s, e in zip(replaced, studies, exports, strict=True)]
    return any(len(set(texts)) < len(rows) for texts in (numbers, paths, versions))


def _judged(path: Path, content: str, below: str) -> list[Export]:
    """The rows of a register, each looked at by itself. Raises Fault with every complaint, by line and column."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    (_, columns), *rows = [(reader.line_num, tuple(cells)) for cells in reader]
    exports: list[Export] = []
    lines: list[int] = []
    findings: list[str] = []
    seen: dict[str, set[str]] = {"number": set(), "path": set(), "export": set(), "replaces": set()}
    for line, cells in rows:
        if len(cells) != len(columns):
            findings.append(f"{path}: line {line}: {len(cells)} cells instead of {len(columns)}")
            continue
        number, *texts = cells if columns == COLUMNS else (*cells, "")  # an older register ends a column earlier
        is_number = NUMBER.fullmatch(number) is not None
        # A number that is none has its complaint, and the row's other complaints need none.
        export = Export(int(number) if is_number else 0, *texts[:11], replaces=texts[11], withdrawn=texts[12])
        findings += [f"{path}: line {line}: {complaint}" for complaint in _complaints(export, number, seen, below)]
        if is_number:
            exports.append(export)
            lines.append(line)
    findings += [f"{path}: line {lines[at]}: {complaint}" for at, complaint in _version_complaints(exports)]
    if findings:
        raise Fault(*findings)
    return exports


def _complaints(row: Export, number: str, seen: Mapping[str, set[str]], raw: str) -> list[str]:
    """What is wrong with a row of the register. ``number``: as written; ``seen``: what earlier rows hold, by column."""
    complaints = []
    if not 0 < row.number < 2**31:
        complaints.append("column number: not a whole number from 1")
    folder = f"{raw}/{row.study}/"
    if not row.path.startswith(folder):
        complaints.append(f"column path: not below {folder}")
    elif not BELOW.match(row.path, len(folder)):
        complaints.append(
            "column path: only letters, digits, dot, hyphen and underscore, and no leading dot; rename the file"
        )
    if row.origin not in ORIGINS:
        complaints.append(f"column origin: not one of {', '.join(ORIGINS)}")
    if not SHA256.match(row.sha256):
        complaints.append("column sha256: not 64 hexadecimal digits")
    for column, name in (("export", row.export), ("table", row.table)):
        if not NAME.fullmatch(name):
            complaints.append(f"column {column}: not lower case letters, digits and underscores")
    if row.replaces and not NUMBER.fullmatch(row.replaces):
        complaints.append("column replaces: not the number of a row")
    if row.withdrawn and not _is_day(row.withdrawn):
        complaints.append("column withdrawn: not a date such as 2024-05-31")
    version = ("replaces", row.replaces) if row.replaces else ("export", f"{row.study}/{row.export}")
    for column, value in (("number", number), ("path", row.path), version):
        if value in seen[column]:
            complaints.append(f"column {column}: the same as another row's")
        seen[column].add(value)
    return complaints


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _version_complaints(exports: list[Export]) -> list[tuple[int, str]]:
    """Position and complaint of each row that replaces no earlier row of its own study, table and export."""
    complaints = []
    newer = [(at, export) for at, export in enumerate(exports) if NUMBER.fullmatch(export.replaces)]
    by_number = {str(export.number): export for export in exports} if newer else {}
    for at, new in newer:
        old = by_number.get(new.replaces)
        if old is None or old.number >= new.number:
            complaints.append((at, f"column replaces: there is no earlier row number {new.replaces}"))
        elif (old.study, old.table, old.export) != (new.study, new.table, new.export):
            complaints.append((at, f"column replaces: row number {new.replaces} has another study, table or export"))
    return complaints


def write_register(exports: list[Export], path: str | Path = REGISTER) -> None:
    """Write the register in the order given, whole or not at all."""
    from omtrace.store import write_csv

    columns = COLUMNS if any(export.withdrawn for export in exports) else OLDER
    write_csv(path, columns, ([getattr(export, name) for name in columns] for export in exports))


def by_study(exports: Iterable[File]) -> dict[str, list[File]]:
    """The exports by study, each in their order: a register of many studies is gone through once."""
    studies: dict[str, list[File]] = {}
    for export in exports:
        studies.setdefault(export.study, []).append(export)
    return studies


def exports_of(exports: Sequence[File], study: str, table: str = "", replaced: bool = False) -> list[File]:
    """The exports of a study (and of one source table), by number: the newest versions, or all of them.

    A withdrawn one is read no longer, and neither are the versions before it.
    """
    mine = [export for export in exports if export.study == study and table in ("", export.table)]
    gone = set() if replaced else {e.replaces for e in mine if e.replaces}  # by rows of its own study and table
    gone |= set() if replaced else {str(e.number) for e in mine if e.withdrawn}
    exports_read = [export for export in mine if str(export.number) not in gone] if gone else mine
    return sorted(exports_read, key=attrgetter("number"))


def bucket_count(files: int) -> int:
    """In how many buckets so many files are read, a job each; 0: the validation reads them itself."""
    return next((buckets for least, buckets in BUCKETS if files >= least), 0)


def bucket_of(file: RawFile, count: int) -> int:
    """The bucket of a file, from 0: by the name of its batch, without one of its export, so that none moves another."""
    return zlib.crc32((file.batch or file.export).encode()) % count


def export_at(exports: list[Export], path: str) -> Export:
    """The export of a path. Raises Fault for a path that is not registered."""
    for export in exports:
        if export.path == path:
            return export
    raise Fault(f"{path}: not in the register")


def _put_back(export: Export) -> str:
    """How the registered bytes come back: only what is shipped is in the repository."""
    if export.origin == "shipped":
        return f"put the registered bytes back: git checkout -- {export.path}"
    return "copy the file back as it was received, from your backup"


def replacing(path: str) -> str:
    """The command that registers a new version of a registered file."""
    return f"omtrace register --replaces {path} NEW_FILE --reason '...'"


def custody_faults(
    exports: list[Export],
    study: str,
    root: str | Path = ".",
    digests: Mapping[str, str] | None = None,
    raw: str | Path = RAW,
) -> list[str]:
    """What is wrong with a study's raw folder against the register, one line a fault with its mend.

    Replaced versions are compared with their rows as well. A missing retrieved file is no fault: it
    is a job. Files directly in ``raw`` count for every study. ``digests``: the sha256 of files that were just read.
    """
    root, raw = Path(root), Path(raw)
    if linked := fault_of_place(root / raw / study / "-", root / raw):
        return [f"{(raw / study).as_posix()}: {linked}"]
    mine = {e.path: e for e in exports_of(exports, study, replaced=True)}
    there = files_below(raw / study, root)
    links = tuple(f"{path}/" for path in there if path not in mine and os.path.islink(os.path.join(root, path)))
    faults = _unregistered(mine, there, root, raw)
    digests = digests or {}
    for path in sorted(mine):
        export = mine[path]
        place = os.path.join(root, path)
        kind = what_stands_at(place)
        if path.startswith(links):
            continue  # the link is a fault already
        if kind and kind != FOLDER:
            faults.append(f"{path}: {kind}")
            continue
        digest = "" if kind else digests.get(path) or _digest_of(place)
        if not digest:
            if export.origin != "retrieved":
                faults.append(f"{path}: registered as {export.origin}, but missing; {_put_back(export)}")
        elif digest != export.sha256:
            mend = f"rm {path}, to retrieve it again" if export.origin == "retrieved" else _put_back(export)
            faults.append(
                f"{path}: sha256 is {digest[:12]}…, registered is {export.sha256[:12]}…; {mend}; a new version "
                f"goes beside it under another name: {replacing(path)}"
            )
    return faults


def _digest_of(path: str) -> str:
    """Hex sha256 of a file's bytes, "" where there is none."""
    try:
        return sha256_of(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _unregistered(mine: Mapping[str, Export], there: list[str], root: Path, raw: Path) -> list[str]:
    """What lies in the raw folder of a study, or beside all of them, and is in no row."""
    faults = []
    # What a killed retrieval leaves: the next one clears it.
    unfinished = tuple(f".{Path(e.path).name}." for e in mine.values() if e.origin == "retrieved")
    loose = [p.name for p in sorted((root / raw).glob("*")) if p.is_file() and not p.name.startswith(".")]
    loose = [(raw / name).as_posix() for name in loose]
    there = sorted((path for path in there if path not in mine), key=lambda path: path.split("/"))
    for path in loose + there:
        if path in mine or (path.endswith(".part") and Path(path).name.startswith(unfinished)):
            continue
        shown = path if path.isprintable() else repr(path)
        if path in loose:
            faults.append(
                f"{shown}: lies outside a study's folder; move it to {raw.as_posix()}/<study>/ and register it there"
            )
        elif not all(FILE_NAME.match(part) for part in Path(path).relative_to(raw).parts):
            faults.append(
                f"{path!r}: the name may hold letters, digits, dot, hyphen and underscore only; rename the file"
            )
        elif kind := what_stands_at(root / path):
            faults.append(f"{path}: {kind}")
        else:
            faults.append(f"{path}: not in the register; omtrace register {path}")
    return faults

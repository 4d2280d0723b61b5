"""Taking raw exports into the register, ``config/exports.csv``: ``omtrace register``.

A new version of an export is a new file beside the old one, registered with ``replaces``: both stay in
custody, the newest is read, and what differs between the two is written down cell by cell.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from omtrace.audit.differences import Versions, compared, write_versions
from omtrace.faults import Fault
from omtrace.model.folders import folders_of, plan_file, read_registered, register_file
from omtrace.model.own_files import fault_of_place
from omtrace.model.register import (
    COLUMNS,
    FILE_NAME,
    Export,
    export_at,
    exports_of,
    read_register,
    replacing,
    sha256_of,
    write_register,
)
from omtrace.provenance import ledger

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BIFF = (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")  # workbooks older than Excel 5 have no container
TEXT = (".csv", ".tsv", ".txt")
BINARY = {".xlsx": (ZIP,), ".xlsm": (ZIP,), ".ods": (ZIP,), ".zip": (ZIP,), ".xls": (OLE, *BIFF)}
NEW = Export(0, "", "", "", "", "", "", "", "received", "", "", "")


@dataclass(frozen=True)
class Request:
    """What the command says of the files; "" = take the default. ``replaces``: path of the older version."""

    study: str = ""
    export: str = ""
    table: str = ""
    batch: str = ""
    received: str = ""
    origin: str = ""
    address: str = ""
    citation: str = ""
    licence: str = ""
    replaces: str = ""
    reason: str = ""


def register(files: Sequence[str | Path], request: Request, root: str | Path = ".") -> list[Export]:
    """Add a row for each file, all or none, and a ledger line; return the rows added.

    A row's number is one more than the highest ever given. A new version takes over name, table, batch and
    source of the row that it replaces; its differences go to logs/<study>/versions/ (confidential) and, as
    counts without values, to the ledger. Raises Fault, with every finding, and changes nothing, when a
    file lies elsewhere, is registered already, is not what its name says, or its table cannot be determined.
    """
    return _registered(files, request, Path(root))[0]


def _registered(files: Sequence[str | Path], request: Request, root: Path) -> tuple[list[Export], list[str]]:
    """The rows added, and what a new version changes."""
    _check_request(files, request)
    known = read_registered(root)
    old = _replaced(request, known, root)
    number = highest_ever(known, root)
    added: list[Export] = []
    faults: list[str] = []
    for file in files:
        try:
            added.append(row_of(file, request, number + 1 + len(added), old, known + added, root))
        except Fault as fault:
            faults += fault.lines
    faults += identifier_faults(added, known, root)
    if faults:
        raise Fault(*faults)
    versions = compared(old, added[0], known, root) if old else None
    write_rows(known, added, old, versions, request.reason, root)
    return added, versions.summary() if versions else []


def identifier_faults(added: list[Export], known: list[Export], root: Path) -> list[str]:
    """What looks like direct identifiers in files that a table of the plan reads: such a file is not taken in."""
    study = added[0].study if added else ""
    if not plan_file(study, root).is_file():
        return []
    from omtrace.model.plan import read_plan
    from omtrace.validation.reading import Reading

    reading = Reading(read_plan(plan_file(study, root)), [*known, *added], root)
    return [f"{finding.place()}; nothing was registered" for e in added for finding in reading.identifiers(e)]


def _check_request(files: Sequence[str | Path], request: Request) -> None:
    faults = []
    if request.export and len(files) > 1:
        faults.append("--export: names one export; register the files one by one")
    if request.replaces and len(files) > 1:
        faults.append("--replaces: takes one new file")
    if request.replaces and not request.reason.strip():
        faults.append("--replaces: say why with --reason TEXT; the ledger keeps it")
    if request.reason and not request.replaces:
        faults.append("--reason: belongs to --replaces")
    for option in ("export", "table"):
        if request.replaces and getattr(request, option):
            faults.append(f"--{option}: a new version has that of the file that it replaces; leave it out")
    try:
        if request.received:
            date.fromisoformat(request.received)
    except ValueError:
        faults.append("--received: not a date such as 2024-05-31")
    if request.origin == "retrieved" and not (request.address or request.citation or request.replaces):
        faults.append("--origin retrieved: say from where with --address or --citation")
    if faults:
        raise Fault(*faults)


def _replaced(request: Request, known: list[Export], root: Path) -> Export | None:
    """The row that is replaced, if any: registered, with its own bytes, and the newest version so far."""
    if not request.replaces:
        return None
    old = export_at(known, place_of(request.replaces, root))
    later = next((e for e in known if e.replaces == str(old.number)), None)
    if later:
        raise Fault(f"{old.path}: replaced already, by {later.path} (number {later.number}); replace that one")
    if not (root / old.path).is_file() or sha256_of(root / old.path) != old.sha256:
        raise Fault(f"{old.path}: not the registered file; put its registered bytes back first, both versions are kept")
    return old


def highest_ever(known: list[Export], root: str | Path = ".") -> int:
    """The highest register number in the register or in the ledger (0 = none yet)."""
    lists = [e["details"].get(part) for e in ledger.entries(root) for part in ("added", "replaced", "removed")]
    rows = [row for rows in lists if isinstance(rows, list) for row in rows]
    past = [row.get("number") for row in rows if isinstance(row, dict)]
    return max([0, *(export.number for export in known), *(n for n in past if isinstance(n, int))])


def row_of(
    file: str | Path, request: Request, number: int, old: Export | None, known: list[Export], root: Path
) -> Export:
    """The new row of a file; ``known``: all rows so far."""
    path = _path(file, request, root)
    study = Path(path).relative_to(folders_of(root).raw).parts[0]
    if old and study != old.study:
        raise Fault(f"{path}: lies in the folder of study {study}, not of {old.study}, as {old.path} does")
    if any(export.path == path for export in known):
        raise Fault(f"{path}: registered already; save a new version under another name, then: {replacing(path)}")
    digest = sha256_of(root / path)
    newest = exports_of(known, study)
    for twin in exports_of(known, study, replaced=True):
        # with a reason, back to an earlier version; a file that was withdrawn may come again
        if twin.sha256 == digest and (twin in newest or not (old or twin.withdrawn)):
            raise Fault(f"{path}: the same bytes as {twin.path} (number {twin.number}), which is registered already")
    _check_content(root / path, path)
    table = old.table if old else _table(path, study, request, known, root)
    name = old.export if old else request.export or _cleaned(Path(path).stem, table)
    same = next((e for e in known if not old and (e.study, e.export) == (study, name)), None)
    if same:
        raise Fault(f"{path}: {study} has an export {name} already ({same.path}); name this one with --export")
    details = {
        field: value
        for field in ("batch", "origin", "address", "citation", "licence")
        if (value := getattr(request, field))
    }
    received = request.received or date.today().isoformat()
    return replace(
        old or NEW,
        number=number,
        study=study,
        export=name,
        table=table,
        path=path,
        received_on=received,
        sha256=digest,
        replaces=str(old.number) if old else "",
        withdrawn="",
        **details,
    )


def _check_content(file: Path, path: str) -> None:
    """Raise Fault for a workbook, or another container, that calls itself a text file, and the other way round."""
    with open(file, "rb") as opened:
        start = opened.read(8)
    suffix = file.suffix.lower()
    if suffix in TEXT and start.startswith((ZIP, OLE)):
        found = "a zip file, such as a workbook (.xlsx)" if start.startswith(ZIP) else "an old or encrypted workbook"
        raise Fault(f"{path}: the name says text, but this is {found}; give it its own suffix, or save it as CSV")
    if suffix in BINARY and not start.startswith(BINARY[suffix]):
        if start.startswith(OLE):
            found = "an old (.xls) or an encrypted workbook"
        else:
            found = "a zip file, such as a workbook (.xlsx)" if start.startswith(ZIP) else "none"
        raise Fault(f"{path}: the name says {suffix}, but this is {found}; give it its own suffix, or export it again")


def place_of(file: str | Path, root: Path) -> str:
    """A path below the repository. Raises Fault for one that is not."""
    place = Path(os.path.abspath(root / file))  # not resolved: data/raw may be a link to another disk
    try:
        return place.relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        raise Fault(f"{file}: copy it into {folders_of(root).raw}/<study>/ first") from None


def _path(file: str | Path, request: Request, root: Path) -> str:
    """A file's path below the repository, checked."""
    path, raw = Path(place_of(file, root)), folders_of(root).raw
    study, *within = path.relative_to(raw).parts if path.is_relative_to(raw) else ("",)
    if not study or not within:
        raise Fault(f"{file}: move it into {raw}/<study>/ first")
    if request.study and request.study != study:
        raise Fault(f"{path.as_posix()}: lies in the folder of study {study}, not of {request.study}")
    if not all(FILE_NAME.match(part) for part in (study, *within)):
        raise Fault(f"{str(path)!r}: the name may hold letters, digits, dot, hyphen and underscore; rename the file")
    if kind := fault_of_place(root / path, root / raw):
        raise Fault(f"{path.as_posix()}: {kind}")
    if not (root / path).is_file():
        raise Fault(f"{path.as_posix()}: there is no such file")
    if (root / path).stat().st_size == 0:
        raise Fault(f"{path.as_posix()}: the file is empty")
    return path.as_posix()


def _cleaned(stem: str, table: str) -> str:
    """An export name from a file's stem; a name that would not begin with a letter gets the table's name."""
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    return name if name[:1].isalpha() else f"{table}_{name}".rstrip("_")


def name_pattern(path: str) -> str:
    """A path with each run of digits as one mark: plate_4 and plate_3 have the same."""
    return re.sub(r"\d+", "#", Path(path).stem.lower())


def _table(path: str, study: str, request: Request, known: list[Export], root: Path) -> str:
    """The source table of a file: as given, or that of files with a similar name."""
    tables = _tables(study, root)
    like = sorted({e.table for e in known if e.study == study and name_pattern(e.path) == name_pattern(path)})
    table = request.table or (like[0] if len(like) == 1 else "")
    choice = f"tables of the plan: {', '.join(tables)}" if tables else f"there is no {folders_of(root).plan(study)} yet"
    if not table:
        why = f"files of like name belong to {', '.join(like)}" if like else "no registered file has a like name"
        raise Fault(f"{path}: which table is it? {why}; say --table NAME ({choice})")
    if tables and table not in tables:
        from omtrace.model.closed import nearest

        raise Fault(f"{path}: the plan has no table {table}{nearest(table, tables)} ({choice})")
    return table


def _tables(study: str, root: Path) -> list[str]:
    """The source tables of a study's plan, and what its readers read beside them; none when it has no plan yet."""
    if not plan_file(study, root).exists():
        return []
    from omtrace.model.plan import read_plan
    from omtrace.readers import reader_of

    plan = read_plan(plan_file(study, root))
    beside = {option for entry in plan.tables.values() for option in reader_of(entry.reader).companions}
    return sorted({entry.source or name for name, entry in plan.tables.items()} | beside)


def write_rows(
    known: list[Export], added: list[Export], old: Export | None, versions: Versions | None, reason: str, root: Path
) -> None:
    """Ledger and register: what the reader refuses, or the ledger cannot keep, changes neither."""
    details: dict[str, object] = {"added": [asdict(export) for export in added]}
    if old and versions:
        details |= {"replaces": old.number, "reason": reason, "differences": versions.summary()}
    studies = sorted({export.study for export in added})
    written = write_versions(versions, root) if versions else None
    try:
        put_register("register", studies[0] if len(studies) == 1 else "", details, known + added, root)
    except BaseException:
        if written:
            written.unlink()
        raise


def put_register(action: str, study: str, details: Mapping[str, object], rows: list[Export], root: Path) -> None:
    """Put a new register in place once the ledger has its line: no row is there without one, whenever this is ended.

    Raises Fault, and changes nothing, for rows that the reader refuses, and OSError where the line cannot be written.
    """
    path = register_file(root)
    pending = path.with_name(f".{path.name}.new")
    try:
        write_register(rows, pending)
        read_register(pending, folders_of(root).raw)
        ledger.append(action, study, details, root)
        os.replace(pending, path)
    except BaseException:
        pending.unlink(missing_ok=True)
        raise


def register_and_print(files: Sequence[str], request: Request) -> bool:
    """Register files; print the rows added and, for a new version, what changed, without values."""
    added, changes = _registered(files, request, Path("."))
    for export in added:
        print(",".join(str(getattr(export, name)) for name in COLUMNS))
    for line in changes:
        print(line)
    return True

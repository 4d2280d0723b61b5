"""Taking raw exports into the register, ``config/exports.csv``: ``python -m omtrace register``."""

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.lineage import ledger
from omtrace.lineage.manifest import plan_path
from omtrace.store import write_bytes
from omtrace.study.register import FILE_NAME, RAW, REGISTER, Export, read_register, sha256_of, write_register


@dataclass(frozen=True)
class Request:
    """What the command says of the files; "" = take the default."""

    study: str = ""
    export: str = ""
    table: str = ""
    batch: str = ""
    received: str = ""
    origin: str = ""
    address: str = ""
    citation: str = ""
    licence: str = ""
    replace: bool = False
    reason: str = ""


def register(files: Sequence[str | Path], request: Request, root: str | Path = ".") -> list[Export]:
    """Add a row for each file, all or none, and a ledger line; return the rows added.

    A row's number is one more than the highest ever given. With ``replace`` the file's old row is taken
    out, the ledger keeps it. Raises Fault, with every finding, and changes nothing, when a file lies
    elsewhere, is registered already (or, to be replaced, is not), or its table cannot be told.
    """
    root = Path(root)
    _check_request(files, request)
    known = read_register(root / REGISTER)
    number = highest_ever(known, root)
    added: list[Export] = []
    removed: list[Export] = []
    faults: list[str] = []
    for file in files:
        try:
            old, new = _row(file, request, number + 1 + len(added), known, known + added, root)
        except Fault as fault:
            faults += fault.lines
            continue
        added.append(new)
        removed += [old] if old else []
    if faults:
        raise Fault(*faults)
    _write([export for export in known if export not in removed] + added, added, removed, request.reason, root)
    return added


def _check_request(files: Sequence[str | Path], request: Request) -> None:
    faults = []
    if request.export and len(files) > 1:
        faults.append("--export: names one export; register the files one by one")
    if request.replace and not request.reason.strip():
        faults.append("--replace: say why with --reason TEXT; the ledger keeps it with the old row")
    if request.reason and not request.replace:
        faults.append("--reason: belongs to --replace")
    try:
        if request.received:
            date.fromisoformat(request.received)
    except ValueError:
        faults.append("--received: not a date such as 2024-05-31")
    if request.origin == "retrieved" and not (request.address or request.citation or request.replace):
        faults.append("--origin retrieved: say from where with --address or --citation")
    if faults:
        raise Fault(*faults)


def highest_ever(known: list[Export], root: str | Path = ".") -> int:
    """The highest register number in the register or in the ledger (0 = none yet)."""
    entries, _ = ledger.entries(root)
    rows = [row for e in entries for part in ("added", "replaced") for row in e["details"].get(part, ())]
    past = [row.get("number") for row in rows if isinstance(row, dict)]
    return max([0, *(export.number for export in known), *(n for n in past if isinstance(n, int))])


def _row(file: str | Path, request: Request, number: int, known: list[Export], all_rows: list[Export],
         root: Path) -> tuple[Export | None, Export]:  # fmt: skip
    """The row that a file replaces, if any, and its new row."""
    path = _path(file, request, root)
    study = Path(path).parts[2]
    old = next((export for export in known if export.path == path), None)
    digest = sha256_of(root / path)
    if request.replace:
        if old is None:
            raise Fault(f"{path}: not in the register, so there is nothing to replace; leave out --replace")
        if old.sha256 == digest:
            raise Fault(f"{path}: has the registered bytes (number {old.number}); there is nothing to replace")
    elif any(export.path == path for export in all_rows):
        raise Fault(f"{path}: registered already; for a new version: python -m omtrace register --replace {path}")
    table = _table(path, study, request, old, known, root)
    name = request.export or (old.export if old else _cleaned(Path(path).stem, table))
    twin = next((e for e in all_rows if (e.study, e.export) == (study, name) and e != old), None)
    if twin:
        raise Fault(f"{path}: {study} has an export {name} already ({twin.path}); name this one with --export")
    base = old or Export(0, "", "", "", "", "", "", "", "received", "", "", "")
    told = {field: value for field in ("batch", "origin", "address", "citation", "licence")
            if (value := getattr(request, field))}  # fmt: skip
    received = request.received or date.today().isoformat()
    return old, replace(base, number=number, study=study, export=name, table=table, path=path,
                        received_on=received, sha256=digest, **told)  # fmt: skip


def _path(file: str | Path, request: Request, root: Path) -> str:
    """A file's path below the repository, checked."""
    place = Path(os.path.abspath(root / file))  # not resolved: data/raw may be a link to another disk
    try:
        path = place.relative_to(os.path.abspath(root))
    except ValueError:
        raise Fault(f"{file}: copy it into {RAW.as_posix()}/<study>/ first") from None
    if path.parts[:2] != RAW.parts or len(path.parts) < 4:
        raise Fault(f"{file}: move it into {RAW.as_posix()}/<study>/ first")
    if request.study and request.study != path.parts[2]:
        raise Fault(f"{path.as_posix()}: lies in the folder of study {path.parts[2]}, not of {request.study}")
    if not all(FILE_NAME.match(part) for part in path.parts):
        raise Fault(f"{str(path)!r}: the name may hold letters, digits, dot, hyphen and underscore; rename the file")
    if not place.is_file():
        raise Fault(f"{path.as_posix()}: there is no such file")
    if place.stat().st_size == 0:
        raise Fault(f"{path.as_posix()}: the file is empty")
    return path.as_posix()


def _cleaned(stem: str, table: str) -> str:
    """An export name from a file's stem; a name that would not begin with a letter gets the table's name."""
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    return name if name[:1].isalpha() else f"{table}_{name}".rstrip("_")


def _pattern(path: str) -> str:
    """A path with each run of digits as one mark: plate_4 and plate_3 have the same."""
    return re.sub(r"\d+", "#", Path(path).stem.lower())


def _table(path: str, study: str, request: Request, old: Export | None, known: list[Export], root: Path) -> str:
    """The source table of a file: as told, as its old row has it, or as files of like name have it."""
    tables = _tables(study, root)
    like = sorted({e.table for e in known if e.study == study and _pattern(e.path) == _pattern(path)})
    table = request.table or (old.table if old else like[0] if len(like) == 1 else "")
    choice = f"tables of the plan: {', '.join(tables)}" if tables else f"there is no {plan_path(study)} yet"
    if not table:
        why = f"files of like name belong to {', '.join(like)}" if like else "no registered file has a like name"
        raise Fault(f"{path}: which table is it? {why}; say --table NAME ({choice})")
    if tables and table not in tables:
        from omtrace.study.plan import nearest

        raise Fault(f"{path}: the plan has no table {table}{nearest(table, tables)} ({choice})")
    return table


def _tables(study: str, root: Path) -> list[str]:
    """The source tables of a study's plan; none when it has no plan yet."""
    if not (root / plan_path(study)).exists():
        return []
    from omtrace.study.plan import read_plan

    plan = read_plan(root / plan_path(study))
    return sorted({entry.source or name for name, entry in plan.tables.items()})


def _write(rows: list[Export], added: list[Export], removed: list[Export], reason: str, root: Path) -> None:
    """Register and ledger, both or neither: what the reader refuses, or the ledger cannot keep, is undone."""
    path = root / REGISTER
    before = path.read_bytes()
    details: dict[str, Any] = {"added": [asdict(export) for export in added]}
    if removed:
        details |= {"replaced": [asdict(export) for export in removed], "reason": reason}
    studies = sorted({export.study for export in added})
    try:
        write_register(rows, path)
        read_register(path)
        ledger.append("register", studies[0] if len(studies) == 1 else "", details, root)
    except BaseException:
        write_bytes(path, before)
        raise


def register_and_print(files: Sequence[str], request: Request) -> bool:
    """Register files and print the rows added."""
    for export in register(files, request):
        print(",".join(str(value) for value in astuple(export)))
    return True

"""``omtrace add-batch FOLDER``: check, copy and register the files of a batch, and say what it can change.

All or nothing: if the files would stop the study, leave the batch out, or take out rows of earlier files, the findings
are shown and nothing is written.
"""

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from omtrace import store
from omtrace.faults import Fault
from omtrace.intake import checking, registration
from omtrace.model.closed import nearest
from omtrace.model.config import CONFIG, read_config_file
from omtrace.model.folders import folders_of, plan_file, read_registered
from omtrace.model.own_files import what_stands_at
from omtrace.model.plan import Plan, read_plan
from omtrace.model.register import Export, exports_of
from omtrace.validation.across import WHOLE_FILE
from omtrace.validation.findings import WORST, Finding

# A finding of one of these leaves the whole file, and its batch, out.
WHOLE = {*WHOLE_FILE, "no_rows", "batch"}
NUMBER = re.compile(r"(\d+)\D*")


def add_batch(
    folder: str | Path, study: str = "", batch: str = "", root: str | Path = ".", accept: bool = False
) -> str:
    """Check all files of a folder, copy them into data/raw/<study>/ and register them; print what can change.

    Nothing is written where a run would stop, leave out one of the files or rows of earlier ones, or use none of the
    batch's plates; and, unless ``accept``, where it would leave out rows or a plate, or warns of something.

    Returns
    -------
    str
        The worst severity of a finding, "note" without any; "stop" where nothing was registered.

    Raises
    ------
    Fault
        Where study, batch or the table of a file cannot be determined, and for names that are in use.
    """
    root = Path(root)
    files = _files(Path(folder))
    batch = batch or _batch(Path(folder))
    known = read_registered(root)
    study, plan, drafts = _drafts(files, study, batch, known, root)
    taken = sorted({e.path for e in exports_of(known, study) if e.batch == batch})
    if taken:
        raise Fault(
            f"batch {batch} of {study} has files already ({', '.join(taken)}); for a new version of one: "
            f"omtrace register --replaces {taken[0]} NEW_FILE; to take them all out first: "
            f"omtrace undo-batch {batch} --study {study}; for another batch: --batch"
        )
    for draft in drafts:
        print(f"{Path(draft.path).name}: table {draft.table}")
    beside = [e for e in exports_of(known, study) if (root / e.path).is_file()]
    outcome = checking.findings_at(drafts, beside, plan, root, beside)
    checking.print_findings(outcome, len(files))
    why, remedy = _refusal(outcome, accept)
    if why:
        print(f"batch {batch} of {study}: nothing was registered {why}; {remedy}")
        return "stop"
    added = _taken_in(drafts, known, study, batch, root)
    print(f"batch {batch} of {study}: {len(added)} files registered")
    print("\n".join(_what_changes(plan, {e.table for e in added}, root)))
    print(f"run: snakemake {study}; then: omtrace changes {study}")
    return min((finding.severity for finding in outcome.findings), key=WORST.__getitem__, default="note")


def _refusal(outcome: checking.Outcome, accept: bool) -> tuple[str, str]:
    """Why a batch is not taken in, in brackets, and what to do; "" if it is."""
    remedy = "correct the files and add them again"
    lost = [f for f in outcome.findings if f.rule in WHOLE and f.severity in ("quarantine", "stop")]
    if lost or outcome.elsewhere:
        return _left_out(lost) or _taken(outcome.elsewhere), remedy
    if outcome.stops:
        return "(a run would stop)", remedy
    refused = sorted({verdict.plate for verdict in outcome.verdicts if not verdict.usable})
    if refused and not any(verdict.usable for verdict in outcome.verdicts):
        return f"(no plate of it could be used: {', '.join(refused)})", remedy
    counts = Counter(f.severity for f in outcome.findings)
    doubts = [f"{counts[name]} {name}" for name in ("quarantine", "warn") if counts[name]]
    doubts += [f"a run leaves out plate {', '.join(refused)}"] if refused else []
    if doubts and not accept:
        return f"({'; '.join(doubts)})", f"{remedy}; or, if all of that is right, add them with --accept"
    return "", ""


def undo_batch(batch: str, study: str, reason: str = "", root: str | Path = ".") -> None:
    """Withdraw all files of a batch: they stay in custody with their numbers, and no run reads them any more.

    Raises Fault, and changes nothing, where the study has no such batch.
    """
    root = Path(root)
    known = read_registered(root)
    mine = [e for e in exports_of(known, study) if e.batch == batch]
    if not mine:
        batches = sorted({e.batch for e in exports_of(known, study) if e.batch})
        raise Fault(f"{study} has no batch {batch}{nearest(batch, batches)} ({', '.join(batches) or 'none at all'})")
    numbers = {export.number for export in mine}
    today = date.today().isoformat()
    rows = [replace(e, withdrawn=today) if e.number in numbers else e for e in known]
    details = {"batch": batch, "withdrawn": sorted(numbers), "reason": reason or f"batch {batch} undone"}
    registration.put_register("undo-batch", study, details, rows, root)
    for export in mine:
        print(f"{export.path} (number {export.number}): withdrawn")
    print(f"batch {batch} of {study}: {len(mine)} files are read no more; add it again, or run: snakemake {study}")


def _left_out(lost: list[Finding]) -> str:
    causes = [f for f in lost if f.rule != "batch"] or lost
    files = sorted({Path(f.file).name for f in causes})
    return f"(it would be left out, because of {', '.join(files)})" if files else ""


def _taken(elsewhere: list[Finding]) -> str:
    files = sorted({Path(f.file).name for f in elsewhere if f.severity == "quarantine"})
    return f"(rows of {', '.join(files)} would be left out because of it)" if files else ""


def _files(folder: Path) -> list[Path]:
    """The files of a folder. Raises Fault for none, and for folders within."""
    if not folder.is_dir():
        raise Fault(f"{folder}: there is no such folder")
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not files or any(path.is_dir() and not path.is_symlink() for path in files):
        raise Fault(f"{folder}: {'a folder within; put all files side by side' if files else 'no files in it'}")
    if kinds := {path: kind for path in files if (kind := what_stands_at(path))}:
        raise Fault(*(f"{path}: {kind}" for path, kind in kinds.items()))
    return files


def _batch(folder: Path) -> str:
    """The batch that a folder's name ends in: batch_4 is 4."""
    found = re.search(NUMBER.pattern + "$", folder.resolve().name)
    if not found:
        raise Fault(f"{folder}: which batch is it? its name has no number; say --batch NAME")
    return found[1]


def _drafts(
    files: list[Path], study: str, batch: str, known: list[Export], root: Path
) -> tuple[str, Plan, list[Export]]:
    """The study, its plan, and each file as a row of the register, with its table.

    Without a study: the one whose tables fit all files. Raises Fault, with why, where none does, or several do.
    """
    studies = [study] if study else _studies(root)
    fitting: list[tuple[str, Plan, list[Export]]] = []
    reasons: list[str] = []  # why not, of the study that fits most of the files
    most = -1
    number = registration.highest_ever(known, root)
    for name in studies:
        plan = read_plan(plan_file(name, root))
        beside = [e for e in exports_of(known, name) if (root / e.path).is_file()]
        like = {registration.name_pattern(e.path): e.table for e in beside}
        rows: list[Export] = []
        faults: list[str] = []
        for n, file in enumerate(files, 1):
            table = like.get(registration.name_pattern(str(file)), "")
            request = checking.Request(study=name, table=table, batch=batch)
            try:
                rows.append(checking.draft(number + n, name, file.resolve(), request, plan, beside, root))
            except Fault as fault:
                faults += fault.lines
        if not faults:
            fitting.append((name, plan, rows))
        elif len(rows) > most:
            most, reasons = len(rows), faults
    if study and not fitting:
        raise Fault(*reasons)
    if len(fitting) != 1:
        several = [f"the files fit {', '.join(name for name, _, _ in fitting)}"] if fitting else reasons[:9]
        raise Fault(*several, f"which study is it? say --study NAME ({', '.join(studies)})")
    return fitting[0]


def _studies(root: Path) -> list[str]:
    config = read_config_file(root / CONFIG)
    return [name for name in (*config.studies, *config.retrieved) if plan_file(name, root).is_file()]


def _taken_in(drafts: list[Export], known: list[Export], study: str, batch: str, root: Path) -> list[Export]:
    """Copy the files and register them; what was copied goes again if anything fails."""
    copied: list[Path] = []
    added: list[Export] = []
    faults: list[str] = []
    try:
        for draft in drafts:
            path = _copied(Path(draft.path), study, batch, known, copied, root)
            request = registration.Request(study=study, table=draft.table, batch=batch)
            try:
                added.append(registration.row_of(path, request, draft.number, None, known + added, root))
            except Fault as fault:
                faults += fault.lines
        faults += registration.identifier_faults(added, known, root)
        if faults:
            raise Fault(*faults)
        registration.write_rows(known, added, None, None, "", root)
    except BaseException:
        for path in copied:
            path.unlink(missing_ok=True)
        raise
    return added


def _copied(source: Path, study: str, batch: str, known: list[Export], copied: list[Path], root: Path) -> Path:
    """Where the copy of a file lies, below the repository. Raises Fault where another file has both its names.

    A file of one of these names with the same bytes, in no register row, was left by a command that was killed: it is
    taken.
    """
    content = source.read_bytes()
    registered = {export.path for export in known}
    for name in (source.name, f"batch_{batch}_{source.name}"):
        target = root / folders_of(root).raw / study / name
        path = target.relative_to(root)
        if not target.exists():
            copied.append(target)
            store.write_bytes(target, content)
            return path
        if target.is_file() and path.as_posix() not in registered and target.read_bytes() == content:
            return path
    raise Fault(f"{path}: there already; rename {source.name}")


def _what_changes(plan: Plan, tables: set[str], root: Path) -> list[str]:
    """For each analysis with numbers of an earlier run: how many can change, and how many rest on one group alone."""
    path = root / "results" / plan.study / "estimates.csv"
    if not path.is_file():
        return ["there are no earlier numbers"]
    fed = {name for name, table in plan.tables.items() if (table.source or name) in tables}
    counts: Counter[tuple[str, bool]] = Counter()
    for row in store.read_csv(path):
        analysis = plan.analyses.get(row["analysis"])
        if analysis:
            dataset = plan.datasets[analysis.dataset]
            texts = {dataset.roster.table, *(str(v) for p in dataset.parameters.values() for v in p.options.values())}
            alone = bool(dataset.group) and not dataset.groups and row["group"] not in ("", "all")
            counts[row["analysis"], bool(texts & fed) and not alone] += 1
    lines = []
    for name in plan.analyses:
        can, stays = counts[name, True], counts[name, False]
        if can or stays:
            lines.append(f"  {name}: {can} earlier numbers can change (pooled over batches), {stays} cannot")
    return lines

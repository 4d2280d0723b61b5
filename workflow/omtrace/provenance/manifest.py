"""The manifest of a study, ``results/<study>/manifest.json``: digests of all it was made of and all it made.

::

    {"format": 2, "study": ..., "folders": {name: path}, "register": [row, ...],
     "files": {kind: {path: {"sha256": ..., "size": ...}}}}

Kinds are ``results``, ``raw``, ``code``, ``config``, ``plan`` and ``environment``. Paths are relative to the
repository, with slashes. Nothing in it tells time or host: two clean runs write the same bytes.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from omtrace.faults import Fault
from omtrace.model.document import read_document
from omtrace.model.folders import Folders, base_of, folders_of
from omtrace.model.register import custody_faults, exports_of, files_below, read_register, sha256_of
from omtrace.provenance import ledger
from omtrace.provenance.code import PACKAGE
from omtrace.provenance.listings import FOLDER as STAGES
from omtrace.provenance.listings import read_listing
from omtrace.provenance.recorded import FORMAT, NAME, RESULTS, Files, FileState, Manifest, folders_recorded, path_of
from omtrace.provenance.recorded import KINDS as KINDS
from omtrace.provenance.recorded import read_manifest as read_manifest
from omtrace.store import indented, read_csv, write_text

CONFIG = "config/config.yaml"
PROFILE = "profiles/default/config.yaml"  # decides what Snakemake runs again
LOCK = "envs/requirements.lock"
OWN = (NAME, f"{STAGES}/record.sha256")  # made with the manifest, of which they cannot be a part


@dataclass(frozen=True)
class Place:
    """Where the results of a study are, and its stage files, and where plan, register and raw files are looked for."""

    results: Path
    stages: Path
    folders: Folders


def record(study: str, root: str | Path = ".", place: Place | None = None) -> str:
    """Seal a study's manifest of the files as they are in the ledger, then put it in place; return its sha256.

    A manifest that is there is therefore sealed, whenever the job was ended: what is missing is made by the next one.
    Raises Fault when raw files and register differ, when the plan or the lock is missing, for files that a stopped run
    left half-written, for results that were changed after their job, and where the end of the ledger or what is kept of
    earlier runs is not as it was left.
    """
    from omtrace.provenance.changes import next_history
    from omtrace.provenance.environment import record_environment

    root = Path(root)
    place = place or place_of(study, root)
    content = _content(study, root, place)
    text = indented(content) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    earlier = ledger.newest_run(study, root).get("details", {}).get("history")
    history = next_history(study, content, earlier, root, place.results)
    environment = record_environment(root)
    details: dict[str, object] = {"manifest": digest, "history": history.digests(), "environment": environment}
    details["findings"] = _findings(place.results / "validated/findings.csv")
    ledger.append("run", study, details, root)
    history.write()
    write_text(place.results / NAME, text)
    return digest


def _findings(path: Path) -> dict[str, int]:
    """How many cells, or rows, each rule found, in the order of the file; nothing without it."""
    counts: dict[str, int] = {}
    for row in read_csv(path) if path.is_file() else ():
        counts[row["rule"]] = counts.get(row["rule"], 0) + int(row["cells"])
    return counts


def place_of(study: str, root: str | Path = ".") -> Place:
    """Where commands look for the results of a study, and for the rest as its manifest says, or the configuration."""
    folder = Path(root) / RESULTS / study
    return Place(folder, folder / STAGES, folders_recorded(study, root))


def _content(study: str, root: Path, place: Place) -> Manifest:
    """What a study's manifest says of the files as they are."""
    folders, start = place.folders, place.folders.start(root)
    exports = read_register(start / folders.register, folders.raw)
    files = snapshot(study, root, place)
    raw = {path: state["sha256"] for path, state in files["raw"].items() if state}
    faults = custody_faults(exports, study, start, raw, folders.raw) + _changed_since(study, files["results"], place)
    for export in exports_of(exports, study):
        if export.path not in files["raw"] and export.origin == "retrieved":
            faults.append(f"{export.path}: not retrieved yet; run snakemake")
    for kind, path in (("plan", folders.plan(study)), ("environment", LOCK)):
        if path not in files[kind]:
            faults.append(f"{path}: missing; restore it (git checkout -- {path})")
    for path, digest in [item for paths in files.values() for item in paths.items()]:
        if path.endswith(".part") and Path(path).name.startswith("."):
            faults.append(f"{path}: left over from a stopped run; rm {path}")
        elif not digest:
            faults.append(f"{path}: not a readable file")
    if faults:
        raise Fault(*faults)
    rows = [vars(export) for export in exports_of(exports, study, replaced=True)]
    return {"format": FORMAT, "study": study, "folders": asdict(folders), "register": rows, "files": files}


def _changed_since(study: str, results: Mapping[str, FileState], place: Place) -> list[str]:
    """Results that are not as the listing of their stage says; a stage without a listing is not judged."""
    faults = []
    for file in sorted(set((place.results / STAGES).glob("*.sha256")) - {place.results / name for name in OWN}):
        for name, digest in read_listing(file).items():
            path = f"{RESULTS.as_posix()}/{study}/{name}"
            if results.get(path, {}).get("sha256") != digest:
                whole = "/".join(path.split("/")[:3])
                faults.append(f"{path}: changed after {file.stem} had made it; rm -r {whole}, and run snakemake again")
    return faults


def snapshot(study: str, root: str | Path = ".", place: Place | None = None) -> Files:
    """Kind -> path -> sha256 and size, of the files as they are. A file that cannot be read has neither."""
    place = place or place_of(study, root)
    start = place.folders.start(root)
    kinds = {
        "raw": {path: start / path for path in files_below(Path(place.folders.raw) / study, start)},
        "results": _results(study, place),
        **made_with(study, root, place.folders),
    }
    digests = {kind: {path: _digest(files[path]) for path in sorted(files)} for kind, files in kinds.items()}
    for path, text in config_of(study, start).items():
        digests["config"][path] = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
    return digests


def _results(study: str, place: Place) -> dict[str, Path]:
    """Path as commands know it -> file, of the results of a study, but for the manifest itself."""
    paths = {}
    for folder, within in ((place.results, ""), (place.stages, f"{STAGES}/")):
        for path in files_below(".", folder):
            name = Path(path).as_posix()
            if within + name not in OWN and Path(name).name != ".snakemake_timestamp":
                paths[f"{RESULTS.as_posix()}/{study}/{within}{name}"] = folder / name
    return paths


def made_with(study: str, root: str | Path = ".", folders: Folders | None = None) -> dict[str, dict[str, Path]]:
    """Kind -> path -> file of what results are made with, beside raw files. The plan's folder holds its mapping files.

    Code, lock and profile are those of the checkout that runs, which another folder may use. The configuration is not
    among them, since it names other studies too: see ``config_of``.
    """
    folders, code = folders or folders_of(root), code_folder(root)
    start, plan = folders.start(root), folders.plan(study)
    return {
        "code": {path: code / path for path in files_below("workflow", code) if _is_code(path)}
        | _there(code, "Snakefile"),
        "config": _there(code, PROFILE),
        "plan": _there(start, plan)
        | _base(start, plan)
        | {path: start / path for path in files_below(Path(plan).with_suffix(""), start)},
        "environment": _there(code, LOCK),
    }


def config_of(study: str, start: str | Path) -> dict[str, bytes]:
    """The path of the configuration, and what it says of a study, as a configuration of its own; nothing without one.

    One that cannot be read is given as it is. ``start``: the folder in which paths count.
    """
    path = Path(start) / CONFIG
    if not os.path.lexists(path):
        return {}
    if not path.is_file():
        return {CONFIG: b""}
    try:
        content = read_document(path)
    except Fault:
        content = None
    if not isinstance(content, dict):
        return {CONFIG: path.read_bytes()}
    listed = study in [*(content.get("studies") or ()), *(content.get("retrieved") or ())]
    usual = asdict(Folders())
    folders = [f"{n}: {json.dumps(content[n])}" for n in usual if content.get(n, usual[n]) != usual[n]]
    return {CONFIG: "\n".join([f"studies: [{study if listed else ''}]", *folders, ""]).encode()}


def _base(start: Path, plan: str) -> dict[str, Path]:
    """The file that a plan extends, by its path from the folder in which paths count."""
    base = base_of(start / plan)
    return _there(start, (Path(plan).parent / base.relative_to((start / plan).parent)).as_posix()) if base else {}


def code_folder(root: str | Path = ".") -> Path:
    """The checkout whose workflow makes the results below ``root``: itself, or the one that this package is in."""
    return Path(root) if Path(root, "workflow", PACKAGE.name).is_dir() else PACKAGE.parent.parent


def _there(root: Path, path: str) -> dict[str, Path]:
    return {path: root / path} if os.path.lexists(root / path) else {}


def _is_code(path: str) -> bool:
    """Everything below workflow/ but byte code and hidden files: templates make results too."""
    return not any(part == "__pycache__" or part.startswith(".") for part in path.split("/"))


def _digest(path: Path) -> FileState:
    try:
        state = os.stat(path)
        return {"sha256": sha256_of(path), "size": state.st_size} if stat.S_ISREG(state.st_mode) else {}
    except OSError:
        return {}


def head(studies: Iterable[str], root: str | Path = ".") -> str:
    """The head digest of studies, from their manifests as they are.

    Raises Fault when a study has no manifest.
    """
    digests = {}
    for study in set(studies):
        try:
            digests[study] = sha256_of(path_of(study, root))
        except OSError:
            raise Fault(f"{path_of(study).as_posix()}: missing or not readable; run snakemake") from None
    return head_of(digests)


def head_of(digests: Mapping[str, object]) -> str:
    """The head digest: sha256 over lines ``<study> <sha256 of its manifest>``, sorted, each with a line feed."""
    lines = sorted(f"{study} {digest}\n" for study, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()

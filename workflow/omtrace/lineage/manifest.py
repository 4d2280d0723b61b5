"""The manifest of a study, ``results/<study>/manifest.json``: digests of all it was made of and all it made.

::

    {"format": 1, "study": ..., "register": [row, ...],
     "files": {kind: {path: {"sha256": ..., "size": ...}}}}

Kinds are ``results``, ``raw``, ``code``, ``config``, ``plan`` and ``environment``. Paths are relative to the
repository, with slashes. Nothing in it tells time or host: two clean runs write the same bytes.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.lineage import ledger
from omtrace.lineage.recorded import FORMAT, NAME, RESULTS, path_of, plan_path
from omtrace.lineage.recorded import KINDS as KINDS
from omtrace.lineage.recorded import read_manifest as read_manifest
from omtrace.store import indented, write_text
from omtrace.study.register import RAW, REGISTER, custody_faults, exports_of, files_below, read_register, sha256_of

LOGS = Path("logs")
CONFIG = "config/config.yaml"
PROFILE = "profiles/default/config.yaml"  # decides what Snakemake runs again
LOCK = "envs/requirements.lock"


def record(study: str, root: str | Path = ".") -> str:
    """Seal a study's manifest of the files as they are in the ledger, then put it in place; return its sha256.

    A manifest that is there is therefore sealed, whenever the job was ended: what is missing is made by the next one.
    Raises Fault when raw files and register differ, when the plan, the configuration or the lock is
    missing, for files that a stopped run left half-written, for results that were changed after their job, and where
    the end of the ledger or what is kept of earlier runs is not as it was left.
    """
    from omtrace.lineage.changes import next_history
    from omtrace.lineage.environment import record_environment

    root = Path(root)
    content = _content(study, root)
    text = indented(content) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    history = next_history(study, content, ledger.newest_run(study, root).get("details", {}).get("history"), root)
    environment = record_environment(root)
    details = {"manifest": digest, "history": history.digests(), "environment": environment}
    ledger.append("run", study, details, root)
    history.write()
    write_text(path_of(study, root), text)
    return digest


def _content(study: str, root: Path) -> dict[str, Any]:
    """What a study's manifest says of the files as they are."""
    exports = read_register(root / REGISTER)
    files = snapshot(study, root)
    raw = {path: found["sha256"] for path, found in files["raw"].items() if found}
    faults = custody_faults(exports, study, root, raw) + _changed_since(study, files["results"], root)
    for export in exports_of(exports, study):
        if export.path not in files["raw"] and export.origin == "retrieved":
            faults.append(f"{export.path}: not retrieved yet; run snakemake")
    for kind, path in (("plan", plan_path(study)), ("config", CONFIG), ("environment", LOCK)):
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
    return {"format": FORMAT, "study": study, "register": rows, "files": files}


def _changed_since(study: str, results: Mapping[str, dict[str, Any]], root: Path) -> list[str]:
    """Results that are not as the log of their job says; a job without such a log is not judged."""
    faults = []
    own = path_of(study).as_posix()
    for log in sorted((root / LOGS / study).glob("*.log")):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        for digest, _, path in (line.partition("  ") for line in lines if lines[0] == "finished"):
            if path.startswith(f"{RESULTS.as_posix()}/{study}/") and path != own:
                if results.get(path, {}).get("sha256") != digest:
                    whole = "/".join(path.split("/")[:3])
                    faults.append(
                        f"{path}: changed after {log.stem} had made it; rm -r {whole}, and run snakemake again"
                    )
    return faults


def snapshot(study: str, root: str | Path = ".") -> dict[str, dict[str, dict[str, Any]]]:
    """Kind -> path -> sha256 and size, of the files as they are. A file that cannot be read has neither."""
    root = Path(root)
    found = {
        "raw": files_below(RAW / study, root),
        "results": [p for p in files_below(RESULTS / study, root) if p != f"{RESULTS.as_posix()}/{study}/{NAME}"],
        **made_with(study, root),
    }
    return {kind: {path: _digest(os.path.join(root, path)) for path in sorted(paths)} for kind, paths in found.items()}


def made_with(study: str, root: str | Path = ".") -> dict[str, list[str]]:
    """Kind -> paths of what results are made with, beside raw files. The plan's folder holds its mapping files."""
    root = Path(root)
    return {
        "code": [p for p in files_below("workflow", root) if _is_code(p)] + _there(root, "Snakefile"),
        "config": _there(root, CONFIG) + _there(root, PROFILE),
        "plan": _there(root, plan_path(study)) + files_below(Path(plan_path(study)).with_suffix(""), root),
        "environment": _there(root, LOCK),
    }


def is_older(study: str, root: str | Path = ".") -> bool:
    """Whether a study has no manifest, or one from before the last change of what it is made with, by time stamps.

    A hint that there is something to run; nothing is decided by it.
    """
    try:
        made = os.stat(path_of(study, root)).st_mtime
    except OSError:
        return True
    paths = [str(REGISTER), *(path for paths in made_with(study, root).values() for path in paths)]
    return any(os.path.exists(path) and os.stat(path).st_mtime > made for path in (Path(root) / p for p in paths))


def _there(root: Path, path: str) -> list[str]:
    return [path] if os.path.lexists(root / path) else []


def _is_code(path: str) -> bool:
    """Everything below workflow/ but byte code and hidden files: templates make results too."""
    return not any(part == "__pycache__" or part.startswith(".") for part in path.split("/"))


def _digest(path: str) -> dict[str, Any]:
    try:
        told = os.stat(path)
        return {"sha256": sha256_of(path), "size": told.st_size} if stat.S_ISREG(told.st_mode) else {}
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


def head_of(digests: Mapping[str, Any]) -> str:
    """The head digest: sha256 over lines ``<study> <sha256 of its manifest>``, sorted, each with a line feed."""
    lines = sorted(f"{study} {digest}\n" for study, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()

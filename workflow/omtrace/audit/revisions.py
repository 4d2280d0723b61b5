"""A git revision as one of two results that are compared: its files in a temporary worktree, computed there.

Numbers that are in this checkout already are read instead, where they were made of the very files of the revision, in
the environment of now. Nothing is loaded from a network: raw files that the revision does not hold are taken from here.
"""

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from omtrace.audit.reproduce import place_raw_files, run
from omtrace.audit.sides import Ambiguous, Side
from omtrace.faults import Fault
from omtrace.model.config import read_config_file
from omtrace.model.folders import CONFIG, folders_of
from omtrace.model.register import exports_of, read_register, sha256_of
from omtrace.provenance import ledger
from omtrace.provenance.environment import description, normal_name, recorded_environment
from omtrace.provenance.manifest import LOCK, config_of, made_with
from omtrace.provenance.recorded import RESULTS, read_manifest

PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)( ;)?", re.MULTILINE)  # ";": of some machines only
OFFLINE = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}  # objects that are not here are not fetched
PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # set where a hook runs this: of another repository
PARTS = ("python", "platform", "processor", "distributions")  # of a description; threads are set for each job
SHOWN = 8  # packages named whose locked version is not installed


def commit_of(name: str, root: str | Path = ".") -> str:
    """The commit that a name stands for in the repository of a folder; "" where it stands for none."""
    answer = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return answer.stdout.strip() if answer.returncode == 0 else ""


def side_of_revision(name: str, study: str, shelf: ExitStack, root: str | Path = ".") -> Side:
    """The results of a study at a git revision.

    Parameters
    ----------
    name
        What git takes for a commit: ``HEAD~3``, a tag, a branch, a digest.
    study
        Which study; "": the only one of the revision.
    shelf
        Removes the worktree at its end.
    root
        The checkout, with the results of now.

    Raises
    ------
    Fault
        For a name that is no commit, a revision without the study, raw files that are nowhere, and a run that fails.
    """
    commit = commit_of(name, root)
    if not commit:
        raise Fault(f"{name}: neither a packet, nor a folder with results, nor a revision of git here")
    home = _worktree(commit, shelf, root)
    study = study or _only_study(name, home)
    if not (home / folders_of(home).plan(study)).is_file():
        raise Fault(f"{name}: has no study {study}")
    is_here = _is_made_of(home, study, Path(root))
    if not is_here:
        folders = [folder for folder in (Path(root, folders_of(root).raw), os.environ.get("OMTRACE_MIRROR")) if folder]
        place_raw_files(home, folders_of(home).register, folders, study)
        run(home, study)
    what = "its numbers are those of this checkout" if is_here else "run here, in a temporary folder"
    notes = (f"{name}: commit {commit[:12]}, {what}", *(f"{name}: {line}" for line in lock_differences(home)))
    return Side(name, study, Path(root) if is_here else home, shelf, notes, is_of_now=True)


def lock_differences(root: Path) -> Iterator[str]:
    """What is installed here in another version than the lock of a revision says."""
    installed = {name: entry[0] for name, entry in description()["distributions"].items()}
    path = root / LOCK
    pins = PINNED.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
    here = {name: installed.get(normal_name(name), "") for name, _, _ in pins}
    others = [
        f"{name} {version} in its lock, {here[name] or 'not installed'} here"
        for name, version, condition in pins
        if here[name] != version and (here[name] or not condition)
    ]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        yield f"{', '.join(others[:SHOWN])}{more}"


def _only_study(name: str, home: Path) -> str:
    config = read_config_file(home / CONFIG)
    there = sorted([*config.studies, *config.retrieved])
    if len(there) != 1:
        raise Ambiguous(f"{name}: name one with --study: {', '.join(there)}")
    return there[0]


def _worktree(commit: str, shelf: ExitStack, root: str | Path) -> Path:
    """The files of a commit in a folder of their own, without hooks, until the end of ``shelf``."""
    home = Path(shelf.enter_context(tempfile.TemporaryDirectory(prefix="omtrace-"))) / "revision"
    made = _git(root, "worktree", "add", "--detach", "--quiet", str(home), commit)
    if made.returncode != 0:
        raise Fault(f"git worktree add: {(made.stderr.strip().splitlines() or ['failed'])[-1]}")
    shelf.callback(_git, root, "worktree", "remove", "--force", str(home))
    return home


def _is_made_of(home: Path, study: str, root: Path) -> bool:
    """Whether the results of this checkout are whole, and were made of the files of a revision, as it is here now."""
    try:
        manifest = read_manifest(study, root)
    except Fault:
        return False
    files = manifest["files"]
    made = {kind: {path: sha256_of(p) for path, p in some.items()} for kind, some in made_with(study, home).items()}
    made["config"] |= {p: hashlib.sha256(text).hexdigest() for p, text in config_of(study, home).items()}
    register = read_register(home / folders_of(home).register, folders_of(home).raw)
    rows = [vars(export) for export in exports_of(register, study, replaced=True)]
    ran_on = recorded_environment(str(ledger.newest_run(study, root).get("details", {}).get("environment")), root)
    here = description()
    return (
        made == {kind: {path: entry.get("sha256") for path, entry in files[kind].items()} for kind in made}
        and rows == list(manifest["register"])
        and all(ran_on.get(part) == here.get(part) for part in PARTS)
        and all(
            (root / path).is_file() and sha256_of(root / path) == entry.get("sha256")
            for path, entry in files["results"].items()
            if path.startswith(f"{RESULTS.as_posix()}/")
        )
    )


def _git(root: str | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, without hooks and without a network. Raises Fault where there is no git."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(root), *arguments]
    variables = {name: value for name, value in os.environ.items() if name not in PLACES} | OFFLINE
    try:
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Fault("git is not installed; name packets or folders with results") from None

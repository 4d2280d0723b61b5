"""Are the installed packages those of their RECORDs, of the lock, and of the last run? ``verify --environment``.

Not covered: Python itself with its standard library, folders of PYTHONPATH, byte code of other versions of Python, and
system libraries. A RECORD that was edited together with its files is known by the ledger, which has its sha256.
"""

import base64
import csv
import hashlib
import importlib.util
import marshal
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.provenance import ledger
from omtrace.provenance.environment import (
    OWN,
    Distribution,
    description,
    distributions,
    normal_name,
    recorded_environment,
    site_folders,
)
from omtrace.provenance.manifest import LOCK

IMPORTABLE = (".py", ".pyc", ".so", ".pyd", ".dylib", ".pth", ".egg-link")
LINK = "_omtrace.pth"
PACKAGE = Path(__file__).resolve().parents[1]
SHOWN = 5  # unlisted files of one folder
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$")
Faults = list[tuple[str, str, str]]  # path, what (changed, missing, unlisted), note


class PackageState(NamedTuple):
    """What differs in the installed packages, and remarks on what they were compared with."""

    faults: Faults
    remarks: list[str]


class ListedFiles(NamedTuple):
    """Files that are not as their RECORD says, and the paths of all that a RECORD lists."""

    faults: Faults
    paths: set[str]


class FileDigest(NamedTuple):
    """The digest of a file as a RECORD writes it, and its size plus one; "" and 0 for no file."""

    digest: str
    length: int


def environment_faults(root: str | Path = ".", folders: Sequence[Path] | None = None) -> PackageState:
    """The installed packages of the Python that this runs in, compared with RECORDs, byte code, lock and last run."""
    folders = site_folders() if folders is None else list(folders)
    installed = distributions(folders)
    faults, listed = file_faults(installed.values())
    faults += unlisted_faults(folders, listed) + link_faults(folders) + byte_code_faults(folders)
    lock, remarks = lock_faults(installed, root)
    run, more = run_faults(root, folders)
    counts = f"{len(installed)} distributions and their {len(listed)} files"
    return PackageState(faults + lock + run, [f"installed packages: {counts}, and their byte code", *remarks, *more])


def file_faults(installed: Iterable[Distribution]) -> ListedFiles:
    """The files of distributions, compared with their RECORD."""
    faults: Faults = []
    rows: list[tuple[str, str, str, str]] = []
    for distribution in installed:
        try:
            with open(distribution.metadata / "RECORD", encoding="utf-8", newline="") as file:
                own = [(distribution.name, *row[:3]) for row in csv.reader(file) if len(row) >= 3]
        except (OSError, UnicodeDecodeError, csv.Error):
            faults.append((distribution.name, "missing", "no RECORD that can be read: its files cannot be checked"))
            continue
        site = distribution.metadata.parent
        rows += [(name, os.path.normpath(site / path), digest, size) for name, path, digest, size in own]
    with ThreadPoolExecutor() as pool:
        states = list(pool.map(_state, [path for _, path, _, _ in rows], [digest for _, _, digest, _ in rows]))
    for (name, path, digest, size), (actual, length) in zip(rows, states, strict=True):
        if not length:
            if digest:  # byte code without a digest is made again
                faults.append((_shown(path), "missing", f"of {name}"))
        elif digest and (actual != digest.partition("=")[2] or (size and size != str(length - 1))):
            faults.append((_shown(path), "changed", f"not as the RECORD of {name} says"))
    return ListedFiles(faults, {path for _, path, _, _ in rows})


def _state(path: str, digest: str) -> FileDigest:
    algorithm = digest.partition("=")[0]
    try:
        with open(path, "rb") as file:
            length = os.fstat(file.fileno()).st_size + 1
            if algorithm not in hashlib.algorithms_available:
                return FileDigest("", length)
            digest_bytes = hashlib.file_digest(file, algorithm).digest()
            return FileDigest(base64.urlsafe_b64encode(digest_bytes).rstrip(b"=").decode(), length)
    except OSError:
        return FileDigest("", 0)


def unlisted_faults(folders: Iterable[Path], listed: set[str]) -> Faults:
    """Files that Python would import or run and no RECORD lists; many in one folder in one line."""
    unlisted: dict[str, list[str]] = {}
    for folder in folders:
        for path in _files(folder):
            if path.suffix not in IMPORTABLE or os.path.normpath(path) in listed or path.parent.name == "__pycache__":
                continue
            if path.suffix == ".pyc" and path.with_suffix(".py").is_file():  # Python takes the source
                continue
            top = str(folder / path.relative_to(folder).parts[0])
            unlisted.setdefault(top, []).append(_shown(str(path)))
    note = "in no RECORD, and Python would use it"
    faults: Faults = []
    for top, paths in unlisted.items():
        faults += [(path, "unlisted", note) for path in paths[:SHOWN]]
        if len(paths) > SHOWN:
            faults.append((_shown(top), "unlisted", f"and {len(paths) - SHOWN} more files there"))
    return faults


def link_faults(folders: Iterable[Path]) -> Faults:
    """Links to the package (``make env`` installs it so) that name anything but the package that runs."""
    faults: Faults = []
    for path in (folder / LINK for folder in folders):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            if [line for line in lines if line] != [str(PACKAGE.parent)]:
                faults.append((_shown(str(path)), "changed", "does not name the package that runs; run make env"))
    return faults


def byte_code_faults(folders: Iterable[Path]) -> Faults:
    """Byte code that this Python would use and that its source does not give when it is compiled again."""
    paths = [str(p) for f in folders for p in _files(f) if p.suffix == ".pyc" and p.parent.name == "__pycache__"]
    tag = f".{sys.implementation.cache_tag}."
    paths = [path for path in paths if tag in os.path.basename(path)]
    parts = [paths[start : start + 200] for start in range(0, len(paths), 200)]
    if len(parts) < 2:
        planted = [path for part in parts for path in planted_byte_code(part)]
    else:
        with ProcessPoolExecutor() as pool:
            planted = [path for part in pool.map(planted_byte_code, parts) for path in part]
    return [(_shown(path), "changed", "byte code that is not that of its source; delete it") for path in planted]


def planted_byte_code(paths: Iterable[str]) -> list[str]:
    """Which of these files Python would take for byte code of their source, although they are not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what compiling a package's source warns of is not ours
        return [path for path in paths if _is_planted(path)]


def _is_planted(path: str) -> bool:
    try:
        source_path = importlib.util.source_from_cache(path)
        with open(source_path, "rb") as file:
            source = file.read()
            state = os.fstat(file.fileno())
    except (OSError, ValueError):
        return False  # without a source Python does not look into __pycache__
    with open(path, "rb") as file:
        content = file.read()
    flags = int.from_bytes(content[4:8], "little")
    if content[:4] != importlib.util.MAGIC_NUMBER or len(content) < 16 or flags > 3:
        return False  # not used
    if flags == 0:
        stamp = (int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
        is_used = stamp == (int.from_bytes(content[8:12], "little"), int.from_bytes(content[12:16], "little"))
    else:  # with an even number the hash is not looked at
        is_used = flags != 3 or content[8:16] == importlib.util.source_hash(source)
    if not is_used:
        return False
    level = re.search(r"\.opt-([12])\.pyc$", path)
    try:
        code = marshal.loads(content[16:])
        name = code.co_filename
        return code != compile(source, name, "exec", dont_inherit=True, optimize=int(level[1]) if level else 0)
    except (ValueError, EOFError, TypeError, AttributeError, SyntaxError):
        return True


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in sorted(names))


def _shown(path: str) -> str:
    """A path from the folder of the environment on."""
    try:
        return Path(path).relative_to(sys.prefix).as_posix()
    except ValueError:
        return path


def lock_faults(installed: dict[str, Distribution], root: str | Path = ".") -> PackageState:
    """Distributions that are not those of the lock, by version; those beside it are a remark."""
    try:
        text = (Path(root) / LOCK).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Fault(f"{LOCK}: cannot be read; restore it (git checkout -- {LOCK})") from None
    pins = [match for line in text.splitlines() if (match := PIN.match(line))]
    wanted = {normal_name(pin[1]): pin[2] for pin in pins}
    elsewhere = {normal_name(pin[1]) for pin in pins if pin[3]}  # for other systems, by their marker
    faults: Faults = []
    for name, version in sorted(wanted.items()):
        if name not in installed:
            faults += [(name, "missing", f"the lock has version {version}")] * (name not in elsewhere)
        elif installed[name].version != version:
            faults.append((name, "changed", f"version {installed[name].version}; the lock has {version}"))
    beside = [f"{d.name} {d.version}" for name, d in sorted(installed.items()) if name not in {*wanted, OWN}]
    return PackageState(faults, [f"installed beside the lock: {', '.join(beside)}"] if beside else [])


def run_faults(root: str | Path = ".", folders: Sequence[Path] | None = None) -> PackageState:
    """What differs from the environment that the ledger names for the last run."""
    last = next((e for e in reversed(ledger.entries(root)) if e["action"] == "run"), None)
    known = recorded_environment(str(last["details"].get("environment", "")), root) if last else None
    if not last or not known:
        return PackageState([], [f"{ledger.LEDGER} describes no environment of a run: compared with the lock alone"])
    where = f"line {last['line']} of {ledger.LEDGER}"
    now = description(folders)
    faults: Faults = []
    if known.get("python") != now["python"]:
        faults.append(("Python", "changed", f"{_words(now['python'])}; {where} ran on {_words(known.get('python'))}"))
    before, here = known.get("distributions", {}), now["distributions"]
    for name in sorted(before.keys() | here.keys()):
        if name not in here:
            faults.append((name, "missing", f"{where} ran with version {before[name][0]}"))
        elif name not in before:
            faults.append((name, "unlisted", f"{where} ran without it"))
        elif before[name] != here[name]:
            version = f"version {before[name][0]}" if before[name][0] != here[name][0] else "another RECORD"
            faults.append((name, "changed", f"{where} ran with {version}"))
    hardware = [name for name in ("platform", "processor", "processors") if known.get(name) != now.get(name)]
    remarks = [f"{name}: {now.get(name)}; {where} ran on {known.get(name)}" for name in hardware]
    return PackageState(faults, remarks or [f"platform and processor as in {where}"])


def _words(python: object) -> str:
    return " ".join(str(value) for value in python.values()) if isinstance(python, dict) else "another"

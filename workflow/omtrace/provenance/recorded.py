"""A study's manifest for those who only read it: where it lies, and whether it is one. Writing it is ``manifest``'s."""

from pathlib import Path
from typing import Any, TypedDict

from omtrace.faults import Fault
from omtrace.model.folders import Folders, folders_of
from omtrace.store import read_json

FORMAT = 2
NAME = "manifest.json"
RESULTS = Path("results")
FOLDERS = {"plans": str, "register": str, "raw": str, "base": str}
KINDS = ("raw", "results", "code", "config", "plan", "environment")


class FileState(TypedDict, total=False):
    """A file as it is: its sha256 and size; empty for one that cannot be read."""

    sha256: str
    size: int


Files = dict[str, dict[str, FileState]]  # kind -> path -> file


RegisterRow = dict[str, Any]  # a row of the register: column -> text, the number an integer


class Manifest(TypedDict):
    """The content of a manifest. ``register``: rows of the register, as ``Export`` has them."""

    format: int
    study: str
    folders: dict[str, str]
    register: list[RegisterRow]
    files: Files


def path_of(study: str, root: str | Path = ".") -> Path:
    """Where a study's manifest lies."""
    return Path(root) / RESULTS / study / NAME


def read_manifest(study: str, root: str | Path = ".") -> Manifest:
    """A study's manifest. Raises Fault when it is missing, or is not what ``record`` writes."""
    path = path_of(study, root)
    where = path_of(study).as_posix()
    try:
        content = read_json(path)
    except FileNotFoundError:
        raise Fault(f"{where}: missing") from None
    except (OSError, ValueError, RecursionError):
        raise Fault(f"{where}: not readable as JSON") from None
    complaint = _complaint(content, study)
    if complaint:
        raise Fault(f"{where}: {complaint}")
    manifest: Manifest = content
    return manifest


def folders_recorded(study: str, root: str | Path = ".") -> Folders:
    """Where plan, register and raw files of a study were when its manifest was written; else as the configuration says.

    Raises Fault for a configuration that is not readable.
    """
    try:
        return Folders(**read_manifest(study, root)["folders"])
    except Fault:
        return folders_of(root)


def _complaint(content: object, study: str) -> str:
    """What is wrong with the shape of a manifest, or nothing."""
    if not isinstance(content, dict) or set(content) != {"format", "study", "folders", "register", "files"}:
        return "not a manifest"
    if content["format"] != FORMAT:
        return f"not of format {FORMAT}"
    if content["study"] != study:
        return "of another study"
    folders, rows, files = content["folders"], content["register"], content["files"]
    if not isinstance(folders, dict) or {name: type(path) for name, path in folders.items()} != FOLDERS:
        return "its folders are malformed"
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _is_number(row.get("number")) for row in rows):
        return "its register rows are malformed"
    if not isinstance(files, dict) or set(files) != set(KINDS):
        return f"its kinds of files are not {', '.join(KINDS)}"
    if not all(isinstance(paths, dict) for paths in files.values()):
        return "its lists of files are malformed"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

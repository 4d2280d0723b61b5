"""The folder that a command works in, and the paths that people type, seen from there."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from omtrace.faults import Fault

PACKAGE = Path(__file__).resolve().parents[1]
# Each of these alone says that a folder holds a study's data or results.
MARKS = (
    "config/config.yaml",
    "config/exports.csv",
    "data/ledger.jsonl",
    "results/*/manifest.json",
    "results/*/estimates.csv",
)
PATHS = (
    "files",
    "folder",
    "replaces",
    "withdraw",
    "sign",
    "answers",
    "to",
    "packet",
    "raw",
    "file",
    "draft",
)  # arguments that are paths
SIDES = ("old", "new")  # and paths, unless there is none: revisions of git, or versions


def project_folder(start: Path) -> Path | None:
    """The nearest folder that holds a study's data or results: ``start`` or one above it; None where there is none."""
    return next((folder for folder in (start, *start.parents) if any(_marks(folder))), None)


def _marks(folder: Path) -> Iterator[Path]:
    for mark in MARKS:
        try:
            yield from folder.glob(mark)
        except OSError:  # a folder that may not be listed holds nothing for this user
            continue


def enter_project(start: Path) -> Path:
    """Make the project folder of ``start`` the current one.

    Returns
    -------
    Path
        The project folder.

    Raises
    ------
    Fault
        Where neither ``start`` nor a folder above it is one, or where it is a checkout whose own package is not the
        one that runs.
    """
    folder = project_folder(start)
    if folder is None:
        raise Fault(
            f"{start}: this folder holds no study, and neither does a folder above it (config/config.yaml, "
            "config/exports.csv or results/ would tell); go to your checkout, or name it: omtrace --directory FOLDER"
        )
    own = folder / "workflow/omtrace"
    if (own / "__init__.py").is_file() and not own.samefile(PACKAGE):
        raise Fault(
            f"{folder} is a checkout with its own package, but this command belongs to {PACKAGE.parents[1]}; "
            f"set up this one (make env) and run {folder}/.venv/bin/omtrace"
        )
    os.chdir(folder)
    return folder


def from_project(arguments: Mapping[str, object], start: Path, folder: Path) -> dict[str, object]:
    """Arguments of a command with their paths seen from the project folder.

    A path counts from the folder ``start`` in which it was typed. Where nothing is there, but something is counted from
    the project folder (as messages name registered files), it counts from that.
    """
    if start == folder:
        return dict(arguments)
    moved = dict(arguments)
    for name in PATHS:
        value = moved.get(name)
        if isinstance(value, list):
            moved[name] = [_moved(text, start, folder) for text in value]
        elif isinstance(value, str):
            moved[name] = _moved(value, start, folder)
    for name in SIDES:
        if isinstance(text := moved.get(name), str) and _exists(start, text):
            moved[name] = _moved(text, start, folder)
    result = moved.get("result")
    if isinstance(result, str):  # a study or a number, unless there is such a path
        path, mark, number = result.partition("#")
        moved["result"] = (_relative(path, start, folder) if path and _exists(start, path) else path) + mark + number
    return moved


def _moved(text: str, start: Path, folder: Path) -> str:
    if not text or (not _exists(start, text) and _exists(folder, text)):
        return text
    return _relative(text, start, folder)


def _relative(text: str, start: Path, folder: Path) -> str:
    return text if os.path.isabs(text) else os.path.relpath(start / text, folder)


def _exists(folder: Path, text: str) -> bool:
    try:
        return (folder / text).exists()
    except (OSError, ValueError):  # no name of a file
        return False

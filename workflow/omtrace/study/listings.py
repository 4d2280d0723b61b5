"""What a stage made: ``results/<study>/stages/<stage>.sha256``, as ``sha256sum -c`` reads it in the study's folder."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

FOLDER = "stages"  # of a study's results


def text_of(path: str | Path) -> str:
    """The text of a file; "" where there is none that can be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def listing(paths: Iterable[str | Path], folder: str | Path) -> str:
    """What a stage made, folders with all in them: one line a file as sha256sum writes it, paths from ``folder``."""
    files = [file for path in map(Path, paths) for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in files
        if file.is_file() and file.name != ".snakemake_timestamp"
    )


def read_listing(path: str | Path) -> dict[str, str]:
    """Path from the study's folder -> sha256, of what a listing names; empty without one, or where it is not one."""
    lines = [line.partition("  ") for line in text_of(path).splitlines()]
    return {name: digest for digest, _, name in lines if name}


def drop_broken_listing(path: str | Path, folder: str | Path) -> None:
    """Remove a listing that names a file that is not there: what it says is no longer so, and its stage runs again."""
    if any(not os.path.lexists(os.path.join(folder, name)) for name in read_listing(path)):
        Path(path).unlink()

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


def listing(inputs: Iterable[str | Path], outputs: Iterable[str | Path], folder: str | Path) -> str:
    """What a stage was made of and what it made: one line a file as sha256sum writes it, with paths from ``folder``.

    ``inputs``: its stage file, and the listings of the stages before it, which stand for all that those made.
    ``outputs``: files, and folders with all in them.
    """
    lines = [f"{_sha256(Path(path))}  {FOLDER}/{Path(path).name}\n" for path in inputs]
    files = [file for path in map(Path, outputs) for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    made = [file for file in files if file.is_file() and file.name != ".snakemake_timestamp"]
    return "".join([*lines, *(f"{_sha256(file)}  {file.relative_to(folder).as_posix()}\n" for file in made)])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_listing(path: str | Path) -> dict[str, str]:
    """Path from the study's folder -> sha256, of what a listing names; empty without one, or where it is not one."""
    lines = [line.partition("  ") for line in text_of(path).splitlines()]
    return {name: digest for digest, _, name in lines if name}


def is_true(stage: str, folder: str | Path, text: str) -> bool:
    """Whether what the listing of a stage says is so; a stage without a listing has none that is untrue.

    ``text``: what the stage file holds now. It is not so where the stage was made of another one, or of other results
    of the stages before it (whose own listings have been looked at), or where a file that it made is not there.
    """
    for name, digest in read_listing(Path(folder, FOLDER, f"{stage}.sha256")).items():
        file = Path(folder, name)
        if name == f"{FOLDER}/{stage}.json":
            is_so = digest == hashlib.sha256(text.encode()).hexdigest()
        elif file.parent.name == FOLDER and file.suffix == ".sha256":
            is_so = file.is_file() and digest == _sha256(file)
        else:
            is_so = os.path.lexists(file)
        if not is_so:
            return False
    return True


def drop_broken_listing(stage: str, folder: str | Path, text: str) -> bool:
    """Remove the listing of a stage that is no longer true, so that the stage runs again, whatever else is there.

    Returns
    -------
    bool
        Whether it was removed.
    """
    if is_true(stage, folder, text):
        return False
    Path(folder, FOLDER, f"{stage}.sha256").unlink()
    return True

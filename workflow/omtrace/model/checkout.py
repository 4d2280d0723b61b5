"""Folders in which jobs cannot run, or must not yet.

``make`` asks here too, before there is an environment: it needs Python alone.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from omtrace.faults import Fault

# Snakemake hands the path of Python to a shell as it is.
SHELL = " \t\n\r\"'`$&;|<>()[]*?\\:"  # the colon: it parts the folders of PATH
# It fills in the names of scripts as it does wildcards.
FILLED = "{}"
CALLED = {
    " ": "a blank",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    ":": "a colon",
    "'": "a single quote",
}


def refuse_folder(folder: str, python: str) -> None:
    """Raise Fault where Snakemake's jobs cannot run: ``folder`` holds the workflow, ``python`` is what runs it."""
    for path, characters in ((folder, FILLED), (python, SHELL + FILLED)):
        wrong = dict.fromkeys(CALLED.get(character, character) for character in path if character in characters)
        if wrong:
            shown = path if path.isprintable() else repr(path)
            raise Fault(
                f"{shown}: Snakemake's jobs cannot run with {' and '.join(wrong)} in this path; give the folder "
                "a name of letters, digits, dot, hyphen and underscore"
            )


def refuse_locked(results: str, locks: Path = Path(".snakemake/locks")) -> None:
    """Raise Fault where a lock of Snakemake's names a file in the folder ``results`` of a study.

    It stays when a run is killed, and does not say whose it is, so whether that run still goes on is for people to see.
    """
    for lock in locks.glob("*.lock"):
        try:
            paths = lock.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # its run has just ended
            continue
        if any(path.startswith(f"{results}/") for path in paths):
            raise Fault(
                f"{results}: locked by another run. If one is still going on here (pgrep -af snakemake shows those of "
                "this machine), wait for its end; the lock of a run that was killed is removed by: snakemake --unlock"
            )


def refuse_closed(paths: Iterable[str]) -> None:
    """Raise Fault where what jobs are to make cannot be written, or what is there cannot be replaced: the folders,
    without those that lie in one of them."""
    folders = {folder for path in map(Path, paths) for folder in (path, next(filter(Path.exists, path.parents)))}
    closed = {folder for folder in folders if folder.is_dir() and not os.access(folder, os.W_OK)}
    if closed:
        mend = "make it yours, or run this where you can write"
        outermost = sorted(folder for folder in closed if closed.isdisjoint(folder.parents))
        raise Fault(*(f"{folder}: cannot be written; {mend}" for folder in outermost))


if __name__ == "__main__":  # from the folder workflow/
    home = os.path.dirname(os.getcwd())
    try:
        refuse_folder(home, os.path.join(home, ".venv", "bin", "python"))
    except Fault as fault:
        sys.stdout.write(f"omtrace: {fault}")

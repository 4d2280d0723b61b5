"""Fresh copies of the checkout, in which whole commands are timed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_into(folder: Path, names: Sequence[str]) -> None:
    """Copy files and folders of the checkout, without byte code, into ``folder``."""
    for name in names:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)

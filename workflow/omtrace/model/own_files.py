"""Whether a raw file is a file of its own: not a link, not below a linked folder, no pipe and no device."""

import os
import stat
from pathlib import Path

FOLDER = "a folder"


def what_stands_at(path: str | Path) -> str:
    """What a path is, in words, if it is not a regular file; "" for a file, and where there is nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISLNK(mode):
        return "a link, whose target can change unseen; put the file itself in its place"
    if stat.S_ISREG(mode):
        return ""
    return FOLDER if stat.S_ISDIR(mode) else "a pipe or a device, not a file"


def fault_of_place(path: str | Path, top: str | Path) -> str:
    """Why a path holds no raw file of its own, the folders between ``top`` and it included; "" where it may."""
    for folder in [parent for parent in Path(path).parents if parent.is_relative_to(top) and parent != Path(top)]:
        if os.path.islink(folder):
            return f"lies below {folder.name}, a link to a folder; put the folder itself in its place"
    return what_stands_at(path)

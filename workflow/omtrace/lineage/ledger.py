"""The ledger, ``data/ledger.jsonl``: who ran, registered or retrieved what, and when. It only ever grows.

One JSON object a line: ``time`` (UTC), ``user``, ``host``, ``action``, ``study``, ``details``.
"""

import getpass
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LEDGER = Path("data/ledger.jsonl")
ACTIONS = ("run", "register", "withdraw", "retrieve")


def append(action: str, study: str, details: dict[str, Any], root: str | Path = ".") -> None:
    """Add one line at the end, in a single write, so that parallel jobs cannot mix their lines.

    ``details`` holds paths, digests, numbers and reasons, never a raw value. Raises ValueError for an
    unknown action, OSError when the line cannot be written whole.
    """
    if action not in ACTIONS:
        raise ValueError(f"no such action: {action}")
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": _user(),
        "host": platform.node(),
        "action": action,
        "study": study,
        "details": details,
    }
    line = (json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n").encode()
    path = Path(root) / LEDGER
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        # A line torn by a full disk must not swallow this one.
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(handle, line) != len(line):
            raise OSError(f"{path}: the ledger line was not written whole; is the disk full?")
    finally:
        os.close(handle)


def _user() -> str:
    """The account's name, or its number where a container has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def entries(root: str | Path = ".") -> tuple[list[dict[str, Any]], list[int]]:
    """The entries, oldest first, and the numbers of the lines that cannot be read."""
    try:
        content = (Path(root) / LEDGER).read_bytes()
    except FileNotFoundError:
        return [], []
    found, unreadable = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict) and isinstance(entry.get("details"), dict):
            found.append(entry)
        else:
            unreadable.append(number)
    return found, unreadable

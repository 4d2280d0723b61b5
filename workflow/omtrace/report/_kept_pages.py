"""Pages of plates that earlier runs drew, so that a batch added draws its own page and leaves the others as they are.

``cache/<study>/plates/`` holds each page under the digest of all that it was made of (library, plan, environment, the
plate's wells, numbers and links); ``index.json`` has the sha256 of each, without which none is taken. No page
depends on what is there, and the folder may be deleted at any time.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omtrace import store
from omtrace.report._plate_numbers import Plate

INDEX = "index.json"


class KeptPages:
    """The pages kept in a folder. ``made_of``: digests of library, plan and environment, by name."""

    def __init__(self, folder: str | Path, made_of: Mapping[str, str]) -> None:
        self.folder, self.made_of = Path(folder), json.dumps(dict(made_of), sort_keys=True)
        try:
            self.known: dict[str, str] = dict(store.read_json(self.folder / INDEX))
        except (OSError, ValueError, TypeError):
            self.known = {}
        self.now: dict[str, str] = {}

    def key(self, plate: Plate, links: Sequence[str], wells: Any) -> str:
        """The digest of all that a plate's page is made of."""
        told = repr((self.made_of, plate.label, links, wells, plate.numbers, plate.named))
        return hashlib.sha256(told.encode()).hexdigest()

    def take(self, key: str, target: Path) -> bool:
        """Put a page in place, if it was kept and is as it was written."""
        path = self.folder / f"{key}.html"
        try:
            content = path.read_bytes() if key in self.known else b""
        except OSError:
            return False
        if not content or hashlib.sha256(content).hexdigest() != self.known[key]:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(path, target)
        self.now[key] = self.known[key]
        return True

    def add(self, key: str, page: Path) -> None:
        """Keep a page that was drawn."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{key}.html"
        path.unlink(missing_ok=True)
        _link(page, path)
        self.now[key] = hashlib.sha256(page.read_bytes()).hexdigest()

    def close(self) -> None:
        """Write the index, and forget the pages that this run did not ask for."""
        store.write_json(self.folder / INDEX, self.now)
        for path in self.folder.glob("*.html"):
            if path.stem not in self.now:
                path.unlink()


def _link(source: Path, target: Path) -> None:
    """One file under two names, or a copy where the file system has none. A page is replaced, never written into."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

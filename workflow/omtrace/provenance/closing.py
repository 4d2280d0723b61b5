"""What the end of a run says: what to keep outside, what it covers, and which earlier numbers changed."""

from collections.abc import Sequence
from pathlib import Path

from omtrace.model.register import sha256_of
from omtrace.provenance import COVERS, COVERS_NOT, ledger
from omtrace.provenance.changes import news
from omtrace.provenance.manifest import head, path_of


def closing(studies: Sequence[str], since: int, root: str | Path = ".") -> list[str]:
    """Lines for the end of a run. ``since``: how many lines the ledger had when the run began.

    A manifest that is not the one that the ledger names is not part of the head digest.
    """
    sealed, lines = [], []
    for study in studies:
        path = path_of(study, root)
        if not path.is_file():
            continue
        if ledger.newest_run(study, root).get("details", {}).get("manifest") == sha256_of(path):
            sealed.append(study)
        else:
            lines.append(f"{path_of(study).as_posix()}: not sealed by the ledger; omtrace verify {study}")
    if sealed:
        content = ledger.read(root)
        number = len(content.lines)
        lines += [
            f"head digest of {', '.join(sealed)}:",
            head(sealed, root),
            f"It covers {COVERS}; not {COVERS_NOT}.",
            f"digest of {ledger.LEDGER}, line {number} and all before it:",
            content.digest(number),
            "Keep both elsewhere: omtrace verify --head DIGEST --ledger DIGEST compares everything with them.",
        ]
    return lines + news(since, root)

"""Who may see a file, and what may be made of it: raw, confidential or releasable."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from omtrace.faults import Fault

# Rows of single participants or animals; numbers and pages that were not checked for small cells; what may leave.
RAW, CONFIDENTIAL, RELEASABLE = "raw", "confidential", "releasable"
# Of each file, by the first pattern that fits its path below results/<study>/ or logs/<study>/, or in a packet.
CLASSES = (
    ("validated/*", RAW),
    ("read/*/*", RAW),
    ("datasets/*", RAW),
    ("rowsets.parquet", RAW),
    ("data/raw/*/*", RAW),
    ("definitions.json", RELEASABLE),
    ("manifest.json", RELEASABLE),
    ("dictionary/*", RELEASABLE),
    ("stages/*", RELEASABLE),
    ("shared/*", RELEASABLE),  # checked for small cells: report/disclosure.py
    ("shared/figures/*", RELEASABLE),
    ("tables/*", RELEASABLE),
    ("lineage.jsonl", RELEASABLE),
    ("*", CONFIDENTIAL),
)


def class_of(name: str) -> str:
    """The class of a file (raw exports are never ours to write)."""
    path = Path(name)
    return next(kind for pattern, kind in CLASSES if path.match(pattern))


def gate(made_of: Mapping[str, Sequence[str]]) -> None:
    """Let files leave, each with what it is made of.

    Raises Fault for a releasable file of which a part is not: the check for small cells makes a releasable file of a
    confidential one, and nothing else does.
    """
    faults = [
        f"{name}: releasable, but made of {part}, which is {class_of(part)} and was not checked for small cells"
        for name, parts in sorted(made_of.items())
        for part in parts
        if class_of(name) == RELEASABLE and class_of(part) != RELEASABLE
    ]
    faults += [f"{name}: {class_of(name)}, and does not leave" for name in made_of if class_of(name) != RELEASABLE]
    if faults:
        raise Fault("nothing leaves:", *faults)


def is_confidential(path: str | Path) -> bool:
    """Whether what a path holds is for those alone who may see the data of single participants or animals.

    Of results and logs the class of the file says so; raw files and queries are.
    """
    parts = Path(path).parts
    for at in reversed(range(len(parts) - 1)):
        if parts[at] in ("results", "logs") and at + 2 < len(parts):
            return class_of("/".join(parts[at + 2 :])) != RELEASABLE
        if parts[at] == "data" and parts[at + 1] in ("raw", "queries"):
            return True
    return False

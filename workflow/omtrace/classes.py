"""Who may see a file: releasable, or confidential."""

from pathlib import Path

RELEASABLE, CONFIDENTIAL = "releasable", "confidential"
# Who may see a file, by the first pattern that fits its path below results/<study>/ or logs/<study>/.
CLASSES = (
    ("estimates.csv", RELEASABLE),
    ("estimates_tidy.*", RELEASABLE),
    ("definitions.json", RELEASABLE),
    ("figures/*", CONFIDENTIAL),  # marks of single participants or animals
    ("manifest.json", RELEASABLE),
    ("dictionary/*", RELEASABLE),
    ("stages/*", RELEASABLE),
    ("*", CONFIDENTIAL),
)


def class_of(name: str) -> str:
    """The class of a file: ``releasable`` or ``confidential`` (raw exports are never ours to write)."""
    path = Path(name)
    return next(kind for pattern, kind in CLASSES if path.match(pattern))


def is_confidential(path: str | Path) -> bool:
    """Whether what a path holds is for those alone who may see the data of single participants or animals.

    Of results and logs the class of the file says so; raw files and queries are.
    """
    parts = Path(path).parts
    for at in reversed(range(len(parts) - 1)):
        if parts[at] in ("results", "logs") and at + 2 < len(parts):
            return class_of("/".join(parts[at + 2 :])) == CONFIDENTIAL
        if parts[at] == "data" and parts[at + 1] in ("raw", "queries"):
            return True
    return False

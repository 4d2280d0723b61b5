"""``CHECKSUMS``: the digests of what the shipped studies give, as ``sha256sum -c`` reads them, and their head digest.

``python -m tests.checksums`` runs the shipped studies in a temporary copy and writes the file. Numbers change rarely;
the head digest covers the code as well, and so holds for the code that it names.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

import pipeline
from omtrace.provenance.manifest import head, snapshot

FILE = pipeline.REPOSITORY / "CHECKSUMS"
FILES = ("estimates.csv", "definitions.json", "rowsets.parquet")
HEADING = """\
# What the shipped studies give. After `make`, `sha256sum -c CHECKSUMS` says whether yours give the same.
"""


def code_digest(folder: Path) -> str:
    """One sha256 over the code and the environment that the results of a folder were made with."""
    files = snapshot(pipeline.SHIPPED[0], folder)
    lines = [f"{files[kind][path]['sha256']}  {path}\n" for kind in ("code", "environment") for path in files[kind]]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def numbers(folder: Path) -> str:
    """The lines of ``sha256sum`` for the numbers of the shipped studies."""
    paths = [f"results/{study}/{name}" for study in pipeline.SHIPPED for name in FILES]
    return "".join(f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}  {path}\n" for path in paths)


def text(folder: Path) -> str:
    """The content of CHECKSUMS for the results in a folder."""
    mark = f"# Head digest of {', '.join(pipeline.SHIPPED)}\n# with code and environment {code_digest(folder)}:\n"
    return HEADING + numbers(folder) + mark + f"# {head(pipeline.SHIPPED, folder)}\n"


def write() -> None:
    """Run the shipped studies and write the file."""
    with tempfile.TemporaryDirectory() as made:
        folder = pipeline.copied(Path(made))
        pipeline.done(pipeline.snakemake(folder))
        FILE.write_text(text(folder), encoding="utf-8")


if __name__ == "__main__":
    write()
    print(f"written  {FILE.name}")

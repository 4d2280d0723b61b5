"""What every script of a rule does around its one call."""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.prepared import hand_over


def _made(outputs: Iterable[Path]) -> str:
    """One line a file, as sha256sum writes it."""
    files = [file for path in outputs for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}
    return "".join(f"{digest}  {file.as_posix()}\n" for file, digest in digests.items())


@contextmanager
def recorded(snakemake: Any) -> Iterator[None]:
    """Run a job's call, its imports included: a Fault becomes lines on stderr and in the job's log, and exit code 1,
    never a traceback. The job runs in a process that has the libraries, where there is one (see ``prepared``).

    The log of a job that ended holds the digest of each file that it made, by which a later edit is known. Stops as
    well when the package imported is not the one beside the script: another clone's, say.
    """
    if (code := hand_over()) is not None:
        sys.exit(code)
    log = Path(snakemake.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    # A killed job leaves the temporary files of unfinished writes. Snakemake clears only outputs that are folders.
    for path in map(Path, (*snakemake.output, *snakemake.log)):
        for left in path.parent.glob(f".{escape(path.name)}.*.part"):
            left.unlink(missing_ok=True)
    try:
        if Path(__file__).resolve().parent.parent != Path(snakemake.scriptdir).resolve().parent:
            raise Fault(
                f"the omtrace package imported is {Path(__file__).parent}, not this checkout's; run make env here"
            )
        yield
        log.write_text("finished\n" + _made(map(Path, snakemake.output)), encoding="utf-8")
    except Fault as fault:
        text = "".join(f"omtrace: {line}\n" for line in fault.lines)
        log.write_text(text, encoding="utf-8")
        sys.stderr.write(text)
        sys.exit(1)

"""What every script of a rule does around its one call."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from omtrace.faults import Fault


@contextmanager
def recorded(snakemake: Any) -> Iterator[None]:
    """Run a job's call: a Fault becomes lines on stderr and in the job's log, and exit code 1, never a traceback.

    Stops as well when the package imported is not the one beside the script: another clone's, say.
    """
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
        log.write_text("finished\n", encoding="utf-8")
    except Fault as fault:
        text = "".join(f"omtrace: {line}\n" for line in fault.lines)
        log.write_text(text, encoding="utf-8")
        sys.stderr.write(text)
        sys.exit(1)

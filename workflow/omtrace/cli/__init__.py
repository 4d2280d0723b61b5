"""The command ``omtrace``, beside ``snakemake``: ``python -m omtrace`` is the same."""

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after ``omtrace``; None: those of this process.

    Returns
    -------
    int
        The exit code, see ``exit_codes``. Errors go to stderr, one line each.
    """
    if arguments is None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in every job; to start more takes longer than a trace
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    from omtrace.cli.application import run

    return run(sys.argv[1:] if arguments is None else list(arguments))

"""Exit codes of the commands: the worst of what a command has to report."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code says."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    QUARANTINE = 3
    WARNING = 4
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.FINE: "nothing to report, or notes only",
    ExitCode.FAILED: "an error, a difference, a file that cannot be read, or findings that would stop a run",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.QUARANTINE: "a run would go on, but leave values, rows or files out",
    ExitCode.WARNING: "a run would go on; there are warnings",
    ExitCode.INTERRUPTED: "interrupted",
}
OF_SEVERITY = {"stop": ExitCode.FAILED, "quarantine": ExitCode.QUARANTINE, "warn": ExitCode.WARNING}  # the worst first


def of_severities(severities: Iterable[str]) -> ExitCode:
    """Exit code of the worst of some severities.

    Parameters
    ----------
    severities
        Any of ``stop``, ``quarantine``, ``warn`` and ``note``.
    """
    present = set(severities)
    return next((code for severity, code in OF_SEVERITY.items() if severity in present), ExitCode.FINE)

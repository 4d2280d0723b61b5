"""Lines of a plan that only a person can settle: ``omtrace new-study`` marks them ``# SAY: ...``.

While there is one, the results of the study are a draft, and everything that shows them says so.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

MARK = re.compile(r"^(?P<before>[^#]*)#.*?\bSAY: (?P<what>(?!\.\.\.).*\S)")


def open_lines(files: Iterable[Path]) -> list[str]:
    """The open lines of the files of a plan: path, line, key, and what is to be said, without the values there."""
    lines = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if mark := MARK.match(line):
                key = mark["before"].partition(":")[0].strip(" -")
                lines.append(f"{file.as_posix()}:{number}: {f'{key}: ' if key else ''}{mark['what']}")
    return lines


def draft_words(lines: Sequence[str]) -> str:
    """That results are a draft; "" where no line is open."""
    count = len(lines)
    return (
        f"Draft: {count} line{'s'[: count != 1]} of the plan {'is' if count == 1 else 'are'} still open"
        if lines
        else ""
    )

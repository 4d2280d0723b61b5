"""Errors in the data, the plan or the register, reported without a traceback."""

import errno
from collections.abc import Iterable, Sequence

# What the operating system refuses, and what to do.
REFUSED = {
    errno.ENOSPC: "the disk is full; make room, and run this again",
    errno.EDQUOT: "your share of the disk is full; make room, and run this again",
    errno.EFBIG: "larger than a file may be here; raise the limit (ulimit -f), and run this again",
    errno.EROFS: "the disk can only be read; run this where you can write",
    errno.EACCES: "no permission; make it yours, or ask whose it is",
    errno.EPERM: "no permission; make it yours, or ask whose it is",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "a folder stands in place of the file",
    errno.ENOTDIR: "a file stands in place of a folder",
    errno.ENAMETOOLONG: "the name is too long",
}


class Fault(Exception):
    """An error of the input: one line for each problem, with the command or edit that fixes it.

    The text never holds a raw value: values stand in the confidential findings table only. ``seen``: the first
    lines of a file of unknown layout, as they are; ``check`` shows them, and nothing else does.
    """

    def __init__(self, *lines: str, seen: Sequence[str] = ()) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.seen = tuple(seen)


class Refusal(Fault):
    """What the data do not allow to be computed: a visit that nobody reached, an arm without events.

    It ends one part of an analysis, not the run: that part stands in the results as not computed, with the reason.
    """

    @property
    def reason(self) -> str:
        """The reason, without the analysis, parameter and visit that stand before it."""
        return self.lines[0].partition(": ")[2]


def nearest(name: str, known: Iterable[object]) -> str:
    """A hint at the nearest known name, or nothing."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}  # without case, in which a name may differ whole
    for text in map(str, known):
        folded.setdefault(text.casefold(), text)
    texts = [str(k) for k in known]
    close = get_close_matches(str(name), texts, 1) or get_close_matches(str(name).casefold(), folded, 1)
    return f"; did you mean {folded.get(close[0], close[0])!r}?" if close else ""


def plain_line(error: OSError) -> str:
    """What the operating system refused, as one line: the file, the problem, and what to do."""
    if error.errno is None:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    line = where + REFUSED.get(error.errno, error.strerror or "not possible")
    return line if line.isprintable() else repr(line)[1:-1]

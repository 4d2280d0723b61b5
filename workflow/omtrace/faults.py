"""What goes wrong because of the data, the plan or the register, told without a traceback."""

from collections.abc import Sequence
from typing import Any


class Fault(Exception):
    """A fault of the input, with one line a finding and the command or edit that mends it.

    The text never holds a raw value: values stand in the confidential findings table only. ``seen``: the first
    lines of a file of unknown layout, as they are; ``check`` shows them, and nothing else does.
    """

    def __init__(self, *lines: str, seen: Sequence[str] = ()) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.seen = tuple(seen)


def nearest(name: str, known: Any) -> str:
    """A hint at the nearest known name, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), [str(k) for k in known], 1)
    return f"; did you mean {close[0]!r}?" if close else ""

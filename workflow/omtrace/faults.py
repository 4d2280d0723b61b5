"""What goes wrong because of the data, the plan or the register, told without a traceback."""

from collections.abc import Sequence


class Fault(Exception):
    """A fault of the input, with one line a finding and the command or edit that mends it.

    The text never holds a raw value: values stand in the confidential findings table only. ``seen``: the first
    lines of a file of unknown layout, as they are; ``check`` shows them, and nothing else does.
    """

    def __init__(self, *lines: str, seen: Sequence[str] = ()) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.seen = tuple(seen)

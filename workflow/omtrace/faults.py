"""What goes wrong because of the data, the plan or the register, told without a traceback."""


class Fault(Exception):
    """A fault of the input, with one line a finding and the command or edit that mends it.

    The text never holds a raw value: values stand in the confidential findings table only.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines

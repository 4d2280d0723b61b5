"""A made-up format: a line a row, cells between bars."""

from omtrace.model.closed import Closed
from omtrace.readers import Extract, Places, Reader


class Options(Closed):
    """The format has no options."""


def read(content: bytes, options: Options) -> Extract:
    """The cells of each line; the first line names the columns."""
    head, *lines = [line.split("|") for line in content.decode("utf-8").splitlines()]
    numbers = list(range(2, len(lines) + 2))
    columns = [list(column) for column in zip(*lines, strict=True)] or [[] for _ in head]
    return Extract(tuple(head), columns, Places(numbers, numbers, numbers, ""), {}, [])


READER = Reader(Options, read)

"""Text exports of SoftMax Pro plate readers: endpoint plates, and the group tables computed from them."""

from typing import Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.readers import Extract, Reader, _softmax
from omtrace.readers._text import Encoding
from omtrace.readers._wells import MADE


class Options(Closed):
    """Which part of the export is read."""

    part: Literal["signals", "groups"] = Field(description="signals: all raw reads; groups: the group tables")
    encoding: Encoding = Field("", description="of the characters; empty: as found")


def read(content: bytes, options: Options) -> Extract:
    """One part of an export, see ``_softmax.read``."""
    return _softmax.read(content, options.part, options.encoding)


READER = Reader(Options, read, made=MADE)

"""Delimited text (CSV and its relatives), plain or gzipped. One record a row, RFC 4180 quoting."""

from typing import Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.readers import Reader
from omtrace.readers._delimited import DELIMITERS, check_names, read
from omtrace.readers._text import Encoding

__all__ = ["DELIMITERS", "READER", "Options", "check_names", "read"]


class Options(Closed):
    """How a delimited file is written, where it cannot be seen from the file."""

    delimiter: Literal["", ",", ";", "\t", "|"] = Field("", description="between cells; empty: as found")
    encoding: Encoding = Field("", description="of the characters; empty: as found")
    header_line: int = Field(1, ge=1, description="line of the column names; lines above are left out")


READER = Reader(Options, read)

"""Delimited text (CSV and its relatives), plain or gzipped. One record a row, RFC 4180 quoting."""

from typing import Literal

from pydantic import Field

from omtrace.sources import Reader
from omtrace.sources._delimited import DELIMITERS, check_names, read
from omtrace.sources._text import Encoding
from omtrace.study.closed import Closed

__all__ = ["DELIMITERS", "READER", "Options", "check_names", "read"]


class Options(Closed):
    """How a delimited file is written, where it cannot be seen from the file."""

    delimiter: Literal["", ",", ";", "\t", "|"] = Field("", description="between cells; empty: as found")
    encoding: Encoding = Field("", description="of the characters; empty: as found")
    header_line: int = Field(1, ge=1, description="line of the column names; lines above are left out")


READER = Reader(Options, read)

"""Delimited text (CSV and its relatives), plain or gzipped. One record a row, RFC 4180 quoting."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from pydantic import Field

from omtrace.faults import Fault
from omtrace.keys import Place
from omtrace.sources import Extract, Reader, RowFault
from omtrace.sources._text import Encoding, text_of
from omtrace.study.plan import Closed

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 100
SHOWN = 10


class Options(Closed):
    """How a delimited file is written, where it cannot be seen from the file."""

    delimiter: Literal["", ",", ";", "\t", "|"] = Field("", description="between cells; empty: as found")
    encoding: Encoding = Field("", description="of the characters; empty: as found")
    header_line: int = Field(1, ge=1, description="line of the column names; lines above are left out")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a delimited file as text, each with its physical lines.

    Ordinals count the data rows from 1, faulty ones included; blank lines are no rows. A row of
    another width than the header is a row fault. Raises Fault for what ``text_of`` refuses, for
    column names that are missing, empty or doubled, and for quoting that does not close.
    """
    text, member, decisions = text_of(content, options.encoding)
    lines = io.StringIO(text, newline="")  # ends lines at CRLF, LF and CR, and keeps the ends
    above = sum(1 for _ in islice(lines, options.header_line - 1))
    start = lines.tell()
    delimiter = options.delimiter or _detected(text[start : start + SAMPLE_CHARACTERS])
    decisions["delimiter"] = DELIMITERS[delimiter] + (" (by option)" if options.delimiter else " (found)")
    records = _records(lines, delimiter, above)
    first, _, header = next(records, (0, 0, []))
    if first != options.header_line:
        raise Fault(f"line {options.header_line}: no column names; set the option header_line to their line")
    columns = tuple(header)
    check_names(columns, f"line {first}")
    rows, places, faults = [], [], []
    width = len(columns)
    for ordinal, (first, last, cells) in enumerate(records, 1):
        place = Place(ordinal, first, last, member)
        if len(cells) == width:
            rows.append(cells)
            places.append(place)
        else:
            faults.append(RowFault(place, "row_width", f"{width} cells, not {len(cells)}"))
    return Extract(columns, rows, places, decisions, faults)


def check_names(columns: tuple[str, ...], where: str) -> None:
    """Raise Fault if column names are empty or doubled, by column number (and name, if it looks like one)."""
    counts = Counter(columns)
    empty = [n for n, name in enumerate(columns, 1) if not name.strip()]
    doubled = [n for n, name in enumerate(columns, 1) if name.strip() and counts[name] > 1]
    faults = []
    if empty:
        faults.append(f"{where}: no name for column {_listed(empty, columns)}; name every column")
    if doubled:
        faults.append(f"{where}: the same name for columns {_listed(doubled, columns)}; rename them")
    if faults:
        raise Fault(*faults)


def _listed(numbers: list[int], columns: tuple[str, ...]) -> str:
    names = [f"{n} ({columns[n - 1]})" if columns[n - 1].isidentifier() else str(n) for n in numbers[:SHOWN]]
    return ", ".join(names) + (f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else "")


def _records(lines: io.StringIO, delimiter: str, above: int) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of each record that is not blank."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    first = above + 1
    try:
        for cells in reader:
            last = above + reader.line_num
            if cells:
                yield first, last, cells
            first = last + 1
    except csv.Error as error:
        raise Fault(
            f"line {first}: the quotes of the row that begins here fail at line {above + reader.line_num}"
            f" ({error}); put back the export as it was received, or mend its quotes"
        ) from None


def _detected(sample: str) -> str:
    """The delimiter that splits the header, keeps most rows at its width, and gives most columns."""
    found = []
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        try:
            widths = [len(cells) for cells in islice(reader, SAMPLE_RECORDS) if cells]
        except csv.Error:
            continue
        if len(widths) > 2 and len(sample) == SAMPLE_CHARACTERS:
            widths.pop()  # the sample may end within this record
        if widths and widths[0] > 1:
            found.append((widths.count(widths[0]) / len(widths), widths[0], delimiter))
    return max(found)[2] if found else ","


READER = Reader(Options, read)

"""How delimited text is read. Apart from its options, so that a cell can be looked up without importing pydantic."""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Places, RowFault
from omtrace.readers._text import BY_OPTION, text_of

if TYPE_CHECKING:
    import pyarrow

    from omtrace.readers.delimited import Options

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 100
SHOWN = 10
LONGEST_NAME = 100  # characters of a column name that a fault shows; what is longer is none
QUOTE = '"'
SMALL = 1 << 16  # bytes


@dataclass(frozen=True)
class _Opened:
    """A file up to its header: first line and names of the columns, and the records below."""

    lines: io.StringIO
    delimiter: str
    line: int
    columns: tuple[str, ...]
    records: Iterator[tuple[int, int, list[str]]]


ROW_NAME = "row_name"
NAMELESS = "\0"  # before the number of a column to the right of all names; no text holds it
SEP = re.compile(r"\ufeff?\"?sep=(?P<mark>[,;|\t]|\\t)\"?[,;\t]*(?:\r\n|\r|\n)", re.IGNORECASE)


def read(content: bytes, options: "Options") -> Extract:
    """The rows of a delimited file as text, each with its physical lines.

    Ordinals count the data rows from 1, faulty ones included; blank lines are no rows. A row of
    another width than the header is a row fault. A first column without a name, as R and pandas write the names of
    rows, is called ``row_name``. Raises Fault for what ``text_of`` refuses, for
    column names that are missing, empty or doubled, and for quoting that does not close.
    """
    text, member, decisions = text_of(content, options.encoding)
    file = _opened(text, options.delimiter, options.header_line)
    decisions["delimiter"] = DELIMITERS[file.delimiter] + (BY_OPTION if options.delimiter else " (found)")
    if options.header_line > 1:
        decisions["header line"] = f"{options.header_line}{BY_OPTION}"
    if file.columns[0] == ROW_NAME:
        decisions["first column"] = f"{ROW_NAME}, where it has no name"
    if QUOTE not in text and _usual_ends(text):
        return _named(
            _unquoted(file.columns, text[file.lines.tell() :], file.line, file.delimiter, member, decisions), file.line
        )
    rows, ordinals, firsts, lasts, faults = [], [], [], [], []
    width = len(file.columns)
    for ordinal, (first, last, cells) in enumerate(file.records, 1):
        if len(cells) == width:
            rows.append(cells)
            ordinals.append(ordinal)
            firsts.append(first)
            lasts.append(last)
        else:
            faults.append(
                RowFault(Place(ordinal, first, last, member), "row_width", f"{width} cells, not {len(cells)}")
            )
    columnwise = list(zip(*rows, strict=True)) if rows else [()] * width
    extract = Extract(file.columns, columnwise, Places(ordinals, firsts, lasts, member), decisions, faults)
    return _named(extract, file.line)


def _named(extract: Extract, line: int) -> Extract:
    """The extract without the empty columns to the right of all names. Raises Fault where one of them holds a text."""
    named = [n for n, name in enumerate(extract.columns) if not name.startswith(NAMELESS)]
    rest = extract.columns[len(named) :]
    if not rest:
        return extract
    if any(str(cell).strip() for column in extract.cells[len(named) :] for cell in column):
        check_names((*extract.columns[: len(named)], *[""] * len(rest)), f"line {line}")
    extract.decisions["columns without name"] = f"{len(rest)}, empty: left out"
    return replace(extract, columns=extract.columns[: len(named)], cells=extract.cells[: len(named)])


def texts_at(content: bytes, wanted: Mapping[int, Collection[str]]) -> dict[tuple[int, str], str]:
    """The texts of some cells, as ``read`` gives them without options; those that are not there are left out.

    ``wanted``: ordinal of a row -> names of columns. Raises Fault as ``read`` does.
    """
    text, _, _ = text_of(content, "")
    file = _opened(text)
    index = {name: n for n, name in enumerate(file.columns)}
    texts = {}
    for ordinal, (_, _, cells) in enumerate(file.records, 1):
        if ordinal in wanted and len(cells) == len(index):
            texts.update({(ordinal, name): cells[index[name]] for name in wanted[ordinal] if name in index})
    return texts


def _opened(text: str, delimiter: str = "", header_line: int = 1) -> _Opened:
    """A file's text, read up to its header. Raises Fault where there is none, or one without clear names."""
    lines = io.StringIO(text, newline="")  # ends lines at CRLF, LF and CR, and keeps the ends
    if header_line == 1 and (said := SEP.match(text)):  # Excel's line for the delimiter
        delimiter, header_line = delimiter or said["mark"].replace("\\t", "\t"), 2
    above = sum(1 for _ in islice(lines, header_line - 1))
    start = lines.tell()
    delimiter = delimiter or _detected(text[start : start + SAMPLE_CHARACTERS])
    records = _records(lines, delimiter, above)
    first, _, header = next(records, (0, 0, []))
    if first != header_line:
        raise Fault(f"line {header_line}: no column names; set the option header_line to their line")
    if len(header) > 1 and not header[0].strip() and ROW_NAME not in header:
        header[0] = ROW_NAME
    named = max((n for n, name in enumerate(header, 1) if name.strip()), default=0)
    if named and all(name.strip() for name in header[:named]):
        header[named:] = [f"{NAMELESS}{n}" for n in range(named + 1, len(header) + 1)]
    check_names(tuple(header), f"line {first}")
    return _Opened(lines, delimiter, first, tuple(header), records)


def _usual_ends(text: str) -> bool:
    """Whether lines end at LF or CRLF only."""
    return "\r" not in text or text.count("\r") == text.count("\r\n")


def _unquoted(
    columns: tuple[str, ...], text: str, line: int, delimiter: str, member: str, decisions: dict[str, str]
) -> Extract:
    """The rows below the header (``line``) of a file without quotes: a record is a line, columns are read at once."""
    import numpy

    data = text.encode()
    characters = numpy.frombuffer(data, dtype="uint8")
    ends = numpy.flatnonzero(characters == ord("\n"))
    if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
        ends = numpy.append(ends, len(data))
    starts = numpy.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    longest = csv.field_size_limit()
    for n in numpy.flatnonzero(ends - starts > longest).tolist():
        if max(map(len, data[starts[n] : ends[n]].decode().rstrip("\r").split(delimiter))) > longest:
            where = f"line {line + 1 + n}"
            raise Fault(f"{where}: a cell of more than {longest} characters; put back the export as it was received")
    empty = ends == starts
    if "\r" in text:
        empty |= (ends == starts + 1) & (characters[numpy.minimum(starts, len(data) - 1)] == ord("\r"))
    marks = numpy.flatnonzero(characters == ord(delimiter))
    widths = numpy.searchsorted(marks, ends) - numpy.searchsorted(marks, starts) + 1
    number = numpy.cumsum(~empty)
    good, width = ~empty & (widths == len(columns)), len(columns)
    faults = [
        RowFault(
            Place(int(number[n]), line + n + 1, line + n + 1, member), "row_width", f"{width} cells, not {widths[n]}"
        )
        for n in numpy.flatnonzero(~empty & ~good).tolist()
    ]
    if not good.any():
        return Extract(columns, [()] * width, Places(), decisions, faults)
    if faults:
        data = b"".join(data[s : e + 1] for s, e in zip(starts[good].tolist(), ends[good].tolist(), strict=True))
    cells = _split(data, width, delimiter) if len(data) > SMALL else _split_small(data, delimiter)
    at = line + 1 + numpy.flatnonzero(good)
    return Extract(columns, cells, Places(number[good], at, at, member), decisions, faults)


def _split_small(data: bytes, delimiter: str) -> list[tuple[str, ...]]:
    """What ``_split`` gives, as tuples of texts: starting Arrow's parser takes longer than a small file."""
    lines = data.decode().replace("\r\n", "\n").split("\n")
    return list(zip(*(line.split(delimiter) for line in lines if line), strict=True))


def _split(data: bytes, width: int, delimiter: str) -> "list[pyarrow.Array]":
    """Lines of equal width without quotes as Arrow arrays, one a column."""
    from pyarrow import csv as arrow
    from pyarrow import string

    names = [str(n) for n in range(width)]
    table = arrow.read_csv(
        io.BytesIO(data),
        arrow.ReadOptions(use_threads=False, column_names=names, block_size=max(1 << 20, len(data) + 1)),
        arrow.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False, newlines_in_values=False),
        arrow.ConvertOptions(column_types=dict.fromkeys(names, string()), strings_can_be_null=False),
    )
    return [column.combine_chunks() for column in table.columns]


def check_names(columns: tuple[str, ...], where: str) -> None:
    """Raise Fault if column names are empty or doubled, by column number (and name, if it looks like one)."""
    counts = Counter(columns)
    empty = [n for n, name in enumerate(columns, 1) if not name.strip()]
    doubled = [n for n, name in enumerate(columns, 1) if name.strip() and counts[name] > 1]
    faults = []
    if empty:
        faults.append(f"{where}: no name for column {_listed(empty, columns)}; name every column")
    if doubled:
        faults.append(f"{where}: {_twice(doubled, columns)}; give each column a name of its own")
    if faults:
        raise Fault(*faults)


def _twice(numbers: list[int], columns: tuple[str, ...]) -> str:
    """Which columns have a name in common: `columns 3 and 7 have one name (Date)`."""
    together: dict[str, list[int]] = {}
    for n in numbers:
        together.setdefault(columns[n - 1], []).append(n)
    groups = []
    for name, mine in list(together.items())[:SHOWN]:
        if len(mine) > SHOWN:
            listed = ", ".join(map(str, mine[:SHOWN])) + f" and {len(mine) - SHOWN} more"
        else:
            listed = ", ".join(map(str, mine[:-1])) + f" and {mine[-1]}"
        groups.append(f"columns {listed} have one name" + (f" ({name})" if _shown(name) else ""))
    more = f"; and {len(together) - SHOWN} more names stand twice" if len(together) > SHOWN else ""
    return "; ".join(groups) + more


def _listed(numbers: list[int], columns: tuple[str, ...]) -> str:
    names = [f"{n} ({columns[n - 1]})" if _shown(columns[n - 1]) else str(n) for n in numbers[:SHOWN]]
    return ", ".join(names) + (f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else "")


def _shown(name: str) -> bool:
    return name.isidentifier() and len(name) <= LONGEST_NAME


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
    for delimiter in filter(sample.__contains__, DELIMITERS):
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

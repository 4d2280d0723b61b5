"""The header of an export before its rows are read: label headers may repeat, which no other file may."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from omtrace.readers import Extract, delimited
from omtrace.readers._redcap_columns import VARIABLE, Column, plain
from omtrace.readers._text import text_of

HEADER_CHARACTERS = 1 << 20  # the longest header that is looked for


@dataclass(frozen=True)
class Header:
    """The names of the header, how they stand in the file, and whether they are labels."""

    names: tuple[str, ...]
    labels: bool
    delimiter: str
    text: str  # of the whole file
    start: int  # characters before the header, and up to its end
    end: int
    member: str
    decisions: dict[str, str]


def header_of(content: bytes, options: delimited.Options, known: Sequence[Column], way: str) -> Header:
    """The header, split where most of its names are known (without a dictionary: where they are variables).

    Labels are seen by more labels than variable names of the project, or by ``way``, if it is not "".
    A header that cannot be split has no names and is no label header. Raises Fault for what ``text_of`` refuses.
    """
    text, member, decisions = text_of(content, options.encoding)
    lines = io.StringIO(text, newline="")
    above = sum(len(line) for line in islice(lines, options.header_line - 1))
    raw = {column.name for column in known}
    words = {plain(column.label) for column in known if column.label}
    found = []
    for delimiter in [options.delimiter] if options.delimiter else delimited.DELIMITERS:
        names, end = _first_record(text, above, delimiter)
        variables = sum(name in raw if known else bool(VARIABLE.fullmatch(name)) for name in names)
        labels = sum(plain(name) in words for name in names)
        found.append((max(variables, labels), len(names), labels > variables, names, end, delimiter))
    _, _, are_labels, names, end, delimiter = max(found, key=lambda item: item[:2])
    labels = bool(names) and (way == "labels" or (are_labels and way == ""))
    return Header(tuple(names), labels, delimiter, text, above, end, member, decisions)


def _first_record(text: str, start: int, delimiter: str) -> tuple[list[str], int]:
    """The cells of the record that begins at a character, and where it ends."""
    sample = text[start : start + HEADER_CHARACTERS]
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
    except csv.Error:
        return [], start
    return names, start + sum(len(line) for line in islice(io.StringIO(sample, newline=""), reader.line_num))


def read_numbered(header: Header, options: delimited.Options) -> Extract:
    """The rows below the header, as ``delimited.read`` gives them; the columns are c1, c2, ...

    The header is replaced by numbers over as many lines, so that the places stay those of the file.
    """
    lines = list(io.StringIO(header.text[header.start : header.end], newline=""))
    end = lines[-1][len(lines[-1].rstrip("\r\n")) :]
    names = [f"c{n}" for n in range(1, len(header.names) + 1)]
    if len(lines) > 1:
        names[-1] = f'"{names[-1]}{chr(10) * (len(lines) - 1)}"'
    text = header.text[: header.start] + header.delimiter.join(names) + end + header.text[header.end :]
    plain_options = options.model_copy(update={"encoding": "utf-8", "delimiter": header.delimiter})
    extract = delimited.read(text.encode(), plain_options)
    how = " (by option)" if options.delimiter else " (found)"
    decisions = header.decisions | {"delimiter": delimited.DELIMITERS[header.delimiter] + how}
    faults = [replace(fault, place=replace(fault.place, part=header.member)) for fault in extract.faults]
    places = replace(extract.places, parts=header.member)
    return replace(extract, decisions=decisions, faults=faults, places=places)

"""JSON lines: one JSON object a line, plain or gzipped, as diary apps write it."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Places, Reader, RowFault
from omtrace.readers._text import Encoding, text_of

DEPTH = 32  # objects and lists within one another
COLUMNS = 5_000
ELEMENTS = 12  # bits of an ordinal for the element of a list
CELLS = 20_000_000
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # cannot be written as text


class Options(Closed):
    """How the lines become rows."""

    encoding: Encoding = Field("", description="of the characters; empty: as found")
    explode: str = Field("", description="dotted path of a list of which each element is a row; empty: a line is a row")


class _Refused(ValueError):
    """What is wrong with a line, without its values."""


class Number(str):
    """A number as it is written in the file."""


def read(content: bytes, options: Options) -> Extract:
    """The objects of the file as rows of texts; a place is the line.

    Members of nested objects become columns with dots (``answers.pain``), in order of first appearance. Numbers stay as
    they are written, truth becomes TRUE and FALSE; null and a missing member are "". A list is JSON text; the list at
    ``explode`` makes one row an element instead (the part of the place is its number from 1, the line's other members
    stand in each row), and a line without an element is counted in ``left_out``. An ordinal is the number of the line,
    blank ones not counted, * 2**12 + the number of the element, so that a file may be read in both ways. A line that is
    not one object, is damaged or too deep, names a member twice, or holds NaN or Infinity is a row fault. Raises Fault
    for what ``text_of`` refuses, if no line gives a row, for more than COLUMNS columns or CELLS cells, and for a file
    that is one JSON array: its elements have no lines of their own.
    """
    text, member, decisions = text_of(content, options.encoding)
    if text.lstrip().startswith("["):
        raise Fault("one JSON array, not one object a line; write it as JSON lines (jq -c '.[]')")
    table, faults, empty, ordinal = _Table(), [], 0, 0
    for line, written in enumerate(io.StringIO(text, newline=""), 1):
        if not written.strip():
            continue
        ordinal += 1
        try:
            found = list(_rows(written.rstrip("\r\n"), options.explode))
        except _Refused as refused:
            faults.append(RowFault(Place(ordinal << ELEMENTS, line, line, member), "json", str(refused)))
            continue
        empty += not found
        if len(found) >> ELEMENTS:
            raise Fault(f"line {line}: {len(found)} elements in one list; split the export")
        for number, row in enumerate(found, 1):
            at = (ordinal << ELEMENTS) + (number if options.explode else 0)
            table.add(row, at, line, f"{member} {number}".strip() if options.explode else member)
    if not table.lines:
        first = f"; line {faults[0].place.first_line} should be {faults[0].message}" if faults else ""
        wanted = f" with an element in {options.explode}" if options.explode else ""
        raise Fault(f"no line is a JSON object{wanted}{first}; put back the export as it was received")
    decisions |= table.decisions()
    left_out = {f"no element in {options.explode}": empty} if empty else {}
    places = Places(table.ordinals, table.lines, table.lines, table.parts if options.explode else member)
    return Extract(tuple(table.cells), list(table.cells.values()), places, decisions, faults, left_out=left_out)


class _Table:
    """Rows as they come, column by column."""

    def __init__(self) -> None:
        self.cells: dict[str, list[str]] = {}
        self.ordinals: list[int] = []
        self.lines: list[int] = []
        self.parts: list[str] = []
        self.sets: Counter[frozenset[str]] = Counter()

    def add(self, row: dict[str, str], ordinal: int, line: int, part: str) -> None:
        new = [name for name in row if name not in self.cells]
        width = len(self.cells) + len(new)
        if width > COLUMNS:
            raise Fault(f"line {line}: more than {COLUMNS} columns so far; is a value used as a member's name?")
        if width * (len(self.lines) + 1) > CELLS:
            raise Fault(f"line {line}: more than {CELLS} cells so far; split the export")
        self.cells |= {name: [""] * len(self.lines) for name in new}
        for name, cells in self.cells.items():
            cells.append(row.get(name, ""))
        self.ordinals.append(ordinal)
        self.lines.append(line)
        self.parts.append(part)
        self.sets[frozenset(row)] += 1

    def decisions(self) -> dict[str, str]:
        if not self.cells:
            raise Fault("the objects have no members; put back the export as it was received")
        most = self.sets.most_common(1)[0][1]
        rows = len(self.lines)
        says = (
            "the same in every row"
            if most == rows
            else f"{len(self.sets)} sets, the commonest in {most} of {rows} rows"
        )
        return {"columns": f"{len(self.cells)}; {says}"}


def _rows(written: str, explode: str) -> Iterator[dict[str, str]]:
    """The rows of one line. Raises _Refused."""
    try:
        found = json.loads(
            written, parse_int=Number, parse_float=Number, parse_constant=_no_constant, object_pairs_hook=_members
        )
    except json.JSONDecodeError as error:
        raise _Refused(
            f"one JSON object; it fails at character {error.pos + 1} ({error.msg.partition(':')[0]})"
        ) from None
    except RecursionError:
        raise _Refused(f"nested no deeper than {DEPTH}") from None
    if not isinstance(found, dict):
        raise _Refused("one JSON object")
    if not explode:
        yield _flat(found)
        return
    elements = _taken(found, explode)
    common = _flat(found)
    for element in elements:
        inner = _flat(element, f"{explode}.") if isinstance(element, dict) else {explode: _text(element)}
        if common.keys() & inner.keys():
            raise _Refused("members whose dotted names differ")
        yield common | inner


def _no_constant(_: str) -> NoReturn:
    raise _Refused("without NaN and Infinity, which are no JSON")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Refused("an object that names each member once")
    if any(not name.strip() or NO_TEXT.search(name) for name in members):
        raise _Refused("an object whose members all have names")
    return members


def _taken(found: dict[str, object], path: str) -> list[object]:
    """The list at a dotted path, taken out of the object; empty if it is missing or null."""
    *above, last = path.split(".")
    inner: object = found
    for name in above:
        inner = inner.get(name) if isinstance(inner, dict) else None
    elements = inner.pop(last, None) if isinstance(inner, dict) else None
    if elements is not None and not isinstance(elements, list):
        raise _Refused(f"a list at {path}")
    return elements or []


def _flat(found: dict[str, object], prefix: str = "", depth: int = 1) -> dict[str, str]:
    """Dotted name -> text of every member that is no object."""
    if depth > DEPTH:
        raise _Refused(f"nested no deeper than {DEPTH}")
    row: dict[str, str] = {}
    for name, value in found.items():
        more = _flat(value, f"{prefix}{name}.", depth + 1) if isinstance(value, dict) else {prefix + name: _text(value)}
        if row.keys() & more.keys():
            raise _Refused("members whose dotted names differ")
        row |= more
    return row


def _text(value: object) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    text = _json(value, 1) if isinstance(value, list) else str(value)
    if NO_TEXT.search(text):
        raise _Refused("without NUL characters and halves of characters")
    return text


def _json(value: object, depth: int) -> str:
    """A value as JSON again, numbers as they were written."""
    if depth > DEPTH:
        raise _Refused(f"nested no deeper than {DEPTH}")
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_json(element, depth + 1) for element in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(name, 1)}:{_json(of, depth + 1)}" for name, of in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


READER = Reader(Options, read)

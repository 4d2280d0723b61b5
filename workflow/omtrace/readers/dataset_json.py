"""CDISC Dataset-JSON 1.1: one data set of SDTM, ADaM or SEND, as JSON or as newline-delimited JSON.

Structure: CDISC, Dataset-JSON, version 1.1: an object with ``columns`` and ``rows``; in the newline-delimited form the
object without rows in the first line, and one row in each line that follows.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader, RowFault, Variable
from omtrace.readers._text import text_of
from omtrace.readers.delimited import check_names
from omtrace.readers.jsonlines import NO_TEXT, Number

BLANK = " \t\r\n"
DATES = ("date", "datetime")
WRONG = "no Dataset-JSON 1.1; export the data set anew, or name another reader"


class Options(Closed):
    """Nothing has to be said of such a file."""


def read(content: bytes, options: Options) -> Extract:
    """The rows of the data set as text, each with the line that it begins and the one that it ends on.

    Numbers stay as they are written, truth becomes TRUE and FALSE, null is "". Labels of the columns are taken over. A
    row of another length is a row fault. Raises Fault for another version, and for a file that is none or is cut off.
    """
    text, _, decisions = text_of(content, "utf-8")
    try:
        head, rows = _parts(text)
    except (ValueError, RecursionError, StopIteration):
        raise Fault(WRONG) from None
    columns = head.get("columns")
    if not isinstance(columns, list) or not all(isinstance(c, dict) and c.get("name") for c in columns):
        older = "clinicalData" in head or "referenceData" in head
        raise Fault("Dataset-JSON 1.0; export the data set as version 1.1" if older else WRONG)
    names = tuple(str(column["name"]) for column in columns)
    check_names(names, "columns")
    kept, places, faults = [], [], []
    for number, (row, first, last) in enumerate(rows, 1):
        place = Place(number, first, last, f"row {number}")  # many such files are one line
        if not isinstance(row, list) or len(row) != len(names) or any(isinstance(v, (list, dict)) for v in row):
            faults.append(RowFault(place, "json", f"a list of {len(names)} values"))
            continue
        kept.append([_text(value) for value in row])
        places.append(place)
    if str(head.get("records", "")).isdigit() and int(head["records"]) != len(places) + len(faults):
        raise Fault(
            f"{len(places) + len(faults)} rows, and the file says {head['records']}; it is cut off or was edited"
        )
    decisions |= {
        "format": f"Dataset-JSON {head.get('datasetJSONVersion', '')}".strip(),
        "data set": str(head.get("name", "")),
    }
    dated = {n: i for i, (n, c) in enumerate(zip(names, columns, strict=True)) if c.get("dataType") in DATES}
    return Extract.of_rows(
        names,
        kept,
        places,
        decisions,
        faults,
        date_cells={name: [row for row, cells in enumerate(kept) if cells[i]] for name, i in dated.items()},
        variables={n: Variable(str(c.get("label") or "")) for n, c in zip(names, columns, strict=True)},
    )


class _Row(NamedTuple):
    """A row as JSON holds it, with its first and last line."""

    values: object
    first_line: int
    last_line: int


def _parts(text: str) -> tuple[dict, list[_Row]]:
    """The object without its rows, and each row with its first and last line. Raises ValueError for no such JSON."""
    scanner = _Scanner(text)
    head: dict = {}
    rows: list[_Row] = []
    scanner.expect("{")
    while not scanner.taken("}"):
        name = scanner.value()
        scanner.expect(":")
        if name == "rows":
            rows = list(scanner.elements())
        else:
            head[str(name)] = scanner.value()
        scanner.taken(",")
    while not scanner.ended():  # newline-delimited: a row a line
        rows.append(scanner.row())
    return head, rows


class _Scanner:
    """JSON read value by value, with the lines where values stand."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line, self.counted = text, 0, 1, 0
        self.decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in BLANK:
            self.at += 1

    def _line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def ended(self) -> bool:
        self._skip()
        return self.at == len(self.text)

    def taken(self, mark: str) -> bool:
        self._skip()
        if self.text[self.at : self.at + 1] != mark:
            return False
        self.at += 1
        return True

    def expect(self, mark: str) -> None:
        if not self.taken(mark):
            raise ValueError(mark)

    def value(self) -> object:
        self._skip()
        found, self.at = self.decoder.raw_decode(self.text, self.at)
        return found

    def row(self) -> _Row:
        self._skip()
        first = self._line()
        found = self.value()
        return _Row(found, first, self._line())

    def elements(self) -> Iterator[_Row]:
        self.expect("[")
        while not self.taken("]"):
            yield self.row()
            if not self.taken(","):
                self.expect("]")
                return


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _text(value: object) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return NO_TEXT.sub("", str(value))


READER = Reader(Options, read)

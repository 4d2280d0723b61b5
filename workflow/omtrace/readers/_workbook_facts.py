"""What a workbook says of the cells of a sheet beside their values: hidden, merged, in error, never computed.

xlsx and ods: one streaming pass over the sheet's XML with expat, which reads no external file and gets no
document types (``_workbook_archive``); xls: xlrd. Sources: ECMA-376 part 1, 18.3 (worksheets); OpenDocument 1.3
part 3, 9 (tables) and 19; MS-XLS 2.4. Like ``_workbook.py``, this file imports nothing of the package.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers import expat

if TYPE_CHECKING:
    import xlrd

Range = tuple[int, int, int, int]  # first row, first column, last row, last column; from 0
ODF = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0 {}".format
ERROR_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
ERROR_TEXT = re.compile(r"#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)|Err:\d{3}")
MAX_ROWS, MAX_COLUMNS = 1 << 20, 1 << 14  # of a sheet, in every format
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


@dataclass
class Facts:
    """The facts of one sheet. ``height`` and ``width`` reach to the last cell with a value, formula or error."""

    uncached: list[Range] = field(default_factory=list)
    errors: list[tuple[Range, str]] = field(default_factory=list)
    merged: list[Range] = field(default_factory=list)
    hidden_rows: list[tuple[int, int]] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    height: int = 0
    width: int = 0
    unseen: str = ""

    def reach(self, last_row: int, last_column: int) -> None:
        """Take a cell into height and width. Raises ValueError outside of what a sheet can have."""
        if not (0 <= last_row < MAX_ROWS and 0 <= last_column < MAX_COLUMNS):
            raise ValueError("a cell outside the sheet")
        self.height, self.width = max(self.height, last_row + 1), max(self.width, last_column + 1)


@cache
def column_of(letters: str) -> int:
    """The index from 0 of a column: A is 0, Z 25, AA 26."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def _cell_of(reference: str) -> tuple[int, int]:
    """Row and column from 0 of a reference such as B7. Raises ValueError for anything else."""
    match = REFERENCE.fullmatch(reference)
    if not match:
        raise ValueError("not a cell reference")
    return int(match[2]) - 1, column_of(match[1])


def _truth(text: str | None) -> bool:
    return text in ("1", "true", "on")


class _XlsxSheet:
    """Takes the events of a worksheet part; a cell ends where the next element after its value starts."""

    def __init__(self, parser: "expat.XMLParserType", on_load: bool) -> None:
        self.facts, self.parser, self.on_load = Facts(), parser, on_load
        self.row, self.column = -1, -1
        self.ending, self.letters = (
            "",
            dict[str, int](),
        )  # of the row's references; the columns seen, as most cells repeat one
        self.kind, self.formula = "", False  # of the open cell
        self.value: str | None = None
        self.handlers: dict[str, Callable[[dict[str, str]], None]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element starts; those of other namespaces (extensions) are none of ours."""
        if not self.handlers:  # the root says which of the two namespaces it is: transitional or strict
            space = tag.rpartition(" ")[0]
            names = {
                "row": self._row,
                "c": self._cell,
                "f": self._formula,
                "v": self._value,
                "is": self._value,
                "col": self._column,
                "mergeCell": self._merge,
            }
            self.handlers = {f"{space} {name}": handler for name, handler in names.items()}
        handler = self.handlers.get(tag)
        if handler is not None:
            handler(attributes)

    def close(self) -> None:
        """The open cell, if any, is complete."""
        value = (self.value or "").strip()
        self.parser.CharacterDataHandler = None
        here = (self.row, self.column, self.row, self.column)
        if self.kind == "e":
            if not value:
                raise ValueError("an error cell without a text")
            self.facts.errors.append((here, value))
        elif self.formula and (self.value is None or (not value and self.kind != "str")):
            self.facts.uncached.append(here)
        elif self.formula and self.on_load and self.kind in ("", "n") and value == "0":
            self.facts.uncached.append(here)
        if self.formula or self.kind == "e":
            self.facts.reach(self.row, self.column)
        self.kind, self.formula, self.value = "", False, None

    def _row(self, attributes: dict[str, str]) -> None:
        self.close()
        self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
        self.column, self.ending = -1, str(self.row + 1)
        if self.row < 0:
            raise ValueError("a row before the first")
        if _truth(attributes.get("hidden")) or attributes.get("ht") == "0":
            self.facts.hidden_rows.append((self.row, self.row))

    def _cell(self, attributes: dict[str, str]) -> None:
        if self.formula or self.kind == "e":
            self.close()
        self.kind, self.value = attributes.get("t", ""), None
        reference = attributes.get("r")
        if reference is None:
            self.column += 1
            return
        column = self.letters.get(reference[: -len(self.ending)]) if reference.endswith(self.ending) else None
        if column is None:
            self.row, self.column = _cell_of(reference)
            self.ending = str(self.row + 1)
            self.letters[reference.removesuffix(self.ending)] = self.column
        else:
            self.column = column

    def _formula(self, _: dict[str, str]) -> None:
        self.formula = True

    def _value(self, _: dict[str, str]) -> None:
        if self.row >= self.facts.height or self.column >= self.facts.width:
            self.facts.reach(self.row, self.column)
        self.value = ""
        if self.formula or self.kind == "e":
            self.parser.CharacterDataHandler = self._text

    def _text(self, text: str) -> None:
        self.value = (self.value or "") + text

    def _column(self, attributes: dict[str, str]) -> None:
        if _truth(attributes.get("hidden")) or attributes.get("width") == "0":
            self.facts.hidden_columns.append((int(attributes["min"]) - 1, int(attributes["max"]) - 1))

    def _merge(self, attributes: dict[str, str]) -> None:
        first, _, last = attributes["ref"].partition(":")
        self.facts.merged.append((*_cell_of(first), *_cell_of(last or first)))


def xlsx_facts(content: bytes, name: str) -> Facts:
    """The facts of a worksheet of an xlsx. Raises ValueError, KeyError or ExpatError for a damaged one."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        sheet = next(e for e in book.iter() if e.tag.endswith("}sheet") and e.get("name") == name)
        on_load = any(e.tag.endswith("}calcPr") and _truth(e.get("fullCalcOnLoad")) for e in book)
        link = next(value for key, value in sheet.items() if key.endswith("}id"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        found = next(e for e in links if e.get("Id") == link)
        if found.get("TargetMode") == "External":
            raise ValueError("a sheet outside the workbook")
        taker = _XlsxSheet(parser, on_load)
        parser.StartElementHandler = taker.start
        with archive.open(posixpath.normpath(posixpath.join("/xl", found.get("Target", "")))[1:]) as part:
            parser.ParseFile(part)
    taker.close()
    return taker.facts


class _OdsSheet:
    """Takes the events of content.xml; a table counts at the depth of a sheet, not within a cell or a note."""

    def __init__(self, parser: "expat.XMLParserType") -> None:
        self.sheets: dict[str, Facts] = {}
        self.facts, self.parser = Facts(), parser
        self.depth, self.inside = 0, False
        self.row, self.column, self.columns, self.repeated = 0, 0, 0, 1
        self.cell: tuple[int, dict[str, str]] | None = None  # depth and attributes of the open cell
        self.text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element starts."""
        self.depth += 1
        if tag == ODF("table", "table") and self.depth == 4:
            self.inside, self.row, self.columns = True, 0, 0
            self.facts = Facts()
            if self.sheets.setdefault(attributes.get(ODF("table", "name"), ""), self.facts) is not self.facts:
                raise ValueError("two sheets of one name")
        elif not self.inside:
            return
        elif self.cell:  # what stands within a cell is text, a note or a drawing
            if tag == ODF("text", "p") and self.depth == self.cell[0] + 1:
                self.text += "\n" if self.text else ""
                self.parser.CharacterDataHandler = self._text
        elif tag in (ODF("table", "table-cell"), ODF("table", "covered-table-cell")):
            self.cell, self.text = (self.depth, attributes), ""
        elif tag == ODF("table", "table-row"):
            self.repeated = int(attributes.get(ODF("table", "number-rows-repeated"), 1))
            self._hidden(attributes, self.facts.hidden_rows, self.row, self.repeated)
            self.column = 0
        elif tag == ODF("table", "table-column"):
            repeated = int(attributes.get(ODF("table", "number-columns-repeated"), 1))
            self._hidden(attributes, self.facts.hidden_columns, self.columns, repeated)
            self.columns += repeated

    def end(self, tag: str) -> None:
        """An element ends."""
        if self.cell and self.depth == self.cell[0]:
            self._cell(self.cell[1])
            self.cell = None
        elif self.cell and self.depth == self.cell[0] + 1:
            self.parser.CharacterDataHandler = None
        elif self.inside and tag == ODF("table", "table-row") and not self.cell:
            self.row += self.repeated
        elif tag == ODF("table", "table") and self.depth == 4:
            self.inside = False
        self.depth -= 1

    def _text(self, text: str) -> None:
        self.text += text

    @staticmethod
    def _hidden(attributes: dict[str, str], found: list[tuple[int, int]], first: int, repeated: int) -> None:
        if attributes.get(ODF("table", "visibility")) in ("collapse", "filter"):
            found.append((first, first + repeated - 1))

    def _cell(self, attributes: dict[str, str]) -> None:
        repeated = int(attributes.get(ODF("table", "number-columns-repeated"), 1))
        here = (self.row, self.column, self.row + self.repeated - 1, self.column + repeated - 1)
        rows, columns = (int(attributes.get(ODF("table", f"number-{what}-spanned"), 1)) for what in ("rows", "columns"))
        if rows > 1 or columns > 1:
            self.facts.merged.append((self.row, self.column, self.row + rows - 1, self.column + columns - 1))
        formula, kind = ODF("table", "formula") in attributes, attributes.get(ODF("office", "value-type"))
        if attributes.get(ERROR_TYPE) == "error" or (formula and ERROR_TEXT.fullmatch(self.text)):
            self.facts.errors.append((here, self.text or "#ERROR!"))
        elif formula and (
            not kind or (kind in ("float", "percentage", "currency") and ODF("office", "value") not in attributes)
        ):
            self.facts.uncached.append(here)
        if kind or formula or self.text:
            self.facts.reach(here[2], here[3])
        self.column += repeated


def ods_facts(content: bytes) -> dict[str, Facts]:
    """The facts of every sheet of an ods, by name. Raises ValueError, KeyError or ExpatError for a damaged one."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    taker = _OdsSheet(parser)
    parser.StartElementHandler, parser.EndElementHandler = taker.start, taker.end
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("content.xml") as part:
        parser.ParseFile(part)
    return taker.sheets


def xls_facts(content: bytes, name: str) -> Facts:
    """The facts of a worksheet of an xls; its formulas always have a value, computed or not.

    Raises what xlrd raises for a damaged one.
    """
    import xlrd

    quiet = io.StringIO()  # it prints what it doubts, by default into the answer
    book = xlrd.open_workbook(
        file_contents=content, formatting_info=True, on_demand=True, ragged_rows=True, logfile=quiet
    )
    sheet = book.sheet_by_name(name)
    facts = Facts(unseen="formulas that were saved without being computed")
    facts.errors += [((row, column, row, column), text) for row, column, text in _xls_errors(sheet)]
    facts.merged += [(top, left, below - 1, right - 1) for top, below, left, right in sheet.merged_cells]
    facts.hidden_rows += [(row, row) for row, info in sheet.rowinfo_map.items() if info.hidden]
    facts.hidden_columns += [(column, column) for column, info in sheet.colinfo_map.items() if info.hidden]
    return facts


def _xls_errors(sheet: "xlrd.sheet.Sheet") -> Iterator[tuple[int, int, str]]:
    from xlrd import XL_CELL_ERROR, error_text_from_code

    for row in range(sheet.nrows):
        kinds = sheet.row_types(row)
        if XL_CELL_ERROR in kinds:
            for column, kind in enumerate(kinds):
                if kind == XL_CELL_ERROR:
                    yield row, column, error_text_from_code[sheet.cell_value(row, column)]

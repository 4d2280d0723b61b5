"""What is doubtful in a sheet, at its cell: the answer of ``_workbook.py`` as doubts of an extract.

The rule ``identifier_damaged`` finds cells that a spreadsheet turned into a number or a date when an identifier was
typed (12E3 becomes 12000, 3-2 becomes 3 February; Ziemann M et al., Genome Biol 2016;17:177 for gene names). Nothing
in such a cell says so; its column does. A column counts as one of identifiers if more than half of its cells, and at
least two, are texts that look like one (``looks_like_identifier``). In it every number cell and every date cell is
doubtful. Where the texts are only pairs of numbers (3-2: cage and animal, but also bands of age), date cells alone are.
A column of numbers or of dates, however typed, has no such texts, so that it gives no alarm; identifiers that are
plain numbers cannot be told from numbers, and damage among them is not seen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omtrace.readers import CellDoubt

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez)[a-z]*"
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,2}[-/.]\d{4}"
    rf"|(?:\d{{1,4}}[-/.]?)?{MONTH}(?:[-/.]?\d{{1,4}}){{0,2}}",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W_]+(?:[-_/.][^\W_]+)*")
LEADING_ZERO = re.compile(r"(?:^|[-_/])0\d")
QUANTITY = re.compile(r"\d+(?:[.,]\d+)?(?:[-/x]\d+(?:[.,]\d+)?)*[^\W\d_]*(?:/[^\W\d_]+)?|\d+[eE]\d+")  # 5mg, 2x5, 1E5
PAIR = re.compile(r"\d{1,2}[-/]\d{1,2}")
LONGEST_IDENTIFIER = 40  # characters


def looks_like_identifier(text: str) -> bool:
    """Whether a text is a code: one word with a digit and a letter (P001, S-12b), or a number led by zero (01-023).

    Dates as they are written are none, nor are numbers with or without a unit.
    """
    if len(text) > LONGEST_IDENTIFIER or not WORD.fullmatch(text) or DATE.fullmatch(text):
        return False
    if LEADING_ZERO.search(text):
        return True
    return not QUANTITY.fullmatch(text) and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


def letters(column_index: int) -> str:
    """The letters of a column in a sheet: 0 is A, 25 Z, 26 AA."""
    text, rest = "", column_index + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(65 + digit) + text
    return text


def range_text(merged: Sequence[int]) -> str:
    """A range of cells as people write it: B1:D1."""
    top, left, below, right = merged
    return f"{letters(left)}{top + 1}:{letters(right)}{below + 1}"


@dataclass(frozen=True)
class Sheet:
    """A sheet as it became an extract: ``rows`` maps the sheet's rows (from 0) to the extract's."""

    answer: dict
    head: int
    columns: tuple[str, ...]
    rows: dict[int, int]

    def cells(self, what: str) -> Iterator[tuple[int, int]]:
        """Extract's row and column of the cells that the answer lists; those outside the extract are left out."""
        for row, column in self.answer[what]:
            if row in self.rows and column < len(self.columns):
                yield self.rows[row], column

    def by_column(self, what: str) -> dict[str, list[int]]:
        """Column -> rows of the extract, of the cells that the answer lists."""
        found: dict[str, list[int]] = {}
        for row, column in self.cells(what):
            found.setdefault(self.columns[column], []).append(row)
        return {name: sorted(found[name]) for name in self.columns if name in found}

    def doubts(self) -> list[CellDoubt]:
        """Everything doubtful, rule by rule."""
        doubts = [
            *self._listed("formula_uncached", "uncached", "a value saved beside the formula"),
            *self._listed("error_cell", "errors", "a value"),
            *self._merged(),
        ]
        shown = [self.rows[row] for row in self.answer["hidden_rows"] if row in self.rows]
        doubts += [CellDoubt("hidden_row", row, "", "a row that is shown") for row in shown]
        hidden = [self.columns[c] for c in self.answer["hidden_columns"] if c < len(self.columns)]
        doubts += [CellDoubt("hidden_column", -1, name, "a column that is shown") for name in hidden]
        return [*doubts, *self._identifiers()]

    def _listed(self, rule: str, what: str, expected: str) -> Iterator[CellDoubt]:
        for row, column in self.answer[what]:
            if row == self.head and column < len(self.columns):
                yield CellDoubt(rule, -1, self.columns[column], expected)
        for row, column in self.cells(what):
            yield CellDoubt(rule, row, self.columns[column], expected)

    def _merged(self) -> Iterator[CellDoubt]:
        width = len(self.columns)
        for merged in self.answer["merged"]:
            top, left, below, right = merged
            where = range_text(merged)
            if top <= self.head <= below:
                for name in self.columns[left : right + 1]:
                    yield CellDoubt("merged_header", -1, name, f"a header cell of its own, not merged as {where}")
            for row in range(max(top, self.head + 1), min(below + 1, len(self.answer["rows"]))):
                for column in range(left, min(right + 1, width)) if row in self.rows else ():
                    blank = not self.answer["rows"][row][column].strip()
                    if blank:
                        expected = f"a cell of its own, not merged as {where}"
                    elif (row, column) != (top, left):
                        expected = f"a text that is shown, not one hidden under the merged cells {where}"
                    else:
                        continue
                    yield CellDoubt("merged_cell", self.rows[row], self.columns[column], expected)

    def _identifiers(self) -> Iterator[CellDoubt]:
        numbers, dates = self.by_column("numbers"), self.by_column("dates")
        expected = "an identifier typed as text, as in the column's other cells"
        for column, name in enumerate(self.columns):
            if name not in numbers and name not in dates:
                continue
            texts = [text for row in self.rows if (text := self.answer["rows"][row][column].strip())]
            codes = sum(looks_like_identifier(text) for text in texts)
            pairs = sum(bool(PAIR.fullmatch(text)) for text in texts)
            doubtful = numbers.get(name, []) if codes * 2 > len(texts) and codes > 1 else []
            if (codes + pairs) * 2 > len(texts) and codes + pairs > 1:
                doubtful = [*doubtful, *dates.get(name, [])]
            for row in sorted(doubtful):
                yield CellDoubt("identifier_damaged", row, name, expected)

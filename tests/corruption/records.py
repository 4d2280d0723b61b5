"""A delimited file as records that remember their physical lines, so that damage and findings can be matched."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

Move = Callable[[int], int]  # physical line in the clean file -> line in the damaged one; 0: it is gone


@dataclass(frozen=True)
class Record:
    """One record: its cells, its text without the last line end, and the first line it had (0: it is new)."""

    cells: tuple[str, ...]
    text: str
    line: int


def written(cells: tuple[str, ...] | list[str], delimiter: str = ",") -> str:
    """Cells as one record."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="").writerow(cells)
    return buffer.getvalue()


class Records:
    """The records of a delimited file in UTF-8 with LF; the first one is the header."""

    def __init__(self, content: bytes) -> None:
        lines = content.decode().splitlines(keepends=True)
        reader = csv.reader(lines)
        self.all: list[Record] = []
        before = 0
        for cells in reader:
            text = "".join(lines[before : reader.line_num]).removesuffix("\n")
            self.all.append(Record(tuple(cells), text, before + 1))
            before = reader.line_num

    @property
    def header(self) -> tuple[str, ...]:
        return self.all[0].cells

    def at(self, line: int) -> int:
        """The position of the record that began at a line of the clean file."""
        return next(n for n, record in enumerate(self.all) if record.line == line)

    def cell(self, line: int, column: str) -> str:
        return self.all[self.at(line)].cells[self.header.index(column)]

    def row(self, line: int) -> dict[str, str]:
        """The cells of a record by column."""
        return dict(zip(self.header, self.all[self.at(line)].cells, strict=True))

    def set(self, line: int, cells: list[str] | tuple[str, ...]) -> None:
        """Another content for a record."""
        n = self.at(line)
        self.all[n] = replace(self.all[n], cells=tuple(cells), text=written(cells))

    def change(self, line: int, changes: dict[str, str]) -> None:
        """Other texts in some cells of a record."""
        row = self.row(line) | changes
        self.set(line, [row[name] for name in self.header])

    def raw(self, line: int, text: str) -> None:
        """Another text for a record, whatever it then means."""
        n = self.at(line)
        self.all[n] = replace(self.all[n], text=text)

    def insert(self, position: int, text: str) -> None:
        """A new line of text before a record."""
        self.all.insert(position, Record((), text, 0))

    def drop(self, *lines: int) -> None:
        self.all = [record for record in self.all if record.line not in lines]

    def map(self, change: Callable[[int, list[str]], list[str]]) -> None:
        """Change every record, the header (0) included: position and cells -> cells."""
        for n, record in enumerate(self.all):
            cells = change(n, list(record.cells))
            self.all[n] = replace(record, cells=tuple(cells), text=written(cells))

    def content(self) -> bytes:
        return "".join(record.text + "\n" for record in self.all).encode()

    def moves(self) -> Move:
        """Where each line of the clean file stands now."""
        now, at = {0: 0}, 1
        for record in self.all:
            now[record.line] = at
            at += record.text.count("\n") + 1
        now[0] = 0
        return lambda line: now.get(line, 0)

    def line_now(self, line: int) -> int:
        """The line at which a record of the clean file begins now."""
        return self.moves()(line)

    def line_of(self, position: int) -> int:
        """The line at which the record at a position begins now."""
        return 1 + sum(record.text.count("\n") + 1 for record in self.all[:position])

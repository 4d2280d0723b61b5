"""Comma-separated values: a row a number, with table, line and column beside it."""

from omtrace.report.exports import Document, Format
from omtrace.store import csv_rows, csv_text

HEADER = ("table", "title", "block", "line", "column", "id", "shown", "value", "unit")


def write(document: Document) -> bytes:
    """The bytes of the file."""
    rows = []
    for sheet in document.sheets:
        block = ""
        for line in sheet.lines:
            if not line.cells:
                block = line.heads[0]
                continue
            for column, cell in zip(sheet.columns, line.cells, strict=True):
                place = (sheet.number, sheet.title, block, " / ".join(filter(None, line.heads)), column)
                rows += [(*place, piece.id, piece.text, piece.value, piece.unit) for piece in cell if piece.id]
    return csv_text(HEADER, rows).encode()


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number."""
    return [(row["id"], row["shown"]) for row in csv_rows(content.decode())]


FORMAT = Format("csv", write, read, "comma-separated values, a row a number")

"""Markdown: pipe tables, in which each number is followed by a comment with its id."""

import re

from omtrace.report.exports import Cell, Document, Format, Piece

NUMBERS = re.compile(r"<!--b-->(.*?)<!--([0-9a-f]{12})-->")


def write(document: Document) -> bytes:
    """The bytes of the file."""
    lines = [f"# {_plain(document.title)}", "", _plain(document.statement), ""]
    for sheet in document.sheets:
        header = [*sheet.heads, *sheet.columns]
        lines += [f"## {_plain(sheet.heading)}", "", _row([_plain(text) for text in header])]
        lines.append(_row([":--"] * len(sheet.heads) + ["--:"] * len(sheet.columns)))
        for line in sheet.lines:
            heads = [_plain(text) for text in line.heads]
            if line.cells:
                lines.append(_row([*heads, *map(_cell, line.cells)]))
            else:
                lines.append(_row([f"**{heads[0]}**", *[""] * (len(header) - 1)]))
        lines += ["", *(f"{_plain(note)}  " for note in sheet.notes), ""]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """A text in which nothing is markup."""
    return re.sub(r"([\\`*_|<>\[\]#])", r"\\\1", " ".join(text.split()))


def _cell(cell: Cell) -> str:
    return "".join(map(_piece, cell))


def _piece(piece: Piece) -> str:
    mark = f"<sup>{piece.mark}</sup>" if piece.mark else ""
    return f"<!--b-->{_plain(piece.text)}<!--{piece.id}-->{mark}" if piece.id else _kept(piece.text)


def _kept(text: str) -> str:
    """A text between numbers, its blanks as they are."""
    return re.sub(r"([\\`*_|<>\[\]#])", r"\\\1", text)


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number."""
    found = NUMBERS.findall(content.decode())
    return [(number, re.sub(r"\\(.)", r"\1", text)) for text, number in found]


FORMAT = Format("md", write, read, "Markdown")

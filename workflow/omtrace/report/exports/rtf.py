"""RTF, as statistical programs write it: tables with rules above and below, a bookmark with the id at each number."""

import re

from omtrace.report.exports import Document, Format, Piece, Sheet

WIDTH = 14_400  # of a table, in twips: A4 landscape without its margins
HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}"
    r"\paperw16838\paperh11906\landscape\margl1219\margr1219\margt1134\margb1134\fs16" + "\n"
)
NUMBER = re.compile(
    r"\{\\\*\\bkmkstart n\d+_([0-9a-f]{12})\}((?:\\'[0-9a-f]{2}|\\u-?\d+\?|\\.|[^{}\\])*)\{\\\*\\bkmkend"
)
TOKEN = re.compile(r"\\'([0-9a-f]{2})|\\u(-?\d+)\?|\\(.)|([^\\])", re.DOTALL)


def write(document: Document) -> bytes:
    """The bytes of the file."""
    writer = _Writer()
    parts = [HEAD, rf"{{\b\fs24 {escaped(document.title)}\par}}", f"{escaped(document.statement)}\\par\\par\n"]
    parts += [writer.table(sheet) for sheet in document.sheets]
    return ("".join(parts) + "}\n").encode("ascii")


class _Writer:
    """Counts the bookmarks of a file: their names have to differ."""

    def __init__(self) -> None:
        self.count = 0

    def table(self, sheet: Sheet) -> str:
        """A table with its title and notes."""
        widths = _widths(sheet)
        rows = [_row([*map(escaped, sheet.heads), *map(escaped, sheet.columns)], widths, sheet, r"\b", "tb")]
        for at, line in enumerate(sheet.lines):
            edge = "b" * (at == len(sheet.lines) - 1)
            if line.cells:
                cells = [*map(escaped, line.heads), *("".join(map(self.piece, cell)) for cell in line.cells)]
                rows.append(_row(cells, widths, sheet, "", edge))
            else:
                rows.append(_row([escaped(line.heads[0])], [WIDTH], sheet, r"\b", edge))
        notes = "".join(rf"\pard\sb40 {escaped(note)}\par" + "\n" for note in sheet.notes)
        return rf"\pard\keepn\sb240\sa80{{\b {escaped(sheet.heading)}}}\par" + "\n" + "".join(rows) + notes

    def piece(self, piece: Piece) -> str:
        """A part of a cell."""
        if not piece.id:
            return escaped(piece.text)
        self.count += 1
        name = f"n{self.count}_{piece.id}"
        mark = rf"{{\super {piece.mark}}}" if piece.mark else ""
        return rf"{{\*\bkmkstart {name}}}{escaped(piece.text)}{{\*\bkmkend {name}}}{mark}"


def _widths(sheet: Sheet) -> list[int]:
    """Where each cell ends, in twips."""
    shares = sheet.shares
    return [WIDTH * sum(shares[: at + 1]) // sum(shares) for at in range(len(shares))]


def _row(cells: list[str], widths: list[int], sheet: Sheet, style: str, edges: str) -> str:
    border = "".join(rf"\clbrdr{edge}\brdrs\brdrw10" for edge in edges)
    ends = "".join(f"{border}\\cellx{end}" for end in widths)
    aligned = [r"\ql" if at < len(sheet.heads) else r"\qr" for at in range(len(cells))]
    content = "".join(rf"\pard\intbl{side}{{{style} {cell}}}\cell" for side, cell in zip(aligned, cells, strict=True))
    header = r"\trhdr" if edges.startswith("t") else ""
    return rf"\trowd\trgaph60{header}\trkeep{ends}{content}\row" + "\n"


def escaped(text: str) -> str:
    """A text in which nothing is a control word; other letters than ASCII as their UTF-16 units."""
    units = text.encode("utf-16-le")
    letters = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
    return "".join(_letter(letter) for letter in letters)


def _letter(code: int) -> str:
    if code < 128:
        return "\\" + chr(code) if chr(code) in "\\{}" else chr(code)
    return f"\\u{code - 65536 if code > 32767 else code}?"


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number."""
    return [(number, _plain(text)) for number, text in NUMBER.findall(content.decode("ascii"))]


def _plain(text: str) -> str:
    units = []
    for byte, unit, sign, letter in TOKEN.findall(text):
        code = int(byte, 16) if byte else int(unit) % 65536 if unit else ord(sign or letter)
        units.append(code.to_bytes(2, "little"))
    return b"".join(units).decode("utf-16-le")


FORMAT = Format("rtf", write, read, "RTF")

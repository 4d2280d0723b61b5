r"""LaTeX: a file to compile or to take tables from; ``\omtrace{ID}{TEXT}`` prints TEXT."""

import re

from omtrace.report.exports import Document, Format, Piece, Sheet

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{MINUS SIGN}": r"\textminus{}",
    "\N{EN DASH}": r"\textendash{}",
    "\N{INFINITY}": r"\textinfty{}",
}
HEAD = r"""\documentclass[a4paper,landscape,9pt]{extarticle}
\usepackage{fontspec}
\usepackage[margin=18mm]{geometry}
\usepackage{booktabs,longtable,array}
\setmainfont{DejaVu Serif}
\providecommand{\omtrace}[2]{#2} % the id of a number, and the number
\providecommand{\textminus}{−}
\providecommand{\textinfty}{∞}
\begin{document}
"""
NUMBER = re.compile(r"\\omtrace\{([0-9a-f]{12})\}\{((?:\\[a-z]+\{\}|\\.|[^{}\\])*)\}")
BACK = {value: key for key, value in SPECIAL.items()}


def write(document: Document) -> bytes:
    """The bytes of the file."""
    parts = [HEAD, rf"\section*{{{escaped(document.title)}}}", "\n", escaped(document.statement), "\n\n"]
    for sheet in document.sheets:
        parts.append(_table(sheet))
    return ("".join(parts) + "\\end{document}\n").encode()


def _table(sheet: Sheet) -> str:
    count = len(sheet.heads) + len(sheet.columns)
    shape = "l" * len(sheet.heads) + "r" * len(sheet.columns)
    header = " & ".join(escaped(text) for text in (*sheet.heads, *sheet.columns))
    rows = []
    for line in sheet.lines:
        if line.cells:
            cells = [*map(escaped, line.heads), *("".join(map(_piece, cell)) for cell in line.cells)]
            rows.append(" & ".join(cells))
        else:
            rows.append(rf"\multicolumn{{{count}}}{{l}}{{\textbf{{{escaped(line.heads[0])}}}}}")
    body = "".join(f"{row} \\\\\n" for row in rows)
    notes = "".join(rf"\noindent\footnotesize {escaped(note)}\par" + "\n" for note in sheet.notes)
    return (
        f"\\begin{{longtable}}{{{shape}}}\n"
        f"\\multicolumn{{{count}}}{{l}}{{\\textbf{{{escaped(sheet.heading)}}}}} \\\\\n\\toprule\n{header} \\\\\n"
        f"\\midrule\n\\endhead\n{body}\\bottomrule\n\\end{{longtable}}\n{{{notes}}}\n\n"
    )


def escaped(text: str) -> str:
    """A text in which nothing is a command."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _piece(piece: Piece) -> str:
    mark = rf"\textsuperscript{{{piece.mark}}}" if piece.mark else ""
    return rf"\omtrace{{{piece.id}}}{{{escaped(piece.text)}}}{mark}" if piece.id else escaped(piece.text)


def read(content: bytes) -> list[tuple[str, str]]:
    """Id and text of each number."""
    return [(number, _plain(text)) for number, text in NUMBER.findall(content.decode())]


def _plain(text: str) -> str:
    return re.sub(r"\\[a-z]+\{\}|\\.", lambda match: BACK[match[0]], text)


FORMAT = Format("tex", write, read, "LaTeX")

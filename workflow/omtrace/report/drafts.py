"""The text of a draft line by line, in one writing: Markdown, LaTeX, plain text, Word and PDF.

Whatever a kind of file has for minus signs, blanks, ranges, percent signs and thousands is written in the same way
here, and what is no prose (addresses, references, commands, citations) is blanked out, so that numbers are found alike.
"""

import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from omtrace.faults import Fault

TEXTS = (".md", ".markdown", ".txt", ".tex", ".qmd", ".rmd")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
BODY = "word/document.xml"
NOTES = ("word/footnotes.xml", "word/endnotes.xml")
SECONDS = 60  # that a PDF may take to be read
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
# Signs that stand for another: hyphens that do not part, blanks of other widths.
SIGNS = str.maketrans(
    {
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{HYPHEN}": "-",
        "\N{SMALL HYPHEN-MINUS}": "-",
        "\N{FULLWIDTH HYPHEN-MINUS}": "-",
        "\N{FIGURE SPACE}": "\N{NARROW NO-BREAK SPACE}",
        "\N{THIN SPACE}": "\N{NARROW NO-BREAK SPACE}",
        "\N{FULLWIDTH PERCENT SIGN}": "%",
        "\N{LESS-THAN OR EQUAL TO}": "<",
    }
)
POINT = re.compile(r"(?<=\d)[\N{MIDDLE DOT}\N{BULLET OPERATOR}](?=\d)")
ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = re.compile(rf"(?<=10)(\N{{SUPERSCRIPT MINUS}}?)([{ABOVE}]+)|[{ABOVE}\N{{SUPERSCRIPT MINUS}},]*[{ABOVE}]")
POWER = re.compile(
    r"\s*(?:\N{MULTIPLICATION SIGN}|\bx\b|\N{MIDDLE DOT})\s*10\s*"
    r"(?:\^\{?\s*([-\N{MINUS SIGN}]?\d+)\}?|([-\N{MINUS SIGN}]\d+))"
)
THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]\d{3})+)(?![\d])")
# In print a narrow blank becomes a plain one; three digits that begin with 0 are no number of their own.
ZEROS = re.compile(r"(?<![\d.,])(\d{1,3}(?: \d{3})* 0\d\d(?: \d{3})*)(?!\d)")
RANGE = re.compile(r"(?<![\w./-])(\d+(?:\.\d+)?)-(?=\d+(?:\.\d+)?(?![\w/-]))")
FRACTION = re.compile(r"(?<![\w/.])(\d+)/(?=\d+(?![\w/]|\.\d))")
DASHED = re.compile(r"(?<![\w.)\]%])\N{EN DASH}(?=\.?\d)")  # a dash before a number, and behind none: a minus sign
LEADING = re.compile(r"(?<![\w.])\.(?=\d)")
ADDRESS = re.compile(r"(?:https?://|www\.|doi:?\s*(?=10\.))[^\s)>\]}]+", re.IGNORECASE)
CITED = re.compile(r"(?<!CI )(?<!CI, )(?<!CI: )(?<!interval )\[\d+(?:\s*[,;\N{EN DASH}-]+\s*\d+)*\]")
HEADING = re.compile(r"^\s*(?:#+\s*[\d.]*|\d+[.)]\s)")
EMPHASIS = re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)")
# LaTeX: what is no text, with its arguments; lengths; a comment.
COMMAND = re.compile(
    r"\\(?:[cC]ite\w*|\w*ref|label|includegraphics|[vh]space|setlength|setcounter|usepackage|documentclass|"
    r"bibliography\w*|input|include|begin|end|geometry|fontsize)\*?(?:\s*\[[^\]]*\])*(?:\s*\{[^{}]*\})*"
)
LENGTH = re.compile(r"\d*\.?\d+\s*\\(?:text|line|column|paper)(?:width|height)")
COMMENT = re.compile(r"(?<!\\)%.*")
TEX = (
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[,;!:]|\\(?:thinspace|enspace|quad)(?![a-zA-Z])"), "\N{NARROW NO-BREAK SPACE}"),
    (re.compile(r"(?<!\\)~|\\ "), "\N{NO-BREAK SPACE}"),
    (re.compile(r"---?"), DASH),
    (re.compile(r"\\(?:%|percent(?![a-zA-Z]))"), "%"),
    (re.compile(r"\\(?:textless|leq?|lt)(?![a-zA-Z])"), "<"),
    (re.compile(r"\\(?:textminus|minus)(?![a-zA-Z])"), MINUS),
    (re.compile(r"\\pm(?![a-zA-Z])"), "\N{PLUS-MINUS SIGN}"),
    (re.compile(r"\\times(?![a-zA-Z])"), "\N{MULTIPLICATION SIGN}"),
    (re.compile(r"\\(?:num|SI|si|qty|unit|text\w*|emph|math\w*)\s*\{"), "{"),
    (re.compile(r"(?<!\\)\$"), ""),
)


def read_draft(path: str | Path) -> list[str]:
    """The lines of a draft, of Word its paragraphs, of PDF its printed lines.

    Raises
    ------
    Fault
        For a file of another kind, or not readable; and for PDF where pdftotext is not installed.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind in TEXTS:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise Fault(f"{path}: is not UTF-8; save it as UTF-8") from None
        return [written(line, kind) for line in lines]
    if kind == ".docx":
        return [written(paragraph, kind) for paragraph in _paragraphs(path)]
    if kind == ".pdf":
        return [written(line, kind) for line in _printed(path)]
    known = ", ".join((*TEXTS, ".docx", ".pdf"))
    raise Fault(f"{path}: a draft is Markdown, LaTeX, text, Word or PDF ({known}); convert it to one")


def written(line: str, kind: str = ".txt") -> str:
    """A line in the one writing of signs, without what is no prose; ``kind``: the ending of its file."""
    line = line.translate(SIGNS)
    if kind == ".tex":
        line = COMMENT.sub("", COMMAND.sub(" ", LENGTH.sub(" ", COMMENT.sub("", line))))
        for pattern, text in TEX:
            line = pattern.sub(text, line)
    elif kind != ".pdf":  # in print a number at the start of a line is one
        line = EMPHASIS.sub(r"\1", HEADING.sub(" ", line)) if kind != ".docx" else line
    line = CITED.sub(" ", ADDRESS.sub(" ", line))
    line = RAISED.sub(_raised, POINT.sub(".", line))
    line = POWER.sub(lambda match: "e" + (match[1] or match[2]).replace(MINUS, "-"), line)
    if kind == ".pdf":
        line = ZEROS.sub(lambda match: match[1].replace(" ", ","), line)
    line = THOUSANDS.sub(lambda match: re.sub(r"\D", ",", match[1]), line)
    line = FRACTION.sub(r"\1 / ", RANGE.sub(rf"\1{DASH}", line))
    return LEADING.sub("0.", DASHED.sub(MINUS, line))


def _raised(match: re.Match[str]) -> str:
    """Digits above the line: of a power of ten, else of a citation."""
    if not match[2]:
        return " "
    return f"^{'-' * bool(match[1])}" + "".join(str(ABOVE.index(digit)) for digit in match[2])


def parts_of(path: Path) -> dict[str, bytes]:
    """The parts of a Word file. Raises Fault for what is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except (OSError, zipfile.BadZipFile):
        raise Fault(f"{path}: is no Word file that can be read") from None
    if BODY not in parts:
        raise Fault(f"{path}: is no Word file")
    return parts


def _paragraphs(path: Path) -> Iterator[str]:
    """The paragraphs of a Word file, those of its notes last."""
    parts = parts_of(path)
    for name in (BODY, *NOTES):
        if b"<!DOCTYPE" in parts.get(name, b"") or b"<!ENTITY" in parts.get(name, b""):
            raise Fault(f"{path}: is no Word file")
        try:
            root = ElementTree.fromstring(parts[name]) if name in parts else None
        except ElementTree.ParseError:
            raise Fault(f"{path}: is no Word file that can be read") from None
        for paragraph in root.iter(f"{WORD}p") if root is not None else ():
            yield "".join(_words(paragraph))


def _words(element: ElementTree.Element) -> Iterator[str]:
    """The texts of a paragraph: without numbers above the line, which cite, and without what was deleted."""
    align, raised = (element.find(f"{WORD}rPr/{WORD}{name}") for name in ("vertAlign", "position"))
    is_above = align is not None and align.get(f"{WORD}val") == "superscript"
    if is_above or (raised is not None and not str(raised.get(f"{WORD}val")).startswith(("-", "0"))):
        text = "".join(part.text or "" for part in element.iter(f"{WORD}t"))
        yield text if text[:1] in (MINUS, "-", DASH) else " "  # of a power of ten
        return
    for child in element:
        if child.tag in (f"{WORD}t", f"{MATHS}t"):
            yield child.text or ""
        elif child.tag in (f"{WORD}tab", f"{WORD}br", f"{WORD}cr"):
            yield " "
        elif child.tag == f"{WORD}noBreakHyphen":
            yield "-"
        elif child.tag not in (f"{WORD}p", f"{WORD}pPr", f"{WORD}del", f"{WORD}instrText"):
            yield from _words(child)


def _printed(path: Path) -> list[str]:
    """The lines of a PDF, as pdftotext of poppler reads them."""
    command = ["pdftotext", "-enc", "UTF-8", "-nopgbrk", str(path.resolve()), "-"]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise Fault(f"{path}: PDF is read by pdftotext (poppler-utils), which is not installed here") from None
    except subprocess.TimeoutExpired:
        raise Fault(f"{path}: pdftotext did not read it within {SECONDS} s") from None
    if ended.returncode != 0:
        raise Fault(f"{path}: is no PDF that can be read")
    lines = ended.stdout.decode("utf-8", "replace").splitlines()
    return lines if any(line.strip() for line in lines) else _without_text(path)


def _without_text(path: Path) -> list[str]:
    raise Fault(f"{path}: the PDF has no text, as a scan has none; take the draft that it was made from")

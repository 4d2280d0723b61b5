"""Numbers in prose: tokens of a template filled from the results, and numbers of a draft that no result has.

A token is ``{{ n:ID }}``: the number as the report shows it; ``{{ n:ID|2 }}`` with two decimals. Drafts and templates
are Markdown, LaTeX, plain text, or Word, whose other parts stay as they are.
"""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from xml.sax.saxutils import escape, unescape

from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.store import display, zipped

TOKEN = re.compile(r"\{\{\s*n:([0-9a-f]{4,12})\s*(?:\|\s*(\d+)\s*)?\}\}")
# A number in a sentence. Not: a part of a word or of another number, of a DOI, an address, a date or a citation.
NUMBER = re.compile(
    r"(?<![\w./:#@^~\\-])(?<!\[)(?P<sign>[-\N{MINUS SIGN}])?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<rest>\.\d+)?"
    r"(?P<percent>\s?\\?%)?(?![\w/@]|-\w|\.\d|\])"
)
# What is counted or named, and no result: before the number.
NAMING = re.compile(
    r"(?<!\w)(?:tables?|figures?|fig\.|sections?|appendix|chapter|version|items?|week|month|day|phase|ref(?:erence)?s?\.?|"
    r"no\.|number|ICH|E|HIT|MSQ|SF)[\s\N{NO-BREAK SPACE}-]*$",
    re.IGNORECASE,
)
YEAR = re.compile(r"^(?:19|20)\d\d$")
LEVELS = re.compile(r"^\s*\\?%?\s*(?:confidence|CI\b|credible|prediction)", re.IGNORECASE)
TEXTS = (".md", ".markdown", ".txt", ".tex", ".qmd", ".rmd")
PARAGRAPH = re.compile(r"<w:p[ >].*?</w:p>", re.DOTALL)
RUN = re.compile(r"(<w:t(?: [^>]*)?>)([^<]*)(</w:t>)")
BODY = "word/document.xml"


class State(StrEnum):
    """What a number of a draft is to the results."""

    MATCH = "a result"
    ROUNDING = "another rounding of a result"
    NONE = "no result"


@dataclass(frozen=True)
class Found:
    """A number of a draft: its line or paragraph, its text, what stands around it, and the results that it may be."""

    line: int
    text: str
    around: str
    state: State
    ids: tuple[str, ...] = ()


def read_draft(path: str | Path) -> list[str]:
    """The lines of a draft, of Word its paragraphs. Raises Fault for a file of another kind, or not readable."""
    path = Path(path)
    if path.suffix.lower() in TEXTS:
        try:
            return path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise Fault(f"{path}: is not UTF-8; save it as UTF-8") from None
    if path.suffix.lower() == ".docx":
        body = _parts(path)[BODY].decode("utf-8")
        return ["".join(unescape(text) for _, text, _ in RUN.findall(p)) for p in PARAGRAPH.findall(body)]
    raise Fault(f"{path}: a draft is Markdown, LaTeX, text or Word ({', '.join((*TEXTS, '.docx'))}); convert it to one")


def _parts(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except (OSError, zipfile.BadZipFile):
        raise Fault(f"{path}: is no Word file that can be read") from None
    if BODY not in parts:
        raise Fault(f"{path}: is no Word file")
    return parts


def check_draft(lines: Sequence[str], numbers: Sequence[Estimate]) -> list[Found]:
    """Every number of a draft with what it is to the results.

    Parameters
    ----------
    lines
        As ``read_draft`` gives them.
    numbers
        Rows of estimates, of one study or several.

    Notes
    -----
    A number matches when a stored value, rounded half away from zero to its decimals, is it, in per cent as well. It is
    another rounding when it is less than one unit of its last place away. With many results, a number of few digits
    matches one by chance: what is listed as no result is certain, a match is not. Tokens leave no doubt.
    """
    values = [(row.id, Decimal(row.text), row.unit) for row in numbers if row.text]
    found = []
    for at, line in enumerate(lines, 1):
        for match in NUMBER.finditer(TOKEN.sub(lambda token: " " * len(token[0]), line)):
            if not _is_named(match, line):
                found.append(_found(at, match, line, values))
    return found


def _is_named(match: re.Match[str], line: str) -> bool:
    """Whether a number names something: a table, a year, the level of an interval."""
    before, after = line[: match.start()], line[match.end() :]
    is_level = match["percent"] and LEVELS.match(after)
    is_year = YEAR.match(match["digits"]) and not match["rest"] and not match["percent"] and not match["sign"]
    return bool(is_level or is_year or NAMING.search(before))


def _found(line: int, match: re.Match[str], text: str, values: Sequence[tuple[str, Decimal, str]]) -> Found:
    printed = Decimal(match["digits"].replace(",", "") + (match["rest"] or ""))
    unit = Decimal(1).scaleb(printed.as_tuple().exponent)  # type: ignore[arg-type]
    same, near = [], []
    for number, stored, of in values:
        candidates = [stored] if of == "%" or not match["percent"] else [stored, stored * 100]
        distance = min(abs(abs(value) - printed) for value in candidates)  # a sign may be in words
        if distance <= unit / 2:
            same.append(number)
        elif distance < unit:
            near.append(number)
    state = State.MATCH if same else State.ROUNDING if near else State.NONE
    around = text[max(0, match.start() - 30) : match.end() + 30].strip()
    return Found(line, match[0], around, state, tuple(same or near)[:5])


def fill(path: str | Path, numbers: Mapping[str, Estimate], shown: Callable[[str], str]) -> bytes:
    """A template with its tokens filled.

    Parameters
    ----------
    path
        The template.
    numbers
        Rows of estimates by id.
    shown
        An id's number as the report shows it.

    Raises
    ------
    Fault
        With every token that names no number, or begins several.
    """
    path = Path(path)
    faults: dict[str, None] = {}

    def filled(token: re.Match[str]) -> str:
        names = [name for name in numbers if name.startswith(token[1])]
        if len(names) != 1:
            what = "begins several ids; write more of it" if names else "is the id of no number"
            faults[f"{path.name}: {token[0]}: {token[1]} {what}"] = None
            return token[0]
        return display(numbers[names[0]].text, int(token[2])) if token[2] else shown(names[0])

    if path.suffix.lower() == ".docx":
        parts = _parts(path)
        body = parts[BODY].decode("utf-8")
        parts[BODY] = PARAGRAPH.sub(lambda p: _filled_paragraph(p[0], filled), body).encode()
        content = zipped(parts)
    else:
        content = TOKEN.sub(filled, "\n".join(read_draft(path)) + "\n").encode()
    if faults:
        raise Fault(*faults)
    return content


def _filled_paragraph(paragraph: str, filled: Callable[[re.Match[str]], str]) -> str:
    """A paragraph of Word with its tokens filled; Word may have parted a token, which then goes into its first run."""
    runs = list(RUN.finditer(paragraph))
    texts = [unescape(run[2]) for run in runs]
    whole = "".join(texts)
    starts = [sum(map(len, texts[:at])) for at in range(len(texts) + 1)]
    for token in reversed(list(TOKEN.finditer(whole))):
        first = max(at for at in range(len(texts)) if starts[at] <= token.start())
        last = max(at for at in range(len(texts)) if starts[at] < token.end())
        tail = texts[last][token.end() - starts[last] :]
        head = texts[first][: token.start() - starts[first]]
        for at in range(first, last + 1):
            texts[at] = ""
        texts[first] = head + filled(token) + (tail if first == last else "")
        if first != last:
            texts[last] = tail
    for run, text in reversed(list(zip(runs, texts, strict=True))):
        kept = '<w:t xml:space="preserve">' if text != text.strip() else run[1]
        paragraph = paragraph[: run.start()] + kept + escape(text) + run[3] + paragraph[run.end() :]
    return paragraph


def lines_of(found: Sequence[Found], every: bool = False) -> list[str]:
    """What was found as lines for people."""
    listed = [one for one in found if every or one.state is not State.MATCH]
    lines = [f"line {one.line}: {one.text}  {one.state}{_of(one)}   … {one.around} …" for one in listed]
    counts = {state: sum(one.state is state for one in found) for state in State}
    return [*lines, f"{len(found)} numbers: " + ", ".join(f"{count} {state}" for state, count in counts.items())]


def _of(one: Found) -> str:
    return f" ({', '.join(one.ids)})" if one.ids else ""

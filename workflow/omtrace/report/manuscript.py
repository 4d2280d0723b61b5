"""Numbers in prose: tokens of a template filled from the results, and numbers of a draft that no result has.

A token is ``{{ n:ID }}``: the number as the report shows it; ``{{ n:ID|2 }}`` with two decimals. Drafts and templates
are Markdown, LaTeX, plain text, or Word, whose other parts stay as they are; a draft may be PDF as well (``drafts``).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, unescape

from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.model.statistics import Role, statistic_of
from omtrace.report.drafts import BODY, TEXTS, parts_of
from omtrace.store import display, zipped

TOKEN = re.compile(r"\{\{\s*n:([0-9a-f]{4,12})\s*(?:\|\s*(\d+)\s*)?\}\}")
# A number in a sentence, as ``drafts`` writes it. Not: a part of a word, of another number, an address or a date.
NUMBER = re.compile(
    r"(?:(?P<below>[<>]\s?)|(?<![\w./:#@^~\\-]))(?P<sign>[-\N{MINUS SIGN}])?(?P<digits>\d{1,3}(?:,\d{3})+|\d+)"
    r"(?P<rest>\.\d+)?(?P<power>[eE][-+]?\d+)?(?P<percent>\s?%|\sper\s?cent\b)?(?![\w/@]|-\w|\.\d)"
)
# What is counted or named, and no result: before the number; and the names of lists of them.
NAMING = re.compile(
    r"(?<!\w)(?:tables?|figures?|figs?\.?|sections?|appendix|chapter|version|items?|weeks?|months?|days?|phase|refs?\.?|"
    r"references?|no\.|number|Python|Stata|SAS|SPSS|ICH|E|HIT|MSQ|SF)[\s\N{NO-BREAK SPACE}-]*$",
    re.IGNORECASE,
)
LISTED = re.compile(
    r"(?<!\w)(?:tables?|figures?|figs?\.?|sections?|items?|refs?\.?|references?)[\s\N{NO-BREAK SPACE}]+"
    r"(?:\d+\w?\s*(?:,|,?\s*and|or|to|&|\N{EN DASH}|-)\s*)+$",
    re.IGNORECASE,
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DATED = re.compile(rf"^\s*(?:{MONTHS})\b")
LASTED = re.compile(r"^[\s\N{NO-BREAK SPACE}]*(?:months?|weeks?)\b", re.IGNORECASE)  # whole: a visit, or a dose
YEAR = re.compile(r"^(?:19|20)\d\d$")
LEVELS = re.compile(r"^\s*%?[\s-]*(?:confidence|CIs?\b|CrI\b|credible|prediction|compatibility)", re.IGNORECASE)
PARAGRAPH = re.compile(r"<w:p[ >].*?</w:p>", re.DOTALL)
RUN = re.compile(r"(<w:t(?: [^>]*)?>)([^<]*)(</w:t>)")


class State(StrEnum):
    """What a number of a draft is to the results."""

    MATCH = "a result"
    SIGN = "a result of the other sign"
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
    another rounding when it is less than one unit of its last place away, and of the other sign when it has a minus
    that no such value has; without a minus, the sign may be in words. Below a bound stands whatever p value is. With
    many results, a number of few digits matches one by chance: what is listed as no result is certain, a match is not.
    Tokens leave no doubt.
    """
    values = [_Stored(row.id, Decimal(row.text), row.unit, _is_p(row)) for row in numbers if row.text]
    judged = []
    for at, line in enumerate(lines, 1):
        for match in NUMBER.finditer(TOKEN.sub(lambda token: " " * len(token[0]), line)):
            if not _is_named(match, line):
                judged.append(_found(at, match, line, values))
    return judged


class _Stored(NamedTuple):
    """A stored value, and whether it is a p value."""

    id: str
    value: Decimal
    unit: str
    is_p: bool

    def read(self, percent: bool) -> list[Decimal]:
        """What may be printed of it: a share in per cent as well, and the other way round."""
        if percent:
            return [self.value] if self.unit == "%" else [self.value, self.value * 100]
        return [self.value, self.value / 100] if self.unit == "%" else [self.value]


def _is_p(row: Estimate) -> bool:
    return statistic_of(row.statistic).role is Role.P_VALUE


def _is_named(match: re.Match[str], line: str) -> bool:
    """Whether a number names something: a table, a year, a day, the level of an interval."""
    before, after = line[: match.start()], line[match.end() :]
    is_level = LEVELS.match(line[match.end("rest") if match["rest"] else match.end("digits") :])
    is_whole = not (match["rest"] or match["percent"] or match["sign"] or match["power"])
    is_time = YEAR.match(match["digits"]) or DATED.match(after) or LASTED.match(after)
    return bool(is_level or (is_whole and (is_time or LISTED.search(before))) or NAMING.search(before))


def _found(line: int, match: re.Match[str], text: str, values: Sequence[_Stored]) -> Found:
    around = text[max(0, match.start() - 30) : match.end() + 30].strip()
    printed = Decimal(match["digits"].replace(",", "") + (match["rest"] or "") + (match["power"] or ""))
    for state, ids in _judged(match, printed, values).items():
        if ids:
            return Found(line, match[0], around, state, tuple(ids)[:5])
    return Found(line, match[0], around, State.NONE)


def _judged(match: re.Match[str], printed: Decimal, values: Sequence[_Stored]) -> dict[State, list[str]]:
    """The results that a number is, by what it is to them, the nearest first."""
    if match["below"] and printed < 1:
        is_below = match["below"].startswith("<")
        bounded = [p.id for p in values if p.is_p and (p.value < printed if is_below else p.value > printed)]
        return {State.MATCH: bounded}
    unit = Decimal(1).scaleb(printed.as_tuple().exponent)  # type: ignore[arg-type]
    same: list[str] = []
    other: list[str] = []
    near: list[str] = []
    for stored in values:
        distance = min(abs(abs(value) - printed) for value in stored.read(bool(match["percent"])))
        if distance <= unit / 2:
            (other if match["sign"] and stored.value > 0 else same).append(stored.id)
        elif distance < unit:
            near.append(stored.id)
    return {State.MATCH: same, State.SIGN: other, State.ROUNDING: near}


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
        parts = parts_of(path)
        body = parts[BODY].decode("utf-8")
        parts[BODY] = PARAGRAPH.sub(lambda p: _filled_paragraph(p[0], filled), body).encode()
        content = zipped(parts)
    else:
        content = TOKEN.sub(filled, _text_of(path)).encode()
    if faults:
        raise Fault(*faults)
    return content


def _text_of(path: Path) -> str:
    """The text of a template. Raises Fault for a kind of file that cannot be filled."""
    if path.suffix.lower() not in TEXTS:
        raise Fault(f"{path}: a template is Markdown, LaTeX, text or Word ({', '.join((*TEXTS, '.docx'))})")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Fault(f"{path}: is not UTF-8; save it as UTF-8") from None


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
        opening = '<w:t xml:space="preserve">' if text != text.strip() else run[1]
        paragraph = paragraph[: run.start()] + opening + escape(text) + run[3] + paragraph[run.end() :]
    return paragraph


def lines_of(numbers: Sequence[Found], every: bool = False) -> list[str]:
    """What was found as lines for people."""
    listed = [number for number in numbers if every or number.state is not State.MATCH]
    lines = [
        f"line {number.line}: {number.text}  {number.state}{_of(number)}   … {number.around} …" for number in listed
    ]
    counts = {state: sum(number.state is state for number in numbers) for state in State}
    return [*lines, f"{len(numbers)} numbers: " + ", ".join(f"{count} {state}" for state, count in counts.items())]


def _of(number: Found) -> str:
    return f" ({', '.join(number.ids)})" if number.ids else ""

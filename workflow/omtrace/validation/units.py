"""Units by their texts: identifiers that a program damaged, and units that are written alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from omtrace.provenance.keys import number_of
from omtrace.schemas import UNIT
from omtrace.validation.formats import MONTHS
from omtrace.validation.work import Work

if TYPE_CHECKING:
    import pandas

MONTH = rf"(?i:{'|'.join(MONTHS)})\.?"
# What a spreadsheet or a program makes of an identifier: 1E5, 3-2 and 1017 in a column of numbers.
DAMAGED = (
    re.compile(r"\d+(?:[.,]\d+)?[eE][+-]?\d+"),
    re.compile(rf"\d{{1,2}}(?:[-. ]|\. ){MONTH}(?:[-. ]\d{{2,4}})?|{MONTH}[-. ]\d{{1,4}}"),
    re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}"),
    re.compile(r"\d+[.,]0+"),
    re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?"),
)
THOUSANDS = re.compile(
    r"\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+|'\d+|=\"?\w+\"?"
)  # 1,017, '1017 and ="1017" for 1017
# What programs write where there is nothing, or an error: no unit is called so among units with numbers.
NO_UNIT = re.compile(r"(?i:n\.?a\.?|n/a|nan|null|none|true|false|wahr|falsch|vrai|faux)|#[A-ZÄÖÜ0-9/]+[?!]?")
USUAL = 0.5  # share of a table's units from which on a form is how units are written
Units = tuple[Work, "pandas.Series"]
NO_FRACTION = re.compile(r"(?<=\d)[.,]0+$")
LIKE_ZERO, LIKE_ONE = re.compile(r"(?<=\d)[oO]|[oO](?=\d)"), re.compile(r"(?<=\d)[lI]|[lI](?=\d)")
SIGNS = re.compile(r"[\W_]+")
NUMBERED = re.compile(r"(?P<letters>[^\W\d_]{0,3})0*(?P<number>\d+)")
LEADING = re.compile(r"(?<!\d)0+(?=\d)")  # zeros in front of a number
# Capitals of other scripts that look like Latin ones: Cyrillic, then Greek.
LIKE_LATIN = str.maketrans("АВЕКМНОРСТХаеорсхΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTXaeopcxABEZHIKMNOPTYX")


def find_damaged(work: Work) -> None:
    """Report units that look like numbers or dates made of identifiers, among units that do not."""
    units = _units(work)
    if units is None:
        return
    texts = units.unique().tolist()
    numbered = sum(any(c.isdigit() for c in text) for text in texts) >= USUAL * len(texts)
    empty = {text for text in texts if NO_UNIT.fullmatch(text)} if numbered else set()
    if empty:
        expected = "an identifier; this is what programs write where there is none"
        work.report(units.index[units.isin(empty)], "identifier_damaged", UNIT, expected, "quarantine")
    whole = sum(map(str.isdigit, texts)) >= USUAL * len(texts)
    for form in (*DAMAGED, THOUSANDS) if whole else DAMAGED:
        damaged = {text for text in texts if form.fullmatch(text)}
        if damaged and len(damaged) <= USUAL * len(texts):
            expected = "an identifier as in the other rows; a program seems to have made a number or a date of it"
            work.report(units.index[units.isin(damaged)], "identifier_damaged", UNIT, expected)
    if short := _without_zeros(texts):
        expected = "as many digits as in the other rows, which have zeros in front; a program seems to have taken them"
        work.report(units.index[units.isin(short)], "identifier_damaged", UNIT, expected)


def _without_zeros(texts: Collection[str]) -> set[str]:
    """Numbers shorter than the width that more than half of the units have, where zeros fill that width up."""
    digits = [text for text in texts if text.isdecimal()]
    width, count = Counter(map(len, digits)).most_common(1)[0] if digits else (0, 0)
    filled = any(len(text) == width and text[0] == "0" for text in digits)
    return {text for text in digits if len(text) < width} if filled and count > USUAL * len(texts) else set()


def find_keyed_twice(work: Work) -> None:
    """Report tables whose records stand twice, as REDCap writes double data entry, whatever reader read them."""
    units = _units(work)
    if units is None:
        return
    keyed = {text for text in units.unique().tolist() if text.endswith(("--1", "--2"))}
    texts_of: dict[int, set[str]] = {}
    for key, text in units[units.isin(keyed | {text[:-3] for text in keyed})].items():
        texts_of.setdefault(number_of(int(key)), set()).add(text)
    for number, source in work.sources.items():
        if any(doubt.rule == "double_entry" for doubt in source.extract.doubts):
            continue
        texts = texts_of.get(number, set())
        records = [text[:-3] for text in texts & keyed]
        twice = {record for record in records if record in texts or records.count(record) > 1}
        if twice:
            expected = f"each record once; {len(twice)} stand twice, with --1 and --2: read one keying (reader redcap)"
            work.find("double_entry", source.export, None, work.plan.raw(UNIT), expected)


def find_alike(works: Mapping[str, Work]) -> None:
    """Report units of a study that differ only by leading zeros, case, blanks and signs, or by letters in front."""
    tables = [(work, units) for work in works.values() if (units := _units(work)) is not None]
    for group in _of_one_kind(tables):
        first: dict[str, tuple[Work, int]] = {}  # unit -> where it stands first
        for work, units in group:
            each = units.drop_duplicates()
            for key, text in zip(each.index.tolist(), each.tolist(), strict=True):
                first.setdefault(text, (work, key))
        for alike in _alike(first):
            usual, *others = sorted(alike, key=lambda text: (first[text][1], text))
            there = f"line {first[usual][0].place(first[usual][1]).first_line} of table {first[usual][0].name}"
            for text in others:
                expected = (
                    f"a unit that no other is like; that in {there} differs by zeros, case, blanks, signs or letters "
                    "that look alike"
                )
                first[text][0].report([first[text][1]], "unit_alike", UNIT, expected)


def _of_one_kind(tables: list[Units]) -> list[list[Units]]:
    """The tables by what their units are: those that share a unit are of one kind (animals, cages)."""
    groups: list[tuple[set[str], list[Units]]] = []
    for work, units in tables:
        texts, members = set(units.unique().tolist()), [(work, units)]
        rest = []
        for known, others in groups:
            if known & texts:
                texts, members = known | texts, [*others, *members]
            else:
                rest.append((known, others))
        groups = [*rest, (texts, members)]
    return [members for _, members in groups]


def _units(work: Work) -> "pandas.Series | None":
    """The units of a table's rows, but of those joined of several columns, such as wells; None without any."""
    if UNIT not in work.frame or len(work.plan.unit) > 1 or not len(work.frame):
        return None
    return work.frame[UNIT].dropna().astype("str")


def _folded(text: str) -> str:
    """A unit without what the eye passes over: width, accents' encoding, case, signs, `.0`, letters of like shape."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(LIKE_LATIN)
    plain = NO_FRACTION.sub("", plain.strip())
    plain = LIKE_ZERO.sub("0", plain)
    plain = LIKE_ONE.sub("1", plain)
    return SIGNS.sub("", plain.casefold())


def _alike(units: Iterable[str]) -> list[set[str]]:
    """Sets of units that are written alike."""
    same: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}
    for text in units:
        folded = _folded(text)
        same.setdefault(LEADING.sub("", folded), set()).add(text)
        if match := NUMBERED.fullmatch(folded):
            numbers.setdefault(match["number"], set()).add(text)
    found = [texts for texts in same.values() if len(texts) > 1 and not _told_apart(texts)]
    taken = set().union(*found)
    for texts in numbers.values():
        bare = {text for text in texts if text.strip().isdigit()}
        if bare and len(texts - bare) == 1 and not texts & taken:
            found.append(texts)
    return found


def _told_apart(texts: Iterable[str]) -> bool:
    """Whether signs between digits tell texts apart, as R1-11 (batch 1, animal 11) and R11-1."""
    numbers = {tuple(map(int, re.findall(r"\d+", text))) for text in texts}
    return len([parts for parts in numbers if len(parts) > 1]) > 1


def near(text: str, known: Iterable[str]) -> str:
    """The unit that a text is written alike, "" if none or several are."""
    others = [
        other for other in set(known) if other != text and any({text, other} <= pair for pair in _alike([text, other]))
    ]
    if len(others) == 1:
        return others[0]
    from difflib import get_close_matches

    close = get_close_matches(text, sorted(set(known)), n=1, cutoff=0.6)
    return close[0] if close else ""

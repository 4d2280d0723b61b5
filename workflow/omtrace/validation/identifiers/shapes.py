"""What texts look like that identify a person: shapes that stop a column wherever they occur, and shapes of most texts.

A shape found anywhere has a guard, a regular expression without look-around that is searched for in every text of a
column at the speed of a compiled automaton; only texts that it lets through meet the exact pattern and its check
digits. Guards are kept apart: all in one, the automaton grows so much that it is a hundred times slower.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from omtrace.validation.identifiers import columns as kinds
from omtrace.validation.identifiers import numbers

if TYPE_CHECKING:
    import pyarrow

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Shape:
    """A shape: the kind it shows, a guard (RE2 syntax), the exact pattern, and a check of what it matched.

    ``needs``: marks of which the column must hold one, else it is not searched.
    """

    kind: str
    guard: str
    pattern: re.Pattern[str]
    check: Check = lambda text: True
    needs: tuple[str, ...] = ()


def _phone(least: int, most: int) -> Check:
    return lambda text: least <= sum(c.isdigit() for c in text) <= most


def _internet(text: str) -> bool:
    """Four numbers of an internet address; all below 20 and not of the local range 10 is a version."""
    parts = text.split(".")
    if any((len(p) > 1 and p[0] == "0") or int(p) > 255 for p in parts):
        return False
    return parts[0] == "10" or max(map(int, parts)) >= 20


def _internet6(text: str) -> bool:
    if len([group for group in text.split(":") if group]) < 3:
        return False
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


EDGE, END = r"(?<![\w.,:/+-])", r"(?![\w:/-])(?![.,]\d)"
STREETS = (
    "Street|Str|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Way|Court|Ct|Place|Pl|Square|Terrace|Close|"
    "Crescent|Highway|Hwy|Circle|Cir|Trail|Parkway|Pkwy|Alley|Row|Mews|Gardens"
)
LONE = r"stra(?:ß|ss)e|str\.|straat|gracht|singel|plein|laan"
FRENCH = r"rue|avenue|av\.|boulevard|bd|chemin|impasse|quai|allée|place|route"
SOUTH = r"Calle|C/|Avenida|Avda?\.?|Plaza|Paseo|Carrer|Rua|Travessa|Piazza|Viale|Corso|Vicolo"
AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX "
    "FK FY G GL GU HA HD HG HP HR HS HU HX IG IP IV KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP "
    "NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW "
    "UB W WA WC WD WF WN WR WS WV YO ZE"
).replace(" ", "|")
STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
    "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC"
).replace(" ", "|")
DAY = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.? [A-Za-zäéû]{3,10}\.? \d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4})"

SOCIAL_SECURITY = Shape(
    kinds.RECORD,
    r"\b\d{3}-\d\d-\d{4}\b",
    re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])"),
    needs=("-",),
)

ANYWHERE = (
    Shape(kinds.EMAIL, r"\w@\w|\w ?[\[(]at[\])] ?\w",
          re.compile(r"@(?<=[\w.+-]@)[\w-]{1,63}(?:\.[\w-]{1,63})*\.[A-Za-z]{2,}"
                     r"|\w ?[\[(]at[\])] ?\w+(?:\.| ?[\[(]dot)"),
          needs=("@", "(at", "[at")),
    Shape(kinds.URL, r"(?i:https?://|ftp://|www\.\w)", re.compile(r"(?i:(?:https?|ftp)://\w|\bwww\.\w)"),
          needs=("://", "www.", "WWW.", "Www.")),
    Shape(kinds.RECORD, r"\b\d{3}[ -]\d{3}[ -]\d{4}\b",
          re.compile(EDGE + r"\d{3}([ -])\d{3}\1\d{4}" + END), numbers.nhs, needs=(" ", "-")),
    Shape(kinds.PHONE, r"\d{3}[). -]{1,2}\d{3}[ .-]\d{4}",
          re.compile(r"(?<![\w.,:/-])(?:\+?1[ .-]?)?(?:\(\d{3}\)[ -]?\d{3}|[2-9]\d\d([ .-])[2-9]\d\d)[ .-]\d{4}" + END),
          needs=(" ", "-", ".", ")")),
    Shape(kinds.PHONE, r"\+ ?[1-9][\d ()./-]{7,}|\b00[1-9]\d[ /(]+[1-9(]",
          re.compile(r"(?<![\w.])(?:\+ ?[1-9]\d{0,2}(?:[ ()/-]{0,3}\d{1,12}){1,6}|\+[1-9]\d{0,2}(?:\.\d{2,8}){2,5}"
                     r"|00[1-9]\d[ /(]+[1-9(](?:[ ()/-]{0,2}\d{1,8}){1,6})" + END), _phone(8, 16), needs=("+", "00")),
    Shape(kinds.PHONE, r"(?:^|[^\w.,:/+-])0[1-9](?:\d{0,3}[) /-]{1,2}[1-9]\d{1,7}|(?:[ .]\d\d){4})",
          re.compile(r"(?<![\w.,:/+-])(?:\(?0[1-9]\d{0,4}(?:\) ?|[ /] ?)[1-9]\d{1,7}(?: \d{2,4}){0,3}"
                     r"|0[1-9]\d{0,4}-[1-9]\d{5,7}|0[1-9](?:([ .])\d\d)(?:\1\d\d){3})" + END), _phone(9, 12),
          needs=(" ", "-", "/", ".", ")")),
    SOCIAL_SECURITY,
    Shape(kinds.RECORD, r"\b756\.\d{4}\.\d{4}\.\d\d|\b[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]\b",
          re.compile(r"\b756\.\d{4}\.\d{4}\.\d\d\b|\b[A-Z]{6}\d\d[A-EHLMPRST][0-7]\d[A-Z]\d{3}[A-Z]\b")),
    Shape(kinds.RECORD, r"\b[12] ?\d\d ?[01]\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d\b",
          re.compile(r"(?<![\w.])[12] ?\d\d ?[01]\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d(?![\w.])"), numbers.nir),
    Shape(kinds.ACCOUNT, r"\b[A-Za-z]{2}\d\d ?(?:[A-Za-z0-9]{4} ?){2,7}[A-Za-z0-9]{1,4}\b",
          re.compile(r"(?<![\w-])[A-Za-z]{2}\d\d ?(?:[A-Za-z0-9]{4} ?){2,7}[A-Za-z0-9]{1,4}(?![\w-])"), numbers.iban),
    Shape(kinds.ACCOUNT, r"\b[3-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d",
          re.compile(r"(?<![\w.-])[3-6]\d{3}(?:[ -]\d{4}){2}[ -]\d{1,7}(?![\w-])"), numbers.luhn, needs=(" ", "-")),
    Shape(kinds.ACCOUNT, r"\b3[47]\d{2}[ -]\d{6}[ -]\d{5}\b",
          re.compile(r"(?<![\w.-])3[47]\d{2}[ -]\d{6}[ -]\d{5}(?![\w-])"), numbers.luhn, needs=(" ", "-")),
    Shape(kinds.IP, r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
          re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)"), _internet, needs=(".",)),
    Shape(kinds.IP, r"[0-9A-Fa-f]{1,4}::?[0-9A-Fa-f]{1,4}::?[0-9A-Fa-f]{1,4}:",
          re.compile(r"(?<![\w:])[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){2,7}(?![\w:])"), _internet6, needs=(":",)),
    Shape(kinds.DEVICE, r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b",
          re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"),
          needs=(":", "-")),
    Shape(kinds.ADDRESS, rf"\d[A-Za-z]?,? (?:[A-Z0-9][\pL0-9'.-]* ){{1,4}}(?:{STREETS})\b",
          re.compile(rf"(?<![\w.])\d{{1,5}}[A-Za-z]?,? (?!(?:Day|Week|Month|Hour|Year|Minute|Visit|Dose)s?\b)"
                     rf"(?:(?:[A-Z][\w'.-]*|\d+(?:st|nd|rd|th)) ){{1,4}}"
                     rf"(?:{STREETS})\b"), needs=(" ",)),
    Shape(kinds.ADDRESS, rf"\pL(?:{LONE}|Stra(?:ß|ss)e|Str\.) ?\d|(?i:stra(?:ß|ss)e) \d",
          re.compile(rf"(?:\w(?:{LONE})|[A-ZÄÖÜ]\w+[ -](?:Stra(?:ß|ss)e|Str\.)) ?\d{{1,4}} ?[a-z]?\b")),
    Shape(kinds.ADDRESS, rf"\d,? (?:bis |ter )?(?i:{FRENCH}) \pL",
          re.compile(rf"(?<![\w.])\d{{1,4}}(?: ?(?:bis|ter|[A-D]))?,? (?i:{FRENCH}) "
                     r"(?:(?:de|du|des|de la|de l['’]|d['’]|l['’]|la|le|les) ?)*[A-ZÀ-Ý][\w'’-]{2,}"), needs=(" ",)),
    Shape(kinds.ADDRESS, rf"(?:{SOUTH}) .*\d",
          re.compile(rf"(?<!\w)(?:{SOUTH}) (?:(?:de|del|della|dei|do|da|las?|los?|el) )*"
                     r"[A-ZÀ-Ý][\w'’ .-]{2,40},? ?(?:n[.º°]* ?)?\d{1,4}\b"),
          needs=(" ",)),
    Shape(kinds.ADDRESS, r"(?i:\bp\.? ?o\.? box|postfach|postbus|bo[iî]te postale|apartado) \d",
          re.compile(r"(?i:\bp\.? ?o\.? box|\bpostfach|\bpostbus|\bbo[iî]te postale|\bapartado) \d+"), needs=(" ",)),
    Shape(kinds.ADDRESS, rf"\b(?:{STATES}),? \d{{5}}\b",
          re.compile(rf"[A-Z][a-z]+,? (?:{STATES}),? \d{{5}}(?:-\d{{4}})?(?!\w)"), needs=(" ",)),
    Shape(kinds.ADDRESS, rf"\b(?:{AREAS})\d[A-Z0-9]? \d[A-Z]{{2}}\b",
          re.compile(rf"(?<![\w-])(?:{AREAS})\d[A-Z\d]? \d(?!ST|ND|RD|TH)[ABD-HJLNP-UW-Z]{{2}}(?![\w-])"),
          needs=(" ",)),
    Shape(kinds.BIRTH, r"(?i:\bborn\b|\bd\.?o\.?b\b|\bgeb\b|geboren|naissance|\bn[ée]e? le\b|nacid[oa]|\bnat[oa] il\b)",
          re.compile(r"(?i:\bborn\b|\bd\.?o\.?b\b|\bgeb\b|\bgeboren\b|naissance|\bn[ée]e? le\b|nacid[oa]"
                     r"|\bnat[oa] il\b)[^\n\d]{0,20}" + DAY)),
    Shape(kinds.RECORD,
          r"(?i:\b(?:mrn|ssn|nhs|passport|insurance|policy|account|medical record|hospital)\b.{0,16}\d{5})",
          re.compile(r"(?i:\b(?:mrn|ssn|nhs|passport|insurance|policy|account|medical record|hospital)"
                     r"(?: ?(?:no|nr|number|id|num))?)[.:# ]{1,3}[A-Z]{0,2}\d{5,}(?![\d.])")),
)  # fmt: skip


def most(pattern: str, check: Check = lambda text: True, share: float = 0.9, least: int = 3) -> tuple:
    """A shape that most texts of a column must have: pattern of the whole text, check, share, fewest texts."""
    return re.compile(pattern), check, share, least


# Shapes too plain to count alone: they stop a column only if most of its texts have them.
MOSTLY = (
    (kinds.RECORD, *most(r"\d{10}", numbers.nhs)),
    (kinds.ACCOUNT, *most(r"[3-6]\d{12,18}", numbers.luhn)),
    (kinds.DEVICE, *most(r"[0-2]\d{14}|9\d{14}", numbers.luhn)),
    (kinds.VEHICLE, *most(r"[A-HJ-NPR-Z0-9]{17}", numbers.vin)),
    (kinds.RECORD, *most(r"[A-Z]\d{9}", numbers.kvnr)),
    (kinds.RECORD, *most(r"\d{8}-?[A-Z]|[XYZ]\d{7}-?[A-Z]", numbers.dni)),
    (kinds.RECORD, *most(r"\d{9}", numbers.bsn, 0.95, 5)),
    (kinds.RECORD, *most(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]")),
    (kinds.RECORD, *most(r"(?:\d\d)?\d{6}[-+]\d{4}", numbers.dated, 0.9)),
    (kinds.RECORD, *most(r"\d[AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?"
                          r"[AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d\d")),
    (kinds.LICENCE, *most(r"[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}")),
    (kinds.VEHICLE, *most(r"[A-Z]{2}\d\d ?[A-Z]{3}|"
                           r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} \d{1,4}[EH]?|[A-Z]{2}-\d{3}-[A-Z]{2}", least=5)),
    (kinds.PHOTO, *most(r"(?i:.*\.(?:jpe?g|heic|mp4|mov|wav|mp3|m4a|3gp))", share=0.5, least=1)),
    (kinds.ACCOUNT, *most(r"@[A-Za-z][\w.]{2,}", share=0.5)),
    (kinds.ADDRESS, *most(r"-?\d{1,2}\.\d{3,} ?[,;] ?-?\d{1,3}\.\d{3,}", share=0.5)),
    (kinds.ADDRESS, *most(r"\d{5}-\d{4}", share=0.5)),
    (kinds.ADDRESS, *most(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d", share=0.5)),
    (kinds.ADDRESS, *most(rf"(?:{AREAS})\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{{2}}", share=0.8, least=5)),
    (kinds.ADDRESS, *most(r"[1-9]\d{3} ?(?!MG|ML|IU|KG|MM|PG|NG|CM|HZ|UL)[A-Z]{2}", least=5)),
    (kinds.ADDRESS, *most(r"(?:[A-Z]{1,2}-)?\d{4,5} [A-ZÄÖÜÀ-Ý][a-zäöüßà-ÿ]{2,}.*", share=0.5)),
    (kinds.ADDRESS, *most(rf"(?i:\d{{1,5}}[a-z]?,? (?:[\w'.-]+ ){{1,4}}(?:{STREETS})\b.*)", share=0.2)),
    (kinds.ADDRESS, *most(r"(?:[A-ZÄÖÜ][\wäöüß-]*(?:weg|gasse|allee|platz|ring|damm|ufer|hof|berg|kade|dijk|laan)"
                           r"|Via(?: [A-Z]\w+)+),? \d{1,4} ?[a-z]?\b.*", share=0.2)),
    (kinds.PHONE, *most(r"[6789]\d\d([ .]?)\d{3}\1\d{3}|[2-9]\d( ?)\d\d\2\d\d\2\d\d",
                         lambda text: " " in text or "." in text)),
)  # fmt: skip
LEAST_SHARE = min(share for _, _, _, share, _ in MOSTLY)
# All patterns at once, but for those that refer to their own groups by number.
MOSTLY_ANY = (
    *(pattern for _, pattern, *_ in MOSTLY if "\\1" in pattern.pattern),
    re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern, *_ in MOSTLY if "\\1" not in pattern.pattern)),
)
WHOLE_PHONE = re.compile(r"[2-9]\d{9}|1[2-9]\d{9}|0[1-9]\d{8,9}")
DATED = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2]).*")
LETTER = re.compile(r"[^\W\d_]")
GLANCE = 200  # texts looked at first: a shape far from its share there is not counted on


def phones(texts: Sequence[str], varied: float) -> float:
    """The share of plain whole numbers that are telephone numbers, 0 for ids and counts.

    Nine in ten have ten digits from 2 up, eleven from 12 up, or ten or eleven from 01 up; at least half of the cells
    differ; they do not begin with a year and a month; and they are not numbered through: of 1,000 numbers in
    the range they span, fewer than ten are taken, and their first six digits differ in every fifth at least.
    """
    hits = [text for text in texts if WHOLE_PHONE.fullmatch(text)]
    if len(hits) < max(3, 0.9 * len(texts)) or varied < 0.5:
        return 0.0
    if sum(1 for text in hits if DATED.fullmatch(text)) >= 0.9 * len(hits):
        return 0.0
    values = [int(text) for text in hits]
    dense = len(values) / (max(values) - min(values) + 1) > 0.01
    heads = len({text[:6] for text in hits})
    return 0.0 if dense or heads < min(50, 0.2 * len(hits)) else len(hits) / len(texts)


def numbered(matches: Sequence[str]) -> bool:
    """Whether texts like 101-01-0001 are ids of sites and participants: numbered from 1, or their beginnings repeat."""
    if len(matches) >= 3 and all(text[-4:-2] == "00" for text in matches):
        return True
    return len(matches) >= 5 and _series(matches)


def _series(texts: Sequence[str]) -> bool:
    """Whether the beginnings of texts repeat, as those of running numbers do."""
    return len({text[:6] for text in texts}) < 0.5 * len(texts)


def through(texts: "pyarrow.Array", guard: str) -> list[str]:
    """The texts that a guard lets through."""
    import pyarrow.compute

    return texts.filter(pyarrow.compute.match_substring_regex(texts, guard)).to_pylist()


def anywhere(texts: "pyarrow.Array", joined: str) -> tuple[str, int]:
    """The first kind whose shape occurs in any text, and in how many; "" and 0 if none does.

    ``joined``: the same texts in one, for a first look at what marks there are.
    """
    worded = bool(LETTER.search(joined))
    for shape in ANYWHERE:
        if shape.needs and not any(mark in joined for mark in shape.needs):
            continue
        if not worded and shape.kind in (kinds.ADDRESS, kinds.BIRTH):
            continue
        lines = through(texts, shape.guard)
        found = [[m[0] for m in shape.pattern.finditer(line) if shape.check(m[0])] for line in lines]
        hits = [matches[0] for matches in found if matches]
        if hits and not (shape is SOCIAL_SECURITY and numbered(hits)):
            return shape.kind, len(hits)
    return "", 0


def mostly(texts: Sequence[str]) -> tuple[str, float]:
    """The first kind whose shape most texts have, and the share that has it; "" and 0 if there is none."""
    glance = texts[:: max(1, len(texts) // GLANCE)]
    if sum(map(_like_any, glance)) < LEAST_SHARE / 2 * len(glance):
        return "", 0.0  # then no single shape has its share
    for kind, pattern, check, share, least in MOSTLY:
        if len(texts) < least or _share(glance, pattern, check) < share / 2:
            continue
        found = _share(texts, pattern, check)
        if found >= share and not (check is numbers.dated and _series(texts)):
            return kind, found
    return "", 0.0


@lru_cache(1 << 16)
def _like_any(text: str) -> bool:
    """Whether a text has one of the plain shapes, before their checks."""
    return any(pattern.fullmatch(text) for pattern in MOSTLY_ANY)


def _share(texts: Sequence[str], pattern: re.Pattern[str], check: Check) -> float:
    return sum(1 for text in texts if pattern.fullmatch(text) and check(text)) / len(texts)

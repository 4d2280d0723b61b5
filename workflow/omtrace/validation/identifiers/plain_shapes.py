"""Shapes that are too plain to count alone: they stop a column only if most of its texts have them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from omtrace.validation.identifiers import columns as kinds
from omtrace.validation.identifiers import numbers, telephones
from omtrace.validation.identifiers.cues import AREAS, STREETS
from omtrace.validation.identifiers.people import GIVEN_NAMES
from omtrace.validation.identifiers.shapes import GLANCE, Check, series


def most(pattern: str, check: Check = lambda text: True, share: float = 0.9, least: int = 3) -> tuple:
    """A shape that most texts of a column must have: pattern of the whole text, check, share, fewest texts."""
    return re.compile(pattern), check, share, least


# Shapes too plain to count alone: they stop a column only if most of its texts have them.
MOSTLY = (
    (kinds.ACCOUNT, *most(r"[3-6]\d{12,18}", numbers.card)),
    (kinds.DEVICE, *most(r"[0-2]\d{14}|[39]\d{14}", numbers.of("luhn"))),
    (kinds.VEHICLE, *most(r"[A-HJ-NPR-Z0-9]{17}", numbers.vin)),
    (kinds.RECORD, *most(r"[A-Z]\d{9}", numbers.kvnr)),
    *((kinds.RECORD, *most(form, numbers.of(*modules), 0.9, 5)) for form, modules in (*numbers.BARE, *numbers.MOSTLY)),
    (kinds.RECORD, *most(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]")),
    (kinds.RECORD, *most(r"(?:\d\d)?\d{6}[-+A]\d{3}[\dA-Y]", numbers.dated, 0.9)),
    (
        kinds.RECORD,
        *most(r"\d[AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][\dAC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d\d"),
    ),
    (kinds.RECORD, *most(r"\d\d ?\d{6} ?[A-Z] ?\d{3}", least=5)),
    (kinds.LICENCE, *most(r"[A-Z9]{5}\d{6}[A-Z9]{2}\d[A-Z]{2}")),
    (
        kinds.LICENCE,
        *most(
            r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ\d]{8}\d?",
            lambda text: 2 <= digit_count(text) < 9 and any(c.isalpha() for c in text[1:]),
            least=5,
        ),
    ),
    (
        kinds.VEHICLE,
        *most(
            r"[A-Z]{2}\d\d ?[A-Z]{3}|[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}-\d{3}-[A-Z]{2}"
            r"|\d{4} (?!RPM|PPM|KHZ|MHZ)[BCDFGHJKLMNPRSTVWXYZ]{3}|[A-Z]{2} ?\d{3} ?[A-Z]{2}|[A-Z]{1,2}-\d{3}-[A-Z]{1,2}"
            r"|\d{2}-[A-Z]{2,3}-\d{1,2}|[A-Z]{2}-\d{2}-[A-Z]{2}|[A-Z]{2}-\d{2}-\d{2}|\d-[A-Z]{3}-\d{3}|"
            r"[A-Z]{1,2} \d{4,5} ?[A-Z]?|W-\d{4,5} ?[A-Z]{1,2}"
            r"|\d{2} [A-Z]{1,3} \d{2,4}",
            lambda text: digit_count(text) >= 2,
            least=5,
        ),
    ),
    (kinds.PHOTO, *most(r"(?i:.*\.(?:jpe?g|heic|mp4|mov|wav|mp3|m4a|3gp))", share=0.5, least=1)),
    (kinds.ACCOUNT, *most(r"@[A-Za-z_][\w.]{2,}", share=0.5)),
    (
        kinds.ACCOUNT,
        *most(
            r"[A-Za-z][a-z]+[._][a-z]+\d{0,4}|[a-z]{3,}[._]?[a-z]*\d{2,4}",
            lambda text: _account(text),
            share=0.8,
            least=8,
        ),
    ),
    (kinds.PERSON, *most(r"[A-Z]\. ?(?:[A-Z]\. ?){0,2}[A-Z]\.", share=0.8, least=5)),
    (kinds.ADDRESS, *most(r"-?\d{1,2}\.\d{3,} ?[,; ] ?-?\d{1,3}\.\d{3,}", share=0.5)),
    (kinds.ADDRESS, *most(r"\d{5}-\d{4}", share=0.5)),
    (kinds.ADDRESS, *most(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d", share=0.5)),
    (kinds.ADDRESS, *most(rf"(?:{AREAS})\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{{2}}", share=0.8, least=5)),
    (kinds.ADDRESS, *most(r"[1-9]\d{3} ?(?!MG|ML|IU|KG|MM|PG|NG|CM|HZ|UL)[A-Z]{2}", least=5)),
    (kinds.ADDRESS, *most(r"(?:[A-Z]{1,2}-)?\d{4,5},? [A-ZÄÖÜÀ-Ý][a-zäöüßà-ÿ]{2,}.*", share=0.5)),
    (kinds.ADDRESS, *most(r"[A-ZÄÖÜÀ-Ý][\w' .-]{2,},? (?:[A-Z]{1,2}-)?\d{5}", share=0.8, least=5)),
    (kinds.ADDRESS, *most(r"\d{2}-\d{3}(?: [^\W\d_].*)?", least=5)),
    (kinds.ADDRESS, *most(rf"(?i:\d{{1,5}}[a-z]?,? (?:[\w'.-]+ ){{1,4}}(?:{STREETS})\b.*)", share=0.2)),
    (
        kinds.ADDRESS,
        *most(
            r"[A-ZÄÖÜ][\wäöüß-]*(?:weg|gasse|allee|platz|ring|damm|ufer|hof|berg|kade|dijk|laan),? \d{1,4} ?[a-z]?\b.*",
            share=0.2,
        ),
    ),
    (kinds.PHONE, *most(r"\(?0[\d-]+(?: ?\)[\d -]+)?", telephones.grouped, share=0.8, least=5)),
    (
        kinds.PHONE,
        *most(
            r"[6789]\d\d([ .]?)\d{3}\1\d{3}|[2-9]\d( ?)\d\d\2\d\d\2\d\d|[2-9]\d{2}([ .-])\d{3}\3\d{3,4}",
            lambda text: " " in text or "." in text or "-" in text,
        ),
    ),
)
LEAST_SHARE = min(share for _, _, _, share, _ in MOSTLY)
# All patterns at once, but for those that refer to their own groups by number.
MOSTLY_ANY: tuple[re.Pattern[str], ...] = (
    *(pattern for _, pattern, *_ in MOSTLY if "\\1" in pattern.pattern),
    re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern, *_ in MOSTLY if "\\1" not in pattern.pattern)),
)

WHOLE_PHONE = re.compile(r"[2-9]\d{9}|1[2-9]\d{9}|0[1-9]\d{8,9}")
DATED = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2]).*")


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
    if not any(text.startswith("0") for text in hits) and len({text[:3] for text in hits}) < 3:
        return 0.0
    return 0.0 if dense or heads < min(50, 0.2 * len(hits)) else len(hits) / len(texts)


def digit_count(text: str) -> int:
    """How many digits a text has."""
    return sum(c.isdigit() for c in text)


def _account(text: str) -> bool:
    """Whether a word is a name of an account: a given name is in it, beside another word or digits."""
    parts = [part for part in re.split(r"[._\d]+", text.lower()) if part]
    return any(part in GIVEN_NAMES for part in parts) and (len(parts) > 1 or text[-1].isdigit())


class Share(NamedTuple):
    """A kind of identifier, and the share of texts that look like it."""

    kind: str
    share: float


def mostly(texts: Sequence[str]) -> Share:
    """The first kind whose shape most texts have, and the share that has it; "" and 0 if there is none."""
    glance = texts[:: max(1, len(texts) // GLANCE)]
    if sum(map(_like_any, glance)) < LEAST_SHARE / 2 * len(glance):
        return Share("", 0.0)  # then no single shape has its share
    for kind, pattern, check, share, least in MOSTLY:
        if len(texts) < least or _share(glance, pattern, check) < share / 2:
            continue
        found = _share(texts, pattern, check)
        if found >= share and not (check is numbers.dated and series(texts)):
            return Share(kind, found)
    return Share("", 0.0)


@lru_cache(1 << 16)
def _like_any(text: str) -> bool:
    """Whether a text has one of the plain shapes, before their checks."""
    return any(pattern.fullmatch(text) for pattern in MOSTLY_ANY)


def _share(texts: Sequence[str], pattern: re.Pattern[str], check: Check) -> float:
    return sum(1 for text in texts if pattern.fullmatch(text) and check(text)) / len(texts)

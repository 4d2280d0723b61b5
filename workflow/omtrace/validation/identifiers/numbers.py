"""Numbers that identify people, by the rules of those who issue them: national, tax, health, bank and card
numbers; and internet addresses.

The rules are those of ``stdnum`` (python-stdnum), which names the issuer of each. Its modules are imported one by one,
as a text of the right form is met.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module

Check = Callable[[str], bool]


@lru_cache
def rule(module: str) -> Check:
    """The check of a module of ``stdnum``: whether a text, with or without separators, is a valid number."""
    import stdnum

    return import_module(f"{stdnum.__name__}.{module}").is_valid  # type: ignore[no-any-return]


def of(*modules: str) -> Check:
    """A check that a text is a valid number by any of some modules of ``stdnum``, and not one digit over and over."""
    return lambda text: len(set(re.sub(r"\W", "", text))) > 2 and any(rule(module)(text) for module in modules)


def card(text: str) -> bool:
    """ISO/IEC 7812: a card number of 13 to 19 digits with its check digit."""
    number = re.sub(r"\D", "", text)
    return 13 <= len(number) <= 19 and len(set(number)) > 1 and rule("luhn")(number)


def iban(text: str) -> bool:
    """ISO 13616; words of four letters behind the number may have been taken for its end."""
    words = text.split()
    return any(rule("iban")("".join(words[:end])) for end in range(len(words), 0, -1))


def vin(text: str) -> bool:
    """Vehicle identification number: ISO 3779 with the check digit of 49 CFR 565, at the ninth place."""
    values = dict(
        zip(
            "0123456789ABCDEFGHJKLMNPRSTUVWXYZ",
            [*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)],
            strict=True,
        )
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(values[c] * w for c, w in zip(text, weights, strict=True)) % 11
    return text[8] == ("X" if rest == 10 else str(rest)) and not text.isdigit()


def kvnr(text: str) -> bool:
    """German health insurance number: the letter as two digits, weights 1 and 2 by turns, modulo 10."""
    digits = [int(c) for c in f"{ord(text[0]) - 64:02d}{text[1:]}"]
    return sum(sum(divmod(d * (1 + n % 2), 10)) for n, d in enumerate(digits[:10])) % 10 == digits[10]


def internet(text: str) -> bool:
    """Four numbers of an internet address; one that begins below 20 and is not large throughout is a version."""
    parts = [int(p) for p in text.split(".") if not (len(p) > 1 and p[0] == "0")]
    if len(parts) < 4 or max(parts) > 255:
        return False
    return parts[0] >= 20 or sum(part >= 20 for part in parts[1:]) >= 2


def internet6(text: str) -> bool:
    """Whether a text is an internet address of version 6, written with three groups at least."""
    if len([group for group in text.split(":") if group]) < 3:
        return False
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def dated(text: str) -> bool:
    """Nordic personal numbers: six digits are a day, year first or day first; samples numbered from 0001 are none."""
    day = re.sub(r"[-+A].*", "", text)[-6:]
    first, month, last = int(day[:2]), int(day[2:4]), int(day[4:])
    return text[-4:-2] != "00" and 1 <= month <= 12 and (1 <= first <= 31 or 1 <= last <= 31)


# Form of a number with a day of birth and a check digit, or a form of its own -> the modules that hold it for valid.
# Such numbers are enough by themselves, the bare digits among them only between words.
FORMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"756[. ]\d{4}[. ]\d{4}[. ]\d\d", ("ch.ssn",)),
    (r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]", ("it.codicefiscale",)),
    (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", ("mx.curp",)),
    (r"[12] ?\d\d ?[01]\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", ("fr.nir",)),
    (r"\d{6}[-+A]\d{3}[0-9A-Y]", ("fi.hetu",)),
    (r"(?:19|20)?\d{6}[-+]\d{4}", ("se.personnummer", "dk.cpr", "is_.kennitala")),
    (r"\d{6}/\d{3,4}", ("cz.rc",)),
    (r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", ("be.nn",)),
    (r"\d{3}\.\d{3}\.\d{3}-\d\d", ("br.cpf",)),
    (r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", ("cl.rut",)),
    (r"\d{6}(?:19|20)\d\d(?:0[1-9]|1[0-2])\d\d\d{3}[\dX]", ("cn.ric",)),
    (r"\d{6}-[1-4]\d{6}", ("kr.rrn",)),
    (r"\d{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]", ("es.dni", "es.nie")),
    (r"\d{3}[ -]\d{3}[ -]\d{4}", ("gb.nhs",)),
)
BARE: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{6} \d{5}", ("no.fodselsnummer",)),
    (r"\d{11}", ("no.fodselsnummer", "pl.pesel", "gr.amka", "ee.ik", "lt.asmens", "tr.tckimlik", "be.nn", "de.idnr")),
    (r"\d\d \d{3} \d{3} \d{3}", ("de.idnr",)),
    (r"\d{13}", ("ro.cnp", "si.emso", "za.idnr")),
    (r"\d{4} \d{4} \d{4}", ("in_.aadhaar",)),
    (r"\d{4} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d", ("at.vnr", "bg.egn")),
    (r"\d{3} \d{3} \d{3}", ("ca.sin", "au.tfn")),
    (r"\d{10}", ("gb.nhs", "bg.egn")),
)
# Numbers that count if most texts of a column are valid ones.
MOSTLY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{8,9}", ("nl.bsn", "il.idnr")),
    (r"[1-9]\d{8}", ("ca.sin", "au.tfn", "pt.nif")),
    (r"\d{9}/?\d?", ("cz.rc",)),
    (r"756\d{10}", ("ch.ssn",)),
    (r"[A-Z]{5}\d{4}[A-Z]", ("in_.pan",)),
    (r"\d{7}[A-W][A-IW]?", ("ie.pps",)),
    (r"\d{12}", ("in_.aadhaar", "jp.in_")),
    (r"\d{8} ?\d ?[A-Z]{2}\d", ("pt.cc",)),
    (r"\d{11}", ("hr.oib", "br.cpf")),
    (r"\d{7,8}-?[\dkK]", ("cl.rut",)),
    (r"\d{10}", ("dk.cpr", "se.personnummer", "is_.kennitala")),
    (r"\d{12}", ("se.personnummer",)),
    (r"\d{13}", ("kr.rrn",)),
)

"""What REDCap lets stand in a validated field: the form of the text, and how it is compared with bounds.

Dates and times stand in exports as year-month-day and 24 hours, whatever order the entry form shows.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

MOVING = ("today", "now")  # bounds that cannot be checked later; so are piped ones, in brackets
DATE = r"\d{4}-\d{2}-\d{2}"
TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SLIDER = ("0", "100")  # bounds of a slider that declares none


@dataclass(frozen=True)
class Validation:
    """One validation type: the pattern of its texts, and whether they compare as numbers or as ISO text."""

    name: str
    pattern: re.Pattern[str]
    expected: str
    compares: Literal["number", "text", ""] = ""

    def value(self, text: str) -> Decimal | str | None:
        """What a text is compared as; None if it is no text of this type."""
        if not self.pattern.fullmatch(text) or (self.pattern.pattern.startswith(DATE) and not _is_date(text[:10])):
            return None
        if self.compares != "number":
            return text
        try:
            return Decimal(text.replace(",", "."))
        except InvalidOperation:
            return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _known() -> dict[str, Validation]:
    number: Literal["number"] = "number"
    rows: list[tuple[str, str, str, Literal["number", "text", ""]]] = [
        ("integer", r"[-+]?\d+", "a whole number", number),
        ("number", NUMBER, "a number with a decimal point", number),
        ("number_comma_decimal", r"[-+]?(?:\d+,?\d*|,\d+)", "a number with a decimal comma", number),
        ("time", TIME, "a time HH:MM", "text"),
        ("time_hh_mm_ss", TIME + r":[0-5]\d", "a time HH:MM:SS", "text"),
        ("time_mm_ss", r"[0-5]\d:[0-5]\d", "a time MM:SS", "text"),
        ("email", r"[^@\s]+@[^@\s]+\.[^@\s.]+", "an e-mail address", ""),
        ("phone", r"\+?(?:[\s().x/-]*\d){7,20}", "a telephone number", ""),
        ("zipcode", r"\d{5}(?:-\d{4})?", "a code of 5 or 5-4 digits", ""),
        ("ssn", r"\d{3}-\d{2}-\d{4}", "a number of 3-2-4 digits", ""),
        ("alpha_only", r"[A-Za-z]+", "letters only", ""),
    ]
    for places in range(1, 5):
        digits = f"with {places} decimal{'s' if places > 1 else ''}"
        rows.append((f"number_{places}dp", rf"[-+]?\d+\.\d{{{places}}}", f"a number {digits}", number))
        comma = f"a number {digits} and a comma"
        rows.append((f"number_{places}dp_comma_decimal", rf"[-+]?\d+,\d{{{places}}}", comma, number))
    for order in ("ymd", "mdy", "dmy"):
        rows.append((f"date_{order}", DATE, "a date YYYY-MM-DD", "text"))
        rows.append((f"datetime_{order}", f"{DATE} {TIME}", "a time YYYY-MM-DD HH:MM", "text"))
        seconds = rf"{DATE} {TIME}:[0-5]\d"
        rows.append((f"datetime_seconds_{order}", seconds, "a time YYYY-MM-DD HH:MM:SS", "text"))
    return {name: Validation(name, re.compile(p, re.ASCII), says, compares) for name, p, says, compares in rows}


VALIDATIONS = _known()
TIMESTAMP = Validation("survey timestamp", re.compile(rf"{DATE} {TIME}(?::[0-5]\d)?", re.ASCII), "a time", "text")


def validation_of(type_: str, name: str) -> Validation | None:
    """The validation of a field by its type and the dictionary's entry; None where any text may stand.

    Validation types that a site has added to its own REDCap are not known here: any text may stand.
    """
    if type_ == "slider":
        return VALIDATIONS["integer"]
    if type_ == "calc":
        return VALIDATIONS["number"]
    return VALIDATIONS.get(name) if type_ == "text" else None


def bound(validation: Validation | None, text: str) -> Decimal | str | None:
    """A bound of the dictionary; None where there is none, or one that depends on the day or another field.

    Raises ValueError for a text that is no value of the validation's type.
    """
    if not text or validation is None or text in MOVING or text.startswith("["):
        return None
    loose = VALIDATIONS["number"] if validation.compares == "number" else validation
    value = loose.value(text.replace(",", ".") if validation.compares == "number" else text)
    if value is None:
        raise ValueError(f"not {validation.expected}")
    return value

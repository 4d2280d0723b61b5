"""How numbers and dates are written in a column: decided from all its texts together, or not at all.

Nothing is guessed. A decimal comma, a mark between thousands or an order of day and month is taken only where
texts of the column settle it; where nothing does, the column is ambiguous and the plan has to say.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from omtrace.model.tables import Format

DAY_FIRST, MONTH_FIRST = "DMY", "MDY"
FEW = 0.05  # share of contradicting dates up to which the order of the others stands
# A date column takes the date of a time stamp.
TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?: ?[AaPp][Mm])?)?"
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}" + TIME)
NUMERIC_DATE = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})" + TIME)
# Names of months as programs abbreviate them in English, German, French, Italian, Spanish, Portuguese and Dutch.
MONTH_NAMES = (
    "jan januar january janvier janv gen gennaio ene enero janeiro januari jänner",
    "feb februar february février févr fév febbraio febrero fev fevereiro februari",
    "mar mär mrz märz march mars marzo março mrt maart",
    "apr april avril avr aprile abr abril",
    "may mai mag maggio mayo maio mei",
    "jun june juni juin giu giugno junio junho",
    "jul july juli juillet juil lug luglio julio julho",
    "aug august août aout ago agosto augustus",
    "sep sept september septembre set settembre septiembre setembro",
    "oct okt october oktober octobre ott ottobre octubre out outubro",
    "nov november novembre noviembre novembro",
    "dec dez dic december dezember décembre déc dicembre diciembre dezembro",
)
MONTHS = {name: number for number, names in enumerate(MONTH_NAMES, 1) for name in names.split()}
# 9-Jan-16, as Excel shows it
SHORT_YEAR = re.compile(rf"([0-9]{{1,2}})-({'|'.join(MONTHS)})-([0-9]{{2}})", re.IGNORECASE)
LAST_OF_2000 = 29  # Excel reads the years 00 to 29 as 2000 to 2029, and 30 to 99 as 1930 to 1999
COMMA = re.compile(r"[+-]?([0-9]+),([0-9]+)")
BOTH_COMMA = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+")  # 1.234,5
GROUPED_POINT = re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+")  # 1.234 and 1.234.567
BOTH_POINT = re.compile(r"[+-]?[0-9]{1,3}((,[0-9]{3})+\.[0-9]+|(,[0-9]{3}){2,})")  # 1,234.5 and 1,234,567


@dataclass(frozen=True)
class Doubt:
    """What is wrong with texts of a column: a rule, what was expected, and the texts."""

    rule: str
    expected: str
    texts: frozenset[str]


@dataclass(frozen=True)
class Style:
    """How a column's texts are read: ``decimal`` and ``thousands`` marks, order of a numeric ``date``.

    ``told`` is the decision in words, "" where the texts are written the usual way.
    """

    decimal: str = "."
    thousands: str = ""
    date: str = ""
    told: str = ""
    doubts: tuple[Doubt, ...] = ()


def number_style(
    other: Mapping[str, int], points: Mapping[str, int], total: int, declared: Format, whole: bool = False
) -> Style:
    """The marks of a column of numbers (``whole``: of whole numbers, whose commas can stand for thousands only).

    ``other``: distinct texts that are no plain number, ``points``: plain numbers with a point, both with their counts
    (no blanks, no missing-data codes); ``total``: cells of the column that hold something. A number such as 1.234
    speaks for neither mark: with decimal commas beside it, its point stands between thousands.
    """
    if declared.decimal or declared.thousands:
        decimal = declared.decimal or ("," if declared.thousands == "." else ".")
        says = f"decimal {_name(decimal)}" + (f", thousands {_name(declared.thousands)}" if declared.thousands else "")
        return Style(decimal, declared.thousands, told=f"{says} (by the plan)")
    split = {text: match for text in other if (match := COMMA.fullmatch(text))}
    unclear = {text for text, match in split.items() if len(match[2]) == 3 and len(match[1]) < 4 and match[1][0] != "0"}
    grouped = {text for text in {*other, *points} if GROUPED_POINT.fullmatch(text)}
    as_decimal = {text for text in other if BOTH_COMMA.fullmatch(text)} | (split.keys() - unclear)
    as_thousands = {text for text in other if BOTH_POINT.fullmatch(text)}
    clear = points.keys() - grouped
    commas = as_decimal | as_thousands | unclear
    if not commas:
        return Style()
    rows = {
        name: sum(other.get(text, 0) + points.get(text, 0) for text in texts)
        for name, texts in (("commas", as_decimal), ("points", clear))
    }
    if as_decimal and not as_thousands and not whole and rows["commas"] == rows["points"] > 0:
        readings = "as many decimal commas as points: the plan must say which mark it is"
        return Style(doubts=(Doubt("number_ambiguous", readings, frozenset(as_decimal | clear)),))
    if as_decimal and not as_thousands and not whole and rows["commas"] > rows["points"]:
        mixed = bool(grouped) or any("." in text for text in as_decimal)
        says = f"decimal comma{' and thousands point' if mixed else ''} (found)"
        doubts = (Doubt("decimal_mark", "a decimal comma, as in most of the column's cells", frozenset(clear)),)
        return Style(",", "." if mixed else "", told=says, doubts=doubts if clear else ())
    if (as_thousands or (whole and unclear)) and not as_decimal:
        return Style(".", ",", told="thousands comma (found)")
    if unclear and 2 * sum(other[text] for text in unclear) >= total and not clear and not as_decimal:
        readings = "a decimal comma reads 1,234 as 1.234, a thousands comma as 1234: the plan must say which it is"
        return Style(doubts=(Doubt("number_ambiguous", readings, frozenset(unclear)),))
    return Style(doubts=(Doubt("decimal_mark", "a decimal point", frozenset(commas)),))


def _name(mark: str) -> str:
    return {".": "point", ",": "comma", " ": "space", "'": "apostrophe"}[mark]


def date_style(counts: Mapping[str, int], declared: Format, dated: bool = False) -> Style:
    """The order of day and month in a column, from its distinct texts with their counts (no blanks, no codes).

    ``dated``: ISO texts may stand for dates that are no texts in the file; they are judged elsewhere.
    """
    found = {text: match for text in counts if (match := NUMERIC_DATE.fullmatch(text))}
    short = {text for text in counts if SHORT_YEAR.fullmatch(text)}
    if short and any(int(text.split("-")[0]) > 31 for text in short):
        expected = "a date with a year of four digits: the first of two numbers is a year in some cells"
        return Style(date=declared.date, doubts=(Doubt("date_mixed", expected, frozenset(short)),))
    centuries = f"years of two digits as Excel reads them: 00 to {LAST_OF_2000} in the century of 2000 (found)"
    if not found:
        return Style(date=declared.date, told=centuries if short else "")
    brief = {text: match for text, match in found.items() if len(match[4]) == 2}
    if brief and not declared.date and not _year_last(brief.values()):
        expected = (
            "years of four digits, or an order that the plan says (formats, date: DMY or MDY): a year may stand first"
        )
        return Style(doubts=(Doubt("date_mixed", expected, frozenset(brief)),))
    style = _numeric_order(counts, found, declared, dated)
    if len(brief) == len(found):  # such cells go, and the rows stay
        style = replace(style, doubts=tuple(replace(doubt, rule="date_mixed") for doubt in style.doubts))
    return replace(style, told=f"{style.told}; {centuries}") if brief and style.told else style


def _year_last(brief: Collection[re.Match[str]]) -> bool:
    """Whether of dates with three short numbers the last is the year: written with points, or as no year stands first.

    A number above 12 in the middle is a day, and no date has the day there with a year first; a first number of one
    digit, and a last one above 31, are no year and no day.
    """
    return all(match[2] == "." for match in brief) or any(
        int(match[3]) > 12 or len(match[1]) == 1 or int(match[4]) > 31 for match in brief
    )


def _numeric_order(
    counts: Mapping[str, int], found: Mapping[str, re.Match[str]], declared: Format, dated: bool
) -> Style:
    """The order of day and month of dates in numbers."""
    day_first = {text for text, match in found.items() if 12 < int(match[1]) <= 31 and int(match[3]) <= 12}
    month_first = {text for text, match in found.items() if 12 < int(match[3]) <= 31 and int(match[1]) <= 12}
    iso = set() if dated else {text for text in counts if ISO.fullmatch(text)}
    kinds = {"iso": iso, "found": found, DAY_FIRST: day_first, MONTH_FIRST: month_first}
    rows = {name: sum(counts[text] for text in texts) for name, texts in kinds.items()}
    if declared.date in (DAY_FIRST, MONTH_FIRST):
        wrong = month_first if declared.date == DAY_FIRST else day_first
        return _ordered(declared.date, f"{_words(declared.date)} (by the plan)", wrong, iso)
    if rows["iso"] > rows["found"] or declared.date:
        expected = "a date as YYYY-MM-DD, as in the column's other cells"
        return Style(doubts=(Doubt("date_mixed", expected, frozenset(found)),))
    for order, right, wrong in ((DAY_FIRST, day_first, month_first), (MONTH_FIRST, month_first, day_first)):
        if rows[order] and rows[_other(order)] <= FEW * rows[order]:
            says = f"{_words(order)} (found: {rows[order]} of {rows['found']} cells tell)"
            return _ordered(order, says, wrong if right else set(), iso)
    if not day_first and not month_first and all(int(match[1]) == int(match[3]) for match in found.values()):
        return _ordered(DAY_FIRST, "day and month are equal in every cell", set(), iso)
    expected = "an order of day and month that the column settles, or the plan says: " + _both_readings(found)
    return Style(doubts=(Doubt("date_ambiguous", expected, frozenset(found)),))


def _ordered(order: str, says: str, wrong: set[str], iso: set[str]) -> Style:
    expected = f"a date with the {'day' if order == DAY_FIRST else 'month'} first, as in the column's other cells"
    doubts = (Doubt("date_mixed", expected, frozenset(wrong | iso)),) if wrong or iso else ()
    return Style(date=order, told=says, doubts=doubts)


def _other(order: str) -> str:
    return MONTH_FIRST if order == DAY_FIRST else DAY_FIRST


def _words(order: str) -> str:
    return "day before month" if order == DAY_FIRST else "month before day"


def _both_readings(found: Mapping[str, re.Match]) -> str:
    """An example that is nobody's date, in the column's own marks, read both ways."""
    mark = next(iter(found.values()))[2]
    return f"03{mark}04{mark}2023 is 2023-04-03 with the day first and 2023-03-04 with the month first"

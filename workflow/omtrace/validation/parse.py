"""From distinct texts (an Arrow array) to typed values: a text is parsed once, however many rows hold it."""

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from omtrace.validation.formats import ISO, LAST_OF_2000, MONTHS, NUMERIC_DATE, SHORT_YEAR, Style

if TYPE_CHECKING:
    import numpy
    import pyarrow

INTEGER = r"^[+-]?[0-9]{1,15}(\.0{1,2})?$"  # 40.0 is what R and pandas write; 1.000 may be a thousand
WHOLE = r"\.0+$"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
YEAR_FIRST = re.compile(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})")
NAMED = re.compile(r"([0-9]{1,2})[. -]{1,2}([^\W\d_]{3,10})[. -]{1,2}([0-9]{4})")
YEARS = (1678, 2261)  # what a datetime64[ns] holds
EXPECTED = {"integer": "a whole number", "number": "a number", "date": "a date as YYYY-MM-DD", "text": "text"}
NO_SUCH_DAY = "a day of the calendar: the month of this date has no such day"


class Typed(NamedTuple):
    """Values of distinct texts (n,), and the mask of those texts that are of the type."""

    values: "numpy.ndarray | pyarrow.Array"
    fits: "numpy.ndarray"


def integers(texts: "pyarrow.Array", style: Style) -> Typed:
    """Whole numbers (int64, 0 where it is none) and the mask of those that are."""
    import pyarrow

    values = _cast(texts, style, INTEGER, pyarrow.int64())
    return Typed(values.fill_null(0).to_numpy(), values.is_valid().to_numpy(zero_copy_only=False))


def numbers(texts: "pyarrow.Array", style: Style) -> Typed:
    """Numbers (float64, NaN where it is none) and the mask of those that are. Infinity is none."""
    import numpy
    import pyarrow

    values = _cast(texts, style, NUMBER, pyarrow.float64()).to_numpy(zero_copy_only=False).astype("float64")
    good = numpy.isfinite(values)
    return Typed(numpy.where(good, values, numpy.nan), good)


def plain(texts: "pyarrow.Array") -> "numpy.ndarray":
    """The mask of the texts that are numbers with a decimal point, or none, and no marks between thousands."""
    import pyarrow.compute as compute

    fits = compute.match_substring_regex(texts, NUMBER)
    return fits.to_numpy(zero_copy_only=False)


def _cast(texts: "pyarrow.Array", style: Style, pattern: str, kind: "pyarrow.DataType") -> "pyarrow.Array":
    """An Arrow array of numbers, null where a text does not fit the pattern."""
    import pyarrow
    import pyarrow.compute as compute

    usual = style.decimal == "." and not style.thousands
    cells = texts if usual else pyarrow.array([_plain(t, style) for t in texts.to_pylist()], type=pyarrow.string())
    cells = compute.if_else(compute.match_substring_regex(cells, pattern), cells, None)
    # Arrow takes no leading plus, and Python takes more than a number, so the pattern comes first.
    cells = compute.utf8_ltrim(cells, characters="+")
    return compute.cast(compute.replace_substring_regex(cells, WHOLE, "") if pattern == INTEGER else cells, kind)


def dates(texts: "pyarrow.Array", style: Style) -> Typed:
    """Dates (datetime64[ns], NaT where it is none) and the mask of those that are."""
    import numpy

    values = numpy.array([_iso(text, style.date) for text in texts.to_pylist()], dtype="datetime64[D]")
    return Typed(values.astype("datetime64[ns]"), ~numpy.isnat(values))


def _plain(text: str, style: Style) -> str:
    """A number with a decimal point and no marks between thousands; "" where its marks do not fit."""
    if style.thousands == " ":
        text = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")
    if style.thousands and style.thousands in text:
        mark, whole = re.escape(style.thousands), text.partition(style.decimal)[0]
        if not re.fullmatch(rf"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+", whole):
            return ""
        text = whole.replace(style.thousands, "") + text[len(whole) :]
    if style.decimal == ",":
        return "" if "." in text else text.replace(",", ".", 1)
    return text


def no_such_day(texts: "pyarrow.Array", style: Style) -> "numpy.ndarray":
    """The mask of the texts that name a day which their month does not have, such as 2024-04-31."""
    import numpy

    found = (_parts(text, style.date) for text in texts.to_pylist())
    return numpy.array(
        [bool(p) and 1 <= int(p[1]) <= 12 and 28 < int(p[2]) <= 31 and not _valid(*p) for p in found], bool
    )


def _iso(text: str, order: str) -> str:
    """A date as YYYY-MM-DD; "" where it is none, or of a year that a date of pandas cannot have."""
    parts = _parts(text, order)
    return _valid(*parts) if parts else ""


def _parts(text: str, order: str) -> tuple[str, ...]:
    """Year, month and day of a text as they are written; none of a text that is written in no such way."""
    if ISO.fullmatch(text):
        return tuple(text[:10].split("-"))
    if match := NUMERIC_DATE.fullmatch(text):
        year = _century(match[4])
        return {"DMY": (year, match[3], match[1]), "MDY": (year, match[1], match[3])}.get(order, ())
    if match := YEAR_FIRST.fullmatch(text):
        return match.groups()
    if (match := NAMED.fullmatch(text)) and match[2].lower() in MONTHS:
        return match[3], _month(match[2]), match[1]
    if match := SHORT_YEAR.fullmatch(text):
        return _century(match[3]), _month(match[2]), match[1]
    return ()


def _century(year: str) -> str:
    """A year of two digits in the century in which Excel reads it."""
    return year if len(year) > 2 else ("20" if int(year) <= LAST_OF_2000 else "19") + year


def _month(name: str) -> str:
    return str(MONTHS[name.lower()])


def _valid(year: str, month: str, day: str) -> str:
    try:
        valid = date(int(year), int(month), int(day))
    except ValueError:
        return ""
    return valid.isoformat() if YEARS[0] <= valid.year <= YEARS[1] else ""

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
NAMED = re.compile(r"([0-9]{1,2})[. -]{1,2}([A-Za-z]{3})[A-Za-z]*[. -]{1,2}([0-9]{4})")
YEARS = (1678, 2261)  # what a datetime64[ns] holds
EXPECTED = {"integer": "a whole number", "number": "a number", "date": "a date as YYYY-MM-DD", "text": "text"}


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


def _iso(text: str, order: str) -> str:
    """A date as YYYY-MM-DD; "" where it is none, or of a year that a date of pandas cannot have."""
    if ISO.fullmatch(text):
        return _valid(*text[:10].split("-"))
    if match := NUMERIC_DATE.fullmatch(text):
        if order == "DMY":
            return _valid(match[4], match[3], match[1])
        return _valid(match[4], match[1], match[3]) if order == "MDY" else ""
    if match := YEAR_FIRST.fullmatch(text):
        return _valid(match[1], match[2], match[3])
    if (match := NAMED.fullmatch(text)) and match[2].lower() in MONTHS:
        return _valid(match[3], _month(match[2]), match[1])
    if match := SHORT_YEAR.fullmatch(text):
        return _valid(("20" if int(match[3]) <= LAST_OF_2000 else "19") + match[3], _month(match[2]), match[1])
    return ""


def _month(name: str) -> str:
    return str(MONTHS.index(name.lower()) + 1)


def _valid(year: str, month: str, day: str) -> str:
    try:
        valid = date(int(year), int(month), int(day))
    except ValueError:
        return ""
    return valid.isoformat() if YEARS[0] <= valid.year <= YEARS[1] else ""

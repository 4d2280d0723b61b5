"""From text cells to typed columns: whole columns at once, each bad cell a finding."""

import re
from datetime import date
from typing import TYPE_CHECKING

from omtrace.schemas import Column

if TYPE_CHECKING:
    import pandas

PATTERNS = {
    "integer": re.compile(r"[+-]?[0-9]{1,15}"),
    "number": re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"),
}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # fromisoformat alone takes week dates as well
EXPECTED = {"integer": "a whole number", "number": "a number", "date": "a date as YYYY-MM-DD", "text": "text"}


def _is_date(text: str) -> bool:
    try:
        return bool(DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def parse(cells: "pandas.Series", column: Column) -> "tuple[pandas.Series, pandas.Series]":
    """A text column as its type, and a mask of the cells that are not of it.

    ``cells``: str, "" = nothing there. Integers come back as Int64, numbers as float64, text and
    dates (ISO) as str with missing values; a cell that is not of the type comes back missing.
    """
    import pandas

    blank = cells == ""
    if column.kind == "text":
        return cells.mask(blank), pandas.Series(False, index=cells.index)
    if column.kind == "date":
        fits = cells.map(_is_date).astype(bool)
        return cells.where(fits), ~fits & ~blank
    fits = cells.str.fullmatch(PATTERNS[column.kind])
    numbers = pandas.to_numeric(cells.where(fits), errors="coerce")
    fits &= numbers.abs() < float("inf")  # 1e999 has the form of a number, but is none here
    numbers = numbers.where(fits)
    typed = numbers.astype("Int64") if column.kind == "integer" else numbers.astype("float64")
    return typed, ~fits & ~blank

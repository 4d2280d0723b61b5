"""Places and keys: how a raw cell is named from the first step to the last.

A place is where a reader found a row (or a single cell) in a raw export. Its key is
``register number * 2**32 + ordinal of the place in the file``: an integer in Parquet, the text
``number:ordinal`` everywhere else (a float with ten digits would destroy the integer).
Register numbers are given once and never reused, so a key never changes its meaning.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

SHIFT = 32
LIMIT = 1 << SHIFT


@dataclass(frozen=True)
class Place:
    """Where one row, or one cell, stands in an export. Lines and rows count from 1.

    ``part`` is the sheet, the plate and read, or the file member ("" for a plain text file);
    ``column`` names the column or well when the place is a single cell, else "".
    """

    ordinal: int
    first_line: int
    last_line: int
    part: str = ""
    column: str = ""


def key_of(number: int, ordinal: int) -> int:
    """The key of a place: register number and ordinal (both from 1) in one integer."""
    if not (0 < number < LIMIT >> 1 and 0 < ordinal < LIMIT):
        raise ValueError(f"no key for register number {number}, ordinal {ordinal}")
    return (number << SHIFT) + ordinal


def number_of(key: int) -> int:
    """The register number in a key."""
    return key >> SHIFT


def ordinal_of(key: int) -> int:
    """The ordinal of the place in a key."""
    return key & (LIMIT - 1)


def key_text(key: int) -> str:
    """A key as people and CSV see it: ``number:ordinal``."""
    return f"{number_of(key)}:{ordinal_of(key)}"


def parse_key(text: str) -> int:
    """The key that ``key_text`` wrote. Raises ValueError for anything else."""
    number, _, ordinal = text.partition(":")
    key = key_of(int(number), int(ordinal))
    if key_text(key) != text:  # signs, blanks, leading zeros, other digits than ASCII
        raise ValueError(f"not a key: {text!r}")
    return key


def digest_of(lines: Iterable[str], size: int = 16) -> str:
    """Hex sha256, cut to ``size`` digits, of lines joined by line feeds (order matters)."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:size]

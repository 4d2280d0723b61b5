"""Readers: raw bytes to text cells with places. A reader knows how bytes look, not what they mean.

Each module declares ``READER``; the plan names it by module name. ``read`` gets the file's bytes and
checked options and returns an ``Extract``; a file that cannot be read at all raises ``Fault``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.keys import Place
from omtrace.study.plan import NAME, Closed, checked, nearest


@dataclass(frozen=True)
class RowFault:
    """A row that cannot be taken over as a row of cells (wrong width, malformed quoting, ...)."""

    place: Place
    rule: str
    message: str


@dataclass(frozen=True)
class Extract:
    """One part of an export as text.

    ``rows`` and ``places`` run in parallel; each row has one text per column, "" where the file has
    nothing. ``decisions`` says what the reader settled on (encoding, delimiter, line ends, ...).
    """

    columns: tuple[str, ...]
    rows: list[list[str]]
    places: list[Place]
    decisions: dict[str, str] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """A reader: the model of its options and the function that reads."""

    options: type[Closed]
    read: Callable[[bytes, Any], Extract]


def reader_of(name: str) -> Reader:
    """The reader that module ``sources/<name>.py`` declares. Raises Fault for an unknown name."""
    return plugin("sources", name, "READER")


def plugin(part: str, name: str, declares: str) -> Any:
    """The object that a module of a part declares. Raises Fault, with the nearest name, if there is none."""
    folder = Path(__file__).parent.parent / part
    known = sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))
    module = import_module(f"omtrace.{part}.{name}") if NAME.match(name) and name in known else None
    if not hasattr(module, declares):
        raise Fault(f"there is no {declares.lower()} {name!r} in {part}/{nearest(name, known)}")
    return getattr(module, declares)


def options_of(reader: Reader, options: dict, where: str) -> Any:
    """The options of a table as the reader's own model. Raises Fault for unknown keys or wrong values."""
    return checked(reader.options, options, where)

"""Modules that are found by being there: readers, schemas, instruments, crosschecks, derivations, methods, figures."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from omtrace.faults import Fault, nearest

PACKAGE = Path(__file__).parent


def declared(part: str) -> Iterator[str]:
    """The names of the modules of a part that declare something, sorted. ``part``: dotted, below the package."""
    folder = PACKAGE.joinpath(*part.split("."))
    yield from sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


@cache
def plugin(part: str, name: str, declares: str) -> Any:
    """The object that a module of a part declares. Raises Fault, with the nearest name, if there is none."""
    known = list(declared(part))
    module = import_module(f"omtrace.{part}.{name}") if name in known else None
    if not hasattr(module, declares):
        raise Fault(f"there is no {declares.lower()} {name!r} in {part.replace('.', '/')}/{nearest(name, known)}")
    return getattr(module, declares)

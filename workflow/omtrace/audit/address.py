"""Addresses of numbers, ``RESULT#ID``: which study, which result, which of its numbers."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.model.estimate import Estimate, read_estimates
from omtrace.provenance.recorded import RESULTS
from omtrace.store import read_json

ESTIMATES = "estimates.csv"
IDENTIFIER = re.compile(r"(?<![0-9a-z])[0-9a-f]{12}(?![0-9a-z])")
PREFIX = re.compile(r"^[0-9a-f]{1,12}$")
NAMING = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")
LABELLED = re.compile(r"\{\w+:([^{}]*)\}")  # in a level, what the plan has a label for
FIGURE_SUFFIXES = (".svg", ".png")


@dataclass(frozen=True)
class Address:
    """What was asked for: a study, a file below its folder ("" = all of it), and the rows of its numbers."""

    study: str
    result: str
    numbers: list[Estimate]


class Resolved(NamedTuple):
    """An address, and the one number that it names; None where it names a whole result."""

    address: Address
    number: Estimate | None


class ResultPath(NamedTuple):
    """A study, and a file below its folder; "" = all of it."""

    study: str
    result: str


def name_of(number: Estimate) -> str:
    """The name of a number: the parts of its identity that are not empty."""
    return " · ".join(LABELLED.sub(r"\1", number[part]) for part in NAMING if number[part])


def resolve(text: str, root: str | Path = ".") -> Resolved:
    """What a text names: a result, or one of its numbers.

    Raises Fault, with the nearest that there is, when study, result or number is unknown or ambiguous.
    """
    result, mark, identifier = text.partition("#")
    there = studies_there(root)
    if not there:
        raise Fault("there are no results yet; run snakemake")
    if not mark and result not in there and PREFIX.match(result):
        result, identifier = "", result
    places = [_path_of(result, there, root)] if result else [ResultPath(study, "") for study in there]
    if result and not mark:
        return Resolved(_address(*places[0], root), None)
    return _number_at(places, identifier, root)


def _number_at(places: list[ResultPath], identifier: str, root: str | Path) -> Resolved:
    """The one number whose id begins so, among the results at these places."""
    begun = [_address(*place, root, identifier) for place in places] if identifier else []
    hits = [(a, n) for a in begun for n in a.numbers if n.id.startswith(identifier)]
    where = " ".join(places[0]).strip() if len(places) == 1 else "any study"
    if len(hits) == 1:
        return Resolved(*hits[0])
    if hits:
        lines = [f"  {number.id}  {address.study}: {name_of(number)}" for address, number in hits[:10]]
        more = [f"  and {len(hits) - 10} more"] if len(hits) > 10 else []
        raise Fault(f"{identifier!r} begins {len(hits)} ids in {where}:", *lines, *more)
    from difflib import get_close_matches

    addresses = [_address(*place, root) for place in places]
    known = {number.id: f"{address.study}: {name_of(number)}" for address in addresses for number in address.numbers}
    close = get_close_matches(identifier, list(known), 3, 0.3)
    hint = ["the nearest are:", *(f"  {number}  {known[number]}" for number in close)] if close else []
    raise Fault(f"there is no number {identifier!r} in {where}", *hint)


def studies_there(root: str | Path = ".") -> list[str]:
    """The studies that have estimates."""
    return sorted(path.parent.name for path in (Path(root) / RESULTS).glob(f"*/{ESTIMATES}"))


def _path_of(text: str, there: list[str], root: str | Path) -> ResultPath:
    """Study and file below its folder, of a path as people type it."""
    path = Path(text)
    if path.is_absolute():
        base = Path(root).resolve()
        if not path.resolve().is_relative_to(base):
            raise Fault(f"{text}: not below {RESULTS.as_posix()}/")
        path = path.resolve().relative_to(base)
    parts = [part for part in path.parts if part != "."]
    if parts[:1] == [RESULTS.name]:
        parts = parts[1:]
    if parts and parts[0] in there:
        study, result = parts[0], "/".join(parts[1:])
        if not result or (_is_clean(parts) and (Path(root) / RESULTS / study / result).is_file()):
            return ResultPath(study, result)
        raise Fault(f"{study} has no result {result}{_hint(result, results_of(study, root))}")
    owners = [s for s in there if parts and _is_clean(parts) and (Path(root) / RESULTS / s).joinpath(*parts).is_file()]
    if len(owners) == 1:
        return ResultPath(owners[0], "/".join(parts))
    if owners:
        raise Fault(f"{text}: {', '.join(owners)} have it; write {RESULTS.as_posix()}/<study>/{text}")
    known = there + [f"{s}/{result}" for s in there for result in results_of(s, root)]
    raise Fault(f"there is no study or result {text}{_hint(text, known)}; studies: {', '.join(there)}")


def _is_clean(parts: list[str]) -> bool:
    return ".." not in parts


def _hint(text: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(text, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def results_of(study: str, root: str | Path = ".") -> list[str]:
    """The files of a study that show numbers: estimates, report, tables, figures."""
    folder = Path(root) / RESULTS / study
    kinds = (".csv", ".html", *FIGURE_SUFFIXES)
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix in kinds)


def _address(study: str, result: str, root: str | Path, begins: str = "") -> Address:
    """The numbers of a result, in the order of the estimates; none for a file that names none.

    ``begins``: only those whose id begins so.
    """
    folder = Path(root) / RESULTS / study
    numbers = estimates(study, root, begins)
    if result in ("", ESTIMATES):
        return Address(study, result, numbers)
    path = folder / result
    shown = _in_figure(path, folder) if path.suffix in FIGURE_SUFFIXES else _in_text(path)
    named_numbers = [number for number in numbers if number.id in shown]
    return Address(study, result, named_numbers)


def _in_text(path: Path) -> set[str]:
    return set(IDENTIFIER.findall(path.read_bytes().decode("utf-8", "replace")))


def _in_figure(path: Path, folder: Path) -> set[str]:
    """The ids that ``figures/index.json`` gives for a figure."""
    index = path.parent / "index.json"
    try:
        return {number for entry in read_json(index) if entry["name"] == path.stem for number in entry["numbers"]}
    except (OSError, ValueError, KeyError, TypeError):
        where = index.relative_to(folder.parent.parent).as_posix()
        raise Fault(f"{where}: does not say which numbers {path.name} shows; run snakemake again") from None


def estimates(study: str, root: str | Path = ".", begins: str = "") -> list[Estimate]:
    """The estimates of a study; ``begins``: only those whose id, which comes first, begins so.

    Raises Fault when they are not what the run wrote.
    """
    where = f"{RESULTS.as_posix()}/{study}/{ESTIMATES}"
    try:
        return read_estimates(Path(root) / where, begins)
    except (OSError, ValueError) as error:
        raise Fault(f"{where}: not readable ({type(error).__name__}); run snakemake again") from None

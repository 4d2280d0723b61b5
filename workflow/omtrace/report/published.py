"""Printed numbers of a publication beside ours: printed, ours, difference, and whether ours rounds to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from omtrace.analyses._shown import shown
from omtrace.faults import Fault, nearest
from omtrace.model.plan import Plan
from omtrace.model.published import Denominator, NumberName, PrintedNumbers, agrees, decimals
from omtrace.store import number_text

Number = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """One printed number beside ours.

    ``value`` is ours on the printed scale, with one digit more than printed; ``numbers`` are the stored numbers that
    it is made of.
    """

    what: str
    printed: str
    value: str
    difference: str
    agrees: bool
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Block:
    """Numbers printed together."""

    where: str
    rows: list[Compared]
    why: str


@dataclass(frozen=True)
class Comparison:
    """A publication with its numbers beside ours."""

    source: str
    blocks: list[Block]

    @property
    def count(self) -> int:
        """How many printed numbers are compared."""
        return sum(len(block.rows) for block in self.blocks)

    @property
    def agreeing(self) -> int:
        """How many of ours round to the printed ones."""
        return sum(row.agrees for block in self.blocks for row in block.rows)


def comparisons_of(plan: Plan, numbers: Mapping[str, Number]) -> list[Comparison]:
    """The publications of a plan beside its numbers (id -> number, as the page shows them).

    Raises Fault where the names of a printed number single out none of ours, or several.
    """
    of_analysis: dict[str, list[Number]] = {}
    for number in numbers.values():
        of_analysis.setdefault(number["analysis"], []).append(number)
    comparisons, faults = [], []
    for place, publication in enumerate(plan.published):
        blocks = []
        for row, entry in enumerate(publication.numbers):
            try:
                rows = list(_rows(entry, of_analysis, f"published.{place}.numbers.{row}"))
                blocks.append(Block(entry.where, rows, entry.why))
            except Fault as fault:
                faults.append(str(fault))
        comparisons.append(Comparison(publication.source, blocks))
    if faults:
        raise Fault("\n".join(faults))
    return comparisons


def _rows(entry: PrintedNumbers, of_analysis: Mapping[str, list[Number]], where: str) -> Iterator[Compared]:
    below = _number(entry.over, entry.over.statistic, of_analysis, where + ".over") if entry.over else None
    for statistic, printed in entry.printed.items():
        number = _number(entry, statistic, of_analysis, where)
        ours = entry.times * (float(number["value"]) + entry.plus) / (float(below["value"]) if below else 1.0)
        digits = decimals(printed)
        bound = printed[0] in "<>"
        apart = "" if bound else _signed(ours - float(printed.replace("\N{MINUS SIGN}", "-")), digits + 1)
        yield Compared(
            number["labels"]["statistic"],
            printed.replace("-", "\u2212"),
            _shown(ours, digits + 1),
            apart,
            agrees(printed, ours),
            (number, below) if below else (number,),
        )


def _shown(value: float, digits: int) -> str:
    return shown(number_text(value), digits, "difference")


def _signed(value: float, digits: int) -> str:
    size = _shown(abs(value), digits)
    return size if float(size) == 0 else ("\N{MINUS SIGN}" if value < 0 else "+") + size


def _number(
    name: NumberName | Denominator, statistic: str, of_analysis: Mapping[str, list[Number]], where: str
) -> Number:
    mine = of_analysis.get(name.analysis, [])
    wanted = {part: getattr(name, part) for part in ("parameter", "visit", "group", "level") if getattr(name, part)}
    fitting = [
        number
        for number in mine
        if number["statistic"] == statistic and all(number[part] == text for part, text in wanted.items())
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        differ = [p for p in ("parameter", "visit", "group", "level") if len({n[p] for n in fitting}) > 1]
        raise Fault(
            f"{where}: {len(fitting)} numbers of {name.analysis} fit; name the {' and the '.join(differ)} as well"
        )
    for part, text in {"statistic": statistic, **wanted}.items():
        known = sorted({number[part] for number in mine})
        if text not in known:
            raise Fault(f"{where}: analysis {name.analysis} has no {part} {text!r}{nearest(text, known)}")
    raise Fault(f"{where}: analysis {name.analysis} has no {statistic} for {', '.join(wanted.values())}")

"""Printed numbers of a publication beside ours, and beside each other: do they round to ours, do they fit together?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.analyses._shown import shown
from omtrace.faults import Fault, nearest
from omtrace.model.estimate import Estimate
from omtrace.model.plan import Plan
from omtrace.model.published import (
    Denominator,
    NumberName,
    PrintedMean,
    PrintedNumbers,
    PrintedTest,
    agrees,
    decimals,
)
from omtrace.store import number_text

if TYPE_CHECKING:
    from omtrace.statistics.basic.reported import Interval

SYMBOLS = {"f": "F", "eta_squared": "partial η²", "p": "p"}


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
    numbers: tuple[Estimate, ...]


@dataclass(frozen=True)
class Block:
    """Numbers printed together."""

    where: str
    rows: list[Compared]
    why: str


@dataclass(frozen=True)
class Consistency:
    """One printed test for some error degrees of freedom, or one printed mean, held against itself."""

    what: str
    recomputed: str
    agrees: bool


@dataclass(frozen=True)
class ConsistencyBlock:
    """What is printed in one place, and how it fits together."""

    where: str
    printed: str
    rows: list[Consistency]
    remark: str


@dataclass(frozen=True)
class Comparison:
    """A publication with its numbers beside ours, and beside each other."""

    source: str
    blocks: list[Block]
    tests: list[ConsistencyBlock]
    means: list[ConsistencyBlock]

    @property
    def count(self) -> int:
        """How many printed numbers are compared."""
        return sum(len(block.rows) for block in self.blocks)

    @property
    def agreeing(self) -> int:
        """How many of ours round to the printed ones."""
        return sum(row.agrees for block in self.blocks for row in block.rows)


def comparisons_of(plan: Plan, numbers: Mapping[str, Estimate]) -> list[Comparison]:
    """The publications of a plan beside its numbers (id -> number, as the page shows them).

    Raises Fault where the names of a printed number single out none of ours, or several.
    """
    of_analysis: dict[str, list[Estimate]] = {}
    for number in numbers.values():
        of_analysis.setdefault(number.analysis, []).append(number)
    comparisons, faults = [], []
    for place, publication in enumerate(plan.published):
        blocks = []
        for row, entry in enumerate(publication.numbers):
            try:
                rows = list(_rows(entry, of_analysis, f"published.{place}.numbers.{row}"))
                blocks.append(Block(entry.where, rows, entry.why))
            except Fault as fault:
                faults.append(str(fault))
        tests = [_test_block(test) for test in publication.tests]
        comparisons.append(Comparison(publication.source, blocks, tests, [_mean_block(m) for m in publication.means]))
    if faults:
        raise Fault("\n".join(faults))
    return comparisons


def _test_block(test: PrintedTest) -> ConsistencyBlock:
    from omtrace.statistics.basic.reported import fitting_error_df, recomputed

    rows = []
    for text, analysis in test.error_df.items():
        found = recomputed(test.printed, test.df_1, int(text))
        parts = [
            f"from {SYMBOLS[kind]}: F {_range(found.f_of[kind], 2)}, p {_range(p, 3)}" for kind, p in found.p_of.items()
        ]
        rows.append(Consistency(f"{text} error df: {analysis}", "; ".join(parts), found.agrees))
    printed = ", ".join(f"{SYMBOLS[kind]} {_equal(text)}" for kind, text in test.printed.items())
    fitting = fitting_error_df(test.printed, test.df_1)
    if fitting.is_empty:
        says = "No error degrees of freedom make them fit."
    elif math.isinf(fitting.high):
        says = f"They fit from {fitting.low:g} error degrees of freedom on."
    else:
        says = f"They fit at {fitting.low:g} to {fitting.high:g} error degrees of freedom."
    return ConsistencyBlock(test.where, printed, rows, f"{says} {test.why}".strip())


def _mean_block(mean: PrintedMean) -> ConsistencyBlock:
    from omtrace.statistics.basic.reported import is_on_scale, is_possible_mean

    low, high = mean.scale
    parts = mean.n * mean.items
    rows = [
        Consistency(
            f"as {mean.as_what}, {low:g} to {high:g}",
            "between the ends of the scale",
            is_on_scale(mean.mean, low, high),
        ),
        Consistency(
            f"n = {mean.n}" + (f", {mean.items} items" if mean.items > 1 else ""),
            f"a whole number over {parts} rounds to it (GRIM)",
            is_possible_mean(mean.mean, mean.n, mean.items),
        ),
    ]
    return ConsistencyBlock(mean.where, f"mean {mean.mean}", rows, mean.why)


def _range(interval: "Interval", digits: int) -> str:
    """An interval in words; one number where both ends are shown alike."""
    low, high = (_shown(value, digits) for value in (interval.low, interval.high))
    return low if low == high else f"{low} to {high}"


def _equal(printed: str) -> str:
    return printed if printed[0] in "<>" else f"= {printed}"


def _rows(entry: PrintedNumbers, of_analysis: Mapping[str, list[Estimate]], where: str) -> Iterator[Compared]:
    below = _number(entry.over, entry.over.statistic, of_analysis, where + ".over") if entry.over else None
    for statistic, printed in entry.printed.items():
        number = _number(entry, statistic, of_analysis, where)
        if not number.text or (below and not below.text):
            continue  # held back
        ours = entry.times * (number.value + entry.plus) / (below.value if below else 1.0)
        digits = decimals(printed)
        bound = printed[0] in "<>"
        apart = "" if bound else _signed(ours - float(printed.replace("\N{MINUS SIGN}", "-")), digits + 1)
        yield Compared(
            number.labels["statistic"],
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
    name: NumberName | Denominator, statistic: str, of_analysis: Mapping[str, list[Estimate]], where: str
) -> Estimate:
    mine = of_analysis.get(name.analysis, [])
    wanted = {part: getattr(name, part) for part in ("parameter", "visit", "group", "level") if getattr(name, part)}
    fitting = [
        number
        for number in mine
        if number.statistic == statistic and all(number[part] == text for part, text in wanted.items())
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

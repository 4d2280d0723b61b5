"""The order of the page: figures beside their analyses, tables and figures numbered, what is folded, captions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from omtrace.analyses._shown import plural, reason_shown
from omtrace.model.plan import Plan
from omtrace.report.answers import questions_of

Payload = Mapping[str, list | dict]
OPEN = ("primary", "safety")  # roles whose analyses are not folded
MOST = 4  # reasons that a caption names


class Captions(Protocol):
    """What says in a caption who stands behind numbers."""

    def caption(self, numbers: Iterable[str], unit: str) -> str:
        """Units used and left out, in words; "" for nothing."""


@dataclass(frozen=True)
class Exclusions:
    """Who stands behind numbers, from the payload of the page: units used, and those left out with their reasons."""

    payload: Payload

    def caption(self, numbers: Iterable[str], unit: str) -> str:
        """How many units were used and left out, of the largest row set among numbers; "" where there is none.

        Where no row set holds all units, as of numbers of one group each, or where the largest leaves nobody out, all
        row sets are counted together: a unit that one of them uses and another leaves out is left out in part.
        """
        ids = {self.payload["numbers"][number][10] for number in numbers}  # type: ignore[call-overload]
        if not ids:
            return ""
        held = {rowset: self._units(rowset) for rowset in ids if rowset not in self.payload.get("more", {})}
        counts = {rowset: held[rowset].counts if rowset in held else self._counts(rowset) for rowset in ids}
        largest = max(ids, key=lambda rowset: (counts[rowset].whole, counts[rowset].used, -rowset))
        used, left, whole = counts[largest].used, counts[largest].left, counts[largest].whole
        partly: dict[str, int] = {}
        there = {unit for units in held.values() for some in (units.used, *units.left.values()) for unit in some}
        if len(there) > whole or (not left and len(held) == len(ids)):  # of some row sets the page holds counts alone
            somewhere = {unit for units in held.values() for unit in units.used}
            used, whole, out_of = len(somewhere), len(there), dict[str, set[int]]()
            for reason, units in (pair for each in held.values() for pair in each.left.items()):
                out_of.setdefault(reason, set()).update(units)
            left = {reason: len(units - somewhere) for reason, units in out_of.items() if units - somewhere}
            partly = {reason: len(units & somewhere) for reason, units in out_of.items() if units & somewhere}
        what = plural(unit) if whole != 1 else unit
        parts = [f"{used} of {whole} {what}" if left else f"{used} {what}"]
        parts += [f"left out: {_ranked(left)}"] if left else []
        parts += [f"left out in part: {_ranked(partly)}"] if partly else []
        return "; ".join(parts) if parts[1:] else f"{parts[0]}, none left out"

    def _counts(self, rowset: int) -> "Counts":
        """How many units were used and left out of a row set of which the page holds counts alone."""
        strings = self.payload["strings"]
        count, pairs, *_ = self.payload["more"][rowset]  # type: ignore[call-overload]
        return Counts(count, {strings[pairs[i]]: pairs[i + 1] for i in range(0, len(pairs), 2)})

    def _units(self, rowset: int) -> "Units":
        """The units used, and those left out by reason, of a row set that the page holds."""
        used: set[int] = set()
        left: dict[str, set[int]] = {}
        unit = self.payload["records"]["unit"]  # type: ignore[call-overload]
        for _, reason, *runs in self.payload["rowsets"][rowset]:
            units = used if not reason else left.setdefault(self.payload["strings"][reason], set())
            start = 0
            for gap, length in zip(runs[::2], runs[1::2], strict=True):
                start += gap
                units.update(unit[start : start + length])
                start += length
        return Units(used, left)


@dataclass(frozen=True)
class Counts:
    """How many units a row set uses, and how many it leaves out by reason."""

    used: int
    left: Mapping[str, int]

    @property
    def whole(self) -> int:
        """All of them."""
        return self.used + sum(self.left.values())


@dataclass(frozen=True)
class Units:
    """The units that a row set uses, and those that it leaves out by reason."""

    used: set[int]
    left: Mapping[str, set[int]]

    @property
    def counts(self) -> Counts:
        """How many they are."""
        return Counts(len(self.used), {reason: len(units) for reason, units in self.left.items()})


def _ranked(left: Mapping[str, int]) -> str:
    """Reasons with their counts, the most frequent first."""
    ranked = sorted(left.items(), key=lambda one: (-one[1], one[0]))
    rest = sum(count for _, count in ranked[MOST:])
    reasons = [f"{count} {reason_shown(reason)}" for reason, count in ranked[:MOST]]
    return ", ".join([*reasons, *([f"{rest} for other reasons"] if rest else [])])


def numbered(groups: Sequence[dict]) -> list[dict]:
    """The sections of groups in order, their tables numbered and titled: on the page and in every exported file.

    A section's number is its place; its tables have letters where there are several.
    """
    sections = [section for group in groups for section in group["sections"]]
    for at, section in enumerate(sections, 1):
        for index, table in enumerate(section["tables"]):
            table["number"] = f"{at}{_letter(index) if len(section['tables']) > 1 else ''}"
            what = table["what"] if len(section["tables"]) > 1 else ""
            title = f"{section['title']}: {what}" if what else section["title"]
            table["title"] = f"{title}, {table['above']}" if table["above"] else title
        section["number"] = at if section["tables"] else None
    return sections


def laid_out(plan: Plan, groups: Sequence[dict], figures: Sequence[dict], exclusions: Captions) -> list[dict]:
    """The groups of sections with their figures in them, everything numbered in the order of the page.

    A figure of several analyses stands with the first of them, and the others refer to it.
    """
    asked = {question.analysis for question in questions_of(plan)}
    sections = {section["name"]: section for section in numbered(groups)}
    for section in sections.values():
        section["figures"], section["elsewhere"] = [], []
        section["folded"] = section["role"] not in OPEN and section["name"] not in asked
        for table in section["tables"]:
            table["who"] = exclusions.caption(_ids(table), section["unit"])
        _say_once(section["tables"])
    standing = [figure for figure in figures if any(name in sections for name in plan.figures[figure["name"]].analyses)]
    order = list(sections)
    by_place = sorted(standing, key=lambda figure: order.index(_analyses(plan, figure, sections)[0]))
    for at, figure in enumerate(by_place, 1):
        first, *others = _analyses(plan, figure, sections)
        figure["number"] = at
        figure["population"] = sections[first]["population"]
        figure["who"] = exclusions.caption(figure["numbers"], sections[first]["unit"])
        figure["analyses"] = [sections[name] for name in (first, *others)]
        sections[first]["figures"].append(figure)
        for name in others:
            sections[name]["elsewhere"].append(figure)
    for section in sections.values():
        tables = [f"Table {section['number']}"] if section["number"] else []
        section["holds"] = [*tables, *(f"Figure {figure['number']}" for figure in section["figures"])]
    return list(groups)


def _say_once(tables: Sequence[dict]) -> None:
    """Let a table whose numbers are of the same units as the one before refer to the first of them."""
    first: dict = {}
    for table in tables:
        is_same = bool(first) and table["who"] == first["who"]
        table["like"] = first["number"] if is_same else ""
        first = first if is_same else table


def _analyses(plan: Plan, figure: dict, sections: Mapping[str, dict]) -> list[str]:
    return [name for name in plan.figures[figure["name"]].analyses if name in sections]


def _letter(index: int) -> str:
    """a to z, then aa and so on."""
    return (_letter(index // 26 - 1) if index >= 26 else "") + "abcdefghijklmnopqrstuvwxyz"[index % 26]


def _ids(table: dict) -> list[str]:
    rows = (row for block in table["blocks"] for row in block["rows"])
    pieces = (piece for row in rows for cell in row["cells"] for group in cell for piece in group)
    return [piece.id for piece in pieces if not isinstance(piece, str)]

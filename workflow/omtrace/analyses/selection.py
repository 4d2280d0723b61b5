"""Which records an analysis uses, and which units it leaves out for what reason.

Every enrolled unit is used or excluded with one primary reason, in this order: not in the population,
no outcome, no baseline, no group, no covariate.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.analyses._digests import listed, record_digests
from omtrace.faults import Fault
from omtrace.keys import digest_of
from omtrace.study.expression import Expression
from omtrace.study.plan import DatasetPlan

if TYPE_CHECKING:
    import pandas

Plain = dict[str, tuple[int, str, float | str | None]]  # unit -> record, status, value


@dataclass(frozen=True)
class Rows:
    """The records behind a number: used ones with role, and the ones of excluded units with role and reason."""

    dataset: str
    entries: tuple[tuple[int, str, str], ...]  # record, role, reason ("" = used)
    expected: int
    used: int
    excluded: int

    def __post_init__(self) -> None:
        if self.expected != self.used + self.excluded:
            raise AssertionError(f"{self.expected} units expected, {self.used} used and {self.excluded} excluded")


class Data:
    """A dataset's records, ready to be selected from."""

    def __init__(self, name: str, plan: DatasetPlan, records: "pandas.DataFrame", cells: "pandas.DataFrame") -> None:
        self.name, self.plan, self.records = name, plan, records
        self.blocks = {
            key: block.set_index("unit") for key, block in records.groupby(["parameter", "visit"], sort=False)
        }
        self.units = sorted(records["unit"].unique())
        self.unit_of = dict(zip(listed(records["record"]), listed(records["unit"]), strict=True))
        self._plain: dict[tuple[str, str], Plain] = {}
        self.digests = record_digests(name, records, cells)

    def without(self, unit: str) -> "Data":
        """The same data without a unit."""
        rest = copy(self)
        rest.units = [one for one in self.units if one != unit]
        return rest

    def grouped_by(self, parameter: str) -> "Data":
        """The same data, grouped by another parameter without visits: treatment as received, say."""
        other = copy(self)
        other.plan = self.plan.model_copy(update={"group": parameter})
        return other

    def block(self, parameter: str, visit: str = "") -> "pandas.DataFrame":
        """The records of a parameter at a visit, by unit: record, value, text, status."""
        if (parameter, visit) not in self.blocks:
            at = f" at {visit}" if visit else " without a visit"
            raise Fault(f"dataset {self.name}: there is no parameter {parameter!r}{at}")
        return self.blocks[parameter, visit]

    def plain(self, parameter: str, visit: str = "") -> Plain:
        """The same as unit -> record, status, and value: a number, a category where there is no number, or None."""
        if (parameter, visit) not in self._plain:
            block = self.block(parameter, visit)
            columns = (block.index, *(block[name] for name in ("record", "status", "value", "text")))
            self._plain[parameter, visit] = {
                unit: (int(record), status, None if status != "observed" else _value(value, text))
                for unit, record, status, value, text in zip(*map(listed, columns), strict=True)
            }
        return self._plain[parameter, visit]

    def is_text(self, parameter: str, visit: str = "") -> bool:
        """Whether a parameter holds categories rather than numbers."""
        block = self.block(parameter, visit)
        return bool(block["text"].notna().any() and not block["value"].notna().any())

    def select(self, population: str, outcome: str, visit: str | Sequence[str] = "", baseline: str = "",
               covariates: Sequence[str] = (), group: bool = False, missing: str = "",
               exposure: str = "") -> "Selection":  # fmt: skip
        """Every enrolled unit, used or excluded, for an outcome at a visit, or at several.

        Of several visits one is enough: the frame has a column for each, named by the visit, and the row sets hold
        of a used unit only the visits that it has. ``baseline``: visit of the outcome's own baseline, needed if
        given; ``covariates``: parameters without visits, all needed; ``group``: the dataset's group is needed.
        ``missing``: the outcome is not needed, and a used unit's records without one have this role. ``exposure``: a
        parameter needed at the outcome's visit, or without visits.
        """
        needed = self._needed(outcome, visit, baseline, covariates, group)
        if exposure:
            at = str(visit) if self.plan.parameters[exposure].visits else ""
            needed.append(("exposure", f"{exposure} ", {"exposure": self.plain(exposure, at)}))
        return self._selected(population, needed, group, missing)

    def select_complete(self, population: str, measurements: Sequence[tuple[str, str]]) -> "Selection":
        """Every enrolled unit, used if it has all measurements (parameter, visit), which are the frame's columns."""
        needed = []
        for parameter, visit in measurements:
            role = "baseline" if visit and visit == self.plan.baseline else "outcome"
            name = f"{parameter} at {visit} " if visit else f"{parameter} "
            needed.append((role, name, {(parameter, visit): self.plain(parameter, visit)}))
        return self._selected(population, needed)

    def _selected(self, population: str, needed: Sequence[tuple], group: bool = False,
                  missing: str = "") -> "Selection":  # fmt: skip
        unit_level = [p for p, v in self.blocks if v == ""]
        where = f"dataset {self.name}: population {population}"
        words = self.plan.populations[population].reasons
        expression = Expression(self.plan.populations[population].where, where, unit_level, tuple(words))
        member = [("population", self.plain(p)) for p in expression.names]
        rows, reasons, entries = {}, {}, {}
        known: dict[tuple, str] = {}  # values that decide -> why a unit is not in the population
        for unit in self.units:
            decide = tuple([block[unit][2] for _, block in member])
            if decide not in known:
                values = dict(zip(expression.names, decide, strict=True))
                holds = expression.holds(values)
                reason = "" if holds else f"not in population {population}" + (" (unknown)" if holds is None else "")
                if reason and (why := [words.get(clause, clause) for clause in expression.failed(values)]):
                    reason += f": {'; '.join(why)}"
                known[decide] = reason
            reason = known[decide]
            found: dict[str, float | str | None] = {}
            for role, prefix, blocks in needed:
                found |= {column: block[unit][2] for column, block in blocks.items()}
                statuses = [block[unit][1] for block in blocks.values()]
                if "observed" not in statuses and not (missing and role == "outcome"):
                    reason = reason or prefix + statuses[0]
            reasons[unit], rows[unit] = reason, found
            roles = [(role, block[unit]) for role, _, blocks in needed for block in blocks.values()]
            kept = [
                (record, role if reason or status == "observed" else missing, reason)
                for role, (record, status, _) in roles
                if reason or missing or status == "observed"
            ]
            entries[unit] = [*((block[unit][0], role, reason) for role, block in member), *kept]
        groups = self._groups() if self.plan.group else {}
        lost = [unit for unit in self.units if unit not in groups] if group else []
        return Selection(self, rows, reasons, entries, groups, frozenset(lost), group)

    def _needed(self, outcome: str, visit: str | Sequence[str], baseline: str, covariates: Sequence[str],
                group: bool) -> list[tuple[str, str, dict[str, Plain]]]:  # fmt: skip
        """What a used unit needs, in the order of the reasons: role, how the reason begins, column -> block.

        Of several columns one is enough.
        """
        if isinstance(visit, str):
            needed = [("outcome", "", {"value": self.plain(outcome, visit)})]
        else:
            needed = [("outcome", "no value at any visit: ", {one: self.plain(outcome, one) for one in visit})]
        if baseline:
            needed.append(("baseline", "baseline ", {"baseline": self.plain(outcome, baseline)}))
        if group:
            needed.append(("group", "group ", {"group": self.plain(self.plan.group)}))
        needed += [("covariate", f"{name} ", {name: self.plain(name)}) for name in covariates]
        columns = [column for _, _, blocks in needed for column in blocks]
        if len(set(columns)) < len(columns):
            raise Fault(
                f"dataset {self.name}: a covariate is named twice, or named value, baseline or group; rename it"
            )
        return needed

    def _groups(self) -> dict[str, str]:
        block = self.block(self.plan.group)
        return {
            u: text for u, text in zip(listed(block.index), listed(block["text"]), strict=True) if isinstance(text, str)
        }


def _value(value: float, text: object) -> float | str:
    return text if isinstance(text, str) and not value == value else float(value)


class Selection:
    """The outcome of ``Data.select``: a frame of the used units, and row sets for any part of it."""

    def __init__(self, data: Data, rows: dict, reasons: dict, entries: dict, groups: dict[str, str],
                 lost: frozenset[str], grouped: bool) -> None:  # fmt: skip
        import pandas

        self.data, self.reasons, self.entries, self.groups = data, reasons, entries, groups
        self.grouped = grouped  # whether the group is needed, and stands among the entries
        self.lost = lost  # units without a group, where a group is needed: excluded from every group's numbers
        self._of_group: dict[str, list[str]] = {}  # group -> its units, in order
        for unit in reasons:
            self._of_group.setdefault(groups.get(unit, ""), []).append(unit)
        self._at = {unit: at for at, unit in enumerate(u for u in rows if not reasons[u])}
        self.frame = pandas.DataFrame([rows[u] for u in self._at], index=list(self._at))
        if self.frame.empty:
            self.frame = pandas.DataFrame(columns=list(next(iter(rows.values()), {})), dtype="float64")

    def of_group(self, group: str) -> "pandas.DataFrame":
        """The used units of a group, or of all."""
        if group == "all":
            return self.frame
        return self.frame.iloc[[self._at[unit] for unit in self._of_group.get(group, ()) if unit in self._at]]

    def missing(self, group: str = "all") -> int:
        """Units of the population without a value that is needed."""
        return sum(
            1
            for unit, reason in self.reasons.items()
            if reason and not reason.startswith("not in population") and group in ("all", self.groups.get(unit))
        )

    def everyone(self, group: str) -> Rows:
        """All enrolled units of a group, each by the record of its group, or else of its first fact or its outcome."""
        data = self.data
        facts = [data.plan.group] if data.plan.group else [p for p, visit in data.blocks if visit == ""]
        block = data.block(facts[0]) if facts else next(iter(data.blocks.values()))
        units = [u for u in self.reasons if group in ("all", self.groups.get(u))]
        record = dict(zip(listed(block.index), listed(block["record"]), strict=True))
        entries = tuple((record[u], "group" if data.plan.group else "outcome", "") for u in units)
        return Rows(data.name, entries, len(units), len(units), 0)

    def assessed(self, group: str, outcome: "pandas.DataFrame") -> Rows:
        """The units of a group with an outcome, whatever the population; the others by the status of theirs."""
        units = [u for u in self.reasons if group in ("all", self.groups.get(u))]
        record, status = (dict(zip(listed(outcome.index), listed(outcome[name]), strict=True))
                          for name in ("record", "status"))  # fmt: skip
        status = {u: status[u] for u in units}
        reasons = {u: "" if status[u] == "observed" else status[u] for u in units}
        entries = (*((record[u], "outcome", reasons[u]) for u in units), *self._belonging([group], reasons))
        used = sum(s == "observed" for s in status.values())
        return Rows(self.data.name, entries, len(units), used, len(units) - used)

    def members(self, groups: Sequence[str] = ("all",)) -> Rows:
        """The row set of everyone in the population, with the outcome or without, in one or several groups."""
        units = self._units(groups)
        out = {u: r for u in units if (r := self.reasons[u]).startswith("not in population")}
        entries = [(record, role, out.get(u, "")) for u in units for record, role, _ in self.entries[u]]
        entries += self._belonging(groups, {u: out.get(u, "") for u in units})
        return Rows(self.data.name, tuple(entries), len(units), len(units) - len(out), len(out))

    def _units(self, groups: Sequence[str]) -> list[str]:
        """The units of groups, and those that lack a group where one is needed, in order."""
        if "all" in groups:
            return list(self.reasons)
        parts = [self._of_group.get(group, []) for group in dict.fromkeys(groups)] + [sorted(self.lost)]
        return sorted(unit for part in parts for unit in part)

    def rows(self, groups: Sequence[str] = ("all",), without: dict[str, str] | None = None) -> Rows:
        """The row set of one or several groups; ``without``: used units that a number leaves out, with the reason."""
        units = self._units(groups)
        without = without or {}
        reasons = {unit: self.reasons[unit] or without.get(unit, "") for unit in units}
        entries = [(record, role, why) for unit, why in reasons.items() for record, role, _ in self.entries[unit]]
        entries += self._belonging(groups, reasons)
        used = sum(not why for why in reasons.values())
        return Rows(self.data.name, tuple(entries), len(units), used, len(units) - used)

    def _belonging(self, groups: Sequence[str], reasons: Mapping[str, str]) -> list[tuple[int, str, str]]:
        """What says that units belong to the groups of a number, where a selection does not need it anyway."""
        if "all" in groups or not self.data.plan.group or self.grouped:
            return []
        plain = self.data.plain(self.data.plan.group)
        return [(plain[unit][0], "group", why) for unit, why in reasons.items()]


def united(parts: Sequence[Rows], unit_of: "dict[int, str]") -> Rows:
    """The row set of a number that rests on several others: a unit is used where one of them uses it.

    Records of a used unit that no part uses are left out of it. Raises Fault for parts of several datasets.
    """
    if len({rows.dataset for rows in parts}) > 1:
        raise Fault("a number cannot rest on records of several datasets")
    used: dict[str, set] = {}
    lost: dict[str, set] = {}
    for record, role, reason in (entry for rows in parts for entry in rows.entries):
        (lost if reason else used).setdefault(unit_of[record], set()).add((record, role, reason))
    entries = [entry for kept in used.values() for entry in sorted(kept)]
    alone = {unit: found for unit, found in lost.items() if unit not in used}
    for found in alone.values():
        reason = sorted(reason for _, _, reason in found)[0]
        entries += sorted({(record, role, reason) for record, role, _ in found})
    return Rows(parts[0].dataset, tuple(entries), len(used) + len(alone), len(used), len(alone))


def rowset_digest(rows: Rows, digests: dict[int, str]) -> str:
    """Content address of a row set: 16 hex digits over its records' digests, roles and reasons."""
    return digest_of(sorted(f"{digests[record]}|{role}|{reason}" for record, role, reason in rows.entries))

"""The analysis set: which units an analysis uses, why it leaves out the others, and the row sets of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from omtrace.provenance.columns import Column
from omtrace.provenance.rows import Entries, Rows

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.analyses.selection import Data

OUTSIDE = "not in population"


class Needed(NamedTuple):
    """What a used unit needs: role, how the reason begins, and columns by name, of which one is enough."""

    role: str
    begins: str
    columns: dict[str | tuple[str, str], Column]


@dataclass(frozen=True)
class _Behind:
    """Of each column behind a set and each unit the record, its role, and whether it stands in a row set at all."""

    record: "numpy.ndarray"
    role: "numpy.ndarray"
    stands: "numpy.ndarray"


class GroupRecords(NamedTuple):
    """Records that say the group of units (n,), and their role."""

    record: "numpy.ndarray"
    role: str


@dataclass(frozen=True, eq=False)
class AnalysisSet:
    """The units of an analysis: which are used, and why each of the others is left out.

    Nothing in it changes; everything else follows from these parts, so that no two of them can disagree.

    Attributes
    ----------
    data
        The dataset's records.
    reason
        (units,): why a unit is left out, as a place within ``texts``, of which the first is "", for used ones.
    texts
        The reasons in words.
    membership
        The columns that say who belongs to the population.
    needed
        What a used unit needs, in the order of the reasons.
    grouped
        Whether the group is needed, and stands among the entries of a row set.
    missing_role
        The role of a used unit's records without an outcome; "": an outcome is needed.
    """

    data: "Data"
    reason: "numpy.ndarray"
    texts: tuple[str, ...]
    membership: tuple[Column, ...]
    needed: tuple[Needed, ...]
    grouped: bool = False
    missing_role: str = ""

    def excluding(self, other: "AnalysisSet") -> "AnalysisSet":
        """The set without the units that another one leaves out, which are left out for the reasons of that one.

        Parameters
        ----------
        other
            A set of the same units: all that ``data`` looks at.
        """
        import numpy

        if other.data.units != self.data.units:
            raise AssertionError("two analysis sets of different units")
        reason = numpy.where(other.reason > 0, other.reason + len(self.texts), self.reason)
        return replace(self, reason=reason, texts=(*self.texts, *other.texts))

    @cached_property
    def frame(self) -> "pandas.DataFrame":
        """The used units, a row each, with a column for what is needed of them."""
        import pandas

        columns = {name: column for part in self.needed for name, column in part.columns.items()}
        used = self.data.positions[self.reason == 0]
        if not len(used):
            return pandas.DataFrame(columns=list(columns), dtype="float64")
        values = {name: column.values(used) for name, column in columns.items()}
        return pandas.DataFrame(values, self.data.index[used])

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Of each unit why it is left out; "" for used ones."""
        reasons = zip(self.data.units, self.reason.tolist(), strict=True)
        return {unit: self.texts[place] for unit, place in reasons}

    @cached_property
    def groups(self) -> dict[str, str]:
        """The group of each unit that has one."""
        codes = zip(self.data.units, self._group.tolist(), strict=True)
        return {unit: self._names[code] for unit, code in codes if code >= 0}

    @cached_property
    def _group(self) -> "numpy.ndarray":
        """The group of each unit, as a count within ``_names``; -1 for none."""
        import numpy

        if not self.data.plan.group:
            return numpy.full(len(self.reason), -1)
        return self.data.column(self.data.plan.group).text[self.data.positions]

    @cached_property
    def _names(self) -> list[str]:
        return self.data.column(self.data.plan.group).texts.tolist() if self.data.plan.group else []

    @cached_property
    def _of_group(self) -> "dict[str, numpy.ndarray]":
        """Places of the units of each group, in order; of those without one under ""."""
        import numpy

        order = numpy.argsort(self._group, kind="stable")
        parts = numpy.split(order, numpy.flatnonzero(numpy.diff(self._group[order])) + 1) if len(order) else []
        codes = [self._group[part[0]] for part in parts]
        return {self._names[code] if code >= 0 else "": part for code, part in zip(codes, parts, strict=True)}

    def _mask(self, group: str) -> "numpy.ndarray":
        """The units of a group, or all, as a mask (n,)."""
        import numpy

        mask = numpy.full(len(self.reason), group == "all")
        mask[self._of_group.get(group, []) if group else []] = True
        return mask

    def places(self, group: str) -> "numpy.ndarray":
        """The rows of the frame that hold a group."""
        import numpy

        if group == "all":
            return numpy.arange(len(self.frame))
        units = self._of_group.get(group, numpy.zeros(0, dtype=numpy.intp))
        return self._row[units[self.reason[units] == 0]]

    @cached_property
    def _row(self) -> "numpy.ndarray":
        """The row of each used unit in the frame."""
        return (self.reason == 0).cumsum() - 1

    def of_group(self, group: str) -> "pandas.DataFrame":
        """The used units of a group, or of all."""
        return self.frame if group == "all" else self.frame.iloc[self.places(group)]

    def left_out(self, group: str = "all") -> dict[str, int]:
        """How many units of a group are left out, by reason."""
        import numpy

        counts = numpy.bincount(self.reason[self._mask(group)], minlength=len(self.texts)).tolist()
        by_reason: dict[str, int] = {}
        for text, count in sorted(zip(self.texts, counts, strict=True)):
            if text and count:
                by_reason[text] = by_reason.get(text, 0) + count
        return by_reason

    def missing(self, group: str = "all") -> int:
        """Units of the population without a value that is needed."""
        return sum(count for reason, count in self.left_out(group).items() if not reason.startswith(OUTSIDE))

    def everyone(self, group: str) -> Rows:
        """All enrolled units of a group, each by the record of its group, or else of its first fact or its outcome."""
        record, role = self._records_of_groups(self._mask(group))
        return Rows(self.data.name, Entries(record, record * 0, ((role, ""),)), len(record), len(record), 0)

    def without_group(self, groups: Sequence[str], members: bool = False) -> Rows:
        """All enrolled units, or all ``members`` of the population, that are in none of the groups; why others not."""
        import numpy

        reason = numpy.logical_or.reduce([self._mask(group) for group in groups]).astype("int64")
        if members:
            reason[numpy.array([text.startswith(OUTSIDE) for text in self.texts])[self.reason]] = 2
        record, role = self._records_of_groups(self._mask("all"))
        kinds = tuple((role, why) for why in ("", "in a group", "screened out"))
        used = int((reason == 0).sum())
        return Rows(self.data.name, Entries(record, reason, kinds), len(record), used, len(record) - used)

    def _records_of_groups(self, mask: "numpy.ndarray") -> "GroupRecords":
        data = self.data
        facts = [data.plan.group] if data.plan.group else [p for p, visit in data.columns if visit == ""]
        column = data.column(facts[0]) if facts else next(iter(data.columns.values()))
        return GroupRecords(column.record[data.positions[mask]], "group" if data.plan.group else "outcome")

    def assessed(self, group: str, outcome: Column) -> Rows:
        """The units of a group with an outcome, whatever the population; the others by the status of theirs."""
        import numpy

        units = numpy.flatnonzero(self._mask(group))
        positions = self.data.positions[units]
        records = [outcome.record[positions], *self._belonging(units, [group])]
        reason = numpy.where(outcome.observed, 0, outcome.status + 1)[positions]
        kinds = [(role, reason) for role in ("outcome", "group") for reason in ("", *outcome.statuses)]
        kind = numpy.concatenate([reason + place * (len(kinds) // 2) for place in range(len(records))])
        used = int((reason == 0).sum())
        entries = Entries(numpy.concatenate(records), kind, tuple(kinds))
        return Rows(self.data.name, entries, len(units), used, len(units) - used)

    def members(self, groups: Sequence[str] = ("all",)) -> Rows:
        """The row set of everyone in the population, with the outcome or without, in one or several groups."""
        import numpy

        units = self._units(groups)
        outside = numpy.array([text.startswith(OUTSIDE) for text in self.texts])
        reason = numpy.where(outside, numpy.arange(len(outside)), 0)[self.reason[units]]
        return self._rows(units, reason, self.texts, groups)

    def _units(self, groups: Sequence[str]) -> "numpy.ndarray":
        """Places of the units of groups, and of those that lack a group where one is needed, in order."""
        import numpy

        if "all" in groups:
            return numpy.arange(len(self.reason))
        named = [*dict.fromkeys(groups), *([""] if self.grouped else [])]
        parts = [self._of_group[name] for name in named if name in self._of_group]
        return numpy.sort(numpy.concatenate([numpy.zeros(0, dtype=numpy.intp), *parts]))

    def rows(self, groups: Sequence[str] = ("all",), without: Mapping[str, str] | None = None) -> Rows:
        """The row set of one or several groups; ``without``: used units that a number leaves out, with the reason."""
        import numpy

        units, reason, texts = self._units(groups), self.reason, self.texts
        if without:
            more = tuple(dict.fromkeys(filter(None, without.values())))
            code = {"": 0} | {text: place for place, text in enumerate(more, len(texts))}
            texts, given = (*texts, *more), numpy.zeros_like(reason)
            given[[self.data.place[unit] for unit in without]] = [code[text] for text in without.values()]
            reason = numpy.where(reason > 0, reason, given)
        return self._rows(units, reason[units], texts, groups)

    def _rows(
        self, units: "numpy.ndarray", reason: "numpy.ndarray", texts: tuple[str, ...], groups: Sequence[str]
    ) -> Rows:
        """The row set of units for reasons among texts."""
        import numpy

        record, role, stands = (getattr(self._entries, name)[:, units] for name in ("record", "role", "stands"))
        kind = role * len(texts) + reason
        more = self._belonging(units, groups)
        records = numpy.concatenate([record[stands], *more])
        kinds = numpy.concatenate([kind[stands], *(self._roles.index("group") * len(texts) + reason for _ in more)])
        used = int((reason == 0).sum())
        return Rows(self.data.name, Entries(records, kinds, self._kinds(texts)), len(units), used, len(units) - used)

    def _kinds(self, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Roles with reasons; made once for the set's own reasons."""
        if texts is self.texts:
            return self._own
        return tuple((role, text) for role in self._roles for text in texts)

    @cached_property
    def _own(self) -> tuple[tuple[str, str], ...]:
        return tuple((role, text) for role in self._roles for text in self.texts)

    @cached_property
    def _roles(self) -> list[str]:
        return list(dict.fromkeys([*(role for role, _ in self._sources), self.missing_role, "group"]))

    @cached_property
    def _sources(self) -> list[tuple[str, Column]]:
        """Role and column of what stands in row sets: first who belongs to the population, then what is needed."""
        needed = [(part.role, column) for part in self.needed for column in part.columns.values()]
        return [("population", column) for column in self.membership] + needed

    @cached_property
    def _entries(self) -> "_Behind":
        """The records behind the set."""
        import numpy

        shape, positions = (len(self._sources), len(self.reason)), self.data.positions
        record, role, stands = numpy.empty(shape, numpy.int64), numpy.empty(shape, numpy.int64), numpy.ones(shape, bool)
        for row, (name, column) in enumerate(self._sources):
            record[row], role[row] = column.record[positions], self._roles.index(name)
            if row >= len(self.membership):
                has_value = column.observed[positions] | (self.reason > 0)
                role[row, ~has_value] = self._roles.index(self.missing_role)
                stands[row] = has_value | bool(self.missing_role)
        return _Behind(record, role, stands)

    def _belonging(self, units: "numpy.ndarray", groups: Sequence[str]) -> "list[numpy.ndarray]":
        """The records that say that units belong to a number's groups, where the set does not need them anyway."""
        if "all" in groups or not self.data.plan.group or self.grouped:
            return []
        return [self.data.column(self.data.plan.group).record[self.data.positions[units]]]

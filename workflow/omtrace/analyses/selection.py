"""Which records an analysis uses, and which units it leaves out for what reason.

Every enrolled unit is used or excluded with one primary reason, in this order: not in the population,
no outcome, no baseline, no group, no covariate.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from omtrace.analyses._analysis_set import OUTSIDE, AnalysisSet, Needed
from omtrace.faults import Fault
from omtrace.model.plan import DatasetPlan
from omtrace.provenance.columns import Column, Value, columns_of
from omtrace.provenance.contents import Contents

if TYPE_CHECKING:
    import numpy
    import pandas

Plain = dict[str, tuple[int, str, float | str | None]]  # unit -> record, status, value


class Membership(NamedTuple):
    """Who belongs to a population: ``reason`` (enrolled,) is a place within ``texts``, 0 for members.

    ``columns``: the records that decide.
    """

    reason: "numpy.ndarray"
    texts: tuple[str, ...]
    columns: tuple[Column, ...]


class Data:
    """A dataset's records, ready to be selected from: of all enrolled units, or of some."""

    # What hangs on the records alone, and so is shared by every view of them.
    SHARED = ("name", "records", "cells", "enrolled", "columns", "index", "_plain", "_populations")

    def __init__(self, name: str, plan: DatasetPlan, records: "pandas.DataFrame", cells: "pandas.DataFrame") -> None:
        import numpy
        import pandas

        self.name, self.plan, self.records, self.cells = name, plan, records, cells
        self.enrolled, self.columns = columns_of(records)
        self.positions = numpy.arange(len(self.enrolled))  # of the units looked at, among the enrolled
        self.index = pandas.Index(self.enrolled)
        self._plain: dict[tuple[str, str], Plain] = {}
        self._populations: dict[str, Membership] = {}

    def _view(self, plan: DatasetPlan, positions: "numpy.ndarray") -> "Data":
        """The same records under another plan, or of other units; it holds nothing that was worked out for these."""
        view = object.__new__(Data)
        vars(view).update({name: getattr(self, name) for name in self.SHARED}, plan=plan, positions=positions)
        return view

    @property
    def units(self) -> list[str]:
        """The units looked at, sorted."""
        return [self.enrolled[position] for position in self.positions.tolist()]

    @cached_property
    def place(self) -> dict[str, int]:
        """Each unit's place among the units looked at."""
        return {unit: place for place, unit in enumerate(self.units)}

    @cached_property
    def unit_of(self) -> dict[int, str]:
        """The unit of each record."""
        columns = self.columns.values()
        return {record: unit for c in columns for record, unit in zip(c.record.tolist(), self.enrolled, strict=True)}

    @cached_property
    def contents(self) -> Contents:
        """What the records are."""
        return Contents(self.name, self.enrolled, self.columns, self.cells)

    @property
    def statuses(self) -> list[str]:
        """Every status that a record has."""
        return next(iter(self.columns.values())).statuses.tolist() if self.columns else []

    def without(self, *units: str) -> "Data":
        """The same data without units."""
        return self._view(self.plan, self.positions[[other not in units for other in self.units]])

    def with_yes_as_one(self, parameters: Collection[str]) -> "Data":
        """The same data; where yes and no are the only texts of one of these parameters, they are 1 and 0."""
        answered = {
            key: column.with_yes_as_one()
            for key, column in self.columns.items()
            if key[0] in parameters and column.is_category.any()
        }
        if not answered:
            return self
        view = self._view(self.plan, self.positions)
        view.columns, view._plain = {**self.columns, **answered}, {}
        return view

    def grouped_by(self, parameter: str) -> "Data":
        """The same data, grouped by another parameter without visits: treatment as received, say."""
        return self._view(self.plan.model_copy(update={"group": parameter}), self.positions)

    def column(self, parameter: str, visit: str = "") -> Column:
        """The records of a parameter at a visit, over all enrolled units."""
        if (parameter, visit) not in self.columns:
            at = f" at {visit}" if visit else " without a visit"
            raise Fault(f"dataset {self.name}: there is no parameter {parameter!r}{at}")
        return self.columns[parameter, visit]

    def plain(self, parameter: str, visit: str = "") -> Plain:
        """The same as unit -> record, status, and value: a number, a category where there is no number, or None."""
        if (parameter, visit) not in self._plain:
            column = self.column(parameter, visit)
            values = zip(column.values().tolist(), column.observed.tolist(), strict=True)
            observed = [value if is_observed else None for value, is_observed in values]
            status = column.statuses[column.status].tolist()
            records = zip(column.record.tolist(), status, observed, strict=True)
            self._plain[parameter, visit] = dict(zip(self.enrolled, records, strict=True))
        return self._plain[parameter, visit]

    def is_text(self, parameter: str, visit: str = "") -> bool:
        """Whether a parameter holds categories rather than numbers."""
        column = self.column(parameter, visit)
        return bool((column.text >= 0).any() and not (column.number == column.number).any())

    def is_empty(self, parameter: str, visit: str = "") -> bool:
        """Whether a parameter has no value at all."""
        return not self.column(parameter, visit).observed.any()

    def select(
        self,
        population: str,
        outcome: str,
        visit: str | Sequence[str] = "",
        baseline: str = "",
        covariates: Sequence[str] = (),
        group: bool = False,
        missing: str = "",
        exposure: str = "",
    ) -> AnalysisSet:
        """Every enrolled unit, used or excluded, for an outcome at a visit, or at several.

        Of several visits one is enough: the frame has a column for each, named by the visit, and the row sets hold
        of a used unit only the visits that it has. ``baseline``: visit of the outcome's own baseline, needed if
        given; ``covariates``: parameters without visits, all needed; ``group``: the dataset's group is needed.
        ``missing``: the outcome is not needed, and a used unit's records without one have this role. ``exposure``: a
        parameter needed at the outcome's visit, or without visits.
        """
        needed = self._needed(outcome, visit, baseline, covariates, group)
        if exposure:
            exposed = str(visit) if self.plan.parameters[exposure].visits else ""
            needed.append(Needed("exposure", f"{exposure} ", {"exposure": self.column(exposure, exposed)}))
        return self._selected(population, needed, group, missing)

    def select_complete(
        self, population: str, measurements: Sequence[tuple[str, str]], group: bool = False
    ) -> AnalysisSet:
        """Every enrolled unit, used if it has all measurements (parameter, visit), which are the frame's columns.

        ``group``: the dataset's group is needed, and is a column as well.
        """
        needed = []
        for parameter, visit in measurements:
            role = "baseline" if visit and visit == self.plan.baseline else "outcome"
            name = f"{parameter} at {visit} " if visit else f"{parameter} "
            needed.append(Needed(role, name, {(parameter, visit): self.column(parameter, visit)}))
        if group:
            needed.append(Needed("group", "group ", {"group": self.column(self.plan.group)}))
        return self._selected(population, needed, group)

    def _selected(
        self, population: str, needed: Sequence[Needed], group: bool = False, missing: str = ""
    ) -> AnalysisSet:
        import numpy

        membership = self.membership(population)
        reason, texts = membership.reason[self.positions], list(membership.texts)
        for role, begins, columns in needed:
            if missing and role == "outcome":
                continue
            first = next(iter(columns.values()))
            has_value = numpy.any([column.observed[self.positions] for column in columns.values()], axis=0)
            lost = (reason == 0) & ~has_value
            reason[lost] = len(texts) + first.status[self.positions[lost]]
            texts += [begins + status for status in first.statuses]
        return AnalysisSet(self, reason, tuple(texts), membership.columns, tuple(needed), group, missing)

    def membership(self, population: str) -> "Membership":
        """Which of all enrolled units belong to a population, and why the others do not; worked out once."""
        if population not in self._populations:
            self._populations[population] = self._evaluated(population)
        return self._populations[population]

    def _evaluated(self, population: str) -> "Membership":
        import numpy

        where = f"dataset {self.name}: population {population}"
        expression = self.plan.condition(population, where, [name for name, visit in self.columns if visit == ""])
        columns = tuple(self.column(name) for name in expression.names)
        words, texts, reasons = self.plan.populations[population].reasons, [""], []
        code = numpy.zeros(len(self.enrolled), dtype=numpy.intp)
        combinations: list[tuple[Value, ...]] = [()]  # of values that decide
        for column in columns:
            coded = column.coded()
            own, values = coded.codes, coded.levels
            present, code = numpy.unique(code * len(values) + own, return_inverse=True)
            pairs = [divmod(pair, len(values)) for pair in present.tolist()]
            combinations = [(*combinations[before], values[value]) for before, value in pairs]
        for combination in combinations:
            facts = dict(zip(expression.names, combination, strict=True))
            holds = expression.holds(facts)
            reason = "" if holds else f"{OUTSIDE} {population}" + (" (unknown)" if holds is None else "")
            if reason and (why := [words.get(clause, clause) for clause in expression.failed(facts)]):
                reason += f": {'; '.join(why)}"
            texts += [reason] if reason not in texts else []
            reasons.append(texts.index(reason))
        return Membership(numpy.array(reasons, dtype=numpy.intp)[code], tuple(texts), columns)

    def _needed(
        self, outcome: str, visit: str | Sequence[str], baseline: str, covariates: Sequence[str], group: bool
    ) -> list[Needed]:
        """What a used unit needs, in the order of the reasons."""
        if isinstance(visit, str):
            needed = [Needed("outcome", "", {"value": self.column(outcome, visit)})]
        else:
            needed = [Needed("outcome", "no value at any visit: ", {one: self.column(outcome, one) for one in visit})]
        if baseline:
            needed.append(Needed("baseline", "baseline ", {"baseline": self.column(outcome, baseline)}))
        if group:
            needed.append(Needed("group", "group ", {"group": self.column(self.plan.group)}))
        needed += [Needed("covariate", f"{name} ", {name: self.column(name)}) for name in covariates]
        columns = [name for part in needed for name in part.columns]
        if len(set(columns)) < len(columns):
            raise Fault(
                f"dataset {self.name}: a covariate is named twice, or named value, baseline or group; rename it"
            )
        return needed

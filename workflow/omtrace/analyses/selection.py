"""Which records an analysis uses, and which units it leaves out for what reason.

Every enrolled unit is used or excluded with one primary reason, in this order: not in the population,
no outcome, no baseline, no group, no covariate.
"""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from omtrace.analyses._chosen import OUTSIDE, Needed, Selection
from omtrace.faults import Fault
from omtrace.model.expression import Expression
from omtrace.model.plan import DatasetPlan
from omtrace.provenance.columns import Column, Value, columns_of
from omtrace.provenance.contents import Contents

if TYPE_CHECKING:
    import numpy
    import pandas

Plain = dict[str, tuple[int, str, float | str | None]]  # unit -> record, status, value


class Data:
    """A dataset's records, ready to be selected from."""

    def __init__(self, name: str, plan: DatasetPlan, records: "pandas.DataFrame", cells: "pandas.DataFrame") -> None:
        import numpy
        import pandas

        self.name, self.plan, self.records, self.cells = name, plan, records, cells
        self.enrolled, self.columns = columns_of(records)
        self.at = numpy.arange(len(self.enrolled))  # places of the units looked at, within the columns
        self.index = pandas.Index(self.enrolled)
        self._plain: dict[tuple[str, str], Plain] = {}

    @property
    def units(self) -> list[str]:
        """The units looked at, sorted."""
        return [self.enrolled[at] for at in self.at.tolist()]

    @cached_property
    def place(self) -> dict[str, int]:
        """Each unit's place among the units looked at."""
        return {unit: at for at, unit in enumerate(self.units)}

    @cached_property
    def unit_of(self) -> dict[int, str]:
        """The unit of each record."""
        columns = self.columns.values()
        return {at: unit for c in columns for at, unit in zip(c.record.tolist(), self.enrolled, strict=True)}

    @cached_property
    def contents(self) -> Contents:
        """What the records are."""
        return Contents(self.name, self.enrolled, self.columns, self.cells)

    def without(self, unit: str) -> "Data":
        """The same data without a unit."""
        rest = copy(self)
        rest.__dict__.pop("place", None)
        rest.at = self.at[[one != unit for one in self.units]]
        return rest

    def grouped_by(self, parameter: str) -> "Data":
        """The same data, grouped by another parameter without visits: treatment as received, say."""
        other = copy(self)
        other.plan = self.plan.model_copy(update={"group": parameter})
        return other

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
            told = [value if there else None for value, there in values]
            status = column.statuses[column.status].tolist()
            records = zip(column.record.tolist(), status, told, strict=True)
            self._plain[parameter, visit] = dict(zip(self.enrolled, records, strict=True))
        return self._plain[parameter, visit]

    def is_text(self, parameter: str, visit: str = "") -> bool:
        """Whether a parameter holds categories rather than numbers."""
        column = self.column(parameter, visit)
        return bool((column.text >= 0).any() and not (column.number == column.number).any())

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
            needed.append(Needed("exposure", f"{exposure} ", {"exposure": self.column(exposure, at)}))
        return self._selected(population, needed, group, missing)

    def select_complete(self, population: str, measurements: Sequence[tuple[str, str]]) -> "Selection":
        """Every enrolled unit, used if it has all measurements (parameter, visit), which are the frame's columns."""
        needed = []
        for parameter, visit in measurements:
            role = "baseline" if visit and visit == self.plan.baseline else "outcome"
            name = f"{parameter} at {visit} " if visit else f"{parameter} "
            needed.append(Needed(role, name, {(parameter, visit): self.column(parameter, visit)}))
        return self._selected(population, needed)

    def _selected(self, population: str, needed: Sequence[Needed], group: bool = False,
                  missing: str = "") -> "Selection":  # fmt: skip
        import numpy

        expression = self._population(population)
        members = [self.column(name) for name in expression.names]
        reason, texts = self._outside(population, expression, members)
        for role, begins, columns in needed:
            if missing and role == "outcome":
                continue
            first = next(iter(columns.values()))
            lost = (reason == 0) & ~numpy.any([column.observed[self.at] for column in columns.values()], axis=0)
            reason[lost] = len(texts) + first.status[self.at[lost]]
            texts += [begins + status for status in first.statuses]
        return Selection(self, reason, tuple(texts), members, needed, group, missing)

    def _population(self, name: str) -> Expression:
        unit_level = [p for p, v in self.columns if v == ""]
        where = f"dataset {self.name}: population {name}"
        population = self.plan.populations[name]
        return Expression(population.where, where, unit_level, tuple(population.reasons))

    def _outside(self, population: str, expression: Expression,
                 members: Sequence[Column]) -> "tuple[numpy.ndarray, list[str]]":  # fmt: skip
        """Why units are not in a population (n,), as a count within texts of which the first says that they are."""
        import numpy

        words, texts, reasons = self.plan.populations[population].reasons, [""], []
        code = numpy.zeros(len(self.at), dtype=numpy.intp)
        decide: list[tuple[Value, ...]] = [()]  # the combinations of values that decide
        for column in members:
            own, values = column.coded()
            found, code = numpy.unique(code * len(values) + own[self.at], return_inverse=True)
            decide = [(*decide[one // len(values)], values[one % len(values)]) for one in found.tolist()]
        for combination in decide:
            facts = dict(zip(expression.names, combination, strict=True))
            holds = expression.holds(facts)
            reason = "" if holds else f"{OUTSIDE} {population}" + (" (unknown)" if holds is None else "")
            if reason and (why := [words.get(clause, clause) for clause in expression.failed(facts)]):
                reason += f": {'; '.join(why)}"
            texts += [reason] if reason not in texts else []
            reasons.append(texts.index(reason))
        return numpy.array(reasons, dtype=numpy.intp)[code], texts

    def _needed(self, outcome: str, visit: str | Sequence[str], baseline: str, covariates: Sequence[str],
                group: bool) -> list[Needed]:  # fmt: skip
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

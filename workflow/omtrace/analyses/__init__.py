"""Analyses: each binds a plan entry, a dataset and a statistic, and says which records a number rests on.

Each module declares ``METHOD``; the plan names it by module name. A method yields ``Number``s; only
``analyses.run`` writes them.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from omtrace.faults import Fault, Refusal, nearest
from omtrace.model.contrast import Contrast, contrasts_named
from omtrace.model.statistic import Scale
from omtrace.model.statistics import statistic_of

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses.selection import Data
    from omtrace.model.closed import Closed
    from omtrace.model.plan import Analysis, DatasetPlan
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.interval import Interval

Part = Literal["target", "parameter", "whole"]
MEANS = {"mean", "adjusted_mean"}  # on the scale of what is analysed, with the interval ci_low to ci_high
JOINT = " & "  # between the names of parameters that a number is about together


class Number(NamedTuple):
    """One number: what names it, its value, and its rows."""

    parameter: str
    group: str
    visit: str
    level: str
    statistic: str
    value: float
    unit: str
    decimals: int
    rows: "Rows"
    population: str = ""  # where it is not the analysis's own
    is_fine: bool = False  # of a parameter so small that numbers nearer to zero than the usual grid are no noise


@dataclass(frozen=True)
class Call:
    """What a method gets: its plan entry, checked options, the dataset's plan, and the data.

    ``calls``: the calls of the analyses that it rests on, and ``earlier`` their numbers, each by name.
    ``study`` and ``name`` name the stream of chance of an analysis that draws. ``only``: the parameter, and the visit
    or all (None), to which the call is narrowed; None: everything that the plan names. ``scales``: least and greatest
    value of parameters.
    """

    name: str
    entry: "Analysis"
    options: Any
    dataset: "DatasetPlan"
    data: "Data"
    calls: "Mapping[str, Call]" = field(default_factory=dict)
    earlier: "Mapping[str, Sequence[Number]]" = field(default_factory=dict)
    study: str = ""
    only: tuple[str, str | None] | None = None
    scales: "Mapping[str, Interval]" = field(default_factory=dict)

    def generator(self, seed: int) -> "numpy.random.Generator":
        """A stream of chance of this analysis alone: it depends on the seed and its names, not on what ran before."""
        import hashlib

        import numpy

        words = hashlib.sha256(f"{self.study}/{self.name}".encode()).digest()
        key = [int.from_bytes(words[i : i + 4], "big") for i in range(0, 16, 4)]
        return numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence(seed, spawn_key=key)))

    @property
    def parameters(self) -> Sequence[str]:
        """The parameters analysed."""
        return [name for name in self.entry.parameters if self.only is None or name == self.only[0]]

    def of(self, parameter: str, visit: str = "") -> "Target":
        """A parameter at a visit, of which numbers are made."""
        return Target(self, parameter, visit)

    def targets(self, holds: Literal["anything", "numbers", "yes or no"] = "numbers") -> "Iterator[Target]":
        """Each parameter with each visit analysed ("" for a parameter without visits).

        Raises Fault, or Refusal, for a parameter that does not hold what the method asks for.
        """
        for parameter in self.parameters:
            scheduled = self.dataset.parameters[parameter].visits
            for visit in [v for v in (self.entry.visits or scheduled) if v in scheduled] or [""]:
                if self.only and self.only[1] not in (None, visit):
                    continue
                if holds != "anything":
                    self.need(parameter, visit, holds)
                yield self.of(parameter, visit)

    def analysed_visits(self, holds: Literal["numbers", "yes or no"] = "numbers") -> dict[str, list[str]]:
        """Each parameter with all visits analysed, for methods that take several together."""
        visits: dict[str, list[str]] = {}
        for target in self.targets(holds):
            visits.setdefault(target.parameter, []).append(target.visit)
        return visits

    def need(self, parameter: str, visit: str = "", holds: str = "numbers") -> None:
        """Raise Fault if a parameter holds categories, and Refusal if it holds more than the yes or no asked for."""
        column = self.data.column(parameter, visit)
        if column.is_category.any():
            raise Fault(f"analysis {self.name}: {parameter!r} holds categories; {self.entry.method} needs {holds}")
        if holds == "yes or no" and not ((column.numbers == 0) | (column.numbers == 1)).all():
            raise Refusal(f"analysis {self.name}: {parameter!r} holds other numbers than 1 (yes) and 0 (no)")

    def baseline(self, parameter: str = "") -> str:
        """The dataset's baseline visit. Raises Fault if it has none, or if the parameter is not scheduled there."""
        baseline = self.dataset.baseline
        if not baseline:
            raise Fault(f"analysis {self.name}: dataset {self.entry.dataset} has no baseline")
        if parameter and baseline not in self.dataset.parameters[parameter].visits:
            where = f"scheduled at {baseline}" if self.dataset.parameters[parameter].visits else "measured at visits"
            raise Fault(
                f"analysis {self.name}: {parameter!r} is not {where}, and so has no baseline to adjust for: say "
                "baseline: false in the options"
            )
        return baseline

    def contrast(self, group: str, reference: str) -> Contrast:
        """The contrast of two groups.

        Raises Fault for groups that the dataset does not have, and where two contrasts would have the same name.
        """
        groups = self.dataset.groups if self.dataset.group else {}
        for name in (group, reference):
            if name not in groups:
                hint = nearest(name, groups)
                raise Fault(f"analysis {self.name}: dataset {self.entry.dataset} has no group {name!r}{hint}")
        contrast = Contrast(group, reference)
        if str(contrast) in groups or len(contrasts_named(str(contrast), groups)) > 1:
            raise Fault(
                f"analysis {self.name}: {str(contrast)!r} would name a group or another contrast of dataset "
                f"{self.entry.dataset} as well; give a group another name"
            )
        return contrast

    def groups(self, by_group: bool) -> list[str]:
        """The groups that results are given for: each group and all together, or all alone."""
        return [*self.dataset.groups, "all"] if by_group and self.dataset.group else ["all"]


@dataclass(frozen=True)
class Target:
    """A parameter at a visit ("" where it has none) of an analysis, and what makes numbers of it."""

    call: Call = field(compare=False)
    parameter: str
    visit: str

    @property
    def where(self) -> str:
        """The analysis, the parameter and the visit, as messages begin with them."""
        return f"analysis {self.call.name}, {self.parameter}{f' at {self.visit}' if self.visit else ''}"

    def numbers(
        self,
        group: str | Contrast,
        values: "Mapping[str, float]",
        rows: "Rows",
        level: str = "",
        scale: Scale | None = None,
    ) -> "Iterator[Number]":
        """One Number for each named statistic, with the unit and decimals that fit it.

        The interval of a mean is cut at the ends of the parameter's scale: no mean lies beyond them, so that it
        covers as often. ``scale``: that of what was analysed, where it is not the parameter's own; needed of several
        parameters together, whose names are joined by ``JOINT``.
        """
        if scale is None:
            declared = self.call.dataset.parameters[self.parameter]
            scale = Scale(declared.unit, declared.decimals)
            if MEANS & values.keys() and "ci_low" in values:
                low, high = self.call.scales.get(self.parameter, (-math.inf, math.inf))
                ends = {name: values[name] for name in ("ci_low", "ci_high")}
                cut = {name: end if math.isnan(end) else min(max(end, low), high) for name, end in ends.items()}
                values = {**values, **cut}
        for statistic, value in values.items():
            of = statistic_of(statistic).scale(scale, value)
            name = (self.parameter, str(group), self.visit, level, statistic)
            yield Number(*name, float(value), of.unit, of.decimals, rows)


@dataclass(frozen=True)
class Method:
    """A method: the model of its options, the function that runs it, and what it says of itself in the report.

    ``words``: sentences, or what makes them from the options that ran. They name parameters as ``_shown.named`` does.
    ``rests_on``: the other analyses whose calls and numbers it needs, from its plan entry and options.
    ``units``: whether it takes units for independent of each other, as every comparison does that names no random
    effect, or only counts and describes them, whatever they are.
    ``part``: from its options, what its numbers are made from on their own, and so what a refusal takes away: each
    parameter at each visit (target), each parameter, or the whole.
    ``yes_or_no``: whether it counts the texts yes and no of its parameters as 1 and 0.
    ``is_fragile``: whether its effects, where they are primary, are estimated again without each unit.
    ``gives``: names of the statistics that it may give, with blanks between, by which a plan is checked before a run.
    """

    options: "type[Closed]"
    run: Callable[[Call], Iterator[Number]]
    words: str | Callable[[Any], str]
    rests_on: "Callable[[Analysis, Any], Sequence[str]]" = lambda entry, options: ()
    units: Literal["independent", "any"] = "independent"
    part: "Callable[[Any], Part]" = lambda options: "target"
    yes_or_no: bool = False
    is_fragile: bool = False
    gives: str = ""

    @property
    def statistics(self) -> frozenset[str]:
        """The statistics that it may give."""
        return frozenset(self.gives.split())

    def said(self, options: Any) -> str:
        """What was done with these options, in sentences."""
        return self.words if isinstance(self.words, str) else self.words(options)

"""A first plan on its way: what is asked for, and its tables, parameters and doubts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from omtrace.intake.drafting.profile import ColumnProfile, FileProfile, own_name
from omtrace.intake.drafting.roles import Arm

Design = Literal["parallel", "single-arm", "crossover", "cluster", "factorial", "assay", "animals"]
Holds = Literal["numbers", "categories", "yes or no"]


@dataclass(frozen=True)
class Request:
    """What the command says of the files, where it is not to be found: raw column names, and words of visits."""

    design: str = ""
    unit: str = ""
    visit: str = ""
    arm: str = ""
    reference: str = ""
    outcome: str = ""
    wide: tuple[str, ...] = ()
    harmless: Mapping[str, str] = field(default_factory=dict)  # column -> why it identifies nobody


@dataclass
class TableDraft:
    """A table of the plan. ``keys``: its keys besides source and columns; ``columns``: own name -> column."""

    name: str
    source: str
    keys: dict[str, object] = field(default_factory=dict)
    columns: dict[str, ColumnProfile | str] = field(default_factory=dict)


@dataclass(frozen=True)
class ParameterDraft:
    """A parameter. ``holds``: what its values are; ``is_fact``: known of the unit, and no outcome."""

    name: str
    label: str
    derive: str
    options: Mapping[str, object]
    holds: Holds
    visits: tuple[str, ...] = ()
    unit: str = ""
    is_fact: bool = False
    raw: str = ""
    decimals: int = 1


@dataclass
class Draft:
    """A first plan."""

    files: list[FileProfile]
    unit: str
    design: str
    tables: list[TableDraft] = field(default_factory=list)
    parameters: dict[str, ParameterDraft] = field(default_factory=dict)
    visits: dict[str, str] = field(default_factory=dict)
    baseline: str = ""
    roster: str = ""
    arm: Arm | None = None
    cluster: str = ""
    cluster_column: str = ""
    treatments: list[str] = field(default_factory=list)  # of a crossover in two periods, the reference first
    treatment: str = ""  # the raw column that holds them
    sequences: dict[str, str] = field(default_factory=dict)  # group of such a crossover -> its first treatment
    outcome: str = ""
    factors: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # codes among the answers of questionnaires
    doubts: list[str] = field(default_factory=list)  # what is said in the plan as well
    unused: dict[str, str] = field(default_factory=dict)  # raw column that no parameter is made of -> why
    unit_parts: tuple[str, ...] = ()  # columns that together name the unit, where no single one does
    found: list[str] = field(default_factory=list)  # what was recognised, in words

    def table(self, name: str, source: str, **keys: object) -> TableDraft:
        """A new table, under a name that no other has."""
        taken = dict.fromkeys(table.name for table in self.tables)
        self.tables.append(TableDraft(own_name(name, taken), source, keys))
        return self.tables[-1]

    def parameter(
        self, name: str, label: str, derive: str, options: Mapping[str, object], holds: Holds, **more: Any
    ) -> None:
        """A new parameter, under a name that no other has."""
        name = own_name(name, dict.fromkeys(self.parameters))
        self.parameters[name] = ParameterDraft(name, label, derive, options, holds, **more)

    def outcomes(self, holds: str = "numbers") -> list[ParameterDraft]:
        """The parameters that are compared: that which the command names, those with a baseline, and the others."""
        found = [p for p in self.parameters.values() if not p.is_fact and p.holds == holds and p.name != self.group]
        asked = own_name(self.outcome or "-")
        return sorted(found, key=lambda p: (p.name != asked, self.baseline not in p.visits or len(p.visits) < 2))

    @property
    def facts(self) -> list[ParameterDraft]:
        """What is known of a unit besides its group."""
        return [p for p in self.parameters.values() if p.is_fact and p.name != self.group]

    @property
    def group(self) -> str:
        """The parameter that holds the group; "" where there is none."""
        return next((p.name for p in self.parameters.values() if p.options.get("group")), "")

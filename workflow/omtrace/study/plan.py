"""The statistical analysis plan of a study: ``config/studies/<study>.yaml`` as a closed, typed model.

The plan holds choices, never paths or threads. Parts that name a module (a reader, a schema, a
derivation, a method, a figure) carry ``options``; the module itself declares and checks them.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from omtrace.faults import Fault

NAME = re.compile(r"^[a-z][a-z0-9_]*\Z")
MADE = ("@export", "@batch", "@row")  # parts of a unit that do not stand in a column
RESERVED = ("places", "quarantine", "gaps")  # files beside the validated tables
Severity = Literal["note", "warn", "quarantine", "stop"]


class Closed(BaseModel):
    """A model that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class VisitColumn(Closed):
    """How a raw column tells the visit: its values and the visits they stand for."""

    column: str = Field(description="raw column that holds the event")
    map: dict[str, str] = Field(description="raw event -> visit of the dataset; other events are out of scope")


class TablePlan(Closed):
    """One validated table: where it comes from and how its columns are named."""

    source: str = Field("", description="table name in the register; default: the table's own name")
    reader: str = Field(description="module in sources/")
    options: dict[str, Any] = Field(default_factory=dict, description="what the reader may be told")
    schema_: str = Field(
        "", alias="schema", description="module in schemas/ or instruments/; default: the table's own name"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="table column -> raw column, where the names differ"
    )
    recode: dict[str, dict[str, str]] = Field(default_factory=dict, description="table column -> raw value -> value")
    visit: VisitColumn | None = Field(None, description="the column that tells the visit, and its values")
    unit: tuple[str, ...] = Field(
        (),
        description="raw columns joined by / to unit_id; @export, @batch and @row are the export's name, its batch, "
        "and the row's ordinal",
    )
    joined: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="table column -> raw columns joined by /"
    )
    unit_pattern: str = Field("", description="regular expression whose one group is the unit within that text")
    skip_blank: str = Field("", description="raw column; rows where it is blank are out of scope (unused slots)")
    status: str = Field("", description="raw column with the form status (0 incomplete, 1 unverified, 2 complete)")
    status_accepted: tuple[str, ...] = Field(("1", "2"), description="form states whose values are used")

    @model_validator(mode="after")
    def units(self) -> "TablePlan":
        """Parts with @ are known ones, and the pattern has its one group."""
        parts = [part for parts in (self.unit, *self.joined.values()) for part in parts if part.startswith("@")]
        if unknown := sorted(set(parts) - set(MADE)):
            raise ValueError(f"{unknown[0]!r} is not one of {', '.join(MADE)}")
        try:
            groups = re.compile(self.unit_pattern).groups
        except re.error as error:
            raise ValueError(f"unit_pattern: not a regular expression: {error}") from None
        if self.unit_pattern and (groups != 1 or not self.unit):
            raise ValueError("unit_pattern: needs unit, and one group in brackets")
        return self

    def raw(self, column: str) -> str:
        """What a column of the table is called in the raw export (the first part of a joined one)."""
        if column == "visit" and self.visit:
            return self.visit.column
        parts = self.unit if column == "unit_id" and self.unit else self.joined.get(column, ())
        return next((part for part in parts if not part.startswith("@")), self.columns.get(column, column))


class Parameter(Closed):
    """One quantity of a dataset: a value for each unit and visit."""

    derive: str = Field(description="module in derive/")
    label: str = Field(description="name in tables and figures")
    unit: str = Field("", description="unit of the value")
    visits: tuple[str, ...] = Field((), description="scheduled visits; none: once a unit")
    decimals: int = Field(1, description="decimals shown", ge=0, le=6)
    better: Literal["lower", "higher", ""] = Field("", description="direction of improvement")
    options: dict[str, Any] = Field(default_factory=dict, description="what the derivation needs")


class Population(Closed):
    """A set of units, by an expression over parameters without visits."""

    label: str
    where: str = Field("", description="expression such as 'sessions >= 3 and age >= 18'; empty: every enrolled unit")


class Roster(Closed):
    """Where the enrolled units are listed."""

    table: str
    column: str


class DatasetPlan(Closed):
    """Records of one kind of unit."""

    unit: str = Field(description="what one unit is: participant, animal, mouse, well")
    roster: Roster
    visits: dict[str, str] = Field(default_factory=dict, description="visit -> label, in time order")
    baseline: str = Field("", description="the visit that changes are counted from")
    group: str = Field("", description="parameter that holds the group of a unit")
    groups: dict[str, str] = Field(
        default_factory=dict, description="group -> label, the reference first; none: those in the data"
    )
    parameters: dict[str, Parameter]
    populations: dict[str, Population]


class Analysis(Closed):
    """One analysis of the plan."""

    method: str = Field(description="module in analyses/")
    dataset: str
    title: str
    parameters: tuple[str, ...] = Field((), description="parameters analysed, each on its own")
    visits: tuple[str, ...] = Field((), description="visits analysed; none: the parameter's own")
    population: str = Field("full", description="population of the dataset")
    note: str = Field("", description="a remark printed with the results")
    options: dict[str, Any] = Field(default_factory=dict, description="what the method needs")


class FigurePlan(Closed):
    """One figure of the report."""

    figure: str = Field(description="module in figures/")
    analyses: tuple[str, ...] = Field(description="analyses whose estimates are drawn")
    title: str
    options: dict[str, Any] = Field(default_factory=dict)


class Plan(Closed):
    """The whole plan of one study."""

    study: str
    title: str
    kind: Literal["simulated", "real"]
    statement: str = Field(description="printed on every output: what is simulated, or whose data these are")
    design: str
    missing_codes: dict[str, str] = Field(default_factory=dict, description="raw code -> what it says; never a value")
    severities: dict[str, Severity] = Field(default_factory=dict, description="rule id -> severity in this study")
    tables: dict[str, TablePlan]
    datasets: dict[str, DatasetPlan]
    analyses: dict[str, Analysis]
    figures: dict[str, FigurePlan]

    @model_validator(mode="after")
    def references(self) -> "Plan":
        """Names are identifiers, and everything that is referred to exists."""
        if faults := [*self._names(), *self._dangling()]:
            raise ValueError("\n".join(faults))
        return self

    def _names(self) -> Iterator[str]:
        for section in ("tables", "datasets", "analyses", "figures"):
            for name in getattr(self, section):
                if not NAME.match(name):
                    yield f"{section}: {name!r} is not lower case letters, digits and underscores"
        yield from (f"tables: {name!r} is taken for a file of its own" for name in RESERVED if name in self.tables)

    def _dangling(self) -> Iterator[str]:
        for name, dataset in self.datasets.items():
            where = f"datasets.{name}"
            yield from _unknown(where + ".roster.table", [dataset.roster.table], self.tables)
            yield from _unknown(where + ".baseline", [dataset.baseline] if dataset.baseline else [], dataset.visits)
            yield from _unknown(where + ".group", [dataset.group] if dataset.group else [], dataset.parameters)
            for key, parameter in dataset.parameters.items():
                yield from _unknown(f"{where}.parameters.{key}.visits", parameter.visits, dataset.visits)
        for name, analysis in self.analyses.items():
            where = f"analyses.{name}"
            yield from _unknown(where + ".dataset", [analysis.dataset], self.datasets)
            if analysis.dataset in self.datasets:
                dataset = self.datasets[analysis.dataset]
                yield from _unknown(where + ".parameters", analysis.parameters, dataset.parameters)
                yield from _unknown(where + ".visits", analysis.visits, dataset.visits)
                yield from _unknown(where + ".population", [analysis.population], dataset.populations)
        for name, figure in self.figures.items():
            yield from _unknown(f"figures.{name}.analyses", figure.analyses, self.analyses)


def _unknown(where: str, names: Any, known: Any) -> list[str]:
    return [f"{where}: {name!r} is not declared{nearest(name, known)}" for name in names if name not in known]


def nearest(name: str, known: Any) -> str:
    """A hint at the nearest known name, or nothing."""
    close = get_close_matches(str(name), [str(k) for k in known], 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def complaints(error: ValidationError, where: str, model: type[BaseModel]) -> list[str]:
    """A pydantic error as one readable line a finding."""
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            text = "unknown key" + nearest(str(item["loc"][-1]), _keys_at(model, item["loc"][:-1]))
        lines += [f"{where}: {place + ': ' if place else ''}{line}" for line in text.split("\n")]
    return lines


def _keys_at(model: Any, path: tuple) -> list[str]:
    """The keys that the model allows at a place of the document."""
    for part in path:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        kinds = [fields[part].annotation]
        while kinds:
            kind = kinds.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
                break
            kinds.extend(getattr(kind, "__args__", ()))
    return [field.alias or name for name, field in getattr(model, "model_fields", {}).items()]


def checked(model: type[BaseModel], content: Any, where: str) -> Any:
    """The content as a model. Raises Fault with every complaint."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise Fault(*complaints(error, where, model)) from None


def plan_file(study: str) -> Path:
    """Where a study's plan lies."""
    return Path("config/studies", f"{study}.yaml")


def _parsed(text: str) -> Any:
    """YAML as plain values. Raises YAMLError, also for a key that stands twice (the last one would win silently)."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def construct_mapping(self, node, deep=False):  # type: ignore[no-untyped-def]
            seen = set()
            for key, _ in node.value:
                if isinstance(key.value, str) and key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
                seen.add(str(key.value))
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader=Loader)


def read_plan(path: str | Path) -> Plan:
    """Read and check a plan. Raises Fault with each unknown key, wrong value or dangling name."""
    import yaml

    path = Path(path)
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fault(f"{path}: there is no such plan; add it, or take the study out of config/config.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Fault(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    plan = checked(Plan, content, str(path))
    if plan.study != path.stem:
        raise Fault(f"{path}: study: {plan.study!r} differs from the file's name")
    return plan

"""The statistical analysis plan of a study: ``config/studies/<study>.yaml`` as a closed, typed model.

The plan holds choices, never paths or threads. Parts that name a module (a reader, a schema, a
derivation, a method, a figure) carry ``options``; the module itself declares and checks them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.study.closed import NAME, Closed, checked, nearest
from omtrace.study.mapping import mapped
from omtrace.study.tables import TablePlan

RESERVED = ("places", "quarantine", "gaps", "repairs")  # files beside the validated tables
Severity = Literal["note", "warn", "quarantine", "stop"]
Scope = Literal["row", "unit", "batch"]


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


class CheckPlan(Closed):
    """One check across rows, visits or tables."""

    check: str = Field(description="module in crosschecks/")
    options: dict[str, Any] = Field(default_factory=dict, description="tables, columns and the study's thresholds")


class Plan(Closed):
    """The whole plan of one study."""

    study: str
    title: str
    kind: Literal["simulated", "real"]
    statement: str = Field(description="printed on every output: what is simulated, or whose data these are")
    design: str
    missing_codes: dict[str, str] = Field(default_factory=dict, description="raw code -> what it says; never a value")
    severities: dict[str, Severity] = Field(default_factory=dict, description="rule id -> severity in this study")
    scopes: dict[str, Scope] = Field(
        default_factory=dict, description="rule id -> what a quarantine takes out: the row, the unit or the batch"
    )
    tables: dict[str, TablePlan]
    checks: dict[str, CheckPlan] = Field(default_factory=dict, description="checks across rows, visits and tables")
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
        for section in ("tables", "checks", "datasets", "analyses", "figures"):
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
    if isinstance(content, dict) and isinstance(content.get("tables"), dict):
        entries = {name: entry for name, entry in content["tables"].items() if isinstance(entry, dict)}
        content["tables"] |= {name: mapped(entry, path.with_suffix("")) for name, entry in entries.items()}
    plan = checked(Plan, content, str(path))
    if plan.study != path.stem:
        raise Fault(f"{path}: study: {plan.study!r} differs from the file's name")
    return plan

"""The statistical analysis plan of a study: ``config/studies/<study>.yaml`` as a closed, typed model.

The plan holds choices, never paths or threads. Parts that name a module (a reader, a schema, a
derivation, a method, a figure) carry ``options``; the module itself declares and checks them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.model.arrive import Arrive
from omtrace.model.checklists import CHECKLISTS, Guideline
from omtrace.model.closed import NAME, Closed, PluginOptions, nearest
from omtrace.model.column_files import with_columns
from omtrace.model.document import read_document
from omtrace.model.expression import Expression
from omtrace.model.folders import base_of
from omtrace.model.lines import checked_file, with_lines
from omtrace.model.mapping import mapped
from omtrace.model.names import OF_ALL
from omtrace.model.planning import Planning
from omtrace.model.published import Published
from omtrace.model.questions import (
    BELONGING,
    Estimand,
    Family,
    Margin,
    Meaningful,
    Question,
    Role,
    with_families,
)
from omtrace.model.slices import (
    ANALYSIS,
    CHECKS,
    DATASETS,
    DERIVATION,
    NOWHERE,
    PAGES,
    REPORT,
    ROSTER,
    TABLES,
    VALIDATION,
    ReadBy,
)
from omtrace.model.sources import Sharing, SourcePlan, with_base, with_shared, with_sources, written_out
from omtrace.model.tables import TablePlan

# Crosschecks of every study, with default options where the plan has no entry.
USUAL = ("copied_plates", "copies", "future_dates", "magnitudes", "moved_standards", "straight_lines")

WORD = re.compile(r"\w+")
UNPLANNED = "Not named in the plan."  # how the note of an analysis begins that an exploratory file adds
RESERVED = ("places", "quarantine", "gaps", "repairs")  # files beside the validated tables
Severity = Literal["note", "warn", "quarantine", "stop"]
Scope = Literal["cell", "row", "unit", "batch"]


class Parameter(Closed):
    """One quantity of a dataset: a value for each unit and visit."""

    derive: str = Field(description="module in derive/")
    label: Annotated[str, PAGES] = Field(description="name in tables and figures")
    unit: Annotated[str, ANALYSIS] = Field("", description="unit of the value")
    visits: Annotated[tuple[str, ...], DERIVATION] = Field((), description="scheduled visits; none: once a unit")
    decimals: Annotated[int, ANALYSIS] = Field(1, description="decimals shown", ge=0, le=15)
    better: Annotated[Literal["lower", "higher", ""], DERIVATION] = Field("", description="direction of improvement")
    labels: Annotated[dict[str, str], PAGES] = Field(
        default_factory=dict, description="category -> label in tables and figures, where the category is a code"
    )
    meaningful: Annotated[tuple[Meaningful, ...], REPORT] = Field(
        (), description="sizes of effect that matter, with their sources; the summary holds the results against them"
    )
    options: PluginOptions = Field(default_factory=dict, description="what the derivation needs")


class Population(Closed):
    """A set of units, by an expression over parameters without visits."""

    label: Annotated[str, PAGES]
    where: str = Field("", description="expression such as 'sessions >= 3 and age >= 18'; empty: every enrolled unit")
    why: Annotated[str, REPORT] = Field("", description="what the population is for, and why these units")
    reasons: dict[str, str] = Field(
        default_factory=dict, description="clause of where -> why a unit that fails it is left out, in words"
    )


class Roster(Closed):
    """Where the enrolled units are listed."""

    table: str
    column: str


class ExperimentalUnit(Closed):
    """What was given its treatment on its own, and is therefore the n of every comparison."""

    what: str = Field(description="animal, cage, litter")
    parameter: str = Field(
        "", description="parameter without visits that says to which one a unit belongs; empty: the unit is one itself"
    )


class DatasetPlan(Closed):
    """Records of one kind of unit."""

    unit: str = Field(description="what one unit is: participant, animal, mouse, well")
    experimental_unit: Annotated[ExperimentalUnit | None, ANALYSIS] = Field(
        None, description="comparisons that take smaller units for n are refused; none: not declared, not checked"
    )
    roster: Annotated[Roster, ROSTER]
    visits: Annotated[dict[str, str], ReadBy(PAGES.stages, keys=("derive", "analyse"))] = Field(
        default_factory=dict, description="visit -> label, in time order"
    )
    baseline: Annotated[str, DERIVATION] = Field("", description="the visit that changes are counted from")
    group: Annotated[str, DERIVATION] = Field("", description="parameter that holds the group of a unit")
    groups: Annotated[dict[str, str], ReadBy(PAGES.stages, keys=("analyse",))] = Field(
        default_factory=dict, description="group -> label, the reference first; none: those in the data"
    )
    parameters: dict[str, Parameter] = Field(min_length=1)
    populations: Annotated[dict[str, Population], ANALYSIS] = Field(
        default_factory=lambda: {"full": Population.model_validate({"label": "every enrolled unit"})},
        description="population -> who belongs to it; default: full, every enrolled unit",
    )

    def named_in(self, content: object) -> set[str]:
        """The parameters whose names stand in options or expressions, and those that their own options name in turn."""
        names: set[str] = set()
        waiting = set(WORD.findall(repr(content))) & self.parameters.keys()
        while waiting:
            names |= waiting
            texts = repr([self.parameters[name].options for name in waiting])
            waiting = (set(WORD.findall(texts)) & self.parameters.keys()) - names
        return names

    def condition(self, population: str, where: str, known: Sequence[str] | None = None) -> Expression:
        """Who belongs to a population.

        Parameters
        ----------
        population
            Its name.
        where
            How a fault begins.
        known
            The parameters that it may name; by default those that are declared without visits.

        Raises
        ------
        Fault
            Where it is no expression, or names another parameter.
        """
        if known is None:
            known = [name for name, parameter in self.parameters.items() if not parameter.visits]
        entry = self.populations[population]
        return Expression(entry.where, where, known, tuple(entry.reasons))


class Analysis(Closed):
    """One analysis of the plan."""

    method: str = Field(description="module in analyses/")
    dataset: str = Field("", description="dataset; default: the plan's, where there is one alone")
    title: Annotated[str, PAGES]
    parameters: tuple[str, ...] = Field((), description="parameters analysed, each on its own")
    visits: tuple[str, ...] = Field((), description="visits analysed; none: the parameter's own")
    population: str = Field("full", description="population of the dataset")
    role: Role = Field("supportive", description="what the analysis is for; the report is in this order")
    of: str = Field("", description="the analysis that a sensitivity or subgroup analysis belongs to")
    estimand: str = Field("", description="estimand of the plan that the analysis estimates")
    margin: Margin | None = Field(None, description="non-inferiority or equivalence; none: neither is asked for")
    exempt: Annotated[str, REPORT] = Field(
        "", description="reason why its p values are exempt from multiplicity control (a check of a model)"
    )
    note: Annotated[str, REPORT] = Field("", description="a remark printed with the results")
    options: PluginOptions = Field(default_factory=dict, description="what the method needs")


class FigurePlan(Closed):
    """One figure of the report."""

    figure: str = Field(description="module in figures/")
    analyses: tuple[str, ...] = Field(description="analyses whose estimates are drawn")
    title: str
    options: PluginOptions = Field(default_factory=dict)


class PlatePages(Closed):
    """A page for each plate of an assay: the groups of a dataset of wells."""

    dataset: str = Field(description="dataset whose units are wells and whose group is the plate")
    signal: str = Field(description="its parameter with the signal")
    concentration: str = Field(description="its parameter with the nominal concentration of standards")
    role: str = Field("", description="its parameter with what a well holds")
    sample: str = Field("", description="its parameter with the name of the sample or control in a well")
    read: str = Field("", description="its parameter with the concentration read back from each well")

    def parameters(self) -> list[str]:
        """The parameters that it names."""
        return [name for name in (self.signal, self.concentration, self.role, self.sample, self.read) if name]


class CheckPlan(Closed):
    """One check across rows, visits or tables."""

    check: str = Field(description="module in crosschecks/")
    options: PluginOptions = Field(default_factory=dict, description="tables, columns and the study's thresholds")


class Disclosure(Closed):
    """What is held back of results that leave."""

    threshold: int = Field(
        5,
        ge=1,
        description="a count from 1 to below it is not shown, nor a result of fewer units; 1: nothing is held back "
        "(no people, or data that are public)",
    )


class Plan(Closed):
    """The whole plan of one study."""

    study: str
    title: Annotated[str, PAGES]
    kind: Annotated[Literal["simulated", "real"], ANALYSIS]
    statement: Annotated[str, REPORT] = Field(
        description="printed on every output: what is simulated, or whose data these are"
    )
    public: Annotated[bool, PAGES] = Field(
        False,
        description="the data are published; else pages with rows of people or animals say that they are confidential",
    )
    design: Annotated[str, REPORT]
    missing_codes: Annotated[dict[str, str], TABLES] = Field(
        default_factory=dict, description="raw code -> what it says; never a value, in any table that says nothing else"
    )
    severities: Annotated[dict[str, Severity], VALIDATION] = Field(
        default_factory=dict, description="rule id -> severity in this study"
    )
    scopes: Annotated[dict[str, Scope], VALIDATION] = Field(
        default_factory=dict,
        description="rule id -> what a quarantine takes out: the cell, the row, the unit or the batch",
    )
    extends: Annotated[str, NOWHERE] = Field(
        "", description="FOLDER/NAME.yaml in the folder of the plans: what this plan shares with others"
    )
    sources: Annotated[dict[str, SourcePlan], NOWHERE] = Field(
        default_factory=dict, description="source -> how its exports are read, taken over by the tables that name it"
    )
    shared: Annotated[dict[Sharing, dict[str, dict[str, object]]], NOWHERE] = Field(
        default_factory=dict,
        description="section -> module -> keys that all entries with this module have, unless they say otherwise",
    )
    tables: Annotated[dict[str, TablePlan], ReadBy((*TABLES.stages, "derive", "analyse"))]
    checks: Annotated[dict[str, CheckPlan], CHECKS] = Field(
        default_factory=dict, description="checks across rows, visits and tables"
    )
    datasets: Annotated[dict[str, DatasetPlan], DATASETS]
    arrive: Annotated[Arrive | None, REPORT] = Field(
        None, description="animal studies: statements for the report's ARRIVE table; none: no such table"
    )
    reporting: Annotated[dict[Guideline, dict[str, str]], REPORT] = Field(
        default_factory=dict,
        description="guideline -> item -> what is to be said of it: the report shows its checklist, filled from plan, "
        "results and these statements, with the gaps",
    )
    estimands: Annotated[dict[str, Estimand], ANALYSIS] = Field(
        default_factory=dict, description="estimand -> what is to be estimated"
    )
    analyses: Annotated[dict[str, Analysis], ANALYSIS]
    fragility: Annotated[bool, NOWHERE] = Field(
        True, description="add to each primary analysis one without each unit in turn: how much hangs on single units"
    )
    families: Annotated[dict[str, Family], ANALYSIS] = Field(
        default_factory=dict, description="family -> hypotheses whose error is controlled together"
    )
    on_refusal: Annotated[Literal["", "stop", "go_on"], REPORT] = Field(
        "",
        description="how a run ends that has made everything but what the data did not allow: stop, with exit code 1; "
        "go_on, with 0; none: with 1 where a primary analysis is among it",
    )
    planning: Annotated[dict[str, Planning], NOWHERE] = Field(
        default_factory=dict,
        description="analysis -> assumptions under which omtrace power simulates it; no result rests on them",
    )
    figures: Annotated[dict[str, FigurePlan], PAGES] = Field(default_factory=dict)
    plates: Annotated[PlatePages | None, PAGES] = Field(None, description="a page for each plate")
    questions: Annotated[tuple[Question, ...], REPORT] = Field(
        (),
        description="what the study is to answer, the most important first: the report begins with the answers; "
        "none: what its primary analyses estimate, or else its families of hypotheses",
    )
    disclosure: Annotated[Disclosure, REPORT] = Field(
        default_factory=lambda: Disclosure(threshold=5), description="small cells of results that leave, in share mode"
    )
    published: Annotated[tuple[Published, ...], REPORT] = Field(
        (), description="publications of the study whose printed numbers stand beside ours in the report"
    )

    @model_validator(mode="before")
    @classmethod
    def derived(cls, content: object) -> object:
        """Tables take over what their sources say, entries what is shared; families and sensitivity sets become
        analyses of their own."""
        return with_families(_with_the_dataset(with_sources(with_shared(content))))

    @model_validator(mode="after")
    def references(self) -> "Plan":
        """Names are identifiers, and everything that is referred to exists."""
        if faults := [*self._names(), *self._dangling()]:
            raise ValueError("\n".join(dict.fromkeys(faults)))
        return self

    @property
    def is_confidential(self) -> bool:
        """Whether pages with rows of single units are for those alone who may see them."""
        return self.kind == "real" and not self.public

    def _names(self) -> Iterator[str]:
        if self.study in OF_ALL:
            yield f"study: {self.study!r} is taken for a folder of the index; give the study another name"
        for section in ("tables", "checks", "datasets", "estimands", "analyses", "families", "figures"):
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
            if dataset.experimental_unit and (belongs := dataset.experimental_unit.parameter):
                yield from _unknown(where + ".experimental_unit.parameter", [belongs], dataset.parameters)
            for key, parameter in dataset.parameters.items():
                yield from _unknown(f"{where}.parameters.{key}.visits", parameter.visits, dataset.visits)
        for name, analysis in self.analyses.items():
            yield from self._dangling_analysis(f"analyses.{name}", analysis)
        for name, family in self.families.items():
            for key, hypothesis in family.hypotheses.items():
                where = f"families.{name}.hypotheses.{key}"
                yield from _unknown(where + ".analysis", [hypothesis.analysis], self.analyses)
                if (found := self.analyses.get(hypothesis.analysis)) and hypothesis.parameter:
                    yield from _unknown(where + ".parameter", [hypothesis.parameter], found.parameters)
        if self.plates:
            yield from _unknown("plates.dataset", [self.plates.dataset], self.datasets)
            if self.plates.dataset in self.datasets:
                dataset = self.datasets[self.plates.dataset]
                yield from _unknown("plates", self.plates.parameters(), dataset.parameters)
                yield from [] if dataset.group else ["plates.dataset: it has no group that names the plate"]
        for guideline, statements in self.reporting.items():
            items = [item.number for item in CHECKLISTS[guideline].items]
            yield from _unknown(f"reporting.{guideline}", statements, items)
        yield from _unknown("planning", self.planning, self.analyses)
        for name, figure in self.figures.items():
            yield from _unknown(f"figures.{name}.analyses", figure.analyses, self.analyses)
        for place, question in enumerate(self.questions):
            where = f"questions.{place}"
            yield from _unknown(where + ".analysis", [question.analysis], self.analyses)
            if entry := self.analyses.get(question.analysis):
                known = entry.parameters or ([question.parameter] if entry.method == "family" else [])
                yield from _unknown(where + ".parameter", [question.parameter] if question.parameter else [], known)
                groups = self.datasets[entry.dataset].groups if entry.dataset in self.datasets else {}
                yield from _unknown(where + ".groups", (question.groups or ()) if groups else (), groups)
        for place, publication in enumerate(self.published):
            for row, printed in enumerate(publication.numbers):
                where = f"published.{place}.numbers.{row}"
                for one in (printed, printed.over):
                    if one is not None:
                        yield from _unknown(where + ".analysis", [one.analysis], self.analyses)
                        entry = self.analyses.get(one.analysis)
                        if entry and one.parameter and entry.parameters:
                            yield from _unknown(where + ".parameter", [one.parameter], entry.parameters)

    def _dangling_analysis(self, where: str, analysis: Analysis) -> Iterator[str]:
        yield from _unknown(where + ".dataset", [analysis.dataset], self.datasets)
        if analysis.dataset in self.datasets:
            dataset = self.datasets[analysis.dataset]
            yield from _unknown(where + ".parameters", analysis.parameters, dataset.parameters)
            yield from _unknown(where + ".visits", analysis.visits, dataset.visits)
            yield from _unknown(where + ".population", [analysis.population], dataset.populations)
            events = self.estimands[analysis.estimand].events if analysis.estimand in self.estimands else {}
            for name, event in events.items():
                names = [event.parameter] if event.parameter else []
                yield from _unknown(f"estimands.{analysis.estimand}.events.{name}.parameter", names, dataset.parameters)
        yield from _unknown(where + ".of", [analysis.of] if analysis.of else [], self.analyses)
        yield from _unknown(where + ".estimand", [analysis.estimand] if analysis.estimand else [], self.estimands)
        if analysis.role in BELONGING and not analysis.of:
            yield f"{where}.of: a {analysis.role} analysis names the analysis that it belongs to"
        if analysis.of and analysis.of in self.analyses and self.analyses[analysis.of].of:
            yield f"{where}.of: {analysis.of!r} belongs to another analysis itself"


class Additions(Closed):
    """What an exploratory file adds to a dataset."""

    parameters: dict[str, Parameter] = Field(default_factory=dict, description="parameter -> how it is derived")
    populations: dict[str, Population] = Field(default_factory=dict, description="population -> who belongs to it")


class Exploratory(Closed):
    """Analyses that the plan does not name, from config/studies/<study>/exploratory.yaml: all are exploratory."""

    reason: str = Field(description="why they are run, printed with each of them")
    datasets: dict[str, Additions] = Field(default_factory=dict, description="what they need beside the plan's data")
    analyses: dict[str, Analysis] = Field(default_factory=dict, description="analysis -> what is computed")
    figures: dict[str, FigurePlan] = Field(default_factory=dict, description="figure -> what is drawn")


def with_exploratory(content: object, path: Path) -> object:
    """A plan's content with what its exploratory file adds, where there is one.

    Raises Fault for a file that is not readable, and for a name that the plan has: the plan itself stays as it is.
    """
    if not path.is_file():
        return content
    additions = read_document(path)
    extra = checked_file(Exploratory, additions, path)
    assert isinstance(additions, dict)
    for name, analysis in extra.analyses.items():
        note = f"{UNPLANNED} {extra.reason} {analysis.note}".strip()
        additions["analyses"][name] |= {"role": "exploratory", "note": note}
    parts: list[tuple[tuple[str, ...], dict]] = [((part,), additions.get(part, {})) for part in ("analyses", "figures")]
    parts += [
        (("datasets", name, part), added)
        for name, dataset in additions.get("datasets", {}).items()
        for part, added in dataset.items()
    ]
    for way, entries in parts:
        node = content
        for key in way:
            if not isinstance(node, dict) or not isinstance(node.get(key), dict):
                raise with_lines([f"{path}: {'.'.join(way)}: {key!r} is not in the plan"], str(path), path)
            node = node[key]
        assert isinstance(node, dict)
        if again := [name for name in entries if name in node]:
            fault = f"{path}: {'.'.join(way)}: {again[0]!r} is in the plan; take another name"
            raise with_lines([fault], str(path), path)
        node |= entries
    return content


def _with_the_dataset(content: object) -> object:
    """A plan's content in which the analyses name the dataset, where the plan has one alone."""
    if not isinstance(content, dict):
        return content
    datasets, analyses = content.get("datasets"), content.get("analyses")
    if not (isinstance(datasets, dict) and isinstance(analyses, dict) and len(datasets) == 1):
        return content
    alone = {"dataset": next(iter(datasets))}
    named = {name: alone | entry if isinstance(entry, dict) else entry for name, entry in analyses.items()}
    return content | {"analyses": named}


def _unknown(where: str, names: Iterable[str], known: Collection[str]) -> list[str]:
    return [f"{where}: {name!r} is not declared{nearest(name, known)}" for name in names if name not in known]


def _written_out(content: object, path: Path) -> object:
    try:
        return written_out(content)
    except ValueError as error:
        raise Fault(f"{path}: {error}") from None


def read_plan(path: str | Path) -> Plan:
    """Read and check a plan. Raises Fault with each unknown key, wrong value or dangling name."""
    path = Path(path)
    beside = path.with_suffix("") / "exploratory.yaml"
    content = _written_out(with_exploratory(with_base(read_document(path), path), beside), path)
    if isinstance(content, dict) and isinstance(content.get("tables"), dict):
        entries = {name: entry for name, entry in content["tables"].items() if isinstance(entry, dict)}
        beside_it = path.with_suffix("")
        content["tables"] |= {n: with_columns(mapped(e, beside_it), beside_it) for n, e in entries.items()}
    plan = checked_file(Plan, content, path, beside, *filter(None, [base_of(path)]))
    if plan.study != path.stem:
        raise with_lines([f"{path}: study: {plan.study!r} differs from the file's name"], str(path), path)
    return plan

"""The ten essential items of ARRIVE 2.0 as a table: what the plan and the data hold for each, and what is not there.

Percie du Sert N et al., PLoS Biol 2020;18:e3000410. Item titles are the guideline's; all other words are ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from omtrace.model.contrast import EVERYBODY
from omtrace.model.estimate import Estimate
from omtrace.model.headline import headline_of
from omtrace.model.plan import Analysis, Plan
from omtrace.schemas import table_in

ANIMAL = ("species", "strain", "genotype", "sex", "age", "age_weeks", "weight_g")
DESCRIBES = ("describe", "flow")  # methods whose n are the animals of each group
ASIDE = {  # methods that compare no groups
    *DESCRIBES,
    *("agreement", "change_by_visit", "concordance", "family", "grubbs", "limits_of_agreement", "sample_size"),
    *("planned_size", "shift_table", "standard_curve", "trial_size"),
}


@dataclass(frozen=True)
class Found:
    """One thing found: a text, numbers that stand behind it, and where it stands (an anchor, and its words)."""

    text: str
    anchor: str
    where: str
    numbers: tuple[tuple[str, Estimate], ...] = ()


@dataclass(frozen=True)
class Item:
    """One item of the guideline: what was found, and what is missing."""

    number: str
    title: str
    found: list[Found]
    gaps: list[str]

    @property
    def lines(self) -> list[list[Found]]:
        """What was found, what is said in the same words together."""
        by_text: dict[str, list[Found]] = {}
        for one in self.found:
            by_text.setdefault(one.text, []).append(one)
        return list(by_text.values())


def arrive_of(plan: Plan, numbers: Mapping[str, Estimate]) -> list[Item]:
    """The ten items of a plan that has an ``arrive`` section; none for others."""
    if plan.arrive is None:
        return []
    parts = (
        _design,
        _size,
        _exclusions,
        _randomisation,
        _blinding,
        _outcomes,
        _methods,
        _animals,
        _procedures,
        _results,
    )
    items = []
    for at, part in enumerate(parts, 1):
        told = list(part(plan, numbers))
        found, gaps = [t for t in told if isinstance(t, Found)], [t for t in told if isinstance(t, str)]
        items.append(Item(str(at), part.__doc__ or "", found, gaps))
    return items


def _link(name: str, entry: Analysis, text: str, numbers: tuple[tuple[str, Estimate], ...] = ()) -> Found:
    return Found(text, f"analysis-{name}", entry.title, numbers)


def _told(text: str, gap: str) -> Found | str:
    """A statement of the plan, or the gap."""
    return Found(text, "design", "Plan") if text else gap


def _units(plan: Plan) -> dict[str, str]:
    """Datasets with groups or an experimental unit -> the unit that counts ("" where none is declared)."""
    told = {n: d.experimental_unit.what if d.experimental_unit else "" for n, d in plan.datasets.items()}
    return {n: unit for n, unit in told.items() if unit or (plan.datasets[n].group and plan.datasets[n].visits)}


def _design(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Study design"""
    units, told = _units(plan), []
    for name in units:
        dataset = plan.datasets[name]
        if dataset.groups:
            told.append(f"Groups: {'; '.join(dataset.groups.values())}")
        if units[name]:
            told.append(f"Experimental unit: {units[name]}")
    for text in dict.fromkeys(told):
        yield Found(text, "design", "Design")
    if not any(units.values()):
        yield "No dataset declares its experimental unit."
    if not any(plan.datasets[name].groups for name in units):
        yield "No groups are declared."


def _size(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Sample size"""
    for name, entry in plan.analyses.items():
        mine = [n for n in numbers.values() if n.analysis == name and n.statistic == "n"]
        if _by_group(entry, mine) and plan.datasets[entry.dataset].experimental_unit:
            first = {key: mine[0][key] for key in ("parameter", "visit", "level")} if mine else {}
            counted = [n for n in mine if all(n[key] == value for key, value in first.items())]
            told = tuple((n.labels["group"], n) for n in counted)
            yield _link(name, entry, f"Each {plan.datasets[entry.dataset].unit} counted, by group", told)
            break
    else:
        yield "No analysis counts the experimental units of each group."
    yield _told(
        plan.arrive.sample_size if plan.arrive else "", "Not said how the number of animals was chosen beforehand."
    )
    for name, entry in plan.analyses.items():
        if entry.method in ("planned_size", "sample_size", "trial_size"):
            yield _link(name, entry, "Numbers for a next study, from the variances of this one")


def _by_group(entry: Analysis, numbers: list[Estimate]) -> bool:
    """Whether an analysis counts and describes, group by group."""
    return entry.method in DESCRIBES and any(number.group != EVERYBODY for number in numbers)


def _exclusions(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Inclusion and exclusion criteria"""
    stated = [check for check in plan.checks.values() if check.check == "exclusion_reasons"]
    for check in stated:
        reasons = check.options.get("reasons", {})
        text = "; ".join(f"{r.get('meaning', code)} ({r.get('stated', '')})" for code, r in reasons.items())
        yield Found(f"Reasons stated beforehand: {text}", "design", "Plan")
    told = plan.arrive.exclusions if plan.arrive else ""
    if told or not stated:
        yield _told(told, "No criteria for the exclusion of animals are stated beforehand.")
    yield Found("Every number says which animals are left out of it, and why", "rows", "Rows kept and left out")


def _randomisation(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Randomisation"""
    gap = "Not said how animals were allocated, nor in which order they were treated and measured."
    yield _told(plan.arrive.randomisation if plan.arrive else "", gap)


def _blinding(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Blinding"""
    yield _told(plan.arrive.blinding if plan.arrive else "", "Not said who knew the allocation, and when.")


def _outcomes(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Outcome measures"""
    primary = {n: entry for n, entry in plan.analyses.items() if entry.role == "primary"}
    measured: dict[str, str] = {}
    for entry in plan.analyses.values():
        if _is_compared(plan, entry):
            parameters = plan.datasets[entry.dataset].parameters
            measured |= {n: parameters[n].label for n in entry.parameters if n in parameters}
    if measured:
        yield Found(f"Compared: {'; '.join(measured.values())}", "results", "Results")
    for name, entry in primary.items():
        yield _link(name, entry, "Primary outcome")
    if not primary:
        yield "No analysis is named as the primary one."


def _is_compared(plan: Plan, entry: Analysis) -> bool:
    """Whether an analysis compares, on units that are experimental ones or belong to them, where any are declared."""
    declared = any(dataset.experimental_unit for dataset in plan.datasets.values())
    return entry.method not in ASIDE and (not declared or plan.datasets[entry.dataset].experimental_unit is not None)


def _methods(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Statistical methods"""
    for method in dict.fromkeys(entry.method for entry in plan.analyses.values() if _is_compared(plan, entry)):
        name, entry = next((n, e) for n, e in plan.analyses.items() if e.method == method)
        yield _link(name, entry, f"Method and options: {method.replace('_', ' ')}")
    for name, family in plan.families.items():
        yield Found(f"Multiplicity: {family.procedure.replace('_', ' ')}", f"analysis-{name}", family.title)
    yield Found("Program, versions and plan by digest", "digests", "Digests")
    yield _told(plan.arrive.assumptions if plan.arrive else "", "Not said how the methods' assumptions were looked at.")


def _animals(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Experimental animals"""
    has: dict[str, None] = {}
    for name, table in plan.tables.items():
        has |= {c.name: None for c in table_in(table, name).columns if c.name in ANIMAL}
    if has:
        words = ", ".join(column.removesuffix("_g").replace("_", " ") for column in has)
        yield Found(f"In the tables, animal by animal: {words}", "inputs", "Raw exports")
    gap = f"Not said: species, source and health{'' if has else ', strain, sex, age or weight'} of the animals."
    yield _told(plan.arrive.animals if plan.arrive else "", gap)


def _procedures(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Experimental procedures"""
    tables = [name for name, table in plan.tables.items() if (table.schema_ or name) == "procedures"]
    for name in tables:
        yield Found(f"Table {name}: procedure, dose, route and day of each animal", "inputs", "Raw exports")
    told = plan.arrive.procedures if plan.arrive else ""
    if told or not tables:
        yield _told(told, "The procedures (what was done to each group, how, when and where) are not stated.")


def _results(plan: Plan, numbers: Mapping[str, Estimate]) -> Iterator[Found | str]:
    """Results"""
    mine: dict[str, list[Estimate]] = {}
    for number in numbers.values():
        mine.setdefault(number.analysis, []).append(number)
    spread = [
        n for n, entry in plan.analyses.items() if entry.method == "describe" and _by_group(entry, mine.get(n, []))
    ]
    if spread:
        yield _link(spread[0], plan.analyses[spread[0]], "Means with SD, medians with quartiles, by group")
    else:
        yield "No analysis describes each group with a measure of spread."
    effects = {name for name, found in mine.items() if headline_of({n.statistic for n in found})}
    compared = [name for name, entry in plan.analyses.items() if name in effects and _is_compared(plan, entry)]
    for name in compared[:6]:
        yield _link(name, plan.analyses[name], "Effects with intervals")
    if not compared:
        yield "No effect is given with an interval."

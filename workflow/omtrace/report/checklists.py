"""Checklists of reporting guidelines, filled from plan and results: what is found for each item, and what is a gap."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from omtrace.analyses._shown import plural
from omtrace.instruments import instrument_of
from omtrace.model.checklists import CHECKLISTS, Guideline
from omtrace.model.estimate import Estimate
from omtrace.model.headline import headline_of
from omtrace.model.plan import Analysis, Plan
from omtrace.report.answers import questions_of
from omtrace.report.arrive import Found, Item, arrive_of
from omtrace.report.standing import unplanned

Numbers = Mapping[str, Estimate]
FEW = 4  # analyses of one kind that are named


@dataclass(frozen=True)
class Filled:
    """A checklist of a study: where it stands on the page, its title and publication, and its items."""

    anchor: str
    title: str
    source: str
    items: list[Item]

    @property
    def gaps(self) -> int:
        """How many items have a gap."""
        return sum(bool(item.gaps) for item in self.items)


def checklists_of(plan: Plan, numbers: Numbers) -> list[Filled]:
    """The checklists that a plan asks for: under ``reporting``, and ``arrive``.

    Parameters
    ----------
    plan
        The plan.
    numbers
        The numbers of its results by id.
    """
    asked: dict[Guideline, dict[str, str]] = {"arrive": {}} if plan.arrive else {}
    asked |= plan.reporting
    filled = []
    for name, statements in asked.items():
        checklist = CHECKLISTS[name]
        items = []
        for item in checklist.items:
            found = [Found(statements[item.number], "design", "Plan")] if item.number in statements else []
            found += [one for finder in item.finders for one in FINDERS[finder](plan, numbers)]
            items.append(
                Item(
                    item.number,
                    item.asks[:1].upper() + item.asks[1:],
                    found,
                    [] if found else ["Neither plan nor results say it."],
                )
            )
        if name == "arrive":
            items = arrive_of(plan, numbers) + items
        filled.append(Filled(name.replace("_", "-"), checklist.title.partition(",")[0], checklist.source, items))
    return filled


Finder = Callable[[Plan, Numbers], Iterator[Found]]


def _named(entries: Iterable[tuple[str, Analysis]], text: str) -> Iterator[Found]:
    """The first analyses of some, each with a link; of more how many."""
    found = list(entries)
    for name, entry in found[:FEW]:
        yield Found(text, f"analysis-{name}", entry.title)
    if len(found) > FEW:
        yield Found(text, "results", f"{len(found) - FEW} more")


def _of_role(text: str, *roles: str) -> Finder:
    return lambda plan, numbers: _named(((n, e) for n, e in plan.analyses.items() if e.role in roles), text)


def _of_method(text: str, *methods: str) -> Finder:
    return lambda plan, numbers: _named(((n, e) for n, e in plan.analyses.items() if e.method in methods), text)


def _always(text: str, anchor: str, where: str) -> Finder:
    return lambda plan, numbers: iter([Found(text, anchor, where)])


def _title(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    yield Found(plan.title, "main", "Title")


def _design(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    yield Found(plan.design, "design", "Design")


def _questions(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for question in questions_of(plan):
        yield Found(question.asks, f"analysis-{question.analysis}", plan.analyses[question.analysis].title)
    for name in plan.estimands:
        yield Found(f"Estimand {name.replace('_', ' ')}", "methods", "Methods as run")


def _unplanned(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    yield from _named(((n, e) for n, e in plan.analyses.items() if unplanned(e)), "Not in the plan at first")


def _eligibility(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    columns = [str(c.options.get("column", "")) for c in plan.checks.values() if c.check == "eligibility"]
    if named := [column.replace("_", " ") for column in columns if column]:
        yield Found(f"Checked of each: {', '.join(named)}", "rows", "Rows kept and left out")
    for dataset in plan.datasets.values():
        for population in dataset.populations.values():
            if "eligib" in population.label.lower():
                yield Found(f"{population.label}: {population.where}", "design", "Design")


def _providers(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    checked = [c for c in plan.checks.values() if str(c.options.get("table", "")) == "providers"]
    for check in checked:
        values = ", ".join(map(str, check.options.get("values", [])))
        yield Found(f"Providers: {check.options.get('column', '')} {values}", "rows", "Rows kept and left out")


def _outcomes(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for role in ("primary", "secondary"):
        labels: dict[str, None] = {}
        for entry in plan.analyses.values():
            dataset = plan.datasets[entry.dataset]
            if entry.role == role:
                for name in entry.parameters:
                    if declared := dataset.parameters.get(name):
                        at = [dataset.visits[v] for v in (entry.visits or declared.visits) if v in dataset.visits]
                        when = f" ({', '.join(at).lower()})" if at else ""
                        labels[declared.label + when] = None
        if labels:
            yield Found(f"{role.capitalize()}: {'; '.join(labels)}", "results", "Results")


def _allocation(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for check in plan.checks.values():
        if check.check == "blocks":
            ratio = ", ".join(f"{arm} {n}" for arm, n in dict(check.options.get("ratio", {})).items())
            within = ", ".join(map(str, check.options.get("within", [])))
            text = f"Blocks{f' within {within}' if within else ''}, {ratio}; held against the list"
            yield Found(text, "rows", "Rows kept and left out")


def _sets(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for dataset in plan.datasets.values():
        for population in dataset.populations.values():
            yield Found(population.why or population.label, "design", "Design")


def _flow(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for name, figure in plan.figures.items():
        if figure.figure == "flow":
            yield Found("Diagram whose numbers open their people", f"figure-{name}", figure.title)


def _delivered(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    yield from _measured(plan, lambda name, derive: derive == "fidelity" or name == "sessions", "Delivered")


def _care(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    yield from _measured(plan, lambda name, derive: name in ("other_care", "preventive_changed"), "Recorded")


def _measured(plan: Plan, is_wanted: Callable[[str, str], bool], text: str) -> Iterator[Found]:
    """Parameters of a kind, with the first analysis that shows them."""
    for dataset_name, dataset in plan.datasets.items():
        wanted = {name: p.label for name, p in dataset.parameters.items() if is_wanted(name, p.derive)}
        for name, entry in plan.analyses.items():
            if entry.dataset == dataset_name and (shown := [wanted[p] for p in entry.parameters if p in wanted]):
                yield Found(f"{text}: {'; '.join(shown)}", f"analysis-{name}", entry.title)
                break


def _effects(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    statistics: dict[str, set[str]] = {}
    for number in numbers.values():
        statistics.setdefault(number.analysis, set()).add(number.statistic)
    with_effect = {name for name, found in statistics.items() if headline_of(found)}
    wanted = [(n, e) for n, e in plan.analyses.items() if n in with_effect and e.role in ("primary", "secondary")]
    yield from _named(wanted, "Effects with intervals, and numbers analysed")


def _families(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for name, family in plan.families.items():
        yield Found(f"Multiplicity: {family.procedure.replace('_', ' ')}", f"analysis-{name}", family.title)


def _instruments(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for name in _questionnaires(plan):
        instrument = instrument_of(name)
        yield Found(f"{instrument.title}: {instrument.source}", "inputs", "Raw exports")


def _scoring(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for name in _questionnaires(plan):
        scores = instrument_of(name).scores.values()
        whole = all(not score.minimum_answered for score in scores)
        text = "a score needs all its items" if whole else "open items are filled as its source allows"
        yield Found(f"{instrument_of(name).title}: {text}", "inputs", "Data dictionary")


def _reported(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for name, entry in plan.analyses.items():
        parameters = plan.datasets[entry.dataset].parameters
        if entry.role in ("primary", "secondary") and (
            own := [
                parameters[p].label for p in entry.parameters if p in parameters and parameters[p].derive == "score"
            ]
        ):
            yield Found(f"{entry.role.capitalize()}: {'; '.join(own)}", f"analysis-{name}", entry.title)


def _questionnaires(plan: Plan) -> list[str]:
    """The questionnaires that the scores of a plan are made from."""
    parameters = [p for dataset in plan.datasets.values() for p in dataset.parameters.values() if p.derive == "score"]
    return list(dict.fromkeys(str(p.options["instrument"]) for p in parameters))


def _visits(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    for dataset in plan.datasets.values():
        if dataset.visits:
            yield Found(
                f"{plural(dataset.unit).capitalize()}: {', '.join(dataset.visits.values())}", "design", "Design"
            )


def _checks(plan: Plan, numbers: Numbers) -> Iterator[Found]:
    text = f"{len(plan.tables)} tables with declared types and bounds, {len(plan.checks)} checks across rows and tables"
    yield Found(text, "rows", "Rows kept and left out")


FINDERS: dict[str, Finder] = {
    "additional": _of_role("Sensitivity and supportive analyses", "sensitivity", "supportive"),
    "allocation": _allocation,
    "answers": _always("Answers with effects and intervals", "summary", "Summary"),
    "baseline": _of_method("Characteristics by group", "baseline_table"),
    "care": _care,
    "checks": _checks,
    "delivered": _delivered,
    "design": _design,
    "effects": _effects,
    "eligibility": _eligibility,
    "exploratory": _of_role("Exploratory", "exploratory"),
    "exports": _always("Raw exports with licence and source; code and environment by digest", "digests", "Digests"),
    "families": _families,
    "flow": _flow,
    "harms": _of_role("Harms by group", "safety"),
    "instruments": _instruments,
    "methods": _always("From the options that ran", "methods", "Methods as run"),
    "missing": _of_method("Missing values", "imputation", "tipping_point", "missing_patterns", "mmrm"),
    "outcomes": _outcomes,
    "people": _always("Pseudonyms; direct identifiers are refused when data come in", "inputs", "Raw exports"),
    "plan": _always("The plan that ran, by digest", "digests", "Digests"),
    "providers": _providers,
    "questions": _questions,
    "reliability": _of_method("Reliability in these data", "reliability"),
    "reported": _reported,
    "rows": _always("Rows in = rows out + quarantined + out of scope", "rows", "Rows kept and left out"),
    "scoring": _scoring,
    "sets": _sets,
    "title": _title,
    "unplanned": _unplanned,
    "visits": _visits,
}

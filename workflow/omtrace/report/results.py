"""Estimates as numbers with labels, and a section for each analysis of the plan, in the plan's order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from omtrace.analyses import JOINT
from omtrace.analyses._shown import level_shown, percent_shown, shown
from omtrace.faults import Fault
from omtrace.model.contrast import EVERYBODY, group_label
from omtrace.model.estimate import HELD_BACK, Estimate
from omtrace.model.headline import is_of_ratio
from omtrace.model.plan import Analysis, DatasetPlan, Plan
from omtrace.model.questions import ROLES
from omtrace.model.statistics import NOT_COMPUTED, Role, is_share, statistic_of
from omtrace.report.standing import claims, exploratory, unplanned
from omtrace.report.tables import tables_of
from omtrace.report.words import label_of

MOST = 3_000  # numbers of one analysis in a page
GROUPS = 24  # of an analysis with more: plates, say
ROW = ("analysis", "parameter", "population", "group", "visit", "level")  # what the numbers of a row share
KEY = attrgetter(*ROW)
NAMING = ("statistic", "parameter", "group", "visit", "level")  # a number's short name, beside its table


def rows_of(plan: Plan, estimates: Sequence[Estimate]) -> dict[str, Estimate]:
    """Every row of the estimates by id.

    Raises Fault for a number of an analysis that the plan does not have, and for an id given twice.
    """
    rows: dict[str, Estimate] = {}
    for row in estimates:
        if row.analysis not in plan.analyses:
            raise Fault(f"estimates.csv: analysis {row.analysis!r} is not in the plan; run snakemake again")
        if row.id in rows:
            raise Fault(f"estimates.csv: id {row.id} is there twice; run snakemake again")
        rows[row.id] = row
    return rows


def numbers_of(plan: Plan, rows: Mapping[str, Estimate], among: Iterable[str] | None = None) -> dict[str, Estimate]:
    """The numbers with one of the ids (None: all) by id, with their labels and their form as read by people.

    ``rows``: all of them, by id, for which p values are exploratory depends on the others.
    """
    numbers: dict[str, Estimate] = {}
    beside: dict[tuple[str, ...], dict[str, int]] = {}  # the statistics of each row of results, with their decimals
    for row in rows.values():
        beside.setdefault(KEY(row), {})[row.statistic] = row.decimals
    for name in rows if among is None else among:
        row = rows[name]
        analysis = plan.analyses[row.analysis]
        dataset = plan.datasets[analysis.dataset]
        mine = beside[KEY(row)]
        labels = labels_of(row, analysis, dataset, mine.keys())
        full = {**labels, "group": "" if row.group == EVERYBODY else labels["group"]}
        numbers[name] = replace(
            row,
            shown=HELD_BACK if row.suppressed else row.shown or _shown(row, mine),
            suffix="%" if row.text and (row.unit == "%" or is_share(row.statistic, mine)) else "",
            labels=labels,
            full=full,
            name=", ".join(full[part] for part in NAMING if full[part]),
        )
    marked = exploratory(plan, rows)
    if any(claims(row) and name not in marked for name, row in rows.items()):
        for name in marked & numbers.keys():  # where all are, the summary says so once
            numbers[name] = replace(numbers[name], exploratory=True, name=f"{numbers[name].name}, exploratory")
    return numbers


def _shown(row: Estimate, beside: Mapping[str, int]) -> str:
    """A number as people read it: shares in percent, an SD no finer than its mean, of one standard yes or no."""
    name, decimals = row.statistic, row.decimals
    if name == "within_limit" and row.level.startswith("standard ") and row.text:
        return "yes" if row.value else "no"
    if is_share(name, beside) and row.text:
        return percent_shown(row.text, decimals)
    statistic = statistic_of(name)
    if statistic.role is Role.SD:
        decimals = min([decimals, *(beside[of] for of in statistic.of if of in beside)])
    return shown(row.text, decimals, name)


def labels_of(row: Estimate, analysis: Analysis, dataset: DatasetPlan, beside: Collection[str]) -> dict[str, str]:
    """What a number is, from the general to the particular, in the plan's own labels.

    ``beside``: the statistics of its row of results, from which it is known whether it belongs to a ratio.
    """
    parameters = [dataset.parameters.get(name) for name in row.parameter.split(JOINT)]
    population = dataset.populations.get(row.population)
    return {
        "analysis": analysis.title,
        "parameter": " and ".join(p.label for p in parameters if p) if all(parameters) else row.parameter,
        "population": population.label if population else row.population,
        "group": group_label(row.group, dataset.groups, is_of_ratio(row.statistic, beside)),
        "visit": dataset.visits.get(row.visit, row.visit),
        "level": level_shown(row.level, dataset),
        "statistic": label_of(row.statistic),
    }


@dataclass(frozen=True)
class Shown:
    """What a page shows of an analysis with too many numbers: groups shown, of how many, with how many numbers."""

    shown: int
    groups: int
    numbers: int


@dataclass(frozen=True)
class Shortened:
    """The ids of the numbers that a page can hold; and what it shows of analyses of which it cannot hold all."""

    ids: list[str]
    parts: Mapping[str, Shown]


def shortened(rows: Mapping[str, Estimate]) -> Shortened:
    """The numbers that a page can hold.

    A thousand plates have tens of thousands of numbers: of such an analysis the first groups stand in the report, all
    of them in estimates.csv and on the pages of the plates.
    """
    counts = Counter(row.analysis for row in rows.values())
    groups: dict[str, dict[str, None]] = {name: {} for name, count in counts.items() if count > MOST}
    for row in rows.values():
        if row.analysis in groups:
            groups[row.analysis][row.group] = None
    first = {name: set(list(of)[:GROUPS]) for name, of in groups.items()}
    ids = [
        number
        for number, row in rows.items()
        if row.analysis not in first
        or row.group in first[row.analysis]
        or row.statistic == NOT_COMPUTED  # all that is missing is said
    ]
    return Shortened(ids, {name: Shown(min(GROUPS, len(of)), len(of), counts[name]) for name, of in groups.items()})


def sections_of(
    plan: Plan,
    numbers: Mapping[str, Estimate],
    definitions: Mapping[str, dict],
    without: Mapping[str, Shown] | None = None,
) -> list[dict]:
    """A section for each analysis: name, title, role, method in words, population, note, tables.

    ``without``: the parts that ``shortened`` gives; the section says what it does not show.
    """
    sections = []
    calls = {definition["analysis"]: definition for definition in definitions.values()}
    for name, analysis in plan.analyses.items():
        every = [number for number in numbers.values() if number.analysis == name]
        mine = [number for number in every if number.statistic != NOT_COMPUTED]
        dataset = plan.datasets[analysis.dataset]
        call = calls.get(name, {})
        sections.append(
            {
                "name": name,
                "title": analysis.title,
                "role": analysis.role,
                "of": plan.analyses[analysis.of].title if analysis.of else "",
                "estimand": analysis.estimand,
                "unplanned": unplanned(analysis),
                "exempt": analysis.exempt,
                "exploratory": any(number.exploratory for number in mine),
                "method": analysis.method,
                "words": call.get("words", ""),
                "population": dataset.populations[analysis.population].label,
                "unit": dataset.unit,
                "note": analysis.note,
                "count": len(mine),
                "without": (without or {}).get(name),
                "refused": refusals_of(every),
                "tables": tables_of(mine, dataset, analysis.population, interval_name(call.get("options", {}))),
            }
        )
    return sections


def refusals_of(numbers: Iterable[Estimate]) -> list[dict[str, object]]:
    """What the data did not allow to be computed: the number that stands for it, what it is of, and why."""
    refused = [number for number in numbers if number.statistic == NOT_COMPUTED]
    of = [[number.full[part] for part in ("parameter", "visit") if number.full[part]] for number in refused]
    return [{"number": n, "of": ", ".join(parts), "why": n.level} for n, parts in zip(refused, of, strict=True)]


def by_role(sections: Sequence[dict], answering: Sequence[str] = ()) -> list[dict]:
    """The sections in the order of their roles, a title for each; one group without a title where there is one role.

    Without a primary analysis, those that answer the study's questions (``answering``) stand first.

    Without a primary analysis, sensitivity analyses are of other ones, and stand after these.
    """
    first = () if any(s["role"] == "primary" for s in sections) else answering
    main = sorted((s for s in sections if s["name"] in first), key=lambda s: answering.index(s["name"]))
    sections = [s for s in sections if s["name"] not in first]
    groups = [{"role": r, "title": t, "sections": [s for s in sections if s["role"] == r]} for r, t in ROLES.items()]
    shown = [group for group in groups if group["sections"]]
    if shown and shown[0]["role"] == "sensitivity":
        at = sum(group["role"] in ("sensitivity", "feasibility", "secondary", "supportive") for group in shown)
        shown.insert(at - 1, {**shown.pop(0), "title": "Sensitivity analyses"})
    shown = [{"role": "main", "title": "Main analyses", "sections": main}, *shown] if main else shown
    return [{**group, "title": ""} for group in shown] if len(shown) == 1 else shown


def interval_name(options: Mapping[str, object]) -> str:
    """What the intervals of an analysis are called, with the confidence level where its options say it."""
    level = options.get("level")
    return f"{100 * level:.4g}%\u00a0CI" if isinstance(level, float) else "CI"

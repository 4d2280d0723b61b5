"""The summary: the answers, and stored numbers that other sections show as well, brought together by their names."""

from collections.abc import Iterable, Mapping

from omtrace.analyses._shown import level_shown, plural, population_in
from omtrace.model.contrast import contrast_of
from omtrace.model.estimate import Estimate
from omtrace.model.headline import headline_of
from omtrace.model.plan import Analysis, Plan
from omtrace.model.questions import NOT_COMPARED
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.report.answers import answers_of, harms_of, questions_of
from omtrace.report.labels import METHODS, PROCEDURES
from omtrace.report.results import interval_name, refusals_of
from omtrace.report.standing import claims, exploratory, unplanned
from omtrace.report.words import Cell

Numbers = Mapping[str, Estimate]
Rows = dict[tuple[str, str, str, str], dict[str, Estimate]]  # parameter, group, visit, level -> statistic -> number
STRATEGIES = {"while_on_treatment": "while on treatment"}

MANY, FEW = 20, 5  # hypotheses of a family: beyond so many only those rejected are shown, or so few


def summary_of(plan: Plan, numbers: Numbers, definitions: Mapping[str, dict]) -> dict[str, object]:
    """Answers; primary analyses with estimand and sensitivity; families, criteria, populations; what is exploratory."""
    by_name: dict[str, Rows] = {}
    for number in numbers.values():
        key = (number.parameter, number.group, number.visit, number.level)
        by_name.setdefault(number.analysis, {}).setdefault(key, {})[number.statistic] = number
    calls = {definition["analysis"]: definition for definition in definitions.values()}
    refused = {name: refusals_of(n for n in numbers.values() if n.analysis == name) for name in plan.analyses}
    return {
        "refused": [
            {"name": name, "title": plan.analyses[name].title, "role": plan.analyses[name].role, "parts": parts}
            for name, parts in refused.items()
            if parts
        ],
        "asked": bool(questions_of(plan)),
        "answers": answers_of(plan, by_name, calls),
        "harms": harms_of(plan, by_name),
        "primaries": [
            primary_of(plan, name, by_name, calls)
            for name, entry in plan.analyses.items()
            if entry.role == "primary" and entry.method != "family" and name in by_name
        ],
        "families": [family_of(plan, name, by_name[name]) for name in plan.families if _is_computed(by_name.get(name))],
        "criteria": [row for name in _of_method(plan, "feasibility", by_name) for row in criteria_of(by_name[name])],
        "populations": [
            table
            for name in _of_method(plan, "populations", by_name)
            for table in populations_of(plan, name, by_name[name])
        ],
        "unplanned": [(name, entry.title) for name, entry in plan.analyses.items() if unplanned(entry)],
        "exploratory": len(exploratory(plan, numbers)),
        "p_values": sum(map(claims, numbers.values())),
        "within": any(
            claims(number) and number.statistic == "adjusted_p" and number.analysis not in plan.families
            for number in numbers.values()
        ),
    }


def _of_method(plan: Plan, method: str, by_name: Mapping[str, Rows]) -> list[str]:
    return [name for name, entry in plan.analyses.items() if entry.method == method and _is_computed(by_name.get(name))]


def _is_computed(rows: Rows | None) -> bool:
    """Whether an analysis has numbers, and not only reasons why it has none."""
    return any(names.keys() - {NOT_COMPUTED} for names in (rows or {}).values())


def primary_of(plan: Plan, name: str, by_name: Mapping[str, Rows], calls: Mapping[str, dict]) -> dict[str, object]:
    """A primary analysis: its estimand, the analyses that belong to it, and what they say together."""
    entry = plan.analyses[name]
    others = [other for other, told in plan.analyses.items() if told.of == name and _is_computed(by_name.get(other))]
    sensitivity = [
        o for o in others if plan.analyses[o].role == "sensitivity" and plan.analyses[o].method not in NOT_COMPARED
    ]
    others.sort(key=lambda other: plan.analyses[other].method != NOT_COMPARED[0])  # concordance first
    effects = effects_of(by_name[name])
    table = [line for one in (name, *sensitivity) for line in _beside(plan, one, by_name[one], effects, calls)]
    return {
        "name": name,
        "title": entry.title,
        "estimand": estimand_of(plan, entry.estimand),
        "sensitivity": table if sensitivity else [],
        "supplementary": any(_of_another_estimand(entry, plan.analyses[other]) for other in sensitivity),
        "lines": [
            line
            for other in others
            for line in sentences(plan.analyses[other].method, by_name[other], plan.datasets[entry.dataset].unit)
        ],
    }


def _of_another_estimand(entry: Analysis, other: Analysis) -> bool:
    """Whether an analysis is supplementary (ICH E9(R1)): of another analysis set, or for another estimand."""
    return other.population != entry.population or other.estimand not in ("", entry.estimand)


def effects_of(rows: Rows) -> Rows:
    """The rows of an analysis that hold an effect with an interval."""
    return {key: row for key, row in rows.items() if headline_of(row)}


def _effect(rows: Rows, key: tuple[str, str, str, str], call: Mapping, groups: Mapping[str, str]) -> dict[str, object]:
    row = rows[key]
    names = headline_of(row)
    assert names
    labels = row[names.effect].full
    return {
        "label": ", ".join(filter(None, (labels[part] for part in ("parameter", "visit", "group", "level")))),
        "what": f"{labels['statistic']} ({interval_name(call.get('options', {}))})",
        "unit": row[names.effect].unit,
        "estimate": row[names.effect],
        "interval": [row[names.low], " to ", row[names.high]],
        "p": row.get(names.p),
        "n": _counts(rows, key, groups),
    }


def _counts(rows: Rows, key: tuple[str, str, str, str], groups: Mapping[str, str]) -> list[Estimate]:
    """The numbers of units of an effect: its own, or those of the sides of its contrast at the visit."""
    if own := [rows[key][name] for name in ("n", "n_a", "n_b") if name in rows[key]]:
        return own
    contrast = contrast_of(key[1], groups)
    names = (contrast.group, contrast.reference) if contrast else (key[1],)
    sides = [rows.get((key[0], name, key[2], ""), {}) for name in names]
    return [side["n"] for side in sides if "n" in side]


def _beside(plan: Plan, name: str, rows: Rows, main: Rows, calls: Mapping[str, dict]) -> Iterable[dict[str, object]]:
    """The effects of an analysis at the contrasts and visits of the primary one."""
    wanted = {(group, visit) for _, group, visit, _ in main}
    for key in effects_of(rows):
        if key[1:3] not in wanted or (key[0] not in {k[0] for k in main} and len({k[0] for k in rows}) > 1):
            continue
        entry = plan.analyses[name]
        dataset = plan.datasets[entry.dataset]
        population = dataset.populations[entry.population].label
        method = METHODS.get(entry.method, entry.method.replace("_", " "))
        yield {
            "name": name,
            "title": entry.title,
            "level": level_shown(key[3], dataset),
            "method": method,
            "population": population,
            **_effect(rows, key, calls.get(name, {}), dataset.groups),
        }


def estimand_of(plan: Plan, name: str) -> list[tuple[str, str]]:
    """The five attributes of an estimand as pairs; empty without one."""
    if not name:
        return []
    told = plan.estimands[name]
    events = [
        f"{event}: {STRATEGIES.get(how.strategy, how.strategy.replace('_', ' '))} ({how.how})"
        for event, how in told.events.items()
    ]
    pairs = [("Treatment", told.treatment), ("Population", told.population), ("Variable", told.variable)]
    return [*pairs, ("Intercurrent events", "; ".join(events) or "none named"), ("Summary", told.summary)]


def sentences(method: str, rows: Rows, unit: str) -> list[list[str | Estimate]]:
    """What concordance and influence say, as sentences with their numbers in them."""
    lines: list[list[str | Estimate]] = []
    for key, row in rows.items():
        if method == "concordance" and "concordant" in row:
            full = row["concordant"].full
            named = f"{full['parameter']}, {full['level'] or full['group']}. "
            lines.append(
                [
                    named if len(rows) > 1 else "",
                    "Concordant: ",
                    row["concordant"],
                    ". Of ",
                    row["estimates"],
                    " estimates, that of the primary analysis and one of each sensitivity analysis and assumption, ",
                    row["same_direction"],
                    " lie on its side; ",
                    row["intervals_without_null"],
                    " of the intervals exclude the value of no effect; estimates from ",
                    row["estimate_lowest"],
                    " to ",
                    row["estimate_highest"],
                    ".",
                ]
            )
        if method == "influence" and "removals" in row and not key[3]:
            lines.append(
                [
                    f"Without any single {unit} (",
                    row["removals"],
                    " removals) the estimate lies between ",
                    row["estimate_lowest"],
                    " and ",
                    row["estimate_highest"],
                    "; removals that turn the conclusion: ",
                    row["conclusions_turned"],
                    "; the sign: ",
                    row["signs_turned"],
                    ".",
                ]
            )
    return lines


def family_of(plan: Plan, name: str, rows: Rows) -> dict[str, object]:
    """A family: procedure, alpha, and of each hypothesis p, adjusted p and the decision; of many, those rejected."""
    told, shown, words = plan.families[name], list(rows.items()), ""
    if len(shown) > MANY:
        rejected = [(key, row) for key, row in shown if float(row["rejected"].text or 0)]
        words = f"Shown are those rejected; the analysis has all {len(shown)} hypotheses."
        if not rejected:
            words = f"None of {len(shown)} hypotheses is rejected. Shown are the {FEW} with the smallest p."
            rejected = sorted(shown, key=lambda one: float(one[1]["p"].text or 1))[:FEW]
        shown = rejected
    of = [row["p"].full for _, row in shown]
    labels = [", ".join(filter(None, (full[part] for part in ("parameter", "visit", "group")))) for full in of]
    return {
        "name": name,
        "title": told.title,
        "procedure": PROCEDURES[told.procedure],
        "alpha": f"{told.alpha:g}",
        "rows": [
            {
                "label": row["p"].full["level"] if labels.count(labels[at]) > 1 else labels[at],
                "analysis": told.hypotheses[key[3]].analysis,
                "p": row["p"],
                "adjusted": row["adjusted_p"],
                "rejected": row["rejected"],
            }
            for at, (key, row) in enumerate(shown)
        ],
        "words": words,
    }


def criteria_of(rows: Rows) -> list[dict[str, object]]:
    """The criteria for progression: estimate with interval, limits and verdict."""
    found = []
    for key, row in rows.items():
        if "verdict" not in row:
            continue
        share = "proportion" in row
        names = (
            ("proportion", "clopper_pearson_low", "clopper_pearson_high")
            if share
            else ("rate", "rate_low", "rate_high")
        )
        estimate, low, high = (row[name] for name in names)
        count: Cell = [[row["count"], " of ", row["n"]]] if share else [[row["count"]]]
        found.append(
            {
                "label": key[3],
                "count": count,
                "estimate": [[estimate], ["(", low, " to ", high, ")"]],
                "unit": "" if share else "a month",
                "stop": row["stop_below"],
                "go": row["go_from"],
                "verdict": row["verdict"],
                "excludes": row["interval_excludes"],
            }
        )
    return found


def populations_of(plan: Plan, name: str, rows: Rows) -> list[dict[str, object]]:
    """A table of the populations: a line for each with its counts by group, and for each reason of leaving out."""
    dataset = plan.datasets[plan.analyses[name].dataset]
    groups = list(dict.fromkeys(group for _, group, _, _ in rows))
    labels = {"all": "All", **dataset.groups}
    levels = dict.fromkeys(level for *_, level in rows)
    lines = []
    for level in levels:
        population, what = population_in(level), level.partition(": ")[2]
        declared = dataset.populations[population]
        cells = [rows.get(("", group, "", level), {}).get("n") for group in groups]
        if what == "enrolled":
            continue
        lines.append(
            {
                "label": declared.label if what == "in the population" else what,
                "reason": what != "in the population",
                "why": declared.why if what == "in the population" else "",
                "cells": cells,
            }
        )
    first = next(level for level in levels if level.endswith(": enrolled"))
    enrolled = [rows[("", group, "", first)]["n"] for group in groups]
    lines.insert(0, {"label": f"{plural(dataset.unit)} enrolled", "reason": False, "why": "", "cells": enrolled})
    return [{"groups": [labels.get(group, group) for group in groups], "lines": lines}]

"""``estimates_tidy.csv`` and ``.parquet``: a row a contrast or group, with what a statistician reads first.

Everything in it stands in estimates.csv as well, a row a number; here estimate, limits and p values stand side by side,
under the plan's labels. Nothing is computed.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from omtrace import store
from omtrace.model.contrast import contrast_of
from omtrace.model.estimate import Estimate
from omtrace.model.headline import headline_of, main_of
from omtrace.model.plan import Plan
from omtrace.model.statistics import INTERVALS, NOT_COMPUTED, STATISTICS, Role
from omtrace.report.results import KEY, ROW, labels_of
from omtrace.report.standing import exploratory

Key = tuple[str, ...]  # ROW
# Column -> what it holds.
COLUMNS = {
    "analysis": "analysis of the plan",
    "analysis_label": "its title",
    "role": "what it is for: primary, secondary, sensitivity ...",
    "parameter": "parameter of the plan",
    "parameter_label": "its label",
    "population": "population of the plan",
    "population_label": "its label",
    "visit": "visit of the plan; empty: none",
    "visit_label": "its label",
    "contrast": "group, or contrast: group of interest - reference",
    "contrast_label": "the same in words; a slash between the groups of a ratio",
    "level": "what else the row is about: category, factor level, model term",
    "statistic": "what the estimate is; empty: a test without an estimate",
    "statistic_label": "the same in words",
    "estimate": "the estimate",
    "low": "lower limit of its interval",
    "high": "upper limit of its interval",
    "confidence": "confidence level of the interval, a share of 1",
    "p": "p value",
    "adjusted_p": "p value adjusted for multiplicity, within the analysis or in a family of the plan",
    "n": "units analysed; of a contrast, of both groups",
    "unit": "unit of estimate and limits",
    "exploratory": "yes: the p value is in no family of hypotheses; no; empty: no p value",
    "not_computed": "why there is no estimate; empty: there is one",
    "data": "simulated or real",
    "estimate_id": "id of the estimate in estimates.csv, for `omtrace trace`",
    "p_id": "id of the p value",
}
NUMBERS = ("estimate", "low", "high", "confidence", "p", "adjusted_p", "n")


class Picked(NamedTuple):
    """Names of the statistics of a row that stand in the tidy one; "" for none."""

    estimate: str
    low: str
    high: str
    p: str


def write_tidy(plan: Plan, rows: Mapping[str, Estimate], definitions: Mapping[str, dict], folder: str | Path) -> None:
    """Write both tables below a study's folder of results.

    Parameters
    ----------
    plan
        The plan, its groups filled in.
    rows
        All rows of estimates.csv by id.
    definitions
        Those of definitions.json, which say the level of intervals.
    folder
        results/<study>.
    """
    listed = list(tidy(plan, rows, definitions))
    path = Path(folder) / "estimates_tidy.csv"
    store.write_csv(path, list(COLUMNS), [[row[name] for name in COLUMNS] for row in listed])
    columns: dict[str, list] = {name: [row[name] for row in listed] for name in COLUMNS}
    for name in NUMBERS:
        columns[name] = [float(value) if value else math.nan for value in columns[name]]
    store.write_table(path.with_suffix(".parquet"), columns)


def tidy_schema() -> dict[str, object]:
    """The columns of both files as a Frictionless Table Schema."""
    kinds = {name: "number" if name in NUMBERS else "string" for name in COLUMNS}
    return {
        "name": "estimates_tidy",
        "title": "estimates, a row a contrast or group",
        "description": "One row: what an analysis estimates or tests, at a visit, for a group or contrast",
        "fields": [{"name": name, "type": kinds[name], "description": text} for name, text in COLUMNS.items()],
        "missingValues": [""],
    }


def tidy(plan: Plan, rows: Mapping[str, Estimate], definitions: Mapping[str, dict]) -> Iterator[dict[str, str]]:
    """The rows, in the order of the estimates; numbers as the stored decimals."""
    beside: dict[Key, dict[str, Estimate]] = {}
    for row in rows.values():
        beside.setdefault(KEY(row), {})[row.statistic] = row
    levels = {entry["analysis"]: entry.get("options", {}).get("level") for entry in definitions.values()}
    context = _Context(plan, beside, exploratory(plan, rows), _adjusted(plan, rows), levels)
    for key, numbers in beside.items():
        if picked := _picked(frozenset(numbers)):
            yield _row(context, key, picked)


@dataclass(frozen=True)
class _Context:
    """What a row of a study is made with: all its rows, ids of exploratory p values, adjusted ones, levels."""

    plan: Plan
    beside: Mapping[Key, Mapping[str, Estimate]]
    exploratory: set[str]
    adjusted: Mapping[str, str]
    levels: Mapping[str, object]


@lru_cache(maxsize=4096)
def _picked(numbers: frozenset[str]) -> Picked | None:
    """What of a row's statistics is its estimate, with interval and p; None for counts and settings alone."""
    if NOT_COMPUTED in numbers:
        return Picked(NOT_COMPUTED, "", "", "")
    if headline := headline_of(numbers):
        return Picked(headline.effect, headline.low, headline.high, headline.p)
    p = next((name for name, s in STATISTICS.items() if name in numbers and s.role is Role.P_VALUE and s.claims), "")
    main = main_of(numbers)
    if main in numbers:
        return Picked(main, "ci_low", "ci_high", p)
    for name, statistic in STATISTICS.items():
        if name in numbers and statistic.role in (Role.EFFECT, Role.ESTIMATE) and (statistic.leads or statistic.null):
            own = (limits for limits in INTERVALS.values() if name in STATISTICS[limits[0]].of)
            low, high = next((limits for limits in own if set(limits) <= numbers), ("", ""))
            return Picked(name, low, high, p)
    return Picked("", "", "", p) if p else None


def _row(context: _Context, key: Key, picked: Picked) -> dict[str, str]:
    plan, numbers, level = context.plan, context.beside[key], context.levels.get(key[0])
    main = numbers.get(picked.estimate) or numbers[picked.p]
    p = numbers.get(picked.p)
    entry = plan.analyses[key[0]]
    labels = labels_of(main, entry, plan.datasets[entry.dataset], numbers.keys())
    is_refused = picked.estimate == NOT_COMPUTED
    has_interval = picked.low in numbers and picked.high in numbers
    return {
        **dict(zip(ROW, key, strict=True)),
        **{f"{part}_label": labels[part] for part in ("analysis", "parameter", "population", "visit")},
        "contrast": main.group,
        "contrast_label": labels["group"],
        "role": entry.role,
        "level": "" if is_refused else main.level,
        "statistic": "" if is_refused else picked.estimate,
        "statistic_label": labels["statistic"] if picked.estimate and not is_refused else "",
        "estimate": numbers[picked.estimate].text if picked.estimate else "",
        "low": numbers[picked.low].text if has_interval else "",
        "high": numbers[picked.high].text if has_interval else "",
        "confidence": store.number_text(level) if has_interval and isinstance(level, float) else "",
        "p": p.text if p else "",
        "adjusted_p": _adjusted_p(numbers, p, context.adjusted),
        "n": _units(plan, key, numbers, context.beside),
        "unit": main.unit if picked.estimate else "",
        "exploratory": "" if p is None or not p.text else "yes" if p.id in context.exploratory else "no",
        "not_computed": main.level if is_refused else "",
        "data": main.data,
        "estimate_id": main.id if picked.estimate else "",
        "p_id": p.id if p else "",
    }


def _adjusted_p(numbers: Mapping[str, Estimate], p: Estimate | None, adjusted: Mapping[str, str]) -> str:
    """The p value adjusted within the analysis, else in a family of the plan."""
    if "adjusted_p" in numbers:
        return numbers["adjusted_p"].text
    return adjusted.get(p.id, "") if p else ""


def _adjusted(plan: Plan, rows: Mapping[str, Estimate]) -> dict[str, str]:
    """Of the p values that belong to a family of the plan: id -> adjusted p; of several families the first."""
    by_analysis: dict[tuple[str, str], list[Estimate]] = {}
    for row in rows.values():
        by_analysis.setdefault((row.analysis, row.statistic), []).append(row)
    adjusted: dict[str, str] = {}
    for name, family in plan.families.items():
        values = {row.level: row.text for row in by_analysis.get((name, "adjusted_p"), ())}
        for hypothesis, member in family.hypotheses.items():
            parts = {"parameter": member.parameter, "visit": member.visit, "level": member.level}
            wanted = parts | {"group": member.contrast}
            for row in by_analysis.get((member.analysis, member.statistic), ()):
                if hypothesis in values and all(not value or row[part] == value for part, value in wanted.items()):
                    adjusted.setdefault(row.id, values[hypothesis])
    return adjusted


def _units(plan: Plan, key: Key, numbers: Mapping[str, Estimate], beside: Mapping[Key, Mapping[str, Estimate]]) -> str:
    """The units of a row: its own, those of both sides of its contrast, or those of its group at its visit."""
    if "n" in numbers:
        return numbers["n"].text
    sides = [numbers[name].text for name in ("n_a", "n_b") if name in numbers]
    if len(sides) < 2:
        analysis, parameter, population, group, visit, _ = key
        contrast = contrast_of(group, plan.datasets[plan.analyses[analysis].dataset].groups)
        names = (contrast.group, contrast.reference) if contrast else (group,)
        of = [beside.get((analysis, parameter, population, name, visit, ""), {}) for name in names]
        sides = [row["n"].text for row in of if "n" in row]
        if len(sides) < len(names):
            return ""
    return store.number_text(sum(map(float, sides)))

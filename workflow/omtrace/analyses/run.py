"""The one entry point: run every analysis of a plan and write estimates, row sets and definitions."""

import re
from pathlib import Path
from typing import Any

from omtrace import store
from omtrace.analyses import Call, Number
from omtrace.analyses.selection import Data, Rows, rowset_digest
from omtrace.faults import Fault
from omtrace.keys import digest_of
from omtrace.sources import plugin
from omtrace.study.closed import checked
from omtrace.study.groups import with_groups
from omtrace.study.plan import Analysis, DatasetPlan, Plan

COLUMNS = ("id", "analysis", "parameter", "population", "group", "visit", "level", "statistic", "value", "unit",
           "decimals", "rowset", "definition", "data")  # fmt: skip


def number_id(study: str, analysis: str, number: Number, population: str) -> str:
    """The id that names a number: 12 hex digits."""
    parts = (study, analysis, number.parameter, population, number.group, number.visit, number.level, number.statistic)
    return digest_of(parts, 12)


def definition_of(plan: Plan, name: str) -> dict:
    """What was done in an analysis: everything but the name of the number and the data."""
    entry = plan.analyses[name]
    dataset = plan.datasets[entry.dataset]
    method = plugin("analyses", entry.method, "METHOD")
    options = checked(method.options, entry.options, f"plan of {plan.study}: analyses.{name}.options")
    return {
        "study": plan.study,
        "analysis": name,
        "method": entry.method,
        "words": method.words,
        "options": options.model_dump(mode="json"),
        "dataset": entry.dataset,
        "unit": dataset.unit,
        "baseline": dataset.baseline,
        "population": entry.population,
        "where": dataset.populations[entry.population].where,
        "parameters": _behind(dataset, entry),
    }


def _behind(dataset: DatasetPlan, entry: Analysis) -> dict[str, dict]:
    """How the parameters are derived that an analysis rests on: its own, group, covariates, population, and theirs."""
    waiting = [*entry.parameters, dataset.group, *_texts(entry.options)]
    waiting += re.findall(r"\w+", dataset.populations[entry.population].where)
    found: dict[str, dict] = {}
    while waiting:
        name = waiting.pop()
        if name in dataset.parameters and name not in found:
            parameter = dataset.parameters[name]
            found[name] = parameter.model_dump(mode="json", include={"derive", "options", "unit", "better", "visits"})
            waiting += _texts(parameter.options)
    return found


def _texts(value: Any) -> list[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [value] if isinstance(value, str) else [text for part in parts for text in _texts(part)]


def analyse_study(plan: Plan, datasets: str | Path, folder: str | Path) -> None:
    """Run all analyses of a plan on results/<study>/datasets and write their numbers below ``folder``.

    Raises Fault for a plan that does not fit its data; asserts that every number accounts for all units,
    that ids are unique and that every row set is written once.
    """
    plan = with_groups(plan, datasets)
    data: dict[str, Data] = {}
    estimates, definitions = [], {}
    sets: dict[str, Rows] = {}
    seen: dict[str, tuple] = {}
    for name, entry in plan.analyses.items():
        if entry.dataset not in data:
            path = Path(datasets) / entry.dataset
            records, cells = (store.read_table(f"{path}{end}.parquet") for end in ("", ".cells"))
            data[entry.dataset] = Data(entry.dataset, plan.datasets[entry.dataset], records, cells)
        definition = definition_of(plan, name)
        digest = _digest(definition)
        definitions[digest] = definition
        method = plugin("analyses", entry.method, "METHOD")
        options = checked(method.options, entry.options, f"plan of {plan.study}: analyses.{name}.options")
        memo: dict[int, tuple[Rows, str]] = {}  # numbers of one call share their Rows object
        count = 0
        for number in method.run(Call(name, entry, options, plan.datasets[entry.dataset], data[entry.dataset])):
            count += 1
            if id(number.rows) not in memo:
                memo[id(number.rows)] = (number.rows, rowset_digest(number.rows, data[entry.dataset].digests))
            rows, rowset = memo[id(number.rows)]
            sets.setdefault(rowset, rows)
            key = number_id(plan.study, name, number, entry.population)
            if key in seen:
                raise Fault(f"plan of {plan.study}: analyses.{name}: two numbers of one name: {seen[key]}")
            seen[key] = (name, number.parameter, number.group, number.visit, number.level, number.statistic)
            estimates.append(
                (key, name, number.parameter, entry.population, number.group, number.visit, number.level,
                 number.statistic, number.value, number.unit, number.decimals, rowset, digest, plan.kind)
            )  # fmt: skip
        if not count:
            raise Fault(f"plan of {plan.study}: analyses.{name}: gives no number; check parameters and visits")
    _write(Path(folder), estimates, sets, definitions)


def _write(folder: Path, estimates: list, sets: dict[str, Rows], definitions: dict) -> None:
    columns: dict[str, list] = {"rowset": [], "dataset": [], "record": [], "role": [], "reason": []}
    for rowset in sorted(sets):
        for record, role, reason in sorted(set(sets[rowset].entries)):
            for column, value in zip(columns, (rowset, sets[rowset].dataset, record, role, reason), strict=True):
                columns[column].append(value)
    store.write_table(folder / "rowsets.parquet", columns)
    store.write_json(folder / "definitions.json", definitions)
    store.write_csv(folder / "estimates.csv", COLUMNS, estimates)


def _digest(definition: dict) -> str:
    # The sentence that describes the method is for people: rewording it changes no definition.
    return digest_of([repr(sorted(_flat({k: v for k, v in definition.items() if k != "words"})))])


def _flat(value, prefix: str = "") -> list[str]:
    if isinstance(value, dict):
        return [line for key in value for line in _flat(value[key], f"{prefix}/{key}")]
    if isinstance(value, (list, tuple)):
        return [line for at, item in enumerate(value) for line in _flat(item, f"{prefix}[{at}]")]
    return [f"{prefix}={value!r}"]

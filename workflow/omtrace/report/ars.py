"""Results as CDISC Analysis Results Standard (ARS) 1.0 JSON: ``omtrace export STUDY --to ars``.

Each analysis of the plan is an analysis with a method of its own; each number is one operation of the method, whose id
is the number's, so that ``omtrace trace`` finds it. Parameter, population, group, visit and level are groupings.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import omtrace
from omtrace import store
from omtrace.model.contrast import EVERYBODY
from omtrace.model.estimate import Estimate
from omtrace.model.plan import UNPLANNED, Plan
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.report.share import Numbers, numbers_for

PURPOSES = {"primary": "PRIMARY OUTCOME MEASURE", "secondary": "SECONDARY OUTCOME MEASURE"}
EXPLORATORY = "EXPLORATORY OUTCOME MEASURE"
GROUPINGS = ("parameter", "population", "group", "visit", "level")
VARIABLES = {"parameter": "PARAMCD", "group": "TRT01P", "visit": "AVISIT"}


def export_ars(study: str, path: str | Path = "", root: str | Path = ".", share: bool = False) -> Path:
    """Write the results of a study as ARS JSON.

    Parameters
    ----------
    study
        A study that has run.
    path
        The file; "": ``releases/<study>.ars.json``.
    root
        The folder that holds results/.
    share
        Whether small cells are held back.

    Raises
    ------
    Fault
        Where a result is missing or not readable.
    AssertionError
        Where the file, read back, does not hold each number once as it was stored.
    """
    from omtrace.report.exports import FOLDER

    numbers = numbers_for(study, root, share)
    content = ars_of(numbers)
    target = Path(path) if path else Path(root) / FOLDER / f"{study}.ars.json"
    store.write_bytes(target, content, confidential=False)
    return target


def ars_of(numbers: Numbers) -> bytes:
    """The bytes of the file, read back."""
    from omtrace.report.results import numbers_of, rows_of

    plan = numbers.plan
    shown = numbers_of(plan, rows_of(plan, numbers.rows))
    of_analysis: dict[str, list[Estimate]] = {name: [] for name in plan.analyses}
    for number in shown.values():
        of_analysis[number.analysis].append(number)
    made = {name: mine for name, mine in of_analysis.items() if mine}
    calls = {call["analysis"]: call for call in numbers.definitions.values()}
    content = {
        "id": plan.study,
        "name": plan.title,
        "description": numbers.statement,
        "version": 1,
        "mainListOfContents": {"name": "Analyses", "contentsList": {"listItems": _items(plan, made)}},
        "analysisSets": list(_sets(plan)),
        "analysisGroupings": list(_groupings(plan)),
        "methods": [_method(plan, name, mine, calls.get(name, {})) for name, mine in made.items()],
        "analyses": [_analysis(plan, name, mine, calls.get(name, {})) for name, mine in made.items()],
    }
    text = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    wanted = {number.id: number.text for number in shown.values()}
    if read(text) != wanted:
        raise AssertionError(f"{plan.study}: the results read back are not those that were written")
    return text


def read(content: bytes) -> dict[str, str]:
    """Id -> value of each number in the file; "" for one without."""
    results = [result for analysis in json.loads(content)["analyses"] for result in analysis["results"]]
    found = {result["operationId"]: result.get("rawValue", "") for result in results}
    assert len(found) == len(results), "a number is there twice"
    return found


def _items(plan: Plan, made: Collection[str]) -> list[dict[str, object]]:
    return [
        {"name": plan.analyses[name].title, "level": 1, "order": at, "analysisId": name}
        for at, name in enumerate(made, 1)
    ]


def _sets(plan: Plan) -> Iterator[dict[str, object]]:
    from omtrace.report.adam import flags_of

    for key, dataset in plan.datasets.items():
        flags = flags_of(dataset)
        for at, (name, population) in enumerate(dataset.populations.items(), 1):
            condition = {"dataset": "ADSL", "variable": flags[name], "comparator": "EQ", "value": ["Y"]}
            yield {
                "id": f"{key}.{name}",
                "name": name,
                "label": population.label,
                "level": 1,
                "order": at,
                "condition": condition,
            }


def _groupings(plan: Plan) -> Iterator[dict[str, object]]:
    for key, dataset in plan.datasets.items():
        known = {"group": dataset.groups, "visit": dataset.visits}
        known["parameter"] = {name: entry.label for name, entry in dataset.parameters.items()}
        for part in GROUPINGS:
            groups = [
                {"id": f"{key}.{part}.{name}", "name": name, "label": label, "level": 1, "order": at}
                for at, (name, label) in enumerate(known.get(part, {}).items(), 1)
            ]
            variable = {"groupingVariable": VARIABLES[part]} if part in VARIABLES else {}
            yield {
                "id": f"{key}.{part}",
                "name": part,
                "dataDriven": not groups,
                **variable,
                **({"groups": groups} if groups else {}),
            }


def _method(plan: Plan, name: str, mine: Sequence[Estimate], call: Mapping[str, object]) -> dict[str, object]:
    operations = [
        {"id": number.id, "name": number.statistic, "label": number.name, "order": at}
        for at, number in enumerate(mine, 1)
    ]
    words = {"description": str(call["words"])} if call.get("words") else {}
    return {"id": f"method.{name}", "name": plan.analyses[name].method, **words, "operations": operations}


def _analysis(plan: Plan, name: str, mine: Sequence[Estimate], call: Mapping[str, object]) -> dict[str, object]:
    entry = plan.analyses[name]
    used = [part for part in GROUPINGS if any(number[part] for number in mine)]
    code = {"context": f"omtrace {omtrace.__version__}", "code": json.dumps(call.get("options", {}), sort_keys=True)}
    planned = not entry.note.startswith(UNPLANNED)
    return {
        "id": name,
        "name": entry.title,
        "version": 1,
        "reason": {"controlledTerm": "SPECIFIED IN SAP" if planned else "DATA DRIVEN"},
        "purpose": {"controlledTerm": PURPOSES.get(entry.role, EXPLORATORY)},
        "dataset": "ADBDS",
        "variable": "AVAL",
        "analysisSetId": f"{entry.dataset}.{entry.population}",
        "methodId": f"method.{name}",
        "orderedGroupings": [
            {"order": at, "groupingId": f"{entry.dataset}.{part}", "resultsByGroup": True}
            for at, part in enumerate(used, 1)
        ],
        "programmingCode": code,
        "results": [_result(plan, entry.dataset, number) for number in mine],
    }


def _result(plan: Plan, key: str, number: Estimate) -> dict[str, object]:
    dataset = plan.datasets[key]
    known: dict[str, Collection[str]] = {
        "group": dataset.groups,
        "visit": dataset.visits,
        "parameter": dataset.parameters,
    }
    groups = []
    for part in GROUPINGS:
        value = number[part]
        if value and not (part == "group" and value == EVERYBODY):
            is_known = value in known.get(part, {})
            which = {"groupId": f"{key}.{part}.{value}"} if is_known else {"groupValue": number.labels[part]}
            groups.append({"groupingId": f"{key}.{part}", **which})
    shown = number.labels["level"] if number.statistic == NOT_COMPUTED else number.shown + number.suffix
    raw = {"rawValue": number.text} if number.text else {}
    return {"operationId": number.id, "resultGroups": groups, **raw, "formattedValue": shown}

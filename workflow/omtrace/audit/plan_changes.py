"""``omtrace plan STUDY --changes``: which numbers an edit of the plan can touch, before anything is run.

The plan as it is now is held against the parts of it that each stage of the last run recorded. A key that a number's
definition names (its analysis, parameters, population, tables) touches that number; a key of what is checked or
repaired in the raw data may touch any number of its tables, or any at all. What is not listed cannot change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omtrace.audit.address import name_of
from omtrace.audit.sides import COMPUTING, Side, check_run, merge
from omtrace.audit.upstream import Upstream, names, plan_differences
from omtrace.model.estimate import Estimate
from omtrace.model.plan import Plan
from omtrace.model.slices import plain, slice_of

WIDE = ("tables", "checks", "missing_codes", "severities", "scopes", "kind")  # of a key that names no number


@dataclass(frozen=True)
class Touched:
    """One key that differs, with the ids of the numbers that it can touch."""

    key: str
    words: str
    stage: str
    numbers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Effect:
    """What an edit can touch: each key, and the rows of all numbers by id."""

    study: str
    keys: list[Touched]
    rows: Mapping[str, Estimate]

    @property
    def numbers(self) -> list[str]:
        """The ids of all numbers that can change, in the order of the estimates."""
        ids = {number for key in self.keys for number in key.numbers}
        return [number for number in self.rows if number in ids]


def plan_changes(plan: Plan, root: str | Path = ".") -> Effect:
    """Hold a plan against that of the stored results.

    Parameters
    ----------
    plan
        The whole plan as it is now.
    root
        The folder that holds results/.

    Raises
    ------
    Fault
        Where there are no results that can be read.
    """
    check_run(plan.study, root)
    before = Side("as it ran", plan.study, Path(root))
    rows = before.numbers
    now = Side("as it is", plan.study, Path(root))
    now.__dict__["stages"] = {
        stage: {"plan": plain(slice_of(plan, stage))} for stage in COMPUTING if stage in before.stages
    }
    whole: dict[str, object] = {}
    for content in now.stages.values():
        merge(whole, content["plan"])
    now.__dict__["plan"] = whole
    found = [
        Touched(".".join(one.key), one.words, one.stage, list(_touched(one, rows, before, plan)))
        for one in plan_differences(before, now)
    ]
    return Effect(plan.study, found, rows)


def _touched(cause: Upstream, rows: Mapping[str, Estimate], side: Side, plan: Plan) -> Iterator[str]:
    rosters = {name: dataset.roster.table for name, dataset in plan.datasets.items()}
    behind = dependents(cause, plan)
    section, table = cause.key[0], cause.key[1] if len(cause.key) > 1 else ""
    of_table = section == "tables" and table in side.plan.get("tables", {})
    for number, row in rows.items():
        definition = side.definitions.get(row.definition, {})
        dataset = str(definition.get("dataset"))
        is_of_roster = of_table and rosters.get(dataset) == table
        is_wide = section in WIDE and not of_table
        known = {*definition.get("parameters", {}), *_of_population(plan, dataset, row.population)}
        if is_wide or is_of_roster or (table == dataset and behind & known) or names(cause.key, row, side):
            yield number


def dependents(cause: Upstream, plan: Plan) -> set[str]:
    """The parameter that a key is of, and all whose options name it, or one that does; none for other keys."""
    if cause.key[0] != "datasets" or cause.key[2:3] != ("parameters",) or cause.key[1] not in plan.datasets:
        return set()
    dataset = plan.datasets[cause.key[1]]
    return {name for name in dataset.parameters if cause.key[3] in dataset.named_in([name])} | {cause.key[3]}


def _of_population(plan: Plan, dataset: str, population: str) -> set[str]:
    entry = plan.datasets[dataset].populations.get(population) if dataset in plan.datasets else None
    return plan.datasets[dataset].named_in(entry.where) if entry else set()


def lines_of(effect: Effect, every: bool = False) -> list[str]:
    """The effect as lines for people: keys with what they can touch, then the numbers."""
    if not effect.keys:
        return [f"{effect.study}: no key that a number depends on differs from the last run's"]
    numbers = effect.numbers
    lines = [f"{effect.study}: {len(numbers):,} of {len(effect.rows):,} numbers can change", ""]
    for key in effect.keys:
        what = f"{len(key.numbers):,} numbers" if key.numbers else "no number that there is"
        lines.append(f"  {key.words}  [{what}; from {key.stage or 'the report'} on]")
    shown = numbers if every else numbers[:30]
    lines += ["", *(f"  {number}  {name_of(effect.rows[number])}" for number in shown)]
    if len(numbers) > len(shown):
        lines.append(f"  and {len(numbers) - len(shown):,} more (--all shows them)")
    return lines

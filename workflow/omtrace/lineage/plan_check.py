"""Everything of a plan that its modules declare: names of modules and their options, checked before any job."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from omtrace.analyses.run import rests_on
from omtrace.faults import Fault
from omtrace.sources import options_of, plugin, reader_of
from omtrace.store import write_text
from omtrace.study.closed import checked, nearest
from omtrace.study.expression import Expression
from omtrace.study.plan import Analysis, DatasetPlan, Plan, Population, plan_file, read_plan


def check_plan(plan: Plan) -> Plan:
    """The same plan. Raises Fault with everything that is wrong with its modules and their options, all at once."""
    lines: list[str] = []
    for where, check in _checks(plan):
        try:
            check(where)
        except Fault as fault:
            lines += [line if line.startswith("plan of") else f"{where}: {line}" for line in fault.lines]
    if lines:
        raise Fault(*dict.fromkeys(lines))
    return plan


def check_once(plan: Plan, digest: str, root: str | Path = ".") -> None:
    """Check a plan, unless it was found right before under the same digest (of the plan, and of what it names).

    The digest is kept in logs/<study>/plan.checked. Raises Fault as ``check_plan`` does.
    """
    kept = Path(root) / "logs" / plan.study / "plan.checked"
    if not kept.is_file() or kept.read_text(encoding="utf-8") != digest:
        check_plan(plan)
        write_text(kept, digest)


def report(study: str) -> bool:
    """Read and check the plan of a study, and print what it holds. Raises Fault for what is wrong."""
    plan = check_plan(read_plan(plan_file(study)))
    counts = {name: len(getattr(plan, name)) for name in ("tables", "datasets", "analyses", "families", "figures")}
    print(f"plan of {study}: nothing wrong; {', '.join(f'{name} {count}' for name, count in counts.items())}")
    return True


def _checks(plan: Plan) -> Iterator[tuple[str, Callable[[str], Any]]]:
    of = f"plan of {plan.study}: "
    for name, table in plan.tables.items():
        yield f"{of}tables.{name}.options", _reader(table.reader, table.options)
    for name, crosscheck in plan.checks.items():
        yield f"{of}checks.{name}.options", _module("crosschecks", crosscheck.check, "CROSSCHECK", crosscheck.options)
    for dataset, declared in plan.datasets.items():
        for name, parameter in declared.parameters.items():
            where = f"{of}datasets.{dataset}.parameters.{name}.options"
            yield where, _module("derive", parameter.derive, "DERIVATION", parameter.options)
        for name, population in declared.populations.items():
            yield f"{of}datasets.{dataset}.populations.{name}", _population(declared, population)
    for name, analysis in plan.analyses.items():
        yield f"{of}analyses.{name}.options", _module("analyses", analysis.method, "METHOD", analysis.options)
        yield f"{of}analyses.{name}", _others(plan, name)
        yield f"{of}analyses.{name}.options", _groups(plan.datasets[analysis.dataset], analysis)
    for name, figure in plan.figures.items():
        yield f"{of}figures.{name}.options", _module("figures", figure.figure, "FIGURE", figure.options)


def _reader(name: str, options: dict) -> Callable[[str], Any]:
    return lambda where: options_of(reader_of(name), options, where)


def _module(part: str, name: str, declares: str, options: dict) -> Callable[[str], Any]:
    return lambda where: checked(plugin(part, name, declares).options, options, where)


def _others(plan: Plan, name: str) -> Callable[[str], Any]:
    return lambda where: rests_on(plan, name)


def _population(dataset: DatasetPlan, population: Population) -> Callable[[str], Any]:
    known = [name for name, parameter in dataset.parameters.items() if not parameter.visits]
    return lambda where: Expression(population.where, where, known, tuple(population.reasons))


def _groups(dataset: DatasetPlan, analysis: Analysis) -> Callable[[str], Any]:
    """Groups that options compare are declared, where the dataset declares them and no others are formed."""
    formed = analysis.options.get("treated")  # groups by the treatment as received

    def check(where: str) -> None:
        told = [(name, analysis.options.get(name)) for name in ("group", "reference")]
        pairs = analysis.options.get("contrasts")
        told += [("contrasts", one) for pair in pairs or () if isinstance(pair, list) for one in pair]
        lines = [
            f"{where}: {name}: {one!r} is no group of the dataset{nearest(one, dataset.groups)}"
            for name, one in told
            if isinstance(one, str) and one and dataset.groups and not formed and one not in dataset.groups
        ]
        if lines:
            raise Fault(*lines)

    return check

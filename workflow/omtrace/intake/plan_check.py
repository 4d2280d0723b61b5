"""Modules that a plan names and their options, checked before any job."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from omtrace.faults import Fault, Refusal
from omtrace.model.closed import checked, nearest
from omtrace.model.document import read_document
from omtrace.model.folders import base_of, plan_file
from omtrace.model.lines import with_lines
from omtrace.model.plan import Analysis, DatasetPlan, Plan, read_plan
from omtrace.model.slices import plain
from omtrace.plugins import plugin
from omtrace.readers import options_of, reader_of
from omtrace.store import write_text


def check_plan(plan: Plan, path: Path | None = None) -> Plan:
    """The same plan. Raises Fault with all problems of its modules and their options together.

    ``path``: the file that it was read from; complaints then name the line.
    """
    lines: list[str] = []
    said: set[tuple[str, str]] = set()  # of an entry: an unknown module is found by each check that asks for it
    for where, check in _checks(plan):
        try:
            check(where)
        except Fault as fault:
            new = [line for line in fault.lines if (where.removesuffix(".options"), line) not in said]
            said |= {(where.removesuffix(".options"), line) for line in new}
            lines += [line if line.startswith("plan of") else f"{where}: {line}" for line in new]
    if lines:
        files = [path, path.with_suffix("") / "exploratory.yaml", base_of(path)] if path else []
        raise with_lines(dict.fromkeys(lines), f"plan of {plan.study}", *filter(None, files))
    return plan


def check_once(plan: Plan, modules: str, logs: str | Path = "logs", path: Path | None = None) -> None:
    """Check a plan, unless it was found right before, with the same digest of the ``modules`` that it names.

    What was checked is kept in <logs>/<study>/plan.checked. ``path``: the plan's file. Raises Fault as ``check_plan``.
    """
    digest = hashlib.sha256(f"{modules}\n{json.dumps(plain(plan), ensure_ascii=False)}".encode()).hexdigest()
    checked_before = Path(logs, plan.study, "plan.checked")
    if not checked_before.is_file() or checked_before.read_text(encoding="utf-8") != digest:
        check_plan(plan, path)
        write_text(checked_before, digest)


def read_whole(path: str | Path) -> Plan:
    """A plan from its file. Raises Fault with all problems, those of modules and their options included."""
    try:
        return read_plan(path)
    except Fault as fault:
        more = with_lines(_module_faults(Path(path)), str(path), Path(path))
        raise Fault(*fault.lines, *more.lines) from None


def checked_plan(study: str) -> Plan:
    """Read the plan of a study, and check it with its modules and against the registered files.

    Raises
    ------
    Fault
        With everything that is wrong with the plan.
    """
    from omtrace.intake.plan_facts import registered_faults

    path = plan_file(study)
    plan = check_plan(read_whole(path), path)
    if faults := registered_faults(plan, Path()):
        raise with_lines(dict.fromkeys(faults), f"plan of {study}", path)
    return plan


def counts_of(plan: Plan) -> dict[str, int]:
    """The number of entries of each section of a plan."""
    return {name: len(getattr(plan, name)) for name in ("tables", "datasets", "analyses", "families", "figures")}


def not_computable(plan: Plan) -> list[str]:
    """The analyses of a plan, or parts of one, that no data would allow: a line for each."""
    shown = [fault for name in plan.analyses for fault in _shown_by_plan(plan, name)]
    return [fault.lines[0] for fault in shown if isinstance(fault, Refusal)]


def print_counts(study: str, counts: dict[str, int], refusals: list[str]) -> None:
    """Print that a plan is valid, what it holds, and what of it will not be computed."""
    print(f"plan of {study}: valid; {', '.join(f'{name} {count}' for name, count in counts.items())}")
    for line in refusals:
        print(f"will not be computed: {line}")


def _module_faults(path: Path) -> list[str]:
    """What is wrong with modules and options of a plan that has other faults, as far as it has the form of one."""
    try:
        content = read_document(path)
    except Fault:
        return []
    entries = [(f"analyses.{name}", "analyses", "method", "METHOD", e) for name, e in _entries(content, "analyses")]
    entries += [(f"figures.{name}", "figures", "figure", "FIGURE", e) for name, e in _entries(content, "figures")]
    entries += [
        (f"checks.{name}", "validation.crosschecks", "check", "CROSSCHECK", e)
        for name, e in _entries(content, "checks")
    ]
    for dataset, declared in _entries(content, "datasets"):
        where = f"datasets.{dataset}.parameters"
        entries += [
            (f"{where}.{n}", "derivations", "derive", "DERIVATION", e) for n, e in _entries(declared, "parameters")
        ]
    lines: list[str] = []
    for where, part, names, declares, entry in entries:
        options = entry.get("options", {})
        if isinstance(entry.get(names), str) and isinstance(options, dict):
            try:
                _module(part, entry[names], declares, options)(f"{path}: {where}.options")
            except Fault as fault:
                lines += [line if line.startswith(str(path)) else f"{path}: {where}: {line}" for line in fault.lines]
    return lines


def _entries(content: object, section: str) -> list[tuple[str, dict]]:
    found = content.get(section) if isinstance(content, dict) else None
    return [(name, e) for name, e in found.items() if isinstance(e, dict)] if isinstance(found, dict) else []


def _checks(plan: Plan) -> Iterator[tuple[str, Callable[[str], object]]]:
    from omtrace.intake import plan_facts  # brings all of validation, which a start of a checked plan does not need

    of = f"plan of {plan.study}: "
    for name, table in plan.tables.items():
        yield f"{of}tables.{name}.options", _reader(table.reader, table.options)
        yield f"{of}tables.{name}", plan_facts.table_check(plan, name)
    for name, crosscheck in plan.checks.items():
        yield (
            f"{of}checks.{name}.options",
            _module("validation.crosschecks", crosscheck.check, "CROSSCHECK", crosscheck.options),
        )
    for dataset, declared in plan.datasets.items():
        for name, parameter in declared.parameters.items():
            where = f"{of}datasets.{dataset}.parameters.{name}.options"
            yield where, _module("derivations", parameter.derive, "DERIVATION", parameter.options)
            yield where.removesuffix(".options"), plan_facts.parameter_check(plan, declared, name)
        for name in declared.populations:
            yield f"{of}datasets.{dataset}.populations.{name}", partial(declared.condition, name)
    for name, analysis in plan.analyses.items():
        yield f"{of}analyses.{name}.options", _module("analyses", analysis.method, "METHOD", analysis.options)
        yield f"{of}analyses.{name}", _others(plan, name)
        yield f"{of}analyses.{name}.options", _groups(plan.datasets[analysis.dataset], analysis)
        yield f"{of}analyses.{name}.options", plan_facts.analysis_check(plan, analysis)
        yield f"{of}analyses.{name}", partial(_fits, plan, name)
    for name, figure in plan.figures.items():
        yield f"{of}figures.{name}.options", _module("figures", figure.figure, "FIGURE", figure.options)
        yield f"{of}figures.{name}.options", plan_facts.figure_check(plan, figure)


def _reader(name: str, options: dict) -> Callable[[str], object]:
    return lambda where: options_of(reader_of(name), options, where)


def _module(part: str, name: str, declares: str, options: dict) -> Callable[[str], object]:
    return lambda where: checked(plugin(part, name, declares).options, options, where)


def _others(plan: Plan, name: str) -> Callable[[str], object]:
    def check(where: str) -> None:
        from omtrace.analyses.run import rests_on  # costs a start of Snakemake that has nothing to check

        rests_on(plan, name)

    return check


def _fits(plan: Plan, name: str, where: str) -> None:
    """Raise Fault for what an analysis says of its entry before it asks for data."""
    faults = [fault for fault in _shown_by_plan(plan, name) if not isinstance(fault, Refusal)]
    if lines := [line for fault in faults for line in fault.lines]:
        raise Fault(*lines)


def _shown_by_plan(plan: Plan, name: str) -> list[Fault]:
    """What does not fit in an analysis, or no data would allow; nothing where that hangs on others.

    Groups that are taken from the data are not known yet; options that are wrong are told by their own check.
    """
    from omtrace.analyses._plan_only import shown_by_plan

    entry, method = plan.analyses[name], plugin("analyses", plan.analyses[name].method, "METHOD")
    dataset = plan.datasets[entry.dataset]
    try:
        options = checked(method.options, entry.options, "options")
        _groups(dataset, entry)("options")
        if (dataset.group and not dataset.groups) or method.rests_on(entry, options):
            return []
    except Fault:
        return []
    return shown_by_plan(plan, name, options, method)


def _groups(dataset: DatasetPlan, analysis: Analysis) -> Callable[[str], object]:
    """Groups that options compare are declared, where the dataset declares them and no others are formed."""
    formed = analysis.options.get("treated")  # groups by the treatment as received

    def check(where: str) -> None:
        named = [(name, analysis.options.get(name)) for name in ("group", "reference")]
        pairs = analysis.options.get("contrasts")
        named += [("contrasts", one) for pair in pairs or () if isinstance(pair, list) for one in pair]
        lines = [
            f"{where}: {name}: {one!r} is no group of the dataset{nearest(one, dataset.groups)}"
            for name, one in named
            if isinstance(one, str) and one and dataset.groups and not formed and one not in dataset.groups
        ]
        if lines:
            raise Fault(*lines)

    return check

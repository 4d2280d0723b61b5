"""What a plan says of tables, columns, codes and statistics, held against declared tables and registered files.

A run would stop at each of these, some of them after an hour; here they are known before it begins.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from omtrace.derivations.carried import ROLES
from omtrace.faults import Fault
from omtrace.model.closed import checked, nearest
from omtrace.model.expression import Expression
from omtrace.model.folders import read_registered
from omtrace.model.plan import Analysis, DatasetPlan, FigurePlan, Parameter, Plan
from omtrace.model.register import exports_of
from omtrace.model.statistics import STATISTICS, Role
from omtrace.model.tables import TablePlan
from omtrace.plugins import plugin
from omtrace.readers.lookup import way_of
from omtrace.schemas import Column, table_in
from omtrace.validation.reading import check_table, wanted_columns

Check = Callable[[str], object]
SHOWN = ("statistic", "statistics", "low", "high")  # options of figures that name statistics
COLUMNS = ("day", "event", "of", "time", "order")  # options that name a column, beside the option table
KEYED = ("where", "rows", "met")  # those that are mappings from columns
EARLIER = ("of", "over", "event", "attended", "day")  # those that name a parameter, where there is no table
DRAWN = (Role.EFFECT, Role.ESTIMATE, Role.LOW, Role.HIGH)


def table_check(plan: Plan, name: str) -> Check:
    """A check that a table is declared, has the columns that the plan names, and a coding and codes that fit."""
    return lambda where: check_table(plan, name, where)


def parameter_check(plan: Plan, dataset: DatasetPlan, name: str) -> Check:
    """A check that a parameter's table and column exist, its codes have labels, and a fact rests on facts."""

    def check(where: str) -> None:
        parameter = dataset.parameters[name]
        lines = (
            *_column_faults(plan, parameter),
            *_more_column_faults(plan, parameter),
            *_earlier_faults(dataset, name),
            *_window_faults(dataset, parameter),
            *_score_faults(parameter),
        )
        faults = [f"{where}.options: {line}" for line in lines]
        if name == dataset.group:
            faults += [f"{where}: {line}" for line in _group_faults(plan, dataset, parameter)]
        if parameter.derive == "fact":
            if parameter.visits:
                faults.append(f"{where}: visits: a fact has none, since it is the same at all visits; take them out")
            condition = str(parameter.options.get("when", ""))
            visited = [p for p, other in dataset.parameters.items() if other.visits and p in _names(condition)]
            faults += [
                f"{where}.options: when: {other} has visits, and a fact rests on parameters without visits"
                for other in visited
            ]
        if parameter.derive == "calculated":
            faults += _calculation_faults(plan, dataset, name, where)
        if faults:
            raise Fault(*faults)

    return check


def _calculation_faults(plan: Plan, dataset: DatasetPlan, name: str, where: str) -> list[str]:
    """What is wrong with an expression over earlier parameters, or over the columns of a table."""
    options, known = dataset.parameters[name].options, list(dataset.parameters)
    known, what = [*known[: known.index(name)], *options.get("at", {})], "parameter declared before"
    if (table := options.get("table")) and table in plan.tables:
        known, what = [column.name for column in table_in(plan.tables[table], table).columns], f"column of {table}"
    try:
        Expression(str(options.get("calculate", "")), f"{where}.options: calculate", known, what=what, wanted="any")
    except Fault as fault:
        return list(fault.lines)
    return []


def analysis_check(plan: Plan, analysis: Analysis) -> Check:
    """A check that covariates are numbers of the dataset, and that values carried forward are for sensitivity alone."""

    def check(where: str) -> None:
        dataset = plan.datasets[analysis.dataset]
        named = analysis.options.get("covariates", ())
        faults = []
        if (carried := _carried(dataset).intersection(analysis.parameters)) and analysis.role not in ROLES:
            faults.append(
                f"{where.removesuffix('.options')}: role: {min(carried)} holds values carried forward, which are for a "
                f"{', '.join(ROLES[:-1])} or {ROLES[-1]} analysis alone, not a {analysis.role} one"
            )
        for name in named if isinstance(named, (list, tuple)) else ():
            if name not in dataset.parameters:
                hint = nearest(str(name), dataset.parameters)
                faults.append(f"{where}: covariates: the dataset has no parameter {name!r}{hint}")
            elif _is_category(plan, dataset.parameters[name]):
                faults.append(
                    f"{where}: covariates: {name} is a category, and a covariate a number; strata and factors are not"
                )
        if faults:
            raise Fault(*faults)

    return check


def figure_check(plan: Plan, figure: FigurePlan) -> Check:
    """A check that the statistics that a figure asks for exist, and that the methods of its analyses give them."""

    def check(where: str) -> None:
        faults = []
        for option in SHOWN:
            names = figure.options.get(option, ())
            for statistic in (names,) if isinstance(names, str) else names:
                if isinstance(statistic, str) and statistic and statistic not in STATISTICS:
                    hint = nearest(statistic, STATISTICS)
                    faults.append(f"{where}: {option}: no method gives a statistic {statistic!r}{hint}")
        if faults or (faults := list(_lacking(plan, figure, where))):
            raise Fault(*faults)

    return check


def _lacking(plan: Plan, figure: FigurePlan, where: str) -> Iterator[str]:
    """What a figure needs of its analyses, and their methods do not give."""
    try:
        kind = plugin("figures", figure.figure, "FIGURE")
        needs = kind.needs(checked(kind.options, figure.options, where))
        methods = {name: plugin("analyses", plan.analyses[name].method, "METHOD") for name in figure.analyses}
    except Fault:  # an unknown module or option, which a check of its own names
        return
    for name, declared in methods.items():
        method, given = plan.analyses[name].method, declared.statistics
        if lacking := [" or ".join(wanted) for wanted in needs if not given & {*wanted}]:
            named = " and ".join(lacking)
            known = ", ".join(
                name for name, statistic in STATISTICS.items() if name in given and statistic.role in DRAWN
            )
            yield (
                f"{where}: the figure draws {named}, which analysis {name} does not give; {method} gives {known}: "
                "name another in the options, or draw another analysis"
            )


def registered_faults(plan: Plan, root: Path) -> list[str]:
    """What the plan reads that its registered files do not have: tables without a file, and columns."""
    registered = read_registered(root)
    mine = [export for export in exports_of(registered, plan.study) if (root / export.path).is_file()]
    faults: list[str] = []
    for name, entry in plan.tables.items():
        source = entry.source or name
        exports = [export for export in mine if export.table == source]
        where = f"plan of {plan.study}: tables.{name}"
        if not exports and mine:
            hint = nearest(source, {export.table for export in mine})
            faults.append(f"{where}: the register has no export of table {source!r}{hint}")
        optional = {entry.raw_names.get(column, column) for column in table_in(entry, name).optional}
        for export in exports:
            try:
                columns = way_of(plan, name, registered, root).read(export, root).columns
            except Fault as fault:
                faults.append(f"{where}: {export.path}: {fault.lines[0]}")
                continue
            for column in wanted_columns(entry, table_in(entry, name)):
                if column not in columns and column not in optional:
                    faults.append(f"{where}: {export.path} has no column {column!r}{nearest(column, columns)}")
    return faults


def _column_faults(plan: Plan, parameter: Parameter) -> Iterator[str]:
    """What is wrong with the table, the column and the labels that a parameter's options name."""
    name, columns = parameter.options.get("table"), parameter.options.get("column")
    if not isinstance(name, str):
        return
    if name not in plan.tables:
        yield f"table: the plan has no table {name!r}{nearest(name, plan.tables)}"
        return
    declared = {column.name: column for column in table_in(plan.tables[name], name).columns}
    for column in columns.values() if isinstance(columns, dict) else [columns]:
        if not isinstance(column, str):
            continue
        if column not in declared:
            yield f"column: table {name} has no column {column!r}{nearest(column, declared)}"
            continue
        labels = parameter.options.get("labels")
        if isinstance(labels, dict) and labels:
            for code in _codes(declared[column], plan.tables[name]):
                if code not in labels:
                    yield f"labels: code {code!r} of {column} has no label"


def _more_column_faults(plan: Plan, parameter: Parameter) -> Iterator[str]:
    """The columns that conditions, days and rules of a parameter name and its table does not have."""
    name, options = parameter.options.get("table"), parameter.options
    if not isinstance(name, str) or name not in plan.tables:
        return
    named = [(option, options[option]) for option in COLUMNS if isinstance(options.get(option), str)]
    named += [
        (option, column) for option in KEYED if isinstance(options.get(option), dict) for column in options[option]
    ]
    for rule in options.get("any_of") or () if isinstance(options.get("any_of"), (list, tuple)) else ():
        parts = [rule.get(part) for part in ("equals", "at_least", "at_most")] if isinstance(rule, dict) else []
        named += [("any_of", column) for part in parts if isinstance(part, dict) for column in part]
    known = [column.name for column in table_in(plan.tables[name], name).columns]
    for option, column in named:
        if column and column not in known:
            yield f"{option}: table {name} has no column {column!r}{nearest(str(column), known)}"


def _earlier_faults(dataset: DatasetPlan, name: str) -> Iterator[str]:
    """The parameters that a parameter is made of and that are not declared before it."""
    options, every = dataset.parameters[name].options, list(dataset.parameters)
    before = every[: every.index(name)]
    for option in ("attended",) if {"table", "signals"} & {*options} else EARLIER:
        given = options.get(option)
        for of in given if isinstance(given, (list, tuple)) else [given]:
            if not isinstance(of, str) or not of or of in before:
                continue
            if of == name:
                yield f"{option}: {name} cannot be made of itself"
            elif of in every:
                yield f"{option}: {of!r} is declared after {name}; put it before"
            else:
                yield f"{option}: the dataset has no parameter {of!r}{nearest(of, before)}"


def _window_faults(dataset: DatasetPlan, parameter: Parameter) -> Iterator[str]:
    """The visits of windows that the dataset does not have."""
    windows = parameter.options.get("windows")
    for visit in windows if isinstance(windows, dict) else ():
        if visit not in dataset.visits:
            yield f"windows: the dataset has no visit {visit!r}{nearest(str(visit), dataset.visits)}"


def _score_faults(parameter: Parameter) -> Iterator[str]:
    """The score that an instrument does not have."""
    from omtrace.instruments import instrument_of

    score, instrument = (parameter.options.get(option) for option in ("score", "instrument"))
    if parameter.derive != "score" or not isinstance(score, str) or not isinstance(instrument, str):
        return
    try:
        known = instrument_of(instrument).scores
    except Fault as fault:
        yield f"instrument: {fault.lines[0]}"
        return
    if score not in known:
        yield f"score: {instrument} has no score {score!r}{nearest(score, known)}"


def _group_faults(plan: Plan, dataset: DatasetPlan, parameter: Parameter) -> Iterator[str]:
    """The groups of a dataset that the column of its group cannot have, where its values are declared."""
    name, column = parameter.options.get("table"), parameter.options.get("column")
    if name not in plan.tables or parameter.derive not in ("column", "same"):
        return
    labels = parameter.options.get("labels")
    columns = {c.name: c for c in table_in(plan.tables[str(name)], str(name)).columns}
    values = _codes(columns[column], plan.tables[str(name)]) if column in columns else []
    values = [str(value) for value in labels.values()] if isinstance(labels, dict) and labels else values
    for group in dataset.groups:
        if values and group not in values:
            yield f"groups: {group!r} is no value of {column}{nearest(group, values)} ({', '.join(values)})"


def _codes(column: Column, table: TablePlan) -> list[str]:
    """The codes that a column can have, where they are declared."""
    if recoded := table.recoded(column.name):
        return sorted(set(recoded.values()))
    return [f"{code:g}" if isinstance(code, float) else str(code) for code in column.allowed]


def _is_category(plan: Plan, parameter: Parameter) -> bool:
    """Whether a parameter that a column gives is a category."""
    name, column = parameter.options.get("table"), parameter.options.get("column")
    if parameter.derive != "column" or name not in plan.tables or not isinstance(column, str):
        return False
    kinds = {c.name: c.kind for c in table_in(plan.tables[name], name).columns}
    return bool(parameter.options.get("labels")) or kinds.get(column) == "text"


def _carried(dataset: DatasetPlan) -> set[str]:
    """The parameters that hold values carried forward, and those that are made of them."""
    found: set[str] = set()
    for name, parameter in dataset.parameters.items():
        if parameter.derive == "carried" or found & _names(repr(parameter.options)):
            found.add(name)
    return found


def _names(condition: str) -> set[str]:
    """The words of a condition."""
    import re

    return set(re.findall(r"[A-Za-z_]\w*", condition))

"""``omtrace trace --recompute``: a number computed again from the raw cells that it lists, and from nothing else.

Of the validated tables only the rows of these cells stay, and in these rows only these cells; every other measured
value is missing. Of the list of enrolled units those stay that the number accounts for, used or left out, without
anything measured: it says who there is. From that the parameters behind the number are derived, and its analysis is
made, by the calls of a run. If a number rested on a cell that it does not list, it would come out otherwise.
"""

import io
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omtrace import store
from omtrace.audit.backing import Backing
from omtrace.derivations import Tables
from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.model.plan import WORD, Plan
from omtrace.model.statistics import Role, statistic_of
from omtrace.provenance.recorded import RESULTS

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses import Number

SHARE = "percent"  # of a level, beside its count
TOLERANCE = 1e-9  # relative: sums in another order


@dataclass(frozen=True)
class Recomputed:
    """A number as it is stored and as it came out again; ``again`` "" where it did not come out."""

    id: str
    stored: str
    again: str
    why: str = ""

    @property
    def is_same(self) -> bool:
        """Whether it came out again, to nine digits at least."""
        if self.stored == self.again or not self.stored or not self.again:
            return self.stored == self.again and not self.why
        stored, other = float(self.stored), float(self.again)
        return abs(stored - other) <= TOLERANCE * max(abs(stored), abs(other))


def recompute(plan: Plan, numbers: Sequence[Estimate], root: str | Path = ".") -> list[Recomputed]:
    """Compute numbers of a study again, each from the cells that its own row set lists.

    Parameters
    ----------
    plan
        The whole plan of the study.
    numbers
        Rows of its estimates.
    root
        The folder that holds results/.

    Returns
    -------
    list of Recomputed
        One for each number, in their order.

    Raises
    ------
    Fault
        Where results are missing or not readable.
    """
    from omtrace.analyses import JOINT
    from omtrace.analyses.run import with_those_below
    from omtrace.derivations.records import read_tables
    from omtrace.model.groups import with_groups

    folder = Path(root) / RESULTS / plan.study
    again = f"run snakemake {plan.study}"
    if others := sorted({number.analysis for number in numbers} - plan.analyses.keys()):
        raise Fault(*(f"{plan.study}: the plan has no analysis {name!r} any more; {again}" for name in others))
    try:
        plan = with_groups(plan, folder / "datasets")
        tables = read_tables(plan, folder / "validated")
        definitions = store.read_json(folder / "definitions.json")
    except (OSError, ValueError) as error:
        what = Path(getattr(error, "filename", None) or str(error)).name
        raise Fault(f"{RESULTS.as_posix()}/{plan.study}: {what}: not there or not readable; {again}") from None
    backing = Backing(plan.study, root)
    # Calls hold the options that the plan leaves out as well.
    by_analysis = {call["analysis"]: call for call in definitions.values()}
    together: dict[tuple[str, str], list[Estimate]] = {}
    for number in numbers:
        together.setdefault((number.rowset, number.analysis), []).append(number)
    found: dict[str, Recomputed] = {}
    for (rowset, analysis), mine in together.items():
        limited = _limited(tables, plan, backing, plan.analyses[analysis].dataset, rowset)
        calls = [by_analysis[name] for name in with_those_below(plan, [analysis]) if name in by_analysis]
        named = [[list(call["parameters"]), call["options"], call["population"]] for call in calls]
        narrow = _with_populations(plan, analysis, [*named, [number.population for number in mine]])
        dataset = narrow.datasets[plan.analyses[analysis].dataset]
        named.append([entry.where for entry in dataset.populations.values()])
        behind = dataset.named_in(named) or set(dataset.parameters)
        made = _made(narrow, analysis, limited, behind)
        for parameter, visit in {(n.parameter, n.visit) for n in mine if n.id not in made.values}:
            parts = tuple(parameter.split(JOINT))  # without the others, which have no cells here
            if set(parts) <= set(plan.analyses[analysis].parameters):
                for visits in {(), (visit,) if visit else ()}:
                    alone = _of_parameters(narrow, analysis, parts, visits)
                    made = made.with_more(_made(alone, analysis, limited, behind))
        for number in mine:
            value = made.values.get(number.id)
            if value is None and made.has_none_of(number):
                value = number.text
            reason = "" if value is not None else made.why or "not among the numbers that came out"
            found[number.id] = Recomputed(number.id, number.text, value or "", reason)
    return [found[number.id] for number in numbers]


def _limited(tables: Tables, plan: Plan, backing: Backing, dataset: str, rowset: str) -> Tables:
    """The validated tables with what a row set lists alone; one without records rests on the plan, and on no cell."""
    records, cells = backing.records(dataset), backing.cells(dataset).iloc[:0]
    if members := backing.members.get(rowset):
        records, cells = records.loc[members.record], backing.behind(members, used_only=False)
    return tables_of_cells(tables, plan, dataset, cells, set(records["unit"]))


def tables_of_cells(
    tables: Tables, plan: Plan, dataset: str, cells: "pandas.DataFrame", units: Collection[str]
) -> Tables:
    """The validated tables with these raw cells alone, and these units on the list of a dataset's enrolled ones.

    Parameters
    ----------
    tables
        All of them.
    plan
        The plan, which says what columns are called in the raw files.
    dataset
        The dataset, of whose roster the rows of these units stay.
    cells
        Columns ``key`` and ``column`` (the raw one) of the cells.
    units
        The units that a number accounts for.
    """
    roster = plan.datasets[dataset].roster
    keys = set(cells["key"])
    by_column: dict[str, set[int]] = {}
    for key, column in zip(cells["key"], cells["column"], strict=True):
        by_column.setdefault(str(column), set()).add(int(key))
    frames = {}
    for name, frame in tables.frames.items():
        keep = frame["key"].isin(keys)
        if name == roster.table:
            keep |= frame[roster.column].astype("str").isin(units)
        rows, fixed = frame[keep], {roster.column} if name == roster.table else set()
        frames[name] = _with_cells(rows, plan, name, by_column, fixed)
    gaps = {(key, column): says for (key, column), says in tables.gaps.items() if key in keys}
    quarantine = tables.quarantine[tables.quarantine["key"].isin(keys)]
    return replace(tables, frames=frames, quarantine=quarantine, gaps=gaps)


def _with_cells(
    rows: "pandas.DataFrame", plan: Plan, name: str, by_column: Mapping[str, set[int]], fixed: Collection[str]
) -> "pandas.DataFrame":
    """Rows of a table in which everything is missing that neither identifies the row nor is one of the cells."""
    from omtrace.schemas import table_in

    entry = plan.tables[name]
    table = table_in(entry, name)
    own = [c.name for c in table.columns if c.name not in table.identifying and c.name not in fixed]
    limited = rows.copy()
    for column in [column for column in own if column in limited]:
        raw = {entry.raw(column), *entry.joined.get(column, ())}
        allowed = set().union(*(by_column.get(part, set()) for part in raw))
        limited[column] = limited[column].where(limited["key"].isin(allowed))
    return limited


def _with_populations(plan: Plan, analysis: str, content: object) -> Plan:
    """The plan with those populations alone, of the dataset of an analysis, whose names stand in content."""
    name = plan.analyses[analysis].dataset
    words = set(WORD.findall(repr(content)))
    populations = {key: entry for key, entry in plan.datasets[name].populations.items() if key in words}
    dataset = plan.datasets[name].model_copy(update={"populations": populations})
    return plan.model_copy(update={"datasets": {**plan.datasets, name: dataset}})


def _narrowed(plan: Plan, name: str, behind: Collection[str]) -> Plan:
    """The plan with those parameters of a dataset alone that a number rests on; one, where it rests on none."""
    dataset = plan.datasets[name]
    parameters = {key: value for key, value in dataset.parameters.items() if key in behind}
    parameters = parameters or dict(list(dataset.parameters.items())[:1])
    narrow = dataset.model_copy(update={"parameters": parameters})
    return plan.model_copy(update={"datasets": {**plan.datasets, name: narrow}})


def _of_parameters(plan: Plan, analysis: str, parameters: tuple[str, ...], visits: tuple[str, ...]) -> Plan:
    """The plan with some parameters of an analysis alone, and with some of its visits, unless there are none."""
    entry = plan.analyses[analysis]
    entry = entry.model_copy(update={"parameters": parameters, "visits": visits or entry.visits})
    return plan.model_copy(update={"analyses": {**plan.analyses, analysis: entry}})


class Made(NamedTuple):
    """Id -> value of each number of an analysis, why there are none, and of what levels were counted.

    ``counted``: parameter, group, visit and statistic of the counts and shares that came out at some level.
    """

    values: dict[str, str]
    why: str
    counted: frozenset[tuple[str, str, str, str]]

    def with_more(self, other: "Made") -> "Made":
        """Both; of a number that both have, this one's."""
        return Made({**other.values, **self.values}, self.why, self.counted | other.counted)

    def has_none_of(self, number: Estimate) -> bool:
        """Whether a number is the 0 of a level that none of its units has: of others, whose cells it does not list."""
        return bool(number.level and number.text) and number.value == 0 and _counted(number) in self.counted


def _counted(number: "Estimate | Number") -> tuple[str, str, str, str]:
    """What levels are counted of."""
    return number.parameter, number.group, number.visit, number.statistic


def _made(plan: Plan, analysis: str, tables: Tables, behind: Collection[str]) -> Made:
    """The numbers of an analysis on these tables."""
    from omtrace.analyses.run import Run, number_id, stored_text
    from omtrace.derivations.records import build

    name = plan.analyses[analysis].dataset
    narrow = _narrowed(plan, name, behind)
    try:
        with tempfile.TemporaryDirectory(prefix="omtrace-") as folder, redirect_stderr(io.StringIO()):
            records, cells = build(narrow, name, replace(tables, plan=narrow))
            store.write_table(Path(folder) / f"{name}.parquet", records)
            store.write_table(Path(folder) / f"{name}.cells.parquet", cells)
            numbers = Run(narrow, folder).numbers_of(analysis)
    except (Fault, AssertionError, KeyError, ValueError) as error:
        return Made({}, f"{type(error).__name__}: {error}".splitlines()[0], frozenset())
    usual = plan.analyses[analysis].population
    values = {number_id(plan.study, analysis, n, n.population or usual): stored_text(n) for n in numbers}
    shares = (n for n in numbers if n.level and (n.statistic == SHARE or statistic_of(n.statistic).role is Role.COUNT))
    return Made(values, "", frozenset(map(_counted, shares)))

"""The one entry point: run every analysis of a plan and write estimates, row sets and definitions."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace import store
from omtrace.analyses import Call, Number
from omtrace.analyses._margin import said, verdicts
from omtrace.analyses._refusals import numbers_of
from omtrace.analyses._scales import scales_of
from omtrace.analyses._units import guard
from omtrace.analyses.selection import Data
from omtrace.faults import Fault
from omtrace.model.closed import checked, nearest
from omtrace.model.estimate import COLUMNS, Estimate
from omtrace.model.groups import with_groups
from omtrace.model.plan import Analysis, DatasetPlan, Plan
from omtrace.model.statistics import Role, statistic_of
from omtrace.plugins import plugin
from omtrace.provenance.keys import digest_of
from omtrace.provenance.rows import Rows, addresses, table

if TYPE_CHECKING:
    import pandas

FINE = 1e-6  # a parameter whose values all are smaller is kept with all digits


def number_id(study: str, analysis: str, number: Number, population: str) -> str:
    """The id that names a number: 12 hex digits."""
    parts = (study, analysis, number.parameter, population, number.group, number.visit, number.level, number.statistic)
    return digest_of(parts, 12)


def options_of(plan: Plan, name: str) -> Any:
    """The options of an analysis, checked by its method. Raises Fault for what is wrong."""
    entry = plan.analyses[name]
    method = plugin("analyses", entry.method, "METHOD")
    return checked(method.options, entry.options, f"plan of {plan.study}: analyses.{name}.options")


def with_those_below(plan: Plan, names: Iterable[str]) -> list[str]:
    """Analyses and those that they rest on, in turn, in the plan's order."""
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in needed:
            needed.add(name)
            waiting += rests_on(plan, name)
    return [name for name in plan.analyses if name in needed]


def rests_on(plan: Plan, name: str) -> list[str]:
    """The other analyses that an analysis rests on. Raises Fault for one that there is not."""
    entry = plan.analyses[name]
    found = list(plugin("analyses", entry.method, "METHOD").rests_on(entry, options_of(plan, name)))
    where = f"plan of {plan.study}: analyses.{name}"
    for other in found:
        if other not in plan.analyses:
            raise Fault(f"{where}: analysis {other!r} is not declared{nearest(other, plan.analyses)}")
        if other == name or plan.analyses[other].dataset != entry.dataset:
            raise Fault(
                f"{where}: cannot rest on {other!r}: it needs to be another analysis of dataset {entry.dataset}"
            )
    return found


def definition_of(plan: Plan, name: str) -> dict:
    """What was done in an analysis, and what for: everything but the name of the number and the data."""
    entry = plan.analyses[name]
    dataset = plan.datasets[entry.dataset]
    method = plugin("analyses", entry.method, "METHOD")
    others = {other: _digest(definition_of(plan, other)) for other in rests_on(plan, name)}
    options = options_of(plan, name)
    return {
        "study": plan.study,
        "analysis": name,
        "method": entry.method,
        "words": method.said(options) + (said(entry.margin) if entry.margin else ""),
        "options": options.model_dump(mode="json"),
        "dataset": entry.dataset,
        "unit": dataset.unit,
        **({"experimental_unit": dataset.experimental_unit.model_dump()} if dataset.experimental_unit else {}),
        "baseline": dataset.baseline,
        "population": entry.population,
        "where": dataset.populations[entry.population].where,
        "parameters": _behind(dataset, entry),
        "role": entry.role,
        **({"of": entry.of} if entry.of else {}),
        **({"rests_on": others} if others else {}),
        **({"margin": entry.margin.model_dump(mode="json")} if entry.margin else {}),
        **({"estimand": {"name": entry.estimand, **estimand_of(plan, entry)}} if entry.estimand else {}),
        **({"families": families} if (families := families_of(plan, name)) else {}),
    }


def estimand_of(plan: Plan, entry: Analysis) -> dict[str, object]:
    """The estimand of an analysis, its five attributes as plain values; empty without one."""
    return plan.estimands[entry.estimand].model_dump(mode="json") if entry.estimand else {}


def families_of(plan: Plan, name: str) -> list[str]:
    """The families that a p value of an analysis belongs to."""
    return [
        family
        for family, entry in plan.families.items()
        if any(hypothesis.analysis == name for hypothesis in entry.hypotheses.values())
    ]


def _behind(dataset: DatasetPlan, entry: Analysis) -> dict[str, dict]:
    """How the parameters are derived that an analysis rests on: its own, group, covariates, population, and theirs."""
    waiting = [*entry.parameters, dataset.group, *_names(entry.options)]
    waiting += dataset.condition(entry.population, f"population {entry.population}").names
    found: dict[str, dict] = {}
    while waiting:
        name = waiting.pop()
        if name in dataset.parameters and name not in found:
            parameter = dataset.parameters[name]
            found[name] = parameter.model_dump(mode="json", include={"derive", "options", "unit", "better", "visits"})
            waiting += _names(parameter.options)
    return found


def _names(value: object) -> list[str]:
    """Every text in options, and of a term of a model (``treatment*sex``, ``batch/cage``) its parts."""
    if isinstance(value, str):
        return [value, *value.replace("*", ":").replace("/", ":").split(":")]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [text for part in parts for text in _names(part)]


class Run:
    """A run of a plan's analyses: each is made once, those that it rests on before it."""

    def __init__(self, plan: Plan, datasets: str | Path) -> None:
        self.plan, self.folder = plan, Path(datasets)
        self.data: dict[str, Data] = {}
        self.calls: dict[str, Call] = {}
        self.numbers: dict[str, list[Number]] = {}
        self.fine: dict[str, set[str]] = {}  # dataset -> parameters all of whose values are very small

    def numbers_of(self, name: str, waiting: tuple[str, ...] = ()) -> list[Number]:
        """The numbers of an analysis. Raises Fault for one that gives none, or that rests on itself."""
        where = f"plan of {self.plan.study}: analyses.{name}"
        if name in waiting:
            raise Fault(f"{where}: rests on itself: {' -> '.join((*waiting, name))}")
        if name not in self.numbers:
            others = {other: self.numbers_of(other, (*waiting, name)) for other in rests_on(self.plan, name)}
            entry = self.plan.analyses[name]
            method = plugin("analyses", entry.method, "METHOD")
            data = self.dataset(entry.dataset)
            if method.yes_or_no:
                data = data.with_yes_as_one(entry.parameters)
            calls = {other: self.calls[other] for other in others}
            options = options_of(self.plan, name)
            scales = scales_of(self.plan, data.plan)
            call = Call(name, entry, options, data.plan, data, calls, others, self.plan.study, scales=scales)
            self.calls[name] = call
            if not others:  # those were guarded themselves
                guard(where, method, call)
            fine = self.fine[entry.dataset]
            self.numbers[name] = [
                number._replace(is_fine=True) if fine and fine & {*number.parameter.split(" & ")} else number
                for number in numbers_of(method, call)
            ]
            self.numbers[name] += list(verdicts(call, self.numbers[name]))
            for statistic in {number.statistic for number in self.numbers[name]}:
                statistic_of(statistic)  # one that is not registered is an error of the method
            if not self.numbers[name]:
                raise Fault(f"{where}: gives no number; check parameters and visits")
        return self.numbers[name]

    def every(self) -> dict[str, list[Number]]:
        """The numbers of each analysis of the plan. Raises Fault with all that does not fit in the plan, at once."""
        lines: dict[str, None] = {}
        numbers = {}
        for name in self.plan.analyses:
            try:
                numbers[name] = self.numbers_of(name)
            except Fault as fault:
                lines |= dict.fromkeys(fault.lines)
        if lines:
            raise Fault(*lines)
        return numbers

    def dataset(self, name: str) -> Data:
        """A dataset's records, read once."""
        if name not in self.data:
            records = store.read_table(self.folder / f"{name}.parquet", ("parameter", "visit", "text", "status"))
            cells = store.read_table(self.folder / f"{name}.cells.parquet", ("column", "role"))
            self.data[name] = Data(name, self.plan.datasets[name], records, cells)
            self.fine[name] = fine_parameters(records)
        return self.data[name]


def fine_parameters(records: "pandas.DataFrame") -> set[str]:
    """The parameters of a dataset whose numbers are kept with all digits."""
    largest = records["value"].abs().groupby(records["parameter"], observed=True).max()
    return {*largest.index[(largest > 0) & (largest < FINE)]}


def analyse_study(plan: Plan, datasets: str | Path, folder: str | Path) -> None:
    """Run all analyses of a plan on results/<study>/datasets and write their numbers below ``folder``.

    Raises Fault for a plan that does not fit its data; asserts that every number accounts for all units,
    that ids are unique and that every row set is written once.
    """
    plan = with_groups(plan, datasets)
    made = Run(plan, datasets)
    numbers = made.every()
    estimates, definitions = [], {}
    sets = _addressed(made, numbers)
    address = {key: digest for digest, same in sets.items() for key in same}
    distinct = {digest: list(same.values())[-1] for digest, same in sets.items()}
    seen: dict[str, tuple] = {}
    for name, entry in plan.analyses.items():
        definition = definition_of(plan, name)
        digest = _digest(definition)
        definitions[digest] = definition
        for number in numbers[name]:
            population = number.population or entry.population
            key = number_id(plan.study, name, number, population)
            if key in seen:
                raise Fault(f"plan of {plan.study}: analyses.{name}: two numbers of one name: {seen[key]}")
            seen[key] = (name, number.parameter, number.group, number.visit, number.level, number.statistic)
            estimates.append(
                Estimate(
                    key,
                    name,
                    number.parameter,
                    population,
                    number.group,
                    number.visit,
                    number.level,
                    number.statistic,
                    stored_text(number),
                    number.unit,
                    number.decimals,
                    address[id(number.rows)],
                    digest,
                    plan.kind,
                )
            )
    folder = Path(folder)
    with ThreadPoolExecutor(max_workers=1) as beside:  # a Parquet file is written without Python, which writes the CSV
        written = beside.submit(store.write_table, folder / "rowsets.parquet", table(distinct))
        store.write_json(folder / "definitions.json", definitions)
        store.write_csv(folder / "estimates.csv", list(COLUMNS), [estimate.cells() for estimate in estimates])
        written.result()


def stored_text(number: Number) -> str:
    """The value of a number as it is stored."""
    is_p = statistic_of(number.statistic).role is Role.P_VALUE
    text = store.probability_text if is_p else store.fine_text if number.is_fine else store.number_text
    return text(number.value)


def _addressed(made: Run, numbers: Mapping[str, Sequence[Number]]) -> dict[str, dict[int, Rows]]:
    """The row sets of each address, by their id: numbers of one call share their object.

    A dataset is let go once its row sets have their addresses: those of a large study do not fit beside each other.
    """
    made.calls.clear()  # they hold the data
    by_dataset: dict[str, dict[int, Rows]] = {}
    for name, several in numbers.items():
        own = by_dataset.setdefault(made.plan.analyses[name].dataset, {})
        own.update({id(number.rows): number.rows for number in several})
    sets: dict[str, dict[int, Rows]] = {}
    for dataset, rows in by_dataset.items():
        for digest, (key, members) in zip(
            addresses(list(rows.values()), made.data.pop(dataset).contents), rows.items(), strict=True
        ):
            sets.setdefault(digest, {})[key] = members
    return sets


def _digest(definition: dict) -> str:
    # The sentence that describes the method is for people: rewording it changes no definition.
    return digest_of([repr(sorted(_flat({k: v for k, v in definition.items() if k != "words"})))])


def _flat(value, prefix: str = "") -> list[str]:
    if isinstance(value, dict):
        return [line for key in value for line in _flat(value[key], f"{prefix}/{key}")]
    if isinstance(value, (list, tuple)):
        return [line for at, item in enumerate(value) for line in _flat(item, f"{prefix}[{at}]")]
    return [f"{prefix}={value!r}"]

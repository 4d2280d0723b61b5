"""Power of an analysis of the plan, by simulation: its own method on data drawn under the plan's assumptions."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.analyses import Call, Number
from omtrace.analyses._margin import verdicts
from omtrace.analyses._refusals import numbers_of
from omtrace.analyses.run import options_of, rests_on
from omtrace.analyses.selection import Data
from omtrace.faults import Fault, nearest
from omtrace.model.contrast import BETWEEN
from omtrace.model.headline import headline_of
from omtrace.plugins import plugin

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.model.plan import DatasetPlan, Plan

SHOWN = {"noninferiority": 2, "equivalence": 2}  # the least verdict that counts as shown
NAMED_NUMBERS = ("covariates", "exposure")  # options that name numbers; the others name categories


@dataclass(frozen=True)
class Power:
    """Power at one size: of ``replicates`` trials those that found the effect, with the exact 95% interval.

    ``refused``: trials whose data did not allow the analysis; they count as not found.
    """

    per_group: int
    power: float
    low: float
    high: float
    replicates: int
    refused: int


class Trial:
    """An analysis with what is assumed of it.

    Raises
    ------
    Fault
        For an analysis without assumptions, and for assumptions that do not fit it: unknown groups, visits, categories.
    """

    def __init__(self, plan: "Plan", name: str) -> None:
        if name not in plan.planning:
            hint = nearest(name, plan.planning) or f"; it has them of {', '.join(plan.planning)}"
            raise Fault(f"plan of {plan.study}: planning: no assumptions of {name!r}{hint}")
        self.plan, self.name, self.assumed = plan, name, plan.planning[name]
        self.entry, self.options = plan.analyses[name], options_of(plan, name)
        self.method = plugin("analyses", self.entry.method, "METHOD")
        self.where = f"plan of {plan.study}: planning.{name}"
        whole = plan.datasets[self.entry.dataset]
        populations = {
            n: entry.model_copy(update={"where": "", "reasons": {}}) for n, entry in whole.populations.items()
        }
        drawn = {  # what is drawn is no questionnaire's score, and has no ends
            n: entry.model_copy(update={"derive": "simulated"}) if n in self.entry.parameters else entry
            for n, entry in whole.parameters.items()
        }
        self.dataset: DatasetPlan = whole.model_copy(update={"populations": populations, "parameters": drawn})
        self.groups = list(self.dataset.groups) if self.dataset.group else []
        if len(self.entry.parameters) != 1 or len(self.groups) < 2 or rests_on(plan, name):
            raise Fault(f"{self.where}: an analysis of one parameter that compares groups, which the plan lists")
        (self.outcome,) = self.entry.parameters
        scheduled = self.dataset.parameters[self.outcome].visits
        self.visits = [visit for visit in self.dataset.visits if visit in scheduled] or [""]
        analysed = [visit for visit in self.visits if visit in (self.entry.visits or scheduled)] or [""]
        self.visit = self.assumed.visit or analysed[-1]
        self.after = [visit for visit in self.visits if not visit or visit != self.dataset.baseline]
        self._refuse()

    def _refuse(self) -> None:
        """Raise Fault for names that the dataset does not have, and for groups without an assumption."""
        assumed, faults = self.assumed, []
        by_group = assumed.effect or assumed.shares or assumed.rates or assumed.events
        faults += [f"no group {name!r}{nearest(name, self.groups)}" for name in by_group if name not in self.groups]
        if assumed.sd is None:
            faults += [f"no assumption about the group {name!r}" for name in self.groups if name not in by_group]
        named = [visit for effect in assumed.effect.values() if isinstance(effect, dict) for visit in effect]
        named += [assumed.visit] if assumed.visit else []
        faults += [f"no visit {v!r} after baseline{nearest(v, self.after)}" for v in named if v not in self.after]
        beside = self.categories()
        faults += [
            f"levels: the analysis names no {n!r}{nearest(n, beside)}" for n in assumed.levels if n not in beside
        ]
        if assumed.clusters and not getattr(self.options, "cluster", ""):
            faults.append("clusters: the analysis has no option cluster")
        if assumed.events and not getattr(self.options, "event", ""):
            faults.append("events: the analysis has no option event, as time_to_event does")
        if faults:
            raise Fault(*(f"{self.where}: {fault}" for fault in faults))

    def categories(self) -> list[str]:
        """The categories that the analysis names beside group and cluster."""
        apart = {self.dataset.group, getattr(self.options, "cluster", ""), getattr(self.options, "event", "")}
        return [name for name in self._beside() if name not in {*apart, *self._numeric()}]

    def _beside(self) -> list[str]:
        """The parameters that the options name, without the outcome."""
        from omtrace.analyses.run import _names

        named = dict.fromkeys(_names(self.options.model_dump(mode="json")))
        return [name for name in named if name in self.dataset.parameters and name != self.outcome]

    def _numeric(self) -> set[str]:
        given = [getattr(self.options, name, ()) for name in NAMED_NUMBERS]
        return {name for one in given for name in ([one] if isinstance(one, str) else one)}

    def finds_effect(self, per_group: int, generator: "numpy.random.Generator") -> bool | None:
        """Whether one simulated trial finds the effect; None where the analysis could not be computed."""
        data = self._data(per_group, generator)
        call = Call(self.name, self.entry, self.options, self.dataset, data, study=self.plan.study)
        numbers = numbers_of(self.method, call)
        rows = self._rows([*numbers, *verdicts(call, numbers)])
        margin = self.entry.margin
        if margin:
            values = [row[margin.kind].value for row in rows if margin.kind in row]
            return values[0] >= SHOWN[margin.kind] if values else None
        tests = [row[names.p].value for row in rows if (names := headline_of(row)) and names.p]
        return None if not tests or math.isnan(tests[0]) else tests[0] < self.assumed.alpha

    def _rows(self, numbers: Sequence[Number]) -> list[Mapping[str, Number]]:
        """The rows of contrasts at the visit that counts."""
        rows: dict[tuple[str, str], dict[str, Number]] = {}
        for number in numbers:
            if number.visit == self.visit and BETWEEN in number.group:
                rows.setdefault((number.group, number.level), {})[number.statistic] = number
        return list(rows.values())

    def _data(self, per_group: int, generator: "numpy.random.Generator") -> Data:
        """The records of one simulated trial."""
        import numpy
        import pandas

        units = per_group * len(self.groups)
        arm = numpy.repeat(numpy.arange(len(self.groups)), per_group)
        values: dict[tuple[str, str], numpy.ndarray] = {
            (self.dataset.group, ""): numpy.array(self.groups, dtype=object)[arm]
        }
        cluster = self._clusters(per_group, values)
        for name in self.categories():
            shares = self.assumed.levels.get(name, {"1": 0.5, "2": 0.5})
            weights = numpy.array(list(shares.values()))
            values[name, ""] = generator.choice(list(shares), units, p=weights / weights.sum()).astype(object)
        for name in sorted(self._numeric() & set(self.dataset.parameters)):
            for visit in self.dataset.parameters[name].visits or [""]:
                drawn = generator.standard_normal(units)
                values[name, visit] = (
                    drawn
                    if name != getattr(self.options, "exposure", "")
                    else numpy.full(units, self.assumed.follow_up)
                )
        values |= self._outcomes(arm, cluster, generator)
        blocks = [self._block(name, visit, column) for (name, visit), column in sorted(values.items())]
        records = pandas.concat(blocks, ignore_index=True)
        records.insert(0, "record", numpy.arange(1, len(records) + 1))
        cells = pandas.DataFrame({"record": [], "key": [], "column": [], "role": []})
        return Data(self.entry.dataset, self.dataset, records, cells)

    def _clusters(self, per_group: int, values: "dict[tuple[str, str], numpy.ndarray]") -> "numpy.ndarray | None":
        """The cluster of each unit, which becomes the parameter that the option ``cluster`` names."""
        import numpy

        name = getattr(self.options, "cluster", "")
        if not name:
            return None
        size = self.assumed.clusters.size if self.assumed.clusters else 1
        within = numpy.arange(per_group) // size
        clusters = numpy.concatenate([within + at * (within[-1] + 1) for at in range(len(self.groups))])
        values[name, ""] = numpy.array([f"cluster {at}" for at in clusters], dtype=object)
        return clusters

    def _outcomes(
        self, arm: "numpy.ndarray", cluster: "numpy.ndarray | None", generator: "numpy.random.Generator"
    ) -> "dict[tuple[str, str], numpy.ndarray]":
        """The outcome at each visit, missing where a unit has left."""
        import numpy

        from omtrace.statistics.power import simulated_trial as draw

        assumed, units, visits = self.assumed, len(arm), self.visits
        icc = assumed.clusters.icc if assumed.clusters else 0.0
        values = draw.latent(generator, (units, len(visits)), assumed.correlation, cluster, icc)
        leaves = draw.leaving(generator, units, assumed.dropout)
        if assumed.events:
            shares = numpy.array([assumed.events[group] for group in self.groups])[arm]
            time, event = draw.times(values[:, 0], shares, assumed.follow_up, leaves * assumed.follow_up)
            return {(self.outcome, visits[0]): time, (self.options.event, ""): event}
        if assumed.sd is not None:
            drawn = assumed.mean + assumed.sd * values + self._by_visit(self._effect)[arm]
        elif assumed.shares:
            drawn = draw.yes_or_no(values, self._by_visit(self._of(assumed.shares))[arm])
        else:
            drawn = draw.counts(
                generator, assumed.follow_up * self._by_visit(self._of(assumed.rates))[arm], assumed.dispersion
            )
        steps = numpy.cumsum([visit in self.after for visit in visits])  # 0 at baseline
        gone = (steps > 0) & (steps / len(self.after) > leaves[:, None])
        drawn[gone] = numpy.nan
        return {(self.outcome, visit): drawn[:, at] for at, visit in enumerate(visits)}

    def _by_visit(self, of: Callable[[str, str], float]) -> "numpy.ndarray":
        """What is assumed of each group at each visit."""
        import numpy

        return numpy.array([[of(group, visit) for visit in self.visits] for group in self.groups])

    def _effect(self, group: str, visit: str) -> float:
        effect = self.assumed.effect.get(group, 0.0) if visit in self.after else 0.0
        return effect.get(visit, 0.0) if isinstance(effect, dict) else effect

    def _of(self, by_group: Mapping[str, float]) -> Callable[[str, str], float]:
        """At baseline all groups are as the first, the reference."""
        return lambda group, visit: by_group[group if visit in self.after else self.groups[0]]

    def _block(self, name: str, visit: str, column: "numpy.ndarray") -> "pandas.DataFrame":
        """The records of a parameter at a visit."""
        import numpy
        import pandas

        is_text = column.dtype == object
        number = numpy.full(len(column), numpy.nan) if is_text else column.astype(float)
        status = "observed" if is_text else numpy.where(numpy.isnan(number), "not collected", "observed")
        unit = [f"U{at:06}" for at in range(len(column))]
        text = column if is_text else None
        return pandas.DataFrame(
            {"unit": unit, "parameter": name, "visit": visit, "value": number, "text": text, "status": status}
        )


def powers(plan: "Plan", name: str, sizes: Sequence[int], replicates: int, seed: int) -> Iterator[Power]:
    """The power of an analysis at each size.

    Every trial has a stream of chance of its own, which depends on seed, study, analysis, size and its number alone, so
    that the same call gives the same result on every machine.

    Parameters
    ----------
    plan
        The whole plan, with assumptions of the analysis under ``planning``.
    name
        The analysis.
    sizes
        Units enrolled in each group; empty: those of the plan.
    replicates
        Trials simulated at each size.
    seed
        Of chance.

    Raises
    ------
    Fault
        For an analysis without assumptions, and for assumptions that do not fit it.
    """
    import numpy

    from omtrace.statistics.basic.proportion import proportion

    trial = Trial(plan, name)
    words = hashlib.sha256(f"{plan.study}/{name}".encode()).digest()
    key = [int.from_bytes(words[i : i + 4], "big") for i in range(0, 16, 4)]
    for size in sizes or trial.assumed.per_group:
        streams = (numpy.random.SeedSequence(seed, spawn_key=(*key, size, at)) for at in range(replicates))
        results = [trial.finds_effect(size, numpy.random.Generator(numpy.random.PCG64(stream))) for stream in streams]
        if all(result is None for result in results):
            raise Fault(f"plan of {plan.study}: planning.{name}: no simulated trial of {size} a group gave a test")
        share = proportion(sum(map(bool, results)), replicates)
        limits = share["clopper_pearson_low"], share["clopper_pearson_high"]
        yield Power(size, share["proportion"], *limits, replicates, results.count(None))


def lines_of(plan: "Plan", name: str, sizes: Iterator[Power]) -> Iterator[str]:
    """The lines of a table: what is assumed, then a line for each size, as soon as it is known."""
    trial = Trial(plan, name)
    stated = trial.assumed.model_dump(exclude_defaults=True, exclude={"source", "per_group"})
    words = ", ".join(
        f"{key} {json.dumps(value) if isinstance(value, dict) else value}" for key, value in stated.items()
    )
    at = f" at {trial.visit}" if trial.visit else ""
    yield f"{plan.study}, {name}: {trial.outcome}{at} by {trial.entry.method}"
    yield f"assumed: {words} ({trial.assumed.source})"
    yield f"{'per group':>9}  {'in all':>6}  {'power':>6}  {'Monte Carlo interval':>20}  {'trials':>6}  {'refused':>7}"
    for one in sizes:
        interval = f"{one.low:.3f} to {one.high:.3f}"
        yield (
            f"{one.per_group:>9}  {one.per_group * len(trial.groups):>6}  {one.power:>6.3f}  {interval:>20}  "
            f"{one.replicates:>6}  {one.refused:>7}"
        )

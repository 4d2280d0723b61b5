"""Controls over time: each control of each plate in standard deviations of a baseline, and the rules that it breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._analysis_set import AnalysisSet
from omtrace.analyses._sentences import listed, parameter_names
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed, nearest

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.provenance.rows import Rows
    from omtrace.statistics.assay.westgard import Hit


class Options(Closed):
    """Which controls, in what order, and what the limits come from."""

    control: str = Field(description="parameter of the wells with the name of the control")
    controls: tuple[str, ...] = Field((), description="controls charted; none: all in the population")
    baseline: tuple[str, ...] = Field((), description="plates (groups) whose controls give the limits, frozen")
    date: str = Field("", description="parameter with the day of the plate as YYYY-MM-DD, which gives the order")
    baseline_until: str = Field("", description="plates of this day and before give the limits, instead of baseline")
    by: tuple[str, ...] = Field(
        (), description="parameters, such as kit lot or operator, whose levels are averaged apart"
    )
    log: bool = Field(True, description="logarithms of the values")


def run(call: Call) -> Iterator[Number]:
    """z of each control and plate, rules broken with the plates they rest on, and the baseline's mean and SD."""
    options = call.options
    for target in call.targets():
        needed = list(dict.fromkeys([options.control, *([options.date] if options.date else []), *options.by]))
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=needed, group=True
        )
        chart = _Chart(call, target.parameter, target.visit, analysis_set)
        try:
            chart.standardise()
        except Refusal:
            yield from chart.means()  # which need no baseline
            raise
        yield from chart.baseline_numbers()
        yield from chart.points()
        yield from chart.broken()
        yield from chart.averages()


@dataclass(frozen=True)
class _Place:
    """Where numbers of a chart stand: group and level, and the wells that they rest on."""

    parameter: str
    group: str
    visit: str
    level: str
    rows: "Rows"

    def number(self, statistic: str, value: float, unit: str = "", decimals: int = 0) -> Number:
        """One number there."""
        at = (self.parameter, self.group, self.visit, self.level)
        return Number(*at, statistic, float(value), unit, decimals, self.rows)


class _Chart:
    """The controls of an assay by plate, in order, and their z."""

    def __init__(self, call: Call, parameter: str, visit: str, analysis_set: AnalysisSet) -> None:
        import numpy

        self.call, self.parameter, self.visit, self.chosen = call, parameter, visit, analysis_set
        options, frame = call.options, analysis_set.frame
        names = [name if isinstance(name, str) else f"{name:g}" for name in frame[options.control]]
        self.frame: pandas.DataFrame = frame.assign(plate=[analysis_set.groups.get(unit, "") for unit in frame.index])
        self.frame[options.control] = names
        self.wells: dict[str, dict[str, str]] = {}  # plate -> unit -> control
        for unit, plate, name in zip(frame.index, self.frame["plate"], names, strict=True):
            self.wells.setdefault(plate, {})[unit] = name
        self.plates = _ordered(call, self.frame)
        known = sorted(set(self.frame[options.control]))
        self.controls = list(options.controls or known)
        for name in self.controls:
            if name not in known:
                raise Refusal(f"analysis {call.name}: no control {name!r} in the population{nearest(name, known)}")
        self.base = _baseline(call, self.frame, self.plates)
        means = self.frame.groupby(["plate", options.control])["value"].mean()
        self.values = numpy.array([[float(means.get((p, c), numpy.nan)) for c in self.controls] for p in self.plates])
        self.z: numpy.ndarray = self.values * numpy.nan
        self.limits: list[tuple[float, float]] = []

    def standardise(self) -> None:
        """Find limits and z of each control. Raises Refusal where the baseline gives none."""
        from omtrace.statistics.assay.westgard import standardised

        where = f"analysis {self.call.name}"
        if not self.controls or not self.base:
            raise Refusal(f"{where}: no control, or no plate of the baseline, has a value")
        for column, name in enumerate(self.controls):
            try:
                z, mean, sd = standardised(self.values[:, column], self.base, self.call.options.log)
            except ValueError as error:
                raise Refusal(f"{where}: control {name!r}: {error}") from None
            self.z[:, column] = z
            self.limits.append((mean, sd))

    def at(self, group: str, level: str, plates: list[str], controls: Sequence[str] = ()) -> "_Place":
        """Where numbers stand that rest on the wells of some plates, and of some controls or all."""
        kept = set(controls or self.controls)
        of_plates = self.wells if group == "all" else dict.fromkeys(plates)
        without = {
            unit: "another control"
            for plate in of_plates
            for unit, name in self.wells[plate].items()
            if name not in kept
        }
        for plate in set(self.wells) - set(plates) if group == "all" else ():
            without |= dict.fromkeys(self.wells[plate], "another plate")
        rows = self.chosen.rows(["all"] if group == "all" else plates, without)
        return _Place(self.parameter, group, self.visit, level, rows)

    def baseline_numbers(self) -> Iterator[Number]:
        """Mean and SD that the limits are made of, and how many plates gave them."""
        import math

        plates = [self.plates[i] for i in self.base]
        unit, decimals = (getattr(self.call.dataset.parameters[self.parameter], name) for name in ("unit", "decimals"))
        for column, (name, (mean, sd)) in enumerate(zip(self.controls, self.limits, strict=True)):
            level = f"{name}, baseline"
            count = int((self.z[self.base, column] == self.z[self.base, column]).sum())
            log = self.call.options.log
            at = self.at("all", level, plates, [name])
            yield at.number("n", count)
            yield at.number("mean", math.exp(mean) if log else mean, unit, decimals + 1)
            yield at.number("sd_log" if log else "sd", sd, "" if log else unit, 4)

    def means(self) -> Iterator[Number]:
        """The mean of each control on each plate."""
        for row, plate in enumerate(self.plates):
            for column, name in enumerate(self.controls):
                yield from self._mean(row, plate, column, name)

    def points(self) -> Iterator[Number]:
        """The mean of each control on each plate, and its z."""
        for row, plate in enumerate(self.plates):
            for column, name in enumerate(self.controls):
                for mean in self._mean(row, plate, column, name):
                    yield mean
                    behind = self._with_base([plate])
                    yield self.at(plate, name, behind, [name]).number("z", self.z[row, column], decimals=2)

    def _with_base(self, plates: list[str]) -> list[str]:
        """Plates, and those of the baseline, on whose limits z hangs."""
        return list(dict.fromkeys([*plates, *(self.plates[i] for i in self.base)]))

    def _mean(self, row: int, plate: str, column: int, name: str) -> Iterator[Number]:
        """The mean of a control on a plate, where it has one."""
        value, declared = self.values[row, column], self.call.dataset.parameters[self.parameter]
        if value == value:
            at = self.at(plate, name, [plate], [name])
            yield at.number("mean", value, declared.unit, declared.decimals + 1)

    def broken(self) -> Iterator[Number]:
        """Every rule broken, at the plate that completes it: its z, and in the level the plates that it rests on."""
        from omtrace.statistics.assay.westgard import broken

        hits: list[Hit] = broken(self.z)
        for hit in hits:
            controls = [self.controls[control] for control in hit.controls]
            names = " and ".join(controls)
            plates = [self.plates[run] for run in hit.runs]
            level = f"{hit.rule}, {names}: {', '.join(named('group', plate) for plate in plates)}"
            z = self.z[hit.run, hit.controls[-1]]
            at = self.at(self.plates[hit.run], level, self._with_base(plates), controls)
            yield at.number("rule_broken", z, decimals=2)
        at = self.at("all", "", list(self.plates))
        yield at.number("rules_broken", sum(hit.rule != "1-2s" for hit in hits))
        yield at.number("warnings", sum(hit.rule == "1-2s" for hit in hits))

    def averages(self) -> Iterator[Number]:
        """Mean z of each control by kit lot, operator and the like."""
        for name in self.call.options.by:
            of_plate = dict(zip(self.frame["plate"], self.frame[name], strict=True))
            for level in sorted({str(value) for value in of_plate.values()}):
                rows = [i for i, plate in enumerate(self.plates) if str(of_plate[plate]) == level]
                for column, control in enumerate(self.controls):
                    z: numpy.ndarray = self.z[rows, column]
                    z = z[z == z]
                    if not z.size:
                        continue
                    plates = [self.plates[i] for i in rows]
                    where = f"{control}, {named('parameter', name)} {level}"
                    yield self.at("all", where, plates, [control]).number("n", z.size)
                    at = self.at("all", where, self._with_base(plates), [control])
                    yield at.number("mean_z", z.mean(), decimals=2)


def _ordered(call: Call, frame: "pandas.DataFrame") -> list[str]:
    """The plates with controls, by day where there is one, else in the order of the dataset's groups."""
    there = set(frame["plate"])
    plates = [name for name in call.dataset.groups if name in there]
    if not call.options.date:
        return plates
    day = dict(zip(frame["plate"], frame[call.options.date].astype(str), strict=True))
    return sorted(plates, key=lambda plate: day[plate])


def _baseline(call: Call, frame: "pandas.DataFrame", plates: list[str]) -> list[int]:
    options = call.options
    if bool(options.baseline) == bool(options.baseline_until):
        raise Fault(
            f"analysis {call.name}: give either baseline (plates) or baseline_until (a day), as limits need one"
        )
    if options.baseline:
        for name in options.baseline:
            if name not in call.dataset.groups:
                raise Fault(f"analysis {call.name}: baseline: dataset {call.entry.dataset} has no group {name!r}")
        return [i for i, plate in enumerate(plates) if plate in options.baseline]
    if not options.date:
        raise Fault(f"analysis {call.name}: baseline_until needs date, the parameter with the day of a plate")
    day = dict(zip(frame["plate"], frame[options.date].astype(str), strict=True))
    return [i for i, plate in enumerate(plates) if day[plate] <= options.baseline_until]


def said(options: Options) -> str:
    """What the limits come from, and the rules."""
    base = (
        f"of {len(options.baseline)} baseline plates"
        if options.baseline
        else f"of the plates up to {options.baseline_until}"
    )
    by = f" Mean deviations are given by {listed(parameter_names(options.by))}." if options.by else ""
    return (
        f"Levey-Jennings chart: each control's mean on a plate{' (logarithms)' * options.log} in standard deviations "
        f"from the mean {base}, whose limits stay. Westgard's rules: 1-2s warns; 1-3s, 2-2s, R-4s (within a plate), "
        f"4-1s and 10x reject.{by}"
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    gives="mean mean_z rule_broken sd sd_log z n rules_broken warnings",
)

"""Responders compared at every threshold of an improvement, and whether the conclusion depends on it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import listed
from omtrace.analyses._shown import named
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy
    import pandas


EVERY, SOURCED = "every threshold", "thresholds with a source"
MOST = 500  # steps of a grid


class Grid(Closed):
    """The thresholds of one parameter."""

    low: float = Field(description="least threshold", gt=0)
    high: float = Field(description="greatest threshold")
    step: float = Field(description="distance of thresholds", gt=0)
    sources: dict[float, str] = Field(
        default_factory=dict, description="threshold -> where it comes from; all are used"
    )
    relative: bool = Field(False, description="thresholds are shares of the baseline value, in percent")

    @model_validator(mode="after")
    def ends(self) -> "Grid":
        """A grid has thresholds, and not without end."""
        if self.high < self.low or (self.high - self.low) / self.step > MOST:
            raise ValueError(f"high: at least low, and at most {MOST} steps above it")
        return self

    def thresholds(self) -> list[float]:
        """All thresholds in order: the steps from low to high, and those with a source."""
        count = int((self.high - self.low) / self.step + 1e-9) + 1
        return sorted({*(round(self.low + i * self.step, 10) for i in range(count)), *self.sources})


class Options(Closed):
    """Which groups, and which thresholds."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    grids: dict[str, Grid] = Field(description="parameter -> its thresholds: low, high, step, sources, relative")
    level: float = Field(0.95, description="confidence level of each interval", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Shares of responders and their difference at each threshold, and what all thresholds together say."""
    from omtrace.statistics.basic.thresholds import threshold_grid, verdict

    o, baseline = call.options, call.baseline()
    contrast = call.contrast(o.group, o.reference)
    for target in call.targets():
        if target.visit == baseline:
            continue
        grid = _grid(call, target.parameter)
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, baseline, group=True)
        frame = analysis_set.frame.astype(dict.fromkeys(["value", "baseline"], "float64"))
        zero = frame["baseline"] == 0 if grid.relative else frame["baseline"].isna()
        without = dict.fromkeys(frame.index[zero], "baseline of zero")
        sides = _improvements(call, frame[~zero], target.parameter, grid.relative)
        thresholds = grid.thresholds()
        found = threshold_grid(sides[o.group], sides[o.reference], thresholds, o.level)
        rows = analysis_set.rows([o.group, o.reference], without)
        unit = "%" if grid.relative else call.dataset.parameters[target.parameter].unit
        scale = Scale(unit, max((len(f"{t:g}".partition(".")[2]) for t in thresholds), default=0))
        counts = {"n_a": float(sides[o.group].size), "n_b": float(sides[o.reference].size)}
        labelled: list[tuple[str, dict[str, float]]] = []
        for label, part in ((EVERY, found), (SOURCED, _sourced(found, grid))):
            if part:
                values = {name: value for name, value in verdict(part).items() if value == value}
                labelled.append((label, counts | values))
        labelled += [(_label(row["improvement"], unit, grid), row) for row in found]
        for label, values in labelled:
            for name, value in values.items():  # about shares; thresholds have the unit of the improvement
                own = scale if name in ("improvement", "excludes_from", "excludes_to") else Scale("", 3)
                yield from target.numbers(contrast, {name: value}, rows, label, own)


def _grid(call: Call, parameter: str) -> Grid:
    grids: dict[str, Grid] = call.options.grids
    if wrong := [name for name in grids if name not in call.entry.parameters]:
        hint = nearest(wrong[0], call.entry.parameters)
        raise Fault(f"analysis {call.name}: options.grids: {wrong[0]!r} is not among its parameters{hint}")
    if parameter not in grids:
        raise Fault(f"analysis {call.name}: options.grids has no thresholds for {parameter!r}")
    if not call.dataset.parameters[parameter].better:
        raise Fault(f"analysis {call.name}: {parameter!r} does not say which direction is better")
    return grids[parameter]


def _improvements(call: Call, frame: "pandas.DataFrame", parameter: str, relative: bool) -> "dict[str, numpy.ndarray]":
    """group -> improvements (positive is better)."""
    sign = 1.0 if call.dataset.parameters[parameter].better == "higher" else -1.0
    gain = sign * (frame["value"] - frame["baseline"])
    gain = gain / frame["baseline"].abs() * 100 if relative else gain
    return {side: gain[frame["group"] == side].to_numpy() for side in (call.options.group, call.options.reference)}


def _sourced(found: list[dict[str, float]], grid: Grid) -> list[dict[str, float]]:
    return [row for row in found if row["improvement"] in grid.sources]


def _label(threshold: float, unit: str, grid: Grid) -> str:
    source = grid.sources.get(threshold, "")
    return f"at least {threshold:.10g} {unit}".strip() + (f" ({source})" if source else "")


def said(options: Options) -> str:
    """Who is a responder, at which thresholds, and how groups are compared."""
    grids = [
        f"{grid.low:g} to {grid.high:g}{'% of baseline' * grid.relative} in steps of {grid.step:g} for "
        f"{named('parameter', name)}"
        for name, grid in options.grids.items()
    ]
    return (
        f"A responder improves since baseline by a threshold or more ({listed(grids)}); units with both values. At "
        f"every threshold: the share of responders in each group, and the difference {named('group', options.group)} "
        f"minus {named('group', options.reference)} with Miettinen and Nurminen's {100 * options.level:g}% interval, "
        "not adjusted for the number of thresholds. The conclusion depends on the threshold where the intervals of "
        "some exclude 0 and those of others do not, or on the other side."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference ci_low ci_high difference_highest difference_lowest excludes_from excludes_to proportion_a "
    "proportion_b count_a count_b intervals_above_0 intervals_below_0 n_a n_b thresholds improvement "
    "conclusion_depends",
)

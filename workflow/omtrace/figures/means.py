"""Means with their intervals over visits or hours, groups side by side; a panel a parameter."""

from dataclasses import dataclass

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Quantity, Sheet


class Options(panels.PanelOptions):
    """What the figure may be told."""

    statistic: str = Field("mean", description="statistic drawn as a point")
    low: str = Field("ci_low", description="statistic at the lower end of the interval")
    high: str = Field("ci_high", description="statistic at the upper end of the interval")
    counts: bool = Field(True, description="print the statistic n below each visit")
    positions: dict[str, float] = Field({}, description="visit -> place on the x axis (weeks, hours); none: even steps")
    axis: str = Field("", description="title of the x axis")
    note: str = Field("Points: means; bars: their confidence intervals.", description="what points and bars are")


@dataclass(frozen=True)
class Series:
    """One group in a panel: point, lower and upper end at each visit, and how many were counted."""

    group: Group
    triples: list[list[Number]]
    counted: list[Number]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter; groups a little apart, so that intervals do not cover one another."""
    quantities = sheet.quantities(options.parameters, options.visits)
    series = [_series(sheet, quantity, options) for quantity in quantities]
    values = [n.value for panel in series for s in panel for triple in s.triples for n in triple]
    places = [_places(sheet, quantity, options) for quantity in quantities]
    labels = [quantity.visit_labels for quantity in quantities]
    rows = max(map(len, series)) if options.counts else 0
    slots = [(some[-1] - some[0]) / _step(some) + 1 for some in places]
    titles = [quantity.label for quantity in quantities]
    grid = panels.grid(sheet, options, titles, labels, values, rows, slots, bool(options.axis))
    for i, quantity in enumerate(quantities):
        _panel(sheet, grid, i, quantity, series[i], places[i], options)
    sheet.legend(sheet.groups(quantities[0].dataset, options.by_group), linestyle="-", linewidth=1.2)
    texts = [(q.label, "; ".join(_said(s, q) for s in some)) for q, some in zip(quantities, series, strict=True)]
    return Drawing(
        panels.alternative(f"Line chart of {options.statistic} by visit.", texts), sheet.numbers, options.note
    )


def _series(sheet: Sheet, quantity: Quantity, options: Options) -> list[Series]:
    wanted = (options.statistic, options.low, options.high)
    return [
        Series(
            group,
            [[sheet.find(quantity, statistic, group, visit) for statistic in wanted] for visit in quantity.visits],
            [sheet.find(quantity, "n", group, visit) for visit in quantity.visits] if options.counts else [],
        )
        for group in sheet.groups(quantity.dataset, options.by_group)
    ]


def _places(sheet: Sheet, quantity: Quantity, options: Options) -> list[float]:
    if not options.positions:
        return [float(i) for i in range(len(quantity.visits))]
    sheet.chosen("positions", list(options.positions), list(quantity.dataset.visits))
    lacking = [visit for visit in quantity.visits if visit not in options.positions]
    if lacking:
        raise Fault(
            f"{sheet.where}.options.positions: visit {lacking[0]!r} of {quantity.key!r} has no position; add it"
        )
    return [options.positions[visit] for visit in quantity.visits]


def _step(places: list[float]) -> float:
    return min((b - a for a, b in zip(places, places[1:], strict=False)), default=1.0)


def _panel(sheet: Sheet, grid: panels.Grid, i: int, quantity: Quantity, series: list[Series], places: list[float],
           options: Options) -> None:  # fmt: skip
    axes, step = grid.axes[i], _step(places)
    slot = grid.width / ((places[-1] - places[0]) / step + 1)
    for at, one in enumerate(series):
        aside = (at - (len(series) - 1) / 2) * min(0.7 / len(series), 9 / slot) * step
        known = [(x + aside, t[0].value) for x, t in zip(places, one.triples, strict=True) if t[0].text]
        axes.plot([x for x, _ in known], [y for _, y in known], color=one.group.colour, linewidth=1.2, zorder=4)
        for x, triple in zip(places, one.triples, strict=True):
            marks.mean_interval(sheet, axes, x + aside, step * 2.5 / slot, triple, one.group, 5.5)
    panels.value_axis(sheet, axes, quantity, [n.value for s in series for t in s.triples for n in t], options.log)
    panels.category_axis(axes, places, grid.ticks[i])
    axes.set_xlim(places[0] - step * 0.5, places[-1] + step * 0.5)
    rows = [(s.group, list(zip(places, s.counted, strict=True))) for s in series if options.counts]
    panels.counts(sheet, axes, rows, grid.depths[i])
    panels.head(axes, quantity.label, quantity.parameter.unit, grid.width, options.height)
    if options.axis:
        axes.set_xlabel(options.axis, labelpad=4 + len(rows) * panels.ROW)


def _said(series: Series, quantity: Quantity) -> str:
    named = [(label, triple[0]) for label, triple in zip(quantity.visit_labels, series.triples, strict=True)]
    return (f"{series.group.label}: " if series.group.key != "all" else "") + panels.said(
        named, quantity.parameter.unit
    )


FIGURE = Figure(Options, draw)

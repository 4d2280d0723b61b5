"""Means with their intervals over visits or hours, groups side by side; a panel a parameter and level of a factor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Options(panels.PanelOptions):
    """Options of the figure."""

    statistic: str = Field("mean", description="statistic drawn as a point")
    low: str = Field("ci_low", description="statistic at the lower end of the interval")
    high: str = Field("ci_high", description="statistic at the upper end of the interval")
    counts: bool = Field(True, description="print the statistic n below each visit")
    positions: dict[str, float] = Field({}, description="visit -> place on the x axis (weeks, hours); none: even steps")
    axis: str = Field("", description="title of the x axis")
    factors: tuple[str, ...] = Field(
        (), description="two factors whose levels the groups' labels list, such as 'two-hit, sham': panels by the first"
    )
    note: str = Field("Points: means; bars: their confidence intervals.", description="what points and bars are")


@dataclass(frozen=True)
class Series:
    """One group in a panel: point, lower and upper end at each visit, and how many were counted."""

    group: Group
    triples: list[list[Estimate]]
    counted: Sequence[Estimate]

    def intervals(self, xs: Sequence[float]) -> list[marks.Interval]:
        """The points with their intervals at places on the x axis."""
        counted: Sequence[Estimate | None] = self.counted or [None] * len(xs)
        return [marks.interval(x, self.group, t, n) for x, t, n in zip(xs, self.triples, counted, strict=True)]

    @property
    def last(self) -> float:
        """The value at the end of the line."""
        return next((t[0].value for t in reversed(self.triples) if t[0].text), math.nan)


@dataclass(frozen=True)
class Panel:
    """One parameter, with the groups that share a level of the outer factor ("" where there is none)."""

    quantity: Quantity
    facet: str
    series: list[Series]
    places: list[float]

    @property
    def title(self) -> str:
        """Parameter and level."""
        return f"{self.quantity.label}: {self.facet}" if self.facet else self.quantity.label

    @property
    def drawn(self) -> list[float]:
        """Every value in the panel: points, and the ends of the intervals that are drawn."""
        return [
            n.value
            for series in self.series
            for interval in series.intervals([0.0] * len(self.places))
            for n in (interval.point, *interval.ends)
        ]

    @property
    def step(self) -> float:
        """The least distance of two places."""
        return min((b - a for a, b in zip(self.places, self.places[1:], strict=False)), default=1.0)

    @property
    def slots(self) -> float:
        """How many places of the least distance the panel holds."""
        return (self.places[-1] - self.places[0]) / self.step + 1


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter; groups a little apart, so that intervals do not cover one another."""
    quantities = sheet.quantities(options.parameters, options.visits)
    groups = sheet.groups(quantities[0].dataset, options.by_group)
    factors = panels.factors_of(sheet, options.factors, groups)
    looks = factors.inner_looks(groups) if factors else groups
    drawn = [
        _panel_of(
            sheet, quantity, facet, [g for g in looks if not factors or factors.levels[g.key][0] == facet], options
        )
        for quantity in quantities
        for facet in (factors.outer_levels if factors else [""])
    ]
    if factors and not options.columns:
        options = options.model_copy(update={"columns": len(factors.outer_levels)})
    values = [value for panel in drawn for value in panel.drawn]
    rows = max(len(panel.series) for panel in drawn) if options.counts else 0
    reserve = max(theme.text_width(group.label, theme.SMALL) for group in looks) + 4 if len(looks) > 1 else 0
    direct = _is_direct(drawn, options, reserve)
    width = _width(drawn, options)
    stretch = width / (width - reserve) if direct else 1.0
    facets = [panels.Facet(p.title, p.quantity.axis, p.quantity.visit_labels, p.slots * stretch) for p in drawn]
    frames = panels.grid(sheet, options, facets, values, panels.Below(rows, is_titled=bool(options.axis)))
    for frame, panel in zip(frames, drawn, strict=True):
        shared = [v for other in drawn if other.quantity == panel.quantity for v in other.drawn]
        _draw_panel(sheet, frame, panel, shared, options)
    if not direct:
        distinct = {group.label: group for group in looks}
        sheet.legend(list(distinct.values()), lines=True)
    texts = [(panel.title, "; ".join(_listed(s, panel.quantity) for s in panel.series)) for panel in drawn]
    alt = panels.alternative(f"Line chart of {options.statistic} by visit.", texts)
    few = options.counts and any(0 < n.value < marks.FEWEST for panel in drawn for s in panel.series for n in s.counted)
    return Drawing(alt, sheet.numbers, f"{options.note} {marks.FEW}" if few else options.note)


def _panel_of(sheet: Sheet, quantity: Quantity, facet: str, groups: Sequence[Group], options: Options) -> Panel:
    statistics = (options.statistic, options.low, options.high)
    series = [
        Series(
            group,
            sheet.triples(quantity, statistics, group),
            [sheet.find(quantity, "n", group, visit) for visit in quantity.visits] if options.counts else [],
        )
        for group in groups
    ]
    return Panel(quantity, facet, series, _places(sheet, quantity, options))


def _places(sheet: Sheet, quantity: Quantity, options: Options) -> list[float]:
    if not options.positions:
        return [float(i) for i in range(len(quantity.visits))]
    sheet.select("positions", list(options.positions), list(quantity.dataset.visits))
    lacking = [visit for visit in quantity.visits if visit not in options.positions]
    if lacking:
        raise Fault(
            f"{sheet.where}.options.positions: visit {lacking[0]!r} of {quantity.key!r} has no position; add it"
        )
    return [options.positions[visit] for visit in quantity.visits]


def _width(drawn: Sequence[Panel], options: Options) -> float:
    """About how wide the panels are, in points."""
    return theme.WIDTH * 72 / panels.columns_for(len(drawn), options.columns) - 55


def _is_direct(drawn: Sequence[Panel], options: Options, reserve: float) -> bool:
    """Whether each line can be labelled at its end: several, with short names, whose ends are apart."""
    return 0 < reserve < 0.32 * _width(drawn, options) and all(_label_places(panel, options) for panel in drawn)


def _label_places(panel: Panel, options: Options) -> list[float]:
    ends = [(series.group, series.last) for series in panel.series if math.isfinite(series.last)]
    finite = [value for value in panel.drawn if math.isfinite(value)]
    if not finite or options.log:
        return []
    pad = (max(finite) - min(finite)) * 0.08 or 1
    groups, values = [group for group, _ in ends], [value for _, value in ends]
    return marks.end_labels(groups, values, options.height * 72 * 0.8, min(finite) - pad, max(finite) + pad)


def _draw_panel(sheet: Sheet, frame: panels.Frame, panel: Panel, shared: list[float], options: Options) -> None:
    axes, places, slot = frame.axes, panel.places, frame.slot
    courses, intervals = [], []
    for number, series in enumerate(panel.series):
        aside = (number - (len(panel.series) - 1) / 2) * min(0.7 / len(panel.series), 9 / slot) * panel.step
        xs = [place + aside for place in places]
        courses.append((series.group, list(zip(xs, (t[0].value for t in series.triples), strict=True))))
        intervals += series.intervals(xs)
    marks.draw_courses(axes, courses)
    marks.draw_intervals(sheet, axes, intervals, panel.step * 2.5 / slot, 5.5)
    panels.value_axis(sheet, axes, panel.quantity, shared, options.log)
    rows = [(s.group, list(zip(places, s.counted, strict=True))) for s in panel.series if options.counts]
    room = frame.slots - panel.slots  # for the names at the ends of the lines
    axes.set_xlim(places[0] - panel.step * 0.5, places[-1] + panel.step * (0.5 + room))
    if room > 0:
        _label_ends(axes, panel, options)
    frame.label(sheet, places, rows)
    if options.axis:
        axes.set_xlabel(options.axis, labelpad=4 + len(rows) * panels.ROW)


def _label_ends(axes: "Axes", panel: Panel, options: Options) -> None:
    """Name each line at its end."""
    low, high = axes.get_ylim()
    ends = [(series.group, series.last) for series in panel.series if math.isfinite(series.last)]
    height = options.height * 72 * 0.8
    places = marks.end_labels([g for g, _ in ends], [v for _, v in ends], height, low, high)
    x = panel.places[-1] + panel.step * 0.2
    for (group, _), place in zip(ends, places or [(v - low) / (high - low) * height for _, v in ends], strict=True):
        axes.annotate(
            f"{group.glyph} {group.label}",
            (x, low + place / height * (high - low)),
            (6, 0),
            textcoords="offset points",
            va="center",
            size=theme.SMALL,
            color=group.ink,
        )


def _listed(series: Series, quantity: Quantity) -> str:
    named = [(label, triple[0]) for label, triple in zip(quantity.visit_labels, series.triples, strict=True)]
    text = panels.listed(named, quantity.parameter.unit)
    return f"{series.group.label}: {text}" if series.group.key != "all" else text


FIGURE = Figure(
    Options,
    draw,
    lambda options: [(name,) for name in (options.statistic, options.low, options.high, *["n"] * options.counts)],
)

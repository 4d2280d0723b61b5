"""Each participant's values across the visits as thin lines, the mean with its interval on top."""

import math
from dataclasses import dataclass, replace

from omtrace.analyses._shown import plural
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.estimate import Estimate

MEAN = ("mean", "ci_low", "ci_high")


class Options(panels.PanelOptions):
    """Options of the figure."""


@dataclass(frozen=True)
class Panel:
    """One parameter in one group: each unit's values by visit, the mean with its interval, and the counts."""

    quantity: Quantity
    group: Group
    units: list[dict[str, float]]
    triples: list[list[Estimate]]
    counted: list[Estimate]

    @property
    def title(self) -> str:
        """Parameter, and group where there are several."""
        return self.quantity.label + (f" – {self.group.label}" if self.group.key != "all" else "")

    @property
    def look(self) -> Group:
        """How the mean is drawn: in a darker colour than groups have elsewhere, to stand out from the lines."""
        return replace(self.group, colour=self.group.ink)

    @property
    def intervals(self) -> list[marks.Interval]:
        """The mean at each visit with its interval, as it is drawn."""
        places = zip(self.triples, self.counted, strict=True)
        return [marks.interval(float(x), self.look, triple, n) for x, (triple, n) in enumerate(places)]

    @property
    def drawn(self) -> list[float]:
        """Every value in the panel."""
        means = [n.value for interval in self.intervals for n in (interval.point, *interval.ends)]
        return [v for units in self.units for v in units.values()] + means


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and group; panels of one parameter share their scale."""
    quantities = sheet.quantities(options.parameters, options.visits)
    drawn = [
        _panel_of(sheet, quantity, group)
        for quantity in quantities
        for group in sheet.groups(quantity.dataset, options.by_group)
    ]
    groups = len(sheet.groups(quantities[0].dataset, options.by_group))
    columns = options.columns or panels.columns_for(groups if groups > 1 else len(drawn))
    options = options.model_copy(update={"columns": columns})
    values = [value for panel in drawn for value in panel.drawn]
    facets = [panels.Facet(p.title, p.quantity.axis, p.quantity.visit_labels) for p in drawn]
    frames = panels.grid(sheet, options, facets, values, panels.Below(1))
    texts = []
    for frame, panel in zip(frames, drawn, strict=True):
        shared = [value for other in drawn if other.quantity == panel.quantity for value in other.drawn]
        _draw_panel(sheet, frame, panel, shared, options)
        named = [(label, t[0]) for label, t in zip(panel.quantity.visit_labels, panel.triples, strict=True)]
        texts.append((panel.title, "mean " + panels.listed(named, panel.quantity.parameter.unit)))
    unit = quantities[0].dataset.unit
    opening = f"a line for each {unit} by visit, and the mean" if sheet.has_units else "the mean by visit"
    alt = panels.alternative(f"Line chart: {opening}.", texts)
    lines = f"Thin lines: single {plural(unit)}. " * sheet.has_units
    note = f"{lines}Points: means; bars: their confidence intervals."
    few = any(0 < n.value < marks.FEWEST for panel in drawn for n in panel.counted)
    return Drawing(alt, sheet.numbers, f"{note} {marks.FEW}" if few else note)


def _panel_of(sheet: Sheet, quantity: Quantity, group: Group) -> Panel:
    units = [{r.unit: r.value for r in sheet.units(quantity, group, visit)} for visit in quantity.visits]
    counted = [sheet.find(quantity, "n", group, visit) for visit in quantity.visits]
    return Panel(quantity, group, units, sheet.triples(quantity, MEAN, group), counted)


def _draw_panel(sheet: Sheet, frame: panels.Frame, panel: Panel, shared: list[float], options: Options) -> None:
    axes, quantity = frame.axes, panel.quantity
    places = [float(x) for x in range(len(quantity.visits))]
    names = list(dict.fromkeys(unit for units in panel.units for unit in units))
    many = len(names) > 40
    thin = replace(panel.group, colour=theme.THIN, marker="o", dashes=())
    lines = [[units.get(name, math.nan) for units in panel.units] for name in names]
    marks.draw_courses(
        axes, [(thin, list(zip(places, line, strict=True))) for line in lines], 0.5 if many else 0.7, zorder=2
    )
    points = [(x, y) for line in lines for x, y in zip(places, line, strict=True) if math.isfinite(y)]
    style = marks.Style(1.6 if many else 2.4, zorder=2, edge=0, label="units")
    marks.draw_points(axes, points, [thin] * len(points), style)
    mean = [(x, triple[0].value) for x, triple in zip(places, panel.triples, strict=True)]
    marks.draw_courses(axes, [(replace(panel.look, dashes=()), mean)], 1.6)
    marks.draw_intervals(sheet, axes, panel.intervals, 3.5 * len(places) / frame.width)
    panels.value_axis(sheet, axes, quantity, shared, options.log)
    frame.label(sheet, places, [(panel.group, list(zip(places, panel.counted, strict=True)))])
    axes.set_xlim(-0.5, len(places) - 0.5)


FIGURE = Figure(Options, draw, lambda options: [(name,) for name in (*MEAN, "n")])

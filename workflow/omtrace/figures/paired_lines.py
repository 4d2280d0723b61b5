"""Each participant's values across the visits as thin lines, the mean with its interval on top."""

import math
from dataclasses import dataclass

from omtrace.analyses._shown import plural
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Quantity, Sheet

MEAN = ("mean", "ci_low", "ci_high")


class Options(panels.PanelOptions):
    """What the figure may be told."""


@dataclass(frozen=True)
class Panel:
    """One parameter in one group: each unit's values by visit, and the mean with its interval."""

    quantity: Quantity
    group: Group
    units: list[dict[str, float]]
    triples: list[list[Number]]

    @property
    def title(self) -> str:
        """Parameter, and group where there are several."""
        return self.quantity.label + (f" – {self.group.label}" if self.group.key != "all" else "")

    @property
    def drawn(self) -> list[float]:
        """Every value in the panel."""
        return [v for units in self.units for v in units.values()] + [
            n.value for triple in self.triples for n in triple
        ]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and group; panels of one parameter share their scale."""
    quantities = sheet.quantities(options.parameters, options.visits)
    found = [
        Panel(q, group, [sheet.units(q, group, v) for v in q.visits],
              [[sheet.find(q, statistic, group, v) for statistic in MEAN] for v in q.visits])
        for q in quantities for group in sheet.groups(q.dataset, options.by_group)
    ]  # fmt: skip
    groups = len(sheet.groups(quantities[0].dataset, options.by_group))
    columns = options.columns or panels.columns_for(groups if groups > 1 else len(found))
    options = options.model_copy(update={"columns": columns})
    values = [value for panel in found for value in panel.drawn]
    grid = panels.grid(
        sheet, options, [p.title for p in found], [p.quantity.visit_labels for p in found], values, rows=1
    )
    for i, panel in enumerate(found):
        _draw_panel(sheet, grid, i, panel, options)
        shared = [value for other in found if other.quantity == panel.quantity for value in other.drawn]
        panels.value_axis(sheet, grid.axes[i], panel.quantity, shared, options.log)
    unit = quantities[0].dataset.unit
    texts = [(p.title, "mean " + panels.said(
        [(label, triple[0]) for label, triple in zip(p.quantity.visit_labels, p.triples, strict=True)],
        p.quantity.parameter.unit)) for p in found]  # fmt: skip
    return Drawing(
        panels.alternative(f"Line chart: a line for each {unit} by visit, and the mean.", texts), sheet.numbers,
        f"Thin lines: single {plural(unit)}. Points: means; bars: their confidence intervals.",
    )  # fmt: skip


def _draw_panel(sheet: Sheet, grid: panels.Grid, i: int, panel: Panel, options: Options) -> None:
    axes, quantity = grid.axes[i], panel.quantity
    places = [float(x) for x in range(len(quantity.visits))]
    names = list(dict.fromkeys(unit for units in panel.units for unit in units))
    xs: list[float] = []
    ys: list[float] = []
    for name in names:  # one path for all: broken between units, and where a value is missing
        xs += [*places, math.nan]
        ys += [units.get(name, math.nan) for units in panel.units] + [math.nan]
    many = len(names) > 40
    axes.plot(xs, ys, color=style.THIN, linewidth=0.5 if many else 0.7, marker="o", markersize=1.6 if many else 2.4,
              markeredgewidth=0, alpha=0.65 if many else 0.9, zorder=2, label="units")  # fmt: skip
    known = [(x, t[0].value) for x, t in zip(places, panel.triples, strict=True) if t[0].text]
    axes.plot([x for x, _ in known], [y for _, y in known], color=panel.group.colour, linewidth=1.6, zorder=4)
    for x, triple in zip(places, panel.triples, strict=True):
        marks.mean_interval(sheet, axes, x, 3.5 * len(places) / grid.width, triple, panel.group)
    panels.category_axis(axes, places, grid.ticks[i])
    axes.set_xlim(-0.5, len(places) - 0.5)
    counted = [sheet.find(quantity, "n", panel.group, visit) for visit in quantity.visits]
    panels.counts(sheet, axes, [(panel.group, list(zip(places, counted, strict=True)))], grid.depths[i])
    panels.head(axes, panel.title, quantity.parameter.unit, grid.width, options.height)


FIGURE = Figure(Options, draw)

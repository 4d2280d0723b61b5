"""A measure by group: each animal a point, the group's mean with its interval beside."""

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
    """One parameter at one visit: for each group its units' values, its mean with interval, and their number."""

    quantity: Quantity
    visit: str
    groups: list[Group]
    values: list[list[float]]
    triples: list[list[Number]]
    counted: list[Number]

    @property
    def title(self) -> str:
        """Parameter, and visit where there are several."""
        label = self.quantity.label
        return f"{label} – {self.quantity.dataset.visits[self.visit]}" if len(self.quantity.visits) > 1 else label

    @property
    def drawn(self) -> list[float]:
        """Every value in the panel."""
        return [v for values in self.values for v in values] + [
            n.value for triple in self.triples for n in triple if n.text
        ]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and visit."""
    quantities = sheet.quantities(options.parameters, options.visits)
    found = [_panel_of(sheet, q, visit, options) for q in quantities for visit in q.visits]
    labels = [[group.label for group in panel.groups] for panel in found]
    values = [value for panel in found for value in panel.drawn]
    grid = panels.grid(sheet, options, [panel.title for panel in found], labels, values, rows=1)
    texts = []
    for i, panel in enumerate(found):
        _draw_panel(sheet, grid, i, panel, options)
        named = [(group.label, triple[0]) for group, triple in zip(panel.groups, panel.triples, strict=True)]
        texts.append((panel.title, "mean " + panels.said(named, panel.quantity.parameter.unit)))
    unit = quantities[0].dataset.unit
    return Drawing(
        panels.alternative(f"Each {unit} as a point by group, with the mean of each group.", texts), sheet.numbers,
        f"Pale points: single {plural(unit)}. Full points: means; bars: their confidence intervals.",
    )  # fmt: skip


def _panel_of(sheet: Sheet, quantity: Quantity, visit: str, options: Options) -> Panel:
    groups = sheet.groups(quantity.dataset, options.by_group)
    return Panel(
        quantity, visit, groups,
        [list(sheet.units(quantity, group, visit).values()) for group in groups],
        [[sheet.find(quantity, statistic, group, visit) for statistic in MEAN] for group in groups],
        [sheet.find(quantity, "n", group, visit) for group in groups],
    )  # fmt: skip


def _draw_panel(sheet: Sheet, grid: panels.Grid, i: int, panel: Panel, options: Options) -> None:
    axes, slot = grid.axes[i], grid.width / len(panel.groups)
    most = max(map(len, panel.values))
    panels.value_axis(sheet, axes, panel.quantity, panel.drawn, options.log)
    for x, (group, values, triple) in enumerate(zip(panel.groups, panel.values, panel.triples, strict=True)):
        marks.swarm(sheet, axes, x - 0.12, values, panel.drawn, options, slot, 0.52, group, most)
        marks.mean_interval(sheet, axes, x + 0.29, min(0.09, 3.5 / slot), triple, group, min(6, slot * 0.24))
    panels.category_axis(axes, range(len(panel.groups)), grid.ticks[i])
    axes.set_xlim(-0.5, len(panel.groups) - 0.5)
    places = [float(x) for x in range(len(panel.groups))]
    every = Group("all", "", style.INK, "", "")  # the axis names the groups already
    panels.counts(sheet, axes, [(every, list(zip(places, panel.counted, strict=True)))], grid.depths[i])
    panels.head(axes, panel.title, panel.quantity.parameter.unit, grid.width, options.height)


FIGURE = Figure(Options, draw)

"""Boxes of minimum, quartiles and maximum by visit (and group), with each unit as a point."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omtrace.analyses._shown import plural
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Quantity, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX = ("minimum", "q1", "median", "q3", "maximum")


class Options(panels.PanelOptions):
    """What the figure may be told."""


@dataclass(frozen=True)
class Cell:
    """One group at one visit: its units' values, the five numbers of its box, and how many were counted."""

    place: int
    visit: str
    group: Group
    values: list[float]
    box: list[Number]
    counted: Number


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter; boxes of the groups side by side at each visit."""
    quantities = sheet.quantities(options.parameters, options.visits)
    cells = [_cells(sheet, quantity, options) for quantity in quantities]
    groups = sheet.groups(quantities[0].dataset, options.by_group)
    values = [value for panel in cells for cell in panel for value in cell.values]
    grid = panels.grid(
        sheet, options, [q.label for q in quantities], [q.visit_labels for q in quantities], values, len(groups)
    )
    texts = []
    for i, quantity in enumerate(quantities):
        _panel(sheet, grid, i, quantity, cells[i], options)
        texts.append((quantity.label, "median " + _said(quantity, cells[i])))
    sheet.legend(groups)
    unit = quantities[0].dataset.unit
    alt = panels.alternative(f"Box plots by visit, with each {unit} as a point.", texts)
    note = "Boxes: first to third quartile, thick line the median; whiskers: minimum and maximum. "
    return Drawing(alt, sheet.numbers, f"{note}Points: single {plural(unit)}.")


def _cells(sheet: Sheet, quantity: Quantity, options: Options) -> list[Cell]:
    cells = []
    for place, visit in enumerate(quantity.visits):
        for group in sheet.groups(quantity.dataset, options.by_group):
            values = list(sheet.units(quantity, group, visit).values())
            box = [sheet.find(quantity, statistic, group, visit) for statistic in BOX]
            cells.append(Cell(place, visit, group, values, box, sheet.find(quantity, "n", group, visit)))
    return cells


def _panel(sheet: Sheet, grid: panels.Grid, i: int, quantity: Quantity, cells: list[Cell], options: Options) -> None:
    axes, groups = grid.axes[i], sheet.groups(quantity.dataset, options.by_group)
    slot, share = grid.width / len(quantity.visits), min(0.86 / len(groups), 0.6)
    drawn = [value for cell in cells for value in cell.values]
    most = max(len(cell.values) for cell in cells)
    panels.value_axis(sheet, axes, quantity, drawn, options.log)
    for cell in cells:
        x = cell.place + (groups.index(cell.group) - (len(groups) - 1) / 2) * share
        _box(sheet, axes, x, min(share * 0.42, 30 / slot), cell.box, cell.group)
        marks.swarm(sheet, axes, x, cell.values, drawn, options, slot, share * 0.8, cell.group, most,
                    label=f"units {cell.group.key} {cell.visit}")  # fmt: skip
    panels.category_axis(axes, range(len(quantity.visits)), grid.ticks[i])
    axes.set_xlim(-0.5, len(quantity.visits) - 0.5)
    rows = [(group, [(float(c.place), c.counted) for c in cells if c.group == group]) for group in groups]
    panels.counts(sheet, axes, rows, grid.depths[i])
    panels.head(axes, quantity.label, quantity.parameter.unit, grid.width, options.height)


def _box(sheet: Sheet, axes: "Axes", x: float, reach: float, five: list[Number], group: Group) -> None:
    """Five numbers, five lines; the box and the whiskers' stems only join them."""
    from matplotlib.patches import Rectangle

    low, q1, median, q3, high = five
    if not all(math.isfinite(n.value) for n in five):
        return
    box = (x - reach, q1.value), 2 * reach, q3.value - q1.value
    axes.add_patch(Rectangle(*box, facecolor=group.colour, edgecolor="none", alpha=0.13, zorder=1))
    thin: dict[str, Any] = {"color": group.colour, "linewidth": 0.9, "zorder": 4}
    for ends in ((low, q1), (q3, high)):
        axes.plot([x, x], [n.value for n in ends], **{**thin, "zorder": 2})
    for side in (x - reach, x + reach):
        axes.plot([side, side], [q1.value, q3.value], **thin)
    for number, part in ((low, 0.45), (q1, 1), (q3, 1), (high, 0.45)):
        marks.level(sheet, axes, x, reach * part, number, solid_capstyle="projecting", **thin)
    marks.level(sheet, axes, x, reach, median, color=group.colour, linewidth=2.2, zorder=5)


def _said(quantity: Quantity, cells: list[Cell]) -> str:
    several = any(cell.group.key != "all" for cell in cells)
    names = [
        " ".join(part for part in (quantity.dataset.visits.get(c.visit, ""), c.group.label * several) if part)
        for c in cells
    ]
    return panels.said(list(zip(names, (cell.box[2] for cell in cells), strict=True)), quantity.parameter.unit)


FIGURE = Figure(Options, draw)

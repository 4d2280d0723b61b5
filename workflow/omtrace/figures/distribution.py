"""Boxes of minimum, quartiles and maximum by visit (and group), with each unit as a point."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.analyses._shown import plural
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures._sheet import Group, HeldBack, Quantity, Sheet
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX = ("minimum", "q1", "median", "q3", "maximum")


class Options(panels.PanelOptions):
    """Options of the figure."""


@dataclass(frozen=True)
class Cell:
    """One group at one visit: its units' values, the five numbers of its box, and how many were counted."""

    place: int
    visit: str
    group: Group
    values: list[float]
    box: list[Estimate]
    counted: Estimate

    @property
    def has_box(self) -> bool:
        """Whether there are enough values for a box, and its quartiles are known."""
        return self.counted.value >= marks.FEWEST and all(number.text for number in self.box[1:4])

    @property
    def has_whiskers(self) -> bool:
        """Whether minimum and maximum are known."""
        return bool(self.box[0].text and self.box[4].text)

    @property
    def drawn(self) -> list[float]:
        """Every value that is drawn."""
        return self.values or [number.value for number in self.box if self.has_box and number.text]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter; boxes of the groups side by side at each visit."""
    quantities = sheet.quantities(options.parameters, options.visits)
    cells = [_cells(sheet, quantity, options) for quantity in quantities]
    if not sheet.has_units and not any(cell.has_box for panel in cells for cell in panel):
        raise HeldBack("the quartiles of its boxes are held back")
    groups = sheet.groups(quantities[0].dataset, options.by_group)
    values = [value for panel in cells for cell in panel for value in cell.drawn]
    facets = [panels.Facet(q.label, q.axis, q.visit_labels) for q in quantities]
    frames = panels.grid(sheet, options, facets, values, panels.Below(len(groups)))
    texts = []
    for frame, quantity, panel in zip(frames, quantities, cells, strict=True):
        _panel(sheet, frame, quantity, panel, options)
        texts.append((quantity.label, "median " + _listed(quantity, panel)))
    sheet.legend(groups)
    unit = quantities[0].dataset.unit
    alt = panels.alternative(f"Box plots by visit{f', with each {unit} as a point' * sheet.has_units}.", texts)
    whiskers = any(cell.has_box and cell.has_whiskers for panel in cells for cell in panel)
    note = f"Boxes: first to third quartile, thick line the median{'; whiskers: minimum and maximum' * whiskers}."
    if sheet.has_units:
        note += f" Points: single {plural(unit)}."
    few = any(cell.values and not cell.has_box for panel in cells for cell in panel)
    return Drawing(alt, sheet.numbers, f"{note} {marks.FEW}" if few else note)


def _cells(sheet: Sheet, quantity: Quantity, options: Options) -> list[Cell]:
    cells = []
    for place, visit in enumerate(quantity.visits):
        for group in sheet.groups(quantity.dataset, options.by_group):
            values = [record.value for record in sheet.units(quantity, group, visit)]
            box = [sheet.find(quantity, statistic, group, visit) for statistic in BOX]
            cells.append(Cell(place, visit, group, values, box, sheet.find(quantity, "n", group, visit)))
    return cells


def _panel(sheet: Sheet, frame: panels.Frame, quantity: Quantity, cells: list[Cell], options: Options) -> None:
    axes, groups = frame.axes, sheet.groups(quantity.dataset, options.by_group)
    share = min(0.86 / len(groups), 0.6)
    xs = [cell.place + (groups.index(cell.group) - (len(groups) - 1) / 2) * share for cell in cells]
    boxed = [(x, cell) for x, cell in zip(xs, cells, strict=True) if cell.has_box]
    if boxed:
        _boxes(sheet, axes, boxed, min(share * 0.42, 30 / frame.slot))
    columns = [cell.values for cell in cells]
    values = [value for cell in cells for value in cell.drawn]
    panels.check_log(sheet, quantity, values, options.log)
    swarm = marks.swarm(xs, columns, frame.slot, share * 0.8, options)
    marks.draw_points(axes, swarm.places, [cell.group for cell in cells for _ in cell.values], swarm.style)
    panels.value_axis(sheet, axes, quantity, values, options.log)
    rows = [(group, [(float(c.place), c.counted) for c in cells if c.group == group]) for group in groups]
    frame.label(sheet, range(len(quantity.visits)), rows)
    axes.set_xlim(-0.5, len(quantity.visits) - 0.5)


def _boxes(sheet: Sheet, axes: "Axes", boxed: list[tuple[float, Cell]], reach: float) -> None:
    """Five stored numbers, five lines a box; seaborn's box plot would compute quartiles of its own."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    xs, colours = [x for x, _ in boxed], [cell.group.colour for _, cell in boxed]
    _, q1, _, q3, _ = ([cell.box[k].value for _, cell in boxed] for k in range(len(BOX)))
    bodies = [Rectangle((x - reach, a), 2 * reach, b - a) for x, a, b in zip(xs, q1, q3, strict=True)]
    axes.add_collection(PatchCollection(bodies, facecolor=colours, edgecolor="none", alpha=0.15, zorder=1))
    whiskers = [(x, cell) for x, cell in boxed if cell.has_whiskers]
    middles, looks = [x for x, _ in whiskers], [cell.group.colour for _, cell in whiskers]
    for lower, upper in ((0, 1), (3, 4)):
        low, high = ([cell.box[k].value for _, cell in whiskers] for k in (lower, upper))
        axes.vlines(middles, low, high, colors=looks, linewidth=0.9, zorder=2)
    for side in (-reach, reach):
        axes.vlines([x + side for x in xs], q1, q3, colors=colours, linewidth=0.9, zorder=4)
    for k, (part, width) in enumerate(((0.45, 0.9), (1, 0.9), (1, 2.2), (1, 0.9), (0.45, 0.9))):
        known = [(x, cell) for x, cell in boxed if cell.box[k].text]
        left, right = [x - reach * part for x, _ in known], [x + reach * part for x, _ in known]
        values = [cell.box[k].value for _, cell in known]
        looks = [cell.group.colour for _, cell in known]
        lines = axes.hlines(values, left, right, colors=looks, linewidth=width, zorder=4)
        if known:
            sheet.show(lines, *(cell.box[k] for _, cell in known))


def _listed(quantity: Quantity, cells: list[Cell]) -> str:
    several = any(cell.group.key != "all" for cell in cells)
    names = [
        " ".join(part for part in (quantity.dataset.visits.get(c.visit, ""), c.group.label * several) if part)
        for c in cells
    ]
    return panels.listed(list(zip(names, (cell.box[2] for cell in cells), strict=True)), quantity.parameter.unit)


FIGURE = Figure(Options, draw, lambda options: [(name,) for name in (*BOX, "n")])

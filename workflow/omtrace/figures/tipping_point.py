"""A difference against what is added to imputed values, and where the conclusion tips: a curve, or a map."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN
from omtrace.figures._sheet import ALL, Look, Quantity, Sheet
from omtrace.model.closed import Closed
from omtrace.model.contrast import contrast_of
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

TIPPING = "tipping point"
EXCLUDES, INCLUDES = "#D6E6F2", "#F6E3D7"  # an interval that excludes no difference, and one that does not


class Options(Closed):
    """Options of the figure."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn; none: all of the analyses")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    height: float = Field(2.5, description="height of a panel, inches", ge=1.5, le=6)


@dataclass(frozen=True)
class Point:
    """One point of the grid: what is added to either group, the difference with its interval, its p."""

    delta: Estimate
    beside: Estimate | None
    difference: Estimate
    low: Estimate
    high: Estimate
    p: Estimate

    @property
    def excludes(self) -> bool:
        """Whether the interval excludes no difference."""
        return self.low.value > 0 or self.high.value < 0


@dataclass(frozen=True)
class Panel:
    """One parameter at one visit: the grid, and the tipping points on it."""

    quantity: Quantity
    visit: str
    groups: list[str]
    points: list[Point]
    tips: list[Point]

    @property
    def title(self) -> str:
        """Parameter and visit."""
        return f"{self.quantity.label}, {self.quantity.dataset.visits[self.visit]}"


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and visit."""
    drawn = [
        _panel_of(sheet, quantity, visit)
        for quantity in sheet.quantities(options.parameters, options.visits)
        for visit in quantity.visits
        if visit != quantity.dataset.baseline
    ]
    if not drawn:
        raise Fault(f"{sheet.where}: its analyses have no tipping point at these visits")
    maps = [any(point.beside for point in panel.points) for panel in drawn]
    heights = [
        options.height + 0.75 + 0.25 * len(_beside(panel)) * is_map for panel, is_map in zip(drawn, maps, strict=True)
    ]
    sheet.figure.set_size_inches(theme.WIDTH, sum(heights))
    grid = sheet.figure.add_gridspec(len(drawn), 1, height_ratios=heights)
    texts = []
    for i, (panel, is_map) in enumerate(zip(drawn, maps, strict=True)):
        axes = sheet.figure.add_subplot(grid[i, 0])
        axes.set_title(theme.filled(panel.title, theme.WIDTH * 62, theme.TITLE, True), pad=7)
        (_map if is_map else _curve)(sheet, axes, panel)
        texts.append((panel.title, _listed(panel)))
    alt = panels.alternative("Difference between groups against what is added to imputed values.", texts)
    if any(maps):
        cell: Look = {"marker": "s", "markersize": 9, "linestyle": "none"}
        tip: Look = {"marker": "D", "markersize": 5.5, "linestyle": "none", "color": theme.ACCENT}
        sheet.key(
            [
                ("Interval excludes no difference", {**cell, "color": EXCLUDES}),
                ("Interval includes no difference", {**cell, "color": INCLUDES}),
                ("Tipping point", tip),
            ]
        )
    curve = "Line: difference; band: its confidence interval. Dotted: the tipping point."
    cells = "Cells: difference and p. Diamonds: where the conclusion tips, at each addition to the other group."
    notes = ((curve, not all(maps)), (cells, any(maps)))
    return Drawing(alt, sheet.numbers, " ".join(text for text, is_drawn in notes if is_drawn))


def _panel_of(sheet: Sheet, quantity: Quantity, visit: str) -> Panel:
    names = ("delta", "reference_delta", "difference", "ci_low", "ci_high", "p")
    rows: dict[tuple[str, str], dict[str, Estimate]] = {}
    for n in sheet.estimates.of(quantity.analysis, names):
        if (n.parameter, n.visit) == (quantity.key, visit):
            rows.setdefault((n.group, n.level), {})[n.statistic] = n
    needed = {"delta", "difference", "ci_low", "ci_high", "p"}
    by_level = {
        level: Point(
            row["delta"], row.get("reference_delta"), row["difference"], row["ci_low"], row["ci_high"], row["p"]
        )
        for (_, level), row in rows.items()
        if needed <= set(row)
    }
    points = [point for level, point in by_level.items() if not level.startswith(TIPPING)]
    if not points:
        raise Fault(f"{sheet.where}: analysis {quantity.analysis!r} has no grid of deltas at {visit}; {AGAIN}")
    groups = quantity.dataset.groups
    contrast = contrast_of(points[0].difference.group, groups)
    if contrast is None:
        raise Fault(f"{sheet.where}: {points[0].difference.group!r} is no contrast of groups of the dataset; {AGAIN}")
    labels = [groups[contrast.group], groups[contrast.reference]]
    return Panel(quantity, visit, labels, points, [p for level, p in by_level.items() if level.startswith(TIPPING)])


def _curve(sheet: Sheet, axes: "Axes", panel: Panel) -> None:
    """The difference and its interval against delta in the group of interest."""
    points, unit = panel.points, panel.quantity.parameter.unit
    x = [point.delta.value for point in points]
    low, high = ([getattr(point, end).value for point in points] for end in ("low", "high"))
    axes.fill_between(x, low, high, color=EXCLUDES, linewidth=0, zorder=1)
    marks.draw_courses(axes, [(ALL, [(p.delta.value, p.difference.value) for p in points])], 1.4, zorder=3)
    reach = (max(x) - min(x) or 1) / 130
    intervals = [
        marks.Interval(p.delta.value, ALL, p.difference, (p.low, p.high) if p.low.text and p.high.text else ())
        for p in points
    ]
    marks.draw_ends(sheet, axes, intervals, reach, 5)
    axes.axhline(0, color=theme.FRAME, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    for tip in panel.tips:
        _tip(sheet, axes, tip, unit)
    axes.set_xlabel(_added(panel))
    measured = f"Difference {' − '.join(panel.groups)}, {unit}".removesuffix(", ")
    axes.set_ylabel(theme.filled(measured, 150))
    pad = (max(x) - min(x)) * 0.03 or 1
    axes.set_xlim(min(x) - pad, max(x) + pad)


def _tip(sheet: Sheet, axes: "Axes", tip: Point, unit: str) -> None:
    line = axes.axvline(tip.delta.value, color=theme.ACCENT, linewidth=1.2, linestyle=(0, (1, 1.5)), zorder=2)
    sheet.show(line, tip.delta)
    axes.annotate(
        f"tips at {tip.delta.shown} {unit}".strip(),
        (tip.delta.value, 1),
        (4, -3),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        va="top",
        color=theme.ACCENT,
    )


def _beside(panel: Panel) -> list[float]:
    """What is added to the reference group, in rising order."""
    return sorted({point.beside.value for point in panel.points if point.beside})


def _map(sheet: Sheet, axes: "Axes", panel: Panel) -> None:
    """A cell for each pair of deltas, and the tipping points between them."""
    across, up = sorted({point.delta.value for point in panel.points}), _beside(panel)
    for point in panel.points:
        x, y = across.index(point.delta.value), up.index(point.beside.value if point.beside else 0.0)
        colour = EXCLUDES if point.excludes else INCLUDES
        axes.add_patch(_cell(x, y, colour))
        text = axes.text(x, y + 0.16, point.difference.shown, ha="center", va="center", size=theme.SMALL)
        sheet.show(text, point.difference)
        p = f"p {point.p.shown}" if point.p.shown.startswith("<") else f"p = {point.p.shown}"
        sheet.show(axes.text(x, y - 0.2, p, ha="center", va="center", size=6.5, color=theme.MUTED), point.p)
    for tip in panel.tips:
        x_tip, y = _between(across, tip.delta.value), up.index(tip.beside.value if tip.beside else 0.0)
        mark = axes.plot([x_tip], [y + 0.42], marker="D", markersize=5, color=theme.ACCENT, linestyle="none", zorder=4)
        sheet.show(mark[0], tip.delta)
    axes.set_xticks(range(len(across)), [theme.plain(value) for value in across])
    axes.set_yticks(range(len(up)), [theme.plain(value) for value in up])
    axes.set_xlabel(_added(panel))
    axes.set_ylabel(_added(panel, 1, 165))
    axes.set_xlim(-0.5, len(across) - 0.5)
    axes.set_ylim(-0.5, len(up) - 0.4)
    axes.grid(False)


def _added(panel: Panel, group: int = 0, width: float = theme.WIDTH * 55) -> str:
    unit = panel.quantity.parameter.unit
    text = f"Added to imputed values of {panel.groups[group]}" + (f", {unit}" if unit else "")
    return theme.filled(text, width)


def _cell(x: float, y: float, colour: str) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.2)


def _between(places: list[float], value: float) -> float:
    """Where a value lies on an axis whose ticks are evenly apart."""
    for place, (low, high) in enumerate(zip(places, places[1:], strict=False)):
        if low <= value <= high:
            return place + (value - low) / (high - low)
    return 0.0 if value < places[0] else len(places) - 1.0


def _listed(panel: Panel) -> str:
    grid = "; ".join(
        f"{point.delta.shown}{f' and {point.beside.shown}' if point.beside else ''}: {point.difference.shown} "
        f"({point.low.shown} to {point.high.shown})"
        for point in panel.points[:24]
        if math.isfinite(point.difference.value)
    )
    tips = ", ".join(tip.delta.shown for tip in panel.tips)
    return f"{grid}. {'Tips at ' + tips if tips else 'Does not tip on the grid'}"


FIGURE = Figure(Options, draw, lambda options: [(name,) for name in ("delta", "difference", "ci_low", "ci_high", "p")])

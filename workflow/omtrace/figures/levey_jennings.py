"""Levey-Jennings charts: each control's distance from its baseline, plate after plate, with the rules that it broke."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Quantity, Sheet
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM = 14  # points that a plate's name needs, slanted
LIMITS = ((1, ":"), (2, "--"), (3, "-"))


class Options(Closed):
    """What the figure may be told."""

    height: float = Field(1.9, description="height of a panel, inches", ge=1.2, le=6)


@dataclass(frozen=True)
class Chart:
    """One control: z by plate, in order, and the rules broken at each."""

    control: str
    points: list[Number]
    rules: dict[str, list[Number]]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each control, one below the other, so that plates stand under plates."""
    charts = [(quantity, chart) for quantity in sheet.quantities() for chart in _charts(sheet, quantity)]
    if not charts:
        raise Fault(f"{sheet.where}: its analyses have no z of a control; {AGAIN}")
    plates = list(dict.fromkeys(number.group for _, chart in charts for number in chart.points))
    width = panels.panel_width(1, [-3.5, 3.5])
    every = max(1, math.ceil(len(plates) * ROOM / width))  # of many plates only some are named
    labels = [charts[0][0].dataset.groups[plate] for plate in plates[::every]]
    ticks = panels.fitted(labels, width / len(labels))
    grid = panels.axes_of(sheet, len(charts), 1, options.height + ticks.depth / 72)
    for axes, (quantity, chart) in zip(grid, charts, strict=True):
        _panel(sheet, axes, chart, plates)
        named = quantity.dataset.parameters[sheet.plan.analyses[quantity.analysis].options["control"]].label
        panels.head(axes, f"{named} {chart.control}", "SD from baseline", width, options.height)
        panels.category_axis(axes, range(0, len(plates), every), ticks)
    point: dict[str, Any] = {"color": style.SINGLE, "marker": "o", "markersize": 5, "linewidth": 1}
    rule = {"color": style.ACCENT, "marker": "D", "markersize": 6, "linestyle": "none"}
    sheet.key([("Mean of the control on a plate", point), ("Breaks a rule", rule)])
    texts = [(chart.control, _said(chart)) for _, chart in charts]
    alt = panels.alternative("Control chart: distance from the baseline mean in standard deviations, by plate.", texts)
    return Drawing(alt, sheet.numbers, "Lines: baseline mean, and 1 (dotted), 2 (dashed) and 3 (solid) baseline SDs.")


def _charts(sheet: Sheet, quantity: Quantity) -> list[Chart]:
    points = [n for n in sheet.estimates.of(quantity.analysis, ["z"]) if n.parameter == quantity.key]
    broken = [n for n in sheet.estimates.of(quantity.analysis, ["rule_broken"]) if n.parameter == quantity.key]
    found = []
    for control in dict.fromkeys(number.level for number in points):
        rules: dict[str, list[Number]] = {}
        for number in broken:
            names = number.level.partition(": ")[0].partition(", ")[2].split(" and ")
            if control in names:
                rules.setdefault(number.group, []).append(number)
        found.append(Chart(control, [number for number in points if number.level == control], rules))
    return found


def _panel(sheet: Sheet, axes: "Axes", chart: Chart, plates: list[str]) -> None:
    reach = max([3.5, *(abs(number.value) + 1.2 for number in chart.points)])
    axes.axhline(0, color=style.FRAME, linewidth=0.9, zorder=2, label="mean")
    for limit, dashes in LIMITS:
        for side in (-limit, limit):
            axes.axhline(side, color=style.FRAME, linewidth=0.7, linestyle=dashes, zorder=2, label="limit")
    xs = [plates.index(number.group) for number in chart.points]
    axes.plot(xs, [number.value for number in chart.points], color=style.SINGLE, linewidth=1, zorder=3, label="course")
    for x, number in zip(xs, chart.points, strict=True):
        rules = chart.rules.get(number.group, [])
        look: dict[str, Any] = {"color": style.ACCENT if rules else style.SINGLE, "marker": "D" if rules else "o"}
        mark = axes.plot([x], [number.value], markersize=6 if rules else 5, linestyle="none", zorder=5,
                         markeredgecolor="white", markeredgewidth=0.6, **look)  # fmt: skip
        sheet.show(mark[0], number)
        if rules:
            _name(sheet, axes, x, number.value, rules)
    axes.set_ylim(-reach, reach)
    axes.set_xlim(-0.6, len(plates) - 0.4)
    axes.set_yticks([tick for tick in range(-int(reach), int(reach) + 1) if reach < 8 or tick % 3 == 0])
    axes.grid(False)


def _name(sheet: Sheet, axes: "Axes", x: float, y: float, rules: list[Number]) -> None:
    """The rules broken at a point, above it, or below one that lies low."""
    up = 1 if y >= 0 else -1
    words = ", ".join(dict.fromkeys(rule.level.partition(",")[0] for rule in rules))
    text = axes.annotate(words, (x, y), (0, 7 * up), textcoords="offset points", ha="center",
                         va="bottom" if up > 0 else "top", size=style.SMALL, color=style.ACCENT, zorder=6)  # fmt: skip
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
    sheet.show(text, rules[0])


def _said(chart: Chart) -> str:
    points = ", ".join(f"{number.group} {number.shown}" for number in chart.points)
    rules = sorted({rule.level.partition(",")[0] for some in chart.rules.values() for rule in some})
    return points + (f"; broken: {', '.join(rules)}" if rules else "; no rule broken")


FIGURE = Figure(Options, draw)

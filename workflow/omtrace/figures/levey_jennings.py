"""Levey-Jennings charts: each control's distance from its baseline, plate after plate, with the rules that it broke."""

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
from omtrace.figures._sheet import ALL, Group, Quantity, Sheet
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM = 14  # points that a plate's name needs, slanted
LIMITS = ((1, ":"), (2, "--"), (3, "-"))
BROKEN = Group("broken", "Breaks a rule", theme.ACCENT, "D", "◆")
# Westgard JO et al. 1981, Clin Chem 27: 493-501; https://westgard.com/westgard-rules/
RULES = {
    "1-2s": "one value beyond 2 SD",
    "1-3s": "one value beyond 3 SD",
    "2-2s": "two values in a row beyond 2 SD on one side",
    "R-4s": "two values of a run more than 4 SD apart",
    "4-1s": "four values in a row beyond 1 SD on one side",
    "10x": "ten values in a row on one side of the mean",
}


class Options(Closed):
    """Options of the figure."""

    height: float = Field(1.9, description="height of a panel, inches", ge=1.2, le=6)


@dataclass(frozen=True)
class Chart:
    """One control: z by plate, in order, and the rules broken at each."""

    control: str
    points: list[Estimate]
    rules: dict[str, list[Estimate]]

    @property
    def names(self) -> list[str]:
        """The rules broken, each once."""
        return sorted({rule.level.partition(",")[0] for some in self.rules.values() for rule in some})


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each control, one below the other, so that plates stand under plates."""
    charts = [(quantity, chart) for quantity in sheet.quantities() for chart in _charts(sheet, quantity)]
    if not charts:
        raise Fault(f"{sheet.where}: its analyses have no z of a control; {AGAIN}")
    plates = list(dict.fromkeys(number.group for _, chart in charts for number in chart.points))
    width = panels.panel_width(1, [-3.5, 3.5])
    every = max(1, math.ceil(len(plates) * ROOM / width))  # of many plates only some are named
    dataset = charts[0][0].dataset
    labels = [dataset.groups[plate] for plate in plates[::every]]
    ticks = panels.fitted(labels, width / len(labels))
    grid = panels.axes_of(sheet, len(charts), 1, options.height + ticks.depth / 72)
    for axes, (quantity, chart) in zip(grid, charts, strict=True):
        _panel(sheet, axes, chart, plates)
        panels.head(axes, _name(sheet, quantity, chart), "SD from baseline", width, options.height)
        panels.category_axis(axes, range(0, len(plates), every), ticks)
    grid[-1].set_xlabel(dataset.parameters[dataset.group].label)
    line = {"color": ALL.colour, "marker": "o", "markersize": 5, "linewidth": 1}
    point = {"color": BROKEN.colour, "marker": BROKEN.marker, "markersize": 6, "linestyle": "none"}
    named = dict.fromkeys(name for _, chart in charts for name in chart.names)
    sheet.key([("Mean of the control", line), *([(BROKEN.label, point)] if named else [])])
    texts = [(chart.control, _listed(chart)) for _, chart in charts]
    alt = panels.alternative("Control chart: distance from the baseline mean in standard deviations, by plate.", texts)
    note = "Lines: baseline mean, and 1 (dotted), 2 (dashed) and 3 (solid) baseline SDs."
    meanings = "; ".join(f"{name}: {RULES[name]}" for name in named if name in RULES)
    return Drawing(alt, sheet.numbers, f"{note} Rules: {meanings}." if meanings else note)


def _name(sheet: Sheet, quantity: Quantity, chart: Chart) -> str:
    """The control's name, or the level of a quantity with its unit, and what was measured."""
    parameter = quantity.dataset.parameters[sheet.plan.analyses[quantity.analysis].options["control"]]
    if parameter.unit:
        control = f"{parameter.label} {theme.plain(float(chart.control))} {parameter.unit}"
    else:
        control = f"Control {chart.control}"
    return f"{control}: {quantity.label}"


def _charts(sheet: Sheet, quantity: Quantity) -> list[Chart]:
    points = [n for n in sheet.estimates.of(quantity.analysis, ["z"]) if n.parameter == quantity.key]
    broken = [n for n in sheet.estimates.of(quantity.analysis, ["rule_broken"]) if n.parameter == quantity.key]
    charts = []
    for control in dict.fromkeys(number.level for number in points):
        rules: dict[str, list[Estimate]] = {}
        for number in broken:
            names = number.level.partition(": ")[0].partition(", ")[2].split(" and ")
            if control in names:
                rules.setdefault(number.group, []).append(number)
        charts.append(Chart(control, [number for number in points if number.level == control], rules))
    return charts


def _panel(sheet: Sheet, axes: "Axes", chart: Chart, plates: list[str]) -> None:
    reach = max([3.5, *(abs(number.value) + 1.2 for number in chart.points)])
    axes.axhline(0, color=theme.FRAME, linewidth=0.9, zorder=2, label="mean")
    for limit, dashes in LIMITS:
        for side in (-limit, limit):
            axes.axhline(side, color=theme.FRAME, linewidth=0.7, linestyle=dashes, zorder=2, label="limit")
    by_plate = {number.group: number for number in chart.points}
    course = [(float(x), by_plate[p].value if p in by_plate else math.nan) for x, p in enumerate(plates)]
    marks.draw_courses(axes, [(ALL, course)], 1, zorder=3)
    for look, broken, size in ((ALL, False, 5), (BROKEN, True, 6)):
        some = [n for n in chart.points if (n.group in chart.rules) == broken]
        places = [(float(plates.index(n.group)), n.value) for n in some]
        points = marks.draw_points(axes, places, [look] * len(some), marks.Style(size))
        if points:
            sheet.show(points, *some)
        if broken:
            for (x, y), number in zip(places, some, strict=True):
                _name_rules(sheet, axes, x, y, chart.rules[number.group])
    axes.set_ylim(-reach, reach)
    axes.set_xlim(-0.6, len(plates) - 0.4)
    axes.set_yticks([tick for tick in range(-int(reach), int(reach) + 1) if reach < 8 or tick % 3 == 0])
    axes.grid(False)


def _name_rules(sheet: Sheet, axes: "Axes", x: float, y: float, rules: list[Estimate]) -> None:
    """The rules broken at a point, above it, or below one that lies low."""
    up = 1 if y >= 0 else -1
    words = ", ".join(dict.fromkeys(rule.level.partition(",")[0] for rule in rules))
    text = axes.annotate(
        words,
        (x, y),
        (0, 7 * up),
        textcoords="offset points",
        ha="center",
        va="bottom" if up > 0 else "top",
        size=theme.SMALL,
        color=BROKEN.colour,
        zorder=7,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )
    sheet.show(text, rules[0])


def _listed(chart: Chart) -> str:
    points = ", ".join(f"{number.group} {number.shown}" for number in chart.points)
    return points + (f"; broken: {', '.join(chart.names)}" if chart.names else "; no rule broken")


FIGURE = Figure(Options, draw, lambda options: [("z",), ("rule_broken",)])

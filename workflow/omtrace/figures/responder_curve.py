"""Cumulative responder curves: the share that improved by at least x in each group, and their difference, over x."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Name
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.contrast import contrast_of, group_label
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERY = "every threshold"  # the level of what all thresholds say together, and of how many were counted
TRIPLE = ("difference", "ci_low", "ci_high")
PAGE, LOW, BETWEEN = 9.4, 1.2, 0.62  # inches: of all rows together, of a panel at least, between rows
DIFFERENCE = Group("difference", "", theme.ACCENT, "o", "")


class Options(panels.PanelOptions):
    """Options of the figure."""


@dataclass(frozen=True)
class Curve:
    """One parameter at one visit: thresholds in order, each group's shares and count, differences, sources."""

    quantity: Quantity
    visit: str
    thresholds: list[Estimate]
    groups: list[Group]
    shares: list[list[Estimate]]
    differences: list[list[Estimate]]
    counted: list[Estimate]
    sourced: list[float]

    @property
    def title(self) -> str:
        """Parameter and visit."""
        label = self.quantity.dataset.visits.get(self.visit, "")
        return f"{self.quantity.label}, {label}" if label else self.quantity.label

    @property
    def xs(self) -> list[float]:
        """The thresholds' values."""
        return [number.value for number in self.thresholds]

    @property
    def contrast(self) -> str:
        """The two groups whose shares are compared, by the plan's labels."""
        return group_label(self.thresholds[0].group, self.quantity.dataset.groups)


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Two panels for each parameter and visit: responders by threshold, and the difference with its interval."""
    quantities = sheet.quantities(options.parameters, options.visits)
    curves = [_curve(sheet, q, visit) for q in quantities for visit in q.visits if visit != q.dataset.baseline]
    height = min(options.height, max(LOW, PAGE / len(curves) - BETWEEN))
    axes = panels.axes_of(sheet, 2 * len(curves), 2, height + BETWEEN)
    for i, curve in enumerate(curves):
        _shares(sheet, axes[2 * i], curve, height)
        _differences(sheet, axes[2 * i + 1], curve, height)
    source = {"color": theme.THIN, "linewidth": 0.9, "linestyle": (0, (3, 2))}
    sourced = [("Threshold with a source", source)] if any(curve.sourced for curve in curves) else []
    sheet.legend(curves[0].groups, lines=True)
    sheet.extend_key(sourced)
    texts = [(curve.title, _listed(curve)) for curve in curves]
    return Drawing(
        panels.alternative("Shares of responders by the threshold that makes one, and their difference.", texts),
        sheet.numbers,
        "Left: share of participants who improved by at least the amount on the axis. Right: difference of the shares "
        "with its confidence interval at each threshold.",
    )


def _curve(sheet: Sheet, quantity: Quantity, visit: str) -> Curve:
    thresholds = [
        n
        for n in sheet.estimates.of(quantity.analysis, ["improvement"])
        if (n.parameter, n.visit) == (quantity.key, visit)
    ]
    if not thresholds:
        raise Fault(f"{sheet.where}: analysis {quantity.analysis!r} has no thresholds of {quantity.key!r} at {visit!r}")
    thresholds.sort(key=lambda number: number.value)
    contrast = contrast_of(thresholds[0].group, quantity.dataset.groups)
    if contrast is None:
        raise Fault(f"{sheet.where}: {thresholds[0].group!r} is no contrast of groups of the dataset; {AGAIN}")
    sides = {contrast.group: "proportion_a", contrast.reference: "proportion_b"}
    groups = [group for group in sheet.groups(quantity.dataset) if group.key in sides]

    def number(statistic: str, level: str) -> Estimate:
        return sheet.estimates.find(Name(quantity.analysis, quantity.key, statistic, str(contrast), visit, level))

    shares = [[number(sides[group.key], n.level) for n in thresholds] for group in groups]
    differences = [[number(statistic, n.level) for statistic in TRIPLE] for n in thresholds]
    counted = [number(sides[group.key].replace("proportion", "n"), EVERY) for group in groups]
    grid = sheet.plan.analyses[quantity.analysis].options["grids"][quantity.key]
    sourced = sorted(map(float, grid.get("sources", ())))
    return Curve(quantity, visit, thresholds, groups, shares, differences, counted, sourced)


def _shares(sheet: Sheet, axes: "Axes", curve: Curve, height: float) -> None:
    from matplotlib.ticker import PercentFormatter

    _sources(axes, curve)
    courses = [
        (group, list(zip(curve.xs, (number.value for number in numbers), strict=True)))
        for group, numbers in zip(curve.groups, curve.shares, strict=True)
    ]
    marks.draw_courses(axes, courses, 1.1, drawstyle="steps-pre")
    for (group, places), numbers in zip(courses, curve.shares, strict=True):
        known = [(place, number) for place, number in zip(places, numbers, strict=True) if number.text]
        style = marks.Style(3.6, edge=0)
        points = marks.draw_points(axes, [place for place, _ in known], [group] * len(known), style)
        if points:
            sheet.show(points, *(number for _, number in known))
    every = [n.value for numbers in curve.shares for n in numbers if n.text]
    axes.set_ylim(0, min(1.0, max(every, default=1.0) * 1.12 + 0.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for row, (group, number) in enumerate(zip(curve.groups, curve.counted, strict=True)):
        text = axes.annotate(
            f"{group.glyph} n {number.shown}",
            (1, 1),
            (-2, -2 - row * panels.ROW),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            size=theme.SMALL,
            color=group.ink,
            zorder=8,
        )
        sheet.show(text, number)
    panels.head(axes, curve.title, "responders", theme.WIDTH * 72 - 60, height)  # over both panels
    _axis(axes, curve)


def _differences(sheet: Sheet, axes: "Axes", curve: Curve, height: float) -> None:
    from matplotlib.ticker import FuncFormatter

    _sources(axes, curve)
    axes.axhline(0, color=theme.FRAME, linewidth=0.8, zorder=2)
    reach = (max(curve.xs) - min(curve.xs) or 1) / 160
    intervals = [marks.interval(x, DIFFERENCE, t) for x, t in zip(curve.xs, curve.differences, strict=True)]
    marks.draw_intervals(sheet, axes, intervals, reach, 4.2)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}".replace("-", "−")))
    panels.head(axes, "", f"{curve.contrast}, percentage points", 0, height)
    _axis(axes, curve)


def _sources(axes: "Axes", curve: Curve) -> None:
    for x in curve.sourced:
        axes.axvline(x, color=theme.THIN, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1, label="source")


def _axis(axes: "Axes", curve: Curve) -> None:
    from matplotlib.ticker import MaxNLocator

    pad = (max(curve.xs) - min(curve.xs) or 1) * 0.03
    axes.set_xlim(min(curve.xs) - pad, max(curve.xs) + pad)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(f"improved by at least, {curve.thresholds[0].unit}".rstrip(", "))


def _reported(curve: Curve) -> Sequence[int]:
    """The thresholds with a source, else the first, middle and last one."""
    last = len(curve.thresholds) - 1
    return [i for i, x in enumerate(curve.xs) if x in curve.sourced] or sorted({0, last // 2, last})


def _listed(curve: Curve) -> str:
    parts = []
    for i in _reported(curve):
        shares = ", ".join(
            f"{g.label} {numbers[i].shown}" for g, numbers in zip(curve.groups, curve.shares, strict=True)
        )
        difference, low, high = curve.differences[i]
        parts.append(
            f"{curve.thresholds[i].level}: {shares}, difference {difference.shown} ({low.shown} to {high.shown})"
        )
    return "; ".join(parts)


FIGURE = Figure(Options, draw, lambda options: [("improvement",), *((name,) for name in TRIPLE)])

"""Cumulative responder curves: the share that improved by at least x in each group, and their difference, over x."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.contrast import contrast_of, group_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERY = "every threshold"  # the level of what all thresholds say together, and of how many were counted
TRIPLE = ("difference", "ci_low", "ci_high")


class Options(panels.PanelOptions):
    """What the figure may be told."""


@dataclass(frozen=True)
class Curve:
    """One parameter at one visit: thresholds in order, each group's shares and count, differences, sources."""

    quantity: Quantity
    visit: str
    thresholds: list[Number]
    groups: list[Group]
    shares: list[list[Number]]
    differences: list[list[Number]]
    counted: list[Number]
    sourced: list[float]

    @property
    def title(self) -> str:
        """Parameter and visit."""
        label = self.quantity.dataset.visits.get(self.visit, "")
        return f"{self.quantity.label}, {label}" if label else self.quantity.label


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Two panels for each parameter and visit: responders by threshold, and the difference with its interval."""
    quantities = sheet.quantities(options.parameters, options.visits)
    curves = [_curve(sheet, q, visit) for q in quantities for visit in q.visits if visit != q.dataset.baseline]
    axes = panels.axes_of(sheet, 2 * len(curves), 2, options.height + 0.62)
    width = style.WIDTH * 72 / 2 - 48
    for at, curve in enumerate(curves):
        _shares(sheet, axes[2 * at], curve, width, options)
        _differences(sheet, axes[2 * at + 1], curve, width, options)
    sheet.legend(curves[0].groups, linestyle="-", linewidth=1.2)
    texts = [(curve.title, _said(curve)) for curve in curves]
    return Drawing(
        panels.alternative("Shares of responders by the threshold that makes one, and their difference.", texts),
        sheet.numbers,
        "Left: share of participants who improved by at least the amount on the axis. Right: difference of the shares "
        "with its confidence interval at each threshold. Vertical lines: thresholds with a source.",
    )


def _curve(sheet: Sheet, quantity: Quantity, visit: str) -> Curve:
    of = [
        n
        for n in sheet.estimates.of(quantity.analysis, ["improvement"])
        if (n.parameter, n.visit) == (quantity.key, visit)
    ]
    if not of:
        raise Fault(f"{sheet.where}: analysis {quantity.analysis!r} has no thresholds of {quantity.key!r} at {visit!r}")
    of.sort(key=lambda number: number.value)
    contrast = contrast_of(of[0].group, quantity.dataset.groups)
    assert contrast
    sides = {contrast.group: "proportion_a", contrast.reference: "proportion_b"}
    groups = [group for group in sheet.groups(quantity.dataset) if group.key in sides]

    def at(statistic: str, level: str) -> Number:
        return sheet.estimates.find(quantity.analysis, quantity.key, statistic, of[0].group, visit, level)

    shares = [[at(sides[group.key], n.level) for n in of] for group in groups]
    differences = [[at(statistic, n.level) for statistic in TRIPLE] for n in of]
    counted = [at(sides[group.key].replace("proportion", "n"), EVERY) for group in groups]
    grid = sheet.plan.analyses[quantity.analysis].options["grids"][quantity.key]
    sourced = sorted(map(float, grid.get("sources", ())))
    return Curve(quantity, visit, of, groups, shares, differences, counted, sourced)


def _shares(sheet: Sheet, axes: "Axes", curve: Curve, width: float, options: Options) -> None:
    from matplotlib.ticker import PercentFormatter

    _sources(axes, curve)
    xs = [number.value for number in curve.thresholds]
    for group, numbers in zip(curve.groups, curve.shares, strict=True):
        look: dict[str, Any] = {"color": group.colour, "zorder": 4}
        axes.step(xs, [number.value for number in numbers], where="pre", linewidth=1.1, **look)
        for x, number in zip(xs, numbers, strict=True):
            point = axes.plot([x], [number.value], marker=group.marker, markersize=3.2, linestyle="none", **look)
            sheet.show(point[0], number)
    axes.set_ylim(0, min(1.0, max(n.value for numbers in curve.shares for n in numbers) * 1.12 + 0.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _axis(axes, curve)
    for row, (group, number) in enumerate(zip(curve.groups, curve.counted, strict=True)):
        text = axes.annotate(
            f"{group.glyph} n {number.shown}", (1, 1), (-2, -2 - row * panels.ROW), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", size=style.SMALL, color=group.colour, zorder=8,
        )  # fmt: skip
        sheet.show(text, number)
    panels.head(axes, curve.title, "responders", width, options.height)


def _differences(sheet: Sheet, axes: "Axes", curve: Curve, width: float, options: Options) -> None:
    from matplotlib.ticker import FuncFormatter

    _sources(axes, curve)
    axes.axhline(0, color=style.FRAME, linewidth=0.8, zorder=2)
    xs = [number.value for number in curve.thresholds]
    reach = (max(xs) - min(xs) or 1) / 160
    one = Group("difference", "", style.ACCENT, "o", "")
    for x, triple in zip(xs, curve.differences, strict=True):
        marks.mean_interval(sheet, axes, x, reach, triple, one, 3.6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f}".replace("-", "−")))
    _axis(axes, curve)
    panels.head(
        axes,
        group_label(curve.thresholds[0].group, curve.quantity.dataset.groups),
        "percentage points",
        width,
        options.height,
    )


def _sources(axes: "Axes", curve: Curve) -> None:
    for x in curve.sourced:
        axes.axvline(x, color=style.THIN, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1, label="source")


def _axis(axes: "Axes", curve: Curve) -> None:
    from matplotlib.ticker import MaxNLocator

    xs = [number.value for number in curve.thresholds]
    pad = (max(xs) - min(xs) or 1) * 0.03
    axes.set_xlim(min(xs) - pad, max(xs) + pad)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(f"improved by at least, {curve.thresholds[0].unit}".rstrip(", "))


def _said(curve: Curve) -> str:
    """The shares and the difference at thresholds with a source, else at the first, middle and last one."""
    last = len(curve.thresholds) - 1
    chosen = [at for at, n in enumerate(curve.thresholds) if n.value in curve.sourced] or sorted({0, last // 2, last})
    parts = []
    for at in chosen:
        shares = ", ".join(
            f"{g.label} {numbers[at].shown}" for g, numbers in zip(curve.groups, curve.shares, strict=True)
        )
        difference, low, high = curve.differences[at]
        parts.append(
            f"{curve.thresholds[at].level}: {shares}, difference {difference.shown} ({low.shown} to {high.shown})"
        )
    return "; ".join(parts)


FIGURE = Figure(Options, draw)

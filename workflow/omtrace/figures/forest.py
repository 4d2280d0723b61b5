"""Differences with their intervals, a row each, in a panel for each unit of measurement."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from omtrace.analyses._shown import level_shown
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed
from omtrace.model.contrast import group_label
from omtrace.model.statistics import statistic_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL = 190  # points: widest label of a row
ROW = 0.235  # inches: height of a row with one line of text


class Options(Closed):
    """What the figure may be told."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn; none: all of the analyses")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    contrasts: tuple[str, ...] = Field((), description="groups or contrasts drawn, such as 'OMT - sham'; none: all")
    labels: dict[str, str] = Field({}, description="analysis -> its name in the figure; default: its title")
    statistics: tuple[str, ...] = Field(("difference", "mean_change"), description="statistics drawn as points")
    low: str = Field("ci_low", description="statistic at the lower end of the interval")
    high: str = Field("ci_high", description="statistic at the upper end of the interval")
    reference: float = Field(0, description="value of no difference: a dashed line")
    log: bool = Field(False, description="logarithmic axis, for ratios")
    better: str = Field("", description="what a value on the better side of the reference means, such as 'favours OMT'")
    worse: str = Field("", description="what a value on the other side means, such as 'favours sham'")
    column: str = Field("Estimate (interval)", description="head of the column of numbers")


@dataclass(frozen=True)
class Row:
    """One estimate with its interval, and what it is called under its heading."""

    heading: str
    label: str
    better: str
    numbers: tuple[Number, Number, Number]

    @property
    def name(self) -> str:
        """Heading and label in one line."""
        return ", ".join(filter(None, (self.heading, self.label)))

    @property
    def panel(self) -> tuple[str, str]:
        """Rows of one unit and one direction of improvement share an axis."""
        return self.numbers[0].unit, self.better


@dataclass(frozen=True)
class Line:
    """One printed line of a panel: a heading (no row) or a row."""

    text: tuple[str, ...]
    row: Row | None

    @property
    def height(self) -> float:
        """Height in inches."""
        return ROW + 0.14 * (len(self.text) - 1)

    @property
    def width(self) -> float:
        """Width of the text in points."""
        return max(style.text_width(part, style.BODY, self.row is None) for part in self.text)


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Rows in the order of the analyses, parameters, visits and contrasts."""
    rows = _rows(sheet, options)
    blocks = {
        key: _lines([row for row in rows if row.panel == key]) for key in dict.fromkeys(row.panel for row in rows)
    }
    heights = [sum(line.height for line in block) for block in blocks.values()]
    sides = bool(options.better or options.worse)
    sheet.figure.set_size_inches(style.WIDTH, sum(heights) + (0.52 + 0.13 * sides) * len(blocks) + 0.2)
    grid = sheet.figure.add_gridspec(len(blocks), 1, height_ratios=heights)
    widest = max(line.width for block in blocks.values() for line in block)
    for i, ((unit, better), block) in enumerate(blocks.items()):
        axes = sheet.figure.add_subplot(grid[i, 0])
        _panel(sheet, axes, block, options, widest)
        axes.set_xlabel(unit or "ratio" * options.log, labelpad=14 if sides else 3)
        if sides and better:
            _sides(axes, *((options.better, options.worse) if better == "lower" else (options.worse, options.better)))
        if i == 0:
            axes.annotate(options.column, (1, 1), (10, 2), xycoords="axes fraction", textcoords="offset points",
                          ha="left", va="bottom", size=style.SMALL, weight="bold")  # fmt: skip
    texts = [(row.name, f"{_interval(row.numbers)} {row.numbers[0].unit}".strip()) for row in rows]
    alt = panels.alternative("Forest plot: a row for each estimate with its interval.", texts, 24)
    note = "Points: estimates; bars: their confidence intervals. Dashed line: no difference."
    return Drawing(alt, sheet.numbers, note)


def _rows(sheet: Sheet, options: Options) -> list[Row]:
    points = [n for name in sheet.entry.analyses for n in sheet.estimates.of(name, options.statistics)]
    if not points:
        raise Fault(f"{sheet.where}: its analyses hold no statistic {' or '.join(options.statistics)}; {AGAIN}")
    for option, field in (("parameters", "parameter"), ("visits", "visit"), ("contrasts", "group")):
        known = list(dict.fromkeys(getattr(n, field) for n in points))
        keep = sheet.chosen(option, getattr(options, option), known)
        points = [n for n in points if getattr(n, field) in keep]
    lacking = [name for name in sheet.entry.analyses if name not in {n.analysis for n in points}]
    if lacking:
        raise Fault(
            f"{sheet.where}: analysis {lacking[0]!r} has no estimate to draw; take it out, or widen the options"
        )
    rows = []
    for point in points:
        low, high = (sheet.estimates.find(point.analysis, point.parameter, s, point.group, point.visit, point.level)
                     for s in (options.low, options.high))  # fmt: skip
        parameter = sheet.plan.datasets[sheet.plan.analyses[point.analysis].dataset].parameters[point.parameter]
        label = _label(sheet, point, points, options)
        rows.append(Row(parameter.label, label, parameter.better, (point, low, high)))
    order = list(dict.fromkeys(row.heading for row in rows))
    return sorted(rows, key=lambda row: order.index(row.heading))


def _label(sheet: Sheet, point: Number, points: list[Number], options: Options) -> str:
    """What tells a row from the others of its parameter: visit, contrast, level, analysis."""
    entry = sheet.plan.analyses[point.analysis]
    dataset = sheet.plan.datasets[entry.dataset]
    siblings = [n for n in points if n.parameter == point.parameter]
    contrast = group_label(point.group, dataset.groups, statistic_of(point.statistic).null == 1)
    level = level_shown(point.level, dataset).removesuffix(", log scale" if options.log else "")  # the axis says it
    parts = [
        dataset.visits.get(point.visit, ""),
        contrast if len({n.group for n in siblings}) > 1 and (point.group != "all" or not point.level) else "",
        level if len({n.level for n in siblings}) > 1 else "",
        options.labels.get(point.analysis, entry.title) if len({n.analysis for n in siblings}) > 1 else "",
    ]
    return ", ".join(filter(None, parts))


def _lines(rows: list[Row]) -> list[Line]:
    """The lines of a panel; a heading with one row shares its line with it."""
    lines = []
    headings = [row.heading for row in rows]
    for i, row in enumerate(rows):
        if headings.count(row.heading) == 1:
            lines.append(Line(tuple(style.wrapped(row.name, LABEL)), row))
            continue
        if row.heading not in headings[:i]:
            lines.append(Line(tuple(style.wrapped(row.heading, LABEL, style.BODY, True)), None))
        lines.append(Line(tuple(f"   {part}" for part in style.wrapped(row.label, LABEL - 10)), row))
    return lines


def _panel(sheet: Sheet, axes: "Axes", block: list[Line], options: Options, widest: float) -> None:
    drawn = [n.value for line in block if line.row for n in line.row.numbers if math.isfinite(n.value)]
    down = 0.0
    for line in block:
        middle = down + line.height / 2
        axes.annotate(
            "\n".join(line.text), (0, middle), (-widest - 8, 0), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", ha="left", va="center", weight="normal" if line.row else "bold",
        )  # fmt: skip
        if line.row:
            _mark(sheet, axes, line.row, middle)
        down += line.height
    axes.axvline(
        options.reference, color=style.FRAME, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1, label="reference"
    )
    axes.set_ylim(down, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(True, axis="x")
    _scale(sheet, axes, [*drawn, options.reference], options.log)


def _sides(axes: "Axes", left: str, right: str) -> None:
    """What it means to lie on either side of the reference."""
    for text, at, side in ((f"◂ {left}" if left else "", 0, "left"), (f"{right} ▸" if right else "", 1, "right")):
        axes.annotate(text, (at, 0), (0, -17), xycoords="axes fraction", textcoords="offset points", ha=side, va="top",
                      size=style.SMALL, color=style.MUTED)  # fmt: skip


def _scale(sheet: Sheet, axes: "Axes", drawn: list[float], log: bool) -> None:
    low, high = min(drawn), max(drawn)
    if not log:
        pad = (high - low) * 0.06 or 1
        axes.set_xlim(low - pad, high + pad)
        return
    if low <= 0:
        raise Fault(
            f"{sheet.where}.options.log: a value, a limit or the reference is zero or less, which a logarithmic axis "
            f"cannot show; take log out, or set the reference"
        )
    axes.set_xscale("log")
    panels.plain_log(axes.xaxis, drawn)
    pad = (high / low) ** 0.06 if high > low else 1.5
    axes.set_xlim(low / pad, high * pad)


def _mark(sheet: Sheet, axes: "Axes", row: Row, middle: float) -> None:
    point, low, high = row.numbers
    line: dict[str, Any] = {"color": style.SINGLE, "linewidth": 1.5, "zorder": 3}
    if math.isfinite(low.value) and math.isfinite(high.value):
        axes.plot([low.value, high.value], [middle] * 2, **line)
        for end in (low, high):
            sheet.show(axes.plot([end.value] * 2, [middle - 0.05, middle + 0.05], **line)[0], end)
    if math.isfinite(point.value):
        mark = axes.plot([point.value], [middle], marker="s", markersize=6, color=style.SINGLE, linestyle="none",
                         markeredgecolor="white", markeredgewidth=0.7, zorder=4)  # fmt: skip
        sheet.show(mark[0], point)
    axes.annotate(_interval(row.numbers), (1, middle), (10, 0), xycoords=axes.get_yaxis_transform(),
                  textcoords="offset points", ha="left", va="center", size=style.BODY)  # fmt: skip


def _interval(numbers: tuple[Number, Number, Number]) -> str:
    point, low, high = numbers
    return f"{point.shown} ({low.shown} to {high.shown})" if low.text and high.text else point.shown


FIGURE = Figure(Options, draw)

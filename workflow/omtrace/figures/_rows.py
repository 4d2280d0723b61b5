"""Rows of estimates with intervals: labels at the left, marks on one axis, columns of numbers at the right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._sheet import Sheet
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 0.235  # inches a row of one line
FURTHER = 0.14  # inches each further line
LABEL = 190  # points: widest label
GAP = 10  # points between the axis and the numbers, and between columns
Triple = tuple[Estimate, Estimate, Estimate]  # an estimate with the lower and the upper end of its interval


@dataclass(frozen=True)
class Line:
    """One printed line: a heading, or a row with its estimate and what its columns say."""

    text: tuple[str, ...]
    numbers: Triple | None = None
    columns: tuple[str, ...] = ()
    bold: bool = False
    colour: str = theme.SINGLE

    @property
    def height(self) -> float:
        """Height in inches."""
        return HEIGHT + FURTHER * (len(self.text) - 1)

    @property
    def width(self) -> float:
        """Width of the label in points."""
        return max(theme.text_width(part, theme.BODY, self.bold) for part in self.text)


def row(
    label: str, numbers: Triple, columns: Sequence[str] = (), bold: bool = False, colour: str = theme.SINGLE
) -> Line:
    """A row, as far in as its label begins with spaces; its first column is the estimate with its interval."""
    indent = len(label) - len(label.lstrip(" "))
    parts = theme.wrapped(label.lstrip(" "), LABEL - 3 * indent, theme.BODY, bold)
    text = tuple(" " * indent + part for part in parts)
    return Line(text, numbers, (text_of(numbers), *columns), bold, colour)


def heading(label: str) -> Line:
    """A line without an estimate."""
    return Line(tuple(theme.wrapped(label, LABEL, theme.BODY, True)), bold=True)


def text_of(numbers: Triple) -> str:
    """An estimate with its interval."""
    point, low, high = numbers
    return f"{point.shown} ({low.shown} to {high.shown})" if low.text and high.text else point.shown


def estimate_head(sheet: Sheet, word: str = "Estimate") -> str:
    """The head of the column of estimates, with the level of confidence that the analyses use."""
    levels = {sheet.plan.analyses[name].options.get("level", 0.95) for name in sheet.entry.analyses}
    return f"{word} ({f'{100 * levels.pop():g}% CI' if len(levels) == 1 else 'interval'})"


def add_panels(sheet: Sheet, blocks: Sequence[Sequence[Line]], between: float, beyond: float) -> list["Axes"]:
    """Axes for blocks of lines, one below the other, ``between`` inches for each and ``beyond`` for the whole."""
    heights = [sum(line.height for line in block) for block in blocks]
    sheet.figure.set_size_inches(theme.WIDTH, sum(heights) + between * len(blocks) + beyond)
    grid = sheet.figure.add_gridspec(len(blocks), 1, height_ratios=heights)
    return [sheet.figure.add_subplot(grid[i, 0]) for i in range(len(blocks))]


def label_width(blocks: Sequence[Sequence[Line]]) -> float:
    """Width in points of the labels of several panels, so that their axes stand below one another."""
    return max(line.width for block in blocks for line in block)


def column_places(blocks: Sequence[Sequence[Line]], heads: Sequence[str]) -> list[float]:
    """Where each column begins, in points right of the axis."""
    places = [float(GAP)]
    lines = [line for block in blocks for line in block if line.numbers]
    for k, head in enumerate(heads):
        texts = [line.columns[k] for line in lines]
        widest = max(theme.text_width(text) for text in texts)
        places.append(places[-1] + max(widest, theme.text_width(head, theme.SMALL, True)) + GAP)
    return places


def draw_lines(
    sheet: Sheet, axes: "Axes", block: Sequence[Line], widest: float, places: Sequence[float]
) -> list[float]:
    """Draw the lines of a panel, whose y runs down in inches.

    Returns
    -------
    list of float
        The middle of each line.
    """
    down, middles = 0.0, []
    across = axes.get_yaxis_transform()
    for line in block:
        middle = down + line.height / 2
        middles.append(middle)
        down += line.height
        weight = "bold" if line.bold else "normal"
        axes.annotate(
            "\n".join(line.text),
            (0, middle),
            (-widest - 8, 0),
            xycoords=across,
            textcoords="offset points",
            ha="left",
            va="center",
            weight=weight,
        )
        if line.numbers:
            _mark(sheet, axes, line.numbers, middle, line.colour)
        for text, place in zip(line.columns, places, strict=False):
            axes.annotate(
                text, (1, middle), (place, 0), xycoords=across, textcoords="offset points", ha="left", va="center"
            )
    axes.set_ylim(down, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(True, axis="x")
    return middles


def draw_heads(axes: "Axes", left: str, widest: float, heads: Sequence[str], places: Sequence[float]) -> None:
    """What all rows share at the left, and what the columns hold, above a panel."""
    for text, x, place in (
        (left, 0, -widest - 8),
        *((head, 1, place) for head, place in zip(heads, places, strict=False)),
    ):
        axes.annotate(
            text,
            (x, 1),
            (place, 2),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="bottom",
            size=theme.SMALL,
            weight="bold",
        )


def _mark(sheet: Sheet, axes: "Axes", numbers: Triple, middle: float, colour: str) -> None:
    """An estimate as a square, its interval as a line."""
    point, low, high = numbers
    if math.isfinite(low.value) and math.isfinite(high.value):
        axes.plot([low.value, high.value], [middle] * 2, color=colour, linewidth=1.5, zorder=3)
        caps = axes.vlines(
            [low.value, high.value], middle - 0.045, middle + 0.045, colors=colour, linewidth=1.5, zorder=3
        )
        sheet.show(caps, low, high)
    if math.isfinite(point.value):
        square = axes.plot(
            [point.value],
            [middle],
            marker="s",
            markersize=6,
            color=colour,
            linestyle="none",
            markeredgecolor="white",
            markeredgewidth=0.7,
            zorder=4,
            clip_on=False,
        )
        sheet.show(square[0], point)


def reference_line(axes: "Axes", value: float) -> None:
    """The value of no difference."""
    axes.axvline(value, color=theme.FRAME, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1, label="reference")


def fit_axis(axes: "Axes", drawn: Sequence[float], log: bool = False) -> None:
    """Limits of the value axis around everything drawn, and plain numbers on a logarithmic one."""
    finite = [value for value in drawn if math.isfinite(value)]
    low, high = min(finite), max(finite)
    if log:
        axes.set_xscale("log")
        panels.plain_log(axes.xaxis, finite)
        pad = (high / low) ** 0.06 if high > low else 1.5
        axes.set_xlim(low / pad, high * pad)
    else:
        pad = (high - low) * 0.06 or 1
        axes.set_xlim(low - pad, high + pad)


def drawn_values(block: Sequence[Line]) -> list[float]:
    """The values of a panel's estimates and their ends."""
    return [n.value for line in block if line.numbers for n in line.numbers if math.isfinite(n.value)]

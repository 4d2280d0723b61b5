"""Rows of estimates with intervals: labels at the left, marks on one axis, numbers at the right."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from omtrace.figures import _style as style
from omtrace.figures._results import Number
from omtrace.figures._sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 0.245  # inches a row of one line
LABEL = 185  # points: widest label


def widest_of(lines: Sequence[Sequence[str]], bold: Sequence[bool] = ()) -> float:
    """Width in points that the labels of rows need."""
    heavy = bold or [False] * len(lines)
    return max(style.text_width(part, style.BODY, heavy[i]) for i, line in enumerate(lines) for part in line)


def labelled(axes: "Axes", lines: Sequence[Sequence[str]], widest: float, bold: Sequence[bool] = ()) -> list[float]:
    """Label the rows of an axes whose y runs down in inches, and return the middle of each."""
    wide = bold or [False] * len(lines)
    down, middles = 0.0, []
    for line, is_bold in zip(lines, wide, strict=True):
        middles.append(down + height_of(line) / 2)
        down += height_of(line)
        axes.annotate(
            "\n".join(line), (0, middles[-1]), (-widest - 10, 0), xycoords=axes.get_yaxis_transform(), ha="left",
            textcoords="offset points", va="center", weight="bold" if is_bold else "normal",
        )  # fmt: skip
    axes.set_ylim(down, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(True, axis="x")
    return middles


def height_of(line: Sequence[str]) -> float:
    """Height of a row in inches."""
    return HEIGHT + 0.14 * (len(line) - 1)


def mark(sheet: Sheet, axes: "Axes", numbers: tuple[Number, Number, Number], middle: float, colour: str) -> None:
    """An estimate as a square, its interval as a line, and both as text at the right."""
    point, low, high = numbers
    if math.isfinite(low.value) and math.isfinite(high.value):
        axes.plot([low.value, high.value], [middle] * 2, color=colour, linewidth=1.5, zorder=3)
        for end in (low, high):
            tick = axes.plot([end.value] * 2, [middle - 0.04, middle + 0.04], color=colour, linewidth=1.5, zorder=3)
            sheet.show(tick[0], end)
    if math.isfinite(point.value):
        square = axes.plot([point.value], [middle], marker="s", markersize=6, color=colour, linestyle="none",
                           markeredgecolor="white", markeredgewidth=0.7, zorder=4, clip_on=False)  # fmt: skip
        sheet.show(square[0], point)
    beside(axes, text_of(numbers), middle)


def beside(axes: "Axes", text: str, middle: float, points: float = 10, bold: bool = False) -> None:
    """Text to the right of a row."""
    axes.annotate(text, (1, middle), (points, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                  ha="left", va="center", weight="bold" if bold else "normal")  # fmt: skip


def text_of(numbers: tuple[Number, Number, Number]) -> str:
    """An estimate with its interval."""
    point, low, high = numbers
    return f"{point.shown} ({low.shown} to {high.shown})" if low.text and high.text else point.shown

"""Marks: lines that stand for one number each, means with intervals, points side by side."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omtrace.figures._panels import PanelOptions
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def level(sheet: Sheet, axes: "Axes", x: float, reach: float, number: Number, **line: Any) -> None:
    """A short horizontal line at a number's value, where it has one."""
    if math.isfinite(number.value):
        sheet.show(axes.plot([x - reach, x + reach], [number.value] * 2, **line)[0], number)


def mean_interval(sheet: Sheet, axes: "Axes", x: float, reach: float, numbers: Sequence[Number], group: Group,
                  size: float = 6) -> None:  # fmt: skip
    """A mean as the group's marker with its interval: three numbers, three marks and a stem."""
    mean, low, high = numbers
    if not math.isfinite(mean.value):
        return
    line: dict[str, Any] = {"color": group.colour, "linewidth": 1.4, "zorder": 5}
    if math.isfinite(low.value) and math.isfinite(high.value):
        axes.plot([x, x], [low.value, high.value], **line)
        level(sheet, axes, x, reach, low, **line)
        level(sheet, axes, x, reach, high, **line)
    point = axes.plot(
        [x], [mean.value], marker=group.marker, markersize=size, color=group.colour, linestyle="none",
        markeredgecolor="white", markeredgewidth=0.8, zorder=6,
    )  # fmt: skip
    sheet.show(point[0], mean)


def swarm(sheet: Sheet, axes: "Axes", x: float, values: Sequence[float], drawn: Sequence[float], options: PanelOptions,
          slot: float, room: float, group: Group, most: int, **line: Any) -> None:  # fmt: skip
    """Single units as points around ``x``.

    ``slot``: what 1 on the x axis is in points on paper; ``room``: the share of it that the points may take;
    ``most``: how many units the fullest swarm of the panel has, for one size of all.
    """
    if not values:
        return
    size = min(4.8 if most <= 20 else 3.8 if most <= 50 else 3.0, max(slot * room / (3.5 if most <= 20 else 6), 1.8))
    scale = math.log10 if options.log else float
    span = scale(max(drawn)) - scale(min(drawn))
    points = options.height * 72 * 0.7 / (span or 1)
    aside = side_by_side([scale(v) * points for v in values], size * 1.1 + 0.3, slot * room / 2)
    look: dict[str, Any] = {
        "linestyle": "none",
        "color": group.colour,
        "marker": group.marker,
        "markersize": size,
        "alpha": 0.6,
    }
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.3 if size > 3 else 0}
    axes.plot(
        [x + a / slot for a in aside], values, **{**look, **edge, "zorder": 3, "label": f"units {group.key}", **line}
    )


def side_by_side(heights: Sequence[float], diameter: float, reach: float) -> list[float]:
    """Sideways offsets of points so that they do not cover one another: a bee swarm without chance.

    ``heights`` are the points' places along the value axis, ``diameter`` what a point needs, in one unit.
    From the lowest up, each point goes to the free place nearest to the middle; a swarm wider than
    ``reach`` to a side is pressed together.
    """
    offsets = [0.0] * len(heights)
    placed: list[tuple[float, float]] = []
    for turn, i in enumerate(sorted(range(len(heights)), key=lambda k: (heights[k], k))):
        near = [(x, math.sqrt(diameter**2 - (heights[i] - y) ** 2)) for y, x in placed if heights[i] - y < diameter]
        side = 1 if turn % 2 else -1
        free = sorted(
            [0.0, *(x + s * gap for x, gap in near for s in (1, -1))], key=lambda x: (round(abs(x), 9), side * x)
        )
        offsets[i] = next(x for x in free if all(abs(x - other) >= gap - 1e-9 for other, gap in near))
        placed.append((heights[i], offsets[i]))
    widest = max(map(abs, offsets), default=0.0)
    return [x * min(1.0, reach / widest) if widest else x for x in offsets]

"""Marks in a panel: points and lines by seaborn, means with intervals, single units side by side, names of lines."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.figures import _theme as theme
from omtrace.figures._panels import PanelOptions
from omtrace.figures._sheet import Group, Sheet
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import PathCollection

FEWEST = 5  # of fewer values neither a box nor an interval is drawn (Krzywinski and Altman 2014, Nat Methods 11: 119)
CROWD = 500  # points of a column, from which on they are placed in rows: no reader sees which is which
FEW = f"No box or interval is drawn of fewer than {FEWEST} values."


@contextmanager
def _without_ticks(axes: "Axes") -> Iterator[None]:
    """Axes without ticks while seaborn draws: it looks at all their labels at every call, most of its time.

    A logarithmic scale is set afterwards: seaborn would take each value to its logarithm and back.
    """
    from matplotlib.ticker import NullLocator

    if (axes.get_xscale(), axes.get_yscale()) != ("linear", "linear"):
        raise AssertionError("seaborn is to draw before the scale becomes logarithmic")
    both: tuple[Axis, Axis] = (axes.xaxis, axes.yaxis)
    locators = [axis.get_major_locator() for axis in both]
    for axis in both:
        axis.set_major_locator(NullLocator())
    try:
        yield
    finally:
        for axis, locator in zip(both, locators, strict=True):
            axis.set_major_locator(locator)
            axis.label.set_visible(True)  # seaborn hides the title of an axis without ticks


@dataclass(frozen=True)
class Style:
    """How points are drawn: diameter and width of the edge in points, opacity, order, and what they are called."""

    size: float
    alpha: float = 1
    zorder: float = 6
    edge: float = 0.7
    label: str = ""


def draw_points(
    axes: "Axes", places: Sequence[tuple[float, float]], groups: Sequence[Group], style: Style
) -> "PathCollection | None":
    """Points by seaborn, each in the colour and with the marker of its group; none: nothing is drawn.

    The values are drawn as they are: no estimator, and no jitter.
    """
    import seaborn

    if not places:
        return None
    looks = {group.key: group for group in groups}
    names = [group.key for group in groups]
    with _without_ticks(axes):
        seaborn.scatterplot(
            x=[x for x, _ in places],
            y=[y for _, y in places],
            hue=names,
            style=names,
            hue_order=list(looks),
            style_order=list(looks),
            palette={key: look.colour for key, look in looks.items()},
            markers={key: look.marker for key, look in looks.items()},
            s=style.size**2,
            alpha=style.alpha,
            edgecolor="white",
            linewidth=style.edge,
            legend=False,
            zorder=style.zorder,
            ax=axes,
        )
    collection: PathCollection = axes.collections[-1]  # type: ignore[assignment]
    collection.set_label(style.label)
    return collection


def draw_courses(
    axes: "Axes",
    courses: Sequence[tuple[Group, Sequence[tuple[float, float]]]],
    linewidth: float = 1.3,
    zorder: float = 4,
    drawstyle: str = "default",
) -> None:
    """Lines by seaborn over places, each in the colour and with the dashes of its group.

    seaborn drops a missing value and draws a line over the gap. So each run of values without a gap is a unit of its
    own here; nothing is estimated (no estimator, no error bar), and places are not sorted.
    """
    import seaborn

    rows: list[tuple[float, float, str, int]] = []
    run = 0
    for group, places in courses:
        run += 1
        for x, y in places:
            if math.isfinite(y):
                rows.append((x, y, group.key, run))
            else:
                run += 1
    if not rows:
        return
    looks = {group.key: group for group, _ in courses}
    xs, ys, names, runs = zip(*rows, strict=True)
    drawn = [key for key in looks if key in names]
    with _without_ticks(axes):
        seaborn.lineplot(
            x=list(xs),
            y=list(ys),
            hue=list(names),
            style=list(names),
            units=list(runs),
            hue_order=drawn,
            style_order=drawn,
            palette={key: looks[key].colour for key in drawn},
            dashes={key: looks[key].dashes or "" for key in drawn},
            estimator=None,
            errorbar=None,
            sort=False,
            legend=False,
            linewidth=linewidth,
            drawstyle=drawstyle,
            zorder=zorder,
            ax=axes,
        )


@dataclass(frozen=True)
class Interval:
    """A number with the ends of its interval, at a place on the x axis; ``ends`` is empty where none is drawn."""

    x: float
    group: Group
    point: Estimate
    ends: tuple[Estimate, ...]


def interval(x: float, group: Group, triple: Sequence[Estimate], counted: Estimate | None = None) -> Interval:
    """An interval to be drawn; without its ends where there are none, or they rest on fewer than ``FEWEST`` values."""
    few = counted is not None and counted.value < FEWEST
    point, *ends = triple
    whole = all(math.isfinite(end.value) for end in ends) and not few
    return Interval(x, group, point, tuple(ends) if whole else ())


def draw_intervals(sheet: Sheet, axes: "Axes", intervals: Sequence[Interval], reach: float, size: float = 6) -> None:
    """Means as markers with their intervals: a stem, and at each end a cap that reaches ``reach`` to either side."""
    barred = [each for each in intervals if each.ends and math.isfinite(each.point.value)]
    if barred:
        colours = [each.group.colour for each in barred]
        low, high = ([each.ends[side].value for each in barred] for side in (0, 1))
        axes.vlines([each.x for each in barred], low, high, colors=colours, linewidth=1.3, zorder=5)
    draw_ends(sheet, axes, intervals, reach, size)


def draw_ends(sheet: Sheet, axes: "Axes", intervals: Sequence[Interval], reach: float, size: float) -> None:
    """Means as markers, and the caps at the ends of their intervals, without a stem between them."""
    drawn = [each for each in intervals if math.isfinite(each.point.value)]
    barred = [each for each in drawn if each.ends]
    if barred:
        colours = [each.group.colour for each in barred]
        xs = [each.x for each in barred]
        for side in (0, 1):
            left, right = [x - reach for x in xs], [x + reach for x in xs]
            values = [each.ends[side].value for each in barred]
            caps = axes.hlines(values, left, right, colors=colours, linewidth=1.3, zorder=5)
            sheet.show(caps, *(each.ends[side] for each in barred))
    places = [(each.x, each.point.value) for each in drawn]
    points = draw_points(axes, places, [each.group for each in drawn], Style(size))
    if points:
        sheet.show(points, *(each.point for each in drawn))


@dataclass(frozen=True)
class Swarm:
    """Single units as points side by side: x and y of each, column by column, and their diameter in points."""

    places: list[tuple[float, float]]
    size: float

    @property
    def style(self) -> Style:
        """How they are drawn: pale, and without an edge where they are small."""
        return Style(self.size, alpha=0.65, zorder=3, edge=0.3 if self.size > 3 else 0, label="units")


def swarm(
    xs: Sequence[float], columns: Sequence[Sequence[float]], slot: float, room: float, options: PanelOptions
) -> Swarm:
    """Places of single units as points side by side around the middle of each column.

    Parameters
    ----------
    xs, columns
        The middle of each column, and its values.
    slot
        What 1 on the x axis is in points on paper.
    room
        The share of it that the points of a column may take.
    options
        The height of the value axis in inches, and whether it is logarithmic.

    Notes
    -----
    seaborn's swarm plot is not used: it orders ties by an unstable sort, which may differ between processors, draws the
    whole figure for each panel, and piles up what does not fit at the edges.
    """
    every = [value for column in columns for value in column]
    most = max(map(len, columns), default=0)
    size = min(4.8 if most <= 20 else 3.8 if most <= 50 else 3.0, max(slot * room / (3.5 if most <= 20 else 6), 1.8))
    scale = math.log10 if options.log else float
    span = scale(max(every)) - scale(min(every)) if every else 0
    points = options.height * 72 * 0.7 / (span or 1)
    places: list[tuple[float, float]] = []
    for x, column in zip(xs, columns, strict=True):
        aside = side_by_side([scale(v) * points for v in column], size * 1.1 + 0.3, slot * room / 2)
        places += [(x + a / slot, value) for a, value in zip(aside, column, strict=True)]
    return Swarm(places, size)


def side_by_side(heights: Sequence[float], diameter: float, reach: float) -> list[float]:
    """Sideways offsets of points so that they do not cover one another: a bee swarm without chance.

    ``heights`` are the points' places along the value axis, ``diameter`` what a point needs, in one unit.
    From the lowest up, each point goes to the free place nearest to the middle, ties in the order given; a swarm wider
    than ``reach`` to a side is pressed together. Of more than ``CROWD`` points those of one height stand in a row.
    """
    offsets = [0.0] * len(heights)
    if len(heights) > CROWD:
        return _rows_of_points(heights, diameter, reach)
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


def _rows_of_points(heights: Sequence[float], diameter: float, reach: float) -> list[float]:
    """Sideways offsets of many points: those within a diameter of height side by side around the middle."""
    offsets, taken = [0.0] * len(heights), Counter[int]()
    for i in sorted(range(len(heights)), key=lambda k: (heights[k], k)):
        row = math.floor(heights[i] / diameter)
        taken[row] += 1
        offsets[i] = diameter * (taken[row] // 2) * (1 if taken[row] % 2 else -1)
    widest = max(map(abs, offsets))
    return [x * min(1.0, reach / widest) if widest else x for x in offsets]


def end_labels(groups: Sequence[Group], ends: Sequence[float], height: float, low: float, high: float) -> list[float]:
    """Where labels at the ends of lines stand, in points above the axis, moved apart; none where that is too far.

    ``ends`` are the last values of the lines on an axis from ``low`` to ``high`` (as drawn: logarithms on a logarithmic
    axis), ``height`` its height in points.
    """
    apart = theme.SMALL * 1.2
    order = sorted(range(len(groups)), key=lambda i: (ends[i], i))
    wanted = [(ends[i] - low) / (high - low) * height for i in order]
    placed = list(wanted)
    for _ in range(20):  # neighbours that are too near push each other off
        for i, (lower, upper) in enumerate(zip(placed, placed[1:], strict=False)):
            if upper - lower < apart:
                middle = (lower + upper) / 2
                placed[i], placed[i + 1] = middle - apart / 2, middle + apart / 2
    if any(abs(a - b) > apart for a, b in zip(placed, wanted, strict=True)):
        return []
    places = [0.0] * len(groups)
    for place, i in zip(placed, order, strict=True):
        places[i] = place
    return places

"""Small multiples: a grid of panels, their axes, and what is counted below them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import _style as style
from omtrace.figures._results import Number
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 1.25  # height of a line of text, in font sizes
ROW = style.SMALL * LINE  # points: a row of counts
SLANT = 35  # degrees, of labels that are too long to lie
APART = 4  # points between labels


class PanelOptions(Closed):
    """What every figure of small multiples may be told."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn, a panel each; none: all of the analyses")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    by_group: bool = Field(True, description="groups apart, where the dataset has groups; else all units together")
    columns: int = Field(0, description="panels side by side; 0: by their number", ge=0, le=4)
    height: float = Field(2.1, description="height of a panel without what stands below its axis, inches", ge=1.2, le=6)
    log: bool = Field(False, description="logarithmic axis of the values")


@dataclass(frozen=True)
class Ticks:
    """Labels of the places on an x axis as they fit: lying in lines, else slanted; ``depth`` in points below it."""

    labels: tuple[str, ...]
    size: float
    slanted: bool
    depth: float


@dataclass(frozen=True)
class Grid:
    """The panels' axes, and for each the labels of its x axis and the depth in points at which counts begin."""

    axes: list["Axes"]
    ticks: list[Ticks]
    depths: list[float]
    width: float


def columns_for(count: int, wanted: int = 0) -> int:
    """Panels side by side: the number wanted, else 1 to 3."""
    return min(count, wanted or (2 if count in (2, 4) else 3))


def panel_width(columns: int, values: Sequence[float], log: bool = False) -> float:
    """Width in points that the panels' axes keep beside the labels of values from the least to the greatest."""
    finite = [v for v in values if math.isfinite(v)] or [0.0]
    top, span = max(map(abs, finite)), max(finite) - min(finite)
    text = plain(top) if log else f"{top:.0f}" + (".0" if span < 8 else "") + ("0" if span < 2 else "")
    return style.WIDTH * 72 / columns - 31 - style.text_width("−" * (min(finite) < 0) + text, style.SMALL)


def fitted(labels: Sequence[str], slot: float) -> Ticks:
    """Labels for places ``slot`` points apart: as large as they can lie, else slanted."""
    words = [word for label in labels for word in label.split()]
    for size in (style.TICK, style.SMALL):
        if max((style.text_width(word, size) for word in words), default=0) <= slot - APART:
            lines = [style.wrapped(label, slot - APART, size) for label in labels]
            depth = 7 + max(map(len, lines)) * size * LINE
            return Ticks(tuple("\n".join(parts) for parts in lines), size, False, depth)
    lines = [style.wrapped(label, 110, style.SMALL) for label in labels]
    width = max(style.text_width(part, style.SMALL) for parts in lines for part in parts)
    angle = math.radians(SLANT)
    depth = 8 + width * math.sin(angle) + max(map(len, lines)) * style.SMALL * math.cos(angle)
    return Ticks(tuple("\n".join(parts) for parts in lines), style.SMALL, True, depth)


def grid(sheet: Sheet, options: PanelOptions, titles: Sequence[str], labels: Sequence[Sequence[str]],
         values: Sequence[float], rows: int = 0, slots: Sequence[float] = (), named: bool = False) -> Grid:  # fmt: skip
    """Axes for as many panels as there are titles, row by row, and the labels of each x axis as they fit.

    ``values``: all that is drawn, for the room that the value axes need; ``rows``: rows of counts below;
    ``slots``: places that the width of each panel holds; ``named``: whether the x axis has a title.
    """
    slots = slots or [len(some) for some in labels]
    most = columns_for(len(labels), options.columns)
    least = most if options.columns or len(labels) > 6 else min(most, 2)
    for columns in [*range(most, least - 1, -1), most]:  # rather fewer panels side by side than slanted labels
        width = panel_width(columns, values, options.log)
        ticks = [fitted(some, width / slot) for some, slot in zip(labels, slots, strict=True)]
        if not any(some.slanted for some in ticks):
            break
    depths = [max(t.depth for t in ticks[i - i % columns :][:columns]) for i in range(len(ticks))]
    above = max(len(style.wrapped(title, width, style.TITLE, True)) - 1 for title in titles) * style.TITLE * LINE / 72
    below = (max(depths) + rows * ROW + (14 if named else 0)) / 72
    axes = axes_of(sheet, len(labels), columns, above + options.height + below + (0.7 if columns == 1 else 0))
    return Grid(axes, ticks, depths, width)


def axes_of(sheet: Sheet, count: int, columns: int, height: float) -> list["Axes"]:
    """Axes in rows of a height in inches."""
    rows = math.ceil(count / columns)
    sheet.figure.set_size_inches(style.WIDTH, rows * height + 0.1)
    axes = sheet.figure.subplots(rows, columns, squeeze=False).flat
    for spare in axes[count:]:
        spare.remove()
    return list(axes[:count])


def head(axes: "Axes", title: str, unit: str, width: float, height: float) -> None:
    """Title and unit of a panel, in as many lines as they need."""
    axes.set_title("\n".join(style.wrapped(title, width, style.TITLE, True)), pad=7)
    axes.set_ylabel("\n".join(style.wrapped(unit, height * 72 * 0.75)))


def category_axis(axes: "Axes", positions: Sequence[float], ticks: Ticks) -> None:
    """Name the places on the x axis."""
    slanted: dict[str, Any] = {"rotation": SLANT, "ha": "right", "rotation_mode": "anchor", "linespacing": 1.0}
    axes.set_xticks(positions, ticks.labels, size=ticks.size, **(slanted if ticks.slanted else {}))
    axes.grid(False, axis="x")


def counts(
    sheet: Sheet, axes: "Axes", rows: Sequence[tuple[Group, Sequence[tuple[float, Number]]]], depth: float
) -> None:
    """Numbers counted, a row a group, below the labels of the x axis; the row's head shows the group's marker."""
    for row, (group, places) in enumerate(rows):
        down = -depth - row * ROW
        common: dict[str, Any] = {"textcoords": "offset points", "va": "top", "size": style.SMALL,
                                  "annotation_clip": False, "color": group.colour}  # fmt: skip
        axes.annotate(
            "n" if group.key == "all" else f"n {group.glyph}",
            (0, 0),
            (-6, down),
            xycoords="axes fraction",
            ha="right",
            **common,
        )
        for x, number in places:
            text = axes.annotate(
                number.shown, (x, 0), (0, down), xycoords=axes.get_xaxis_transform(), ha="center", **common
            )
            sheet.show(text, number)


def value_axis(sheet: Sheet, axes: "Axes", quantity: Quantity, drawn: Sequence[float], log: bool) -> None:
    """A value axis that holds everything drawn. Raises Fault for a logarithmic axis over values of zero or less."""
    finite = [v for v in drawn if math.isfinite(v)]
    if not finite:
        axes.set_yticks([])
        return
    low, high = min(finite), max(finite)
    if not log:
        pad = (high - low) * 0.08 or abs(high) * 0.1 or 1
        axes.set_ylim(low - pad, high + pad)
        return
    if low <= 0:
        raise Fault(
            f"{sheet.where}.options.log: parameter {quantity.key!r} has values, or limits of an interval, of zero "
            f"or less, which a logarithmic axis cannot show; take log out"
        )
    axes.set_yscale("log")
    plain_log(axes.yaxis, finite)
    pad = (high / low) ** 0.08 if high > low else 1.5
    axes.set_ylim(low / pad, high * pad)


def plain_log(axis: Any, drawn: Sequence[float]) -> None:
    """Ticks of a logarithmic axis as plain numbers; 1, 2, 5 within two decades, else the decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    decades = math.log10(max(drawn) / min(drawn))
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_locator(NullLocator())


def plain(value: float) -> str:
    """A tick's value without powers of ten."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def said(numbers: Sequence[tuple[str, Number]], unit: str = "") -> str:
    """Numbers in words for an alternative text: "Baseline 62.1, 1 month 60.4 points"."""
    text = ", ".join(f"{name} {number.shown}".strip() for name, number in numbers if number.text)
    return f"{text} {unit}".strip() if text else "no values"


def alternative(opening: str, panels: Sequence[tuple[str, str]], limit: int = 12) -> str:
    """Alternative text: what the figure is, then the numbers of each panel; of many panels, their titles."""
    if len(panels) > limit:
        return f"{opening} Panels: {'; '.join(title for title, _ in panels)}."
    return " ".join([opening, *(f"{title}: {text}." for title, text in panels)])

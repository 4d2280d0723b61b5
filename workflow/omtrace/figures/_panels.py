"""Small multiples: a grid of panels, their axes, and what is counted below them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault, Refusal
from omtrace.figures import _theme as theme
from omtrace.figures._sheet import Group, Quantity, Sheet, look_of
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

ROW = theme.SMALL * theme.LEADING  # points: a row of counts
SLANT = 35  # degrees, of labels that are too long to lie
APART = 4  # points between labels


class PanelOptions(Closed):
    """What every figure of small multiples takes."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn, a panel each; none: all of the analyses")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    by_group: bool = Field(True, description="groups apart, where the dataset has groups; else all units together")
    columns: int = Field(0, description="panels side by side; 0: by their number", ge=0, le=5)
    height: float = Field(2.1, description="height of a panel without what stands below its axis, inches", ge=1.2, le=6)
    log: bool = Field(False, description="logarithmic axis of the values")


@dataclass(frozen=True)
class Factors:
    """Groups that are combinations of two factors: a level of the outer one, then a level of the inner one."""

    outer: str
    inner: str
    levels: dict[str, tuple[str, str]]  # group -> outer and inner level

    @property
    def outer_levels(self) -> list[str]:
        """Levels of the outer factor, in the plan's order."""
        return list(dict.fromkeys(outer for outer, _ in self.levels.values()))

    def inner_looks(self, groups: Sequence[Group]) -> list[Group]:
        """The groups, each with its inner level as label and that level's look."""
        inner = list(dict.fromkeys(level for _, level in self.levels.values()))
        return [look_of(g.key, self.levels[g.key][1], inner.index(self.levels[g.key][1])) for g in groups]


def factors_of(sheet: Sheet, names: Sequence[str], groups: Sequence[Group]) -> Factors | None:
    """The two factors whose levels the groups' labels list, such as "two-hit, sham"; None where none are named.

    Raises Fault for labels that are not two levels each.
    """
    if not names:
        return None
    levels = {group.key: tuple(part.strip() for part in group.label.split(",")) for group in groups}
    others = [group.label for group in groups if len(levels[group.key]) != 2]
    if len(names) != 2 or others:
        raise Fault(
            f"{sheet.where}.options.factors: names two factors, such as [Model, Treatment], and each group's label is "
            f"a level of the first, a comma, and a level of the second" + (f"; not so: {others[0]!r}" if others else "")
        )
    return Factors(names[0], names[1], {key: (pair[0], pair[1]) for key, pair in levels.items()})


# the grid


@dataclass(frozen=True)
class Ticks:
    """Labels of the places on an x axis as they fit: lying in lines, else slanted; ``depth`` in points below it.

    ``spans``: what stands below several of them: label, first and last place.
    """

    labels: tuple[str, ...]
    size: float
    slanted: bool
    depth: float
    spans: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Facet:
    """What is written around a panel: its title, the title of its value axis, the labels of its places.

    ``slots``: how many places its width holds, where they are not as many as its labels.
    """

    title: str
    unit: str
    labels: Sequence[str]
    slots: float = 0

    @property
    def places(self) -> float:
        """How many places its width holds."""
        return self.slots or len(self.labels)


@dataclass(frozen=True)
class Below:
    """What stands below each panel: rows of counts, a second row of labels, and whether the x axis has a title."""

    rows: int = 0
    spans: Sequence[str] = ()
    is_titled: bool = False


@dataclass(frozen=True)
class Frame:
    """A panel's axes and what is written around them; ``depth``: where counts begin, in points below the axes.

    ``unit``: title of the value axis, "" where the panel to the left has the same.
    """

    axes: "Axes"
    title: str
    unit: str
    ticks: Ticks
    depth: float
    width: float
    height: float
    slots: float

    @property
    def slot(self) -> float:
        """Points from one place on the x axis to the next."""
        return self.width / self.slots

    def label(self, sheet: Sheet, positions: Sequence[float], rows: Sequence["Counts"]) -> None:
        """Name the places on the x axis, print what was counted below them, and put the panel's title above."""
        category_axis(self.axes, positions, self.ticks)
        counts(sheet, self.axes, rows, self.depth)
        head(self.axes, self.title, self.unit, self.width, self.height)


Counts = tuple[Group, Sequence[tuple[float, Estimate]]]  # a group, and what was counted in it at each place


def columns_for(count: int, wanted: int = 0) -> int:
    """Panels side by side: the number wanted, else so many that the last row is as full as it can be."""
    if wanted or count <= 4:
        return min(count, wanted or (2 if count == 4 else 3))
    return min((3, 4, 5) if count >= 10 else (3, 4), key=lambda columns: (-count % columns, columns))


def panel_width(columns: int, values: Sequence[float], log: bool = False) -> float:
    """Width in points that the panels' axes keep beside the labels of values from the least to the greatest."""
    finite = [v for v in values if math.isfinite(v)] or [0.0]
    top, span = max(map(abs, finite)), max(finite) - min(finite)
    text = theme.plain(top) if log else f"{top:.0f}" + (".0" if span < 8 else "") + ("0" if span < 2 else "")
    return theme.WIDTH * 72 / columns - 31 - theme.text_width("−" * (min(finite) < 0) + text, theme.SMALL)


def fitted(labels: Sequence[str], slot: float, spans: Sequence[str] = ()) -> Ticks:
    """Labels for places ``slot`` points apart: as large as they can lie, else slanted.

    ``spans``: for each place what stands in a second row, once for neighbours that share it.
    """
    words = [word for label in labels for word in label.split()]
    below = 1.4 * theme.TICK + 5 if spans else 0
    for size in (theme.TICK, theme.SMALL, 7.0):
        if max((theme.text_width(word, size) for word in words), default=0) <= slot - APART / (2 if size == 7 else 1):
            lines = [theme.wrapped(label, slot - APART, size) for label in labels]
            depth = 7 + max(map(len, lines)) * size * theme.LEADING
            texts = tuple("\n".join(parts) for parts in lines)
            return Ticks(texts, size, False, depth + below, spans_of(spans))
    lines = [theme.wrapped(label, 110, theme.SMALL) for label in labels]
    width = max(theme.text_width(part, theme.SMALL) for parts in lines for part in parts)
    angle = math.radians(SLANT)
    depth = 8 + width * math.sin(angle) + max(map(len, lines)) * theme.SMALL * math.cos(angle)
    return Ticks(tuple("\n".join(parts) for parts in lines), theme.SMALL, True, depth + below, spans_of(spans))


def spans_of(names: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """Neighbouring places that share a name: the name, the first and the last place."""
    spans: list[tuple[str, int, int]] = []
    for place, name in enumerate(names):
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1], place)
        else:
            spans.append((name, place, place))
    return tuple(spans)


def grid(
    sheet: Sheet, options: PanelOptions, facets: Sequence[Facet], values: Sequence[float], below: Below
) -> list[Frame]:
    """Axes for panels, row by row, and the labels of each x axis as they fit.

    ``values``: all that is drawn, for the room that the value axes need.
    """
    units = [facet.unit for facet in facets]
    most = columns_for(len(facets), options.columns)
    least = most if options.columns or len(facets) > 6 else min(most, 2)
    for columns in [*range(most, least - 1, -1), most]:  # rather fewer panels side by side than slanted labels
        width = panel_width(columns, values, options.log) + 10 * (len(set(units)) == 1 and columns > 2)
        ticks = [fitted(facet.labels, width / facet.places, below.spans) for facet in facets]
        if not any(some.slanted for some in ticks):
            break
    depths = [max(t.depth for t in ticks[i - i % columns :][:columns]) for i in range(len(ticks))]
    above = max(len(theme.wrapped(facet.title, width, theme.TITLE, True)) - 1 for facet in facets)
    room = (max(depths) + below.rows * ROW + (14 if below.is_titled else 0)) / 72
    height = above * theme.TITLE * theme.LEADING / 72 + options.height + room + (0.7 if columns == 1 else 0)
    frames = []
    for i, axes in enumerate(axes_of(sheet, len(facets), columns, height)):
        facet, unit = facets[i], units[i] if i % columns == 0 or units[i] != units[i - 1] else ""
        frames.append(Frame(axes, facet.title, unit, ticks[i], depths[i], width, options.height, facet.places))
    return frames


def axes_of(sheet: Sheet, count: int, columns: int, height: float) -> list["Axes"]:
    """Axes in rows of a height in inches."""
    rows = math.ceil(count / columns)
    sheet.figure.set_size_inches(theme.WIDTH, rows * height + 0.1)
    axes = sheet.figure.subplots(rows, columns, squeeze=False).flat
    for spare in axes[count:]:
        spare.remove()
    return list(axes[:count])


def head(axes: "Axes", title: str, unit: str, width: float, height: float) -> None:
    """Title and unit of a panel, in as many lines as they need."""
    axes.set_title(theme.filled(title, width, theme.TITLE, True), pad=7)
    axes.set_ylabel(theme.filled(unit, height * 72 * 0.75))


def category_axis(axes: "Axes", positions: Sequence[float], ticks: Ticks) -> None:
    """Name the places on the x axis, in one row or, for two factors, in two."""
    if ticks.slanted:
        axes.set_xticks(positions, ticks.labels, size=ticks.size, rotation=SLANT, ha="right", rotation_mode="anchor")
        for label in axes.get_xticklabels():
            label.set_linespacing(1.0)
    else:
        axes.set_xticks(positions, ticks.labels, size=ticks.size)
    axes.grid(False, axis="x")
    axes.set_xlabel("")
    if ticks.spans:
        _spans(axes, positions, ticks)


def _spans(axes: "Axes", positions: Sequence[float], ticks: Ticks) -> None:
    """A second row below the labels: a line over the places that share a level of the outer factor, and its name."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure(root=True)
    if figure is None:
        raise AssertionError("axes without a figure")
    down = -(ticks.depth - 1.4 * theme.TICK - 2)
    across = axes.get_xaxis_transform()
    line = across + ScaledTranslation(0, down / 72, figure.dpi_scale_trans)
    for label, first, last in ticks.spans:
        ends = positions[first] - 0.4, positions[last] + 0.4
        axes.plot(ends, [0, 0], color=theme.FRAME, linewidth=0.8, transform=line, clip_on=False, label="span")
        axes.annotate(
            label,
            (sum(ends) / 2, 0),
            (0, down - 2),
            xycoords=across,
            textcoords="offset points",
            ha="center",
            va="top",
            size=theme.TICK,
            color=theme.INK,
            annotation_clip=False,
        )


def counts(sheet: Sheet, axes: "Axes", rows: Sequence[Counts], depth: float) -> None:
    """Numbers counted, a row a group, below the labels of the x axis; the row's head shows the group's marker.

    A count that is the same at all of three and more places is written once.
    """
    across = axes.get_xaxis_transform()
    for row, (group, places) in enumerate(rows):
        down = -depth - row * ROW
        ink = group.ink if group.marker else group.colour
        axes.annotate(
            "n" if group.key == "all" else f"n {group.glyph}",
            (0, 0),
            (-6, down),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            size=theme.SMALL,
            color=ink,
            annotation_clip=False,
        )
        same = len(places) > 2 and len({number.shown for _, number in places}) == 1 and bool(group.marker)
        for x, number in places[:1] if same else places:
            text = axes.annotate(
                f"{number.shown} throughout" if same else number.shown,
                (0 if same else x, 0),
                (2 if same else 0, down),
                xycoords="axes fraction" if same else across,
                textcoords="offset points",
                ha="left" if same else "center",
                va="top",
                size=theme.SMALL,
                color=ink,
                annotation_clip=False,
            )
            sheet.show(text, number)


def value_axis(sheet: Sheet, axes: "Axes", quantity: Quantity, drawn: Sequence[float], log: bool) -> None:
    """A value axis that holds everything drawn. Raises Fault as ``check_log`` does."""
    check_log(sheet, quantity, drawn, log)
    finite = [v for v in drawn if math.isfinite(v)]
    if not finite:
        axes.set_yticks([])
        return
    low, high = min(finite), max(finite)
    if not log:
        pad = (high - low) * 0.08 or abs(high) * 0.1 or 1
        axes.set_ylim(low - pad, high + pad)
        return
    axes.set_yscale("log")
    plain_log(axes.yaxis, finite)
    pad = (high / low) ** 0.08 if high > low else 1.5
    axes.set_ylim(low / pad, high * pad)


def check_log(sheet: Sheet, quantity: Quantity, drawn: Sequence[float], log: bool) -> None:
    """Raises Fault for a logarithmic axis over values of zero or less."""
    if log and any(value <= 0 for value in drawn):
        raise Refusal(
            f"{sheet.where}.options.log: parameter {quantity.key!r} has values, or limits of an interval, of zero "
            f"or less, which a logarithmic axis cannot show; take log out"
        )


def plain_log(axis: "Axis", drawn: Sequence[float]) -> None:
    """Ticks of a logarithmic axis as plain numbers: round ones, at least two of them within what is drawn."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low, high = min(drawn), max(drawn)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    if math.log10(high / low) >= 2:
        axis.set_major_locator(LogLocator(subs=(1,)))
    else:
        for steps in ((1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
            ticks = [step * 10.0**k for k in powers for step in steps if low / 1.1 <= step * 10.0**k <= high * 1.1]
            if len(ticks) >= 3:
                break
        else:  # within a narrow range even steps
            ticks = list(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
        axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: theme.plain(value)))
    axis.set_minor_locator(NullLocator())


# alternative text


def listed(numbers: Sequence[tuple[str, Estimate]], unit: str = "") -> str:
    """Numbers in words for an alternative text: "Baseline 62.1, 1 month 60.4 points"."""
    text = ", ".join(f"{name} {number.shown}".strip() for name, number in numbers if number.text)
    return f"{text} {unit}".strip() if text else "no values"


def alternative(opening: str, panels: Sequence[tuple[str, str]], limit: int = 12) -> str:
    """Alternative text: what the figure is, then the numbers of each panel; of many panels, their titles."""
    if len(panels) > limit:
        return f"{opening} Panels: {'; '.join(title for title, _ in panels)}."
    return " ".join([opening, *(f"{title}: {text}." for title, text in panels)])

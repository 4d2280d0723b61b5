"""Which visits units have a value at: a row a pattern, with how many units of each group have it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Name
from omtrace.figures._sheet import Group, Look, Quantity, Sheet
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEN, MISSING = "●", "○"
ROW = 0.22  # inches: height of a bar
CELL = 0.72  # inches: width of a visit


class Options(Closed):
    """Options of the figure."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn, a panel each; none: all of the analyses")
    by_group: bool = Field(True, description="groups apart, where the dataset has groups; else all units together")


@dataclass(frozen=True)
class Pattern:
    """One pattern of a parameter: a mark for each visit, and count and percent of each group."""

    marks: str
    counts: list[Estimate]
    percents: list[Estimate]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter: the patterns, the most complete first, and a bar for each group."""
    quantities = sheet.quantities(options.parameters)
    groups = sheet.groups(quantities[0].dataset, options.by_group)
    patterns = [_patterns(sheet, quantity, groups) for quantity in quantities]
    counts = [len(some) for some in patterns]
    step = ROW * len(groups) + 0.12
    sheet.figure.set_size_inches(theme.WIDTH, sum(counts) * step + 0.75 * len(counts) + 0.1)
    visits = max(len(quantity.parameter.visits) for quantity in quantities)
    share = min(CELL * visits, theme.WIDTH * 0.55)
    heights, widths = [count + 0.6 for count in counts], [share, theme.WIDTH - share]
    grid = sheet.figure.add_gridspec(len(counts), 2, height_ratios=heights, width_ratios=widths)
    texts = []
    for i, (quantity, some) in enumerate(zip(quantities, patterns, strict=True)):
        left, right = (sheet.figure.add_subplot(grid[i, column]) for column in (0, 1))
        _marks(left, quantity, some, share * 72)
        _bars(sheet, right, some, groups)
        named = [
            (f"{group.label} {pattern.marks}", pattern.counts[k]) for pattern in some for k, group in enumerate(groups)
        ]
        texts.append((quantity.label, panels.listed(named)))
    square: Look = {"marker": "s", "markersize": 8, "linestyle": "none", "markeredgecolor": theme.MUTED}
    squares = [("Observed", {**square, "color": theme.MUTED}), ("Missing", {**square, "markerfacecolor": "white"})]
    bars = [(g.label, {"marker": "s", "markersize": 8, "linestyle": "none", "color": g.colour}) for g in groups]
    sheet.key([*squares, *(bars if len(groups) > 1 else [])])
    alt = panels.alternative("Patterns of observed (●) and missing (○) values by visit, with counts.", texts)
    unit = quantities[0].dataset.unit
    return Drawing(alt, sheet.numbers, f"Rows: patterns over the visits. Bars: how many {plural(unit)} have each.")


def _patterns(sheet: Sheet, quantity: Quantity, groups: list[Group]) -> list[Pattern]:
    visits = len(quantity.parameter.visits)
    numbers = sheet.estimates.of(quantity.analysis, ["count"])
    mine = [n.level for n in numbers if n.parameter == quantity.key and not n.visit]
    levels = [level for level in dict.fromkeys(mine) if len(level) == visits and set(level) <= {SEEN, MISSING}]
    if not levels:
        raise Fault(f"{sheet.where}: analysis {quantity.analysis!r} has no pattern of {quantity.key!r}; {AGAIN}")

    def of(statistic: str, level: str) -> list[Estimate]:
        return [
            sheet.estimates.find(Name(quantity.analysis, quantity.key, statistic, group.key, level=level))
            for group in groups
        ]

    return [Pattern(level, of("count", level), of("percent", level)) for level in levels]


def _marks(axes: "Axes", quantity: Quantity, patterns: list[Pattern], width: float) -> None:
    """A square for each visit of a pattern."""
    visits = quantity.parameter.visits
    places = [(k, down, mark) for down, pattern in enumerate(patterns) for k, mark in enumerate(pattern.marks)]
    colours = [theme.MUTED if mark == SEEN else "white" for _, _, mark in places]
    xs, ys = [x for x, _, _ in places], [y for _, y, _ in places]
    axes.scatter(xs, ys, s=121, marker="s", facecolors=colours, edgecolors=theme.MUTED, linewidths=0.9)
    labels = [quantity.dataset.visits[visit] for visit in visits]
    ticks = panels.fitted(labels, width / len(visits))
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(visits)), ticks.labels, size=ticks.size)
    if ticks.slanted:
        for label in axes.get_xticklabels():
            label.set(rotation=panels.SLANT, ha="left", rotation_mode="anchor")
    axes.tick_params(length=0)
    axes.set_xlim(-0.6, len(visits) - 0.4)
    axes.set_ylim(len(patterns) - 0.4, -0.6)
    axes.set_yticks([])
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(theme.filled(quantity.label, theme.WIDTH * 60, theme.TITLE, True), pad=10)


def _bars(sheet: Sheet, axes: "Axes", patterns: list[Pattern], groups: list[Group]) -> None:
    """A bar for each pattern and group, its count and percent at the end."""
    height = 0.8 / len(groups)
    known = [n.value for pattern in patterns for n in pattern.counts if n.text]
    most = max(known, default=1) or 1
    for down, pattern in enumerate(patterns):
        for k, (group, count, percent) in enumerate(zip(groups, pattern.counts, pattern.percents, strict=True)):
            middle = down + (k - (len(groups) - 1) / 2) * height
            if count.text:
                bar = axes.barh(middle, count.value, height * 0.86, color=group.colour, linewidth=0)
                sheet.show(bar[0], count)
            text = axes.annotate(
                f"{count.shown} ({percent.shown}%)" if percent.text else count.shown,
                (count.value if count.text else 0, middle),
                (4, 0),
                textcoords="offset points",
                va="center",
                size=theme.SMALL,
            )
            sheet.show(text, percent)
    axes.set_ylim(len(patterns) - 0.4, -0.6)
    axes.set_xlim(0, most * 1.22)
    axes.set_yticks([])
    axes.grid(False)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


FIGURE = Figure(Options, draw, lambda options: [("count",), ("percent",)])

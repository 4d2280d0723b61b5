"""Influence: the estimate with all units, and without each of those that change it most."""

import math
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _rows as rows
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY, group_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDS = ("estimate_ci_low", "estimate_ci_high")
Key = tuple[str, str, str, str]  # analysis, parameter, group, visit


class Options(Closed):
    """What the figure may be told."""

    reference: float = Field(0, description="value of no effect: a dashed line; 1 for ratios")


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each effect: all units first, then the removals, with the range over all of them as a band."""
    effects: dict[Key, list[Number]] = {}
    for name in sheet.entry.analyses:
        for number in sheet.estimates.of(name, ["estimate"]):
            effects.setdefault((number.analysis, number.parameter, number.group, number.visit), []).append(number)
    if not effects:
        raise Fault(f"{sheet.where}: its analyses hold no removals of single units; {AGAIN}")
    heights = [rows.HEIGHT * len(points) for points in effects.values()]
    sheet.figure.set_size_inches(style.WIDTH, sum(heights) + 0.62 * len(effects) + 0.2)
    grid = sheet.figure.add_gridspec(len(effects), 1, height_ratios=heights)
    said = []
    for at, (key, points) in enumerate(effects.items()):
        axes = sheet.figure.add_subplot(grid[at, 0])
        said.append((_title(sheet, key), _panel(sheet, axes, key, points, options)))
        axes.set_title(_title(sheet, key) if len(effects) > 1 else "", pad=6)
    alt = panels.alternative("Estimates without single units, a row each.", said)
    note = ("Points: estimates; bars: their confidence intervals. First row: all units. Shaded: from the lowest to the "
            "highest estimate over all single removals. Dashed line: no effect.")  # fmt: skip
    return Drawing(alt, sheet.numbers, note)


def _title(sheet: Sheet, key: Key) -> str:
    analysis, parameter, group, visit = key
    dataset = sheet.plan.datasets[sheet.plan.analyses[analysis].dataset]
    contrast = "" if group == EVERYBODY else group_label(group, dataset.groups)
    return ", ".join(filter(None, (dataset.parameters[parameter].label, dataset.visits.get(visit, ""), contrast)))


def _panel(sheet: Sheet, axes: "Axes", key: Key, points: list[Number], options: Options) -> str:
    analysis, parameter, group, visit = key

    def find(statistic: str, level: str = "") -> Number:
        return sheet.estimates.find(analysis, parameter, statistic, group, visit, level)

    units = sheet.plan.datasets[sheet.plan.analyses[analysis].dataset].unit
    names = [f"All {plural(units)}" if not n.level else n.level.split(", ")[-1].capitalize() for n in points]
    lines, bold = [[name] for name in names], [not n.level for n in points]
    middles = rows.labelled(axes, lines, rows.widest_of(lines, bold), bold)
    lowest, highest = find("estimate_lowest"), find("estimate_highest")
    band = axes.axvspan(lowest.value, highest.value, color=style.SINGLE, alpha=0.12, linewidth=0, zorder=0)
    sheet.show(band, lowest)
    sheet.show(axes.axvline(highest.value, color=style.SINGLE, alpha=0.25, linewidth=0.7, zorder=0), highest)
    drawn = [options.reference]
    for point, middle in zip(points, middles, strict=True):
        numbers = (point, find(ENDS[0], point.level), find(ENDS[1], point.level))
        rows.mark(sheet, axes, numbers, middle, style.SINGLE if not point.level else style.COLOURS[0])
        drawn += [n.value for n in numbers if math.isfinite(n.value)]
    axes.axvline(options.reference, color=style.FRAME, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    pad = (max(drawn) - min(drawn)) * 0.06 or 1
    axes.set_xlim(min(drawn) - pad, max(drawn) + pad)
    axes.set_xlabel(points[0].unit)
    return f"all {points[0].shown}, from {lowest.shown} to {highest.shown} without single units"


FIGURE = Figure(Options, draw)

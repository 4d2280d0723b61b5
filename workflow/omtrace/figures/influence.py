"""Influence: the estimate with all units, and without each of those that change it most."""

from dataclasses import replace

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _rows as rows
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, name_of
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY, group_label
from omtrace.model.estimate import Estimate

ENDS = ("estimate_ci_low", "estimate_ci_high")


class Options(Closed):
    """Options of the figure."""

    reference: float = Field(0, description="value of no effect: a dashed line; 1 for ratios")


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each effect: all units first, then the removals, with the range over all of them as a band."""
    effects: dict[tuple[str, str, str, str], list[Estimate]] = {}
    for name in sheet.entry.analyses:
        for number in sheet.estimates.of(name, ["estimate"]):
            effects.setdefault((number.analysis, number.parameter, number.group, number.visit), []).append(number)
    if not effects:
        raise Fault(f"{sheet.where}: its analyses hold no removals of single units; {AGAIN}")
    blocks = [_block(sheet, points) for points in effects.values()]
    axes = rows.add_panels(sheet, blocks, 0.62, 0.2)
    widest, heads = rows.label_width(blocks), [rows.estimate_head(sheet)]
    places = rows.column_places(blocks, heads)
    texts = []
    for panel, block, points in zip(axes, blocks, effects.values(), strict=True):
        rows.draw_lines(sheet, panel, block, widest, places)
        rows.reference_line(panel, options.reference)
        rows.draw_heads(panel, _title(sheet, points[0]), widest, heads if panel is axes[0] else [], places)
        lowest, highest = (_sibling(sheet, points[0], name) for name in ("estimate_lowest", "estimate_highest"))
        band = panel.axvspan(lowest.value, highest.value, color=theme.SINGLE, alpha=0.12, linewidth=0, zorder=0)
        sheet.show(band, lowest)
        edge = panel.axvline(highest.value, color=theme.SINGLE, alpha=0.25, linewidth=0.7, zorder=0)
        sheet.show(edge, highest)
        rows.fit_axis(panel, [*rows.drawn_values(block), options.reference])
        panel.set_xlabel(points[0].unit)
        said = f"all {points[0].shown}, from {lowest.shown} to {highest.shown} without single units"
        texts.append((_title(sheet, points[0]), said))
    alt = panels.alternative("Estimates without single units, a row each.", texts)
    note = (
        "Points: estimates; bars: their confidence intervals. First row: all units. Shaded: from the lowest to the "
        "highest estimate over all single removals. Dashed line: no effect."
    )
    return Drawing(alt, sheet.numbers, note)


def _title(sheet: Sheet, point: Estimate) -> str:
    dataset = sheet.dataset_of(point.analysis)
    contrast = "" if point.group == EVERYBODY else group_label(point.group, dataset.groups)
    parts = (dataset.parameters[point.parameter].label, dataset.visits.get(point.visit, ""), contrast)
    return ", ".join(filter(None, parts))


def _sibling(sheet: Sheet, point: Estimate, statistic: str, level: str = "") -> Estimate:
    return sheet.estimates.find(replace(name_of(point), statistic=statistic, level=level))


def _block(sheet: Sheet, points: list[Estimate]) -> list[rows.Line]:
    """All units, then one row a removal, named by the unit that its row set leaves out."""
    units = plural(sheet.dataset_of(points[0].analysis).unit)
    records = sheet.records(sheet.plan.analyses[points[0].analysis].dataset)
    records.load([point.rowset for point in points])
    whole = {record.unit for record in records.used(points[0])}
    block = []
    for point in points:
        numbers = (point, *(_sibling(sheet, point, end, point.level) for end in ENDS))
        removed = sorted(whole - {record.unit for record in records.used(point)})
        label = f"Without {', '.join(removed)}" if point.level else f"All {units}"
        colour = theme.MUTED if point.level else theme.SINGLE
        block.append(rows.row(label, (numbers[0], numbers[1], numbers[2]), bold=not point.level, colour=colour))
    return block


FIGURE = Figure(Options, draw, lambda options: [("estimate_lowest",), ("estimate_highest",)])

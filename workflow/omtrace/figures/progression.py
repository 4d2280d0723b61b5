"""Criteria for progression: estimates with exact intervals over the zones of stop, amend and go."""

from dataclasses import replace
from typing import TYPE_CHECKING

from omtrace.analyses._shown import percent_shown, plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _rows as rows
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, name_of
from omtrace.figures._sheet import Look, Sheet
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ZONES = {"stop": "#F3D9CC", "amend": "#F7ECC6", "go": "#D5EBDB"}
SHARE = ("proportion", "clopper_pearson_low", "clopper_pearson_high")
RATE = ("rate", "rate_low", "rate_high")


class Options(Closed):
    """The figure has no options."""


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A row for each criterion: shares on one axis, each number of units a month on its own."""
    verdicts = [number for name in sheet.entry.analyses for number in sheet.estimates.of(name, ["verdict"])]
    if not verdicts:
        raise Fault(f"{sheet.where}: its analyses hold no criteria; {AGAIN}")
    criteria = [(verdict, _numbers(sheet, verdict)) for verdict in verdicts]
    shares = [pair for pair in criteria if pair[1][0].statistic == SHARE[0]]
    groups = [group for group in (shares, *([pair] for pair in criteria if pair not in shares)) if group]
    blocks = [
        [rows.row(v.level, _on_scale(numbers), [v.shown], colour=theme.INK) for v, numbers in group] for group in groups
    ]
    axes = rows.add_panels(sheet, blocks, 0.52, 0.25)
    heads = [rows.estimate_head(sheet), "Verdict"]
    widest, places = rows.label_width(blocks), rows.column_places(blocks, heads)
    for panel, group, block in zip(axes, groups, blocks, strict=True):
        _panel(sheet, panel, group, block, rows.draw_lines(sheet, panel, block, widest, places))
    rows.draw_heads(axes[0], "", widest, heads, places)
    look: Look = {"marker": "s", "markersize": 9, "linestyle": "none"}
    sheet.key([(name, {**look, "color": colour}) for name, colour in ZONES.items()])
    texts = [(v.level, f"{rows.text_of(_on_scale(numbers))}, {v.shown}") for v, numbers in criteria]
    note = "Points: estimates; bars: exact confidence intervals. The verdict follows the estimate."
    return Drawing(panels.alternative("Criteria for progression, a row each.", texts, 24), sheet.numbers, note)


def _numbers(sheet: Sheet, verdict: Estimate) -> rows.Triple:
    """The estimate of a criterion with its interval."""
    names = RATE if sheet.estimates.sibling(verdict, RATE[0]) else SHARE
    point, low, high = (_find(sheet, verdict, name) for name in names)
    return point, low, high


def _on_scale(numbers: rows.Triple) -> rows.Triple:
    """Shares as people read them, in percent."""
    if numbers[0].statistic != SHARE[0]:
        return numbers
    point, low, high = (replace(n, shown=f"{percent_shown(n.text, n.decimals)}%") for n in numbers)
    return point, low, high


def _find(sheet: Sheet, verdict: Estimate, statistic: str) -> Estimate:
    return sheet.estimates.find(replace(name_of(verdict), statistic=statistic))


def _panel(
    sheet: Sheet, axes: "Axes", group: list[tuple[Estimate, rows.Triple]], block: list[rows.Line], middles: list[float]
) -> None:
    """The zones behind the rows of a panel."""
    share = group[0][1][0].statistic == SHARE[0]
    entry = sheet.plan.analyses[group[0][0].analysis]
    end = 1.0 if share else max(group[0][1][2].value, _find(sheet, group[0][0], "go_from").value) * 1.08
    for (verdict, _), middle, line in zip(group, middles, block, strict=True):
        stop, go = (_find(sheet, verdict, name) for name in ("stop_below", "go_from"))
        edges = (0.0, stop.value, go.value, end)
        spans = zip(edges, edges[1:], strict=False)
        for zone, (left, right), number in zip(ZONES, spans, (stop, go, None), strict=True):
            bar = axes.barh(middle, right - left, line.height * 0.84, left, color=ZONES[zone], linewidth=0, zorder=0.5)
            if number:
                sheet.show(bar[0], number)
    axes.set_xlim(0, end * 1.0005)
    axes.grid(False)
    if share:
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
        return
    axes.set_xlabel(f"{plural(sheet.plan.datasets[entry.dataset].unit)} {group[0][1][0].unit}")


FIGURE = Figure(Options, draw, lambda options: [("verdict",)])

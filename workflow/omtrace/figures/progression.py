"""Criteria for progression: estimates with exact intervals over the zones of stop, amend and go."""

from typing import TYPE_CHECKING

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _rows as rows
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ZONES = {"stop": "#F3D9CC", "amend": "#F7ECC6", "go": "#D5EBDB"}
SHARE = ("proportion", "clopper_pearson_low", "clopper_pearson_high")
RATE = ("rate", "rate_low", "rate_high")


class Options(Closed):
    """Nothing to choose."""


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A row for each criterion: shares on one axis, each number of units a month on its own."""
    verdicts = [number for name in sheet.entry.analyses for number in sheet.estimates.of(name, ["verdict"])]
    if not verdicts:
        raise Fault(f"{sheet.where}: its analyses hold no criteria; {AGAIN}")
    kinds = [(verdict, _numbers(sheet, verdict)) for verdict in verdicts]
    shares = [one for one in kinds if one[1][0].statistic == SHARE[0]]
    blocks = [block for block in (shares, *([one] for one in kinds if one not in shares)) if block]
    lines = [[style.wrapped(verdict.level, rows.LABEL) for verdict, _ in block] for block in blocks]
    heights = [sum(map(rows.height_of, block)) for block in lines]
    sheet.figure.set_size_inches(style.WIDTH, sum(heights) + 0.52 * len(blocks) + 0.25)
    grid = sheet.figure.add_gridspec(len(blocks), 1, height_ratios=heights)
    widest = max(map(rows.widest_of, lines))
    for at, block in enumerate(blocks):
        _panel(sheet, sheet.figure.add_subplot(grid[at, 0]), block, lines[at], widest)
    sheet.key(
        [
            (name, {"marker": "s", "markersize": 9, "color": colour, "linestyle": "none"})
            for name, colour in ZONES.items()
        ]
    )
    texts = [(v.level, f"{rows.text_of(numbers)}, {v.shown}") for v, numbers in kinds]
    note = "Points: estimates; bars: exact confidence intervals. The verdict follows the estimate."
    return Drawing(panels.alternative("Criteria for progression, a row each.", texts, 24), sheet.numbers, note)


def _numbers(sheet: Sheet, verdict: Number) -> tuple[Number, Number, Number]:
    """The estimate of a criterion with its interval."""
    kind = sheet.estimates.of(verdict.analysis, [RATE[0]])
    names = RATE if any((n.parameter, n.visit, n.level) == _key(verdict) for n in kind) else SHARE
    point, low, high = (_find(sheet, verdict, name) for name in names)
    return point, low, high


def _key(number: Number) -> tuple[str, str, str]:
    return number.parameter, number.visit, number.level


def _find(sheet: Sheet, verdict: Number, statistic: str) -> Number:
    return sheet.estimates.find(
        verdict.analysis, verdict.parameter, statistic, verdict.group, verdict.visit, verdict.level
    )


def _panel(sheet: Sheet, axes: "Axes", block: list, lines: list[list[str]], widest: float) -> None:
    middles = rows.labelled(axes, lines, widest)
    share = block[0][1][0].statistic == SHARE[0]
    entry = sheet.plan.analyses[block[0][0].analysis]
    end = 1.0 if share else max(block[0][1][2].value, _find(sheet, block[0][0], "go_from").value) * 1.08
    for (verdict, numbers), middle, line in zip(block, middles, lines, strict=True):
        stop, go = (_find(sheet, verdict, name) for name in ("stop_below", "go_from"))
        height = rows.height_of(line) * 0.84
        edges = (0.0, stop.value, go.value, end)
        for zone, (left, right), shown in zip(
            ZONES, zip(edges, edges[1:], strict=False), (stop, go, None), strict=True
        ):
            bar = axes.barh(middle, right - left, height, left, color=ZONES[zone], linewidth=0, zorder=0.5)
            if shown:
                sheet.show(bar[0], shown)
        rows.mark(sheet, axes, numbers, middle, style.INK)
        rows.beside(axes, verdict.shown, middle, 118, bold=True)
    axes.set_xlim(0, end * 1.0005)
    axes.grid(False)
    axes.set_xlabel("share" if share else f"{plural(sheet.plan.datasets[entry.dataset].unit)} {block[0][1][0].unit}")


FIGURE = Figure(Options, draw)

"""Kaplan-Meier curves of the groups with their limits, marks of censored times, and the numbers at risk below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Record
from omtrace.figures._sheet import Group, Quantity, Sheet
from omtrace.model.contrast import group_label
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEP = ("curve_time", "curve_survival", "curve_survival_low", "curve_survival_high")
RATIO = ("hazard_ratio", "ci_low", "ci_high")


class Options(panels.PanelOptions):
    """Options of the figure."""

    height: float = Field(2.9, description="height of a panel without what stands below its axis, inches", ge=1.2, le=6)
    limits: bool = Field(True, description="draw the limits of the curves")
    outcome: str = Field("without event", description="title of the value axis")


@dataclass(frozen=True)
class Curve:
    """The curve of a group: its steps (time, survival, limits), the numbers at risk, and censored units' times."""

    group: Group
    steps: list[list[Estimate]]
    at_risk: list[tuple[float, Estimate]]
    median: Estimate
    censored: list[Record]

    def survival(self, time: float) -> float:
        """The curve at a time."""
        return next((step[1].value for step in reversed(self.steps) if step[0].value <= time), 1.0)

    @property
    def last(self) -> float:
        """The end of the curve."""
        return max((record.value for record in self.censored), default=0.0)


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter."""
    quantities = sheet.quantities(options.parameters, options.visits)
    drawn = [(quantity, _curves(sheet, quantity, options)) for quantity in quantities]
    facets = []
    for quantity, curves in drawn:
        times = [time for time, _ in curves[0].at_risk]
        slots = _end(curves) / min(b - a for a, b in zip(times, times[1:], strict=False))
        facets.append(panels.Facet(quantity.label, options.outcome, list(map(theme.plain, times)), slots))
    if len(drawn) == 1 and not options.columns:
        options = options.model_copy(update={"columns": 1})
    below = panels.Below(max(len(curves) for _, curves in drawn), is_titled=True)
    frames = panels.grid(sheet, options, facets, [0.0, 100.0], below)
    for frame, (quantity, curves) in zip(frames, drawn, strict=True):
        _panel(sheet, frame, quantity, curves, options)
    sheet.legend([curve.group for curve in drawn[0][1]], lines=True)
    if sheet.has_units:
        sheet.extend_key([("Censored", {"color": theme.INK, "marker": "|", "markersize": 6, "linestyle": "none"})])
    texts = [(quantity.label, "; ".join(_listed(curve, quantity) for curve in curves)) for quantity, curves in drawn]
    note = "Steps: Kaplan–Meier curves; thin lines and bands: their confidence limits; below: units at risk."
    return Drawing(panels.alternative("Kaplan–Meier curves.", texts), sheet.numbers, note)


def _curves(sheet: Sheet, quantity: Quantity, options: Options) -> list[Curve]:
    """The curve of each group that the analysis has. Raises Fault where it has none."""
    visit = quantity.visits[0]
    every = sheet.estimates.of(quantity.analysis, ["n", "at_risk", "median_time", *STEP])
    numbers = [n for n in every if (n.parameter, n.visit) == (quantity.key, visit)]
    times = [float(time) for time in sheet.plan.analyses[quantity.analysis].options["times"]]
    event = str(sheet.plan.analyses[quantity.analysis].options["event"])
    curves = []
    for group in sheet.groups(quantity.dataset, options.by_group):
        own = {
            name: [n for n in numbers if (n.group, n.statistic) == (group.key, name)] for name in ("median_time", *STEP)
        }
        if not own["median_time"]:
            continue
        (median,) = own["median_time"]
        n = sheet.find(quantity, "n", group, visit)
        at_risk = [number for number in numbers if (number.group, number.statistic) == (group.key, "at_risk")]
        steps = [list(step) for step in zip(*(own[name] for name in STEP), strict=True)]
        places = sorted(zip([0.0, *times], [n, *at_risk], strict=True), key=lambda place: place[0])
        curves.append(Curve(group, steps, places, median, _censored(sheet, quantity, n, group, event)))
    if not curves:
        raise Fault(f"{sheet.where}: analysis {quantity.analysis!r} has no curve of {quantity.key!r}; {AGAIN}")
    return curves


def _censored(sheet: Sheet, quantity: Quantity, n: Estimate, group: Group, event: str) -> list[Record]:
    """The times of units without the event, which are drawn as marks; none in share mode."""
    if not sheet.has_units:
        return []
    facts = sheet.records(quantity.dataset_name).used(n, "covariate")
    without = {r.unit for r in facts if r.parameter == event and r.value != 1 and r.text != "yes"}
    censored = [record for record in sheet.used(quantity, n) if record.unit in without]
    sheet.list_records(quantity, group, censored)
    return censored


def _end(curves: Sequence[Curve]) -> float:
    """The end of the axis: the last time at which units are counted or followed."""
    return max([*(time for time, _ in curves[0].at_risk), *(curve.last for curve in curves)])


def _panel(sheet: Sheet, frame: panels.Frame, quantity: Quantity, curves: Sequence[Curve], options: Options) -> None:
    from matplotlib.ticker import PercentFormatter

    axes, end = frame.axes, _end(curves)
    lasts = [max([curve.last, *(step[0].value for step in curve.steps)]) for curve in curves]
    courses = [
        (curve.group, [(0.0, 1.0), *((s[0].value, s[1].value) for s in curve.steps), (last, curve.survival(last))])
        for curve, last in zip(curves, lasts, strict=True)
    ]
    marks.draw_courses(axes, courses, 1.4, drawstyle="steps-post")
    for curve, last in zip(curves, lasts, strict=True):
        if options.limits:
            _limits(sheet, axes, curve, last)
        steps = [(s[0].value, s[1].value) for s in curve.steps]
        points = marks.draw_points(axes, steps, [curve.group] * len(steps), marks.Style(2.6, edge=0))
        if points:
            sheet.show(points, *(s[1] for s in curve.steps))
        places = [(record.value, curve.survival(record.value)) for record in curve.censored]
        if places:
            xs, ys = [x for x, _ in places], [y for _, y in places]
            axes.plot(xs, ys, "|", color=curve.group.ink, markersize=6, markeredgewidth=0.9, label="censored", zorder=7)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    times = [time for time, _ in curves[0].at_risk]
    frame.label(sheet, times, [(curve.group, curve.at_risk) for curve in curves])
    axes.set_xlim(-0.03 * end, 1.02 * end)
    axes.set_xlabel(quantity.parameter.unit, labelpad=4 + len(curves) * panels.ROW)
    _ratios(sheet, axes, quantity)


def _limits(sheet: Sheet, axes: "Axes", curve: Curve, last: float) -> None:
    """The limits as thin lines that hold from each step to the next, and the band between them."""
    known = [i for i, step in enumerate(curve.steps) if step[2].text and step[3].text]
    ends = [*(step[0].value for step in curve.steps[1:]), last]
    left, right = [curve.steps[i][0].value for i in known], [ends[i] for i in known]
    if not known:
        return
    for a, b, i in zip(left, right, known, strict=True):
        low, high = (curve.steps[i][side].value for side in (2, 3))
        axes.fill_between([a, b], low, high, color=curve.group.colour, alpha=0.12, linewidth=0, zorder=2)
    for side in (2, 3):
        values = [curve.steps[i][side].value for i in known]
        lines = axes.hlines(values, left, right, colors=curve.group.colour, linewidth=0.6, alpha=0.7, zorder=3)
        sheet.show(lines, *(curve.steps[i][side] for i in known))


def _ratios(sheet: Sheet, axes: "Axes", quantity: Quantity) -> None:
    """The hazard ratios, in the lower left corner."""
    ratios = [n for n in sheet.estimates.of(quantity.analysis, RATIO[:1]) if n.parameter == quantity.key]
    for row, ratio in enumerate(reversed(ratios[:3])):
        low, high = (sheet.estimates.sibling(ratio, name) for name in RATIO[1:])
        label = group_label(ratio.group, quantity.dataset.groups, True)
        limits = f" ({low.shown} to {high.shown})" if low and high else ""
        text = axes.annotate(
            f"{label}: hazard ratio {ratio.shown}{limits}",
            (0, 0),
            (5, 4 + row * panels.ROW),
            xycoords="axes fraction",
            textcoords="offset points",
            size=theme.SMALL,
            color=theme.INK,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1},
            zorder=8,
        )
        sheet.show(text, ratio)


def _listed(curve: Curve, quantity: Quantity) -> str:
    median = f"median {curve.median.shown} {quantity.parameter.unit}".strip()
    ends = [f"{number.shown} at risk at {theme.plain(time)}" for time, number in curve.at_risk]
    return (
        f"{curve.group.label}: {median}, {', '.join(ends)}"
        if curve.group.key != "all"
        else f"{median}, {', '.join(ends)}"
    )


FIGURE = Figure(Options, draw, lambda options: [("n",), *((name,) for name in STEP)])

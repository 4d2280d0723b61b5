"""Standard curves of an assay: the standards' wells of each plate and its four-parameter logistic curve."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Quantity, Sheet
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COEFFICIENTS = ("a", "b", "c", "d")
REFUSED = "refused: "
BESIDE = 0.1  # decades beyond the outermost standards


class Options(Closed):
    """What the figure may be told."""

    plates: tuple[str, ...] = Field((), description="groups of the wells drawn; none: all, in the order of the dataset")
    concentration: str = Field("", description="parameter with the nominal concentration; default: the analysis' own")
    columns: int = Field(0, description="panels side by side; 0: by their number", ge=0, le=4)
    height: float = Field(2.3, description="height of a panel, inches", ge=1.5, le=6)


@dataclass(frozen=True)
class Plate:
    """One plate: dose and signal of its standards, and its curve, or the number whose level says why it has none."""

    label: str
    points: list[tuple[float, float]]
    curve: list[Number]
    refusal: Number | None

    @property
    def low(self) -> float:
        """The lowest dose above zero."""
        return min(dose for dose, _ in self.points if dose > 0)

    @property
    def high(self) -> float:
        """The highest dose."""
        return max(dose for dose, _ in self.points)

    @property
    def zero(self) -> float | None:
        """Where the zero standard stands on the logarithmic axis, if there is one."""
        doses = {dose for dose, _ in self.points}
        return self.low / max((self.high / self.low) ** 0.16, 1.6) if 0 in doses and len(doses) > 1 else None


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each plate."""
    found = [(q, plate) for q in sheet.quantities() for plate in _plates(sheet, q, options)]
    if not found:
        raise Fault(f"{sheet.where}: its analyses have no plate with standards; {AGAIN}")
    columns = panels.columns_for(len(found), options.columns)
    width = panels.panel_width(columns, [signal for _, plate in found for _, signal in plate.points])
    grid = panels.axes_of(sheet, len(found), columns, options.height)
    for axes, (quantity, plate) in zip(grid, found, strict=True):
        dose = quantity.dataset.parameters[_concentration(sheet, quantity, options)]
        _panel(sheet, axes, plate, width)
        label = quantity.parameter.label
        unit = f" ({quantity.parameter.unit})" if quantity.parameter.unit else ""
        panels.head(axes, plate.label, label + unit, width, options.height)
        axes.set_xlabel("\n".join(style.wrapped(f"{dose.label} ({dose.unit})" if dose.unit else dose.label, width)))
    points = {"color": style.SINGLE, "marker": "o", "markersize": 5, "linestyle": "none"}
    sheet.key([("Standards", points), ("Fitted curve", {"color": style.ACCENT, "linewidth": 1.5})])
    texts = [(plate.label, _said(plate)) for _, plate in found]
    alt = panels.alternative("Standard curves: signal against concentration on a logarithmic axis.", texts)
    note = (
        f"Points: single {plural(found[0][0].dataset.unit)} of the standards. Line: y = d + (a − d) / (1 + (x / c)^b)."
    )
    if any(len(plate.curve) > len(COEFFICIENTS) for _, plate in found):
        note = note[:-1] + "^g."
    zero = " The zero standard stands left of the break." if any(plate.zero for _, plate in found) else ""
    return Drawing(alt, sheet.numbers, note + zero)


def logistic(x: float, a: float, b: float, c: float, d: float, g: float = 1.0) -> float:
    """The logistic curve: a at x = 0, c the inflection (unit of x), d at infinity, b the slope, g the asymmetry.

    For a negative slope a and d change places.
    """
    if x == 0:
        return a if b > 0 else d
    return d + (a - d) / (1 + (x / c) ** b) ** g


def _concentration(sheet: Sheet, quantity: Quantity, options: Options) -> str:
    name = options.concentration or str(sheet.plan.analyses[quantity.analysis].options.get("concentration", ""))
    return sheet.chosen("concentration", [name], list(quantity.dataset.parameters))[0]


def _plates(sheet: Sheet, quantity: Quantity, options: Options) -> list[Plate]:
    if not quantity.dataset.group:
        raise Fault(f"{sheet.where}: dataset {quantity.dataset_name!r} has no group that names the plate; give it one")
    groups = sheet.groups(quantity.dataset)
    chosen = sheet.chosen("plates", options.plates, [group.key for group in groups])
    doses = sheet.records(quantity.dataset_name).values(_concentration(sheet, quantity, options))
    refusals = {
        (n.parameter, n.group): n for n in sheet.estimates.of(quantity.analysis, ["n"]) if n.level.startswith(REFUSED)
    }
    asymmetries = sheet.estimates.of(quantity.analysis, ["g"])
    plates = []
    for group in (group for group in groups if group.key in chosen):
        signals = sheet.members(quantity, group, "")
        points = [(doses[unit], signal) for unit, signal in signals.items() if unit in doses]
        refusal = refusals.get((quantity.key, group.key))
        curve = [] if refusal else [sheet.find(quantity, name, group, "") for name in COEFFICIENTS]
        if curve:
            curve += [g for g in asymmetries if (g.parameter, g.group) == (quantity.key, group.key)]
        counted = refusal or sheet.find(quantity, "n", group, "")
        if counted.value not in (len(points), len({dose for dose, _ in points})):
            raise sheet.differs(quantity, group, "", counted, len(points))
        kind = quantity.dataset.parameters[quantity.dataset.group].label
        label = f"{kind} {group.label}" if group.label.isdigit() else group.label
        plates.append(Plate(label, points, curve, refusal))
    return plates


def _panel(sheet: Sheet, axes: "Axes", plate: Plate, width: float) -> None:
    _numbers(sheet, axes, plate, width)
    if not any(dose > 0 for dose, _ in plate.points):
        axes.set_xticks([])
        axes.set_yticks([])
        return
    axes.set_xscale("log")
    edge = plate.zero or plate.low
    xs, ys = [dose or edge for dose, _ in plate.points], [signal for _, signal in plate.points]
    point: dict[str, Any] = {"marker": "o", "markersize": 4, "markeredgecolor": "white", "markeredgewidth": 0.4}
    axes.plot(xs, ys, linestyle="none", color=style.SINGLE, zorder=4, label="wells", **point)
    if plate.curve:
        curve = [n.value for n in plate.curve]
        start, end = math.log10(plate.low) - BESIDE, math.log10(plate.high) + BESIDE
        xs = [10 ** (start + (end - start) * i / 120) for i in range(121)]
        line: dict[str, Any] = {"color": style.ACCENT, "linewidth": 1.3, "zorder": 3}
        axes.plot(xs, [logistic(x, *curve) for x in xs], label="curve", **line)
        if plate.zero:
            axes.plot([plate.zero / 1.2, plate.zero * 1.2], [logistic(0, *curve)] * 2, label="curve at zero", **line)
    _dose_axis(axes, plate, width)


def _dose_axis(axes: "Axes", plate: Plate, width: float) -> None:
    """Plain numbers, as many as have room; the zero at the left edge, and a break in the axis beside it."""
    from matplotlib.ticker import NullLocator

    left, right = math.log10(plate.zero or plate.low) - BESIDE * 1.5, math.log10(plate.high) + BESIDE * 1.5
    axes.set_xlim(10**left, 10**right)
    ticks = _ticks(plate, width / (right - left))
    places = [*([plate.zero] if plate.zero else []), *ticks]
    axes.set_xticks(places, [*(["0"] if plate.zero else []), *map(panels.plain, ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(False, axis="x")
    if not plate.zero:
        return
    at = (math.log10(plate.zero * plate.low) / 2 - left) / (right - left)
    on_axis: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "zorder": 10, "label": "break"}
    axes.plot([at - 0.01, at + 0.01], [0, 0], color="white", linewidth=5, **on_axis)
    for x in (at - 0.012, at + 0.012):
        axes.plot([x - 0.008, x + 0.008], [-0.024, 0.024], color=style.FRAME, linewidth=0.8, **on_axis)


def _ticks(plate: Plate, decade: float) -> list[float]:
    """Round doses within the standards, the densest set whose labels do not touch; ``decade``: its points on paper."""
    powers = range(math.floor(math.log10(plate.low)), math.ceil(math.log10(plate.high)) + 1)
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        ticks = [s * 10.0**k for k in powers if k % every == 0 for s in steps]
        ticks = [t for t in ticks if plate.low * 0.8 <= t <= plate.high * 1.25]
        widths = [style.text_width(panels.plain(t), style.TICK) for t in ticks]
        gaps = [math.log10(b / a) * decade for a, b in zip(ticks, ticks[1:], strict=False)]
        if all(gap >= (v + w) / 2 + 5 for gap, v, w in zip(gaps, widths, widths[1:], strict=False)):
            return ticks
    return ticks


def _numbers(sheet: Sheet, axes: "Axes", plate: Plate, width: float) -> None:
    """The curve's numbers, or why there is none, in the upper corner that the points leave free."""
    signals = [signal for _, signal in sorted(plate.points)] or [0.0]
    at, side, aside = (0, "left", 6) if signals[-1] >= signals[0] else (1, "right", -2)
    lines = [(n, f"{n.statistic} = {n.shown} {n.unit}".strip()) for n in plate.curve]
    if plate.refusal:
        reason = "\n".join(
            style.wrapped(f"No curve: {plate.refusal.level.removeprefix(REFUSED)}", width * 0.6, style.SMALL)
        )
        lines = [(plate.refusal, reason)]
    for row, (number, line) in enumerate(lines):
        text = axes.annotate(
            line, (at, 1), (aside, -2 - row * panels.ROW), xycoords="axes fraction", textcoords="offset points",
            ha=side, va="top", size=style.SMALL, color=style.MUTED, zorder=8,
        )  # fmt: skip
        sheet.show(text, number)


def _said(plate: Plate) -> str:
    if plate.refusal:
        return f"no curve, {plate.refusal.level.removeprefix(REFUSED)}"
    return ", ".join(f"{n.statistic} {n.shown}" for n in plate.curve)


FIGURE = Figure(Options, draw)

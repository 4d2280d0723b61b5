"""Standard curves of an assay: the standards' wells of each plate, its curve, and samples read on it."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses._drawn import BEYOND, FORMULAS, MODELS, coefficients_of, responses
from omtrace.analyses._shown import plural
from omtrace.analyses.standard_curve import NOT_GIVEN
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Record
from omtrace.figures._sheet import ALL, Group, Quantity, Sheet, group_look, look_of
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REFUSED = "refused: "
ALL_COEFFICIENTS = [*(name for model in MODELS for name in model), *BEYOND.values()]
BESIDE = 0.1  # decades beyond the outermost standards
SAMPLES = look_of("samples", "Samples and controls", 4)


class Options(Closed):
    """Options of the figure."""

    plates: tuple[str, ...] = Field((), description="groups of the wells drawn; none: all, in the order of the dataset")
    concentration: str = Field("", description="parameter with the nominal concentration; default: the analysis' own")
    samples: str = Field("", description="parameter with the concentration read back from each well: draws the samples")
    columns: int = Field(0, description="panels side by side; 0: by their number", ge=0, le=4)
    height: float = Field(2.3, description="height of a panel, inches", ge=1.5, le=6)


@dataclass(frozen=True)
class Plate:
    """One plate: dose and signal of its standards, its curve, or the number whose level says why it has none.

    ``samples``: concentration read back and signal of the wells that are no standards, within the standards. ``curve``:
    its coefficients; ``through``: of a curve without any, its signals at the levels, and ``note``: why that is.
    """

    label: str
    points: list[tuple[float, float]]
    samples: list[tuple[float, float]]
    curve: list[Estimate]
    refusal: Estimate | None
    through: list[Estimate]
    note: Estimate | None

    def signals(self, doses: list[float]) -> list[float]:
        """The curve at doses."""
        coefficients = {number.statistic: number.value for number in self.curve}
        points = [(float(number.level.removeprefix("standard ")), number.value) for number in self.through]
        return responses(doses, coefficients, points)

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

    def is_within(self, number: Estimate) -> bool:
        """Whether a coefficient lies within what the standards show: c in their doses, a and d in their signals.

        An asymptote may lie beyond the outermost signal by a twentieth of their range, as in a complete curve.
        """
        if number.statistic == "c":
            return self.low <= number.value <= self.high
        signals = [signal for _, signal in self.points]
        beyond = 0.05 * (max(signals) - min(signals))
        return number.statistic not in ("a", "d") or min(signals) - beyond <= number.value <= max(signals) + beyond


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each plate."""
    drawn = [(q, plate) for q in sheet.quantities() for plate in _plates(sheet, q, options)]
    if not drawn:
        raise Fault(f"{sheet.where}: its analyses have no plate with standards; {AGAIN}")
    columns = panels.columns_for(len(drawn), options.columns)
    width = panels.panel_width(columns, [signal for _, plate in drawn for _, signal in plate.points])
    grid = panels.axes_of(sheet, len(drawn), columns, options.height)
    for i, (axes, (quantity, plate)) in enumerate(zip(grid, drawn, strict=True)):
        dose = quantity.dataset.parameters[_concentration(sheet, quantity, options)]
        _panel(sheet, axes, plate, width)
        label = f"{quantity.parameter.label} ({quantity.parameter.unit})".replace(" ()", "")
        panels.head(axes, plate.label, label if i % columns == 0 else "", width, options.height)
        lowest = i + columns >= len(drawn)
        axes.set_xlabel(theme.filled(f"{dose.label} ({dose.unit})".replace(" ()", ""), width) if lowest else "")
    key = [("Standards", group_look(ALL)), ("Fitted curve", {"color": theme.ACCENT, "linewidth": 1.5})]
    sheet.key([*key, *([(SAMPLES.label, group_look(SAMPLES))] if any(plate.samples for _, plate in drawn) else [])])
    texts = [(plate.label, _listed(plate)) for _, plate in drawn]
    alt = panels.alternative("Standard curves: signal against concentration on a logarithmic axis.", texts)
    return Drawing(alt, sheet.numbers, _note([plate for _, plate in drawn], drawn[0][0].dataset.unit))


def _note(plates: list[Plate], unit: str) -> str:
    first = next((plate.curve[0].statistic for plate in plates if plate.curve), "")
    more = {number.statistic for plate in plates for number in plate.curve}
    power = "^g" if "g" in more else " + curvature · x²" if "curvature" in more else ""
    smooth = any(plate.through and not plate.curve for plate in plates)
    notes = [
        f"Points: single {plural(unit)} of the standards.",
        f"Line: {FORMULAS[first]}{power}." if first else "",
        "Line without coefficients: through the curve's signals at the standards." if smooth else "",
        "The zero standard stands left of the break." if any(plate.zero for plate in plates) else "",
        f"Samples and controls: {plural(unit)} whose concentration was read back within the standards."
        if any(plate.samples for plate in plates)
        else "",
        "Extrapolated: the coefficient lies outside what the standards show."
        if any(not plate.is_within(number) for plate in plates for number in plate.curve)
        else "",
    ]
    return " ".join(filter(None, notes))


def _concentration(sheet: Sheet, quantity: Quantity, options: Options) -> str:
    name = options.concentration or str(sheet.plan.analyses[quantity.analysis].options.get("concentration", ""))
    return sheet.select("concentration", [name], list(quantity.dataset.parameters))[0]


def _plates(sheet: Sheet, quantity: Quantity, options: Options) -> list[Plate]:
    if not quantity.dataset.group:
        raise Fault(f"{sheet.where}: dataset {quantity.dataset_name!r} has no group that names the plate; give it one")
    groups = sheet.groups(quantity.dataset)
    selected = sheet.select("plates", options.plates, [group.key for group in groups])
    refusals = {
        (n.parameter, n.group): n for n in sheet.estimates.of(quantity.analysis, ["n"]) if n.level.startswith(REFUSED)
    }
    kind = quantity.dataset.parameters[quantity.dataset.group].label
    plates = []
    for group in (group for group in groups if group.key in selected):
        plate = _plate(sheet, quantity, group, refusals.get((quantity.key, group.key)), options)
        plates.append(replace(plate, label=f"{kind} {plate.label}") if plate.label.isdigit() else plate)
    return plates


def _plate(sheet: Sheet, quantity: Quantity, group: Group, refusal: Estimate | None, options: Options) -> Plate:
    records = sheet.records(quantity.dataset_name)
    doses = records.values(_concentration(sheet, quantity, options))
    counted = refusal or sheet.find(quantity, "n", group, "")
    standards = sheet.used(quantity, counted)
    points = [(doses[r.unit].value, r.value) for r in standards if r.unit in doses]
    if counted.value not in (len(points), len({dose for dose, _ in points})):
        raise Fault(
            f"{sheet.where}: analysis {quantity.analysis!r} counts {counted.shown} standards in group {group.key!r}, "
            f"its row set holds {len(points)}; {AGAIN}"
        )
    numbers = [
        n
        for n in sheet.estimates.of(quantity.analysis, [*ALL_COEFFICIENTS, "curve_signal", "n"])
        if (n.parameter, n.group) == (quantity.key, group.key)
    ]
    by_name = {n.statistic: n for n in numbers if not n.level}
    curve = [by_name[name] for name in coefficients_of({name: n.value for name, n in by_name.items()})]
    through = [] if curve else [n for n in numbers if n.statistic == "curve_signal"]
    note = next((n for n in numbers if n.level.startswith(NOT_GIVEN)), None)
    units, known = {r.unit for r in standards}, [dose for dose, _ in points]
    lowest, highest = min((d for d in known if d > 0), default=math.inf), max(known, default=0)
    wells = [
        (read, signal)
        for read, signal in _wells(sheet, quantity, group, options)
        if read.unit not in units and lowest <= read.value <= highest
    ]
    sheet.list_records(quantity, group, [record for pair in wells for record in pair])
    sheet.list_records(quantity, group, standards)
    samples = [(read.value, signal.value) for read, signal in wells]
    return Plate(group.label, points, samples, curve, refusal, through, note)


def _wells(sheet: Sheet, quantity: Quantity, group: Group, options: Options) -> list[tuple[Record, Record]]:
    """The plate's wells of which a concentration was read back, if they are to be drawn: it, and the signal."""
    if not options.samples:
        return []
    records = sheet.records(quantity.dataset_name)
    name = sheet.select("samples", [options.samples], list(quantity.dataset.parameters))[0]
    plates, signals = records.texts(quantity.dataset.group), records.values(quantity.key)
    return [
        (read, signals[unit])
        for unit, read in records.values(name).items()
        if plates.get(unit) == group.key and unit in signals
    ]


def _panel(sheet: Sheet, axes: "Axes", plate: Plate, width: float) -> None:
    _numbers(sheet, axes, plate, width)
    if not any(dose > 0 for dose, _ in plate.points):
        axes.set_xticks([])
        axes.set_yticks([])
        return
    edge = plate.zero or plate.low
    standards = [(dose or edge, signal) for dose, signal in plate.points]
    if plate.curve or plate.through:
        start, end = math.log10(plate.low) - BESIDE, math.log10(plate.high) + BESIDE
        line_xs = [10 ** (start + (end - start) * i / 120) for i in range(121)]
        line_ys = plate.signals(line_xs)
        axes.plot(line_xs, line_ys, label="curve", color=theme.ACCENT, linewidth=1.3, zorder=3)
        if plate.zero:
            ends, zero = [plate.zero / 1.2, plate.zero * 1.2], plate.signals([0.0])[0]
            axes.plot(ends, [zero] * 2, label="curve at zero", color=theme.ACCENT, linewidth=1.3, zorder=3)
    marks.draw_points(axes, standards, [ALL] * len(standards), marks.Style(4.4, zorder=4, edge=0.4, label="wells"))
    style = marks.Style(4.6, zorder=5, edge=0.4, label="samples")
    marks.draw_points(axes, plate.samples, [SAMPLES] * len(plate.samples), style)
    axes.set_xscale("log")
    _dose_axis(axes, plate, width)


def _dose_axis(axes: "Axes", plate: Plate, width: float) -> None:
    """Plain numbers, as many as have room; the zero at the left edge, and a break in the axis beside it."""
    from matplotlib.ticker import NullLocator

    left, right = math.log10(plate.zero or plate.low) - BESIDE * 1.5, math.log10(plate.high) + BESIDE * 1.5
    axes.set_xlim(10**left, 10**right)
    ticks = _ticks(plate, width / (right - left))
    places = [*([plate.zero] if plate.zero else []), *ticks]
    axes.set_xticks(places, [*(["0"] if plate.zero else []), *map(theme.plain, ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(False, axis="x")
    if not plate.zero:
        return
    middle = (math.log10(plate.zero * plate.low) / 2 - left) / (right - left)
    strokes = [([middle - 0.01, middle + 0.01], [0.0, 0.0], "white", 5.0)]
    for x in (middle - 0.012, middle + 0.012):
        strokes.append(([x - 0.008, x + 0.008], [-0.024, 0.024], theme.FRAME, 0.8))
    for xs, ys, colour, linewidth in strokes:
        axes.plot(
            xs, ys, color=colour, linewidth=linewidth, transform=axes.transAxes, clip_on=False, zorder=10, label="break"
        )


def _ticks(plate: Plate, decade: float) -> list[float]:
    """Round doses within the standards, the densest set whose labels do not touch; ``decade``: its points on paper."""
    powers = range(math.floor(math.log10(plate.low)), math.ceil(math.log10(plate.high)) + 1)
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3)):
        ticks = [s * 10.0**k for k in powers if k % every == 0 for s in steps]
        ticks = [t for t in ticks if plate.low * 0.8 <= t <= plate.high * 1.25]
        widths = [theme.text_width(theme.plain(t), theme.TICK) for t in ticks]
        gaps = [math.log10(b / a) * decade for a, b in zip(ticks, ticks[1:], strict=False)]
        if all(gap >= (v + w) / 2 + 5 for gap, v, w in zip(gaps, widths, widths[1:], strict=False)):
            return ticks
    return ticks


def _numbers(sheet: Sheet, axes: "Axes", plate: Plate, width: float) -> None:
    """The curve's numbers, or why there is none, in the upper corner that the points leave free."""
    signals = [signal for _, signal in sorted(plate.points)] or [0.0]
    rising = signals[-1] >= signals[0]
    lines = [(n, _coefficient(plate, n)) for n in plate.curve]
    if plate.refusal:
        reason = theme.filled(f"No curve: {plate.refusal.level.removeprefix(REFUSED)}", width * 0.6, theme.SMALL)
        lines = [(plate.refusal, reason)]
    if plate.note:
        lines = [(plate.note, theme.filled(plate.note.level, width * 0.6, theme.SMALL))]
    for row, (number, line) in enumerate(lines):
        text = axes.annotate(
            line,
            (0 if rising else 1, 1),
            (6 if rising else -2, -2 - row * panels.ROW),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left" if rising else "right",
            va="top",
            size=theme.SMALL,
            color=theme.MUTED,
            zorder=8,
        )
        sheet.show(text, number)


def _coefficient(plate: Plate, number: Estimate) -> str:
    """A coefficient to three significant digits; one outside the data is not printed as if it were known."""
    if not plate.is_within(number):
        return f"{number.statistic}: extrapolated"
    return f"{number.statistic} = {theme.significant(number.value)} {number.unit}".strip()


def _listed(plate: Plate) -> str:
    if plate.refusal:
        return f"no curve, {plate.refusal.level.removeprefix(REFUSED)}"
    if plate.note:
        return plate.note.level
    return ", ".join(_coefficient(plate, number) for number in plate.curve) or "a curve through the standards"


FIGURE = Figure(Options, draw, lambda options: [("n",)])

"""The standards of a plate with their curve and its residuals, as SVG text made by hand."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from omtrace.analyses._drawn import responses
from omtrace.report._plate_svg import svg_head

WIDTH, HEIGHT, BELOW = 520, 330, 120  # the curve, and the residuals below it
MARGIN = 66
STEPS = 60
Point = tuple[float, float, str, bool]  # dose, signal, tooltip (markup), left out of the curve
Axis = Callable[[float], float]


@dataclass(frozen=True)
class Line:
    """A curve: its coefficients, or, without any, doses and signals that it goes through."""

    coefficients: Mapping[str, float]
    through: Sequence[tuple[float, float]] = ()

    def __bool__(self) -> bool:
        return bool(self.coefficients or self.through)

    def at(self, doses: Sequence[float]) -> list[float]:
        """Its signals."""
        return responses(doses, self.coefficients, self.through)


def curve(points: Sequence[Point], drawn: Line, limits: Mapping[str, float], names: tuple[str, str]) -> str:
    """The standards on a logarithmic axis with their curve, and below them signal - curve; "" without a dose above 0.

    ``drawn``: the curve; an empty one: the points alone. ``limits``: label -> dose of a line upright. A zero standard
    stands at the left edge. ``names``: of the two axes.
    """
    doses = [point[0] for point in points if point[0] > 0]
    if not doses:
        return ""
    left, right = math.log10(min(doses)) - 0.45, math.log10(max(doses)) + 0.15
    line = _places(left, right) if drawn else []
    heights = drawn.at([10**x for x in line])
    signals = [*(point[1] for point in points), *(y for y in heights if y == y)]
    low, high = min(signals), max(signals)
    span = (high - low) or 1.0
    across = _across(left, right)
    up = _axis(low - 0.06 * span, high + 0.06 * span, HEIGHT - 40, 18)
    placed = [(across(math.log10(p[0]) if p[0] > 0 else left + 0.12), p) for p in points]
    parts = [svg_head("Standard curve and residuals", WIDTH, HEIGHT + (BELOW if drawn else 0), "chart")]
    has_zero = any(point[0] == 0 for point in points)
    parts += [_doses(left, right, has_zero), *_ticks(low, high, up, names), *_limits(limits, across, left, right)]
    if drawn:
        there = "".join(f"{x}{up(y):.1f} " for x, y in zip(_places_across(left, right), heights, strict=True) if y == y)
        parts += [f'<polyline class="curve" points="{there}"/>', *_residuals(placed, drawn)]
    parts += [_mark(at, up(point[1]), point) for at, point in placed]
    return "".join([*parts, "</svg>"])


def _axis(start: float, end: float, first: float, last: float) -> Axis:
    return lambda value: first + (value - start) / (end - start) * (last - first)


def _across(left: float, right: float) -> Axis:
    return _axis(left, right, MARGIN, WIDTH - 8)


def _places(left: float, right: float) -> list[float]:
    """Logarithms of the doses at which a curve is drawn."""
    start, end = left + 0.45 - 0.15, right - 0.05
    return [start + (end - start) * n / STEPS for n in range(STEPS + 1)]


@lru_cache(maxsize=64)  # of all plates, whose standards are most often the same
def _places_across(left: float, right: float) -> list[str]:
    """The same as markup of their places across."""
    across = _across(left, right)
    return [f"{across(x):.1f}," for x in _places(left, right)]


@lru_cache(maxsize=64)
def _doses(left: float, right: float, has_zero: bool) -> str:
    """Frame, and labels of the axis across: zero, where a standard has it, powers of ten and their thirds."""
    across = _across(left, right)
    parts = [
        f'<rect class="frame" x="{MARGIN}" y="18" width="{WIDTH - 8 - MARGIN}" height="{HEIGHT - 58}"/>',
    ]
    if has_zero:
        parts.append(f'<text class="soft" x="{across(left + 0.12):.1f}" y="{HEIGHT - 24}">0</text>')
    for power in range(math.floor(left), math.ceil(right) + 1):
        for dose in (10.0**power, 3 * 10.0**power):
            if left + 0.4 <= math.log10(dose) <= right:
                at = across(math.log10(dose))
                parts.append(f'<text class="soft" x="{at:.1f}" y="{HEIGHT - 24}">{dose:g}</text>')
    return "".join(parts)


def _mark(x: float, y: float, point: Point) -> str:
    """A standard: a dot, or a cross where it is left out of the curve."""
    title = f"<title>{point[2]}</title>"
    if point[3]:
        return f'<path class="out" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8">{title}</path>'
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.2">{title}</circle>'


def _limits(limits: Mapping[str, float], across: Axis, left: float, right: float) -> list[str]:
    """Lines upright, with what they are called above the frame."""
    parts = []
    for label, dose in limits.items():
        if dose > 0 and left + 0.2 <= math.log10(dose) <= right:
            x = across(math.log10(dose))
            parts.append(
                f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="18" y2="{HEIGHT - 40}"/>'
                f'<text class="soft" x="{x:.1f}" y="12">{escape(label)}</text>'
            )
    return parts


def _ticks(low: float, high: float, up: Axis, names: tuple[str, str]) -> list[str]:
    """Labels of the axis up, round values, and names of both axes."""
    parts = []
    for value in round_values(low, high):
        y = up(value)
        parts.append(
            f'<text class="soft end" x="{MARGIN - 6}" y="{y + 4:.1f}">{value:.3g}</text>'
            f'<line class="grid" x1="{MARGIN}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
    parts.append(f'<text x="{(MARGIN + WIDTH - 8) / 2:g}" y="{HEIGHT - 6}">{escape(names[0])}</text>')
    parts.append(_upright(HEIGHT / 2 - 10, names[1]))
    return parts


def _upright(y: float, text: str) -> str:
    return f'<text x="12" y="{y:g}" transform="rotate(-90 12 {y:g})">{escape(text)}</text>'


def round_values(low: float, high: float) -> list[float]:
    """Round values between two, with steps of 1, 2 or 5 times a power of ten: three to seven of them."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * of for of in (1, 2, 5, 10) if power * of >= rough)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _residuals(placed: Sequence[tuple[float, Point]], drawn: Line) -> list[str]:
    """Signal less curve of each standard, as a stem from zero; those left out have a cross."""
    fitted = drawn.at([point[0] for _, point in placed])
    rest = [(at, point, point[1] - value) for (at, point), value in zip(placed, fitted, strict=True) if value == value]
    most = max((abs(value) for _, _, value in rest), default=0.0) or 1.0
    top, bottom = HEIGHT + 6, HEIGHT + BELOW - 8
    up = _axis(-most * 1.2, most * 1.2, bottom, top)
    parts = [
        f'<rect class="frame" x="{MARGIN}" y="{top}" width="{WIDTH - 8 - MARGIN}" height="{bottom - top}"/>',
        f'<line class="frame" x1="{MARGIN}" x2="{WIDTH - 8}" y1="{up(0):.1f}" y2="{up(0):.1f}"/>',
        _upright((top + bottom) / 2, "Residual"),
    ]
    for value in (-most, 0.0, most):
        text = f"{value:.2g}".replace("-", "−")
        parts.append(f'<text class="soft end" x="{MARGIN - 6}" y="{up(value) + 4:.1f}">{text}</text>')
    zero = f"{up(0):.1f}"
    for at, point, value in rest:
        x, y = f"{at:.1f}", up(value)
        parts.append(f'<line class="stem" x1="{x}" x2="{x}" y1="{zero}" y2="{y:.1f}"/>')
        parts.append(_mark(at, y, point))
    return parts

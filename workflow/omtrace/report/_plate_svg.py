"""Drawings of a plate as SVG text, made by hand: a thousand plates take seconds, with a drawing library minutes."""

import math
from collections.abc import Mapping, Sequence
from html import escape

CELL, LEFT, TOP = 52, 22, 18  # a well of a 96-well plate, in points
LOW, HIGH = (242, 246, 249), (8, 64, 107)  # colours of the lowest and the highest signal
WIDTH, HEIGHT, BELOW = 520, 300, 110  # the curve, and the residuals below it
MARGIN = 64
NOT_USED = "not in use"


def heat_map(rows: int, columns: int, wells: Mapping[str, tuple[float | None, str]], decimals: int) -> str:
    """The plate with the signal of each well as its colour; ``wells``: well -> signal, and words for the pointer."""
    cell = CELL if columns <= 12 else CELL / 2
    values = [value for value, _ in wells.values() if value is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    parts = [_head("Heat map of the plate's signals", LEFT + columns * cell + 2, TOP + rows * cell + 2)]
    parts += [f'<text class="soft" x="{LEFT + (c + 0.5) * cell:g}" y="12" text-anchor="middle">{c + 1}</text>'
              for c in range(columns)]  # fmt: skip
    for r in range(rows):
        letter = chr(ord("A") + r)
        y = TOP + r * cell
        parts.append(f'<text class="soft" x="8" y="{y + cell / 2 + 4:g}" text-anchor="middle">{letter}</text>')
        for c in range(columns):
            x = LEFT + c * cell
            value, words = wells.get(f"{letter}{c + 1}", (None, NOT_USED))
            box = f'x="{x:g}" y="{y:g}" width="{cell - 1:g}" height="{cell - 1:g}"'
            title = f"<title>{escape(f'{letter}{c + 1}: {words}')}</title>"
            if value is None:
                mark = "" if words == NOT_USED else f'<text x="{x + cell / 2:g}" y="{y + cell / 2 + 4:g}">×</text>'
                parts.append(f'<g>{title}<rect class="none" {box}/>{mark}</g>')
                continue
            share = (value - low) / (high - low) if high > low else 0.0
            text = ""
            if columns <= 12:
                tone = "light" if share > 0.5 else "dark"
                text = (f'<text class="{tone}" x="{x + cell / 2 - 0.5:g}" y="{y + cell / 2 + 4:g}" '
                        f'text-anchor="middle">{value:.{decimals}f}</text>')  # fmt: skip
            parts.append(f'<g>{title}<rect fill="{_colour(share)}" {box}/>{text}</g>')
    return "".join([*parts, "</svg>"])


def _head(title: str, width: float, height: float) -> str:
    label = escape(title)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" width="{width:g}" '
            f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">')  # fmt: skip


def _colour(share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(LOW, HIGH, strict=True))


def curve(points: Sequence[tuple[float, float]], coefficients: Mapping[str, float], names: tuple[str, str]) -> str:
    """The standards on a logarithmic axis with their curve, and below them signal - curve; "" without a dose above 0.

    ``coefficients``: a, b, c, d, and g where the curve has five; none: the points alone. A zero standard stands at the
    left edge. ``names``: of the two axes.
    """
    doses = [x for x, _ in points if x > 0]
    if not doses:
        return ""
    left, right = math.log10(min(doses)) - 0.45, math.log10(max(doses)) + 0.15
    signals = [y for _, y in points]
    low, high = min(signals), max(signals)
    span = (high - low) or 1.0
    across = _axis(left, right, MARGIN, WIDTH - 8)
    up = _axis(low - 0.06 * span, high + 0.06 * span, HEIGHT - 30, 8)
    parts = [_head("Standard curve and residuals", WIDTH, HEIGHT + BELOW)]
    parts.append(f'<rect class="frame" x="{MARGIN}" y="8" width="{WIDTH - 8 - MARGIN}" height="{HEIGHT - 38}"/>')
    parts += _ticks(low, high, up, left, right, across, names)
    if coefficients:
        steps = [left + 0.45 + (right - left - 0.45) * n / 100 for n in range(101)]
        line = " ".join(f"{across(x):.1f},{up(response(10**x, coefficients)):.1f}" for x in steps)
        parts.append(f'<polyline class="curve" points="{line}"/>')
        parts += _residuals(points, coefficients, across, left)
    for x, y in points:
        at = across(math.log10(x) if x > 0 else left + 0.12)
        parts.append(f'<circle class="dot" cx="{at:.1f}" cy="{up(y):.1f}" r="3.2"><title>{x:g}: {y:g}</title></circle>')
    return "".join([*parts, "</svg>"])


def response(x: float, of: Mapping[str, float]) -> float:
    """The logistic curve of four or five parameters at x: d + (a - d) / (1 + (x/c)^b)^g."""
    rise = (x / of["c"]) ** of["b"] if x > 0 else 0.0
    return of["d"] + (of["a"] - of["d"]) / (1 + rise) ** of.get("g", 1.0)


def _axis(start: float, end: float, first: float, last: float):  # type: ignore[no-untyped-def]
    return lambda value: first + (value - start) / (end - start) * (last - first)


def _ticks(low: float, high: float, up, left: float, right: float, across, names: tuple[str, str]) -> list[str]:  # type: ignore[no-untyped-def]
    """Labels of the axes: powers of ten and their thirds across, round values up."""
    parts = [f'<text class="soft" x="{across(left + 0.12):.1f}" y="{HEIGHT - 16}" text-anchor="middle">0</text>']
    for power in range(math.floor(left), math.ceil(right) + 1):
        for dose in (10.0**power, 3 * 10.0**power):
            if left + 0.4 <= math.log10(dose) <= right:
                at = across(math.log10(dose))
                parts.append(f'<text class="soft" x="{at:.1f}" y="{HEIGHT - 16}" text-anchor="middle">{dose:g}</text>')
    for value in round_values(low, high):
        parts.append(
            f'<text class="soft" x="{MARGIN - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        )
    middle = (MARGIN + WIDTH - 8) / 2
    parts.append(f'<text x="{middle:g}" y="{HEIGHT - 1}" text-anchor="middle">{escape(names[0])}</text>')
    parts.append(f'<text x="12" y="{HEIGHT / 2:g}" text-anchor="middle" transform="rotate(-90 12 {HEIGHT / 2:g})">'
                 f"{escape(names[1])}</text>")  # fmt: skip
    return parts


def round_values(low: float, high: float) -> list[float]:
    """Round values between two, with steps of 1, 2 or 5 times a power of ten: three to seven of them."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * of for of in (1, 2, 5, 10) if power * of >= rough)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _residuals(points: Sequence[tuple[float, float]], of: Mapping[str, float], across, left: float) -> list[str]:  # type: ignore[no-untyped-def]
    """Signal less curve of each standard, as a stem from zero."""
    rest = [(x, y - response(x, of)) for x, y in points]
    most = max(abs(value) for _, value in rest) or 1.0
    top, bottom = HEIGHT + 8, HEIGHT + BELOW - 6
    up = _axis(-most * 1.15, most * 1.15, bottom, top)
    parts = [f'<rect class="frame" x="{MARGIN}" y="{top}" width="{WIDTH - 8 - MARGIN}" height="{bottom - top}"/>',
             f'<line class="frame" x1="{MARGIN}" x2="{WIDTH - 8}" y1="{up(0):.1f}" y2="{up(0):.1f}"/>']  # fmt: skip
    for value in (-most, 0.0, most):
        parts.append(
            f'<text class="soft" x="{MARGIN - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.2g}</text>'.replace(
                ">-", ">−"
            )
        )
    for x, value in rest:
        at = across(math.log10(x) if x > 0 else left + 0.12)
        parts.append(f'<line class="stem" x1="{at:.1f}" x2="{at:.1f}" y1="{up(0):.1f}" y2="{up(value):.1f}"/>')
        parts.append(f'<circle class="dot" cx="{at:.1f}" cy="{up(value):.1f}" r="2.4"/>')
    return parts

"""Drawings of a plate as SVG text, made by hand: a thousand plates take seconds, with a drawing library minutes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

CELL, LEFT, TOP = 52, 22, 18  # a well of a 96-well plate, in points
LOW, HIGH = (242, 246, 249), (8, 64, 107)  # colours of the lowest and the highest signal
WIDTH, HEIGHT, BELOW = 520, 300, 110  # the curve, and the residuals below it
MARGIN = 64
NOT_USED = "not in use"


def boxes(names: Sequence[str], signals: "numpy.ndarray", shares: "numpy.ndarray", titles: Sequence[str],
          large: Sequence[bool], decimals: int) -> list[str]:  # fmt: skip
    """The markup of each well, of all plates at once, from its name, signal (or NaN), share and words (markup).

    ``large``: of a plate of 384 wells, whose boxes hold no text.
    """
    places = {size: {name: (box, text) for name, box, text in _places(size)} for size in (False, True)}
    made = []
    columns = (names, signals.tolist(), (shares > 0.5).tolist(), colours(shares), titles, large)
    for name, signal, light, colour, title, big in zip(*columns, strict=True):
        box, text = places[big][name]
        head = f"<g><title>{name}: {title}</title><rect "
        if signal != signal:
            made.append(f'{head}class="none" {box}/><text {text[0]}>×</text></g>')
        elif big:
            made.append(f'{head}fill="{colour}" {box}/></g>')
        else:
            tone = "light" if light else "dark"
            made.append(f'{head}fill="{colour}" {box}/><text class="{tone}" {text[1]}>{signal:.{decimals}f}</text></g>')
    return made


def _places(large: bool) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Each well of a plate: its name, where its box is, and where a cross and a text in it are."""
    cell = CELL / 2 if large else CELL
    for r in range(16 if large else 8):
        for c in range(24 if large else 12):
            x, y = LEFT + c * cell, TOP + r * cell
            box = f'x="{x:g}" y="{y:g}" width="{cell - 1:g}" height="{cell - 1:g}"'
            down = f'y="{y + cell / 2 + 4:g}"'
            texts = (f'x="{x + cell / 2:g}" {down}', f'x="{x + cell / 2 - 0.5:g}" {down} text-anchor="middle"')
            yield f"{chr(65 + r)}{c + 1}", box, texts


@cache
def _frame(large: bool) -> tuple[str, list[tuple[str, str]]]:
    """What a heat map begins with; and each well in order, with what stands there if the plate has no such well."""
    rows, columns, cell = (16, 24, CELL / 2) if large else (8, 12, CELL)
    head = _head("Heat map of the plate's signals", LEFT + columns * cell + 2, TOP + rows * cell + 2)
    head += "".join(f'<text class="soft" x="{LEFT + (c + 0.5) * cell:g}" y="12" text-anchor="middle">{c + 1}</text>'
                    for c in range(columns))  # fmt: skip
    wells = []
    for name, box, _ in _places(large):
        if name[1:] == "1":
            y = TOP + (ord(name[0]) - 65) * cell + cell / 2 + 4
            wells.append(("", f'<text class="soft" x="8" y="{y:g}" text-anchor="middle">{name[0]}</text>'))
        wells.append((name, f'<g><title>{name}: {NOT_USED}</title><rect class="none" {box}/></g>'))
    return head, wells


def heat_map(wells: Mapping[str, str], large: bool) -> str:
    """The plate with the signal of each well as its colour; ``wells``: well -> its markup, as ``boxes`` gives it."""
    head, places = _frame(large)
    return "".join([head, *[wells.get(name, empty) for name, empty in places], "</svg>"])


def _head(title: str, width: float, height: float) -> str:
    label = escape(title)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" width="{width:g}" '
            f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">')  # fmt: skip


def shares_of(signals: "numpy.ndarray", starts: Sequence[int]) -> "numpy.ndarray":
    """Of each signal its place between the lowest (0) and the highest (1) of its plate; NaN without a signal."""
    import numpy

    sizes = numpy.diff(starts)
    first = numpy.asarray(starts[:-1], "int64")[sizes > 0]
    low, high = (numpy.repeat(of.reduceat(signals, first), sizes[sizes > 0]) for of in (numpy.fmin, numpy.fmax))
    span = high - low
    return numpy.where(span > 0, (signals - low) / numpy.where(span > 0, span, 1.0), 0.0 * signals)


def colours(shares: "numpy.ndarray") -> list[str]:
    """The colour of each share, as CSS writes it."""
    import numpy

    parts = [numpy.rint(a + (b - a) * numpy.nan_to_num(shares)).astype("int64") for a, b in zip(LOW, HIGH, strict=True)]
    codes, at = numpy.unique(parts[0] << 16 | parts[1] << 8 | parts[2], return_inverse=True)
    texts = [f"#{code:06x}" for code in codes.tolist()]
    return [texts[n] for n in at.tolist()]


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

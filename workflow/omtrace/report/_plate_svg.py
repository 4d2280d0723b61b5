"""The heat map of a plate as SVG text, made by hand: a thousand plates take seconds, with a drawing library minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

CELL, LEFT, TOP = 52, 22, 18  # a well of a 96-well plate, in points
NOT_USED = "not in use"
KINDS = {
    (False, False): "",
    (True, False): ' class="high"',
    (False, True): ' class="out"',
    (True, True): ' class="high out"',
}  # (above the middle, left out)


def shares_of(signals: "numpy.ndarray", starts: Sequence[int]) -> "numpy.ndarray":
    """Of each signal its place between the lowest (0) and the highest (1) of its plate; NaN without a signal."""
    import numpy

    sizes = numpy.diff(starts)
    first = numpy.asarray(starts[:-1], "int64")[sizes > 0]
    low, high = (numpy.repeat(of.reduceat(signals, first), sizes[sizes > 0]) for of in (numpy.fmin, numpy.fmax))
    span = high - low
    return numpy.where(span > 0, (signals - low) / numpy.where(span > 0, span, 1.0), 0.0 * signals)


@dataclass(frozen=True)
class Cells:
    """The wells of all plates as a heat map draws them, a column each.

    ``signals`` and ``shares`` are NaN without a signal. ``words``, ``holds``: the tooltip of a well, and
    what is in it, in short; markup. ``left_out``: why, or nothing. ``folds``: of its plate, as ``places_on`` takes it.
    """

    names: Sequence[str]
    signals: "numpy.ndarray"
    shares: "numpy.ndarray"
    words: Sequence[str]
    holds: Sequence[str]
    left_out: Sequence[str]
    folds: Sequence[int]


def boxes(cells: Cells, decimals: int) -> list[str]:
    """The markup of each well: a link to its row in the table of wells; with text on plates of at most 96 wells."""
    forms = {size: {n: _form(n, decimals, p) for n, p in places_on(size).items()} for size in set(cells.folds)}
    markup = []
    columns = (cells.names, cells.signals.tolist(), cells.shares.tolist(), cells.words, cells.holds, cells.left_out)
    for name, signal, share, title, content, out, of in zip(*columns, cells.folds, strict=True):
        form, kind = forms[of][name], KINDS[share > 0.5, out != ""]
        if signal != signal:
            markup.append(form.without % (kind, title))
        elif of > 1:
            markup.append(form.without_text % (kind, title, share))
        else:
            markup.append(form.whole % (kind, title, share, signal, content))
    return markup


@dataclass(frozen=True)
class Form:
    """The markup of a well to be filled in: without a signal; with one; and with one as text besides."""

    without: str
    without_text: str
    whole: str


def _form(name: str, decimals: int, place: "Place") -> Form:
    head = f'<a href="#{name}"%s><title>{name}: %s</title><rect '
    well = f'{head}class="well" {place.box} fill-opacity="%.2f"/>'
    text = f"<text {place.upper}>%.{decimals}f</text><text {place.lower}>%s</text>"
    without = f'{head}class="none" {place.box}/><text {place.cross}>×</text></a>'
    return Form(without, f"{well}</a>", f"{well}{text}</a>")


@dataclass(frozen=True)
class Place:
    """Where a well's box is, and where two lines of text, or a cross, are in it: attributes of SVG elements."""

    box: str
    upper: str
    lower: str
    cross: str


@cache
def places_on(folds: int) -> dict[str, Place]:
    """The place of each well of a plate, in order.

    ``folds``: how many times the rows and columns of a plate of 96 wells it has.
    """
    cell, places = CELL / folds, {}
    for r in range(8 * folds):
        for c in range(12 * folds):
            x, y = LEFT + c * cell, TOP + r * cell
            box = f'x="{x + 1:g}" y="{y + 1:g}" width="{cell - 2:g}" height="{cell - 2:g}"'
            middle = f'x="{x + cell / 2:g}"'
            down = [y + cell / 2 - 1, y + cell / 2 + 13, y + cell / 2 + 4]
            first, second, third = (f'{middle} y="{height:g}"' for height in down)
            places[f"{_row(r)}{c + 1}"] = Place(box, first, f'class="small" {second}', third)
    return places


def _row(number: int) -> str:
    return f"{'A' * (number // 26)}{chr(65 + number % 26)}"


@cache
def _head(folds: int) -> str:
    """What a heat map begins with."""
    rows, columns, cell = 8 * folds, 12 * folds, CELL / folds
    head = svg_head("Heat map of the plate's signals", LEFT + columns * cell + 2, TOP + rows * cell + 2, "map")
    steps = range(0, columns, max(1, folds // 2))  # of 48 numbers each second has room
    return head + "".join(f'<text class="soft" x="{LEFT + (c + 0.5) * cell:g}" y="12">{c + 1}</text>' for c in steps)


@cache
def _empty(folds: int) -> list[tuple[str, str]]:
    """Each well in order, with what stands there if the plate has no such well; among them the names of rows."""
    columns, cell, wells = 12 * folds, CELL / folds, []
    for number, (name, place) in enumerate(places_on(folds).items()):
        row, column = divmod(number, columns)
        if column == 0 and row % max(1, folds // 2) == 0:
            y = TOP + row * cell + cell / 2 + 4
            wells.append(("", f'<text class="soft" x="8" y="{y:g}">{_row(row)}</text>'))
        wells.append((name, f'<g><title>{name}: {NOT_USED}</title><rect class="none" {place.box}/></g>'))
    return wells


def heat_map(wells: Mapping[str, str], folds: int) -> str:
    """The plate with the signal of each well as its colour; ``wells``: well -> its markup, as ``boxes`` gives it."""
    return "".join([_head(folds), *[wells.get(name, empty) for name, empty in _empty(folds)], "</svg>"])


def svg_head(title: str, width: float, height: float, kind: str) -> str:
    """The start of a drawing. A map holds links, and is a group to those who hear it; a chart is one image."""
    role = "group" if kind == "map" else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{kind}" role="{role}" aria-label="{escape(title)}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
    )

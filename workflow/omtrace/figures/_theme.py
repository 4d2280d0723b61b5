"""One theme and one palette for all figures, and text that is measured before it is set."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

WIDTH = 7.2  # inches: two columns of a journal page
DPI = 300
BODY, TICK, SMALL, TITLE = 8.5, 8.0, 7.5, 9.5  # points
LEADING = 1.25  # height of a line of text, in font sizes

INK, MUTED, TINT = "#1F2937", "#5B6472", "#F3F5F8"
ACCENT, THIN, FRAME = "#A8480C", "#98A2AF", "#6B7480"

# The first colour is the reference group's. Any two are at least 17 units of CIEDE2000 apart for people with and
# without a colour vision deficiency, and each has a contrast of at least 3:1 with white and with the report's dark
# paper; markers and dashes tell groups apart without colour (tests/unit/test_figures_palette.py measures all of it).
COLOURS = ("#90909C", "#2490FC", "#A8480C", "#007860", "#CC8400", "#845490")
SINGLE = COLOURS[1]
MARKERS = ("o", "s", "^", "D", "v", ">")
GLYPHS = ("●", "■", "▲", "◆", "▼", "▶")
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.5), (1.5, 1.2), (6, 1.5, 1.5, 1.5), (3, 1.5), (8, 2, 2, 2, 2, 2))
FONT = "DejaVu Sans"
FALLBACKS = "Verdana, Arial, sans-serif"  # text stays text in the SVG: fonts for a reader who lacks it

RC: dict[str, object] = {
    "axes.edgecolor": FRAME,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": BODY,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "figure.dpi": DPI,
    "font.family": FONT,
    "font.size": BODY,
    "grid.color": "#E7EAEF",
    "grid.linewidth": 0.6,
    "legend.fontsize": BODY,
    "legend.frameon": False,
    "lines.solid_capstyle": "butt",
    "pdf.fonttype": 42,  # as text that an editor can change
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # labels come from the plan: a dollar sign is a dollar sign
    "xtick.color": FRAME,
    "xtick.labelcolor": INK,
    "xtick.labelsize": TICK,
    "xtick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.color": FRAME,
    "ytick.labelcolor": INK,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 3,
    "ytick.major.width": 0.7,
}


@contextmanager
def theme(name: str) -> Iterator[None]:
    """Apply the theme while a figure is drawn.

    It starts from matplotlib's own defaults, so that no user's settings change a byte.

    Parameters
    ----------
    name
        The figure's name. It salts the ids in the SVG, so that two figures on one page share none.
    """
    import matplotlib
    import seaborn

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        seaborn.set_theme(context="paper", style="ticks", palette=COLOURS, rc=RC | {"svg.hashsalt": f"omtrace {name}"})
        yield


def darker(colour: str) -> str:
    """A colour of the palette as text: dark enough to be read on white (a contrast of 4.5:1)."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part * 0.66):02X}" for part in parts)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = BODY, bold: bool = False) -> float:
    """Width of one line of text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    width: float = text_to_path.get_text_width_height_descent(text, font, False)[0]
    return width


def wrapped(text: str, width: float, size: float = BODY, bold: bool = False) -> list[str]:
    """Text in lines of at most ``width`` points; a longer word has its own line, and no-break spaces hold."""
    lines = [""]
    for word in filter(None, text.split(" ")):
        longer = f"{lines[-1]} {word}".strip(" ")
        if lines[-1] and text_width(longer, size, bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def filled(text: str, width: float, size: float = BODY, bold: bool = False) -> str:
    """Text with line feeds where ``wrapped`` breaks it."""
    return "\n".join(wrapped(text, width, size, bold))


def significant(value: float, digits: int = 3) -> str:
    """A value with so many significant digits, a last zero too, and without powers of ten."""
    whole = float(f"{value:.{digits}g}")
    places = max(0, digits - 1 - (math.floor(math.log10(abs(whole))) if whole else 0))
    return f"{whole:,.{places}f}".replace("-", "−")


def plain(value: float) -> str:
    """A tick's value without powers of ten."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}").replace("-", "−")

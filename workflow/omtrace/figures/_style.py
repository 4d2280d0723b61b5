"""The look of all figures, text that is measured before it is set, and images without dates."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace.store import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.2  # inches: two columns of a journal page
DPI = 150
BODY, TICK, SMALL, TITLE = 8.5, 8, 7.5, 9.5  # points

INK, MUTED, TINT = "#1F2937", "#5B6472", "#F3F5F8"
SINGLE, ACCENT, THIN, FRAME = "#0B64A0", "#C2510C", "#98A2AF", "#6B7480"
# The first colour is the reference group's. Told apart with any colour vision; the markers tell them apart without.
COLOURS = ("#4B5563", "#0B64A0", "#C2510C", "#00805E", "#A84A86", "#8A6A00", "#3E9BD6", "#7A3E2B")
MARKERS = ("o", "s", "^", "D", "v", ">")
GLYPHS = ("●", "■", "▲", "◆", "▼", "▶")

STYLE: dict[str, Any] = {
    "axes.edgecolor": FRAME,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": BODY,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "figure.dpi": DPI,
    "font.family": "DejaVu Sans",
    "font.size": BODY,
    "grid.color": "#E7EAEF",
    "grid.linewidth": 0.6,
    "legend.fontsize": BODY,
    "legend.frameon": False,
    "lines.solid_capstyle": "butt",
    "svg.fonttype": "path",
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
def styled(name: str) -> Iterator[None]:
    """The style, from matplotlib's own defaults on, so that no user's settings change a byte.

    The figure's name salts the ids in the SVG, so that two figures on one page share none.
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = {**STYLE, "svg.hashsalt": f"omtrace {name}"}
        matplotlib.rcParams.update(settings)
        yield


def write_images(figure: "Figure", path: Path, title: str) -> None:
    """Write a figure as ``path``.png and .svg, without date, creator or software.

    The canvases print themselves: ``savefig`` would draw each figure twice.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    png, svg = io.BytesIO(), io.BytesIO()
    FigureCanvasAgg(figure).print_png(png, metadata={"Software": None})
    FigureCanvasSVG(figure).print_svg(svg, metadata={"Date": None, "Creator": None, "Title": title})
    write_bytes(path.with_name(f"{path.name}.png"), png.getvalue())
    write_bytes(path.with_name(f"{path.name}.svg"), svg.getvalue())


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = BODY, bold: bool = False) -> float:
    """Width of one line of text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, False)[0]


def wrapped(text: str, width: float, size: float = BODY, bold: bool = False) -> list[str]:
    """Text in lines of at most ``width`` points; a longer word has its own line."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
